//! Each class of failure as a person meets it: in what a sync says, in `status` and in `log`; equal ones fold, and one
//! run has one number everywhere.

use super::between::{Answer, Asked, Between};
use super::home::{Home, RUNTIME, text, vendors};
use super::tls::{Authorities, Front, Shown};
use matchbook::simulator::{Faults, Simulator};
use serde_json::Value;
use std::fs;

/// Addigy on a line that a test can meddle with, connected.
fn addigy() -> (Home, Simulator, Between) {
    let (home, simulator) = (Home::new(), vendors(6, 60, Faults::None));
    let end = &simulator.endpoints().addigy;
    let socket = end.base_url.strip_prefix("http://").unwrap().split('/').next().unwrap().parse().unwrap();
    let line = RUNTIME.block_on(Between::start(socket));
    let place = format!("http://{}/api/v2", line.address);
    let connect = ["connect", "addigy", "--connector", "addigy", "--base-url", &place, "--secrets-stdin"];
    let output = home.run(&connect, &format!("api_key={}\n", end.api_key));
    assert!(output.status.success(), "{}", text(&output.stderr));
    (home, simulator, line)
}

/// Only the listing of devices is met.
fn devices(asked: &Asked) -> bool {
    asked.target.ends_with("/devices")
}

/// Syncs all, where devices, or with a refused key something, must fail with that class; gives the number of the run.
#[track_caller]
fn fails(home: &Home, class: &str, word: &str, says: &str) -> u64 {
    let output = home.run_with(&[("MATCHBOOK_LOG", "matchbook=debug")], &["sync", "addigy"], "");
    let said = text(&output.stderr);
    // 1 where nothing at all could be synced.
    assert!(matches!(output.status.code(), Some(1 | 3)) && said.contains(says), "{class}: {:?} {said}", output.status);
    let status = home.json(&["status", "--json"]);
    let streams = status["integrations"][0]["streams"].as_array().unwrap();
    // A key that is refused may be refused to any stream first, and stops the others.
    let is_it = |s: &Value| class == "credentials" || s["stream"] == "devices";
    let failed = streams.iter().find(|s| s["state"]["failure"]["class"] == class && is_it(s));
    let stream = failed.unwrap_or_else(|| panic!("{class}: {streams:#?}"));
    assert!(!stream["state"]["failure"]["remedy"].as_str().unwrap().is_empty(), "says what to do: {stream}");
    let shown = home.ok(&["status"]);
    assert!(shown.lines().any(|line| line.contains(word) && line.contains(says)), "{class}: {shown}");
    let log = home.ok(&["log", "--level", "warn"]);
    assert!(log.contains(says), "{class}: {log}");
    stream["run"].as_u64().unwrap()
}

#[test]
fn each_class_is_told_in_words_and_leaves_the_last_good_state() {
    let (home, simulator, line) = addigy();
    home.ok(&["sync", "addigy"]);
    let stored = |home: &Home| {
        let status = home.json(&["status", "--json"]);
        let streams = status["integrations"][0]["streams"].as_array().unwrap().clone();
        streams.iter().map(|s| s["stored"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let good = stored(&home);

    line.meddle(|asked, answer| {
        if devices(asked) {
            answer.replace(403, "application/json", r#"{"code": 403, "message": "forbidden"}"#);
        }
    });
    let run = fails(&home, "permission", "forbidden: ", "View Devices");
    has_one_number(&home, run);
    let status = home.json(&["status", "--json"]);
    assert_eq!(status["integrations"][0]["streams"][0]["state"]["state"], "ok", "policies went on: {status}");

    line.meddle(|asked, answer| {
        if devices(asked) {
            answer.replace(429, "application/json", "");
            answer.header("retry-after", "86400");
        }
    });
    fails(&home, "limit", "limit: ", "does not answer until");

    // One row is bad: it is counted and kept, the rest is read.
    line.meddle(spoil_first_row);
    home.ok(&["sync", "addigy", "--full"]);
    let status = home.json(&["status", "--json"]);
    let devices = &status["integrations"][0]["streams"][1];
    assert_eq!((&devices["state"]["state"], &devices["counts"]["bad"]), (&"ok".into(), &1.into()), "{devices}");
    assert_eq!(home.json(&["bad-rows", "--json"]).as_array().unwrap().len(), 1);
    line.leave_alone();

    // The key is refused: that integration stops, everything stays.
    simulator.control().revoke_key(matchbook::simulator::Vendor::Addigy);
    fails(&home, "credentials", "refused: ", "refuses the key");
    assert_eq!(stored(&home), good, "what was stored stays through all of it");
}

/// A run in the store's log and in the files, which hold what the person asked for.
fn has_one_number(home: &Home, run: u64) {
    let store = home.ok(&["log", "--run", &run.to_string(), "--json"]);
    let lines: Vec<Value> = store.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.len() >= 2 && lines.iter().all(|line| line["run"] == run), "its beginning and its end: {store}");
    let files = || -> String {
        let logs = fs::read_dir(home.file("logs")).unwrap();
        logs.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect()
    };
    let written = files();
    let mine = |line: &&str| line.contains(&format!("run{{of=addigy/devices id={run}}}"));
    assert!(written.lines().filter(mine).any(|line| line.contains("DEBUG")), "{written}");
    assert!(written.contains(&format!("run failed run={run} ")), "{written}");
    // Without a wish only warnings are written.
    fs::remove_dir_all(home.file("logs")).unwrap();
    home.run(&["sync", "addigy"], "");
    assert!(files().contains("WARN") && !files().contains("DEBUG"), "{}", files());
}

fn spoil_first_row(asked: &Asked, answer: &mut Answer) {
    let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) else { return };
    if devices(asked) && body["items"].as_array().is_some_and(|rows| !rows.is_empty()) {
        body["items"][0]["facts"] = "none".into();
        answer.body = body.to_string().into_bytes();
    }
}

#[test]
fn refused_certificates_are_told_apart_and_equal_errors_fold() {
    let (home, _simulator, _line) = addigy();
    let authorities = Authorities::new();
    let front = RUNTIME.block_on(Front::start(&authorities, Shown::SelfSigned, None));
    let config = fs::read_to_string(home.file("config.toml")).unwrap();
    let place = config.lines().find_map(|line| line.strip_prefix("base_url = \"")?.split("/api").next()).unwrap();
    fs::write(home.file("config.toml"), config.replace(place, &front.address)).unwrap();
    for shown in [Shown::SelfSigned, Shown::SelfSigned, Shown::Incomplete, Shown::UnknownAuthority] {
        front.show(&authorities, shown);
        fails(&home, "vendor", "vendor: ", shown.words().0);
    }
    assert_eq!(front.received(), 0, "nothing was sent");
    let log: Vec<Value> =
        home.ok(&["log", "--json", "--level", "error"]).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let of = |word: &str| -> Vec<&Value> {
        let fits = |line: &&Value| line["stream"] == "devices" && line["text"].as_str().unwrap().contains(word);
        log.iter().filter(fits).collect()
    };
    let same = of("self-signed");
    assert!(same.len() == 1 && same[0]["count"] == 2, "equal errors are one line: {same:?}");
    assert_eq!((of("incomplete").len(), of("does not trust").len()), (1, 1), "others are not");
}
