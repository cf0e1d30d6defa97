//! What of a queue is shown: columns, grouping, saved views.

use super::overlays::{self, close};
use super::{navigate, requests};
use crate::domain::{LogLevel, Stream};
use crate::service::messages::{Sort, SortKey};
use crate::ui::columns::{self, ColumnId};
use crate::ui::key::{Key, KeyCode};
use crate::ui::message::Effect;
use crate::ui::saved_view::SavedView;
use crate::ui::state::State;
use crate::ui::state::overlay::{Choice, Naming, Overlay};
use tui_input::Input;

/// Puts a heading above the rows of each company, or takes the headings away.
pub fn group(state: &mut State) {
    let Some(queue) = state.queue_mut() else { return };
    if queue.spec.stream == Stream::Companies {
        return state.say(LogLevel::Info, "companies stand by themselves: devices and others are grouped by company");
    }
    queue.grouped = !queue.grouped;
    let grouped = queue.grouped;
    let key = if grouped { SortKey::Company } else { SortKey::Work };
    navigate::change_view(state, |spec| spec.sort = Sort { key, descending: false });
    state.say(LogLevel::Info, if grouped { "grouped by company" } else { "no longer grouped" });
}

/// Opens the choice of columns.
pub fn open_columns(state: &mut State) {
    let Some(queue) = state.queue() else { return };
    let stream = queue.spec.stream;
    let room = state.layout().queue.map_or(0, |r| r.width.saturating_sub(4));
    let shown: Vec<ColumnId> = match &queue.columns {
        Some(chosen) => chosen.clone(),
        None => columns::fit(stream, None, queue.has_headings(), room).into_iter().map(|(id, _)| id).collect(),
    };
    let mut list: Vec<(ColumnId, bool)> = shown.iter().map(|id| (*id, true)).collect();
    list.extend(columns::of(stream).filter(|c| !shown.contains(&c.id)).map(|c| (c.id, false)));
    state.overlay = Some(Overlay::Columns { list, cursor: 0 });
    state.draw();
}

/// A key while columns are chosen: what is chosen shows at once.
pub fn columns_key(state: &mut State, key: Key) {
    let Some(Overlay::Columns { list, cursor }) = &mut state.overlay else { return };
    let last = list.len().saturating_sub(1);
    let mut changed = true;
    match key.code {
        KeyCode::Char('j') | KeyCode::Down => (*cursor, changed) = ((*cursor + 1).min(last), false),
        KeyCode::Char('k') | KeyCode::Up => (*cursor, changed) = (cursor.saturating_sub(1), false),
        KeyCode::Char(' ' | 'x') => {
            if let Some(entry) = list.get_mut(*cursor) {
                entry.1 = !entry.1;
            }
        }
        KeyCode::Char('J') if *cursor < last => {
            list.swap(*cursor, *cursor + 1);
            *cursor += 1;
        }
        KeyCode::Char('K') if *cursor > 0 => {
            list.swap(*cursor, *cursor - 1);
            *cursor -= 1;
        }
        KeyCode::Char('r') => {
            if let Some(queue) = state.queue_mut() {
                (queue.columns, queue.view) = (None, None);
            }
            return open_columns(state);
        }
        KeyCode::Enter | KeyCode::Char('q' | 'O') => return close(state),
        _ => changed = false,
    }
    let chosen: Vec<ColumnId> = list.iter().filter(|(_, on)| *on).map(|(id, _)| *id).collect();
    if changed && let Some(queue) = state.queue_mut() {
        (queue.columns, queue.view) = (Some(chosen), None);
    }
    state.draw();
}

/// Lists the saved views of the stream.
pub fn open_views(state: &mut State) {
    let Some(queue) = state.queue() else { return };
    let stream = queue.spec.stream;
    let mut items: Vec<(String, String, Choice)> = state
        .config
        .views
        .iter()
        .filter(|view| view.is_of(stream))
        .map(|view| (view.name.clone(), view.words(), Choice::View(view.name.clone())))
        .collect();
    let known = queue.view.clone().map(Choice::View);
    items.push((
        "save what is shown …".to_owned(),
        "under a name; “default” is shown at the start".into(),
        Choice::SaveView,
    ));
    items.push((
        "as at first".to_owned(),
        "open rows, in the order of work, columns that fit".into(),
        Choice::PlainView,
    ));
    overlays::open_menu(state, format!("Views of {stream}; x removes one"), items, known.as_ref());
}

/// Shows the view of that name.
pub fn show(state: &mut State, name: &str) {
    let Some(stream) = state.queue().map(|q| q.spec.stream) else { return };
    let Some(view) = state.config.views.iter().find(|v| v.name == name && v.is_of(stream)).cloned() else { return };
    if let Some(queue) = state.queue_mut() {
        view.show(queue);
    }
    requests::window(state);
    state.draw();
}

/// Shows what a tab shows when nothing was chosen.
pub fn show_plain(state: &mut State) {
    if let Some(queue) = state.queue_mut() {
        let plain = SavedView { stream: queue.spec.stream.name().to_owned(), ..SavedView::default() };
        plain.show(queue);
        queue.view = None;
    }
    requests::window(state);
    state.draw();
}

/// Asks for the name of a view.
pub fn ask_name(state: &mut State) {
    let name = state.queue().and_then(|q| q.view.clone()).unwrap_or_default();
    state.overlay =
        Some(Overlay::Name { title: "Name of the view".into(), input: Input::new(name), then: Naming::View });
    state.draw();
}

/// A key while a name is typed.
pub fn name_key(state: &mut State, key: Key) {
    let Some(Overlay::Name { input, then, .. }) = &mut state.overlay else { return };
    if key.code != KeyCode::Enter {
        overlays::type_key(input, key);
        return state.draw();
    }
    let (name, then) = (input.value().trim().to_owned(), *then);
    if name.is_empty() {
        return state.say(LogLevel::Info, "type a name, or Esc");
    }
    close(state);
    match then {
        Naming::View => save(state, &name),
    }
}

fn save(state: &mut State, name: &str) {
    let Some(queue) = state.queue_mut() else { return };
    let view = SavedView::of(queue, name.to_owned());
    queue.view = Some(name.to_owned());
    state.config.views.retain(|v| !(v.name == view.name && v.stream == view.stream));
    state.config.views.push(view.clone());
    let kept = if state.kinds.is_empty() { " until you quit: this home has no configuration file" } else { "" };
    state.say(LogLevel::Info, format!("view {name} is kept{kept}"));
    state.effects.push(Effect::SaveView(view));
}

/// Takes a saved view away.
pub fn remove(state: &mut State, name: &str) {
    let Some(stream) = state.queue().map(|q| q.spec.stream) else { return };
    let Some(at) = state.config.views.iter().position(|v| v.name == name && v.is_of(stream)) else { return };
    let view = state.config.views.remove(at);
    if let Some(queue) = state.queue_mut().filter(|q| q.view.as_deref() == Some(name)) {
        queue.view = None;
    }
    state.effects.push(Effect::RemoveView(view));
    state.say(LogLevel::Info, format!("view {name} is removed"));
    open_views(state);
}
