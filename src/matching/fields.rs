//! Telephone numbers, addresses, domains and postal codes in forms that can be compared.

use super::names::parse::fold;
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};

/// How two values of a field stand to each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Likeness {
    /// One or both are missing.
    #[default]
    Unknown,
    /// The same.
    Same,
    /// Nearly: a digit apart, the same street.
    Near,
    /// Different.
    Differ,
}

/// A telephone number: its last ten digits, or seven where that is all there is; 0 for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Phone(u64);

impl Phone {
    /// Reads a number; extensions are left out.
    pub fn parse(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        let main = lower.split(['x', '#']).next().unwrap_or("");
        let main = main.split("ext").next().unwrap_or("");
        let digits: Vec<u64> = main.bytes().filter(u8::is_ascii_digit).map(|b| u64::from(b - b'0')).take(20).collect();
        if digits.len() < 7 || digits.iter().all(|d| *d == digits[0]) {
            return Self(0);
        }
        let keep = if digits.len() >= 10 { 10 } else { digits.len() };
        Self(digits[digits.len() - keep..].iter().fold(1, |n, d| n * 10 + d))
    }

    /// The last seven digits, the part that lists with and without area codes share; 0 for none.
    #[must_use]
    pub fn key(self) -> u64 {
        self.0 % 10_000_000
    }

    /// Compares two numbers.
    #[must_use]
    pub fn compare(self, other: Self) -> Likeness {
        if self.0 == 0 || other.0 == 0 {
            return Likeness::Unknown;
        }
        if self == other || (self.key() == other.key() && self.0.min(other.0) < 10_000_000_000) {
            return Likeness::Same;
        }
        let (a, b) = (self.0.to_string(), other.0.to_string());
        let near = if a.len() == b.len() {
            strsim::osa_distance(&a, &b) == 1
        } else {
            strsim::osa_distance(&a[a.len().saturating_sub(7)..], &b[b.len().saturating_sub(7)..]) <= 1
        };
        if near { Likeness::Near } else { Likeness::Differ }
    }
}

/// A street address: house number and the words of the street's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Street {
    number: u32,
    words: [u32; 3],
}

/// Words of addresses that do not tell streets apart: kinds of street, parts of buildings.
const STREET_KINDS: [&str; 58] = [
    "st",
    "street",
    "str",
    "ave",
    "av",
    "avenue",
    "rd",
    "road",
    "blvd",
    "bl",
    "boulevard",
    "dr",
    "drive",
    "ln",
    "lane",
    "ct",
    "court",
    "pl",
    "place",
    "sq",
    "square",
    "hwy",
    "highway",
    "pkwy",
    "parkway",
    "ter",
    "terrace",
    "way",
    "cir",
    "circle",
    "pike",
    "suite",
    "ste",
    "unit",
    "apt",
    "floor",
    "fl",
    "room",
    "rm",
    "bldg",
    "building",
    "no",
    "at",
    "between",
    "near",
    "of",
    "the",
    "and",
    "off",
    "in",
    "strasse",
    "rue",
    "calle",
    "via",
    "platz",
    "plaza",
    "box",
    "po",
];

fn direction(word: &str) -> Option<&'static str> {
    Some(match word {
        "n" | "north" => "n",
        "s" | "south" => "s",
        "e" | "east" => "e",
        "w" | "west" => "w",
        "ne" | "northeast" => "ne",
        "nw" | "northwest" => "nw",
        "se" | "southeast" => "se",
        "sw" | "southwest" => "sw",
        _ => return None,
    })
}

fn hash32(value: impl Hash) -> u32 {
    let mut hasher = FxHasher::default();
    value.hash(&mut hasher);
    #[expect(clippy::cast_possible_truncation, reason = "half of a hash is a hash")]
    let half = (hasher.finish() >> 24) as u32;
    half | 1
}

