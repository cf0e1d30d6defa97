//! One record: what became of it, synced now, its sync switched; and rows that never became records.

use super::overlays::scroll_key;
use super::requests;
use crate::service::messages::{BadRowView, Command, Query, RecordSheet, Request};
use crate::ui::key::{Key, KeyCode};
use crate::ui::state::State;
use crate::ui::state::overlay::Overlay;
use crate::ui::state::ticket::Purpose;

/// Shows the record of the row under the cursor.
pub fn open(state: &mut State) {
    let Some(record) = state.queue().and_then(|q| q.cursor_id.clone()) else { return };
    let Some((flow, tab)) = state.tab_view() else { return };
    let query = Query::Record { integration: flow.source_id.clone(), stream: tab.stream, record };
    requests::submit(state, Purpose::Record, Request::Query(query));
    state.overlay = Some(Overlay::Record { sheet: None, scroll: 0 });
    state.draw();
}

/// The answer came.
pub fn came(state: &mut State, answer: Box<RecordSheet>) {
    if let Some(Overlay::Record { sheet, .. }) = &mut state.overlay {
        *sheet = Some(answer);
        state.draw();
    }
}

/// Asks for the record that is shown once more.
pub fn ask(state: &mut State) {
    let Some(Overlay::Record { sheet: Some(sheet), .. }) = &state.overlay else { return };
    let query =
        Query::Record { integration: sheet.integration.clone(), stream: sheet.stream, record: sheet.id.clone() };
    requests::submit(state, Purpose::Record, Request::Query(query));
}

/// A key while it is shown.
pub fn key(state: &mut State, key: Key) {
    let Some(Overlay::Record { sheet: Some(sheet), .. }) = &state.overlay else { return scroll_key(state, key) };
    let (integration, stream, record) = (sheet.integration.clone(), sheet.stream, sheet.id.clone());
    let command = match key.code {
        KeyCode::Char('s') => Command::SyncRecord { integration, stream, record },
        KeyCode::Char('p') => Command::SwitchRecord { integration, stream, record, on: !sheet.synced },
        _ => return scroll_key(state, key),
    };
    requests::submit(state, Purpose::RecordChange, Request::Command(command));
    state.draw();
}

/// Lists the rows that could not be read.
pub fn open_bad_rows(state: &mut State) {
    let query = Query::BadRows { integration: None, stream: None };
    requests::submit(state, Purpose::BadRows, Request::Query(query));
    state.overlay = Some(Overlay::BadRows { rows: None, scroll: 0 });
    state.draw();
}

/// The rows came.
pub fn bad_rows_came(state: &mut State, list: Vec<BadRowView>) {
    if let Some(Overlay::BadRows { rows, .. }) = &mut state.overlay {
        *rows = Some(list);
        state.draw();
    }
}
