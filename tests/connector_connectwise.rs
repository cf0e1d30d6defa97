//! ConnectWise Manage's connector against the simulated vendor: listings equal to its truth, cut, shifted, limited,
//! refused.

mod psa;

use futures::StreamExt;
use matchbook::connectors::{Ask, Connection};
use matchbook::domain::{Failure, FailureClass, Record, ScopeRule, Stream, SyncScope};
use matchbook::simulator::{Failing, Faults, Limit, Options, Simulator, Vendor, start};
use psa::{Connected, bad, connection, everything, ids, is_whole, records, scoped, sorted_ids};
use serde_json::{Value, json};
use wiremock::matchers::path_regex;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// Streams that are one listing, and their paths.
const LISTED: [(Stream, &str); 7] = [
    (Stream::Companies, "company/companies"),
    (Stream::DeviceTypes, "company/configurations/types"),
    (Stream::Manufacturers, "procurement/manufacturers"),
    (Stream::Members, "system/members"),
    (Stream::Contacts, "company/contacts"),
    (Stream::Devices, "company/configurations"),
    (Stream::Tickets, "service/tickets"),
];

async fn tenant(faults: Faults) -> Simulator {
    start(Options { companies: 60, devices: 900, faults, ..Options::default() }).await.unwrap()
}

fn account_at(simulator: &Simulator, base_url: &str) -> Connection {
    let end = &simulator.endpoints().connectwise;
    let secrets = [
        ("public_key", end.public_key.as_str()),
        ("private_key", end.private_key.as_str()),
        ("client_id", end.client_id.as_str()),
    ];
    connection("connectwise", base_url, &[("company", &end.company)], &secrets)
}

fn account(simulator: &Simulator) -> Connection {
    account_at(simulator, &simulator.endpoints().connectwise.base_url)
}

fn connected(simulator: &Simulator) -> Connected {
    Connected::new(account(simulator))
}

/// The vendor's own rows, asked for page by page without matchbook.
async fn truth(simulator: &Simulator, path: &str) -> Vec<Value> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let end = &simulator.endpoints().connectwise;
    let client = reqwest::Client::new();
    let mut rows = Vec::new();
    for page in 1.. {
        let url = format!("{}/{path}?pageSize=1000&page={page}", end.base_url);
        let request = client.get(url).basic_auth(format!("{}+{}", end.company, end.public_key), Some(&end.private_key));
        let answer = request.header("clientId", &end.client_id).send().await.unwrap();
        let found: Vec<Value> = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        if found.is_empty() {
            break;
        }
        rows.extend(found);
    }
    rows
}

fn true_ids(rows: &[Value]) -> Vec<String> {
    let mut ids: Vec<String> = rows.iter().map(|row| row["id"].to_string()).collect();
    ids.sort();
    ids
}

/// Sites of all companies that are not deleted.
async fn sites(simulator: &Simulator) -> Vec<Value> {
    let mut all = Vec::new();
    for company in truth(simulator, "company/companies").await {
        if company["deletedFlag"] != true {
            all.extend(truth(simulator, &format!("company/companies/{}/sites", company["id"])).await);
        }
    }
    all
}

#[tokio::test]
async fn every_stream_is_listed_whole_and_equals_the_vendors_rows() {
    let simulator = tenant(Faults::None).await;
    let it = connected(&simulator);
    for (stream, path) in LISTED {
        let pages = it.all(stream).await;
        let mut rows = truth(&simulator, path).await;
        rows.retain(|row| row["deletedFlag"] != true);
        assert!(!rows.is_empty() && is_whole(&pages), "{stream}");
        assert_eq!((sorted_ids(&pages), bad(&pages)), (true_ids(&rows), 0), "{stream}");
    }
    let pages = it.all(Stream::Locations).await;
    assert!(is_whole(&pages));
    assert_eq!(sorted_ids(&pages), true_ids(&sites(&simulator).await));
    assert_eq!(it.texts(), [] as [&str; 0]);
    assert_eq!(simulator.requests().connectwise.over_limit, 0);
}

