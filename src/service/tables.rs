//! The facts that matching compares, in memory: one table per integration and stream.
//!
//! A table keeps live records before those that are away (orphaned at the vendor, or left out by the sync settings), so
//! that the engine gets `&rows[..live]` without a copy.

use super::listed::Facts;
use super::scoping::{Facets, Register};
use crate::domain::{Company, Device, DeviceType, IntegrationId, Record, RecordId, Stream};
use crate::matching::inside::{ContactFacts, LocationFacts, TicketFacts};
use crate::matching::{CompanyFacts, DeviceFacts};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// How a stored record stands at its integration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// The vendor lists it and the settings take it.
    #[default]
    Live,
    /// The vendor lists it and the settings leave it out.
    LeftOut,
    /// The vendor no longer lists it.
    Orphaned,
}

/// Where a record went when it was put into a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// At a new last live position; an orphan that stood there moved to the end.
    Added(usize),
    /// Where it was.
    Replaced(usize),
    /// From among those that are away to this last live position.
    Revived(usize, usize),
}

/// Most records that room is made for ahead: how many there are is the vendor's word.
pub const MOST_EXPECTED: usize = 1_000_000;

/// Records by position and by id, live ones first.
#[derive(Clone, Debug)]
pub struct Table<T> {
    rows: Vec<T>,
    live: usize,
    by_id: FxHashMap<RecordId, u32>,
    /// Of those that are away: the orphans.
    orphans: FxHashSet<RecordId>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), live: 0, by_id: FxHashMap::default(), orphans: FxHashSet::default() }
    }
}

impl<T: Facts> Table<T> {
    /// Live records.
    pub fn live(&self) -> &[T] {
        &self.rows[..self.live]
    }

    /// Makes room for so many records in all, so that a table that fills up is not copied to twice the room each time.
    pub fn expect(&mut self, records: u64) {
        let wanted = usize::try_from(records).unwrap_or(MOST_EXPECTED).min(MOST_EXPECTED);
        self.rows.reserve_exact(wanted.saturating_sub(self.rows.len()));
        self.by_id.reserve(wanted.saturating_sub(self.by_id.len()));
    }

    /// Live records and those that are away.
    pub fn all(&self) -> &[T] {
        &self.rows
    }

    /// To change facts in place; ids must stay.
    pub fn all_mut(&mut self) -> &mut [T] {
        &mut self.rows
    }

    /// How the record at a position stands.
    pub fn standing(&self, at: usize) -> Standing {
        match self.rows.get(at) {
            _ if at < self.live => Standing::Live,
            Some(row) if self.orphans.contains(row.id()) => Standing::Orphaned,
            _ => Standing::LeftOut,
        }
    }

    /// Position of that id.
    pub fn position(&self, id: &RecordId) -> Option<usize> {
        self.by_id.get(id).map(|&at| at as usize)
    }

    /// The record of that id.
    pub fn get(&self, id: &RecordId) -> Option<&T> {
        self.position(id).map(|at| &self.rows[at])
    }

    /// Swaps two positions; the caller mirrors it wherever positions are used.
    fn swap(&mut self, a: usize, b: usize) {
        if a != b {
            self.rows.swap(a, b);
            self.note(a);
            self.note(b);
        }
    }

    fn note(&mut self, at: usize) {
        let id = self.rows[at].id().clone();
        self.by_id.insert(id, u32::try_from(at).unwrap_or(u32::MAX));
    }

    /// Puts a live record.
    pub fn put(&mut self, facts: T) -> Placed {
        self.orphans.remove(facts.id());
        if let Some(at) = self.position(facts.id()) {
            self.rows[at] = facts;
            return self.bring_back_from(at).map_or(Placed::Replaced(at), |(from, to)| Placed::Revived(from, to));
        }
        self.rows.push(facts);
        let last = self.rows.len() - 1;
        self.note(last);
        let to = self.live;
        self.swap(last, to);
        self.live += 1;
        Placed::Added(to)
    }

    /// Puts a record that is orphaned already (while loading).
    pub fn put_orphan(&mut self, facts: T) {
        if self.position(facts.id()).is_none() {
            self.orphans.insert(facts.id().clone());
            self.rows.push(facts);
            self.note(self.rows.len() - 1);
        }
    }

