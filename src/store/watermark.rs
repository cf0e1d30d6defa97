//! From when on the next run of a stream asks for what changed.

use super::key::{self, Table};
use super::transaction::Transaction;
use super::{Store, error};
use crate::domain::{Failure, IntegrationId, Stream, SyncScope, Timestamp};
use serde::{Deserialize, Serialize};

/// What is known of a stream's last good runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watermark {
    /// When the last good run began, by the vendor's clock: everything that changed before is stored.
    #[serde(with = "time::serde::rfc3339")]
    pub since: Timestamp,
    /// When the last complete full listing began.
    #[serde(with = "time::serde::rfc3339")]
    pub full: Timestamp,
    /// Rows of that listing that could not be read.
    #[serde(default)]
    pub bad: u64,
    /// Something speaks against trusting it: the next run lists in full.
    #[serde(default)]
    pub doubt: bool,
}

impl Store {
    /// The stream's watermark; `None` before its first complete listing.
    ///
    /// # Errors
    /// When the disk refuses or the value is damaged.
    pub fn watermark(&self, integration: &IntegrationId, stream: Stream) -> Result<Option<Watermark>, Failure> {
        match self.integration_number(integration) {
            Some(number) => self.get(&key::stream(Table::Watermark, number, stream)),
            None => Ok(None),
        }
    }

    /// What was to be synced in the run that set the stream's watermark; everything, where none has said so. A run under
    /// settings that take more has to list in full, however old the watermark is.
    ///
    /// # Errors
    /// When the disk refuses or the value is damaged.
    pub fn listed_scope(&self, integration: &IntegrationId, stream: Stream) -> Result<SyncScope, Failure> {
        let Some(number) = self.integration_number(integration) else { return Ok(SyncScope::default()) };
        Ok(self.get(&key::stream(Table::ListedScope, number, stream))?.unwrap_or_default())
    }

    /// Makes the stream's next run a full listing.
    ///
    /// # Errors
    /// When the disk refuses or the value is damaged.
    pub fn doubt_watermark(&self, integration: &IntegrationId, stream: Stream) -> Result<(), Failure> {
        let Some(watermark) = self.watermark(integration, stream)? else { return Ok(()) };
        let mut tx = self.transaction();
        let number = tx.integration(integration)?;
        tx.put_watermark(number, stream, &Watermark { doubt: true, ..watermark })?;
        tx.commit()
    }
}

impl Transaction<'_> {
    pub(super) fn put_watermark(&mut self, number: u16, stream: Stream, watermark: &Watermark) -> Result<(), Failure> {
        self.put(key::stream(Table::Watermark, number, stream), watermark)
    }

    /// Marks the watermark as not to be trusted, where there is one.
    pub(super) fn put_doubt(&mut self, number: u16, stream: Stream) -> Result<(), Failure> {
        let key = key::stream(Table::Watermark, number, stream);
        let known: Option<Watermark> = self.store.get(&key)?;
        known.map_or(Ok(()), |known| self.put(key, &Watermark { doubt: true, ..known }))
    }
}

/// An impossible time of a record in a value.
pub(super) fn impossible_time() -> Failure {
    error::local("a record of the store has an impossible time", "sync again in full")
}
