//! Making records at the target, and the outbox: what waits, what is on its way, what came back.

use super::overlays::{close, keep_in_sight};
use super::requests;
use crate::domain::{LogLevel, Stream};
use crate::service::messages::{
    Command, OutboxView, PlanView, Query, Request, Selection, Ticket, WriteCommand, WriteQuery,
};
use crate::ui::key::{Key, KeyCode};
use crate::ui::overlays::outbox as shown;
use crate::ui::state::State;
use crate::ui::state::marks::Marks;
use crate::ui::state::outbox::{Making, OutboxList};
use crate::ui::state::overlay::Overlay;
use crate::ui::state::ticket::Purpose;

/// Rows of a plan that are asked for: a screen's worth; the counts are of all.
const PLAN_ROWS: u32 = 200;

/// Writes listed.
const LISTED: u32 = 500;

/// Shows what would be made of the row or the marked rows.
pub fn create(state: &mut State) {
    let Some(tab) = state.tab.clone() else { return };
    if !matches!(tab.1, Stream::Companies | Stream::Devices) {
        return state.say(LogLevel::Info, "companies and devices can be made at the target; these cannot");
    }
    let Some(queue) = state.queue_mut() else { return };
    if !queue.settle_range() {
        let text = "the range holds rows that were never on the screen: narrow with / or f, then * marks all shown";
        return state.say(LogLevel::Warn, text);
    }
    let Some(rows) = queue.selection() else { return };
    let count = queue.marked().max(1);
    let making = Making { tab, rows, count, anyway: false, differences: false, ticket: None, plan: None, scroll: 0 };
    state.overlay = Some(Overlay::Making(Box::new(making)));
    ask(state);
}

/// Shows what differs between the flow's matched records, field by field; it is sent on a yes.
pub fn differences(state: &mut State) {
    let Some(tab) = state.tab.clone() else { return };
    let rows = Selection::Rows(Vec::new());
    let making = Making { tab, rows, count: 0, anyway: false, differences: true, ticket: None, plan: None, scroll: 0 };
    state.overlay = Some(Overlay::Making(Box::new(making)));
    ask(state);
}

fn ask(state: &mut State) {
    let Some(Overlay::Making(making)) = &state.overlay else { return };
    let flow = making.tab.0.clone();
    let query = if making.differences {
        WriteQuery::Update { flow, limit: PLAN_ROWS }
    } else {
        let (rows, anyway) = (making.rows.clone(), making.anyway);
        WriteQuery::Create { flow, stream: making.tab.1, rows, anyway, limit: PLAN_ROWS }
    };
    let ticket = requests::submit(state, Purpose::Plan, Request::Query(Query::Writes(query)));
    if let Some(Overlay::Making(making)) = &mut state.overlay {
        (making.ticket, making.plan, making.scroll) = (Some(ticket), None, 0);
    }
    state.draw();
}

/// The plan came.
pub fn planned(state: &mut State, ticket: Ticket, plan: PlanView) {
    if let Some(Overlay::Making(making)) = &mut state.overlay
        && making.ticket == Some(ticket)
    {
        (making.ticket, making.plan) = (None, Some(plan));
        state.draw();
    }
}

/// A key while a plan is shown.
pub fn making_key(state: &mut State, key: Key) {
    let page = shown::plan_page(state);
    let most = shown::plan_lines(state).len().saturating_sub(page);
    let Some(Overlay::Making(making)) = &mut state.overlay else { return };
    match (key.code, key.ctrl) {
        (KeyCode::Char('j'), false) | (KeyCode::Down, _) => making.scroll = (making.scroll + 1).min(most),
        (KeyCode::Char('k'), false) | (KeyCode::Up, _) => making.scroll = making.scroll.saturating_sub(1),
        (KeyCode::Char('d'), true) | (KeyCode::PageDown | KeyCode::Char(' '), _) => {
            making.scroll = (making.scroll + page).min(most);
        }
        (KeyCode::Char('u'), true) | (KeyCode::PageUp, _) => making.scroll = making.scroll.saturating_sub(page),
        (KeyCode::Char('e'), false) if !making.differences => {
            making.anyway = !making.anyway;
            return ask(state);
        }
        (KeyCode::Char('p'), false) => return send(state, true),
        (KeyCode::Enter, _) | (KeyCode::Char('y'), false) => return send(state, false),
        (KeyCode::Char('n' | 'q'), false) => return close(state),
        _ => return,
    }
    state.draw();
}

/// Makes them, or only plans it.
fn send(state: &mut State, hold: bool) {
    let Some(Overlay::Making(making)) = &state.overlay else { return };
    if making.plan.as_ref().is_none_or(|plan| plan.writes == 0) {
        if making.plan.is_some() {
            state.say(LogLevel::Info, "nothing would be written; the lines say why");
        }
        return;
    }
    let flow = making.tab.0.clone();
    let command = if making.differences {
        WriteCommand::Update { flow, hold }
    } else {
        let (rows, anyway) = (making.rows.clone(), making.anyway);
        WriteCommand::Create { flow, stream: making.tab.1, rows, anyway, hold }
    };
    requests::submit(state, Purpose::WriteChange, Request::Command(Command::Writes(command)));
    if let Some(queue) = state.queue_mut() {
        queue.marks = Marks::default();
        queue.range = None;
    }
    close(state);
}

