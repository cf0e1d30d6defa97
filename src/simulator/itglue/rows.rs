//! Rows as JSON:API resource objects, and their fields for filters and sorting.

use super::{
    contacts::Contact,
    locations::Location,
    records::{Choice, Configuration, Domain, Interface, Organization, Records, Table},
};
use crate::simulator::world::mac;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::json;
use std::borrow::Cow;

/// Notes in listings are cut to this many characters.
const NOTES_CUT: usize = 250;

/// A row of any collection.
#[derive(Clone, Copy)]
pub enum Row<'a> {
    /// An organization.
    Organization(&'a Organization),
    /// A configuration.
    Configuration(&'a Configuration),
    /// A configuration's interface.
    Interface(&'a Interface),
    /// A choice.
    Choice(Table, &'a Choice),
    /// A location.
    Location(&'a Location),
    /// A contact.
    Contact(&'a Contact),
    /// A domain.
    Domain(&'a Domain),
}

/// A field for comparing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field<'a> {
    /// Numbers and moments.
    Number(i64),
    /// Texts.
    Text(Cow<'a, str>),
}

impl<'a> Row<'a> {
    /// Its id.
    pub const fn id(self) -> u32 {
        match self {
            Self::Organization(row) => row.id,
            Self::Configuration(row) => row.id,
            Self::Interface(row) => row.id,
            Self::Choice(_, row) => row.id,
            Self::Location(row) => row.id,
            Self::Contact(row) => row.id,
            Self::Domain(row) => row.id,
        }
    }

    /// Its JSON:API type.
    pub fn kind(self) -> Cow<'static, str> {
        match self {
            Self::Organization(_) => "organizations".into(),
            Self::Configuration(_) => "configurations".into(),
            Self::Interface(_) => "configuration-interfaces".into(),
            Self::Choice(table, _) => table.path().replace('_', "-").into(),
            Self::Location(_) => "locations".into(),
            Self::Contact(_) => "contacts".into(),
            Self::Domain(_) => "domains".into(),
        }
    }

    /// The field of that name in snake case; `None` where it is null.
    pub fn field(self, name: &str, records: &'a Records) -> Option<Field<'a>> {
        let number = |id: u32| (id != 0).then(|| Field::Number(id.into()));
        let text = |text: &'a str| Some(Field::Text(text.into()));
        match (self, name) {
            (_, "id") => Some(Field::Number(self.id().into())),
            (Self::Organization(row), "name") => text(&row.name),
            (Self::Organization(row), "short_name") => row.short_name.as_deref().and_then(text),
            (Self::Organization(row), "organization_type_id") => number(row.organization_type),
            (Self::Organization(row), "organization_status_id") => number(row.organization_status),
            (Self::Organization(row), "organization_type_name") => {
                text(&records.choice(Table::OrganizationTypes, row.organization_type)?.name)
            }
            (Self::Organization(row), "organization_status_name") => {
                text(&records.choice(Table::OrganizationStatuses, row.organization_status)?.name)
            }
            (Self::Organization(_), "primary") => text("false"),
            (Self::Organization(row), "created_at") => Some(Field::Number(row.created)),
            (Self::Organization(row), "updated_at") => Some(Field::Number(row.updated)),
            (Self::Configuration(row), "name") => text(&row.name),
            (Self::Configuration(row), "organization_id") => number(row.organization),
            (Self::Configuration(row), "configuration_type_id") => number(row.configuration_type),
            (Self::Configuration(row), "configuration_status_id") => number(row.configuration_status),
            (Self::Configuration(row), "contact_id") => number(row.contact),
            (Self::Configuration(row), "serial_number") => row.serial_number.as_deref().and_then(text),
            (Self::Configuration(row), "mac_address") => row.mac_address.as_deref().and_then(text),
            (Self::Configuration(row), "asset_tag") => row.asset_tag.as_deref().and_then(text),
            (Self::Configuration(row), "archived") => text(if row.archived { "true" } else { "false" }),
            (Self::Configuration(row), "created_at") => Some(Field::Number(row.created)),
            (Self::Configuration(row), "updated_at") => Some(Field::Number(row.updated)),
            (Self::Interface(row), "ip_address") => row.ip.map(|ip| Field::Text(ip.to_string().into())),
            (Self::Choice(_, row), "name") => text(&row.name),
            (Self::Choice(_, row), "manufacturer_id" | "country_id") => number(row.parent),
            (Self::Choice(_, row), "created_at") => Some(Field::Number(row.created)),
            (Self::Choice(_, row), "updated_at") => Some(Field::Number(row.updated)),
            (Self::Choice(_, row), "iso") => text(&row.iso),
            (Self::Domain(row), "name") => text(&row.name),
            (Self::Domain(row), "organization_id") => number(row.organization),
            (Self::Domain(row), "created_at" | "updated_at") => Some(Field::Number(row.updated)),
            (
                Self::Organization(Organization { psa_id, .. }) | Self::Configuration(Configuration { psa_id, .. }),
                "psa_id",
            ) => number(*psa_id),
            (
                Self::Organization(Organization { synced: true, .. })
                | Self::Configuration(Configuration { synced: true, .. }),
                "psa_integration_type",
            ) => text("manage"),
            (Self::Location(row), name) => row.field(name, records),
            (Self::Contact(row), name) => row.field(name, records),
            _ => None,
        }
    }
}

/// A moment as IT Glue writes it: `2026-01-31T00:00:00.000Z`.
pub fn moment(seconds: i64) -> String {
    let at = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.000Z", at.hour(), at.minute(), at.second())
}

/// A row in an answer.
pub struct Resource<'a> {
    /// The row.
    pub row: Row<'a>,
    /// What its names are looked up in.
    pub records: &'a Records,
    /// In a listing, where long notes are cut.
    pub listed: bool,
    /// With its interfaces as relationships.
    pub interfaces: bool,
    /// Made unreadable on purpose.
    pub spoiled: bool,
}

impl Serialize for Resource<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("id", &self.row.id().to_string())?;
        object.serialize_entry("type", &self.row.kind())?;
        if self.spoiled {
            object.serialize_entry("attributes", "unavailable")?;
            return object.end();
        }
        object.serialize_entry("attributes", &Attributes(self))?;
        match self.row {
            Row::Configuration(row) if self.interfaces => {
                let links: Vec<_> = row
                    .interfaces
                    .iter()
                    .map(|i| json!({"id": i.id.to_string(), "type": "configuration-interfaces"}))
                    .collect();
                object.serialize_entry(
                    "relationships",
                    &json!({"adapters-resources": {"data": []}, "configuration-interfaces": {"data": links}}),
                )?;
            }
            Row::Configuration(_) | Row::Organization(_) => {
                object.serialize_entry("relationships", &json!({"adapters-resources": {"data": []}}))?;
            }
            _ => {}
        }
        object.end()
    }
}

struct Attributes<'a>(&'a Resource<'a>);

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let records = self.0.records;
        match self.0.row {
            Row::Organization(row) => organization(&mut map, row, records, self.0.listed)?,
            Row::Configuration(row) => configuration(&mut map, row, records)?,
            Row::Interface(row) => interface(&mut map, row)?,
            Row::Choice(table, row) => choice(&mut map, table, row, records)?,
            Row::Location(row) => row.attributes(&mut map, records)?,
            Row::Contact(row) => row.attributes(&mut map, records)?,
            Row::Domain(row) => domain(&mut map, row, records)?,
        }
        map.end()
    }
}

fn id_or_null(id: u32) -> Option<u32> {
    (id != 0).then_some(id)
}

fn organization<M: SerializeMap>(
    m: &mut M,
    row: &Organization,
    records: &Records,
    listed: bool,
) -> Result<(), M::Error> {
    let notes = row.quick_notes.as_deref().map(|notes| match notes.char_indices().nth(NOTES_CUT) {
        Some((at, _)) if listed => &notes[..at],
        _ => notes,
    });
    m.serialize_entry("name", &row.name)?;
    m.serialize_entry("alert", &row.alert)?;
    m.serialize_entry("description", &row.description)?;
    m.serialize_entry("organization-type-id", &id_or_null(row.organization_type))?;
    let kind = records.choice(Table::OrganizationTypes, row.organization_type);
    m.serialize_entry("organization-type-name", &kind.map(|c| &c.name))?;
    m.serialize_entry("organization-status-id", &id_or_null(row.organization_status))?;
    let status = records.choice(Table::OrganizationStatuses, row.organization_status);
    m.serialize_entry("organization-status-name", &status.map(|c| &c.name))?;
    m.serialize_entry("primary", &false)?;
    m.serialize_entry("logo", &None::<()>)?;
    m.serialize_entry("quick-notes", &notes)?;
    m.serialize_entry("short-name", &row.short_name)?;
    m.serialize_entry("parent-id", &id_or_null(row.parent).map(|id| id.to_string()))?;
    m.serialize_entry("ancestor-ids", &id_or_null(row.parent).map(|id| format!("[{id}]")))?;
    m.serialize_entry("psa-integration", &row.synced.then_some("manage"))?;
    stamps(m, row.created, row.updated)
}

fn configuration<M: SerializeMap>(m: &mut M, row: &Configuration, records: &Records) -> Result<(), M::Error> {
    let organization = records.organization(row.organization);
    let primary_ip = row.interfaces.iter().find(|i| i.primary).and_then(|i| i.ip);
    m.serialize_entry("organization-id", &row.organization)?;
    m.serialize_entry("organization-name", &organization.map(|o| &o.name))?;
    m.serialize_entry("organization-short-name", &organization.and_then(|o| o.short_name.as_deref()))?;
    m.serialize_entry("resource-url", &format!("/{}/configurations/{}", row.organization, row.id))?;
    m.serialize_entry("name", &row.name)?;
    m.serialize_entry("hostname", &row.hostname)?;
    m.serialize_entry("primary-ip", &primary_ip)?;
    m.serialize_entry("mac-address", &row.mac_address)?;
    m.serialize_entry("serial-number", &row.serial_number)?;
    m.serialize_entry("asset-tag", &row.asset_tag)?;
    m.serialize_entry("notes", &row.notes)?;
    for name in super::attributes::RARE_FIELDS {
        let value = row.rare.iter().find(|(key, _)| *key == name).map(|(_, value)| value);
        m.serialize_entry(&name.replace('_', "-"), &value)?;
    }
    named(m, "configuration-type", records.choice(Table::ConfigurationTypes, row.configuration_type))?;
    m.serialize_entry("configuration-type-kind", &None::<()>)?;
    named(m, "configuration-status", records.choice(Table::ConfigurationStatuses, row.configuration_status))?;
    named(m, "manufacturer", records.choice(Table::Manufacturers, row.manufacturer))?;
    named(m, "model", records.choice(Table::Models, row.model))?;
    named(m, "operating-system", records.choice(Table::OperatingSystems, row.operating_system))?;
    let location = super::records::find(&records.locations, row.location, |l| l.id);
    m.serialize_entry("location-id", &location.map(|l| l.id))?;
    m.serialize_entry("location-name", &location.map(|l| l.text(records).name.clone()))?;
    let contact = super::records::find(&records.contacts, row.contact, |c| c.id);
    m.serialize_entry("contact-id", &contact.map(|c| c.id))?;
    m.serialize_entry("contact-name", &contact.map(|c| c.name(records)))?;
    m.serialize_entry("archived", &row.archived)?;
    m.serialize_entry("restricted", &row.restricted)?;
    m.serialize_entry("my-glue", &false)?;
    m.serialize_entry("psa-integration", &row.synced.then_some("manage"))?;
    stamps(m, row.created, row.updated)
}

/// When a row was made and last changed.
pub fn stamps<M: SerializeMap>(m: &mut M, created: i64, updated: i64) -> Result<(), M::Error> {
    m.serialize_entry("created-at", &moment(created))?;
    m.serialize_entry("updated-at", &moment(updated))
}

/// `x-id` and `x-name`.
pub fn named<M: SerializeMap>(m: &mut M, name: &str, choice: Option<&Choice>) -> Result<(), M::Error> {
    m.serialize_entry(&format!("{name}-id"), &choice.map(|c| c.id))?;
    m.serialize_entry(&format!("{name}-name"), &choice.map(|c| &c.name))
}

/// Without the `id` that the vendor's samples have among the attributes: a client that works with the real service
/// fails over it.
fn interface<M: SerializeMap>(m: &mut M, row: &Interface) -> Result<(), M::Error> {
    m.serialize_entry("name", &row.name)?;
    m.serialize_entry("ip-address", &row.ip)?;
    m.serialize_entry("mac-address", &(row.mac != 0).then(|| mac(row.mac)))?;
    m.serialize_entry("primary", &row.primary)?;
    m.serialize_entry("notes", &row.notes)
}

fn choice<M: SerializeMap>(m: &mut M, table: Table, row: &Choice, records: &Records) -> Result<(), M::Error> {
    m.serialize_entry("name", &row.name)?;
    match table {
        Table::Models => named(m, "manufacturer", records.choice(Table::Manufacturers, row.parent))?,
        Table::OperatingSystems => named(m, "platform", records.choice(Table::Platforms, row.parent))?,
        Table::Countries => m.serialize_entry("iso", &row.iso)?,
        Table::Regions => {
            m.serialize_entry("iso", &row.iso)?;
            named(m, "country", records.choice(Table::Countries, row.parent))?;
        }
        Table::ConfigurationTypes => {
            let count = records.configurations.iter().filter(|c| c.configuration_type == row.id).count();
            m.serialize_entry("configurations-count", &count)?;
        }
        _ => {}
    }
    stamps(m, row.created, row.updated)
}

fn domain<M: SerializeMap>(m: &mut M, row: &Domain, records: &Records) -> Result<(), M::Error> {
    m.serialize_entry("organization-id", &row.organization)?;
    m.serialize_entry("organization-name", &records.organization(row.organization).map(|o| &o.name))?;
    m.serialize_entry("resource-url", &format!("/{}/domains/{}", row.organization, row.id))?;
    m.serialize_entry("name", &row.name)?;
    m.serialize_entry("screenshot", &None::<()>)?;
    m.serialize_entry("registrar-name", &row.registrar)?;
    m.serialize_entry("notes", &None::<()>)?;
    m.serialize_entry("expires-on", &moment(row.expires)[..10])?;
    m.serialize_entry("updated-at", &moment(row.updated))
}
