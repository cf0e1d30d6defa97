//! Reads facts and decisions from the store when a home is opened, off the core's thread.

use super::rows::FlowState;
use super::tables::{Change, IntegrationTables, Tables};
use super::world::{self, World};
use crate::domain::{DecisionKind, Failure, Flow, IntegrationId, JunkList, Stream, VendorSystem};
use crate::store::Store;
use rustc_hash::FxHashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Everything the core needs to begin.
pub struct Loaded {
    /// Facts and decisions for the engine.
    pub world: World,
    /// Flows with their decided rows.
    pub flows: Vec<FlowState>,
}

/// Records decoded together; bounds the memory between the store's scan and the tables.
const CHUNK: usize = 4_096;

/// Loads all integrations that the flows name.
///
/// # Errors
/// The store's, when a record cannot be read.
pub fn load(
    store: &Store,
    flows: &[Flow],
    systems: FxHashMap<IntegrationId, VendorSystem>,
    junk: Arc<JunkList>,
) -> Result<Loaded, Failure> {
    let mut world = World { junk, systems, ..World::default() };
    for flow in flows {
        for integration in [&flow.source, &flow.target] {
            let roll_up = flow.roll_up && *integration == flow.source;
            let tables = world.tables.entry(integration.clone()).or_default();
            tables.roll_up |= roll_up;
        }
    }
    read_tables(store, &mut world.tables)?;
    let mut states = Vec::new();
    for flow in flows {
        states.push(read_flow(store, flow, &mut world)?);
        world.mark_unlisted(flow);
    }
    Ok(Loaded { world, flows: states })
}

fn read_tables(store: &Store, tables: &mut Tables) -> Result<(), Failure> {
    for (integration, tables) in tables.iter_mut() {
        // Companies first: devices roll up by them.
        for stream in Stream::ALL {
            read_stream(store, integration, stream, tables)?;
        }
        tables.recount();
    }
    Ok(())
}

fn read_stream(
    store: &Store,
    integration: &IntegrationId,
    stream: Stream,
    tables: &mut IntegrationTables,
) -> Result<(), Failure> {
    tables.expect(stream, store.live_count(integration, stream));
    let mut chunk: Vec<(Change, bool)> = Vec::with_capacity(CHUNK);
    store.each_record(integration, stream, &mut |stored| {
        chunk.extend(Change::of(&stored.record).map(|change| (change, stored.orphaned.is_some())));
        if chunk.len() == CHUNK {
            put(tables, &mut chunk);
        }
        ControlFlow::Continue(())
    })?;
    put(tables, &mut chunk);
    Ok(())
}

fn put(tables: &mut IntegrationTables, chunk: &mut Vec<(Change, bool)>) {
    for (change, orphaned) in chunk.drain(..) {
        match (orphaned, change) {
            (false, change) => {
                world::apply(tables, change);
            }
            (true, Change::Company(facts, extra)) => {
                tables.extra.insert(facts.id.clone(), extra);
                tables.companies.put_orphan(*facts);
            }
            (true, Change::Device(mut facts)) => {
                tables.texts.share_all(&mut facts);
                tables.devices.put_orphan(*facts);
            }
            (true, _) => {}
        }
    }
}

fn read_flow(store: &Store, flow: &Flow, world: &mut World) -> Result<FlowState, Failure> {
    let mut state = FlowState::new(flow.clone());
    for stream in [Stream::Companies, Stream::Devices] {
        let Some(queue) = state.queue_mut(stream) else { continue };
        queue.rows.resize_with(world.tables_of(&flow.source).count(stream), Default::default);
        store.each_decision(&flow.id, stream, &mut |id, mut decision| {
            let source = world.tables_of(&flow.source);
            let at = super::views::position(source, stream, &id);
            // The tables' own ids: their text is there already.
            let id = source.known_id(stream, &id).cloned().unwrap_or(id);
            if let DecisionKind::Matched { target } = &mut decision.kind
                && let Some(known) = world.tables_of(&flow.target).known_id(stream, target)
            {
                *target = known.clone();
            }
            world.note(&flow.id, stream, &id, Some(&decision));
            if let Some(at) = at {
                queue.decide(at, Some(Box::new(decision)));
            }
        })?;
    }
    state.refresh(world.tables_of(&flow.source));
    Ok(state)
}
