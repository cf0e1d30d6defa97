//! Talking to vendors: pages of domain records from APIs and from exported files.
//!
//! A connector is a mapping file (`assets/connectors/*.toml`: addresses, limits, streams, field tables) spoken in one
//! of a few dialects. This room keeps no state of a sync: where a listing stands is the caller's cursor. It never
//! decides anything about a record and never logs a body or a key.

mod api;
mod contract;
mod csv;
mod dialect;
mod fields;
mod http;
mod json;
mod mapping;
mod paging;
mod source;
mod whole;

pub use contract::{
    Ask, Connection, ConnectionReport, Connector, ConnectorInfo, HttpNotice, Observer, Page, StreamInfo, available,
    available_with, connect, connect_with,
};
pub use fields::BadRow;
pub use http::{Budget, Tuning};
pub use mapping::{Region, SecretPrompt};
