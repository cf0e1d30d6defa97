//! The vendors' APIs on loopback, with faults on request: for `demo`, `simulate`, tests and benches.
//!
//! Built from the vendors' published facts and not from our connectors, so that it can tell when those are wrong.
//! One world (`world/`) stands behind all vendors (a folder each); `server/` is what they share. Refuses any address
//! that is not loopback. Keys and names are made from the seed and belong to nobody.

mod addigy;
mod autotask;
mod connectwise;
mod control;
mod endpoints;
mod faults;
mod itglue;
mod server;
mod truth;
mod world;

pub use autotask::tenant::Latency;
pub use control::{AddigyRecords, AutotaskRecords, ConnectWiseRecords, Control, ItGlueRecords, TakenDevice, Vendor};
pub use endpoints::{AutotaskEndpoint, ConnectWiseEndpoint, Endpoint, Endpoints};
pub use faults::{Failing, Faults};
pub use server::{Limit, VendorCounts};
pub use truth::{Agreement, CompanyPair, DevicePair, Findable, Pair, Subject, Truth, TruthCounts, Verdict};
pub use world::{NameTrouble, Trouble};

use crate::domain::{Failure, FailureClass};
use addigy::Addigy;
use autotask::Autotask;
use axum::{
    Json, Router,
    extract::{Request, State},
    middleware::{Next, from_fn, from_fn_with_state},
    response::Response,
    routing::get,
};
use connectwise::ConnectWise;
use itglue::ItGlue;
use serde::{Deserialize, Serialize};
use server::{Cut, Gate, Loopback, pass};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use world::{Lists, Psa, World};

/// 1,000 requests in 10 seconds (Addigy API v2).
const ADDIGY_LIMIT: Limit = Limit { requests: 1000, per: Duration::from_secs(10) };
/// 3,000 requests in 5 minutes (IT Glue API).
const ITGLUE_LIMIT: Limit = Limit { requests: 3000, per: Duration::from_mins(5) };
/// 1,000 requests a minute: the vendor of ConnectWise Manage publishes no number; this one is told by others.
const CONNECTWISE_LIMIT: Limit = Limit { requests: 1000, per: Duration::from_mins(1) };
/// 10,000 requests in an hour (Autotask REST API), of all integrations of a tenant together.
const AUTOTASK_LIMIT: Limit = Limit { requests: 10_000, per: Duration::from_hours(1) };

/// What to simulate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// A loopback address; `None` for a free port.
    pub listen: Option<SocketAddr>,
    /// Companies of the world; nine in ten are known to both sides.
    pub companies: usize,
    /// Agents of Addigy.
    pub devices: usize,
    /// People of all companies together; `None` for as many as devices.
    pub contacts: Option<usize>,
    /// The same seed and size make the same world.
    pub seed: u64,
    /// What goes wrong.
    pub faults: Faults,
}

impl Default for Options {
    fn default() -> Self {
        Self { listen: None, companies: 250, devices: 5000, contacts: None, seed: 1, faults: Faults::None }
    }
}

/// What each vendor has been asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestCounts {
    /// Addigy.
    pub addigy: VendorCounts,
    /// IT Glue.
    pub itglue: VendorCounts,
    /// ConnectWise Manage.
    pub connectwise: VendorCounts,
    /// Autotask.
    pub autotask: VendorCounts,
}

/// Running simulated vendors. Dropping it ends them at once.
pub struct Simulator {
    endpoints: Endpoints,
    truth: Arc<Truth>,
    control: Control,
    stop: CancellationToken,
    server: Option<JoinHandle<()>>,
}