#[tokio::test]
async fn every_stream_comes_whole_through_faults() {
    let simulator = tenant(Faults::Flaky).await;
    let it = Connected::new(Connection { page_size: Some(100), ..account(&simulator) });
    for (stream, path) in LISTED.into_iter().skip(1) {
        let pages = it.all(stream).await;
        assert_eq!(records(&pages).len() + bad(&pages), simulator.control().connectwise().count(path), "{stream}");
    }
    assert!(!it.all(Stream::Locations).await.is_empty());
}

#[tokio::test]
async fn records_have_what_the_vendor_shows() {
    let simulator = tenant(Faults::None).await;
    let it = connected(&simulator);
    let (mut several_types, mut archived) = (0, 0);
    for record in records(&it.all(Stream::Companies).await) {
        let Record::Company(company) = record else { panic!("a company") };
        let row = simulator.control().connectwise().row("company/companies", company.id.as_str().parse().unwrap());
        let row = row.unwrap();
        assert_eq!(company.name, row["name"].as_str().unwrap().trim());
        assert_eq!(company.short_name.as_deref(), row["identifier"].as_str());
        assert!(company.status.is_some() && company.updated.is_some());
        several_types += usize::from(company.types.len() > 1);
    }
    for record in records(&it.all(Stream::Contacts).await) {
        let Record::Contact(contact) = record else { panic!("a contact") };
        assert!(contact.name.ends_with(contact.last_name.as_str()), "{contact:?}");
        assert!(contact.emails.iter().all(|email| email.contains('@')) && contact.company.is_some());
    }
    for record in records(&it.all(Stream::Devices).await) {
        let Record::Device(device) = record else { panic!("a device") };
        assert!(device.company.is_some() && device.device_type.is_some());
        archived += usize::from(device.archived);
    }
    for record in records(&it.all(Stream::Tickets).await) {
        let Record::Ticket(ticket) = record else { panic!("a ticket") };
        assert!(ticket.number == ticket.id.as_str() && ticket.queue.is_some() && ticket.created.is_some());
    }
    for record in records(&it.all(Stream::Locations).await) {
        let Record::Location(location) = record else { panic!("a location") };
        assert!(location.company.is_some(), "{location:?}");
    }
    assert!(several_types > 0 && archived > 0, "{several_types} {archived}");
}

#[tokio::test]
async fn a_cut_listing_goes_on_behind_each_page() {
    let simulator = tenant(Faults::None).await;
    let it = Connected::new(Connection { page_size: Some(70), ..account(&simulator) });
    let streams = LISTED.map(|(stream, _)| stream).into_iter().chain([Stream::Locations]);
    for stream in streams {
        let pages = it.all(stream).await;
        let whole = ids(&pages);
        let mut read = 0;
        for page in &pages {
            read += page.records.len();
            let rest = it.behind(stream, &page.cursor).await;
            assert_eq!(ids(&rest), whole[read..], "{stream} after page {}", page.number);
            assert!(is_whole(&rest) && rest[0].number == page.number + 1, "{stream}");
        }
        assert_eq!(ids(&it.behind(stream, "of another time").await), whole);
    }
}

#[tokio::test]
async fn rows_that_come_and_go_while_paging_are_neither_lost_nor_doubled() {
    let simulator = tenant(Faults::None).await;
    // Types give no links: they are read in the order of the ids.
    let listings =
        [(Stream::Contacts, "company/contacts", 50), (Stream::DeviceTypes, "company/configurations/types", 3)];
    for (stream, path, size) in listings {
        let it = Connected::new(Connection { page_size: Some(size), ..account(&simulator) });
        let before = true_ids(&truth(&simulator, path).await);
        let control = simulator.control();
        let mut listing = it.connector.pages(stream, everything());
        let mut pages = vec![listing.next().await.unwrap().unwrap()];
        let first = pages[0].records[0].id().as_str().parse().unwrap();
        assert!(control.connectwise().remove(path, first));
        let added = control.connectwise().add(path, &json!({"name": "New", "firstName": "New", "lastName": "One"}));
        while let Some(page) = listing.next().await {
            pages.push(page.unwrap());
        }
        let listed = sorted_ids(&pages);
        assert!(before.iter().all(|id| listed.contains(id)), "{stream}: what was there was listed");
        assert!(listed.contains(&added.unwrap().to_string()), "{stream}: what came too");
    }
}

