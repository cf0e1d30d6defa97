//! Simulated Addigy, API v2: built from the vendor's published facts, not from our connector.
//!
//! Owns its policies and agents and answers as the vendor does, also where the vendor is odd (an empty page has null
//! items, `per_page` is capped silently, scoping by policy is ignored).

mod answers;
mod devices;
pub mod facts;
pub mod records;

use super::{
    server::{Front, Orders},
    world::{Dice, Lists},
};
use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use facts::{FACTS, moment};
use records::{Parent, Policy, Records, parse_uuid, uuid};
use serde_json::{Value, json};
use std::sync::{
    Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
    atomic::{AtomicBool, Ordering},
};

/// Permissions of a full key.
pub const PERMISSIONS: [&str; 3] = ["View Devices", "View Policies", "View Facts"];

/// A key and what it may do.
#[derive(Clone)]
pub struct Key {
    /// The secret.
    pub secret: String,
    /// Names of permissions.
    pub permissions: Vec<String>,
}

/// The simulated tenant.
pub struct Addigy {
    records: RwLock<Records>,
    orders: Orders,
    lists: Arc<Lists>,
    keys: RwLock<Vec<Key>>,
    revoked: AtomicBool,
}

impl Addigy {
    /// The tenant with these records and one full key made from the seed.
    pub fn new(records: Records, lists: Arc<Lists>, seed: u64) -> Self {
        let secret = Dice::new(seed, 90).text(b"0123456789abcdef", 64);
        let key = Key { secret, permissions: PERMISSIONS.map(str::to_owned).to_vec() };
        Self {
            records: RwLock::new(records),
            orders: Orders::default(),
            lists,
            keys: RwLock::new(vec![key]),
            revoked: AtomicBool::new(false),
        }
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

    /// The keys; the first is the full one.
    pub fn keys(&self) -> RwLockWriteGuard<'_, Vec<Key>> {
        self.keys.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the keys away or gives them back.
    pub fn revoke(&self, revoked: bool) {
        self.revoked.store(revoked, Ordering::Relaxed);
    }

    fn permissions(&self, headers: &HeaderMap) -> Option<Vec<String>> {
        if self.revoked.load(Ordering::Relaxed) {
            return None;
        }
        let given = headers.get("x-api-key")?.to_str().ok()?;
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.iter().find(|key| key.secret == given).map(|key| key.permissions.clone())
    }

    /// The refusal of a key without that permission.
    fn lacks(&self, headers: &HeaderMap, permission: &str) -> Option<Response> {
        let held = self.permissions(headers)?;
        (!held.iter().any(|p| p == permission)).then(|| {
            answers::failure(
                StatusCode::FORBIDDEN,
                "forbidden",
                Some((4030, &format!("missing permission: {permission}"))),
            )
        })
    }
}

impl Front for Addigy {
    fn limited(&self, retry_after: u64) -> Response {
        let mut response = answers::failure(StatusCode::TOO_MANY_REQUESTS, "too many requests", None);
        response.headers_mut().insert("retry-after", retry_after.into());
        response
    }

    fn refusal(&self, headers: &HeaderMap) -> Option<Response> {
        self.permissions(headers).is_none().then(|| answers::failure(StatusCode::UNAUTHORIZED, "unauthorized", None))
    }

    fn server_error(&self, status: u16) -> Response {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            return answers::failure(status, "internal error", Some((5001, "upstream failed")));
        }
        (status, [("content-type", "text/html")], format!("<html><body><h1>{status}</h1></body></html>"))
            .into_response()
    }
}

/// Its routes, below the base path.
pub fn routes(addigy: Arc<Addigy>) -> Router {
    Router::new()
        .route("/configuration/permissions", get(permissions))
        .route("/configuration/whoami", get(whoami))
        .route("/oa/policies/query", post(policies))
        .route("/devices", post(devices::search))
        .route("/o/{organization}/devices", post(devices::search))
        .route("/o/{organization}/facts", get(tenant_facts))
        .route("/o/{organization}/children/query", get(children))
        .route("/o/{organization}/devices/{agent}/policy-assignments", get(assignments))
        .route("/facts/custom", get(custom_facts))
        .fallback(unknown)
        .with_state(addigy)
}

async fn unknown() -> Response {
    answers::failure(StatusCode::NOT_FOUND, "not found", None)
}

