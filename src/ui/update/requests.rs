//! What is asked of the door, and when.

use super::{COMPARE_AFTER, SLOW_COMPARE_AFTER};
use crate::domain::LogPage;
use crate::service::messages::{Query, Request, Ticket};
use crate::ui::message::Effect;
use crate::ui::state::State;
use crate::ui::state::queue::QueueState;
use crate::ui::state::ticket::Purpose;

/// Log lines fetched at once.
pub const LOG_LINES: u32 = 500;

/// Sends a request.
pub fn submit(state: &mut State, purpose: Purpose, request: Request) -> Ticket {
    let ticket = state.tickets.draw(purpose);
    // Whatever way an action took: from a terminal that may only look, nothing changes.
    if state.config.read_only && matches!(request, Request::Command(_)) {
        state.refused.push(ticket);
        return ticket;
    }
    state.awaited_since = state.now.since_start;
    state.effects.push(Effect::Submit(ticket, request));
    ticket
}

/// Asks for the overview.
pub fn overview(state: &mut State) {
    submit(state, Purpose::Overview, Request::Query(Query::Overview));
}

/// Opens the first tab when none is shown, and asks for rows where they are missing.
pub fn window(state: &mut State) {
    let shown_exists = state.tab_view().is_some();
    if !shown_exists {
        let first = state.tabs().next().map(|(f, t)| (f.id.clone(), t.stream));
        state.tab = first;
    }
    let Some(tab) = state.tab.clone() else { return };
    let page = state.page();
    let begins = state.config.views.iter().find(|v| v.name == crate::ui::saved_view::DEFAULT && v.is_of(tab.1));
    let queue = state.queues.entry(tab.clone()).or_insert_with(|| {
        let mut queue = QueueState::new(tab.0.clone(), tab.1);
        if let Some(view) = begins {
            view.show(&mut queue);
        }
        queue
    });
    let Some(asked) = queue.wants(page) else { return };
    let query = Query::Window {
        view: queue.spec.clone(),
        offset: asked.offset,
        limit: u32::try_from(asked.limit).unwrap_or(u32::MAX),
        anchor: queue.anchor(),
    };
    queue.fresh = false;
    queue.stale = false;
    let ticket = submit(state, Purpose::Window(tab, asked.clone()), Request::Query(query));
    if let Some(queue) = state.queue_mut() {
        queue.asked = Some((ticket, asked));
    }
}

/// Asks for Compare of the row under the cursor, unless it is under way.
pub fn compare(state: &mut State) {
    state.compare.due = None;
    let Some(tab) = state.tab.clone() else { return };
    let Some(source) = state.queue().and_then(|q| q.cursor_id.clone()) else {
        if state.compare.shown.take().is_some() {
            state.draw_soon();
        }
        return;
    };
    let query = Query::Compare { flow: tab.0.clone(), stream: tab.1, source: source.clone(), target: None };
    let ticket = submit(state, Purpose::Compare(tab, source.clone()), Request::Query(query));
    state.compare.asked = Some((ticket, source));
}

/// Asks for Compare a moment after the cursor's last move.
pub fn compare_later(state: &mut State) {
    let wait = if state.config.low_bandwidth { SLOW_COMPARE_AFTER } else { COMPARE_AFTER };
    let at = state.wake_in(wait);
    state.compare.due = Some(at);
}

/// Asks for Compare again when the row it shows is out of date, without being put off by further changes.
pub fn compare_again(state: &mut State) {
    if state.compare.due.is_none() {
        compare_later(state);
    }
}

/// Asks for the newest log lines: at the start, after a change of the filter, on the way to the end.
pub fn log(state: &mut State) {
    state.log.change();
    log_page(state, LogPage::Newest);
}

/// Asks for a page of the log; a page under way is not waited for.
pub fn log_page(state: &mut State, page: LogPage) {
    let query = Query::Log { filter: state.log.filter.clone(), page, limit: LOG_LINES };
    let ticket = submit(state, Purpose::Log(page), Request::Query(query));
    state.log.asked = Some((ticket, page));
}

/// Asks for what lies before or after the lines that are held, when the cursor is near.
pub fn more_log(state: &mut State) {
    if let Some(page) = state.log.wants(state.log_page()) {
        log_page(state, page);
    }
}
