//! Creates, updates, replacements and deletes.

use super::{
    answers::{Refusal, ok},
    information::choices,
    query::member,
    records::{Cell, Filler, Records, Row},
    schema::{By, Entity, Field, Kind},
    values,
};
use axum::response::Response;
use serde_json::{Map, Value, json};

/// Who writes.
#[derive(Clone, Copy, Debug)]
pub struct Author {
    /// The resource of the API user.
    pub user: i64,
    /// The resource in whose name it writes.
    pub impersonated: Option<i64>,
}

/// How a body changes a row that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// `PATCH`: what is not given stays.
    Patch,
    /// `PUT`: what is not given becomes null.
    Replace,
}

/// Creates a row; below a parent where `parent` is given.
///
/// # Errors
/// What is wrong with the body.
pub fn create(
    records: &mut Records,
    entity: usize,
    parent: Option<i64>,
    body: &[u8],
    author: Author,
) -> Result<Response, Refusal> {
    let body = object(body)?;
    let (id, now) = (records.next_id(entity), records.now());
    let of = records.schema.at(entity);
    let mut row = Row::new(id);
    let mut errors = onto(of, &mut row, &body, |_| true);
    if let (Some(parent), Some(under)) = (parent, &of.under) {
        row.set(under.field, Some(parent.into()));
    }
    for (at, field) in of.own().iter().enumerate() {
        if row.get(at).is_none() {
            row.set(at, field.default.map(Cell::Int));
        }
        stamp(&mut row, at, field, field.created || field.by.is_some(), now, author);
    }
    let given = row.clone();
    errors.extend(missing(of, &row));
    errors.extend(unknown(records, of, &row, |at| given.get(at).is_some()));
    errors.extend(special(of, &row));
    if !errors.is_empty() {
        return Err(Refusal::Said(errors));
    }
    let ticket = (&*of.path == "Tickets").then(|| of.field("ticketNumber")).flatten();
    if let Some(at) = ticket {
        let number = ticket_number(records, entity, at, now);
        row.set(at, Some(number.into()));
    }
    let company = &*of.path == "Companies";
    let primary = company.then(|| primary_location(records, of, &row));
    records.keep(entity, row);
    if let Some(location) = primary {
        let locations = records.entity("CompanyLocations");
        records.keep(locations, location);
    }
    Ok(ok(&json!({"itemId": id})))
}

/// Changes a row; below a parent where `parent` is given.
///
/// # Errors
/// There is no such row; what is wrong with the body.
pub fn update(
    records: &mut Records,
    entity: usize,
    parent: Option<i64>,
    body: &[u8],
    change: Change,
    author: Author,
) -> Result<Response, Refusal> {
    let body = object(body)?;
    let now = records.now();
    let of = records.schema.at(entity);
    let id = member(&body, "id").and_then(Value::as_i64).ok_or_else(|| "Missing required field: id.".to_owned())?;
    let kept = records.row(entity, id).filter(|row| below(of, row, parent)).ok_or_else(|| no_row(of, id))?;
    let mut row = kept.clone();
    if change == Change::Replace {
        let lost = of.fields.iter().enumerate().filter(|(at, field)| *at > 0 && !field.read_only && !field.fixed);
        lost.for_each(|(at, _)| row.set(at, None));
    }
    let mut errors = onto(of, &mut row, &body, |field| !field.fixed);
    for (at, field) in of.own().iter().enumerate() {
        stamp(&mut row, at, field, field.touched, now, author);
    }
    errors.extend(missing(of, &row));
    // What stood there may have become inactive since; only a new choice must be an active one.
    errors.extend(unknown(records, of, &row, |at| row.get(at) != kept.get(at)));
    if !errors.is_empty() {
        return Err(Refusal::Said(errors));
    }
    settle(of, kept, &mut row, now, author);
    records.keep(entity, row);
    Ok(ok(&json!({"itemId": id})))
}

