//! matchbook's own diagnostics: a file a day under the home's `logs`, seven kept. Never on the screen, never a body or
//! a key. What a sync did is in the store's log instead (`matchbook log`).

use crate::config::Paths;
use tracing_appender::rolling::{Builder, Rotation};
use tracing_subscriber::EnvFilter;

/// Files kept.
const DAYS: usize = 7;

/// Writes diagnostics from here on; `MATCHBOOK_LOG` sets the level (`warn` when unset, `matchbook=debug` for a trace of
/// every request's method, path, status and time). A log that cannot be written is no reason not to run.
pub fn start(paths: &Paths) {
    let appender = Builder::new()
        .rotation(Rotation::DAILY)
        .filename_prefix("matchbook")
        .filename_suffix("log")
        .max_log_files(DAYS)
        .build(&paths.logs);
    let Ok(appender) = appender else { return };
    let filter = EnvFilter::try_from_env("MATCHBOOK_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(std::sync::Mutex::new(appender));
    // A second home in one process goes on with the first one's log.
    let _ = subscriber.try_init();
}
