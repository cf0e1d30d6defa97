//! When a stream runs by itself: `every 4 h`, `every 30 min`, `daily 02:00`, `hourly`, `never`. Times are UTC.

use crate::domain::{Stream, Timestamp};
use time::{Duration, Time};

/// A rule for when a stream runs by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// So long after the last complete run.
    Every(Duration),
    /// Every day at that time, UTC.
    Daily(Time),
    /// Only by hand.
    Never,
}

impl Schedule {
    /// The rule when none is configured: companies daily at 02:00 UTC, all else every four hours.
    #[must_use]
    pub const fn default_for(stream: Stream) -> Self {
        match stream {
            Stream::Companies => Self::Daily(TWO_IN_THE_MORNING),
            _ => Self::Every(Duration::hours(4)),
        }
    }

    /// Parses the text of the configuration.
    ///
    /// # Errors
    /// One line that says what is understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            ["never"] => Ok(Self::Never),
            ["hourly"] => Ok(Self::Every(Duration::hours(1))),
            ["daily"] => Ok(Self::default_for(Stream::Companies)),
            ["daily", at] => parse_time(at).map(Self::Daily),
            ["every", rest @ ..] if !rest.is_empty() => parse_span(&rest.concat()).map(Self::Every),
            _ => {
                Err(format!("“{text}” is not a schedule; write “every 4 h”, “every 30 min”, “daily 02:00” or “never”"))
            }
        }
    }

    /// The next start, given the end of the last complete run; `None` for [`Schedule::Never`].
    /// A run that was missed is due at once, and once only.
    #[must_use]
    pub fn next(self, last: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Never => None,
            Self::Every(span) => Some(last.map_or(now, |last| last + span)),
            Self::Daily(at) => {
                let Some(last) = last else { return Some(now) };
                let same_day = last.replace_time(at);
                Some(if same_day > last { same_day } else { same_day + Duration::days(1) })
            }
        }
    }
}

/// When the vendors' own nightly work is done; the guides' default for policies.
const TWO_IN_THE_MORNING: Time = time::macros::time!(02:00);

fn parse_time(text: &str) -> Result<Time, String> {
    let wrong = || format!("“{text}” is not a time of day; write it like 02:00");
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let hour = hour.parse().map_err(|_| wrong())?;
    let minute = minute.parse().map_err(|_| wrong())?;
    Time::from_hms(hour, minute, 0).map_err(|_| wrong())
}

fn parse_span(text: &str) -> Result<Duration, String> {
    let wrong = || format!("“{text}” is not a span of time; write it like 4 h, 30 min or 2 days");
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let number: i64 = text[..unit_at].parse().map_err(|_| wrong())?;
    let span = match text[unit_at..].trim() {
        "m" | "min" | "mins" | "minute" | "minutes" => Duration::minutes(number),
        "h" | "hour" | "hours" => Duration::hours(number),
        "d" | "day" | "days" => Duration::days(number),
        _ => return Err(wrong()),
    };
    if span < Duration::minutes(1) { Err("a schedule cannot be shorter than 1 min".into()) } else { Ok(span) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn reads_what_a_technician_writes() {
        assert_eq!(Schedule::parse("every 4 h"), Ok(Schedule::Every(Duration::hours(4))));
        assert_eq!(Schedule::parse("every 30min"), Ok(Schedule::Every(Duration::minutes(30))));
        assert_eq!(Schedule::parse("daily 02:00"), Ok(Schedule::default_for(Stream::Companies)));
        assert_eq!(Schedule::parse("never"), Ok(Schedule::Never));
        for wrong in ["", "every", "every 0 min", "daily 25:00", "sometimes", "every 4 fortnights"] {
            assert!(Schedule::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_missed_run_is_due_at_once_and_once() {
        let now = datetime!(2026-03-05 12:00 UTC);
        let daily = Schedule::parse("daily 02:00").unwrap();
        assert_eq!(daily.next(Some(datetime!(2026-03-01 02:10 UTC)), now), Some(datetime!(2026-03-02 02:00 UTC)));
        assert_eq!(daily.next(Some(datetime!(2026-03-05 12:00 UTC)), now), Some(datetime!(2026-03-06 02:00 UTC)));
        assert_eq!(daily.next(None, now), Some(now));
        let every = Schedule::parse("every 4 h").unwrap();
        assert_eq!(every.next(Some(datetime!(2026-03-05 11:00 UTC)), now), Some(datetime!(2026-03-05 15:00 UTC)));
    }
}
