//! Brings the vendors' records into the store: what to fetch ([`plan`]), page by page (`worker`) and who runs at
//! once ([`supervisor`]). Decides nothing about matches and knows no screen.

mod answer;
pub mod outbox;
mod outside;
pub mod plan;
pub mod schedule;
pub mod supervisor;
mod worker;

use crate::domain::{IntegrationId, LogEntry, Record, RecordId, Stream, StreamProgress};

pub use supervisor::{Supervisor, Task};

/// Where a sync reports to. Called from worker threads; must not wait.
pub trait Sink: Send + Sync {
    /// Records that are in the store now and differ from before (added or changed), in the order of the page.
    fn stored(&self, integration: &IntegrationId, stream: Stream, records: Vec<Record>);
    /// Records that a complete listing no longer had.
    fn orphaned(&self, integration: &IntegrationId, stream: Stream, ids: Vec<RecordId>);
    /// Where a stream stands.
    fn progress(&self, progress: StreamProgress);
    /// Lines that are in the log now.
    fn log(&self, lines: Vec<LogEntry>);
    /// A run ended, however; nothing more comes of it.
    fn ended(&self, integration: &IntegrationId, stream: Stream);
}
