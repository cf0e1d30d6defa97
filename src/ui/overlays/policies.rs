//! What becomes of differences between matched records, and who is right about each field.

use super::frame;
use super::lists::cursor_sign;
use crate::domain::{FieldPolicy, UpdatePolicy};
use crate::ui::state::State;
use crate::ui::state::policies::Policies;
use crate::ui::update::overlays::list_page;
use crate::ui::widgets::canvas::Canvas;
use crate::ui::widgets::number::cells;
use ratatui::style::Modifier;

/// Lines above the fields: what becomes of differences, what that means, a gap, the heads.
const ABOVE: usize = 4;

/// Fields on the screen at once.
#[must_use]
pub fn page(state: &State) -> usize {
    (list_page(state) + 2).saturating_sub(ABOVE + 1).max(1)
}

/// Paints it.
pub fn draw(state: &State, canvas: &mut Canvas<'_>, shown: &Policies) {
    let title = shown.shown.as_ref().map_or_else(String::new, |v| format!(": {} and {}", v.source, v.target));
    let rows = shown.shown.as_ref().map_or(1, |view| view.fields.len());
    let inner = frame(state, canvas, &format!("Keep in step{title}"), ABOVE + rows.min(page(state)) + 2);
    let theme = canvas.theme;
    let Some(view) = &shown.shown else {
        canvas.put(inner.x, inner.y, inner.width, &format!("{} asking", canvas.glyphs.busy), theme.busy);
        return;
    };
    let bold = |here: bool| if here { theme.text.add_modifier(Modifier::BOLD) } else { theme.text };
    let (word, means) = match shown.update {
        UpdatePolicy::Off => ("off", "Matched records are left as they are; p shows what differs."),
        UpdatePolicy::Ask => ("ask", "After each sync differences are planned; they wait in the outbox (W) for a yes."),
        UpdatePolicy::Automatic => {
            ("automatic", "After each sync differences are sent; the outbox (W) keeps each with its diff.")
        }
    };
    cursor_sign(canvas, inner, inner.y, shown.cursor == 0);
    let label = "Differences of matched records  ";
    let used = canvas.put(inner.x + 2, inner.y, inner.width, label, bold(shown.cursor == 0));
    canvas.put(inner.x + 2 + used, inner.y, inner.width, word, theme.accent);
    canvas.put(inner.x + 2, inner.y + 1, inner.width.saturating_sub(2), means, theme.dim);
    if view.fields.is_empty() {
        let text = format!("Nothing can be written to {}.", view.target);
        canvas.put(inner.x + 2, inner.y + 3, inner.width, &text, theme.text);
        return;
    }
    let (field, right) = (18, 36);
    canvas.put(inner.x + 2, inner.y + 3, field, "field", theme.head);
    canvas.put(inner.x + 2 + field, inner.y + 3, right, "who is right where they differ", theme.head);
    canvas.put(
        inner.x + 2 + field + right,
        inner.y + 3,
        inner.width.saturating_sub(field + right + 2),
        "of",
        theme.head,
    );
    let listed = view.fields.iter().enumerate().skip(shown.top).take(page(state));
    for (y, (i, (name, kept, streams))) in (inner.y + cells(ABOVE)..inner.bottom().saturating_sub(1)).zip(listed) {
        let here = i + 1 == shown.cursor;
        let now = shown.policy(*name, *kept);
        cursor_sign(canvas, inner, y, here);
        canvas.put(inner.x + 2, y, field, &name.word(), bold(here));
        let (who, style) = match now {
            FieldPolicy::Source => (format!("{}: it is written", view.source), theme.ok),
            FieldPolicy::Target => (format!("{}: nothing is written", view.target), theme.dim),
        };
        let changed = if now == *kept { "" } else { " *" };
        canvas.line(inner.x + 2 + field, y, right - 1, &[(&who, style), (changed, theme.warn)]);
        let of: Vec<&str> = streams.iter().map(|stream| stream.name()).collect();
        canvas.put(
            inner.x + 2 + field + right,
            y,
            inner.width.saturating_sub(field + right + 2),
            &of.join(", "),
            theme.dim,
        );
    }
    let foot = if shown.asked {
        format!("{} saving", canvas.glyphs.busy)
    } else if shown.is_changed() {
        "* changed, not kept yet: Enter keeps it, Esc leaves it as it was".to_owned()
    } else {
        String::new()
    };
    canvas.put(inner.x + 2, inner.bottom().saturating_sub(1), inner.width.saturating_sub(2), &foot, theme.warn);
}
