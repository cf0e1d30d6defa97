//! Integrations: state as sign and word, streams with counts and progress, budget, last and next sync.
//!
//! Times are absolute: a "3 minutes ago" would have to be repainted on an idle screen.

use crate::domain::{RunState, StreamProgress};
use crate::service::messages::{IntegrationState, IntegrationView};
use crate::ui::state::{Pane, State};
use crate::ui::theme::{Glyphs, Theme};
use crate::ui::widgets::canvas::Canvas;
use crate::ui::widgets::number::{cells, duration, moment, seconds_left, share, thousands};
use crate::ui::widgets::text::{width, wrap};
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

/// Cells of a progress bar.
const BAR: u16 = 8;

/// One painted line; `choice` is its number among the lines that can be chosen.
struct Line {
    choice: Option<usize>,
    parts: Vec<(String, Style)>,
    right: String,
    bar: Option<u16>,
}

/// Paints the pane.
pub fn draw(state: &State, canvas: &mut Canvas<'_>, area: Rect) {
    let theme = canvas.theme;
    let focused = state.focus == Pane::Integrations;
    let title = if focused { theme.chosen } else { theme.accent };
    let inner = canvas.frame(area, &[(&super::title(state, Pane::Integrations), title)]);
    let lines = lines(state, inner.width);
    if lines.is_empty() {
        let text = match (state.known, state.kinds.is_empty()) {
            (false, _) => "Opening the store.",
            (true, true) => "None is connected: run  matchbook connect NAME",
            (true, false) => {
                "None is connected yet. c connects a system: it asks for a key, tests it live, and saves it in the encrypted vault. Connect both sides, then say what is matched with what (n)."
            }
        };
        for (y, line) in (inner.y..inner.bottom()).zip(wrap(text, usize::from(inner.width.saturating_sub(2)))) {
            canvas.put(inner.x + 1, y, inner.width.saturating_sub(1), &line, theme.text);
        }
        return;
    }
    let top = top(state, &lines, inner.height);
    for (y, line) in (inner.y..inner.bottom()).zip(lines.iter().skip(top)) {
        let here = focused && line.choice == Some(state.integration);
        paint(canvas, inner, y, line, here);
    }
}

/// The first line on the screen.
fn top(state: &State, lines: &[Line], height: u16) -> usize {
    let height = usize::from(height);
    let at = lines.iter().position(|l| l.choice == Some(state.integration)).unwrap_or(0);
    let focused = state.focus == Pane::Integrations;
    if focused && at + 3 > height { (at + 3).min(lines.len()).saturating_sub(height) } else { 0 }
}

/// Which choice stands on a line of the screen.
pub fn line_at(state: &State, area: Rect, y: u16) -> Option<usize> {
    let lines = lines(state, area.width.saturating_sub(2));
    let top = top(state, &lines, area.height.saturating_sub(2));
    lines.get(top + usize::from(y.checked_sub(area.y + 1)?))?.choice
}

/// The chosen line in words.
pub fn words(state: &State) -> String {
    let lines = lines(state, 60);
    let chosen = lines.iter().filter(|line| line.choice == Some(state.integration));
    let words = chosen.map(|line| {
        let parts: String = line.parts.iter().map(|(text, _)| text.as_str()).collect();
        let parts = parts.trim_start_matches(|c: char| !c.is_alphanumeric());
        format!("{} {}", parts.trim(), line.right)
    });
    let said = words.collect::<Vec<_>>().join(", ");
    if said.is_empty() { "None is connected. c connects a system.".to_owned() } else { said }
}

fn paint(canvas: &mut Canvas<'_>, inner: Rect, y: u16, line: &Line, here: bool) {
    let theme = canvas.theme;
    if here {
        canvas.put(inner.x, y, 1, canvas.glyphs.cursor, theme.accent);
    }
    let right = cells(width(&line.right));
    let room = inner.width.saturating_sub(if right > 0 { right + 2 } else { 1 });
    let mut used = 1;
    for (text, style) in &line.parts {
        let style = if here { style.add_modifier(Modifier::BOLD) } else { *style };
        used += canvas.put(inner.x + used, y, room.saturating_sub(used), text, style);
    }
    if let Some(filled) = line.bar {
        canvas.bar(inner.x + 3, y, BAR, filled, theme.busy);
    }
    canvas.right(inner.x, y, inner.width.saturating_sub(1), &line.right, theme.text);
}

fn lines(state: &State, width: u16) -> Vec<Line> {
    let mut out = Vec::new();
    let mut choice = 0;
    for view in &state.overview.integrations {
        head(state, view, choice, &mut out);
        choice += 1;
        for stream in &view.streams {
            stream_lines(state, stream, choice, &mut out);
            choice += 1;
        }
        foot(state, view, width, &mut out);
    }
    out
}

fn plain(parts: Vec<(String, Style)>) -> Line {
    Line { choice: None, parts, right: String::new(), bar: None }
}

fn head(state: &State, view: &IntegrationView, choice: usize, out: &mut Vec<Line>) {
    let (sign, word, style) = look(&view.state, &state.theme, &state.glyphs);
    out.push(Line {
        choice: Some(choice),
        parts: vec![
            (format!("{sign} "), style),
            (format!("{} ", view.name), state.theme.text.add_modifier(Modifier::BOLD)),
            (word.to_owned(), style),
        ],
        right: String::new(),
        bar: None,
    });
}

