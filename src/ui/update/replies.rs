//! What the door says.

use super::{navigate, overlays, picker, records, requests, rules, schedules, settings};
use crate::domain::{Failure, FailureClass, LogEntry, LogLevel, MatchState, RecordId, RunState};
use crate::service::messages::{Compare, Done, Event, Filter, Message, Overview, Reply, Ticket, View, Window};
use crate::ui::state::overlay::Overlay;
use crate::ui::state::queue::{Asked, QueueState};
use crate::ui::state::ticket::Purpose;
use crate::ui::state::{State, TabKey};
use crate::ui::widgets::number::counted;
use std::fmt::Write as _;

/// The door said something.
pub fn door(state: &mut State, message: Message) {
    match message {
        Message::Event(event) => on_event(state, event),
        Message::Reply { ticket, reply } => {
            let Some(purpose) = state.tickets.take(ticket) else { return };
            match *reply {
                Reply::View(view) => on_view(state, ticket, purpose, view),
                Reply::Done(done) => on_done(state, purpose, &done),
                Reply::Failed(failure) => on_failure(state, ticket, purpose, &failure),
            }
        }
    }
}

fn on_event(state: &mut State, event: Event) {
    match event {
        Event::Overview(overview) => on_overview(state, *overview),
        Event::Queue { flow, stream, generation } => {
            if let Some(queue) = state.queues.get_mut(&(flow, stream)) {
                queue.generation = queue.generation.max(generation);
            }
            requests::window(state);
            super::outbox::changed(state);
        }
        Event::Log(lines) => on_log(state, lines),
        Event::Notice { level, text } => {
            state.say(level, text);
        }
    }
}

/// The overview is a new one.
pub fn on_overview(state: &mut State, overview: Overview) {
    if !overview.home.is_empty() {
        state.home.clone_from(&overview.home);
    }
    if state.known && state.overview == overview {
        return;
    }
    let opened = overview.ready && !(state.known && state.overview.ready);
    state.overview = overview;
    // The first thing to do in an empty home is there.
    if opened && state.overview.integrations.is_empty() && !state.kinds.is_empty() {
        state.focus = crate::ui::state::Pane::Integrations;
    }
    // A flow into the inventory that was added just now begins with its setup.
    if state.overview.ready
        && state.overlay.is_none()
        && let Some(flow) = state.guide.take()
    {
        super::inventory::open_steps(state, Some(flow));
    }
    state.known = true;
    state.fresh = Some(state.now.wall);
    sample_rates(state);
    let generations: Vec<(TabKey, u64)> = state.tabs().map(|(f, t)| ((f.id.clone(), t.stream), t.generation)).collect();
    for (tab, generation) in generations {
        if let Some(queue) = state.queues.get_mut(&tab) {
            queue.generation = queue.generation.max(generation);
        }
    }
    state.integration = state.integration.min(state.integration_lines().count().saturating_sub(1));
    requests::window(state);
    state.draw_soon();
}

/// One more point of each integration's small graph.
fn sample_rates(state: &mut State) {
    let now = state.now.since_start;
    for view in &state.overview.integrations {
        let running = view.streams.iter().filter(|s| s.state == RunState::Running);
        if running.clone().next().is_some() {
            state.rates.sample(&view.id, now, running.map(|s| s.rate).sum());
        } else {
            state.rates.end(&view.id);
        }
    }
}

fn on_log(state: &mut State, lines: Vec<LogEntry>) {
    let page = state.log_page();
    if state.log.append(lines, page) && state.layout().log.is_some() {
        state.draw_soon();
    }
}

