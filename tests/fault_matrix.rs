//! Every fault × every simulated vendor × first, incremental and full run: the end state is that of an undisturbed run
//! or the last good one, nothing is orphaned wrongly, what is told names the class, and the next sync makes it good.
//!
//! `UPDATE_DOCS=1 cargo test --test fault_matrix` writes `tests/FAULTS.md` anew.

mod sync_support;

use matchbook::domain::{LogLevel, RunState, Stream};
use matchbook::simulator::{Failing, Simulator, Vendor};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;
use sync_support::{Home, Records, Setup, records, world};

/// The stream under test.
const STREAM: Stream = Stream::Devices;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Run {
    First,
    Incremental,
    Full,
}

const RUNS: [Run; 3] = [Run::First, Run::Incremental, Run::Full];

/// What goes wrong, and how it must end.
struct Fault {
    name: &'static str,
    order: Order,
    /// The class that is told when the run fails; `None` for a run that gets through.
    fails: Option<&'static str>,
}

#[derive(Clone, Copy)]
enum Order {
    Requests(usize, Failing),
    KeyRevoked,
}

const fn passing(name: &'static str, count: usize, failing: Failing) -> Fault {
    Fault { name, order: Order::Requests(count, failing), fails: None }
}

const fn lasting(name: &'static str, count: usize, failing: Failing, class: &'static str) -> Fault {
    Fault { name, order: Order::Requests(count, failing), fails: Some(class) }
}

const FAULTS: [Fault; 15] = [
    passing("429 with Retry-After", 2, Failing::Limited { retry_after: 0 }),
    lasting("429 for a day", 1, Failing::Limited { retry_after: 86_400 }, "limit"),
    passing("500", 3, Failing::Status(500)),
    passing("502 with a web page", 3, Failing::Status(502)),
    passing("503", 3, Failing::Status(503)),
    lasting("503 again and again", 5, Failing::Status(503), "vendor"),
    passing("reset before the answer", 3, Failing::Reset),
    passing("answer lost on its way", 3, Failing::LostAnswer),
    lasting("reset again and again", 5, Failing::Reset, "vendor"),
    passing("slow answer", 3, Failing::Slow(Duration::from_millis(30))),
    passing("truncated body", 3, Failing::Truncated),
    lasting("truncated again and again", 5, Failing::Truncated, "vendor"),
    passing("malformed JSON", 3, Failing::Malformed),
    lasting("malformed again and again", 5, Failing::Malformed, "vendor"),
    Fault { name: "key revoked", order: Order::KeyRevoked, fails: Some("credentials") },
];

const VENDORS: [(Vendor, &str); 2] = [(Vendor::Addigy, "addigy"), (Vendor::ItGlue, "itglue")];

fn change_world(simulator: &Simulator, vendor: Vendor, all: &Records, name: &str) {
    let ids: Vec<&str> =
        all.keys().filter(|(i, s, _)| i == name && *s == STREAM).map(|(_, _, id)| id.as_str()).collect();
    let control = simulator.control();
    let (renamed, deleted) = (ids[3], ids[8]);
    let done = match vendor {
        Vendor::Addigy => control.addigy().rename_device(renamed, "Renamed") && control.addigy().delete_device(deleted),
        _ => {
            control.itglue().rename_configuration(renamed, "Renamed") && control.itglue().delete_configuration(deleted)
        }
    };
    assert!(done, "the world changes");
}

/// What one cell came to, for the table.
struct Cell {
    end: &'static str,
    told: String,
}

