//! What the settings look at, of every stored record of one integration: some fifty bytes a record.

use super::facets::{Facets, OwnedTraits};
use super::labels::{Label, Labels};
use crate::domain::{LeftOut, RecordId, ScopeRule, Stream, SyncScope, Timestamp, Traits};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Records of one integration with their judgement.
#[derive(Clone, Debug, Default)]
pub struct Register {
    scope: Arc<SyncScope>,
    labels: Labels,
    companies: Companies,
    streams: FxHashMap<Stream, FxHashMap<RecordId, Entry>>,
    left_out: FxHashMap<Stream, u64>,
    /// A company's judgement or the settings changed: what belongs to companies has to be judged again.
    unsettled: bool,
    /// Records that came and are left out.
    came: Vec<(Stream, RecordId)>,
}

/// A record that came within the settings or left them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// Its stream.
    pub stream: Stream,
    /// Its id.
    pub id: RecordId,
    /// It is left out now.
    pub left_out: bool,
}

/// One record.
#[derive(Clone, Debug)]
pub struct Entry {
    traits: Packed,
    /// Its company's place in [`Companies`].
    company: Option<u32>,
    /// The vendor no longer lists it.
    pub orphaned: bool,
    out: Option<Out>,
}

impl Entry {
    /// The settings leave it out.
    pub const fn is_left_out(&self) -> bool {
        self.out.is_some()
    }

    /// The values of a record that a list judges; one `None` when it has none.
    pub fn values(&self, rule: ScopeRule) -> Vec<Option<Label>> {
        let one = |value: Option<Label>| vec![value];
        match (rule, &self.traits) {
            (ScopeRule::CompanyTypes, Packed::Company(traits)) if !traits.types.is_empty() => {
                traits.types.iter().copied().map(Some).collect()
            }
            (ScopeRule::CompanyTypes, Packed::Company(_)) => one(None),
            (ScopeRule::CompanyStatuses, Packed::Company(traits)) => one(traits.status),
            (ScopeRule::Classifications, Packed::Company(traits)) => one(traits.classification),
            (ScopeRule::DeviceTypes, Packed::Device(value, _))
            | (ScopeRule::DeviceStatuses, Packed::Device(_, value)) => one(*value),
            (ScopeRule::TicketQueues, Packed::Ticket(queue, _)) => one(*queue),
            _ => Vec::new(),
        }
    }
}

/// Traits by the numbers of their names.
#[derive(Clone, Debug)]
enum Packed {
    Company(Box<CompanyTraits>),
    Device(Option<Label>, Option<Label>),
    Ticket(Option<Label>, Option<Timestamp>),
    Plain,
}

#[derive(Clone, Debug)]
struct CompanyTraits {
    types: Box<[Label]>,
    status: Option<Label>,
    classification: Option<Label>,
}

/// [`LeftOut`] without its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Out {
    rule: ScopeRule,
    value: Option<Label>,
}

/// Places of companies, so that what belongs to them is judged without looking their ids up.
#[derive(Clone, Debug, Default)]
struct Companies {
    places: FxHashMap<RecordId, u32>,
    ids: Vec<RecordId>,
    left_out: Vec<bool>,
}

impl Companies {
    fn place(&mut self, id: &RecordId) -> u32 {
        if let Some(place) = self.places.get(id) {
            return *place;
        }
        let place = u32::try_from(self.left_out.len()).unwrap_or(u32::MAX);
        self.places.insert(id.clone(), place);
        self.ids.push(id.clone());
        self.left_out.push(false);
        place
    }
}

fn is_left_out(companies: &[bool], company: Option<u32>) -> bool {
    company.is_some_and(|place| companies.get(place as usize).copied().unwrap_or(false))
}

impl Register {
    /// A register without records.
    pub fn new(scope: Arc<SyncScope>) -> Self {
        Self { scope, ..Self::default() }
    }

    /// The settings that it judges by.
    pub fn scope(&self) -> &Arc<SyncScope> {
        &self.scope
    }

    /// Other settings; [`Register::settle`] then says what moves.
    pub fn set_scope(&mut self, scope: Arc<SyncScope>) {
        self.unsettled |= self.scope != scope;
        self.scope = scope;
    }

