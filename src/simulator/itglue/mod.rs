//! Simulated IT Glue: built from the vendor's published facts, not from our connector.
//!
//! Owns its organizations, configurations and lists of choices, and answers in JSON:API as the vendor does.

mod answers;
mod attributes;
pub mod contacts;
mod listing;
pub mod locations;
pub mod office;
pub mod records;
mod rows;
pub mod write;
mod writes;

use super::{
    server::{Front, Orders, Shift, Spoil},
    world::Dice,
};
use answers::{Refusal, document, page};
use axum::{
    Extension, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use listing::{Collection, Disturbance, Request, list};
use records::{Records, Table};
use rows::{Resource, Row};
use serde_json::json;
use std::sync::{
    Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
    atomic::{AtomicBool, Ordering},
};

/// The simulated account.
pub struct ItGlue {
    records: RwLock<Records>,
    orders: Orders,
    key: String,
    revoked: AtomicBool,
}

impl ItGlue {
    /// The account with these records and a key made from the seed.
    pub fn new(records: Records, seed: u64) -> Self {
        let mut dice = Dice::new(seed, 91);
        let key = format!(
            "ITG.{}.{}",
            dice.text(b"0123456789abcdef", 32),
            dice.text(b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789-_", 64)
        );
        Self { records: RwLock::new(records), orders: Orders::default(), key, revoked: AtomicBool::new(false) }
    }

    /// The records, to read.
    pub fn read(&self) -> RwLockReadGuard<'_, Records> {
        self.records.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The records, to change; the change counts as one.
    pub fn write(&self) -> RwLockWriteGuard<'_, Records> {
        let mut records = self.records.write().unwrap_or_else(PoisonError::into_inner);
        records.revision += 1;
        records
    }

    /// The key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Takes the key away or gives it back.
    pub fn revoke(&self, revoked: bool) {
        self.revoked.store(revoked, Ordering::Relaxed);
    }
}

impl Front for ItGlue {
    fn limited(&self, retry_after: u64) -> Response {
        let mut response = Refusal::new(429, "Too Many Requests", "Rate limit exceeded").into_response();
        response.headers_mut().insert("retry-after", retry_after.into());
        response
    }

    fn refusal(&self, headers: &HeaderMap) -> Option<Response> {
        let revoked = self.revoked.load(Ordering::Relaxed);
        match headers.get("x-api-key") {
            None => Some(Refusal::new(401, "Unauthorized", "Missing API key").into_response()),
            Some(key) if revoked || key.as_bytes() != self.key.as_bytes() => {
                Some(Refusal::new(403, "Forbidden", "Invalid API key").into_response())
            }
            Some(_) => None,
        }
    }

    fn server_error(&self, status: u16) -> Response {
        page(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
    }
}

/// Its routes: everything that is no other vendor's.
pub fn routes(itglue: Arc<ItGlue>) -> Router {
    Router::new().fallback(dispatch).with_state(itglue)
}

async fn dispatch(
    State(itglue): State<Arc<ItGlue>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    spoil: Option<Extension<Spoil>>,
    shift: Option<Extension<Shift>>,
    body: Bytes,
) -> Response {
    let path = uri.path().trim_matches('/').to_owned();
    let segments: Vec<&str> = path.split('/').collect();
    let answer = match method {
        Method::GET => {
            let disturbance = Disturbance { spoil: spoil.map(|s| s.0.0), shift: shift.is_some() };
            read(&itglue, &segments, &uri, &headers, disturbance)
        }
        _ => writes::write(&itglue, &method, &segments, &headers, &body),
    };
    answer.unwrap_or_else(IntoResponse::into_response)
}

fn read(
    itglue: &ItGlue,
    path: &[&str],
    uri: &Uri,
    headers: &HeaderMap,
    disturbance: Disturbance,
) -> Result<Response, Refusal> {
    let request = Request::read(uri, headers)?;
    match path {
        [name] => Ok(match collection(name) {
            Some(collection) => list(itglue, collection, None, &request, disturbance),
            None => page(StatusCode::NOT_FOUND),
        }),
        ["configuration_interfaces", id] => show_interface(itglue, id),
        // Domains can only be listed.
        ["domains", _] => Ok(page(StatusCode::NOT_FOUND)),
        [name, id] => match collection(name) {
            Some(collection) => show(itglue, collection, id, &request),
            None => Ok(page(StatusCode::NOT_FOUND)),
        },
        ["configurations", id, "relationships", "configuration_interfaces"] => interfaces_of(itglue, id),
        ["organizations", id, "relationships", name] => {
            nested(itglue, Collection::Organizations, id, name, "organization_id", &request, disturbance)
        }
        ["manufacturers", id, "relationships", name @ "models"] => {
            let manufacturers = Collection::Choices(Table::Manufacturers);
            nested(itglue, manufacturers, id, name, "manufacturer_id", &request, disturbance)
        }
        ["countries", id, "relationships", name @ "regions"] => {
            nested(itglue, Collection::Choices(Table::Countries), id, name, "country_id", &request, disturbance)
        }
        [parent, _, "relationships", name, id]
            if matches!(*parent, "organizations" | "configurations" | "manufacturers") =>
        {
            match (collection(name), *name) {
                (_, "configuration_interfaces") => show_interface(itglue, id),
                (Some(collection), _) => show(itglue, collection, id, &request),
                (None, _) => Ok(page(StatusCode::NOT_FOUND)),
            }
        }
        _ => Ok(page(StatusCode::NOT_FOUND)),
    }
}

/// The collection of a path segment.
fn collection(name: &str) -> Option<Collection> {
    match name {
        "organizations" => Some(Collection::Organizations),
        "configurations" => Some(Collection::Configurations),
        "locations" => Some(Collection::Locations),
        "contacts" => Some(Collection::Contacts),
        "domains" => Some(Collection::Domains),
        _ => Table::ALL.into_iter().find(|table| table.path() == name).map(Collection::Choices),
    }
}

fn id_of(text: &str) -> Result<u32, Refusal> {
    text.parse().map_err(|_| Refusal::not_found())
}

fn show(itglue: &ItGlue, collection: Collection, id: &str, request: &Request) -> Result<Response, Refusal> {
    let records = itglue.read();
    let row = collection.find(&records, id_of(id)?).ok_or_else(Refusal::not_found)?;
    Ok(one(StatusCode::OK, row, &records, request.includes_interfaces()))
}

/// A document with one row.
fn one(status: StatusCode, row: Row<'_>, records: &Records, interfaces: bool) -> Response {
    let resource = |row| Resource { row, records, listed: false, interfaces, spoiled: false };
    match row {
        Row::Configuration(configuration) if interfaces => {
            let included: Vec<_> = configuration.interfaces.iter().map(|i| resource(Row::Interface(i))).collect();
            document(status, &json!({"data": resource(row), "included": included}))
        }
        _ => document(status, &json!({"data": resource(row)})),
    }
}

fn show_interface(itglue: &ItGlue, id: &str) -> Result<Response, Refusal> {
    let (records, id) = (itglue.read(), id_of(id)?);
    let found = records.configurations.iter().flat_map(|c| c.interfaces.iter()).find(|i| i.id == id);
    Ok(one(StatusCode::OK, Row::Interface(found.ok_or_else(Refusal::not_found)?), &records, false))
}

fn interfaces_of(itglue: &ItGlue, id: &str) -> Result<Response, Refusal> {
    let records = itglue.read();
    let configuration = records.configuration(id_of(id)?).ok_or_else(Refusal::not_found)?;
    let rows: Vec<_> = configuration
        .interfaces
        .iter()
        .map(|i| Resource {
            row: Row::Interface(i),
            records: &records,
            listed: true,
            interfaces: false,
            spoiled: false,
        })
        .collect();
    let meta = json!({"current-page": 1, "next-page": null, "prev-page": null, "total-pages": 1, "total-count": rows.len(), "filters": {}});
    Ok(document(StatusCode::OK, &json!({"data": rows, "meta": meta, "links": {}})))
}

fn nested(
    itglue: &ItGlue,
    parent: Collection,
    id: &str,
    name: &str,
    field: &'static str,
    request: &Request,
    disturbance: Disturbance,
) -> Result<Response, Refusal> {
    let id = id_of(id)?;
    parent.find(&itglue.read(), id).ok_or_else(Refusal::not_found)?;
    let nests = matches!(name, "configurations" | "locations" | "contacts" | "models" | "domains" | "regions");
    Ok(match collection(name).filter(|_| nests) {
        Some(collection) => list(itglue, collection, Some((field, id)), request, disturbance),
        None => page(StatusCode::NOT_FOUND),
    })
}
