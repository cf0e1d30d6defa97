//! A started simulator and a client for it.

#![allow(dead_code, reason = "each test file uses a part of it")]

use matchbook::simulator::{Options, Simulator, start};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

/// A small world.
pub fn small() -> Options {
    Options { companies: 40, devices: 350, ..Options::default() }
}

/// Simulator and client.
pub struct Vendors {
    pub simulator: Simulator,
    client: Client,
}

impl Vendors {
    pub async fn start(options: Options) -> Self {
        // Another test of this process may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { simulator: start(options).await.unwrap(), client: Client::new() }
    }

    pub fn addigy_request(&self, method: Method, path: &str, body: &Value) -> RequestBuilder {
        let end = &self.simulator.endpoints().addigy;
        self.client.request(method, format!("{}{path}", end.base_url)).header("x-api-key", &end.api_key).json(body)
    }

    pub async fn addigy(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        parts(self.addigy_request(method, path, &body).send().await.unwrap()).await
    }

    pub async fn addigy_as(&self, key: &str, path: &str) -> (u16, Value) {
        let url = format!("{}{path}", self.simulator.endpoints().addigy.base_url);
        parts(self.client.post(url).header("x-api-key", key).json(&json!({})).send().await.unwrap()).await
    }

    pub async fn policies(&self) -> Vec<Value> {
        let (_, policies) = self.addigy(Method::POST, "/oa/policies/query", json!({})).await;
        policies.as_array().unwrap().clone()
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        let end = &self.simulator.endpoints().itglue;
        self.client.get(format!("{}{path}", end.base_url)).header("x-api-key", &end.api_key)
    }

    pub async fn raw(&self, path: &str) -> Response {
        self.get(path).send().await.unwrap()
    }

    pub async fn itglue(&self, path: &str) -> (u16, Value) {
        parts(self.raw(path).await).await
    }

    pub async fn itglue_as(&self, key: Option<&str>, path: &str) -> (u16, Value) {
        let request = self.client.get(format!("{}{path}", self.simulator.endpoints().itglue.base_url));
        let request = if let Some(key) = key { request.header("x-api-key", key) } else { request };
        parts(request.send().await.unwrap()).await
    }

    pub fn request(&self, method: Method, path: &str, body: &Value) -> RequestBuilder {
        let end = &self.simulator.endpoints().itglue;
        let request = self.client.request(method, format!("{}{path}", end.base_url)).header("x-api-key", &end.api_key);
        request.header("content-type", "application/vnd.api+json").body(body.to_string())
    }

    pub async fn send(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        parts(self.request(method, path, &body).send().await.unwrap()).await
    }
}

async fn parts(answer: Response) -> (u16, Value) {
    (answer.status().as_u16(), answer.json().await.unwrap())
}
