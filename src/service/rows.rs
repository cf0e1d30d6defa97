//! The rows of a flow's queues: what was decided, what the engine proposes, and the state that follows from both.

use super::messages::{Generation, StateCounts};
use super::solver::Packed;
use super::tables::{IntegrationTables, MOST_EXPECTED};
use super::views::CachedView;
use crate::domain::{Confidence, Decision, DecisionKind, Flow, MatchState, RecordId, Stream, Verdict};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// One row, at the position of its source record in the source's table.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// What was decided.
    pub decision: Option<Box<Decision>>,
    /// What the engine says.
    pub verdict: Verdict,
    /// Its best candidate.
    pub best: Option<(RecordId, Confidence)>,
    /// The strongest evidence or the reason why there is none, short.
    pub why: Box<str>,
    /// The whole proposal with its evidence.
    pub packed: Packed,
    /// Follows from the above and from the company's decision; kept for counting and sorting.
    pub state: Option<MatchState>,
    /// A device whose company has no match yet.
    pub waits: bool,
    /// Not in the queue: no device, not first level.
    pub hidden: bool,
    /// Gone at the source.
    pub orphaned: bool,
}

impl Row {
    /// The target it was matched to.
    pub fn matched(&self) -> Option<&RecordId> {
        match self.decision.as_ref().map(|d| &d.kind) {
            Some(DecisionKind::Matched { target }) => Some(target),
            _ => None,
        }
    }

    /// The engine may still decide it: nobody has, nor held it open.
    pub fn is_undecided(&self) -> bool {
        self.decision.is_none()
    }

    /// The state by decision and verdict alone.
    fn own_state(&self) -> MatchState {
        match self.decision.as_ref().map(|d| &d.kind) {
            Some(DecisionKind::Matched { .. }) => MatchState::Matched,
            Some(DecisionKind::Ignored) => MatchState::Ignored,
            Some(DecisionKind::Deferred) => MatchState::Deferred,
            Some(DecisionKind::Held) | None => match self.verdict {
                Verdict::Auto | Verdict::Suggest => MatchState::Suggested,
                Verdict::Conflict => MatchState::Conflict,
                Verdict::None => MatchState::Unmatched,
            },
        }
    }

    /// The state shown.
    pub fn state(&self) -> MatchState {
        self.state.unwrap_or(MatchState::Unmatched)
    }
}

/// The queue of one stream of a flow.
#[derive(Debug, Default)]
pub struct Queue {
    /// Parallel to the source's table.
    pub rows: Vec<Row>,
    /// How many sources have each target.
    pub taken: FxHashMap<RecordId, u32>,
    /// Rows by state.
    pub counts: StateCounts,
    /// Raised by every change.
    pub generation: Generation,
    /// Positions in the order of names, for sorting by integers; empty until the first solve.
    pub name_rank: Arc<Vec<u32>>,
    /// Orders computed for this generation.
    pub views: Vec<CachedView>,
}

impl Queue {
    /// Counts a row in or out.
    fn count(counts: &mut StateCounts, row: &Row, by: i64) {
        if row.hidden {
            return;
        }
        let Some(state) = row.state else { return };
        let slot = counts.of_mut(state);
        *slot = slot.saturating_add_signed(by);
        if row.waits && state.is_open() {
            counts.waiting = counts.waiting.saturating_add_signed(by);
        }
        if row.orphaned {
            counts.orphaned = counts.orphaned.saturating_add_signed(by);
        }
    }

    /// Makes room for so many rows in all.
    pub fn expect(&mut self, rows: u64) {
        let wanted = usize::try_from(rows).unwrap_or(MOST_EXPECTED).min(MOST_EXPECTED);
        self.rows.reserve_exact(wanted.saturating_sub(self.rows.len()));
    }

    /// Changes a row and keeps the counts true.
    pub fn change(&mut self, at: usize, change: impl FnOnce(&mut Row)) {
        Self::count(&mut self.counts, &self.rows[at], -1);
        change(&mut self.rows[at]);
        Self::count(&mut self.counts, &self.rows[at], 1);
    }

    /// Sets a decision and keeps track of taken targets.
    pub fn decide(&mut self, at: usize, decision: Option<Box<Decision>>) {
        if let Some(old) = self.rows[at].matched().cloned() {
            self.release(&old);
        }
        if let Some(DecisionKind::Matched { target }) = decision.as_ref().map(|d| &d.kind) {
            *self.taken.entry(target.clone()).or_default() += 1;
        }
        self.rows[at].decision = decision;
    }

