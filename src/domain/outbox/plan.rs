//! Plans a write from the records of both sides: pure, so that a dry run and what is then done are the same.

use super::{FieldPolicy, FieldWrite, PlannedWrite, WriteField, WriteInside, WriteKind, WriteRules, mark};
use crate::domain::{Company, Device, Flow, Interface, JunkList, Mac, Named, Record, RecordId, Serial, Stream};
use std::collections::{BTreeMap, BTreeSet};

/// What a target takes of a stream, as its mapping and its look-ups say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteTarget {
    /// The vendor's name.
    pub vendor: String,
    /// The vendor's word for one record.
    pub word: String,
    /// Fields that can be written.
    pub fields: BTreeSet<WriteField>,
    /// Fields without which the vendor refuses.
    pub required: BTreeSet<WriteField>,
    /// Fields that may be written on a record that another system owns.
    pub synced: BTreeSet<WriteField>,
    /// The names that a field may have, where the vendor has a list.
    pub choices: BTreeMap<WriteField, Vec<String>>,
    /// Longest text of a field, in characters.
    pub longest: BTreeMap<WriteField, usize>,
    /// A new device takes more than one interface.
    pub interfaces: bool,
    /// What a person should know before records are made there.
    pub warning: Option<String>,
}

/// What earlier matches say of a flow: which type a source's type is, which values new records usually have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Habits {
    /// The target's type for each of the source's (lower case).
    pub types: BTreeMap<String, String>,
    /// The value that most records of the target have.
    pub usual: BTreeMap<WriteField, String>,
}

/// What a plan is made with.
#[derive(Clone, Copy, Debug)]
pub struct Planner<'a> {
    /// The flow.
    pub flow: &'a Flow,
    /// The source vendor's name.
    pub vendor: &'a str,
    /// What may be written.
    pub rules: &'a WriteRules,
    /// What the target takes.
    pub target: &'a WriteTarget,
    /// What earlier matches say.
    pub habits: &'a Habits,
    /// Values that identify nothing.
    pub junk: &'a JunkList,
}

/// A planned write with what a person should know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The write.
    pub write: PlannedWrite,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

