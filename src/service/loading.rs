//! Reads facts and decisions from the store when a home is opened, off the core's thread.

use super::rows::FlowState;
use super::rules::RuleBook;
use super::scoping::{Facets, Register};
use super::tables::{Change, IntegrationTables, Tables};
use super::world::{self, World};
use super::writing::Writes;
use crate::domain::{DecisionKind, Failure, Flow, IntegrationId, JunkList, Stream, SyncScope, Timestamp, VendorSystem};
use crate::store::Store;
use rustc_hash::FxHashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Everything the core needs to begin.
pub struct Loaded {
    /// Facts and decisions for the engine.
    pub world: World,
    /// Rules that decisions left.
    pub rules: RuleBook,
    /// Flows with their decided rows.
    pub flows: Vec<FlowState>,
    /// Writes to vendors.
    pub writes: Writes,
}

/// Records decoded together; bounds the memory between the store's scan and the tables.
const CHUNK: usize = 4_096;

/// What is read, and by what rules.
pub struct Wanted {
    /// Flows in order.
    pub flows: Vec<Flow>,
    /// What is synced of every integration.
    pub scopes: Vec<(IntegrationId, Arc<SyncScope>)>,
    /// Which system each integration is.
    pub systems: FxHashMap<IntegrationId, VendorSystem>,
    /// Values that identify nothing.
    pub junk: Arc<JunkList>,
    /// The present.
    pub now: Timestamp,
}

/// Loads the facts of all integrations that the flows name, and of every integration what its sync settings look at.
///
/// # Errors
/// The store's, when a record cannot be read.
pub fn load(store: &Store, wanted: Wanted) -> Result<Loaded, Failure> {
    let Wanted { flows, scopes, systems, junk, now } = wanted;
    let mut world = World { junk, systems, ..World::default() };
    for (integration, scope) in scopes {
        world.tables.entry(integration).or_default().register = Register::new(scope);
    }
    for flow in &flows {
        for integration in [&flow.source, &flow.target] {
            let roll_up = flow.roll_up && *integration == flow.source;
            let tables = world.tables.entry(integration.clone()).or_default();
            tables.roll_up |= roll_up;
            tables.typed |=
                flow.is_import() && *integration == flow.source && flow.streams.contains(&Stream::DeviceTypes);
            for stream in Stream::INSIDE.into_iter().filter(|stream| flow.streams.contains(stream)) {
                if !tables.kept.contains(&stream) {
                    tables.kept.push(stream);
                }
            }
        }
    }
    let in_flow =
        |id: &IntegrationId| id.is_inventory() || flows.iter().any(|flow| flow.source == *id || flow.target == *id);
    read_tables(store, &mut world.tables, &in_flow, now)?;
    let mut states = Vec::new();
    for flow in &flows {
        states.push(read_flow(store, flow, &mut world)?);
        world.mark_unlisted(flow);
    }
    let rules = RuleBook::new(store.rules()?, store.last_rule());
    for flow in flows {
        world.teach(&rules, &flow.id);
    }
    Ok(Loaded { world, rules, flows: states, writes: Writes::load(store)? })
}

fn read_tables(
    store: &Store,
    tables: &mut Tables,
    in_flow: &dyn Fn(&IntegrationId) -> bool,
    now: Timestamp,
) -> Result<(), Failure> {
    for (integration, tables) in tables.iter_mut() {
        let facts = in_flow(integration);
        // Companies first: devices roll up by them, and what belongs to one that is left out is left out.
        for stream in Stream::ALL {
            read_stream(store, integration, stream, tables, facts, now)?;
        }
        world::settle(tables, now);
        tables.recount();
    }
    Ok(())
}

/// A stored record on its way into the tables.
struct Read {
    facets: Option<Facets>,
    facts: Option<Change>,
    orphaned: bool,
}

fn read_stream(
    store: &Store,
    integration: &IntegrationId,
    stream: Stream,
    tables: &mut IntegrationTables,
    facts: bool,
    now: Timestamp,
) -> Result<(), Failure> {
    if facts {
        tables.expect(stream, store.live_count(integration, stream));
    }
    let mut chunk: Vec<Read> = Vec::with_capacity(CHUNK);
    store.each_record(integration, stream, &mut |stored| {
        let facets = Facets::of(&stored.record);
        let facts = if facts { Change::of(&stored.record) } else { None };
        chunk.push(Read { facets, facts, orphaned: stored.orphaned.is_some() });
        if chunk.len() == CHUNK {
            put(tables, &mut chunk, now);
        }
        ControlFlow::Continue(())
    })?;
    put(tables, &mut chunk, now);
    Ok(())
}

fn put(tables: &mut IntegrationTables, chunk: &mut Vec<Read>, now: Timestamp) {
    for Read { facets, facts, orphaned } in chunk.drain(..) {
        if let Some(facets) = facets {
            tables.register.put(facets, orphaned, now);
        }
        match (orphaned, facts) {
            (false, Some(change)) => {
                world::apply(tables, change, now);
            }
            (true, Some(Change::Company(facts, extra))) => {
                tables.extra.insert(facts.id.clone(), extra);
                tables.companies.put_orphan(*facts);
            }
            (true, Some(Change::DeviceType(..))) => {}
            (true, Some(Change::Device(mut facts, kind))) => {
                tables.note_type(&facts.id, kind);
                tables.texts.share_all(&mut facts);
                tables.devices.put_orphan(*facts);
            }
            (true, Some(change)) if !tables.keeps(change.stream()) => {}
            (true, Some(Change::Contact(facts))) => tables.contacts.put_orphan(*facts),
            (true, Some(Change::Location(facts))) => tables.locations.put_orphan(*facts),
            (true, Some(Change::Ticket(facts))) => tables.tickets.put_orphan(*facts),
            (_, _) => {}
        }
    }
}

fn read_flow(store: &Store, flow: &Flow, world: &mut World) -> Result<FlowState, Failure> {
    let mut state = FlowState::new(flow.clone());
    for stream in state.streams() {
        let Some(queue) = state.queue_mut(stream) else { continue };
        queue.rows.resize_with(world.tables_of(&flow.source).count(stream), Default::default);
        store.each_decision(&flow.id, stream, &mut |id, mut decision| {
            let source = world.tables_of(&flow.source);
            let at = super::views::position(source, stream, &id);
            // The tables' own ids: their text is there already.
            let id = source.facts(stream, &id).map_or(id, |known| known.id().clone());
            if let DecisionKind::Matched { target } = &mut decision.kind
                && let Some(known) = world.tables_of(&flow.target).facts(stream, target)
            {
                *target = known.id().clone();
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
