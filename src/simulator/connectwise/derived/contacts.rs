//! Contacts with their addresses and numbers.

use super::BOOK;
use crate::simulator::{
    connectwise::{
        ids,
        records::Records,
        schema::Entity,
        values::{cut, or_null},
    },
    world::{
        derived_below,
        psa::{Person, PersonText},
    },
};
use serde_json::{Value, json};

/// A member of a contact.
pub fn member(records: &Records, number: u32, name: &str) -> Option<Value> {
    let person = records.psa.person(number)?;
    let text = || person.text(BOOK);
    Some(match name {
        "firstName" => or_null(text().first),
        "lastName" => cut(&text().last, 30).into(),
        "company" => records.reference(Entity::Companies, ids::COMPANIES.of(person.account)),
        "site" => {
            let site = person.site().filter(|site| site.in_book(BOOK))?;
            records.reference(Entity::Sites, ids::SITES.of(site.number))
        }
        "inactiveFlag" => person.inactive(BOOK).into(),
        "title" => or_null(text().title),
        "nickName" => or_null(text().nickname),
        "defaultPhoneType" => if text().phone.is_some() { "Direct" } else { text().mobile.map(|_| "Cell")? }.into(),
        "defaultPhoneNbr" => {
            let text = text();
            or_null(text.phone.or(text.mobile))
        }
        "defaultPhoneExtension" => {
            let text = text();
            or_null(text.phone.and(text.extension))
        }
        "defaultFlag" => person.primary().into(),
        "defaultBillingFlag" | "disablePortalLoginFlag" | "unsubscribeFlag" => false.into(),
        "communicationItems" => Value::from(communication(number, text())),
        "types" => types(records, &person),
        _ => return None,
    })
}

fn communication(number: u32, text: PersonText) -> Vec<Value> {
    let item = |at: u32, kind: u32, name: &str, value: Option<String>, default: bool, word: &str| {
        let value = value?;
        let mut item = json!({"id": number * 3 + at, "type": {"id": kind, "name": name}, "value": value,
            "defaultFlag": default, "communicationType": word});
        if let Some((_, host)) = value.split_once('@') {
            item["domain"] = format!("@{host}").into();
        }
        Some(item)
    };
    let has_phone = text.phone.is_some();
    let mut phone = item(1, 2, "Direct", text.phone, true, "Phone");
    if let (Some(phone), Some(extension)) = (&mut phone, text.extension) {
        phone["extension"] = extension.into();
    }
    let email = item(0, 1, "Email", text.email, true, "Email");
    [email, phone, item(2, 4, "Cell", text.mobile, !has_phone, "Phone")].into_iter().flatten().collect()
}

fn types(records: &Records, person: &Person<'_>) -> Value {
    let roll = derived_below(u64::from(person.number), 51, 100);
    let all: &[u32] = match roll {
        _ if person.primary() => &[2],
        0..25 => &[1],
        25..30 => &[1, 3],
        _ => &[],
    };
    Value::from(all.iter().map(|&id| records.reference(Entity::ContactTypes, id)).collect::<Vec<_>>())
}
