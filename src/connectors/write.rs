//! Writing at a vendor: records are made, changed, taken away and looked for, each call once.
//!
//! Nothing here repeats a call whose end is not known, or decides what becomes of it: that is the outbox's.

use super::api::Api;
use super::contract::{Find, WriteFault, WriteLimits};
use super::dialect::{At, Filled, Want, parse};
use super::fetch::Reader;
use super::http::{Call, CallError, CallErrorKind, Received};
use super::mapping::{Paging, StreamMap, WriteMap, WritePath};
use super::shared::Shared;
use crate::domain::outbox::plan::WriteTarget;
use crate::domain::scope::same_name;
use crate::domain::{Failure, FailureClass, Interface, Record, RecordId, Stream, WriteField};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Pages of a search at most: beyond them the question was not understood.
const MOST_PAGES: u32 = 50;

/// Length of the values of a search where the mapping does not say, in bytes. Some servers take 2,048 of a query, in
/// which the field's name may stand before each value.
const SEARCH_LENGTH: usize = 1_000;

/// A record to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// Values by field, names where the vendor has a list.
    pub values: Vec<(WriteField, String)>,
    /// Network interfaces.
    pub interfaces: Vec<Interface>,
}

impl Api {
    fn writing(&self, stream: Stream) -> Option<(Arc<StreamMap>, Arc<WriteMap>)> {
        let map = self.shared().stream(stream)?;
        let write = Arc::clone(map.write.as_ref()?);
        Some((map, write))
    }

    /// How many records a call may hold.
    pub(super) fn limits(&self, stream: Stream) -> Option<WriteLimits> {
        let (_, write) = self.writing(stream)?;
        Some(WriteLimits {
            create: write.at_once.max(1) as usize,
            update: write.update_at_once.max(1) as usize,
            removes: !write.remove.is_empty(),
            finds_serials: !write.find.serial.is_empty(),
            search_length: if write.search_length == 0 { SEARCH_LENGTH } else { write.search_length as usize },
        })
    }

    /// What can be written of a stream.
    pub(super) async fn target_of(&self, stream: Stream) -> Result<Option<WriteTarget>, Failure> {
        let Some((map, write)) = self.writing(stream) else { return Ok(None) };
        let mut choices = BTreeMap::new();
        for (field, path) in &write.fields {
            if let Some(lookup) = path.lookup() {
                let table = self.shared().table(&lookup.table).await.map_err(|error| error.failure)?;
                if table.failed {
                    let what =
                        format!("{}: what {} can be is not known now", self.shared().mapping.vendor, field.word());
                    return Err(Failure::new(FailureClass::Vendor, what, "try again in a moment"));
                }
                let column = table.column(&lookup.column);
                let active = column.into_iter().filter(|(_, entry)| entry.active);
                choices.insert(*field, active.map(|(_, entry)| entry.name.to_string()).collect());
            }
            let fixed: Vec<String> = path.values().map(|(name, _)| name.clone()).collect();
            if !fixed.is_empty() {
                choices.insert(*field, fixed);
            }
        }
        Ok(Some(WriteTarget {
            vendor: self.shared().mapping.vendor.clone(),
            word: map.word_one.clone(),
            fields: write.fields.keys().copied().collect(),
            required: write.required.clone(),
            synced: write.synced.clone(),
            choices,
            longest: write.longest.clone(),
            interfaces: write.interfaces,
            warning: write.warning.clone(),
        }))
    }

    /// The records that a search finds; what the vendor's filter let through besides is the caller's to see.
    pub(super) async fn search(&self, stream: Stream, find: &Find) -> Result<Vec<Record>, Failure> {
        let Some((map, write)) = self.writing(stream) else { return Ok(Vec::new()) };
        let Some(want) = want(&write, find) else { return Ok(Vec::new()) };
        let reader = Reader::finding(self.shared(), Arc::clone(&map), want);
        let size = map.route.max_page_size;
        let by_number = map.route.paging == Paging::Pages;
        let (mut found, mut after) = (Vec::new(), None);
        for number in 1..=MOST_PAGES {
            let at = if by_number { At::Number(number) } else { At::Behind(after.as_deref()) };
            let listing = match reader.page(&reader.part(at, size, !by_number), false).await {
                Ok(listing) => listing,
                Err(error) => return Err(self.shared().explained(error, &map).await),
            };
            let rows = listing.rows();
            after.clone_from(&listing.last_id);
            let more =
                if by_number { listing.pages.is_some_and(|pages| number < pages) } else { rows >= size as usize };
            found.extend(listing.records);
            if !more || after.is_none() {
                return Ok(found);
            }
        }
        let what = format!("{} answers a search with everything it has", self.shared().mapping.vendor);
        Err(Failure::new(FailureClass::Vendor, what, "report it: the vendor's filter does not work as documented"))
    }

