//! Whether a record is within a [`SyncScope`], and why not. Nothing here is ever stored: it follows from the settings
//! and the record, so that changed settings take effect on what is stored already, and a killed change leaves nothing
//! half done.

use super::scope::{ScopeRule, SyncScope, TypesMode};
use super::{Named, Record, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the settings look at in a record. Names as the vendor shows them, the id where it has no name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Traits<'a> {
    /// Of a company.
    Company {
        /// Its types.
        types: Vec<&'a str>,
        /// Its status.
        status: Option<&'a str>,
        /// Its classification.
        classification: Option<&'a str>,
    },
    /// Of a device.
    Device {
        /// Its type.
        device_type: Option<&'a str>,
        /// Its status.
        status: Option<&'a str>,
    },
    /// Of a contact.
    Contact,
    /// Of a location.
    Location,
    /// Of a ticket.
    Ticket {
        /// Its board or queue.
        queue: Option<&'a str>,
        /// When it was last changed, or opened where no change is known.
        touched: Option<Timestamp>,
    },
    /// Of a record that has no settings of its own: it goes with its company, or is never left out.
    Other,
}

impl Traits<'_> {
    /// What the settings look at in that record.
    #[must_use]
    pub fn of(record: &Record) -> Traits<'_> {
        match record {
            Record::Company(company) => Traits::Company {
                types: company.types.iter().filter_map(label).collect(),
                status: company.status.as_ref().and_then(label),
                classification: company.classification.as_ref().and_then(label),
            },
            Record::Device(device) => Traits::Device {
                device_type: device.device_type.as_ref().and_then(label),
                status: device.status.as_ref().and_then(label),
            },
            Record::Contact(_) => Traits::Contact,
            Record::Location(_) => Traits::Location,
            Record::Ticket(ticket) => Traits::Ticket {
                queue: ticket.queue.as_ref().and_then(label),
                touched: ticket.updated.or(ticket.created),
            },
            _ => Traits::Other,
        }
    }
}

/// The name of a choice, its id where it has none; `None` when both are empty.
fn label(named: &Named) -> Option<&str> {
    [named.name.trim(), named.id.trim()].into_iter().find(|text| !text.is_empty())
}

/// Why a record is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// By which setting.
    pub rule: ScopeRule,
    /// The record's value that is not chosen; empty when it has none. Months for the age of tickets.
    pub value: Box<str>,
}

impl LeftOut {
    fn new(rule: ScopeRule, value: &str) -> Self {
        Self { rule, value: value.into() }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = match self.rule {
            ScopeRule::CompanyTypes | ScopeRule::DeviceTypes => "type",
            ScopeRule::CompanyStatuses | ScopeRule::DeviceStatuses => "status",
            ScopeRule::Classifications => "classification",
            ScopeRule::TicketQueues => "queue",
            ScopeRule::Contacts => return f.write_str("contacts are not synced"),
            ScopeRule::Locations => return f.write_str("locations are not synced"),
            ScopeRule::Tickets => return f.write_str("tickets are not synced"),
            ScopeRule::TicketMonths => return write!(f, "not updated within {} months", self.value),
            ScopeRule::Company => return f.write_str("its company is left out"),
        };
        if self.value.is_empty() {
            write!(f, "it has no {one}")
        } else {
            write!(f, "{one} {} is not chosen", self.value)
        }
    }
}

impl SyncScope {
    /// Why a record with these traits is left out; `None` when it is within the settings. `company_left_out` says that
    /// the company it belongs to is left out; a record whose company is unknown is kept.
    #[must_use]
    pub fn judge(&self, traits: &Traits<'_>, company_left_out: bool, now: Timestamp) -> Option<LeftOut> {
        let off = match traits {
            Traits::Contact if !self.contacts => Some(ScopeRule::Contacts),
            Traits::Location if !self.locations => Some(ScopeRule::Locations),
            Traits::Ticket { .. } if !self.tickets => Some(ScopeRule::Tickets),
            _ if company_left_out => Some(ScopeRule::Company),
            _ => None,
        };
        if let Some(rule) = off {
            return Some(LeftOut::new(rule, ""));
        }
        match traits {
            Traits::Company { types, status, classification } => self
                .judge_types(types)
                .or_else(|| self.judge_one(ScopeRule::CompanyStatuses, *status))
                .or_else(|| self.judge_one(ScopeRule::Classifications, *classification)),
            Traits::Device { device_type, status } => self
                .judge_one(ScopeRule::DeviceTypes, *device_type)
                .or_else(|| self.judge_one(ScopeRule::DeviceStatuses, *status)),
            Traits::Ticket { queue, touched } => {
                self.judge_one(ScopeRule::TicketQueues, *queue).or_else(|| self.judge_age(*touched, now))
            }
            Traits::Contact | Traits::Location | Traits::Other => None,
        }
    }

    fn judge_one(&self, rule: ScopeRule, value: Option<&str>) -> Option<LeftOut> {
        let taken = value.map_or_else(|| self.takes_none(rule), |name| self.takes(rule, name));
        (!taken).then(|| LeftOut::new(rule, value.unwrap_or_default()))
    }

    fn judge_types(&self, types: &[&str]) -> Option<LeftOut> {
        let taken = |name: &&&str| self.takes(ScopeRule::CompanyTypes, name);
        match (self.company_types_mode, types) {
            (_, []) => self.judge_one(ScopeRule::CompanyTypes, None),
            (TypesMode::Any, types) if types.iter().any(|name| taken(&name)) => None,
            (_, types) => {
                types.iter().find(|name| !taken(name)).map(|name| LeftOut::new(ScopeRule::CompanyTypes, name))
            }
        }
    }