/// Deletes a row below a parent, or of an entity without one.
///
/// # Errors
/// There is no such row.
pub fn delete(records: &mut Records, entity: usize, parent: Option<i64>, id: i64) -> Result<Response, Refusal> {
    let of = records.schema.at(entity);
    records.row(entity, id).filter(|row| below(of, row, parent)).ok_or_else(|| no_row(of, id))?;
    records.delete(entity, id);
    Ok(ok(&json!({"itemId": id})))
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Refusal::new("The body is not an object.")),
        Err(error) => Err(Refusal::new(format!("The body is not valid JSON: {error}"))),
    }
}

fn no_row(of: &Entity, id: i64) -> Refusal {
    Refusal::new(format!("No {} with id {id} was found.", of.name))
}

fn below(of: &Entity, row: &Row, parent: Option<i64>) -> bool {
    match (parent, &of.under) {
        (Some(parent), Some(under)) => row.int(under.field) == Some(parent),
        _ => true,
    }
}

/// Writes what a body gives onto a row. Unknown and read-only members are ignored without a word.
fn onto(of: &Entity, row: &mut Row, body: &Map<String, Value>, writable: impl Fn(&Field) -> bool) -> Vec<String> {
    let mut errors = Vec::new();
    let mut set = |at: usize, value: &Value| {
        let field = &of.fields[at];
        if at == 0 || field.read_only || !writable(field) {
            return;
        }
        match values::cell(field, value) {
            Ok(cell) => row.set(at, cell),
            Err(error) => errors.push(error),
        }
    };
    for (name, value) in body {
        if let Some(at) = of.field(name) {
            set(at, value);
        }
    }
    for given in member(body, "userDefinedFields").and_then(Value::as_array).into_iter().flatten() {
        let name = given.get("name").and_then(Value::as_str).unwrap_or_default();
        if let Some(at) = of.udf(name) {
            set(at, given.get("value").unwrap_or(&Value::Null));
        }
    }
    errors
}

fn stamp(row: &mut Row, at: usize, field: &Field, now_written: bool, now: i64, author: Author) {
    if !now_written {
        return;
    }
    match field.by {
        Some(By::Author) => row.set(at, Some(author.impersonated.unwrap_or(author.user).into())),
        Some(By::Impersonator) => row.set(at, author.impersonated.map(|_| author.user.into())),
        None if field.kind == Kind::Datetime => row.set(at, Some(now.into())),
        None => {}
    }
}

fn missing(of: &Entity, row: &Row) -> Vec<String> {
    let empty = |at: usize| at > 0 && row.get(at).is_none();
    let listed = of.own().iter().enumerate().filter(|(at, field)| field.required && empty(*at));
    listed.map(|(_, field)| format!("Missing required field: {}.", field.name)).collect()
}

/// Choices that are none or no longer one, and ids of rows that are not there.
fn unknown(records: &Records, of: &Entity, row: &Row, changed: impl Fn(usize) -> bool) -> Vec<String> {
    let mut errors = Vec::new();
    for (at, field) in of.own().iter().enumerate().filter(|(at, _)| changed(*at)) {
        let Some(value) = row.int(at) else { continue };
        if field.reference.is_some_and(|to| records.row(to, value).is_none()) {
            errors.push(format!("Reference value on field: {} does not exist or is invalid.", field.name));
        }
        if let Some(choices) = choices(records, field) {
            let parent = field.parent.and_then(|parent| row.int(parent));
            let fits =
                choices.iter().any(|c| c.value == value && c.active && (c.parent.is_none() || c.parent == parent));
            if !fits {
                errors.push(format!("Data Violation: Picklist value on field: {} is invalid.", field.name));
            }
        }
    }
    errors
}

