//! `decide`, `quick-match`, `history`, `undo`.

use super::args::{Action, AliasCommand, DecideArguments, QuickMatchArguments};
use super::{Outcome, home, output, setup};
use crate::domain::{Actor, Confidence, Failure, FlowId, HistoryId, RecordId, RuleId};
use crate::service::messages::{Command, DecideAction, Done, Preview, Query, Reply, Request, Selection, View};

/// Decides rows.
///
/// # Errors
/// What keeps the home from opening, unknown rows, a refused decision.
pub async fn decide(arguments: DecideArguments) -> Result<Outcome, Failure> {
    if matches!(arguments.action, Action::Create) {
        return super::outbox::create(arguments).await;
    }
    let stream = setup::stream(&arguments.stream)?;
    let action = action(&arguments)?;
    let rows = Selection::Rows(arguments.source_ids.iter().map(|id| RecordId::from(id.as_str())).collect());
    let flow = arguments.flow.as_str().into();
    let home = home::open(false).await?;
    home.service.settled().await?;
    let result = if arguments.dry_run {
        preview(&home, Query::Preview { flow, stream, action, rows }, arguments.json).await
    } else {
        let command = Command::Decide { flow, stream, action, rows };
        let asked = arguments.source_ids.len() as u64;
        carry_out(&home, command, arguments.json, Some(asked)).await
    };
    home.service.stop().await;
    result
}

fn action(arguments: &DecideArguments) -> Result<DecideAction, Failure> {
    let action = match (arguments.action, &arguments.target) {
        (Action::Match, Some(target)) => DecideAction::Match { target: target.as_str().into() },
        (Action::Match, None) => {
            return Err(output::usage("match needs --target ID", "`matchbook queue` lists target ids"));
        }
        (_, Some(_)) => return Err(output::usage("--target is only for match", "leave it out")),
        (Action::Accept, None) => DecideAction::Accept,
        (Action::Ignore, None) => DecideAction::Ignore,
        (Action::Unmatch, None) => DecideAction::Unmatch,
        (Action::Defer, None) => DecideAction::Defer,
        (Action::Create, None) => return Err(output::usage("create is not a decision", "report it")),
    };
    Ok(action)
}

/// Accepts every suggestion at or above the threshold.
///
/// # Errors
/// As [`decide`].
pub async fn quick_match(arguments: QuickMatchArguments) -> Result<Outcome, Failure> {
    if !(0.0..=1.0).contains(&arguments.threshold) {
        return Err(output::usage("the threshold is a confidence from 0 to 1", "0.95 accepts what is 95 % sure"));
    }
    let stream = setup::stream(&arguments.stream)?;
    let threshold = Confidence::new(arguments.threshold);
    let flow = arguments.flow.as_str().into();
    let home = home::open(false).await?;
    home.service.settled().await?;
    let result = if arguments.dry_run {
        preview(&home, Query::PreviewQuickMatch { flow, stream, threshold }, arguments.json).await
    } else {
        carry_out(&home, Command::QuickMatch { flow, stream, threshold }, arguments.json, None).await
    };
    home.service.stop().await;
    result
}

/// Takes back an entry.
///
/// # Errors
/// As [`decide`].
pub async fn undo(entry: Option<u64>, dry_run: bool, json: bool) -> Result<Outcome, Failure> {
    let entry = entry.map(HistoryId);
    let home = home::open(false).await?;
    home.service.settled().await?;
    let result = if dry_run {
        preview(&home, Query::PreviewUndo { entry }, json).await
    } else {
        carry_out(&home, Command::Undo { entry }, json, None).await
    };
    home.service.stop().await;
    result
}

