//! The connect wizard's screens.

use super::frame;
use crate::ui::setup::{Kind, TestReport};
use crate::ui::state::State;
use crate::ui::state::wizard::{Field, Step, Wizard};
use crate::ui::update::wizard::{integrations, targets};
use crate::ui::widgets::canvas::Canvas;
use crate::ui::widgets::number::cells;
use crate::ui::widgets::text::{tail, width, wrap};
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

/// Lines inside the box.
const HEIGHT: usize = 18;

/// Paints the step; returns where text is being typed.
pub fn draw(state: &State, canvas: &mut Canvas<'_>, wizard: &Wizard) -> Option<Position> {
    let kind = state.kinds.get(wizard.kind);
    let vendor = kind.map_or("", |k| k.vendor.as_str());
    let title = match (&wizard.step, &wizard.renews) {
        (Step::Kind, _) => "Connect: which system?".to_owned(),
        (Step::Next, _) => "Connected".to_owned(),
        (Step::Flow { .. }, _) => "New flow: what is matched with what?".to_owned(),
        (_, Some(id)) => format!("New key for {id} ({vendor})"),
        _ => format!("Connect {vendor}"),
    };
    let inner = frame(state, canvas, &title, HEIGHT);
    let (body, keys) = (
        Rect { height: inner.height.saturating_sub(2), ..inner },
        Rect { y: inner.bottom().saturating_sub(1), height: 1, ..inner },
    );
    let mut page = Page { canvas, area: body, y: body.y };
    let mut typed = None;
    let help: &[(&str, &str)] = match &wizard.step {
        Step::Kind => {
            kinds(&mut page, state, wizard);
            &[("Enter", "choose"), ("j k", "move"), ("Esc", "close")]
        }
        Step::Fields => {
            typed = fields(&mut page, wizard, kind);
            &[("Tab", "next field"), ("Ctrl-t", "test"), ("Esc", "back")]
        }
        Step::Testing => {
            let (busy, style) = (page.canvas.glyphs.busy, page.canvas.theme.busy);
            page.text(&format!("{busy} asking {vendor} with this key; nothing is saved yet"), style);
            &[("Esc", "back")]
        }
        Step::Report(report) => {
            found(&mut page, report, vendor);
            &[("Enter", "save"), ("Esc", "back to the fields")]
        }
        Step::Saving => {
            let (busy, style) = (page.canvas.glyphs.busy, page.canvas.theme.busy);
            page.text(&format!("{busy} saving"), style);
            &[]
        }
        Step::Next => {
            next(&mut page, state, wizard);
            if integrations(state, wizard).is_empty() {
                &[("c", "connect another"), ("Enter", "start syncing")]
            } else {
                &[("f", "new flow"), ("c", "connect another"), ("Enter", "start syncing")]
            }
        }
        Step::Flow { source, target, on_target } => {
            flow(&mut page, state, wizard, (*source, *target, *on_target));
            &[("Enter", "save"), ("j k", "move"), ("Tab", "other side"), ("Esc", "back")]
        }
    };
    let (accent, text) = (canvas.theme.accent, canvas.theme.text);
    let mut x = keys.x;
    for (key, what) in help {
        let word = format!(" {what}   ");
        x += canvas.line(x, keys.y, keys.right().saturating_sub(x), &[(key, accent), (&word, text)]);
    }
    typed
}

/// Lines one below the other, cut at the end of the box.
struct Page<'c, 'b> {
    canvas: &'c mut Canvas<'b>,
    area: Rect,
    y: u16,
}

impl Page<'_, '_> {
    fn is_full(&self) -> bool {
        self.y >= self.area.bottom()
    }

    fn parts(&mut self, parts: &[(&str, Style)]) {
        if !self.is_full() {
            self.canvas.line(self.area.x, self.y, self.area.width, parts);
        }
        self.y += 1;
    }

    fn gap(&mut self) {
        self.y += 1;
    }

    /// A text in as many lines as it needs.
    fn text(&mut self, text: &str, style: Style) {
        for line in wrap(text, usize::from(self.area.width)) {
            self.parts(&[(&line, style)]);
        }
    }
}

fn kinds(page: &mut Page<'_, '_>, state: &State, wizard: &Wizard) {
    let (theme, sign) = (page.canvas.theme, page.canvas.glyphs.cursor);
    for (i, kind) in state.kinds.iter().enumerate() {
        let here = i == wizard.kind;
        let name = format!(" {:<20}", kind.vendor);
        let style = if here { theme.text.add_modifier(Modifier::BOLD) } else { theme.text };
        page.parts(&[(if here { sign } else { " " }, theme.accent), (&name, style), (&kind.delivers, theme.dim)]);
    }
    page.gap();
    if let Some(kind) = state.kinds.get(wizard.kind) {
        page.text(&kind.permissions, theme.text);
    }
    page.gap();
    page.text(
        "The key is tested before anything is saved. It goes into the encrypted vault; reading is enough.",
        theme.dim,
    );
}