/// Lists the writes.
pub fn open(state: &mut State) {
    state.overlay = Some(Overlay::Outbox(Box::default()));
    list(state);
    state.draw();
}

fn list(state: &mut State) {
    let Some(Overlay::Outbox(outbox)) = &mut state.overlay else { return };
    if outbox.asking {
        outbox.stale = true;
        return;
    }
    (outbox.asking, outbox.stale) = (true, false);
    let query = WriteQuery::Outbox { flow: None, live: false, before: None, limit: LISTED };
    requests::submit(state, Purpose::Outbox, Request::Query(Query::Writes(query)));
}

/// The list came; the cursor stays on its write.
pub fn came(state: &mut State, view: OutboxView) {
    let page = shown::heads(state);
    let Some(Overlay::Outbox(outbox)) = &mut state.overlay else { return };
    let chosen = outbox.current().map(|write| write.id);
    let place = chosen.and_then(|id| view.writes.iter().position(|write| write.id == id));
    outbox.cursor = place.unwrap_or(outbox.cursor).min(view.writes.len().saturating_sub(1));
    outbox.top = keep_in_sight(outbox.top, outbox.cursor, page);
    outbox.view = Some(view);
    outbox.asking = false;
    let stale = outbox.stale;
    state.draw();
    if stale {
        list(state);
    }
}

/// Something changed: an open list is asked for anew.
pub fn changed(state: &mut State) {
    if matches!(state.overlay, Some(Overlay::Outbox(_))) {
        list(state);
    }
}

/// A key while the outbox is open.
pub fn key(state: &mut State, key: Key) {
    let page = shown::heads(state);
    let most = shown::detail_lines(state).len().saturating_sub(shown::details(state));
    let Some(Overlay::Outbox(outbox)) = &mut state.overlay else { return };
    let last = outbox.view.as_ref().map_or(0, |view| view.writes.len().saturating_sub(1));
    let before = outbox.cursor;
    match key.code {
        KeyCode::Char('j') | KeyCode::Down => outbox.cursor = (outbox.cursor + 1).min(last),
        KeyCode::Char('k') | KeyCode::Up => outbox.cursor = outbox.cursor.saturating_sub(1),
        KeyCode::PageDown => outbox.cursor = (outbox.cursor + page).min(last),
        KeyCode::PageUp => outbox.cursor = outbox.cursor.saturating_sub(page),
        KeyCode::Char('g') | KeyCode::Home => outbox.cursor = 0,
        KeyCode::Char('G') | KeyCode::End => outbox.cursor = last,
        KeyCode::Char('J') => outbox.scroll = (outbox.scroll + 1).min(most),
        KeyCode::Char('K') => outbox.scroll = outbox.scroll.saturating_sub(1),
        KeyCode::Char('a') => return apply(state, false),
        KeyCode::Char('A') => return apply(state, true),
        KeyCode::Char('x') => return withdraw(state),
        KeyCode::Char('r') => {
            let command = Command::Writes(WriteCommand::Resume);
            requests::submit(state, Purpose::WriteChange, Request::Command(command));
            return;
        }
        KeyCode::Char('q' | 'W') => return close(state),
        _ => return,
    }
    if outbox.cursor != before {
        outbox.scroll = 0;
    }
    outbox.top = keep_in_sight(outbox.top, outbox.cursor, page);
    state.draw();
}

/// Sends the chosen write, or every planned one of its flow.
fn apply(state: &mut State, all: bool) {
    let Some(Overlay::Outbox(outbox)) = &state.overlay else { return };
    let Some(chosen) = outbox.current() else { return };
    let (flow, planned) = (chosen.flow.clone(), outbox.planned());
    let ids = if all { planned } else { planned.into_iter().filter(|id| *id == chosen.id).collect() };
    if ids.is_empty() {
        return state
            .say(LogLevel::Info, "only what is planned waits for a yes; what came back is planned anew in the Queue");
    }
    // All of the flow's: also those beyond the list.
    let command = WriteCommand::Apply { ids: if all { Vec::new() } else { ids }, flow: Some(flow) };
    requests::submit(state, Purpose::WriteChange, Request::Command(Command::Writes(command)));
}

/// Takes the chosen write back before it is sent.
fn withdraw(state: &mut State) {
    let Some(Overlay::Outbox(outbox)) = &state.overlay else { return };
    let Some(chosen) = outbox.current() else { return };
    if !matches!(chosen.state.as_str(), "planned" | "waiting") {
        return state.say(LogLevel::Info, "it was sent already; a record that was made is unmatched in the Queue");
    }
    let command = WriteCommand::Withdraw { ids: vec![chosen.id] };
    requests::submit(state, Purpose::WriteChange, Request::Command(Command::Writes(command)));
}

/// An empty list to begin with.
impl OutboxList {
    /// Whether its first content is still on the way.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.view.is_none()
    }
}
