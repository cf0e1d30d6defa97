//! The list of rules that decisions left.

use super::frame;
use super::lists::cursor_sign;
use crate::service::messages::RuleView;
use crate::ui::state::State;
use crate::ui::update::overlays::list_page;
use crate::ui::widgets::canvas::Canvas;
use crate::ui::widgets::number::moment;
use crate::ui::widgets::text::wrap;
use ratatui::style::Modifier;

/// Columns before the rule: where it holds, of which stream, who, when.
const COLUMNS: [u16; 3] = [13, 14, 13];

/// Rules, newest first.
pub fn draw(state: &State, canvas: &mut Canvas<'_>, rules: Option<&[RuleView]>, cursor: usize, top: usize) {
    let inner = frame(state, canvas, "Rules that decisions left", list_page(state));
    let theme = canvas.theme;
    let Some(rules) = rules else {
        canvas.put(inner.x, inner.y, inner.width, &format!("{} asking", canvas.glyphs.busy), theme.busy);
        return;
    };
    if rules.is_empty() {
        let text = "None yet. A match by hand of two names that differ leaves one; so does a refused proposal.";
        for (y, line) in (inner.y..inner.bottom()).zip(wrap(text, usize::from(inner.width))) {
            canvas.put(inner.x, y, inner.width, &line, theme.text);
        }
    }
    for (y, (i, rule)) in (inner.y..inner.bottom()).zip(rules.iter().enumerate().skip(top)) {
        cursor_sign(canvas, inner, y, i == cursor);
        let style = if i == cursor { theme.text.add_modifier(Modifier::BOLD) } else { theme.text };
        let place = if rule.everywhere { "everywhere".to_owned() } else { rule.flow.to_string() };
        let mut x = inner.x + 2;
        for (text, room) in
            [(place, COLUMNS[0]), (rule.stream.to_string(), COLUMNS[1]), (moment(rule.at, state.now.wall), COLUMNS[2])]
        {
            canvas.put(x, y, room - 1, &text, theme.dim);
            x += room;
        }
        let text = format!("{} ({})", rule.text, rule.who);
        canvas.put(x, y, inner.right().saturating_sub(x), &text, style);
    }
}
