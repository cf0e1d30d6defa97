//! A vendor as data: the mapping files in `assets/connectors/` and the person's own beside them.
//!
//! A mapping names the vendor, its dialect, the header that carries the key, base addresses, published limits, and
//! for each stream its path, words, permission and field table.

use super::fields::Fields;
use crate::domain::text::clean;
use crate::domain::{Failure, FailureClass, Stream};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The mappings that come with matchbook, by connector name.
const BUILT_IN: [(&str, &str); 3] = [
    ("addigy", include_str!("../../assets/connectors/addigy.toml")),
    ("itglue", include_str!("../../assets/connectors/itglue.toml")),
    ("csv", include_str!("../../assets/connectors/csv.toml")),
];

/// The API family: paging, request shapes and error bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DialectName {
    /// Addigy's v2 API.
    AddigyV2,
    /// JSON:API as IT Glue speaks it.
    JsonApi,
    /// Files exported from anywhere.
    Csv,
}

/// A vendor.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mapping {
    /// The vendor's name.
    pub(crate) vendor: String,
    /// How it is spoken to.
    pub(crate) dialect: DialectName,
    /// The vendor's address without a region.
    pub(crate) base_url: Option<String>,
    /// Addresses by region; the first in the order of `region_order` is the default.
    #[serde(default)]
    pub(crate) regions: Vec<Region>,
    /// Start of every path, added unless a base address already ends with it.
    #[serde(default)]
    pub(crate) path_prefix: String,
    /// `Accept` and `Content-Type` of every request.
    #[serde(default = "json_type")]
    pub(crate) media_type: String,
    /// How the key is sent.
    pub(crate) auth: Option<Auth>,
    /// What a person has to enter.
    #[serde(default)]
    pub(crate) secrets: Vec<SecretPrompt>,
    /// Published request limit.
    pub(crate) limit: Option<Limit>,
    /// The request that proves the key.
    pub(crate) test: Option<TestCall>,
    /// Which permissions the key needs, in words.
    #[serde(default)]
    pub(crate) permissions_help: String,
    #[serde(rename = "streams")]
    written: BTreeMap<Stream, WrittenStream>,
    /// The streams.
    #[serde(skip)]
    pub(crate) streams: BTreeMap<Stream, StreamMap>,
}

fn json_type() -> String {
    "application/json".into()
}

/// One region of a vendor.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// The name in the configuration (`eu`).
    pub name: String,
    /// The name for people (`Europe`).
    pub label: String,
    /// Its address.
    pub base_url: String,
}

/// How the key is sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Auth {
    /// The header.
    pub(crate) header: String,
    /// The secret's name in the credentials.
    pub(crate) secret: String,
}

/// One secret that a person has to enter.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretPrompt {
    /// Its name in the credentials (`api_key`).
    pub name: String,
    /// What to ask for.
    pub prompt: String,
    /// Where it is found.
    #[serde(default)]
    pub help: String,
}

/// A published request limit and how much of it matchbook takes by itself.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limit {
    /// Requests that the vendor allows …
    pub(crate) requests: u32,
    /// … in so many seconds.
    pub(crate) seconds: u32,
    /// The share that matchbook takes unless the configuration says otherwise, 0–1.
    pub(crate) share: f64,
}

/// The request that proves the key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestCall {
    /// Its path.
    pub(crate) path: String,
    /// Its query.
    #[serde(default)]
    pub(crate) query: BTreeMap<String, String>,
    /// The answer is the list of the key's permissions.
    #[serde(default)]
    pub(crate) lists_permissions: bool,
    /// Permissions that the streams need; each may have several names at the vendor.
    #[serde(default)]
    pub(crate) needs: Vec<Need>,
}

/// A permission that is needed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Need {
    /// The name to tell people.
    pub(crate) name: String,
    /// Names that also grant it.
    #[serde(default)]
    pub(crate) also: Vec<String>,
    /// What it is for.
    pub(crate) stream: Stream,
}

/// How a stream is listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Paging {
    /// By page number.
    #[default]
    Pages,
    /// Everything in one answer.
    Whole,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenStream {
    word_one: String,
    word_many: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    permission: String,
    #[serde(default)]
    paging: Paging,
    #[serde(default)]
    query: BTreeMap<String, String>,
    #[serde(default)]
    sort: String,
    #[serde(default)]
    page_size: u32,
    #[serde(default)]
    max_page_size: u32,
    #[serde(default)]
    ask_for: String,
    #[serde(default)]
    holder: String,
    fields: toml::Table,
}

