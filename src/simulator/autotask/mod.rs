//! Simulated Autotask PSA, REST API 1.0: built from the vendor's published facts, not from our connector.
//!
//! One engine serves all entities; what they consist of is data (`schema`). The tenant is in one zone, which is a path
//! segment here and a host name at the vendor: every other zone refuses its key, zone information comes from anywhere.

mod answers;
mod information;
mod listing;
mod query;
pub mod records;
mod routes;
pub mod schema;
pub mod tenant;
mod values;
pub mod write;
mod writes;

use super::server::{Front, Usage};
use answers::Refusal;
use axum::{
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use records::Records;
pub use routes::{is_api, routes};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tenant::Tenant;
use tokio::sync::Semaphore;

/// The path of the API in a zone; any case is understood.
pub const API_PATH: &str = "/ATServicesRest";

/// The simulated tenant and its records.
pub struct Autotask {
    tenant: Tenant,
    records: OnceLock<RwLock<Records>>,
    /// Writes the records when somebody first asks for them: who does not use Autotask does not wait for it.
    make: Box<dyn Fn() -> Records + Send + Sync>,
}

impl Autotask {
    /// The tenant of the seed; `make` writes its records.
    pub fn new(seed: u64, make: impl Fn() -> Records + Send + Sync + 'static) -> Self {
        Self { tenant: Tenant::new(seed), records: OnceLock::new(), make: Box::new(make) }
    }

    /// The tenant.
    pub const fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    fn records(&self) -> &RwLock<Records> {
        self.records.get_or_init(|| RwLock::new((self.make)()))
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

impl Front for Autotask {
    fn limited(&self, retry_after: u64) -> Response {
        Refusal::Limited(retry_after).into_response()
    }

    /// Credentials are checked by the routes: zone information needs none.
    fn refusal(&self, _: &HeaderMap) -> Option<Response> {
        None
    }

    fn server_error(&self, status: u16) -> Response {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, "<!DOCTYPE html><html><body><h2>Server Error</h2></body></html>").into_response()
    }

    fn counts(&self, uri: &Uri) -> bool {
        !routes::is_zone_information(uri.path())
    }

    fn threads(&self, uri: &Uri, headers: &HeaderMap) -> Option<Arc<Semaphore>> {
        let code = headers.get("apiintegrationcode")?.to_str().ok()?;
        let entity = routes::entity_segment(uri.path())?;
        Some(self.tenant.threads(code, entity))
    }

    fn crowded(&self) -> Response {
        Refusal::Crowded.into_response()
    }
}

/// How far the hourly threshold is used up, for a handler.
fn threshold(usage: Usage) -> serde_json::Value {
    serde_json::json!({
        "externalRequestThreshold": usage.limit.requests,
        "requestThresholdTimeframe": usage.limit.per.as_secs() / 60,
        "currentTimeframeRequestCount": usage.used,
    })
}
