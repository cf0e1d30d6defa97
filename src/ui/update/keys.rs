//! From key to action: overlays first, then the pane in focus.

use super::{
    alike, coverage, data, decide, log, navigate, overlays, picker, quick, records, requests, rules, schedules,
    settings, syncs, views, wizard,
};
use crate::domain::LogLevel;
use crate::ui::command::{CommandId, Context, command};
use crate::ui::key::{Key, KeyCode};
use crate::ui::message::Effect;
use crate::ui::state::{Pane, State};

/// The context of the pane in focus. A home without a flow has no queue: the keys that lead to one work there too.
#[must_use]
pub fn context(state: &State) -> Context {
    match state.focus {
        Pane::Integrations => Context::Integrations,
        Pane::Queue if state.known && state.overview.flows.is_empty() => Context::Integrations,
        Pane::Queue => Context::Queue,
        Pane::Log => Context::Log,
    }
}

/// A key was pressed.
pub fn key(state: &mut State, key: Key) {
    if key == Key::ctrl('c') {
        return ctrl_c(state);
    }
    // Esc and the key after it come as one from a quick hand on a slow line (and out of tmux), which reads as Alt with
    // that key. Nothing here has an Alt of its own, unless a person gave it one.
    let bound = || state.overlay.is_none() && state.keymap.get(context(state), key).is_some();
    if key.alt && !bound() {
        self::key(state, Key::plain(KeyCode::Esc));
        return self::key(state, Key { alt: false, ..key });
    }
    // Where a note takes the footer's place, the next key gives it back; Esc does nothing else then.
    let note = |state: &State| state.notice.as_ref().is_some_and(|n| n.level <= LogLevel::Info);
    if key.code != KeyCode::Esc && state.layout().message.is_none() && note(state) {
        state.notice = None;
        state.draw();
    }
    if state.overlay.is_some() {
        return overlays::key(state, key);
    }
    match meant(state, key) {
        Some(id) => run(state, id, Some(key)),
        None => state.say(LogLevel::Info, format!("{key} means nothing here; ? lists the keys, : finds actions")),
    }
}

/// What a key does in the pane in focus. With nothing connected there is one thing to do, and its key does that in every
/// pane, also before the home has said that it is empty: there is no row yet that the key could be meant for.
fn meant(state: &State, key: Key) -> Option<CommandId> {
    let connects = state.keymap.get(Context::Integrations, key) == Some(CommandId::Connect);
    let nothing = state.overview.integrations.is_empty() && state.queue().is_none_or(|q| q.cursor_id.is_none());
    if connects && nothing { Some(CommandId::Connect) } else { state.keymap.get(context(state), key) }
}

/// Ctrl-c never kills work: it closes what is open, then asks to leave.
fn ctrl_c(state: &mut State) {
    if matches!(state.overlay, Some(crate::ui::state::overlay::Overlay::Wizard(_))) {
        wizard::escape(state);
    } else if state.overlay.is_some() {
        overlays::close(state);
    } else {
        overlays::ask_to_quit(state);
    }
}

/// Carries an action out, or says why it cannot be.
pub fn run(state: &mut State, id: CommandId, key: Option<Key>) {
    if let Some(reason) = (command(id).disabled)(state) {
        return state.say(LogLevel::Info, format!("{}: {reason}", command(id).label));
    }
    if state.config.read_only && changes(id) {
        return state.say(LogLevel::Info, format!("{}: this terminal may only look (--read-only)", command(id).label));
    }
    match id {
        CommandId::Down
        | CommandId::Up
        | CommandId::Top
        | CommandId::Bottom
        | CommandId::HalfDown
        | CommandId::HalfUp
        | CommandId::PageDown
        | CommandId::PageUp => navigate::step(state, id),
        CommandId::NextPane => navigate::pane(state, 1),
        CommandId::PreviousPane => navigate::pane(state, 2),
        CommandId::FocusIntegrations => navigate::focus(state, Pane::Integrations),
        CommandId::FocusQueue => navigate::focus(state, Pane::Queue),
        CommandId::FocusLog => navigate::focus(state, Pane::Log),
        CommandId::Zoom => navigate::zoom(state),
        CommandId::NextTab => navigate::tab(state, true),
        CommandId::PreviousTab => navigate::tab(state, false),
        CommandId::NextFlow => navigate::flow(state, true),
        CommandId::PreviousFlow => navigate::flow(state, false),
        CommandId::CompareDown => navigate::scroll_compare(state, true),
        CommandId::CompareUp => navigate::scroll_compare(state, false),
        CommandId::Mark => decide::mark(state),
        CommandId::Range => decide::range(state),
        CommandId::MarkShown => decide::mark_shown(state),
        CommandId::FindNext => navigate::next_open(state, true),
        CommandId::FindPrevious => navigate::next_open(state, false),
        CommandId::Company => navigate::company(state),
        CommandId::Back => navigate::back(state),
        CommandId::Repaint => repaint(state),
        CommandId::Suspend => state.effects.push(Effect::Suspend),
        _ => run_rest(state, id, key),
    }
}

