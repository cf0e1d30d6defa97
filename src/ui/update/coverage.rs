//! The Coverage screen: which company is known where.

use super::overlays::list_key;
use super::overlays::{close, type_key};
use super::{navigate, requests};
use crate::domain::{LogLevel, Stream};
use crate::service::messages::{Coverage, CoverageShow, CoverageSort, Query, Request, Ticket};
use crate::ui::key::{Key, KeyCode};
use crate::ui::state::State;
use crate::ui::state::coverage::CoverageState;
use crate::ui::state::overlay::Overlay;
use crate::ui::state::ticket::Purpose;
use crate::ui::widgets::number::index;
use tui_input::Input;

/// Rows asked for at once.
const WINDOW: u32 = 300;

/// Opens it.
pub fn open(state: &mut State) {
    state.overlay = Some(Overlay::Coverage(Box::default()));
    ask(state, 0);
    state.draw();
}

fn ask(state: &mut State, offset: u64) {
    let Some(Overlay::Coverage(shown)) = &state.overlay else { return };
    let query = Query::Coverage { spec: shown.spec.clone(), offset, limit: WINDOW };
    let ticket = requests::submit(state, Purpose::Coverage, Request::Query(query));
    if let Some(Overlay::Coverage(shown)) = &mut state.overlay {
        shown.ticket = Some(ticket);
    }
}

/// The answer; only the latest counts.
pub fn came(state: &mut State, ticket: Ticket, grid: Coverage) {
    let Some(Overlay::Coverage(shown)) = &mut state.overlay else { return };
    if shown.ticket != Some(ticket) {
        return;
    }
    shown.ticket = None;
    shown.cursor = shown.cursor.min(index(grid.total).saturating_sub(1));
    shown.grid = Some(grid);
    state.draw();
}

/// A key while it is shown.
pub fn key(state: &mut State, key: Key) {
    let page = crate::ui::overlays::coverage::page(state);
    let Some(Overlay::Coverage(shown)) = &mut state.overlay else { return };
    if shown.input.is_some() {
        return typed(state, key);
    }
    let total = shown.grid.as_ref().map_or(0, |g| index(g.total));
    if let Some(to) = list_key(key, shown.cursor, total, page) {
        shown.go(to, page);
        if !shown.holds() {
            let offset = (shown.top as u64).saturating_sub(u64::from(WINDOW) / 3);
            ask(state, offset);
        }
        return state.draw();
    }
    match key.code {
        KeyCode::Char('f') => change(state, next_show),
        KeyCode::Char('o') => change(state, |shown| {
            shown.spec.sort = match shown.spec.sort {
                CoverageSort::Gap => CoverageSort::Name,
                CoverageSort::Name => CoverageSort::Devices,
                CoverageSort::Devices => CoverageSort::Gap,
            };
        }),
        KeyCode::Char('/') => {
            shown.input = Some(Input::new(shown.spec.find.clone()));
            state.draw();
        }
        KeyCode::Enter => enter(state),
        KeyCode::Char('q' | '%') => close(state),
        _ => {}
    }
}

/// Esc: out of what is typed, then what narrows, then the screen.
pub fn escape(state: &mut State) {
    let Some(Overlay::Coverage(shown)) = &mut state.overlay else { return };
    if shown.input.take().is_some() {
        return state.draw();
    }
    if shown.spec.find.is_empty() && shown.spec.show == CoverageShow::All {
        return close(state);
    }
    change(state, |shown| {
        shown.spec.find.clear();
        shown.spec.show = CoverageShow::All;
    });
}

fn typed(state: &mut State, key: Key) {
    let Some(Overlay::Coverage(shown)) = &mut state.overlay else { return };
    let Some(input) = &mut shown.input else { return };
    if key.code == KeyCode::Enter {
        shown.input = None;
        return state.draw();
    }
    if type_key(input, key) {
        let text = input.value().trim().to_owned();
        change(state, |shown| shown.spec.find = text);
    }
    state.draw();
}

fn change(state: &mut State, change: impl FnOnce(&mut CoverageState)) {
    let Some(Overlay::Coverage(shown)) = &mut state.overlay else { return };
    change(shown);
    (shown.cursor, shown.top) = (0, 0);
    ask(state, 0);
    state.draw();
}

/// All, then those with gaps, then those that each integration lacks.
fn next_show(shown: &mut CoverageState) {
    let ids: Vec<_> = shown.grid.iter().flat_map(|g| g.integrations.iter().map(|(id, _)| id.clone())).collect();
    shown.spec.show = match &shown.spec.show {
        CoverageShow::All => CoverageShow::Gaps,
        CoverageShow::Gaps => ids.first().cloned().map_or(CoverageShow::All, CoverageShow::Missing),
        CoverageShow::Missing(id) => {
            let next = ids.iter().position(|i| i == id).and_then(|at| ids.get(at + 1));
            next.cloned().map_or(CoverageShow::All, CoverageShow::Missing)
        }
    };
}

/// Goes to the company's records in the Queue: of the first flow that has it as a source.
fn enter(state: &mut State) {
    let Some(Overlay::Coverage(shown)) = &state.overlay else { return };
    let Some((grid, row)) = shown.grid.as_ref().zip(shown.current()) else { return };
    let known = grid.integrations.iter().zip(&row.cells).filter_map(|((id, _), cell)| Some((id, cell.as_ref()?)));
    let sources: Vec<_> = known.map(|(id, cell)| (id.clone(), cell.id.clone())).collect();
    let found = sources.iter().find_map(|(id, company)| {
        let flow = state.overview.flows.iter().find(|f| f.source_id == *id)?;
        Some((flow.id.clone(), company.clone()))
    });
    let name = row.name.clone();
    let Some((flow, company)) = found else {
        return state.say(LogLevel::Info, format!("{name} is on a target's side only: no source has it"));
    };
    close(state);
    navigate::show_company(state, &flow, &company);
    if state.tab.as_ref().is_some_and(|tab| tab.1 == Stream::Companies) {
        navigate::change_view(state, |spec| spec.find = name);
    }
}
