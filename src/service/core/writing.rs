//! Writes to vendors: plans are made elsewhere, kept by the writer, sent by couriers; here is who waits for what.

use super::super::compare::sides_of;
use super::super::decide;
use super::super::messages::{Done, QueueRow, Selection, View, WriteCommand, WriteQuery};
use super::super::reply::ReplyTo;
use super::super::writer::{self, WritesWaiting};
use super::super::writing::planning::{self, Job, Plan, Row, Subject};
use super::super::writing::{RowKey, row_of, view};
use super::{Core, CoreMessage};
use crate::domain::outbox::plan::{Place, WriteTarget, place};
use crate::domain::{
    Actor, Failure, FailureClass, Flow, FlowId, IntegrationId, LogLevel, MatchState, OutboxEntry, RecordId, Stream,
    UpdatePolicy, WriteId, WriteInside, WriteState, text,
};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Writes looked through for one answer.
const SCAN: usize = 100_000;

/// Places named where the world moved.
const NAMED: usize = 5;

/// What is to be planned, and what for.
pub struct Wanted {
    flow: FlowId,
    what: What,
    then: Then,
}

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
}

enum What {
    Create { stream: Stream, rows: Selection, anyway: bool },
    Update { by_policy: bool },
    Again { ids: Vec<WriteId> },
}

enum Then {
    /// It is shown.
    Show { reply: ReplyTo, limit: u32 },
    /// It is kept, to wait for a yes or to be sent.
    Keep { reply: Option<ReplyTo>, hold: bool },
    /// It is compared with what was planned, and that is sent.
    Apply { reply: ReplyTo },
}

impl Then {
    fn failed(self, failure: Failure) -> Option<Failure> {
        match self {
            Self::Show { reply, .. } | Self::Apply { reply } | Self::Keep { reply: Some(reply), .. } => {
                reply.failed(failure);
                None
            }
            Self::Keep { reply: None, .. } => Some(failure),
        }
    }
}

impl Core {
    pub(super) fn write_query(&mut self, reply: ReplyTo, query: WriteQuery) {
        match query {
            WriteQuery::Create { flow, stream, rows, anyway, limit } => {
                let what = What::Create { stream, rows, anyway };
                self.plan_writes(Wanted { flow, what, then: Then::Show { reply, limit } });
            }
            WriteQuery::Update { flow, limit } => {
                let what = What::Update { by_policy: false };
                self.plan_writes(Wanted { flow, what, then: Then::Show { reply, limit } });
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
                self.plan_writes(Wanted { flow, what, then: Then::Keep { reply: Some(reply), hold } });
            }
            WriteCommand::Update { flow, hold } => {
                let what = What::Update { by_policy: false };
                self.plan_writes(Wanted { flow, what, then: Then::Keep { reply: Some(reply), hold } });
            }
            WriteCommand::Apply { ids, flow } => self.apply_writes(reply, &ids, flow.as_ref()),
            WriteCommand::Withdraw { ids } => {
                self.writes.busy += 1;
                let (skipped, warnings) = (Vec::new(), Vec::new());
                let waiting = WritesWaiting { reply: Some(reply), text: "taken back".into(), skipped, warnings };
                let _ = self.writer.send(writer::Job::WithdrawWrites { ids, waiting, at: self.clock.now() });
            }
            WriteCommand::SetPolicies { flow, update, fields } => self.set_policies(reply, flow, update, fields),
            WriteCommand::Resume => {
                self.writes.awake = true;
                self.writes.again.clear();
                let (_, moving) = self.writes.counts();
                reply.done(Done { rows: moving, text: format!("{moving} writes on their way"), ..Done::default() });
            }
        }
    }

