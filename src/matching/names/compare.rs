//! Two names side by side: which words agree, which are left over, what contradicts.
//!
//! Words are aligned in steps, surest first: the same word; words written together; initials; abbreviations and typing
//! errors (optimal string alignment distance). What remains speaks against the pair by the information it carries
//! (soft TF-IDF, Cohen, Ravikumar and Fienberg 2003, with Fellegi–Sunter weights instead of a cosine).

use super::distance::distance;
use super::parse::Class;
use super::vocabulary::{DIGITS, Name, Token, Vocabulary};
use smallvec::SmallVec;

/// How two words or groups of words agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// The same word.
    Same,
    /// Written together on one side.
    Together,
    /// Initials on one side.
    Initials,
    /// Abbreviated on one side.
    Abbreviated,
    /// A typing error apart.
    Typing,
}

/// What a comparison found.
#[expect(clippy::struct_excessive_bools, reason = "each is a finding of its own, and all combinations occur")]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NameMatch {
    /// Bits of the words that agree.
    pub agreed: f32,
    /// Bits of the words only on the left.
    pub left_rest: f32,
    /// Bits of the words only on the right.
    pub right_rest: f32,
    /// Bits of all words on the left.
    pub left_all: f32,
    /// Bits of all words on the right.
    pub right_all: f32,
    /// Bits lost because words agree only nearly.
    pub softness: f32,
    /// Both have a number that the other has not.
    pub numbers_differ: bool,
    /// One has a number where the other has none.
    pub number_missing: bool,
    /// Both have legal forms: 1 the same, -1 different; 0 where one has none.
    pub legal: i8,
    /// Bits of the qualifiers that are left over on both sides.
    pub qualifiers_differ: f32,
    /// The first words agree.
    pub same_head: bool,
    /// The same but for spaces and legal forms.
    pub same_compact: bool,
    /// The same in everything that is read.
    pub same_whole: bool,
}

/// One step of an alignment, for explanations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// How they agree.
    pub how: Agreement,
    /// Word on the left, by position.
    pub left: usize,
    /// Word on the right, by position.
    pub right: usize,
    /// How well, 0–1.
    pub quality: f32,
}

type Used = SmallVec<[f32; 24]>;

/// The work of one comparison.
struct Alignment<'a> {
    words: &'a Vocabulary,
    left: &'a [Token],
    right: &'a [Token],
    /// Quality with which each word is taken; 0 for a free one.
    left_used: Used,
    right_used: Used,
    steps: SmallVec<[Step; 24]>,
}

/// Compares two names of one vocabulary.
#[must_use]
pub fn compare(left: &Name, right: &Name, words: &Vocabulary) -> NameMatch {
    align(left, right, words).summary(left, right)
}

/// The steps of the comparison, for an explanation.
#[must_use]
pub fn steps(left: &Name, right: &Name, words: &Vocabulary) -> Vec<Step> {
    align(left, right, words).steps.to_vec()
}

fn align<'a>(left: &'a Name, right: &'a Name, words: &'a Vocabulary) -> Alignment<'a> {
    let mut work = Alignment {
        words,
        left: &left.tokens,
        right: &right.tokens,
        left_used: SmallVec::from_elem(0.0, left.tokens.len()),
        right_used: SmallVec::from_elem(0.0, right.tokens.len()),
        steps: SmallVec::new(),
    };
    work.same();
    if work.left_used.contains(&0.0) && work.right_used.contains(&0.0) {
        work.together();
        work.initials();
        work.similar();
    }
    work
}