#[tokio::test]
async fn only_what_changed_is_listed_and_nothing_is_concluded() {
    let simulator = tenant(Faults::None).await;
    let it = connected(&simulator);
    for stream in [Stream::Companies, Stream::Contacts, Stream::Devices, Stream::Tickets] {
        assert!(it.incremental(stream), "{stream}");
    }
    assert!(!it.incremental(Stream::Locations), "whether sites can be filtered is not confirmed");
    let pages = it.all(Stream::Devices).await;
    let updated = |record: &&Record| if let Record::Device(d) = record { d.updated } else { None };
    let newest = records(&pages).iter().filter_map(updated).max().unwrap();
    let since = newest + time::Duration::seconds(1);
    let changed: u32 = records(&pages)[5].id().as_str().parse().unwrap();
    let control = simulator.control();
    let stamp = (since + time::Duration::minutes(1)).format(&time::format_description::well_known::Rfc3339).unwrap();
    let info = json!({"name": "RENAMED", "_info": {"lastUpdated": stamp, "updatedBy": "jdoe"}});
    assert!(control.connectwise().change("company/configurations", changed, &info));
    let pages = it.since(Stream::Devices, since).await;
    assert_eq!(sorted_ids(&pages), [changed.to_string()]);
    assert_eq!(records(&pages)[0].name(), "RENAMED");
    assert!(is_whole(&pages), "all that was asked for");
    let full = it.all(Stream::Devices).await;
    let ask = Ask { since: Some(since), after: Some(full[0].cursor.clone()), ..everything() };
    assert_eq!(sorted_ids(&it.list(Stream::Devices, ask).await.0), [changed.to_string()]);
}

#[tokio::test]
async fn what_was_chosen_is_filtered_by_the_vendor_where_it_can() {
    let simulator = tenant(Faults::None).await;
    let it = connected(&simulator);
    let rows = truth(&simulator, "service/tickets").await;
    let board = rows[0]["board"]["name"].as_str().unwrap();
    let chosen = SyncScope { ticket_queues: vec![board.to_lowercase()], ticket_months: 0, ..SyncScope::default() };
    let (pages, failure) = it.list(Stream::Tickets, scoped(chosen)).await;
    let of_board = rows.iter().filter(|row| row["board"]["name"] == board).count();
    assert_eq!((failure, records(&pages).len()), (None, of_board));
    let quoted =
        SyncScope { ticket_queues: vec!["a \"quoted\" board".into()], ticket_months: 0, ..SyncScope::default() };
    let (pages, failure) = it.list(Stream::Tickets, scoped(quoted)).await;
    assert_eq!((failure, records(&pages).len()), (None, rows.len()), "the sync judges it");
    let recent = SyncScope { ticket_months: 1, ..SyncScope::default() };
    assert!(records(&it.list(Stream::Tickets, scoped(recent)).await.0).len() < rows.len());
}

async fn failure(it: &Connected, stream: Stream) -> Failure {
    it.list(stream, everything()).await.1.expect("a failure")
}

#[tokio::test]
async fn a_limit_is_waited_for_and_told() {
    let simulator = tenant(Faults::None).await;
    let it = connected(&simulator);
    simulator.control().fail_next(Vendor::ConnectWise, 3, Failing::Limited { retry_after: 0 });
    assert!(is_whole(&it.all(Stream::Companies).await));
    assert!(it.texts().len() == 3 && it.texts().iter().all(|t| t.contains("request limit")), "{:?}", it.texts());
}

