//! Starting, stopping and pausing syncs.

use super::requests;
use crate::domain::{IntegrationId, LogLevel, Stream};
use crate::service::messages::{Command, IntegrationState, IntegrationView, Request};
use crate::ui::state::ticket::Purpose;
use crate::ui::state::{Pane, State};

/// What the pane in focus points at: integrations, and a stream when the cursor is on one.
fn chosen(state: &State) -> Vec<(IntegrationId, Option<Stream>)> {
    match state.focus {
        Pane::Integrations => {
            let line = state.chosen_integration();
            line.map(|l| (l.view.id.clone(), l.stream.map(|s| l.view.streams[s].stream))).into_iter().collect()
        }
        Pane::Queue => {
            let flow = state.tab_view().map(|(f, _)| f);
            // The inventory is here: there is nothing to ask it for.
            let sides = flow.into_iter().flat_map(|f| [f.source_id.clone(), f.target_id.clone()]);
            sides.filter(|id| !id.is_inventory()).map(|id| (id, None)).collect()
        }
        Pane::Log => {
            let line = state.log.lines.get(state.log.cursor);
            line.and_then(|l| l.integration.clone()).map(|i| (i, None)).into_iter().collect()
        }
    }
}

fn vendor(state: &State, id: &IntegrationId) -> String {
    state.integration_view(id).map_or_else(|| id.to_string(), |i| i.name.clone())
}

/// Syncs what the pane in focus points at.
pub fn sync(state: &mut State, full: bool) {
    let chosen = chosen(state);
    if chosen.is_empty() {
        return state.say(LogLevel::Info, "go to an integration first: 1, then s; S syncs all");
    }
    let names: Vec<String> = chosen.iter().map(|(id, _)| vendor(state, id)).collect();
    for (integration, stream) in chosen {
        let command = Command::Sync { integration: Some(integration), stream, full };
        requests::submit(state, Purpose::Say, Request::Command(command));
    }
    state.say(LogLevel::Info, format!("sync asked for: {}", names.join(", ")));
}

/// Syncs everything.
pub fn sync_all(state: &mut State) {
    let command = Command::Sync { integration: None, stream: None, full: false };
    requests::submit(state, Purpose::Say, Request::Command(command));
    state.say(LogLevel::Info, "sync asked for: all integrations");
}

/// Stops running syncs: that of the chosen integration, or all.
pub fn cancel(state: &mut State) {
    let integration = match state.focus {
        Pane::Integrations => state.chosen_integration().map(|l| l.view.id.clone()),
        _ => None,
    };
    requests::submit(state, Purpose::Say, Request::Command(Command::CancelSync { integration }));
}

/// Pauses or resumes the chosen integration; in the Queue, the flow.
pub fn pause(state: &mut State) {
    if state.focus == Pane::Queue {
        let Some((flow, pause)) = state.tab_view().map(|(flow, _)| (flow.id.clone(), !flow.paused)) else { return };
        let command = Command::PauseFlow { flow, pause };
        requests::submit(state, Purpose::Say, Request::Command(command));
        return;
    }
    if state.focus != Pane::Integrations {
        return state.say(LogLevel::Info, "go to an integration first: 1, then p");
    }
    let Some(view) = state.chosen_integration().map(|l| l.view) else { return };
    let command = pause_or_resume(view);
    requests::submit(state, Purpose::Say, Request::Command(command));
}

fn pause_or_resume(view: &IntegrationView) -> Command {
    let integration = view.id.clone();
    if view.state == IntegrationState::Paused {
        Command::Resume { integration }
    } else {
        Command::Pause { integration }
    }
}
