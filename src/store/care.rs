//! Care of a store: is every value readable, what takes the room, and when it is worth rebuilding.

use super::decisions::DecisionCounts;
use super::key::{self, Table};
use super::migrate::STEPS;
use super::open::{DATA, lock};
use super::rebuild::{self, RebuildReport};
use super::{FORMAT, KeptRow, RecordEvent, RunRecord, RunSummary, Store, Watermark, codec, error, records};
use crate::domain::{
    Decision, Failure, HistoryEntry, LogEntry, RecordChange, RowChange, Rule, RuleChange, StreamProgress,
};
use serde::de::{DeserializeOwned, IgnoredAny};
use std::collections::BTreeMap;
use std::path::Path;

/// Name of the cache that holds how many bytes the values had when they were last counted.
const LIVE: &str = "live bytes";

/// Room that is not worth a rebuild, in bytes.
const SLACK: u64 = 64 << 20;

/// Faults named in a report.
const NAMED: usize = 20;

/// What a reading of every value found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Values read.
    pub values: u64,
    /// Their bytes, keys included.
    pub bytes: u64,
    /// Faults found.
    pub faults: u64,
    /// The first of them, in words.
    pub named: Vec<String>,
}

/// What takes the room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Format of the store.
    pub format: u8,
    /// Bytes on disk, caches included.
    pub disk: u64,
    /// Bytes of keys and values.
    pub live: u64,
    /// Values and bytes by table, the largest first.
    pub tables: Vec<(String, u64, u64)>,
}

impl VerifyReport {
    fn fault(&mut self, words: String) {
        self.faults += 1;
        if self.named.len() < NAMED {
            self.named.push(words);
        }
    }
}

impl Store {
    /// Reads every value and compares the counters with what they count.
    ///
    /// # Errors
    /// When the disk refuses; values that cannot be read are in the report.
    pub fn verify(&self) -> Result<VerifyReport, Failure> {
        let mut report = VerifyReport::default();
        let (mut live, mut decided) = (BTreeMap::new(), BTreeMap::new());
        for pair in self.tree() {
            let (key, value) = pair.map_err(|e| error::from_sled(&e, "reading the store"))?;
            report.values += 1;
            report.bytes += (key.len() + value.len()) as u64;
            if let Err(failure) = readable(&key, &value) {
                report.fault(format!("{}: {}", describe(&key), failure.what));
                continue;
            }
            match key[0] {
                t if t == Table::Record as u8 && !records::is_orphaned(&value)? => {
                    *live.entry(key[1..key::ITEM_PREFIX].to_vec()).or_insert(0u64) += 1;
                }
                t if t == Table::Decision as u8 => {
                    let kind = codec::decode::<Decision>(&value)?.kind;
                    let counts: &mut DecisionCounts = decided.entry(key[1..key::ITEM_PREFIX].to_vec()).or_default();
                    counts.add(&kind);
                }
                _ => {}
            }
        }
        self.compare(Table::LiveCount, &live, "live records", &mut report)?;
        self.compare(Table::DecisionCount, &decided, "decisions", &mut report)?;
        Ok(report)
    }

    /// Compares the counters of a table with what was counted.
    fn compare<T: DeserializeOwned + PartialEq + Default>(
        &self,
        table: Table,
        counted: &BTreeMap<Vec<u8>, T>,
        what: &str,
        report: &mut VerifyReport,
    ) -> Result<(), Failure> {
        let mut kept: BTreeMap<Vec<u8>, T> = BTreeMap::new();
        for pair in self.tree().scan_prefix(key::table(table)) {
            let (key, value) = pair.map_err(|e| error::from_sled(&e, "reading the store"))?;
            kept.insert(key[1..].to_vec(), codec::decode(&value)?);
        }
        let none = T::default();
        let owners = kept.keys().chain(counted.keys()).collect::<std::collections::BTreeSet<_>>();
        for owner in owners {
            if kept.get(owner).unwrap_or(&none) != counted.get(owner).unwrap_or(&none) {
                report.fault(format!("the counter of {what} of {owner:?} does not fit what is stored"));
            }
        }
        Ok(())
    }

