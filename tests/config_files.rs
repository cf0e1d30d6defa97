//! Configuration files: good ones, and bad ones with what a person is told. Each bad file lies beside the text that the
//! message must hold.

use matchbook::config::{Config, Loaded, example, load, parse};
use matchbook::domain::{Cardinality, FailureClass, NameMode, ScopeRule, Stream, Ties, TypesMode};
use std::fs;
use std::path::{Path, PathBuf};

fn fixtures(folder: &str) -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/config").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    files.sort();
    assert!(!files.is_empty());
    files
}

fn expected(file: &Path) -> String {
    fs::read_to_string(file.with_extension("expected")).unwrap().trim_end().to_owned()
}

#[test]
fn good_files_load_without_warnings() {
    for file in fixtures("valid") {
        let loaded = load(&file).unwrap_or_else(|failure| panic!("{}: {failure}", file.display()));
        assert_eq!(loaded.warnings, [] as [&str; 0], "{}", file.display());
        loaded.config.flows().unwrap();
    }
}

#[test]
fn bad_files_are_refused_with_the_place_and_the_reason() {
    for file in fixtures("invalid") {
        let failure = load(&file).expect_err(&file.display().to_string());
        assert_eq!(failure.class, FailureClass::Usage, "{failure}");
        assert!(failure.what.starts_with(&file.display().to_string()), "{failure}");
        assert!(failure.what.contains(&expected(&file)), "{failure}\nshould hold: {}", expected(&file));
        assert!(!failure.to_string().contains("hush"), "{failure}");
    }
}

#[test]
fn unknown_keys_are_named_with_what_was_meant() {
    for file in fixtures("warnings") {
        let warnings = load(&file).unwrap().warnings;
        assert!(warnings.len() == 1 && warnings[0].contains(&expected(&file)), "{warnings:?}");
        assert!(!warnings[0].contains("hush"), "{warnings:?}");
    }
}

#[test]
fn a_missing_file_is_an_empty_configuration() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(load(&dir.path().join("config.toml")).unwrap(), Loaded::default());
    assert_eq!(parse("", "config.toml").unwrap(), Loaded::default());
    let failure = load(dir.path()).unwrap_err();
    assert_eq!(failure.class, FailureClass::Local, "a directory cannot be read");
    let utf16 = dir.path().join("utf16.toml");
    fs::write(&utf16, [0xff, 0xfe, b'[', 0]).unwrap();
    assert!(load(&utf16).unwrap_err().what.contains("not UTF-8"));
}

#[test]
fn every_setting_reaches_its_place_and_integrations_keep_their_order() {
    let config =
        load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/config/valid/full.toml")).unwrap().config;
    let names: Vec<&str> = config.integrations.iter().map(|i| i.name.as_str()).collect();
    assert_eq!(names, ["zeta", "alpha", "files"]);
    let zeta = &config.integrations[0];
    assert!(zeta.paused && zeta.requests_per_second == Some(1.5) && zeta.page_size == Some(200));
    assert_eq!(zeta.schedule_of(Stream::Devices).unwrap().to_string(), "every 2 h");
    assert_eq!(zeta.schedule_of(Stream::DeviceTypes).unwrap().to_string(), "daily 02:00");
    assert_eq!(config.integrations[2].files[&Stream::Devices], Path::new("devices.csv"));
    let scope = &zeta.sync;
    assert_eq!((&scope.company_types[..], scope.company_types_mode), (&["Client".to_owned()][..], TypesMode::Any));
    assert_eq!((scope.untyped, scope.contacts, scope.ticket_months), (false, false, 0));
    assert_eq!(
        (scope.unclassified, scope.locations, scope.tickets),
        (true, true, true),
        "what is missing is as before"
    );
    let flow = &config.flows().unwrap()[0];
    assert_eq!((flow.cardinality, flow.names, flow.ties), (Cardinality::OneToOne, NameMode::Exact, Ties::Oldest));
    assert_eq!((flow.roll_up, flow.needs_devices, flow.auto_accept), (false, false, false));
    assert_eq!(flow.streams, [Stream::Companies]);
    assert_eq!((config.ui.theme.as_str(), config.ui.keys["accept"].len()), ("contrast", 2));
}

