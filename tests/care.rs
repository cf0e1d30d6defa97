//! The commands that look after a home: doctor, store, export, backups by the schedule.

#[path = "home/mod.rs"]
mod home;

use home::{Home, files_below, text, vendors};
use matchbook::simulator::Faults;
use matchbook::store::Store;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// The checks of a doctor's run with that exit status, as `check status text`.
fn doctor(home: &Home, status: i32) -> Vec<String> {
    let output = home.run(&["doctor", "--json"], "");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{said} {}", text(&output.stdout));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let word = |check: &Value, field: &str| check[field].as_str().unwrap().to_owned();
    report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| {
            let (status, remedy) = (word(check, "status"), word(check, "remedy"));
            assert!(status == "ok" || !remedy.is_empty() || word(check, "check") == "disk", "{check} names a remedy");
            format!("{} {status} {}", word(check, "check"), word(check, "text"))
        })
        .collect()
}

fn has(checks: &[String], start: &str) -> bool {
    checks.iter().any(|check| check.starts_with(start))
}

#[test]
fn the_doctor_looks_at_an_empty_home_and_makes_nothing() {
    let home = Home::new();
    let checks = doctor(&home, 3);
    for start in ["config warn", "vault ok none yet", "store ok none yet", "disk "] {
        assert!(has(&checks, start), "{start}: {checks:#?}");
    }
    assert!(files_below(home.path()).is_empty());
}

#[test]
fn the_doctor_names_what_is_wrong_and_goes_on() {
    let simulator = vendors(4, 20, Faults::None);
    let home = Home::new();
    home.connect(&simulator);
    home.ok(&["sync"]);
    let checks = doctor(&home, 0);
    for start in [
        "config ok",
        "vault ok opens with its key; secrets of 2",
        "permissions ok",
        "store ok",
        "backups ok",
        "addigy DNS ok",
        "addigy connection ok",
        "addigy credentials ok",
        "addigy permission ok View Devices",
        "addigy budget ok",
        "addigy clock ok",
        "itglue credentials ok",
        "itglue key ok last used by a sync 0 days ago",
    ] {
        assert!(has(&checks, start), "{start}: {checks:#?}");
    }

    // A wrong key, an open vault key, a store in use, an unknown host: each has its line, and all others are looked at.
    assert!(home.run(&["vault", "import", "--replace", "-"], "itglue.api_key=ITG.wrong-key\n").status.success());
    fs::set_permissions(home.file("logs"), fs::Permissions::from_mode(0o755)).unwrap();
    let held = Store::open(&home.file("store")).unwrap();
    let checks = doctor(&home, 1);
    for start in ["permissions fail others may get at", "store warn the store is in use", "itglue credentials fail"] {
        assert!(has(&checks, start), "{start}: {checks:#?}");
    }
    assert!(has(&checks, "addigy credentials ok"), "{checks:#?}");
    assert!(!checks.iter().any(|check| check.contains("wrong-key")));
    drop(held);

    let config = fs::read_to_string(home.file("config.toml")).unwrap();
    let moved = config.replace(&simulator.endpoints().itglue.base_url, "https://nowhere.invalid");
    fs::write(home.file("config.toml"), &moved).unwrap();
    assert!(has(&doctor(&home, 1), "itglue DNS fail nowhere.invalid"));
    fs::write(home.file("config.toml"), format!("{moved}\n[backup]\nkeep = 0\n")).unwrap();
    let checks = doctor(&home, 1);
    assert!(has(&checks, "config fail") && has(&checks, "vault ") && has(&checks, "store ok"), "{checks:#?}");
}

#[test]
fn the_store_is_verified_measured_and_compacted_by_command() {
    let simulator = vendors(4, 40, Faults::None);
    let home = Home::new();
    home.refused(&["store", "verify"], 2, &["there is no store"]);
    home.connect(&simulator);
    home.ok(&["sync"]);
    assert_eq!(home.json(&["store", "verify", "--json"])["faults"], 0);
    let before = home.json(&["store", "stats", "--json"]);
    let compacted = home.json(&["store", "compact", "--json"]);
    assert_eq!(compacted["live_bytes"], before["live_bytes"]);
    assert_eq!(home.json(&["store", "stats", "--json"])["tables"], before["tables"]);
    let held = Store::open(&home.file("store")).unwrap();
    home.refused(&["store", "compact"], 1, &["in use by another matchbook"]);
    drop(held);
    let backups = files_below(&home.file("backups"));
    assert_eq!(backups.len(), 1, "the sync made the scheduled backup: {backups:?}");
    home.ok(&["restore", backups[0].to_str().unwrap()]);
    assert_eq!(home.json(&["store", "verify", "--json"])["faults"], 0);
}

fn lines(home: &Home, name: &str) -> Vec<Value> {
    let written = fs::read_to_string(home.file("out").join(name)).unwrap();
    written.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn an_export_holds_every_decision_and_its_history() {
    let simulator = vendors(8, 60, Faults::None);
    let home = Home::new();
    home.connect(&simulator);
    home.ok(&["sync"]);
    let row = home.ok(&["queue", "addigy-itglue", "--filter", "all", "--limit", "1", "--json"]);
    let row: Value = serde_json::from_str(row.lines().next().unwrap()).unwrap();
    let id = row["id"].as_str().unwrap();
    home.ok(&["decide", "ignore", "addigy-itglue", "companies", id]);
    let out = home.file("out");
    home.ok(&["export", out.to_str().unwrap()]);

    let decisions = lines(&home, "decisions.jsonl");
    let mine = decisions.iter().find(|d| d["source"]["id"] == id).expect("the decision by hand");
    assert_eq!((&mine["decision"], &mine["actor"]["name"]), (&"ignored".into(), &"tester".into()));
    assert_eq!(mine["source"]["name"], row["name"]);
    let matched: Vec<&Value> = decisions.iter().filter(|d| d["decision"] == "matched").collect();
    assert!(!matched.is_empty() && matched.iter().all(|d| d["target"]["name"].is_string()));

    // Replaying the history gives the decisions.
    let mut replayed = std::collections::BTreeMap::new();
    for entry in lines(&home, "history.jsonl") {
        for change in entry["changes"].as_array().unwrap() {
            let key = format!("{} {} {}", entry["flow"], entry["stream"], change["source"]);
            replayed.insert(key, change["after"].clone());
        }
    }
    replayed.retain(|_, after| !after.is_null());
    assert_eq!(replayed.len(), decisions.len());
    let manifest = &lines(&home, "manifest.json")[0];
    assert_eq!(manifest["lines"]["decisions.jsonl"], decisions.len());
    let settings = lines(&home, "settings.jsonl");
    assert_eq!(settings.iter().filter(|s| s["kind"] == "integration").count(), 2);
    let key = &simulator.endpoints().itglue.api_key;
    for file in files_below(&out) {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!fs::read_to_string(&file).unwrap().contains(key));
    }
    // Again over the first one: whole files take the place of whole files.
    home.ok(&["export", out.to_str().unwrap()]);
    assert_eq!(lines(&home, "decisions.jsonl"), decisions);
    assert_eq!(files_below(&out).len(), 5);
}
