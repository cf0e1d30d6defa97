//! The connectors against the simulated vendors, undisturbed and with faults.

use futures::StreamExt;
use matchbook::connectors::{Connection, Connector, Tuning, connect_with};
use matchbook::domain::{IntegrationId, Record, Stream};
use matchbook::secrets::Credentials;
use matchbook::simulator::{Endpoint, Faults, Options, Simulator, start};
use secrecy::SecretString;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

fn connector(name: &str, at: &Endpoint, page_size: u32) -> Arc<dyn Connector> {
    let connection = Connection {
        integration: IntegrationId::new(name),
        connector: name.into(),
        base_url: Some(at.base_url.clone()),
        region: None,
        options: std::collections::BTreeMap::default(),
        credentials: Credentials::from_pairs([("api_key".to_owned(), SecretString::from(at.api_key.clone()))]),
        requests_per_second: Some(1e6),
        page_size: Some(page_size),
        files: BTreeMap::default(),
        mapping_override_dir: None,
    };
    let tuning = Tuning {
        base_delay: Duration::from_millis(1),
        read_timeout: Duration::from_secs(2),
        total_timeout: Duration::from_secs(10),
        tries: 12,
        ..Tuning::default()
    };
    connect_with(connection, Arc::new(|_| {}), tuning).unwrap()
}

async fn listed(connector: &Arc<dyn Connector>, stream: Stream) -> (Vec<Record>, u64, usize) {
    let (mut records, mut total, mut bad) = (Vec::new(), 0, 0);
    let mut pages = connector.pages(stream, matchbook::connectors::Ask::default());
    let mut last = false;
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        total = page.total.unwrap_or(total);
        bad += page.bad.len();
        records.extend(page.records);
        last = page.last;
        assert!(!page.last || page.whole, "{stream}: the listing adds up {:?}", page.bad);
    }
    assert!(last);
    (records, total, bad)
}

async fn world(faults: Faults) -> Simulator {
    start(Options { companies: 60, devices: 1_500, faults, ..Options::default() }).await.unwrap()
}

#[tokio::test]
async fn every_stream_is_listed_whole_whatever_goes_wrong() {
    for faults in [Faults::None, Faults::Flaky] {
        let simulator = world(faults).await;
        let ends = simulator.endpoints();
        for (name, at, size) in [("addigy", &ends.addigy, 100), ("itglue", &ends.itglue, 200)] {
            let connector = connector(name, at, size);
            for info in connector.streams() {
                let (records, total, bad) = listed(&connector, info.stream).await;
                let ids: HashSet<_> = records.iter().map(Record::id).collect();
                assert_eq!(ids.len(), records.len(), "{name} {}: no row twice", info.stream);
                assert_eq!(records.len() as u64 + bad as u64, total, "{name} {}", info.stream);
            }
            let report = connector.test().await.unwrap();
            assert!(report.permissions.iter().all(|(_, has)| *has));
        }
    }
}
