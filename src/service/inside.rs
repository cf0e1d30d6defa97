//! Streams matched by a key inside their company: what has to be solved anew, how, and what is kept of the answers.

use super::rows::{FlowState, Queue, place_inside};
use super::solver::{self, RowVerdict};
use super::tables::{Change, IntegrationTables, Table};
use super::views::Sides;
use super::world::{Moved, World};
use crate::domain::{Actor, Candidate, Decision, DecisionKind, Flow, Proposal, RecordId, Stream};
use crate::matching::inside::{self, Companies, Inside, Pairs, Problem, Which};
use rayon::prelude::*;
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// Touched companies beyond which everything is solved: telling them apart is no cheaper then.
const MANY: usize = 5_000;

/// What of a stream has to be solved anew.
#[derive(Clone, Debug, Default)]
pub struct Touched {
    all: bool,
    left: FxHashSet<RecordId>,
    right: FxHashSet<RecordId>,
    /// Records came, went or were renamed.
    records: bool,
}

impl Touched {
    /// Everything.
    pub fn all() -> Self {
        Self { all: true, records: true, ..Self::default() }
    }

    fn is_any(&self) -> bool {
        self.all || self.records || !self.left.is_empty() || !self.right.is_empty()
    }

    fn task(&mut self, stream: Stream) -> Option<Task> {
        let Self { all, left, right, records } = std::mem::take(self);
        let which = if all || left.len() + right.len() > MANY { Which::All } else { Which::Of { left, right } };
        (all || records || !matches!(&which, Which::Of { left, right } if left.is_empty() && right.is_empty()))
            .then_some(Task { stream, which, records })
    }
}

/// A stream to solve.
#[derive(Clone, Debug)]
pub struct Task {
    stream: Stream,
    which: Which,
    records: bool,
}

/// What a changed record touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touch {
    /// Records of this stream in these companies.
    Companies(Stream, Vec<RecordId>),
    /// Every record inside companies: companies changed places.
    Everything,
}

impl Touch {
    /// What a change is about to touch; `None` for what is no matter of these streams.
    pub fn of(tables: &IntegrationTables, change: &Change) -> Option<Self> {
        let (stream, id, company) = match change {
            Change::Contact(facts) => (Stream::Contacts, &facts.id, facts.company.as_ref()),
            Change::Location(facts) => (Stream::Locations, &facts.id, facts.company.as_ref()),
            Change::Ticket(facts) => (Stream::Tickets, &facts.id, facts.company.as_ref()),
            Change::Orphaned(stream, id) if Stream::INSIDE.contains(stream) => (*stream, id, None),
            Change::Company(facts, extra) if tables.roll_up => {
                let known = tables.extra.get(&facts.id);
                return known.is_none_or(|known| known.parent != extra.parent).then_some(Self::Everything);
            }
            _ => return None,
        };
        if !tables.keeps(stream) {
            return None;
        }
        let before = tables.list(stream).and_then(|list| list.place(id)).and_then(|at| tables.company_of(stream, at));
        let after = company.map(|c| if tables.roll_up { tables.root(c) } else { c });
        Some(Self::Companies(stream, before.into_iter().chain(after).cloned().collect()))
    }
}

impl FlowState {
    /// Which of these streams are to be solved anew.
    fn touch(&mut self, stream: Stream, mark: impl FnOnce(&mut Touched)) {
        if self.flow.streams.contains(&stream)
            && let Some(touched) = place_inside(stream).map(|at| &mut self.touched[at])
        {
            mark(touched);
        }
    }

    /// A record of the source (or of the target) changed.
    pub fn touched_by(&mut self, touch: &Touch, target: bool) {
        match touch {
            Touch::Companies(stream, companies) => self.touch(*stream, |touched| {
                touched.records = true;
                if target { &mut touched.right } else { &mut touched.left }.extend(companies.iter().cloned());
            }),
            Touch::Everything => self.touch_all(),
        }
    }

    /// Rules that decisions left concern these records.
    pub fn touched_by_rules(&mut self, source: &IntegrationTables, news: &[(Stream, RecordId)]) {
        for (stream, id) in news {
            let at = source.list(*stream).and_then(|list| list.place(id));
            let company = at.and_then(|at| source.company_of(*stream, at)).cloned();
            self.touch(*stream, |touched| touched.left.extend(company));
        }
    }

