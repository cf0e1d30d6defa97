//! Configurations: things as devices.

use super::{BOOK, lists::CONFIGURATION_TYPES};
use crate::simulator::{
    connectwise::{
        ids,
        records::Records,
        schema::Entity,
        values::{cut, moment, or_null},
    },
    world::{
        derived_below, index32,
        psa::{Thing, ThingState, makers, products},
    },
};
use serde_json::{Value, json};

/// A member of a configuration.
pub fn member(records: &Records, number: u32, name: &str) -> Option<Value> {
    let psa = &records.psa;
    let thing = psa.thing(number)?;
    let product = || products(psa.lists()).nth(thing.product()? as usize);
    let dates = |at: usize| or_null(thing.dates(BOOK)[at].map(moment));
    Some(match name {
        "name" => cut(&thing.name(BOOK), 100).into(),
        "type" => records.reference(Entity::ConfigurationTypes, kind(&thing)),
        "status" => {
            let status = match thing.state(BOOK) {
                ThingState::Active => 1,
                ThingState::Spare => 3,
                ThingState::InRepair => 4,
                ThingState::Retired => 5,
            };
            records.reference(Entity::ConfigurationStatuses, status)
        }
        "company" => records.reference(Entity::Companies, ids::COMPANIES.of(thing.account(BOOK))),
        "contact" => records.reference(Entity::Contacts, ids::CONTACTS.of(thing.person(BOOK)?.number)),
        "site" => records.reference(Entity::Sites, ids::SITES.of(thing.site(BOOK)?.number)),
        "deviceIdentifier" => or_null(thing.host(BOOK)),
        "serialNumber" => or_null(thing.serial(BOOK)),
        "modelNumber" => cut(product()?.1, 50).into(),
        "tagNumber" => or_null(thing.tag()),
        "purchaseDate" => dates(0),
        "installationDate" => dates(1),
        "warrantyExpirationDate" => dates(2),
        "macAddress" => or_null(thing.mac_text(BOOK)),
        "lastLoginName" => or_null(thing.person(BOOK)?.text(BOOK).email),
        "ipAddress" => or_null(thing.ip()),
        "osType" => or_null(thing.system()),
        "manufacturer" => {
            let maker = product()?.0;
            let at = makers(psa.lists()).iter().position(|known| *known == maker)?;
            records.reference(Entity::Manufacturers, super::numbers(psa, Entity::Manufacturers).0.of(index32(at)))
        }
        "questions" => questions(&thing),
        "activeFlag" => (thing.state(BOOK) != ThingState::Retired).into(),
        "billFlag" => false.into(),
        "needsRenewalFlag" => thing.dates(BOOK)[2].is_some().into(),
        _ => return None,
    })
}

/// The id of the type; what has none is filed under the last one, since there must be one.
fn kind(thing: &Thing<'_>) -> u32 {
    let last = CONFIGURATION_TYPES.len() - 1;
    let at = CONFIGURATION_TYPES.iter().position(|(_, kind)| *kind == thing.kind()).unwrap_or(last);
    20 + index32(if thing.untyped(BOOK) { last } else { at })
}

/// Types of things that stand in a rack have a question.
pub fn asks(kind: &str) -> bool {
    matches!(kind, "Server" | "Firewall" | "Storage" | "UPS")
}

fn questions(thing: &Thing<'_>) -> Value {
    if !asks(thing.kind()) {
        return Value::from(Vec::<Value>::new());
    }
    let answer = format!("R{}", 1 + derived_below(u64::from(thing.number), 52, 4));
    json!([{"answerId": 10_000 + thing.number, "questionId": 4, "question": "Rack", "answer": answer,
        "sequenceNumber": 1.0, "numberOfDecimals": 0, "fieldType": "Text", "requiredFlag": false}])
}