impl Street {
    /// Reads an address line.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let folded = fold(text);
        let mut street = Self::default();
        let mut filled = 0;
        let parts = folded.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
        for (i, word) in parts.take(12).enumerate() {
            let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            let numeric = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            if i == 0 && numeric {
                street.number = digits.parse().unwrap_or(0);
            } else if numeric && digits.len() == word.len() && filled > 0 || direction(word).is_some() {
                // Suite and postal numbers, and directions, do not tell streets apart.
            } else if !STREET_KINDS.contains(&word) && filled < 3 {
                let word = if numeric { digits } else { word };
                street.words[filled] = hash32(word);
                filled += 1;
            }
        }
        street
    }

    /// True when there is a street to compare.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.words[0] != 0
    }

    /// House number and street in one number, for look-up; 0 where either is missing.
    #[must_use]
    pub fn key(&self) -> u64 {
        if self.number == 0 || self.words[0] == 0 { 0 } else { u64::from(self.number) << 32 | u64::from(self.words[0]) }
    }

    /// Compares two addresses.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Likeness {
        if !self.is_known() || !other.is_known() {
            return Likeness::Unknown;
        }
        let shared = self.words.iter().any(|w| *w != 0 && other.words.contains(w));
        let number = self.number != 0 && self.number == other.number;
        match (shared, number) {
            (true, true) => Likeness::Same,
            (true, false) if self.number == 0 || other.number == 0 => Likeness::Near,
            (true, false) if self.number.abs_diff(other.number) <= 10 => Likeness::Near,
            (false, true) if self.words.iter().zip(&other.words).any(|(a, b)| a == b && *a != 0) => Likeness::Near,
            _ => Likeness::Differ,
        }
    }
}

/// A postal code, city, state or the like: a hash of its comparable form; 0 for none.
pub fn place(text: Option<&str>) -> u32 {
    let Some(text) = text.filter(|t| !t.trim().is_empty()) else { return 0 };
    let kept: String = fold(text).chars().filter(char::is_ascii_alphanumeric).collect();
    if kept.is_empty() { 0 } else { hash32(kept.as_str()) }
}

/// A postal code: the first five digits of a United States code, else all of it.
#[must_use]
pub fn postal_code(text: Option<&str>) -> u32 {
    let Some(text) = text else { return 0 };
    let base = text.trim().split('-').next().unwrap_or("");
    let us = base.len() <= 5 && base.len() >= 4 && base.bytes().all(|b| b.is_ascii_digit());
    if us { place(Some(&format!("{base:0>5}"))) } else { place(Some(text)) }
}

/// Compares two hashed values.
#[must_use]
pub fn compare_places(a: u32, b: u32) -> Likeness {
    match (a, b) {
        (0, _) | (_, 0) => Likeness::Unknown,
        _ if a == b => Likeness::Same,
        _ => Likeness::Differ,
    }
}

/// Domains of mail providers: everybody's, hence nobody's.
const SHARED_DOMAINS: [&str; 16] = [
    "gmail.com",
    "googlemail.com",
    "yahoo.com",
    "hotmail.com",
    "outlook.com",
    "live.com",
    "icloud.com",
    "me.com",
    "aol.com",
    "msn.com",
    "gmx.de",
    "gmx.net",
    "web.de",
    "t-online.de",
    "proton.me",
    "facebook.com",
];

/// The host of a web site or mail address without `www`; `None` for none and for mail providers.
#[must_use]
pub fn domain(text: &str) -> Option<String> {
    let lower = text.trim().to_ascii_lowercase();
    let host = lower.split("://").last()?.split(['/', '?', '#', ':', ' ', ',']).next()?;
    let host = host.rsplit('@').next()?.trim_start_matches("www.").trim_end_matches('.');
    let usable = host.contains('.') && host.len() >= 4 && host.len() <= 253 && !SHARED_DOMAINS.contains(&host);
    usable.then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_of_every_form() {
        let same = |a, b| Phone::parse(a).compare(Phone::parse(b));
        assert_eq!(same("212/ 319-1660", "212-319-1660"), Likeness::Same);
        assert_eq!(same("+1 (212) 319-1660 x12", "2123191660"), Likeness::Same);
        assert_eq!(same("319-1660", "212-319-1660"), Likeness::Same);
        assert_eq!(same("8473985", "8743985"), Likeness::Near);
        assert_eq!(same("5357252", "5342390"), Likeness::Differ);
        assert_eq!(same("", "5342390"), Likeness::Unknown);
    }

    #[test]
    fn streets_of_every_form() {
        let same = |a, b| Street::parse(a).compare(&Street::parse(b));
        assert_eq!(same("2712 S. Sawyer", "2712 S Sawyer Ave."), Likeness::Same);
        assert_eq!(same("638 W. 54Th Pl.", "638 West 54th Place"), Likeness::Same);
        assert_eq!(same("4425 N. Magnolia Ave", "4423 N. Magnolia"), Likeness::Near);
        assert_eq!(same("243 N. Parkside", "224 N. Central"), Likeness::Differ);
    }

    #[test]
    fn domains_are_read_from_sites_and_mail() {
        assert_eq!(domain("https://www.Example.org/x"), Some("example.org".into()));
        assert_eq!(domain("it@example.org"), Some("example.org".into()));
        assert_eq!(domain("me@gmail.com"), None);
        assert_eq!(domain("n/a"), None);
    }
}
