//! Schedules of an integration: shown, edited a line at a time.

use super::overlays::{close, type_key};
use super::requests;
use crate::domain::{Failure, LogLevel};
use crate::service::messages::{Command, Query, Request, ScheduleSheet};
use crate::ui::key::{Key, KeyCode};
use crate::ui::state::State;
use crate::ui::state::overlay::{Overlay, Schedules};
use crate::ui::state::ticket::Purpose;
use tui_input::Input;

/// Opens those of the chosen integration, at the chosen stream.
pub fn open(state: &mut State) {
    let Some(line) = state.chosen_integration() else { return };
    let integration = line.view.id.clone();
    let at = line.stream.map(|at| line.view.streams[at].stream);
    let known = line.view.streams.iter().position(|s| Some(s.stream) == at);
    state.overlay = Some(Overlay::Schedules(Box::new(Schedules {
        integration,
        sheet: None,
        cursor: known.unwrap_or(0),
        input: None,
        asked: false,
        wrong: Vec::new(),
    })));
    ask(state);
    state.draw();
}

fn shown(state: &mut State) -> Option<&mut Schedules> {
    match &mut state.overlay {
        Some(Overlay::Schedules(shown)) => Some(shown),
        _ => None,
    }
}

fn ask(state: &mut State) {
    let Some(integration) = shown(state).map(|s| s.integration.clone()) else { return };
    requests::submit(state, Purpose::Schedules, Request::Query(Query::Schedules { integration }));
}

/// What is in effect.
pub fn came(state: &mut State, sheet: ScheduleSheet) {
    let Some(shown) = shown(state).filter(|s| s.integration == sheet.integration) else { return };
    if shown.sheet.is_none() {
        // The pane shows a part of the streams: the line of the same stream is another one here.
        shown.cursor = shown.cursor.min(sheet.lines.len().saturating_sub(1));
    }
    shown.sheet = Some(sheet);
    state.draw();
}

/// A change took effect.
pub fn changed(state: &mut State) {
    if let Some(shown) = shown(state) {
        shown.asked = false;
        shown.input = None;
        shown.wrong.clear();
        ask(state);
        state.draw();
    }
}

/// A change was refused: the text stays, with the reason below it.
pub fn refused(state: &mut State, failure: &Failure) {
    if let Some(shown) = shown(state) {
        shown.asked = false;
        shown.wrong = vec![failure.what.clone(), failure.remedy.clone()];
        state.draw();
    }
}

/// A key while they are shown.
pub fn key(state: &mut State, key: Key) {
    let Some(shown) = shown(state) else { return };
    if let Some(input) = &mut shown.input {
        if key.code == KeyCode::Enter {
            let text = input.value().trim().to_owned();
            return set(state, Some(text));
        }
        shown.wrong.clear();
        type_key(input, key);
        return state.draw();
    }
    let last = shown.sheet.as_ref().map_or(0, |s| s.lines.len().saturating_sub(1));
    match key.code {
        KeyCode::Char('j') | KeyCode::Down => shown.cursor = (shown.cursor + 1).min(last),
        KeyCode::Char('k') | KeyCode::Up => shown.cursor = shown.cursor.saturating_sub(1),
        KeyCode::Char('g') | KeyCode::Home => shown.cursor = 0,
        KeyCode::Char('G') | KeyCode::End => shown.cursor = last,
        KeyCode::Char('e') | KeyCode::Enter => {
            let line = shown.sheet.as_ref().and_then(|s| s.lines.get(shown.cursor));
            shown.input = line.map(|line| Input::new(line.schedule.clone()));
        }
        KeyCode::Char('x') => return set(state, None),
        KeyCode::Char('p') => return pause(state),
        KeyCode::Char('q' | 't') => return close(state),
        _ => {}
    }
    state.draw();
}

fn set(state: &mut State, schedule: Option<String>) {
    let Some(shown) = shown(state).filter(|s| !s.asked) else { return };
    let Some(line) = shown.sheet.as_ref().and_then(|s| s.lines.get(shown.cursor)) else { return };
    let command = Command::SetSchedule { integration: shown.integration.clone(), stream: line.stream, schedule };
    shown.asked = true;
    requests::submit(state, Purpose::SetSchedule, Request::Command(command));
    state.draw();
}

fn pause(state: &mut State) {
    let Some(shown) = shown(state).filter(|s| !s.asked) else { return };
    let Some(sheet) = &shown.sheet else { return };
    let integration = shown.integration.clone();
    let command = if sheet.paused { Command::Resume { integration } } else { Command::Pause { integration } };
    shown.asked = true;
    requests::submit(state, Purpose::SetSchedule, Request::Command(command));
    state.say(LogLevel::Info, "asked");
}
