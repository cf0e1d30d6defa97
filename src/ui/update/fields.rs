//! The field mapping of a flow.

use super::overlays::{close, keep_in_sight};
use super::requests;
use crate::service::messages::{FlowFields, Query, Request};
use crate::ui::key::{Key, KeyCode};
use crate::ui::overlays::fields::page;
use crate::ui::state::State;
use crate::ui::state::fields::Fields;
use crate::ui::state::overlay::Overlay;
use crate::ui::state::ticket::Purpose;

/// Shows the mapping of the flow whose queue is shown.
pub fn open(state: &mut State) {
    let Some(tab) = &state.tab else { return };
    let query = Query::Fields { flow: tab.0.clone() };
    requests::submit(state, Purpose::Fields, Request::Query(query));
    state.overlay = Some(Overlay::Fields(Box::default()));
    state.draw();
}

/// The mapping came; it begins with the tab's own stream.
pub fn came(state: &mut State, fields: FlowFields) {
    let stream = state.tab.as_ref().map(|tab| tab.1);
    if let Some(Overlay::Fields(shown)) = &mut state.overlay {
        let at = fields.streams.iter().position(|s| Some(s.stream) == stream).unwrap_or(0);
        **shown = Fields { shown: Some(fields), stream: at, ..Fields::default() };
        state.draw();
    }
}

/// A key while it is open.
pub fn key(state: &mut State, key: Key) {
    let page = page(state);
    let Some(Overlay::Fields(shown)) = &mut state.overlay else { return };
    let streams = shown.shown.as_ref().map_or(0, |fields| fields.streams.len());
    let last = shown.current().map_or(0, |stream| stream.rows.len().saturating_sub(1));
    match key.code {
        KeyCode::Char('j') | KeyCode::Down => shown.cursor = (shown.cursor + 1).min(last),
        KeyCode::Char('k') | KeyCode::Up => shown.cursor = shown.cursor.saturating_sub(1),
        KeyCode::PageDown => shown.cursor = (shown.cursor + page).min(last),
        KeyCode::PageUp => shown.cursor = shown.cursor.saturating_sub(page),
        KeyCode::Char('g') | KeyCode::Home => shown.cursor = 0,
        KeyCode::Char('G') | KeyCode::End => shown.cursor = last,
        KeyCode::Char('l' | ']') | KeyCode::Right if shown.stream + 1 < streams => turn(shown, shown.stream + 1),
        KeyCode::Char('h' | '[') | KeyCode::Left if shown.stream > 0 => turn(shown, shown.stream - 1),
        KeyCode::Char('q') => return close(state),
        _ => return,
    }
    shown.top = keep_in_sight(shown.top, shown.cursor, page);
    state.draw();
}

fn turn(shown: &mut Fields, stream: usize) {
    (shown.stream, shown.cursor, shown.top) = (stream, 0, 0);
}
