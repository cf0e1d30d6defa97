//! Compare: both records field by field, evidence with its worth and rarity, candidates.
//!
//! Its title names the row it is of: it may lag behind a held key, and then says so.

use crate::domain::{DecisionKind, Evidence};
use crate::service::messages::{CandidateView, Compare, FieldPair, Relation};
use crate::ui::state::State;
use crate::ui::theme::{Glyphs, Theme};
use crate::ui::widgets::canvas::Canvas;
use crate::ui::widgets::diff::{Part, diff};
use crate::ui::widgets::number::{cells, moment, thousands};
use crate::ui::widgets::text::{fit, settle, width};
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Width of the labels.
const LABEL: u16 = 12;

/// Lines below which the evidence is also told in one line.
const COMPACT: u16 = 8;

/// One line: parts at columns, each with the cells it may take.
type Line = Vec<(u16, u16, String, Style)>;

/// Paints Compare.
pub fn draw(state: &State, canvas: &mut Canvas<'_>, area: Rect) {
    let (theme, glyphs) = (canvas.theme, canvas.glyphs);
    let shown = shown(state);
    let here = state.queue().and_then(|q| q.cursor_id.as_ref());
    let behind = shown.is_some_and(|c| Some(&c.row.id) != here) || (shown.is_none() && here.is_some());
    let name = shown.map(|c| c.row.name.clone()).unwrap_or_default();
    let lag = if behind { format!(" {} ", glyphs.busy) } else { " ".to_owned() };
    let inner = canvas.frame(area, &[(" Compare ", theme.accent), (&name, theme.text), (&lag, theme.busy)]);
    let Some(compare) = shown else { return };
    let lines = lines(state, compare, inner.width, inner.height);
    let inner = pin_candidates(compare, canvas, inner, lines.len());
    let scroll = usize::from(state.compare.scroll).min(lines.len().saturating_sub(usize::from(inner.height)));
    for (y, line) in (inner.y..inner.bottom()).zip(lines.iter().skip(scroll)) {
        for (x, room, text, style) in line {
            canvas.put(inner.x + x, y, (*room).min(inner.width.saturating_sub(*x)), text, *style);
        }
    }
    let hidden = lines.len().saturating_sub(scroll + usize::from(inner.height));
    if hidden > 0 {
        let text = format!(" {} {hidden} more: J ", glyphs.below);
        canvas.right(area.x, area.bottom() - 1, area.width.saturating_sub(2), &text, theme.text);
    }
}

/// Where not everything fits, the other candidates keep one line: their keys must be seen to be pressed.
fn pin_candidates(compare: &Compare, canvas: &mut Canvas<'_>, inner: Rect, lines: usize) -> Rect {
    let others: Vec<_> = (1..).zip(&compare.candidates).skip(1).take(8).collect();
    if lines <= usize::from(inner.height) || others.is_empty() || inner.height < 4 {
        return inner;
    }
    let theme = canvas.theme;
    let y = inner.bottom() - 1;
    let mut used = canvas.put(inner.x + 1, y, inner.width - 1, "or", theme.dim) + 1;
    let each = (inner.width.saturating_sub(5) / cells(others.len().min(3))).saturating_sub(9);
    for (number, c) in others {
        let left = inner.width.saturating_sub(used + 1);
        if left < 16 {
            break;
        }
        let percent = format!(" {}%", c.confidence.percent());
        let x = inner.x + used;
        used += canvas.line(x, y, left, &[("  ", theme.text), (&number.to_string(), theme.accent), (" ", theme.text)]);
        used += canvas.put(inner.x + used, y, each.min(left.saturating_sub(9)), &c.target.name, theme.text);
        used += canvas.put(inner.x + used, y, 5, &percent, theme.text);
    }
    Rect { height: inner.height - 1, ..inner }
}

/// What is shown, as long as it is of the tab shown.
fn shown(state: &State) -> Option<&Compare> {
    let (tab, compare) = state.compare.shown.as_ref()?;
    (state.tab.as_ref() == Some(tab)).then_some(compare)
}

/// Lines that Compare has to show.
#[must_use]
pub fn length(state: &State) -> u16 {
    let Some(area) = state.layout().compare else { return 0 };
    let (width, height) = (area.width.saturating_sub(2), area.height.saturating_sub(2));
    // The line of pinned candidates is not scrolled.
    shown(state).map_or(0, |c| cells(lines(state, c, width, height).len()) + 1)
}

/// What a person must see first comes first: warnings and the note, then fields, evidence, candidates.
fn lines(state: &State, compare: &Compare, width: u16, height: u16) -> Vec<Line> {
    let (theme, glyphs) = (&state.theme, state.glyphs);
    let whole = |text: String, style: Style| vec![(1, width.saturating_sub(1), text, style)];
    let mut out: Vec<Line> = Vec::new();
    if let Some(decided) = &compare.decided {
        let what = match &decided.kind {
            DecisionKind::Matched { .. } => "matched",
            DecisionKind::Ignored => "ignored",
            DecisionKind::Deferred => "deferred",
            DecisionKind::Held => "opened again",
        };
        let at = moment(decided.at, state.now.wall);
        out.push(whole(format!("{what} by {} at {at} UTC: {}", decided.who, decided.why), theme.accent));
    }
    out.extend(compare.warnings.iter().map(|w| whole(format!("! {w}"), theme.error)));
    if !compare.note.is_empty() {
        out.push(whole(compare.note.clone(), theme.warn));
    }
    out.push(heads(compare, theme, width));
    if height < COMPACT && !compare.evidence.is_empty() {
        let all: Vec<String> = compare.evidence.iter().map(|e| format!("{:+.1} {}", e.bits, e.note)).collect();
        out.push(vec![
            (1, LABEL - 2, "evidence".to_owned(), theme.dim),
            (LABEL, width.saturating_sub(LABEL), all.join(", "), theme.text),
        ]);
    }
    let known = |f: &&FieldPair| !f.left.is_empty() || !f.right.is_empty();
    out.extend(compare.fields.iter().filter(known).map(|f| field(f, theme, &glyphs, width)));
    out.extend(compare.evidence.iter().map(|e| evidence(e, theme, &glyphs, width)));
    out.extend((1..).zip(&compare.candidates).map(|(n, c)| candidate(n, c, compare, theme, &glyphs, width)));
    out
}

