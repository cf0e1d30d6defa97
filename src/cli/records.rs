//! `why` and `log`.

use super::args::LogArguments;
use super::{Outcome, home, output};
use crate::domain::{Evidence, EvidenceKind, Failure, FlowId, LogEntry, LogLevel, LogPage, RunId, RunState};
use crate::service::messages::{Compare, Event, LogFilter, Message, Query, TargetLabel, View, WhyRecord};
use serde::Serialize;

/// A record's gates, and the targets that were expected for it.
#[derive(Serialize)]
struct Explained {
    #[serde(flatten)]
    record: WhyRecord,
    /// Name of the first gate that is not passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    against: Vec<Against>,
}

/// A record beside an expected target.
#[derive(Serialize)]
struct Against {
    flow: FlowId,
    target: TargetLabel,
    /// Why it is not proposed, then what speaks for and against it.
    evidence: Vec<Evidence>,
    warnings: Vec<String>,
}

/// Explains records, and why a target that was expected is not proposed for them.
///
/// # Errors
/// What keeps the home from opening.
pub async fn why(text: String, against: Option<String>, json: bool) -> Result<Outcome, Failure> {
    let home = home::open(false).await?;
    home.service.settled().await?;
    let View::Why(records) = home.query(Query::Why { text: text.clone() }).await? else { return Ok(Outcome::Done) };
    let mut explained = Vec::with_capacity(records.len());
    for record in records {
        let against = match &against {
            Some(target) => beside(&home, &record, target).await?,
            None => Vec::new(),
        };
        let stopped = record.stopped().map(|gate| gate.name.clone());
        explained.push(Explained { record, stopped, against });
    }
    let unwell = if explained.is_empty() { unwell(&home).await? } else { Vec::new() };
    home.service.stop().await;
    if json {
        output::json(&explained)?;
    } else if explained.is_empty() {
        output::say(&format!("nothing stored has “{text}” in its name, id or serial"));
        for line in &unwell {
            output::say(line);
        }
    }
    for Explained { record, against, .. } in explained.iter().filter(|_| !json) {
        output::line(&format!("{} {} {} {}", record.integration, record.stream, record.id, record.name))?;
        for gate in &record.gates {
            let mark = if gate.passed { "✓" } else { "✗" };
            output::line(&format!("  {mark} {:<28} {}", gate.name, gate.text))?;
        }
        if let Some(gate) = record.stopped() {
            output::line(&format!("  → {} {}", gate.name, gate.text))?;
        }
        for one in against {
            output::line(&format!("  beside {} {} ({})", one.target.id, one.target.name, one.flow))?;
            for evidence in &one.evidence {
                output::line(&format!("    {}", said(evidence)))?;
            }
            for warning in &one.warnings {
                output::line(&format!("    {warning}"))?;
            }
        }
    }
    let nothing = explained.is_empty() || (against.is_some() && explained.iter().all(|e| e.against.is_empty()));
    if nothing && !explained.is_empty() && !json {
        output::say("no target of their flows has that in its name, id or serial");
    }
    Ok(if nothing { Outcome::Partly } else { Outcome::Done })
}

/// The streams whose state may be the reason that a record is not stored, in words.
async fn unwell(home: &home::Home) -> Result<Vec<String>, Failure> {
    let View::Overview(overview) = home.query(Query::Overview).await? else { return Ok(Vec::new()) };
    let mut lines = Vec::new();
    for integration in &overview.integrations {
        let name = &integration.id;
        for stream in &integration.streams {
            let place = format!("  {name} {}", stream.label);
            match (&stream.state, stream.finished) {
                (RunState::Failed { failure }, _) => lines.push(format!("{place}: the last run failed: {failure}")),
                (_, None) => lines.push(format!("{place}: never read to the end; `matchbook sync {name}`")),
                _ => {}
            }
            let scope = home.config.integration(name).map(|integration| &integration.sync);
            if scope.is_some_and(|scope| scope.may_leave_out(stream.stream)) {
                lines.push(format!("{place}: its sync settings leave records out; `matchbook settings {name}`"));
            }
        }
    }
    Ok(lines)
}

/// A piece of evidence with weight and rarity; a guard weighs nothing.
fn said(evidence: &Evidence) -> String {
    let rarity = evidence.rarity.map(|(n, of)| format!(" ({n} of {of})")).unwrap_or_default();
    if evidence.kind == EvidenceKind::Guard && evidence.bits == 0.0 {
        return format!("{:13}{}", "", evidence.note);
    }
    format!("{:+6.1} bits  {}{rarity}", evidence.bits, evidence.note)
}

/// The record beside the target that fits the text best, in each flow whose source it is of.
async fn beside(home: &home::Home, record: &WhyRecord, target: &str) -> Result<Vec<Against>, Failure> {
    let View::Overview(overview) = home.query(Query::Overview).await? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for flow in overview.flows.iter().filter(|flow| flow.source_id == record.integration) {
        let (flow, stream, source) = (flow.id.clone(), record.stream, record.id.clone());
        let pattern = target.to_owned();
        let pick = Query::PickTarget { flow: flow.clone(), stream, source: source.clone(), pattern, limit: 1 };
        let View::Targets(targets) = home.query(pick).await? else { continue };
        let Some(first) = targets.rows.first() else { continue };
        let query = Query::Compare { flow: flow.clone(), stream, source, target: Some(first.target.id.clone()) };
        let View::Compare(compare) = home.query(query).await? else { continue };
        let Compare { against, evidence, warnings, .. } = *compare;
        found.extend(against.map(|target| Against { flow, target, evidence, warnings }));
    }
    Ok(found)
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
    let query = Query::Log { filter: filter.clone(), page: LogPage::Newest, limit: arguments.limit };
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
    output::line(&format!("{} {:<5} {name}  {}{times}{run}", output::moment(line.at), line.level.name(), line.text))
}
