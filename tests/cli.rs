//! The commands as scripts use them: the real binary, real HTTP, exit statuses, messages that name what to do.

mod between;
#[path = "cli/classes.rs"]
mod classes;
mod home;
#[path = "cli/record.rs"]
mod record;
mod tls;
#[path = "cli/why.rs"]
mod why;

use home::{Home, files_below, text, vendors};
use matchbook::simulator::{Faults, Simulator, Vendor};
use serde_json::Value;
use std::fs;

#[test]
fn from_nothing_to_a_decided_queue() {
    let simulator = vendors(10, 120, Faults::None);
    let home = Home::new();
    home.ok(&["init"]);
    home.refused(&["init"], 2, &["there already", "never overwrites"]);
    home.connect(&simulator);
    let synced = home.json(&["sync", "--json"]);
    let streams = synced["streams"].as_array().unwrap();
    // Only what the flow matches is synced by itself: companies and devices of both, with the target's types.
    assert_eq!(streams.len(), 5, "{synced}");
    assert!(streams.iter().all(|s| s["state"]["state"] == "ok"), "{synced}");

    // Every run that was begun is told to its end, the last one too.
    let said = text(&home.run(&["sync", "--full"], "").stderr);
    let of = |word: &str| said.lines().filter(|line| line.contains(word)).count();
    assert_eq!((of("sync started"), of(" complete: ")), (5, 5), "{said}");

    let status = home.json(&["status", "--json"]);
    let devices = &status["flows"][0]["tabs"][1]["counts"];
    assert!(devices["matched"].as_u64().unwrap() > 50, "{devices}");

    let history = home.json(&["history", "--json"]);
    let automatic = history.as_array().unwrap().last().unwrap();
    assert_eq!(automatic["actor"]["by"], "engine", "{automatic}");

    let open = home.ok(&["queue", "addigy-itglue", "--stream", "devices", "--filter", "all", "--json"]);
    let first: Value = serde_json::from_str(open.lines().next().unwrap()).unwrap();
    let id = first["id"].as_str().unwrap();
    let done = home.json(&["decide", "defer", "addigy-itglue", "devices", id, "--json"]);
    assert_eq!(done["rows"], 1, "{done}");
    let preview = home.json(&["undo", "--dry-run", "--json"]);
    assert_eq!(preview["rows"], 1, "{preview}");
    home.ok(&["undo", "--json"]);
    let csv = home.ok(&["queue", "addigy-itglue", "--stream", "devices", "--filter", "deferred", "--csv"]);
    assert_eq!(csv.lines().count(), 1, "only the header is left: {csv}");
    let why = home.json(&["why", id, "--json"]);
    assert!(why[0]["gates"].as_array().unwrap().len() > 3, "{why}");
    // Any other organization: it is said why it is not proposed.
    let companies = home.ok(&["queue", "addigy-itglue", "--stream", "companies", "--filter", "matched", "--json"]);
    let rows: Vec<Value> = companies.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (one, other) = (rows[0]["id"].as_str().unwrap(), rows[1]["target"]["name"].as_str().unwrap());
    let why = home.json(&["why", one, "--against", other, "--json"]);
    let evidence = why[0]["against"][0]["evidence"].as_array().unwrap();
    assert!(evidence.iter().any(|e| e["note"] == "this row is decided"), "{why}");
    assert!(evidence.iter().any(|e| e["kind"] == "name"), "{why}");
    home.refused(&["decide", "defer", "addigy-itgleu", "devices", id], 2, &["no flow", "addigy-itglue"]);
    home.refused(&["undo", "999"], 2, &["no history entry"]);
}

