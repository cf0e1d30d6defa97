//! Plans and the outbox for a person to read.

use super::super::messages::{OutboxView, PlanRow, PlanView, WriteView};
use super::planning::{Plan, Proposal};
use crate::domain::{Actor, FieldWrite, Interface, OutboxEntry, PlannedWrite, WriteKind, WriteState, text};
use std::collections::BTreeMap;

/// A plan as a view with at most so many rows: those that need a look come first.
pub fn plan(plan: Plan, limit: usize) -> PlanView {
    let writes = plan.rows.iter().filter(|row| row.left.is_empty() && row.write.is_some()).count() as u64;
    let mut left: BTreeMap<String, u64> = BTreeMap::new();
    for row in plan.rows.iter().filter(|row| !row.left.is_empty()) {
        *left.entry(row.left.clone()).or_default() += 1;
    }
    let creates = plan.rows.iter().filter_map(|row| row.write.as_ref()).any(PlannedWrite::is_create);
    let verb = if creates { "makes" } else { "changes" };
    let what = format!("{verb} {writes} of {} on {}", plan.rows.len(), plan.vendor);
    let mut rows = plan.rows;
    rows.sort_by_key(|row| if row.near.is_empty() { 1 + u8::from(row.left.is_empty()) } else { 0 });
    let rows = rows.into_iter().take(limit).map(row).collect();
    PlanView { what, writes, left: left.into_iter().collect(), warnings: plan.warnings, rows }
}

fn row(proposal: Proposal) -> PlanRow {
    let Proposal { source, stream, name, write, notes, near, left } = proposal;
    let written = write.as_ref();
    PlanRow {
        source,
        stream,
        name: text::clean(&name).into_owned(),
        target: written.and_then(target),
        fields: written.map(fields).unwrap_or_default(),
        interfaces: written.map(|write| interfaces(&write.interfaces)).unwrap_or_default(),
        notes: notes.iter().map(|note| text::clean(note).into_owned()).collect(),
        near,
        left: text::clean(&left).into_owned(),
    }
}

fn target(write: &PlannedWrite) -> Option<crate::domain::RecordId> {
    match &write.kind {
        WriteKind::Update { target } => Some(target.clone()),
        WriteKind::Create => None,
    }
}

fn fields(write: &PlannedWrite) -> Vec<FieldWrite> {
    let clean = |value: &str| text::clean(value).into_owned();
    let field = |f: &FieldWrite| FieldWrite { field: f.field, old: f.old.as_deref().map(clean), new: clean(&f.new) };
    write.fields.iter().map(field).collect()
}

fn interfaces(interfaces: &[Interface]) -> Vec<String> {
    let told = |i: &Interface| {
        let parts = [i.name.as_str(), i.mac.as_deref().unwrap_or_default(), i.ip.as_deref().unwrap_or_default()];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        text::clean(&parts.join(" ")).into_owned()
    };
    interfaces.iter().map(told).collect()
}

/// The outbox as a view.
pub fn outbox(entries: Vec<OutboxEntry>, (planned, moving): (u64, u64), stopped: Vec<String>) -> OutboxView {
    OutboxView { writes: entries.into_iter().map(entry).collect(), planned, moving, stopped }
}

fn entry(entry: OutboxEntry) -> WriteView {
    let (made, why, said) = match &entry.state {
        WriteState::Confirmed { target } => (Some(target.clone()), String::new(), String::new()),
        WriteState::Refused { reason, said } => (None, reason.clone(), said.clone()),
        WriteState::Withdrawn { why } | WriteState::Unconfirmed { why } => (None, why.clone(), String::new()),
        _ => (None, String::new(), String::new()),
    };
    let who = match &entry.actor {
        Actor::Person(name) | Actor::QuickMatch(name) => name.clone(),
        Actor::Engine => "matchbook".into(),
    };
    let row = PlanRow {
        source: entry.write.source.clone(),
        stream: entry.write.stream,
        name: text::clean(&entry.write.name).into_owned(),
        target: target(&entry.write),
        fields: fields(&entry.write),
        interfaces: interfaces(&entry.write.interfaces),
        notes: Vec::new(),
        near: Vec::new(),
        left: String::new(),
    };
    WriteView {
        id: entry.id,
        flow: entry.write.flow,
        row,
        state: entry.state.name().to_owned(),
        made,
        why: text::clean(&why).into_owned(),
        said: text::clean(&said).into_owned(),
        who: text::clean(&who).into_owned(),
        changed: entry.changed,
    }
}
