//! Simulated ConnectWise Manage, REST API 3.0: built from the vendor's published facts, not from our connector.
//!
//! One engine serves all entities; what they consist of is data (`schema`). Rows are derived from the world when they
//! are asked for (`derived`); only what was written since the start is kept (`records`).

mod answers;
mod checks;
mod condition;
mod derived;
pub mod ids;
mod listing;
mod query;
pub mod records;
mod routes;
pub mod schema;
pub mod tenant;
mod values;
mod writes;

use super::{
    server::{Front, Orders},
    world::Psa,
};
use answers::Refusal;
use axum::{
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use records::Records;
pub use routes::{is_api, routes};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tenant::Tenant;

/// The path of the API, with the code base that leads to the current one.
pub const API_PATH: &str = "/v4_6_release/apis/3.0";

/// The entity of a path such as `company/contacts`.
pub fn entity_of_path(path: &str) -> Option<schema::Entity> {
    schema::Entity::ALL.into_iter().find(|&entity| derived::path(entity) == path)
}

/// The simulated tenant.
pub struct ConnectWise {
    /// Its keys.
    pub tenant: Tenant,
    records: OnceLock<RwLock<Records>>,
    orders: Orders,
    psa: Arc<Psa>,
}

impl ConnectWise {
    /// The tenant of that world.
    pub fn new(seed: u64, psa: Arc<Psa>) -> Self {
        Self { tenant: Tenant::new(seed), records: OnceLock::new(), orders: Orders::default(), psa }
    }

    fn records(&self) -> &RwLock<Records> {
        self.records.get_or_init(|| RwLock::new(Records::new(self.psa.clone())))
    }

    /// The records, to read.
    pub fn read(&self) -> RwLockReadGuard<'_, Records> {
        self.records().read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The records, to change; the change counts as one.
    pub fn write(&self) -> RwLockWriteGuard<'_, Records> {
        let mut records = self.records().write().unwrap_or_else(PoisonError::into_inner);
        records.revision += 1;
        records
    }
}

impl Front for ConnectWise {
    fn limited(&self, retry_after: u64) -> Response {
        let mut response = Refusal::limited().into_response();
        response.headers_mut().insert("retry-after", retry_after.into());
        response
    }

    /// Credentials are checked by the routes: company information needs none.
    fn refusal(&self, _: &HeaderMap) -> Option<Response> {
        None
    }

    fn server_error(&self, status: u16) -> Response {
        Refusal::failed(status).into_response()
    }
}
