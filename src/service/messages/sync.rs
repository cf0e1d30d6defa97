//! What the door says of syncs besides progress: cards that a person can act on.

use crate::domain::{FlowId, IntegrationId, RecordId, Stream, Timestamp};
use serde::{Deserialize, Serialize};

/// Something that a sync found and a person decides; nothing of it is applied before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardView {
    /// Names it in [`super::Command::AnswerCard`].
    pub key: String,
    /// What it is about.
    pub about: CardAbout,
    /// One line.
    pub title: String,
    /// What was found, and what speaks for it.
    pub lines: Vec<String>,
    /// What yes does.
    pub yes: String,
    /// What no does.
    pub no: String,
}

/// What a card is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "about")]
pub enum CardAbout {
    /// A run that would change too much.
    MassChange {
        /// Which integration.
        integration: IntegrationId,
        /// Which stream.
        stream: Stream,
    },
    /// A record that a vendor has under another id now, or merged into another.
    Moved {
        /// In which flow.
        flow: FlowId,
        /// In which stream.
        stream: Stream,
        /// The source record whose row it touches.
        source: RecordId,
    },
}

/// When the streams of an integration run by themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleSheet {
    /// Which.
    pub integration: IntegrationId,
    /// The vendor's name.
    pub vendor: String,
    /// Where the hours of schedules that name no zone are counted.
    pub zone: String,
    /// The integration is paused: nothing runs by itself.
    pub paused: bool,
    /// Each stream.
    pub lines: Vec<ScheduleLine>,
}

/// When a stream runs by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleLine {
    /// The stream.
    pub stream: Stream,
    /// The vendor's word for its records.
    pub word: String,
    /// The schedule, as it is written.
    pub schedule: String,
    /// It is the default.
    pub default: bool,
    /// It is synced without being named: a flow needs it.
    pub wanted: bool,
    /// Nothing needs it, so that it runs only when it is named; or why else it never runs by itself. Empty when it does.
    pub idle: String,
    /// When it runs next; `None` while it runs, and when it never runs by itself.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next: Option<Timestamp>,
    /// When it last ran to the end.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last: Option<Timestamp>,
    /// What its next run would ask of the vendor.
    #[serde(default)]
    pub estimate: EstimateView,
}

/// What a run would ask of a vendor, as far as earlier ones tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EstimateView {
    /// Requests; `None` before the first run.
    pub requests: Option<u64>,
    /// Seconds; `None` likewise.
    pub seconds: Option<u64>,
    /// Only what changed since then; `None` for a full listing.
    #[serde(with = "time::serde::rfc3339::option")]
    pub since: Option<Timestamp>,
}

impl EstimateView {
    /// `all records, about 12 requests, 6 s`.
    #[must_use]
    pub fn text(&self) -> String {
        let kind = if self.since.is_some() { "changes" } else { "all records" };
        match (self.requests, self.seconds) {
            (Some(requests), Some(seconds)) => {
                let word = if requests == 1 { "request" } else { "requests" };
                format!("{kind}, about {requests} {word}, {} s", seconds.max(1))
            }
            _ => format!("{kind}, never read before"),
        }
    }
}
