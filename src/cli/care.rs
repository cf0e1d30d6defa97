//! `store`: verify, compact, stats.

use super::args::StoreCommand;
use super::{Outcome, output};
use crate::config::{self, Paths};
use crate::domain::{Failure, FailureClass, IntegrationId, Stream};
use crate::store::{OrphansDeleted, RebuildReport, Store, free_space};
use serde_json::json;
use std::path::PathBuf;

/// Makes a backup, then deletes the orphans of a stream that are not matched. The store must not be open.
///
/// # Errors
/// A store that is in use, a backup that cannot be made: nothing is deleted then.
pub fn delete_orphans(
    paths: &Paths,
    integration: &IntegrationId,
    stream: Stream,
) -> Result<(OrphansDeleted, PathBuf), Failure> {
    let flows = config::load(&paths.config)?.config.flows()?;
    let store = Store::open(&paths.store)?;
    let backup = super::import::backup(&store, paths, &format!("before-deleting-orphans-{integration}"))?;
    Ok((store.delete_orphans(integration, stream, &flows)?, backup))
}

/// Runs it.
///
/// # Errors
/// The store's: in use, damaged, no room.
pub fn run(command: StoreCommand) -> Result<Outcome, Failure> {
    let paths = Paths::discover(None)?;
    if !paths.store.exists() {
        let what = format!("there is no store at {}", paths.store.display());
        return Err(output::usage(what, "`matchbook sync` makes one"));
    }
    match command {
        StoreCommand::Verify { json } => verify(&paths, json),
        StoreCommand::Stats { json } => stats(&paths, json),
        StoreCommand::Compact { json } => {
            let report = Store::compact(&paths.store)?;
            say(&report);
            if json {
                let RebuildReport { values, live, before, after } = report;
                output::json(&json!({ "values": values, "live_bytes": live, "before": before, "after": after }))?;
            }
            Ok(Outcome::Done)
        }
    }
}

/// Rebuilds a store that takes more than twice its room. Only where nobody waits at a terminal; a store that cannot be
/// rebuilt now is still a good store.
pub fn compact_if_due(paths: &Paths) {
    if !Store::wants_compaction(&paths.store) {
        return;
    }
    match Store::compact(&paths.store) {
        Ok(report) => say(&report),
        Err(failure) => output::say(&format!("the store was not rebuilt: {failure}")),
    }
}

fn say(report: &RebuildReport) {
    if report.after == report.before {
        output::say(&format!(
            "nothing to give back: {} values take {} on disk, and would not take less",
            report.values,
            size(report.before)
        ));
        return;
    }
    output::say(&format!(
        "rebuilt the store: {} values, {} on disk before, {} now",
        report.values,
        size(report.before),
        size(report.after)
    ));
}

fn verify(paths: &Paths, json: bool) -> Result<Outcome, Failure> {
    let report = Store::open(&paths.store)?.verify()?;
    if json {
        output::json(&json!({
            "values": report.values, "bytes": report.bytes, "faults": report.faults, "named": report.named,
        }))?;
    }
    for fault in &report.named {
        output::say(fault);
    }
    if report.faults == 0 {
        output::say(&format!("{} values read, all good", report.values));
        return Ok(Outcome::Done);
    }
    Err(Failure::new(
        FailureClass::Local,
        format!("{} of {} values are not as they should be", report.faults, report.values),
        format!("restore a backup from {}, or move the store away and sync again", paths.backups.display()),
    ))
}

fn stats(paths: &Paths, json: bool) -> Result<Outcome, Failure> {
    let stats = Store::open(&paths.store)?.stats()?;
    let free = free_space(&paths.store);
    if json {
        let tables: Vec<_> = stats
            .tables
            .iter()
            .map(|(name, values, bytes)| json!({ "name": name, "values": values, "bytes": bytes }))
            .collect();
        output::json(&json!({
            "format": stats.format, "disk_bytes": stats.disk, "live_bytes": stats.live, "free_bytes": free,
            "compaction_due": Store::wants_compaction(&paths.store), "tables": tables,
        }))?;
        return Ok(Outcome::Done);
    }
    output::line(&format!("on disk\t{}", size(stats.disk)))?;
    output::line(&format!("values\t{}", size(stats.live)))?;
    if let Some(free) = free {
        output::line(&format!("free on the disk\t{}", size(free)))?;
    }
    for (name, values, bytes) in &stats.tables {
        output::line(&format!("  {name}\t{values} values\t{}", size(*bytes)))?;
    }
    if Store::wants_compaction(&paths.store) {
        output::say("it takes more than twice the room that it needs; `matchbook store compact` gives it back");
    }
    Ok(Outcome::Done)
}

/// `12.3 MB`, `53.6 GB`.
#[expect(clippy::cast_precision_loss, reason = "a size for display")]
pub fn size(bytes: u64) -> String {
    let megabytes = bytes as f64 / f64::from(1 << 20);
    if megabytes < 1024.0 { format!("{megabytes:.1} MB") } else { format!("{:.1} GB", megabytes / 1024.0) }
}
