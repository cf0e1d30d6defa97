//! Locations, the people there, and the service provider's own staff.

use super::parts::AddressFields;
use super::{field_table, nameless, record_fields};
use crate::connectors::source::{NamedSource, Row, Source};
use crate::domain::{Contact, Location, Member, Record};

field_table! {
    /// Fields of a location.
    pub(crate) struct LocationFields {
        id: Source,
        name: Source,
        company: Source,
        address: AddressFields,
        phone: Source,
        fax: Source,
        primary: Source,
        archived: Source,
        synced_from: Source,
        created: Source,
        updated: Source,
        url: Source,
    }
}

record_fields!(LocationFields, location);

fn location(fields: &LocationFields, id: String, name: String, row: Row<'_, '_>) -> Record {
    Record::Location(Box::new(Location {
        id: id.into(),
        name,
        company: fields.company.text(row).map(Into::into),
        address: fields.address.address(row),
        phone: fields.phone.text(row),
        fax: fields.fax.text(row),
        primary: fields.primary.bool(row).unwrap_or(false),
        archived: fields.archived.bool(row).unwrap_or(false),
        synced_from: fields.synced_from.text(row),
        created: fields.created.moment(row),
        updated: fields.updated.moment(row),
        url: fields.url.text(row),
    }))
}

field_table! {
    /// Fields of a contact.
    pub(crate) struct ContactFields {
        id: Source,
        name: Source,
        company: Source,
        first_name: Source,
        last_name: Source,
        title: Source,
        contact_type: NamedSource,
        emails: Source,
        phones: Source,
        location: Source,
        primary: Source,
        archived: Source,
        synced_from: Source,
        created: Source,
        updated: Source,
        url: Source,
    }
}

record_fields!(ContactFields, contact);

fn contact(fields: &ContactFields, id: String, name: String, row: Row<'_, '_>) -> Record {
    Record::Contact(Box::new(Contact {
        id: id.into(),
        name,
        company: fields.company.text(row).map(Into::into),
        first_name: fields.first_name.text(row).unwrap_or_default(),
        last_name: fields.last_name.text(row).unwrap_or_default(),
        title: fields.title.text(row),
        contact_type: fields.contact_type.named(row),
        emails: each_once(fields.emails.texts(row)),
        phones: each_once(fields.phones.texts(row)),
        location: fields.location.text(row).map(Into::into),
        primary: fields.primary.bool(row).unwrap_or(false),
        archived: fields.archived.bool(row).unwrap_or(false),
        synced_from: fields.synced_from.text(row),
        created: fields.created.moment(row),
        updated: fields.updated.moment(row),
        url: fields.url.text(row),
    }))
}

/// The texts in their order, those that repeat an earlier one (in any case) left out.
fn each_once(texts: Vec<String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::with_capacity(texts.len());
    for text in texts {
        if !found.iter().any(|known| known.eq_ignore_ascii_case(&text)) {
            found.push(text);
        }
    }
    found
}

field_table! {
    /// Fields of a member.
    pub(crate) struct MemberFields {
        id: Source,
        name: Source,
        account: Source,
        email: Source,
        archived: Source,
    }
}

record_fields!(MemberFields, member);

fn member(fields: &MemberFields, id: String, name: String, row: Row<'_, '_>) -> Record {
    Record::Member(Box::new(Member {
        id: id.into(),
        name,
        account: fields.account.text(row),
        email: fields.email.text(row),
        archived: fields.archived.bool(row).unwrap_or(false),
    }))
}
