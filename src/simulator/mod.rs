//! simulator (to be written).
