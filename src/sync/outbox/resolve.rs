//! Which of the records that a search found is what a write makes: pure.

use crate::domain::outbox::plan::value_of;
use crate::domain::{Mac, OutboxEntry, PlannedWrite, Record, RecordId, Serial, Stream, Timestamp, WriteField};
use std::collections::BTreeSet;

/// Records of one source that were made within this time of each other were made at once by two programs.
const AT_ONCE: time::Duration = time::Duration::hours(1);

/// What a search says about a write.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    /// Nobody has it.
    Nothing,
    /// It is there, and nobody of us made it.
    Others(Box<Record>),
    /// It is there and ours.
    Ours {
        /// The one that counts: the lowest id.
        keep: Box<Record>,
        /// Ours too, made at the same moment: to be taken away.
        doubles: Vec<RecordId>,
        /// Like it, and a person has to look.
        doubtful: Vec<RecordId>,
    },
}

/// Judges what was found. `made` are ids that the vendor gave to what this process sent.
pub(super) fn resolve(entry: &OutboxEntry, found: &[Record], made: &BTreeSet<RecordId>) -> Found {
    let write = &entry.write;
    let marks = has_mark(write);
    let marked = |record: &&Record| is_marked(write, record) == Some(true);
    let alike: Vec<&Record> = found.iter().filter(|record| is_same(write, record)).collect();
    let mut ours: Vec<&Record> = if marks {
        found.iter().filter(marked).collect()
    } else if entry.sent > 0 {
        // Without room for a mark: what is there now, was not when it was sent, and is what was sent.
        alike.clone()
    } else {
        Vec::new()
    };
    ours.sort_by_key(|record| order(&record.id()));
    ours.dedup_by_key(|record| record.id());
    let Some((keep, rest)) = ours.split_first() else {
        let others = alike.first().filter(|_| !entry.anyway);
        return others.map_or(Found::Nothing, |record| Found::Others(Box::new((*record).clone())));
    };
    let at_once = |record: &&&Record| {
        let near = created(keep).zip(created(record)).is_some_and(|(a, b)| (a - b).abs() <= AT_ONCE);
        near && (marks || made.contains(&record.id()))
    };
    let (doubles, doubtful): (Vec<&&Record>, Vec<&&Record>) = rest.iter().partition(at_once);
    let ids = |records: Vec<&&Record>| records.into_iter().map(|record| record.id()).collect();
    Found::Ours { keep: Box::new((*keep).clone()), doubles: ids(doubles), doubtful: ids(doubtful) }
}

/// The vendor has room for the mark.
fn has_mark(write: &PlannedWrite) -> bool {
    write.fields.iter().any(|f| f.field == WriteField::Notes && f.new.contains(&write.mark))
}

/// Whether a record bears the write's mark; `None` where the vendor has no room for one.
pub(super) fn is_marked(write: &PlannedWrite, record: &Record) -> Option<bool> {
    has_mark(write).then(|| value_of(record, WriteField::Notes).is_some_and(|notes| notes.contains(&write.mark)))
}

/// Vendors number what they make: the lower number is older.
fn order(id: &RecordId) -> (u64, String) {
    (id.as_str().parse().unwrap_or(u64::MAX), id.as_str().to_owned())
}

fn created(record: &Record) -> Option<Timestamp> {
    match record {
        Record::Company(company) => company.created,
        Record::Device(device) => device.created,
        _ => None,
    }
}

/// Whether a record is the same thing as what is to be made, by its natural key.
fn is_same(write: &PlannedWrite, record: &Record) -> bool {
    let key = write.natural_key();
    match (write.stream, record) {
        (Stream::Companies, Record::Company(company)) => {
            let code = write.value(WriteField::ShortName).zip(company.short_name.as_deref());
            same_name(&company.name, &key.name)
                || code.is_some_and(|(a, b)| same_name(a, b) && same_start(company, &key.name))
        }
        (Stream::Devices, Record::Device(device)) => {
            let serial = device.serial.as_deref().and_then(Serial::parse);
            if let (Some(own), Some(serial)) = (&key.serial, &serial) {
                return own == serial;
            }
            let macs = device.interfaces.iter().filter_map(|i| Mac::parse(i.mac.as_deref()?));
            let shares = macs.into_iter().any(|mac| key.macs.contains(&mac));
            let bare = key.serial.is_none() && key.macs.is_empty();
            shares || (bare && same_name(&device.name, &key.name))
        }
        _ => false,
    }
}

/// A code may belong to another company; the name says so at its beginning.
fn same_start(company: &crate::domain::Company, name: &str) -> bool {
    let first = |text: &str| text.split_whitespace().next().map(str::to_lowercase);
    first(&company.name) == first(name)
}

fn same_name(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}
