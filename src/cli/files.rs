//! `link`, `backup`, `restore`: work on files.

use super::args::LinkArguments;
use super::{Outcome, link, output};
use crate::config::Paths;
use crate::domain::Failure;
use crate::store::Store;
use std::path::Path;

/// Matches two CSV lists.
///
/// # Errors
/// Lists that cannot be read or lack columns, an output that cannot be written.
pub fn link(arguments: &LinkArguments) -> Result<Outcome, Failure> {
    let summary = link::run(&link::LinkArgs {
        left: arguments.left.clone(),
        right: arguments.right.clone(),
        output: arguments.output.clone(),
        limit: arguments.limit,
        left_companies: arguments.left_companies.clone(),
        right_companies: arguments.right_companies.clone(),
        companies_output: arguments.companies_output.clone(),
        explain: <[String; 2]>::try_from(arguments.explain.clone()).ok().map(|[left, right]| (left, right)),
        settings: None,
    })?;
    for line in &summary.explained {
        output::line(line)?;
    }
    for bad in &summary.bad_rows {
        output::say(&format!("left out: {bad}"));
    }
    output::say(&format!(
        "{} rows against {}: {} auto, {} suggested, {} conflicts, {} without a good candidate",
        summary.left, summary.right, summary.auto, summary.suggested, summary.conflicts, summary.none
    ));
    Ok(if summary.bad_rows.is_empty() { Outcome::Done } else { Outcome::Partly })
}

/// Copies the store to a file.
///
/// # Errors
/// The store's.
pub fn backup(file: &Path) -> Result<Outcome, Failure> {
    let paths = Paths::discover(None)?;
    paths.create()?;
    let store = Store::open(&paths.store)?;
    let report = store.backup(file)?;
    output::say(&format!("wrote {} ({} values)", file.display(), report.values));
    Ok(Outcome::Done)
}

/// Brings a backup back.
///
/// # Errors
/// A backup that is damaged or newer; the present store stays then.
pub fn restore(file: &Path) -> Result<Outcome, Failure> {
    let paths = Paths::discover(None)?;
    paths.create()?;
    let report = Store::restore(file, &paths.store)?;
    output::say(&format!("restored {} values from {}", report.values, file.display()));
    Ok(Outcome::Done)
}
