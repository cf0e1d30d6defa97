//! What was decided on a source record in a flow, by whom, when and why, and how to take it back.

use super::{FlowId, Record, RecordId, RuleChange, Stream, Timestamp};
use serde::{Deserialize, Serialize};

/// The state of a row of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MatchState {
    /// Candidates contradict each other or are equally good.
    Conflict,
    /// A candidate is good enough to be proposed.
    Suggested,
    /// No candidate is good enough.
    Unmatched,
    /// A person put it off.
    Deferred,
    /// Decided: it has a target.
    Matched,
    /// Decided: it never gets one.
    Ignored,
}

impl MatchState {
    /// All states in the order in which a queue shows them.
    pub const ALL: [MatchState; 6] =
        [Self::Conflict, Self::Suggested, Self::Unmatched, Self::Deferred, Self::Matched, Self::Ignored];

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Conflict => "conflict",
            Self::Suggested => "suggested",
            Self::Unmatched => "unmatched",
            Self::Deferred => "deferred",
            Self::Matched => "matched",
            Self::Ignored => "ignored",
        }
    }

    /// Somebody still has to decide (a deferred row too, later).
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Matched | Self::Ignored)
    }
}

/// Who decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "by", content = "name")]
pub enum Actor {
    /// A person, by login name.
    Person(String),
    /// The engine on its own, under the flow's `auto_accept`.
    Engine,
    /// Quick Match, started by the person named.
    QuickMatch(String),
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum DecisionKind {
    /// The source's counterpart.
    Matched {
        /// Its id in the target integration.
        target: RecordId,
    },
    /// Never matched, left out of pending counts.
    Ignored,
    /// Put off.
    Deferred,
    /// Open again by a person's hand: the engine may suggest but never decide it alone.
    Held,
}

/// A decision on one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What.
    #[serde(flatten)]
    pub kind: DecisionKind,
    /// Who.
    pub actor: Actor,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: Timestamp,
    /// Why, in one line (the strongest evidence, or the person's act).
    pub why: String,
}

/// Number of a history entry, increasing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HistoryId(pub u64);

/// What one action did to one row; `before` is its inverse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowChange {
    /// The source record.
    pub source: RecordId,
    /// The decision before, if there was one.
    pub before: Option<Decision>,
    /// The decision after, if there is one.
    pub after: Option<Decision>,
}

/// What one action did to one record of the inventory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordChange {
    /// Of which stream.
    pub stream: Stream,
    /// The record.
    pub id: RecordId,
    /// What happened to it.
    pub edit: RecordEdit,
}

/// What happened to a record of the inventory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordEdit {
    /// It was put away, or only staged, and is listed now.
    Listed,
    /// It was listed and is put away now; its content stays, so that it can be brought back.
    Withdrawn,
    /// Other content.
    Replaced {
        /// Before.
        before: Box<Record>,
        /// After.
        after: Box<Record>,
    },
}

impl RecordChange {
    /// What takes the change back.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let edit = match &self.edit {
            RecordEdit::Listed => RecordEdit::Withdrawn,
            RecordEdit::Withdrawn => RecordEdit::Listed,
            RecordEdit::Replaced { before, after } => {
                RecordEdit::Replaced { before: after.clone(), after: before.clone() }
            }
        };
        Self { stream: self.stream, id: self.id.clone(), edit }
    }
}

/// One action, also a bulk one: one entry, one undo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// Its number.
    pub id: HistoryId,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// In which flow.
    pub flow: FlowId,
    /// Of which stream.
    pub stream: Stream,
    /// What was done, in one line (`accepted 14 suggestions`).
    pub what: String,
    /// Every row it touched. Empty in listings, see `rows`.
    #[serde(default)]
    pub changes: Vec<RowChange>,
    /// Every rule that it left, changed or took away. Empty in listings.
    #[serde(default)]
    pub rules: Vec<RuleChange>,
    /// Every record of the inventory that it listed, put away or changed. Empty in listings.
    #[serde(default)]
    pub records: Vec<RecordChange>,
    /// How many rows it touched.
    pub rows: u64,
    /// This entry takes that one back.
    #[serde(default)]
    pub undoes: Option<HistoryId>,
    /// That entry took this one back.
    #[serde(default)]
    pub undone_by: Option<HistoryId>,
}
