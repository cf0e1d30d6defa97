//! What is made at a vendor is made once: with kills at any instant, answers that never come, server errors after the
//! work was done, limits, and a second matchbook that makes the same at the same time.
//!
//! Rounds: `MATCHBOOK_OUTBOX_ROUNDS` (default 2); size: `MATCHBOOK_OUTBOX_SIZE` as `COMPANIESxDEVICES` (default 8x120).
//! The child is this test binary itself, in a role named by an environment variable.

use matchbook::connectors::{self, Connection};
use matchbook::domain::outbox::CreateRules;
use matchbook::domain::{
    Cardinality, DecisionKind, Failure, Flow, FlowId, IntegrationId, JunkList, MatchState, NameMode, RecordId, Stream,
    SyncRules, SyncScope, SystemClock, Ties, WriteField, WriteRules,
};
use matchbook::secrets::Credentials;
use matchbook::service::messages::{
    Command, Done, Filter, Message, OutboxView, PlanView, Query, QueueRow, Reply, Request, Selection, Sort, View,
    ViewSpec, WriteCommand, WriteQuery,
};
use matchbook::service::{Connected, Notices, Options, Service, SettingsFile};
use matchbook::simulator::{self, Faults, Limit, Simulator, Vendor};
use matchbook::store::Store;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::Duration;

const ROLE: &str = "MATCHBOOK_OUTBOX_ROLE";
const HOME: &str = "MATCHBOOK_OUTBOX_HOME";
const VENDORS: &str = "MATCHBOOK_OUTBOX_VENDORS";

fn rounds() -> u64 {
    std::env::var("MATCHBOOK_OUTBOX_ROUNDS").ok().and_then(|r| r.parse().ok()).unwrap_or(2)
}

fn size() -> (usize, usize) {
    let text = std::env::var("MATCHBOOK_OUTBOX_SIZE").unwrap_or_default();
    text.split_once('x').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?))).unwrap_or((8, 120))
}

fn flow() -> Flow {
    Flow {
        id: FlowId::new("addigy-itglue"),
        source: "addigy".into(),
        target: "itglue".into(),
        streams: vec![Stream::Companies, Stream::Devices],
        cardinality: Cardinality::default(),
        names: NameMode::default(),
        ties: Ties::default(),
        roll_up: true,
        needs_devices: true,
        auto_accept: true,
    }
}

/// What the flow lets matchbook write.
struct Rules(WriteRules);

impl SettingsFile for Rules {
    fn save_scope(&self, _: &IntegrationId, _: &SyncScope) -> Result<(), Failure> {
        Ok(())
    }

    fn write_rules(&self, _: &FlowId) -> Result<WriteRules, Failure> {
        Ok(self.0.clone())
    }
}

fn rules() -> WriteRules {
    let values = |pairs: &[(WriteField, &str)]| CreateRules {
        values: pairs.iter().map(|(field, value)| (*field, (*value).to_owned())).collect(),
        types: BTreeMap::new(),
    };
    let companies = values(&[(WriteField::Type, "Customer"), (WriteField::Status, "Active")]);
    let devices = values(&[(WriteField::Type, "Laptop"), (WriteField::Status, "Active")]);
    WriteRules { create: [(Stream::Companies, companies), (Stream::Devices, devices)].into(), ..WriteRules::default() }
}

/// `name base_url key` a line.
fn start_service(home: &Path, vendors: &str, rules: WriteRules) -> (Service, Store) {
    let store = Store::open(home).expect("the store opens");
    let notices = Notices::default();
    let tuning = connectors::Tuning {
        base_delay: Duration::from_millis(1),
        max_delay: Duration::from_millis(20),
        tries: 12,
        limit_tries: 50,
        ..connectors::Tuning::default()
    };
    let mut integrations = Vec::new();
    for line in vendors.lines() {
        let mut words = line.split_whitespace();
        let (name, base_url, key) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        let connection = Connection {
            integration: name.into(),
            connector: name.into(),
            base_url: Some(base_url.into()),
            region: None,
            options: BTreeMap::new(),
            credentials: Credentials::from_pairs([("api_key", key.to_owned().into())]),
            requests_per_second: Some(5_000.0),
            page_size: None,
            files: BTreeMap::new(),
            mapping_override_dir: None,
        };
        let id: IntegrationId = name.into();
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
        flows: vec![flow()],
        junk: JunkList::built_in(),
        rules: SyncRules::default(),
        scheduled: false,
        notices,
        settings: Some(Arc::new(Rules(rules))),
    })
    .expect("the service starts");
    (service, store)
}

fn vendors_of(simulator: &Simulator) -> String {
    let ends = simulator.endpoints();
    format!(
        "addigy {} {}\nitglue {} {}",
        ends.addigy.base_url, ends.addigy.api_key, ends.itglue.base_url, ends.itglue.api_key
    )
}

