//! Creates, updates and deletes, single and bulk. A bulk request is carried out whole or not at all.

use super::{
    ItGlue,
    answers::{MEDIA_TYPE, Refusal, document, page},
    attributes::Attributes,
    collection,
    contacts::Contact,
    id_of,
    listing::Collection,
    locations::Location,
    one,
    records::{Choice, Configuration, Interface, Organization, Records, Table},
    rows::{Resource, Row},
};
use crate::simulator::world::mac;
use axum::{
    http::{HeaderMap, Method, StatusCode},
    response::Response,
};
use serde_json::{Value, json};

/// Answers a request that writes.
pub fn write(
    itglue: &ItGlue,
    method: &Method,
    path: &[&str],
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response, Refusal> {
    if let (&Method::DELETE, ["configuration_interfaces", id]) = (method, path) {
        return delete_interface(&mut itglue.write(), id_of(id)?);
    }
    check_type(headers)?;
    let data = data(body)?;
    let mut records = itglue.write();
    match (method.as_str(), path) {
        ("POST", ["configuration_interfaces"]) => {
            let configuration = Attributes::read(&data)?.number("configuration_id")?;
            create_interface(&mut records, configuration.ok_or_else(|| must_exist("configuration"))?, &data)
        }
        ("POST", ["configurations", id, "relationships", "configuration_interfaces"]) => {
            create_interface(&mut records, id_of(id)?, &data)
        }
        ("POST", ["organizations", id, "relationships", name @ ("configurations" | "locations" | "contacts")]) => {
            create_inside(&mut records, id_of(id)?, name, &data)
        }
        ("POST", ["manufacturers", id, "relationships", "models"]) => {
            create_choice(&mut records, Table::Models, &data, id_of(id)?)
        }
        ("POST", [name]) => create(&mut records, name, &data),
        (
            "PATCH",
            ["configuration_interfaces", id] | ["configurations", _, "relationships", "configuration_interfaces", id],
        ) => update_interface(&mut records, id_of(id)?, &data),
        ("PATCH", [name, id] | [_, _, "relationships", name, id]) => update_one(&mut records, name, id_of(id)?, &data),
        ("PATCH", [name]) => update_many(&mut records, name, &data),
        ("DELETE", [name]) => delete_many(&mut records, name, &data),
        _ => Ok(page(StatusCode::NOT_FOUND)),
    }
}

fn check_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
    if given.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(MEDIA_TYPE)) {
        return Ok(());
    }
    Err(Refusal::new(415, "Unsupported Media Type", format!("use {MEDIA_TYPE}")))
}

fn data(body: &[u8]) -> Result<Value, Refusal> {
    let mut body: Value = serde_json::from_slice(body).map_err(|error| Refusal::bad_request(error.to_string()))?;
    match body.get_mut("data") {
        Some(data) if data.is_object() || data.is_array() => Ok(data.take()),
        _ => Err(Refusal::bad_request("data is missing")),
    }
}

fn must_exist(name: &str) -> Refusal {
    Refusal::of_attribute(name, "must exist")
}

fn single(data: &Value) -> Result<Attributes, Refusal> {
    if data.is_array() {
        return Err(Refusal::bad_request("data must be one object on this route"));
    }
    Attributes::read(data)
}

fn create(records: &mut Records, name: &str, data: &Value) -> Result<Response, Refusal> {
    match collection(name) {
        Some(Collection::Organizations) => {
            let id = records.next_organization();
            let now = records.now();
            let mut row = Organization { id, created: now, updated: now, ..Organization::default() };
            single(data)?.onto_organization(&mut row, records)?;
            records.organizations.push(row);
            created(records, Collection::Organizations, id)
        }
        Some(Collection::Configurations) => {
            let row = new_configuration(records, 0, 0, &single(data)?, data)?;
            let id = keep_configuration(records, row);
            created(records, Collection::Configurations, id)
        }
        Some(Collection::Locations) => {
            let row = new_location(records, 0, 0, &single(data)?)?;
            let id = row.id;
            records.locations.push(row);
            created(records, Collection::Locations, id)
        }
        Some(Collection::Contacts) => {
            let row = new_contact(records, 0, 0, &single(data)?)?;
            let id = row.id;
            records.contacts.push(row);
            created(records, Collection::Contacts, id)
        }
        Some(Collection::Choices(table)) if table.writable() => create_choice(records, table, data, 0),
        _ => Ok(page(StatusCode::NOT_FOUND)),
    }
}

