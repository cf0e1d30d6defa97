//! Quick Match: its threshold, what it would do, and doing it.

use super::overlays::{close, later, type_key};
use super::requests;
use crate::service::messages::{Command, Query, Request};
use crate::ui::key::{Key, KeyCode};
use crate::ui::state::State;
use crate::ui::state::overlay::{Overlay, Quick};
use crate::ui::state::ticket::Purpose;
use tui_input::Input;

/// Asks for Quick Match's threshold and shows what it would do.
pub fn open(state: &mut State) {
    let percent = state.config.quick_match_percent.clamp(1, 100).to_string();
    state.overlay = Some(Overlay::Quick(Quick { input: Input::new(percent), due: None, ticket: None, preview: None }));
    count(state);
    state.draw();
}

/// Counts what it would do at the threshold typed.
pub fn count(state: &mut State) {
    let (Some((flow, stream)), Some(Overlay::Quick(quick))) = (state.tab.clone(), &mut state.overlay) else { return };
    quick.preview = None;
    quick.ticket = None;
    let Some(threshold) = quick.threshold() else { return };
    let query = Query::PreviewQuickMatch { flow, stream, threshold };
    let ticket = requests::submit(state, Purpose::Preview, Request::Query(query));
    if let Some(Overlay::Quick(quick)) = &mut state.overlay {
        quick.ticket = Some(ticket);
    }
}

/// A key while it is open.
pub fn key(state: &mut State, key: Key) {
    let Some(Overlay::Quick(quick)) = &mut state.overlay else { return };
    if key.code == KeyCode::Enter {
        let ready = quick.due.is_none() && quick.ticket.is_none() && quick.preview.as_ref().is_some_and(|p| p.rows > 0);
        let (Some(threshold), true, Some((flow, stream))) = (quick.threshold(), ready, state.tab.clone()) else {
            return;
        };
        close(state);
        let tab = (flow.clone(), stream);
        let command = Command::QuickMatch { flow, stream, threshold };
        state.trail.push((tab.clone(), None));
        requests::submit(state, Purpose::Decide(tab, Vec::new()), Request::Command(command));
        return;
    }
    let allowed = match key.code {
        KeyCode::Char(c) => key.ctrl || c.is_ascii_digit() || c == '.',
        _ => true,
    };
    if allowed && type_key(&mut quick.input, key) {
        quick.preview = None;
        let due = later(state);
        if let Some(Overlay::Quick(quick)) = &mut state.overlay {
            quick.due = Some(due);
        }
    }
    state.draw();
}
