//! What is shown of writes to vendors: what would be made, and the outbox.

use super::TabKey;
use crate::domain::WriteId;
use crate::service::messages::{OutboxView, PlanView, Selection, Ticket, WriteView};

/// Records that would be made, or brought in step; asked about first.
#[derive(Debug)]
pub struct Making {
    /// The queue that they are made from.
    pub tab: TabKey,
    /// The rows.
    pub rows: Selection,
    /// How many rows were chosen.
    pub count: u64,
    /// Also where the target has something like it.
    pub anyway: bool,
    /// Not records to be made, but what differs between the flow's matched records.
    pub differences: bool,
    /// The plan under way.
    pub ticket: Option<Ticket>,
    /// The plan; `None` while under way.
    pub plan: Option<PlanView>,
    /// Lines scrolled down.
    pub scroll: usize,
}

/// The outbox.
#[derive(Debug, Default)]
pub struct OutboxList {
    /// The writes; `None` while under way.
    pub view: Option<OutboxView>,
    /// Chosen one.
    pub cursor: usize,
    /// First one on the screen.
    pub top: usize,
    /// Lines of the chosen one scrolled down.
    pub scroll: usize,
    /// A question is under way: events do not ask again meanwhile.
    pub asking: bool,
    /// It changed while the question was under way.
    pub stale: bool,
}

impl OutboxList {
    /// The chosen one.
    #[must_use]
    pub fn current(&self) -> Option<&WriteView> {
        self.view.as_ref()?.writes.get(self.cursor)
    }

    /// Writes that wait for a yes, of the chosen one's flow.
    #[must_use]
    pub fn planned(&self) -> Vec<WriteId> {
        let (Some(view), Some(chosen)) = (&self.view, self.current()) else { return Vec::new() };
        let waits = |write: &&WriteView| write.state == "planned" && write.flow == chosen.flow;
        view.writes.iter().filter(waits).map(|write| write.id).collect()
    }
}