fn look(state: &IntegrationState, theme: &Theme, glyphs: &Glyphs) -> (&'static str, &'static str, Style) {
    match state {
        IntegrationState::New => (glyphs.fresh, "new", theme.text),
        IntegrationState::Ok => (glyphs.ok, "OK", theme.ok),
        IntegrationState::Syncing => (glyphs.busy, "syncing", theme.busy),
        IntegrationState::Paused => (glyphs.pause, "paused", theme.warn),
        IntegrationState::Refused { .. } => (glyphs.fail, "refused", theme.error),
        IntegrationState::Failed { .. } => (glyphs.fail, "failed", theme.error),
        IntegrationState::Asks => (glyphs.fail, "asks", theme.warn),
    }
}

fn stream_lines(state: &State, s: &StreamProgress, choice: usize, out: &mut Vec<Line>) {
    let theme = &state.theme;
    let line = |parts: Vec<(String, Style)>, right: String| Line { choice: Some(choice), parts, right, bar: None };
    let label = (format!("  {}", s.label), theme.text);
    match &s.state {
        RunState::Running => running(state, s, choice, out),
        RunState::Waiting { until } => {
            let at = moment(*until, state.now.wall);
            out.push(line(vec![label, (format!(" waits until {at}"), theme.warn)], progress(s)));
        }
        RunState::Queued => out.push(line(vec![label, (" queued".to_owned(), theme.busy)], kept(s))),
        RunState::Cut => out.push(line(vec![label, (" cut".to_owned(), theme.warn)], progress(s))),
        RunState::Failed { failure } => {
            out.push(line(vec![label, (format!(" {}", failure.class.words()), theme.error)], kept(s)));
        }
        RunState::Asks { .. } => {
            out.push(line(vec![label, (" asks".to_owned(), theme.warn)], thousands(s.stored)));
        }
        RunState::Never => out.push(line(vec![label, (" never".to_owned(), theme.dim)], String::new())),
        RunState::Ok => {
            let bad = if s.counts.bad > 0 { format!(" {} bad", thousands(s.counts.bad)) } else { String::new() };
            out.push(line(vec![label, (bad, theme.warn)], kept(s)));
        }
    }
}

/// Records that the sync settings take, of those that are stored.
fn kept(s: &StreamProgress) -> String {
    match s.left_out {
        0 => thousands(s.stored),
        out => format!("{}/{}", thousands(s.stored.saturating_sub(out)), thousands(s.stored)),
    }
}

fn progress(s: &StreamProgress) -> String {
    match s.total {
        Some(total) => format!("{}/{}", thousands(s.done), thousands(total)),
        None => thousands(s.done),
    }
}

/// Two lines: percent with rows, then bar with rate and time left.
fn running(state: &State, s: &StreamProgress, choice: usize, out: &mut Vec<Line>) {
    let theme = &state.theme;
    let percent = s.total.map(|total| format!(" {}%", share(s.done, total, 100))).unwrap_or_default();
    out.push(Line {
        choice: Some(choice),
        parts: vec![(format!("  {}", s.label), theme.text), (percent, theme.busy)],
        right: progress(s),
        bar: None,
    });
    let left = s.total.and_then(|total| seconds_left(total.saturating_sub(s.done), s.rate));
    let left = left.map(|secs| format!(" {}", duration(secs))).unwrap_or_default();
    let filled = s.total.map(|total| u16::try_from(share(s.done, total, u64::from(BAR))).unwrap_or(BAR));
    out.push(Line { choice: None, parts: Vec::new(), right: format!("{:.0}/s{left}", s.rate), bar: filled });
}

fn foot(state: &State, view: &IntegrationView, width: u16, out: &mut Vec<Line>) {
    let theme = &state.theme;
    if let IntegrationState::Refused { failure } | IntegrationState::Failed { failure } = &view.state {
        let room = usize::from(width.saturating_sub(5));
        let what = wrap(&failure.what, room).into_iter().take(3).map(|l| (l, theme.error));
        let remedy = wrap(&failure.remedy, room).into_iter().take(3).map(|l| (l, theme.text));
        out.extend(what.chain(remedy).map(|(l, style)| plain(vec![(format!("  {l}"), style)])));
    }
    let heights = state.rates.heights(&view.id, usize::from(width.saturating_sub(14)).min(24));
    if heights.len() > 1 && !state.config.low_bandwidth {
        let graph: String = heights.iter().map(|h| state.glyphs.spark[*h]).collect();
        let rate: f64 = view.streams.iter().filter(|s| s.state == RunState::Running).map(|s| s.rate).sum();
        out.push(plain(vec![(format!("  {graph} "), theme.busy), (format!("{rate:.0}/s"), theme.text)]));
    }
    if let Some(b) = &view.budget {
        let window = duration(u64::from(b.window_s));
        let style = if u64::from(b.used) * 10 >= u64::from(b.limit) * 9 { theme.warn } else { theme.dim };
        let text = format!("  used {}/{} in {window}", thousands(b.used.into()), thousands(b.limit.into()));
        out.push(plain(vec![(text, style)]));
    }
    let at = |word: &str, at| format!("  {word} {}", moment(at, state.now.wall));
    let last = view.last.map(|t| at("last", t)).unwrap_or_default();
    let next = view.next.map(|t| at("next", t)).unwrap_or_default();
    if !last.is_empty() || !next.is_empty() {
        out.push(plain(vec![(format!("{last}{next}"), theme.dim)]));
    }
}
