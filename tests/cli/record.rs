//! `matchbook record`: one record synced now, switched off and on, and its history.

use super::home::{Home, vendors};
use matchbook::simulator::{Faults, Simulator};
use serde_json::Value;

/// A synced home, and its devices that are matched.
fn synced() -> (Home, Simulator, Vec<String>) {
    let (home, simulator) = (Home::new(), vendors(6, 60, Faults::None));
    home.connect(&simulator);
    home.ok(&["sync"]);
    let rows = home.ok(&["queue", "addigy-itglue", "--stream", "devices", "--filter", "matched", "--json"]);
    let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
    let ids = rows.lines().map(id).collect();
    (home, simulator, ids)
}

fn sheet(home: &Home, id: &str) -> Value {
    home.json(&["record", "show", "addigy/devices", id, "--json"])
}

fn told(sheet: &Value) -> Vec<String> {
    let line = |line: &Value| format!("{}: {}", line["by"].as_str().unwrap(), line["text"].as_str().unwrap());
    sheet["history"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn one_record_is_synced_now() {
    let (home, simulator, ids) = synced();
    let (one, other) = (ids[0].as_str(), ids[1].as_str());
    for id in [one, other] {
        assert!(simulator.control().addigy().rename_device(id, "Renamed at the vendor"));
    }
    let before = simulator.requests().addigy.requests;
    home.ok(&["record", "sync", "addigy/devices", one]);
    assert!(simulator.requests().addigy.requests - before <= 3, "it alone is asked for");
    assert_eq!(sheet(&home, one)["name"], "Renamed at the vendor");
    assert_ne!(sheet(&home, other)["name"], "Renamed at the vendor", "nothing else is");
    // Said in words, also in JSON.
    let done = home.json(&["record", "sync", "addigy/devices", one, "--json"]);
    assert!(!done["done"].as_str().unwrap().is_empty(), "{done}");
}

#[test]
fn a_record_whose_sync_is_off_stays_as_it_is_until_it_is_on_again() {
    let (home, simulator, ids) = synced();
    let (changed, gone) = (ids[0].as_str(), ids[1].as_str());
    let name = sheet(&home, changed)["name"].clone();
    for id in [changed, gone] {
        home.ok(&["record", "off", "addigy/devices", id]);
        assert_eq!(sheet(&home, id)["synced"], false);
    }
    assert!(simulator.control().addigy().rename_device(changed, "Renamed at the vendor"));
    assert!(simulator.control().addigy().delete_device(gone));
    home.ok(&["sync", "addigy", "--full"]);
    assert_eq!(sheet(&home, changed)["name"], name, "not changed");
    assert!(sheet(&home, gone)["orphaned"].is_null(), "not orphaned");
    for id in [changed, gone] {
        home.ok(&["record", "on", "addigy/devices", id]);
        assert_eq!(sheet(&home, id)["synced"], true);
    }
    home.ok(&["sync", "addigy", "--full"]);
    assert_eq!(sheet(&home, changed)["name"], "Renamed at the vendor");
    assert!(!sheet(&home, gone)["orphaned"].is_null());
}

#[test]
fn a_record_shows_what_became_of_it() {
    let (home, simulator, ids) = synced();
    let id = ids[0].as_str();
    assert!(simulator.control().addigy().rename_device(id, "Renamed at the vendor"));
    home.ok(&["sync", "addigy", "--full"]);
    home.ok(&["decide", "unmatch", "addigy-itglue", "devices", id]);
    home.ok(&["decide", "ignore", "addigy-itglue", "devices", id]);
    home.ok(&["record", "off", "addigy/devices", id]);
    let sheet = sheet(&home, id);
    let told = told(&sheet);
    let has = |who: &str, words: &str| told.iter().any(|line| line.starts_with(who) && line.contains(words));
    assert!(has("run ", "first seen") && has("run ", "name"), "what syncs saw: {told:#?}");
    assert!(has("tester", "gnore"), "what was decided: {told:#?}");
    assert!(has("by hand", "off"), "what was switched: {told:#?}");
    let shown = home.ok(&["record", "show", "addigy/devices", id]);
    assert!(shown.contains("sync off") && shown.contains("Renamed at the vendor"), "{shown}");
    home.refused(
        &["record", "show", "addigy/devices", "nobody"],
        2,
        &["no devices with the id nobody", "matchbook why"],
    );
    home.refused(&["record", "sync", "addigy", id], 2, &["INTEGRATION/STREAM"]);
    home.refused(&["record", "off", "nowhere/devices", id], 2, &["nowhere"]);
}
