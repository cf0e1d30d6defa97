//! The incremental matcher: keeps what a run found out, and scores again only what a change touches.
//!
//! It holds no facts: whoever owns them passes them in, so that they are in memory once. Which records changed it finds
//! by fingerprints, which decisions changed by comparing. After [`settle`](Engine::settle) its answers are those of a full
//! run over the same facts (a property test holds it to that).

use super::answers::Answers;
use super::companies::{self, Companies, CompanyState, Prints};
use super::devices::state::{Before, refused_rows};
use super::devices::{self, CompanyMap, DeviceState, Devices};
use super::facts::{Problem, Settings};
use super::reach::{Decisions, Reach, reach};
use super::solve::Settled;
use super::steps::{
    DecidedDevices, IdRows, choose_companies, choose_devices, company_map, count_votes, device_row, followed,
    rows_by_id, take_out_decided_companies,
};
use rayon::prelude::*;
use rustc_hash::{FxHashSet, FxHasher};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// What may have changed since the last run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Records, rules, decisions: anything.
    Records,
    /// Rules and decisions; no record.
    Decisions,
}

/// Rows whose answers the last [`settle`](Engine::settle) changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Left companies, by row, sorted.
    pub companies: Vec<usize>,
    /// Left devices, by row, sorted.
    pub devices: Vec<usize>,
    /// Left devices that were scored again.
    pub rescored: usize,
    /// Companies' names were compared again.
    pub names_again: bool,
}

/// The incremental matcher.
/// A clone shares what was read of the lists; it is what an engine that follows decisions needs beside one that is read.
#[derive(Clone, Debug, Default)]
pub struct Engine {
    kept: Option<Kept>,
}

/// What the last run left.
#[derive(Clone, Debug)]
struct Kept {
    settings: Settings,
    /// Fingerprint of people's rules.
    rules: u64,
    settled: Settled,
    /// Candidates of companies before decided rows were taken out.
    scored: Vec<Vec<companies::Scored>>,
    /// Left companies that were decided.
    company_decided: Vec<bool>,
    decided: DecidedDevices,
}

