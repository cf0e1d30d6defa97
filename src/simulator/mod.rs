//! The vendors' APIs on loopback, with faults on request: for `demo`, `simulate`, tests and benches.
//!
//! Built from the vendors' published facts and not from our connectors, so that it can tell when those are wrong.
//! One world (`world/`) stands behind all vendors (a folder each); `server/` is what they share. Refuses any address
//! that is not loopback. Keys and names are made from the seed and belong to nobody.

mod addigy;
mod control;
mod endpoints;
mod faults;
mod itglue;
mod server;
mod truth;
mod world;

pub use control::{AddigyRecords, Control, ItGlueRecords, Vendor};
pub use endpoints::{Endpoint, Endpoints};
pub use faults::{Failing, Faults};
pub use server::{Limit, VendorCounts};
pub use truth::{CompanyPair, DevicePair, Findable, Truth, TruthCounts, Verdict};
pub use world::{NameTrouble, Trouble};

use crate::domain::{Failure, FailureClass};
use addigy::Addigy;
use axum::{Router, middleware::from_fn_with_state};
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
    let Made { addigy, itglue, truth, psa: _ } =
        made.map_err(|error| Failure::new(FailureClass::Ours, format!("the simulated world failed: {error}"), ""))?;
    let (addigy, itglue) = (Arc::new(addigy), Arc::new(itglue));
    let addigy_gate = Arc::new(Gate::new(addigy.clone(), seed, faults, ADDIGY_LIMIT));
    let itglue_gate = Arc::new(Gate::new(itglue.clone(), seed ^ 0x1761, faults, ITGLUE_LIMIT));
    let endpoints = Endpoints::new(address, addigy.keys()[0].secret.clone(), itglue.key().to_owned());
    let router = Router::new()
        .nest(
            endpoints::ADDIGY_PATH,
            addigy::routes(addigy.clone()).layer(from_fn_with_state(addigy_gate.clone(), pass)),
        )
        .fallback_service(itglue::routes(itglue.clone()).layer(from_fn_with_state(itglue_gate.clone(), pass)));
    let service = router.into_make_service_with_connect_info::<Cut>();
    let until = stop.clone().cancelled_owned();
    let server = tokio::spawn(async move {
        // Serving only ends by being told to.
        let _ = axum::serve(listener, service).with_graceful_shutdown(until).await;
    });
    let control = Control::new(addigy, addigy_gate, itglue, itglue_gate);
    Ok(Simulator { endpoints, truth: Arc::new(truth), control, stop, server: Some(server) })
}

/// The vendors' records, and what the PSAs derive theirs from.
struct Made {
    addigy: Addigy,
    itglue: ItGlue,
    #[allow(dead_code, reason = "the PSAs that read it are being built")]
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
    let managed = addigy::records::write(&world, &lists, |company| documented.organization_of[company]);
    let truth = Truth::new(&world, &managed, &documented);
    Made {
        addigy: Addigy::new(managed.records, lists, options.seed),
        itglue: ItGlue::new(documented.records, options.seed),
        psa: Arc::new(psa),
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