#[tokio::test]
async fn a_key_that_is_revoked_in_mid_run_stops_with_words() {
    let simulator = tenant(Faults::None).await;
    let it = Connected::new(Connection { page_size: Some(50), ..account(&simulator) });
    let mut listing = it.connector.pages(Stream::Contacts, everything());
    listing.next().await.unwrap().unwrap();
    simulator.control().revoke_key(Vendor::ConnectWise);
    let failed = loop {
        match listing.next().await {
            Some(Ok(_)) => {}
            Some(Err(failure)) => break failure,
            None => panic!("the listing ended"),
        }
    };
    assert_eq!(failed.class, FailureClass::Credentials, "{failed}");
    assert!(failed.remedy.contains("private key"), "{failed}");
}

#[tokio::test]
async fn what_is_wrong_with_the_account_is_told_apart() {
    let simulator = tenant(Faults::None).await;
    let end = simulator.endpoints().connectwise.clone();
    let origin = end.base_url.split("/v4_6").next().unwrap().to_owned();
    let keys = |client: &'static str| {
        [
            ("public_key", end.public_key.clone()),
            ("private_key", end.private_key.clone()),
            ("client_id", client.to_owned()),
        ]
    };
    let try_with = |company: &str, base: &str, keys: &[(&str, String)]| {
        let keys: Vec<(&str, &str)> = keys.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Connected::new(connection("connectwise", base, &[("company", company)], &keys))
    };
    let client = failure(&try_with(&end.company, &end.base_url, &keys("nobody")), Stream::Companies).await;
    assert!(client.class == FailureClass::Credentials && client.remedy.contains("client id"), "{client}");
    let company = failure(&try_with("who-else", &origin, &keys("nobody")), Stream::Companies).await;
    assert!(company.class == FailureClass::Credentials && company.what.contains("who-else"), "{company}");
    let key = failure(&try_with("who-else", &end.base_url, &keys("nobody")), Stream::Companies).await;
    assert_eq!(key.class, FailureClass::Credentials, "{key}");
    for failure in [client, company, key] {
        let shown = format!("{failure} {failure:?}");
        assert!(!shown.contains(&end.private_key) && !shown.contains(&end.public_key), "{shown}");
    }
}

#[tokio::test]
async fn the_code_base_is_found_out_and_found_again_when_it_moved() {
    let simulator = tenant(Faults::None).await;
    let base = simulator.endpoints().connectwise.base_url.clone();
    let origin = base.split("/v4_6").next().unwrap();
    let it = Connected::new(account_at(&simulator, origin));
    let pages = it.all(Stream::Companies).await;
    assert!(is_whole(&pages));
    let report = it.connector.test().await.unwrap();
    assert!(report.account.is_some() && report.notes[0].starts_with("Code base v"), "{report:?}");
    assert!(report.permissions.iter().all(|(_, has)| *has), "{report:?}");
    let moved = Connected::new(account_at(&simulator, &format!("{origin}/v2019_5/apis/3.0")));
    assert_eq!(ids(&moved.all(Stream::Companies).await), ids(&pages));
    assert!(moved.texts().iter().any(|text| text.contains("has moved the account")), "{:?}", moved.texts());
}

