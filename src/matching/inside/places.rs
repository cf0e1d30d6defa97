//! An address as it is compared: house number, street, part of the building, city, region, postal code, country; each
//! in one form whatever abbreviations were used.

use crate::matching::fields::postal_code;
use crate::matching::names::parse::fold;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use std::sync::LazyLock;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlaceFile {
    streets: Vec<Vec<String>>,
    directions: Vec<Vec<String>>,
    units: Vec<String>,
    floors: Vec<String>,
    buildings: Vec<String>,
    ordinals: Vec<Vec<String>>,
    regions: Vec<Vec<String>>,
    countries: Vec<Vec<String>>,
}

/// What the number beside a word counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Suite, unit, room.
    Unit,
    /// Floor.
    Floor,
    /// Building.
    Building,
}

struct Places {
    /// Word → the form kept.
    streets: FxHashMap<String, String>,
    directions: FxHashMap<String, String>,
    parts: FxHashMap<String, Part>,
    ordinals: FxHashMap<String, String>,
    /// Name or code → the rows that it stands in.
    regions: FxHashMap<String, Vec<u16>>,
    countries: FxHashMap<String, Vec<u16>>,
}

static PLACES: LazyLock<Places> = LazyLock::new(|| {
    let file: PlaceFile = toml::from_str(include_str!("../../../assets/matching/places.toml"))
        .expect("a unit test parses the embedded file");
    let kept = |rows: Vec<Vec<String>>| {
        let each = |row: Vec<String>| {
            let kept = row[0].clone();
            row.into_iter().map(move |word| (word, kept.clone()))
        };
        rows.into_iter().flat_map(each).collect()
    };
    let rows = |rows: Vec<Vec<String>>| {
        let mut found: FxHashMap<String, Vec<u16>> = FxHashMap::default();
        for (at, row) in (0u16..).zip(rows) {
            for name in row {
                found.entry(name).or_default().push(at);
            }
        }
        found
    };
    let part = |words: Vec<String>, part: Part| words.into_iter().map(move |word| (word, part));
    Places {
        streets: kept(file.streets),
        directions: kept(file.directions),
        parts: part(file.units, Part::Unit)
            .chain(part(file.floors, Part::Floor))
            .chain(part(file.buildings, Part::Building))
            .collect(),
        ordinals: kept(file.ordinals),
        regions: rows(file.regions),
        countries: rows(file.countries),
    }
});

/// How two parts of addresses stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// Neither is there, or one is written in a form that cannot be compared.
    Unknown,
    /// One is missing.
    Missing,
    /// The same.
    Same,
    /// Nearly: a slip, a word more.
    Near,
    /// Different.
    Differ,
}

/// An address as it is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// House number, as far as there is one.
    pub number: String,
    /// Words of the street's name.
    pub street: Vec<String>,
    /// Kinds of street and directions, sorted.
    kinds: Vec<String>,
    /// Suite, floor, building with their numbers, sorted.
    pub parts: Vec<(Part, String)>,
    city: String,
    region: Vec<u16>,
    region_text: String,
    zip: u32,
    country: Vec<u16>,
}

