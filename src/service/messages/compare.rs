//! Both sides of a row, and the targets that the picker offers.

use super::{Generation, QueueRow, TargetLabel};
use crate::domain::{Confidence, DecisionKind, Evidence, Timestamp};
use serde::{Deserialize, Serialize};

/// Both sides of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compare {
    /// State of the queue.
    pub generation: Generation,
    /// The row.
    pub row: QueueRow,
    /// The source vendor's name.
    pub source: String,
    /// The target vendor's name.
    pub target: String,
    /// The target compared with; `None` when there is none.
    pub against: Option<TargetLabel>,
    /// Field by field.
    pub fields: Vec<FieldPair>,
    /// Evidence for and against, strongest first.
    pub evidence: Vec<Evidence>,
    /// Why it is not automatic, or why there is nothing.
    pub note: String,
    /// Candidates, best first; `2`…`9` on the keyboard.
    pub candidates: Vec<CandidateView>,
    /// The decision, if there is one, in words.
    pub decided: Option<DecisionView>,
    /// What a person should notice before deciding (another company, taken target).
    pub warnings: Vec<String>,
    /// The records' pages at their vendors, source first; empty where the vendor tells none.
    #[serde(default)]
    pub pages: [String; 2],
}

/// A decision in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionView {
    /// What.
    pub kind: DecisionKind,
    /// Who.
    pub who: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: Timestamp,
    /// Why.
    pub why: String,
}

/// One field of both records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldPair {
    /// The field (`serial`).
    pub label: String,
    /// The source's value; empty where unknown.
    pub left: String,
    /// The target's value; empty where unknown.
    pub right: String,
    /// How they relate.
    pub relation: Relation,
}

/// How two values relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// The same after normalising.
    Same,
    /// Alike.
    Similar,
    /// Different.
    Differs,
    /// At least one side is unknown.
    Unknown,
    /// The value identifies nothing (placeholder, shared).
    Junk,
}

/// One candidate of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CandidateView {
    /// The target.
    pub target: TargetLabel,
    /// Calibrated probability.
    pub confidence: Confidence,
    /// The strongest evidence.
    pub why: String,
    /// Type, city, company, device count: what tells equal names apart.
    pub detail: String,
}

/// The picker's answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Targets {
    /// What it answers.
    pub pattern: String,
    /// Best first.
    pub rows: Vec<PickRow>,
    /// Targets that fit.
    pub found: u64,
    /// Targets searched.
    pub searched: u64,
    /// Targets that fit, but have a row already where one target has one row; they are not among the rows.
    #[serde(default)]
    pub taken: u64,
}

/// One line of the picker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickRow {
    /// The target.
    pub target: TargetLabel,
    /// Type, city, company, device count.
    pub detail: String,
    /// Positions (characters of the name) that fit what was typed.
    pub hits: Vec<u32>,
    /// Outside the row's matched company.
    pub elsewhere: bool,
}
