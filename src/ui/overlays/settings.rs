//! Sync settings: lists with marks and counts, what the edit would do, and the question before it is done.

use super::{Text, frame};
use crate::domain::{ScopeRule, Stream, TypesMode};
use crate::service::messages::{ChoiceView, MovedRecord, ScopePreview, StreamMove};
use crate::ui::state::State;
use crate::ui::state::overlay::Overlay;
use crate::ui::state::settings::{Item, Line, Settings};
use crate::ui::update::settings::page;
use crate::ui::widgets::canvas::Canvas;
use crate::ui::widgets::number::{counted, thousands};
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

/// Cells of the three counts of a choice.
const COUNTS: u16 = 38;

/// Paints the settings, or the question.
pub fn draw(state: &State, canvas: &mut Canvas<'_>, settings: &Settings) {
    let page = page(state);
    let title = match (&settings.asking, settings.is_changed()) {
        (Some(_), _) => format!("Change what is synced of {}?", settings.vendor),
        (None, true) => format!("Sync settings of {} (edited)", settings.vendor),
        (None, false) => format!("Sync settings of {}", settings.vendor),
    };
    let inner = frame(state, canvas, &title, page + 4);
    let rows = Rect { height: inner.height.saturating_sub(4), ..inner };
    let theme = canvas.theme;
    if settings.asking.is_some() {
        paint_question(state, canvas, settings, inner);
        return;
    }
    let Some(current) = &settings.current else {
        canvas.put(rows.x, rows.y, rows.width, &format!("{} counting", canvas.glyphs.busy), theme.busy);
        return;
    };
    if current.lists.is_empty() {
        let text = "Nothing is stored to choose from yet: sync first.";
        canvas.put(rows.x, rows.y, rows.width, text, theme.text);
    }
    for (y, (line, number)) in (rows.y..rows.bottom()).zip(settings.page(usize::from(rows.height))) {
        let area = Rect { y, height: 1, ..rows };
        match line {
            Line::Head(text) => {
                canvas.put(area.x, y, area.width, &text, theme.head);
            }
            Line::Item(item) => paint_item(canvas, area, settings, item, number == Some(settings.cursor)),
        }
    }
    let left = settings.lines().len().saturating_sub(settings.top + usize::from(rows.height));
    if left > 0 {
        let more = format!("{} more below", thousands(left as u64));
        canvas.right(inner.x, rows.bottom(), inner.width, &more, theme.dim);
    }
    paint_preview(canvas, inner, settings);
}

/// One line that can be chosen: mark, name, counts.
fn paint_item(canvas: &mut Canvas<'_>, area: Rect, settings: &Settings, item: Item, here: bool) {
    let theme = canvas.theme;
    let bold = |style: Style| if here { style.add_modifier(Modifier::BOLD) } else { style };
    if here {
        canvas.put(area.x, area.y, 1, canvas.glyphs.cursor, theme.accent);
    }
    let scope = &settings.scope;
    let on = |taken: bool| if taken { "[x] " } else { "[ ] " };
    let (mark, name, counts) = match item {
        Item::All(rule) => (on(scope.chosen(rule).is_empty()), "all, also new ones".to_owned(), None),
        Item::Choice(rule, place) => {
            let Some(choice) = settings.list(rule).and_then(|list| list.choices.get(place)) else { return };
            (on(scope.takes(rule, &choice.name)), choice.name.clone(), Some(choice))
        }
        Item::None(rule) => {
            (on(scope.takes_none(rule)), none_words(rule).to_owned(), settings.list(rule).map(|list| &list.none))
        }
        Item::Mode => {
            let text = match scope.company_types_mode {
                TypesMode::All => "several types: every one must be chosen",
                TypesMode::Any => "several types: one chosen type is enough",
            };
            ("    ", text.to_owned(), None)
        }
        Item::Stream(stream) => return paint_stream(canvas, area, settings, stream, bold(theme.text)),
        Item::Months => {
            let text = match scope.ticket_months {
                0 => "tickets of any age".to_owned(),
                months => format!("tickets updated within {}", counted(months.into(), "month", "months")),
            };
            ("    ", format!("{text}   h shorter, l longer"), None)
        }
    };
    let style = if mark == "[ ] " { theme.dim } else { theme.text };
    canvas.put(area.x + 1, area.y, 4, mark, bold(theme.accent));
    let room = area.width.saturating_sub(6 + if counts.is_some() { COUNTS } else { 0 });
    canvas.put(area.x + 5, area.y, room, &name, bold(style));
    if let Some(choice) = counts {
        paint_counts(canvas, area, choice);
    }
}

