//! From one format of the store to the next. A store of an older format is copied to a backup and rebuilt through the
//! steps between the two; killed in between, it is of the old format or the new one, whole.

use super::open::{DATA, on_a_thread, open_sled, wait_for_release};
use super::rebuild::rebuild;
use super::{FORMAT, Pair, backup, error};
use crate::domain::{Failure, FailureClass};
use std::path::Path;

/// One step: how the values of a format become those of the next one.
#[derive(Clone, Copy)]
pub(super) struct Step {
    /// The format it starts from; it ends one higher.
    pub from: u8,
    /// What becomes of one value: itself, another, several or none. Keys must stay in their order.
    pub change: fn(Pair) -> Result<Vec<Pair>, Failure>,
}

/// Every step that there is: format 1 is the first.
pub(super) const STEPS: &[Step] = &[];

/// Takes a value through all steps.
pub(super) fn change(pair: Pair, steps: &[Step]) -> Result<Vec<Pair>, Failure> {
    let mut pairs = vec![pair];
    for step in steps {
        let changed: Result<Vec<_>, _> = pairs.into_iter().map(step.change).collect();
        pairs = changed?.into_iter().flatten().collect();
    }
    Ok(pairs)
}

/// Brings the store in that directory, whose lock the caller holds, from format `found` to this matchbook's.
///
/// # Errors
/// When there is no way from that format, or backup or rebuild fail: the store is as before then.
pub(super) fn migrate(dir: &Path, found: u8, steps: &[Step]) -> Result<(), Failure> {
    let way: Vec<Step> = (found..FORMAT).filter_map(|from| steps.iter().find(|s| s.from == from).copied()).collect();
    if way.len() != usize::from(FORMAT - found) {
        return Err(Failure::new(
            FailureClass::Local,
            format!("the store is of format {found}, from which this matchbook knows no way to {FORMAT}"),
            "open it with a matchbook in between; nothing was changed",
        ));
    }
    let backups = dir.with_file_name("backups");
    super::open::make_private_dir(&backups)?;
    let file = backups.join(format!("before-format-{FORMAT}.{}", backup::EXTENSION));
    let data = dir.join(DATA);
    on_a_thread(move || {
        let db = open_sled(&data).map_err(|e| error::from_sled(&e, "reading the store"))?;
        let written = backup::write_file(&db, found, &file);
        drop(db);
        wait_for_release(&data).map_err(|e| error::from_file(&e, "closing", &data))?;
        written
    })?;
    rebuild(dir, &way, FORMAT).map(drop)
}
