//! Records of matchbook's own register. They come from no run: a history entry lists them, puts them away or changes
//! them, in one write with the decisions that go with it.
//!
//! A new record is first staged: written as one that is put away, which nobody sees. The entry that lists it names only
//! its id, so that an entry of a hundred thousand records stays small and a kill in between leaves nothing to see.

use super::key::{self, Table};
use super::records::{MAX_RECORD_ID, is_orphaned, value_of, with_listed, with_orphaned};
use super::transaction::Transaction;
use super::{Store, codec, error};
use crate::domain::{
    Failure, FailureClass, HistoryEntry, HistoryId, IntegrationId, Record, RecordChange, RecordEdit, Timestamp,
};
use rustc_hash::FxHashSet;

/// Changes in one value, see the changes of rows.
const CHANGES_PER_VALUE: usize = 32;

/// Records in one write.
const PER_WRITE: usize = 1_000;

impl Store {
    /// Writes records that nobody sees until an entry lists them. One that is listed already is left as it is.
    ///
    /// # Errors
    /// When an id is empty or too long, or the disk refuses.
    pub fn stage_records(&self, records: &[Record], at: Timestamp) -> Result<(), Failure> {
        self.write_each(records, |before, record| match before {
            Some(value) if !is_orphaned(value)? => Ok(None),
            _ => value_of(record, before, Some(at), at).map(Some),
        })
    }

    /// Brings listed records up to date; those that are not listed, or hold the same, are left as they are. Returns how
    /// many changed.
    ///
    /// # Errors
    /// As [`Store::stage_records`].
    pub fn refresh_records(&self, records: &[Record], at: Timestamp) -> Result<u64, Failure> {
        let mut changed = 0;
        self.write_each(records, |before, record| match before {
            Some(value) if !is_orphaned(value)? => {
                let same = super::records::record_in(value)? == *record;
                changed += u64::from(!same);
                if same { Ok(None) } else { value_of(record, before, None, at).map(Some) }
            }
            _ => Ok(None),
        })?;
        Ok(changed)
    }

    fn write_each(
        &self,
        records: &[Record],
        mut value: impl FnMut(Option<&[u8]>, &Record) -> Result<Option<Vec<u8>>, Failure>,
    ) -> Result<(), Failure> {
        for records in records.chunks(PER_WRITE) {
            let mut tx = self.transaction();
            let number = tx.integration(&IntegrationId::inventory())?;
            for record in records {
                let id = record.id();
                if id.as_str().is_empty() || id.as_str().len() > MAX_RECORD_ID {
                    return Err(error::ours(format!("the inventory cannot hold the id “{id}”")));
                }
                let key = key::item(Table::Record, number, record.stream(), id.as_str());
                let before = self.tree().get(&key).map_err(|e| error::from_sled(&e, "reading a record"))?;
                if let Some(value) = value(before.as_deref(), record)? {
                    tx.put_encoded(key, value);
                    tx.touches_content();
                }
            }
            tx.commit()?;
        }
        Ok(())
    }

    /// Checks that no record is named twice, and that changed ones are what the entry says they were before.
    pub(super) fn check_records(&self, entry: &HistoryEntry) -> Result<(), Failure> {
        let mut touched = FxHashSet::default();
        for change in &entry.records {
            if !touched.insert((change.stream, &change.id)) {
                return Err(error::ours(format!("one action changes the record {} twice", change.id)));
            }
            let RecordEdit::Replaced { before, .. } = &change.edit else { continue };
            let stored = self.record(&IntegrationId::inventory(), change.stream, &change.id)?;
            if stored.is_none_or(|stored| stored.record != **before) {
                let what = format!("{} has changed since it was shown", before.name());
                return Err(Failure::new(FailureClass::Usage, what, "look at it again and repeat"));
            }
        }
        Ok(())
    }

    /// Puts the records of an entry. Doing it again changes nothing.
    pub(super) fn put_records(
        &self,
        tx: &mut Transaction<'_>,
        changes: &[RecordChange],
        at: Timestamp,
    ) -> Result<(), Failure> {
        if changes.is_empty() {
            return Ok(());
        }
        let number = tx.integration(&IntegrationId::inventory())?;
        for change in changes {
            let key = key::item(Table::Record, number, change.stream, change.id.as_str());
            let before = self.tree().get(&key).map_err(|e| error::from_sled(&e, "reading a record"))?;
            let Some(before) = before else {
                return Err(error::ours(format!("the inventory has no record {} to list", change.id)));
            };
            let (value, live) = match &change.edit {
                RecordEdit::Listed => (with_listed(&before, at)?, 1),
                RecordEdit::Withdrawn => (with_orphaned(&before, at)?, -1),
                RecordEdit::Replaced { after, .. } => {
                    let away = is_orphaned(&before)?.then_some(at);
                    (Some(value_of(after, Some(&before), away, at)?), 0)
                }
            };
            if let Some(value) = value {
                tx.put_encoded(key, value);
                if live != 0 {
                    tx.change_live(number, change.stream, live)?;
                }
            }
        }
        tx.touches_content();
        Ok(())
    }

    /// What an entry changed of records.
    pub(super) fn record_changes_of(&self, entry: HistoryId) -> Result<Vec<RecordChange>, Failure> {
        let mut records = Vec::new();
        for value in self.tree().scan_prefix(key::numbered(Table::HistoryRecords, entry.0)).values() {
            let value = value.map_err(|e| error::from_sled(&e, "reading the history"))?;
            records.append(&mut codec::decode::<Vec<RecordChange>>(&value)?);
        }
        Ok(records)
    }
}

/// Puts what an entry changes of records under its number. Those of a large entry are written as they come.
pub(super) fn put_record_changes(tx: &mut Transaction<'_>, entry: &HistoryEntry, large: bool) -> Result<(), Failure> {
    for (part, changes) in (0u32..).zip(entry.records.chunks(CHANGES_PER_VALUE)) {
        tx.put(key::part(Table::HistoryRecords, entry.id.0, part), &changes)?;
        if large && part % 32 == 31 {
            tx.write()?;
        }
    }
    if large { tx.write() } else { Ok(()) }
}

/// Writes the records of a large entry that is durable.
pub(super) fn write_records(tx: &mut Transaction<'_>, changes: &[RecordChange], at: Timestamp) -> Result<(), Failure> {
    let store = tx.store;
    for changes in changes.chunks(PER_WRITE) {
        store.put_records(tx, changes, at)?;
        tx.write()?;
    }
    Ok(())
}
