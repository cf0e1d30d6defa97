//! A home over the simulated vendors: real HTTP, a clock of the test's, everything that a person's service has.
#![allow(dead_code, reason = "each test file uses a part of it")]

use matchbook::connectors::{Connection, Tuning, connect_with};
use matchbook::domain::{
    Clock, Decision, DecisionKind, Flow, JunkList, LogEntry, Record, RecordId, RunState, Stream, StreamProgress,
    SyncRules, SyncScope, Timestamp,
};
use matchbook::secrets::Credentials;
use matchbook::service::messages::{
    CardView, Command, DecideAction, Done, Overview, Query, Reply, Request, Selection, View,
};
use matchbook::service::{Connected, Notices, Options, Service};
use matchbook::simulator::{self, Simulator};
use matchbook::store::Store;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A clock that stands until it is moved.
#[derive(Debug)]
pub struct TestClock(Mutex<Timestamp>);

impl TestClock {
    pub fn at(moment: Timestamp) -> Arc<Self> {
        Arc::new(Self(Mutex::new(moment)))
    }

    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// What a home is made of.
pub struct Setup {
    pub page_size: u32,
    pub rules: SyncRules,
    pub clock: Arc<dyn Clock>,
    pub tuning: Tuning,
    pub scheduled: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            page_size: 50,
            rules: SyncRules::default(),
            clock: Arc::new(matchbook::domain::SystemClock),
            tuning: quick(),
            scheduled: false,
        }
    }
}

/// Waits so short that nobody notices, with as many tries as ever.
pub fn quick() -> Tuning {
    Tuning {
        base_delay: Duration::from_millis(1),
        max_delay: Duration::from_millis(5),
        limit_delay: Duration::from_millis(5),
        ..Tuning::default()
    }
}

/// A running home.
pub struct Home {
    pub service: Service,
    pub store: Store,
}

pub fn flow() -> Flow {
    Flow::new("addigy-itglue", "addigy", "itglue")
}

/// A connection to the vendor of that name, with these secrets and settings.
pub fn connection(name: &str, base_url: &str, secrets: &[(&str, &str)], options: &[(&str, &str)]) -> Connection {
    Connection {
        integration: name.into(),
        connector: name.into(),
        base_url: Some(base_url.into()),
        region: None,
        credentials: Credentials::from_pairs(secrets.iter().map(|(name, value)| (*name, (*value).to_owned().into()))),
        requests_per_second: Some(10_000.0),
        page_size: None,
        files: BTreeMap::new(),
        options: options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        mapping_override_dir: None,
    }
}

impl Home {
    /// Opens a home over these vendors: name, address, key.
    pub fn open(dir: &std::path::Path, vendors: &[(&str, &str, &str)], setup: Setup) -> Self {
        let connections =
            vendors.iter().map(|(name, base_url, key)| connection(name, base_url, &[("api_key", key)], &[]));
        Self::with(dir, connections.collect(), setup)
    }

    /// Opens a home over these connections; rows a page are the setup's.
    pub fn with(dir: &std::path::Path, connections: Vec<Connection>, setup: Setup) -> Self {
        let store = reopened(dir);
        let notices = Notices::default();
        let mut integrations = Vec::new();
        for connection in connections {
            let connection = Connection { page_size: Some(setup.page_size), ..connection };
            let id = connection.integration.clone();
            let connector = connect_with(connection, notices.observer(&id), setup.tuning.clone()).expect("a connector");
            let scope = SyncScope::default();
            integrations.push(Connected { id, connector, system: None, schedules: BTreeMap::new(), scope });
        }
        let both = integrations.len() > 1;
        let service = Service::start(Options {
            home: "test".into(),
            actor: "tester".into(),
            store: store.clone(),
            clock: setup.clock,
            integrations,
            flows: if both { vec![flow()] } else { Vec::new() },
            junk: JunkList::built_in(),
            rules: setup.rules,
            settings: None,
            scheduled: setup.scheduled,
            notices,
        })
        .expect("the service starts");
        Self { service, store }
    }

    /// Ends it, so that another can open its store.
    pub async fn close(self) {
        self.service.stop().await;
    }

    /// Over both simulated vendors.
    pub fn over(simulator: &Simulator, dir: &std::path::Path, setup: Setup) -> Self {
        let ends = simulator.endpoints();
        let vendors = [
            ("addigy", ends.addigy.base_url.as_str(), ends.addigy.api_key.as_str()),
            ("itglue", ends.itglue.base_url.as_str(), ends.itglue.api_key.as_str()),
        ];
        Self::open(dir, &vendors, setup)
    }