#[test]
fn a_reader_who_has_seen_enough_ends_a_command_without_a_word() {
    let home = Home::new();
    for command in [&["completions", "bash"][..], &["man"], &["vault", "list"], &["status", "--json"], &["doctor"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut program = std::process::Command::new(home::program());
        program.env("MATCHBOOK_HOME", home.path()).args(command).stdin(std::process::Stdio::null());
        let output = program.stdout(writer).stderr(std::process::Stdio::piped()).output().unwrap();
        let said = text(&output.stderr);
        assert!(!said.contains("pipe") && !said.contains("panicked"), "{command:?}: {said}");
        assert!(output.status.success() || !said.is_empty(), "{command:?}: {:?}", output.status);
    }
}

#[test]
fn a_flow_is_paused_by_its_name_and_says_so() {
    let simulator = vendors(4, 20, Faults::None);
    let home = Home::new();
    home.connect(&simulator);
    home.ok(&["pause", "addigy-itglue"]);
    assert!(home.ok(&["status"]).lines().any(|line| line.starts_with("addigy-itglue") && line.ends_with("\tpaused")));
    home.ok(&["resume", "addigy-itglue"]);
    assert!(!home.ok(&["status"]).contains("paused"));
    home.refused(&["pause", "nowhere"], 2, &["no integration “nowhere”", "addigy, itglue"]);
}

#[test]
fn a_flaky_vendor_changes_nothing_in_the_result() {
    let (calm, flaky) = (vendors(8, 90, Faults::None), vendors(8, 90, Faults::Flaky));
    let matched = |simulator: &Simulator| {
        let home = Home::new();
        home.connect(simulator);
        home.run(&["sync"], "");
        home.ok(&["sync"]);
        let status = home.json(&["status", "--json"]);
        status["integrations"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|i| i["streams"].as_array().unwrap().clone())
            .map(|s| s["stored"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(matched(&calm), matched(&flaky));
}

#[test]
fn a_refused_key_names_itself_and_keeps_everything() {
    let simulator = vendors(8, 60, Faults::None);
    let home = Home::new();
    let end = &simulator.endpoints().itglue;
    home.refused_with(
        &["connect", "itglue", "--connector", "itglue", "--base-url", &end.base_url, "--secrets-stdin"],
        "api_key=ITG.wrong",
        3,
        &["refuses", "Invalid API key", "new key"],
    );
    assert!(!home.path().join("secrets.age").exists(), "nothing is saved before the test passes");
    home.connect(&simulator);
    home.ok(&["sync"]);
    let before = home.json(&["status", "--json"])["flows"].clone();
    simulator.control().revoke_key(Vendor::ItGlue);
    let output = home.run(&["sync"], "");
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("refuses"), "{}", text(&output.stderr));
    let after = home.json(&["status", "--json"]);
    let counts =
        |flows: &Value| flows[0]["tabs"].as_array().unwrap().iter().map(|t| t["counts"].clone()).collect::<Vec<_>>();
    assert_eq!(counts(&before), counts(&after["flows"]), "matches survive refused credentials");
    assert_eq!(after["integrations"][1]["state"]["state"], "refused", "{after}");
}

#[test]
fn a_missing_permission_is_named_and_other_streams_go_on() {
    let simulator = vendors(8, 60, Faults::None);
    let home = Home::new();
    let key = simulator.control().key_without("View Devices");
    let end = &simulator.endpoints().addigy;
    let output = home.run(
        &["connect", "addigy", "--connector", "addigy", "--base-url", &end.base_url, "--secrets-stdin"],
        &format!("api_key={key}"),
    );
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("View Devices"), "{}", text(&output.stderr));
    let output = home.run(&["sync", "--json"], "");
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("View Devices"), "{}", text(&output.stderr));
    let synced: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(synced["streams"][0]["state"]["state"], "ok", "policies were read: {synced}");
}

#[test]
fn mistakes_in_the_configuration_are_named_with_their_place() {
    let home = Home::new();
    fs::write(home.path().join("config.toml"), "[ui]\nthem = \"dark\"\n").unwrap();
    let output = home.run(&["status"], "");
    assert!(output.status.success());
    let said = text(&output.stderr);
    assert!(said.contains("ui.them") && said.contains("theme"), "{said}");
    fs::write(home.path().join("config.toml"), "[ui]\ntheme = 3\n").unwrap();
    home.refused(&["status"], 2, &["line 2", "expected a string"]);
}

#[test]
fn usage_errors_end_with_2_and_say_what_there_is() {
    let home = Home::new();
    home.refused(&["sync"], 2, &["no integration", "matchbook connect"]);
    home.refused(&["sync", "nobody"], 2, &["no integration"]);
    home.refused(&["queue", "nothing"], 2, &["no flow"]);
    home.refused(&["connect", "x", "--connector", "nosuch"], 2, &["addigy", "itglue", "csv"]);
    home.refused(&["connect", "x", "--connector", "addigy"], 2, &["--secrets-stdin"]);
    home.refused(&["connect", "x", "--connector", "connectwise", "--option", "colour=red"], 2, &["colour", "company"]);
    // A key that was put where it does not belong is not said back.
    let key = ["connect", "x", "--connector", "addigy", "--option", "api_key=3b5f0c1d9e"];
    home.refused(&key, 2, &["api_key is kept in the vault", "--secrets-stdin"]);
    assert!(!text(&home.run(&key, "").stderr).contains("3b5f0c1d9e"));
    home.refused(&["flow", "add", "a", "b"], 2, &["a"]);
    home.refused(&["demo", "--headless", "--faults", "many"], 2, &["none, limits, flaky"]);
    home.refused(&[], 2, &["terminal", "matchbook status"]);
    home.refused(&["nonsense"], 2, &["unrecognized"]);
}

#[test]
fn csv_exports_are_enough_to_start() {
    let home = Home::new();
    let file = |name: &str, bytes: &[u8]| {
        let path = home.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let utf16: Vec<u8> = "\u{feff}Organization ID,Organization\r\n7,Harbor Dental Group LLC\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let left = file(
        "left.csv",
        "\u{feff}ID;Name;Serial Number;Company\n1;MBP-1;C02TEST00001;Harbor Dental\n2;;;\n".as_bytes(),
    );
    let right_devices = file("right.csv", b"id,name,serial,company\n9,mbp-1,c02test00001,Harbor Dental Group LLC\n");
    let right = file("orgs.csv", &utf16);
    home.ok(&["connect", "left", "--connector", "csv", "--devices", &left]);
    let output =
        home.run(&["connect", "right", "--connector", "csv", "--companies", &right, "--devices", &right_devices], "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    home.ok(&["flow", "add", "left", "right"]);
    home.run(&["sync"], "");
    let rows = home.ok(&["queue", "left-right", "--stream", "companies", "--filter", "all", "--json"]);
    assert!(rows.contains("Harbor Dental Group LLC"), "{rows}");
    let empty = file("empty.csv", b"colour,size\nred,4\n");
    home.refused(&["connect", "bad", "--connector", "csv", "--devices", &empty], 2, &["colour"]);
    home.refused(&["connect", "bad", "--connector", "csv", "--devices", "/nowhere.csv"], 2, &["/nowhere.csv"]);
}

#[test]
fn a_store_that_is_damaged_is_set_aside_and_one_in_use_says_so() {
    let simulator = vendors(8, 60, Faults::None);
    let home = Home::new();
    home.connect(&simulator);
    home.ok(&["sync"]);
    let held = matchbook::store::Store::open(&home.path().join("store")).unwrap();
    home.refused(&["status"], 1, &["another"]);
    drop(held);
    let db = files_below(&home.path().join("store")).into_iter().find(|f| f.ends_with("db")).unwrap();
    let length = fs::metadata(&db).unwrap().len();
    fs::write(&db, vec![0x5a; usize::try_from(length).unwrap()]).unwrap();
    home.refused(&["status"], 1, &["store.broken"]);
    home.ok(&["status"]);
    assert!(fs::read_dir(home.path()).unwrap().any(|e| e.unwrap().file_name().to_string_lossy().contains("broken")));
}

#[test]
fn the_headless_demo_is_confirmed_by_the_truth() {
    for faults in ["none", "limits", "flaky"] {
        let home = Home::new();
        let demo = ["demo", "--headless", "--json", "--companies", "20", "--devices", "300", "--faults", faults];
        let summary = home.json(&demo);
        assert_eq!(summary["companies"]["wrong"], 0, "{summary}");
        assert_eq!(summary["devices"]["wrong"], 0, "{summary}");
        assert!(summary["devices"]["share_automatic"].as_f64().unwrap() > 0.6, "{summary}");
        assert_eq!(summary["failed_streams"], 0, "{summary}");
        for vendor in summary["vendors"].as_array().unwrap().iter().filter(|_| faults == "none") {
            assert_eq!(vendor["over_limit"], 0, "{vendor}");
        }
        let flows = summary["flows"].as_array().unwrap();
        let names: Vec<&str> = flows.iter().map(|flow| flow["flow"].as_str().unwrap()).collect();
        assert_eq!(names, ["addigy-itglue", "connectwise-itglue", "autotask-itglue"]);
        for flow in flows {
            for stream in flow["streams"].as_array().unwrap() {
                assert_eq!(stream["wrong"], 0, "{} {stream}", flow["flow"]);
                assert!(stream["share_automatic"].as_f64().unwrap() > 0.4, "{} {stream}", flow["flow"]);
            }
        }
    }
}

#[test]
fn the_demo_takes_the_vendors_that_are_named() {
    let home = Home::new();
    let demo = ["demo", "--headless", "--json", "--companies", "20", "--devices", "200", "--vendors", "addigy,itglue"];
    let summary = home.json(&demo);
    assert_eq!(summary["flows"].as_array().unwrap().len(), 1, "{summary}");
    assert_eq!(summary["requests"]["connectwise"]["requests"], 0, "{summary}");
    assert_eq!(summary["flows"][0]["streams"][1]["right"], summary["devices"]["right"], "{summary}");
}

#[test]
fn simulate_prints_one_json_line_first() {
    use std::io::{BufRead, BufReader};
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_matchbook"))
        .args(["simulate", "--companies", "5", "--devices", "20"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ends: Value = serde_json::from_str(&line).unwrap();
    assert!(ends["addigy"]["base_url"].as_str().unwrap().ends_with("/api/v2"), "{ends}");
    assert!(ends["itglue"]["api_key"].as_str().unwrap().starts_with("ITG."), "{ends}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn no_secret_is_in_any_file_of_a_home_but_the_vault() {
    let simulator = vendors(8, 60, Faults::Flaky);
    let home = Home::new();
    home.connect(&simulator);
    home.run(&["sync"], "");
    let ends = simulator.endpoints();
    let secrets = [ends.addigy.api_key.as_bytes(), ends.itglue.api_key.as_bytes()];
    let files = files_below(home.path());
    for file in &files {
        let bytes = fs::read(file).unwrap();
        for secret in secrets {
            assert!(!bytes.windows(secret.len()).any(|w| w == secret), "a key is in {}", file.display());
        }
    }
    assert!(files.len() > 3, "the home was looked through");
}

#[test]
fn what_a_decision_teaches_is_listed_applied_removed_and_undone() {
    let home = Home::new();
    let lists = home.path().join("lists");
    fs::create_dir_all(&lists).unwrap();
    let write = |name: &str, rows: &str| {
        let path = lists.join(name);
        fs::write(&path, format!("id,name\n{rows}")).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let left = write("left.csv", "1,Acme Widgets\n2,Quill Media\n");
    let right = write("right.csv", "7,Acme Widget Works\n8,Road Runner Traps\n9,Quill Media LLC\n");
    for (name, file) in [("left", left), ("right", right)] {
        home.ok(&["connect", name, "--connector", "csv", "--companies", &file]);
    }
    home.ok(&["flow", "add", "left", "right", "--streams", "companies"]);
    home.ok(&["sync"]);
    home.ok(&["decide", "match", "left-right", "companies", "1", "--target", "8"]);
    home.ok(&["decide", "accept", "left-right", "companies", "2"]);
    let rules = home.json(&["alias", "list", "--json"]);
    let texts: Vec<&str> = rules.as_array().unwrap().iter().filter_map(|r| r["text"].as_str()).collect();
    assert_eq!(texts, ["“Acme Widgets” is “Road Runner Traps”", "“Acme Widgets” is not “Acme Widget Works”"]);
    let id = rules[0]["id"].to_string();
    home.ok(&["alias", "apply", &id, "--everywhere"]);
    assert_eq!(home.json(&["alias", "list", "left-right", "--json"])[0]["everywhere"], true);
    home.ok(&["alias", "remove", &id]);
    assert_eq!(home.json(&["alias", "list", "--json"]).as_array().unwrap().len(), 1);
    home.ok(&["undo"]);
    assert_eq!(home.json(&["alias", "list", "--json"]).as_array().unwrap().len(), 2);
    home.refused(&["alias", "remove", "99"], 2, &["no rule 99", "alias list"]);
    home.refused(&["alias", "list", "nowhere"], 2, &["no flow", "left-right"]);
}
