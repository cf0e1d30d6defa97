//! Every gate a record passes on its way to a match, and the first that it fails.

mod gates;

use super::compare::sides_of;
use super::messages::WhyRecord;
use super::rows::FlowState;
use super::rules::RuleBook;
use super::search::Needle;
use super::tables::{IntegrationTables, Standing};
use super::views;
use super::world::World;
use crate::domain::{Failure, FlowId, IntegrationId, Record, RecordId, Stream, StreamProgress, text};
use crate::store::Store;
use crate::sync::Task;
use gates::{gate, listed, name, synced, within_settings};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// Records explained at most.
const LIMIT: usize = 20;

/// What is known of syncs and decisions.
pub struct Known<'a> {
    /// Where each stream stands.
    pub states: &'a [StreamProgress],
    /// Paused integrations.
    pub paused: &'a BTreeSet<IntegrationId>,
    /// Paused flows.
    pub paused_flows: &'a BTreeSet<FlowId>,
    /// Records whose sync is switched off.
    pub off: &'a BTreeMap<Task, BTreeSet<RecordId>>,
    /// What decisions taught.
    pub rules: &'a RuleBook,
}

/// Explains every record whose name, id or serial contains the text: those of the flows' sources first; where there is
/// none, those of their targets.
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
            records.extend(gates::explain(world, state, known, stream, at));
        }
    }
    if records.is_empty() {
        records.extend(targets_only(world, flows, known, &needle));
    }
    records.truncate(LIMIT);
    records
}

/// What the tables do not have: records of integrations without a flow, and rows that could not be read.
#[derive(Debug)]
pub struct Beyond {
    /// Every integration.
    pub integrations: Vec<IntegrationId>,
    /// Those that are on a side of a flow.
    pub in_flows: BTreeSet<IntegrationId>,
    /// Where each stream stands.
    pub states: Vec<StreamProgress>,
}

impl Beyond {
    /// Reads the store for what has that text.
    ///
    /// # Errors
    /// The store's.
    pub fn read(&self, store: &Store, text: &str) -> Result<Vec<WhyRecord>, Failure> {
        let needle = Needle::new(text);
        let mut records = Vec::new();
        if needle.is_empty() {
            return Ok(records);
        }
        for integration in &self.integrations {
            for stream in Stream::ALL {
                self.unread(store, integration, stream, &needle, &mut records)?;
                if !self.in_flows.contains(integration) && Stream::MATCHED.contains(&stream) {
                    self.without_flow(store, integration, stream, &needle, &mut records)?;
                }
            }
        }
        records.truncate(LIMIT);
        Ok(records)
    }

    fn unread(
        &self,
        store: &Store,
        integration: &IntegrationId,
        stream: Stream,
        needle: &Needle,
        records: &mut Vec<WhyRecord>,
    ) -> Result<(), Failure> {
        for row in store.bad_rows(integration, stream)? {
            let id = row.id.as_deref().unwrap_or("without-id");
            if !(needle.is_in(&row.raw) || needle.is_in(id)) {
                continue;
            }
            let reason = format!("no, left out: {}; `matchbook bad-rows {integration}/{stream}` shows it", row.reason);
            let gates = vec![
                synced(integration, &self.states, stream),
                gate("listed by the vendor?", true, format!("yes, in run {} on page {}", row.run.0, row.page)),
                gate("could be read?", false, reason),
            ];
            records.push(WhyRecord {
                integration: integration.clone(),
                stream,
                id: id.into(),
                name: String::new(),
                gates,
            });
        }
        Ok(())
    }

    fn without_flow(
        &self,
        store: &Store,
        integration: &IntegrationId,
        stream: Stream,
        needle: &Needle,
        records: &mut Vec<WhyRecord>,
    ) -> Result<(), Failure> {
        store.each_record(integration, stream, &mut |stored| {
            let (id, name) = (stored.record.id(), stored.record.name());
            let serial = match &stored.record {
                Record::Device(device) => device.serial.as_deref().unwrap_or_default(),
                _ => "",
            };
            if [id.as_str(), name, serial].iter().any(|text| needle.is_in(text)) {
                let standing = if stored.orphaned.is_some() { Standing::Orphaned } else { Standing::Live };
                let add = format!("no: no flow has {integration}; `matchbook flow add {integration} TARGET` makes one");
                let gates =
                    vec![synced(integration, &self.states, stream), listed(standing), gate("in a flow?", false, add)];
                let name = text::clean(name).into_owned();
                records.push(WhyRecord { integration: integration.clone(), stream, id, name, gates });
            }
            if records.len() < LIMIT { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
    }
}

fn hits(tables: &IntegrationTables, needle: &Needle) -> Vec<(Stream, usize)> {
    let rows = |stream| (0..tables.count(stream)).map(move |at| (stream, at));
    let fits = |&(stream, at): &(Stream, usize)| {
        tables.facts_at(stream, at).is_some_and(|facts| facts.holds(&|text| needle.is_in(text)))
    };
    Stream::MATCHED.into_iter().flat_map(rows).filter(fits).take(LIMIT).collect()
}

/// Records on the target's side.
fn targets_only(world: &World, flows: &[FlowState], known: &Known<'_>, needle: &Needle) -> Vec<WhyRecord> {
    let mut records = Vec::new();
    for state in flows {
        let sides = sides_of(world, &state.flow);
        for (stream, at) in hits(sides.target, needle) {
            let Some(id) = views::id_at(sides.target, stream, at) else { continue };
            let takers = state.queue(stream).and_then(|q| q.taken.get(id)).copied().unwrap_or(0);
            let text = match takers {
                0 => format!("no record of {} is matched to it", state.flow.source),
                1 => format!("1 record of {} is matched to it", state.flow.source),
                n => format!("{n} records of {} are matched to it", state.flow.source),
            };
            let mut gates = stored(&state.flow.target, sides.target, known, stream, at);
            gates.push(gate("has a match?", takers > 0, text));
            records.push(WhyRecord {
                integration: state.flow.target.clone(),
                stream,
                id: id.clone(),
                name: name(sides.target, stream, at),
                gates,
            });
        }
    }
    records
}

/// The gates of what is stored, whatever flow it is in.
fn stored(
    integration: &IntegrationId,
    tables: &IntegrationTables,
    known: &Known<'_>,
    stream: Stream,
    at: usize,
) -> Vec<super::messages::Gate> {
    let mut gates = vec![synced(integration, known.states, stream), listed(tables.standing(stream, at))];
    if let Some(id) = views::id_at(tables, stream, at) {
        gates.push(within_settings(tables, stream, id));
    }
    gates
}
