//! The mouse, for who switches it on: a click goes where it points, the wheel moves the list under it.

use super::{navigate, overlays, requests};
use crate::ui::command::CommandId;
use crate::ui::key::{Key, KeyCode};
use crate::ui::message::Mouse;
use crate::ui::panes;
use crate::ui::state::overlay::Overlay;
use crate::ui::state::{Pane, State};
use ratatui::layout::{Position, Rect};

/// Rows that one step of the wheel moves.
const WHEEL: u16 = 3;

/// The mouse did something at a cell.
pub fn mouse(state: &mut State, what: Mouse, x: u16, y: u16) {
    let key = match what {
        Mouse::Up => KeyCode::Up,
        Mouse::Down => KeyCode::Down,
        Mouse::Click if state.overlay.is_some() => return,
        Mouse::Click => return click(state, Position::new(x, y)),
    };
    if state.overlay.as_ref().is_some_and(|o| !matches!(o, Overlay::Find { .. })) {
        return overlays::key(state, Key::plain(key));
    }
    if let Some(pane) = pane_at(state, Position::new(x, y)) {
        navigate::focus(state, pane);
    }
    let step = if what == Mouse::Up { CommandId::Up } else { CommandId::Down };
    for _ in 0..WHEEL {
        navigate::step(state, step);
    }
}

fn pane_at(state: &State, at: Position) -> Option<Pane> {
    let layout = state.layout();
    let within = |room: Option<Rect>| room.is_some_and(|room| room.contains(at));
    if within(layout.integrations) {
        Some(Pane::Integrations)
    } else if within(layout.queue) || within(layout.compare) {
        Some(Pane::Queue)
    } else {
        within(layout.log).then_some(Pane::Log)
    }
}

fn click(state: &mut State, at: Position) {
    let Some(pane) = pane_at(state, at) else { return header(state, at) };
    navigate::focus(state, pane);
    let layout = state.layout();
    match pane {
        Pane::Queue => {
            if let Some(room) = layout.queue.filter(|room| room.contains(at)) {
                queue(state, room, at);
            }
        }
        Pane::Log => {
            let line = layout.log.map_or(0, |room| at.y.saturating_sub(room.y + 1));
            let (to, page) = (state.log.top + usize::from(line), state.log_page());
            state.log.go(to, page);
        }
        Pane::Integrations => {
            if let Some(line) = layout.integrations.and_then(|room| panes::integrations::line_at(state, room, at.y)) {
                state.integration = line;
            }
        }
    }
    state.draw();
}

/// The tabs in the first line of a small screen.
fn header(state: &mut State, at: Position) {
    if state.layout().tabs && at.y == 0 {
        let pane = match at.x {
            0..17 => Pane::Integrations,
            17..26 => Pane::Queue,
            26..38 => Pane::Log,
            _ => return,
        };
        navigate::focus(state, pane);
    }
}

fn queue(state: &mut State, room: Rect, at: Position) {
    let line = at.y.saturating_sub(room.y + 1);
    if line == 0 {
        let x = at.x.saturating_sub(room.x + 1);
        let hit = panes::queue::tab_places(state).into_iter().rev().find(|(from, ..)| x >= *from);
        let Some(((_, _, stream), (flow, _))) = hit.zip(state.tab.clone()) else { return };
        match stream {
            Some(stream) => navigate::show_stream(state, (flow, stream)),
            None => navigate::show_conflicts(state, &flow),
        }
    } else if line >= 3
        && let Some(position) = panes::queue::row_at(state, line - 3)
    {
        navigate::go(state, position);
        requests::compare(state);
    }
}
