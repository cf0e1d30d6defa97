//! How much of a home is matched, one count a day: what trends are drawn from.

use serde::{Deserialize, Serialize};

/// Counts at the end of a day (or at its last sync so far), over all flows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayCount {
    /// Days since 1970-01-01, UTC.
    pub day: u32,
    /// Companies in the queues.
    pub companies: u64,
    /// Of these: matched.
    pub companies_matched: u64,
    /// Devices in the queues.
    pub devices: u64,
    /// Of these: matched.
    pub devices_matched: u64,
}
