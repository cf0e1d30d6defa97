//! The field tables of a mapping file: one source per field of the domain's records, and the rows read by them.
//!
//! A field that a table does not name stays unknown. A field that the domain does not have is refused when the
//! mapping is read.

use super::json::Json;
use super::source::{NamedSource, Path, Row, Source};
use crate::domain::{
    Address, Battery, Company, Device, DeviceDetails, DeviceType, Hardware, Interface, Mac, Named, Record, Security,
    Stream, System, VendorLink, VendorSystem,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A row that cannot become a record, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// The id of the record that the row speaks of, where it can be read: that record is still there.
    pub id: Option<String>,
    /// Why, in words, cleaned for display; for files with the line's number.
    pub reason: String,
}

/// The table of one stream.
#[derive(Clone, Debug)]
pub(crate) enum Fields {
    Company(Box<CompanyFields>),
    Device(Box<DeviceFields>),
    DeviceType(Box<DeviceTypeFields>),
}

impl Fields {
    /// Reads the table of a mapping file.
    pub(crate) fn parse(stream: Stream, table: toml::Table) -> Result<Self, toml::de::Error> {
        Ok(match stream {
            Stream::Companies => Self::Company(table.try_into()?),
            Stream::Devices => Self::Device(table.try_into()?),
            Stream::DeviceTypes => Self::DeviceType(table.try_into()?),
            other => return Err(serde::de::Error::custom(format!("{other} cannot be mapped"))),
        })
    }

    /// The record of a row.
    pub(crate) fn record(&self, row: Row<'_, '_>) -> Result<Record, BadRow> {
        if !matches!(row.node, Json::Object(_)) {
            return Err(BadRow { id: None, reason: "the row is not an object".into() });
        }
        match self {
            Self::Company(f) => f.company(row).map(|c| Record::Company(Box::new(c))),
            Self::Device(f) => f.device(row).map(|d| Record::Device(Box::new(d))),
            Self::DeviceType(f) => f.device_type(row).map(Record::DeviceType),
        }
    }

    /// The id of a row, also of one that cannot become a record.
    pub(crate) fn id(&self, row: Row<'_, '_>) -> Option<String> {
        match self {
            Self::Company(f) => f.id.text(row),
            Self::Device(f) => f.id.text(row),
            Self::DeviceType(f) => f.id.text(row),
        }
    }

    /// Every source.
    pub(crate) fn sources(&self) -> Vec<&Source> {
        match self {
            Self::Company(f) => f.sources(),
            Self::Device(f) => f.sources(),
            Self::DeviceType(f) => vec![&f.id, &f.name],
        }
    }
}

fn id_of(id: &Source, row: Row<'_, '_>) -> Result<String, BadRow> {
    id.text(row).ok_or_else(|| BadRow { id: None, reason: "the row has no id".into() })
}

fn name_of(name: &Source, id: &str, row: Row<'_, '_>) -> Result<String, BadRow> {
    name.text(row).ok_or_else(|| BadRow { id: Some(id.to_owned()), reason: "the row has no name".into() })
}

/// Fields of a company.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompanyFields {
    pub(crate) id: Source,
    pub(crate) name: Source,
    #[serde(default)]
    short_name: Source,
    #[serde(default)]
    parent: Source,
    #[serde(default)]
    r#type: NamedSource,
    #[serde(default)]
    status: NamedSource,
    #[serde(default)]
    classification: NamedSource,
    #[serde(default)]
    number: Source,
    #[serde(default)]
    domain: Source,
    #[serde(default)]
    phone: Source,
    #[serde(default)]
    address: AddressFields,
    #[serde(default)]
    links: BTreeMap<VendorSystem, Source>,
    #[serde(default)]
    synced_from: Source,
    #[serde(default)]
    created: Source,
    #[serde(default)]
    updated: Source,
    #[serde(default)]
    url: Source,
}

/// Parts of an address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AddressFields {
    street: Source,
    street2: Source,
    city: Source,
    state: Source,
    zip: Source,
    country: Source,
}

