//! When a stream is synced: `every 4 h`, `daily 02:00`, a five-field cron line, or `off`; where wanted with the time
//! zone that a clock on the wall there shows (`in Europe/Berlin`) and with a spread (`within 10 min`).

use super::{Failure, FailureClass, Stream, Timestamp};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::time::Duration;

/// Shortest interval: vendors' limits are counted in minutes.
const SHORTEST: Duration = Duration::from_mins(5);

/// Longest spread.
const WIDEST: Duration = Duration::from_hours(12);

/// A schedule that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    rule: Rule,
    /// Where the hours of a cron line are counted; `None`: as every sync ([`Spread::zone`]).
    zone: Option<Zone>,
    /// A start is put off by up to so long; `None`: as every sync ([`Spread::within`]).
    within: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    /// Only by hand.
    Off,
    /// That long after the last end.
    Every(Duration),
    /// When the clock shows so.
    Cron(Box<Cron>),
}

/// A time zone of the IANA tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// UTC.
    #[must_use]
    pub const fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The zone of that name (`Europe/Berlin`), upper or lower case.
    ///
    /// # Errors
    /// `Usage` when the tables have none of that name.
    pub fn parse(name: &str) -> Result<Self, Failure> {
        let found = TimeZone::get(name);
        found.map(Self).map_err(|_| {
            let remedy = "write a name of the IANA tables, such as Europe/Berlin, America/New_York or UTC";
            Failure::new(FailureClass::Usage, format!("there is no time zone “{name}”"), remedy)
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    fn at(&self, moment: Timestamp) -> Option<jiff::Zoned> {
        let moment = jiff::Timestamp::from_second(moment.unix_timestamp()).ok()?;
        Some(moment.to_zoned(self.0.clone()))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What schedules mean that do not say it themselves, and how their starts are spread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spread {
    /// Where hours are counted.
    pub zone: Zone,
    /// A start is put off by up to so long, so that not every home and every stream asks on the full hour.
    pub within: Duration,
    /// Tells homes apart.
    pub seed: u64,
}

impl Default for Spread {
    /// UTC, on the minute.
    fn default() -> Self {
        Self { zone: Zone::utc(), within: Duration::ZERO, seed: 0 }
    }
}

impl Spread {
    /// The delay of a start: the same for the same start of the same subject, so that a plan stands still.
    fn delay(&self, within: Duration, subject: &str, start: Timestamp) -> Duration {
        let mut hasher = DefaultHasher::new();
        (self.seed, subject, start.unix_timestamp()).hash(&mut hasher);
        match within.as_secs() {
            0 => Duration::ZERO,
            seconds => Duration::from_secs(hasher.finish() % seconds),
        }
    }
}

impl Schedule {
    /// Only by hand.
    #[must_use]
    pub const fn off() -> Self {
        Self::of(Rule::Off)
    }

    const fn of(rule: Rule) -> Self {
        Self { rule, zone: None, within: None }
    }

    /// Reads a schedule.
    ///
    /// # Errors
    /// `Usage`, with what is wrong and how it is written.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let whole =
            |failure: Failure| Failure { what: format!("`{text}` is no schedule: {}", failure.what), ..failure };
        let words: Vec<&str> = text.split_whitespace().collect();
        let head = |words: &[&str]| words.iter().position(|w| matches!(*w, "in" | "within")).unwrap_or(words.len());
        let (words, mut rest) = words.split_at(head(&words));
        let (mut zone, mut within) = (None, None);
        while let [key, tail @ ..] = rest {
            let (value, after) = tail.split_at(head(tail));
            match *key {
                "in" => zone = Some(Zone::parse(&value.concat()).map_err(whole)?),
                _ => within = Some(spread(&value.concat()).map_err(whole)?),
            }
            rest = after;
        }
        let rule = match *words {
            ["off"] => Ok(Rule::Off),
            ["every", ..] => every(&words[1..].concat()),
            ["daily", time] => daily(time),
            [_, _, _, _, _] => cron(&words.join(" ")),
            _ => Err(wrong("it is none of the known forms")),
        };
        Ok(Self { rule: rule.map_err(whole)?, zone, within })
    }

    /// The defaults: devices every 4 hours, everything else daily at 02:00.
    #[must_use]
    pub fn default_of(stream: Stream) -> Self {
        let text = if stream == Stream::Devices { "every 4 h" } else { "daily 02:00" };
        // Both are read by a test.
        Self::parse(text).unwrap_or_else(|_| Self::off())
    }

    /// True when it never starts anything.
    #[must_use]
    pub const fn is_off(&self) -> bool {
        matches!(self.rule, Rule::Off)
    }

    /// The next start, given when the subject last ended; `None` for `off` and for a date that does not exist. What
    /// never ran, or whose run was missed, is due at once, and once only: the answer is a moment that has passed.
    #[must_use]
    pub fn next(&self, last: Option<Timestamp>, now: Timestamp, subject: &str, spread: &Spread) -> Option<Timestamp> {
        let Some(last) = last else { return (!self.is_off()).then_some(now) };
        let start = match &self.rule {
            Rule::Off => return None,
            Rule::Every(interval) => last.checked_add(time::Duration::try_from(*interval).ok()?)?,
            Rule::Cron(cron) => {
                let zone = self.zone.as_ref().unwrap_or(&spread.zone);
                let next = cron.find_next_occurrence(&zone.at(last)?, false).ok()?;
                Timestamp::from_unix_timestamp(next.timestamp().as_second()).ok()?
            }
        };
        Some(start + spread.delay(self.within.unwrap_or(spread.within), subject, start))
    }
}

fn duration(text: &str) -> Result<Duration, Failure> {
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
    if number > 10_000 {
        return Err(wrong("the number is at most 10,000"));
    }
    Ok(Duration::from_secs(number * seconds))
}

fn spread(text: &str) -> Result<Duration, Failure> {
    let within = duration(text)?;
    if within > WIDEST { Err(wrong("a start is spread over 12 h at most")) } else { Ok(within) }
}

fn every(text: &str) -> Result<Rule, Failure> {
    let interval = duration(text)?;
    if interval < SHORTEST { Err(wrong("the shortest interval is 5 min")) } else { Ok(Rule::Every(interval)) }
}

fn daily(time: &str) -> Result<Rule, Failure> {
    let read = |text: &str, highest: u8| text.parse::<u8>().ok().filter(|n| *n <= highest);
    let parts = time.split_once(':').and_then(|(h, m)| Some((read(h, 23)?, read(m, 59)?)));
    let (hour, minute) = parts.ok_or_else(|| wrong("the time is written 02:00"))?;
    cron(&format!("{minute} {hour} * * *"))
}

fn cron(text: &str) -> Result<Rule, Failure> {
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    let cron = parser.parse(text).map_err(|e| wrong(e.to_string().trim_end_matches('.')))?;
    Ok(Rule::Cron(Box::new(cron)))
}

fn wrong(what: impl AsRef<str>) -> Failure {
    Failure::new(
        FailureClass::Usage,
        what,
        "write `every 4 h`, `daily 02:00`, a cron line such as `0 2 * * 1-5`, or `off`; behind it where wanted \
         `in Europe/Berlin` and `within 10 min`",
    )
}

/// `10 min`, `4 h`, `1 d`.
fn interval(duration: Duration) -> String {
    let minutes = duration.as_secs() / 60;
    match minutes {
        _ if minutes.is_multiple_of(24 * 60) => format!("{} d", minutes / (24 * 60)),
        _ if minutes.is_multiple_of(60) => format!("{} h", minutes / 60),
        _ => format!("{minutes} min"),
    }
}

/// `02:00` for the cron line of a time of day.
fn time_of_day(pattern: &str) -> Option<String> {
    let words: Vec<&str> = pattern.split_whitespace().collect();
    let [minute, hour, "*", "*", "*"] = words[..] else { return None };
    let (minute, hour): (u8, u8) = (minute.parse().ok()?, hour.parse().ok()?);
    Some(format!("{hour:02}:{minute:02}"))
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rule {
            Rule::Off => f.write_str("off"),
            Rule::Every(every) => write!(f, "every {}", interval(*every)),
            Rule::Cron(cron) => match time_of_day(cron.as_str()) {
                Some(time) => write!(f, "daily {time}"),
                None => f.write_str(cron.as_str()),
            },
        }?;
        if let Some(zone) = &self.zone {
            write!(f, " in {zone}")?;
        }
        match self.within {
            Some(within) => write!(f, " within {}", interval(within)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
