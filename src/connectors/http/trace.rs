//! A trace of every exchange, on request: one JSON object a line, for finding out what a vendor really answered. It holds
//! records of customers, and never a key: headers that carry one are named without their value, and every other text
//! passes the redactor before it is cut.

use crate::secrets::Redactor;
use reqwest::Request;
use reqwest::header::{HeaderMap, SET_COOKIE};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

/// Takes the lines of a trace; called from the tasks that talk to the vendor, so it must not wait for long.
pub type Trace = Arc<dyn Fn(&str) + Send + Sync>;

/// Longest body that is shown, in characters.
const SHOWN: usize = 16 << 10;

/// Stands for the value of a header that carries a key.
const REMOVED: &str = "(removed)";

/// One exchange.
#[derive(Serialize)]
pub(super) struct Exchange {
    #[serde(with = "time::serde::rfc3339")]
    at: crate::domain::Timestamp,
    vendor: String,
    method: String,
    url: String,
    request_headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    response_headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_body: Option<String>,
    /// Length of the whole body, unpacked.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<String>,
    ms: u128,
    #[serde(skip)]
    started: Instant,
}

impl Exchange {
    /// A request that is sent now.
    pub(super) fn of(request: &Request, vendor: &str, at: crate::domain::Timestamp, redactor: &Redactor) -> Self {
        let body = request.body().and_then(reqwest::Body::as_bytes).map(|bytes| shown(bytes, redactor));
        Self {
            at,
            vendor: vendor.to_owned(),
            method: request.method().to_string(),
            url: request.url().to_string(),
            request_headers: headers(request.headers()),
            request_body: body,
            status: None,
            response_headers: BTreeMap::new(),
            response_body: None,
            bytes: None,
            failed: None,
            ms: 0,
            started: Instant::now(),
        }
    }

    /// What the answer begins with.
    pub(super) fn answered(&mut self, status: u16, answer: &HeaderMap) {
        self.status = Some(status);
        self.response_headers = headers(answer);
    }

    /// The line, with the answer's body or why there is none.
    pub(super) fn line(mut self, body: Result<&[u8], &str>, redactor: &Redactor) -> Option<String> {
        self.ms = self.started.elapsed().as_millis();
        match body {
            Ok(bytes) => (self.bytes, self.response_body) = (Some(bytes.len()), Some(shown(bytes, redactor))),
            Err(why) => self.failed = Some(why.to_owned()),
        }
        Some(redactor.redact(&serde_json::to_string(&self).ok()?).into_owned())
    }
}

fn headers(map: &HeaderMap) -> BTreeMap<String, String> {
    let value = |name: &reqwest::header::HeaderName, value: &reqwest::header::HeaderValue| {
        let hidden = value.is_sensitive() || name == SET_COOKIE;
        if hidden { REMOVED.to_owned() } else { String::from_utf8_lossy(value.as_bytes()).into_owned() }
    };
    map.iter().map(|(name, v)| (name.to_string(), value(name, v))).collect()
}

/// The body as text, without secrets, its beginning when it is long. Redacted before it is cut: half a key would not be
/// found afterwards.
fn shown(bytes: &[u8], redactor: &Redactor) -> String {
    let text = String::from_utf8_lossy(bytes);
    let clean = redactor.redact(&text);
    match clean.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;

    #[test]
    fn a_line_holds_the_exchange_and_no_key() {
        let secret = SecretString::from("k\"ey/1+2");
        let redactor = Redactor::new([&secret]);
        let client = reqwest::Client::builder();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut hidden = reqwest::header::HeaderValue::from_static("k/ey");
        hidden.set_sensitive(true);
        let request = client
            .build()
            .unwrap()
            .post("https://vendor.example/a?q=k%22ey%2F1%2B2")
            .header("x-api-key", hidden)
            .body("{\"echo\":\"k\\\"ey/1+2\"}")
            .build()
            .unwrap();
        let mut exchange = Exchange::of(&request, "Vendor", time::OffsetDateTime::UNIX_EPOCH, &redactor);
        let answer = HeaderMap::from_iter([(SET_COOKIE, "session=1".parse().unwrap())]);
        exchange.answered(200, &answer);
        let line = exchange.line(Ok(b"you sent k\"ey/1+2"), &redactor).unwrap();
        let told: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&told["status"], &told["bytes"]), (&200.into(), &17.into()), "{line}");
        assert_eq!(told["request_headers"]["x-api-key"], REMOVED);
        assert_eq!(told["response_headers"]["set-cookie"], REMOVED);
        for form in ["ey/1+2", "ey%2F1", "session"] {
            assert!(!line.contains(form), "{form}: {line}");
        }
    }

    #[test]
    fn a_long_body_is_cut_after_it_was_redacted() {
        let secret = SecretString::from("topsecretkey");
        let body = format!("{}topsecretkey", "x".repeat(SHOWN - 4));
        let text = shown(body.as_bytes(), &Redactor::new([&secret]));
        assert!(text.ends_with('…') && !text.contains("tops"), "{}", &text[SHOWN - 20..]);
    }
}
