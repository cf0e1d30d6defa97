//! term (to be written).
