//! Companies as the office side of an MSP knows them.

use super::Book;
use crate::simulator::world::{
    Company, Dice, Lists, Side, TrueName, World, companies::share_of, derived, derived_below, index32,
};
use std::{collections::HashSet, ops::Range};

/// What an account is to the MSP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The MSP itself.
    Owner,
    /// Pays for service.
    Client,
    /// May become a client.
    Prospect,
    /// Somebody who once asked.
    Lead,
    /// Sells to the MSP.
    Vendor,
    /// Works with the MSP.
    Partner,
    /// Was a client.
    Former,
}

/// How much the MSP cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Classification {
    /// The largest contracts.
    Platinum,
    /// Large contracts.
    Gold,
    /// Small contracts.
    Silver,
    /// Pays by the hour.
    HourlyOnly,
    /// Pays late.
    Delinquent,
}

/// A company as the office side knows it.
#[derive(Clone, Debug)]
pub struct Account {
    /// What its other facts are derived from.
    pub key: u64,
    names: [Box<str>; 3],
    books: [bool; 3],
    /// A short code: at most 25 capital letters and digits, unique.
    pub identifier: Box<str>,
    /// Its domain, as in its people's addresses.
    pub domain: Box<str>,
    /// What it is to the MSP.
    pub kind: Kind,
    /// What it is besides.
    pub second_kind: Option<Kind>,
    /// The account above it.
    pub parent: Option<u32>,
    /// Its devices in the world.
    pub devices: Range<u32>,
    /// Its people.
    pub people: Range<u32>,
    /// How many sites it has, from 1.
    pub sites: u32,
    /// Position of the city of its first site.
    pub city: usize,
}

impl Account {
    /// Whether that book has it.
    pub const fn in_book(&self, book: Book) -> bool {
        self.books[book as usize]
    }

    /// Its name there.
    pub const fn name(&self, book: Book) -> &str {
        &self.names[book as usize]
    }

    /// Its classification; `None` for one account in four.
    pub fn classification(&self) -> Option<Classification> {
        Some(match derived_below(self.key, 5, 20) {
            0..2 => Classification::Platinum,
            2..6 => Classification::Gold,
            6..11 => Classification::Silver,
            11..14 => Classification::HourlyOnly,
            14 => Classification::Delinquent,
            _ => return None,
        })
    }

    /// No longer served, or put away for another reason.
    pub fn inactive(&self) -> bool {
        self.kind == Kind::Former && derived_below(self.key, 6, 10) < 8 || derived_below(self.key, 7, 100) < 2
    }

    /// Its number at the office; three in five have one.
    pub fn number(&self) -> Option<String> {
        (derived_below(self.key, 8, 5) < 3).then(|| format!("{:06}", derived_below(self.key, 9, 1_000_000)))
    }

    /// Its telephone number.
    pub fn phone(&self) -> String {
        phone(self.key)
    }

    /// Its website.
    pub fn website(&self) -> String {
        match derived_below(self.key, 10, 3) {
            0 => self.domain.to_string(),
            1 => format!("www.{}", self.domain),
            _ => format!("https://www.{}/", self.domain),
        }
    }

    /// When it was made and last changed.
    pub fn moments(&self, book: Book) -> (i64, i64) {
        super::moments(derived(self.key, book.salt()), 2500)
    }
}

/// A telephone number as digits; those of 555-01xx belong to nobody.
pub fn phone(key: u64) -> String {
    format!("{}555{:04}", 201 + derived_below(key, 90, 700), 100 + derived_below(key, 91, 100))
}

/// What an account is made of before it has people.
struct Draft {
    names: [Box<str>; 3],
    books: [bool; 3],
    code: Box<str>,
    kind: Kind,
    devices: usize,
    city: usize,
}

/// The accounts of that world; the people of all of them together are so many.
pub fn accounts(world: &World, lists: &Lists, contacts: usize) -> Vec<Account> {
    let mut dice = Dice::new(world.seed, 30);
    let mut drafts: Vec<Draft> = world.companies.iter().map(|company| of_company(company, lists, &mut dice)).collect();
    let mut taken: HashSet<String> =
        drafts.iter().flat_map(|d| d.names.iter().map(|name| name.to_lowercase())).collect();
    drafts.push(owner());
    for name in &lists.words.vendors {
        taken.insert(name.to_lowercase());
        drafts.push(extra(name, Kind::Vendor, [true; 3], &mut dice, lists));
    }
    for _ in 0..world.companies.len() / 6 {
        let name = TrueName::roll(&lists.words, &mut dice).full(&lists.words, false);
        let kinds = [Kind::Prospect, Kind::Lead, Kind::Vendor, Kind::Former, Kind::Partner];
        let kind = kinds[dice.weighted([40, 15, 25, 12, 8].into_iter())];
        let books = [false, dice.chance(900), dice.chance(850)];
        if taken.insert(name.to_lowercase()) {
            drafts.push(extra(&name, kind, books, &mut dice, lists));
        }
    }
    finish(world.seed, drafts, contacts)
}

