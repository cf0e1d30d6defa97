//! The core: one thread that owns queues and facts and answers the door. It never waits for network or disk:
//! decisions are made durable by the writer, solving and picking run elsewhere on shared facts, and changes that
//! come meanwhile wait in [`Core::pending`].

mod behind;
mod broadcast;
mod by_hand;
mod cards;
mod changes;
mod follow;
mod import;
mod inventory;
mod limits;
mod looking;
mod mapping;
mod plans;
mod policies;
mod records;
mod requests;
mod rules;
mod schedules;
mod sending;
mod settings;
mod slow;
mod solving;
#[cfg(test)]
mod tests;
mod turns;
mod undo;
mod windows;
mod writing;

use super::SettingsFile;
use super::decide::By;
use super::front::Front;
use super::loading::Loaded;
use super::messages::{Message, Reply, Request, Window};
use super::overview::Integration;
use super::reply::ReplyTo;
use super::rows::FlowState;
use super::rules::RuleBook;
use super::solver::Solved;
use super::tables::Change;
use super::world::World;
use super::writer;
use super::writing::Writes;
use super::writing::planning::Plan;
use crate::domain::outbox::plan::WriteTarget;
use crate::domain::{
    Actor, Clock, Decision, Failure, FlowId, HistoryEntry, HistoryId, IntegrationId, LogEntry, OutboxEntry, Record,
    RecordId, RowChange, RuleChange, Stream, StreamProgress, SyncScope, Timestamp,
};
use crate::store::Store;
use crate::sync::outbox::{Closed, Delivered};
use crate::sync::{Supervisor, Task};
pub(super) use plans::Turn;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// What reaches the core.
pub enum CoreMessage {
    /// Somebody asks.
    Request(ReplyTo, Box<Request>),
    /// A terminal wants to hear events.
    Subscribe(mpsc::Sender<Message>),
    /// Store and connectors are open.
    Opened(Result<Box<Opened>, Failure>),
    /// The store was read.
    Loaded(Result<Box<Loaded>, Failure>),
    /// A sync stored changes.
    Stored(IntegrationId, Vec<Change>),
    /// Where a stream stands.
    Progress(Box<StreamProgress>),
    /// Something a person should read.
    Notice(String),
    /// A vendor takes no request until then.
    Held(IntegrationId, Timestamp),
    /// New log lines.
    Log(Vec<LogEntry>),
    /// A stream's run ended.
    Ended(IntegrationId),
    /// The engine is done.
    Solved(Box<Solved>),
    /// Moved records were looked for.
    Cards(Vec<super::cards::Moved>),
    /// Facts are no longer shared with a picker.
    Freed,
    /// The writer is done with a decision.
    Written {
        /// The entry with its changes, as it was asked for.
        entry: Box<HistoryEntry>,
        /// Durable, or why not.
        result: Result<HistoryEntry, Failure>,
        /// Who waits.
        waiting: writer::Waiting,
    },
    /// The writer found the entry of an undo or redo.
    Found {
        /// What was looked for.
        wanted: writer::Wanted,
        /// What was found.
        entry: Result<Option<HistoryEntry>, Failure>,
        /// Who waits.
        reply: ReplyTo,
        /// On whose behalf.
        by: By,
    },
    /// A vendor told what can be chosen, or not.
    Offered {
        /// Of which integration.
        integration: IntegrationId,
        /// The choices.
        result: Result<Vec<crate::connectors::ChoiceList>, Failure>,
        /// Who waits for the settings.
        reply: ReplyTo,
    },
    /// The configuration holds other sync settings, or does not.
    ScopeKept {
        /// Of which integration.
        integration: IntegrationId,
        /// The settings.
        scope: Arc<SyncScope>,
        /// Sync what only the vendor can bring.
        sync: bool,
        /// Kept, or why not.
        result: Result<(), Failure>,
        /// Who waits.
        reply: ReplyTo,
    },
    /// What a target takes is known, or not: a plan can be made.
    WriteTargets {
        /// What is to be planned.
        wanted: plans::Wanted,
        /// By stream.
        result: Result<BTreeMap<Stream, WriteTarget>, Failure>,
    },
    /// A plan that was to be kept is kept, or was given up.
    PlanKept,
    /// A plan is made.
    WritesPlanned {
        /// What was to be planned.
        wanted: plans::Wanted,
        /// The plan.
        result: Result<Plan, Failure>,
    },
    /// The outbox changed on the disk, or did not.
    WritesKept {
        /// Writes as they are now.
        result: Result<Vec<OutboxEntry>, Failure>,
        /// Who waits.
        waiting: writer::WritesWaiting,
    },
    /// A vendor has what was written, or refused it.
    WritesClosed {
        /// Where it was sent.
        integration: IntegrationId,
        /// What became of it.
        closed: Closed,
        /// Hears when it is kept.
        done: oneshot::Sender<bool>,
    },
    /// What became of writes is kept, or is not.
    WritesDecided {
        /// Where it was sent.
        integration: IntegrationId,
        /// Decisions with their writes.
        decided: Vec<(HistoryEntry, Vec<OutboxEntry>)>,
        /// Other writes.
        others: Vec<OutboxEntry>,
        /// Records that were new to the store, or why nothing was kept.
        result: Result<Vec<Record>, Failure>,
        /// Hears it.
        done: oneshot::Sender<bool>,
    },
    /// Rows were looked through for what was typed.
    Searched {
        /// What was looked for.
        search: super::views::Search,
        /// The rows that hold it, in the view's sequence.
        order: Vec<u32>,
        /// Who waits.
        reply: ReplyTo,
        /// For which rows.
        wanted: Box<windows::Wanted>,
    },
    /// A courier came back.
    Delivered(IntegrationId, Delivered),
    /// Rows of an import are staged.
    Importing {
        /// In which flow.
        flow: FlowId,
        /// So many.
        done: u64,
        /// Of so many.
        total: u64,
    },
    /// Records of the inventory are staged, or what follows by itself is found.
    Staged {
        /// In which flow.
        flow: FlowId,
        /// What is to be made durable.
        result: Result<super::importing::Staged, Failure>,
        /// What it was asked for.
        wanted: Box<import::Wanted>,
    },
    /// Devices of the inventory are up to date.
    Followed {
        /// In which flow.
        flow: FlowId,
        /// How many changed.
        result: Result<u64, Failure>,
    },
    /// What runs by itself is durably another, or not.
    Planned {
        /// What changes.
        change: schedules::Planned,
        /// Kept, or why not.
        result: Result<(), Failure>,
        /// Who waits.
        reply: ReplyTo,
    },
    /// The next slice of long work.
    GoOn,
    /// Answer when nothing runs, nothing is to be solved and everything decided is durable.
    Settle(oneshot::Sender<()>),
    /// Save what makes the next start quick, and end.
    Stop(oneshot::Sender<()>),
}

