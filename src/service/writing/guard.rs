//! The create guard: what the target already has that may be the same thing, in every company, archived and gone ones
//! too, and what is on its way there.

use super::super::messages::NearHit;
use super::super::tables::{IntegrationTables, Standing};
use super::super::views;
use crate::domain::{
    IntegrationId, JunkList, Mac, OutboxEntry, PlannedWrite, RecordId, Serial, Stream, WriteInside, text,
};
use rustc_hash::FxHashMap;

/// Hits shown of one row.
const MOST: usize = 5;

/// The target's records and the writes on their way there, by what identifies them.
pub struct Guard<'a> {
    target: &'a IntegrationTables,
    stream: Stream,
    serials: FxHashMap<Serial, Vec<usize>>,
    macs: FxHashMap<Mac, Vec<usize>>,
    names: FxHashMap<String, Vec<usize>>,
    moving: Vec<Moving>,
}

/// A write on its way.
struct Moving {
    name: String,
    source: RecordId,
    serial: Option<Serial>,
    macs: Vec<Mac>,
    folded: String,
    inside: Option<WriteInside>,
}

impl<'a> Guard<'a> {
    /// Of a stream at a target.
    pub fn new(
        target: &'a IntegrationTables,
        id: &IntegrationId,
        stream: Stream,
        junk: &JunkList,
        live: &[OutboxEntry],
    ) -> Self {
        let mut guard = Self {
            target,
            stream,
            serials: FxHashMap::default(),
            macs: FxHashMap::default(),
            names: FxHashMap::default(),
            moving: Vec::new(),
        };
        for at in 0..target.count(stream) {
            let Some(facts) = target.facts_at(stream, at) else { continue };
            guard.names.entry(folded(facts.name())).or_default().push(at);
            if stream == Stream::Devices
                && let Some(device) = target.devices.all().get(at)
            {
                let serial = device.serial.as_deref().and_then(Serial::parse);
                if let Some(serial) = serial.filter(|s| junk.serial_reason(s).is_none()) {
                    guard.serials.entry(serial).or_default().push(at);
                }
                for mac in device.macs.iter().filter(|mac| junk.mac_reason(**mac).is_none()) {
                    guard.macs.entry(*mac).or_default().push(at);
                }
            }
        }
        let ours = |e: &&OutboxEntry| e.write.target == *id && e.write.stream == stream && e.write.is_create();
        live.iter().filter(ours).for_each(|entry| guard.add(&entry.write));
        guard
    }

    /// A write that is on its way from now on.
    pub fn add(&mut self, write: &PlannedWrite) {
        let key = write.natural_key();
        self.moving.push(Moving {
            name: write.name.clone(),
            source: write.source.clone(),
            serial: key.serial,
            macs: key.macs,
            folded: folded(&key.name),
            inside: write.inside.clone(),
        });
    }

    /// What is like a write.
    pub fn near(&self, write: &PlannedWrite) -> Vec<NearHit> {
        let key = write.natural_key();
        let mut hits: Vec<(usize, &'static str)> = Vec::new();
        let mut add = |places: Option<&Vec<usize>>, why: &'static str| {
            for &at in places.into_iter().flatten() {
                if !hits.iter().any(|(known, _)| *known == at) {
                    hits.push((at, why));
                }
            }
        };
        if let Some(serial) = &key.serial {
            add(self.serials.get(serial), "the same serial number");
        }
        for mac in &key.macs {
            add(self.macs.get(mac), "the same MAC address");
        }
        let named: Vec<usize> = self.names.get(&folded(&key.name)).into_iter().flatten().copied().collect();
        let named = named.into_iter().filter(|at| self.could_be(write, *at)).collect::<Vec<_>>();
        add(Some(&named), "the same name");
        let mut found: Vec<NearHit> = hits.into_iter().map(|(at, why)| self.hit(at, why)).collect();
        found.extend(self.on_their_way(write));
        found.truncate(MOST);
        found
    }

    /// A record of the same name could be the same device when it is in the same company and no serial speaks against
    /// it.
    fn could_be(&self, write: &PlannedWrite, at: usize) -> bool {
        if self.stream == Stream::Companies {
            return true;
        }
        let Some(device) = self.target.devices.all().get(at) else { return false };
        let same_company =
            matches!(&write.inside, Some(WriteInside::There { target }) if device.company.as_ref() == Some(target));
        let key = write.natural_key();
        let theirs = device.serial.as_deref().and_then(Serial::parse);
        same_company && (key.serial.is_none() || theirs.is_none())
    }

    fn hit(&self, at: usize, why: &'static str) -> NearHit {
        let facts = self.target.facts_at(self.stream, at);
        let archived = self.stream == Stream::Devices && self.target.devices.all().get(at).is_some_and(|d| d.archived);
        NearHit {
            id: facts.map(|f| f.id().clone()).unwrap_or_default(),
            name: facts.map(|f| text::clean(f.name()).into_owned()).unwrap_or_default(),
            company: views::company_name(self.target, facts.and_then(super::super::listed::Facts::company)),
            why: why.to_owned(),
            away: archived || self.target.standing(self.stream, at) != Standing::Live,
        }
    }

    fn on_their_way(&self, write: &PlannedWrite) -> Vec<NearHit> {
        let key = write.natural_key();
        let own = folded(&key.name);
        let why = |moving: &Moving| {
            if moving.source == write.source {
                None
            } else if key.serial.is_some() && moving.serial == key.serial {
                Some("on its way there with the same serial number")
            } else if key.macs.iter().any(|mac| moving.macs.contains(mac)) {
                Some("on its way there with the same MAC address")
            } else {
                let same = moving.folded == own && moving.inside == write.inside;
                let bare = self.stream == Stream::Companies || key.serial.is_none() || moving.serial.is_none();
                (same && bare).then_some("on its way there with the same name")
            }
        };
        let hit = |moving: &Moving| {
            why(moving).map(|why| NearHit {
                id: RecordId::default(),
                name: text::clean(&moving.name).into_owned(),
                company: String::new(),
                why: why.to_owned(),
                away: false,
            })
        };
        self.moving.iter().filter_map(hit).collect()
    }
}

/// A name without case, spaces and signs.
fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
