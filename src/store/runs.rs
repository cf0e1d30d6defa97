//! Runs: one sync of one stream. An open run holds the cursor after its last stored page, so that a run that was killed
//! goes on from there, and the ids that it has seen, so that its end knows which records are gone.

use super::events::{Events, RecordEvent, Seen};
use super::key::{self, Table};
use super::records::{PageBatch, is_orphaned, record_in, with_orphaned};
use super::watermark::Watermark;
use super::{Store, error};
use crate::domain::{
    Failure, IntegrationId, LogEntry, MassChange, Record, RecordId, RunCounts, RunId, RunOutcome, Stream,
    StreamProgress, SyncScope, Timestamp,
};
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Records marked as orphaned in one write.
const ORPHANS_PER_WRITE: usize = 2000;

/// A run that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Its id.
    pub run: RunId,
    /// Which integration.
    pub integration: IntegrationId,
    /// Which stream.
    pub stream: Stream,
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    pub started: Timestamp,
    /// When its last page was stored.
    #[serde(with = "time::serde::rfc3339")]
    pub updated: Timestamp,
    /// Number of its last stored page; 0 before the first.
    pub page: u32,
    /// Where the next page starts; `None` before the first.
    #[serde(default)]
    pub cursor: Option<String>,
    /// What it changed so far.
    pub counts: RunCounts,
    /// How many rows the vendor says there are.
    #[serde(default)]
    pub total: Option<u64>,
    /// How often it went on after a cut.
    #[serde(default)]
    pub resumed: u32,
    /// Every page named the same total: nothing came or went at the vendor while the run listed.
    pub totals_seen_stable: bool,
    /// It asks only for what changed since then; `None` for a full listing.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub since: Option<Timestamp>,
    /// What is to be synced: its pages are those of a question that was asked so.
    #[serde(default)]
    pub scope: SyncScope,
}

impl RunRecord {
    pub(super) fn after_page(&mut self, page: &PageBatch, counts: &RunCounts) {
        self.totals_seen_stable &= self.total.is_none() || page.total.is_none() || self.total == page.total;
        self.total = page.total.or(self.total);
        self.page = page.page;
        self.cursor = Some(page.cursor.clone());
        self.updated = page.at;
        self.counts.read += counts.read;
        self.counts.added += counts.added;
        self.counts.changed += counts.changed;
        self.counts.unchanged += counts.unchanged;
        self.counts.bad += counts.bad;
        self.counts.held += counts.held;
    }
}

/// The last run of a stream that ended, was cut or failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSummary {
    /// Its id.
    pub run: RunId,
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    pub started: Timestamp,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339")]
    pub at: Timestamp,
    /// How, with its counts and, where it failed, why.
    pub outcome: RunOutcome,
    /// Pages stored.
    pub pages: u32,
    /// How often it went on after a cut.
    pub resumed: u32,
    /// It asked only for what changed since then; `None` for a full listing.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub since: Option<Timestamp>,
}

/// The end of a run whose every page is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFinish {
    /// Which integration.
    pub integration: IntegrationId,
    /// Which stream.
    pub stream: Stream,
    /// The open run.
    pub run: RunId,
    /// When.
    pub at: Timestamp,
    /// Records that the vendor lists and the sync settings leave out, for the run's counts.
    pub left_out: u64,
}

/// What is known of a run's listing when it ends: enough to say whether what it has not seen is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListingFacts {
    /// Different ids that it has seen, bad rows with an id among them.
    pub seen: u64,
    /// How many rows the vendor said there are, on the last page that said so.
    pub total: Option<u64>,
    /// Rows that could not be read.
    pub bad: u64,
    /// Every page named the same total.
    pub stable: bool,
    /// How often it went on after a cut.
    pub resumed: u32,
    /// Live records of the stream now.
    pub live: u64,
    /// Live records that it has not seen: those that would be orphaned. None of an incremental run.
    pub gone: u64,
    /// Changes of what known records are known by, held back until now.
    pub held: u64,
    /// It asked only for what changed since a moment.
    pub incremental: bool,
}

