//! Creates, replacements, changes and deletions.

use super::{
    answers::Refusal,
    checks::{Wrong, checked, item, refusal},
    derived::default_status,
    records::Records,
    schema::{Entity, Kind},
    values::moment,
};
use serde_json::{Map, Value, json};

type Row = Map<String, Value>;

/// A body as an object.
pub fn object(body: &[u8]) -> Result<Row, Refusal> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(row)) => Ok(row),
        Ok(_) => Err(Refusal::body("the body must be an object")),
        Err(error) => Err(Refusal::body(format!("the body is no JSON: {error}"))),
    }
}

/// A body as a list.
pub fn array(body: &[u8]) -> Result<Vec<Value>, Refusal> {
    match serde_json::from_slice(body) {
        Ok(Value::Array(rows)) => Ok(rows),
        Ok(_) => Err(Refusal::body("the body must be an array")),
        Err(error) => Err(Refusal::body(format!("the body is no JSON: {error}"))),
    }
}

/// A new row, inside the row that the address names; its id.
pub fn create(records: &mut Records, entity: Entity, given: &Row, within: Option<(&str, u32)>) -> Result<u32, Refusal> {
    let mut row = Row::new();
    if let Some((member, parent)) = within {
        row.insert(member.to_owned(), json!({"id": parent}));
    }
    let mut wrong = write(records, entity, 0, given, &mut row, true);
    let spec = records.schema.spec(entity);
    for field in spec.fields.iter().filter(|field| field.required && !row.contains_key(&*field.name)) {
        if given.get(&*field.name).is_none_or(Value::is_null) {
            wrong.push(Wrong::missing(&field.name));
        }
    }
    if entity == Entity::Companies {
        // Which of them, the vendor's note does not say: one part of an address is enough.
        let parts = ["addressLine1", "addressLine2", "city", "state", "zip", "country", "site"];
        if !parts.iter().any(|part| given.get(*part).is_some_and(|value| !value.is_null())) {
            wrong.push(Wrong::missing("addressLine1"));
        }
    }
    for field in spec.fields.iter().filter(|field| field.kind == Kind::Flag) {
        row.entry(field.name.to_string()).or_insert(Value::Bool(&*field.name == "activeFlag"));
    }
    complete(records, entity, &mut row, &mut wrong);
    refusal(records, entity, wrong)?;
    let id = records.next_id(entity);
    row.insert("id".to_owned(), id.into());
    let types = if entity == Entity::Companies { row.remove("types") } else { None };
    records.keep(entity, id, row);
    if entity == Entity::Companies {
        first_site(records, id, given);
        for kind in types.as_ref().and_then(Value::as_array).into_iter().flatten() {
            // An object with an id, or the id: the description allows the first, clients send both.
            let kind = kind.as_u64().or_else(|| kind["id"].as_u64()).unwrap_or(0);
            let association = Row::from_iter([("type".to_owned(), json!({"id": kind}))]);
            create(records, Entity::TypeAssociations, &association, Some(("company", id)))?;
        }
    }
    Ok(id)
}

/// A new company gets its first site.
fn first_site(records: &mut Records, company: u32, given: &Row) {
    let name = given.get("site").and_then(|site| site["name"].as_str()).unwrap_or("Main").to_owned();
    let mut site = Row::from_iter([("name".to_owned(), name.into()), ("company".to_owned(), json!({"id": company}))]);
    for part in ["addressLine1", "addressLine2", "city", "zip"] {
        if let Some(value) = given.get(part) {
            site.insert(part.to_owned(), value.clone());
        }
    }
    for flag in ["primaryAddressFlag", "defaultShippingFlag", "defaultBillingFlag", "defaultMailingFlag"] {
        site.insert(flag.to_owned(), true.into());
    }
    site.insert("inactiveFlag".to_owned(), false.into());
    let id = records.next_id(Entity::Sites);
    site.insert("id".to_owned(), id.into());
    records.keep(Entity::Sites, id, site);
    if let Value::Object(mut row) = records.whole(Entity::Companies, company) {
        row.insert("site".to_owned(), json!({"id": id}));
        records.keep(Entity::Companies, company, row);
    }
}

/// Writes what was given into a row; what is wrong with it.
fn write(records: &Records, entity: Entity, own: u32, given: &Row, row: &mut Row, new: bool) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    for field in &records.schema.spec(entity).fields {
        let Some(value) = given.get(&*field.name) else { continue };
        if field.readonly || field.once && !new {
            continue;
        }
        match checked(records, entity, own, field, value) {
            Ok(Value::Null) => drop(row.remove(&*field.name)),
            Ok(value) => drop(row.insert(field.name.to_string(), value)),
            Err(one) => wrong.push(one),
        }
    }
    wrong
}

