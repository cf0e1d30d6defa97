//! A listing by page number: fetched a few pages ahead, delivered in order, every row once, resumed from a cursor.
//!
//! The vendors' rows move while they are listed. A row that comes twice is delivered once. When rows are missing at
//! the end (something before them was removed and they slid to a page already read) the pages are read once more and
//! what is new is delivered; only a listing that adds up is called whole.

use super::contract::Page;
use super::dialect::{At, Listing};
use super::fetch::{Reader, updated};
use super::http::{CallError, CallErrorKind};
use crate::domain::{Failure, FailureClass, LogLevel, Record, RecordId};
use futures::StreamExt;
use futures::stream::{self, BoxStream, FuturesOrdered};
use rustc_hash::FxHashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

/// Pages asked for at once.
const AHEAD: usize = 4;

/// Smallest page that is asked for when the vendor is slow.
const SMALLEST: u32 = 10;

/// Pages in a row without a new row after which a listing is given up: its paging does not end.
const BARREN: u32 = 100;

/// Where a listing stands; the cursor's contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own that the cursor keeps")]
struct Position {
    /// First reading or second.
    pass: u8,
    /// Rows of the vendor's order that were read in this pass.
    offset: u64,
    /// Rows a page.
    size: u32,
    /// Rows delivered, bad ones included.
    rows: u64,
    /// Pages delivered.
    pages: u32,
    /// The vendor's count went down while reading.
    shrunk: bool,
    /// A row could not be told from others: whatever is missing may be that one.
    blind: bool,
    /// Nothing follows.
    end: bool,
    /// Only what changed is listed.
    partial: bool,
}

impl Position {
    fn start(size: u32, partial: bool) -> Self {
        Self { pass: 1, offset: 0, size, rows: 0, pages: 0, shrunk: false, blind: false, end: false, partial }
    }

    fn cursor(self) -> String {
        let Self { pass, offset, size, rows, pages, shrunk, blind, end, partial } = self;
        let flags = u8::from(shrunk) | u8::from(blind) << 1 | u8::from(end) << 2 | u8::from(partial) << 3;
        format!("n1:{pass}:{offset}:{size}:{rows}:{pages}:{flags}")
    }

    /// `None` for a cursor of another kind: the listing then starts anew.
    fn parse(cursor: &str) -> Option<Self> {
        let mut parts = cursor.strip_prefix("n1:")?.split(':').map(str::parse::<u64>);
        let mut next = || parts.next()?.ok();
        let mut position = Self {
            pass: u8::try_from(next()?).ok()?,
            offset: next()?,
            size: u32::try_from(next()?).ok().filter(|s| *s > 0)?,
            rows: next()?,
            pages: u32::try_from(next()?).ok()?,
            ..Self::start(1, false)
        };
        let flags = next()?;
        position.shrunk = flags & 1 != 0;
        position.blind = flags & 2 != 0;
        position.end = flags & 4 != 0;
        position.partial = flags & 8 != 0;
        position.offset.is_multiple_of(u64::from(position.size)).then_some(position)
    }

    /// The vendor's number of the next page.
    fn number(self) -> u32 {
        u32::try_from(self.offset / u64::from(self.size)).unwrap_or(u32::MAX).saturating_add(1)
    }
}

struct Fetched {
    listing: Listing,
    took: Duration,
}

/// A running listing.
struct Walk {
    reader: Arc<Reader>,
    at: Position,
    /// The vendor's number of the next page to ask for.
    ask: u32,
    /// Pages of the vendor's order, once known.
    pages: Option<u32>,
    most: u64,
    total: Option<u64>,
    seen: FxHashSet<RecordId>,
    resumed_second: bool,
    barren: u32,
    inflight: FuturesOrdered<Fetching>,
    /// A page behind the announced last one, which was there in spite of the announcement.
    beyond: Option<Fetched>,
    over: bool,
}

type Fetching = AbortOnDropHandle<Result<Fetched, CallError>>;

/// The pages of a stream, from the first or after the page with that cursor.
pub(super) fn pages(reader: Arc<Reader>, after: Option<&str>) -> BoxStream<'static, Result<Page, Failure>> {
    let size = reader.shared.size(&reader.map);
    let partial = reader.is_partial();
    // A cursor of a full listing says nothing about one of changes, and the other way round.
    let at = after.and_then(Position::parse).filter(|at| at.partial == partial);
    let at = at.unwrap_or_else(|| Position::start(size, partial));
    let walk = Walk {
        reader,
        at,
        ask: at.number(),
        pages: None,
        most: 0,
        total: None,
        seen: FxHashSet::default(),
        resumed_second: at.pass > 1,
        barren: 0,
        inflight: FuturesOrdered::new(),
        beyond: None,
        over: false,
    };
    stream::unfold(walk, |mut walk| async move {
        if walk.over {
            return None;
        }
        let page = walk.next().await;
        walk.over = page.as_ref().map_or(true, |page| page.last);
        Some((page, walk))
    })
    .boxed()
}