impl Alignment<'_> {
    fn take(&mut self, how: Agreement, left: usize, right: usize, quality: f32) {
        self.left_used[left] = quality;
        self.right_used[right] = quality;
        self.steps.push(Step { how, left, right, quality });
    }

    fn same(&mut self) {
        for i in 0..self.left.len() {
            let id = self.left[i].id;
            if let Some(j) = self.right.iter().position(|t| t.id == id) {
                self.take(Agreement::Same, i, j, 1.0);
            }
        }
    }

    /// A word of one side is several neighbouring words of the other.
    fn together(&mut self) {
        for i in 0..self.left.len() {
            if self.left_used[i] == 0.0
                && let Some((from, to, quality)) = run_of(self.words, self.left[i], self.right, &self.right_used)
            {
                (from..to).for_each(|j| self.take(Agreement::Together, i, j, quality));
            }
        }
        for j in 0..self.right.len() {
            if self.right_used[j] == 0.0
                && let Some((from, to, quality)) = run_of(self.words, self.right[j], self.left, &self.left_used)
            {
                (from..to).for_each(|i| self.take(Agreement::Together, i, j, quality));
            }
        }
    }

    /// A short word of one side spells the first letters of words of the other.
    fn initials(&mut self) {
        for i in 0..self.left.len() {
            if self.left_used[i] == 0.0
                && let Some(run) = spelled_by(self.words, self.left[i], self.right, &self.right_used)
            {
                let quality = initials_quality(self.left[i], run.iter().map(|&j| self.right[j].bits).sum());
                run.iter().for_each(|&j| self.take(Agreement::Initials, i, j, quality));
            }
        }
        for j in 0..self.right.len() {
            if self.right_used[j] == 0.0
                && let Some(run) = spelled_by(self.words, self.right[j], self.left, &self.left_used)
            {
                let quality = initials_quality(self.right[j], run.iter().map(|&i| self.left[i].bits).sum());
                run.iter().for_each(|&i| self.take(Agreement::Initials, i, j, quality));
            }
        }
    }

    /// Abbreviations and typing errors among what is left, best first.
    fn similar(&mut self) {
        let mut found: SmallVec<[(f32, usize, usize, Agreement); 8]> = SmallVec::new();
        for (i, l) in self.left.iter().enumerate() {
            if self.left_used[i] > 0.0 || !is_text(*l) {
                continue;
            }
            for (j, r) in self.right.iter().enumerate() {
                if self.right_used[j] > 0.0 || !is_text(*r) {
                    continue;
                }
                // Three slips change six letters at most; an abbreviation's letters are all in the word.
                let (a, b) = (self.words.letters(l.id), self.words.letters(r.id));
                if ((a ^ b).count_ones() > 6 && a & b != a && a & b != b) || (a | b) & DIGITS != 0 {
                    continue;
                }
                if let Some((quality, how)) = alike(self.words.text(l.id), self.words.text(r.id)) {
                    let quality = quality * self.doubt(*l, *r, how);
                    found.push((quality, i, j, how));
                }
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
        for (quality, i, j, how) in found {
            if self.left_used[i] == 0.0 && self.right_used[j] == 0.0 {
                self.take(how, i, j, quality);
            }
        }
    }

    /// What is left of a likeness when each word also stands in the other list as it is: then the two are more likely two
    /// words than one written in two ways. And no more of a word can agree than its abbreviation's letters tell.
    fn doubt(&self, left: Token, right: Token, how: Agreement) -> f32 {
        let both = self.words.right[left.id as usize] > 0 && self.words.left[right.id as usize] > 0;
        match how {
            Agreement::Abbreviated => {
                let (short, long) = if left.length < right.length { (left, right) } else { (right, left) };
                let told = BITS_PER_LETTER * f32::from(short.length) / long.bits.max(0.1);
                told.min(1.0) * if both { 0.7 } else { 1.0 }
            }
            _ if both => 0.85,
            _ => 1.0,
        }
    }

    fn summary(&self, left: &Name, right: &Name) -> NameMatch {
        let mut found = NameMatch {
            legal: if left.legal == 0 || right.legal == 0 {
                0
            } else if left.legal & right.legal != 0 {
                1
            } else {
                -1
            },
            same_compact: left.compact == right.compact && left.compact != 0,
            same_whole: left.whole == right.whole,
            ..NameMatch::default()
        };
        let mut l = side(self.left, &self.left_used);
        let mut r = side(self.right, &self.right_used);
        // Initials that only one side has say little; others on the other side say that it is another person's name.
        let weight = if l.initials > 0.0 && r.initials > 0.0 { 1.0 } else { INITIALS_MISSING };
        l.rest += weight * l.initials;
        r.rest += weight * r.initials;
        found.agreed = 0.5 * (l.agreed + r.agreed);
        (found.left_rest, found.right_rest) = (l.rest, r.rest);
        (found.left_all, found.right_all) = (l.agreed + l.rest + l.soft, r.agreed + r.rest + r.soft);
        found.softness = 0.5 * (l.soft + r.soft);
        found.numbers_differ = l.number && r.number;
        found.number_missing = l.number != r.number;
        found.qualifiers_differ = l.qualifier.min(r.qualifier);
        let head = |tokens: &[Token], used: &Used| {
            tokens.iter().zip(used).find(|(t, _)| matches!(t.class, Class::Word | Class::Number)).map(|(_, &u)| u)
        };
        let first = |tokens: &[Token]| tokens.iter().position(|t| matches!(t.class, Class::Word | Class::Number));
        let heads = (first(self.left), first(self.right));
        found.same_head = head(self.left, &self.left_used).is_some_and(|u| u > 0.0)
            && head(self.right, &self.right_used).is_some_and(|u| u > 0.0)
            && self.steps.iter().any(|s| Some(s.left) == heads.0 && Some(s.right) == heads.1);
        found
    }
}

/// Share of their information that initials tell when the other side has none.
const INITIALS_MISSING: f32 = 0.15;

/// One side of a comparison, in bits.
#[derive(Default)]
struct Side {
    agreed: f32,
    rest: f32,
    soft: f32,
    qualifier: f32,
    initials: f32,
    number: bool,
}

fn side(tokens: &[Token], used: &Used) -> Side {
    let mut sum = Side::default();
    for (token, &quality) in tokens.iter().zip(used) {
        let bits = token.bits;
        if quality > 0.0 {
            let weight = if token.class == Class::Joining { 0.1 } else { 1.0 };
            sum.agreed += weight * bits * quality;
            sum.soft += weight * bits * (1.0 - quality);
            continue;
        }
        match token.class {
            Class::Word => sum.rest += bits,
            Class::Number => {
                sum.rest += 0.5 * bits;
                sum.number = true;
            }
            Class::Code => sum.rest += 0.1 * bits,
            Class::Qualifier => {
                sum.rest += 0.06 * bits;
                sum.qualifier += bits;
            }
            Class::Initials => sum.initials += bits,
            Class::Joining => sum.rest += 0.02 * bits,
        }
    }
    sum
}

fn is_text(token: Token) -> bool {
    matches!(token.class, Class::Word | Class::Qualifier)
}

/// How well letters stand for the words whose first letters they are, given what those words tell: no more can agree than
/// the letters tell, each for itself and all of them as the word that they are in the lists.
fn initials_quality(letters: Token, words: f32) -> f32 {
    let most = (BITS_PER_LETTER * f32::from(letters.length)).min(letters.bits);
    (most / words.max(0.1)).min(0.8)
}

/// What one letter tells that agrees, in bits: first letters are far from evenly spread.
const BITS_PER_LETTER: f32 = 4.0;

/// The run of two to five neighbouring words that, written together, is `word` (one slip allowed in a long one). At least
/// one of the run must be free; words taken by a weaker claim stay with their first partner.
fn run_of(words: &Vocabulary, word: Token, others: &[Token], used: &Used) -> Option<(usize, usize, f32)> {
    let text = words.text(word.id);
    if text.len() < 4 || !is_text(word) {
        return None;
    }
    for from in 0..others.len() {
        if used[from] > 0.0 {
            continue;
        }
        let first = words.text(others[from].id).as_bytes();
        if first[0] != text.as_bytes()[0]
            || first.len() >= text.len()
            || !text.as_bytes().starts_with(&first[..first.len().min(2)])
        {
            continue;
        }
        let mut joined: SmallVec<[u8; 64]> = SmallVec::new();
        for to in from..others.len().min(from + 6) {
            if used[to] > 0.0 {
                break;
            }
            joined.extend_from_slice(words.text(others[to].id).as_bytes());
            if joined.len() > text.len() + 2 {
                break;
            }
            if to == from {
                continue;
            }
            if joined.as_slice() == text.as_bytes() {
                return Some((from, to + 1, 0.97));
            }
            // The plural's ending fell away from the last word only.
            if joined.len() + 1 == text.len() && text.as_bytes().starts_with(&joined)
                || text.len() + 1 == joined.len() && joined.starts_with(text.as_bytes())
            {
                return Some((from, to + 1, 0.93));
            }
            if text.len() >= 9 && distance(&joined, text.as_bytes(), 1) == Some(1) {
                return Some((from, to + 1, 0.85));
            }
        }
    }
    None
}

/// Positions of free neighbouring words whose first letters `word` spells (joining words may be skipped).
fn spelled_by(words: &Vocabulary, word: Token, others: &[Token], used: &Used) -> Option<SmallVec<[usize; 8]>> {
    let text = words.text(word.id).as_bytes();
    if !(2..=6).contains(&text.len()) || !matches!(word.class, Class::Word | Class::Qualifier | Class::Initials) {
        return None;
    }
    for from in 0..others.len() {
        let mut run: SmallVec<[usize; 8]> = SmallVec::new();
        for (j, other) in others.iter().enumerate().skip(from) {
            if run.len() == text.len() {
                break;
            }
            let first = words.text(other.id).as_bytes()[0];
            let free = used[j] == 0.0 || other.class == Class::Joining;
            if free && first == text[run.len()] && words.text(other.id).len() > 1 {
                run.push(j);
            } else if other.class != Class::Joining {
                break;
            }
        }
        if run.len() == text.len() && run.iter().any(|&j| used[j] == 0.0) {
            return Some(run);
        }
    }
    None
}

/// How two different words agree: abbreviation or typing error, with a quality of 0–1.
pub fn alike(a: &str, b: &str) -> Option<(f32, Agreement)> {
    let (short, long) = if a.len() <= b.len() { (a.as_bytes(), b.as_bytes()) } else { (b.as_bytes(), a.as_bytes()) };
    if short.is_empty() || short.iter().chain(long).any(u8::is_ascii_digit) {
        return None;
    }
    let typing = typing_quality(short, long);
    let cut =
        if short.len() + 2 <= long.len() && short[0] == long[0] { abbreviation_quality(short, long) } else { None };
    match (typing, cut) {
        (Some(slip), Some(cut)) if cut > slip => Some((cut, Agreement::Abbreviated)),
        (Some(slip), _) => Some((slip, Agreement::Typing)),
        (None, Some(cut)) => Some((cut, Agreement::Abbreviated)),
        (None, None) => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "lengths of words")]
fn typing_quality(short: &[u8], long: &[u8]) -> Option<f32> {
    let gap = long.len() - short.len();
    let allowed = match short.len() {
        0..=3 => return None,
        4..=7 => 1,
        8..=12 => 2,
        _ => 3,
    };
    if gap > allowed {
        return None;
    }
    let distance = distance(short, long, allowed)?;
    let same_first = short[0] == long[0];
    let loss = 1.3 * distance as f32 / long.len() as f32 + if same_first { 0.0 } else { 0.2 };
    (loss < 0.55).then_some(1.0 - loss)
}

#[expect(clippy::cast_precision_loss, reason = "lengths of words")]
fn abbreviation_quality(short: &[u8], long: &[u8]) -> Option<f32> {
    if long.starts_with(short) {
        return match short.len() {
            1 => Some(0.45),
            2 => Some(0.55),
            n => Some((0.6 + 0.3 * n as f32 / long.len() as f32).min(0.85)),
        };
    }
    if short.len() < 3 {
        return None;
    }
    let mut rest = short.iter().peekable();
    for b in long {
        if rest.peek() == Some(&b) {
            rest.next();
        }
    }
    let vowels = short[1..].iter().filter(|b| b"aeiou".contains(b)).count();
    let ends_alike = short.last() == long.last() || long.last() == Some(&b'y');
    (rest.peek().is_none() && vowels * 3 <= short.len() && ends_alike && long.len() <= short.len() * 4).then_some(0.65)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matched(a: &str, b: &str) -> NameMatch {
        let (words, left, right) = Vocabulary::read(&[a], &[b]);
        compare(&left[0], &right[0], &words)
    }

    #[test]
    fn what_people_write_differently_agrees() {
        for (a, b) in [
            ("North301Solar", "North 301 Solar"),
            ("WASHINGTONTRUSTBANCORP", "Washington Trust Bancorp Inc"),
            ("Tri-State G & T Assn, Inc", "Tri-State Generation and Transmission Association, Inc."),
            ("Public Service Co of NM", "Public Service Company of New Mexico"),
            ("Northhern Oil & Gas", "NORTHERN OIL & GAS, INC."),
            ("Connecticut Light and Power Company, The", "Connecticut Light & Power Co"),
            ("Acme (MSP)", "Acme Inc"),
        ] {
            let m = matched(a, b);
            assert!(m.agreed > 4.0 * (m.left_rest + m.right_rest), "{a} / {b}: {m:?}");
        }
    }

    #[test]
    fn numbers_contradict() {
        assert!(matched("Churchill Capital Corp IX", "Churchill Capital Corp X").numbers_differ);
        assert!(matched("Teddy Bear VI", "Teddy Bear 5").numbers_differ);
        assert!(!matched("Teddy Bear VI", "Teddy Bear 6").numbers_differ);
        assert!(matched("Acquisition Corp", "Acquisition Corp II").number_missing);
    }

    #[test]
    fn comparing_is_symmetric() {
        for (a, b) in
            [("Tri-State G & T", "Tristate Generation and Transmission"), ("J M", "J M Smucker Co"), ("", "x")]
        {
            let (one, two) = (matched(a, b), matched(b, a));
            assert!((one.agreed - two.agreed).abs() < 1e-4, "{a} / {b}");
            assert!((one.left_rest - two.right_rest).abs() < 1e-4, "{a} / {b}");
        }
    }

    #[test]
    fn different_short_words_stay_different() {
        assert_eq!(alike("ba", "bb"), None);
        assert_eq!(alike("301", "302"), None);
        assert!(alike("mgmt", "management").is_some());
        assert!(alike("therapeutic", "theraputic").is_some_and(|(q, _)| q > 0.8));
    }
}
