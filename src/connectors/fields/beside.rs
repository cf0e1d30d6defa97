//! What the vendors keep beside their companies and devices: device types, domains, makers, models.

use super::{field_table, nameless, record_fields};
use crate::connectors::source::{NamedSource, Row, Source};
use crate::domain::{DeviceType, DomainName, Manufacturer, Model, Record};

field_table! {
    /// Fields of a device type.
    pub(crate) struct DeviceTypeFields {
        id: Source,
        name: Source,
    }
}

record_fields!(DeviceTypeFields, |_: &_, id: String, name, _| Record::DeviceType(DeviceType { id: id.into(), name }));

field_table! {
    /// Fields of an internet domain.
    pub(crate) struct DomainFields {
        id: Source,
        name: Source,
        company: Source,
        expires: Source,
    }
}

record_fields!(DomainFields, domain);

fn domain(fields: &DomainFields, id: String, name: String, row: Row<'_, '_>) -> Record {
    Record::Domain(Box::new(DomainName {
        id: id.into(),
        name,
        company: fields.company.text(row).map(Into::into),
        expires: fields.expires.moment(row),
    }))
}

field_table! {
    /// Fields of a maker.
    pub(crate) struct ManufacturerFields {
        id: Source,
        name: Source,
    }
}

record_fields!(ManufacturerFields, |_: &_, id: String, name, _| Record::Manufacturer(Manufacturer {
    id: id.into(),
    name
}));

field_table! {
    /// Fields of a model.
    pub(crate) struct ModelFields {
        id: Source,
        name: Source,
        manufacturer: NamedSource,
    }
}

record_fields!(ModelFields, |fields: &ModelFields, id: String, name, row| Record::Model(Model {
    id: id.into(),
    name,
    manufacturer: fields.manufacturer.named(row).unwrap_or_default(),
}));
