//! Sync settings: opened, edited, previewed and, after a question that names what leaves, changed.

use super::overlays::{close, list_page};
use super::{SEARCH_AFTER, requests};
use crate::domain::{LogLevel, SyncScope};
use crate::service::messages::{Command, Query, Request, ScopePreview, SyncSettings, Ticket};
use crate::ui::key::{Key, KeyCode};
use crate::ui::message::Effect;
use crate::ui::state::State;
use crate::ui::state::overlay::Overlay;
use crate::ui::state::settings::{Asking, Settings};
use crate::ui::state::ticket::Purpose;

/// Lines of the list on the screen: what is left of an overlay beside the preview and the keys.
#[must_use]
pub fn page(state: &State) -> usize {
    list_page(state).saturating_sub(1).max(1)
}

/// Opens those of the chosen integration.
pub fn open(state: &mut State) {
    let Some(line) = state.chosen_integration() else { return };
    let (integration, vendor) = (line.view.id.clone(), line.view.name.clone());
    let stored = Query::SyncSettings { integration: integration.clone(), ask: false };
    requests::submit(state, Purpose::SyncSettings, Request::Query(stored));
    state.overlay = Some(Overlay::Settings(Box::new(Settings::new(integration, vendor, SyncScope::default()))));
    state.draw();
}

fn shown(state: &mut State) -> Option<&mut Settings> {
    match &mut state.overlay {
        Some(Overlay::Settings(settings)) => Some(settings),
        _ => None,
    }
}

/// The door said what is in effect.
pub fn on_settings(state: &mut State, current: SyncSettings) {
    let Some(settings) = shown(state).filter(|s| s.integration == current.integration) else { return };
    if settings.current.is_some() {
        settings.replace(current);
        state.draw();
        return;
    }
    settings.scope = current.scope.clone();
    let (warning, integration) = (current.warnings.first().cloned(), current.integration.clone());
    settings.current = Some(current);
    if let Some(warning) = warning {
        state.say(LogLevel::Warn, warning);
    }
    // What is stored is there at once; the vendor may know more choices, and takes its time.
    let asked = Query::SyncSettings { integration, ask: true };
    requests::submit(state, Purpose::MoreChoices, Request::Query(asked));
    state.draw();
}

/// The door said what the edit would do; only the latest answer counts.
pub fn on_preview(state: &mut State, ticket: Ticket, preview: ScopePreview) {
    let Some(settings) = shown(state).filter(|s| s.ticket == Some(ticket)) else { return };
    settings.ticket = None;
    settings.preview = Some(preview);
    if std::mem::take(&mut settings.hurried) {
        settings.asking = Some(Asking::default());
    }
    state.draw();
}

/// The change or its preview was refused: the edit stays, so that nothing has to be chosen again.
pub fn on_refused(state: &mut State) {
    if let Some(settings) = shown(state) {
        settings.asking = None;
        settings.ticket = None;
        settings.hurried = false;
    }
    state.draw();
}

/// Asks what the edit would do.
pub fn count(state: &mut State) {
    let Some(settings) = shown(state) else { return };
    settings.due = None;
    let (integration, scope) = (settings.integration.clone(), settings.scope.clone());
    let query = Query::PreviewSyncSettings { integration, scope };
    let ticket = requests::submit(state, Purpose::ScopePreview, Request::Query(query));
    if let Some(settings) = shown(state) {
        settings.ticket = Some(ticket);
    }
}

fn changed(state: &mut State) {
    let at = state.now.since_start + SEARCH_AFTER;
    let Some(settings) = shown(state) else { return };
    settings.preview = None;
    settings.ticket = None;
    settings.hurried = false;
    settings.due = settings.is_changed().then_some(at);
    if settings.due.is_some() {
        state.effects.push(Effect::WakeAt(at));
    }
}

/// Esc: from the question back to the settings, from there away without a change.
pub fn escape(state: &mut State) {
    match shown(state) {
        Some(settings) if settings.asking.as_ref().is_some_and(|asking| !asking.saving) => settings.asking = None,
        Some(settings) => {
            let edited = settings.is_changed() && settings.asking.is_none();
            close(state);
            if edited {
                state.say(LogLevel::Info, "sync settings: nothing was changed");
            }
        }
        None => {}
    }
    state.draw();
}

