//! `why`: one record for each gate that can keep it from a match; the first that it fails is named.

use super::home::{Home, text, vendors};
use matchbook::simulator::{Faults, Vendor};
use serde_json::Value;
use std::fs;

/// A file of rows.
fn write(home: &Home, name: &str, rows: &str) -> String {
    let path = home.path().join(name);
    fs::write(&path, rows).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The first gate that a record fails, with its answer; empty where it passes all. `what` names the record's flow side
/// when several fit.
fn stopped(home: &Home, what: &str) -> (String, String) {
    let records = home.json(&["why", what, "--json"]);
    let record = &records[0];
    let name = record["stopped"].as_str().unwrap_or_default();
    let gates = record["gates"].as_array().unwrap();
    let gate = gates.iter().find(|gate| gate["passed"] == false);
    assert_eq!(gate.map_or("", |gate| gate["name"].as_str().unwrap()), name, "the first: {records}");
    (name.to_owned(), gate.map(|gate| gate["text"].as_str().unwrap().to_owned()).unwrap_or_default())
}

#[track_caller]
fn stops_at(home: &Home, what: &str, gate: &str, words: &str) {
    let (name, text) = stopped(home, what);
    assert!(name == gate && text.contains(words), "{what}: {gate} “{words}”: {name} {text}");
}

const COMPANIES: &str = "id,name,status\n1,Acme Widgets,Active\n2,Quill Media,Active\n3,Empty Shell,Active\n\
                         4,Nobody Knows,Active\n5,Closed Down,Gone\n";
const DEVICES: &str = "id,name,serial,company id\n11,acme-1,C02TEST00011,1\n12,quill-1,C02TEST00012,2\n\
                       13,acme-2,To be filled by O.E.M.,1\n14,nobody-1,C02TEST00014,4\n15,closed-1,C02TEST00015,5\n\
                       16,astray-1,C02TEST00016,77\n17,quill-2,C02TEST00017,2\n";

/// Two lists that are one flow, synced.
fn lists() -> Home {
    let home = Home::new();
    let left = (write(&home, "left.csv", COMPANIES), write(&home, "left-devices.csv", DEVICES));
    let right = write(&home, "right.csv", "id,name\n71,Acme Widgets\n72,Quill Media LLC\n73,Nothing Alike\n");
    let devices = write(&home, "right-devices.csv", "id,name,serial,company id\n81,acme-1,C02TEST00011,71\n");
    home.ok(&["connect", "left", "--connector", "csv", "--companies", &left.0, "--devices", &left.1]);
    home.ok(&["connect", "right", "--connector", "csv", "--companies", &right, "--devices", &devices]);
    home.ok(&["flow", "add", "left", "right"]);
    home
}

#[test]
fn syncs_and_listings_are_the_first_gates() {
    let home = lists();
    // Nothing is stored: it is said which streams were not read.
    let output = home.run(&["why", "acme"], "");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("nothing stored") && said.contains("left companies: never read"), "{said}");

    // Two of one vendor are told apart by the names they were given.
    let said = home.ok(&["status"]);
    assert!(said.contains("left → right"), "{said}");

    home.ok(&["sync", "left"]);
    stops_at(&home, "Acme Widgets", "target synced?", "right companies were never read");
    home.ok(&["sync", "right"]);
    assert_eq!(stopped(&home, "Acme Widgets").0, "", "everything is passed");
    let said = home.ok(&["why", "Empty Shell"]);
    assert!(said.contains("→ has devices? no: a company without devices is not listed"), "{said}");

    // A row that is no longer listed, and one that cannot be read.
    write(&home, "left-devices.csv", &DEVICES.replace("12,quill-1,C02TEST00012,2\n", ""));
    home.run(&["sync", "left", "--full"], "");
    stops_at(&home, "C02TEST00012", "still listed by the vendor?", "orphaned");
    write(&home, "left-devices.csv", &DEVICES.replace("12,quill-1", ",unreadable-1"));
    home.run(&["sync", "left", "--full"], "");
    stops_at(&home, "unreadable-1", "could be read?", "matchbook bad-rows left/devices");

    // So many are gone that a person is asked: nothing of it was applied.
    let few = "id,name,serial,company id\n11,acme-1,C02TEST00011,1\n";
    let many = (100..160).fold(few.to_owned(), |rows, n| rows + &format!("{n},more-{n},C02MORE{n:05},1\n"));
    write(&home, "left-devices.csv", &many);
    home.run(&["sync", "left", "--full"], "");
    write(&home, "left-devices.csv", few);
    home.run(&["sync", "left", "--full"], "");
    stops_at(&home, "more-105", "synced?", "waits for a person");
    // A file that is gone.
    fs::remove_file(home.file("left-devices.csv")).unwrap();
    home.run(&["sync", "left"], "");
    stops_at(&home, "acme-1", "synced?", "the last run failed");
}

