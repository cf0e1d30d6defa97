//! The incremental matcher: keeps facts and scores, and scores again only what a change touches.
//!
//! After [`settle`](Engine::settle) the answers are those of a full run over the same facts (a property test holds it to
//! that). Owned and free of borrows, so that a service can keep it for as long as it lives.

use super::companies::{self, Companies};
use super::devices::{self, CompanyMap, DeviceState, Devices, Reuse};
use super::facts::{CompanyFacts, DeviceFacts, Known, Problem, Settings};
use super::identifiers::{Identifiers, keys};
use super::propose::{company_proposal, device_proposal};
use super::solve::{choose_companies, choose_devices};
use super::steps::{company_map, count_votes, device_row, followed, rows_by_id, take_out_decided_companies};
use crate::domain::{Proposal, RecordId};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::HashMap;
use std::sync::Arc;

/// Rows that share a value, above which it brings no rows together.
const CROWD: usize = 64;

/// The two sides of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The source.
    Left,
    /// The target.
    Right,
}

/// What a person decided on a left record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// Nothing, or nothing any more: the record is open.
    Open,
    /// It never gets a counterpart.
    Ignored,
    /// Its counterpart.
    Target(RecordId),
}

impl Decided {
    /// Notes it; the target before, if there was one.
    fn note(&self, left: &RecordId, list: &mut HashMap<RecordId, Option<RecordId>>) -> Option<RecordId> {
        let before = match self {
            Self::Open => list.remove(left),
            Self::Ignored => list.insert(left.clone(), None),
            Self::Target(target) => list.insert(left.clone(), Some(target.clone())),
        };
        before.flatten()
    }
}

/// A list of records with their rows.
#[derive(Debug)]
struct List<T> {
    rows: Vec<T>,
    by_id: FxHashMap<RecordId, u32>,
    changed: FxHashSet<u32>,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), by_id: FxHashMap::default(), changed: FxHashSet::default() }
    }
}

impl<T: PartialEq> List<T> {
    fn put(&mut self, id: RecordId, fact: T) {
        let next = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        let row = *self.by_id.entry(id).or_insert(next);
        if row == next {
            self.rows.push(fact);
        } else if self.rows[row as usize] == fact {
            return;
        } else {
            self.rows[row as usize] = fact;
        }
        self.changed.insert(row);
    }

    /// Takes records out; the rows after them move up.
    fn remove(&mut self, ids: &FxHashSet<&RecordId>, id_of: impl Fn(&T) -> &RecordId) -> bool {
        let before = self.rows.len();
        self.rows.retain(|fact| !ids.contains(id_of(fact)));
        if self.rows.len() == before {
            return false;
        }
        self.by_id = (0u32..).zip(&self.rows).map(|(row, fact)| (id_of(fact).clone(), row)).collect();
        self.changed.clear();
        true
    }
}

/// What the last run left.
#[derive(Debug, Default)]
struct Settled {
    companies: Vec<Proposal>,
    scored: Vec<Vec<companies::Scored>>,
    votes: FxHashMap<(u32, u32), companies::Votes>,
    found: FxHashMap<u32, companies::Votes>,
    followed: Vec<Option<u32>>,
    state: Arc<DeviceState>,
    map: CompanyMap,
    rows: Vec<Vec<devices::Scored>>,
    choice: Vec<Option<u32>>,
}

/// Records whose proposals the last [`settle`](Engine::settle) changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Left companies.
    pub companies: Vec<RecordId>,
    /// Left devices.
    pub devices: Vec<RecordId>,
    /// Left devices that were scored again.
    pub rescored: usize,
}

/// The incremental matcher.
#[derive(Debug)]
pub struct Engine {
    settings: Settings,
    known: Known,
    left_companies: List<CompanyFacts>,
    right_companies: List<CompanyFacts>,
    left_devices: List<DeviceFacts>,
    right_devices: List<DeviceFacts>,
    /// Company facts, rules or refusals changed: names are scored again.
    companies_changed: bool,
    /// Left devices that were decided or opened again.
    decided: FxHashSet<RecordId>,
    /// Right devices that a decision took or gave free.
    targets: FxHashSet<u32>,
    settled: Option<Settled>,
}

impl Engine {
    /// An engine without records.
    #[must_use]
    pub fn new(settings: Settings, known: Known) -> Self {
        Self {
            settings,
            known,
            left_companies: List::default(),
            right_companies: List::default(),
            left_devices: List::default(),
            right_devices: List::default(),
            companies_changed: true,
            decided: FxHashSet::default(),
            targets: FxHashSet::default(),
            settled: None,
        }
    }

