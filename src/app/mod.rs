//! The event loop: owns state and terminal, carries out the effects that `ui` returns. Knows no layout and no vendor.

mod run;
mod setup;

pub use crate::term::{Abilities, detect};
pub use run::{AppOptions, Exit, run};
pub use setup::{Draft, FlowDraft, Kind, Prompt, SavedView, Setup, TestReport};
