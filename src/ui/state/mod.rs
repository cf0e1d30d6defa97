//! Everything the interface remembers. Changed only by `update`, read by `draw`.

pub mod compare;
pub mod coverage;
pub mod fields;
pub mod form;
pub mod inventory;
pub mod log;
pub mod marks;
pub mod messages;
pub mod outbox;
pub mod overlay;
pub mod pace;
pub mod policies;
pub mod queue;
pub mod register;
pub mod settings;
pub mod ticket;
pub mod wizard;

use super::keymap::Keymap;
use super::layout::Layout;
use super::message::{Effect, Now};
use super::options::UiConfig;
use super::theme::{Glyphs, Theme};
use super::widgets::number::index;
use crate::domain::{FlowId, IntegrationId, LogLevel, MatchState, RecordId, Stream};
use crate::service::messages::{Filter, FlowView, IntegrationView, Overview, StateCounts, TabView, Ticket};
use compare::CompareState;
use log::LogState;
use messages::Messages;
use overlay::Overlay;
use pace::{Pace, Rates};
use queue::QueueState;
use std::collections::HashMap;
use std::time::Duration;
use ticket::Tickets;

/// A pane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// Integrations.
    Integrations,
    /// Queue and Compare.
    #[default]
    Queue,
    /// Sync log.
    Log,
}

impl Pane {
    /// In the order of Tab.
    pub const ALL: [Pane; 3] = [Pane::Integrations, Pane::Queue, Pane::Log];
}

/// A queue by flow and stream.
pub type TabKey = (FlowId, Stream);

/// A message to the person that stays until it is replaced or dismissed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How loud.
    pub level: LogLevel,
    /// The text.
    pub text: String,
}

/// Everything the interface remembers.
#[derive(Debug)]
pub struct State {
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The present, as last told.
    pub now: Now,
    /// Settings.
    pub config: UiConfig,
    /// Styles.
    pub theme: Theme,
    /// Signs.
    pub glyphs: Glyphs,
    /// Keys.
    pub keymap: Keymap,
    /// The home's name.
    pub home: String,
    /// Integrations, flows, counts, as last told.
    pub overview: Overview,
    /// An overview was told at least once.
    pub known: bool,
    /// When the shown data last changed.
    pub fresh: Option<crate::domain::Timestamp>,
    /// The pane in focus.
    pub focus: Pane,
    /// The pane in focus has the whole screen.
    pub zoom: bool,
    /// The tab that the Queue shows.
    pub tab: Option<TabKey>,
    /// Queues that were shown at least once.
    pub queues: HashMap<TabKey, QueueState>,
    /// Compare.
    pub compare: CompareState,
    /// Cursor in Integrations: a line among integrations and their streams.
    pub integration: usize,
    /// Sync log.
    pub log: LogState,
    /// What lies over the panes.
    pub overlay: Option<Overlay>,
    /// What the person should read.
    pub notice: Option<Notice>,
    /// What the person was told before.
    pub messages: Messages,
    /// How fast the person decides.
    pub pace: Pace,
    /// Records a second of each integration.
    pub rates: Rates,
    /// How often the person asked to hear the comparison.
    pub aloud: u64,
    /// Changes asked for in a terminal that may change nothing; each is answered with a refusal.
    pub refused: Vec<Ticket>,
    /// When something was last asked for (time since the start).
    pub awaited_since: Duration,
    /// The first row of each decision made here, so that an undo can go back to it.
    pub trail: Vec<(TabKey, Option<RecordId>)>,
    /// A flow into the inventory that was added just now: its setup opens.
    pub guide: Option<FlowId>,
    /// What can be connected; empty where the home cannot be changed from here.
    pub kinds: Vec<super::setup::Kind>,
    /// Requests under way.
    pub tickets: Tickets,
    /// What the event loop has to do; taken at the end of each update.
    pub effects: Vec<Effect>,
}

/// A line of the Integrations pane that can be chosen.
#[derive(Clone, Copy, Debug)]
pub struct IntegrationLine<'a> {
    /// Whose line.
    pub view: &'a IntegrationView,
    /// One of its streams, or the integration as a whole.
    pub stream: Option<usize>,
}

impl State {
    /// An interface of that size before anything was told.
    #[must_use]
    pub fn new(config: UiConfig, home: String, size: (u16, u16), now: Now) -> Self {
        let (keymap, wrong) = Keymap::new(&config.keys);
        let mut messages = Messages::default();
        for text in wrong.into_iter().rev() {
            messages.push(now.wall, Notice { level: LogLevel::Warn, text });
        }
        let notice = messages.next();
        Self {
            size,
            now,
            theme: Theme::new(&config),
            glyphs: Glyphs::new(config.unicode),
            config,
            keymap,
            home,
            overview: Overview::default(),
            known: false,
            fresh: None,
            focus: Pane::default(),
            zoom: false,
            tab: None,
            queues: HashMap::new(),
            compare: CompareState::default(),
            integration: 0,
            log: LogState::default(),
            overlay: None,
            notice,
            messages,
            pace: Pace::default(),
            rates: Rates::default(),
            aloud: 0,
            refused: Vec::new(),
            awaited_since: Duration::ZERO,
            trail: Vec::new(),
            guide: None,
            kinds: Vec::new(),
            tickets: Tickets::default(),
            effects: Vec::new(),
        }
    }

    /// Where everything is.
    #[must_use]
    pub fn layout(&self) -> Layout {
        Layout::new(self.size, self.focus, self.zoom)
    }