fn fields(page: &mut Page<'_, '_>, wizard: &Wizard, kind: Option<&Kind>) -> Option<Position> {
    let (theme, sign) = (page.canvas.theme, page.canvas.glyphs.cursor);
    let label = wizard.fields.iter().map(|f| width(&f.label)).max().unwrap_or(0).min(34);
    let mut typed = None;
    for (i, field) in wizard.fields.iter().enumerate() {
        let here = i == wizard.field;
        let style = if here { theme.text.add_modifier(Modifier::BOLD) } else { theme.text };
        let x = page.area.x + cells(label) + 4;
        let room = page.area.width.saturating_sub(cells(label) + 4);
        let value = shown(field, usize::from(room.saturating_sub(1)));
        if !page.is_full() {
            page.canvas.put(page.area.x, page.y, 1, if here { sign } else { " " }, theme.accent);
            page.canvas.put(page.area.x + 2, page.y, cells(label), &field.label, style);
            let empty = value.is_empty() && field.optional && !here;
            page.canvas.put(
                x,
                page.y,
                room,
                match empty {
                    true if wizard.renews.is_some() => "(as it is)",
                    true => "(may stay empty)",
                    false => &value,
                },
                if empty { theme.dim } else { style },
            );
            if here {
                let behind = if field.is_secret() {
                    0
                } else {
                    width(field.input.value()).saturating_sub(field.input.visual_cursor())
                };
                typed = Some(Position::new(x + cells(width(&value).saturating_sub(behind)), page.y));
            }
        }
        page.y += 1;
    }
    page.gap();
    if let Some(failure) = &wizard.failure {
        page.text(&failure.what, theme.error);
        page.text(&failure.remedy, theme.warn);
        page.gap();
    }
    if let Some(field) = wizard.fields.get(wizard.field) {
        page.text(&field.help, theme.dim);
    }
    if let Some(kind) = kind.filter(|_| wizard.failure.is_none()) {
        page.gap();
        page.text(&kind.permissions, theme.dim);
    }
    typed
}

/// What a field shows: of a secret only how much was typed.
fn shown(field: &Field, room: usize) -> String {
    if field.is_secret() {
        return "*".repeat(field.secret.len().min(room.min(24)));
    }
    tail(field.input.value(), room).to_owned()
}

fn found(page: &mut Page<'_, '_>, report: &TestReport, vendor: &str) {
    let (theme, ok, fail) = (page.canvas.theme, page.canvas.glyphs.ok, page.canvas.glyphs.fail);
    let account = report.account.as_ref().map_or_else(String::new, |a| format!(" ({a})"));
    page.parts(&[(ok, theme.ok), (&format!(" {vendor} answered{account}"), theme.text)]);
    page.gap();
    for (name, has) in &report.permissions {
        let (sign, style, word) = if *has { (ok, theme.ok, "") } else { (fail, theme.error, " is missing") };
        page.parts(&[(sign, style), (&format!(" {name}{word}"), theme.text)]);
    }
    for note in &report.notes {
        page.text(note, theme.text);
    }
    if report.permissions.iter().any(|(_, has)| !has) {
        page.gap();
        page.text(
            "It can be saved like this; what the key may not read is left out and named in the sync log.",
            theme.warn,
        );
    }
}

fn next(page: &mut Page<'_, '_>, state: &State, wizard: &Wizard) {
    let (theme, ok) = (page.canvas.theme, page.canvas.glyphs.ok);
    for id in &wizard.saved {
        page.parts(&[(ok, theme.ok), (&format!(" {id} is connected"), theme.text)]);
    }
    page.gap();
    let flows = state.overview.flows.len() + usize::from(wizard.flow_saved);
    if integrations(state, wizard).len() < 2 {
        let text = "Connect the system that it is matched with (c), or match with matchbook's own inventory (f).";
        page.text(text, theme.text);
    } else if flows == 0 {
        page.text("Next, say what is matched with what (f).", theme.text);
    } else {
        page.text("Enter starts the first sync; the queue fills while it runs.", theme.text);
    }
}

fn flow(page: &mut Page<'_, '_>, state: &State, wizard: &Wizard, (source, target, on_target): (usize, usize, bool)) {
    let (theme, sign, arrow) = (page.canvas.theme, page.canvas.glyphs.cursor, page.canvas.glyphs.arrow);
    let half = usize::from(page.area.width / 2).saturating_sub(4);
    let head = |on: bool| if on { theme.accent } else { theme.dim };
    page.parts(&[
        (&format!("  {:<half$}", "records of"), head(!on_target)),
        (&format!("  {arrow} get their counterpart in"), head(on_target)),
    ]);
    for (i, id) in targets(state, wizard).iter().enumerate() {
        let mark = |here: bool| if here { sign } else { " " };
        let bold = |here: bool| if here { theme.text.add_modifier(Modifier::BOLD) } else { theme.text };
        page.parts(&[
            (mark(i == source), head(!on_target)),
            (&format!(" {:<half$}", id.as_str()), bold(i == source)),
            ("  ", theme.text),
            (mark(i == target), head(on_target)),
            (&format!(" {id}"), bold(i == target)),
        ]);
    }
    page.gap();
    page.text("The inventory is matchbook's own register: what has no counterpart there is imported.", theme.dim);
    page.text(
        "Companies and devices are matched; decisions stay in matchbook, nothing is written to a vendor.",
        theme.dim,
    );
}
