//! Matchbook's own register, on the command line against the simulated vendors: imports by type, the dry run beside what
//! is done, auto-sync, companies that follow their source.

mod home;

use home::{Home, vendors};
use matchbook::simulator::{Faults, Simulator};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A home with both vendors and a flow of each into the inventory, synced.
fn synced(companies: usize, devices: usize) -> (Home, Simulator) {
    let (home, simulator) = (Home::new(), vendors(companies, devices, Faults::None));
    home.connect(&simulator);
    home.ok(&["flow", "remove", "addigy-itglue"]);
    home.ok(&["flow", "add", "itglue", "inventory"]);
    home.ok(&["flow", "add", "addigy", "inventory"]);
    home.ok(&["sync"]);
    (home, simulator)
}

fn lines(home: &Home, arguments: &[&str]) -> Vec<Value> {
    home.ok(arguments).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn rows(home: &Home, flow: &str, stream: &str, filter: &str) -> Vec<Value> {
    lines(home, &["queue", flow, "--stream", stream, "--filter", filter, "--json"])
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

/// What a dry run promised: source → target of the rows that are imported.
fn promised(plan: &[Value]) -> BTreeMap<String, String> {
    let imports = plan.iter().filter(|row| !row["target"].is_null());
    imports.map(|row| (text(row, "id").to_owned(), text(row, "target").to_owned())).collect()
}

/// What is matched: source → target.
fn matched(home: &Home, flow: &str, stream: &str) -> BTreeMap<String, String> {
    let rows = rows(home, flow, stream, "matched");
    rows.iter().map(|row| (text(row, "id").to_owned(), text(&row["target"], "id").to_owned())).collect()
}

fn listed(home: &Home, stream: &str) -> Vec<Value> {
    lines(home, &["inventory", "list", stream, "--json"])
}

/// Companies, mapped policies and types, so that devices can be imported.
fn mapped(companies: usize, devices: usize) -> (Home, Simulator) {
    let (home, simulator) = synced(companies, devices);
    home.ok(&["import", "itglue-inventory", "--stream", "companies", "--all"]);
    home.ok(&["quick-match", "addigy-inventory", "--threshold", "0.9"]);
    (home, simulator)
}

#[test]
fn a_dry_run_is_what_is_then_done_record_by_record() {
    let (home, _simulator) = synced(10, 120);
    for (flow, stream) in
        [("itglue-inventory", "companies"), ("addigy-inventory", "device-types"), ("addigy-inventory", "devices")]
    {
        if stream == "devices" {
            home.ok(&["quick-match", "addigy-inventory", "--threshold", "0.9"]);
        }
        let before = matched(&home, flow, stream);
        let plan = lines(&home, &["import", flow, "--stream", stream, "--all", "--dry-run", "--json"]);
        assert_eq!(matched(&home, flow, stream), before, "a dry run changes nothing");
        let wanted = promised(&plan);
        assert!(!wanted.is_empty(), "{flow} {stream}");
        home.ok(&["import", flow, "--stream", stream, "--all"]);
        let mut all = before;
        all.extend(wanted.clone());
        assert_eq!(matched(&home, flow, stream), all, "{flow} {stream}");
        let there: Vec<String> = listed(&home, stream).iter().map(|row| text(row, "id").to_owned()).collect();
        assert!(wanted.values().all(|id| there.contains(id)), "every record is in the inventory");
        // What was left says why, on its row as in the plan.
        for row in plan.iter().filter(|row| row["target"].is_null()) {
            assert!(!text(row, "reason").is_empty(), "{row}");
        }
    }
    assert!(home.ok(&["store", "verify"]).is_empty());
}

#[test]
fn an_import_is_one_undo_and_the_same_source_never_makes_two() {
    let (home, _simulator) = mapped(8, 90);
    home.ok(&["import", "addigy-inventory", "--stream", "device-types", "--all"]);
    home.ok(&["import", "addigy-inventory", "--all"]);
    let (first, count) = (matched(&home, "addigy-inventory", "devices"), listed(&home, "devices").len());
    assert!(count > 20 && first.len() == count, "{count}");
    home.ok(&["undo"]);
    assert!(listed(&home, "devices").is_empty());
    assert!(matched(&home, "addigy-inventory", "devices").is_empty());
    home.ok(&["import", "addigy-inventory", "--all"]);
    assert_eq!(matched(&home, "addigy-inventory", "devices"), first, "the same ids");
    // Opened again by hand, imported again: its record is there, so nothing is made.
    let one = first.keys().next().unwrap();
    home.ok(&["decide", "unmatch", "addigy-inventory", "devices", one]);
    assert_eq!(listed(&home, "devices").len(), count, "the record stays");
    let again = home.run(&["import", "addigy-inventory", one, "--anyway"], "");
    assert!(again.status.success(), "{}", home::text(&again.stderr));
    assert_eq!(listed(&home, "devices").len(), count);
    assert_eq!(matched(&home, "addigy-inventory", "devices"), first);
    assert!(home.ok(&["store", "verify"]).is_empty());
}

#[test]
fn what_cannot_be_imported_says_why() {
    let (home, simulator) = mapped(8, 90);
    let reasons = |home: &Home| -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for row in rows(home, "addigy-inventory", "devices", "unimported") {
            *counts.entry(text(&row["staged"], "blocked").to_owned()).or_default() += 1;
        }
        counts
    };
    assert!(reasons(&home).keys().all(|r| r == "type not mapped" || r == "company not mapped"), "{:?}", reasons(&home));
    // A type that the inventory has already is proposed; another is made; a third is never wanted.
    home.ok(&["inventory", "add-type", "MacBooks"]);
    let types = rows(&home, "addigy-inventory", "device-types", "all");
    let state = |name: &str| text(types.iter().find(|t| text(t, "name") == name).unwrap(), "state").to_owned();
    assert_eq!((state("MacBook"), state("iMac")), ("suggested".into(), "unmatched".into()));
    assert!(types.iter().all(|kind| kind["devices"].as_u64() > Some(0)), "each with its count");
    home.ok(&["quick-match", "addigy-inventory", "--stream", "device-types", "--threshold", "0.9"]);
    home.ok(&["decide", "ignore", "addigy-inventory", "device-types", "iPhone"]);
    let open = |home: &Home| {
        let status = home.json(&["status", "--json"]);
        let flows = status["flows"].as_array().unwrap();
        let flow = flows.iter().find(|f| f["id"] == "addigy-inventory").unwrap();
        let tab = flow["tabs"].as_array().unwrap().iter().find(|t| t["stream"] == "devices").unwrap().clone();
        (tab["counts"]["ignored"].as_u64().unwrap(), tab["counts"]["unmatched"].as_u64().unwrap())
    };
    let (ignored, unmatched) = open(&home);
    assert!(ignored > 0, "devices of an ignored type leave the counts of what is to do");
    assert!(reasons(&home).contains_key("type ignored"), "{:?}", reasons(&home));
    home.ok(&["undo"]);
    assert_eq!(open(&home), (0, unmatched + ignored));
    // Only devices of mapped types and companies.
    let done = home.ok(&["import", "addigy-inventory", "--type", "MacBook", "--dry-run", "--json"]);
    assert!(done.contains("\"kind\":\"MacBooks\""), "{done}");
    // Auto-sync needs a mapping.
    let refused = home.run(&["auto-sync", "addigy-inventory", "iMac"], "");
    assert!(home::text(&refused.stderr).contains("map the type first"), "{}", home::text(&refused.stderr));
    // A second one with the serial number of one that is in the inventory says so on its row, and is not “ready”.
    let control = simulator.control();
    let policy = control.addigy().add_policy("Twin Optics", None);
    home.ok(&["inventory", "add-company", "Twin Optics"]);
    assert!(control.addigy().add_device(&policy, "twin-1", Some("C02TWIN00001"), None).is_some());
    home.ok(&["sync"]);
    home.ok(&["quick-match", "addigy-inventory", "--threshold", "0.9"]);
    home.ok(&["import", "addigy-inventory", "--all"]);
    assert!(control.addigy().add_device(&policy, "twin-2", Some("C02TWIN00001"), None).is_some());
    home.ok(&["sync"]);
    let twin =
        rows(&home, "addigy-inventory", "devices", "unimported").into_iter().find(|r| text(r, "name") == "twin-2");
    let twin = twin.expect("it is not imported");
    assert!(!text(&twin["staged"], "blocked").is_empty(), "{twin}");
}

#[test]
fn auto_sync_imports_what_is_new_at_the_next_sync() {
    let (home, simulator) = mapped(6, 60);
    home.ok(&["import", "addigy-inventory", "--stream", "device-types", "--all"]);
    home.ok(&["import", "addigy-inventory", "--all"]);
    home.ok(&["auto-sync", "addigy-inventory", "MacBook"]);
    let before = listed(&home, "devices").len();
    let policy = matched(&home, "addigy-inventory", "companies").into_keys().next().unwrap();
    let control = simulator.control();
    let id = control.addigy().add_device(&policy, "new-mac", Some("C02NEWMAC77"), None).unwrap();
    home.ok(&["sync", "addigy/devices"]);
    let now = matched(&home, "addigy-inventory", "devices");
    assert!(now.contains_key(&id), "imported by itself");
    assert_eq!(listed(&home, "devices").len(), before + 1);
    let history = home.json(&["history", "--json"]);
    let entry = &history[0];
    assert_eq!(entry["actor"]["by"], "engine", "{entry}");
    assert!(text(entry, "what").starts_with("imported by auto-sync"), "{entry}");
    // Facts of what is imported follow at the next sync; what a person takes back stays with the person.
    assert!(control.addigy().rename_device(&id, "new-mac-2"));
    home.ok(&["sync", "addigy/devices"]);
    assert!(listed(&home, "devices").iter().any(|row| text(row, "name") == "new-mac-2"));
    let number = entry["id"].as_u64().unwrap().to_string();
    home.ok(&["undo", &number]);
    home.ok(&["sync", "addigy/devices"]);
    assert!(!matched(&home, "addigy-inventory", "devices").contains_key(&id));
}

#[test]
fn companies_follow_their_organization_until_it_is_gone() {
    let (home, simulator) = (Home::new(), vendors(8, 60, Faults::None));
    let control = simulator.control();
    let (one, two) =
        (control.itglue().add_organization("Harbor Dental"), control.itglue().add_organization("harbor dental"));
    home.connect(&simulator);
    home.ok(&["flow", "remove", "addigy-itglue"]);
    home.ok(&["inventory", "add-company", "Harbor Dental"]);
    home.refused(&["inventory", "add-company", "harbor DENTAL"], 2, &["has a company of that name"]);
    home.ok(&["flow", "add", "itglue", "inventory"]);
    home.ok(&["sync"]);
    // Mapped by itself where the name is the same to the letter, and one to one.
    let mapped = matched(&home, "itglue-inventory", "companies");
    assert_eq!(mapped.keys().collect::<Vec<_>>(), [&one], "case counts");
    let target = mapped[&one].clone();
    home.refused(
        &["decide", "match", "itglue-inventory", "companies", &two, "--target", &target],
        3,
        &["taken by another record"],
    );
    // A rename follows; a paused one does not.
    let name = |home: &Home| {
        let all = listed(home, "companies");
        text(all.iter().find(|row| text(row, "id") == target).unwrap(), "name").to_owned()
    };
    assert!(control.itglue().rename_organization(&one, "Harbor Dental Group"));
    home.ok(&["follow", "refresh", "itglue-inventory", &one]);
    assert_eq!(name(&home), "Harbor Dental Group");
    home.ok(&["follow", "pause", "itglue-inventory", &one]);
    assert!(control.itglue().rename_organization(&one, "Harbor"));
    home.ok(&["sync", "itglue/companies"]);
    assert_eq!(name(&home), "Harbor Dental Group", "paused");
    home.ok(&["follow", "resume", "itglue-inventory", &one]);
    home.ok(&["sync", "itglue/companies"]);
    assert_eq!(name(&home), "Harbor");
    // One more, with its primary domain; only what is not mapped is offered.
    let open = rows(&home, "itglue-inventory", "companies", "open");
    assert!(open.iter().all(|row| text(row, "id") != one));
    let other = text(open.iter().find(|row| text(row, "id") != two).unwrap(), "id").to_owned();
    home.ok(&["import", "itglue-inventory", &other, "--stream", "companies", "--domain", "Example.TEST"]);
    let added = matched(&home, "itglue-inventory", "companies")[&other].clone();
    let detail = home.json(&["inventory", "show", &added, "--json"]).to_string();
    assert!(detail.contains("example.test"), "{detail}");
    // Gone at the origin: the mapping ends, the company stays.
    assert!(control.itglue().delete_organization(&one));
    home.ok(&["sync", "itglue/companies", "--full"]);
    assert!(!matched(&home, "itglue-inventory", "companies").contains_key(&one));
    assert_eq!(name(&home), "Harbor");
    let history = home.json(&["history", "--json"]);
    assert!(text(&history[0], "what").contains("gone at itglue"), "{}", history[0]);
}

#[test]
fn a_deactivated_flow_says_what_is_lost_and_can_be_brought_back() {
    let (home, _simulator) = synced(6, 60);
    home.ok(&["import", "itglue-inventory", "--stream", "companies", "--all"]);
    let before = matched(&home, "itglue-inventory", "companies");
    let would = home.json(&["flow", "deactivate", "itglue-inventory", "--json"]);
    assert_eq!((would["mappings"][0][1].as_u64(), &would["done"]), (Some(before.len() as u64), &Value::Bool(false)));
    assert_eq!(matched(&home, "itglue-inventory", "companies"), before, "nothing is done without --yes");
    let done = home.json(&["flow", "deactivate", "itglue-inventory", "--yes", "--json"]);
    let backup = text(&done, "backup").to_owned();
    assert!(!home.ok(&["flow", "list"]).contains("itglue-inventory"));
    assert_eq!(listed(&home, "companies").len(), before.len(), "what was imported stays");
    home.ok(&["flow", "add", "itglue", "inventory"]);
    // What is matched now, the engine has found anew by its exact name; nobody's decision is left.
    rows(&home, "itglue-inventory", "companies", "matched");
    assert_eq!(home.json(&["history", "--json"])[0]["actor"]["by"], "engine");
    home.ok(&["restore", &backup]);
    assert_eq!(matched(&home, "itglue-inventory", "companies"), before);
}

#[test]
fn records_by_hand_are_changed_and_taken_out_and_undo_brings_them_back() {
    let home = Home::new();
    let id = |stream: &str, name: &str| {
        let row = listed(&home, stream).into_iter().find(|row| text(row, "name") == name);
        row.map(|row| text(&row, "id").to_owned())
    };
    home.ok(&["inventory", "add-company", "Harbor", "--set", "phone=+1 555 0100"]);
    home.ok(&["inventory", "add-type", "Laptop"]);
    let harbor = id("companies", "Harbor").unwrap();
    let add = ["inventory", "add-device", "front desk", "--company", &harbor, "--type", "laptop"];
    home.ok(
        &[&add[..], &["--set", "memory=16", "--set", "filevault=no", "--set", "wi-fi-mac=3c:06:30:11:22:33"]].concat()
    );
    let desk = id("devices", "front desk").unwrap();
    let shown = || home.ok(&["inventory", "show", &desk]);
    let says = |label: &str| {
        let shown = shown();
        let line = shown.lines().find(|line| line.trim_start().starts_with(&format!("{label} "))).unwrap_or_default();
        line.trim_start().trim_start_matches(label).trim().to_owned()
    };
    assert_eq!([says("memory"), says("FileVault"), says("type")], ["16 GB", "off", "Laptop"].map(str::to_owned));
    assert_eq!([says("firewall"), says("charge")], ["unknown"; 2].map(str::to_owned), "{}", shown());
    // A change of fields, and back; what is no value of a field changes nothing.
    home.ok(&["inventory", "edit", &desk, "--set", "memory=32", "--set", "filevault=", "--set", "name=reception"]);
    assert_eq!([says("memory"), says("FileVault"), says("name")], ["32 GB", "unknown", "reception"].map(str::to_owned));
    home.ok(&["undo"]);
    assert_eq!([says("memory"), says("FileVault"), says("name")], ["16 GB", "off", "front desk"].map(str::to_owned));
    home.refused(
        &["inventory", "edit", &desk, "--set", "memory=32", "--set", "firewall=perhaps"],
        2,
        &["neither yes nor no"],
    );
    home.refused(&["inventory", "edit", &desk, "--set", "colour=red"], 2, &["no field “colour”", "disk-free"]);
    assert_eq!(says("memory"), "16 GB");
    // What something belongs to stays; then it goes, and comes back.
    for (kept, why) in [(&harbor, "1 device"), (&id("device-types", "Laptop").unwrap(), "1 device")] {
        home.refused(&["inventory", "remove", kept], 2, &[why]);
    }
    home.ok(&["inventory", "remove", &desk]);
    assert_eq!(id("devices", "front desk"), None);
    home.ok(&["undo"]);
    assert_eq!(id("devices", "front desk"), Some(desk.clone()));
    assert_eq!(says("memory"), "16 GB");
    home.ok(&["inventory", "remove", &desk]);
    home.ok(&["inventory", "remove", &harbor]);
    assert!(listed(&home, "companies").is_empty());
    // A name that another company has is refused.
    home.ok(&["inventory", "add-company", "One"]);
    home.ok(&["inventory", "add-company", "Two"]);
    home.refused(
        &["inventory", "edit", &id("companies", "Two").unwrap(), "--set", "name=one"],
        2,
        &["has a company of that name"],
    );
}

#[test]
fn what_follows_a_source_is_not_changed_or_taken_out_by_hand() {
    let (home, _simulator) = mapped(3, 20);
    home.ok(&["import", "addigy-inventory", "--stream", "device-types", "--all"]);
    home.ok(&["import", "addigy-inventory", "--all"]);
    let of =
        |stream: &str| listed(&home, stream).into_iter().find(|row| !row["sources"].as_array().unwrap().is_empty());
    let (company, device) = (of("companies").unwrap(), of("devices").unwrap());
    home.refused(&["inventory", "edit", text(&device, "id"), "--set", "model=other"], 2, &["follow it"]);
    home.refused(&["inventory", "edit", text(&company, "id"), "--set", "name=other"], 2, &["its name follows"]);
    // Its domain is the person's to say.
    home.ok(&["inventory", "edit", text(&company, "id"), "--set", "primary-domain=mail.example"]);
    assert!(home.ok(&["inventory", "show", text(&company, "id")]).contains("mail.example"));
    home.refused(&["inventory", "remove", text(&device, "id")], 2, &["is matched with"]);
}

/// How often imports are killed: `MATCHBOOK_IMPORT_KILLS` (default 3); of so many devices: `MATCHBOOK_IMPORT_DEVICES`.
fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn a_killed_import_leaves_rows_and_records_that_agree_and_goes_on() {
    let (kills, devices) = (number("MATCHBOOK_IMPORT_KILLS", 3), number("MATCHBOOK_IMPORT_DEVICES", 600));
    let (home, _simulator) = mapped(8, devices);
    home.ok(&["import", "addigy-inventory", "--stream", "device-types", "--all"]);
    let wanted = promised(&lines(&home, &["import", "addigy-inventory", "--all", "--dry-run", "--json"]));
    assert!(wanted.len() > devices / 2, "{}", wanted.len());
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let mut cut = 0;
    for kill in 0..kills {
        let mut child = std::process::Command::new(home::program())
            .env_clear()
            .env("MATCHBOOK_HOME", home.path())
            .env("USER", "tester")
            .args(["import", "addigy-inventory", "--all"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // A random instant, counted in turns: from before the home is open until after the end.
        for _ in 0..random.random_range(0..60_000_000_u64) {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        cut += usize::from(!child.wait().unwrap().success());
        // All of the import is there, or nothing of it: rows and records say the same.
        let (rows, records) = (matched(&home, "addigy-inventory", "devices"), listed(&home, "devices"));
        let records: BTreeSet<&str> = records.iter().map(|row| text(row, "id")).collect();
        let targets: BTreeSet<&str> = rows.values().map(String::as_str).collect();
        assert_eq!(targets, records, "kill {kill}");
        assert!(rows.is_empty() || rows == wanted, "kill {kill}: {} of {}", rows.len(), wanted.len());
        assert!(home.ok(&["store", "verify"]).is_empty());
        if !rows.is_empty() {
            home.ok(&["undo"]);
            assert!(listed(&home, "devices").is_empty() && matched(&home, "addigy-inventory", "devices").is_empty());
        }
    }
    println!("{cut} of {kills} imports of {} devices were cut", wanted.len());
    home.ok(&["import", "addigy-inventory", "--all"]);
    assert_eq!(matched(&home, "addigy-inventory", "devices"), wanted);
    assert_eq!(listed(&home, "devices").len(), wanted.len());
}

#[test]
fn an_undo_does_what_its_dry_run_says() {
    let (home, _simulator) = mapped(8, 300);
    home.ok(&["import", "addigy-inventory", "--stream", "device-types", "--all"]);
    home.ok(&["import", "addigy-inventory", "--all"]);
    let there = matched(&home, "addigy-inventory", "devices");
    // One is opened by hand since: an undo leaves it as it is.
    let one = there.keys().next().unwrap().clone();
    let import = home.json(&["history", "--json"])[0]["id"].to_string();
    home.ok(&["decide", "unmatch", "addigy-inventory", "devices", &one]);
    let said = home.run(&["undo", &import, "--dry-run"], "");
    let said = format!("{}{}", home::text(&said.stdout), home::text(&said.stderr));
    assert!(said.contains(&format!("{} devices", there.len() - 1)) && said.contains("1 left as they are"), "{said}");
    assert_eq!(matched(&home, "addigy-inventory", "devices").len(), there.len() - 1, "a dry run changes nothing");
    home.run(&["undo", &import], "");
    assert!(matched(&home, "addigy-inventory", "devices").is_empty());
    assert!(home.ok(&["store", "verify"]).is_empty());
}

#[test]
fn a_single_company_is_refreshed_by_one_question() {
    let (home, simulator) = synced(30, 60);
    home.ok(&["import", "itglue-inventory", "--stream", "companies", "--all"]);
    let id = matched(&home, "itglue-inventory", "companies").into_keys().next().unwrap();
    assert!(simulator.control().itglue().rename_organization(&id, "Renamed Since"));
    let before = simulator.requests().itglue.requests;
    home.ok(&["follow", "refresh", "itglue-inventory", &id]);
    let used = simulator.requests().itglue.requests - before;
    assert!(used <= 3, "{used} requests for one company");
    let names: Vec<String> = listed(&home, "companies").iter().map(|row| text(row, "name").to_owned()).collect();
    assert!(names.iter().any(|name| name == "Renamed Since"), "{names:?}");
}
