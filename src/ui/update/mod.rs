//! What a message changes and what it makes the event loop do.

pub mod alike;
pub mod cards;
pub mod coverage;
pub mod data;
pub mod decide;
pub mod fields;
pub mod form;
pub mod history;
pub mod inventory;
pub mod keys;
pub mod log;
pub mod mouse;
pub mod navigate;
mod outbox;
pub mod overlays;
pub mod picker;
pub mod policies;
pub mod quick;
pub mod reasons;
pub mod records;
pub mod register;
pub mod replies;
pub mod requests;
pub mod rules;
pub mod schedules;
pub mod settings;
pub mod syncs;
pub mod views;
pub mod wizard;

use super::message::{Effect, Msg, Now};
use super::state::State;
use super::state::overlay::Overlay;
use std::time::Duration;

/// Compare is fetched so long after the cursor's last move: a held key passes rows without asking about each.
pub const COMPARE_AFTER: Duration = Duration::from_millis(120);
/// The same on a slow line, where Compare is what costs most.
pub const SLOW_COMPARE_AFTER: Duration = Duration::from_millis(400);
/// A search starts so long after the last typed character.
pub const SEARCH_AFTER: Duration = Duration::from_millis(60);
/// The same on a slow line.
pub const SLOW_SEARCH_AFTER: Duration = Duration::from_millis(300);

/// How long a search waits for the next character.
#[must_use]
pub fn search_after(state: &State) -> Duration {
    if state.config.low_bandwidth { SLOW_SEARCH_AFTER } else { SEARCH_AFTER }
}

/// Takes a message in at a moment; returns what the event loop has to do.
pub fn update(state: &mut State, now: Now, msg: Msg) -> Vec<Effect> {
    state.now = now;
    match msg {
        Msg::Key(key) => keys::key(state, key),
        Msg::Paste(text) => overlays::paste(state, &text),
        Msg::Resize(width, height) => resize(state, width, height),
        Msg::Mouse(what, x, y) => mouse::mouse(state, what, x, y),
        Msg::Door(message) => replies::door(state, *message),
        Msg::Setup(answer) => wizard::answer(state, answer),
        Msg::Wake => wake(state),
    }
    while let Some(ticket) = state.refused.pop() {
        replies::refused(state, ticket);
    }
    std::mem::take(&mut state.effects)
}

/// What has to be asked for at the start.
pub fn start(state: &mut State) -> Vec<Effect> {
    requests::overview(state);
    requests::log(state);
    requests::window(state);
    state.draw();
    std::mem::take(&mut state.effects)
}

fn resize(state: &mut State, width: u16, height: u16) {
    state.size = (width, height);
    let page = state.page();
    if let Some(queue) = state.queue_mut() {
        let cursor = queue.cursor;
        queue.go(cursor, page);
    }
    let (line, page) = (state.log.cursor, state.log_page());
    if state.log.follow {
        state.log.go(usize::MAX, page);
    } else {
        state.log.go(line, page);
    }
    requests::window(state);
    state.effects.push(Effect::Repaint);
    state.draw();
}

fn wake(state: &mut State) {
    let now = state.now.since_start;
    let is_due = |due: &mut Option<Duration>| due.take_if(|at| *at <= now).is_some();
    if is_due(&mut state.compare.due) {
        requests::compare(state);
    }
    let search = match &mut state.overlay {
        Some(Overlay::Find { due, .. }) => is_due(due),
        Some(Overlay::Picker(picker)) => is_due(&mut picker.due),
        Some(Overlay::Quick(quick)) => is_due(&mut quick.due),
        Some(Overlay::Settings(settings)) => is_due(&mut settings.due),
        _ => false,
    };
    if search {
        overlays::search(state);
    }
}
