//! Text that scrolls: all keys, and the gates of a record.

use super::{Text, frame, lines};
use crate::service::messages::WhyRecord;
use crate::ui::command::COMMANDS;
use crate::ui::state::State;
use crate::ui::update::keys::context;
use crate::ui::widgets::canvas::Canvas;
use crate::ui::widgets::number::moment;
use crate::ui::widgets::text::wrap;

/// Paints a box of scrolled lines.
pub fn draw(state: &State, canvas: &mut Canvas<'_>, title: &str, scroll: usize) {
    let lines = lines(state);
    let inner = frame(state, canvas, title, lines.len().max(1));
    for (y, line) in (inner.y..inner.bottom()).zip(lines.iter().skip(scroll)) {
        let parts: Vec<_> = line.iter().map(|(text, style)| (text.as_str(), *style)).collect();
        canvas.line(inner.x, y, inner.width, &parts);
    }
    let hidden = lines.len().saturating_sub(scroll + usize::from(inner.height));
    if hidden > 0 {
        let theme = canvas.theme;
        let text = format!(" {} {hidden} more: j ", canvas.glyphs.below);
        canvas.right(inner.x, inner.bottom(), inner.width, &text, theme.text);
    }
}

/// Every key: those of the pane in focus, then those of everywhere.
pub fn keys(state: &State) -> Vec<Text> {
    let here = context(state);
    let theme = &state.theme;
    let room = usize::from(super::room(state.size).width).saturating_sub(4 + 31);
    let mut out = Vec::new();
    for everywhere in [false, true] {
        let head = if everywhere { "Everywhere" } else { "In this pane" };
        if everywhere {
            out.push(Vec::new());
        }
        out.push(vec![(head.to_owned(), theme.head)]);
        for c in COMMANDS.iter().filter(|c| c.contexts.contains(&here) && (c.contexts.len() == 3) == everywhere) {
            let keys = state.keymap.text(c.id, state.glyphs.more);
            let keys = if keys.is_empty() { ":".to_owned() } else { keys };
            let reason = (c.disabled)(state).map(|r| format!(" [now: {r}]")).unwrap_or_default();
            let told = format!("{}{reason}", c.help);
            for (i, part) in wrap(&told, room.max(20)).into_iter().enumerate() {
                let (keys, label) = if i == 0 { (keys.as_str(), c.label) } else { ("", "") };
                out.push(vec![
                    (format!("{keys:<14} "), theme.accent),
                    (format!("{label:<15} "), theme.text),
                    (part, theme.text),
                ]);
            }
        }
    }
    out.push(Vec::new());
    let last = "Actions work on the marked rows, or on the row under the cursor when none is marked.";
    out.push(vec![(last.to_owned(), theme.text)]);
    out
}

/// What the person was told, newest first.
pub fn messages(state: &State) -> Vec<Text> {
    let room = usize::from(super::room(state.size).width).saturating_sub(4 + 13);
    let mut out = Vec::new();
    for message in state.messages.newest_first() {
        let style = state.theme.level(message.notice.level);
        for (i, part) in wrap(&message.notice.text, room.max(20)).into_iter().enumerate() {
            let at = if i == 0 { moment(message.at, state.now.wall) } else { String::new() };
            out.push(vec![(format!("{at:<12} "), state.theme.dim), (part, style)]);
        }
    }
    if out.is_empty() {
        out.push(vec![("Nothing was said yet.".to_owned(), state.theme.text)]);
    }
    out
}

/// The gates of the records found.
pub fn gates(state: &State, records: Option<&[WhyRecord]>) -> Vec<Text> {
    let (theme, glyphs) = (&state.theme, state.glyphs);
    let Some(records) = records else { return vec![vec![(format!("{} asking", glyphs.busy), theme.busy)]] };
    if records.is_empty() {
        return vec![vec![("No record of that id is stored.".to_owned(), theme.text)]];
    }
    let mut out = Vec::new();
    for r in records {
        out.push(vec![
            (format!("{} ", r.name), theme.accent),
            (format!("{} {} {}", r.integration, r.stream, r.id), theme.dim),
        ]);
        for gate in &r.gates {
            let (sign, word, style) =
                if gate.passed { (glyphs.states[4], "yes", theme.ok) } else { (glyphs.fail, "no ", theme.error) };
            out.push(vec![(format!("  {sign} {word} {:<22} ", gate.name), style), (gate.text.clone(), theme.text)]);
        }
        out.push(Vec::new());
    }
    out
}
