//! A vendor as data: the mapping files in `assets/connectors/` and the person's own beside them.
//!
//! A mapping names the vendor, its dialect, the headers that carry the key, base addresses, published limits, look-ups
//! and for each stream its path, words, permission and field table. A file of the person's own with the name of a
//! built-in mapping changes just what it names; with another name it is a vendor of its own.

mod auth;
mod own;
mod route;
mod stream;
mod write;

use super::source::{LookupName, Source};
use crate::domain::text::clean;
use crate::domain::{Failure, FailureClass, ScopeRule, Stream, VendorSystem};
pub(crate) use auth::{Auth, Values};
pub(crate) use route::{Narrow, Paging, Route};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
pub(crate) use stream::StreamMap;
pub(crate) use write::{WriteMap, WritePath};

/// The mappings that come with matchbook, by connector name.
const BUILT_IN: [(&str, &str); 5] = [
    ("addigy", include_str!("../../../assets/connectors/addigy.toml")),
    ("itglue", include_str!("../../../assets/connectors/itglue.toml")),
    ("connectwise", include_str!("../../../assets/connectors/connectwise.toml")),
    ("autotask", include_str!("../../../assets/connectors/autotask.toml")),
    ("csv", include_str!("../../../assets/connectors/csv.toml")),
];

/// The API family: paging, request shapes and error bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DialectName {
    /// Addigy's v2 API.
    AddigyV2,
    /// JSON:API as IT Glue speaks it.
    JsonApi,
    /// ConnectWise Manage's REST API.
    Connectwise,
    /// Autotask's REST API.
    Autotask,
    /// Files exported from anywhere.
    Csv,
}

/// A mapping file. Every key may be missing: a file that changes a mapping holds only what it changes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    vendor: Option<String>,
    dialect: Option<DialectName>,
    system: Option<VendorSystem>,
    company_groups: bool,
    base_url: Option<String>,
    regions: Vec<Region>,
    path_prefix: String,
    media_type: Option<String>,
    accept: Option<String>,
    auth: Option<Auth>,
    secrets: Vec<SecretPrompt>,
    options: Vec<OptionPrompt>,
    limit: Option<Limit>,
    test: Option<TestCall>,
    permissions_help: String,
    key_help: Option<String>,
    lookups: BTreeMap<String, WrittenLookup>,
    choices: BTreeMap<String, ChoiceMap>,
    streams: stream::Streams,
}

/// A vendor.
#[derive(Clone, Debug)]
pub(crate) struct Mapping {
    /// The vendor's name.
    pub(crate) vendor: String,
    /// How it is spoken to.
    pub(crate) dialect: DialectName,
    /// The name under which other systems carry its ids.
    pub(crate) system: Option<VendorSystem>,
    /// Its companies are groups of devices with groups below them.
    pub(crate) company_groups: bool,
    /// The vendor's address without a region.
    pub(crate) base_url: Option<String>,
    /// Addresses by region; the first is the default.
    pub(crate) regions: Vec<Region>,
    /// Start of every path, added unless a base address already ends with it.
    pub(crate) path_prefix: String,
    /// `Content-Type` of every request.
    pub(crate) media_type: String,
    /// `Accept` of every request.
    pub(crate) accept: String,
    /// How the key is sent.
    pub(crate) auth: Option<Auth>,
    /// What a person has to enter and nobody else may see.
    pub(crate) secrets: Vec<SecretPrompt>,
    /// What a person has to enter beside that.
    pub(crate) options: Vec<OptionPrompt>,
    /// Published request limit.
    pub(crate) limit: Option<Limit>,
    /// The request that proves the key.
    pub(crate) test: Option<TestCall>,
    /// Which permissions the key needs, in words.
    pub(crate) permissions_help: String,
    /// What to do about a refused key.
    pub(crate) key_help: String,
    /// Look-ups by name.
    pub(crate) lookups: BTreeMap<String, LookupMap>,
    /// What can be chosen of the vendor, by setting.
    pub(crate) choices: BTreeMap<ScopeRule, ChoiceMap>,
    /// The streams.
    pub(crate) streams: BTreeMap<Stream, StreamMap>,
    /// Fields that the person's own file names.
    pub(crate) overridden: BTreeSet<(Stream, String)>,
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

/// One setting of an account that is no secret (`company`): it stands in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionPrompt {
    /// Its name in the configuration.
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
    /// Requests a second at most, where the limit is for so long a time that its share may be used up faster.
    pub(crate) per_second: Option<f64>,
    /// Requests of one kind of record that may run at once; 0: no such limit.
    #[serde(default)]
    pub(crate) at_once: u32,
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

/// A look-up as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WrittenLookup {
    path: String,
    paging: Paging,
    query: BTreeMap<String, String>,
    sort: String,
    page_size: u32,
    picklists: bool,
    id: Source,
    names: BTreeMap<String, Source>,
    active: Source,
}

