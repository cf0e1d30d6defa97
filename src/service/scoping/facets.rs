//! What the sync settings look at in a record, taken out of it off the core's thread.

use crate::domain::{Record, RecordId, Stream, Timestamp, Traits};

/// The record's part in the settings, on its way to the register.
#[derive(Clone, Debug)]
pub struct Facets {
    /// Its stream.
    pub stream: Stream,
    /// Its id.
    pub id: RecordId,
    /// The company it belongs to.
    pub company: Option<RecordId>,
    /// What is judged.
    pub traits: OwnedTraits,
}

/// [`Traits`] with their names.
#[derive(Clone, Debug)]
pub enum OwnedTraits {
    /// Of a company: types, status, classification.
    Company(Vec<Box<str>>, Option<Box<str>>, Option<Box<str>>),
    /// Of a device: type, status.
    Device(Option<Box<str>>, Option<Box<str>>),
    /// Of a ticket: queue, last update.
    Ticket(Option<Box<str>>, Option<Timestamp>),
    /// Of what has no values of its own.
    Plain,
}

impl Facets {
    /// The facets of a record; `None` for streams that settings never leave out.
    pub fn of(record: &Record) -> Option<Self> {
        let stream = record.stream();
        let owned = |name: Option<&str>| name.map(Into::into);
        let traits = match Traits::of(record) {
            Traits::Company { types, status, classification } => {
                OwnedTraits::Company(types.into_iter().map(Into::into).collect(), owned(status), owned(classification))
            }
            Traits::Device { device_type, status } => OwnedTraits::Device(owned(device_type), owned(status)),
            Traits::Ticket { queue, touched } => OwnedTraits::Ticket(owned(queue), touched),
            Traits::Contact | Traits::Location => OwnedTraits::Plain,
            Traits::Other if stream == Stream::Domains => OwnedTraits::Plain,
            Traits::Other => return None,
        };
        Some(Self { stream, id: record.id(), company: record.company().map(Into::into), traits })
    }
}
