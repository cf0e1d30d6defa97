//! The rows of a flow's queues: what was decided, what the engine proposes, and the state that follows from both.

use super::inside::{Packed, Touched};
use super::messages::{Generation, StateCounts};
use super::ready::Ready;
use super::tables::{IntegrationTables, MOST_EXPECTED, Standing};
use super::views::CachedView;
use crate::domain::{Confidence, Decision, DecisionKind, Flow, MatchState, RecordId, Stream, Verdict};
use crate::matching::Engine;
use rustc_hash::{FxHashMap, FxHashSet};
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
    /// Follows from the above and from the company's decision; kept for counting and sorting.
    pub state: Option<MatchState>,
    /// A record inside a company that has no match yet.
    pub waits: bool,
    /// Not in the queue: no device, not first level.
    pub hidden: bool,
    /// How its record stands at the source.
    pub standing: Standing,
}

impl Row {
    /// The target it was matched to.
    pub fn matched(&self) -> Option<&RecordId> {
        match self.decision.as_ref().map(|d| &d.kind) {
            Some(DecisionKind::Matched { target }) => Some(target),
            _ => None,
        }
    }

    /// Not live at the source: gone, or left out.
    pub fn is_away(&self) -> bool {
        self.standing != Standing::Live
    }

    /// Away, with nothing that a person would miss: no decision, or one that only held it open.
    fn is_forgotten(&self) -> bool {
        let held = matches!(self.decision.as_ref().map(|d| &d.kind), None | Some(DecisionKind::Held));
        self.is_away() && held
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
    /// How many sources have each target; shared with pickers that are at work.
    pub taken: Arc<FxHashMap<RecordId, u32>>,
    /// Rows by state.
    pub counts: StateCounts,
    /// Raised by every change.
    pub generation: Generation,
    /// Positions in the order of names, for sorting by integers; empty until the first solve.
    pub name_rank: Arc<Vec<u32>>,
    /// Orders computed for this generation.
    pub views: Vec<CachedView>,
    /// Proposals of rows matched by a key inside their company, by source; the engine keeps those of the others.
    pub proposals: FxHashMap<RecordId, Packed>,
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
        match row.standing {
            Standing::Live => {}
            Standing::LeftOut => counts.left_out = counts.left_out.saturating_add_signed(by),
            Standing::Orphaned => counts.orphaned = counts.orphaned.saturating_add_signed(by),
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
            *Arc::make_mut(&mut self.taken).entry(target.clone()).or_default() += 1;
        }
        self.rows[at].decision = decision;
    }

