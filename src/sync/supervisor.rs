//! Who runs: one worker per stream, never two of the same, each with a token that stops it at a page's end.

use super::Sink;
use super::answer::Answer;
use super::schedule::Past;
use super::worker::{self, Job};
use crate::connectors::Connector;
use crate::domain::{
    Clock, Failure, FailureClass, IntegrationId, MassChange, Schedule, Stream, StreamProgress, SyncRules, SyncScope,
    Timestamp,
};
use crate::store::Store;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// One stream of one integration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Task {
    /// Which integration.
    pub integration: IntegrationId,
    /// Which stream.
    pub stream: Stream,
}

struct Entry {
    connector: Arc<dyn Connector>,
    schedules: BTreeMap<Stream, Schedule>,
    scope: Arc<SyncScope>,
    /// Streams that run when nobody names one.
    wanted: BTreeSet<Stream>,
    /// Those of them that run by schedule.
    planned: BTreeSet<Stream>,
}

/// Starts, stops and counts the workers.
pub struct Supervisor {
    runtime: tokio::runtime::Handle,
    store: Store,
    sink: Arc<dyn Sink>,
    clock: Arc<dyn Clock>,
    rules: Arc<SyncRules>,
    entries: BTreeMap<IntegrationId, Entry>,
    running: Arc<Mutex<BTreeMap<Task, CancellationToken>>>,
    /// When each was last started in this session.
    tried: Mutex<BTreeMap<Task, Timestamp>>,
    tracker: TaskTracker,
}

impl Supervisor {
    /// A supervisor without integrations.
    pub fn new(
        runtime: tokio::runtime::Handle,
        store: Store,
        sink: Arc<dyn Sink>,
        clock: Arc<dyn Clock>,
        rules: SyncRules,
    ) -> Self {
        Self {
            runtime,
            store,
            sink,
            clock,
            rules: Arc::new(rules),
            entries: BTreeMap::new(),
            running: Arc::default(),
            tried: Mutex::default(),
            tracker: TaskTracker::new(),
        }
    }

    /// Adds an integration.
    pub fn add(
        &mut self,
        integration: IntegrationId,
        connector: Arc<dyn Connector>,
        schedules: BTreeMap<Stream, Schedule>,
    ) {
        let wanted: BTreeSet<Stream> = Stream::ALL.into_iter().collect();
        let entry = Entry { connector, schedules, scope: Arc::default(), planned: wanted.clone(), wanted };
        self.entries.insert(integration, entry);
    }

    /// Which streams of an integration run when nobody names one; all before this is said.
    pub fn set_wanted(&mut self, integration: &IntegrationId, wanted: BTreeSet<Stream>) {
        if let Some(entry) = self.entries.get_mut(integration) {
            entry.wanted = wanted;
        }
    }

    /// Which of them run by schedule; all before this is said.
    pub fn set_planned(&mut self, integration: &IntegrationId, planned: BTreeSet<Stream>) {
        if let Some(entry) = self.entries.get_mut(integration) {
            entry.planned = planned;
        }
    }

    /// When a stream runs by itself from now on; `None` for the default.
    pub fn set_schedule(&mut self, integration: &IntegrationId, stream: Stream, schedule: Option<Schedule>) {
        if let Some(entry) = self.entries.get_mut(integration) {
            entry.schedules.insert(stream, schedule.unwrap_or_else(|| Schedule::default_of(stream)));
        }
    }

    /// When a stream runs by itself.
    #[must_use]
    pub fn schedule(&self, integration: &IntegrationId, stream: Stream) -> Schedule {
        let known = self.entries.get(integration).and_then(|entry| entry.schedules.get(&stream));
        known.cloned().unwrap_or_else(|| Schedule::default_of(stream))
    }

    /// What schedules mean that do not say it themselves.
    #[must_use]
    pub fn spread(&self) -> &crate::domain::Spread {
        &self.rules.spread
    }

    /// True when the stream runs without being named.
    #[must_use]
    pub fn is_wanted(&self, integration: &IntegrationId, stream: Stream) -> bool {
        self.entries.get(integration).is_some_and(|entry| entry.wanted.contains(&stream))
    }

    /// True when the stream runs by schedule.
    #[must_use]
    pub fn is_planned(&self, integration: &IntegrationId, stream: Stream) -> bool {
        self.entries.get(integration).is_some_and(|entry| entry.planned.contains(&stream))
    }

    /// What of an integration is synced from the next run on; returns what it was. `None` when there is none.
    pub fn set_scope(&mut self, integration: &IntegrationId, scope: Arc<SyncScope>) -> Option<Arc<SyncScope>> {
        let entry = self.entries.get_mut(integration)?;
        Some(std::mem::replace(&mut entry.scope, scope))
    }

    /// The connector of an integration.
    #[must_use]
    pub fn connector(&self, integration: &IntegrationId) -> Option<&Arc<dyn Connector>> {
        self.entries.get(integration).map(|e| &e.connector)
    }

