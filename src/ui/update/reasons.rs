//! Why an action cannot be done now; the registry names these.

use crate::domain::RunState;
use crate::service::messages::IntegrationState;
use crate::ui::state::State;
use crate::ui::state::queue::QueueState;

/// It always can.
pub fn always(_: &State) -> Option<&'static str> {
    None
}

/// There has to be a queue.
pub fn no_queue(state: &State) -> Option<&'static str> {
    state.tab.is_none().then_some("there is no queue yet: connect two integrations and add a flow")
}

/// There has to be a row under the cursor.
pub fn no_row(state: &State) -> Option<&'static str> {
    let row = state.queue().and_then(|q| q.cursor_id.as_ref());
    row.is_none().then_some("there is no row under the cursor")
}

/// The row, unless rows are marked, has to have a candidate.
pub fn no_candidate(state: &State) -> Option<&'static str> {
    let Some(queue) = state.queue() else { return no_queue(state) };
    if queue.marked() > 0 {
        return None;
    }
    match queue.current() {
        Some(row) if row.target.is_none() => Some("the row has no candidate: m searches for one"),
        Some(_) => None,
        None => no_row(state),
    }
}

/// Compare has to show the row under the cursor.
pub fn no_compare(state: &State) -> Option<&'static str> {
    let shown = match (&state.tab, state.queue()) {
        (Some(tab), Some(QueueState { cursor_id: Some(id), .. })) => state.compare.of(tab, id).is_some(),
        _ => return no_row(state),
    };
    (!shown).then_some("Compare does not show this row yet")
}

/// There has to be an integration.
pub fn no_integration(state: &State) -> Option<&'static str> {
    state.overview.integrations.is_empty().then_some("no integration is connected: 1 then c connects one")
}

/// The home must be one that can be changed from here.
pub fn not_here(state: &State) -> Option<&'static str> {
    state.kinds.is_empty().then_some("not in a demo: q, then matchbook alone opens a home of your own")
}

/// Such a home with an integration.
pub fn no_key_here(state: &State) -> Option<&'static str> {
    not_here(state).or_else(|| no_integration(state))
}

/// Two sides make a flow.
pub fn no_pair(state: &State) -> Option<&'static str> {
    not_here(state)
        .or_else(|| state.overview.integrations.is_empty().then_some("a flow needs an integration: c connects one"))
}

/// A sync has to run.
pub fn nothing_running(state: &State) -> Option<&'static str> {
    let active = |s: &RunState| matches!(s, RunState::Running | RunState::Queued | RunState::Waiting { .. });
    let runs = state.overview.integrations.iter();
    let runs = runs.filter(|i| i.state == IntegrationState::Syncing || i.streams.iter().any(|s| active(&s.state)));
    (runs.count() == 0).then_some("no sync is running")
}

/// The log line has to speak of a record.
pub fn no_record_line(state: &State) -> Option<&'static str> {
    let line = state.log.lines.get(state.log.cursor);
    line.is_none_or(|l| l.record.is_none()).then_some("the line speaks of no single record")
}
