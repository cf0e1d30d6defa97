//! Owners above rows that are sites, plants or branches: compared as companies of their own.

use super::{Companies, compete, fields::Fields, row};
use crate::matching::facts::{CompanyFacts, Known, Settings};
use rustc_hash::FxHashMap;

/// Owners of both lists and how likely they are the same.
#[derive(Debug, Default)]
pub(super) struct Owners {
    /// Probability that two owners are one, by their numbers.
    pub pairs: FxHashMap<(u32, u32), f32>,
    /// Likely owners on the right, by the number of one on the left.
    pub by_left: FxHashMap<u32, Vec<u32>>,
    /// Right rows of an owner.
    pub right_rows: FxHashMap<u32, Vec<u32>>,
}

/// Numbers of owners' names, from 1.
#[derive(Default)]
pub(super) struct OwnerIds {
    /// On the left.
    pub left: FxHashMap<String, u32>,
    /// On the right.
    pub right: FxHashMap<String, u32>,
}

impl OwnerIds {
    /// Compares the owners of both lists as companies of their own.
    pub fn compare(&self, right_fields: &[Fields], settings: &Settings) -> Owners {
        let mut owners = Owners::default();
        if self.left.is_empty() || self.right.is_empty() {
            return owners;
        }
        let list = |ids: &FxHashMap<String, u32>| {
            let mut names: Vec<(&String, &u32)> = ids.iter().collect();
            names.sort_unstable_by_key(|e| *e.1);
            names.into_iter().map(|(name, _)| CompanyFacts::new(name.as_str(), name.clone())).collect::<Vec<_>>()
        };
        let (left, right) = (list(&self.left), list(&self.right));
        let known = Known::default();
        let companies = Companies::new(&left, &right, &known, settings);
        let mut rows = companies.score();
        compete(&mut rows, right.len(), 0.0);
        for (i, scored) in rows.iter().enumerate() {
            for s in scored {
                // Several records of one owner do not take from each other: each is as much the owner as the name says.
                let alone = 1.0 / (1.0 + (-s.log_odds).exp());
                let same = s.probability.max(0.8 * alone);
                if same < 0.02 {
                    continue;
                }
                owners.pairs.insert((row(i) + 1, s.right + 1), same);
                if same > 0.2 {
                    owners.by_left.entry(row(i) + 1).or_default().push(s.right + 1);
                }
            }
        }
        for (i, fields) in right_fields.iter().enumerate().filter(|(_, f)| f.owner != 0) {
            owners.right_rows.entry(fields.owner).or_default().push(row(i));
        }
        owners
    }
}
