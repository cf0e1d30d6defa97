//! IT Glue's records, as small as 100,000 configurations allow.

use super::{contacts::Contact, listing::Collection, locations::Location};
use crate::simulator::world::Psa;
use std::{net::IpAddr, sync::Arc};

/// An optional text.
pub type Text = Option<Box<str>>;

/// An organization.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_field_names, reason = "the vendor's names")]
pub struct Organization {
    /// Its id.
    pub id: u32,
    /// As shown.
    pub name: Box<str>,
    /// Code or short name.
    pub short_name: Text,
    /// Red notice on its page.
    pub alert: Text,
    /// Description.
    pub description: Text,
    /// Notes; cut in listings.
    pub quick_notes: Text,
    /// Id in [`Table::OrganizationTypes`]; 0 for none.
    pub organization_type: u32,
    /// Id in [`Table::OrganizationStatuses`]; 0 for none.
    pub organization_status: u32,
    /// The organization above it; 0 for none.
    pub parent: u32,
    /// Owned by a PSA.
    pub synced: bool,
    /// Its id there; 0 where that is not known.
    pub psa_id: u32,
    /// Seconds since 1970.
    pub created: i64,
    /// Seconds since 1970.
    pub updated: i64,
}

/// A network interface of a configuration.
#[derive(Clone, Debug, Default)]
pub struct Interface {
    /// Its id.
    pub id: u32,
    /// `en0` …
    pub name: Text,
    /// Its address; 0 for none.
    pub mac: u64,
    /// Its address in the network.
    pub ip: Option<IpAddr>,
    /// The one that the configuration shows.
    pub primary: bool,
    /// Notes.
    pub notes: Text,
}

/// A configuration: a device as documented.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_field_names, reason = "the vendor's names")]
pub struct Configuration {
    /// Its id.
    pub id: u32,
    /// The organization it is filed under.
    pub organization: u32,
    /// As shown.
    pub name: Box<str>,
    /// Host name.
    pub hostname: Text,
    /// Serial as written.
    pub serial_number: Text,
    /// MAC address as written.
    pub mac_address: Text,
    /// Asset tag.
    pub asset_tag: Text,
    /// Notes.
    pub notes: Text,
    /// Fields that few records have, by their name in snake case.
    pub rare: Vec<(&'static str, Box<str>)>,
    /// Id in [`Table::ConfigurationTypes`].
    pub configuration_type: u32,
    /// Id in [`Table::ConfigurationStatuses`]; 0 for none.
    pub configuration_status: u32,
    /// Id in [`Table::Manufacturers`]; 0 for none.
    pub manufacturer: u32,
    /// Id in [`Table::Models`]; 0 for none.
    pub model: u32,
    /// Id in [`Table::OperatingSystems`]; 0 for none.
    pub operating_system: u32,
    /// Id of a location; 0 for none.
    pub location: u32,
    /// Id of a contact; 0 for none.
    pub contact: u32,
    /// Put away.
    pub archived: bool,
    /// Visible to few.
    pub restricted: bool,
    /// Owned by a PSA.
    pub synced: bool,
    /// Its id there; 0 where that is not known.
    pub psa_id: u32,
    /// Seconds since 1970.
    pub created: i64,
    /// Seconds since 1970.
    pub updated: i64,
    /// Its interfaces.
    pub interfaces: Box<[Interface]>,
}

/// A domain of an organization. Only read.
#[derive(Clone, Debug)]
pub struct Domain {
    /// Its id.
    pub id: u32,
    /// Whose.
    pub organization: u32,
    /// `example.com`.
    pub name: Box<str>,
    /// Where it is registered.
    pub registrar: Text,
    /// When the registration ends, seconds since 1970.
    pub expires: i64,
    /// Seconds since 1970.
    pub updated: i64,
}

/// A row of a list of choices.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Its id.
    pub id: u32,
    /// As shown.
    pub name: Box<str>,
    /// A model's manufacturer, an operating system's platform, a region's country; 0 for none.
    pub parent: u32,
    /// A country's or region's ISO 3166 code; empty for others.
    pub iso: Box<str>,
    /// Seconds since 1970.
    pub created: i64,
    /// Seconds since 1970.
    pub updated: i64,
}

/// The lists of choices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Customer, vendor …
    OrganizationTypes,
    /// Active, inactive …
    OrganizationStatuses,
    /// Laptop, printer …
    ConfigurationTypes,
    /// In use, retired …
    ConfigurationStatuses,
    /// Decision maker …
    ContactTypes,
    /// Makers.
    Manufacturers,
    /// Models of makers.
    Models,
    /// Fixed by IT Glue.
    OperatingSystems,
    /// Fixed by IT Glue.
    Platforms,
    /// Fixed by IT Glue.
    Countries,
    /// Fixed by IT Glue.
    Regions,
}

impl Table {
    /// All of them, in the order in which [`Records::choices`] holds them.
    pub const ALL: [Self; 11] = [
        Self::OrganizationTypes,
        Self::OrganizationStatuses,
        Self::ConfigurationTypes,
        Self::ConfigurationStatuses,
        Self::ContactTypes,
        Self::Manufacturers,
        Self::Models,
        Self::OperatingSystems,
        Self::Platforms,
        Self::Countries,
        Self::Regions,
    ];

    /// Its path and, with dashes, its JSON:API type.
    pub const fn path(self) -> &'static str {
        match self {
            Self::OrganizationTypes => "organization_types",
            Self::OrganizationStatuses => "organization_statuses",
            Self::ConfigurationTypes => "configuration_types",
            Self::ConfigurationStatuses => "configuration_statuses",
            Self::ContactTypes => "contact_types",
            Self::Manufacturers => "manufacturers",
            Self::Models => "models",
            Self::OperatingSystems => "operating_systems",
            Self::Platforms => "platforms",
            Self::Countries => "countries",
            Self::Regions => "regions",
        }
    }

    /// Rows can be created and changed.
    pub const fn writable(self) -> bool {
        !matches!(self, Self::OperatingSystems | Self::Platforms | Self::Countries | Self::Regions)
    }
}

