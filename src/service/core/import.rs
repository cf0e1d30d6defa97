//! Imports into the inventory: planned here, staged elsewhere, made durable as one entry, and put into the rows in
//! pieces, so that a large one never keeps the core from answering.

use super::super::compare::sides_of;
use super::super::decide::{self, By};
use super::super::importing::{self, Job, Staged};
use super::super::messages::{Done, Given, ImportPlan, ImportRow, ImportRows, View};
use super::super::reply::ReplyTo;
use super::super::staging::{self, Item, Plan};
use super::super::{views, writer};
use super::{Core, CoreMessage, Pending};
use crate::domain::{
    Failure, FailureClass, FlowId, HistoryEntry, HistoryId, Record, RecordChange, RecordEdit, RowChange, Stream, text,
};
use rustc_hash::FxHashSet;

/// Most rows of one answer.
pub const WINDOW: usize = 500;

/// Rows put into the queues at once.
const PIECE: usize = 250;

/// What an import was asked for.
pub struct Wanted {
    /// Which stream.
    pub stream: Stream,
    /// One line for the history, without the number of rows.
    pub what: String,
    /// On whose behalf.
    pub by: By,
    /// Who waits.
    pub reply: Option<ReplyTo>,
    /// Rows left as they are.
    pub skipped: Vec<(String, u64)>,
}

/// No decision comes between an import's rows.
pub fn busy() -> Failure {
    let what = "an import into the inventory is under way in this flow";
    Failure::new(FailureClass::Usage, what, "wait until it has ended; its progress is in the queue's frame")
}

impl Core {
    /// The flow, which has to lead into the inventory and have that stream.
    pub(super) fn import_at(&self, flow: &FlowId, stream: Stream) -> Result<usize, Failure> {
        let at = self.queue_at(flow, stream)?;
        if self.flows[at].flow.is_import() {
            return Ok(at);
        }
        let what = format!("the flow “{flow}” does not lead into the inventory");
        Err(Failure::new(FailureClass::Usage, what, "add one: `matchbook flow add SOURCE inventory`"))
    }

    fn plan_import(&mut self, at: usize, stream: Stream, rows: &ImportRows, anyway: bool) -> Plan {
        let flow = self.flows[at].flow.clone();
        let sides = sides_of(&self.world, &flow);
        let state = &mut self.flows[at];
        let positions = match rows {
            ImportRows::Selected(rows) => decide::positions(state, sides, stream, rows),
            ImportRows::OfTypes(types) => {
                let wanted: FxHashSet<usize> = types.iter().filter_map(|id| sides.source.types.position(id)).collect();
                let kind = |at: &usize| sides.source.type_of(&sides.source.devices.all()[*at].id);
                (0..sides.source.devices.all().len())
                    .filter(|at| kind(at).is_some_and(|k| wanted.contains(&k)))
                    .collect()
            }
            ImportRows::All => (0..sides.source.count(stream)).collect(),
        };
        let mut plan = staging::plan(&self.flows[at], sides, stream, &positions, anyway, &self.world.junk);
        if !matches!(rows, ImportRows::Selected(_)) {
            // Of everything, only what is not there yet is of interest.
            plan.rows.retain(|(_, row)| !matches!(row, Err(staging::THERE | "not in the queue")));
        }
        plan
    }

    pub(super) fn import_plan(
        &mut self,
        (flow, stream): (&FlowId, Stream),
        rows: &ImportRows,
        anyway: bool,
        (offset, limit): (u64, u32),
    ) -> Result<View, Failure> {
        let at = self.import_at(flow, stream)?;
        let plan = self.plan_import(at, stream, rows, anyway);
        let sides = sides_of(&self.world, &self.flows[at].flow);
        let name = |at: usize| sides.source.facts_at(stream, at).map(|facts| text::clean(facts.name()).into_owned());
        let row = |(at, row): &(usize, Result<Item, &'static str>)| {
            let id = views::id_at(sides.source, stream, *at).cloned().unwrap_or_default();
            let name = name(*at).unwrap_or_default();
            match row {
                Ok(item) => ImportRow {
                    id,
                    name,
                    target: Some(item.target.clone()),
                    known: item.known,
                    company: views::company_name(sides.target, item.company.as_ref()),
                    kind: item.kind.as_ref().map(|k| text::clean(&k.name).into_owned()).unwrap_or_default(),
                    reason: String::new(),
                },
                Err(reason) => ImportRow {
                    id,
                    name,
                    target: None,
                    known: false,
                    company: String::new(),
                    kind: String::new(),
                    reason: (*reason).to_owned(),
                },
            }
        };
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(plan.rows.len());
        let upto = (from + (limit as usize).min(WINDOW)).min(plan.rows.len());
        let imports = plan.items().count() as u64;
        Ok(View::ImportPlan(ImportPlan {
            what: format!("imports {} into the inventory", decide::counted(stream, imports)),
            imports,
            blocked: plan.blocked(),
            total: plan.rows.len() as u64,
            offset: from as u64,
            rows: plan.rows[from..upto].iter().map(row).collect(),
        }))
    }

