//! Decisions and their history. A decision is one write with its history entry, and durable when it is acknowledged.

use super::inventory::{put_record_changes, write_records};
use super::key::{self, Table};
use super::rules::put_rules;
use super::transaction::Transaction;
use super::{Store, codec, error};
use crate::domain::{
    Decision, DecisionKind, Failure, FailureClass, FlowId, HistoryEntry, HistoryId, OutboxEntry, RecordId, RowChange,
    Stream,
};
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

/// Changes in one value of the store. sled keeps sixteen values on a page, so a value must stay far below a page's limit.
const CHANGES_PER_VALUE: usize = 32;

/// Changes in one write. sled keeps about 6 KB of memory for each value of a batch until all of it is applied: 90,000
/// rows in one batch took 550 MB. A larger entry is made durable first and its rows are written after, see
/// [`Store::decide`].
const CHANGES_PER_WRITE: usize = 1000;

/// Longest chain of undo and redo that is followed.
const LONGEST_CHAIN: usize = 10_000;

/// Rows of a queue by what was decided. Rows without a decision are not in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DecisionCounts {
    /// Have a target.
    pub matched: u64,
    /// Never get one.
    pub ignored: u64,
    /// Put off.
    pub deferred: u64,
    /// Open by a person's hand.
    pub held: u64,
}

impl DecisionCounts {
    fn slot(&mut self, kind: &DecisionKind) -> &mut u64 {
        match kind {
            DecisionKind::Matched { .. } => &mut self.matched,
            DecisionKind::Ignored => &mut self.ignored,
            DecisionKind::Deferred => &mut self.deferred,
            DecisionKind::Held => &mut self.held,
        }
    }

    /// Counts one more.
    pub(super) fn add(&mut self, kind: &DecisionKind) {
        *self.slot(kind) += 1;
    }

    fn apply(&mut self, change: &RowChange) {
        if let Some(before) = &change.before {
            let slot = self.slot(&before.kind);
            *slot = slot.saturating_sub(1);
        }
        if let Some(after) = &change.after {
            *self.slot(&after.kind) += 1;
        }
    }
}

/// The changes that take an entry back: each row's `before` and `after` swapped, in reverse order.
#[must_use]
pub fn inverse_changes(entry: &HistoryEntry) -> Vec<RowChange> {
    let swapped = entry.changes.iter().rev();
    swapped.map(|c| RowChange { source: c.source.clone(), before: c.after.clone(), after: c.before.clone() }).collect()
}

impl Store {
    /// Carries out a history entry: every row's decision, the entry itself, and the mark on the entry that it takes
    /// back (`undoes`). All of it or nothing, and durable when this returns. The store gives the entry its id and counts
    /// its rows.
    ///
    /// An entry of up to a thousand rows is one write. A larger one is written with its changes and made durable first,
    /// then its rows follow; after a kill in between the next opening writes the rest. A reader may see such an entry's
    /// rows by half only while this call runs.
    ///
    /// # Errors
    /// `Usage` when a row's decision is not what the entry says it was `before`, or when the entry to take back was
    /// taken back already: nothing is changed. `Local` when the disk refuses.
    pub fn decide(&self, entry: HistoryEntry) -> Result<HistoryEntry, Failure> {
        self.decide_and(entry, &[])
    }

    /// The same, and the states of writes to vendors in the same write: what was made and what it was matched with are
    /// one.
    ///
    /// # Errors
    /// As [`Store::decide`]; `Usage` when a write is closed already.
    pub fn decide_and(&self, mut entry: HistoryEntry, writes: &[OutboxEntry]) -> Result<HistoryEntry, Failure> {
        let mut tx = self.transaction();
        self.put_writes(&mut tx, writes)?;
        let flow = tx.flow(&entry.flow)?;
        let counts = self.checked_changes(flow, &entry)?;
        self.check_rules(&entry)?;
        self.check_records(&entry)?;
        entry.id = HistoryId(tx.counters.history + 1);
        entry.rows = entry.changes.len() as u64;
        entry.undone_by = None;
        let large = entry.changes.len() > CHANGES_PER_WRITE || entry.records.len() > CHANGES_PER_WRITE;
        put_changes(&mut tx, &entry, large)?;
        put_record_changes(&mut tx, &entry, large)?;
        if large {
            tx.put(key::pending(), &entry.id)?;
        } else {
            put_rows(&mut tx, flow, entry.stream, &entry.changes)?;
            self.put_records(&mut tx, &entry.records, entry.at)?;
        }
        put_rules(&mut tx, &entry)?;
        tx.counters.history = entry.id.0;
        put_head(&mut tx, &entry)?;
        if let Some(undone) = entry.undoes {
            self.mark_undone(&mut tx, undone, entry.id)?;
        }
        tx.put(key::stream(Table::DecisionCount, flow, entry.stream), &counts)?;
        tx.touches_content();
        tx.write()?;
        self.flush()?;
        // The decision is durable already; a marker that lags behind only notices less.
        let _ = self.0.marker.acknowledge(entry.id.0);
        if large {
            write_records(&mut tx, &entry.records, entry.at)?;
            write_rows(&mut tx, flow, entry.stream, &entry.changes)?;
        }
        Ok(entry)
    }