    /// Asks the target what it takes; the plan follows.
    fn plan_writes(&mut self, wanted: Wanted) {
        let flow = match self.flow_at(&wanted.flow) {
            Ok(at) => self.flows[at].flow.clone(),
            Err(failure) => return drop(wanted.then.failed(failure)),
        };
        let Some(target) = self.integrations.iter().find(|i| i.id == flow.target) else {
            let failure = self.no_integration(&flow.target);
            return drop(wanted.then.failed(failure));
        };
        let (connector, inbox) = (Arc::clone(&target.connector), self.inbox.clone());
        // Nothing to compare by: the vendor is not asked for its lists either.
        let (settings, by_policy) = (self.settings.clone(), matches!(wanted.what, What::Update { by_policy: true }));
        self.writes.busy += 1;
        self.runtime.spawn(async move {
            let result = async {
                let mut targets = BTreeMap::new();
                if by_policy && is_off(settings, flow.id.clone()).await {
                    return Ok(targets);
                }
                for stream in [Stream::Companies, Stream::Devices] {
                    if let Some(target) = connector.write_target(stream).await? {
                        targets.insert(stream, target);
                    }
                }
                Ok(targets)
            };
            let result = result.await;
            let _ = inbox.send(CoreMessage::WriteTargets { wanted, result });
        });
    }

    /// What the target takes is known: the plan is made on facts as they are now.
    pub(super) fn targets_known(&mut self, wanted: Wanted, result: Result<BTreeMap<Stream, WriteTarget>, Failure>) {
        let job = result.and_then(|targets| self.plan_job(&wanted, targets));
        let job = match job {
            Ok(job) => job,
            Err(failure) => return self.not_planned(wanted.then, failure),
        };
        let inbox = self.inbox.clone();
        self.runtime.spawn_blocking(move || {
            let result = planning::plan(job);
            let _ = inbox.send(CoreMessage::WritesPlanned { wanted, result });
        });
    }

    fn not_planned(&mut self, then: Then, failure: Failure) {
        self.writes.busy -= 1;
        if let Some(failure) = then.failed(failure) {
            self.outbox.notice(LogLevel::Warn, format!("differences were not planned: {failure}"));
        }
    }

    fn plan_job(&mut self, wanted: &Wanted, targets: BTreeMap<Stream, WriteTarget>) -> Result<Job, Failure> {
        let at = self.flow_at(&wanted.flow)?;
        let subject = match &wanted.what {
            What::Create { stream, rows, anyway } => {
                let at = self.queue_at(&wanted.flow, *stream)?;
                let rules = self.flows[at].flow.clone();
                let sides = sides_of(&self.world, &rules);
                let positions = decide::positions(&mut self.flows[at], sides, *stream, rows);
                let rows =
                    positions.into_iter().filter_map(|place| self.row_to_make(at, *stream, place, None)).collect();
                Subject::Create { stream: *stream, rows, anyway: *anyway }
            }
            What::Update { by_policy } => Subject::Update { by_policy: *by_policy },
            What::Again { ids } => Subject::Again { writes: self.rows_again(at, ids) },
        };
        let flow = self.flows[at].flow.clone();
        let vendor = self.vendor(&flow.source);
        Ok(Job {
            flow,
            subject,
            vendor,
            targets,
            store: self.store.clone(),
            world: Arc::clone(&self.world),
            settings: self.settings.clone(),
            live: self.writes.live().cloned().collect(),
        })
    }

    /// What an integration is called on the screen.
    pub(super) fn vendor(&self, id: &IntegrationId) -> String {
        super::super::overview::shown_name(&self.integrations, id)
    }

    fn rows_again(&self, at: usize, ids: &[WriteId]) -> Vec<(OutboxEntry, Option<Row>)> {
        let flow = &self.flows[at].flow;
        let source = self.world.tables_of(&flow.source);
        let ours = ids.iter().filter_map(|id| self.writes.open(*id));
        let row = |entry: &OutboxEntry| {
            let place = super::super::views::position(source, entry.write.stream, &entry.write.source)?;
            self.row_to_make(at, entry.write.stream, place, Some(entry.id))
        };
        ours.map(|entry| (entry.clone(), if entry.write.is_create() { row(entry) } else { None })).collect()
    }

