//! What the Coverage screen shows.

use crate::service::messages::{Coverage, CoverageRow, CoverageSpec, Ticket};
use crate::ui::widgets::number::index;
use tui_input::Input;

/// The Coverage screen.
#[derive(Debug, Default)]
pub struct CoverageState {
    /// Which companies in which order.
    pub spec: CoverageSpec,
    /// The last answer: a window of the rows.
    pub grid: Option<Coverage>,
    /// The question under way.
    pub ticket: Option<Ticket>,
    /// Chosen row, of all.
    pub cursor: usize,
    /// First row on the screen.
    pub top: usize,
    /// The name that is typed.
    pub input: Option<Input>,
}

impl CoverageState {
    /// The row at a position, when it was fetched.
    #[must_use]
    pub fn row(&self, at: usize) -> Option<&CoverageRow> {
        let grid = self.grid.as_ref()?;
        grid.rows.get(at.checked_sub(index(grid.offset))?)
    }

    /// The chosen row.
    #[must_use]
    pub fn current(&self) -> Option<&CoverageRow> {
        self.row(self.cursor)
    }

    /// Moves the cursor, and the screen as little as shows it.
    pub fn go(&mut self, to: usize, page: usize) {
        self.cursor = to;
        self.top = self.top.min(to).max((to + 1).saturating_sub(page.max(1)));
    }

    /// Are the rows on the screen fetched?
    #[must_use]
    pub fn holds(&self) -> bool {
        self.row(self.top).is_some() && self.row(self.cursor).is_some()
    }
}
