//! When a stream is synced: `every 4 h`, `daily 02:00`, a five-field cron line, or `off`. Times are UTC.

use super::{Failure, FailureClass, Stream, Timestamp};
use std::fmt;
use std::time::Duration;

/// Shortest interval: vendors' limits are counted in minutes.
const SHORTEST: Duration = Duration::from_secs(5 * 60);

/// A schedule that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Only by hand.
    Off,
    /// That long after the last start.
    Every(Duration),
    /// At these minutes, hours, days of the month, months and days of the week (0 is Sunday), UTC.
    Cron(Box<[Vec<u8>; 5]>),
}

/// Name, lowest and highest value of each cron field.
const FIELDS: [(&str, u8, u8); 5] =
    [("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("day of the week", 0, 7)];

impl Schedule {
    /// Reads a schedule.
    ///
    /// # Errors
    /// `Usage`, with what is wrong and how it is written.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words[..] {
            ["off"] => Ok(Self::Off),
            ["every", ..] => every(&words[1..].concat()),
            ["daily", time] => daily(time),
            [minute, hour, day, month, weekday] => cron([minute, hour, day, month, weekday]),
            _ => Err(wrong("it is none of the known forms")),
        }
        .map_err(|failure| Failure { what: format!("`{text}` is no schedule: {}", failure.what), ..failure })
    }

    /// The defaults: devices every 4 hours, everything else daily at 02:00 UTC.
    #[must_use]
    pub fn default_of(stream: Stream) -> Self {
        match stream {
            Stream::Devices => Self::Every(Duration::from_secs(4 * 3600)),
            _ => Self::Cron(Box::new([vec![0], vec![2], (1..=31).collect(), (1..=12).collect(), (0..=6).collect()])),
        }
    }

    /// The next start, given when the stream last ended; `None` for [`Schedule::Off`]. A stream that never ran, or
    /// whose run was missed, is due at once, and once only.
    #[must_use]
    pub fn next(&self, last: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Off => None,
            Self::Every(interval) => Some(last.map_or(now, |last| last + *interval)),
            Self::Cron(fields) => last.map_or(Some(now), |last| next_of(fields, last)),
        }
    }
}

/// Days looked ahead: a leap day on a given weekday comes within 40 years.
const DAYS_AHEAD: i64 = 40 * 366;

/// The first moment after `last` that the fields name; `None` for a date that does not exist (31 February).
fn next_of(fields: &[Vec<u8>; 5], last: Timestamp) -> Option<Timestamp> {
    let [minutes, hours, days, months, weekdays] = fields;
    // As cron does it: when both the day of the month and the day of the week are restricted, either will do.
    let (any_day, any_weekday) = (days.len() == 31, weekdays.len() == 7);
    let fits = |date: time::Date| {
        let day = days.contains(&date.day());
        let weekday = weekdays.contains(&date.weekday().number_days_from_sunday());
        let on_day = if any_day || any_weekday { day && weekday } else { day || weekday };
        months.contains(&u8::from(date.month())) && on_day
    };
    let last = last.to_offset(time::UtcOffset::UTC);
    let days = (0..DAYS_AHEAD).map_while(|ahead| last.date().checked_add(time::Duration::days(ahead)));
    days.filter(|date| fits(*date)).find_map(|date| {
        let moments = hours.iter().flat_map(|hour| minutes.iter().map(move |minute| (*hour, *minute)));
        moments
            .filter_map(|(hour, minute)| date.with_hms(hour, minute, 0).ok())
            .map(time::PrimitiveDateTime::assume_utc)
            .find(|moment| *moment > last)
    })
}

fn every(text: &str) -> Result<Schedule, Failure> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "m" | "min" | "minute" | "minutes" => 60,
        "h" | "hour" | "hours" => 3600,
        "d" | "day" | "days" => 24 * 3600,
        _ => return Err(wrong("the unit is min, h or d")),
    };
    let number: u64 =
        if number.is_empty() { 1 } else { number.parse().map_err(|_| wrong("the number is too large"))? };
    let interval = Duration::from_secs(number.saturating_mul(seconds));
    if interval < SHORTEST || number > 10_000 {
        return Err(wrong("the shortest interval is 5 min, the longest 10,000 d"));
    }
    Ok(Schedule::Every(interval))
}

fn daily(time: &str) -> Result<Schedule, Failure> {
    let (hour, minute) = time.split_once(':').ok_or_else(|| wrong("the time is written 02:00"))?;
    cron([minute, hour, "*", "*", "*"])
}

fn cron(texts: [&str; 5]) -> Result<Schedule, Failure> {
    let mut fields: [Vec<u8>; 5] = Default::default();
    for ((text, field), values) in texts.into_iter().zip(FIELDS).zip(&mut fields) {
        for part in text.split(',') {
            values.extend(cron_part(part, field)?);
        }
        if field.2 == 7 {
            values.iter_mut().for_each(|day| *day %= 7);
        }
        values.sort_unstable();
        values.dedup();
    }
    Ok(Schedule::Cron(Box::new(fields)))
}

