//! `matchbook` without a command: the terminal interface.

use super::{Outcome, home, output};
use crate::app;
use crate::config::UiConfig;
use crate::domain::Failure;
use std::io::IsTerminal;

/// Opens the interface on the home of this process.
///
/// # Errors
/// What keeps home or terminal from opening.
pub async fn run() -> Result<Outcome, Failure> {
    terminal_wanted()?;
    let home = home::open(true)?;
    show(&home).await
}

/// Refuses early, before anything is opened, when there is no terminal.
///
/// # Errors
/// Usage.
pub fn terminal_wanted() -> Result<(), Failure> {
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        Ok(())
    } else {
        Err(output::usage(
            "the interface needs a terminal",
            "use a command instead (`matchbook status`, `matchbook queue FLOW`; see `matchbook --help`)",
        ))
    }
}

/// Shows the interface until the person quits; then everything is durable.
///
/// # Errors
/// The terminal's.
pub async fn show(home: &home::Home) -> Result<Outcome, Failure> {
    let (door, messages) = home.service.door();
    let result = app::run(door, messages, options(&home.config.ui, home)).await;
    home.service.stop().await;
    result.map(|_| Outcome::Done)
}

fn options(ui: &UiConfig, home: &home::Home) -> app::AppOptions {
    app::AppOptions {
        theme: ui.theme.clone(),
        ascii: ui.ascii,
        mouse: ui.mouse,
        low_bandwidth: ui.low_bandwidth,
        keys: ui.keys.clone(),
        warnings: home.warnings.clone(),
        ..app::AppOptions::default()
    }
}
