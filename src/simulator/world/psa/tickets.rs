//! Tickets of the last 24 months, in the order in which they came in.

use super::{Book, Person, Psa, Thing};
use crate::simulator::world::{NOW, derived, derived_below};

/// How long tickets go back, seconds.
const SPAN: u64 = 730 * 86_400;

/// How far a ticket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketState {
    /// Nobody has looked.
    New,
    /// Somebody works on it.
    InProgress,
    /// Waits for the customer.
    Waiting,
    /// Has a date.
    Scheduled,
    /// Done.
    Closed,
}

/// A ticket.
#[derive(Clone, Copy)]
pub struct Ticket<'a> {
    psa: &'a Psa,
    /// Its number in the world.
    pub number: u32,
    /// Its account's number.
    pub account: u32,
    person: Option<Person<'a>>,
    key: u64,
}

impl<'a> Ticket<'a> {
    pub(super) fn new(psa: &'a Psa, number: u32) -> Option<Self> {
        if number >= psa.tickets() {
            return None;
        }
        let key = psa.key(44, number);
        let (account, person) = psa.somebody(derived(key, 1));
        Some(Self { psa, number, account, person, key })
    }

    /// In both PSAs: somebody carried it over by hand, and its number with it.
    pub fn migrated(&self) -> bool {
        derived_below(self.key, 2, 100) < 8
    }

    /// Whether that book has it. The documentation has no tickets of its own.
    pub fn in_book(&self, book: Book) -> bool {
        let first = derived_below(self.key, 3, 100) < 62;
        let has = match book {
            Book::Documentation => false,
            Book::ConnectWise => first || self.migrated(),
            Book::Autotask => !first || self.migrated(),
        };
        has && self.psa.accounts[self.account as usize].in_book(book)
    }

    /// When it came in, seconds since 1970.
    pub fn entered(&self) -> i64 {
        let total = u64::from(self.psa.tickets().max(1));
        let (step, back) = (SPAN / total, SPAN * (total - u64::from(self.number)) / total);
        NOW - i64::try_from(back.saturating_sub(derived(self.key, 4) % step.max(1))).unwrap_or(0) - 60
    }

    /// The number that people say, also where both PSAs have it: `T20260201.0001`.
    pub fn label(&self) -> String {
        let at = time::OffsetDateTime::from_unix_timestamp(self.entered()).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
        format!("T{:04}{:02}{:02}.{:04}", at.year(), u8::from(at.month()), at.day(), self.number % 10_000)
    }

    /// What it is about.
    pub fn subject(&self) -> String {
        let subjects = &self.psa.lists.psa.subjects;
        let subject = &subjects[usize::try_from(derived_below(self.key, 5, subjects.len() as u64)).unwrap_or(0)];
        match self.person.filter(|_| derived_below(self.key, 6, 4) == 0) {
            Some(person) => format!("{subject} – {}", person.text(Book::ConnectWise).last),
            None => subject.clone(),
        }
    }

    /// How far it is.
    pub fn state(&self) -> TicketState {
        let days = (NOW - self.entered()) / 86_400;
        let open = if days < 3 {
            70
        } else if days < 30 {
            18
        } else {
            2
        };
        match derived_below(self.key, 7, 100) {
            roll if roll >= open => TicketState::Closed,
            roll if roll % 4 == 0 => TicketState::New,
            roll if roll % 4 == 1 => TicketState::InProgress,
            roll if roll % 4 == 2 => TicketState::Waiting,
            _ => TicketState::Scheduled,
        }
    }

    /// When it last changed, seconds since 1970.
    pub fn updated(&self) -> i64 {
        let age = u64::try_from(NOW - self.entered()).unwrap_or(0);
        let work = derived(self.key, 8) % (12 * 86_400);
        self.entered() + i64::try_from(work.min(age)).unwrap_or(0)
    }

    /// When it was closed.
    pub fn closed(&self) -> Option<i64> {
        (self.state() == TicketState::Closed).then(|| self.updated())
    }

    /// Position of its board or queue among so many.
    pub fn board(&self, boards: u32) -> u32 {
        let boards = u64::from(boards.max(1));
        // Most work comes to the first one.
        let at = if derived_below(self.key, 9, 10) < 5 { 0 } else { derived_below(self.key, 10, boards) };
        u32::try_from(at).unwrap_or(0)
    }

    /// From 1, the most urgent, to 4.
    pub fn priority(&self) -> u32 {
        match derived_below(self.key, 11, 100) {
            0..5 => 1,
            5..20 => 2,
            20..80 => 3,
            _ => 4,
        }
    }

    /// Position of the member who works on it.
    pub fn member(&self) -> Option<u32> {
        let members = self.psa.members.len() as u64;
        let given = self.state() != TicketState::New && derived_below(self.key, 12, 10) < 9;
        given.then(|| u32::try_from(derived_below(self.key, 13, members)).unwrap_or(0))
    }

    /// Who asked.
    pub fn person(&self, book: Book) -> Option<Person<'a>> {
        self.person.filter(|person| person.in_book(book) && derived_below(self.key, 14, 100) < 85)
    }

    /// The device that it is about.
    pub fn thing(&self, book: Book) -> Option<Thing<'a>> {
        let owned = self.psa.devices_of(self.account);
        if owned.is_empty() || derived_below(self.key, 15, 100) >= 55 {
            return None;
        }
        let number = owned.start + u32::try_from(derived(self.key, 16) % owned.len() as u64).unwrap_or(0);
        self.psa.thing(number).filter(|thing| thing.in_book(book) && thing.account(book) == self.account)
    }
}
