//! Which address does what with which method. Paths are understood in any case and with a slash at the end.

use super::{
    ConnectWise,
    answers::{Refusal, empty, ok},
    listing::{Around, Listed, count, list, staff},
    query::Query,
    records::Records,
    schema::Entity,
    tenant::CODEBASE,
    writes,
};
use crate::simulator::server::{Shift, Spoil};
use axum::{
    Extension, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The code base that leads to the current one, whichever that is.
const ROUTER: &str = "v4_6_release";

/// Every address of it.
pub fn routes(cw: Arc<ConnectWise>) -> Router {
    Router::new().fallback(dispatch).with_state(cw)
}

fn segments(path: &str) -> Vec<&str> {
    path.split('/').filter(|segment| !segment.is_empty()).collect()
}

/// Whether a path is one of the vendor's.
pub fn is_api(path: &str) -> bool {
    match segments(path)[..] {
        [_, apis, version, ..] if apis.eq_ignore_ascii_case("apis") && version == "3.0" => true,
        [login, info, ..] => login.eq_ignore_ascii_case("login") && info.eq_ignore_ascii_case("companyinfo"),
        _ => false,
    }
}

async fn dispatch(
    State(cw): State<Arc<ConnectWise>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    spoil: Option<Extension<Spoil>>,
    shift: Option<Extension<Shift>>,
    body: Bytes,
) -> Response {
    let around = Around { path: uri.path(), headers: &headers, spoil: spoil.map(|s| s.0), shift: shift.map(|s| s.0) };
    let path = uri.path().to_owned();
    let all = segments(&path);
    if let [_, _, company] = all[..]
        && all[0].eq_ignore_ascii_case("login")
    {
        return ok(StatusCode::OK, &cw.tenant.company_info(company));
    }
    let [codebase, _, _, rest @ ..] = &all[..] else { return page() };
    if ![ROUTER, CODEBASE].iter().any(|known| known.eq_ignore_ascii_case(codebase)) {
        return page();
    }
    if let Err(refusal) = cw.tenant.check(&headers) {
        return refusal.into_response();
    }
    let lower: Vec<String> = rest.iter().map(|segment| segment.to_ascii_lowercase()).collect();
    let path: Vec<&str> = lower.iter().map(String::as_str).collect();
    let asked = Asked { cw: &cw, method: &method, uri: &uri, body: &body, around };
    asked.answer(&path).unwrap_or_else(IntoResponse::into_response)
}

/// What the web server answers where the API is not.
fn page() -> Response {
    (StatusCode::NOT_FOUND, [("content-type", "text/html")], "<html><body>404 - Not found.</body></html>")
        .into_response()
}

fn id_of(text: &str) -> Result<u32, Refusal> {
    text.parse().map_err(|_| Refusal::not_found(text))
}

/// The entity of a path, and what follows it.
fn entity<'a, 'b>(path: &'a [&'b str]) -> Option<(Entity, &'a [&'b str])> {
    const PATHS: [(&[&str], Entity); 18] = [
        (&["company", "companies", "types"], Entity::CompanyTypes),
        (&["company", "companies", "statuses"], Entity::CompanyStatuses),
        (&["company", "companies"], Entity::Companies),
        (&["company", "companytypeassociations"], Entity::TypeAssociations),
        (&["company", "configurations", "types"], Entity::ConfigurationTypes),
        (&["company", "configurations", "statuses"], Entity::ConfigurationStatuses),
        (&["company", "configurations"], Entity::Configurations),
        (&["company", "contacts", "types"], Entity::ContactTypes),
        (&["company", "contacts"], Entity::Contacts),
        (&["company", "communicationtypes"], Entity::CommunicationTypes),
        (&["company", "countries"], Entity::Countries),
        (&["company", "states"], Entity::States),
        (&["service", "boards"], Entity::Boards),
        (&["service", "priorities"], Entity::Priorities),
        (&["service", "tickets"], Entity::Tickets),
        (&["system", "members"], Entity::Members),
        (&["procurement", "manufacturers"], Entity::Manufacturers),
        (&["procurement", "catalog"], Entity::Catalog),
    ];
    let found = PATHS.into_iter().find(|(known, _)| path.starts_with(known))?;
    Some((found.1, &path[found.0.len()..]))
}

/// One request.
struct Asked<'a> {
    cw: &'a ConnectWise,
    method: &'a Method,
    uri: &'a Uri,
    body: &'a Bytes,
    around: Around<'a>,
}

