//! matchbook's own diagnostics: files under the home's `logs`, bounded by size and age. Never on the screen, never a body
//! or a key. What a sync did is in the store's log instead (`matchbook log`), under the same numbers of runs.

use super::output;
use super::rotating::{Bounds, Rotating};
use crate::config::Paths;
use crate::connectors::{Trace, Tuning};
use crate::domain::{Clock, Failure, FailureClass, SystemClock};
use std::fs::File;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tracing_subscriber::EnvFilter;

/// At most 50 MB and ten days.
const BOUNDS: Bounds = Bounds { bytes: 5 << 20, files: 10 };

/// Writes diagnostics from here on; `MATCHBOOK_LOG` sets the level (`warn` when unset, `matchbook=debug` for a trace of
/// every request's method, path, status and time). A log that cannot be written is no reason not to run.
pub fn start(paths: &Paths) {
    let Ok(file) = Rotating::open(&paths.logs, BOUNDS) else { return };
    let filter = EnvFilter::try_from_env("MATCHBOOK_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Mutex::new(file));
    // A second home in one process goes on with the first one's log.
    let _ = subscriber.try_init();
}

/// A trace was asked for on the command line.
static TRACED: AtomicBool = AtomicBool::new(false);
/// Where it goes: one file for the process.
static TRACE: OnceLock<Trace> = OnceLock::new();

/// Asks for a trace of every HTTP exchange of this process.
pub fn trace_http() {
    TRACED.store(true, Ordering::Relaxed);
}

/// Patience and limits for connectors of this home, with the trace where one was asked for.
///
/// # Errors
/// The file of the trace cannot be made.
pub fn tuning(paths: &Paths) -> Result<Tuning, Failure> {
    if !TRACED.load(Ordering::Relaxed) {
        return Ok(Tuning::default());
    }
    let trace = match TRACE.get() {
        Some(trace) => Arc::clone(trace),
        None => Arc::clone(TRACE.get_or_init({
            let trace = new_trace(paths)?;
            move || trace
        })),
    };
    Ok(Tuning { trace: Some(trace), ..Tuning::default() })
}

/// A new file beside the logs, for its owner only. It holds records of customers, so it is never made by itself.
fn new_trace(paths: &Paths) -> Result<Trace, Failure> {
    let now = SystemClock.now();
    let name = format!("http-{}T{:02}{:02}{:02}.jsonl", now.date(), now.hour(), now.minute(), now.second());
    let path = paths.logs.join(name);
    let made = std::fs::create_dir_all(&paths.logs).and_then(|()| File::create(&path));
    let file = made.map_err(|e| {
        let what = format!("the HTTP trace {} cannot be written: {e}", path.display());
        Failure::new(FailureClass::Local, what, "free some space there, or leave --trace-http out")
    })?;
    output::say(&format!("HTTP trace: {} (no keys, but records of customers: remove it afterwards)", path.display()));
    let file = Mutex::new(file);
    Ok(Arc::new(move |line: &str| {
        // A trace that cannot go on is no reason to stop a sync.
        let _ = writeln!(file.lock().unwrap_or_else(PoisonError::into_inner), "{line}");
    }))
}
