//! The sync log: a ring, bounded by number, length and age.

use super::key::{self, Table};
use super::transaction::Transaction;
use super::{Store, codec, error};
use crate::domain::{Failure, LogEntry, LogLevel, LogPage, Timestamp};

/// Most lines kept.
pub const LOG_CAPACITY: u64 = 100_000;

/// Longest text of a line, in characters: with [`LOG_CAPACITY`] it bounds the room that the log takes.
pub const LOG_LINE: usize = 500;

/// Lines older than this are dropped, in days.
pub const LOG_KEEP_DAYS: i64 = 90;

/// Most old lines dropped by one write, so that a write after a long pause stays short.
const DROPS_PER_WRITE: u64 = 1000;

impl Store {
    /// Adds lines and gives them their sequence numbers.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn append_log(&self, lines: Vec<LogEntry>) -> Result<Vec<LogEntry>, Failure> {
        let mut tx = self.transaction();
        let lines = tx.append_log(lines)?;
        tx.commit()?;
        Ok(lines)
    }

    /// Sets how often a line happened, instead of repeating it. `None` when the ring has dropped the line.
    ///
    /// # Errors
    /// When the disk refuses or the value is damaged.
    pub fn fold_log(&self, seq: u64, count: u32) -> Result<Option<LogEntry>, Failure> {
        let mut tx = self.transaction();
        let key = key::numbered(Table::Log, seq);
        let Some(mut line) = self.get::<LogEntry>(&key)? else { return Ok(None) };
        line.count = count;
        tx.put(key, &line)?;
        tx.commit()?;
        Ok(Some(line))
    }

    /// The newest `limit` lines that `keep` takes, of those before `before` (`None`: of all), newest last.
    /// Looks at `scan_limit` lines at most.
    ///
    /// # Errors
    /// When the disk refuses or a value is damaged.
    pub fn log(
        &self,
        before: Option<u64>,
        limit: usize,
        keep: &dyn Fn(&LogEntry) -> bool,
        scan_limit: usize,
    ) -> Result<Vec<LogEntry>, Failure> {
        let range = key::numbered(Table::Log, 0)..key::numbered(Table::Log, before.unwrap_or(u64::MAX));
        let mut lines = Vec::new();
        for pair in self.tree().range(range).rev().take(scan_limit) {
            if lines.len() == limit {
                break;
            }
            let (_, value) = pair.map_err(|e| error::from_sled(&e, "reading the log"))?;
            let line: LogEntry = codec::decode(&value)?;
            if keep(&line) {
                lines.push(line);
            }
        }
        lines.reverse();
        Ok(lines)
    }

    /// At most `limit` lines of a page that hold `text` (case ignored; empty: all) and that `keep` takes, oldest first.
    ///
    /// # Errors
    /// When the disk refuses or a value is damaged.
    pub fn log_page(
        &self,
        page: LogPage,
        limit: usize,
        text: &str,
        keep: &dyn Fn(&LogEntry) -> bool,
    ) -> Result<Vec<LogEntry>, Failure> {
        let (first, last) = match page {
            LogPage::Newest => (0, u64::MAX),
            LogPage::Before(seq) => (0, seq),
            LogPage::After(seq) => (seq.saturating_add(1), u64::MAX),
        };
        let mut range = self.tree().range(key::numbered(Table::Log, first)..key::numbered(Table::Log, last));
        let (ascii, lower) = (text.is_ascii(), text.to_lowercase());
        let mut lines = Vec::new();
        while lines.len() < limit {
            let next = if matches!(page, LogPage::After(_)) { range.next() } else { range.next_back() };
            let Some(pair) = next else { break };
            let (_, value) = pair.map_err(|e| error::from_sled(&e, "reading the log"))?;
            // A text stands in a value as it is: most lines need not be decoded to be passed over.
            if ascii && !holds(&value, lower.as_bytes()) {
                continue;
            }
            let line: LogEntry = codec::decode(&value)?;
            let held = if ascii {
                holds(line.text.as_bytes(), lower.as_bytes())
            } else {
                line.text.to_lowercase().contains(&lower)
            };
            if held && keep(&line) {
                lines.push(line);
            }
        }
        if !matches!(page, LogPage::After(_)) {
            lines.reverse();
        }
        Ok(lines)
    }

    /// The lines from that sequence number on, oldest first, `limit` at most: for a reader that follows.
    ///
    /// # Errors
    /// When the disk refuses or a value is damaged.
    pub fn log_after(&self, seq: u64, limit: usize) -> Result<Vec<LogEntry>, Failure> {
        let range = key::numbered(Table::Log, seq.saturating_add(1))..=key::numbered(Table::Log, u64::MAX);
        let values = self.tree().range(range).values().take(limit);
        values.map(|v| codec::decode(&v.map_err(|e| error::from_sled(&e, "reading the log"))?)).collect()
    }
}

