//! How records of a stream are made, changed and looked for at the vendor, as a mapping file says.

use crate::connectors::source::LookupName;
use crate::domain::WriteField;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Writing one stream.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WriteMap {
    /// Path where records are made; `{company}` is the id of the company that they are in.
    pub(crate) create: String,
    /// Path where one is changed; `{id}` is its id.
    pub(crate) update: String,
    /// Path where one is taken away; empty where the vendor has no such thing.
    pub(crate) remove: String,
    /// The vendor's name for the kind of record (JSON:API `type`).
    pub(crate) kind: String,
    /// Records that one request may make (in one company) or change; 1 or less: one.
    pub(crate) at_once: u32,
    /// Records that one request may change; 1 or less: one.
    pub(crate) update_at_once: u32,
    /// Fields without which the vendor refuses.
    pub(crate) required: BTreeSet<WriteField>,
    /// Fields that may be written on a record that another system owns.
    pub(crate) synced: BTreeSet<WriteField>,
    /// Longest texts, in characters.
    pub(crate) longest: BTreeMap<WriteField, usize>,
    /// A new record takes several network interfaces.
    pub(crate) interfaces: bool,
    /// The permission that it needs.
    pub(crate) permission: String,
    /// What a person should know before records are made.
    pub(crate) warning: Option<String>,
    /// Where a field goes.
    pub(crate) fields: BTreeMap<WriteField, WritePath>,
    /// Where the company's id goes, where it is not part of the path.
    pub(crate) company: Option<WritePath>,
    /// Members that every new record gets.
    pub(crate) constants: Map<String, Value>,
    /// Values of one search at most, in bytes as they stand in an address; 0: what every address takes.
    pub(crate) search_length: u32,
    /// How records are looked for.
    pub(crate) find: FindMap,
}

/// Where a field goes.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a member's name, or { path = \"…\", lookup = \"…\" }")]
pub(crate) enum WritePath {
    /// Into that member, as text.
    Plain(String),
    /// Into that member, in that form.
    Formed(Formed),
}

/// Where and how a field goes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Formed {
    /// The member.
    pub(crate) path: String,
    /// The value is a name; its id stands in that look-up.
    #[serde(default)]
    pub(crate) lookup: Option<LookupName>,
    /// The value is a name; these are what it is written as.
    #[serde(default)]
    pub(crate) values: BTreeMap<String, String>,
    /// How it is written.
    #[serde(default, rename = "as")]
    pub(crate) shape: Shape,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shape {
    /// A text; of a look-up a number where it is one.
    #[default]
    Plain,
    /// `{"id": 1}`.
    Reference,
    /// `[{"id": 1}]`.
    References,
}

/// How records are looked for: names of the vendor's filters. An empty one does not exist.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FindMap {
    /// By id.
    pub(crate) id: String,
    /// By serial number.
    pub(crate) serial: String,
    /// By name.
    pub(crate) name: String,
    /// By short name, where that is unique.
    pub(crate) short_name: String,
    /// All of a company.
    pub(crate) company: String,
}

impl WritePath {
    /// The member.
    pub(crate) fn path(&self) -> &str {
        match self {
            Self::Plain(path) => path,
            Self::Formed(formed) => &formed.path,
        }
    }

    /// Where its ids stand.
    pub(crate) fn lookup(&self) -> Option<&LookupName> {
        match self {
            Self::Plain(_) => None,
            Self::Formed(formed) => formed.lookup.as_ref(),
        }
    }

    /// The fixed names that it may have.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&String, &String)> {
        match self {
            Self::Plain(_) => None,
            Self::Formed(formed) => Some(formed.values.iter()),
        }
        .into_iter()
        .flatten()
    }

    /// A value in its form; `id` says that it is one of a look-up.
    pub(crate) fn formed(&self, value: &str, id: bool) -> Value {
        let typed = match value {
            "true" if id => Value::Bool(true),
            "false" if id => Value::Bool(false),
            _ if id => value.parse::<i64>().map_or_else(|_| value.into(), Value::from),
            text => text.into(),
        };
        let shape = if let Self::Formed(formed) = self { formed.shape } else { Shape::Plain };
        match shape {
            Shape::Plain => typed,
            Shape::Reference => serde_json::json!({"id": typed}),
            Shape::References => serde_json::json!([{"id": typed}]),
        }
    }
}
