//! The event loop: owns state and terminal, carries out the effects that `ui` returns. Knows no layout and no vendor.

mod run;

pub use crate::term::{Abilities, detect};
pub use run::{AppOptions, Exit, run};
