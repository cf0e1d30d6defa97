//! Writes to vendors: plans are made elsewhere, kept by the writer, sent by couriers; here is who waits for what.

use super::super::messages::{Done, QueueRow, View, WriteCommand, WriteQuery};
use super::super::reply::ReplyTo;
use super::super::writer::{self, WritesWaiting};
use super::super::writing::planning::{self, Plan};
use super::super::writing::{RowKey, row_of, view};
use super::Core;
use super::plans::{Then, Turn, Wanted, What};
use crate::domain::{
    Actor, Failure, FailureClass, Flow, FlowId, IntegrationId, LogLevel, OutboxEntry, RecordId, Stream, UpdatePolicy,
    WriteId, WriteInside, WriteState, text,
};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};

/// Writes looked through for one answer.
const SCAN: usize = 100_000;

/// Places named where the world moved.
const NAMED: usize = 5;

/// How a plan is kept.
struct Keeping {
    /// It waits for a yes.
    hold: bool,
    /// A person has looked at what is alike.
    anyway: bool,
    /// Who asked for it; the engine where the flow's policy did.
    actor: Actor,
    /// Every matched record of the flow was compared: what does not differ any more is not sent.
    compared: bool,
    turn: Option<Turn>,
}

impl Core {
    pub(super) fn write_query(&mut self, reply: ReplyTo, query: WriteQuery) {
        match query {
            WriteQuery::Create { flow, stream, rows, anyway, limit } => {
                let what = What::Create { stream, rows, anyway };
                self.plan_writes(Wanted::new(flow, what, Then::Show { reply, limit }));
            }
            WriteQuery::Update { flow, limit } => {
                let what = What::Update { by_policy: false };
                self.plan_writes(Wanted::new(flow, what, Then::Show { reply, limit }));
            }
            WriteQuery::Policies { flow } => self.policies(reply, flow),
            WriteQuery::Outbox { flow, live, before, limit } => {
                let (store, counts) = (self.store.clone(), self.writes.counts());
                let stopped = self.writes.stopped.values().cloned().collect();
                let limit = limit.min(1_000) as usize;
                let open: Option<Vec<OutboxEntry>> =
                    live.then(|| self.writes.newest(before, flow.as_ref()).take(limit).cloned().collect());
                self.off_thread(reply, move || {
                    let keep = |entry: &OutboxEntry| flow.as_ref().is_none_or(|flow| entry.write.flow == *flow);
                    let entries = match open {
                        Some(open) => open,
                        None => store.writes(before, limit, &keep, SCAN)?,
                    };
                    Ok(View::Outbox(Box::new(view::outbox(entries, counts, stopped))))
                });
            }
        }
    }

    pub(super) fn write_command(&mut self, reply: ReplyTo, command: WriteCommand) {
        match command {
            WriteCommand::Create { flow, stream, rows, anyway, hold } => {
                let what = What::Create { stream, rows, anyway };
                self.plan_writes(Wanted::new(flow, what, Then::Keep { reply: Some(reply), hold }));
            }
            WriteCommand::Update { flow, hold } => {
                let what = What::Update { by_policy: false };
                self.plan_writes(Wanted::new(flow, what, Then::Keep { reply: Some(reply), hold }));
            }
            WriteCommand::Apply { ids, flow } => self.apply_writes(reply, &ids, flow.as_ref()),
            WriteCommand::Withdraw { ids } => {
                self.writes.busy += 1;
                let (skipped, warnings) = (Vec::new(), Vec::new());
                let text = "taken back".into();
                let waiting = WritesWaiting { reply: Some(reply), text, skipped, warnings, turn: None };
                let _ = self.writer.send(writer::Job::WithdrawWrites { ids, waiting, at: self.clock.now() });
            }
            WriteCommand::SetPolicies { flow, update, fields } => self.set_policies(reply, flow, update, fields),
            WriteCommand::Resume => {
                self.writes.awake = true;
                self.writes.again.clear();
                let (_, moving) = self.writes.counts();
                reply.done(Done { rows: moving, text: format!("{} on their way", writes(moving)), ..Done::default() });
            }
        }
    }

    /// What an integration is called on the screen.
    pub(super) fn vendor(&self, id: &IntegrationId) -> String {
        super::super::overview::shown_name(&self.integrations, id)
    }

