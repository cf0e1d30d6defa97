//! The core's loop: messages come in, what follows from them is done, and events go out.

use super::{Core, CoreMessage, Pending};
use crate::service::writer;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;
use tokio::sync::oneshot;

/// Messages handled before the outbox is looked at.
const BATCH: usize = 256;

impl Core {
    /// Runs until it is stopped.
    pub(in crate::service) fn run(mut self, inbox: &Receiver<CoreMessage>) {
        loop {
            let first = match self.wake_at() {
                None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(at) => inbox.recv_timeout(at.saturating_duration_since(Instant::now())),
            };
            match first {
                Ok(CoreMessage::Stop(done)) => return self.stop(done),
                Ok(message) => self.handle(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            for _ in 0..BATCH {
                match inbox.try_recv() {
                    Ok(CoreMessage::Stop(done)) => return self.stop(done),
                    Ok(message) => self.handle(message),
                    Err(_) => break,
                }
            }
            self.turn();
        }
    }

    /// When something is due without a message.
    fn wake_at(&self) -> Option<Instant> {
        let own = [
            self.outbox.due(),
            self.recount_due(),
            self.solve_due(),
            self.schedule_due(),
            self.pending_due(),
            self.held_due(),
            self.behind_due(),
            self.rested_at(),
        ];
        own.into_iter().chain([self.writes.due(), self.meter]).flatten().min()
    }

    pub(super) fn handle(&mut self, message: CoreMessage) {
        match message {
            CoreMessage::Request(reply, request) => self.request(reply, *request),
            CoreMessage::Subscribe(subscriber) => self.subscribe(subscriber),
            CoreMessage::Loaded(loaded) => self.loaded(loaded),
            CoreMessage::Stored(integration, changes) => {
                for change in changes {
                    self.pending.push_back(Pending::Change(integration.clone(), change));
                }
            }
            CoreMessage::Progress(progress) => self.progressed(*progress),
            CoreMessage::Notice(text) => self.outbox.notice(crate::domain::LogLevel::Warn, text),
            CoreMessage::Held(integration, until) => self.hold(integration, until),
            CoreMessage::Log(lines) => self.outbox.log(lines),
            CoreMessage::Ended(integration) => self.ended(&integration),
            CoreMessage::Solved(solved) => self.solved(*solved),
            CoreMessage::Written { entry, result, waiting } => self.written(*entry, result, waiting),
            CoreMessage::Found { wanted, entry, reply, by } => self.found(wanted, entry, reply, &by),
            CoreMessage::Cards(found) => self.cards_found(found),
            CoreMessage::Offered { integration, result, reply } => self.offered(integration, result, reply),
            CoreMessage::ScopeKept { integration, scope, sync, result, reply } => {
                self.scope_kept(&integration, &scope, sync, result, reply);
            }
            CoreMessage::WriteTargets { wanted, result } => self.targets_known(wanted, result),
            CoreMessage::PlanKept => self.plan_is_kept(),
            CoreMessage::WritesPlanned { wanted, result } => self.writes_planned(wanted, result),
            CoreMessage::WritesKept { result, waiting } => self.writes_kept(result, waiting),
            CoreMessage::WritesClosed { integration, closed, done } => self.writes_closed(integration, closed, done),
            CoreMessage::WritesDecided { integration, decided, others, result, done } => {
                self.writes_decided(&integration, decided, others, result, done);
            }
            CoreMessage::Searched { search, order, reply, wanted } => self.searched(&search, order, reply, &wanted),
            CoreMessage::Delivered(integration, delivered) => self.delivered(integration, delivered),
            CoreMessage::Importing { flow, done, total } => self.importing(&flow, done, total),
            CoreMessage::Staged { flow, result, wanted } => self.staged(&flow, result, *wanted),
            CoreMessage::Followed { flow, result } => self.followed(&flow, result),
            CoreMessage::Planned { change, result, reply } => self.planned(change, result, reply),
            CoreMessage::GoOn => self.nudged = false,
            CoreMessage::Settle(done) => self.settle.push(done),
            CoreMessage::Freed | CoreMessage::Stop(_) | CoreMessage::Opened(_) => {}
        }
    }

    /// What came before the store was open, in its order.
    pub(in crate::service) fn catch_up(&mut self, early: Vec<CoreMessage>) {
        for message in early {
            self.handle(message);
        }
        self.outbox.overview();
    }

    /// After each batch of messages: changes go in, solving starts, events go out.
    pub(super) fn turn(&mut self) {
        self.catch_up_rows();
        self.go_on_slow();
        self.apply_pending();
        self.go_on_planning();
        self.tell_scopes();
        self.decide_more();
        self.after_syncs();
        self.run_schedule();
        self.let_go();
        self.start_solving();
        self.look_for_cards();
        self.compare_matched();
        self.deliver();
        self.note_day();
        self.count_ready();
        if self.is_settled() {
            for done in self.settle.drain(..) {
                let _ = done.send(());
            }
        }
        self.send_due();
    }

    pub(super) fn is_settled(&self) -> bool {
        self.ready
            && !self.is_solving()
            && self.pending.is_empty()
            && self.slow.is_empty()
            && self.recount.is_empty()
            && self.writing == 0
            && self.more.is_empty()
            && self.deck.is_settled()
            && self.keeping == 0
            && self.writes.is_idle()
            && self.again.is_empty()
            && self.told_scope.is_empty()
            && self.supervisor.running().is_empty()
            && !self.flows.iter().any(|f| {
                f.due.dirty
                    || f.due.decided
                    || f.after_sync
                    || f.importing.is_some()
                    || (f.flow.is_import() && !f.ready.is_counted())
            })
    }

    fn stop(mut self, done: oneshot::Sender<()>) {
        while self.is_behind() {
            self.catch_up_rows();
        }
        self.apply_pending();
        if self.ready {
            self.save_front();
        }
        // The last words are not held back for the next burst: there is none.
        self.send_now();
        let _ = self.writer.send(writer::Job::Stop(done));
    }
}
