//! The weights with which evidence about companies adds up, and the step from weights to a probability.
//!
//! A log-linear model in the manner of Fellegi and Sunter (1969): each feature adds to the log-odds of a pair. A pair's
//! probability then weighs it against every other candidate of the same row, against the other rows that want the same
//! target, and against "none of them" (a conditional logit, `McFadden` 1974), so that a twin halves the confidence by
//! itself. The weights were estimated once over several labelled lists of different kinds together, with a penalty on
//! large weights; no list has weights of its own. `examples/quality` repeats the
//! estimation with `--fit`.

use super::fields::Likeness;
use super::names::compare::NameMatch;

/// Number of features.
pub const FEATURES: usize = 32;

/// Features by number.
pub mod feature {
    #![expect(missing_docs, reason = "the names below say it; `NAMES` says it in words")]
    pub const BIAS: usize = 0;
    pub const RATIO: usize = 1;
    pub const SURPLUS: usize = 2;
    pub const LEFT_REST: usize = 3;
    pub const RIGHT_REST: usize = 4;
    pub const NUMBERS_DIFFER: usize = 5;
    pub const NUMBER_MISSING: usize = 6;
    pub const LEGAL_SAME: usize = 7;
    pub const LEGAL_DIFFER: usize = 8;
    pub const COMPACT: usize = 9;
    pub const WHOLE: usize = 10;
    pub const SOFT: usize = 11;
    pub const QUALIFIERS: usize = 12;
    pub const HEAD: usize = 13;
    pub const CONTAINED: usize = 14;
    pub const PHONE_SAME: usize = 15;
    pub const PHONE_NEAR: usize = 16;
    pub const PHONE_DIFFER: usize = 17;
    pub const STREET_SAME: usize = 18;
    pub const STREET_NEAR: usize = 19;
    pub const STREET_DIFFER: usize = 20;
    pub const ZIP_SAME: usize = 21;
    pub const ZIP_DIFFER: usize = 22;
    pub const CITY_SAME: usize = 23;
    pub const CITY_DIFFER: usize = 24;
    pub const STATE_DIFFER: usize = 25;
    pub const DOMAIN_SAME: usize = 26;
    pub const DOMAIN_DIFFER: usize = 27;
    pub const OWNER_SAME: usize = 28;
    pub const OWNER_DIFFER: usize = 29;
    pub const NAMELESS: usize = 30;
    pub const SHORT_NAME: usize = 31;
}
use feature::{
    BIAS, CITY_DIFFER, CITY_SAME, COMPACT, CONTAINED, DOMAIN_DIFFER, DOMAIN_SAME, HEAD, LEFT_REST, LEGAL_DIFFER,
    LEGAL_SAME, NAMELESS, NUMBER_MISSING, NUMBERS_DIFFER, OWNER_DIFFER, OWNER_SAME, PHONE_DIFFER, PHONE_NEAR,
    PHONE_SAME, QUALIFIERS, RATIO, RIGHT_REST, SHORT_NAME, SOFT, STATE_DIFFER, STREET_DIFFER, STREET_NEAR, STREET_SAME,
    SURPLUS, WHOLE, ZIP_DIFFER, ZIP_SAME,
};

/// What each feature is, in words, for reports.
pub const NAMES: [&str; FEATURES] = [
    "prior",
    "share of the names' information that agrees",
    "agreeing bits beyond what the list's length asks for",
    "words only on the left",
    "words only on the right",
    "different numbers",
    "a number on one side only",
    "same legal form",
    "different legal forms",
    "same but for spaces and legal form",
    "same in everything",
    "words that agree only nearly",
    "different qualifiers",
    "same first word",
    "one name contains the other",
    "same telephone",
    "telephone a digit apart",
    "different telephone",
    "same house number and street",
    "same street or neighbouring number",
    "different street",
    "same postal code",
    "different postal code",
    "same city",
    "different city",
    "different state",
    "same domain",
    "different domain",
    "same owner",
    "different owner",
    "a name is missing",
    "name is the other's short name or domain",
];

/// The features of one pair.
pub type Features = [f32; FEATURES];

/// The weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// By feature.
    pub weights: Features,
    /// How much another left row's claim on the same target counts where several may have it.
    pub rivalry: f32,
}

impl Default for Model {
    fn default() -> Self {
        let mut weights = [0.0; FEATURES];
        for (feature, weight) in WEIGHTS {
            weights[feature] = weight;
        }

        Self { weights, rivalry: 0.3 }
    }
}

