//! The largest supported world, opt-in because of its time in a debug build:
//! `cargo test --release --test simulator_scale -- --ignored --nocapture`. Prints figures; asserts none of time.

use matchbook::simulator::{Options, start};
use serde_json::{Value, json};
use std::time::Instant;

/// The resident memory of this process, MB (Linux; 0 elsewhere).
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "100,000 devices"]
async fn a_thousand_companies_with_a_hundred_thousand_devices() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let before = resident();
    let begun = Instant::now();
    let simulator = start(Options { companies: 1000, devices: 100_000, ..Options::default() }).await.unwrap();
    println!("world and records: {:.2?}, {} MB", begun.elapsed(), resident().saturating_sub(before));
    println!("{}", serde_json::to_string_pretty(&simulator.truth().counts()).unwrap());

    let client = reqwest::Client::new();
    let end = simulator.endpoints().clone();
    let facts = ["serial_number", "device_name", "policy_id", "wifi_mac_address", "ethernet_ma_cs", "hardware_model"];
    let begun = Instant::now();
    let (mut rows, mut page) = (0, 1);
    loop {
        let body =
            json!({"page": page, "per_page": 100, "sort_field": "serial_number", "desired_fact_identifiers": facts});
        let request = client.post(format!("{}/devices", end.addigy.base_url)).header("x-api-key", &end.addigy.api_key);
        let bytes = request.json(&body).send().await.unwrap().error_for_status().unwrap().bytes().await.unwrap();
        let answer: Value = serde_json::from_slice(&bytes).unwrap();
        rows += answer["items"].as_array().map_or(0, Vec::len);
        page += 1;
        if page > answer["metadata"]["page_count"].as_i64().unwrap() {
            break;
        }
    }
    println!("addigy: {rows} rows in {:.2?}", begun.elapsed());
    assert_eq!(rows, 100_000);

    let begun = Instant::now();
    let (mut rows, mut bytes_read) = (0, 0);
    let mut next = Some(format!(
        "{}/configurations?page[size]=1000&include=configuration_interfaces&sort=id",
        end.itglue.base_url
    ));
    while let Some(url) = next {
        let request = client.get(url).header("x-api-key", &end.itglue.api_key);
        let bytes = request.send().await.unwrap().error_for_status().unwrap().bytes().await.unwrap();
        bytes_read += bytes.len();
        let answer: Value = serde_json::from_slice(&bytes).unwrap();
        rows += answer["data"].as_array().map_or(0, Vec::len);
        next = answer["links"]["next"].as_str().map(str::to_owned);
    }
    println!(
        "itglue: {rows} rows, {} MB in {:.2?}; resident {} MB",
        bytes_read >> 20,
        begun.elapsed(),
        resident().saturating_sub(before)
    );

    let begun = Instant::now();
    let at = &end.autotask;
    let query = json!({"filter": [{"op": "exist", "field": "id"}]});
    let (mut rows, mut bytes_read, mut url) = (0, 0, format!("{}/ConfigurationItems/query", at.base_url));
    loop {
        let request = client.post(url).header("UserName", &at.username).header("Secret", &at.secret);
        let request = request.header("ApiIntegrationCode", &at.integration_code).json(&query);
        let bytes = request.send().await.unwrap().error_for_status().unwrap().bytes().await.unwrap();
        if bytes_read == 0 {
            println!("autotask: first page after {:.2?}", begun.elapsed());
        }
        bytes_read += bytes.len();
        let answer: Value = serde_json::from_slice(&bytes).unwrap();
        rows += answer["items"].as_array().map_or(0, Vec::len);
        match answer["pageDetails"]["nextPageUrl"].as_str() {
            Some(next) => url = next.to_owned(),
            None => break,
        }
    }
    println!(
        "autotask: {rows} rows, {} MB in {:.2?}; resident {} MB",
        bytes_read >> 20,
        begun.elapsed(),
        resident().saturating_sub(before)
    );
    simulator.stop().await;
}