    /// Makes good what a kill in the middle of a large decision left: the entry is durable, so its rows are written;
    /// changes of an entry that never became durable are dropped.
    pub(super) fn complete_decisions(&self) -> Result<(), Failure> {
        let mut tx = self.transaction();
        let next = tx.counters.history + 1;
        let leftovers = [Table::HistoryChanges, Table::HistoryRecords]
            .map(|table| self.tree().range(key::numbered(table, next)..key::table_end(table)).keys());
        for (count, key) in (1..).zip(leftovers.into_iter().flatten()) {
            tx.remove(key.map_err(|e| error::from_sled(&e, "reading the history"))?);
            if count % CHANGES_PER_WRITE == 0 {
                tx.write()?;
            }
        }
        tx.write()?;
        let Some(pending) = self.get::<HistoryId>(&key::pending())? else { return Ok(()) };
        let entry = self.history_entry(pending)?.filter(|entry| entry.changes.len() as u64 == entry.rows);
        let entry = entry.ok_or_else(|| {
            error::local(format!("history entry {} is not whole", pending.0), "restore the newest backup")
        })?;
        let flow = tx.flow(&entry.flow)?;
        write_records(&mut tx, &entry.records, entry.at)?;
        write_rows(&mut tx, flow, entry.stream, &entry.changes)
    }

    /// Checks every row's `before`, and counts the decisions after the entry.
    fn checked_changes(&self, flow: u16, entry: &HistoryEntry) -> Result<DecisionCounts, Failure> {
        let mut counts = self.decision_counts(&entry.flow, entry.stream)?;
        let mut touched = FxHashSet::default();
        for change in &entry.changes {
            if !touched.insert(&change.source) {
                return Err(error::ours(format!("one action decides {} twice", change.source)));
            }
            let key = key::item(Table::Decision, flow, entry.stream, change.source.as_str());
            if self.get::<Decision>(&key)? != change.before {
                return Err(changed_meanwhile(&change.source));
            }
            counts.apply(change);
        }
        Ok(counts)
    }

    /// The decision on a row.
    ///
    /// # Errors
    /// When the disk refuses or the value is damaged.
    pub fn decision(&self, flow: &FlowId, stream: Stream, source: &RecordId) -> Result<Option<Decision>, Failure> {
        match self.flow_number(flow) {
            Some(number) => self.get(&key::item(Table::Decision, number, stream, source.as_str())),
            None => Ok(None),
        }
    }

    /// Every decision of a queue, in the order of the source ids.
    ///
    /// # Errors
    /// When the disk refuses or a value is damaged.
    pub fn each_decision(
        &self,
        flow: &FlowId,
        stream: Stream,
        f: &mut dyn FnMut(RecordId, Decision),
    ) -> Result<(), Failure> {
        let Some(number) = self.flow_number(flow) else { return Ok(()) };
        for pair in self.tree().scan_prefix(key::stream(Table::Decision, number, stream)) {
            let (key, value) = pair.map_err(|e| error::from_sled(&e, "reading the decisions"))?;
            let id = RecordId::new(String::from_utf8_lossy(&key[key::ITEM_PREFIX..]));
            f(id, codec::decode(&value)?);
        }
        Ok(())
    }

    /// The decisions of a queue, counted. A counter, not a scan.
    ///
    /// # Errors
    /// When the disk refuses or the value is damaged.
    pub fn decision_counts(&self, flow: &FlowId, stream: Stream) -> Result<DecisionCounts, Failure> {
        let Some(number) = self.flow_number(flow) else { return Ok(DecisionCounts::default()) };
        Ok(self.get(&key::stream(Table::DecisionCount, number, stream))?.unwrap_or_default())
    }

    /// The newest `limit` entries before `before` (`None`: of all), newest first, without their changes.
    ///
    /// # Errors
    /// When the disk refuses or a value is damaged.
    pub fn history(&self, before: Option<HistoryId>, limit: usize) -> Result<Vec<HistoryEntry>, Failure> {
        let before = before.map_or(u64::MAX, |id| id.0);
        let range = key::numbered(Table::History, 0)..key::numbered(Table::History, before);
        let pairs = self.tree().range(range).rev().take(limit);
        pairs.map(|pair| codec::decode(&pair.map_err(|e| error::from_sled(&e, "reading the history"))?.1)).collect()
    }