    /// Adds companies or replaces those with the same id.
    pub fn put_companies(&mut self, side: Side, companies: impl IntoIterator<Item = CompanyFacts>) {
        let list = if side == Side::Left { &mut self.left_companies } else { &mut self.right_companies };
        companies.into_iter().for_each(|c| list.put(c.id.clone(), c));
        self.companies_changed |= !list.changed.is_empty();
        list.changed.clear();
    }

    /// Adds devices or replaces those with the same id. Left devices are already rolled up to the matched level.
    pub fn put_devices(&mut self, side: Side, devices: impl IntoIterator<Item = DeviceFacts>) {
        let list = if side == Side::Left { &mut self.left_devices } else { &mut self.right_devices };
        devices.into_iter().for_each(|d| list.put(d.id.clone(), d));
    }

    /// Takes companies out (orphaned records). The next settling is a full run.
    pub fn remove_companies(&mut self, side: Side, ids: &[RecordId]) {
        let list = if side == Side::Left { &mut self.left_companies } else { &mut self.right_companies };
        if list.remove(&ids.iter().collect(), |c| &c.id) {
            self.companies_changed = true;
            self.settled = None;
        }
    }

    /// Takes devices out (orphaned records). The next settling is a full run.
    pub fn remove_devices(&mut self, side: Side, ids: &[RecordId]) {
        let list = if side == Side::Left { &mut self.left_devices } else { &mut self.right_devices };
        if list.remove(&ids.iter().collect(), |d| &d.id) {
            self.settled = None;
        }
    }

    /// Notes what a person decided on a left company.
    pub fn decide_company(&mut self, left: &RecordId, decided: &Decided) {
        decided.note(left, &mut self.known.companies);
    }

    /// Notes what a person decided on a left device.
    pub fn decide_device(&mut self, left: &RecordId, decided: &Decided) {
        let before = decided.note(left, &mut self.known.devices);
        self.decided.insert(left.clone());
        let now = if let Decided::Target(target) = decided { Some(target.clone()) } else { None };
        for target in before.into_iter().chain(now) {
            if let Some(&row) = self.right_devices.by_id.get(&target) {
                self.targets.insert(row);
            }
        }
    }

