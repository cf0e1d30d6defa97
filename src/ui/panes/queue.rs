//! The Queue: tabs, filter, and as many rows as fit.

use super::empty;
use crate::domain::Stream;
use crate::service::messages::{QueueRow, Sort, SortKey};
use crate::ui::columns::{self, ColumnId, Widths, column};
use crate::ui::state::overlay::Overlay;
use crate::ui::state::queue::QueueState;
use crate::ui::state::{Pane, State};
use crate::ui::widgets::canvas::Canvas;
use crate::ui::widgets::number::{cells, thousands};
use crate::ui::widgets::text::{tail, width};
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

/// Cells before the columns: cursor and mark.
const GUTTER: u16 = 2;

/// Paints the queue; returns where text is being typed.
pub fn draw(state: &State, canvas: &mut Canvas<'_>, area: Rect) -> Option<Position> {
    let theme = canvas.theme;
    let title_style = if state.focus == Pane::Queue { theme.chosen } else { theme.accent };
    let label = state.tab_view().map(|(flow, _)| flow.label.clone()).unwrap_or_default();
    let paused = if state.tab_view().is_some_and(|(flow, _)| flow.paused) { "paused " } else { "" };
    let name = super::title(state, Pane::Queue);
    let inner = canvas.frame(
        area,
        &[(&name, title_style), (" ", theme.text), (&label, theme.text), (" ", theme.text), (paused, theme.warn)],
    );
    let Some(queue) = state.queue() else {
        lines(canvas, inner, &empty::no_queue(state));
        return None;
    };
    tabs(state, canvas, inner);
    let cursor = filter(state, queue, canvas, inner);
    place(state, queue, canvas, area);
    super::staged::progress(state, canvas, area);
    let rows = Rect { y: inner.y + 2, height: inner.height.saturating_sub(2), ..inner };
    if queue.len() == 0 {
        lines(
            canvas,
            Rect { y: rows.y + 1, height: rows.height.saturating_sub(1), ..rows },
            &empty::no_rows(state, queue),
        );
        return cursor;
    }
    let columns = columns::fit(
        queue.spec.stream,
        queue.columns.as_deref(),
        queue.has_headings(),
        rows.width.saturating_sub(GUTTER),
    );
    if !super::staged::heads(state, queue.spec.stream, canvas, rows) {
        heads(state, queue, &columns, canvas, rows);
    }
    list(queue, &columns, canvas, Rect { y: rows.y + 1, height: rows.height.saturating_sub(1), ..rows });
    cursor
}

/// Which row stands on each line of the list; a heading belongs to the row below it.
pub fn row_at(state: &State, line: u16) -> Option<u64> {
    let queue = state.queue()?;
    let lines = u64::from(state.layout().queue_rows());
    let mut y = 0;
    for position in queue.first_in(lines)..queue.len() {
        let first = position == queue.first_in(lines);
        y += u16::from(queue.has_headings() && (first || queue.heads(position)));
        if line <= y {
            return Some(position);
        }
        y += 1;
        if u64::from(y) >= lines {
            return None;
        }
    }
    None
}

fn list(queue: &QueueState, columns: &Widths, canvas: &mut Canvas<'_>, area: Rect) {
    let first = queue.first_in(u64::from(area.height));
    let mut y = area.y;
    for position in first..queue.len() {
        if queue.has_headings() && (position == first || queue.heads(position)) {
            let theme = canvas.theme;
            let company = queue.row(position).map_or("", |row| row.company.as_str());
            let company = if company.is_empty() { "no company" } else { company };
            if y < area.bottom() {
                canvas.put(area.x + 1, y, area.width.saturating_sub(1), company, theme.accent);
            }
            y += 1;
        }
        if y >= area.bottom() {
            return;
        }
        row(queue, position, columns, canvas, Rect { y, height: 1, ..area });
        y += 1;
    }
}

fn lines(canvas: &mut Canvas<'_>, area: Rect, text: &[String]) {
    let theme = canvas.theme;
    for (y, line) in (area.y..area.bottom()).zip(text) {
        canvas.put(area.x + 1, y, area.width.saturating_sub(1), line, theme.text);
    }
}

