//! Requests under way and what they were for.

use super::TabKey;
use super::queue::Asked;
use crate::domain::{LogPage, RecordId};
use crate::service::messages::Ticket;
use std::collections::HashMap;

/// What a request was for.
#[derive(Clone, Debug, PartialEq)]
pub enum Purpose {
    /// The overview.
    Overview,
    /// Rows of a queue.
    Window(TabKey, Asked),
    /// Compare of a row.
    Compare(TabKey, RecordId),
    /// The picker's targets.
    Pick,
    /// What the action to be confirmed would do.
    Preview,
    /// A decision; the rows that show it before it is durable.
    Decide(TabKey, Vec<RecordId>),
    /// An undo or redo; `true` takes back the newest decision.
    Undo(bool),
    /// Log lines.
    Log(LogPage),
    /// The list of decisions.
    History,
    /// The list of rules.
    Rules,
    /// The field mapping of a flow.
    Fields,
    /// A change of a rule.
    RuleChange,
    /// The gates of a record.
    Why,
    /// A record and what became of it.
    Record,
    /// A change of the record that is shown.
    RecordChange,
    /// Rows that could not be read.
    BadRows,
    /// Schedules of an integration.
    Schedules,
    /// A change of a schedule, or a pause.
    SetSchedule,
    /// Sync settings with their choices.
    SyncSettings,
    /// The same with the vendor's own choices.
    MoreChoices,
    /// What edited sync settings would do.
    ScopePreview,
    /// A change of sync settings.
    SetSyncSettings,
    /// What would be made.
    Plan,
    /// The outbox.
    Outbox,
    /// A change of the outbox.
    WriteChange,
    /// Rows that are like a decided one.
    Alike,
    /// The grid of companies.
    Coverage,
    /// What is stored of an integration.
    Data,
    /// Decisions before the last one listed.
    OlderHistory,
    /// The cards.
    Cards,
    /// An answer to a card.
    CardAnswer,
    /// What an import would do.
    ImportPlan,
    /// Something with the inventory whose answer is said.
    Imported,
    /// What a company offers for its import.
    Origin,
    /// Everything known of a record.
    Detail,
    /// Records of the inventory.
    Register,
    /// A record that was entered or changed by hand.
    AddRecord,
    /// The record that is to be changed by hand.
    EditForm,
    /// Something done from the list of the inventory.
    RegisterChange,
    /// What becomes of differences.
    Policies,
    /// A change of that.
    SetPolicies,
    /// Anything whose answer is only said.
    Say,
}

/// Requests under way.
#[derive(Debug, Default)]
pub struct Tickets {
    last: Ticket,
    open: HashMap<Ticket, Purpose>,
}

impl Tickets {
    /// Draws the next number for a purpose.
    pub fn draw(&mut self, purpose: Purpose) -> Ticket {
        self.last += 1;
        self.open.insert(self.last, purpose);
        self.last
    }

    /// What the answered request was for; each is answered once.
    pub fn take(&mut self, ticket: Ticket) -> Option<Purpose> {
        self.open.remove(&ticket)
    }

    /// The number last drawn.
    #[must_use]
    pub fn last(&self) -> Ticket {
        self.last
    }

    /// Decisions that are not durable yet.
    #[must_use]
    pub fn deciding(&self) -> usize {
        self.open.values().filter(|p| matches!(p, Purpose::Decide(..) | Purpose::Undo(_))).count()
    }
}
