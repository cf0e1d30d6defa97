//! What is stored of an integration, and the way from there to the rows.

use super::overlays::close;
use super::overlays::list_key;
use super::{keys, navigate, reasons, requests};
use crate::domain::{IntegrationId, LogLevel};
use crate::service::messages::{Command, Filter, Query, Request, StreamData};
use crate::ui::command::CommandId;
use crate::ui::key::{Key, KeyCode};
use crate::ui::state::overlay::{Confirm, Data, Overlay, Then};
use crate::ui::state::ticket::Purpose;
use crate::ui::state::{Pane, State};
use crate::ui::widgets::number::thousands;

/// Opens it for the chosen integration.
pub fn open(state: &mut State) {
    let Some(line) = state.chosen_integration() else { return };
    let (integration, vendor) = (line.view.id.clone(), line.view.name.clone());
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
        KeyCode::Char('r') => reconnect(state),
        KeyCode::Char('x') => ask_to_delete(state),
        KeyCode::Char('e') => renew(state),
        KeyCode::Char('q' | 'm') => close(state),
        _ => {}
    }
}

/// A new key for the integration shown, which is the chosen one.
fn renew(state: &mut State) {
    if refused(state) {
        return;
    }
    close(state);
    keys::run(state, CommandId::RenewKey, None);
}

/// Says so where a terminal may only look.
fn refused(state: &mut State) -> bool {
    let only_looks = state.config.read_only;
    if only_looks {
        state.say(LogLevel::Info, "this terminal may only look (--read-only)");
    }
    only_looks
}

/// The integration shown, with the stream under the cursor.
fn chosen(state: &State) -> Option<(IntegrationId, String, StreamData)> {
    let Some(Overlay::Data(shown)) = &state.overlay else { return None };
    let data = shown.streams.as_ref()?.get(shown.cursor)?.clone();
    Some((shown.integration.clone(), shown.vendor.clone(), data))
}

/// Syncs records again whose sync was switched off.
fn reconnect(state: &mut State) {
    let Some((integration, _, data)) = chosen(state) else { return };
    if data.off == 0 {
        return state
            .say(LogLevel::Info, format!("the sync of no {} is switched off; R on a row does that", data.label));
    }
    if refused(state) {
        return;
    }
    let command = Command::Reconnect { integration, stream: data.stream };
    close(state);
    requests::submit(state, Purpose::Say, Request::Command(command));
}

/// Asks whether the orphans may go, and says what is lost with them.
fn ask_to_delete(state: &mut State) {
    let Some((integration, vendor, data)) = chosen(state) else { return };
    let (free, stay) = (data.orphaned.saturating_sub(data.disconnected), data.disconnected);
    if free == 0 {
        let text = match stay {
            0 => format!("no {} is orphaned", data.label),
            _ => format!("{} orphaned, each of them matched: o shows them, x there unmatches", thousands(stay)),
        };
        return state.say(LogLevel::Info, text);
    }
    if let Some(reason) = reasons::not_here(state) {
        return state.say(LogLevel::Info, reason);
    }
    if refused(state) {
        return;
    }
    let counted = format!("{} {}", thousands(free), data.label);
    let mut lines = vec![
        format!("{counted} that {vendor} no longer lists: their fields are lost here, and what was seen of them."),
        format!("Nothing is deleted at {vendor}. One that is listed again comes back by itself."),
    ];
    if stay > 0 {
        lines.push(format!("{} that are matched stay, with their matches.", thousands(stay)));
    }
    lines.push("A backup is made first: `matchbook restore` brings everything back.".to_owned());
    let title = format!("Delete {counted}?");
    let then = Then::DeleteOrphans(integration, data.stream);
    state.overlay = Some(Overlay::Confirm(Confirm { title, then, ticket: None, preview: None, lines, keep: None }));
    state.draw();
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
