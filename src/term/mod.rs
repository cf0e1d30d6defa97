//! The terminal: the only room that names crossterm. Owns raw mode and its return, input, signals, hang-up, the clock
//! of frames and the bytes on the wire. Knows nothing of what is shown.

mod abilities;
mod frames;
mod guard;
mod hangup;
mod input;
mod screen;
mod signals;

pub use abilities::{Abilities, detect};
pub use frames::{FrameClock, SLOW_SPACING, SPACING};
pub use guard::{Guard, Taking};
pub use hangup::watch_for_hangup;
pub use input::{Input, InputEvent, MouseEvent};
pub use screen::{Screen, Stdout};
pub use signals::{Ending, Signals};

/// Columns and rows of the terminal.
///
/// # Errors
/// When there is no terminal.
pub fn size() -> std::io::Result<(u16, u16)> {
    crossterm::terminal::size()
}
