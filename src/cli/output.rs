//! Printing: data to stdout, words for a person to stderr, a closed pipe is no error.

use crate::domain::{Failure, FailureClass, text};
use serde::Serialize;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

/// One JSON document, or one a line when called repeatedly.
///
/// # Errors
/// When stdout cannot be written.
pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value)
        .map_err(|e| Failure::new(FailureClass::Ours, format!("cannot write JSON: {e}"), "report it"))?;
    line(&text)
}

/// A line of data.
///
/// # Errors
/// When stdout cannot be written.
pub fn line(text: &str) -> Result<(), Failure> {
    writeln!(std::io::stdout(), "{text}").map_err(|e| broken(&e))
}

/// Whoever read stdout has seen enough (`matchbook queue | head`).
static READER_GONE: AtomicBool = AtomicBool::new(false);

/// Nobody reads stdout any more, which ends a command without a word.
pub fn is_reader_gone() -> bool {
    READER_GONE.load(Ordering::Relaxed)
}

/// The failure of a stdout that is gone.
pub fn broken(error: &std::io::Error) -> Failure {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        READER_GONE.store(true, Ordering::Relaxed);
    }
    Failure::new(FailureClass::Local, format!("cannot write to stdout: {error}"), "")
}

/// Words for a person.
pub fn say(message: &str) {
    let _ = writeln!(std::io::stderr(), "{}", text::clean(message));
}

/// A question, on whose line the answer is typed.
pub fn ask(prompt: &str) {
    let mut stderr = std::io::stderr();
    let _ = write!(stderr, "{}: ", text::clean(prompt)).and_then(|()| stderr.flush());
}

/// A failure, for a person: what happened and what to do.
pub fn error(failure: &Failure) {
    say(&format!("matchbook: {}", failure.what));
    if !failure.remedy.is_empty() {
        say(&format!("  → {}", failure.remedy));
    }
}

/// `2026-11-25 12:04:30 UTC` of a moment: beside each other, as in a log.
pub fn moment(at: crate::domain::Timestamp) -> String {
    format!("{} {:02}:{:02}:{:02} UTC", at.date(), at.hour(), at.minute(), at.second())
}

/// `2026-11-25 12:04 UTC` of a moment, or `–`.
pub fn clock(at: Option<crate::domain::Timestamp>) -> String {
    at.map_or_else(|| "–".into(), |at| format!("{} {:02}:{:02} UTC", at.date(), at.hour(), at.minute()))
}

/// A usage failure.
pub fn usage(what: impl AsRef<str>, remedy: impl Into<String>) -> Failure {
    Failure::new(FailureClass::Usage, what, remedy)
}
