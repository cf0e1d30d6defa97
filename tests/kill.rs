//! Killed with SIGKILL at random points of sync, incremental sync, decide and bulk: the store opens, every acknowledged decision is
//! there, none is half there, and the next sync ends with the same records as an undisturbed one.
//!
//! Rounds: `MATCHBOOK_KILL_ROUNDS` (default 6 of each kind); `.ci/kills` does a thousand kills, and a thousand more on a
//! disk that fills up. The child is this test binary itself, in a role named by
//! an environment variable, so that it is a process of its own that can be killed.

#[path = "common/full_disk.rs"]
mod full_disk;

use full_disk::Ballast;
use matchbook::connectors::{self, Connection};
use matchbook::domain::{
    Decision, Flow, HistoryEntry, IntegrationId, JunkList, Record, RecordId, Stream, SyncRules, SyncScope, SystemClock,
};
use matchbook::secrets::Credentials;
use matchbook::service::messages::{
    Command, DecideAction, Event, Filter, Message, Query, Reply, Request, Selection, Sort, View, ViewSpec,
};
use matchbook::service::{Connected, Notices, Options, Service};
use matchbook::simulator;
use matchbook::store::Store;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;

const ROLE: &str = "MATCHBOOK_KILL_ROLE";
const HOME: &str = "MATCHBOOK_KILL_HOME";
const VENDORS: &str = "MATCHBOOK_KILL_VENDORS";
const SEED: &str = "MATCHBOOK_KILL_SEED";

fn rounds() -> u64 {
    std::env::var("MATCHBOOK_KILL_ROUNDS").ok().and_then(|r| r.parse().ok()).unwrap_or(6)
}

fn flow() -> Flow {
    Flow::new("addigy-itglue", "addigy", "itglue")
}

/// `name base_url key` a line.
fn start_service(home: &Path, vendors: &str) -> (Service, Store) {
    let store = Store::open(home).expect("the store opens");
    let notices = Notices::default();
    let mut integrations = Vec::new();
    for line in vendors.lines() {
        let mut words = line.split_whitespace();
        let (name, base_url, key) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        let connection = Connection {
            integration: name.into(),
            connector: name.into(),
            base_url: Some(base_url.into()),
            region: None,
            options: std::collections::BTreeMap::default(),
            credentials: Credentials::from_pairs([("api_key", key.to_owned().into())]),
            requests_per_second: Some(90.0),
            page_size: Some(50),
            files: BTreeMap::new(),
            mapping_override_dir: None,
        };
        let id: IntegrationId = name.into();
        let connector = connectors::connect(connection, notices.observer(&id)).expect("a connector");
        integrations.push(Connected {
            id,
            connector,
            system: None,
            schedules: BTreeMap::new(),
            scope: SyncScope::default(),
        });
    }
    let service = Service::start(Options {
        home: "kill".into(),
        actor: "tester".into(),
        store: store.clone(),
        clock: Arc::new(SystemClock),
        integrations,
        flows: vec![flow()],
        junk: JunkList::built_in(),
        rules: SyncRules::default(),
        scheduled: false,
        notices,
        settings: None,
    })
    .expect("the service starts");
    (service, store)
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("the parent reads");
}

/// The process that is killed. Does nothing when the tests run as tests.
#[test]
fn child_process() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let home = std::env::var(HOME).unwrap();
    let vendors = std::env::var(VENDORS).unwrap();
    let seed = std::env::var(SEED).unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async move {
        let (service, _store) = start_service(Path::new(&home), &vendors);
        match role.as_str() {
            "sync" => sync_and_tell(&service).await,
            _ => decide_forever(&service, seed).await,
        }
    });
}

async fn sync_and_tell(service: &Service) {
    let (_door, mut messages) = service.door();
    let everything = Command::Sync { integration: None, stream: None, full: false };
    service.ask(Request::Command(everything)).await.expect("a sync starts");
    let told = tokio::spawn(async move {
        while let Some(message) = messages.recv().await {
            if let Message::Event(Event::Log(lines)) = message {
                for line in &lines {
                    say(&format!("log {}", line.text));
                }
            }
        }
    });
    service.settled().await.expect("it settles");
    say("synced");
    service.stop().await;
    told.abort();
}

