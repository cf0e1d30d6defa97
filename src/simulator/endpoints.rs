//! Where the simulated vendors are and with which keys: the line that `matchbook simulate` prints.

use super::{
    autotask::{API_PATH, tenant::Tenant},
    connectwise,
};
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

impl Endpoint {
    pub(super) fn addigy(address: SocketAddr, api_key: String) -> Self {
        Self { base_url: format!("http://{address}{ADDIGY_PATH}"), api_key }
    }

    pub(super) fn itglue(address: SocketAddr, api_key: String) -> Self {
        Self { base_url: format!("http://{address}"), api_key }
    }
}

/// The address and keys of ConnectWise Manage.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectWiseEndpoint {
    /// With the code base that leads to the current one, version path included.
    pub base_url: String,
    /// The id with which people sign in.
    pub company: String,
    /// Public key of an API member.
    pub public_key: String,
    /// Its private key.
    pub private_key: String,
    /// The id of a registered client.
    pub client_id: String,
}

impl fmt::Debug for ConnectWiseEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectWiseEndpoint").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

impl ConnectWiseEndpoint {
    pub(super) fn new(address: SocketAddr, tenant: &connectwise::tenant::Tenant) -> Self {
        Self {
            base_url: format!("http://{address}{}", connectwise::API_PATH),
            company: tenant.company.clone(),
            public_key: tenant.public_key.clone(),
            private_key: tenant.private_key.clone(),
            client_id: tenant.client_id.clone(),
        }
    }
}

/// Autotask's addresses and key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutotaskEndpoint {
    /// The tenant's zone, version path included.
    pub base_url: String,
    /// Where zone information is asked for; needs `?user=` and no key.
    pub zone_url: String,
    /// API user.
    pub username: String,
    /// Its secret.
    pub secret: String,
    /// Tracking identifier.
    pub integration_code: String,
}

impl fmt::Debug for AutotaskEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AutotaskEndpoint").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

impl AutotaskEndpoint {
    pub(super) fn new(address: SocketAddr, tenant: &Tenant) -> Self {
        let [username, secret, integration_code] = tenant.key().map(str::to_owned);
        let path = format!("{}/v1.0", API_PATH.to_ascii_lowercase());
        Self {
            base_url: format!("http://{address}/{}{path}", tenant.zone()),
            zone_url: format!("http://{address}{path}/zoneInformation"),
            username,
            secret,
            integration_code,
        }
    }
}

/// All vendors. Serializes to the JSON object of `matchbook simulate`, keys in the clear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// Addigy.
    pub addigy: Endpoint,
    /// IT Glue.
    pub itglue: Endpoint,
    /// ConnectWise Manage.
    pub connectwise: ConnectWiseEndpoint,
    /// Autotask.
    pub autotask: AutotaskEndpoint,
}