async fn command(service: &Service, command: Command) -> Result<Done, Failure> {
    match service.ask(Request::Command(command)).await? {
        Reply::Done(done) => Ok(done),
        other => panic!("no done: {other:?}"),
    }
}

async fn write(service: &Service, write: WriteCommand) -> Result<Done, Failure> {
    let done = command(service, Command::Writes(write)).await;
    service.settled().await?;
    done
}

async fn query(service: &Service, query: WriteQuery) -> View {
    match service.ask(Request::Query(Query::Writes(query))).await.expect("an answer") {
        Reply::View(view) => view,
        other => panic!("no view: {other:?}"),
    }
}

async fn outbox(service: &Service) -> OutboxView {
    match query(service, WriteQuery::Outbox { flow: None, live: false, before: None, limit: 1_000 }).await {
        View::Outbox(view) => *view,
        other => panic!("no outbox: {other:?}"),
    }
}

fn all(stream: Stream) -> ViewSpec {
    let (find, sort) = (String::new(), Sort::default());
    ViewSpec { flow: flow().id, stream, filter: Filter::All, find, sort, company: None }
}

fn everything(stream: Stream) -> Selection {
    Selection::Shown { view: Box::new(all(stream)), except: Vec::new() }
}

fn create(stream: Stream, rows: Selection, hold: bool) -> WriteCommand {
    WriteCommand::Create { flow: flow().id, stream, rows, anyway: false, hold }
}

async fn plan(service: &Service, stream: Stream, rows: Selection) -> PlanView {
    let query_create = WriteQuery::Create { flow: flow().id, stream, rows, anyway: false, limit: 10_000 };
    match query(service, query_create).await {
        View::Plan(plan) => *plan,
        other => panic!("no plan: {other:?}"),
    }
}

