//! Rows of a queue, and their counts by state.

use super::{Generation, Staged};
use crate::domain::{Confidence, MatchState, RecordId};
use serde::{Deserialize, Serialize};

/// Rows by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StateCounts {
    /// Contradictory or tied.
    pub conflict: u64,
    /// With a proposal.
    pub suggested: u64,
    /// Without.
    pub unmatched: u64,
    /// Put off.
    pub deferred: u64,
    /// Decided.
    pub matched: u64,
    /// Never matched.
    pub ignored: u64,
    /// Of the open ones: records that wait for their company's match.
    pub waiting: u64,
    /// Gone at the source or target; also counted in their state.
    pub orphaned: u64,
    /// Decided and left out by the sync settings; also counted in their state.
    pub left_out: u64,
}

impl StateCounts {
    /// Rows in that state.
    #[must_use]
    pub const fn of(&self, state: MatchState) -> u64 {
        match state {
            MatchState::Conflict => self.conflict,
            MatchState::Suggested => self.suggested,
            MatchState::Unmatched => self.unmatched,
            MatchState::Deferred => self.deferred,
            MatchState::Matched => self.matched,
            MatchState::Ignored => self.ignored,
        }
    }

    /// Rows in that state, to change.
    pub const fn of_mut(&mut self, state: MatchState) -> &mut u64 {
        match state {
            MatchState::Conflict => &mut self.conflict,
            MatchState::Suggested => &mut self.suggested,
            MatchState::Unmatched => &mut self.unmatched,
            MatchState::Deferred => &mut self.deferred,
            MatchState::Matched => &mut self.matched,
            MatchState::Ignored => &mut self.ignored,
        }
    }

    /// Rows that need a person: conflict, suggested, unmatched.
    #[must_use]
    pub const fn open(&self) -> u64 {
        self.conflict + self.suggested + self.unmatched
    }

    /// All rows.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.open() + self.deferred + self.matched + self.ignored
    }
}

/// Rows of a queue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// State of the queue.
    pub generation: Generation,
    /// Rows of the whole view.
    pub total: u64,
    /// Position of the first row below.
    pub offset: u64,
    /// Position of the anchor asked for; `None` when it is not in the view (any more).
    pub anchor: Option<u64>,
    /// The rows.
    pub rows: Vec<QueueRow>,
    /// Rows by state, of the whole stream.
    pub counts: StateCounts,
}

/// One row of a queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueueRow {
    /// The source record.
    pub id: RecordId,
    /// Its name.
    pub name: String,
    /// The source company's name; empty for companies.
    pub company: String,
    /// Serial number (devices).
    pub serial: String,
    /// Model or type.
    pub model: String,
    /// What tells it from others of its name: a contact's email, a location's address, a ticket's title. Empty for
    /// companies and devices.
    #[serde(default)]
    pub detail: String,
    /// Devices it has (companies).
    pub devices: u32,
    /// State.
    pub state: MatchState,
    /// The match, or the best candidate.
    pub target: Option<TargetLabel>,
    /// Of the best candidate; `None` when there is none. A decided row keeps what it had.
    pub confidence: Option<Confidence>,
    /// The strongest evidence, in a few words.
    pub why: String,
    /// The record's company has no match yet.
    pub waits: bool,
    /// Gone at the source or target.
    pub orphaned: bool,
    /// Why the sync settings leave it out; empty when they do not.
    #[serde(default)]
    pub left_out: String,
    /// In a flow into the inventory, what its import needs.
    #[serde(default)]
    pub staged: Option<Box<Staged>>,
}

/// How a target is named so that equal names can be told apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetLabel {
    /// Its id.
    pub id: RecordId,
    /// Its name.
    pub name: String,
    /// Other sources that already have it.
    pub taken_by: u32,
}
