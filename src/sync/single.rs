//! Syncs one record that a person asked for.

use super::{Sink, Task};
use crate::connectors::{Ask, Connector};
use crate::domain::{Clock, Failure, FailureClass, LogEntry, LogLevel, Record, RecordId};
use crate::store::Store;
use futures::StreamExt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Everything it needs.
pub struct Single {
    /// Which stream of which integration.
    pub task: Task,
    /// Which record.
    pub id: RecordId,
    /// Where it comes from.
    pub connector: Arc<dyn Connector>,
    /// Where it is kept.
    pub store: Store,
    /// Who is told.
    pub sink: Arc<dyn Sink>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl Single {
    /// Asks for it and stores it; returns one line for the person. A vendor that cannot be asked for one record lists
    /// until it comes.
    ///
    /// # Errors
    /// The vendor's, the disk's, and when the vendor does not have it: only a full listing says that it is gone.
    pub async fn run(&self) -> Result<String, Failure> {
        let Self { task, id, .. } = self;
        let Some(record) = self.find().await? else {
            let what = format!("{} lists no {} with the id {id}", self.connector.vendor(), task.stream);
            let remedy = "a full sync says whether it is gone; until then it stays as it is";
            return Err(Failure::new(FailureClass::BadData, what, remedy));
        };
        let (store, integration, at) = (self.store.clone(), task.integration.clone(), self.clock.now());
        let name = crate::domain::text::clean(record.name()).into_owned();
        let kept = record.clone();
        let text = |changed| format!("{name} ({id}): {}", if changed { "synced" } else { "synced, nothing changed" });
        let line = |text: String| LogEntry {
            seq: 0,
            at,
            level: LogLevel::Info,
            integration: Some(integration.clone()),
            stream: Some(task.stream),
            run: None,
            record: Some(id.clone()),
            text,
            count: 1,
        };
        let lines = [line(text(true)), line(text(false))];
        let owner = integration.clone();
        let work = move || {
            let changed = store.put_record(&owner, &kept, at)?;
            let [yes, no] = lines;
            Ok((changed, store.append_log(vec![if changed { yes } else { no }])?))
        };
        let stored = tokio::task::spawn_blocking(work).await;
        let broke = |_| Failure::new(FailureClass::Ours, "store work stopped on a fault", "start matchbook again");
        let (changed, lines) = stored.map_err(broke)??;
        if changed {
            self.sink.stored(&integration, task.stream, vec![record]);
        }
        self.sink.log(lines);
        Ok(text(changed))
    }

    async fn find(&self) -> Result<Option<Record>, Failure> {
        let urgent = Arc::new(AtomicBool::new(true));
        let ask = Ask { only: Some(self.id.clone()), urgent, ..Ask::default() };
        let mut pages = self.connector.pages(self.task.stream, ask);
        while let Some(page) = pages.next().await {
            let page = page?;
            if let Some(record) = page.records.into_iter().find(|record| record.id() == self.id) {
                return Ok(Some(record));
            }
            if let Some(bad) = page.bad.into_iter().find(|bad| bad.id.as_deref() == Some(self.id.as_str())) {
                let what = format!("the row of {} cannot be read: {}", self.id, bad.reason);
                return Err(Failure::new(FailureClass::BadData, what, "correct it at the vendor"));
            }
            if page.last {
                break;
            }
        }
        Ok(None)
    }
}
