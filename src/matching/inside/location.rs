//! Locations: the whole address inside the company, with name and telephone beside it.

use super::pair::hash_of;
use super::places::{Likeness, Place};
use super::{Counts, Inside, Key, Pair};
use crate::domain::{EvidenceKind, Location, RecordId, Timestamp};
use crate::matching::fields::Phone;
use crate::matching::names::parse::fold;

/// What the matcher reads of a location; each part of the address as the vendor writes it, empty where unknown.
#[derive(Clone, Debug, PartialEq)]
pub struct LocationFacts {
    /// The vendor's id.
    pub id: RecordId,
    /// The company.
    pub company: Option<RecordId>,
    /// Name as the vendor shows it.
    pub name: Box<str>,
    /// Street and number.
    pub street: Box<str>,
    /// Floor, suite, building.
    pub street2: Box<str>,
    /// City.
    pub city: Box<str>,
    /// State, region or province, by name or code.
    pub region: Box<str>,
    /// Postal code.
    pub zip: Box<str>,
    /// Country, by name or code.
    pub country: Box<str>,
    /// Telephone.
    pub phone: Phone,
    /// When the vendor created it.
    pub created: Option<Timestamp>,
    /// Put away.
    pub archived: bool,
}

impl LocationFacts {
    /// A location of which only id, company, name and street are known.
    pub fn new(id: impl Into<RecordId>, company: impl Into<RecordId>, name: &str, street: &str) -> Self {
        Self {
            id: id.into(),
            company: Some(company.into()),
            name: name.into(),
            street: street.into(),
            street2: Box::default(),
            city: Box::default(),
            region: Box::default(),
            zip: Box::default(),
            country: Box::default(),
            phone: Phone::default(),
            created: None,
            archived: false,
        }
    }
}

impl From<&Location> for LocationFacts {
    fn from(location: &Location) -> Self {
        let address = &location.address;
        Self {
            id: (&location.id).into(),
            company: location.company.as_ref().map(Into::into),
            name: location.name.as_str().into(),
            street: address.street.as_str().into(),
            street2: address.street2.as_str().into(),
            city: address.city.as_str().into(),
            region: address.state.as_str().into(),
            zip: address.zip.as_str().into(),
            country: address.country.as_str().into(),
            phone: location.phone.as_deref().map(Phone::parse).unwrap_or_default(),
            created: location.created,
            archived: location.archived,
        }
    }
}

/// A location as it is compared.
#[derive(Clone, Debug)]
pub struct Read {
    place: Place,
    name: String,
    phone: Phone,
}

/// Kinds of values.
mod kind {
    pub const LINE: u8 = 10;
    pub const NUMBER: u8 = 11;
    pub const NAME: u8 = 12;
    pub const PHONE: u8 = 13;
    pub const STREET: u8 = 14;
}

/// Weights in bits.
mod bits {
    pub const STREET: f32 = 10.0;
    pub const STREET_NEAR: f32 = 5.0;
    pub const STREET_DIFFERS: f32 = -5.0;
    pub const PART: f32 = 2.0;
    pub const PART_MISSING: f32 = -1.0;
    pub const PART_DIFFERS: f32 = -6.0;
    pub const CITY: f32 = 2.0;
    pub const CITY_DIFFERS: f32 = -4.0;
    pub const ZIP: f32 = 2.0;
    pub const ZIP_DIFFERS: f32 = -3.0;
    pub const REGION_DIFFERS: f32 = -3.0;
    pub const COUNTRY_DIFFERS: f32 = -4.0;
    pub const NAME: f32 = 4.0;
    pub const NAME_ALIKE: f32 = 2.0;
    pub const NAME_DIFFERS: f32 = -0.5;
    pub const PHONE: f32 = 3.0;
}

/// Likeness of names (Jaro–Winkler) from which they are alike.
const ALIKE: f64 = 0.9;

impl Inside for LocationFacts {
    type Read = Read;

