//! The one door: commands, windowed queries with generations, events. Owns store, supervisor and queue views.
//!
//! In-process for now; every message is plain data, so that the same door can stand on a socket.

mod alike;
mod cards;
mod compare;
mod core;
mod coverage;
mod decide;
mod detail;
mod fields;
mod front;
mod importing;
mod inside;
mod listed;
mod loading;
pub mod messages;
mod overview;
mod picker;
mod pools;
mod prelude;
mod ready;
mod reply;
mod rows;
mod rules;
mod scoping;
mod search;
mod sink;
mod solver;
mod staging;
mod tables;
mod views;
mod why;
mod world;
mod writer;
mod writing;

use self::core::CoreMessage;
use self::messages::{Door, Message, Reply, Request, Ticket};
use self::reply::ReplyTo;
use crate::connectors::Connector;
use crate::domain::{
    Clock, Failure, FailureClass, FieldPolicy, Flow, FlowId, IntegrationId, JunkList, Schedule, Stream, SyncRules,
    SyncScope, UpdatePolicy, VendorSystem, WriteField, WriteRules,
};
use crate::store::Store;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, mpsc as std_mpsc};
use tokio::sync::{mpsc, oneshot};

/// Messages that a terminal may lag behind before it misses events.
const DOOR_DEPTH: usize = 4_096;

/// One integration, ready to sync.
pub struct Connected {
    /// Its id.
    pub id: IntegrationId,
    /// What talks to it.
    pub connector: Arc<dyn Connector>,
    /// Which system it is, for records that carry another system's ids.
    pub system: Option<VendorSystem>,
    /// When each stream runs by itself.
    pub schedules: BTreeMap<Stream, Schedule>,
    /// What of it is synced.
    pub scope: SyncScope,
}

/// Keeps settings that are changed through the door. The configuration belongs to another room, whose owner hands this
/// in; called from the writer's thread.
pub trait SettingsFile: Send + Sync {
    /// Writes what is synced of an integration, whole or not at all; durable when this returns.
    ///
    /// # Errors
    /// When the settings cannot be right or cannot be written; nothing is changed then.
    fn save_scope(&self, integration: &IntegrationId, scope: &SyncScope) -> Result<(), Failure>;

    /// What a flow lets matchbook write, as the configuration says now. Called off the core's thread.
    ///
    /// # Errors
    /// When the configuration cannot be read.
    fn write_rules(&self, _flow: &FlowId) -> Result<WriteRules, Failure> {
        Ok(WriteRules::default())
    }

    /// Writes what becomes of differences between a flow's matched records; of fields that are not named nothing changes.
    /// Durable when this returns.
    ///
    /// # Errors
    /// When it cannot be written; nothing is changed then.
    fn save_policies(&self, _: &FlowId, _: UpdatePolicy, _: &BTreeMap<WriteField, FieldPolicy>) -> Result<(), Failure> {
        Err(Failure::new(FailureClass::Usage, "this cannot be changed from here", "change it in config.toml"))
    }

    /// Writes when a stream is synced by itself; `None` for the default. Durable when this returns.
    ///
    /// # Errors
    /// When it cannot be written; nothing is changed then.
    fn save_schedule(&self, _: &IntegrationId, _: Stream, _: Option<&Schedule>) -> Result<(), Failure> {
        Err(Failure::new(FailureClass::Usage, "schedules cannot be changed from here", "change them in config.toml"))
    }

    /// Takes away what pauses an integration in the configuration, if anything does.
    ///
    /// # Errors
    /// When it cannot be written.
    fn resume(&self, _: &IntegrationId) -> Result<(), Failure> {
        Ok(())
    }
}

/// What a service is started with.
pub struct Options {
    /// The home's name, shown in the header.
    pub home: String,
    /// Who decides, for the history: the login name.
    pub actor: String,
    /// The open store.
    pub store: Store,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Integrations in the order of the configuration. Made with [`Notices::observer`] of the same [`Notices`].
    pub integrations: Vec<Connected>,
    /// Flows in the order of the configuration.
    pub flows: Vec<Flow>,
    /// Values that identify nothing.
    pub junk: JunkList,
    /// Settings of every sync.
    pub rules: SyncRules,
    /// Start what is due by the schedules.
    pub scheduled: bool,
    /// Where connectors' notices go.
    pub notices: Notices,
    /// Keeps changed settings; `None` refuses to change them.
    pub settings: Option<Arc<dyn SettingsFile>>,
}

