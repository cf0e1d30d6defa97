//! The streams of a mapping file: each is read with the field table of its own kind of record.

use super::route::{Narrow, Paging, Route};
use super::write::WriteMap;
use crate::connectors::fields::{Fields, names_below};
use crate::domain::Stream;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A stream as it is written. Every key may be missing: a file that changes a mapping holds only what it changes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, bound = "F: DeserializeOwned + Default")]
struct Written<F> {
    word_one: String,
    word_many: String,
    path: String,
    permission: String,
    paging: Paging,
    query: BTreeMap<String, String>,
    conditions: Vec<String>,
    sort: String,
    newest_first: String,
    since_query: String,
    changed: Vec<String>,
    narrow: BTreeMap<String, Narrow>,
    page_size: u32,
    max_page_size: u32,
    ask_for: String,
    holder: String,
    incremental: bool,
    notes: BTreeMap<String, String>,
    labels: BTreeMap<String, String>,
    write: Option<WriteMap>,
    fields: F,
}

/// One stream.
#[derive(Clone, Debug)]
pub(crate) struct StreamMap {
    /// The vendor's word for one.
    pub(crate) word_one: String,
    /// The vendor's word for several.
    pub(crate) word_many: String,
    /// The permission that it needs.
    pub(crate) permission: String,
    /// Its listing.
    pub(crate) route: Route,
    /// Member that holds the row's values and must be an object; a row without is a bad row, not an empty record.
    pub(crate) holder: String,
    /// A listing of what changed since a moment can be trusted.
    pub(crate) incremental: bool,
    /// What a person should know about a field, by its name.
    pub(crate) notes: BTreeMap<String, String>,
    /// What the vendor's own screens call a field, by its name.
    pub(crate) labels: BTreeMap<String, String>,
    /// How its records are made and changed; `None` where they are only read.
    pub(crate) write: Option<Arc<WriteMap>>,
    /// The field table.
    pub(crate) fields: Fields,
}

impl<F> Written<F> {
    fn stream(self, fields: impl FnOnce(Box<F>) -> Fields) -> StreamMap {
        let fields = fields(Box::new(self.fields));
        let ask_for = if self.ask_for.is_empty() { Vec::new() } else { names_below(&fields, &self.ask_for) };
        let ask_for = ask_for.into_iter().map(str::to_owned).collect();
        let route = Route {
            path: self.path,
            paging: self.paging,
            query: self.query,
            conditions: self.conditions,
            sort: self.sort,
            newest_first: self.newest_first,
            since_query: self.since_query,
            changed: self.changed,
            narrow: self.narrow,
            page_size: self.page_size,
            max_page_size: self.max_page_size,
            ask_for,
        };
        StreamMap {
            word_one: self.word_one,
            word_many: self.word_many,
            permission: self.permission,
            route: route.completed(),
            holder: self.holder,
            incremental: self.incremental,
            notes: self.notes,
            labels: self.labels,
            write: self.write.map(Arc::new),
            fields,
        }
    }
}

/// The streams of a file.
#[derive(Debug, Default)]
pub(super) struct Streams(pub(super) BTreeMap<Stream, StreamMap>);

impl<'de> Deserialize<'de> for Streams {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(StreamsVisitor)
    }
}

struct StreamsVisitor;

impl<'de> Visitor<'de> for StreamsVisitor {
    type Value = Streams;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table for each stream")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Streams, A::Error> {
        let mut streams = BTreeMap::new();
        while let Some(stream) = map.next_key::<Stream>()? {
            streams.insert(stream, next(stream, &mut map)?);
        }
        Ok(Streams(streams))
    }
}

/// The table of that stream, read by its own kind of record.
fn next<'de, A: MapAccess<'de>>(stream: Stream, map: &mut A) -> Result<StreamMap, A::Error> {
    fn read<'de, F, A>(map: &mut A, fields: impl FnOnce(Box<F>) -> Fields) -> Result<StreamMap, A::Error>
    where
        F: DeserializeOwned + Default,
        A: MapAccess<'de>,
    {
        Ok(map.next_value::<Written<F>>()?.stream(fields))
    }
    match stream {
        Stream::Companies => read(map, Fields::Company),
        Stream::Devices => read(map, Fields::Device),
        Stream::DeviceTypes => read(map, Fields::DeviceType),
        Stream::Locations => read(map, Fields::Location),
        Stream::Contacts => read(map, Fields::Contact),
        Stream::Tickets => read(map, Fields::Ticket),
        Stream::Members => read(map, Fields::Member),
        Stream::Domains => read(map, Fields::Domain),
        Stream::Manufacturers => read(map, Fields::Manufacturer),
        Stream::Models => read(map, Fields::Model),
        #[expect(unreachable_patterns, reason = "a stream that is added later has no table yet")]
        other => Err(A::Error::custom(format!("{other} cannot be mapped"))),
    }
}
