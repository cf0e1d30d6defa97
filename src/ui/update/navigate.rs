//! Moving about: cursor, panes, tabs, steps back.

use super::{log, overlays, requests};
use crate::domain::{FlowId, LogLevel, MatchState, RecordId, Stream};
use crate::service::messages::Filter;
use crate::ui::command::CommandId;
use crate::ui::message::Effect;
use crate::ui::state::marks::Marks;
use crate::ui::state::queue::{QueueState, usual_filter};
use crate::ui::state::{Pane, State, TabKey};

/// Moves the cursor of the pane in focus.
pub fn step(state: &mut State, id: CommandId) {
    match state.focus {
        Pane::Queue => queue(state, id),
        Pane::Integrations => integrations(state, id),
        Pane::Log => log::step(state, id),
    }
    state.draw();
}

/// Where a step leads from a position among `len` places with `page` on the screen.
#[must_use]
pub fn target(id: CommandId, at: u64, len: u64, page: u64) -> u64 {
    let last = len.saturating_sub(1);
    let to = match id {
        CommandId::Down => at.saturating_add(1),
        CommandId::Up => at.saturating_sub(1),
        CommandId::Bottom => last,
        CommandId::HalfDown => at.saturating_add((page / 2).max(1)),
        CommandId::HalfUp => at.saturating_sub((page / 2).max(1)),
        CommandId::PageDown => at.saturating_add(page),
        CommandId::PageUp => at.saturating_sub(page),
        _ => 0,
    };
    to.min(last)
}

fn queue(state: &mut State, id: CommandId) {
    let page = state.page();
    let Some(queue) = state.queue_mut() else { return };
    let to = target(id, queue.cursor, queue.len(), page);
    if to != queue.cursor {
        go(state, to);
    }
}

/// Moves the queue's cursor, fetching rows and Compare as needed.
pub fn go(state: &mut State, position: u64) {
    let page = state.page();
    if let Some(queue) = state.queue_mut() {
        queue.touched = true;
        queue.go(position, page);
    }
    state.compare.scroll = 0;
    requests::window(state);
    requests::compare_later(state);
    state.draw();
}

fn integrations(state: &mut State, id: CommandId) {
    let len = state.integration_lines().count() as u64;
    let to = target(id, state.integration as u64, len, 10);
    state.integration = crate::ui::widgets::number::index(to);
}

/// Goes so many panes on.
pub fn pane(state: &mut State, by: usize) {
    let at = Pane::ALL.iter().position(|p| *p == state.focus).unwrap_or(0);
    focus(state, Pane::ALL[(at + by) % Pane::ALL.len()]);
}

/// Goes to a pane.
pub fn focus(state: &mut State, pane: Pane) {
    if state.focus == pane {
        return;
    }
    state.focus = pane;
    resettle(state);
}

/// Gives the whole screen to the pane in focus, or gives it back.
pub fn zoom(state: &mut State) {
    state.zoom = !state.zoom;
    resettle(state);
}

/// The rooms changed: brings cursors back onto the screen.
fn resettle(state: &mut State) {
    let page = state.page();
    if let Some(queue) = state.queue_mut() {
        let cursor = queue.cursor;
        queue.go(cursor, page);
    }
    let page = state.log_page();
    let line = if state.log.follow { usize::MAX } else { state.log.cursor };
    state.log.go(line, page);
    requests::window(state);
    state.draw();
}

/// Goes to the next or previous tab: the streams of a flow, its conflicts, then the next flow.
pub fn tab(state: &mut State, forward: bool) {
    let mut tabs: Vec<(TabKey, bool)> = Vec::new();
    for flow in state.overview.flows.iter().filter(|f| !f.tabs.is_empty()) {
        tabs.extend(flow.tabs.iter().map(|t| ((flow.id.clone(), t.stream), false)));
        tabs.push(((flow.id.clone(), flow.tabs[0].stream), true));
    }
    let Some(here) = state.tab.clone() else { return };
    let conflicts = state.on_conflicts();
    let is_here = |(tab, of_conflicts): &(TabKey, bool)| {
        *of_conflicts == conflicts && if conflicts { tab.0 == here.0 } else { *tab == here }
    };
    let at = tabs.iter().position(is_here).unwrap_or(0);
    let to = tabs[(if forward { at + 1 } else { at + tabs.len() - 1 }) % tabs.len()].clone();
    if to.1 { show_conflicts(state, &to.0.0) } else { show_stream(state, to.0) }
}

