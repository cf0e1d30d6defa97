//! What the vendors' records become: companies, devices, device types, and in [`super::people`] what belongs to them.

use super::{
    CompanyId, Contact, Device, DeviceTypeId, DomainName, Location, Manufacturer, Member, Model, RecordId, Stream,
    Ticket, Timestamp,
};
use serde::{Deserialize, Serialize};

/// A choice of the vendor's (type, status, classification): its id where known, and its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The vendor's id of the choice; empty where the vendor only gives a name.
    #[serde(default)]
    pub id: String,
    /// The name as the vendor shows it.
    #[serde(default)]
    pub name: String,
}

/// A postal address, each part as the vendor writes it, empty where unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// Street and number.
    pub street: String,
    /// Second line: floor, suite, building.
    pub street2: String,
    /// City.
    pub city: String,
    /// State, region or province.
    pub state: String,
    /// Postal code.
    pub zip: String,
    /// Country.
    pub country: String,
}

/// A system whose record ids another system may carry as links, by the name that connector mappings give it
/// (`it-glue`, `connect-wise`, `autotask`, `addigy`). A name and not a list of ours: a vendor is added by a mapping.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VendorSystem(String);

impl VendorSystem {
    /// The system of that name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A record's own pointer to its counterpart in another system (Addigy policy, `itglue_account_id`).
/// A strong hint, never proof: its meaning is not confirmed by the vendor.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VendorLink {
    /// The system that the id belongs to.
    pub system: VendorSystem,
    /// The id there.
    pub id: String,
}

/// A company: Addigy policy, IT Glue organization.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Company {
    /// The vendor's id.
    pub id: CompanyId,
    /// Name as the vendor shows it.
    pub name: String,
    /// The short name or code, where the vendor has one.
    #[serde(default)]
    pub short_name: Option<String>,
    /// The record above it (a policy's parent); `None` for the first level.
    #[serde(default)]
    pub parent: Option<CompanyId>,
    /// Types (customer, vendor …).
    #[serde(default)]
    pub types: Vec<Named>,
    /// Status (active …).
    #[serde(default)]
    pub status: Option<Named>,
    /// Classification (Autotask), apart from the types.
    #[serde(default)]
    pub classification: Option<Named>,
    /// The company's number or identifier at a PSA; people see it, it is not the id.
    #[serde(default)]
    pub number: Option<String>,
    /// Internet domain or web site.
    #[serde(default)]
    pub domain: Option<String>,
    /// Telephone number as written.
    #[serde(default)]
    pub phone: Option<String>,
    /// Main address.
    #[serde(default)]
    pub address: Option<Address>,
    /// Pointers to this company's records in other systems.
    #[serde(default)]
    pub links: Vec<VendorLink>,
    /// The vendor itself says that another system owns this record.
    #[serde(default)]
    pub synced_from: Option<String>,
    /// When the vendor created it.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub created: Option<Timestamp>,
    /// When the vendor last changed it.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub updated: Option<Timestamp>,
    /// Its page at the vendor.
    #[serde(default)]
    pub url: Option<String>,
    /// Free notes.
    #[serde(default)]
    pub notes: Option<String>,
}

impl Company {
    /// A company of which only id and name are known.
    pub fn new(id: impl Into<CompanyId>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            short_name: None,
            parent: None,
            types: Vec::new(),
            status: None,
            classification: None,
            number: None,
            domain: None,
            phone: None,
            address: None,
            links: Vec::new(),
            synced_from: None,
            created: None,
            updated: None,
            url: None,
            notes: None,
        }
    }
}

/// A device type (IT Glue configuration type; derived from model facts in Addigy).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceType {
    /// The vendor's id.
    pub id: DeviceTypeId,
    /// Name as the vendor shows it.
    pub name: String,
}

/// A record of any stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Record {
    /// A company.
    Company(Box<Company>),
    /// A device.
    Device(Box<Device>),
    /// A device type.
    DeviceType(DeviceType),
    /// A location.
    Location(Box<Location>),
    /// A contact.
    Contact(Box<Contact>),
    /// A ticket.
    Ticket(Box<Ticket>),
    /// A member of the provider's own staff.
    Member(Box<Member>),
    /// An internet domain of a company.
    Domain(Box<DomainName>),
    /// A maker.
    Manufacturer(Manufacturer),
    /// A model.
    Model(Model),
}

impl Record {
    /// The vendor's id.
    #[must_use]
    pub fn id(&self) -> RecordId {
        match self {
            Record::Company(c) => (&c.id).into(),
            Record::Device(d) => (&d.id).into(),
            Record::DeviceType(t) => (&t.id).into(),
            Record::Location(l) => (&l.id).into(),
            Record::Contact(c) => (&c.id).into(),
            Record::Ticket(t) => (&t.id).into(),
            Record::Member(m) => (&m.id).into(),
            Record::Domain(d) => (&d.id).into(),
            Record::Manufacturer(m) => (&m.id).into(),
            Record::Model(m) => (&m.id).into(),
        }
    }

    /// Name as the vendor shows it; not cleaned for display.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Record::Company(c) => &c.name,
            Record::Device(d) => &d.name,
            Record::DeviceType(t) => &t.name,
            Record::Location(l) => &l.name,
            Record::Contact(c) => &c.name,
            Record::Ticket(t) => &t.title,
            Record::Member(m) => &m.name,
            Record::Domain(d) => &d.name,
            Record::Manufacturer(m) => &m.name,
            Record::Model(m) => &m.name,
        }
    }

    /// Its page at the vendor, where the vendor tells it.
    #[must_use]
    pub fn page(&self) -> Option<&str> {
        match self {
            Self::Company(r) => r.url.as_deref(),
            Self::Device(r) => r.url.as_deref(),
            Self::Contact(r) => r.url.as_deref(),
            Self::Location(r) => r.url.as_deref(),
            Self::Ticket(r) => r.url.as_deref(),
            _ => None,
        }
    }

    /// The company that it belongs to; `None` for companies and for what belongs to none.
    #[must_use]
    pub fn company(&self) -> Option<&CompanyId> {
        match self {
            Record::Device(d) => d.company.as_ref(),
            Record::Location(l) => l.company.as_ref(),
            Record::Contact(c) => c.company.as_ref(),
            Record::Ticket(t) => t.company.as_ref(),
            Record::Domain(d) => d.company.as_ref(),
            _ => None,
        }
    }

    /// The stream it belongs to.
    #[must_use]
    pub fn stream(&self) -> Stream {
        match self {
            Record::Company(_) => Stream::Companies,
            Record::Device(_) => Stream::Devices,
            Record::DeviceType(_) => Stream::DeviceTypes,
            Record::Location(_) => Stream::Locations,
            Record::Contact(_) => Stream::Contacts,
            Record::Ticket(_) => Stream::Tickets,
            Record::Member(_) => Stream::Members,
            Record::Domain(_) => Stream::Domains,
            Record::Manufacturer(_) => Stream::Manufacturers,
            Record::Model(_) => Stream::Models,
        }
    }
}
