//! What can lie over the panes; one at a time.

use super::coverage::CoverageState;
use super::fields::Fields;
use super::form::Form;
use super::inventory::Adding;
use super::outbox::{Making, OutboxList};
use super::policies::Policies;
use super::register::Register;
use super::settings::Settings;
use super::wizard::Wizard;
use crate::domain::{Confidence, FlowId, HistoryEntry, HistoryId, IntegrationId, LogLevel, RecordId, Stream};
use crate::service::messages::{
    BadRowView, CardView, DecideAction, Detail, Filter, ImportRows, Preview, QueueRow, RecordSheet, RuleView,
    ScheduleSheet, Selection, SortKey, StreamData, TargetLabel, Targets, Ticket, WhyRecord,
};
use crate::ui::columns::ColumnId;
use crate::ui::command::CommandId;
use std::time::Duration;
use tui_input::Input;

/// What lies over the panes.
#[derive(Debug)]
pub enum Overlay {
    /// All keys.
    Help {
        /// Lines scrolled down.
        scroll: usize,
    },
    /// Any action by name.
    Palette {
        /// What was typed.
        input: Input,
        /// Chosen line.
        cursor: usize,
        /// Actions that fit, best first.
        found: Vec<CommandId>,
    },
    /// Match-to.
    Picker(Picker),
    /// An action that is asked about first.
    Confirm(Confirm),
    /// Quick Match.
    Quick(Quick),
    /// A short list of choices.
    Menu {
        /// Heading.
        title: String,
        /// Choices with their detail.
        items: Vec<(String, String, Choice)>,
        /// Chosen line.
        cursor: usize,
    },
    /// Text that rows or lines must contain; typed in the pane itself.
    Find {
        /// Log instead of Queue.
        log: bool,
        /// What was typed.
        input: Input,
        /// What was searched before; Esc goes back to it.
        before: String,
        /// When to search for what was typed.
        due: Option<Duration>,
    },
    /// Connecting a system, or adding a flow.
    Wizard(Box<Wizard>),
    /// Gates of a record.
    Why {
        /// The row.
        name: String,
        /// The answer; `None` while it is under way.
        records: Option<Vec<WhyRecord>>,
        /// Lines scrolled down.
        scroll: usize,
    },
    /// Rules that decisions left.
    Rules {
        /// Newest first; `None` while under way.
        rules: Option<Vec<RuleView>>,
        /// Chosen line.
        cursor: usize,
        /// First line on the screen.
        top: usize,
    },
    /// The field mapping of a flow.
    Fields(Box<Fields>),
    /// Decisions.
    History {
        /// Newest first; `None` while under way.
        entries: Option<Vec<HistoryEntry>>,
        /// Chosen line.
        cursor: usize,
        /// First line on the screen.
        top: usize,
    },
    /// One record, and what became of it.
    Record {
        /// The answer; `None` while it is under way.
        sheet: Option<Box<RecordSheet>>,
        /// Lines scrolled down.
        scroll: usize,
    },
    /// Rows that could not be read.
    BadRows {
        /// The answer; `None` while it is under way.
        rows: Option<Vec<BadRowView>>,
        /// Lines scrolled down.
        scroll: usize,
    },
    /// Sync settings of an integration.
    Settings(Box<Settings>),
    /// When the streams of an integration run by themselves.
    Schedules(Box<Schedules>),
    /// What syncs found that a person decides.
    Cards(Cards),
    /// The form of a company that is added to the inventory.
    Adding(Box<Adding>),
    /// Everything known of a record.
    Detail {
        /// The answer; `None` while it is under way.
        detail: Option<Detail>,
        /// Lines scrolled down.
        scroll: usize,
        /// The list it was opened from.
        behind: Option<Box<Register>>,
    },
    /// Records of the inventory.
    Register(Box<Register>),
    /// The form of a record that is entered by hand.
    Form(Box<Form>),
    /// What becomes of differences between matched records.
    Policies(Box<Policies>),
    /// The steps of a setup.
    Steps {
        /// Of which flow.
        flow: FlowId,
        /// Chosen line.
        cursor: usize,
    },
    /// Records that would be made.
    Making(Box<Making>),
    /// Writes to vendors.
    Outbox(Box<OutboxList>),
    /// Which company is known where.
    Coverage(Box<CoverageState>),
    /// What is stored of an integration.
    Data(Data),
    /// What the person was told.
    Messages {
        /// Lines scrolled down.
        scroll: usize,
    },
    /// Which columns are shown, in which order.
    Columns {
        /// All of the stream, those shown first.
        list: Vec<(ColumnId, bool)>,
        /// Chosen line.
        cursor: usize,
    },
    /// A name is typed.
    Name {
        /// Heading.
        title: String,
        /// What was typed.
        input: Input,
        /// What gets the name.
        then: Naming,
    },
}

/// What is stored of an integration.
#[derive(Debug)]
pub struct Data {
    /// Which.
    pub integration: IntegrationId,
    /// The vendor.
    pub vendor: String,
    /// Stream by stream; `None` while under way.
    pub streams: Option<Vec<StreamData>>,
    /// Chosen line.
    pub cursor: usize,
}

/// What gets the name that is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// What the queue shows.
    View,
}

/// When the streams of an integration run by themselves.
#[derive(Debug)]
pub struct Schedules {
    /// Which.
    pub integration: IntegrationId,
    /// What is in effect; `None` while under way.
    pub sheet: Option<ScheduleSheet>,
    /// Chosen line.
    pub cursor: usize,
    /// The schedule being typed.
    pub input: Option<Input>,
    /// A change is on its way.
    pub asked: bool,
    /// Why the last one was refused.
    pub wrong: Vec<String>,
}

