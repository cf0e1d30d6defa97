//! The business side of the world: what a PSA holds of every company, and what the documentation holds of the same
//! sites and people.
//!
//! Almost nothing is stored. A site, a person, a thing or a ticket is a number; everything about it is derived from
//! the seed and that number when it is asked, so that 100,000 of each cost nothing until somebody lists them. Devices
//! are the world's own; the world is made again when a PSA is first asked for them.

mod accounts;
mod people;
mod sites;
mod things;
mod tickets;

pub use accounts::{Account, Classification, Kind};
pub use people::{Person, PersonText};
pub use sites::{SITES, Site, SiteText};
pub use things::{Other, Thing, ThingState, makers, products};
pub use tickets::{Ticket, TicketState};

use super::{Dice, Lists, NOW, World, derived, index32};
use std::{
    collections::HashMap,
    ops::Range,
    sync::{Arc, OnceLock},
};

/// Whose records are asked for. The same person or device is written differently in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Book {
    /// IT Glue.
    Documentation,
    /// ConnectWise Manage.
    ConnectWise,
    /// Autotask.
    Autotask,
}

impl Book {
    /// A number that keeps its derived facts apart from the other books'.
    const fn salt(self) -> u64 {
        match self {
            Self::Documentation => 1000,
            Self::ConnectWise => 2000,
            Self::Autotask => 3000,
        }
    }
}

/// A member of the MSP's staff.
#[derive(Clone, Debug)]
pub struct Member {
    /// User name: at most 15 letters and digits, unique.
    pub identifier: Box<str>,
    /// Given name.
    pub first: Box<str>,
    /// Family name.
    pub last: Box<str>,
    /// No longer there.
    pub inactive: bool,
}

/// The business side. Positions of accounts, people, things and tickets are their numbers.
pub struct Psa {
    seed: u64,
    lists: Arc<Lists>,
    /// Companies of the world in its order, then those that only a PSA knows.
    pub accounts: Vec<Account>,
    /// Staff.
    pub members: Vec<Member>,
    /// Positions of given and family name of each device's user.
    users: Vec<(u16, u16)>,
    /// Things that the documentation has and the RMM has not.
    others: Vec<Other>,
    people: u32,
    /// People who are somebody else of the company once more, and who that is.
    again: HashMap<u32, u32>,
    size: (usize, usize),
    world: OnceLock<World>,
}

impl Psa {
    /// The business side of that world, with so many people.
    pub fn new(world: &World, lists: Arc<Lists>, contacts: usize) -> Self {
        let accounts = accounts::accounts(world, &lists, contacts);
        let users = world.devices.iter().map(|d| (d.given, d.family)).collect();
        let mut psa = Self {
            seed: world.seed,
            members: members(world.seed, &lists, accounts.len()),
            lists,
            people: accounts.last().map_or(0, |a| a.people.end),
            accounts,
            users,
            others: Vec::new(),
            again: HashMap::new(),
            size: (world.companies.len(), world.devices.len()),
            world: OnceLock::new(),
        };
        psa.again = people::again(&psa);
        psa
    }

    /// Adds what only the documentation has.
    pub fn set_others(&mut self, others: Vec<Other>) {
        self.others = others;
    }

    /// Words.
    pub fn lists(&self) -> &Lists {
        &self.lists
    }

    /// The devices, made again when they are first asked for.
    pub fn world(&self) -> &World {
        let (companies, devices) = self.size;
        self.world.get_or_init(|| World::new(self.seed, &self.lists, companies, devices))
    }

    /// A key for the numbered thing of that purpose.
    fn key(&self, purpose: u64, number: u32) -> u64 {
        derived(self.seed ^ purpose.wrapping_mul(0x00C0_FFEE_0BAD_CAFE), u64::from(number))
    }

    /// How many people there are.
    pub const fn people(&self) -> u32 {
        self.people
    }

