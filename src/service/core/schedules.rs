//! What runs by itself: plans, pauses, and the schedules a person sets.

use super::super::messages::{Done, EstimateView, ScheduleLine, ScheduleSheet, View};
use super::super::reply::ReplyTo;
use super::super::writer;
use super::{Core, CoreMessage};
use crate::connectors::StreamInfo;
use crate::domain::{
    Failure, FailureClass, FlowId, IntegrationId, RecordId, Schedule, Stream, StreamProgress, streams_to_sync,
};
use crate::sync::{Estimator, Task};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// A change of what runs by itself.
#[derive(Clone, Debug)]
pub enum Planned {
    /// An integration is paused, or goes on.
    Integration(IntegrationId, bool),
    /// A flow is paused, or goes on.
    Flow(FlowId, bool),
    /// A record is synced no more, or again.
    Record(Task, RecordId, bool),
    /// These records, which were switched off, are synced again.
    Reconnected(Task, BTreeSet<RecordId>),
    /// A stream has another schedule; `None`: the default.
    Schedule(Task, Option<Schedule>),
}

impl Core {
    fn states(&self) -> Vec<StreamProgress> {
        self.progress.values().cloned().collect()
    }

    /// Which streams run by themselves: those that a flow needs which is not paused.
    pub(super) fn plan_streams(&mut self) {
        let ids: Vec<IntegrationId> = self.integrations.iter().map(|i| i.id.clone()).collect();
        for id in ids {
            let flows = self.flows.iter().map(|state| &state.flow);
            let ours: Vec<_> = flows.filter(|flow| flow.source == id || flow.target == id).collect();
            let active: Vec<_> = ours.iter().copied().filter(|flow| !self.paused_flows.contains(&flow.id)).collect();
            let planned =
                if active.is_empty() && !ours.is_empty() { BTreeSet::new() } else { streams_to_sync(active, &id) };
            self.supervisor.set_planned(&id, planned);
        }
    }

    /// Computes when each stream runs next.
    pub(super) fn plan_schedule(&mut self) {
        let states = self.states();
        self.next.clear();
        for integration in &self.integrations {
            for (stream, at) in self.supervisor.next_runs(&integration.id, &states) {
                self.next.insert(Task { integration: integration.id.clone(), stream }, at);
            }
        }
    }

    fn is_stopped(&self, id: &IntegrationId) -> bool {
        let refused = |p: &StreamProgress| p.integration == *id && p.state.refused_key().is_some();
        self.paused.contains(id) || self.progress.values().any(refused)
    }

    pub(super) fn schedule_due(&self) -> Option<Instant> {
        if !self.scheduled || !self.ready {
            return None;
        }
        let now = self.clock.now();
        let next = self.next.iter().filter(|(task, _)| !self.is_stopped(&task.integration)).map(|(_, at)| *at).min()?;
        Some(Instant::now() + Duration::try_from(next - now).unwrap_or_default())
    }

    /// Starts what is due by the schedule.
    pub(super) fn run_schedule(&mut self) {
        if !self.scheduled || !self.ready {
            return;
        }
        let now = self.clock.now();
        let mut due: BTreeMap<IntegrationId, Vec<Stream>> = BTreeMap::new();
        for (task, _) in self.next.iter().filter(|(_, at)| **at <= now) {
            due.entry(task.integration.clone()).or_default().push(task.stream);
        }
        due.retain(|id, _| !self.is_stopped(id));
        if due.is_empty() {
            return;
        }
        for (id, streams) in due {
            let tasks = self.supervisor.start(&id, &streams, false, false);
            self.queued(tasks);
        }
        self.plan_schedule();
        self.outbox.overview();
    }

    /// Pauses an integration or lets it go on.
    pub(super) fn pause(&mut self, reply: ReplyTo, integration: &IntegrationId, pause: bool) {
        if !self.integrations.iter().any(|i| i.id == *integration) {
            return reply.failed(self.no_integration(integration));
        }
        let (id, file) = (integration.clone(), self.settings.clone());
        self.keep(reply, Planned::Integration(id.clone(), pause), move |store| {
            if let Some(file) = file.filter(|_| !pause) {
                file.resume(&id)?;
            }
            store.set_paused(&id, pause)
        });
    }

    /// Pauses a flow or lets it go on.
    pub(super) fn pause_flow(&mut self, reply: ReplyTo, flow: FlowId, pause: bool) {
        if let Err(failure) = self.flow_at(&flow) {
            return reply.failed(failure);
        }
        let id = flow.clone();
        self.keep(reply, Planned::Flow(flow, pause), move |store| store.set_flow_paused(&id, pause));
    }

    /// Gives a stream another schedule.
    pub(super) fn set_schedule(&mut self, reply: ReplyTo, task: Task, text: Option<&str>) {
        let known = self.integrations.iter().find(|i| i.id == task.integration);
        let Some(known) = known else { return reply.failed(self.no_integration(&task.integration)) };
        if !known.connector.streams().iter().any(|info| info.stream == task.stream) {
            let what = format!("{} has no {}", task.integration, task.stream);
            return reply.failed(Failure::new(FailureClass::Usage, what, ""));
        }
        let schedule = match text.map(Schedule::parse).transpose() {
            Ok(schedule) => schedule,
            Err(failure) => return reply.failed(failure),
        };
        let Some(file) = self.settings.clone() else {
            let what = "schedules cannot be changed from here";
            return reply.failed(Failure::new(FailureClass::Usage, what, "change them in config.toml"));
        };
        let (kept, wanted) = (task.clone(), schedule.clone());
        self.keep(reply, Planned::Schedule(task, schedule), move |_| {
            file.save_schedule(&kept.integration, kept.stream, wanted.as_ref())
        });
    }