impl Planner<'_> {
    /// The record that is made of a source record; the error says what is missing.
    ///
    /// # Errors
    /// A value that the vendor requires and nobody gives.
    pub fn create(&self, source: &Record, inside: Option<WriteInside>) -> Result<Planned, String> {
        let stream = source.stream();
        let mark = mark(self.vendor, stream, &source.id());
        let (mut fields, mut notes) = (Vec::new(), Vec::new());
        for field in WriteField::ALL.into_iter().filter(|field| self.target.fields.contains(field)) {
            match self.new_value(source, field) {
                Ok(Some(value)) => {
                    fields.push(FieldWrite { field, old: None, new: self.cut(field, value, &mut notes) });
                }
                Ok(None) if self.target.required.contains(&field) => return Err(self.missing(stream, field)),
                Ok(None) => {}
                Err(why) if self.target.required.contains(&field) => return Err(why),
                Err(why) => notes.push(why),
            }
        }
        if self.target.fields.contains(&WriteField::Notes) {
            self.put_mark(&mut fields, &mark);
        }
        let interfaces = if self.target.interfaces { self.interfaces(source) } else { Vec::new() };
        let write = PlannedWrite {
            flow: self.flow.id.clone(),
            stream,
            source: source.id(),
            name: source.name().to_owned(),
            target: self.flow.target.clone(),
            kind: WriteKind::Create,
            inside,
            fields,
            interfaces: if interfaces.len() > 1 { interfaces } else { Vec::new() },
            mark,
        };
        Ok(Planned { write, notes })
    }

    /// What is to be changed of a matched record; `None` when nothing is.
    #[must_use]
    pub fn update(&self, source: &Record, target: &Record) -> Option<Planned> {
        let owner = owner(target);
        let (mut fields, mut notes) = (Vec::new(), Vec::new());
        for field in WriteField::ALL.into_iter().filter(|field| self.target.fields.contains(field)) {
            if self.rules.policy(field) != FieldPolicy::Source {
                continue;
            }
            let Some(new) = self.source_value(source, field) else { continue };
            if field == WriteField::Mac && shares_mac(source, target) {
                continue;
            }
            let old = value_of(target, field);
            if old.as_deref().is_some_and(|old| is_same(field, old, &new)) {
                continue;
            }
            let new = match self.chosen(field, &new) {
                Ok(new) => self.cut(field, new, &mut notes),
                Err(why) => {
                    notes.push(why);
                    continue;
                }
            };
            if old.as_deref().is_some_and(|old| is_same(field, old, &new)) {
                continue;
            }
            match &owner {
                Some(owner) if !self.target.synced.contains(&field) => {
                    notes.push(format!("{} differs and is {owner}'s, which owns the record", field.word()));
                }
                _ => fields.push(FieldWrite { field, old, new }),
            }
        }
        if fields.is_empty() {
            return None;
        }
        let write = PlannedWrite {
            flow: self.flow.id.clone(),
            stream: source.stream(),
            source: source.id(),
            name: source.name().to_owned(),
            target: self.flow.target.clone(),
            kind: WriteKind::Update { target: target.id() },
            inside: None,
            fields,
            interfaces: Vec::new(),
            mark: mark(self.vendor, source.stream(), &source.id()),
        };
        Some(Planned { write, notes })
    }

    fn missing(&self, stream: Stream, field: WriteField) -> String {
        format!(
            "{} needs a {}: set flows.{}.create.{stream}.{field} in the configuration",
            self.target.vendor,
            field.word(),
            self.flow.id
        )
    }

    /// The source's value where it identifies or says something.
    fn source_value(&self, source: &Record, field: WriteField) -> Option<String> {
        let value = value_of(source, field)?;
        let junk = match field {
            WriteField::Serial => Serial::parse(&value).is_none_or(|s| self.junk.serial_reason(&s).is_some()),
            WriteField::Mac => Mac::parse(&value).is_none_or(|m| self.junk.mac_reason(m).is_some()),
            _ => false,
        };
        (!junk).then_some(value)
    }

    /// The value of a field of a new record.
    fn new_value(&self, source: &Record, field: WriteField) -> Result<Option<String>, String> {
        let rules = self.rules.creating(source.stream());
        match field {
            WriteField::Type => return self.new_type(source, &rules),
            WriteField::Status => {
                let wanted = rules.values.get(&field).or_else(|| self.habits.usual.get(&field));
                return wanted.map(|wanted| self.chosen(field, wanted)).transpose();
            }
            // Two interfaces are sent as such; one is the record's own address.
            WriteField::Mac | WriteField::Ip if self.target.interfaces && self.interfaces(source).len() > 1 => {
                return Ok(None);
            }
            _ => {}
        }
        let own = if field == WriteField::Mac {
            self.interfaces(source).into_iter().find_map(|i| i.mac)
        } else {
            self.source_value(source, field)
        };
        let derived = || match field {
            WriteField::ShortName if self.target.required.contains(&field) => short_name(source.name()),
            WriteField::HostName => value_of(source, WriteField::Name),
            _ => None,
        };
        // What the record itself has comes first; where the target does not know that, what the settings say.
        let wanted = [own, rules.values.get(&field).cloned(), derived()];
        let mut refused = None;
        for value in wanted.into_iter().flatten() {
            match self.chosen(field, &value) {
                Ok(value) => return Ok(Some(value)),
                Err(why) => refused = refused.or(Some(why)),
            }
        }
        refused.map_or(Ok(None), Err)
    }

    fn new_type(&self, source: &Record, rules: &super::CreateRules) -> Result<Option<String>, String> {
        let own = value_of(source, WriteField::Type);
        let stream = source.stream();
        let named = |own: &String| {
            let configured = rules.types.iter().find(|(from, _)| from.eq_ignore_ascii_case(own)).map(|(_, to)| to);
            configured.or_else(|| self.habits.types.get(&own.to_lowercase())).cloned()
        };
        let same = |own: &String| self.choice(WriteField::Type, own).filter(|_| stream != Stream::Companies);
        let usual = || self.habits.usual.get(&WriteField::Type).filter(|_| stream == Stream::Companies).cloned();
        let found = own.as_ref().and_then(named).or_else(|| own.as_ref().and_then(same));
        let found = found.or_else(|| rules.values.get(&WriteField::Type).cloned()).or_else(usual);
        match (found, own) {
            (Some(wanted), _) => self.chosen(WriteField::Type, &wanted).map(Some),
            (None, Some(own)) => {
                let (vendor, id, word) = (&self.target.vendor, &self.flow.id, &self.target.word);
                Err(format!(
                    "which type of {word} is “{own}” at {vendor}? set flows.{id}.create.{stream}.types or .type in the configuration"
                ))
            }
            (None, None) => Ok(None),
        }
    }

    /// The value as the target's list has it; any text where there is no list.
    fn chosen(&self, field: WriteField, value: &str) -> Result<String, String> {
        if !self.target.choices.contains_key(&field) {
            return Ok(value.to_owned());
        }
        let unknown = || format!("{} has no {} “{value}”: left out", self.target.vendor, field.word());
        self.choice(field, value).ok_or_else(unknown)
    }

    fn choice(&self, field: WriteField, value: &str) -> Option<String> {
        let names = self.target.choices.get(&field)?;
        let same = names.iter().find(|name| name.eq_ignore_ascii_case(value.trim()));
        // “macOS 15.1” is “macOS” where the vendor's list has no versions.
        let family = || {
            let lower = value.trim().to_lowercase();
            let starts = |name: &&String| {
                let rest = lower.strip_prefix(&name.to_lowercase());
                rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
            };
            names.iter().filter(starts).max_by_key(|name| name.len())
        };
        same.or_else(|| if field == WriteField::Os { family() } else { None }).cloned()
    }

    fn cut(&self, field: WriteField, value: String, notes: &mut Vec<String>) -> String {
        let Some(most) = self.target.longest.get(&field).copied() else { return value };
        if value.chars().count() <= most {
            return value;
        }
        notes.push(format!("{} is cut to {most} characters", field.word()));
        value.chars().take(most).collect()
    }

    fn put_mark(&self, fields: &mut Vec<FieldWrite>, mark: &str) {
        let text = format!("Created by matchbook from {}. {mark}", self.vendor);
        match fields.iter_mut().find(|f| f.field == WriteField::Notes) {
            Some(notes) => notes.new = format!("{}\n{text}", notes.new),
            None => fields.push(FieldWrite { field: WriteField::Notes, old: None, new: text }),
        }
    }

    /// The interfaces whose addresses identify the device, the first of them with its IP address.
    fn interfaces(&self, source: &Record) -> Vec<Interface> {
        let Record::Device(device) = source else { return Vec::new() };
        let mut seen = BTreeSet::new();
        let good = |interface: &&Interface| {
            let mac = interface.mac.as_deref().and_then(Mac::parse);
            mac.is_some_and(|mac| self.junk.mac_reason(mac).is_none() && seen.insert(mac))
        };
        let mut kept: Vec<Interface> = device.interfaces.iter().filter(good).cloned().collect();
        for interface in &mut kept {
            let mac = interface.mac.as_deref().and_then(Mac::parse);
            interface.mac = mac.map(|mac| mac.to_string().to_uppercase());
        }
        kept
    }
}

