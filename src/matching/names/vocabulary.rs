//! All words of two lists, numbered, with what each of them tells.
//!
//! The weight of a word is its information in bits, `-log2 p`, with `p` its share of the names of both lists (inverse
//! document frequency: Spärck Jones 1972), smoothed by what is known of names in general, so that a short list does not
//! take `energy` for a rare word.

use super::parse::{Class, Words, parse};
use super::words::WORDS;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash, Hasher};

/// A word of a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Token {
    /// Its number in the [`Vocabulary`].
    pub id: u32,
    /// What it tells in this name, in bits: less than elsewhere when the word before it lets one expect it.
    pub bits: f32,
    /// Its length in letters.
    pub length: u16,
    /// What it is in this name.
    pub class: Class,
}

/// A name ready for comparison.
#[derive(Clone, Debug, Default)]
pub struct Name {
    /// Its words.
    pub tokens: Box<[Token]>,
    /// Legal forms, as a set of group numbers.
    pub legal: u64,
    /// Hash of the words and numbers written together.
    pub compact: u64,
    /// Hash of everything, legal forms included.
    pub whole: u64,
}

/// Names that the general knowledge counts for.
const PRIOR_NAMES: f32 = 1000.0;
/// Share of names with a word that is common in general.
const COMMON_SHARE: f32 = 0.03;
/// Most that one word can tell, in bits.
const MOST_BITS: f32 = 14.0;

/// Names with a pair of words, up to which the pair may be chance or one company's own.
const CHANCE_PAIRS: u32 = 5;
/// How many names the words' own shares count for against the shares of pairs.
const SMOOTHING: f32 = 4.0;
/// Most names of both lists in which two or three letters are taken for a person's.
const OWN_LETTERS: u32 = 8;
/// Least that a word can tell, in bits.
const LEAST_BITS: f32 = 0.3;

/// The words of two lists.
#[derive(Debug, Default)]
pub struct Vocabulary {
    texts: Vec<Box<str>>,
    ids: FxHashMap<Box<str>, u32>,
    /// Names on the left with the word.
    pub left: Vec<u32>,
    /// Names on the right with the word.
    pub right: Vec<u32>,
    bits: Vec<f32>,
    letters: Vec<u32>,
}

/// Which letters a word has: a bit for each, and one for all digits.
fn letters(text: &str) -> u32 {
    text.bytes().fold(0, |set, b| set | if b.is_ascii_lowercase() { 1 << (b - b'a') } else { 1 << 26 })
}

/// The bit of [`Vocabulary::letters`] that stands for digits.
pub const DIGITS: u32 = 1 << 26;

impl Vocabulary {
    /// Reads both lists: the vocabulary and each list's names.
    #[must_use]
    pub fn read(left: &[&str], right: &[&str]) -> (Self, Vec<Name>, Vec<Name>) {
        let mut vocabulary = Self::default();
        let left_names = vocabulary.add(left, false);
        let right_names = vocabulary.add(right, true);
        vocabulary.weigh(left.len() + right.len());
        let (mut left_names, mut right_names) = (left_names, right_names);
        let pairs = vocabulary.pairs(&left_names, &right_names);
        for name in left_names.iter_mut().chain(&mut right_names) {
            vocabulary.expect(name, &pairs);
        }
        (vocabulary, left_names, right_names)
    }

    fn add(&mut self, list: &[&str], right: bool) -> Vec<Name> {
        let mut names = Vec::with_capacity(list.len());
        for chunk in list.chunks(8192) {
            let parsed: Vec<Words> = chunk.par_iter().map(|text| parse(text)).collect();
            names.extend(parsed.iter().map(|words| self.name(words, right)));
        }
        names
    }

    fn name(&mut self, words: &Words, right: bool) -> Name {
        let tokens: Box<[Token]> = words.words.iter().map(|w| self.token(w)).collect();
        for token in &tokens {
            let counts = if right { &mut self.right } else { &mut self.left };
            counts[token.id as usize] += 1;
        }
        Name { tokens, legal: words.legal, compact: compact_hash(words), whole: whole_hash(words) }
    }

    fn token(&mut self, word: &super::parse::Word) -> Token {
        let length = u16::try_from(word.text.len()).unwrap_or(u16::MAX);
        Token { id: self.number(&word.text), bits: 0.0, length, class: word.class }
    }

