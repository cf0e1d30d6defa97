//! Commands and queries, answered from memory; what needs the disk is answered elsewhere.

use super::super::compare::{self, Context, sides_of};
use super::super::decide::{self, By};
use super::super::messages::{Command, DecideAction, Done, Preview, Query, Reply, Request, Selection, View};
use super::super::overview::{self, Parts};
use super::super::reply::ReplyTo;
use super::super::{picker, pools, rules, views, why, writer};
use super::windows::Wanted;
use super::{Core, CoreMessage, Entry, Pending};
use crate::domain::{
    Actor, Confidence, Failure, FlowId, HistoryEntry, HistoryId, LogEntry, RecordId, RowChange, RuleChange, Stream,
};
use crate::sync::Task;
use std::sync::Arc;

/// How rows are decided.
struct Deciding {
    by: By,
    /// Begins the history's line; the action says it otherwise.
    title: Option<String>,
    /// Leave the rules that this teaches.
    rules: bool,
    /// The rows are those whose names begin so.
    beginning: Option<String>,
}

impl Core {
    pub(super) fn request(&mut self, reply: ReplyTo, request: Request) {
        match request {
            Request::Query(Query::Overview) => reply.view(View::Overview(self.overview())),
            Request::Query(Query::Log { filter, page, limit }) => {
                let store = self.store.clone();
                self.off_thread(reply, move || {
                    let keep = |entry: &LogEntry| wanted(entry, &filter);
                    store.log_page(page, limit.min(1_000) as usize, &filter.text, &keep).map(View::Log)
                });
            }
            Request::Query(Query::History { before, limit }) => {
                let store = self.store.clone();
                self.off_thread(reply, move || store.history(before, limit.min(500) as usize).map(View::History));
            }
            Request::Command(Command::CancelSync { integration }) => {
                self.supervisor.cancel(integration.as_ref());
                reply.done(Done { text: "syncs stop at the end of their page".into(), ..Done::default() });
            }
            request if !self.ready => match self.front_window(&request) {
                Some(window) => reply.view(View::Window(window)),
                None => self.waiting.push((reply, request)),
            },
            Request::Query(query) => self.query(reply, query),
            Request::Command(command) => self.command(reply, command),
        }
    }

    pub(super) fn off_thread(&self, reply: ReplyTo, work: impl FnOnce() -> Result<View, Failure> + Send + 'static) {
        self.runtime.spawn_blocking(move || match work() {
            Ok(view) => reply.view(view),
            Err(failure) => reply.failed(failure),
        });
    }

    pub(super) fn overview(&self) -> super::super::messages::Overview {
        let mut overview = overview::overview(&Parts {
            home: &self.home,
            ready: self.ready,
            integrations: &self.integrations,
            progress: &self.progress,
            paused: &self.paused,
            paused_flows: &self.paused_flows,
            next: &self.next,
            flows: &self.flows,
            supervisor: &self.supervisor,
            tables: &self.world.tables,
        });
        overview.cards = self.count_cards();
        if let (false, Some(front)) = (self.ready, &self.front) {
            front.counts_into(&mut overview);
        }
        overview
    }

