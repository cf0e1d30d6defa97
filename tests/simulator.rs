//! The simulated vendors from outside, through plain HTTP.

mod simulator_support;

use matchbook::simulator::{Failing, Faults, Findable, Limit, Options, Vendor, Verdict, start};
use reqwest::Method;
use serde_json::{Value, json};
use simulator_support::{Vendors, small};
use std::{collections::HashSet, time::Duration};

#[tokio::test]
async fn every_agent_comes_once_in_pages_of_at_most_100() {
    let vendors = Vendors::start(small()).await;
    let (mut page, mut seen) = (1, HashSet::new());
    loop {
        let body = json!({"page": page, "per_page": 500, "sort_field": "serial_number", "unknown": true,
            "desired_fact_identifiers": ["serial_number", "device_name", "policy_id"]});
        let (status, answer) = vendors.addigy(Method::POST, "/devices", body).await;
        assert_eq!(status, 200);
        assert_eq!(answer["metadata"]["per_page"], 100);
        assert_eq!(answer["metadata"]["total"], 350);
        for item in answer["items"].as_array().unwrap() {
            assert!(seen.insert(item["agentid"].as_str().unwrap().to_owned()));
            assert_eq!(item["facts"].as_object().unwrap().len(), 3);
        }
        page += 1;
        if page > answer["metadata"]["page_count"].as_i64().unwrap() {
            break;
        }
    }
    assert_eq!(seen.len(), 350);
    let (_, past) = vendors.addigy(Method::POST, "/devices", json!({"page": 9})).await;
    assert!(past["items"].is_null());
    let (status, refused) = vendors.addigy(Method::POST, "/devices", json!({"page": 0})).await;
    assert_eq!((status, refused["code"].as_i64()), (400, Some(400)));
    assert_eq!(refused["error_chain"]["message"], "page must be >= 1");
}

#[tokio::test]
async fn addigy_filters_by_facts_but_never_by_policy() {
    let vendors = Vendors::start(small()).await;
    let filtered = |field: &'static str, operation: &'static str, value: Value| {
        json!({"desired_fact_identifiers": [field], "per_page": 100,
            "query": {"filters": [{"audit_field": field, "operation": operation, "type": "string", "value": value}]}})
    };
    let (_, macs) = vendors.addigy(Method::POST, "/devices", filtered("os_platform", "=", json!("macOS"))).await;
    let macs = macs["metadata"]["total"].as_i64().unwrap();
    let (_, others) = vendors.addigy(Method::POST, "/devices", filtered("os_platform", "!=", json!("macOS"))).await;
    assert!(macs > 0 && macs < 350);
    assert_eq!(macs + others["metadata"]["total"].as_i64().unwrap(), 350);
    let (_, all) = vendors.addigy(Method::POST, "/devices", filtered("policy_id", "=", json!("none such"))).await;
    assert_eq!(all["metadata"]["total"], 350);
}

#[tokio::test]
async fn mac_only_facts_are_null_on_tablets_and_every_fact_has_its_type() {
    let vendors = Vendors::start(small()).await;
    let organization = vendors.policies().await[0]["orgid"].as_str().unwrap().to_owned();
    let (_, facts) = vendors.addigy(Method::GET, &format!("/o/{organization}/facts"), Value::Null).await;
    let facts = facts.as_array().unwrap().clone();
    let wanted: Vec<&Value> = facts.iter().map(|f| &f["identifier"]).collect();
    let body = json!({"per_page": 100, "desired_fact_identifiers": wanted});
    let (_, answer) = vendors.addigy(Method::POST, "/devices", body).await;
    let (mut macs, mut tablets) = (0, 0);
    for item in answer["items"].as_array().unwrap() {
        for fact in &facts {
            let given = &item["facts"][fact["identifier"].as_str().unwrap()];
            assert_eq!(given["type"], fact["return_type"]);
            let fits = match given["type"].as_str().unwrap() {
                "boolean" => given["value"].is_boolean(),
                "number" => given["value"].is_number(),
                "list" => given["value"].is_array(),
                _ => given["value"].is_string(),
            };
            assert!(fits || given["value"].is_null(), "{fact} {given}");
        }
        let is_mac = item["facts"]["os_platform"]["value"] == "macOS";
        assert_eq!(item["facts"]["filevault_enabled"]["value"].is_null(), !is_mac);
        macs += usize::from(is_mac);
        tablets += usize::from(item["facts"]["device_model_name"]["value"] == "iPad");
    }
    assert!(macs > 0 && tablets > 0);
}