/// What becomes of a run whose every page is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunVerdict {
    /// What it held back is applied, what it has not seen is orphaned.
    Orphan,
    /// What it held back is applied, nothing is orphaned.
    Keep,
    /// Nothing of either before a person says so.
    Ask,
}

/// What the caller makes of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What becomes of it.
    pub verdict: RunVerdict,
    /// With [`RunVerdict::Ask`]: the listing was complete, so what it has not seen is part of the question.
    pub ask_gone: bool,
    /// The stream's watermark once it is applied; `None` leaves it as it is.
    pub watermark: Option<Watermark>,
}

/// A run that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct RunFinished {
    /// Of the whole run.
    pub counts: RunCounts,
    /// Records whose held changes were applied now, as they are stored.
    pub changed: Vec<Record>,
    /// Records that were orphaned now.
    pub orphaned: Vec<RecordId>,
    /// Records that it has not seen and that were left live, because the caller said so.
    pub withheld: u64,
    /// What a person is asked, where the caller said so.
    pub asks: Option<MassChange>,
    /// The closing line with its sequence number.
    pub log: Vec<LogEntry>,
}

impl Store {
    /// The stream's unfinished run.
    ///
    /// # Errors
    /// When the disk refuses or the value is damaged.
    pub fn open_run(&self, integration: &IntegrationId, stream: Stream) -> Result<Option<RunRecord>, Failure> {
        match self.integration_number(integration) {
            Some(number) => self.get(&key::stream(Table::OpenRun, number, stream)),
            None => Ok(None),
        }
    }

