//! Views of one record, and of rows that never became one.

use crate::domain::{IntegrationId, RecordId, Stream, Timestamp};
use serde::{Deserialize, Serialize};

/// One record as it is stored, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordSheet {
    /// Integration.
    pub integration: IntegrationId,
    /// Stream.
    pub stream: Stream,
    /// Id.
    pub id: RecordId,
    /// Name.
    pub name: String,
    /// False while a person has switched its sync off.
    pub synced: bool,
    /// When it was first stored.
    #[serde(with = "time::serde::rfc3339")]
    pub first_seen: Timestamp,
    /// When it last changed here.
    #[serde(with = "time::serde::rfc3339")]
    pub changed: Timestamp,
    /// Since when a complete listing has not had it.
    #[serde(with = "time::serde::rfc3339::option")]
    pub orphaned: Option<Timestamp>,
    /// Why the sync settings leave it out; empty when they do not.
    pub left_out: String,
    /// What happened to it, newest first: what syncs saw, and what was decided.
    pub history: Vec<RecordLine>,
}

/// Something that happened to a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordLine {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: Timestamp,
    /// Who or what: a person, the engine, or the run by its number.
    pub by: String,
    /// What.
    pub text: String,
}

/// A row that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadRowView {
    /// Integration.
    pub integration: IntegrationId,
    /// Stream.
    pub stream: Stream,
    /// When it came.
    #[serde(with = "time::serde::rfc3339")]
    pub at: Timestamp,
    /// In which run.
    pub run: u64,
    /// On which page.
    pub page: u32,
    /// Its id, where that can be read.
    pub id: Option<String>,
    /// Why it cannot be read.
    pub reason: String,
    /// The row as it came, cleaned and cut.
    pub raw: String,
}
