//! ConnectWise Manage, Autotask and IT Glue synced by the real service while things go wrong: nothing is lost or doubled,
//! nothing is orphaned that is still there, and the log says in words what happened.

mod sync_support;

use matchbook::connectors::{Connection, Tuning};
use matchbook::domain::{LogLevel, RunState, Stream};
use matchbook::simulator::{self, Failing, Latency, Limit, Options, Simulator, Vendor};
use std::collections::BTreeSet;
use std::time::Duration;
use sync_support::{Home, Records, Setup, connection, quick, records};
use tempfile::TempDir;

/// Streams of a PSA or a documentation that a flow may want.
const STREAMS: [Stream; 5] =
    [Stream::Companies, Stream::DeviceTypes, Stream::Locations, Stream::Contacts, Stream::Devices];

const VENDORS: [(Vendor, &str); 3] =
    [(Vendor::ConnectWise, "connectwise"), (Vendor::Autotask, "autotask"), (Vendor::ItGlue, "itglue")];

async fn world() -> Simulator {
    let options = Options { companies: 15, devices: 260, seed: 11, ..Options::default() };
    let simulator = simulator::start(options).await.unwrap();
    simulator.control().autotask().set_latency(Latency::NONE);
    // One request for each company goes fast here: what is looked at is not the pace.
    simulator.control().set_limit(Vendor::ConnectWise, Limit { requests: 100_000, per: Duration::from_mins(1) });
    simulator
}

fn account(simulator: &Simulator, vendor: Vendor) -> Connection {
    let ends = simulator.endpoints();
    match vendor {
        Vendor::ConnectWise => {
            let end = &ends.connectwise;
            let secrets = [
                ("public_key", end.public_key.as_str()),
                ("private_key", &end.private_key),
                ("client_id", &end.client_id),
            ];
            connection("connectwise", &end.base_url, &secrets, &[("company", &end.company)])
        }
        Vendor::Autotask => {
            let end = &ends.autotask;
            let secrets = [("secret", end.secret.as_str()), ("integration_code", &end.integration_code)];
            connection("autotask", &end.base_url, &secrets, &[("username", &end.username)])
        }
        _ => connection("itglue", &ends.itglue.base_url, &[("api_key", &ends.itglue.api_key)], &[]),
    }
}

/// A home over one vendor.
struct One {
    home: Home,
    name: &'static str,
    _dir: TempDir,
}