/// Whether an action changes anything outside this screen.
fn changes(id: CommandId) -> bool {
    let starts = matches!(
        id,
        CommandId::Sync
            | CommandId::SyncAll
            | CommandId::FullSync
            | CommandId::Connect
            | CommandId::RenewKey
            | CommandId::NewFlow
    );
    // Settings and schedules may be looked at.
    starts
        || (command(id).destructive
            && !matches!(
                id,
                CommandId::SyncSettings | CommandId::Schedule | CommandId::Policies | CommandId::Differences
            ))
}

fn run_rest(state: &mut State, id: CommandId, key: Option<Key>) {
    match id {
        CommandId::Accept => decide::accept(state),
        CommandId::MatchTo => picker::open(state),
        CommandId::Take => decide::take(state, key.and_then(digit)),
        // In a flow into the inventory, what is made is made there.
        CommandId::Create if super::inventory::shown(state).is_some() => {
            super::inventory::run(state, CommandId::Import);
        }
        CommandId::Create => super::outbox::create(state),
        CommandId::Ignore => decide::ignore(state),
        CommandId::Defer => decide::defer(state),
        CommandId::Unmatch => decide::unmatch(state),
        CommandId::QuickMatch => quick::open(state),
        CommandId::Undo => decide::undo(state, None),
        CommandId::Redo => decide::redo(state),
        CommandId::Find => overlays::open_find(state),
        CommandId::Filter => overlays::open_filter(state),
        CommandId::Sort => overlays::open_sort(state),
        CommandId::Columns => views::open_columns(state),
        CommandId::Group => views::group(state),
        CommandId::Views => views::open_views(state),
        CommandId::Alike => alike::open(state),
        CommandId::Coverage => coverage::open(state),
        CommandId::Messages => overlays::open_messages(state),
        CommandId::LogOf => log::of_integration(state),
        CommandId::Data => data::open(state),
        CommandId::Why => overlays::open_why(state),
        CommandId::Record => records::open(state),
        CommandId::BadRows => records::open_bad_rows(state),
        CommandId::Import
        | CommandId::ImportAll
        | CommandId::QuickCreate
        | CommandId::AutoSync
        | CommandId::Unimported
        | CommandId::Detail
        | CommandId::Refresh
        | CommandId::PauseRow
        | CommandId::Setup
        | CommandId::Deactivate => super::inventory::run(state, id),
        CommandId::History => super::history::open(state),
        CommandId::Outbox => super::outbox::open(state),
        CommandId::Register => super::register::open(state),
        CommandId::AddRecord => super::form::add(state),
        CommandId::Policies => super::policies::open(state),
        CommandId::Differences => super::outbox::differences(state),
        CommandId::Cards => super::cards::open(state),
        CommandId::Rules => rules::open(state),
        CommandId::Fields => super::fields::open(state),
        CommandId::Palette => overlays::open_palette(state),
        CommandId::Help => overlays::open_help(state),
        CommandId::OpenLine => log::open_line(state),
        CommandId::Follow => log::toggle_follow(state),
        CommandId::Sync => syncs::sync(state, false),
        CommandId::FullSync => syncs::sync(state, true),
        CommandId::SyncAll => syncs::sync_all(state),
        CommandId::CancelSync => syncs::cancel(state),
        CommandId::SyncSettings => settings::open(state),
        CommandId::Schedule => schedules::open(state),
        CommandId::Pause => syncs::pause(state),
        CommandId::Copy => copy(state),
        CommandId::CopyLink => copy_link(state),
        CommandId::Connect => wizard::open(state),
        CommandId::RenewKey => wizard::renew(state),
        CommandId::NewFlow => wizard::open_flow(state),
        CommandId::Quit => overlays::ask_to_quit(state),
        _ => {}
    }
}

/// The candidate's number: the digit pressed, wherever in the keys' row a changed key stands.
fn digit(key: Key) -> Option<usize> {
    match key.code {
        KeyCode::Char(c) => c.to_digit(10).map(|d| d as usize),
        _ => None,
    }
}

fn repaint(state: &mut State) {
    state.effects.push(Effect::Repaint);
    requests::overview(state);
    state.draw();
}

/// The target's page, else the source's.
fn copy_link(state: &mut State) {
    let pages = state.compare.shown.as_ref().map(|(_, compare)| compare.pages.clone()).unwrap_or_default();
    let [source, target] = pages;
    match [target, source].into_iter().find(|page| !page.is_empty()) {
        Some(page) => {
            state.say(LogLevel::Info, format!("sent to the terminal's clipboard: {page}"));
            state.effects.push(Effect::Copy(page));
        }
        None => state.say(LogLevel::Info, "neither vendor tells a page for this record; y copies its id"),
    }
}

fn copy(state: &mut State) {
    let text = match state.focus {
        Pane::Queue => state.queue().and_then(|q| q.cursor_id.as_ref()).map(ToString::to_string),
        Pane::Integrations => state.chosen_integration().map(|l| l.view.id.to_string()),
        Pane::Log => state.log.lines.get(state.log.cursor).map(|l| l.text.clone()),
    };
    match text {
        Some(text) => {
            state.say(LogLevel::Info, format!("sent to the terminal's clipboard: {text}"));
            state.effects.push(Effect::Copy(text));
        }
        None => state.say(LogLevel::Info, "there is nothing to copy here"),
    }
}
