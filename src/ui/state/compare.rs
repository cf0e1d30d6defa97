//! What Compare shows, and when it is fetched.

use super::TabKey;
use crate::domain::RecordId;
use crate::service::messages::{Compare, Ticket};
use std::time::Duration;

/// Compare.
#[derive(Debug, Default)]
pub struct CompareState {
    /// What is shown, and of which queue.
    pub shown: Option<(TabKey, Compare)>,
    /// The row asked about.
    pub asked: Option<(Ticket, RecordId)>,
    /// When to ask (time since the start): a held key must not ask for every row it passes.
    pub due: Option<Duration>,
    /// Lines scrolled down.
    pub scroll: u16,
}

impl CompareState {
    /// What is shown, if it is of that row.
    #[must_use]
    pub fn of(&self, tab: &TabKey, row: &RecordId) -> Option<&Compare> {
        self.shown.as_ref().filter(|(t, c)| t == tab && c.row.id == *row).map(|(_, c)| c)
    }
}