#[test]
fn sync_settings_and_pauses_are_gates() {
    let home = lists();
    home.ok(&["sync"]);
    home.ok(&["settings", "left", "--set", "company_statuses=Active", "--yes"]);
    stops_at(&home, "Closed Down", "within the sync settings?", "Gone");
    stops_at(&home, "closed-1", "within the sync settings?", "company");
    // What was never stored may be left out by them too.
    let output = home.run(&["why", "never seen"], "");
    assert!(text(&output.stderr).contains("left companies: its sync settings leave records out"), "{output:?}");

    home.ok(&["record", "off", "left/devices", "17"]);
    stops_at(&home, "quill-2", "its sync is on?", "switched its sync off");
    home.ok(&["record", "on", "left/devices", "17"]);
    home.ok(&["pause", "left"]);
    stops_at(&home, "acme-1", "not paused?", "left is paused");
    home.ok(&["resume", "left"]);
    home.ok(&["pause", "--flow", "left-right"]);
    stops_at(&home, "acme-1", "not paused?", "the flow left-right is paused");
    home.ok(&["resume", "--flow", "left-right"]);

    // Not in a flow, not of its streams, on the target's side.
    stops_at(&home, "Nothing Alike", "has a match?", "no record of left");
    home.ok(&["flow", "remove", "left-right"]);
    stops_at(&home, "acme-1", "in a flow?", "matchbook flow add left");
    home.ok(&["flow", "add", "left", "right", "--streams", "companies"]);
    stops_at(&home, "C02TEST00011", "matched in the flow?", "does not match devices");
}

#[test]
fn companies_identifiers_and_decisions_are_gates() {
    let home = lists();
    home.ok(&["sync"]);
    let decide = |action: &[&str]| drop(home.ok(&[&["decide"], action].concat()));
    stops_at(&home, "nobody-1", "company matched?", "Nobody Knows has no match yet");
    stops_at(&home, "astray-1", "in a company?", "not known");
    stops_at(&home, "acme-2", "serial identifies?", "To be filled by O.E.M.");
    decide(&["ignore", "left-right", "companies", "4"]);
    stops_at(&home, "nobody-1", "company matched?", "Nobody Knows is ignored");
    stops_at(&home, "Nobody Knows", "matched?", "ignored by tester");

    // Another target than the proposed one leaves a refusal; open again, nothing else is proposed.
    decide(&["match", "left-right", "companies", "2", "--target", "73"]);
    assert_eq!(stopped(&home, "Quill Media").0, "");
    home.ok(&["decide", "unmatch", "left-right", "companies", "2"]);
    let rules = home.json(&["alias", "list", "--json"]);
    let aliases = rules.as_array().unwrap().iter().filter(|rule| rule["kind"] == "alias");
    for id in aliases.map(|rule| rule["id"].to_string()).collect::<Vec<_>>() {
        home.ok(&["alias", "remove", &id]);
    }
    stops_at(&home, "Quill Media", "none refused?", "“Quill Media LLC” by tester");
}

#[test]
fn types_levels_and_refused_keys_are_gates() {
    let simulator = vendors(8, 90, Faults::None);
    let home = Home::new();
    home.connect(&simulator);
    home.ok(&["flow", "remove", "addigy-itglue"]);
    home.ok(&["flow", "add", "itglue", "inventory"]);
    home.ok(&["flow", "add", "addigy", "inventory"]);
    home.ok(&["sync"]);
    home.ok(&["import", "itglue-inventory", "--stream", "companies", "--all"]);
    home.ok(&["quick-match", "addigy-inventory", "--threshold", "0.9"]);
    let rows = |filter: &str| -> Vec<Value> {
        let listed = home.ok(&["queue", "addigy-inventory", "--stream", "devices", "--filter", filter, "--json"]);
        listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let of_type = |kind: &str| -> String {
        let fits = |row: &&Value| row["staged"]["kind"] == kind && row["staged"]["blocked"] == "type not mapped";
        rows("unimported").iter().find(fits).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let (phone, book) = (of_type("iPhone"), of_type("MacBook"));
    stops_at(&home, &phone, "type mapped?", "the type iPhone has no mapping yet");
    home.ok(&["decide", "ignore", "addigy-inventory", "device-types", "iPhone"]);
    stops_at(&home, &phone, "type not ignored?", "the type iPhone is ignored, by tester");
    home.ok(&["import", "addigy-inventory", "--stream", "device-types", "--all"]);
    stops_at(&home, &book, "matched?", "unmatched");
    let records = home.json(&["why", &book, "--json"]);
    let last = records[0]["gates"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["name"], &last["passed"]), (&"can be imported?".into(), &true.into()), "{records}");
    home.ok(&["import", "addigy-inventory", &book]);
    assert_eq!(stopped(&home, &book).0, "");

    // A company of which nothing follows for now.
    let company = home.ok(&["queue", "itglue-inventory", "--filter", "matched", "--limit", "1", "--json"]);
    let company: Value = serde_json::from_str(company.lines().next().unwrap()).unwrap();
    let company = company["id"].as_str().unwrap();
    home.ok(&["follow", "pause", "itglue-inventory", company]);
    stops_at(&home, company, "it follows its source?", "paused it");

    simulator.control().revoke_key(Vendor::Addigy);
    home.run(&["sync", "addigy"], "");
    stops_at(&home, &book, "synced?", "refuses the key");
}
