//! The steps of a run that a full run and an engine share: votes, rows that are decided, which company follows which.

use super::companies::{self, Companies, Votes};
use super::devices::{self, CompanyMap, Devices};
use super::facts::Problem;
use super::verdict::company_verdict;
use crate::domain::{Cardinality, RecordId, Verdict};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

fn row(i: usize) -> u32 {
    u32::try_from(i).unwrap_or(u32::MAX)
}

/// Rows of a list by id.
pub type IdRows<'a> = FxHashMap<&'a str, u32>;

/// Ids of right devices that decisions took.
pub type TakenIds<'a> = FxHashSet<&'a str>;

/// Rows by id.
pub fn rows_by_id<'a>(ids: impl Iterator<Item = &'a RecordId>) -> FxHashMap<&'a str, u32> {
    (0u32..).zip(ids).map(|(i, id)| (id.as_str(), i)).collect()
}

/// For each left company the right company that its devices follow: what a person decided, or the engine's own verdict.
#[must_use]
pub fn followed(
    problem: &Problem<'_>,
    companies: &Companies<'_>,
    rows: &[Vec<companies::Scored>],
    choice: &[Option<u32>],
    rights: &IdRows<'_>,
) -> Vec<Option<u32>> {
    let follow = |i: usize| {
        if let Some(decided) = problem.known.companies.get(&problem.left_companies[i].id) {
            return decided.as_ref().and_then(|id| rights.get(id.as_str()).copied());
        }
        let verdict = company_verdict(problem, companies, i, &rows[i], choice[i]).verdict;
        let likely = problem.settings.name_alone_may_auto && verdict == Verdict::Suggest;
        (verdict == Verdict::Auto || likely).then(|| choice[i]).flatten()
    };
    (0..rows.len()).into_par_iter().map(follow).collect()
}

/// What each device's company is taken for.
#[must_use]
pub fn company_map(problem: &Problem<'_>, devices: &Devices<'_>, followed: &[Option<u32>]) -> CompanyMap {
    if problem.left_companies.is_empty() || problem.right_companies.is_empty() {
        return CompanyMap { left: vec![None; devices.left.len()], known: false };
    }
    let left = devices.left_company.iter().map(|company| followed[(*company)? as usize]).collect();
    CompanyMap { left, known: true }
}

/// The candidates of one device, without what people decided.
#[must_use]
pub fn device_row(
    problem: &Problem<'_>,
    devices: &Devices<'_>,
    map: &CompanyMap,
    taken: &TakenIds<'_>,
    i: usize,
) -> Vec<devices::Scored> {
    if !problem.known.devices.is_empty() && problem.known.devices.contains_key(&devices.left[i].id) {
        return Vec::new();
    }
    let mut scored = devices.score_row(row(i), map);
    if !taken.is_empty() {
        scored.retain(|s| !taken.contains(devices.right[s.right as usize].id.as_str()));
    }
    scored
}

/// Lets device pairs that agree on a rare identifier vote for their companies.
pub fn count_votes(companies: &mut Companies<'_>, devices: &Devices<'_>) {
    let mut here: FxHashMap<(u32, u32), u32> = FxHashMap::default();
    let mut left_found: FxHashMap<u32, u32> = FxHashMap::default();
    let mut right_found: FxHashMap<u32, u32> = FxHashMap::default();
    for (l, r) in devices.strong_pairs() {
        let (left, right) = (devices.left_company[l as usize], devices.right_company[r as usize]);
        if let (Some(left), Some(right)) = (left, right) {
            *here.entry((left, right)).or_default() += 1;
            *left_found.entry(left).or_default() += 1;
            *right_found.entry(right).or_default() += 1;
        }
    }
    let votes = |pair: (u32, u32), here: u32| Votes {
        here,
        found: left_found[&pair.0],
        right_found: right_found.get(&pair.1).copied().unwrap_or(0),
    };
    companies.votes = here.iter().map(|(&pair, &n)| (pair, votes(pair, n))).collect();
    companies.found = left_found.iter().map(|(&l, &n)| (l, Votes { here: 0, found: n, right_found: 0 })).collect();
}

/// Rows that a person decided leave the competition; with one-to-one their targets do too.
pub fn take_out_decided_companies(
    problem: &Problem<'_>,
    lefts: &IdRows<'_>,
    rights: &IdRows<'_>,
    rows: &mut [Vec<companies::Scored>],
) {
    let one_to_one = problem.settings.cardinality == Cardinality::OneToOne;
    let mut taken: FxHashSet<u32> = FxHashSet::default();
    for (left, target) in &problem.known.companies {
        if let Some(&l) = lefts.get(left.as_str()) {
            rows[l as usize].clear();
            taken.extend(target.as_ref().and_then(|t| rights.get(t.as_str())).filter(|_| one_to_one));
        }
    }
    if !taken.is_empty() {
        for row in rows.iter_mut() {
            row.retain(|s| !taken.contains(&s.right));
        }
    }
}