/// Lists decisions, newest first.
///
/// # Errors
/// What keeps the home from opening.
pub async fn history(json: bool, limit: u32) -> Result<Outcome, Failure> {
    let home = home::open(false).await?;
    let View::History(entries) = home.query(Query::History { before: None, limit }).await? else {
        return Ok(Outcome::Done);
    };
    if json {
        output::json(&entries)?;
    } else {
        for entry in &entries {
            let who = match &entry.actor {
                Actor::Person(name) | Actor::QuickMatch(name) => name.as_str(),
                Actor::Engine => "matchbook",
            };
            let undone = entry.undone_by.map_or_else(String::new, |by| format!("\ttaken back by {}", by.0));
            let at = output::clock(Some(entry.at));
            output::line(&format!("{}\t{at}\t{who}\t{}\t{}{undone}", entry.id.0, entry.flow, entry.what))?;
        }
    }
    home.service.stop().await;
    Ok(Outcome::Done)
}

/// Lists and changes the rules that decisions left.
///
/// # Errors
/// What keeps the home from opening, a rule that is not there.
pub async fn alias(command: AliasCommand) -> Result<Outcome, Failure> {
    let home = home::open(false).await?;
    let result = match command {
        AliasCommand::List { flow, json } => {
            let flow = flow.as_deref().map(FlowId::from);
            home.query(Query::Rules { flow }).await.and_then(|view| print_rules(view, json))
        }
        AliasCommand::Remove { rule, json } => {
            carry_out(&home, Command::RemoveRule { rule: RuleId(rule) }, json, None).await
        }
        AliasCommand::Apply { rule, everywhere, json, .. } => {
            carry_out(&home, Command::ScopeRule { rule: RuleId(rule), everywhere }, json, None).await
        }
    };
    home.service.stop().await;
    result
}

fn print_rules(view: View, json: bool) -> Result<Outcome, Failure> {
    let View::Rules(rules) = view else { return Ok(Outcome::Done) };
    if json {
        output::json(&rules)?;
    } else {
        for rule in &rules {
            let place = if rule.everywhere { "everywhere" } else { rule.flow.as_str() };
            let (at, id) = (output::clock(Some(rule.at)), rule.id.0);
            output::line(&format!("{id}\t{at}\t{}\t{place}\t{}\t{}", rule.who, rule.stream, rule.text))?;
        }
    }
    Ok(Outcome::Done)
}

async fn preview(home: &home::Home, query: Query, json: bool) -> Result<Outcome, Failure> {
    let View::Preview(preview) = home.query(query).await? else { return Ok(Outcome::Done) };
    if json {
        output::json(&preview)?;
    } else {
        print_preview(&preview)?;
    }
    Ok(Outcome::Done)
}

fn print_preview(preview: &Preview) -> Result<(), Failure> {
    output::line(&preview.what)?;
    for (kind, count) in &preview.counts {
        output::line(&format!("  {count} {kind}"))?;
    }
    for warning in &preview.warnings {
        output::line(&format!("  ! {warning}"))?;
    }
    if !preview.learns.is_empty() {
        output::line(&format!("  {}", preview.learns))?;
    }
    for row in &preview.sample {
        let sure = row.confidence.map_or_else(String::new, |c| format!("{} %", c.percent()));
        output::line(&format!("  {}\t→ {}\t{sure}\t{}", row.source, row.target, row.why))?;
    }
    Ok(())
}

/// Carries out a command; with `asked` rows, fewer changed is "done in part".
pub async fn carry_out(
    home: &home::Home,
    command: Command,
    json: bool,
    asked: Option<u64>,
) -> Result<Outcome, Failure> {
    let Reply::Done(done) = home.service.ask(Request::Command(command)).await? else { return Ok(Outcome::Done) };
    if json {
        output::json(&done)?;
    } else {
        say_done(&done);
    }
    // Devices that this opened may be matched by the engine: that is durable too before the command ends.
    home.service.settled().await?;
    Ok(if asked.is_some_and(|asked| done.rows < asked) { Outcome::Partly } else { Outcome::Done })
}

fn say_done(done: &Done) {
    let entry = done
        .history
        .map_or_else(String::new, |id| format!(" (history entry {}; `matchbook undo {0}` takes it back)", id.0));
    output::say(&format!("{}{entry}", done.text));
    for (reason, count) in &done.skipped {
        output::say(&format!("  {count} left as they are: {reason}"));
    }
}
