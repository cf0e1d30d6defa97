//! The gates of one record, in the order in which they keep it from a match.

use super::Known;
use crate::domain::{
    DecisionKind, IntegrationId, JunkList, MatchState, RecordId, Rule, RuleKind, RunState, Serial, Stream,
    StreamProgress, text,
};
use crate::matching::alias::comparable;
use crate::service::compare::{sides_of, who};
use crate::service::messages::{Gate, WhyRecord};
use crate::service::rows::{FlowState, Row};
use crate::service::tables::{IntegrationTables, Standing};
use crate::service::views::{self, Sides};
use crate::service::world::World;
use crate::service::{decide, staging};
use crate::sync::Task;

/// Refusals named at most.
const REFUSALS: usize = 3;

pub(super) fn gate(name: &str, passed: bool, text: impl AsRef<str>) -> Gate {
    Gate { name: name.into(), passed, text: text::clean(text.as_ref()).into_owned() }
}

/// The gates of a source record in a flow; the first that is not passed keeps it from being matched.
pub(super) fn explain(
    world: &World,
    state: &FlowState,
    known: &Known<'_>,
    stream: Stream,
    at: usize,
) -> Option<WhyRecord> {
    let (flow, sides) = (&state.flow, sides_of(world, &state.flow));
    let id = views::id_at(sides.source, stream, at)?.clone();
    let mut gates = super::stored(&flow.source, sides.source, known, stream, at);
    gates.extend(goes_on(state, known, stream, &id));
    if !flow.streams.contains(&stream) {
        let text = format!("no: the flow {} does not match {stream}; add them to its streams", flow.id);
        gates.push(gate("matched in the flow?", false, text));
    } else if let Some(row) = state.queue(stream).and_then(|queue| queue.rows.get(at)) {
        match stream {
            Stream::Companies => gates.extend(company_gates(state, sides, &id)),
            _ => gates.extend(inside_gates(state, sides, &world.junk, stream, at)),
        }
        gates.push(target_synced(state, known.states, stream));
        gates.extend(refused(state, known, stream, &id, &name(sides.source, stream, at), row));
        gates.push(matched(state, sides, stream, row));
        if flow.is_import() && row.matched().is_none() {
            let way = staging::item(state, sides, stream, at, false).err();
            let text = way.map_or_else(|| "yes; nothing has imported it yet".into(), |way| format!("no: {way}"));
            gates.push(gate("can be imported?", way.is_none(), text));
        }
    }
    Some(WhyRecord { integration: flow.source.clone(), stream, name: name(sides.source, stream, at), id, gates })
}

/// Whether the vendor still has it.
pub(super) fn listed(standing: Standing) -> Gate {
    let orphaned = standing == Standing::Orphaned;
    let text = if orphaned { "no: a complete listing no longer had it (orphaned)" } else { "yes" };
    gate("still listed by the vendor?", !orphaned, text)
}

/// Pairs of the record that somebody refused: these are not proposed again.
fn refused(state: &FlowState, known: &Known<'_>, stream: Stream, id: &RecordId, name: &str, row: &Row) -> Option<Gate> {
    let flow = &state.flow.id;
    let speaks_of = |rule: &&Rule| {
        let here = rule.flow == *flow && rule.source == *id;
        let everywhere = rule.everywhere && comparable(&rule.left) == comparable(name);
        rule.kind == RuleKind::Refusal && rule.stream == stream && (here || everywhere)
    };
    let rules: Vec<&Rule> = known.rules.of(Some(flow)).filter(speaks_of).collect();
    if rules.is_empty() {
        return None;
    }
    let words = rules.iter().take(REFUSALS).map(|r| format!("“{}” by {} on {}", r.right, who(&r.actor), r.at.date()));
    let more = rules.len().saturating_sub(REFUSALS);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let refused = format!("{}{more}", words.collect::<Vec<_>>().join(", "));
    // What is matched, or has another proposal, is not kept back by them.
    let passed = row.matched().is_some() || row.best.is_some();
    let text = if passed {
        format!("yes; refused: {refused}")
    } else {
        format!("no: refused: {refused} (`matchbook alias list`)")
    };
    Some(gate("none refused?", passed, text))
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
    if stream == Stream::Companies && state.paused.contains(id) {
        gates.push(gate("it follows its source?", false, "no: a person paused it; nothing of it follows for now"));
    }
    if off {
        let text = "no: a person switched its sync off; it stays as it was then";
        gates.push(gate("its sync is on?", false, text));
    }
    gates
}

pub(super) fn within_settings(tables: &IntegrationTables, stream: Stream, id: &RecordId) -> Gate {
    let why = tables.register.why(stream, id);
    let text = why.as_ref().map_or_else(|| "yes".to_owned(), |why| format!("no, left out: {why}"));
    gate("within the sync settings?", why.is_none(), text)
}

pub(super) fn name(tables: &IntegrationTables, stream: Stream, at: usize) -> String {
    tables.facts_at(stream, at).map(|facts| text::clean(facts.name()).into_owned()).unwrap_or_default()
}

pub(super) fn synced(integration: &IntegrationId, states: &[StreamProgress], stream: Stream) -> Gate {
    let known = states.iter().find(|s| s.integration == *integration && s.stream == stream);
    let text = known.and_then(|s| s.finished).map_or_else(
        || "stored; its stream was never read to the end".to_owned(),
        |at| format!("yes, last complete listing {}", at.date()),
    );
    let state = known.map(|s| &s.state);
    // Another stream may have met it first, and this one's run was called off.
    let refused_key = states.iter().filter(|s| s.integration == *integration).find_map(|s| s.state.refused_key());
    match (refused_key, state) {
        (Some(failure), _) | (None, Some(RunState::Failed { failure })) => {
            gate("synced?", false, format!("{text}; the last run failed: {failure}"))
        }
        (None, Some(RunState::Asks { .. })) => {
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
                (n, _) => decide::counted(Stream::Devices, u64::from(n)),
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
        gates.extend(type_gate(state, sides, at));
        gates.push(serial_gate(facts.serial(), junk));
    }
    if let Some((key, whole)) = facts.key() {
        let text = if whole { facts.name().to_owned() } else { format!("no: its {key} is not whole") };
        gates.push(gate(&format!("has a {key}?"), whole, text));
    }
    gates
}

/// Of a device in a flow that maps types.
fn type_gate(state: &FlowState, sides: Sides<'_>, at: usize) -> Option<Gate> {
    if !state.flow.streams.contains(&Stream::DeviceTypes) {
        return None;
    }
    let Some((kind, row)) = state.type_row(sides.source, at) else {
        return Some(gate("type mapped?", false, "no: the vendor names no type"));
    };
    let name = sides.source.types.all().get(kind).map_or("", |kind| &*kind.name);
    Some(match row.decision.as_deref().map(|d| (&d.kind, d)) {
        Some((DecisionKind::Matched { target }, _)) => {
            let target = sides.target.types.get(target).map_or("a type that is gone", |kind| &*kind.name);
            gate("type mapped?", true, format!("{name} → {target}"))
        }
        Some((DecisionKind::Ignored, d)) => {
            let text = format!("no: the type {name} is ignored, by {} on {}", who(&d.actor), d.at.date());
            gate("type not ignored?", false, text)
        }
        _ => gate("type mapped?", false, format!("no: the type {name} has no mapping yet")),
    })
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
            format!("yes, to {} by {} on {}: {}", label(target), who(&d.actor), d.at.date(), d.why),
        ),
        Some((DecisionKind::Ignored, d)) => {
            gate("matched?", false, format!("ignored by {} on {}", who(&d.actor), d.at.date()))
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
