//! Facts and decisions as the engine sees them. Shared read-only while it works; changes wait until it is done.

use super::rows::place_inside;
use super::rules::RuleBook;
use super::tables::{Change, IntegrationTables, Placed, Tables};
use crate::domain::JunkList;
use crate::domain::{Decision, DecisionKind, Flow, FlowId, RecordId, Stream, Timestamp, VendorSystem};
use crate::matching::{Known, Settings, inside};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::HashMap;
use std::sync::Arc;

/// Facts of every integration and decisions of every flow.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Facts.
    pub tables: Tables,
    /// Decisions by flow.
    pub known: FxHashMap<FlowId, Known>,
    /// What people decided on streams matched inside companies, by flow, in the order of [`Stream::INSIDE`].
    pub inside: FxHashMap<FlowId, [KnownInside; Stream::INSIDE.len()]>,
    /// Companies marked by [`World::mark_unlisted`], by flow.
    pub unlisted: FxHashMap<FlowId, FxHashSet<RecordId>>,
    /// Values that identify nothing.
    pub junk: Arc<JunkList>,
    /// Which system each integration is, for vendor links.
    pub systems: FxHashMap<crate::domain::IntegrationId, VendorSystem>,
}

/// What people decided on a stream matched inside companies.
#[derive(Clone, Debug, Default)]
pub struct KnownInside {
    /// Source → target; `None` is ignored.
    pub decided: inside::Companies,
    /// Pairs that somebody refused.
    pub refused: inside::Pairs,
}

/// How a change moved rows, to be mirrored by the queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// Nothing moved.
    No,
    /// These two positions changed places (the first may be new).
    Swap(Stream, usize, usize),
}

impl World {
    /// Facts of an integration; empty ones when there are none yet.
    pub fn tables_of(&self, integration: &crate::domain::IntegrationId) -> &IntegrationTables {
        static EMPTY: std::sync::LazyLock<IntegrationTables> = std::sync::LazyLock::new(IntegrationTables::default);
        self.tables.get(integration).unwrap_or(&EMPTY)
    }

    /// What people decided in a flow.
    pub fn known_of(&self, flow: &FlowId) -> &Known {
        static NOTHING: std::sync::LazyLock<Known> = std::sync::LazyLock::new(Known::default);
        self.known.get(flow).unwrap_or(&NOTHING)
    }

    /// Notes a decision for the engine.
    pub fn note(&mut self, flow: &FlowId, stream: Stream, source: &RecordId, decision: Option<&Decision>) {
        let map = match (stream, place_inside(stream)) {
            (Stream::Companies, _) => &mut self.known.entry(flow.clone()).or_default().companies,
            (Stream::Devices, _) => &mut self.known.entry(flow.clone()).or_default().devices,
            (_, Some(at)) => &mut self.inside.entry(flow.clone()).or_default()[at].decided,
            _ => return,
        };
        match decision.map(|d| &d.kind) {
            Some(DecisionKind::Matched { target }) => {
                map.insert(source.clone(), Some(target.clone()));
            }
            Some(DecisionKind::Ignored) => {
                map.insert(source.clone(), None);
            }
            Some(DecisionKind::Deferred | DecisionKind::Held) | None => {
                map.remove(source);
            }
        }
    }

    /// What was decided in a flow: source → target; `None` is ignored (or stands in no queue of its own).
    pub fn decided(&self, flow: &FlowId, stream: Stream) -> Option<&HashMap<RecordId, Option<RecordId>>> {
        match stream {
            Stream::Companies => self.known.get(flow).map(|known| &known.companies),
            Stream::Devices => self.known.get(flow).map(|known| &known.devices),
            _ => Some(&self.inside.get(flow)?[place_inside(stream)?].decided),
        }
    }

    /// Pairs of a stream matched inside companies that people refused.
    pub fn refused(&self, flow: &FlowId, stream: Stream) -> Option<&inside::Pairs> {
        Some(&self.inside.get(flow)?[place_inside(stream)?].refused)
    }

    /// Puts the rules that decisions left before what matches a flow; returns the records matched inside companies for
    /// which that is news.
    pub fn teach(&mut self, rules: &RuleBook, flow: &FlowId) -> Vec<(Stream, RecordId)> {
        rules.teach(flow, self.known.entry(flow.clone()).or_default());
        let mut news = Vec::new();
        let known = self.inside.entry(flow.clone()).or_default();
        for (stream, known) in Stream::INSIDE.into_iter().zip(known) {
            let refused = rules.refusals(flow, stream);
            news.extend(refused.symmetric_difference(&known.refused).map(|(source, _)| (stream, source.clone())));
            known.refused = refused;
        }
        news
    }

