//! Contacts: first and last name inside the company, with email, telephone and title beside it.

use super::names::{self, Likeness, Name};
use super::pair::hash_of;
use super::{Counts, Inside, Key, Pair};
use crate::domain::{Contact, EvidenceKind, RecordId, Timestamp};
use crate::matching::fields::Phone;

/// What the matcher reads of a contact. Kept small: many live in memory at once.
#[derive(Clone, Debug, PartialEq)]
pub struct ContactFacts {
    /// The vendor's id.
    pub id: RecordId,
    /// The company.
    pub company: Option<RecordId>,
    /// Display name.
    pub name: Box<str>,
    /// Given name.
    pub first: Box<str>,
    /// Family name.
    pub last: Box<str>,
    /// Job title.
    pub title: Option<Box<str>>,
    /// Email addresses, the main one first.
    pub emails: Box<[Box<str>]>,
    /// Telephone numbers that can be read.
    pub phones: Box<[Phone]>,
    /// When the vendor created it.
    pub created: Option<Timestamp>,
    /// Left, or put away.
    pub archived: bool,
}

impl ContactFacts {
    /// A contact of which only id, company and names are known.
    pub fn new(id: impl Into<RecordId>, company: impl Into<RecordId>, first: &str, last: &str) -> Self {
        Self {
            id: id.into(),
            company: Some(company.into()),
            name: format!("{first} {last}").trim().into(),
            first: first.into(),
            last: last.into(),
            title: None,
            emails: Box::default(),
            phones: Box::default(),
            created: None,
            archived: false,
        }
    }
}

impl From<&Contact> for ContactFacts {
    fn from(contact: &Contact) -> Self {
        let phones = contact.phones.iter().map(|p| Phone::parse(p)).filter(|p| p.key() != 0);
        let emails = contact.emails.iter().map(|e| e.trim()).filter(|e| e.contains('@'));
        Self {
            id: (&contact.id).into(),
            company: contact.company.as_ref().map(Into::into),
            name: contact.name.as_str().into(),
            first: contact.first_name.as_str().into(),
            last: contact.last_name.as_str().into(),
            title: contact.title.as_deref().filter(|t| !t.trim().is_empty()).map(Into::into),
            emails: emails.map(Into::into).collect(),
            phones: phones.collect(),
            created: contact.created,
            archived: contact.archived,
        }
    }
}

/// An email address as it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Email {
    hash: u64,
    domain: u64,
    /// Of a function (`info@`), not of a person.
    general: bool,
}

impl Email {
    fn read(text: &str) -> Option<Self> {
        let lower = text.trim().to_lowercase();
        let (local, domain) =
            lower.rsplit_once('@').filter(|(local, domain)| !local.is_empty() && !domain.is_empty())?;
        Some(Self {
            hash: hash_of(kind::EMAIL, lower.as_str()),
            domain: hash_of(kind::EMAIL, domain),
            general: names::is_mailbox(local),
        })
    }
}

/// A contact as it is compared.
#[derive(Clone, Debug)]
pub struct Read {
    name: Name,
    emails: Vec<Email>,
    phones: Vec<Phone>,
    title: u64,
}

/// Kinds of values.
mod kind {
    pub const NAME: u8 = 1;
    pub const FAMILY: u8 = 2;
    pub const EMAIL: u8 = 3;
    pub const PHONE: u8 = 4;
    pub const TITLE: u8 = 5;
    pub const GIVEN: u8 = 6;
}

/// Weights in bits.
mod bits {
    pub const WHOLE: f32 = 15.0;
    pub const SWAPPED: f32 = 12.0;
    pub const NICKNAME: f32 = 10.0;
    pub const PART: f32 = 9.0;
    pub const SLIP: f32 = 9.0;
    pub const INITIAL: f32 = 7.0;
    pub const FAMILY: f32 = 4.0;
    pub const GIVEN: f32 = 1.0;
    pub const OTHER: f32 = -6.0;
    pub const EMAIL: f32 = 13.0;
    pub const EMAIL_SHARED: f32 = 2.0;
    pub const EMAIL_DIFFERS: f32 = -1.5;
    pub const MAILBOX_DIFFERS: f32 = -5.0;
    pub const PHONE: f32 = 6.0;
    pub const PHONE_SHARED: f32 = 1.0;
    pub const PHONE_DIFFERS: f32 = -1.0;
    pub const TITLE: f32 = 1.0;
}

