//! `import`, `auto-sync`, `follow` and `flow deactivate`: flows into the inventory.

use super::args::{AutoSyncArguments, FollowAction, FollowArguments, ImportIntoArguments};
use super::decisions::carry_out;
use super::{Outcome, home, output, setup};
use crate::config::{self, Editor, Paths};
use crate::domain::{
    Actor, DecisionKind, Failure, FlowId, HistoryEntry, HistoryId, RowChange, RuleChange, Stream, Timestamp, text,
};
use crate::service::messages::{
    Command, Given, ImportPlan, ImportRow, ImportRows, InventoryCommand, InventoryQuery, Query, Selection, View,
};
use crate::store::Store;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Rows asked for at once.
const WINDOW: u32 = 500;

/// Imports, or says what an import would do.
///
/// # Errors
/// What keeps the home from opening, an unknown flow, rows that cannot be imported.
pub async fn import(arguments: ImportIntoArguments) -> Result<Outcome, Failure> {
    let stream = setup::stream(&arguments.stream)?;
    let flow: FlowId = arguments.flow.as_str().into();
    let ids = |ids: &[String]| ids.iter().map(|id| id.as_str().into()).collect();
    let rows = if !arguments.types.is_empty() {
        ImportRows::OfTypes(ids(&arguments.types))
    } else if arguments.all {
        ImportRows::All
    } else {
        ImportRows::Selected(Selection::Rows(ids(&arguments.source_ids)))
    };
    let home = home::open(false).await?;
    home.service.settled().await?;
    let result = if arguments.dry_run {
        let query = |offset| InventoryQuery::Plan {
            flow: flow.clone(),
            stream,
            rows: rows.clone(),
            anyway: arguments.anyway,
            offset,
            limit: WINDOW,
        };
        plan(&home, &query, arguments.json).await
    } else {
        let given = Given { name: arguments.name.clone(), domain: arguments.domain.clone() };
        let command = InventoryCommand::Import { flow, stream, rows, anyway: arguments.anyway, given };
        let asked = Some(arguments.source_ids.len() as u64).filter(|asked| *asked > 0);
        carry_out(&home, Command::Inventory(command), arguments.json, asked).await
    };
    home.service.stop().await;
    result
}

async fn plan(home: &home::Home, query: &dyn Fn(u64) -> InventoryQuery, json: bool) -> Result<Outcome, Failure> {
    let mut offset = 0;
    loop {
        let View::ImportPlan(plan) = home.query(Query::Inventory(query(offset))).await? else {
            return Ok(Outcome::Done);
        };
        for row in &plan.rows {
            if json {
                output::json(row)?;
            } else {
                print(row)?;
            }
        }
        offset += plan.rows.len() as u64;
        if plan.rows.is_empty() || offset >= plan.total {
            say(&plan);
            return Ok(Outcome::Done);
        }
    }
}

fn print(row: &ImportRow) -> Result<(), Failure> {
    let becomes = match &row.target {
        Some(target) if row.known => format!("matched with {target}"),
        Some(target) => format!("new {target}"),
        None => format!("left: {}", row.reason),
    };
    output::line(&format!("{}\t{}\t{becomes}\t{}\t{}", row.id, row.name, row.company, row.kind))
}

fn say(plan: &ImportPlan) {
    output::say(&plan.what);
    for (reason, count) in &plan.blocked {
        output::say(&format!("  {count} left as they are: {reason}"));
    }
}

/// Turns auto-sync of types on or off.
///
/// # Errors
/// As [`import`].
pub async fn auto_sync(arguments: AutoSyncArguments) -> Result<Outcome, Failure> {
    let home = home::open(false).await?;
    home.service.settled().await?;
    let types: Vec<_> = arguments.types.iter().map(|id| id.as_str().into()).collect();
    let command = InventoryCommand::AutoSync { flow: arguments.flow.as_str().into(), types, on: !arguments.off };
    let result = carry_out(&home, Command::Inventory(command), arguments.json, None).await;
    home.service.stop().await;
    result
}

/// Pauses, resumes or refreshes companies.
///
/// # Errors
/// As [`import`].
pub async fn follow(arguments: FollowArguments) -> Result<Outcome, Failure> {
    let home = home::open(false).await?;
    home.service.settled().await?;
    let flow: FlowId = arguments.flow.as_str().into();
    let ids = arguments.source_ids.iter().map(|id| id.as_str().into()).collect();
    let command = match arguments.action {
        FollowAction::Pause => InventoryCommand::PauseRows { flow, rows: Selection::Rows(ids), on: true },
        FollowAction::Resume => InventoryCommand::PauseRows { flow, rows: Selection::Rows(ids), on: false },
        FollowAction::Refresh => InventoryCommand::RefreshRows { flow, rows: Selection::Rows(ids) },
    };
    let result = carry_out(&home, Command::Inventory(command), arguments.json, None).await;
    home.service.stop().await;
    result
}