/// Who owns a record besides the vendor that holds it.
fn owner(record: &Record) -> Option<String> {
    match record {
        Record::Company(company) => company.synced_from.clone(),
        Record::Device(device) => device.synced_from.clone(),
        _ => None,
    }
}

fn shares_mac(source: &Record, target: &Record) -> bool {
    let macs = |record: &Record| -> BTreeSet<Mac> {
        let Record::Device(device) = record else { return BTreeSet::new() };
        device.interfaces.iter().filter_map(|i| Mac::parse(i.mac.as_deref()?)).collect()
    };
    !macs(source).is_disjoint(&macs(target))
}

/// Equal as far as the field means it: a serial is one however it is written.
fn is_same(field: WriteField, old: &str, new: &str) -> bool {
    match field {
        WriteField::Serial => Serial::parse(old) == Serial::parse(new),
        WriteField::Mac => Mac::parse(old) == Mac::parse(new),
        WriteField::HostName | WriteField::Domain => old.trim().eq_ignore_ascii_case(new.trim()),
        _ => old.trim() == new.trim(),
    }
}

/// Whether a record has that value.
#[must_use]
pub fn is_value(record: &Record, field: WriteField, value: &str) -> bool {
    if field == WriteField::Mac {
        let Record::Device(device) = record else { return false };
        let wanted = Mac::parse(value);
        return device.interfaces.iter().any(|i| i.mac.as_deref().and_then(Mac::parse) == wanted);
    }
    value_of(record, field).is_some_and(|known| is_same(field, &known, value))
}

/// A code of a company's name: its letters and digits, 25 at most.
fn short_name(name: &str) -> Option<String> {
    let code: String = name.chars().filter(char::is_ascii_alphanumeric).take(25).collect();
    (!code.is_empty()).then_some(code)
}

