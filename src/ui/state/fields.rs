//! The field mapping of a flow on the screen.

use crate::service::messages::{FieldPairView, FlowFields, StreamFieldPairs};

/// What is shown of it.
#[derive(Debug, Default)]
pub struct Fields {
    /// The mapping; `None` while under way.
    pub shown: Option<FlowFields>,
    /// The stream's position.
    pub stream: usize,
    /// Chosen row.
    pub cursor: usize,
    /// First row on the screen.
    pub top: usize,
}

impl Fields {
    /// The stream that is shown.
    #[must_use]
    pub fn current(&self) -> Option<&StreamFieldPairs> {
        self.shown.as_ref()?.streams.get(self.stream)
    }

    /// The chosen row.
    #[must_use]
    pub fn row(&self) -> Option<&FieldPairView> {
        self.current()?.rows.get(self.cursor)
    }
}
