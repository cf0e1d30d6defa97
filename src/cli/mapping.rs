//! `mapping`: where each field of a connector's records comes from, the person's own file included.

use super::{Outcome, output};
use crate::config::{self, Paths};
use crate::connectors::{self, FieldInfo, StreamFields};
use crate::domain::{Failure, Stream};
use serde_json::json;

/// Prints the field mapping of a connector or of an integration's connector.
///
/// # Errors
/// Usage: there is no such connector or stream, or the person's own mapping file is wrong.
pub fn run(name: &str, stream: Option<&str>, as_json: bool) -> Result<Outcome, Failure> {
    let paths = Paths::discover(None)?;
    let integration = config::load(&paths.config)?.config.integration(&name.into()).cloned();
    let connector = integration.map_or_else(|| name.to_owned(), |integration| integration.connector);
    let own = paths.mappings.is_dir().then_some(paths.mappings.as_path());
    let mut all = connectors::field_mappings(&connector, own)?;
    if let Some(wanted) = stream {
        let known: Vec<&str> = all.iter().map(|s| s.stream.name()).collect();
        let no_stream =
            || output::usage(format!("{connector} has no {wanted}"), format!("streams: {}", known.join(", ")));
        let stream = Stream::parse(wanted).filter(|s| known.contains(&s.name())).ok_or_else(no_stream)?;
        all.retain(|fields| fields.stream == stream);
    }
    if as_json {
        let streams: Vec<_> = all.iter().map(as_value).collect();
        output::json(&json!({ "connector": connector, "streams": streams }))?;
        return Ok(Outcome::Done);
    }
    for fields in &all {
        print(fields)?;
    }
    let place = paths.mappings.join(format!("{connector}.toml"));
    output::say(&format!("a field is changed in {}: [streams.STREAM.fields] FIELD = \"…\"", place.display()));
    Ok(Outcome::Done)
}

fn as_value(fields: &StreamFields) -> serde_json::Value {
    let field = |f: &FieldInfo| json!({"field": f.field, "from": f.from, "note": f.note, "overridden": f.overridden});
    json!({
        "stream": fields.stream,
        "word": fields.word_many,
        "fields": fields.fields.iter().map(field).collect::<Vec<_>>(),
    })
}

fn print(fields: &StreamFields) -> Result<(), Failure> {
    output::line(&format!("{} ({})", fields.stream, fields.word_many))?;
    let widest = fields.fields.iter().map(|f| f.field.len()).max().unwrap_or(0);
    for field in &fields.fields {
        let mark = if field.overridden { '*' } else { ' ' };
        let note = if field.note.is_empty() { String::new() } else { format!("  — {}", field.note) };
        output::line(&format!("{mark} {:<widest$}  {}{note}", field.field, field.from))?;
    }
    if fields.fields.iter().any(|field| field.overridden) {
        output::line("* from your own mapping file")?;
    }
    output::line("")
}
