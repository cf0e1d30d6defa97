//! sled's and the file system's errors in a person's terms.

use crate::domain::{Failure, FailureClass};
use std::io::{Error, ErrorKind};
use std::path::Path;

/// What sled could not do. Nothing was acknowledged.
pub(super) fn from_sled(error: &sled::Error, doing: &str) -> Failure {
    match error {
        sled::Error::Io(io) => from_io(io, doing),
        sled::Error::Corruption { .. } => local(
            format!("{doing} failed: the store is damaged"),
            "stop matchbook and restore the newest backup, or move the store away and sync again",
        ),
        other => local(format!("{doing} failed: {other}"), "stop matchbook, make a copy of the store and report this"),
    }
}

/// What the file system could not do.
pub(super) fn from_io(error: &Error, doing: &str) -> Failure {
    let remedy = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free some disk space, then start matchbook again",
        ErrorKind::FileTooLarge => "let files grow larger (ulimit -f), then start matchbook again",
        ErrorKind::ReadOnlyFilesystem => "make the file system writable, then start matchbook again",
        ErrorKind::PermissionDenied => {
            "run matchbook as the user who owns its home directory, with the right to write there (chmod -R u+rwX)"
        }
        ErrorKind::NotFound => "check the path",
        _ => "check the disk, then start matchbook again",
    };
    local(format!("{doing} failed: {}", reason(error)), remedy)
}

/// The same, naming the file.
pub(super) fn from_file(error: &Error, doing: &str, path: &Path) -> Failure {
    from_io(error, &format!("{doing} {}", path.display()))
}

/// A failure of this machine.
pub(super) fn local(what: impl AsRef<str>, remedy: impl Into<String>) -> Failure {
    Failure::new(FailureClass::Local, what, remedy)
}

/// A failure of the calling code.
pub(super) fn ours(what: impl AsRef<str>) -> Failure {
    Failure::new(FailureClass::Ours, what, "report this with the lines of the log around it")
}

fn reason(error: &Error) -> String {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "the disk is full".into(),
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only".into(),
        ErrorKind::PermissionDenied => "permission denied".into(),
        _ => error.to_string(),
    }
}
