//! Contacts: the people of organizations. What nobody has written yet is derived from the world when it is read.

use super::{
    answers::Refusal,
    attributes::Attributes,
    locations,
    records::{Records, Table, Text, find},
    rows::{Field, named, stamps},
};
use crate::simulator::connectwise::ids;
use crate::simulator::world::{
    derived_below,
    psa::{Book, Person, Psa},
};
use serde::ser::SerializeMap;
use serde_json::{Value, json};
use std::borrow::Cow;

/// The first id of a contact; the number of the person in the world is added.
const FIRST_ID: u32 = 420_000;

/// The contact of that person.
pub const fn of_person(person: u32) -> u32 {
    FIRST_ID + person
}

/// The person that a contact stands for.
pub fn person_of(psa: &Psa, id: u32) -> Option<Person<'_>> {
    psa.person(id.checked_sub(FIRST_ID)?)
}

/// A person of an organization.
#[derive(Clone, Debug, Default)]
pub struct Contact {
    /// The id.
    pub id: u32,
    /// Whose.
    pub organization: u32,
    /// Id of a location; 0 for none.
    pub location: u32,
    /// Id in [`Table::ContactTypes`]; 0 for none.
    pub kind: u32,
    /// Marked as important; few are.
    pub important: Option<bool>,
    /// Visible to few.
    pub restricted: bool,
    /// Owned by a PSA.
    pub synced: bool,
    /// Seconds since 1970.
    pub created: i64,
    /// Seconds since 1970.
    pub updated: i64,
    /// What was written since the start; until then it is as in the world.
    pub own: Option<Box<ContactText>>,
}

/// What stands in a contact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactText {
    /// Given name.
    pub first_name: Text,
    /// Family name.
    pub last_name: Text,
    /// What the person does.
    pub title: Text,
    /// Notes.
    pub notes: Text,
    /// Addresses, the primary one first.
    pub emails: Vec<Email>,
    /// Numbers, the primary one first.
    pub phones: Vec<Phone>,
}

/// An email address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    value: Box<str>,
    primary: bool,
    label: Box<str>,
}

/// A telephone number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone {
    /// Digits.
    value: Box<str>,
    extension: Text,
    primary: bool,
    label: Box<str>,
    /// `phone` or `fax`.
    kind: Box<str>,
}

impl Contact {
    /// The contact of a person; `None` where the documentation has none.
    pub fn of(person: &Person<'_>, organization: u32, synced: bool) -> Option<Self> {
        if !person.in_book(Book::Documentation) {
            return None;
        }
        let (created, updated) = person.moments(Book::Documentation);
        let site = person.site().filter(|site| site.in_book(Book::Documentation));
        let number = u64::from(person.number);
        Some(Self {
            id: of_person(person.number),
            organization,
            location: site.map_or(0, |site| locations::of_site(site.number)),
            kind: [0, 12, 13, 13][usize::try_from(derived_below(number, 61, 4)).unwrap_or(0)],
            important: person.primary().then_some(true),
            restricted: false,
            synced: synced && person.in_book(Book::ConnectWise),
            created,
            updated,
            own: None,
        })
    }

    /// What stands in it.
    pub fn text<'a>(&'a self, records: &Records) -> Cow<'a, ContactText> {
        match (&self.own, records.psa().and_then(|psa| person_of(psa, self.id))) {
            (Some(own), _) => Cow::Borrowed(own),
            (None, Some(person)) => Cow::Owned(self.derived(&person)),
            (None, None) => Cow::Owned(ContactText::default()),
        }
    }

    fn derived(&self, person: &Person<'_>) -> ContactText {
        let text = person.text(if self.synced { Book::ConnectWise } else { Book::Documentation });
        let email = text.email.map(|value| Email { value: value.into(), primary: true, label: "Work".into() });
        let phone = |value: Option<String>, extension: Option<String>, primary, label: &str| {
            let (kind, extension) = ("phone".into(), extension.map(Into::into));
            value.map(|value| Phone { value: value.into(), extension, primary, label: label.into(), kind })
        };
        let has_work = text.phone.is_some();
        let phones = [phone(text.phone, text.extension, true, "Work"), phone(text.mobile, None, !has_work, "Mobile")];
        ContactText {
            first_name: text.first.map(Into::into),
            last_name: Some(text.last.into()),
            title: text.title.map(Into::into),
            notes: None,
            emails: email.into_iter().collect(),
            phones: phones.into_iter().flatten().collect(),
        }
    }

    /// First and last name.
    pub fn name(&self, records: &Records) -> String {
        let text = self.text(records);
        let names = [text.first_name.as_deref(), text.last_name.as_deref()];
        names.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// The PSA's id of it, where it comes from there.
    pub fn psa_id(&self, records: &Records) -> Option<u32> {
        let person = records.psa().and_then(|psa| person_of(psa, self.id)).filter(|_| self.synced);
        person.map(|person| ids::CONTACTS.of(person.number))
    }

    /// The field of that name in snake case.
    pub fn field(&self, name: &str, records: &Records) -> Option<Field<'static>> {
        let text = |text: Text| text.map(|text| Field::Text(text.into_string().into()));
        let number = |id: u32| (id != 0).then(|| Field::Number(id.into()));
        match name {
            "organization_id" => number(self.organization),
            "contact_type_id" => number(self.kind),
            "created_at" => Some(Field::Number(self.created)),
            "updated_at" => Some(Field::Number(self.updated)),
            "psa_id" => number(self.psa_id(records)?),
            "psa_integration_type" => self.synced.then(|| Field::Text("manage".into())),
            "important" => Some(Field::Text(if self.important? { "true" } else { "false" }.into())),
            "first_name" => text(self.text(records).into_owned().first_name),
            "last_name" => text(self.text(records).into_owned().last_name),
            "title" => text(self.text(records).into_owned().title),
            "primary_email" => {
                text(self.text(records).emails.iter().find(|email| email.primary).map(|email| email.value.clone()))
            }
            _ => None,
        }
    }

    /// Its attributes.
    pub fn attributes<M: SerializeMap>(&self, m: &mut M, records: &Records) -> Result<(), M::Error> {
        let text = self.text(records);
        m.serialize_entry("organization-id", &self.organization)?;
        m.serialize_entry("organization-name", &records.organization(self.organization).map(|o| &o.name))?;
        m.serialize_entry("resource-url", &format!("/{}/contacts/{}", self.organization, self.id))?;
        m.serialize_entry("name", &self.name(records))?;
        m.serialize_entry("first-name", &text.first_name)?;
        m.serialize_entry("last-name", &text.last_name)?;
        m.serialize_entry("title", &text.title)?;
        named(m, "contact-type", records.choice(Table::ContactTypes, self.kind))?;
        let location = find(&records.locations, self.location, |l| l.id);
        m.serialize_entry("location-id", &location.map(|l| l.id))?;
        m.serialize_entry("location-name", &location.map(|l| l.text(records).name.clone()))?;
        m.serialize_entry("important", &self.important)?;
        m.serialize_entry("notes", &text.notes)?;
        m.serialize_entry("restricted", &self.restricted)?;
        let emails = text
            .emails
            .iter()
            .map(|email| json!({"value": email.value, "primary": email.primary, "label-name": email.label}));
        m.serialize_entry("contact-emails", &emails.collect::<Vec<_>>())?;
        let phones = text.phones.iter().map(|phone| {
            json!({"value": phone.value, "extension": phone.extension, "primary": phone.primary,
                "label-name": phone.label, "label-type": phone.kind, "formatted-value": locations::formatted(&phone.value)})
        });
        m.serialize_entry("contact-phones", &phones.collect::<Vec<_>>())?;
        m.serialize_entry("psa-integration", &self.synced.then_some("manage"))?;
        stamps(m, self.created, self.updated)
    }
}

