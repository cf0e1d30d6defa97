//! Opening, steering and closing what lies over the panes.

use super::{
    decide, keys, navigate, picker, quick, records, requests, rules, schedules, search_after, settings, views,
};
use crate::domain::{LogLevel, MatchState, RunState, Stream};
use crate::service::messages::{Filter, Given, Preview, Query, Request, SortKey, Ticket};
use crate::ui::command::{COMMANDS, CommandId};
use crate::ui::key::{Key, KeyCode};
use crate::ui::message::Effect;
use crate::ui::state::overlay::{Choice, Confirm, Overlay, Then};
use crate::ui::state::ticket::Purpose;
use crate::ui::state::{Pane, State};
use crate::ui::widgets::number::{counted, thousands};
use fuzzy_matcher::{FuzzyMatcher, skim::SkimMatcherV2};
use tui_input::{Input, InputRequest};

/// Rows of a list in an overlay.
#[must_use]
pub fn list_page(state: &State) -> usize {
    usize::from(crate::ui::overlays::room(state.size).height.saturating_sub(5)).max(1)
}

/// The first row of a list on the screen, so that the cursor is in sight.
#[must_use]
pub fn keep_in_sight(top: usize, cursor: usize, page: usize) -> usize {
    top.min(cursor).max((cursor + 1).saturating_sub(page))
}

/// A key of a list with a cursor: where it leads; `None` for another key.
#[must_use]
pub fn list_key(key: Key, cursor: usize, len: usize, page: usize) -> Option<usize> {
    let last = len.saturating_sub(1);
    Some(match (key.code, key.ctrl) {
        (KeyCode::Char('j'), false) | (KeyCode::Down, _) => (cursor + 1).min(last),
        (KeyCode::Char('k'), false) | (KeyCode::Up, _) => cursor.saturating_sub(1),
        (KeyCode::Char('d' | 'f'), true) | (KeyCode::PageDown, _) => (cursor + page).min(last),
        (KeyCode::Char('u'), true) | (KeyCode::PageUp, _) => cursor.saturating_sub(page),
        (KeyCode::Char('g'), false) | (KeyCode::Home, _) => 0,
        (KeyCode::Char('G'), false) | (KeyCode::End, _) => last,
        _ => return None,
    })
}

/// Closes what is open.
pub fn close(state: &mut State) {
    if state.overlay.take().is_some() {
        state.draw();
    }
}

/// Hands an editing key to a line of text; true when the text changed.
pub fn type_key(input: &mut Input, key: Key) -> bool {
    let request = match (key.code, key.ctrl) {
        (KeyCode::Char('w'), true) => InputRequest::DeletePrevWord,
        (KeyCode::Char('u'), true) => InputRequest::DeleteLine,
        (KeyCode::Char('a'), true) | (KeyCode::Home, _) => InputRequest::GoToStart,
        (KeyCode::Char('e'), true) | (KeyCode::End, _) => InputRequest::GoToEnd,
        (KeyCode::Char('h'), true) | (KeyCode::Backspace, _) => InputRequest::DeletePrevChar,
        (KeyCode::Delete, _) => InputRequest::DeleteNextChar,
        (KeyCode::Left, _) => InputRequest::GoToPrevChar,
        (KeyCode::Right, _) => InputRequest::GoToNextChar,
        (KeyCode::Char(c), false) if !key.alt => InputRequest::InsertChar(c),
        _ => return false,
    };
    input.handle(request).is_some_and(|changed| changed.value)
}

