//! Where a domain field comes from in a vendor's row, as written in a mapping file, and how its values are read.
//!
//! A source is a path (`"attributes.name"`), several sources of which the first with a value counts, or a table:
//!
//! | key | meaning |
//! |---|---|
//! | `path`, `first_of` | a path; sources of which the first with a value counts |
//! | `join`, `with` | the values of several sources, with a text (a space) between them |
//! | `list`, `value`, `where`, `first` | a member of the elements of a list: of those whose members are as wanted, those with a true member before the others |
//! | `lookup` | the value is an id; its name stands in that look-up (`"products.manufacturer"`), or in the next of a list |
//! | `values` | the value's name in that table; a value that is not in it is none |
//! | `drop` | placeholders that are no value |
//! | `classify`, `when_present` | the name of the first rule whose word is part of a value, else that name where a path has a value |
//! | `constant` | the value where there is no other |

mod moment;
mod written;

use super::json::Json;
use super::lookup::Names;
use crate::domain::{Named, Timestamp};
use moment::moment;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
pub(crate) use written::KEYS;

/// Longest text kept of one field, in bytes; more is a fault of the vendor or an attack.
const FIELD_LIMIT: usize = 4_096;

/// Takes a value out of a vendor's wrapping; `None` when it holds no value.
pub(crate) type Unwrap = for<'x, 'y> fn(&'x Json<'y>) -> Option<&'x Json<'y>>;

/// One row with the way its vendor wraps values and with what came beside it.
#[derive(Clone, Copy)]
pub(crate) struct Row<'r, 'a> {
    /// The row itself.
    pub(crate) node: &'r Json<'a>,
    /// Rows that belong to it (JSON:API `included`).
    pub(crate) related: &'r [&'r Json<'a>],
    /// Takes a value out of the vendor's wrapping.
    pub(crate) unwrap: Unwrap,
    /// The look-ups; `None` where the vendor has none.
    pub(crate) names: Option<&'r Names>,
}

impl<'r, 'a> Row<'r, 'a> {
    /// A row whose values are not wrapped, with nothing beside it.
    pub(crate) fn plain(node: &'r Json<'a>) -> Self {
        Self { node, related: &[], unwrap: |value| Some(value), names: None }
    }

    /// The same for a part of it or for a row beside it.
    pub(crate) fn at(self, node: &'r Json<'a>) -> Self {
        Self { node, related: &[], ..self }
    }

    fn find(&self, path: &Path) -> Option<&'r Json<'a>> {
        let mut node = self.node;
        for part in &path.0 {
            node = node.get(part)?;
        }
        (self.unwrap)(node)
    }
}

/// Names from the row down to a value.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
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

/// Where a field comes from; the default is nowhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Source {
    reads: Vec<Read>,
    constant: Option<String>,
    drop: Vec<String>,
    classify: Vec<(String, String)>,
    when_present: Option<(Path, String)>,
    values: BTreeMap<String, String>,
    lookup: Vec<LookupName>,
}

/// One way to a value.
#[derive(Clone, Debug, PartialEq)]
enum Read {
    Path(Path),
    Join { parts: Vec<Source>, with: String },
    List(Box<ListRead>),
    Other(Box<Source>),
}

/// A member of the elements of a list.
#[derive(Clone, Debug, PartialEq)]
struct ListRead {
    list: Path,
    value: Path,
    filter: Vec<(Path, Vec<String>)>,
    first: Option<Path>,
}

/// A column of a look-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LookupName {
    /// The look-up.
    pub(crate) table: String,
    /// Its column.
    pub(crate) column: String,
}

