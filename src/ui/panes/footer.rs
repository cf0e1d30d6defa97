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

/// Labels at the right end.
const ENDS: [&str; 2] = ["commands", "help"];

/// Paints the footer.
pub fn draw(state: &State, canvas: &mut Canvas<'_>, area: Rect) {
    let hints = hints(state);
    let wide = |(key, label): &(String, &str)| cells(width(key) + width(label)) + 3;
    // The way to everything else keeps its place at the right.
    let (ends, hints): (Vec<_>, Vec<_>) = hints.into_iter().partition(|(_, label)| ENDS.contains(label));
    let room = area.width.saturating_sub(ends.iter().map(wide).sum::<u16>());
    let mut used = 1;
    for hint in &hints {
        if used + wide(hint) > room {
            break;
        }
        paint(canvas, area.y, used, hint);
        used += wide(hint);
    }
    let mut x = room;
    for hint in &ends {
        paint(canvas, area.y, x, hint);
        x += wide(hint);
    }
}

fn paint(canvas: &mut Canvas<'_>, y: u16, x: u16, (key, label): &(String, &str)) {
    let theme = canvas.theme;
    let used = canvas.put(x, y, u16::MAX, key, theme.accent);
    canvas.put(x + used + 1, y, u16::MAX, label, theme.text);
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
        Some(Overlay::Coverage(_)) => {
            return fixed(&[
                ("j k", "move"),
                ("f", "all, gaps, missing"),
                ("o", "order"),
                ("/", "find"),
                ("Enter", "its records"),
                ("Esc", "back"),
            ]);
        }
        Some(Overlay::Data(_)) => {
            return fixed(&[
                ("j k", "move"),
                ("Enter", "its rows"),
                ("o", "orphaned rows"),
                ("s", "sync"),
                ("F", "full sync"),
                ("x", "delete orphans"),
                ("r", "reconnect"),
                ("e", "new key"),
                ("Esc", "back"),
            ]);
        }
        Some(Overlay::Columns { .. }) => {
            return fixed(&[("Space", "show or hide"), ("J K", "move"), ("r", "what fits"), ("Esc", "back")]);
        }
        Some(Overlay::Name { .. }) => return fixed(&[("Enter", "save"), ("Esc", "back")]),
        Some(Overlay::Confirm(_)) => return fixed(&[("Enter y", "yes"), ("Esc n", "no")]),
        // Enter does nothing before there is something to accept.
        Some(Overlay::Quick(quick)) if quick.preview.as_ref().is_none_or(|p| p.rows == 0) => {
            return fixed(&[("Esc", "back")]);
        }
        Some(Overlay::Quick(_)) => return fixed(&[("Enter", "accept these"), ("Esc", "back")]),
        Some(Overlay::History { .. }) => return fixed(&[("j k", "move"), ("u", "take back"), ("Esc", "back")]),
        Some(Overlay::Settings(settings)) if settings.asking.is_some() => {
            return fixed(&[("Enter y", "yes"), ("j k", "scroll"), ("Esc n", "back")]);
        }
        Some(Overlay::Settings(_)) => {
            return fixed(&[("Space", "take or not"), ("o", "only it"), ("Enter", "apply"), ("Esc", "leave as it is")]);
        }
        // The wizard says its keys itself: they differ by step.
        Some(Overlay::Wizard(_) | Overlay::Adding(_) | Overlay::Steps { .. } | Overlay::Form(_)) => return Vec::new(),
        Some(Overlay::Cards(_)) => {
            return fixed(&[("j k", "move"), ("a", "apply"), ("x", "refuse"), ("J K", "scroll"), ("Esc", "back")]);
        }
        Some(overlay @ (Overlay::Register(_) | Overlay::Policies(_) | Overlay::Making(_) | Overlay::Outbox(_))) => {
            return of_writes(overlay).into_iter().map(|(k, l)| (k.to_owned(), l)).collect();
        }
        Some(Overlay::Rules { .. }) => {
            return fixed(&[("j k", "move"), ("x", "remove"), ("e", "everywhere or here"), ("Esc", "back")]);
        }
        Some(Overlay::Fields(_)) => {
            return fixed(&[("j k", "move"), ("h l", "other records"), ("Esc", "back")]);
        }
        Some(Overlay::Schedules(shown)) if shown.input.is_some() => {
            return fixed(&[("Enter", "save"), ("Esc", "as it was")]);
        }
        Some(Overlay::Schedules(_)) => {
            return fixed(&[("j k", "line"), ("e", "change"), ("x", "default"), ("p", "pause"), ("Esc", "back")]);
        }
        Some(Overlay::Record { .. }) => {
            return fixed(&[("j k", "scroll"), ("s", "sync it"), ("p", "its sync"), ("Esc", "back")]);
        }
        Some(
            Overlay::Help { .. }
            | Overlay::Why { .. }
            | Overlay::BadRows { .. }
            | Overlay::Messages { .. }
            | Overlay::Detail { .. },
        ) => {
            return fixed(&[("j k", "scroll"), ("Esc", "back")]);
        }
    }
    of_pane(state)
}

/// The keys of what is written: to the inventory, to vendors.
fn of_writes(overlay: &Overlay) -> Vec<(&'static str, &'static str)> {
    match overlay {
        Overlay::Register(shown) if shown.typing => {
            vec![("Enter", "keep"), ("Ctrl-u", "empty"), ("Esc", "all")]
        }
        Overlay::Register(shown) if shown.removing => vec![("Enter y", "take it out"), ("Esc n", "leave it")],
        Overlay::Register(_) => {
            vec![
                ("j k", "move"),
                ("Tab", "companies, devices, types"),
                ("/", "find"),
                ("Enter", "detail"),
                ("+", "add by hand"),
                ("e", "change"),
                ("x", "take out"),
                ("u", "undo"),
                ("Esc", "back"),
            ]
        }
        Overlay::Policies(_) => {
            vec![
                ("j k", "move"),
                ("Space", "change"),
                ("Enter", "keep"),
                ("p", "what differs now"),
                ("Esc", "as it was"),
            ]
        }
        Overlay::Making(making) if making.differences => {
            vec![("Enter y", "send"), ("p", "only plan"), ("j k", "scroll"), ("Esc n", "back")]
        }
        Overlay::Making(making) => {
            let anyway = if making.anyway { "only what is missing" } else { "also where it is alike" };
            vec![("Enter y", "make"), ("p", "only plan"), ("e", anyway), ("j k", "scroll"), ("Esc n", "back")]
        }
        Overlay::Outbox(_) => {
            vec![
                ("a", "send"),
                ("A", "send all planned"),
                ("x", "take back"),
                ("r", "go on"),
                ("J K", "scroll"),
                ("Esc", "back"),
            ]
        }
        _ => Vec::new(),
    }
}

/// The keys of the pane in focus.
fn of_pane(state: &State) -> Vec<(String, &'static str)> {
    let here = context(state);
    let without_queue = state.focus == Pane::Queue && state.tab.is_none();
    let first = super::staged::first_keys(state);
    let mut listed: Vec<_> = COMMANDS
        .iter()
        .filter(|c| {
            (c.footer > 0 || first.contains(&c.id))
                && c.contexts.contains(&here)
                && !without_queue_hides(c, without_queue)
        })
        .collect();
    listed.sort_by_key(|c| (first.iter().position(|id| *id == c.id).unwrap_or(usize::MAX), c.footer));
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
