//! When the engine runs and what becomes of its answer.

use super::super::decide;
use super::super::rows::Due;
use super::super::solver::{self, Job, Solved};
use super::super::{pools, views, writer};
use super::{Core, CoreMessage, Entry};
use crate::domain::{Actor, FlowId, RunState, Stream};
use crate::matching::News;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// While records stream in, the engine rests this many times as long as it last worked, so that it takes at most a
/// quarter of a core from the sync.
const REST: u32 = 3;
/// And at least this long.
const SHORTEST_REST: Duration = Duration::from_secs(2);

impl Core {
    /// When the next full solve may begin; `None` when there is nothing to do or it waits for an event.
    pub(super) fn solve_due(&self) -> Option<Instant> {
        let idle = self.flows.iter().any(|f| f.due.dirty) && self.flows.iter().all(|f| f.importing.is_none());
        if !self.ready || self.is_solving() || self.is_lent() || !idle {
            return None;
        }
        if self.supervisor.running().is_empty() {
            return Some(Instant::now());
        }
        let (at, took) = self.last_solve.unwrap_or((Instant::now(), Duration::ZERO));
        Some(at + (took * REST).max(SHORTEST_REST))
    }

    /// Starts the engine when something is to be solved and it is idle.
    pub(super) fn start_solving(&mut self) {
        // What an import brings is solved once, when all of it is there.
        if !self.ready
            || self.is_solving()
            || !self.pending.is_empty()
            || self.flows.iter().any(|f| f.importing.is_some())
        {
            return;
        }
        // What a person decided shows at once, also while pages stream in.
        let decided = self.flows.iter().find(|f| f.due.decided && f.solved && f.engine.is_some());
        if let Some(id) = decided.map(|f| f.flow.id.clone()) {
            return self.spawn_solver(&id);
        }
        if self.solve_due().is_none_or(|at| at > Instant::now()) {
            if self.last_solve.is_none() && self.flows.iter().any(|f| f.due.dirty) {
                self.last_solve = Some((Instant::now(), Duration::ZERO));
            }
            return;
        }
        if !self.recount.is_empty() {
            self.recount_all();
            if !self.recount.is_empty() || self.is_behind() {
                return;
            }
        }
        let Some(id) = self.flows.iter().find(|f| f.due.dirty).map(|f| f.flow.id.clone()) else { return };
        self.spawn_solver(&id);
    }

    fn spawn_solver(&mut self, id: &FlowId) {
        let Some(state) = self.flows.iter_mut().find(|f| f.flow.id == *id) else { return };
        let news = if state.due.changed { News::Records } else { News::Decisions };
        // Records: the engine changes in place, questions wait for it. Decisions: it stays readable meanwhile.
        let engine = if news == News::Records { state.engine.take() } else { state.engine.clone() };
        let inside = state.tasks_inside();
        let job =
            Job { flow: state.flow.clone(), engine: engine.unwrap_or_default(), news, names: state.names, inside };
        state.due = Due::default();
        self.solving = true;
        self.last_solve = Some((Instant::now(), Duration::ZERO));
        let (world, inbox) = (Arc::clone(&self.world), self.inbox.clone());
        self.runtime.spawn_blocking(move || {
            let solved = pools::behind(|| solver::solve(&world, job));
            // Given back before the core hears of it, so that it can change the facts at once.
            drop(world);
            let _ = inbox.send(CoreMessage::Solved(Box::new(solved)));
        });
    }

    /// The engine's answer goes into the rows.
    pub(super) fn solved(&mut self, solved: Solved) {
        self.solving = false;
        let took = self.last_solve.map_or(Duration::ZERO, |(at, _)| at.elapsed());
        self.last_solve = Some((Instant::now(), took));
        let Some(at) = self.flows.iter().position(|f| f.flow.id == solved.flow) else { return };
        self.put_verdicts(at, solved);
        for (reply, request) in std::mem::take(&mut self.parked) {
            self.request(reply, request);
        }
        // Decided in this turn, or when what is in the way (another integration's records, a sync) is over.
        self.more.insert(self.flows[at].flow.id.clone());
    }