async fn ask(service: &Service, query: Query) -> View {
    match service.ask(Request::Query(query)).await.expect("an answer") {
        Reply::View(view) => view,
        other => panic!("no view: {other:?}"),
    }
}

async fn rows(service: &Service, stream: Stream, filter: Filter, offset: u64) -> (ViewSpec, Vec<RecordId>) {
    let view = ViewSpec {
        flow: flow().id,
        stream,
        filter,
        find: String::new(),
        sort: Sort::default(),
        company: None,
        alike: None,
    };
    let query = Query::Window { view: view.clone(), offset, limit: 20, anchor: None };
    let View::Window(window) = ask(service, query).await else { panic!("no window") };
    (view, window.rows.into_iter().map(|r| r.id).collect())
}

/// Decides single rows, bulks and undos at random, and says each that was acknowledged.
async fn decide_forever(service: &Service, seed: u64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    service.settled().await.expect("it settles");
    say("ready");
    loop {
        let stream = if random.random_bool(0.3) { Stream::Companies } else { Stream::Devices };
        let filter = if random.random_bool(0.5) { Filter::All } else { Filter::Open };
        let (view, ids) = rows(service, stream, filter, random.random_range(0..40)).await;
        let action = match random.random_range(0..4) {
            0 => DecideAction::Accept,
            1 => DecideAction::Ignore,
            2 => DecideAction::Defer,
            _ => DecideAction::Unmatch,
        };
        let command = match random.random_range(0..10) {
            0 => Command::Undo { entry: None },
            1 => Command::Redo,
            2 | 3 => {
                let rows = Selection::Shown { view: Box::new(view), except: Vec::new() };
                Command::Decide { flow: flow().id, stream, action, rows }
            }
            _ if ids.is_empty() => continue,
            _ => {
                let id = ids[random.random_range(0..ids.len())].clone();
                Command::Decide { flow: flow().id, stream, action, rows: Selection::Rows(vec![id]) }
            }
        };
        match service.ask(Request::Command(command)).await {
            Ok(Reply::Done(done)) => {
                if let Some(id) = done.history {
                    say(&format!("ack {} {}", id.0, done.rows));
                }
            }
            // On a full disk that is every answer.
            _ => say("refused"),
        }
    }
}

