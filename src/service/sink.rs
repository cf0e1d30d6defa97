//! Where syncs and connectors report: turned into the core's messages on their own threads.

use super::core::CoreMessage;
use super::tables::Change;
use crate::connectors::{HttpNotice, Observer};
use crate::domain::{Clock, IntegrationId, LogEntry, Record, RecordId, Stream, StreamProgress};
use crate::store::Store;
use crate::sync::Sink;
use std::sync::mpsc::Sender;
use std::sync::{Arc, OnceLock};

/// Hands a sync's reports to the core.
pub struct CoreSink {
    inbox: Sender<CoreMessage>,
}

impl CoreSink {
    /// A sink for that core.
    pub fn new(inbox: Sender<CoreMessage>) -> Self {
        Self { inbox }
    }

    fn send(&self, message: CoreMessage) {
        // The core is gone only at the end of the program; what was stored is stored.
        let _ = self.inbox.send(message);
    }
}

impl Sink for CoreSink {
    fn stored(&self, integration: &IntegrationId, _: Stream, records: Vec<Record>) {
        if !records.is_empty() {
            let changes = records.iter().flat_map(Change::all_of).collect();
            self.send(CoreMessage::Stored(integration.clone(), changes));
        }
    }

    fn orphaned(&self, integration: &IntegrationId, stream: Stream, ids: Vec<RecordId>) {
        let changes = ids.into_iter().map(|id| Change::Orphaned(stream, id)).collect();
        self.send(CoreMessage::Stored(integration.clone(), changes));
    }

    fn progress(&self, progress: StreamProgress) {
        self.send(CoreMessage::Progress(Box::new(progress)));
    }

    fn log(&self, lines: Vec<LogEntry>) {
        self.send(CoreMessage::Log(lines));
    }

    fn ended(&self, integration: &IntegrationId, _: Stream) {
        self.send(CoreMessage::Ended(integration.clone()));
    }
}

struct Attached {
    store: Store,
    inbox: Sender<CoreMessage>,
    clock: Arc<dyn Clock>,
    runtime: tokio::runtime::Handle,
}

/// Connectors are made before the service; what they notice (retries, waits for a limit) reaches its log.
#[derive(Clone, Default)]
pub struct Notices(Arc<OnceLock<Attached>>);

impl Notices {
    /// The observer for a connector of that integration.
    #[must_use]
    pub fn observer(&self, integration: &IntegrationId) -> Observer {
        let (cell, integration) = (Arc::clone(&self.0), integration.clone());
        Arc::new(move |notice: HttpNotice| {
            let Some(attached) = cell.get() else { return };
            let entry = LogEntry {
                seq: 0,
                at: attached.clock.now(),
                level: notice.level,
                integration: Some(integration.clone()),
                stream: None,
                run: None,
                record: None,
                text: notice.text,
                count: 1,
            };
            let (store, inbox) = (attached.store.clone(), attached.inbox.clone());
            if let Some(until) = notice.retry_at.filter(|_| notice.limit) {
                let _ = inbox.send(CoreMessage::Held(integration.clone(), until));
            }
            attached.runtime.spawn_blocking(move || {
                // A full disk shows in the run's own failure; the line is shown all the same.
                let lines = store.append_log(vec![entry.clone()]).unwrap_or_else(|_| vec![entry]);
                let _ = inbox.send(CoreMessage::Log(lines));
            });
        })
    }

    pub(super) fn attach(
        &self,
        store: Store,
        inbox: Sender<CoreMessage>,
        clock: Arc<dyn Clock>,
        runtime: tokio::runtime::Handle,
    ) {
        let _ = self.0.set(Attached { store, inbox, clock, runtime });
    }
}