/// A key while something is open.
pub fn key(state: &mut State, key: Key) {
    if key.code == KeyCode::Esc || key == Key::ctrl('[') {
        return escape(state);
    }
    if key == Key::ctrl('l') {
        state.effects.push(Effect::Repaint);
        return state.draw();
    }
    match &state.overlay {
        Some(
            Overlay::Help { .. }
            | Overlay::Why { .. }
            | Overlay::BadRows { .. }
            | Overlay::Messages { .. }
            | Overlay::Detail { .. },
        ) => {
            scroll_key(state, key);
        }
        Some(Overlay::Record { .. }) => records::key(state, key),
        Some(Overlay::Coverage(_)) => super::coverage::key(state, key),
        Some(Overlay::Data(_)) => super::data::key(state, key),
        Some(Overlay::Columns { .. }) => views::columns_key(state, key),
        Some(Overlay::Name { .. }) => views::name_key(state, key),
        Some(Overlay::Adding(_)) => super::inventory::adding_key(state, key),
        Some(Overlay::Register(_)) => super::register::key(state, key),
        Some(Overlay::Form(_)) => super::form::key(state, key),
        Some(Overlay::Policies(_)) => super::policies::key(state, key),
        Some(Overlay::Steps { .. }) => super::inventory::steps_key(state, key),
        Some(Overlay::Palette { .. }) => palette_key(state, key),
        Some(Overlay::Picker(_)) => picker::key(state, key),
        Some(Overlay::Confirm(_)) => confirm_key(state, key),
        Some(Overlay::Quick(_)) => quick::key(state, key),
        Some(Overlay::Menu { .. }) => menu_key(state, key),
        Some(Overlay::Settings(_)) => settings::key(state, key),
        Some(Overlay::Schedules(_)) => schedules::key(state, key),
        Some(Overlay::Find { .. }) => find_key(state, key),
        Some(Overlay::History { .. }) => super::history::key(state, key),
        Some(Overlay::Wizard(_)) => super::wizard::key(state, key),
        Some(Overlay::Cards(_)) => super::cards::key(state, key),
        Some(Overlay::Making(_)) => super::outbox::making_key(state, key),
        Some(Overlay::Outbox(_)) => super::outbox::key(state, key),
        Some(Overlay::Rules { .. }) => rules::key(state, key),
        Some(Overlay::Fields(_)) => super::fields::key(state, key),
        None => {}
    }
}

/// Pasted text goes where text is typed; elsewhere it is not obeyed as keys.
pub fn paste(state: &mut State, text: &str) {
    if matches!(state.overlay, Some(Overlay::Wizard(_))) {
        return super::wizard::paste(state, text);
    }
    let text = crate::domain::text::clean(text.trim()).into_owned();
    let input = match &mut state.overlay {
        Some(Overlay::Palette { input, .. } | Overlay::Find { input, .. } | Overlay::Name { input, .. }) => input,
        Some(Overlay::Picker(picker)) => &mut picker.input,
        Some(Overlay::Quick(quick)) => &mut quick.input,
        Some(Overlay::Adding(adding)) if adding.known && adding.on_domain => &mut adding.domain,
        Some(Overlay::Adding(adding)) if adding.known => &mut adding.name,
        Some(Overlay::Register(shown)) if shown.typing => &mut shown.input,
        Some(Overlay::Form(form)) if !form.saving && !form.lines.is_empty() => {
            let at = form.at.min(form.lines.len() - 1);
            &mut form.lines[at].1
        }
        Some(Overlay::Schedules(shown)) if shown.input.is_some() => shown.input.get_or_insert_default(),
        _ => return state.say(LogLevel::Info, "nothing here takes pasted text; / finds, m searches targets"),
    };
    for c in text.chars() {
        input.handle(InputRequest::InsertChar(c));
    }
    search(state);
    state.draw();
}

/// Searches for what was typed.
pub fn search(state: &mut State) {
    match &state.overlay {
        Some(Overlay::Find { .. }) => find_now(state),
        Some(Overlay::Picker(_)) => picker::search(state),
        Some(Overlay::Quick(_)) => quick::count(state),
        Some(Overlay::Settings(_)) => settings::count(state),
        Some(Overlay::Palette { .. }) => fill_palette(state),
        Some(Overlay::Register(_) | Overlay::Form(_)) => super::register::typed(state),
        _ => {}
    }
}

