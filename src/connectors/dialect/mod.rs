//! API families: how a page is asked for, where its rows and totals are, what an error body looks like.
//!
//! A dialect knows no field of a record; that is the mapping files' business.

mod addigy_v2;
mod autotask;
mod connectwise;
mod json_api;

use super::fields::BadRow;
use super::http::{BodyFault, Call, ErrorBody, Received};
use super::json::Json;
use super::lookup::{Names, Table};
use super::mapping::{CountMap, DialectName, LookupMap, Route, StreamMap, Values, WriteMap};
use super::source::{Row, Unwrap};
use crate::domain::text::clean;
use crate::domain::{Interface, Record, Timestamp};
use reqwest::Method;
use rustc_hash::FxHashMap;
use std::collections::HashMap;
use std::sync::Arc;
use url::Url;

/// Where a listing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At<'p> {
    /// At that page, from 1.
    Number(u32),
    /// Behind the row with that id; at the start where there is none.
    Behind(Option<&'p str>),
    /// Where the link of the page before leads.
    Link {
        /// The link, in the dialect's own form.
        link: &'p str,
        /// Behind which row the pages that are linked began.
        began: Option<&'p str>,
        /// The last row of the page before.
        after: Option<&'p str>,
    },
}

/// One page of a listing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'p> {
    /// The path, where it is not the route's own.
    pub(crate) path: Option<&'p str>,
    /// Where.
    pub(crate) at: At<'p>,
    /// Rows asked for.
    pub(crate) size: u32,
    /// Only the ids of the rows matter.
    pub(crate) only_ids: bool,
    /// The endpoint does not give links: the order has to be asked for.
    pub(crate) ordered: bool,
    /// What of the listing is wanted.
    pub(crate) want: &'p Want,
}

/// What of a listing is wanted; the default is everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Want {
    /// What changed since then.
    pub(crate) since: Option<Timestamp>,
    /// What was changed so long ago is not wanted (the age of tickets).
    pub(crate) not_before: Option<Timestamp>,
    /// Fields with the values that were chosen.
    pub(crate) chosen: Vec<(String, Vec<String>)>,
    /// Fields with the texts that are looked for; a text of digits is a text all the same.
    pub(crate) texts: Vec<(String, Vec<String>)>,
    /// `since` is near enough for the vendor's filter by a span of time.
    pub(crate) near: bool,
}

impl Want {
    /// The later of the two moments before which nothing is wanted.
    pub(crate) fn from(&self) -> Option<Timestamp> {
        self.since.max(self.not_before)
    }
}

/// What follows a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Next {
    /// The answer does not say; counts and the number of rows do.
    #[default]
    Counted,
    /// Nothing.
    End,
    /// More, behind the last row, or where a link leads.
    More(Option<String>),
}

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
    /// What follows.
    pub(crate) next: Next,
}

/// Rows that came beside the listed ones, by id.
pub(crate) type Beside<'r, 'a> = HashMap<String, Vec<&'r Json<'a>>>;

/// Where an account lives at the vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Located {
    /// The base address of its API.
    pub(crate) base: Url,
    /// The account's name, where the vendor tells it.
    pub(crate) account: Option<String>,
    /// In words, for the connection report.
    pub(crate) note: String,
}

/// Use of a limit as the vendor counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Requests in the window.
    pub(crate) used: u32,
    /// Requests that it allows.
    pub(crate) limit: u32,
}

/// An API family.
pub(crate) trait Dialect: Send + Sync {
    /// The request for a page.
    fn call(&self, route: &Route, part: &Part<'_>) -> Call;

    /// Rows and totals of an answer.
    fn read<'a>(&self, body: Json<'a>, link: Option<&str>) -> Result<Answer<'a>, BodyFault>;