    /// Changes refusals or alias rules. The next settling scores every name again and every device.
    pub fn change_rules(&mut self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known);
        self.companies_changed = true;
        self.settled = None;
    }

    /// What people decided.
    #[must_use]
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// The facts as a problem, for explanations of any pair.
    #[must_use]
    pub fn problem(&self) -> Problem<'_> {
        Problem {
            left_companies: &self.left_companies.rows,
            right_companies: &self.right_companies.rows,
            left_devices: &self.left_devices.rows,
            right_devices: &self.right_devices.rows,
            known: &self.known,
            settings: &self.settings,
        }
    }

    /// The row of a record, for explanations.
    #[must_use]
    pub fn row(&self, side: Side, device: bool, id: &RecordId) -> Option<usize> {
        let found = match (side, device) {
            (Side::Left, false) => self.left_companies.by_id.get(id),
            (Side::Right, false) => self.right_companies.by_id.get(id),
            (Side::Left, true) => self.left_devices.by_id.get(id),
            (Side::Right, true) => self.right_devices.by_id.get(id),
        };
        found.map(|row| *row as usize)
    }

    /// Brings every answer up to date.
    pub fn settle(&mut self) -> Changes {
        let before = self.settled.take();
        let (settled, changes) = self.run(before.as_ref());
        self.settled = Some(settled);
        self.companies_changed = false;
        self.decided.clear();
        self.targets.clear();
        for changed in [&mut self.left_devices.changed, &mut self.right_devices.changed] {
            changed.clear();
        }
        changes
    }

    fn run(&self, before: Option<&Settled>) -> (Settled, Changes) {
        let problem = self.problem();
        let lefts = rows_by_id(problem.left_companies.iter().map(|c| &c.id));
        let rights = rows_by_id(problem.right_companies.iter().map(|c| &c.id));
        let reuse = before.map(|b| Reuse {
            state: &b.state,
            left: &self.left_devices.changed,
            right: &self.right_devices.changed,
        });
        let unchanged = before.filter(|_| {
            self.left_devices.changed.is_empty() && self.right_devices.changed.is_empty() && !self.companies_changed
        });
        let state = unchanged.map_or_else(
            || {
                let (left, right) = (problem.left_devices, problem.right_devices);
                let rows = (&lefts, &rights);
                Arc::new(DeviceState::new(left, right, rows, &self.known, &self.settings, reuse.as_ref()))
            },
            |b| Arc::clone(&b.state),
        );
        let devices = Devices { left: problem.left_devices, right: problem.right_devices, state };
        let company = self.company_part(&problem, &devices, (&lefts, &rights), before);
        let map = company_map(&problem, &devices, &company.followed);
        let touched = before.map(|b| self.touched(b, &devices, &map));
        let mut rows = self.device_rows(&problem, &devices, &map, before, touched.as_ref());
        devices::compete(&mut rows, problem.right_devices.len());
        let choice = choose_devices(&problem, &rows);
        let rescored = touched.as_ref().map_or(rows.len(), FxHashSet::len);
        let settled = Settled { state: Arc::clone(&devices.state), map, rows, choice, ..company };
        let changes = self.changes(before, &settled, touched.as_ref(), rescored);
        (settled, changes)
    }

    /// Companies: scored again when a name, a rule or a vote changed; weighed and decided anew in any case.
    fn company_part(
        &self,
        problem: &Problem<'_>,
        devices: &Devices<'_>,
        (lefts, rights): devices::CompanyRows<'_>,
        before: Option<&Settled>,
    ) -> Settled {
        let mut companies =
            Companies::new(problem.left_companies, problem.right_companies, &self.known, &self.settings);
        match before.filter(|b| Arc::ptr_eq(&b.state, &devices.state)) {
            Some(b) => (companies.votes, companies.found) = (b.votes.clone(), b.found.clone()),
            None if problem.left_devices.is_empty() || problem.left_companies.is_empty() => {}
            None => count_votes(&mut companies, devices),
        }
        let same = before.filter(|b| !self.companies_changed && b.votes == companies.votes);
        let scored = same.map_or_else(|| companies.score(), |b| b.scored.clone());
        let mut rows = scored.clone();
        take_out_decided_companies(problem, lefts, rights, &mut rows);
        companies.compete(&mut rows);
        let choice = choose_companies(problem, &rows);
        let followed = followed(problem, &companies, &rows, &choice, rights);
        let propose = |i: usize| company_proposal(problem, &companies, i, &rows[i], choice[i]);
        Settled {
            companies: (0..rows.len()).into_par_iter().map(propose).collect(),
            scored,
            votes: std::mem::take(&mut companies.votes),
            found: std::mem::take(&mut companies.found),
            followed,
            ..Settled::default()
        }
    }

    fn device_rows(
        &self,
        problem: &Problem<'_>,
        devices: &Devices<'_>,
        map: &CompanyMap,
        before: Option<&Settled>,
        touched: Option<&FxHashSet<u32>>,
    ) -> Vec<Vec<devices::Scored>> {
        let taken: FxHashSet<&str> = self.known.devices.values().flatten().map(RecordId::as_str).collect();
        let one = |i: usize| {
            let row = u32::try_from(i).unwrap_or(u32::MAX);
            match (before, touched) {
                (Some(b), Some(t)) if !t.contains(&row) => b.rows[i].clone(),
                _ => device_row(problem, devices, map, &taken, i),
            }
        };
        (0..problem.left_devices.len()).into_par_iter().map(one).collect()
    }

    /// Left devices that a change can reach: changed ones, those that share a value with a changed one or with a record
    /// of the same device as a changed one, and those whose company follows another.
    fn touched(&self, before: &Settled, devices: &Devices<'_>, map: &CompanyMap) -> FxHashSet<u32> {
        let mut touched: FxHashSet<u32> = self.left_devices.changed.clone();
        touched.extend(self.decided.iter().filter_map(|id| self.left_devices.by_id.get(id)));
        let moved = |i: usize| before.map.left.get(i) != Some(&map.left[i]) || before.map.known != map.known;
        let count = u32::try_from(map.left.len()).unwrap_or(u32::MAX);
        touched.extend((0..count).filter(|&i| moved(i as usize)));
        let states = [&*before.state, &*devices.state];
        let mut changed_left = self.left_devices.changed.clone();
        changed_left.extend(rehoused(&before.state.left_company, &devices.left_company));
        let mut changed_right: FxHashSet<u32> = self.right_devices.changed.union(&self.targets).copied().collect();
        changed_right.extend(rehoused(&before.state.right_company, &devices.right_company));
        let near_left = closure(&changed_left, states, Side::Left);
        let near_right = closure(&changed_right, states, Side::Right);
        let mut reach = FxHashSet::default();
        for state in states {
            for (rows, ids) in [(&near_left, &state.left_ids), (&near_right, &state.right_ids)] {
                rows.iter().filter_map(|&r| ids.get(r as usize)).for_each(|i| reach.extend(plain_keys(i)));
            }
        }
        for state in states {
            for key in &reach {
                let rows = state.left_index.of(*key);
                if rows.len() <= CROWD {
                    touched.extend(rows);
                }
            }
        }
        touched.extend(by_host(&near_right, states, [&before.map, map]));
        touched
    }

    fn changes(
        &self,
        before: Option<&Settled>,
        now: &Settled,
        touched: Option<&FxHashSet<u32>>,
        rescored: usize,
    ) -> Changes {
        let company = |i: &usize| before.is_none_or(|b| b.companies.get(*i) != Some(&now.companies[*i]));
        let device = |i: &usize| {
            let row = u32::try_from(*i).unwrap_or(u32::MAX);
            before.is_none_or(|b| b.rows.get(*i) != Some(&now.rows[*i]) || b.choice.get(*i) != Some(&now.choice[*i]))
                || touched.is_none_or(|t| t.contains(&row))
        };
        let companies = (0..now.companies.len()).filter(company).map(|i| self.left_companies.rows[i].id.clone());
        let devices = (0..now.rows.len()).filter(device).map(|i| self.left_devices.rows[i].id.clone());
        Changes { companies: companies.collect(), devices: devices.collect(), rescored }
    }

    /// The proposal for a left company; `None` when there is no such company or nothing was settled.
    #[must_use]
    pub fn company(&self, id: &RecordId) -> Option<&Proposal> {
        self.settled.as_ref()?.companies.get(*self.left_companies.by_id.get(id)? as usize)
    }

    /// The proposal for a left device, built on demand; `None` when there is no such device or nothing was settled.
    #[must_use]
    pub fn device(&self, id: &RecordId) -> Option<Proposal> {
        let settled = self.settled.as_ref()?;
        let row = *self.left_devices.by_id.get(id)? as usize;
        let scored = settled.rows.get(row)?;
        let problem = self.problem();
        let devices =
            Devices { left: problem.left_devices, right: problem.right_devices, state: Arc::clone(&settled.state) };
        Some(device_proposal(&problem, &devices, &settled.map, row, scored, settled.choice[row]))
    }
}

