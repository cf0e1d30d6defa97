//! The field mapping of a flow: a table, and below it what the chosen field is read from on both sides.

use super::frame;
use super::lists::cursor_sign;
use crate::service::messages::{FieldPairView, FieldSide, FlowFields};
use crate::ui::state::State;
use crate::ui::state::fields::Fields;
use crate::ui::update::overlays::list_page;
use crate::ui::widgets::canvas::Canvas;
use crate::ui::widgets::number::cells;
use crate::ui::widgets::text::wrap;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

/// Lines below the table: a gap, each side's source, two of notes, whose file says so.
const DETAILS: usize = 6;
/// Lines above it: streams, headings.
const HEADS: usize = 2;

/// Rows of the table on the screen.
#[must_use]
pub fn page(state: &State) -> usize {
    (list_page(state) + 3).saturating_sub(DETAILS + HEADS).max(1)
}

/// Paints it.
pub fn draw(state: &State, canvas: &mut Canvas<'_>, shown: &Fields) {
    let title = shown.shown.as_ref().map_or_else(String::new, |f| format!(": {} and {}", f.source, f.target));
    let inner = frame(state, canvas, &format!("Field mapping{title}"), page(state) + DETAILS + HEADS);
    let theme = canvas.theme;
    let (Some(fields), Some(stream)) = (&shown.shown, shown.current()) else {
        canvas.put(inner.x, inner.y, inner.width, &format!("{} asking", canvas.glyphs.busy), theme.busy);
        return;
    };
    tabs(canvas, inner, fields, shown.stream);
    let columns = columns(inner);
    let heads = [
        "field".to_owned(),
        format!("{}'s {}", fields.source, lower(&stream.source_word)),
        format!("{}'s {}", fields.target, lower(&stream.target_word)),
    ];
    for ((x, room), head) in columns.into_iter().zip(&heads) {
        canvas.put(x, inner.y + 1, room, head, theme.dim);
    }
    let rows = inner.y + 2..inner.y + 2 + cells(page(state));
    for (y, (i, row)) in rows.zip(stream.rows.iter().enumerate().skip(shown.top)) {
        cursor_sign(canvas, inner, y, i == shown.cursor);
        let both = row.source.is_some() && row.target.is_some();
        let style = if both { theme.text } else { theme.dim };
        let style = if i == shown.cursor { style.add_modifier(Modifier::BOLD) } else { style };
        let own = |side: &Option<FieldSide>| side.as_ref().is_some_and(|s| s.own);
        let label = |side: &Option<FieldSide>| {
            let mark = if own(side) { "* " } else { "" };
            side.as_ref().map_or_else(|| "-".to_owned(), |s| format!("{mark}{}", s.label))
        };
        for ((x, room), text) in columns.into_iter().zip([row.field.clone(), label(&row.source), label(&row.target)]) {
            canvas.put(x, y, room, &text, style);
        }
    }
    if let Some(row) = shown.row() {
        details(canvas, Rect { y: inner.y + cells(page(state) + HEADS) + 1, ..inner }, fields, row);
    }
}

/// Three columns with a gap between them, after the cursor's sign.
fn columns(inner: Rect) -> [(u16, u16); 3] {
    let room = inner.width.saturating_sub(2);
    let (field, side) = (room / 4, room * 3 / 8);
    let x = inner.x + 2;
    [(x, field - 1), (x + field, side - 1), (x + field + side, room.saturating_sub(field + side))]
}

fn lower(word: &str) -> String {
    word.to_lowercase()
}

fn tabs(canvas: &mut Canvas<'_>, inner: Rect, fields: &FlowFields, at: usize) {
    let theme = canvas.theme;
    let mut x = inner.x;
    for (i, stream) in fields.streams.iter().enumerate() {
        let style = if i == at { theme.accent.add_modifier(Modifier::BOLD) } else { theme.dim };
        x += canvas.put(x, inner.y, inner.right().saturating_sub(x), stream.stream.name(), style) + 2;
    }
}

/// What the chosen field is read from.
fn details(canvas: &mut Canvas<'_>, area: Rect, fields: &FlowFields, row: &FieldPairView) {
    let theme = canvas.theme;
    let sides = [(&fields.source, &row.source, &fields.files[0]), (&fields.target, &row.target, &fields.files[1])];
    for (y, (vendor, side, _)) in (area.y..).zip(sides) {
        let text = side.as_ref().map_or("has no such field, or matchbook does not read it", |s| s.from.as_str());
        let used = canvas.put(area.x, y, area.width, &format!("{vendor}: "), theme.accent);
        canvas.put(area.x + used, y, area.width.saturating_sub(used), text, theme.text);
    }
    let notes: Vec<&str> = sides.iter().filter_map(|(_, side, _)| side.as_ref()).map(|s| s.note.as_str()).collect();
    let notes: Vec<&str> = notes.into_iter().filter(|note| !note.is_empty()).collect();
    for (y, line) in (area.y + 2..area.y + 4).zip(wrap(&notes.join("; "), usize::from(area.width))) {
        canvas.put(area.x, y, area.width, &line, theme.text);
    }
    let own = sides.iter().find(|(_, side, _)| side.as_ref().is_some_and(|s| s.own));
    let file = own.map_or(sides[0].2, |(_, _, file)| file);
    if !file.is_empty() {
        let text = if own.is_some() { format!("* from {file}") } else { format!("changed in {file}") };
        canvas.put(area.x, area.y + 4, area.width, &text, theme.dim);
    }
}