/// Shows a stream's tab; one that showed its conflicts shows its open rows again.
pub fn show_stream(state: &mut State, tab: TabKey) {
    let conflicts = Filter::State(MatchState::Conflict);
    for queue in state.queues.values_mut().filter(|q| q.spec.flow == tab.0 && q.spec.filter == conflicts) {
        queue.change(|spec| spec.filter = usual_filter(spec.stream));
    }
    show(state, tab);
}

/// Shows the conflicts of a flow: of the stream shown when it has some, else of the first that has.
pub fn show_conflicts(state: &mut State, flow: &FlowId) {
    let Some(view) = state.overview.flows.iter().find(|f| f.id == *flow) else { return };
    let here = state.tab.as_ref().filter(|(f, _)| f == flow).map(|(_, stream)| *stream);
    let has = |stream: Stream| view.tabs.iter().any(|t| t.stream == stream && t.counts.conflict > 0);
    let first = view.tabs.iter().find(|t| t.counts.conflict > 0).or(view.tabs.first()).map(|t| t.stream);
    let Some(stream) = here.filter(|s| has(*s)).or(first) else { return };
    let tab = (flow.clone(), stream);
    let queue = state.queues.entry(tab.clone()).or_insert_with(|| QueueState::new(tab.0.clone(), tab.1));
    if queue.spec.filter != Filter::State(MatchState::Conflict) {
        queue.change(|spec| spec.filter = Filter::State(MatchState::Conflict));
    }
    show(state, tab);
}

/// The conflicts of the stream shown are decided: goes to those of another stream of the flow; false when there are none.
pub fn more_conflicts(state: &mut State) -> bool {
    let Some((flow, stream)) = state.tab.clone() else { return false };
    let view = state.overview.flows.iter().find(|f| f.id == flow);
    let other = view.is_some_and(|f| f.tabs.iter().any(|t| t.stream != stream && t.counts.conflict > 0));
    if other {
        let gone = (flow.clone(), stream);
        if let Some(queue) = state.queues.get_mut(&gone) {
            queue.change(|spec| spec.filter = usual_filter(spec.stream));
        }
        state.tab = None;
        show_conflicts(state, &flow);
    }
    other
}

/// Goes to the next or previous flow, to the same stream where it has one.
pub fn flow(state: &mut State, forward: bool) {
    let flows: Vec<_> = state.overview.flows.iter().filter(|f| !f.tabs.is_empty()).collect();
    let Some((here, stream)) = state.tab.as_ref() else { return };
    if flows.len() < 2 {
        return state.say(LogLevel::Info, "there is only one flow");
    }
    let at = flows.iter().position(|f| f.id == *here).unwrap_or(0);
    let to = flows[(if forward { at + 1 } else { at + flows.len() - 1 }) % flows.len()];
    let tab = to.tabs.iter().find(|t| t.stream == *stream).unwrap_or(&to.tabs[0]);
    let tab = (to.id.clone(), tab.stream);
    show(state, tab);
}

/// Shows a tab.
pub fn show(state: &mut State, tab: crate::ui::state::TabKey) {
    state.tab = Some(tab);
    state.compare.scroll = 0;
    requests::window(state);
    requests::compare(state);
    state.draw();
}

/// Goes to the next or previous row that needs a person.
pub fn next_open(state: &mut State, forward: bool) {
    let Some(queue) = state.queue() else { return };
    let from = if forward { queue.cursor + 1 } else { queue.cursor.wrapping_sub(1) };
    let found = if !forward && queue.cursor == 0 { None } else { queue.open_from(from, forward) };
    match found {
        Some(position) => go(state, position),
        None => state.say(LogLevel::Info, "no further row here needs a decision"),
    }
}