    /// A plan is made: it is shown, kept or compared.
    pub(super) fn writes_planned(&mut self, wanted: Wanted, result: Result<Plan, Failure>) {
        let plan = match result {
            Ok(plan) => plan,
            Err(failure) => return self.not_planned(wanted.then, failure),
        };
        match (wanted.then, wanted.what) {
            (Then::Show { reply, limit }, _) => {
                self.writes.busy -= 1;
                reply.view(View::Plan(Box::new(view::plan(plan, limit.min(100_000) as usize))));
            }
            (Then::Keep { reply, hold }, what) => {
                let anyway = matches!(what, What::Create { anyway: true, .. });
                let by_policy = matches!(what, What::Update { by_policy: true });
                let hold = if by_policy { plan.policy != UpdatePolicy::Automatic } else { hold };
                let actor = if by_policy { Actor::Engine } else { Actor::Person(self.actor.clone()) };
                let off = by_policy && plan.policy == UpdatePolicy::Off;
                let compared = matches!(what, What::Update { .. }) && !off;
                let turn = wanted.turn;
                self.keep_plan(&wanted.flow, reply, plan, Keeping { hold, anyway, actor, compared, turn });
            }
            (Then::Apply { reply }, What::Again { ids }) => self.compare_plans(reply, &ids, &plan, wanted.turn),
            (Then::Apply { reply }, _) => {
                self.writes.busy -= 1;
                reply.failed(Failure::new(FailureClass::Ours, "a plan was lost", "report it"));
            }
        }
    }

    fn keep_plan(&mut self, flow: &FlowId, reply: Option<ReplyTo>, plan: Plan, keeping: Keeping) {
        let Keeping { hold, anyway, actor, compared, turn } = keeping;
        let now = self.clock.now();
        let mut skipped: BTreeMap<String, u64> = BTreeMap::new();
        let (mut entries, mut instead) = (Vec::new(), Vec::new());
        let mut differing: BTreeSet<RowKey> = BTreeSet::new();
        for row in plan.rows {
            let key = (flow.clone(), row.stream, row.source.clone());
            differing.insert(key.clone());
            let Some(write) = row.write.filter(|_| row.left.is_empty()) else {
                *skipped.entry(row.left).or_default() += 1;
                continue;
            };
            // What came into the outbox since, or stands there as it would be planned now, is not planned twice.
            if let Some(known) = self.writes.of(&key) {
                let stale = !known.write.is_create() && known.state == WriteState::Planned && known.write != write;
                if !stale {
                    *skipped.entry("it is in the outbox already".into()).or_default() += 1;
                    continue;
                }
                instead.push(known.id);
            }
            let state = if hold { WriteState::Planned } else { WriteState::Approved };
            let entry = OutboxEntry {
                id: WriteId(0),
                write,
                state,
                actor: actor.clone(),
                planned: now,
                changed: now,
                sent: 0,
                anyway,
            };
            entries.push(entry);
        }
        if compared {
            // Differences that are gone are not sent any more.
            let gone = self.writes.live().filter(|entry| {
                entry.write.flow == *flow
                    && !entry.write.is_create()
                    && entry.state == WriteState::Planned
                    && !differing.contains(&row_of(entry))
            });
            instead.extend(gone.map(|entry| entry.id));
        }
        let skipped: Vec<(String, u64)> = skipped.into_iter().collect();
        if entries.is_empty() && instead.is_empty() {
            self.writes.busy -= 1;
            if let Some(reply) = reply {
                let text = skipped.first().map_or_else(|| "nothing to do".to_owned(), |(reason, _)| reason.clone());
                reply.done(Done { skipped, text, ..Done::default() });
            }
            return;
        }
        let verb = if hold { "planned" } else { "on their way" };
        let text = told(format!("{} to {} {verb}", writes(entries.len() as u64), plan.vendor), &plan.warnings);
        if !hold {
            self.writes.awake = true;
        }
        let waiting = WritesWaiting { reply, text, skipped, warnings: plan.warnings, turn };
        let _ = self.writer.send(writer::Job::AddWrites { entries, instead, waiting });
    }

