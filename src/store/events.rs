//! What was seen of a record: the last changes of what it is known by, and its going and coming.

use super::key::{self, Table};
use super::transaction::Transaction;
use super::{Store, codec};
use crate::domain::text::clean;
use crate::domain::{FactChange, Failure, IntegrationId, RecordId, RunId, Stream, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Most events kept of one record; older ones are dropped.
pub const RECORD_EVENTS: usize = 20;

/// Something that a sync saw of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordEvent {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: Timestamp,
    /// By which run.
    pub run: RunId,
    /// What.
    pub seen: Seen,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// Facts that it is known by changed.
    Changed(Vec<FactChange>),
    /// A complete listing no longer had it.
    Gone,
    /// It was listed again.
    Back,
    /// A person switched its sync off.
    Off,
    /// A person switched its sync on.
    On,
}

impl Seen {
    /// One line for the person.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Changed(changes) => {
                let known = |value: &str| if value.is_empty() { "–".to_owned() } else { clean(value).into_owned() };
                let changes: Vec<String> =
                    changes.iter().map(|c| format!("{} {} → {}", c.fact, known(&c.before), known(&c.after))).collect();
                changes.join(", ")
            }
            Self::Gone => "a complete listing no longer had it".to_owned(),
            Self::Back => "it was listed again".to_owned(),
            Self::Off => "its sync was switched off".to_owned(),
            Self::On => "its sync was switched on".to_owned(),
        }
    }
}

impl Store {
    /// The events of a record, oldest first.
    ///
    /// # Errors
    /// When the disk refuses or the value is damaged.
    pub fn record_events(
        &self,
        integration: &IntegrationId,
        stream: Stream,
        id: &RecordId,
    ) -> Result<Vec<RecordEvent>, Failure> {
        let Some(number) = self.integration_number(integration) else { return Ok(Vec::new()) };
        Ok(self.get(&key::item(Table::RecordEvents, number, stream, id.as_str()))?.unwrap_or_default())
    }
}

/// Events of one write, so that several of one record add up.
#[derive(Default)]
pub(super) struct Events(HashMap<RecordId, Vec<RecordEvent>>);

impl Events {
    pub(super) fn add(&mut self, id: &RecordId, event: RecordEvent) {
        self.0.entry(id.clone()).or_default().push(event);
    }

    /// Puts them behind those that are stored.
    pub(super) fn put(self, tx: &mut Transaction<'_>, number: u16, stream: Stream) -> Result<(), Failure> {
        for (id, events) in self.0 {
            let key = key::item(Table::RecordEvents, number, stream, id.as_str());
            let mut all: Vec<RecordEvent> = tx.store.get(&key)?.unwrap_or_default();
            all.extend(events);
            let from = all.len().saturating_sub(RECORD_EVENTS);
            tx.put_encoded(key, codec::encode(&&all[from..])?);
        }
        Ok(())
    }
}
