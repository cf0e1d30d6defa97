//! Every gate a record passes on its way to a match, and the first that it fails.

use super::compare::sides_of;
use super::messages::{Gate, WhyRecord};
use super::rows::{FlowState, Row};
use super::search::Needle;
use super::tables::{IntegrationTables, Standing};
use super::views::{self, Sides};
use super::world::World;
use crate::domain::{
    DecisionKind, FlowId, IntegrationId, JunkList, MatchState, RecordId, RunState, Serial, Stream, StreamProgress, text,
};
use crate::sync::Task;
use std::collections::{BTreeMap, BTreeSet};

/// Records explained at most.
const LIMIT: usize = 20;

/// What is known of syncs.
pub struct Known<'a> {
    /// Where each stream stands.
    pub states: &'a [StreamProgress],
    /// Paused integrations.
    pub paused: &'a BTreeSet<IntegrationId>,
    /// Paused flows.
    pub paused_flows: &'a BTreeSet<FlowId>,
    /// Records whose sync is switched off.
    pub off: &'a BTreeMap<Task, BTreeSet<RecordId>>,
}

/// Explains every record whose name, id or serial contains the text, in the flows' sources.
pub fn why(world: &World, flows: &[FlowState], known: &Known<'_>, text: &str) -> Vec<WhyRecord> {
    let needle = Needle::new(text);
    let mut records = Vec::new();
    if needle.is_empty() {
        return records;
    }
    for state in flows {
        let sides = sides_of(world, &state.flow);
        for (stream, at) in hits(sides.source, &needle) {
            if records.len() == LIMIT {
                return records;
            }
            records.extend(explain(world, state, known, stream, at));
        }
    }
    if records.is_empty() {
        records.extend(targets_only(world, flows, &needle));
    }
    records
}

fn hits(tables: &IntegrationTables, needle: &Needle) -> Vec<(Stream, usize)> {
    let rows = |stream| (0..tables.count(stream)).map(move |at| (stream, at));
    let fits = |&(stream, at): &(Stream, usize)| {
        tables.facts_at(stream, at).is_some_and(|facts| facts.holds(&|text| needle.is_in(text)))
    };
    Stream::MATCHED.into_iter().flat_map(rows).filter(fits).take(LIMIT).collect()
}

fn gate(name: &str, passed: bool, text: impl AsRef<str>) -> Gate {
    Gate { name: name.into(), passed, text: text::clean(text.as_ref()).into_owned() }
}

fn explain(world: &World, state: &FlowState, known: &Known<'_>, stream: Stream, at: usize) -> Option<WhyRecord> {
    let states = known.states;
    let sides = sides_of(world, &state.flow);
    let row = state.queue(stream)?.rows.get(at)?;
    let id = views::id_at(sides.source, stream, at)?.clone();
    let mut gates = vec![synced(&state.flow.source, states, stream)];
    let orphaned = row.standing == Standing::Orphaned;
    gates.push(gate(
        "still listed by the vendor?",
        !orphaned,
        if orphaned { "no: a complete listing no longer had it (orphaned)" } else { "yes" },
    ));
    gates.push(within_settings(sides.source, stream, &id));
    gates.extend(goes_on(state, known, stream, &id));
    match stream {
        Stream::Companies => gates.extend(company_gates(state, sides, &id)),
        _ => gates.extend(inside_gates(state, sides, &world.junk, stream, at)),
    }
    gates.push(target_synced(state, states, stream));
    gates.push(matched(state, sides, stream, row));
    Some(WhyRecord { integration: state.flow.source.clone(), stream, name: name(sides.source, stream, at), id, gates })
}

/// Whether syncs and the engine still work on it.
fn goes_on(state: &FlowState, known: &Known<'_>, stream: Stream, id: &RecordId) -> Vec<Gate> {
    let flow = &state.flow;
    let paused: Vec<&str> = [&flow.source, &flow.target]
        .into_iter()
        .filter(|id| known.paused.contains(*id))
        .map(IntegrationId::as_str)
        .collect();
    let text = match (paused.as_slice(), known.paused_flows.contains(&flow.id)) {
        ([], false) => "yes".to_owned(),
        ([], true) => format!("no: the flow {} is paused; nothing is decided in it by itself", flow.id),
        (names, _) => format!("no: {} is paused", names.join(" and ")),
    };
    let task = Task { integration: flow.source.clone(), stream };
    let off = known.off.get(&task).is_some_and(|off| off.contains(id));
    let mut gates = vec![gate("not paused?", text == "yes", text)];
    if off {
        let text = "no: a person switched its sync off; it stays as it was then";
        gates.push(gate("its sync is on?", false, text));
    }
    gates
}

fn within_settings(tables: &IntegrationTables, stream: Stream, id: &RecordId) -> Gate {
    let why = tables.register.why(stream, id);
    let text = why.as_ref().map_or_else(|| "yes".to_owned(), |why| format!("no, left out: {why}"));
    gate("within the sync settings?", why.is_none(), text)
}

fn name(tables: &IntegrationTables, stream: Stream, at: usize) -> String {
    tables.facts_at(stream, at).map(|facts| text::clean(facts.name()).into_owned()).unwrap_or_default()
}

