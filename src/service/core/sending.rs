//! Couriers: who sends, and what becomes of what they sent. Rows follow at once, the writer makes it durable.

use super::super::decide;
use super::super::tables::Change;
use super::super::writer;
use super::super::writing::{REST, sink::CourierSink};
use super::{Core, CoreMessage, Pending};
use crate::domain::{
    Actor, Decision, DecisionKind, Failure, FailureClass, FlowId, HistoryEntry, HistoryId, IntegrationId, LogLevel,
    OutboxEntry, Record, RowChange, Stream, WriteState,
};
use crate::sync::outbox::{Closed, Courier, Delivered};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;

/// Changes of rows with the writes that led to them.
type Matched = (Vec<RowChange>, Vec<OutboxEntry>);

impl Core {
    /// A vendor has what was written, or refused it: rows follow, then the writer.
    pub(super) fn writes_closed(&mut self, integration: IntegrationId, closed: Closed, done: oneshot::Sender<bool>) {
        let at = self.clock.now();
        for record in &closed.records {
            for change in Change::all_of(record) {
                self.pending.push_back(Pending::Change(integration.clone(), change));
            }
        }
        let mut groups: BTreeMap<(FlowId, Stream, String), Matched> = BTreeMap::new();
        let mut others = Vec::new();
        for entry in closed.entries {
            match self.match_made(&entry) {
                Some(change) => {
                    let key = (entry.write.flow.clone(), entry.write.stream, format!("{:?}", entry.actor));
                    let group = groups.entry(key).or_default();
                    group.0.push(change);
                    group.1.push(entry);
                }
                None => others.push(entry),
            }
        }
        let vendor = self.vendor(&integration);
        let mut decided = Vec::new();
        for ((flow, stream, _), (changes, writes)) in groups {
            let Ok(place) = self.flow_at(&flow) else { continue };
            self.put(place, stream, &changes);
            self.flows[place].due.decided = true;
            let what = format!("created {} on {vendor}", decide::counted(stream, changes.len() as u64));
            let entry = HistoryEntry {
                id: HistoryId(0),
                at,
                actor: writes.first().map_or(Actor::Engine, |entry| entry.actor.clone()),
                flow,
                stream,
                what,
                rows: changes.len() as u64,
                changes,
                rules: Vec::new(),
                records: Vec::new(),
                undoes: None,
                undone_by: None,
            };
            decided.push((entry, writes));
        }
        self.writing += 1;
        let job = writer::Job::CloseWrites { integration, records: closed.records, decided, others, at, done };
        let _ = self.writer.send(job);
    }

    /// The decision that a record that was made leads to; `None` where a person decided otherwise meanwhile.
    fn match_made(&self, entry: &OutboxEntry) -> Option<RowChange> {
        let WriteState::Confirmed { target } = &entry.state else { return None };
        if !entry.write.is_create() {
            return None;
        }
        let at = self.flow_at(&entry.write.flow).ok()?;
        let state = &self.flows[at];
        let source = self.world.tables_of(&state.flow.source);
        let place = super::super::views::position(source, entry.write.stream, &entry.write.source)?;
        let row = state.queue(entry.write.stream)?.rows.get(place)?;
        let before = row.decision.as_deref().cloned();
        if matches!(before.as_ref().map(|d| &d.kind), Some(DecisionKind::Matched { .. } | DecisionKind::Ignored)) {
            return None;
        }
        let after = Decision {
            kind: DecisionKind::Matched { target: target.clone() },
            actor: entry.actor.clone(),
            at: self.clock.now(),
            why: format!("created on {}", self.vendor(&entry.write.target)),
        };
        Some(RowChange { source: entry.write.source.clone(), before, after: Some(after) })
    }

