//! Sync settings: their choices, what a change would do, and the change itself. The configuration is written first; what
//! follows from it is computed, never stored, so that a kill at any instant leaves the earlier settings or the new ones.

use super::super::messages::{Done, View};
use super::super::reply::ReplyTo;
use super::super::scoping::{preview, settings};
use super::super::writer;
use super::{Core, CoreMessage, Pending};
use crate::connectors::ChoiceList;
use crate::domain::{Failure, FailureClass, IntegrationId, LogEntry, LogLevel, Stream, SyncScope};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A vendor is asked for its choices again after so long: it is many requests where each choice is counted.
const ASK_AGAIN: Duration = Duration::from_mins(10);

/// What a vendor said can be chosen.
pub struct Offered {
    lists: Arc<[ChoiceList]>,
    at: Instant,
}

impl Core {
    fn integration_or(&self, id: &IntegrationId) -> Result<&super::super::overview::Integration, Failure> {
        self.integrations.iter().find(|i| i.id == *id).ok_or_else(|| self.no_integration(id))
    }

    /// There is no such integration.
    pub(super) fn no_integration(&self, id: &IntegrationId) -> Failure {
        let names: Vec<&str> = self.integrations.iter().map(|i| i.id.as_str()).collect();
        let remedy = if names.is_empty() {
            "connect one with `matchbook connect NAME --connector …`".to_owned()
        } else {
            format!("integrations here: {}", names.join(", "))
        };
        Failure::new(FailureClass::Usage, format!("there is no integration “{id}”"), remedy)
    }

    /// The settings with their choices, with those of the vendor's own list when it is to be asked and was not asked
    /// lately.
    pub(super) fn ask_settings(&mut self, reply: ReplyTo, id: IntegrationId, ask: bool) {
        let connector = match self.integration_or(&id) {
            Ok(integration) => Arc::clone(&integration.connector),
            Err(failure) => return reply.failed(failure),
        };
        let fresh = self.offered.get(&id).is_some_and(|offered| offered.at.elapsed() < ASK_AGAIN);
        if !ask || fresh {
            return self.sync_settings(reply, id, None);
        }
        let inbox = self.inbox.clone();
        self.runtime.spawn(async move {
            let result = connector.choices().await;
            let _ = inbox.send(CoreMessage::Offered { integration: id, result, reply });
        });
    }

    /// The vendor told its choices, or did not: then those of the stored records have to do, and the log says why.
    pub(super) fn offered(&mut self, id: IntegrationId, result: Result<Vec<ChoiceList>, Failure>, reply: ReplyTo) {
        match result {
            Ok(lists) => {
                self.offered.insert(id.clone(), Offered { lists: lists.into(), at: Instant::now() });
            }
            Err(failure) => {
                let text = format!("the vendor's list of choices is missing: {failure}");
                self.log_line(&id, LogLevel::Warn, &text);
            }
        }
        self.sync_settings(reply, id, None);
    }

    /// A line in the sync log, written elsewhere.
    pub(super) fn log_line(&self, id: &IntegrationId, level: LogLevel, text: &str) {
        let entry = LogEntry {
            seq: 0,
            at: self.clock.now(),
            level,
            integration: Some(id.clone()),
            stream: None,
            run: None,
            record: None,
            text: crate::domain::text::clean(text).into_owned(),
            count: 1,
        };
        let (store, inbox) = (self.store.clone(), self.inbox.clone());
        self.runtime.spawn_blocking(move || {
            // A full disk shows where a decision or a page is refused; the line is shown all the same.
            let lines = store.append_log(vec![entry.clone()]).unwrap_or_else(|_| vec![entry]);
            let _ = inbox.send(CoreMessage::Log(lines));
        });
    }

    /// The settings with their choices, or with a scope what that would do. Counted off this thread.
    pub(super) fn sync_settings(&self, reply: ReplyTo, id: IntegrationId, scope: Option<SyncScope>) {
        let connector = match self.integration_or(&id) {
            Ok(integration) => Arc::clone(&integration.connector),
            Err(failure) => return reply.failed(failure),
        };
        let (world, store, inbox) = (Arc::clone(&self.world), self.store.clone(), self.inbox.clone());
        let flows: Vec<_> = self.flows.iter().map(|state| state.flow.clone()).collect();
        let (now, name) = (self.clock.now(), self.vendor(&id));
        let offered = self.offered.get(&id).map(|offered| Arc::clone(&offered.lists)).unwrap_or_default();
        self.runtime.spawn_blocking(move || {
            let streams = connector.streams();
            let context = preview::Context {
                world: &world,
                flows: &flows,
                store: &store,
                integration: &id,
                streams: &streams,
                now,
            };
            let register = &world.tables_of(&id).register;
            let answer = match &scope {
                Some(scope) => preview::preview(&context, register, scope).map(View::ScopePreview),
                None => {
                    let settings = settings::settings(&context, register, &name, &offered);
                    Ok(View::SyncSettings(Box::new(settings)))
                }
            };
            drop(world);
            match answer {
                Ok(view) => reply.view(view),
                Err(failure) => reply.failed(failure),
            }
            let _ = inbox.send(CoreMessage::Freed);
        });
    }

