//! What a sync finds and a person decides, over the simulated vendors: mass changes, devices enrolled anew, vanished
//! companies, records that come back.

mod sync_support;

use matchbook::domain::{Record, RunState, Stream};
use matchbook::service::messages::{CardAbout, Command, IntegrationState};
use sync_support::{Home, Setup, records, world};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mass_of_vanished_devices_asks_and_the_answer_is_carried_out_exactly() {
    let simulator = world(12, 200).await;
    let dir = tempfile::tempdir().unwrap();
    let home = Home::over(&simulator, &dir.path().join("store"), Setup::default());
    home.sync(None, None, false).await;
    let before = records(&home.store, &["addigy"]);
    let matched = home.any_match(Stream::Devices);

    simulator.control().addigy().keep_devices(120);
    home.sync(Some("addigy"), None, false).await;
    let RunState::Asks { change } = home.state("addigy", Stream::Devices).await else { panic!("it asks") };
    assert_eq!((change.gone, change.changed, change.live), (80, 0, 200));
    assert!(records(&home.store, &["addigy"]) == before, "nothing was applied");
    let overview = home.overview().await;
    assert_eq!((overview.cards, &overview.integrations[0].state), (1, &IntegrationState::Asks));
    let card = home.cards().await.remove(0);
    assert!(matches!(&card.about, CardAbout::MassChange { stream: Stream::Devices, .. }));
    assert_eq!(card.lines.len(), 80);
    assert!(home.log().iter().any(|l| l.text.contains("80 of 200 devices") && l.text.contains("--accept-mass-change")));

    // Refused: as before; the vendor still says so, and the next sync asks again.
    home.answer(&card.key, false).await;
    assert_eq!(home.state("addigy", Stream::Devices).await, RunState::Ok);
    assert!(records(&home.store, &["addigy"]) == before);
    home.sync(Some("addigy"), None, false).await;
    let again = home.cards().await.remove(0);
    assert_ne!(again.key, card.key);
    home.answer(&again.key, true).await;
    assert_eq!(home.state("addigy", Stream::Devices).await, RunState::Ok);
    let after = records(&home.store, &["addigy"]);
    assert_eq!(after.iter().filter(|((_, s, _), (_, gone))| *s == Stream::Devices && *gone).count(), 80);
    assert_eq!(home.store.live_count(&"addigy".into(), Stream::Devices), 120);
    assert_eq!(home.matched(Stream::Devices, &matched.0), Some(matched.1), "decisions stay whatever is gone");
    assert!(home.cards().await.iter().all(|c| !matches!(c.about, CardAbout::MassChange { .. })));
    home.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mass_of_renamed_companies_asks_and_a_few_are_only_updates() {
    let simulator = world(40, 100).await;
    let dir = tempfile::tempdir().unwrap();
    let home = Home::over(&simulator, &dir.path().join("store"), Setup::default());
    home.sync(None, None, false).await;
    let organizations: Vec<String> = records(&home.store, &["itglue"])
        .into_values()
        .filter_map(|(r, _)| matches!(r, Record::Company(_)).then(|| r.id().as_str().to_owned()))
        .collect();
    let control = simulator.control();
    for id in &organizations[..3] {
        control.itglue().rename_organization(id, "Renamed Ltd");
    }
    home.sync(Some("itglue"), Some(Stream::Companies), true).await;
    let progress = home.progress("itglue", Stream::Companies).await;
    assert_eq!((progress.state, progress.counts.changed), (RunState::Ok, 3));
    for id in &organizations[..30] {
        control.itglue().rename_organization(id, "Unknown");
    }
    home.sync(Some("itglue"), Some(Stream::Companies), true).await;
    let RunState::Asks { change } = home.state("itglue", Stream::Companies).await else { panic!("it asks") };
    assert_eq!((change.changed, change.gone), (30, 0));
    let card = home.cards().await.remove(0);
    assert!(card.lines[0].contains("name Renamed Ltd → Unknown"), "{:?}", card.lines);
    let renamed = |name: &str| records(&home.store, &["itglue"]).values().filter(|(r, _)| r.name() == name).count();
    assert_eq!((renamed("Renamed Ltd"), renamed("Unknown")), (3, 0));
    home.answer(&card.key, true).await;
    assert_eq!((renamed("Renamed Ltd"), renamed("Unknown")), (0, 30));
    home.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_enrolled_anew_takes_its_match_over_only_by_a_person() {
    let simulator = world(12, 200).await;
    let dir = tempfile::tempdir().unwrap();
    let home = Home::over(&simulator, &dir.path().join("store"), Setup::default());
    home.sync(None, None, false).await;
    let (old, target) = home.any_match(Stream::Devices);
    let all = records(&home.store, &["addigy"]);
    let Record::Device(device) = &all[&("addigy".into(), Stream::Devices, old.as_str().into())].0 else { panic!() };
    let (serial, policy) = (device.serial.clone().unwrap(), device.company.clone().unwrap());
    let control = simulator.control();
    assert!(control.addigy().delete_device(&old));
    let new = control.addigy().add_device(policy.as_str(), &device.name, Some(&serial), None).unwrap();
    home.sync(Some("addigy"), None, false).await;
    assert_eq!(home.matched(Stream::Devices, &old), Some(target.clone()));
    assert_eq!(home.matched(Stream::Devices, &new), None, "nothing moves by itself");
    let cards = home.cards().await;
    assert_eq!(cards.len(), 1, "{cards:?}");
    assert!(cards[0].title.contains("was enrolled anew") && cards[0].lines[0].contains(&serial), "{cards:?}");

    home.answer(&cards[0].key, true).await;
    assert_eq!(
        (home.matched(Stream::Devices, &old), home.matched(Stream::Devices, &new)),
        (None, Some(target.clone()))
    );
    assert!(home.cards().await.is_empty());
    home.command(Command::Undo { entry: None }).await;
    home.service.settled().await.unwrap();
    assert_eq!((home.matched(Stream::Devices, &old), home.matched(Stream::Devices, &new)), (Some(target), None));
    let cards = home.cards().await;
    assert_eq!(cards.len(), 1, "one undo takes the whole step back");
    home.answer(&cards[0].key, false).await;
    assert!(home.cards().await.is_empty(), "put away");
    home.close().await;

    let home = Home::over(&simulator, &dir.path().join("store"), Setup::default());
    home.service.settled().await.unwrap();
    assert!(home.cards().await.is_empty(), "for good");
    home.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_comes_back_has_its_match() {
    let simulator = world(12, 200).await;
    let dir = tempfile::tempdir().unwrap();
    let home = Home::over(&simulator, &dir.path().join("store"), Setup::default());
    home.sync(None, None, false).await;
    let (source, target) = home.any_match(Stream::Devices);
    let before = records(&home.store, &["addigy"]);
    let control = simulator.control();
    let taken = control.addigy().take_device(&source).expect("the device is there");
    home.sync(Some("addigy"), None, false).await;
    let key = ("addigy".to_owned(), Stream::Devices, source.as_str().into());
    assert!(records(&home.store, &["addigy"])[&key].1, "orphaned");
    control.addigy().give_device_back(taken);
    home.sync(Some("addigy"), None, false).await;
    assert!(records(&home.store, &["addigy"]) == before);
    assert_eq!(home.matched(Stream::Devices, &source), Some(target));
    home.close().await;
}
