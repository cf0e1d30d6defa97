//! The match-to picker: targets that fit what was typed. Runs off the core's thread on the shared facts.

use super::compare::{sides_of, target_detail};
use super::listed::Facts;
use super::messages::{PickRow, TargetLabel, Targets};
use super::views::Sides;
use super::world::World;
use crate::domain::{Flow, RecordId, Stream, text};
use fuzzy_matcher::FuzzyMatcher;
use fuzzy_matcher::skim::SkimMatcherV2;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// What a pick needs; owned, so that it can leave the core's thread.
#[derive(Clone, Debug)]
pub struct Pick {
    /// The flow.
    pub flow: Flow,
    /// Which stream.
    pub stream: Stream,
    /// What was typed.
    pub pattern: String,
    /// Most rows wanted.
    pub limit: usize,
    /// The target company of the row's company: its targets come first. `None` for companies.
    pub company: Option<RecordId>,
    /// The row's candidates, best first; shown when nothing was typed.
    pub candidates: Vec<RecordId>,
    /// The row's own name, for names like it when nothing was typed.
    pub name: String,
    /// Targets that are taken, with the number of takers.
    pub taken: Arc<FxHashMap<RecordId, u32>>,
    /// One target, one row: what is taken is not offered, only counted.
    pub only_free: bool,
}

/// Most rows of an answer.
const LIMIT: usize = 200;

/// Finds targets.
pub fn pick(world: &World, pick: &Pick) -> Targets {
    let sides = sides_of(world, &pick.flow);
    let limit = pick.limit.min(LIMIT);
    let mut rows = if pick.pattern.trim().is_empty() { untyped(sides, pick, limit) } else { typed(sides, pick) };
    let all = rows.len();
    rows.retain(|hit| !(pick.only_free && is_taken(sides, pick, hit.at)));
    let (found, taken) = (rows.len() as u64, (all - rows.len()) as u64);
    let searched = count(sides, pick.stream) as u64;
    rows.truncate(limit);
    let rows = rows.into_iter().filter_map(|hit| row(sides, pick, &hit)).collect();
    Targets { pattern: pick.pattern.clone(), rows, found, searched, taken }
}

struct Hit {
    at: usize,
    score: i64,
    elsewhere: bool,
}

fn count(sides: Sides<'_>, stream: Stream) -> usize {
    sides.target.count_live(stream)
}

fn name(sides: Sides<'_>, stream: Stream, at: usize) -> &str {
    sides.target.facts_at(stream, at).map(Facts::name).unwrap_or_default()
}

fn elsewhere(sides: Sides<'_>, pick: &Pick, at: usize) -> bool {
    let of = || sides.target.facts_at(pick.stream, at).and_then(|facts| facts.company());
    pick.company.as_ref().is_some_and(|company| of() != Some(company))
}

fn is_taken(sides: Sides<'_>, pick: &Pick, at: usize) -> bool {
    let id = sides.target.facts_at(pick.stream, at).map(Facts::id);
    id.is_some_and(|id| pick.taken.get(id).is_some_and(|takers| *takers > 0))
}

/// The row's candidates, then what fits its own name; of equal names first those that nobody has taken.
fn untyped(sides: Sides<'_>, pick: &Pick, limit: usize) -> Vec<Hit> {
    let mut hits: Vec<Hit> = pick
        .candidates
        .iter()
        .filter_map(|id| position(sides, pick.stream, id))
        .map(|at| Hit { at, score: i64::MAX, elsewhere: elsewhere(sides, pick, at) })
        .collect();
    let own = pick.name.to_lowercase();
    let is_taken = |at: usize| is_taken(sides, pick, at);
    let mut others: Vec<(u64, bool, usize)> = (0..count(sides, pick.stream))
        .into_par_iter()
        .filter(|&at| !elsewhere(sides, pick, at) && !hits.iter().any(|h| h.at == at))
        .filter(|&at| !(pick.only_free && is_taken(at)))
        .map(|at| {
            let like = strsim::jaro_winkler(&own, &name(sides, pick.stream, at).to_lowercase());
            // As an integer, so that the order is total.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1,000,000")]
            ((like * 1e6) as u64, is_taken(at), at)
        })
        .collect();
    let by_likeness = |a: &(u64, bool, usize), b: &(u64, bool, usize)| b.0.cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2)));
    if others.len() > limit {
        others.select_nth_unstable_by(limit, by_likeness);
        others.truncate(limit);
    }
    others.sort_unstable_by(by_likeness);
    hits.extend(others.into_iter().map(|(score, _, at)| Hit { at, score: score.cast_signed(), elsewhere: false }));
    hits
}

fn position(sides: Sides<'_>, stream: Stream, id: &RecordId) -> Option<usize> {
    let at = sides.target.list(stream)?.place(id)?;
    (at < count(sides, stream)).then_some(at)
}

fn typed(sides: Sides<'_>, pick: &Pick) -> Vec<Hit> {
    let pattern = pick.pattern.trim();
    let mut hits: Vec<Hit> = (0..count(sides, pick.stream))
        .into_par_iter()
        .map_init(
            || SkimMatcherV2::default().ignore_case(),
            |matcher, at| {
                let score = score(matcher, sides, pick.stream, at, pattern)?;
                Some(Hit { at, score, elsewhere: elsewhere(sides, pick, at) })
            },
        )
        .flatten_iter()
        .collect();
    hits.sort_unstable_by(|a, b| a.elsewhere.cmp(&b.elsewhere).then(b.score.cmp(&a.score)).then(a.at.cmp(&b.at)));
    hits
}

/// By name; by id or serial when the whole of it was typed.
fn score(matcher: &SkimMatcherV2, sides: Sides<'_>, stream: Stream, at: usize, pattern: &str) -> Option<i64> {
    let facts = sides.target.facts_at(stream, at)?;
    if facts.is_called(pattern) { Some(i64::MAX) } else { matcher.fuzzy_match(facts.name(), pattern) }
}

fn row(sides: Sides<'_>, pick: &Pick, hit: &Hit) -> Option<PickRow> {
    let facts = sides.target.facts_at(pick.stream, hit.at)?;
    let id = facts.id();
    let shown = text::clean(facts.name()).into_owned();
    let hits = SkimMatcherV2::default()
        .ignore_case()
        .fuzzy_indices(&shown, pick.pattern.trim())
        .map(|(_, at)| at.into_iter().filter_map(|i| u32::try_from(i).ok()).collect())
        .unwrap_or_default();
    Some(PickRow {
        target: TargetLabel { id: id.clone(), name: shown, taken_by: pick.taken.get(id).copied().unwrap_or(0) },
        detail: target_detail(sides.target, pick.stream, id),
        hits,
        elsewhere: hit.elsewhere,
    })
}
