//! A view of a queue under a name: filter, find, order, columns, grouping. Plain words, as the configuration holds them.

use super::columns::{COLUMNS, ColumnId, column};
use super::state::queue::QueueState;
use crate::domain::{MatchState, Stream};
use crate::service::messages::{Filter, Sort, SortKey};

/// The view that a tab begins with, when there is one of this name.
pub const DEFAULT: &str = "default";

/// A view under a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SavedView {
    /// Its name, unique among those of its stream.
    pub name: String,
    /// Of which stream, by name (`devices`).
    pub stream: String,
    /// Which rows (`open`, `all`, `orphaned`, `left-out` or a state).
    pub filter: String,
    /// Text that rows must contain.
    pub find: String,
    /// In which order (`work`, `name`, `confidence`, `company`, `devices`, `state`).
    pub sort: String,
    /// Last first.
    pub descending: bool,
    /// Columns by name, from left to right; empty for those that fit.
    pub columns: Vec<String>,
    /// A heading for each company.
    pub grouped: bool,
}

const SORTS: [(&str, SortKey); 6] = [
    ("work", SortKey::Work),
    ("name", SortKey::Name),
    ("confidence", SortKey::Confidence),
    ("company", SortKey::Company),
    ("devices", SortKey::Devices),
    ("state", SortKey::State),
];

fn filter_name(filter: Filter) -> &'static str {
    match filter {
        Filter::Open => "open",
        Filter::All => "all",
        Filter::Orphaned => "orphaned",
        Filter::LeftOut => "left-out",
        Filter::Unimported => "unimported",
        Filter::State(state) => state.name(),
    }
}

fn filter_of(name: &str) -> Option<Filter> {
    let fixed = [Filter::Open, Filter::All, Filter::Orphaned, Filter::LeftOut, Filter::Unimported];
    let states = MatchState::ALL.into_iter().map(Filter::State);
    fixed.into_iter().chain(states).find(|filter| filter_name(*filter) == name)
}

impl SavedView {
    /// What a queue shows, under a name.
    #[must_use]
    pub fn of(queue: &QueueState, name: String) -> Self {
        let sort = SORTS.iter().find(|(_, key)| *key == queue.spec.sort.key).map_or("work", |(name, _)| name);
        let columns = queue.columns.iter().flatten().map(|id| column(*id).name.to_owned()).collect();
        Self {
            name,
            stream: queue.spec.stream.name().to_owned(),
            filter: filter_name(queue.spec.filter).to_owned(),
            find: queue.spec.find.clone(),
            sort: sort.to_owned(),
            descending: queue.spec.sort.descending,
            columns,
            grouped: queue.grouped,
        }
    }

    /// Is it of that stream?
    #[must_use]
    pub fn is_of(&self, stream: Stream) -> bool {
        self.stream == stream.name()
    }

    /// Shows it. Words that nobody knows mean what they mean when they are missing.
    pub fn show(&self, queue: &mut QueueState) {
        let ids: Vec<ColumnId> =
            self.columns.iter().filter_map(|name| COLUMNS.iter().find(|c| c.name == *name)).map(|c| c.id).collect();
        queue.columns = (!ids.is_empty()).then_some(ids);
        queue.grouped = self.grouped;
        let key = SORTS.iter().find(|(name, _)| *name == self.sort).map_or(SortKey::Work, |(_, key)| *key);
        queue.change(|spec| {
            spec.filter = filter_of(&self.filter).unwrap_or_default();
            spec.find.clone_from(&self.find);
            spec.sort = Sort { key, descending: self.descending };
            spec.company = None;
            spec.alike = None;
        });
        queue.view = Some(self.name.clone());
    }

    /// In words, for the menu.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = vec![self.filter.clone()];
        if !self.find.is_empty() {
            words.push(format!("find “{}”", self.find));
        }
        if self.sort != "work" && !self.sort.is_empty() {
            words.push(format!("by {}", self.sort));
        }
        if self.grouped {
            words.push("by company".to_owned());
        }
        if !self.columns.is_empty() {
            words.push(format!("{} columns", self.columns.len()));
        }
        words.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_is_shown_again() {
        let mut queue = QueueState::new("f".into(), Stream::Devices);
        queue.columns = Some(vec![ColumnId::Name, ColumnId::Why]);
        queue.grouped = true;
        queue.change(|spec| {
            spec.filter = Filter::State(MatchState::Deferred);
            spec.find = "lab".to_owned();
            spec.sort = Sort { key: SortKey::Company, descending: true };
        });
        let saved = SavedView::of(&queue, "later".to_owned());
        let mut again = QueueState::new("f".into(), Stream::Devices);
        saved.show(&mut again);
        assert_eq!((&again.spec, &again.columns, again.grouped), (&queue.spec, &queue.columns, true));
        assert_eq!(again.view.as_deref(), Some("later"));
        assert!(saved.is_of(Stream::Devices) && !saved.is_of(Stream::Companies));
    }

    #[test]
    fn unknown_words_mean_the_default() {
        let mut queue = QueueState::new("f".into(), Stream::Devices);
        SavedView { filter: "nonsense".into(), sort: "size".into(), ..SavedView::default() }.show(&mut queue);
        assert_eq!((queue.spec.filter, queue.spec.sort), (Filter::Open, Sort::default()));
    }
}
