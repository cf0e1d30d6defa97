//! How a listing is asked for: its path, paging, order, and what the vendor can leave out by itself.

use crate::connectors::source::LookupName;
use crate::domain::Stream;
use serde::Deserialize;
use std::collections::BTreeMap;

/// How a listing is paged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Paging {
    /// By page number.
    #[default]
    Pages,
    /// Everything in one answer.
    Whole,
    /// In the order of the ids, each page behind the last id of the one before.
    Forward,
    /// One such listing for each record of another stream; `{parent}` in the path is its id.
    Each(Stream),
}

/// A listing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Route {
    /// Its path.
    pub(crate) path: String,
    /// How it is paged.
    pub(crate) paging: Paging,
    /// Fixed query parameters.
    pub(crate) query: BTreeMap<String, String>,
    /// Fixed conditions, in the vendor's own language.
    pub(crate) conditions: Vec<String>,
    /// Field that gives a stable order.
    pub(crate) sort: String,
    /// The order in which what changed last comes first; a listing of changes ends at the first older row.
    pub(crate) newest_first: String,
    /// Parameter that filters by a span of time of the last change, for spans of at most a week.
    pub(crate) since_query: String,
    /// Fields of the last change (and of the creation) by which the vendor can filter.
    pub(crate) changed: Vec<String>,
    /// Fields by which the vendor can leave out what was not chosen, by the setting's key (`ticket_queues`).
    pub(crate) narrow: BTreeMap<String, Narrow>,
    /// Rows a page unless the configuration says otherwise.
    pub(crate) page_size: u32,
    /// Most rows a page that the vendor gives.
    pub(crate) max_page_size: u32,
    /// Names that the query asks for, where the vendor sends only what is asked.
    pub(crate) ask_for: Vec<String>,
}

impl Route {
    /// Fills in what the file leaves out.
    pub(super) fn completed(mut self) -> Self {
        if self.page_size == 0 {
            self.page_size = 100;
        }
        self.max_page_size = self.max_page_size.max(self.page_size);
        self
    }

    /// The vendor can list what changed since a moment.
    pub(crate) fn filters_changes(&self) -> bool {
        !(self.changed.is_empty() && self.newest_first.is_empty() && self.since_query.is_empty())
    }
}

/// How the vendor filters by a choice.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Narrow {
    /// The field.
    pub(crate) field: String,
    /// Ids of the chosen names stand in this look-up.
    #[serde(default)]
    pub(crate) lookup: Option<LookupName>,
    /// The field's values for the names.
    #[serde(default)]
    pub(crate) values: BTreeMap<String, String>,
}
