//! The inventory's list, and the form of a record that is entered by hand.

use super::lists::cursor_sign;
use super::{frame, typing};
use crate::domain::Stream;
use crate::service::messages::InventoryRow;
use crate::ui::state::State;
use crate::ui::state::register::{Form, Line, Register, STREAMS};
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
    let typed = if shown.typing || !shown.input.value().is_empty() {
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

/// Paints the form; returns where text is being typed.
pub fn form(state: &State, canvas: &mut Canvas<'_>, form: &Form) -> Option<Position> {
    let title = format!("New {} of the inventory, by hand", form.stream.one());
    let inner = frame(state, canvas, &title, form.lines.len() + 9);
    let theme = canvas.theme;
    let mut typed = None;
    for (y, (i, (line, input))) in (inner.y..inner.bottom()).zip(form.lines.iter().enumerate()) {
        cursor_sign(canvas, inner, y, i == form.at);
        let area = Rect { x: inner.x + 2, y, height: 1, width: inner.width.saturating_sub(2) };
        let at = typing(canvas, area, &format!("{:<ENTERED$}", line.label()), input);
        if i == form.at {
            typed = Some(at);
        }
    }
    let below = inner.y + cells(form.lines.len()) + 1;
    let mut y = below;
    for line in wrap(form.line().help(), usize::from(inner.width.saturating_sub(2))) {
        canvas.put(inner.x + 2, y, inner.width.saturating_sub(2), &line, theme.dim);
        y += 1;
    }
    if matches!(form.line(), Line::Company | Line::Kind) {
        let none = form.text(form.line()).is_some() && form.hits.is_empty() && form.asked.is_none();
        if none && form.company.as_ref().is_none_or(|(_, name)| Some(name) != form.text(Line::Company).as_ref()) {
            canvas.put(
                inner.x + 2,
                y,
                inner.width.saturating_sub(2),
                "none of the inventory contains that",
                theme.warn,
            );
        }
        for (y, (i, hit)) in (y..inner.bottom().saturating_sub(1)).zip(form.hits.iter().enumerate()) {
            let here = i == form.hit;
            canvas.put(inner.x + 2, y, 1, if here { canvas.glyphs.cursor } else { " " }, theme.accent);
            canvas.put(inner.x + 4, y, inner.width.saturating_sub(4), &hit.name, theme.text);
        }
    }
    let foot = inner.bottom().saturating_sub(1);
    if form.saving {
        canvas.put(inner.x, foot, inner.width, &format!("{} saving", canvas.glyphs.busy), theme.busy);
    } else if form.wrong.is_empty() {
        let keys = [
            ("Ctrl-s", theme.accent),
            (" add    ", theme.text),
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
            canvas.put(
                inner.x,
                y,
                inner.width,
                &format!("{line:<width$}", width = usize::from(inner.width)),
                theme.error,
            );
        }
    }
    typed
}
