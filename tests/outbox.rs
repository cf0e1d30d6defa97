//! What is made at a vendor is made once: with kills at any instant, answers that never come, server errors after the
//! work was done, limits, and a second matchbook that makes the same at the same time.
//!
//! Rounds: `MATCHBOOK_OUTBOX_ROUNDS` (default 2); size: `MATCHBOOK_OUTBOX_SIZE` as `COMPANIESxDEVICES` (default 8x120).
//! The child is this test binary itself, in a role named by an environment variable.

#[path = "outbox_support/commands.rs"]
mod commands;
#[path = "outbox_support/psas.rs"]
mod psas;
#[path = "outbox_support/mod.rs"]
mod support;

use matchbook::domain::outbox::FieldPolicy;
use matchbook::domain::outbox::plan::{is_value, value_of};
use matchbook::domain::{DecisionKind, Flow, MatchState, RecordId, Stream, UpdatePolicy, WriteField, WriteRules, text};
use matchbook::service::Service;
use matchbook::service::messages::{Message, OutboxView, QueueRow, Selection, WriteCommand, WriteQuery, WriteView};
use matchbook::simulator::{self, Faults, Simulator, Vendor};
use matchbook::store::Store;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Stdio};
use support::{
    create, everything, flow, made, outbox, plan, reopened, rounds, rows, rules, size, start_service, sync,
    undocumented, vendors_of, write,
};