fn of_company(company: &Company, lists: &Lists, dice: &mut Dice) -> Draft {
    let documented = company.side != Side::RmmOnly;
    // The documentation takes an organization that it does not own from this PSA, under the name that it has there.
    let from_psa = documented && company.synced;
    let own = &company.documentation_name;
    let connectwise = if from_psa { own.clone() } else { spelling(company, lists, dice, [60, 30, 10]) };
    let autotask = spelling(company, lists, dice, [50, 33, 17]);
    let books = if documented {
        [true, from_psa || dice.chance(900), dice.chance(920)]
    } else {
        [false, dice.chance(600), dice.chance(600)]
    };
    let kinds = [Kind::Client, Kind::Prospect, Kind::Former, Kind::Partner, Kind::Vendor];
    let weights = if company.devices == 0 { [50, 20, 20, 4, 6] } else { [93, 1, 3, 2, 1] };
    let kind = kinds[dice.weighted(weights.into_iter())];
    Draft {
        names: [own.clone(), cut(&connectwise, 50), cut(&autotask, 100)],
        books,
        code: company.code.clone(),
        kind,
        devices: company.devices,
        city: company.city,
    }
}

/// The name of the documentation, that of the RMM, or another way to write the first.
fn spelling(company: &Company, lists: &Lists, dice: &mut Dice, weights: [u32; 3]) -> Box<str> {
    let own = &company.documentation_name;
    match (dice.weighted(weights.into_iter()), dice.below(4)) {
        (0, _) => own.clone(),
        (1, _) => company.rmm_name.clone(),
        (_, 0) => own.to_uppercase().into(),
        (_, 1) => own.replace(" & ", " and ").replace(',', "").into(),
        (_, 2) => format!("{own} ({})", lists.words.cities[company.city]).into(),
        _ => format!("{own} ").into(),
    }
}

/// The first so many characters.
fn cut(text: &str, most: usize) -> Box<str> {
    text.chars().take(most).collect::<String>().into()
}

fn owner() -> Draft {
    let name: Box<str> = "Lanternwood Managed IT".into();
    let names = [name.clone(), name.clone(), name];
    Draft { names, books: [false, true, true], code: "LANTERN".into(), kind: Kind::Owner, devices: 0, city: 0 }
}

fn extra(name: &str, kind: Kind, books: [bool; 3], dice: &mut Dice, lists: &Lists) -> Draft {
    let names = [cut(name, 100), cut(name, 50), cut(name, 100)];
    Draft { names, books, code: "".into(), kind, devices: 0, city: dice.below(lists.words.cities.len()) }
}

fn finish(seed: u64, drafts: Vec<Draft>, contacts: usize) -> Vec<Account> {
    let keys: Vec<u64> = (0..drafts.len() as u64).map(|at| derived(seed ^ 0xACC0, at)).collect();
    // Vendors and prospects have few people, clients about as many as devices.
    let weight = |draft: &Draft, key: u64| draft.devices as u64 + derived_below(key, 1, 3);
    let total: u64 = drafts.iter().zip(&keys).map(|(draft, &key)| weight(draft, key)).sum();
    let (mut identifiers, mut all) = (HashSet::new(), Vec::with_capacity(drafts.len()));
    let (mut weights, mut person, mut device) = (0, 0, 0);
    for (at, (draft, key)) in drafts.into_iter().zip(keys).enumerate() {
        weights += weight(&draft, key);
        let people = person..index32(share_of(contacts, part(weights, total)));
        let devices = device..device + index32(draft.devices);
        (person, device) = (people.end, devices.end);
        let identifier = identifier(&draft, at, &mut identifiers);
        let parent = (at > 0 && draft.kind != Kind::Owner && derived_below(key, 2, 100) < 4)
            .then(|| index32(usize::try_from(derived_below(key, 3, at as u64)).unwrap_or(0)));
        let second_kind = match (draft.kind, derived_below(key, 4, 100)) {
            (Kind::Client, 0..4) | (Kind::Vendor, 0..10) => Some(Kind::Partner),
            (Kind::Client, 4..7) => Some(Kind::Vendor),
            (Kind::Former, 0..15) => Some(Kind::Prospect),
            _ => None,
        };
        let sites = match derived_below(key, 11, 100) {
            0..62 => 1,
            62..84 => 2,
            84..95 => 3,
            _ => 4,
        };
        all.push(Account {
            key,
            domain: domain(&draft, at),
            names: draft.names,
            books: draft.books,
            identifier,
            kind: draft.kind,
            second_kind,
            parent,
            devices,
            people,
            sites,
            city: draft.city,
        });
    }
    all
}

#[expect(clippy::cast_precision_loss, reason = "a share of a count")]
fn part(of: u64, total: u64) -> f64 {
    of as f64 / total.max(1) as f64
}

fn letters(text: &str) -> String {
    any_ascii::any_ascii(text).chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The technicians' code, or the name's beginning; with a number where another account has it already.
fn identifier(draft: &Draft, at: usize, taken: &mut HashSet<String>) -> Box<str> {
    let code = letters(&draft.code);
    let base = if code.len() >= 3 { code } else { letters(&draft.names[0]) };
    let base: String = base.chars().take(18).collect::<String>().to_uppercase();
    let base = if base.is_empty() { "COMPANY".to_owned() } else { base };
    let identifier = if taken.contains(&base) { format!("{base}{at}") } else { base };
    taken.insert(identifier.clone());
    identifier.into()
}

fn domain(draft: &Draft, at: usize) -> Box<str> {
    let name: String = letters(&draft.names[0]).to_lowercase().chars().take(24).collect();
    if name.len() < 3 { format!("company{at}.example").into() } else { format!("{name}.example").into() }
}
