//! What an empty queue says: how to go on.

use crate::domain::RunState;
use crate::service::messages::Filter;
use crate::ui::state::State;
use crate::ui::state::queue::QueueState;
use crate::ui::widgets::number::{moment, thousands};

/// Lines for a screen without any queue.
#[must_use]
pub fn no_queue(state: &State) -> Vec<String> {
    if !state.known {
        return vec!["Opening the store; syncs and queues appear by themselves.".to_owned()];
    }
    if state.overview.integrations.is_empty() {
        return [
            "No integration is connected yet.",
            "",
            "c connects one: it asks for a key, tests it live and saves it in the",
            "encrypted vault. A read-only key is enough. Connect both sides, for",
            "example Addigy and IT Glue; then say what is matched.",
            "",
            "Only exported files?  c, then CSV",
            "Just looking?         q, then: matchbook demo",
            "In scripts            matchbook connect NAME --connector addigy",
        ]
        .map(str::to_owned)
        .to_vec();
    }
    [
        "Integrations are connected, but nothing says what is matched with what.",
        "",
        "Press 1, then n: from which system to which, or into matchbook's own",
        "inventory. Or c connects another.",
        "In scripts:  matchbook flow add SOURCE TARGET",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// Lines for a queue whose view has no rows.
#[must_use]
pub fn no_rows(state: &State, queue: &QueueState) -> Vec<String> {
    if queue.total.is_none() {
        return vec![format!("{} fetching rows", state.glyphs.busy)];
    }
    if !queue.spec.find.is_empty() {
        return vec![
            format!("No row contains \"{}\" among those shown ({}).", queue.spec.find, filter_word(queue.spec.filter)),
            "Esc shows all again; f widens the filter.".to_owned(),
        ];
    }
    if queue.counts.total() == 0 {
        return nothing_synced(state);
    }
    if queue.spec.filter == Filter::Open {
        let counts = queue.counts;
        let mut lines = vec![
            format!(
                "Nothing to decide here: {} matched, {} ignored, {} deferred.",
                thousands(counts.matched),
                thousands(counts.ignored),
                thousands(counts.deferred)
            ),
            String::new(),
        ];
        if counts.waiting > 0 {
            let verb = if counts.waiting == 1 { "waits" } else { "wait" };
            lines.push(format!(
                "{} {verb} for a company's match: h goes back to the companies.",
                thousands(counts.waiting)
            ));
        }
        if counts.deferred > 0 {
            lines.push("f then deferred shows what was put off.".to_owned());
        }
        lines.push("l goes to the next tab; f then all shows every row; H lists what was decided.".to_owned());
        lines.extend(next_sync(state));
        return lines;
    }
    vec![format!("No row is {}.", filter_word(queue.spec.filter)), "Esc goes back to the open rows.".to_owned()]
}

fn nothing_synced(state: &State) -> Vec<String> {
    let active = |s: &RunState| matches!(s, RunState::Running | RunState::Queued | RunState::Waiting { .. });
    let runs = state.overview.integrations.iter().any(|i| i.streams.iter().any(|s| active(&s.state)));
    let mut lines = if runs {
        vec!["The first sync is running: rows appear here as they come.".to_owned()]
    } else {
        vec!["Nothing was synced yet: S syncs all integrations now.".to_owned()]
    };
    lines.extend(next_sync(state));
    lines
}

/// Of the two sides of the flow that is shown; of all where none is.
fn next_sync(state: &State) -> Option<String> {
    let flow = state.tab_view().map(|(flow, _)| flow);
    let sides = state
        .overview
        .integrations
        .iter()
        .filter(|i| flow.is_none_or(|flow| flow.source_id == i.id || flow.target_id == i.id));
    let next = sides.filter_map(|i| i.next.map(|at| (at, &i.name))).min()?;
    Some(format!("Next scheduled sync: {} at {} UTC.", next.1, moment(next.0, state.now.wall)))
}

/// A filter as a word.
#[must_use]
pub fn filter_word(filter: Filter) -> &'static str {
    match filter {
        Filter::Open => "open",
        Filter::All => "all",
        Filter::State(state) => state.name(),
        Filter::Orphaned => "orphaned",
        Filter::LeftOut => "left out",
        Filter::Unimported => "not imported",
    }
}