/// What a record says of a field; `None` where it says nothing.
#[must_use]
pub fn value_of(record: &Record, field: WriteField) -> Option<String> {
    let text = match record {
        Record::Company(company) => company_value(company, field),
        Record::Device(device) => device_value(device, field),
        _ => None,
    };
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn company_value(company: &Company, field: WriteField) -> Option<String> {
    let address = company.address.as_ref();
    match field {
        WriteField::Name => Some(company.name.clone()),
        WriteField::ShortName => company.short_name.clone(),
        WriteField::Type => company.types.first().map(|t| t.name.clone()),
        WriteField::Status => company.status.as_ref().map(|s| s.name.clone()),
        WriteField::Phone => company.phone.clone(),
        WriteField::Domain => company.domain.clone(),
        WriteField::Street => address.map(|a| a.street.clone()),
        WriteField::City => address.map(|a| a.city.clone()),
        WriteField::Zip => address.map(|a| a.zip.clone()),
        WriteField::Notes => company.notes.clone(),
        _ => None,
    }
}

fn device_value(device: &Device, field: WriteField) -> Option<String> {
    let named = |named: &Option<Named>| named.as_ref().map(|n| n.name.clone());
    let first = |of: fn(&Interface) -> Option<&String>| device.interfaces.iter().find_map(of).cloned();
    match field {
        WriteField::Name => Some(device.name.clone()),
        WriteField::Type => named(&device.device_type),
        WriteField::Status => named(&device.status),
        WriteField::Serial => device.serial.clone(),
        WriteField::Mac => first(|i| i.mac.as_ref()),
        WriteField::Ip => device.details.lan_ip.clone().or_else(|| first(|i| i.ip.as_ref())),
        WriteField::HostName => device.host_name.clone(),
        WriteField::Manufacturer => device.manufacturer.clone(),
        WriteField::Model | WriteField::Product => device.model.clone(),
        WriteField::Os => device.details.system.os.clone(),
        WriteField::AssetTag => device.asset_tag.clone(),
        WriteField::Notes => device.details.notes.clone(),
        _ => None,
    }
}

/// What matched pairs and the target's own records say of how new ones are to be.
#[derive(Clone, Debug, Default)]
pub struct HabitCounts {
    types: BTreeMap<String, BTreeMap<String, u32>>,
    usual: BTreeMap<WriteField, BTreeMap<String, u32>>,
}

impl HabitCounts {
    /// A matched pair: its types belong together.
    pub fn pair(&mut self, source: &Record, target: &Record) {
        let (from, to) = (value_of(source, WriteField::Type), value_of(target, WriteField::Type));
        if let (Some(from), Some(to)) = (from, to) {
            *self.types.entry(from.to_lowercase()).or_default().entry(to).or_default() += 1;
        }
    }

    /// A live record of the target.
    pub fn record(&mut self, target: &Record) {
        for field in [WriteField::Type, WriteField::Status] {
            if let Some(value) = value_of(target, field) {
                *self.usual.entry(field).or_default().entry(value).or_default() += 1;
            }
        }
    }

    /// What most of them say.
    #[must_use]
    pub fn habits(self) -> Habits {
        fn most<K: Ord>(counts: BTreeMap<K, BTreeMap<String, u32>>) -> BTreeMap<K, String> {
            let top =
                |counts: BTreeMap<String, u32>| counts.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)));
            counts.into_iter().filter_map(|(key, counts)| Some((key, top(counts)?.0))).collect()
        }
        Habits { types: most(self.types), usual: most(self.usual) }
    }
}

/// Where a new record goes, as decisions and plans stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Into that company.
    Inside(WriteInside),
    /// Nowhere yet, and why.
    Nowhere(&'static str),
}