    /// A ticket of which no time is known is kept.
    fn judge_age(&self, touched: Option<Timestamp>, now: Timestamp) -> Option<LeftOut> {
        let too_old = touched? < self.tickets_since(now)?;
        too_old.then(|| LeftOut::new(ScopeRule::TicketMonths, &self.ticket_months.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Company, Contact, Device, Ticket};

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    fn named(name: &str) -> Named {
        Named { id: String::new(), name: name.into() }
    }

    fn company(types: &[&str]) -> Record {
        let mut company = Company::new("1", "Harbor");
        company.types = types.iter().map(|name| named(name)).collect();
        Record::Company(Box::new(company))
    }

    fn now() -> Timestamp {
        Timestamp::from_unix_timestamp(1_790_000_000).unwrap()
    }

    fn reason(scope: &SyncScope, record: &Record) -> String {
        scope.judge(&Traits::of(record), false, now()).map(|out| out.to_string()).unwrap_or_default()
    }

    #[test]
    fn all_types_of_a_company_must_be_chosen_or_any() {
        let mut scope = SyncScope { company_types: names(&["client", "Partner"]), ..SyncScope::default() };
        assert_eq!(reason(&scope, &company(&["Client"])), "");
        assert_eq!(reason(&scope, &company(&["Client", "Partner"])), "");
        assert_eq!(reason(&scope, &company(&["Client", "Vendor"])), "type Vendor is not chosen");
        assert_eq!(reason(&scope, &company(&[])), "it has no type");
        scope.company_types_mode = TypesMode::Any;
        assert_eq!(reason(&scope, &company(&["Vendor", "CLIENT"])), "");
        assert_eq!(reason(&scope, &company(&["Vendor", "Prospect"])), "type Vendor is not chosen");
        assert_eq!(reason(&scope, &company(&[])), "it has no type");
        assert_eq!(reason(&SyncScope::default(), &company(&[])), "");
    }

    #[test]
    fn statuses_and_classifications() {
        let mut harbor = Company::new("1", "Harbor");
        let scope = SyncScope {
            company_statuses: names(&["Active"]),
            classifications: names(&["Gold"]),
            ..SyncScope::default()
        };
        let of = |company: &Company, scope: &SyncScope| reason(scope, &Record::Company(Box::new(company.clone())));
        assert_eq!(of(&harbor, &scope), "it has no status");
        harbor.status = Some(named("active"));
        assert_eq!(of(&harbor, &scope), "", "unclassified ones are taken by default");
        assert_eq!(of(&harbor, &SyncScope { unclassified: false, ..scope.clone() }), "it has no classification");
        harbor.classification = Some(named("Silver"));
        assert_eq!(of(&harbor, &scope), "classification Silver is not chosen");
        harbor.status = Some(Named { id: "4".into(), name: String::new() });
        assert_eq!(of(&harbor, &scope), "status 4 is not chosen", "an id stands for a missing name");
    }

    #[test]
    fn devices_by_type_status_and_company() {
        let mut device = Device::new("d", "mac");
        let scope =
            SyncScope { device_types: names(&["Laptop"]), device_statuses: names(&["Active"]), ..SyncScope::default() };
        let of = |device: &Device, scope: &SyncScope| reason(scope, &Record::Device(Box::new(device.clone())));
        device.status = Some(named("Active"));
        assert_eq!(of(&device, &scope), "");
        assert_eq!(of(&device, &SyncScope { untyped: false, ..scope.clone() }), "it has no type");
        device.device_type = Some(named("Printer"));
        assert_eq!(of(&device, &scope), "type Printer is not chosen");
        device.device_type = Some(named("laptop"));
        device.status = Some(named("Retired"));
        assert_eq!(of(&device, &scope), "status Retired is not chosen");
        let record = Record::Device(Box::new(device));
        let out = scope.judge(&Traits::of(&record), true, now()).unwrap();
        assert_eq!((out.rule, out.to_string().as_str()), (ScopeRule::Company, "its company is left out"));
    }

    #[test]
    fn what_is_off_is_left_out_whatever_its_company() {
        let scope = SyncScope { contacts: false, ..SyncScope::default() };
        let contact = Record::Contact(Box::new(Contact { name: "Kim".into(), ..Contact::default() }));
        let out = scope.judge(&Traits::of(&contact), true, now()).unwrap();
        assert_eq!(out.to_string(), "contacts are not synced");
        assert_eq!(reason(&SyncScope::default(), &contact), "");
    }

    #[test]
    fn tickets_by_queue_and_age() {
        let old = now() - time::Duration::days(400);
        let mut ticket = Ticket { queue: Some(named("Help Desk")), created: Some(old), ..Ticket::default() };
        let of = |ticket: &Ticket, scope: &SyncScope| reason(scope, &Record::Ticket(Box::new(ticket.clone())));
        let scope = SyncScope { ticket_queues: names(&["help desk"]), ..SyncScope::default() };
        assert_eq!(of(&ticket, &scope), "not updated within 12 months");
        ticket.updated = Some(now());
        assert_eq!(of(&ticket, &scope), "", "an update counts, not when it was opened");
        ticket.queue = Some(named("Sales"));
        assert_eq!(of(&ticket, &scope), "queue Sales is not chosen");
        ticket.queue = None;
        assert_eq!(of(&ticket, &scope), "it has no queue");
        let unknown = Ticket::default();
        assert_eq!(of(&unknown, &SyncScope::default()), "", "what is unknown is kept");
    }
}