    /// The vendor no longer lists it; returns the two positions that were swapped when it was live.
    pub fn orphan(&mut self, id: &RecordId) -> Option<(usize, usize)> {
        let at = self.position(id)?;
        self.orphans.insert(self.rows[at].id().clone());
        self.set_aside_from(at)
    }

    /// The settings leave it out; returns the two positions that were swapped.
    pub fn set_aside(&mut self, id: &RecordId) -> Option<(usize, usize)> {
        self.set_aside_from(self.position(id)?)
    }

    /// The settings take it again; returns the two positions that were swapped. An orphan stays one.
    pub fn bring_back(&mut self, id: &RecordId) -> Option<(usize, usize)> {
        let at = self.position(id).filter(|_| !self.orphans.contains(id))?;
        self.bring_back_from(at)
    }

    fn set_aside_from(&mut self, at: usize) -> Option<(usize, usize)> {
        if at >= self.live {
            return None;
        }
        self.live -= 1;
        let to = self.live;
        self.swap(at, to);
        Some((at, to))
    }

    fn bring_back_from(&mut self, at: usize) -> Option<(usize, usize)> {
        if at < self.live {
            return None;
        }
        let to = self.live;
        self.swap(at, to);
        self.live += 1;
        Some((at, to))
    }
}

/// Texts that many devices have in common (makers, models, users), each kept once.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    known: FxHashSet<Arc<str>>,
    /// Size at which texts that no device has any more are let go.
    full: usize,
}

impl Texts {
    /// Smallest size at which a look for unused texts is worth it.
    const FEW: usize = 4_096;

    /// Makes the text the one that is kept.
    fn share(&mut self, text: &mut Option<Arc<str>>) {
        let Some(text) = text else { return };
        if let Some(kept) = self.known.get(text) {
            *text = Arc::clone(kept);
            return;
        }
        if self.known.len() >= self.full.max(Self::FEW) {
            self.known.retain(|kept| Arc::strong_count(kept) > 1);
            self.full = self.known.len() * 2;
        }
        self.known.insert(Arc::clone(text));
    }

    /// Shares a device's texts.
    pub fn share_all(&mut self, device: &mut DeviceFacts) {
        for text in [&mut device.manufacturer, &mut device.model, &mut device.model_identifier, &mut device.user] {
            self.share(text);
        }
    }
}

/// What the service keeps of a company besides what matching compares.
#[derive(Clone, Debug, Default)]
pub struct CompanyExtra {
    /// The record above it.
    pub parent: Option<RecordId>,
    /// Type, for the picker.
    pub kind: Box<str>,
    /// Devices in it and below it.
    pub devices: u32,
}

/// A device type. Where the vendor gives no id, its name stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeFacts {
    /// Id, or name.
    pub id: RecordId,
    /// Name.
    pub name: Box<str>,
    /// Live devices of it.
    pub devices: u32,
}

/// All facts of one integration.
#[derive(Clone, Debug, Default)]
pub struct IntegrationTables {
    /// Companies.
    pub companies: Table<CompanyFacts>,
    /// By company id.
    pub extra: FxHashMap<RecordId, CompanyExtra>,
    /// Devices; `company` is the first-level one where the integration rolls up.
    pub devices: Table<DeviceFacts>,
    /// The company where each device sits, where that is not the one it rolls up to.
    pub seats: FxHashMap<RecordId, RecordId>,
    /// Device types: those that the vendor lists, and those that devices name.
    pub types: Table<TypeFacts>,
    /// Positions of devices' types in `types`, where devices are imported from here.
    pub kinds: FxHashMap<RecordId, u32>,
    /// Devices are imported from here by their types.
    pub typed: bool,
    /// Contacts.
    pub contacts: Table<ContactFacts>,
    /// Locations.
    pub locations: Table<LocationFacts>,
    /// Tickets.
    pub tickets: Table<TicketFacts>,
    /// Of the streams inside companies those that a flow matches; facts of the others are not kept.
    pub kept: Vec<Stream>,
    /// Deeper companies roll up to their first-level ancestor.
    pub roll_up: bool,
    /// What the sync settings look at, of every record.
    pub register: Register,
    /// What devices' facts share.
    pub texts: Texts,
}

