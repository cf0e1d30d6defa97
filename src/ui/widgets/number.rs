//! Numbers and times in a person's form, and careful conversions between the integer types of counts and cells.

use crate::domain::Timestamp;
pub use crate::domain::text::{counted, thousands};

/// `12:04`, UTC.
#[must_use]
pub fn clock(at: Timestamp) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// `12:04:30`, UTC.
#[must_use]
pub fn clock_seconds(at: Timestamp) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
}

/// `12:04` on the same day, `11-20 12:04` otherwise, UTC.
#[must_use]
pub fn moment(at: Timestamp, now: Timestamp) -> String {
    let (at, now) = (at.to_offset(time::UtcOffset::UTC), now.to_offset(time::UtcOffset::UTC));
    if at.date() == now.date() {
        clock(at)
    } else {
        format!("{:02}-{:02} {}", u8::from(at.month()), at.day(), clock(at))
    }
}

/// Seconds as `45s`, `1m32s`, `2h05m`.
#[must_use]
pub fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// Seconds until so many rows are done at that rate; `None` when nothing moves.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "an estimate")]
pub fn seconds_left(rows: u64, per_second: f64) -> Option<u64> {
    (per_second >= 0.1).then(|| (rows as f64 / per_second).ceil() as u64)
}

/// Whole part of `part / whole * scale`, 0 for an empty whole.
#[must_use]
pub fn share(part: u64, whole: u64, scale: u64) -> u64 {
    let scaled = u128::from(part.min(whole)) * u128::from(scale);
    scaled.checked_div(u128::from(whole)).and_then(|n| u64::try_from(n).ok()).unwrap_or(0)
}

/// A count as cells; what does not fit is as good as endless.
#[must_use]
pub fn cells(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

/// A position as an index.
#[must_use]
pub fn index(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(4990), "4,990");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(duration(92), "1m32s");
        assert_eq!(duration(7500), "2h05m");
        assert_eq!(seconds_left(310, 31.0), Some(10));
        assert_eq!(seconds_left(310, 0.0), None);
        assert_eq!(share(2150, 4990, 100), 43);
        assert_eq!(share(5, 0, 100), 0);
        assert_eq!(share(9, 5, 100), 100);
    }
}