fn on_view(state: &mut State, ticket: Ticket, purpose: Purpose, view: View) {
    match (purpose, view) {
        (Purpose::Overview, View::Overview(overview)) => on_overview(state, overview),
        (Purpose::Window(tab, asked), View::Window(window)) => on_window(state, ticket, &tab, &asked, window),
        (Purpose::Compare(tab, row), View::Compare(compare)) => on_compare(state, ticket, tab, &row, *compare),
        (Purpose::Pick, View::Targets(targets)) => picker::on_targets(state, ticket, targets),
        (Purpose::Preview, View::Preview(preview)) => overlays::on_preview(state, ticket, preview),
        (Purpose::Log(page), View::Log(lines)) => super::log::came(state, ticket, page, lines),
        (Purpose::History, View::History(list)) => {
            if let Some(Overlay::History { entries, .. }) = &mut state.overlay {
                *entries = Some(list);
                state.draw();
            }
        }
        (Purpose::Rules, View::Rules(list)) => rules::came(state, list),
        (Purpose::Record, View::Record(sheet)) => records::came(state, sheet),
        (Purpose::BadRows, View::BadRows(list)) => records::bad_rows_came(state, list),
        (Purpose::Fields, View::Fields(fields)) => super::fields::came(state, *fields),
        (Purpose::Schedules, View::Schedules(sheet)) => schedules::came(state, sheet),
        (Purpose::SyncSettings | Purpose::MoreChoices, View::SyncSettings(current)) => {
            settings::on_settings(state, *current);
        }
        (Purpose::ScopePreview, View::ScopePreview(preview)) => settings::on_preview(state, ticket, preview),
        (Purpose::Why, View::Why(list)) => {
            if let Some(Overlay::Why { records, .. }) = &mut state.overlay {
                *records = Some(list);
                state.draw();
            }
        }
        (Purpose::Alike, View::Alike(rows)) => super::alike::came(state, &rows),
        (Purpose::Coverage, View::Coverage(grid)) => super::coverage::came(state, ticket, *grid),
        (Purpose::Data, View::Data(streams)) => super::data::came(state, streams),
        (Purpose::OlderHistory, View::History(list)) => {
            if let Some(Overlay::History { entries: Some(entries), .. }) = &mut state.overlay {
                entries.extend(list);
                state.draw();
            }
        }
        (Purpose::ImportPlan, View::ImportPlan(plan)) => super::inventory::on_plan(state, ticket, &plan),
        (Purpose::Origin, View::Origin(origin)) => super::inventory::on_origin(state, origin),
        (Purpose::EditForm, View::Detail(detail)) => super::form::on_record(state, ticket, &detail),
        (Purpose::Register, View::Inventory(list)) => super::register::came(state, ticket, list),
        (Purpose::Policies, View::Policies(view)) => super::policies::came(state, *view),
        (Purpose::Detail, View::Detail(detail)) => super::inventory::on_detail(state, detail),
        (Purpose::Cards, View::Cards(list)) => super::cards::on_cards(state, list),
        (Purpose::Plan, View::Plan(plan)) => super::outbox::planned(state, ticket, *plan),
        (Purpose::Outbox, View::Outbox(view)) => super::outbox::came(state, *view),
        (purpose, _) => state.say(LogLevel::Error, format!("the answer does not fit the question ({purpose:?})")),
    }
}

fn on_window(state: &mut State, ticket: Ticket, tab: &TabKey, asked: &Asked, window: Window) {
    let (page, now) = (state.page(), state.now.since_start);
    let shown = state.tab.as_ref() == Some(tab);
    let Some(queue) = state.queues.get_mut(tab) else { return };
    if queue.asked.as_ref().is_none_or(|(latest, _)| *latest != ticket) {
        return;
    }
    queue.asked = None;
    let before = (queue.current().cloned(), queue.rows_generation);
    queue.take(window, ticket, asked, page);
    if !shown {
        return;
    }
    let changed_row = before.0.as_ref() != queue.current();
    let had_row = before.0.is_some();
    let moved = before.0.map(|row| row.id) != queue.cursor_id;
    if moved && had_row && !asked.fresh {
        queue.slipped = Some(now);
    }
    let changed = changed_row || before.1 != queue.rows_generation;
    let cleared = queue.len() == 0 && queue.spec.filter == Filter::State(MatchState::Conflict);
    if cleared && navigate::more_conflicts(state) {
        return;
    }
    requests::window(state);
    if moved || asked.fresh {
        requests::compare(state);
    } else if changed {
        requests::compare_again(state);
    }
    overlays::search_what_waits(state);
    // A new view answers a key; rows that came by themselves can wait for the next background frame.
    if asked.fresh || moved { state.draw() } else { state.draw_soon() }
}

fn on_compare(state: &mut State, ticket: Ticket, tab: TabKey, row: &RecordId, compare: Compare) {
    if state.compare.asked.as_ref().is_none_or(|(latest, _)| *latest != ticket) {
        return;
    }
    state.compare.asked = None;
    let current = state.queue().and_then(|q| q.cursor_id.as_ref());
    if current != Some(row) || state.tab.as_ref() != Some(&tab) {
        return;
    }
    let same = state.compare.shown.as_ref().is_some_and(|(t, c)| *t == tab && *c == compare);
    if !same {
        state.compare.shown = Some((tab, compare));
        state.draw();
    }
}

fn on_done(state: &mut State, purpose: Purpose, done: &Done) {
    match purpose {
        Purpose::Decide(tab, rows) => {
            let last = state.tickets.last();
            if let Some(queue) = state.queues.get_mut(&tab) {
                settle(queue, &rows, done, last);
            }
            say_done(state, done);
            requests::window(state);
        }
        Purpose::Undo(newest) => {
            for queue in state.queues.values_mut() {
                queue.stale = true;
            }
            if newest {
                go_back_to_undone(state);
            }
            say_done(state, done);
            requests::window(state);
            requests::compare_again(state);
        }
        Purpose::CardAnswer => {
            for queue in state.queues.values_mut() {
                queue.stale = true;
            }
            say_done(state, done);
            super::cards::answered(state);
            requests::window(state);
        }
        Purpose::Imported => {
            for queue in state.queues.values_mut() {
                queue.stale = true;
            }
            say_done(state, done);
            requests::window(state);
            requests::compare_again(state);
        }
        Purpose::RuleChange => {
            say_done(state, done);
            rules::changed(state);
        }
        Purpose::RecordChange => {
            state.say(LogLevel::Info, done.text.clone());
            records::ask(state);
        }
        Purpose::WriteChange => {
            say_done(state, done);
            super::outbox::changed(state);
        }
        Purpose::AddRecord => {
            state.say(LogLevel::Info, done.text.clone());
            super::form::added(state);
        }
        Purpose::RegisterChange => {
            say_done(state, done);
            super::register::changed(state);
        }
        Purpose::SetSchedule => {
            state.say(LogLevel::Info, done.text.clone());
            schedules::changed(state);
        }
        Purpose::SetPolicies | Purpose::SetSyncSettings => {
            overlays::close(state);
            state.say(LogLevel::Info, done.text.clone());
        }
        _ if !done.text.is_empty() => state.say(LogLevel::Info, done.text.clone()),
        _ => {}
    }
}

