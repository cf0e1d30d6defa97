//! Every fault × every dialect × first, incremental and full run, over real HTTP: the end state is that of an undisturbed
//! run or the last good one, nothing is orphaned wrongly, what is told names the class, and the next sync makes it good.
//!
//! `UPDATE_DOCS=1 cargo test --test fault_matrix` writes `tests/FAULTS.md` anew.

mod between;
mod fault_vendors;
mod faults;
mod sync_support;
mod tls;

use between::Between;
use fault_vendors::{STREAM, Subject};
use faults::{End, FAULTS, Fault, Odd, Wrong};
use futures::StreamExt;
use matchbook::connectors::Tuning;
use matchbook::domain::{Clock, LogLevel, RunState, SyncRules, SystemClock, Timestamp};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use sync_support::{Home, Records, Setup, quick, records, world};
use tls::{Authorities, Front, Shown};

/// Rows a page.
const PAGE: usize = 30;
/// Largest body that is taken in, bytes.
const BODY_CAP: usize = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Run {
    First,
    Incremental,
    Full,
}

const RUNS: [Run; 3] = [Run::First, Run::Incremental, Run::Full];

/// This machine's clock, wrong by that many minutes.
#[derive(Debug)]
struct WrongClock(i64);

impl Clock for WrongClock {
    fn now(&self) -> Timestamp {
        SystemClock.now() + time::Duration::minutes(self.0)
    }
}

/// The cell's test failed; its message stands above.
const FAILED: &str = "NOT AS IT SHOULD BE";
/// The end of a run that failed after some pages.
const LATER: &str = "last good state, with the pages before";

/// What one cell came to, for the table.
#[derive(PartialEq, Eq)]
struct Cell {
    end: &'static str,
    told: String,
}

/// Three homes see the same vendor: one straight, one through the fault, and at the end one that knows nothing.
struct Stage {
    label: String,
    subject: Subject,
    run: Run,
    wrong: Wrong,
    simulator: Arc<matchbook::simulator::Simulator>,
    line: Between,
    front: Front,
    authorities: Authorities,
    dirs: tempfile::TempDir,
}

impl Stage {
    async fn new(fault: &Fault, subject: Subject, run: Run) -> Self {
        let simulator = Arc::new(world(6, 120).await);
        simulator.control().autotask().set_latency(matchbook::simulator::Latency::NONE);
        let line = Between::start(subject.socket(&simulator)).await;
        let authorities = Authorities::new();
        let front = Front::start(&authorities, Shown::Good, Some(line.address)).await;
        line.stands_behind(&front.address);
        Self {
            label: format!("{} · {} · {run:?}", fault.name, subject.name()),
            subject,
            run,
            wrong: fault.wrong,
            simulator,
            line,
            front,
            authorities,
            dirs: tempfile::tempdir().unwrap(),
        }
    }

    /// A run of what changed is over with its first page, unless much changed.
    fn changes_much(&self) -> bool {
        self.run == Run::Incremental && matches!(self.wrong, Wrong::World(_) | Wrong::KeyRevokedMeanwhile)
    }

    fn open(&self, name: &str, place: &str) -> Home {
        let clock: Arc<dyn Clock> = match self.wrong {
            Wrong::Clock(minutes) if name == "subject" => Arc::new(WrongClock(minutes)),
            _ => Arc::new(SystemClock),
        };
        let tuning = Tuning {
            body_cap: BODY_CAP,
            read_timeout: Duration::from_millis(400),
            authorities: vec![self.authorities.trusted()],
            clock: Arc::clone(&clock),
            ..quick()
        };
        let mut rules = SyncRules::default();
        if self.changes_much() {
            // So many changes at once would be asked about; here they are what the fault meets.
            rules.mass.floor = u64::MAX;
        }
        let setup = Setup { page_size: u32::try_from(PAGE).unwrap(), clock, tuning, rules, ..Setup::default() };
        let connection = self.subject.through(&self.simulator, place);
        Home::with(&self.dirs.path().join(name).join("store"), vec![connection], setup)
    }

    /// The home that meets the fault.
    fn subject(&self) -> Home {
        let place = match self.wrong {
            Wrong::Certificate(_) => self.front.address.clone(),
            _ => format!("http://{}", self.line.address),
        };
        self.open("subject", &place)
    }

    fn straight(&self, name: &str) -> Home {
        self.open(name, &format!("http://{}", self.subject.socket(&self.simulator)))
    }

