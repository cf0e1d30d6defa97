//! The Coverage screen: a grid of companies and integrations over the whole screen, sums and trend above it.

use super::lists::cursor_sign;
use super::typing;
use crate::service::messages::{Coverage, CoverageRow, CoverageShow, CoverageSort};
use crate::ui::state::State;
use crate::ui::state::coverage::CoverageState;
use crate::ui::widgets::canvas::Canvas;
use crate::ui::widgets::number::{cells, counted, share, thousands};
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use std::fmt::Write as _;

/// Lines above the rows: sums, trend, what is shown, heads.
const HEAD: u16 = 5;
/// Cells of a bar.
const BAR: u16 = 10;
/// Days of the trend at most.
const DAYS: usize = 60;

fn area(state: &State) -> Rect {
    let (width, height) = state.size;
    Rect::new(0, 1, width, height.saturating_sub(2))
}

/// Rows on the screen.
#[must_use]
pub fn page(state: &State) -> usize {
    usize::from(area(state).height.saturating_sub(2 + HEAD)).max(1)
}

/// Paints it; returns where text is being typed.
pub fn draw(state: &State, canvas: &mut Canvas<'_>, shown: &CoverageState) -> Option<Position> {
    let area = area(state);
    canvas.clear(area);
    let theme = canvas.theme;
    let inner = canvas.frame(area, &[(" Coverage ", theme.chosen), (" ", theme.text)]);
    let Some(grid) = &shown.grid else {
        canvas.put(inner.x + 1, inner.y, inner.width, &format!("{} counting", canvas.glyphs.busy), theme.busy);
        return None;
    };
    let line = |at: u16| Rect { x: inner.x + 1, y: inner.y + at, width: inner.width.saturating_sub(2), height: 1 };
    sums(grid, canvas, line(0));
    trend(grid, canvas, line(1));
    let cursor = match &shown.input {
        Some(input) => Some(typing(canvas, line(2), "find ", input)),
        None => {
            canvas.put(line(2).x, line(2).y, line(2).width, &narrowed(shown, grid), theme.dim);
            None
        }
    };
    heads(grid, canvas, line(4));
    if grid.rows.is_empty() {
        let text = if grid.sum.companies == 0 { "Nothing is synced yet." } else { "No company fits; Esc shows all." };
        canvas.put(line(5).x, line(5).y, line(5).width, text, theme.text);
    }
    let last = inner.bottom();
    for (y, at) in (inner.y + HEAD..last).zip(shown.top..) {
        let Some(row) = shown.row(at) else { break };
        cursor_sign(canvas, inner, y, at == shown.cursor);
        paint(grid, row, at == shown.cursor, canvas, Rect { y, ..line(0) });
    }
    let text = format!(" {} of {} ", thousands(shown.cursor as u64 + 1), thousands(grid.total));
    if grid.total > 0 {
        canvas.right(area.x, area.bottom() - 1, area.width.saturating_sub(2), &text, theme.text);
    }
    cursor
}

fn sums(grid: &Coverage, canvas: &mut Canvas<'_>, line: Rect) {
    let theme = canvas.theme;
    let sum = &grid.sum;
    let mut text = format!("{} companies, {} known everywhere", thousands(sum.companies), thousands(sum.everywhere));
    for ((_, vendor), missing) in grid.integrations.iter().zip(&sum.missing).filter(|(_, n)| **n > 0) {
        // Writing to a String does not fail.
        let _ = write!(text, ", {} not in {vendor}", thousands(*missing));
    }
    let used = canvas.put(line.x, line.y, line.width, &text, theme.text);
    let devices = format!(
        "{} of {} devices matched {}% ",
        thousands(sum.covered),
        thousands(sum.devices),
        share(sum.covered, sum.devices, 100)
    );
    let wide = cells(devices.len()) + BAR;
    if used + wide + 2 <= line.width {
        let x = line.x + line.width - wide;
        canvas.put(x, line.y, wide, &devices, theme.text);
        bar(canvas, x + wide - BAR, line.y, sum.covered, sum.devices);
    }
}

fn bar(canvas: &mut Canvas<'_>, x: u16, y: u16, part: u64, whole: u64) {
    let filled = u16::try_from(share(part, whole, u64::from(BAR))).unwrap_or(BAR);
    let style = if part < whole { canvas.theme.warn } else { canvas.theme.ok };
    canvas.bar(x, y, BAR, filled, style);
}

