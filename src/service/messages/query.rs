//! Everything that can be asked, and the answers.

use super::{
    AlikeRows, BadRowView, CardView, Compare, Coverage, CoverageSpec, DecideAction, Detail, FlowFields, ImportPlan,
    InventoryList, InventoryQuery, Origin, OutboxView, Overview, PlanView, PolicyView, Preview, RecordSheet, RuleView,
    ScheduleSheet, ScopePreview, Selection, StreamData, SyncSettings, Targets, ViewSpec, WhyRecord, Window, WriteQuery,
};
use crate::domain::{
    Confidence, FlowId, HistoryEntry, HistoryId, IntegrationId, LogEntry, LogLevel, LogPage, RecordId, RunId, Stream,
    SyncScope,
};
use serde::{Deserialize, Serialize};

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
    /// To [`WriteQuery::Policies`].
    Policies(Box<PolicyView>),
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