/// What giving up a flow takes away.
pub struct Loss {
    /// Mappings by stream.
    pub mappings: Vec<(Stream, u64)>,
    /// Rules of it.
    pub rules: usize,
    /// Where the store was copied to before.
    pub backup: Option<PathBuf>,
}

/// Gives up a flow, or says what would be lost.
///
/// # Errors
/// An unknown flow, a store that is in use, a backup that cannot be made: nothing is changed then.
pub async fn deactivate(name: &str, yes: bool, json: bool) -> Result<Outcome, Failure> {
    let (paths, flow) = (Paths::discover(None)?, FlowId::from(name));
    let done = tokio::task::spawn_blocking(move || give_up(&paths, &flow, yes)).await;
    let loss = done.map_err(|_| output::usage("giving the flow up broke off", "try it again"))??;
    let mappings: Vec<_> = loss.mappings.iter().map(|(stream, count)| (stream.name(), *count)).collect();
    if json {
        let backup = loss.backup.as_ref().map(|path| path.display().to_string());
        output::json(
            &json!({ "flow": name, "done": yes, "mappings": mappings, "rules": loss.rules, "backup": backup }),
        )?;
        return Ok(Outcome::Done);
    }
    let lost = if yes { "given up" } else { "would be lost" };
    for (stream, count) in loss.mappings {
        let mapped = text::counted(count, stream.one(), &stream.name().replace('-', " "));
        output::say(&format!("{mapped} mapped: {lost}"));
    }
    if loss.rules > 0 {
        output::say(&format!("{}: {lost}", text::counted(loss.rules as u64, "rule", "rules")));
    }
    output::say("what was imported stays in the inventory");
    match loss.backup {
        Some(backup) => output::say(&format!(
            "flow {name} is deactivated; `matchbook restore {}` and `matchbook flow add` bring everything back",
            backup.display()
        )),
        None => output::say("nothing is done yet: add --yes"),
    }
    Ok(Outcome::Done)
}

/// Makes a backup, takes every decision and rule of the flow away as entries of the history, and takes the flow out of
/// the configuration. Without `yes` only counts. The store must not be open.
///
/// # Errors
/// As [`deactivate`].
pub fn give_up(paths: &Paths, flow: &FlowId, yes: bool) -> Result<Loss, Failure> {
    let config = config::load(&paths.config)?.config;
    let known = config.flows()?.into_iter().find(|known| known.id == *flow);
    let known =
        known.ok_or_else(|| output::usage(format!("there is no flow “{flow}”"), "`matchbook flow list` lists them"))?;
    let store = Store::open(&paths.store)?;
    let mut loss = Loss { mappings: Vec::new(), rules: 0, backup: None };
    let rules: Vec<_> = store.rules()?.into_iter().filter(|rule| rule.flow == *flow).collect();
    loss.rules = rules.len();
    for stream in &known.streams {
        loss.mappings.push((*stream, store.decision_counts(flow, *stream)?.matched));
    }
    if !yes {
        return Ok(loss);
    }
    loss.backup = Some(backup(&store, paths, &format!("before-deactivating-{flow}"))?);
    let mut rules = Some(rules);
    for stream in known.streams {
        let mut changes = Vec::new();
        store.each_decision(flow, stream, &mut |source, decision| {
            changes.push(RowChange { source, before: Some(decision), after: None });
        })?;
        let matched =
            |change: &&RowChange| matches!(change.before.as_ref().map(|d| &d.kind), Some(DecisionKind::Matched { .. }));
        let rows = changes.iter().filter(matched).count();
        let removed = rules.take().unwrap_or_default().into_iter().map(RuleChange::removes).collect();
        store.decide(HistoryEntry {
            id: HistoryId(0),
            at: Timestamp::now_utc(),
            actor: Actor::Person(home::actor()),
            flow: flow.clone(),
            stream,
            what: format!("deactivated the flow {flow}: {rows} mappings of {stream} given up"),
            changes,
            rules: removed,
            records: Vec::new(),
            rows: 0,
            undoes: None,
            undone_by: None,
        })?;
    }
    let mut editor = Editor::open(&paths.config)?;
    editor.remove_flow(flow);
    editor.save()?;
    Ok(loss)
}

/// Makes a backup named after what comes next (`before-deactivating-x`) and the moment.
///
/// # Errors
/// When it cannot be written.
pub fn backup(store: &Store, paths: &Paths, name: &str) -> Result<PathBuf, Failure> {
    let at = Timestamp::now_utc();
    let day = format!("{}-{:02}{:02}{:02}", at.date(), at.hour(), at.minute(), at.second());
    let to: &Path = &paths.backups;
    let file = to.join(format!("{name}-{day}.matchbook"));
    store.backup(&file)?;
    Ok(file)
}
