//! One queue as far as it was fetched: a block of rows around the screen, the cursor, marks, decisions on their way.
//!
//! Positions count rows of the whole view from 0. The cursor belongs to a record: when rows come or go, position and
//! screen move with it.

use super::marks::Marks;
use crate::domain::{FlowId, MatchState, RecordId, Stream};
use crate::service::messages::{
    Filter, Generation, QueueRow, Selection, Sort, SortKey, StateCounts, TargetLabel, Ticket, ViewSpec, Window,
};
use crate::ui::columns::ColumnId;
use crate::ui::widgets::number::index;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// Most rows that the door gives at once.
const LIMIT: u64 = 500;

/// A window that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// First row.
    pub offset: u64,
    /// How many.
    pub limit: u64,
    /// Where the anchor was when it was asked for.
    pub anchor_at: u64,
    /// The view is a new one: without its anchor the cursor goes to the top.
    pub fresh: bool,
    /// State of the queue that was known then.
    pub generation: Generation,
}

/// A decision that is shown before it is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The state shown.
    pub state: MatchState,
    /// The target shown, where the decision changes it.
    pub target: Option<TargetLabel>,
    /// Windows with a ticket above this one know of it.
    pub until: Option<Ticket>,
}

/// One queue.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own")]
pub struct QueueState {
    /// Which rows in which order.
    pub spec: ViewSpec,
    /// Newest state of the queue that was heard of.
    pub generation: Generation,
    /// Rows of the view; `None` before the first window.
    pub total: Option<u64>,
    /// Rows by state, of the whole stream.
    pub counts: StateCounts,
    /// Position of the first fetched row.
    pub offset: u64,
    /// Fetched rows.
    pub rows: Vec<QueueRow>,
    /// State of the queue that the rows belong to.
    pub rows_generation: Generation,
    /// Ids by position, of every row fetched in this state; ranges need them.
    pub ids: BTreeMap<u64, RecordId>,
    /// Position of the cursor.
    pub cursor: u64,
    /// Position of the first row on the screen.
    pub top: u64,
    /// The record under the cursor.
    pub cursor_id: Option<RecordId>,
    /// Marked rows.
    pub marks: Marks,
    /// Start of a range.
    pub range: Option<u64>,
    /// Decisions on their way.
    pub pending: HashMap<RecordId, Pending>,
    /// The window under way.
    pub asked: Option<(Ticket, Asked)>,
    /// The view was changed and not fetched yet.
    pub fresh: bool,
    /// The rows are out of date although no newer generation was heard of.
    pub stale: bool,
    /// A person moved or decided in this view. Before that the cursor stays at the top while a first sync fills the
    /// queue; from then on it stays on its record.
    pub touched: bool,
    /// When the row under the cursor last changed by itself (time since the start).
    pub slipped: Option<Duration>,
    /// Columns that a person chose, in their order.
    pub columns: Option<Vec<ColumnId>>,
    /// A heading for each company.
    pub grouped: bool,
    /// The saved view that is shown, as long as nothing of it was changed.
    pub view: Option<String>,
}

/// What a tab shows when nobody chose: what needs a decision. Types are few, and are looked at after they are mapped.
#[must_use]
pub fn usual_filter(stream: Stream) -> Filter {
    if stream == Stream::DeviceTypes { Filter::All } else { Filter::default() }
}

impl QueueState {
    /// A queue of which nothing is known yet.
    #[must_use]
    pub fn new(flow: FlowId, stream: Stream) -> Self {
        let spec = ViewSpec {
            flow,
            stream,
            filter: usual_filter(stream),
            find: String::new(),
            sort: Sort::default(),
            company: None,
            alike: None,
        };
        Self {
            spec,
            generation: 0,
            total: None,
            counts: StateCounts::default(),
            offset: 0,
            rows: Vec::new(),
            rows_generation: 0,
            ids: BTreeMap::new(),
            cursor: 0,
            top: 0,
            cursor_id: None,
            marks: Marks::default(),
            range: None,
            pending: HashMap::new(),
            asked: None,
            fresh: true,
            stale: true,
            touched: false,
            slipped: None,
            columns: None,
            grouped: false,
            view: None,
        }
    }

    /// The row at a position, when it was fetched.
    #[must_use]
    pub fn row(&self, position: u64) -> Option<&QueueRow> {
        self.rows.get(index(position.checked_sub(self.offset)?))
    }