    pub(super) fn import(
        &mut self,
        reply: ReplyTo,
        (flow, stream): (&FlowId, Stream),
        rows: &ImportRows,
        anyway: bool,
        given: Given,
    ) {
        let at = match self.import_at(flow, stream) {
            Ok(at) if self.flows[at].importing.is_some() => return reply.failed(busy()),
            Ok(at) => at,
            Err(failure) => return reply.failed(failure),
        };
        let plan = self.plan_import(at, stream, rows, anyway);
        let (items, skipped): (Vec<Item>, _) = (plan.items().cloned().collect(), plan.blocked());
        if items.is_empty() {
            let text = skipped.first().map_or_else(|| "nothing to import".to_owned(), |(reason, _)| reason.clone());
            return reply.done(Done { skipped, text, ..Done::default() });
        }
        if items.len() > 1 && given != Given::default() {
            let what = "a name or a domain can be given for a single company only";
            return reply.failed(Failure::new(FailureClass::Usage, what, "import them one by one"));
        }
        let by = self.by();
        self.start_import(
            at,
            items,
            given,
            Wanted { stream, what: "imported".into(), by, reply: Some(reply), skipped },
        );
    }

    /// Stages the records elsewhere; the entry is made when all are there.
    pub(super) fn start_import(&mut self, at: usize, items: Vec<Item>, given: Given, wanted: Wanted) {
        let stream = wanted.stream;
        let state = &mut self.flows[at];
        let total = items.len() as u64;
        state.importing = Some((0, total));
        let decision = |item: &Item| {
            let row = state.queue(stream).and_then(|q| q.rows.get(item.at));
            row.and_then(|row| row.decision.as_deref().cloned())
        };
        let mut given = given;
        if stream == Stream::DeviceTypes {
            return self.create_types(at, items, wanted);
        }
        given.name = given.name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        given.domain = given.domain.map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty());
        let items = items.into_iter().map(|item| (decision(&item), item)).map(|(d, item)| (item, d)).collect();
        let job = Job { flow: state.flow.clone(), stream, items, given, by: wanted.by.clone() };
        let (store, inbox, id) = (self.store.clone(), self.inbox.clone(), state.flow.id.clone());
        self.outbox.overview();
        self.runtime.spawn_blocking(move || {
            let steps = inbox.clone();
            let flow = id.clone();
            let told = move |done| {
                let _ = steps.send(CoreMessage::Importing { flow: flow.clone(), done, total });
            };
            let result = importing::stage(&store, job, &told);
            let _ = inbox.send(CoreMessage::Staged { flow: id, result, wanted: Box::new(wanted) });
        });
    }

    /// Types have no record of their own to read: their names are here.
    fn create_types(&mut self, at: usize, items: Vec<Item>, wanted: Wanted) {
        let flow = self.flows[at].flow.clone();
        let source = self.world.tables_of(&flow.source);
        let mut records = Vec::new();
        let mut staged = Staged::default();
        for item in items {
            let name = source.types.all().get(item.at).map(|kind| kind.name.to_string()).unwrap_or_default();
            if !item.known {
                records.push(Record::DeviceType(crate::domain::DeviceType { id: (&item.target).into(), name }));
                let (id, edit) = (item.target.clone(), RecordEdit::Listed);
                staged.records.push(RecordChange { stream: Stream::DeviceTypes, id, edit });
            }
            let before = self.flows[at].types.rows.get(item.at).and_then(|row| row.decision.as_deref().cloned());
            let kind = crate::domain::DecisionKind::Matched { target: item.target };
            let by = &wanted.by;
            let after = crate::domain::Decision { kind, actor: by.actor.clone(), at: by.at, why: "created".into() };
            staged.changes.push(RowChange { source: item.source, before, after: Some(after) });
        }
        let (store, inbox, time) = (self.store.clone(), self.inbox.clone(), wanted.by.at);
        self.runtime.spawn_blocking(move || {
            let result = store.stage_records(&records, time).map(|()| staged);
            let _ = inbox.send(CoreMessage::Staged { flow: flow.id, result, wanted: Box::new(wanted) });
        });
    }

    pub(super) fn importing(&mut self, flow: &FlowId, done: u64, total: u64) {
        if let Ok(at) = self.flow_at(flow)
            && self.flows[at].importing.is_some()
        {
            self.flows[at].importing = Some((done, total));
            self.outbox.overview();
        }
    }

    /// Every record is staged: one entry lists them and matches their rows.
    pub(super) fn staged(&mut self, flow: &FlowId, result: Result<Staged, Failure>, wanted: Wanted) {
        let Wanted { stream, what, by, reply, skipped } = wanted;
        let Staged { changes, records } = match result {
            Ok(staged) => staged,
            Err(failure) => {
                if let Ok(at) = self.flow_at(flow) {
                    self.flows[at].after_sync = false;
                }
                self.import_ended(flow);
                self.outbox.notice(crate::domain::LogLevel::Error, format!("not imported: {failure}"));
                if let Some(reply) = reply {
                    reply.failed(failure);
                }
                return;
            }
        };
        if changes.is_empty() && records.is_empty() {
            // Nothing is left of what was planned; it is not planned again and again.
            if let Ok(at) = self.flow_at(flow) {
                self.flows[at].after_sync = false;
            }
            self.import_ended(flow);
            if let Some(reply) = reply {
                reply.done(Done { skipped, text: "nothing left to do".into(), ..Done::default() });
            }
            return;
        }
        let rows = changes.len() as u64;
        let entry = HistoryEntry {
            id: HistoryId(0),
            at: by.at,
            actor: by.actor,
            flow: flow.clone(),
            stream,
            what: format!("{what} {}", decide::counted(stream, rows.max(records.len() as u64))),
            changes,
            rules: Vec::new(),
            records,
            rows,
            undoes: None,
            undone_by: None,
        };
        self.writing += 1;
        let waiting = writer::Waiting { reply, skipped, later: true };
        let _ = self.writer.send(writer::Job::Decide { entry: Box::new(entry), waiting });
    }

    /// An import is durable: its rows follow in pieces, behind the records that the writer sent.
    pub(super) fn import_written(
        &mut self,
        entry: &HistoryEntry,
        result: Result<HistoryEntry, Failure>,
        waiting: writer::Waiting,
    ) {
        match result {
            Ok(stored) => {
                for piece in entry.changes.chunks(PIECE) {
                    self.pending.push_back(Pending::Rows(entry.flow.clone(), entry.stream, piece.to_vec()));
                }
                let done = Done {
                    history: Some(stored.id),
                    rows: entry.rows,
                    skipped: waiting.skipped,
                    text: entry.what.clone(),
                };
                self.pending.push_back(Pending::Imported(entry.flow.clone(), waiting.reply, Box::new(done)));
            }
            Err(failure) => {
                if let Ok(at) = self.flow_at(&entry.flow) {
                    self.flows[at].after_sync = false;
                }
                self.import_ended(&entry.flow);
                self.outbox.notice(crate::domain::LogLevel::Error, format!("not imported: {failure}"));
                if let Some(reply) = waiting.reply {
                    reply.failed(failure);
                }
            }
        }
    }

    pub(super) fn import_ended(&mut self, flow: &FlowId) {
        if let Ok(at) = self.flow_at(flow) {
            let state = &mut self.flows[at];
            state.importing = None;
            (state.due.dirty, state.due.changed) = (true, true);
        }
        self.outbox.queue(flow);
        self.outbox.overview();
    }

    /// Counts what can be imported of these flows, for the tabs and the types; at most with each burst of events.
    pub(super) fn count_ready(&mut self, changed: &std::collections::BTreeSet<FlowId>) {
        for at in 0..self.flows.len() {
            let flow = &self.flows[at].flow;
            if !flow.is_import() || !self.ready || !changed.contains(&flow.id) {
                continue;
            }
            let sides = sides_of(&self.world, &self.flows[at].flow);
            let ready = staging::count_ready(&self.flows[at], sides, &self.world.junk);
            if ready != self.flows[at].ready {
                let state = &mut self.flows[at];
                state.ready = ready;
                state.types.generation += 1;
                state.devices.generation += 1;
                self.outbox.queue(&state.flow.id);
            }
        }
    }
}
