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
    moving_serials: FxHashMap<Serial, Vec<usize>>,
    moving_macs: FxHashMap<Mac, Vec<usize>>,
    moving_names: FxHashMap<String, Vec<usize>>,
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
            moving_serials: FxHashMap::default(),
            moving_macs: FxHashMap::default(),
            moving_names: FxHashMap::default(),
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
        let (at, name) = (self.moving.len(), folded(&key.name));
        if let Some(serial) = &key.serial {
            self.moving_serials.entry(serial.clone()).or_default().push(at);
        }
        for mac in &key.macs {
            self.moving_macs.entry(*mac).or_default().push(at);
        }
        self.moving_names.entry(name.clone()).or_default().push(at);
        self.moving.push(Moving {
            name: write.name.clone(),
            source: write.source.clone(),
            serial: key.serial,
            macs: key.macs,
            folded: name,
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
        let serial = key.serial.as_ref().and_then(|serial| self.moving_serials.get(serial));
        let macs = key.macs.iter().filter_map(|mac| self.moving_macs.get(mac));
        let mut like: Vec<usize> =
            serial.into_iter().chain(macs).chain(self.moving_names.get(&own)).flatten().copied().collect();
        like.sort_unstable();
        like.dedup();
        like.into_iter().filter_map(|at| hit(&self.moving[at])).collect()
    }
}

/// A name without case, spaces and signs.
fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::tables::Change;
    use super::super::super::world;
    use super::*;
    use crate::domain::{
        Actor, Company, Device, FieldWrite, Interface, Record, Timestamp, WriteField, WriteId, WriteKind, WriteState,
    };

    /// A target with two companies and, in the second, a device that is archived.
    fn target() -> IntegrationTables {
        let mut tables = IntegrationTables::default();
        let mut device = Device::new("d7", "PC-7");
        device.company = Some("2".into());
        device.serial = Some("c02xk007jgh7".into());
        device.interfaces = vec![Interface { name: "en0".into(), mac: Some("14:7d:da:00:00:07".into()), ip: None }];
        device.archived = true;
        let records = [
            Record::Company(Box::new(Company::new("1", "Acme"))),
            Record::Company(Box::new(Company::new("2", "Borealis"))),
            Record::Device(Box::new(device)),
        ];
        for change in records.iter().flat_map(Change::all_of) {
            world::apply(&mut tables, change, Timestamp::UNIX_EPOCH);
        }
        tables
    }

    fn wanted(source: &str, stream: Stream, inside: Option<&str>, values: &[(WriteField, &str)]) -> PlannedWrite {
        let fields = values.iter().map(|(field, new)| FieldWrite { field: *field, old: None, new: (*new).to_owned() });
        PlannedWrite {
            flow: "f".into(),
            stream,
            source: source.into(),
            name: values[0].1.to_owned(),
            target: "t".into(),
            kind: WriteKind::Create,
            inside: inside.map(|id| WriteInside::There { target: id.into() }),
            fields: fields.collect(),
            interfaces: Vec::new(),
            mark: String::new(),
        }
    }

    fn device(source: &str, inside: &str, values: &[(WriteField, &str)]) -> PlannedWrite {
        wanted(source, Stream::Devices, Some(inside), values)
    }

    fn why(hits: &[NearHit]) -> Vec<&str> {
        hits.iter().map(|hit| hit.why.as_str()).collect()
    }

    const NAME: WriteField = WriteField::Name;
    const SERIAL: WriteField = WriteField::Serial;
    const MAC: WriteField = WriteField::Mac;

    #[test]
    fn an_archived_record_in_another_company_is_found_by_what_identifies_it() {
        let (tables, junk) = (target(), JunkList::built_in());
        let guard = Guard::new(&tables, &"t".into(), Stream::Devices, &junk, &[]);
        let hits = guard.near(&device("s1", "1", &[(NAME, "NEW"), (SERIAL, "C02XK007JGH7")]));
        assert_eq!(why(&hits), ["the same serial number"]);
        assert_eq!((hits[0].id.as_str(), hits[0].company.as_str(), hits[0].away), ("d7", "Borealis", true));
        let hits = guard.near(&device("s1", "1", &[(NAME, "NEW"), (SERIAL, "OTHER001"), (MAC, "14-7D-DA-00-00-07")]));
        assert_eq!(why(&hits), ["the same MAC address"]);
        // A name says something inside its company only, and nothing against two serial numbers.
        assert_eq!(why(&guard.near(&device("s1", "2", &[(NAME, "pc 7")]))), ["the same name"]);
        assert!(guard.near(&device("s1", "1", &[(NAME, "PC-7")])).is_empty());
        assert!(guard.near(&device("s1", "2", &[(NAME, "PC-7"), (SERIAL, "OTHER001")])).is_empty());
    }

    #[test]
    fn what_is_on_its_way_counts_as_there_but_for_its_own_row() {
        let (tables, junk) = (target(), JunkList::built_in());
        let moving = device("s1", "1", &[(NAME, "PC-1"), (SERIAL, "C02XK001JGH7"), (MAC, "14:7D:DA:00:00:01")]);
        let entry = |write: PlannedWrite, state| OutboxEntry {
            id: WriteId(1),
            write,
            state,
            actor: Actor::Engine,
            planned: Timestamp::UNIX_EPOCH,
            changed: Timestamp::UNIX_EPOCH,
            sent: 0,
            anyway: false,
        };
        let live = [entry(moving.clone(), WriteState::Approved)];
        let mut guard = Guard::new(&tables, &"t".into(), Stream::Devices, &junk, &live);
        assert!(guard.near(&moving).is_empty(), "its own row is planned anew");
        let near = |guard: &Guard<'_>, inside: &str, values: &[(WriteField, &str)]| {
            guard.near(&device("s2", inside, values)).into_iter().map(|hit| hit.why).collect::<Vec<_>>()
        };
        assert_eq!(
            near(&guard, "2", &[(NAME, "X"), (SERIAL, "c02xk001jgh7")]),
            ["on its way there with the same serial number"]
        );
        assert_eq!(
            near(&guard, "2", &[(NAME, "X"), (MAC, "147dda000001")]),
            ["on its way there with the same MAC address"]
        );
        assert_eq!(near(&guard, "1", &[(NAME, "pc-1")]), ["on its way there with the same name"]);
        assert!(near(&guard, "2", &[(NAME, "pc-1")]).is_empty(), "in another company it is another one");
        // Rows with the same serial number in one plan: the second meets the first.
        let third = device("s3", "1", &[(NAME, "PC-3"), (SERIAL, "C02XK003JGH7")]);
        guard.add(&third);
        assert_eq!(near(&guard, "1", &[(NAME, "PC-4"), (SERIAL, "C02XK003JGH7")]).len(), 1);
    }

    #[test]
    fn companies_of_one_name_meet_whatever_their_signs() {
        let (tables, junk) = (target(), JunkList::built_in());
        let mut guard = Guard::new(&tables, &"t".into(), Stream::Companies, &junk, &[]);
        let company = |source: &str, name: &str| wanted(source, Stream::Companies, None, &[(NAME, name)]);
        assert_eq!(why(&guard.near(&company("p1", "ACME."))), ["the same name"]);
        assert!(guard.near(&company("p1", "Cobalt")).is_empty());
        guard.add(&company("p1", "Cobalt"));
        assert_eq!(why(&guard.near(&company("p2", "cobalt"))), ["on its way there with the same name"]);
    }
}