impl Walk {
    fn vendor(&self) -> &str {
        &self.reader.shared.mapping.vendor
    }

    async fn explained(&self, error: CallError) -> Failure {
        self.reader.shared.explained(error, &self.reader.map).await
    }

    fn remark(&self, level: LogLevel, text: &str) {
        self.reader.shared.http.remark(level, text);
    }

    async fn next(&mut self) -> Result<Page, Failure> {
        if self.at.end {
            return Ok(self.page(Listing::default(), Duration::ZERO));
        }
        loop {
            let fetched = match self.beyond.take() {
                Some(fetched) => fetched,
                None => {
                    self.fill();
                    match self.inflight.next().await {
                        Some(Ok(Ok(fetched))) => fetched,
                        Some(Ok(Err(error))) if error.kind == CallErrorKind::Slow && self.shrink(&error) => continue,
                        Some(Ok(Err(error))) => return Err(self.explained(error).await),
                        Some(Err(_)) | None => {
                            return Err(Failure::new(FailureClass::Ours, "fetching a page broke off", ""));
                        }
                    }
                }
            };
            self.look_beyond(&fetched.listing).await;
            let (listing, barren) = self.take(fetched.listing);
            if barren && self.at.pass > 1 && !self.at.end {
                continue;
            }
            if self.barren > BARREN {
                let what = format!("{} lists the same rows again and again", self.vendor());
                return Err(Failure::new(FailureClass::Vendor, what, "the sync goes on from here next time"));
            }
            return Ok(self.page(listing, fetched.took));
        }
    }

    /// Asks for pages until enough are under way: one while the number of pages is unknown.
    fn fill(&mut self) {
        // A listing of changes is often over within its first page.
        let most = if self.pages.is_some() && !self.by_age() { AHEAD } else { 1 };
        while self.inflight.len() < most && (self.inflight.is_empty() || self.pages.is_some_and(|p| self.ask <= p)) {
            let fetching = self.fetching(self.ask);
            self.inflight.push_back(fetching);
            self.ask += 1;
        }
    }

    /// Begins to fetch the page of that number.
    fn fetching(&self, number: u32) -> Fetching {
        let (reader, size) = (Arc::clone(&self.reader), self.at.size);
        let fetching = async move {
            let started = Instant::now();
            let impatient = smaller(0, size).is_some();
            let listing = reader.page(&reader.part(At::Number(number), size, false), impatient).await?;
            Ok(Fetched { listing, took: started.elapsed() })
        };
        AbortOnDropHandle::new(tokio::spawn(fetching.in_current_span()))
    }

    /// Asks for one more page when the announced last one is full: a count that is too low would make all that it does
    /// not count look gone. A vendor that refuses to be asked for more is believed.
    async fn look_beyond(&mut self, listing: &Listing) {
        let pages = listing.pages.or_else(|| listing.total.map(|total| pages_of(total, self.at.size)));
        let full = listing.rows() >= self.at.size as usize;
        if self.at.partial || !full || pages.is_none_or(|pages| self.at.number() < pages) {
            return;
        }
        self.inflight = FuturesOrdered::new();
        if let Ok(Ok(more)) = self.fetching(self.at.number() + 1).await
            && more.listing.rows() > 0
        {
            self.ask = self.at.number() + 2;
            self.beyond = Some(more);
        }
    }

    /// Goes on with smaller pages; false when they cannot get smaller.
    fn shrink(&mut self, error: &CallError) -> bool {
        let Some(size) = smaller(self.at.offset, self.at.size) else { return false };
        self.inflight = FuturesOrdered::new();
        self.at.size = size;
        self.ask = self.at.number();
        self.pages = self.total.map(|total| pages_of(total, size));
        self.remark(LogLevel::Warn, &format!("{}; going on with {size} rows a page", error.failure.what));
        true
    }

