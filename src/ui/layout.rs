//! Where everything is on a screen of a given size.
//!
//! From 100 × 30 on three panes stand together; below, each pane is a tab; below 40 × 8 there is only a notice.

use super::state::Pane;
use ratatui::layout::Rect;

/// Columns from which the panes stand together.
const WIDE: u16 = 100;
/// Rows from which the panes stand together.
const HIGH: u16 = 30;
/// Columns from which Compare stands beside the queue, which then has all rows.
const BESIDE: u16 = 150;
/// Lines of a queue above its rows: tabs, filter, heads.
const QUEUE_HEAD: u16 = 3;

/// Rooms of the screen; `None` where something is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Too small for anything but a notice.
    pub tiny: bool,
    /// Panes are tabs in the header.
    pub tabs: bool,
    /// First line.
    pub header: Rect,
    /// Integrations with frame.
    pub integrations: Option<Rect>,
    /// Queue with frame.
    pub queue: Option<Rect>,
    /// Compare with frame.
    pub compare: Option<Rect>,
    /// Sync log with frame.
    pub log: Option<Rect>,
    /// Line for messages; `None` where they take the footer's place.
    pub message: Option<Rect>,
    /// Last line.
    pub footer: Rect,
}

impl Layout {
    /// The rooms.
    #[must_use]
    pub fn new((width, height): (u16, u16), focus: Pane, zoom: bool) -> Self {
        let whole = Rect::new(0, 0, width, height);
        let tiny = width < 40 || height < 8;
        let tabs = width < WIDE || height < HIGH;
        let mut layout = Self {
            tiny,
            tabs,
            header: Rect { height: height.min(1), ..whole },
            integrations: None,
            queue: None,
            compare: None,
            log: None,
            message: None,
            footer: Rect { y: height.saturating_sub(1), height: height.min(1), ..whole },
        };
        if tiny {
            return layout;
        }
        let message = u16::from(!tabs);
        if !tabs {
            layout.message = Some(Rect { y: height - 2, height: 1, ..whole });
        }
        let body = Rect { y: 1, height: height - 2 - message, ..whole };
        match (tabs || zoom, focus) {
            (true, Pane::Integrations) => layout.integrations = Some(body),
            (true, Pane::Log) => layout.log = Some(body),
            (true, Pane::Queue) => layout.queue_and_compare(body, zoom),
            (false, _) => layout.together(body),
        }
        layout
    }

    fn together(&mut self, body: Rect) {
        let log = (body.height / 5).clamp(5, 12);
        let left = (body.width / 4).clamp(28, 36);
        let upper = Rect { height: body.height - log, ..body };
        self.log = Some(Rect { y: body.y + upper.height, height: log, ..body });
        self.integrations = Some(Rect { width: left, ..upper });
        self.queue_and_compare(Rect { x: left, width: body.width - left, ..upper }, false);
    }

    fn queue_and_compare(&mut self, room: Rect, zoom: bool) {
        if room.width >= BESIDE {
            let half = if zoom { room.width / 2 } else { room.width * 2 / 5 };
            self.queue = Some(Rect { width: room.width - half, ..room });
            self.compare = Some(Rect { x: room.x + room.width - half, width: half, ..room });
            return;
        }
        // Compare gives way first: a queue without rows is of no use.
        let compare = (room.height * 2 / 5).min(room.height.saturating_sub(QUEUE_HEAD + 2 + 4)).min(20);
        let compare = if compare < 5 { 0 } else { compare };
        self.queue = Some(Rect { height: room.height - compare, ..room });
        if compare > 0 {
            self.compare = Some(Rect { y: room.y + room.height - compare, height: compare, ..room });
        }
    }

    /// Rows of the queue on the screen.
    #[must_use]
    pub fn queue_rows(&self) -> u16 {
        self.queue.map_or(0, |r| r.height.saturating_sub(2 + QUEUE_HEAD))
    }

    /// Lines of the log on the screen.
    #[must_use]
    pub fn log_rows(&self) -> u16 {
        self.log.map_or(0, |r| r.height.saturating_sub(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_room_lies_on_the_screen() {
        for width in (1..=200).step_by(7) {
            for height in 1..=60 {
                for focus in Pane::ALL {
                    for zoom in [false, true] {
                        let l = Layout::new((width, height), focus, zoom);
                        let whole = Rect::new(0, 0, width, height);
                        let rooms =
                            [Some(l.header), Some(l.footer), l.integrations, l.queue, l.compare, l.log, l.message];
                        for room in rooms.into_iter().flatten() {
                            assert_eq!(room.intersection(whole), room, "{width}×{height} {focus:?} {zoom}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn sizes_decide() {
        let wide = Layout::new((120, 40), Pane::Queue, false);
        assert!(!wide.tabs && wide.log.is_some() && wide.compare.is_some());
        assert!(wide.queue_rows() >= 10, "{}", wide.queue_rows());
        let small = Layout::new((80, 24), Pane::Queue, false);
        assert!(small.tabs && small.log.is_none() && small.queue_rows() >= 8);
        let large = Layout::new((200, 60), Pane::Queue, false);
        assert!(large.queue_rows() >= 38 && large.compare.is_some_and(|r| r.width >= 60), "{large:?}");
        assert!(Layout::new((20, 5), Pane::Queue, false).tiny);
    }
}
