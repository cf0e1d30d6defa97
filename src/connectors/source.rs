//! Where a domain field comes from in a vendor's row, as written in a mapping file, and how its values are read.
//!
//! A source is a path (`"attributes.name"`), several paths of which the first with a value counts, or a table with
//! a constant, with placeholders to drop, or with rules that classify.

use super::json::Json;
use crate::domain::{Named, Timestamp};
use serde::Deserialize;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, PrimitiveDateTime};

/// Longest text kept of one field, in bytes; more is a fault of the vendor or an attack.
const FIELD_LIMIT: usize = 4_096;

/// One row with the way its vendor wraps values and with the rows that came beside it.
#[derive(Clone, Copy)]
pub(crate) struct Row<'r, 'a> {
    /// The row itself.
    pub(crate) node: &'r Json<'a>,
    /// Rows that belong to it (JSON:API `included`).
    pub(crate) related: &'r [&'r Json<'a>],
    /// Takes a value out of the vendor's wrapping; `None` when it holds no value.
    pub(crate) unwrap: for<'x, 'y> fn(&'x Json<'y>) -> Option<&'x Json<'y>>,
}

impl<'r, 'a> Row<'r, 'a> {
    fn find(&self, path: &Path) -> Option<&'r Json<'a>> {
        let mut node = self.node;
        for part in &path.0 {
            node = node.get(part)?;
        }
        (self.unwrap)(node)
    }
}

/// Names from the row down to a value.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "String")]
pub(crate) struct Path(Vec<Box<str>>);

impl Path {
    /// The names.
    pub(crate) fn parts(&self) -> &[Box<str>] {
        &self.0
    }
}

impl From<String> for Path {
    fn from(text: String) -> Self {
        Self(text.split('.').map(Into::into).collect())
    }
}

/// Where a field comes from.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "Written")]
pub(crate) struct Source {
    pub(crate) paths: Vec<Path>,
    constant: Option<String>,
    drop: Vec<String>,
    classify: Vec<(String, String)>,
    when_present: Option<(Path, String)>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    One(Path),
    First(Vec<Path>),
    Table(WrittenTable),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTable {
    #[serde(default)]
    first_of: Vec<Path>,
    constant: Option<String>,
    #[serde(default)]
    drop: Vec<String>,
    #[serde(default)]
    classify: Vec<(String, String)>,
    when_present: Option<(Path, String)>,
}

impl From<Written> for Source {
    fn from(written: Written) -> Self {
        match written {
            Written::One(path) => Self { paths: vec![path], ..Self::default() },
            Written::First(paths) => Self { paths, ..Self::default() },
            Written::Table(t) => Self {
                paths: t.first_of,
                constant: t.constant,
                drop: t.drop,
                classify: t.classify.into_iter().map(|(word, name)| (word.to_lowercase(), name)).collect(),
                when_present: t.when_present,
            },
        }
    }
}

impl Source {
    /// Every path that it reads.
    pub(crate) fn all_paths(&self) -> impl Iterator<Item = &Path> {
        self.paths.iter().chain(self.when_present.as_ref().map(|(path, _)| path))
    }

    fn values<'s, 'r, 'a>(&'s self, row: Row<'r, 'a>) -> impl Iterator<Item = &'r Json<'a>> + use<'s, 'r, 'a> {
        self.paths.iter().filter_map(move |path| row.find(path))
    }

    /// The field as text.
    pub(crate) fn text(&self, row: Row<'_, '_>) -> Option<String> {
        if !self.classify.is_empty() {
            return self.class(row);
        }
        self.values(row)
            .find_map(|v| {
                v.text().filter(|t| !self.drop.iter().any(|d| d.eq_ignore_ascii_case(t))).map(|t| limited(&t))
            })
            .or_else(|| self.constant.clone())
    }

    /// The name of the first rule whose word is part of any of the values.
    fn class(&self, row: Row<'_, '_>) -> Option<String> {
        let seen: Vec<String> = self.values(row).filter_map(|v| v.text().map(|t| t.to_lowercase())).collect();
        let named = self.classify.iter().find(|(word, _)| seen.iter().any(|t| t.contains(word.as_str())));

        let present = || self.when_present.as_ref().filter(|(path, _)| row.find(path).and_then(Json::text).is_some());
        named
            .map(|(_, name)| name.clone())
            .or_else(|| present().map(|(_, name)| name.clone()))
            .or_else(|| self.constant.clone())
    }

    /// The field as yes or no; `None` is unknown, never no.
    pub(crate) fn bool(&self, row: Row<'_, '_>) -> Option<bool> {
        self.values(row).find_map(|v| match v {
            Json::Bool(b) => Some(*b),
            Json::Int(0) => Some(false),
            Json::Int(1) => Some(true),
            Json::Text(t) => yes_or_no(t.trim()),
            _ => None,
        })
    }

    /// The field as a number; negative ones mean "never" or "unknown" at the vendors and are dropped.
    pub(crate) fn number(&self, row: Row<'_, '_>) -> Option<f64> {
        self.values(row).find_map(Json::number).filter(|n| *n >= 0.0)
    }

    /// The field as a moment; placeholders (1970 and the like) are dropped.
    pub(crate) fn moment(&self, row: Row<'_, '_>) -> Option<Timestamp> {
        self.values(row).find_map(moment)
    }

    /// Every text of every path, lists included, in order.
    pub(crate) fn texts(&self, row: Row<'_, '_>) -> Vec<String> {
        let mut found = Vec::new();
        for value in self.values(row) {
            let items = if let Json::List(items) = value { items.as_slice() } else { std::slice::from_ref(value) };
            found.extend(items.iter().filter_map(|v| v.text().map(|t| limited(&t))));
        }
        found
    }
}

