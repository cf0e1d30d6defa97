//! `sync`: starts it, shows the log on stderr, waits for the end.

use super::args::SyncArguments;
use super::{Outcome, cards, care, home, output, setup};
use crate::config::Paths;
use crate::domain::{Failure, FailureClass, LogLevel, RunState, StreamProgress};
use crate::service::messages::{Command, Event, Message, Query, Request, View};
use serde_json::json;

/// How long the last lines of the log may take.
const LAST_WORDS: std::time::Duration = std::time::Duration::from_secs(2);

/// Runs the sync.
///
/// # Errors
/// What keeps the home from opening, an unknown integration, or a sync of which nothing succeeded.
pub async fn run(arguments: SyncArguments) -> Result<Outcome, Failure> {
    let (integration, stream) = match arguments.what.as_deref() {
        None => (None, None),
        Some(what) => match what.split_once('/') {
            None => (Some(what.into()), None),
            Some((integration, name)) => (Some(integration.into()), Some(setup::stream(name)?)),
        },
    };
    care::compact_if_due(&Paths::discover(None)?);
    let home = home::open(false).await?;
    if home.config.integrations.is_empty() {
        return Err(output::usage(
            "there is nothing to sync: no integration is connected",
            "connect one with `matchbook connect addigy --connector addigy`",
        ));
    }
    let (_door, mut messages) = home.service.door();
    let told = tokio::spawn(async move {
        while let Some(message) = messages.recv().await {
            if let Message::Event(Event::Log(lines)) = message {
                for line in lines.iter().filter(|l| l.level >= LogLevel::Info) {
                    let name = line.integration.as_ref().map_or("", |i| i.as_str());
                    output::say(&format!(
                        "{:02}:{:02}:{:02} {name}  {}",
                        line.at.hour(),
                        line.at.minute(),
                        line.at.second(),
                        line.text
                    ));
                }
            }
        }
    });
    if arguments.accept_mass_change && cards::accept_mass_changes(&home, integration.as_ref(), stream).await? == 0 {
        output::say("no sync asked about a mass change; syncing as usual");
    }
    let command = Command::Sync { integration: integration.clone(), stream, full: arguments.full };
    home.service.ask(Request::Command(command)).await?;
    interruptible(&home).await?;
    let View::Overview(overview) = home.query(Query::Overview).await? else { return Ok(Outcome::Done) };
    home.service.stop().await;
    // The stopped service closes its side; what it said last is still on its way.
    let _ = tokio::time::timeout(LAST_WORDS, told).await;
    home.back_up_if_due();
    let streams: Vec<StreamProgress> = overview
        .integrations
        .iter()
        .filter(|i| integration.as_ref().is_none_or(|wanted| *wanted == i.id))
        .flat_map(|i| i.streams.clone())
        .filter(|s| stream.is_none_or(|wanted| wanted == s.stream))
        .collect();
    if arguments.json {
        output::json(&json!({ "streams": streams, "flows": overview.flows }))?;
    }
    verdict(&streams)
}

/// Waits for the end; Ctrl-C or SIGTERM stops at the end of a page, so that the next sync goes on from there.
async fn interruptible(home: &home::Home) -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let wait =
        |kind| signal(kind).map_err(|e| Failure::new(FailureClass::Local, format!("cannot wait for signals: {e}"), ""));
    let (mut interrupt, mut terminate) = (wait(SignalKind::interrupt())?, wait(SignalKind::terminate())?);
    tokio::select! {
        settled = home.service.settled() => return settled,
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    output::say("stopping at the end of the page; the next sync goes on from there");
    home.service.stop().await;
    Err(Failure::new(FailureClass::Local, "the sync was interrupted", "sync again; it goes on after the last page"))
}

fn verdict(streams: &[StreamProgress]) -> Result<Outcome, Failure> {
    let failures: Vec<(&StreamProgress, &Failure)> = streams
        .iter()
        .filter_map(|s| match &s.state {
            RunState::Failed { failure } => Some((s, failure)),
            _ => None,
        })
        .collect();
    for (stream, failure) in &failures {
        output::error(&Failure {
            what: format!("{} {}: {}", stream.integration, stream.label, failure.what),
            ..(*failure).clone()
        });
    }
    let mut asks = false;
    for stream in streams {
        if let RunState::Asks { change } = &stream.state {
            asks = true;
            output::error(&Failure::new(
                FailureClass::Usage,
                format!("{}: {}", stream.integration, change.text(&stream.label)),
                format!(
                    "look at it with `matchbook cards`, apply it with `matchbook sync {}/{} --accept-mass-change`",
                    stream.integration, stream.stream
                ),
            ));
        }
    }
    let needs_person = |f: &Failure| matches!(f.class, FailureClass::Credentials | FailureClass::Permission);
    match failures.first() {
        None if asks => Ok(Outcome::Partly),
        None if streams.iter().any(|s| matches!(s.state, RunState::Cut)) => Ok(Outcome::Partly),
        None => Ok(Outcome::Done),
        Some(_) if failures.len() < streams.len() || failures.iter().any(|(_, f)| needs_person(f)) => {
            Ok(Outcome::Partly)
        }
        Some((_, failure)) => {
            Err(Failure { what: "nothing could be synced".into(), remedy: String::new(), class: failure.class })
        }
    }
}
