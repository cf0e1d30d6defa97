//! What lies over the panes: one box in the middle, painted over what is below.

mod ask;
pub mod cards;
pub mod coverage;
mod data;
pub mod fields;
mod help;
mod inventory;
mod lists;
pub mod outbox;
pub mod policies;
mod records;
pub mod register;
mod rules;
mod schedules;
pub mod settings;
mod wizard;

use super::state::State;
use super::state::overlay::Overlay;
use super::widgets::canvas::Canvas;
use super::widgets::number::cells;
use super::widgets::text::{tail, width};
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use tui_input::Input;

/// A line of scrolled text.
pub type Text = Vec<(String, Style)>;

/// The largest box on a screen of that size; larger ones would cost a slow line too much.
#[must_use]
pub fn room((width, height): (u16, u16)) -> Rect {
    let (w, h) = (width.saturating_sub(4).min(92), height.saturating_sub(4).min(24));
    Rect::new((width - w) / 2, 1 + height.saturating_sub(h + 2) / 2, w, h)
}

/// Lines of the overlays that scroll.
#[must_use]
pub fn lines(state: &State) -> Vec<Text> {
    match &state.overlay {
        Some(Overlay::Help { .. }) => help::keys(state),
        Some(Overlay::Why { records, .. }) => help::gates(state, records.as_deref()),
        Some(Overlay::Record { sheet, .. }) => records::sheet(state, sheet.as_deref()),
        Some(Overlay::BadRows { rows, .. }) => records::bad_rows(state, rows.as_deref()),
        Some(Overlay::Messages { .. }) => help::messages(state),
        Some(Overlay::Detail { detail, .. }) => inventory::detail(state, detail.as_ref()),
        _ => Vec::new(),
    }
}

/// Paints an overlay; returns where text is being typed.
pub fn draw(state: &State, overlay: &Overlay, canvas: &mut Canvas<'_>) -> Option<Position> {
    match overlay {
        Overlay::Help { scroll } => help::draw(state, canvas, "Keys", *scroll),
        Overlay::Why { name, scroll, .. } => help::draw(state, canvas, &format!("Why: {name}"), *scroll),
        Overlay::Record { scroll, .. } => help::draw(state, canvas, "Record", *scroll),
        Overlay::BadRows { scroll, .. } => help::draw(state, canvas, "Rows that could not be read", *scroll),
        Overlay::Palette { input, cursor, found } => return Some(lists::palette(state, canvas, input, *cursor, found)),
        Overlay::Picker(picker) => return Some(lists::picker(state, canvas, picker)),
        Overlay::Confirm(confirm) => ask::confirm(state, canvas, confirm),
        Overlay::Quick(quick) => return Some(ask::quick(state, canvas, quick)),
        Overlay::Menu { title, items, cursor } => lists::menu(state, canvas, title, items, *cursor),
        Overlay::History { entries, cursor, top } => lists::history(state, canvas, entries.as_deref(), *cursor, *top),
        Overlay::Wizard(at) => return wizard::draw(state, canvas, at),
        Overlay::Cards(shown) => cards::draw(state, canvas, shown),
        Overlay::Making(making) => outbox::making(state, canvas, making),
        Overlay::Outbox(list) => outbox::outbox(state, canvas, list),
        Overlay::Rules { rules, cursor, top } => rules::draw(state, canvas, rules.as_deref(), *cursor, *top),
        Overlay::Fields(shown) => fields::draw(state, canvas, shown),
        Overlay::Settings(shown) => settings::draw(state, canvas, shown),
        Overlay::Messages { scroll } => help::draw(state, canvas, "Messages, newest first", *scroll),
        Overlay::Coverage(shown) => return coverage::draw(state, canvas, shown),
        Overlay::Data(shown) => data::draw(state, canvas, shown),
        Overlay::Columns { list, cursor } => lists::columns(state, canvas, list, *cursor),
        Overlay::Name { title, input, .. } => {
            let inner = frame(state, canvas, title, 1);
            return Some(typing(canvas, inner, "name: ", input));
        }
        Overlay::Schedules(shown) => return schedules::draw(state, canvas, shown),
        Overlay::Register(shown) => return register::list(state, canvas, shown),
        Overlay::Form(form) => return register::form(state, canvas, form),
        Overlay::Policies(shown) => policies::draw(state, canvas, shown),
        Overlay::Adding(form) => return inventory::adding(state, canvas, form),
        Overlay::Detail { scroll, .. } => help::draw(state, canvas, "What is known", *scroll),
        Overlay::Steps { flow, cursor } => inventory::steps(state, canvas, flow, *cursor),
        Overlay::Find { .. } => {}
    }
    None
}

/// An empty framed box of at most that height; returns the room inside.
fn frame(state: &State, canvas: &mut Canvas<'_>, title: &str, height: usize) -> Rect {
    let most = room(state.size);
    let area = Rect { height: most.height.min(cells(height + 2)), ..most };
    canvas.clear(area);
    let style = canvas.theme.accent;
    let inner = canvas.frame(area, &[(" ", style), (title, style), (" ", style)]);
    Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
}

/// A line in which text is typed; returns where the cursor is.
fn typing(canvas: &mut Canvas<'_>, area: Rect, label: &str, input: &Input) -> Position {
    let theme = canvas.theme;
    let used = canvas.put(area.x, area.y, area.width, label, theme.accent);
    let room = area.width.saturating_sub(used + 1);
    let typed = tail(input.value(), usize::from(room));
    canvas.put(area.x + used, area.y, room, typed, theme.text);
    let behind = width(input.value()).saturating_sub(input.visual_cursor());
    Position::new(area.x + used + cells(width(typed).saturating_sub(behind)), area.y)
}
