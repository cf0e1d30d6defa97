//! The list of decisions; one can be taken back from there, after a look at what that would do.

use super::overlays::{close, keep_in_sight, list_key, list_page};
use super::requests;
use crate::domain::{HistoryId, LogLevel};
use crate::service::messages::{Query, Request};
use crate::ui::key::{Key, KeyCode};
use crate::ui::state::State;
use crate::ui::state::overlay::{Confirm, Overlay, Then};
use crate::ui::state::ticket::Purpose;

/// Decisions listed at once.
const HISTORY: u32 = 200;

/// Lists the decisions.
pub fn open(state: &mut State) {
    requests::submit(state, Purpose::History, Request::Query(Query::History { before: None, limit: HISTORY }));
    state.overlay = Some(Overlay::History { entries: None, cursor: 0, top: 0 });
    state.draw();
}

/// Shows what taking an entry back would do, and asks.
fn ask_undo(state: &mut State, id: HistoryId) {
    let query = Query::PreviewUndo { entry: Some(id) };
    let ticket = requests::submit(state, Purpose::Preview, Request::Query(query));
    state.overlay = Some(Overlay::Confirm(Confirm {
        title: format!("Take entry {} back?", id.0),
        then: Then::Undo(id),
        ticket: Some(ticket),
        preview: None,
        lines: Vec::new(),
        keep: None,
    }));
    state.draw();
}

/// A key while they are listed.
pub fn key(state: &mut State, key: Key) {
    let page = list_page(state);
    let Some(Overlay::History { entries: Some(entries), cursor, top }) = &mut state.overlay else {
        return if key.code == KeyCode::Char('q') {
            close(state);
        };
    };
    let last = entries.len().saturating_sub(1);
    if let Some(to) = list_key(key, *cursor, entries.len(), page) {
        *cursor = to;
    }
    match key.code {
        KeyCode::Char('q' | 'H') => return close(state),
        KeyCode::Char('u') => {
            match entries.get(*cursor).map(|e| (e.id, e.undone_by)) {
                Some((id, None)) => ask_undo(state, id),
                Some((_, Some(by))) => state.say(LogLevel::Info, format!("entry {} has already taken this back", by.0)),
                None => {}
            }
            return;
        }
        _ => {}
    }
    *top = keep_in_sight(*top, *cursor, page);
    // The list was cut where it was asked to be: there is more.
    let more = *cursor == last && entries.len().is_multiple_of(HISTORY as usize);
    if let Some(first) = entries.last().map(|e| e.id).filter(|_| more) {
        let query = Query::History { before: Some(first), limit: HISTORY };
        requests::submit(state, Purpose::OlderHistory, Request::Query(query));
    }
    state.draw();
}