    /// The message of an error body; `None` when it is none.
    fn error(&self, body: &Json<'_>) -> Option<ErrorBody>;

    /// Takes a value out of its wrapping.
    fn unwrap(&self) -> Unwrap {
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

    /// The picklists of an answer that describes fields.
    fn picklists(&self, _body: &Json<'_>, _into: &mut Table) -> Result<(), BodyFault> {
        Err(BodyFault::Malformed("no picklists".into()))
    }

    /// The configured address as the API has it.
    fn address(&self, configured: Url) -> Url {
        configured
    }

    /// Who tells where the account lives; `None` where the configured address is it. `lost` says that the address
    /// known so far does not work any more.
    fn whereabouts(&self, _configured: &Url, _values: &Values, _lost: bool) -> Option<Url> {
        None
    }

    /// Where the account lives; the error says what is wrong, in words.
    fn located(&self, configured: &Url, _values: &Values, _body: &Json<'_>) -> Result<Located, String> {
        Ok(Located { base: configured.clone(), account: None, note: String::new() })
    }

    /// Where it lives when nobody tells.
    fn presumed(&self, _configured: &Url) -> Option<Url> {
        None
    }

    /// The request that tells how much of the limit is used.
    fn usage_call(&self) -> Option<Call> {
        None
    }

    /// Its answer.
    fn usage(&self, _body: &Json<'_>) -> Option<Usage> {
        None
    }

    /// The request that counts the records of a choice.
    fn count_call(&self, count: &CountMap, value: &str) -> Call {
        let query = vec![(count.field.clone(), value.to_owned())];
        Call { query, ..Call::get(count.path.as_str()) }
    }

    /// Its answer.
    fn count(&self, body: &Json<'_>) -> Option<u64> {
        body.get("count").and_then(Json::count)
    }

    /// The request that makes records; several only where the mapping has a bulk form.
    fn create_call(&self, _write: &WriteMap, _company: Option<&str>, _rows: &[Filled]) -> Option<Call> {
        None
    }

    /// The ids of its answer.
    fn made(&self, _body: &Json<'_>) -> Vec<String> {
        Vec::new()
    }

    /// The request that changes records; several only where the mapping has a bulk form.
    fn update_call(&self, _write: &WriteMap, _rows: &[(String, Filled)]) -> Option<Call> {
        None
    }

    /// The request that takes a record away for good.
    fn remove_call(&self, _write: &WriteMap, _ids: &[String]) -> Option<Call> {
        None
    }
}

/// A record to be written, as the vendor names its members.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Filled {
    /// Members with their values.
    pub(crate) members: serde_json::Map<String, serde_json::Value>,
    /// Its network interfaces, where there is more than one.
    pub(crate) interfaces: Vec<Interface>,
}

/// A call that changes something.
pub(crate) fn changing(method: Method, path: impl Into<String>, body: Option<serde_json::Value>) -> Call {
    Call { method, body, once: true, ..Call::get(path) }
}

/// The dialect of that name; files have none.
pub(crate) fn dialect(name: DialectName) -> Option<&'static dyn Dialect> {
    match name {
        DialectName::AddigyV2 => Some(&addigy_v2::AddigyV2),
        DialectName::JsonApi => Some(&json_api::JsonApi),
        DialectName::Connectwise => Some(&connectwise::ConnectWise),
        DialectName::Autotask => Some(&autotask::Autotask),
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
    /// What follows.
    pub(crate) next: Next,
    /// The greatest id of the page.
    pub(crate) last_id: Option<String>,
    /// Look-ups that were needed and not at hand: their names are missing.
    pub(crate) missed: Vec<String>,
}

impl Listing {
    /// Rows, good and bad.
    pub(crate) fn rows(&self) -> usize {
        self.records.len() + self.bad.len()
    }
}

/// The look-ups that are at hand.
pub(crate) type Tables = FxHashMap<String, Arc<Table>>;

/// Reads a page. A row that cannot be read is set aside with its reason; the page goes on.
pub(crate) fn read_listing(
    dialect: &dyn Dialect,
    stream: &StreamMap,
    tables: Tables,
    received: Received<'_>,
) -> Result<Listing, BodyFault> {
    let answer = dialect.read(parse(received.body)?, received.link)?;
    let mut beside: Beside<'_, '_> = HashMap::new();
    for row in &answer.beside {
        if let Some(key) = dialect.beside_key(row) {
            beside.entry(key).or_default().push(row);
        }
    }
    let names = Names::new(tables);
    let mut listing = Listing { pages: answer.pages, total: answer.total, next: answer.next, ..Listing::default() };
    listing.records.reserve(answer.rows.len());
    for node in &answer.rows {
        let related = dialect.related(node, &beside);
        let row = Row { node, related: &related, unwrap: dialect.unwrap(), names: Some(&names) };
        match held(stream, row).and_then(|()| stream.fields.record(row)) {
            Ok(record) => {
                listing.last_id = Some(later(listing.last_id.take(), record.id().as_str()));
                listing.records.push(record);
            }
            Err(bad) => {
                if let Some(id) = &bad.id {
                    listing.last_id = Some(later(listing.last_id.take(), id));
                }
                let id = bad.id.map(|id| clean(&id).into_owned());
                listing.bad.push(BadRow { id, reason: clean(&bad.reason).into_owned() });
            }
        }
    }
    listing.missed = names.missed();
    Ok(listing)
}

/// The ids of a page's rows, and what follows it.
pub(crate) fn read_ids(
    dialect: &dyn Dialect,
    stream: &StreamMap,
    received: Received<'_>,
) -> Result<(Vec<String>, Next), BodyFault> {
    let answer = dialect.read(parse(received.body)?, received.link)?;
    let row = |node| Row { node, related: &[], unwrap: dialect.unwrap(), names: None };
    let ids = answer.rows.iter().filter_map(|node| stream.fields.id(row(node))).collect();
    Ok((ids, answer.next))
}

/// Adds the rows of a look-up's page to its table; how many there were, the last id, and what follows.
pub(crate) fn read_names(
    dialect: &dyn Dialect,
    lookup: &LookupMap,
    received: Received<'_>,
) -> Result<(Table, Listing), BodyFault> {
    let mut table = Table::default();
    let body = parse(received.body)?;
    if lookup.picklists {
        dialect.picklists(&body, &mut table)?;
        return Ok((table, Listing { next: Next::End, ..Listing::default() }));
    }
    let answer = dialect.read(body, received.link)?;
    let mut listing = Listing { pages: answer.pages, total: answer.total, next: answer.next, ..Listing::default() };
    for node in &answer.rows {
        let row = Row { node, related: &[], unwrap: dialect.unwrap(), names: None };
        let Some(id) = lookup.id.text(row) else { continue };
        let active = lookup.active.bool(row).unwrap_or(true);
        for (column, source) in &lookup.names {
            if let Some(name) = source.text(row) {
                table.add(column, &id, super::lookup::Entry { name: name.into(), active });
            }
        }
        listing.last_id = Some(later(listing.last_id.take(), &id));
    }
    Ok((table, listing))
}

/// The later of two ids in the vendors' order: by number where both are.
pub(crate) fn later(known: Option<String>, id: &str) -> String {
    let Some(known) = known else { return id.to_owned() };
    let newer = match (known.parse::<i64>(), id.parse::<i64>()) {
        (Ok(known), Ok(id)) => id > known,
        _ => id > known.as_str(),
    };
    if newer { id.to_owned() } else { known }
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