/// A change of facts or decisions that waits until the facts are no longer shared.
enum Pending {
    Change(IntegrationId, Change),
    Decision(FlowId, Stream, RecordId, Option<Decision>),
    Rules(FlowId),
    /// Some rows of an import that is durable.
    Rows(Arc<HistoryEntry>, Range<usize>),
    /// All rows of the import are in.
    Imported(Arc<HistoryEntry>, Option<ReplyTo>, Box<super::messages::Done>),
    /// Other sync settings, or the same judged at a later time.
    Scope(IntegrationId, Option<Arc<SyncScope>>),
}

/// A history entry in the making.
pub(super) struct Entry {
    stream: Stream,
    changes: Vec<RowChange>,
    rules: Vec<RuleChange>,
    what: String,
    undoes: Option<HistoryId>,
}

impl Entry {
    fn new(stream: Stream, changes: Vec<RowChange>, what: String) -> Self {
        Self { stream, changes, rules: Vec::new(), what, undoes: None }
    }
}

/// What the core needs to begin.
pub struct Opened {
    /// The home's name.
    pub home: String,
    /// Who decides.
    pub actor: String,
    /// The open store.
    pub store: Store,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The runtime of workers.
    pub runtime: tokio::runtime::Handle,
    /// Runs syncs.
    pub supervisor: Supervisor,
    /// Integrations in order.
    pub integrations: Vec<Integration>,
    /// Makes decisions durable.
    pub writer: Sender<writer::Job>,
    /// Flows in order.
    pub flows: Vec<FlowState>,
    /// Start what is due by the schedules.
    pub scheduled: bool,
    /// Keeps changed settings; `None` where nothing can be kept.
    pub settings: Option<Arc<dyn SettingsFile>>,
}

