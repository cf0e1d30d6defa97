//! Connecting and syncing ConnectWise Manage and Autotask with the real program.

mod home;

use home::{Home, vendors};
use matchbook::simulator::{Faults, Simulator};
use std::fs;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Connects both PSAs; what the program said.
fn connect(home: &Home, simulator: &Simulator) -> String {
    let ends = simulator.endpoints();
    let (cw, at) = (&ends.connectwise, &ends.autotask);
    let connectwise = format!(
        "company={}\npublic_key={}\nprivate_key={}\nclient_id={}\n",
        cw.company, cw.public_key, cw.private_key, cw.client_id
    );
    let autotask =
        format!("username={}\nsecret={}\nintegration_code={}\n", at.username, at.secret, at.integration_code);
    let mut said = String::new();
    for (name, base_url, entered) in [("connectwise", &cw.base_url, connectwise), ("autotask", &at.base_url, autotask)]
    {
        let arguments = ["connect", name, "--connector", name, "--base-url", base_url, "--secrets-stdin"];
        let output = home.run(&arguments, &entered);
        assert!(output.status.success(), "{}", text(&output.stderr));
        said += &text(&output.stderr);
    }
    said
}

#[test]
fn both_are_connected_and_synced_and_only_settings_are_in_the_configuration() {
    let simulator = vendors(10, 60, Faults::None);
    let home = Home::new();
    home.ok(&["init"]);
    let said = connect(&home, &simulator);
    for words in ["Zone: Simulated", "✓ Service Desk: Service Tickets", "✓ view tickets", "requests that all programs"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    let config = fs::read_to_string(home.file("config.toml")).unwrap();
    let (cw, at) = (&simulator.endpoints().connectwise, &simulator.endpoints().autotask);
    assert!(config.contains(&cw.company) && config.contains(&at.username));
    for secret in [&cw.public_key, &cw.private_key, &cw.client_id, &at.secret, &at.integration_code] {
        assert!(!config.contains(secret.as_str()) && !said.contains(secret.as_str()));
    }
    for name in ["connectwise", "autotask"] {
        let synced = home.json(&["sync", name, "--json"]);
        let streams: Vec<_> =
            synced["streams"].as_array().unwrap().iter().filter(|s| s["integration"] == name).collect();
        // No flow wants the others.
        let listed: Vec<_> = streams.iter().filter_map(|s| s["stream"].as_str()).collect();
        assert_eq!(listed, ["companies", "device-types", "devices"]);
        assert!(streams.iter().all(|s| s["state"]["state"] == "ok"), "{synced}");
    }
}

#[test]
fn contacts_locations_and_tickets_are_queued_and_decided_from_the_command_line() {
    let simulator = vendors(12, 150, Faults::None);
    let home = Home::new();
    home.ok(&["init"]);
    connect(&home, &simulator);
    let ends = simulator.endpoints();
    let keys = format!("api_key={}\n", ends.itglue.api_key);
    let arguments =
        ["connect", "itglue", "--connector", "itglue", "--base-url", &ends.itglue.base_url, "--secrets-stdin"];
    assert!(home.run(&arguments, &keys).status.success());
    home.ok(&["flow", "add", "autotask", "itglue", "--streams", "companies,contacts,locations"]);
    home.ok(&["flow", "add", "connectwise", "autotask", "--streams", "companies,tickets"]);
    home.run(&["sync"], "");
    let rows = |flow: &str, stream: &str, filter: &str| -> Vec<serde_json::Value> {
        let out = home.ok(&["queue", flow, "--stream", stream, "--filter", filter, "--json"]);
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    for stream in ["contacts", "locations"] {
        let matched = rows("autotask-itglue", stream, "matched");
        assert!(!matched.is_empty(), "{stream}");
        let id = matched[0]["id"].as_str().unwrap();
        let target = matched[0]["target"]["id"].as_str().unwrap();
        home.ok(&["decide", "unmatch", "autotask-itglue", stream, id]);
        assert_eq!(rows("autotask-itglue", stream, "matched").len(), matched.len() - 1, "{stream}");
        home.ok(&["decide", "match", "autotask-itglue", stream, id, "--target", target]);
        assert_eq!(rows("autotask-itglue", stream, "matched").len(), matched.len(), "{stream}");
        home.ok(&["undo"]);
        assert_eq!(rows("autotask-itglue", stream, "matched").len(), matched.len() - 1, "{stream}");
    }
    let suggested = rows("autotask-itglue", "contacts", "suggested");
    let id = suggested[0]["id"].as_str().unwrap();
    let done = home.json(&["decide", "accept", "autotask-itglue", "contacts", id, "--json"]);
    assert_eq!(done["rows"], 1, "{done}");
    let tickets = rows("connectwise-autotask", "tickets", "all");
    assert!(!tickets.is_empty());
    let id = tickets[0]["id"].as_str().unwrap();
    home.ok(&["decide", "ignore", "connectwise-autotask", "tickets", id]);
    assert_eq!(rows("connectwise-autotask", "tickets", "ignored").len(), 1);
    home.refused(&["queue", "autotask-itglue", "--stream", "tickets"], 2, &["tickets"]);
}

#[test]
fn what_is_missing_or_wrong_is_told_by_name_and_nothing_is_saved() {
    let simulator = vendors(5, 20, Faults::None);
    let home = Home::new();
    home.ok(&["init"]);
    let cw = simulator.endpoints().connectwise.clone();
    let arguments = ["connect", "cw", "--connector", "connectwise", "--base-url", &cw.base_url, "--secrets-stdin"];
    let before = fs::read_to_string(home.file("config.toml")).unwrap();
    let refused = |entered: &str, status: i32, words: &[&str]| {
        let output = home.run(&arguments, entered);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{said}");
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
        assert_eq!(fs::read_to_string(home.file("config.toml")).unwrap(), before);
    };
    refused("public_key=a\nprivate_key=b\n", 2, &["client_id", "company"]);
    let keys = format!("company={}\npublic_key={}\nprivate_key={}\n", cw.company, cw.public_key, cw.private_key);
    refused(&format!("{keys}client_id=not-registered\n"), 3, &["client id", "developer.connectwise.com"]);
}

#[test]
fn the_field_mapping_is_shown_and_ones_own_file_changes_a_field() {
    let home = Home::new();
    home.ok(&["init"]);
    let shown = home.ok(&["mapping", "autotask", "devices"]);
    assert!(shown.contains("referenceTitle") && shown.contains("Reference Name if present"), "{shown}");
    assert!(!shown.contains("from your own mapping file"));
    let own = home.file("connectors");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("autotask.toml"), "[streams.devices.fields]\nasset_tag = \"referenceTitle\"\n").unwrap();
    let mapping = home.json(&["mapping", "autotask", "devices", "--json"]);
    let fields = mapping["streams"][0]["fields"].as_array().unwrap();
    let field = |name: &str| fields.iter().find(|field| field["field"] == name).unwrap();
    assert_eq!(
        (&field("asset_tag")["from"], &field("asset_tag")["overridden"]),
        (&"referenceTitle".into(), &true.into())
    );
    assert_eq!(field("serial")["overridden"], false);
    fs::write(own.join("autotask.toml"), "[streams.devices.fields]\n\nserail = \"serialNumber\"\n").unwrap();
    let output = home.run(&["mapping", "autotask"], "");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("line 3") && said.contains("serail"), "{said}");
    fs::write(own.join("autotask.toml"), "[streams.devices.fields]\nasset_tag = \"referenceTitle\"\n").unwrap();
    let simulator = vendors(5, 20, Faults::None);
    home.connect(&simulator);
    connect(&home, &simulator);
    home.ok(&["flow", "add", "autotask", "itglue", "--streams", "companies,devices,contacts,locations"]);
    let flow = home.json(&["mapping", "autotask-itglue", "devices", "--json"]);
    let fields = flow["streams"][0]["fields"].as_array().unwrap();
    let tag = fields.iter().find(|field| field["field"] == "asset_tag").unwrap();
    assert_eq!((&tag["source"]["from"], &tag["source"]["overridden"]), (&"referenceTitle".into(), &true.into()));
    assert_eq!(tag["target"]["label"], "Asset Tag");
    let shown = home.ok(&["mapping", "autotask-itglue"]);
    for words in
        ["Reference Name, else Product Name", "* Reference Number", "holds several addresses", "locations: autotask"]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    home.refused(&["mapping", "autotask-itglue", "tickets"], 2, &["has no tickets", "companies, devices"]);
}
