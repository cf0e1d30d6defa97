//! `mapping`: where each field of a connector's records comes from, the person's own file included; of a flow, which
//! fields of its two sides belong together.

use super::{Outcome, output};
use crate::config::{self, FlowConfig, Paths};
use crate::connectors::{self, FieldInfo, FieldPair, StreamFields};
use crate::domain::{Failure, IntegrationId, Stream};
use serde_json::json;

/// Prints the field mapping of a connector, of an integration's connector or of a flow.
///
/// # Errors
/// Usage: there is no such connector or stream, or the person's own mapping file is wrong.
pub fn run(name: &str, stream: Option<&str>, as_json: bool) -> Result<Outcome, Failure> {
    let paths = Paths::discover(None)?;
    let config = config::load(&paths.config)?.config;
    let connector_of = |name: &IntegrationId| {
        config.integration(name).map_or_else(|| name.to_string(), |integration| integration.connector.clone())
    };
    if let Some(flow) = config.flows.iter().find(|flow| flow.name.as_str() == name) {
        let sides = [connector_of(&flow.source), connector_of(&flow.target)];
        return of_flow(&paths, flow, &sides, stream, as_json);
    }
    let connector = connector_of(&name.into());
    let mut all = connectors::field_mappings(&connector, Some(&paths.mappings))?;
    if let Some(wanted) = stream {
        let stream = chosen(&connector, wanted, &all.iter().map(|s| s.stream).collect::<Vec<_>>())?;
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

fn chosen(whose: &str, wanted: &str, known: &[Stream]) -> Result<Stream, Failure> {
    let names: Vec<&str> = known.iter().map(|stream| stream.name()).collect();
    Stream::parse(wanted)
        .filter(|stream| known.contains(stream))
        .ok_or_else(|| output::usage(format!("{whose} has no {wanted}"), format!("streams: {}", names.join(", "))))
}

/// The fields of both sides of a flow, stream by stream.
fn of_flow(
    paths: &Paths,
    flow: &FlowConfig,
    [source, target]: &[String; 2],
    stream: Option<&str>,
    as_json: bool,
) -> Result<Outcome, Failure> {
    let side = |connector: &str| connectors::field_mappings(connector, Some(&paths.mappings));
    let (left, right) = (side(source)?, side(target)?);
    let mut streams = flow.streams.clone();
    if let Some(wanted) = stream {
        let stream = chosen(flow.name.as_str(), wanted, &streams)?;
        streams.retain(|s| *s == stream);
    }
    let of = |fields: &[StreamFields], stream| fields.iter().find(|f| f.stream == stream).cloned();
    let both = |stream| Some((stream, connectors::field_pairs(&of(&left, stream)?, &of(&right, stream)?)));
    let tables: Vec<(Stream, Vec<FieldPair>)> = streams.into_iter().filter_map(both).collect();
    if as_json {
        let rows = |pairs: &[FieldPair]| pairs.iter().map(pair_value).collect::<Vec<_>>();
        let streams: Vec<_> =
            tables.iter().map(|(stream, pairs)| json!({"stream": stream, "fields": rows(pairs)})).collect();
        output::json(&json!({"flow": flow.name, "source": source, "target": target, "streams": streams}))?;
        return Ok(Outcome::Done);
    }
    for (stream, pairs) in &tables {
        output::line(&format!("{stream}: {source} and {target}"))?;
        print_pairs(pairs)?;
    }
    let files = [source, target].map(|name| paths.mappings.join(format!("{name}.toml")).display().to_string());
    output::say(&format!("* from your own mapping file; fields are changed in {} and {}", files[0], files[1]));
    Ok(Outcome::Done)
}

/// What a side calls a field, or where it comes from.
fn shown(info: Option<&FieldInfo>) -> String {
    let text = |info: &FieldInfo| {
        let name = if info.label.is_empty() { &info.from } else { &info.label };
        format!("{}{name}", if info.overridden { "* " } else { "" })
    };
    info.map_or_else(|| "-".to_owned(), text)
}

fn print_pairs(pairs: &[FieldPair]) -> Result<(), Failure> {
    let rows: Vec<_> = pairs
        .iter()
        .filter_map(|pair| {
            let info = pair.source.as_ref().or(pair.target.as_ref())?;
            Some((info.field.clone(), shown(pair.source.as_ref()), shown(pair.target.as_ref())))
        })
        .collect();
    let widest =
        |of: fn(&(String, String, String)) -> &str| rows.iter().map(|r| of(r).chars().count()).max().unwrap_or(0);
    let (field, source) = (widest(|r| &r.0), widest(|r| &r.1));
    for ((name, left, right), pair) in rows.iter().zip(pairs) {
        let notes = [&pair.source, &pair.target].into_iter().flatten().map(|info| info.note.as_str());
        let notes: Vec<&str> = notes.filter(|note| !note.is_empty()).collect();
        let notes = if notes.is_empty() { String::new() } else { format!("  — {}", notes.join("; ")) };
        output::line(&format!("  {name:<field$}  {left:<source$}  {right}{notes}"))?;
    }
    output::line("")
}

fn pair_value(pair: &FieldPair) -> serde_json::Value {
    let field = pair.source.as_ref().or(pair.target.as_ref()).map(|info| info.field.as_str());
    let side = |info: &Option<FieldInfo>| info.as_ref().map(field_value);
    json!({"field": field, "source": side(&pair.source), "target": side(&pair.target)})
}

fn field_value(info: &FieldInfo) -> serde_json::Value {
    let FieldInfo { field, label, from, note, overridden } = info;
    json!({"field": field, "label": label, "from": from, "note": note, "overridden": overridden})
}

fn as_value(fields: &StreamFields) -> serde_json::Value {
    json!({
        "stream": fields.stream,
        "word": fields.word_many,
        "fields": fields.fields.iter().map(field_value).collect::<Vec<_>>(),
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
