//! A flow: from one integration to another, with its rules.

use super::{FlowId, IntegrationId, Stream};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How many sources may have the same target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cardinality {
    /// A taken target is not offered again.
    OneToOne,
    /// A taken target may be taken again and is marked as shared.
    #[default]
    ManyToOne,
}

/// How names are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NameMode {
    /// By meaning: case, legal forms, abbreviations, typing errors.
    #[default]
    Fuzzy,
    /// Only the same characters in the same case count (Graphus' rule).
    Exact,
}

/// What happens when several targets are equally good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ties {
    /// A person decides.
    #[default]
    Block,
    /// The oldest record is taken (Autotask guide), and shown as such.
    Oldest,
}

/// A flow as configured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// Its name.
    pub id: FlowId,
    /// Where records come from.
    pub source: IntegrationId,
    /// Where their counterparts are.
    pub target: IntegrationId,
    /// Streams that are matched.
    pub streams: Vec<Stream>,
    /// Cardinality of companies. Devices are always one-to-one.
    #[serde(default)]
    pub cardinality: Cardinality,
    /// How names are compared.
    #[serde(default)]
    pub names: NameMode,
    /// Ties rule.
    #[serde(default)]
    pub ties: Ties,
    /// Deeper companies roll up to their first-level ancestor (M1).
    pub roll_up: bool,
    /// A company appears only when it has at least one device (S7).
    pub needs_devices: bool,
    /// Matches that the engine is sure of are taken without a person (never on a name or a MAC alone).
    pub auto_accept: bool,
}

impl Flow {
    /// A flow of companies and devices with the default rules.
    pub fn new(id: impl Into<FlowId>, source: impl Into<IntegrationId>, target: impl Into<IntegrationId>) -> Self {
        Self {
            id: id.into(),
            source: source.into(),
            target: target.into(),
            streams: vec![Stream::Companies, Stream::Devices],
            cardinality: Cardinality::default(),
            names: NameMode::default(),
            ties: Ties::default(),
            roll_up: true,
            needs_devices: true,
            auto_accept: true,
        }
    }

    /// Its target is matchbook's own register: what has no counterpart there is imported.
    #[must_use]
    pub fn is_import(&self) -> bool {
        self.target.is_inventory()
    }

    /// It keeps the register's companies in step with the source's: exact names, one to one. Renames follow, and the
    /// mapping of a company that is gone at the source ends.
    #[must_use]
    pub fn manages(&self) -> bool {
        self.is_import() && self.names == NameMode::Exact && self.cardinality == Cardinality::OneToOne
    }
}

/// Streams of an integration that a sync reads without being asked for one by name: companies, devices and their types,
/// and of the rest what a flow matches. Tickets are many, and nobody looks at contacts that no flow matches.
#[must_use]
pub fn streams_to_sync<'f>(flows: impl IntoIterator<Item = &'f Flow>, integration: &IntegrationId) -> BTreeSet<Stream> {
    let ours = flows.into_iter().filter(|flow| flow.source == *integration || flow.target == *integration);
    let always = [Stream::Companies, Stream::Devices, Stream::DeviceTypes];
    // A company that is imported brings its domain along.
    let domains = |flow: &&Flow| flow.is_import() && flow.source == *integration;
    let ours: Vec<&Flow> = ours.collect();
    let domains = ours.iter().any(domains).then_some(Stream::Domains);
    always.into_iter().chain(ours.iter().flat_map(|flow| flow.streams.iter().copied())).chain(domains).collect()
}
