//! The people of companies, with what goes wrong when three systems write down the same person.

use super::{Account, Book, Psa, Site, accounts::phone};
use crate::simulator::world::{derived, derived_below};
use std::collections::HashMap;

/// How a person's records differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PersonTrouble {
    /// The same everywhere.
    Plain,
    /// One book has the nickname for a given name.
    Nickname,
    /// One book has no given name.
    NoFirstName,
    /// One book has an older address.
    EmailChanged,
    /// One book has an earlier family name.
    Renamed,
    /// One book dropped the diacritics.
    Script,
    /// One book has a typing error in the family name.
    Typing,
    /// Capital letters or a blank in one book.
    Shouted,
    /// Given and family name swapped in one book.
    Swapped,
    /// Another person of the same company has exactly this name.
    Namesake,
    /// The same person is with another company too.
    TwoCompanies,
}

/// A person of an account.
#[derive(Clone, Copy)]
pub struct Person<'a> {
    psa: &'a Psa,
    /// The number in the world.
    pub number: u32,
    /// The account's number.
    pub account: u32,
    /// The position among the account's people.
    pub position: u32,
    key: u64,
}

/// A person as one book has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonText {
    /// Given name.
    pub first: Option<String>,
    /// Family name.
    pub last: String,
    /// What the person is called, where a book has a field for it.
    pub nickname: Option<String>,
    /// What the person does.
    pub title: Option<String>,
    /// Email address.
    pub email: Option<String>,
    /// Telephone number, digits.
    pub phone: Option<String>,
    /// Its extension.
    pub extension: Option<String>,
    /// Mobile number, digits.
    pub mobile: Option<String>,
}

impl<'a> Person<'a> {
    pub(super) fn new(psa: &'a Psa, number: u32) -> Option<Self> {
        let account = (number < psa.people).then(|| psa.account_of_person(number))?;
        let position = number - psa.accounts[account as usize].people.start;
        Some(Self { psa, number, account, position, key: psa.key(42, number) })
    }

