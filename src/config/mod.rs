//! The configuration: typed settings of `config.toml`, where files live, and edits that keep a person's comments.
//!
//! This room checks what can be checked without a vendor and says where a mistake is. It refuses to open the store, to
//! hold secrets and to guess: an unknown key is a warning with its full path, a wrong value is an error.

mod check;
mod editor;
mod load;
mod model;
mod paths;

pub use editor::Editor;
pub use load::{Loaded, load, parse};
pub use model::{
    BackupConfig, Config, FlowConfig, IntegrationConfig, SyncConfig, THEMES, UiConfig, VaultConfig, ViewConfig,
};
pub use paths::{HOME_VARIABLE, Paths};

/// The commented configuration that `matchbook init` writes. Everything in it is commented out.
#[must_use]
pub fn example() -> &'static str {
    include_str!("../../config.example.toml")
}