impl AddressFields {
    fn address(&self, row: Row<'_, '_>) -> Option<Address> {
        let part = |source: &Source| source.text(row).unwrap_or_default();
        let address = Address {
            street: part(&self.street),
            street2: part(&self.street2),
            city: part(&self.city),
            state: part(&self.state),
            zip: part(&self.zip),
            country: part(&self.country),
        };
        (address != Address::default()).then_some(address)
    }

    fn sources(&self) -> [&Source; 6] {
        [&self.street, &self.street2, &self.city, &self.state, &self.zip, &self.country]
    }
}

impl CompanyFields {
    fn company(&self, row: Row<'_, '_>) -> Result<Company, BadRow> {
        let id = id_of(&self.id, row)?;
        let name = name_of(&self.name, &id, row)?;
        let parent = self.parent.text(row).filter(|p| *p != id);
        let link = |(&system, source): (&VendorSystem, &Source)| {
            let id = source.text(row).filter(|id| !matches!(id.as_str(), "0" | "-1"))?;
            Some(VendorLink { system, id })
        };
        Ok(Company {
            short_name: self.short_name.text(row),
            parent: parent.map(Into::into),
            types: self.r#type.named(row).into_iter().collect(),
            status: self.status.named(row),
            classification: self.classification.named(row),
            number: self.number.text(row),
            domain: self.domain.text(row),
            phone: self.phone.text(row),
            address: self.address.address(row),
            links: self.links.iter().filter_map(link).collect(),
            synced_from: self.synced_from.text(row),
            created: self.created.moment(row),
            updated: self.updated.moment(row),
            url: self.url.text(row),
            ..Company::new(id, name)
        })
    }

    fn sources(&self) -> Vec<&Source> {
        let mut all = vec![&self.id, &self.name, &self.short_name, &self.parent, &self.domain, &self.phone];
        all.extend([&self.r#type.id, &self.r#type.name, &self.status.id, &self.status.name]);
        all.extend([&self.classification.id, &self.classification.name, &self.number]);
        all.extend(self.address.sources());
        all.extend(self.links.values());
        all.extend([&self.synced_from, &self.created, &self.updated, &self.url]);
        all
    }
}

/// Fields of a device type.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeviceTypeFields {
    pub(crate) id: Source,
    pub(crate) name: Source,
}

impl DeviceTypeFields {
    fn device_type(&self, row: Row<'_, '_>) -> Result<DeviceType, BadRow> {
        let id = id_of(&self.id, row)?;
        let name = name_of(&self.name, &id, row)?;
        Ok(DeviceType { id: id.into(), name })
    }
}

/// Fields of a device.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeviceFields {
    pub(crate) id: Source,
    pub(crate) name: Source,
    #[serde(default)]
    host_name: Source,
    #[serde(default)]
    pub(crate) company: Source,
    #[serde(default)]
    pub(crate) company_name: Source,
    #[serde(default)]
    location: Source,
    #[serde(default)]
    contact: Source,
    #[serde(default)]
    pub(crate) serial: Source,
    #[serde(default)]
    hardware_uuid: Source,
    #[serde(default)]
    asset_tag: Source,
    #[serde(default)]
    interfaces: Vec<InterfaceFields>,
    #[serde(default)]
    manufacturer: Source,
    #[serde(default)]
    model: Source,
    #[serde(default)]
    model_identifier: Source,
    #[serde(default)]
    device_type: NamedSource,
    #[serde(default)]
    status: NamedSource,
    #[serde(default)]
    archived: Source,
    #[serde(default)]
    synced_from: Source,
    #[serde(default)]
    user: Source,
    #[serde(default)]
    email: Source,
    #[serde(default)]
    last_seen: Source,
    #[serde(default)]
    created: Source,
    #[serde(default)]
    updated: Source,
    #[serde(default)]
    url: Source,
    #[serde(default)]
    details: DetailFields,
}

