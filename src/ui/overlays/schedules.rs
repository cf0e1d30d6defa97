//! Schedules: one line a stream with its next and last run; below, the schedule being typed or the keys.

use super::{frame, typing};
use crate::domain::Timestamp;
use crate::service::messages::ScheduleLine;
use crate::ui::state::State;
use crate::ui::state::overlay::Schedules;
use crate::ui::widgets::canvas::Canvas;
use crate::ui::widgets::number::moment;
use crate::ui::widgets::text::wrap;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

/// Lines below the list: blank, typing or keys, two for a reason.
const FOOT: usize = 5;

/// Columns: the stream's word, the schedule, the next run; the rest is the last run.
const COLUMNS: [u16; 3] = [18, 30, 15];

/// Paints them; returns where text is being typed.
pub fn draw(state: &State, canvas: &mut Canvas<'_>, shown: &Schedules) -> Option<Position> {
    let lines = shown.sheet.as_ref().map_or(1, |s| s.lines.len());
    let inner = frame(state, canvas, "When it runs by itself", lines + 1 + FOOT);
    let theme = canvas.theme;
    let Some(sheet) = &shown.sheet else {
        canvas.put(inner.x, inner.y, inner.width, &format!("{} asking", canvas.glyphs.busy), theme.busy);
        return None;
    };
    let paused = if sheet.paused { ", paused" } else { "" };
    let head = format!("{}{paused}", sheet.vendor);
    row(canvas, inner, inner.y, [&head, &format!("hours of {}", sheet.zone), "next, UTC", "last"], false);
    let room = usize::from(inner.height).saturating_sub(1 + FOOT).max(1);
    let top = (shown.cursor + 1).saturating_sub(room);
    for (y, (at, line)) in (inner.y + 1..).zip(sheet.lines.iter().enumerate().skip(top).take(room)) {
        if at == shown.cursor {
            canvas.put(inner.x, y, 1, canvas.glyphs.cursor, theme.accent);
        }
        paint(canvas, inner, y, line, at == shown.cursor, state.now.wall);
    }
    let foot = inner.bottom().saturating_sub(4);
    for (y, text) in (foot + 1..).zip(shown.wrong.iter().flat_map(|t| wrap(t, usize::from(inner.width))).take(3)) {
        canvas.put(inner.x, y, inner.width, &text, theme.warn);
    }
    if let Some(input) = &shown.input {
        let area = Rect { y: foot, height: 1, ..inner };
        let at = typing(canvas, area, "schedule: ", input);
        if shown.wrong.is_empty() {
            let help = "every 4 h · daily 02:00 · 0 2 * * 1-5 · off; then: in Europe/Berlin, within 10 min";
            canvas.put(inner.x, foot + 1, inner.width, help, theme.dim);
        }
        return Some(at);
    }
    let pause = if sheet.paused { " resume all  " } else { " pause all  " };
    let keys = [
        ("e", theme.accent),
        (" change  ", theme.text),
        ("x", theme.accent),
        (" default  ", theme.text),
        ("p", theme.accent),
        (pause, theme.text),
        ("Esc", theme.accent),
        (" close", theme.text),
    ];
    canvas.line(inner.x, inner.bottom().saturating_sub(1), inner.width, &keys);
    None
}

fn row(canvas: &mut Canvas<'_>, inner: Rect, y: u16, cells: [&str; 4], bold: bool) {
    let theme = canvas.theme;
    let style = if bold { theme.text.add_modifier(Modifier::BOLD) } else { theme.text };
    let style = if y == inner.y { theme.dim } else { style };
    let mut x = inner.x + 2;
    for (text, room) in cells.into_iter().zip(COLUMNS.into_iter().chain([inner.width])) {
        let room = room.min(inner.right().saturating_sub(x));
        canvas.put(x, y, room.saturating_sub(1), text, style);
        x += room;
    }
}

fn paint(canvas: &mut Canvas<'_>, inner: Rect, y: u16, line: &ScheduleLine, here: bool, now: Timestamp) {
    let time = |at: Option<Timestamp>| at.map_or_else(|| "–".to_owned(), |at| moment(at, now));
    let schedule = if line.default { format!("{} (default)", line.schedule) } else { line.schedule.clone() };
    let next = if line.idle.is_empty() { time(line.next) } else { line.idle.clone() };
    // Why nothing runs is longer than a time: it has the rest of the line.
    let last =
        if line.idle.is_empty() || line.idle.len() < usize::from(COLUMNS[2]) { time(line.last) } else { String::new() };
    row(canvas, inner, y, [&line.word, &schedule, &next, &last], here);
    if last.is_empty() {
        let x = inner.x + 2 + COLUMNS[0] + COLUMNS[1];
        canvas.put(x, y, inner.right().saturating_sub(x), &line.idle, canvas.theme.dim);
    }
}
