//! Everything that is known of one record, grouped for a person. What is unknown stays unknown: it is never "no".

use super::importing::each_domain;
use super::messages::{Detail, Origin};
use crate::domain::{
    Address, Company, Device, Failure, FailureClass, HandField, IntegrationId, Record, RecordId, Stream, Timestamp,
    text,
};
use crate::store::Store;

type Group = (String, Vec<(String, Option<String>)>);

/// What a company of the source offers for its import.
///
/// # Errors
/// The store's; there is no such company.
pub fn origin(store: &Store, source: &IntegrationId, id: RecordId) -> Result<Origin, Failure> {
    let stored = store.record(source, Stream::Companies, &id)?.map(|stored| stored.record);
    let Some(Record::Company(company)) = stored else { return Err(gone(&id)) };
    let mut domains: Vec<String> = company.domain.clone().into_iter().collect();
    each_domain(store, source, &mut |company, name| {
        if company == id && !domains.contains(&name) {
            domains.push(name);
        }
    })?;
    let domains = domains.iter().map(|name| text::clean(name).into_owned()).collect();
    Ok(Origin { name: text::clean(&company.name).into_owned(), id, domains })
}

fn gone(id: &RecordId) -> Failure {
    Failure::new(FailureClass::Usage, format!("there is no record {id} any more"), "refresh the list")
}

/// Everything that is known of a record.
///
/// # Errors
/// The store's; there is no such record.
pub fn detail(
    store: &Store,
    integration: &IntegrationId,
    (stream, id): (Stream, RecordId),
    place: String,
    company: Option<String>,
) -> Result<Detail, Failure> {
    let stored = store.record(integration, stream, &id)?.ok_or_else(|| gone(&id))?;
    let groups = match &stored.record {
        Record::Device(device) => of_device(device, company),
        Record::Company(company) => of_company(company),
        other => vec![group("record", vec![("name", some(other.name()))])],
    };
    let own = *integration == IntegrationId::inventory();
    let fields = HandField::of(stream).iter().filter(|_| own);
    let by_hand = fields.filter_map(|field| Some((*field, text::clean(&field.read(&stored.record)?).into_owned())));
    let follows = match &stored.record {
        Record::Device(device) if own => device.synced_from.clone().unwrap_or_default(),
        _ => String::new(),
    };
    let name = text::clean(stored.record.name()).into_owned();
    Ok(Detail { name, place, stream: Some(stream), id, groups, by_hand: by_hand.collect(), follows })
}

