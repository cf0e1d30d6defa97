//! `plan`, `apply`, `outbox` and `decide create` as scripts use them.

#[path = "../home/mod.rs"]
mod home;

use home::Home;
use matchbook::simulator::Faults;
use serde_json::Value;

#[test]
fn plan_apply_and_outbox_are_commands() {
    let simulator = home::vendors(6, 60, Faults::None);
    let control = simulator.control();
    control.itglue().clear();
    let home = Home::new();
    home.connect(&simulator);
    let config = home.path().join("config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let create = "\n[flows.addigy-itglue.create.companies]\ntype = \"Customer\"\n\
                  [flows.addigy-itglue.create.devices]\ntype = \"Desktop\"\ntypes = { MacBook = \"Laptop\" }\n";
    std::fs::write(&config, text + create).unwrap();
    home.ok(&["sync"]);
    let planned = home.json(&["plan", "addigy-itglue", "--json"]);
    let rows = planned["planned"].as_array().unwrap();
    assert!(rows.len() > 40 && rows.iter().all(|row| row["state"] == "planned"), "{planned}");
    let kind = |row: &Value| row["row"]["fields"].as_array().unwrap().iter().find(|f| f["field"] == "type").cloned();
    let laptops = rows.iter().filter(|row| kind(row).is_some_and(|f| f["new"] == "Laptop")).count();
    assert!(laptops > 0, "types are translated");
    assert_eq!(control.itglue().counts(), (0, 0), "nothing is sent before apply");
    // One is taken back, then exactly the rest is sent.
    let id = rows[0]["id"].to_string();
    home.ok(&["outbox", "--withdraw", &id]);
    let applied = home.json(&["apply", "addigy-itglue", "--json"]);
    assert_eq!(applied["sent"], rows.len() - 1);
    assert!(applied["writes"].as_array().unwrap().iter().all(|row| row["state"] == "confirmed"), "{applied}");
    let (organizations, configurations) = control.itglue().counts();
    assert_eq!(organizations + configurations, rows.len() - 1);
    // What was taken back is still open; a dry run of it says what would be made, then it is made.
    let source = rows[0]["row"]["source"].as_str().unwrap();
    let stream = rows[0]["row"]["stream"].as_str().unwrap();
    let dry = home.json(&["decide", "create", "addigy-itglue", stream, source, "--dry-run", "--json"]);
    assert_eq!((dry["writes"].as_u64(), &dry["rows"][0]["fields"]), (Some(1), &rows[0]["row"]["fields"]));
    let made = home.json(&["decide", "create", "addigy-itglue", stream, source, "--json"]);
    assert_eq!(made["writes"][0]["state"], "confirmed");
    let open = home.json(&["outbox", "--open", "--json"]);
    assert_eq!(open["writes"].as_array().map(Vec::len), Some(0));
    let history = home.json(&["history", "--json"]);
    let said = history.as_array().unwrap().iter().any(|e| e["what"].as_str().unwrap().contains("on IT Glue"));
    assert!(said, "{history}");
    home.refused(&["plan", "nowhere"], 2, &["no flow"]);
}

#[test]
fn a_plan_of_more_than_a_thousand_is_listed_whole() {
    let simulator = home::vendors(6, 1_300, Faults::None);
    simulator.control().itglue().clear();
    let home = Home::new();
    home.connect(&simulator);
    let config = home.path().join("config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let create = "\n[flows.addigy-itglue.create.companies]\ntype = \"Customer\"\n\
                  [flows.addigy-itglue.create.devices]\ntype = \"Desktop\"\n";
    std::fs::write(&config, text + create).unwrap();
    home.ok(&["sync"]);
    let planned = home.json(&["plan", "addigy-itglue", "--json"]);
    let count = planned["planned"].as_array().unwrap().len();
    assert!(count > 1_100, "{count}");
    assert!(planned["warnings"][0].as_str().unwrap().contains("PSA"), "{}", planned["warnings"]);
    // Planned again it is the same; the words sum it up by kind.
    let said = home::text(&home.run(&["plan", "addigy-itglue"], "").stderr);
    let made = planned["planned"].as_array().unwrap().iter().filter(|row| row["row"]["target"].is_null());
    let (companies, devices): (Vec<_>, Vec<_>) = made.partition(|row| row["row"]["stream"] == "companies");
    let thousands = format!("{},{:03}", devices.len() / 1_000, devices.len() % 1_000);
    let words = format!("planned: {} companies, {thousands} devices to make; ", companies.len());
    assert!(said.contains(&words), "{words}: {said}");
    let listed = |options: &[&str]| {
        let arguments: Vec<&str> = ["outbox", "--json"].iter().chain(options).copied().collect();
        home.json(&arguments)["writes"].as_array().unwrap().len()
    };
    assert_eq!((listed(&["--all"]), listed(&["--open", "--limit", "1050"]), listed(&[])), (count, 1_050, 50));
    let output = home.run(&["apply", "addigy-itglue"], "");
    let (out, said) = (home::text(&output.stdout), home::text(&output.stderr));
    assert!(output.status.success(), "{said}");
    assert_eq!(out.lines().filter(|line| line.contains("\tconfirmed ")).count(), count);
    assert!(said.contains(&format!("{count} confirmed")) && said.contains("PSA"), "{said}");
}