    fn query(&mut self, reply: ReplyTo, query: Query) {
        let answer = match query {
            Query::Window { view, offset, limit, anchor } => {
                return self.ask_window(reply, Wanted { view, offset, limit, anchor });
            }
            Query::Compare { ref flow, .. } if self.is_away(flow) => {
                return self.parked.push((reply, Request::Query(query)));
            }
            Query::Compare { flow, stream, source, target } => {
                self.compare(&flow, stream, &source, target.as_ref()).map(|c| View::Compare(Box::new(c)))
            }
            Query::PickTarget { flow, stream, source, pattern, limit } => {
                return self.pick(reply, &flow, stream, &source, pattern, limit);
            }
            Query::Preview { flow, stream, action, rows } => {
                self.preview(&flow, stream, &action, &rows).map(View::Preview)
            }
            Query::PreviewQuickMatch { flow, stream, threshold } => {
                self.preview_quick(&flow, stream, threshold).map(View::Preview)
            }
            Query::Alike { flow, stream, source } => self.alike(&flow, stream, &source).map(View::Alike),
            Query::Data { integration } => return self.data(reply, &integration),
            Query::Coverage { spec, offset, limit } => return self.coverage(reply, spec, offset, limit),
            Query::SyncSettings { integration, ask } => return self.ask_settings(reply, integration, ask),
            Query::PreviewSyncSettings { integration, scope } => {
                return self.sync_settings(reply, integration, Some(scope));
            }
            Query::PreviewUndo { entry } => return self.find(reply, writer::Wanted::Undo { entry, preview: true }),
            Query::Why { text } => {
                let states: Vec<_> = self.progress.values().cloned().collect();
                let known = why::Known {
                    states: &states,
                    paused: &self.paused,
                    paused_flows: &self.paused_flows,
                    off: &self.off,
                    rules: &self.rules,
                };
                let mut records = why::why(&self.world, &self.flows, &known, &text);
                let in_flows = self.flows.iter().flat_map(|s| [s.flow.source.clone(), s.flow.target.clone()]).collect();
                let integrations = self.integrations.iter().map(|i| i.id.clone()).collect();
                let beyond = why::Beyond { integrations, in_flows, states };
                let store = self.store.clone();
                return self.off_thread(reply, move || {
                    records.extend(beyond.read(&store, &text)?);
                    Ok(View::Why(records))
                });
            }
            Query::Writes(query) => return self.write_query(reply, query),
            Query::Inventory(query) => return self.ask_inventory(reply, query),
            Query::Cards => return self.cards(reply),
            Query::Fields { flow } => self.flow_fields(&flow),
            Query::Record { integration, stream, record } => {
                return self.record_sheet(reply, Task { integration, stream }, record);
            }
            Query::BadRows { integration, stream } => return self.bad_rows(reply, integration, stream),
            Query::Schedules { integration, full } => return self.schedules(reply, &integration, full),
            Query::Rules { flow } => self.list_rules(flow.as_ref()),
            Query::Overview | Query::Log { .. } | Query::History { .. } => return,
        };
        match answer {
            Ok(view) => reply.view(view),
            Err(failure) => reply.failed(failure),
        }
    }

    /// The engine of a solved flow follows changed records; it is back in a moment.
    fn is_away(&self, flow: &FlowId) -> bool {
        self.flow_at(flow).is_ok_and(|at| self.flows[at].solved && self.flows[at].engine.is_none())
    }

    fn compare(
        &self,
        flow: &FlowId,
        stream: Stream,
        source: &RecordId,
        target: Option<&RecordId>,
    ) -> Result<super::super::messages::Compare, Failure> {
        let state = &self.flows[self.queue_at(flow, stream)?];
        let (left, right) = (self.vendor(&state.flow.source), self.vendor(&state.flow.target));
        let context = Context { world: &self.world, state, store: &self.store, names: (&left, &right) };
        let mut compare = compare::compare(&context, stream, source, target)?;
        compare.warnings.extend(self.came_back(flow, stream, source));
        Ok(compare)
    }

    fn pick(&self, reply: ReplyTo, flow: &FlowId, stream: Stream, source: &RecordId, pattern: String, limit: u32) {
        let state = match self.queue_at(flow, stream) {
            Ok(at) => &self.flows[at],
            Err(failure) => return reply.failed(failure),
        };
        let sides = sides_of(&self.world, &state.flow);
        let row = views::position(sides.source, stream, source);
        let company = row.and_then(|at| state.company_row(sides.source, stream, at)).and_then(|r| r.matched().cloned());
        let name = sides.source.facts(stream, source).map(|facts| facts.name().to_owned());
        let queue = state.queue(stream);
        let best = row.and_then(|at| queue?.rows.get(at)).and_then(|r| r.best.as_ref()).map(|(id, _)| id.clone());
        let pick = picker::Pick {
            flow: state.flow.clone(),
            stream,
            pattern,
            limit: limit as usize,
            company,
            candidates: best.into_iter().collect(),
            name: name.unwrap_or_default(),
            taken: queue.map(|q| Arc::clone(&q.taken)).unwrap_or_default(),
            only_free: stream == Stream::Companies && views::is_exclusive(state, stream),
        };
        let (world, inbox) = (Arc::clone(&self.world), self.inbox.clone());
        self.runtime.spawn_blocking(move || {
            let targets = pools::answer(|| picker::pick(&world, &pick));
            drop(world);
            reply.view(View::Targets(targets));
            let _ = inbox.send(CoreMessage::Freed);
        });
    }

