//! Rows that are like a row, so that what was decided on it can be decided on them.

use super::{DecideAction, TargetLabel, ViewSpec};
use crate::domain::RecordId;
use serde::{Deserialize, Serialize};

/// What rows have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Alike {
    /// Names that begin with this (case ignored).
    Prefix(String),
    /// Proposed by the same rule: the reason without its numbers and values.
    Rule(String),
}

/// The groups of rows that are like a row and still need a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlikeRows {
    /// The row.
    pub source: RecordId,
    /// Its name.
    pub name: String,
    /// What was decided on it; accept when nothing was.
    pub action: DecideAction,
    /// The target of a match that the others would get too.
    pub target: Option<TargetLabel>,
    /// The groups, narrowest first.
    pub groups: Vec<AlikeGroup>,
}

/// One group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlikeGroup {
    /// What they have in common, in words (`names that begin with “TEST-”`).
    pub label: String,
    /// Its rows.
    pub view: ViewSpec,
    /// How many.
    pub rows: u64,
}
