//! Views that explain: what an action would do, and why a record is where it is.

use crate::domain::{Confidence, IntegrationId, RecordId, Stream};
use serde::{Deserialize, Serialize};

/// What an action would do, before it does it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    /// One line (`accepts 42 of 50 rows`).
    pub what: String,
    /// Rows that would change.
    pub rows: u64,
    /// Counts by kind.
    pub counts: Vec<(String, u64)>,
    /// What a person should know (shared targets, other companies, weak evidence).
    pub warnings: Vec<String>,
    /// Rules that it would leave or remove (`learnt: “A” is “B”`); empty when none.
    #[serde(default)]
    pub learns: String,
    /// The first rows: name, target, confidence.
    pub sample: Vec<PreviewRow>,
}

/// One row of a preview.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PreviewRow {
    /// Source.
    pub source: String,
    /// Target or state after.
    pub target: String,
    /// Of the candidate.
    pub confidence: Option<Confidence>,
    /// Why.
    pub why: String,
}

/// One record that `why` found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhyRecord {
    /// Integration.
    pub integration: IntegrationId,
    /// Stream.
    pub stream: Stream,
    /// Id.
    pub id: RecordId,
    /// Name.
    pub name: String,
    /// Gates in order; the first that is not passed is the answer.
    pub gates: Vec<Gate>,
}

/// One gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// The question (`synced?`).
    pub name: String,
    /// Passed.
    pub passed: bool,
    /// The answer in words.
    pub text: String,
}