/// Where interfaces come from: fields of the row, or related rows of a type.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct InterfaceFields {
    /// Only related rows of this type; the sources below then read those.
    related: Option<String>,
    /// The interface's name.
    #[serde(default)]
    name: Source,
    /// Addresses; a field may hold several.
    #[serde(default)]
    mac: Source,
    /// IP address.
    #[serde(default)]
    ip: Source,
}

impl InterfaceFields {
    fn read(&self, row: Row<'_, '_>, found: &mut Vec<Interface>) {
        let Some(kind) = &self.related else { return self.read_one(row, found) };
        for node in row.related {
            let same = node.get("type").and_then(Json::text).is_some_and(|t| super::json::same_key(&t, kind));
            if same {
                self.read_one(Row { node, related: &[], ..row }, found);
            }
        }
    }

    fn read_one(&self, row: Row<'_, '_>, found: &mut Vec<Interface>) {
        let name = self.name.text(row).unwrap_or_default();
        let ip = self.ip.text(row);
        let mut macs = Vec::new();
        for text in self.mac.texts(row) {
            let several = Mac::parse_all(&text);
            macs.extend(if several.len() > 1 { several.iter().map(Mac::to_string).collect() } else { vec![text] });
        }
        if macs.is_empty() && ip.is_some() {
            add_interface(found, Interface { name, mac: None, ip });
            return;
        }
        for (index, mac) in macs.into_iter().enumerate() {
            let ip = ip.clone().filter(|_| index == 0);
            add_interface(found, Interface { name: name.clone(), mac: Some(mac), ip });
        }
    }

    fn sources(&self) -> impl Iterator<Item = &Source> {
        let own = self.related.is_none();
        [&self.name, &self.mac, &self.ip].into_iter().filter(move |_| own)
    }
}

/// Adds an interface, or completes the one with the same address.
fn add_interface(found: &mut Vec<Interface>, new: Interface) {
    let comparable = |mac: &Option<String>| mac.as_deref().and_then(Mac::parse);
    let same = |old: &&mut Interface| match (&old.mac, &new.mac) {
        (Some(_), Some(_)) => comparable(&old.mac).is_some_and(|m| Some(m) == comparable(&new.mac)),
        _ => old.ip.is_some() && old.ip == new.ip,
    };
    if let Some(old) = found.iter_mut().find(same) {
        if old.name.is_empty() {
            old.name = new.name;
        }
        old.mac = old.mac.take().or(new.mac);
        old.ip = old.ip.take().or(new.ip);
    } else {
        found.push(new);
    }
}

impl DeviceFields {
    fn device(&self, row: Row<'_, '_>) -> Result<Device, BadRow> {
        let id = id_of(&self.id, row)?;
        let name = name_of(&self.name, &id, row)?;
        let mut interfaces = Vec::new();
        for source in &self.interfaces {
            source.read(row, &mut interfaces);
        }
        Ok(Device {
            host_name: self.host_name.text(row),
            company: self.company.text(row).map(Into::into),
            location: self.location.text(row).map(Into::into),
            contact: self.contact.text(row).map(Into::into),
            serial: self.serial.text(row),
            hardware_uuid: self.hardware_uuid.text(row),
            asset_tag: self.asset_tag.text(row),
            interfaces,
            manufacturer: self.manufacturer.text(row),
            model: self.model.text(row),
            model_identifier: self.model_identifier.text(row),
            device_type: self.device_type.named(row).or_else(|| self.unnamed_type(row)),
            status: self.status.named(row),
            archived: self.archived.bool(row).unwrap_or(false),
            synced_from: self.synced_from.text(row),
            user: self.user.text(row),
            email: self.email.text(row),
            last_seen: self.last_seen.moment(row),
            created: self.created.moment(row),
            updated: self.updated.moment(row),
            url: self.url.text(row),
            details: self.details.details(row),
            ..Device::new(id, name)
        })
    }

    /// A type of which the row gives only the id.
    fn unnamed_type(&self, row: Row<'_, '_>) -> Option<Named> {
        Some(Named { id: self.device_type.id.text(row)?, name: String::new() })
    }

