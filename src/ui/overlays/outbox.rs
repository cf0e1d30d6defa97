//! What would be made, row by row, and the outbox: a list of writes, and below it the chosen one's diff.

use super::{Text, frame, room};
use crate::service::messages::{NearHit, PlanRow, WriteView};
use crate::ui::state::State;
use crate::ui::state::outbox::{Making, OutboxList};
use crate::ui::state::overlay::Overlay;
use crate::ui::theme::Theme;
use crate::ui::update::overlays::list_page;
use crate::ui::widgets::canvas::Canvas;
use crate::ui::widgets::number::{cells, counted, moment, thousands};
use crate::ui::widgets::text::wrap;
use ratatui::style::Modifier;

/// Column of a field's value.
const VALUE: usize = 16;

/// Lines of a plan on the screen at once.
#[must_use]
pub fn plan_page(state: &State) -> usize {
    list_page(state).max(2) - 1
}

/// Writes of the outbox on the screen at once.
#[must_use]
pub fn heads(state: &State) -> usize {
    (list_page(state) / 2).max(1)
}

/// Lines of the chosen write on the screen at once.
#[must_use]
pub fn details(state: &State) -> usize {
    list_page(state).saturating_sub(heads(state) + 1).max(1)
}

/// Paints what would be made.
pub fn making(state: &State, canvas: &mut Canvas<'_>, making: &Making) {
    let title = if making.differences {
        "What differs between matched records".to_owned()
    } else {
        format!("Create from {}", counted(making.count, "row", "rows"))
    };
    let inner = frame(state, canvas, &title, list_page(state) + 2);
    let theme = canvas.theme;
    if making.plan.is_none() {
        canvas.put(
            inner.x,
            inner.y,
            inner.width,
            &format!("{} looking at what is there", canvas.glyphs.busy),
            theme.busy,
        );
        return;
    }
    let lines = plan_lines(state);
    let page = plan_page(state);
    for (y, line) in (inner.y..inner.bottom()).zip(lines.iter().skip(making.scroll).take(page)) {
        put(canvas, inner.x, y, inner.width, line);
    }
    let hidden = lines.len().saturating_sub(making.scroll + page);
    if hidden > 0 {
        let text = format!("{} {} more: j", canvas.glyphs.below, thousands(hidden as u64));
        canvas.right(inner.x, inner.bottom().saturating_sub(1), inner.width, &text, theme.dim);
    }
}

/// The plan as lines: what is sent, what a person should know, then row by row.
#[must_use]
pub fn plan_lines(state: &State) -> Vec<Text> {
    let Some(Overlay::Making(making)) = &state.overlay else { return Vec::new() };
    let Some(plan) = &making.plan else { return Vec::new() };
    let theme = &state.theme;
    let width = usize::from(room(state.size).width).saturating_sub(4);
    let bold = theme.text.add_modifier(Modifier::BOLD);
    let mut lines: Vec<Text> = vec![vec![(plan.what.clone(), bold)]];
    for warning in &plan.warnings {
        lines.extend(
            wrap(warning, width.saturating_sub(2))
                .into_iter()
                .map(|l| vec![("! ".into(), theme.warn), (l, theme.text)]),
        );
    }
    for (reason, count) in &plan.left {
        let text = format!("{} left as they are: {reason}", thousands(*count));
        lines.extend(wrap(&text, width).into_iter().map(|line| vec![(line, theme.dim)]));
    }
    for row in &plan.rows {
        lines.push(Vec::new());
        let sign = if row.left.is_empty() { "+ " } else { "- " };
        lines.push(vec![
            (sign.into(), if row.left.is_empty() { theme.ok } else { theme.warn }),
            (row.name.clone(), bold),
        ]);
        if !row.left.is_empty() {
            lines.extend(
                wrap(&row.left, width.saturating_sub(2)).into_iter().map(|l| vec![(format!("  {l}"), theme.warn)]),
            );
        }
        lines.extend(row_lines(row, theme, width));
    }
    lines
}

fn row_lines(row: &PlanRow, theme: &Theme, width: usize) -> Vec<Text> {
    let mut lines: Vec<Text> = Vec::new();
    for near in &row.near {
        for (at, part) in wrap(&hit(near), width.saturating_sub(4)).into_iter().enumerate() {
            lines.push(vec![(if at == 0 { "  ? " } else { "    " }.into(), theme.warn), (part, theme.text)]);
        }
    }
    for field in &row.fields {
        let word = format!("  {:<VALUE$}", field.field.word());
        let old = field.old.as_ref().map(|old| format!("{old} → ")).unwrap_or_default();
        let text = format!("{old}{}", field.new.replace('\n', " "));
        for (at, part) in wrap(&text, width.saturating_sub(VALUE + 2)).into_iter().enumerate() {
            let head = if at == 0 { word.clone() } else { " ".repeat(VALUE + 2) };
            lines.push(vec![(head, theme.dim), (part, theme.text)]);
        }
    }
    for interface in &row.interfaces {
        lines.push(vec![(format!("  {:<VALUE$}", "interface"), theme.dim), (interface.clone(), theme.text)]);
    }
    lines.extend(row.notes.iter().map(|note| vec![("  ! ".into(), theme.warn), (note.clone(), theme.text)]));
    lines
}

