//! Fields of a company in comparable form, and the keys that bring companies together by them.

use super::row;
use crate::matching::facts::CompanyFacts;
use crate::matching::fields::{Phone, Street, domain, place, postal_code};
use crate::matching::names::parse::{fold, parse};
use crate::matching::names::vocabulary::{Name, compact_hash};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// Fields of a company in comparable form.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    pub phone: Phone,
    pub street: Street,
    pub zip: u32,
    pub city: u32,
    pub state: u32,
    pub domain: u32,
    /// Hash of the domain's first label, to compare with a name written together.
    pub label: u64,
    pub short: u64,
    /// Number of its owner; 0 for none.
    pub owner: u32,
}

/// Tags that keep keys of different fields apart.
pub(super) const PHONE_KEY: u64 = 1 << 60;
pub(super) const STREET_KEY: u64 = 2 << 60;
const DOMAIN_KEY: u64 = 3 << 60;
const EXACT_KEY: u64 = 4 << 60;
const LABEL_KEY: u64 = 5 << 60;

pub(super) fn tagged(tag: u64, key: u64) -> u64 {
    tag | (key & (PHONE_KEY - 1))
}

pub(super) fn read_fields(company: &CompanyFacts, owners: &mut FxHashMap<String, u32>) -> Fields {
    let host = company.domain.as_deref().and_then(domain);
    let owner = company.owner.as_deref().map(|o| fold(o).trim().to_owned()).filter(|o| !o.is_empty());
    let next = row(owners.len()) + 1;
    Fields {
        phone: company.phone.as_deref().map(Phone::parse).unwrap_or_default(),
        street: company.street.as_deref().map(Street::parse).unwrap_or_default(),
        zip: postal_code(company.zip.as_deref()),
        city: place(company.city.as_deref()),
        state: place(company.state.as_deref()),
        domain: place(host.as_deref()),
        label: host.as_deref().and_then(|h| h.split('.').next()).map_or(0, |label| compact_hash(&parse(label))),
        short: company.short_name.as_deref().map_or(0, |s| compact_hash(&parse(s))),
        owner: owner.map_or(0, |name| *owners.entry(name).or_insert(next)),
    }
}

/// Keys under which telephone, street and domain are counted.
pub(super) fn field_keys(fields: &Fields) -> [u64; 3] {
    [
        tagged(PHONE_KEY, fields.phone.key()),
        tagged(STREET_KEY, fields.street.key()),
        tagged(DOMAIN_KEY, u64::from(fields.domain)),
    ]
}

pub(super) fn row_keys(facts: &CompanyFacts, fields: &Fields, name: &Name) -> Vec<u64> {
    let mut keys = vec![tagged(EXACT_KEY, u64::from(exact_hash(&facts.name)))];
    let mut add = |tag, key: u64| {
        if key != 0 {
            keys.push(tagged(tag, key));
        }
    };
    add(PHONE_KEY, fields.phone.key());
    add(STREET_KEY, fields.street.key());
    add(DOMAIN_KEY, u64::from(fields.domain));
    add(LABEL_KEY, fields.label);
    add(LABEL_KEY, fields.short);
    if fields.label != 0 || fields.short != 0 || name.tokens.len() <= 3 {
        add(LABEL_KEY, name.compact);
    }
    keys
}

fn exact_hash(name: &str) -> u32 {
    use std::hash::{Hash, Hasher};
    let mut hasher = rustc_hash::FxHasher::default();
    name.hash(&mut hasher);
    #[expect(clippy::cast_possible_truncation, reason = "half of a hash is a hash")]
    let half = (hasher.finish() >> 20) as u32;
    half
}

pub(super) fn keys_of(facts: &[CompanyFacts], fields: &[Fields], names: &[Name]) -> Vec<(u64, u32)> {
    let mut keys: Vec<(u64, u32)> = (0..facts.len())
        .into_par_iter()
        .flat_map_iter(|i| row_keys(&facts[i], &fields[i], &names[i]).into_iter().map(move |key| (key, row(i))))
        .collect();
    keys.par_sort_unstable();
    keys.dedup();
    keys
}
