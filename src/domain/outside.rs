//! What comes in from outside in everything that is tested: time and ids.

use super::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The present moment, UTC.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now_utc()
    }
}

/// Hands out ids that were never handed out before.
pub trait IdSource: Send + Sync {
    /// The next id.
    fn next_id(&self) -> u64;
}
