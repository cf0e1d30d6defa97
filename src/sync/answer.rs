//! Carries out a person's answer to a run that asked: applies exactly what was shown, or drops it.

use super::{Sink, Task};
use crate::domain::{Clock, Failure, LogEntry, LogLevel, MassChange, RunState};
use crate::store::Store;
use std::sync::Arc;

/// Everything an answer needs.
pub struct Answer {
    /// Which stream of which integration.
    pub task: Task,
    /// The vendor's word for the stream.
    pub label: String,
    /// What was asked.
    pub change: MassChange,
    /// Apply it.
    pub yes: bool,
    /// Who says so.
    pub who: String,
    /// Where it is kept.
    pub store: Store,
    /// Who is told.
    pub sink: Arc<dyn Sink>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl Answer {
    /// Carries it out; blocks on the disk. Returns one line for the person.
    ///
    /// # Errors
    /// `Usage` when a later run answered by itself; when the disk refuses.
    pub fn carry_out(&self) -> Result<String, Failure> {
        let Self { task, change, store, sink, .. } = self;
        let text = self.text();
        let log = if self.yes {
            store.accept_mass_change(&task.integration, task.stream, change.run, self.line(&text), &mut |part| {
                sink.stored(&task.integration, task.stream, part.changed);
                if !part.orphaned.is_empty() {
                    sink.orphaned(&task.integration, task.stream, part.orphaned);
                }
            })?
        } else {
            store.refuse_mass_change(&task.integration, task.stream, change.run, self.line(&text))?
        };
        sink.log(log);
        self.settle()?;
        Ok(text)
    }

    fn text(&self) -> String {
        let MassChange { changed, gone, .. } = self.change;
        if self.yes {
            format!("{}: {changed} changes and {gone} vanished records accepted by {}", self.label, self.who)
        } else {
            format!(
                "{}: {changed} changes and {gone} vanished records refused by {}; the last good state stays",
                self.label, self.who
            )
        }
    }

    /// The stream no longer asks.
    fn settle(&self) -> Result<(), Failure> {
        let Self { task, change, store, sink, .. } = self;
        let states = store.stream_states()?;
        let known = states.into_iter().find(|s| s.integration == task.integration && s.stream == task.stream);
        let Some(mut progress) = known else { return Ok(()) };
        progress.state = RunState::Ok;
        progress.stored = store.live_count(&task.integration, task.stream);
        progress.counts.held = 0;
        if self.yes {
            progress.counts.changed += change.changed;
            progress.counts.orphaned += change.gone;
        }
        store.save_stream_state(&progress)?;
        store.flush()?;
        sink.progress(progress);
        Ok(())
    }

    fn line(&self, text: &str) -> LogEntry {
        LogEntry {
            seq: 0,
            at: self.clock.now(),
            level: LogLevel::Warn,
            integration: Some(self.task.integration.clone()),
            stream: Some(self.task.stream),
            run: Some(self.change.run),
            record: None,
            text: crate::domain::text::clean(text).into_owned(),
            count: 1,
        }
    }
}
