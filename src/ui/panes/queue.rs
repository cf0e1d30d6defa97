//! The Queue: tabs, filter, and as many rows as fit.

use super::empty;
use crate::domain::Stream;
use crate::service::messages::{QueueRow, Sort, SortKey};
use crate::ui::state::overlay::Overlay;
use crate::ui::state::queue::QueueState;
use crate::ui::state::{Pane, State};
use crate::ui::widgets::canvas::Canvas;
use crate::ui::widgets::number::{cells, thousands};
use crate::ui::widgets::text::{tail, width};
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

/// Paints the queue; returns where text is being typed.
pub fn draw(state: &State, canvas: &mut Canvas<'_>, area: Rect) -> Option<Position> {
    let theme = canvas.theme;
    let title_style = if state.focus == Pane::Queue { theme.chosen } else { theme.accent };
    let label = state.tab_view().map(|(flow, _)| flow.label.clone()).unwrap_or_default();
    let paused = if state.tab_view().is_some_and(|(flow, _)| flow.paused) { "paused " } else { "" };
    let inner = canvas.frame(
        area,
        &[(" 2 Queue ", title_style), (" ", theme.text), (&label, theme.text), (" ", theme.text), (paused, theme.warn)],
    );
    let Some(queue) = state.queue() else {
        lines(canvas, inner, &empty::no_queue(state));
        return None;
    };
    tabs(state, canvas, inner);
    let cursor = filter(state, queue, canvas, inner);
    place(queue, canvas, area);
    let rows = Rect { y: inner.y + 2, height: inner.height.saturating_sub(2), ..inner };
    if queue.len() == 0 {
        lines(
            canvas,
            Rect { y: rows.y + 1, height: rows.height.saturating_sub(1), ..rows },
            &empty::no_rows(state, queue),
        );
        return cursor;
    }
    let columns = Columns::new(queue.spec.stream, rows.width);
    heads(state, &columns, canvas, rows);
    for (i, y) in (0..).zip(rows.y + 1..rows.bottom()) {
        let position = queue.top + i;
        if position >= queue.len() {
            break;
        }
        row(queue, position, &columns, canvas, Rect { y, height: 1, ..rows });
    }
    cursor
}

fn lines(canvas: &mut Canvas<'_>, area: Rect, text: &[String]) {
    let theme = canvas.theme;
    for (y, line) in (area.y..area.bottom()).zip(text) {
        canvas.put(area.x + 1, y, area.width.saturating_sub(1), line, theme.text);
    }
}

fn tabs(state: &State, canvas: &mut Canvas<'_>, area: Rect) {
    let theme = canvas.theme;
    let Some((flow, shown)) = state.tab_view() else { return };
    let mut used = 1;
    for tab in &flow.tabs {
        let style = if tab.stream == shown.stream { theme.chosen } else { theme.text };
        let counts = if tab.stream == shown.stream {
            state.queue().filter(|q| q.total.is_some()).map_or(tab.counts, |q| q.counts)
        } else {
            tab.counts
        };
        let text = format!(" {} {} ", tab.label, thousands(counts.open()));
        used += canvas.put(area.x + used, area.y, area.width.saturating_sub(used), &text, style) + 1;
    }
    let flows = state.overview.flows.len();
    if flows > 1 {
        let at = state.overview.flows.iter().position(|f| f.id == flow.id).unwrap_or(0) + 1;
        let room = usize::from(area.width.saturating_sub(used + 1));
        let texts = [format!("flow {at} of {flows}  {{ }} "), format!("flow {at}/{flows} "), format!("{at}/{flows} ")];
        if let Some(text) = texts.iter().find(|text| text.len() <= room) {
            canvas.right(area.x, area.y, area.width, text, theme.dim);
        }
    }
}

