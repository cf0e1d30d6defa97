//! Writes to vendors as the core knows them: what is on its way, what came back refused, who sends.

pub mod guard;
pub mod planning;
pub mod sink;
pub mod view;

use crate::domain::{Failure, FlowId, IntegrationId, OutboxEntry, RecordId, Stream, WriteId, WriteState, text};
use crate::store::Store;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Newest writes looked through at the start for what came back to its row.
const LOOKED_THROUGH: usize = 5_000;

/// How long a vendor that did not answer is left alone.
pub const REST: Duration = Duration::from_mins(1);

/// A row of a queue.
pub type RowKey = (FlowId, Stream, RecordId);

/// What the core keeps of the outbox.
#[derive(Debug, Default)]
pub struct Writes {
    /// Writes that are not closed, with their states as last heard.
    live: BTreeMap<WriteId, OutboxEntry>,
    by_row: FxHashMap<RowKey, WriteId>,
    /// Why the last write of a row came back.
    refused: FxHashMap<RowKey, String>,
    /// Integrations that are being written to.
    pub couriers: BTreeSet<IntegrationId>,
    /// Integrations that did not answer, and when they are tried again.
    pub again: BTreeMap<IntegrationId, Instant>,
    /// Why an integration's courier came back before the end, and what to do, for a person.
    pub stopped: BTreeMap<IntegrationId, String>,
    /// Writes may be sent: the interface runs, or somebody asked.
    pub awake: bool,
    /// Plans in the making, and changes of the outbox on their way to the disk.
    pub busy: u64,
    /// Flows whose matched records are to be compared.
    pub compare: BTreeSet<FlowId>,
}

impl Writes {
    /// Nothing yet; `awake` says whether what is open may be sent by itself.
    pub fn new(awake: bool) -> Self {
        Self { awake, ..Self::default() }
    }

    /// What the store has.
    ///
    /// # Errors
    /// The store's.
    pub fn load(store: &Store) -> Result<Self, Failure> {
        let mut writes = Self::default();
        for entry in store.open_writes()? {
            writes.put(entry);
        }
        let mut seen = BTreeSet::new();
        for entry in store.writes(None, LOOKED_THROUGH, &|_| true, LOOKED_THROUGH)? {
            let row = row_of(&entry);
            if seen.insert(row.clone())
                && let WriteState::Refused { reason, said } = &entry.state
            {
                writes.refused.insert(row, told(reason, said));
            }
        }
        Ok(writes)
    }

    /// A write as it stands now.
    pub fn put(&mut self, entry: OutboxEntry) {
        let row = row_of(&entry);
        match &entry.state {
            state if state.is_live() => {
                self.refused.remove(&row);
                self.by_row.insert(row, entry.id);
                self.live.insert(entry.id, entry);
                return;
            }
            WriteState::Refused { reason, said } => {
                self.refused.insert(row.clone(), told(reason, said));
            }
            _ => {
                self.refused.remove(&row);
            }
        }
        self.live.remove(&entry.id);
        if self.by_row.get(&row) == Some(&entry.id) {
            self.by_row.remove(&row);
        }
    }

    /// Writes that are not closed.
    pub fn live(&self) -> impl Iterator<Item = &OutboxEntry> {
        self.live.values()
    }

    /// A write that is not closed.
    pub fn open(&self, id: WriteId) -> Option<&OutboxEntry> {
        self.live.get(&id)
    }

    /// Writes that are not closed, newest first, before one and of one flow.
    pub fn newest<'a>(
        &'a self,
        before: Option<WriteId>,
        flow: Option<&'a FlowId>,
    ) -> impl Iterator<Item = &'a OutboxEntry> {
        let before = before.unwrap_or(WriteId(u64::MAX));
        let older = self.live.range(..before).rev().map(|(_, entry)| entry);
        older.filter(move |entry| flow.is_none_or(|flow| entry.write.flow == *flow))
    }

    /// The write of a row that is not closed.
    pub fn of(&self, row: &RowKey) -> Option<&OutboxEntry> {
        self.live.get(self.by_row.get(row)?)
    }

    /// What a row says about its write; `None` where there is none.
    pub fn word(&self, row: &RowKey, vendor: &str) -> Option<String> {
        if let Some(entry) = self.of(row) {
            let verb = if entry.write.is_create() { "create" } else { "update" };
            return Some(match &entry.state {
                WriteState::Planned => format!("{verb} on {vendor}: planned, waits for apply"),
                WriteState::Unconfirmed { .. } => format!("{verb} on {vendor}: sent, being looked for"),
                _ => format!("{verb} on {vendor}: on its way"),
            });
        }
        self.refused.get(row).cloned()
    }

    /// Why a row's last write came back.
    pub fn came_back(&self, row: &RowKey) -> Option<&String> {
        self.refused.get(row)
    }

    /// Whether rows say anything about writes.
    pub fn has_words(&self) -> bool {
        !self.by_row.is_empty() || !self.refused.is_empty()
    }

    /// Planned ones and those on their way.
    pub fn counts(&self) -> (u64, u64) {
        let planned = self.live().filter(|entry| entry.state == WriteState::Planned).count() as u64;
        (planned, self.live.len() as u64 - planned)
    }

    /// Integrations with something to send and nobody who does.
    pub fn waiting(&self, now: Instant) -> BTreeSet<IntegrationId> {
        if !self.awake {
            return BTreeSet::new();
        }
        let sendable = self.live().filter(|entry| entry.state != WriteState::Planned);
        sendable
            .map(|entry| entry.write.target.clone())
            .filter(|id| !self.couriers.contains(id) && self.again.get(id).is_none_or(|at| *at <= now))
            .collect()
    }

    /// Something of an integration may be sent.
    pub fn has_sendable(&self, integration: &IntegrationId) -> bool {
        self.live().any(|entry| entry.state != WriteState::Planned && entry.write.target == *integration)
    }

    /// When an integration is tried again.
    pub fn due(&self) -> Option<Instant> {
        self.again.values().min().copied()
    }

    /// Nothing is planned, sent or kept at the moment.
    pub fn is_idle(&self) -> bool {
        self.busy == 0 && self.couriers.is_empty() && self.compare.is_empty()
    }
}

/// The row that a write belongs to.
pub fn row_of(entry: &OutboxEntry) -> RowKey {
    (entry.write.flow.clone(), entry.write.stream, entry.write.source.clone())
}

/// Why it came back, with the vendor's words.
fn told(reason: &str, said: &str) -> String {
    let said = if said.is_empty() { String::new() } else { format!(": “{}”", text::clean(said)) };
    format!("not written: {}{said}", text::clean(reason))
}
