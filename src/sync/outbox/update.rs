//! Changes of records: the same twice does no harm, so what is not known is read back and sent again.

use super::look::parts;
use super::{Courier, Stop, TRIES, refused};
use crate::connectors::{Find, WriteFault, WriteLimits};
use crate::domain::outbox::plan::is_value;
use crate::domain::{FailureClass, OutboxEntry, Record, RecordId, Stream, WriteField, WriteId, WriteKind, WriteState};
use std::collections::{BTreeMap, HashMap};

/// Changes in one wave.
const CHANGES: usize = 400;

impl Courier {
    /// Sends a wave of changes; false when there is none.
    pub(super) async fn update(&self, updates: Vec<OutboxEntry>) -> Result<bool, Stop> {
        let mut by_stream: BTreeMap<Stream, Vec<OutboxEntry>> = BTreeMap::new();
        for entry in updates {
            by_stream.entry(entry.write.stream).or_default().push(entry);
        }
        let Some((stream, mut wave)) = by_stream.into_iter().next() else { return Ok(false) };
        wave.truncate(CHANGES);
        self.change(stream, wave).await?;
        Ok(true)
    }

    async fn change(&self, stream: Stream, wave: Vec<OutboxEntry>) -> Result<(), Stop> {
        let Some(limits) = self.connector.write_limits(stream) else {
            let reason = format!("matchbook does not write {stream} there");
            return self.close(wave.into_iter().map(|e| refused(e, reason.clone(), "")).collect(), Vec::new()).await;
        };
        let mut open = wave;
        let mut most: HashMap<WriteId, usize> = HashMap::new();
        loop {
            for entry in &mut open {
                entry.state = WriteState::Sending;
                entry.sent += 1;
                entry.changed = self.clock.now();
            }
            self.keep(open.clone()).await?;
            let mut rest = std::mem::take(&mut open).into_iter().peekable();
            let (mut sent, mut closed, mut stopped) = (Vec::new(), Vec::new(), None);
            while let Some(first) = rest.peek() {
                let size = most.get(&first.id).copied().unwrap_or(limits.update).clamp(1, limits.update);
                let mut part: Vec<OutboxEntry> = rest.by_ref().take(size).collect();
                if stopped.is_some() {
                    part.iter_mut().for_each(super::unsent);
                    open.extend(part);
                    continue;
                }
                match self.connector.update(stream, part.iter().map(change).collect()).await {
                    Ok(()) => sent.extend(part),
                    Err(WriteFault::Unknown(failure)) => {
                        for entry in &mut part {
                            entry.state = WriteState::Unconfirmed { why: failure.what.clone() };
                        }
                        sent.extend(part);
                    }
                    Err(WriteFault::Refused { .. }) if part.len() > 1 => {
                        let half = part.len() / 2;
                        most.extend(part.iter().map(|entry| (entry.id, half)));
                        open.extend(part.into_iter().map(|mut entry| {
                            entry.sent = entry.sent.saturating_sub(1);
                            entry
                        }));
                    }
                    Err(WriteFault::Refused { reason, said }) => {
                        closed.extend(part.into_iter().map(|entry| refused(entry, reason.clone(), &said)));
                    }
                    Err(WriteFault::Stopped(failure)) => {
                        stopped = Some(failure);
                        part.iter_mut().for_each(super::unsent);
                        open.extend(part);
                    }
                }
            }
            self.close(closed, Vec::new()).await?;
            open.extend(self.read_back(stream, sent, &limits).await?);
            if let Some(failure) = stopped {
                self.keep(open).await?;
                let again = failure.class == FailureClass::Limit;
                return Err(Stop::Failure(failure, again));
            }
            if open.is_empty() {
                return Ok(());
            }
        }
    }

    /// Confirms what the vendor has now; returns what is to be sent once more.
    async fn read_back(
        &self,
        stream: Stream,
        sent: Vec<OutboxEntry>,
        limits: &WriteLimits,
    ) -> Result<Vec<OutboxEntry>, Stop> {
        let mut there: HashMap<RecordId, Record> = HashMap::new();
        let ids = sent.iter().filter_map(|entry| target(entry).map(ToString::to_string));
        for part in parts(ids, limits) {
            let ids = part.into_iter().map(RecordId::from).collect();
            for record in self.connector.find(stream, Find::Ids(ids)).await? {
                there.insert(record.id(), record);
            }
        }
        let (mut again, mut closed, mut records) = (Vec::new(), Vec::new(), Vec::new());
        for mut entry in sent {
            let Some(record) = target(&entry).and_then(|id| there.get(id)) else {
                closed.push(refused(entry, "the record is gone at the vendor", ""));
                continue;
            };
            let lacks = |record: &Record| entry.write.fields.iter().find(|f| !is_value(record, f.field, &f.new));
            match lacks(record) {
                None => {
                    entry.state = WriteState::Confirmed { target: record.id() };
                    records.push(record.clone());
                    closed.push(entry);
                }
                Some(field) if entry.sent >= TRIES || matches!(entry.state, WriteState::Sending) => {
                    // It was accepted and the vendor has made something else of it.
                    let reason = format!("the vendor took it and shows another {}", field.field.word());
                    closed.push(refused(entry, reason, ""));
                }
                Some(_) => again.push(entry),
            }
        }
        self.close(closed, records).await?;
        Ok(again)
    }
}

fn target(entry: &OutboxEntry) -> Option<&RecordId> {
    match &entry.write.kind {
        WriteKind::Update { target } => Some(target),
        WriteKind::Create => None,
    }
}

fn change(entry: &OutboxEntry) -> (RecordId, Vec<(WriteField, String)>) {
    let values = entry.write.fields.iter().map(|field| (field.field, field.new.clone())).collect();
    (target(entry).cloned().unwrap_or_default(), values)
}
