//! Fetches look-ups, each once for all listings of a run.

use super::dialect::{At, Listing, Part, Want, read_names};
use super::http::CallError;
use super::lookup::Table;
use super::mapping::{LookupMap, Paging};
use super::order::{Place, Step};
use super::shared::Shared;
use crate::domain::{Failure, FailureClass, LogLevel};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// A look-up that is younger serves the next listing too: the streams of an integration are synced together.
const FRESH: Duration = Duration::from_mins(10);

/// Pages of a look-up at most.
const PAGES: u32 = 2_000;

/// The look-ups of an account.
#[derive(Default)]
pub(super) struct Cache(BTreeMap<String, Mutex<Option<Kept>>>);

/// A look-up and when it was fetched.
type Kept = (Arc<Table>, Instant);

impl Cache {
    /// Places for look-ups of those names.
    pub(super) fn new<'n>(names: impl Iterator<Item = &'n String>) -> Self {
        Self(names.map(|name| (name.clone(), Mutex::default())).collect())
    }
}

impl Shared {
    /// A look-up. One that cannot be fetched is told and leaves the ids without names, or with those of the last run.
    ///
    /// # Errors
    /// The key is refused, or nothing is answered for a while: rows would be stored with ids for names, and everything
    /// else fails as well.
    pub(super) async fn table(&self, name: &str) -> Result<Arc<Table>, CallError> {
        let Some((place, lookup)) = self.tables.0.get(name).zip(self.mapping.lookups.get(name)) else {
            return Ok(Arc::new(Table::failed()));
        };
        // Held while it is fetched: whoever needs it too waits instead of asking once more.
        let mut kept = place.lock().await;
        if let Some((table, at)) = kept.as_ref()
            && at.elapsed() < FRESH
        {
            return Ok(Arc::clone(table));
        }
        let table = match self.fetch_table(lookup).await {
            Ok(table) => Arc::new(table),
            Err(error) if matches!(error.failure.class, FailureClass::Credentials | FailureClass::Limit) => {
                return Err(error);
            }
            Err(error) => {
                let last = kept.as_ref().map(|(table, _)| Arc::clone(table)).filter(|table| !table.failed);
                let meanwhile =
                    if last.is_some() { "the names of the last sync stay" } else { "ids stand without names" };
                let text = format!("{name} cannot be looked up: {}; {meanwhile}", error.failure.what);
                self.http.remark(LogLevel::Warn, &text);
                last.unwrap_or_else(|| Arc::new(Table::failed()))
            }
        };
        *kept = Some((Arc::clone(&table), Instant::now()));
        Ok(table)
    }

    async fn fetch_table(&self, lookup: &LookupMap) -> Result<Table, CallError> {
        let mut table = Table::default();
        let mut place = Place::behind(None, self.is_unlinked(&lookup.route.path));
        let size = lookup.route.page_size;
        for number in 1..=PAGES {
            let by_number = matches!(lookup.route.paging, Paging::Pages | Paging::Whole);
            let at = if by_number { At::Number(number) } else { place.at() };
            let (page, listing) = match self.names_page(lookup, at, place.ordered, size).await {
                Err(error) if place.forget_link(&error) => continue,
                page => page?,
            };
            if by_number {
                table.extend(page);
                let whole = lookup.route.paging == Paging::Whole;
                if whole || listing.last_id.is_none() || listing.pages.is_some_and(|pages| number >= pages) {
                    return Ok(table);
                }
                continue;
            }
            let rows = usize::from(listing.last_id.is_some());
            match place.step(&listing.next, listing.last_id.as_deref(), rows) {
                Step::Again => self.set_unlinked(&lookup.route.path),
                Step::Taken => table.extend(page),
                Step::Stuck => break,
            }
            if place.end {
                return Ok(table);
            }
        }
        let what = format!("{} lists {} without end", self.mapping.vendor, lookup.route.path);
        Err(CallError::last(Failure::new(FailureClass::Vendor, what, "")))
    }

    async fn names_page(
        &self,
        lookup: &LookupMap,
        at: At<'_>,
        ordered: bool,
        size: u32,
    ) -> Result<(Table, Listing), CallError> {
        let want = Want::default();
        let part = Part { path: None, at, size, only_ids: false, ordered, want: &want };
        let call = self.dialect.call(&lookup.route, &part);
        let (dialect, lookup) = (self.dialect, lookup.clone());
        self.ask(&call, move |received| read_names(dialect, &lookup, received)).await
    }
}