fn escape(state: &mut State) {
    if let Some(Overlay::Settings(_)) = &state.overlay {
        return settings::escape(state);
    }
    if let Some(Overlay::Schedules(shown)) = &mut state.overlay
        && shown.input.take().is_some()
    {
        return state.draw();
    }
    if matches!(state.overlay, Some(Overlay::Wizard(_))) {
        return super::wizard::escape(state);
    }
    if matches!(state.overlay, Some(Overlay::Coverage(_))) {
        return super::coverage::escape(state);
    }
    match &mut state.overlay {
        Some(Overlay::Register(_)) => return super::register::escape(state),
        Some(Overlay::Form(_)) => return super::form::leave(state),
        Some(Overlay::Detail { behind, .. }) if behind.is_some() => {
            let behind = behind.take();
            return super::register::back_to(state, behind);
        }
        _ => {}
    }
    if matches!(&state.overlay, Some(Overlay::Confirm(confirm)) if matches!(confirm.then, Then::Undo(_))) {
        return super::history::open(state);
    }
    if let Some(Overlay::Find { before, log, .. }) = &state.overlay {
        let (before, log) = (before.clone(), *log);
        state.overlay = None;
        apply_find(state, log, before);
    }
    state.overlay = None;
    state.draw();
}

/// When what is typed is searched for.
pub fn later(state: &mut State) -> std::time::Duration {
    let wait = search_after(state);
    state.wake_in(wait)
}

/// Shows all keys.
pub fn open_help(state: &mut State) {
    state.overlay = Some(Overlay::Help { scroll: 0 });
    state.draw();
}

/// Scrolls what is read.
pub fn scroll_key(state: &mut State, key: Key) {
    let page = list_page(state);
    let lines = crate::ui::overlays::lines(state).len();
    let most = lines.saturating_sub(page);
    let Some(
        Overlay::Help { scroll }
        | Overlay::Why { scroll, .. }
        | Overlay::Record { scroll, .. }
        | Overlay::BadRows { scroll, .. }
        | Overlay::Messages { scroll }
        | Overlay::Detail { scroll, .. },
    ) = &mut state.overlay
    else {
        return;
    };
    match (key.code, key.ctrl) {
        (KeyCode::Char('j'), false) | (KeyCode::Down, _) => *scroll = (*scroll + 1).min(most),
        (KeyCode::Char('k'), false) | (KeyCode::Up, _) => *scroll = scroll.saturating_sub(1),
        (KeyCode::Char('d'), true) | (KeyCode::PageDown | KeyCode::Char(' '), _) => {
            *scroll = (*scroll + page).min(most);
        }
        (KeyCode::Char('u'), true) | (KeyCode::PageUp, _) => *scroll = scroll.saturating_sub(page),
        (KeyCode::Char('g') | KeyCode::Home, _) => *scroll = 0,
        (KeyCode::Char('G') | KeyCode::End, _) => *scroll = most,
        (KeyCode::Char('q' | '?' | 'M') | KeyCode::Enter, _) => return close(state),
        _ => {}
    }
    state.draw();
}

/// Opens the palette.
pub fn open_palette(state: &mut State) {
    state.overlay = Some(Overlay::Palette { input: Input::default(), cursor: 0, found: Vec::new() });
    fill_palette(state);
    state.draw();
}

/// Lists the actions that fit what was typed; those of this pane first.
fn fill_palette(state: &mut State) {
    let context = keys::context(state);
    let Some(Overlay::Palette { input, cursor, found }) = &mut state.overlay else { return };
    let matcher = SkimMatcherV2::default().ignore_case();
    let typed = input.value().trim();
    let mut scored: Vec<(i64, CommandId)> = COMMANDS
        .iter()
        .filter(|c| c.id != CommandId::Take && c.contexts.contains(&context))
        .filter_map(|c| {
            let by_label = matcher.fuzzy_match(c.label, typed).map(|s| s * 2);
            let by_rest = matcher.fuzzy_match(&format!("{} {}", c.name, c.help), typed);
            by_label.max(by_rest).map(|score| (score, c.id))
        })
        .collect();
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    *found = scored.into_iter().map(|(_, id)| id).collect();
    *cursor = 0;
}

