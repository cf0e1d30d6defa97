//! Views of the field mapping of a flow.

use crate::domain::{FlowId, Stream};
use serde::{Deserialize, Serialize};

/// Which fields of the source belong to which of the target, by stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowFields {
    /// The flow.
    pub flow: FlowId,
    /// The source vendor's name.
    pub source: String,
    /// The target vendor's name.
    pub target: String,
    /// The person's own files that change fields of source and target, there or not; empty where there is no place.
    pub files: [String; 2],
    /// In the order of the flow's tabs.
    pub streams: Vec<StreamFieldPairs>,
}

/// The fields of one stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamFieldPairs {
    /// Which stream.
    pub stream: Stream,
    /// The source's word for one record.
    pub source_word: String,
    /// The target's word for one.
    pub target_word: String,
    /// First what both sides have, then what one of them has.
    pub rows: Vec<FieldPairView>,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldPairView {
    /// matchbook's name of it, which the person's own file uses (`address.city`).
    pub field: String,
    /// At the source; `None` where it has no such field.
    pub source: Option<FieldSide>,
    /// At the target.
    pub target: Option<FieldSide>,
}

/// A field at one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldSide {
    /// What the vendor's screens call it; what it is read from where that is not known.
    pub label: String,
    /// What it is read from, by the vendor's own names.
    pub from: String,
    /// What is worth knowing; may be empty.
    pub note: String,
    /// The person's own file says so.
    pub own: bool,
}
