//! Values between JSON and records: how each type is written, and what is taken for it.

use super::{
    records::Cell,
    schema::{Field, Kind},
};
use serde_json::{Number, Value};
use time::{
    OffsetDateTime, PrimitiveDateTime, UtcOffset,
    format_description::well_known::{Iso8601, Rfc3339},
    macros::format_description,
};

/// What stands in for a protected value.
const HIDDEN: &str = "*****";

/// A value as JSON. `zoned` appends `Z` to a moment.
pub fn json(field: &Field, cell: Option<&Cell>, zoned: bool) -> Value {
    match (cell, field.kind) {
        (None, _) => Value::Null,
        (Some(Cell::Text(_)), _) if field.protected => HIDDEN.into(),
        (Some(Cell::Text(text)), _) => (**text).into(),
        (Some(Cell::Int(value)), Kind::Boolean) => (*value != 0).into(),
        (Some(Cell::Int(value)), Kind::Datetime) => moment(*value, zoned).into(),
        (Some(Cell::Int(value)), Kind::Decimal) => decimal(*value),
        (Some(Cell::Int(value)), _) => (*value).into(),
    }
}

/// A moment in milliseconds since 1970, with as many digits of the second as it has.
pub fn moment(milliseconds: i64, zoned: bool) -> String {
    let whole =
        OffsetDateTime::from_unix_timestamp(milliseconds.div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    let mut text = whole.format(format).unwrap_or_default();
    let fraction = milliseconds.rem_euclid(1000);
    if fraction > 0 {
        text.push_str(format!(".{fraction:03}").trim_end_matches('0'));
    }
    if zoned {
        text.push('Z');
    }
    text
}

/// Reads a moment with or without zone, or a day; without one it is UTC.
pub fn parse_moment(text: &str) -> Option<i64> {
    let text = text.trim();
    let zoned = OffsetDateTime::parse(text, &Rfc3339).or_else(|_| OffsetDateTime::parse(text, &Iso8601::DEFAULT));
    let moment = zoned.ok().or_else(|| {
        let local = PrimitiveDateTime::parse(text, &Iso8601::DEFAULT).ok();
        let day =
            || time::Date::parse(text, format_description!("[year]-[month]-[day]")).ok().map(time::Date::midnight);
        local.or_else(day).map(PrimitiveDateTime::assume_utc)
    })?;
    i64::try_from(moment.to_offset(UtcOffset::UTC).unix_timestamp_nanos() / 1_000_000).ok()
}

#[expect(clippy::cast_precision_loss, reason = "amounts of money")]
fn decimal(value: i64) -> Value {
    Number::from_f64(value as f64 / 10_000.0).map_or(Value::Null, Value::Number)
}

/// What a client gave for a field; null and, for a text, nothing at all is no value.
///
/// # Errors
/// Why it cannot be the field's value.
pub fn cell(field: &Field, value: &Value) -> Result<Option<Cell>, String> {
    let wrong = || format!("Error converting value {value} to type '{}'. Field: {}.", field.kind.name(), field.name);
    match (value, field.kind) {
        (Value::Null, _) => Ok(None),
        (Value::String(text), Kind::Text(longest)) => {
            if text.chars().count() > longest {
                return Err(format!("{} exceeds the maximum length of {longest}.", field.name));
            }
            Ok((!text.is_empty()).then(|| text.as_str().into()))
        }
        (Value::Number(number), Kind::Text(_)) => Ok(Some(number.to_string().into())),
        (value, kind) => number(value, kind).map(|n| Some(Cell::Int(n))).ok_or_else(wrong),
    }
}

/// A value of a type that is no text; `None` where it is none.
pub fn number(value: &Value, kind: Kind) -> Option<i64> {
    let within = |low: i64, high: i64| whole(value).filter(|n| (low..=high).contains(n));
    match kind {
        Kind::Long => whole(value),
        Kind::Integer => within(i32::MIN.into(), i32::MAX.into()),
        Kind::Short => within(i16::MIN.into(), i16::MAX.into()),
        Kind::Decimal => ten_thousandths(value),
        Kind::Boolean => match value {
            Value::Bool(value) => Some((*value).into()),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(1),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(0),
            _ => None,
        },
        Kind::Datetime => value.as_str().and_then(parse_moment),
        Kind::Text(_) => None,
    }
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "amounts of money")]
fn ten_thousandths(value: &Value) -> Option<i64> {
    let amount: f64 = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    amount.is_finite().then(|| (amount * 10_000.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_short_as_they_are_and_read_with_and_without_zone() {
        let at = parse_moment("2026-02-01T08:15:00.120Z").unwrap();
        assert_eq!(moment(at, false), "2026-02-01T08:15:00.12");
        assert_eq!(moment(at - 120, true), "2026-02-01T08:15:00Z");
        assert_eq!(parse_moment("2026-02-01T08:15:00.12"), Some(at));
        assert_eq!(parse_moment("2026-02-01T09:15:00.12+01:00"), Some(at));
        assert_eq!(parse_moment("2026-02-01T08:15:00.123456Z"), Some(at + 3));
        assert_eq!(parse_moment("2026-02-01"), parse_moment("2026-02-01T00:00:00Z"));
        assert_eq!(parse_moment("yesterday"), None);
    }
}