    fn release(&mut self, target: &RecordId) {
        let taken = Arc::make_mut(&mut self.taken);
        if let Some(count) = taken.get_mut(target) {
            *count -= 1;
            if *count == 0 {
                taken.remove(target);
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

/// What is new to the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Records changed.
    pub changed: bool,
    /// Records changed and are counted: it is to run when its rest is over.
    pub dirty: bool,
    /// A person decided: it is to run at once.
    pub decided: bool,
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
    /// Device types, in a flow into the inventory.
    pub types: Queue,
    /// Types whose new devices import by themselves.
    pub auto: FxHashSet<RecordId>,
    /// Companies of which nothing follows for now.
    pub paused: FxHashSet<RecordId>,
    /// Devices that can be imported now, in a flow into the inventory.
    pub ready: Ready,
    /// An import under way: rows done and rows in all.
    pub importing: Option<(u64, u64)>,
    /// Matched devices that changed at the source since the inventory last followed.
    pub behind: FxHashSet<RecordId>,
    /// A sync of the source ended: what follows by itself is to be done.
    pub after_sync: bool,
    /// The streams of [`Stream::INSIDE`], in that order.
    pub inside: [Queue; Stream::INSIDE.len()],
    /// What of these is to be solved anew.
    pub touched: [Touched; Stream::INSIDE.len()],
    /// What the engine found out; `None` while it follows changed records.
    pub engine: Option<Arc<Engine>>,
    /// What is new since the engine last began.
    pub due: Due,
    /// The engine has answered at least once.
    pub solved: bool,
    /// Fingerprint of the names that `name_rank` orders.
    pub names: u64,
}

impl FlowState {
    /// A flow without rows.
    pub fn new(flow: Flow) -> Self {
        Self {
            flow,
            companies: Queue::default(),
            devices: Queue::default(),
            types: Queue::default(),
            auto: FxHashSet::default(),
            paused: FxHashSet::default(),
            ready: Ready::default(),
            importing: None,
            behind: FxHashSet::default(),
            after_sync: false,
            inside: Default::default(),
            touched: std::array::from_fn(|_| Touched::all()),
            engine: Some(Arc::default()),
            due: Due { changed: true, dirty: true, decided: false },
            solved: false,
            names: 0,
        }
    }

    /// The queue of a stream.
    pub fn queue(&self, stream: Stream) -> Option<&Queue> {
        match stream {
            Stream::Companies => Some(&self.companies),
            Stream::Devices => Some(&self.devices),
            Stream::DeviceTypes => Some(&self.types),
            inside => Some(&self.inside[place_inside(inside)?]),
        }
    }

    /// The queue of a stream, to change.
    pub fn queue_mut(&mut self, stream: Stream) -> Option<&mut Queue> {
        match stream {
            Stream::Companies => Some(&mut self.companies),
            Stream::Devices => Some(&mut self.devices),
            Stream::DeviceTypes => Some(&mut self.types),
            inside => Some(&mut self.inside[place_inside(inside)?]),
        }
    }

    /// The streams that have a queue, in the order of the tabs.
    pub fn streams(&self) -> impl Iterator<Item = Stream> + use<> {
        let wanted = self.flow.streams.clone();
        // Companies, then types, then what is imported by both.
        let all = [Stream::Companies, Stream::DeviceTypes].into_iter().chain(Stream::MATCHED.into_iter().skip(1));
        all.filter(move |stream| wanted.contains(stream))
    }

    /// Recomputes state, visibility and counts of every row.
    pub fn refresh(&mut self, source: &IntegrationTables) {
        self.refresh_companies(source);
        self.refresh_types(source);
        for stream in Stream::MATCHED.into_iter().filter(|s| *s != Stream::Companies) {
            self.refresh_stream(source, stream);
        }
    }

    /// Recomputes the rows of companies.
    pub fn refresh_companies(&mut self, source: &IntegrationTables) {
        self.companies.rows.resize_with(source.companies.all().len(), Row::default);
        for (at, facts) in source.companies.all().iter().enumerate() {
            let listed = source.is_listed(&facts.id);
            let devices = source.extra.get(&facts.id).map_or(0, |e| e.devices);
            let row = &mut self.companies.rows[at];
            row.standing = source.companies.standing(at);
            let empty = self.flow.needs_devices && devices == 0 && row.decision.is_none();
            row.hidden = !listed || empty || row.is_forgotten();
            row.state = Some(row.own_state());
        }
        self.companies.recount();
        self.companies.outdate();
    }

    /// Recomputes the rows of the device types; one that no device has, and that nobody decided, is not shown.
    pub fn refresh_types(&mut self, source: &IntegrationTables) {
        if !self.flow.streams.contains(&Stream::DeviceTypes) {
            return;
        }
        self.types.rows.resize_with(source.types.all().len(), Row::default);
        for (row, kind) in self.types.rows.iter_mut().zip(source.types.all()) {
            row.hidden = kind.devices == 0 && row.decision.is_none();
            row.state = Some(row.own_state());
        }
        self.types.recount();
        self.types.outdate();
    }

    /// Recomputes the rows of a stream whose records are inside companies.
    pub fn refresh_stream(&mut self, source: &IntegrationTables, stream: Stream) {
        let count = source.count(stream);
        if stream == Stream::Devices && self.flow.is_import() {
            self.ready.touch_all();
        }
        let Some(queue) = self.queue_mut(stream) else { return };
        queue.rows.resize_with(count, Row::default);
        for at in 0..count {
            let (state, waits) = self.state_inside(source, stream, at);
            let Some(row) = self.queue_mut(stream).and_then(|q| q.rows.get_mut(at)) else { continue };
            row.standing = source.standing(stream, at);
            row.hidden = row.is_forgotten();
            row.state = Some(state);
            row.waits = waits;
        }
        let Some(queue) = self.queue_mut(stream) else { return };
        queue.recount();
        queue.outdate();
    }

    /// Makes the rows of a stream as many as its records.
    pub fn make_room(&mut self, stream: Stream, count: usize) {
        let Some(queue) = self.queue_mut(stream).filter(|q| q.rows.len() != count) else { return };
        queue.rows.resize_with(count, Row::default);
        queue.recount();
    }

    /// Recomputes standing, visibility and state of the row of a record inside a company.
    pub fn renew_row(&mut self, source: &IntegrationTables, stream: Stream, at: usize) {
        let (state, waits) = self.state_inside(source, stream, at);
        let standing = source.standing(stream, at);
        let Some(queue) = self.queue_mut(stream).filter(|q| at < q.rows.len()) else { return };
        queue.change(at, |row| {
            row.standing = standing;
            row.hidden = row.is_forgotten();
            row.state = Some(state);
            row.waits = waits;
        });
    }

    /// Recomputes the state of a company's row.
    pub fn refresh_company(&mut self, at: usize) {
        self.companies.change(at, |row| row.state = Some(row.own_state()));
    }

    /// Recomputes the state of a row.
    pub fn refresh_row(&mut self, source: &IntegrationTables, stream: Stream, at: usize) {
        if stream == Stream::Companies {
            return self.refresh_company(at);
        }
        let (state, waits) = self.state_inside(source, stream, at);
        if stream == Stream::Devices && self.flow.is_import() {
            self.ready.touch(at);
        }
        let Some(queue) = self.queue_mut(stream).filter(|q| at < q.rows.len()) else { return };
        queue.change(at, |row| {
            row.state = Some(state);
            row.waits = waits;
        });
    }

    /// The row of the company that a record is in.
    pub fn company_row(&self, source: &IntegrationTables, stream: Stream, at: usize) -> Option<&Row> {
        let company = source.company_of(stream, at)?;
        self.companies.rows.get(source.companies.position(company)?)
    }

    fn state_inside(&self, source: &IntegrationTables, stream: Stream, at: usize) -> (MatchState, bool) {
        let Some(row) = self.queue(stream).and_then(|q| q.rows.get(at)) else { return (MatchState::Unmatched, false) };
        let own = row.own_state();
        if stream == Stream::DeviceTypes {
            return (own, false);
        }
        if matches!(own, MatchState::Matched | MatchState::Ignored | MatchState::Deferred) {
            return (own, false);
        }
        match self.company_row(source, stream, at).map(|c| c.decision.as_ref().map(|d| &d.kind)) {
            Some(Some(DecisionKind::Ignored)) => (MatchState::Ignored, false),
            _ if stream == Stream::Devices && self.is_type_ignored(source, at) => (MatchState::Ignored, false),
            Some(Some(DecisionKind::Matched { .. })) => (own, false),
            _ => (own, true),
        }
    }
}

impl FlowState {
    /// The row of a device's type.
    pub fn type_row(&self, source: &IntegrationTables, device: usize) -> Option<(usize, &Row)> {
        if self.types.rows.is_empty() {
            return None;
        }
        let at = source.type_of(&source.devices.all().get(device)?.id)?;
        Some((at, self.types.rows.get(at)?))
    }

    fn is_type_ignored(&self, source: &IntegrationTables, device: usize) -> bool {
        let row = self.type_row(source, device).and_then(|(_, row)| row.decision.as_ref());
        row.is_some_and(|decision| decision.kind == DecisionKind::Ignored)
    }
}

/// Place of a stream among those matched by a key inside their company.
pub fn place_inside(stream: Stream) -> Option<usize> {
    Stream::INSIDE.iter().position(|s| *s == stream)
}