/// A change of one record, as the sync hands it over: converted off the core's thread.
#[derive(Clone, Debug)]
pub enum Change {
    /// What the sync settings look at in a listed record; comes before its facts.
    Seen(Box<Facets>),
    /// A company as the vendor has it now.
    Company(Box<CompanyFacts>, CompanyExtra),
    /// A device as the vendor has it now, with its type.
    Device(Box<DeviceFacts>, Option<TypeFacts>),
    /// A device type.
    DeviceType(RecordId, Box<str>),
    /// A contact as the vendor has it now.
    Contact(Box<ContactFacts>),
    /// A location as the vendor has it now.
    Location(Box<LocationFacts>),
    /// A ticket as the vendor has it now.
    Ticket(Box<TicketFacts>),
    /// The vendor no longer lists it.
    Orphaned(Stream, RecordId),
}

impl Change {
    /// The changes that a listed record means, in their order.
    pub fn all_of(record: &Record) -> impl Iterator<Item = Self> {
        let seen = Facets::of(record).map(|facets| Self::Seen(Box::new(facets)));
        seen.into_iter().chain(Self::of(record))
    }

    /// The stream that it changes.
    pub fn stream(&self) -> Stream {
        match self {
            Self::Seen(facets) => facets.stream,
            Self::Company(..) => Stream::Companies,
            Self::Device(..) => Stream::Devices,
            Self::DeviceType(..) => Stream::DeviceTypes,
            Self::Contact(_) => Stream::Contacts,
            Self::Location(_) => Stream::Locations,
            Self::Ticket(_) => Stream::Tickets,
            Self::Orphaned(stream, _) => *stream,
        }
    }

    /// The change that a stored or delivered record means; `None` for records that no queue compares yet.
    pub fn of(record: &Record) -> Option<Self> {
        Some(match record {
            Record::Company(company) => {
                Self::Company(Box::new(CompanyFacts::from(company.as_ref())), company_extra(company))
            }
            Record::Device(device) => Self::Device(Box::new(device_facts(device)), type_of(device)),
            Record::DeviceType(DeviceType { id, name }) => Self::DeviceType(id.into(), name.as_str().into()),
            Record::Contact(contact) => Self::Contact(Box::new(ContactFacts::from(contact.as_ref()))),
            Record::Location(location) => Self::Location(Box::new(LocationFacts::from(location.as_ref()))),
            Record::Ticket(ticket) => Self::Ticket(Box::new(TicketFacts::from(ticket.as_ref()))),
            _ => return None,
        })
    }
}

fn company_extra(company: &Company) -> CompanyExtra {
    let kinds: Vec<&str> = company.types.iter().map(|t| t.name.as_str()).collect();
    CompanyExtra { parent: company.parent.as_ref().map(Into::into), kind: kinds.join(", ").into(), devices: 0 }
}

/// The type that a device names.
fn type_of(device: &Device) -> Option<TypeFacts> {
    let named = device.device_type.as_ref()?;
    let of = |text: &str| (!text.trim().is_empty()).then(|| text.to_owned());
    let name = of(&named.name).or_else(|| of(&named.id))?;
    let id = of(&named.id).unwrap_or_else(|| name.clone());
    Some(TypeFacts { id: id.into(), name: name.into(), devices: 0 })
}

fn device_facts(device: &Device) -> DeviceFacts {
    DeviceFacts::from(device)
}

impl IntegrationTables {
    /// The settings leave a record out, or take it again; returns the two positions that were swapped.
    pub fn shift(&mut self, stream: Stream, id: &RecordId, left_out: bool) -> Option<(usize, usize)> {
        match (stream, left_out) {
            (Stream::Companies, true) => self.companies.set_aside(id),
            (Stream::Companies, false) => self.companies.bring_back(id),
            (Stream::Devices, true) => self.devices.set_aside(id),
            (Stream::Devices, false) => self.devices.bring_back(id),
            (Stream::Contacts, true) => self.contacts.set_aside(id),
            (Stream::Contacts, false) => self.contacts.bring_back(id),
            (Stream::Locations, true) => self.locations.set_aside(id),
            (Stream::Locations, false) => self.locations.bring_back(id),
            (Stream::Tickets, true) => self.tickets.set_aside(id),
            (Stream::Tickets, false) => self.tickets.bring_back(id),
            _ => None,
        }
    }