    fn sources(&self) -> Vec<&Source> {
        let mut all = vec![&self.id, &self.name, &self.host_name, &self.company, &self.company_name, &self.serial];
        all.extend([&self.location, &self.contact]);
        all.extend([&self.hardware_uuid, &self.asset_tag, &self.manufacturer, &self.model, &self.model_identifier]);
        all.extend([&self.device_type.id, &self.device_type.name, &self.status.id, &self.status.name]);
        all.extend([&self.archived, &self.synced_from, &self.user, &self.email, &self.last_seen]);
        all.extend([&self.created, &self.updated, &self.url]);
        all.extend(self.interfaces.iter().flat_map(InterfaceFields::sources));
        all.extend(self.details.sources());
        all
    }
}

/// Facts for the detail screen.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DetailFields {
    processor: Source,
    memory_gb: Source,
    disk_total_gb: Source,
    disk_free_gb: Source,
    warranty_expires: Source,
    purchased: Source,
    filevault: Source,
    firewall: Source,
    gatekeeper: Source,
    sip: Source,
    mdm: Source,
    supervised: Source,
    battery_percent: Source,
    battery_charging: Source,
    battery_cycles: Source,
    os: Source,
    agent_version: Source,
    online: Source,
    lan_ip: Source,
    wan_ip: Source,
    gateway: Source,
    notes: Source,
}

impl DetailFields {
    fn details(&self, row: Row<'_, '_>) -> DeviceDetails {
        DeviceDetails {
            hardware: Hardware {
                processor: self.processor.text(row),
                memory_gb: self.memory_gb.number(row),
                disk_total_gb: self.disk_total_gb.number(row),
                disk_free_gb: self.disk_free_gb.number(row),
                warranty_expires: self.warranty_expires.moment(row),
                purchased: self.purchased.moment(row),
            },
            security: Security {
                filevault: self.filevault.bool(row),
                firewall: self.firewall.bool(row),
                gatekeeper: self.gatekeeper.bool(row),
                sip: self.sip.bool(row),
                mdm: self.mdm.bool(row),
                supervised: self.supervised.bool(row),
            },
            battery: self.battery(row),
            system: System {
                os: self.os.text(row),
                agent_version: self.agent_version.text(row),
                online: self.online.bool(row),
            },
            lan_ip: self.lan_ip.text(row),
            wan_ip: self.wan_ip.text(row),
            gateway: self.gateway.text(row),
            notes: self.notes.text(row),
        }
    }

    fn battery(&self, row: Row<'_, '_>) -> Battery {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked by the filter")]
        let cycles = self.battery_cycles.number(row).filter(|n| *n < 1e9).map(|n| n as u32);
        Battery {
            percent: self.battery_percent.number(row).filter(|n| *n <= 100.0),
            charging: self.battery_charging.bool(row),
            cycles,
        }
    }

    fn sources(&self) -> [&Source; 22] {
        [
            &self.processor,
            &self.memory_gb,
            &self.disk_total_gb,
            &self.disk_free_gb,
            &self.warranty_expires,
            &self.purchased,
            &self.filevault,
            &self.firewall,
            &self.gatekeeper,
            &self.sip,
            &self.mdm,
            &self.supervised,
            &self.battery_percent,
            &self.battery_charging,
            &self.battery_cycles,
            &self.os,
            &self.agent_version,
            &self.online,
            &self.lan_ip,
            &self.wan_ip,
            &self.gateway,
            &self.notes,
        ]
    }
}

/// The first parts of every path below `top`: what a query has to name so that the vendor sends it.
pub(crate) fn names_below<'f>(fields: &'f Fields, top: &str) -> Vec<&'f str> {
    let mut names: Vec<&str> = Vec::new();
    let paths = fields.sources().into_iter().flat_map(Source::all_paths).map(Path::parts);
    for parts in paths {
        if let [first, name, ..] = parts
            && &**first == top
            && !names.contains(&&**name)
        {
            names.push(name);
        }
    }
    names
}
