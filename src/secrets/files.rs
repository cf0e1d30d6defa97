//! Files that only their owner may read, written whole or not at all.

use crate::domain::{Failure, FailureClass};
use std::fs::{self, OpenOptions};
use std::io::{Error, ErrorKind, Write};
use std::path::Path;

/// Reads a private file; `None` when there is none. Refuses one that others may read.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(failed(&e, "reading", path)),
    };
    check_mode(path)?;
    Ok(Some(bytes))
}

/// Writes a private file beside its place, syncs it and renames it.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_checked(path, bytes, |_| Ok(()))
}

/// The same; what was written is read back and shown to `check` before it takes the place of what was there.
pub(super) fn write_checked(
    path: &Path,
    bytes: &[u8],
    check: impl FnOnce(&[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let unfinished = path.with_extension("new");
    let failed = |e| failed(&e, "writing", path);
    stage(&unfinished, bytes).map_err(failed)?;
    let checked = fs::read(&unfinished).map_err(failed).and_then(|back| check(&back));
    if let Err(failure) = checked {
        // The old file stays; a leftover would only be overwritten by the next write.
        let _ = fs::remove_file(&unfinished);
        return Err(failure);
    }
    fs::rename(&unfinished, path).and_then(|()| sync_directory(path)).map_err(failed)
}

/// Removes a file for good; one that is not there is none to remove.
pub(super) fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(failed(&e, "removing", path)),
        _ => sync_directory(path).map_err(|e| failed(&e, "removing", path)),
    }
}

/// A rename is on disk when its directory is.
fn sync_directory(path: &Path) -> Result<(), Error> {
    match path.parent() {
        Some(parent) if cfg!(unix) => fs::File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

fn stage(unfinished: &Path, bytes: &[u8]) -> Result<(), Error> {
    if let Some(parent) = unfinished.parent() {
        fs::create_dir_all(parent)?;
    }
    // A leftover of a killed process may have another mode, and `mode` only counts for files that are made.
    match fs::remove_file(unfinished) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(unix)]
fn check_mode(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).map_err(|e| failed(&e, "reading", path))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(Failure::new(
            FailureClass::Local,
            format!("others may read {} (mode {mode:03o})", path.display()),
            format!("run `chmod 600 {}`, and change the secrets if others use this machine", path.display()),
        ));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_mode(_path: &Path) -> Result<(), Failure> {
    Ok(())
}

fn failed(error: &Error, doing: &str, path: &Path) -> Failure {
    let remedy = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free some disk space and try again",
        _ => "check that the directory belongs to you and can be written",
    };
    Failure::new(FailureClass::Local, format!("{doing} {} failed: {error}", path.display()), remedy)
}
