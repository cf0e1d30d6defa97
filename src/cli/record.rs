//! `record` and `bad-rows`.

use super::args::{RecordArguments, RecordCommand};
use super::{Outcome, home, output, plans};
use crate::domain::Failure;
use crate::service::messages::{Command, Query, RecordSheet, Reply, Request, View};
use serde_json::json;

/// Shows a record, syncs it, switches its sync.
///
/// # Errors
/// What keeps the home from opening, an unknown record, the vendor's failure.
pub async fn run(command: RecordCommand) -> Result<Outcome, Failure> {
    let (on, arguments) = match command {
        RecordCommand::Show(arguments) => return show(arguments).await,
        RecordCommand::Sync(arguments) => (None, arguments),
        RecordCommand::Off(arguments) => (Some(false), arguments),
        RecordCommand::On(arguments) => (Some(true), arguments),
    };
    let (integration, stream) = subject(&arguments)?;
    let record = arguments.id.as_str().into();
    let command = match on {
        None => Command::SyncRecord { integration, stream, record },
        Some(on) => Command::SwitchRecord { integration, stream, record, on },
    };
    let home = home::open(false).await?;
    home.service.settled().await?;
    let reply = home.service.ask(Request::Command(command)).await;
    home.service.settled().await?;
    home.service.stop().await;
    if let Reply::Done(done) = reply? {
        output::say(&done.text);
        if arguments.json {
            output::json(&json!({ "done": done.text }))?;
        }
    }
    Ok(Outcome::Done)
}

fn subject(arguments: &RecordArguments) -> Result<(crate::domain::IntegrationId, crate::domain::Stream), Failure> {
    let (integration, stream) = plans::subject(&arguments.what)?;
    let stream = stream.ok_or_else(|| output::usage("a record belongs to a stream", "write INTEGRATION/STREAM ID"))?;
    Ok((integration, stream))
}

async fn show(arguments: RecordArguments) -> Result<Outcome, Failure> {
    let (integration, stream) = subject(&arguments)?;
    let home = home::open(false).await?;
    home.service.settled().await?;
    let query = Query::Record { integration, stream, record: arguments.id.as_str().into() };
    let view = home.query(query).await;
    home.service.stop().await;
    let View::Record(sheet) = view? else { return Ok(Outcome::Done) };
    if arguments.json {
        output::json(&sheet)?;
    } else {
        print(&sheet)?;
    }
    Ok(Outcome::Done)
}

fn print(sheet: &RecordSheet) -> Result<(), Failure> {
    output::line(&format!("{}/{} {}\t{}", sheet.integration, sheet.stream, sheet.id, sheet.name))?;
    let (first, changed) = (output::clock(Some(sheet.first_seen)), output::clock(Some(sheet.changed)));
    let sync = if sheet.synced { "on" } else { "off" };
    output::line(&format!("  first seen {first}\tlast change {changed}\tsync {sync}"))?;
    if sheet.orphaned.is_some() {
        output::line(&format!("  no longer listed since {}", output::clock(sheet.orphaned)))?;
    }
    if !sheet.left_out.is_empty() {
        output::line(&format!("  left out by the sync settings: {}", sheet.left_out))?;
    }
    for line in &sheet.history {
        output::line(&format!("  {}\t{}\t{}", output::moment(line.at), line.by, line.text))?;
    }
    Ok(())
}

/// Lists rows that could not be read.
///
/// # Errors
/// What keeps the home from opening.
pub async fn bad_rows(what: Option<&str>, json: bool) -> Result<Outcome, Failure> {
    let (integration, stream) = match what.map(plans::subject).transpose()? {
        Some((integration, stream)) => (Some(integration), stream),
        None => (None, None),
    };
    let home = home::open(false).await?;
    home.service.settled().await?;
    let view = home.query(Query::BadRows { integration, stream }).await;
    home.service.stop().await;
    let View::BadRows(rows) = view? else { return Ok(Outcome::Done) };
    if json {
        output::json(&rows)?;
        return Ok(Outcome::Done);
    }
    if rows.is_empty() {
        output::say("every row of the last listings could be read");
    }
    for row in &rows {
        let id = row.id.as_deref().unwrap_or("without id");
        let place = format!("{}/{} {id}\trun {} page {}", row.integration, row.stream, row.run, row.page);
        output::line(&format!("{place}\t{}\n  {}", row.reason, row.raw))?;
    }
    Ok(Outcome::Done)
}