    /// Other settings, or time gone by, moved records.
    pub fn touched_by_settings(&mut self, moved: &Moved) {
        if let Moved::Swap(stream, ..) = moved {
            self.touch(*stream, |touched| *touched = Touched::all());
        }
    }

    /// Everything inside companies is to be solved anew.
    fn touch_all(&mut self) {
        for stream in Stream::INSIDE {
            self.touch(stream, |touched| *touched = Touched::all());
        }
    }

    /// A decision was taken or taken back; `before` is the target until then. True when something is to be solved.
    pub fn touched_by_decision(
        &mut self,
        sides: Sides<'_>,
        stream: Stream,
        source: &RecordId,
        before: Option<&RecordId>,
        after: Option<&Decision>,
    ) -> bool {
        if stream == Stream::Companies {
            for stream in Stream::INSIDE {
                self.touch(stream, |touched| {
                    touched.left.insert(source.clone());
                    touched.right.extend(before.cloned());
                });
            }
        } else if after.is_none_or(|d| d.actor != Actor::Engine) {
            // What the engine decides, it has reckoned with already.
            let target = match after.map(|d| &d.kind) {
                Some(DecisionKind::Matched { target }) => Some(target),
                _ => None,
            };
            let theirs = |id: &RecordId| sides.target.facts(stream, id).and_then(|facts| facts.company());
            let at = sides.source.list(stream).and_then(|list| list.place(source));
            let ours = at.and_then(|at| sides.source.company_of(stream, at));
            self.touch(stream, |touched| {
                touched.left.extend(ours.cloned());
                touched.right.extend([before, target].into_iter().flatten().filter_map(theirs).cloned());
            });
        }
        self.is_touched()
    }

    fn is_touched(&self) -> bool {
        self.touched.iter().any(Touched::is_any)
    }

    /// What is to be solved; from now on it counts as solved.
    pub fn tasks_inside(&mut self) -> Vec<Task> {
        let tasks = Stream::INSIDE.into_iter().zip(&mut self.touched);
        tasks.filter_map(|(stream, touched)| touched.task(stream)).collect()
    }
}

/// A proposal as kept for each row: a tenth of its size in memory. Never stored, so its form may change.
#[derive(Clone, Debug, Default)]
pub struct Packed(Option<Box<[u8]>>);

impl Packed {
    fn of(proposal: &Proposal) -> Self {
        let worth = !proposal.candidates.is_empty();
        Self(worth.then(|| rmp_serde::to_vec(proposal).ok()).flatten().map(Vec::into_boxed_slice))
    }

    /// The proposal.
    fn open(&self) -> Proposal {
        self.0.as_deref().and_then(|bytes| rmp_serde::from_slice(bytes).ok()).unwrap_or_default()
    }
}

/// The answers of a stream.
#[derive(Debug)]
pub struct Answers {
    /// Which stream.
    pub stream: Stream,
    rows: Vec<(RowVerdict, Packed)>,
    /// Positions in the order of names; `None` when the records are the same.
    ranks: Option<Arc<Vec<u32>>>,
}

impl Answers {
    /// Puts them into the rows; states and counts are computed anew.
    pub fn put(self, state: &mut FlowState, source: &IntegrationTables) {
        let Self { stream, rows, ranks } = self;
        let mut places = Vec::with_capacity(rows.len());
        let Some(queue) = state.queue_mut(stream) else { return };
        if let Some(ranks) = ranks {
            queue.name_rank = ranks;
        }
        for (verdict, packed) in rows {
            let (at, id) = (verdict.at, super::views::id_at(source, stream, verdict.at).cloned());
            let (Some(row), Some(id)) = (queue.rows.get_mut(at), id) else { continue };
            verdict.put(row);
            if packed.0.is_some() {
                queue.proposals.insert(id, packed);
            } else {
                queue.proposals.remove(&id);
            }
            places.push(at);
        }
        for at in places {
            state.refresh_row(source, stream, at);
        }
        if let Some(queue) = state.queue_mut(stream) {
            queue.outdate();
        }
    }
}

/// Solves. Runs off the core's thread on the shared facts.
pub fn solve(world: &World, flow: &Flow, tasks: Vec<Task>) -> Vec<Answers> {
    let sides = Sides { source: world.tables_of(&flow.source), target: world.tables_of(&flow.target) };
    tasks.into_iter().map(|task| answers(world, flow, sides, &task)).collect()
}

