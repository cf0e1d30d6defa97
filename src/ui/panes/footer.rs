//! The keys that matter most in the pane in focus, from the registry.
//!
//! It does not change while the cursor moves: what a single row does not allow is said when it is tried.

use crate::ui::command::COMMANDS;
use crate::ui::state::overlay::Overlay;
use crate::ui::state::{Pane, State};
use crate::ui::update::keys::context;
use crate::ui::widgets::canvas::Canvas;
use crate::ui::widgets::number::cells;
use crate::ui::widgets::text::width;
use ratatui::layout::Rect;

/// Paints the footer.
pub fn draw(state: &State, canvas: &mut Canvas<'_>, area: Rect) {
    let theme = canvas.theme;
    let hints = hints(state);
    let room = area.width.saturating_sub(1);
    let mut used = 1;
    for (key, label) in &hints {
        let wide = cells(width(key) + width(label)) + 3;
        if used + wide > room + 2 {
            break;
        }
        used += canvas.put(used, area.y, room.saturating_sub(used), key, theme.accent);
        used += canvas.put(used, area.y, room.saturating_sub(used), &format!(" {label}"), theme.text);
        used += 2;
    }
}

fn hints(state: &State) -> Vec<(String, &'static str)> {
    let fixed = |list: &[(&str, &'static str)]| list.iter().map(|(k, l)| ((*k).to_owned(), *l)).collect();
    match &state.overlay {
        None => {}
        Some(Overlay::Find { .. }) => return fixed(&[("Enter", "keep"), ("Esc", "as before"), ("Ctrl-u", "empty")]),
        Some(Overlay::Picker(_)) => {
            return fixed(&[("Enter", "match"), ("Up Down", "choose"), ("Ctrl-u", "empty"), ("Esc", "back")]);
        }
        Some(Overlay::Palette { .. } | Overlay::Menu { .. }) => {
            return fixed(&[("Enter", "choose"), ("Up Down", "move"), ("Esc", "back")]);
        }
        Some(Overlay::Confirm(_)) => return fixed(&[("Enter y", "yes"), ("Esc n", "no")]),
        Some(Overlay::Quick(_)) => return fixed(&[("Enter", "accept these"), ("Esc", "back")]),
        Some(Overlay::History { .. }) => return fixed(&[("j k", "move"), ("u", "take back"), ("Esc", "back")]),
        Some(Overlay::Help { .. } | Overlay::Why { .. }) => return fixed(&[("j k", "scroll"), ("Esc", "back")]),
    }
    let here = context(state);
    let without_queue = state.focus == Pane::Queue && state.tab.is_none();
    let mut listed: Vec<_> =
        COMMANDS.iter().filter(|c| c.footer > 0 && c.contexts.contains(&here) && !without_queue_hides(c, without_queue)).collect();
    listed.sort_by_key(|c| c.footer);
    listed
        .into_iter()
        .filter_map(|c| {
            let keys = state.keymap.text(c.id, state.glyphs.more);
            let first = keys.split(' ').next().filter(|k| !k.is_empty())?;
            Some((first.to_owned(), c.label))
        })
        .collect()
}

/// Without a queue only what works everywhere is offered.
fn without_queue_hides(c: &crate::ui::command::Command, without_queue: bool) -> bool {
    without_queue && (c.contexts.len() == 1 || c.name.starts_with("list."))
}
