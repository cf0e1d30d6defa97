//! What two records have in common, and how often their values are found in the two companies.

use crate::domain::{Evidence, EvidenceKind};
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash, Hasher};

/// One thing that speaks for a pair or against it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piece {
    /// What kind of fact.
    pub kind: EvidenceKind,
    /// Its weight in bits.
    pub bits: f32,
    /// In a few words.
    pub note: &'static str,
}

/// Two records beside each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pair {
    /// What speaks for the pair and against it.
    pub pieces: Vec<Piece>,
    /// The whole key agrees.
    pub whole: bool,
    /// Why the pair is not automatic although it may be right.
    pub doubt: Option<&'static str>,
    /// What says that these are two: a person decides.
    pub conflict: Option<&'static str>,
}

impl Pair {
    /// Notes what speaks for or against it.
    pub fn add(&mut self, kind: EvidenceKind, bits: f32, note: &'static str) {
        self.pieces.push(Piece { kind, bits, note });
    }

    /// Notes why it is not automatic; the first reason stays.
    pub fn doubt(&mut self, why: &'static str) {
        self.doubt.get_or_insert(why);
    }

    /// All of it, bits; without what speaks for any two records of one company.
    #[must_use]
    pub fn bits(&self) -> f32 {
        self.pieces.iter().map(|p| p.bits).sum()
    }

    /// In words, strongest first.
    #[must_use]
    pub fn evidence(&self) -> Vec<Evidence> {
        let of = |p: &Piece| Evidence { kind: p.kind, bits: p.bits, rarity: None, note: p.note.to_owned() };
        let mut list: Vec<Evidence> = self.pieces.iter().map(of).collect();
        list.sort_by(|a, b| b.bits.abs().total_cmp(&a.bits.abs()).then(a.kind.cmp(&b.kind)));
        list
    }
}

/// How many records of each side of a company have a value.
#[derive(Clone, Debug, Default)]
pub struct Counts(FxHashMap<u64, (u32, u32)>);

impl Counts {
    /// Counts a record of the left (or right) side.
    pub(super) fn add(&mut self, hash: u64, right: bool) {
        let (l, r) = self.0.entry(hash).or_default();
        *(if right { r } else { l }) += 1;
    }

    /// Records of the left and of the right with that value.
    #[must_use]
    pub fn of(&self, hash: u64) -> (u32, u32) {
        self.0.get(&hash).copied().unwrap_or_default()
    }

    /// Several of one side have it: it tells nobody from the others.
    #[must_use]
    pub fn is_shared(&self, hash: u64) -> bool {
        let (l, r) = self.of(hash);
        l > 1 || r > 1
    }
}

/// A value's hash, apart from those of other kinds of values.
pub fn hash_of(kind: u8, value: impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    (kind, value).hash(&mut hasher);
    hasher.finish()
}