    pub(super) fn preview(
        &mut self,
        flow: &FlowId,
        stream: Stream,
        action: &DecideAction,
        rows: &Selection,
    ) -> Result<Preview, Failure> {
        let at = self.queue_at(flow, stream)?;
        let by = self.by();
        let rules = self.flows[at].flow.clone();
        let sides = sides_of(&self.world, &rules);
        let state = &mut self.flows[at];
        let positions = decide::positions(state, sides, stream, rows);
        let plan = decide::plan(state, sides, stream, action, &positions, &by);
        let verb = match action {
            DecideAction::Accept => "accepts",
            DecideAction::Match { .. } => "matches",
            DecideAction::Ignore => "ignores",
            DecideAction::Defer => "defers",
            DecideAction::Unmatch => "opens again",
        };
        let mut preview = decide::preview(state, sides, stream, &plan, verb);
        let changes: Vec<RowChange> = plan.changes.into_iter().map(|(_, change)| change).collect();
        let of = (stream, rules::beginning(action, rows));
        preview.learns = rules::described(&rules::learn(&self.rules, state, sides, of, &changes, &by));
        Ok(preview)
    }

    fn preview_quick(&mut self, flow: &FlowId, stream: Stream, threshold: Confidence) -> Result<Preview, Failure> {
        let at = self.queue_at(flow, stream)?;
        let by = self.by();
        let state = &self.flows[at];
        let sides = sides_of(&self.world, &state.flow);
        let rows = decide::quick_rows(state, stream, threshold);
        let plan = decide::plan(state, sides, stream, &DecideAction::Accept, &rows, &by);
        Ok(decide::preview(state, sides, stream, &plan, "accepts"))
    }