fn synced(integration: &IntegrationId, states: &[StreamProgress], stream: Stream) -> Gate {
    let known = states.iter().find(|s| s.integration == *integration && s.stream == stream);
    let text = known.and_then(|s| s.finished).map_or_else(
        || "stored; its stream was never read to the end".to_owned(),
        |at| format!("yes, last complete listing {}", at.date()),
    );
    match known.map(|s| &s.state) {
        Some(RunState::Failed { failure }) => gate("synced?", false, format!("{text}; the last run failed: {failure}")),
        Some(RunState::Asks { .. }) => {
            gate("synced?", false, format!("{text}; the last run waits for a person (cards)"))
        }
        _ => gate("synced?", true, text),
    }
}

fn target_synced(state: &FlowState, states: &[StreamProgress], stream: Stream) -> Gate {
    let target = &state.flow.target;
    let done = states.iter().any(|s| s.integration == *target && s.stream == stream && s.finished.is_some());
    let text = if done {
        format!("yes, {target} was read to the end")
    } else {
        format!("no: {target} {stream} were never read to the end; sync it")
    };
    gate("target synced?", done, text)
}

fn company_gates(state: &FlowState, sides: Sides<'_>, id: &RecordId) -> Vec<Gate> {
    let listed = sides.source.is_listed(id);
    let root = sides.source.root_of(id);
    let devices = sides.source.extra.get(id).map_or(0, |e| e.devices);
    let needs = state.flow.needs_devices;
    vec![
        gate(
            "first level?",
            listed,
            if listed {
                "yes".into()
            } else {
                format!("no: rolls up to {}", views::company_name(sides.source, Some(&root)))
            },
        ),
        gate(
            "has devices?",
            !needs || devices > 0 || !listed,
            match (devices, needs) {
                (0, true) => "no: a company without devices is not listed (needs_devices of the flow)".to_owned(),
                (0, false) => "none, and the flow does not ask for any".to_owned(),
                (n, _) => super::decide::counted(Stream::Devices, u64::from(n)),
            },
        ),
    ]
}

fn inside_gates(state: &FlowState, sides: Sides<'_>, junk: &JunkList, stream: Stream, at: usize) -> Vec<Gate> {
    let place = views::company_name(sides.source, sides.source.company_of(stream, at));
    let row = state.company_row(sides.source, stream, at);
    let company_gate = match row.map(|r| (r.state(), r.matched())) {
        None => gate("in a company?", false, "no: its company is not known; the key may not see it"),
        Some((MatchState::Matched, Some(target))) => {
            gate("company matched?", true, format!("{place} → {}", views::company_name(sides.target, Some(target))))
        }
        Some((MatchState::Ignored, _)) => gate("company matched?", false, format!("no: {place} is ignored")),
        Some(_) => gate("company matched?", false, format!("no: {place} has no match yet; decide it first")),
    };
    let mut gates = vec![company_gate];
    let Some(facts) = sides.source.facts_at(stream, at) else { return gates };
    if stream == Stream::Devices {
        gates.push(serial_gate(facts.serial(), junk));
    }
    if let Some((key, whole)) = facts.key() {
        let text = if whole { facts.name().to_owned() } else { format!("no: its {key} is not whole") };
        gates.push(gate(&format!("has a {key}?"), whole, text));
    }
    gates
}

fn serial_gate(serial: Option<&str>, junk: &JunkList) -> Gate {
    match serial {
        None | Some("") => gate("serial identifies?", false, "no serial; MAC and name can only suggest"),
        Some(written) => match Serial::parse(written).map(|s| junk.serial_reason(&s)) {
            Some(None) => gate("serial identifies?", true, written),
            Some(Some(reason)) => gate("serial identifies?", false, format!("{written}: {reason}")),
            None => gate("serial identifies?", false, format!("{written}: cannot be read")),
        },
    }
}

fn matched(state: &FlowState, sides: Sides<'_>, stream: Stream, row: &Row) -> Gate {
    let label = |id: &RecordId| views::target_label(state, sides, stream, id, true).name;
    match row.decision.as_deref().map(|d| (&d.kind, d)) {
        Some((DecisionKind::Matched { target }, d)) => gate(
            "matched?",
            true,
            format!("yes, to {} by {} on {}: {}", label(target), super::compare::who(&d.actor), d.at.date(), d.why),
        ),
        Some((DecisionKind::Ignored, d)) => {
            gate("matched?", false, format!("ignored by {} on {}", super::compare::who(&d.actor), d.at.date()))
        }
        _ => match (&row.best, row.state()) {
            (Some((target, confidence)), state) => gate(
                "matched?",
                false,
                format!("{}: {} at {} % ({})", state.name(), label(target), confidence.percent(), row.why),
            ),
            (None, state) => gate("matched?", false, format!("{}: {}", state.name(), row.why)),
        },
    }
}

fn targets_only(world: &World, flows: &[FlowState], needle: &Needle) -> Vec<WhyRecord> {
    let mut records = Vec::new();
    for state in flows {
        let sides = sides_of(world, &state.flow);
        for (stream, at) in hits(sides.target, needle) {
            let Some(id) = views::id_at(sides.target, stream, at) else { continue };
            let takers = state.queue(stream).and_then(|q| q.taken.get(id)).copied().unwrap_or(0);
            let text = if takers > 0 {
                format!("{takers} record(s) are matched to it")
            } else {
                "no record of the source is matched to it".into()
            };
            records.push(WhyRecord {
                integration: state.flow.target.clone(),
                stream,
                id: id.clone(),
                name: name(sides.target, stream, at),
                gates: vec![
                    gate("is a source?", false, "no: it is on the target's side"),
                    within_settings(sides.target, stream, id),
                    gate("has a match?", takers > 0, text),
                ],
            });
        }
    }
    records
}
