//! Both vendors on loopback as the contract tests need them: rows, pages and errors in each vendor's own shape.

use futures::StreamExt;
use matchbook::connectors::{Connection, Connector, HttpNotice, Page, Tuning, connect_with};
use matchbook::domain::{Failure, IntegrationId, Stream};
use matchbook::secrets::Credentials;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::path};

/// The key that must never be seen outside of the header.
pub const KEY: &str = "ITG.top-secret/key+1";

/// Vendors under contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    Addigy,
    ItGlue,
}

pub const VENDORS: [Vendor; 2] = [Vendor::Addigy, Vendor::ItGlue];

impl Vendor {
    pub fn connector(self) -> &'static str {
        match self {
            Self::Addigy => "addigy",
            Self::ItGlue => "itglue",
        }
    }

    pub fn devices_path(self) -> &'static str {
        match self {
            Self::Addigy => "/api/v2/devices",
            Self::ItGlue => "/configurations",
        }
    }

    pub fn test_path(self) -> &'static str {
        match self {
            Self::Addigy => "/api/v2/configuration/permissions",
            Self::ItGlue => "/organizations",
        }
    }

    pub fn test_body(self) -> Value {
        match self {
            Self::Addigy => json!(["View Devices", "View Policies Activity"]),
            Self::ItGlue => json!({"data": [], "meta": {"total-pages": 7, "total-count": 7}}),
        }
    }

    pub fn row(self, id: u32) -> Value {
        match self {
            Self::Addigy => json!({"agentid": format!("d{id:05}"), "facts": {
                "device_name": {"type": "string", "value": format!("Mac {id}"), "error_msg": ""},
                "serial_number": {"type": "string", "value": format!("C02X{id:05}"), "error_msg": ""}}}),
            Self::ItGlue => json!({"id": format!("d{id:05}"), "type": "configurations", "attributes": {
                "name": format!("Mac {id}"), "serial-number": format!("C02X{id:05}"), "organization-id": 2}}),
        }
    }

    pub fn page(self, rows: &[Value], pages: u32, total: u32) -> Value {
        match self {
            Self::Addigy => json!({"items": rows, "metadata": {"page": 1, "per_page": rows.len(), "page_count": pages,
                "result_count": rows.len(), "total": total}}),
            Self::ItGlue => {
                json!({"data": rows, "meta": {"current-page": 1, "total-pages": pages, "total-count": total}})
            }
        }
    }

    pub fn error(self, status: u16, text: &str) -> Value {
        match self {
            Self::Addigy => json!({"code": status, "message": text, "error_chain": null}),
            Self::ItGlue => json!({"errors": [{"status": status, "title": "Error", "detail": text}]}),
        }
    }

    /// Page and page size that a request asks for.
    pub fn asked(self, request: &Request) -> (u32, u32) {
        match self {
            Self::Addigy => {
                let body: Value = serde_json::from_slice(&request.body).unwrap();
                let number = |key: &str| u32::try_from(body[key].as_u64().unwrap()).unwrap();
                (number("page"), number("per_page"))
            }
            Self::ItGlue => {
                let number = |key: &str| {
                    let pair = request.url.query_pairs().find(|(k, _)| k == key);
                    pair.unwrap().1.parse::<u32>().unwrap()
                };
                (number("page[number]"), number("page[size]"))
            }
        }
    }

    /// The page of a listing of those ids that a request asks for.
    pub fn listing(self, ids: &[u32], request: &Request) -> ResponseTemplate {
        let (number, size) = self.asked(request);
        let from = ((number - 1) * size) as usize;
        let rows: Vec<Value> = ids.iter().skip(from).take(size as usize).map(|id| self.row(*id)).collect();
        let total = u32::try_from(ids.len()).unwrap();
        ResponseTemplate::new(200).set_body_json(self.page(&rows, total.div_ceil(size), total))
    }
}

/// Answers by a function of the request.
pub struct Script<F>(pub F);

impl<F: Fn(&Request) -> ResponseTemplate + Send + Sync> Respond for Script<F> {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        (self.0)(request)
    }
}

/// Serves a path by a function of the request.
pub async fn serve<F>(server: &MockServer, at: &str, answer: F)
where
    F: Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
{
    Mock::given(path(at)).respond_with(Script(answer)).mount(server).await;
}

/// No waits: what would be a wait is seen in the notices.
pub fn impatient() -> Tuning {
    Tuning {
        base_delay: Duration::ZERO,
        limit_delay: Duration::ZERO,
        jitter: || 0.0,
        body_cap: 1 << 20,
        ..Tuning::default()
    }
}

/// A connector with its notices.
pub struct Connected {
    pub connector: Arc<dyn Connector>,
    pub notices: Arc<Mutex<Vec<HttpNotice>>>,
}

impl Connected {
    pub fn texts(&self) -> Vec<String> {
        self.notices.lock().unwrap().iter().map(|n| n.text.clone()).collect()
    }

    /// All pages of the devices, or the pages until the failure and the failure.
    pub async fn devices(&self, after: Option<String>) -> (Vec<Page>, Option<Failure>) {
        let mut pages = Vec::new();
        let mut stream = self.connector.pages(Stream::Devices, matchbook::connectors::Ask::after(after));
        while let Some(page) = stream.next().await {
            match page {
                Ok(page) => pages.push(page),
                Err(failure) => {
                    assert!(stream.next().await.is_none(), "a listing ends after a failure");
                    return (pages, Some(failure));
                }
            }
        }
        (pages, None)
    }

    pub async fn failure(&self) -> Failure {
        self.devices(None).await.1.expect("a failure")
    }
}

pub fn connection(vendor: Vendor, base_url: &str) -> Connection {
    Connection {
        integration: IntegrationId::new("x"),
        connector: vendor.connector().into(),
        base_url: Some(base_url.into()),
        region: None,
        options: std::collections::BTreeMap::default(),
        credentials: Credentials::from_pairs([("api_key".to_owned(), SecretString::from(KEY))]),
        requests_per_second: Some(100_000.0),
        page_size: Some(100),
        files: std::collections::BTreeMap::default(),
        mapping_override_dir: None,
    }
}

pub fn connected(vendor: Vendor, base_url: &str, tuning: Tuning) -> Connected {
    let notices = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&notices);
    let observer = Arc::new(move |notice| kept.lock().unwrap().push(notice));
    let connector = connect_with(connection(vendor, base_url), observer, tuning).expect("a connector");
    Connected { connector, notices }
}

/// Ids of all records, in order.
pub fn ids(pages: &[Page]) -> Vec<String> {
    pages.iter().flat_map(|p| &p.records).map(|r| r.id().as_str().to_owned()).collect()
}

/// The ids of [`Vendor::row`].
pub fn wanted(ids: impl IntoIterator<Item = u32>) -> Vec<String> {
    ids.into_iter().map(|id| format!("d{id:05}")).collect()
}
