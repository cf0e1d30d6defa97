//! Typed ids. An id is the vendor's own id as text; a name is never a key. Clones share the text: an id stands in
//! tables, queues, decisions and proposals at once, a hundred thousand times over.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the id exactly as the vendor writes it.
            pub fn new(id: impl Into<Arc<str>>) -> Self {
                Self(id.into())
            }

            /// The id as the vendor writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Default for $name {
            /// The empty id; no record has it.
            fn default() -> Self {
                Self("".into())
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.into())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id.into())
            }
        }
    };
}

text_id!(
    /// One connected account of a vendor, by the name the person gave it in `config.toml` (`addigy`, `itglue-eu`).
    IntegrationId
);
text_id!(
    /// A flow by its name in `config.toml` (`addigy-itglue`).
    FlowId
);
text_id!(
    /// Id of any record within one integration and stream; used where the stream is carried beside it.
    RecordId
);
text_id!(
    /// Id of a company (Addigy policy, IT Glue organization).
    CompanyId
);
text_id!(
    /// Id of a device (Addigy agent, IT Glue configuration).
    DeviceId
);
text_id!(
    /// Id of a device type (IT Glue configuration type).
    DeviceTypeId
);
text_id!(
    /// Id of a location (`ConnectWise` site, Autotask company location).
    LocationId
);
text_id!(
    /// Id of a contact.
    ContactId
);
text_id!(
    /// Id of a ticket; not its number.
    TicketId
);
text_id!(
    /// Id of a member of the service provider's own staff (`ConnectWise` member, Autotask resource, IT Glue user).
    MemberId
);
text_id!(
    /// Id of an internet domain that belongs to a company.
    DomainId
);
text_id!(
    /// Id of a maker of devices.
    ManufacturerId
);
text_id!(
    /// Id of a model of a maker.
    ModelId
);

impl IntegrationId {
    /// The name of matchbook's own register, which no connected account may have.
    pub const INVENTORY: &'static str = "inventory";

    /// Matchbook's own register of companies and devices.
    #[must_use]
    pub fn inventory() -> Self {
        Self(Self::INVENTORY.into())
    }

    /// True for matchbook's own register.
    #[must_use]
    pub fn is_inventory(&self) -> bool {
        &*self.0 == Self::INVENTORY
    }
}

macro_rules! as_record_id {
    ($($name:ident),*) => { $(
        impl From<$name> for RecordId { fn from(id: $name) -> Self { Self(id.0) } }
        impl From<&$name> for RecordId { fn from(id: &$name) -> Self { Self(id.0.clone()) } }
        impl From<RecordId> for $name { fn from(id: RecordId) -> Self { Self(id.0) } }
        impl From<&RecordId> for $name { fn from(id: &RecordId) -> Self { Self(id.0.clone()) } }
    )* };
}
as_record_id!(
    CompanyId,
    DeviceId,
    DeviceTypeId,
    LocationId,
    ContactId,
    TicketId,
    MemberId,
    DomainId,
    ManufacturerId,
    ModelId
);

/// Id of one run of one stream, increasing over the life of a home.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub u64);

/// One kind of record that an integration delivers. Every vendor's own word maps onto these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Stream {
    /// Addigy policies, IT Glue organizations, `ConnectWise` and Autotask companies.
    Companies,
    /// Addigy devices, IT Glue and `ConnectWise` configurations, Autotask configuration items.
    Devices,
    /// IT Glue, `ConnectWise` and Autotask configuration types; Addigy's are derived from the devices' facts.
    DeviceTypes,
    /// IT Glue and Autotask locations, `ConnectWise` sites.
    Locations,
    /// People at the companies.
    Contacts,
    /// Service tickets.
    Tickets,
    /// The service provider's own staff: `ConnectWise` members, Autotask resources, IT Glue users.
    Members,
    /// Internet domains of companies (IT Glue).
    Domains,
    /// Makers of devices (IT Glue, `ConnectWise`).
    Manufacturers,
    /// Models of a maker (IT Glue); Autotask products.
    Models,
}

impl Stream {
    /// All streams, in the order in which a sync takes them.
    pub const ALL: [Stream; 10] = [
        Stream::Companies,
        Stream::DeviceTypes,
        Stream::Manufacturers,
        Stream::Models,
        Stream::Members,
        Stream::Locations,
        Stream::Contacts,
        Stream::Devices,
        Stream::Domains,
        Stream::Tickets,
    ];

    /// Streams whose records get a counterpart in a flow; the rest are read for their names and ids. In the order of
    /// the queue's tabs.
    pub const MATCHED: [Stream; 5] =
        [Stream::Companies, Stream::Devices, Stream::Contacts, Stream::Locations, Stream::Tickets];

    /// Streams whose records are matched inside the matched company by a key of their own (name, address, number).
    pub const INSIDE: [Stream; 3] = [Stream::Contacts, Stream::Locations, Stream::Tickets];

    /// The name used in configuration, commands and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Stream::Companies => "companies",
            Stream::Devices => "devices",
            Stream::DeviceTypes => "device-types",
            Stream::Locations => "locations",
            Stream::Contacts => "contacts",
            Stream::Tickets => "tickets",
            Stream::Members => "members",
            Stream::Domains => "domains",
            Stream::Manufacturers => "manufacturers",
            Stream::Models => "models",
        }
    }

    /// The word for one record (`company`).
    #[must_use]
    pub const fn one(self) -> &'static str {
        match self {
            Stream::Companies => "company",
            Stream::Devices => "device",
            Stream::DeviceTypes => "device type",
            Stream::Locations => "location",
            Stream::Contacts => "contact",
            Stream::Tickets => "ticket",
            Stream::Members => "member",
            Stream::Domains => "domain",
            Stream::Manufacturers => "manufacturer",
            Stream::Models => "model",
        }
    }

    /// The stream of that name, singular or plural.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let same = |s: &Self| s.name() == name || s.name().strip_suffix('s') == Some(name) || s.one() == name;
        Self::ALL.into_iter().find(same)
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
