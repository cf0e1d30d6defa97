//! What a person can enter of a record of the inventory, field by field. An empty text means unknown, which is never
//! "no" and never zero. When a device was last seen and whether it is online is told by an agent only.

use super::{Company, Device, Interface, Mac, Named, Record, Stream};
use serde::{Deserialize, Serialize};

/// A field that can be entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HandField {
    /// Name.
    Name,
    /// Short name of a company.
    ShortName,
    /// Internet domain of a company, for its mail.
    Domain,
    /// Telephone number of a company.
    Phone,
    /// Company of a device: its id in the inventory.
    Company,
    /// Name of the type of a device.
    Type,
    /// Serial number.
    Serial,
    /// MAC address of the wireless interface.
    WifiMac,
    /// MAC address of the wired interface.
    EthernetMac,
    /// MAC addresses of other interfaces, with a space between them.
    Macs,
    /// Name in the network.
    HostName,
    /// Maker.
    Manufacturer,
    /// Model as people call it.
    Model,
    /// Asset tag.
    AssetTag,
    /// Processor or chip.
    Processor,
    /// Memory, GB.
    Memory,
    /// Disk size, GB.
    Disk,
    /// Free disk space, GB.
    DiskFree,
    /// Disk encryption.
    FileVault,
    /// Firewall.
    Firewall,
    /// Gatekeeper.
    Gatekeeper,
    /// System Integrity Protection.
    Sip,
    /// Enrolled in MDM.
    Mdm,
    /// Supervised.
    Supervised,
    /// Address in the local network.
    LanAddress,
    /// Public address.
    WanAddress,
    /// Battery charge, percent.
    Charge,
    /// Charging.
    Charging,
    /// Charge cycles.
    Cycles,
    /// The user's account name.
    User,
    /// The user's email.
    Email,
    /// Operating system with version.
    Os,
    /// Version of the agent.
    Agent,
    /// Free notes.
    Notes,
}

use HandField as F;

const COMPANY: [F; 4] = [F::Name, F::Domain, F::ShortName, F::Phone];
const TYPE: [F; 1] = [F::Name];
const DEVICE: [F; 31] = [
    F::Name,
    F::Company,
    F::Type,
    F::Serial,
    F::WifiMac,
    F::EthernetMac,
    F::Macs,
    F::HostName,
    F::Manufacturer,
    F::Model,
    F::AssetTag,
    F::Processor,
    F::Memory,
    F::Disk,
    F::DiskFree,
    F::FileVault,
    F::Firewall,
    F::Gatekeeper,
    F::Sip,
    F::Mdm,
    F::Supervised,
    F::LanAddress,
    F::WanAddress,
    F::Charge,
    F::Charging,
    F::Cycles,
    F::User,
    F::Email,
    F::Os,
    F::Agent,
    F::Notes,
];

const WIFI: &str = "Wi-Fi";
const ETHERNET: &str = "Ethernet";