async fn permissions(State(addigy): State<Arc<Addigy>>, headers: HeaderMap) -> Response {
    answers::ok(&addigy.permissions(&headers).unwrap_or_default())
}

async fn whoami(State(addigy): State<Arc<Addigy>>) -> Response {
    answers::ok(&json!({"orgid": uuid(addigy.read().organization), "name": "matchbook"}))
}

async fn policies(State(addigy): State<Arc<Addigy>>, headers: HeaderMap, body: Bytes) -> Response {
    if let Some(refusal) = addigy.lacks(&headers, "View Policies") {
        return refusal;
    }
    let wanted = match serde_json::from_slice::<Value>(&body) {
        Ok(query) => query.get("policies").and_then(Value::as_array).cloned(),
        Err(_) if body.is_empty() => None,
        Err(error) => {
            return answers::failure(StatusCode::BAD_REQUEST, "invalid request", Some((4000, &error.to_string())));
        }
    };
    let wanted: Option<Vec<u128>> =
        wanted.map(|ids| ids.iter().filter_map(Value::as_str).filter_map(parse_uuid).collect());
    let records = addigy.read();
    let listed = records.policies.iter().filter(|p| wanted.as_ref().is_none_or(|wanted| wanted.contains(&p.id)));
    answers::ok(&listed.map(|policy| view(policy, records.organization)).collect::<Vec<_>>())
}

fn view(policy: &Policy, organization: u128) -> Value {
    let parent = match policy.parent {
        Parent::None => Value::Null,
        Parent::Empty => Value::from(""),
        Parent::Policy(id) => Value::from(uuid(id)),
    };
    let made = super::world::NOW - i64::from(policy.age) * 86_400;
    json!({
        "policyId": uuid(policy.id),
        "orgid": uuid(organization),
        "name": policy.name,
        "parent": parent,
        "color": "#3a6ea5",
        "icon": if parent.is_null() { "fa fa-university" } else { "fa fa-laptop" },
        "creation_time": if policy.age.is_multiple_of(3) { json!(made) } else { json!(f64::from(i32::try_from(made).unwrap_or(0))) },
        "last_deployed": if policy.age.is_multiple_of(5) { Value::Null } else { Value::from(moment(i64::from(policy.age) * 3600, 0)) },
        "ignore_updates": false,
        "instructions": [],
        "itglue_account_id": policy.itglue_account.as_deref().unwrap_or_default(),
        "connectwise_account_id": 0,
        "autotask_account_id": 0,
        "schedules": {},
        "addigy_sync": {"services": {}},
    })
}

/// Routes of one organization refuse every other.
fn foreign(addigy: &Addigy, organization: &str) -> Option<Response> {
    (parse_uuid(organization) != Some(addigy.read().organization))
        .then(|| answers::failure(StatusCode::FORBIDDEN, "organization not accessible", None))
}

async fn tenant_facts(State(addigy): State<Arc<Addigy>>, Path(organization): Path<String>) -> Response {
    if let Some(refusal) = foreign(&addigy, &organization) {
        return refusal;
    }
    let facts = FACTS.iter().map(|fact| {
        json!({"identifier": fact.id, "name": fact.id.replace('_', " "), "return_type": fact.kind, "provider": "addigy",
            "source": "agent", "notes": ""})
    });
    answers::ok(&facts.collect::<Vec<_>>())
}

async fn children(State(addigy): State<Arc<Addigy>>, Path(organization): Path<String>) -> Response {
    foreign(&addigy, &organization).unwrap_or_else(|| StatusCode::NO_CONTENT.into_response())
}

async fn assignments(
    State(addigy): State<Arc<Addigy>>,
    Path((organization, agent)): Path<(String, String)>,
) -> Response {
    if let Some(refusal) = foreign(&addigy, &organization) {
        return refusal;
    }
    let records = addigy.read();
    let found = parse_uuid(&agent).and_then(|id| records.agents.iter().find(|a| a.id == id));
    match found {
        Some(agent) => answers::ok(&[uuid(agent.policy)]),
        // The vendor answers 500 where others answer 404.
        None => answers::failure(StatusCode::INTERNAL_SERVER_ERROR, "internal error", Some((4040, "device not found"))),
    }
}

async fn custom_facts() -> Response {
    let metadata = json!({"page": 1, "per_page": 50, "page_count": 0, "result_count": 0, "total": 0});
    answers::ok(&json!({"items": null, "metadata": metadata}))
}
