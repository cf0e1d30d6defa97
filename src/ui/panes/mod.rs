//! What is always there: Integrations, Queue with Compare, Sync log, footer.

pub mod compare;
pub mod empty;
pub mod footer;
pub mod integrations;
pub mod log;
pub mod queue;
pub mod staged;