    /// Hands new settings to the writer.
    pub(super) fn set_sync_settings(&mut self, reply: ReplyTo, id: IntegrationId, scope: SyncScope, sync: bool) {
        if let Err(failure) = self.integration_or(&id) {
            return reply.failed(failure);
        }
        let Some(file) = self.settings.clone() else {
            let what = "settings cannot be changed from here";
            return reply.failed(Failure::new(FailureClass::Usage, what, "change them in config.toml"));
        };
        self.keeping += 1;
        let job = writer::Job::KeepScope { file, integration: id, scope: Arc::new(scope), sync, reply };
        let _ = self.writer.send(job);
    }

    /// The configuration holds the settings: they take effect.
    pub(super) fn scope_kept(
        &mut self,
        id: &IntegrationId,
        scope: &Arc<SyncScope>,
        sync: bool,
        result: Result<(), Failure>,
        reply: ReplyTo,
    ) {
        self.keeping -= 1;
        if let Err(failure) = result {
            return reply.failed(failure);
        }
        let before = self.supervisor.set_scope(id, Arc::clone(scope));
        self.pending.push_back(Pending::Scope(id.clone(), Some(Arc::clone(scope))));
        // What runs lists by the earlier settings: it ends at its page, and what it would say is gone is not believed.
        self.supervisor.cancel(Some(id));
        let widened = before.map(|before| scope.widens(&before)).unwrap_or_default();
        let running = self.supervisor.running().into_iter().filter(|task| task.integration == *id);
        let wanted: Vec<Stream> = widened.iter().copied().chain(running.map(|task| task.stream)).collect();
        let may_sync = sync && !self.paused.contains(id);
        if may_sync && !wanted.is_empty() {
            self.again.entry(id.clone()).or_default().extend(wanted);
            self.start_again(id);
        }
        let text = match (widened.is_empty(), may_sync) {
            (true, _) => format!("sync settings of {id} are saved"),
            (false, true) => format!("sync settings of {id} are saved; a sync brings what they newly take"),
            (false, false) => {
                format!("sync settings of {id} are saved; the next full sync brings what they newly take")
            }
        };
        reply.done(Done { text, ..Done::default() });
        self.outbox.overview();
    }

    /// Lists in full what new settings newly take, once no run under earlier settings is left.
    pub(super) fn start_again(&mut self, id: &IntegrationId) {
        if self.supervisor.running().iter().any(|task| task.integration == *id) {
            return;
        }
        for stream in self.again.remove(id).unwrap_or_default() {
            self.start_sync(Some(id), Some(stream), true);
        }
    }

    /// Says in the sync log what new settings leave out, once they took effect.
    pub(super) fn tell_scopes(&mut self) {
        let settled = |id: &IntegrationId| !self.recount.contains_key(id);
        let (told, later) = std::mem::take(&mut self.told_scope).into_iter().partition(settled);
        self.told_scope = later;
        let told: std::collections::BTreeSet<IntegrationId> = told;
        for id in told {
            let register = &self.world.tables_of(&id).register;
            let left_out: Vec<String> = Stream::MATCHED
                .into_iter()
                .map(|stream| (stream, register.left_out(stream)))
                .filter(|(_, count)| *count > 0)
                .map(|(stream, count)| super::super::decide::counted(stream, count))
                .collect();
            let left_out = if left_out.is_empty() { "nothing".to_owned() } else { left_out.join(", ") };
            let text = format!("sync settings changed by {}; left out now: {left_out}", self.actor);
            self.log_line(&id, LogLevel::Info, &text);
        }
    }

    /// Names in the settings that nothing has, for every terminal to read. Counted off this thread.
    pub(super) fn warn_of_scopes(&self) {
        for integration in &self.integrations {
            let id = integration.id.clone();
            if **self.world.tables_of(&id).register.scope() == SyncScope::default() {
                continue;
            }
            let (sender, receiver) = tokio::sync::oneshot::channel();
            self.sync_settings(ReplyTo::Caller(sender), id.clone(), None);
            let inbox = self.inbox.clone();
            self.runtime.spawn(async move {
                if let Ok(super::super::messages::Reply::View(View::SyncSettings(settings))) = receiver.await {
                    for warning in settings.warnings {
                        let _ = inbox.send(CoreMessage::Notice(format!("sync settings of {id}: {warning}")));
                    }
                }
            });
        }
    }
}
