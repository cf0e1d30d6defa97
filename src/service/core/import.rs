//! Imports into the inventory: planned here, staged elsewhere, made durable as one entry, and put into the rows in
//! pieces, so that a large one never keeps the core from answering.

use super::super::compare::sides_of;
use super::super::decide::{self, By};
use super::super::importing::{self, Job, Staged};
use super::super::messages::{Done, Generation, Given, ImportPlan, ImportRow, ImportRows, View};
use super::super::reply::ReplyTo;
use super::super::staging::{self, Guard, Item, Plan};
use super::super::{views, writer};
use super::slow::{For, Slow};
use super::{Core, CoreMessage, Pending};
use crate::domain::{
    Failure, FailureClass, Flow, FlowId, HistoryEntry, HistoryId, Record, RecordChange, RecordEdit, RowChange, Stream,
    text,
};
use rustc_hash::FxHashSet;
use std::sync::Arc;
use std::time::Instant;

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

/// Rows that an import was asked for.
pub(super) struct Chosen {
    /// Where they stand.
    pub positions: Vec<usize>,
    /// Only devices of these types, by position.
    pub types: Option<FxHashSet<usize>>,
    /// They were not chosen one by one.
    pub every: bool,
    /// Also those whose record may be there already.
    pub anyway: bool,
}

/// An import of which is found out what it does.
pub(super) struct Importing {
    flow: Flow,
    stream: Stream,
    chosen: Chosen,
    next: usize,
    guard: Guard,
    plan: Plan,
    purpose: For,
}

/// A plan that was shown, for the next window of it.
pub(super) struct ShownPlan {
    of: (FlowId, Stream, ImportRows, bool),
    generations: [Generation; 3],
    plan: Plan,
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

    /// Begins to find out what an import of rows does.
    fn begin_import(&mut self, at: usize, stream: Stream, rows: &ImportRows, anyway: bool, purpose: For) {
        let flow = self.flows[at].flow.clone();
        let sides = sides_of(&self.world, &flow);
        let (positions, types) = match rows {
            ImportRows::Selected(rows) => (decide::positions(&mut self.flows[at], sides, stream, rows), None),
            ImportRows::OfTypes(types) => {
                let wanted: FxHashSet<usize> = types.iter().filter_map(|id| sides.source.types.position(id)).collect();
                ((0..sides.source.devices.all().len()).collect(), Some(wanted))
            }
            ImportRows::All => ((0..sides.source.count(stream)).collect(), None),
        };
        let every = !matches!(rows, ImportRows::Selected(_));
        self.begin_import_of(at, stream, Chosen { positions, types, every, anyway }, purpose);
    }

    /// Begins to find out what an import of rows at these positions does.
    pub(super) fn begin_import_of(&mut self, at: usize, stream: Stream, chosen: Chosen, purpose: For) {
        let flow = self.flows[at].flow.clone();
        let guard = Guard::new(sides_of(&self.world, &flow), stream);
        if let For::Import(..) = purpose {
            self.flows[at].importing = Some((0, chosen.positions.len() as u64));
        }
        let importing = Importing { flow, stream, chosen, next: 0, guard, plan: Plan::default(), purpose };
        self.begin_slow(Slow::Import(Box::new(importing)));
    }

    /// Looks at more of an import's rows; true when none is left.
    pub(super) fn go_on_importing(&mut self, importing: &mut Importing, until: Instant) -> bool {
        let Some(state) = self.flows.iter().find(|state| state.flow.id == importing.flow.id) else { return true };
        let sides = sides_of(&self.world, &importing.flow);
        let (stream, chosen) = (importing.stream, &importing.chosen);
        let kind = |at: usize| sides.source.type_of(&sides.source.devices.all().get(at)?.id);
        while let Some(part) = chosen.positions.get(importing.next..).filter(|rest| !rest.is_empty()) {
            if Instant::now() >= until {
                return false;
            }
            let part = &part[..part.len().min(PIECE)];
            importing.next += part.len();
            for &at in part {
                if let Some(wanted) = &chosen.types
                    && !kind(at).is_some_and(|kind| wanted.contains(&kind))
                {
                    continue;
                }
                let guard = (&mut importing.guard, &*self.world.junk);
                let row = staging::planned(state, sides, (stream, at), chosen.anyway, guard);
                // Of everything, only what is not there yet is of interest.
                if !(chosen.every && matches!(row, Err(staging::THERE | staging::NOT_THERE))) {
                    importing.plan.add(at, row);
                }
            }
        }
        true
    }