fn palette_key(state: &mut State, key: Key) {
    let Some(Overlay::Palette { input, cursor, found }) = &mut state.overlay else { return };
    match (key.code, key.ctrl) {
        (KeyCode::Down, _) | (KeyCode::Char('n' | 'j'), true) => {
            *cursor = (*cursor + 1).min(found.len().saturating_sub(1));
        }
        (KeyCode::Up, _) | (KeyCode::Char('p' | 'k'), true) => *cursor = cursor.saturating_sub(1),
        (KeyCode::Enter, _) => {
            let id = found.get(*cursor).copied();
            close(state);
            if let Some(id) = id {
                keys::run(state, id, None);
            }
            return;
        }
        _ => {
            if type_key(input, key) {
                fill_palette(state);
            }
        }
    }
    state.draw();
}

/// Asks before leaving when work is under way; else leaves.
pub fn ask_to_quit(state: &mut State) {
    let mut lines = Vec::new();
    for i in &state.overview.integrations {
        let running: Vec<&str> = i
            .streams
            .iter()
            .filter(|s| matches!(s.state, RunState::Running | RunState::Waiting { .. }))
            .map(|s| s.label.as_str())
            .collect();
        if !running.is_empty() {
            lines.push(format!("{} is syncing: {}", i.name, running.join(", ")));
        }
    }
    let deciding = state.tickets.deciding();
    if deciding > 0 {
        lines.push(format!("{} not saved yet", counted(deciding as u64, "decision is", "decisions are")));
    }
    if lines.is_empty() {
        return navigate::quit(state);
    }
    lines.push("A cut sync keeps what it stored and goes on from there next time.".to_owned());
    let confirm =
        Confirm { title: "Quit?".to_owned(), then: Then::Quit, ticket: None, preview: None, lines, keep: None };
    state.overlay = Some(Overlay::Confirm(confirm));
    state.draw();
}

fn confirm_key(state: &mut State, key: Key) {
    let Some(Overlay::Confirm(confirm)) = &mut state.overlay else { return };
    match key.code {
        KeyCode::Char('k') if confirm.keep.is_some() => {
            confirm.keep = confirm.keep.map(|keep| !keep);
            state.draw();
        }
        KeyCode::Enter | KeyCode::Char('y') => {
            if confirm.ticket.is_some() {
                return;
            }
            let (then, keep) = (confirm.then.clone(), confirm.keep);
            close(state);
            match then {
                Then::Quit => navigate::quit(state),
                Then::Import { flow, stream, rows, anyway } => {
                    super::inventory::send(state, flow, stream, rows, anyway, Given::default());
                }
                Then::Deactivate(flow) => super::inventory::give_up(state, flow),
                Then::DeleteOrphans(integration, stream) => {
                    state.effects.push(Effect::DeleteOrphans(integration, stream));
                }
                Then::Card { key, yes } => super::cards::send(state, key, yes),
                Then::Undo(entry) => decide::undo(state, Some(entry)),
                Then::Decide { action, rows, label } => decide::decided(state, action, rows, label.as_ref(), keep),
            }
        }
        KeyCode::Char('n' | 'q') => escape(state),
        _ => {}
    }
}

/// The door said what an action would do.
pub fn on_preview(state: &mut State, ticket: Ticket, answer: Preview) {
    let (latest, preview) = match &mut state.overlay {
        Some(Overlay::Confirm(confirm)) => (&mut confirm.ticket, &mut confirm.preview),
        Some(Overlay::Quick(quick)) => (&mut quick.ticket, &mut quick.preview),
        _ => return,
    };
    if *latest == Some(ticket) {
        *latest = None;
        *preview = Some(answer);
        state.draw();
    }
}

/// Opens find for the queue or the log.
pub fn open_find(state: &mut State) {
    let log = state.focus == Pane::Log;
    let before = if log {
        state.log.filter.text.clone()
    } else {
        state.queue().map(|q| q.spec.find.clone()).unwrap_or_default()
    };
    state.overlay = Some(Overlay::Find { log, input: Input::new(before.clone()), before, due: None });
    state.draw();
}

