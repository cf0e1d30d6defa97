//! `matchbook settings` as scripts use it, and killed in the middle of a change.

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A home with one integration of exported files, synced.
struct Home(TempDir);

impl Home {
    fn new(companies: usize) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        let mut text = "Company ID,Company Name,Company Type,Company Status\n".to_owned();
        let mut devices = "Device ID,Device Name,Company ID,Serial Number,Device Type\n".to_owned();
        for n in 0..companies {
            let kind = ["Client", "Vendor", "Partner"][n % 3];
            writeln!(text, "c{n},Company {n},{kind},Active").unwrap();
            writeln!(devices, "d{n},mac-{n},c{n},C02XK{n:04}JG5J,Laptop").unwrap();
        }
        let files = [("companies", text), ("devices", devices)].map(|(name, text)| {
            let file = home.path().join(format!("{name}.csv"));
            fs::write(&file, text).unwrap();
            file.display().to_string()
        });
        home.ok(&["connect", "psa", "--connector", "csv", "--companies", &files[0], "--devices", &files[1]]);
        home.ok(&["sync"]);
        home
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn config(&self) -> PathBuf {
        self.path().join("config.toml")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(cargo_bin("matchbook"));
        command.env_clear().env("MATCHBOOK_HOME", self.path()).env("USER", "tester").args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).stdin(Stdio::null()).output().unwrap()
    }

    fn ok(&self, arguments: &[&str]) -> (String, String) {
        let output = self.run(arguments);
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert!(output.status.success(), "{arguments:?}: {}", said[1]);
        said.into()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ok(arguments).0).unwrap()
    }

    fn refused(&self, arguments: &[&str], words: &[&str]) {
        let output = self.run(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        for word in words {
            assert!(said.contains(word), "{arguments:?} says “{word}”: {said}");
        }
    }
}

#[test]
fn settings_are_shown_previewed_and_changed() {
    let home = Home::new(30);
    let (shown, _) = home.ok(&["settings", "psa"]);
    assert!(shown.contains("Company types\tcompany_types\tall\tcompany_types_mode = all"), "{shown}");
    assert!(shown.contains("  [x] Vendor\t10 records, 0 matched, 10 open"), "{shown}");
    let before = fs::read_to_string(home.config()).unwrap();
    let change = ["settings", "psa", "--set", "company_types=client,partner"];
    let (told, said) = home.ok(&[&change[..], &["--dry-run"]].concat());
    assert!(told.contains("would leave: 10 companies, 10 devices\nwould come back: nothing\n"), "{told}");
    assert!(told.contains("  - company c1\tCompany 1\ttype Vendor is not chosen"), "{told}");
    assert!(said.contains("nothing was changed"), "{said}");
    assert_eq!(fs::read_to_string(home.config()).unwrap(), before);

    let done = home.json(&[&change[..], &["--yes", "--json"]].concat());
    assert_eq!((&done["applied"], &done["preview"]["leaves"][0]["records"]), (&true.into(), &10.into()), "{done}");
    assert!(fs::read_to_string(home.config()).unwrap().contains("[integrations.psa.sync]\n"));
    let shown = home.json(&["settings", "psa", "--json"]);
    assert_eq!(shown["scope"]["company_types"], serde_json::json!(["client", "partner"]));
    assert_eq!(shown["streams"][1]["left_out"], 10, "{shown}");
    let status = home.json(&["status", "--json"]);
    assert_eq!(status["integrations"][0]["streams"][0]["left_out"], 10, "{status}");
    let (_, said) = home.ok(&["log"]);
    assert!(said.is_empty());
    assert!(home.ok(&["log"]).0.contains("sync settings changed by tester; left out now: 10 companies, 10 devices"));

    let (told, said) = home.ok(&["settings", "psa", "--set", "company_types=", "--yes"]);
    assert!(told.contains("came back: 10 companies, 10 devices\n"), "{told}");
    assert!(told.contains("a sync may bring more: companies, devices"), "{told}");
    assert!(said.contains("next: matchbook sync psa"), "{said}");
    assert_eq!(fs::read_to_string(home.config()).unwrap(), before, "as it was");
}

#[test]
fn mistakes_are_named() {
    let home = Home::new(3);
    home.refused(&["settings", "ps"], &["no integration “ps”", "psa"]);
    home.refused(&["settings", "psa", "--set", "contacts=false"], &["--dry-run"]);
    home.refused(&["settings", "psa", "--set", "company_type=x", "--yes"], &["did you mean `company_types`?"]);
    home.refused(&["settings", "psa", "--set", "ticket_months=9999", "--yes"], &["ticket_months is 9999"]);
    let (_, said) = home.ok(&["settings", "psa", "--set", "company_types=Cleint", "--dry-run"]);
    assert!(said.contains("nothing has “Cleint”; known: Client, Partner, Vendor"), "{said}");
    home.ok(&["settings", "psa", "--set", "company_types=Cleint", "--yes"]);
    let (_, said) = home.ok(&["settings", "psa"]);
    assert!(said.contains("did you mean “Client”?"), "{said}");
}

