//! Lists to choose from: palette, match-to picker, menus, history.

use super::{frame, typing};
use crate::domain::{Actor, HistoryEntry, Stream};
use crate::service::messages::{PickRow, QueueRow};
use crate::ui::columns::{ColumnId, column, heading};
use crate::ui::command::{CommandId, command};
use crate::ui::state::State;
use crate::ui::state::overlay::{Choice, Picker};
use crate::ui::update::overlays::{keep_in_sight, list_page};
use crate::ui::widgets::canvas::Canvas;
use crate::ui::widgets::number::{counted, moment, thousands};
use crate::ui::widgets::text::{settle, width};
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use tui_input::Input;
use unicode_segmentation::UnicodeSegmentation;

/// The sign before the chosen line.
pub(super) fn cursor_sign(canvas: &mut Canvas<'_>, area: Rect, y: u16, here: bool) {
    if here {
        let (sign, style) = (canvas.glyphs.cursor, canvas.theme.accent);
        canvas.put(area.x, y, 1, sign, style);
    }
}

/// Any action by name.
pub fn palette(state: &State, canvas: &mut Canvas<'_>, input: &Input, cursor: usize, found: &[CommandId]) -> Position {
    let page = list_page(state);
    let inner = frame(state, canvas, "Commands", page + 2);
    let theme = canvas.theme;
    let at = typing(canvas, inner, ": ", input);
    let top = keep_in_sight(0, cursor, page);
    let rows = inner.y + 2..inner.bottom();
    for (y, (i, id)) in rows.zip(found.iter().enumerate().skip(top)) {
        let c = command(*id);
        let reason = (c.disabled)(state);
        let style = if reason.is_some() { theme.dim } else { theme.text };
        let bold = if i == cursor { style.add_modifier(Modifier::BOLD) } else { style };
        cursor_sign(canvas, inner, y, i == cursor);
        canvas.put(inner.x + 2, y, 18, c.label, bold);
        canvas.put(inner.x + 21, y, 14, &state.keymap.text(*id, state.glyphs.more), theme.accent);
        let help = reason.map_or_else(|| c.help.to_owned(), |r| format!("now: {r}"));
        canvas.put(inner.x + 36, y, inner.width.saturating_sub(36), &help, style);
    }
    if found.is_empty() {
        canvas.put(inner.x, inner.y + 2, inner.width, "no command fits", theme.warn);
    }
    at
}

/// Match-to.
pub fn picker(state: &State, canvas: &mut Canvas<'_>, picker: &Picker) -> Position {
    let page = list_page(state);
    let title = if picker.count > 1 {
        format!("Match {} to", counted(picker.count, "row", "rows"))
    } else {
        format!("Match {} to", picker.row.as_ref().map_or("", |row| &row.name))
    };
    let inner = frame(state, canvas, &title, page + 3);
    let theme = canvas.theme;
    let at = typing(canvas, inner, "search: ", &picker.input);
    let busy = picker.ticket.is_some() || picker.due.is_some();
    let found = if busy && picker.targets.searched == 0 {
        canvas.glyphs.busy.to_owned()
    } else {
        let sign = if busy { canvas.glyphs.busy } else { " " };
        format!("{sign} {} of {}", thousands(picker.targets.found), thousands(picker.targets.searched))
    };
    canvas.right(inner.x, inner.y, inner.width, &found, theme.dim);
    let row = picker.row.as_deref().filter(|_| picker.count == 1);
    let subject = row.map(subject).unwrap_or_default();
    canvas.put(inner.x, inner.y + 1, inner.width, &subject, theme.dim);
    let rows = inner.y + 2..inner.bottom();
    for (y, (i, row)) in rows.zip(picker.targets.rows.iter().enumerate().skip(picker.top)) {
        pick_row(canvas, Rect { y, height: 1, ..inner }, row, i == picker.cursor);
    }
    if picker.targets.rows.is_empty() && !busy {
        let text = if picker.targets.taken > 0 {
            "what fits is taken: here one target has one row; x on that row frees it"
        } else if picker.input.value().is_empty() {
            "no candidate: type a part of a name, serial or id"
        } else {
            "nothing fits; Ctrl-u starts over"
        };
        canvas.put(inner.x, inner.y + 2, inner.width, text, theme.warn);
    }
    at
}

/// What the row is, for whoever searches its counterpart.
fn subject(row: &QueueRow) -> String {
    let devices = if row.devices > 0 { counted(row.devices.into(), "device", "devices") } else { String::new() };
    let parts = [&row.name, &row.company, &row.serial, &row.model, &row.detail, &devices];
    let parts: Vec<&str> = parts.into_iter().map(String::as_str).filter(|p| !p.is_empty()).collect();
    format!("for {}", parts.join(", "))
}

fn pick_row(canvas: &mut Canvas<'_>, area: Rect, row: &PickRow, here: bool) {
    let theme = canvas.theme;
    cursor_sign(canvas, area, area.y, here);
    let name_room = area.width * 2 / 5;
    let style = if here { theme.text.add_modifier(Modifier::BOLD) } else { theme.text };
    canvas.put(area.x + 2, area.y, name_room, &row.target.name, style);
    hits(canvas, area, row, name_room);
    let mut notes = row.detail.clone();
    // Most details end with the id.
    if !notes.ends_with(row.target.id.as_str()) {
        notes.push_str(if notes.is_empty() { "" } else { "  " });
        notes.push_str(row.target.id.as_str());
    }
    // What speaks against a target stands before what a narrow screen cuts.
    let mut x = area.x + name_room + 3;
    for (on, text) in [
        (row.target.taken_by > 0, format!("taken (+{})  ", row.target.taken_by)),
        (row.elsewhere, "other company  ".to_owned()),
    ] {
        if on {
            x += canvas.put(x, area.y, area.right().saturating_sub(x), &text, theme.warn);
        }
    }
    canvas.put(x, area.y, area.right().saturating_sub(x), &notes, theme.dim);
}

