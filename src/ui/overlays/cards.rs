//! Cards: a list of what waits, and below it what the chosen one says.

use super::{frame, room};
use crate::ui::state::State;
use crate::ui::state::overlay::Cards;
use crate::ui::update::overlays::list_page;
use crate::ui::widgets::canvas::Canvas;
use crate::ui::widgets::text::wrap;
use ratatui::style::Modifier;

/// Titles on the screen at once.
#[must_use]
pub fn heads(state: &State) -> usize {
    (list_page(state) / 3).max(1)
}

/// Lines of the chosen card on the screen at once.
#[must_use]
pub fn details(state: &State) -> usize {
    list_page(state).saturating_sub(heads(state) + 4).max(1)
}

/// Paints them.
pub fn draw(state: &State, canvas: &mut Canvas<'_>, shown: &Cards) {
    let inner = frame(state, canvas, "Waits for you", list_page(state) + 2);
    let theme = canvas.theme;
    let Some(cards) = &shown.list else {
        canvas.put(inner.x, inner.y, inner.width, &format!("{} asking", canvas.glyphs.busy), theme.busy);
        return;
    };
    if cards.is_empty() {
        canvas.put(inner.x, inner.y, inner.width, "Nothing waits for you.", theme.text);
        return;
    }
    let heads = heads(state);
    for (y, (i, card)) in (inner.y..inner.bottom()).zip(cards.iter().enumerate().skip(shown.top).take(heads)) {
        let style = if i == shown.cursor { theme.text.add_modifier(Modifier::BOLD) } else { theme.text };
        if i == shown.cursor {
            canvas.put(inner.x, y, 1, canvas.glyphs.cursor, theme.accent);
        }
        canvas.put(inner.x + 2, y, inner.width.saturating_sub(2), &card.title, style);
    }
    let Some(card) = shown.current() else { return };
    let shown_heads = heads.min(cards.len() - shown.top.min(cards.len()));
    let first = inner.y + crate::ui::widgets::number::cells(shown_heads) + 1;
    let width = usize::from(room(state.size).width).saturating_sub(6);
    let bottom = inner.bottom().saturating_sub(3);
    for (y, line) in (first..bottom).zip(card.lines.iter().skip(shown.scroll)) {
        canvas.put(inner.x + 2, y, inner.width.saturating_sub(2), line, theme.text);
    }
    let hidden = card.lines.len().saturating_sub(shown.scroll + details(state));
    if hidden > 0 {
        let text = format!("{} {hidden} more: J", canvas.glyphs.below);
        canvas.right(inner.x, bottom, inner.width, &text, theme.dim);
    }
    for (y, (key, text)) in (bottom + 1..inner.bottom()).zip([("a", &card.yes), ("x", &card.no)]) {
        canvas.put(inner.x, y, 1, key, theme.accent);
        let what = wrap(text, width).into_iter().next().unwrap_or_default();
        canvas.put(inner.x + 2, y, inner.width.saturating_sub(2), &what, theme.text);
    }
}
