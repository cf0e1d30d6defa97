//! Cards: what syncs found that a person decides.

use super::overlays::{close, keep_in_sight};
use super::requests;
use crate::domain::LogLevel;
use crate::service::messages::{CardAbout, CardView, Command, Query, Request};
use crate::ui::key::{Key, KeyCode};
use crate::ui::state::State;
use crate::ui::state::overlay::{Cards, Confirm, Overlay, Then};
use crate::ui::state::ticket::Purpose;

/// Lists the cards.
pub fn open(state: &mut State) {
    requests::submit(state, Purpose::Cards, Request::Query(Query::Cards));
    state.overlay = Some(Overlay::Cards(Cards::default()));
    state.draw();
}

/// The list came.
pub fn on_cards(state: &mut State, cards: Vec<CardView>) {
    let Some(Overlay::Cards(shown)) = &mut state.overlay else { return };
    shown.cursor = shown.cursor.min(cards.len().saturating_sub(1));
    shown.scroll = 0;
    shown.list = Some(cards);
    state.draw();
}

/// A key while they are shown.
pub fn key(state: &mut State, key: Key) {
    let page = crate::ui::overlays::cards::heads(state);
    let below = crate::ui::overlays::cards::details(state);
    let Some(Overlay::Cards(shown)) = &mut state.overlay else { return };
    let last = shown.list.as_ref().map_or(0, |c| c.len().saturating_sub(1));
    let lines = shown.current().map_or(0, |c| c.lines.len());
    let before = shown.cursor;
    match key.code {
        KeyCode::Char('j') | KeyCode::Down => shown.cursor = (shown.cursor + 1).min(last),
        KeyCode::Char('k') | KeyCode::Up => shown.cursor = shown.cursor.saturating_sub(1),
        KeyCode::Char('J') | KeyCode::PageDown => {
            shown.scroll = (shown.scroll + below).min(lines.saturating_sub(1));
        }
        KeyCode::Char('K') | KeyCode::PageUp => shown.scroll = shown.scroll.saturating_sub(below),
        KeyCode::Char('g') | KeyCode::Home => shown.cursor = 0,
        KeyCode::Char('G') | KeyCode::End => shown.cursor = last,
        KeyCode::Char('a') | KeyCode::Enter => return answer(state, true),
        KeyCode::Char('x') => return answer(state, false),
        KeyCode::Char('q' | '!') => return close(state),
        _ => {}
    }
    if shown.cursor != before {
        shown.scroll = 0;
    }
    shown.top = keep_in_sight(shown.top, shown.cursor, page);
    state.draw();
}

/// A mass change is asked about once more: no undo takes it back. Moved matches are one undo.
fn answer(state: &mut State, yes: bool) {
    let Some(Overlay::Cards(shown)) = &state.overlay else { return };
    let Some(card) = shown.current().cloned() else {
        return state.say(LogLevel::Info, "there is no card to answer");
    };
    if matches!(card.about, CardAbout::MassChange { .. }) {
        let (title, what) = if yes { ("Apply the mass change", card.yes) } else { ("Refuse the mass change", card.no) };
        let lines = vec![card.title, String::new(), what, "No undo takes this back.".to_owned()];
        let then = Then::Card { key: card.key, yes };
        state.overlay = Some(Overlay::Confirm(Confirm {
            title: title.to_owned(),
            then,
            ticket: None,
            preview: None,
            lines,
            keep: None,
        }));
        return state.draw();
    }
    send(state, card.key, yes);
}

/// Sends an answer; the list is asked for anew when it is carried out.
pub fn send(state: &mut State, key: String, yes: bool) {
    requests::submit(state, Purpose::CardAnswer, Request::Command(Command::AnswerCard { key, yes }));
    state.say(LogLevel::Info, "answering");
}

/// An answer was carried out or refused: what is left is shown.
pub fn answered(state: &mut State) {
    if matches!(state.overlay, Some(Overlay::Cards(_))) {
        requests::submit(state, Purpose::Cards, Request::Query(Query::Cards));
    }
}
