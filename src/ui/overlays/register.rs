//! The inventory's list, and the form of a record that is entered by hand.

use super::lists::cursor_sign;
use super::{frame, typing};
use crate::domain::{HandField, Stream};
use crate::service::messages::InventoryRow;
use crate::ui::state::State;
use crate::ui::state::form::{Form, help};
use crate::ui::state::register::{Register, STREAMS};
use crate::ui::update::overlays::list_page;
use crate::ui::widgets::canvas::Canvas;
use crate::ui::widgets::number::{cells, thousands};
use crate::ui::widgets::text::wrap;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

/// Records on the screen at once.
#[must_use]
pub fn page(state: &State) -> u64 {
    list_page(state) as u64
}

const fn title(stream: Stream) -> &'static str {
    match stream {
        Stream::Companies => "Companies",
        Stream::Devices => "Devices",
        _ => "Types",
    }
}

/// Paints the list; returns where text is being typed.
pub fn list(state: &State, canvas: &mut Canvas<'_>, shown: &Register) -> Option<Position> {
    let inner = frame(state, canvas, "Inventory: matchbook's own register", list_page(state) + 3);
    let theme = canvas.theme;
    let mut x = inner.x;
    for stream in STREAMS {
        let style = if stream == shown.stream { theme.chosen } else { theme.text };
        x += canvas.put(x, inner.y, inner.right().saturating_sub(x), &format!(" {} ", title(stream)), style) + 1;
    }
    let place = format!("{} of {}", thousands((shown.cursor + 1).min(shown.len())), thousands(shown.len()));
    canvas.right(inner.x, inner.y, inner.width, &place, theme.dim);
    let second = Rect { y: inner.y + 1, height: 1, ..inner };
    let typed = if let Some(row) = shown.current().filter(|_| shown.removing) {
        let text = format!("Take {} out of the inventory? Enter yes, Esc no; u brings it back", row.name);
        canvas.put(second.x, second.y, second.width, &text, theme.warn);
        None
    } else if shown.typing || !shown.input.value().is_empty() {
        let at = typing(canvas, second, "find ", &shown.input);
        shown.typing.then_some(at)
    } else {
        heads(canvas, second, shown.stream);
        None
    };
    let rows = Rect { y: inner.y + 2, height: inner.height.saturating_sub(2), ..inner };
    let Some(list) = &shown.list else {
        canvas.put(rows.x, rows.y, rows.width, &format!("{} asking", canvas.glyphs.busy), theme.busy);
        return typed;
    };
    if list.total == 0 {
        let none = if shown.input.value().is_empty() {
            "Nothing is here yet. + enters one by hand; a flow into the inventory (1, then n) imports them."
        } else {
            "None contains that text. Esc shows all again; + enters one by hand."
        };
        for (y, line) in (rows.y..rows.bottom()).zip(wrap(none, usize::from(rows.width))) {
            canvas.put(rows.x, y, rows.width, &line, theme.text);
        }
        return typed;
    }
    for (y, at) in (rows.y..rows.bottom()).zip(shown.top..shown.len()) {
        let here = at == shown.cursor;
        cursor_sign(canvas, rows, y, here);
        match shown.row(at) {
            Some(row) => record(canvas, Rect { y, height: 1, ..rows }, shown.stream, row, here),
            None => {
                canvas.put(rows.x + 2, y, 3, canvas.glyphs.more, theme.dim);
            }
        }
    }
    typed
}

/// Where the cells of a record stand: name, company or domain, serial or devices, where it came from.
fn columns(area: Rect, stream: Stream) -> [(u16, u16); 4] {
    let room = area.width.saturating_sub(2);
    let parts = match stream {
        Stream::Companies => [room * 4 / 10, 0, 8],
        Stream::Devices => [room * 3 / 10, room * 3 / 10, room * 2 / 10],
        _ => [room / 2, 0, 0],
    };
    let mut x = area.x + 2;
    let mut at = |wide: u16| {
        let place = (x, wide.saturating_sub(1));
        x += wide;
        place
    };
    let [name, company, number] = parts;
    let (name, company, number) = (at(name), at(company), at(number));
    [name, company, number, (x, area.right().saturating_sub(x))]
}

fn heads(canvas: &mut Canvas<'_>, area: Rect, stream: Stream) {
    let texts = match stream {
        Stream::Companies => ["name", "", "devices", "from"],
        Stream::Devices => ["name", "company", "serial", "from"],
        _ => ["name", "", "", "from"],
    };
    for ((x, room), text) in columns(area, stream).into_iter().zip(texts) {
        canvas.put(x, area.y, room, text, canvas.theme.head);
    }
}