    /// The account.
    pub fn owner(&self) -> &'a Account {
        &self.psa.accounts[self.account as usize]
    }

    /// Whether that book has the person.
    pub fn in_book(&self, book: Book) -> bool {
        let known = match derived_below(self.key, 1, 100) {
            0..74 => true,
            74..82 => book != Book::Documentation,
            82..88 => book == Book::Documentation,
            88..94 => book != Book::Autotask,
            _ => book != Book::ConnectWise,
        };
        known && self.owner().in_book(book)
    }

    /// How the records differ.
    pub fn trouble(&self) -> PersonTrouble {
        let trouble = self.rolled();
        let other = match trouble {
            PersonTrouble::Namesake => (self.position > 0).then(|| self.number - 1),
            PersonTrouble::TwoCompanies => self.elsewhere(),
            _ => return trouble,
        };
        // Who has his name from somebody else needs somebody with a name of his own.
        let other = other.and_then(|number| self.psa.person(number));
        let plain = other.is_some_and(|other| {
            other.rolled() == PersonTrouble::Plain
                && (other.account == self.account) == (trouble == PersonTrouble::Namesake)
        });
        if plain { trouble } else { PersonTrouble::Plain }
    }

    fn rolled(&self) -> PersonTrouble {
        match derived_below(self.key, 2, 1000) {
            0..70 => PersonTrouble::Nickname,
            70..90 => PersonTrouble::NoFirstName,
            90..160 => PersonTrouble::EmailChanged,
            160..180 => PersonTrouble::Renamed,
            180..215 => PersonTrouble::Script,
            215..235 => PersonTrouble::Typing,
            235..255 => PersonTrouble::Shouted,
            255..265 => PersonTrouble::Swapped,
            265..280 => PersonTrouble::Namesake,
            280..295 => PersonTrouble::TwoCompanies,
            _ => PersonTrouble::Plain,
        }
    }

    /// A person with a smaller number, mostly of another company.
    fn elsewhere(&self) -> Option<u32> {
        (self.number > 0).then(|| u32::try_from(derived_below(self.key, 3, self.number.into())).unwrap_or(0))
    }

    /// The number by which a human being is known, who may be in a book at two companies.
    pub fn human(&self) -> u32 {
        let number = match self.trouble() {
            PersonTrouble::TwoCompanies => self.elsewhere().unwrap_or(self.number),
            _ => self.number,
        };
        // The user of two devices, who was written down twice.
        self.psa.again.get(&number).copied().unwrap_or(number)
    }

    /// Positions of given and family name. The first people of a company are the users of its devices.
    fn name_at(&self) -> (usize, usize) {
        let owner = self.owner();
        let named = match self.trouble() {
            PersonTrouble::Namesake => self.psa.person(self.number - 1),
            PersonTrouble::TwoCompanies => self.elsewhere().and_then(|number| self.psa.person(number)),
            _ => None,
        };
        if let Some(other) = named {
            return other.name_at();
        }
        let device = owner.devices.start + self.position;
        if device < owner.devices.end {
            let (given, family) = self.psa.users[device as usize];
            return (given.into(), family.into());
        }
        let words = &self.psa.lists.words;
        let below = |purpose, length: usize| derived_below(self.key, purpose, length as u64);
        let given = usize::try_from(below(4, words.given.len())).unwrap_or(0);
        (given, usize::try_from(below(5, words.families.len())).unwrap_or(0))
    }

    /// The site where the person works.
    pub fn site(&self) -> Option<Site<'a>> {
        let sites = u64::from(self.owner().sites);
        let position = derived_below(self.key, 6, sites + 2).saturating_sub(2);
        self.psa.site(self.account * super::SITES + u32::try_from(position).unwrap_or(0))
    }

    /// Left the company; only some books say so.
    pub fn inactive(&self, book: Book) -> bool {
        derived_below(self.key, 7, 100) < 5 && derived_below(self.key, 8 + book.salt(), 3) < 2
    }

    /// The company's first person is whom the MSP talks to.
    pub const fn primary(&self) -> bool {
        self.position == 0
    }

    /// When it was made and last changed.
    pub fn moments(&self, book: Book) -> (i64, i64) {
        super::moments(derived(self.key, book.salt()), 1800)
    }

    /// Whether it is that book that has the odd form.
    fn odd_in(&self, book: Book) -> bool {
        (derived(self.key, 9) & 1 == 0) == (book == Book::Documentation)
    }

    /// The text in that book.
    pub fn text(&self, book: Book) -> PersonText {
        let words = &self.psa.lists.words;
        let (given, family) = self.name_at();
        let (given, family) = (&words.given[given], &words.families[family]);
        let nick = self.psa.lists.psa.nicknames.iter().find(|[full, _]| full == given).map(|[_, nick]| nick);
        let trouble = self.trouble();
        let mut text = PersonText {
            first: Some(given.clone()),
            last: family.clone(),
            nickname: nick.filter(|_| derived_below(self.key, 10, 10) < 3).cloned(),
            title: self.title(),
            email: self.email(family, trouble, book),
            phone: (derived_below(self.key, 20, 100) < 65).then(|| phone(self.key)),
            extension: (derived_below(self.key, 21, 100) < 20)
                .then(|| format!("{}", 100 + derived_below(self.key, 22, 900))),
            mobile: (derived_below(self.key, 23, 100) < 40).then(|| phone(derived(self.key, 24))),
        };
        if self.odd_in(book) {
            distort(
                &mut text,
                trouble,
                nick,
                &words.families[(given.len() * 37 + family.len()) % words.families.len()],
            );
        }
        text
    }

    fn title(&self) -> Option<String> {
        let titles = &self.psa.lists.psa.titles;
        let at = usize::try_from(derived_below(self.key, 25, titles.len() as u64)).unwrap_or(0);
        (derived_below(self.key, 26, 100) < 45).then(|| titles[at].clone())
    }

    fn email(&self, family: &str, trouble: PersonTrouble, book: Book) -> Option<String> {
        // Of two who have one name nobody leaves out what tells them apart.
        let next = self.psa.person(self.number + 1).filter(|next| next.account == self.account);
        let namesakes = [Some(*self), next].into_iter().flatten().any(|p| p.trouble() == PersonTrouble::Namesake);
        if derived_below(self.key, 30 + book.salt(), 100) < 8 && !namesakes {
            return None;
        }
        let local = self.mailbox();
        let local = if trouble == PersonTrouble::Namesake { format!("{local}2") } else { local };
        if trouble == PersonTrouble::EmailChanged && self.odd_in(book) {
            return Some(format!("{}{}@mail.example", ascii(family), derived_below(self.key, 31, 90) + 10));
        }
        Some(format!("{local}@{}", self.owner().domain))
    }

    /// The name of the mailbox by the rule of the company.
    fn mailbox(&self) -> String {
        let words = &self.psa.lists.words;
        let (given, family) = self.name_at();
        let (given, family) = (ascii(&words.given[given]), ascii(&words.families[family]));
        match derived_below(self.owner().key, 40, 3) {
            0 => format!("{given}.{family}"),
            1 => format!("{}{family}", given.get(..1).unwrap_or("x")),
            _ => format!("{given}{}", family.get(..1).unwrap_or("x")),
        }
    }
}

/// Letters and digits as a mailbox has them.
fn ascii(text: &str) -> String {
    any_ascii::any_ascii(text).to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect()
}

/// People who are somebody of the company once more, and who that is: the same name without being a namesake.
pub(super) fn again(psa: &Psa) -> HashMap<u32, u32> {
    let mut again = HashMap::new();
    let mut first: HashMap<(usize, usize), u32> = HashMap::new();
    for account in &psa.accounts {
        first.clear();
        for person in account.people.clone().filter_map(|number| psa.person(number)) {
            if person.trouble() == PersonTrouble::Namesake {
                continue;
            }
            let known = *first.entry(person.name_at()).or_insert(person.number);
            if known != person.number {
                again.insert(person.number, known);
            }
        }
    }
    again
}

fn distort(text: &mut PersonText, trouble: PersonTrouble, nick: Option<&String>, earlier: &str) {
    match trouble {
        PersonTrouble::Nickname => {
            if let Some(nick) = nick {
                text.first = Some(nick.clone());
            }
        }
        PersonTrouble::NoFirstName => text.first = None,
        PersonTrouble::Renamed => earlier.clone_into(&mut text.last),
        PersonTrouble::Script => {
            text.first = text.first.as_deref().map(any_ascii::any_ascii);
            text.last = any_ascii::any_ascii(&text.last);
        }
        PersonTrouble::Typing => {
            let (at, double) = text.last.char_indices().nth(1).unwrap_or((0, 'e'));
            text.last.insert(at, double);
        }
        PersonTrouble::Shouted => {
            text.first = text.first.as_deref().map(|first| format!("{first} "));
            text.last = text.last.to_uppercase();
        }
        PersonTrouble::Swapped => {
            if let Some(first) = text.first.take() {
                text.first = Some(std::mem::replace(&mut text.last, first));
            }
        }
        _ => {}
    }
}