    /// One entry with its changes.
    ///
    /// # Errors
    /// When the disk refuses or a value is damaged.
    pub fn history_entry(&self, id: HistoryId) -> Result<Option<HistoryEntry>, Failure> {
        let Some(mut entry) = self.get::<HistoryEntry>(&key::numbered(Table::History, id.0))? else { return Ok(None) };
        for value in self.tree().scan_prefix(key::numbered(Table::HistoryChanges, id.0)).values() {
            let value = value.map_err(|e| error::from_sled(&e, "reading the history"))?;
            entry.changes.append(&mut codec::decode::<Vec<RowChange>>(&value)?);
        }
        entry.rules = self.rules_of(id)?;
        entry.records = self.record_changes_of(id)?;
        Ok(Some(entry))
    }

    /// Marks the entry as taken back. If it was itself an undo, what it had taken back is in force again, and so on
    /// down the chain, alternating.
    fn mark_undone(&self, tx: &mut Transaction<'_>, undone: HistoryId, by: HistoryId) -> Result<(), Failure> {
        let mut next = Some((undone, Some(by)));
        for step in 0..LONGEST_CHAIN {
            let Some((id, undone_by)) = next else { return Ok(()) };
            let key = key::numbered(Table::History, id.0);
            let Some(mut entry) = self.get::<HistoryEntry>(&key)? else {
                return if step == 0 { Err(no_such_entry(id)) } else { Ok(()) };
            };
            if step == 0 && entry.undone_by.is_some() {
                return Err(taken_back_already(id));
            }
            entry.undone_by = undone_by;
            tx.put(key, &entry)?;
            next = entry.undoes.map(|below| (below, if undone_by.is_some() { None } else { Some(id) }));
        }
        Ok(())
    }
}

/// Puts the changes of an entry under its number, where nobody sees them before its head is written. Those of a large
/// entry are written as they come.
fn put_changes(tx: &mut Transaction<'_>, entry: &HistoryEntry, large: bool) -> Result<(), Failure> {
    for (part, changes) in (0u32..).zip(entry.changes.chunks(CHANGES_PER_VALUE)) {
        tx.put(key::part(Table::HistoryChanges, entry.id.0, part), &changes)?;
        if large && part % 64 == 63 {
            tx.write()?;
        }
    }
    if large { tx.write() } else { Ok(()) }
}

fn put_head(tx: &mut Transaction<'_>, entry: &HistoryEntry) -> Result<(), Failure> {
    let head = HistoryEntry {
        id: entry.id,
        at: entry.at,
        actor: entry.actor.clone(),
        flow: entry.flow.clone(),
        stream: entry.stream,
        what: entry.what.clone(),
        changes: Vec::new(),
        rules: Vec::new(),
        records: Vec::new(),
        rows: entry.rows,
        undoes: entry.undoes,
        undone_by: entry.undone_by,
    };
    tx.put(key::numbered(Table::History, entry.id.0), &head)
}

fn put_rows(tx: &mut Transaction<'_>, flow: u16, stream: Stream, changes: &[RowChange]) -> Result<(), Failure> {
    for change in changes {
        let key = key::item(Table::Decision, flow, stream, change.source.as_str());
        match &change.after {
            Some(decision) => tx.put(key, decision)?,
            None => tx.remove(key),
        }
    }
    Ok(())
}

/// Writes the rows of a large entry that is durable. Doing it again changes nothing, so a kill in between does no harm.
fn write_rows(tx: &mut Transaction<'_>, flow: u16, stream: Stream, changes: &[RowChange]) -> Result<(), Failure> {
    for changes in changes.chunks(CHANGES_PER_WRITE) {
        put_rows(tx, flow, stream, changes)?;
        tx.write()?;
    }
    tx.remove(key::pending());
    tx.write()
}

fn changed_meanwhile(source: &RecordId) -> Failure {
    Failure::new(
        FailureClass::Usage,
        format!("the decision on {source} has changed since it was shown"),
        "look at the row again and repeat",
    )
}

fn taken_back_already(id: HistoryId) -> Failure {
    Failure::new(FailureClass::Usage, format!("entry {} was taken back already", id.0), "see the history")
}

fn no_such_entry(id: HistoryId) -> Failure {
    Failure::new(FailureClass::Usage, format!("the history has no entry {}", id.0), "see the history")
}
