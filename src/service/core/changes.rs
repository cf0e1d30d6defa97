//! What syncs bring: records, progress, ends.

use super::super::compare::sides_of;
use super::super::decide;
use super::super::inside::Touch;
use super::super::rows::Row;
use super::super::staging;
use super::super::tables::Change;
use super::super::world::{self, Moved};
use super::{Core, Pending};
use crate::domain::{IntegrationId, LogLevel, RecordId, RunState, Stream, StreamProgress};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Shortest rest between two recounts while records stream in.
const RECOUNT_REST: Duration = Duration::from_millis(250);

/// Longest time that changes are applied in one go.
const LONGEST_TURN: Duration = Duration::from_millis(5);

/// A stream as a new process finds it: what was running was cut.
pub fn at_start(mut progress: StreamProgress) -> StreamProgress {
    if matches!(progress.state, RunState::Running | RunState::Queued | RunState::Waiting { .. }) {
        progress.state = RunState::Cut;
    }
    progress.rate = 0.0;
    progress
}

impl Core {
    /// Puts waiting changes into the facts, when nobody else reads them.
    pub(super) fn apply_pending(&mut self) {
        // The engine's answer names positions: nothing moves until it is in the rows.
        let stands = self.is_solving() || !self.slow.is_empty();
        if !self.ready || stands || (self.pending.is_empty() && self.recount.is_empty()) {
            return;
        }
        let (now, began) = (self.clock.now(), Instant::now());
        let mut more = false;
        let mut imported = Vec::new();
        let Some(world) = Arc::get_mut(&mut self.world) else { return };
        while let Some(pending) = self.pending.pop_front() {
            match pending {
                Pending::Rows(entry, piece) => {
                    let (flow, changes) = (&entry.flow, &entry.changes[piece]);
                    if let Some(state) = self.flows.iter_mut().find(|f| f.flow.id == *flow) {
                        let rules = state.flow.clone();
                        decide::apply(state, sides_of(world, &rules), entry.stream, changes);
                        for change in changes {
                            world.note(flow, entry.stream, &change.source, change.after.as_ref());
                        }
                    }
                    self.outbox.queue(flow);
                    self.outbox.overview();
                }
                Pending::Imported(entry, reply, done) => imported.push((entry, reply, done)),
                Pending::Decision(flow, stream, source, decision) => {
                    let before = world.decided(&flow, stream).and_then(|known| known.get(&source)).cloned().flatten();
                    world.note(&flow, stream, &source, decision.as_ref());
                    if let Some(state) = self.flows.iter_mut().find(|f| f.flow.id == flow) {
                        let rules = state.flow.clone();
                        let sides = sides_of(world, &rules);
                        state.due.decided |=
                            state.touched_by_decision(sides, stream, &source, before.as_ref(), decision.as_ref());
                    }
                }
                Pending::Rules(flow) => {
                    let news = world.teach(&self.rules, &flow);
                    for state in self.flows.iter_mut().filter(|f| f.flow.id == flow) {
                        state.touched_by_rules(world.tables_of(&state.flow.source.clone()), &news);
                    }
                }
                Pending::Change(integration, change) => {
                    let tables = world.tables.entry(integration.clone()).or_default();
                    let (stream, touch) = (change.stream(), Touch::of(tables, &change));
                    let change_of = match &change {
                        Change::Device(facts, _) => tables.devices.position(&facts.id).map(|at| (facts.id.clone(), at)),
                        _ => None,
                    };
                    let moved = world::apply(tables, change, now);
                    for state in &mut self.flows {
                        note_behind(state, &integration, change_of.as_ref());
                        let (source, target) = (state.flow.source == integration, state.flow.target == integration);
                        state.due.changed |= (source || target) && is_frame(stream);
                        if let Some(touch) = touch.as_ref().filter(|_| source || target) {
                            state.touched_by(touch, target);
                        }
                        if source {
                            mirror(state, moved);
                        }
                    }
                    self.recount.entry(integration).or_default().insert(stream);
                }
                Pending::Scope(integration, scope) => {
                    let register = &mut world.tables.entry(integration.clone()).or_default().register;
                    // The same settings again: time has gone by, and tickets may be too old now.
                    register.unsettle();
                    if let Some(scope) = scope {
                        register.set_scope(scope);
                        self.told_scope.insert(integration.clone());
                    }
                    self.recount.entry(integration).or_default().insert(Stream::Companies);
                }
            }
            // Requests are answered between two pieces of a long list.
            if began.elapsed() > LONGEST_TURN {
                more = !self.pending.is_empty();
                break;
            }
        }
        for (entry, reply, done) in imported {
            self.import_ended(&entry.flow);
            self.drop_elsewhere(entry);
            if let Some(reply) = reply {
                reply.done(*done);
            }
        }
        if more {
            return;
        }
        if self.recount_due().is_some_and(|due| due <= Instant::now()) {
            self.recount_all();
        }
    }