fn created(records: &Records, collection: Collection, id: u32) -> Result<Response, Refusal> {
    let row = collection.find(records, id).ok_or_else(Refusal::not_found)?;
    Ok(one(StatusCode::CREATED, row, records, false))
}

/// One row or several, inside an organization.
fn create_inside(records: &mut Records, organization: u32, name: &str, data: &Value) -> Result<Response, Refusal> {
    records.organization(organization).ok_or_else(Refusal::not_found)?;
    let (one, several) = (std::slice::from_ref(data), data.as_array());
    let mut ids = Vec::new();
    let collection = match name {
        "locations" => {
            let rows = each(several.map_or(one, Vec::as_slice), |offset, attributes, _| {
                new_location(records, organization, offset, attributes)
            })?;
            ids.extend(rows.iter().map(|row| row.id));
            records.locations.extend(rows);
            Collection::Locations
        }
        "contacts" => {
            let rows = each(several.map_or(one, Vec::as_slice), |offset, attributes, _| {
                new_contact(records, organization, offset, attributes)
            })?;
            ids.extend(rows.iter().map(|row| row.id));
            records.contacts.extend(rows);
            Collection::Contacts
        }
        _ => {
            let rows = each(several.map_or(one, Vec::as_slice), |offset, attributes, object| {
                new_configuration(records, organization, offset, attributes, object)
            })?;
            ids.extend(rows.into_iter().map(|row| keep_configuration(records, row)));
            Collection::Configurations
        }
    };
    match (several, ids.first()) {
        (None, Some(&id)) => created(records, collection, id),
        _ => listed(StatusCode::CREATED, records, collection, &ids),
    }
}

/// Makes a row of each object; of none when one of them is refused.
fn each<T>(
    objects: &[Value],
    make: impl Fn(u32, &Attributes, &Value) -> Result<T, Refusal>,
) -> Result<Vec<T>, Refusal> {
    (0..).zip(objects).map(|(offset, object)| make(offset, &Attributes::read(object)?, object)).collect()
}

fn new_location(records: &Records, organization: u32, offset: u32, given: &Attributes) -> Result<Location, Refusal> {
    let id = records.locations.last().map_or(1, |l| l.id + 1) + offset;
    let now = records.now();
    let own = Some(Box::default());
    let mut row = Location { id, organization, created: now, updated: now, own, ..Location::default() };
    given.onto_location(&mut row, records)?;
    Ok(row)
}

fn new_contact(records: &Records, organization: u32, offset: u32, given: &Attributes) -> Result<Contact, Refusal> {
    let id = records.contacts.last().map_or(1, |c| c.id + 1) + offset;
    let now = records.now();
    let own = Some(Box::default());
    let mut row = Contact { id, organization, created: now, updated: now, own, ..Contact::default() };
    given.onto_contact(&mut row, records)?;
    Ok(row)
}

fn new_configuration(
    records: &Records,
    organization: u32,
    offset: u32,
    attributes: &Attributes,
    object: &Value,
) -> Result<Configuration, Refusal> {
    let id = records.next_configuration() + offset;
    let now = records.now();
    let mut row = Configuration { id, organization, created: now, updated: now, ..Configuration::default() };
    attributes.onto_configuration(&mut row, records)?;
    let relationships = object.get("relationships");
    let given =
        relationships.and_then(|r| r.get("configuration_interfaces").or_else(|| r.get("configuration-interfaces")));
    let mut interfaces = std::mem::take(&mut row.interfaces).into_vec();
    for object in given.and_then(|g| g.get("data")).and_then(Value::as_array).into_iter().flatten() {
        let mut interface = Interface::default();
        Attributes::read(object)?.onto_interface(&mut interface)?;
        interfaces.push(interface);
    }
    row.interfaces = interfaces.into_boxed_slice();
    if row.mac_address.is_none() {
        row.mac_address = row.interfaces.iter().find(|i| i.primary && i.mac != 0).map(|i| mac(i.mac).into());
    }
    Ok(row)
}

fn keep_configuration(records: &mut Records, mut row: Configuration) -> u32 {
    number_interfaces(records, &mut row);
    let id = row.id;
    records.configurations.push(row);
    id
}

