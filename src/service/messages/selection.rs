//! Which rows of a queue, in which order.

use super::Alike;
use crate::domain::{FlowId, MatchState, RecordId, Stream};
use serde::{Deserialize, Serialize};

/// Rows of a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Selection {
    /// These source records.
    Rows(Vec<RecordId>),
    /// Everything that the view shows, minus these.
    Shown {
        /// The view.
        view: Box<ViewSpec>,
        /// Unmarked again by hand.
        except: Vec<RecordId>,
    },
}

/// Which rows of a queue, in which order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ViewSpec {
    /// Which flow.
    pub flow: FlowId,
    /// Which stream.
    pub stream: Stream,
    /// Which rows.
    #[serde(default)]
    pub filter: Filter,
    /// Text that name, serial, company or id must contain (case and diacritics ignored); empty for all.
    #[serde(default)]
    pub find: String,
    /// Order.
    #[serde(default)]
    pub sort: Sort,
    /// Only records of this source company.
    #[serde(default)]
    pub company: Option<RecordId>,
    /// Only rows that have this in common.
    #[serde(default)]
    pub alike: Option<Alike>,
}

/// Filter by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Filter {
    /// Everything that needs a person: conflict, suggested, unmatched.
    #[default]
    Open,
    /// Every row.
    All,
    /// One state.
    State(MatchState),
    /// Gone at the source or target.
    Orphaned,
    /// Decided rows that the sync settings leave out.
    LeftOut,
    /// Rows without a counterpart, whatever is in their way.
    Unimported,
}

/// Sort key and direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sort {
    /// By what.
    pub key: SortKey,
    /// Last first.
    pub descending: bool,
}

impl Default for Sort {
    /// The order of work: conflicts, then suggestions from sure to unsure, then the rest by name.
    fn default() -> Self {
        Self { key: SortKey::Work, descending: false }
    }
}

/// What a queue can be sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SortKey {
    /// State, then confidence, then name.
    #[default]
    Work,
    /// Name.
    Name,
    /// Confidence of the best candidate.
    Confidence,
    /// Company name, then name.
    Company,
    /// Number of devices (companies).
    Devices,
    /// State.
    State,
}