    /// Time alone can leave a record out.
    pub fn ages(&self) -> bool {
        self.scope.ticket_months > 0 && self.streams.get(&Stream::Tickets).is_some_and(|tickets| !tickets.is_empty())
    }

    /// Time went by: tickets may be too old by now.
    pub fn unsettle(&mut self) {
        self.unsettled = true;
    }

    /// [`Register::settle`] has something to do.
    pub const fn is_unsettled(&self) -> bool {
        self.unsettled || !self.came.is_empty()
    }

    /// Puts a record that the vendor lists, or that is stored as orphaned. When it is left out, settling moves it; a
    /// company takes what belongs to it along then.
    pub fn put(&mut self, facets: Facets, orphaned: bool, now: Timestamp) {
        let Facets { stream, id, company, traits } = facets;
        let traits = self.pack(traits);
        let company = company.map(|id| self.companies.place(&id));
        let out = self.judge(stream, &traits, company, now);
        if stream == Stream::Companies {
            let place = self.companies.place(&id) as usize;
            self.unsettled |= self.companies.left_out[place] != out.is_some();
            self.companies.left_out[place] = out.is_some();
        }
        let entry = Entry { traits, company, orphaned, out };
        if entry.is_left_out() && !orphaned {
            self.came.push((stream, id.clone()));
        }
        let counted = u64::from(counts(&entry));
        let old = self.streams.entry(stream).or_default().insert(id, entry);
        let sum = self.left_out.entry(stream).or_default();
        *sum = *sum + counted - u64::from(old.as_ref().is_some_and(counts));
    }

    /// The vendor no longer lists it.
    pub fn orphan(&mut self, stream: Stream, id: &RecordId) {
        let Some(entry) = self.streams.get_mut(&stream).and_then(|all| all.get_mut(id)) else { return };
        if counts(entry)
            && let Some(sum) = self.left_out.get_mut(&stream)
        {
            *sum -= 1;
        }
        entry.orphaned = true;
    }

    /// The record.
    pub fn get(&self, stream: Stream, id: &RecordId) -> Option<&Entry> {
        self.streams.get(&stream)?.get(id)
    }

    /// Every record of a stream, in no order.
    pub fn each(&self, stream: Stream) -> impl Iterator<Item = (&RecordId, &Entry)> {
        self.streams.get(&stream).into_iter().flatten()
    }

    /// Why a record is left out; `None` when it is not, or not known. Of a record whose company is left out, the
    /// company's reason comes second.
    pub fn why(&self, stream: Stream, id: &RecordId) -> Option<String> {
        let entry = self.get(stream, id)?;
        let out = entry.out?;
        let reason = self.unpack_out(out).to_string();
        if out.rule != ScopeRule::Company {
            return Some(reason);
        }
        let company = entry.company.and_then(|place| self.companies.ids.get(place as usize));
        let behind = company.and_then(|id| self.get(Stream::Companies, id)?.out);
        Some(match behind {
            Some(out) => format!("{reason}: {}", self.unpack_out(out)),
            None => reason,
        })
    }

    /// Records of the stream that the vendor lists and the settings leave out.
    pub fn left_out(&self, stream: Stream) -> u64 {
        self.left_out.get(&stream).copied().unwrap_or(0)
    }

    /// Judges again what may be judged otherwise, and says what moved since the last time.
    pub fn settle(&mut self, now: Timestamp) -> Vec<Shift> {
        let mut shifts: Vec<Shift> = std::mem::take(&mut self.came)
            .into_iter()
            .map(|(stream, id)| Shift { stream, id, left_out: true })
            .collect();
        if !std::mem::take(&mut self.unsettled) {
            return shifts;
        }
        let judged = self.compare(&Arc::clone(&self.scope), now);
        for Judged { stream, id, was_left_out, out } in judged {
            if stream == Stream::Companies {
                let place = self.companies.place(&id) as usize;
                self.companies.left_out[place] = out.is_some();
            }
            let out = out.map(|out| self.pack_out(&out));
            let Some(entry) = self.streams.get_mut(&stream).and_then(|all| all.get_mut(&id)) else { continue };
            entry.out = out;
            if out.is_some() != was_left_out {
                if !entry.orphaned {
                    let sum = self.left_out.entry(stream).or_default();
                    *sum = if was_left_out { *sum - 1 } else { *sum + 1 };
                }
                shifts.push(Shift { stream, id, left_out: out.is_some() });
            }
        }
        shifts
    }