    /// A flow matches the stream, so that its facts are kept.
    pub fn keeps(&self, stream: Stream) -> bool {
        !Stream::INSIDE.contains(&stream) || self.kept.contains(&stream)
    }

    /// The first-level ancestor of a company (itself when it is one or nothing above it is known). Cycles end.
    pub fn root_of(&self, company: &RecordId) -> RecordId {
        self.root(company).clone()
    }

    /// The same, borrowed.
    pub fn root<'a>(&'a self, company: &'a RecordId) -> &'a RecordId {
        let mut at = company;
        for _ in 0..32 {
            let Some(parent) = self.extra.get(at).and_then(|e| e.parent.as_ref()) else { break };
            if parent == at || !self.extra.contains_key(parent) {
                break;
            }
            at = parent;
        }
        at
    }

    /// True when the company stands in a queue of its own (first level, or no roll-up).
    pub fn is_listed(&self, company: &RecordId) -> bool {
        if !self.roll_up {
            return true;
        }
        match self.extra.get(company).and_then(|e| e.parent.as_ref()) {
            Some(parent) => parent == company || !self.extra.contains_key(parent),
            None => true,
        }
    }

    /// Makes room for the records of a stream.
    pub fn expect(&mut self, stream: Stream, records: u64) {
        match stream {
            Stream::Companies => self.companies.expect(records),
            Stream::Devices => self.devices.expect(records),
            _ => {}
        }
    }

    /// Notes the type of a device, which has to be in the table of types.
    pub fn note_type(&mut self, device: &RecordId, kind: Option<TypeFacts>) {
        let Some(kind) = kind.filter(|_| self.typed) else {
            self.kinds.remove(device);
            return;
        };
        let at = match self.types.position(&kind.id) {
            Some(at) => at,
            None => {
                let id = kind.id.clone();
                self.types.put(kind);
                self.types.position(&id).unwrap_or_default()
            }
        };
        self.kinds.insert(device.clone(), u32::try_from(at).unwrap_or(u32::MAX));
    }

    /// Position of a device's type in the table of types.
    pub fn type_of(&self, device: &RecordId) -> Option<usize> {
        self.kinds.get(device).map(|&at| at as usize)
    }

    fn count_types(&mut self) {
        let mut counts = vec![0_u32; self.types.all().len()];
        for device in self.devices.live() {
            if let Some(count) = self.kinds.get(&device.id).and_then(|&at| counts.get_mut(at as usize)) {
                *count += 1;
            }
        }
        for (kind, count) in self.types.all_mut().iter_mut().zip(counts) {
            kind.devices = count;
        }
    }

    /// Places every device into the company it rolls up to and counts devices per company.
    /// Needed after companies changed or many devices came.
    pub fn recount(&mut self) {
        let mut counts: FxHashMap<RecordId, u32> = FxHashMap::default();
        if self.roll_up {
            let mut roots: FxHashMap<RecordId, RecordId> = FxHashMap::default();
            let mut moves = Vec::new();
            for (at, device) in self.devices.all().iter().enumerate() {
                let Some(seat) = self.seats.get(&device.id).or(device.company.as_ref()) else { continue };
                let root = match roots.get(seat) {
                    Some(root) => root.clone(),
                    None => {
                        let root = self.root_of(seat);
                        roots.insert(seat.clone(), root.clone());
                        root
                    }
                };
                if device.company.as_ref() != Some(&root) {
                    moves.push((at, seat.clone(), root));
                }
            }
            for (at, seat, root) in moves {
                let device = &mut self.devices.all_mut()[at];
                if seat == root {
                    self.seats.remove(&device.id);
                } else {
                    self.seats.insert(device.id.clone(), seat);
                }
                device.company = Some(root);
            }
        }
        if self.typed {
            self.count_types();
        }
        for device in self.devices.live() {
            if let Some(company) = &device.company {
                match counts.get_mut(company) {
                    Some(count) => *count += 1,
                    None => {
                        counts.insert(company.clone(), 1);
                    }
                }
            }
        }
        for (id, extra) in &mut self.extra {
            extra.devices = counts.get(id).copied().unwrap_or(0);
        }
    }
}