#[tokio::test]
async fn policies_nest_to_the_third_level_and_devices_sit_in_leaves() {
    let vendors = Vendors::start(Options { companies: 120, devices: 4000, ..Options::default() }).await;
    let policies = vendors.policies().await;
    let parent = |id: &Value| policies.iter().find(|p| p["policyId"] == *id).map(|p| &p["parent"]);
    let depth = |policy: &Value| {
        std::iter::successors(Some(&policy["policyId"]), |id| parent(id).filter(|p| parent(p).is_some())).count()
    };
    assert_eq!(policies.iter().map(depth).max(), Some(3));
    assert!(policies.iter().any(|p| p["parent"] == ""));
    assert!(policies.iter().any(|p| p["itglue_account_id"] != ""));
    let parents: HashSet<&str> = policies.iter().filter_map(|p| p["parent"].as_str()).collect();
    let body = json!({"per_page": 100, "desired_fact_identifiers": ["policy_id"]});
    let (_, devices) = vendors.addigy(Method::POST, "/devices", body).await;
    for device in devices["items"].as_array().unwrap() {
        let policy = device["facts"]["policy_id"]["value"].as_str().unwrap();
        assert!(!parents.contains(policy), "{policy} has policies below it");
    }
    let one = policies[3]["policyId"].clone();
    let (_, asked) = vendors.addigy(Method::POST, "/oa/policies/query", json!({"policies": [one]})).await;
    assert_eq!(asked.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn keys_are_refused_as_the_vendors_refuse_them() {
    let vendors = Vendors::start(small()).await;
    let control = vendors.simulator.control().clone();
    let (status, body) = vendors.addigy_as("wrong", "/devices").await;
    assert_eq!((status, body["code"].as_i64()), (401, Some(401)));
    let weak = control.key_without("View Devices");
    assert_eq!(vendors.addigy_as(&weak, "/devices").await.0, 403);
    assert_eq!(vendors.addigy_as(&weak, "/oa/policies/query").await.0, 200);
    assert_eq!(vendors.itglue_as(Some("ITG.wrong"), "/organizations").await.0, 403);
    let (status, body) = vendors.itglue_as(None, "/organizations").await;
    assert_eq!((status, body["errors"][0]["status"].as_i64()), (401, Some(401)));
    control.set_permissions(&["View Policies"]);
    assert_eq!(vendors.addigy(Method::POST, "/devices", json!({})).await.0, 403);
    let (_, held) = vendors.addigy(Method::GET, "/configuration/permissions", Value::Null).await;
    assert_eq!(held, json!(["View Policies"]));
    control.revoke_key(Vendor::ItGlue);
    assert_eq!(vendors.itglue("/organizations").await.0, 403);
    control.restore_key(Vendor::ItGlue);
    assert_eq!(vendors.itglue("/organizations").await.0, 200);
    let counts = vendors.simulator.requests();
    assert_eq!((counts.addigy.refused, counts.itglue.refused), (3, 3));
}

#[tokio::test]
async fn nobody_else_is_served_and_no_key_is_printed() {
    let failure =
        start(Options { listen: Some("0.0.0.0:0".parse().unwrap()), ..small() }).await.map(|_| ()).unwrap_err();
    assert!(failure.what.contains("not a loopback address"), "{failure}");
    let vendors = Vendors::start(small()).await;
    let ends = vendors.simulator.endpoints();
    assert!(!format!("{ends:?}").contains(&ends.itglue.api_key));
    let printed: Value = serde_json::to_value(ends).unwrap();
    assert_eq!(printed["itglue"]["api_key"], ends.itglue.api_key.as_str());
    assert!(ends.itglue.api_key.starts_with("ITG."));
    assert!(ends.addigy.base_url.ends_with("/api/v2"));
}

#[tokio::test]
async fn the_same_seed_is_the_same_world() {
    let listing = async |seed| {
        let vendors = Vendors::start(Options { seed, ..small() }).await;
        let (_, rows) = vendors.itglue("/configurations?page[size]=1000").await;
        let (_, devices) = vendors.addigy(Method::POST, "/devices", json!({})).await;
        (rows["data"].clone(), devices, vendors.simulator.endpoints().addigy.api_key.clone())
    };
    let first = listing(5).await;
    assert_eq!(first, listing(5).await);
    assert_ne!(first.0, listing(6).await.0);
}

#[tokio::test]
async fn limits_are_enforced_with_a_time_to_wait() {
    let vendors = Vendors::start(small()).await;
    vendors.simulator.control().set_limit(Vendor::ItGlue, Limit { requests: 2, per: Duration::from_secs(60) });
    let answers = [vendors.raw("/organizations").await, vendors.raw("/organizations").await];
    assert!(answers.iter().all(|a| a.status() == 200));
    let refused = vendors.raw("/organizations").await;
    assert_eq!(refused.status(), 429);
    let seconds: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds));
    assert_eq!(vendors.simulator.requests().itglue.over_limit, 1);
}