/// A choice of the vendor's: its id and its name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NamedSource {
    pub(crate) id: Source,
    pub(crate) name: Source,
}

impl NamedSource {
    /// The choice; `None` when it has no name.
    pub(crate) fn named(&self, row: Row<'_, '_>) -> Option<Named> {
        let name = self.name.text(row)?;
        Some(Named { id: self.id.text(row).unwrap_or_default(), name })
    }
}

fn yes_or_no(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "on" | "enabled" => Some(true),
        "false" | "no" | "n" | "0" | "off" | "disabled" => Some(false),
        _ => None,
    }
}

fn limited(text: &str) -> String {
    if text.len() <= FIELD_LIMIT && !text.contains('\0') {
        return text.to_owned();
    }
    let mut end = FIELD_LIMIT.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].replace('\0', "")
}

/// RFC 3339 with any fraction, a date alone, date and time without a zone (taken as UTC), or seconds or milliseconds
/// since 1970.
fn moment(value: &Json<'_>) -> Option<Timestamp> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(json: &str, read: impl FnOnce(Row<'_, '_>) -> T) -> T {
        let node: Json<'_> = serde_json::from_str(json).unwrap();
        read(Row { node: &node, related: &[], unwrap: |value| Some(value) })
    }

    fn source(toml: &str) -> Source {
        #[derive(Deserialize)]
        struct File {
            s: Source,
        }
        toml::from_str::<File>(&format!("s = {toml}")).unwrap().s
    }

    #[test]
    fn the_first_value_counts() {
        let s = source(r#"["a.b", "c"]"#);
        assert_eq!(with(r#"{"a":{"b":" "},"c":7}"#, |r| s.text(r)).as_deref(), Some("7"));
        assert_eq!(with(r#"{"a":null}"#, |r| s.text(r)), None);
    }

    #[test]
    fn null_is_unknown_and_not_no() {
        let s = source(r#""x""#);
        assert_eq!(with(r#"{"x":null}"#, |r| s.bool(r)), None);
        assert_eq!(with(r#"{"x":"No"}"#, |r| s.bool(r)), Some(false));
        assert_eq!(with(r#"{"x":-1}"#, |r| s.number(r)), None);
    }

    #[test]
    fn moments_in_every_form_and_placeholders_dropped() {
        let s = source(r#""x""#);
        let at = |json: &str| with(json, |r| s.moment(r)).map(Timestamp::unix_timestamp);
        assert_eq!(at(r#"{"x":"2026-11-20T08:15:30.1Z"}"#), Some(1_795_162_530));
        assert_eq!(at(r#"{"x":"2026-11-20"}"#), Some(1_795_132_800));
        assert_eq!(at(r#"{"x":"2026-11-20 08:15"}"#), Some(1_795_162_500));
        assert_eq!(at(r#"{"x":1635863715.0}"#), Some(1_635_863_715));
        assert_eq!(at(r#"{"x":1635863715000}"#), Some(1_635_863_715));
        for junk in [r#"{"x":"1970-01-01T00:00:00Z"}"#, r#"{"x":0}"#, r#"{"x":"soon"}"#, r#"{"x":"ééééééé"}"#] {
            assert_eq!(at(junk), None, "{junk}");
        }
    }

    #[test]
    fn rules_classify_in_order() {
        let s = source(
            r#"{ first_of = ["m", "n"], classify = [["MacBook", "MacBook"], ["mac", "Mac"]], when_present = ["os", "Mac"] }"#,
        );
        assert_eq!(with(r#"{"m":"MacBookAir9,1"}"#, |r| s.text(r)).as_deref(), Some("MacBook"));
        assert_eq!(with(r#"{"n":"iMac"}"#, |r| s.text(r)).as_deref(), Some("Mac"));
        assert_eq!(with(r#"{"os":"14.1"}"#, |r| s.text(r)).as_deref(), Some("Mac"));
        assert_eq!(with(r#"{"m":"Toaster"}"#, |r| s.text(r)), None);
    }

    #[test]
    fn endless_text_is_cut_at_a_character() {
        let s = source(r#""x""#);
        let json = format!(r#"{{"x":"{}"}}"#, "é".repeat(5_000));
        assert_eq!(with(&json, |r| s.text(r)).unwrap().len(), FIELD_LIMIT);
    }
}
