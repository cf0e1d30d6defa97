//! What is always there: Integrations, Queue with Compare, Sync log, footer.

pub mod compare;
pub mod empty;
pub mod footer;
pub mod integrations;
pub mod log;
pub mod queue;
pub mod staged;

use super::CommandId;
use super::state::{Pane, State};

/// A pane's name after the key that leads to it from the focused one: ` 1 Integrations `, ` Tab Sync log `. In the Queue
/// digits take candidates, so none is shown there that would do that.
pub(super) fn title(state: &State, pane: Pane) -> String {
    let (command, name) = match pane {
        Pane::Integrations => (CommandId::FocusIntegrations, "Integrations"),
        Pane::Queue => (CommandId::FocusQueue, "Queue"),
        Pane::Log => (CommandId::FocusLog, "Sync log"),
    };
    let command = match (state.focus, pane) {
        (Pane::Queue, Pane::Queue) => None,
        (Pane::Queue, Pane::Log) => Some(CommandId::NextPane),
        _ => Some(command),
    };
    let key = command.and_then(|command| state.keymap.keys(command).first().map(|key| format!("{key} ")));
    format!(" {}{name} ", key.unwrap_or_default())
}
