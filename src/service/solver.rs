//! Runs the engine off the core's thread and hands back what rows show. Evidence is not kept: it is built for the row
//! that a person looks at, from what the engine keeps.

use super::inside;
use super::rows::Row;
use super::views::Sides;
use super::world::World;
use crate::domain::{Confidence, Evidence, Flow, FlowId, Proposal, RecordId, Verdict};
use crate::matching::{Engine, Known, News, Problem, Settings};
use rayon::prelude::*;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Longest text of the why cell, in characters; the rest is in Compare.
const WHY_LENGTH: usize = 64;

/// What the engine says of one row.
#[derive(Clone, Debug)]
pub struct RowVerdict {
    /// Position in the source's table.
    pub at: usize,
    /// The verdict.
    pub verdict: Verdict,
    /// Best candidate.
    pub best: Option<(RecordId, Confidence)>,
    /// Short reason.
    pub why: Box<str>,
}

impl RowVerdict {
    /// Keeps what a row shows of a proposal.
    pub(super) fn of(at: usize, proposal: &Proposal) -> Self {
        let best = proposal.candidates.first();
        Self {
            at,
            verdict: proposal.verdict,
            best: best.map(|c| (c.target.clone(), c.confidence)),
            why: short_reason(proposal).into(),
        }
    }

    /// Puts it into its row.
    pub fn put(self, row: &mut Row) {
        row.verdict = self.verdict;
        row.best = self.best;
        row.why = self.why;
    }
}

/// Positions in the order of names.
#[derive(Debug)]
pub struct Ranks {
    /// Of companies.
    pub companies: Arc<Vec<u32>>,
    /// Of devices.
    pub devices: Arc<Vec<u32>>,
    /// Fingerprint of the names that they order.
    pub names: u64,
}

/// What to solve.
pub struct Job {
    /// The flow.
    pub flow: Flow,
    /// What the engine found out before.
    pub engine: Arc<Engine>,
    /// What may have changed since.
    pub news: News,
    /// Fingerprint of the names that were ordered last.
    pub names: u64,
    /// Streams matched inside companies that are to be solved.
    pub inside: Vec<inside::Task>,
}

/// The result of a job.
#[derive(Debug)]
pub struct Solved {
    /// Which flow.
    pub flow: FlowId,
    /// The engine, for questions about any row and for the next job.
    pub engine: Arc<Engine>,
    /// Every row was solved for the first time.
    pub first: bool,
    /// Companies' rows that changed.
    pub companies: Vec<RowVerdict>,
    /// Devices' rows that changed.
    pub devices: Vec<RowVerdict>,
    /// Positions in the order of names; `None` when the names are the same.
    pub ranks: Option<Ranks>,
    /// Streams matched inside companies.
    pub inside: Vec<inside::Answers>,
}

/// Solves what is new. The world must be dropped by the caller before the result is sent, so that changes can go on.
pub fn solve(world: &World, job: Job) -> Solved {
    let Job { flow, engine, news, names, inside } = job;
    // Alone with it, the engine changes in place; where somebody reads it meanwhile (decisions are solved so), a clone
    // does, which shares what was read of the records.
    let mut engine = Arc::try_unwrap(engine).unwrap_or_else(|shared| (*shared).clone());
    let first = engine.is_new();
    let sides = Sides { source: world.tables_of(&flow.source), target: world.tables_of(&flow.target) };
    let settings = world.settings(&flow);
    let known = world.known_of(&flow.id);
    let problem = problem(sides, known, &settings);
    let changes = engine.settle(&problem, news);
    let (companies, devices) = match engine.answers(&problem) {
        Some(answers) => (
            verdicts(&changes.companies, |at| answers.company(at)),
            verdicts(&changes.devices, |at| answers.device(at)),
        ),
        None => (Vec::new(), Vec::new()),
    };
    let ranks = (news == News::Records).then(|| ranks_of(sides, names)).flatten();
    let inside = inside::solve(world, &flow, inside);
    Solved { flow: flow.id, engine: Arc::new(engine), first, companies, devices, ranks, inside }
}

/// The engine's problem of a flow.
pub fn problem<'a>(sides: Sides<'a>, known: &'a Known, settings: &'a Settings) -> Problem<'a> {
    Problem {
        left_companies: sides.source.companies.live(),
        right_companies: sides.target.companies.live(),
        left_devices: sides.source.devices.live(),
        right_devices: sides.target.devices.live(),
        known,
        settings,
    }
}

fn verdicts(rows: &[usize], propose: impl Fn(usize) -> Proposal + Sync) -> Vec<RowVerdict> {
    rows.par_iter().map(|&at| RowVerdict::of(at, &propose(at))).collect()
}

/// The order of names, unless the names are those of that fingerprint.
fn ranks_of(sides: Sides<'_>, before: u64) -> Option<Ranks> {
    let (companies, devices) = (sides.source.companies.all(), sides.source.devices.all());
    let prints: (Vec<u64>, Vec<u64>) = (
        companies.par_iter().map(|c| xxhash_rust::xxh3::xxh3_64(c.name.as_bytes())).collect(),
        devices.par_iter().map(|d| xxhash_rust::xxh3::xxh3_64(d.name.as_bytes())).collect(),
    );
    let mut hasher = rustc_hash::FxHasher::default();
    prints.hash(&mut hasher);
    let names = hasher.finish();
    (names != before).then(|| Ranks {
        companies: Arc::new(ranks(companies.len(), &|at| companies[at].name.to_lowercase())),
        devices: Arc::new(ranks(devices.len(), &|at| devices[at].name.to_lowercase())),
        names,
    })
}

/// For each position its place in the order of names.
pub fn ranks(count: usize, name: &dyn Fn(usize) -> String) -> Vec<u32> {
    let mut named: Vec<(String, u32)> =
        (0..count).filter_map(|at| u32::try_from(at).ok().map(|position| (name(at), position))).collect();
    named.par_sort_unstable();
    let mut ranks = vec![0; count];
    for (rank, (_, at)) in named.iter().enumerate() {
        ranks[*at as usize] = u32::try_from(rank).unwrap_or(u32::MAX);
    }
    ranks
}

/// The strongest evidence for the best candidate, or why there is none.
pub fn short_reason(proposal: &Proposal) -> String {
    let Some(best) = proposal.candidates.first() else { return shorten(&proposal.note) };
    let words = evidence_words(&best.evidence);
    match proposal.verdict {
        Verdict::Conflict if !proposal.note.is_empty() => shorten(&proposal.note),
        _ if words.is_empty() => shorten(&proposal.note),
        _ => shorten(&words),
    }
}

/// The two strongest pieces that speak for a pair.
pub fn evidence_words(evidence: &[Evidence]) -> String {
    let notes: Vec<&str> = evidence.iter().filter(|e| e.bits > 0.0).take(2).map(|e| e.note.as_str()).collect();
    notes.join(" + ")
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= WHY_LENGTH {
        return text.to_owned();
    }
    text.chars().take(WHY_LENGTH - 1).chain(['…']).collect()
}
