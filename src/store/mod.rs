//! What matchbook knows, on disk: records, runs, decisions with their history, the sync log.
//!
//! This room owns the only use of sled, the layout of keys and values, what is written together and what "durable"
//! means. It refuses to decide anything, to talk to a vendor and to hold a secret.
//!
//! Everything lives in one sled tree, because only writes to one tree can be one atomic batch. Keys are
//! `[table][big-endian prefix][id]`, values are a version byte and named fields (`codec`). All writes of a process
//! pass one lock (`transaction`); readers never wait for it.
//!
//! Calls may wait for the disk: run them off the event loop.

mod backup;
mod bad_rows;
mod caches;
mod care;
mod codec;
mod days;
mod decisions;
mod error;
mod events;
mod inventory;
mod key;
mod log;
mod marker;
mod mass;
mod migrate;
mod open;
mod orphans;
mod outbox;
mod rebuild;
mod records;
mod rules;
mod runs;
mod settings;
mod transaction;
mod watermark;

#[cfg(test)]
mod kill_tests;
#[cfg(test)]
mod tests;

pub use backup::{BackupReport, last_scheduled, newest_backup};
pub use bad_rows::{BAD_ROWS_KEPT, KeptRow};
pub use care::{StoreStats, VerifyReport};
pub use days::DAYS_KEPT;
pub use decisions::{DecisionCounts, inverse_changes};
pub use events::{RECORD_EVENTS, RecordEvent, Seen};
pub use log::{LOG_CAPACITY, LOG_KEEP_DAYS};
pub use mass::{Applied, MassRow};
pub use orphans::OrphansDeleted;
pub use rebuild::{RebuildReport, free_space};
pub use records::{MAX_RECORD_ID, PageBatch, PageOutcome, StoredRecord};
pub use runs::{Judgement, ListingFacts, RunFinish, RunFinished, RunRecord, RunSummary, RunVerdict};
pub use watermark::Watermark;

use crate::domain::Failure;
use std::convert::Infallible;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, mpsc};
use std::time::Duration;
use transaction::State;

/// Version of the layout that this program writes. A store with a higher one is refused.
pub const FORMAT: u8 = 1;

/// Key and value.
type Pair = (Vec<u8>, Vec<u8>);

/// An open store. Clones share it; it closes with the last one.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    /// Dropped before the lock file, so that another process never sees the lock free and sled's still held.
    db: sled::Db,
    /// sled's data file, synced for what must survive a power loss: sled's own flush does not sync on Linux.
    data_file: File,
    marker: marker::Marker,
    dir: PathBuf,
    writer: Mutex<()>,
    state: RwLock<State>,
    _lock: File,
    /// Dropped last: who listens hears that the store is closed and its lock is free.
    closing: Mutex<Vec<mpsc::Sender<Infallible>>>,
}

/// Hears when a store is closed; see [`Store::closing`].
#[derive(Debug)]
pub struct Closing(mpsc::Receiver<Infallible>);

impl Closing {
    /// Waits until the last clone of the store is gone and its lock is free; false when that takes longer.
    #[must_use]
    pub fn wait(&self, at_most: Duration) -> bool {
        self.0.recv_timeout(at_most) == Err(mpsc::RecvTimeoutError::Disconnected)
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("dir", &self.0.dir).finish_non_exhaustive()
    }
}

impl Store {
    /// For who wants to open the same store again in this process: threads that end may hold clones a little longer.
    #[must_use]
    pub fn closing(&self) -> Closing {
        let (sender, receiver) = mpsc::channel();
        self.0.closing.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        Closing(receiver)
    }

    /// Where it lives.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.0.dir
    }

    /// Number of the last write of records, runs or decisions, kept over restarts. A cache made at one revision
    /// still fits the store as long as it has not risen.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.state().counters.revision
    }

    /// Makes everything written so far durable: it survives a power loss once this returns.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn flush(&self) -> Result<(), Failure> {
        self.0.db.flush().map_err(|e| error::from_sled(&e, "writing the store"))?;
        self.0.data_file.sync_all().map_err(|e| error::from_io(&e, "writing the store"))
    }

    /// Bytes on disk, caches included.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn size_on_disk(&self) -> Result<u64, Failure> {
        let data = self.0.db.size_on_disk().map_err(|e| error::from_sled(&e, "measuring the store"))?;
        Ok(data + self.caches_size())
    }

    fn tree(&self) -> &sled::Tree {
        &self.0.db
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.0.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.0.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn writer(&self) -> MutexGuard<'_, ()> {
        self.0.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get<T: serde::de::DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, Failure> {
        match self.tree().get(key).map_err(|e| error::from_sled(&e, "reading the store"))? {
            Some(value) => codec::decode(&value).map(Some),
            None => Ok(None),
        }
    }
}
