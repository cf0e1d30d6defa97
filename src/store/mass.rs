//! Changes that wait: a run never applies a change of what a known record is known by before its end, and not at all
//! without a person when there are too many.
//!
//! While pages come, such changes are kept aside under the run's number, in the page's own write. The end of the run
//! applies them ([`Store::finish_run`]) or asks; a question names the run whose changes it is about, and lives until a
//! person answers or a later run of the stream is good.

use super::events::{Events, RecordEvent, Seen};
use super::key::{self, Table};
use super::records::{decode, record_in};
use super::runs::RunRecord;
use super::transaction::Transaction;
use super::watermark::Watermark;
use super::{Store, error};
use crate::domain::{
    FactChange, Failure, FailureClass, IntegrationId, LogEntry, MassChange, Record, RecordId, RunId, Stream, Timestamp,
};
use serde::{Deserialize, Serialize};

/// Changes applied in one write.
const PER_WRITE: usize = 1000;

/// A question as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Question {
    change: MassChange,
    /// The stream's watermark once it is accepted.
    #[serde(default)]
    watermark: Option<Watermark>,
    /// A person said yes; what is left of it is applied when the store opens.
    #[serde(default)]
    accepted: bool,
}

/// One record of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MassRow {
    /// The record.
    pub id: RecordId,
    /// Its name as it is stored.
    pub name: String,
    /// It is no longer listed.
    pub gone: bool,
    /// What would change; empty when it is gone.
    pub changes: Vec<FactChange>,
}

/// Part of a question that is applied now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// Records that changed, as they are stored now.
    pub changed: Vec<Record>,
    /// Records that were orphaned.
    pub orphaned: Vec<RecordId>,
}

impl Store {
    /// What is asked about a stream.
    ///
    /// # Errors
    /// When the disk refuses or the value is damaged.
    pub fn mass_change(&self, integration: &IntegrationId, stream: Stream) -> Result<Option<MassChange>, Failure> {
        Ok(self.question(integration, stream)?.map(|q| q.change))
    }

    /// The first records of a question, changed ones and gone ones in the order of their ids.
    ///
    /// # Errors
    /// When the disk refuses or a value is damaged.
    pub fn mass_change_rows(
        &self,
        integration: &IntegrationId,
        stream: Stream,
        limit: usize,
    ) -> Result<Vec<MassRow>, Failure> {
        let Some(question) = self.question(integration, stream)? else { return Ok(Vec::new()) };
        let Some(number) = self.integration_number(integration) else { return Ok(Vec::new()) };
        let mut rows = Vec::new();
        for (id, value) in self.held_chunk(number, stream, question.change.run, limit)? {
            let Some(stored) = self.record(integration, stream, &id)? else { continue };
            let (gone, changes) = match value {
                Some(value) => (false, stored.record.changes_to(&record_in(&value)?)),
                None => (true, Vec::new()),
            };
            rows.push(MassRow { id, name: stored.record.name().to_owned(), gone, changes });
        }
        Ok(rows)
    }

    /// Applies what a run asked about: the answer is durable first, then the changes follow in several writes, each
    /// handed to `told`; opening the store completes what a kill cut.
    ///
    /// # Errors
    /// `Usage` when the question is not (any more) that of this run; when the disk refuses.
    pub fn accept_mass_change(
        &self,
        integration: &IntegrationId,
        stream: Stream,
        run: RunId,
        entry: LogEntry,
        told: &mut dyn FnMut(Applied),
    ) -> Result<Vec<LogEntry>, Failure> {
        let question = self.question_of(integration, stream, run)?;
        let mut tx = self.transaction();
        let number = tx.integration(integration)?;
        let at = entry.at;
        tx.put(key::stream(Table::Question, number, stream), &Question { accepted: true, ..question.clone() })?;
        let log = tx.append_log(vec![entry])?;
        tx.commit()?;
        self.flush()?;
        self.carry_out(number, stream, &question, at, told)?;
        Ok(log)
    }