/// A ticket goes to a queue or to a person; who is no full user cannot own one.
fn special(of: &Entity, row: &Row) -> Vec<String> {
    if &*of.path != "Tickets" {
        return Vec::new();
    }
    let empty = |name: &str| of.field(name).is_none_or(|at| row.get(at).is_none());
    if empty("queueID") && empty("assignedResourceID") {
        return vec!["A queueID or an assignedResourceID with its role is required.".to_owned()];
    }
    if !empty("assignedResourceID") && empty("assignedResourceRoleID") {
        return vec!["Missing required field: assignedResourceRoleID.".to_owned()];
    }
    Vec::new()
}

/// `T20261120.0001`: the day, then a number that starts again each day.
fn ticket_number(records: &Records, tickets: usize, field: usize, now: i64) -> String {
    let day = values::moment(now, false)[..10].replace('-', "");
    let today = format!("T{day}.");
    let numbers = records.rows(tickets).iter().filter_map(|row| row.text(field)?.strip_prefix(&today)?.parse().ok());
    format!("{today}{:04}", numbers.max().unwrap_or(0u32) + 1)
}

/// Every company begins with a location at its own address.
fn primary_location(records: &Records, company: &Entity, row: &Row) -> Row {
    let locations = records.entity("CompanyLocations");
    let id = records.next_id(locations);
    let mut filler = Filler::new(records.schema.at(locations), id);
    for name in ["address1", "address2", "city", "state", "postalCode", "phone", "countryID"] {
        filler = filler.maybe(name, company.field(name).and_then(|at| row.get(at)).cloned());
    }
    filler
        .with("companyID", row.id)
        .with("name", "Primary Location")
        .with("isActive", true)
        .with("isPrimary", true)
        .done()
}

/// Completing a ticket notes when; reopening it forgets that.
fn settle(of: &Entity, before: &Row, row: &mut Row, now: i64, author: Author) {
    const COMPLETE: i64 = 5;
    let (Some(status), Some(date), Some(by)) =
        (of.field("status"), of.field("completedDate"), of.field("completedByResourceID"))
    else {
        return;
    };
    if row.int(status) == before.int(status) {
        return;
    }
    let complete = row.int(status) == Some(COMPLETE);
    row.set(date, complete.then(|| now.into()));
    row.set(by, complete.then(|| author.impersonated.unwrap_or(author.user).into()));
}

/// Copies the items of a checklist library to a ticket.
///
/// # Errors
/// There is no such ticket or library.
pub fn apply_checklist(records: &mut Records, ticket: i64, body: &[u8]) -> Result<Response, Refusal> {
    let body = object(body)?;
    let [tickets, libraries] = ["Tickets", "ChecklistLibraries"].map(|path| records.entity(path));
    let [items, listed] = ["TicketChecklistItems", "ChecklistLibraryChecklistItems"].map(|path| records.entity(path));
    let library = member(&body, "checklistLibraryID").and_then(Value::as_i64);
    let library = library.ok_or_else(|| "Missing required field: checklistLibraryID.".to_owned())?;
    records.row(tickets, ticket).ok_or_else(|| no_row(records.schema.at(tickets), ticket))?;
    records.row(libraries, library).ok_or_else(|| no_row(records.schema.at(libraries), library))?;
    let of = records.schema.at(listed);
    let field = |name: &str| of.field(name).unwrap_or(0);
    let of_library = records.rows(listed).iter().filter(|row| row.int(field("checklistLibraryID")) == Some(library));
    let copies: Vec<Row> = of_library
        .zip(records.next_id(items)..)
        .map(|(row, id)| {
            Filler::new(records.schema.at(items), id)
                .with("ticketID", ticket)
                .with("isCompleted", false)
                .maybe("itemName", row.get(field("itemName")).cloned())
                .maybe("isImportant", row.get(field("isImportant")).cloned())
                .maybe("position", row.get(field("position")).cloned())
                .done()
        })
        .collect();
    for row in copies {
        records.keep(items, row);
    }
    Ok(ok(&json!({"itemId": library})))
}
