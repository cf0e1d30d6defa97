//! Small parts that panes and overlays are painted with.

pub mod canvas;
pub mod number;
pub mod text;
