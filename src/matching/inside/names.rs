//! A person's name as it is compared: given and family name folded, titles and degrees left out, nicknames known.

use crate::matching::names::parse::fold;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use std::sync::LazyLock;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NameFile {
    alike: Vec<Vec<String>>,
    titles: FxHashSet<String>,
    generations: Vec<String>,
    degrees: FxHashSet<String>,
    mailboxes: FxHashSet<String>,
}

/// The lists of `assets/matching/nicknames.toml`.
pub struct Names {
    /// Given name → the rows of names alike that it stands in.
    alike: FxHashMap<String, Vec<u16>>,
    titles: FxHashSet<String>,
    generations: FxHashMap<String, u8>,
    degrees: FxHashSet<String>,
    mailboxes: FxHashSet<String>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let file: NameFile = toml::from_str(include_str!("../../../assets/matching/nicknames.toml"))
        .expect("a unit test parses the embedded file");
    Names::new(file)
});

impl Names {
    fn new(file: NameFile) -> Self {
        let mut alike: FxHashMap<String, Vec<u16>> = FxHashMap::default();
        for (row, names) in (0u16..).zip(file.alike) {
            for name in names {
                alike.entry(name).or_default().push(row);
            }
        }
        // "junior" is "jr", "senior" is "sr".
        let number = |(at, word): (u8, String)| match word.as_str() {
            "junior" => (word, 0),
            "senior" => (word, 1),
            _ => (word, at),
        };
        let generations = (0u8..).zip(file.generations).map(number).collect();
        Self { alike, titles: file.titles, generations, degrees: file.degrees, mailboxes: file.mailboxes }
    }
}

/// A mailbox of a function, not of a person.
pub fn is_mailbox(local: &str) -> bool {
    NAMES.mailboxes.contains(local)
}

/// A name as it is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// Given names.
    pub first: Vec<String>,
    /// What the person is called instead, where the name says so: `Robert (Bob)`.
    pub called: Option<String>,
    /// Family names.
    pub last: Vec<String>,
    /// Junior, senior, the third.
    pub generation: Option<u8>,
    /// Given and family name are written apart, and both are there.
    pub whole: bool,
}

/// How the given names, or the family names, of two people stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// The same.
    Same,
    /// One is known to be used for the other.
    Nickname,
    /// The one begins with the other, or has more names.
    Part,
    /// The one is the initial of the other.
    Initial,
    /// A slip apart.
    Slip,
    /// One or both are missing.
    Missing,
    /// Different.
    Differ,
}

fn words(text: &str) -> Vec<String> {
    // What stands inside a word (O'Brien) belongs to it.
    let folded = fold(text).replace(['\'', '`', '.'], "");
    let parts = folded.split(|c: char| !c.is_ascii_alphanumeric());
    parts.filter(|w| !w.is_empty()).take(8).map(str::to_owned).collect()
}

/// The text without what stands in brackets or quotes, and the first word of that.
fn called(text: &str) -> (String, Option<String>) {
    let Some(from) = text.find(['(', '"', '“']) else { return (text.to_owned(), None) };
    let open = text[from..].chars().next().map_or(1, char::len_utf8);
    let behind = &text[from + open..];
    let (inside, after) = behind.split_once([')', '"', '”']).unwrap_or((behind, ""));
    (format!("{} {after}", &text[..from]), words(inside).into_iter().next())
}

impl Name {
    /// Reads a name that a vendor gives in two fields; from the display name where both are empty.
    pub fn read(first: &str, last: &str, shown: &str) -> Self {
        if first.trim().is_empty() && last.trim().is_empty() {
            return Self { whole: false, ..Self::of_shown(shown) };
        }
        let (first, called) = called(first);
        let mut name = Self { first: words(&first), called, last: words(last), ..Self::default() };
        name.tidy();
        name.whole = !name.first.is_empty() && !name.last.is_empty();
        name
    }

    /// `Ann Lee`, `Lee, Ann`.
    fn of_shown(shown: &str) -> Self {
        let (shown, called) = called(shown);
        let mut name = match shown.split_once(',') {
            Some((last, first)) => Self { first: words(first), last: words(last), called, ..Self::default() },
            None => {
                let mut all = words(&shown);
                let last = all.pop().into_iter().collect();
                Self { first: all, last, called, ..Self::default() }
            }
        };
        name.tidy();
        name
    }

    fn tidy(&mut self) {
        while self.first.len() > 1 && NAMES.titles.contains(&self.first[0]) {
            self.first.remove(0);
        }
        for list in [&mut self.last, &mut self.first] {
            while list.len() > 1
                && let Some(word) = list.last()
            {
                if let Some(generation) = NAMES.generations.get(word) {
                    self.generation = Some(*generation);
                } else if !NAMES.degrees.contains(word) {
                    break;
                }
                list.pop();
            }
        }
    }

    /// Given names written together.
    pub fn given(&self) -> String {
        self.first.concat()
    }

    /// Family names written together.
    pub fn family(&self) -> String {
        self.last.concat()
    }
}

