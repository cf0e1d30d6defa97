//! Homes that write to the simulated vendors.
#![allow(dead_code, reason = "each test uses a part of it")]

use matchbook::connectors::{self, Connection};
use matchbook::domain::outbox::CreateRules;
use matchbook::domain::{
    Failure, Flow, FlowId, IntegrationId, JunkList, Stream, SyncRules, SyncScope, SystemClock, WriteField, WriteRules,
};
use matchbook::secrets::Credentials;
use matchbook::service::messages::{
    Command, Done, Filter, OutboxView, PlanView, Query, QueueRow, Reply, Request, Selection, Sort, View, ViewSpec,
    WriteCommand, WriteQuery,
};
use matchbook::service::{Connected, Notices, Options, Service, SettingsFile};
use matchbook::simulator::{self, Faults, Limit, Simulator, Vendor};
use matchbook::store::Store;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub fn rounds() -> u64 {
    std::env::var("MATCHBOOK_OUTBOX_ROUNDS").ok().and_then(|r| r.parse().ok()).unwrap_or(2)
}

pub fn size() -> (usize, usize) {
    let text = std::env::var("MATCHBOOK_OUTBOX_SIZE").unwrap_or_default();
    text.split_once('x').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?))).unwrap_or((8, 120))
}

pub fn flow() -> Flow {
    Flow::new("addigy-itglue", "addigy", "itglue")
}

/// What the flow lets matchbook write.
pub struct Rules(pub WriteRules);

impl SettingsFile for Rules {
    fn save_scope(&self, _: &IntegrationId, _: &SyncScope) -> Result<(), Failure> {
        Ok(())
    }

    fn write_rules(&self, _: &FlowId) -> Result<WriteRules, Failure> {
        Ok(self.0.clone())
    }
}

pub fn rules() -> WriteRules {
    let values = |pairs: &[(WriteField, &str)]| CreateRules {
        values: pairs.iter().map(|(field, value)| (*field, (*value).to_owned())).collect(),
        types: BTreeMap::new(),
    };
    let companies = values(&[(WriteField::Type, "Customer"), (WriteField::Status, "Active")]);
    let devices = values(&[(WriteField::Type, "Laptop"), (WriteField::Status, "Active")]);
    WriteRules { create: [(Stream::Companies, companies), (Stream::Devices, devices)].into(), ..WriteRules::default() }
}

/// Opens a store whose last holder may still be letting go of it.
pub fn reopened(home: &Path) -> Store {
    for _ in 0..1_000_000 {
        match Store::open(home) {
            Err(failure) if failure.what.contains("in use") => std::thread::yield_now(),
            opened => return opened.expect("the store opens"),
        }
    }
    panic!("the store stays in use")
}

/// `name base_url member=value …` a line: the connector of a vendor with its keys and options.
pub fn start_service(home: &Path, vendors: &str, rules: WriteRules) -> (Service, Store) {
    start_flow(home, vendors, flow(), rules)
}

/// The members of a line that are no secrets.
const OPTIONS: [&str; 2] = ["company", "username"];

/// A connection as a line says it.
pub fn connection(line: &str) -> Connection {
    let mut words = line.split_whitespace();
    let (name, base_url) = (words.next().unwrap(), words.next().unwrap());
    let members: Vec<(&str, &str)> = words.map(|word| word.split_once('=').unwrap()).collect();
    let (options, secrets): (Vec<_>, Vec<_>) = members.into_iter().partition(|(name, _)| OPTIONS.contains(name));
    Connection {
        integration: name.into(),
        connector: name.into(),
        base_url: Some(base_url.into()),
        region: None,
        options: options.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        credentials: Credentials::from_pairs(secrets.into_iter().map(|(name, key)| (name, key.to_owned().into()))),
        requests_per_second: Some(5_000.0),
        page_size: None,
        files: BTreeMap::new(),
        mapping_override_dir: None,
    }
}

/// A service with one flow.
pub fn start_flow(home: &Path, vendors: &str, flow: Flow, rules: WriteRules) -> (Service, Store) {
    let store = reopened(home);
    let notices = Notices::default();
    let tuning = connectors::Tuning {
        base_delay: Duration::from_millis(1),
        max_delay: Duration::from_millis(20),
        tries: 12,
        limit_tries: 50,
        read_timeout: Duration::from_secs(1),
        ..connectors::Tuning::default()
    };
    let mut integrations = Vec::new();
    for line in vendors.lines() {
        let connection = connection(line);
        let id = connection.integration.clone();
        let observer = notices.observer(&id);
        let connector = connectors::connect_with(connection, observer, tuning.clone()).expect("a connector");
        integrations.push(Connected {
            id,
            connector,
            system: None,
            schedules: BTreeMap::new(),
            scope: SyncScope::default(),
        });
    }
    let service = Service::start(Options {
        home: "outbox".into(),
        actor: "tester".into(),
        store: store.clone(),
        clock: Arc::new(SystemClock),
        integrations,
        flows: vec![flow],
        junk: JunkList::built_in(),
        rules: SyncRules::default(),
        scheduled: false,
        notices,
        settings: Some(Arc::new(Rules(rules))),
    })
    .expect("the service starts");
    (service, store)
}

