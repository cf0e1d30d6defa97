//! The inventory's list.

use super::overlays::{close, type_key};
use super::{form, navigate, requests};
use crate::domain::{HandField, IntegrationId, LogLevel, Stream};
use crate::service::messages::{Command, InventoryCommand, InventoryList, InventoryQuery, Query, Request, Ticket};
use crate::ui::command::CommandId;
use crate::ui::key::{Key, KeyCode};
use crate::ui::overlays::register::page;
use crate::ui::state::State;
use crate::ui::state::overlay::Overlay;
use crate::ui::state::register::{Register, STREAMS, WINDOW};
use crate::ui::state::ticket::Purpose;
use tui_input::Input;

/// The stream of the tab shown, where the inventory keeps it.
pub fn stream_here(state: &State) -> Stream {
    let here = state.tab.as_ref().map(|tab| tab.1);
    here.filter(|stream| STREAMS.contains(stream)).unwrap_or(Stream::Companies)
}

/// Lists the inventory's records.
pub fn open(state: &mut State) {
    state.overlay = Some(Overlay::Register(Box::new(Register::new(stream_here(state)))));
    ask(state);
    state.draw();
}

/// Asks for the records around the screen.
fn ask(state: &mut State) {
    let page = page(state);
    let Some(Overlay::Register(shown)) = &mut state.overlay else { return };
    if let Some((_, stale)) = &mut shown.asked {
        *stale = true;
        return;
    }
    let offset = shown.wants(page).unwrap_or_else(|| shown.top.saturating_sub(WINDOW / 2));
    let (stream, find) = (shown.stream, shown.input.value().trim().to_owned());
    let query = InventoryQuery::List { stream, find, offset, limit: u32::try_from(WINDOW).unwrap_or(u32::MAX) };
    let ticket = requests::submit(state, Purpose::Register, Request::Query(Query::Inventory(query)));
    if let Some(Overlay::Register(shown)) = &mut state.overlay {
        shown.asked = Some((ticket, false));
    }
}

/// Records came: of the list, or as hits of the form's line.
pub fn came(state: &mut State, ticket: Ticket, list: InventoryList) {
    match &mut state.overlay {
        Some(Overlay::Register(shown)) => {
            let Some((latest, stale)) = shown.asked else { return };
            if latest != ticket {
                return;
            }
            shown.asked = None;
            shown.cursor = shown.cursor.min(list.total.saturating_sub(1));
            shown.top = shown.top.min(shown.cursor);
            shown.list = Some(list);
            if stale {
                ask(state);
            }
        }
        Some(Overlay::Form(form)) => {
            let Some(at) = form.asked.iter().position(|(latest, _)| *latest == ticket) else { return };
            let (_, line) = form.asked.remove(at);
            form.came(line, list.rows);
            if form.asked.is_empty() && std::mem::take(&mut form.save_when_found) {
                return form::save(state);
            }
        }
        _ => return,
    }
    state.draw();
}

/// A key of the list.
pub fn key(state: &mut State, key: Key) {
    let page = page(state);
    let Some(Overlay::Register(shown)) = &mut state.overlay else { return };
    if shown.typing {
        return find_key(state, key);
    }
    if std::mem::take(&mut shown.removing) {
        if matches!(key.code, KeyCode::Enter | KeyCode::Char('y')) {
            remove(state);
        }
        return state.draw();
    }
    let step = match (key.code, key.ctrl) {
        (KeyCode::Char('j'), false) | (KeyCode::Down, _) => Some(CommandId::Down),
        (KeyCode::Char('k'), false) | (KeyCode::Up, _) => Some(CommandId::Up),
        (KeyCode::Char('d'), true) => Some(CommandId::HalfDown),
        (KeyCode::Char('u'), true) => Some(CommandId::HalfUp),
        (KeyCode::PageDown, _) => Some(CommandId::PageDown),
        (KeyCode::PageUp, _) => Some(CommandId::PageUp),
        (KeyCode::Char('g'), false) | (KeyCode::Home, _) => Some(CommandId::Top),
        (KeyCode::Char('G'), false) | (KeyCode::End, _) => Some(CommandId::Bottom),
        _ => None,
    };
    if let Some(step) = step {
        shown.cursor = navigate::target(step, shown.cursor, shown.len(), page);
        shown.top = shown.top.min(shown.cursor).max((shown.cursor + 1).saturating_sub(page));
        if shown.wants(page).is_some() {
            ask(state);
        }
        return state.draw();
    }
    match key.code {
        KeyCode::Tab | KeyCode::Right | KeyCode::Char('l' | ']') => turn(state, 1),
        KeyCode::BackTab | KeyCode::Left | KeyCode::Char('h' | '[') => turn(state, STREAMS.len() - 1),
        KeyCode::Char('/') => shown.typing = true,
        KeyCode::Enter | KeyCode::Char('D') => return detail(state),
        KeyCode::Char('+' | 'c') => return form::add_here(state),
        KeyCode::Char('e') => return form::edit_here(state),
        KeyCode::Char('x') => {
            if shown.current().is_some() && !read_only(state) {
                ask_to_remove(state);
            }
        }
        KeyCode::Char('u') => {
            if !read_only(state) {
                let undo = Command::Undo { entry: None };
                requests::submit(state, Purpose::RegisterChange, Request::Command(undo));
            }
        }
        KeyCode::Char('q' | 'X') => return close(state),
        _ => return,
    }
    state.draw();
}

