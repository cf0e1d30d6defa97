//! Talking to vendors: pages of domain records from APIs and from exported files.
//!
//! A connector is a mapping file (`assets/connectors/*.toml`: addresses, limits, streams, field tables) spoken in one
//! of a few dialects. This room keeps no state of a sync: where a listing stands is the caller's cursor. It never
//! decides anything about a record and never logs a body or a key.

mod api;
mod choices;
mod contract;
mod csv;
mod describe;
mod dialect;
mod each;
mod fetch;
mod fields;
mod forward;
mod http;
mod inventory;
mod json;
mod lookup;
mod mapping;
mod order;
mod paging;
mod proof;
mod shared;
mod source;
mod tables;
mod whole;
mod write;

pub use contract::{
    Ask, Choice, ChoiceList, Connection, ConnectionReport, Connector, ConnectorInfo, Find, Host, HttpNotice, Observer,
    Page, StreamInfo, WriteFault, WriteLimits, available, available_with, connect, connect_with, host_of,
};
pub use describe::{ConnectorFields, FieldInfo, FieldPair, StreamFields, field_mappings, field_pairs, least_requests};
pub use fields::BadRow;
pub use http::{Budget, Trace, Tuning};
pub use inventory::inventory;
pub use mapping::{OptionPrompt, Region, SecretPrompt};
pub use write::Draft;
