//! The truth between any two vendors: each record stands for one thing of the world.

use super::{Truth, Verdict};
use crate::simulator::{
    addigy::records::{parse_uuid, uuid},
    autotask::write as autotask,
    connectwise::ids,
    control::Vendor,
    itglue::{contacts, locations},
    world::{
        Trouble, index32,
        psa::{Book, Kind},
    },
};
use serde::Serialize;

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// Companies, organizations, first-level policies.
    Companies,
    /// Devices, configurations, agents.
    Devices,
    /// People.
    Contacts,
    /// Sites, locations.
    Locations,
    /// Tickets, of PSAs only.
    Tickets,
}

impl Subject {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Companies, Self::Devices, Self::Contacts, Self::Locations, Self::Tickets];
}

/// A pair of records that are the same thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// Id on the left.
    pub left: String,
    /// Id on the right.
    pub right: String,
    /// What of it both sides have in common.
    pub agreement: Agreement,
}

/// What the two records of a pair have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// Devices: the true serial stands in both. People: first and last name are letter for letter the same. Sites: every
    /// line of the address. Tickets: the number. Companies: the name.
    Whole,
    /// Less than that.
    Part,
}

/// What a record stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// That thing of the world.
    For(u32),
    /// That thing too, but another record does so first.
    Besides(u32),
    /// A thing of its own.
    Nothing,
    /// Not of this world: created or added since.
    Unknown,
}

impl Truth {
    /// Whether these two records, each of a vendor, are the same thing.
    #[must_use]
    pub fn judge(&self, subject: Subject, left: (Vendor, &str), right: (Vendor, &str)) -> Verdict {
        use Standing::{Besides, For, Unknown};
        let standings = [left, right].map(|(vendor, id)| self.standing(subject, vendor, id));
        match standings {
            [Unknown, _] | [_, Unknown] => Verdict::Unknown,
            [For(left), For(right)] if left == right => Verdict::Right,
            [For(left) | Besides(left), For(right) | Besides(right)] if left == right => Verdict::Neutral,
            [For(left), For(right)] if subject == Subject::Contacts && self.human(left) == self.human(right) => {
                Verdict::Neutral
            }
            _ => Verdict::Wrong,
        }
    }

    /// The record of the other vendor that is the same thing; `None` where there is none.
    #[must_use]
    pub fn counterpart(&self, subject: Subject, left: (Vendor, &str), right: Vendor) -> Option<String> {
        match self.standing(subject, left.0, left.1) {
            Standing::For(number) => self.record(subject, right, number),
            _ => None,
        }
    }

    /// Every pair of records of these vendors that are the same thing. Asks for the devices of the world, which are made
    /// again for it.
    pub fn pairs(&self, subject: Subject, left: Vendor, right: Vendor) -> impl Iterator<Item = Pair> {
        (0..self.things(subject)).filter_map(move |number| {
            let (left_id, right_id) = (self.record(subject, left, number)?, self.record(subject, right, number)?);
            let whole = self.agrees(subject, left, right, number);
            let agreement = if whole { Agreement::Whole } else { Agreement::Part };
            Some(Pair { left: left_id, right: right_id, agreement })
        })
    }

    fn human(&self, person: u32) -> u32 {
        self.psa.person(person).map_or(person, |person| person.human())
    }

    fn things(&self, subject: Subject) -> u32 {
        match subject {
            Subject::Companies => index32(self.psa.accounts.len()),
            Subject::Devices => self.psa.things(),
            Subject::Contacts => self.psa.people(),
            Subject::Locations => self.psa.sites(),
            Subject::Tickets => self.psa.tickets(),
        }
    }

    /// The vendor's record of that thing.
    fn record(&self, subject: Subject, vendor: Vendor, number: u32) -> Option<String> {
        match vendor {
            Vendor::Addigy => self.addigy_record(subject, number),
            Vendor::ItGlue => self.itglue_record(subject, number),
            Vendor::ConnectWise => self
                .in_book(subject, Book::ConnectWise, number)
                .then(|| connectwise_ids(subject).of(number).to_string()),
            Vendor::Autotask => {
                let known = self.in_book(subject, Book::Autotask, number);
                known.then(|| self.autotask_id(subject, number).to_string())
            }
        }
    }