#[tokio::test]
async fn the_limits_profile_refuses_now_and_then_for_one_second() {
    let vendors = Vendors::start(Options { faults: Faults::Limits, ..small() }).await;
    let mut refused = 0;
    for _ in 0..7 {
        let answer = vendors.raw("/organizations").await;
        if answer.status() == 429 {
            assert_eq!(answer.headers()["retry-after"], "1");
            refused += 1;
        }
    }
    assert!(refused >= 1);
}

#[tokio::test]
async fn planned_failures_come_in_their_order() {
    let vendors = Vendors::start(small()).await;
    let control = vendors.simulator.control();
    for failing in [
        Failing::Status(503),
        Failing::Limited { retry_after: 2 },
        Failing::Reset,
        Failing::Truncated,
        Failing::Malformed,
        Failing::BadRow,
    ] {
        control.fail_next(Vendor::ItGlue, 1, failing);
    }
    assert_eq!(vendors.raw("/organizations").await.status(), 503);
    assert_eq!(vendors.raw("/organizations").await.headers()["retry-after"], "2");
    assert!(vendors.get("/organizations").send().await.is_err());
    let cut = vendors.raw("/organizations").await;
    assert_eq!(cut.status(), 200);
    assert!(cut.bytes().await.is_err());
    let broken = vendors.raw("/organizations").await.bytes().await.unwrap();
    assert!(serde_json::from_slice::<Value>(&broken).is_err());
    let (_, page) = vendors.itglue("/organizations").await;
    let bad = page["data"].as_array().unwrap().iter().filter(|row| !row["attributes"].is_object()).count();
    assert_eq!(bad, 1);
    let (_, whole) = vendors.itglue("/organizations").await;
    assert!(whole["data"].as_array().unwrap().iter().all(|row| row["attributes"].is_object()));
    assert_eq!(vendors.simulator.requests().itglue.faults, 6);
}

#[tokio::test]
async fn a_lost_answer_has_been_carried_out() {
    let vendors = Vendors::start(small()).await;
    vendors.simulator.control().fail_next(Vendor::ItGlue, 1, Failing::LostAnswer);
    let body = json!({"data": {"type": "organizations", "attributes": {"name": "Made Once"}}});
    assert!(vendors.request(Method::POST, "/organizations", &body).send().await.is_err());
    let (_, found) = vendors.itglue("/organizations?filter[name]=Made Once").await;
    assert_eq!(found["meta"]["total-count"], 1);
}

