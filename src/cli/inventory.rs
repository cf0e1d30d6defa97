//! `inventory`: matchbook's own register.

use super::args::{FieldArguments, InventoryCommand};
use super::decisions::carry_out;
use super::{Outcome, home, output, setup};
use crate::domain::{
    Company, Device, DeviceType, Failure, FailureClass, HandField, IntegrationId, Named, Record, RecordId, Stream,
};
use crate::service::messages::{Command, Detail, InventoryCommand as Change, InventoryQuery, Query, View};

/// Records asked for at once.
const WINDOW: u32 = 500;

/// Carries it out.
///
/// # Errors
/// What keeps the home from opening, what the service refuses.
pub async fn run(command: InventoryCommand) -> Result<Outcome, Failure> {
    let home = home::open(false).await?;
    home.service.settled().await?;
    let result = match command {
        InventoryCommand::List { stream, find, json } => list(&home, setup::stream(&stream)?, find, json).await,
        InventoryCommand::Show { id, json } => show(&home, id.as_str().into(), json).await,
        InventoryCommand::AddCompany { name, domain, fields } => {
            let company = Company { domain, ..Company::new("", name.trim()) };
            add(&home, Record::Company(Box::new(company)), &fields).await
        }
        InventoryCommand::AddDevice { name, company, kind, serial, manufacturer, model, fields } => {
            let kind = kind.map(|name| Named { id: String::new(), name });
            let device = Device {
                company: Some(company.as_str().into()),
                device_type: kind,
                serial,
                manufacturer,
                model,
                ..Device::new("", name.trim())
            };
            add(&home, Record::Device(Box::new(device)), &fields).await
        }
        InventoryCommand::AddType { name, json } => {
            let kind = DeviceType { id: "".into(), name: name.trim().to_owned() };
            add(&home, Record::DeviceType(kind), &FieldArguments { set: Vec::new(), json }).await
        }
        InventoryCommand::Edit { id, fields } => edit(&home, id.as_str().into(), &fields).await,
        InventoryCommand::Remove { id, json } => {
            let id = RecordId::from(id.as_str());
            let change = Change::RemoveRecord { stream: stream_of(&id), id };
            carry_out(&home, Command::Inventory(change), json, None).await
        }
    };
    home.service.stop().await;
    result
}

async fn add(home: &home::Home, mut record: Record, fields: &FieldArguments) -> Result<Outcome, Failure> {
    for (field, text) in fields_of(record.stream(), &fields.set)? {
        field.write(&mut record, &text).map_err(|wrong| usage(wrong, "change it and try again"))?;
    }
    carry_out(home, Command::Inventory(Change::AddRecord { record: Box::new(record) }), fields.json, None).await
}

async fn edit(home: &home::Home, id: RecordId, fields: &FieldArguments) -> Result<Outcome, Failure> {
    let stream = stream_of(&id);
    let set = fields_of(stream, &fields.set)?;
    if set.is_empty() {
        return Err(usage("nothing to change was said", "like --set model=\"MacBook Air\""));
    }
    let change = Change::EditRecord { stream, id, fields: set };
    carry_out(home, Command::Inventory(change), fields.json, None).await
}

fn usage(what: impl AsRef<str>, remedy: impl Into<String>) -> Failure {
    Failure::new(FailureClass::Usage, what, remedy)
}

/// What `--set` says; an unknown field is answered with those there are.
fn fields_of(stream: Stream, set: &[String]) -> Result<Vec<(HandField, String)>, Failure> {
    let field = |said: &String| {
        let (word, text) = said.split_once('=').unwrap_or((said, ""));
        let known = || HandField::of(stream).iter().map(|field| field.word()).collect::<Vec<_>>().join(", ");
        let what = || usage(format!("{} have no field “{word}”", stream.name()), format!("they have {}", known()));
        let there = said.contains('=').then(|| HandField::named(stream, word)).flatten();
        there.map(|field| (field, text.to_owned())).ok_or_else(what)
    };
    set.iter().map(field).collect()
}

/// The stream is in the id's first letter.
fn stream_of(id: &RecordId) -> Stream {
    match id.as_str().split_once('-') {
        Some(("c", _)) => Stream::Companies,
        Some(("t", _)) => Stream::DeviceTypes,
        _ => Stream::Devices,
    }
}

async fn list(home: &home::Home, stream: Stream, find: String, json: bool) -> Result<Outcome, Failure> {
    let mut offset = 0;
    loop {
        let query = InventoryQuery::List { stream, find: find.clone(), offset, limit: WINDOW };
        let View::Inventory(list) = home.query(Query::Inventory(query)).await? else { return Ok(Outcome::Done) };
        for row in &list.rows {
            if json {
                output::json(row)?;
            } else {
                let from: Vec<String> = row.sources.iter().map(|(flow, name)| format!("{flow}: {name}")).collect();
                let about = if stream == Stream::Companies { row.devices.to_string() } else { row.serial.clone() };
                output::line(&format!("{}\t{}\t{}\t{about}\t{}", row.id, row.name, row.company, from.join(", ")))?;
            }
        }
        offset += list.rows.len() as u64;
        if list.rows.is_empty() || offset >= list.total {
            return Ok(Outcome::Done);
        }
    }
}

async fn show(home: &home::Home, id: RecordId, json: bool) -> Result<Outcome, Failure> {
    let stream = stream_of(&id);
    let query = InventoryQuery::Detail { integration: IntegrationId::inventory(), stream, id };
    let View::Detail(detail) = home.query(Query::Inventory(query)).await? else { return Ok(Outcome::Done) };
    if json {
        output::json(&detail)?;
        return Ok(Outcome::Done);
    }
    print(&detail)?;
    Ok(Outcome::Done)
}

fn print(detail: &Detail) -> Result<(), Failure> {
    output::line(&detail.name)?;
    for (group, facts) in &detail.groups {
        output::line(&format!("  {group}"))?;
        for (label, value) in facts {
            output::line(&format!("    {label:<28} {}", value.as_deref().unwrap_or("unknown")))?;
        }
    }
    Ok(())
}