/// What follows from other members.
fn complete(records: &Records, entity: Entity, row: &mut Row, wrong: &mut Vec<Wrong>) {
    match entity {
        Entity::Companies => {
            row.entry("status").or_insert_with(|| json!({"id": 1}));
        }
        Entity::Configurations => {
            row.entry("status").or_insert_with(|| json!({"id": 1}));
            row.entry("questions").or_insert_with(|| json!([]));
        }
        Entity::Contacts => complete_contact(records, row, wrong),
        Entity::Tickets => complete_ticket(records, row, wrong),
        _ => {}
    }
    if records.schema.spec(entity).field("customFields").is_some() {
        row.entry("customFields").or_insert_with(|| json!([]));
    }
}

fn complete_contact(records: &Records, row: &mut Row, wrong: &mut Vec<Wrong>) {
    if let Some(Value::Array(given)) = row.remove("typeIds") {
        let ids = given.iter().filter_map(Value::as_u64).filter_map(|id| u32::try_from(id).ok());
        let types: Vec<Value> = ids.map(|id| records.reference(Entity::ContactTypes, id)).collect();
        if types.iter().any(Value::is_null) {
            wrong.push(Wrong::not_found("typeIds"));
        }
        row.insert("types".to_owned(), types.into());
    }
    row.entry("types").or_insert_with(|| json!([]));
    let items = row.entry("communicationItems").or_insert_with(|| json!([])).clone();
    let phones = || items.as_array().into_iter().flatten().filter(|item| item["communicationType"] == "Phone");
    let phone = phones().find(|item| item["defaultFlag"] == true).or_else(|| phones().next());
    for (member, value) in [
        ("defaultPhoneType", phone.map(|phone| &phone["type"]["name"])),
        ("defaultPhoneNbr", phone.map(|phone| &phone["value"])),
        ("defaultPhoneExtension", phone.and_then(|phone| phone.get("extension"))),
    ] {
        match value {
            Some(value) => drop(row.insert(member.to_owned(), value.clone())),
            None => drop(row.remove(member)),
        }
    }
}

fn complete_ticket(records: &Records, row: &mut Row, wrong: &mut Vec<Wrong>) {
    let id = |row: &Row, member: &str| {
        row.get(member).and_then(|value| value["id"].as_u64()).and_then(|id| u32::try_from(id).ok())
    };
    row.entry("recordType").or_insert_with(|| "ServiceTicket".into());
    row.entry("priority").or_insert_with(|| json!({"id": 7}));
    let board = id(row, "board").unwrap_or(1);
    row.insert("board".to_owned(), json!({"id": board}));
    row.entry("status").or_insert_with(|| json!({"id": default_status(&records.psa, board)}));
    let status = id(row, "status").unwrap_or(0);
    if records.member(Entity::BoardStatuses, status, "board")["id"] != board {
        wrong.push(Wrong::not_found("status"));
    }
    let closed = records.member(Entity::BoardStatuses, status, "closedStatus") == true;
    row.insert("closedFlag".to_owned(), closed.into());
    if closed {
        row.entry("closedDate").or_insert_with(|| moment(records.now()).into());
    } else {
        row.remove("closedDate");
    }
    match id(row, "owner").map(|owner| records.member(Entity::Members, owner, "identifier")) {
        Some(identifier) => drop(row.insert("resources".to_owned(), identifier)),
        None => drop(row.remove("resources")),
    }
}

/// Replaces a row: what is not given is gone.
pub fn replace(records: &mut Records, entity: Entity, id: u32, given: &Row) -> Result<(), Refusal> {
    let Value::Object(before) = records.whole(entity, id) else { return Err(missing(records, entity, id)) };
    let spec = records.schema.spec(entity);
    let kept = spec.fields.iter().filter(|field| field.readonly || field.once);
    let mut row: Row =
        kept.filter_map(|field| Some((field.name.to_string(), before.get(&*field.name)?.clone()))).collect();
    let mut wrong = write(records, entity, id, given, &mut row, false);
    let absent =
        spec.fields.iter().filter(|field| field.required && given.get(&*field.name).is_none_or(Value::is_null));
    wrong.extend(absent.map(|field| Wrong::missing(&field.name)));
    complete(records, entity, &mut row, &mut wrong);
    refusal(records, entity, wrong)?;
    records.keep(entity, id, row);
    Ok(())
}

