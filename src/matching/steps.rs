//! The steps that a full run and an incremental one share: votes, rows that are decided, which company follows which,
//! which candidate each row gets.

use super::choose;
use super::companies::{self, Ballot, Companies, Votes};
use super::devices::{self, CompanyMap, Devices};
use super::facts::Problem;
use super::verdict::{COMPANY_TIE, DEVICE_TIE, company_verdict};
use crate::domain::{Cardinality, RecordId, Ties, Verdict};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

fn row(i: usize) -> u32 {
    u32::try_from(i).unwrap_or(u32::MAX)
}

/// Rows of a list by id.
pub type IdRows<'a> = FxHashMap<&'a str, u32>;

/// Rows by id.
pub fn rows_by_id<'a>(ids: impl Iterator<Item = &'a RecordId>) -> FxHashMap<&'a str, u32> {
    (0u32..).zip(ids).map(|(i, id)| (id.as_str(), i)).collect()
}

/// Devices that people decided, by row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecidedDevices {
    /// Left devices with a decision.
    pub left: Vec<bool>,
    /// Right devices that a decision took.
    pub right: Vec<bool>,
}

impl DecidedDevices {
    /// Reads them.
    #[must_use]
    pub fn read(problem: &Problem<'_>) -> Self {
        let known = &problem.known.devices;
        let (lefts, rights) = (problem.left_devices, problem.right_devices);
        if known.is_empty() {
            return Self { left: vec![false; lefts.len()], right: vec![false; rights.len()] };
        }
        let taken: FxHashSet<&str> = known.values().flatten().map(RecordId::as_str).collect();
        Self {
            left: lefts.par_iter().map(|d| known.contains_key(&d.id)).collect(),
            right: rights.par_iter().map(|d| taken.contains(d.id.as_str())).collect(),
        }
    }
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
    let left = devices.lefts.company.iter().map(|company| followed[(*company)? as usize]).collect();
    CompanyMap { left, known: true }
}

/// The candidates of one device, without what people decided.
#[must_use]
pub fn device_row(devices: &Devices<'_>, map: &CompanyMap, decided: &DecidedDevices, i: usize) -> Vec<devices::Scored> {
    if decided.left[i] {
        return Vec::new();
    }
    let mut scored = devices.score_row(row(i), map);
    scored.retain(|s| !decided.right[s.right as usize]);
    scored
}

/// Lets device pairs that agree on a rare identifier vote for their companies.
#[must_use]
pub fn count_votes(problem: &Problem<'_>, devices: &Devices<'_>) -> Ballot {
    if problem.left_devices.is_empty() || problem.left_companies.is_empty() {
        return Ballot::default();
    }
    let mut here: FxHashMap<(u32, u32), u32> = FxHashMap::default();
    let mut left_found: FxHashMap<u32, u32> = FxHashMap::default();
    let mut right_found: FxHashMap<u32, u32> = FxHashMap::default();
    for (l, r) in devices.strong_pairs() {
        let (left, right) = (devices.lefts.company[l as usize], devices.rights.company[r as usize]);
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
    Ballot {
        votes: here.iter().map(|(&pair, &n)| (pair, votes(pair, n))).collect(),
        found: left_found.iter().map(|(&l, &n)| (l, Votes { here: 0, found: n, right_found: 0 })).collect(),
    }
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

/// Which right company each left company gets.
#[must_use]
pub fn choose_companies(problem: &Problem<'_>, rows: &[Vec<companies::Scored>]) -> Vec<Option<u32>> {
    let one_to_one = problem.settings.cardinality == Cardinality::OneToOne;
    let (left, right) = (problem.left_companies, problem.right_companies);
    let mut choice = choose::companies(rows, one_to_one, |i| &left[i as usize].id, |i| &right[i as usize].id);
    if problem.settings.ties == Ties::Oldest {
        let list = choose::Oldest {
            one_to_one,
            tied: &|a: &companies::Scored, b| (a.log_odds - b.log_odds).abs() < COMPANY_TIE,
            right: &|s| s.right,
            left: &|i| &left[i].id,
            created: &|r| right[r as usize].created,
        };
        choose::oldest(rows, &mut choice, &list);
    }
    choice
}

/// Which right device each left device gets.
#[must_use]
pub fn choose_devices(problem: &Problem<'_>, rows: &[Vec<devices::Scored>]) -> Vec<Option<u32>> {
    let (left, right) = (problem.left_devices, problem.right_devices);
    let mut choice = choose::devices(rows, |i| &left[i as usize].id, |i| &right[i as usize].id);
    if problem.settings.ties == Ties::Oldest {
        let list = choose::Oldest {
            one_to_one: true,
            tied: &|a: &devices::Scored, b| (a.bits - b.bits).abs() < DEVICE_TIE,
            right: &|s| s.right,
            left: &|i| &left[i].id,
            created: &|r| right[r as usize].created,
        };
        choose::oldest(rows, &mut choice, &list);
    }
    choice
}
