//! Autotask's records: rows that hold only the fields that have a value, since most of an entity's many fields are null.

use super::schema::{Entity, Kind, Schema};
use crate::simulator::world::NOW;

/// A value. Numbers, booleans (0 and 1), moments (milliseconds since 1970) and decimals (ten-thousandths) are numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A number.
    Int(i64),
    /// A text.
    Text(Box<str>),
}

impl From<i64> for Cell {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Cell {
    fn from(value: bool) -> Self {
        Self::Int(value.into())
    }
}

impl From<&str> for Cell {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}

impl From<String> for Cell {
    fn from(value: String) -> Self {
        Self::Text(value.into())
    }
}

/// A record.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its id.
    pub id: i64,
    /// A bit for each field that has a value.
    present: u128,
    /// The values, in the order of their fields.
    cells: Vec<Cell>,
}

impl Row {
    /// A row with nothing but its id.
    pub const fn new(id: i64) -> Self {
        Self { id, present: 0, cells: Vec::new() }
    }

    /// The value of a field; `None` for null. The id is not among them.
    pub fn get(&self, field: usize) -> Option<&Cell> {
        (self.present >> field & 1 == 1).then(|| &self.cells[self.place(field)])
    }

    /// The number in a field.
    pub fn int(&self, field: usize) -> Option<i64> {
        match self.get(field)? {
            Cell::Int(value) => Some(*value),
            Cell::Text(_) => None,
        }
    }

    /// The text in a field.
    pub fn text(&self, field: usize) -> Option<&str> {
        match self.get(field)? {
            Cell::Text(text) => Some(text),
            Cell::Int(_) => None,
        }
    }

    /// Gives a field a value, or null.
    pub fn set(&mut self, field: usize, value: Option<Cell>) {
        let place = self.place(field);
        match (self.present >> field & 1 == 1, value) {
            (true, Some(value)) => self.cells[place] = value,
            (true, None) => {
                self.cells.remove(place);
                self.present &= !(1 << field);
            }
            (false, Some(value)) => {
                self.cells.insert(place, value);
                self.present |= 1 << field;
            }
            (false, None) => {}
        }
    }

    /// Gives back what the cells do not need.
    pub fn shrink(&mut self) {
        self.cells.shrink_to_fit();
    }

    const fn place(&self, field: usize) -> usize {
        (self.present & ((1 << field) - 1)).count_ones() as usize
    }
}

/// All records of the simulated tenant.
pub struct Records {
    /// What the rows consist of.
    pub schema: Schema,
    /// By entity; every list is sorted by id.
    tables: Vec<Vec<Row>>,
    /// By entity, the highest id ever given.
    last: Vec<i64>,
    /// Goes up with every change.
    pub revision: u64,
}

impl Records {
    /// No rows.
    pub fn new(schema: Schema) -> Self {
        let tables = (0..schema.len()).map(|_| Vec::new()).collect();
        let last = vec![0; schema.len()];
        Self { schema, tables, last, revision: 0 }
    }

    /// The rows of an entity.
    pub fn rows(&self, entity: usize) -> &[Row] {
        &self.tables[entity]
    }

    /// The position of the first row with that id or a higher one.
    pub fn position(&self, entity: usize, id: i64) -> usize {
        self.tables[entity].partition_point(|row| row.id < id)
    }

    /// A row.
    pub fn row(&self, entity: usize, id: i64) -> Option<&Row> {
        self.tables[entity].get(self.position(entity, id)).filter(|row| row.id == id)
    }

    /// A row, to change.
    pub fn row_mut(&mut self, entity: usize, id: i64) -> Option<&mut Row> {
        let at = self.position(entity, id);
        self.tables[entity].get_mut(at).filter(|row| row.id == id)
    }

    /// Keeps a row, in place of the one with its id.
    pub fn keep(&mut self, entity: usize, mut row: Row) {
        row.shrink();
        self.last[entity] = self.last[entity].max(row.id);
        let at = self.position(entity, row.id);
        match self.tables[entity].get_mut(at).filter(|kept| kept.id == row.id) {
            Some(kept) => *kept = row,
            None => self.tables[entity].insert(at, row),
        }
    }

    /// Deletes a row; false where there is none.
    pub fn delete(&mut self, entity: usize, id: i64) -> bool {
        let at = self.position(entity, id);
        let found = self.tables[entity].get(at).is_some_and(|row| row.id == id);
        if found {
            self.tables[entity].remove(at);
        }
        found
    }

    /// An id that no row of the entity has had.
    pub fn next_id(&self, entity: usize) -> i64 {
        self.last[entity] + 1
    }

    /// The number of an entity that the embedded list has.
    ///
    /// # Panics
    /// It has none of that path.
    pub fn entity(&self, path: &str) -> usize {
        self.schema.number(path).expect("an entity of the embedded list")
    }

    /// The moment of the next change, in milliseconds: the time of day, and never before the last change.
    pub fn now(&self) -> i64 {
        let revision = i64::try_from(self.revision).unwrap_or(0);
        let wall = time::OffsetDateTime::now_utc().unix_timestamp();
        wall.max(NOW + revision) * 1000 + revision * 37 % 1000
    }
}

/// Fills a row of an entity by field names.
pub struct Filler<'a> {
    entity: &'a Entity,
    row: Row,
}

impl<'a> Filler<'a> {
    /// A new row.
    pub const fn new(entity: &'a Entity, id: i64) -> Self {
        Self { entity, row: Row::new(id) }
    }

    /// Sets a field.
    ///
    /// # Panics
    /// The entity has no field of that name.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Cell>) -> Self {
        let at = self.entity.field(name).or_else(|| self.entity.udf(name)).expect("a field of the embedded list");
        let value = value.into();
        debug_assert_eq!(
            matches!(value, Cell::Text(_)),
            matches!(self.entity.fields[at].kind, Kind::Text(_)),
            "{name}"
        );
        self.row.set(at, Some(value));
        self
    }

    /// Sets a field where there is a value.
    #[must_use]
    pub fn maybe(self, name: &str, value: Option<impl Into<Cell>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The row.
    pub fn done(mut self) -> Row {
        self.row.shrink();
        self.row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_holds_what_was_set_whatever_the_order() {
        let mut row = Row::new(7);
        row.set(9, Some(Cell::Int(90)));
        row.set(2, Some("two".into()));
        row.set(127, Some(true.into()));
        row.set(9, Some(Cell::Int(91)));
        assert_eq!((row.text(2), row.int(9), row.int(127), row.get(3)), (Some("two"), Some(91), Some(1), None));
        row.set(2, None);
        assert_eq!((row.get(2), row.int(9), row.int(127)), (None, Some(91), Some(1)));
        assert_eq!(size_of::<Cell>(), 16);
    }
}
