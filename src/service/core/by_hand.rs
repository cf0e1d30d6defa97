//! Records of the inventory that are entered, changed and taken away by hand; each is one entry of the history.

use super::super::importing::Staged;
use super::super::messages::Done;
use super::super::reply::ReplyTo;
use super::import::{Wanted, busy};
use super::{Core, CoreMessage};
use crate::domain::{
    Failure, FailureClass, FlowId, HandField, IntegrationId, Named, Record, RecordChange, RecordEdit, RecordId, Stream,
    text,
};
use crate::store::Store;
use std::ops::ControlFlow;

fn refused(what: impl AsRef<str>, remedy: &str) -> Failure {
    Failure::new(FailureClass::Usage, what, remedy)
}

impl Core {
    /// Puts a record into the inventory that was entered by hand.
    pub(super) fn add_record(&mut self, reply: ReplyTo, mut record: Record) {
        let at = self.clock.now();
        let nanos = at.unix_timestamp_nanos();
        let id =
            |sign: &str| format!("{sign}-{:020x}", xxhash_rust::xxh3::xxh3_128(nanos.to_string().as_bytes()) >> 48);
        let checked = match &mut record {
            Record::Company(company) => {
                company.id = id("c").as_str().into();
                self.name_is_free(&company.name, None)
            }
            Record::Device(device) => {
                device.id = id("d").as_str().into();
                self.give_type_its_id(&mut device.device_type);
                self.company_is_there(device.company.as_ref().map(Into::into).as_ref())
            }
            Record::DeviceType(kind) => {
                kind.id = id("t").as_str().into();
                Ok(())
            }
            _ => Err(refused("the inventory keeps companies, device types and devices", "")),
        };
        if record.name().trim().is_empty() {
            return reply.failed(refused("a record needs a name", "give it one"));
        }
        if let Err(failure) = checked {
            return reply.failed(failure);
        }
        let (stream, id, name) = (record.stream(), record.id(), text::clean(record.name()).into_owned());
        let wanted = self.by_hand(stream, format!("added “{name}” ({id}) to the inventory:"), reply);
        let change = RecordChange { stream, id, edit: RecordEdit::Listed };
        self.stage_by_hand(wanted, move |store| {
            store.stage_records(&[record], at)?;
            Ok(Some(change))
        });
    }

    /// Changes some fields of a record.
    pub(super) fn edit_record(
        &mut self,
        reply: ReplyTo,
        stream: Stream,
        id: RecordId,
        fields: Vec<(HandField, String)>,
    ) {
        if let Err(failure) = self.can_be_edited(stream, &id, &fields) {
            return reply.failed(failure);
        }
        let mut kind = fields
            .iter()
            .rev()
            .find(|(field, _)| *field == HandField::Type)
            .map(|(_, name)| Named { id: String::new(), name: name.trim().to_owned() });
        self.give_type_its_id(&mut kind);
        let name =
            self.world.tables_of(&IntegrationId::inventory()).facts(stream, &id).map(super::super::listed::Facts::name);
        let name = text::clean(name.unwrap_or_default()).into_owned();
        let wanted = self.by_hand(stream, format!("changed “{name}” of the inventory:"), reply);
        self.stage_by_hand(wanted, move |store| {
            let before = live(store, stream, &id)?;
            if let Record::Device(device) = &before
                && let Some(source) = &device.synced_from
            {
                let what = format!("“{name}” was imported from {source}: its facts follow it");
                return Err(refused(what, "change it there"));
            }
            let mut after = before.clone();
            for (field, text) in &fields {
                field.write(&mut after, text).map_err(|wrong| refused(wrong, "change it and try again"))?;
            }
            if let (Record::Device(device), Some(kind)) = (&mut after, kind)
                && device.device_type.as_ref().is_some_and(|now| now.name == kind.name)
            {
                device.device_type = Some(kind);
            }
            if after == before {
                return Ok(None);
            }
            let edit = RecordEdit::Replaced { before: Box::new(before), after: Box::new(after) };
            Ok(Some(RecordChange { stream, id, edit }))
        });
    }