/// Column and width of the right-hand value.
const fn sides(width: u16) -> (u16, u16) {
    let value = width.saturating_sub(LABEL + 4) / 2;
    (LABEL + value + 3, value)
}

fn heads(compare: &Compare, theme: &Theme, width: u16) -> Line {
    let (right, value) = sides(width);
    let against = match &compare.against {
        Some(target) => format!("{}: {}", compare.target, target.name),
        None => format!("{}: no candidate", compare.target),
    };
    let of = if compare.row.company.is_empty() { String::new() } else { format!(", {}", compare.row.company) };
    let source = format!("{}: {}{of}", compare.source, compare.row.name);
    vec![(LABEL, value, source, theme.head), (right, value, against, theme.head)]
}

fn field(pair: &FieldPair, theme: &Theme, glyphs: &Glyphs, width: u16) -> Line {
    let (right, value) = sides(width);
    let (sign, style) = match pair.relation {
        Relation::Same => (glyphs.relation[0], theme.ok),
        Relation::Similar => (glyphs.relation[1], theme.warn),
        Relation::Differs => (glyphs.relation[2], theme.error),
        Relation::Unknown => (glyphs.relation[3], theme.dim),
        Relation::Junk => (glyphs.relation[4], theme.dim),
    };
    let mut line = vec![(1, LABEL - 2, pair.label.clone(), theme.dim)];
    if matches!(pair.relation, Relation::Similar | Relation::Differs) {
        let (left, other) = diff(&pair.left, &pair.right);
        marked(&mut line, (LABEL, value), &left, theme, glyphs);
        line.push((right - 2, 1, sign.to_owned(), style));
        marked(&mut line, (right, value), &other, theme, glyphs);
        return line;
    }
    let noted = if pair.relation == Relation::Junk { " (identifies nothing)" } else { "" };
    line.push((LABEL, value, pair.left.clone(), theme.text));
    line.push((right - 2, 1, sign.to_owned(), style));
    line.push((right, value, format!("{}{noted}", pair.right), theme.text));
    line
}

/// A value whose differing parts stand out, cut to its room.
fn marked(line: &mut Line, (mut x, room): (u16, u16), parts: &[Part<'_>], theme: &Theme, glyphs: &Glyphs) {
    let whole: usize = parts.iter().map(|(text, _)| width(&settle(text, glyphs.ascii))).sum();
    let cut = whole > usize::from(room);
    let end = x + room - u16::from(cut);
    for (text, changed) in parts {
        let text = settle(text, glyphs.ascii);
        let text = fit(&text, usize::from(end - x), "");
        if text.is_empty() {
            break;
        }
        let wide = cells(width(&text));
        line.push((x, wide, text.into_owned(), if *changed { theme.differs } else { theme.text }));
        x += wide;
    }
    if cut {
        line.push((x, 1, glyphs.more.to_owned(), theme.text));
    }
}

fn evidence(e: &Evidence, theme: &Theme, glyphs: &Glyphs, width: u16) -> Line {
    let style = if e.bits < 0.0 { theme.error } else { theme.ok };
    let bars = glyphs.weight.repeat(bars(e.bits));
    let rarity = match e.rarity {
        Some((1, of)) => format!(" {} only one of {}", glyphs.dot, thousands(u64::from(of))),
        Some((n, of)) => format!(" {} {} of {}", glyphs.dot, thousands(u64::from(n)), thousands(u64::from(of))),
        None => String::new(),
    };
    let text = format!("{}{rarity}", e.note);
    vec![
        (1, 5, format!("{:+.1}", e.bits), style),
        (7, 5, bars, style),
        (LABEL + 1, width.saturating_sub(LABEL + 1), text, theme.text),
    ]
}

/// One bar for every four bits, at least one, at most five.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 1–5")]
fn bars(bits: f32) -> usize {
    (bits.abs() / 4.0).ceil().clamp(1.0, 5.0) as usize
}

fn candidate(number: usize, c: &CandidateView, compare: &Compare, theme: &Theme, glyphs: &Glyphs, width: u16) -> Line {
    let chosen = compare.against.as_ref().is_some_and(|a| a.id == c.target.id);
    let key = if number == 1 { "a".to_owned() } else { number.to_string() };
    let taken = if c.target.taken_by > 0 { format!(" (taken +{})", c.target.taken_by) } else { String::new() };
    let dot = glyphs.dot;
    let rest = format!("{}{taken} {dot} {} {dot} {}", c.target.name, c.detail, c.why);
    let mark = if chosen { glyphs.arrow } else { " " };
    vec![
        (1, 1, mark.to_owned(), theme.accent),
        (3, 2, key, theme.accent),
        (6, 5, format!("{:>3}%", c.confidence.percent()), theme.text),
        (LABEL + 1, width.saturating_sub(LABEL + 1), rest, theme.text),
    ]
}