    /// The engine's settings for a flow.
    pub fn settings(&self, flow: &Flow) -> Settings {
        Settings {
            cardinality: flow.cardinality,
            names: flow.names,
            ties: flow.ties,
            // A person chose exact names, one to one: that is what such a flow goes by.
            name_alone_may_auto: flow.manages(),
            target_system: self.systems.get(&flow.target).cloned(),
            junk: Arc::clone(&self.junk),
            ..Settings::default()
        }
    }
}

/// Puts a change into an integration's tables. Devices keep the company where they sit in `seats` when it rolls up.
/// A record that the settings leave out is live until [`settle`].
pub fn apply(tables: &mut IntegrationTables, change: Change, now: Timestamp) -> Moved {
    match change {
        Change::Seen(facets) => {
            tables.register.put(*facets, false, now);
            Moved::No
        }
        Change::Company(facts, extra) => {
            let devices = tables.extra.get(&facts.id).map_or(0, |e| e.devices);
            tables.extra.insert(facts.id.clone(), super::tables::CompanyExtra { devices, ..extra });
            moved(Stream::Companies, tables.companies.put(*facts))
        }
        Change::Device(mut facts, kind) => {
            tables.texts.share_all(&mut facts);
            if let Some(company) = &facts.company
                && let Some(known) = tables.companies.get(company)
            {
                facts.company = Some(known.id.clone());
            }
            if tables.roll_up
                && let Some(seat) = facts.company.clone()
            {
                let root = tables.root_of(&seat);
                if root == seat {
                    tables.seats.remove(&facts.id);
                } else {
                    tables.seats.insert(facts.id.clone(), seat);
                    facts.company = Some(root);
                }
            }
            tables.note_type(&facts.id, kind);
            moved(Stream::Devices, tables.devices.put(*facts))
        }
        Change::DeviceType(id, name) => {
            let devices = tables.types.get(&id).map_or(0, |kind| kind.devices);
            tables.types.put(super::tables::TypeFacts { id, name, devices });
            Moved::No
        }
        Change::Contact(_) | Change::Location(_) | Change::Ticket(_) if !tables.keeps(change.stream()) => Moved::No,
        Change::Contact(facts) => moved(Stream::Contacts, tables.contacts.put(*facts)),
        Change::Location(facts) => moved(Stream::Locations, tables.locations.put(*facts)),
        Change::Ticket(facts) => moved(Stream::Tickets, tables.tickets.put(*facts)),
        Change::Orphaned(stream, id) => {
            tables.register.orphan(stream, &id);
            orphaned(tables, stream, &id)
        }
    }
}

fn orphaned(tables: &mut IntegrationTables, stream: Stream, id: &RecordId) -> Moved {
    match stream {
        Stream::Companies => swapped(Stream::Companies, tables.companies.orphan(id)),
        Stream::Devices => swapped(Stream::Devices, tables.devices.orphan(id)),
        Stream::Contacts => swapped(Stream::Contacts, tables.contacts.orphan(id)),
        Stream::Locations => swapped(Stream::Locations, tables.locations.orphan(id)),
        Stream::Tickets => swapped(Stream::Tickets, tables.tickets.orphan(id)),
        // Rows and devices know types by their position where they are imported from: nothing moves there.
        Stream::DeviceTypes if !tables.typed => {
            tables.types.orphan(id);
            Moved::No
        }
        _ => Moved::No,
    }
}

/// Moves what the settings leave out behind what is live, and brings back what they take again; to be mirrored by the
/// queues. Devices have to be counted anew afterwards.
pub fn settle(tables: &mut IntegrationTables, now: Timestamp) -> Vec<Moved> {
    let shifts = tables.register.settle(now);
    shifts.iter().map(|s| swapped(s.stream, tables.shift(s.stream, &s.id, s.left_out))).collect()
}

fn moved(stream: Stream, placed: Placed) -> Moved {
    match placed {
        Placed::Replaced(_) => Moved::No,
        Placed::Revived(a, b) => Moved::Swap(stream, a, b),
        Placed::Added(to) => Moved::Swap(stream, usize::MAX, to),
    }
}

fn swapped(stream: Stream, positions: Option<(usize, usize)>) -> Moved {
    positions.map_or(Moved::No, |(a, b)| Moved::Swap(stream, a, b))
}

impl World {
    /// Companies that stand in no queue of their own are as good as ignored for the engine: never proposed, and no
    /// target is kept for them.
    pub fn mark_unlisted(&mut self, flow: &Flow) {
        let Some(tables) = self.tables.get(&flow.source) else { return };
        let known = self.known.entry(flow.id.clone()).or_default();
        let unlisted = self.unlisted.entry(flow.id.clone()).or_default();
        for company in tables.companies.live() {
            if tables.is_listed(&company.id) {
                if unlisted.remove(&company.id) {
                    known.companies.remove(&company.id);
                }
            } else if unlisted.insert(company.id.clone()) {
                known.companies.entry(company.id.clone()).or_insert(None);
            }
        }
    }
}
