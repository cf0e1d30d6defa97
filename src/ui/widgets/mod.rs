//! Small parts that panes and overlays are painted with.

pub mod canvas;
pub mod diff;
pub mod number;
pub mod text;
