//! Backups by the schedule: while a session runs, and after a sync from cron.

use super::output;
use crate::config::{BackupConfig, Paths};
use crate::domain::{Clock, Failure, LogEntry, LogLevel, Schedule, Spread, Timestamp};
use crate::store::{Store, last_scheduled};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A session is left alone for so long after its start: a backup holds up writes.
const FIRST_LOOK: Duration = Duration::from_mins(2);

/// How often the clock is looked at: a machine that slept does not count its sleep.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// After a backup that failed, the next one is tried so much later.
const AFTER_FAILURE: Duration = Duration::from_hours(1);

/// What is backed up, where and when.
#[derive(Clone)]
pub struct Keeper {
    store: Store,
    directory: PathBuf,
    schedule: Schedule,
    spread: Spread,
    keep: usize,
    clock: Arc<dyn Clock>,
}

impl Keeper {
    /// The keeper of a home.
    ///
    /// # Errors
    /// A schedule that is none.
    pub fn new(store: Store, settings: &BackupConfig, paths: &Paths, clock: Arc<dyn Clock>) -> Result<Self, Failure> {
        let base = paths.config.parent().unwrap_or(std::path::Path::new("."));
        Ok(Self {
            store,
            directory: settings.directory.as_ref().map_or_else(|| paths.backups.clone(), |own| base.join(own)),
            schedule: settings.schedule()?,
            spread: Spread::default(),
            keep: settings.keep as usize,
            clock,
        })
    }

    /// The same, in the home's time zone.
    pub fn spread(self, spread: Spread) -> Self {
        Self { spread, ..self }
    }

    /// Makes a backup when one is due, and writes what came of it into the sync log. Blocks.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn if_due(&self) -> Result<bool, Failure> {
        let now = self.clock.now();
        // Without any it is due now, by this very look at the clock.
        if self.schedule.next(last_scheduled(&self.directory), now, "backup", &self.spread).is_none_or(|at| at > now) {
            return Ok(false);
        }
        let made = self.store.scheduled_backup(&self.directory, self.keep, now);
        let (level, text) = match &made {
            Ok((file, report)) => (LogLevel::Info, format!("backup {} ({} values)", file.display(), report.values)),
            Err(failure) => (LogLevel::Error, format!("the scheduled backup failed: {failure}")),
        };
        // The backup is what counts; a log line that cannot be written is no reason to call it failed.
        let _ = self.store.append_log(vec![line(now, level, &text)]);
        made.map(|_| true)
    }

    /// Looks after it until the runtime ends. Failures are told by `tell`.
    pub async fn run(self, tell: impl Fn(&Failure)) {
        tokio::time::sleep(FIRST_LOOK).await;
        loop {
            let keeper = self.clone();
            let wait = match tokio::task::spawn_blocking(move || keeper.if_due()).await {
                Ok(Ok(_)) => LOOK_EVERY,
                Ok(Err(failure)) => {
                    tell(&failure);
                    AFTER_FAILURE
                }
                Err(_) => return,
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// The same once, for a command that ends; a failure is said and does not fail the command.
    pub fn once(&self) {
        if let Err(failure) = self.if_due() {
            output::say(&format!("the scheduled backup failed: {failure}"));
        }
    }
}

fn line(at: Timestamp, level: LogLevel, text: &str) -> LogEntry {
    let text = crate::domain::text::clean(text).into_owned();
    LogEntry { seq: 0, at, level, integration: None, stream: None, run: None, record: None, text, count: 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// A clock that stands where it is put.
    struct Hands(Mutex<Timestamp>);

    impl Clock for Hands {
        fn now(&self) -> Timestamp {
            *self.0.lock().unwrap()
        }
    }

    #[test]
    fn a_backup_is_made_when_due_and_once() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::in_home(dir.path());
        let store = Store::open(&paths.store).unwrap();
        let hands = Arc::new(Hands(Mutex::new(Timestamp::now_utc())));
        let keeper = Keeper::new(store.clone(), &BackupConfig::default(), &paths, hands.clone()).unwrap();
        assert!(keeper.if_due().unwrap(), "a home without any is due at once");
        assert!(!keeper.if_due().unwrap());
        // The file's own time is the real one; a day later by this clock, the next one is due.
        *hands.0.lock().unwrap() += time::Duration::hours(25);
        assert!(keeper.if_due().unwrap());
        let lines = store.log(None, 10, &|_| true, 10).unwrap();
        assert!(lines.len() == 2 && lines[0].text.starts_with("backup "), "{lines:?}");
        let off = BackupConfig { every: "off".into(), ..BackupConfig::default() };
        assert!(!Keeper::new(store, &off, &paths, hands).unwrap().if_due().unwrap());
    }
}
