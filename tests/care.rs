//! The commands that look after a home: doctor, store, export, backups by the schedule.

mod between;
#[path = "home/mod.rs"]
mod home;
mod tls;

use between::Between;
use home::{Home, RUNTIME, files_below, text, vendors};
use matchbook::simulator::Faults;
use matchbook::store::Store;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tls::{Authorities, Front, Shown};

/// The checks of a doctor's run with that exit status, as `check status text`.
fn doctor(home: &Home, status: i32) -> Vec<String> {
    doctor_with(home, &[], status)
}

/// The same in that environment.
fn doctor_with(home: &Home, environment: &[(&str, &str)], status: i32) -> Vec<String> {
    let output = home.run_with(environment, &["doctor", "--json"], "");
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
        "addigy TLS ok none: it is this machine",
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
    let checks = doctor(&home, 1);
    assert!(has(&checks, "itglue DNS fail nowhere.invalid"), "{checks:#?}");
    assert!(has(&checks, "itglue key ok last used by a sync 0 days ago"), "without the vendor too: {checks:#?}");
    fs::write(home.file("config.toml"), format!("{moved}\n[backup]\nkeep = 0\n")).unwrap();
    let checks = doctor(&home, 1);
    assert!(has(&checks, "config fail") && has(&checks, "vault ") && has(&checks, "store ok"), "{checks:#?}");
}

/// An Addigy integration at that address, written by hand.
fn addigy_at(home: &Home, place: &str, key: &str) {
    let config = format!("[integrations.addigy]\nconnector = \"addigy\"\nbase_url = \"{place}/api/v2\"\n");
    fs::write(home.file("config.toml"), config).unwrap();
    let import = home.run(&["vault", "import", "--replace", "-"], &format!("addigy.api_key={key}\n"));
    assert!(import.status.success(), "{}", text(&import.stderr));
}

#[test]
fn the_doctor_tells_what_is_wrong_on_the_way_to_a_vendor() {
    let simulator = vendors(4, 20, Faults::None);
    let home = Home::new();
    let end = &simulator.endpoints().addigy;
    let socket = end.base_url.strip_prefix("http://").unwrap().split('/').next().unwrap().parse().unwrap();
    let line = RUNTIME.block_on(Between::start(socket));
    addigy_at(&home, &format!("http://{}", line.address), &end.api_key);

    // The vendor's clock, or ours, is an hour off; little is left of the limit.
    let hour = time::OffsetDateTime::now_utc() + time::Duration::hours(1);
    let date = hour.format(&time::format_description::well_known::Rfc2822).unwrap().replace("+0000", "GMT");
    line.meddle(move |_, answer| {
        answer.header("date", &date);
        answer.header("x-ratelimit-limit", "1000");
        answer.header("x-ratelimit-remaining", "3");
    });
    let checks = doctor(&home, 3);
    assert!(has(&checks, "addigy clock warn this machine's clock is 3"), "{checks:#?}");
    assert!(has(&checks, "addigy budget warn 3 of 1000 requests left"), "{checks:#?}");
    line.meddle(|_, answer| answer.replace(500, "text/html", "<h1>down</h1>"));
    let checks = doctor(&home, 1);
    assert!(has(&checks, "addigy connection fail Addigy (127.0.0.1) answered 500"), "{checks:#?}");
    assert!(!has(&checks, "addigy TLS"), "nothing is known of it: {checks:#?}");
    line.leave_alone();

    // A permission by its name.
    let key = simulator.control().key_without("View Devices");
    addigy_at(&home, &format!("http://{}", line.address), &key);
    let checks = doctor(&home, 1);
    assert!(has(&checks, "addigy permission fail “View Devices” is missing"), "{checks:#?}");
    assert!(has(&checks, "addigy credentials ok") && has(&checks, "addigy connection ok"), "{checks:#?}");

    // Each refused certificate, for what it is; nothing is sent to its owner.
    let authorities = Authorities::new();
    let trusted = home.file("trusted.pem");
    fs::write(&trusted, authorities.trusted_pem()).unwrap();
    let environment = [("SSL_CERT_FILE", trusted.to_str().unwrap())];
    let front = RUNTIME.block_on(Front::start(&authorities, Shown::SelfSigned, None));
    addigy_at(&home, &front.address, &end.api_key);
    for shown in Shown::REFUSED {
        front.show(&authorities, shown);
        let checks = doctor_with(&home, &environment, 1);
        let told = checks.iter().find(|check| check.starts_with("addigy TLS fail"));
        assert!(told.is_some_and(|check| check.contains(shown.words().0)), "{shown:?}: {checks:#?}");
        assert!(!has(&checks, "addigy connection"), "once: {checks:#?}");
    }
    assert_eq!(front.received(), 0);
    let good = RUNTIME.block_on(Front::start(&authorities, Shown::Good, Some(line.address)));
    addigy_at(&home, &good.address, &end.api_key);
    let checks = doctor_with(&home, &environment, 0);
    assert!(has(&checks, "addigy TLS ok valid certificate for 127.0.0.1"), "{checks:#?}");
}

#[test]
fn the_doctor_names_whose_files_they_are() {
    let home = Home::new();
    home.ok(&["init"]);
    assert!(has(&doctor(&home, 3), "permissions ok"));
    fs::set_permissions(home.file("config.toml"), fs::Permissions::from_mode(0o666)).unwrap();
    assert!(has(&doctor(&home, 1), "permissions fail others may get at"));
    fs::set_permissions(home.file("config.toml"), fs::Permissions::from_mode(0o644)).unwrap();
    // Backups elsewhere are copies of everything too.
    fs::create_dir(home.file("elsewhere")).unwrap();
    fs::set_permissions(home.file("elsewhere"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(home.file("config.toml"), "[backup]\ndirectory = \"elsewhere\"\n").unwrap();
    assert!(doctor(&home, 1).iter().any(|c| c.starts_with("permissions fail") && c.contains("elsewhere")));
    fs::remove_dir(home.file("elsewhere")).unwrap();
    // Only the superuser can give files away.
    if !rustix::process::geteuid().is_root() {
        eprintln!("left out: files can be given to another user by the superuser only");
        return;
    }
    std::os::unix::fs::chown(home.path(), Some(65_534), None).unwrap();
    let checks = doctor(&home, 1);
    assert!(
        checks.iter().any(|c| c.starts_with("owner fail") && c.contains("the user 65534, and you are 0")),
        "{checks:#?}"
    );
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