/// Cards that wait.
#[derive(Debug, Default)]
pub struct Cards {
    /// The cards; `None` while under way.
    pub list: Option<Vec<CardView>>,
    /// Chosen one.
    pub cursor: usize,
    /// First one on the screen.
    pub top: usize,
    /// Lines of the chosen one scrolled down.
    pub scroll: usize,
}

impl Cards {
    /// The chosen one.
    #[must_use]
    pub fn current(&self) -> Option<&CardView> {
        self.list.as_ref()?.get(self.cursor)
    }
}

impl Overlay {
    /// Is its first content still on the way?
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        match self {
            Self::Picker(picker) => picker.ticket.is_some() && picker.targets.searched == 0,
            Self::Confirm(confirm) => confirm.ticket.is_some(),
            Self::Quick(quick) => quick.ticket.is_some(),
            Self::Why { records, .. } => records.is_none(),
            Self::Record { sheet, .. } => sheet.is_none(),
            Self::BadRows { rows, .. } => rows.is_none(),
            Self::Settings(settings) => settings.current.is_none(),
            Self::Schedules(shown) => shown.sheet.is_none() || shown.asked,
            Self::History { entries, .. } => entries.is_none(),
            Self::Cards(shown) => shown.list.is_none(),
            Self::Making(making) => making.plan.is_none(),
            Self::Outbox(list) => list.is_waiting(),
            Self::Rules { rules, .. } => rules.is_none(),
            Self::Fields(fields) => fields.shown.is_none(),
            Self::Coverage(shown) => shown.grid.is_none(),
            Self::Data(shown) => shown.streams.is_none(),
            Self::Adding(adding) => !adding.known,
            Self::Register(shown) => shown.list.is_none(),
            Self::Policies(shown) => shown.shown.is_none() || shown.asked,
            Self::Detail { detail, .. } => detail.is_none(),
            _ => false,
        }
    }
}

/// A choice of a menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Which rows of the queue.
    Filter(Filter),
    /// In which order.
    Sort(SortKey),
    /// Which lines of the log.
    Level(LogLevel),
    /// Lines of which integration; `None` for all.
    LogOf(Option<IntegrationId>),
    /// A saved view.
    View(String),
    /// What a tab shows at first.
    PlainView,
    /// What is shown gets a name.
    SaveView,
    /// Rows that are like a decided one.
    Alike {
        /// The action as a word.
        verb: &'static str,
        /// The action.
        action: DecideAction,
        /// How the target is named, where all get one.
        label: Option<TargetLabel>,
        /// The rows.
        rows: Selection,
    },
}

/// Match-to.
#[derive(Debug, Default)]
pub struct Picker {
    /// The row it is for.
    pub source: Option<RecordId>,
    /// That row as it was shown when the picker was opened.
    pub row: Option<Box<QueueRow>>,
    /// The rows that get the target.
    pub rows: Option<Selection>,
    /// How many they are.
    pub count: u64,
    /// What was typed.
    pub input: Input,
    /// When to search for what was typed.
    pub due: Option<Duration>,
    /// The search under way.
    pub ticket: Option<Ticket>,
    /// The last answer.
    pub targets: Targets,
    /// Chosen line.
    pub cursor: usize,
    /// First line on the screen.
    pub top: usize,
}

/// An action that is asked about first.
#[derive(Debug)]
pub struct Confirm {
    /// Heading.
    pub title: String,
    /// What is done on yes.
    pub then: Then,
    /// The preview under way.
    pub ticket: Option<Ticket>,
    /// What it would do; `None` while under way.
    pub preview: Option<Preview>,
    /// Lines for actions without a preview.
    pub lines: Vec<String>,
    /// Aliases of the names are kept as rules; `None` where that is not asked.
    pub keep: Option<bool>,
}

/// What is done on yes.
#[derive(Clone, Debug, PartialEq)]
pub enum Then {
    /// A decision on several rows.
    Decide {
        /// What.
        action: DecideAction,
        /// On which rows.
        rows: Selection,
        /// How the target is named, where one was picked.
        label: Option<TargetLabel>,
    },
    /// Taking a history entry back.
    Undo(HistoryId),
    /// The end.
    Quit,
    /// An import into the inventory.
    Import {
        /// In which flow.
        flow: FlowId,
        /// Of which stream.
        stream: Stream,
        /// Which rows.
        rows: ImportRows,
        /// Also what may be there already.
        anyway: bool,
    },
    /// Giving up a flow.
    Deactivate(FlowId),
    /// Deleting the orphans of a stream.
    DeleteOrphans(IntegrationId, Stream),
    /// The answer to a card.
    Card {
        /// Its key.
        key: String,
        /// Carry it out.
        yes: bool,
    },
}

/// Quick Match.
#[derive(Debug)]
pub struct Quick {
    /// Lowest confidence, percent, as typed.
    pub input: Input,
    /// When to count.
    pub due: Option<Duration>,
    /// The count under way.
    pub ticket: Option<Ticket>,
    /// What it would do at the threshold typed; `None` while under way.
    pub preview: Option<Preview>,
}

impl Quick {
    /// The threshold typed; `None` when it is not a percentage from 1 to 100.
    #[must_use]
    pub fn threshold(&self) -> Option<Confidence> {
        let percent: f32 = self.input.value().trim().trim_end_matches('%').parse().ok()?;
        (1.0..=100.0).contains(&percent).then(|| Confidence::new(percent / 100.0))
    }
}