/// A key while they are open.
pub fn key(state: &mut State, key: Key) {
    let page = page(state);
    let Some(settings) = shown(state) else { return };
    if settings.asking.is_some() {
        return asking_key(state, key, page);
    }
    let last = settings.items().len().saturating_sub(1);
    match (key.code, key.ctrl) {
        (KeyCode::Char('j'), false) | (KeyCode::Down, _) => settings.cursor = (settings.cursor + 1).min(last),
        (KeyCode::Char('k'), false) | (KeyCode::Up, _) => settings.cursor = settings.cursor.saturating_sub(1),
        (KeyCode::Char('d'), true) | (KeyCode::PageDown, _) => settings.cursor = (settings.cursor + page).min(last),
        (KeyCode::Char('u'), true) | (KeyCode::PageUp, _) => settings.cursor = settings.cursor.saturating_sub(page),
        (KeyCode::Char('g') | KeyCode::Home, _) => settings.cursor = 0,
        (KeyCode::Char('G') | KeyCode::End, _) => settings.cursor = last,
        (KeyCode::Tab | KeyCode::Char(']'), _) => settings.cursor = settings.next_list(true),
        (KeyCode::BackTab | KeyCode::Char('['), _) => settings.cursor = settings.next_list(false),
        (KeyCode::Char(' '), _) => return toggle(state),
        (KeyCode::Char('o'), false) => {
            settings.only();
            changed(state);
        }
        (KeyCode::Char('h' | '-') | KeyCode::Left, _) => step(state, false),
        (KeyCode::Char('l' | '+') | KeyCode::Right, _) => step(state, true),
        (KeyCode::Char('q'), _) => return escape(state),
        (KeyCode::Enter, _) => return enter(state),
        _ => {}
    }
    if let Some(settings) = shown(state) {
        settings.keep_in_sight(page);
    }
    state.draw();
}

fn toggle(state: &mut State) {
    let Some(settings) = shown(state) else { return };
    match settings.toggle() {
        Ok(()) => changed(state),
        Err(reason) => state.say(LogLevel::Info, reason),
    }
    state.draw();
}

fn step(state: &mut State, longer: bool) {
    if let Some(settings) = shown(state) {
        let before = settings.scope.ticket_months;
        settings.step(longer);
        if settings.scope.ticket_months != before {
            changed(state);
        }
    }
}

/// Asks, once it is known what would leave.
fn enter(state: &mut State) {
    let Some(settings) = shown(state) else { return };
    if !settings.is_changed() {
        close(state);
        return state.say(LogLevel::Info, "sync settings: nothing was changed");
    }
    if settings.preview.is_some() {
        settings.asking = Some(Asking::default());
        state.draw();
        return;
    }
    settings.hurried = true;
    if settings.due.take().is_some() || settings.ticket.is_none() {
        count(state);
    }
}

fn asking_key(state: &mut State, key: Key, page: usize) {
    let most = crate::ui::overlays::settings::question(state).len().saturating_sub(page + 2);
    let Some(settings) = shown(state) else { return };
    let Some(asking) = settings.asking.as_mut().filter(|asking| !asking.saving) else { return };
    match key.code {
        KeyCode::Char('j') | KeyCode::Down => asking.scroll = (asking.scroll + 1).min(most),
        KeyCode::Char('k') | KeyCode::Up => asking.scroll = asking.scroll.saturating_sub(1),
        KeyCode::PageDown => asking.scroll = (asking.scroll + page).min(most),
        KeyCode::PageUp => asking.scroll = asking.scroll.saturating_sub(page),
        KeyCode::Char('n' | 'q') => return escape(state),
        KeyCode::Enter | KeyCode::Char('y') => {
            asking.saving = true;
            let (integration, scope) = (settings.integration.clone(), settings.scope.clone());
            let command = Command::SetSyncSettings { integration, scope, sync: true };
            requests::submit(state, Purpose::SetSyncSettings, Request::Command(command));
        }
        _ => {}
    }
    state.draw();
}
