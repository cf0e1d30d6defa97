//! API families: how a page is asked for, where its rows and totals are, what an error body looks like.
//!
//! A dialect knows no field of a record; that is the mapping files' business.

mod addigy_v2;
mod json_api;

use super::fields::BadRow;
use super::http::{BodyFault, Call, ErrorBody};
use super::json::Json;
use super::mapping::{DialectName, StreamMap};
use super::source::Row;
use crate::domain::Record;
use crate::domain::text::clean;
use std::collections::HashMap;

/// What an answer holds.
#[derive(Debug, Default)]
pub(crate) struct Answer<'a> {
    /// The rows.
    pub(crate) rows: Vec<Json<'a>>,
    /// Rows that came beside them and belong to them.
    pub(crate) beside: Vec<Json<'a>>,
    /// Pages of the listing.
    pub(crate) pages: Option<u32>,
    /// Rows of the listing.
    pub(crate) total: Option<u64>,
}

/// Rows that came beside the listed ones, by id.
pub(crate) type Beside<'r, 'a> = HashMap<String, Vec<&'r Json<'a>>>;

/// An API family.
pub(crate) trait Dialect: Send + Sync {
    /// The request for a page.
    fn call(&self, stream: &StreamMap, number: u32, size: u32) -> Call;

    /// Rows and totals of an answer.
    fn read<'a>(&self, body: Json<'a>) -> Result<Answer<'a>, BodyFault>;

    /// The message of an error body; `None` when it is none.
    fn error(&self, body: &Json<'_>) -> Option<ErrorBody>;

    /// Takes a value out of its wrapping.
    fn unwrap(&self) -> for<'x, 'y> fn(&'x Json<'y>) -> Option<&'x Json<'y>> {
        |value| Some(value)
    }

    /// Key under which a row that came beside is found.
    fn beside_key(&self, _row: &Json<'_>) -> Option<String> {
        None
    }

    /// The rows that belong to a listed one.
    fn related<'r, 'a>(&self, _row: &Json<'a>, _beside: &Beside<'r, 'a>) -> Vec<&'r Json<'a>> {
        Vec::new()
    }
}

/// The dialect of that name; files have none.
pub(crate) fn dialect(name: DialectName) -> Option<&'static dyn Dialect> {
    match name {
        DialectName::AddigyV2 => Some(&addigy_v2::AddigyV2),
        DialectName::JsonApi => Some(&json_api::JsonApi),
        DialectName::Csv => None,
    }
}

/// A page as records.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Rows that became records.
    pub(crate) records: Vec<Record>,
    /// Rows that did not.
    pub(crate) bad: Vec<BadRow>,
    /// Pages of the listing.
    pub(crate) pages: Option<u32>,
    /// Rows of the listing.
    pub(crate) total: Option<u64>,
}

impl Listing {
    /// Rows, good and bad.
    pub(crate) fn rows(&self) -> usize {
        self.records.len() + self.bad.len()
    }
}

/// Reads a page. A row that cannot be read is set aside with its reason; the page goes on.
pub(crate) fn read_listing(dialect: &dyn Dialect, stream: &StreamMap, body: &[u8]) -> Result<Listing, BodyFault> {
    let answer = dialect.read(parse(body)?)?;
    let mut beside: Beside<'_, '_> = HashMap::new();
    for row in &answer.beside {
        if let Some(key) = dialect.beside_key(row) {
            beside.entry(key).or_default().push(row);
        }
    }
    let mut listing = Listing { pages: answer.pages, total: answer.total, ..Listing::default() };
    listing.records.reserve(answer.rows.len());
    for node in &answer.rows {
        let related = dialect.related(node, &beside);
        let row = Row { node, related: &related, unwrap: dialect.unwrap() };
        match held(stream, row).and_then(|()| stream.fields.record(row)) {
            Ok(record) => listing.records.push(record),
            Err(bad) => listing
                .bad
                .push(BadRow { id: bad.id.map(|id| clean(&id).into_owned()), reason: clean(&bad.reason).into_owned() }),
        }
    }
    Ok(listing)
}

/// A row whose values are not where they belong would become an empty record and overwrite a good one.
fn held(stream: &StreamMap, row: Row<'_, '_>) -> Result<(), BadRow> {
    let holder = &stream.holder;
    if holder.is_empty() || matches!(row.node.get(holder), Some(Json::Object(_))) {
        return Ok(());
    }
    Err(BadRow { id: stream.fields.id(row), reason: format!("the row has no readable {holder}") })
}

/// Parses a body; the fault never repeats its text.
pub(crate) fn parse(body: &[u8]) -> Result<Json<'_>, BodyFault> {
    serde_json::from_slice(body).map_err(|error| {
        let bytes = body.len();
        BodyFault::Malformed(match error.classify() {
            serde_json::error::Category::Eof => format!("cut off after {bytes} bytes"),
            _ if body.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'<') => "a web page instead of JSON".into(),
            _ => format!("no JSON near line {}, column {}", error.line(), error.column()),
        })
    })
}

/// A row count as a page number.
fn count32(value: Option<&Json<'_>>) -> Option<u32> {
    value.and_then(Json::count).and_then(|n| u32::try_from(n).ok())
}
