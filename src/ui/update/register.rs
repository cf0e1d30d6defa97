//! The inventory's list, and records that are entered by hand.

use super::overlays::{close, type_key};
use super::{navigate, requests};
use crate::domain::{IntegrationId, LogLevel, Stream};
use crate::service::messages::{Command, InventoryCommand, InventoryList, InventoryQuery, Query, Request, Ticket};
use crate::ui::command::CommandId;
use crate::ui::key::{Key, KeyCode};
use crate::ui::overlays::register::page;
use crate::ui::state::State;
use crate::ui::state::overlay::Overlay;
use crate::ui::state::register::{Form, Line, Register, STREAMS, WINDOW};
use crate::ui::state::ticket::Purpose;
use tui_input::Input;

/// Hits that the form offers.
const HITS: u32 = 4;

/// The stream of the tab shown, where the inventory keeps it.
fn stream_here(state: &State) -> Stream {
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
        Some(Overlay::Form(form)) if form.asked == Some(ticket) => {
            (form.asked, form.hit, form.hits) = (None, 0, list.rows);
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
        KeyCode::Char('+' | 'c') => return add_here(state),
        KeyCode::Char('q' | 'X') => return close(state),
        _ => return,
    }
    state.draw();
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
        Some(Overlay::Form(form)) if matches!(form.line(), Line::Company | Line::Kind) => look_up(state),
        _ => {}
    }
}

/// Esc goes back one step: what is typed, what is found, the list.
pub fn escape(state: &mut State) {
    let Some(Overlay::Register(shown)) = &mut state.overlay else { return };
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

fn take_list(state: &mut State) -> Option<Box<Register>> {
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

/// Opens the form of a record of the stream that is listed; a device's company is the one that is chosen there.
fn add_here(state: &mut State) {
    if read_only(state) {
        return;
    }
    let Some(behind) = take_list(state) else { return };
    let mut form = Form::new(behind.stream);
    form.behind = Some(behind);
    state.overlay = Some(Overlay::Form(Box::new(form)));
    state.draw();
}

fn read_only(state: &mut State) -> bool {
    if state.config.read_only {
        state.say(LogLevel::Info, "this terminal may only look (--read-only)");
    }
    state.config.read_only
}

/// Opens the form of a record like those of the tab shown.
pub fn add(state: &mut State) {
    let mut form = Form::new(stream_here(state));
    // A name that was looked for and is not there is likely the one to enter.
    let looked_for = state.queue().filter(|queue| queue.len() == 0).map(|queue| queue.spec.find.clone());
    form.set(Line::Name, &looked_for.unwrap_or_default());
    state.overlay = Some(Overlay::Form(Box::new(form)));
    state.draw();
}

/// A key of the form.
pub fn form_key(state: &mut State, key: Key) {
    let Some(Overlay::Form(form)) = &mut state.overlay else { return };
    if form.saving {
        return;
    }
    let last = form.lines.len().saturating_sub(1);
    let looks_up = matches!(form.line(), Line::Company | Line::Kind);
    match key.code {
        KeyCode::Left | KeyCode::Right if looks_up && form.hits.len() > 1 => {
            let count = form.hits.len();
            form.hit = (form.hit + if key.code == KeyCode::Left { count - 1 } else { 1 }) % count;
        }
        KeyCode::Tab => go(form, if form.at < last { form.at + 1 } else { 0 }),
        KeyCode::BackTab => go(form, form.at.checked_sub(1).unwrap_or(last)),
        KeyCode::Down => go(form, (form.at + 1).min(last)),
        KeyCode::Up => go(form, form.at.saturating_sub(1)),
        KeyCode::Enter if form.at < last => go(form, form.at + 1),
        KeyCode::Enter => return save(state),
        KeyCode::Char('s') if key.ctrl => return save(state),
        _ => {
            form.wrong.clear();
            let Some(input) = form.input() else { return };
            if type_key(input, key) && looks_up {
                look_up(state);
            }
        }
    }
    state.draw();
}

/// To another line; what was chosen in the one before stays.
fn go(form: &mut Form, to: usize) {
    form.take_hit();
    (form.at, form.hit, form.asked) = (to, 0, None);
    form.hits.clear();
}

/// Looks for companies or types of the inventory that fit what was typed.
fn look_up(state: &mut State) {
    let Some(Overlay::Form(form)) = &mut state.overlay else { return };
    let line = form.line();
    let stream = if line == Line::Company { Stream::Companies } else { Stream::DeviceTypes };
    let Some(find) = form.text(line) else { return form.hits.clear() };
    let query = InventoryQuery::List { stream, find, offset: 0, limit: HITS };
    let ticket = requests::submit(state, Purpose::Register, Request::Query(Query::Inventory(query)));
    if let Some(Overlay::Form(form)) = &mut state.overlay {
        form.asked = Some(ticket);
    }
}

/// Puts what was entered into the inventory; the form stays until that is done.
fn save(state: &mut State) {
    let Some(Overlay::Form(form)) = &mut state.overlay else { return };
    form.take_hit();
    match form.record() {
        Ok(record) => {
            form.saving = true;
            let command = InventoryCommand::AddRecord { record: Box::new(record) };
            requests::submit(state, Purpose::AddRecord, Request::Command(Command::Inventory(command)));
        }
        Err(wrong) => form.wrong = wrong,
    }
    state.draw();
}

/// It is in the inventory.
pub fn added(state: &mut State) {
    if let Some(Overlay::Form(form)) = &mut state.overlay
        && form.saving
    {
        let behind = form.behind.take();
        back_to(state, behind);
    }
}

/// It is not: what was entered stays on the screen.
pub fn refused(state: &mut State, failure: &crate::domain::Failure) {
    if let Some(Overlay::Form(form)) = &mut state.overlay {
        (form.saving, form.wrong) = (false, failure.to_string());
        state.draw();
    }
}

/// Esc of the form.
pub fn leave_form(state: &mut State) {
    let Some(Overlay::Form(form)) = &mut state.overlay else { return };
    let behind = form.behind.take();
    back_to(state, behind);
}