    fn apply_writes(&mut self, reply: ReplyTo, ids: &[WriteId], flow: Option<&FlowId>) {
        let wanted = |entry: &&OutboxEntry| {
            entry.state == WriteState::Planned
                && (ids.is_empty() || ids.contains(&entry.id))
                && flow.is_none_or(|flow| entry.write.flow == *flow)
        };
        let found: Vec<(WriteId, FlowId)> =
            self.writes.live().filter(wanted).map(|entry| (entry.id, entry.write.flow.clone())).collect();
        self.writes.awake = true;
        let Some((_, flow)) = found.first().cloned() else {
            let (_, moving) = self.writes.counts();
            let text =
                if moving > 0 { format!("{} on their way", writes(moving)) } else { "nothing is planned".into() };
            return reply.done(Done { rows: moving, text, ..Done::default() });
        };
        if found.iter().any(|(_, other)| *other != flow) {
            let what = "writes of several flows are planned";
            return reply.failed(Failure::new(FailureClass::Usage, what, "name the flow"));
        }
        let ids = found.into_iter().map(|(id, _)| id).collect();
        self.plan_writes(Wanted::new(flow, What::Again { ids }, Then::Apply { reply }));
    }

    /// Sends what was planned when it is what would be planned now.
    fn compare_plans(&mut self, reply: ReplyTo, ids: &[WriteId], plan: &Plan, turn: Option<Turn>) {
        let mut moved = Vec::new();
        let mut entries: Vec<OutboxEntry> = Vec::new();
        let mut rows: FxHashMap<(Stream, &RecordId), Vec<&planning::Proposal>> = FxHashMap::default();
        for row in &plan.rows {
            rows.entry((row.stream, &row.source)).or_default().push(row);
        }
        for entry in ids.iter().filter_map(|id| self.writes.open(*id)) {
            let same_kind = |row: &&&planning::Proposal| {
                row.write.as_ref().is_none_or(|write| write.is_create() == entry.write.is_create())
            };
            let now = rows.get(&(entry.write.stream, &entry.write.source));
            match difference(entry, now.and_then(|rows| rows.iter().find(same_kind).copied())) {
                Some(what) => moved.push(format!("{}: {what}", text::clean(&entry.write.name))),
                None => entries.push(OutboxEntry {
                    state: WriteState::Approved,
                    changed: self.clock.now(),
                    ..entry.clone()
                }),
            }
        }
        if !moved.is_empty() {
            self.writes.busy -= 1;
            let more = moved.len().saturating_sub(NAMED);
            moved.truncate(NAMED);
            let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
            let what = format!("nothing was sent: the world moved since the plan ({}{tail})", moved.join("; "));
            return reply.failed(Failure::new(FailureClass::Usage, what, "plan anew, look at it, and apply that"));
        }
        let text = told(format!("{} to {} on their way", writes(entries.len() as u64), plan.vendor), &plan.warnings);
        let (skipped, warnings) = (Vec::new(), plan.warnings.clone());
        let waiting = WritesWaiting { reply: Some(reply), text, skipped, warnings, turn };
        let _ = self.writer.send(writer::Job::SetWrites { entries, waiting });
    }

    /// The outbox changed on the disk, or did not.
    pub(super) fn writes_kept(&mut self, result: Result<Vec<OutboxEntry>, Failure>, waiting: WritesWaiting) {
        self.writes.busy -= 1;
        match result {
            Ok(entries) => {
                let rows = entries.iter().filter(|e| !matches!(e.state, WriteState::Withdrawn { .. })).count() as u64;
                let withdrawn = entries.len() as u64 - rows;
                let flows: BTreeSet<FlowId> = entries.iter().map(|entry| entry.write.flow.clone()).collect();
                for entry in entries {
                    self.writes.again.remove(&entry.write.target);
                    self.writes.put(entry);
                }
                self.show_writes(flows);
                if let Some(reply) = waiting.reply {
                    let rows = if rows == 0 { withdrawn } else { rows };
                    reply.done(Done {
                        rows,
                        skipped: waiting.skipped,
                        text: waiting.text,
                        warnings: waiting.warnings,
                        history: None,
                    });
                }
            }
            Err(failure) => match waiting.reply {
                Some(reply) => reply.failed(failure),
                None => self.outbox.notice(LogLevel::Error, format!("not saved: {failure}")),
            },
        }
        // What was kept is known now.
        drop(waiting.turn);
    }