    /// Makes records, in one company where they belong to one.
    pub(super) async fn make(
        &self,
        stream: Stream,
        company: Option<&RecordId>,
        drafts: &[Draft],
    ) -> Result<Vec<RecordId>, WriteFault> {
        let (map, write) = self.writing(stream).ok_or_else(|| cannot(self.shared(), stream))?;
        let mut rows = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let mut row = self.filled(&write, &draft.values).await?;
            for (member, value) in &write.constants {
                row.members.entry(member.clone()).or_insert_with(|| value.clone());
            }
            if let (Some(path), Some(company)) = (&write.company, company) {
                row.members.insert(path.path().to_owned(), path.formed(company.as_str(), true));
            }
            row.interfaces.clone_from(&draft.interfaces);
            rows.push(row);
        }
        let call = self.shared().dialect.create_call(&write, company.map(RecordId::as_str), &rows);
        let ids = self.send(&map, &write, call).await?;
        Ok(ids.into_iter().map(RecordId::from).collect())
    }

    /// Changes records.
    pub(super) async fn change(
        &self,
        stream: Stream,
        changes: &[(RecordId, Vec<(WriteField, String)>)],
    ) -> Result<(), WriteFault> {
        let (map, write) = self.writing(stream).ok_or_else(|| cannot(self.shared(), stream))?;
        let mut rows = Vec::with_capacity(changes.len());
        for (id, values) in changes {
            rows.push((id.as_str().to_owned(), self.filled(&write, values).await?));
        }
        let call = self.shared().dialect.update_call(&write, &rows);
        self.send(&map, &write, call).await.map(drop)
    }

    /// Takes records away.
    pub(super) async fn take_away(&self, stream: Stream, ids: &[RecordId]) -> Result<(), WriteFault> {
        let (map, write) = self.writing(stream).ok_or_else(|| cannot(self.shared(), stream))?;
        let ids: Vec<String> = ids.iter().map(|id| id.as_str().to_owned()).collect();
        let call = self.shared().dialect.remove_call(&write, &ids);
        self.send(&map, &write, call).await.map(drop)
    }

    /// Values as the vendor writes them, names as their ids.
    async fn filled(&self, write: &WriteMap, values: &[(WriteField, String)]) -> Result<Filled, WriteFault> {
        let mut filled = Filled::default();
        for (field, value) in values {
            let Some(path) = write.fields.get(field) else { continue };
            let (text, id) = self.written(path, *field, value).await?;
            filled.members.insert(path.path().to_owned(), path.formed(&text, id));
        }
        Ok(filled)
    }

    async fn written(&self, path: &WritePath, field: WriteField, value: &str) -> Result<(String, bool), WriteFault> {
        let vendor = &self.shared().mapping.vendor;
        let unknown = || WriteFault::Refused {
            reason: format!("{vendor} has no {} “{value}” any more", field.word()),
            said: String::new(),
        };
        if let Some(lookup) = path.lookup() {
            let table = self.shared().table(&lookup.table).await.map_err(|error| WriteFault::Stopped(error.failure))?;
            if table.failed {
                let what = format!("{vendor}: what {} can be is not known now", field.word());
                return Err(WriteFault::Stopped(Failure::new(FailureClass::Vendor, what, "try again in a moment")));
            }
            let column = table.column(&lookup.column);
            let id = column.iter().find(|(_, entry)| same_name(&entry.name, value)).map(|(id, _)| (*id).to_owned());
            return id.map(|id| (id, true)).ok_or_else(unknown);
        }
        let mut fixed = path.values().peekable();
        if fixed.peek().is_some() {
            let found = fixed.find(|(name, _)| same_name(name, value)).map(|(_, text)| text.clone());
            return found.map(|text| (text, true)).ok_or_else(unknown);
        }
        Ok((value.to_owned(), false))
    }

    async fn send(&self, map: &StreamMap, write: &WriteMap, call: Option<Call>) -> Result<Vec<String>, WriteFault> {
        let shared = self.shared();
        let Some(call) = call else {
            let what = format!("{} cannot do that to {} by its API", shared.mapping.vendor, map.word_many);
            return Err(WriteFault::Refused { reason: what, said: String::new() });
        };
        let dialect = shared.dialect;
        let read = move |received: Received<'_>| {
            // Some answers to a change are empty.
            if received.body.iter().all(u8::is_ascii_whitespace) {
                return Ok(Vec::new());
            }
            Ok(dialect.made(&parse(received.body)?))
        };
        match shared.ask(&call, read).await {
            Ok(ids) => Ok(ids),
            Err(error) => Err(fault(shared, write, error)),
        }
    }
}

/// The filters of a search; `None` where the vendor has none of that kind.
fn want(write: &WriteMap, find: &Find) -> Option<Want> {
    let texts = |ids: &[RecordId]| ids.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>();
    let find_by = &write.find;
    let (field, values, chosen) = match find {
        Find::Serials(serials) => (&find_by.serial, serials.clone(), false),
        Find::Names(names) => (&find_by.name, names.clone(), false),
        Find::ShortNames(names) => (&find_by.short_name, names.clone(), false),
        Find::Inside(companies) => (&find_by.company, texts(companies), true),
        Find::Ids(ids) => (&find_by.id, texts(ids), true),
    };
    if field.is_empty() || values.is_empty() {
        return None;
    }
    let wanted = vec![(field.clone(), values)];
    Some(if chosen { Want { chosen: wanted, ..Want::default() } } else { Want { texts: wanted, ..Want::default() } })
}

fn cannot(shared: &Shared, stream: Stream) -> WriteFault {
    let reason = format!("matchbook does not write {stream} at {}", shared.mapping.vendor);
    WriteFault::Refused { reason, said: String::new() }
}

fn fault(shared: &Shared, write: &WriteMap, error: CallError) -> WriteFault {
    let CallError { failure, kind, said } = error;
    match kind {
        CallErrorKind::Unknown => WriteFault::Unknown(failure),
        CallErrorKind::Forbidden => {
            let vendor = &shared.mapping.vendor;
            WriteFault::Refused {
                reason: format!("{vendor}: the key lacks the permission “{}”", write.permission),
                said,
            }
        }
        CallErrorKind::NotFound => {
            WriteFault::Refused { reason: format!("{} does not know the record any more", shared.mapping.vendor), said }
        }
        CallErrorKind::Refused => WriteFault::Refused { reason: format!("{} refuses it", shared.mapping.vendor), said },
        CallErrorKind::Slow | CallErrorKind::Final | CallErrorKind::Unauthorized => match failure.class {
            FailureClass::Vendor | FailureClass::Ours => WriteFault::Unknown(failure),
            _ => WriteFault::Stopped(failure),
        },
    }
}