    async fn sync(&self, home: &Home, full: bool) -> RunState {
        home.sync(Some(self.subject.name()), Some(STREAM), full).await;
        home.state(self.subject.name(), STREAM).await
    }

    fn records(&self, home: &Home) -> Records {
        records(&home.store, &[self.subject.name()])
    }

    /// What an undisturbed home has; the world changes between its syncs as it does between the subject's.
    async fn undisturbed(&self) -> Records {
        let calm = self.straight("calm");
        self.sync(&calm, false).await;
        if self.run != Run::First {
            self.subject.change_world(&self.simulator, &self.records(&calm), self.changes_much());
            assert_eq!(self.sync(&calm, self.run == Run::Full).await, RunState::Ok, "{}", self.label);
        }
        let wanted = self.records(&calm);
        calm.close().await;
        wanted
    }

    /// The vendor is well again, and the next full sync makes it good.
    async fn heals(&self) {
        self.line.leave_alone();
        self.front.show(&self.authorities, Shown::Good);
        self.simulator.control().restore_key(self.subject.vendor());
        let subject = self.subject();
        assert_eq!(self.sync(&subject, true).await, RunState::Ok, "{}: healed", self.label);
        let healed = self.records(&subject);
        subject.close().await;
        let anew = self.straight("anew");
        self.sync(&anew, true).await;
        let wanted = self.records(&anew);
        anew.close().await;
        let living = healed.iter().filter(|(_, (_, gone))| !gone).map(|(key, (record, _))| (key, record));
        let same = living.eq(wanted.iter().map(|(key, (record, _))| (key, record)));
        assert!(same, "{}: healed as a home that is new", self.label);
    }
}

/// Nothing but what was there before or is there now; nothing of it is lost or orphaned that is still at the vendor.
fn is_between(found: &Records, before: &Records, wanted: &Records) -> bool {
    let known = found.iter().all(|(key, value)| before.get(key) == Some(value) || wanted.get(key) == Some(value));
    known && before.keys().all(|key| found.contains_key(key))
}

async fn cell(fault: &'static Fault, subject: Subject, run: Run) -> Option<Cell> {
    let stage = Stage::new(fault, subject, run).await;
    let label = &stage.label;
    let mut home = stage.subject();
    if run != Run::First {
        stage.sync(&home, false).await;
    }
    let before = stage.records(&home);
    let wanted = stage.undisturbed().await;

    let struck = Arc::new(AtomicUsize::new(0));
    match fault.wrong {
        Wrong::Certificate(shown) => {
            // Connections that are open already are not asked for a certificate again.
            home.close().await;
            stage.front.show(&stage.authorities, shown);
            home = stage.subject();
        }
        Wrong::NoName => {
            home.close().await;
            home = stage.open("subject", "https://vendor.invalid");
        }
        _ => fault.strike(&stage.simulator, &stage.line, subject, &struck),
    }
    let state = stage.sync(&home, run == Run::Full).await;
    let found = stage.records(&home);
    let met = struck.load(Ordering::SeqCst) > 0
        || matches!(fault.wrong, Wrong::Certificate(_) | Wrong::NoName | Wrong::Clock(_));
    if !met {
        home.close().await;
        return None;
    }
    let told = told(&home);
    let cell = match (&state, fault.end) {
        (RunState::Ok, End::Good) if matches!(fault.wrong, Wrong::World(_)) => moved(label, &found, &wanted, told),
        // A listing that does not add up says nothing of what is gone.
        (RunState::Ok, End::Good) if matches!(fault.wrong, Wrong::Listing(_)) && found != wanted => {
            assert!(is_between(&found, &before, &wanted), "{label}: nothing is lost");
            Cell { end: "what was listed; what is gone is left to the next", told }
        }
        // Where no count tells how many there are, an empty page that leads on is not believed.
        (RunState::Failed { failure }, End::Good) if matches!(fault.wrong, Wrong::Listing(Odd::EmptyPage)) => {
            assert_eq!(failure.class.name(), "vendor", "{label}: {failure}");
            assert!(is_between(&found, &before, &wanted), "{label}: nothing is lost");
            Cell { end: LATER, told: format!("vendor: {}", plain(&failure.what)) }
        }
        (RunState::Ok, End::Good) => {
            assert!(found == wanted, "{label}: as undisturbed, told: {told}");
            Cell { end: "as undisturbed", told }
        }
        (RunState::Failed { failure }, End::Fails(class)) => {
            assert_eq!(failure.class.name(), class, "{label}: {failure}");
            assert!(!failure.remedy.is_empty(), "{label}: says what to do: {failure}");
            if let Wrong::Certificate(shown) = fault.wrong {
                assert!(failure.what.contains(shown.words().0), "{label}: {failure}");
            }
            assert!(is_between(&found, &before, &wanted), "{label}: the last good state");
            let end = if found == before { "last good state" } else { LATER };
            Cell { end, told: format!("{class}: {}", plain(&failure.what)) }
        }
        (RunState::Asks { change }, End::Asks) => {
            assert!(found == before, "{label}: nothing of it is applied");
            Cell { end: "last good state, a person is asked", told: plain(&change.text("devices")) }
        }
        (RunState::Ok, End::Asks) if before.is_empty() || run == Run::Incremental => {
            assert!(found == before, "{label}: nothing is listed and nothing is gone");
            Cell { end: "last good state", told }
        }
        (state, _) => panic!("{label}: ended with {state:?}, told: {told}"),
    };
    home.close().await;
    stage.heals().await;
    Some(cell)
}