    /// The row under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&QueueRow> {
        self.row(self.cursor)
    }

    /// A row's state as shown: with the decision on its way.
    #[must_use]
    pub fn state_of(&self, row: &QueueRow) -> MatchState {
        self.pending.get(&row.id).map_or(row.state, |p| p.state)
    }

    /// A row's target as shown: with the decision on its way.
    #[must_use]
    pub fn target_of<'a>(&'a self, row: &'a QueueRow) -> Option<&'a TargetLabel> {
        match self.pending.get(&row.id) {
            Some(pending) => pending.target.as_ref(),
            None => row.target.as_ref(),
        }
    }

    /// Does the row need a person?
    #[must_use]
    pub fn needs_person(&self, row: &QueueRow) -> bool {
        matches!(self.state_of(row), MatchState::Conflict | MatchState::Suggested | MatchState::Unmatched)
    }

    /// Rows of the view.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.total.unwrap_or(0)
    }

    /// Is the position in the range that is being marked?
    #[must_use]
    pub fn in_range(&self, position: u64) -> bool {
        self.range.is_some_and(|start| {
            let (low, high) = (start.min(self.cursor), start.max(self.cursor));
            (low..=high).contains(&position)
        })
    }

    /// Marked rows, the range included.
    #[must_use]
    pub fn marked(&self) -> u64 {
        let range = self.range.map_or(0, |start| start.abs_diff(self.cursor) + 1);
        self.marks.count(self.len()).max(range)
    }

    /// Turns the range into marks; false when rows of it were never fetched.
    pub fn settle_range(&mut self) -> bool {
        let Some(start) = self.range else { return true };
        let (low, high) = (start.min(self.cursor), start.max(self.cursor));
        let ids: Vec<RecordId> = self.ids.range(low..=high).map(|(_, id)| id.clone()).collect();
        if ids.len() as u64 != high - low + 1 {
            return false;
        }
        for id in ids {
            self.marks.add(id);
        }
        self.range = None;
        true
    }

    /// The rows that an action works on: the marked ones, else the one under the cursor.
    #[must_use]
    pub fn selection(&self) -> Option<Selection> {
        if self.marks.count(self.len()) > 0 {
            return Some(self.marks.selection());
        }
        self.cursor_id.clone().map(|id| Selection::Rows(vec![id]))
    }

    /// Moves the cursor to a position, and the screen as little as shows it. A screen that has to move at all moves by
    /// half a page, so that a held key repaints the list seldom.
    pub fn go(&mut self, position: u64, page: u64) {
        let last = self.len().saturating_sub(1);
        self.cursor = position.min(last);
        self.scroll(page);
        self.cursor_id = self.current().map(|row| row.id.clone());
    }

    fn scroll(&mut self, page: u64) {
        let step = (page / 2).max(1);
        let highest = self.len().saturating_sub(page);
        if self.cursor < self.top {
            self.top = if self.top - self.cursor > page { self.cursor } else { self.top.saturating_sub(step) };
            self.top = self.top.min(self.cursor);
        } else if self.cursor >= self.top + page {
            let down = if self.cursor - self.top >= 2 * page { self.cursor + 1 - page } else { self.top + step };
            self.top = down.max(self.cursor + 1 - page);
        }
        self.top = self.top.min(highest.max(self.cursor.saturating_sub(page.saturating_sub(1))));
        self.top = self.top.min(self.cursor);
    }

    /// The next position at or after `from` (or before it) whose row needs a person, among fetched rows.
    #[must_use]
    pub fn open_from(&self, from: u64, forward: bool) -> Option<u64> {
        let end = self.offset + self.rows.len() as u64;
        let open = |p: &u64| self.row(*p).is_some_and(|row| self.needs_person(row));
        if forward { (from.max(self.offset)..end).find(open) } else { (self.offset..=from.min(end)).rev().find(open) }
    }

    /// The window to ask for, when the rows around the screen are missing, out of date or a new view's.
    #[must_use]
    pub fn wants(&self, page: u64) -> Option<Asked> {
        let total = self.total.unwrap_or(u64::MAX);
        let (low, high) = (self.top.saturating_sub(page), (self.top + 2 * page).min(total));
        let held = (self.offset, self.offset + self.rows.len() as u64);
        let covers = |(start, end): (u64, u64)| start <= low && end >= high;
        let current = !self.fresh && !self.stale && self.rows_generation >= self.generation;
        if current && covers(held) {
            return None;
        }
        // One refresh at a time: a storm of events must not become a storm of queries.
        if let Some((_, asked)) = &self.asked
            && !self.fresh
            && covers((asked.offset, asked.offset + asked.limit))
        {
            return None;
        }
        let limit = (page * 6).clamp(120, LIMIT);
        let offset =
            if self.fresh && self.cursor_id.is_none() { 0 } else { self.top.saturating_sub((limit - page) / 2) };
        Some(Asked { offset, limit, anchor_at: self.cursor, fresh: self.fresh, generation: self.generation })
    }

    /// Takes a window in. `ticket` is its request's.
    pub fn take(&mut self, window: Window, ticket: Ticket, asked: &Asked, page: u64) {
        if window.generation != self.rows_generation || asked.fresh {
            self.settle_range();
            self.range = None;
            self.ids.clear();
        }
        self.counts = window.counts;
        self.total = Some(window.total);
        self.generation = self.generation.max(window.generation);
        self.rows_generation = window.generation;
        // The door may be behind what was announced when it answered; ask again only for what is newer.
        self.rows_generation = self.rows_generation.max(asked.generation);
        self.offset = window.offset;
        self.rows = window.rows;
        for (i, row) in self.rows.iter().enumerate() {
            self.ids.insert(self.offset + i as u64, row.id.clone());
        }
        self.follow_anchor(window.anchor, asked, page);
        self.pending.retain(|_, p| p.until.is_none_or(|until| ticket <= until));
        let cursor = self.cursor;
        self.go(cursor, page);
    }

    fn follow_anchor(&mut self, anchor: Option<u64>, asked: &Asked, page: u64) {
        match anchor {
            // Another view: the row keeps its neighbours in sight.
            Some(now) if asked.fresh => {
                self.cursor = now;
                self.top = now.saturating_sub(page / 2);
            }
            Some(now) if now >= asked.anchor_at => {
                let shift = now - asked.anchor_at;
                self.cursor += shift;
                self.top += shift;
            }
            Some(now) => {
                let shift = asked.anchor_at - now;
                self.cursor = self.cursor.saturating_sub(shift);
                self.top = self.top.saturating_sub(shift);
            }
            None if asked.fresh => {
                self.cursor = 0;
                self.top = 0;
            }
            None => {}
        }
    }

    /// Rows are shown, but of the view before the one that was asked for.
    #[must_use]
    pub fn awaits_view(&self) -> bool {
        self.cursor_id.is_some() && (self.fresh || self.asked.as_ref().is_some_and(|(_, asked)| asked.fresh))
    }

    /// The record that the next window should keep in place.
    #[must_use]
    pub fn anchor(&self) -> Option<RecordId> {
        self.cursor_id.clone().filter(|_| self.touched || self.fresh)
    }

    /// Headings are shown: rows stand by company.
    #[must_use]
    pub fn has_headings(&self) -> bool {
        self.grouped && self.spec.sort.key == SortKey::Company && self.spec.company.is_none()
    }

    /// Whether a heading stands above the row at a position: its company is another than that of the row before.
    #[must_use]
    pub fn heads(&self, position: u64) -> bool {
        let company = |position: u64| self.row(position).map(|row| row.company.as_str());
        position.checked_sub(1).and_then(company) != company(position)
    }

    /// Rows, from a position on, that fit into so many lines with their headings; the first always has one.
    #[must_use]
    pub fn rows_in(&self, from: u64, lines: u64) -> u64 {
        if !self.has_headings() {
            return lines.max(1);
        }
        let (mut rows, mut used) = (0, 0);
        while used < lines {
            let head = u64::from(rows == 0 || self.heads(from + rows));
            used += head + 1;
            if used <= lines {
                rows += 1;
            }
        }
        rows.max(1)
    }

    /// The first row to paint into so many lines, so that the cursor is among them whatever the headings take.
    #[must_use]
    pub fn first_in(&self, lines: u64) -> u64 {
        let mut first = self.top;
        while first < self.cursor && first + self.rows_in(first, lines) <= self.cursor {
            first += 1;
        }
        first
    }

    /// Shows another view: the next window replaces everything.
    pub fn change(&mut self, change: impl FnOnce(&mut ViewSpec)) {
        self.view = None;
        change(&mut self.spec);
        self.fresh = true;
        self.range = None;
        if matches!(self.marks, Marks::Shown { .. }) {
            self.marks = Marks::default();
        }
    }
}
