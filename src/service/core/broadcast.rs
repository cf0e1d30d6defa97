//! Events to the terminals: bursts are gathered and sent at most ten times a second.

use super::super::front::Front;
use super::super::loading::Loaded;
use super::super::messages::{Event, Message};
use super::Core;
use crate::domain::{Failure, FlowId, LogEntry, LogLevel};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Shortest time between two bursts of events.
const INTERVAL: Duration = Duration::from_millis(100);
/// Log lines kept for one burst; older ones are in the store.
const LINES: usize = 500;

/// What is to be sent.
#[derive(Debug, Default)]
pub struct Outbox {
    overview: bool,
    queues: BTreeSet<FlowId>,
    log: Vec<LogEntry>,
    notices: Vec<(LogLevel, String)>,
    last: Option<Instant>,
}

impl Outbox {
    /// Counts or states changed.
    pub fn overview(&mut self) {
        self.overview = true;
    }

    /// A flow's queues changed.
    pub fn queue(&mut self, flow: &FlowId) {
        self.queues.insert(flow.clone());
    }

    /// New log lines.
    pub fn log(&mut self, lines: Vec<LogEntry>) {
        self.log.extend(lines);
        if self.log.len() > LINES {
            self.log.drain(..self.log.len() - LINES);
        }
    }

    /// Something a person should read.
    pub fn notice(&mut self, level: LogLevel, text: String) {
        self.notices.push((level, text));
    }

    fn is_empty(&self) -> bool {
        !self.overview && self.queues.is_empty() && self.log.is_empty() && self.notices.is_empty()
    }

    /// When the next burst may go; `None` when there is nothing.
    pub fn due(&self) -> Option<Instant> {
        (!self.is_empty()).then(|| self.last.map_or_else(Instant::now, |last| last + INTERVAL))
    }
}

impl Core {
    /// Sends the burst when it is time.
    pub(super) fn send_due(&mut self) {
        if self.outbox.due().is_some_and(|due| due <= Instant::now()) {
            self.send_now();
        }
    }

    /// Sends what there is.
    pub(super) fn send_now(&mut self) {
        for state in self.flows.iter_mut().filter(|state| state.flow.is_import()) {
            if state.ready.take_news() {
                state.types.generation += 1;
                self.outbox.queue(&state.flow.id);
            }
        }
        let outbox = std::mem::take(&mut self.outbox);
        self.outbox.last = Some(Instant::now());
        if self.subscribers.is_empty() {
            return;
        }
        let mut events = Vec::new();
        if !outbox.log.is_empty() {
            events.push(Event::Log(outbox.log));
        }
        if outbox.overview {
            events.push(Event::Overview(Box::new(self.overview())));
        }
        for flow in outbox.queues {
            let Some(state) = self.flows.iter().find(|f| f.flow.id == flow) else { continue };
            for stream in state.streams() {
                let generation = state.queue(stream).map_or(0, |q| q.generation);
                events.push(Event::Queue { flow: flow.clone(), stream, generation });
            }
        }
        events.extend(outbox.notices.into_iter().map(|(level, text)| Event::Notice { level, text }));
        // A terminal that is gone is forgotten; one that is slow misses this burst and gets the next.
        self.subscribers.retain(|subscriber| {
            events.iter().all(|event| match subscriber.try_send(Message::Event(event.clone())) {
                Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => true,
                Err(mpsc::error::TrySendError::Closed(_)) => false,
            })
        });
    }

    pub(super) fn subscribe(&mut self, subscriber: mpsc::Sender<Message>) {
        let _ = subscriber.try_send(Message::Event(Event::Overview(Box::new(self.overview()))));
        self.subscribers.push(subscriber);
    }

    /// The store was read: what waited is answered.
    pub(super) fn loaded(&mut self, loaded: Result<Box<Loaded>, Failure>) {
        match loaded {
            Ok(loaded) => {
                self.world = Arc::new(loaded.world);
                self.rules = loaded.rules;
                self.flows = loaded.flows;
                self.off = loaded.off;
                let awake = self.writes.awake;
                self.writes = loaded.writes;
                self.writes.awake = awake;
                self.ready = true;
                self.adopt_rules();
                self.count_inventory();
                for state in self.flows.iter_mut().filter(|state| state.flow.is_import()) {
                    let flow = state.flow.clone();
                    super::super::staging::judge_types(state, super::super::compare::sides_of(&self.world, &flow));
                }
                if let Some(front) = self.front.take() {
                    front.into_rows(&mut self.flows, &self.world);
                }
                self.plan_streams();
                self.plan_schedule();
                self.warn_of_scopes();
                for state in &self.flows {
                    self.outbox.queue(&state.flow.id);
                }
                self.outbox.overview();
                for (reply, request) in std::mem::take(&mut self.waiting) {
                    self.request(reply, request);
                }
            }
            Err(failure) => {
                self.outbox.notice(LogLevel::Error, failure.to_string());
                self.refuse_all(&failure);
            }
        }
    }

    /// Keeps the first rows of every queue for the next start.
    pub(super) fn save_front(&mut self) {
        let mut front = Front::of(self.overview());
        for state in &mut self.flows {
            let flow = state.flow.clone();
            let sides = super::super::compare::sides_of(&self.world, &flow);
            front.take(state, sides);
        }
        front.save(&self.store);
    }
}
