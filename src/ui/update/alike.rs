//! Apply to alike: what was decided on a row, on the rows that are like it, after a preview and as one undo.

use super::{decide, overlays, requests};
use crate::domain::LogLevel;
use crate::service::messages::{AlikeRows, DecideAction, Query, Request, Selection, ViewSpec};
use crate::ui::state::State;
use crate::ui::state::overlay::Choice;
use crate::ui::state::ticket::Purpose;
use crate::ui::widgets::number::counted;

/// Asks what is like the row decided last in this tab, or else like the row under the cursor.
pub fn open(state: &mut State) {
    let Some(tab) = state.tab.clone() else { return };
    let last = state.trail.last().filter(|(of, _)| *of == tab).and_then(|(_, row)| row.clone());
    let here = state.queue().and_then(|q| q.cursor_id.clone());
    let marked = state.marked() > 0;
    let Some(source) = last.filter(|_| !marked).or(here) else {
        return state.say(LogLevel::Info, "decide a row first: e does the same on rows like it");
    };
    let query = Query::Alike { flow: tab.0, stream: tab.1, source };
    requests::submit(state, Purpose::Alike, Request::Query(query));
}

/// The answer: a choice of groups.
pub fn came(state: &mut State, alike: &AlikeRows) {
    if alike.groups.is_empty() {
        let text = format!("no open row is like {}: none shares its company, beginning of name or reason", alike.name);
        return state.say(LogLevel::Info, text);
    }
    let verb = verb(&alike.action);
    let mut items = Vec::new();
    for group in &alike.groups {
        let own = if alike.action == DecideAction::Accept { "each with its own candidate" } else { "" };
        let choice = choice(verb, &alike.action, None, &group.view);
        items.push((format!("{}: {}", counted(group.rows, "row", "rows"), group.label), own.to_owned(), choice));
        if let Some(target) = alike.target.as_ref().filter(|_| group.view.alike.is_some()) {
            let action = DecideAction::Match { target: target.id.clone() };
            let label = format!("{}: {}", counted(group.rows, "row", "rows"), group.label);
            let choice = Choice::Alike { verb: "Match", action, label: Some(target.clone()), rows: shown(&group.view) };
            items.push((label, format!("all with {}", target.name), choice));
        }
    }
    overlays::open_menu(state, format!("{verb}, as with {}", alike.name), items, None);
}

fn verb(action: &DecideAction) -> &'static str {
    match action {
        DecideAction::Ignore => "Ignore",
        DecideAction::Defer => "Defer",
        DecideAction::Unmatch => "Unmatch",
        DecideAction::Match { .. } => "Match",
        _ => "Accept",
    }
}

fn shown(view: &ViewSpec) -> Selection {
    Selection::Shown { view: Box::new(view.clone()), except: Vec::new() }
}

fn choice(
    verb: &'static str,
    action: &DecideAction,
    label: Option<crate::service::messages::TargetLabel>,
    view: &ViewSpec,
) -> Choice {
    Choice::Alike { verb, action: action.clone(), label, rows: shown(view) }
}

/// A group was chosen: what would happen is shown first.
pub fn chosen(
    state: &mut State,
    verb: &str,
    action: DecideAction,
    label: Option<crate::service::messages::TargetLabel>,
    rows: Selection,
) {
    let title = match &label {
        Some(label) => format!("{verb} these with {}?", label.name),
        None => format!("{verb} these?"),
    };
    decide::ask(state, action, rows, label, title, Some(true));
}
