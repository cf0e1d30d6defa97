//! What a run says of a row or of any pair, built on demand from what it found out and the facts.

use super::calibrate;
use super::companies::Companies;
use super::devices::Devices;
use super::explain::{company_evidence, device_evidence, guard};
use super::facts::Problem;
use super::propose::{company_proposal, device_proposal};
use super::refusals::REFUSED;
use super::solve::Settled;
use crate::domain::{Candidate, Cardinality, Confidence, Evidence, Proposal, Stream};
use std::sync::Arc;

/// A run's answers.
pub struct Answers<'a> {
    problem: &'a Problem<'a>,
    settled: &'a Settled,
    companies: Companies<'a>,
    devices: Devices<'a>,
}

fn row(i: usize) -> u32 {
    u32::try_from(i).unwrap_or(u32::MAX)
}

impl<'a> Answers<'a> {
    /// The answers that a run over this problem found.
    #[must_use]
    pub fn new(problem: &'a Problem<'a>, settled: &'a Settled) -> Self {
        let companies = match &settled.companies {
            Some(state) => Companies::with(problem, Arc::clone(state), Arc::clone(&settled.ballot)),
            None => Companies::new(problem.left_companies, problem.right_companies, problem.known, problem.settings),
        };
        let devices = Devices::with(problem, Arc::clone(&settled.devices), Arc::clone(&settled.refused));
        Self { problem, settled, companies, devices }
    }

    /// The proposal for a left company.
    #[must_use]
    pub fn company(&self, i: usize) -> Proposal {
        let Settled { company_rows, company_choice, .. } = self.settled;
        company_proposal(self.problem, &self.companies, i, &company_rows[i], company_choice[i])
    }

    /// The proposal for a left device.
    #[must_use]
    pub fn device(&self, i: usize) -> Proposal {
        let Settled { device_rows, device_choice, map, .. } = self.settled;
        device_proposal(self.problem, &self.devices, map, i, &device_rows[i], device_choice[i])
    }

    /// The proposal for a left row of a stream.
    #[must_use]
    pub fn proposal(&self, stream: Stream, i: usize) -> Proposal {
        if stream == Stream::Devices { self.device(i) } else { self.company(i) }
    }

    /// The proposal for a left row where the facts may have moved on since: candidates of which the records are no longer
    /// those that were read are left out; `None` when the row itself is another.
    #[must_use]
    pub fn proposal_now(&self, stream: Stream, i: usize) -> Option<Proposal> {
        if !self.is_current(stream, Some(i), None) {
            return None;
        }
        let Settled { company_rows, company_choice, device_rows, device_choice, map, .. } = self.settled;
        let current = |right: u32| self.is_current(stream, None, Some(right as usize));
        if stream == Stream::Devices {
            let row: Vec<_> = device_rows.get(i)?.iter().copied().filter(|s| current(s.right)).collect();
            let choice = device_choice[i].filter(|r| current(*r));
            return Some(device_proposal(self.problem, &self.devices, map, i, &row, choice));
        }
        let row: Vec<_> = company_rows.get(i)?.iter().copied().filter(|s| current(s.right)).collect();
        let choice = company_choice[i].filter(|r| current(*r));
        Some(company_proposal(self.problem, &self.companies, i, &row, choice))
    }

    /// A pair side by side where the facts may have moved on since, and before its evidence why it is not what the row is
    /// proposed; `None` when a record is no longer what was read.
    #[must_use]
    pub fn pair_now(&self, stream: Stream, left: usize, right: usize) -> Option<Candidate> {
        if !self.is_current(stream, Some(left), Some(right)) {
            return None;
        }
        let mut pair = self.pair(stream, left, right);
        let mut evidence = self.reasons(stream, left, right);
        pair.evidence.retain(|e| e.note != REFUSED);
        evidence.append(&mut pair.evidence);
        pair.evidence = evidence;
        Some(pair)
    }

    fn is_current(&self, stream: Stream, left: Option<usize>, right: Option<usize>) -> bool {
        let problem = self.problem;
        if stream == Stream::Devices {
            let (lefts, rights) = (&self.settled.devices.lefts, &self.settled.devices.rights);
            return left.is_none_or(|i| lefts.is_current(i, problem.left_devices.get(i)))
                && right.is_none_or(|i| rights.is_current(i, problem.right_devices.get(i)));
        }
        let (left, right) =
            (left.map(|i| (i, problem.left_companies.get(i))), right.map(|i| (i, problem.right_companies.get(i))));
        self.companies.prints().are_current(left, right)
    }

    /// Any pair side by side, candidate or not (the Compare screen).
    #[must_use]
    pub fn pair(&self, stream: Stream, left: usize, right: usize) -> Candidate {
        if stream == Stream::Devices { self.device_pair(left, right) } else { self.company_pair(left, right) }
    }

