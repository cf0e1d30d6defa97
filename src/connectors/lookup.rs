//! Look-ups: the names that belong to the ids which a vendor's rows carry (products, countries, picklists).
//!
//! A look-up is fetched when the first row of a listing needs it, once for all listings of a run, never once per row.
//! One that cannot be fetched leaves the ids without names and says so once; it never stops a listing.

use super::source::LookupName;
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::sync::Arc;

/// One look-up: by column the names of the ids.
#[derive(Debug, Default)]
pub(crate) struct Table {
    columns: FxHashMap<String, FxHashMap<String, Entry>>,
    /// It could not be fetched.
    pub(crate) failed: bool,
}

/// A name of an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// As the vendor shows it.
    pub(crate) name: Box<str>,
    /// False for one that the vendor's users have retired.
    pub(crate) active: bool,
}

impl Table {
    /// One that could not be fetched.
    pub(crate) fn failed() -> Self {
        Self { failed: true, ..Self::default() }
    }

    /// Adds a name; column names count without case.
    pub(crate) fn add(&mut self, column: &str, id: &str, entry: Entry) {
        self.columns.entry(column.to_lowercase()).or_default().insert(id.to_owned(), entry);
    }

    /// Adds the names of another page.
    pub(crate) fn extend(&mut self, page: Self) {
        for (column, names) in page.columns {
            self.columns.entry(column).or_default().extend(names);
        }
    }

    /// The name of an id.
    pub(crate) fn name(&self, column: &str, id: &str) -> Option<&str> {
        Some(&self.columns.get(column)?.get(id)?.name)
    }

    /// Ids and names of a column, by name.
    pub(crate) fn column(&self, column: &str) -> Vec<(&str, &Entry)> {
        let mut all: Vec<(&str, &Entry)> =
            self.columns.get(column).into_iter().flatten().map(|(id, entry)| (id.as_str(), entry)).collect();
        all.sort_by(|a, b| a.1.name.cmp(&b.1.name).then_with(|| a.0.cmp(b.0)));
        all
    }
}

/// The look-ups at hand while rows are read, and those that were missed.
#[derive(Debug, Default)]
pub(crate) struct Names {
    tables: FxHashMap<String, Arc<Table>>,
    missed: RefCell<Vec<String>>,
}

impl Names {
    /// These tables.
    pub(crate) fn new(tables: FxHashMap<String, Arc<Table>>) -> Self {
        Self { tables, missed: RefCell::default() }
    }

    /// The name of an id; remembers a look-up that is not at hand.
    pub(crate) fn name(&self, lookup: &LookupName, id: &str) -> Option<String> {
        let Some(table) = self.tables.get(&lookup.table) else {
            let mut missed = self.missed.borrow_mut();
            if !missed.contains(&lookup.table) {
                missed.push(lookup.table.clone());
            }
            return None;
        };
        table.name(&lookup.column, id).map(str::to_owned)
    }

    /// Look-ups that were needed and are not at hand.
    pub(crate) fn missed(self) -> Vec<String> {
        self.missed.into_inner()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(table: &str, column: &str) -> LookupName {
        LookupName { table: table.into(), column: column.into() }
    }

    #[test]
    fn what_is_not_at_hand_is_remembered_once() {
        let mut table = Table::default();
        table.add("queueID", "5", Entry { name: "Help Desk".into(), active: true });
        let names = Names::new([("tickets".to_owned(), Arc::new(table))].into_iter().collect());
        assert_eq!(names.name(&lookup("tickets", "queueid"), "5").as_deref(), Some("Help Desk"));
        assert_eq!(names.name(&lookup("tickets", "queueid"), "6"), None);
        assert_eq!(names.name(&lookup("products", "name"), "1"), None);
        assert_eq!(names.name(&lookup("products", "name"), "2"), None);
        assert_eq!(names.missed(), ["products"]);
    }
}
