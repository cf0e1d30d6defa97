//! Integrations, flows and their counts at a glance.

use super::{Generation, ImportView, StateCounts};
use crate::domain::{Failure, FlowId, IntegrationId, Stream, StreamProgress, Timestamp};
use serde::{Deserialize, Serialize};

/// Integrations, flows and counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// The home's name, shown in the header.
    pub home: String,
    /// False while the store is still being read in the background: counts are those of the last session.
    pub ready: bool,
    /// Integrations in the order of the configuration.
    pub integrations: Vec<IntegrationView>,
    /// Flows in the order of the configuration.
    pub flows: Vec<FlowView>,
    /// Cards that wait for a person.
    #[serde(default)]
    pub cards: u64,
}

/// State of an integration as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum IntegrationState {
    /// Never synced.
    #[default]
    New,
    /// At rest after a complete sync.
    Ok,
    /// At least one stream runs.
    Syncing,
    /// Paused by a person.
    Paused,
    /// The vendor refused the credentials: stopped until new ones are saved.
    Refused {
        /// Why and what to do.
        failure: Failure,
    },
    /// The last sync failed.
    Failed {
        /// Why and what to do.
        failure: Failure,
    },
    /// The last sync would change too much: a card asks.
    Asks,
}

/// One integration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IntegrationView {
    /// Its id.
    pub id: IntegrationId,
    /// The vendor's name (`Addigy`).
    pub vendor: String,
    /// What it is called on the screen: the vendor's name, or its own id where two are of one vendor.
    #[serde(default)]
    pub name: String,
    /// State.
    pub state: IntegrationState,
    /// End of the last complete sync.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last: Option<Timestamp>,
    /// Start of the next scheduled sync.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next: Option<Timestamp>,
    /// Streams.
    pub streams: Vec<StreamProgress>,
    /// Requests in the vendor's current window.
    pub budget: Option<BudgetView>,
}

/// Use of a vendor's published request limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetView {
    /// Requests sent in the window.
    pub used: u32,
    /// Requests that the vendor allows in the window.
    pub limit: u32,
    /// Length of the window in seconds.
    pub window_s: u32,
}

/// One flow with its tabs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowView {
    /// Its id.
    pub id: FlowId,
    /// `Addigy → IT Glue`.
    pub label: String,
    /// The vendor's name of the source.
    pub source: String,
    /// The vendor's name of the target.
    pub target: String,
    /// The source.
    pub source_id: IntegrationId,
    /// The target.
    pub target_id: IntegrationId,
    /// One tab per stream.
    pub tabs: Vec<TabView>,
    /// How far the import is, in a flow into the inventory.
    #[serde(default)]
    pub import: Option<ImportView>,
    /// Paused by a person.
    #[serde(default)]
    pub paused: bool,
}

/// One tab of the queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TabView {
    /// Stream.
    pub stream: Stream,
    /// The tab's title (`Companies`).
    pub label: String,
    /// The source vendor's word for one (`Policy`).
    pub source_word: String,
    /// The target vendor's word for one (`Organization`).
    pub target_word: String,
    /// Rows by state.
    pub counts: StateCounts,
    /// State of the queue that the counts belong to.
    pub generation: Generation,
}