fn find_key(state: &mut State, key: Key) {
    let Some(Overlay::Find { input, .. }) = &mut state.overlay else { return };
    if key.code == KeyCode::Enter {
        find_now(state);
        return close(state);
    }
    if matches!(key.code, KeyCode::Down | KeyCode::Up) {
        find_now(state);
        close(state);
        return navigate::step(state, if key.code == KeyCode::Down { CommandId::Down } else { CommandId::Up });
    }
    if type_key(input, key) {
        // One question at a time: what is typed meanwhile is asked for with the answer.
        let busy = if matches!(state.overlay, Some(Overlay::Find { log: true, .. })) {
            state.log.asked.is_some()
        } else {
            state.queue().is_some_and(|q| q.asked.is_some())
        };
        if busy || state.config.low_bandwidth {
            let at = later(state);
            if let Some(Overlay::Find { due, .. }) = &mut state.overlay {
                *due = Some(at);
            }
        } else {
            find_now(state);
        }
    }
    state.draw();
}

/// An answer came: what was typed meanwhile is searched for at once.
pub fn search_what_waits(state: &mut State) {
    let due = match &mut state.overlay {
        Some(Overlay::Find { due, .. }) => due,
        Some(Overlay::Picker(picker)) => &mut picker.due,
        _ => return,
    };
    if !state.config.low_bandwidth && due.take().is_some() {
        search(state);
    }
}

fn find_now(state: &mut State) {
    let Some(Overlay::Find { log, input, .. }) = &state.overlay else { return };
    let (log, text) = (*log, input.value().trim().to_owned());
    apply_find(state, log, text);
}

fn apply_find(state: &mut State, log: bool, text: String) {
    if log {
        if state.log.filter.text != text {
            state.log.filter.text = text;
            requests::log(state);
        }
    } else if state.queue().is_some_and(|q| q.spec.find != text) {
        navigate::change_view(state, |spec| spec.find = text);
    }
}

/// Opens a list of choices with the cursor on the present one.
pub fn open_menu(
    state: &mut State,
    title: impl Into<String>,
    items: Vec<(String, String, Choice)>,
    chosen: Option<&Choice>,
) {
    let cursor = items.iter().position(|(_, _, c)| Some(c) == chosen).unwrap_or(0);
    let title = title.into();
    state.overlay = Some(Overlay::Menu { title, items, cursor });
    state.draw();
}

/// Chooses which rows or lines are shown.
pub fn open_filter(state: &mut State) {
    if state.focus == Pane::Log {
        return open_log_filter(state);
    }
    let Some(queue) = state.queue() else { return };
    let counts = queue.counts;
    let item = |name: &str, count: u64, filter| (name.to_owned(), thousands(count), Choice::Filter(filter));
    let mut items =
        vec![item("open: needs a decision", counts.open(), Filter::Open), item("all", counts.total(), Filter::All)];
    items.extend(MatchState::ALL.into_iter().map(|s| item(s.name(), counts.of(s), Filter::State(s))));
    items.push(item("orphaned: gone at a vendor", counts.orphaned, Filter::Orphaned));
    items.push(item("left out by the sync settings", counts.left_out, Filter::LeftOut));
    let chosen = Choice::Filter(queue.spec.filter);
    if super::inventory::shown(state).is_some() {
        let item = Choice::Filter(Filter::Unimported);
        items.push(("not imported, with what is in the way".to_owned(), String::new(), item));
    }
    open_menu(state, "Show which rows", items, Some(&chosen));
}

fn open_log_filter(state: &mut State) {
    let mut items: Vec<_> = [LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error]
        .into_iter()
        .map(|level| (format!("{} and louder", level.name()), String::new(), Choice::Level(level)))
        .collect();
    items.push(("of every integration".to_owned(), String::new(), Choice::LogOf(None)));
    items.extend(
        state
            .overview
            .integrations
            .iter()
            .map(|i| (format!("only of {}", i.name), i.id.to_string(), Choice::LogOf(Some(i.id.clone())))),
    );
    let chosen = Choice::Level(state.log.filter.level.unwrap_or(LogLevel::Info));
    open_menu(state, "Show which lines", items, Some(&chosen));
}

