//! Companies.

use super::parts::{AddressFields, LinkFields, links};
use super::{field_table, nameless, record_fields};
use crate::connectors::source::{NamedSource, Row, Source};
use crate::domain::{Address, Company, Record};

field_table! {
    /// Fields of a company.
    pub(crate) struct CompanyFields {
        id: Source,
        name: Source,
        short_name: Source,
        parent: Source,
        r#type: NamedSource,
        status: NamedSource,
        classification: NamedSource,
        number: Source,
        domain: Source,
        phone: Source,
        address: AddressFields,
        links: LinkFields,
        synced_from: Source,
        created: Source,
        updated: Source,
        url: Source,
        notes: Source,
    }
}

record_fields!(CompanyFields, company);

fn company(fields: &CompanyFields, id: String, name: String, row: Row<'_, '_>) -> Record {
    let parent = fields.parent.text(row).filter(|p| *p != id);
    Record::Company(Box::new(Company {
        short_name: fields.short_name.text(row),
        parent: parent.map(Into::into),
        types: fields.r#type.all(row),
        status: fields.status.named(row),
        classification: fields.classification.named(row),
        number: fields.number.text(row),
        domain: fields.domain.text(row),
        phone: fields.phone.text(row),
        address: Some(fields.address.address(row)).filter(|address| *address != Address::default()),
        links: links(&fields.links, row),
        synced_from: fields.synced_from.text(row),
        created: fields.created.moment(row),
        updated: fields.updated.moment(row),
        url: fields.url.text(row),
        notes: fields.notes.text(row),
        ..Company::new(id, name)
    }))
}