/// A look-up: rows with an id and names, or the picklists of a kind of record.
#[derive(Clone, Debug)]
pub(crate) struct LookupMap {
    /// Its listing.
    pub(crate) route: Route,
    /// The answer describes fields with their picklists; each field is a column.
    pub(crate) picklists: bool,
    /// Where a row's id comes from.
    pub(crate) id: Source,
    /// Where the columns come from.
    pub(crate) names: BTreeMap<String, Source>,
    /// Whether a row is still in use.
    pub(crate) active: Source,
}

/// Where the choices of a setting come from.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ChoiceMap {
    /// A column of a look-up.
    pub(crate) from: Option<LookupName>,
    /// Or always these.
    pub(crate) fixed: Vec<String>,
    /// How the records of a choice are counted.
    pub(crate) count: Option<CountMap>,
}

/// How the vendor counts the records of a choice.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CountMap {
    /// Path of the count.
    pub(crate) path: String,
    /// The field that has the choice's id.
    pub(crate) field: String,
    /// The field's values for the names of fixed choices.
    #[serde(default)]
    pub(crate) values: BTreeMap<String, String>,
    /// The field is a member of a list.
    #[serde(default)]
    pub(crate) in_list: bool,
}

impl From<WrittenLookup> for LookupMap {
    fn from(written: WrittenLookup) -> Self {
        let WrittenLookup { path, paging, query, sort, page_size, picklists, id, names, active } = written;
        let paging = if picklists { Paging::Whole } else { paging };
        let route = Route { path, paging, query, sort, page_size, ..Route::default() }.completed();
        let names = names.into_iter().map(|(column, source)| (column.to_lowercase(), source)).collect();
        Self { route, picklists, id, names, active }
    }
}

/// Why a mapping is refused: the path of the key, and what is wrong with it.
struct Wrong {
    path: Vec<String>,
    what: String,
}

impl Wrong {
    fn new<const N: usize>(path: [&str; N], what: impl Into<String>) -> Self {
        Self { path: path.map(str::to_owned).to_vec(), what: what.into() }
    }

    /// One line, with the line of the text where its key stands.
    fn told(&self, text: &str) -> String {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let line = own::line_of(text, &path).map_or_else(String::new, |line| format!("line {line}: "));
        format!("{line}{}: {}", path.join("."), self.what)
    }
}

/// A syntax or type error in one line, with its line in the text.
fn told(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map(|span| format!("line {}: ", own::line_at(text, span.start))).unwrap_or_default();
    clean(&format!("{line}{}", error.message())).into_owned()
}

