//! Records of the vendors. A page of a run is one write: its records, the run's cursor, its counts and its log lines.

use super::codec;
use super::events::{Events, RecordEvent, Seen};
use super::key::{self, Table};
use super::runs::{RunRecord, seen_hash};
use super::transaction::Transaction;
use super::watermark::impossible_time;
use super::{Store, error};
use crate::domain::{Failure, IntegrationId, LogEntry, Record, RecordId, RunCounts, RunId, Stream, Timestamp};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use xxhash_rust::xxh3::xxh3_64;

/// Longest id of a record, in bytes. Ids come from outside and are keys; longer ones count as bad rows.
pub const MAX_RECORD_ID: usize = 512;

/// A record as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRecord {
    /// What the vendor delivered.
    pub record: Record,
    /// Hash of its content without what changes by itself all day ([`Record::without_passing`]): a record with an equal
    /// hash is not written again.
    pub hash: u64,
    /// When a complete listing no longer had it; `None` while it is listed.
    pub orphaned: Option<Timestamp>,
    /// When it was first stored.
    pub first_seen: Timestamp,
    /// When its content last changed, or when it came back.
    pub changed: Timestamp,
}

/// What is needed of a stored record to compare it, without its facts. Times in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    #[serde(rename = "h")]
    hash: u64,
    #[serde(rename = "o", default)]
    pub orphaned: Option<i64>,
    #[serde(rename = "f")]
    first_seen: i64,
    #[serde(rename = "c")]
    changed: i64,
    /// Hash of what it is known by; values of before it was kept have none.
    #[serde(rename = "k", default)]
    known_by: Option<u64>,
}

/// A page that a run has fetched.
#[derive(Clone, Debug)]
pub struct PageBatch {
    /// Which integration.
    pub integration: IntegrationId,
    /// Which stream.
    pub stream: Stream,
    /// The open run.
    pub run: RunId,
    /// Number of the page; higher than that of the page before.
    pub page: u32,
    /// Its records.
    pub records: Vec<Record>,
    /// Ids of the page beyond those in `records`, of rows that could not be read: they are listed, so not orphaned.
    pub seen: Vec<RecordId>,
    /// Where the next page starts; opaque.
    pub cursor: String,
    /// How many rows the vendor says there are.
    pub total: Option<u64>,
    /// Rows that could not be read.
    pub bad: u32,
    /// Lines for the sync log.
    pub log: Vec<LogEntry>,
    /// When.
    pub at: Timestamp,
}

/// What a page changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PageOutcome {
    /// Of this page.
    pub counts: RunCounts,
    /// Of the run so far.
    pub run_counts: RunCounts,
    /// Live records of the stream after it.
    pub live: u64,
    /// Records added, changed or come back, as they are stored now; moved out of the batch.
    pub changed: Vec<Record>,
    /// The log lines with their sequence numbers.
    pub log: Vec<LogEntry>,
}

impl Store {
    /// One record.
    ///
    /// # Errors
    /// When the disk refuses or the value is damaged.
    pub fn record(
        &self,
        integration: &IntegrationId,
        stream: Stream,
        id: &RecordId,
    ) -> Result<Option<StoredRecord>, Failure> {
        let Some(number) = self.integration_number(integration) else { return Ok(None) };
        let key = key::item(Table::Record, number, stream, id.as_str());
        let value = self.tree().get(key).map_err(|e| error::from_sled(&e, "reading a record"))?;
        value.map(|bytes| decode(&bytes)).transpose()
    }