impl Inside for ContactFacts {
    type Read = Read;

    const PRIOR: f32 = -6.0;

    fn id(&self) -> &RecordId {
        &self.id
    }

    fn company(&self) -> Option<&RecordId> {
        self.company.as_ref()
    }

    fn created(&self) -> Option<Timestamp> {
        self.created
    }

    fn is_retired(&self) -> bool {
        self.archived
    }

    fn read(&self) -> Read {
        let mut emails: Vec<Email> = Vec::with_capacity(self.emails.len());
        for email in self.emails.iter().filter_map(|e| Email::read(e)) {
            if !emails.contains(&email) {
                emails.push(email);
            }
        }
        let mut phones = self.phones.to_vec();
        phones.sort_unstable();
        phones.dedup();
        let title = self.title.as_deref().map(|t| t.trim().to_lowercase()).filter(|t| !t.is_empty());
        Read {
            name: Name::read(&self.first, &self.last, &self.name),
            emails,
            phones,
            title: title.map_or(0, |t| hash_of(kind::TITLE, t)),
        }
    }

    fn keys(read: &Read, put: &mut dyn FnMut(Key)) {
        let mut weak = |hash| put(Key { hash, whole: false });
        let (given, family) = (read.name.given(), read.name.family());
        for word in &read.name.last {
            weak(hash_of(kind::FAMILY, word.as_str()));
        }
        // Swapped names, and a slip in the family name.
        for word in &read.name.first {
            weak(hash_of(kind::FAMILY, word.as_str()));
        }
        if let (Some(first), Some(letter)) = (read.name.first.first(), family.chars().next()) {
            weak(hash_of(kind::GIVEN, (first.as_str(), letter)));
        }
        read.emails.iter().for_each(|e| weak(e.hash));
        read.phones.iter().for_each(|p| weak(hash_of(kind::PHONE, p.key())));
        if read.name.whole {
            put(Key { hash: hash_of(kind::NAME, (given, family)), whole: true });
        }
    }

    fn values(read: &Read, put: &mut dyn FnMut(u64)) {
        read.emails.iter().for_each(|e| put(e.hash));
        read.phones.iter().for_each(|p| put(hash_of(kind::PHONE, p.key())));
    }

    fn compare(left: &Read, right: &Read, counts: &Counts) -> Pair {
        let mut pair = Pair::default();
        names_of(&mut pair, &left.name, &right.name);
        let email = emails_of(&mut pair, left, right, counts);
        let phone = phones_of(&mut pair, left, right, counts);
        if left.title != 0 && left.title == right.title {
            pair.add(EvidenceKind::Title, bits::TITLE, "job title");
        }
        if email != Some(true) && phone == Some(false) {
            pair.doubt("another phone, and no email says who it is");
        }
        pair
    }
}