const fn none_words(rule: ScopeRule) -> &'static str {
    match rule {
        ScopeRule::CompanyTypes | ScopeRule::DeviceTypes => "without a type",
        ScopeRule::CompanyStatuses | ScopeRule::DeviceStatuses => "without a status",
        ScopeRule::Classifications => "without a classification",
        _ => "without a queue",
    }
}

fn paint_counts(canvas: &mut Canvas<'_>, area: Rect, choice: &ChoiceView) {
    let theme = canvas.theme;
    let x = area.right().saturating_sub(COUNTS);
    if !choice.known && choice.records == 0 && !choice.name.is_empty() {
        canvas.right(x, area.y, COUNTS, "nothing has it", theme.warn);
        return;
    }
    if let (0, Some(there)) = (choice.records, choice.at_vendor) {
        canvas.right(x, area.y, COUNTS, &format!("{} at the vendor", thousands(there)), theme.dim);
        return;
    }
    let word = |n: u64, word: &str| if n == 0 { String::new() } else { format!("{} {word}", thousands(n)) };
    canvas.right(x, area.y, 9, &thousands(choice.records), theme.text);
    canvas.right(x + 9, area.y, 16, &word(choice.matched, "matched"), theme.dim);
    canvas.right(x + 25, area.y, 13, &word(choice.open, "open"), theme.dim);
}

fn paint_stream(canvas: &mut Canvas<'_>, area: Rect, settings: &Settings, stream: Stream, style: Style) {
    let theme = canvas.theme;
    let found = settings.current.as_ref().and_then(|c| c.streams.iter().find(|s| s.stream == stream));
    let Some(found) = found else { return };
    let taken = settings.scope.wants(stream);
    canvas.put(area.x + 1, area.y, 4, if taken { "[x] " } else { "[ ] " }, theme.accent);
    canvas.put(area.x + 5, area.y, area.width.saturating_sub(6 + COUNTS), &found.word, style);
    let open = found.records.saturating_sub(found.matched);
    let (records, matched) = (found.records, found.matched);
    paint_counts(canvas, area, &ChoiceView { records, matched, open, known: true, ..ChoiceView::default() });
}

/// Two lines of what would happen, and the keys.
fn paint_preview(canvas: &mut Canvas<'_>, inner: Rect, settings: &Settings) {
    let theme = canvas.theme;
    let y = inner.bottom().saturating_sub(3);
    match &settings.preview {
        _ if !settings.is_changed() => {
            canvas.put(inner.x, y, inner.width, "as it is: nothing leaves, nothing enters", theme.dim);
        }
        None => {
            canvas.put(inner.x, y, inner.width, &format!("{} counting", canvas.glyphs.busy), theme.busy);
        }
        Some(preview) => {
            let leaves = format!("leaves: {}", moves(&preview.leaves));
            let enters = format!("enters: {}", moves(&preview.enters));
            let style = if preview.leaves.is_empty() { theme.text } else { theme.warn };
            canvas.put(inner.x, y, inner.width, &leaves, style);
            let asks = if preview.asks.is_empty() { "" } else { "; a sync may bring more" };
            canvas.put(inner.x, y + 1, inner.width, &format!("{enters}{asks}"), theme.text);
        }
    }
    let words: [(&str, &str); 5] = [
        ("Space", " take  "),
        ("o", " only it  "),
        ("Tab", " next list  "),
        ("Enter", " apply  "),
        ("Esc", " leave as it is"),
    ];
    let keys: Vec<(&str, Style)> =
        words.iter().flat_map(|(key, word)| [(*key, theme.accent), (*word, theme.text)]).collect();
    canvas.line(inner.x, inner.bottom().saturating_sub(1), inner.width, &keys);
}

