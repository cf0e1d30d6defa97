//! A clipped place to paint on: text that is cut by cells, frames, bars.

use super::number::cells;
use super::text::{fit, settle, width};
use crate::ui::theme::{Glyphs, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Where panes paint. Everything outside the buffer or the given room is cut, never an error.
pub struct Canvas<'a> {
    /// The cells.
    pub buffer: &'a mut Buffer,
    /// Styles.
    pub theme: &'a Theme,
    /// Signs.
    pub glyphs: Glyphs,
}

impl Canvas<'_> {
    /// Writes one line of text into at most `room` cells; returns the cells used.
    pub fn put(&mut self, x: u16, y: u16, room: u16, text: &str, style: Style) -> u16 {
        let area = *self.buffer.area();
        if y < area.top() || y >= area.bottom() || x >= area.right() || x < area.left() || room == 0 {
            return 0;
        }
        let room = room.min(area.right() - x);
        let text = settle(text, self.glyphs.ascii);
        let text = fit(&text, usize::from(room), self.glyphs.more);
        let (end, _) = self.buffer.set_stringn(x, y, &text, usize::from(room), style);
        end - x
    }

    /// Writes parts one after another into a line; returns the cells used.
    pub fn line(&mut self, x: u16, y: u16, room: u16, parts: &[(&str, Style)]) -> u16 {
        let mut used = 0;
        for (text, style) in parts {
            if used >= room {
                break;
            }
            used += self.put(x + used, y, room - used, text, *style);
        }
        used
    }

    /// Writes text so that it ends at the right edge of the room.
    pub fn right(&mut self, x: u16, y: u16, room: u16, text: &str, style: Style) {
        let text = settle(text, self.glyphs.ascii);
        let used = cells(width(&text)).min(room);
        self.put(x + room - used, y, used, &text, style);
    }

    /// A frame with a title; returns the room inside.
    pub fn frame(&mut self, area: Rect, title: &[(&str, Style)]) -> Rect {
        if area.width < 2 || area.height < 2 {
            return Rect::new(area.x, area.y, 0, 0);
        }
        let (dim, [h, v, tl, tr, bl, br]) = (self.theme.dim, self.glyphs.frame);
        let (right, bottom) = (area.right() - 1, area.bottom() - 1);
        for x in area.x + 1..right {
            self.sign(x, area.y, h, dim);
            self.sign(x, bottom, h, dim);
        }
        for y in area.y + 1..bottom {
            self.sign(area.x, y, v, dim);
            self.sign(right, y, v, dim);
        }
        for (x, y, sign) in [(area.x, area.y, tl), (right, area.y, tr), (area.x, bottom, bl), (right, bottom, br)] {
            self.sign(x, y, sign, dim);
        }
        self.line(area.x + 1, area.y, area.width - 2, title);
        Rect::new(area.x + 1, area.y + 1, area.width - 2, area.height - 2)
    }

    /// A bar of so many cells, filled by part of whole.
    pub fn bar(&mut self, x: u16, y: u16, room: u16, filled: u16, style: Style) {
        for i in 0..room {
            let sign = if i < filled { self.glyphs.full } else { self.glyphs.empty };
            self.sign(x + i, y, sign, style);
        }
    }

    /// One of our own signs, which take one cell each.
    fn sign(&mut self, x: u16, y: u16, sign: &'static str, style: Style) {
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.set_symbol(sign).set_style(style);
        }
    }

    /// Empties an area, for what is laid over it.
    pub fn clear(&mut self, area: Rect) {
        let area = area.intersection(*self.buffer.area());
        for y in area.top()..area.bottom() {
            // A wide character may begin left of the area and reach into it.
            if area.left() > self.buffer.area().left() {
                let before = &mut self.buffer[(area.left() - 1, y)];
                if width(before.symbol()) > 1 {
                    before.set_symbol(" ");
                }
            }
            for x in area.left()..area.right() {
                self.buffer[(x, y)].reset();
            }
        }
    }
}
