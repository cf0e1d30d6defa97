//! Queries, their pages and their counts.
//!
//! The inside of the cursor is not published: here it names the first row of the next page, and of the pages before.

use super::{
    answers::Refusal,
    query::{Filter, filter, member},
    records::{Records, Row},
    schema::Entity,
    values,
};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Value, json};

/// The most rows of a page, and how many where nothing is said.
const PAGE_CAP: usize = 500;
/// How many pages back the cursor remembers.
const PAGES_KEPT: usize = 50;

/// A query, checked against its entity.
pub struct Query {
    filter: Filter,
    /// The positions of the wanted fields; `None` for all.
    include: Option<Vec<usize>>,
    size: usize,
}

impl Query {
    /// Reads a body, or what stands in `search`.
    ///
    /// # Errors
    /// What the vendor would say of it.
    pub fn read(entity: &Entity, body: &[u8]) -> Result<Self, Refusal> {
        let body: Value =
            serde_json::from_slice(body).map_err(|error| format!("The query is not valid JSON: {error}"))?;
        let body = body.as_object().ok_or_else(|| "The query is not an object.".to_owned())?;
        let filter = filter(entity, member(body, "filter").unwrap_or(&Value::Null))?;
        let size = match member(body, "MaxRecords") {
            None | Some(Value::Null) => PAGE_CAP,
            // More than the cap is not refused, but nobody gets more.
            Some(value) => match value.as_u64() {
                Some(size @ 1..) => usize::try_from(size).unwrap_or(PAGE_CAP).min(PAGE_CAP),
                _ => return Err(format!("MaxRecords must be a number from 1 to {PAGE_CAP}.").into()),
            },
        };
        let include = match member(body, "IncludeFields") {
            None | Some(Value::Null) => None,
            Some(value) => Some(included(entity, value)?),
        };
        Ok(Self { filter, include, size })
    }

    /// How many rows pass.
    pub fn count(&self, records: &Records, entity: usize) -> usize {
        records.rows(entity).iter().filter(|row| self.filter.passes(row)).count()
    }
}

fn included(entity: &Entity, value: &Value) -> Result<Vec<usize>, Refusal> {
    let names = value.as_array().ok_or_else(|| "IncludeFields must be a list of names.".to_owned())?;
    let position = |name: &Value| {
        let name = name.as_str().unwrap_or_default();
        entity.field(name).ok_or_else(|| format!("Unable to find {name} in the {} Entity.", entity.name))
    };
    let mut fields = names.iter().map(position).collect::<Result<Vec<_>, _>>()?;
    fields.sort_unstable();
    fields.dedup();
    Ok(fields)
}

/// Where a listing is: what stands in `paging`.
pub struct Cursor {
    size: usize,
    /// First rows of the pages before, the latest last.
    previous: Vec<i64>,
    /// First row of the page.
    from: i64,
}

impl Cursor {
    /// The first page of a query.
    pub const fn first(query: &Query) -> Self {
        Self { size: query.size, previous: Vec::new(), from: i64::MIN }
    }

    /// Reads what [`Self::link`] wrote.
    pub fn read(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let ids = |name: &str| -> Option<Vec<i64>> { value.get(name)?.as_array()?.iter().map(Value::as_i64).collect() };
        let size = usize::try_from(value.get("pageSize")?.as_u64()?).ok()?.clamp(1, PAGE_CAP);
        Some(Self { size, previous: ids("previousIds")?, from: *ids("nextIds")?.first()? })
    }

    /// The first row of the page before.
    pub fn before(&self) -> Option<i64> {
        self.previous.last().copied()
    }

    /// Goes back by a row, as when a row was inserted before the page.
    pub fn slip(&mut self, records: &Records, entity: usize) {
        let at = records.position(entity, self.from);
        if at > 0 {
            self.from = records.rows(entity)[at - 1].id;
        }
    }

    fn link(&self, address: &Address) -> String {
        let paging = json!({"pageSize": self.size, "previousIds": self.previous, "nextIds": [self.from]});
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("paging", &paging.to_string());
        if let Some(search) = &address.search {
            query.append_pair("search", search);
        }
        format!("{}/next?{}", address.query, query.finish())
    }
}

