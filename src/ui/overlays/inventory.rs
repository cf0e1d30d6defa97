//! Boxes of a flow into the inventory: the form of a company, everything known of a record, the steps of a setup.

use super::{Text, frame, typing};
use crate::domain::FlowId;
use crate::service::messages::Detail;
use crate::ui::state::State;
use crate::ui::state::inventory::Adding;
use crate::ui::widgets::canvas::Canvas;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

/// The form of a company that is added; returns where text is being typed.
pub fn adding(state: &State, canvas: &mut Canvas<'_>, adding: &Adding) -> Option<Position> {
    let inner = frame(state, canvas, "Add a company to the inventory", 8);
    let theme = canvas.theme;
    if !adding.known {
        canvas.put(inner.x, inner.y, inner.width, &format!("{} asking", canvas.glyphs.busy), theme.busy);
        return None;
    }
    let line = |y: u16| Rect { y: inner.y + y, height: 1, ..inner };
    let name = typing(canvas, line(0), "name           ", &adding.name);
    let domain = typing(canvas, line(1), "primary domain ", &adding.domain);
    let help = match adding.domains.len() {
        0 => "It has no domain there: type one, or leave it empty.".to_owned(),
        1 => "The domain is its only one; type another if it is not the one in use.".to_owned(),
        many => format!("Left and Right go through its {many} domains; or type another."),
    };
    canvas.put(inner.x, inner.y + 3, inner.width, &help, theme.dim);
    let text = "Its mapping is made at once; later renames follow.";
    canvas.put(inner.x, inner.y + 4, inner.width, text, theme.dim);
    let keys = [
        ("Enter", theme.accent),
        (" add    ", theme.text),
        ("Tab", theme.accent),
        (" other field    ", theme.text),
        ("Esc", theme.accent),
        (" back", theme.text),
    ];
    canvas.line(inner.x, inner.bottom().saturating_sub(1), inner.width, &keys);
    Some(if adding.on_domain { domain } else { name })
}

/// Everything that is known of a record; unknown is said so.
pub fn detail(state: &State, detail: Option<&Detail>) -> Vec<Text> {
    let theme = &state.theme;
    let Some(detail) = detail else { return vec![vec![(format!("{} asking", state.glyphs.busy), theme.busy)]] };
    let mut out = vec![vec![
        (format!("{}  ", detail.name), theme.accent),
        (format!("{} {}", detail.place, detail.id), theme.dim),
    ]];
    for (group, facts) in &detail.groups {
        out.push(vec![(group.clone(), theme.head)]);
        for (label, value) in facts {
            let (value, style) = match value {
                Some(value) => (value.as_str(), theme.text),
                None => ("unknown", theme.dim),
            };
            out.push(vec![(format!("  {label:<28} "), theme.dim), (value.to_owned(), style)]);
        }
    }
    out
}

/// The steps of a setup.
pub fn steps(state: &State, canvas: &mut Canvas<'_>, flow: &FlowId, cursor: usize) {
    let steps = state.setup_steps(flow);
    let label = state.overview.flows.iter().find(|f| f.id == *flow).map_or(flow.as_str(), |f| f.label.as_str());
    let inner = frame(state, canvas, &format!("Setup of {label}"), steps.len() + 5);
    let (theme, glyphs) = (canvas.theme, canvas.glyphs);
    for (y, (i, step)) in (inner.y..inner.bottom()).zip(steps.iter().enumerate()) {
        let here = i == cursor;
        let style = if here { theme.text.add_modifier(Modifier::BOLD) } else { theme.text };
        let (sign, sign_style) = if step.done { (glyphs.ok, theme.ok) } else { (glyphs.dot, theme.dim) };
        canvas.line(
            inner.x,
            y,
            inner.width,
            &[
                (if here { glyphs.cursor } else { " " }, theme.accent),
                (sign, sign_style),
                (&format!(" {} ", i + 1), theme.dim),
                (&format!("{:<28} ", step.name), style),
                (&step.text, theme.text),
            ],
        );
    }
    let y = inner.y + u16::try_from(steps.len()).unwrap_or(0) + 1;
    let help = "Go back to any step at any time; what is done there is kept at once.";
    canvas.put(inner.x, y, inner.width, help, theme.dim);
    let keys = [
        ("Enter", theme.accent),
        (" go to the step    ", theme.text),
        ("j k", theme.accent),
        (" move    ", theme.text),
        ("Esc", theme.accent),
        (" close", theme.text),
    ];
    canvas.line(inner.x, inner.bottom().saturating_sub(1), inner.width, &keys);
}