type Fact = (&'static str, Option<String>);

fn group(name: &str, facts: Vec<Fact>) -> Group {
    let clean = |text: String| text::clean(&text).into_owned();
    (name.to_owned(), facts.into_iter().map(|(label, value)| (label.to_owned(), value.map(clean))).collect())
}

fn some(text: &str) -> Option<String> {
    (!text.trim().is_empty()).then(|| text.to_owned())
}

fn yes(value: Option<bool>) -> Option<String> {
    value.map(|yes| if yes { "yes" } else { "no" }.to_owned())
}

fn on(value: Option<bool>) -> Option<String> {
    value.map(|on| if on { "on" } else { "off" }.to_owned())
}

fn gigabytes(value: Option<f64>) -> Option<String> {
    value.map(|size| format!("{size:.0} GB"))
}

fn moment(value: Option<Timestamp>) -> Option<String> {
    value.map(|at| {
        let at = at.to_offset(time::UtcOffset::UTC);
        format!("{} {:02}:{:02} UTC", at.date(), at.hour(), at.minute())
    })
}

fn day(value: Option<Timestamp>) -> Option<String> {
    value.map(|at| at.date().to_string())
}

fn of_company(company: &Company) -> Vec<Group> {
    let names = |list: &[crate::domain::Named]| {
        some(&list.iter().map(|named| named.name.as_str()).collect::<Vec<_>>().join(", "))
    };
    let address = |address: &Address| {
        let parts = [&address.street, &address.street2, &address.zip, &address.city, &address.state, &address.country];
        let parts: Vec<&str> = parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        some(&parts.join(", "))
    };
    vec![
        group(
            "company",
            vec![
                ("name", some(&company.name)),
                ("short name", company.short_name.clone()),
                ("primary domain", company.domain.clone()),
                ("type", names(&company.types)),
                ("status", company.status.as_ref().and_then(|s| some(&s.name))),
                ("phone", company.phone.clone()),
                ("address", company.address.as_ref().and_then(address)),
                ("came from", company.synced_from.clone()),
            ],
        ),
        group("record", vec![("id", some(company.id.as_str())), ("changed", moment(company.updated))]),
    ]
}

fn of_device(device: &Device, company: Option<String>) -> Vec<Group> {
    let (details, named) =
        (&device.details, |named: &Option<crate::domain::Named>| named.as_ref().map(|n| n.name.clone()));
    let address = |name: &str| {
        let interface = device.interfaces.iter().find(|i| i.name.eq_ignore_ascii_case(name));
        interface.and_then(|i| i.mac.clone())
    };
    let others = device.interfaces.iter().filter(|i| !["wi-fi", "ethernet"].contains(&i.name.to_lowercase().as_str()));
    let others: Vec<String> =
        others.filter_map(|i| Some(format!("{} {}", i.name, i.mac.as_deref()?).trim().to_owned())).collect();
    let (hardware, security, battery, system) =
        (&details.hardware, &details.security, &details.battery, &details.system);
    vec![
        group(
            "device",
            vec![
                ("name", some(&device.name)),
                ("company", company),
                ("type", named(&device.device_type)),
                ("status", named(&device.status)),
                ("manufacturer", device.manufacturer.clone()),
                ("model", device.model.clone()),
                ("model identifier", device.model_identifier.clone()),
                ("serial", device.serial.clone()),
                ("asset tag", device.asset_tag.clone()),
            ],
        ),
        group(
            "hardware",
            vec![
                ("processor", hardware.processor.clone()),
                ("memory", gigabytes(hardware.memory_gb)),
                ("disk", gigabytes(hardware.disk_total_gb)),
                ("disk free", gigabytes(hardware.disk_free_gb)),
                ("disk in use", used(hardware.disk_total_gb, hardware.disk_free_gb)),
                ("warranty until", day(hardware.warranty_expires)),
            ],
        ),
        group(
            "security",
            vec![
                ("FileVault", on(security.filevault)),
                ("firewall", on(security.firewall)),
                ("Gatekeeper", on(security.gatekeeper)),
                ("System Integrity Protection", on(security.sip)),
                ("MDM", yes(security.mdm)),
                ("supervised", yes(security.supervised)),
            ],
        ),
        group(
            "network",
            vec![
                ("host name", device.host_name.clone().or_else(|| some(&device.name))),
                ("LAN address", details.lan_ip.clone()),
                ("WAN address", details.wan_ip.clone()),
                ("Wi-Fi MAC", address("Wi-Fi")),
                ("Ethernet MAC", address("Ethernet")),
                ("other MACs", some(&others.join(", "))),
            ],
        ),
        group(
            "battery",
            vec![
                ("charge", battery.percent.map(|percent| format!("{percent:.0} %"))),
                ("charging", yes(battery.charging)),
                ("cycles", battery.cycles.map(|cycles| cycles.to_string())),
            ],
        ),
        group("user", vec![("name", device.user.clone()), ("email", device.email.clone())]),
        group(
            "system",
            vec![
                ("operating system", system.os.clone()),
                ("agent", system.agent_version.clone()),
                ("online", yes(system.online)),
                ("last seen", moment(device.last_seen)),
            ],
        ),
        group("record", vec![("id", some(device.id.as_str())), ("came from", device.synced_from.clone())]),
    ]
}

/// How much of the disk is used, in percent.
fn used(total: Option<f64>, free: Option<f64>) -> Option<String> {
    let (total, free) = (total.filter(|total| *total > 0.0)?, free?);
    Some(format!("{:.0} %", (100.0 * (1.0 - free / total)).clamp(0.0, 100.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_unknown() {
        let mut device = Device::new("d", "mac");
        device.details.hardware.disk_total_gb = Some(500.0);
        device.details.hardware.disk_free_gb = Some(125.0);
        device.details.security.firewall = Some(false);
        let groups = of_device(&device, None);
        let value = |group: &str, label: &str| {
            let group = groups.iter().find(|(name, _)| name == group).unwrap();
            group.1.iter().find(|(name, _)| name == label).unwrap().1.clone()
        };
        assert_eq!(value("hardware", "disk in use").as_deref(), Some("75 %"));
        assert_eq!(value("security", "firewall").as_deref(), Some("off"));
        assert_eq!(value("security", "FileVault"), None, "not the same as off");
        assert_eq!(value("battery", "charge"), None);
    }
}