    /// Changes wait for nothing but their turn.
    pub(super) fn pending_due(&self) -> Option<Instant> {
        let stands = self.is_solving() || self.is_lent() || !self.slow.is_empty();
        let waits = self.ready && !self.pending.is_empty() && !stands;
        waits.then(Instant::now)
    }

    /// When counts and states are computed anew after records changed. While pages stream in this rests ten times as
    /// long as it takes, so that it stays a small share of the core's time however large the fleet is.
    pub(super) fn recount_due(&self) -> Option<Instant> {
        if !self.ready || self.recount.is_empty() || self.is_solving() || self.is_lent() || !self.pending.is_empty() {
            return None;
        }
        let Some((at, took)) = self.last_recount else { return Some(Instant::now()) };
        if self.supervisor.running().is_empty() {
            return Some(Instant::now());
        }
        Some(at + (took * 10).max(RECOUNT_REST))
    }

    /// Computes them now.
    pub(super) fn recount_all(&mut self) {
        let began = Instant::now();
        for (integration, streams) in std::mem::take(&mut self.recount) {
            self.recount_integration(&integration, streams);
        }
        self.deck.outdate();
        self.last_recount = Some((Instant::now(), began.elapsed()));
    }

    /// Devices per company, first-level companies and row states of an integration, after records of these streams
    /// changed.
    fn recount_integration(&mut self, integration: &IntegrationId, streams: BTreeSet<Stream>) {
        let now = self.clock.now();
        let Some(world) = Arc::get_mut(&mut self.world) else {
            self.recount.entry(integration.clone()).or_default().extend(streams);
            return;
        };
        let mut moves = Vec::new();
        let frame = streams.iter().copied().any(is_frame);
        if let Some(tables) = world.tables.get_mut(integration) {
            if tables.register.is_unsettled() {
                moves = world::settle(tables, now);
            }
            if frame {
                tables.recount();
            }
        }
        for state in &mut self.flows {
            for moved in &moves {
                state.touched_by_settings(moved);
                if state.flow.source == *integration {
                    mirror(state, *moved);
                }
            }
        }
        for state in &self.flows {
            if frame && state.flow.source == *integration {
                world.mark_unlisted(&state.flow);
            }
        }
        let all = !moves.is_empty() || frame;
        if integration.is_inventory() {
            self.count_inventory();
        }
        let mut renewed = Vec::new();
        // Devices go into companies and become of types that are there.
        let places = streams.iter().any(|stream| matches!(stream, Stream::Companies | Stream::DeviceTypes));
        // Their serial numbers are looked for among the devices that are there.
        let twins = streams.contains(&Stream::Devices);
        for state in &mut self.flows {
            if state.flow.source == *integration || state.flow.target == *integration {
                if state.flow.is_import() {
                    staging::judge_types(state, sides_of(&self.world, &state.flow.clone()));
                }
                state.due.dirty = true;
                state.due.changed |= all;
                if state.flow.target == *integration && (places || (twins && state.importing.is_none())) {
                    state.ready.touch_all();
                }
                if state.flow.source == *integration {
                    let source = self.world.tables_of(integration);
                    if all {
                        state.refresh_companies(source);
                        state.refresh_types(source);
                        let inside = Stream::MATCHED.into_iter().filter(|stream| *stream != Stream::Companies);
                        renewed.push((state.flow.id.clone(), inside.collect()));
                    } else {
                        renewed.push((state.flow.id.clone(), streams.clone()));
                    }
                }
                self.outbox.queue(&state.flow.id);
            }
        }
        for (flow, streams) in renewed {
            self.renew_behind(&flow, streams);
        }
        self.outbox.overview();
    }

    /// Where a stream stands now.
    pub(super) fn progressed(&mut self, progress: StreamProgress) {
        if let Some(failure) = progress.state.refused_key() {
            self.supervisor.cancel(Some(&progress.integration));
            let text = format!("{}: {failure}", progress.integration);
            self.outbox.notice(LogLevel::Error, text);
        }
        self.expect(&progress);
        let progress = self.as_held(progress);
        self.notice_question(&progress);
        self.progress.insert((progress.integration.clone(), progress.stream), progress);
        self.outbox.overview();
    }