/// Chooses the order of the rows.
pub fn open_sort(state: &mut State) {
    let Some(queue) = state.queue() else { return };
    let now = queue.spec.sort;
    let keys = [
        ("work: conflicts, then sure to unsure", SortKey::Work),
        ("name", SortKey::Name),
        ("confidence", SortKey::Confidence),
        ("company", SortKey::Company),
        ("devices", SortKey::Devices),
        ("state", SortKey::State),
    ];
    let companies = queue.spec.stream == Stream::Companies;
    let items = keys
        .into_iter()
        .filter(|(_, key)| *key != if companies { SortKey::Company } else { SortKey::Devices })
        .map(|(name, key)| {
            let detail =
                if key == now.key { if now.descending { "now, last first" } else { "now; again: turn" } } else { "" };
            (name.to_owned(), detail.to_owned(), Choice::Sort(key))
        })
        .collect();
    open_menu(state, "In which order", items, Some(&Choice::Sort(now.key)));
}

fn menu_key(state: &mut State, key: Key) {
    let Some(Overlay::Menu { items, cursor, .. }) = &mut state.overlay else { return };
    let last = items.len().saturating_sub(1);
    match key.code {
        KeyCode::Char('j') | KeyCode::Down => *cursor = (*cursor + 1).min(last),
        KeyCode::Char('k') | KeyCode::Up => *cursor = cursor.saturating_sub(1),
        KeyCode::Char('g') | KeyCode::Home => *cursor = 0,
        KeyCode::Char('G') | KeyCode::End => *cursor = last,
        KeyCode::Char('q') => return close(state),
        KeyCode::Char(c @ '1'..='9') => {
            let number = c.to_digit(10).map_or(0, |d| d as usize - 1);
            if number <= last {
                *cursor = number;
                return choose(state);
            }
        }
        KeyCode::Enter | KeyCode::Char(' ') => return choose(state),
        KeyCode::Char('x') => {
            if let Some((_, _, Choice::View(name))) = items.get(*cursor) {
                let name = name.clone();
                return views::remove(state, &name);
            }
        }
        _ => {}
    }
    state.draw();
}

fn choose(state: &mut State) {
    let Some(Overlay::Menu { items, cursor, .. }) = &state.overlay else { return };
    let Some((_, _, choice)) = items.get(*cursor).cloned() else { return };
    close(state);
    match choice {
        Choice::Filter(filter) => navigate::change_view(state, |spec| spec.filter = filter),
        Choice::Sort(key) => navigate::change_view(state, |spec| {
            let turn = spec.sort.key == key && !spec.sort.descending;
            // What is counted is wanted largest first.
            let large_first = matches!(key, SortKey::Confidence | SortKey::Devices) && spec.sort.key != key;
            spec.sort.descending = turn || large_first;
            spec.sort.key = key;
        }),
        Choice::Level(level) => {
            state.log.filter.level = Some(level);
            requests::log(state);
        }
        Choice::View(name) => views::show(state, &name),
        Choice::PlainView => views::show_plain(state),
        Choice::SaveView => views::ask_name(state),
        Choice::Alike { verb, action, label, rows } => super::alike::chosen(state, verb, action, label, rows),
        Choice::LogOf(integration) => {
            state.log.filter.integration = integration;
            requests::log(state);
        }
    }
}

/// Shows the gates of the row's record.
pub fn open_why(state: &mut State) {
    let Some(row) = state.queue().and_then(|q| q.current()) else { return };
    let (name, text) = (row.name.clone(), row.id.to_string());
    requests::submit(state, Purpose::Why, Request::Query(Query::Why { text }));
    state.overlay = Some(Overlay::Why { name, records: None, scroll: 0 });
    state.draw();
}

/// Lists what the person was told; it has been seen then.
pub fn open_messages(state: &mut State) {
    state.messages.seen_all();
    state.notice = None;
    state.overlay = Some(Overlay::Messages { scroll: 0 });
    state.draw();
}
