//! The world's only source of chance: everything comes from the seed, in a fixed order.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A seeded source of choices.
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The source for one purpose. Purposes have separate streams, so that one growing leaves the others alone.
    #[must_use]
    pub fn new(seed: u64, purpose: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(purpose);
        Self(rng)
    }

    /// A number below `limit` (0 where `limit` is 0).
    pub fn below(&mut self, limit: usize) -> usize {
        if limit == 0 { 0 } else { self.0.random_range(0..limit) }
    }

    /// True in `per_mille` of 1,000 cases.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        self.0.random_range(0..1000) < per_mille
    }

    /// One of them; the list must not be empty.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// The position of a weight, in proportion to it.
    pub fn weighted(&mut self, weights: impl Iterator<Item = u32> + Clone) -> usize {
        let total: u32 = weights.clone().sum();
        let mut at = self.0.random_range(0..total.max(1));
        for (index, weight) in weights.enumerate() {
            if at < weight {
                return index;
            }
            at -= weight;
        }
        0
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.random()
    }

    /// 128 random bits.
    pub fn wide_bits(&mut self) -> u128 {
        self.0.random()
    }

    /// A number from 0 to 1.
    pub fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// A text of `length` characters of an alphabet of ASCII.
    pub fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(*self.pick(alphabet))).collect()
    }
}

/// A number that belongs to a key and a purpose: the same each time it is asked, without being stored.
#[must_use]
pub fn derived(key: u64, purpose: u64) -> u64 {
    let mut z = key.wrapping_add(purpose.wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Like [`derived`], below a limit.
#[must_use]
pub fn derived_below(key: u64, purpose: u64, limit: u64) -> u64 {
    derived(key, purpose) % limit.max(1)
}
