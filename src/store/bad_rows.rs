//! Rows that could not be read: those of a stream's last full listing and of the runs after it, so that a person can
//! look at them.

use super::key::{self, Table};
use super::transaction::Transaction;
use super::{Store, codec, error};
use crate::domain::{Failure, IntegrationId, RunId, Stream, Timestamp};
use serde::{Deserialize, Serialize};

/// Most rows kept of a stream; more are only counted.
pub const BAD_ROWS_KEPT: u64 = 500;

/// A row that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRow {
    /// When it came.
    #[serde(with = "time::serde::rfc3339")]
    pub at: Timestamp,
    /// In which run.
    pub run: RunId,
    /// On which page of it.
    pub page: u32,
    /// Its id, where that can be read.
    pub id: Option<String>,
    /// Why, in words.
    pub reason: String,
    /// The row as it came, cleaned and cut.
    pub raw: String,
}

impl Store {
    /// The rows of a stream that could not be read, in the order in which they came.
    ///
    /// # Errors
    /// When the disk refuses or a value is damaged.
    pub fn bad_rows(&self, integration: &IntegrationId, stream: Stream) -> Result<Vec<KeptRow>, Failure> {
        let Some(number) = self.integration_number(integration) else { return Ok(Vec::new()) };
        let values = self.tree().scan_prefix(key::stream(Table::BadRow, number, stream)).values();
        values.map(|v| codec::decode(&v.map_err(|e| error::from_sled(&e, "reading bad rows"))?)).collect()
    }
}

impl Transaction<'_> {
    /// Keeps rows of a page behind the `known` ones of the run.
    pub(super) fn keep_bad_rows(
        &mut self,
        number: u16,
        stream: Stream,
        known: u64,
        rows: Vec<KeptRow>,
    ) -> Result<(), Failure> {
        for (at, row) in (known..BAD_ROWS_KEPT).zip(rows) {
            let mut key = key::stream(Table::BadRow, number, stream);
            key.extend_from_slice(&row.run.0.to_be_bytes());
            key.extend_from_slice(&at.to_be_bytes());
            self.put(key, &row)?;
        }
        Ok(())
    }

    /// A full listing begins: what an earlier one met is met again, or mended.
    pub(super) fn drop_bad_rows(&mut self, number: u16, stream: Stream) -> Result<(), Failure> {
        for key in self.store.tree().scan_prefix(key::stream(Table::BadRow, number, stream)).keys() {
            self.remove(key.map_err(|e| error::from_sled(&e, "reading bad rows"))?);
        }
        Ok(())
    }
}
