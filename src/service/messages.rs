//! The one door's words: what another room may ask ([`Command`], [`Query`]) and what it hears ([`Reply`], [`Event`]).
//!
//! Every type is plain data that can cross a socket. Text in views is already cleaned for display
//! ([`crate::domain::text::clean`]). Lists are windows: a view holds what fits a screen, never all rows.

use crate::domain::{
    Confidence, Failure, FlowId, HistoryEntry, HistoryId, IntegrationId, LogEntry, LogLevel, LogPage, MatchState,
    RecordId, RuleId, RunId, Stream, StreamProgress, SyncScope, Timestamp,
};
use serde::{Deserialize, Serialize};

pub use super::sync_messages::{CardAbout, CardView, EstimateView, ScheduleLine, ScheduleSheet};
mod alike;
mod compare;
mod coverage;
mod explain;
mod fields;
mod import;
mod record;
mod rows;
mod sync_settings;
mod writes;

pub use super::rules::RuleView;
pub use alike::{Alike, AlikeGroup, AlikeRows};
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
pub use record::{BadRowView, RecordLine, RecordSheet};
pub use rows::{QueueRow, StateCounts, TargetLabel, Window};
pub use sync_settings::{ChoiceList, ChoiceView, MovedRecord, ScopePreview, ScopedStream, StreamMove, SyncSettings};
pub use writes::{NearHit, OutboxView, PlanRow, PlanView, WriteCommand, WriteQuery, WriteView};

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
}

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
    /// left out stay. Answered by [`Reply::Done`] once it is kept.
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

/// What to decide. On rows where it makes no sense it changes nothing and says so in [`Done::skipped`].
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

/// Rows of a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Selection {
    /// These source records.
    Rows(Vec<RecordId>),
    /// Everything that the view shows, minus these.
    Shown {
        /// The view.
        view: Box<ViewSpec>,
        /// Unmarked again by hand.
        except: Vec<RecordId>,
    },
}

/// Which rows of a queue, in which order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ViewSpec {
    /// Which flow.
    pub flow: FlowId,
    /// Which stream.
    pub stream: Stream,
    /// Which rows.
    #[serde(default)]
    pub filter: Filter,
    /// Text that name, serial, company or id must contain (case and diacritics ignored); empty for all.
    #[serde(default)]
    pub find: String,
    /// Order.
    #[serde(default)]
    pub sort: Sort,
    /// Only records of this source company.
    #[serde(default)]
    pub company: Option<RecordId>,
    /// Only rows that have this in common.
    #[serde(default)]
    pub alike: Option<Alike>,
}

/// Filter by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Filter {
    /// Everything that needs a person: conflict, suggested, unmatched.
    #[default]
    Open,
    /// Every row.
    All,
    /// One state.
    State(MatchState),
    /// Gone at the source or target.
    Orphaned,
    /// Decided rows that the sync settings leave out.
    LeftOut,
    /// Rows without a counterpart, whatever is in their way.
    Unimported,
}

/// Sort key and direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sort {
    /// By what.
    pub key: SortKey,
    /// Last first.
    pub descending: bool,
}

impl Default for Sort {
    /// The order of work: conflicts, then suggestions from sure to unsure, then the rest by name.
    fn default() -> Self {
        Self { key: SortKey::Work, descending: false }
    }
}

/// What a queue can be sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SortKey {
    /// State, then confidence, then name.
    #[default]
    Work,
    /// Name.
    Name,
    /// Confidence of the best candidate.
    Confidence,
    /// Company name, then name.
    Company,
    /// Number of devices (companies).
    Devices,
    /// State.
    State,
}

