//! A listing that the vendor gives all at once, cut into pages in the order of the ids.
//!
//! A cut listing is fetched again and goes on after the last id that was stored.

use super::contract::Page;
use super::dialect::{At, Listing};
use super::fetch::Reader;
use crate::domain::{Failure, Record, RecordId};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where a listing stands: pages delivered, nothing follows, last id delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Position {
    pages: u32,
    end: bool,
    id: String,
}

impl Position {
    fn cursor(&self) -> String {
        format!("w1:{}:{}:{}", self.pages, u8::from(self.end), self.id)
    }

    fn parse(cursor: &str) -> Option<Self> {
        let mut parts = cursor.strip_prefix("w1:")?.splitn(3, ':');
        let pages = parts.next()?.parse().ok()?;
        let end = parts.next()? == "1";
        Some(Self { pages, end, id: parts.next()?.to_owned() })
    }
}

/// The pages of a stream, from the first or after the page with that cursor.
pub(super) fn pages(reader: Arc<Reader>, after: Option<&str>) -> BoxStream<'static, Result<Page, Failure>> {
    let at = after.and_then(Position::parse).unwrap_or_default();
    let fetch = async move {
        if at.end {
            return vec![Ok(empty_end(&at))];
        }
        let started = Instant::now();
        let size = reader.map.route.page_size;
        match reader.page(&reader.part(At::Number(1), size, false), false).await {
            Ok(listing) => cut(listing, size as usize, at, started.elapsed()).into_iter().map(Ok).collect(),
            Err(error) => vec![Err(reader.shared.explained(error, &reader.map).await)],
        }
    };
    stream::once(fetch).flat_map(stream::iter).boxed()
}

fn empty_end(at: &Position) -> Page {
    Page {
        number: at.pages + 1,
        of: Some(at.pages + 1),
        records: Vec::new(),
        bad: Vec::new(),
        cursor: Position { pages: at.pages + 1, ..at.clone() }.cursor(),
        total: None,
        took: Duration::ZERO,
        last: true,
        whole: true,
    }
}

/// Cuts a whole listing into pages after a position. Bad rows come with the last page, so that a resumed listing
/// does not count them twice.
fn cut(listing: Listing, size: usize, after: Position, took: Duration) -> Vec<Page> {
    let Listing { records, bad, .. } = listing;
    let mut by_id: BTreeMap<RecordId, Record> = records.into_iter().map(|r| (r.id(), r)).collect();
    forget_unseen_parents(&mut by_id);
    let total = (by_id.len() + bad.len()) as u64;
    let mut left: Vec<Record> =
        by_id.into_iter().filter(|(id, _)| id.as_str() > after.id.as_str()).map(|(_, r)| r).collect();
    let count = left.len().div_ceil(size.max(1)).max(1);
    let of = after.pages + u32::try_from(count).unwrap_or(u32::MAX);
    let mut at = after;
    let mut pages = Vec::with_capacity(count);
    let known = bad.iter().all(|row| row.id.is_some());
    let mut bad = Some(bad);
    for index in 1..=count {
        let rest = left.split_off(size.min(left.len()));
        let records = std::mem::replace(&mut left, rest);
        at.pages += 1;
        at.end = index == count;
        if let Some(record) = records.last() {
            record.id().as_str().clone_into(&mut at.id);
        }
        pages.push(Page {
            number: at.pages,
            of: Some(of),
            records,
            bad: if at.end { bad.take().unwrap_or_default() } else { Vec::new() },
            cursor: at.cursor(),
            total: Some(total),
            took: took / u32::try_from(count).unwrap_or(1),
            last: at.end,
            whole: at.end && known,
        });
    }
    pages
}

/// A parent that the key may not see makes its child a first-level company.
fn forget_unseen_parents(by_id: &mut BTreeMap<RecordId, Record>) {
    let unseen: Vec<RecordId> = by_id
        .iter()
        .filter_map(|(id, record)| match record {
            Record::Company(c) => {
                c.parent.as_ref().filter(|p| !by_id.contains_key(&RecordId::from(*p))).map(|_| id.clone())
            }
            _ => None,
        })
        .collect();
    for id in unseen {
        if let Some(Record::Company(company)) = by_id.get_mut(&id) {
            company.parent = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::BadRow;
    use crate::domain::Company;

    fn listing(ids: &[&str]) -> Listing {
        let records = ids.iter().map(|id| Record::Company(Box::new(Company::new(*id, "n")))).collect();
        Listing { records, bad: vec![BadRow::new(None, "x")], ..Listing::default() }
    }

    fn ids(page: &Page) -> Vec<String> {
        page.records.iter().map(|r| r.id().as_str().to_owned()).collect()
    }

    #[test]
    fn pages_follow_the_ids_and_resume_after_one() {
        let pages = cut(listing(&["c", "a", "d", "b", "a"]), 2, Position::default(), Duration::ZERO);
        assert_eq!((ids(&pages[0]), ids(&pages[1])), (vec!["a".into(), "b".into()], vec!["c".into(), "d".into()]));
        assert!(pages[1].last && pages[1].bad.len() == 1 && pages[0].bad.is_empty());
        let after = Position::parse(&pages[0].cursor).unwrap();
        let rest = cut(listing(&["c", "a", "d", "b", "a0"]), 2, after, Duration::ZERO);
        assert_eq!((rest.len(), ids(&rest[0])), (1, vec!["c".into(), "d".into()]));
        assert_eq!(rest[0].number, 2);
    }

    #[test]
    fn an_empty_listing_is_one_last_page() {
        let pages = cut(Listing::default(), 500, Position::default(), Duration::ZERO);
        assert!(pages.len() == 1 && pages[0].last && pages[0].records.is_empty());
    }

    #[test]
    fn a_parent_out_of_sight_makes_a_first_level() {
        let mut child = Company::new("b", "n");
        child.parent = Some("gone".into());
        let listing = Listing { records: vec![Record::Company(Box::new(child))], ..Listing::default() };
        let pages = cut(listing, 5, Position::default(), Duration::ZERO);
        let Record::Company(c) = &pages[0].records[0] else { panic!("a company") };
        assert_eq!(c.parent, None);
    }
}
