//! Which address does what with which method.

use super::{
    API_PATH, Autotask,
    answers::{Refusal, ok},
    information,
    listing::{Address, Cursor, Item, Query, children, page},
    records::Records,
    threshold,
    writes::{self, Author, Change},
};
use crate::simulator::server::{Spoil, Usage};
use axum::{
    Extension, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, Uri},
    response::{IntoResponse, Response},
};
use serde_json::json;
use std::sync::Arc;

/// The longest query string that is taken, in characters: about there the vendor's web server stops.
const LONGEST_QUERY: usize = 2048;

/// Every address of it.
pub fn routes(autotask: Arc<Autotask>) -> Router {
    Router::new().fallback(dispatch).with_state(autotask)
}

/// The segments of a path, without empty ones.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// The zone of a path and what follows the API's own path; `None` where it is not the API's.
fn place(path: &str) -> Option<(Option<&str>, Vec<&str>)> {
    let all: Vec<&str> = segments(path).collect();
    let at = all.iter().take(2).position(|segment| segment.eq_ignore_ascii_case(&API_PATH[1..]))?;
    Some((all[..at].first().copied(), all[at + 1..].to_vec()))
}

/// Whether a path is the API's, in any case.
pub fn is_api(path: &str) -> bool {
    place(path).is_some()
}

/// Whether a path asks for zone information.
pub fn is_zone_information(path: &str) -> bool {
    segments(path).last().is_some_and(|last| last.eq_ignore_ascii_case("zoneInformation"))
}

/// The segment that names the entity.
pub fn entity_segment(path: &str) -> Option<&str> {
    place(path).and_then(|(_, rest)| rest.get(1).copied()).filter(|_| !is_zone_information(path))
}

/// One request.
struct Asked<'a> {
    autotask: &'a Autotask,
    method: Method,
    uri: &'a Uri,
    host: &'a str,
    body: &'a [u8],
    author: Author,
    spoil: Option<usize>,
}

async fn dispatch(
    State(autotask): State<Arc<Autotask>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    usage: Extension<Usage>,
    spoil: Option<Extension<Spoil>>,
    body: Bytes,
) -> Response {
    let host = headers.get("host").and_then(|h| h.to_str().ok()).unwrap_or("localhost");
    let Some((zone, rest)) = place(uri.path()) else {
        return Refusal::NotFound(uri.path().to_owned()).into_response();
    };
    if is_zone_information(uri.path()) {
        return zone_information(&autotask, &uri, host).unwrap_or_else(IntoResponse::into_response);
    }
    if let [name] = rest[..]
        && name.eq_ignore_ascii_case("versionInformation")
    {
        return ok(&json!({"apiVersions": ["1.0"]}));
    }
    // Another zone does not know the key.
    let author = match autotask.tenant().author(&headers) {
        Ok(_) if zone.is_none_or(|zone| !zone.eq_ignore_ascii_case(&autotask.tenant().zone())) => {
            return Refusal::Unauthorized.into_response();
        }
        Ok(author) => author,
        Err(refusal) => return refusal.into_response(),
    };
    tokio::time::sleep(autotask.tenant().latency().after(*usage)).await;
    let spoil = spoil.map(|s| s.0.0);
    let asked = Asked { autotask: &autotask, method, uri: &uri, host, body: &body, author, spoil };
    asked.answer(&rest, *usage).unwrap_or_else(IntoResponse::into_response)
}

fn zone_information(autotask: &Autotask, uri: &Uri, host: &str) -> Result<Response, Refusal> {
    let user = parameter(uri, "user").unwrap_or_default();
    if !autotask.tenant().knows(&user) {
        return Err(Refusal::new("Zone information could not be determined"));
    }
    let zone = autotask.tenant().zone();
    Ok(ok(&json!({
        "zoneName": format!("Simulated {zone}"),
        "url": format!("http://{host}/{zone}{}/", API_PATH.to_ascii_lowercase()),
        "webUrl": format!("http://{host}/{zone}/"),
        "ci": 12345,
    })))
}

/// A parameter of the query, by its name in any case.
fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    pairs.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.into_owned())
}