    fn number(&mut self, text: &str) -> u32 {
        if let Some(&id) = self.ids.get(text) {
            return id;
        }
        let id = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(text.into());
        self.letters.push(letters(text));
        self.ids.insert(text.into(), id);
        self.left.push(0);
        self.right.push(0);
        id
    }

    /// How often a word follows another, in both lists; joining words are skipped.
    fn pairs(&self, left: &[Name], right: &[Name]) -> FxHashMap<(u32, u32), u32> {
        let mut pairs: FxHashMap<(u32, u32), u32> = FxHashMap::default();
        // Of words that stand in few names no pair is frequent.
        let frequent = |id: u32| self.left[id as usize] + self.right[id as usize] > CHANCE_PAIRS;
        for name in left.iter().chain(right) {
            let mut before: Option<u32> = None;
            for token in name.tokens.iter().filter(|t| t.class != Class::Joining) {
                if let Some(before) = before.filter(|before| frequent(*before) && frequent(token.id)) {
                    *pairs.entry((before, token.id)).or_default() += 1;
                }
                before = Some(token.id);
            }
        }
        pairs
    }

    /// What each word of a name tells after the one before it: `-log2 p(word | word before)`, a bigram model with absolute
    /// discounting and the words' own shares behind it. `Center` after `Energy` tells hardly anything where half of the
    /// energies are centers.
    #[expect(clippy::cast_precision_loss, reason = "counts of records")]
    fn expect(&self, name: &mut Name, pairs: &FxHashMap<(u32, u32), u32>) {
        let mut before: Option<u32> = None;
        for token in &mut name.tokens {
            let own = self.bits(token.id);
            let seen = before.and_then(|before| Some((before, *pairs.get(&(before, token.id))?)));
            token.bits = seen.filter(|(_, pair)| *pair > CHANCE_PAIRS).map_or(own, |(before, pair)| {
                let of_before = (self.left[before as usize] + self.right[before as usize]) as f32;
                let share = ((pair - CHANCE_PAIRS) as f32 + SMOOTHING * (-own).exp2()) / (of_before + SMOOTHING);
                own.min(-share.log2()).max(LEAST_BITS)
            });
            if token.class != Class::Joining {
                before = Some(token.id);
            }
            // Letters that many names begin with are no person's.
            let names = self.left[token.id as usize] + self.right[token.id as usize];
            if token.class == Class::Initials && self.text(token.id).len() > 1 && names > OWN_LETTERS {
                token.class = Class::Word;
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of records")]
    fn weigh(&mut self, names: usize) {
        let total = names as f32 + PRIOR_NAMES;
        let weigh = |i: usize| {
            let text = &*self.texts[i];
            let prior = if WORDS.is_common(text) { COMMON_SHARE * PRIOR_NAMES } else { 0.0 };
            let short = if text.len() <= 2 { 20.0 } else { 0.0 };
            let count = (self.left[i] + self.right[i]) as f32 + prior + short;
            (total / count.max(1.0)).log2().clamp(0.1, MOST_BITS)
        };
        self.bits = (0..self.texts.len()).map(weigh).collect();
    }

    /// The word of that number.
    #[must_use]
    pub fn text(&self, id: u32) -> &str {
        &self.texts[id as usize]
    }

    /// The number of a word.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<u32> {
        self.ids.get(text).copied()
    }

    /// The letters of a word, as a set.
    #[must_use]
    pub fn letters(&self, id: u32) -> u32 {
        self.letters[id as usize]
    }

    /// What the word tells, in bits.
    #[must_use]
    pub fn bits(&self, id: u32) -> f32 {
        self.bits[id as usize]
    }

    /// How many different words there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.texts.len()
    }
}

/// Hash of the words and numbers written together; 0 for a name without any.
#[must_use]
pub fn compact_hash(words: &Words) -> u64 {
    let mut hasher = FxHasher::default();
    let mut any = false;
    for word in words.words.iter().filter(|w| matches!(w.class, Class::Word | Class::Number | Class::Initials)) {
        word.text.bytes().for_each(|b| hasher.write_u8(b));
        any = true;
    }
    if !words.again.is_empty() {
        words.again.hash(&mut hasher);
    }
    if any { hasher.finish() | 1 } else { 0 }
}

fn whole_hash(words: &Words) -> u64 {
    let mut hasher = FxHasher::default();
    for word in &words.words {
        word.text.hash(&mut hasher);
        (word.class == Class::Qualifier, word.written_otherwise).hash(&mut hasher);
    }
    (words.legal, &words.again).hash(&mut hasher);
    hasher.finish()
}