fn spawn(role: &str, home: &Path, vendors: &str, seed: u64) -> Child {
    std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_process", "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .env(HOME, home)
        .env(VENDORS, vendors)
        .env(SEED, seed.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Reads the child's lines until `enough` says so, lets a random while pass (counted in turns, not in time), kills it
/// and returns what it said.
fn kill_after(mut child: Child, random: &mut impl Rng, mut enough: impl FnMut(&str) -> bool) -> Vec<String> {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = Vec::new();
    for line in lines.by_ref() {
        let line = line.unwrap();
        let stop = enough(&line);
        said.push(line);
        if stop {
            break;
        }
    }
    for _ in 0..random.random_range(0..200_000u32) {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // What was on the pipe already was acknowledged too.
    said.extend(lines.map_while(Result::ok));
    said
}

fn vendors_of(simulator: &simulator::Simulator) -> String {
    let ends = simulator.endpoints();
    format!(
        "addigy {} {}\nitglue {} {}",
        ends.addigy.base_url, ends.addigy.api_key, ends.itglue.base_url, ends.itglue.api_key
    )
}

type Records = BTreeMap<(String, Stream, RecordId), (Record, bool)>;

fn records(store: &Store) -> Records {
    let mut all = Records::new();
    for integration in ["addigy", "itglue"] {
        for stream in Stream::ALL {
            store
                .each_record(&integration.into(), stream, &mut |stored| {
                    let key = (integration.to_owned(), stream, stored.record.id());
                    all.insert(key, (stored.record, stored.orphaned.is_some()));
                    ControlFlow::Continue(())
                })
                .unwrap();
        }
    }
    all
}

/// The history replayed from its beginning is what is stored: no entry is half there.
fn assert_history_is_whole(store: &Store) -> BTreeMap<u64, HistoryEntry> {
    let mut replayed: BTreeMap<(Stream, RecordId), Option<Decision>> = BTreeMap::new();
    let mut entries = BTreeMap::new();
    let mut newest_first = store.history(None, 1_000_000).unwrap();
    newest_first.reverse();
    for listed in newest_first {
        let entry = store.history_entry(listed.id).unwrap().expect("a listed entry is there");
        assert_eq!(entry.rows, entry.changes.len() as u64, "entry {} has all of its rows", entry.id.0);
        for change in &entry.changes {
            let key = (entry.stream, change.source.clone());
            let before = replayed.get(&key).cloned().flatten();
            assert_eq!(before, change.before, "entry {} follows what was before", entry.id.0);
            replayed.insert(key, change.after.clone());
        }
        entries.insert(entry.id.0, entry);
    }
    let mut stored = BTreeMap::new();
    for stream in [Stream::Companies, Stream::Devices] {
        store
            .each_decision(&flow().id, stream, &mut |id, decision| {
                stored.insert((stream, id), decision);
            })
            .unwrap();
    }
    replayed.retain(|_, decision| decision.is_some());
    let replayed: BTreeMap<_, _> = replayed.into_iter().filter_map(|(key, d)| d.map(|d| (key, d))).collect();
    assert_eq!(replayed, stored, "the decisions are those of the history");
    entries
}

fn run_to_the_end(home: &Path, vendors: &str) {
    let mut child = spawn("sync", home, vendors, 0);
    let lines: Vec<String> = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok).collect();
    assert!(child.wait().unwrap().success());
    assert!(lines.iter().any(|l| l.ends_with("synced")), "the sync ends: {lines:?}");
}

/// Vendors, what homes begin with, and what an undisturbed one ends with.
struct Stage {
    vendors: String,
    /// A home that is copied for each round; `None`: each begins with nothing.
    base: Option<PathBuf>,
    wanted: Records,
    /// Kills of a round at most.
    kills: u32,
    /// Log lines after which a kill comes at most.
    lines: u32,
}

impl Stage {
    /// Kills again and again, and runs to the end then: it must have what is wanted.
    fn kill(&self, seed: u64, check: impl Fn(&Store)) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut kills = 0;
        for round in 0..rounds() {
            let home = tempfile::tempdir().unwrap();
            if let Some(base) = &self.base {
                copy_dir(base, home.path());
            }
            let path = home.path().join("store");
            for _ in 0..random.random_range(1..=self.kills) {
                let mut left = random.random_range(1..self.lines);
                let ballast = Ballast::random(&mut random);
                kill_after(spawn("sync", &path, &self.vendors, 0), &mut random, |line| {
                    left -= 1;
                    left == 0 || line.ends_with("synced")
                });
                drop(ballast);
                kills += 1;
                drop(Store::open(&path).expect("a store opens after a kill"));
            }
            run_to_the_end(&path, &self.vendors);
            let store = Store::open(&path).unwrap();
            assert!(live(&store) == self.wanted, "round {round}: the same records as undisturbed");
            assert_history_is_whole(&store);
            check(&store);
        }
        println!("kills: {kills}");
    }
}

/// The counters are those of the records.
fn counts_are_true(store: &Store) {
    let found = records(store);
    for integration in ["addigy", "itglue"] {
        for stream in Stream::ALL {
            let live = found.iter().filter(|((i, s, _), (_, gone))| i == integration && *s == stream && !gone);
            assert_eq!(store.live_count(&integration.into(), stream), live.count() as u64, "{integration} {stream}");
        }
    }
}

fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Live records of a home, with what they hold.
fn live(store: &Store) -> Records {
    records(store).into_iter().filter(|(_, (_, gone))| !gone).collect()
}

/// Vendors, and the runtime that they live on.
fn world(devices: usize, seed: u64) -> (tokio::runtime::Runtime, simulator::Simulator) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let options = simulator::Options { companies: 12, devices, seed, ..Default::default() };
    let simulator = runtime.block_on(simulator::start(options)).unwrap();
    (runtime, simulator)
}