/// What the core is made of.
#[expect(clippy::struct_excessive_bools, reason = "facts that do not exclude each other")]
pub struct Core {
    pub(super) home: String,
    pub(super) actor: String,
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) runtime: tokio::runtime::Handle,
    pub(super) supervisor: Supervisor,
    pub(super) integrations: Vec<Integration>,
    pub(super) inbox: Sender<CoreMessage>,
    pub(super) writer: Sender<writer::Job>,
    pub(super) front: Option<Front>,
    world: Arc<World>,
    rules: RuleBook,
    flows: Vec<FlowState>,
    progress: BTreeMap<(IntegrationId, Stream), StreamProgress>,
    paused: BTreeSet<IntegrationId>,
    paused_flows: BTreeSet<FlowId>,
    /// Records whose sync is switched off.
    off: BTreeMap<Task, BTreeSet<RecordId>>,
    next: BTreeMap<Task, Timestamp>,
    /// Until when vendors take no request.
    held: BTreeMap<IntegrationId, Timestamp>,
    /// When the meter of a budget falls by itself and is shown once more.
    meter: Option<Instant>,
    scheduled: bool,
    ready: bool,
    waiting: Vec<(ReplyTo, Request)>,
    pending: VecDeque<Pending>,
    /// Work that is done in slices, one after the other.
    slow: VecDeque<slow::Slow>,
    /// The inbox holds a [`CoreMessage::GoOn`].
    nudged: bool,
    /// The plan of an import that was shown last.
    shown_plan: Option<Box<import::ShownPlan>>,
    /// Streams with changed records whose counts and states are to be computed anew.
    recount: BTreeMap<IntegrationId, BTreeSet<Stream>>,
    last_recount: Option<(Instant, Duration)>,
    solving: bool,
    /// Rows to be brought up to date.
    behind: VecDeque<behind::Behind>,
    /// Questions that wait until the engine is back.
    parked: Vec<(ReplyTo, Request)>,
    last_solve: Option<(Instant, Duration)>,
    writing: u64,
    more: BTreeSet<FlowId>,
    /// Flows whose automatic decisions could not be kept, and when the engine tries again.
    resting: BTreeMap<FlowId, Instant>,
    subscribers: Vec<mpsc::Sender<Message>>,
    deck: cards::Deck,
    outbox: broadcast::Outbox,
    settle: Vec<oneshot::Sender<()>>,
    settings: Option<Arc<dyn SettingsFile>>,
    /// Integrations whose new settings took effect and are not in the log yet.
    told_scope: BTreeSet<IntegrationId>,
    /// Streams to be listed in full once the runs under earlier settings have ended.
    again: BTreeMap<IntegrationId, BTreeSet<Stream>>,
    /// What the vendors said can be chosen.
    offered: BTreeMap<IntegrationId, settings::Offered>,
    /// Writes of settings under way.
    keeping: u64,
    /// Writes to vendors.
    writes: Writes,
    /// Plans that are kept, one after the other.
    turns: plans::Turns,
    /// When the day's count was last written.
    day_noted: Option<Instant>,
}

