//! Which candidate each row gets: its best, or with one-to-one the best for all together.
//!
//! Rows that nobody contests take their best candidate; the others are an assignment problem, solved in the order of
//! their ids, so that the order in which they came changes nothing.

use super::assign::{Edge, assign};
use super::{companies, devices};
use crate::domain::{RecordId, Timestamp};
use rustc_hash::{FxHashMap, FxHashSet};

/// Pairs below this probability take no part in the assignment.
const LEAST: f32 = 0.003;

/// A candidate as an assignment sees it.
trait Candidate {
    fn right(&self) -> u32;
    fn probability(&self) -> f32;
}

impl Candidate for companies::Scored {
    fn right(&self) -> u32 {
        self.right
    }

    fn probability(&self) -> f32 {
        self.probability
    }
}

impl Candidate for devices::Scored {
    fn right(&self) -> u32 {
        self.right
    }

    fn probability(&self) -> f32 {
        self.probability
    }
}

/// Log-odds in thousandths, raised so that every pair that takes part is positive.
#[expect(clippy::cast_possible_truncation, reason = "a small number times a thousand")]
fn weight(probability: f32) -> i64 {
    let p = f64::from(probability.clamp(LEAST, 0.999_999));
    ((p / (1.0 - p)).ln() * 1000.0) as i64 + 6000
}

/// For companies.
#[must_use]
pub fn companies<'a>(
    rows: &[Vec<companies::Scored>],
    one_to_one: bool,
    left: impl Fn(u32) -> &'a RecordId,
    right: impl Fn(u32) -> &'a RecordId,
) -> Vec<Option<u32>> {
    if one_to_one { together(rows, left, right) } else { rows.iter().map(|r| r.first().map(|s| s.right)).collect() }
}

/// For devices: always one-to-one.
#[must_use]
pub fn devices<'a>(
    rows: &[Vec<devices::Scored>],
    left: impl Fn(u32) -> &'a RecordId,
    right: impl Fn(u32) -> &'a RecordId,
) -> Vec<Option<u32>> {
    together(rows, left, right)
}

/// What [`oldest`] asks of its lists.
pub struct Oldest<'f, C> {
    /// A target is given once.
    pub one_to_one: bool,
    /// Two candidates are equally good.
    pub tied: &'f dyn Fn(&C, &C) -> bool,
    /// The right row of a candidate.
    pub right: &'f dyn Fn(&C) -> u32,
    /// The id of a left row.
    pub left: &'f dyn Fn(usize) -> &'f RecordId,
    /// When a right record was created.
    pub created: &'f dyn Fn(u32) -> Option<Timestamp>,
}

/// Among candidates as good as the chosen one, takes the one created first (a flow's own rule, after the vendors' guides).
/// With one-to-one only those that nobody else was given.
pub fn oldest<C>(rows: &[Vec<C>], choice: &mut [Option<u32>], list: &Oldest<'_, C>) {
    let mut given: FxHashSet<u32> =
        if list.one_to_one { choice.iter().copied().flatten().collect() } else { FxHashSet::default() };
    let mut contested: Vec<usize> = (0..rows.len()).filter(|&i| choice[i].is_some() && rows[i].len() > 1).collect();
    contested.sort_by(|a, b| (list.left)(*a).cmp((list.left)(*b)));
    for i in contested {
        let Some(best) = rows[i].iter().find(|s| Some((list.right)(s)) == choice[i]) else { continue };
        let chosen = (list.right)(best);
        let free = |s: &&C| (list.right)(s) == chosen || !given.contains(&(list.right)(s));
        let equal = rows[i].iter().filter(|s| (list.tied)(s, best)).filter(free);
        let first =
            equal.filter_map(|s| Some(((list.created)((list.right)(s))?, (list.right)(s)))).min_by_key(|(at, _)| *at);
        if let Some((_, first)) = first.filter(|_| (list.created)(chosen).is_some()) {
            given.remove(&chosen);
            if list.one_to_one {
                given.insert(first);
            }
            choice[i] = Some(first);
        }
    }
}

fn together<'a, C: Candidate>(
    rows: &[Vec<C>],
    left: impl Fn(u32) -> &'a RecordId,
    right: impl Fn(u32) -> &'a RecordId,
) -> Vec<Option<u32>> {
    let mut wanted: FxHashMap<u32, u32> = FxHashMap::default();
    let part = |c: &&C| c.probability() > LEAST;
    for candidate in rows.iter().flatten().filter(part) {
        *wanted.entry(candidate.right()).or_default() += 1;
    }
    let mut choice: Vec<Option<u32>> = vec![None; rows.len()];
    let mut contested: Vec<u32> = Vec::new();
    for (i, row) in (0u32..).zip(rows) {
        let mut part = row.iter().filter(part).peekable();
        choice[i as usize] = part.peek().map(|c| c.right());
        if part.any(|c| wanted[&c.right()] > 1) {
            contested.push(i);
        }
    }
    contested.sort_by(|a, b| left(*a).cmp(left(*b)));
    let mut targets: Vec<u32> =
        contested.iter().flat_map(|&i| rows[i as usize].iter().filter(part).map(C::right)).collect();
    targets.sort_by(|a, b| right(*a).cmp(right(*b)));
    targets.dedup();
    let places: FxHashMap<u32, u32> = targets.iter().copied().zip(0u32..).collect();
    let edges: Vec<Edge> = (0u32..)
        .zip(&contested)
        .flat_map(|(place, &i)| rows[i as usize].iter().filter(part).map(move |c| (place, c)))
        .map(|(left, c)| Edge { left, right: places[&c.right()], weight: weight(c.probability()) })
        .collect();
    for (&i, place) in contested.iter().zip(assign(contested.len(), targets.len(), &edges)) {
        choice[i as usize] = place.map(|p| targets[p as usize]);
    }
    choice
}
