//! Importing into the inventory: what is to be imported, what would become of each row, what a record is made of.

use super::Selection;
use crate::domain::{FlowId, HandField, IntegrationId, Record, RecordId, Stream};
use serde::{Deserialize, Serialize};

/// What changes something of the inventory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InventoryCommand {
    /// Make records of the inventory from source records and match them, in one undoable step. In a flow into the
    /// inventory: companies, device types or devices.
    Import {
        /// Which flow.
        flow: FlowId,
        /// Which stream.
        stream: Stream,
        /// Which rows.
        rows: ImportRows,
        /// Also rows whose record may be there already.
        anyway: bool,
        /// Of a single company, what a person says of it.
        given: Given,
    },
    /// Put a record into the inventory that was entered by hand.
    AddRecord {
        /// The record; its id is given by the inventory.
        record: Box<Record>,
    },
    /// Change fields of a record by hand. What was imported and follows its source is refused.
    EditRecord {
        /// Its stream.
        stream: Stream,
        /// The record.
        id: RecordId,
        /// Fields with what is to stand there; an empty text makes a field unknown.
        fields: Vec<(HandField, String)>,
    },
    /// Take a record out of the inventory; its undo brings it back. Refused while something is matched with it or
    /// belongs to it.
    RemoveRecord {
        /// Its stream.
        stream: Stream,
        /// The record.
        id: RecordId,
    },
    /// New devices of a type import by themselves after each sync, or no longer.
    AutoSync {
        /// Which flow.
        flow: FlowId,
        /// Which source types.
        types: Vec<RecordId>,
        /// By themselves.
        on: bool,
    },
    /// Nothing of these companies follows their source for now, or does again.
    PauseRows {
        /// Which flow.
        flow: FlowId,
        /// Which companies.
        rows: Selection,
        /// Pause, else resume.
        on: bool,
    },
    /// Ask the source for these companies now; their names follow.
    RefreshRows {
        /// Which flow.
        flow: FlowId,
        /// Which companies.
        rows: Selection,
    },
}

/// What can be asked about the inventory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InventoryQuery {
    /// What an import would do, row by row.
    Plan {
        /// Which flow.
        flow: FlowId,
        /// Which stream.
        stream: Stream,
        /// Which rows.
        rows: ImportRows,
        /// Also rows whose record may be there already.
        anyway: bool,
        /// First row wanted, from 0.
        offset: u64,
        /// How many (at most 500).
        limit: u32,
    },
    /// What a company of the source offers for its import.
    Origin {
        /// Which flow.
        flow: FlowId,
        /// The company.
        source: RecordId,
    },
    /// Everything that is known of a record.
    Detail {
        /// Where it is kept.
        integration: IntegrationId,
        /// Its stream.
        stream: Stream,
        /// Its id.
        id: RecordId,
    },
    /// Records of the inventory.
    List {
        /// Which stream.
        stream: Stream,
        /// Text that name, serial or id must contain; empty for all.
        find: String,
        /// First record wanted, from 0.
        offset: u64,
        /// How many (at most 500).
        limit: u32,
    },
}

/// Which rows of a flow into the inventory are imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImportRows {
    /// These.
    Selected(Selection),
    /// Devices of these source types.
    OfTypes(Vec<RecordId>),
    /// Everything that can be imported.
    All,
}

/// What a person says of a company that is imported by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Given {
    /// Its name; the source's when `None`.
    pub name: Option<String>,
    /// Its primary domain; the source's, or the first of the company's domains, when `None`.
    pub domain: Option<String>,
}

/// What an import would do, row by row; the import does exactly that as long as nothing changed meanwhile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportPlan {
    /// One line.
    pub what: String,
    /// Records that would be made or matched.
    pub imports: u64,
    /// Rows that cannot be imported, by reason.
    pub blocked: Vec<(String, u64)>,
    /// Rows of the whole plan.
    pub total: u64,
    /// Position of the first row below.
    pub offset: u64,
    /// Some of the rows.
    pub rows: Vec<ImportRow>,
}

/// One row of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRow {
    /// The source record.
    pub id: RecordId,
    /// Its name.
    pub name: String,
    /// The record of the inventory that it gets; `None` when it cannot be imported.
    pub target: Option<RecordId>,
    /// The record is there from an earlier import: it is matched again, nothing is made.
    #[serde(default)]
    pub known: bool,
    /// The target company's name.
    #[serde(default)]
    pub company: String,
    /// The target type's name.
    #[serde(default)]
    pub kind: String,
    /// Why it cannot be imported; empty when it can.
    #[serde(default)]
    pub reason: String,
}

/// How far a flow into the inventory is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportView {
    /// An import under way: rows done and rows in all.
    pub running: Option<(u64, u64)>,
    /// Devices that can be imported now.
    pub ready: u64,
    /// It keeps companies in step with the source.
    pub manages: bool,
    /// The source.
    pub source: IntegrationId,
}

/// What a row of a flow into the inventory shows beside the other cells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Staged {
    /// The device's type at the source.
    pub kind: String,
    /// Maker.
    pub maker: String,
    /// The company of the inventory; the source's where that has no match.
    pub company: String,
    /// Why it cannot be imported; empty when it can, or when it is in the inventory.
    pub blocked: String,
    /// Of a type: its new devices import by themselves.
    pub auto: bool,
    /// Of a type: devices that can be imported now.
    pub ready: u32,
    /// Nothing of it follows its source for now.
    pub paused: bool,
}

/// What a company of the source offers for its import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The source record.
    pub id: RecordId,
    /// Its name.
    pub name: String,
    /// Its domains, the likeliest first.
    pub domains: Vec<String>,
}

/// A label and its value; `None` is unknown.
pub type Fact = (String, Option<String>);

/// Everything that is known of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// Its name.
    pub name: String,
    /// Where it is kept: the vendor's name.
    pub place: String,
    /// Its stream.
    pub stream: Option<Stream>,
    /// Its id.
    pub id: RecordId,
    /// Headings with their facts; `None` is unknown.
    pub groups: Vec<(String, Vec<Fact>)>,
    /// Of a record of the inventory: what can be changed by hand, as it stands; unknown fields are left out.
    #[serde(default)]
    pub by_hand: Vec<(HandField, String)>,
    /// The source whose facts the record follows, so that it is not changed by hand; empty where there is none.
    #[serde(default)]
    pub follows: String,
}

/// Records of the inventory in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryList {
    /// Records in all.
    pub total: u64,
    /// Position of the first one below.
    pub offset: u64,
    /// The records.
    pub rows: Vec<InventoryRow>,
}

/// One record of the inventory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryRow {
    /// Its id.
    pub id: RecordId,
    /// Its name.
    pub name: String,
    /// Its company's name.
    pub company: String,
    /// Serial number.
    pub serial: String,
    /// Model.
    pub model: String,
    /// Devices it has (companies).
    pub devices: u32,
    /// Where it came from, or is in step with: flow and source record, by flow.
    pub sources: Vec<(String, String)>,
}
