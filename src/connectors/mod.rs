//! connectors (to be written).