/// Where the tabs stand, from the left edge inside the frame: first cell, title, which stream; `None` is Conflicts.
pub fn tab_places(state: &State) -> Vec<(u16, String, Option<Stream>)> {
    let Some((flow, shown)) = state.tab_view() else { return Vec::new() };
    let mut places = Vec::new();
    let (mut used, mut conflicts) = (1, 0);
    for tab in &flow.tabs {
        let counts = if tab.stream == shown.stream {
            state.queue().filter(|q| q.total.is_some()).map_or(tab.counts, |q| q.counts)
        } else {
            tab.counts
        };
        conflicts += counts.conflict;
        let open = crate::ui::state::tab_open(flow, tab.stream, &counts);
        let text = format!(" {} {} ", tab.label, thousands(open));
        let wide = cells(width(&text));
        places.push((used, text, Some(tab.stream)));
        used += wide + 1;
    }
    places.push((used, format!(" Conflicts {} ", thousands(conflicts)), None));
    places
}

fn tabs(state: &State, canvas: &mut Canvas<'_>, area: Rect) {
    let theme = canvas.theme;
    let Some((flow, shown)) = state.tab_view() else { return };
    let mut used = 1;
    for (x, text, stream) in tab_places(state) {
        let here = if state.on_conflicts() { stream.is_none() } else { stream == Some(shown.stream) };
        let style = if here { theme.chosen } else { theme.text };
        used = x + canvas.put(area.x + x, area.y, area.width.saturating_sub(x), &text, style) + 1;
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
    let mut used = 0;
    if let Some(name) = &queue.view {
        used += canvas.line(x, y, room, &[("view ", theme.dim), (name, theme.accent), ("  ", theme.dim)]);
    }
    used += canvas.put(x + used, y, room.saturating_sub(used), "show ", theme.dim);
    used += canvas.put(x + used, y, room.saturating_sub(used), empty::filter_word(spec.filter), theme.accent);
    if state.on_conflicts() {
        let of = format!(" {}", spec.stream.name());
        used += canvas.put(x + used, y, room.saturating_sub(used), &of, theme.accent);
    }
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
        if c.waiting == 0 { String::new() } else { format!(" ({} waiting)", thousands(c.waiting)) },
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
fn place(state: &State, queue: &QueueState, canvas: &mut Canvas<'_>, area: Rect) {
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
    let room = area.width.saturating_sub(2);
    canvas.right(area.x, area.bottom() - 1, room, &text, theme.text);
    let progress = progress(state, queue);
    if usize::from(room) > width(&text) + width(&progress) {
        canvas.put(area.x + 1, area.bottom() - 1, room, &progress, theme.text);
    }
}

/// How much is decided, and how long a row takes at the present pace.
pub fn progress(state: &State, queue: &QueueState) -> String {
    let total = queue.counts.total();
    let each = state.pace.seconds_each().map(|secs| format!(", {secs} s each")).unwrap_or_default();
    format!(" {} of {} decided{each} ", thousands(total - queue.counts.open()), thousands(total))
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

fn heads(state: &State, queue: &QueueState, columns: &Widths, canvas: &mut Canvas<'_>, area: Rect) {
    let theme = canvas.theme;
    let spec = &queue.spec;
    let mut x = area.x + GUTTER;
    for (id, room) in columns {
        let sorted = spec.sort != Sort::default() && column(*id).sort == Some(spec.sort.key);
        let sign = if sorted { canvas.glyphs.sorted[usize::from(spec.sort.descending)] } else { "" };
        let text = columns::heading(state, spec.stream, *id);
        let used = canvas.put(x, area.y, *room, &text, theme.head);
        canvas.put(x + used, area.y, room.saturating_sub(used), sign, theme.accent);
        x += room + 1;
    }
}

fn row(queue: &QueueState, position: u64, columns: &Widths, canvas: &mut Canvas<'_>, area: Rect) {
    let (theme, glyphs) = (canvas.theme, canvas.glyphs);
    let here = position == queue.cursor;
    if here {
        canvas.put(area.x, area.y, 1, glyphs.cursor, theme.accent);
    }
    let Some(row) = queue.row(position) else {
        canvas.put(area.x + GUTTER, area.y, area.width.saturating_sub(GUTTER), glyphs.more, theme.dim);
        return;
    };
    if queue.marks.has(&row.id) || queue.in_range(position) {
        canvas.put(area.x + 1, area.y, 1, glyphs.mark, theme.mark);
    }
    if super::staged::row(queue, row, here, canvas, area) {
        return;
    }
    let mut x = area.x + GUTTER;
    for (id, room) in columns {
        cell(queue, row, *id, here, canvas, Rect { x, width: *room, ..area });
        x += room + 1;
    }
}

fn cell(queue: &QueueState, row: &QueueRow, id: ColumnId, here: bool, canvas: &mut Canvas<'_>, area: Rect) {
    let text = canvas.theme.text;
    match id {
        ColumnId::State => state_cell(queue, row, canvas, area),
        ColumnId::Name => {
            // Only the name changes with the cursor: few bytes over a slow line.
            let style = if here { text.add_modifier(Modifier::BOLD) } else { text };
            canvas.put(area.x, area.y, area.width, &row.name, style);
        }
        ColumnId::Devices => canvas.right(area.x, area.y, area.width, &thousands(u64::from(row.devices)), text),
        ColumnId::Target => target_cell(queue, row, canvas, area),
        ColumnId::Confidence => {
            if let (Some(confidence), Some(_)) = (row.confidence, queue.target_of(row)) {
                canvas.right(area.x, area.y, area.width, &format!("{}%", confidence.percent()), text);
            }
        }
        _ => {
            canvas.put(area.x, area.y, area.width, &value(queue, row, id), text);
        }
    }
}

/// What a cell says, as text.
#[must_use]
pub fn value(queue: &QueueState, row: &QueueRow, id: ColumnId) -> String {
    match id {
        ColumnId::State => queue.state_of(row).name().to_owned(),
        ColumnId::Name => row.name.clone(),
        ColumnId::Detail => {
            let known = [&row.detail, &row.serial, &row.model].into_iter().find(|text| !text.is_empty());
            known.cloned().unwrap_or_default()
        }
        ColumnId::Devices => thousands(u64::from(row.devices)),
        ColumnId::Company => row.company.clone(),
        ColumnId::Model => row.model.clone(),
        ColumnId::Id => row.id.to_string(),
        ColumnId::Target => queue.target_of(row).map_or_else(String::new, |t| t.name.clone()),
        ColumnId::TargetId => queue.target_of(row).map_or_else(String::new, |t| t.id.to_string()),
        ColumnId::Confidence => {
            let shown = row.confidence.filter(|_| queue.target_of(row).is_some());
            shown.map_or_else(String::new, |c| format!("{}%", c.percent()))
        }
        ColumnId::Why => why(row),
    }
}

fn why(row: &QueueRow) -> String {
    if row.orphaned {
        "gone at a vendor".to_owned()
    } else if !row.left_out.is_empty() {
        format!("left out: {}", row.left_out)
    } else if row.waits {
        "waits for its company".to_owned()
    } else {
        row.why.clone()
    }
}

fn state_cell(queue: &QueueState, row: &QueueRow, canvas: &mut Canvas<'_>, area: Rect) {
    let (theme, glyphs) = (canvas.theme, canvas.glyphs);
    let shown = queue.state_of(row);
    let style = theme.state(shown);
    let parts = [(glyphs.state(shown), style), (" ", style), (shown.name(), style)];
    let used = canvas.line(area.x, area.y, area.width, &parts);
    if queue.pending.get(&row.id).is_some_and(|p| p.until.is_none()) {
        // Not durable yet; the gap behind the column is free.
        canvas.put(area.x + used, area.y, 1, glyphs.busy, theme.busy);
    }
}

fn target_cell(queue: &QueueState, row: &QueueRow, canvas: &mut Canvas<'_>, area: Rect) {
    let (theme, glyphs) = (canvas.theme, canvas.glyphs);
    let Some(target) = queue.target_of(row) else { return };
    let shared = if target.taken_by > 0 { format!(" (+{})", target.taken_by) } else { String::new() };
    let room = area.width.saturating_sub(2 + cells(shared.len()));
    canvas.put(area.x, area.y, 2, glyphs.arrow, theme.dim);
    let used = canvas.put(area.x + 2, area.y, room, &target.name, theme.text);
    canvas.put(area.x + 2 + used, area.y, cells(shared.len()), &shared, theme.warn);
}
