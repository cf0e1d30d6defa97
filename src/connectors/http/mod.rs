//! One vendor's HTTP: key, budget, time limits, body cap, retries, and on request a trace without secrets.
//!
//! Knows status codes and transport faults, not what the bodies mean: a dialect reads them. Redirects are never
//! followed, since they would carry the key to another host; plain http goes to this machine only.

mod address;
mod budget;
mod chain;
mod fault;
mod header;
mod retry;
mod tls;
mod trace;
mod transport;

pub(crate) use address::{base_address, is_loopback};
pub use budget::Budget;
pub(crate) use budget::Pacer;
pub(crate) use fault::{BodyFault, CallError, CallErrorKind, ErrorBody, Meaning};
pub use retry::Tuning;
pub use trace::Trace;
pub(crate) use transport::{Call, Http, Received, Setup};