fn number_interfaces(records: &mut Records, row: &mut Configuration) {
    for interface in row.interfaces.iter_mut().filter(|i| i.id == 0) {
        records.last_interface += 1;
        interface.id = records.last_interface;
    }
}

fn create_choice(records: &mut Records, table: Table, data: &Value, parent: u32) -> Result<Response, Refusal> {
    let id = records.table(table).last().map_or(1, |c| c.id + 1);
    let now = records.now();
    let (created_at, updated) = (now, now);
    let mut row = Choice { id, name: "".into(), parent, iso: "".into(), created: created_at, updated };
    single(data)?.onto_choice(table, &mut row, records)?;
    records.choices[table as usize].push(row);
    created(records, Collection::Choices(table), id)
}

fn update_one(records: &mut Records, name: &str, id: u32, data: &Value) -> Result<Response, Refusal> {
    let Some(collection) = collection(name) else { return Ok(page(StatusCode::NOT_FOUND)) };
    if data.get("relationships").is_some() {
        return Err(Refusal::new(422, "Unprocessable Entity", "relationships cannot be changed by an update"));
    }
    let attributes = single(data)?;
    let changed = changed(records, collection, id, &attributes)?;
    keep(records, changed);
    let row = collection.find(records, id).ok_or_else(Refusal::not_found)?;
    Ok(one(StatusCode::OK, row, records, false))
}

fn update_many(records: &mut Records, name: &str, data: &Value) -> Result<Response, Refusal> {
    let Some(collection) = collection(name) else { return Ok(page(StatusCode::NOT_FOUND)) };
    let Some(several) = data.as_array() else {
        return Err(Refusal::bad_request("data must be an array on this route"));
    };
    let mut rows = Vec::with_capacity(several.len());
    let mut ids = Vec::with_capacity(several.len());
    for object in several {
        let attributes = Attributes::read(object)?;
        ids.push(attributes.id()?);
        rows.push(changed(records, collection, attributes.id()?, &attributes)?);
    }
    for row in rows {
        keep(records, row);
    }
    listed(StatusCode::OK, records, collection, &ids)
}

/// A row after an update, not kept yet.
enum Changed {
    Organization(Organization),
    Configuration(Box<Configuration>),
    Choice(Table, Choice),
    Location(Location),
    Contact(Contact),
}

fn changed(records: &Records, collection: Collection, id: u32, attributes: &Attributes) -> Result<Changed, Refusal> {
    let updated = records.now();
    match collection.find(records, id).ok_or_else(Refusal::not_found)? {
        Row::Organization(row) => {
            let mut row = Organization { updated, ..row.clone() };
            attributes.onto_organization(&mut row, records)?;
            Ok(Changed::Organization(row))
        }
        Row::Configuration(row) => {
            let mut row = Configuration { updated, ..row.clone() };
            attributes.onto_configuration(&mut row, records)?;
            Ok(Changed::Configuration(Box::new(row)))
        }
        Row::Location(row) => {
            let mut row = Location { updated, ..row.clone() };
            attributes.onto_location(&mut row, records)?;
            Ok(Changed::Location(row))
        }
        Row::Contact(row) => {
            let mut row = Contact { updated, ..row.clone() };
            attributes.onto_contact(&mut row, records)?;
            Ok(Changed::Contact(row))
        }
        Row::Choice(table, row) if table.writable() => {
            let mut row = Choice { updated, ..row.clone() };
            attributes.onto_choice(table, &mut row, records)?;
            Ok(Changed::Choice(table, row))
        }
        _ => Err(Refusal::not_found()),
    }
}

fn keep(records: &mut Records, changed: Changed) {
    match changed {
        Changed::Organization(row) => {
            if let Some(kept) = records.organization_mut(row.id) {
                *kept = row;
            }
        }
        Changed::Configuration(mut row) => {
            number_interfaces(records, &mut row);
            if let Some(kept) = records.configuration_mut(row.id) {
                *kept = *row;
            }
        }
        Changed::Location(row) => {
            if let Some(kept) = records.locations.iter_mut().find(|l| l.id == row.id) {
                *kept = row;
            }
        }
        Changed::Contact(row) => {
            if let Some(kept) = records.contacts.iter_mut().find(|c| c.id == row.id) {
                *kept = row;
            }
        }
        Changed::Choice(table, row) => {
            if let Some(kept) = records.choices[table as usize].iter_mut().find(|c| c.id == row.id) {
                *kept = row;
            }
        }
    }
}

