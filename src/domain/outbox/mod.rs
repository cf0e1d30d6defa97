//! What is to be written to a vendor: planned, shown, written down, sent, confirmed by reading back.
//!
//! A write is planned from what is stored and known ([`plan`]), kept with its state, and never sent twice: whoever does
//! not know how a write ended looks for its natural key and its mark at the target first.

pub mod plan;
mod rules;

use super::{Actor, FlowId, IntegrationId, Interface, Mac, RecordId, Serial, Stream, Timestamp};
pub use rules::{CreateRules, FieldPolicy, UpdatePolicy, WriteRules};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Number of a write, increasing over the life of a home.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WriteId(pub u64);

/// A field that can be written at a vendor. Which of them a vendor takes, its mapping says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WriteField {
    /// Name.
    Name,
    /// Short name or code.
    ShortName,
    /// Type, by name.
    Type,
    /// Status, by name.
    Status,
    /// Serial number.
    Serial,
    /// The main MAC address.
    Mac,
    /// The main IP address.
    Ip,
    /// Host name.
    HostName,
    /// Maker, by name.
    Manufacturer,
    /// Model, by name.
    Model,
    /// Operating system.
    Os,
    /// Asset tag.
    AssetTag,
    /// Free notes.
    Notes,
    /// Telephone number.
    Phone,
    /// Internet domain or web site.
    Domain,
    /// Street of the main address.
    Street,
    /// City of the main address.
    City,
    /// Postal code of the main address.
    Zip,
    /// The member of staff who is responsible (Autotask), by name.
    Owner,
    /// The product that a device is (Autotask), by name.
    Product,
}

impl WriteField {
    /// All, in the order in which they are shown.
    pub const ALL: [WriteField; 20] = [
        Self::Name,
        Self::ShortName,
        Self::Type,
        Self::Status,
        Self::Serial,
        Self::Mac,
        Self::Ip,
        Self::HostName,
        Self::Manufacturer,
        Self::Model,
        Self::Product,
        Self::Os,
        Self::AssetTag,
        Self::Phone,
        Self::Domain,
        Self::Street,
        Self::City,
        Self::Zip,
        Self::Owner,
        Self::Notes,
    ];

    /// The name in configuration, mapping files and JSON.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::ShortName => "short_name",
            Self::Type => "type",
            Self::Status => "status",
            Self::Serial => "serial",
            Self::Mac => "mac",
            Self::Ip => "ip",
            Self::HostName => "host_name",
            Self::Manufacturer => "manufacturer",
            Self::Model => "model",
            Self::Os => "os",
            Self::AssetTag => "asset_tag",
            Self::Notes => "notes",
            Self::Phone => "phone",
            Self::Domain => "domain",
            Self::Street => "street",
            Self::City => "city",
            Self::Zip => "zip",
            Self::Owner => "owner",
            Self::Product => "product",
        }
    }

    /// The word for people.
    #[must_use]
    pub fn word(self) -> String {
        self.key().replace('_', " ")
    }
}

impl fmt::Display for WriteField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// One field of a write: what stands there and what will.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldWrite {
    /// Which.
    pub field: WriteField,
    /// What stands there; `None` when nothing does, or when the record does not exist yet.
    #[serde(default)]
    pub old: Option<String>,
    /// What will.
    pub new: String,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "do")]
pub enum WriteKind {
    /// Make a record.
    Create,
    /// Change fields of a record.
    Update {
        /// Its id at the target.
        target: RecordId,
    },
}

/// The company at the target that a record is made in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "company")]
pub enum WriteInside {
    /// It is there.
    There {
        /// Its id at the target.
        target: RecordId,
    },
    /// It is made before, from that source company.
    Made {
        /// Id of the source company.
        source: RecordId,
    },
}

/// A write as planned: everything that is sent, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedWrite {
    /// The flow that it belongs to.
    pub flow: FlowId,
    /// Which stream.
    pub stream: Stream,
    /// The source record.
    pub source: RecordId,
    /// Its name, for people; not cleaned for display.
    pub name: String,
    /// Where it is sent.
    pub target: IntegrationId,
    /// What.
    pub kind: WriteKind,
    /// The company that the record is made in; `None` for companies and updates.
    #[serde(default)]
    pub inside: Option<WriteInside>,
    /// Field by field.
    pub fields: Vec<FieldWrite>,
    /// Network interfaces of a new device, the main one first.
    #[serde(default)]
    pub interfaces: Vec<Interface>,
    /// The idempotency key: the same for every matchbook that makes the same record. Written into the record where the
    /// vendor has room for it.
    pub mark: String,
}

