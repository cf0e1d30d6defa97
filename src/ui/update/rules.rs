//! The list of rules that decisions left.

use super::overlays::{close, keep_in_sight, list_key, list_page};
use super::requests;
use crate::service::messages::{Command, Query, Request, RuleView};
use crate::ui::key::{Key, KeyCode};
use crate::ui::state::State;
use crate::ui::state::overlay::Overlay;
use crate::ui::state::ticket::Purpose;

/// Lists the rules.
pub fn open(state: &mut State) {
    ask(state);
    state.overlay = Some(Overlay::Rules { rules: None, cursor: 0, top: 0 });
    state.draw();
}

fn ask(state: &mut State) {
    requests::submit(state, Purpose::Rules, Request::Query(Query::Rules { flow: None }));
}

/// The list came; the cursor stays where it was.
pub fn came(state: &mut State, list: Vec<RuleView>) {
    let page = list_page(state);
    if let Some(Overlay::Rules { rules, cursor, top }) = &mut state.overlay {
        *cursor = (*cursor).min(list.len().saturating_sub(1));
        *top = keep_in_sight(*top, *cursor, page);
        *rules = Some(list);
        state.draw();
    }
}

/// A rule was changed: the list is asked for anew.
pub fn changed(state: &mut State) {
    if matches!(state.overlay, Some(Overlay::Rules { .. })) {
        ask(state);
    }
}

/// A key while the list is open.
pub fn key(state: &mut State, key: Key) {
    let page = list_page(state);
    let Some(Overlay::Rules { rules: Some(rules), cursor, top }) = &mut state.overlay else {
        return if key.code == KeyCode::Char('q') {
            close(state);
        };
    };
    if let Some(to) = list_key(key, *cursor, rules.len(), page) {
        *cursor = to;
    }
    match key.code {
        KeyCode::Char('q') => return close(state),
        KeyCode::Char('x') => {
            let command = rules.get(*cursor).map(|rule| Command::RemoveRule { rule: rule.id });
            return change(state, command);
        }
        KeyCode::Char('e') => {
            let everywhere = |rule: &RuleView| Command::ScopeRule { rule: rule.id, everywhere: !rule.everywhere };
            let command = rules.get(*cursor).map(everywhere);
            return change(state, command);
        }
        _ => {}
    }
    *top = keep_in_sight(*top, *cursor, page);
    state.draw();
}

fn change(state: &mut State, command: Option<Command>) {
    if let Some(command) = command {
        requests::submit(state, Purpose::RuleChange, Request::Command(command));
    }
}
