//! The interface as lines of text, for screen readers: only what is new is said, one thought a line.
//!
//! Keys are the same. `J` says the comparison; lists and questions are read line by line, the chosen line again when
//! it changes.

use super::overlays;
use super::panes;
use super::state::overlay::Overlay;
use super::state::queue::QueueState;
use super::state::{Notice, Pane, State};
use super::widgets::canvas::Canvas;
use super::widgets::number::{clock_seconds, thousands};
use super::widgets::text::{settle, width};
use crate::domain::{LogLevel, RunState};
use crate::service::messages::{Compare, QueueRow, Relation};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// What was said last.
#[derive(Debug, Default)]
pub struct Spoken {
    place: String,
    here: String,
    lines: Vec<String>,
    chosen: String,
    notice: Option<Notice>,
    syncing: bool,
    compared: u64,
    begun: bool,
}

impl Spoken {
    /// The lines to say now.
    pub fn news(&mut self, state: &State) -> Vec<String> {
        let mut out = Vec::new();
        if !std::mem::replace(&mut self.begun, true) {
            out.push(format!("matchbook, {}. ? lists the keys, q quits.", state.home));
        }
        self.say_syncs(state, &mut out);
        let over = state.overlay.as_ref().filter(|o| !matches!(o, Overlay::Find { .. }));
        match over {
            Some(overlay) => self.say_overlay(state, overlay, &mut out),
            None => {
                if !self.lines.is_empty() {
                    // What lay over it is gone: where am I?
                    self.lines.clear();
                    (self.chosen, self.here, self.place) = Default::default();
                }
                replaced(&mut self.place, place(state), &mut out);
                replaced(&mut self.here, here(state), &mut out);
            }
        }
        if self.compared != state.aloud {
            self.compared = state.aloud;
            out.extend(state.compare.shown.as_ref().map(|(_, c)| compared(c)).unwrap_or_default());
        }
        if self.notice != state.notice {
            self.notice.clone_from(&state.notice);
            out.extend(state.notice.as_ref().map(said));
        }
        let ascii = state.glyphs.ascii;
        out.iter().map(|line| settle(line, ascii).trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
    }

    fn say_syncs(&mut self, state: &State, out: &mut Vec<String>) {
        let mut streams = state.overview.integrations.iter().flat_map(|i| &i.streams);
        let syncing = streams.any(|s| s.state == RunState::Running);
        if syncing != self.syncing {
            self.syncing = syncing;
            out.push(if syncing { "Syncs are running." } else { "Syncs have ended." }.to_owned());
        }
    }

    fn say_overlay(&mut self, state: &State, overlay: &Overlay, out: &mut Vec<String>) {
        let (lines, chosen) = overlay_lines(state, overlay);
        let news = lines.iter().filter(|line| !self.lines.contains(line) && **line != chosen);
        out.extend(news.cloned());
        if chosen != self.chosen && !chosen.is_empty() {
            out.push(format!("> {chosen}"));
        }
        (self.lines, self.chosen) = (lines, chosen);
    }
}

fn replaced(old: &mut String, new: String, out: &mut Vec<String>) {
    if *old != new {
        old.clone_from(&new);
        out.push(new);
    }
}

fn said(notice: &Notice) -> String {
    let sign = match notice.level {
        LogLevel::Error => "error: ",
        LogLevel::Warn => "note: ",
        LogLevel::Info | LogLevel::Debug => "",
    };
    format!("{sign}{}", notice.text)
}

/// Where the person is: pane, tab, what narrows it, how much there is.
fn place(state: &State) -> String {
    match state.focus {
        Pane::Integrations => "Integrations.".to_owned(),
        Pane::Log => "Sync log.".to_owned(),
        Pane::Queue => {
            let Some((queue, (flow, tab))) = state.queue().zip(state.tab_view()) else {
                return panes::empty::no_queue(state).join(" ");
            };
            let spec = &queue.spec;
            let find = if spec.find.is_empty() { String::new() } else { format!(", find {}", spec.find) };
            let label = if state.on_conflicts() { "Conflicts" } else { tab.label.as_str() };
            format!(
                "Queue, {}, {label}. Show {}{find}: {} rows.{}.",
                flow.label.replace('→', "to"),
                panes::empty::filter_word(spec.filter),
                thousands(queue.len()),
                panes::queue::progress(state, queue).trim_end(),
            )
        }
    }
}

/// What is under the cursor.
fn here(state: &State) -> String {
    match state.focus {
        Pane::Integrations => panes::integrations::words(state),
        Pane::Log => {
            let Some(line) = state.log.lines.get(state.log.cursor) else { return "No line yet.".to_owned() };
            let who = line.integration.as_ref().map(ToString::to_string).unwrap_or_default();
            let times = if line.count > 1 { format!(" ({} times)", line.count) } else { String::new() };
            format!("{} {} {who} {}{times}", clock_seconds(line.at), line.level.name(), line.text)
        }
        Pane::Queue => {
            let Some(queue) = state.queue() else { return String::new() };
            match queue.current() {
                Some(row) => row_words(queue, row),
                None => panes::empty::no_rows(state, queue).join(" "),
            }
        }
    }
}

fn row_words(queue: &QueueState, row: &QueueRow) -> String {
    let mut words = vec![format!("{} of {}", thousands(queue.cursor + 1), thousands(queue.len()))];
    if queue.marks.has(&row.id) || queue.in_range(queue.cursor) {
        words.push("marked".to_owned());
    }
    words.push(row.name.clone());
    words.push(queue.state_of(row).name().to_owned());
    if let Some(target) = queue.target_of(row) {
        let sure = row.confidence.map(|c| format!(" {} percent", c.percent())).unwrap_or_default();
        words.push(format!("to {}{sure}", target.name));
        if target.taken_by > 0 {
            words.push(format!("which {} others have", target.taken_by));
        }
    }
    words.push(panes::queue::value(queue, row, super::columns::ColumnId::Why));
    if row.devices > 0 {
        words.push(format!("{} devices", thousands(row.devices.into())));
    }
    if !row.company.is_empty() {
        words.push(format!("of {}", row.company));
    }
    words.extend([&row.serial, &row.detail].into_iter().filter(|w| !w.is_empty()).cloned());
    words.retain(|w| !w.is_empty());
    words.join(", ")
}

/// The comparison in sentences.
fn compared(compare: &Compare) -> Vec<String> {
    let mut out: Vec<String> = compare.warnings.iter().map(|w| format!("warning: {w}")).collect();
    if !compare.note.is_empty() {
        out.push(compare.note.clone());
    }
    let against = compare.against.as_ref().map_or("no candidate", |t| t.name.as_str());
    out.push(format!("{} {} beside {} {against}", compare.source, compare.row.name, compare.target));
    for field in compare.fields.iter().filter(|f| !f.left.is_empty() || !f.right.is_empty()) {
        let value = |text: &str| if text.is_empty() { "unknown".to_owned() } else { text.to_owned() };
        out.push(match field.relation {
            Relation::Same => format!("{}: same, {}", field.label, field.left),
            Relation::Similar => format!("{}: alike, {} and {}", field.label, value(&field.left), value(&field.right)),
            Relation::Junk => format!("{}: {} identifies nothing", field.label, value(&field.right)),
            Relation::Differs => {
                format!("{}: differs, {} and {}", field.label, value(&field.left), value(&field.right))
            }
            Relation::Unknown => format!("{}: {} and {}", field.label, value(&field.left), value(&field.right)),
        });
    }
    out.extend(compare.evidence.iter().map(|e| format!("evidence {:+.1}: {}", e.bits, e.note)));
    let others = (1..).zip(&compare.candidates);
    out.extend(others.map(|(n, c)| {
        let key = if n == 1 { "a".to_owned() } else { n.to_string() };
        format!("candidate {key}: {}, {} percent, {}, {}", c.target.name, c.confidence.percent(), c.detail, c.why)
    }));
    out
}

/// The lines of what lies over the panes, without its frame, and the chosen one.
fn overlay_lines(state: &State, overlay: &Overlay) -> (Vec<String>, String) {
    let (columns, rows) = state.size;
    let area = Rect::new(0, 0, columns.max(60), rows.max(20));
    let mut buffer = Buffer::empty(area);
    let mut canvas = Canvas { buffer: &mut buffer, theme: &state.theme, glyphs: state.glyphs };
    overlays::draw(state, overlay, &mut canvas);
    let (mut lines, mut chosen) = (Vec::new(), String::new());
    for y in area.top()..area.bottom() {
        let text = row_text(&buffer, y);
        let words = bare(&text);
        if words.is_empty() {
            continue;
        }
        if text.trim_start_matches(framing).trim_start().starts_with(state.glyphs.cursor) {
            chosen.clone_from(&words);
        }
        lines.push(words);
    }
    (lines, chosen)
}

fn row_text(buffer: &Buffer, y: u16) -> String {
    let mut text = String::new();
    let mut x = buffer.area.left();
    while x < buffer.area.right() {
        let symbol = buffer[(x, y)].symbol();
        text.push_str(symbol);
        // A wide character covers the next cell.
        x += u16::try_from(width(symbol)).unwrap_or(1).max(1);
    }
    text
}

/// Lines that only frame.
fn framing(c: char) -> bool {
    matches!(c, '\u{2500}'..='\u{257f}' | '|' | '+' | '-') || c == ' '
}

/// A line without frames and graphs.
fn bare(text: &str) -> String {
    let drawn = |c: char| matches!(c, '\u{2500}'..='\u{259f}' | '\u{25ae}');
    let text: String = text.chars().map(|c| if drawn(c) { ' ' } else { c }).collect();
    let text = text.replace('→', "to");
    let words: Vec<&str> = text.split_whitespace().filter(|w| !w.chars().all(framing)).collect();
    words.join(" ").trim_start_matches('>').trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_and_graphs_are_not_read() {
        assert_eq!(bare("│▌ Harbor → Harbor LLC  ▇▇▁ 98% │"), "Harbor to Harbor LLC 98%");
        assert_eq!(bare("┌──────┐"), "");
        assert_eq!(bare("| > lab-MAC-1  serial |"), "lab-MAC-1 serial");
    }
}