/// After an undo the cursor goes to the row that it gave back, on the line of the screen where the cursor is.
fn go_back_to_undone(state: &mut State) {
    let Some((tab, Some(row))) = state.trail.pop() else { return };
    if state.tab.as_ref() == Some(&tab)
        && let Some(queue) = state.queue_mut()
    {
        queue.cursor_id = Some(row);
        // A window under way was asked for another row.
        queue.asked = None;
    }
}

/// A decision is durable: it shows until a window that knows of it arrives. One that changed nothing is taken back.
fn settle(queue: &mut QueueState, rows: &[RecordId], done: &Done, last: Ticket) {
    if done.rows == 0 {
        take_back(queue, rows);
        return;
    }
    for id in rows {
        if let Some(pending) = queue.pending.get_mut(id) {
            pending.until = Some(last);
        }
    }
    queue.stale = true;
}

/// Shows rows as they were before the decision.
fn take_back(queue: &mut QueueState, rows: &[RecordId]) {
    for id in rows {
        queue.pending.remove(id);
    }
}

fn say_done(state: &mut State, done: &Done) {
    let mut text =
        if done.text.is_empty() { format!("{} changed", counted(done.rows, "row", "rows")) } else { done.text.clone() };
    // Where nothing was done the text is the reason already.
    for (reason, count) in done.skipped.iter().filter(|(reason, _)| *reason != done.text) {
        let _ = write!(text, "; {} left as they were: {reason}", counted(*count, "row", "rows"));
    }
    let level = if done.rows == 0 && !done.skipped.is_empty() { LogLevel::Warn } else { LogLevel::Info };
    state.say(level, text);
}

/// A change from a terminal that may only look.
pub fn refused(state: &mut State, ticket: Ticket) {
    let Some(purpose) = state.tickets.take(ticket) else { return };
    let failure = Failure::new(
        FailureClass::Usage,
        "this terminal may only look",
        "open matchbook without --read-only to change something",
    );
    on_failure(state, ticket, purpose, &failure);
}

/// Rows of a flow that is given up are still asked for by what the last session left on the screen.
fn is_given_up(state: &State, purpose: &Purpose) -> bool {
    let (Purpose::Window(tab, _) | Purpose::Compare(tab, _)) = purpose else { return false };
    !state.overview.ready || !state.overview.flows.iter().any(|flow| flow.id == tab.0)
}

fn on_failure(state: &mut State, ticket: Ticket, purpose: Purpose, failure: &Failure) {
    let quiet = is_given_up(state, &purpose);
    match purpose {
        Purpose::Decide(tab, rows) => {
            state.trail.pop();
            if let Some(queue) = state.queues.get_mut(&tab) {
                take_back(queue, &rows);
                queue.stale = true;
            }
            state.say(LogLevel::Error, format!("not done: {failure}"));
            requests::window(state);
            return;
        }
        Purpose::Window(tab, _) => {
            if let Some(queue) = state.queues.get_mut(&tab)
                && queue.asked.as_ref().is_some_and(|(latest, _)| *latest == ticket)
            {
                queue.asked = None;
                queue.rows_generation = queue.generation;
            }
        }
        Purpose::Compare(..) => {
            let gone = state.compare.asked.take_if(|(latest, _)| *latest == ticket).is_some();
            if gone {
                state.compare.shown = None;
            }
        }
        Purpose::Log(_) => state.log.asked = None,
        Purpose::SetSyncSettings | Purpose::ScopePreview => settings::on_refused(state),
        Purpose::CardAnswer => super::cards::answered(state),
        Purpose::SetSchedule => schedules::refused(state, failure),
        Purpose::AddRecord => return super::form::refused(state, failure),
        Purpose::SetPolicies => super::policies::refused(state),
        Purpose::Pick
        | Purpose::Preview
        | Purpose::Why
        | Purpose::History
        | Purpose::Cards
        | Purpose::Plan
        | Purpose::Outbox
        | Purpose::Coverage
        | Purpose::Data
        | Purpose::Rules
        | Purpose::Record
        | Purpose::BadRows
        | Purpose::ImportPlan
        | Purpose::Origin
        | Purpose::Detail
        | Purpose::Register
        | Purpose::Policies
        | Purpose::Fields
        | Purpose::Schedules
        | Purpose::SyncSettings => overlays::close(state),
        _ => {}
    }
    if !quiet {
        state.say(LogLevel::Error, failure.to_string());
    }
}