    /// Every record that is judged otherwise under such settings, companies first.
    pub fn compare(&self, scope: &SyncScope, now: Timestamp) -> Vec<Judged> {
        let mut companies = self.companies.left_out.clone();
        let mut judged = Vec::new();
        for stream in Stream::ALL {
            for (id, entry) in self.each(stream) {
                let out = scope.judge(&self.unpack(stream, &entry.traits), is_left_out(&companies, entry.company), now);
                if stream == Stream::Companies
                    && let Some(place) = self.companies.places.get(id)
                {
                    companies[*place as usize] = out.is_some();
                }
                if out != entry.out.map(|out| self.unpack_out(out)) {
                    judged.push(Judged { stream, id: id.clone(), was_left_out: entry.is_left_out(), out });
                }
            }
        }
        judged
    }

    /// The name behind a value.
    pub fn name(&self, label: Label) -> &str {
        self.labels.name(label)
    }

    fn judge(&mut self, stream: Stream, traits: &Packed, company: Option<u32>, now: Timestamp) -> Option<Out> {
        let gone = is_left_out(&self.companies.left_out, company);
        let out = self.scope.judge(&self.unpack(stream, traits), gone, now)?;
        Some(self.pack_out(&out))
    }

    fn pack_out(&mut self, out: &LeftOut) -> Out {
        Out { rule: out.rule, value: (!out.value.is_empty()).then(|| self.labels.number(&out.value)) }
    }

    fn unpack_out(&self, out: Out) -> LeftOut {
        LeftOut { rule: out.rule, value: out.value.map_or("", |label| self.labels.name(label)).into() }
    }

    fn pack(&mut self, traits: OwnedTraits) -> Packed {
        let labels = &mut self.labels;
        let mut number = |name: Option<Box<str>>| name.map(|name| labels.number(&name));
        match traits {
            OwnedTraits::Company(types, status, classification) => Packed::Company(Box::new(CompanyTraits {
                status: number(status),
                classification: number(classification),
                types: types.into_iter().filter_map(|name| number(Some(name))).collect(),
            })),
            OwnedTraits::Device(device_type, status) => Packed::Device(number(device_type), number(status)),
            OwnedTraits::Ticket(queue, touched) => Packed::Ticket(number(queue), touched),
            OwnedTraits::Plain => Packed::Plain,
        }
    }

    fn unpack(&self, stream: Stream, traits: &Packed) -> Traits<'_> {
        let name = |label: Option<Label>| label.map(|label| self.labels.name(label));
        match (traits, stream) {
            (Packed::Company(traits), _) => Traits::Company {
                types: traits.types.iter().map(|label| self.labels.name(*label)).collect(),
                status: name(traits.status),
                classification: name(traits.classification),
            },
            (Packed::Device(device_type, status), _) => {
                Traits::Device { device_type: name(*device_type), status: name(*status) }
            }
            (Packed::Ticket(queue, touched), _) => Traits::Ticket { queue: name(*queue), touched: *touched },
            (Packed::Plain, Stream::Contacts) => Traits::Contact,
            (Packed::Plain, Stream::Locations) => Traits::Location,
            (Packed::Plain, _) => Traits::Other,
        }
    }
}

/// A record that is judged otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Its stream.
    pub stream: Stream,
    /// Its id.
    pub id: RecordId,
    /// It is left out today.
    pub was_left_out: bool,
    /// Why it would be left out; `None` when it would be within the settings.
    pub out: Option<LeftOut>,
}