pub use pools::give_way;
pub use sink::Notices;

/// The running service. Clones share it.
#[derive(Clone)]
pub struct Service {
    inbox: std_mpsc::Sender<CoreMessage>,
}

/// Opens store and connectors; runs on the core's thread, so that a terminal can show its first frame meanwhile.
pub type Opener = Box<dyn FnOnce() -> Result<Options, Failure> + Send>;

impl Service {
    /// Starts the core on what is open already; the store is read in the background. Must be called inside a tokio
    /// runtime.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(options: Options) -> Result<Self, Failure> {
        let dir = options.store.dir().to_owned();
        Self::open(dir, Box::new(|| Ok(options))).map(|(service, _)| service)
    }

    /// Starts at once with the last session's first rows, kept beside the store in `dir`, and opens store and
    /// connectors in the background. The receiver hears whether they opened. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn open(dir: PathBuf, opener: Opener) -> Result<(Self, oneshot::Receiver<Result<(), Failure>>), Failure> {
        let (inbox, received) = std_mpsc::channel();
        let (told, hears) = oneshot::channel();
        let runtime = tokio::runtime::Handle::current();
        let to_core = inbox.clone();
        spawn("matchbook-core", move || prelude::run(&dir, opener, &to_core, &received, runtime, told))?;
        Ok((Self { inbox }, hears))
    }

    /// A door for a terminal: requests go in, replies and events come out of the receiver.
    #[must_use]
    pub fn door(&self) -> (Box<dyn Door>, mpsc::Receiver<Message>) {
        let (sender, receiver) = mpsc::channel(DOOR_DEPTH);
        // Only the core holds on to the terminal's side: when the core ends, the terminal hears that.
        let replies = sender.downgrade();
        let _ = self.inbox.send(CoreMessage::Subscribe(sender));
        (Box::new(LocalDoor { inbox: self.inbox.clone(), replies }), receiver)
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// What the service refuses or fails at.
    pub async fn ask(&self, request: Request) -> Result<Reply, Failure> {
        let (sender, receiver) = oneshot::channel();
        self.send(CoreMessage::Request(ReplyTo::Caller(sender), Box::new(request)))?;
        match receiver.await {
            Ok(Reply::Failed(failure)) => Err(failure),
            Ok(reply) => Ok(reply),
            Err(_) => Err(gone()),
        }
    }

    /// Waits until no sync runs, everything is solved and every decision is durable.
    ///
    /// # Errors
    /// When the service is gone.
    pub async fn settled(&self) -> Result<(), Failure> {
        let (sender, receiver) = oneshot::channel();
        self.send(CoreMessage::Settle(sender))?;
        receiver.await.map_err(|_| gone())
    }

    /// Stops syncs at the end of their page, makes everything durable and ends.
    pub async fn stop(&self) {
        let cancel = messages::Command::CancelSync { integration: None };
        let _ = self.ask(Request::Command(cancel)).await;
        let (sender, receiver) = oneshot::channel();
        if self.send(CoreMessage::Stop(sender)).is_ok() {
            let _ = receiver.await;
        }
    }

    /// Shows a warning on every terminal.
    pub fn notice(&self, text: &str) {
        let text = crate::domain::text::clean(text).into_owned();
        let _ = self.send(CoreMessage::Notice(text));
    }

    fn send(&self, message: CoreMessage) -> Result<(), Failure> {
        self.inbox.send(message).map_err(|_| gone())
    }
}

fn gone() -> Failure {
    Failure::new(FailureClass::Ours, "the service has stopped", "start matchbook again")
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    std::thread::Builder::new().name(name.into()).spawn(work).map(drop).map_err(|error| {
        Failure::new(FailureClass::Local, format!("cannot start a thread: {error}"), "check the limits of this account")
    })
}

struct LocalDoor {
    inbox: std_mpsc::Sender<CoreMessage>,
    replies: mpsc::WeakSender<Message>,
}

impl Door for LocalDoor {
    fn submit(&self, ticket: Ticket, request: Request) {
        let Some(replies) = self.replies.upgrade() else { return };
        let reply = ReplyTo::Door(replies, ticket);
        if let Err(std_mpsc::SendError(CoreMessage::Request(reply, _))) =
            self.inbox.send(CoreMessage::Request(reply, Box::new(request)))
        {
            reply.failed(gone());
        }
    }
}
