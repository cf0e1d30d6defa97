//! What the door says of writes to vendors: plans, the outbox, and what a person does about them.

use super::Selection;
use crate::domain::{FieldPolicy, FieldWrite, FlowId, RecordId, Stream, Timestamp, UpdatePolicy, WriteField, WriteId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that changes the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WriteCommand {
    /// Plan records to be made at the target of rows' source records, and send them unless they are to wait.
    Create {
        /// Which flow.
        flow: FlowId,
        /// Companies or devices.
        stream: Stream,
        /// Which rows.
        rows: Selection,
        /// Also where the target has something like it.
        anyway: bool,
        /// They wait for [`WriteCommand::Apply`].
        hold: bool,
    },
    /// Plan the differences between matched records, and send them unless they are to wait.
    Update {
        /// Which flow.
        flow: FlowId,
        /// They wait for [`WriteCommand::Apply`].
        hold: bool,
    },
    /// Send what was planned, when it is still what would be planned now; else nothing, and the answer says where the
    /// world moved.
    Apply {
        /// Which; all planned ones when empty.
        ids: Vec<WriteId>,
        /// Only of this flow.
        flow: Option<FlowId>,
    },
    /// Take back what was not sent.
    Withdraw {
        /// Which.
        ids: Vec<WriteId>,
    },
    /// Go on with what was cut.
    Resume,
    /// Change what becomes of differences between matched records: kept in the configuration, in effect with the next
    /// plan.
    SetPolicies {
        /// Which flow.
        flow: FlowId,
        /// What becomes of differences.
        update: UpdatePolicy,
        /// Who is right, by field; fields that are not named are as they were.
        fields: BTreeMap<WriteField, FieldPolicy>,
    },
}

/// What can be asked about writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WriteQuery {
    /// What [`WriteCommand::Create`] would do.
    Create {
        /// Which flow.
        flow: FlowId,
        /// Which stream.
        stream: Stream,
        /// Which rows.
        rows: Selection,
        /// Also where the target has something like it.
        anyway: bool,
        /// Rows of the answer at most.
        limit: u32,
    },
    /// What [`WriteCommand::Update`] would do.
    Update {
        /// Which flow.
        flow: FlowId,
        /// Rows of the answer at most.
        limit: u32,
    },
    /// What becomes of differences.
    Policies {
        /// Which flow.
        flow: FlowId,
    },
    /// Writes, newest first.
    Outbox {
        /// Only of this flow.
        flow: Option<FlowId>,
        /// Only those that are not closed.
        live: bool,
        /// Only those before this one.
        before: Option<WriteId>,
        /// How many (at most 1,000).
        limit: u32,
    },
}

/// What becomes of differences between the matched records of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyView {
    /// The flow.
    pub flow: FlowId,
    /// The source vendor's name.
    pub source: String,
    /// The target vendor's name.
    pub target: String,
    /// What becomes of differences.
    pub update: UpdatePolicy,
    /// Every field that can be written to the target: who is right, and of which streams it is.
    pub fields: Vec<(WriteField, FieldPolicy, Vec<Stream>)>,
}

/// What would be written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanView {
    /// One line (`makes 14 configurations on IT Glue`).
    pub what: String,
    /// Writes that would be sent.
    pub writes: u64,
    /// Rows of which nothing is written, by reason.
    pub left: Vec<(String, u64)>,
    /// What a person should know first.
    pub warnings: Vec<String>,
    /// Row by row, those with something alike at the target first.
    pub rows: Vec<PlanRow>,
}

/// One row of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRow {
    /// The source record.
    pub source: RecordId,
    /// Its stream.
    pub stream: Stream,
    /// Its name.
    pub name: String,
    /// The record that is changed; `None` for one that is made.
    pub target: Option<RecordId>,
    /// Field by field.
    pub fields: Vec<FieldWrite>,
    /// Network interfaces of a new device.
    pub interfaces: Vec<String>,
    /// What was left out of it.
    pub notes: Vec<String>,
    /// What the target has that is like it.
    pub near: Vec<NearHit>,
    /// Why nothing is written; empty where something is.
    pub left: String,
}

/// A record of the target, or a write on its way there, that may be the same thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NearHit {
    /// Its id at the target; empty for a write on its way.
    pub id: RecordId,
    /// Its name.
    pub name: String,
    /// Its company; empty for companies.
    pub company: String,
    /// What they have in common.
    pub why: String,
    /// Archived, gone or left out by the settings.
    pub away: bool,
}

/// A write in the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteView {
    /// Its number.
    pub id: WriteId,
    /// Its flow.
    pub flow: FlowId,
    /// What is written, as in its plan.
    pub row: PlanRow,
    /// How far it is (`planned`, `waiting`, `sending`, `unconfirmed`, `confirmed`, `refused`, `withdrawn`).
    pub state: String,
    /// The record that it led to.
    pub made: Option<RecordId>,
    /// Why it is as it is, in matchbook's words.
    pub why: String,
    /// What the vendor said.
    pub said: String,
    /// Who wanted it.
    pub who: String,
    /// When its state last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub changed: Timestamp,
}

/// The outbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxView {
    /// Writes, newest first.
    pub writes: Vec<WriteView>,
    /// Writes that wait for a person's yes.
    pub planned: u64,
    /// Writes that are on their way.
    pub moving: u64,
    /// Why some of them are not sent now, and what goes on with them; a line for each target.
    #[serde(default)]
    pub stopped: Vec<String>,
}
