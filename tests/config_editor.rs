//! Edits of the configuration: comments stay, the file is private and whole, and a bad result is never written.

use matchbook::config::{Editor, FlowConfig, IntegrationConfig, load};
use matchbook::domain::{Stream, SyncScope, TypesMode};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

const BEFORE: &str = r#"# Harbor IT, office server
home_name = "Harbor IT"   # ours

# the main tenant
[integrations.addigy]
connector = "addigy"
requests_per_second = 2.0 # agreed with Addigy
future = "kept"

# colours
[ui]
theme = "light" # bright room
"#;

fn home(text: &str) -> (PathBuf, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    fs::write(&path, text).unwrap();
    (path, dir)
}

#[test]
fn adding_and_changing_keeps_comments_order_and_unknown_keys() {
    let (path, _dir) = home(BEFORE);
    let mut editor = Editor::open(&path).unwrap();
    let mut addigy = load(&path).unwrap().config.integrations[0].clone();
    addigy.requests_per_second = Some(1.0);
    addigy.schedule.insert(Stream::Devices, "every 2 h".into());
    editor.set_integration(&addigy).unwrap();
    let itglue = IntegrationConfig { region: Some("eu".into()), ..IntegrationConfig::new("itglue", "itglue") };
    editor.set_integration(&itglue).unwrap();
    let flow = FlowConfig::new("addigy-itglue", "addigy", "itglue");
    editor.set_flow(&flow).unwrap();
    editor.save().unwrap();

    let text = fs::read_to_string(&path).unwrap();
    for kept in [
        "# Harbor IT, office server\n",
        "# ours",
        "# the main tenant",
        "# agreed with Addigy",
        "# colours",
        "# bright room",
        "future = \"kept\"",
    ] {
        assert!(text.contains(kept), "{kept} is gone:\n{text}");
    }
    assert!(text.find("[integrations.addigy]") < text.find("[ui]"), "{text}");
    let config = load(&path).unwrap().config;
    assert_eq!(config.integrations, [addigy, itglue]);
    assert_eq!(config.flows, [flow]);
}

#[test]
fn settings_that_are_gone_are_removed() {
    let (path, _dir) = home(BEFORE);
    let mut editor = Editor::open(&path).unwrap();
    editor.set_integration(&IntegrationConfig::new("addigy", "addigy")).unwrap();
    assert!(!editor.text().contains("requests_per_second") && editor.text().contains("future"));
}

#[test]
fn pausing_and_removing() {
    let (path, _dir) = home(BEFORE);
    let mut editor = Editor::open(&path).unwrap();
    assert!(editor.set_paused(&"addigy".into(), true) && !editor.set_paused(&"nobody".into(), true));
    editor.save().unwrap();
    assert!(load(&path).unwrap().config.integrations[0].paused);
    editor.set_paused(&"addigy".into(), false);
    assert_eq!(editor.text(), BEFORE, "taken back, the file is what it was");
    assert!(editor.remove_integration(&"addigy".into()) && !editor.remove_integration(&"addigy".into()));
    assert!(!editor.remove_flow(&"nobody".into()));
    editor.save().unwrap();
    let loaded = load(&path).unwrap();
    assert!(loaded.config.integrations.is_empty() && loaded.config.ui.theme == "light");
}

#[test]
fn a_bad_result_is_not_written() {
    let (path, dir) = home(BEFORE);
    let mut editor = Editor::open(&path).unwrap();
    editor.set_flow(&FlowConfig::new("f", "addigy", "nobody")).unwrap();
    assert!(editor.save().unwrap_err().what.contains("flows.f.target"));
    assert_eq!(fs::read_to_string(&path).unwrap(), BEFORE);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no unfinished file is left");
    fs::write(&path, "[ui").unwrap();
    assert!(Editor::open(&path).is_err());
}

#[cfg(unix)]
#[test]
fn a_new_file_is_private_and_a_link_stays_a_link() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let (real, link) = (dir.path().join("real.toml"), dir.path().join("deep/config.toml"));
    let mut editor = Editor::open(&link).unwrap();
    editor.set_integration(&IntegrationConfig::new("itglue", "itglue")).unwrap();
    editor.save().unwrap();
    assert_eq!(fs::metadata(&link).unwrap().permissions().mode() & 0o777, 0o600);
    fs::rename(&link, &real).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    editor.set_paused(&"itglue".into(), true);
    editor.save().unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(load(&real).unwrap().config.integrations[0].paused);
}

