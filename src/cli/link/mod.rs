//! `matchbook link`: matches two CSV files without any store.
//!
//! Owns the columns and the output; the matching is [`crate::matching`]'s. Rows with device facts are matched as devices
//! (inside their companies where those are given), other rows as companies or sites.

pub mod explain;
pub mod read;
pub mod table;

use crate::domain::{Failure, FailureClass, Proposal, Verdict, text};
use crate::matching::{Known, Problem, Run, Settings};
use rayon::prelude::*;
use read::Lists;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Candidates written for each row when nobody says how many.
const LIMIT: usize = 5;
/// Rows whose proposals are built at once before they are written.
const CHUNK: usize = 8192;
/// Rows that one thread turns into text at a time.
const PART: usize = 256;

/// What `matchbook link` is given.
#[derive(Clone, Debug, Default)]
pub struct LinkArgs {
    /// The left list.
    pub left: PathBuf,
    /// The right list.
    pub right: PathBuf,
    /// Where the result goes.
    pub output: PathBuf,
    /// Candidates written for each left row.
    pub limit: usize,
    /// Companies of the left list.
    pub left_companies: Option<PathBuf>,
    /// Companies of the right list.
    pub right_companies: Option<PathBuf>,
    /// Where the companies' result goes.
    pub companies_output: Option<PathBuf>,
    /// A left and a right id of which is told what speaks for and against the pair, and why it is not proposed.
    pub explain: Option<(String, String)>,
    /// Settings other than the defaults for lists, where a caller has them.
    pub settings: Option<Settings>,
}

/// What `matchbook link` did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkSummary {
    /// Rows of the left list.
    pub left: usize,
    /// Rows of the right list.
    pub right: usize,
    /// Left rows by verdict: automatic.
    pub auto: usize,
    /// Suggested.
    pub suggested: usize,
    /// In conflict.
    pub conflicts: usize,
    /// Without a good candidate.
    pub none: usize,
    /// Rows that could not be read, each with its place and reason.
    pub bad_rows: Vec<String>,
    /// What was asked to be explained, in lines.
    pub explained: Vec<String>,
}

/// The settings for two lists: names may decide alone, since no store and no person stands behind.
#[must_use]
pub fn list_settings() -> Settings {
    Settings { name_alone_may_auto: true, ..Settings::default() }
}

/// Matches two files.
///
/// # Errors
/// [`FailureClass::Usage`] when a file is missing or lacks a needed column, [`FailureClass::Local`] when the output cannot
/// be written.
pub fn run(args: &LinkArgs) -> Result<LinkSummary, Failure> {
    if args.left_companies.is_some() != args.right_companies.is_some() {
        return Err(Failure::new(
            FailureClass::Usage,
            "company lists come in pairs",
            "give both --left-companies and --right-companies",
        ));
    }
    let lists = Lists::read(args)?;
    let limit = if args.limit == 0 { LIMIT } else { args.limit };
    // What is not written is not explained either.
    let settings = Settings { keep: limit, ..args.settings.clone().unwrap_or_else(list_settings) };
    let known = Known::default();
    let problem = Problem {
        left_companies: &lists.left_companies,
        right_companies: &lists.right_companies,
        left_devices: &lists.left_devices,
        right_devices: &lists.right_devices,
        known: &known,
        settings: &settings,
    };
    let run = Run::new(&problem);
    let run = run.answers();
    let mut summary = LinkSummary { bad_rows: lists.bad.clone(), ..LinkSummary::default() };
    if let Some((left, right)) = &args.explain {
        summary.explained = explain::pair(&run, &lists, left, right)?;
    }
    let company_ids = |i: usize| lists.left_companies[i].id.as_str();
    if lists.are_devices {
        (summary.left, summary.right) = (lists.left_devices.len(), lists.right_devices.len());
        let ids = |i: usize| lists.left_devices[i].id.as_str();
        write(&args.output, limit, summary.left, ids, |i| run.device(i), &mut summary)?;
        if let Some(path) = &args.companies_output {
            let mut other = LinkSummary::default();
            write(path, limit, lists.left_companies.len(), company_ids, |i| run.company(i), &mut other)?;
        }
    } else {
        (summary.left, summary.right) = (lists.left_companies.len(), lists.right_companies.len());
        write(&args.output, limit, summary.left, company_ids, |i| run.company(i), &mut summary)?;
        if let Some(path) = &args.companies_output {
            lists.write_owners(path, &settings)?;
        }
    }
    Ok(summary)
}

