//! Makes the inventory's records out of the source's, off the core's thread, and stages them in the store.

use super::messages::Given;
use super::staging::Item;
use crate::domain::{
    Company, Decision, DecisionKind, Device, DeviceType, Failure, Flow, IntegrationId, Record, RecordChange,
    RecordEdit, RecordId, RowChange, Stream,
};
use crate::store::Store;
use rustc_hash::FxHashMap;
use std::ops::ControlFlow;

/// Records made and staged together: bounds the memory of a large import.
const CHUNK: usize = 500;

/// An import on its way.
pub struct Job {
    /// The flow.
    pub flow: Flow,
    /// Which stream.
    pub stream: Stream,
    /// The rows, with what each becomes.
    pub items: Vec<(Item, Option<Decision>)>,
    /// Of a single company, what a person said of it.
    pub given: Given,
    /// Who decides, and when.
    pub by: super::decide::By,
}

/// What an import comes to, to be made durable as one entry.
#[derive(Debug, Default)]
pub struct Staged {
    /// Rows.
    pub changes: Vec<RowChange>,
    /// Records.
    pub records: Vec<RecordChange>,
}

/// Stages every record; nothing is seen of them yet. `told` hears how many rows are done.
///
/// # Errors
/// The store's.
pub fn stage(store: &Store, job: Job, told: &dyn Fn(u64)) -> Result<Staged, Failure> {
    let Job { flow, stream, items, given, by } = job;
    let domains =
        if stream == Stream::Companies { domains(store, &flow.source, &items)? } else { FxHashMap::default() };
    let mut staged = Staged::default();
    let mut done = 0;
    let mut records: Vec<Record> = Vec::with_capacity(CHUNK);
    let count = items.len();
    for (item, before) in items {
        if !item.known {
            let record = record(store, &flow.source, stream, &item, &given, domains.get(&item.source))?;
            // A row whose record went away meanwhile is left as it is.
            let Some(record) = record else { continue };
            records.push(record);
            let id = item.target.clone();
            staged.records.push(RecordChange { stream, id, edit: RecordEdit::Listed });
        }
        let why = if item.known { "imported before" } else { "imported" };
        let kind = DecisionKind::Matched { target: item.target };
        let after = Decision { kind, actor: by.actor.clone(), at: by.at, why: why.into() };
        staged.changes.push(RowChange { source: item.source, before, after: Some(after) });
        done += 1;
        if records.len() == CHUNK || done == count {
            store.stage_records(&records, by.at)?;
            records.clear();
            told(done as u64);
        }
    }
    store.stage_records(&records, by.at)?;
    Ok(staged)
}

fn record(
    store: &Store,
    source: &IntegrationId,
    stream: Stream,
    item: &Item,
    given: &Given,
    domain: Option<&String>,
) -> Result<Option<Record>, Failure> {
    if stream == Stream::DeviceTypes {
        // A type may stand in no record of its own: its devices name it.
        let name = given.name.clone().unwrap_or_else(|| item.source.to_string());
        return Ok(Some(Record::DeviceType(DeviceType { id: (&item.target).into(), name })));
    }
    let Some(stored) = store.record(source, stream, &item.source)? else { return Ok(None) };
    Ok(match stored.record {
        Record::Company(company) => {
            Some(Record::Company(Box::new(self::company(*company, source, item, given, domain))))
        }
        Record::Device(device) => Some(Record::Device(Box::new(self::device(*device, source, item)))),
        _ => None,
    })
}

fn company(from: Company, source: &IntegrationId, item: &Item, given: &Given, domain: Option<&String>) -> Company {
    let name = given.name.clone().unwrap_or(from.name);
    let domain = given.domain.clone().or(from.domain).or_else(|| domain.cloned());
    Company {
        id: (&item.target).into(),
        name,
        domain,
        parent: None,
        links: Vec::new(),
        synced_from: Some(source.to_string()),
        ..from
    }
}

