//! Marked rows of a queue.

use crate::domain::RecordId;
use crate::service::messages::{Selection, ViewSpec};
use std::collections::HashSet;

/// Marked rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Marks {
    /// These.
    Some(HashSet<RecordId>),
    /// Everything that the view shows, minus these.
    Shown {
        /// The view.
        view: Box<ViewSpec>,
        /// Unmarked again by hand.
        except: HashSet<RecordId>,
    },
}

impl Default for Marks {
    fn default() -> Self {
        Self::Some(HashSet::new())
    }
}

impl Marks {
    /// Is the row marked?
    #[must_use]
    pub fn has(&self, id: &RecordId) -> bool {
        match self {
            Self::Some(ids) => ids.contains(id),
            Self::Shown { except, .. } => !except.contains(id),
        }
    }

    /// Marks or unmarks a row.
    pub fn toggle(&mut self, id: &RecordId) {
        let set = match self {
            Self::Some(set) | Self::Shown { except: set, .. } => set,
        };
        if !set.remove(id) {
            set.insert(id.clone());
        }
    }

    /// Marks a row.
    pub fn add(&mut self, id: RecordId) {
        match self {
            Self::Some(ids) => {
                ids.insert(id);
            }
            Self::Shown { except, .. } => {
                except.remove(&id);
            }
        }
    }

    /// How many rows, when the view shows so many.
    #[must_use]
    pub fn count(&self, shown: u64) -> u64 {
        match self {
            Self::Some(ids) => ids.len() as u64,
            Self::Shown { except, .. } => shown.saturating_sub(except.len() as u64),
        }
    }

    /// As the door wants it, in a stable order.
    #[must_use]
    pub fn selection(&self) -> Selection {
        let sorted = |ids: &HashSet<RecordId>| {
            let mut ids: Vec<RecordId> = ids.iter().cloned().collect();
            ids.sort();
            ids
        };
        match self {
            Self::Some(ids) => Selection::Rows(sorted(ids)),
            Self::Shown { view, except } => Selection::Shown { view: view.clone(), except: sorted(except) },
        }
    }
}
