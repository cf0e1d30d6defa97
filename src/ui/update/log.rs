//! Moving about the sync log, and from a line to its record.

use super::{navigate, overlays, requests};
use crate::domain::{LogEntry, LogLevel, LogPage, Stream};
use crate::service::messages::{Filter, Ticket};
use crate::ui::command::CommandId;
use crate::ui::state::queue::QueueState;
use crate::ui::state::{Pane, State};
use crate::ui::widgets::number::index;

/// Moves the log's cursor; asks for lines that are not held near the edges, and for those at the ends of the log.
pub fn step(state: &mut State, id: CommandId) {
    let page = state.log_page();
    match id {
        CommandId::Top if !state.log.at_start => return requests::log_page(state, LogPage::After(0)),
        CommandId::Bottom if !state.log.at_end => return requests::log_page(state, LogPage::Newest),
        _ => {}
    }
    let to = navigate::target(id, state.log.cursor as u64, state.log.lines.len() as u64, page as u64);
    state.log.go(index(to), page);
    requests::more_log(state);
}

/// Lines came.
pub fn came(state: &mut State, ticket: Ticket, which: LogPage, lines: Vec<LogEntry>) {
    if state.log.asked.take_if(|(latest, _)| *latest == ticket).is_none() {
        return;
    }
    let (full, page) = (lines.len() >= requests::LOG_LINES as usize, state.log_page());
    state.log.take(which, lines, full, page);
    requests::more_log(state);
    overlays::search_what_waits(state);
    // What a key asked for is shown at once.
    if state.focus == Pane::Log { state.draw() } else { state.draw_soon() }
}

/// Follows new lines, or holds.
pub fn toggle_follow(state: &mut State) {
    let page = state.log_page();
    if state.log.follow {
        state.log.follow = false;
    } else if !state.log.at_end {
        requests::log_page(state, LogPage::Newest);
    } else {
        state.log.go(usize::MAX, page);
    }
    state.draw();
}

/// Shows the lines of the chosen integration only.
pub fn of_integration(state: &mut State) {
    let Some(id) = state.chosen_integration().map(|line| line.view.id.clone()) else { return };
    state.log.filter.integration = Some(id);
    requests::log(state);
    navigate::focus(state, Pane::Log);
}

/// Shows in the Queue the record that the line speaks of.
pub fn open_line(state: &mut State) {
    let Some(line) = state.log.lines.get(state.log.cursor) else { return };
    let (Some(record), stream) = (line.record.clone(), line.stream.unwrap_or(Stream::Devices)) else { return };
    let here = state.tab.as_ref().map(|(flow, _)| flow.clone());
    let tab = state
        .tabs()
        .filter(|(_, t)| t.stream == stream)
        .min_by_key(|(f, _)| Some(&f.id) != here.as_ref())
        .map(|(f, t)| (f.id.clone(), t.stream));
    let Some(tab) = tab else {
        return state.say(LogLevel::Info, format!("no flow matches {stream}"));
    };
    let queue = state.queues.entry(tab.clone()).or_insert_with(|| QueueState::new(tab.0.clone(), tab.1));
    queue.cursor_id = Some(record.clone());
    queue.change(|spec| {
        spec.filter = Filter::All;
        spec.company = None;
        spec.find = record.to_string();
    });
    state.focus = Pane::Queue;
    state.say(LogLevel::Info, format!("showing {record}; Esc shows all rows again"));
    navigate::show(state, tab);
}