fn hit(near: &NearHit) -> String {
    let id = if near.id.as_str().is_empty() { String::new() } else { format!(" ({})", near.id) };
    let company = if near.company.is_empty() { String::new() } else { format!(", {}", near.company) };
    let away = if near.away { ", archived or gone" } else { "" };
    format!("{}{id}{company}: {}{away}", near.name, near.why)
}

/// Paints the outbox.
pub fn outbox(state: &State, canvas: &mut Canvas<'_>, list: &OutboxList) {
    let inner = frame(state, canvas, "Outbox: writes to vendors", list_page(state) + 2);
    let theme = canvas.theme;
    let Some(view) = &list.view else {
        canvas.put(inner.x, inner.y, inner.width, &format!("{} asking", canvas.glyphs.busy), theme.busy);
        return;
    };
    if view.writes.is_empty() {
        let text = "Nothing was written to a vendor yet. c in the Queue makes what is missing at the target.";
        canvas.put(inner.x, inner.y, inner.width, text, theme.text);
        return;
    }
    let shown = heads(state).min(view.writes.len() - list.top.min(view.writes.len()));
    for (y, (i, write)) in (inner.y..).zip(view.writes.iter().enumerate().skip(list.top).take(shown)) {
        if i == list.cursor {
            canvas.put(inner.x, y, 1, canvas.glyphs.cursor, theme.accent);
        }
        head(state, canvas, (inner.x + 2, y, inner.width.saturating_sub(2)), write, i == list.cursor);
    }
    let first = inner.y + cells(shown) + 1;
    let lines = detail_lines(state);
    for (y, line) in (first..inner.bottom()).zip(lines.iter().skip(list.scroll).take(details(state))) {
        put(canvas, inner.x + 2, y, inner.width.saturating_sub(2), line);
    }
    let hidden = lines.len().saturating_sub(list.scroll + details(state));
    let counts = format!("{} planned, {} on their way", view.planned, view.moving);
    let text = if hidden > 0 { format!("{counts}   {} {hidden} more: J", canvas.glyphs.below) } else { counts };
    canvas.right(inner.x, inner.bottom().saturating_sub(1), inner.width, &text, theme.dim);
}

/// One write: its state, what, which record, when.
fn head(state: &State, canvas: &mut Canvas<'_>, (x, y, width): (u16, u16, u16), write: &WriteView, chosen: bool) {
    let theme = canvas.theme;
    let style = if chosen { theme.text.add_modifier(Modifier::BOLD) } else { theme.text };
    let colour = match write.state.as_str() {
        "confirmed" => theme.ok,
        "refused" | "unconfirmed" => theme.warn,
        "planned" => theme.accent,
        _ => theme.dim,
    };
    canvas.put(x, y, 12, &write.state, colour);
    let verb = if write.row.target.is_none() { "create" } else { "change" };
    let what = format!("{verb} {}", write.row.stream.one());
    canvas.put(x + 12, y, 15, &what, theme.dim);
    canvas.put(x + 28, y, width.saturating_sub(40), &write.row.name, style);
    canvas.right(x, y, width, &moment(write.changed, state.now.wall), theme.dim);
}

/// The chosen write as lines: why it is as it is, then its diff.
#[must_use]
pub fn detail_lines(state: &State) -> Vec<Text> {
    let Some(Overlay::Outbox(list)) = &state.overlay else { return Vec::new() };
    let Some(write) = list.current() else { return Vec::new() };
    let theme = &state.theme;
    let width = usize::from(room(state.size).width).saturating_sub(6);
    let made = write.made.as_ref().map(|id| format!(", record {id}")).unwrap_or_default();
    let head = format!("{} {} by {}{made}", write.id.0, write.flow, write.who);
    let mut lines: Vec<Text> = vec![vec![(head, theme.dim)]];
    if !write.why.is_empty() {
        lines.extend(wrap(&write.why, width).into_iter().map(|line| vec![(line, theme.warn)]));
    }
    if !write.said.is_empty() {
        let said = format!("the vendor: “{}”", write.said);
        lines.extend(wrap(&said, width).into_iter().map(|line| vec![(line, theme.warn)]));
    }
    lines.extend(row_lines(&write.row, theme, width));
    lines
}

fn put(canvas: &mut Canvas<'_>, x: u16, y: u16, width: u16, line: &Text) {
    let mut used = 0;
    for (text, style) in line {
        used += canvas.put(x + used, y, width.saturating_sub(used), text, *style);
    }
}
