//! A PSA's connector against its simulated vendor: what the tests of both need.

#![allow(dead_code, reason = "each test binary uses its part")]

use futures::StreamExt;
use matchbook::connectors::{Ask, Connection, Connector, HttpNotice, Page, Tuning, connect_with};
use matchbook::domain::{Failure, IntegrationId, Record, Stream, SyncScope, Timestamp};
use matchbook::secrets::Credentials;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A connector and what it told.
pub struct Connected {
    pub connector: Arc<dyn Connector>,
    pub notices: Arc<Mutex<Vec<HttpNotice>>>,
}

/// A connection with these names and values; `options` stand in the configuration.
pub fn connection(connector: &str, base_url: &str, options: &[(&str, &str)], secrets: &[(&str, &str)]) -> Connection {
    let secrets = secrets.iter().map(|(name, value)| ((*name).to_owned(), SecretString::from(*value)));
    Connection {
        integration: IntegrationId::new(connector),
        connector: connector.into(),
        base_url: Some(base_url.into()),
        region: None,
        options: options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        credentials: Credentials::from_pairs(secrets),
        requests_per_second: Some(1e6),
        page_size: None,
        files: BTreeMap::default(),
        mapping_override_dir: None,
    }
}

/// No waits worth the name.
pub fn impatient() -> Tuning {
    Tuning {
        base_delay: Duration::from_millis(1),
        limit_delay: Duration::from_millis(1),
        read_timeout: Duration::from_secs(5),
        total_timeout: Duration::from_secs(20),
        tries: 12,
        limit_tries: 400,
        jitter: || 0.0,
        ..Tuning::default()
    }
}

impl Connected {
    pub fn new(connection: Connection) -> Self {
        Self::with(connection, impatient())
    }

    pub fn with(connection: Connection, tuning: Tuning) -> Self {
        let notices = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&notices);
        let observer = Arc::new(move |notice| kept.lock().unwrap().push(notice));
        Self { connector: connect_with(connection, observer, tuning).unwrap(), notices }
    }

    pub fn texts(&self) -> Vec<String> {
        self.notices.lock().unwrap().iter().map(|n| n.text.clone()).collect()
    }

    /// The pages of a listing until its end or its failure.
    pub async fn list(&self, stream: Stream, ask: Ask) -> (Vec<Page>, Option<Failure>) {
        let mut pages = Vec::new();
        let mut listing = self.connector.pages(stream, ask);
        while let Some(page) = listing.next().await {
            match page {
                Ok(page) => pages.push(page),
                Err(failure) => return (pages, Some(failure)),
            }
        }
        (pages, None)
    }

    /// The pages of a full listing of everything.
    pub async fn all(&self, stream: Stream) -> Vec<Page> {
        let (pages, failure) = self.list(stream, everything()).await;
        assert_eq!(failure, None, "{stream}");
        assert!(pages.last().unwrap().last, "{stream}");
        pages
    }

    /// The pages behind a cursor.
    pub async fn behind(&self, stream: Stream, cursor: &str) -> Vec<Page> {
        let (pages, failure) = self.list(stream, Ask { after: Some(cursor.to_owned()), ..everything() }).await;
        assert_eq!(failure, None, "{stream}");
        pages
    }

    /// What changed since then.
    pub async fn since(&self, stream: Stream, since: Timestamp) -> Vec<Page> {
        let (pages, failure) = self.list(stream, Ask { since: Some(since), ..everything() }).await;
        assert_eq!(failure, None, "{stream}");
        pages
    }

    pub fn incremental(&self, stream: Stream) -> bool {
        self.connector.streams().into_iter().any(|info| info.stream == stream && info.incremental)
    }
}

/// Asks for every record, old tickets too.
pub fn everything() -> Ask {
    scoped(SyncScope { ticket_months: 0, ..SyncScope::default() })
}

/// Asks for what that scope takes.
pub fn scoped(scope: SyncScope) -> Ask {
    Ask { scope: Arc::new(scope), ..Ask::default() }
}

pub fn records(pages: &[Page]) -> Vec<&Record> {
    pages.iter().flat_map(|page| &page.records).collect()
}

/// Ids in the order in which they came; none twice.
pub fn ids(pages: &[Page]) -> Vec<String> {
    let ids: Vec<String> = records(pages).iter().map(|r| r.id().as_str().to_owned()).collect();
    let once: std::collections::HashSet<&String> = ids.iter().collect();
    assert_eq!(once.len(), ids.len(), "no record twice");
    ids
}

/// The same, sorted.
pub fn sorted_ids(pages: &[Page]) -> Vec<String> {
    let mut ids = ids(pages);
    ids.sort();
    ids
}

pub fn bad(pages: &[Page]) -> usize {
    pages.iter().map(|page| page.bad.len()).sum()
}

pub fn is_whole(pages: &[Page]) -> bool {
    pages.last().is_some_and(|page| page.last && page.whole)
}
