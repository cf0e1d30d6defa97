//! From scored candidates to a proposal with evidence in words.

use super::companies::{self, Companies};
use super::devices::{self, CompanyMap, DeviceMatch, Devices};
use super::explain::{company_evidence, device_evidence, guard, inherited};
use super::facts::Problem;
use super::refusals::{REFUSED_ALL, REFUSED_ANOTHER};
use super::verdict::{company_verdict, device_verdict};
use crate::domain::{Candidate, Confidence, Proposal, Verdict};

fn row(i: usize) -> u32 {
    u32::try_from(i).unwrap_or(u32::MAX)
}

/// The chosen candidate first, the others by their own order.
fn ordered<S: Copy>(row: &[S], right: impl Fn(&S) -> u32, choice: Option<u32>) -> Vec<S> {
    let chosen = |s: &&S| Some(right(s)) == choice;
    row.iter().filter(chosen).chain(row.iter().filter(|s| !chosen(s))).copied().collect()
}

/// The proposal for a left company.
#[must_use]
pub fn company_proposal(
    problem: &Problem<'_>,
    companies: &Companies<'_>,
    i: usize,
    scored: &[companies::Scored],
    choice: Option<u32>,
) -> Proposal {
    let settings = problem.settings;
    let mut said = company_verdict(problem, companies, i, scored, choice);
    let open = !problem.known.companies.contains_key(&problem.left_companies[i].id);
    if open && scored.is_empty() && companies.refused().concern(row(i)) {
        REFUSED_ALL.clone_into(&mut said.note);
    }
    let scored = ordered(scored, |s| s.right, choice);
    let candidates = scored.into_iter().take(settings.keep).enumerate().map(|(rank, s)| {
        let mut evidence = company_evidence(companies, &settings.model, row(i), s.right);
        if rank == 0 && said.verdict != Verdict::Auto && !said.note.is_empty() {
            evidence.push(guard(&said.note));
        }
        if rank == 0 && companies.refused().concern(row(i)) {
            evidence.push(guard(REFUSED_ANOTHER));
        }
        let target = problem.right_companies[s.right as usize].id.clone();
        Candidate { target, confidence: Confidence::new(s.confidence), evidence }
    });
    Proposal { verdict: said.verdict, candidates: candidates.collect(), note: said.note }
}

/// The proposal for a left device.
#[must_use]
pub fn device_proposal(
    problem: &Problem<'_>,
    devices: &Devices<'_>,
    map: &CompanyMap,
    i: usize,
    scored: &[devices::Scored],
    choice: Option<u32>,
) -> Proposal {
    let scored = ordered(scored, |s| s.right, choice);
    let shown = scored.len().min(problem.settings.keep);
    let matches: Vec<DeviceMatch> = scored.iter().map(|s| devices.compare(row(i), s.right, map)).collect();
    let waits = map.known && map.left[i].is_none();
    let claimed = scored.first().is_some_and(|s| devices.is_claimed(row(i), s.right));
    let (verdict, mut note) = device_verdict(problem, &scored, &matches, choice, waits, claimed);
    if scored.is_empty() && devices.refused.concern(row(i)) {
        REFUSED_ALL.clone_into(&mut note);
    }
    let candidates = scored.iter().zip(&matches).take(shown).enumerate().map(|(rank, (s, found))| {
        let mut evidence = device_evidence(devices, found, row(i), s.right);
        evidence.extend(inherited(s.bits - found.bits()));
        if rank == 0 && verdict != Verdict::Auto && !note.is_empty() {
            evidence.push(guard(&note));
        }
        if rank == 0 && devices.refused.concern(row(i)) {
            evidence.push(guard(REFUSED_ANOTHER));
        }
        let target = devices.right[s.right as usize].id.clone();
        Candidate { target, confidence: Confidence::new(s.confidence), evidence }
    });
    Proposal { verdict, candidates: candidates.collect(), note }
}