/// Carries out a list of operations, all of them or none.
pub fn patch(records: &mut Records, entity: Entity, id: u32, operations: &[Value]) -> Result<(), Refusal> {
    let Value::Object(mut row) = records.whole(entity, id) else { return Err(missing(records, entity, id)) };
    let mut wrong = Vec::new();
    for operation in operations {
        let part = |name: &str| operation.get(name).and_then(Value::as_str);
        let (Some(op), Some(path)) = (part("op"), part("path")) else {
            return Err(Refusal::body("every operation needs op and path"));
        };
        let path = path.strip_prefix('/').unwrap_or(path);
        let value = match op.to_ascii_lowercase().as_str() {
            "replace" | "add" => operation.get("value").cloned().unwrap_or(Value::Null),
            "remove" => Value::Null,
            _ => return Err(Refusal::body(format!("{op} is no operation"))),
        };
        let name = path.split('/').next().unwrap_or_default();
        let spec = records.schema.spec(entity);
        if spec.field(name).is_none_or(|field| field.readonly) {
            return Err(Refusal::invalid(&spec.resource, "InvalidField", path, format!("{path} cannot be changed")));
        }
        // A path into a member is taken and changes nothing, as the vendor does it.
        if name == path {
            let given = Row::from_iter([(name.to_owned(), value)]);
            wrong.extend(write(records, entity, id, &given, &mut row, false));
        }
    }
    complete(records, entity, &mut row, &mut wrong);
    refusal(records, entity, wrong)?;
    records.keep(entity, id, row);
    Ok(())
}

/// Deletes a row. Companies are only marked.
pub fn delete(records: &mut Records, entity: Entity, id: u32) -> Result<(), Refusal> {
    match (entity, records.whole(entity, id)) {
        (_, Value::Null) => return Err(missing(records, entity, id)),
        (Entity::Members, _) => return Err(Refusal::method()),
        (Entity::Companies, Value::Object(mut row)) => {
            row.insert("deletedFlag".to_owned(), true.into());
            row.insert("deletedBy".to_owned(), "api".into());
            row.insert("dateDeleted".to_owned(), moment(records.now()).into());
            records.keep(entity, id, row);
        }
        _ => records.remove(entity, id),
    }
    Ok(())
}

/// The refusal of an id that there is not.
pub fn missing(records: &Records, entity: Entity, id: u32) -> Refusal {
    Refusal::not_found(&format!("{} {id}", records.schema.spec(entity).resource))
}

/// Hangs a device on a ticket.
pub fn attach(records: &mut Records, ticket: u32, given: &Row) -> Result<u32, Refusal> {
    let id = given.get("id").and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok());
    let Some(id) = id else {
        return Err(Refusal::invalid("ticketConfiguration", "MissingRequiredField", "id", "id is required"));
    };
    if !records.exists(Entity::Configurations, id) {
        return Err(Refusal::invalid("ticketConfiguration", "NotFound", "id", "the configuration was not found"));
    }
    let mut attached = records.attached(ticket);
    if !attached.contains(&id) {
        attached.push(id);
    }
    set_attached(records, ticket, &attached);
    Ok(id)
}

/// Takes a device from a ticket.
pub fn detach(records: &mut Records, ticket: u32, configuration: u32) -> Result<(), Refusal> {
    let mut attached = records.attached(ticket);
    let before = attached.len();
    attached.retain(|&id| id != configuration);
    if attached.len() == before {
        return Err(missing(records, Entity::Configurations, configuration));
    }
    set_attached(records, ticket, &attached);
    Ok(())
}

fn set_attached(records: &mut Records, ticket: u32, attached: &[u32]) {
    if let Value::Object(mut row) = records.whole(Entity::Tickets, ticket) {
        row.insert("configurations".to_owned(), attached.into());
        match attached.last() {
            Some(last) => drop(row.insert("configuration".to_owned(), json!({"id": last}))),
            None => drop(row.remove("configuration")),
        }
        records.keep(Entity::Tickets, ticket, row);
    }
}

/// Changes the addresses and numbers of a contact.
pub fn communication(
    records: &mut Records,
    contact: u32,
    change: impl FnOnce(&Records, &mut Vec<Value>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let Value::Object(mut row) = records.whole(Entity::Contacts, contact) else {
        return Err(missing(records, Entity::Contacts, contact));
    };
    let mut items = row.get("communicationItems").and_then(Value::as_array).cloned().unwrap_or_default();
    change(records, &mut items)?;
    row.insert("communicationItems".to_owned(), items.into());
    let mut wrong = Vec::new();
    complete(records, Entity::Contacts, &mut row, &mut wrong);
    refusal(records, Entity::Contacts, wrong)?;
    records.keep(Entity::Contacts, contact, row);
    Ok(())
}

/// One address or number as it is kept.
pub fn communication_item(records: &Records, given: &Row) -> Result<Value, Refusal> {
    item(records, &Value::Object(given.clone()), 0).or_else(|wrong| {
        refusal(records, Entity::Contacts, vec![wrong])?;
        Ok(Value::Null)
    })
}
