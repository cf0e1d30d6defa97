//! A listing in the order of the ids: each page is asked for behind the last id of the one before, so that rows which
//! come or go meanwhile push nothing out of sight. The next page is fetched while the one before is stored.

use super::contract::Page;
use super::dialect::Listing;
use super::fetch::Reader;
use super::http::{CallError, CallErrorKind};
use super::order::{Place, Step};
use crate::domain::{Failure, FailureClass, LogLevel, RecordId};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use rustc_hash::FxHashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::task::AbortOnDropHandle;

/// Smallest page that is asked for when the vendor is slow.
const SMALLEST: u32 = 10;

/// What the cursor holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    /// Pages delivered.
    pub(super) pages: u32,
    /// A row could not be told from others.
    pub(super) blind: bool,
    /// Nothing follows.
    pub(super) end: bool,
    /// Only what changed is listed.
    pub(super) partial: bool,
    /// The last id.
    pub(super) after: Option<String>,
}

impl Position {
    /// The cursor; `kind` tells listings of different ways apart.
    pub(super) fn cursor(&self, kind: &str) -> String {
        let flags = u8::from(self.blind) | u8::from(self.end) << 1 | u8::from(self.partial) << 2;
        format!("{kind}:{}:{flags}:{}", self.pages, self.after.as_deref().unwrap_or_default())
    }

    /// `None` for a cursor of another kind, or of a listing of changes where all is wanted and the other way round.
    pub(super) fn parse(cursor: &str, kind: &str, partial: bool) -> Option<Self> {
        let mut parts = cursor.strip_prefix(kind)?.strip_prefix(':')?.splitn(3, ':');
        let pages = parts.next()?.parse().ok()?;
        let flags: u8 = parts.next()?.parse().ok()?;
        let after = Some(parts.next()?.to_owned()).filter(|id| !id.is_empty());
        let position = Self { pages, blind: flags & 1 != 0, end: flags & 2 != 0, partial: flags & 4 != 0, after };
        Some(position).filter(|position| position.partial == partial)
    }
}

/// Kind of this listing's cursors.
const KIND: &str = "f1";

struct Fetched {
    listing: Listing,
    took: Duration,
    place: Place,
    size: u32,
}

type Fetching = AbortOnDropHandle<Result<Fetched, CallError>>;

/// A running listing.
struct Walk {
    reader: Arc<Reader>,
    at: Position,
    next: Option<Fetching>,
    seen: FxHashSet<RecordId>,
    over: bool,
}

/// The pages of a stream, from the first or after the page with that cursor.
pub(super) fn pages(reader: Arc<Reader>, after: Option<&str>) -> BoxStream<'static, Result<Page, Failure>> {
    let partial = reader.is_partial();
    let at = after.and_then(|cursor| Position::parse(cursor, KIND, partial));
    let at = at.unwrap_or_else(|| Position { partial, ..Position::default() });
    let walk = Walk { reader, at, next: None, seen: FxHashSet::default(), over: false };
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
        if self.at.end {
            return Ok(self.deliver(Listing::default(), Duration::ZERO));
        }
        let under_way = self.next.take().unwrap_or_else(|| {
            let ordered = self.reader.shared.is_unlinked(&self.reader.map.route.path);
            let size = self.reader.shared.size(&self.reader.map);
            fetching(&self.reader, Place::behind(self.at.after.clone(), ordered), size)
        });
        let fetched = match under_way.await {
            Ok(Ok(fetched)) => fetched,
            Ok(Err(error)) => return Err(self.reader.shared.explained(error, &self.reader.map).await),
            Err(_) => return Err(Failure::new(FailureClass::Ours, "fetching a page broke off", "")),
        };
        let Fetched { mut listing, took, place, size } = fetched;
        self.at.after.clone_from(&place.after);
        self.at.end = place.end;
        if !place.end {
            self.next = Some(fetching(&self.reader, place, size));
        }
        self.at.blind |= listing.bad.iter().any(|row| row.id.is_none());
        listing.records.retain(|record| self.seen.insert(record.id()));
        Ok(self.deliver(listing, took))
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
            total: listing.total,
            took,
            last: end,
            whole: end && !self.at.blind && !self.reader.lacks_names(),
        }
    }
}

/// Begins to fetch the page at that place.
fn fetching(reader: &Arc<Reader>, place: Place, size: u32) -> Fetching {
    let reader = Arc::clone(reader);
    AbortOnDropHandle::new(tokio::spawn(async move { fetch(&reader, None, place, size).await }))
}

/// The page at that place; in smaller pieces when the vendor is slow, in order when it gives no links.
async fn fetch(reader: &Reader, path: Option<&str>, mut place: Place, mut size: u32) -> Result<Fetched, CallError> {
    let started = Instant::now();
    loop {
        let part = super::dialect::Part { path, ..reader.part(place.at(), size, place.ordered) };
        let listing = match reader.page(&part, size > SMALLEST).await {
            Err(error) if error.kind == CallErrorKind::Slow && size > SMALLEST => {
                size = (size / 2).max(SMALLEST);
                place.leave_links();
                let text = format!("{}; going on with {size} rows a page", error.failure.what);
                reader.shared.http.remark(LogLevel::Warn, &text);
                continue;
            }
            Err(error) if place.forget_link(&error) => continue,
            listing => listing?,
        };
        match place.step(&listing.next, listing.last_id.as_deref(), listing.rows()) {
            Step::Taken => return Ok(Fetched { listing, took: started.elapsed(), place, size }),
            Step::Again => reader.shared.set_unlinked(&reader.map.route.path),
            Step::Stuck => {
                let what = format!("{} lists the same rows again and again", reader.shared.mapping.vendor);
                let remedy = "the sync goes on from here next time";
                return Err(CallError::last(Failure::new(FailureClass::Vendor, what, remedy)));
            }
        }
    }
}

/// All rows of a listing below another path, as one.
pub(super) async fn all(reader: &Reader, path: &str) -> Result<Listing, CallError> {
    let ordered = reader.shared.is_unlinked(&reader.map.route.path);
    let mut place = Place::behind(None, ordered);
    let mut size = reader.shared.size(&reader.map);
    let mut all = Listing::default();
    while !place.end {
        let fetched = fetch(reader, Some(path), place, size).await?;
        all.records.extend(fetched.listing.records);
        all.bad.extend(fetched.listing.bad);
        (place, size) = (fetched.place, fetched.size);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let at = Position { pages: 7, blind: true, end: false, partial: true, after: Some("12:x".into()) };
        assert_eq!(Position::parse(&at.cursor("f1"), "f1", true), Some(at.clone()));
        assert_eq!(Position::parse(&at.cursor("f1"), "f1", false), None, "a full listing begins anew");
        for bad in ["", "f1", "f1:x:0:1", "f1:1:0", "e1:1:0:5"] {
            assert_eq!(Position::parse(bad, "f1", false), None, "{bad}");
        }
    }
}