    /// Takes in a page: what is new of it, and whether nothing was.
    fn take(&mut self, mut listing: Listing) -> (Listing, bool) {
        let rows = listing.rows();
        let number = self.at.number();
        self.total = listing.total.or(self.total);
        self.pages = listing.pages.or_else(|| self.total.map(|total| pages_of(total, self.at.size)));
        if let Some(total) = listing.total {
            self.at.shrunk |= total < self.most;
            self.most = self.most.max(total);
        }
        self.at.blind |= listing.bad.iter().any(|row| row.id.is_none());
        let aged = self.by_age() && listing.records.iter().any(|r| self.is_old(r));
        listing.records.retain(|record| self.seen.insert(record.id()));
        if self.at.pass > 1 {
            listing.bad.clear();
        }
        let new = listing.rows();
        self.barren = if new == 0 { self.barren + 1 } else { 0 };
        self.at.rows += new as u64;
        self.at.offset += u64::from(self.at.size);
        let short = rows < self.at.size as usize;
        let ended = aged || rows == 0 || self.pages.map_or(short || new == 0, |pages| number >= pages);
        // What is there in spite of the announcement is read for as long as it brings something new.
        if ended && (self.beyond.is_none() || new == 0) {
            self.finish_pass();
        }
        (listing, new == 0)
    }

    /// What changed last comes first: the first row that is too old is the end.
    fn by_age(&self) -> bool {
        let (want, route) = (&self.reader.want, &self.reader.map.route);
        want.since.is_some() && (!want.near || route.since_query.is_empty())
    }

    /// The record did not change since the moment that is asked for.
    fn is_old(&self, record: &Record) -> bool {
        updated(record).zip(self.reader.want.since).is_some_and(|(updated, since)| updated < since)
    }

    /// After the last page: the end, or the second reading.
    fn finish_pass(&mut self) {
        if self.at.pass > 1 || self.at.partial || self.adds_up() {
            self.at.end = true;
            return;
        }
        let words = &self.reader.map.word_many;
        let text = format!(
            "{} changed its {words} while they were read ({} of {}); reading them once more",
            self.vendor(),
            self.at.rows,
            self.total.unwrap_or(0)
        );
        self.remark(LogLevel::Info, &text);
        self.inflight = FuturesOrdered::new();
        self.beyond = None;
        self.at = Position { pass: 2, offset: 0, shrunk: false, ..self.at };
        self.ask = 1;
        self.most = 0;
        self.barren = 0;
    }

    fn adds_up(&self) -> bool {
        !self.at.shrunk && self.total.is_none_or(|total| self.at.rows >= total)
    }

    fn page(&mut self, listing: Listing, took: Duration) -> Page {
        self.at.pages += 1;
        let left = self.pages.filter(|_| !self.by_age()).map(|pages| pages.saturating_sub(self.at.number() - 1));
        Page {
            number: self.at.pages,
            of: if self.at.end { Some(self.at.pages) } else { left.map(|left| self.at.pages + left) },
            records: listing.records,
            bad: listing.bad,
            cursor: self.at.cursor(),
            total: self.total.filter(|_| !self.by_age()),
            took,
            last: self.at.end,
            whole: self.at.end && (self.at.partial || self.adds_up()) && !self.at.blind && !self.resumed_second,
        }
    }
}

fn pages_of(total: u64, size: u32) -> u32 {
    u32::try_from(total.div_ceil(u64::from(size))).unwrap_or(u32::MAX)
}

/// The largest smaller page size, at most half, that divides both the size and what was read, so that no row is read
/// twice or left out; `None` when there is none worth asking for.
fn smaller(offset: u64, size: u32) -> Option<u32> {
    (SMALLEST..=size / 2).rev().find(|s| size.is_multiple_of(*s) && offset.is_multiple_of(u64::from(*s)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let at = Position {
            pass: 2,
            offset: 3_000,
            size: 500,
            rows: 2_999,
            pages: 7,
            shrunk: true,
            blind: true,
            end: false,
            partial: true,
        };
        assert_eq!(Position::parse(&at.cursor()), Some(at));
        assert_eq!(at.number(), 7);
        for bad in ["", "n1:", "n1:1:3:2:0:0:0", "n1:1:0:0:0:0:0", "w1:abc", "n1:1:x:1:0:0:0"] {
            assert_eq!(Position::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn smaller_pages_meet_the_same_rows() {
        assert_eq!(smaller(3_000, 1_000), Some(500));
        assert_eq!(smaller(375, 125), Some(25));
        assert_eq!(smaller(0, 10), None);
        assert_eq!(smaller(0, 97), None);
    }
}
