//! A day in the life of a home: real HTTP against the simulated vendors, a clock that the test turns, and nobody who
//! waits. Runs happen when they should, a limit is sat out, what was missed is caught up once, and nothing grows.

mod sync_support;

use matchbook::domain::{FailureClass, RunState, Stream, Timestamp};
use matchbook::service::messages::Command;
use matchbook::simulator::{Failing, Vendor};
use matchbook::store::Store;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use sync_support::{Home, Setup, TestClock, records, world};
use time::macros::datetime;

/// The clock's steps, in minutes.
const STEP: u64 = 5;

/// Requests that IT Glue publishes for five minutes; the step of the clock is as long.
const ITGLUE_LIMIT: u64 = 3_000;

/// Requests that Addigy publishes for ten seconds.
const ADDIGY_LIMIT: u64 = 1_000;

fn setup(clock: &Arc<TestClock>) -> Setup {
    let quick = sync_support::quick();
    let tuning = matchbook::connectors::Tuning { clock: clock.clone(), ..quick };
    Setup { clock: clock.clone(), tuning, scheduled: true, ..Setup::default() }
}

/// Starts of a stream's runs, as the log has them: `04:00`.
fn starts(store: &Store, integration: &str, stream: Stream) -> Vec<String> {
    let of = |line: &matchbook::domain::LogEntry| {
        let ours = line.integration.as_ref().is_some_and(|i| i.as_str() == integration) && line.stream == Some(stream);
        ours && (line.text.contains("sync started") || line.text.contains("sync goes on after page"))
    };
    let lines = store.log(None, 100_000, &of, 100_000).unwrap();
    lines.iter().map(|line| format!("{:02}:{:02}", line.at.hour(), line.at.minute())).collect()
}

/// Values and bytes by table.
fn sizes(store: &Store) -> BTreeMap<String, (u64, u64)> {
    store.stats().unwrap().tables.into_iter().map(|(table, values, bytes)| (table, (values, bytes))).collect()
}

/// Memory of this process, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()).unwrap_or(0) * 1024
}

struct Day {
    simulator: matchbook::simulator::Simulator,
    clock: Arc<TestClock>,
    dir: tempfile::TempDir,
    home: Option<Home>,
    renamed: u32,
    /// Most requests of one step.
    most: (u64, u64),
}

impl Day {
    fn home(&self) -> &Home {
        self.home.as_ref().expect("an open home")
    }

    fn open(&mut self) {
        let dir = self.dir.path().join("store");
        self.home = Some(Home::over(&self.simulator, &dir, setup(&self.clock)));
    }

    async fn settle(&self) {
        // Any question wakes the service, which looks at the clock.
        self.home().overview().await;
        self.home().service.settled().await.expect("it settles");
    }

    /// Lives on until that time; a device of each side changes every hour.
    async fn until(&mut self, hour: u8, minute: u8) {
        let end =
            datetime!(2026-03-05 00:00 UTC) + Duration::from_secs(u64::from(hour) * 3600 + u64::from(minute) * 60);
        while self.now() < end {
            self.clock.advance(Duration::from_secs(STEP * 60));
            if self.now().minute() == 30 {
                self.change();
            }
            if self.home.is_none() {
                continue;
            }
            let before = self.simulator.requests();
            self.settle().await;
            let after = self.simulator.requests();
            self.most.0 = self.most.0.max(after.addigy.requests - before.addigy.requests);
            self.most.1 = self.most.1.max(after.itglue.requests - before.itglue.requests);
        }
    }

    fn now(&self) -> Timestamp {
        matchbook::domain::Clock::now(&*self.clock)
    }

