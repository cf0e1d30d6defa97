//! Runs that ask only for what changed, over the simulated vendors.

mod sync_support;

use matchbook::connectors::Tuning;
use matchbook::domain::{RunState, Stream};
use matchbook::simulator::{Failing, Vendor};
use sync_support::{Home, Setup, TestClock, quick, records, world};

/// Ids of an integration's records of a stream.
fn ids(home: &Home, stream: Stream) -> Vec<String> {
    let all = records(&home.store, &["itglue"]);
    all.into_keys().filter(|(_, s, _)| *s == stream).map(|(_, _, id)| id.as_str().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_sync_asks_only_for_what_changed_and_a_full_one_finds_what_is_gone() {
    let simulator = world(40, 600).await;
    let dir = tempfile::tempdir().unwrap();
    let home = Home::over(&simulator, &dir.path().join("store"), Setup::default());
    home.sync(Some("itglue"), None, false).await;
    let all = home.progress("itglue", Stream::Devices).await.counts;
    assert!(all.read > 300 && all.added == all.read, "{all:?}");
    let control = simulator.control();
    let (devices, companies) = (ids(&home, Stream::Devices), ids(&home, Stream::Companies));
    assert!(control.itglue().rename_configuration(&devices[7], "Renamed Mac"));
    assert!(control.itglue().rename_organization(&companies[5], "Renamed Ltd"));
    assert!(control.itglue().delete_configuration(&devices[9]));

    let before = simulator.requests().itglue.requests;
    home.sync(Some("itglue"), None, false).await;
    let spent = simulator.requests().itglue.requests - before;
    for (stream, name) in [(Stream::Devices, "Renamed Mac"), (Stream::Companies, "Renamed Ltd")] {
        let progress = home.progress("itglue", stream).await;
        assert_eq!(progress.state, RunState::Ok);
        let counts = progress.counts;
        assert_eq!((counts.added, counts.changed, counts.orphaned), (0, 1, 0), "{stream}: {counts:?}");
        assert!(counts.read <= 50, "{stream} reads one page at most: {counts:?}");
        assert!(records(&home.store, &["itglue"]).values().any(|(r, _)| r.name() == name));
    }
    assert!(spent < 10, "{spent} requests for two changes");
    assert!(home.log().iter().any(|l| l.text.contains("changes since")));

    home.sync(Some("itglue"), None, true).await;
    assert_eq!(home.progress("itglue", Stream::Devices).await.counts.orphaned, 1, "a full listing finds it");
    let mut undisturbed = records(&home.store, &["itglue"]);
    let fresh = tempfile::tempdir().unwrap();
    let other = Home::over(&simulator, &fresh.path().join("store"), Setup::default());
    other.sync(Some("itglue"), None, false).await;
    undisturbed.retain(|_, (_, gone)| !*gone);
    assert!(records(&other.store, &["itglue"]) == undisturbed, "as if read for the first time");
    other.close().await;
    home.close().await;
}

/// Each run asks for what changed since the one before it began, not since the last full listing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_run_asks_since_the_one_before() {
    let simulator = world(8, 90).await;
    let dir = tempfile::tempdir().unwrap();
    let clock = TestClock::at(time::OffsetDateTime::now_utc() - std::time::Duration::from_hours(6));
    let tuning = Tuning { clock: clock.clone(), ..quick() };
    let setup = Setup { clock: clock.clone(), tuning, ..Setup::default() };
    let home = Home::over(&simulator, &dir.path().join("store"), setup);
    let since = |home: &Home| home.store.watermark(&"itglue".into(), Stream::Devices).unwrap().unwrap().since;
    let mut asked = Vec::new();
    for _ in 0..4 {
        home.sync(Some("itglue"), Some(Stream::Devices), false).await;
        asked.push(since(&home));
        clock.advance(std::time::Duration::from_hours(1));
    }
    let steps: Vec<i64> = asked.windows(2).map(|pair| (pair[1] - pair[0]).whole_minutes()).collect();
    assert_eq!(steps, [60, 60, 60], "{asked:?}");
    let told: Vec<String> =
        home.log().into_iter().map(|l| l.text).filter(|t| t.contains("complete (changes since")).collect();
    let moments: std::collections::BTreeSet<&str> = told.iter().filter_map(|t| t.split(')').next()).collect();
    assert_eq!((told.len(), moments.len()), (3, 3), "{told:?}");
    home.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendor_that_does_not_take_the_question_is_asked_for_everything() {
    let simulator = world(12, 100).await;
    let dir = tempfile::tempdir().unwrap();
    let home = Home::over(&simulator, &dir.path().join("store"), Setup::default());
    home.sync(Some("itglue"), None, false).await;
    let control = simulator.control();
    let companies = ids(&home, Stream::Companies);
    assert!(control.itglue().rename_organization(&companies[5], "Renamed Ltd"));
    control.fail_next(Vendor::ItGlue, 1, Failing::Status(422));
    home.sync(Some("itglue"), Some(Stream::Companies), false).await;
    let failed = home.state("itglue", Stream::Companies).await;
    assert!(matches!(failed, RunState::Failed { .. }), "{failed:?}");
    home.sync(Some("itglue"), Some(Stream::Companies), false).await;
    let progress = home.progress("itglue", Stream::Companies).await;
    assert_eq!((progress.state, progress.counts.changed), (RunState::Ok, 1));
    assert_eq!(progress.counts.read, companies.len() as u64, "a full listing");
    home.close().await;
}