/// The line under the tabs: what is typed into find, else counts and what narrows the view.
fn filter(state: &State, queue: &QueueState, canvas: &mut Canvas<'_>, area: Rect) -> Option<Position> {
    let theme = canvas.theme;
    let (x, y, room) = (area.x + 1, area.y + 1, area.width.saturating_sub(2));
    if let Some(Overlay::Find { log: false, input, .. }) = &state.overlay {
        let used = canvas.put(x, y, room, "find ", theme.accent);
        let typed = tail(input.value(), usize::from(room.saturating_sub(used + 1)));
        canvas.put(x + used, y, room - used, typed, theme.text);
        let behind = width(input.value()).saturating_sub(input.visual_cursor());
        let at = width(typed).saturating_sub(behind);
        return Some(Position::new(x + used + cells(at), y));
    }
    let spec = &queue.spec;
    let mut used = canvas.put(x, y, room, "show ", theme.dim);
    used += canvas.put(x + used, y, room.saturating_sub(used), empty::filter_word(spec.filter), theme.accent);
    if !spec.find.is_empty() {
        used +=
            canvas.line(x + used, y, room.saturating_sub(used), &[("  find ", theme.dim), (&spec.find, theme.accent)]);
    }
    if spec.company.is_some() {
        let company = queue.rows.first().map_or("one company", |r| r.company.as_str());
        used += canvas.line(x + used, y, room.saturating_sub(used), &[("  of ", theme.dim), (company, theme.accent)]);
    }
    if spec.sort != Sort::default() {
        used += canvas.line(
            x + used,
            y,
            room.saturating_sub(used),
            &[("  by ", theme.dim), (sort_word(spec.sort.key), theme.accent)],
        );
        used += canvas.put(
            x + used,
            y,
            room.saturating_sub(used),
            if spec.sort.descending { ", last first" } else { "" },
            theme.dim,
        );
    }
    let c = queue.counts;
    let word = |n: u64, word: &str| if n == 0 { String::new() } else { format!("  {} {word}", thousands(n)) };
    let counts = [
        word(c.conflict, "conflict"),
        word(c.suggested, "suggested"),
        word(c.unmatched, "unmatched"),
        word(c.waiting, "waiting"),
        word(c.deferred, "deferred"),
        word(c.matched, "matched"),
        word(c.ignored, "ignored"),
        word(c.orphaned, "orphaned"),
        word(c.left_out, "left out"),
    ]
    .concat();
    canvas.put(x + used, y, room.saturating_sub(used), &format!("  {counts}"), theme.dim);
    None
}

/// Where the cursor is, in the frame's lower line.
fn place(queue: &QueueState, canvas: &mut Canvas<'_>, area: Rect) {
    if queue.len() == 0 {
        return;
    }
    let theme = canvas.theme;
    let busy = if queue.asked.as_ref().is_some_and(|(_, a)| a.fresh) { canvas.glyphs.busy } else { "" };
    let marked = match queue.marked() {
        0 => String::new(),
        n => format!("{} marked {} ", thousands(n), canvas.glyphs.dot),
    };
    let text = format!(" {busy}{marked}{} of {} ", thousands(queue.cursor + 1), thousands(queue.len()));
    canvas.right(area.x, area.bottom() - 1, area.width.saturating_sub(2), &text, theme.text);
}

fn sort_word(key: SortKey) -> &'static str {
    match key {
        SortKey::Work => "work",
        SortKey::Name => "name",
        SortKey::Confidence => "confidence",
        SortKey::Company => "company",
        SortKey::Devices => "devices",
        SortKey::State => "state",
    }
}

/// Widths of the columns.
struct Columns {
    stream: Stream,
    state: u16,
    name: u16,
    detail: u16,
    company: u16,
    target: u16,
    why: u16,
}

impl Columns {
    fn new(stream: Stream, room: u16) -> Self {
        let companies = stream == Stream::Companies;
        let state = 11;
        let detail = match stream {
            Stream::Companies => 5,
            Stream::Devices => 12,
            // Emails, addresses and titles tell as much as the names.
            _ => (room / 5).clamp(12, 40),
        };
        // Marker, mark, gaps and confidence.
        let fixed = 2 + state + 1 + detail + 1 + 2 + 5 + 1;
        let free = room.saturating_sub(fixed + 1);
        let company = if companies || free < 75 { 0 } else { free / 5 };
        let free = free - company;
        let why = free * 3 / 10;
        let name = (free - why) / 2;
        Self { stream, state, name, detail, company, target: free - why - name, why }
    }
}