    fn command(&mut self, reply: ReplyTo, command: Command) {
        match command {
            Command::Sync { integration, stream, full } => self.sync(reply, integration.as_ref(), stream, full),
            Command::Pause { integration } => self.pause(reply, &integration, true),
            Command::Resume { integration } => self.pause(reply, &integration, false),
            Command::Inventory(command) => self.change_inventory(reply, command),
            Command::PauseFlow { flow, pause } => self.pause_flow(reply, flow, pause),
            Command::SyncRecord { integration, stream, record } => {
                self.sync_record(reply, Task { integration, stream }, record);
            }
            Command::SwitchRecord { integration, stream, record, on } => {
                self.switch_record(reply, Task { integration, stream }, record, on);
            }
            Command::Reconnect { integration, stream } => self.reconnect(reply, Task { integration, stream }),
            Command::SetSchedule { integration, stream, schedule } => {
                self.set_schedule(reply, Task { integration, stream }, schedule.as_deref());
            }
            Command::Decide { flow, stream, action, rows } => {
                let at = match self.queue_at(&flow, stream) {
                    Ok(at) if self.flows[at].importing.is_some() => return reply.failed(super::import::busy()),
                    Ok(at) => at,
                    Err(failure) => return reply.failed(failure),
                };
                let rules = self.flows[at].flow.clone();
                let positions = decide::positions(&mut self.flows[at], sides_of(&self.world, &rules), stream, &rows);
                let by = self.by();
                self.decide(
                    reply,
                    at,
                    (stream, &action),
                    &positions,
                    Deciding { by, title: None, rules: true, beginning: None },
                );
            }
            Command::DecideAlike { flow, stream, action, rows, keep_rules } => {
                let at = match self.queue_at(&flow, stream) {
                    Ok(at) => at,
                    Err(failure) => return reply.failed(failure),
                };
                let rules = self.flows[at].flow.clone();
                let positions = decide::positions(&mut self.flows[at], sides_of(&self.world, &rules), stream, &rows);
                let beginning = rules::beginning(&action, &rows).map(str::to_owned);
                let deciding = Deciding { by: self.by(), title: None, rules: keep_rules, beginning };
                self.decide(reply, at, (stream, &action), &positions, deciding);
            }
            Command::QuickMatch { flow, stream, threshold } => {
                let at = match self.queue_at(&flow, stream) {
                    Ok(at) if self.flows[at].importing.is_some() => return reply.failed(super::import::busy()),
                    Ok(at) => at,
                    Err(failure) => return reply.failed(failure),
                };
                let rows = decide::quick_rows(&self.flows[at], stream, threshold);
                let by = By { actor: Actor::QuickMatch(self.actor.clone()), at: self.clock.now() };
                let what = format!("Quick Match at {} % accepted", threshold.percent());
                let deciding = Deciding { by, title: Some(what), rules: true, beginning: None };
                self.decide(reply, at, (stream, &DecideAction::Accept), &rows, deciding);
            }
            Command::Undo { entry } => self.find(reply, writer::Wanted::Undo { entry, preview: false }),
            Command::AnswerCard { key, yes } => self.answer_card(reply, &key, yes),
            Command::Redo => self.find(reply, writer::Wanted::Redo),
            Command::RemoveRule { rule } => self.remove_rule(reply, rule),
            Command::ScopeRule { rule, everywhere } => self.scope_rule(reply, rule, everywhere),
            Command::SetSyncSettings { integration, scope, sync } => {
                self.set_sync_settings(reply, integration, scope, sync);
            }
            Command::Writes(command) => self.write_command(reply, command),
            Command::CancelSync { .. } => {}
        }
    }

    fn sync(
        &mut self,
        reply: ReplyTo,
        integration: Option<&crate::domain::IntegrationId>,
        stream: Option<Stream>,
        full: bool,
    ) {
        if let Some(id) = integration
            && !self.integrations.iter().any(|i| i.id == *id)
        {
            return reply.failed(self.no_integration(id));
        }
        let started = self.start_sync(integration, stream, full);
        let text = match started {
            0 if self.integrations.is_empty() => "nothing to sync: no integration is connected".to_owned(),
            0 => "already syncing".to_owned(),
            n => format!("{n} streams started"),
        };
        reply.done(Done { rows: started as u64, text, ..Done::default() });
    }

    fn decide(
        &mut self,
        reply: ReplyTo,
        at: usize,
        (stream, action): (Stream, &DecideAction),
        positions: &[usize],
        Deciding { by, title, rules: keep, beginning }: Deciding,
    ) {
        let state = &self.flows[at];
        let sides = sides_of(&self.world, &state.flow);
        let plan = decide::plan(state, sides, stream, action, positions, &by);
        let skipped = plan.skipped();
        if plan.changes.is_empty() {
            let text = skipped.first().map_or_else(|| "nothing to do".to_owned(), |(reason, _)| reason.clone());
            return reply.done(Done { skipped, text, ..Done::default() });
        }
        let counted = decide::counted(stream, plan.changes.len() as u64);
        let mut what = match title {
            Some(title) => format!("{title} {counted}"),
            None => decide::describe(action, stream, plan.changes.len()),
        };
        let changes: Vec<RowChange> = plan.changes.into_iter().map(|(_, change)| change).collect();
        let of = (stream, beginning.as_deref());
        let mut rules = rules::learn(&self.rules, state, sides, of, &changes, &by);
        // What contradicts a decision goes in any case.
        rules.retain(|change| keep || change.after.is_none());
        let described = rules::described(&rules);
        if !described.is_empty() {
            what = format!("{what}; {described}");
        }
        let entry = Entry { rules, ..Entry::new(stream, changes, what) };
        self.commit(at, entry, by, writer::Waiting { reply: Some(reply), skipped, later: false });
    }