    /// What became of writes is kept, or is not: then rows go back, and the vendor is asked once more.
    pub(super) fn writes_decided(
        &mut self,
        integration: &IntegrationId,
        decided: Vec<(HistoryEntry, Vec<OutboxEntry>)>,
        others: Vec<OutboxEntry>,
        result: Result<Vec<Record>, Failure>,
        done: oneshot::Sender<bool>,
    ) {
        self.writing -= 1;
        let kept = result.is_ok();
        let flows: BTreeSet<FlowId> =
            decided.iter().flat_map(|(_, writes)| writes).chain(&others).map(|e| e.write.flow.clone()).collect();
        match result {
            Ok(_) => {
                let writes = decided.into_iter().flat_map(|(_, writes)| writes).chain(others);
                for entry in writes {
                    self.tell_refused(integration, &entry);
                    self.writes.put(entry);
                }
            }
            Err(failure) => {
                for (entry, _) in decided {
                    if let Ok(at) = self.flow_at(&entry.flow) {
                        let back: Vec<RowChange> = entry
                            .changes
                            .into_iter()
                            .map(|c| RowChange { source: c.source, before: c.after, after: c.before })
                            .collect();
                        self.put(at, entry.stream, &back);
                    }
                }
                self.outbox.notice(LogLevel::Error, format!("not saved: {failure}"));
            }
        }
        self.show_writes(flows);
        let _ = done.send(kept);
    }

    fn tell_refused(&mut self, integration: &IntegrationId, entry: &OutboxEntry) {
        let WriteState::Refused { reason, said } = &entry.state else { return };
        let said = if said.is_empty() { String::new() } else { format!(": “{said}”") };
        let text = format!("{} was not written: {reason}{said}", entry.write.name);
        self.log_line(integration, LogLevel::Warn, &crate::domain::text::clean(&text));
    }

    /// Sends couriers where something waits.
    pub(super) fn deliver(&mut self) {
        if !self.ready {
            return;
        }
        for id in self.writes.waiting(Instant::now()) {
            let Some(found) = self.integrations.iter().find(|i| i.id == id) else { continue };
            if self.paused.contains(&id) {
                continue;
            }
            let sink = CourierSink {
                inbox: self.inbox.clone(),
                store: self.store.clone(),
                clock: Arc::clone(&self.clock),
                runtime: self.runtime.clone(),
            };
            let courier = Courier {
                integration: id.clone(),
                connector: Arc::clone(&found.connector),
                store: self.store.clone(),
                clock: Arc::clone(&self.clock),
                sink: Arc::new(sink),
            };
            self.writes.again.remove(&id);
            self.writes.stopped.remove(&id);
            self.writes.couriers.insert(id.clone());
            let inbox = self.inbox.clone();
            self.runtime.spawn(async move {
                let delivered = courier.run().await;
                let _ = inbox.send(CoreMessage::Delivered(id, delivered));
            });
        }
        // What is due and has nothing to send any more.
        let now = Instant::now();
        self.writes.again.retain(|_, at| *at > now);
    }

    /// A courier came back.
    pub(super) fn delivered(&mut self, integration: IntegrationId, delivered: Delivered) {
        self.writes.couriers.remove(&integration);
        if delivered == Delivered::All && self.writes.has_sendable(&integration) {
            // What is left waits for something else that is not sent yet.
            self.writes.again.insert(integration.clone(), Instant::now() + REST);
        }
        if let Delivered::Stopped(failure, again) = delivered {
            let text = stopped(&integration, &failure, again);
            self.outbox.notice(LogLevel::Warn, text.clone());
            self.log_line(&integration, LogLevel::Warn, &text);
            self.writes.stopped.insert(integration.clone(), text);
            if again {
                self.writes.again.insert(integration, Instant::now() + REST);
            } else {
                // Until somebody does something about it.
                self.writes.awake = false;
            }
        }
        self.outbox.overview();
    }
}

/// Why a courier came back, what that means for what was not written, and how it goes on.
fn stopped(integration: &IntegrationId, failure: &Failure, again: bool) -> String {
    let next = if again {
        "it is tried again by itself while matchbook runs, or at once with `matchbook apply`"
    } else if failure.class == FailureClass::Credentials {
        "enter new credentials with `matchbook connect`, then `matchbook apply` goes on with it"
    } else {
        "when that is done, `matchbook apply` goes on with it"
    };
    format!("writing to {integration} stopped: {failure}; what was not written stays in the outbox: {next}")
}