impl ListRead {
    fn texts(&self, row: Row<'_, '_>) -> Vec<String> {
        let Some(Json::List(elements)) = row.find(&self.list) else { return Vec::new() };
        let wanted = |element: &Row<'_, '_>| {
            self.filter.iter().all(|(path, wanted)| {
                let text = element.find(path).and_then(scalar);
                text.is_some_and(|text| wanted.iter().any(|w| w.eq_ignore_ascii_case(&text)))
            })
        };
        let mut found: Vec<Row<'_, '_>> = elements.iter().map(|node| row.at(node)).filter(wanted).collect();
        if let Some(first) = &self.first {
            found.sort_by_key(|element| !matches!(element.find(first), Some(Json::Bool(true) | Json::Int(1))));
        }
        found.iter().filter_map(|element| element.find(&self.value)?.text().map(|t| limited(&t))).collect()
    }
}

/// A value as text, `true` and `false` included.
fn scalar<'x>(value: &'x Json<'_>) -> Option<Cow<'x, str>> {
    match value {
        Json::Bool(true) => Some("true".into()),
        Json::Bool(false) => Some("false".into()),
        other => other.text(),
    }
}

impl Source {
    /// The paths that are read as they stand, in order.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.reads.iter().filter_map(|read| if let Read::Path(path) = read { Some(path) } else { None })
    }

    /// Every path that it reads.
    pub(crate) fn all_paths(&self) -> Vec<&Path> {
        let mut found: Vec<&Path> = self.when_present.as_ref().map(|(path, _)| path).into_iter().collect();
        for read in &self.reads {
            match read {
                Read::Path(path) => found.push(path),
                Read::Join { parts, .. } => found.extend(parts.iter().flat_map(Source::all_paths)),
                Read::List(read) => found.push(&read.list),
                Read::Other(source) => found.extend(source.all_paths()),
            }
        }
        found
    }

    /// Every look-up that it needs.
    pub(crate) fn lookups(&self) -> Vec<&LookupName> {
        let mut found: Vec<&LookupName> = self.lookup.iter().collect();
        for read in &self.reads {
            match read {
                Read::Join { parts, .. } => found.extend(parts.iter().flat_map(Source::lookups)),
                Read::Other(source) => found.extend(source.lookups()),
                Read::Path(_) | Read::List(_) => {}
            }
        }
        found
    }

    /// True when no field comes from it.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The field as text.
    pub(crate) fn text(&self, row: Row<'_, '_>) -> Option<String> {
        if !self.classify.is_empty() {
            return self.class(row);
        }
        self.reads.iter().find_map(|read| self.read_text(read, row)).or_else(|| self.constant.clone())
    }

    fn read_text(&self, read: &Read, row: Row<'_, '_>) -> Option<String> {
        let text = match read {
            Read::Path(path) => {
                let value = row.find(path)?;
                let text = if self.values.is_empty() { value.text() } else { scalar(value) };
                limited(&text?)
            }
            Read::Join { parts, with } => {
                let parts: Vec<String> = parts.iter().filter_map(|part| part.text(row)).collect();
                if parts.is_empty() {
                    return None;
                }
                parts.join(with)
            }
            Read::List(read) => read.texts(row).into_iter().next()?,
            Read::Other(source) => source.text(row)?,
        };
        self.meaning(text, row)
    }

    /// What a text means: nothing where it is a placeholder, else its name.
    fn meaning(&self, text: String, row: Row<'_, '_>) -> Option<String> {
        if self.drop.iter().any(|d| d.eq_ignore_ascii_case(&text)) {
            return None;
        }
        if !self.values.is_empty() {
            return self.values.get(&text.to_lowercase()).cloned();
        }
        if self.lookup.is_empty() {
            return Some(text);
        }
        let names = row.names?;
        self.lookup.iter().find_map(|lookup| names.name(lookup, &text))
    }

    /// The name of the first rule whose word is part of any of the values.
    fn class(&self, row: Row<'_, '_>) -> Option<String> {
        let all = self.paths().filter_map(|path| row.find(path));
        let seen: Vec<String> = all.filter_map(|v| v.text().map(|t| t.to_lowercase())).collect();
        let named = self.classify.iter().find(|(word, _)| seen.iter().any(|t| t.contains(word.as_str())));
        let present = || self.when_present.as_ref().filter(|(path, _)| row.find(path).and_then(Json::text).is_some());
        named
            .map(|(_, name)| name.clone())
            .or_else(|| present().map(|(_, name)| name.clone()))
            .or_else(|| self.constant.clone())
    }

    /// The field as yes or no; `None` is unknown, never no.
    pub(crate) fn bool(&self, row: Row<'_, '_>) -> Option<bool> {
        let read = |read: &Read| match read {
            Read::Path(path) if self.values.is_empty() => match row.find(path)? {
                Json::Bool(b) => Some(*b),
                Json::Int(0) => Some(false),
                Json::Int(1) => Some(true),
                Json::Text(t) => yes_or_no(t.trim()),
                _ => None,
            },
            Read::Other(source) if self.values.is_empty() => source.bool(row),
            read => yes_or_no(&self.read_text(read, row)?),
        };
        self.reads.iter().find_map(read).or_else(|| yes_or_no(self.constant.as_deref()?))
    }

    /// The field as a number; negative ones mean "never" or "unknown" at the vendors and are dropped.
    pub(crate) fn number(&self, row: Row<'_, '_>) -> Option<f64> {
        self.first_value(row, &|value| value.number()).filter(|n| *n >= 0.0)
    }

    /// The field as a moment; placeholders (1970 and the like) are dropped.
    pub(crate) fn moment(&self, row: Row<'_, '_>) -> Option<Timestamp> {
        self.first_value(row, &moment)
    }

    fn first_value<T>(&self, row: Row<'_, '_>, of: &dyn Fn(&Json<'_>) -> Option<T>) -> Option<T> {
        self.reads.iter().find_map(|read| match read {
            Read::Path(path) => row.find(path).and_then(of),
            Read::Other(source) => source.first_value(row, of),
            Read::Join { .. } | Read::List(_) => None,
        })
    }

    /// Every text of every read, lists included, in order.
    pub(crate) fn texts(&self, row: Row<'_, '_>) -> Vec<String> {
        let mut found = Vec::new();
        for read in &self.reads {
            match read {
                Read::Path(path) => {
                    let Some(value) = row.find(path) else { continue };
                    let items = if let Json::List(items) = value { items } else { std::slice::from_ref(value) };
                    found.extend(items.iter().filter_map(|v| self.meaning(limited(&v.text()?), row)));
                }
                Read::List(read) => found.extend(read.texts(row).into_iter().filter_map(|t| self.meaning(t, row))),
                Read::Other(source) => found.extend(source.texts(row)),
                Read::Join { .. } => found.extend(self.read_text(read, row)),
            }
        }
        found
    }
}