/// The device as the inventory keeps it: every fact of the source, in the inventory's company and of its type.
pub fn device(from: Device, source: &IntegrationId, item: &Item) -> Device {
    Device {
        id: (&item.target).into(),
        company: item.company.as_ref().map(Into::into),
        device_type: item.kind.clone().or_else(|| from.device_type.clone()),
        location: None,
        contact: None,
        synced_from: Some(source.to_string()),
        ..from
    }
}

/// The first domain of each company that is imported.
fn domains(
    store: &Store,
    source: &IntegrationId,
    items: &[(Item, Option<Decision>)],
) -> Result<FxHashMap<RecordId, String>, Failure> {
    let mut found: FxHashMap<RecordId, String> = FxHashMap::default();
    let wanted: rustc_hash::FxHashSet<&RecordId> = items.iter().map(|(item, _)| &item.source).collect();
    each_domain(store, source, &mut |company, name| {
        if wanted.contains(&company) {
            found.entry(company).or_insert(name);
        }
    })?;
    Ok(found)
}

/// Every internet domain that the source files under a company.
///
/// # Errors
/// The store's.
pub fn each_domain(store: &Store, source: &IntegrationId, f: &mut dyn FnMut(RecordId, String)) -> Result<(), Failure> {
    store.each_record(source, Stream::Domains, &mut |stored| {
        if let (None, Record::Domain(domain)) = (stored.orphaned, stored.record)
            && let Some(company) = &domain.company
        {
            f(company.into(), domain.name.clone());
        }
        ControlFlow::Continue(())
    })
}

/// Devices of the inventory that are to be brought up to date.
pub struct Behind {
    /// Where they come from.
    pub source: IntegrationId,
    /// Source, target, and the company of the inventory that the source sits in now.
    pub devices: Vec<(RecordId, RecordId, Option<RecordId>)>,
}

/// Brings devices up to date that came from the source; those that came from elsewhere, or were entered by hand, keep
/// their facts. Returns those that changed, as they are now.
///
/// # Errors
/// The store's.
pub fn follow(store: &Store, behind: &Behind, at: crate::domain::Timestamp) -> Result<Vec<Record>, Failure> {
    let inventory = IntegrationId::inventory();
    let mut all = Vec::new();
    for chunk in behind.devices.chunks(CHUNK) {
        let mut changed = Vec::new();
        for (source, target, company) in chunk {
            let Some(from) = store.record(&behind.source, Stream::Devices, source)? else { continue };
            let Some(to) = store.record(&inventory, Stream::Devices, target)? else { continue };
            let (Record::Device(from), Record::Device(to)) = (from.record, to.record) else { continue };
            if to.synced_from.as_deref() != Some(behind.source.as_str()) {
                continue;
            }
            let company = company.clone().or_else(|| to.company.as_ref().map(Into::into));
            let kind = to.device_type.clone();
            let item = Item { at: 0, source: source.clone(), target: target.clone(), known: true, company, kind };
            let now = device(*from, &behind.source, &item);
            if now != *to {
                changed.push(Record::Device(Box::new(now)));
            }
        }
        store.refresh_records(&changed, at)?;
        all.append(&mut changed);
    }
    Ok(all)
}

/// The changes that give companies of the inventory other names.
///
/// # Errors
/// The store's.
pub fn renames(store: &Store, wanted: &[(RecordId, String)]) -> Result<Vec<RecordChange>, Failure> {
    let mut changes = Vec::new();
    for (id, name) in wanted {
        let Some(stored) = store.record(&IntegrationId::inventory(), Stream::Companies, id)? else { continue };
        let Record::Company(before) = stored.record else { continue };
        if stored.orphaned.is_some() || before.name == *name {
            continue;
        }
        let after = Company { name: name.clone(), ..(*before).clone() };
        let edit = RecordEdit::Replaced {
            before: Box::new(Record::Company(before)),
            after: Box::new(Record::Company(Box::new(after))),
        };
        changes.push(RecordChange { stream: Stream::Companies, id: id.clone(), edit });
    }
    Ok(changes)
}
