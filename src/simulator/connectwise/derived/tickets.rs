//! Tickets with boards, their statuses and types, and priorities.

use super::BOOK;
use crate::simulator::{
    connectwise::{
        ids,
        records::Records,
        schema::Entity,
        values::{cut, moment, or_null},
    },
    world::{
        Psa, derived_below, index32,
        psa::{Ticket, TicketState},
    },
};
use serde_json::{Value, json};

/// Boards, the busiest first; the last one is no longer used.
pub const BOARDS: [&str; 6] = ["Help Desk", "Onsite", "Alerts", "Procurement", "Internal", "Legacy Projects"];
/// Statuses of every board.
pub const STATUSES: [&str; 5] = ["New", "In Progress", "Waiting on Customer", "Scheduled", "Closed"];
/// Types of every board.
pub const TYPES: [&str; 3] = ["Incident", "Request", "Maintenance"];
/// Priorities, the most urgent first.
pub const PRIORITIES: [&str; 4] =
    ["Priority 1 - Critical", "Priority 2 - High", "Priority 3 - Normal", "Priority 4 - Low"];

fn id(psa: &Psa, entity: Entity, number: u32) -> u32 {
    super::numbers(psa, entity).0.of(number)
}

/// The status of a new ticket on that board.
pub fn default_status(psa: &Psa, board: u32) -> u32 {
    let board = super::numbers(psa, Entity::Boards).0.number(board).unwrap_or(0);
    id(psa, Entity::BoardStatuses, board * index32(STATUSES.len()))
}

/// A member of a ticket.
pub fn member(records: &Records, number: u32, name: &str) -> Option<Value> {
    let psa = &records.psa;
    let ticket = psa.ticket(number)?;
    let board = board(&ticket);
    let person = || ticket.person(BOOK);
    Some(match name {
        "summary" => cut(&ticket.subject(), 100).into(),
        "recordType" => "ServiceTicket".into(),
        "board" => records.reference(Entity::Boards, id(psa, Entity::Boards, board)),
        "status" => {
            let status = board * index32(STATUSES.len()) + state(ticket.state());
            records.reference(Entity::BoardStatuses, id(psa, Entity::BoardStatuses, status))
        }
        "company" => records.reference(Entity::Companies, ids::COMPANIES.of(ticket.account)),
        "contact" => records.reference(Entity::Contacts, ids::CONTACTS.of(person()?.number)),
        "contactName" => {
            let text = person()?.text(BOOK);
            cut(&format!("{} {}", text.first.unwrap_or_default(), text.last), 62).into()
        }
        "contactEmailAddress" => or_null(person()?.text(BOOK).email),
        "type" => {
            let kind = u32::try_from(derived_below(u64::from(number), 53, 3)).unwrap_or(0);
            records.reference(Entity::BoardTypes, id(psa, Entity::BoardTypes, board * index32(TYPES.len()) + kind))
        }
        "owner" => records.reference(Entity::Members, ids::MEMBERS.of(ticket.member()?)),
        "resources" => psa.members.get(ticket.member()? as usize)?.identifier.to_string().into(),
        "priority" => records.reference(Entity::Priorities, id(psa, Entity::Priorities, ticket.priority() - 1)),
        "source" => json!({"id": 2, "name": "Email"}),
        "severity" | "impact" => ["High", "Medium", "Low"][(ticket.priority() as usize - 1).min(2)].into(),
        "externalXRef" if ticket.migrated() => ticket.label().into(),
        "closedDate" => or_null(ticket.closed().map(moment)),
        "closedBy" => ticket.closed().map(|_| "jdoe")?.into(),
        "closedFlag" => ticket.closed().is_some().into(),
        "requiredDate" => moment(ticket.entered() / 86_400 * 86_400 + 5 * 86_400).into(),
        "configuration" => {
            records.reference(Entity::Configurations, ids::CONFIGURATIONS.of(ticket.thing(BOOK)?.number))
        }
        _ => return None,
    })
}

/// Old work went to the board that is no longer used.
fn board(ticket: &Ticket<'_>) -> u32 {
    ticket.board(index32(BOARDS.len()))
}

const fn state(state: TicketState) -> u32 {
    match state {
        TicketState::New => 0,
        TicketState::InProgress => 1,
        TicketState::Waiting => 2,
        TicketState::Scheduled => 3,
        TicketState::Closed => 4,
    }
}

/// A member of a board, a status, a type or a priority.
pub fn list(records: &Records, entity: Entity, number: u32, name: &str) -> Option<Value> {
    let psa = &records.psa;
    let at = number as usize;
    Some(match (entity, name) {
        (Entity::Boards, "name") => (*BOARDS.get(at)?).into(),
        (Entity::Boards, "location") => json!({"id": 11, "name": "Main"}),
        (Entity::Boards, "department") => json!({"id": 10, "name": "Service"}),
        (Entity::Boards, "inactiveFlag" | "inactive") => (at + 1 == BOARDS.len()).into(),
        (Entity::BoardStatuses, "name") => STATUSES[at % STATUSES.len()].into(),
        (Entity::BoardStatuses, "board") => {
            records.reference(Entity::Boards, id(psa, Entity::Boards, number / index32(STATUSES.len())))
        }
        (Entity::BoardStatuses, "sortOrder") => (at % STATUSES.len() * 10).into(),
        (Entity::BoardStatuses, "displayOnBoard") => (at % STATUSES.len() != 4).into(),
        (Entity::BoardStatuses, "closedStatus" | "timeEntryNotAllowed") => (at % STATUSES.len() == 4).into(),
        (Entity::BoardStatuses, "defaultFlag") => at.is_multiple_of(STATUSES.len()).into(),
        (Entity::Boards, "projectFlag") | (Entity::BoardStatuses | Entity::BoardTypes, "inactive") => false.into(),
        (Entity::BoardTypes, "name") => TYPES[at % TYPES.len()].into(),
        (Entity::BoardTypes, "board") => {
            records.reference(Entity::Boards, id(psa, Entity::Boards, number / index32(TYPES.len())))
        }
        (Entity::BoardTypes, "defaultFlag") => at.is_multiple_of(TYPES.len()).into(),
        (Entity::Priorities, "name") => (*PRIORITIES.get(at)?).into(),
        (Entity::Priorities, "sortOrder") => (at + 1).into(),
        (Entity::Priorities, "color") => ["Red", "Orange", "Yellow", "White"][at % 4].into(),
        _ => return None,
    })
}
