//! Writes to vendors: kept before they are sent, closed when they are read back or refused.
//!
//! A write that is not closed also stands in a table of numbers, so that opening a home reads those alone.

use super::key::{self, Table};
use super::transaction::Transaction;
use super::{Store, codec, error};
use crate::domain::{
    Failure, FailureClass, IntegrationId, OutboxEntry, Record, Stream, Timestamp, WriteId, WriteState,
};

impl Store {
    /// Adds writes and gives them their numbers; durable when this returns.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn add_writes(&self, mut entries: Vec<OutboxEntry>) -> Result<Vec<OutboxEntry>, Failure> {
        let mut tx = self.transaction();
        for entry in &mut entries {
            tx.counters.write += 1;
            entry.id = WriteId(tx.counters.write);
            put(&mut tx, entry)?;
        }
        tx.commit()?;
        self.flush()?;
        Ok(entries)
    }

    /// Sets the states of writes; durable when this returns.
    ///
    /// # Errors
    /// `Usage` when one of them is closed already: nothing is changed. `Local` when the disk refuses.
    pub fn update_writes(&self, entries: &[OutboxEntry]) -> Result<(), Failure> {
        let mut tx = self.transaction();
        self.put_writes(&mut tx, entries)?;
        tx.commit()?;
        self.flush()
    }

    /// Takes back writes that were not sent; returns them as they are now. Those that are on their way stay.
    ///
    /// # Errors
    /// When the disk refuses or a value is damaged.
    pub fn withdraw_writes(&self, ids: &[WriteId], why: &str, at: Timestamp) -> Result<Vec<OutboxEntry>, Failure> {
        let mut tx = self.transaction();
        let mut withdrawn = Vec::new();
        for id in ids {
            let Some(mut entry) = self.write(*id)? else { continue };
            if matches!(entry.state, WriteState::Planned | WriteState::Approved) {
                entry.state = WriteState::Withdrawn { why: why.to_owned() };
                entry.changed = at;
                put(&mut tx, &entry)?;
                withdrawn.push(entry);
            }
        }
        tx.commit()?;
        self.flush()?;
        Ok(withdrawn)
    }

    /// Puts writes that are not closed yet.
    pub(super) fn put_writes(&self, tx: &mut Transaction<'_>, entries: &[OutboxEntry]) -> Result<(), Failure> {
        for entry in entries {
            let open = key::numbered(Table::OutboxOpen, entry.id.0);
            let is_open = self.tree().contains_key(open).map_err(|e| error::from_sled(&e, "reading the outbox"))?;
            if !is_open {
                let what = format!("write {} is closed already", entry.id.0);
                return Err(Failure::new(FailureClass::Usage, what, "look at the outbox again and repeat"));
            }
            put(tx, entry)?;
        }
        Ok(())
    }

    /// Every write that is not closed, oldest first.
    ///
    /// # Errors
    /// When the disk refuses or a value is damaged.
    pub fn open_writes(&self) -> Result<Vec<OutboxEntry>, Failure> {
        let mut found = Vec::new();
        for open in self.tree().scan_prefix(key::table(Table::OutboxOpen)).keys() {
            let mut open = open.map_err(|e| error::from_sled(&e, "reading the outbox"))?.to_vec();
            open[0] = Table::Outbox as u8;
            found.extend(self.get::<OutboxEntry>(&open)?);
        }
        Ok(found)
    }

    /// The newest `limit` writes before `before` (`None`: of all) that `keep` takes, newest first. Looks at `scan`
    /// writes at most.
    ///
    /// # Errors
    /// When the disk refuses or a value is damaged.
    pub fn writes(
        &self,
        before: Option<WriteId>,
        limit: usize,
        keep: &dyn Fn(&OutboxEntry) -> bool,
        scan: usize,
    ) -> Result<Vec<OutboxEntry>, Failure> {
        let before = before.map_or(u64::MAX, |id| id.0);
        let range = key::numbered(Table::Outbox, 0)..key::numbered(Table::Outbox, before);
        let mut found = Vec::new();
        for pair in self.tree().range(range).rev().take(scan) {
            if found.len() == limit {
                break;
            }
            let entry: OutboxEntry = codec::decode(&pair.map_err(|e| error::from_sled(&e, "reading the outbox"))?.1)?;
            if keep(&entry) {
                found.push(entry);
            }
        }
        Ok(found)
    }

    /// One write.
    ///
    /// # Errors
    /// When the disk refuses or the value is damaged.
    pub fn write(&self, id: WriteId) -> Result<Option<OutboxEntry>, Failure> {
        self.get(&key::numbered(Table::Outbox, id.0))
    }

    /// Stores records that were read back after they were written at the vendor. A run that is under way, and may have
    /// listed before they were there, counts them as seen. A record that a sync brought meanwhile stays as it is.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn read_back(
        &self,
        integration: &IntegrationId,
        stream: Stream,
        records: Vec<Record>,
        at: Timestamp,
    ) -> Result<Vec<Record>, Failure> {
        let mut fresh = Vec::new();
        for record in records {
            let known = self.record(integration, stream, &record.id())?;
            if known.is_none_or(|known| known.orphaned.is_some() || known.record != record) {
                fresh.push(record);
            }
        }
        if fresh.is_empty() {
            return Ok(fresh);
        }
        self.put_read_back(integration, stream, &fresh, at)?;
        Ok(fresh)
    }
}