/// An array of `{type, attributes: {id}}`; answers with the rows as they were.
fn delete_many(records: &mut Records, name: &str, data: &Value) -> Result<Response, Refusal> {
    use Collection as C;
    let Some(collection @ (C::Organizations | C::Configurations | C::Locations | C::Contacts)) = collection(name)
    else {
        return Ok(page(StatusCode::NOT_FOUND));
    };
    let Some(several) = data.as_array() else {
        return Err(Refusal::bad_request("data must be an array on this route"));
    };
    let ids = several.iter().map(|object| Attributes::read(object)?.id()).collect::<Result<Vec<_>, _>>()?;
    let answer = listed(StatusCode::OK, records, collection, &ids)?;
    match collection {
        C::Organizations => records.delete_organizations(&ids),
        C::Locations => records.locations.retain(|l| !ids.contains(&l.id)),
        C::Contacts => records.contacts.retain(|c| !ids.contains(&c.id)),
        _ => records.delete_configurations(&ids),
    }
    Ok(answer)
}

fn listed(status: StatusCode, records: &Records, collection: Collection, ids: &[u32]) -> Result<Response, Refusal> {
    let mut rows = Vec::with_capacity(ids.len());
    for &id in ids {
        let row = collection.find(records, id).ok_or_else(Refusal::not_found)?;
        rows.push(Resource { row, records, listed: false, interfaces: false, spoiled: false });
    }
    Ok(document(status, &json!({"data": rows})))
}

fn create_interface(records: &mut Records, configuration: u32, data: &Value) -> Result<Response, Refusal> {
    let mut interface = Interface { id: records.last_interface + 1, ..Interface::default() };
    single(data)?.onto_interface(&mut interface)?;
    let (updated, id) = (records.now(), interface.id);
    records.last_interface = id;
    let row = records.configuration_mut(configuration).ok_or_else(Refusal::not_found)?;
    let mut all = std::mem::take(&mut row.interfaces).into_vec();
    all.push(interface);
    row.interfaces = all.into_boxed_slice();
    row.updated = updated;
    settle_primary(row, id);
    answer_interface(StatusCode::CREATED, records, configuration, id)
}

fn update_interface(records: &mut Records, id: u32, data: &Value) -> Result<Response, Refusal> {
    let attributes = single(data)?;
    let updated = records.now();
    let row = records.configurations.iter_mut().find(|c| c.interfaces.iter().any(|i| i.id == id));
    let row = row.ok_or_else(Refusal::not_found)?;
    let synced = row.synced;
    let interface = row.interfaces.iter_mut().find(|i| i.id == id).ok_or_else(Refusal::not_found)?;
    let mut changed = interface.clone();
    attributes.onto_interface(&mut changed)?;
    if synced && interface.primary && changed.ip != interface.ip {
        return Err(Refusal::of_attribute(
            "ip_address",
            "cannot be changed: the record is synced with an external system",
        ));
    }
    *interface = changed;
    row.updated = updated;
    settle_primary(row, id);
    let configuration = row.id;
    answer_interface(StatusCode::OK, records, configuration, id)
}

/// A primary interface takes that from the others, and its MAC address is the configuration's.
fn settle_primary(row: &mut Configuration, id: u32) {
    let Some(address) = row.interfaces.iter().find(|i| i.id == id && i.primary).map(|i| i.mac) else { return };
    for other in row.interfaces.iter_mut().filter(|i| i.id != id) {
        other.primary = false;
    }
    if address != 0 {
        row.mac_address = Some(mac(address).into());
    }
}

fn answer_interface(status: StatusCode, records: &Records, configuration: u32, id: u32) -> Result<Response, Refusal> {
    let row = records.configuration(configuration).ok_or_else(Refusal::not_found)?;
    let interface = row.interfaces.iter().find(|i| i.id == id).ok_or_else(Refusal::not_found)?;
    Ok(one(status, Row::Interface(interface), records, false))
}

fn delete_interface(records: &mut Records, id: u32) -> Result<Response, Refusal> {
    let row = records.configurations.iter_mut().find(|c| c.interfaces.iter().any(|i| i.id == id));
    let row = row.ok_or_else(Refusal::not_found)?;
    row.interfaces = std::mem::take(&mut row.interfaces).into_iter().filter(|i| i.id != id).collect();
    Ok(document(StatusCode::OK, &json!({"data": null})))
}
