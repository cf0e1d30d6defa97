//! A full run: votes of devices, companies, then devices inside their companies.

use super::assign::{Edge, assign};
use super::companies::{self, Companies, Votes};
use super::devices::{self, CompanyMap, DeviceMatch, Devices};
use super::explain::{company_evidence, device_evidence, guard, inherited};
use super::facts::{Problem, Solution};
use super::verdict::{CompanyRow, company_verdict, device_verdict};
use crate::domain::{Candidate, Cardinality, Confidence, Evidence, Proposal, RecordId, Stream, Verdict};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

/// Pairs below this probability take no part in the assignment.
const LEAST: f32 = 0.003;

/// The engine's answer to a problem. Deterministic; the order of rows changes nothing but their places.
#[must_use]
pub fn solve(problem: &Problem<'_>) -> Solution {
    let run = Run::new(problem);
    let companies = (0..problem.left_companies.len()).into_par_iter().map(|i| run.company(i)).collect();
    let devices = (0..problem.left_devices.len()).into_par_iter().map(|i| run.device(i)).collect();
    Solution { companies, devices }
}

/// A run with everything that its answers need; proposals are built on demand.
pub struct Run<'a> {
    problem: &'a Problem<'a>,
    companies: Companies<'a>,
    company_rows: Vec<Vec<companies::Scored>>,
    company_choice: Vec<Option<u32>>,
    devices: Devices<'a>,
    map: CompanyMap,
    device_rows: Vec<Vec<devices::Scored>>,
    device_choice: Vec<Option<u32>>,
}

fn row(i: usize) -> u32 {
    u32::try_from(i).unwrap_or(u32::MAX)
}

fn rows_by_id<'a>(ids: impl Iterator<Item = &'a RecordId>) -> FxHashMap<&'a str, u32> {
    (0u32..).zip(ids).map(|(i, id)| (id.as_str(), i)).collect()
}

impl<'a> Run<'a> {
    /// Solves the problem.
    #[must_use]
    pub fn new(problem: &'a Problem<'a>) -> Self {
        let Problem { left_companies, right_companies, left_devices, right_devices, known, settings } = *problem;
        let lefts = rows_by_id(left_companies.iter().map(|c| &c.id));
        let rights = rows_by_id(right_companies.iter().map(|c| &c.id));
        let devices = Devices::new(left_devices, right_devices, (&lefts, &rights), known, settings);
        let mut companies = Companies::new(left_companies, right_companies, known, settings);
        if !left_devices.is_empty() && !left_companies.is_empty() {
            count_votes(&mut companies, &devices);
        }
        let mut company_rows = companies.score();
        take_out_decided_companies(problem, &lefts, &rights, &mut company_rows);
        companies.compete(&mut company_rows);
        let company_choice = choose_companies(problem, &company_rows);
        let mut run = Self {
            problem,
            companies,
            company_rows,
            company_choice,
            devices,
            map: CompanyMap::default(),
            device_rows: Vec::new(),
            device_choice: Vec::new(),
        };
        run.map = run.company_map(&rights);
        run.score_devices();
        run
    }

    /// Which right company each device's company is taken for.
    fn company_map(&self, rights: &FxHashMap<&str, u32>) -> CompanyMap {
        let Problem { left_companies, left_devices, known, settings, .. } = *self.problem;
        if left_companies.is_empty() || rights.is_empty() {
            return CompanyMap { left: vec![None; left_devices.len()], known: false };
        }
        let matched: Vec<Option<u32>> = (0..left_companies.len())
            .into_par_iter()
            .map(|i| match known.companies.get(&left_companies[i].id) {
                Some(decided) => decided.as_ref().and_then(|id| rights.get(id.as_str()).copied()),
                None => {
                    let verdict = self.company_row(i).verdict;
                    let follow =
                        verdict == Verdict::Auto || (settings.name_alone_may_auto && verdict == Verdict::Suggest);
                    follow.then(|| self.company_choice[i]).flatten()
                }
            })
            .collect();
        let left = self.devices.left_company.iter().map(|company| matched[(*company)? as usize]).collect();
        CompanyMap { left, known: true }
    }

    fn score_devices(&mut self) {
        let Problem { left_devices, right_devices, known, .. } = *self.problem;
        let taken: FxHashSet<&str> = known.devices.values().flatten().map(RecordId::as_str).collect();
        let score = |i: usize| {
            if !known.devices.is_empty() && known.devices.contains_key(&left_devices[i].id) {
                return Vec::new();
            }
            let mut scored = self.devices.score_row(row(i), &self.map);
            if !taken.is_empty() {
                scored.retain(|s| !taken.contains(right_devices[s.right as usize].id.as_str()));
            }
            scored
        };
        let mut rows: Vec<Vec<devices::Scored>> = (0..left_devices.len()).into_par_iter().map(score).collect();
        devices::compete(&mut rows, right_devices.len());
        self.device_choice = choose_devices(&rows, right_devices.len());
        self.device_rows = rows;
    }

    fn company_row(&self, i: usize) -> CompanyRow {
        company_verdict(self.problem, &self.companies, i, &self.company_rows[i], self.company_choice[i])
    }

