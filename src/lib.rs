//! matchbook: syncs RMM, PSA and documentation platforms and matches their companies and devices.
//!
//! The rooms and what each may use are in `ARCHITECTURE.md`; `tests/architecture.rs` enforces them.

pub mod app;
pub mod cli;
pub mod config;
pub mod connectors;
pub mod domain;
pub mod matching;
pub mod secrets;
pub mod service;
pub mod simulator;
pub mod store;
pub mod sync;
pub mod term;
pub mod ui;