/// Tables by integration.
pub type Tables = FxHashMap<IntegrationId, IntegrationTables>;

#[cfg(test)]
mod tests {
    use super::*;

    fn company(id: &str) -> CompanyFacts {
        CompanyFacts::from(&Company::new(id, id))
    }

    #[test]
    fn live_rows_stay_before_orphans() {
        let mut table = Table::default();
        for id in ["a", "b", "c"] {
            table.put(company(id));
        }
        assert_eq!(table.orphan(&"a".into()), Some((0, 2)));
        assert_eq!(table.live().len(), 2);
        assert_eq!(table.standing(table.position(&"a".into()).unwrap()), Standing::Orphaned);
        assert_eq!(table.put(company("d")), Placed::Added(2));
        assert_eq!(table.standing(table.position(&"a".into()).unwrap()), Standing::Orphaned);
        assert!(matches!(table.put(company("a")), Placed::Revived(3, 3)));
        assert_eq!(table.live().len(), 4);
        assert_eq!(table.standing(3), Standing::Live, "it is listed again");
        for (at, row) in table.all().iter().enumerate() {
            assert_eq!(table.position(row.id()), Some(at));
        }
    }

    #[test]
    fn what_settings_leave_out_is_away_but_no_orphan() {
        let mut table = Table::default();
        for id in ["a", "b", "c"] {
            table.put(company(id));
        }
        assert_eq!(table.set_aside(&"a".into()), Some((0, 2)));
        assert_eq!(table.set_aside(&"a".into()), None, "it is away already");
        assert_eq!((table.live().len(), table.standing(2)), (2, Standing::LeftOut));
        assert_eq!(table.set_aside(&"b".into()), Some((1, 1)));
        assert_eq!(table.orphan(&"b".into()), None, "it is away already");
        assert_eq!(table.standing(1), Standing::Orphaned);
        assert_eq!(table.bring_back(&"b".into()), None, "settings do not bring an orphan back");
        assert_eq!(table.bring_back(&"a".into()), Some((2, 1)));
        assert_eq!(table.put(company("b")), Placed::Revived(2, 2));
        let live: Vec<&str> = table.live().iter().map(|row| row.id.as_str()).collect();
        assert_eq!(live, ["c", "a", "b"]);
        for (at, row) in table.all().iter().enumerate() {
            assert_eq!(table.position(row.id()), Some(at));
        }
    }

    #[test]
    fn equal_texts_are_kept_once_and_let_go_when_nobody_has_them() {
        let mut texts = Texts::default();
        let device = |model: &str| {
            let mut device = DeviceFacts::new(model, model);
            device.model = Some(model.into());
            device
        };
        let (mut one, mut two) = (device("MacBook Air"), device("MacBook Air"));
        texts.share_all(&mut one);
        texts.share_all(&mut two);
        assert!(Arc::ptr_eq(one.model.as_ref().unwrap(), two.model.as_ref().unwrap()));
        for at in 0..3 * Texts::FEW {
            texts.share_all(&mut device(&at.to_string()));
        }
        assert!(texts.known.len() <= Texts::FEW, "{}", texts.known.len());
        assert!(texts.known.contains("MacBook Air"));
    }

    #[test]
    fn devices_roll_up_to_the_first_level_and_cycles_end() {
        let mut tables = IntegrationTables { roll_up: true, ..Default::default() };
        for (id, parent) in
            [("top", None), ("mid", Some("top")), ("leaf", Some("mid")), ("x", Some("y")), ("y", Some("x"))]
        {
            tables.companies.put(company(id));
            tables.extra.insert(id.into(), CompanyExtra { parent: parent.map(Into::into), ..Default::default() });
        }
        let mut device = Device::new("d", "d");
        device.company = Some("leaf".into());
        tables.devices.put(DeviceFacts::from(&device));
        tables.recount();
        assert_eq!(tables.devices.live()[0].company, Some("top".into()));
        assert_eq!(tables.extra[&RecordId::from("top")].devices, 1);
        assert!(tables.is_listed(&"top".into()) && !tables.is_listed(&"leaf".into()));
        let _ = tables.root_of(&"x".into());
    }
}
