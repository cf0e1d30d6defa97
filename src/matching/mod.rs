//! matching (to be written).
