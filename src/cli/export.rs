//! `export`: everything that a person decided, as JSON Lines that another program can read. The form is described in
//! the README; ids are the vendors' own, so that a later matchbook or another tool can take it over.

use super::{Outcome, output};
use crate::config::{self, Config, Paths};
use crate::domain::{Decision, DecisionKind, Failure, FailureClass, FlowId, IntegrationId, RecordId, Stream, text};
use crate::store::Store;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Version of the form.
const VERSION: u32 = 1;

/// Entries of the history read at once.
const WINDOW: usize = 500;

/// Writes the export.
///
/// # Errors
/// A store that is in use, a directory that cannot be written. A file is written whole or not at all.
pub fn run(directory: &Path) -> Result<Outcome, Failure> {
    let paths = Paths::discover(None)?;
    let config = config::load(&paths.config)?.config;
    if !paths.store.exists() {
        let what = format!("there is no store at {}", paths.store.display());
        return Err(output::usage(what, "there is nothing to export yet"));
    }
    let store = Store::open(&paths.store)?;
    fs::create_dir_all(directory).map_err(|e| refused(directory, &e))?;
    let counts = [
        ("decisions.jsonl", write(directory, "decisions.jsonl", |out| decisions(&store, &config, out))?),
        ("history.jsonl", write(directory, "history.jsonl", |out| history(&store, out))?),
        ("rules.jsonl", write(directory, "rules.jsonl", |out| rules(&store, out))?),
        ("settings.jsonl", write(directory, "settings.jsonl", |out| settings(&store, &config, &paths, out))?),
    ];
    let made = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
    let lines: serde_json::Map<String, Value> = counts.iter().map(|(n, c)| ((*n).to_owned(), json!(c))).collect();
    // Last: an export without it is not whole.
    write(directory, "manifest.json", |out| {
        out.put(&json!({
            "form": "matchbook export", "version": VERSION, "made": made,
            "matchbook": env!("CARGO_PKG_VERSION"), "home": config.home_name, "lines": lines,
        }))
    })?;
    for (name, count) in counts {
        output::say(&format!("{name}: {count}"));
    }
    Ok(Outcome::Done)
}

/// A file that counts its lines.
struct Lines {
    file: BufWriter<File>,
    path: PathBuf,
    count: u64,
}

impl Lines {
    fn put(&mut self, value: &Value) -> Result<(), Failure> {
        self.count += 1;
        writeln!(self.file, "{}", clean(value.clone())).map_err(|e| refused(&self.path, &e))
    }
}

/// Writes a file beside its place and renames it; returns its lines.
fn write(directory: &Path, name: &str, fill: impl FnOnce(&mut Lines) -> Result<(), Failure>) -> Result<u64, Failure> {
    let (path, unfinished) = (directory.join(name), directory.join(format!(".{name}.new")));
    let file = File::create(&unfinished).map_err(|e| refused(&unfinished, &e))?;
    let mut out = Lines { file: BufWriter::new(file), path: path.clone(), count: 0 };
    let filled = fill(&mut out);
    let finished = filled.and_then(|()| {
        let written = out.file.flush().and_then(|()| out.file.get_ref().sync_all());
        written.and_then(|()| fs::rename(&unfinished, &path)).map_err(|e| refused(&path, &e))
    });
    if finished.is_err() {
        // The failure says what happened; half a file would be taken for a whole one.
        let _ = fs::remove_file(&unfinished);
    }
    finished.map(|()| out.count)
}

fn decisions(store: &Store, config: &Config, out: &mut Lines) -> Result<(), Failure> {
    for flow in store.flows() {
        let sides = config.flows.iter().find(|f| f.name == flow).map(|f| (&f.source, &f.target));
        for stream in Stream::ALL {
            let mut found = Vec::new();
            store.each_decision(&flow, stream, &mut |id, decision| found.push((id, decision)))?;
            for (id, decision) in found {
                out.put(&decision_line(store, &flow, sides, stream, &id, &decision)?)?;
            }
        }
    }
    Ok(())
}

