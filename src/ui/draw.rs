//! Paints the state. Borrows it; decides nothing.

use super::layout::Layout;
use super::state::overlay::Overlay;
use super::state::{Pane, State};
use super::widgets::canvas::Canvas;
use super::widgets::number::{clock, counted, thousands};
use super::{overlays, panes};
use crate::domain::{LogLevel, RunState};
use crate::service::messages::IntegrationState;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

/// Paints everything into an empty buffer; returns where the terminal's cursor belongs, when text is being typed.
pub fn draw(state: &State, buffer: &mut Buffer) -> Option<Position> {
    let layout = state.layout();
    let mut canvas = Canvas { buffer, theme: &state.theme, glyphs: state.glyphs };
    if layout.tiny {
        notice_of_size(state, &mut canvas);
        return None;
    }
    header(state, &layout, &mut canvas);
    if let Some(area) = layout.integrations {
        panes::integrations::draw(state, &mut canvas, area);
    }
    let mut cursor = None;
    if let Some(area) = layout.queue {
        cursor = panes::queue::draw(state, &mut canvas, area);
    }
    if let Some(area) = layout.compare {
        panes::compare::draw(state, &mut canvas, area);
    }
    if let Some(area) = layout.log {
        cursor = cursor.or(panes::log::draw(state, &mut canvas, area));
    }
    bottom(state, &layout, &mut canvas);
    match &state.overlay {
        None | Some(Overlay::Find { .. }) => cursor,
        Some(overlay) => overlays::draw(state, overlay, &mut canvas),
    }
}

fn notice_of_size(state: &State, canvas: &mut Canvas<'_>) {
    let (width, height) = state.size;
    let theme = canvas.theme;
    let lines = [format!("{width}x{height} is too small"), "needs 40x8".to_owned(), "q quits".to_owned()];
    for (y, text) in (0..height).zip(&lines) {
        canvas.put(0, y, width, text, theme.text);
    }
}

fn header(state: &State, layout: &Layout, canvas: &mut Canvas<'_>) {
    let (theme, glyphs) = (canvas.theme, canvas.glyphs);
    let Rect { x, y, width, .. } = layout.header;
    let right = right_of_header(state, layout.tabs);
    let room = width.saturating_sub(super::widgets::number::cells(super::widgets::text::width(&right)) + 1);
    canvas.right(x, y, width, &right, theme.dim);
    let mut at = 1;
    if layout.tabs {
        for pane in Pane::ALL {
            let style = if pane == state.focus { theme.chosen } else { theme.dim };
            at += canvas.put(at, y, room.saturating_sub(at), &panes::title(state, pane), style);
        }
        at += 1;
    } else {
        at += canvas.put(at, y, room, "matchbook", theme.accent) + 2;
    }
    if state.config.read_only {
        at += canvas.put(at, y, room.saturating_sub(at), "read-only  ", theme.warn);
    }
    for (text, style) in status(state, theme, layout.tabs) {
        let glyph = if style == theme.busy { glyphs.busy } else { glyphs.dot };
        at += canvas.put(at, y, room.saturating_sub(at), &format!("{glyph} {text}  "), style);
    }
}

fn right_of_header(state: &State, short: bool) -> String {
    let help = state.keymap.keys(super::CommandId::Help).first().map_or_else(String::new, |k| format!("{k} help"));
    if short {
        return help;
    }
    let as_of = state.fresh.map(|at| format!("as of {} UTC", clock(at))).unwrap_or_default();
    // A home without a name of its own is called like the program, which the header's left says already.
    let home = if state.home == "matchbook" { "" } else { state.home.as_str() };
    format!("{home}  {as_of}  {help} ")
}

/// What the header says of the whole: syncs, failures, work left; `short` where the tabs of the panes stand beside it.
fn status(state: &State, theme: &super::theme::Theme, short: bool) -> Vec<(String, Style)> {
    let mut parts = Vec::new();
    if !state.known {
        return vec![("opening".to_owned(), theme.busy)];
    }
    let busy = |i: &&crate::service::messages::IntegrationView| {
        i.state == IntegrationState::Syncing || i.streams.iter().any(|s| s.state == RunState::Running)
    };
    let syncing = state.overview.integrations.iter().filter(busy).count();
    if syncing > 0 {
        parts.push((format!("{syncing} syncing"), theme.busy));
    }
    if !state.overview.ready {
        parts.push(("reading the store".to_owned(), theme.busy));
    }
    if state.overview.cards > 0 {
        let key = state.keymap.text(super::CommandId::Cards, state.glyphs.more);
        parts.push((format!("{} ask ({key})", thousands(state.overview.cards)), theme.warn));
    }
    let failed = |i: &&crate::service::messages::IntegrationView| {
        matches!(i.state, IntegrationState::Refused { .. } | IntegrationState::Failed { .. })
    };
    let failed = state.overview.integrations.iter().filter(failed).count();
    if failed > 0 {
        parts.push((format!("{failed} failed"), theme.error));
    }
    let open = state.open_counts();
    let mut words: Vec<String> =
        open.iter().filter(|(_, n)| *n > 0).map(|(s, n)| counted(*n, s.one(), &s.name().replace('-', " "))).collect();
    // Two streams by name; the tabs say the rest.
    if words.len() > 3 {
        let rest: u64 = open.iter().filter(|(_, n)| *n > 0).skip(2).map(|(_, n)| n).sum();
        words.truncate(2);
        words.push(format!("{} more", thousands(rest)));
    }
    if !words.is_empty() && short {
        let all: u64 = open.iter().map(|(_, n)| n).sum();
        parts.push((format!("{} open", thousands(all)), theme.text));
    } else if !words.is_empty() {
        parts.push((format!("{} to match", words.join(", ")), theme.text));
    } else if state.overview.ready && state.tabs().any(|(_, tab)| tab.counts.total() > 0) {
        parts.push(("everything is decided".to_owned(), theme.ok));
    }
    parts
}

/// Message and footer; on a small screen the message takes the footer's place.
fn bottom(state: &State, layout: &Layout, canvas: &mut Canvas<'_>) {
    let theme = canvas.theme;
    let room = layout.message.unwrap_or(layout.footer);
    let waiting = state.messages.waiting(state.notice.as_ref());
    let badge = if waiting > 0 {
        let key = state.keymap.keys(super::CommandId::Messages).first().map_or_else(String::new, |k| format!(" ({k})"));
        format!("{waiting} unread{key}  ")
    } else {
        String::new()
    };
    if layout.message.is_some() && state.notice.is_none() {
        canvas.put(1, room.y, room.width.saturating_sub(2), &badge, theme.warn);
    }
    if let Some(notice) = &state.notice {
        let sign = match notice.level {
            LogLevel::Error => "error: ",
            LogLevel::Warn => "note: ",
            LogLevel::Info | LogLevel::Debug => "",
        };
        let style = theme.level(notice.level);
        canvas.line(
            1,
            room.y,
            room.width.saturating_sub(2),
            &[(&badge, theme.warn), (sign, style), (&notice.text, style)],
        );
    }
    if state.notice.is_none() || layout.message.is_some() {
        panes::footer::draw(state, canvas, layout.footer);
    }
}