    fn can_be_edited(&self, stream: Stream, id: &RecordId, fields: &[(HandField, String)]) -> Result<(), Failure> {
        for (field, text) in fields {
            match field {
                HandField::Name if stream == Stream::Companies => {
                    if let Some((flow, source)) = self.mapped_to(stream, id)
                        && source != text.trim()
                    {
                        let what = format!("its name follows “{}” (flow {flow})", text::clean(&source));
                        return Err(refused(what, "rename it there, or pause it or take its mapping away first"));
                    }
                    self.name_is_free(text, Some(id))?;
                }
                HandField::Company => self.company_is_there(Some(&RecordId::from(text.trim())))?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes a record out of the inventory; nothing may hang on it.
    pub(super) fn remove_record(&mut self, reply: ReplyTo, stream: Stream, id: RecordId) {
        let tables = self.world.tables_of(&IntegrationId::inventory());
        let name = tables.facts(stream, &id).map(|facts| text::clean(facts.name()).into_owned());
        let Some(name) = name else { return reply.failed(gone(&id)) };
        let devices = match stream {
            Stream::Companies => tables.extra.get(&id).map_or(0, |extra| extra.devices),
            // Devices are not counted by the inventory's types: they are looked at where that may wait.
            _ => 0,
        };
        if devices > 0 {
            return reply.failed(inhabited(&name, devices.into()));
        }
        if let Some((flow, source)) = self.mapped_to(stream, &id) {
            let what = format!("“{name}” is matched with “{}” (flow {flow})", text::clean(&source));
            return reply.failed(refused(what, "take the match away first: x in that flow's queue"));
        }
        if self.flows.iter().any(|flow| flow.importing.is_some()) {
            return reply.failed(busy());
        }
        let wanted = self.by_hand(stream, format!("took “{name}” ({id}) out of the inventory:"), reply);
        self.stage_by_hand(wanted, move |store| {
            live(store, stream, &id)?;
            match of_type(store, stream, &id)? {
                0 => {}
                devices => return Err(inhabited(&name, devices)),
            }
            Ok(Some(RecordChange { stream, id, edit: RecordEdit::Withdrawn }))
        });
    }

    /// The flow and the source record whose match a record of the inventory is.
    fn mapped_to(&self, stream: Stream, id: &RecordId) -> Option<(FlowId, String)> {
        let flows = self.flows.iter().filter(|state| state.flow.is_import());
        flows.into_iter().find_map(|state| {
            let queue = state.queue(stream).filter(|queue| queue.taken.contains_key(id))?;
            let at = queue.rows.iter().position(|row| row.matched() == Some(id))?;
            let source = self.world.tables_of(&state.flow.source).facts_at(stream, at)?;
            Some((state.flow.id.clone(), source.name().to_owned()))
        })
    }

    /// One name, one company.
    fn name_is_free(&self, name: &str, except: Option<&RecordId>) -> Result<(), Failure> {
        let name = name.trim();
        let companies = self.world.tables_of(&IntegrationId::inventory()).companies.live();
        let same = companies.iter().find(|known| known.name.eq_ignore_ascii_case(name) && Some(&known.id) != except);
        same.map_or(Ok(()), |known| {
            let what = format!("the inventory has a company of that name: {} ({})", known.name, known.id);
            Err(refused(what, "use that one, or another name"))
        })
    }

    fn company_is_there(&self, id: Option<&RecordId>) -> Result<(), Failure> {
        let Some(id) = id else { return Ok(()) };
        let tables = self.world.tables_of(&IntegrationId::inventory());
        if tables.companies.live().iter().any(|known| known.id == *id) {
            return Ok(());
        }
        let remedy = "`matchbook inventory list companies` shows their ids";
        Err(refused(format!("the inventory has no company {id}"), remedy))
    }

    /// A type that was typed by its name is the inventory's type of that name, where it has one.
    fn give_type_its_id(&self, kind: &mut Option<Named>) {
        let Some(kind) = kind.as_mut().filter(|kind| kind.id.is_empty()) else { return };
        let types = self.world.tables_of(&IntegrationId::inventory()).types.live();
        if let Some(known) = types.iter().find(|known| known.name.eq_ignore_ascii_case(&kind.name)) {
            *kind = Named { id: known.id.to_string(), name: known.name.to_string() };
        }
    }

    fn by_hand(&self, stream: Stream, what: String, reply: ReplyTo) -> Wanted {
        Wanted { stream, what, by: self.by(), reply: Some(reply), skipped: Vec::new() }
    }

    /// Does what waits for the disk elsewhere; the change then goes the way of an import.
    fn stage_by_hand(
        &self,
        mut wanted: Wanted,
        work: impl FnOnce(&Store) -> Result<Option<RecordChange>, Failure> + Send + 'static,
    ) {
        let (store, inbox) = (self.store.clone(), self.inbox.clone());
        self.runtime.spawn_blocking(move || match work(&store) {
            Ok(Some(change)) => {
                let result = Ok(Staged { changes: Vec::new(), records: vec![change] });
                let flow = FlowId::from(IntegrationId::INVENTORY);
                let _ = inbox.send(CoreMessage::Staged { flow, result, wanted: Box::new(wanted) });
            }
            Ok(None) => {
                if let Some(reply) = wanted.reply.take() {
                    reply.done(Done { text: "nothing to change: it says that already".into(), ..Done::default() });
                }
            }
            Err(failure) => {
                if let Some(reply) = wanted.reply.take() {
                    reply.failed(failure);
                }
            }
        });
    }
}

fn inhabited(name: &str, devices: u64) -> Failure {
    let devices = super::super::decide::counted(Stream::Devices, devices);
    refused(format!("“{name}” has {devices} in the inventory"), "move them or take them out first")
}

/// Devices of the inventory that are of a type.
fn of_type(store: &Store, stream: Stream, id: &RecordId) -> Result<u64, Failure> {
    let mut count = 0;
    if stream == Stream::DeviceTypes {
        store.each_record(&IntegrationId::inventory(), Stream::Devices, &mut |stored| {
            if let (None, Record::Device(device)) = (stored.orphaned, stored.record) {
                count += u64::from(device.device_type.is_some_and(|kind| kind.id == id.as_str()));
            }
            ControlFlow::Continue(())
        })?;
    }
    Ok(count)
}

fn gone(id: &RecordId) -> Failure {
    refused(format!("the inventory has no record {id}"), "`matchbook inventory list` shows what there is")
}

fn live(store: &Store, stream: Stream, id: &RecordId) -> Result<Record, Failure> {
    let stored = store.record(&IntegrationId::inventory(), stream, id)?;
    stored.filter(|stored| stored.orphaned.is_none()).map(|stored| stored.record).ok_or_else(|| gone(id))
}