#[test]
fn a_killed_sync_ends_like_an_undisturbed_one() {
    let (_runtime, simulator) = world(400, 7);
    let vendors = vendors_of(&simulator);
    let calm = tempfile::tempdir().unwrap();
    run_to_the_end(&calm.path().join("store"), &vendors);
    let wanted = records(&Store::open(&calm.path().join("store")).unwrap());
    assert!(wanted.len() > 800, "the world was synced: {}", wanted.len());
    let orphan = |(_, gone): &(Record, bool)| *gone;
    assert!(!wanted.values().any(orphan));
    Stage { vendors, base: None, wanted, kills: 3, lines: 30 }.kill(11, |store| {
        assert!(!records(store).values().any(orphan), "nothing was orphaned on the way");
        counts_are_true(store);
    });
}

#[test]
fn a_killed_incremental_sync_ends_like_an_undisturbed_one() {
    let (_runtime, simulator) = world(400, 9);
    let vendors = vendors_of(&simulator);
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().join("base");
    run_to_the_end(&base.join("store"), &vendors);
    let before = live(&Store::open(&base.join("store")).unwrap());
    let ids: Vec<&str> = before
        .keys()
        .filter(|(i, s, _)| i == "itglue" && *s == Stream::Devices)
        .map(|(_, _, id)| id.as_str())
        .collect();
    for (n, id) in ids.iter().enumerate().take(120).filter(|(n, _)| n % 3 == 0) {
        assert!(simulator.control().itglue().rename_configuration(id, &format!("Renamed {n}")));
    }
    let calm = dir.path().join("calm");
    copy_dir(&base, &calm);
    run_to_the_end(&calm.join("store"), &vendors);
    let calm = Store::open(&calm.join("store")).unwrap();
    let incremental = calm.log(None, 1_000, &|line| line.text.contains("changes since"), 100_000).unwrap();
    assert!(!incremental.is_empty(), "the second sync asks for changes");
    let wanted = live(&calm);
    assert!(wanted != before, "something changed");
    drop(calm);
    Stage { vendors, base: Some(base), wanted, kills: 2, lines: 12 }.kill(13, counts_are_true);
}

#[test]
fn killed_while_deciding_nothing_acknowledged_is_lost_and_nothing_is_half_there() {
    let (_runtime, simulator) = world(300, 8);
    let vendors = vendors_of(&simulator);
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("store");
    run_to_the_end(&path, &vendors);

    let mut random = ChaCha8Rng::seed_from_u64(12);
    let mut acknowledged: BTreeMap<u64, u64> = BTreeMap::new();
    for round in 0..rounds() {
        let mut left = random.random_range(2..40);
        let ballast = Ballast::random(&mut random);
        let said = kill_after(spawn("decide", &path, &vendors, round), &mut random, |_| {
            left -= 1;
            left == 0
        });
        drop(ballast);
        for line in &said {
            // A line cut by the kill is no acknowledgement.
            let words: Vec<&str> = line.split_whitespace().collect();
            if let ["ack", id, rows] = words[..] {
                acknowledged.insert(id.parse().unwrap(), rows.parse().unwrap());
            }
        }
        let store = Store::open(&path).expect("a store opens after a kill");
        let entries = assert_history_is_whole(&store);
        for (id, rows) in &acknowledged {
            let entry = entries.get(id).unwrap_or_else(|| panic!("round {round}: acknowledged entry {id} is lost"));
            assert_eq!(entry.rows, *rows, "round {round}: entry {id}");
        }
    }
    assert!(!acknowledged.is_empty(), "something was decided");
    println!("kills: {}", rounds());
}
