//! What is stored of an integration, and the way from there to the rows.

use super::overlays::close;
use super::overlays::list_key;
use super::{navigate, requests};
use crate::domain::LogLevel;
use crate::service::messages::{Command, Filter, Query, Request, StreamData};
use crate::ui::key::{Key, KeyCode};
use crate::ui::state::overlay::{Data, Overlay};
use crate::ui::state::ticket::Purpose;
use crate::ui::state::{Pane, State};

/// Opens it for the chosen integration.
pub fn open(state: &mut State) {
    let Some(line) = state.chosen_integration() else { return };
    let (integration, vendor) = (line.view.id.clone(), line.view.vendor.clone());
    let cursor = line.stream.unwrap_or(0);
    requests::submit(state, Purpose::Data, Request::Query(Query::Data { integration: integration.clone() }));
    state.overlay = Some(Overlay::Data(Data { integration, vendor, streams: None, cursor }));
    state.draw();
}

/// The counts came.
pub fn came(state: &mut State, streams: Vec<StreamData>) {
    let Some(Overlay::Data(shown)) = &mut state.overlay else { return };
    shown.cursor = shown.cursor.min(streams.len().saturating_sub(1));
    shown.streams = Some(streams);
    state.draw();
}

/// A key while it is shown.
pub fn key(state: &mut State, key: Key) {
    let Some(Overlay::Data(shown)) = &mut state.overlay else { return };
    let len = shown.streams.as_ref().map_or(0, Vec::len);
    if let Some(to) = list_key(key, shown.cursor, len, 5) {
        shown.cursor = to;
        return state.draw();
    }
    match key.code {
        KeyCode::Enter => rows(state, Filter::All),
        KeyCode::Char('o') => rows(state, Filter::Orphaned),
        KeyCode::Char('s') => sync(state, false),
        KeyCode::Char('F') => sync(state, true),
        KeyCode::Char('q' | 'm') => close(state),
        _ => {}
    }
}

fn sync(state: &mut State, full: bool) {
    let Some(Overlay::Data(shown)) = &state.overlay else { return };
    let Some(stream) = shown.streams.as_ref().and_then(|s| s.get(shown.cursor)).map(|s| s.stream) else { return };
    let integration = Some(shown.integration.clone());
    let command = Command::Sync { integration, stream: Some(stream), full };
    close(state);
    requests::submit(state, Purpose::Say, Request::Command(command));
}

/// The rows of the stream in the first flow that has the integration on one side.
fn rows(state: &mut State, filter: Filter) {
    let Some(Overlay::Data(shown)) = &state.overlay else { return };
    let Some(stream) = shown.streams.as_ref().and_then(|s| s.get(shown.cursor)).map(|s| s.stream) else { return };
    let id = shown.integration.clone();
    let flows =
        state.tabs().filter(|(flow, tab)| tab.stream == stream && (flow.source_id == id || flow.target_id == id));
    let tab = flows.map(|(flow, tab)| (flow.id.clone(), tab.stream)).next();
    let Some(tab) = tab else {
        return state.say(LogLevel::Info, format!("no flow matches its {stream}"));
    };
    close(state);
    state.focus = Pane::Queue;
    navigate::show(state, tab);
    navigate::change_view(state, |spec| {
        spec.filter = filter;
        spec.company = None;
        spec.find.clear();
    });
}
