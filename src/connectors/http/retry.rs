//! How long to wait and how often to try.

use crate::domain::{Clock, SystemClock, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use time::format_description::well_known::Rfc2822;

/// Patience and limits of the HTTP room; tests make it impatient.
#[derive(Clone)]
pub struct Tuning {
    /// First wait after a fault; doubles each time, each wait taken at random between nothing and that (full jitter).
    pub base_delay: Duration,
    /// Longest wait after a fault.
    pub max_delay: Duration,
    /// Attempts on faults of the vendor or the network, the first included.
    pub tries: u32,
    /// Waits for the vendor's limit in one call.
    pub limit_tries: u32,
    /// First wait for a limit whose end the vendor does not say; doubles each time.
    pub limit_delay: Duration,
    /// Longest wait for a limit; a longer one is a failure that says until when.
    pub longest_wait: Duration,
    /// Wait until the vendor is asked again how much of its limit all programs together have used, when that is nearly
    /// all of it.
    pub usage_wait: Duration,
    /// Time to connect.
    pub connect_timeout: Duration,
    /// Time without a byte.
    pub read_timeout: Duration,
    /// Time for one whole answer.
    pub total_timeout: Duration,
    /// Largest body, in bytes after decompression.
    pub body_cap: usize,
    /// Random number from 0 to 1.
    pub jitter: fn() -> f64,
    /// Tells the time for notices.
    pub clock: Arc<dyn Clock>,
    /// Takes a trace of every exchange; `None` makes none.
    pub trace: Option<super::Trace>,
    /// Certificates (DER) of authorities that are trusted beside this machine's own.
    pub authorities: Vec<Vec<u8>>,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            base_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(20),
            tries: 5,
            limit_tries: 8,
            limit_delay: Duration::from_secs(5),
            longest_wait: Duration::from_mins(15),
            usage_wait: Duration::from_mins(1),
            connect_timeout: Duration::from_secs(15),
            read_timeout: Duration::from_mins(1),
            total_timeout: Duration::from_mins(3),
            body_cap: 64 << 20,
            jitter: rand::random::<f64>,
            clock: Arc::new(SystemClock),
            trace: None,
            authorities: Vec::new(),
        }
    }
}

impl Tuning {
    /// Full jitter: anything from nothing to the doubled delay. `attempt` counts from 1.
    pub(crate) fn fault_wait(&self, attempt: u32) -> Duration {
        doubled(self.base_delay, attempt).min(self.max_delay).mul_f64((self.jitter)().clamp(0.0, 1.0))
    }

    /// The vendor's own wait, or a doubled delay with some jitter on top so that many clients do not return at once.
    pub(crate) fn limit_wait(&self, said: Option<Duration>, attempt: u32) -> Duration {
        let jitter = (self.jitter)().clamp(0.0, 1.0);
        said.unwrap_or_else(|| {
            doubled(self.limit_delay, attempt).min(Duration::from_mins(2)).mul_f64(f64::midpoint(1.0, jitter))
        })
    }
}

fn doubled(base: Duration, attempt: u32) -> Duration {
    base.saturating_mul(1 << attempt.saturating_sub(1).min(16))
}

/// `Retry-After`: seconds or a date.
pub(crate) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return (0.0..1e9).contains(&seconds).then(|| Duration::from_secs_f64(seconds));
    }
    Some(Duration::try_from(moment(value)? - now).unwrap_or_default())
}

/// A date as HTTP headers write it.
pub(crate) fn moment(value: &str) -> Option<Timestamp> {
    Timestamp::parse(&value.replace("GMT", "+0000"), &Rfc2822).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = datetime!(2026-11-20 08:00:00 UTC);
        assert_eq!(retry_after("7", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Fri, 20 Nov 2026 08:01:30 GMT", now), Some(Duration::from_secs(90)));
        assert_eq!(retry_after("Fri, 20 Nov 2026 07:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("-5", now), None);
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let tuning = Tuning { jitter: || 1.0, ..Tuning::default() };
        let waits: Vec<u128> = (1..9).map(|n| tuning.fault_wait(n).as_millis()).collect();
        assert_eq!(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000]);
        assert_eq!(Tuning { jitter: || 0.0, ..tuning }.fault_wait(3), Duration::ZERO);
    }

    #[test]
    fn the_vendors_own_wait_is_obeyed_exactly() {
        let tuning = Tuning { jitter: || 0.0, ..Tuning::default() };
        assert_eq!(tuning.limit_wait(Some(Duration::from_secs(33)), 4), Duration::from_secs(33));
    }
}
