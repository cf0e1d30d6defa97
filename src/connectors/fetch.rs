//! Fetches the pages of one listing and reads them with the look-ups that their rows need.

use super::contract::Ask;
use super::dialect::{At, Listing, Next, Part, Tables, Want, read_ids, read_listing};
use super::http::{Call, CallError, Lane, Received};
use super::mapping::{Narrow, StreamMap};
use super::shared::Shared;
use crate::domain::scope::same_name;
use crate::domain::{Failure, FailureClass, Record, ScopeRule, Stream, Timestamp};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Longest span for which a vendor's filter by a span of time is used: it may refuse more than a week.
const NEAR: time::Duration = time::Duration::days(6);

/// One listing.
pub(super) struct Reader {
    pub(super) shared: Arc<Shared>,
    pub(super) map: Arc<StreamMap>,
    pub(super) want: Want,
    stream: Option<Stream>,
    urgent: Arc<AtomicBool>,
    tables: Mutex<Tables>,
}

/// A page, with its body where look-ups are missing.
struct Decoded {
    listing: Listing,
    body: Option<Vec<u8>>,
}

impl Reader {
    /// The listing of a stream; `None` when there is no such stream.
    pub(super) async fn new(shared: &Arc<Shared>, stream: Stream, ask: &Ask) -> Option<Self> {
        let map = shared.stream(stream)?;
        let want = want(shared, stream, &map, ask).await;
        let (shared, urgent) = (Arc::clone(shared), Arc::clone(&ask.urgent));
        Some(Self { shared, map, want, stream: Some(stream), urgent, tables: Mutex::default() })
    }

    /// Its place among the requests of the same key.
    fn lane(&self) -> Lane {
        Lane { scheduled: !self.urgent.load(Ordering::Relaxed), stream: self.stream }
    }

    /// The records that a search wants.
    pub(super) fn finding(shared: &Arc<Shared>, map: Arc<StreamMap>, want: Want) -> Self {
        // Looked for before something is written: a person or the courier waits.
        let urgent = Arc::new(AtomicBool::new(true));
        Self { shared: Arc::clone(shared), stream: None, map, want, urgent, tables: Mutex::default() }
    }

    /// True when what is not listed may be there all the same.
    pub(super) fn is_partial(&self) -> bool {
        self.want.since.is_some()
    }

    /// A look-up failed, so that names are missing.
    pub(super) fn lacks_names(&self) -> bool {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).values().any(|table| table.failed)
    }

    /// One page.
    pub(super) async fn page(&self, part: &Part<'_>, impatient: bool) -> Result<Listing, CallError> {
        let call = Call { impatient, lane: self.lane(), ..self.shared.dialect.call(&self.map.route, part) };
        let (dialect, map, tables) = (self.shared.dialect, Arc::clone(&self.map), self.tables());
        let decode = move |received: Received<'_>| {
            let listing = read_listing(dialect, &map, tables.clone(), received)?;
            let body = (!listing.missed.is_empty()).then(|| received.body.to_vec());
            Ok(Decoded { listing, body })
        };
        let mut decoded = self.shared.ask(&call, decode).await?;
        // A look-up that has a name may need the next one where it has none: each round knows more of them.
        while let Some(body) = decoded.body.take().filter(|_| !decoded.listing.missed.is_empty()) {
            for name in std::mem::take(&mut decoded.listing.missed) {
                let table = self.shared.table(&name).await?;
                self.tables.lock().unwrap_or_else(PoisonError::into_inner).insert(name, table);
            }
            let next = decoded.listing.next;
            decoded = self.read_again(body).await?;
            decoded.listing.next = next;
        }
        Ok(decoded.listing)
    }

    /// Reads a body once more, with the look-ups that it lacked.
    async fn read_again(&self, body: Vec<u8>) -> Result<Decoded, CallError> {
        let (dialect, map, tables) = (self.shared.dialect, Arc::clone(&self.map), self.tables());
        let read = tokio::task::spawn_blocking(move || {
            // What the link said is known from the first reading.
            let received = Received { body: &body, link: None };
            let listing = read_listing(dialect, &map, tables, received).ok()?;
            Some(Decoded { listing, body: Some(body) })
        });
        let broke = || CallError::last(Failure::new(FailureClass::Ours, "reading an answer broke off", ""));
        read.await.ok().flatten().ok_or_else(broke)
    }

    fn tables(&self) -> Tables {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The ids of one page, and what follows it.
    pub(super) async fn ids(&self, part: &Part<'_>) -> Result<(Vec<String>, Next), CallError> {
        let call = Call { lane: self.lane(), ..self.shared.dialect.call(&self.map.route, part) };
        let (dialect, map) = (self.shared.dialect, Arc::clone(&self.map));
        self.shared.ask(&call, move |received| read_ids(dialect, &map, received)).await
    }

    /// A part of this listing.
    pub(super) fn part<'p>(&'p self, at: At<'p>, size: u32, ordered: bool) -> Part<'p> {
        Part { path: None, at, size, only_ids: false, ordered, want: &self.want }
    }
}

/// What a listing leaves out already at the vendor: what did not change, and what was not chosen where the vendor can
/// filter by it.
async fn want(shared: &Shared, stream: Stream, map: &StreamMap, ask: &Ask) -> Want {
    let now = shared.http.now();
    let since = ask.since.filter(|_| map.incremental && map.route.filters_changes());
    let old = ask.scope.tickets_since(now).filter(|_| stream == Stream::Tickets && !map.route.changed.is_empty());
    let mut want = Want {
        since,
        not_before: old,
        chosen: Vec::new(),
        only: ask.only.as_ref().map(|id| id.as_str().to_owned()),
        texts: Vec::new(),
        near: since.is_some_and(|at| now - at < NEAR),
    };
    for rule in ScopeRule::LISTS.into_iter().filter(|rule| rule.stream() == Some(stream)) {
        let names = ask.scope.chosen(rule);
        let Some(narrow) = map.route.narrow.get(rule.key()).filter(|_| !ask.scope.takes_none(rule)) else { continue };
        // A name that the vendor does not know: everything is listed, and the sync judges.
        if let Some(values) = values_of(shared, narrow, names).await {
            want.chosen.push((narrow.field.clone(), values));
        }
    }
    want
}

/// The field's values for chosen names; `None` when one of them has none.
async fn values_of(shared: &Shared, narrow: &Narrow, names: &[String]) -> Option<Vec<String>> {
    let Some(lookup) = &narrow.lookup else {
        let value = |name: &String| {
            let known = narrow.values.iter().find(|(known, _)| same_name(known, name)).map(|(_, value)| value.clone());
            if narrow.values.is_empty() { Some(name.clone()) } else { known }
        };
        return names.iter().map(value).collect();
    };
    // A key that is refused here is refused by the listing too, which says so.
    let table = shared.table(&lookup.table).await.ok()?;
    let column = table.column(&lookup.column);
    let mut values = Vec::new();
    for name in names {
        let known = values.len();
        let same = column.iter().filter(|(_, entry)| same_name(&entry.name, name));
        values.extend(same.map(|(id, _)| (*id).to_owned()));
        if values.len() == known {
            return None;
        }
    }
    Some(values)
}

/// When a record last changed at the vendor, where its kind says so.
pub(super) fn updated(record: &Record) -> Option<Timestamp> {
    match record {
        Record::Company(r) => r.updated,
        Record::Device(r) => r.updated,
        Record::Location(r) => r.updated,
        Record::Contact(r) => r.updated,
        Record::Ticket(r) => r.updated,
        _ => None,
    }
}