const WRITABLE: [&str; 11] = [
    "organization_id",
    "first_name",
    "last_name",
    "title",
    "contact_type_id",
    "location_id",
    "important",
    "notes",
    "restricted",
    "contact_emails",
    "contact_phones",
];

impl Attributes {
    /// Writes onto a contact. The vendor's own form asks for a name; which part of it must be there is not documented.
    pub fn onto_contact(&self, row: &mut Contact, records: &Records) -> Result<(), Refusal> {
        if row.synced {
            self.only(&[], |key| WRITABLE.contains(&key))?;
        }
        self.set_organization(&mut row.organization, records)?;
        let mut text = row.text(records).into_owned();
        for (name, field) in [
            ("first_name", &mut text.first_name),
            ("last_name", &mut text.last_name),
            ("title", &mut text.title),
            ("notes", &mut text.notes),
        ] {
            self.set_text(name, field)?;
        }
        if text.first_name.is_none() && text.last_name.is_none() {
            return Err(Refusal::of_attribute("first_name", json!(["can't be blank"])));
        }
        self.set_choice("contact_type_id", Table::ContactTypes, &mut row.kind, records)?;
        if let Some(id) = self.number("location_id")? {
            row.location = find(&records.locations, id, |l| l.id)
                .map(|l| l.id)
                .ok_or_else(|| Refusal::of_attribute("location_id", "must exist"))?;
        }
        if self.has("important") {
            row.important = Some(self.flag("important")?);
        }
        if self.has("restricted") {
            row.restricted = self.flag("restricted")?;
        }
        if let Some(given) = self.list("contact_emails")? {
            text.emails = given.iter().map(email).collect::<Result<_, _>>()?;
        }
        if let Some(given) = self.list("contact_phones")? {
            text.phones = given.iter().map(phone).collect::<Result<_, _>>()?;
        }
        row.own = Some(Box::new(text));
        Ok(())
    }
}

fn member<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| object.get(name.replace('-', "_")))
}

fn word(object: &Value, name: &str, default: &str) -> Box<str> {
    member(object, name).and_then(Value::as_str).unwrap_or(default).into()
}

fn email(given: &Value) -> Result<Email, Refusal> {
    let value = word(given, "value", "");
    if !value.contains('@') {
        return Err(Refusal::of_attribute("contact_emails", json!(["value is invalid"])));
    }
    let primary = member(given, "primary").and_then(Value::as_bool).unwrap_or(false);
    Ok(Email { value, primary, label: word(given, "label-name", "Work") })
}

/// The vendor keeps digits only.
fn phone(given: &Value) -> Result<Phone, Refusal> {
    let value: String = word(given, "value", "").chars().filter(char::is_ascii_digit).collect();
    if value.is_empty() {
        return Err(Refusal::of_attribute("contact_phones", json!(["value is invalid"])));
    }
    Ok(Phone {
        value: value.into(),
        extension: member(given, "extension").and_then(Value::as_str).map(Into::into),
        primary: member(given, "primary").and_then(Value::as_bool).unwrap_or(false),
        label: word(given, "label-name", "Work"),
        kind: word(given, "label-type", "phone"),
    })
}