    /// Makes room for what the vendor says is coming; not now when the facts are lent, the next page says it again.
    fn expect(&mut self, progress: &StreamProgress) {
        let Some(total) = progress.total else { return };
        for queue in self.flows.iter_mut().filter(|f| f.flow.source == progress.integration) {
            if let Some(queue) = queue.queue_mut(progress.stream) {
                queue.expect(total);
            }
        }
        if let Some(world) = Arc::get_mut(&mut self.world) {
            world.tables.entry(progress.integration.clone()).or_default().expect(progress.stream, total);
        }
    }

    /// A run of the integration ended.
    pub(super) fn ended(&mut self, integration: &IntegrationId) {
        if self.world.tables_of(integration).register.ages() {
            self.pending.push_back(Pending::Scope(integration.clone(), None));
        }
        self.start_again(integration);
        self.watch_meter(integration);
        self.compare_after(integration);
        self.note_sync(integration);
        // Solved once more after the last page, so that matches can be decided automatically.
        for state in &mut self.flows {
            if state.flow.source == *integration || state.flow.target == *integration {
                state.due.dirty = true;
            }
        }
        self.plan_schedule();
        self.outbox.overview();
    }

    /// Starts a sync of streams; paused and refused integrations only by an explicit wish for that integration.
    pub(super) fn start_sync(
        &mut self,
        integration: Option<&IntegrationId>,
        stream: Option<Stream>,
        full: bool,
    ) -> usize {
        let streams: Vec<Stream> = stream.into_iter().collect();
        let wanted: Vec<IntegrationId> = match integration {
            Some(one) => vec![one.clone()],
            None => {
                let all = self.integrations.iter().map(|i| i.id.clone());
                all.filter(|id| !self.paused.contains(id)).collect()
            }
        };
        let mut started = 0;
        for id in wanted {
            if full {
                // What runs may be a listing of changes alone, and may have begun before what is to be found happened.
                let running = self.supervisor.running().into_iter().filter(|task| task.integration == id);
                let running = running.map(|task| task.stream).filter(|s| streams.is_empty() || streams.contains(s));
                let running: Vec<Stream> = running.collect();
                if !running.is_empty() {
                    self.again.entry(id.clone()).or_default().extend(running);
                }
            }
            let tasks = self.supervisor.start(&id, &streams, full, true);
            started += tasks.len();
            self.queued(tasks);
        }
        self.plan_schedule();
        self.outbox.overview();
        started
    }

    /// Streams that begin.
    pub(super) fn queued(&mut self, tasks: Vec<crate::sync::Task>) {
        for task in tasks {
            if let Some(progress) = self.progress.get_mut(&(task.integration, task.stream)) {
                progress.state = RunState::Queued;
            }
        }
    }
}

/// Companies and devices are what the engine works on and what the other rows' states follow; records of the other
/// streams change nothing about them.
const fn is_frame(stream: Stream) -> bool {
    matches!(stream, Stream::Companies | Stream::Devices | Stream::DeviceTypes)
}

/// Rows follow their records.
fn mirror(state: &mut super::super::rows::FlowState, moved: Moved) {
    let Moved::Swap(stream, a, b) = moved else { return };
    let Some(queue) = state.queue_mut(stream) else { return };
    let a = if a == usize::MAX {
        // Shown once counts and states are computed.
        queue.rows.push(Row { hidden: true, ..Row::default() });
        queue.rows.len() - 1
    } else {
        a
    };
    if a < queue.rows.len() && b < queue.rows.len() {
        queue.rows.swap(a, b);
    }
    // Orders hold positions: none is good any more.
    queue.views.clear();
}

/// A matched device that changed is one that the inventory has to follow.
fn note_behind(
    state: &mut super::super::rows::FlowState,
    integration: &IntegrationId,
    changed: Option<&(RecordId, usize)>,
) {
    let Some((id, at)) = changed else { return };
    let ours = state.flow.is_import() && state.flow.source == *integration;
    if ours && state.devices.rows.get(*at).is_some_and(|row| row.matched().is_some()) {
        state.behind.insert(id.clone());
    }
}

impl Core {
    /// The inventory is always in step with itself: its streams are shown as read, with what they hold.
    pub(super) fn count_inventory(&mut self) {
        let id = IntegrationId::inventory();
        let Some(infos) = self.integrations.iter().find(|i| i.id == id).map(|i| i.connector.streams()) else { return };
        let now = self.clock.now();
        for info in infos {
            let stored = self.store.live_count(&id, info.stream);
            let key = (id.clone(), info.stream);
            let progress = self
                .progress
                .entry(key)
                .or_insert_with(|| StreamProgress::never(id.clone(), info.stream, info.word_many.clone()));
            (progress.state, progress.finished, progress.stored) = (RunState::Ok, Some(now), stored);
        }
    }
}
