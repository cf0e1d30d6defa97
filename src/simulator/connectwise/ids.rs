//! Ids of what came from the world: a first id and the number in the world. What is created later follows after the
//! last one.

/// Where the ids of one kind begin.
#[derive(Clone, Copy, Debug)]
pub struct Ids(pub u32);

impl Ids {
    /// The id of the numbered thing of the world.
    pub const fn of(self, number: u32) -> u32 {
        self.0 + number
    }

    /// The number in the world; `None` for an id below the first.
    pub const fn number(self, id: u32) -> Option<u32> {
        id.checked_sub(self.0)
    }
}

/// Companies, by account.
pub const COMPANIES: Ids = Ids(250);
/// Sites.
pub const SITES: Ids = Ids(1000);
/// Contacts, by person.
pub const CONTACTS: Ids = Ids(5000);
/// Configurations, by thing.
pub const CONFIGURATIONS: Ids = Ids(9000);
/// Tickets.
pub const TICKETS: Ids = Ids(45_000);
/// Members.
pub const MEMBERS: Ids = Ids(150);