    /// Every record of a stream in the order of their ids, orphaned ones too; stops when `f` breaks.
    /// Holds one record at a time.
    ///
    /// # Errors
    /// When the disk refuses or a value is damaged.
    pub fn each_record(
        &self,
        integration: &IntegrationId,
        stream: Stream,
        f: &mut dyn FnMut(StoredRecord) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        let Some(number) = self.integration_number(integration) else { return Ok(()) };
        for value in self.tree().scan_prefix(key::stream(Table::Record, number, stream)).values() {
            let value = value.map_err(|e| error::from_sled(&e, "reading the records"))?;
            if f(decode(&value)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// How many records of a stream are live (not orphaned). A counter, not a scan.
    #[must_use]
    pub fn live_count(&self, integration: &IntegrationId, stream: Stream) -> u64 {
        let state = self.state();
        let number = state.integrations.get(integration).copied();
        number.and_then(|n| state.live.get(&(n, stream)).copied()).unwrap_or(0)
    }

    /// Stores a page: changed records, the run's state and the log lines, all or nothing. Unchanged records are not
    /// written again.
    ///
    /// # Errors
    /// When the run is not open or already has the page, when a record is of another stream, when the disk refuses.
    pub fn commit_page(&self, mut page: PageBatch) -> Result<PageOutcome, Failure> {
        let mut tx = self.transaction();
        let number = tx.integration(&page.integration)?;
        let mut run = self.run_for_page(&page)?;
        let mut seen: Vec<u64> = page.seen.iter().map(|id| seen_hash(id, page.run)).collect();
        let records = std::mem::take(&mut page.records);
        let mut merge = Merge::new(self, number, &page);
        for record in records {
            let id = record.id();
            seen.push(seen_hash(&id, page.run));
            merge.take(record, id)?;
        }
        let Merge { written, held, mut counts, live, events, .. } = merge;
        for (id, value) in held {
            let key = key::held(number, page.stream, page.run.0, id.as_str());
            let before = self.tree().contains_key(&key).map_err(|e| error::from_sled(&e, "reading a run"))?;
            counts.held += u64::from(!before);
            tx.put_encoded(key, value);
        }
        events.put(&mut tx, number, page.stream)?;
        let mut changed = Vec::with_capacity(written.len());
        for (id, new) in written {
            tx.put_encoded(key::item(Table::Record, number, page.stream, id.as_str()), new.value);
            changed.push((new.place, new.record));
        }
        changed.sort_unstable_by_key(|(place, _)| *place);
        if !changed.is_empty() {
            tx.change_live(number, page.stream, live)?;
            tx.touches_content();
        }
        run.after_page(&page, &counts);
        if run.since.is_some() {
            // Only what a full listing has seen says what is gone.
            seen.clear();
        }
        put_run(&mut tx, number, &run, &seen)?;
        let log = tx.append_log(page.log)?;
        tx.commit()?;
        let changed = changed.into_iter().map(|(_, record)| record).collect();
        let live = self.live_count(&page.integration, page.stream);
        Ok(PageOutcome { counts, run_counts: run.counts, live, changed, log })
    }

    /// Puts records that were read back after a write of matchbook's own, and has an open run count them as seen.
    pub(super) fn put_read_back(
        &self,
        integration: &IntegrationId,
        stream: Stream,
        records: &[Record],
        at: Timestamp,
    ) -> Result<(), Failure> {
        let run = self.open_run(integration, stream)?;
        let mut tx = self.transaction();
        let number = tx.integration(integration)?;
        let (mut live, mut seen, mut first) = (0_i64, Vec::new(), None);
        for record in records {
            let id = record.id();
            if record.stream() != stream || id.as_str().is_empty() || id.as_str().len() > MAX_RECORD_ID {
                return Err(error::ours(format!("a record of {stream} was read back as something else")));
            }
            let key = key::item(Table::Record, number, stream, id.as_str());
            let known = self.tree().get(&key).map_err(|e| error::from_sled(&e, "reading a record"))?;
            let known = known.map(|value| codec::decode_head::<Head>(&value).map(|(head, _)| head)).transpose()?;
            live += i64::from(known.is_none_or(|head| head.orphaned.is_some()));
            let (hash, now) = (record.clone().without_passing(content_hash)?, millis(at));
            let packed = packed(record)?;
            let first_seen = known.map_or(now, |head| head.first_seen);
            let head = Head { hash, orphaned: None, first_seen, changed: now, known_by: Some(known_hash(record)) };
            tx.put_encoded(key, codec::encode_pair(&head, &packed)?);
            if let Some(run) = run.as_ref().filter(|run| run.since.is_none()) {
                let hash = seen_hash(&id, run.run);
                first.get_or_insert(hash);
                seen.extend_from_slice(&hash.to_be_bytes());
            }
        }
        if let (Some(run), Some(first)) = (&run, first) {
            // Beyond every page of the run; two writes during one run have other hashes.
            let page =
                u32::from_be_bytes([0xff, first.to_be_bytes()[0], first.to_be_bytes()[1], first.to_be_bytes()[2]]);
            tx.put_encoded(key::seen(number, stream, run.run.0, page), seen);
        }
        tx.change_live(number, stream, live)?;
        tx.touches_content();
        tx.commit()
    }

    fn run_for_page(&self, page: &PageBatch) -> Result<RunRecord, Failure> {
        let open = self.open_run(&page.integration, page.stream)?;
        let run = open.filter(|run| run.run == page.run).ok_or_else(|| {
            error::ours(format!("run {} of {}/{} is not open", page.run.0, page.integration, page.stream))
        })?;
        if page.page <= run.page {
            return Err(error::ours(format!("page {} of run {} is stored already", page.page, page.run.0)));
        }
        Ok(run)
    }
}

fn put_run(tx: &mut Transaction<'_>, number: u16, run: &RunRecord, seen: &[u64]) -> Result<(), Failure> {
    if !seen.is_empty() {
        let bytes = seen.iter().flat_map(|hash| hash.to_be_bytes()).collect();
        tx.put_encoded(key::seen(number, run.stream, run.run.0, run.page), bytes);
    }
    tx.put(key::stream(Table::OpenRun, number, run.stream), run)
}

/// Compares the records of one page with what is stored.
struct Merge<'a> {
    store: &'a Store,
    number: u16,
    page: &'a PageBatch,
    /// Values to write; a record that the page has twice is compared with its first appearance.
    written: FxHashMap<RecordId, New>,
    /// Changes of what a record is known by: they wait for the end of the run.
    held: FxHashMap<RecordId, Vec<u8>>,
    events: Events,
    counts: RunCounts,
    live: i64,
}

/// A value to write.
struct New {
    place: usize,
    head: Head,
    value: Vec<u8>,
    record: Record,
}

impl<'a> Merge<'a> {
    fn new(store: &'a Store, number: u16, page: &'a PageBatch) -> Self {
        let bad = u64::from(page.bad);
        let counts = RunCounts { bad, read: bad, ..RunCounts::default() };
        Self {
            store,
            number,
            page,
            written: FxHashMap::default(),
            held: FxHashMap::default(),
            events: Events::default(),
            counts,
            live: 0,
        }
    }

    fn take(&mut self, mut record: Record, id: RecordId) -> Result<(), Failure> {
        if record.stream() != self.page.stream {
            return Err(error::ours(format!("a page of {} holds a record of {}", self.page.stream, record.stream())));
        }
        self.counts.read += 1;
        if id.as_str().is_empty() || id.as_str().len() > MAX_RECORD_ID {
            self.counts.bad += 1;
            return Ok(());
        }
        let (hash, now) = (record.without_passing(content_hash)?, millis(self.page.at));
        let head = match self.known(&id)? {
            Some((head, _)) if head.hash == hash && head.orphaned.is_none() => {
                self.counts.unchanged += 1;
                return Ok(());
            }
            Some((head, stored)) => {
                let known_by = Some(known_hash(&record));
                let new = Head { hash, orphaned: None, changed: now, known_by, ..head };
                if let Some(stored) = stored {
                    if head.orphaned.is_none() && head.known_by_of(&stored)? != known_by {
                        self.held.insert(id, codec::encode_pair(&new, &packed(&record)?)?);
                        return Ok(());
                    }
                    if head.orphaned.is_some() {
                        self.events.add(&id, self.event(Seen::Back));
                    }
                }
                self.counts.changed += 1;
                self.live += i64::from(head.orphaned.is_some());
                new
            }
            None => {
                self.counts.added += 1;
                self.live += 1;
                let known_by = Some(known_hash(&record));
                Head { hash, orphaned: None, first_seen: now, changed: now, known_by }
            }
        };
        let (value, place) = (codec::encode_pair(&head, &packed(&record)?)?, self.written.len());
        self.written.insert(id, New { place, head, value, record });
        Ok(())
    }

    /// What is known of a record: its head, and the stored value unless this page brought it.
    fn known(&self, id: &RecordId) -> Result<Option<(Head, Option<sled::IVec>)>, Failure> {
        if let Some(new) = self.written.get(id) {
            return Ok(Some((new.head, None)));
        }
        let key = key::item(Table::Record, self.number, self.page.stream, id.as_str());
        let value = self.store.tree().get(key).map_err(|e| error::from_sled(&e, "reading a record"))?;
        value.map(|value| Ok((codec::decode_head::<Head>(&value)?.0, Some(value)))).transpose()
    }

    fn event(&self, seen: Seen) -> RecordEvent {
        RecordEvent { at: self.page.at, run: self.page.run, seen }
    }
}

impl Head {
    /// Hash of what the stored record is known by.
    fn known_by_of(&self, stored: &[u8]) -> Result<Option<u64>, Failure> {
        match self.known_by {
            Some(hash) => Ok(Some(hash)),
            None => Ok(Some(known_hash(&codec::unpack(codec::decode_head::<Head>(stored)?.1)?))),
        }
    }
}

/// The value of a record of the inventory: what was stored before says when it was first seen.
pub(super) fn value_of(
    record: &Record,
    before: Option<&[u8]>,
    away: Option<Timestamp>,
    at: Timestamp,
) -> Result<Vec<u8>, Failure> {
    let packed = packed(record)?;
    let now = millis(at);
    let first_seen = match before {
        Some(value) => codec::decode_head::<Head>(value)?.0.first_seen,
        None => now,
    };
    let known_by = Some(known_hash(record));
    let head = Head { hash: xxh3_64(&packed), orphaned: away.map(millis), first_seen, changed: now, known_by };
    codec::encode_pair(&head, &packed)
}

/// The value as a listed one; `None` when it is listed already.
pub(super) fn with_listed(value: &[u8], at: Timestamp) -> Result<Option<Vec<u8>>, Failure> {
    let (head, packed) = codec::decode_head::<Head>(value)?;
    if head.orphaned.is_none() {
        return Ok(None);
    }
    codec::encode_pair(&Head { orphaned: None, changed: millis(at), ..head }, packed).map(Some)
}

/// Hash of all that the record holds.
fn content_hash(record: &Record) -> Result<u64, Failure> {
    packed(record).map(|bytes| xxh3_64(&bytes))
}

fn packed(record: &Record) -> Result<Vec<u8>, Failure> {
    let mut packed = Vec::with_capacity(1024);
    codec::pack(record, &mut packed)?;
    Ok(packed)
}

fn known_hash(record: &Record) -> u64 {
    let mut bytes = Vec::with_capacity(128);
    for (name, value) in record.known_by() {
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(value.as_bytes());
        bytes.push(0);
    }
    xxh3_64(&bytes)
}

/// The record of a stored value.
pub(super) fn record_in(value: &[u8]) -> Result<Record, Failure> {
    codec::unpack(codec::decode_head::<Head>(value)?.1)
}

/// The value with another head; the record's bytes stay.
pub(super) fn with_orphaned(value: &[u8], at: Timestamp) -> Result<Option<Vec<u8>>, Failure> {
    let (head, packed) = codec::decode_head::<Head>(value)?;
    if head.orphaned.is_some() {
        return Ok(None);
    }
    codec::encode_pair(&Head { orphaned: Some(millis(at)), ..head }, packed).map(Some)
}

/// True when the stored value is marked as orphaned.
pub(super) fn is_orphaned(value: &[u8]) -> Result<bool, Failure> {
    Ok(codec::decode_head::<Head>(value)?.0.orphaned.is_some())
}

pub(super) fn decode(value: &[u8]) -> Result<StoredRecord, Failure> {
    let (head, packed) = codec::decode_head::<Head>(value)?;
    Ok(StoredRecord {
        record: codec::unpack(packed)?,
        hash: head.hash,
        orphaned: head.orphaned.map(moment).transpose()?,
        first_seen: moment(head.first_seen)?,
        changed: moment(head.changed)?,
    })
}

/// Milliseconds since 1970; the years that a timestamp can hold fit.
fn millis(at: Timestamp) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

fn moment(millis: i64) -> Result<Timestamp, Failure> {
    Timestamp::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).map_err(|_| impossible_time())
}
