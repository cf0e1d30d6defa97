//! What a test can do to Autotask while it runs. Entities are path segments (`Companies`), fields the vendor's names;
//! changes to unknown rows do nothing and say so.

#![expect(clippy::must_use_candidate, reason = "whether the record was there interests few tests")]

use crate::simulator::autotask::{Autotask, records::Filler, tenant::Latency};

/// Autotask's records, zone and threads.
pub struct AutotaskRecords<'a>(pub(super) &'a Autotask);

impl AutotaskRecords<'_> {
    /// How many rows an entity has.
    ///
    /// # Panics
    /// There is no such entity.
    pub fn count(&self, entity: &str) -> usize {
        let records = self.0.read();
        records.rows(records.entity(entity)).len()
    }

    /// A number of a row, of a field by the vendor's name; `None` where there is no such row or it says nothing.
    ///
    /// # Panics
    /// There is no such entity or field.
    pub fn number(&self, entity: &str, id: i64, field: &str) -> Option<i64> {
        let records = self.0.read();
        let entity = records.entity(entity);
        let field = records.schema.at(entity).field(field).expect("a field of the entity");
        records.row(entity, id)?.int(field)
    }

    /// A text of a row, likewise.
    ///
    /// # Panics
    /// There is no such entity or field.
    pub fn text(&self, entity: &str, id: i64, field: &str) -> Option<String> {
        let records = self.0.read();
        let entity = records.entity(entity);
        let field = records.schema.at(entity).field(field).expect("a field of the entity");
        records.row(entity, id)?.text(field).map(str::to_owned)
    }

    /// A new active company; its id.
    pub fn add_company(&self, name: &str) -> i64 {
        let mut records = self.0.write();
        let (companies, now) = (records.entity("Companies"), records.now());
        let row = Filler::new(records.schema.at(companies), records.next_id(companies))
            .with("companyName", name)
            .with("companyType", 1)
            .with("isActive", true)
            .with("createDate", now)
            .with("lastActivityDate", now)
            .with("lastTrackedModifiedDateTime", now)
            .done();
        let id = row.id;
        records.keep(companies, row);
        id
    }

    /// Gives a text field another value, and the row the moment of its change; false where there is no such row.
    ///
    /// # Panics
    /// There is no such entity or field.
    pub fn set_text(&self, entity: &str, id: i64, field: &str, value: &str) -> bool {
        let mut records = self.0.write();
        let (entity, now) = (records.entity(entity), records.now());
        let of = records.schema.at(entity);
        let field = of.field(field).expect("a field of the entity");
        let touched: Vec<usize> =
            (0..of.first_udf).filter(|&at| of.fields[at].touched && of.fields[at].by.is_none()).collect();
        let Some(row) = records.row_mut(entity, id) else { return false };
        row.set(field, Some(value.into()));
        for at in touched {
            row.set(at, Some(now.into()));
        }
        true
    }

    /// Deletes a row, also of entities that the API cannot delete; false where there is none.
    ///
    /// # Panics
    /// There is no such entity.
    pub fn delete(&self, entity: &str, id: i64) -> bool {
        let mut records = self.0.write();
        let entity = records.entity(entity);
        records.delete(entity, id)
    }

    /// The vendor moves the tenant to another zone: the old one refuses its key.
    pub fn move_zone(&self) {
        self.0.tenant().move_zone();
    }

    /// Another program with the same integration code uses so many of an entity's threads until they are released.
    pub fn occupy_threads(&self, entity: &str, count: usize) {
        self.0.tenant().occupy(entity, count);
    }

    /// Lets go every thread that was occupied.
    pub fn release_threads(&self) {
        self.0.tenant().release();
    }

    /// Changes how answers are held up as the hourly threshold comes near; as published at the start.
    pub fn set_latency(&self, latency: Latency) {
        self.0.tenant().set_latency(latency);
    }

    /// Takes an entity out of the key's security level, or puts it back.
    ///
    /// # Panics
    /// There is no such entity.
    pub fn allow(&self, entity: &str, allowed: bool) {
        let entity = self.0.read().entity(entity);
        self.0.tenant().allow(entity, allowed);
    }

    /// Before the next page that continues a listing of the entity, a row that was listed comes back under a new id,
    /// and the page repeats the last row of the one before. Once for each call.
    ///
    /// # Panics
    /// There is no such entity.
    pub fn shift_while_paging(&self, entity: &str) {
        let entity = self.0.read().entity(entity);
        self.0.tenant().shift(entity);
    }
}