fn print(value: impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Order of sets does not matter: the sum of their members' fingerprints.
fn print_of_rules(problem: &Problem<'_>) -> u64 {
    let refused = problem.known.refused_companies.iter().map(print).fold(0u64, u64::wrapping_add);
    print((refused, &problem.known.aliases))
}

/// Settings under which what is kept is still true.
fn are_same(a: &Settings, b: &Settings) -> bool {
    a.cardinality == b.cardinality
        && a.names == b.names
        && a.ties == b.ties
        && a.name_alone_may_auto == b.name_alone_may_auto
        && a.target_system == b.target_system
        && Arc::ptr_eq(&a.junk, &b.junk)
        && a.model == b.model
        && (a.auto_from, a.suggest_from, a.keep) == (b.auto_from, b.suggest_from, b.keep)
}

/// The lists are as long as those that were read: whoever says that no record changed may be believed.
fn fits(kept: &Kept, problem: &Problem<'_>) -> bool {
    let (settled, devices) = (&kept.settled, &kept.settled.devices);
    settled.company_rows.len() == problem.left_companies.len()
        && devices.lefts.ids.len() == problem.left_devices.len()
        && devices.rights.ids.len() == problem.right_devices.len()
}

fn differing(a: &[bool], b: &[bool]) -> Vec<u32> {
    let pairs = (0u32..).zip(b).filter(|(i, now)| a.get(*i as usize).copied().unwrap_or(false) != **now);
    pairs.map(|(i, _)| i).collect()
}

/// What became of the companies.
struct CompanyPart {
    scored: Vec<Vec<companies::Scored>>,
    rows: Vec<Vec<companies::Scored>>,
    choice: Vec<Option<u32>>,
    followed: Vec<Option<u32>>,
    decided: Vec<bool>,
}

impl Engine {
    /// Brings every answer up to date; what changed.
    pub fn settle(&mut self, problem: &Problem<'_>, news: News) -> Changes {
        let kept = self.kept.take().filter(|kept| are_same(&kept.settings, problem.settings));
        let news = if kept.as_ref().is_some_and(|kept| !fits(kept, problem)) { News::Records } else { news };
        let lefts = rows_by_id(problem.left_companies.iter().map(|c| &c.id));
        let rights = rows_by_id(problem.right_companies.iter().map(|c| &c.id));
        let ids = (&lefts, &rights);
        let (kept, changes) = match kept {
            Some(kept) => Self::follow(kept, problem, ids, news),
            None => Self::begin(problem, ids),
        };
        self.kept = Some(kept);
        changes
    }

    /// True when nothing was settled yet.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.kept.is_none()
    }

    /// The answers of the last run, over the facts it ran on; `None` before the first.
    #[must_use]
    pub fn answers<'a>(&'a self, problem: &'a Problem<'a>) -> Option<Answers<'a>> {
        self.kept.as_ref().map(|kept| Answers::new(problem, &kept.settled))
    }

    fn begin(problem: &Problem<'_>, ids: (&IdRows<'_>, &IdRows<'_>)) -> (Kept, Changes) {
        let lists = (problem.left_devices, problem.right_devices);
        let state = DeviceState::new(lists, ids, problem.settings);
        let settled = Settled { devices: Arc::new(state), ..Settled::default() };
        let kept = Kept {
            settings: problem.settings.clone(),
            rules: print_of_rules(problem),
            settled,
            scored: Vec::new(),
            company_decided: Vec::new(),
            decided: DecidedDevices::default(),
        };
        Self::complete(kept, problem, ids, None, true)
    }

    fn follow(mut kept: Kept, problem: &Problem<'_>, ids: (&IdRows<'_>, &IdRows<'_>), news: News) -> (Kept, Changes) {
        let rules = print_of_rules(problem);
        let read = kept.settled.companies.as_deref().map(CompanyState::prints);
        let prints = || Prints::of(problem.left_companies, problem.right_companies);
        let names_again = rules != kept.rules || news == News::Records && read != Some(&prints());
        kept.rules = rules;
        let lists = (problem.left_devices, problem.right_devices);
        let before = match (news, Arc::get_mut(&mut kept.settled.devices)) {
            (News::Decisions, _) => Some(Before::default()),
            (News::Records, Some(state)) => state.update(lists, ids, problem.settings),
            // Somebody still reads the old state.
            (News::Records, None) => {
                kept.settled.devices = Arc::new(DeviceState::new(lists, ids, problem.settings));
                None
            }
        };
        Self::complete(kept, problem, ids, before, names_again)
    }

    /// Companies, then devices; `before` is what the devices were, `None` when all are to be scored.
    fn complete(
        mut kept: Kept,
        problem: &Problem<'_>,
        ids: (&IdRows<'_>, &IdRows<'_>),
        before: Option<Before>,
        names_again: bool,
    ) -> (Kept, Changes) {
        let lists = (problem.left_devices, problem.right_devices);
        let refused = Arc::new(refused_rows(lists, problem.known));
        let devices = Devices::with(problem, Arc::clone(&kept.settled.devices), refused);
        let state = match kept.settled.companies.take().filter(|_| !names_again) {
            Some(state) => state,
            None => Arc::new(CompanyState::new(
                problem.left_companies,
                problem.right_companies,
                problem.known,
                problem.settings,
            )),
        };
        let mut companies = Companies::with(problem, Arc::clone(&state), Arc::clone(&kept.settled.ballot));
        let mut revoted = false;
        if names_again || before.as_ref().is_none_or(has_changes) {
            let ballot = count_votes(problem, &devices);
            revoted = ballot != **companies.ballot();
            companies.hear(ballot);
        }
        let scored = if names_again || revoted { companies.score() } else { std::mem::take(&mut kept.scored) };
        let part = company_part(problem, &companies, ids, scored);
        let changed_companies = changed_companies(&kept, &part, names_again || revoted);
        let map = company_map(problem, &devices, &part.followed);
        let decided = DecidedDevices::read(problem);
        let reached = before.map(|before| {
            let decisions = Decisions {
                left: differing(&kept.decided.left, &decided.left),
                right: differing(&kept.decided.right, &decided.right),
                refused: kept.settled.refused.differing(&devices.refused),
            };
            reach(&before, &devices, [&kept.settled.map, &map], &decisions)
        });
        let rows = &mut kept.settled.device_rows;
        let rescored = score_devices(rows, &devices, &map, &decided, reached.as_ref());
        let competed = devices::compete(rows, problem.right_devices.len());
        let choice = choose_devices(problem, rows);
        let changed_devices = changed_devices(&kept.settled, &choice, &competed, reached.as_ref());
        let ballot = Arc::clone(companies.ballot());
        kept.settled = Settled {
            companies: Some(state),
            ballot,
            company_rows: part.rows,
            company_choice: part.choice,
            followed: part.followed,
            devices: devices.state,
            refused: devices.refused,
            map,
            device_rows: std::mem::take(&mut kept.settled.device_rows),
            device_choice: choice,
        };
        (kept.scored, kept.company_decided, kept.decided) = (part.scored, part.decided, decided);
        let changes = Changes { companies: changed_companies, devices: changed_devices, rescored, names_again };
        (kept, changes)
    }
}

