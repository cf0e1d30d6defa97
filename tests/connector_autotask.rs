//! Autotask's connector against the simulated vendor: listings equal to its truth, cut, shifted, limited, refused.

mod psa;

use matchbook::connectors::{Ask, Connection};
use matchbook::domain::{Failure, FailureClass, Record, ScopeRule, Stream, SyncScope};
use matchbook::simulator::{Failing, Faults, Latency, Options, Simulator, Vendor, start};
use psa::{Connected, bad, connection, everything, ids, is_whole, records, scoped, sorted_ids};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Streams and the entities behind them.
const STREAMS: [(Stream, &str); 8] = [
    (Stream::Companies, "Companies"),
    (Stream::DeviceTypes, "ConfigurationItemTypes"),
    (Stream::Models, "Products"),
    (Stream::Members, "Resources"),
    (Stream::Locations, "CompanyLocations"),
    (Stream::Contacts, "Contacts"),
    (Stream::Devices, "ConfigurationItems"),
    (Stream::Tickets, "Tickets"),
];

async fn tenant(faults: Faults) -> Simulator {
    let simulator = start(Options { companies: 60, devices: 900, faults, ..Options::default() }).await.unwrap();
    simulator.control().autotask().set_latency(Latency::NONE);
    simulator
}

fn account(simulator: &Simulator) -> Connection {
    let end = &simulator.endpoints().autotask;
    let secrets = [("secret", end.secret.as_str()), ("integration_code", end.integration_code.as_str())];
    connection("autotask", &end.base_url, &[("username", &end.username)], &secrets)
}

fn connected(simulator: &Simulator) -> Connected {
    Connected::new(account(simulator))
}

/// The vendor's own rows of an entity, asked for without matchbook.
async fn truth(simulator: &Simulator, entity: &str) -> Vec<Value> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let end = &simulator.endpoints().autotask;
    let client = reqwest::Client::new();
    let (mut rows, mut after) = (Vec::new(), -1);
    loop {
        let body = json!({"filter": [{"op": "gt", "field": "id", "value": after}]}).to_string();
        let request = client.post(format!("{}/{entity}/query", end.base_url)).body(body);
        let request = request.header("UserName", &end.username).header("Secret", &end.secret);
        let answer = request.header("ApiIntegrationCode", &end.integration_code).send().await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        let items = answer["items"].as_array().unwrap();
        let Some(last) = items.last() else { return rows };
        after = last["id"].as_i64().unwrap();
        rows.extend(items.iter().cloned());
    }
}

