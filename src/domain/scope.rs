//! What a person chose to sync of an integration (`CAPABILITIES` S4): a record that is not within it is left out.
//!
//! Names are the vendor's own, compared without case; an empty list of choices means "all".

use serde::{Deserialize, Serialize};

/// How a company with several types is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TypesMode {
    /// Every type of the company must be chosen.
    #[default]
    All,
    /// One chosen type is enough.
    Any,
}

/// The choices of one integration; the default takes everything but tickets older than a year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct SyncScope {
    /// Types of companies; empty: all, also companies without a type.
    pub company_types: Vec<String>,
    /// How several types of one company are judged.
    pub company_types_mode: TypesMode,
    /// Statuses of companies; empty: all.
    pub company_statuses: Vec<String>,
    /// Classifications of companies; empty: all.
    pub classifications: Vec<String>,
    /// Companies without a classification, where classifications are chosen.
    pub unclassified: bool,
    /// Types of devices; empty: all.
    pub device_types: Vec<String>,
    /// Devices without a type, where types are chosen.
    pub untyped: bool,
    /// Statuses of devices; empty: all.
    pub device_statuses: Vec<String>,
    /// Contacts are synced.
    pub contacts: bool,
    /// Locations are synced.
    pub locations: bool,
    /// Tickets are synced.
    pub tickets: bool,
    /// Boards or queues of tickets; empty: all.
    pub ticket_queues: Vec<String>,
    /// Tickets that were updated within so many months; 0: all.
    pub ticket_months: u32,
}

impl Default for SyncScope {
    fn default() -> Self {
        Self {
            company_types: Vec::new(),
            company_types_mode: TypesMode::All,
            company_statuses: Vec::new(),
            classifications: Vec::new(),
            unclassified: true,
            device_types: Vec::new(),
            untyped: true,
            device_statuses: Vec::new(),
            contacts: true,
            locations: true,
            tickets: true,
            ticket_queues: Vec::new(),
            ticket_months: 12,
        }
    }
}
