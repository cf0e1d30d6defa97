//! A device with every fact that matching, import and the detail screen need.

use super::{CompanyId, DeviceId, Named, Timestamp};
use serde::{Deserialize, Serialize};

/// One network interface as the vendor lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Interface {
    /// `en0`, `Wi-Fi`, `Ethernet` …; empty where unknown.
    pub name: String,
    /// MAC address as written (one address; split by the connector where a field holds several).
    pub mac: Option<String>,
    /// IPv4 or IPv6 address as written.
    pub ip: Option<String>,
}

/// A device: Addigy agent, IT Glue configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Device {
    /// The vendor's id.
    pub id: DeviceId,
    /// Display name.
    pub name: String,
    /// Network host name where it differs or is given apart.
    #[serde(default)]
    pub host_name: Option<String>,
    /// The company (policy, organization) it sits in.
    #[serde(default)]
    pub company: Option<CompanyId>,
    /// The location where it stands.
    #[serde(default)]
    pub location: Option<super::LocationId>,
    /// The person it belongs to.
    #[serde(default)]
    pub contact: Option<super::ContactId>,
    /// Serial number as written; see [`super::Serial`] for the comparable form.
    #[serde(default)]
    pub serial: Option<String>,
    /// Hardware UUID or UDID as written.
    #[serde(default)]
    pub hardware_uuid: Option<String>,
    /// Asset tag.
    #[serde(default)]
    pub asset_tag: Option<String>,
    /// Network interfaces with their MAC and IP addresses.
    #[serde(default)]
    pub interfaces: Vec<Interface>,
    /// Maker.
    #[serde(default)]
    pub manufacturer: Option<String>,
    /// Model as shown to people (`MacBook Air`).
    #[serde(default)]
    pub model: Option<String>,
    /// Model identifier (`MacBookAir9,1`).
    #[serde(default)]
    pub model_identifier: Option<String>,
    /// Device type (configuration type).
    #[serde(default)]
    pub device_type: Option<Named>,
    /// Status (active, inactive …).
    #[serde(default)]
    pub status: Option<Named>,
    /// Put away by the vendor's users.
    #[serde(default)]
    pub archived: bool,
    /// Another system owns this record (`psa-integration` of IT Glue).
    #[serde(default)]
    pub synced_from: Option<String>,
    /// Short account name of the last user.
    #[serde(default)]
    pub user: Option<String>,
    /// The user's email.
    #[serde(default)]
    pub email: Option<String>,
    /// When the vendor last heard of the device.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub last_seen: Option<Timestamp>,
    /// When the vendor created the record.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub created: Option<Timestamp>,
    /// When the vendor last changed the record.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub updated: Option<Timestamp>,
    /// Its page at the vendor.
    #[serde(default)]
    pub url: Option<String>,
    /// Facts that only the detail screen shows.
    #[serde(default)]
    pub details: DeviceDetails,
}

impl Device {
    /// A device of which only id and name are known.
    pub fn new(id: impl Into<DeviceId>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            host_name: None,
            company: None,
            location: None,
            contact: None,
            serial: None,
            hardware_uuid: None,
            asset_tag: None,
            interfaces: Vec::new(),
            manufacturer: None,
            model: None,
            model_identifier: None,
            device_type: None,
            status: None,
            archived: false,
            synced_from: None,
            user: None,
            email: None,
            last_seen: None,
            created: None,
            updated: None,
            url: None,
            details: DeviceDetails::default(),
        }
    }
}

/// Facts by group (`CAPABILITIES.md` I3). `None` is "unknown", never "no".
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceDetails {
    /// Processor, memory, disk.
    pub hardware: Hardware,
    /// Protection settings.
    pub security: Security,
    /// Battery state.
    pub battery: Battery,
    /// Operating system and agent.
    pub system: System,
    /// Address in the local network.
    pub lan_ip: Option<String>,
    /// Public address that the vendor saw.
    pub wan_ip: Option<String>,
    /// Default gateway.
    pub gateway: Option<String>,
    /// Free notes.
    pub notes: Option<String>,
}

/// Processor, memory and disk; sizes in gigabytes (10^9 bytes, as Addigy reports them).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hardware {
    /// Processor or chip name.
    pub processor: Option<String>,
    /// Memory, GB.
    pub memory_gb: Option<f64>,
    /// Disk size, GB.
    pub disk_total_gb: Option<f64>,
    /// Free disk space, GB.
    pub disk_free_gb: Option<f64>,
    /// Warranty end.
    #[serde(with = "time::serde::rfc3339::option")]
    pub warranty_expires: Option<Timestamp>,
    /// Purchase date.
    #[serde(with = "time::serde::rfc3339::option")]
    pub purchased: Option<Timestamp>,
    /// When it was put to use.
    #[serde(with = "time::serde::rfc3339::option")]
    pub installed: Option<Timestamp>,
    /// Who put it to use.
    pub installed_by: Option<String>,
}

/// Protection settings; `None` where the device did not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Security {
    /// Disk encryption (`FileVault`).
    pub filevault: Option<bool>,
    /// Firewall.
    pub firewall: Option<bool>,
    /// Gatekeeper.
    pub gatekeeper: Option<bool>,
    /// System Integrity Protection.
    pub sip: Option<bool>,
    /// Enrolled in MDM.
    pub mdm: Option<bool>,
    /// Supervised.
    pub supervised: Option<bool>,
}

/// Battery state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Battery {
    /// Charge, percent 0–100.
    pub percent: Option<f64>,
    /// Charging now.
    pub charging: Option<bool>,
    /// Charge cycles.
    pub cycles: Option<u32>,
}

/// Operating system and agent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct System {
    /// Operating system with version.
    pub os: Option<String>,
    /// Version of the vendor's agent.
    pub agent_version: Option<String>,
    /// Online when last asked.
    pub online: Option<bool>,
}