    fn change(&mut self) {
        self.renamed += 1;
        let Some(home) = &self.home else { return };
        let all = records(&home.store, &["addigy", "itglue"]);
        let id = |name: &str| {
            let found = all.keys().find(|(i, s, _)| i == name && *s == Stream::Devices);
            found.map(|(_, _, id)| id.as_str().to_owned()).expect("a device")
        };
        let name = format!("Renamed {}", self.renamed);
        assert!(self.simulator.control().addigy().rename_device(&id("addigy"), &name));
        assert!(self.simulator.control().itglue().rename_configuration(&id("itglue"), &name));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_of_schedules_limits_pauses_and_restarts() {
    let simulator = world(8, 160).await;
    let clock = TestClock::at(datetime!(2026-03-05 00:00 UTC));
    let dir = tempfile::tempdir().unwrap();
    let mut day = Day { simulator, clock, dir, home: None, renamed: 0, most: (0, 0) };
    day.open();
    day.settle().await;
    day.until(7, 55).await;
    // A vendor that asks to wait for two hours: longer than a run waits, so the run ends and comes again then.
    day.simulator.control().fail_next(Vendor::ItGlue, 1, Failing::Limited { retry_after: 7_200 });
    day.until(9, 0).await;
    let limited = day.home().progress("itglue", Stream::Devices).await;
    let RunState::Failed { failure } = &limited.state else { panic!("{:?}", limited.state) };
    assert!(failure.class == FailureClass::Limit && failure.what.contains("10:00"), "{failure}");
    assert_eq!(limited.next, Some(datetime!(2026-03-05 10:00 UTC)), "and the next run is shown");
    day.until(12, 30).await;
    let (noon, memory) = (sizes(&day.home().store), resident());
    let (noon_disk, _) = Store::room(&day.dir.path().join("store"));

    day.until(13, 0).await;
    day.home().command(Command::Pause { integration: "addigy".into() }).await;
    day.until(19, 0).await;
    assert_eq!(day.home().overview().await.integrations[0].next, None, "nothing is planned while it is paused");
    day.home().command(Command::Resume { integration: "addigy".into() }).await;
    day.settle().await;
    day.until(20, 0).await;
    day.home.take().expect("an open home").close().await;
    day.until(22, 30).await;
    day.open();
    day.settle().await;
    // A vendor that is out of order for a moment longer than a run tries: it is tried again by itself half an hour later.
    day.until(22, 55).await;
    day.simulator.control().fail_next(Vendor::Addigy, 5, Failing::Status(503));
    day.until(23, 5).await;
    let failed = day.home().progress("addigy", Stream::Devices).await;
    let RunState::Failed { failure } = &failed.state else { panic!("{:?}", failed.state) };
    assert_eq!((failure.class, failed.retry_at), (FailureClass::Vendor, Some(datetime!(2026-03-05 23:30 UTC))));
    day.until(24, 0).await;
    assert_eq!(day.home().progress("addigy", Stream::Devices).await.state, RunState::Ok);

    let store = &day.home().store;
    let devices = |of: &str| starts(store, of, Stream::Devices).join(" ");
    assert_eq!(
        devices("addigy"),
        "00:00 04:00 08:00 12:00 19:00 23:00 23:30",
        "16:00 was paused and is caught up once"
    );
    assert_eq!(
        devices("itglue"),
        "00:00 04:00 08:00 10:00 14:00 18:00 22:30",
        "22:00 was missed and is caught up once"
    );
    for of in ["addigy", "itglue"] {
        assert_eq!(starts(store, of, Stream::Companies).join(" "), "00:00 02:00", "{of}");
    }
    assert!(day.most.0 > 0 && day.most.0 < ADDIGY_LIMIT, "Addigy: {} requests in {STEP} minutes", day.most.0);
    assert!(day.most.1 > 0 && day.most.1 < ITGLUE_LIMIT / 2, "IT Glue: {} requests in {STEP} minutes", day.most.1);
    println!("most requests in {STEP} minutes: Addigy {}, IT Glue {}", day.most.0, day.most.1);

    // The second half of the day has left nothing but its log lines; a record's events are bounded.
    let night = sizes(store);
    for (table, (values, bytes)) in &night {
        let before = noon.get(table).copied().unwrap_or_default();
        println!("{table}: {} → {values} values, {} → {bytes} bytes", before.0, before.1);
        if table == "sync log" {
            assert!(values - before.0 < 200, "lines of a quiet half day: {}", values - before.0);
        } else if ["records", "record events", "ids seen by runs", "held changes", "bad rows", "runs"]
            .contains(&&**table)
        {
            assert!(*values <= before.0 + 4 && *bytes <= before.1 + 4_096, "{table} grows");
        }
    }
    let (night_disk, live) = Store::room(&day.dir.path().join("store"));
    println!("on disk: {noon_disk} → {night_disk} bytes, {live:?} of values");
    // The file grows in steps of half a megabyte, and is written anew where it becomes twice what it holds.
    assert!(night_disk <= noon_disk + (4 << 20), "{night_disk} bytes on disk, {noon_disk} at noon");
    let grown = resident().saturating_sub(memory);
    assert!(grown < 64 << 20, "{grown} bytes more than at noon");
    day.home.take().expect("an open home").close().await;
}