    /// All tabs of all flows, in order.
    pub fn tabs(&self) -> impl Iterator<Item = (&FlowView, &TabView)> {
        self.overview.flows.iter().flat_map(|flow| flow.tabs.iter().map(move |tab| (flow, tab)))
    }

    /// The tab shown, as the overview describes it.
    #[must_use]
    pub fn tab_view(&self) -> Option<(&FlowView, &TabView)> {
        let (flow, stream) = self.tab.as_ref()?;
        self.tabs().find(|(f, t)| f.id == *flow && t.stream == *stream)
    }

    /// The queue shown.
    #[must_use]
    pub fn queue(&self) -> Option<&QueueState> {
        self.queues.get(self.tab.as_ref()?)
    }

    /// The queue shown, to change.
    pub fn queue_mut(&mut self) -> Option<&mut QueueState> {
        self.queues.get_mut(self.tab.as_ref()?)
    }

    /// The lines of the Integrations pane.
    pub fn integration_lines(&self) -> impl Iterator<Item = IntegrationLine<'_>> {
        self.overview.integrations.iter().flat_map(|view| {
            std::iter::once(IntegrationLine { view, stream: None })
                .chain((0..view.streams.len()).map(move |i| IntegrationLine { view, stream: Some(i) }))
        })
    }

    /// The integration under the cursor, with the stream when the cursor is on one.
    #[must_use]
    pub fn chosen_integration(&self) -> Option<IntegrationLine<'_>> {
        self.integration_lines().nth(self.integration).or_else(|| self.integration_lines().last())
    }

    /// The integration of that id.
    #[must_use]
    pub fn integration_view(&self, id: &IntegrationId) -> Option<&IntegrationView> {
        self.overview.integrations.iter().find(|i| i.id == *id)
    }

    /// Rows of the queue that fit on the screen.
    #[must_use]
    pub fn page(&self) -> u64 {
        let lines = u64::from(self.layout().queue_rows()).max(1);
        self.queue().map_or(lines, |queue| queue.rows_in(queue.top, lines))
    }

    /// Lines of the log that fit on the screen.
    #[must_use]
    pub fn log_page(&self) -> usize {
        usize::from(self.layout().log_rows()).max(1)
    }

    /// Tells the person.
    pub fn say(&mut self, level: LogLevel, text: impl Into<String>) {
        let notice = Notice { level, text: text.into() };
        self.messages.push(self.now.wall, notice.clone());
        self.notice = Some(notice);
        self.draw();
    }

    /// Asks for a frame now.
    pub fn draw(&mut self) {
        self.effects.push(Effect::Draw);
    }

    /// Asks for a frame some time soon.
    pub fn draw_soon(&mut self) {
        self.effects.push(Effect::DrawSoon);
    }

    /// Asks to be woken after that long.
    pub fn wake_in(&mut self, wait: Duration) -> Duration {
        let at = self.now.since_start + wait;
        self.effects.push(Effect::WakeAt(at));
        at
    }

    /// The rows that an action works on, as a count for the person.
    #[must_use]
    pub fn marked(&self) -> u64 {
        self.queue().map_or(0, QueueState::marked)
    }

    /// Records of all open queues, for the header.
    #[must_use]
    pub fn open_counts(&self) -> Vec<(Stream, u64)> {
        let mut sums: Vec<(Stream, u64)> = Vec::new();
        for (flow, tab) in self.tabs() {
            let open = tab_open(flow, tab.stream, &tab.counts);
            match sums.iter_mut().find(|(s, _)| *s == tab.stream) {
                Some((_, n)) => *n += open,
                None => sums.push((tab.stream, open)),
            }
        }
        sums
    }

    /// The Conflicts tab is shown: the conflicts of one stream.
    #[must_use]
    pub fn on_conflicts(&self) -> bool {
        self.queue().is_some_and(|q| q.spec.filter == Filter::State(MatchState::Conflict))
    }

    /// Position of the tab shown among all tabs.
    #[must_use]
    pub fn tab_position(&self) -> Option<usize> {
        let (flow, stream) = self.tab.as_ref()?;
        self.tabs().position(|(f, t)| f.id == *flow && t.stream == *stream)
    }

    /// Until when a frame should wait (time since the start) because what it shows is on its way; `None` when all is
    /// there. Keeps a jump or an opened list from being painted twice.
    #[must_use]
    pub fn awaited(&self, patience: Duration) -> Option<Duration> {
        let missing = match &self.overlay {
            None | Some(Overlay::Find { .. }) => self.rows_missing(),
            Some(overlay) => overlay.is_waiting(),
        };
        missing.then_some(self.awaited_since + patience)
    }

    fn rows_missing(&self) -> bool {
        let Some(queue) = self.queue().filter(|q| q.asked.is_some()) else { return false };
        let end = (queue.top + self.page()).min(queue.len());
        queue.total.is_none() || (queue.top..end).any(|p| queue.row(p).is_none())
    }

    /// Index of the cursor row within the queue's rows on the screen.
    #[must_use]
    pub fn cursor_line(&self) -> Option<usize> {
        self.queue().map(|q| index(q.cursor.saturating_sub(q.top)))
    }
}

/// What is to do on a tab: rows that need a person; of staged devices those that can be imported now.
#[must_use]
pub fn tab_open(flow: &FlowView, stream: Stream, counts: &StateCounts) -> u64 {
    match &flow.import {
        Some(import) if stream == Stream::Devices => import.ready,
        _ => counts.open(),
    }
}
