//! Everything that changes something.

use super::{InventoryCommand, Selection, WriteCommand};
use crate::domain::{Confidence, FlowId, HistoryId, IntegrationId, RecordId, RuleId, Stream, SyncScope};
use serde::{Deserialize, Serialize};

/// Everything that changes something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Start a sync now: of everything, one integration or one stream. Answered when it was queued.
    Sync {
        /// `None`: all.
        integration: Option<IntegrationId>,
        /// `None`: every stream of it.
        stream: Option<Stream>,
        /// Full listing even where less would do.
        full: bool,
    },
    /// Stop running syncs; what was stored stays.
    CancelSync {
        /// `None`: all.
        integration: Option<IntegrationId>,
    },
    /// Pause an integration (kept over restarts).
    Pause {
        /// Which.
        integration: IntegrationId,
    },
    /// Resume a paused integration.
    Resume {
        /// Which.
        integration: IntegrationId,
    },
    /// Pause a flow or resume it (kept over restarts): while it is paused nothing is synced for it by schedule and the
    /// engine decides nothing in it.
    PauseFlow {
        /// Which.
        flow: FlowId,
        /// Pause it.
        pause: bool,
    },
    /// Sync one record now.
    SyncRecord {
        /// Which integration.
        integration: IntegrationId,
        /// Which stream.
        stream: Stream,
        /// Which record.
        record: RecordId,
    },
    /// Switch the sync of one record off or on (kept over restarts): while it is off it stays as it is.
    SwitchRecord {
        /// Which integration.
        integration: IntegrationId,
        /// Which stream.
        stream: Stream,
        /// Which record.
        record: RecordId,
        /// On.
        on: bool,
    },
    /// Switch the sync of every record of a stream on again that was switched off.
    Reconnect {
        /// Which integration.
        integration: IntegrationId,
        /// Which stream.
        stream: Stream,
    },
    /// Change when a stream is synced by itself: kept in the configuration, then in effect at once.
    SetSchedule {
        /// Which integration.
        integration: IntegrationId,
        /// Which stream.
        stream: Stream,
        /// As [`crate::domain::Schedule::parse`] reads it; `None` for the default.
        schedule: Option<String>,
    },
    /// Decide rows of a queue; one history entry, one undo.
    Decide {
        /// Which flow.
        flow: FlowId,
        /// Which stream.
        stream: Stream,
        /// What.
        action: DecideAction,
        /// On which rows.
        rows: Selection,
    },
    /// Decide rows as another one was, one history entry, with or without the rules that this leaves.
    DecideAlike {
        /// Which flow.
        flow: FlowId,
        /// Which stream.
        stream: Stream,
        /// What.
        action: DecideAction,
        /// On which rows.
        rows: Selection,
        /// Keep the aliases of the names as rules.
        keep_rules: bool,
    },
    /// Accept every suggestion at or above the threshold.
    QuickMatch {
        /// Which flow.
        flow: FlowId,
        /// Which stream.
        stream: Stream,
        /// Lowest confidence to accept.
        threshold: Confidence,
    },
    /// Take back a history entry; the newest one not yet taken back when `None`.
    Undo {
        /// Which.
        entry: Option<HistoryId>,
    },
    /// Do again what the last undo took back.
    Redo,
    /// Answer a card: carry out what it proposes, or put it away.
    AnswerCard {
        /// Its key.
        key: String,
        /// Carry it out.
        yes: bool,
    },
    /// Something with the inventory.
    Inventory(InventoryCommand),
    /// Take a rule away that a decision left.
    RemoveRule {
        /// Which.
        rule: RuleId,
    },
    /// Let a rule hold in every flow, or in its own alone.
    ScopeRule {
        /// Which.
        rule: RuleId,
        /// In every flow.
        everywhere: bool,
    },
    /// Change what is synced of an integration: kept in the configuration, then in effect at once. Matches of what is
    /// left out stay. Answered by [`Reply::Done`](super::Reply::Done) once it is kept.
    SetSyncSettings {
        /// Which.
        integration: IntegrationId,
        /// All of its settings.
        scope: SyncScope,
        /// Sync what only the vendor can bring.
        sync: bool,
    },
    /// Plan, send or take back writes to vendors.
    Writes(WriteCommand),
}

/// What to decide. On rows where it makes no sense it changes nothing and says so in [`Done::skipped`](super::Done::skipped).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "action")]
pub enum DecideAction {
    /// Take the best candidate of each row.
    Accept,
    /// Take this target (one row, or many-to-one for several).
    Match {
        /// Id in the target integration.
        target: RecordId,
    },
    /// Never match; leaves the pending counts.
    Ignore,
    /// Put off.
    Defer,
    /// Undo the row's match, ignore or deferral; the engine may suggest again but not decide.
    Unmatch,
}
