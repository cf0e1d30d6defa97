//! What mapping files may say, and how they are refused.

use super::*;

#[test]
fn every_built_in_mapping_parses() {
    for (name, text) in BUILT_IN {
        let mapping = Mapping::parse(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(mapping.streams.contains_key(&Stream::Devices), "{name}");
    }
}

#[test]
fn every_link_of_a_built_in_mapping_leads_to_a_system_that_one_of_them_is() {
    let all: Vec<Mapping> = BUILT_IN.iter().map(|(_, text)| Mapping::parse(text).unwrap()).collect();
    let systems: BTreeSet<String> = all.iter().filter_map(|m| Some(m.system.as_ref()?.as_str().to_owned())).collect();
    assert_eq!(systems.len(), BUILT_IN.len() - 1, "all but exported files: {systems:?}");
    let companies = all.iter().filter_map(|mapping| mapping.streams.get(&Stream::Companies));
    let sources = companies.flat_map(|map| map.fields.named_sources());
    let links: Vec<String> = sources.filter_map(|(n, _)| Some(n.strip_prefix("links.")?.to_owned())).collect();
    assert!(links.len() > 2 && links.iter().all(|link| systems.contains(link)), "{links:?} of {systems:?}");
}

#[test]
fn an_unknown_field_is_refused_by_name() {
    let text = BUILT_IN[1].1.replace("serial = ", "seriall = ");
    let error = Mapping::parse(&text).unwrap_err();
    assert!(error.contains("line ") && error.contains("seriall"), "{error}");
}

#[test]
fn addigy_asks_for_the_facts_that_its_table_reads() {
    let mapping = Mapping::load("addigy", None).unwrap();
    let asked = &mapping.streams[&Stream::Devices].route.ask_for;
    for fact in ["serial_number", "policy_id", "wifi_mac_address", "mac_os_x_version", "battery_cycles"] {
        assert!(asked.iter().any(|f| f == fact), "{fact}");
    }
}

#[test]
fn an_unknown_connector_is_a_usage_failure() {
    assert_eq!(Mapping::load("../secret", None).unwrap_err().class, FailureClass::Usage);
}

fn own(text: &str) -> Result<Mapping, String> {
    Mapping::merged(BUILT_IN[1].1, text)
}

#[test]
fn a_file_of_ones_own_changes_just_what_it_names() {
    let mapping =
        own("[streams.devices.fields]\nmodel = \"attributes.my-model\"\ndetails = { os = \"attributes.os\" }").unwrap();
    let built_in = Mapping::parse(BUILT_IN[1].1).unwrap();
    let told = |mapping: &Mapping, field: &str| {
        let sources = mapping.streams[&Stream::Devices].fields.named_sources();
        sources.into_iter().find(|(name, _)| name == field).map(|(_, source)| source.to_string())
    };
    assert_eq!(told(&mapping, "model").as_deref(), Some("attributes.my-model"));
    assert_eq!(told(&mapping, "details.os").as_deref(), Some("attributes.os"));
    for same in ["serial", "details.gateway", "interfaces[1].mac", "device_type.name"] {
        assert_eq!(told(&mapping, same), told(&built_in, same), "{same}");
    }
    let changed: Vec<&str> = mapping.overridden.iter().map(|(_, field)| field.as_str()).collect();
    assert_eq!(changed, ["details.os", "model"]);
    assert_eq!(mapping.regions, built_in.regions);
}

#[test]
fn what_is_wrong_in_ones_own_file_is_told_with_its_line() {
    for (text, line, word) in [
        ("[streams.devices.fields]\nserial = \"s\"\nmodell = \"m\"", "line 3", "modell"),
        ("[streams.devices.fields]\nmodel = { pfad = \"m\" }", "line 2", "pfad"),
        ("[streams.devices.fields]\nmodel = { path = \"m\", lookup = \"products\" }", "line 2", "products"),
        ("[streams.devices.fields]\nmodel = { path = \"m\", lookup = \"manufacturers.maker\" }", "line 2", "maker"),
        ("# mine\n\n[streams.gadgets.fields]\nid = \"x\"", "line 3", "gadgets"),
        ("[streams.devices.fields\nid = \"x\"", "line 1", ""),
        ("[streams.devices]\nfeilds = {}", "line 2", "feilds"),
        ("[choices.colours]\nfixed = [\"red\"]", "line 1", "company_types"),
        ("[streams.tickets.fields]\nid = \"id\"", "line 1", "title"),
    ] {
        let error = own(text).unwrap_err();
        assert!(error.contains(line) && error.contains(word), "{text}: {error}");
    }
}
