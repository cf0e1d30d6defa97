//! Moments in every form that the vendors write them.

use crate::connectors::json::Json;
use crate::domain::Timestamp;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, PrimitiveDateTime};

/// RFC 3339 with any fraction, a date alone, date and time without a zone (taken as UTC), or seconds or milliseconds
/// since 1970. Placeholders (1970 and the like) are none.
pub(super) fn moment(value: &Json<'_>) -> Option<Timestamp> {
    let found = match value {
        Json::Int(_) | Json::Real(_) => epoch(value.number()?)?,
        Json::Text(text) => written_moment(text.trim())?,
        _ => return None,
    };
    (1990..2200).contains(&found.year()).then_some(found)
}

fn epoch(number: f64) -> Option<Timestamp> {
    let seconds = if number > 1e11 { number / 1e3 } else { number };
    #[expect(clippy::cast_possible_truncation, reason = "bounded by the check before it")]
    (0.0..1e10).contains(&seconds).then(|| OffsetDateTime::from_unix_timestamp(seconds as i64).ok())?
}

fn written_moment(text: &str) -> Option<Timestamp> {
    if let Ok(at) = OffsetDateTime::parse(text, &Rfc3339) {
        return Some(at.to_offset(time::UtcOffset::UTC));
    }
    let date = text.get(..10)?;
    let date = Date::parse(date, format_description!("[year]-[month]-[day]"))
        .or_else(|_| Date::parse(date, format_description!("[month]/[day]/[year]")))
        .ok()?;
    let clock = text[10..].trim_start_matches(['T', ' ']).trim_end_matches("UTC").trim();
    let short = format_description!("[hour]:[minute]");
    let long = format_description!("[hour]:[minute]:[second][optional [.[subsecond]]]");
    if clock.is_empty() {
        return Some(date.midnight().assume_utc());
    }
    let clock = time::Time::parse(clock, long).or_else(|_| time::Time::parse(clock, short)).ok()?;
    Some(PrimitiveDateTime::new(date, clock).assume_utc())
}
