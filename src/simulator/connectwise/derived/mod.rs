//! What the world's companies, people, things and tickets look like here.

mod companies;
mod configurations;
mod contacts;
mod lists;
mod tickets;

pub use companies::associations_of;
pub use tickets::default_status;

use super::{
    ids::{self, Ids},
    records::Records,
    schema::Entity,
};
use crate::simulator::world::{
    NOW, Psa, index32,
    psa::{Book, makers, products},
};
use serde_json::Value;

const BOOK: Book = Book::ConnectWise;
const DAY: i64 = 86_400;

/// Where the ids of an entity begin, and how many numbers of the world may be rows of it.
pub fn numbers(psa: &Psa, entity: Entity) -> (Ids, u32) {
    let accounts = index32(psa.accounts.len());
    match entity {
        Entity::Companies => (ids::COMPANIES, accounts),
        Entity::TypeAssociations => (Ids(2000), accounts * companies::MOST_TYPES),
        Entity::Configurations => (ids::CONFIGURATIONS, psa.things()),
        Entity::Contacts => (ids::CONTACTS, psa.people()),
        Entity::Sites => (ids::SITES, psa.sites()),
        Entity::Tickets => (ids::TICKETS, psa.tickets()),
        Entity::Members => (ids::MEMBERS, index32(psa.members.len())),
        Entity::CompanyTypes => (Ids(1), index32(lists::COMPANY_TYPES.len())),
        Entity::CompanyStatuses => (Ids(1), index32(lists::COMPANY_STATUSES.len())),
        Entity::ConfigurationTypes => (Ids(20), index32(lists::CONFIGURATION_TYPES.len())),
        Entity::ConfigurationStatuses => (Ids(1), index32(lists::CONFIGURATION_STATUSES.len())),
        Entity::ContactTypes => (Ids(1), index32(lists::CONTACT_TYPES.len())),
        Entity::CommunicationTypes => (Ids(1), index32(lists::COMMUNICATION_TYPES.len())),
        Entity::Boards => (Ids(1), index32(tickets::BOARDS.len())),
        Entity::BoardStatuses => (Ids(16), index32(tickets::BOARDS.len() * tickets::STATUSES.len())),
        Entity::BoardTypes => (Ids(60), index32(tickets::BOARDS.len() * tickets::TYPES.len())),
        Entity::Priorities => (Ids(5), index32(tickets::PRIORITIES.len())),
        Entity::Manufacturers => (Ids(10), index32(makers(psa.lists()).len())),
        Entity::Catalog => (Ids(300), index32(products(psa.lists()).count())),
        Entity::Countries => (Ids(1), index32(lists::countries(psa.lists()).len())),
        Entity::States => (Ids(1), index32(lists::states(psa.lists()).len())),
    }
}

/// Whether that number is a row.
pub fn exists(psa: &Psa, entity: Entity, number: u32) -> bool {
    match entity {
        Entity::Companies => psa.accounts.get(number as usize).is_some_and(|account| account.in_book(BOOK)),
        Entity::TypeAssociations => companies::association_exists(psa, number),
        Entity::Configurations => psa.thing(number).is_some_and(|thing| thing.in_book(BOOK)),
        Entity::Contacts => psa.person(number).is_some_and(|person| person.in_book(BOOK)),
        Entity::Sites => psa.site(number).is_some_and(|site| site.in_book(BOOK)),
        Entity::Tickets => psa.ticket(number).is_some_and(|ticket| ticket.in_book(BOOK)),
        _ => number < numbers(psa, entity).1,
    }
}

/// A member of the row with that number, which exists.
pub fn member(records: &Records, entity: Entity, number: u32, name: &str) -> Value {
    if name == "id" {
        return numbers(&records.psa, entity).0.of(number).into();
    }
    if name == "customFields" {
        return Value::from(Vec::<Value>::new());
    }
    let value = match entity {
        Entity::Companies => companies::member(records, number, name),
        Entity::TypeAssociations => companies::association(records, number, name),
        Entity::Sites => companies::site(records, number, name),
        Entity::Configurations => configurations::member(records, number, name),
        Entity::Contacts => contacts::member(records, number, name),
        Entity::Tickets => tickets::member(records, number, name),
        Entity::Boards | Entity::BoardStatuses | Entity::BoardTypes | Entity::Priorities => {
            tickets::list(records, entity, number, name)
        }
        _ => lists::member(records, entity, number, name),
    };
    value.unwrap_or(Value::Null)
}

/// When the row with that number was made and last changed.
pub fn moments(psa: &Psa, entity: Entity, number: u32) -> (i64, i64) {
    let found = match entity {
        Entity::Companies => psa.accounts.get(number as usize).map(|account| account.moments(BOOK)),
        Entity::Configurations => psa.thing(number).map(|thing| thing.moments(BOOK)),
        Entity::Contacts => psa.person(number).map(|person| person.moments(BOOK)),
        Entity::Sites => psa.site(number).map(|site| site.moments(BOOK)),
        Entity::Tickets => psa.ticket(number).map(|ticket| (ticket.entered(), ticket.updated())),
        _ => None,
    };
    found.unwrap_or((NOW - 2900 * DAY, NOW - 1900 * DAY))
}

/// Where an entity is in links.
pub const fn path(entity: Entity) -> &'static str {
    match entity {
        Entity::Companies => "company/companies",
        Entity::CompanyTypes => "company/companies/types",
        Entity::CompanyStatuses => "company/companies/statuses",
        Entity::TypeAssociations => "company/companyTypeAssociations",
        Entity::Configurations => "company/configurations",
        Entity::ConfigurationTypes => "company/configurations/types",
        Entity::ConfigurationStatuses => "company/configurations/statuses",
        Entity::Contacts => "company/contacts",
        Entity::ContactTypes => "company/contacts/types",
        Entity::CommunicationTypes => "company/communicationTypes",
        Entity::Sites => "company/companies/sites",
        Entity::Boards => "service/boards",
        Entity::BoardStatuses => "service/boards/statuses",
        Entity::BoardTypes => "service/boards/types",
        Entity::Priorities => "service/priorities",
        Entity::Tickets => "service/tickets",
        Entity::Members => "system/members",
        Entity::Manufacturers => "procurement/manufacturers",
        Entity::Catalog => "procurement/catalog",
        Entity::Countries => "company/countries",
        Entity::States => "company/states",
    }
}