/// Makes the world and starts the vendors.
///
/// # Errors
/// The address is not loopback or is taken; there is no company for the devices.
pub async fn start(options: Options) -> Result<Simulator, Failure> {
    if options.companies == 0 {
        let what = "a simulated world needs at least one company";
        return Err(Failure::new(FailureClass::Usage, what, "use --companies 1 or more"));
    }
    let stop = CancellationToken::new();
    let listener = Loopback::bind(options.listen, stop.clone()).await?;
    let address = listener.address()?;
    let (seed, faults) = (options.seed, options.faults);
    let made = tokio::task::spawn_blocking(move || make(&options)).await;
    let Made { addigy, itglue, truth, psa } =
        made.map_err(|error| Failure::new(FailureClass::Ours, format!("the simulated world failed: {error}"), ""))?;
    let (addigy, itglue) = (Arc::new(addigy), Arc::new(itglue));
    let connectwise = Arc::new(ConnectWise::new(seed, psa.clone()));
    let autotask = Arc::new(Autotask::new(seed, move || autotask::write::write(&psa)));
    let addigy_gate = Arc::new(Gate::new(addigy.clone(), seed, faults, ADDIGY_LIMIT));
    let itglue_gate = Arc::new(Gate::new(itglue.clone(), seed ^ 0x1761, faults, ITGLUE_LIMIT));
    let connectwise_gate = Arc::new(Gate::new(connectwise.clone(), seed ^ 0xC3, faults, CONNECTWISE_LIMIT));
    let autotask_gate = Arc::new(Gate::new(autotask.clone(), seed ^ 0xA7A5, faults, AUTOTASK_LIMIT));
    let endpoints = Endpoints {
        addigy: Endpoint::addigy(address, addigy.keys()[0].secret.clone()),
        itglue: Endpoint::itglue(address, itglue.key().to_owned()),
        connectwise: ConnectWiseEndpoint::new(address, &connectwise.tenant),
        autotask: AutotaskEndpoint::new(address, autotask.tenant()),
    };
    let control = Control {
        addigy: addigy.clone(),
        addigy_gate: addigy_gate.clone(),
        itglue: itglue.clone(),
        itglue_gate: itglue_gate.clone(),
        connectwise: connectwise.clone(),
        connectwise_gate: connectwise_gate.clone(),
        autotask: autotask.clone(),
        autotask_gate: autotask_gate.clone(),
    };
    let router = Router::new()
        .route(REQUESTS_PATH, get(requests).with_state(control.clone()))
        .nest(endpoints::ADDIGY_PATH, addigy::routes(addigy).layer(from_fn_with_state(addigy_gate, pass)))
        .nest(CONNECTWISE_INSIDE, connectwise::routes(connectwise).layer(from_fn_with_state(connectwise_gate, pass)))
        .nest(AUTOTASK_INSIDE, autotask::routes(autotask).layer(from_fn_with_state(autotask_gate, pass)))
        .fallback_service(itglue::routes(itglue).layer(from_fn_with_state(itglue_gate, pass)));
    let router = Router::new().fallback_service(router).layer(from_fn(any_case));
    let service = router.into_make_service_with_connect_info::<Cut>();
    let until = stop.clone().cancelled_owned();
    let server = tokio::spawn(async move {
        // Serving only ends by being told to.
        let _ = axum::serve(listener, service).with_graceful_shutdown(until).await;
    });
    Ok(Simulator { endpoints, truth: Arc::new(truth), control, stop, server: Some(server) })
}

/// Where anybody on this machine can ask what the vendors have been asked, and how often a limit was exceeded: no vendor
/// has such an address.
const REQUESTS_PATH: &str = "/simulator/requests";

async fn requests(State(control): State<Control>) -> Json<RequestCounts> {
    Json(control.requests())
}

/// Where Autotask's paths go, which a router could not tell apart: they come in any case, behind any zone.
const AUTOTASK_INSIDE: &str = "/autotask";
/// The same for ConnectWise Manage, behind any code base.
const CONNECTWISE_INSIDE: &str = "/connectwise";

async fn any_case(mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let inside = [(autotask::is_api(path), AUTOTASK_INSIDE), (connectwise::is_api(path), CONNECTWISE_INSIDE)];
    if let Some((_, inside)) = inside.into_iter().find(|(is_api, _)| *is_api) {
        let rest = request.uri().path_and_query().map_or("", |path| path.as_str());
        if let Ok(uri) = format!("{inside}{rest}").parse() {
            *request.uri_mut() = uri;
        }
    }
    next.run(request).await
}

/// The vendors' records, and what the PSAs derive theirs from.
struct Made {
    addigy: Addigy,
    itglue: ItGlue,
    psa: Arc<Psa>,
    truth: Truth,
}

/// The world, written down by each vendor. The world itself is not kept.
fn make(options: &Options) -> Made {
    let lists = Arc::new(Lists::built_in());
    let world = World::new(options.seed, &lists, options.companies, options.devices);
    let mut psa = Psa::new(&world, lists.clone(), options.contacts.unwrap_or(options.devices));
    let mut documented = itglue::write::organizations(&world, &lists);
    itglue::write::configurations(&world, &lists, &mut documented);
    psa.set_others(std::mem::take(&mut documented.others));
    let psa = itglue::office::write(&mut documented, psa);
    let managed = addigy::records::write(&world, &lists, |company| documented.organization_of[company]);
    let truth = Truth::new(&world, &managed, &documented, psa.clone());
    Made {
        addigy: Addigy::new(managed.records, lists, options.seed),
        itglue: ItGlue::new(documented.records, options.seed),
        psa,
        truth,
    }
}

impl Simulator {
    /// Where the vendors are and with which keys.
    #[must_use]
    pub const fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Which records are the same thing.
    #[must_use]
    pub fn truth(&self) -> &Truth {
        &self.truth
    }

    /// Changes records, keys and faults while it runs.
    #[must_use]
    pub const fn control(&self) -> &Control {
        &self.control
    }

    /// What the vendors have been asked so far.
    #[must_use]
    pub fn requests(&self) -> RequestCounts {
        self.control.requests()
    }

    /// Ends the vendors; open connections are cut.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(server) = self.server.take() {
            // It can only fail by a panic of a handler, which its request has already seen.
            let _ = server.await;
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