impl Core {
    /// A core that has read nothing yet but the last session's front windows.
    pub(super) fn new(opened: Opened, inbox: Sender<CoreMessage>, front: Option<Front>) -> Self {
        let Opened { home, actor, store, clock, runtime, supervisor, integrations, writer, flows, .. } = opened;
        let paused = store.paused().unwrap_or_default();
        let paused_flows = store.paused_flows().unwrap_or_default();
        let deck = cards::Deck::of(&store);
        let progress = store.stream_states().unwrap_or_default().into_iter().map(changes::at_start);
        Self {
            progress: progress.map(|p| ((p.integration.clone(), p.stream), p)).collect(),
            front,
            home,
            actor,
            store,
            clock,
            runtime,
            supervisor,
            integrations,
            inbox,
            writer,
            world: Arc::default(),
            rules: RuleBook::default(),
            flows,
            paused,
            paused_flows,
            off: BTreeMap::new(),
            next: BTreeMap::new(),
            held: BTreeMap::new(),
            meter: None,
            scheduled: opened.scheduled,
            ready: false,
            waiting: Vec::new(),
            pending: VecDeque::new(),
            slow: VecDeque::new(),
            nudged: false,
            shown_plan: None,
            recount: BTreeMap::new(),
            last_recount: None,
            solving: false,
            behind: VecDeque::new(),
            parked: Vec::new(),
            last_solve: None,
            writing: 0,
            more: BTreeSet::new(),
            resting: BTreeMap::new(),
            subscribers: Vec::new(),
            deck,
            outbox: broadcast::Outbox::default(),
            settle: Vec::new(),
            settings: opened.settings,
            told_scope: BTreeSet::new(),
            again: BTreeMap::new(),
            offered: BTreeMap::new(),
            keeping: 0,
            writes: Writes::new(opened.scheduled),
            turns: plans::Turns::default(),
            day_noted: None,
        }
    }

    /// Somebody else reads the facts: the engine or a picker. A message comes when they are free again, so nothing is
    /// due before.
    fn is_lent(&self) -> bool {
        Arc::strong_count(&self.world) > 1
    }

    fn by(&self) -> By {
        By { actor: Actor::Person(self.actor.clone()), at: self.clock.now() }
    }

    fn flow_at(&self, id: &FlowId) -> Result<usize, Failure> {
        self.flows.iter().position(|f| f.flow.id == *id).ok_or_else(|| {
            let names: Vec<&str> = self.flows.iter().map(|f| f.flow.id.as_str()).collect();
            Failure::new(
                crate::domain::FailureClass::Usage,
                format!("there is no flow “{id}”"),
                if names.is_empty() {
                    "add one with `matchbook flow add SOURCE TARGET`".to_owned()
                } else {
                    format!("flows here: {}", names.join(", "))
                },
            )
        })
    }

    /// The flow, which has to have a queue of that stream.
    fn queue_at(&self, id: &FlowId, stream: Stream) -> Result<usize, Failure> {
        let at = self.flow_at(id)?;
        let state = &self.flows[at];
        if state.flow.streams.contains(&stream) {
            return Ok(at);
        }
        let names: Vec<&str> = state.streams().map(Stream::name).collect();
        Err(Failure::new(
            crate::domain::FailureClass::Usage,
            format!("the flow “{id}” matches no {stream}"),
            format!("it matches {}; `streams` of the flow in the configuration says what", names.join(", ")),
        ))
    }

    /// The answer to a window while the store is still being read: the last session's first rows.
    fn front_window(&self, request: &Request) -> Option<Window> {
        self.front.as_ref().and_then(|front| front.window(request))
    }

    fn refuse_all(&mut self, failure: &Failure) {
        for (reply, _) in self.waiting.drain(..) {
            reply.send(Reply::Failed(failure.clone()));
        }
    }
}
