//! `schedule`, `pause` and `resume`: what runs by itself.

use super::args::{PauseArguments, ScheduleArguments};
use super::{Outcome, home, output, setup};
use crate::domain::{Failure, IntegrationId, Stream};
use crate::service::messages::{Command, Query, Reply, Request, ScheduleSheet, View};
use serde_json::json;

/// `INTEGRATION` or `INTEGRATION/STREAM`.
///
/// # Errors
/// An unknown stream.
pub fn subject(what: &str) -> Result<(IntegrationId, Option<Stream>), Failure> {
    match what.split_once('/') {
        None => Ok((what.into(), None)),
        Some((integration, name)) => Ok((integration.into(), Some(setup::stream(name)?))),
    }
}

/// Shows schedules with the next runs, or changes one.
///
/// # Errors
/// What keeps the home from opening, an unknown integration or stream, a text that is no schedule.
pub async fn schedule(arguments: ScheduleArguments) -> Result<Outcome, Failure> {
    let (integration, stream) = match arguments.what.as_deref().map(subject).transpose()? {
        Some((integration, stream)) => (Some(integration), stream),
        None => (None, None),
    };
    let changes = arguments.set.is_some() || arguments.default;
    let target = match (integration.clone(), stream) {
        (Some(integration), Some(stream)) if changes => Some((integration, stream)),
        _ if changes => return Err(output::usage("a schedule belongs to a stream", "write INTEGRATION/STREAM")),
        _ => None,
    };
    let home = home::open(false).await?;
    home.service.settled().await?;
    if let Some((integration, stream)) = target {
        let command = Command::SetSchedule { integration, stream, schedule: arguments.set };
        if let Reply::Done(done) = home.service.ask(Request::Command(command)).await? {
            output::say(&done.text);
        }
    }
    let names = match integration {
        Some(one) => vec![one],
        None => home.config.integrations.iter().map(|i| i.name.clone()).collect(),
    };
    let mut sheets = Vec::new();
    for integration in names {
        if let View::Schedules(mut sheet) = home.query(Query::Schedules { integration, full: false }).await? {
            sheet.lines.retain(|line| stream.is_none_or(|wanted| wanted == line.stream));
            sheets.push(sheet);
        }
    }
    home.service.stop().await;
    if arguments.json {
        output::json(&sheets)?;
    } else {
        sheets.iter().try_for_each(print)?;
    }
    Ok(Outcome::Done)
}

fn print(sheet: &ScheduleSheet) -> Result<(), Failure> {
    let paused = if sheet.paused { "\tpaused" } else { "" };
    output::line(&format!("{}\t{}\thours of {}{paused}", sheet.integration, sheet.vendor, sheet.zone))?;
    for line in &sheet.lines {
        let (next, last) = (output::clock(line.next), output::clock(line.last));
        let own = if line.default { " (default)" } else { "" };
        let idle = if line.idle.is_empty() { String::new() } else { format!("\t{}", line.idle) };
        output::line(&format!("  {}\t{}{own}\tnext {next}\tlast {last}{idle}", line.stream, line.schedule))?;
    }
    Ok(())
}

/// Pauses or lets go on.
///
/// # Errors
/// What keeps the home from opening, an unknown integration or flow.
pub async fn pause(arguments: PauseArguments, pause: bool) -> Result<Outcome, Failure> {
    let PauseArguments { integration, flow, json } = arguments;
    let home = home::open(false).await?;
    home.service.settled().await?;
    let flow = match (&integration, flow) {
        (Some(name), None) => flow_called(&home, name).await?,
        (_, flow) => flow,
    };
    let command = match (integration, flow) {
        (_, Some(flow)) => Command::PauseFlow { flow: flow.as_str().into(), pause },
        (integration, None) => {
            let integration = integration.unwrap_or_default().as_str().into();
            if pause { Command::Pause { integration } } else { Command::Resume { integration } }
        }
    };
    let reply = home.service.ask(Request::Command(command)).await;
    home.service.stop().await;
    if let Reply::Done(done) = reply? {
        output::say(&done.text);
        if json {
            output::json(&json!({ "done": done.text }))?;
        }
    }
    Ok(Outcome::Done)
}

/// The flow of that name where no integration has it: nothing else can be meant.
async fn flow_called(home: &home::Home, name: &str) -> Result<Option<String>, Failure> {
    let View::Overview(overview) = home.query(Query::Overview).await? else { return Ok(None) };
    let meant = overview.integrations.iter().all(|i| i.id.as_str() != name)
        && overview.flows.iter().any(|flow| flow.id.as_str() == name);
    Ok(meant.then(|| name.to_owned()))
}
