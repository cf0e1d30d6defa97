//! Tickets.

use super::{BadRow, RecordFields, field_table};
use crate::connectors::source::{NamedSource, Row, Source};
use crate::domain::{Record, Ticket};

field_table! {
    /// Fields of a ticket.
    pub(crate) struct TicketFields {
        id: Source,
        number: Source,
        title: Source,
        company: Source,
        location: Source,
        contact: Source,
        devices: Source,
        queue: NamedSource,
        status: NamedSource,
        priority: NamedSource,
        ticket_type: NamedSource,
        assignee: Source,
        closed: Source,
        created: Source,
        updated: Source,
        url: Source,
    }
}

impl RecordFields for TicketFields {
    fn id(&self) -> &Source {
        &self.id
    }

    fn name(&self) -> &Source {
        &self.title
    }

    fn record(&self, id: String, row: Row<'_, '_>) -> Result<Record, BadRow> {
        let title = self.title.text(row);
        let number = self.number.text(row);
        // A ticket without a summary still has its number.
        let title = title.or_else(|| number.clone()).ok_or_else(|| super::nameless(&id))?;
        Ok(Record::Ticket(Box::new(Ticket {
            number: number.unwrap_or_else(|| id.clone()),
            title,
            company: self.company.text(row).map(Into::into),
            location: self.location.text(row).map(Into::into),
            contact: self.contact.text(row).map(Into::into),
            devices: self.devices.texts(row).into_iter().map(Into::into).collect(),
            queue: self.queue.named(row),
            status: self.status.named(row),
            priority: self.priority.named(row),
            ticket_type: self.ticket_type.named(row),
            assignee: self.assignee.text(row).map(Into::into),
            closed: self.closed.bool(row).unwrap_or(false),
            created: self.created.moment(row),
            updated: self.updated.moment(row),
            url: self.url.text(row),
            id: id.into(),
        })))
    }
}
