//! A home on two vendors that are lists in memory: what a sync brings is what the test puts there.
#![allow(dead_code, reason = "each test file uses a part of it")]

use futures::future::BoxFuture;
use futures::stream::{BoxStream, StreamExt};
use matchbook::connectors::{Ask, Budget, ConnectionReport, Connector, Page, StreamInfo};
use matchbook::domain::{
    Cardinality, Company, Contact, Failure, Flow, JunkList, Location, NameMode, Record, Stream, SyncRules, SyncScope,
    SystemClock, Ticket, Ties,
};
use matchbook::service::messages::{
    Command, Compare, DecideAction, Done, Filter, Query, QueueRow, Reply, Request, Selection, Sort, StateCounts,
    Targets, View, ViewSpec, WhyRecord,
};
use matchbook::service::{Connected, Notices, Options, Service};
use matchbook::store::Store;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// A vendor's records by stream, and how often each stream was listed.
#[derive(Default)]
pub struct Lists {
    records: Mutex<BTreeMap<Stream, BTreeMap<String, Record>>>,
    listed: Mutex<BTreeMap<Stream, u32>>,
}

impl Lists {
    pub fn put(&self, record: Record) {
        self.records.lock().unwrap().entry(record.stream()).or_default().insert(record.id().to_string(), record);
    }

    pub fn remove(&self, stream: Stream, id: &str) {
        self.records.lock().unwrap().entry(stream).or_default().remove(id);
    }

    pub fn listed(&self, stream: Stream) -> u32 {
        self.listed.lock().unwrap().get(&stream).copied().unwrap_or(0)
    }
}

struct Vendor {
    name: &'static str,
    lists: Arc<Lists>,
}

impl Connector for Vendor {
    fn vendor(&self) -> &str {
        self.name
    }

    fn streams(&self) -> Vec<StreamInfo> {
        let word = |stream: Stream| {
            // The vendors' own words reach the tabs.
            let one = if stream == Stream::Locations && self.name == "PSA" { "site" } else { stream.one() };
            format!("{}{}", one[..1].to_uppercase(), &one[1..])
        };
        let info = |stream: Stream| StreamInfo {
            stream,
            word_one: word(stream),
            word_many: stream.name().to_owned(),
            incremental: false,
            page_size: 1_000,
        };
        Stream::ALL.into_iter().map(info).collect()
    }

    fn test(&self) -> BoxFuture<'_, Result<ConnectionReport, Failure>> {
        Box::pin(async { Ok(ConnectionReport::default()) })
    }

    fn pages(&self, stream: Stream, ask: Ask) -> BoxStream<'static, Result<Page, Failure>> {
        *self.lists.listed.lock().unwrap().entry(stream).or_default() += 1;
        let records: Vec<Record> = match ask.after {
            Some(_) => Vec::new(),
            None => {
                self.lists.records.lock().unwrap().get(&stream).into_iter().flat_map(|m| m.values().cloned()).collect()
            }
        };
        let page = Page {
            number: 1,
            of: Some(1),
            total: Some(records.len() as u64),
            records,
            bad: Vec::new(),
            cursor: "end".into(),
            took: Duration::ZERO,
            last: true,
            whole: true,
        };
        futures::stream::iter([Ok(page)]).boxed()
    }

    fn budget(&self) -> Option<Budget> {
        None
    }
}

pub fn flow(ties: Ties) -> Flow {
    Flow {
        id: "psa-docs".into(),
        source: "psa".into(),
        target: "docs".into(),
        streams: Stream::MATCHED.to_vec(),
        cardinality: Cardinality::default(),
        names: NameMode::default(),
        ties,
        roll_up: false,
        needs_devices: false,
        auto_accept: true,
    }
}

/// A service over two vendors.
pub struct Home {
    pub psa: Arc<Lists>,
    pub docs: Arc<Lists>,
    pub service: Service,
    flow: Flow,
    store: Store,
    dir: TempDir,
}

async fn open(dir: &TempDir, flow: &Flow, psa: &Arc<Lists>, docs: &Arc<Lists>) -> (Service, Store) {
    let store = loop {
        match Store::open(&dir.path().join("store")) {
            Ok(store) => break store,
            // Threads of the service before it still let go of it.
            Err(failure) if failure.what.contains("in use") => tokio::task::yield_now().await,
            Err(failure) => panic!("{failure}"),
        }
    };
    let connected = |id: &str, name: &'static str, lists: &Arc<Lists>| Connected {
        id: id.into(),
        connector: Arc::new(Vendor { name, lists: Arc::clone(lists) }),
        system: None,
        schedules: BTreeMap::new(),
        scope: SyncScope::default(),
    };
    let service = Service::start(Options {
        home: "streams".into(),
        actor: "tester".into(),
        store: store.clone(),
        clock: Arc::new(SystemClock),
        integrations: vec![connected("psa", "PSA", psa), connected("docs", "Docs", docs)],
        flows: vec![flow.clone()],
        junk: JunkList::built_in(),
        rules: SyncRules::default(),
        scheduled: false,
        notices: Notices::default(),
        settings: None,
    })
    .unwrap();
    (service, store)
}

