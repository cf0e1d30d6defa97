//! `link`, `backup`, `restore`: work on files.

use super::args::LinkArguments;
use super::{Outcome, output};
use crate::config::Paths;
use crate::domain::Failure;
use crate::store::Store;
use std::path::Path;

/// Matches two CSV lists.
///
/// # Errors
/// Lists that cannot be read or lack columns, an output that cannot be written.
pub fn link(arguments: &LinkArguments) -> Result<Outcome, Failure> {
    let _ = arguments;
    Err(output::usage("link is not here yet", ""))
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
