//! Companies with their types and sites.

use super::{BOOK, lists};
use crate::simulator::{
    connectwise::{
        ids,
        records::Records,
        schema::Entity,
        values::{cut, moment, or_null},
    },
    world::{
        Psa, derived_below,
        psa::{Account, Classification, Kind, SITES, Site},
    },
};
use serde_json::Value;

/// Numbers of type associations that belong to one account.
pub const MOST_TYPES: u32 = 4;

/// A member of a company.
pub fn member(records: &Records, number: u32, name: &str) -> Option<Value> {
    let psa = &records.psa;
    let account = psa.accounts.get(number as usize)?;
    let site = || psa.site(number * SITES).map(|site| site.text(BOOK));
    Some(match name {
        "identifier" => account.identifier.to_string().into(),
        "name" => account.name(BOOK).into(),
        "status" => records.reference(Entity::CompanyStatuses, status(account)),
        "addressLine1" => cut(&site()?.address1, 50).into(),
        "addressLine2" => or_null(site()?.address2),
        "city" => site()?.city.into(),
        "state" => site()?.region_code.into(),
        "zip" => or_null(site()?.zip),
        "country" => lists::country(records, &site()?.country),
        "phoneNumber" => account.phone().into(),
        "website" => account.website().into(),
        "accountNumber" => or_null(account.number()),
        "defaultContact" => {
            let first = account.people.clone().filter_map(|number| psa.person(number)).find(|p| p.in_book(BOOK))?;
            records.reference(Entity::Contacts, ids::CONTACTS.of(first.number))
        }
        "dateAcquired" => moment(account.moments(BOOK).0 / 86_400 * 86_400).into(),
        "parentCompany" => records.reference(Entity::Companies, ids::COMPANIES.of(account.parent?)),
        "leadFlag" => (account.kind == Kind::Lead).into(),
        "deletedFlag" => deleted(account).into(),
        "dateDeleted" if deleted(account) => moment(account.moments(BOOK).1).into(),
        "deletedBy" if deleted(account) => "jdoe".into(),
        "isVendorFlag" => (account.kind == Kind::Vendor || account.second_kind == Some(Kind::Vendor)).into(),
        "site" => records.reference(Entity::Sites, ids::SITES.of(number * SITES)),
        _ => return None,
    })
}

/// A few that were given up are only marked as deleted.
fn deleted(account: &Account) -> bool {
    account.kind == Kind::Former && derived_below(account.key, 50, 10) < 2
}

/// Position of the status, from 1.
fn status(account: &Account) -> u32 {
    match (account.inactive(), account.classification(), account.kind) {
        (true, ..) => 2,
        (_, Some(Classification::Delinquent), Kind::Client) => 4,
        (_, _, Kind::Lead) => 3,
        _ => 1,
    }
}

/// The types of an account, from 1: what it is, what it is besides, and how it pays.
fn types(account: &Account) -> Vec<u32> {
    let of = |kind: Kind| match kind {
        Kind::Client => 1,
        Kind::Prospect => 2,
        Kind::Lead => 3,
        Kind::Vendor => 4,
        Kind::Partner => 5,
        Kind::Former => 6,
        Kind::Owner => 7,
    };
    let mut all = vec![of(account.kind)];
    all.extend(account.second_kind.map(of));
    if account.kind == Kind::Client {
        match account.classification() {
            Some(Classification::Platinum) => all.extend([8, 9]),
            Some(Classification::Gold | Classification::Silver) => all.push(8),
            _ => {}
        }
    }
    all
}

/// The numbers of the type associations that an account can have.
pub fn associations_of(account: u32) -> std::ops::Range<u32> {
    account * MOST_TYPES..(account + 1) * MOST_TYPES
}

/// Whether that number is an association.
pub fn association_exists(psa: &Psa, number: u32) -> bool {
    let account = psa.accounts.get((number / MOST_TYPES) as usize);
    account.is_some_and(|account| account.in_book(BOOK) && types(account).len() > (number % MOST_TYPES) as usize)
}

/// A member of a type association.
pub fn association(records: &Records, number: u32, name: &str) -> Option<Value> {
    let account = records.psa.accounts.get((number / MOST_TYPES) as usize)?;
    Some(match name {
        "type" => {
            let kind = *types(account).get((number % MOST_TYPES) as usize)?;
            records.reference(Entity::CompanyTypes, kind)
        }
        "company" => records.reference(Entity::Companies, ids::COMPANIES.of(number / MOST_TYPES)),
        _ => return None,
    })
}

/// A member of a site.
pub fn site(records: &Records, number: u32, name: &str) -> Option<Value> {
    let site: Site<'_> = records.psa.site(number)?;
    let text = || site.text(BOOK);
    Some(match name {
        "name" => cut(&text().name, 50).into(),
        "addressLine1" => cut(&text().address1, 50).into(),
        "addressLine2" => or_null(text().address2),
        "city" => text().city.into(),
        "stateReference" => lists::state(records, &text()),
        "zip" => or_null(text().zip),
        "country" => lists::country(records, &text().country),
        "phoneNumber" => or_null(text().phone),
        "primaryAddressFlag" | "defaultShippingFlag" | "defaultBillingFlag" | "defaultMailingFlag" => {
            (site.position == 0).into()
        }
        "inactiveFlag" => site.inactive().into(),
        "company" => records.reference(Entity::Companies, ids::COMPANIES.of(site.account)),
        _ => return None,
    })
}