    fn keep(
        &mut self,
        reply: ReplyTo,
        change: Planned,
        write: impl FnOnce(&crate::store::Store) -> Result<(), Failure> + Send + 'static,
    ) {
        self.keeping += 1;
        let work = move |store: &crate::store::Store| {
            let result = write(store);
            CoreMessage::Planned { change, result, reply }
        };
        let _ = self.writer.send(writer::Job::Keep(Box::new(work)));
    }

    /// A change of what runs by itself is durable, or not.
    pub(super) fn planned(&mut self, change: Planned, result: Result<(), Failure>, reply: ReplyTo) {
        self.keeping -= 1;
        if let Err(failure) = result {
            return reply.failed(failure);
        }
        let text = match change {
            Planned::Integration(id, true) => {
                self.supervisor.cancel(Some(&id));
                let text = format!("{id} paused");
                self.paused.insert(id);
                text
            }
            Planned::Integration(id, false) => {
                self.paused.remove(&id);
                format!("{id} resumed")
            }
            Planned::Flow(id, pause) => {
                let text = format!("flow {id} {}", if pause { "paused" } else { "resumed" });
                if pause {
                    self.paused_flows.insert(id.clone())
                } else {
                    self.paused_flows.remove(&id)
                };
                // What it was kept from deciding is decided now.
                self.more.insert(id);
                self.plan_streams();
                text
            }
            Planned::Record(task, record, on) => {
                let off = self.off.entry(task.clone()).or_default();
                if on {
                    off.remove(&record)
                } else {
                    off.insert(record.clone())
                };
                let state = if on { "on: the next sync lists everything" } else { "off: it stays as it is" };
                format!("sync of {}/{}/{record} is {state}", task.integration, task.stream)
            }
            Planned::Reconnected(task, records) => {
                let off = self.off.entry(task.clone()).or_default();
                off.retain(|record| !records.contains(record));
                let Task { integration, stream } = task;
                format!("{} {stream} of {integration} are synced again; the next sync lists everything", records.len())
            }
            Planned::Schedule(task, schedule) => {
                let Task { integration, stream } = task;
                self.supervisor.set_schedule(&integration, stream, schedule);
                format!("{integration}/{stream}: {}", self.supervisor.schedule(&integration, stream))
            }
        };
        self.plan_schedule();
        self.outbox.overview();
        reply.done(Done { text, ..Done::default() });
    }

    /// When the streams of an integration run by themselves.
    pub(super) fn schedules(&mut self, reply: ReplyTo, id: &IntegrationId, full: bool) {
        self.plan_schedule();
        let known = self.integrations.iter().find(|i| i.id == *id).zip(self.supervisor.estimator(id));
        let Some((known, estimator)) = known else { return reply.failed(self.no_integration(id)) };
        let running: BTreeSet<Task> = self.supervisor.running().into_iter().collect();
        let stopped = self.is_stopped(id);
        let line = |info: crate::connectors::StreamInfo| {
            let task = Task { integration: id.clone(), stream: info.stream };
            let schedule = self.supervisor.schedule(id, info.stream);
            let idle = if running.contains(&task) {
                "runs now"
            } else if schedule.is_off() {
                ""
            } else if !self.supervisor.is_wanted(id, info.stream) {
                "no flow needs it"
            } else if !self.supervisor.is_planned(id, info.stream) {
                "its flows are paused"
            } else if self.paused.contains(id) {
                "paused"
            } else if stopped {
                "the key is refused"
            } else {
                ""
            };
            ScheduleLine {
                stream: info.stream,
                word: info.word_many,
                wanted: self.supervisor.is_wanted(id, info.stream),
                default: schedule == Schedule::default_of(info.stream),
                schedule: schedule.to_string(),
                idle: idle.to_owned(),
                next: self.next.get(&task).copied().filter(|_| idle.is_empty()),
                last: self.progress.get(&(id.clone(), info.stream)).and_then(|p| p.finished),
                estimate: EstimateView::default(),
            }
        };
        let infos = known.connector.streams();
        let mut sheet = ScheduleSheet {
            integration: id.clone(),
            vendor: self.vendor(id),
            zone: self.supervisor.spread().zone.to_string(),
            paused: self.paused.contains(id),
            lines: infos.iter().cloned().map(line).collect(),
        };
        self.off_thread(reply, move || {
            for (line, info) in sheet.lines.iter_mut().zip(&infos) {
                line.estimate = estimate(&estimator, info, full)?;
            }
            Ok(View::Schedules(sheet))
        });
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate, never negative")]
fn estimate(estimator: &Estimator, info: &StreamInfo, full: bool) -> Result<EstimateView, Failure> {
    let known = estimator.estimate(info, full)?;
    Ok(EstimateView {
        requests: known.requests,
        seconds: known.seconds.map(|seconds| seconds.ceil() as u64),
        since: known.since,
    })
}