    /// A person.
    pub fn person(&self, number: u32) -> Option<Person<'_>> {
        Person::new(self, number)
    }

    /// A site: its number is the account's times [`SITES`] plus its position there.
    pub fn site(&self, number: u32) -> Option<Site<'_>> {
        Site::new(self, number)
    }

    /// How many numbers of sites there are; not every number is one.
    pub fn sites(&self) -> u32 {
        index32(self.accounts.len()) * SITES
    }

    /// How many things there are; not every one is in every book.
    pub fn things(&self) -> u32 {
        index32(self.size.1 + self.others.len() + self.extra_things())
    }

    fn extra_things(&self) -> usize {
        self.size.1 / 15 + self.accounts.len()
    }

    /// A thing: the world's devices first, then what only the documentation has, then what only PSAs have.
    pub fn thing(&self, number: u32) -> Option<Thing<'_>> {
        Thing::new(self, number)
    }

    /// Whether that PSA has that device of the world, of which it is known that it is no older enrollment. Does not
    /// ask for the devices.
    pub fn files_device(&self, number: u32, book: Book) -> bool {
        let account = self.accounts.partition_point(|a| a.devices.end <= number);
        account < self.accounts.len() && things::has_device(self, number, index32(account), book)
    }

    /// How many tickets there are; not every one is in every book.
    pub fn tickets(&self) -> u32 {
        index32(self.size.1 / 2 + self.accounts.len())
    }

    /// A ticket; they are numbered in the order in which they came in.
    pub fn ticket(&self, number: u32) -> Option<Ticket<'_>> {
        Ticket::new(self, number)
    }

    /// The account of somebody, so that large companies come up more often.
    fn somebody(&self, key: u64) -> (u32, Option<Person<'_>>) {
        if self.people > 0 {
            let number = u32::try_from(key % u64::from(self.people)).unwrap_or(0);
            if let Some(person) = self.person(number) {
                return (person.account, Some(person));
            }
        }
        (u32::try_from(key % self.accounts.len() as u64).unwrap_or(0), None)
    }

    /// The account of the person with that number.
    fn account_of_person(&self, number: u32) -> u32 {
        index32(self.accounts.partition_point(|a| a.people.end <= number))
    }

    /// The devices of the world's account.
    fn devices_of(&self, account: u32) -> Range<u32> {
        self.accounts[account as usize].devices.clone()
    }
}

/// When something was made and last changed, seconds since 1970: most of it long ago, some of it today.
fn moments(key: u64, oldest_days: u64) -> (i64, i64) {
    const DAY: u64 = 86_400;
    let age = DAY / 2 + derived(key, 71) % (oldest_days * DAY);
    let quiet = match derived(key, 72) % 100 {
        0..3 => derived(key, 73) % DAY,
        3..12 => derived(key, 73) % (14 * DAY),
        12..40 => derived(key, 73) % (200 * DAY),
        _ => age,
    };
    let before = |seconds: u64| NOW - i64::try_from(seconds).unwrap_or(0);
    (before(age), before(quiet.min(age)))
}