fn heads(state: &State, columns: &Columns, canvas: &mut Canvas<'_>, area: Rect) {
    let theme = canvas.theme;
    let (source, target) =
        state.tab_view().map_or(("Source", "Target"), |(_, t)| (t.source_word.as_str(), t.target_word.as_str()));
    let detail = match columns.stream {
        Stream::Companies => "Dev",
        Stream::Contacts => "Email",
        Stream::Locations => "Address",
        Stream::Tickets => "Title",
        _ => "Serial",
    };
    let mut x = area.x + 2;
    let mut put = |text: &str, room: u16, gap: u16| {
        canvas.put(x, area.y, room, text, theme.head);
        x += room + gap;
    };
    put("State", columns.state, 1);
    put(source, columns.name, 1);
    put(detail, columns.detail, 1);
    if columns.company > 0 {
        put("Company", columns.company - 1, 1);
    }
    put(target, columns.target + 2, 1);
    put("Conf", 4, 1);
    put("Why", columns.why, 0);
}

fn row(queue: &QueueState, position: u64, columns: &Columns, canvas: &mut Canvas<'_>, area: Rect) {
    let (theme, glyphs) = (canvas.theme, canvas.glyphs);
    let here = position == queue.cursor;
    if here {
        canvas.put(area.x, area.y, 1, glyphs.cursor, theme.accent);
    }
    let Some(row) = queue.row(position) else {
        canvas.put(area.x + 2, area.y, area.width.saturating_sub(2), glyphs.more, theme.dim);
        return;
    };
    if queue.marks.has(&row.id) || queue.in_range(position) {
        canvas.put(area.x + 1, area.y, 1, glyphs.mark, theme.mark);
    }
    let shown = queue.state_of(row);
    let state_style = theme.state(shown);
    let mut x = area.x + 2;
    let used = canvas.line(
        x,
        area.y,
        columns.state,
        &[(glyphs.state(shown), state_style), (" ", state_style), (shown.name(), state_style)],
    );
    if queue.pending.get(&row.id).is_some_and(|p| p.until.is_none()) {
        // Not durable yet.
        canvas.put(x + used, area.y, 1, glyphs.busy, theme.busy);
    }
    x += columns.state + 1;
    // Only the name changes with the cursor: few bytes over a slow line.
    let name_style = if here { theme.text.add_modifier(Modifier::BOLD) } else { theme.text };
    canvas.put(x, area.y, columns.name, &row.name, name_style);
    x += columns.name + 1;
    detail(row, columns, canvas, x, area.y);
    x += columns.detail + 1;
    if columns.company > 0 {
        canvas.put(x, area.y, columns.company - 1, &row.company, theme.text);
        x += columns.company;
    }
    proposal(queue, row, columns, canvas, x, area.y);
}

fn detail(row: &QueueRow, columns: &Columns, canvas: &mut Canvas<'_>, x: u16, y: u16) {
    let style = canvas.theme.text;
    if columns.stream == Stream::Companies {
        canvas.right(x, y, columns.detail, &thousands(u64::from(row.devices)), style);
    } else {
        let known = [&row.detail, &row.serial, &row.model].into_iter().find(|text| !text.is_empty());
        canvas.put(x, y, columns.detail, known.map_or("", String::as_str), style);
    }
}

/// Target, confidence and why.
fn proposal(queue: &QueueState, row: &QueueRow, columns: &Columns, canvas: &mut Canvas<'_>, x: u16, y: u16) {
    let (theme, glyphs) = (canvas.theme, canvas.glyphs);
    let target = match queue.pending.get(&row.id) {
        Some(pending) => pending.target.as_ref(),
        None => row.target.as_ref(),
    };
    let mut at = x;
    if let Some(target) = target {
        let shared = if target.taken_by > 0 { format!(" (+{})", target.taken_by) } else { String::new() };
        let room = (columns.target + 2).saturating_sub(2 + cells(shared.len()));
        canvas.put(at, y, 2, glyphs.arrow, theme.dim);
        let used = canvas.put(at + 2, y, room, &target.name, theme.text);
        canvas.put(at + 2 + used, y, cells(shared.len()), &shared, theme.warn);
    }
    at += columns.target + 3;
    if let (Some(confidence), true) = (row.confidence, target.is_some()) {
        canvas.right(at, y, 4, &format!("{}%", confidence.percent()), theme.text);
    }
    at += 5;
    let left_out;
    let why = if row.orphaned {
        "gone at a vendor"
    } else if !row.left_out.is_empty() {
        left_out = format!("left out: {}", row.left_out);
        &left_out
    } else if row.waits {
        "waits for its company"
    } else {
        &row.why
    };
    canvas.put(at, y, columns.why, why, theme.text);
}