    /// Why this pair was not proposed, the deciding reason first.
    #[must_use]
    pub fn absence(&self, stream: Stream, left: usize, right: usize) -> Vec<Evidence> {
        with_evidence(self.reasons(stream, left, right), self.pair(stream, left, right))
    }

    /// The reasons alone; none when the pair is what the row is proposed.
    fn reasons(&self, stream: Stream, left: usize, right: usize) -> Vec<Evidence> {
        if stream == Stream::Devices { self.device_reasons(left, right) } else { self.company_reasons(left, right) }
    }

    fn company_pair(&self, left: usize, right: usize) -> Candidate {
        let candidates = &self.settled.company_rows[left];
        let scored = candidates.iter().find(|s| s.right as usize == right);
        let alone = || {
            let z = self.companies.log_odds(row(left), row(right)).unwrap_or(-20.0);
            let rivals: f32 = candidates.iter().map(|s| s.log_odds.clamp(-30.0, 30.0).exp()).sum();
            let own = z.clamp(-30.0, 30.0).exp();
            calibrate::company(own / (1.0 + own + rivals), own / (own + rivals))
        };
        let mut evidence = company_evidence(&self.companies, &self.problem.settings.model, row(left), row(right));
        if self.companies.refused().holds(row(left), row(right)) {
            evidence.insert(0, guard(REFUSED));
        }
        Candidate {
            target: self.problem.right_companies[right].id.clone(),
            confidence: Confidence::new(scored.map_or_else(alone, |s| s.confidence)),
            evidence,
        }
    }

    fn device_pair(&self, left: usize, right: usize) -> Candidate {
        let found = self.devices.compare(row(left), row(right), &self.settled.map);
        let candidates = &self.settled.device_rows[left];
        let scored = candidates.iter().find(|s| s.right as usize == right);
        let alone = || {
            let rivals: f32 = candidates.iter().map(|s| s.bits.clamp(-40.0, 40.0).exp2()).sum();
            let own = found.bits().clamp(-40.0, 40.0).exp2();
            calibrate::device(own / (1.0 + own + rivals), own / (own + rivals))
        };
        let mut evidence = device_evidence(&self.devices, &found, row(left), row(right));
        if self.devices.refused.holds(row(left), row(right)) {
            evidence.insert(0, guard(REFUSED));
        }
        Candidate {
            target: self.problem.right_devices[right].id.clone(),
            confidence: Confidence::new(scored.map_or_else(alone, |s| s.confidence)),
            evidence,
        }
    }

    fn company_reasons(&self, left: usize, right: usize) -> Vec<Evidence> {
        let known = self.problem.known;
        let (l, r) = (&self.problem.left_companies[left].id, &self.problem.right_companies[right].id);
        let scored = self.settled.company_rows[left].iter().position(|s| s.right as usize == right);
        let mut reasons = Vec::new();
        if known.companies.contains_key(l) {
            reasons.push(guard("this row is decided"));
        }
        if self.companies.refused().holds(row(left), row(right)) {
            reasons.push(guard(REFUSED));
        }
        let one_to_one = self.problem.settings.cardinality == Cardinality::OneToOne;
        if one_to_one && known.companies.values().flatten().any(|t| t == r) {
            reasons.push(guard("the target is taken"));
        }
        match scored {
            Some(0) => {}
            Some(rank) if rank >= self.problem.settings.keep => reasons.push(guard("better candidates fill the list")),
            Some(_) => reasons.push(guard("another candidate is better")),
            None => reasons.push(guard("too little in common")),
        }
        reasons
    }

    fn device_reasons(&self, left: usize, right: usize) -> Vec<Evidence> {
        let known = self.problem.known;
        let (l, r) = (&self.problem.left_devices[left].id, &self.problem.right_devices[right].id);
        let mut reasons = Vec::new();
        if known.devices.contains_key(l) {
            reasons.push(guard("this row is decided"));
        }
        if self.devices.refused.holds(row(left), row(right)) {
            reasons.push(guard(REFUSED));
        }
        if known.devices.values().flatten().any(|t| t == r) {
            reasons.push(guard("the target is taken"));
        }
        if self.settled.map.known && self.settled.map.left[left].is_none() {
            reasons.push(guard("its company has no match yet"));
        }
        match self.settled.device_rows[left].iter().position(|s| s.right as usize == right) {
            Some(0) => {}
            Some(_) => reasons.push(guard("another candidate is better")),
            None => reasons.push(guard("no identifier in common")),
        }
        reasons
    }
}

/// The reasons, then the evidence, what speaks against the pair first.
fn with_evidence(mut reasons: Vec<Evidence>, pair: Candidate) -> Vec<Evidence> {
    let mut evidence = pair.evidence;
    evidence.retain(|e| e.note != REFUSED);
    evidence.sort_by(|a, b| a.bits.total_cmp(&b.bits));
    reasons.extend(evidence);
    reasons
}