/// Device coverage day by day, from the lowest to the highest of the days shown.
fn trend(grid: &Coverage, canvas: &mut Canvas<'_>, line: Rect) {
    let theme = canvas.theme;
    let days = &grid.trend[grid.trend.len().saturating_sub(DAYS.min(usize::from(line.width / 2)))..];
    let percent: Vec<u64> = days.iter().map(|d| share(d.devices_matched, d.devices, 1000)).collect();
    let (Some(first), Some(last)) = (percent.first(), percent.last()) else { return };
    let (low, high) = (percent.iter().min().unwrap_or(first), percent.iter().max().unwrap_or(last));
    let graph: String = percent
        .iter()
        .map(|p| canvas.glyphs.spark[usize::try_from(share(p - low, high - low, 7)).unwrap_or(7)])
        .collect();
    let said = match days.len() {
        1 => "the trend begins today; one count a day is kept".to_owned(),
        n => format!("devices matched over {n} days: {}% to {}%", first / 10, last / 10),
    };
    canvas.line(
        line.x,
        line.y,
        line.width,
        &[("trend ", theme.dim), (&graph, theme.accent), ("  ", theme.text), (&said, theme.dim)],
    );
}

fn narrowed(shown: &CoverageState, grid: &Coverage) -> String {
    let which = match &shown.spec.show {
        CoverageShow::All => "all companies".to_owned(),
        CoverageShow::Gaps => "companies with gaps".to_owned(),
        CoverageShow::Missing(id) => {
            let vendor = grid.integrations.iter().find(|(i, _)| i == id).map_or(id.as_str(), |(_, v)| v.as_str());
            format!("companies that {vendor} does not have")
        }
    };
    let order = match shown.spec.sort {
        CoverageSort::Gap => "most unmatched devices first",
        CoverageSort::Name => "by name",
        CoverageSort::Devices => "most devices first",
    };
    let find = if shown.spec.find.is_empty() { String::new() } else { format!(", find “{}”", shown.spec.find) };
    format!("show {which}{find}, {order}")
}

/// Cells of the name, and of each integration.
fn widths(grid: &Coverage, line: Rect) -> (u16, u16) {
    let columns = cells(grid.integrations.len().max(1));
    let fixed = 8 + 9 + 5 + BAR + 4;
    let free = line.width.saturating_sub(fixed);
    let name = (free / (columns + 1)).clamp(12, 36);
    (name, (free.saturating_sub(name) / columns).saturating_sub(1).min(34))
}

fn heads(grid: &Coverage, canvas: &mut Canvas<'_>, line: Rect) {
    let theme = canvas.theme;
    let (name, each) = widths(grid, line);
    canvas.put(line.x + 1, line.y, name, "Company", theme.head);
    let mut x = line.x + 1 + name + 1;
    canvas.right(x, line.y, 7, "Devices", theme.head);
    canvas.right(x + 8, line.y, 8, "Matched", theme.head);
    x += 8 + 9 + 5 + BAR + 2;
    for (_, vendor) in &grid.integrations {
        canvas.put(x, line.y, each, vendor, theme.head);
        x += each + 1;
    }
}

fn paint(grid: &Coverage, row: &CoverageRow, here: bool, canvas: &mut Canvas<'_>, line: Rect) {
    let (theme, glyphs) = (canvas.theme, canvas.glyphs);
    let (name, each) = widths(grid, line);
    let style = if here { theme.text.add_modifier(Modifier::BOLD) } else { theme.text };
    canvas.put(line.x + 1, line.y, name, &row.name, style);
    let mut x = line.x + 1 + name + 1;
    canvas.right(x, line.y, 7, &thousands(row.devices), theme.text);
    canvas.right(x + 8, line.y, 8, &thousands(row.covered), theme.text);
    if row.devices > 0 {
        canvas.right(x + 17, line.y, 4, &format!("{}%", share(row.covered, row.devices, 100)), theme.text);
        bar(canvas, x + 22, line.y, row.covered, row.devices);
    }
    x += 8 + 9 + 5 + BAR + 2;
    for cell in &row.cells {
        match cell {
            None => {
                canvas.line(x, line.y, each, &[(glyphs.fail, theme.error), (" missing", theme.error)]);
            }
            Some(cell) => {
                let several = if cell.records > 1 { format!(" ({} records)", cell.records) } else { String::new() };
                let known =
                    if cell.name == row.name { counted(cell.devices, "device", "devices") } else { cell.name.clone() };
                canvas.line(
                    x,
                    line.y,
                    each,
                    &[(glyphs.states[4], theme.ok), (" ", theme.text), (&known, theme.text), (&several, theme.dim)],
                );
            }
        }
        x += each + 1;
    }
}