/// Where a source record's counterpart belongs.
#[must_use]
pub fn place(company: Option<&RecordId>, matched: Option<&RecordId>, made: bool) -> Place {
    match (company, matched) {
        (Some(_), Some(target)) => Place::Inside(WriteInside::There { target: target.clone() }),
        (Some(company), None) if made => Place::Inside(WriteInside::Made { source: company.clone() }),
        (Some(_), None) => Place::Nowhere("its company has no match yet; match or create the company first"),
        (None, _) => Place::Nowhere("it belongs to no company"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow() -> Flow {
        Flow { roll_up: false, needs_devices: false, auto_accept: false, ..Flow::new("rmm-docs", "rmm", "docs") }
    }

    fn target() -> WriteTarget {
        use WriteField as F;
        WriteTarget {
            vendor: "Docs".into(),
            word: "Configuration".into(),
            fields: [F::Name, F::Type, F::Status, F::Serial, F::Mac, F::HostName, F::Os, F::Model, F::Notes].into(),
            required: [F::Name, F::Type].into(),
            synced: [F::Serial].into(),
            choices: [
                (F::Type, vec!["Laptop".into(), "Desktop".into()]),
                (F::Os, vec!["macOS".into(), "iOS".into()]),
                (F::Model, vec!["MacBook Air".into()]),
            ]
            .into(),
            longest: [(F::Name, 20)].into(),
            interfaces: true,
            warning: None,
        }
    }

    fn device() -> Device {
        let mut device = Device::new("d1", "PC-1");
        device.serial = Some("C02XK0AAJG5J".into());
        device.device_type = Some(Named { id: String::new(), name: "MacBook".into() });
        device.details.system.os = Some("macOS 15.1".into());
        device.model = Some("MacBook Pro".into());
        device.interfaces = vec![
            Interface { name: "en0".into(), mac: Some("14-7d-da-00-00-01".into()), ip: None },
            Interface { name: "awdl0".into(), mac: Some("02:00:00:00:00:01".into()), ip: None },
        ];
        device
    }

    fn plan<T>(rules: &WriteRules, habits: &Habits, with: impl FnOnce(Planner<'_>) -> T) -> T {
        let (flow, target, junk) = (flow(), target(), JunkList::built_in());
        with(Planner { flow: &flow, vendor: "Addigy", rules, target: &target, habits, junk: &junk })
    }

    fn laptops() -> Habits {
        Habits { types: [("macbook".to_owned(), "Laptop".to_owned())].into(), usual: BTreeMap::new() }
    }

    #[test]
    fn a_new_record_has_what_the_target_takes_and_the_mark() {
        let record = Record::Device(Box::new(device()));
        let planned = plan(&WriteRules::default(), &laptops(), |p| p.create(&record, None)).unwrap();
        let value = |field| planned.write.value(field);
        assert_eq!(value(WriteField::Type), Some("Laptop"));
        assert_eq!(value(WriteField::Os), Some("macOS"));
        assert_eq!(value(WriteField::Mac), Some("14:7D:DA:00:00:01"), "private addresses identify nothing");
        assert_eq!(value(WriteField::HostName), Some("PC-1"));
        assert_eq!(value(WriteField::Model), None);
        assert_eq!(planned.notes, ["Docs has no model “MacBook Pro”: left out"]);
        assert!(value(WriteField::Notes).unwrap().ends_with("[matchbook addigy/devices/d1]"));
    }

    #[test]
    fn what_is_required_and_unknown_is_asked_for_by_the_settings_name() {
        let record = Record::Device(Box::new(device()));
        let none = Habits::default();
        let why = plan(&WriteRules::default(), &none, |p| p.create(&record, None)).unwrap_err();
        assert!(why.contains("flows.rmm-docs.create.devices.types"), "{why}");
        let mut rules = WriteRules::default();
        rules.create.entry(Stream::Devices).or_default().types.insert("MacBook".into(), "desktop".into());
        let planned = plan(&rules, &none, |p| p.create(&record, None)).unwrap();
        assert_eq!(planned.write.value(WriteField::Type), Some("Desktop"));
    }

    #[test]
    fn differences_are_written_where_the_source_is_right_and_only_there() {
        let source = Record::Device(Box::new(device()));
        let mut old = Device::new("9", "Anna's Mac");
        old.serial = Some("c02xk0aajg5j ".into());
        old.host_name = Some("OLD".into());
        let mut newer = device();
        newer.host_name = Some("PC-1".into());
        let source_named = Record::Device(Box::new(newer));
        let rules = WriteRules::default();
        let habits = Habits::default();
        let target = Record::Device(Box::new(old.clone()));
        let planned = plan(&rules, &habits, |p| p.update(&source_named, &target)).unwrap();
        let written: Vec<_> =
            planned.write.fields.iter().map(|f| (f.field, f.old.as_deref(), f.new.as_str())).collect();
        assert_eq!(
            written,
            [
                (WriteField::Mac, None, "14-7d-da-00-00-01"),
                (WriteField::HostName, Some("OLD"), "PC-1"),
                (WriteField::Os, None, "macOS"),
            ],
            "the name is the target's, the serial the same"
        );
        // Another system owns it: only what may be written there.
        old.synced_from = Some("manage".into());
        old.serial = Some("OTHER".into());
        let target = Record::Device(Box::new(old));
        let planned = plan(&rules, &habits, |p| p.update(&source, &target)).unwrap();
        assert_eq!(planned.write.fields.iter().map(|f| f.field).collect::<Vec<_>>(), [WriteField::Serial]);
        assert!(planned.notes.iter().any(|note| note.contains("manage")), "{:?}", planned.notes);
    }
}