#[tokio::test]
async fn frozen_requests_are_answered_once_released() {
    let vendors = Vendors::start(small()).await;
    let control = vendors.simulator.control().clone();
    control.freeze(Vendor::Addigy);
    let asked = tokio::spawn(vendors.addigy_request(Method::POST, "/devices", &json!({})).send());
    control.held(Vendor::Addigy, 1).await;
    assert!(!asked.is_finished());
    assert_eq!(vendors.itglue("/organizations").await.0, 200);
    control.release(Vendor::Addigy);
    assert_eq!(asked.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn stopping_cuts_held_requests() {
    let vendors = Vendors::start(small()).await;
    let control = vendors.simulator.control().clone();
    control.freeze(Vendor::ItGlue);
    let asked = tokio::spawn(vendors.get("/organizations").send());
    control.held(Vendor::ItGlue, 1).await;
    vendors.simulator.stop().await;
    assert!(asked.await.unwrap().is_err());
}

#[tokio::test]
async fn a_client_that_retries_gets_every_row_from_a_flaky_vendor() {
    let vendors = Vendors::start(Options { faults: Faults::Flaky, ..small() }).await;
    let (mut page, mut seen, mut bad, mut tries) = (1, HashSet::new(), 0, 0);
    loop {
        tries += 1;
        assert!(tries < 200, "no way through");
        let body = json!({"page": page, "per_page": 10, "desired_fact_identifiers": ["device_name"]});
        let Ok(answer) = vendors.addigy_request(Method::POST, "/devices", &body).send().await else { continue };
        let Ok(answer) = answer.json::<Value>().await else { continue };
        let Some(items) = answer["items"].as_array() else { continue };
        for item in items {
            seen.insert(item["agentid"].as_str().unwrap().to_owned());
            bad += usize::from(!item["facts"].is_object());
        }
        page += 1;
        if page > 35 {
            break;
        }
    }
    assert_eq!(seen.len(), 350);
    assert!(vendors.simulator.requests().addigy.faults > 0 && bad < 5);
}

#[tokio::test]
async fn the_truth_points_to_records_that_exist_and_judges_them() {
    let vendors = Vendors::start(Options { companies: 250, devices: 3000, ..Options::default() }).await;
    let truth = vendors.simulator.truth();
    let mut configurations = std::collections::HashMap::new();
    for page in 1..=5 {
        let (_, rows) = vendors.itglue(&format!("/configurations?page[size]=1000&page[number]={page}")).await;
        for row in rows["data"].as_array().unwrap() {
            configurations.insert(row["id"].as_str().unwrap().to_owned(), row["attributes"].clone());
        }
    }
    let (_, organizations) = vendors.itglue("/organizations?page[size]=1000").await;
    let organizations: HashSet<_> =
        organizations["data"].as_array().unwrap().iter().map(|o| o["id"].as_str().unwrap()).collect();
    for company in truth.companies() {
        let Some(organization) = company.organization.as_deref() else { continue };
        assert!(organizations.contains(organization));
        assert_eq!(truth.judge_company(&company.policy, organization), Verdict::Right);
    }
    for page in 1..=30 {
        let body = json!({"page": page, "per_page": 100, "desired_fact_identifiers": ["serial_number", "wifi_mac_address", "ethernet_mac_address"]});
        let (_, answer) = vendors.addigy(Method::POST, "/devices", body).await;
        for item in answer["items"].as_array().unwrap() {
            let pair = truth.device_pair(item["agentid"].as_str().unwrap()).unwrap();
            let Some(configuration) = pair.configuration else { continue };
            let attributes = &configurations[configuration];
            if pair.findable == Findable::Identifier {
                assert!(agrees(&item["facts"], attributes), "{pair:?} {} {attributes}", item["facts"]);
            }
            let right = if pair.ghost() { Verdict::Neutral } else { Verdict::Right };
            assert_eq!(truth.judge_device(&pair.agent, configuration), right);
        }
    }
    let counts = truth.counts();
    let share = counts.device_pairs_by_identifier * 100 / counts.device_pairs;
    assert!((85..=98).contains(&share), "{counts:?}");
    assert!(counts.device_pairs_moved > 0 && counts.ghosts > 0 && counts.device_pairs_contradicted > 0);
}

/// Serial or MAC agree, whatever was added to them.
fn agrees(facts: &Value, attributes: &Value) -> bool {
    let letters = |value: &Value| -> String {
        value
            .as_str()
            .unwrap_or_default()
            .chars()
            .filter(|c| c.is_ascii_alphanumeric())
            .collect::<String>()
            .to_uppercase()
    };
    let serial = letters(&facts["serial_number"]["value"]);
    let mac = letters(&attributes["mac-address"]);
    let macs = ["wifi_mac_address", "ethernet_mac_address"].map(|id| letters(&facts[id]["value"]));
    !serial.is_empty() && letters(&attributes["serial-number"]).ends_with(&serial)
        || macs.iter().any(|m| !m.is_empty() && mac.contains(m.as_str()))
}