/// `*`, `5`, `1-5`, each with an optional `/step`.
fn cron_part(part: &str, (name, lowest, highest): (&str, u8, u8)) -> Result<Vec<u8>, Failure> {
    let number = |text: &str| -> Result<u8, Failure> {
        let in_range = |n: &u8| (lowest..=highest).contains(n);
        text.parse().ok().filter(in_range).ok_or_else(|| wrong(format!("the {name} is {lowest} to {highest}")))
    };
    let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
    let (from, to) = match range.split_once('-') {
        _ if range == "*" => (lowest, highest),
        Some((from, to)) => (number(from)?, number(to)?),
        None if step.is_some() => (number(range)?, highest),
        None => (number(range)?, number(range)?),
    };
    let step = match step.map(str::parse::<usize>) {
        None => 1,
        Some(Ok(step)) if step > 0 => step,
        Some(_) => return Err(wrong(format!("the step of the {name} is a number from 1"))),
    };
    if from > to {
        return Err(wrong(format!("the {name} runs backwards")));
    }
    Ok((from..=to).step_by(step).collect())
}

fn wrong(what: impl Into<String>) -> Failure {
    Failure::new(
        FailureClass::Usage,
        what.into(),
        "write `every 4 h`, `daily 02:00`, a cron line such as `0 2 * * 1-5` (UTC), or `off`",
    )
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Every(interval) => {
                let minutes = interval.as_secs() / 60;
                match minutes {
                    _ if minutes % (24 * 60) == 0 => write!(f, "every {} d", minutes / (24 * 60)),
                    _ if minutes % 60 == 0 => write!(f, "every {} h", minutes / 60),
                    _ => write!(f, "every {minutes} min"),
                }
            }
            Self::Cron(fields) => {
                let text = |(values, (_, lowest, highest)): (&Vec<u8>, (&str, u8, u8))| {
                    let all = usize::from(highest.min(if highest == 7 { 6 } else { highest }) - lowest) + 1;
                    let list = || values.iter().map(u8::to_string).collect::<Vec<_>>().join(",");
                    if values.len() == all { "*".to_owned() } else { list() }
                };
                f.write_str(&fields.iter().zip(FIELDS).map(text).collect::<Vec<_>>().join(" "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Schedule::parse(text).map_or_else(|failure| failure.what, |schedule| schedule.to_string())
    }

    #[test]
    fn every_form_is_read() {
        assert_eq!(shown("off"), "off");
        assert_eq!(shown("every 4 h"), "every 4 h");
        assert_eq!(shown("every 90min"), "every 90 min");
        assert_eq!(shown("every day"), "every 1 d");
        assert_eq!(shown("daily 02:00"), "0 2 * * *");
        assert_eq!(shown("*/15 8-18/5 1,15 * 1-5"), "0,15,30,45 8,13,18 1,15 * 1,2,3,4,5");
        assert_eq!(shown("0 0 * * 7"), "0 0 * * 0", "both 0 and 7 are Sunday");
    }

    #[test]
    fn a_missed_run_is_due_at_once_and_once() {
        use time::macros::datetime;
        let now = datetime!(2026-03-05 12:00 UTC);
        let daily = Schedule::parse("daily 02:00").unwrap();
        assert_eq!(daily.next(Some(datetime!(2026-03-01 02:10 UTC)), now), Some(datetime!(2026-03-02 02:00 UTC)));
        assert_eq!(daily.next(Some(datetime!(2026-03-05 12:00 UTC)), now), Some(datetime!(2026-03-06 02:00 UTC)));
        assert_eq!(daily.next(None, now), Some(now));
        let every = Schedule::parse("every 4 h").unwrap();
        assert_eq!(every.next(Some(datetime!(2026-03-05 11:00 UTC)), now), Some(datetime!(2026-03-05 15:00 UTC)));
        let fridays = Schedule::parse("30 6 * * 5").unwrap();
        assert_eq!(fridays.next(Some(now), now), Some(datetime!(2026-03-06 06:30 UTC)));
        let thirteenth_or_friday = Schedule::parse("0 0 13 * 5").unwrap();
        let friday = datetime!(2026-03-06 00:00 UTC);
        assert_eq!(thirteenth_or_friday.next(Some(friday), now), Some(datetime!(2026-03-13 00:00 UTC)));
        assert_eq!(Schedule::parse("0 0 31 2 *").unwrap().next(Some(now), now), None);
        assert_eq!(Schedule::Off.next(None, now), None);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, reason) in [
            ("", "known forms"),
            ("hourly", "known forms"),
            ("every 4 fortnights", "unit is"),
            ("every 1 min", "shortest interval"),
            ("every 99999999999999999999 h", "too large"),
            ("daily 2am", "02:00"),
            ("daily 24:00", "hour is 0 to 23"),
            ("0 2 * * 9", "day of the week is 0 to 7"),
            ("0 2 31-1 * *", "runs backwards"),
            ("*/0 * * * *", "step of the minute"),
        ] {
            let failure = Schedule::parse(text).unwrap_err();
            assert!(failure.what.contains(reason) && failure.remedy.contains("every 4 h"), "{text}: {failure}");
        }
    }

    #[test]
    fn the_defaults_are_those_that_are_documented() {
        assert_eq!(Schedule::default_of(Stream::Devices), Schedule::parse("every 4 h").unwrap());
        assert_eq!(Schedule::default_of(Stream::Companies), Schedule::parse("daily 02:00").unwrap());
    }
}
