//! `init` and `flow`: the configuration file.

use super::args::FlowCommand;
use super::{Outcome, connecting, output};
use crate::config::{self, Editor, Paths};
use crate::domain::{Failure, FailureClass, Stream};
use serde_json::json;
use std::io::Write;

/// Writes the commented configuration.
///
/// # Errors
/// When there is one already, or it cannot be written.
pub fn init() -> Result<Outcome, Failure> {
    let paths = Paths::discover(None)?;
    paths.create()?;
    let path = paths.config.display();
    let opened = std::fs::OpenOptions::new().write(true).create_new(true).open(&paths.config);
    let mut file = opened.map_err(|error| {
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            output::usage(format!("{path} is there already"), "edit it; `init` never overwrites")
        } else {
            Failure::new(FailureClass::Local, format!("cannot write {path}: {error}"), "check the directory's rights")
        }
    })?;
    file.write_all(config::example().as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|e| Failure::new(FailureClass::Local, format!("cannot write {path}: {e}"), "free some space"))?;
    output::say(&format!("wrote {path}"));
    output::say("next: matchbook connect addigy --connector addigy, and matchbook connect itglue --connector itglue");
    Ok(Outcome::Done)
}

/// Adds, lists or removes flows.
///
/// # Errors
/// Unknown integrations or streams, a configuration that cannot be read or written.
pub async fn flow(command: FlowCommand) -> Result<Outcome, Failure> {
    let paths = Paths::discover(None)?;
    match command {
        FlowCommand::Add { source, target, name, streams } => {
            let name = name.unwrap_or_else(|| format!("{source}-{target}"));
            let mut flow = connecting::new_flow(&name, &source, &target, &paths)?;
            if !streams.is_empty() {
                flow.streams = streams.iter().map(|s| stream(s)).collect::<Result<_, _>>()?;
            }
            paths.create()?;
            let mut editor = Editor::open(&paths.config)?;
            editor.set_flow(&flow)?;
            editor.save()?;
            output::say(&format!("flow {name} added; `matchbook sync`, then `matchbook` opens its queue"));
        }
        FlowCommand::List { json: true } => {
            let flows = config::load(&paths.config)?.config.flows()?;
            output::json(&json!({ "flows": flows }))?;
        }
        FlowCommand::List { json: false } => {
            for flow in config::load(&paths.config)?.config.flows()? {
                let streams: Vec<&str> = flow.streams.iter().map(|s| s.name()).collect();
                output::line(&format!("{}\t{} → {}\t{}", flow.id, flow.source, flow.target, streams.join(",")))?;
            }
        }
        FlowCommand::Deactivate { name, yes, json } => return super::import::deactivate(&name, yes, json).await,
        FlowCommand::Remove { name } => {
            let mut editor = Editor::open(&paths.config)?;
            if !editor.remove_flow(&name.as_str().into()) {
                return Err(output::usage(format!("there is no flow “{name}”"), "`matchbook flow list` lists them"));
            }
            editor.save()?;
            output::say(&format!("flow {name} removed from the configuration; its decisions stay in the store"));
        }
    }
    Ok(Outcome::Done)
}

/// The stream of that name.
///
/// # Errors
/// Usage, with the names.
pub fn stream(name: &str) -> Result<Stream, Failure> {
    Stream::parse(name).ok_or_else(|| {
        let names: Vec<&str> = Stream::ALL.iter().map(|s| s.name()).collect();
        output::usage(format!("there is no stream “{name}”"), format!("streams: {}", names.join(", ")))
    })
}