/// Estimated over all development lists together; rounded.
const WEIGHTS: [(usize, f32); FEATURES] = [
    (BIAS, -4.9),
    (RATIO, 1.6),
    (SURPLUS, 0.3),
    (LEFT_REST, -1.8),
    (RIGHT_REST, -1.0),
    (NUMBERS_DIFFER, -5.0),
    (NUMBER_MISSING, -2.0),
    (LEGAL_SAME, 0.2),
    (LEGAL_DIFFER, -1.0),
    (COMPACT, 0.8),
    (WHOLE, 1.6),
    (SOFT, -2.2),
    (QUALIFIERS, -1.5),
    (HEAD, 0.7),
    (CONTAINED, 0.8),
    (PHONE_SAME, 5.5),
    (PHONE_NEAR, 2.2),
    (PHONE_DIFFER, -1.6),
    (STREET_SAME, 6.5),
    (STREET_NEAR, 0.6),
    (STREET_DIFFER, -2.0),
    (ZIP_SAME, 1.3),
    (ZIP_DIFFER, -1.6),
    (CITY_SAME, 0.7),
    (CITY_DIFFER, -1.5),
    (STATE_DIFFER, -2.0),
    (DOMAIN_SAME, 5.0),
    (DOMAIN_DIFFER, -0.5),
    // An owner tells what its rarity says: bits as natural log-odds.
    (OWNER_SAME, 6.9),
    (OWNER_DIFFER, -4.5),
    (NAMELESS, 2.0),
    (SHORT_NAME, 2.0),
];

impl Model {
    /// The log-odds (natural) of a pair.
    #[must_use]
    pub fn log_odds(&self, features: &Features) -> f32 {
        self.weights.iter().zip(features).map(|(w, f)| w * f).sum()
    }

    /// The same model without one feature.
    #[must_use]
    pub fn without(&self, feature: usize) -> Self {
        let mut model = self.clone();
        model.weights[feature] = 0.0;
        model
    }
}

/// What the other fields of a pair say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FieldMatch {
    /// Telephone, with the rarity of an agreeing one in bits.
    pub phone: (Likeness, f32),
    /// Street, with the rarity of an agreeing one in bits.
    pub street: (Likeness, f32),
    /// Postal code.
    pub zip: Likeness,
    /// City.
    pub city: Likeness,
    /// State.
    pub state: Likeness,
    /// Domain.
    pub domain: Likeness,
    /// Probability that the owners are the same; `None` where one has none.
    pub owner: Option<f32>,
    /// Rarity of the right owner in bits: how many times as many rows the right list has as this owner.
    pub owner_bits: f32,
    /// A short name or domain spells the other's name.
    pub short_name: bool,
    /// One of the names is empty.
    pub nameless: bool,
}

fn flag(on: bool) -> f32 {
    if on { 1.0 } else { 0.0 }
}

/// The features of a pair; `bits_needed` is log2 of the number of names on the right.
#[must_use]
pub fn features(name: &NameMatch, fields: &FieldMatch, bits_needed: f32) -> Features {
    let mut f = [0.0; FEATURES];
    f[BIAS] = 1.0;
    if fields.nameless {
        f[NAMELESS] = 1.0;
    } else {
        name_features(name, bits_needed, &mut f);
    }
    field_features(fields, &mut f);
    f
}

fn name_features(name: &NameMatch, bits_needed: f32, f: &mut Features) {
    let rest = name.left_rest + name.right_rest;
    let ratio = name.agreed / (name.agreed + 0.5 * rest + name.softness).max(0.01);
    f[RATIO] = -(1.0 - ratio + 0.03).log2();
    f[SURPLUS] = (name.agreed - bits_needed).clamp(-10.0, 6.0);
    f[LEFT_REST] = name.left_rest / name.left_all.max(0.01);
    f[RIGHT_REST] = name.right_rest / name.right_all.max(0.01);
    f[NUMBERS_DIFFER] = flag(name.numbers_differ);
    f[NUMBER_MISSING] = flag(name.number_missing);
    f[LEGAL_SAME] = flag(name.legal > 0);
    f[LEGAL_DIFFER] = flag(name.legal < 0);
    f[COMPACT] = flag(name.same_compact);
    f[WHOLE] = flag(name.same_whole);
    f[SOFT] = name.softness / (name.agreed + name.softness).max(0.01);
    f[QUALIFIERS] = (name.qualifiers_differ / 8.0).min(1.0);
    f[HEAD] = flag(name.same_head);
    f[CONTAINED] = flag(name.left_rest.min(name.right_rest) < 0.5 && name.agreed > 3.0);
}

fn field_features(fields: &FieldMatch, f: &mut Features) {
    let mut three = |value: (Likeness, f32), same: usize| match value.0 {
        Likeness::Same => f[same] = value.1 / 10.0,
        Likeness::Near => f[same + 1] = 1.0,
        Likeness::Differ => f[same + 2] = 1.0,
        Likeness::Unknown => {}
    };
    three(fields.phone, PHONE_SAME);
    three(fields.street, STREET_SAME);
    f[ZIP_SAME] = flag(fields.zip == Likeness::Same);
    f[ZIP_DIFFER] = flag(fields.zip == Likeness::Differ);
    f[CITY_SAME] = flag(fields.city == Likeness::Same);
    f[CITY_DIFFER] = flag(fields.city == Likeness::Differ);
    f[STATE_DIFFER] = flag(fields.state == Likeness::Differ);
    f[DOMAIN_SAME] = flag(fields.domain == Likeness::Same);
    f[DOMAIN_DIFFER] = flag(fields.domain == Likeness::Differ);
    if let Some(p) = fields.owner {
        f[OWNER_SAME] = p * fields.owner_bits / 10.0;
        f[OWNER_DIFFER] = 1.0 - p;
    }
    f[SHORT_NAME] = flag(fields.short_name);
}
