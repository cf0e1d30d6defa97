//! Records of any stream as queues, finders and pickers read them: by position, by id, by what a person sees of them.

use super::tables::{IntegrationTables, Standing, Table, TypeFacts};
use crate::domain::{RecordId, Stream};
use crate::matching::inside::{ContactFacts, LocationFacts, TicketFacts};
use crate::matching::{CompanyFacts, DeviceFacts};
use std::borrow::Cow;

/// What a table holds: something with an id and a name. Texts are the vendor's, not cleaned for display.
pub trait Facts {
    /// The vendor's id.
    fn id(&self) -> &RecordId;

    /// What a person calls it.
    fn name(&self) -> &str;

    /// The company that the vendor files it under; `None` for companies themselves.
    fn company(&self) -> Option<&RecordId> {
        None
    }

    /// Serial number.
    fn serial(&self) -> Option<&str> {
        None
    }

    /// Model or type.
    fn model(&self) -> Option<&str> {
        None
    }

    /// What tells it from others of its name: an email, an address, a title. Empty where the columns above do.
    fn detail(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    /// For records matched by a key of their own: what the key is, and whether the record has all of it.
    fn key(&self) -> Option<(&'static str, bool)> {
        None
    }

    /// Whether one of the texts that find looks through is what is looked for.
    fn holds(&self, has: &dyn Fn(&str) -> bool) -> bool {
        has(self.name()) || has(self.id().as_str())
    }

    /// Whether the whole of what was typed names it, besides its name.
    fn is_called(&self, typed: &str) -> bool {
        self.id().as_str() == typed
    }
}

impl Facts for CompanyFacts {
    fn id(&self) -> &RecordId {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl Facts for DeviceFacts {
    fn id(&self) -> &RecordId {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn company(&self) -> Option<&RecordId> {
        self.company.as_ref()
    }

    fn serial(&self) -> Option<&str> {
        self.serial.as_deref()
    }

    fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    fn holds(&self, has: &dyn Fn(&str) -> bool) -> bool {
        has(&self.name) || self.serial.as_deref().is_some_and(has) || has(self.id.as_str())
    }

    fn is_called(&self, typed: &str) -> bool {
        self.id.as_str() == typed || self.serial.as_deref().is_some_and(|s| s.eq_ignore_ascii_case(typed))
    }
}

impl Facts for TypeFacts {
    fn id(&self) -> &RecordId {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl Facts for ContactFacts {
    fn id(&self) -> &RecordId {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn company(&self) -> Option<&RecordId> {
        self.company.as_ref()
    }

    fn detail(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.emails.first().map_or("", |email| email))
    }

    fn key(&self) -> Option<(&'static str, bool)> {
        Some(("first and last name", !self.first.trim().is_empty() && !self.last.trim().is_empty()))
    }

    fn holds(&self, has: &dyn Fn(&str) -> bool) -> bool {
        has(&self.name) || self.emails.iter().any(|email| has(email)) || has(self.id.as_str())
    }

    fn is_called(&self, typed: &str) -> bool {
        self.id.as_str() == typed || self.emails.iter().any(|email| email.eq_ignore_ascii_case(typed))
    }
}

impl Facts for LocationFacts {
    fn id(&self) -> &RecordId {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn company(&self) -> Option<&RecordId> {
        self.company.as_ref()
    }

    fn detail(&self) -> Cow<'_, str> {
        let parts = [&self.street, &self.street2, &self.city, &self.zip].map(|part| part.trim());
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Cow::Owned(parts.join(", "))
    }

    fn key(&self) -> Option<(&'static str, bool)> {
        let there = |text: &str| !text.trim().is_empty();
        let placed = there(&self.zip) || there(&self.region) || there(&self.country);
        Some(("whole address", there(&self.street) && there(&self.city) && placed))
    }

    fn holds(&self, has: &dyn Fn(&str) -> bool) -> bool {
        [&self.name, &self.street, &self.city, &self.zip].into_iter().any(|text| has(text)) || has(self.id.as_str())
    }
}

impl Facts for TicketFacts {
    fn id(&self) -> &RecordId {
        &self.id
    }

    fn name(&self) -> &str {
        &self.number
    }

    fn company(&self) -> Option<&RecordId> {
        self.company.as_ref()
    }

    fn detail(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.title)
    }

    fn key(&self) -> Option<(&'static str, bool)> {
        Some(("number", !self.number.is_empty()))
    }

    fn holds(&self, has: &dyn Fn(&str) -> bool) -> bool {
        has(&self.number) || has(&self.title) || has(self.id.as_str())
    }
}

/// A stream's records without their type; live ones come before those that are away.
pub trait Listed {
    /// Live records and those that are away.
    fn count(&self) -> usize;

    /// Live records.
    fn count_live(&self) -> usize;

    /// How the record at a position stands.
    fn standing(&self, at: usize) -> Standing;

    /// The record at a position.
    fn at(&self, at: usize) -> Option<&dyn Facts>;

    /// Position of that id.
    fn place(&self, id: &RecordId) -> Option<usize>;
}

impl<T: Facts> Listed for Table<T> {
    fn count(&self) -> usize {
        self.all().len()
    }

    fn count_live(&self) -> usize {
        self.live().len()
    }

    fn standing(&self, at: usize) -> Standing {
        Table::standing(self, at)
    }

    fn at(&self, at: usize) -> Option<&dyn Facts> {
        self.all().get(at).map(|facts| facts as &dyn Facts)
    }

    fn place(&self, id: &RecordId) -> Option<usize> {
        self.position(id)
    }
}

impl IntegrationTables {
    /// The records of a stream that queues show; `None` for a stream that none shows.
    pub fn list(&self, stream: Stream) -> Option<&dyn Listed> {
        match stream {
            Stream::Companies => Some(&self.companies),
            Stream::Devices => Some(&self.devices),
            Stream::DeviceTypes => Some(&self.types),
            Stream::Contacts => Some(&self.contacts),
            Stream::Locations => Some(&self.locations),
            Stream::Tickets => Some(&self.tickets),
            _ => None,
        }
    }

    /// The record of that id.
    pub fn facts(&self, stream: Stream, id: &RecordId) -> Option<&dyn Facts> {
        let list = self.list(stream)?;
        list.at(list.place(id)?)
    }

    /// The record at a position.
    pub fn facts_at(&self, stream: Stream, at: usize) -> Option<&dyn Facts> {
        self.list(stream)?.at(at)
    }

    /// Live records of a stream and those that are away.
    pub fn count(&self, stream: Stream) -> usize {
        self.list(stream).map_or(0, Listed::count)
    }

    /// Live records of a stream; they come before those that are away.
    pub fn count_live(&self, stream: Stream) -> usize {
        self.list(stream).map_or(0, Listed::count_live)
    }

    /// How the record at a position stands.
    pub fn standing(&self, stream: Stream, at: usize) -> Standing {
        self.list(stream).map_or(Standing::Live, |list| list.standing(at))
    }

    /// The company that a record counts as being in: the first-level one where the integration rolls up.
    pub fn company_of(&self, stream: Stream, at: usize) -> Option<&RecordId> {
        let company = self.facts_at(stream, at)?.company()?;
        // Devices are placed when they are counted.
        Some(if self.roll_up && stream != Stream::Devices { self.root(company) } else { company })
    }
}
