//! One record: synced now, switched off or on, and its history; and rows that never became records.

use super::super::messages::{BadRowView, Done, RecordLine, RecordSheet, View};
use super::super::reply::ReplyTo;
use super::super::{compare, writer};
use super::schedules::Planned;
use super::{Core, CoreMessage};
use crate::domain::{Failure, FailureClass, IntegrationId, RecordId, Stream, text};
use crate::store::Store;
use crate::sync::Task;

/// Newest history entries that are looked through for a record.
const ENTRIES: usize = 300;

impl Core {
    /// Syncs one record now.
    pub(super) fn sync_record(&mut self, reply: ReplyTo, task: Task, record: RecordId) {
        if !self.integrations.iter().any(|i| i.id == task.integration) {
            return reply.failed(self.no_integration(&task.integration));
        }
        let id = task.integration.clone();
        self.supervisor.sync_record(task, record, move |result| match result {
            Ok(text) => reply.done(Done { rows: 1, text, ..Done::default() }),
            Err(failure) => reply.failed(Failure { what: format!("{id}: {}", failure.what), ..failure }),
        });
    }

    /// Switches the sync of one record.
    pub(super) fn switch_record(&mut self, reply: ReplyTo, task: Task, record: RecordId, on: bool) {
        let (store, at) = (self.store.clone(), self.clock.now());
        self.keeping += 1;
        let work = move |_: &Store| {
            let result = switch(&store, &task, &record, on, at);
            CoreMessage::Planned { change: Planned::Record(task, record, on), result, reply }
        };
        let _ = self.writer.send(writer::Job::Keep(Box::new(work)));
    }

    /// Switches the sync of every record of a stream on again.
    pub(super) fn reconnect(&mut self, reply: ReplyTo, task: Task) {
        let records = self.off.get(&task).cloned().unwrap_or_default();
        if records.is_empty() {
            let text = format!("the sync of no {} of {} is switched off", task.stream.one(), task.integration);
            return reply.done(Done { text, ..Done::default() });
        }
        let (store, at) = (self.store.clone(), self.clock.now());
        self.keeping += 1;
        let work = move |_: &Store| {
            let mut switched = records.iter();
            let result =
                switched.try_for_each(|id| store.set_record_sync(&task.integration, task.stream, id, true, at));
            CoreMessage::Planned { change: Planned::Reconnected(task, records), result, reply }
        };
        let _ = self.writer.send(writer::Job::Keep(Box::new(work)));
    }

    /// A record and what became of it.
    pub(super) fn record_sheet(&self, reply: ReplyTo, task: Task, record: RecordId) {
        let store = self.store.clone();
        let left_out = self.world.tables_of(&task.integration).register.why(task.stream, &record);
        let left_out = left_out.unwrap_or_default();
        let flows: Vec<_> = self.flows.iter().map(|state| state.flow.clone()).collect();
        self.off_thread(reply, move || {
            let flows: Vec<_> = flows.iter().filter(|flow| flow.source == task.integration).map(|f| &f.id).collect();
            let mut sheet = sheet(&store, &task, &record)?;
            sheet.left_out = left_out;
            for entry in store.history(None, ENTRIES)? {
                if entry.stream != task.stream || !flows.contains(&&entry.flow) {
                    continue;
                }
                let Some(entry) = store.history_entry(entry.id)? else { continue };
                if entry.changes.iter().any(|change| change.source == record) {
                    let by = compare::who(&entry.actor);
                    sheet.history.push(RecordLine { at: entry.at, by, text: entry.what });
                }
            }
            sheet.history.sort_by_key(|line| std::cmp::Reverse(line.at));
            Ok(View::Record(Box::new(sheet)))
        });
    }

    /// Rows that could not be read.
    pub(super) fn bad_rows(&self, reply: ReplyTo, integration: Option<IntegrationId>, stream: Option<Stream>) {
        let ids: Vec<IntegrationId> = self.integrations.iter().map(|i| i.id.clone()).collect();
        let store = self.store.clone();
        self.off_thread(reply, move || {
            let mut all = Vec::new();
            for id in ids.into_iter().filter(|id| integration.as_ref().is_none_or(|wanted| wanted == id)) {
                for of in Stream::ALL.into_iter().filter(|of| stream.is_none_or(|wanted| wanted == *of)) {
                    all.extend(store.bad_rows(&id, of)?.into_iter().map(|row| BadRowView {
                        integration: id.clone(),
                        stream: of,
                        at: row.at,
                        run: row.run.0,
                        page: row.page,
                        id: row.id,
                        reason: row.reason,
                        raw: row.raw,
                    }));
                }
            }
            Ok(View::BadRows(all))
        });
    }
}

fn unknown(task: &Task, record: &RecordId) -> Failure {
    let what = format!("{} has no {} with the id {record}", task.integration, task.stream);
    Failure::new(FailureClass::Usage, what, "`matchbook why TEXT` finds records by name, serial and id")
}

fn switch(
    store: &Store,
    task: &Task,
    record: &RecordId,
    on: bool,
    at: crate::domain::Timestamp,
) -> Result<(), Failure> {
    store.record(&task.integration, task.stream, record)?.ok_or_else(|| unknown(task, record))?;
    store.set_record_sync(&task.integration, task.stream, record, on, at)
}

fn sheet(store: &Store, task: &Task, record: &RecordId) -> Result<RecordSheet, Failure> {
    let (integration, stream) = (&task.integration, task.stream);
    let stored = store.record(integration, stream, record)?.ok_or_else(|| unknown(task, record))?;
    let seen = store.record_events(integration, stream, record)?;
    let line = |event: crate::store::RecordEvent| RecordLine {
        at: event.at,
        by: if event.run.0 == 0 { "by hand".to_owned() } else { format!("run {}", event.run.0) },
        text: event.seen.text(),
    };
    Ok(RecordSheet {
        integration: integration.clone(),
        stream,
        id: record.clone(),
        name: text::clean(stored.record.name()).into_owned(),
        synced: !store.records_off(integration, stream)?.contains(record),
        first_seen: stored.first_seen,
        changed: stored.changed,
        orphaned: stored.orphaned,
        left_out: String::new(),
        history: seen.into_iter().map(line).collect(),
    })
}
