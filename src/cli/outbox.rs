//! `plan`, `apply`, `outbox`, and `decide create`.

use super::args::{ApplyArguments, DecideArguments, OutboxArguments, PlanArguments};
use super::home::Home;
use super::{Outcome, home, output, setup};
use crate::domain::{Failure, FlowId, RecordId, Stream, WriteId, text};
use crate::service::messages::{
    Command, Done, Filter, OutboxView, PlanRow, PlanView, Query, Reply, Request, Selection, Sort, View, ViewSpec,
    WriteCommand, WriteQuery, WriteView,
};
use std::collections::{BTreeMap, BTreeSet};

/// Rows of a dry run that are shown.
const SHOWN: u32 = 100_000;

/// Writes asked for at once.
const PAGE: u32 = 1_000;

/// Makes records of rows, or says what it would do.
///
/// # Errors
/// What keeps the home from opening, unknown rows.
pub async fn create(arguments: DecideArguments) -> Result<Outcome, Failure> {
    let stream = setup::stream(&arguments.stream)?;
    let flow: FlowId = arguments.flow.as_str().into();
    let rows = Selection::Rows(arguments.source_ids.iter().map(|id| RecordId::from(id.as_str())).collect());
    let anyway = arguments.anyway;
    let home = home::open(false).await?;
    home.service.settled().await?;
    let result = if arguments.dry_run {
        let query = WriteQuery::Create { flow, stream, rows, anyway, limit: SHOWN };
        home.query(Query::Writes(query)).await.and_then(|view| print_plan(view, arguments.json))
    } else {
        let command = WriteCommand::Create { flow: flow.clone(), stream, rows, anyway, hold: false };
        send(&home, command, Some(flow), arguments.json).await
    };
    home.service.stop().await;
    result
}

/// Plans what is missing and what differs.
///
/// # Errors
/// What keeps the home from opening, an unknown flow, a vendor that does not answer.
pub async fn plan(arguments: PlanArguments) -> Result<Outcome, Failure> {
    let flow: FlowId = arguments.flow.as_str().into();
    let mut commands = Vec::new();
    for what in &arguments.what {
        commands.push(match what.as_str() {
            "updates" => WriteCommand::Update { flow: flow.clone(), hold: true },
            name => {
                let stream = setup::stream(name)?;
                let rows = Selection::Shown { view: Box::new(open_rows(&flow, stream)), except: Vec::new() };
                WriteCommand::Create { flow: flow.clone(), stream, rows, anyway: arguments.anyway, hold: true }
            }
        });
    }
    let home = home::open(false).await?;
    home.service.settled().await?;
    let result = plan_all(&home, commands, &flow, arguments.json).await;
    home.service.stop().await;
    result
}

/// Rows that may have no counterpart; those inside a company that is planned too are not open yet.
fn open_rows(flow: &FlowId, stream: Stream) -> ViewSpec {
    let state = crate::domain::MatchState::Unmatched;
    let (find, sort) = (String::new(), Sort::default());
    ViewSpec { flow: flow.clone(), stream, filter: Filter::State(state), find, sort, company: None, alike: None }
}

async fn plan_all(home: &Home, commands: Vec<WriteCommand>, flow: &FlowId, json: bool) -> Result<Outcome, Failure> {
    let (mut skipped, mut warnings) = (Vec::new(), Vec::new());
    for command in commands {
        let done = ask(home, command).await?;
        skipped.extend(done.skipped);
        warnings.extend(done.warnings);
        home.service.settled().await?;
    }
    let view = writes(home, Some(flow.clone()), true, u64::MAX, None).await?;
    if json {
        let left = serde_json::json!({"planned": view.writes, "left": skipped, "warnings": warnings});
        output::json(&left)?;
    } else {
        for write in &view.writes {
            print_write(write)?;
        }
        for warning in warnings {
            output::say(&format!("  ! {warning}"));
        }
        for (reason, count) in skipped {
            output::say(&format!("  {count} left as they are: {reason}"));
        }
        output::say(&match view.planned {
            0 => "nothing is planned".to_owned(),
            n => format!("{n} planned: {}; `matchbook apply {flow}` sends them", by_kind(&view.writes)),
        });
    }
    Ok(Outcome::Done)
}