impl HandField {
    /// Those of a stream, in the order of a form; none where the inventory keeps no such records.
    #[must_use]
    pub const fn of(stream: Stream) -> &'static [Self] {
        match stream {
            Stream::Companies => &COMPANY,
            Stream::DeviceTypes => &TYPE,
            Stream::Devices => &DEVICE,
            _ => &[],
        }
    }

    /// What it is called.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            F::Name => "name",
            F::ShortName => "short name",
            F::Domain => "primary domain",
            F::Phone => "phone",
            F::Company => "company",
            F::Type => "type",
            F::Serial => "serial number",
            F::WifiMac => "Wi-Fi MAC",
            F::EthernetMac => "Ethernet MAC",
            F::Macs => "other MACs",
            F::HostName => "host name",
            F::Manufacturer => "manufacturer",
            F::Model => "model",
            F::AssetTag => "asset tag",
            F::Processor => "processor",
            F::Memory => "memory",
            F::Disk => "disk",
            F::DiskFree => "disk free",
            F::FileVault => "FileVault",
            F::Firewall => "firewall",
            F::Gatekeeper => "Gatekeeper",
            F::Sip => "SIP",
            F::Mdm => "MDM",
            F::Supervised => "supervised",
            F::LanAddress => "LAN address",
            F::WanAddress => "WAN address",
            F::Charge => "charge",
            F::Charging => "charging",
            F::Cycles => "cycles",
            F::User => "user",
            F::Email => "email",
            F::Os => "system",
            F::Agent => "agent",
            F::Notes => "notes",
        }
    }

    /// As it is written on a command line: the label with `-` for spaces.
    #[must_use]
    pub fn word(self) -> String {
        self.label().to_lowercase().replace(' ', "-")
    }

    /// The field of a stream by its word.
    #[must_use]
    pub fn named(stream: Stream, word: &str) -> Option<Self> {
        Self::of(stream).iter().copied().find(|field| field.word() == word.trim().to_lowercase())
    }

    /// What stands in a record; `None` when it is unknown.
    #[must_use]
    pub fn read(self, record: &Record) -> Option<String> {
        let text = match record {
            Record::Company(company) => self.of_company(company),
            Record::Device(device) => self.of_device(device),
            Record::DeviceType(kind) if self == F::Name => Some(kind.name.clone()),
            _ => None,
        };
        text.filter(|text| !text.is_empty())
    }

    fn of_company(self, company: &Company) -> Option<String> {
        match self {
            F::Name => Some(company.name.clone()),
            F::Domain => company.domain.clone(),
            F::ShortName => company.short_name.clone(),
            F::Phone => company.phone.clone(),
            _ => None,
        }
    }

    fn of_device(self, device: &Device) -> Option<String> {
        let details = &device.details;
        let (hardware, security, battery) = (&details.hardware, &details.security, &details.battery);
        let yes = |value: Option<bool>| value.map(|yes| if yes { "yes" } else { "no" }.to_owned());
        let number = |value: Option<f64>| value.map(|value| value.to_string());
        match self {
            F::Name => Some(device.name.clone()),
            F::Company => device.company.as_ref().map(ToString::to_string),
            F::Type => device.device_type.as_ref().map(|kind| kind.name.clone()),
            F::Serial => device.serial.clone(),
            F::WifiMac => mac_of(device, WIFI),
            F::EthernetMac => mac_of(device, ETHERNET),
            F::Macs => {
                let others = device.interfaces.iter().filter(|i| is_other(i));
                Some(others.filter_map(|i| i.mac.as_deref()).collect::<Vec<_>>().join(" "))
            }
            F::HostName => device.host_name.clone(),
            F::Manufacturer => device.manufacturer.clone(),
            F::Model => device.model.clone(),
            F::AssetTag => device.asset_tag.clone(),
            F::Processor => hardware.processor.clone(),
            F::Memory => number(hardware.memory_gb),
            F::Disk => number(hardware.disk_total_gb),
            F::DiskFree => number(hardware.disk_free_gb),
            F::FileVault => yes(security.filevault),
            F::Firewall => yes(security.firewall),
            F::Gatekeeper => yes(security.gatekeeper),
            F::Sip => yes(security.sip),
            F::Mdm => yes(security.mdm),
            F::Supervised => yes(security.supervised),
            F::LanAddress => details.lan_ip.clone(),
            F::WanAddress => details.wan_ip.clone(),
            F::Charge => number(battery.percent),
            F::Charging => yes(battery.charging),
            F::Cycles => battery.cycles.map(|cycles| cycles.to_string()),
            F::User => device.user.clone(),
            F::Email => device.email.clone(),
            F::Os => details.system.os.clone(),
            F::Agent => details.system.agent_version.clone(),
            F::Notes => details.notes.clone(),
            F::ShortName | F::Domain | F::Phone => None,
        }
    }

    /// Puts a text into a record; an empty one makes the field unknown.
    ///
    /// # Errors
    /// A sentence for the person: the text cannot be that field, or the record has no such field.
    pub fn write(self, record: &mut Record, text: &str) -> Result<(), String> {
        let text = Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
        if self == F::Name && text.is_none() {
            return Err("a record needs a name".to_owned());
        }
        match record {
            Record::Company(company) => self.put_company(company, text),
            Record::Device(device) => self.put_device(device, text),
            Record::DeviceType(kind) if self == F::Name => {
                kind.name = text.unwrap_or_default();
                Ok(())
            }
            _ => Err(self.no_such()),
        }
    }

    fn no_such(self) -> String {
        format!("the record has no {}", self.label())
    }

    fn put_company(self, company: &mut Company, text: Option<String>) -> Result<(), String> {
        match self {
            F::Name => company.name = text.unwrap_or_default(),
            F::ShortName => company.short_name = text,
            F::Phone => company.phone = text,
            F::Domain => {
                let domain = text.map(|domain| domain.to_lowercase());
                if domain.as_ref().is_some_and(|d| !d.contains('.') || d.contains(char::is_whitespace)) {
                    return Err("a domain looks like example.com".to_owned());
                }
                company.domain = domain;
            }
            _ => return Err(self.no_such()),
        }
        Ok(())
    }

    fn put_device(self, device: &mut Device, text: Option<String>) -> Result<(), String> {
        let details = &mut device.details;
        let (hardware, security, battery) = (&mut details.hardware, &mut details.security, &mut details.battery);
        match self {
            F::Name => device.name = text.unwrap_or_default(),
            F::Company => device.company = text.map(|id| id.as_str().into()),
            F::Type => {
                let same = device.device_type.as_ref().is_some_and(|kind| Some(&kind.name) == text.as_ref());
                if !same {
                    device.device_type = text.map(|name| Named { id: String::new(), name });
                }
            }
            F::Serial => device.serial = text,
            F::WifiMac => put_macs(device, |i| i.name.eq_ignore_ascii_case(WIFI), WIFI, text)?,
            F::EthernetMac => put_macs(device, |i| i.name.eq_ignore_ascii_case(ETHERNET), ETHERNET, text)?,
            F::Macs => put_macs(device, is_other, "", text)?,
            F::HostName => device.host_name = text,
            F::Manufacturer => device.manufacturer = text,
            F::Model => device.model = text,
            F::AssetTag => device.asset_tag = text,
            F::Processor => hardware.processor = text,
            F::Memory => hardware.memory_gb = size(text)?,
            F::Disk => hardware.disk_total_gb = size(text)?,
            F::DiskFree => hardware.disk_free_gb = size(text)?,
            F::FileVault => security.filevault = yes_or_no(text)?,
            F::Firewall => security.firewall = yes_or_no(text)?,
            F::Gatekeeper => security.gatekeeper = yes_or_no(text)?,
            F::Sip => security.sip = yes_or_no(text)?,
            F::Mdm => security.mdm = yes_or_no(text)?,
            F::Supervised => security.supervised = yes_or_no(text)?,
            F::LanAddress => details.lan_ip = address(text)?,
            F::WanAddress => details.wan_ip = address(text)?,
            F::Charge => battery.percent = percent(text)?,
            F::Charging => battery.charging = yes_or_no(text)?,
            F::Cycles => battery.cycles = count(text)?,
            F::User => device.user = text,
            F::Email => device.email = email(text)?,
            F::Os => details.system.os = text,
            F::Agent => details.system.agent_version = text,
            F::Notes => details.notes = text,
            F::ShortName | F::Domain | F::Phone => return Err(self.no_such()),
        }
        Ok(())
    }
}