    const PRIOR: f32 = -4.0;

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
        let place = Place::read([&self.street, &self.street2, &self.city, &self.region, &self.zip, &self.country]);
        let name = fold(&self.name).chars().filter(char::is_ascii_alphanumeric).collect();
        Read { place, name, phone: self.phone }
    }

    fn keys(read: &Read, put: &mut dyn FnMut(Key)) {
        if let Some((number, street)) = read.place.line() {
            put(Key { hash: hash_of(kind::LINE, (number, street, &read.place.parts)), whole: true });
            put(Key { hash: hash_of(kind::NUMBER, number), whole: false });
        }
        let mut weak = |hash| put(Key { hash, whole: false });
        if !read.place.street.is_empty() {
            weak(hash_of(kind::STREET, &read.place.street));
        }
        if !read.name.is_empty() {
            weak(hash_of(kind::NAME, read.name.as_str()));
        }
        if read.phone.key() != 0 {
            weak(hash_of(kind::PHONE, read.phone.key()));
        }
    }

    fn values(read: &Read, put: &mut dyn FnMut(u64)) {
        if read.phone.key() != 0 {
            put(hash_of(kind::PHONE, read.phone.key()));
        }
    }

    fn compare(left: &Read, right: &Read, counts: &Counts) -> Pair {
        let mut pair = Pair::default();
        let street = street_of(&mut pair, &left.place, &right.place);
        let rest = rest_of(&mut pair, &left.place, &right.place);
        pair.whole = street && rest;
        name_of(&mut pair, &left.name, &right.name);
        if left.phone.key() != 0 && left.phone.key() == right.phone.key() {
            let shared = counts.is_shared(hash_of(kind::PHONE, left.phone.key()));
            pair.add(EvidenceKind::Phone, if shared { 0.5 } else { bits::PHONE }, "phone");
        }
        pair
    }
}

/// Street and part of the building; true when they are the same.
fn street_of(pair: &mut Pair, left: &Place, right: &Place) -> bool {
    let mut add = |bits, note, doubt: &'static str| {
        pair.add(EvidenceKind::Address, bits, note);
        if !doubt.is_empty() {
            pair.doubt(doubt);
        }
    };
    let street = left.compare_street(right);
    match street {
        Likeness::Same => add(bits::STREET, "street and number", ""),
        Likeness::Near => add(bits::STREET_NEAR, "nearly the street", "street only nearly the same"),
        Likeness::Differ => add(bits::STREET_DIFFERS, "another street", "another street"),
        Likeness::Missing | Likeness::Unknown => add(0.0, "no street to compare", "no street to compare"),
    }
    let part = left.compare_parts(right);
    match part {
        Likeness::Same => add(bits::PART, "suite or floor", ""),
        Likeness::Near => add(0.0, "suite or floor in part", "suite or floor not whole"),
        Likeness::Missing => {
            add(bits::PART_MISSING, "suite or floor on one side only", "suite or floor on one side only");
        }
        Likeness::Differ => add(bits::PART_DIFFERS, "another suite or floor", "another suite or floor"),
        Likeness::Unknown => {}
    }
    street == Likeness::Same && matches!(part, Likeness::Same | Likeness::Unknown)
}

/// City, region, postal code, country; true when enough is there and nothing differs.
fn rest_of(pair: &mut Pair, left: &Place, right: &Place) -> bool {
    let mut add = |bits, note, doubt: &'static str| {
        pair.add(EvidenceKind::Address, bits, note);
        if !doubt.is_empty() {
            pair.doubt(doubt);
        }
    };
    let (city, zip) = (left.compare_city(right), left.compare_zip(right));
    let (region, country) = (left.compare_region(right), left.compare_country(right));
    match city {
        Likeness::Same => add(bits::CITY, "city", ""),
        Likeness::Near => add(bits::CITY / 2.0, "city a slip apart", "city a slip apart"),
        Likeness::Differ => add(bits::CITY_DIFFERS, "another city", "another city"),
        Likeness::Missing | Likeness::Unknown => {}
    }
    match zip {
        Likeness::Same => add(bits::ZIP, "postal code", ""),
        Likeness::Differ => add(bits::ZIP_DIFFERS, "another postal code", "another postal code"),
        _ => {}
    }
    if region == Likeness::Differ {
        add(bits::REGION_DIFFERS, "another state", "another state");
    }
    if country == Likeness::Differ {
        add(bits::COUNTRY_DIFFERS, "another country", "another country");
    }
    let placed = zip == Likeness::Same || region == Likeness::Same || country == Likeness::Same;
    let whole = city == Likeness::Same && placed && pair.doubt.is_none();
    if !whole {
        pair.doubt("the address is not whole");
    }
    whole
}

fn name_of(pair: &mut Pair, left: &str, right: &str) {
    if left.is_empty() || right.is_empty() {
        return;
    }
    if left == right {
        pair.add(EvidenceKind::Name, bits::NAME, "name");
    } else if strsim::jaro_winkler(left, right) >= ALIKE || left.contains(right) || right.contains(left) {
        pair.add(EvidenceKind::Name, bits::NAME_ALIKE, "name, nearly");
    } else {
        pair.add(EvidenceKind::Name, bits::NAME_DIFFERS, "another name");
    }
}