/// Left devices that look a host name of these right records up, in the company that theirs follows, before or now.
fn by_host(right: &FxHashSet<u32>, states: [&DeviceState; 2], maps: [&CompanyMap; 2]) -> Vec<u32> {
    let mut hosts: FxHashSet<(u64, Option<u32>)> = FxHashSet::default();
    for state in states {
        let known = |r: &u32| {
            let ids = state.right_ids.get(*r as usize)?;
            Some((ids.host, state.right_company[*r as usize]))
        };
        hosts.extend(right.iter().filter_map(known).filter(|(host, _)| *host != 0));
    }
    if hosts.is_empty() {
        return Vec::new();
    }
    let looks_up = |(row, ids): &(u32, &Identifiers)| {
        let follows = |map: &CompanyMap| map.left.get(*row as usize).copied().flatten();
        maps.iter().any(|map| hosts.contains(&(ids.host, follows(map))))
    };
    (0u32..).zip(&states[1].left_ids).filter(looks_up).map(|(row, _)| row).collect()
}

/// Rows whose company became known or unknown.
fn rehoused<'a>(before: &'a [Option<u32>], now: &'a [Option<u32>]) -> impl Iterator<Item = u32> + 'a {
    (0u32..).zip(before.iter().zip(now)).filter(|(_, (a, b))| a != b).map(|(row, _)| row)
}

/// The keys of a device.
fn plain_keys(ids: &Identifiers) -> impl Iterator<Item = u64> + '_ {
    keys(ids).map(|(_, key)| key)
}

/// The changed rows, the rows that share a value with them, and the records of the same devices as those, before or now.
fn closure(changed: &FxHashSet<u32>, states: [&DeviceState; 2], side: Side) -> FxHashSet<u32> {
    let mut near: FxHashSet<u32> = changed.clone();
    for state in states {
        let ids = if side == Side::Left { &state.left_ids } else { &state.right_ids };
        for key in changed.iter().filter_map(|&r| ids.get(r as usize)).flat_map(plain_keys).collect::<Vec<_>>() {
            for state in states {
                let index = if side == Side::Left { &state.left_index } else { &state.right_index };
                let rows = index.of(key);
                if rows.len() <= CROWD {
                    near.extend(rows);
                }
            }
        }
    }
    let groups: Vec<FxHashSet<u32>> = states
        .iter()
        .map(|state| {
            let duplicates = if side == Side::Left { &state.left_duplicates } else { &state.right_duplicates };
            near.iter().filter_map(|&r| duplicates.group_of(r)).collect()
        })
        .collect();
    for (state, groups) in states.iter().zip(&groups) {
        let duplicates = if side == Side::Left { &state.left_duplicates } else { &state.right_duplicates };
        near.extend(duplicates.members(groups));
    }
    near
}