#[tokio::test]
async fn missing_permissions_are_named_and_the_other_streams_go_on() {
    let simulator = tenant(Faults::None).await;
    simulator.control().connectwise().deny("Service Tickets", true);
    simulator.control().connectwise().deny("Table Setup", true);
    let it = connected(&simulator);
    let refused = failure(&it, Stream::Tickets).await;
    assert_eq!(refused.class, FailureClass::Permission, "{refused}");
    assert!(refused.what.contains("Service Desk: Service Tickets"), "{refused}");
    assert!(is_whole(&it.all(Stream::Devices).await));
    let report = it.connector.test().await.unwrap();
    let missing: Vec<&str> = report.permissions.iter().filter(|(_, has)| !has).map(|(name, _)| name.as_str()).collect();
    assert_eq!(missing, ["Service Desk: Service Tickets, Inquire", "System: Table Setup, Inquire"]);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_set_aside() {
    let simulator = tenant(Faults::None).await;
    let it = connected(&simulator);
    simulator.control().fail_next(Vendor::ConnectWise, 1, Failing::BadRow);
    let pages = it.all(Stream::Contacts).await;
    assert_eq!(bad(&pages), 1);
    assert_eq!(records(&pages).len() + 1, simulator.control().connectwise().count("company/contacts"));
}

#[tokio::test]
async fn what_can_be_chosen_is_told_with_counts() {
    let simulator = tenant(Faults::None).await;
    let it = connected(&simulator);
    let lists = it.connector.choices().await.unwrap();
    let list = |rule| &lists.iter().find(|list| list.rule == rule).unwrap().choices;
    for (rule, path) in [
        (ScopeRule::DeviceTypes, "company/configurations"),
        (ScopeRule::DeviceStatuses, "company/configurations"),
        (ScopeRule::TicketQueues, "service/tickets"),
    ] {
        let counted: u64 = list(rule).iter().filter_map(|choice| choice.count).sum();
        assert_eq!(counted, simulator.control().connectwise().count(path) as u64, "{rule}");
    }
    assert!(list(ScopeRule::CompanyTypes).iter().any(|choice| choice.count > Some(0)));
    assert!(list(ScopeRule::CompanyStatuses).iter().all(|choice| !choice.name.is_empty()));
}

/// A server whose `Link` header names another host and whose pages are smaller than asked for.
#[tokio::test]
async fn links_to_other_hosts_and_small_pages_lose_nothing() {
    let server = MockServer::start().await;
    let answer = |request: &Request| {
        let value = |name: &str| request.url.query_pairs().find(|(k, _)| k == name).map(|(_, v)| v.into_owned());
        let after: u32 = value("pageId").and_then(|id| id.parse().ok()).unwrap_or(0);
        let rows: Vec<Value> = (after + 1..=(after + 7).min(40)).map(|id| json!({"id": id, "name": "T"})).collect();
        let last = after + 7;
        let link = if last < 40 {
            format!("<http://elsewhere.test/x?pageSize=1&pageId={last}>; rel=\"next\"")
        } else {
            String::new()
        };
        ResponseTemplate::new(200).insert_header("Link", link.as_str()).set_body_json(rows)
    };
    Mock::given(path_regex("types$")).respond_with(answer).mount(&server).await;
    let secrets = [("public_key", "public"), ("private_key", "private"), ("client_id", "client")];
    let base = format!("{}/v2025_1/apis/3.0", server.uri());
    let it = Connected::new(connection("connectwise", &base, &[("company", "acme")], &secrets));
    assert_eq!(ids(&it.all(Stream::DeviceTypes).await).len(), 40);
    let requests = server.received_requests().await.unwrap();
    let header = requests[0].headers.get("authorization").unwrap().to_str().unwrap();
    assert_eq!(header, "Basic YWNtZStwdWJsaWM6cHJpdmF0ZQ==");
    assert!(
        requests[0]
            .headers
            .get("accept")
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("application/vnd.connectwise.com+json")
    );
}

#[tokio::test]
async fn a_full_sync_asks_hardly_more_than_it_must() {
    let options = Options { companies: 1_000, devices: 20_000, contacts: Some(20_000), ..Options::default() };
    let simulator = start(options).await.unwrap();
    // Counted is how much is asked, not how fast: this connector is not paced.
    let wide = Limit { requests: 100_000, per: std::time::Duration::from_mins(1) };
    simulator.control().set_limit(Vendor::ConnectWise, wide);
    let it = connected(&simulator);
    let mut least = 0;
    for (stream, path) in LISTED {
        let before = it.connector.requests();
        it.all(stream).await;
        let needed = simulator.control().connectwise().count(path).div_ceil(1_000) as u64;
        println!("{stream}: {} requests, {needed} at least", it.connector.requests() - before);
        least += needed;
    }
    it.all(Stream::Locations).await;
    // One request for each company: there is no list of all sites.
    let companies = it.all(Stream::Companies).await;
    least += records(&companies).len() as u64;
    let asked = it.connector.requests() - companies.len() as u64;
    println!("ConnectWise: {asked} requests, {least} at least");
    assert_eq!(it.texts(), [] as [&str; 0]);
    assert!(asked <= least + 12, "{asked} requests where {least} would do");
    assert_eq!(simulator.requests().connectwise.over_limit, 0);
}