    pub(super) fn show_writes(&mut self, flows: BTreeSet<FlowId>) {
        for flow in flows {
            if let Ok(at) = self.flow_at(&flow) {
                for stream in [Stream::Companies, Stream::Devices] {
                    if let Some(queue) = self.flows[at].queue_mut(stream) {
                        queue.generation += 1;
                    }
                }
            }
            self.outbox.queue(&flow);
        }
        self.outbox.overview();
    }

    /// Flows whose records are to be compared, now that a sync of theirs ended.
    pub(super) fn compare_after(&mut self, integration: &IntegrationId) {
        if self.settings.is_none() {
            return;
        }
        let ours = |flow: &Flow| flow.source == *integration || flow.target == *integration;
        let flows = self.flows.iter().filter(|state| ours(&state.flow)).map(|state| state.flow.id.clone());
        self.writes.compare.extend(flows);
    }

    /// Compares matched records once everything stands still.
    pub(super) fn compare_matched(&mut self) {
        let still = self.ready
            && !self.is_solving()
            && self.pending.is_empty()
            && self.recount.is_empty()
            && self.more.is_empty()
            && self.writing == 0
            && self.supervisor.running().is_empty();
        if !still || self.writes.compare.is_empty() {
            return;
        }
        for flow in std::mem::take(&mut self.writes.compare) {
            let what = What::Update { by_policy: true };
            self.plan_writes(Wanted::new(flow, what, Then::Keep { reply: None, hold: true }));
        }
    }

    /// Rows say what is on its way, and what came back.
    pub(super) fn tell_of_writes(&self, flow: &Flow, stream: Stream, rows: &mut [QueueRow]) {
        if !self.writes.has_words() {
            return;
        }
        let vendor = self.vendor(&flow.target);
        for row in rows {
            if let Some(word) = self.writes.word(&(flow.id.clone(), stream, row.id.clone()), &vendor) {
                row.why = word;
            }
        }
    }

    /// Why a row's last write came back.
    pub(super) fn came_back(&self, flow: &FlowId, stream: Stream, source: &RecordId) -> Option<String> {
        self.writes.came_back(&(flow.clone(), stream, source.clone())).cloned()
    }
}

/// A line with what a person should know besides.
/// `1 write`, `2,009 writes`.
fn writes(n: u64) -> String {
    text::counted(n, "write", "writes")
}

fn told(text: String, warnings: &[String]) -> String {
    warnings.iter().fold(text, |text, warning| format!("{text}. {warning}"))
}

/// Where a plan differs from what would be planned now.
fn difference(entry: &OutboxEntry, now: Option<&planning::Proposal>) -> Option<String> {
    let Some(now) = now else { return Some("nothing would be written now".into()) };
    if !now.left.is_empty() {
        return Some(now.left.clone());
    }
    let Some(write) = &now.write else { return Some("nothing would be written now".into()) };
    for old in &entry.write.fields {
        match write.fields.iter().find(|f| f.field == old.field) {
            None => return Some(format!("{} is not written any more", old.field.word())),
            Some(new) if new.new != old.new => {
                return Some(format!("{} was “{}”, is “{}”", old.field.word(), old.new, new.new));
            }
            Some(new) if new.old != old.old => {
                let known = |value: &Option<String>| value.clone().unwrap_or_default();
                let (was, is) = (known(&old.old), known(&new.old));
                return Some(format!("{} at the target was “{was}”, is “{is}”", old.field.word()));
            }
            Some(_) => {}
        }
    }
    if let Some(new) = write.fields.iter().find(|f| entry.write.fields.iter().all(|old| old.field != f.field)) {
        return Some(format!("{} would be written too", new.field.word()));
    }
    if write.interfaces != entry.write.interfaces {
        return Some("its network interfaces are others".into());
    }
    // A company that was to be made is there by now.
    let made = matches!(
        (&entry.write.inside, &write.inside),
        (Some(WriteInside::Made { .. }), Some(WriteInside::There { .. }))
    );
    if write.inside != entry.write.inside && !made {
        return Some("it would be made in another company".into());
    }
    (write.kind != entry.write.kind).then(|| "it is matched with another record".into())
}
