//! Which company is known where, and how many of its devices are matched.

use crate::domain::{DayCount, IntegrationId, RecordId, Stream, Timestamp};
use serde::{Deserialize, Serialize};

/// Which companies, in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CoverageSpec {
    /// Which.
    pub show: CoverageShow,
    /// In which order.
    pub sort: CoverageSort,
    /// Text that a name has to contain.
    pub find: String,
}

/// Which companies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CoverageShow {
    /// Every company.
    #[default]
    All,
    /// Those that lack an integration or have devices without a match.
    Gaps,
    /// Those that this integration does not have.
    Missing(IntegrationId),
}

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CoverageSort {
    /// The most devices without a match first.
    #[default]
    Gap,
    /// By name.
    Name,
    /// The most devices first.
    Devices,
}

/// What is stored of one stream of an integration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StreamData {
    /// Which.
    pub stream: Stream,
    /// The vendor's word for many.
    pub label: String,
    /// Listed by the vendor.
    pub live: u64,
    /// Of these: left out by the sync settings.
    pub left_out: u64,
    /// No longer listed by the vendor; kept with their decisions.
    pub orphaned: u64,
    /// Records with a match, in all flows.
    pub matched: u64,
    /// Orphans with a match, which nothing updates any more.
    pub disconnected: u64,
    /// Records whose sync is switched off.
    #[serde(default)]
    pub off: u64,
    /// Rows that the last run could not read.
    pub failed: u64,
    /// End of the last complete listing.
    #[serde(with = "time::serde::rfc3339::option")]
    pub finished: Option<Timestamp>,
}

/// The grid.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// Its columns: integrations of the flows, with their vendors' names.
    pub integrations: Vec<(IntegrationId, String)>,
    /// Companies of the view.
    pub total: u64,
    /// Position of the first row.
    pub offset: u64,
    /// The rows asked for.
    pub rows: Vec<CoverageRow>,
    /// Over all companies, whatever is shown.
    pub sum: CoverageSum,
    /// One count a day, oldest first.
    pub trend: Vec<DayCount>,
}

/// Over all companies.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CoverageSum {
    /// Companies.
    pub companies: u64,
    /// Companies known in every integration.
    pub everywhere: u64,
    /// Companies missing, by integration.
    pub missing: Vec<u64>,
    /// Devices of the sources.
    pub devices: u64,
    /// Of these: with a match.
    pub covered: u64,
}

/// One company.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoverageRow {
    /// Its name at the first integration that has it.
    pub name: String,
    /// One for each column; `None` where it is missing.
    pub cells: Vec<Option<CoverageCell>>,
    /// Devices of the sources.
    pub devices: u64,
    /// Of these: with a match.
    pub covered: u64,
}

/// A company at an integration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageCell {
    /// Its id; of the first, when several are matched to it.
    pub id: RecordId,
    /// Its name there.
    pub name: String,
    /// Devices there.
    pub devices: u64,
    /// Records of it there: more than one where several policies are one company.
    pub records: u32,
}