fn is_other(interface: &Interface) -> bool {
    ![WIFI, ETHERNET].iter().any(|name| interface.name.eq_ignore_ascii_case(name))
}

fn mac_of(device: &Device, name: &str) -> Option<String> {
    device.interfaces.iter().find(|i| i.name.eq_ignore_ascii_case(name))?.mac.clone()
}

/// Replaces the addresses of some interfaces; what else is known of an interface stays with its address.
fn put_macs(
    device: &mut Device,
    which: impl Fn(&Interface) -> bool,
    name: &str,
    text: Option<String>,
) -> Result<(), String> {
    let text = text.unwrap_or_default();
    let wanted: Vec<&str> = text.split([' ', ',', ';']).filter(|part| !part.is_empty()).collect();
    if let Some(wrong) = wanted.iter().find(|part| Mac::parse(part).is_none()) {
        return Err(format!("“{wrong}” is no MAC address: six pairs of 0–9 and a–f"));
    }
    if !name.is_empty() && wanted.len() > 1 {
        return Err("one MAC address; more go to the other MACs".to_owned());
    }
    let (before, mut interfaces): (Vec<_>, Vec<_>) = device.interfaces.drain(..).partition(which);
    for mac in wanted {
        let known = before.iter().find(|i| i.mac.as_deref() == Some(mac)).cloned();
        let fresh = || Interface { name: name.to_owned(), mac: Some(mac.to_owned()), ip: None };
        interfaces.push(known.unwrap_or_else(fresh));
    }
    device.interfaces = interfaces;
    Ok(())
}