/// Everything that can be asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Query {
    /// Integrations, flows, counts.
    Overview,
    /// Rows of a queue.
    Window {
        /// Which rows in which order.
        view: ViewSpec,
        /// First row wanted, from 0.
        offset: u64,
        /// How many (at most 500).
        limit: u32,
        /// A row whose position is wanted too, so that a cursor can stay on it.
        anchor: Option<RecordId>,
    },
    /// Both records field by field, evidence and candidates.
    Compare {
        /// Which flow.
        flow: FlowId,
        /// Which stream.
        stream: Stream,
        /// The source record.
        source: RecordId,
        /// Against this target; the match or the best candidate when `None`.
        target: Option<RecordId>,
    },
    /// Targets that fit what was typed, best first (fuzzy-matcher).
    PickTarget {
        /// Which flow.
        flow: FlowId,
        /// Which stream.
        stream: Stream,
        /// The row it is for: its company's targets come first.
        source: RecordId,
        /// What was typed; empty lists the row's candidates, then names like its own.
        pattern: String,
        /// How many (at most 200).
        limit: u32,
    },
    /// What a decision would do.
    Preview {
        /// Which flow.
        flow: FlowId,
        /// Which stream.
        stream: Stream,
        /// What.
        action: DecideAction,
        /// On which rows.
        rows: Selection,
    },
    /// What Quick Match would do.
    PreviewQuickMatch {
        /// Which flow.
        flow: FlowId,
        /// Which stream.
        stream: Stream,
        /// Lowest confidence to accept.
        threshold: Confidence,
    },
    /// What an undo would do.
    PreviewUndo {
        /// Which entry; the newest when `None`.
        entry: Option<HistoryId>,
    },
    /// What was decided on a row, and the open rows that are like it.
    Alike {
        /// Which flow.
        flow: FlowId,
        /// Which stream.
        stream: Stream,
        /// The row.
        source: RecordId,
    },
    /// What is stored of an integration, stream by stream.
    Data {
        /// Which.
        integration: IntegrationId,
    },
    /// Which company is known where.
    Coverage {
        /// Which companies in which order.
        spec: CoverageSpec,
        /// First row wanted, from 0.
        offset: u64,
        /// How many (at most 500).
        limit: u32,
    },
    /// Lines of the sync log, newest last.
    Log {
        /// Which lines.
        filter: LogFilter,
        /// Where among them.
        page: LogPage,
        /// How many (at most 1,000).
        limit: u32,
    },
    /// Decisions, newest first.
    History {
        /// Only entries before this one.
        before: Option<HistoryId>,
        /// How many (at most 500).
        limit: u32,
    },
    /// Rules that decisions by hand left, newest first.
    Rules {
        /// Those that hold in this flow; `None` for all.
        flow: Option<FlowId>,
    },
    /// Which fields of a flow's source belong to which of its target.
    Fields {
        /// The flow.
        flow: FlowId,
    },
    /// Every gate that a record passes, and the first that it fails.
    Why {
        /// Name, id or serial.
        text: String,
    },
    /// What syncs found that a person decides.
    Cards,
    /// One record and what became of it.
    Record {
        /// Which integration.
        integration: IntegrationId,
        /// Which stream.
        stream: Stream,
        /// Which record.
        record: RecordId,
    },
    /// Rows that could not be read.
    BadRows {
        /// Of this integration; `None` for all.
        integration: Option<IntegrationId>,
        /// Of this stream; `None` for all.
        stream: Option<Stream>,
    },
    /// Something about the inventory.
    Inventory(InventoryQuery),
    /// When the streams of an integration run by themselves.
    Schedules {
        /// Which.
        integration: IntegrationId,
        /// Estimate full listings.
        full: bool,
    },
    /// What is synced of an integration, with the choices and their counts.
    SyncSettings {
        /// Which.
        integration: IntegrationId,
        /// Ask the vendor for its own choices too; else those that it last told, and those of the stored records.
        ask: bool,
    },
    /// What would be written to a vendor, and the outbox.
    Writes(WriteQuery),
    /// What other sync settings would do.
    PreviewSyncSettings {
        /// Which.
        integration: IntegrationId,
        /// All of its settings.
        scope: SyncScope,
    },
}

/// Which lines of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogFilter {
    /// This level and louder; `None` for info and louder.
    pub level: Option<LogLevel>,
    /// Only of this integration.
    pub integration: Option<IntegrationId>,
    /// Only lines containing this text (case ignored).
    pub text: String,
    /// Only lines of this run.
    pub run: Option<RunId>,
}