impl Asked<'_> {
    fn answer(&self, rest: &[&str], usage: Usage) -> Result<Response, Refusal> {
        let Some((version, rest)) = rest.split_first().filter(|(v, _)| v.eq_ignore_ascii_case("v1.0")) else {
            return Err(self.not_found());
        };
        debug_assert!(!version.is_empty());
        let named = |name: &str| matches!(rest, [only] if only.eq_ignore_ascii_case(name));
        if named("ThresholdInformation") {
            return self.only(&Method::GET).map(|()| ok(&threshold(usage)));
        }
        if named("Version") {
            self.only(&Method::GET)?;
            return Ok(ok(&json!({"majorVersion": 2026, "minorVersion": 3, "build": 0, "customerType": "Production"})));
        }
        let [path, rest @ ..] = rest else { return Err(self.not_found()) };
        let Some(entity) = self.autotask.read().schema.number(path) else { return Err(self.not_found()) };
        let lower: Vec<String> = rest.iter().map(|segment| segment.to_ascii_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        if !self.autotask.tenant().allows(entity) && !matches!(lower[..], ["entityinformation", ..]) {
            return Err(Refusal::new(
                "The logged in Resource does not have the adequate permissions to use this entity type.",
            ));
        }
        match lower[..] {
            [] => self.root(entity),
            ["entityinformation", ref of @ ..] => self.information(entity, of),
            ["query"] => self.query(entity, false),
            ["query", "next"] => self.query(entity, true),
            ["query", "count"] => self.count(entity),
            [id] => self.one(entity, self.id(id)?),
            [id, child] => self.below(entity, self.id(id)?, child, None),
            [id, child, below] => self.below(entity, self.id(id)?, child, Some(self.id(below)?)),
            _ => Err(self.not_found()),
        }
    }

    fn not_found(&self) -> Refusal {
        Refusal::NotFound(format!("http://{}{}", self.host, self.uri.path()))
    }

    fn id(&self, text: &str) -> Result<i64, Refusal> {
        text.parse().map_err(|_| self.not_found())
    }

    fn method(&self) -> Refusal {
        Refusal::Method(self.method.to_string())
    }

    fn only(&self, method: &Method) -> Result<(), Refusal> {
        if self.method == method { Ok(()) } else { Err(self.method()) }
    }

    /// Creates and changes of an entity that is no child.
    fn root(&self, entity: usize) -> Result<Response, Refusal> {
        let child = self.autotask.read().schema.at(entity).under.is_some();
        if child { Err(self.method()) } else { self.change(entity, None) }
    }

    fn change(&self, entity: usize, parent: Option<i64>) -> Result<Response, Refusal> {
        let (create, update) = {
            let records = self.autotask.read();
            let of = records.schema.at(entity);
            (of.create, of.update)
        };
        let change = match self.method {
            Method::POST if create => None,
            Method::PATCH if update => Some(Change::Patch),
            Method::PUT if update => Some(Change::Replace),
            _ => return Err(self.method()),
        };
        let mut records = self.autotask.write();
        self.checked_author(&records)?;
        match change {
            None => writes::create(&mut records, entity, parent, self.body, self.author),
            Some(change) => writes::update(&mut records, entity, parent, self.body, change, self.author),
        }
    }

    /// Who is impersonated must exist.
    fn checked_author(&self, records: &Records) -> Result<(), Refusal> {
        let unknown = |id| records.row(records.entity("Resources"), id).is_none();
        match self.author.impersonated {
            Some(id) if unknown(id) => Err(Refusal::new("ImpersonationResourceId is invalid")),
            _ => Ok(()),
        }
    }

    fn information(&self, entity: usize, of: &[&str]) -> Result<Response, Refusal> {
        self.only(&Method::GET)?;
        let records = self.autotask.read();
        let described = records.schema.at(entity);
        Ok(ok(&match of {
            [] => information::entity(described, self.autotask.tenant().allows(entity)),
            ["fields"] => information::fields(&records, described),
            ["userdefinedfields"] => information::user_defined(described),
            _ => return Err(self.not_found()),
        }))
    }

    /// The query as it was sent, and what stood in `search`.
    fn asked(&self, next: bool) -> Result<(Vec<u8>, Option<String>), Refusal> {
        if self.uri.query().is_some_and(|query| query.len() > LONGEST_QUERY) {
            return Err(self.not_found());
        }
        match (&self.method, parameter(self.uri, "search")) {
            (&Method::GET, Some(search)) => Ok((search.clone().into_bytes(), Some(search))),
            (&Method::GET, None) if !next => Ok((b"{}".to_vec(), None)),
            (&Method::POST, None) => Ok((self.body.to_vec(), None)),
            // A cursor goes on with the method that it began with.
            _ => Err(self.method()),
        }
    }

    fn query(&self, entity: usize, next: bool) -> Result<Response, Refusal> {
        let (text, search) = self.asked(next)?;
        let mut records = self.autotask.read();
        let query = Query::read(records.schema.at(entity), &text)?;
        let mut cursor = Cursor::first(&query);
        if next {
            let paging = parameter(self.uri, "paging").and_then(|text| Cursor::read(&text));
            cursor = paging.ok_or_else(|| Refusal::new("The paging parameter is invalid."))?;
            if self.autotask.tenant().shifts(entity) {
                drop(records);
                self.shift(entity, &cursor);
                records = self.autotask.read();
                cursor.slip(&records, entity);
            }
        }
        let path = &records.schema.at(entity).path;
        let zone = self.autotask.tenant().zone();
        let base = format!("http://{}/{zone}{API_PATH}/V1.0/{path}/query", self.host);
        let address = Address { query: base, search };
        Ok(ok(&page(&records, entity, &query, &cursor, &address, self.spoil)))
    }

    /// Between two pages, a row that was listed is deleted and comes back under a new id.
    fn shift(&self, entity: usize, cursor: &Cursor) {
        let mut records = self.autotask.write();
        let Some(mut row) = cursor.before().and_then(|id| records.row(entity, id).cloned()) else { return };
        records.delete(entity, row.id);
        row.id = records.next_id(entity);
        records.keep(entity, row);
    }

    fn count(&self, entity: usize) -> Result<Response, Refusal> {
        let (text, _) = self.asked(false)?;
        let records = self.autotask.read();
        let query = Query::read(records.schema.at(entity), &text)?;
        Ok(ok(&json!({"queryCount": query.count(&records, entity)})))
    }

    fn one(&self, entity: usize, id: i64) -> Result<Response, Refusal> {
        let child = self.autotask.read().schema.at(entity).under.is_some();
        if self.method == Method::DELETE && !child {
            return self.delete(entity, None, id);
        }
        self.only(&Method::GET)?;
        let records = self.autotask.read();
        Ok(ok(&json!({"item": self.item(&records, entity, id, None)})))
    }

    fn item<'a>(&self, records: &'a Records, entity: usize, id: i64, parent: Option<i64>) -> Option<Item<'a>> {
        let of = records.schema.at(entity);
        let row = records.row(entity, id)?;
        let field = of.under.as_ref().map_or(0, |under| under.field);
        let inside = parent.is_none_or(|parent| row.int(field) == Some(parent));
        inside.then_some(Item { entity: of, row, include: None, spoiled: self.spoil.is_some() })
    }

    fn delete(&self, entity: usize, parent: Option<i64>, id: i64) -> Result<Response, Refusal> {
        if !self.autotask.read().schema.at(entity).delete {
            return Err(self.method());
        }
        writes::delete(&mut self.autotask.write(), entity, parent, id)
    }

    /// What is below a row of a parent.
    fn below(&self, parent: usize, id: i64, segment: &str, row: Option<i64>) -> Result<Response, Refusal> {
        let records = self.autotask.read();
        if parent == records.entity("Tickets") && segment == "checklistlibraries" && row.is_none() {
            drop(records);
            return self.apply_checklist(id);
        }
        let entity = records.schema.child(parent, segment).ok_or_else(|| self.not_found())?;
        let there = records.row(parent, id).is_some();
        match (&self.method, row) {
            (&Method::GET, None) => Ok(ok(&children(&records, entity, id, self.spoil))),
            (&Method::GET, Some(row)) => Ok(ok(&json!({"item": self.item(&records, entity, row, Some(id))}))),
            (&Method::DELETE, Some(row)) => {
                drop(records);
                self.delete(entity, Some(id), row)
            }
            (_, Some(_)) => Err(self.method()),
            _ if !there => Err(Refusal::new(format!("No {} with id {id} was found.", records.schema.at(parent).name))),
            _ => {
                drop(records);
                self.change(entity, Some(id))
            }
        }
    }

    /// Copies the items of a library to a ticket.
    fn apply_checklist(&self, ticket: i64) -> Result<Response, Refusal> {
        self.only(&Method::POST)?;
        writes::apply_checklist(&mut self.autotask.write(), ticket, self.body)
    }
}
