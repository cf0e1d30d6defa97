//! The words every other room speaks: ids, records, flows, matches, evidence, sync runs, failure classes.
//!
//! Pure values. This room does no I/O, knows no vendor and reads no clock: time and ids come in from outside
//! through [`Clock`] and [`IdSource`].

pub mod by_hand;
pub mod day_count;
pub mod decision;
pub mod device;
pub mod evidence;
pub mod failure;
pub mod flow;
pub mod ids;
pub mod junk;
pub mod known_by;
pub mod left_out;
pub mod log;
pub mod mac;
pub mod outbox;
pub mod outside;
mod passing;
pub mod people;
pub mod record;
pub mod rule;
pub mod schedule;
pub mod scope;
pub mod serial;
pub mod sync_rules;
pub mod sync_run;
pub mod text;

pub use by_hand::HandField;
pub use day_count::DayCount;
pub use decision::{
    Actor, Decision, DecisionKind, HistoryEntry, HistoryId, MatchState, RecordChange, RecordEdit, RowChange,
};
pub use device::{Battery, Device, DeviceDetails, Hardware, Interface, Security, System};
pub use evidence::{Candidate, Confidence, Evidence, EvidenceKind, Proposal, Verdict};
pub use failure::{Failure, FailureClass};
pub use flow::{Cardinality, Flow, NameMode, Ties, streams_to_sync};
pub use ids::{
    CompanyId, ContactId, DeviceId, DeviceTypeId, DomainId, FlowId, IntegrationId, LocationId, ManufacturerId,
    MemberId, ModelId, RecordId, RunId, Stream, TicketId,
};
pub use junk::JunkList;
pub use known_by::{FactChange, KnownFact};
pub use left_out::{LeftOut, Traits};
pub use log::{LogEntry, LogLevel, LogPage};
pub use mac::{Mac, MacUse};
pub use outbox::{
    FieldPolicy, FieldWrite, OutboxEntry, PlannedWrite, UpdatePolicy, WriteField, WriteId, WriteInside, WriteKind,
    WriteRules, WriteState,
};
pub use outside::{Clock, IdSource, SystemClock};
pub use people::{Contact, DomainName, Location, Manufacturer, Member, Model, Ticket};
pub use record::{Address, Company, DeviceType, Named, Record, VendorLink, VendorSystem};
pub use rule::{Rule, RuleChange, RuleId, RuleKind};
pub use schedule::{Schedule, Spread, Zone};
pub use scope::{ScopeRule, SyncScope, TypesMode};
pub use serial::Serial;
pub use sync_rules::{MassLimit, SyncRules};
pub use sync_run::{MassChange, RunCounts, RunOutcome, RunState, StreamProgress};

/// A moment in UTC, as the vendors give it.
pub type Timestamp = time::OffsetDateTime;