fn put(tx: &mut Transaction<'_>, entry: &OutboxEntry) -> Result<(), Failure> {
    tx.put(key::numbered(Table::Outbox, entry.id.0), entry)?;
    let open = key::numbered(Table::OutboxOpen, entry.id.0);
    if entry.state.is_live() {
        tx.put(open, &true)
    } else {
        tx.remove(open);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Judgement, ListingFacts, RunFinish, RunVerdict};
    use super::*;
    use crate::domain::{
        Actor, Company, Decision, DecisionKind, FlowId, HistoryEntry, HistoryId, LogEntry, LogLevel, PlannedWrite,
        RowChange, WriteKind,
    };

    fn entry(source: &str) -> OutboxEntry {
        OutboxEntry {
            id: WriteId(0),
            write: PlannedWrite {
                flow: FlowId::new("a-b"),
                stream: Stream::Companies,
                source: source.into(),
                name: source.into(),
                target: "b".into(),
                kind: WriteKind::Create,
                inside: None,
                fields: Vec::new(),
                interfaces: Vec::new(),
                mark: format!("[{source}]"),
            },
            state: WriteState::Approved,
            actor: Actor::Person("ann".into()),
            planned: Timestamp::UNIX_EPOCH,
            changed: Timestamp::UNIX_EPOCH,
            sent: 0,
            anyway: false,
        }
    }

    fn matched(source: &str, target: &str) -> HistoryEntry {
        let decision = Decision {
            kind: DecisionKind::Matched { target: target.into() },
            actor: Actor::Person("ann".into()),
            at: Timestamp::UNIX_EPOCH,
            why: "created".into(),
        };
        HistoryEntry {
            id: HistoryId(0),
            at: Timestamp::UNIX_EPOCH,
            actor: Actor::Person("ann".into()),
            flow: FlowId::new("a-b"),
            stream: Stream::Companies,
            what: "created 1 company".into(),
            changes: vec![RowChange { source: source.into(), before: None, after: Some(decision) }],
            rules: Vec::new(),
            records: Vec::new(),
            rows: 1,
            undoes: None,
            undone_by: None,
        }
    }

    #[test]
    fn a_write_is_closed_with_the_decision_that_it_led_to_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store");
        let store = Store::open(&path).unwrap();
        let added = store.add_writes(vec![entry("1"), entry("2")]).unwrap();
        assert_eq!(added.iter().map(|e| e.id.0).collect::<Vec<_>>(), [1, 2]);
        let confirmed = OutboxEntry { state: WriteState::Confirmed { target: "9".into() }, ..added[0].clone() };
        store.decide_and(matched("1", "9"), std::slice::from_ref(&confirmed)).unwrap();
        assert_eq!(store.open_writes().unwrap().len(), 1);
        // Closed already: neither the decision nor the state.
        let again = store.decide_and(matched("2", "9"), std::slice::from_ref(&confirmed));
        assert!(again.unwrap_err().what.contains("closed already"));
        assert!(store.decision(&FlowId::new("a-b"), Stream::Companies, &"2".into()).unwrap().is_none());
        drop(store);
        let store = Store::open(&path).unwrap();
        assert_eq!(store.open_writes().unwrap(), [added[1].clone()]);
        assert_eq!(store.writes(None, 10, &|_| true, 10).unwrap()[1], confirmed);
        assert_eq!(store.add_writes(vec![entry("3")]).unwrap()[0].id, WriteId(3));
    }

    #[test]
    fn what_was_read_back_while_a_run_lists_is_not_gone_at_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store")).unwrap();
        let (docs, at) = (IntegrationId::new("docs"), Timestamp::UNIX_EPOCH);
        let run = store.begin_run(&docs, Stream::Companies, at).unwrap();
        let made = Record::Company(Box::new(Company::new("7", "Acme")));
        let fresh = store.read_back(&docs, Stream::Companies, vec![made.clone()], at).unwrap();
        assert_eq!(fresh.len(), 1);
        assert!(store.read_back(&docs, Stream::Companies, vec![made], at).unwrap().is_empty(), "known already");
        let finish = RunFinish { integration: docs.clone(), stream: Stream::Companies, run: run.run, at, left_out: 0 };
        let line = LogEntry {
            seq: 0,
            at,
            level: LogLevel::Info,
            integration: None,
            stream: None,
            run: None,
            record: None,
            text: "done".into(),
            count: 1,
        };
        let judge = |facts: ListingFacts| {
            assert_eq!((facts.gone, facts.live), (0, 1));
            Judgement { verdict: RunVerdict::Orphan, ask_gone: false, watermark: None }
        };
        store.finish_run(finish, judge, |_, _| line).unwrap();
        assert_eq!(store.live_count(&docs, Stream::Companies), 1);
    }
}
