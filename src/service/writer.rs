//! Makes decisions durable, one after the other, on a thread of its own: no screen waits for the disk.

use super::SettingsFile;
use super::core::{CoreMessage, Turn};
use super::decide::By;
use super::reply::ReplyTo;
use super::tables::Change;
use crate::domain::{
    Actor, Failure, HistoryEntry, HistoryId, IntegrationId, OutboxEntry, Record, Stream, SyncScope, Timestamp, WriteId,
};
use crate::store::Store;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

/// What the writer is asked.
pub enum Job {
    /// Make this durable.
    Decide {
        /// The entry; the store gives it its number.
        entry: Box<HistoryEntry>,
        /// Who waits for it.
        waiting: Waiting,
    },
    /// Add writes to the outbox.
    AddWrites {
        /// The writes; the store gives them their numbers.
        entries: Vec<OutboxEntry>,
        /// Writes that they take the place of.
        instead: Vec<WriteId>,
        /// Who waits, and what to say.
        waiting: WritesWaiting,
    },
    /// Change the states of writes that a person decided on.
    SetWrites {
        /// As they are to be.
        entries: Vec<OutboxEntry>,
        /// Who waits, and what to say.
        waiting: WritesWaiting,
    },
    /// Take back writes that were not sent.
    WithdrawWrites {
        /// Which.
        ids: Vec<WriteId>,
        /// Who waits, and what to say.
        waiting: WritesWaiting,
        /// When.
        at: Timestamp,
    },
    /// Keep what became of writes: records that were read back, then the decisions with the writes' states.
    CloseWrites {
        /// Where they were sent.
        integration: IntegrationId,
        /// Records that were read back.
        records: Vec<Record>,
        /// Decisions, each with the writes that led to it.
        decided: Vec<(HistoryEntry, Vec<OutboxEntry>)>,
        /// Writes that led to none.
        others: Vec<OutboxEntry>,
        /// When.
        at: Timestamp,
        /// Hears whether it was kept.
        done: tokio::sync::oneshot::Sender<bool>,
    },
    /// Find the entry that an undo or redo means. Comes after the decisions before it.
    Find {
        /// Which.
        wanted: Wanted,
        /// Who waits for it.
        reply: ReplyTo,
        /// On whose behalf.
        by: By,
    },
    /// Write other sync settings into the configuration.
    KeepScope {
        /// Where they are kept.
        file: Arc<dyn SettingsFile>,
        /// Of which integration.
        integration: IntegrationId,
        /// The settings.
        scope: Arc<SyncScope>,
        /// Sync what only the vendor can bring.
        sync: bool,
        /// Who waits for it.
        reply: ReplyTo,
    },
    /// Write something else, and tell the core what came of it.
    Keep(Box<dyn FnOnce(&Store) -> CoreMessage + Send>),
    /// Answer when all before it is durable.
    Stop(tokio::sync::oneshot::Sender<()>),
}

/// Which entry is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// This one, or the newest that was not taken back.
    Undo {
        /// Which.
        entry: Option<HistoryId>,
        /// Only say what it would do.
        preview: bool,
    },
    /// The last undo.
    Redo,
}

/// Who waits for a change of the outbox, and what to say.
pub struct WritesWaiting {
    /// Who; nobody for what happens by itself.
    pub reply: Option<ReplyTo>,
    /// One line for the person.
    pub text: String,
    /// Rows left as they were, by reason.
    pub skipped: Vec<(String, u64)>,
    /// What a person should know of it.
    pub warnings: Vec<String>,
    /// Dropped, the next plan is made.
    pub turn: Option<Turn>,
}

/// Who waits for a decision, and what to say.
pub struct Waiting {
    /// Who; nobody for the engine's own.
    pub reply: Option<ReplyTo>,
    /// Rows left as they were.
    pub skipped: Vec<(String, u64)>,
    /// The rows are put into the queues once it is durable, not before.
    pub later: bool,
}

/// Changed records of the inventory handed to the core at once.
pub const CHANGES_TOLD: usize = 250;

/// Hands the core the inventory's records as an entry left them.
fn tell_records(store: &Store, entry: &HistoryEntry, core: &Sender<CoreMessage>) -> Result<(), Failure> {
    let inventory = IntegrationId::inventory();
    for part in entry.records.chunks(CHANGES_TOLD) {
        let mut changes = Vec::with_capacity(2 * part.len());
        for change in part {
            let stored = store.record(&inventory, change.stream, &change.id)?;
            match stored {
                Some(stored) if stored.orphaned.is_none() => changes.extend(Change::all_of(&stored.record)),
                _ => changes.push(Change::Orphaned(change.stream, change.id.clone())),
            }
        }
        let _ = core.send(CoreMessage::Stored(inventory.clone(), changes));
    }
    Ok(())
}

/// Entries looked through for the newest one that can be undone.
const HISTORY_SCAN: usize = 500;

