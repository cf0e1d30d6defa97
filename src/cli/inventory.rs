//! `inventory`: matchbook's own register.

use super::args::InventoryCommand;
use super::decisions::carry_out;
use super::{Outcome, home, output, setup};
use crate::domain::{Company, Device, DeviceType, Failure, IntegrationId, Named, Record, RecordId, Stream};
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
        InventoryCommand::AddCompany { name, domain, json } => {
            let company = Company { domain, ..Company::new("", name.trim()) };
            add(&home, Record::Company(Box::new(company)), json).await
        }
        InventoryCommand::AddDevice { name, company, kind, serial, manufacturer, model, json } => {
            let kind = kind.map(|name| Named { id: String::new(), name });
            let device = Device {
                company: Some(company.as_str().into()),
                device_type: kind,
                serial,
                manufacturer,
                model,
                ..Device::new("", name.trim())
            };
            add(&home, Record::Device(Box::new(device)), json).await
        }
        InventoryCommand::AddType { name, json } => {
            let kind = DeviceType { id: "".into(), name: name.trim().to_owned() };
            add(&home, Record::DeviceType(kind), json).await
        }
    };
    home.service.stop().await;
    result
}

async fn add(home: &home::Home, record: Record, json: bool) -> Result<Outcome, Failure> {
    carry_out(home, Command::Inventory(Change::AddRecord { record: Box::new(record) }), json, None).await
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

/// The stream is in the id's first letter.
async fn show(home: &home::Home, id: RecordId, json: bool) -> Result<Outcome, Failure> {
    let stream = match id.as_str().split_once('-') {
        Some(("c", _)) => Stream::Companies,
        Some(("t", _)) => Stream::DeviceTypes,
        _ => Stream::Devices,
    };
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
