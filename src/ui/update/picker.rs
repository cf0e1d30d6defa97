//! Match-to: what is typed is searched at the door; the latest answer wins.

use super::{decide, overlays, requests, search_after};
use crate::domain::LogLevel;
use crate::service::messages::{DecideAction, Query, Request, Targets, Ticket};
use crate::ui::key::{Key, KeyCode};
use crate::ui::state::State;
use crate::ui::state::overlay::{Overlay, Picker};
use crate::ui::state::ticket::Purpose;

/// Targets asked for.
const LIMIT: u32 = 100;

/// Opens the picker for the row or the marked rows.
pub fn open(state: &mut State) {
    if decide::slipped(state) {
        return;
    }
    let Some(queue) = state.queue_mut() else { return };
    if !queue.settle_range() {
        return state.say(LogLevel::Warn, decide::UNSEEN);
    }
    let picker = Picker {
        source: queue.cursor_id.clone(),
        row: queue.current().filter(|row| queue.cursor_id.as_ref() == Some(&row.id)).cloned().map(Box::new),
        rows: queue.selection(),
        count: queue.marked().max(1),
        ..Picker::default()
    };
    state.overlay = Some(Overlay::Picker(picker));
    search(state);
    state.draw();
}

/// Searches for what was typed.
pub fn search(state: &mut State) {
    let (Some((flow, stream)), Some(Overlay::Picker(picker))) = (state.tab.clone(), &state.overlay) else { return };
    let Some(source) = picker.source.clone() else { return };
    let pattern = picker.input.value().trim().to_owned();
    let query = Query::PickTarget { flow, stream, source, pattern, limit: LIMIT };
    let ticket = requests::submit(state, Purpose::Pick, Request::Query(query));
    if let Some(Overlay::Picker(picker)) = &mut state.overlay {
        picker.ticket = Some(ticket);
    }
}

/// The door's answer; only the latest counts.
pub fn on_targets(state: &mut State, ticket: Ticket, targets: Targets) {
    let Some(Overlay::Picker(picker)) = &mut state.overlay else { return };
    if picker.ticket != Some(ticket) {
        return;
    }
    picker.ticket = None;
    picker.targets = targets;
    picker.cursor = 0;
    picker.top = 0;
    overlays::search_what_waits(state);
    state.draw();
}

/// A key while the picker is open.
pub fn key(state: &mut State, key: Key) {
    let page = overlays::list_page(state);
    let later = state.now.since_start + search_after(state);
    let Some(Overlay::Picker(picker)) = &mut state.overlay else { return };
    let last = picker.targets.rows.len().saturating_sub(1);
    match (key.code, key.ctrl) {
        (KeyCode::Down, _) | (KeyCode::Char('n' | 'j'), true) => picker.cursor = (picker.cursor + 1).min(last),
        (KeyCode::Up, _) | (KeyCode::Char('p' | 'k'), true) => picker.cursor = picker.cursor.saturating_sub(1),
        (KeyCode::PageDown, _) => picker.cursor = (picker.cursor + page).min(last),
        (KeyCode::PageUp, _) => picker.cursor = picker.cursor.saturating_sub(page),
        (KeyCode::Enter, _) => return enter(state),
        _ => {
            if overlays::type_key(&mut picker.input, key) {
                if picker.ticket.is_none() && !state.config.low_bandwidth {
                    search(state);
                } else {
                    // One search at a time: what is typed meanwhile is searched for with the answer.
                    picker.due = Some(later);
                    state.effects.push(crate::ui::message::Effect::WakeAt(later));
                }
            }
        }
    }
    if let Some(Overlay::Picker(picker)) = &mut state.overlay {
        picker.top = overlays::keep_in_sight(picker.top, picker.cursor, page);
    }
    state.draw();
}

/// Enter takes the chosen target. Before the answer to what was typed has come it only hurries the search: nobody
/// should match with a target that was never on the screen.
fn enter(state: &mut State) {
    let Some(Overlay::Picker(picker)) = &mut state.overlay else { return };
    if picker.due.take().is_some() {
        return search(state);
    }
    if picker.ticket.is_none() {
        pick(state);
    }
}

/// Matches the rows that the picker was opened for, whatever stands under the cursor by now: rows may have moved while
/// the person searched.
fn pick(state: &mut State) {
    let Some(Overlay::Picker(picker)) = &state.overlay else { return };
    let Some(row) = picker.targets.rows.get(picker.cursor) else { return };
    let Some(rows) = picker.rows.clone() else { return };
    let (label, count) = (row.target.clone(), picker.count);
    overlays::close(state);
    decide::act_on(state, DecideAction::Match { target: label.id.clone() }, rows, count, Some(label), "Match");
}