    /// Applies changes in memory and hands them to the writer.
    pub(super) fn commit(&mut self, at: usize, entry: Entry, by: By, waiting: writer::Waiting) {
        let flow = self.flows[at].flow.id.clone();
        let Entry { stream, changes, rules, what, undoes } = entry;
        self.put(at, stream, &changes);
        self.put_rules(&rules);
        // What the engine decides, it has reckoned with already.
        self.flows[at].due.decided |= by.actor != Actor::Engine;
        let entry = HistoryEntry {
            id: HistoryId(0),
            at: by.at,
            actor: by.actor,
            flow,
            stream,
            what,
            rows: changes.len() as u64,
            changes,
            rules,
            records: Vec::new(),
            undoes,
            undone_by: None,
        };
        self.writing += 1;
        let _ = self.writer.send(writer::Job::Decide { entry: Box::new(entry), waiting });
    }

    /// Puts changes into rows and, as soon as they are free, into the facts.
    pub(super) fn put(&mut self, at: usize, stream: Stream, changes: &[RowChange]) {
        let rules = self.flows[at].flow.clone();
        decide::apply(&mut self.flows[at], sides_of(&self.world, &rules), stream, changes);
        for change in changes {
            let decision = change.after.clone();
            self.pending.push_back(Pending::Decision(rules.id.clone(), stream, change.source.clone(), decision));
        }
        self.outbox.queue(&rules.id);
        self.outbox.overview();
    }

    /// The writer is done with an entry.
    pub(super) fn written(
        &mut self,
        entry: HistoryEntry,
        result: Result<HistoryEntry, Failure>,
        waiting: writer::Waiting,
    ) {
        self.writing -= 1;
        if waiting.later {
            return self.import_written(entry, result, waiting);
        }
        match result {
            Ok(stored) => {
                if stored.actor == Actor::Engine {
                    self.more.insert(entry.flow.clone());
                }
                self.rested();
                if let Some(reply) = waiting.reply {
                    reply.done(Done {
                        history: Some(stored.id),
                        rows: entry.rows,
                        skipped: waiting.skipped,
                        text: entry.what.clone(),
                        warnings: Vec::new(),
                    });
                }
            }
            Err(failure) => {
                if let Ok(at) = self.flow_at(&entry.flow) {
                    let back: Vec<RowChange> = entry.changes.iter().map(reversed).collect();
                    self.put(at, entry.stream, &back);
                    let rules: Vec<RuleChange> = entry.rules.iter().map(RuleChange::inverse).collect();
                    self.put_rules(&rules);
                    self.flows[at].due.decided = true;
                    if entry.actor == Actor::Engine {
                        self.rest(at);
                    }
                }
                self.outbox.notice(crate::domain::LogLevel::Error, format!("not saved: {failure}"));
                if let Some(reply) = waiting.reply {
                    reply.send(Reply::Failed(failure));
                }
            }
        }
    }

    pub(super) fn find(&self, reply: ReplyTo, wanted: writer::Wanted) {
        let _ = self.writer.send(writer::Job::Find { wanted, reply, by: self.by() });
    }
}

fn reversed(change: &RowChange) -> RowChange {
    RowChange { source: change.source.clone(), before: change.after.clone(), after: change.before.clone() }
}

/// Whether the log's filter takes the line, its text aside: the store looks for that.
fn wanted(entry: &LogEntry, filter: &super::super::messages::LogFilter) -> bool {
    let level = filter.level.unwrap_or(crate::domain::LogLevel::Info);
    entry.level >= level
        && filter.run.is_none_or(|run| entry.run == Some(run))
        && filter.integration.as_ref().is_none_or(|i| entry.integration.as_ref() == Some(i))
}