async fn rows(service: &Service, stream: Stream) -> Vec<QueueRow> {
    let (mut all_rows, mut offset) = (Vec::new(), 0);
    loop {
        let query = Query::Window { view: all(stream), offset, limit: 500, anchor: None };
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

async fn sync(service: &Service) {
    let everything = Command::Sync { integration: None, stream: None, full: true };
    command(service, everything).await.expect("a sync starts");
    service.settled().await.expect("it settles");
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("the parent reads");
}

/// The process that is killed. Does nothing when the tests run as tests.
#[test]
fn child_process() {
    if std::env::var(ROLE).is_err() {
        return;
    }
    let home = std::env::var(HOME).unwrap();
    let vendors = std::env::var(VENDORS).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async move {
        let (service, _store) = start_service(Path::new(&home), &vendors, rules());
        let (_door, mut messages) = service.door();
        let told = tokio::spawn(async move {
            while let Some(message) = messages.recv().await {
                if let Message::Event(_) = message {
                    say("event");
                }
            }
        });
        service.settled().await.expect("it settles");
        say("open");
        // What was cut comes first; then whatever is not made yet.
        loop {
            write(&service, WriteCommand::Resume).await.expect("it goes on");
            let mut more = 0;
            for stream in [Stream::Companies, Stream::Devices] {
                let done = write(&service, create(stream, everything(stream), false)).await.expect("a plan");
                more += done.rows;
            }
            let view = outbox(&service).await;
            if more == 0 && view.moving == 0 {
                break;
            }
        }
        say("finished");
        service.stop().await;
        told.abort();
    });
}

fn spawn(home: &Path, vendors: &str) -> Child {
    std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_process", "--nocapture", "--test-threads=1"])
        .env(ROLE, "create")
        .env(HOME, home)
        .env(VENDORS, vendors)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Reads so many lines of the child, lets a random while pass (counted in turns, not in time) and kills it.
fn kill_after(mut child: Child, lines: usize, turns: u32) {
    let out = BufReader::new(child.stdout.take().unwrap());
    for line in out.lines().take(lines) {
        if line.is_ok_and(|line| line.ends_with("finished")) {
            break;
        }
    }
    for _ in 0..turns {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

fn run_to_the_end(home: &Path, vendors: &str) {
    let mut child = spawn(home, vendors);
    let lines: Vec<String> = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok).collect();
    let status = child.wait().unwrap();
    assert!(status.success() && lines.iter().any(|l| l.ends_with("finished")), "it ends: {:?}", lines.last());
}

/// Kills a home's process a few times, then lets it finish.
fn disturbed(home: &Path, vendors: &str, random: &mut impl Rng) {
    for _ in 0..random.random_range(1..4) {
        let (lines, turns) = (random.random_range(1..40), random.random_range(0..300_000));
        kill_after(spawn(home, vendors), lines, turns);
    }
    run_to_the_end(home, vendors);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The simulated vendors with nothing documented at IT Glue, and a home that has read both.
async fn undocumented(faults: Faults, seed: u64, home: &Path) -> (Simulator, String) {
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
fn made(simulator: &Simulator) -> BTreeMap<String, Vec<String>> {
    let mut made: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (id, notes) in simulator.control().itglue().notes().into_iter().flatten() {
        let mark = notes.split_once("[matchbook ").map(|(_, rest)| rest.trim_end_matches(']').to_owned());
        made.entry(mark.unwrap_or_else(|| format!("{id} has no mark"))).or_default().push(id);
    }
    made
}

/// Every decision of a home leads to the one record of its source; returns how many there are.
fn check_home(store: &Store, made: &BTreeMap<String, Vec<String>>, round: u64) -> usize {
    let mut matched = 0;
    for stream in [Stream::Companies, Stream::Devices] {
        store
            .each_decision(&flow().id, stream, &mut |source, decision| {
                if let DecisionKind::Matched { target } = decision.kind {
                    let mark = format!("addigy/{}/{source}", stream.name());
                    assert_eq!(made.get(&mark), Some(&vec![target.to_string()]), "round {round}: {mark}");
                    matched += 1;
                }
            })
            .unwrap();
    }
    assert_eq!(store.open_writes().unwrap(), [], "round {round}: nothing is left open");
    matched
}

#[test]
fn whatever_happens_each_source_has_exactly_one_record() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for round in 0..rounds() {
        let dir = tempfile::tempdir().unwrap();
        let (ours, theirs) = (dir.path().join("ours"), dir.path().join("theirs"));
        let (simulator, vendors) = runtime.block_on(undocumented(Faults::Unsure, 100 + round, &ours));
        copy(&ours, &theirs);
        std::thread::scope(|scope| {
            for (at, home) in (0..).zip([&ours, &theirs]) {
                let vendors = &vendors;
                scope.spawn(move || disturbed(home, vendors, &mut ChaCha8Rng::seed_from_u64(round * 2 + at)));
            }
        });
        let made = made(&simulator);
        for (mark, ids) in &made {
            assert_eq!(ids.len(), 1, "round {round}: {mark} has {ids:?}");
        }
        for home in [&ours, &theirs] {
            let matched = check_home(&Store::open(home).unwrap(), &made, round);
            assert_eq!(matched, made.len(), "round {round}: everything that was made is matched");
        }
        assert!(made.len() > size().1 * 3 / 4, "round {round}: {} were made", made.len());
        runtime.block_on(simulator.stop());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_is_what_is_then_done_with_few_requests() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("store");
    let (simulator, vendors) = undocumented(Faults::None, 3, &home).await;
    let (service, _store) = start_service(&home, &vendors, rules());
    service.settled().await.unwrap();
    let before = simulator.requests().itglue;
    let mut planned = Vec::new();
    let (mut least, mut groups) = (0, BTreeMap::<String, u64>::new());
    for stream in [Stream::Companies, Stream::Devices] {
        let shown = plan(&service, stream, everything(stream)).await;
        assert!(shown.rows.len() as u64 >= shown.writes && shown.writes > 0, "{}", shown.what);
        let done = write(&service, create(stream, everything(stream), false)).await.unwrap();
        assert_eq!(done.rows, shown.writes);
        assert_eq!(done.skipped, shown.left);
        let company: BTreeMap<RecordId, String> =
            rows(&service, stream).await.into_iter().map(|row| (row.id, row.company)).collect();
        for row in shown.rows.into_iter().filter(|row| row.left.is_empty()) {
            if stream == Stream::Companies {
                least += 1;
            } else {
                *groups.entry(company[&row.source].clone()).or_default() += 1;
            }
            planned.push(row);
        }
    }
    // Record by record what was planned is what is there.
    let view = outbox(&service).await;
    assert_eq!((view.planned, view.moving), (0, 0));
    assert_eq!(view.writes.len(), planned.len());
    for done in &view.writes {
        let row = planned.iter().find(|row| row.source == done.row.source && row.stream == done.row.stream).unwrap();
        assert_eq!(done.state, "confirmed", "{}: {} {}", done.row.name, done.why, done.said);
        assert_eq!((&row.fields, &row.interfaces), (&done.row.fields, &done.row.interfaces));
    }
    assert_eq!(made(&simulator).len(), planned.len());
    let matched = rows(&service, Stream::Devices).await.iter().filter(|r| r.state == MatchState::Matched).count();
    assert_eq!(matched as u64, groups.values().sum::<u64>());
    // One request a company, one for its devices in bulk; beside that a search before and one after each wave.
    least += groups.values().map(|devices| devices.div_ceil(100)).sum::<u64>();
    let used = simulator.requests().itglue.requests - before.requests;
    println!("{} records made with {used} requests; {least} is the least with bulk calls", planned.len());
    assert!(used <= least * 2 + 40, "{used} requests, {least} at least");
    // Again: nothing is left to do.
    let again = write(&service, create(Stream::Devices, everything(Stream::Devices), false)).await.unwrap();
    assert_eq!(again.rows, 0);
    service.stop().await;
}