/// Everything follows from the configuration, which is replaced in one step: a change that is killed has happened or
/// has not, and what is left out is that of the settings that stand there.
#[test]
fn a_killed_change_has_happened_or_has_not() {
    let home = Home::new(60);
    let rounds = std::env::var("MATCHBOOK_KILL_ROUNDS").ok().and_then(|r| r.parse().ok()).unwrap_or(6);
    let unfinished = home.path().join("config.toml.new");
    let mut happened = 0;
    for round in 0..rounds {
        let before = home.json(&["settings", "psa", "--json"])["scope"]["company_types"].clone();
        let names = if before == serde_json::json!(["Client"]) { "Vendor,Partner" } else { "Client" };
        let change = format!("company_types={names}");
        let _ = fs::remove_file(&unfinished);
        let mut child = home
            .command(&["settings", "psa", "--set", &change, "--yes"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Killed while the new file is being written, or when it has just taken the place of the old one.
        let mut wait_until = |there: bool| {
            while unfinished.exists() != there && child.try_wait().unwrap().is_none() {
                std::thread::yield_now();
            }
        };
        wait_until(true);
        if round % 2 == 1 {
            wait_until(false);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let after = home.json(&["settings", "psa", "--json"]);
        let chosen: Vec<&str> =
            after["scope"]["company_types"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
        let new = chosen.join(",") == names;
        assert!(new || after["scope"]["company_types"] == before, "{after}");
        happened += u32::from(new);
        let left_out = u64::try_from(60 - 20 * chosen.len()).unwrap() % 60;
        for stream in after["streams"].as_array().unwrap() {
            assert_eq!(
                (stream["records"].as_u64(), stream["left_out"].as_u64()),
                (Some(60), Some(left_out)),
                "{after}"
            );
        }
    }
    println!("{happened} of {rounds} changes had happened when they were killed");
}

#[test]
fn schedules_and_pauses_are_kept_and_comments_stay() {
    let home = Home::new(6);
    let text = fs::read_to_string(home.config()).unwrap();
    fs::write(home.config(), format!("# mine\n{text}")).unwrap();
    let line = |stream: &str| {
        let sheets = home.json(&["schedule", &format!("psa/{stream}"), "--json"]);
        sheets[0]["lines"][0].clone()
    };
    assert_eq!((&line("devices")["schedule"], &line("devices")["default"]), (&"every 4 h".into(), &true.into()));
    assert!(line("devices")["next"].is_string(), "the next run is named");
    home.ok(&["schedule", "psa/devices", "--set", "30 6 * * 1-5 in Europe/Berlin within 10 min"]);
    assert_eq!(line("devices")["schedule"], "30 6 * * 1-5 in Europe/Berlin within 10 min");
    let kept = fs::read_to_string(home.config()).unwrap();
    assert!(kept.starts_with("# mine\n") && kept.contains("Europe/Berlin"), "{kept}");
    home.refused(&["schedule", "psa/devices", "--set", "hourly"], &["hourly", "every 4 h"]);
    home.refused(&["schedule", "psa/devices", "--set", "daily 02:00 in Atlantis"], &["time zone"]);
    home.refused(&["schedule", "psa", "--set", "off"], &["INTEGRATION/STREAM"]);
    assert_eq!(fs::read_to_string(home.config()).unwrap(), kept, "a refused one changes nothing");
    home.ok(&["schedule", "psa/devices", "--default"]);
    assert_eq!(line("devices")["schedule"], "every 4 h");

    home.ok(&["pause", "psa"]);
    let status = home.json(&["status", "--json"]);
    assert_eq!(status["integrations"][0]["state"]["state"], "paused", "kept over the end of the command");
    assert!(status["integrations"][0]["next"].is_null());
    assert_eq!(line("devices")["idle"], "paused");
    home.ok(&["resume", "psa"]);
    assert!(home.json(&["status", "--json"])["integrations"][0]["next"].is_string());
    home.refused(&["pause", "--flow", "nothing"], &["no flow"]);
    // What the configuration pauses is paused; going on takes it out of the file.
    let text = fs::read_to_string(home.config()).unwrap();
    fs::write(home.config(), text.replacen("connector =", "paused = true\nconnector =", 1)).unwrap();
    assert_eq!(home.json(&["status", "--json"])["integrations"][0]["state"]["state"], "paused");
    home.ok(&["resume", "psa"]);
    assert!(!fs::read_to_string(home.config()).unwrap().contains("paused"));
    assert_eq!(home.json(&["status", "--json"])["integrations"][0]["state"]["state"], "ok");
}