    /// Drops what a run asked about: the last good state stays, and the stream's next run is a full listing.
    ///
    /// # Errors
    /// `Usage` when the question is not (any more) that of this run; when the disk refuses.
    pub fn refuse_mass_change(
        &self,
        integration: &IntegrationId,
        stream: Stream,
        run: RunId,
        entry: LogEntry,
    ) -> Result<Vec<LogEntry>, Failure> {
        self.question_of(integration, stream, run)?;
        let mut tx = self.transaction();
        let number = tx.integration(integration)?;
        tx.remove(key::stream(Table::Question, number, stream));
        tx.put_doubt(number, stream)?;
        let log = tx.append_log(vec![entry])?;
        tx.write()?;
        self.drop_held(&mut tx, number, stream)?;
        tx.commit()?;
        self.flush()?;
        Ok(log)
    }

    /// Applies what is left of answers that a kill cut.
    pub(super) fn complete_mass_changes(&self) -> Result<(), Failure> {
        let numbers: Vec<u16> = self.state().integrations.values().copied().collect();
        for number in numbers {
            for stream in Stream::ALL {
                let question: Option<Question> = self.get(&key::stream(Table::Question, number, stream))?;
                if let Some(question) = question.filter(|q| q.accepted) {
                    let at = question.change.at;
                    self.carry_out(number, stream, &question, at, &mut |_| {})?;
                }
            }
        }
        Ok(())
    }

    fn carry_out(
        &self,
        number: u16,
        stream: Stream,
        question: &Question,
        at: Timestamp,
        told: &mut dyn FnMut(Applied),
    ) -> Result<(), Failure> {
        let run = question.change.run;
        loop {
            let chunk = self.held_chunk(number, stream, run, PER_WRITE)?;
            if chunk.is_empty() {
                break;
            }
            let gone: Vec<RecordId> =
                chunk.iter().filter(|(_, value)| value.is_none()).map(|(id, _)| id.clone()).collect();
            let mut tx = self.transaction();
            let changed = self.put_held(&mut tx, number, stream, run, chunk, at)?;
            self.mark_orphaned(&mut tx, number, stream, run, &gone, at)?;
            tx.commit()?;
            told(Applied { changed, orphaned: gone });
        }
        let mut tx = self.transaction();
        if let Some(watermark) = question.watermark {
            tx.put_watermark(number, stream, &watermark)?;
        }
        tx.remove(key::stream(Table::Question, number, stream));
        tx.commit()?;
        self.flush()
    }

    fn question(&self, integration: &IntegrationId, stream: Stream) -> Result<Option<Question>, Failure> {
        match self.integration_number(integration) {
            Some(number) => self.get(&key::stream(Table::Question, number, stream)),
            None => Ok(None),
        }
    }

    fn question_of(&self, integration: &IntegrationId, stream: Stream, run: RunId) -> Result<Question, Failure> {
        self.question(integration, stream)?.filter(|q| q.change.run == run).ok_or_else(|| {
            let what = format!("nothing is asked about {integration}/{stream} any more: a later sync answered it");
            Failure::new(FailureClass::Usage, what, "look at the cards anew")
        })
    }

    /// Applies everything that the run held back; the run's record is written with each part.
    pub(super) fn apply_held(&self, number: u16, run: &mut RunRecord, at: Timestamp) -> Result<Vec<Record>, Failure> {
        let mut all = Vec::new();
        loop {
            let chunk = self.held_chunk(number, run.stream, run.run, PER_WRITE)?;
            if chunk.is_empty() {
                run.counts.held = 0;
                return Ok(all);
            }
            let mut tx = self.transaction();
            let taken = chunk.len() as u64;
            let changed = self.put_held(&mut tx, number, run.stream, run.run, chunk, at)?;
            run.counts.changed += changed.len() as u64;
            run.counts.held = run.counts.held.saturating_sub(taken);
            tx.put(key::stream(Table::OpenRun, number, run.stream), run)?;
            tx.commit()?;
            all.extend(changed);
        }
    }