fn number(text: Option<String>, unit: &str, what: &str) -> Result<Option<f64>, String> {
    let Some(text) = text else { return Ok(None) };
    let bare = text.trim_end_matches(unit).trim();
    let number = bare.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
    number.map(Some).ok_or_else(|| format!("“{text}” is no {what}"))
}

fn size(text: Option<String>) -> Result<Option<f64>, String> {
    number(text, "GB", "number of gigabytes, like 16")
}

fn percent(text: Option<String>) -> Result<Option<f64>, String> {
    match number(text, "%", "percentage from 0 to 100")? {
        Some(percent) if percent > 100.0 => Err(format!("{percent} % is more than full")),
        percent => Ok(percent),
    }
}

fn count(text: Option<String>) -> Result<Option<u32>, String> {
    text.map(|text| text.parse().map_err(|_| format!("“{text}” is no number of cycles, like 120"))).transpose()
}

fn yes_or_no(text: Option<String>) -> Result<Option<bool>, String> {
    let Some(text) = text else { return Ok(None) };
    match text.to_lowercase().as_str() {
        "y" | "yes" | "on" | "true" => Ok(Some(true)),
        "n" | "no" | "off" | "false" => Ok(Some(false)),
        "unknown" => Ok(None),
        _ => Err(format!("“{text}” is neither yes nor no; empty is unknown")),
    }
}

fn address(text: Option<String>) -> Result<Option<String>, String> {
    match text {
        Some(text) if text.parse::<core::net::IpAddr>().is_err() => Err(format!("“{text}” is no IP address")),
        text => Ok(text),
    }
}

fn email(text: Option<String>) -> Result<Option<String>, String> {
    match text {
        Some(text) if !text.contains('@') || text.contains(char::is_whitespace) => {
            Err(format!("“{text}” is no email address"))
        }
        text => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(field: F) -> &'static str {
        match field {
            F::WifiMac => "3c:06:30:11:22:33",
            F::EthernetMac => "3c:06:30:11:22:34",
            F::Macs => "3c:06:30:11:22:35 3c:06:30:11:22:36",
            F::Memory | F::Disk | F::DiskFree | F::Charge | F::Cycles => "16",
            F::FileVault | F::Firewall | F::Sip | F::Mdm => "yes",
            F::Gatekeeper | F::Supervised | F::Charging => "no",
            F::LanAddress | F::WanAddress => "192.0.2.7",
            F::Email => "ada@harbor.example",
            F::Domain => "harbor.example",
            _ => "some text",
        }
    }

    #[test]
    fn what_was_entered_is_what_stands_there_and_empty_is_unknown() {
        let records = [
            Record::Company(Box::new(Company::new("c", "before"))),
            Record::Device(Box::new(Device::new("d", "before"))),
            Record::DeviceType(crate::domain::DeviceType { id: "t".into(), name: "before".into() }),
        ];
        for mut record in records {
            let blank = record.clone();
            let fields = F::of(record.stream());
            for field in fields {
                field.write(&mut record, example(*field)).unwrap();
                assert_eq!(F::named(record.stream(), &field.word()), Some(*field));
            }
            for field in fields {
                assert_eq!(field.read(&record).as_deref(), Some(example(*field)), "{field:?}");
            }
            for field in fields.iter().filter(|field| **field != F::Name) {
                field.write(&mut record, " ").unwrap();
                assert_eq!(field.read(&record), None, "{field:?}");
            }
            F::Name.write(&mut record, "before").unwrap();
            assert_eq!(record, blank);
        }
    }

    #[test]
    fn what_cannot_be_is_refused_and_changes_nothing() {
        let mut record = Record::Device(Box::new(Device::new("d", "before")));
        let blank = record.clone();
        let wrong = [
            (F::Name, " "),
            (F::WifiMac, "oops"),
            (F::EthernetMac, "3c:06:30:11:22:33 3c:06:30:11:22:34"),
            (F::Memory, "much"),
            (F::Charge, "101"),
            (F::Cycles, "-1"),
            (F::FileVault, "perhaps"),
            (F::LanAddress, "here"),
            (F::Email, "ada"),
            (F::Domain, "a.example"),
        ];
        for (field, text) in wrong {
            assert!(field.write(&mut record, text).is_err(), "{field:?} {text}");
        }
        assert_eq!(record, blank);
    }
}
