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

macro_rules! as_record_id {
    ($($name:ident),*) => { $(
        impl From<$name> for RecordId { fn from(id: $name) -> Self { Self(id.0) } }
        impl From<&$name> for RecordId { fn from(id: &$name) -> Self { Self(id.0.clone()) } }
        impl From<RecordId> for $name { fn from(id: RecordId) -> Self { Self(id.0) } }
        impl From<&RecordId> for $name { fn from(id: &RecordId) -> Self { Self(id.0.clone()) } }
    )* };
}
as_record_id!(CompanyId, DeviceId, DeviceTypeId);

/// Id of one run of one stream, increasing over the life of a home.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub u64);

/// One kind of record that an integration delivers. Every vendor's own word maps onto these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Stream {
    /// Addigy policies, IT Glue organizations.
    Companies,
    /// Addigy devices, IT Glue configurations.
    Devices,
    /// IT Glue configuration types; Addigy's are derived from the devices' facts.
    DeviceTypes,
}

impl Stream {
    /// All streams, in the order in which a sync takes them.
    pub const ALL: [Stream; 3] = [Stream::Companies, Stream::DeviceTypes, Stream::Devices];

    /// The name used in configuration, commands and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Stream::Companies => "companies",
            Stream::Devices => "devices",
            Stream::DeviceTypes => "device-types",
        }
    }

    /// The stream of that name, singular or plural.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name || s.name().strip_suffix('s') == Some(name))
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