/// Underlines the characters that fit what was typed; only where every character is one plain cell sequence.
fn hits(canvas: &mut Canvas<'_>, area: Rect, row: &PickRow, room: u16) {
    if row.hits.is_empty() || settle(&row.target.name, canvas.glyphs.ascii) != row.target.name {
        return;
    }
    let (mut x, mut character) = (0_usize, 0_u32);
    for cluster in row.target.name.graphemes(true) {
        let count = u32::try_from(cluster.chars().count()).unwrap_or(1);
        let hit = (character..character + count).any(|c| row.hits.contains(&c));
        let wide = width(cluster);
        if x + wide >= usize::from(room) {
            break;
        }
        if hit {
            let at = area.x + 2 + crate::ui::widgets::number::cells(x);
            if let Some(cell) = canvas.buffer.cell_mut((at, area.y)) {
                cell.modifier.insert(Modifier::UNDERLINED);
            }
        }
        x += wide;
        character += count;
    }
}

/// A short list of choices.
pub fn menu(state: &State, canvas: &mut Canvas<'_>, title: &str, items: &[(String, String, Choice)], cursor: usize) {
    let inner = frame(state, canvas, title, items.len());
    let theme = canvas.theme;
    let top = keep_in_sight(0, cursor, usize::from(inner.height));
    for (y, (i, (name, detail, _))) in (inner.y..inner.bottom()).zip(items.iter().enumerate().skip(top)) {
        cursor_sign(canvas, inner, y, i == cursor);
        let style = if i == cursor { theme.text.add_modifier(Modifier::BOLD) } else { theme.text };
        if i < 9 {
            canvas.put(inner.x + 2, y, 1, &(i + 1).to_string(), theme.accent);
        }
        let used = canvas.put(inner.x + 4, y, inner.width.saturating_sub(4), name, style);
        canvas.put(inner.x + 6 + used, y, inner.width.saturating_sub(6 + used), detail, theme.dim);
    }
}

/// Which columns are shown, in which order.
pub fn columns(state: &State, canvas: &mut Canvas<'_>, list: &[(ColumnId, bool)], cursor: usize) {
    let inner = frame(state, canvas, "Columns: Space shows or hides, J K move", list.len());
    let theme = canvas.theme;
    let stream = state.queue().map_or(Stream::Companies, |q| q.spec.stream);
    let top = keep_in_sight(0, cursor, usize::from(inner.height));
    for (y, (i, (id, on))) in (inner.y..inner.bottom()).zip(list.iter().enumerate().skip(top)) {
        cursor_sign(canvas, inner, y, i == cursor);
        let style = if i == cursor { theme.text.add_modifier(Modifier::BOLD) } else { theme.text };
        let (sign, word) = if *on { ("[x] ", "shown") } else { ("[ ] ", "hidden") };
        let used = canvas.line(
            inner.x + 2,
            y,
            inner.width.saturating_sub(2),
            &[(sign, theme.accent), (&heading(state, stream, *id), style)],
        );
        let rest = format!("  {} {word}", column(*id).name);
        canvas.put(inner.x + 2 + used, y, inner.width.saturating_sub(2 + used), &rest, theme.dim);
    }
}

/// Decisions, newest first.
pub fn history(state: &State, canvas: &mut Canvas<'_>, entries: Option<&[HistoryEntry]>, cursor: usize, top: usize) {
    let page = list_page(state);
    let inner = frame(state, canvas, "History: u takes the chosen entry back", page);
    let theme = canvas.theme;
    let Some(entries) = entries else {
        canvas.put(inner.x, inner.y, inner.width, &format!("{} asking", canvas.glyphs.busy), theme.busy);
        return;
    };
    if entries.is_empty() {
        canvas.put(inner.x, inner.y, inner.width, "Nothing was decided yet.", theme.text);
    }
    for (y, (i, e)) in (inner.y..inner.bottom()).zip(entries.iter().enumerate().skip(top)) {
        cursor_sign(canvas, inner, y, i == cursor);
        let gone = e.undone_by.is_some();
        let style = if gone { theme.dim } else { theme.text };
        let style = if i == cursor { style.add_modifier(Modifier::BOLD) } else { style };
        let who = match &e.actor {
            Actor::Person(name) => name.clone(),
            Actor::Engine => "matchbook".to_owned(),
            Actor::QuickMatch(name) => format!("{name} (quick match)"),
        };
        let mut x = inner.x + 2;
        for (text, room) in [
            (moment(e.at, state.now.wall), 12),
            (who, 16),
            (e.stream.to_string(), 13),
            (counted(e.rows, "row", "rows"), 12),
        ] {
            canvas.put(x, y, room - 1, &text, style);
            x += room;
        }
        let what = match (e.undone_by, e.undoes) {
            (Some(by), _) => format!("{} (taken back by {})", e.what, by.0),
            (None, Some(of)) => format!("{} (takes back {})", e.what, of.0),
            (None, None) => e.what.clone(),
        };
        canvas.put(x, y, inner.right().saturating_sub(x), &what, style);
    }
}
