//! Questions: what an action would do, and Quick Match with its threshold.

use super::{frame, typing};
use crate::service::messages::Preview;
use crate::ui::state::State;
use crate::ui::state::overlay::{Confirm, Quick};
use crate::ui::widgets::canvas::Canvas;
use crate::ui::widgets::number::{cells, thousands};
use ratatui::layout::{Position, Rect};

/// An action that is asked about.
pub fn confirm(state: &State, canvas: &mut Canvas<'_>, confirm: &Confirm) {
    let body = confirm.preview.as_ref().map_or(1, height);
    let inner = frame(state, canvas, &confirm.title, confirm.lines.len() + 2 + body);
    let theme = canvas.theme;
    let mut y = inner.y;
    for line in &confirm.lines {
        canvas.put(inner.x, y, inner.width, line, theme.text);
        y += 1;
    }
    let answers = inner.bottom().saturating_sub(1);
    let rest = Rect { y, height: answers.saturating_sub(y), ..inner };
    match (&confirm.preview, confirm.ticket) {
        (Some(preview), _) => paint(canvas, rest, preview, confirm.keep != Some(false)),
        (None, Some(_)) => {
            canvas.put(rest.x, rest.y, rest.width, &format!("{} counting", canvas.glyphs.busy), theme.busy);
        }
        (None, None) => {}
    }
    let keys = [("Enter", theme.accent), (" yes    ", theme.text), ("Esc", theme.accent), (" no", theme.text)];
    let used = canvas.line(inner.x, answers, inner.width, &keys);
    if let Some(keep) = confirm.keep {
        let kept = if keep { " keep this as a rule: yes" } else { " keep this as a rule: no" };
        let room = inner.width.saturating_sub(used + 4);
        canvas.line(inner.x + used + 4, answers, room, &[("k", theme.accent), (kept, theme.text)]);
    }
}

/// Quick Match.
pub fn quick(state: &State, canvas: &mut Canvas<'_>, quick: &Quick) -> Position {
    let body = quick.preview.as_ref().map_or(1, height);
    let inner = frame(state, canvas, "Quick match: accept every suggestion this sure", 4 + body);
    let theme = canvas.theme;
    let cursor = typing(canvas, inner, "at least, percent: ", &quick.input);
    let answers = inner.bottom().saturating_sub(1);
    let rest = Rect { y: inner.y + 2, height: answers.saturating_sub(inner.y + 2), ..inner };
    match &quick.preview {
        Some(preview) => paint(canvas, rest, preview, true),
        None if quick.threshold().is_none() => {
            canvas.put(rest.x, rest.y, rest.width, "a number from 1 to 100", theme.warn);
        }
        None => {
            canvas.put(rest.x, rest.y, rest.width, &format!("{} counting", canvas.glyphs.busy), theme.busy);
        }
    }
    let rows = quick.preview.as_ref().map_or(0, |p| p.rows);
    let accept = format!(" accept {}    ", thousands(rows));
    let keys = [("Enter", theme.accent), (accept.as_str(), theme.text), ("Esc", theme.accent), (" no", theme.text)];
    canvas.line(inner.x, answers, inner.width, if rows > 0 { &keys } else { &keys[2..] });
    cursor
}

/// Lines that a preview wants.
fn height(preview: &Preview) -> usize {
    1 + usize::from(!preview.counts.is_empty())
        + preview.warnings.len()
        + usize::from(!preview.learns.is_empty())
        + 1
        + preview.sample.len()
        + 1
}

/// What would happen; the rules that stay behind unless they are not wanted.
fn paint(canvas: &mut Canvas<'_>, area: Rect, preview: &Preview, learns: bool) {
    let (theme, glyphs) = (canvas.theme, canvas.glyphs);
    let mut y = area.y;
    let end = area.bottom();
    let mut put = |canvas: &mut Canvas<'_>, text: &str, style| {
        if y < end {
            canvas.put(area.x, y, area.width, text, style);
        }
        y = (y + 1).min(end);
    };
    put(canvas, &preview.what, theme.accent);
    if !preview.counts.is_empty() {
        let counts: Vec<String> = preview.counts.iter().map(|(word, n)| format!("{} {word}", thousands(*n))).collect();
        put(canvas, &counts.join("  "), theme.text);
    }
    for warning in &preview.warnings {
        put(canvas, &format!("! {warning}"), theme.error);
    }
    if learns && !preview.learns.is_empty() {
        put(canvas, &preview.learns, theme.text);
    }
    put(canvas, "", theme.text);
    let shown = usize::from(end.saturating_sub(y));
    let half = area.width.saturating_sub(8) / 3;
    for (y, row) in (y..end).zip(&preview.sample) {
        canvas.put(area.x, y, half, &row.source, theme.text);
        canvas.put(area.x + half + 1, y, 1, glyphs.arrow, theme.dim);
        canvas.put(area.x + half + 3, y, half, &row.target, theme.text);
        let confidence = row.confidence.map(|c| format!("{}%", c.percent())).unwrap_or_default();
        canvas.right(area.x + 2 * half + 3, y, 5, &confidence, theme.text);
        canvas.put(area.x + 2 * half + 9, y, area.width.saturating_sub(2 * half + 9), &row.why, theme.dim);
    }
    let listed = preview.sample.len().min(shown) as u64;
    if preview.rows > listed && listed > 0 && cells(shown) > cells(preview.sample.len()) {
        let at = y + cells(preview.sample.len());
        let more = format!("and {} more", thousands(preview.rows - listed));
        canvas.put(area.x, at, area.width, &more, theme.dim);
    }
}