fn answers(world: &World, flow: &Flow, sides: Sides<'_>, task: &Task) -> Answers {
    let Sides { source, target } = sides;
    let proposals = match task.stream {
        Stream::Contacts => run(world, flow, sides, task, &source.contacts, &target.contacts),
        Stream::Locations => run(world, flow, sides, task, &source.locations, &target.locations),
        _ => run(world, flow, sides, task, &source.tickets, &target.tickets),
    };
    let rows = proposals.par_iter().map(|(at, proposal)| (RowVerdict::of(*at, proposal), Packed::of(proposal)));
    let name = |at: usize| source.facts_at(task.stream, at).map(|f| f.name().to_lowercase()).unwrap_or_default();
    let ranks = task.records.then(|| Arc::new(solver::ranks(source.count(task.stream), &name)));
    Answers { stream: task.stream, rows: rows.collect(), ranks }
}

fn run<T: Inside + super::listed::Facts>(
    world: &World,
    flow: &Flow,
    sides: Sides<'_>,
    task: &Task,
    left: &Table<T>,
    right: &Table<T>,
) -> Vec<(usize, Proposal)> {
    static NOTHING: std::sync::LazyLock<Companies> = std::sync::LazyLock::new(Companies::default);
    static NOBODY: std::sync::LazyLock<Pairs> = std::sync::LazyLock::new(Pairs::default);
    let decided = |stream| world.decided(&flow.id, stream).unwrap_or(&NOTHING);
    let source = sides.source;
    let problem = Problem {
        left: left.live(),
        right: right.live(),
        seat: &|record: &T| {
            let company = Inside::company(record)?;
            Some(if source.roll_up { source.root(company) } else { company })
        },
        companies: decided(Stream::Companies),
        decided: decided(task.stream),
        refused: world.refused(&flow.id, task.stream).unwrap_or(&NOBODY),
        ties: flow.ties,
    };
    inside::solve(&problem, &task.which)
}

/// The row's proposal, and the row beside a target that is asked for, proposed or not.
pub fn explained(
    queue: &Queue,
    sides: Sides<'_>,
    stream: Stream,
    source: &RecordId,
    asked: Option<&RecordId>,
) -> (Proposal, Option<Candidate>) {
    let proposal = queue.proposals.get(source).map(Packed::open).unwrap_or_default();
    let pair = match asked {
        Some(id) => {
            let proposed = proposal.candidates.iter().find(|c| c.target == *id).cloned();
            proposed.or_else(|| pair(sides, stream, source, id))
        }
        None => proposal.candidates.first().cloned(),
    };
    (proposal, pair)
}

fn pair(sides: Sides<'_>, stream: Stream, source: &RecordId, target: &RecordId) -> Option<Candidate> {
    fn of<T: Inside + super::listed::Facts>(
        l: &Table<T>,
        r: &Table<T>,
        ids: (&RecordId, &RecordId),
    ) -> Option<Candidate> {
        Some(inside::pair_of(l.get(ids.0)?, r.get(ids.1)?))
    }
    let ids = (source, target);
    match stream {
        Stream::Contacts => of(&sides.source.contacts, &sides.target.contacts, ids),
        Stream::Locations => of(&sides.source.locations, &sides.target.locations, ids),
        _ => of(&sides.source.tickets, &sides.target.tickets, ids),
    }
}

/// The first row that does not show what solving everything says of it.
#[cfg(test)]
pub fn difference(world: &World, state: &FlowState, stream: Stream) -> Option<String> {
    let task = Task { stream, which: Which::All, records: false };
    let full = solve(world, &state.flow, vec![task]).pop()?;
    let source = world.tables_of(&state.flow.source);
    full.rows.into_iter().find_map(|(expected, packed)| {
        let queue = state.queue(stream)?;
        let row = &queue.rows[expected.at];
        let kept = queue.proposals.get(super::views::id_at(source, stream, expected.at)?);
        let right = (row.verdict, &row.best, &row.why) == (expected.verdict, &expected.best, &expected.why)
            && kept.map(Packed::open).unwrap_or_default() == packed.open();
        (!right).then(|| format!("{row:?}\nfull: {expected:?}"))
    })
}