/// The answer to a query.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    /// To [`Query::Overview`].
    Overview(Overview),
    /// To [`Query::Window`].
    Window(Window),
    /// To [`Query::Compare`].
    Compare(Box<Compare>),
    /// To [`Query::PickTarget`].
    Targets(Targets),
    /// To the previews.
    Preview(Preview),
    /// To [`Query::Log`].
    Log(Vec<LogEntry>),
    /// To [`Query::History`].
    History(Vec<HistoryEntry>),
    /// To [`Query::Rules`].
    Rules(Vec<RuleView>),
    /// To [`Query::Fields`].
    Fields(Box<FlowFields>),
    /// To [`Query::Why`].
    Why(Vec<WhyRecord>),
    /// To [`Query::Alike`].
    Alike(AlikeRows),
    /// To [`Query::Data`].
    Data(Vec<StreamData>),
    /// To [`Query::Coverage`].
    Coverage(Box<Coverage>),
    /// To [`Query::Cards`].
    Cards(Vec<CardView>),
    /// To [`Query::Record`].
    Record(Box<RecordSheet>),
    /// To [`Query::BadRows`].
    BadRows(Vec<BadRowView>),
    /// To [`InventoryQuery::Plan`].
    ImportPlan(ImportPlan),
    /// To [`InventoryQuery::Origin`].
    Origin(Origin),
    /// To [`InventoryQuery::Detail`].
    Detail(Detail),
    /// To [`Query::Inventory`].
    Inventory(InventoryList),
    /// To [`Query::Schedules`].
    Schedules(ScheduleSheet),
    /// To [`Query::SyncSettings`].
    SyncSettings(Box<SyncSettings>),
    /// To [`Query::PreviewSyncSettings`].
    ScopePreview(ScopePreview),
    /// To [`WriteQuery::Create`] and [`WriteQuery::Update`].
    Plan(Box<PlanView>),
    /// To [`WriteQuery::Outbox`].
    Outbox(Box<OutboxView>),
}

/// Integrations, flows and counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// The home's name, shown in the header.
    pub home: String,
    /// False while the store is still being read in the background: counts are those of the last session.
    pub ready: bool,
    /// Integrations in the order of the configuration.
    pub integrations: Vec<IntegrationView>,
    /// Flows in the order of the configuration.
    pub flows: Vec<FlowView>,
    /// Cards that wait for a person.
    #[serde(default)]
    pub cards: u64,
}

/// State of an integration as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum IntegrationState {
    /// Never synced.
    #[default]
    New,
    /// At rest after a complete sync.
    Ok,
    /// At least one stream runs.
    Syncing,
    /// Paused by a person.
    Paused,
    /// The vendor refused the credentials: stopped until new ones are saved.
    Refused {
        /// Why and what to do.
        failure: Failure,
    },
    /// The last sync failed.
    Failed {
        /// Why and what to do.
        failure: Failure,
    },
    /// The last sync would change too much: a card asks.
    Asks,
}

/// One integration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IntegrationView {
    /// Its id.
    pub id: IntegrationId,
    /// The vendor's name (`Addigy`).
    pub vendor: String,
    /// State.
    pub state: IntegrationState,
    /// End of the last complete sync.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last: Option<Timestamp>,
    /// Start of the next scheduled sync.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next: Option<Timestamp>,
    /// Streams.
    pub streams: Vec<StreamProgress>,
    /// Requests in the vendor's current window.
    pub budget: Option<BudgetView>,
}

/// Use of a vendor's published request limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetView {
    /// Requests sent in the window.
    pub used: u32,
    /// Requests that the vendor allows in the window.
    pub limit: u32,
    /// Length of the window in seconds.
    pub window_s: u32,
}

/// One flow with its tabs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowView {
    /// Its id.
    pub id: FlowId,
    /// `Addigy → IT Glue`.
    pub label: String,
    /// The vendor's name of the source.
    pub source: String,
    /// The vendor's name of the target.
    pub target: String,
    /// The source.
    pub source_id: IntegrationId,
    /// The target.
    pub target_id: IntegrationId,
    /// One tab per stream.
    pub tabs: Vec<TabView>,
    /// How far the import is, in a flow into the inventory.
    #[serde(default)]
    pub import: Option<ImportView>,
    /// Paused by a person.
    #[serde(default)]
    pub paused: bool,
}

/// One tab of the queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TabView {
    /// Stream.
    pub stream: Stream,
    /// The tab's title (`Companies`).
    pub label: String,
    /// The source vendor's word for one (`Policy`).
    pub source_word: String,
    /// The target vendor's word for one (`Organization`).
    pub target_word: String,
    /// Rows by state.
    pub counts: StateCounts,
    /// State of the queue that the counts belong to.
    pub generation: Generation,
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
