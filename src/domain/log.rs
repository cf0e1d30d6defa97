//! Lines of the sync log: domain records, kept in the store, not tracing output.

use super::{IntegrationId, RecordId, RunId, Stream, Timestamp};
use serde::{Deserialize, Serialize};

/// How loud a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    /// Only of use when looking for a fault.
    Debug,
    /// Progress.
    Info,
    /// Something was left out or took another way.
    Warn,
    /// A person is needed.
    Error,
}

impl LogLevel {
    /// The level of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "debug" => Some(Self::Debug),
            "info" => Some(Self::Info),
            "warn" | "warning" => Some(Self::Warn),
            "error" => Some(Self::Error),
            _ => None,
        }
    }

    /// The name in commands and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// Which lines of the log, by their numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogPage {
    /// The last ones.
    #[default]
    Newest,
    /// The last ones before this number.
    Before(u64),
    /// The first ones after this number; after 0 the log begins.
    After(u64),
}

/// One line of the sync log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Position in the log, increasing; 0 until the store has given one.
    #[serde(default)]
    pub seq: u64,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: Timestamp,
    /// How loud.
    pub level: LogLevel,
    /// Which integration it speaks of.
    #[serde(default)]
    pub integration: Option<IntegrationId>,
    /// Which stream.
    #[serde(default)]
    pub stream: Option<Stream>,
    /// Which run, so that the lines of one run can be shown together.
    #[serde(default)]
    pub run: Option<RunId>,
    /// The record that the line speaks of.
    #[serde(default)]
    pub record: Option<RecordId>,
    /// The line, cleaned for display.
    pub text: String,
    /// Equal lines since then are counted here instead of repeated; 1 for a single line.
    #[serde(default)]
    pub count: u32,
}