const SCOPED: &str = r#"[integrations.psa]
connector = "addigy"

# what we look after
[integrations.psa.sync]
company_types = ["Client",   # paying
    "Partner"]
unclassified = true # for now
contacts = false

[ui]
theme = "light"
"#;

#[test]
fn sync_settings_write_what_differs_and_keep_the_rest_as_written() {
    let (path, _dir) = home(SCOPED);
    let mut editor = Editor::open(&path).unwrap();
    let mut scope = load(&path).unwrap().config.integrations[0].sync.clone();
    assert!(editor.set_scope(&"psa".into(), &scope).unwrap());
    scope.company_types_mode = TypesMode::Any;
    scope.contacts = true;
    scope.device_types = vec!["Laptop".into()];
    assert!(editor.set_scope(&"psa".into(), &scope).unwrap());
    editor.save().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    for kept in ["# what we look after\n[integrations.psa.sync]", "[\"Client\",   # paying\n    \"Partner\"]"] {
        assert!(text.contains(kept), "{kept} is gone:\n{text}");
    }
    for gone in ["contacts", "ticket_months", "untyped"] {
        assert!(!text.contains(gone), "{gone} is as by default:\n{text}");
    }
    assert_eq!(load(&path).unwrap().config.integrations[0].sync, scope);
    // All other settings of the integration can be replaced without touching these.
    let mut psa = load(&path).unwrap().config.integrations[0].clone();
    psa.label = Some("Our PSA".into());
    editor.set_integration(&psa).unwrap();
    assert!(editor.text().contains("# paying") && editor.text().contains("Our PSA"));
    assert!(editor.text().find("[integrations.psa.sync]") < editor.text().find("[ui]"), "{}", editor.text());
}

#[test]
fn default_sync_settings_need_no_table_and_wrong_ones_are_not_written() {
    let (path, _dir) = home(BEFORE);
    let mut editor = Editor::open(&path).unwrap();
    let narrow = SyncScope { ticket_months: 3, ..SyncScope::default() };
    assert!(editor.set_scope(&"addigy".into(), &narrow).unwrap());
    let text = editor.text();
    assert!(text.contains("[integrations.addigy.sync]\nticket_months = 3\n"), "{text}");
    assert!(text.find("[integrations.addigy.sync]") < text.find("[ui]"), "{text}");
    assert!(editor.set_scope(&"addigy".into(), &SyncScope::default()).unwrap());
    assert_eq!(editor.text(), BEFORE, "taken back, the file is what it was");
    assert!(!editor.set_scope(&"nobody".into(), &narrow).unwrap());
    let wrong = SyncScope { device_types: vec![" ".into()], ..SyncScope::default() };
    let failure = editor.set_scope(&"addigy".into(), &wrong).unwrap_err();
    assert!(failure.what.contains("integrations.addigy.sync.device_types"), "{failure}");
}

#[test]
fn views_are_kept_replaced_and_removed_beside_what_a_person_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, "# mine\n[ui]\ntheme = \"light\" # bright room\n").unwrap();
    let view = matchbook::config::ViewConfig {
        name: "later".into(),
        stream: matchbook::domain::Stream::Devices,
        filter: "deferred".into(),
        find: String::new(),
        sort: "name".into(),
        descending: true,
        columns: vec!["name".into(), "why".into()],
        grouped: false,
    };
    let mut editor = Editor::open(&file).unwrap();
    editor.set_view(&view).unwrap();
    editor.save().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("# mine") && text.contains("theme = \"light\" # bright room"), "{text}");
    assert_eq!(matchbook::config::load(&file).unwrap().config.ui.views, std::slice::from_ref(&view));
    let mut editor = Editor::open(&file).unwrap();
    editor.set_view(&matchbook::config::ViewConfig { sort: "size".into(), ..view }).unwrap();
    assert!(editor.save().is_err(), "an order that does not exist is not written");
    let mut editor = Editor::open(&file).unwrap();
    assert!(editor.remove_view("later").unwrap() && !editor.remove_view("later").unwrap());
    editor.save().unwrap();
    assert!(matchbook::config::load(&file).unwrap().config.ui.views.is_empty());
}
