//! Pairs that a person refused, by row.

use rustc_hash::FxHashSet;

/// Refused pairs of two lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusals {
    pairs: FxHashSet<(u32, u32)>,
    left: FxHashSet<u32>,
}

impl FromIterator<(u32, u32)> for Refusals {
    fn from_iter<I: IntoIterator<Item = (u32, u32)>>(pairs: I) -> Self {
        let pairs: FxHashSet<(u32, u32)> = pairs.into_iter().collect();
        Self { left: pairs.iter().map(|pair| pair.0).collect(), pairs }
    }
}

impl Refusals {
    /// The pair was refused.
    #[must_use]
    pub fn holds(&self, left: u32, right: u32) -> bool {
        !self.pairs.is_empty() && self.pairs.contains(&(left, right))
    }

    /// A pair of this left row was refused.
    #[must_use]
    pub fn concern(&self, left: u32) -> bool {
        self.left.contains(&left)
    }

    /// Left rows of pairs that one of the two has and the other has not.
    #[must_use]
    pub fn differing(&self, other: &Self) -> Vec<u32> {
        self.pairs.symmetric_difference(&other.pairs).map(|pair| pair.0).collect()
    }
}

/// How an explanation names a refusal.
pub const REFUSED: &str = "a person refused this pair";
/// How it names the refusal of another candidate of the row.
pub const REFUSED_ANOTHER: &str = "a person refused another";
/// What is said where nothing is left after refusals.
pub const REFUSED_ALL: &str = "a person refused what is like it";