/// `1 company, 6 devices to make; 141 devices to change` of what is planned.
fn by_kind(writes: &[WriteView]) -> String {
    let mut counts: BTreeMap<(bool, Stream), u64> = BTreeMap::new();
    for write in writes.iter().filter(|write| write.state == "planned") {
        *counts.entry((write.row.target.is_some(), write.row.stream)).or_default() += 1;
    }
    let of = |change: bool, verb: &str| {
        let kinds = counts.iter().filter(|((is_change, _), _)| *is_change == change);
        let kinds: Vec<String> =
            kinds.map(|((_, s), n)| text::counted(*n, s.one(), &s.name().replace('-', " "))).collect();
        (!kinds.is_empty()).then(|| format!("{} {verb}", kinds.join(", ")))
    };
    [of(false, "to make"), of(true, "to change")].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// Sends what was planned.
///
/// # Errors
/// What keeps the home from opening; where the world moved since the plan.
pub async fn apply(arguments: ApplyArguments) -> Result<Outcome, Failure> {
    let flow = arguments.flow.as_deref().map(FlowId::from);
    let ids = arguments.only.iter().map(|id| WriteId(*id)).collect();
    let home = home::open(false).await?;
    home.service.settled().await?;
    let result = send(&home, WriteCommand::Apply { ids, flow: flow.clone() }, flow, arguments.json).await;
    home.service.stop().await;
    result
}

/// Lists writes, or takes some back.
///
/// # Errors
/// What keeps the home from opening.
pub async fn list(arguments: OutboxArguments) -> Result<Outcome, Failure> {
    let home = home::open(false).await?;
    home.service.settled().await?;
    let result = listed(&home, arguments).await;
    home.service.stop().await;
    result
}

async fn listed(home: &Home, arguments: OutboxArguments) -> Result<Outcome, Failure> {
    if !arguments.withdraw.is_empty() {
        let ids = arguments.withdraw.iter().map(|id| WriteId(*id)).collect();
        let done = ask(home, WriteCommand::Withdraw { ids }).await?;
        output::say(&format!("{} taken back", done.rows));
        let all = done.rows == arguments.withdraw.len() as u64;
        return Ok(if all { Outcome::Done } else { Outcome::Partly });
    }
    let flow = arguments.flow.as_deref().map(FlowId::from);
    let most = if arguments.all { u64::MAX } else { arguments.limit };
    let view = writes(home, flow, arguments.open, most, None).await?;
    if arguments.json {
        output::json(&view)?;
    } else {
        for write in &view.writes {
            print_write(write)?;
        }
        if view.planned + view.moving > 0 {
            let next = "`matchbook apply` sends what is planned and goes on with what was cut";
            output::say(&format!("{} planned, {} on their way; {next}", view.planned, view.moving));
        }
    }
    Ok(Outcome::Done)
}

/// Carries out a command that sends, waits for the vendor, and says what became of it.
async fn send(home: &Home, command: WriteCommand, flow: Option<FlowId>, json: bool) -> Result<Outcome, Failure> {
    let newest = writes(home, None, false, 1, None).await?.writes.first().map(|write| write.id);
    let open = writes(home, flow.clone(), true, u64::MAX, None).await?.writes;
    let open: BTreeSet<WriteId> = open.iter().map(|write| write.id).collect();
    let done = ask(home, command).await?;
    home.service.settled().await?;
    let oldest = open.first().copied().or(newest);
    let view = writes(home, flow, false, u64::MAX, oldest).await?;
    let sent = |write: &WriteView| Some(write.id) > newest || (write.state != "planned" && open.contains(&write.id));
    let (stopped, writes) = (view.stopped, view.writes);
    let writes: Vec<WriteView> = writes.into_iter().filter(|write| sent(write)).collect();
    let confirmed = writes.iter().filter(|write| write.state == "confirmed").count() as u64;
    if json {
        let told = serde_json::json!({
            "sent": done.rows, "left": done.skipped, "warnings": done.warnings, "stopped": stopped, "writes": writes,
        });
        output::json(&told)?;
    } else {
        for write in &writes {
            print_write(write)?;
        }
        for (reason, count) in &done.skipped {
            output::say(&format!("  {count} left as they are: {reason}"));
        }
        for why in &stopped {
            output::say(&format!("  ! {why}"));
        }
        output::say(&format!("{}; {confirmed} confirmed", done.text));
    }
    let all = done.skipped.is_empty() && writes.iter().all(|write| write.state == "confirmed");
    Ok(if all { Outcome::Done } else { Outcome::Partly })
}

async fn ask(home: &Home, command: WriteCommand) -> Result<Done, Failure> {
    match home.service.ask(Request::Command(Command::Writes(command))).await? {
        Reply::Done(done) => Ok(done),
        Reply::View(_) | Reply::Failed(_) => Ok(Done::default()),
    }
}

/// Writes, newest first, down to one of them, however many they are.
async fn writes(
    home: &Home,
    flow: Option<FlowId>,
    live: bool,
    most: u64,
    down_to: Option<WriteId>,
) -> Result<OutboxView, Failure> {
    let mut all: Vec<WriteView> = Vec::new();
    loop {
        let left = most.saturating_sub(all.len() as u64).min(PAGE.into());
        let limit = u32::try_from(left).unwrap_or(PAGE);
        let before = all.last().map(|write| write.id);
        let query = WriteQuery::Outbox { flow: flow.clone(), live, before, limit };
        let View::Outbox(mut view) = home.query(Query::Writes(query)).await? else {
            return Ok(OutboxView::default());
        };
        let part = std::mem::take(&mut view.writes);
        let enough = part.len() < PAGE as usize || part.last().is_some_and(|write| Some(write.id) <= down_to);
        all.extend(part.into_iter().filter(|write| Some(write.id) >= down_to));
        if enough || all.len() as u64 >= most {
            return Ok(OutboxView { writes: all, ..*view });
        }
    }
}

fn print_plan(view: View, json: bool) -> Result<Outcome, Failure> {
    let View::Plan(plan) = view else { return Ok(Outcome::Done) };
    if json {
        output::json(&plan)?;
        return Ok(Outcome::Done);
    }
    let PlanView { what, warnings, rows, left, .. } = *plan;
    output::line(&what)?;
    for warning in warnings {
        output::line(&format!("  ! {warning}"))?;
    }
    for row in &rows {
        print_row(&row.source.to_string(), row)?;
    }
    for (reason, count) in left {
        output::line(&format!("  {count} left as they are: {reason}"))?;
    }
    Ok(Outcome::Done)
}

fn print_row(head: &str, row: &PlanRow) -> Result<(), Failure> {
    let target = row.target.as_ref().map_or_else(|| "new".to_owned(), ToString::to_string);
    output::line(&format!("{head}\t{}\t{}\t{target}\t{}", row.stream.one(), row.name, row.left))?;
    for field in &row.fields {
        let old = field.old.as_ref().map(|old| format!("{old} → ")).unwrap_or_default();
        output::line(&format!("  {}\t{old}{}", field.field.word(), field.new.replace('\n', " ")))?;
    }
    for interface in &row.interfaces {
        output::line(&format!("  interface\t{interface}"))?;
    }
    for note in &row.notes {
        output::line(&format!("  ! {note}"))?;
    }
    for near in &row.near {
        let away = if near.away { ", archived or gone" } else { "" };
        output::line(&format!("  ? {} {} {} ({}{away})", near.id, near.name, near.company, near.why))?;
    }
    Ok(())
}

fn print_write(write: &WriteView) -> Result<(), Failure> {
    let said = if write.said.is_empty() { String::new() } else { format!(": “{}”", write.said) };
    let made = write.made.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
    print_row(&format!("{}\t{}{made}\t{}{said}", write.id.0, write.state, write.why), &write.row)
}