impl One {
    fn over(simulator: &Simulator, vendor: (Vendor, &'static str), tuning: Tuning) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let setup = Setup { tuning, ..Setup::default() };
        let home = Home::with(dir.path(), vec![account(simulator, vendor.0)], setup);
        Self { home, name: vendor.1, _dir: dir }
    }

    async fn sync(&self) {
        for stream in STREAMS {
            self.home.sync(Some(self.name), Some(stream), true).await;
        }
    }

    fn records(&self) -> Records {
        records(&self.home.store, &[self.name])
    }

    fn live(&self, stream: Stream) -> BTreeSet<String> {
        let all = self.records().into_iter().filter(|((_, s, _), (_, orphaned))| *s == stream && !orphaned);
        all.map(|((_, _, id), _)| id.to_string()).collect()
    }

    async fn state(&self, stream: Stream) -> RunState {
        self.home.state(self.name, stream).await
    }

    /// Lines of the log that warn or worse, as one text.
    fn told(&self) -> String {
        let lines = self.home.log().into_iter().filter(|line| line.level >= LogLevel::Warn);
        lines.map(|line| line.text + "\n").collect()
    }

    /// It has those records and no others, in the same state.
    fn same(&self, wanted: &Records) {
        let all = self.records();
        let differ = || {
            let changed = wanted.iter().filter(|(key, value)| all.get(key) != Some(value)).map(|(key, _)| key);
            changed.chain(all.keys().filter(|key| !wanted.contains_key(key))).take(5).cloned().collect::<Vec<_>>()
        };
        let of = (all.len(), wanted.len());
        assert!(all == *wanted, "{}: {of:?} records, {:?} differ; told: {}", self.name, differ(), self.told());
    }

    fn says(&self, words: &[&str]) {
        let told = self.told();
        for word in words {
            assert!(told.contains(word), "{}: “{word}” is not said: {told}", self.name);
        }
    }
}

/// What an undisturbed home has.
async fn undisturbed(simulator: &Simulator, vendor: (Vendor, &'static str)) -> Records {
    let one = One::over(simulator, vendor, quick());
    one.sync().await;
    assert_eq!(one.told(), "", "{}", vendor.1);
    let all = one.records();
    assert!(STREAMS.iter().all(|stream| all.keys().any(|(_, s, _)| s == stream)), "{}", vendor.1);
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_are_waited_for_and_everything_comes() {
    let simulator = world().await;
    for vendor in VENDORS {
        let wanted = undisturbed(&simulator, vendor).await;
        let one = One::over(&simulator, vendor, quick());
        simulator.control().fail_next(vendor.0, 3, Failing::Limited { retry_after: 0 });
        one.sync().await;
        one.same(&wanted);
        one.says(&["request limit"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_thread_limit_of_autotask_is_waited_for() {
    let simulator = world().await;
    let vendor = VENDORS[1];
    let wanted = undisturbed(&simulator, vendor).await;
    let one = One::over(&simulator, vendor, Tuning { limit_tries: 400, ..quick() });
    let control = simulator.control();
    let before = simulator.requests().autotask.over_limit;
    control.autotask().occupy_threads("Contacts", 3);
    let free = async {
        // Another program holds every thread until matchbook was refused a few times.
        while simulator.requests().autotask.over_limit < before + 3 {
            tokio::task::yield_now().await;
        }
        control.autotask().release_threads();
    };
    tokio::join!(one.sync(), free);
    one.same(&wanted);
    one.says(&["request limit"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_hourly_threshold_is_not_passed_and_the_sync_goes_on_when_it_is_over() {
    let simulator = world().await;
    let vendor = VENDORS[1];
    let wanted = undisturbed(&simulator, vendor).await;
    let control = simulator.control();
    // Nearly all of it is used by others: matchbook waits instead of taking the rest.
    control.use_up(vendor.0, 9_500);
    let one = One::over(&simulator, vendor, Tuning { usage_wait: Duration::from_secs(1), ..quick() });
    let used = simulator.requests().autotask.requests;
    let over = async {
        while !one.told().contains("that all programs together may send are used") {
            tokio::task::yield_now().await;
        }
        let asked = simulator.requests().autotask.requests - used;
        assert!(asked < 5, "{asked} requests although the threshold was near");
        control.set_limit(vendor.0, Limit { requests: 10_000, per: Duration::from_hours(1) });
    };
    tokio::join!(one.sync(), over);
    one.same(&wanted);
    assert_eq!(simulator.requests().autotask.over_limit, 0);

    // All of it: the vendor refuses for the rest of the hour. The run says until when, and nothing is lost.
    control.use_up(vendor.0, 10_000);
    one.home.sync(Some("autotask"), Some(Stream::Companies), true).await;
    assert!(matches!(one.state(Stream::Companies).await, RunState::Failed { .. }));
    one.says(&["Autotask", "does not answer until", "request limit"]);
    one.same(&wanted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_that_moves_between_two_syncs_is_found_again() {
    let simulator = world().await;
    let vendor = VENDORS[1];
    let one = One::over(&simulator, vendor, quick());
    one.sync().await;
    let before = one.records();
    simulator.control().autotask().move_zone();
    one.sync().await;
    one.same(&before);
    assert!(one.home.log().iter().any(|line| line.text.contains("has moved the account")));
    // A wrong code base of ConnectWise is corrected the same way.
    let end = account(&simulator, Vendor::ConnectWise);
    let base = end.base_url.clone().unwrap().replace("v4_6_release", "v2019_5");
    let dir = tempfile::tempdir().unwrap();
    let old = Home::with(dir.path(), vec![Connection { base_url: Some(base), ..end }], Setup::default());
    old.sync(Some("connectwise"), Some(Stream::Companies), true).await;
    assert_eq!(old.state("connectwise", Stream::Companies).await, RunState::Ok);
    assert!(old.log().iter().any(|line| line.text.contains("has moved the account")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_revoked_in_mid_run_loses_nothing() {
    let simulator = world().await;
    for vendor in VENDORS {
        let wanted = undisturbed(&simulator, vendor).await;
        let one = One::over(&simulator, vendor, quick());
        let control = simulator.control();
        let requests = || {
            let all = simulator.requests();
            match vendor.0 {
                Vendor::ConnectWise => all.connectwise.requests,
                Vendor::Autotask => all.autotask.requests,
                _ => all.itglue.requests,
            }
        };
        // Held at its first request: whatever it has asked by then, the rest is refused.
        let before = requests();
        let revoke = async {
            while requests() < before + 3 {
                tokio::task::yield_now().await;
            }
            control.revoke_key(vendor.0);
        };
        let contacts = one.home.sync(Some(vendor.1), Some(Stream::Contacts), true);
        tokio::join!(contacts, revoke);
        // The run was over before the key was gone, or it stopped with words.
        if one.state(Stream::Contacts).await != RunState::Ok {
            one.says(&["key"]);
        }
        one.home.sync(Some(vendor.1), Some(Stream::Companies), true).await;
        assert!(matches!(one.state(Stream::Companies).await, RunState::Failed { .. }), "{}", vendor.1);
        assert!(one.records().values().all(|(_, orphaned)| !orphaned), "{}", vendor.1);
        control.restore_key(vendor.0);
        one.sync().await;
        one.same(&wanted);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_cannot_be_read_is_named_and_its_record_stays() {
    let simulator = world().await;
    for vendor in VENDORS {
        let one = One::over(&simulator, vendor, quick());
        one.sync().await;
        let before = one.records();
        simulator.control().fail_next(vendor.0, 1, Failing::BadRow);
        one.home.sync(Some(vendor.1), Some(Stream::DeviceTypes), true).await;
        one.same(&before);
        let counts = one.home.progress(vendor.1, Stream::DeviceTypes).await.counts;
        assert_eq!((counts.bad, counts.orphaned), (1, 0), "{}", vendor.1);
        one.says(&["left out"]);
        one.sync().await;
        one.same(&before);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_come_and_go_while_paging_are_neither_lost_nor_doubled() {
    let simulator = world().await;
    let control = simulator.control();
    for vendor in VENDORS {
        let one = One::over(&simulator, vendor, quick());
        one.sync().await;
        let before = one.live(Stream::Contacts);
        // A row that was listed vanishes and comes back under another id: what follows moves up by one.
        match vendor.0 {
            Vendor::Autotask => control.autotask().shift_while_paging("Contacts"),
            other => control.fail_next(other, 1, Failing::Shifted),
        }
        one.home.sync(Some(vendor.1), Some(Stream::Contacts), true).await;
        let during = one.live(Stream::Contacts);
        assert!(before.difference(&during).count() <= 1, "{}: what stayed is still there", vendor.1);
        one.home.sync(Some(vendor.1), Some(Stream::Contacts), true).await;
        let after = one.live(Stream::Contacts);
        assert_eq!(after.len(), before.len(), "{}: as many as there are", vendor.1);
        assert_eq!(before.difference(&after).count(), 1, "{}: one went", vendor.1);
        assert_eq!(after.difference(&before).count(), 1, "{}: one came", vendor.1);
    }
}