    /// The proposal for a left company.
    #[must_use]
    pub fn company(&self, i: usize) -> Proposal {
        let settings = self.problem.settings;
        let row_of = self.company_row(i);
        let scored = ordered(&self.company_rows[i], |s| s.right, self.company_choice[i]);
        let candidates = scored.into_iter().take(settings.keep).enumerate().map(|(rank, s)| {
            let mut evidence = if rank < 3 || s.probability > 0.05 {
                company_evidence(&self.companies, &settings.model, row(i), s.right)
            } else {
                Vec::new()
            };
            if rank == 0 && row_of.verdict != Verdict::Auto && !row_of.note.is_empty() {
                evidence.push(guard(&row_of.note));
            }
            let target = self.problem.right_companies[s.right as usize].id.clone();
            Candidate { target, confidence: Confidence::new(s.probability), evidence }
        });
        Proposal { verdict: row_of.verdict, candidates: candidates.collect(), note: row_of.note }
    }

    /// The proposal for a left device.
    #[must_use]
    pub fn device(&self, i: usize) -> Proposal {
        let keep = self.problem.settings.keep;
        let scored = ordered(&self.device_rows[i], |s| s.right, self.device_choice[i]);
        let matches: Vec<DeviceMatch> =
            scored.iter().take(keep).map(|s| self.devices.compare(row(i), s.right, &self.map)).collect();
        let waits = self.map.known && self.map.left[i].is_none();
        let (verdict, note) = device_verdict(self.problem, &scored, &matches, self.device_choice[i], waits);
        let candidates = scored.iter().zip(&matches).enumerate().map(|(rank, (s, found))| {
            let mut evidence = device_evidence(&self.devices, found, row(i));
            evidence.extend(inherited(s.bits - found.bits()));
            if rank == 0 && verdict != Verdict::Auto && !note.is_empty() {
                evidence.push(guard(&note));
            }
            let target = self.problem.right_devices[s.right as usize].id.clone();
            Candidate { target, confidence: Confidence::new(s.probability), evidence }
        });
        Proposal { verdict, candidates: candidates.collect(), note }
    }
}

impl Run<'_> {
    /// Any pair of companies side by side, candidate or not (the Compare screen).
    #[must_use]
    pub fn company_pair(&self, left: usize, right: usize) -> Candidate {
        let scored = self.company_rows[left].iter().find(|s| s.right as usize == right);
        let alone = || {
            let z = self.companies.log_odds(row(left), row(right)).unwrap_or(-20.0);
            let rivals: f32 = self.company_rows[left].iter().map(|s| s.log_odds.clamp(-30.0, 30.0).exp()).sum();
            let own = z.clamp(-30.0, 30.0).exp();
            own / (1.0 + own + rivals)
        };
        Candidate {
            target: self.problem.right_companies[right].id.clone(),
            confidence: Confidence::new(scored.map_or_else(alone, |s| s.probability)),
            evidence: company_evidence(&self.companies, &self.problem.settings.model, row(left), row(right)),
        }
    }

    /// Any pair of devices side by side, candidate or not.
    #[must_use]
    pub fn device_pair(&self, left: usize, right: usize) -> Candidate {
        let found = self.devices.compare(row(left), row(right), &self.map);
        let scored = self.device_rows[left].iter().find(|s| s.right as usize == right);
        let alone = || {
            let rivals: f32 = self.device_rows[left].iter().map(|s| s.bits.clamp(-40.0, 40.0).exp2()).sum();
            let own = found.bits().clamp(-40.0, 40.0).exp2();
            own / (1.0 + own + rivals)
        };
        Candidate {
            target: self.problem.right_devices[right].id.clone(),
            confidence: Confidence::new(scored.map_or_else(alone, |s| s.probability)),
            evidence: device_evidence(&self.devices, &found, row(left)),
        }
    }

    /// Why this pair of companies was not proposed, the deciding reason first.
    #[must_use]
    pub fn company_absence(&self, left: usize, right: usize) -> Vec<Evidence> {
        let known = self.problem.known;
        let (l, r) = (&self.problem.left_companies[left].id, &self.problem.right_companies[right].id);
        let scored = self.company_rows[left].iter().position(|s| s.right as usize == right);
        let mut reasons = Vec::new();
        if known.companies.contains_key(l) {
            reasons.push(guard("this row is decided"));
        }
        if known.refused_companies.contains(&(l.clone(), r.clone())) {
            reasons.push(guard("a person refused this pair"));
        }
        let one_to_one = self.problem.settings.cardinality == Cardinality::OneToOne;
        if one_to_one && known.companies.values().flatten().any(|t| t == r) {
            reasons.push(guard("the target is taken"));
        }
        match scored {
            Some(0) => reasons.push(guard("it is the best candidate")),
            Some(rank) if rank >= self.problem.settings.keep => reasons.push(guard("better candidates fill the list")),
            Some(_) => reasons.push(guard("another candidate is better")),
            None => reasons.push(guard("too little in common")),
        }
        let mut evidence = self.company_pair(left, right).evidence;
        evidence.sort_by(|a, b| a.bits.total_cmp(&b.bits));
        reasons.extend(evidence);
        reasons
    }

    /// Why this pair of devices was not proposed, the deciding reason first.
    #[must_use]
    pub fn device_absence(&self, left: usize, right: usize) -> Vec<Evidence> {
        let known = self.problem.known;
        let (l, r) = (&self.problem.left_devices[left].id, &self.problem.right_devices[right].id);
        let mut reasons = Vec::new();
        if known.devices.contains_key(l) {
            reasons.push(guard("this row is decided"));
        }
        if known.refused_devices.contains(&(l.clone(), r.clone())) {
            reasons.push(guard("a person refused this pair"));
        }
        if known.devices.values().flatten().any(|t| t == r) {
            reasons.push(guard("the target is taken"));
        }
        if self.map.known && self.map.left[left].is_none() {
            reasons.push(guard("its company has no match yet"));
        }
        match self.device_rows[left].iter().position(|s| s.right as usize == right) {
            Some(0) => reasons.push(guard("it is the best candidate")),
            Some(_) => reasons.push(guard("another candidate is better")),
            None => reasons.push(guard("no identifier in common")),
        }
        let mut evidence = self.device_pair(left, right).evidence;
        evidence.sort_by(|a, b| a.bits.total_cmp(&b.bits));
        reasons.extend(evidence);
        reasons
    }

    /// The proposals of the devices of one left company, by index.
    #[must_use]
    pub fn devices_of(&self, left_company: usize) -> Vec<(usize, Proposal)> {
        let id = &self.problem.left_companies[left_company].id;
        let inside = |d: &super::facts::DeviceFacts| d.company.as_ref() == Some(id);
        let rows = (0..self.problem.left_devices.len()).filter(|&i| inside(&self.problem.left_devices[i]));
        rows.map(|i| (i, self.device(i))).collect()
    }
}

