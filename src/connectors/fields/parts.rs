//! Parts that several tables have: addresses, links, facts for the detail screen.

use super::{Sources, field_table};
use crate::connectors::source::{Row, Source};
use crate::domain::{Address, Battery, DeviceDetails, Hardware, Security, System, VendorLink, VendorSystem};
use std::collections::BTreeMap;

field_table! {
    /// Parts of an address.
    pub(crate) struct AddressFields {
        street: Source,
        street2: Source,
        city: Source,
        state: Source,
        zip: Source,
        country: Source,
    }
}

impl AddressFields {
    /// The address, its parts empty where unknown.
    pub(super) fn address(&self, row: Row<'_, '_>) -> Address {
        let part = |source: &Source| source.text(row).unwrap_or_default();
        Address {
            street: part(&self.street),
            street2: part(&self.street2),
            city: part(&self.city),
            state: part(&self.state),
            zip: part(&self.zip),
            country: part(&self.country),
        }
    }
}

/// Ids of the record's counterparts in other systems.
pub(crate) type LinkFields = BTreeMap<VendorSystem, Source>;

/// The links that a row has; zero and minus one are placeholders.
pub(super) fn links(fields: &LinkFields, row: Row<'_, '_>) -> Vec<VendorLink> {
    let link = |(system, source): (&VendorSystem, &Source)| {
        let id = source.text(row).filter(|id| !matches!(id.as_str(), "0" | "-1"))?;
        Some(VendorLink { system: system.clone(), id })
    };
    fields.iter().filter_map(link).collect()
}

impl Sources for LinkFields {
    fn sources<'s>(&'s self, at: &str, found: &mut Vec<(String, &'s Source)>) {
        for (system, source) in self {
            found.push((super::below(at, system.as_str()), source));
        }
    }
}

field_table! {
    /// Facts for the detail screen.
    pub(crate) struct DetailFields {
        processor: Source,
        memory_gb: Source,
        disk_total_gb: Source,
        disk_free_gb: Source,
        warranty_expires: Source,
        purchased: Source,
        installed: Source,
        installed_by: Source,
        filevault: Source,
        firewall: Source,
        gatekeeper: Source,
        sip: Source,
        mdm: Source,
        supervised: Source,
        battery_percent: Source,
        battery_charging: Source,
        battery_cycles: Source,
        os: Source,
        agent_version: Source,
        online: Source,
        lan_ip: Source,
        wan_ip: Source,
        gateway: Source,
        notes: Source,
    }
}

impl DetailFields {
    /// The facts of a row.
    pub(super) fn details(&self, row: Row<'_, '_>) -> DeviceDetails {
        DeviceDetails {
            hardware: Hardware {
                processor: self.processor.text(row),
                memory_gb: self.memory_gb.number(row),
                disk_total_gb: self.disk_total_gb.number(row),
                disk_free_gb: self.disk_free_gb.number(row),
                warranty_expires: self.warranty_expires.moment(row),
                purchased: self.purchased.moment(row),
                installed: self.installed.moment(row),
                installed_by: self.installed_by.text(row),
            },
            security: Security {
                filevault: self.filevault.bool(row),
                firewall: self.firewall.bool(row),
                gatekeeper: self.gatekeeper.bool(row),
                sip: self.sip.bool(row),
                mdm: self.mdm.bool(row),
                supervised: self.supervised.bool(row),
            },
            battery: self.battery(row),
            system: System {
                os: self.os.text(row),
                agent_version: self.agent_version.text(row),
                online: self.online.bool(row),
            },
            lan_ip: self.lan_ip.text(row),
            wan_ip: self.wan_ip.text(row),
            gateway: self.gateway.text(row),
            notes: self.notes.text(row),
        }
    }

    fn battery(&self, row: Row<'_, '_>) -> Battery {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked by the filter")]
        let cycles = self.battery_cycles.number(row).filter(|n| *n < 1e9).map(|n| n as u32);
        Battery {
            percent: self.battery_percent.number(row).filter(|n| *n <= 100.0),
            charging: self.battery_charging.bool(row),
            cycles,
        }
    }
}
