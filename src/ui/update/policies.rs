//! Keeping matched records in step: what becomes of differences, and who is right about each field.

use super::overlays::{close, keep_in_sight};
use super::{outbox, requests};
use crate::domain::{FieldPolicy, WriteField};
use crate::service::messages::{Command, PolicyView, Query, Request, WriteCommand, WriteQuery};
use crate::ui::key::{Key, KeyCode};
use crate::ui::overlays::policies::page;
use crate::ui::state::State;
use crate::ui::state::overlay::Overlay;
use crate::ui::state::policies::Policies;
use crate::ui::state::ticket::Purpose;

/// Only where something can be written to the target.
pub fn no_target(state: &State) -> Option<&'static str> {
    match state.tab_view() {
        None => Some("there is no queue yet: connect two integrations and add a flow"),
        Some((flow, _)) if flow.import.is_some() => {
            Some("what is imported follows its source by itself; P pauses a company")
        }
        Some(_) => None,
    }
}

/// Shows what the flow keeps in step.
pub fn open(state: &mut State) {
    let Some((flow, _)) = state.tab.clone() else { return };
    let query = WriteQuery::Policies { flow };
    requests::submit(state, Purpose::Policies, Request::Query(Query::Writes(query)));
    state.overlay = Some(Overlay::Policies(Box::default()));
    state.draw();
}

/// The policies came.
pub fn came(state: &mut State, view: PolicyView) {
    if let Some(Overlay::Policies(shown)) = &mut state.overlay {
        **shown = Policies { update: view.update, shown: Some(view), ..Policies::default() };
        state.draw();
    }
}

/// A key while they are shown.
pub fn key(state: &mut State, key: Key) {
    let page = page(state);
    let Some(Overlay::Policies(shown)) = &mut state.overlay else { return };
    let last = shown.shown.as_ref().map_or(0, |view| view.fields.len());
    match key.code {
        KeyCode::Char('j') | KeyCode::Down => shown.cursor = (shown.cursor + 1).min(last),
        KeyCode::Char('k') | KeyCode::Up => shown.cursor = shown.cursor.saturating_sub(1),
        KeyCode::PageDown => shown.cursor = (shown.cursor + page).min(last),
        KeyCode::PageUp => shown.cursor = shown.cursor.saturating_sub(page),
        KeyCode::Char('g') | KeyCode::Home => shown.cursor = 0,
        KeyCode::Char('G') | KeyCode::End => shown.cursor = last,
        KeyCode::Char(' ' | 'l') | KeyCode::Right => shown.turn(false),
        KeyCode::Char('h') | KeyCode::Left => shown.turn(true),
        KeyCode::Enter => return save(state),
        KeyCode::Char('p') => return outbox::differences(state),
        KeyCode::Char('q') => return close(state),
        _ => return,
    }
    shown.top = keep_in_sight(shown.top, shown.cursor.saturating_sub(1), page);
    state.draw();
}

/// Keeps what was changed.
fn save(state: &mut State) {
    let Some(Overlay::Policies(shown)) = &mut state.overlay else { return };
    let Some(view) = &shown.shown else { return };
    if shown.asked {
        return;
    }
    if !shown.is_changed() {
        return close(state);
    }
    let other = |(field, kept, _): &(WriteField, FieldPolicy, _)| {
        let now = shown.policy(*field, *kept);
        (now != *kept).then_some((*field, now))
    };
    let fields = view.fields.iter().filter_map(other).collect();
    let command = WriteCommand::SetPolicies { flow: view.flow.clone(), update: shown.update, fields };
    shown.asked = true;
    requests::submit(state, Purpose::SetPolicies, Request::Command(Command::Writes(command)));
    state.draw();
}

/// They were not kept: what was edited stays on the screen.
pub fn refused(state: &mut State) {
    if let Some(Overlay::Policies(shown)) = &mut state.overlay {
        shown.asked = false;
    }
}