fn is_slip(a: &str, b: &str) -> bool {
    let shorter = a.len().min(b.len());
    let most = if shorter >= 9 { 2 } else { usize::from(shorter >= 4) };
    most > 0 && a.len().abs_diff(b.len()) <= most && strsim::osa_distance(a, b) <= most
}

fn are_alike(a: &str, b: &str) -> bool {
    let rows = |name: &str| NAMES.alike.get(name).map_or(&[][..], Vec::as_slice);
    rows(a).iter().any(|row| rows(b).contains(row))
}

/// Compares given names.
pub fn compare_first(left: &Name, right: &Name) -> Likeness {
    let (Some(l), Some(r)) = (left.first.first(), right.first.first()) else { return Likeness::Missing };
    if left.given() == right.given() {
        return Likeness::Same;
    }
    let is_called = |name: &Name, other: &str| name.called.as_deref() == Some(other);
    if l != r && are_alike(l, r) || is_called(left, r) || is_called(right, l) {
        return Likeness::Nickname;
    }
    let (short, long) = if l.len() <= r.len() { (l, r) } else { (r, l) };
    if short.len() == 1 && long.len() > 1 && long.starts_with(short.as_str()) {
        return Likeness::Initial;
    }
    // A second given name more, or a short form that begins the long one.
    if l == r || short.len() >= 3 && long.starts_with(short.as_str()) {
        return Likeness::Part;
    }
    if is_slip(l, r) { Likeness::Slip } else { Likeness::Differ }
}

/// Compares family names.
pub fn compare_last(left: &Name, right: &Name) -> Likeness {
    let (l, r) = (left.family(), right.family());
    if l.is_empty() || r.is_empty() {
        return Likeness::Missing;
    }
    if l == r {
        return Likeness::Same;
    }
    let (few, many) =
        if left.last.len() <= right.last.len() { (&left.last, &right.last) } else { (&right.last, &left.last) };
    if few.len() < many.len() && few.iter().all(|word| many.contains(word)) {
        return Likeness::Part;
    }
    let (short, long) = if l.len() <= r.len() { (&l, &r) } else { (&r, &l) };
    if short.len() == 1 && long.starts_with(short.as_str()) {
        return Likeness::Initial;
    }
    if is_slip(&l, &r) { Likeness::Slip } else { Likeness::Differ }
}

/// Given and family name changed places.
pub fn are_swapped(left: &Name, right: &Name) -> bool {
    !left.first.is_empty() && !left.last.is_empty() && left.given() == right.family() && left.family() == right.given()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(a: &str, b: &str) -> Likeness {
        compare_first(&Name::read(a, "x", ""), &Name::read(b, "x", ""))
    }

    fn last(a: &str, b: &str) -> Likeness {
        compare_last(&Name::read("x", a, ""), &Name::read("x", b, ""))
    }

    #[test]
    fn given_names() {
        use Likeness::{Differ, Initial, Missing, Nickname, Part, Same, Slip};
        for (a, b, wanted) in [
            ("JOSÉ ", "Jose", Same),
            ("Robert", "Bob", Nickname),
            ("Robert (Bobby-Joe)", "Bobby", Nickname),
            ("William", "Liam", Nickname),
            ("Christoph", "Chris", Part),
            ("Mary Ann", "Mary", Part),
            ("J.", "John", Initial),
            ("Jonh", "John", Slip),
            ("Dr. Eva", "Eva", Same),
            ("", "Eva", Missing),
            ("Anna", "Peter", Differ),
            ("Al", "Bo", Differ),
        ] {
            assert_eq!(first(a, b), wanted, "{a} {b}");
            assert_eq!(first(b, a), wanted, "{b} {a}");
        }
    }

    #[test]
    fn family_names() {
        use Likeness::{Differ, Part, Same, Slip};
        for (a, b, wanted) in [
            ("O'Brien", "OBRIEN", Same),
            ("Müller", "Muller", Same),
            ("Smith-Jones", "Smith Jones", Same),
            ("Smith-Jones", "Smith", Part),
            ("Smith Jr.", "Smith", Same),
            ("Smith, MD", "Smith", Same),
            ("Garcia", "Garica", Slip),
            ("Lee", "Leo", Differ),
        ] {
            assert_eq!(last(a, b), wanted, "{a} {b}");
            assert_eq!(last(b, a), wanted, "{b} {a}");
        }
        assert_ne!(Name::read("John", "Smith Jr", "").generation, Name::read("John", "Smith III", "").generation);
        assert_eq!(Name::read("John", "Smith Junior", "").generation, Name::read("John", "Smith Jr.", "").generation);
    }

    #[test]
    fn shown_names_are_split() {
        let lee = Name::read("", "", "Lee, Ann");
        assert_eq!((lee.given().as_str(), lee.family().as_str()), ("ann", "lee"));
        assert_eq!(Name::read("", "", "Ann Lee").family(), "lee");
        assert!(!Name::read("", "", "Ann Lee").whole && Name::read("Ann", "Lee", "").whole);
        assert!(Name::read("", "", "").last.is_empty());
        assert!(are_swapped(&Name::read("Lee", "Ann", ""), &Name::read("Ann", "Lee", "")));
    }
}