    fn addigy_record(&self, subject: Subject, number: u32) -> Option<String> {
        match subject {
            Subject::Companies => {
                self.policies.iter().find(|(account, _)| *account == number).map(|(_, policy)| uuid(*policy))
            }
            Subject::Devices => {
                let agent = self.agents.get(number as usize)?;
                let entry = self.devices.binary_search_by_key(agent, |entry| entry.agent).ok()?;
                (self.devices[entry].trouble != Trouble::Ghost).then(|| uuid(*agent))
            }
            _ => None,
        }
    }

    fn itglue_record(&self, subject: Subject, number: u32) -> Option<String> {
        let organization = |account: u32| self.organizations.get(account as usize).copied().flatten();
        let id = match subject {
            Subject::Companies => organization(number)?,
            Subject::Devices => self.configurations.get(number as usize).copied().flatten()?,
            Subject::Contacts => {
                let person = self.psa.person(number).filter(|person| person.in_book(Book::Documentation))?;
                organization(person.account).map(|_| contacts::of_person(number))?
            }
            Subject::Locations => {
                let site = self.psa.site(number).filter(|site| site.in_book(Book::Documentation))?;
                organization(site.account).map(|_| locations::of_site(number))?
            }
            Subject::Tickets => return None,
        };
        Some(id.to_string())
    }

    fn in_book(&self, subject: Subject, book: Book, number: u32) -> bool {
        let psa = &self.psa;
        match subject {
            Subject::Companies => psa.accounts.get(number as usize).is_some_and(|account| account.in_book(book)),
            Subject::Devices => {
                psa.thing(number).is_some_and(|thing| thing.older_of().is_none() && thing.in_book(book))
            }
            Subject::Contacts => psa.person(number).is_some_and(|person| person.in_book(book)),
            Subject::Locations => psa.site(number).is_some_and(|site| site.in_book(book)),
            Subject::Tickets => psa.ticket(number).is_some_and(|ticket| ticket.in_book(book)),
        }
    }

    fn autotask_id(&self, subject: Subject, number: u32) -> i64 {
        match subject {
            Subject::Companies => autotask::company_id(&self.psa, number),
            Subject::Devices => autotask::item_id(number),
            Subject::Contacts => autotask::contact_id(number),
            Subject::Locations => autotask::location_id(number),
            Subject::Tickets => autotask::ticket_id(number),
        }
    }

    /// What a vendor's record stands for.
    fn standing(&self, subject: Subject, vendor: Vendor, id: &str) -> Standing {
        match vendor {
            Vendor::Addigy => self.addigy_standing(subject, id),
            Vendor::ItGlue => self.itglue_standing(subject, id),
            Vendor::ConnectWise => {
                let number = id.parse().ok().and_then(|id| connectwise_ids(subject).number(id));
                self.psa_standing(subject, Book::ConnectWise, number)
            }
            Vendor::Autotask => {
                let number = id.parse().ok().and_then(|id: i64| self.autotask_number(subject, id));
                self.psa_standing(subject, Book::Autotask, number)
            }
        }
    }

    fn autotask_number(&self, subject: Subject, id: i64) -> Option<u32> {
        if subject == Subject::Companies && id == 0 {
            return self.psa.accounts.iter().position(|account| account.kind == Kind::Owner).map(index32);
        }
        // Every id is the first one and the number in the world.
        u32::try_from(id - self.autotask_id(subject, 0)).ok()
    }

    fn psa_standing(&self, subject: Subject, book: Book, number: Option<u32>) -> Standing {
        let Some(number) = number.filter(|&number| number < self.things(subject)) else { return Standing::Unknown };
        if subject == Subject::Devices
            && let Some(thing) = self.psa.thing(number)
            && let Some(device) = thing.older_of()
        {
            return if thing.in_book(book) { Standing::Besides(device) } else { Standing::Unknown };
        }
        if self.in_book(subject, book, number) { Standing::For(number) } else { Standing::Unknown }
    }

