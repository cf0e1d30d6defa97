//! The rows of a flow into the inventory: types with counts and auto-sync, staged devices with what is in their way.

use crate::domain::{MatchState, Stream};
use crate::service::messages::{QueueRow, Staged};
use crate::ui::command::CommandId;
use crate::ui::state::State;
use crate::ui::state::queue::QueueState;
use crate::ui::widgets::canvas::Canvas;
use crate::ui::widgets::number::{cells, thousands};
use ratatui::layout::Rect;
use ratatui::style::Modifier;

/// A column: its head and its width.
type Column = (&'static str, u16);

/// The columns of a tab in so much room; `None` where the queue's own do.
fn columns(stream: Stream, room: u16) -> Option<Vec<Column>> {
    let free = room.saturating_sub(3);
    Some(match stream {
        Stream::DeviceTypes => {
            let (state, count, auto, ready) = (11, 8, 6, 10);
            let rest = free.saturating_sub(state + count + auto + ready + 6);
            let name = rest * 3 / 10;
            let target = rest * 3 / 10;
            vec![
                ("State", state),
                ("Type", name),
                ("Devices", count),
                ("Maps to", target),
                ("Auto", auto),
                ("To import", ready),
                ("Why", rest - name - target),
            ]
        }
        Stream::Devices => {
            let status = 12;
            let rest = free.saturating_sub(status + 6);
            // Where there is room for few columns, maker and model give way.
            let (maker, model) = if rest < 80 { (0, 0) } else { (9, rest / 7) };
            let rest = rest - maker - model;
            let kind = (rest * 2 / 10).min(14);
            let (name, company) = (rest * 3 / 10, rest * 2 / 10);
            let why = rest - name - kind - company;
            let all = [
                ("Status", status),
                ("Device", name),
                ("Type", kind),
                ("Company", company),
                ("Maker", maker),
                ("Model", model),
                ("In its way", why),
            ];
            all.into_iter().filter(|(_, width)| *width > 0).collect()
        }
        _ => return None,
    })
}

/// Paints the heads; false where the queue's own columns do.
pub fn heads(state: &State, stream: Stream, canvas: &mut Canvas<'_>, area: Rect) -> bool {
    if super::super::update::inventory::shown(state).is_none() {
        return false;
    }
    let Some(columns) = columns(stream, area.width) else { return false };
    let mut x = area.x + 2;
    for (head, width) in columns {
        canvas.put(x, area.y, width, head, canvas.theme.head);
        x += width + 1;
    }
    true
}

/// Paints one row after its marks; false where the queue's own columns do.
pub fn row(queue: &QueueState, row: &QueueRow, here: bool, canvas: &mut Canvas<'_>, area: Rect) -> bool {
    let (Some(staged), Some(columns)) = (&row.staged, columns(queue.spec.stream, area.width)) else { return false };
    let theme = canvas.theme;
    let shown = queue.state_of(row);
    let bold = if here { theme.text.add_modifier(Modifier::BOLD) } else { theme.text };
    let mut x = area.x + 2;
    for (head, width) in columns {
        let (text, style) = match head {
            "State" | "Status" => {
                let word = if head == "Status" { status(shown, row, staged) } else { shown.name() };
                let style = theme.state(shown);
                canvas.line(x, area.y, width, &[(canvas.glyphs.state(shown), style), (" ", style), (word, style)]);
                x += width + 1;
                continue;
            }
            "Device" => (row.name.clone(), bold),
            "Type" if queue.spec.stream == Stream::DeviceTypes => (row.name.clone(), bold),
            "Type" => (staged.kind.clone(), theme.text),
            "Company" => (staged.company.clone(), theme.text),
            "Maker" => (staged.maker.clone(), theme.text),
            "Model" => (row.model.clone(), theme.text),
            "Maps to" => (row.target.as_ref().map(|t| t.name.clone()).unwrap_or_default(), theme.text),
            "Auto" => (if staged.auto { "auto" } else { "" }.to_owned(), theme.ok),
            "Devices" | "To import" => {
                let count = if head == "Devices" { row.devices } else { staged.ready };
                canvas.right(x, area.y, width.min(cells(head.len())), &thousands(u64::from(count)), theme.text);
                x += width + 1;
                continue;
            }
            // Nothing is in the way of what is ready.
            "In its way" if staged.blocked.is_empty() && shown != MatchState::Matched => (String::new(), theme.text),
            _ => (why(row, staged), theme.text),
        };
        canvas.put(x, area.y, width, &text, style);
        x += width + 1;
    }
    true
}

/// How far an import is, in the frame's lower line.
pub fn progress(state: &State, canvas: &mut Canvas<'_>, area: Rect) {
    let running = super::super::update::inventory::shown(state).and_then(|flow| flow.import.as_ref()?.running);
    let Some((done, all)) = running else { return };
    let text = format!(" {} importing {} of {} ", canvas.glyphs.busy, thousands(done), thousands(all));
    let (x, style) = (area.x + 2, canvas.theme.busy);
    canvas.put(x, area.bottom().saturating_sub(1), area.width.saturating_sub(4), &text, style);
}

/// The word of a staged device's state.
fn status(shown: MatchState, row: &QueueRow, staged: &Staged) -> &'static str {
    match shown {
        MatchState::Matched if row.why.starts_with("imported") => "imported",
        MatchState::Matched => "matched",
        _ if staged.blocked.is_empty() => "ready",
        MatchState::Suggested => "perhaps in",
        MatchState::Ignored => "ignored",
        MatchState::Conflict => "conflict",
        MatchState::Deferred => "deferred",
        MatchState::Unmatched => "blocked",
    }
}

fn why(row: &QueueRow, staged: &Staged) -> String {
    if row.orphaned {
        return "gone at the vendor".to_owned();
    }
    if staged.blocked.is_empty() { row.why.clone() } else { staged.blocked.clone() }
}

/// The keys that matter most on the tab shown, when its flow leads into the inventory.
pub fn first_keys(state: &State) -> &'static [CommandId] {
    use CommandId as C;
    if super::super::update::inventory::shown(state).is_none() || state.focus != super::super::state::Pane::Queue {
        return &[];
    }
    match state.tab.as_ref().map(|tab| tab.1) {
        Some(Stream::DeviceTypes) => {
            &[C::QuickMatch, C::QuickCreate, C::AutoSync, C::Ignore, C::Import, C::ImportAll, C::Setup]
        }
        Some(Stream::Devices) => &[C::Mark, C::Import, C::ImportAll, C::Unimported, C::Detail, C::Undo, C::Setup],
        Some(_) => &[C::QuickMatch, C::Accept, C::MatchTo, C::Import, C::Unmatch, C::Refresh, C::PauseRow, C::Setup],
        None => &[],
    }
}
