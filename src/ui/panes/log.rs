//! The Sync log: newest lines below, followed or held.

use crate::domain::{LogEntry, LogLevel};
use crate::service::messages::LogFilter;
use crate::ui::state::overlay::Overlay;
use crate::ui::state::{Pane, State};
use crate::ui::widgets::canvas::Canvas;
use crate::ui::widgets::number::{cells, clock_seconds, thousands};
use crate::ui::widgets::text::width;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use std::fmt::Write as _;

/// Paints the log; returns where text is being typed.
pub fn draw(state: &State, canvas: &mut Canvas<'_>, area: Rect) -> Option<Position> {
    let theme = canvas.theme;
    let focused = state.focus == Pane::Log;
    let title = if focused { theme.chosen } else { theme.accent };
    let typed = match &state.overlay {
        Some(Overlay::Find { log: true, input, .. }) => Some(input),
        _ => None,
    };
    let mode = mode(state);
    let find = typed.map(|input| format!("find {}", input.value()));
    let name = super::title(state, Pane::Log);
    let inner = canvas.frame(
        area,
        &[(&name, title), (" ", theme.text), (find.as_deref().unwrap_or(&mode), theme.text), (" ", theme.text)],
    );
    if state.log.lines.is_empty() {
        let text = if state.log.filter == LogFilter::default() {
            "no line yet: S syncs all"
        } else {
            "no line fits the filter; Esc and f change it"
        };
        canvas.put(inner.x + 1, inner.y, inner.width.saturating_sub(1), text, theme.dim);
    }
    let visible = state.log.lines.iter().enumerate().skip(state.log.top);
    for (y, (at, line)) in (inner.y..inner.bottom()).zip(visible) {
        paint(state, canvas, Rect { y, height: 1, ..inner }, line, focused && at == state.log.cursor);
    }
    typed.map(|input| {
        let before = width(&name) + " find ".len() + 1 + input.visual_cursor();
        Position::new((area.x + cells(before)).min(area.right().saturating_sub(2)), area.y)
    })
}

fn mode(state: &State) -> String {
    let log = &state.log;
    let dot = state.glyphs.dot;
    let mut text = if log.follow { "follow".to_owned() } else { "hold".to_owned() };
    if log.unseen > 0 {
        let _ = write!(text, " {dot} {} new below", thousands(log.unseen));
    }
    let level = log.filter.level.unwrap_or(LogLevel::Info);
    if level != LogLevel::Info {
        let _ = write!(text, " {dot} {}+", level.name());
    }
    if let Some(id) = &log.filter.integration {
        let _ = write!(text, " {dot} {id}");
    }
    if !log.filter.text.is_empty() {
        let _ = write!(text, " {dot} \"{}\"", log.filter.text);
    }
    text
}

fn paint(state: &State, canvas: &mut Canvas<'_>, area: Rect, line: &LogEntry, here: bool) {
    let theme = canvas.theme;
    if here {
        canvas.put(area.x, area.y, 1, canvas.glyphs.cursor, theme.accent);
    }
    let vendor =
        line.integration.as_ref().map_or("", |id| state.integration_view(id).map_or(id.as_str(), |i| i.name.as_str()));
    let level = match line.level {
        LogLevel::Info => "",
        other => other.name(),
    };
    let style = theme.level(line.level);
    let text_style = if here { style.add_modifier(Modifier::BOLD) } else { style };
    let mut x = area.x + 1;
    let end = area.right();
    for (text, room, style) in
        [(clock_seconds(line.at).as_str(), 9, theme.dim), (level, 6, style), (vendor, 11, theme.text)]
    {
        let room: u16 = room;
        canvas.put(x, area.y, room.saturating_sub(1).min(end.saturating_sub(x)), text, style);
        x += room;
    }
    let times = if line.count > 1 { format!(" ({} times)", thousands(line.count.into())) } else { String::new() };
    let sign = if line.record.is_some() { format!(" {}", canvas.glyphs.arrow) } else { String::new() };
    let room = end.saturating_sub(x + cells(width(&times) + width(&sign)));
    let used = canvas.put(x, area.y, room, &line.text, text_style);
    canvas.line(x + used, area.y, end.saturating_sub(x + used), &[(&times, theme.warn), (&sign, theme.dim)]);
}
