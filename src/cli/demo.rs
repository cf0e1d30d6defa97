//! `demo`: simulated vendors and a throw-away home, on screen or as a summary.

use super::args::DemoArguments;
use super::summary::{self, Summary};
use super::vendors::Vendors;
use super::{Outcome, home, interface, output, simulate, simulated};
use crate::config::Paths;
use crate::domain::{Failure, FailureClass};
use crate::service::messages::{Command, Event, IntegrationState, Message, Request};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Runs the demo.
///
/// # Errors
/// What keeps simulator, home or terminal from opening.
pub async fn run(arguments: DemoArguments, manner: interface::Manner) -> Result<Outcome, Failure> {
    if !arguments.headless {
        interface::terminal_wanted()?;
    }
    // Refused here, in this process's words, before another one is started.
    simulate::options(&arguments.world, None)?;
    let mut vendors = Vendors::start(&arguments.world).await?;
    let place = Place::make(arguments.home.as_deref())?;
    let paths = Paths::in_home(place.path());
    simulated::write_home(&paths, vendors.endpoints(), &arguments.vendors)?;
    let home = home::begin(&paths, false)?;
    home.wait().await?;
    let result = if arguments.headless {
        headless(&home, &mut vendors, arguments.json).await
    } else {
        sync_all(&home).await?;
        interface::show(&home, manner).await
    };
    if arguments.headless {
        home.service.stop().await;
    } else if let Some(kept) = &arguments.home {
        output::say(&format!("the demo's home is kept: MATCHBOOK_HOME={} matchbook opens it", kept.display()));
    }
    vendors.stop().await;
    result
}

async fn sync_all(home: &home::Home) -> Result<(), Failure> {
    let everything = Command::Sync { integration: None, stream: None, full: false };
    home.service.ask(Request::Command(everything)).await.map(drop)
}

/// The demo's home: a directory that the person keeps, or one that is removed at the end.
struct Place {
    path: PathBuf,
    kept: bool,
}

impl Place {
    fn make(kept: Option<&Path>) -> Result<Self, Failure> {
        if let Some(path) = kept {
            return Ok(Self { path: path.to_owned(), kept: true });
        }
        let name = format!("matchbook-demo-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).map_err(|e| {
            Failure::new(
                FailureClass::Local,
                format!("cannot make {}: {e}", path.display()),
                "name a directory with --home, or set TMPDIR",
            )
        })?;
        Ok(Self { path, kept: false })
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.kept {
            // Nothing in it is wanted; what cannot be removed now is in the temporary directory.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

async fn headless(home: &home::Home, vendors: &mut Vendors, json: bool) -> Result<Outcome, Failure> {
    let started = Instant::now();
    let (_door, mut messages) = home.service.door();
    sync_all(home).await?;
    let synced = tokio::spawn(async move {
        let mut seen_running = false;
        while let Some(message) = messages.recv().await {
            let Message::Event(Event::Overview(overview)) = message else { continue };
            let running = overview.integrations.iter().any(|i| i.state == IntegrationState::Syncing);
            if seen_running && !running {
                break;
            }
            seen_running |= running;
        }
        Instant::now()
    });
    home.service.settled().await?;
    let settled = Instant::now();
    let sync_end = if synced.is_finished() { synced.await.unwrap_or(settled) } else { settled };
    let phases = Phases { sync: sync_end - started, matching: settled.saturating_duration_since(sync_end) };
    let summary = summary::collect(home, vendors, &phases).await?;
    if json {
        output::json(&summary)?;
    } else {
        summary::print(&summary)?;
    }
    Ok(outcome(&summary))
}

/// How long each phase took.
pub struct Phases {
    /// From the first request to the last stored page.
    pub sync: Duration,
    /// From there until every automatic match is durable.
    pub matching: Duration,
}

fn outcome(summary: &Summary) -> Outcome {
    let mut judged = summary.flows.iter().flat_map(|flow| &flow.streams);
    if summary.failed_streams > 0 || judged.any(|stream| stream.judged.wrong > 0) {
        Outcome::Partly
    } else {
        Outcome::Done
    }
}