    /// Syncs and waits until everything has settled.
    pub async fn sync(&self, integration: Option<&str>, stream: Option<Stream>, full: bool) {
        let command = Command::Sync { integration: integration.map(Into::into), stream, full };
        self.service.ask(Request::Command(command)).await.expect("a sync starts");
        self.service.settled().await.expect("it settles");
    }

    pub async fn command(&self, command: Command) -> Done {
        match self.service.ask(Request::Command(command)).await.expect("an answer") {
            Reply::Done(done) => done,
            other => panic!("no done: {other:?}"),
        }
    }

    pub async fn overview(&self) -> Overview {
        match self.service.ask(Request::Query(Query::Overview)).await.expect("an answer") {
            Reply::View(View::Overview(overview)) => overview,
            other => panic!("no overview: {other:?}"),
        }
    }

    pub async fn cards(&self) -> Vec<CardView> {
        match self.service.ask(Request::Query(Query::Cards)).await.expect("an answer") {
            Reply::View(View::Cards(cards)) => cards,
            other => panic!("no cards: {other:?}"),
        }
    }

    pub async fn answer(&self, key: &str, yes: bool) -> Done {
        let done = self.command(Command::AnswerCard { key: key.to_owned(), yes }).await;
        self.service.settled().await.expect("it settles");
        done
    }

    pub async fn decide(&self, stream: Stream, action: DecideAction, rows: &[&str]) -> Done {
        let rows = Selection::Rows(rows.iter().map(|id| RecordId::new(*id)).collect());
        let done = self.command(Command::Decide { flow: flow().id, stream, action, rows }).await;
        self.service.settled().await.expect("it settles");
        done
    }

    pub async fn progress(&self, integration: &str, stream: Stream) -> StreamProgress {
        let overview = self.overview().await;
        let view = overview.integrations.into_iter().find(|i| i.id.as_str() == integration).expect("an integration");
        view.streams.into_iter().find(|s| s.stream == stream).expect("a stream")
    }

    pub async fn state(&self, integration: &str, stream: Stream) -> RunState {
        self.progress(integration, stream).await.state
    }

    /// Every log line, oldest first.
    pub fn log(&self) -> Vec<LogEntry> {
        self.store.log(None, 100_000, &|_| true, 100_000).unwrap()
    }

    /// The target that a source record is matched with.
    pub fn matched(&self, stream: Stream, source: &str) -> Option<String> {
        let decision: Option<Decision> = self.store.decision(&flow().id, stream, &source.into()).unwrap();
        match decision.map(|d| d.kind) {
            Some(DecisionKind::Matched { target }) => Some(target.as_str().to_owned()),
            _ => None,
        }
    }

    /// A matched record: its id and its target's.
    pub fn any_match(&self, stream: Stream) -> (String, String) {
        let mut found = None;
        self.store
            .each_decision(&flow().id, stream, &mut |id, decision| {
                if let DecisionKind::Matched { target } = decision.kind {
                    found.get_or_insert((id.as_str().to_owned(), target.as_str().to_owned()));
                }
            })
            .unwrap();
        found.expect("something is matched")
    }
}

/// Opens a store whose last holder may still be letting go of it.
pub fn reopened(dir: &std::path::Path) -> Store {
    for _ in 0..1_000_000 {
        match Store::open(dir) {
            Err(failure) if failure.what.contains("in use") => std::thread::yield_now(),
            opened => return opened.expect("the store opens"),
        }
    }
    panic!("the store stays in use")
}

/// Every record with whether it is orphaned.
pub type Records = BTreeMap<(String, Stream, RecordId), (Record, bool)>;

pub fn records(store: &Store, integrations: &[&str]) -> Records {
    let mut all = Records::new();
    for integration in integrations {
        for stream in Stream::ALL {
            store
                .each_record(&(*integration).into(), stream, &mut |stored| {
                    let key = ((*integration).to_owned(), stream, stored.record.id());
                    all.insert(key, (stored.record, stored.orphaned.is_some()));
                    ControlFlow::Continue(())
                })
                .unwrap();
        }
    }
    all
}

pub async fn world(companies: usize, devices: usize) -> Simulator {
    simulator::start(simulator::Options { companies, devices, seed: 7, ..Default::default() }).await.unwrap()
}