    /// Begins a run; an unfinished one of the stream is given up.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn begin_run(&self, integration: &IntegrationId, stream: Stream, at: Timestamp) -> Result<RunRecord, Failure> {
        self.begin_run_since(integration, stream, None, at)
    }

    /// The same for a run that asks only for what changed since a moment; `None` for a full listing.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn begin_run_since(
        &self,
        integration: &IntegrationId,
        stream: Stream,
        since: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<RunRecord, Failure> {
        self.begin_run_within(integration, stream, since, &SyncScope::default(), at)
    }

    /// The same for a run under sync settings.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn begin_run_within(
        &self,
        integration: &IntegrationId,
        stream: Stream,
        since: Option<Timestamp>,
        scope: &SyncScope,
        at: Timestamp,
    ) -> Result<RunRecord, Failure> {
        let mut tx = self.transaction();
        let number = tx.integration(integration)?;
        for key in self.seen_keys(number, stream)? {
            tx.remove(key);
        }
        self.drop_held(&mut tx, number, stream)?;
        if since.is_none() {
            tx.drop_bad_rows(number, stream)?;
        }
        tx.counters.run += 1;
        let run = RunRecord {
            run: RunId(tx.counters.run),
            integration: integration.clone(),
            stream,
            started: at,
            updated: at,
            page: 0,
            cursor: None,
            counts: RunCounts::default(),
            total: None,
            resumed: 0,
            totals_seen_stable: true,
            since,
            scope: scope.clone(),
        };
        tx.put(key::stream(Table::OpenRun, number, stream), &run)?;
        tx.commit()?;
        Ok(run)
    }

    /// Goes on with an unfinished run: counts the resumption.
    ///
    /// # Errors
    /// When the run is no longer open or the disk refuses.
    pub fn resume_run(&self, open: RunRecord, at: Timestamp) -> Result<RunRecord, Failure> {
        let RunRecord { integration, stream, run: id, .. } = open;
        let mut tx = self.transaction();
        let mut run = self.checked_run(&integration, stream, id)?;
        run.resumed += 1;
        run.updated = at;
        let number = tx.integration(&integration)?;
        tx.put(key::stream(Table::OpenRun, number, stream), &run)?;
        tx.commit()?;
        Ok(run)
    }

    /// Forgets an unfinished run: its records stay, its cursor and what it has seen go.
    ///
    /// # Errors
    /// When the run is no longer open or the disk refuses.
    pub fn abandon_run(&self, run: &RunRecord) -> Result<(), Failure> {
        let mut tx = self.transaction();
        self.checked_run(&run.integration, run.stream, run.run)?;
        let number = tx.integration(&run.integration)?;
        for key in self.seen_keys(number, run.stream)? {
            tx.remove(key);
        }
        self.drop_held(&mut tx, number, run.stream)?;
        tx.remove(key::stream(Table::OpenRun, number, run.stream));
        tx.commit()
    }

    /// Notes that a run was cut or failed. It stays open, so that the next one can go on from its last page.
    ///
    /// # Errors
    /// When the run is not open or the disk refuses.
    pub fn stop_run(
        &self,
        run: &RunRecord,
        at: Timestamp,
        outcome: RunOutcome,
        log: Vec<LogEntry>,
    ) -> Result<Vec<LogEntry>, Failure> {
        let mut tx = self.transaction();
        let number = tx.integration(&run.integration)?;
        let now = self.checked_run(&run.integration, run.stream, run.run)?;
        tx.put(key::stream(Table::LastRun, number, run.stream), &summary(&now, at, outcome))?;
        let log = tx.append_log(log)?;
        tx.commit()?;
        Ok(log)
    }

    /// Ends a run as `judge` says of its listing. What it held back is applied and what it has not seen is orphaned in
    /// several writes; the run counts as finished only in the last one, so a kill in between leaves it open and this
    /// can be called again. With [`RunVerdict::Ask`] neither is done: both are kept for a person
    /// ([`Store::accept_mass_change`], [`Store::refuse_mass_change`]). `closing` makes the closing log line.
    ///
    /// # Errors
    /// When the run is not open, the disk refuses or a value is damaged.
    pub fn finish_run(
        &self,
        finish: RunFinish,
        judge: impl FnOnce(ListingFacts) -> Judgement,
        closing: impl FnOnce(&RunCounts, Option<&MassChange>) -> LogEntry,
    ) -> Result<RunFinished, Failure> {
        self.finish_run_within(finish, &|_| Ok(false), judge, closing)
    }

    /// The same for a run that did not ask for every record: one that is `outside` of what it asked for is not gone
    /// because it was not listed.
    ///
    /// # Errors
    /// As [`Store::finish_run`], and those of `outside`.
    pub fn finish_run_within(
        &self,
        finish: RunFinish,
        outside: &dyn Fn(&Record) -> Result<bool, Failure>,
        judge: impl FnOnce(ListingFacts) -> Judgement,
        closing: impl FnOnce(&RunCounts, Option<&MassChange>) -> LogEntry,
    ) -> Result<RunFinished, Failure> {
        let RunFinish { integration, stream, run: id, at, left_out } = finish;
        let mut run = self.checked_run(&integration, stream, id)?;
        run.counts.left_out = left_out;
        let number = self.transaction().integration(&integration)?;
        let seen = self.seen(number, stream, id)?;
        let gone = if run.since.is_some() { Vec::new() } else { self.unseen(number, &run, &seen, outside)? };
        let facts = ListingFacts {
            seen: seen.len() as u64,
            total: run.total,
            bad: run.counts.bad,
            stable: run.totals_seen_stable,
            resumed: run.resumed,
            live: self.live_count(&integration, stream),
            gone: gone.len() as u64,
            held: run.counts.held,
            incremental: run.since.is_some(),
        };
        let judged = judge(facts);
        if judged.verdict == RunVerdict::Ask {
            let gone = if judged.ask_gone { gone } else { Vec::new() };
            let asks = self.ask(number, &run, &gone, facts.live, judged.watermark, at)?;
            let closing = closing(&run.counts, Some(&asks));
            let log = self.close_run(number, &run, at, RunOutcome::Asks { counts: run.counts }, None, closing)?;
            let (counts, withheld) = (run.counts, facts.gone);
            return Ok(RunFinished {
                counts,
                changed: Vec::new(),
                orphaned: Vec::new(),
                withheld,
                asks: Some(asks),
                log,
            });
        }
        let changed = self.apply_held(number, &mut run, at)?;
        let (orphaned, withheld) =
            if judged.verdict == RunVerdict::Orphan { (gone, 0) } else { (Vec::new(), facts.gone) };
        for ids in orphaned.chunks(ORPHANS_PER_WRITE) {
            self.orphan(number, &mut run, ids, at)?;
        }
        let (outcome, closing) = (RunOutcome::Complete { counts: run.counts }, closing(&run.counts, None));
        let log = self.close_run(number, &run, at, outcome, judged.watermark, closing)?;
        Ok(RunFinished { counts: run.counts, changed, orphaned, withheld, asks: None, log })
    }

    /// How the stream's last run ended; `None` when none has.
    ///
    /// # Errors
    /// When the disk refuses or the value is damaged.
    pub fn last_run(&self, integration: &IntegrationId, stream: Stream) -> Result<Option<RunSummary>, Failure> {
        match self.integration_number(integration) {
            Some(number) => self.get(&key::stream(Table::LastRun, number, stream)),
            None => Ok(None),
        }
    }

    /// Keeps where a stream stands, to be shown after a restart.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn save_stream_state(&self, progress: &StreamProgress) -> Result<(), Failure> {
        let mut tx = self.transaction();
        let number = tx.integration(&progress.integration)?;
        tx.put(key::stream(Table::Progress, number, progress.stream), progress)?;
        tx.commit()
    }

    /// Where the streams stood when last saved, in the order in which the integrations were first used.
    ///
    /// # Errors
    /// When the disk refuses or a value is damaged.
    pub fn stream_states(&self) -> Result<Vec<StreamProgress>, Failure> {
        let values = self.tree().scan_prefix(key::table(Table::Progress)).values();
        values.map(|v| super::codec::decode(&v.map_err(|e| error::from_sled(&e, "reading the streams"))?)).collect()
    }

    fn checked_run(&self, integration: &IntegrationId, stream: Stream, run: RunId) -> Result<RunRecord, Failure> {
        self.open_run(integration, stream)?
            .filter(|open| open.run == run)
            .ok_or_else(|| error::ours(format!("run {} of {integration}/{stream} is not open", run.0)))
    }

    fn seen_keys(&self, number: u16, stream: Stream) -> Result<Vec<sled::IVec>, Failure> {
        let keys = self.tree().scan_prefix(key::stream(Table::Seen, number, stream)).keys();
        keys.map(|k| k.map_err(|e| error::from_sled(&e, "reading a run"))).collect()
    }

    /// Hashes of the ids that the run has seen.
    fn seen(&self, number: u16, stream: Stream, run: RunId) -> Result<FxHashSet<u64>, Failure> {
        let mut seen = FxHashSet::default();
        let mut pages = key::stream(Table::Seen, number, stream);
        pages.extend_from_slice(&run.0.to_be_bytes());
        for page in self.tree().scan_prefix(pages).values() {
            let page = page.map_err(|e| error::from_sled(&e, "reading a run"))?;
            seen.extend(page.as_chunks::<8>().0.iter().map(|hash| u64::from_be_bytes(*hash)));
        }
        Ok(seen)
    }

    /// Live records that the run has not seen and should have.
    fn unseen(
        &self,
        number: u16,
        run: &RunRecord,
        seen: &FxHashSet<u64>,
        outside: &dyn Fn(&Record) -> Result<bool, Failure>,
    ) -> Result<Vec<RecordId>, Failure> {
        let mut gone = Vec::new();
        let off = self.off_in(number, run.stream)?;
        for pair in self.tree().scan_prefix(key::stream(Table::Record, number, run.stream)) {
            let (key, value) = pair.map_err(|e| error::from_sled(&e, "reading the records"))?;
            let id = RecordId::new(String::from_utf8_lossy(&key[key::ITEM_PREFIX..]));
            let is_seen = seen.contains(&seen_hash(&id, run.run));
            if !is_seen && !off.contains(&id) && !is_orphaned(&value)? && !outside(&record_in(&value)?)? {
                gone.push(id);
            }
        }
        Ok(gone)
    }

    fn orphan(&self, number: u16, run: &mut RunRecord, ids: &[RecordId], at: Timestamp) -> Result<(), Failure> {
        let mut tx = self.transaction();
        let marked = self.mark_orphaned(&mut tx, number, run.stream, run.run, ids, at)?;
        run.counts.orphaned += marked;
        tx.put(key::stream(Table::OpenRun, number, run.stream), run)?;
        tx.commit()
    }

    /// Marks live records as orphaned; returns how many there were.
    pub(super) fn mark_orphaned(
        &self,
        tx: &mut super::transaction::Transaction<'_>,
        number: u16,
        stream: Stream,
        run: RunId,
        ids: &[RecordId],
        at: Timestamp,
    ) -> Result<u64, Failure> {
        let (mut marked, mut events) = (0_i64, Events::default());
        for id in ids {
            let key = key::item(Table::Record, number, stream, id.as_str());
            let value = self.tree().get(&key).map_err(|e| error::from_sled(&e, "reading a record"))?;
            if let Some(value) = value.map(|v| with_orphaned(&v, at)).transpose()?.flatten() {
                tx.put_encoded(key, value);
                events.add(id, RecordEvent { at, run, seen: Seen::Gone });
                marked += 1;
            }
        }
        events.put(tx, number, stream)?;
        tx.change_live(number, stream, -marked)?;
        tx.touches_content();
        Ok(marked.cast_unsigned())
    }

    fn close_run(
        &self,
        number: u16,
        run: &RunRecord,
        at: Timestamp,
        outcome: RunOutcome,
        watermark: Option<Watermark>,
        closing: LogEntry,
    ) -> Result<Vec<LogEntry>, Failure> {
        let mut tx = self.transaction();
        for key in self.seen_keys(number, run.stream)? {
            tx.remove(key);
        }
        tx.remove(key::stream(Table::OpenRun, number, run.stream));
        if matches!(outcome, RunOutcome::Complete { .. }) {
            // What was asked before is answered by the vendor itself.
            tx.remove(key::stream(Table::Question, number, run.stream));
        }
        if let Some(watermark) = watermark {
            tx.put_watermark(number, run.stream, &watermark)?;
            tx.put(key::stream(Table::ListedScope, number, run.stream), &run.scope)?;
        }
        tx.put(key::stream(Table::LastRun, number, run.stream), &summary(run, at, outcome))?;
        let log = tx.append_log(vec![closing])?;
        tx.write()?;
        // What is left of an answered question is no part of anything any more.
        self.drop_held(&mut tx, number, run.stream)?;
        tx.commit()?;
        Ok(log)
    }
}

pub(super) fn summary(run: &RunRecord, at: Timestamp, outcome: RunOutcome) -> RunSummary {
    RunSummary {
        run: run.run,
        started: run.started,
        at,
        outcome,
        pages: run.page,
        resumed: run.resumed,
        since: run.since,
    }
}

/// Eight bytes instead of the id: a run of 500,000 devices keeps 4 MB. Two ids with one hash could only hide that one of
/// them is gone, and the run's own seed lets the next run see it.
pub(super) fn seen_hash(id: &RecordId, run: RunId) -> u64 {
    xxh3_64_with_seed(id.as_str().as_bytes(), run.0)
}