    /// Measures every table.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn stats(&self) -> Result<StoreStats, Failure> {
        let mut tables: BTreeMap<&'static str, (u64, u64)> = BTreeMap::new();
        let mut live = 0;
        for pair in self.tree() {
            let (key, value) = pair.map_err(|e| error::from_sled(&e, "reading the store"))?;
            let size = (key.len() + value.len()) as u64;
            let table = tables.entry(table_name(key[0])).or_default();
            *table = (table.0 + 1, table.1 + size);
            live += size;
        }
        self.note_live(live);
        let mut tables: Vec<_> = tables.into_iter().map(|(t, (n, b))| (t.to_owned(), n, b)).collect();
        tables.sort_by_key(|table| std::cmp::Reverse(table.2));
        Ok(StoreStats { format: FORMAT, disk: self.size_on_disk()?, live, tables })
    }

    /// Remembers how many bytes the values have, so that the next start knows whether a rebuild is worth it.
    pub(super) fn note_live(&self, bytes: u64) {
        // Only a hint: without it, nothing is rebuilt.
        let _ = self.put_blob(LIVE, &bytes.to_be_bytes());
    }

    /// Bytes on disk of the store in that directory, and the bytes of its values when they were last counted. Opens
    /// nothing.
    #[must_use]
    pub fn room(dir: &Path) -> (u64, Option<u64>) {
        let live = Self::blob_in(dir, LIVE).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
        (rebuild::size_of(&dir.join(DATA)), live)
    }

    /// True when it takes more than twice the room that it needs.
    #[must_use]
    pub fn wants_compaction(dir: &Path) -> bool {
        matches!(Self::room(dir), (disk, Some(live)) if disk > 2 * live + SLACK)
    }

    /// Rebuilds the store in that directory, so that it takes only the room that it needs. The old one stays until
    /// the new one was read and compared; killed in between, the store is the one or the other.
    ///
    /// # Errors
    /// `Local` when a process uses it, there is no room, or the disk refuses: it is as before then.
    pub fn compact(dir: &Path) -> Result<RebuildReport, Failure> {
        // Opened once, so that what a kill left is completed and a store that is too new or damaged is refused.
        drop(Self::open(dir)?);
        let held = lock(dir)?;
        let report = rebuild::rebuild(dir, &STEPS[STEPS.len()..], FORMAT)?;
        drop(held);
        Self::open(dir)?.note_live(report.live);
        Ok(report)
    }
}

/// Reads a value as what it should be.
fn readable(key: &[u8], value: &[u8]) -> Result<(), Failure> {
    fn as_a<T: DeserializeOwned>(value: &[u8]) -> Result<(), Failure> {
        codec::decode::<T>(value).map(drop)
    }
    match key.first().copied().unwrap_or_default() {
        b'r' | b'k' => records::decode(value).map(drop),
        b'd' => as_a::<Decision>(value),
        b'h' => as_a::<HistoryEntry>(value),
        b'H' => as_a::<Vec<RowChange>>(value),
        b'l' => as_a::<LogEntry>(value),
        b'R' => as_a::<Rule>(value),
        b'Q' => as_a::<Vec<RuleChange>>(value),
        b'J' => as_a::<Vec<RecordChange>>(value),
        b'e' => as_a::<Vec<RecordEvent>>(value),
        b'u' => as_a::<RunRecord>(value),
        b'L' => as_a::<RunSummary>(value),
        b'p' => as_a::<StreamProgress>(value),
        b'w' => as_a::<Watermark>(value),
        b'B' => as_a::<KeptRow>(value),
        // Hashes of eight bytes.
        b's' if value.len().is_multiple_of(8) => Ok(()),
        b'm' if *key == *self::key::format() => Ok(()),
        _ => as_a::<IgnoredAny>(value),
    }
}

fn describe(key: &[u8]) -> String {
    let table = key.first().copied().unwrap_or_default();
    format!("a value of {} ({} bytes of key)", table_name(table), key.len())
}

fn table_name(table: u8) -> &'static str {
    match table {
        b'r' => "records",
        b'k' => "held changes",
        b'e' => "record events",
        b'B' => "bad rows",
        b'd' => "decisions",
        b'h' | b'H' | b'Q' | b'J' => "history",
        b'R' => "rules",
        b'l' => "sync log",
        b's' => "ids seen by runs",
        b'u' | b'L' | b'p' | b'w' | b'S' | b'q' => "runs",
        b'c' | b'C' | b'D' => "counters",
        b'o' | b'O' => "outbox",
        _ => "settings",
    }
}