    /// It is known what an import does.
    pub(super) fn import_planned(&mut self, importing: Importing) {
        let Importing { flow, plan, purpose, .. } = importing;
        let at = match self.flow_at(&flow.id) {
            Ok(at) => at,
            Err(failure) => {
                if let For::Show(reply, ..) = purpose {
                    reply.failed(failure);
                }
                return;
            }
        };
        match purpose {
            For::Show(reply, mut shown, window) => {
                shown.plan = plan;
                reply.view(self.plan_window(at, &shown, window));
                self.shown_plan = Some(shown);
            }
            For::Import(wanted, given) => self.carry_out_import(at, plan, *wanted, given),
        }
    }

    fn carry_out_import(&mut self, at: usize, plan: Plan, wanted: Wanted, given: Given) {
        let wanted = Wanted { skipped: plan.blocked(), ..wanted };
        let only_one = plan.imports > 1 && given != Given::default();
        if plan.imports == 0 || only_one {
            let nothing_by_itself = wanted.reply.is_none();
            self.flows[at].importing = None;
            self.flows[at].after_sync &= !nothing_by_itself;
            self.drop_elsewhere(plan);
            let Some(reply) = wanted.reply else { return };
            if only_one {
                let what = "a name or a domain can be given for a single company only";
                return reply.failed(Failure::new(FailureClass::Usage, what, "import them one by one"));
            }
            let skipped = wanted.skipped;
            let text = skipped.first().map_or_else(|| "nothing to import".to_owned(), |(reason, _)| reason.clone());
            return reply.done(Done { skipped, text, ..Done::default() });
        }
        let items: Vec<Item> = plan.rows.into_iter().filter_map(|(_, row)| row.ok()).collect();
        self.start_import(at, items, given, wanted);
    }

    /// What an import would do: a window of its plan, which is kept while the queues stand still.
    pub(super) fn import_plan(
        &mut self,
        reply: ReplyTo,
        (flow, stream): (FlowId, Stream),
        rows: ImportRows,
        anyway: bool,
        window: (u64, u32),
    ) {
        let at = match self.import_at(&flow, stream) {
            Ok(at) => at,
            Err(failure) => return reply.failed(failure),
        };
        let state = &self.flows[at];
        let shown = ShownPlan {
            of: (flow, stream, rows, anyway),
            generations: [&state.companies, &state.devices, &state.types].map(|queue| queue.generation),
            plan: Plan::default(),
        };
        if let Some(known) = &self.shown_plan
            && (&known.of, &known.generations) == (&shown.of, &shown.generations)
        {
            return reply.view(self.plan_window(at, known, window));
        }
        if let Some(old) = self.shown_plan.take() {
            self.drop_elsewhere(old);
        }
        let rows = shown.of.2.clone();
        self.begin_import(at, stream, &rows, anyway, For::Show(reply, Box::new(shown), window));
    }

    fn plan_window(&self, at: usize, shown: &ShownPlan, (offset, limit): (u64, u32)) -> View {
        let (stream, plan) = (shown.of.1, &shown.plan);
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
        View::ImportPlan(ImportPlan {
            what: format!("imports {} into the inventory", decide::counted(stream, plan.imports)),
            imports: plan.imports,
            blocked: plan.blocked(),
            total: plan.rows.len() as u64,
            offset: from as u64,
            rows: plan.rows[from..upto].iter().map(row).collect(),
        })
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
        if let Some(old) = self.shown_plan.take() {
            self.drop_elsewhere(old);
        }
        let by = self.by();
        let wanted = Wanted { stream, what: "imported".into(), by, reply: Some(reply), skipped: Vec::new() };
        self.begin_import(at, stream, rows, anyway, For::Import(Box::new(wanted), given));
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
        entry: HistoryEntry,
        result: Result<HistoryEntry, Failure>,
        waiting: writer::Waiting,
    ) {
        let entry = Arc::new(entry);
        match result {
            Ok(stored) => {
                for from in (0..entry.changes.len()).step_by(PIECE) {
                    let piece = from..entry.changes.len().min(from + PIECE);
                    self.pending.push_back(Pending::Rows(Arc::clone(&entry), piece));
                }
                let done = Done {
                    history: Some(stored.id),
                    rows: entry.rows,
                    skipped: waiting.skipped,
                    text: entry.what.clone(),
                    warnings: Vec::new(),
                };
                self.pending.push_back(Pending::Imported(entry, waiting.reply, Box::new(done)));
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
            state.ready.touch_all();
        }
        self.outbox.queue(flow);
        self.outbox.overview();
    }
}