fn kept(text: &str) -> String {
    fold(text).chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The text with single spaces and without punctuation.
fn plain(text: &str) -> String {
    let folded = fold(text);
    folded.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ")
}

impl Place {
    /// Reads an address; each part as the vendor writes it, empty where unknown.
    pub fn read([street, street2, city, region, zip, country]: [&str; 6]) -> Self {
        let mut place =
            Self { city: kept(city), zip: postal_code(Some(zip).filter(|z| !z.trim().is_empty())), ..Self::default() };
        place.read_line(street, false);
        place.read_line(street2, true);
        place.parts.sort_unstable();
        place.parts.dedup();
        place.kinds.sort_unstable();
        place.kinds.dedup();
        let rows = |map: &FxHashMap<String, Vec<u16>>, text: &str| map.get(text).cloned().unwrap_or_default();
        place.region_text = plain(region);
        place.region = rows(&PLACES.regions, &place.region_text);
        place.country = rows(&PLACES.countries, &plain(country));
        place
    }

    fn read_line(&mut self, line: &str, second: bool) {
        let folded = fold(line).replace('#', " no ").replace(['.', '\''], "");
        let parts = folded.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let words: Vec<&str> = parts.map(|w| w.trim_matches('-')).filter(|w| !w.is_empty()).take(16).collect();
        let mut at = 0;
        while at < words.len() {
            at += self.read_word(&words[at..], at == 0, second);
        }
    }

    /// Reads a word, or a word with the number that belongs to it; returns how many were read.
    fn read_word(&mut self, words: &[&str], first: bool, second: bool) -> usize {
        let word = words[0];
        let next = words.get(1).copied();
        let numbered = |w: &str| w.chars().any(|c| c.is_ascii_digit()) || w.len() == 1;
        let ordinal = |w: &str| PLACES.ordinals.get(w).cloned();
        // "Suite 4", "Floor 3".
        if let (Some(&part), Some(number)) = (PLACES.parts.get(word), next)
            && (numbered(number) || (part == Part::Floor && ordinal(number).is_some()))
        {
            self.parts.push((part, ordinal(number).unwrap_or_else(|| number.to_owned())));
            return 2;
        }
        // "3rd Floor".
        if let (Some(number), Some(Part::Floor)) = (ordinal(word), next.and_then(|n| PLACES.parts.get(n)).copied()) {
            self.parts.push((Part::Floor, number));
            return 2;
        }
        // "54th" is a street, "12" and "12a" are houses.
        let is_number = word.starts_with(|c: char| c.is_ascii_digit())
            && (ordinal(word).is_none() || word.bytes().all(|b| b.is_ascii_digit()))
            && !["st", "nd", "rd", "th"].iter().any(|end| word.ends_with(end));
        if second && first && words.len() == 1 && is_number {
            // A bare number in the second line.
            self.parts.push((Part::Unit, word.to_owned()));
        } else if is_number && self.number.is_empty() && (first || words.len() == 1) {
            // "12 Main Street", "Hauptstrasse 5".
            word.clone_into(&mut self.number);
        } else if let Some(direction) = PLACES.directions.get(word) {
            self.kinds.push(direction.clone());
        } else if word == "st" && self.street.is_empty() && next.is_some() {
            // "St Mary's Road": a saint, not a street.
            self.street.push("saint".to_owned());
        } else if let Some(kind) = PLACES.streets.get(word) {
            self.kinds.push(kind.clone());
        } else {
            let word = if second { word.to_owned() } else { word.replace("strase", "strasse") };
            let long = word.strip_suffix("str").filter(|w| w.len() > 2).map(|w| format!("{w}strasse"));
            self.street.push(long.unwrap_or(word));
        }
        1
    }

    /// House number and street, for look-up; `None` where either is missing.
    pub fn line(&self) -> Option<(&str, &[String])> {
        (!self.number.is_empty() && !self.street.is_empty()).then_some((&self.number, &self.street))
    }

    /// Compares house number and street.
    pub fn compare_street(&self, other: &Self) -> Likeness {
        match (self.street.is_empty(), other.street.is_empty()) {
            (true, true) => return Likeness::Unknown,
            (false, false) => {}
            _ => return Likeness::Missing,
        }
        let number = self.number == other.number;
        if self.street == other.street {
            let kinds = self.kinds == other.kinds;
            // A kind or direction that one side leaves out is no other street; two different ones are.
            let fewer = self.kinds.iter().all(|k| other.kinds.contains(k))
                || other.kinds.iter().all(|k| self.kinds.contains(k));
            return match (number, kinds, fewer) {
                (true, true, _) if !self.number.is_empty() => Likeness::Same,
                (true, _, true) => Likeness::Near,
                _ => Likeness::Differ,
            };
        }
        let (l, r) = (self.street.concat(), other.street.concat());
        let most = if l.len().min(r.len()) >= 9 { 2 } else { usize::from(l.len().min(r.len()) >= 4) };
        let slip = most > 0 && l.len().abs_diff(r.len()) <= most && strsim::osa_distance(&l, &r) <= most;
        let within = self.street.iter().all(|w| other.street.contains(w))
            || other.street.iter().all(|w| self.street.contains(w));
        if number && (slip || within) { Likeness::Near } else { Likeness::Differ }
    }

    /// Compares the part of the building.
    pub fn compare_parts(&self, other: &Self) -> Likeness {
        match (self.parts.is_empty(), other.parts.is_empty()) {
            (true, true) => Likeness::Unknown,
            (false, false) if self.parts == other.parts => Likeness::Same,
            (false, false) => {
                let within = |a: &Self, b: &Self| a.parts.iter().all(|p| b.parts.contains(p));
                if within(self, other) || within(other, self) { Likeness::Near } else { Likeness::Differ }
            }
            _ => Likeness::Missing,
        }
    }

    /// Compares cities.
    pub fn compare_city(&self, other: &Self) -> Likeness {
        let (l, r) = (&self.city, &other.city);
        match (l.is_empty(), r.is_empty()) {
            (true, true) => Likeness::Unknown,
            (true, false) | (false, true) => Likeness::Missing,
            _ if l == r => Likeness::Same,
            _ if l.len().min(r.len()) >= 5 && strsim::osa_distance(l, r) == 1 => Likeness::Near,
            _ => Likeness::Differ,
        }
    }

    /// Compares postal codes.
    pub fn compare_zip(&self, other: &Self) -> Likeness {
        match (self.zip, other.zip) {
            (0, 0) => Likeness::Unknown,
            (0, _) | (_, 0) => Likeness::Missing,
            (a, b) if a == b => Likeness::Same,
            _ => Likeness::Differ,
        }
    }

    /// Compares regions; those in a form that is not known say nothing.
    pub fn compare_region(&self, other: &Self) -> Likeness {
        if self.region_text.is_empty() || other.region_text.is_empty() {
            return Likeness::Unknown;
        }
        if self.region_text == other.region_text || self.region.iter().any(|r| other.region.contains(r)) {
            return Likeness::Same;
        }
        if self.region.is_empty() || other.region.is_empty() { Likeness::Unknown } else { Likeness::Differ }
    }

    /// Compares countries; those in a form that is not known say nothing.
    pub fn compare_country(&self, other: &Self) -> Likeness {
        if self.country.is_empty() || other.country.is_empty() {
            return Likeness::Unknown;
        }
        if self.country.iter().any(|c| other.country.contains(c)) { Likeness::Same } else { Likeness::Differ }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn street(a: &str, b: &str) -> Likeness {
        let read = |line| Place::read([line, "", "", "", "", ""]);
        assert_eq!(read(a).compare_street(&read(b)), read(b).compare_street(&read(a)), "{a} {b}");
        read(a).compare_street(&read(b))
    }

    #[test]
    fn streets_in_every_form() {
        use Likeness::{Differ, Near, Same};
        for (a, b, wanted) in [
            ("12 Main Street", "12 MAIN ST. ", Same),
            ("638 W. 54th Pl.", "638 West 54th Place", Same),
            ("1 St. Mary's Rd", "1 St Marys Road", Same),
            ("Hauptstr. 5", "Hauptstraße 5", Same),
            ("12 Main Street", "12 Main", Near),
            ("12 Main Street", "12 Main Avenue", Differ),
            ("12 N Main St", "12 S Main St", Differ),
            ("12 Harbour Lane", "12 Haarbour Lane", Near),
            ("12 Main Street", "14 Main Street", Differ),
            ("12 Main Street", "12 Oak Street", Differ),
            ("Industrial Park", "Industrial Park", Near),
        ] {
            assert_eq!(street(a, b), wanted, "{a} {b}");
        }
    }

    #[test]
    fn parts_of_buildings() {
        use Likeness::{Differ, Missing, Near, Same, Unknown};
        let read = |one, two| Place::read([one, two, "", "", "", ""]);
        for (a, b, wanted) in [
            (("12 Main St, Suite 4", ""), ("12 Main St", "Ste. 4"), Same),
            (("12 Main St #4", ""), ("12 Main St", "4"), Same),
            (("12 Main St", "3rd Floor"), ("12 Main St", "Floor 3"), Same),
            (("12 Main St", "Suite 4"), ("12 Main St", "Suite 5"), Differ),
            (("12 Main St", "Suite 4"), ("12 Main St", ""), Missing),
            (("12 Main St", "Floor 3, Suite 4"), ("12 Main St", "Suite 4"), Near),
            (("12 Main St", ""), ("12 Main St", ""), Unknown),
        ] {
            assert_eq!(read(a.0, a.1).compare_parts(&read(b.0, b.1)), wanted, "{a:?} {b:?}");
            assert_eq!(read(a.0, a.1).compare_street(&read(b.0, b.1)), Same, "{a:?} {b:?}");
        }
    }

    #[test]
    fn regions_and_countries_by_name_or_code() {
        let read = |region, country| Place::read(["", "", "", region, "", country]);
        let (texas, code) = (read("Texas", "United States"), read("TX", "USA"));
        assert_eq!((texas.compare_region(&code), texas.compare_country(&code)), (Likeness::Same, Likeness::Same));
        let other = read("Ohio", "Canada");
        assert_eq!((texas.compare_region(&other), texas.compare_country(&other)), (Likeness::Differ, Likeness::Differ));
        let strange = read("82", "Atlantis");
        assert_eq!(
            (texas.compare_region(&strange), texas.compare_country(&strange)),
            (Likeness::Unknown, Likeness::Unknown)
        );
    }
}
