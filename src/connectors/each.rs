//! A listing that exists only for each record of another stream (the sites of a company): the others' ids are listed
//! in their order, and the rows below each are fetched, a few at once.

use super::contract::Page;
use super::dialect::{Listing, Part};
use super::fetch::Reader;
use super::forward::{self, Position};
use super::http::{CallError, CallErrorKind};
use super::order::{Place, Step};
use crate::domain::{Failure, FailureClass, Record};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Parents whose rows make one page.
const TOGETHER: usize = 50;

/// Parents whose rows are fetched at once.
const AT_ONCE: usize = 4;

/// Kind of this listing's cursors.
const KIND: &str = "e1";

/// A running listing.
struct Walk {
    reader: Arc<Reader>,
    /// The listing of the others.
    parents: Arc<Reader>,
    at: Position,
    /// Ids whose rows are not fetched yet, in their order.
    ids: VecDeque<String>,
    /// Where the listing of the others stands.
    place: Place,
    over: bool,
}

/// The pages of a stream, from the first or after the page with that cursor.
pub(super) fn pages(
    reader: Arc<Reader>,
    parents: Arc<Reader>,
    after: Option<&str>,
) -> BoxStream<'static, Result<Page, Failure>> {
    let at = after.and_then(|cursor| Position::parse(cursor, KIND, false)).unwrap_or_default();
    let ordered = reader.shared.is_unlinked(&parents.map.route.path);
    let place = Place::behind(at.after.clone(), ordered);
    let walk = Walk { reader, parents, at, ids: VecDeque::new(), place, over: false };
    stream::unfold(walk, |mut walk| async move {
        if walk.over {
            return None;
        }
        let page = walk.page().await;
        walk.over = page.as_ref().map_or(true, |page| page.last);
        Some((page, walk))
    })
    .boxed()
}

impl Walk {
    async fn page(&mut self) -> Result<Page, Failure> {
        let started = Instant::now();
        if self.at.end {
            return Ok(self.deliver(Listing::default(), Duration::ZERO));
        }
        while self.ids.len() < TOGETHER && !self.place.end {
            if let Err(error) = self.more_ids().await {
                return Err(self.reader.shared.explained(error, &self.parents.map).await);
            }
        }
        let take = self.ids.len().min(TOGETHER);
        let ids: Vec<String> = self.ids.drain(..take).collect();
        let mut listing = Listing::default();
        let reader = Arc::clone(&self.reader);
        let one = |id: String| {
            let reader = Arc::clone(&reader);
            async move { below(&reader, &id).await }
        };
        let mut rows = stream::iter(ids.clone()).map(one).buffered(AT_ONCE);
        while let Some(found) = rows.next().await {
            match found {
                Ok(found) => {
                    listing.records.extend(found.records);
                    listing.bad.extend(found.bad);
                }
                Err(error) => return Err(reader.shared.explained(error, &reader.map).await),
            }
        }
        drop(rows);
        if let Some(last) = ids.into_iter().next_back() {
            self.at.after = Some(last);
        }
        self.at.end = self.ids.is_empty() && self.place.end;
        self.at.blind |= listing.bad.iter().any(|row| row.id.is_none());
        Ok(self.deliver(listing, started.elapsed()))
    }

    /// The next page of the others' ids.
    async fn more_ids(&mut self) -> Result<(), CallError> {
        let parents = &self.parents;
        let size = parents.map.route.max_page_size;
        let part = parents.part(self.place.at(), size, self.place.ordered);
        let (ids, next) = match parents.ids(&Part { only_ids: true, ..part }).await {
            Err(error) if self.place.forget_link(&error) => return Ok(()),
            answer => answer?,
        };
        let last = ids.iter().fold(None, |last, id| Some(super::dialect::later(last, id)));
        match self.place.step(&next, last.as_deref(), ids.len()) {
            Step::Taken => self.ids.extend(ids),
            Step::Again => parents.shared.set_unlinked(&parents.map.route.path),
            Step::Stuck => {
                let what = format!("{} lists the same rows again and again", parents.shared.mapping.vendor);
                return Err(CallError::last(Failure::new(FailureClass::Vendor, what, "")));
            }
        }
        Ok(())
    }

    fn deliver(&mut self, listing: Listing, took: Duration) -> Page {
        self.at.pages += 1;
        let end = self.at.end;
        Page {
            number: self.at.pages,
            of: end.then_some(self.at.pages),
            records: listing.records,
            bad: listing.bad,
            cursor: self.at.cursor(KIND),
            total: None,
            took,
            last: end,
            whole: end && !self.at.blind && !self.reader.lacks_names(),
        }
    }
}

/// The rows below one record. One that is gone meanwhile has none.
async fn below(reader: &Reader, parent: &str) -> Result<Listing, CallError> {
    let path = reader.map.route.path.replace("{parent}", parent);
    let mut listing = match forward::all(reader, &path).await {
        Err(error) if error.kind == CallErrorKind::NotFound => Listing::default(),
        listing => listing?,
    };
    for record in &mut listing.records {
        if let Record::Location(location) = record {
            location.company.get_or_insert_with(|| parent.into());
        }
    }
    Ok(listing)
}