fn decision_line(
    store: &Store,
    flow: &FlowId,
    sides: Option<(&IntegrationId, &IntegrationId)>,
    stream: Stream,
    source: &RecordId,
    decision: &Decision,
) -> Result<Value, Failure> {
    let record = |integration: Option<&IntegrationId>, id: &RecordId| -> Result<Value, Failure> {
        let stored = match integration {
            Some(integration) => store.record(integration, stream, id)?,
            None => None,
        };
        Ok(json!({ "integration": integration, "id": id, "name": stored.map(|s| s.record.name().to_owned()) }))
    };
    let target = match &decision.kind {
        DecisionKind::Matched { target } => record(sides.map(|s| s.1), target)?,
        _ => Value::Null,
    };
    let kind = match &decision.kind {
        DecisionKind::Matched { .. } => "matched",
        DecisionKind::Ignored => "ignored",
        DecisionKind::Deferred => "deferred",
        DecisionKind::Held => "held",
    };
    Ok(json!({
        "flow": flow, "stream": stream, "source": record(sides.map(|s| s.0), source)?, "target": target,
        "decision": kind, "actor": decision.actor, "why": decision.why,
        "at": decision.at.format(&Rfc3339).unwrap_or_default(),
    }))
}

/// Oldest first, with every change, so that replaying it gives the decisions.
fn history(store: &Store, out: &mut Lines) -> Result<(), Failure> {
    let mut ids = Vec::new();
    let mut before = None;
    loop {
        let entries = store.history(before, WINDOW)?;
        let Some(last) = entries.last() else { break };
        before = Some(last.id);
        ids.extend(entries.iter().map(|entry| entry.id));
    }
    for id in ids.into_iter().rev() {
        if let Some(entry) = store.history_entry(id)? {
            out.put(&as_json(&entry)?)?;
        }
    }
    Ok(())
}

fn rules(store: &Store, out: &mut Lines) -> Result<(), Failure> {
    store.rules()?.iter().try_for_each(|rule| out.put(&as_json(rule)?))
}

fn settings(store: &Store, config: &Config, paths: &Paths, out: &mut Lines) -> Result<(), Failure> {
    let (paused, paused_flows) = (store.paused()?, store.paused_flows()?);
    for integration in &config.integrations {
        let (name, settings) = (&integration.name, as_json(integration)?);
        let paused = integration.paused || paused.contains(name);
        out.put(&json!({ "kind": "integration", "name": name, "paused": paused, "settings": settings }))?;
    }
    for flow in &config.flows {
        let paused = paused_flows.contains(&flow.name);
        out.put(&json!({ "kind": "flow", "name": flow.name, "paused": paused, "settings": as_json(flow)? }))?;
    }
    if let Ok(text) = fs::read_to_string(paths.config.with_file_name("junk.toml"))
        && let Ok(junk) = text.parse::<toml::Table>()
    {
        out.put(&json!({ "kind": "junk", "settings": as_json(&junk)? }))?;
    }
    Ok(())
}

fn as_json(value: &impl serde::Serialize) -> Result<Value, Failure> {
    serde_json::to_value(value)
        .map_err(|e| Failure::new(FailureClass::Ours, format!("cannot write JSON: {e}"), "report it"))
}

/// Every text without what a terminal or a spreadsheet's importer would obey.
fn clean(value: Value) -> Value {
    match value {
        Value::String(written) => Value::String(text::clean(&written).into_owned()),
        Value::Array(values) => values.into_iter().map(clean).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, clean(value))).collect(),
        other => other,
    }
}

fn refused(path: &Path, error: &std::io::Error) -> Failure {
    let remedy = match error.kind() {
        std::io::ErrorKind::StorageFull => "free some disk space and export again",
        _ => "name a directory that you can write to",
    };
    Failure::new(FailureClass::Local, format!("cannot write {}: {error}", path.display()), remedy)
}
