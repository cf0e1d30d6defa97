//! `why` and `log`.

use super::args::LogArguments;
use super::{Outcome, home, output};
use crate::domain::{Failure, LogEntry, LogLevel, RunId};
use crate::service::messages::{Event, LogFilter, Message, Query, View};

/// Explains records.
///
/// # Errors
/// What keeps the home from opening.
pub async fn why(text: String, json: bool) -> Result<Outcome, Failure> {
    let home = home::open(false).await?;
    home.service.settled().await?;
    let View::Why(records) = home.query(Query::Why { text: text.clone() }).await? else { return Ok(Outcome::Done) };
    home.service.stop().await;
    if json {
        output::json(&records)?;
    } else if records.is_empty() {
        output::say(&format!("nothing stored has “{text}” in its name, id or serial; is its integration synced?"));
    }
    for record in records.iter().filter(|_| !json) {
        output::line(&format!("{} {} {} {}", record.integration, record.stream, record.id, record.name))?;
        for gate in &record.gates {
            let mark = if gate.passed { "✓" } else { "✗" };
            output::line(&format!("  {mark} {:<28} {}", gate.name, gate.text))?;
        }
    }
    Ok(if records.is_empty() { Outcome::Partly } else { Outcome::Done })
}

/// Prints the sync log, and follows it.
///
/// # Errors
/// What keeps the home from opening, an unknown level.
pub async fn log(arguments: LogArguments) -> Result<Outcome, Failure> {
    let level =
        match arguments.level.as_deref() {
            None => None,
            Some(name) => Some(LogLevel::parse(name).ok_or_else(|| {
                output::usage(format!("there is no level “{name}”"), "levels: debug, info, warn, error")
            })?),
        };
    let filter = LogFilter {
        level,
        integration: arguments.integration.as_deref().map(Into::into),
        run: arguments.run.map(RunId),
        text: String::new(),
    };
    let home = home::open(arguments.follow).await?;
    let (_door, mut messages) = home.service.door();
    let query = Query::Log { filter: filter.clone(), before: None, limit: arguments.limit };
    let View::Log(lines) = home.query(query).await? else { return Ok(Outcome::Done) };
    let mut last = 0;
    for line in &lines {
        last = last.max(line.seq);
        print(line, arguments.json)?;
    }
    if arguments.follow {
        let least = level.unwrap_or(LogLevel::Info);
        let wanted = |l: &LogEntry| {
            l.level >= least
                && filter.run.is_none_or(|run| l.run == Some(run))
                && filter.integration.as_ref().is_none_or(|i| l.integration.as_ref() == Some(i))
        };
        while let Some(message) = tokio::select! {
            message = messages.recv() => message,
            _ = tokio::signal::ctrl_c() => None,
        } {
            let Message::Event(Event::Log(lines)) = message else { continue };
            for line in lines.iter().filter(|l| l.seq > last && wanted(l)) {
                print(line, arguments.json)?;
            }
        }
    }
    home.service.stop().await;
    Ok(Outcome::Done)
}

fn print(line: &LogEntry, json: bool) -> Result<(), Failure> {
    if json {
        return output::json(line);
    }
    let name = line.integration.as_ref().map_or("", |i| i.as_str());
    let run = line.run.map(|run| format!("  [run {}]", run.0)).unwrap_or_default();
    let times = if line.count > 1 { format!("  (×{})", line.count) } else { String::new() };
    output::line(&format!(
        "{} {:<5} {name}  {}{times}{run}",
        output::clock(Some(line.at)),
        line.level.name(),
        line.text
    ))
}