/// All records of the simulated account. Every list is sorted by id.
#[derive(Default)]
pub struct Records {
    /// Organizations.
    pub organizations: Vec<Organization>,
    /// Configurations.
    pub configurations: Vec<Configuration>,
    /// Locations.
    pub locations: Vec<Location>,
    /// Contacts.
    pub contacts: Vec<Contact>,
    /// Domains.
    pub domains: Vec<Domain>,
    /// By [`Table`].
    pub choices: [Vec<Choice>; 11],
    /// What locations and contacts are derived from.
    pub psa: Option<Arc<Psa>>,
    /// The last id given to an interface.
    pub last_interface: u32,
    /// The highest ids of organizations and configurations that are gone: no id is given twice.
    pub gone: (u32, u32),
    /// Goes up with every change.
    pub revision: u64,
}

impl Records {
    /// What locations and contacts are derived from.
    pub fn psa(&self) -> Option<&Psa> {
        self.psa.as_deref()
    }

    /// The rows of a list of choices.
    pub fn table(&self, table: Table) -> &Vec<Choice> {
        &self.choices[table as usize]
    }

    /// The name of a choice.
    pub fn choice(&self, table: Table, id: u32) -> Option<&Choice> {
        find(self.table(table), id, |c| c.id)
    }

    /// An organization.
    pub fn organization(&self, id: u32) -> Option<&Organization> {
        find(&self.organizations, id, |o| o.id)
    }

    /// A configuration.
    pub fn configuration(&self, id: u32) -> Option<&Configuration> {
        find(&self.configurations, id, |c| c.id)
    }

    /// A configuration, to change.
    pub fn configuration_mut(&mut self, id: u32) -> Option<&mut Configuration> {
        let at = self.configurations.binary_search_by_key(&id, |c| c.id).ok()?;
        self.configurations.get_mut(at)
    }

    /// An organization, to change.
    pub fn organization_mut(&mut self, id: u32) -> Option<&mut Organization> {
        let at = self.organizations.binary_search_by_key(&id, |o| o.id).ok()?;
        self.organizations.get_mut(at)
    }

    /// Deletes organizations with everything in them.
    pub fn delete_organizations(&mut self, ids: &[u32]) {
        self.gone = (self.next_organization() - 1, self.next_configuration() - 1);
        self.organizations.retain(|o| !ids.contains(&o.id));
        self.configurations.retain(|c| !ids.contains(&c.organization));
        self.locations.retain(|l| !ids.contains(&l.organization));
        self.contacts.retain(|c| !ids.contains(&c.organization));
        self.domains.retain(|d| !ids.contains(&d.organization));
    }

    /// Deletes configurations.
    pub fn delete_configurations(&mut self, ids: &[u32]) {
        self.gone.1 = self.next_configuration() - 1;
        self.configurations.retain(|c| !ids.contains(&c.id));
    }

    /// The id of the next organization.
    pub fn next_organization(&self) -> u32 {
        self.organizations.last().map_or(0, |o| o.id).max(self.gone.0) + 1
    }

    /// The id of the next configuration.
    pub fn next_configuration(&self) -> u32 {
        self.configurations.last().map_or(0, |c| c.id).max(self.gone.1) + 1
    }

    /// What happens in the middle of somebody's listing: the row of that id vanishes and its copy gets a new one. Lists
    /// of choices stay as they are.
    pub fn shift(&mut self, collection: Collection, id: u32) {
        let now = self.now();
        match collection {
            Collection::Organizations => again(&mut self.organizations, id, |row| &mut row.id),
            Collection::Configurations => again(&mut self.configurations, id, |row| &mut row.id),
            Collection::Locations => {
                let text = find(&self.locations, id, |l| l.id).map(|l| Box::new(l.text(self).into_owned()));
                again(&mut self.locations, id, |row| &mut row.id);
                if let Some(row) = self.locations.last_mut() {
                    (row.own, row.updated) = (text, now);
                }
            }
            Collection::Contacts => {
                let text = find(&self.contacts, id, |c| c.id).map(|c| Box::new(c.text(self).into_owned()));
                again(&mut self.contacts, id, |row| &mut row.id);
                if let Some(row) = self.contacts.last_mut() {
                    (row.own, row.updated) = (text, now);
                }
            }
            Collection::Domains => again(&mut self.domains, id, |row| &mut row.id),
            Collection::Choices(_) => {}
        }
    }

    /// The moment of the next change: the time of day, as the answers' `Date` says it, and never before the last change.
    pub fn now(&self) -> i64 {
        let wall = time::OffsetDateTime::now_utc().unix_timestamp();
        wall.max(crate::simulator::world::NOW + i64::try_from(self.revision).unwrap_or(0))
    }
}

/// Moves a row to the end, under the next id.
fn again<T>(rows: &mut Vec<T>, id: u32, id_of: impl Fn(&mut T) -> &mut u32) {
    let next = rows.last_mut().map_or(1, |last| *id_of(last) + 1);
    if let Some(at) = rows.iter_mut().position(|row| *id_of(row) == id) {
        let mut row = rows.remove(at);
        *id_of(&mut row) = next;
        rows.push(row);
    }
}

/// The row of that id in a list sorted by id.
pub fn find<T>(rows: &[T], id: u32, key: impl Fn(&T) -> u32) -> Option<&T> {
    rows.binary_search_by_key(&id, key).ok().map(|at| &rows[at])
}
