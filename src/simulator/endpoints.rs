//! Where the simulated vendors are and with which keys: the line that `matchbook simulate` prints.

use serde::{Deserialize, Serialize};
use std::{fmt, net::SocketAddr};

/// Addigy's base path.
pub(super) const ADDIGY_PATH: &str = "/api/v2";

/// One vendor's address and key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// What a client is given, version path included.
    pub base_url: String,
    /// The full key.
    pub api_key: String,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// All vendors. Serializes to the JSON object of `matchbook simulate`, keys in the clear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// Addigy.
    pub addigy: Endpoint,
    /// IT Glue.
    pub itglue: Endpoint,
}

impl Endpoints {
    pub(super) fn new(address: SocketAddr, addigy_key: String, itglue_key: String) -> Self {
        Self {
            addigy: Endpoint { base_url: format!("http://{address}{ADDIGY_PATH}"), api_key: addigy_key },
            itglue: Endpoint { base_url: format!("http://{address}"), api_key: itglue_key },
        }
    }
}