impl Mapping {
    /// Reads a mapping file's text; the error is one line.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let written: Written = toml::from_str(text).map_err(|e| told(text, &e))?;
        Self::of(written).map_err(|wrong| wrong.told(text))
    }

    /// A built-in mapping with what the person's own file changes; the error is one line about that file.
    fn merged(built_in: &str, own: &str) -> Result<Self, String> {
        // Read alone first: only then an error knows its line.
        let alone: Written = toml::from_str(own).map_err(|e| told(own, &e))?;
        let table = |text: &str| toml::from_str::<toml::Table>(text).map_err(|e| told(text, &e));
        let mut base = table(built_in)?;
        own::merge(&mut base, table(own)?);
        let written = Written::deserialize(base).map_err(|e| clean(e.message()).into_owned())?;
        let mut mapping = Self::of(written).map_err(|wrong| wrong.told(own))?;
        for (stream, map) in &alone.streams.0 {
            let names = map.fields.named_sources().into_iter().map(|(name, _)| (*stream, name));
            mapping.overridden.extend(names);
        }
        Ok(mapping)
    }

    fn of(written: Written) -> Result<Self, Wrong> {
        let media_type = written.media_type.unwrap_or_else(|| "application/json".into());
        let mut choices = BTreeMap::new();
        for (key, choice) in written.choices {
            choices.insert(setting(&key).ok_or_else(|| no_setting(["choices", &key]))?, choice);
        }
        let mapping = Self {
            vendor: written.vendor.ok_or_else(|| Wrong::new(["vendor"], "is missing"))?,
            dialect: written.dialect.ok_or_else(|| Wrong::new(["dialect"], "is missing"))?,
            system: written.system,
            company_groups: written.company_groups,
            base_url: written.base_url,
            regions: written.regions,
            path_prefix: written.path_prefix,
            accept: written.accept.unwrap_or_else(|| media_type.clone()),
            media_type,
            auth: written.auth,
            secrets: written.secrets,
            options: written.options,
            limit: written.limit,
            test: written.test,
            permissions_help: written.permissions_help,
            key_help: written.key_help.unwrap_or_else(|| "enter a new key with connect".into()),
            lookups: written.lookups.into_iter().map(|(name, map)| (name.to_lowercase(), map.into())).collect(),
            choices,
            streams: written.streams.0,
            overridden: BTreeSet::new(),
        };
        mapping.check()?;
        Ok(mapping)
    }

    /// What types alone do not tell: needed fields, look-ups and streams that are named exist.
    fn check(&self) -> Result<(), Wrong> {
        for (rule, choice) in &self.choices {
            if let Some(lookup) = &choice.from {
                self.has_lookup(lookup).map_err(|what| Wrong::new(["choices", rule.key(), "from"], what))?;
            }
        }
        self.streams.iter().try_for_each(|(stream, map)| self.check_stream(*stream, map))
    }

    fn check_stream(&self, stream: Stream, map: &StreamMap) -> Result<(), Wrong> {
        let name = stream.name();
        let (id, title) = map.fields.needed();
        for (source, field) in [(id, "id"), (title, if stream == Stream::Tickets { "title" } else { "name" })] {
            if source.is_empty() {
                return Err(Wrong::new(["streams", name, "fields"], format!("`{field}` is missing")));
            }
        }
        for (field, source) in map.fields.named_sources() {
            for lookup in source.lookups() {
                self.has_lookup(lookup).map_err(|what| {
                    let mut path: Vec<String> = ["streams", name, "fields"].map(str::to_owned).to_vec();
                    path.extend(field.split('.').map(str::to_owned));
                    Wrong { path, what }
                })?;
            }
        }
        let fields: Vec<String> = map.fields.named_sources().into_iter().map(|(field, _)| field).collect();
        let known = |key: &String| {
            fields
                .iter()
                .any(|f| f.strip_prefix(key.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
        };
        for (table, said) in [("labels", &map.labels), ("notes", &map.notes)] {
            if let Some(key) = said.keys().find(|key| !known(key)) {
                return Err(Wrong::new(["streams", name, table, key], "is no field that comes from somewhere"));
            }
        }
        for (key, narrow) in &map.route.narrow {
            setting(key).ok_or_else(|| no_setting(["streams", name, "narrow", key]))?;
            if let Some(lookup) = &narrow.lookup {
                self.has_lookup(lookup).map_err(|what| Wrong::new(["streams", name, "narrow", key], what))?;
            }
        }
        for (field, path) in map.write.iter().flat_map(|write| &write.fields) {
            if let Some(lookup) = path.lookup() {
                let at = ["streams", name, "write", "fields", field.key()];
                self.has_lookup(lookup).map_err(|what| Wrong::new(at, what))?;
            }
        }
        match map.route.paging {
            Paging::Each(parent) if !self.streams.contains_key(&parent) => {
                Err(Wrong::new(["streams", name, "paging"], format!("there is no stream {parent}")))
            }
            _ => Ok(()),
        }
    }

    fn has_lookup(&self, wanted: &LookupName) -> Result<(), String> {
        let known = || self.lookups.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let Some(lookup) = self.lookups.get(&wanted.table) else {
            return Err(format!("there is no look-up “{}”; there are: {}", wanted.table, known()));
        };
        if lookup.picklists || lookup.names.contains_key(&wanted.column) {
            return Ok(());
        }
        let columns: Vec<&str> = lookup.names.keys().map(String::as_str).collect();
        Err(format!("{} has no column “{}”; it has: {}", wanted.table, wanted.column, columns.join(", ")))
    }

    /// The mapping of that connector, with what the person's own file of that name changes.
    pub(crate) fn load(connector: &str, own: Option<&Path>) -> Result<Self, Failure> {
        let plain = connector.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        let path = own.filter(|_| plain).map(|dir| dir.join(format!("{connector}.toml"))).filter(|path| path.is_file());
        let built_in = BUILT_IN.iter().find(|(name, _)| *name == connector).map(|(_, text)| *text);
        let Some(path) = path else {
            let text = built_in.ok_or_else(|| unknown(connector))?;
            return Self::parse(text)
                .map_err(|e| Failure::new(FailureClass::Ours, format!("the {connector} mapping: {e}"), ""));
        };
        let shown = path.display();
        let wrong = |what: String| Failure::new(FailureClass::Usage, what, "correct or remove the file");
        let text = std::fs::read_to_string(&path).map_err(|e| wrong(format!("{shown} cannot be read: {e}")))?;
        let mapping = built_in.map_or_else(|| Self::parse(&text), |built_in| Self::merged(built_in, &text));
        mapping.map_err(|e| wrong(format!("{shown}: {e}")))
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

fn unknown(connector: &str) -> Failure {
    let known: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
    Failure::new(
        FailureClass::Usage,
        format!("there is no connector “{connector}”"),
        format!("use one of {}, or add a mapping file of that name", known.join(", ")),
    )
}

fn setting(key: &str) -> Option<ScopeRule> {
    ScopeRule::LISTS.into_iter().find(|rule| rule.key() == key)
}

fn no_setting<const N: usize>(path: [&str; N]) -> Wrong {
    Wrong::new(path, format!("settings are {}", ScopeRule::LISTS.map(ScopeRule::key).join(", ")))
}

#[cfg(test)]
mod tests;