fn record(canvas: &mut Canvas<'_>, area: Rect, stream: Stream, row: &InventoryRow, here: bool) {
    let theme = canvas.theme;
    let bold = if here { theme.text.add_modifier(Modifier::BOLD) } else { theme.text };
    let from: Vec<String> = row.sources.iter().map(|(flow, name)| format!("{flow}: {name}")).collect();
    let from = if from.is_empty() { "by hand".to_owned() } else { from.join(", ") };
    let [name, company, number, source] = columns(area, stream);
    canvas.put(name.0, area.y, name.1, &row.name, bold);
    canvas.put(company.0, area.y, company.1, &row.company, theme.text);
    if stream == Stream::Companies {
        canvas.right(number.0, area.y, number.1, &row.devices.to_string(), theme.text);
    } else {
        canvas.put(number.0, area.y, number.1, &row.serial, theme.text);
    }
    canvas.put(source.0, area.y, source.1, &from, theme.dim);
}

/// Column of what is entered.
const ENTERED: usize = 17;

/// Lines below those of the form: a gap, its help, hits, what is wrong or the keys.
const BELOW: usize = 8;

/// Lines of the form on the screen at once.
#[must_use]
pub fn form_page(state: &State) -> usize {
    (list_page(state) + 3).saturating_sub(BELOW).max(1)
}

/// Paints the form; returns where text is being typed.
pub fn form(state: &State, canvas: &mut Canvas<'_>, form: &Form) -> Option<Position> {
    let page = form.lines.len().min(form_page(state));
    let one = form.stream.one();
    let title = match &form.edits {
        None => format!("New {one} of the inventory, by hand"),
        Some(_) => format!("Change {}, a {one} of the inventory", form.was_called()),
    };
    let inner = frame(state, canvas, &title, page + BELOW);
    let theme = canvas.theme;
    let mut typed = None;
    let lines = form.lines.iter().enumerate().skip(form.top).take(page);
    for (y, (i, (line, input))) in (inner.y..inner.bottom()).zip(lines) {
        cursor_sign(canvas, inner, y, i == form.at);
        let area = Rect { x: inner.x + 2, y, height: 1, width: inner.width.saturating_sub(2) };
        let label = format!("{:<ENTERED$}", line.label());
        let at = typing(canvas, area, &label, input);
        if i == form.at {
            typed = Some(at);
        } else if input.value().is_empty() {
            let unknown = if matches!(line, HandField::Name | HandField::Company) { "needed" } else { "unknown" };
            let used = cells(label.len());
            canvas.put(area.x + used, y, area.width.saturating_sub(used), unknown, theme.dim);
        }
    }
    if form.lines.len() > page {
        let place = format!("{} of {}", form.at + 1, form.lines.len());
        canvas.right(inner.x, inner.y + cells(page), inner.width, &place, theme.dim);
    }
    let below = Rect { y: inner.y + cells(page) + 1, height: cells(BELOW - 1), ..inner };
    help_and_hits(canvas, below, form);
    form_foot(canvas, inner, form);
    typed
}

/// What a person should know of the line in focus, and the records that fit what stands there.
fn help_and_hits(canvas: &mut Canvas<'_>, area: Rect, form: &Form) {
    let theme = canvas.theme;
    let (x, room) = (area.x + 2, area.width.saturating_sub(2));
    let mut y = area.y;
    for line in wrap(help(form.line()), usize::from(room)) {
        canvas.put(x, y, room, &line, theme.dim);
        y += 1;
    }
    let chosen = match form.line() {
        HandField::Company => &form.company,
        HandField::Type => &form.kind,
        _ => return,
    };
    let typed = form.text(form.line());
    let none = typed.is_some() && form.hits.is_empty() && form.asked.is_empty();
    if none && chosen.as_ref().map(|(_, name)| name) != typed.as_ref() {
        canvas.put(x, y, room, "none of the inventory contains that", theme.warn);
    }
    for (y, (i, hit)) in (y..area.bottom().saturating_sub(1)).zip(form.hits.iter().enumerate()) {
        canvas.put(x, y, 1, if i == form.hit { canvas.glyphs.cursor } else { " " }, theme.accent);
        canvas.put(x + 2, y, room.saturating_sub(2), &hit.name, theme.text);
    }
}

/// The keys, or why it was not taken.
fn form_foot(canvas: &mut Canvas<'_>, inner: Rect, form: &Form) {
    let theme = canvas.theme;
    let foot = inner.bottom().saturating_sub(1);
    if form.saving {
        canvas.put(inner.x, foot, inner.width, &format!("{} saving", canvas.glyphs.busy), theme.busy);
    } else if form.wrong.is_empty() {
        let keys = [
            ("Ctrl-s", theme.accent),
            (if form.edits.is_some() { " keep    " } else { " add    " }, theme.text),
            ("Enter Tab", theme.accent),
            (" next line    ", theme.text),
            ("Esc", theme.accent),
            (" back", theme.text),
        ];
        canvas.line(inner.x, foot, inner.width, &keys);
    } else {
        let lines = wrap(&form.wrong, usize::from(inner.width));
        let first = foot.saturating_sub(cells(lines.len().saturating_sub(1)));
        for (y, line) in (first..=foot).zip(lines) {
            let text = format!("{line:<width$}", width = usize::from(inner.width));
            canvas.put(inner.x, y, inner.width, &text, theme.error);
        }
    }
}