impl Asked<'_> {
    fn answer(&self, path: &[&str]) -> Result<Response, Refusal> {
        match path {
            ["system", "info"] => Ok(ok(StatusCode::OK, &info())),
            ["system", "info", "members"] => staff(self.cw, &self.query()?, false),
            ["system", "info", "members", "count"] => staff(self.cw, &self.query()?, true),
            ["system", "members", id, "deactivate"] => self.deactivate(id_of(id)?),
            ["company", "companies", id, "sites", rest @ ..] => {
                self.inside(Entity::Companies, id_of(id)?, "company", Entity::Sites, rest)
            }
            ["company", "companies", id, "typeassociations", rest @ ..] => {
                self.inside(Entity::Companies, id_of(id)?, "company", Entity::TypeAssociations, rest)
            }
            ["company", "contacts", id, "communications", rest @ ..] => self.communications(id_of(id)?, rest),
            ["company", "configurations", "bulk"] => self.bulk(),
            ["company", "configurations", id, "changetype"] => self.change(Entity::Configurations, id_of(id)?),
            ["company", "configurations", "types", id, "questions"] => self.questions(id_of(id)?),
            ["service", "boards", id, "statuses", rest @ ..] => {
                self.inside(Entity::Boards, id_of(id)?, "board", Entity::BoardStatuses, rest)
            }
            ["service", "boards", id, "types", rest @ ..] => {
                self.inside(Entity::Boards, id_of(id)?, "board", Entity::BoardTypes, rest)
            }
            ["service", "boards", _, "subtypes" | "items" | "teams"] => self.nothing(Entity::Boards),
            ["service", "tickets", "search"] => self.search(),
            ["service", "tickets", id, "configurations", rest @ ..] => self.attached(id_of(id)?, rest),
            ["service", "tickets", _, "notes" | "tasks"] => self.nothing(Entity::Tickets),
            _ => match entity(path) {
                Some((entity, rest)) => self.plain(Listed { entity, within: None }, rest),
                None => Err(Refusal::not_found(&path.join("/"))),
            },
        }
    }

    fn query(&self) -> Result<Query, Refusal> {
        Query::read(self.uri, self.around.headers)
    }

    fn allowed(&self, entity: Entity) -> Result<(), Refusal> {
        self.cw.tenant.allows(entity.right())
    }

    /// A list, its count, or one row of it.
    fn plain(&self, listed: Listed, rest: &[&str]) -> Result<Response, Refusal> {
        self.allowed(listed.entity)?;
        match (self.method.as_str(), rest) {
            ("GET", []) => list(self.cw, listed, &self.query()?, &self.around),
            ("GET", ["count"]) => count(self.cw, listed, &self.query()?),
            ("GET", [id]) => self.show(listed, id_of(id)?),
            ("POST", []) if writable(listed.entity) => {
                let mut records = self.cw.write();
                let id = writes::create(&mut records, listed.entity, &writes::object(self.body)?, listed.within)?;
                Ok(ok(StatusCode::CREATED, &Value::Object(records.row(listed.entity, id, None))))
            }
            ("PUT", [id]) if writable(listed.entity) => {
                let (id, given) = (id_of(id)?, writes::object(self.body)?);
                let mut records = self.cw.write();
                mine(&records, listed, id)?;
                writes::replace(&mut records, listed.entity, id, &given)?;
                Ok(ok(StatusCode::OK, &Value::Object(records.row(listed.entity, id, None))))
            }
            ("PATCH", [id]) if writable(listed.entity) => {
                let id = id_of(id)?;
                mine(&self.cw.read(), listed, id)?;
                self.change(listed.entity, id)
            }
            ("DELETE", [id]) if writable(listed.entity) => {
                let id = id_of(id)?;
                let mut records = self.cw.write();
                mine(&records, listed, id)?;
                writes::delete(&mut records, listed.entity, id)?;
                Ok(empty())
            }
            (_, [] | [_]) => Err(Refusal::method()),
            _ => Err(Refusal::not_found("the address")),
        }
    }

    fn show(&self, listed: Listed, id: u32) -> Result<Response, Refusal> {
        let records = self.cw.read();
        mine(&records, listed, id)?;
        let fields = self.query()?.fields(listed.entity, &records.schema)?;
        Ok(ok(StatusCode::OK, &Value::Object(records.row(listed.entity, id, fields.as_deref()))))
    }

    fn change(&self, entity: Entity, id: u32) -> Result<Response, Refusal> {
        self.allowed(entity)?;
        if self.method != Method::PATCH {
            return Err(Refusal::method());
        }
        let operations = writes::array(self.body)?;
        let mut records = self.cw.write();
        writes::patch(&mut records, entity, id, &operations)?;
        Ok(ok(StatusCode::OK, &Value::Object(records.row(entity, id, None))))
    }

    /// What belongs to one row.
    fn inside(
        &self,
        parent: Entity,
        id: u32,
        member: &'static str,
        entity: Entity,
        rest: &[&str],
    ) -> Result<Response, Refusal> {
        let known = self.cw.read().exists(parent, id);
        if !known {
            return Err(writes::missing(&self.cw.read(), parent, id));
        }
        self.plain(Listed { entity, within: Some((member, id)) }, rest)
    }

    /// Lists that nobody filled.
    fn nothing(&self, entity: Entity) -> Result<Response, Refusal> {
        self.allowed(entity)?;
        if self.method != Method::GET {
            return Err(Refusal::method());
        }
        Ok(ok(StatusCode::OK, &json!([])))
    }

    /// A listing whose filters are too long for an address.
    fn search(&self) -> Result<Response, Refusal> {
        self.allowed(Entity::Tickets)?;
        if self.method != Method::POST {
            return Err(Refusal::method());
        }
        let query = self.query()?.with_body(&Value::Object(writes::object(self.body)?));
        list(self.cw, Listed { entity: Entity::Tickets, within: None }, &query, &self.around)
    }

    fn deactivate(&self, id: u32) -> Result<Response, Refusal> {
        self.allowed(Entity::Members)?;
        let change = json!([{"op": "replace", "path": "inactiveFlag", "value": true}]);
        writes::patch(&mut self.cw.write(), Entity::Members, id, change.as_array().map_or(&[], Vec::as_slice))?;
        Ok(empty())
    }

    fn questions(&self, id: u32) -> Result<Response, Refusal> {
        self.allowed(Entity::ConfigurationTypes)?;
        let records = self.cw.read();
        let name = records.member(Entity::ConfigurationTypes, id, "name");
        let all = match name.as_str() {
            None => return Err(writes::missing(&records, Entity::ConfigurationTypes, id)),
            Some("Server" | "Firewall" | "NAS / SAN" | "UPS") => {
                json!([{"id": 4, "configurationType": {"id": id, "name": name},
                "question": "Rack", "fieldType": "Text", "entryType": "EntryField", "sequenceNumber": 1.0, "requiredFlag": false}])
            }
            Some(_) => json!([]),
        };
        Ok(ok(StatusCode::OK, &all))
    }

    /// Devices of a ticket.
    fn attached(&self, ticket: u32, rest: &[&str]) -> Result<Response, Refusal> {
        self.allowed(Entity::Tickets)?;
        let known = self.cw.read().exists(Entity::Tickets, ticket);
        if !known {
            return Err(writes::missing(&self.cw.read(), Entity::Tickets, ticket));
        }
        let row = |records: &Records, id: u32| records.reference(Entity::Configurations, id);
        match (self.method.as_str(), rest) {
            ("GET", []) => {
                let records = self.cw.read();
                let rows: Vec<Value> = records.attached(ticket).into_iter().map(|id| row(&records, id)).collect();
                Ok(ok(StatusCode::OK, &rows.into()))
            }
            ("GET", ["count"]) => Ok(ok(StatusCode::OK, &json!({"count": self.cw.read().attached(ticket).len()}))),
            ("POST", []) => {
                let mut records = self.cw.write();
                let id = writes::attach(&mut records, ticket, &writes::object(self.body)?)?;
                Ok(ok(StatusCode::CREATED, &row(&records, id)))
            }
            ("DELETE", [id]) => {
                writes::detach(&mut self.cw.write(), ticket, id_of(id)?)?;
                Ok(empty())
            }
            _ => Err(Refusal::method()),
        }
    }

    /// Addresses and numbers of a contact.
    fn communications(&self, contact: u32, rest: &[&str]) -> Result<Response, Refusal> {
        self.allowed(Entity::Contacts)?;
        let shown = |records: &Records| -> Vec<Value> {
            let items = records.member(Entity::Contacts, contact, "communicationItems");
            let items = items.as_array().cloned().unwrap_or_default().into_iter();
            items
                .map(|mut item| {
                    item["contactId"] = contact.into();
                    item
                })
                .collect()
        };
        let known = self.cw.read().exists(Entity::Contacts, contact);
        if !known {
            return Err(writes::missing(&self.cw.read(), Entity::Contacts, contact));
        }
        match (self.method.as_str(), rest) {
            ("GET", []) => Ok(ok(StatusCode::OK, &shown(&self.cw.read()).into())),
            ("GET", ["count"]) => Ok(ok(StatusCode::OK, &json!({"count": shown(&self.cw.read()).len()}))),
            ("POST", []) => {
                let given = writes::object(self.body)?;
                let mut records = self.cw.write();
                writes::communication(&mut records, contact, |records, items| {
                    items.push(writes::communication_item(records, &given)?);
                    Ok(())
                })?;
                let made = shown(&records).pop().unwrap_or_default();
                Ok(ok(StatusCode::CREATED, &made))
            }
            (method @ ("GET" | "PATCH" | "PUT" | "DELETE"), [id]) => {
                self.communication(contact, id_of(id)?, method, shown)
            }
            _ => Err(Refusal::method()),
        }
    }

    fn communication(
        &self,
        contact: u32,
        id: u32,
        method: &str,
        shown: impl Fn(&Records) -> Vec<Value>,
    ) -> Result<Response, Refusal> {
        let not_found = || Refusal::not_found(&format!("contactCommunication {id}"));
        if method != "GET" {
            let change = match method {
                "PATCH" => Some(operations(&writes::array(self.body)?)),
                "PUT" => Some(writes::object(self.body)?),
                _ => None,
            };
            writes::communication(&mut self.cw.write(), contact, |records, items| {
                let at = items.iter().position(|item| item["id"] == id).ok_or_else(not_found)?;
                let Some(change) = change else {
                    items.remove(at);
                    return Ok(());
                };
                let mut item = items[at].as_object().cloned().unwrap_or_default();
                item.extend(change);
                item.insert("id".to_owned(), id.into());
                items[at] = writes::communication_item(records, &item)?;
                Ok(())
            })?;
        }
        let found = shown(&self.cw.read()).into_iter().find(|item| item["id"] == id);
        match (method, found) {
            ("DELETE", _) => Ok(empty()),
            (_, Some(item)) => Ok(ok(StatusCode::OK, &item)),
            (_, None) => Err(not_found()),
        }
    }

    /// Many configurations at once, each carried out or refused for itself.
    fn bulk(&self) -> Result<Response, Refusal> {
        self.allowed(Entity::Configurations)?;
        let (entity, given) = (Entity::Configurations, writes::array(self.body)?);
        let mut records = self.cw.write();
        let mut payload = Vec::with_capacity(given.len());
        for (at, row) in given.iter().enumerate() {
            let id = row["id"].as_u64().and_then(|id| u32::try_from(id).ok()).unwrap_or(0);
            let object = row.as_object().cloned().unwrap_or_default();
            let done = match self.method.as_str() {
                "POST" => writes::create(&mut records, entity, &object, None).map(|id| (201, Some(id))),
                "PUT" => writes::replace(&mut records, entity, id, &object).map(|()| (200, Some(id))),
                "DELETE" => writes::delete(&mut records, entity, id).map(|()| (204, None)),
                _ => return Err(Refusal::method()),
            };
            payload.push(match done {
                Ok((status, made)) => {
                    let data = made.map(|id| records.row(entity, id, None));
                    json!({"success": true, "originalIndex": at, "statusCode": status, "data": data})
                }
                Err(refusal) => json!({"success": false, "originalIndex": at, "statusCode": refusal.status(), "error": refusal.value()}),
            });
        }
        Ok(ok(StatusCode::OK, &json!({"payload": payload})))
    }
}

/// Operations on a small object as the members that they set.
fn operations(all: &[Value]) -> Map<String, Value> {
    let each = all.iter().filter_map(|operation| {
        let path = operation["path"].as_str()?.trim_start_matches('/').to_owned();
        Some((path, operation.get("value").cloned().unwrap_or(Value::Null)))
    });
    each.collect()
}

/// The vendor keeps these lists itself.
const fn writable(entity: Entity) -> bool {
    !matches!(entity, Entity::Countries | Entity::States | Entity::CommunicationTypes)
}

/// Refuses the id of a row that is not there, or belongs to another one.
fn mine(records: &Records, listed: Listed, id: u32) -> Result<(), Refusal> {
    let belongs =
        listed.within.is_none_or(|(member, parent)| records.member(listed.entity, id, member)["id"] == parent);
    if records.exists(listed.entity, id) && belongs { Ok(()) } else { Err(writes::missing(records, listed.entity, id)) }
}

fn info() -> Value {
    json!({"version": "v2025.8.104120", "isCloud": true, "serverTimeZone": "Eastern Standard Time", "cloudRegion": "NA",
        "licenseBits": [{"name": "Service", "activeFlag": true}], "maxWorkFlowRecordsAllowed": 5000})
}
