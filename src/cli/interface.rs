//! `matchbook` without a command: the terminal interface.

use super::connecting::{Between, HomeSetup, saved_view};
use super::{Outcome, home, output};
use crate::app;
use crate::config::{self, Paths};
use crate::domain::{Failure, IntegrationId, Stream};
use crate::ui::{ThemeName, UiConfig};
use std::io::IsTerminal;
use std::sync::Arc;

/// How the interface is opened, whatever the configuration says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// Nothing can be changed.
    pub read_only: bool,
    /// Lines for a screen reader.
    pub plain: bool,
}

/// Opens the interface on the home of this process; anew whenever its settings changed.
///
/// # Errors
/// What keeps home or terminal from opening.
pub async fn run(manner: Manner) -> Result<Outcome, Failure> {
    terminal_wanted()?;
    let paths = Paths::discover(None)?;
    let mut vault = None;
    let between = Between::default();
    let mut said: Option<String> = None;
    loop {
        // A terminal that may only look starts no sync either.
        let home = home::begin_with(&paths, !manner.read_only, vault.take())?;
        if let Some(text) = said.take() {
            home.service.notice(&text);
        }
        let setup = HomeSetup::new(paths.clone(), Arc::clone(&home.vault), between.clone());
        if shown(&home, Some(Arc::new(setup)), manner).await? != app::Exit::Reload {
            return Ok(Outcome::Done);
        }
        vault = Some(home.close().await);
        if let Some(flow) = between.gives_up() {
            said = Some(give_up(&paths, flow).await);
        }
        if let Some((integration, stream)) = between.deletes() {
            said = Some(delete_orphans(&paths, integration, stream).await);
        }
    }
}

/// Gives a flow up while the home is closed; says what became of it.
async fn give_up(paths: &Paths, flow: crate::domain::FlowId) -> String {
    let (paths, name) = (paths.clone(), flow.to_string());
    let done = tokio::task::spawn_blocking(move || super::import::give_up(&paths, &flow, true)).await;
    match done {
        Ok(Ok(loss)) => {
            let backup = loss.backup.map(|file| file.display().to_string()).unwrap_or_default();
            format!("flow {name} is deactivated; what it held is in the backup {backup}")
        }
        Ok(Err(failure)) => format!("flow {name} is not deactivated: {failure}"),
        Err(_) => format!("flow {name}: deactivating broke off; look at `matchbook flow list`"),
    }
}

/// Deletes orphans while the home is closed; says what became of them.
async fn delete_orphans(paths: &Paths, integration: IntegrationId, stream: Stream) -> String {
    let (paths, name) = (paths.clone(), integration.clone());
    let done = tokio::task::spawn_blocking(move || super::care::delete_orphans(&paths, &integration, stream)).await;
    match done {
        Ok(Ok((done, backup))) => {
            let kept = if done.kept > 0 { format!("; {} are matched and stay", done.kept) } else { String::new() };
            let what = format!("{} orphaned {stream} of {name} are deleted{kept}", done.deleted);
            format!("{what}; they are in the backup {}", backup.display())
        }
        Ok(Err(failure)) => format!("no orphan of {name} is deleted: {failure}"),
        Err(_) => format!("{name}: deleting broke off; what is left shows in its data"),
    }
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
pub async fn show(home: &home::Home, manner: Manner) -> Result<Outcome, Failure> {
    shown(home, None, manner).await.map(|_| Outcome::Done)
}

async fn shown(home: &home::Home, setup: Option<Arc<dyn app::Setup>>, manner: Manner) -> Result<app::Exit, Failure> {
    let (door, messages) = home.service.door();
    let options = app::AppOptions { setup, ..options(&home.config.ui, home, manner) };
    let mut interface = std::pin::pin!(app::run(door, messages, options));
    // The first frame does not wait for the store. When that does not open, the screen is given back and says why.
    let mut opening = std::pin::pin!(home.opened());
    let opened = tokio::select! {
        biased;
        opened = &mut opening => opened,
        result = &mut interface => {
            if matches!(result, Ok(app::Exit::DoorClosed)) {
                // The service says why before it closes the door; both may be seen in one turn.
                opening.await?;
            }
            return finish(home, result).await;
        }
    };
    let warnings = match opened {
        Ok(warnings) => warnings,
        Err(failure) => {
            // The service is gone, which ends the interface: it restores the terminal.
            let _ = interface.await;
            return Err(failure);
        }
    };
    for warning in warnings {
        home.service.notice(&warning);
    }
    let result = interface.await;
    finish(home, result).await
}

async fn finish(home: &home::Home, result: Result<app::Exit, Failure>) -> Result<app::Exit, Failure> {
    home.service.stop().await;
    result
}

fn options(settings: &config::UiConfig, home: &home::Home, manner: Manner) -> app::AppOptions {
    let abilities = app::detect(|name| std::env::var(name).ok());
    app::AppOptions {
        ui: UiConfig {
            theme: ThemeName::parse(&settings.theme).unwrap_or_default(),
            colour: abilities.colour,
            unicode: !settings.ascii && abilities.unicode,
            keys: settings.keys.clone(),
            mouse: settings.mouse && !manner.plain,
            low_bandwidth: settings.low_bandwidth,
            read_only: manner.read_only,
            plain: manner.plain,
            views: settings.views.iter().map(saved_view).collect(),
            ..UiConfig::default()
        },
        home: home.name.clone(),
        overview: None,
        setup: None,
    }
}
