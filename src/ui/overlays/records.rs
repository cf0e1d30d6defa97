//! One record and what became of it; rows that never became records. Both are text that scrolls.

use super::{Text, room};
use crate::service::messages::{BadRowView, RecordSheet};
use crate::ui::state::State;
use crate::ui::widgets::number::moment;
use crate::ui::widgets::text::wrap;

/// Cells before the text of a history line: time and who.
const BEFORE: usize = 26;

fn asking(state: &State) -> Vec<Text> {
    vec![vec![(format!("{} asking", state.glyphs.busy), state.theme.busy)]]
}

fn width(state: &State) -> usize {
    usize::from(room(state.size).width).saturating_sub(4)
}

/// The record.
pub fn sheet(state: &State, sheet: Option<&RecordSheet>) -> Vec<Text> {
    let theme = &state.theme;
    let Some(sheet) = sheet else { return asking(state) };
    let time = |at| moment(at, state.now.wall);
    let mut out = vec![vec![
        (format!("{} ", sheet.name), theme.accent),
        (format!("{} {} {}", sheet.integration, sheet.stream, sheet.id), theme.dim),
    ]];
    let times = format!("first seen {}, last change {}", time(sheet.first_seen), time(sheet.changed));
    out.push(vec![(times, theme.text)]);
    out.push(if sheet.synced {
        vec![("its sync is on".to_owned(), theme.text)]
    } else {
        vec![("its sync is off: it stays as it is".to_owned(), theme.warn)]
    });
    out.extend(sheet.orphaned.map(|at| vec![(format!("no longer listed since {}", time(at)), theme.warn)]));
    if !sheet.left_out.is_empty() {
        out.push(vec![(format!("left out by the sync settings: {}", sheet.left_out), theme.warn)]);
    }
    out.push(Vec::new());
    if sheet.history.is_empty() {
        out.push(vec![("Nothing happened to it since it was first seen.".to_owned(), theme.text)]);
    }
    for line in &sheet.history {
        for (i, part) in wrap(&line.text, width(state).saturating_sub(BEFORE)).into_iter().enumerate() {
            let head = if i == 0 { format!("{:<12} {:<12} ", time(line.at), line.by) } else { " ".repeat(BEFORE) };
            out.push(vec![(head, theme.dim), (part, theme.text)]);
        }
    }
    out.push(Vec::new());
    let switch = if sheet.synced { " switch its sync off" } else { " switch its sync on" };
    out.push(vec![
        ("s".to_owned(), theme.accent),
        (" sync it now   ".to_owned(), theme.text),
        ("p".to_owned(), theme.accent),
        (switch.to_owned(), theme.text),
    ]);
    out
}

/// The rows.
pub fn bad_rows(state: &State, rows: Option<&[BadRowView]>) -> Vec<Text> {
    let theme = &state.theme;
    let Some(rows) = rows else { return asking(state) };
    if rows.is_empty() {
        return vec![vec![("Every row of the last listings could be read.".to_owned(), theme.text)]];
    }
    let mut out = Vec::new();
    for row in rows {
        let id = row.id.as_deref().unwrap_or("without id");
        out.push(vec![
            (format!("{}/{} {id} ", row.integration, row.stream), theme.accent),
            (format!("{} run {} page {}", moment(row.at, state.now.wall), row.run, row.page), theme.dim),
        ]);
        out.push(vec![(format!("  {}", row.reason), theme.warn)]);
        // A row without blanks has to be cut, not wrapped.
        let cells: Vec<char> = row.raw.chars().collect();
        for part in cells.chunks(width(state).saturating_sub(2).max(20)).take(6) {
            out.push(vec![(format!("  {}", part.iter().collect::<String>()), theme.text)]);
        }
    }
    out
}
