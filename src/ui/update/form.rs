//! The form of a record of the inventory: entered by hand, or changed by hand.

use super::overlays::{keep_in_sight, type_key};
use super::register::{back_to, read_only, stream_here, take_list};
use super::requests;
use crate::domain::{HandField, IntegrationId, LogLevel, Stream};
use crate::service::messages::{Command, Detail, InventoryCommand, InventoryQuery, Query, Request, Ticket};
use crate::ui::key::{Key, KeyCode};
use crate::ui::overlays::register::form_page;
use crate::ui::state::State;
use crate::ui::state::form::Form;
use crate::ui::state::overlay::Overlay;
use crate::ui::state::ticket::Purpose;

/// Hits that the form offers.
const HITS: u32 = 4;

/// Opens the form of a record of the stream that is listed.
pub fn add_here(state: &mut State) {
    if read_only(state) {
        return;
    }
    let Some(behind) = take_list(state) else { return };
    let mut form = Form::new(behind.stream);
    form.behind = Some(behind);
    state.overlay = Some(Overlay::Form(Box::new(form)));
    state.draw();
}

/// Asks for the chosen record of the list, to change it.
pub fn edit_here(state: &mut State) {
    if read_only(state) {
        return;
    }
    let Some(Overlay::Register(shown)) = &state.overlay else { return };
    let Some(row) = shown.current() else { return };
    let (stream, id, company) = (shown.stream, row.id.clone(), row.company.clone());
    let query = InventoryQuery::Detail { integration: IntegrationId::inventory(), stream, id };
    let ticket = requests::submit(state, Purpose::EditForm, Request::Query(Query::Inventory(query)));
    if let Some(Overlay::Register(shown)) = &mut state.overlay {
        shown.opening = Some((ticket, company));
    }
}

/// The record came: opens the form with what stands there.
pub fn on_record(state: &mut State, ticket: Ticket, detail: &Detail) {
    let Some(Overlay::Register(shown)) = &mut state.overlay else { return };
    let Some((_, company)) = shown.opening.take_if(|(latest, _)| *latest == ticket) else { return };
    if !detail.follows.is_empty() {
        let text = format!("{} was imported and follows {}: change it there", detail.name, detail.follows);
        return state.say(LogLevel::Info, text);
    }
    let mut form = Form::of(shown.stream, detail, &company);
    form.behind = take_list(state);
    state.overlay = Some(Overlay::Form(Box::new(form)));
    state.draw();
}

/// Opens the form of a record like those of the tab shown.
pub fn add(state: &mut State) {
    let mut form = Form::new(stream_here(state));
    // A name that was looked for and is not there is likely the one to enter.
    let looked_for = state.queue().filter(|queue| queue.len() == 0).map(|queue| queue.spec.find.clone());
    form.set(HandField::Name, &looked_for.unwrap_or_default());
    state.overlay = Some(Overlay::Form(Box::new(form)));
    state.draw();
}

/// A key of the form.
pub fn key(state: &mut State, key: Key) {
    let page = form_page(state);
    let Some(Overlay::Form(form)) = &mut state.overlay else { return };
    if form.saving {
        return;
    }
    let last = form.lines.len().saturating_sub(1);
    let looks_up = matches!(form.line(), HandField::Company | HandField::Type);
    match key.code {
        KeyCode::Left | KeyCode::Right if looks_up && form.hits.len() > 1 => {
            let count = form.hits.len();
            form.hit = (form.hit + if key.code == KeyCode::Left { count - 1 } else { 1 }) % count;
        }
        KeyCode::Tab => go(form, if form.at < last { form.at + 1 } else { 0 }),
        KeyCode::BackTab => go(form, form.at.checked_sub(1).unwrap_or(last)),
        KeyCode::Down => go(form, (form.at + 1).min(last)),
        KeyCode::Up => go(form, form.at.saturating_sub(1)),
        KeyCode::PageDown => go(form, (form.at + page).min(last)),
        KeyCode::PageUp => go(form, form.at.saturating_sub(page)),
        KeyCode::Enter if form.at < last => go(form, form.at + 1),
        KeyCode::Enter => return save(state),
        KeyCode::Char('s') if key.ctrl => return save(state),
        _ => {
            form.wrong.clear();
            form.save_when_found = false;
            let Some(input) = form.input() else { return };
            if type_key(input, key) && looks_up {
                look_up(state);
            }
        }
    }
    if let Some(Overlay::Form(form)) = &mut state.overlay {
        form.top = keep_in_sight(form.top, form.at, page);
    }
    state.draw();
}

/// To another line; what was chosen in the one before stays.
fn go(form: &mut Form, to: usize) {
    form.take_hit();
    (form.at, form.hit) = (to, 0);
    form.hits.clear();
}

/// Looks for companies or types of the inventory that fit what was typed.
pub fn look_up(state: &mut State) {
    let Some(Overlay::Form(form)) = &mut state.overlay else { return };
    let line = form.line();
    let stream = if line == HandField::Company { Stream::Companies } else { Stream::DeviceTypes };
    let Some(find) = form.text(line) else {
        form.asked.retain(|(_, asked)| *asked != line);
        return form.hits.clear();
    };
    let query = InventoryQuery::List { stream, find, offset: 0, limit: HITS };
    let ticket = requests::submit(state, Purpose::Register, Request::Query(Query::Inventory(query)));
    if let Some(Overlay::Form(form)) = &mut state.overlay {
        form.asked.retain(|(_, asked)| *asked != line);
        form.asked.push((ticket, line));
    }
}

/// Puts what was entered into the inventory; the form stays until that is done.
pub fn save(state: &mut State) {
    let Some(Overlay::Form(form)) = &mut state.overlay else { return };
    form.take_hit();
    if !form.asked.is_empty() {
        // The company or the type that was typed last is still looked for.
        form.save_when_found = true;
        return state.draw();
    }
    let stream = form.stream;
    let command = match form.edits.clone() {
        None => form.record().map(|record| InventoryCommand::AddRecord { record: Box::new(record) }),
        Some(id) => form.changes().map(|fields| InventoryCommand::EditRecord { stream, id, fields }),
    };
    match command {
        Ok(InventoryCommand::EditRecord { fields, .. }) if fields.is_empty() => return leave(state),
        Ok(command) => {
            form.saving = true;
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
pub fn leave(state: &mut State) {
    let Some(Overlay::Form(form)) = &mut state.overlay else { return };
    let behind = form.behind.take();
    back_to(state, behind);
}