/// Newest lines among which an equal one is looked for.
const FOLDED: usize = 64;

/// Whether the bytes hold the lower-case letters of `lower`, in any case.
fn holds(bytes: &[u8], lower: &[u8]) -> bool {
    let Some(&first) = lower.first() else { return true };
    let upper = first.to_ascii_uppercase();
    bytes.len() >= lower.len()
        && bytes[..=bytes.len() - lower.len()].iter().enumerate().any(|(at, &byte)| {
            (byte == first || byte == upper) && bytes[at..at + lower.len()].eq_ignore_ascii_case(lower)
        })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_ascii_digit() || c == '.').filter(|word| !word.is_empty())
}

/// Lines about the same thing that differ in numbers alone (attempts, waits, pages) are one.
fn is_equal(a: &LogEntry, b: &LogEntry) -> bool {
    let same = (a.level, &a.integration, a.stream, &a.record) == (b.level, &b.integration, b.stream, &b.record);
    same && words(&a.text).eq(words(&b.text))
}

impl Transaction<'_> {
    /// Adds lines with their sequence numbers and drops those that fall out of the ring.
    pub fn append_log(&mut self, mut lines: Vec<LogEntry>) -> Result<Vec<LogEntry>, Failure> {
        let Some(newest) = lines.last().map(|line| line.at) else { return Ok(lines) };
        let mut kept: Vec<LogEntry> = Vec::with_capacity(lines.len());
        for mut line in lines.drain(..) {
            line.count = line.count.max(1);
            if let Some((end, _)) = line.text.char_indices().nth(LOG_LINE) {
                line.text.truncate(end);
                line.text.push('…');
            }
            if let Some((earlier, at)) = self.earlier(&line, &kept)? {
                let count = earlier.count.saturating_add(line.count);
                line = LogEntry { seq: earlier.seq, at: earlier.at, count, ..line };
                at.map(|at| kept.remove(at));
            } else {
                self.counters.log_last += 1;
                line.seq = self.counters.log_last;
            }
            self.put(key::numbered(Table::Log, line.seq), &line)?;
            kept.push(line);
        }
        self.drop_old_lines(newest - time::Duration::days(LOG_KEEP_DAYS))?;
        Ok(kept)
    }

    /// An equal warning or error among the newest lines, and its place in this write when it is of it: it is counted
    /// instead of repeated.
    fn earlier(&self, line: &LogEntry, here: &[LogEntry]) -> Result<Option<(LogEntry, Option<usize>)>, Failure> {
        if line.level < LogLevel::Warn {
            return Ok(None);
        }
        if let Some(at) = here.iter().rposition(|known| is_equal(known, line)) {
            return Ok(Some((here[at].clone(), Some(at))));
        }
        let newest = self.store.tree().range(key::numbered(Table::Log, 0)..=key::numbered(Table::Log, u64::MAX)).rev();
        for pair in newest.take(FOLDED) {
            let (_, value) = pair.map_err(|e| error::from_sled(&e, "reading the log"))?;
            let known: LogEntry = codec::decode(&value)?;
            if is_equal(&known, line) {
                return Ok(Some((known, None)));
            }
        }
        Ok(None)
    }

    fn drop_old_lines(&mut self, oldest_kept: Timestamp) -> Result<(), Failure> {
        let last = self.counters.log_last;
        self.counters.log_first = self.counters.log_first.max(1);
        for _ in 0..DROPS_PER_WRITE {
            let first = self.counters.log_first;
            let full = last - first >= LOG_CAPACITY;
            if !full && (first >= last || !self.is_older(first, oldest_kept)?) {
                break;
            }
            self.remove(key::numbered(Table::Log, first));
            self.counters.log_first += 1;
        }
        Ok(())
    }

    /// True when the stored line is from before that time. A line of this write is not old.
    fn is_older(&self, seq: u64, than: Timestamp) -> Result<bool, Failure> {
        let line = self.store.get::<LogEntry>(&key::numbered(Table::Log, seq))?;
        Ok(line.is_some_and(|line| line.at < than))
    }
}
