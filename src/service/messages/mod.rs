//! The one door's words: what another room may ask ([`Command`], [`Query`]) and what it hears ([`Reply`], [`Event`]).
//!
//! Every type is plain data that can cross a socket. Text in views is already cleaned for display
//! ([`crate::domain::text::clean`]). Lists are windows: a view holds what fits a screen, never all rows.

use crate::domain::{Failure, FlowId, HistoryId, LogEntry, LogLevel, Stream};
use serde::{Deserialize, Serialize};

mod alike;
mod command;
mod compare;
mod coverage;
mod explain;
mod fields;
mod import;
mod overview;
mod query;
mod record;
mod rows;
mod selection;
mod sync;
mod sync_settings;
mod writes;

pub use super::rules::RuleView;
pub use alike::{Alike, AlikeGroup, AlikeRows};
pub use command::{Command, DecideAction};
pub use compare::{CandidateView, Compare, DecisionView, FieldPair, PickRow, Relation, Targets};
pub use coverage::{
    Coverage, CoverageCell, CoverageRow, CoverageShow, CoverageSort, CoverageSpec, CoverageSum, StreamData,
};
pub use explain::{Gate, Preview, PreviewRow, WhyRecord};
pub use fields::{FieldPairView, FieldSide, FlowFields, StreamFieldPairs};
pub use import::{
    Detail, Given, ImportPlan, ImportRow, ImportRows, ImportView, InventoryCommand, InventoryList, InventoryQuery,
    InventoryRow, Origin, Staged,
};
pub use overview::{BudgetView, FlowView, IntegrationState, IntegrationView, Overview, TabView};
pub use query::{LogFilter, Query, View};
pub use record::{BadRowView, RecordLine, RecordSheet};
pub use rows::{QueueRow, StateCounts, TargetLabel, Window};
pub use selection::{Filter, Selection, Sort, SortKey, ViewSpec};
pub use sync::{CardAbout, CardView, EstimateView, ScheduleLine, ScheduleSheet};
pub use sync_settings::{ChoiceList, ChoiceView, MovedRecord, ScopePreview, ScopedStream, StreamMove, SyncSettings};
pub use writes::{NearHit, OutboxView, PlanRow, PlanView, PolicyView, WriteCommand, WriteQuery, WriteView};

/// Number that pairs a [`Reply`] with its [`Request`]; chosen by the asker, increasing.
pub type Ticket = u64;

/// Number of a state of the queues; a view with an older one is out of date.
pub type Generation = u64;

/// What is sent through the door.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// Changes something; answered by [`Reply::Done`] once it is durable.
    Command(Command),
    /// Asks for a view; answered by [`Reply::View`].
    Query(Query),
}

/// What comes back through the door.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// The answer to the request of that ticket.
    Reply {
        /// The request's ticket.
        ticket: Ticket,
        /// The answer.
        reply: Box<Reply>,
    },
    /// Something happened.
    Event(Event),
}

/// The answer to one request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// A command was carried out and is durable.
    Done(Done),
    /// A query's view.
    View(View),
    /// Refused or failed; nothing was changed.
    Failed(Failure),
}

/// What a command did.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Done {
    /// The history entry that undoes it; `None` for what is not a decision or changed nothing.
    pub history: Option<HistoryId>,
    /// Rows changed.
    pub rows: u64,
    /// Rows left as they were, with the reason ("no candidate to accept"), counted by reason.
    pub skipped: Vec<(String, u64)>,
    /// One line for the person.
    pub text: String,
    /// What a person should know of it besides.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// What happens without being asked for. Bursts are coalesced: progress comes at most ten times a second.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// Integrations or flow counts changed: the new overview.
    Overview(Box<Overview>),
    /// A queue changed: views of older generations are out of date.
    Queue {
        /// Which flow.
        flow: FlowId,
        /// Which stream.
        stream: Stream,
        /// Its new state.
        generation: Generation,
    },
    /// New lines of the sync log, oldest first. A line with a known `seq` replaces that one (its count rose).
    Log(Vec<LogEntry>),
    /// Something a person should read; stays until dismissed.
    Notice {
        /// How loud.
        level: LogLevel,
        /// The text.
        text: String,
    },
}

/// The door as a person's room sees it.
pub trait Door: Send {
    /// Sends a request; never waits. The reply comes with the same ticket among the messages.
    fn submit(&self, ticket: Ticket, request: Request);
}