/// One stream.
#[derive(Clone, Debug)]
pub(crate) struct StreamMap {
    /// The vendor's word for one.
    pub(crate) word_one: String,
    /// The vendor's word for several.
    pub(crate) word_many: String,
    /// Path of the listing.
    pub(crate) path: String,
    /// The permission that it needs.
    pub(crate) permission: String,
    /// How it is listed.
    pub(crate) paging: Paging,
    /// Fixed query parameters.
    pub(crate) query: BTreeMap<String, String>,
    /// Field that gives a stable order.
    pub(crate) sort: String,
    /// Rows a page unless the configuration says otherwise.
    pub(crate) page_size: u32,
    /// Most rows a page that the vendor gives.
    pub(crate) max_page_size: u32,
    /// Names that the query asks for, where the vendor sends only what is asked.
    pub(crate) ask_for: Vec<String>,
    /// Member that holds the row's values and must be an object; a row without is a bad row, not an empty record.
    pub(crate) holder: String,
    /// The field table.
    pub(crate) fields: Fields,
}

impl StreamMap {
    fn new(stream: Stream, written: WrittenStream) -> Result<Self, toml::de::Error> {
        let fields = Fields::parse(stream, written.fields)?;
        let mut ask_for: Vec<String> = Vec::new();
        if !written.ask_for.is_empty() {
            ask_for.extend(super::fields::names_below(&fields, &written.ask_for).into_iter().map(Into::into));
        }
        let page_size = if written.page_size == 0 { 100 } else { written.page_size };
        Ok(Self {
            word_one: written.word_one,
            word_many: written.word_many,
            path: written.path,
            permission: written.permission,
            paging: written.paging,
            query: written.query,
            sort: written.sort,
            page_size,
            max_page_size: written.max_page_size.max(page_size),
            ask_for,
            holder: written.holder,
            fields,
        })
    }
}

impl Mapping {
    /// Reads a mapping file's text; the error is one line.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let line = |e: toml::de::Error| clean(&e.to_string()).into_owned();
        let mut mapping: Self = toml::from_str(text).map_err(line)?;
        for (stream, written) in std::mem::take(&mut mapping.written) {
            let map = StreamMap::new(stream, written).map_err(|e| format!("streams.{stream}.fields: {}", line(e)))?;
            mapping.streams.insert(stream, map);
        }
        Ok(mapping)
    }

    /// The mapping of that connector: the person's own file before the one that comes with matchbook.
    pub(crate) fn load(connector: &str, own: Option<&Path>) -> Result<Self, Failure> {
        let plain = connector.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        if let Some(path) = own.filter(|_| plain).map(|dir| dir.join(format!("{connector}.toml")))
            && path.is_file()
        {
            let shown = path.display();
            let text = std::fs::read_to_string(&path).map_err(|e| {
                Failure::new(FailureClass::Usage, format!("{shown} cannot be read: {e}"), "correct or remove the file")
            })?;
            return Self::parse(&text)
                .map_err(|e| Failure::new(FailureClass::Usage, format!("{shown}: {e}"), "correct or remove the file"));
        }
        let text = BUILT_IN.iter().find(|(name, _)| *name == connector).map(|(_, text)| *text).ok_or_else(|| {
            let known: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
            Failure::new(
                FailureClass::Usage,
                format!("there is no connector “{connector}”"),
                format!("use one of {}, or add a mapping file of that name", known.join(", ")),
            )
        })?;
        Self::parse(text).map_err(|e| Failure::new(FailureClass::Ours, format!("the {connector} mapping: {e}"), ""))
    }

    /// Names of the mappings that come with matchbook and of the person's own.
    pub(crate) fn names(own: Option<&Path>) -> Vec<String> {
        let mut names: Vec<String> = BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect();
        let files = own.and_then(|dir| std::fs::read_dir(dir).ok()).into_iter().flatten().flatten();
        let mut added: Vec<String> = files
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|e| e == "toml"))
            .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
            .filter(|name| !names.contains(name))
            .collect();
        added.sort();
        names.append(&mut added);
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_mapping_parses() {
        for (name, text) in BUILT_IN {
            let mapping = Mapping::parse(text).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert!(mapping.streams.contains_key(&Stream::Devices), "{name}");
        }
    }

    #[test]
    fn an_unknown_field_is_refused_by_name() {
        let text = BUILT_IN[1].1.replace("serial = ", "seriall = ");
        let error = Mapping::parse(&text).unwrap_err();
        assert!(error.contains("devices") && error.contains("seriall"), "{error}");
    }

    #[test]
    fn addigy_asks_for_the_facts_that_its_table_reads() {
        let mapping = Mapping::load("addigy", None).unwrap();
        let asked = &mapping.streams[&Stream::Devices].ask_for;
        for fact in ["serial_number", "policy_id", "wifi_mac_address", "mac_os_x_version", "battery_cycles"] {
            assert!(asked.iter().any(|f| f == fact), "{fact}");
        }
    }

    #[test]
    fn an_unknown_connector_is_a_usage_failure() {
        assert_eq!(Mapping::load("../secret", None).unwrap_err().class, FailureClass::Usage);
    }
}
