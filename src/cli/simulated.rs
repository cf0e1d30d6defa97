//! The simulated vendors as integrations of a demo's home, and the flows between them.

use super::home;
use crate::config::{self, Editor, FlowConfig, IntegrationConfig, Paths};
use crate::domain::{Failure, Stream};
use crate::secrets::Credentials;
use crate::simulator::{Endpoints, RequestCounts, Vendor, VendorCounts};
use clap::ValueEnum;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// Requests a second to the simulated Addigy. Its published limit is 100; the throw-away account may use more of it
/// than a real one should.
const ADDIGY_RATE: f64 = 90.0;

/// Requests a second to a simulated PSA, whose limit counts over a minute or an hour: most of that may go at once.
const PSA_RATE: f64 = 400.0;

/// A vendor that the demo simulates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Simulated {
    /// The RMM
    Addigy,
    /// The documentation
    Itglue,
    /// A PSA
    Connectwise,
    /// Another PSA
    Autotask,
}

/// A flow of the demo: name, source, target, streams.
pub type DemoFlow = (&'static str, Simulated, Simulated, &'static [Stream]);

/// Streams that a PSA and IT Glue both have. IT Glue's API lists no tickets.
const OFFICE: &[Stream] = &[Stream::Companies, Stream::Devices, Stream::Contacts, Stream::Locations];

/// Flows of the demo, as far as their vendors take part.
pub const FLOWS: [DemoFlow; 3] = [
    ("addigy-itglue", Simulated::Addigy, Simulated::Itglue, &[Stream::Companies, Stream::Devices]),
    ("connectwise-itglue", Simulated::Connectwise, Simulated::Itglue, OFFICE),
    ("autotask-itglue", Simulated::Autotask, Simulated::Itglue, OFFICE),
];

/// Where a vendor is, what the configuration says of it and what the vault.
struct Account<'e> {
    base_url: &'e str,
    options: Vec<(&'static str, &'e str)>,
    secrets: Vec<(&'static str, &'e str)>,
    rate: Option<f64>,
}

impl Simulated {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Addigy, Self::Itglue, Self::Connectwise, Self::Autotask];

    /// The integration's name, and the connector's.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Addigy => "addigy",
            Self::Itglue => "itglue",
            Self::Connectwise => "connectwise",
            Self::Autotask => "autotask",
        }
    }

    /// As the simulator calls it.
    pub const fn vendor(self) -> Vendor {
        match self {
            Self::Addigy => Vendor::Addigy,
            Self::Itglue => Vendor::ItGlue,
            Self::Connectwise => Vendor::ConnectWise,
            Self::Autotask => Vendor::Autotask,
        }
    }

    /// What it was asked.
    pub const fn counts(self, all: &RequestCounts) -> &VendorCounts {
        match self {
            Self::Addigy => &all.addigy,
            Self::Itglue => &all.itglue,
            Self::Connectwise => &all.connectwise,
            Self::Autotask => &all.autotask,
        }
    }

    fn account(self, ends: &Endpoints) -> Account<'_> {
        let plain =
            |base_url, key| Account { base_url, options: Vec::new(), secrets: vec![("api_key", key)], rate: None };
        match self {
            Self::Addigy => Account { rate: Some(ADDIGY_RATE), ..plain(&ends.addigy.base_url, &ends.addigy.api_key) },
            Self::Itglue => plain(&ends.itglue.base_url, &ends.itglue.api_key),
            Self::Connectwise => {
                let end = &ends.connectwise;
                Account {
                    base_url: &end.base_url,
                    options: vec![("company", &end.company)],
                    secrets: vec![
                        ("public_key", &end.public_key),
                        ("private_key", &end.private_key),
                        ("client_id", &end.client_id),
                    ],
                    rate: Some(PSA_RATE),
                }
            }
            Self::Autotask => {
                let end = &ends.autotask;
                Account {
                    base_url: &end.base_url,
                    options: vec![("username", &end.username)],
                    secrets: vec![("secret", &end.secret), ("integration_code", &end.integration_code)],
                    rate: Some(PSA_RATE),
                }
            }
        }
    }
}

/// Configuration and vault for the simulated vendors. A home that is there already gets their new addresses.
///
/// # Errors
/// When the home cannot be written.
pub fn write_home(paths: &Paths, ends: &Endpoints, vendors: &[Simulated]) -> Result<(), Failure> {
    paths.create()?;
    let known = config::load(&paths.config)?.config;
    let mut editor = Editor::open(&paths.config)?;
    let mut vault = home::vault(paths)?;
    for vendor in vendors {
        let (name, account) = (vendor.name(), vendor.account(ends));
        // A home that was kept keeps what was chosen to sync.
        let kept = known.integration(&name.into()).cloned();
        let mut settings = kept.unwrap_or_else(|| IntegrationConfig::new(name, name));
        settings.base_url = Some(account.base_url.to_owned());
        settings.requests_per_second = account.rate;
        settings.options = account.options.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        // The vendors end with the demo: nothing would answer a scheduled sync.
        settings.schedule = Stream::ALL.into_iter().map(|stream| (stream, "off".to_owned())).collect();
        editor.set_integration(&settings)?;
        let secrets = account.secrets.iter().map(|(key, value)| (*key, SecretString::from((*value).to_owned())));
        vault.set(&name.into(), Credentials::from_pairs(secrets))?;
    }
    for (name, source, target, streams) in FLOWS {
        if vendors.contains(&source) && vendors.contains(&target) {
            let mut flow = FlowConfig::new(name, source.name(), target.name());
            flow.streams = streams.to_vec();
            // A PSA's companies stand for themselves, with devices or without.
            let rmm = source == Simulated::Addigy;
            (flow.roll_up, flow.needs_devices) = (rmm, rmm);
            editor.set_flow(&flow)?;
        }
    }
    editor.save()
}
