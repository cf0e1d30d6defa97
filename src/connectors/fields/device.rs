//! Devices.

use super::interfaces::InterfaceFields;
use super::parts::DetailFields;
use super::{field_table, nameless, record_fields};
use crate::connectors::source::{NamedSource, Row, Source};
use crate::domain::{Device, Named, Record};

field_table! {
    /// Fields of a device.
    pub(crate) struct DeviceFields {
        id: Source,
        name: Source,
        host_name: Source,
        company: Source,
        company_name: Source,
        location: Source,
        contact: Source,
        serial: Source,
        hardware_uuid: Source,
        asset_tag: Source,
        interfaces: Vec<InterfaceFields>,
        manufacturer: Source,
        model: Source,
        model_identifier: Source,
        device_type: NamedSource,
        status: NamedSource,
        archived: Source,
        synced_from: Source,
        user: Source,
        email: Source,
        last_seen: Source,
        created: Source,
        updated: Source,
        url: Source,
        details: DetailFields,
    }
}

record_fields!(DeviceFields, device);

fn device(fields: &DeviceFields, id: String, name: String, row: Row<'_, '_>) -> Record {
    let mut interfaces = Vec::new();
    for source in &fields.interfaces {
        source.read(row, &mut interfaces);
    }
    // Of a type the row may give only the id.
    let unnamed_type = || Some(Named { id: fields.device_type.id.text(row)?, name: String::new() });
    Record::Device(Box::new(Device {
        host_name: fields.host_name.text(row),
        company: fields.company.text(row).map(Into::into),
        location: fields.location.text(row).map(Into::into),
        contact: fields.contact.text(row).map(Into::into),
        serial: fields.serial.text(row),
        hardware_uuid: fields.hardware_uuid.text(row),
        asset_tag: fields.asset_tag.text(row),
        interfaces,
        manufacturer: fields.manufacturer.text(row),
        model: fields.model.text(row),
        model_identifier: fields.model_identifier.text(row),
        device_type: fields.device_type.named(row).or_else(unnamed_type),
        status: fields.status.named(row),
        archived: fields.archived.bool(row).unwrap_or(false),
        synced_from: fields.synced_from.text(row),
        user: fields.user.text(row),
        email: fields.email.text(row),
        last_seen: fields.last_seen.moment(row),
        created: fields.created.moment(row),
        updated: fields.updated.moment(row),
        url: fields.url.text(row),
        details: fields.details.details(row),
        ..Device::new(id, name)
    }))
}