/// The example with every option switched on: a line that is a comment with `key =` or `[table]` behind it.
fn example_enabled() -> String {
    let enable = |line: &str| {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        let key = bare.split(['=', ' ']).next().unwrap_or_default();
        let is_key = bare.contains(" = ")
            && !key.is_empty()
            && key.chars().all(|c| c.is_ascii_lowercase() || "-_.\"".contains(c));
        if is_key || bare.starts_with('[') { bare.to_owned() } else { line.to_owned() }
    };
    example().lines().map(enable).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_changes_nothing_and_works_with_every_option() {
    assert_eq!(parse(example(), "example").unwrap(), Loaded::default());
    let Loaded { config, warnings } = parse(&example_enabled(), "example").unwrap();
    assert_eq!(warnings, [] as [&str; 0]);
    let connectors: Vec<&str> = config.integrations.iter().map(|i| i.connector.as_str()).collect();
    assert_eq!(connectors, ["addigy", "itglue", "connectwise", "autotask", "csv"]);
    let ui = &config.ui;
    assert_eq!((config.integrations[4].files.len(), ui.keys.len(), ui.views.len()), (2, 2, 1));
}

#[test]
fn the_example_shows_the_defaults() {
    let shown = parse(&example_enabled(), "example").unwrap().config;
    let silent = "[integrations.addigy]\nconnector = 'addigy'\n[integrations.itglue]\nconnector = 'itglue'\n\
                  [flows.addigy-itglue]\nsource = 'addigy'\ntarget = 'itglue'";
    let silent: Config = parse(silent, "silent").unwrap().config;
    assert_eq!(shown.flows().unwrap(), silent.flows().unwrap());
    for stream in Stream::ALL {
        let [shown, silent] = [&shown, &silent].map(|c| c.integrations[0].schedule_of(stream).unwrap());
        assert_eq!(shown, silent);
    }
    assert_eq!(shown.integrations[0].sync, silent.integrations[0].sync);
    assert_eq!(shown.backup.schedule().unwrap(), silent.backup.schedule().unwrap());
    assert_eq!(shown.backup.keep, silent.backup.keep);
    let own = matchbook::config::UiConfig { keys: shown.ui.keys.clone(), views: shown.ui.views.clone(), ..silent.ui };
    assert_eq!(own, shown.ui);
}

#[test]
fn every_key_is_in_the_example_and_offered_for_a_slip() {
    let document: toml_edit::DocumentMut = example_enabled().parse().unwrap();
    let tables = [
        (
            "integrations",
            "a",
            "connector label base_url region paused schedule requests_per_second page_size files sync",
        ),
        ("flows", "f", "source target streams cardinality names ties roll_up needs_devices auto_accept"),
        ("sync", "", "full_every_days overlap_minutes ask_above ask_percent ask_records timezone spread_minutes"),
        ("vault", "", "passphrase_command"),
        ("backup", "", "every keep directory"),
        ("ui", "", "theme ascii mouse low_bandwidth keys"),
    ];
    for (group, name, keys) in tables {
        let table = document[group].as_table_like().unwrap();
        let inner = table.iter().filter_map(|(_, item)| item.as_table_like());
        let mut shown: Vec<&str> =
            if name.is_empty() { table.iter().map(|(key, _)| key).collect() } else { Vec::new() };
        shown.extend(inner.flat_map(|table| table.iter().map(|(key, _)| key)));
        let base = "[integrations.a]\nconnector = 'csv'\n[integrations.b]\nconnector = 'csv'\n[flows.f]\nsource = 'a'\n\
                    target = 'b'\n[sync]\n[ui]\n[vault]\n[backup]\n";
        for key in keys.split_whitespace() {
            assert!(shown.contains(&key), "{key} is not in the example");
            let header = if name.is_empty() { format!("[{group}]\n") } else { format!("[{group}.{name}]\n") };
            let slip = base.replace(&header, &format!("{header}{key}x = 1\n"));
            let warnings = parse(&slip, "slip").unwrap().warnings;
            assert!(warnings.len() == 1 && warnings[0].ends_with(&format!("did you mean `{key}`?")), "{warnings:?}");
        }
    }
}

#[test]
fn every_sync_setting_is_in_the_example_and_offered_for_a_slip() {
    let document: toml_edit::DocumentMut = example_enabled().parse().unwrap();
    let shown = document["integrations"]["addigy"]["sync"].as_table_like().unwrap();
    let keys = ScopeRule::LISTS.map(ScopeRule::key);
    let others = ["company_types_mode", "unclassified", "untyped", "contacts", "locations", "tickets", "ticket_months"];
    for key in keys.into_iter().chain(others) {
        assert!(shown.contains_key(key), "{key} is not in the example");
        let slip = format!("[integrations.a]\nconnector = 'csv'\n[integrations.a.sync]\n{key}x = 1\n");
        let warnings = parse(&slip, "slip").unwrap().warnings;
        assert!(warnings.len() == 1 && warnings[0].ends_with(&format!("did you mean `{key}`?")), "{warnings:?}");
    }
}
