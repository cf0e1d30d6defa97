//! Plans of writes: what the target takes is asked, and the plan made elsewhere, on facts as they are then. Plans that
//! are kept take turns.

use super::super::compare::sides_of;
use super::super::decide;
use super::super::messages::Selection;
use super::super::reply::ReplyTo;
use super::super::writing::planning::{self, Job, Row, Subject};
use super::{Core, CoreMessage};
use crate::domain::outbox::plan::{Place, WriteTarget, place};
use crate::domain::{
    Failure, FlowId, LogLevel, MatchState, OutboxEntry, RecordId, Stream, UpdatePolicy, WriteId, WriteInside,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::Sender;

/// What a target takes, by stream.
type Targets = Result<BTreeMap<Stream, WriteTarget>, Failure>;

/// What is to be planned, and what for.
pub struct Wanted {
    pub(super) flow: FlowId,
    pub(super) what: What,
    pub(super) then: Then,
    /// Of a plan that is kept.
    pub(super) turn: Option<Turn>,
}

impl Wanted {
    pub(super) fn new(flow: FlowId, what: What, then: Then) -> Self {
        Self { flow, what, then, turn: None }
    }
}

/// Plans that are kept are made one after the other, so that each knows what the one before it will write: two
/// technicians who want the same thing at once make it once. Dropped, it is the next one's turn.
#[derive(Debug)]
pub struct Turn(Sender<CoreMessage>);

impl Drop for Turn {
    fn drop(&mut self) {
        // Without a core there is no next one.
        let _ = self.0.send(CoreMessage::PlanKept);
    }
}

/// Who makes a plan to be kept, and who waits for that.
#[derive(Default)]
pub struct Turns {
    taken: bool,
    waiting: VecDeque<(Wanted, Targets)>,
}

pub(super) enum What {
    Create { stream: Stream, rows: Selection, anyway: bool },
    Update { by_policy: bool },
    Again { ids: Vec<WriteId> },
}

pub(super) enum Then {
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
    /// Asks the target what it takes; the plan follows.
    pub(super) fn plan_writes(&mut self, wanted: Wanted) {
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

    /// Whoever made a plan to be kept is done.
    pub(super) fn plan_is_kept(&mut self) {
        self.turns.taken = false;
    }

    /// The next plan to be kept, once the facts have all that is written already.
    pub(super) fn go_on_planning(&mut self) {
        if self.turns.taken || !self.pending.is_empty() {
            return;
        }
        if let Some((mut wanted, result)) = self.turns.waiting.pop_front() {
            self.turns.taken = true;
            wanted.turn = Some(Turn(self.inbox.clone()));
            self.make_plan(wanted, result);
        }
    }

    /// What the target takes is known: the plan is made on facts as they are now.
    pub(super) fn targets_known(&mut self, wanted: Wanted, result: Targets) {
        if matches!(wanted.then, Then::Show { .. }) {
            self.make_plan(wanted, result);
        } else {
            self.turns.waiting.push_back((wanted, result));
        }
    }

    fn make_plan(&mut self, wanted: Wanted, result: Targets) {
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

    pub(super) fn not_planned(&mut self, then: Then, failure: Failure) {
        self.writes.busy -= 1;
        if let Some(failure) = then.failed(failure) {
            self.outbox.notice(LogLevel::Warn, format!("differences were not planned: {failure}"));
        }
    }

    pub(super) fn plan_job(&mut self, wanted: &Wanted, targets: BTreeMap<Stream, WriteTarget>) -> Result<Job, Failure> {
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

    pub(super) fn rows_again(&self, at: usize, ids: &[WriteId]) -> Vec<(OutboxEntry, Option<Row>)> {
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
    pub(super) fn row_to_make(&self, at: usize, stream: Stream, place: usize, own: Option<WriteId>) -> Option<Row> {
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
    pub(super) fn inside(&self, at: usize, stream: Stream, row: usize) -> Result<Option<WriteInside>, &'static str> {
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
}

/// A flow that writes no differences by itself.
async fn is_off(settings: Option<Arc<dyn super::super::SettingsFile>>, flow: FlowId) -> bool {
    let Some(file) = settings else { return true };
    let rules = tokio::task::spawn_blocking(move || file.write_rules(&flow)).await;
    !matches!(rules, Ok(Ok(rules)) if rules.update != UpdatePolicy::Off)
}