/// Runs until it is stopped or the core is gone.
pub fn run(store: &Store, jobs: &Receiver<Job>, core: &Sender<CoreMessage>) {
    while let Ok(job) = jobs.recv() {
        let message = match job {
            Job::Decide { entry, waiting } => {
                let result = store.decide((*entry).clone());
                let result = result.map(|mut stored| {
                    if let Err(failure) = tell_records(store, &stored, core) {
                        // It is durable all the same; what cannot be read now is read at the next start.
                        let _ = core.send(CoreMessage::Notice(failure.to_string()));
                    }
                    stored.records.clear();
                    stored.changes.clear();
                    stored
                });
                CoreMessage::Written { entry, result, waiting }
            }
            Job::AddWrites { entries, instead, waiting } => {
                let why = "planned anew";
                let at = entries.first().map_or(Timestamp::UNIX_EPOCH, |entry| entry.planned);
                let result = store.withdraw_writes(&instead, why, at).and_then(|mut changed| {
                    changed.extend(store.add_writes(entries)?);
                    Ok(changed)
                });
                CoreMessage::WritesKept { result, waiting }
            }
            Job::SetWrites { entries, waiting } => {
                let result = store.update_writes(&entries).map(|()| entries);
                CoreMessage::WritesKept { result, waiting }
            }
            Job::WithdrawWrites { ids, waiting, at } => {
                CoreMessage::WritesKept { result: store.withdraw_writes(&ids, "taken back by hand", at), waiting }
            }
            Job::CloseWrites { integration, records, decided, others, at, done } => {
                let result = close(store, &integration, records, &decided, &others, at);
                CoreMessage::WritesDecided { integration, decided, others, result, done }
            }
            Job::Find { wanted, reply, by } => CoreMessage::Found { wanted, entry: find(store, wanted), reply, by },
            Job::KeepScope { file, integration, scope, sync, reply } => {
                let result = file.save_scope(&integration, &scope);
                CoreMessage::ScopeKept { integration, scope, sync, result, reply }
            }
            Job::Keep(work) => work(store),
            Job::Stop(done) => {
                // What the queues decided is durable already; this flush is for pages and logs.
                let _ = store.flush();
                let _ = done.send(());
                return;
            }
        };
        if core.send(message).is_err() {
            return;
        }
    }
}

/// Keeps what became of writes; returns the records that are new to the store.
fn close(
    store: &Store,
    integration: &IntegrationId,
    records: Vec<Record>,
    decided: &[(HistoryEntry, Vec<OutboxEntry>)],
    others: &[OutboxEntry],
    at: Timestamp,
) -> Result<Vec<Record>, Failure> {
    let mut fresh = Vec::new();
    let mut by_stream: BTreeMap<Stream, Vec<Record>> = BTreeMap::new();
    for record in records {
        by_stream.entry(record.stream()).or_default().push(record);
    }
    for (stream, records) in by_stream {
        fresh.extend(store.read_back(integration, stream, records, at)?);
    }
    for (entry, writes) in decided {
        store.decide_and(entry.clone(), writes)?;
    }
    if !others.is_empty() {
        store.update_writes(others)?;
    }
    Ok(fresh)
}

fn find(store: &Store, wanted: Wanted) -> Result<Option<HistoryEntry>, Failure> {
    let id = match wanted {
        Wanted::Undo { entry: Some(id), .. } => Some(id),
        Wanted::Undo { entry: None, .. } => {
            scan(store, |e| Ok((e.undoes.is_none() && is_effective(store, e)?).then_some(Some(e.id))))?
        }
        // Redo reaches back over undos and redos only: after a new decision there is nothing to do again.
        Wanted::Redo => scan(store, |e| {
            Ok(match (e.undoes, e.undone_by) {
                (None, _) => Some(None),
                (Some(_), None) if e.what.starts_with(UNDO) => Some(Some(e.id)),
                (Some(_), _) => None,
            })
        })?,
    };
    id.map_or(Ok(None), |id| store.history_entry(id))
}

/// An entry stands when nothing took it back, or what took it back was taken back itself.
fn is_effective(store: &Store, entry: &HistoryEntry) -> Result<bool, Failure> {
    let Some(by) = entry.undone_by else { return Ok(true) };
    Ok(store.history_entry(by)?.is_some_and(|undo| undo.undone_by.is_some()))
}

/// How the history names a redo.
pub const REDO: &str = "redo: ";
/// How the history names an undo.
pub const UNDO: &str = "undo: ";

/// Goes back through people's entries until `pick` has an answer.
fn scan(
    store: &Store,
    pick: impl Fn(&HistoryEntry) -> Result<Option<Option<HistoryId>>, Failure>,
) -> Result<Option<HistoryId>, Failure> {
    let mut before = None;
    loop {
        let entries = store.history(before, HISTORY_SCAN)?;
        for entry in entries.iter().filter(|e| !matches!(e.actor, Actor::Engine)) {
            if let Some(answer) = pick(entry)? {
                return Ok(answer);
            }
        }
        match entries.last() {
            Some(last) if entries.len() == HISTORY_SCAN => before = Some(last.id),
            _ => return Ok(None),
        }
    }
}

/// What an entry that takes another back is called.
pub fn title(entry: &HistoryEntry, redo: bool) -> String {
    let plain = entry.what.trim_start_matches(UNDO).trim_start_matches(REDO);
    format!("{}{plain}", if redo { REDO } else { UNDO })
}
