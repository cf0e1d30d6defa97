//! A full run: votes of devices, companies, then devices inside their companies.

use super::choose;
use super::companies::{self, Companies};
use super::devices::{self, CompanyMap, Devices};
use super::explain::{company_evidence, device_evidence, guard};
use super::facts::{Problem, Solution};
use super::propose::{company_proposal, device_proposal};
use super::steps::{company_map, count_votes, device_row, followed, rows_by_id, take_out_decided_companies};
use super::verdict::{COMPANY_TIE, DEVICE_TIE};
use crate::domain::{Candidate, Cardinality, Confidence, Evidence, Proposal, RecordId, Stream, Ties};
use rayon::prelude::*;
use rustc_hash::FxHashSet;

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
        let followed = followed(problem, &companies, &company_rows, &company_choice, &rights);
        let map = company_map(problem, &devices, &followed);
        let taken: FxHashSet<&str> = known.devices.values().flatten().map(RecordId::as_str).collect();
        let mut device_rows: Vec<Vec<devices::Scored>> =
            (0..left_devices.len()).into_par_iter().map(|i| device_row(problem, &devices, &map, &taken, i)).collect();
        devices::compete(&mut device_rows, right_devices.len());
        let device_choice = choose_devices(problem, &device_rows);
        Self { problem, companies, company_rows, company_choice, devices, map, device_rows, device_choice }
    }

    /// The proposal for a left company.
    #[must_use]
    pub fn company(&self, i: usize) -> Proposal {
        company_proposal(self.problem, &self.companies, i, &self.company_rows[i], self.company_choice[i])
    }

    /// The proposal for a left device.
    #[must_use]
    pub fn device(&self, i: usize) -> Proposal {
        device_proposal(self.problem, &self.devices, &self.map, i, &self.device_rows[i], self.device_choice[i])
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