/// A choice of the vendor's: its id and its name; or all of a list's, of which `id` and `name` are members then.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NamedSource {
    pub(crate) list: Option<Path>,
    pub(crate) id: Source,
    pub(crate) name: Source,
}

impl NamedSource {
    /// The choice, of a list the first; `None` when it has no name. A look-up that does not know the id leaves the id
    /// with an empty name.
    pub(crate) fn named(&self, row: Row<'_, '_>) -> Option<Named> {
        self.all(row).into_iter().next()
    }

    /// Every choice.
    pub(crate) fn all(&self, row: Row<'_, '_>) -> Vec<Named> {
        let Some(list) = &self.list else { return self.one(row).into_iter().collect() };
        row.find(list).map(Json::items).unwrap_or_default().iter().filter_map(|node| self.one(row.at(node))).collect()
    }

    fn one(&self, row: Row<'_, '_>) -> Option<Named> {
        let id = self.id.text(row);
        match self.name.text(row) {
            Some(name) => Some(Named { id: id.unwrap_or_default(), name }),
            None if self.name.lookups().is_empty() => None,
            None => Some(Named { id: id?, name: String::new() }),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(json: &str, read: impl FnOnce(Row<'_, '_>) -> T) -> T {
        let node: Json<'_> = serde_json::from_str(json).unwrap();
        read(Row::plain(&node))
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

    #[test]
    fn names_are_joined_and_what_is_missing_leaves_no_gap() {
        let s = source(r#"["display", { join = ["first", "last"] }]"#);
        assert_eq!(with(r#"{"first":"Ana","last":"Reed"}"#, |r| s.text(r)).as_deref(), Some("Ana Reed"));
        assert_eq!(with(r#"{"last":"Reed"}"#, |r| s.text(r)).as_deref(), Some("Reed"));
        assert_eq!(with(r#"{"display":"A","last":"Reed"}"#, |r| s.text(r)).as_deref(), Some("A"));
        assert_eq!(with("{}", |r| s.text(r)), None);
    }

    #[test]
    fn members_of_a_list_by_kind_with_the_preferred_first() {
        let s =
            source(r#"{ list = "items", value = "value", where = { kind = ["Phone", "Mobile"] }, first = "default" }"#);
        let json = r#"{"items":[{"kind":"phone","value":"1"},{"kind":"Email","value":"x"},
            {"kind":"Mobile","value":"2","default":true},{"kind":"Phone","value":null}]}"#;
        assert_eq!(with(json, |r| s.texts(r)), ["2", "1"]);
        assert_eq!(with(json, |r| s.text(r)).as_deref(), Some("2"));
        assert!(with(r#"{"items":null}"#, |r| s.texts(r)).is_empty());
    }

    #[test]
    fn values_get_names_and_an_unknown_one_has_none() {
        let s = source(r#"{ path = "active", values = { true = "Active", false = "Inactive", 1 = "Active" } }"#);
        assert_eq!(with(r#"{"active":true}"#, |r| s.text(r)).as_deref(), Some("Active"));
        assert_eq!(with(r#"{"active":1}"#, |r| s.text(r)).as_deref(), Some("Active"));
        assert_eq!(with(r#"{"active":2}"#, |r| s.text(r)), None);
        let closed = source(r#"{ path = "status", values = { 5 = "yes" }, constant = "no" }"#);
        assert_eq!(with(r#"{"status":1}"#, |r| closed.bool(r)), Some(false), "one is a status here, not a yes");
        assert_eq!(with(r#"{"status":5}"#, |r| closed.bool(r)), Some(true));
    }

    #[test]
    fn every_choice_of_a_list() {
        let s: NamedSource = toml::from_str("list = \"types\"\nid = \"id\"\nname = \"name\"").unwrap();
        let all = with(r#"{"types":[{"id":1,"name":"Client"},{"id":2,"name":"Vendor"},7]}"#, |r| s.all(r));
        assert_eq!(all.iter().map(|n| n.name.as_str()).collect::<Vec<_>>(), ["Client", "Vendor"]);
    }

    #[test]
    fn sources_are_told_in_words() {
        for (toml, words) in [
            (r#"["a.b", "c"]"#, "a.b, else c"),
            (r#"["title", { path = "productID", lookup = "products" }]"#, "title, else name of products by productID"),
            (r#"{ join = ["first", "last"] }"#, "first and last"),
            (r#"{ constant = "Apple" }"#, "always “Apple”"),
            (
                r#"{ list = "items", value = "value", where = { kind = "Email" }, first = "default" }"#,
                "value of items where kind is Email, default first",
            ),
        ] {
            assert_eq!(source(toml).to_string(), words);
        }
    }

    #[test]
    fn what_is_no_source_is_refused() {
        #[derive(Debug, Deserialize)]
        struct File {
            #[expect(dead_code, reason = "only whether it reads")]
            s: Source,
        }
        for (toml, word) in
            [("7", "a path"), (r#"{ pfad = "x" }"#, "pfad"), (r#"{ list = "x" }"#, "value"), (r#""a..b""#, "dot")]
        {
            let error = toml::from_str::<File>(&format!("s = {toml}")).unwrap_err().to_string();
            assert!(error.contains(word) && error.contains("line 1"), "{error}");
        }
    }
}
