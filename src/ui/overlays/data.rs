//! What is stored of an integration, stream by stream.

use super::frame;
use super::lists::cursor_sign;
use crate::ui::state::State;
use crate::ui::state::overlay::Data;
use crate::ui::widgets::canvas::Canvas;
use crate::ui::widgets::number::{moment, thousands};
use ratatui::style::Modifier;

/// Heads of the counts.
const HEADS: [&str; 7] = ["synced", "left out", "orphaned", "disconn.", "matched", "off", "failed"];
/// The same where there is little room.
const SHORT_HEADS: [&str; 7] = ["synced", "left", "orphans", "disconn", "matched", "off", "failed"];
/// Cells of a count, and where there is little room.
const COUNT: [u16; 2] = [9, 8];
/// Cells that a day and a time take.
const WHEN: u16 = 5;
/// Cells of the stream's name.
const NAME: u16 = 15;

/// Paints it.
pub fn draw(state: &State, canvas: &mut Canvas<'_>, shown: &Data) {
    let streams = shown.streams.as_deref().unwrap_or_default();
    let inner = frame(state, canvas, &format!("Data of {}", shown.vendor), streams.len() + 7);
    let theme = canvas.theme;
    if shown.streams.is_none() {
        canvas.put(inner.x, inner.y, inner.width, &format!("{} counting", canvas.glyphs.busy), theme.busy);
        return;
    }
    let wide = inner.width >= NAME + 7 * COUNT[0];
    let (heads, count) = if wide { (HEADS, COUNT[0]) } else { (SHORT_HEADS, COUNT[1]) };
    let x_of = |at: u16| inner.x + NAME + at * count;
    for (at, head) in (0..).zip(heads) {
        canvas.right(x_of(at), inner.y, count - 1, head, theme.head);
    }
    for (y, (i, data)) in (inner.y + 1..inner.bottom()).zip(streams.iter().enumerate()) {
        cursor_sign(canvas, inner, y, i == shown.cursor);
        let style = if i == shown.cursor { theme.text.add_modifier(Modifier::BOLD) } else { theme.text };
        canvas.put(inner.x + 2, y, NAME - 2, &data.label, style);
        let counts = [data.live, data.left_out, data.orphaned, data.disconnected, data.matched, data.off, data.failed];
        for ((at, n), bad) in (0..).zip(counts).zip([false, false, true, true, false, true, true]) {
            let style = if bad && n > 0 { theme.warn } else { theme.text };
            canvas.right(x_of(at), y, count - 1, &thousands(n), style);
        }
        let x = x_of(7) + 1;
        if x + WHEN > inner.right() {
            continue;
        }
        let last = data.finished.map_or_else(|| "never complete".to_owned(), |at| moment(at, state.now.wall));
        canvas.put(x, y, inner.right().saturating_sub(x), &last, theme.dim);
    }
    let notes = [
        "orphaned: no longer listed by the vendor; x deletes those that are not matched",
        "disconn.: orphaned and matched; x in its row unmatches, ! has the cards",
        "off: not synced, by hand (R on its row); r syncs them again",
    ];
    let first = inner.bottom().saturating_sub(3);
    for (y, note) in (first..inner.bottom()).zip(notes) {
        canvas.put(inner.x, y, inner.width, note, theme.dim);
    }
}
