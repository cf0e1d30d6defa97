//! Sync settings at work: which stored records are within them, what a change of them would move, and the choices with
//! their counts. What is left out is never stored: it follows from the settings and what [`register::Register`] keeps
//! of every record, so that a change of settings takes effect at once and cannot be half done.

mod facets;
mod labels;
pub mod preview;
pub mod register;
pub mod settings;

pub use facets::Facets;
pub use register::Register;
