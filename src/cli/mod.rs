//! cli (to be written).

pub mod link;
