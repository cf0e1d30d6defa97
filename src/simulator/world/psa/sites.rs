//! Where companies are: one to four sites each, written differently in each book.

use super::{Account, Book, Psa, accounts::phone};
use crate::simulator::world::{derived, derived_below, filled, words::Town};

/// Numbers that belong to one account: its sites are the first of them.
pub const SITES: u32 = 4;

/// A site of an account.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    psa: &'a Psa,
    /// Its number in the world.
    pub number: u32,
    /// Its account's number.
    pub account: u32,
    /// Its position in the account; the first is the main one.
    pub position: u32,
    key: u64,
}

/// A site as one book has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteText {
    /// As shown.
    pub name: String,
    /// Street and number.
    pub address1: String,
    /// Suite, floor.
    pub address2: Option<String>,
    /// City.
    pub city: String,
    /// State or province.
    pub region: String,
    /// Its code.
    pub region_code: String,
    /// Postal code.
    pub zip: Option<String>,
    /// Country.
    pub country: String,
    /// Its ISO 3166 code.
    pub country_code: String,
    /// Telephone number, digits.
    pub phone: Option<String>,
}

/// How a site's record in the documentation differs from the PSA's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SiteTrouble {
    Plain,
    /// `St.` for `Street`.
    Abbreviated,
    /// No second line, no postal code.
    Short,
    /// Another street: the company moved.
    Moved,
    /// Capital letters, a blank at the end.
    Shouted,
    /// A typing error in the street.
    Typing,
}

impl<'a> Site<'a> {
    pub(super) fn new(psa: &'a Psa, number: u32) -> Option<Self> {
        let (account, position) = (number / SITES, number % SITES);
        let has = psa.accounts.get(account as usize)?.sites > position;
        has.then(|| Self { psa, number, account, position, key: psa.key(41, number) })
    }

    /// Its account.
    pub fn owner(&self) -> &'a Account {
        &self.psa.accounts[self.account as usize]
    }

    /// Whether that book has it. A book that has the account has its first site.
    pub fn in_book(&self, book: Book) -> bool {
        let share = match book {
            Book::Documentation => 78,
            Book::ConnectWise => 95,
            Book::Autotask => 90,
        };
        self.owner().in_book(book) && (self.position == 0 || derived_below(self.key, book.salt(), 100) < share)
    }

    /// No longer used; only PSAs say so.
    pub fn inactive(&self) -> bool {
        self.position > 0 && derived_below(self.key, 1, 100) < 6
    }

    /// When it was made and last changed.
    pub fn moments(&self, book: Book) -> (i64, i64) {
        super::moments(derived(self.key, book.salt()), 2200)
    }

    /// The town that it is in.
    pub fn town(&self) -> &'a Town {
        let towns = &self.psa.lists.psa.towns;
        let away = usize::try_from(derived_below(self.key, 2, towns.len() as u64)).unwrap_or(0);
        // Most branches are in the city of the main site.
        let elsewhere = self.position > 0 && derived_below(self.key, 3, 10) < 4;
        &towns[if elsewhere { away } else { self.owner().city % towns.len() }]
    }

    fn trouble(&self) -> SiteTrouble {
        match derived_below(self.key, 4, 100) {
            0..72 => SiteTrouble::Plain,
            72..82 => SiteTrouble::Abbreviated,
            82..88 => SiteTrouble::Short,
            88..92 => SiteTrouble::Moved,
            92..96 => SiteTrouble::Shouted,
            _ => SiteTrouble::Typing,
        }
    }

    fn name(&self, book: Book) -> String {
        let town = self.town();
        let key = derived(self.key, 10 + if derived_below(self.key, 5, 3) == 0 { book.salt() } else { 0 });
        if self.position == 0 {
            return match derived_below(key, 1, 10) {
                0..6 => "Main".to_owned(),
                6 => "Main Office".to_owned(),
                7 => format!("{} Office", town.city),
                8 => self.owner().name(book).chars().take(50).collect(),
                _ => "HQ".to_owned(),
            };
        }
        let offices = &self.psa.lists.psa.offices;
        // Neighbouring positions never get the same name.
        let at = (derived(key, 2) >> 3) as usize / 4 * 4 + self.position as usize;
        offices[at % offices.len()].replace("{city}", &town.city)
    }

    /// Its text in that book.
    pub fn text(&self, book: Book) -> SiteText {
        let trouble = if book == Book::Documentation { self.trouble() } else { SiteTrouble::Plain };
        let lists = &self.psa.lists;
        let town = self.town();
        let pick = |key: u64, purpose: u64, length: usize| {
            usize::try_from(derived_below(key, purpose, length as u64)).unwrap_or(0)
        };
        let place = if trouble == SiteTrouble::Moved { derived(self.key, 6) } else { self.key };
        let [long, short] = &lists.psa.streets[pick(place, 20, lists.psa.streets.len())];
        let kind = if trouble == SiteTrouble::Abbreviated { format!("{short}.") } else { long.clone() };
        let mut street = lists.words.places[pick(place, 21, lists.words.places.len())].clone();
        if trouble == SiteTrouble::Typing {
            let (at, double) = street.char_indices().nth(1).unwrap_or((0, 'e'));
            street.insert(at, double);
        }
        let mut address1 = format!("{} {street} {kind}", 1 + derived_below(place, 22, 999));
        let mut address2 = (derived_below(place, 23, 100) < 35).then(|| {
            format!("{} {}", lists.psa.units[pick(place, 24, lists.psa.units.len())], 1 + derived_below(place, 25, 40))
        });
        let mut zip = Some(filled(&town.zip, derived(place, 26)));
        let mut city = town.city.clone();
        match trouble {
            SiteTrouble::Short => (address2, zip) = (None, None),
            SiteTrouble::Shouted => (address1, city) = (address1.to_uppercase(), format!("{city} ")),
            _ => {}
        }
        SiteText {
            name: self.name(book),
            address1,
            address2,
            city,
            region: town.region[0].clone(),
            region_code: town.region[1].clone(),
            zip,
            country: town.country[0].clone(),
            country_code: town.country[1].clone(),
            phone: (derived_below(self.key, 27, 100) < 70).then(|| phone(self.key)),
        }
    }
}