fn has_changes(before: &Before) -> bool {
    !before.lefts.changed.is_empty() || !before.rights.changed.is_empty()
}

/// Decided rows taken out, weighed, chosen.
fn company_part(
    problem: &Problem<'_>,
    companies: &Companies<'_>,
    (lefts, rights): (&IdRows<'_>, &IdRows<'_>),
    scored: Vec<Vec<companies::Scored>>,
) -> CompanyPart {
    let mut rows = scored.clone();
    take_out_decided_companies(problem, lefts, rights, &mut rows);
    companies.compete(&mut rows);
    let choice = choose_companies(problem, &rows);
    let followed = followed(problem, companies, &rows, &choice, rights);
    let known = &problem.known.companies;
    let decided = problem.left_companies.iter().map(|c| known.contains_key(&c.id)).collect();
    CompanyPart { scored, rows, choice, followed, decided }
}

fn changed_companies(kept: &Kept, part: &CompanyPart, all: bool) -> Vec<usize> {
    let settled = &kept.settled;
    let changed = |i: &usize| {
        all || settled.company_rows.get(*i) != Some(&part.rows[*i])
            || settled.company_choice.get(*i) != Some(&part.choice[*i])
            || kept.company_decided.get(*i) != Some(&part.decided[*i])
    };
    (0..part.rows.len()).filter(changed).collect()
}

/// Scores the devices that a change reaches, or all; how many.
fn score_devices(
    rows: &mut Vec<Vec<devices::Scored>>,
    devices: &Devices<'_>,
    map: &CompanyMap,
    decided: &DecidedDevices,
    reached: Option<&Reach>,
) -> usize {
    rows.resize_with(devices.left.len(), Vec::new);
    let Some(reached) = reached else {
        rows.par_iter_mut().enumerate().for_each(|(i, row)| *row = device_row(devices, map, decided, i));
        return rows.len();
    };
    let touched: Vec<u32> = reached.left.iter().copied().collect();
    let scored: Vec<(u32, Vec<devices::Scored>)> =
        touched.into_par_iter().map(|i| (i, device_row(devices, map, decided, i as usize))).collect();
    let count = scored.len();
    for (i, row) in scored {
        rows[i as usize] = row;
    }
    count
}

fn changed_devices(
    settled: &Settled,
    choice: &[Option<u32>],
    competed: &[bool],
    reached: Option<&Reach>,
) -> Vec<usize> {
    let nothing = FxHashSet::default();
    let touched = reached.map_or(&nothing, |r| &r.left);
    let claimed = reached.map_or(&nothing, |r| &r.right);
    let changed = |i: &usize| {
        reached.is_none()
            || competed[*i]
            || settled.device_choice.get(*i) != Some(&choice[*i])
            || u32::try_from(*i).is_ok_and(|row| touched.contains(&row))
            || !claimed.is_empty() && settled.device_rows[*i].iter().any(|s| claimed.contains(&s.right))
    };
    (0..choice.len()).filter(changed).collect()
}