    fn put_verdicts(&mut self, at: usize, solved: Solved) {
        let state = &mut self.flows[at];
        state.engine = Some(solved.engine);
        let source = self.world.tables_of(&state.flow.source);
        let mut anything =
            solved.first || !solved.companies.is_empty() || !solved.devices.is_empty() || solved.ranks.is_some();
        let engine = anything;
        if let Some(ranks) = solved.ranks {
            state.companies.name_rank = ranks.companies;
            state.devices.name_rank = ranks.devices;
            state.names = ranks.names;
        }
        state.solved |= solved.first;
        for answers in solved.inside {
            anything = true;
            answers.put(state, source);
        }
        if anything {
            self.outbox.queue(&solved.flow);
            self.outbox.overview();
        }
        let verdicts = [(Stream::Companies, solved.companies), (Stream::Devices, solved.devices)];
        self.put_behind(&solved.flow, verdicts, engine);
    }

    /// The engine decides only on facts that stand still: nothing waits to be solved, and no sync runs.
    fn may_decide(&self, at: usize) -> bool {
        let state = &self.flows[at];
        state.flow.auto_accept
            && state.importing.is_none()
            && !self.paused_flows.contains(&state.flow.id)
            && !state.due.dirty
            && !state.due.decided
            && self.pending.is_empty()
            && self.recount.is_empty()
            && !self.is_behind()
            && self
                .supervisor
                .running()
                .iter()
                .all(|t| t.integration != state.flow.source && t.integration != state.flow.target)
    }

    /// And only on complete listings: both sides of a stream, and of what it is judged by, were read to the end.
    fn is_read(&self, at: usize, stream: Stream) -> bool {
        let flow = &self.flows[at].flow;
        let read = |stream: Stream| {
            [&flow.source, &flow.target].into_iter().all(|integration| {
                let progress = self.progress.get(&(integration.clone(), stream));
                progress.is_some_and(|p| p.finished.is_some() && p.state == RunState::Ok)
            })
        };
        // Devices vote for their companies.
        let voting = stream == Stream::Companies && flow.streams.contains(&Stream::Devices);
        read(Stream::Companies) && read(stream) && (!voting || read(Stream::Devices))
    }

    pub(super) fn decide_automatically(&mut self, at: usize) {
        let streams: Vec<Stream> = self.flows[at].streams().filter(|stream| self.is_read(at, *stream)).collect();
        for stream in streams {
            let flow = self.flows[at].flow.clone();
            let sides = super::super::compare::sides_of(&self.world, &flow);
            let mut rows = decide::auto_rows(&self.flows[at], stream);
            let task = crate::sync::Task { integration: flow.source.clone(), stream };
            if let Some(off) = self.off.get(&task).filter(|off| !off.is_empty()) {
                rows.retain(|at| views::id_at(sides.source, stream, *at).is_none_or(|id| !off.contains(id)));
            }
            rows.truncate(AUTOMATIC_ROWS);
            let by = decide::By { actor: Actor::Engine, at: self.clock.now() };
            let action = super::super::messages::DecideAction::Accept;
            let plan = decide::plan(&self.flows[at], sides, stream, &action, &rows, &by);
            if plan.changes.is_empty() {
                continue;
            }
            let by_what = if Stream::INSIDE.contains(&stream) { "by their keys" } else { "by identifiers" };
            let what = format!("matched {} {by_what}", decide::counted(stream, plan.changes.len() as u64));
            let changes = plan.changes.into_iter().map(|(_, change)| change).collect();
            let waiting = writer::Waiting { reply: None, skipped: Vec::new(), later: false };
            self.commit(at, Entry::new(stream, changes, what), by, waiting);
            // The rest follows when this is durable.
            return;
        }
    }

    /// Goes on deciding where an automatic entry became durable.
    pub(super) fn decide_more(&mut self) {
        if !self.pending.is_empty() {
            return;
        }
        for flow in std::mem::take(&mut self.more) {
            let Ok(at) = self.flow_at(&flow) else { continue };
            if self.may_decide(at) {
                self.decide_automatically(at);
            } else if self.flows[at].flow.auto_accept && !self.paused_flows.contains(&flow) {
                // Everything that forbids it passes; nothing else would come back to this flow.
                self.more.insert(flow);
            }
        }
    }
}

/// Rows of one automatic history entry: bounds what is in memory and on its way to the disk at once.
const AUTOMATIC_ROWS: usize = 10_000;