/// Where a listing was asked for, for its links.
pub struct Address {
    /// The query's own address (`http://…/V1.0/Companies/query`).
    pub query: String,
    /// What stood in `search`; `None` where the query came as a body.
    pub search: Option<String>,
}

/// A page of an answer.
pub struct Page<'a> {
    entity: &'a Entity,
    rows: Vec<&'a Row>,
    include: Option<&'a [usize]>,
    size: usize,
    spoil: Option<usize>,
    previous: Option<String>,
    next: Option<String>,
}

/// The page of a query at a cursor. `spoil` makes a row unreadable.
pub fn page<'a>(
    records: &'a Records,
    entity: usize,
    query: &'a Query,
    cursor: &Cursor,
    address: &Address,
    spoil: Option<usize>,
) -> Page<'a> {
    let from = records.position(entity, cursor.from);
    let mut passing = records.rows(entity)[from..].iter().filter(|row| query.filter.passes(row));
    let rows: Vec<&Row> = passing.by_ref().take(cursor.size).collect();
    let next = passing.next().map(|row| {
        let mut previous = cursor.previous.clone();
        previous.extend(rows.first().map(|first| first.id));
        let forgotten = previous.len().saturating_sub(PAGES_KEPT);
        previous.drain(..forgotten);
        Cursor { size: cursor.size, previous, from: row.id }.link(address)
    });
    let previous = cursor
        .previous
        .split_last()
        .map(|(&from, rest)| Cursor { size: cursor.size, previous: rest.to_vec(), from }.link(address));
    let include = query.include.as_deref();
    Page { entity: records.schema.at(entity), rows, include, size: cursor.size, spoil, previous, next }
}

/// All rows below a parent, which cannot be filtered.
pub fn children(records: &Records, entity: usize, parent: i64, spoil: Option<usize>) -> Page<'_> {
    let of = records.schema.at(entity);
    let field = of.under.as_ref().map_or(0, |under| under.field);
    let below = records.rows(entity).iter().filter(|row| row.int(field) == Some(parent));
    let rows: Vec<&Row> = below.take(PAGE_CAP).collect();
    Page { entity: of, rows, include: None, size: PAGE_CAP, spoil, previous: None, next: None }
}

impl Serialize for Page<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let spoiled = self.spoil.map(|at| at % self.rows.len().max(1));
        let items: Vec<Item<'_>> = (self.rows.iter().enumerate())
            .map(|(at, row)| Item { entity: self.entity, row, include: self.include, spoiled: spoiled == Some(at) })
            .collect();
        let details = json!({
            "count": self.rows.len(),
            "requestCount": self.size,
            "prevPageUrl": self.previous,
            "nextPageUrl": self.next,
        });
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("items", &items)?;
        map.serialize_entry("pageDetails", &details)?;
        map.end()
    }
}

/// A row as JSON.
pub struct Item<'a> {
    /// What it is.
    pub entity: &'a Entity,
    /// The row.
    pub row: &'a Row,
    /// The positions of the wanted fields; `None` for all.
    pub include: Option<&'a [usize]>,
    /// Its fields but the id cannot be read.
    pub spoiled: bool,
}

impl Serialize for Item<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (at, field) in self.entity.own().iter().enumerate() {
            if self.include.is_some_and(|wanted| wanted.binary_search(&at).is_err()) {
                continue;
            }
            if at == 0 {
                map.serialize_entry(&*field.name, &self.row.id)?;
            } else if self.spoiled {
                map.serialize_entry(&*field.name, &json!({"unreadable": []}))?;
            } else {
                map.serialize_entry(&*field.name, &values::json(field, self.row.get(at), self.entity.zoned))?;
            }
        }
        let udfs = self.entity.udfs().iter().zip(self.entity.first_udf..).map(|(field, at)| {
            json!({"name": field.name, "value": values::json(field, self.row.get(at), self.entity.zoned)})
        });
        map.serialize_entry("userDefinedFields", &udfs.collect::<Vec<_>>())?;
        map.end()
    }
}