pub fn vendors_of(simulator: &Simulator) -> String {
    let ends = simulator.endpoints();
    format!(
        "addigy {} api_key={}\nitglue {} api_key={}",
        ends.addigy.base_url, ends.addigy.api_key, ends.itglue.base_url, ends.itglue.api_key
    )
}

pub async fn command(service: &Service, command: Command) -> Result<Done, Failure> {
    match service.ask(Request::Command(command)).await? {
        Reply::Done(done) => Ok(done),
        other => panic!("no done: {other:?}"),
    }
}

pub async fn write(service: &Service, write: WriteCommand) -> Result<Done, Failure> {
    let done = command(service, Command::Writes(write)).await;
    service.settled().await?;
    done
}

pub async fn query(service: &Service, query: WriteQuery) -> View {
    match service.ask(Request::Query(Query::Writes(query))).await.expect("an answer") {
        Reply::View(view) => view,
        other => panic!("no view: {other:?}"),
    }
}

pub async fn outbox(service: &Service) -> OutboxView {
    let mut all = OutboxView::default();
    loop {
        let before = all.writes.last().map(|write| write.id);
        let part = match query(service, WriteQuery::Outbox { flow: None, live: false, before, limit: 1_000 }).await {
            View::Outbox(view) => *view,
            other => panic!("no outbox: {other:?}"),
        };
        if part.writes.is_empty() {
            return OutboxView { writes: all.writes, ..part };
        }
        all.writes.extend(part.writes);
    }
}

pub fn all(stream: Stream) -> ViewSpec {
    let (find, sort) = (String::new(), Sort::default());
    ViewSpec { flow: flow().id, stream, filter: Filter::All, find, sort, company: None, alike: None }
}

pub fn everything(stream: Stream) -> Selection {
    Selection::Shown { view: Box::new(all(stream)), except: Vec::new() }
}

pub fn create(stream: Stream, rows: Selection, hold: bool) -> WriteCommand {
    create_in(&flow(), stream, rows, hold)
}

pub fn create_in(flow: &Flow, stream: Stream, rows: Selection, hold: bool) -> WriteCommand {
    WriteCommand::Create { flow: flow.id.clone(), stream, rows, anyway: false, hold }
}

pub async fn plan(service: &Service, stream: Stream, rows: Selection) -> PlanView {
    plan_in(service, &flow(), stream, rows).await
}

pub async fn plan_in(service: &Service, flow: &Flow, stream: Stream, rows: Selection) -> PlanView {
    plan_of(service, WriteQuery::Create { flow: flow.id.clone(), stream, rows, anyway: false, limit: 10_000 }).await
}

pub async fn plan_of(service: &Service, asked: WriteQuery) -> PlanView {
    match query(service, asked).await {
        View::Plan(plan) => *plan,
        other => panic!("no plan: {other:?}"),
    }
}

pub async fn rows(service: &Service, stream: Stream) -> Vec<QueueRow> {
    rows_in(service, &flow(), stream).await
}

pub async fn rows_in(service: &Service, flow: &Flow, stream: Stream) -> Vec<QueueRow> {
    let (mut all_rows, mut offset) = (Vec::new(), 0);
    loop {
        let view = ViewSpec { flow: flow.id.clone(), ..all(stream) };
        let query = Query::Window { view, offset, limit: 500, anchor: None };
        let Ok(Reply::View(View::Window(window))) = service.ask(Request::Query(query)).await else {
            panic!("no window")
        };
        let got = window.rows.len() as u64;
        all_rows.extend(window.rows);
        offset += got;
        if got == 0 || offset >= window.total {
            return all_rows;
        }
    }
}

pub async fn sync(service: &Service) {
    let everything = Command::Sync { integration: None, stream: None, full: true };
    command(service, everything).await.expect("a sync starts");
    service.settled().await.expect("it settles");
}

/// The simulated vendors with nothing documented at IT Glue, and a home that has read both.
pub async fn undocumented(faults: Faults, seed: u64, home: &Path) -> (Simulator, String) {
    let (companies, devices) = size();
    let simulator = simulator::start(simulator::Options { companies, devices, seed, faults, ..Default::default() });
    let simulator = simulator.await.unwrap();
    let control = simulator.control();
    control.itglue().clear();
    for vendor in [Vendor::Addigy, Vendor::ItGlue] {
        control.set_limit(vendor, Limit { requests: 1_000_000, per: Duration::from_secs(1) });
    }
    let vendors = vendors_of(&simulator);
    let (service, store) = start_service(home, &vendors, rules());
    sync(&service).await;
    service.stop().await;
    let closing = store.closing();
    drop((service, store));
    assert!(closing.wait(Duration::from_secs(20)), "the store is closed");
    (simulator, vendors)
}

/// The sources that the target's records say they were made of, each with its records.
pub fn made(simulator: &Simulator) -> BTreeMap<String, Vec<String>> {
    let mut made: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (id, notes) in simulator.control().itglue().notes().into_iter().flatten() {
        let mark = notes.split_once("[matchbook ").map(|(_, rest)| rest.trim_end_matches(']').to_owned());
        made.entry(mark.unwrap_or_else(|| format!("{id} has no mark"))).or_default().push(id);
    }
    made
}
