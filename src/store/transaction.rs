//! One write: everything in it is on disk, or nothing of it.
//!
//! A transaction holds the process's writer lock from its start to its end. Numbers that it gives out (sequence numbers,
//! history ids, run ids, revisions) are part of the same batch, and become visible to readers only after it was applied.

use super::key::{self, Table};
use super::{Store, codec, error};
use crate::domain::{Failure, FlowId, IntegrationId, Stream};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::MutexGuard;

/// Numbers that only rise, kept in one value of the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Counters {
    /// Last run id given.
    pub run: u64,
    /// Last history id given.
    pub history: u64,
    /// Last number given to a rule.
    pub rule: u64,
    /// Last number given to a write.
    pub write: u64,
    /// Sequence number of the oldest log line.
    pub log_first: u64,
    /// Last sequence number given to a log line.
    pub log_last: u64,
    /// Writes of records, runs and decisions.
    pub revision: u64,
}

/// What is kept in memory of the store: small, and always equal to what is on disk.
#[derive(Debug, Default)]
pub(super) struct State {
    pub counters: Counters,
    pub integrations: HashMap<IntegrationId, u16>,
    pub flows: HashMap<FlowId, u16>,
    pub live: HashMap<(u16, Stream), u64>,
}

/// A write in the making.
pub(super) struct Transaction<'a> {
    pub store: &'a Store,
    _writer: MutexGuard<'a, ()>,
    batch: sled::Batch,
    pub counters: Counters,
    new_integrations: Vec<(IntegrationId, u16)>,
    new_flows: Vec<(FlowId, u16)>,
    live: HashMap<(u16, Stream), u64>,
    content: bool,
}

impl Store {
    /// Starts a write; waits until no other is under way.
    pub(super) fn transaction(&self) -> Transaction<'_> {
        let writer = self.writer();
        let counters = self.state().counters;
        Transaction {
            store: self,
            _writer: writer,
            batch: sled::Batch::default(),
            counters,
            new_integrations: Vec::new(),
            new_flows: Vec::new(),
            live: HashMap::new(),
            content: false,
        }
    }

    /// The integration's number; `None` when nothing was ever stored for it.
    pub(super) fn integration_number(&self, id: &IntegrationId) -> Option<u16> {
        self.state().integrations.get(id).copied()
    }

    /// The flow's number; `None` when nothing was ever stored for it.
    pub(super) fn flow_number(&self, id: &FlowId) -> Option<u16> {
        self.state().flows.get(id).copied()
    }
}

impl Transaction<'_> {
    /// Writes a value.
    pub fn put<T: Serialize>(&mut self, key: Vec<u8>, value: &T) -> Result<(), Failure> {
        self.batch.insert(key, codec::encode(value)?);
        Ok(())
    }

    /// Writes bytes that are encoded already.
    pub fn put_encoded(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.batch.insert(key, value);
    }

    /// Removes a value.
    pub fn remove(&mut self, key: impl Into<sled::IVec>) {
        self.batch.remove(key);
    }

    /// Says that records, runs or decisions change, so that the revision rises.
    pub fn touches_content(&mut self) {
        self.content = true;
    }

    /// The integration's number, given now if it has none.
    pub fn integration(&mut self, id: &IntegrationId) -> Result<u16, Failure> {
        let known = self.store.integration_number(id);
        let new = self.new_integrations.iter().find(|(name, _)| name == id).map(|(_, number)| *number);
        if let Some(number) = known.or(new) {
            return Ok(number);
        }
        let number = next_number(self.store.state().integrations.len() + self.new_integrations.len())?;
        self.put(key::named(Table::Integration, id.as_str()), &number)?;
        self.new_integrations.push((id.clone(), number));
        Ok(number)
    }

    /// The flow's number, given now if it has none.
    pub fn flow(&mut self, id: &FlowId) -> Result<u16, Failure> {
        let known = self.store.flow_number(id);
        let new = self.new_flows.iter().find(|(name, _)| name == id).map(|(_, number)| *number);
        if let Some(number) = known.or(new) {
            return Ok(number);
        }
        let number = next_number(self.store.state().flows.len() + self.new_flows.len())?;
        self.put(key::named(Table::Flow, id.as_str()), &number)?;
        self.new_flows.push((id.clone(), number));
        Ok(number)
    }

    /// Changes the number of live records of a stream.
    pub fn change_live(&mut self, integration: u16, stream: Stream, by: i64) -> Result<(), Failure> {
        let slot = (integration, stream);
        let before = self.live.get(&slot).copied().or_else(|| self.store.state().live.get(&slot).copied()).unwrap_or(0);
        let after = before.saturating_add_signed(by);
        self.put(key::stream(Table::LiveCount, integration, stream), &after)?;
        self.live.insert(slot, after);
        Ok(())
    }

    /// Applies the batch. Visible to readers at once; durable after [`Store::flush`] or sled's own flush,
    /// which comes by itself.
    pub fn commit(mut self) -> Result<(), Failure> {
        self.write()
    }

    /// Applies what was put so far and stays open, with the writer lock held: for work that is too large for one batch.
    /// The caller sees to it that a kill in between can be made good.
    pub fn write(&mut self) -> Result<(), Failure> {
        self.counters.revision += u64::from(std::mem::take(&mut self.content));
        if self.counters != self.store.state().counters {
            let counters = self.counters;
            self.put(key::counters(), &counters)?;
        }
        let batch = std::mem::take(&mut self.batch);
        self.store.tree().apply_batch(batch).map_err(|e| error::from_sled(&e, "writing the store"))?;
        let mut state = self.store.state_mut();
        state.counters = self.counters;
        state.integrations.extend(self.new_integrations.drain(..));
        state.flows.extend(self.new_flows.drain(..));
        state.live.extend(self.live.drain());
        Ok(())
    }
}

/// Numbers are never given twice: nothing is ever taken out of the tables of names.
fn next_number(taken: usize) -> Result<u16, Failure> {
    u16::try_from(taken + 1).map_err(|_| error::local("the store holds 65,535 integrations or flows", "use a new home"))
}