impl Home {
    /// A home whose vendors have these records; nothing is synced yet.
    pub async fn new(flow: Flow, psa: Vec<Record>, docs: Vec<Record>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (left, right) = (Arc::new(Lists::default()), Arc::new(Lists::default()));
        for (list, records) in [(&left, psa), (&right, docs)] {
            for record in records {
                list.put(record);
            }
        }
        let (service, store) = open(&dir, &flow, &left, &right).await;
        Self { psa: left, docs: right, service, flow, store, dir }
    }

    pub async fn reopen(self) -> Self {
        let Self { psa, docs, service, flow, store, dir } = self;
        service.stop().await;
        drop((service, store));
        let (service, store) = open(&dir, &flow, &psa, &docs).await;
        service.settled().await.unwrap();
        Self { psa, docs, service, flow, store, dir }
    }

    pub async fn sync(&self) {
        self.command(Command::Sync { integration: None, stream: None, full: false }).await;
    }

    pub async fn command(&self, command: Command) -> Done {
        let reply = self.service.ask(Request::Command(command)).await.unwrap();
        let Reply::Done(done) = reply else { panic!("{reply:?}") };
        self.service.settled().await.unwrap();
        done
    }

    pub async fn decide(&self, stream: Stream, id: &str, action: DecideAction) -> Done {
        let rows = Selection::Rows(vec![id.into()]);
        self.command(Command::Decide { flow: self.flow.id.clone(), stream, action, rows }).await
    }

    pub async fn match_to(&self, stream: Stream, id: &str, target: &str) -> Done {
        self.decide(stream, id, DecideAction::Match { target: target.into() }).await
    }

    pub async fn query(&self, query: Query) -> View {
        match self.service.ask(Request::Query(query)).await.unwrap() {
            Reply::View(view) => view,
            other => panic!("{other:?}"),
        }
    }

    pub fn view(&self, stream: Stream) -> ViewSpec {
        ViewSpec {
            flow: self.flow.id.clone(),
            stream,
            filter: Filter::All,
            find: String::new(),
            sort: Sort::default(),
            company: None,
            alike: None,
        }
    }

    pub async fn window(&self, view: ViewSpec) -> Vec<QueueRow> {
        let View::Window(window) = self.query(Query::Window { view, offset: 0, limit: 100, anchor: None }).await else {
            panic!("a window")
        };
        window.rows
    }

    /// The row of that id.
    pub async fn row(&self, stream: Stream, id: &str) -> QueueRow {
        let rows = self.window(self.view(stream)).await;
        rows.into_iter().find(|row| row.id.as_str() == id).unwrap_or_else(|| panic!("no row {id}"))
    }

    /// State, target and why of a row.
    pub async fn says(&self, stream: Stream, id: &str) -> (String, String, String) {
        let row = self.row(stream, id).await;
        let state = if row.waits { "waits".to_owned() } else { row.state.name().to_owned() };
        (state, row.target.map(|t| t.id.to_string()).unwrap_or_default(), row.why)
    }

    pub async fn counts(&self, stream: Stream) -> StateCounts {
        let View::Overview(overview) = self.query(Query::Overview).await else { panic!("an overview") };
        overview.flows[0].tabs.iter().find(|tab| tab.stream == stream).unwrap().counts
    }

    pub async fn compare(&self, stream: Stream, id: &str, target: Option<&str>) -> Compare {
        let query =
            Query::Compare { flow: self.flow.id.clone(), stream, source: id.into(), target: target.map(Into::into) };
        let View::Compare(compare) = self.query(query).await else { panic!("a comparison") };
        *compare
    }

    pub async fn pick(&self, stream: Stream, id: &str, pattern: &str) -> Targets {
        let query = Query::PickTarget {
            flow: self.flow.id.clone(),
            stream,
            source: id.into(),
            pattern: pattern.into(),
            limit: 20,
        };
        let View::Targets(targets) = self.query(query).await else { panic!("targets") };
        targets
    }

    pub async fn why(&self, text: &str) -> Vec<WhyRecord> {
        let View::Why(records) = self.query(Query::Why { text: text.into() }).await else { panic!("why") };
        records
    }
}

pub fn company(id: &str, name: &str) -> Record {
    Record::Company(Box::new(Company::new(id, name)))
}

pub fn contact(id: &str, company: &str, first: &str, last: &str, email: &str) -> Record {
    Record::Contact(Box::new(Contact {
        id: id.into(),
        name: format!("{first} {last}"),
        company: Some(company.into()),
        first_name: first.into(),
        last_name: last.into(),
        emails: if email.is_empty() { Vec::new() } else { vec![email.into()] },
        ..Contact::default()
    }))
}

pub fn location(id: &str, company: &str, name: &str, street: &str) -> Record {
    let mut location =
        Location { id: id.into(), name: name.into(), company: Some(company.into()), ..Location::default() };
    location.address.street = street.into();
    location.address.city = "Austin".into();
    location.address.state = "TX".into();
    location.address.zip = "78701".into();
    Record::Location(Box::new(location))
}

pub fn ticket(id: &str, company: &str, number: &str, title: &str) -> Record {
    Record::Ticket(Box::new(Ticket {
        id: id.into(),
        number: number.into(),
        title: title.into(),
        company: Some(company.into()),
        ..Ticket::default()
    }))
}