    /// A row as a plan needs it; `own` is the write whose row it is already.
    fn row_to_make(&self, at: usize, stream: Stream, place: usize, own: Option<WriteId>) -> Option<Row> {
        let state = &self.flows[at];
        let sides = sides_of(&self.world, &state.flow);
        let source = super::super::views::id_at(sides.source, stream, place)?.clone();
        let row = state.queue(stream)?.rows.get(place).filter(|row| !row.hidden)?;
        let moving = self.writes.of(&(state.flow.id.clone(), stream, source.clone()));
        let inside = if moving.is_some_and(|entry| Some(entry.id) != own) {
            Err("it is in the outbox already")
        } else if row.matched().is_some() {
            Err("already matched")
        } else if row.state() == MatchState::Ignored {
            Err("ignored")
        } else if row.is_away() {
            Err("gone at the source or left out by its sync settings")
        } else {
            self.inside(at, stream, place)
        };
        let best = row.best.as_ref().filter(|_| row.verdict != crate::domain::Verdict::None);
        Some(Row { source, inside, best: best.map(|(id, _)| (id.clone(), row.why.to_string())) })
    }

    /// The company that a row's record is made in.
    fn inside(&self, at: usize, stream: Stream, row: usize) -> Result<Option<WriteInside>, &'static str> {
        if stream == Stream::Companies {
            return Ok(None);
        }
        let state = &self.flows[at];
        let source = self.world.tables_of(&state.flow.source);
        let company = source.company_of(stream, row);
        let matched = state.company_row(source, stream, row).and_then(|row| row.matched());
        let key = |company: &RecordId| (state.flow.id.clone(), Stream::Companies, company.clone());
        let made = company.is_some_and(|company| self.writes.of(&key(company)).is_some());
        match place(company, matched, made) {
            Place::Inside(inside) => Ok(Some(inside)),
            Place::Nowhere(why) => Err(why),
        }
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
                self.keep_plan(&wanted.flow, reply, plan, Keeping { hold, anyway, actor, compared });
            }
            (Then::Apply { reply }, What::Again { ids }) => self.compare_plans(reply, &ids, &plan),
            (Then::Apply { reply }, _) => {
                self.writes.busy -= 1;
                reply.failed(Failure::new(FailureClass::Ours, "a plan was lost", "report it"));
            }
        }
    }

    fn keep_plan(&mut self, flow: &FlowId, reply: Option<ReplyTo>, plan: Plan, keeping: Keeping) {
        let Keeping { hold, anyway, actor, compared } = keeping;
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
        let text = told(format!("{} writes to {} {verb}", entries.len(), plan.vendor), &plan.warnings);
        if !hold {
            self.writes.awake = true;
        }
        let waiting = WritesWaiting { reply, text, skipped, warnings: plan.warnings };
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
            let text = if moving > 0 { format!("{moving} writes on their way") } else { "nothing is planned".into() };
            return reply.done(Done { rows: moving, text, ..Done::default() });
        };
        if found.iter().any(|(_, other)| *other != flow) {
            let what = "writes of several flows are planned";
            return reply.failed(Failure::new(FailureClass::Usage, what, "name the flow"));
        }
        let ids = found.into_iter().map(|(id, _)| id).collect();
        self.plan_writes(Wanted { flow, what: What::Again { ids }, then: Then::Apply { reply } });
    }

    /// Sends what was planned when it is what would be planned now.
    fn compare_plans(&mut self, reply: ReplyTo, ids: &[WriteId], plan: &Plan) {
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
        let text = told(format!("{} writes to {} on their way", entries.len(), plan.vendor), &plan.warnings);
        let (skipped, warnings) = (Vec::new(), plan.warnings.clone());
        let waiting = WritesWaiting { reply: Some(reply), text, skipped, warnings };
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
            self.plan_writes(Wanted { flow, what, then: Then::Keep { reply: None, hold: true } });
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
fn told(text: String, warnings: &[String]) -> String {
    warnings.iter().fold(text, |text, warning| format!("{text}. {warning}"))
}

/// A flow that writes no differences by itself.
async fn is_off(settings: Option<Arc<dyn super::super::SettingsFile>>, flow: FlowId) -> bool {
    let Some(file) = settings else { return true };
    let rules = tokio::task::spawn_blocking(move || file.write_rules(&flow)).await;
    !matches!(rules, Ok(Ok(rules)) if rules.update != UpdatePolicy::Off)
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
