//! Lists that administrators keep, and members.

use crate::simulator::{
    connectwise::{
        records::Records,
        schema::Entity,
        values::{cut, or_null},
    },
    world::{
        Lists, index32,
        psa::{SiteText, makers, products},
    },
};
use serde_json::{Value, json};

/// Types of companies.
pub const COMPANY_TYPES: [&str; 9] =
    ["Client", "Prospect", "Lead", "Vendor", "Partner", "Former Client", "Owner", "Managed Services", "VIP"];
/// Statuses of companies.
pub const COMPANY_STATUSES: [&str; 4] = ["Active", "Inactive", "Not Approved", "Credit Hold"];
/// Types of configurations, and what the world calls such things. The last one is for what has no type.
pub const CONFIGURATION_TYPES: [(&str, &str); 14] = [
    ("Laptop", "Laptop"),
    ("Workstation", "Desktop"),
    ("Tablet", "Tablet"),
    ("Mobile Device", "Mobile Device"),
    ("Server", "Server"),
    ("Printer", "Printer"),
    ("Network Switch", "Switch"),
    ("Wireless Access Point", "Wireless Access Point"),
    ("Firewall", "Firewall"),
    ("NAS / SAN", "Storage"),
    ("UPS", "UPS"),
    ("Phone System", "Phone System"),
    ("Camera", "Camera"),
    ("Other", ""),
];
/// Statuses of configurations.
pub const CONFIGURATION_STATUSES: [&str; 5] = ["Active", "Inactive", "Spare", "In Repair", "Retired"];
/// Types of contacts.
pub const CONTACT_TYPES: [&str; 3] = ["End User", "Decision Maker", "Billing"];
/// Ways to reach somebody.
pub const COMMUNICATION_TYPES: [&str; 4] = ["Email", "Direct", "Fax", "Cell"];

/// A member of a row of such a list.
pub fn member(records: &Records, entity: Entity, number: u32, name: &str) -> Option<Value> {
    let lists = records.psa.lists();
    let at = number as usize;
    Some(match (entity, name) {
        (Entity::Members, _) => staff(records, at, name)?,
        (Entity::CompanyTypes, "name") => (*COMPANY_TYPES.get(at)?).into(),
        (Entity::CompanyStatuses, "name") => (*COMPANY_STATUSES.get(at)?).into(),
        (Entity::CompanyStatuses, "inactiveFlag") => (at == 1).into(),
        (Entity::CompanyTypes, "vendorFlag") | (Entity::CompanyStatuses, "notifyFlag" | "disallowSavingFlag") => {
            (at == 3).into()
        }
        (Entity::ConfigurationTypes, "name") => CONFIGURATION_TYPES.get(at)?.0.into(),
        (Entity::ConfigurationStatuses, "description") => (*CONFIGURATION_STATUSES.get(at)?).into(),
        (Entity::ConfigurationStatuses, "closedFlag") => (at == 1 || at == 4).into(),
        (Entity::ContactTypes, "description") => (*CONTACT_TYPES.get(at)?).into(),
        (Entity::CommunicationTypes, "description") => (*COMMUNICATION_TYPES.get(at)?).into(),
        (Entity::CommunicationTypes, "faxFlag") => (at == 2).into(),
        (Entity::CommunicationTypes, "phoneFlag") => (at == 1 || at == 3).into(),
        (Entity::CommunicationTypes, "defaultFlag") => (at < 2).into(),
        (_, "defaultFlag" | "emailFlag") => (at == 0).into(),
        (Entity::Manufacturers, "name") => (*makers(lists).get(at)?).into(),
        (_, "serviceAlertFlag" | "systemFlag")
        | (Entity::Manufacturers | Entity::Catalog | Entity::ConfigurationTypes, "inactiveFlag") => false.into(),
        (Entity::Catalog, _) => product(records, at, name)?,
        (Entity::Countries, "name") => (*countries(lists).get(at)?).into(),
        (Entity::States, "identifier") => states(lists).get(at)?.1.into(),
        (Entity::States, "name") => states(lists).get(at)?.0.into(),
        (Entity::States, "country") => country(records, states(lists).get(at)?.2),
        _ => return None,
    })
}

fn staff(records: &Records, at: usize, name: &str) -> Option<Value> {
    let member = records.psa.members.get(at)?;
    let email = || format!("{}@lanternwoodmanagedit.example", member.identifier);
    Some(match name {
        "identifier" => member.identifier.to_string().into(),
        "firstName" => member.first.to_string().into(),
        "lastName" => member.last.to_string().into(),
        "title" => "Technician".into(),
        "licenseClass" => "F".into(),
        "inactiveFlag" => member.inactive.into(),
        "inactiveDate" if member.inactive => "2026-03-31T00:00:00Z".into(),
        "primaryEmail" | "officeEmail" => email().into(),
        "defaultEmail" => "Office".into(),
        "type" => json!({"id": 1, "name": "Employee"}),
        "timeZone" => json!({"id": 1, "name": "GMT"}),
        _ => return None,
    })
}

fn product(records: &Records, at: usize, name: &str) -> Option<Value> {
    let lists = records.psa.lists();
    let (maker, model) = products(lists).nth(at)?;
    Some(match name {
        "identifier" => cut(&format!("{maker} {model}"), 60).into(),
        "description" => cut(model, 60).into(),
        "serializedFlag" => true.into(),
        "manufacturer" => {
            let maker = makers(lists).iter().position(|known| *known == maker)?;
            records.reference(Entity::Manufacturers, 10 + index32(maker))
        }
        "manufacturerPartNumber" => or_null(lists.hardware.apple.get(at).map(|apple| apple.id.clone())),
        _ => return None,
    })
}

/// Countries in the order of the towns.
pub fn countries(lists: &Lists) -> Vec<&str> {
    let mut all = Vec::new();
    for town in &lists.psa.towns {
        let name = town.country[0].as_str();
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

/// States with their code and country, in the order of the towns.
pub fn states(lists: &Lists) -> Vec<(&str, &str, &str)> {
    let mut all = Vec::new();
    for town in &lists.psa.towns {
        let state = (town.region[0].as_str(), town.region[1].as_str(), town.country[0].as_str());
        if !all.contains(&state) {
            all.push(state);
        }
    }
    all
}

/// The reference to a country.
pub fn country(records: &Records, name: &str) -> Value {
    let at = countries(records.psa.lists()).iter().position(|known| *known == name);
    at.map_or(Value::Null, |at| records.reference(Entity::Countries, 1 + index32(at)))
}

/// The reference to the state of a site.
pub fn state(records: &Records, site: &SiteText) -> Value {
    let wanted = (site.region.as_str(), site.region_code.as_str(), site.country.as_str());
    let at = states(records.psa.lists()).iter().position(|known| *known == wanted);
    at.map_or(Value::Null, |at| records.reference(Entity::States, 1 + index32(at)))
}
