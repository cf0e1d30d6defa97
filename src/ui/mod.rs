//! The terminal interface: [`State`], [`update`] and [`draw`].
//!
//! Owns layout, keys and what a person sees. Refuses to spawn, wait, read a clock or a file: time comes with every
//! message, work goes out as [`Effect`]s, data comes through the service door's messages. Drawing borrows the state.

mod columns;
mod command;
mod draw;
mod key;
mod keymap;
mod layout;
mod message;
mod options;
mod overlays;
mod panes;
mod plain;
mod saved_view;
mod setup;
mod state;
mod theme;
mod update;
mod widgets;

pub use command::{COMMANDS, Command, CommandId, Context, keys_markdown};
pub use draw::draw;
pub use key::{Key, KeyCode};
pub use keymap::Keymap;
pub use message::{Effect, Mouse, Msg, Now};
pub use options::{ThemeName, UiConfig};
pub use plain::Spoken;
pub use saved_view::SavedView;
pub use setup::{Draft, FlowDraft, Kind, Prompt, SetupAnswer, TestReport};
pub use state::{Pane, State};
pub use update::{start, update};
