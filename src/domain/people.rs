//! Records that belong to a company besides its devices: locations, contacts, tickets, domains; and what the vendors
//! keep beside them: members of the provider's own staff, makers, models.

use super::{
    Address, CompanyId, ContactId, DeviceId, DomainId, LocationId, ManufacturerId, MemberId, ModelId, Named, TicketId,
    Timestamp,
};
use serde::{Deserialize, Serialize};

/// A location of a company: IT Glue location, `ConnectWise` site, Autotask company location.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Location {
    /// The vendor's id.
    pub id: LocationId,
    /// Name as the vendor shows it (`Main`).
    pub name: String,
    /// The company it belongs to.
    pub company: Option<CompanyId>,
    /// Where it is.
    pub address: Address,
    /// Telephone as written.
    pub phone: Option<String>,
    /// Fax as written.
    pub fax: Option<String>,
    /// The company's main location.
    pub primary: bool,
    /// Put away by the vendor's users.
    pub archived: bool,
    /// Another system owns this record.
    pub synced_from: Option<String>,
    /// When the vendor created the record.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub created: Option<Timestamp>,
    /// When the vendor last changed the record.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub updated: Option<Timestamp>,
    /// Its page at the vendor.
    pub url: Option<String>,
}

/// A person at a company.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contact {
    /// The vendor's id.
    pub id: ContactId,
    /// Display name: the vendor's, or first and last name.
    pub name: String,
    /// The company.
    pub company: Option<CompanyId>,
    /// First name as written; empty where unknown.
    pub first_name: String,
    /// Last name as written; empty where unknown.
    pub last_name: String,
    /// Job title.
    pub title: Option<String>,
    /// Type of contact (approver, decision maker …).
    pub contact_type: Option<Named>,
    /// Email addresses as written, the main one first.
    pub emails: Vec<String>,
    /// Telephone numbers as written, the main one first.
    pub phones: Vec<String>,
    /// The location where the person sits.
    pub location: Option<LocationId>,
    /// The company's main contact.
    pub primary: bool,
    /// Left, or put away by the vendor's users.
    pub archived: bool,
    /// Another system owns this record.
    pub synced_from: Option<String>,
    /// When the vendor created the record.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub created: Option<Timestamp>,
    /// When the vendor last changed the record.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub updated: Option<Timestamp>,
    /// Its page at the vendor.
    pub url: Option<String>,
}

/// A service ticket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ticket {
    /// The vendor's id.
    pub id: TicketId,
    /// The number that people use (`T20260201.0001`); the id where the vendor has no other.
    pub number: String,
    /// Summary line.
    pub title: String,
    /// The company.
    pub company: Option<CompanyId>,
    /// The location.
    pub location: Option<LocationId>,
    /// The person who asks.
    pub contact: Option<ContactId>,
    /// Devices that it is about.
    pub devices: Vec<DeviceId>,
    /// Board (`ConnectWise`) or queue (Autotask).
    pub queue: Option<Named>,
    /// Status.
    pub status: Option<Named>,
    /// Priority.
    pub priority: Option<Named>,
    /// Type.
    pub ticket_type: Option<Named>,
    /// Who works on it.
    pub assignee: Option<MemberId>,
    /// Closed or complete.
    pub closed: bool,
    /// When it was opened.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub created: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub updated: Option<Timestamp>,
    /// Its page at the vendor.
    pub url: Option<String>,
}

/// A member of the service provider's own staff.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Member {
    /// The vendor's id.
    pub id: MemberId,
    /// First and last name.
    pub name: String,
    /// Account name.
    pub account: Option<String>,
    /// Email address.
    pub email: Option<String>,
    /// May not sign in any more.
    pub archived: bool,
}

/// An internet domain of a company.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DomainName {
    /// The vendor's id.
    pub id: DomainId,
    /// The domain (`example.com`).
    pub name: String,
    /// The company.
    pub company: Option<CompanyId>,
    /// When its registration ends.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub expires: Option<Timestamp>,
}

/// A maker of devices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Manufacturer {
    /// The vendor's id.
    pub id: ManufacturerId,
    /// Name as the vendor shows it.
    pub name: String,
}

/// A model of a maker (IT Glue), or a product (Autotask).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Model {
    /// The vendor's id.
    pub id: ModelId,
    /// Name as the vendor shows it.
    pub name: String,
    /// The maker.
    pub manufacturer: Named,
}