/// The devices of one left company, after a decision on it. One full run: an `Engine` does it without.
#[must_use]
pub fn resolve_company(problem: &Problem<'_>, left_company: usize) -> Vec<(usize, Proposal)> {
    Run::new(problem).devices_of(left_company)
}

/// Why a pair that somebody expected was not proposed, in words, the deciding reason first.
#[must_use]
pub fn explain_absence(problem: &Problem<'_>, stream: Stream, left: usize, right: usize) -> Vec<Evidence> {
    let run = Run::new(problem);
    if stream == Stream::Devices { run.device_absence(left, right) } else { run.company_absence(left, right) }
}

/// Any pair side by side (the Compare screen).
#[must_use]
pub fn explain_pair(problem: &Problem<'_>, stream: Stream, left: usize, right: usize) -> Candidate {
    let run = Run::new(problem);
    if stream == Stream::Devices { run.device_pair(left, right) } else { run.company_pair(left, right) }
}

/// The chosen candidate first, the others by their own order.
fn ordered<S: Copy>(row: &[S], right: impl Fn(&S) -> u32, choice: Option<u32>) -> Vec<S> {
    let chosen = |s: &&S| Some(right(s)) == choice;
    row.iter().filter(chosen).chain(row.iter().filter(|s| !chosen(s))).copied().collect()
}

/// Lets device pairs that agree on a rare identifier vote for their companies.
fn count_votes(companies: &mut Companies<'_>, devices: &Devices<'_>) {
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
fn take_out_decided_companies(
    problem: &Problem<'_>,
    lefts: &FxHashMap<&str, u32>,
    rights: &FxHashMap<&str, u32>,
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
        rows.iter_mut().for_each(|row| row.retain(|s| !taken.contains(&s.right)));
    }
}

/// Log-odds in thousandths, raised so that every pair that takes part is positive.
#[expect(clippy::cast_possible_truncation, reason = "a small number times a thousand")]
fn weight(probability: f32) -> i64 {
    let p = f64::from(probability.clamp(LEAST, 0.999_999));
    ((p / (1.0 - p)).ln() * 1000.0) as i64 + 6000
}

fn choose_companies(problem: &Problem<'_>, rows: &[Vec<companies::Scored>]) -> Vec<Option<u32>> {
    match problem.settings.cardinality {
        Cardinality::ManyToOne => rows.iter().map(|r| r.first().map(|s| s.right)).collect(),
        Cardinality::OneToOne => {
            let edges: Vec<Edge> = (0u32..)
                .zip(rows)
                .flat_map(|(left, row)| row.iter().map(move |s| (left, s)))
                .filter(|(_, s)| s.probability > LEAST)
                .map(|(left, s)| Edge { left, right: s.right, weight: weight(s.probability) })
                .collect();
            assign(rows.len(), problem.right_companies.len(), &edges)
        }
    }
}

fn choose_devices(rows: &[Vec<devices::Scored>], rights: usize) -> Vec<Option<u32>> {
    let edges: Vec<Edge> = (0u32..)
        .zip(rows)
        .flat_map(|(left, row)| row.iter().map(move |s| (left, s)))
        .filter(|(_, s)| s.probability > LEAST)
        .map(|(left, s)| Edge { left, right: s.right, weight: weight(s.probability) })
        .collect();
    assign(rows.len(), rights, &edges)
}
