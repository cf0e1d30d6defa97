//! How runs of a stream are spaced, told apart and believed: the settings of every sync of a home.

use super::Spread;
use std::time::Duration;

/// Settings of every sync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncRules {
    /// An incremental run asks for what changed since so long before the last good run began: vendors stamp a record
    /// a little before they list it.
    pub overlap: Duration,
    /// A listing is full at least so often, where the vendor can list what changed; only full listings find what is gone.
    pub full_every: Duration,
    /// When a run asks before it changes anything that is known.
    pub mass: MassLimit,
    /// What schedules mean that do not say it themselves.
    pub spread: Spread,
}

impl Default for SyncRules {
    /// Ten minutes of overlap, a full listing a week, and [`MassLimit::default`].
    fn default() -> Self {
        Self {
            overlap: Duration::from_mins(10),
            full_every: Duration::from_hours(7 * 24),
            mass: MassLimit::default(),
            spread: Spread::default(),
        }
    }
}

/// How much a run may change of what is known before it asks: more than `floor` records, and more than `percent` of
/// the stream or more than `records`. What counts is in [`super::Record::known_by`]; battery, last contact and the like
/// do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MassLimit {
    /// So few never stop a run: a small client that leaves is no accident.
    pub floor: u64,
    /// Share of the stream's live records, 0–100.
    pub percent: u64,
    /// So many stop a run however large the stream is.
    pub records: u64,
}

impl Default for MassLimit {
    /// More than 20 records, and more than 10 % or more than 500.
    fn default() -> Self {
        Self { floor: 20, percent: 10, records: 500 }
    }
}

impl MassLimit {
    /// Whether so many of so many live records are too many to believe.
    #[must_use]
    pub fn is_passed(&self, count: u64, live: u64) -> bool {
        count > self.floor && (count > self.records || count.saturating_mul(100) > live.saturating_mul(self.percent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_records_pass_and_many_ask() {
        let limit = MassLimit::default();
        for (count, live, asks) in [
            (20, 20, false),
            (21, 21, true),
            (21, 210, false),
            (22, 210, true),
            (500, 100_000, false),
            (501, 100_000, true),
            (0, 0, false),
        ] {
            assert_eq!(limit.is_passed(count, live), asks, "{count} of {live}");
        }
    }
}
