//! Changing the records of ConnectWise Manage while it runs. A kind of record is named by its path (`company/contacts`).

#![expect(clippy::must_use_candidate, reason = "whether the record was there interests few tests")]

use crate::simulator::connectwise::{ConnectWise, entity_of_path as entity};
use serde_json::{Map, Value};

/// The records of ConnectWise Manage.
pub struct ConnectWiseRecords<'a>(pub(super) &'a ConnectWise);

impl ConnectWiseRecords<'_> {
    /// Takes a right away from the key's role, or gives it back: `Contacts`, `Service Tickets`, `Table Setup` …
    pub fn deny(&self, right: &str, denied: bool) {
        self.0.tenant.deny(right, denied);
    }

    /// A row as it is kept; `None` where there is none.
    pub fn row(&self, path: &str, id: u32) -> Option<Value> {
        match self.0.read().whole(entity(path)?, id) {
            Value::Null => None,
            row => Some(row),
        }
    }

    /// How many rows there are.
    pub fn count(&self, path: &str) -> usize {
        entity(path).map_or(0, |entity| self.0.read().ids(entity).len())
    }

    /// A new row with these members, which nobody checks; its id.
    pub fn add(&self, path: &str, members: &Value) -> Option<u32> {
        let entity = entity(path)?;
        let mut records = self.0.write();
        let id = records.next_id(entity);
        let mut row: Map<String, Value> = members.as_object().cloned().unwrap_or_default();
        row.insert("id".to_owned(), id.into());
        records.keep(entity, id, row);
        Some(id)
    }

    /// Changes members of a row, which nobody checks; false where there is none.
    pub fn change(&self, path: &str, id: u32, members: &Value) -> bool {
        let Some(entity) = entity(path) else { return false };
        let mut records = self.0.write();
        let Value::Object(mut row) = records.whole(entity, id) else { return false };
        row.extend(members.as_object().cloned().unwrap_or_default());
        records.keep(entity, id, row);
        true
    }

    /// Takes a row away, without a trace; false where there is none.
    pub fn remove(&self, path: &str, id: u32) -> bool {
        let Some(entity) = entity(path) else { return false };
        let mut records = self.0.write();
        let known = records.exists(entity, id);
        records.remove(entity, id);
        known
    }

    /// Makes a row unreadable in every answer, or readable again.
    pub fn spoil(&self, path: &str, id: u32, spoiled: bool) {
        if let Some(entity) = entity(path) {
            self.0.write().spoil(entity, id, spoiled);
        }
    }
}