    /// Starts one worker per stream that is not running already (the wanted ones when none is named); returns those
    /// started.
    /// Each counts as running before this returns.
    pub fn start(&self, integration: &IntegrationId, streams: &[Stream], full: bool) -> Vec<Task> {
        let Some(entry) = self.entries.get(integration) else { return Vec::new() };
        let mut started = Vec::new();
        for info in entry.connector.streams() {
            let named =
                if streams.is_empty() { entry.wanted.contains(&info.stream) } else { streams.contains(&info.stream) };
            if !named {
                continue;
            }
            let task = Task { integration: integration.clone(), stream: info.stream };
            let Some(cancel) = self.take_place(&task) else { continue };
            self.tried.lock().unwrap_or_else(PoisonError::into_inner).insert(task.clone(), self.clock.now());
            let job = Job {
                task: task.clone(),
                label: info.word_many.clone(),
                connector: Arc::clone(&entry.connector),
                store: self.store.clone(),
                sink: Arc::clone(&self.sink),
                clock: Arc::clone(&self.clock),
                cancel,
                full,
                scope: Arc::clone(&entry.scope),
                incremental: info.incremental,
                rules: Arc::clone(&self.rules),
            };
            self.spawn(job);
            started.push(task);
        }
        started
    }

    /// A stream's only place among those that run; `None` when it is taken.
    fn take_place(&self, task: &Task) -> Option<CancellationToken> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.contains_key(task) {
            return None;
        }
        let cancel = CancellationToken::new();
        running.insert(task.clone(), cancel.clone());
        Some(cancel)
    }

    /// Carries out a person's answer to a run that asked; no sync of the stream runs meanwhile. `told` hears how it
    /// ended.
    pub fn answer(
        &self,
        task: Task,
        change: MassChange,
        yes: bool,
        who: String,
        told: impl FnOnce(Result<String, Failure>) + Send + 'static,
    ) {
        if self.take_place(&task).is_none() {
            let what = format!("{}/{} is being synced", task.integration, task.stream);
            return told(Err(Failure::new(FailureClass::Usage, what, "answer when it has ended; it may ask anew")));
        }
        let infos = self.connector(&task.integration).map(|c| c.streams()).unwrap_or_default();
        let word = infos.into_iter().find(|i| i.stream == task.stream).map(|i| i.word_many);
        let label = word.unwrap_or_else(|| task.stream.to_string());
        let (running, sink) = (Arc::clone(&self.running), Arc::clone(&self.sink));
        let (store, clock) = (self.store.clone(), Arc::clone(&self.clock));
        let answer = Answer { task: task.clone(), label, change, yes, who, store, sink: Arc::clone(&sink), clock };
        self.tracker.spawn_blocking_on(
            move || {
                let result = answer.carry_out();
                running.lock().unwrap_or_else(PoisonError::into_inner).remove(&task);
                sink.ended(&task.integration, task.stream);
                told(result);
            },
            &self.runtime,
        );
    }

    fn spawn(&self, job: Job) {
        let running = Arc::clone(&self.running);
        let sink = Arc::clone(&self.sink);
        let task = job.task.clone();
        let label = job.label.clone();
        let clock = Arc::clone(&self.clock);
        let store = self.store.clone();
        let work = self.runtime.spawn(worker::run(job));
        self.tracker.spawn_on(
            async move {
                if let Err(panic) = work.await
                    && panic.is_panic()
                {
                    // A panic is ours: the stream is shown as failed and everything else goes on.
                    worker::report_panic(&store, sink.as_ref(), &task, &label, clock.now());
                }
                running.lock().unwrap_or_else(PoisonError::into_inner).remove(&task);
                sink.ended(&task.integration, task.stream);
            },
            &self.runtime,
        );
    }

    /// Stops the workers of an integration (all when `None`) at the end of their page.
    pub fn cancel(&self, integration: Option<&IntegrationId>) {
        for (task, token) in self.running.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if integration.is_none_or(|i| *i == task.integration) {
                token.cancel();
            }
        }
    }

    /// Tasks that run now.
    #[must_use]
    pub fn running(&self) -> Vec<Task> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// When each stream of an integration runs next by its schedule; a stream that runs now has no next run yet.
    #[must_use]
    pub fn next_runs(&self, integration: &IntegrationId, states: &[StreamProgress]) -> Vec<(Stream, Timestamp)> {
        let Some(entry) = self.entries.get(integration) else { return Vec::new() };
        let now = self.clock.now();
        let tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next: Vec<(Stream, Timestamp)> = Vec::new();
        for info in entry.connector.streams() {
            let task = Task { integration: integration.clone(), stream: info.stream };
            let planned = entry.wanted.contains(&info.stream) && entry.planned.contains(&info.stream);
            if !planned || running.contains_key(&task) {
                continue;
            }
            let progress = states.iter().find(|s| s.integration == *integration && s.stream == info.stream);
            let past = Past { progress, tried: tried.get(&task).copied() };
            let schedule = self.schedule(integration, info.stream);
            let subject = format!("{integration}/{}", info.stream);
            next.extend(past.next(&schedule, &subject, &self.rules.spread, now).map(|at| (info.stream, at)));
        }
        next.sort_by_key(|(_, at)| *at);
        next
    }

    /// Stops everything and waits until no worker runs.
    pub async fn shut_down(&self) {
        self.cancel(None);
        self.tracker.close();
        self.tracker.wait().await;
    }
}