async fn cell(fault: &Fault, vendor: Vendor, name: &'static str, run: Run) -> Cell {
    let label = format!("{} · {name} · {run:?}", fault.name);
    let simulator = world(6, 120).await;
    let dirs = tempfile::tempdir().unwrap();
    let open = |place: &str| {
        let setup = Setup { page_size: 25, ..Setup::default() };
        Home::over(&simulator, &dirs.path().join(place).join("store"), setup)
    };
    let (calm, subject) = (open("calm"), open("subject"));
    calm.sync(Some(name), Some(STREAM), false).await;
    if run != Run::First {
        subject.sync(Some(name), Some(STREAM), false).await;
        change_world(&simulator, vendor, &records(&calm.store, &[name]), name);
        calm.sync(Some(name), Some(STREAM), run == Run::Full).await;
    }
    let wanted = records(&calm.store, &[name]);
    assert_eq!(calm.state(name, STREAM).await, RunState::Ok, "{label}");
    calm.close().await;
    let before = records(&subject.store, &[name]);

    let control = simulator.control();
    match fault.order {
        Order::Requests(count, failing) => control.fail_next(vendor, count, failing),
        Order::KeyRevoked => control.revoke_key(vendor),
    }
    subject.sync(Some(name), Some(STREAM), run == Run::Full).await;
    let state = subject.state(name, STREAM).await;
    let found = records(&subject.store, &[name]);
    let cell = match (&state, fault.fails) {
        (RunState::Ok, None) => {
            assert!(found == wanted, "{label}: as undisturbed");
            Cell { end: "as undisturbed", told: told(&subject) }
        }
        (RunState::Failed { failure }, Some(class)) => {
            assert_eq!(failure.class.name(), class, "{label}: {failure}");
            assert!(!failure.remedy.is_empty(), "{label}: says what to do: {failure}");
            assert!(found == before, "{label}: the last good state");
            Cell { end: "last good state", told: format!("{class}: {}", plain(&failure.what)) }
        }
        (state, _) => panic!("{label}: ended with {state:?}"),
    };
    assert!(!found.values().any(|(_, gone)| *gone) || run == Run::Full || vendor == Vendor::Addigy, "{label}: orphans");
    if fault.fails.is_none() {
        subject.close().await;
        return cell;
    }
    // Once the vendor is well again, the next sync makes it good.
    control.restore_key(vendor);
    subject.close().await;
    let subject = open("subject");
    subject.sync(Some(name), Some(STREAM), run == Run::Full).await;
    assert_eq!(subject.state(name, STREAM).await, RunState::Ok, "{label}: healed");
    let healed = records(&subject.store, &[name]);
    // A first question that failed is followed by a full listing, which may also find what is gone.
    let same = wanted.iter().all(|(key, (record, gone))| {
        healed.get(key).is_some_and(|(r, g)| r == record && (g == gone || run == Run::Incremental))
    });
    assert!(same && healed.len() == wanted.len(), "{label}: healed as undisturbed");
    subject.close().await;
    cell
}

/// Digits differ from run to run.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' if out.ends_with('#') => {}
            '0'..='9' => out.push('#'),
            c => out.push(c),
        }
    }
    out
}

/// The first warning of the run.
fn told(home: &Home) -> String {
    let warning = home.log().into_iter().rev().find(|l| l.level >= LogLevel::Warn).map(|l| l.text);
    let text = warning.as_deref().map_or("nothing", |t| t.split("; trying again").next().unwrap_or(t));
    plain(text)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_ends_as_undisturbed_or_in_the_last_good_state() {
    let mut table = String::from(
        "# Faults\n\nWhat becomes of a sync when a vendor misbehaves, as `tests/fault_matrix.rs` finds it over real HTTP: each \
         fault met by the first, an incremental and a full run of the devices of each vendor (Addigy lists in full each \
         time). “#” stands for a number. `UPDATE_DOCS=1 cargo test --test fault_matrix` writes this file.\n\n\
         | Fault | Vendor | Runs | End | Told |\n|---|---|---|---|---|\n",
    );
    for fault in &FAULTS {
        for (vendor, name) in VENDORS {
            let mut rows: Vec<(Vec<&str>, Cell)> = Vec::new();
            for run in RUNS {
                let cell = cell(fault, vendor, name, run).await;
                let word = match run {
                    Run::First => "first",
                    Run::Incremental => "incremental",
                    Run::Full => "full",
                };
                match rows.iter_mut().find(|(_, c)| c.end == cell.end && c.told == cell.told) {
                    Some((words, _)) => words.push(word),
                    None => rows.push((vec![word], cell)),
                }
            }
            for (words, cell) in rows {
                let runs = words.join(", ");
                writeln!(table, "| {} | {name} | {runs} | {} | {} |", fault.name, cell.end, cell.told).unwrap();
            }
        }
    }
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/FAULTS.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&place, &table).unwrap();
    }
    let kept = std::fs::read_to_string(&place).unwrap_or_default();
    assert!(kept == table, "tests/FAULTS.md is out of step; run UPDATE_DOCS=1 cargo test --test fault_matrix\n{table}");
}