/// Writes the rows of one list, chunk by chunk, so that not all proposals are held at once.
fn write<'a>(
    path: &Path,
    limit: usize,
    rows: usize,
    id: impl Fn(usize) -> &'a str + Sync,
    proposal: impl Fn(usize) -> Proposal + Sync,
    summary: &mut LinkSummary,
) -> Result<(), Failure> {
    let failed = |e: &dyn std::fmt::Display| {
        Failure::new(FailureClass::Local, format!("{} cannot be written: {e}", path.display()), "check path and space")
    };
    let mut file = std::fs::File::create(path).map_err(|e| failed(&e))?;
    let head = csv_text(|out| out.write_record(["left_id", "right_id", "score", "rank", "decision", "why"]));
    file.write_all(&head.map_err(|e| failed(&e))?).map_err(|e| failed(&e))?;
    for from in (0..rows).step_by(CHUNK) {
        let parts: Vec<usize> = (from..rows.min(from + CHUNK)).step_by(PART).collect();
        let written: Vec<csv::Result<(Vec<u8>, LinkSummary)>> = parts
            .into_par_iter()
            .map(|start| {
                let mut counts = LinkSummary::default();
                let text = csv_text(|out| {
                    (start..rows.min(start + PART)).try_for_each(|i| {
                        let proposal = proposal(i);
                        count(&proposal, &mut counts);
                        write_row(out, id(i), &proposal, limit)
                    })
                })?;
                Ok((text, counts))
            })
            .collect();
        for part in written {
            let (text, counts) = part.map_err(|e| failed(&e))?;
            file.write_all(&text).map_err(|e| failed(&e))?;
            summary.auto += counts.auto;
            summary.suggested += counts.suggested;
            summary.conflicts += counts.conflicts;
            summary.none += counts.none;
        }
    }
    file.flush().map_err(|e| failed(&e))
}

/// CSV text in memory.
fn csv_text(write: impl FnOnce(&mut csv::Writer<Vec<u8>>) -> csv::Result<()>) -> csv::Result<Vec<u8>> {
    let mut out = csv::Writer::from_writer(Vec::new());
    write(&mut out)?;
    out.into_inner().map_err(|e| csv::Error::from(e.into_error()))
}

fn count(proposal: &Proposal, summary: &mut LinkSummary) {
    match proposal.verdict {
        Verdict::Auto => summary.auto += 1,
        Verdict::Suggest => summary.suggested += 1,
        Verdict::Conflict => summary.conflicts += 1,
        Verdict::None => summary.none += 1,
    }
}

fn write_row<W: Write>(out: &mut csv::Writer<W>, id: &str, proposal: &Proposal, limit: usize) -> csv::Result<()> {
    for (rank, candidate) in proposal.candidates.iter().take(limit).enumerate() {
        let decision = match proposal.verdict {
            _ if rank > 0 => "",
            Verdict::Auto => "auto",
            Verdict::Suggest => "suggest",
            Verdict::Conflict => "conflict",
            Verdict::None => "",
        };
        let notes: Vec<&str> = candidate.evidence.iter().map(|e| e.note.as_str()).collect();
        out.write_record([
            id_cell(id).as_str(),
            id_cell(candidate.target.as_str()).as_str(),
            format!("{:.6}", candidate.confidence.get()).as_str(),
            (rank + 1).to_string().as_str(),
            decision,
            text::csv_cell(&notes.join("; ")).as_str(),
        ])?;
    }
    Ok(())
}

/// An id as it came, unless a spreadsheet would run it.
fn id_cell(id: &str) -> String {
    if id.parse::<f64>().is_ok() { id.to_owned() } else { text::csv_cell(id) }
}
