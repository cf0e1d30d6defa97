//! The time before the store is open: the last session's first rows answer, everything else waits.

use super::core::{Core, CoreMessage, Opened};
use super::front::Front;
use super::messages::{Event, Message, Query, Request, View};
use super::overview::Integration;
use super::rows::FlowState;
use super::{Opener, Options, loading, sink, spawn, writer};
use crate::domain::{Failure, streams_to_sync};
use crate::sync::Supervisor;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;

/// Opens in the background, answers what the front can answer, then becomes the core.
pub fn run(
    dir: &Path,
    opener: Opener,
    inbox: &Sender<CoreMessage>,
    received: &Receiver<CoreMessage>,
    runtime: tokio::runtime::Handle,
    told: oneshot::Sender<Result<(), Failure>>,
) {
    let front = Front::load(dir);
    let to_core = inbox.clone();
    let opening = spawn("matchbook-opener", move || {
        let opened = opener().and_then(|options| prepare(options, &to_core, runtime)).map(Box::new);
        let _ = to_core.send(CoreMessage::Opened(opened));
    });
    if let Err(failure) = opening {
        let _ = told.send(Err(failure));
        return;
    }
    super::pools::start();
    let mut early = Vec::new();
    while let Ok(message) = received.recv() {
        match message {
            CoreMessage::Opened(Ok(opened)) => {
                let _ = told.send(Ok(()));
                let mut core = Core::new(*opened, inbox.clone(), front);
                core.catch_up(early);
                return core.run(received);
            }
            CoreMessage::Opened(Err(failure)) => {
                for message in early {
                    if let CoreMessage::Request(reply, _) = message {
                        reply.failed(failure.clone());
                    }
                }
                let _ = told.send(Err(failure));
                return;
            }
            CoreMessage::Stop(done) => {
                let _ = done.send(());
                return;
            }
            message => early.extend(answer(front.as_ref(), message)),
        }
    }
}

/// Answers from the front; what it cannot answer comes back, and so does who wants to hear events.
fn answer(front: Option<&Front>, message: CoreMessage) -> Option<CoreMessage> {
    let Some(front) = front else { return Some(message) };
    match message {
        CoreMessage::Subscribe(subscriber) => {
            let overview = Event::Overview(Box::new(front.overview().clone()));
            let _ = subscriber.try_send(Message::Event(overview));
            Some(CoreMessage::Subscribe(subscriber))
        }
        CoreMessage::Request(reply, request) => match (&*request, front.window(&request)) {
            (_, Some(window)) => {
                reply.view(View::Window(window));
                None
            }
            (Request::Query(Query::Overview), _) => {
                reply.view(View::Overview(front.overview().clone()));
                None
            }
            _ => Some(CoreMessage::Request(reply, request)),
        },
        message => Some(message),
    }
}

/// Puts together what the core is made of; writer and loader start.
pub(super) fn prepare(
    options: Options,
    inbox: &Sender<CoreMessage>,
    runtime: tokio::runtime::Handle,
) -> Result<Opened, Failure> {
    let sink = Arc::new(sink::CoreSink::new(inbox.clone()));
    options.notices.attach(options.store.clone(), inbox.clone(), Arc::clone(&options.clock), runtime.clone());
    let (store, clock) = (options.store.clone(), Arc::clone(&options.clock));
    let mut supervisor = Supervisor::new(runtime.clone(), store, sink, clock, options.rules);
    let mut integrations = Vec::new();
    let mut systems = rustc_hash::FxHashMap::default();
    let mut scopes = Vec::new();
    for connected in options.integrations {
        if !connected.id.is_inventory() {
            supervisor.add(connected.id.clone(), Arc::clone(&connected.connector), connected.schedules);
        }
        supervisor.set_wanted(&connected.id, streams_to_sync(&options.flows, &connected.id));
        let scope = Arc::new(connected.scope);
        supervisor.set_scope(&connected.id, Arc::clone(&scope));
        scopes.push((connected.id.clone(), scope));
        if let Some(system) = connected.system.clone() {
            systems.insert(connected.id.clone(), system);
        }
        integrations.push(Integration { id: connected.id, connector: connected.connector });
    }
    let (writer, jobs) = channel();
    let (store, to_core) = (options.store.clone(), inbox.clone());
    spawn("matchbook-writer", move || writer::run(&store, &jobs, &to_core))?;
    let (store, to_core) = (options.store.clone(), inbox.clone());
    let wanted = loading::Wanted {
        flows: options.flows.clone(),
        scopes,
        systems,
        junk: Arc::new(options.junk),
        now: options.clock.now(),
    };
    spawn("matchbook-loader", move || {
        let loaded = loading::load(&store, wanted).map(Box::new);
        let _ = to_core.send(CoreMessage::Loaded(loaded));
    })?;
    Ok(Opened {
        home: options.home,
        actor: options.actor,
        store: options.store,
        clock: options.clock,
        runtime,
        supervisor,
        integrations,
        writer,
        flows: options.flows.into_iter().map(FlowState::new).collect(),
        scheduled: options.scheduled,
        settings: options.settings,
    })
}