    /// Writes held values over the stored ones and takes them out of what is held.
    fn put_held(
        &self,
        tx: &mut Transaction<'_>,
        number: u16,
        stream: Stream,
        run: RunId,
        chunk: Vec<(RecordId, Option<sled::IVec>)>,
        at: Timestamp,
    ) -> Result<Vec<Record>, Failure> {
        let (mut changed, mut events) = (Vec::new(), Events::default());
        for (id, value) in chunk {
            tx.remove(key::held(number, stream, run.0, id.as_str()));
            let Some(value) = value else { continue };
            let key = key::item(Table::Record, number, stream, id.as_str());
            let stored = self.tree().get(&key).map_err(|e| error::from_sled(&e, "reading a record"))?;
            let after = record_in(&value)?;
            if let Some(stored) = stored {
                let before = decode(&stored)?;
                events.add(&id, RecordEvent { at, run, seen: Seen::Changed(before.record.changes_to(&after)) });
                if before.orphaned.is_some() {
                    tx.change_live(number, stream, 1)?;
                }
            } else {
                tx.change_live(number, stream, 1)?;
            }
            tx.put_encoded(key, value.to_vec());
            changed.push(after);
        }
        events.put(tx, number, stream)?;
        tx.touches_content();
        Ok(changed)
    }

    /// The first values that a run holds back; `None` for a record that is gone.
    fn held_chunk(
        &self,
        number: u16,
        stream: Stream,
        run: RunId,
        limit: usize,
    ) -> Result<Vec<(RecordId, Option<sled::IVec>)>, Failure> {
        let pairs = self.tree().scan_prefix(key::held_of(number, stream, run.0)).take(limit);
        pairs
            .map(|pair| {
                let (key, value) = pair.map_err(|e| error::from_sled(&e, "reading a run"))?;
                let id = RecordId::new(String::from_utf8_lossy(&key[key::HELD_PREFIX..]));
                Ok((id, Some(value).filter(|v| !v.is_empty())))
            })
            .collect()
    }

    /// Keeps a question instead of applying anything; a question of an earlier run gives way.
    pub(super) fn ask(
        &self,
        number: u16,
        run: &RunRecord,
        gone: &[RecordId],
        live: u64,
        watermark: Option<Watermark>,
        at: Timestamp,
    ) -> Result<MassChange, Failure> {
        for ids in gone.chunks(PER_WRITE) {
            let mut tx = self.transaction();
            for id in ids {
                tx.put_encoded(key::held(number, run.stream, run.run.0, id.as_str()), Vec::new());
            }
            tx.commit()?;
        }
        let change = MassChange { run: run.run, at, changed: run.counts.held, gone: gone.len() as u64, live };
        let question = Question { change: change.clone(), watermark, accepted: false };
        let mut tx = self.transaction();
        tx.put(key::stream(Table::Question, number, run.stream), &question)?;
        tx.write()?;
        self.drop_held(&mut tx, number, run.stream)?;
        tx.commit()?;
        Ok(change)
    }

    /// Drops what runs of a stream held back, but for the one that is asked about. Writes what was put before, so that
    /// the memory of one write stays small.
    pub(super) fn drop_held(&self, tx: &mut Transaction<'_>, number: u16, stream: Stream) -> Result<(), Failure> {
        let asked: Option<Question> = self.get(&key::stream(Table::Question, number, stream))?;
        let kept = asked.map(|q| key::held_of(number, stream, q.change.run.0));
        let mut dropped = 0;
        for held in self.tree().scan_prefix(key::stream(Table::Held, number, stream)).keys() {
            let held = held.map_err(|e| error::from_sled(&e, "reading a run"))?;
            if kept.as_ref().is_some_and(|kept| held.starts_with(kept)) {
                continue;
            }
            tx.remove(held);
            dropped += 1;
            if dropped % PER_WRITE == 0 {
                tx.write()?;
            }
        }
        Ok(())
    }
}
