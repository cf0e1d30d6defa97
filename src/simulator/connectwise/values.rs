//! Small values as the vendor writes them.

use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A moment: UTC, whole seconds, `Z`.
pub fn moment(seconds: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", at.hour(), at.minute(), at.second())
}

/// A moment that a client wrote, as the vendor keeps it.
pub fn normalised(text: &str) -> Option<String> {
    OffsetDateTime::parse(text, &Rfc3339).ok().map(|at| moment(at.unix_timestamp()))
}

/// A value or null.
pub fn or_null(value: Option<impl Into<Value>>) -> Value {
    value.map_or(Value::Null, Into::into)
}

/// The first so many characters.
pub fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
