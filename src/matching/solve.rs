//! A full run: companies by name and devices, devices inside companies, each step feeding the other until stable.
//!
//! Names do not decide which devices agree, so the votes are counted once; companies are scored with their votes; devices
//! are scored inside the companies that are sure. That is the fixed point: another round would change nothing, because
//! the votes rest on identifiers alone.

use super::answers::Answers;
use super::companies::{self, Ballot, Companies, CompanyState};
use super::devices::state::refused_rows;
use super::devices::{self, CompanyMap, DeviceState, Devices};
use super::facts::{Problem, Solution};
use super::refusals::Refusals;
use super::steps::{
    DecidedDevices, choose_companies, choose_devices, company_map, count_votes, device_row, followed, rows_by_id,
    take_out_decided_companies,
};
use crate::domain::{Candidate, Evidence, Proposal, Stream};
use rayon::prelude::*;
use std::sync::Arc;

/// What a run found out: everything that answers need besides the facts. Owned and free of borrows.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// What was read of the companies.
    pub companies: Option<Arc<CompanyState>>,
    /// What devices say of companies.
    pub ballot: Arc<Ballot>,
    /// Candidates of each left company.
    pub company_rows: Vec<Vec<companies::Scored>>,
    /// What each left company gets.
    pub company_choice: Vec<Option<u32>>,
    /// The right company that each left company's devices follow.
    pub followed: Vec<Option<u32>>,
    /// What was read of the devices.
    pub devices: Arc<DeviceState>,
    /// Device pairs that a person refused.
    pub refused: Arc<Refusals>,
    /// The company that each left device follows.
    pub map: CompanyMap,
    /// Candidates of each left device.
    pub device_rows: Vec<Vec<devices::Scored>>,
    /// What each left device gets.
    pub device_choice: Vec<Option<u32>>,
}

impl Settled {
    /// Solves the problem.
    #[must_use]
    pub fn full(problem: &Problem<'_>) -> Self {
        let Problem { left_companies, right_companies, known, settings, .. } = *problem;
        let lefts = rows_by_id(left_companies.iter().map(|c| &c.id));
        let rights = rows_by_id(right_companies.iter().map(|c| &c.id));
        let lists = (problem.left_devices, problem.right_devices);
        let state = Arc::new(DeviceState::new(lists, (&lefts, &rights), settings));
        let devices = Devices::with(problem, state, Arc::new(refused_rows(lists, known)));
        let mut companies = Companies::new(left_companies, right_companies, known, settings);
        companies.hear(count_votes(problem, &devices));
        let mut company_rows = companies.score();
        take_out_decided_companies(problem, &lefts, &rights, &mut company_rows);
        companies.compete(&mut company_rows);
        let company_choice = choose_companies(problem, &company_rows);
        let followed = followed(problem, &companies, &company_rows, &company_choice, &rights);
        let map = company_map(problem, &devices, &followed);
        let decided = DecidedDevices::read(problem);
        let mut device_rows: Vec<Vec<devices::Scored>> =
            (0..lists.0.len()).into_par_iter().map(|i| device_row(&devices, &map, &decided, i)).collect();
        devices::compete(&mut device_rows, lists.1.len());
        let device_choice = choose_devices(problem, &device_rows);
        Self {
            companies: Some(Arc::clone(companies.state())),
            ballot: Arc::clone(companies.ballot()),
            company_rows,
            company_choice,
            followed,
            devices: devices.state,
            refused: devices.refused,
            map,
            device_rows,
            device_choice,
        }
    }
}

/// The engine's answer to a problem. Deterministic; the order of rows changes nothing but their places.
#[must_use]
pub fn solve(problem: &Problem<'_>) -> Solution {
    let run = Run::new(problem);
    let answers = run.answers();
    let companies = (0..problem.left_companies.len()).into_par_iter().map(|i| answers.company(i)).collect();
    let devices = (0..problem.left_devices.len()).into_par_iter().map(|i| answers.device(i)).collect();
    Solution { companies, devices }
}

/// A full run; proposals are built on demand.
pub struct Run<'a> {
    problem: &'a Problem<'a>,
    settled: Settled,
}

impl<'a> Run<'a> {
    /// Solves the problem.
    #[must_use]
    pub fn new(problem: &'a Problem<'a>) -> Self {
        Self { problem, settled: Settled::full(problem) }
    }

    /// What it found out.
    #[must_use]
    pub fn answers(&self) -> Answers<'_> {
        Answers::new(self.problem, &self.settled)
    }

    /// The proposal for a left company.
    #[must_use]
    pub fn company(&self, i: usize) -> Proposal {
        self.answers().company(i)
    }

    /// The proposal for a left device.
    #[must_use]
    pub fn device(&self, i: usize) -> Proposal {
        self.answers().device(i)
    }
}

/// Why a pair that somebody expected was not proposed, in words, the deciding reason first. One full run: whoever keeps
/// an engine asks that.
#[must_use]
pub fn explain_absence(problem: &Problem<'_>, stream: Stream, left: usize, right: usize) -> Vec<Evidence> {
    Run::new(problem).answers().absence(stream, left, right)
}

/// Any pair side by side (the Compare screen). One full run: whoever keeps an engine asks that.
#[must_use]
pub fn explain_pair(problem: &Problem<'_>, stream: Stream, left: usize, right: usize) -> Candidate {
    Run::new(problem).answers().pair(stream, left, right)
}