/// Rows moved while they were read: whatever still lives at the vendor is not orphaned.
fn moved(label: &str, found: &Records, wanted: &Records, told: String) -> Cell {
    let lost: Vec<_> = wanted.keys().filter(|key| !found.contains_key(*key)).collect();
    let orphaned = found.iter().filter(|(key, (_, gone))| *gone && wanted.get(*key).is_some_and(|(_, gone)| !gone));
    // The one row that vanished or came back under a new id.
    assert!(lost.len() <= 1 && orphaned.count() <= 1, "{label}: {lost:?}");
    Cell { end: "as undisturbed, or the moved row next time", told }
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

/// The last warning of the run.
fn told(home: &Home) -> String {
    let warning = home.log().into_iter().rev().find(|l| l.level >= LogLevel::Warn).map(|l| l.text);
    let text = warning.as_deref().map_or("nothing", |t| t.split("; trying again").next().unwrap_or(t));
    plain(text)
}

/// The rows of one fault and one vendor: runs that end alike share one.
async fn rows(fault: &'static Fault, subject: Subject) -> String {
    let mut rows: Vec<(Vec<&str>, Cell)> = Vec::new();
    for run in RUNS {
        // One cell that is wrong does not hide the others.
        let cell = match tokio::spawn(cell(fault, subject, run)).await {
            Ok(None) => continue,
            Ok(Some(cell)) => cell,
            Err(_) => Cell { end: FAILED, told: String::new() },
        };
        let word = match run {
            Run::First => "first",
            Run::Incremental => "incremental",
            Run::Full => "full",
        };
        match rows.iter_mut().find(|(_, known)| *known == cell) {
            Some((words, _)) => words.push(word),
            None => rows.push((vec![word], cell)),
        }
    }
    let mut text = String::new();
    for (runs, Cell { end, told }) in rows {
        let runs = runs.join(", ");
        writeln!(text, "| {} | {} | {runs} | {end} | {told} |", fault.name, subject.name()).unwrap();
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_ends_as_undisturbed_or_in_the_last_good_state() {
    let only = std::env::var("FAULT").unwrap_or_default();
    let mut table = String::from(
        "# Faults\n\nWhat becomes of a sync when something goes wrong, as `tests/fault_matrix.rs` finds it over real HTTP: \
         each fault met by the first, an incremental and a full run of the devices of each vendor, which is each dialect \
         (Addigy lists in full each time). A run that a fault cannot meet is left out. After each of them the next full \
         sync brought what a new home has. “#” stands for a number. `UPDATE_DOCS=1 cargo test --test fault_matrix` writes \
         this file.\n\n| Fault | Vendor | Runs | End | Told |\n|---|---|---|---|---|\n",
    );
    let cases = FAULTS.iter().filter(|f| f.name.contains(&only)).flat_map(|f| Subject::ALL.map(|s| (f, s)));
    let written: Vec<String> = futures::stream::iter(cases).map(|(f, s)| rows(f, s)).buffered(4).collect().await;
    table.push_str(&written.concat());
    let failed: Vec<&str> = table.lines().filter(|line| line.contains(FAILED)).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    if !only.is_empty() {
        println!("{table}");
        return;
    }
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/FAULTS.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&place, &table).unwrap();
    }
    let kept = std::fs::read_to_string(&place).unwrap_or_default();
    assert!(kept == table, "tests/FAULTS.md is out of step; run UPDATE_DOCS=1 cargo test --test fault_matrix\n{table}");
}