/// `12 companies, 340 devices; 31 of them matched`.
fn moves(moves: &[StreamMove]) -> String {
    if moves.is_empty() {
        return "nothing".to_owned();
    }
    let words: Vec<String> = moves.iter().map(|m| format!("{} {}", thousands(m.records), m.word)).collect();
    match moves.iter().map(|m| m.matched).sum::<u64>() {
        0 => words.join(", "),
        matched => format!("{}; {} of them matched", words.join(", "), thousands(matched)),
    }
}

/// The lines of the question.
#[must_use]
pub fn question(state: &State) -> Vec<Text> {
    let Some(Overlay::Settings(settings)) = &state.overlay else { return Vec::new() };
    let Some(preview) = &settings.preview else { return Vec::new() };
    let theme = &state.theme;
    let mut lines: Vec<Text> = Vec::new();
    let mut say = |text: String, style: Style| lines.push(vec![(text, style)]);
    say(format!("leaves: {}", moves(&preview.leaves)), if preview.leaves.is_empty() { theme.text } else { theme.warn });
    say(format!("enters: {}", moves(&preview.enters)), theme.text);
    if preview.leaves.iter().any(|m| m.matched > 0) {
        say("Matches are kept: they come back with their records.".to_owned(), theme.text);
    }
    if !preview.asks.is_empty() {
        say(format!("A sync is started for what only the vendor can bring: {}.", preview.asks.join(", ")), theme.text);
    }
    if !preview.first.is_empty() {
        say(String::new(), theme.text);
        lines.extend(preview.first.iter().map(|moved| moved_line(state, moved)));
    }
    lines.extend(rest(state, preview));
    lines
}

fn moved_line(state: &State, moved: &MovedRecord) -> Text {
    let theme = &state.theme;
    let (sign, style) = if moved.leaves { ("- ", theme.warn) } else { ("+ ", theme.ok) };
    let mut line = vec![
        (sign.to_owned(), style),
        (format!("{} ", moved.stream.one()), theme.dim),
        (moved.name.clone(), theme.text),
    ];
    if moved.matched {
        line.push(("  matched".to_owned(), theme.accent));
    }
    if !moved.why.is_empty() {
        line.push((format!("  {}", moved.why), theme.dim));
    }
    line
}

fn rest(state: &State, preview: &ScopePreview) -> Option<Text> {
    let all: u64 = preview.leaves.iter().chain(&preview.enters).map(|m| m.records).sum();
    let more = all.saturating_sub(preview.first.len() as u64);
    (more > 0).then(|| vec![(format!("and {} more", thousands(more)), state.theme.dim)])
}

fn paint_question(state: &State, canvas: &mut Canvas<'_>, settings: &Settings, inner: Rect) {
    let theme = canvas.theme;
    let Some(asking) = &settings.asking else { return };
    let lines = question(state);
    let rows = inner.y..inner.bottom().saturating_sub(2);
    for (y, line) in rows.zip(lines.iter().skip(asking.scroll)) {
        let parts: Vec<(&str, Style)> = line.iter().map(|(text, style)| (text.as_str(), *style)).collect();
        canvas.line(inner.x, y, inner.width, &parts);
    }
    let y = inner.bottom().saturating_sub(1);
    if asking.saving {
        canvas.put(inner.x, y, inner.width, &format!("{} saving", canvas.glyphs.busy), theme.busy);
        return;
    }
    let keys = [
        ("Enter", theme.accent),
        (" yes    ", theme.text),
        ("Esc", theme.accent),
        (" back to the settings    ", theme.text),
        ("j k", theme.accent),
        (" scroll", theme.text),
    ];
    canvas.line(inner.x, y, inner.width, &keys);
}