const ROLE: &str = "MATCHBOOK_OUTBOX_ROLE";
const HOME: &str = "MATCHBOOK_OUTBOX_HOME";
const VENDORS: &str = "MATCHBOOK_OUTBOX_VENDORS";
const ROWS: &str = "MATCHBOOK_OUTBOX_ROWS";

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
        let flow = flow_of(&vendors);
        let rules = if flow.id == support::flow().id { rules() } else { psas::rules_of(&vendors).await };
        let (service, _store) = support::start_flow(Path::new(&home), &vendors, flow.clone(), rules);
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
        let chosen = std::env::var(ROWS).ok();
        let wanted = |stream| match &chosen {
            Some(ids) => Selection::Rows(ids.split(',').map(RecordId::from).collect()),
            None => everything(stream),
        };
        loop {
            write(&service, WriteCommand::Resume).await.expect("it goes on");
            let mut more = 0;
            for stream in [Stream::Companies, Stream::Devices] {
                let command = support::create_in(&flow, stream, wanted(stream), false);
                more += write(&service, command).await.expect("a plan").rows;
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

/// The flow between the vendors of these lines.
fn flow_of(vendors: &str) -> Flow {
    let target = vendors.lines().last().and_then(|line| line.split_whitespace().next()).unwrap();
    Flow::new(format!("addigy-{target}").as_str(), "addigy", target)
}

fn spawn(home: &Path, vendors: &str, rows: Option<&str>) -> Child {
    std::process::Command::new(std::env::current_exe().unwrap())
        .envs(rows.map(|rows| (ROWS, rows)))
        .args(["--exact", "child_process", "--nocapture", "--test-threads=1"])
        .env(ROLE, "create")
        .env(HOME, home)
        .env(VENDORS, vendors)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Reads so many lines of the child, lets a random while pass (counted in turns, not in time) and kills it; true when
/// it had not finished.
fn kill_after(mut child: Child, lines: usize, turns: u32) -> bool {
    let out = BufReader::new(child.stdout.take().unwrap());
    let mut finished = false;
    for line in out.lines().take(lines) {
        if line.is_ok_and(|line| line.ends_with("finished")) {
            finished = true;
            break;
        }
    }
    for _ in 0..turns {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    !child.wait().unwrap().success() && !finished
}

fn run_to_the_end(home: &Path, vendors: &str, rows: Option<&str>) {
    let mut child = spawn(home, vendors, rows);
    let lines: Vec<String> = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok).collect();
    let status = child.wait().unwrap();
    assert!(status.success() && lines.iter().any(|l| l.ends_with("finished")), "it ends: {:?}", lines.last());
}

/// Kills a home's process a few times, then lets it finish; how often it was cut.
fn disturbed(home: &Path, vendors: &str, rows: Option<&str>, random: &mut impl Rng) -> usize {
    let mut kills = 0;
    for _ in 0..random.random_range(1..4) {
        let (lines, turns) = (random.random_range(1..20), random.random_range(0..3_000_000));
        kills += usize::from(kill_after(spawn(home, vendors, rows), lines, turns));
    }
    run_to_the_end(home, vendors, rows);
    kills
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

/// Every record as it was read back has every value that its write says. Who is responsible is not read, as it has no
/// counterpart elsewhere.
fn check_records(store: &Store, flow: &Flow, writes: &[WriteView]) {
    for write in writes.iter().filter(|write| write.state == "confirmed") {
        let id = write.made.as_ref().or(write.row.target.as_ref()).unwrap();
        let stored = store.record(&flow.target, write.row.stream, id).unwrap();
        let record = stored.unwrap_or_else(|| panic!("{} of {} is not there", id, write.row.name)).record;
        for field in write.row.fields.iter().filter(|f| f.field != WriteField::Owner) {
            // What is shown is cleaned; what is written is what the source has.
            let shown = value_of(&record, field.field).is_some_and(|value| text::clean(&value) == field.new);
            let there = shown || is_value(&record, field.field, &field.new);
            assert!(there, "{}: {} in {record:?}", write.row.name, field.field);
        }
    }
}

#[test]
fn whatever_happens_each_source_has_exactly_one_record() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (mut kills, mut records) = (0, 0);
    for round in 0..rounds() {
        let dir = tempfile::tempdir().unwrap();
        let (ours, theirs) = (dir.path().join("ours"), dir.path().join("theirs"));
        let (simulator, vendors) = runtime.block_on(undocumented(Faults::Unsure, 100 + round, &ours));
        copy(&ours, &theirs);
        kills += std::thread::scope(|scope| {
            let both = (0..).zip([&ours, &theirs]).map(|(at, home)| {
                let vendors = &vendors;
                scope.spawn(move || disturbed(home, vendors, None, &mut ChaCha8Rng::seed_from_u64(round * 2 + at)))
            });
            let both: Vec<_> = both.collect();
            both.into_iter().map(|home| home.join().expect("a home ends")).sum::<usize>()
        });
        let made = made(&simulator);
        for (mark, ids) in &made {
            assert_eq!(ids.len(), 1, "round {round}: {mark} has {ids:?}");
        }
        for home in [&ours, &theirs] {
            let matched = check_home(&reopened(home), &made, round);
            assert_eq!(matched, made.len(), "round {round}: everything that was made is matched");
        }
        assert!(made.len() > size().1 * 3 / 4, "round {round}: {} were made", made.len());
        runtime.block_on(simulator.stop());
        records += made.len();
        println!("round {}: {records} records so far, each once, with {kills} kills", round + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_is_what_is_then_done_with_few_requests() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("store");
    let (simulator, vendors) = undocumented(Faults::None, 3, &home).await;
    let (service, store) = start_service(&home, &vendors, rules());
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
    check_records(&store, &flow(), &view.writes);
    assert_eq!(made(&simulator).len(), planned.len());
    let matched = rows(&service, Stream::Devices).await.iter().filter(|r| r.state == MatchState::Matched).count();
    assert_eq!(matched as u64, groups.values().sum::<u64>());
    // One request a company, one for its devices in bulk; beside that a search before and one after each wave.
    least += groups.values().map(|devices| devices.div_ceil(100)).sum::<u64>();
    let used = simulator.requests().itglue.requests - before.requests;
    println!("{} records made with {used} requests; {least} is the least with bulk calls", planned.len());
    assert!(used <= least * 3 / 2 + 40, "{used} requests, {least} at least");
    // Again: nothing is left to do.
    let again = write(&service, create(Stream::Devices, everything(Stream::Devices), false)).await.unwrap();
    assert_eq!(again.rows, 0);
    service.stop().await;
}

/// A home that has read a documented world, with its matches.
async fn documented(rules: WriteRules) -> (tempfile::TempDir, Simulator, Service, Store) {
    let dir = tempfile::tempdir().unwrap();
    let options = simulator::Options { companies: 8, devices: 120, seed: 5, ..Default::default() };
    let simulator = simulator::start(options).await.unwrap();
    let (service, store) = start_service(&dir.path().join("store"), &vendors_of(&simulator), rules);
    sync(&service).await;
    (dir, simulator, service, store)
}

/// Host names, which the simulated technicians rarely write down, follow the source.
fn in_step(update: UpdatePolicy) -> WriteRules {
    let fields = WriteField::ALL.into_iter().map(|field| {
        let policy = if field == WriteField::HostName { FieldPolicy::Source } else { FieldPolicy::Target };
        (field, policy)
    });
    WriteRules { update, fields: fields.collect(), ..rules() }
}

#[tokio::test(flavor = "multi_thread")]
async fn differences_of_matched_records_wait_for_a_yes_and_are_then_in_step() {
    let (_dir, _simulator, service, _store) = documented(in_step(UpdatePolicy::Ask)).await;
    let planned = outbox(&service).await;
    assert!(planned.planned > 20, "{} differences", planned.planned);
    assert_eq!(planned.moving, 0, "nothing is sent before a yes");
    let only = |w: &WriteView| w.row.fields.iter().all(|f| f.field == WriteField::HostName) && w.state == "planned";
    assert!(planned.writes.iter().all(only), "field by field");
    sync(&service).await;
    assert_eq!(outbox(&service).await.planned, planned.planned, "planned once, not at every sync");
    let done = write(&service, WriteCommand::Apply { ids: Vec::new(), flow: Some(flow().id) }).await.unwrap();
    assert_eq!(done.rows, planned.planned);
    let after = outbox(&service).await;
    assert!(
        after.writes.iter().all(|w| w.state == "confirmed"),
        "{:?}",
        after.writes.iter().find(|w| w.state != "confirmed")
    );
    sync(&service).await;
    assert_eq!((outbox(&service).await.planned, outbox(&service).await.moving), (0, 0), "in step");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_to_matched_records_unless_the_flow_says_so() {
    let (_dir, _simulator, service, _store) = documented(in_step(UpdatePolicy::Off)).await;
    assert_eq!(outbox(&service).await, OutboxView::default());
    service.stop().await;
    let (_dir, _simulator, service, _store) = documented(in_step(UpdatePolicy::Automatic)).await;
    let view = outbox(&service).await;
    assert!(view.writes.len() > 20 && view.writes.iter().all(|w| w.state == "confirmed" && w.who == "matchbook"));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_write_comes_back_to_its_row_with_the_vendors_words() {
    let (_dir, simulator, service, _store) = documented(in_step(UpdatePolicy::Ask)).await;
    let planned = outbox(&service).await;
    let victim = planned.writes[3].clone();
    // A PSA takes the record over after the plan: the vendor refuses the whole bulk, and then that record alone.
    assert!(simulator.control().itglue().set_synced(victim.row.target.as_ref().unwrap().as_str(), true));
    write(&service, WriteCommand::Apply { ids: Vec::new(), flow: None }).await.unwrap();
    let after = outbox(&service).await;
    let refused: Vec<_> = after.writes.iter().filter(|w| w.state == "refused").collect();
    assert_eq!(refused.iter().map(|w| w.id).collect::<Vec<_>>(), [victim.id]);
    assert!(refused[0].said.contains("synced with an external system"), "{}", refused[0].said);
    assert_eq!(after.writes.iter().filter(|w| w.state == "confirmed").count(), planned.writes.len() - 1);
    let row = rows(&service, Stream::Devices).await.into_iter().find(|row| row.id == victim.row.source).unwrap();
    assert!(row.why.contains("IT Glue refuses it") && row.why.contains("external system"), "{}", row.why);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn apply_refuses_when_the_world_moved_and_says_where() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("store");
    let (simulator, vendors) = undocumented(Faults::None, 4, &home).await;
    let (service, _store) = start_service(&home, &vendors, rules());
    service.settled().await.unwrap();
    for stream in [Stream::Companies, Stream::Devices] {
        write(&service, create(stream, everything(stream), true)).await.unwrap();
    }
    let planned = outbox(&service).await;
    assert!(planned.planned > 100 && planned.moving == 0);
    let device = planned.writes.iter().find(|w| w.row.stream == Stream::Devices).unwrap();
    let name = device.row.name.clone();
    assert!(simulator.control().addigy().rename_device(device.row.source.as_str(), "renamed-since"));
    sync(&service).await;
    let apply = WriteCommand::Apply { ids: Vec::new(), flow: Some(flow().id) };
    let failure = write(&service, apply.clone()).await.unwrap_err();
    assert!(failure.what.contains("the world moved"), "{failure}");
    assert!(failure.what.contains(&format!("{name}: name was “{name}”, is “renamed-since”")), "{failure}");
    assert_eq!(made(&simulator).len(), 0, "nothing was sent");
    // Planned anew, it is what would be done.
    let ids = planned.writes.iter().filter(|w| w.row.source == device.row.source).map(|w| w.id).collect();
    write(&service, WriteCommand::Withdraw { ids }).await.unwrap();
    write(&service, create(Stream::Devices, everything(Stream::Devices), true)).await.unwrap();
    let done = write(&service, apply).await.unwrap();
    assert_eq!(done.rows, planned.planned);
    assert_eq!(made(&simulator).len() as u64, planned.planned);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_target_has_in_any_company_is_shown_before_a_create() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("store");
    let (simulator, vendors) = undocumented(Faults::None, 6, &home).await;
    let (service, _store) = start_service(&home, &vendors, rules());
    service.settled().await.unwrap();
    write(&service, create(Stream::Companies, everything(Stream::Companies), false)).await.unwrap();
    let with_serial = |row: &&QueueRow| row.serial.len() > 8;
    let all_rows = rows(&service, Stream::Devices).await;
    let mut shown = all_rows.iter().filter(with_serial);
    let (known, later) = (shown.next().unwrap().clone(), shown.next().unwrap().clone());
    // Another organization has the one already; the other appears there after the plan.
    let elsewhere = simulator.control().itglue().add_organization("Somebody else");
    let add = |serial: &str| simulator.control().itglue().add_configuration(&elsewhere, "X", Some(serial), None);
    let there = add(&known.serial.to_lowercase()).unwrap();
    sync(&service).await;
    let planned = plan(&service, Stream::Devices, Selection::Rows(vec![known.id.clone()])).await;
    assert_eq!(planned.writes, 0, "{planned:?}");
    let hit = &planned.rows[0].near[0];
    assert_eq!((hit.id.as_str(), hit.company.as_str()), (there.as_str(), "Somebody else"));
    assert!(hit.why.contains("serial"), "{}", hit.why);
    add(&later.serial).unwrap();
    write(&service, create(Stream::Devices, Selection::Rows(vec![later.id.clone()]), false)).await.unwrap();
    let sent = &outbox(&service).await.writes[0];
    assert_eq!(sent.state, "refused");
    assert!(sent.why.contains("it is there already"), "{}", sent.why);
    // A person has looked.
    let anyway = WriteCommand::Create {
        flow: flow().id,
        stream: Stream::Devices,
        rows: Selection::Rows(vec![known.id.clone()]),
        anyway: true,
        hold: false,
    };
    write(&service, anyway).await.unwrap();
    assert_eq!(outbox(&service).await.writes[0].state, "confirmed");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_of_differences_is_what_is_then_done() {
    let (_dir, _simulator, service, store) = documented(in_step(UpdatePolicy::Off)).await;
    let planned = support::plan_of(&service, WriteQuery::Update { flow: flow().id, limit: 10_000 }).await;
    assert!(planned.writes > 20, "{}", planned.what);
    assert_eq!(outbox(&service).await, OutboxView::default(), "a dry run leaves nothing behind");
    let done = write(&service, WriteCommand::Update { flow: flow().id, hold: false }).await.unwrap();
    assert_eq!((done.rows, &done.skipped), (planned.writes, &planned.left));
    let view = outbox(&service).await;
    let promised: BTreeMap<&RecordId, _> = planned.rows.iter().map(|row| (&row.source, &row.fields)).collect();
    assert_eq!(view.writes.len(), promised.len());
    for done in &view.writes {
        assert_eq!((done.state.as_str(), &done.row.fields), ("confirmed", promised[&done.row.source]), "{}", done.why);
    }
    check_records(&store, &flow(), &view.writes);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_credentials_stop_the_outbox_and_it_goes_on_with_new_ones() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("store");
    let (simulator, vendors) = undocumented(Faults::None, 8, &home).await;
    let (service, _store) = start_service(&home, &vendors, rules());
    service.settled().await.unwrap();
    for stream in [Stream::Companies, Stream::Devices] {
        write(&service, create(stream, everything(stream), true)).await.unwrap();
    }
    let planned = outbox(&service).await.planned;
    simulator.control().revoke_key(Vendor::ItGlue);
    let apply = WriteCommand::Apply { ids: Vec::new(), flow: Some(flow().id) };
    let done = write(&service, apply.clone()).await.unwrap();
    assert!(done.warnings.iter().any(|warning| warning.contains("PSA")), "{done:?}");
    let stopped = outbox(&service).await;
    assert_eq!((stopped.planned, stopped.moving), (0, planned), "all of it waits");
    let [why] = stopped.stopped.as_slice() else { panic!("{:?}", stopped.stopped) };
    assert!(why.contains("matchbook connect") && why.contains("matchbook apply"), "{why}");
    assert!(made(&simulator).is_empty());
    simulator.control().restore_key(Vendor::ItGlue);
    write(&service, apply).await.unwrap();
    let view = outbox(&service).await;
    assert_eq!((view.planned, view.moving, view.stopped), (0, 0, Vec::new()));
    assert_eq!(made(&simulator).len() as u64, planned);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rows_or_two_technicians_make_the_same_thing_once() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("store");
    let (simulator, vendors) = undocumented(Faults::None, 9, &home).await;
    let policy = simulator.control().addigy().add_policy("Twin Peaks Bakery", None);
    for name in ["TPB-1", "TPB-1-OLD"] {
        simulator.control().addigy().add_device(&policy, name, Some("C02TWIN0JGH7"), None).unwrap();
    }
    let (service, _store) = start_service(&home, &vendors, rules());
    sync(&service).await;
    write(&service, create(Stream::Companies, everything(Stream::Companies), false)).await.unwrap();
    let twins: Vec<QueueRow> =
        rows(&service, Stream::Devices).await.into_iter().filter(|row| row.serial == "C02TWIN0JGH7").collect();
    let ids: Vec<RecordId> = twins.iter().map(|row| row.id.clone()).collect();
    assert_eq!(ids.len(), 2);
    // Of two rows with one serial number in one plan the second waits for a person.
    let planned = plan(&service, Stream::Devices, Selection::Rows(ids.clone())).await;
    assert_eq!((planned.writes, planned.rows.len()), (1, 2));
    assert!(planned.rows[0].near[0].why.contains("on its way there with the same serial number"), "{planned:?}");
    // Two technicians say so at once: of the same row, and of its twin.
    let one = |id: &RecordId| write(&service, create(Stream::Devices, Selection::Rows(vec![id.clone()]), false));
    let (first, second, twin) = tokio::join!(one(&ids[0]), one(&ids[0]), one(&ids[1]));
    service.settled().await.unwrap();
    let configurations = |name: &str| simulator.control().itglue().configurations_named(name);
    let there = configurations("TPB-1").len() + configurations("TPB-1-OLD").len();
    assert_eq!(there, 1, "{first:?} {second:?} {twin:?}");
    // Once more, when it is there: the target has it.
    let again = plan(&service, Stream::Devices, Selection::Rows(ids)).await;
    assert_eq!(again.writes, 0, "{again:?}");
    service.stop().await;
}