/// Counted among what is left out: what the vendor lists.
fn counts(entry: &Entry) -> bool {
    entry.is_left_out() && !entry.orphaned
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Company, Contact, Device, Named, Record};

    fn now() -> Timestamp {
        Timestamp::from_unix_timestamp(1_790_000_000).unwrap()
    }

    fn company(id: &str, kind: &str) -> Facets {
        let mut company = Company::new(id, id);
        company.types = vec![Named { id: String::new(), name: kind.into() }];
        Facets::of(&Record::Company(Box::new(company))).unwrap()
    }

    fn device(id: &str, company: Option<&str>) -> Facets {
        let mut device = Device::new(id, id);
        device.company = company.map(Into::into);
        Facets::of(&Record::Device(Box::new(device))).unwrap()
    }

    fn clients() -> Arc<SyncScope> {
        Arc::new(SyncScope { company_types: vec!["client".into()], ..SyncScope::default() })
    }

    fn moved(shifts: &[Shift]) -> Vec<(&str, bool)> {
        let mut moved: Vec<_> = shifts.iter().map(|shift| (shift.id.as_str(), shift.left_out)).collect();
        moved.sort_unstable();
        moved
    }

    #[test]
    fn what_belongs_to_a_company_goes_and_comes_with_it_in_any_order() {
        let mut register = Register::new(clients());
        // Streams are read at the same time: a device may come before its company.
        register.put(device("d1", Some("c1")), false, now());
        register.put(device("d2", None), false, now());
        assert!(!register.is_unsettled());
        register.put(company("c1", "Vendor"), false, now());
        assert!(register.is_unsettled());
        assert_eq!(moved(&register.settle(now())), [("c1", true), ("d1", true)]);
        assert_eq!(
            register.why(Stream::Devices, &"d1".into()).unwrap(),
            "its company is left out: type Vendor is not chosen"
        );
        register.put(device("d3", Some("c1")), false, now());
        assert_eq!(moved(&register.settle(now())), [("d3", true)], "its company is known by now");
        assert_eq!((register.left_out(Stream::Companies), register.left_out(Stream::Devices)), (1, 2));
        register.put(company("c1", "CLIENT"), false, now());
        assert_eq!(moved(&register.settle(now())), [("d1", false), ("d3", false)]);
        assert_eq!((register.left_out(Stream::Companies), register.left_out(Stream::Devices)), (0, 0));
        assert!(!register.is_unsettled() && register.settle(now()).is_empty());
    }

    #[test]
    fn a_comparison_says_what_settling_then_does() {
        let mut register = Register::new(Arc::default());
        for n in 0..20 {
            let kind = if n % 3 == 0 { "Vendor" } else { "Client" };
            register.put(company(&format!("c{n}"), kind), false, now());
            register.put(device(&format!("d{n}"), Some(&format!("c{n}"))), false, now());
        }
        let contact = Contact { id: "k".into(), company: Some("c0".into()), ..Contact::default() };
        register.put(Facets::of(&Record::Contact(Box::new(contact))).unwrap(), false, now());
        let expected = register.compare(&clients(), now());
        assert_eq!(expected.len(), 15, "seven companies with a device each, and a contact");
        register.set_scope(clients());
        let shifts = register.settle(now());
        let told =
            |judged: &Judged| Shift { stream: judged.stream, id: judged.id.clone(), left_out: judged.out.is_some() };
        assert_eq!(shifts, expected.iter().map(told).collect::<Vec<_>>());
        register.set_scope(Arc::default());
        assert_eq!(register.settle(now()).len(), 15);
        assert_eq!(register.left_out(Stream::Devices), 0);
    }

    #[test]
    fn orphans_are_not_counted_and_another_reason_is_no_move() {
        let mut register = Register::new(clients());
        register.put(company("c1", "Vendor"), false, now());
        register.orphan(Stream::Companies, &"c1".into());
        assert_eq!(register.left_out(Stream::Companies), 0);
        register.put(company("c2", "Vendor"), false, now());
        register.settle(now());
        let other = SyncScope { company_types: vec!["Partner".into()], ..SyncScope::default() };
        let statuses = SyncScope { company_statuses: vec!["Active".into()], ..SyncScope::default() };
        register.set_scope(Arc::new(other));
        assert!(register.settle(now()).is_empty());
        register.set_scope(Arc::new(statuses));
        assert!(register.settle(now()).is_empty());
        assert_eq!(register.why(Stream::Companies, &"c2".into()).unwrap(), "it has no status");
        register.set_scope(Arc::default());
        assert_eq!(register.settle(now()).len(), 2);
        assert_eq!(register.left_out(Stream::Companies), 0);
    }
}
