//! Where couriers report: turned into the core's messages.

use super::super::core::CoreMessage;
use crate::domain::{Clock, IntegrationId, LogEntry, LogLevel};
use crate::store::Store;
use crate::sync::outbox::{Closed, WriteSink};
use futures::future::BoxFuture;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use tokio::sync::oneshot;

/// Hands reports to the core.
pub struct CourierSink {
    /// The core.
    pub inbox: Sender<CoreMessage>,
    /// Where the log is kept.
    pub store: Store,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The runtime for what waits for the disk.
    pub runtime: tokio::runtime::Handle,
}

impl WriteSink for CourierSink {
    fn closed(&self, integration: &IntegrationId, closed: Closed) -> BoxFuture<'static, bool> {
        let (done, kept) = oneshot::channel();
        let sent = self.inbox.send(CoreMessage::WritesClosed { integration: integration.clone(), closed, done });
        Box::pin(async move { sent.is_ok() && kept.await.unwrap_or(false) })
    }

    fn told(&self, integration: &IntegrationId, level: LogLevel, text: String) {
        let entry = LogEntry {
            seq: 0,
            at: self.clock.now(),
            level,
            integration: Some(integration.clone()),
            stream: None,
            run: None,
            record: None,
            text,
            count: 1,
        };
        let (store, inbox) = (self.store.clone(), self.inbox.clone());
        self.runtime.spawn_blocking(move || {
            let lines = store.append_log(vec![entry.clone()]).unwrap_or_else(|_| vec![entry]);
            let _ = inbox.send(CoreMessage::Log(lines));
        });
    }
}