/// From a company to what is in it, on every tab of the flow, and from there back to all.
pub fn company(state: &mut State) {
    let Some((flow, stream)) = state.tab.clone() else { return };
    let inside: Vec<TabKey> = state
        .tabs()
        .filter(|(f, t)| f.id == flow && t.stream != Stream::Companies)
        .map(|(f, t)| (f.id.clone(), t.stream))
        .collect();
    if stream != Stream::Companies {
        if state.queue().is_none_or(|q| q.spec.company.is_none()) {
            return state.say(LogLevel::Info, "go to a company first: C shows what is in it");
        }
        for tab in inside.iter().filter(|tab| tab.1 != stream) {
            if let Some(queue) = state.queues.get_mut(tab) {
                queue.change(|spec| spec.company = None);
            }
        }
        return change_view(state, |spec| spec.company = None);
    }
    let Some(company) = state.queue().and_then(|q| q.cursor_id.clone()) else { return };
    show_company(state, &flow, &company);
}

/// Shows what is in a company, on every tab of the flow.
pub fn show_company(state: &mut State, flow: &FlowId, company: &RecordId) {
    let inside: Vec<TabKey> = state
        .tabs()
        .filter(|(f, t)| f.id == *flow && t.stream != Stream::Companies)
        .map(|(f, t)| (f.id.clone(), t.stream))
        .collect();
    let Some(first) = inside.first().cloned() else {
        return state.say(LogLevel::Info, "this flow matches nothing inside companies");
    };
    for tab in inside {
        let queue = state.queues.entry(tab.clone()).or_insert_with(|| QueueState::new(tab.0, tab.1));
        queue.cursor_id = None;
        queue.change(|spec| {
            spec.company = Some(company.clone());
            spec.filter = Filter::All;
        });
    }
    state.focus = Pane::Queue;
    show(state, first);
}

/// Shows other rows or another order.
pub fn change_view(state: &mut State, change: impl FnOnce(&mut crate::service::messages::ViewSpec)) {
    if let Some(queue) = state.queue_mut() {
        queue.change(change);
    }
    requests::window(state);
    state.draw();
}

/// Scrolls Compare.
pub fn scroll_compare(state: &mut State, down: bool) {
    state.aloud += u64::from(state.config.plain);
    let room = state.layout().compare.map_or(0, |r| r.height.saturating_sub(2));
    let lines = crate::ui::panes::compare::length(state);
    let most = lines.saturating_sub(room);
    let at = state.compare.scroll;
    state.compare.scroll = if down { (at + 3).min(most) } else { at.saturating_sub(3) };
    state.draw();
}

/// One step back: message, range, marks, find, company, filter, zoom; in the log, its filters.
pub fn back(state: &mut State) {
    state.draw();
    if let Some(notice) = state.notice.take() {
        state.messages.seen(&notice);
        state.notice = state.messages.next();
        return;
    }
    match state.focus {
        Pane::Queue => queue_back(state),
        Pane::Log if !state.log.filter.text.is_empty() || state.log.filter.integration.is_some() => {
            state.log.filter.text.clear();
            state.log.filter.integration = None;
            requests::log(state);
        }
        _ if state.zoom => zoom(state),
        _ => focus(state, Pane::Queue),
    }
}

fn queue_back(state: &mut State) {
    let Some(queue) = state.queue_mut() else { return };
    if queue.range.take().is_some() {
        return;
    }
    if queue.marks != Marks::default() {
        queue.marks = Marks::default();
        return;
    }
    if !queue.spec.find.is_empty() {
        return change_view(state, |spec| spec.find.clear());
    }
    if queue.spec.company.is_some() {
        return change_view(state, |spec| spec.company = None);
    }
    if queue.spec.alike.is_some() {
        return change_view(state, |spec| spec.alike = None);
    }
    if queue.spec.filter != usual_filter(queue.spec.stream) {
        return change_view(state, |spec| spec.filter = usual_filter(spec.stream));
    }
    if state.zoom {
        zoom(state);
    }
}

/// Leaves.
pub fn quit(state: &mut State) {
    overlays::close(state);
    state.effects.push(Effect::Quit);
}