fn names_of(pair: &mut Pair, left: &Name, right: &Name) {
    let first = names::compare_first(left, right);
    let last = names::compare_last(left, right);
    let mut add = |bits, note, doubt: &'static str| {
        pair.add(EvidenceKind::Name, bits, note);
        if !doubt.is_empty() {
            pair.doubt(doubt);
        }
    };
    match (first, last) {
        (Likeness::Same, Likeness::Same) => {
            add(bits::WHOLE, "first and last name", "");
            pair.whole = left.whole && right.whole;
            if !pair.whole {
                pair.doubt("the name is not given in two parts");
            }
            if left.generation != right.generation {
                pair.add(EvidenceKind::Name, bits::OTHER, "junior and senior");
                pair.doubt("another generation");
            }
        }
        _ if names::are_swapped(left, right) => add(bits::SWAPPED, "names swapped", "first and last name swapped"),
        (Likeness::Nickname, Likeness::Same) => add(bits::NICKNAME, "nickname and last name", "a nickname"),
        (Likeness::Part, Likeness::Same) => {
            add(bits::PART, "part of the first name, last name", "first names not whole");
        }
        (Likeness::Slip, Likeness::Same) => add(bits::SLIP, "last name, first name a slip apart", "a slip apart"),
        (Likeness::Initial, Likeness::Same) => add(bits::INITIAL, "initial and last name", "only an initial"),
        (Likeness::Missing, Likeness::Same) => add(bits::FAMILY, "last name", "no first name"),
        (Likeness::Same | Likeness::Nickname, Likeness::Slip) => {
            add(bits::SLIP, "first name, last name a slip apart", "a slip apart");
        }
        (Likeness::Same | Likeness::Nickname, Likeness::Part) => {
            add(bits::PART, "first name, part of the last name", "last names not whole");
        }
        (Likeness::Same | Likeness::Nickname, Likeness::Initial) => {
            add(bits::INITIAL, "first name, initial of the last", "only an initial");
        }
        (Likeness::Same | Likeness::Nickname, Likeness::Missing) => add(bits::FAMILY, "first name", "no last name"),
        (Likeness::Same | Likeness::Nickname, Likeness::Differ) => {
            add(bits::GIVEN, "first name, another last name", "another last name");
        }
        (Likeness::Missing, _) | (_, Likeness::Missing) => add(0.0, "no name to compare", "no name to compare"),
        _ => add(bits::OTHER, "another name", "another name"),
    }
}

/// Whether emails say that it is the same person (or that it is not); `None` when they say nothing.
fn emails_of(pair: &mut Pair, left: &Read, right: &Read, counts: &Counts) -> Option<bool> {
    let same = |e: &&Email| right.emails.iter().any(|o| o.hash == e.hash);
    if let Some(email) = left.emails.iter().filter(same).min_by_key(|e| (e.general, counts.is_shared(e.hash))) {
        let shared = email.general || counts.is_shared(email.hash);
        if shared {
            pair.add(EvidenceKind::Email, bits::EMAIL_SHARED, "email of several");
        } else {
            pair.add(EvidenceKind::Email, bits::EMAIL, "email");
        }
        return (!shared).then_some(true);
    }
    let own = |read: &Read| -> Vec<Email> { read.emails.iter().filter(|e| !e.general).cloned().collect() };
    let (l, r) = (own(left), own(right));
    // The address is somebody else's in the other system.
    let elsewhere = l.iter().any(|e| counts.of(e.hash).1 > 0) || r.iter().any(|e| counts.of(e.hash).0 > 0);
    if elsewhere {
        pair.conflict = Some("its email is another person's there");
    }
    if l.is_empty() || r.is_empty() {
        return elsewhere.then_some(false);
    }
    // Within one domain a person has one mailbox.
    if l.iter().any(|a| r.iter().any(|b| a.domain == b.domain)) {
        pair.add(EvidenceKind::Email, bits::MAILBOX_DIFFERS, "another mailbox of the same domain");
        pair.doubt("another mailbox of the same domain");
        return Some(false);
    }
    pair.add(EvidenceKind::Email, bits::EMAIL_DIFFERS, "another email");
    elsewhere.then_some(false)
}

/// The same for telephones; those of several people say little.
fn phones_of(pair: &mut Pair, left: &Read, right: &Read, counts: &Counts) -> Option<bool> {
    if left.phones.is_empty() || right.phones.is_empty() {
        return None;
    }
    let hash = |p: &Phone| hash_of(kind::PHONE, p.key());
    let same = |p: &&Phone| right.phones.iter().any(|o| o.key() == p.key());
    let common: Vec<&Phone> = left.phones.iter().filter(same).collect();
    if common.is_empty() {
        pair.add(EvidenceKind::Phone, bits::PHONE_DIFFERS, "another phone");
        return Some(false);
    }
    if common.iter().all(|p| counts.is_shared(hash(p))) {
        pair.add(EvidenceKind::Phone, bits::PHONE_SHARED, "phone of several");
        None
    } else {
        pair.add(EvidenceKind::Phone, bits::PHONE, "phone");
        Some(true)
    }
}