fn members(seed: u64, lists: &Lists, accounts: usize) -> Vec<Member> {
    let mut dice = Dice::new(seed, 32);
    (0..6 + accounts / 40)
        .map(|number| {
            let (first, last) = (dice.pick(&lists.words.given), dice.pick(&lists.words.families));
            let letters = |text: &str| -> String {
                any_ascii::any_ascii(text).chars().filter(char::is_ascii_alphabetic).take(8).collect()
            };
            let initial = letters(first).chars().next().unwrap_or('x');
            let identifier = format!("{initial}{}{number}", letters(last)).to_lowercase();
            Member {
                identifier: identifier.into(),
                first: first.as_str().into(),
                last: last.as_str().into(),
                inactive: number > 3 && dice.chance(120),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{people::PersonTrouble, *};
    use std::collections::HashSet;

    fn psa(contacts: usize) -> Psa {
        let lists = Arc::new(Lists::built_in());
        let world = World::new(3, &lists, 120, 2000);
        Psa::new(&world, lists, contacts)
    }

    #[test]
    fn every_person_belongs_to_one_account_and_every_account_to_its_people() {
        for contacts in [0, 1, 700, 5000] {
            let psa = psa(contacts);
            assert_eq!(psa.people() as usize, contacts);
            for (at, account) in (0..).zip(&psa.accounts) {
                for number in account.people.clone() {
                    assert_eq!(psa.person(number).map(|p| (p.account, p.number)), Some((at, number)));
                }
            }
            assert!(psa.person(psa.people()).is_none());
        }
    }

    #[test]
    fn names_keep_the_vendors_lengths_and_identifiers_are_unique() {
        let psa = psa(2000);
        let identifiers: HashSet<&str> = psa.accounts.iter().map(|a| &*a.identifier).collect();
        assert_eq!(identifiers.len(), psa.accounts.len());
        for account in &psa.accounts {
            assert!(account.name(Book::ConnectWise).chars().count() <= 50);
            assert!((3..=25).contains(&account.identifier.len()), "{}", account.identifier);
        }
    }

    #[test]
    fn people_differ_between_the_books_in_every_way_that_is_named() {
        let psa = psa(4000);
        let people = || (0..psa.people()).filter_map(|number| psa.person(number));
        let troubles: HashSet<PersonTrouble> = people().map(|p| p.trouble()).collect();
        assert_eq!(troubles.len(), 11);
        for person in people() {
            let (left, right) = (person.text(Book::Documentation), person.text(Book::ConnectWise));
            match person.trouble() {
                PersonTrouble::Plain => assert_eq!((&left.first, &left.last), (&right.first, &right.last)),
                PersonTrouble::NoFirstName => assert_ne!(left.first.is_none(), right.first.is_none()),
                PersonTrouble::Renamed => assert_ne!(left.last, right.last),
                PersonTrouble::Namesake => {
                    let other = psa.person(person.number - 1).unwrap().text(Book::ConnectWise);
                    assert_eq!((other.first, other.last), (right.first, right.last));
                }
                PersonTrouble::TwoCompanies => {
                    let other = psa.person(person.human()).unwrap();
                    assert_ne!(other.account, person.account);
                    assert_eq!(other.text(Book::ConnectWise).last, right.last);
                }
                _ => {}
            }
        }
    }

    #[test]
    fn two_people_of_one_name_are_told_apart_by_their_mailbox() {
        let psa = psa(4000);
        let mut named = HashMap::new();
        for person in (0..psa.people()).filter_map(|number| psa.person(number)) {
            let text = person.text(Book::ConnectWise);
            let known = named.entry((person.account, text.first, text.last)).or_insert_with(Vec::new);
            known.push((person.human(), text.email, person.trouble()));
        }
        let plain = |t: PersonTrouble| matches!(t, PersonTrouble::Plain | PersonTrouble::Namesake);
        let mut namesakes = 0;
        for known in named.values().filter(|known| known.len() > 1) {
            for (at, one) in known.iter().enumerate() {
                for other in known[..at].iter().filter(|o| o.0 != one.0 && plain(o.2) && plain(one.2)) {
                    assert!(one.1.is_some() && other.1.is_some() && one.1 != other.1, "{known:?}");
                    namesakes += 1;
                }
            }
        }
        assert!(namesakes > 20, "{namesakes}");
    }

    #[test]
    fn tickets_come_in_their_order_over_two_years_and_things_keep_to_their_lengths() {
        let psa = psa(2000);
        let entered: Vec<i64> = (0..psa.tickets()).filter_map(|n| psa.ticket(n)).map(|t| t.entered()).collect();
        assert!(entered.is_sorted());
        assert!(entered[0] < NOW - 720 * 86_400 && entered[entered.len() - 1] > NOW - 3 * 86_400);
        let mut seen = HashSet::new();
        for thing in (0..psa.things()).filter_map(|n| psa.thing(n)) {
            if !thing.in_book(Book::ConnectWise) {
                continue;
            }
            seen.insert(thing.kind());
            assert!(thing.mac_text(Book::ConnectWise).is_none_or(|mac| mac.len() <= 25));
            let (made, changed) = thing.moments(Book::ConnectWise);
            assert!(made <= changed && changed <= NOW);
        }
        assert!(seen.contains("Laptop") && seen.contains("Server"));
    }

    #[test]
    fn every_account_has_its_first_site_wherever_it_is() {
        let psa = psa(100);
        for at in 0..index32(psa.accounts.len()) {
            for book in [Book::Documentation, Book::ConnectWise, Book::Autotask] {
                let first = psa.site(at * SITES).unwrap();
                assert_eq!(first.in_book(book), psa.accounts[at as usize].in_book(book));
                assert!(first.text(book).name.chars().count() <= 50);
            }
        }
    }
}
