//! The simulated vendors from outside, through plain HTTP.

use matchbook::simulator::{Options, Simulator, start};
use reqwest::{Client, Method};
use serde_json::{Value, json};

struct Vendors {
    simulator: Simulator,
    client: Client,
}

impl Vendors {
    async fn start(options: Options) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { simulator: start(options).await.unwrap(), client: Client::new() }
    }

    async fn addigy(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let end = &self.simulator.endpoints().addigy;
        let request = self.client.request(method, format!("{}{path}", end.base_url));
        let answer = request.header("x-api-key", &end.api_key).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn itglue(&self, path: &str) -> (u16, Value) {
        let end = &self.simulator.endpoints().itglue;
        let url = format!("{}{path}", end.base_url);
        let answer = self.client.get(url).header("x-api-key", &end.api_key).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

fn small() -> Options {
    Options { companies: 40, devices: 350, ..Options::default() }
}

#[tokio::test]
async fn every_agent_comes_once_in_pages_of_at_most_100() {
    let vendors = Vendors::start(small()).await;
    let (mut page, mut seen) = (1, std::collections::HashSet::new());
    loop {
        let body = json!({"page": page, "per_page": 500, "sort_field": "serial_number",
            "desired_fact_identifiers": ["serial_number", "device_name", "policy_id"]});
        let (status, answer) = vendors.addigy(Method::POST, "/devices", body).await;
        assert_eq!(status, 200);
        assert_eq!(answer["metadata"]["per_page"], 100);
        assert_eq!(answer["metadata"]["total"], 350);
        for item in answer["items"].as_array().unwrap() {
            assert!(seen.insert(item["agentid"].as_str().unwrap().to_owned()));
        }
        page += 1;
        if page > answer["metadata"]["page_count"].as_i64().unwrap() {
            break;
        }
    }
    assert_eq!(seen.len(), 350);
    let (_, past) = vendors.addigy(Method::POST, "/devices", json!({"page": 9})).await;
    assert!(past["items"].is_null());
    vendors.simulator.stop().await;
}

#[tokio::test]
async fn configurations_come_in_pages_with_links_and_their_interfaces() {
    let vendors = Vendors::start(small()).await;
    let (mut path, mut seen) =
        ("/configurations?page[size]=100&include=configuration_interfaces&sort=-updated_at".to_owned(), 0);
    let base = vendors.simulator.endpoints().itglue.base_url.clone();
    loop {
        let (status, answer) = vendors.itglue(&path).await;
        assert_eq!(status, 200);
        let rows = answer["data"].as_array().unwrap();
        seen += rows.len();
        for row in rows {
            for link in row["relationships"]["configuration-interfaces"]["data"].as_array().unwrap() {
                assert!(answer["included"].as_array().unwrap().iter().any(|i| i["id"] == link["id"]));
            }
        }
        match answer["links"]["next"].as_str() {
            Some(next) => path = next.strip_prefix(&base).unwrap().to_owned(),
            None => {
                assert_eq!(answer["meta"]["total-count"], seen);
                assert!(answer["meta"]["next-page"].is_null());
                break;
            }
        }
    }
    assert!(seen > 300);
}
