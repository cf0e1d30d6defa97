//! Runs the engine off the core's thread and hands back what rows need, without the evidence.

use super::rows::Row;
use super::views::Sides;
use super::world::World;
use crate::domain::{Confidence, Evidence, Flow, FlowId, Proposal, RecordId, Verdict};
use crate::matching::{self, Known, Problem, Settings};
use rayon::prelude::*;
use std::sync::Arc;

/// Longest text of the why cell, in characters; the rest is in Compare.
const WHY_LENGTH: usize = 64;

/// What to solve.
#[derive(Clone, Debug)]
pub enum Scope {
    /// Both queues of the flow.
    Full,
    /// The devices of these source companies, after their decision.
    Companies(Vec<RecordId>),
}

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
    /// The whole proposal with its evidence, packed.
    pub packed: Packed,
}

/// A proposal as kept for each row: a tenth of its size in memory. Never stored, so its form may change.
#[derive(Clone, Debug, Default)]
pub struct Packed(Option<Box<[u8]>>);

impl Packed {
    fn of(proposal: &Proposal) -> Self {
        let worth = !proposal.candidates.is_empty() || !proposal.note.is_empty();
        Self(worth.then(|| rmp_serde::to_vec(proposal).ok()).flatten().map(Vec::into_boxed_slice))
    }

    /// The proposal.
    pub fn open(&self) -> Proposal {
        self.0.as_deref().and_then(|bytes| rmp_serde::from_slice(bytes).ok()).unwrap_or_default()
    }
}

impl RowVerdict {
    /// Keeps what a row shows of a proposal.
    fn of(at: usize, proposal: &Proposal) -> Self {
        let best = proposal.candidates.first();
        Self {
            at,
            verdict: proposal.verdict,
            best: best.map(|c| (c.target.clone(), c.confidence)),
            why: short_reason(proposal).into(),
            packed: Packed::of(proposal),
        }
    }

    /// Puts it into its row.
    pub fn put(self, row: &mut Row) {
        row.verdict = self.verdict;
        row.best = self.best;
        row.why = self.why;
        row.packed = self.packed;
    }
}

/// Positions in the order of names.
#[derive(Debug)]
pub struct Ranks {
    /// Of companies.
    pub companies: Arc<Vec<u32>>,
    /// Of devices.
    pub devices: Arc<Vec<u32>>,
}

/// The result of a job.
#[derive(Debug)]
pub struct Solved {
    /// Which flow.
    pub flow: FlowId,
    /// What was solved.
    pub scope: Scope,
    /// Companies' rows.
    pub companies: Vec<RowVerdict>,
    /// Devices' rows.
    pub devices: Vec<RowVerdict>,
    /// Positions in the order of names; `None` when not computed anew.
    pub ranks: Option<Ranks>,
}

/// Solves. The world must be dropped by the caller before the result is sent, so that changes can go on.
pub fn solve(world: &World, flow: &Flow, scope: Scope) -> Solved {
    let sides = Sides { source: world.tables_of(&flow.source), target: world.tables_of(&flow.target) };
    let settings = world.settings(flow);
    let nothing = Known::default();
    let known = world.known.get(&flow.id).unwrap_or(&nothing);
    let problem = problem(sides, known, &settings);
    let mut solved = Solved { flow: flow.id.clone(), scope, companies: Vec::new(), devices: Vec::new(), ranks: None };
    match &solved.scope {
        Scope::Full => {
            // Each proposal is packed as soon as it is made: all of them at once would be most of the memory.
            let run = matching::Run::new(&problem);
            solved.companies = verdicts(problem.left_companies.len(), |at| run.company(at));
            solved.devices = verdicts(problem.left_devices.len(), |at| run.device(at));
            drop(run);
            let names = |count: usize, name: &dyn Fn(usize) -> String| Arc::new(ranks(count, name));
            let companies = sides.source.companies.all();
            let devices = sides.source.devices.all();
            solved.ranks = Some(Ranks {
                companies: names(companies.len(), &|at| companies[at].name.to_lowercase()),
                devices: names(devices.len(), &|at| devices[at].name.to_lowercase()),
            });
        }
        Scope::Companies(ids) => {
            for at in ids.iter().filter_map(|id| sides.source.companies.position(id)) {
                let devices = matching::resolve_company(&problem, at);
                solved.devices.extend(devices.iter().map(|(at, proposal)| RowVerdict::of(*at, proposal)));
            }
        }
    }
    solved
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

fn verdicts(count: usize, propose: impl Fn(usize) -> Proposal + Sync) -> Vec<RowVerdict> {
    (0..count).into_par_iter().map(|at| RowVerdict::of(at, &propose(at))).collect()
}

fn ranks(count: usize, name: &dyn Fn(usize) -> String) -> Vec<u32> {
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