impl PlannedWrite {
    /// The value that a field will have.
    #[must_use]
    pub fn value(&self, field: WriteField) -> Option<&str> {
        self.fields.iter().find(|f| f.field == field).map(|f| f.new.as_str())
    }

    /// What tells the record from others at the target.
    #[must_use]
    pub fn natural_key(&self) -> NaturalKey {
        let macs = self.interfaces.iter().filter_map(|i| Mac::parse(i.mac.as_deref()?));
        let own = self.value(WriteField::Mac).and_then(Mac::parse);
        let mut all: Vec<Mac> = own.into_iter().chain(macs).collect();
        all.sort_unstable();
        all.dedup();
        NaturalKey {
            serial: self.value(WriteField::Serial).and_then(Serial::parse),
            macs: all,
            name: self.value(WriteField::Name).unwrap_or_default().to_owned(),
        }
    }

    /// It makes a record.
    #[must_use]
    pub const fn is_create(&self) -> bool {
        matches!(self.kind, WriteKind::Create)
    }
}

/// What tells a record from others at the target, for a search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NaturalKey {
    /// Serial number.
    pub serial: Option<Serial>,
    /// MAC addresses, sorted.
    pub macs: Vec<Mac>,
    /// Name.
    pub name: String,
}

/// The idempotency key of what is made of a source record. Two matchbooks that read the same account say the same.
#[must_use]
pub fn mark(vendor: &str, stream: Stream, source: &RecordId) -> String {
    let vendor: String = vendor.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    format!("[matchbook {vendor}/{}/{source}]", stream.name())
}

/// How far a write is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum WriteState {
    /// Waits for a person's yes.
    Planned,
    /// May be sent.
    Approved,
    /// Written down just before it is sent: from here on its outcome is unknown until it is looked for.
    Sending,
    /// It was sent and the answer did not come: it is looked for at the target before anything else.
    Unconfirmed {
        /// Why nothing is known.
        why: String,
    },
    /// Read back.
    Confirmed {
        /// The record at the target.
        target: RecordId,
    },
    /// Not done: it is back at its row.
    Refused {
        /// Why, in matchbook's words.
        reason: String,
        /// What the vendor said; empty when it was not asked.
        #[serde(default)]
        said: String,
    },
    /// Taken back before it was sent.
    Withdrawn {
        /// Why.
        why: String,
    },
}

impl WriteState {
    /// The word for it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Approved => "waiting",
            Self::Sending => "sending",
            Self::Unconfirmed { .. } => "unconfirmed",
            Self::Confirmed { .. } => "confirmed",
            Self::Refused { .. } => "refused",
            Self::Withdrawn { .. } => "withdrawn",
        }
    }

    /// Something is still to be done about it.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        matches!(self, Self::Planned | Self::Approved | Self::Sending | Self::Unconfirmed { .. })
    }

    /// It may have been sent, and how that ended is not known.
    #[must_use]
    pub const fn is_open_ended(&self) -> bool {
        matches!(self, Self::Sending | Self::Unconfirmed { .. })
    }
}

/// A write in the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxEntry {
    /// Its number.
    pub id: WriteId,
    /// What.
    pub write: PlannedWrite,
    /// How far it is.
    pub state: WriteState,
    /// Who wanted it.
    pub actor: Actor,
    /// When it was planned.
    #[serde(with = "time::serde::rfc3339")]
    pub planned: Timestamp,
    /// When its state last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub changed: Timestamp,
    /// How often it was sent.
    #[serde(default)]
    pub sent: u32,
    /// It is made even where the target has something like it: a person has looked.
    #[serde(default)]
    pub anyway: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_the_same_wherever_the_account_is_read() {
        let mark = mark("IT Glue", Stream::Companies, &"17".into());
        assert_eq!(mark, "[matchbook itglue/companies/17]");
    }

    #[test]
    fn every_field_is_shown_and_has_a_name_of_its_own() {
        let keys: std::collections::BTreeSet<&str> = WriteField::ALL.iter().map(|f| f.key()).collect();
        assert_eq!(keys.len(), WriteField::ALL.len());
        for field in WriteField::ALL {
            assert_eq!(serde_json::to_string(&field).unwrap(), format!("\"{field}\""));
        }
    }
}
