//! What the documentation holds of the business side: locations, contacts, domains, and what of it all comes from a
//! PSA.

use super::{
    contacts::{self, Contact},
    locations::Location,
    records::{Domain, Records},
    write::Written,
};
use crate::simulator::{
    connectwise::ids,
    world::{
        NOW, Psa, derived, derived_below, index32,
        psa::{Book, SITES},
    },
};
use std::sync::Arc;

const DAY: i64 = 86_400;

/// Writes it down. The organizations are there already.
pub fn write(written: &mut Written, psa: Psa) -> Arc<Psa> {
    let psa = Arc::new(psa);
    let organizations = written.organizations_of_accounts();
    let records = &mut written.records;
    for (account, organization) in (0..).zip(&organizations) {
        let Some(organization) = *organization else { continue };
        let key = psa.accounts[account as usize].key;
        let from_psa = link_organization(records, &psa, organization, account);
        let locations = from_psa && derived_below(key, 60, 100) < 55;
        let contacts = from_psa && derived_below(key, 61, 100) < 50;
        let sites = (0..SITES).filter_map(|position| psa.site(account * SITES + position));
        records.locations.extend(sites.filter_map(|site| Location::of(&site, organization, locations)));
        let people = psa.accounts[account as usize].people.clone().filter_map(|number| psa.person(number));
        records.contacts.extend(people.filter_map(|person| Contact::of(&person, organization, contacts)));
        domains(records, &psa, organization, account);
    }
    link_configurations(written, &psa);
    name_users(written, &psa, &organizations);
    written.records.psa = Some(psa.clone());
    psa
}

/// Says which company of the PSA an organization is; whether it comes from there.
fn link_organization(records: &mut Records, psa: &Psa, organization: u32, account: u32) -> bool {
    let Some(row) = records.organization_mut(organization) else { return false };
    let linked = row.synced && psa.accounts[account as usize].in_book(Book::ConnectWise);
    row.psa_id = if linked { ids::COMPANIES.of(account) } else { 0 };
    linked
}

/// Most organizations have a domain, some two.
fn domains(records: &mut Records, psa: &Psa, organization: u32, account: u32) {
    let owner = &psa.accounts[account as usize];
    let count = match derived_below(owner.key, 62, 100) {
        0..12 => 0,
        12..86 => 1,
        _ => 2,
    };
    let registrars = ["SureDomain Registrar", "Namehold", "Zonewright"];
    for number in 0..count {
        let key = derived(owner.key, 63 + number);
        let days = |purpose, below| i64::try_from(derived_below(key, purpose, below)).unwrap_or(0) * DAY;
        let name = if number == 0 { owner.domain.clone() } else { format!("get{}", owner.domain).into() };
        let registrar = registrars.get(usize::try_from(derived_below(key, 1, 4)).unwrap_or(0));
        records.domains.push(Domain {
            id: 610_000 + index32(records.domains.len()),
            organization,
            name,
            registrar: registrar.map(|&name| name.into()),
            expires: NOW - 10 * DAY + days(2, 700),
            updated: NOW - days(3, 400),
        });
    }
}

/// Some configurations name the person who uses them.
fn name_users(written: &mut Written, psa: &Psa, organizations: &[Option<u32>]) {
    for (owner, organization) in psa.accounts.iter().zip(organizations) {
        let users = owner.people.clone().zip(owner.devices.clone());
        for (person, device) in users.filter(|(person, _)| derived_below(u64::from(*person), 64, 100) < 35) {
            let records = &mut written.records;
            let contact = contacts::of_person(person);
            let known = records.contacts.binary_search_by_key(&contact, |c| c.id).is_ok();
            let configuration = written.configuration_of.get(device as usize).copied().flatten();
            let row = configuration.filter(|_| known).and_then(|id| records.configuration_mut(id));
            if let Some(row) = row.filter(|row| Some(row.organization) == *organization) {
                row.contact = contact;
            }
        }
    }
}

/// Says which configuration of the PSA a configuration is, where it comes from there.
fn link_configurations(written: &mut Written, psa: &Psa) {
    for (number, configuration) in (0..).zip(&written.configuration_of) {
        let row = configuration.and_then(|id| written.records.configuration_mut(id)).filter(|row| row.synced);
        // The devices are only asked for when there is one: most worlds never need them again.
        if let Some(row) = row {
            row.psa_id = if psa.files_device(number, Book::ConnectWise) { ids::CONFIGURATIONS.of(number) } else { 0 };
        }
    }
}