fn ask_to_remove(state: &mut State) {
    if let Some(Overlay::Register(shown)) = &mut state.overlay {
        shown.removing = true;
    }
}

/// Takes the chosen record out.
fn remove(state: &mut State) {
    let Some(Overlay::Register(shown)) = &state.overlay else { return };
    let Some(row) = shown.current() else { return };
    let command = InventoryCommand::RemoveRecord { stream: shown.stream, id: row.id.clone() };
    requests::submit(state, Purpose::RegisterChange, Request::Command(Command::Inventory(command)));
}

/// Something of the inventory was changed from the list.
pub fn changed(state: &mut State) {
    if matches!(state.overlay, Some(Overlay::Register(_))) {
        ask(state);
    }
}

fn turn(state: &mut State, by: usize) {
    let Some(Overlay::Register(shown)) = &mut state.overlay else { return };
    let at = STREAMS.iter().position(|stream| *stream == shown.stream).unwrap_or(0);
    let input = std::mem::take(&mut shown.input);
    **shown = Register { input, ..Register::new(STREAMS[(at + by) % STREAMS.len()]) };
    ask(state);
}

fn find_key(state: &mut State, key: Key) {
    let Some(Overlay::Register(shown)) = &mut state.overlay else { return };
    if key.code == KeyCode::Enter {
        shown.typing = false;
    } else if type_key(&mut shown.input, key) {
        (shown.cursor, shown.top) = (0, 0);
        ask(state);
    }
    state.draw();
}

/// Text was pasted into the line that is typed in.
pub fn typed(state: &mut State) {
    match &mut state.overlay {
        Some(Overlay::Register(shown)) => {
            (shown.cursor, shown.top) = (0, 0);
            ask(state);
        }
        Some(Overlay::Form(form)) if matches!(form.line(), HandField::Company | HandField::Type) => {
            form::look_up(state);
        }
        _ => {}
    }
}

/// Esc goes back one step: what is typed, what is found, the list.
pub fn escape(state: &mut State) {
    let Some(Overlay::Register(shown)) = &mut state.overlay else { return };
    if std::mem::take(&mut shown.removing) {
        return state.draw();
    }
    if shown.typing || !shown.input.value().is_empty() {
        (shown.typing, shown.input) = (false, Input::default());
        (shown.cursor, shown.top) = (0, 0);
        ask(state);
        return state.draw();
    }
    close(state);
}

fn detail(state: &mut State) {
    let Some(Overlay::Register(shown)) = &state.overlay else { return };
    let Some(row) = shown.current() else { return };
    let (stream, id) = (shown.stream, row.id.clone());
    let query = InventoryQuery::Detail { integration: IntegrationId::inventory(), stream, id };
    requests::submit(state, Purpose::Detail, Request::Query(Query::Inventory(query)));
    let behind = take_list(state);
    state.overlay = Some(Overlay::Detail { detail: None, scroll: 0, behind });
    state.draw();
}

/// Takes the list out of its place, to come back to it.
pub fn take_list(state: &mut State) -> Option<Box<Register>> {
    match state.overlay.take() {
        Some(Overlay::Register(shown)) => Some(shown),
        _ => None,
    }
}

/// Back to the list that a form or a detail was opened from.
pub fn back_to(state: &mut State, behind: Option<Box<Register>>) {
    // An answer that came meanwhile was not taken in.
    state.overlay = behind.map(|shown| Overlay::Register(Box::new(Register { asked: None, ..*shown })));
    ask(state);
    state.draw();
}

/// True, and said, where this terminal may only look.
pub fn read_only(state: &mut State) -> bool {
    if state.config.read_only {
        state.say(LogLevel::Info, "this terminal may only look (--read-only)");
    }
    state.config.read_only
}
