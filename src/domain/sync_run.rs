//! What a run of one stream did and how far it is.

use super::{Failure, FailureClass, IntegrationId, RunId, Stream, Timestamp};
use serde::{Deserialize, Serialize};

/// What a run changed. `read` counts every row that the vendor delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunCounts {
    /// Rows delivered.
    pub read: u64,
    /// Not known before.
    pub added: u64,
    /// Known, with another content.
    pub changed: u64,
    /// Known, the same.
    pub unchanged: u64,
    /// Known and no longer listed after a complete listing.
    pub orphaned: u64,
    /// Rows that could not be read.
    pub bad: u64,
    /// After a full listing: records that the vendor lists and the sync settings leave out.
    pub left_out: u64,
    /// Changes of what is known that wait for the end of the run, or for a person.
    pub held: u64,
}

/// What a run would do that is too much to believe without a person: nothing of it is applied until somebody says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MassChange {
    /// The run that found it.
    pub run: RunId,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: Timestamp,
    /// Known records that it would change.
    pub changed: u64,
    /// Known records that it would orphan.
    pub gone: u64,
    /// Live records of the stream.
    pub live: u64,
}

impl MassChange {
    /// One line for the person.
    #[must_use]
    pub fn text(&self, label: &str) -> String {
        let Self { changed, gone, live, .. } = self;
        let what = match (changed, gone) {
            (0, gone) => format!("{gone} of {live} {label} are no longer listed"),
            (changed, 0) => format!("{changed} of {live} {label} would change"),
            (changed, gone) => format!("{changed} of {live} {label} would change and {gone} are no longer listed"),
        };
        format!("{what}: too many to believe, nothing of it was applied")
    }
}

/// Where a stream stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum RunState {
    /// Never run.
    #[default]
    Never,
    /// Waiting for its turn.
    Queued,
    /// Running.
    Running,
    /// Waiting for the vendor's limit, until then.
    Waiting {
        /// When it goes on.
        #[serde(with = "time::serde::rfc3339")]
        until: Timestamp,
    },
    /// The last run was complete.
    Ok,
    /// Cut by the person or the end of the program; goes on from the last stored page.
    Cut,
    /// Failed.
    Failed {
        /// Why.
        failure: Failure,
    },
    /// Complete, but it would change too much: a person is asked, the last good state stays.
    Asks {
        /// What it would do.
        change: MassChange,
    },
}

impl RunState {
    /// Why the vendor refused the key, when that ended the run. It stops the whole integration, whichever stream met it.
    #[must_use]
    pub fn refused_key(&self) -> Option<&Failure> {
        match self {
            Self::Failed { failure } if failure.class == FailureClass::Credentials => Some(failure),
            _ => None,
        }
    }
}

/// Progress of one stream of one integration; kept in the store after the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StreamProgress {
    /// Which integration.
    pub integration: IntegrationId,
    /// Which stream.
    pub stream: Stream,
    /// The vendor's own word for it (`policies`, `configurations`).
    pub label: String,
    /// State.
    pub state: RunState,
    /// The run in progress or the last one.
    #[serde(default)]
    pub run: Option<RunId>,
    /// Rows so far in this run.
    pub done: u64,
    /// Rows that the vendor says there are; `None` where it does not say.
    #[serde(default)]
    pub total: Option<u64>,
    /// Rows a second over the last seconds.
    #[serde(default)]
    pub rate: f64,
    /// Counts of this or the last run.
    #[serde(default)]
    pub counts: RunCounts,
    /// Live (not orphaned) records in the store.
    #[serde(default)]
    pub stored: u64,
    /// Of these: left out by the sync settings. Known to the service only; 0 in the store.
    #[serde(default)]
    pub left_out: u64,
    /// When the run started.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub started: Option<Timestamp>,
    /// When the last complete run ended.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub finished: Option<Timestamp>,
    /// After a failure that passes: when it is tried again by itself.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub retry_at: Option<Timestamp>,
    /// When it runs next by its schedule. Known to the service only; `None` in the store.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub next: Option<Timestamp>,
}

impl StreamProgress {
    /// A stream that never ran.
    #[must_use]
    pub fn never(integration: IntegrationId, stream: Stream, label: String) -> Self {
        Self {
            integration,
            stream,
            label,
            state: RunState::Never,
            run: None,
            done: 0,
            total: None,
            rate: 0.0,
            counts: RunCounts::default(),
            stored: 0,
            left_out: 0,
            started: None,
            finished: None,
            retry_at: None,
            next: None,
        }
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum RunOutcome {
    /// Every page was stored.
    Complete {
        /// What it changed.
        counts: RunCounts,
    },
    /// Cut before the end; the stored pages stay and the next run goes on from there.
    Cut {
        /// What it changed so far.
        counts: RunCounts,
    },
    /// Failed; the stored pages stay.
    Failed {
        /// Why.
        failure: Failure,
        /// What it changed so far.
        counts: RunCounts,
    },
    /// Complete, but a person has to say whether it is believed.
    Asks {
        /// What it changed; what waits is in `held` and not applied.
        counts: RunCounts,
    },
}