fn true_ids(rows: &[Value]) -> Vec<String> {
    let mut ids: Vec<String> = rows.iter().map(|row| row["id"].to_string()).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn every_stream_is_listed_whole_and_equals_the_vendors_rows() {
    let simulator = tenant(Faults::None).await;
    let it = connected(&simulator);
    assert_eq!(it.connector.streams().len(), STREAMS.len());
    for (stream, entity) in STREAMS {
        let pages = it.all(stream).await;
        let rows = truth(&simulator, entity).await;
        assert!(!rows.is_empty() && is_whole(&pages), "{stream}");
        assert_eq!((sorted_ids(&pages), bad(&pages)), (true_ids(&rows), 0), "{stream}");
    }
    assert_eq!(it.texts(), [] as [&str; 0]);
    assert_eq!(simulator.requests().autotask.over_limit, 0);
}

#[tokio::test]
async fn every_stream_comes_whole_through_faults() {
    let simulator = tenant(Faults::Flaky).await;
    let it = Connected::new(Connection { page_size: Some(100), ..account(&simulator) });
    for (stream, entity) in STREAMS {
        let pages = it.all(stream).await;
        let control = simulator.control();
        assert_eq!(records(&pages).len() + bad(&pages), control.autotask().count(entity), "{stream}");
    }
}

#[tokio::test]
async fn ids_have_their_names() {
    let simulator = tenant(Faults::None).await;
    let it = connected(&simulator);
    let products: HashMap<String, Value> =
        truth(&simulator, "Products").await.into_iter().map(|row| (row["id"].to_string(), row)).collect();
    let rows = truth(&simulator, "ConfigurationItems").await;
    let pages = it.all(Stream::Devices).await;
    let (mut typed, mut split) = (0, 0);
    for record in records(&pages) {
        let Record::Device(device) = record else { panic!("a device") };
        let row = rows.iter().find(|row| row["id"] == device.id.as_str().parse::<i64>().unwrap()).unwrap();
        let product = &products[&row["productID"].to_string()];
        assert_eq!(device.manufacturer.as_deref(), product["manufacturerName"].as_str());
        let title = row["referenceTitle"].as_str().filter(|t| !t.trim().is_empty());
        assert_eq!(device.name, title.or(product["name"].as_str()).unwrap().trim());
        assert_eq!(device.company.as_ref().unwrap().as_str(), row["companyID"].to_string());
        assert_eq!(device.archived, row["isActive"] == false);
        typed += usize::from(device.device_type.as_ref().is_some_and(|t| !t.name.is_empty()));
        split += usize::from(device.interfaces.iter().filter(|i| i.mac.is_some()).count() > 1);
        assert!(device.interfaces.iter().all(|i| !i.mac.as_deref().unwrap_or_default().contains(['[', ','])));
    }
    assert!(typed > 100 && split > 0, "{typed} {split}");
    let companies = it.all(Stream::Companies).await;
    let Record::Company(company) = records(&companies)[1] else { panic!("a company") };
    assert!(company.types.iter().all(|t| !t.name.is_empty()) && !company.types.is_empty(), "{company:?}");
    assert!(company.address.as_ref().is_some_and(|a| !a.country.is_empty()), "{company:?}");
    let tickets = it.all(Stream::Tickets).await;
    for record in records(&tickets) {
        let Record::Ticket(ticket) = record else { panic!("a ticket") };
        assert!(ticket.number.starts_with('T') && !ticket.status.as_ref().unwrap().name.is_empty());
        assert_eq!(ticket.closed, ticket.status.as_ref().unwrap().id == "5");
    }
    // Look-ups come once for the whole run, not once for each listing or row.
    let before = it.connector.requests();
    it.all(Stream::Devices).await;
    assert_eq!(it.connector.requests() - before, rows.len().div_ceil(500) as u64);
}

#[tokio::test]
async fn a_look_up_that_is_refused_leaves_ids_and_stops_nothing() {
    let simulator = tenant(Faults::None).await;
    let control = simulator.control();
    control.autotask().allow("Products", false);
    let it = connected(&simulator);
    let pages = it.all(Stream::Devices).await;
    assert_eq!(records(&pages).len(), control.autotask().count("ConfigurationItems"));
    assert!(!is_whole(&pages), "names are missing: nothing may be concluded from them");
    let Record::Device(device) = records(&pages)[0] else { panic!("a device") };
    assert!(device.manufacturer.is_none() && device.device_type.as_ref().is_none_or(|t| !t.name.is_empty()));
    let told: Vec<String> = it.texts().into_iter().filter(|text| text.contains("products")).collect();
    assert!(told.len() == 1 && told[0].contains("permission"), "{told:?}");
}

#[tokio::test]
async fn a_cut_listing_goes_on_behind_each_page() {
    let simulator = tenant(Faults::None).await;
    let it = Connected::new(Connection { page_size: Some(70), ..account(&simulator) });
    for (stream, _) in STREAMS {
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
    let it = Connected::new(Connection { page_size: Some(50), ..account(&simulator) });
    let before = true_ids(&truth(&simulator, "Contacts").await);
    let control = simulator.control();
    control.autotask().shift_while_paging("Contacts");
    control.autotask().shift_while_paging("Contacts");
    let pages = it.all(Stream::Contacts).await;
    let (listed, after) = (sorted_ids(&pages), true_ids(&truth(&simulator, "Contacts").await));
    let stayed: Vec<&String> = before.iter().filter(|id| after.contains(id)).collect();
    assert_eq!(stayed.len(), before.len() - 2);
    assert!(stayed.iter().all(|id| listed.contains(id)), "what stayed was listed");
    assert!(after.iter().all(|id| listed.contains(id)), "what came back under another id too");
}

#[tokio::test]
async fn a_link_that_has_run_out_is_left_for_the_last_id() {
    let simulator = tenant(Faults::None).await;
    let it = Connected::new(Connection { page_size: Some(50), ..account(&simulator) });
    let mut listing = it.connector.pages(Stream::Contacts, everything());
    let first = futures::StreamExt::next(&mut listing).await.unwrap().unwrap();
    drop(listing);
    // The vendor forgets its pages; the cursor holds the id.
    let rest = it.behind(Stream::Contacts, &first.cursor).await;
    let wanted = simulator.control().autotask().count("Contacts");
    assert_eq!(first.records.len() + ids(&rest).len(), wanted);
}

#[tokio::test]
async fn only_what_changed_is_listed_and_nothing_is_concluded() {
    let simulator = tenant(Faults::None).await;
    let it = connected(&simulator);
    assert!(it.incremental(Stream::Companies) && it.incremental(Stream::Tickets) && it.incremental(Stream::Contacts));
    assert!(!it.incremental(Stream::Devices), "whether that can be queried is not confirmed");
    let rows = truth(&simulator, "Companies").await;
    let newest = records(&it.all(Stream::Companies).await)
        .iter()
        .filter_map(|record| if let Record::Company(c) = record { c.updated } else { None })
        .max()
        .unwrap();
    let since = newest + time::Duration::seconds(1);
    let control = simulator.control();
    let changed = rows[7]["id"].as_i64().unwrap();
    assert!(control.autotask().set_text("Companies", changed, "companyName", "Renamed & Sons"));
    let added = control.autotask().add_company("New One");
    let pages = it.since(Stream::Companies, since).await;
    let mut wanted = [changed.to_string(), added.to_string()];
    wanted.sort();
    assert_eq!(sorted_ids(&pages), wanted);
    assert!(is_whole(&pages), "all that was asked for");
    // A cursor of a full listing does not serve one of changes.
    let full = it.all(Stream::Companies).await;
    let ask = Ask { since: Some(since), after: Some(full[0].cursor.clone()), ..everything() };
    assert_eq!(sorted_ids(&it.list(Stream::Companies, ask).await.0), wanted);
}

#[tokio::test]
async fn tickets_of_chosen_queues_are_filtered_by_the_vendor() {
    let simulator = tenant(Faults::None).await;
    let it = connected(&simulator);
    let rows = truth(&simulator, "Tickets").await;
    let of = |queue: u32| rows.iter().filter(|row| row["queueID"] == queue).count();
    let scope = |names: &[&str]| SyncScope {
        ticket_queues: names.iter().map(|name| (*name).to_owned()).collect(),
        ticket_months: 0,
        ..SyncScope::default()
    };
    let (pages, failure) = it.list(Stream::Tickets, scoped(scope(&["monitoring alert", "Client Portal"]))).await;
    assert_eq!(failure, None);
    assert_eq!(records(&pages).len(), of(8) + of(5));
    let (pages, _) = it.list(Stream::Tickets, scoped(scope(&["A queue that was renamed"]))).await;
    assert_eq!(records(&pages).len(), rows.len(), "a name that is unknown is the sync's to judge");
    let year = SyncScope { ticket_months: 1, ..SyncScope::default() };
    let (recent, _) = it.list(Stream::Tickets, scoped(year)).await;
    assert!(records(&recent).len() < rows.len());
}

#[tokio::test]
async fn limits_are_waited_for_and_told() {
    let simulator = tenant(Faults::None).await;
    let it = connected(&simulator);
    let control = simulator.control();
    control.fail_next(Vendor::Autotask, 2, Failing::Limited { retry_after: 0 });
    control.autotask().occupy_threads("Companies", 3);
    let waiting = it.all(Stream::Companies);
    let (pages, ()) = futures::join!(waiting, async {
        // Another program holds all threads until the connector has been refused a few times.
        while simulator.requests().autotask.over_limit < 4 {
            tokio::task::yield_now().await;
        }
        control.autotask().release_threads();
    });
    assert_eq!(records(&pages).len(), control.autotask().count("Companies"));
    assert!(it.texts().iter().all(|text| text.contains("request limit")), "{:?}", it.texts());
}

#[tokio::test]
async fn the_threshold_of_all_programs_together_is_respected() {
    let simulator = tenant(Faults::None).await;
    simulator.control().use_up(Vendor::Autotask, 5_000);
    let it = connected(&simulator);
    it.all(Stream::DeviceTypes).await;
    let budget = it.connector.budget().unwrap();
    assert_eq!((budget.limit, budget.window_s), (10_000, 3_600));
    assert!((5_001..5_010).contains(&budget.used), "{budget:?}");
    let report = it.connector.test().await.unwrap();
    assert!(report.notes.iter().any(|note| note.contains("of the 10000 requests")), "{:?}", report.notes);
}

#[tokio::test]
async fn a_tenant_that_moved_is_found_again() {
    let simulator = tenant(Faults::None).await;
    let it = connected(&simulator);
    let before = it.all(Stream::Companies).await;
    simulator.control().autotask().move_zone();
    let after = it.all(Stream::Companies).await;
    assert_eq!(ids(&after), ids(&before));
    assert!(it.texts().iter().any(|text| text.contains("has moved the account")), "{:?}", it.texts());
}

async fn failure(it: &Connected, stream: Stream) -> Failure {
    it.list(stream, everything()).await.1.expect("a failure")
}

#[tokio::test]
async fn a_key_that_is_revoked_in_mid_run_stops_with_words() {
    let simulator = tenant(Faults::None).await;
    let it = Connected::new(Connection { page_size: Some(50), ..account(&simulator) });
    let mut listing = it.connector.pages(Stream::Contacts, everything());
    futures::StreamExt::next(&mut listing).await.unwrap().unwrap();
    simulator.control().revoke_key(Vendor::Autotask);
    let failed = loop {
        match futures::StreamExt::next(&mut listing).await {
            Some(Ok(_)) => {}
            Some(Err(failure)) => break failure,
            None => panic!("the listing ended"),
        }
    };
    assert_eq!(failed.class, FailureClass::Credentials, "{failed}");
    assert!(failed.remedy.contains("integration code"), "{failed}");
    assert!(futures::StreamExt::next(&mut listing).await.is_none());
}

#[tokio::test]
async fn wrong_parts_of_the_key_are_told_apart() {
    let simulator = tenant(Faults::None).await;
    let end = simulator.endpoints().autotask.clone();
    let try_with = |user: &str, secret: &str, code: &str| {
        let secrets = [("secret", secret), ("integration_code", code)];
        Connected::new(connection("autotask", &end.base_url, &[("username", user)], &secrets))
    };
    let code = failure(&try_with(&end.username, &end.secret, "WRONG-CODE"), Stream::Companies).await;
    assert!(code.class == FailureClass::Credentials && code.remedy.contains("tracking identifier"), "{code}");
    let user = failure(&try_with("who@else.example", &end.secret, &end.integration_code), Stream::Companies).await;
    assert!(user.class == FailureClass::Credentials && user.remedy.contains("user name"), "{user}");
    let secret = failure(&try_with(&end.username, "wrong-secret", &end.integration_code), Stream::Companies).await;
    assert_eq!(secret.class, FailureClass::Credentials, "{secret}");
    for failure in [&code, &user, &secret] {
        let shown = format!("{failure} {failure:?}");
        assert!(!shown.contains(&end.secret) && !shown.contains("wrong-secret"), "{shown}");
    }
}

#[tokio::test]
async fn a_missing_permission_is_named_and_the_other_streams_go_on() {
    let simulator = tenant(Faults::None).await;
    simulator.control().autotask().allow("Tickets", false);
    let it = connected(&simulator);
    let refused = failure(&it, Stream::Tickets).await;
    assert_eq!(refused.class, FailureClass::Permission, "{refused}");
    assert!(refused.what.contains("view tickets") && refused.remedy.contains("API User"), "{refused}");
    assert!(is_whole(&it.all(Stream::Companies).await));
    let report = it.connector.test().await.unwrap();
    let missing: Vec<&str> = report.permissions.iter().filter(|(_, has)| !has).map(|(name, _)| name.as_str()).collect();
    assert_eq!(missing, ["view tickets"]);
    assert!(report.notes.iter().any(|note| note.starts_with("Zone: Simulated")), "{:?}", report.notes);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_set_aside() {
    let simulator = tenant(Faults::None).await;
    let it = connected(&simulator);
    it.all(Stream::DeviceTypes).await;
    simulator.control().fail_next(Vendor::Autotask, 1, Failing::BadRow);
    let pages = it.all(Stream::Contacts).await;
    assert_eq!(bad(&pages), 1);
    assert_eq!(records(&pages).len() + 1, simulator.control().autotask().count("Contacts"));
}

#[tokio::test]
async fn what_can_be_chosen_is_told_with_counts() {
    let simulator = tenant(Faults::None).await;
    let it = connected(&simulator);
    let lists = it.connector.choices().await.unwrap();
    assert_eq!(lists.len(), 6);
    let list = |rule| &lists.iter().find(|list| list.rule == rule).unwrap().choices;
    let queues = list(ScopeRule::TicketQueues);
    assert!(queues.iter().any(|c| c.name == "Old Help Desk" && !c.active));
    let tickets: u64 = queues.iter().filter_map(|c| c.count).sum();
    assert_eq!(tickets, simulator.control().autotask().count("Tickets") as u64);
    let statuses = list(ScopeRule::DeviceStatuses);
    let devices: u64 = statuses.iter().filter_map(|c| c.count).sum();
    assert_eq!(devices, simulator.control().autotask().count("ConfigurationItems") as u64);
}

#[tokio::test]
async fn a_full_sync_asks_hardly_more_than_it_must() {
    let options = Options { companies: 1_000, devices: 20_000, contacts: Some(20_000), ..Options::default() };
    let simulator = start(options).await.unwrap();
    simulator.control().autotask().set_latency(Latency::NONE);
    let it = connected(&simulator);
    let mut least = 0;
    for (stream, entity) in STREAMS {
        it.all(stream).await;
        least += simulator.control().autotask().count(entity).div_ceil(500) as u64;
    }
    let asked = it.connector.requests();
    println!("Autotask: {asked} requests, {least} at least");
    // Zone, threshold, five look-ups.
    assert!(asked <= least + 12, "{asked} requests where {least} would do");
    assert_eq!(simulator.requests().autotask.over_limit, 0);
}