    fn release(&mut self, target: &RecordId) {
        if let Some(count) = self.taken.get_mut(target) {
            *count -= 1;
            if *count == 0 {
                self.taken.remove(target);
            }
        }
    }

    /// Recounts everything.
    pub fn recount(&mut self) {
        self.counts = StateCounts::default();
        for row in &self.rows {
            Self::count(&mut self.counts, row, 1);
        }
    }

    /// Everything changed: orders are computed anew when asked for.
    pub fn outdate(&mut self) {
        self.generation += 1;
        self.views.clear();
    }
}

/// A flow with its queues.
#[derive(Debug)]
pub struct FlowState {
    /// Its rules.
    pub flow: Flow,
    /// Companies.
    pub companies: Queue,
    /// Devices.
    pub devices: Queue,
    /// Facts or decisions changed since the last full solve began.
    pub dirty: bool,
    /// At least one full solve has ended.
    pub solved: bool,
}

impl FlowState {
    /// A flow without rows.
    pub fn new(flow: Flow) -> Self {
        Self { flow, companies: Queue::default(), devices: Queue::default(), dirty: true, solved: false }
    }

    /// The queue of a stream.
    pub fn queue(&self, stream: Stream) -> Option<&Queue> {
        match stream {
            Stream::Companies => Some(&self.companies),
            Stream::Devices => Some(&self.devices),
            _ => None,
        }
    }

    /// The queue of a stream, to change.
    pub fn queue_mut(&mut self, stream: Stream) -> Option<&mut Queue> {
        match stream {
            Stream::Companies => Some(&mut self.companies),
            Stream::Devices => Some(&mut self.devices),
            _ => None,
        }
    }

    /// Recomputes state, visibility and counts of every row.
    pub fn refresh(&mut self, source: &IntegrationTables) {
        self.companies.rows.resize_with(source.companies.all().len(), Row::default);
        self.devices.rows.resize_with(source.devices.all().len(), Row::default);
        for (at, facts) in source.companies.all().iter().enumerate() {
            let orphaned = source.companies.is_orphan(at);
            let listed = source.is_listed(&facts.id);
            let devices = source.extra.get(&facts.id).map_or(0, |e| e.devices);
            let row = &mut self.companies.rows[at];
            row.orphaned = orphaned;
            let decided = row.decision.is_some();
            let empty = self.flow.needs_devices && devices == 0;
            row.hidden = !listed || (!decided && (orphaned || empty));
            row.state = Some(row.own_state());
        }
        for at in 0..self.devices.rows.len() {
            self.devices.rows[at].orphaned = source.devices.is_orphan(at);
            self.devices.rows[at].hidden = source.devices.is_orphan(at) && self.devices.rows[at].decision.is_none();
            let (state, waits) = self.device_state(source, at);
            let row = &mut self.devices.rows[at];
            row.state = Some(state);
            row.waits = waits;
        }
        self.companies.recount();
        self.devices.recount();
        self.companies.outdate();
        self.devices.outdate();
    }

    /// Recomputes the state of a company's row.
    pub fn refresh_company(&mut self, at: usize) {
        self.companies.change(at, |row| row.state = Some(row.own_state()));
    }

    /// Recomputes the state of a device's row.
    pub fn refresh_device(&mut self, source: &IntegrationTables, at: usize) {
        let (state, waits) = self.device_state(source, at);
        self.devices.change(at, |row| {
            row.state = Some(state);
            row.waits = waits;
        });
    }

    fn device_state(&self, source: &IntegrationTables, at: usize) -> (MatchState, bool) {
        let row = &self.devices.rows[at];
        let company = source.devices.all()[at]
            .company
            .as_ref()
            .and_then(|c| source.companies.position(c))
            .and_then(|c| self.companies.rows.get(c));
        let own = row.own_state();
        if matches!(own, MatchState::Matched | MatchState::Ignored | MatchState::Deferred) {
            return (own, false);
        }
        match company.map(|c| c.decision.as_ref().map(|d| &d.kind)) {
            Some(Some(DecisionKind::Ignored)) => (MatchState::Ignored, false),
            Some(Some(DecisionKind::Matched { .. })) => (own, false),
            _ => (own, true),
        }
    }
}