    fn addigy_standing(&self, subject: Subject, id: &str) -> Standing {
        let Some(id) = parse_uuid(id) else { return Standing::Unknown };
        match subject {
            Subject::Companies => {
                let found = self.policies.iter().find(|(_, policy)| *policy == id);
                found.map_or(Standing::Nothing, |(account, _)| Standing::For(*account))
            }
            Subject::Devices => match self.devices.binary_search_by_key(&id, |entry| entry.agent) {
                Ok(at) => {
                    let entry = &self.devices[at];
                    let ghost = entry.trouble == Trouble::Ghost;
                    if ghost { Standing::Besides(entry.partner) } else { Standing::For(entry.number) }
                }
                Err(_) => Standing::Unknown,
            },
            _ => Standing::Unknown,
        }
    }

    fn itglue_standing(&self, subject: Subject, id: &str) -> Standing {
        let Ok(id) = id.parse::<u32>() else { return Standing::Unknown };
        let number_of = |all: &[(u32, u32)]| all.binary_search_by_key(&id, |(id, _)| *id).ok().map(|at| all[at].1);
        let (found, older, last) = match subject {
            Subject::Companies => {
                (number_of(&self.accounts_of), number_of(&self.older_organizations), self.last_organization)
            }
            Subject::Devices => {
                (number_of(&self.things_of), number_of(&self.older_configurations), self.last_configuration)
            }
            Subject::Contacts => return for_number(contacts::person_of(&self.psa, id).map(|person| person.number)),
            Subject::Locations => return for_number(locations::site_of(&self.psa, id).map(|site| site.number)),
            Subject::Tickets => return Standing::Unknown,
        };
        match (found, older) {
            (Some(number), _) => Standing::For(number),
            (None, Some(number)) => Standing::Besides(number),
            (None, None) if id > last => Standing::Unknown,
            (None, None) => Standing::Nothing,
        }
    }

    fn agrees(&self, subject: Subject, left: Vendor, right: Vendor, number: u32) -> bool {
        let books = [left, right].map(book);
        let psa = &self.psa;
        match subject {
            Subject::Companies => psa.accounts.get(number as usize).is_some_and(|account| {
                let [left, right] = books.map(|book| book.map(|book| account.name(book)));
                left.is_some() && left == right
            }),
            Subject::Devices => psa.thing(number).is_some_and(|thing| {
                books.into_iter().all(|book| match book {
                    Some(Book::Documentation) => thing.documented_with_serial(),
                    Some(book) => thing.has_true_serial(book),
                    None => true,
                })
            }),
            Subject::Contacts => psa.person(number).is_some_and(|person| {
                let [left, right] = books.map(|book| book.map(|book| person.text(book)));
                left.zip(right).is_some_and(|(left, right)| (left.first, left.last) == (right.first, right.last))
            }),
            Subject::Locations => psa.site(number).is_some_and(|site| {
                let [left, right] = books.map(|book| book.map(|book| site.text(book)));
                left.zip(right).is_some_and(|(left, right)| {
                    (left.address1, left.address2, left.city, left.zip)
                        == (right.address1, right.address2, right.city, right.zip)
                })
            }),
            // Nobody keeps the number of a ticket that was not carried over by hand, and then it is in one PSA only.
            Subject::Tickets => true,
        }
    }
}

fn for_number(number: Option<u32>) -> Standing {
    number.map_or(Standing::Unknown, Standing::For)
}

const fn book(vendor: Vendor) -> Option<Book> {
    match vendor {
        Vendor::Addigy => None,
        Vendor::ItGlue => Some(Book::Documentation),
        Vendor::ConnectWise => Some(Book::ConnectWise),
        Vendor::Autotask => Some(Book::Autotask),
    }
}

const fn connectwise_ids(subject: Subject) -> ids::Ids {
    match subject {
        Subject::Companies => ids::COMPANIES,
        Subject::Devices => ids::CONFIGURATIONS,
        Subject::Contacts => ids::CONTACTS,
        Subject::Locations => ids::SITES,
        Subject::Tickets => ids::TICKETS,
    }
}
