//! What every API connector keeps to, whatever the vendor does.

#[path = "connector_support/certificates.rs"]
mod certificates;
mod connector_support;
mod tls;

use connector_support::{Connected, KEY, VENDORS, Vendor, connected, connection, ids, impatient, serve, wanted};
use futures::StreamExt;
use matchbook::connectors::{Tuning, connect};
use matchbook::domain::{FailureClass, Stream};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wiremock::{MockServer, ResponseTemplate};

async fn with_devices(vendor: Vendor, count: u32) -> (MockServer, Connected) {
    let server = MockServer::start().await;
    let all: Vec<u32> = (0..count).collect();
    serve(&server, vendor.devices_path(), move |request| vendor.listing(&all, request)).await;
    let connected = connected(vendor, &server.uri(), impatient());
    (server, connected)
}

/// A vendor that answers its first requests for devices with something else.
async fn after_faults<F>(vendor: Vendor, faults: u32, fault: F) -> (MockServer, Connected)
where
    F: Fn() -> ResponseTemplate + Send + Sync + 'static,
{
    let server = MockServer::start().await;
    let asked = AtomicU32::new(0);
    let all: Vec<u32> = (0..5).collect();
    serve(&server, vendor.devices_path(), move |request| {
        if asked.fetch_add(1, Ordering::SeqCst) < faults { fault() } else { vendor.listing(&all, request) }
    })
    .await;
    let connected = connected(vendor, &server.uri(), impatient());
    (server, connected)
}

async fn requests(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

#[tokio::test]
async fn paging_ends_and_is_in_order() {
    for vendor in VENDORS {
        for count in [0, 1, 100, 101, 950] {
            let (server, it) = with_devices(vendor, count).await;
            let (pages, failure) = it.devices(None).await;
            assert_eq!(failure, None);
            assert_eq!(ids(&pages), wanted(0..count), "{vendor:?} {count}");
            assert_eq!(pages.iter().filter(|p| p.last).count(), 1);
            let last = pages.last().unwrap();
            assert!(last.last && last.whole && last.total == Some(u64::from(count)));
            assert_eq!(last.of, Some(last.number));
            // Behind a last page that is full one more is asked for: the count may be too low.
            assert_eq!(requests(&server).await, (count / 100 + 1) as usize);
        }
    }
}

#[tokio::test]
async fn the_key_goes_in_its_header_and_nowhere_else() {
    for vendor in VENDORS {
        let (server, it) = with_devices(vendor, 1).await;
        it.devices(None).await;
        let request = &server.received_requests().await.unwrap()[0];
        assert_eq!(request.headers.get("x-api-key").unwrap(), KEY);
        assert!(!request.url.as_str().contains("top-secret"));
        assert!(!String::from_utf8_lossy(&request.body).contains("top-secret"));
    }
}

#[tokio::test]
async fn a_refused_key_is_a_credentials_failure_at_once() {
    for vendor in VENDORS {
        let (server, it) = after_faults(vendor, 9, || ResponseTemplate::new(401)).await;
        let failure = it.failure().await;
        assert_eq!(failure.class, FailureClass::Credentials);
        assert!(!failure.remedy.is_empty());
        assert_eq!(requests(&server).await, 1);
    }
}

#[tokio::test]
async fn a_missing_permission_is_named_while_the_key_works() {
    for (vendor, name) in [(Vendor::Addigy, "View Devices"), (Vendor::ItGlue, "reading configurations")] {
        let (server, it) = after_faults(vendor, 9, || ResponseTemplate::new(403)).await;
        serve(&server, vendor.test_path(), move |_| ResponseTemplate::new(200).set_body_json(vendor.test_body())).await;
        let failure = it.failure().await;
        assert_eq!(failure.class, FailureClass::Permission, "{failure}");
        assert!(failure.what.contains(name), "{failure}");
    }
}

#[tokio::test]
async fn forbidden_everywhere_is_the_key() {
    for vendor in VENDORS {
        let (server, it) = after_faults(vendor, 9, || ResponseTemplate::new(403)).await;
        serve(&server, vendor.test_path(), |_| ResponseTemplate::new(403)).await;
        assert_eq!(it.failure().await.class, FailureClass::Credentials);
    }
}

#[tokio::test]
async fn a_limit_is_waited_for_and_told() {
    for vendor in VENDORS {
        let limited = || ResponseTemplate::new(429).insert_header("Retry-After", "0");
        let (server, it) = after_faults(vendor, 2, limited).await;
        let (pages, failure) = it.devices(None).await;
        assert_eq!((failure, ids(&pages)), (None, wanted(0..5)));
        assert_eq!(requests(&server).await, 3);
        let notices = it.notices.lock().unwrap();
        assert!(notices.len() == 2 && notices.iter().all(|n| n.retry_at.is_some() && n.text.contains("limit")));
    }
}

#[tokio::test]
async fn a_block_for_a_day_is_not_sat_out() {
    for vendor in VENDORS {
        let blocked = || ResponseTemplate::new(429).insert_header("Retry-After", "86400");
        let (server, it) = after_faults(vendor, 9, blocked).await;
        assert_eq!(it.failure().await.class, FailureClass::Limit);
        let again = it.failure().await;
        assert!(again.class == FailureClass::Limit && again.what.contains("until"), "{again}");
        assert_eq!(requests(&server).await, 1, "the vendor is left alone until then");
    }
}

#[tokio::test]
async fn faults_of_the_vendor_are_retried_and_then_told() {
    for vendor in VENDORS {
        for status in [500, 502, 503] {
            let (server, it) = after_faults(vendor, 4, move || ResponseTemplate::new(status)).await;
            let (pages, failure) = it.devices(None).await;
            assert_eq!((failure, ids(&pages)), (None, wanted(0..5)));
            assert_eq!((requests(&server).await, it.texts().len()), (5, 4));
        }
        let (server, it) = after_faults(vendor, 99, || ResponseTemplate::new(503)).await;
        assert_eq!(it.failure().await.class, FailureClass::Vendor);
        assert_eq!(requests(&server).await, 5);
    }
}

#[tokio::test]
async fn other_refusals_are_told_with_the_vendors_words_and_not_retried() {
    for vendor in VENDORS {
        let body = vendor.error(422, "page must be \u{1b}[31mred");
        let (server, it) = after_faults(vendor, 9, move || ResponseTemplate::new(422).set_body_json(&body)).await;
        let failure = it.failure().await;
        assert_eq!(failure.class, FailureClass::Vendor);
        assert!(failure.what.contains("page must be [31mred"), "{failure}");
        assert_eq!(requests(&server).await, 1);
    }
}

#[tokio::test]
async fn unreadable_bodies_are_retried_and_then_told() {
    for vendor in VENDORS {
        for body in ["{\"data\":[{\"id\":", "<html>sorry</html>", "", "[1,2", "{}", "\u{feff}", "nul"] {
            let cut = move || ResponseTemplate::new(200).set_body_string(body);
            let (_server, it) = after_faults(vendor, 2, cut).await;
            assert_eq!(ids(&it.devices(None).await.0), wanted(0..5), "{vendor:?} {body}");
            let (server, it) = after_faults(vendor, 99, cut).await;
            assert_eq!(it.failure().await.class, FailureClass::Vendor, "{vendor:?} {body}");
            assert_eq!(requests(&server).await, 5);
        }
    }
}

/// A server that announces more than it sends.
async fn truncating() -> (String, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let serve = async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 4096];
            if socket.read(&mut request).await.is_ok() {
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{\"items\":[{\"agentid\":";
                let _ = socket.write_all(answer).await;
            }
        }
    };
    (address, tokio::spawn(serve))
}

#[tokio::test]
async fn a_truncated_body_is_a_fault_of_the_vendor() {
    for vendor in VENDORS {
        let (address, server) = truncating().await;
        let it = connected(vendor, &address, impatient());
        let failure = it.failure().await;
        assert_eq!((failure.class, it.texts().len()), (FailureClass::Vendor, 4), "{failure}");
        server.abort();
    }
}

#[tokio::test]
async fn nobody_listening_is_told_in_words() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for vendor in VENDORS {
        let failure = connected(vendor, &address, impatient()).failure().await;
        assert_eq!(failure.class, FailureClass::Vendor);
        assert!(failure.what.contains("refuses connections"), "{failure}");
    }
}

#[tokio::test]
async fn an_error_inside_a_good_answer_is_an_error() {
    for vendor in VENDORS {
        for (status, class) in [
            (401, FailureClass::Credentials),
            (500, FailureClass::Vendor),
            (7, FailureClass::Vendor),
            (422, FailureClass::Vendor),
        ] {
            let body = vendor.error(status, "broken inside");
            let (_server, it) = after_faults(vendor, 99, move || ResponseTemplate::new(200).set_body_json(&body)).await;
            let failure = it.failure().await;
            assert_eq!(failure.class, class, "{vendor:?} {status}");
            assert!(failure.what.contains("broken inside"), "{failure}");
        }
    }
}

#[tokio::test]
async fn a_malformed_row_is_set_aside_and_the_page_goes_on() {
    for vendor in VENDORS {
        let server = MockServer::start().await;
        let rows = [vendor.row(1), json!("text"), json!(null), json!({"nothing": 1}), json!([]), vendor.row(2)];
        let body = vendor.page(&rows, 1, 6);
        serve(&server, vendor.devices_path(), move |_| ResponseTemplate::new(200).set_body_json(&body)).await;
        let (pages, failure) = connected(vendor, &server.uri(), impatient()).devices(None).await;
        assert_eq!((failure, ids(&pages)), (None, wanted(1..3)));
        assert_eq!(pages[0].bad.len(), 4);
        assert!(!pages[0].whole, "nobody knows which records those rows were");
        assert!(pages[0].bad.iter().all(|b| !b.reason.is_empty()));
    }
}

#[tokio::test]
async fn a_row_without_its_values_is_bad_and_not_an_empty_record() {
    for vendor in VENDORS {
        let server = MockServer::start().await;
        let mut spoiled = vendor.row(2);
        let values = if vendor == Vendor::Addigy { "facts" } else { "attributes" };
        spoiled[values] = json!("unavailable");
        let body = vendor.page(&[vendor.row(1), spoiled], 1, 2);
        serve(&server, vendor.devices_path(), move |_| ResponseTemplate::new(200).set_body_json(&body)).await;
        let (pages, _) = connected(vendor, &server.uri(), impatient()).devices(None).await;
        assert_eq!((ids(&pages), pages[0].bad[0].id.clone()), (wanted(1..2), Some("d00002".into())));
        assert!(pages[0].whole, "the record is known to be there");
    }
}

#[tokio::test]
async fn the_secret_never_comes_back() {
    for vendor in VENDORS {
        for status in [200, 400, 401, 403, 429, 500] {
            let body = vendor.error(status.max(400), &format!("the key {KEY} is bad"));
            let answer = move || ResponseTemplate::new(status).insert_header("Retry-After", "0").set_body_json(&body);
            let (server, it) = after_faults(vendor, 999, answer.clone()).await;
            serve(&server, vendor.test_path(), move |_| answer()).await;
            let failure = it.failure().await;
            let tested = it.connector.test().await;
            let all = format!("{failure} {failure:?} {tested:?} {:?}", it.notices.lock().unwrap());
            assert!(!all.contains("top-secret"), "{all}");
        }
        let shown = format!("{:?}", connection(vendor, "http://127.0.0.1:1"));
        assert!(!shown.contains("top-secret"), "{shown}");
    }
}

#[tokio::test]
async fn a_listing_goes_on_after_any_page() {
    for vendor in VENDORS {
        let (_server, it) = with_devices(vendor, 450).await;
        let (pages, _) = it.devices(None).await;
        for (read, page) in (100..).step_by(100).zip(&pages) {
            let (rest, failure) = it.devices(Some(page.cursor.clone())).await;
            assert_eq!(failure, None);
            assert_eq!(ids(&rest), wanted(read..450), "after page {}", page.number);
            assert_eq!(rest[0].number, page.number + 1);
            assert!(rest.last().unwrap().last && rest.last().unwrap().whole);
        }
        let (anew, _) = it.devices(Some("a cursor of another time".into())).await;
        assert_eq!(ids(&anew).len(), 450);
    }
}

#[tokio::test]
async fn companies_go_on_after_any_page() {
    let server = MockServer::start().await;
    let rows: Vec<_> = (0..1_200).rev().map(|n| json!({"policyId": format!("p{n:05}"), "name": "Acme"})).collect();
    serve(&server, "/api/v2/oa/policies/query", move |_| ResponseTemplate::new(200).set_body_json(&rows)).await;
    let it = connected(Vendor::Addigy, &server.uri(), impatient());
    let list = |after: Option<String>| {
        let pages = it.connector.pages(Stream::Companies, matchbook::connectors::Ask::after(after));
        async move { pages.map(Result::unwrap).collect::<Vec<_>>().await }
    };
    let pages = list(None).await;
    assert_eq!(pages.iter().map(|p| p.records.len()).collect::<Vec<_>>(), [500, 500, 200]);
    let rest = list(Some(pages[0].cursor.clone())).await;
    assert_eq!(ids(&rest), ids(&pages[1..]));
    let end = list(Some(pages[2].cursor.clone())).await;
    assert!(end.len() == 1 && end[0].last && end[0].records.is_empty());
}

#[tokio::test]
async fn a_redirect_is_refused_and_the_key_stays() {
    for vendor in VENDORS {
        let elsewhere = MockServer::start().await;
        let to = format!("{}/stolen", elsewhere.uri());
        let answer = move || ResponseTemplate::new(302).insert_header("Location", to.as_str());
        let (server, it) = after_faults(vendor, 99, answer).await;
        let failure = it.failure().await;
        assert_eq!(failure.class, FailureClass::Vendor);
        assert!(failure.what.contains("redirects"), "{failure}");
        assert_eq!((requests(&server).await, requests(&elsewhere).await), (1, 0));
    }
}

#[tokio::test]
async fn an_endless_body_is_cut_off() {
    for vendor in VENDORS {
        let huge = || ResponseTemplate::new(200).set_body_string("x".repeat((1 << 20) + 1));
        let (_server, it) = after_faults(vendor, 999, huge).await;
        let failure = it.failure().await;
        assert!(failure.what.contains("larger than 1 MB"), "{failure}");
    }
}

#[tokio::test]
async fn a_slow_vendor_is_asked_for_less() {
    for vendor in VENDORS {
        let server = MockServer::start().await;
        let all: Vec<u32> = (0..330).collect();
        serve(&server, vendor.devices_path(), move |request| {
            let (number, size) = vendor.asked(request);
            // Only the second hundred is heavy.
            if size > 25 && (number - 1) * size >= 100 && (number - 1) * size < 200 {
                return ResponseTemplate::new(504);
            }
            vendor.listing(&all, request)
        })
        .await;
        let it = connected(vendor, &server.uri(), impatient());
        let (pages, failure) = it.devices(None).await;
        assert_eq!((failure, ids(&pages)), (None, wanted(0..330)));
        assert!(pages.windows(2).all(|p| p[0].number + 1 == p[1].number));
        assert!(it.texts().iter().any(|t| t.contains("25 rows a page")), "{:?}", it.texts());
    }
}

#[tokio::test]
async fn a_vendor_that_hangs_is_given_up() {
    for vendor in VENDORS {
        let server = MockServer::start().await;
        serve(&server, vendor.devices_path(), |_| ResponseTemplate::new(200).set_delay(Duration::from_hours(1))).await;
        let tuning = Tuning { total_timeout: Duration::from_millis(20), tries: 2, ..impatient() };
        let failure = connected(vendor, &server.uri(), tuning).failure().await;
        assert_eq!(failure.class, FailureClass::Vendor);
        assert!(failure.what.contains("did not answer in time"), "{failure}");
    }
}

/// A listing that changes after so many requests.
async fn changing(vendor: Vendor, after: u32, before: Vec<u32>, later: Vec<u32>) -> (MockServer, Connected) {
    let server = MockServer::start().await;
    let asked = AtomicU32::new(0);
    serve(&server, vendor.devices_path(), move |request| {
        let now = if asked.fetch_add(1, Ordering::SeqCst) < after { &before } else { &later };
        vendor.listing(now, request)
    })
    .await;
    let connected = connected(vendor, &server.uri(), impatient());
    (server, connected)
}

#[tokio::test]
async fn rows_that_slide_back_while_paging_are_found() {
    for vendor in VENDORS {
        let later: Vec<u32> = (1..250).collect();
        let (_server, it) = changing(vendor, 1, (0..250).collect(), later).await;
        let (pages, failure) = it.devices(None).await;
        assert_eq!(failure, None);
        let mut found = ids(&pages);
        found.sort();
        assert_eq!(found, wanted(0..250), "row 100 slid to the first page after it was read");
        assert!(pages.last().unwrap().last && pages.last().unwrap().whole);
    }
}

#[tokio::test]
async fn rows_that_slide_on_while_paging_come_once() {
    for vendor in VENDORS {
        let before: Vec<u32> = (1..250).collect();
        let (_server, it) = changing(vendor, 1, before, (0..250).collect()).await;
        let (pages, _) = it.devices(None).await;
        let mut found = ids(&pages);
        found.sort();
        let count = found.len();
        found.dedup();
        assert_eq!(found.len(), count, "no row twice");
        assert!(wanted(1..250).iter().all(|id| found.contains(id)));
    }
}

#[tokio::test]
async fn rows_that_never_add_up_are_not_called_whole() {
    for vendor in VENDORS {
        let server = MockServer::start().await;
        serve(&server, vendor.devices_path(), move |request| {
            let (number, size) = vendor.asked(request);
            let rows: Vec<_> = if number == 1 { (0..size).map(|id| vendor.row(id)).collect() } else { Vec::new() };
            ResponseTemplate::new(200).set_body_json(vendor.page(&rows, 2, 150))
        })
        .await;
        let (pages, failure) = connected(vendor, &server.uri(), impatient()).devices(None).await;
        assert_eq!((failure, ids(&pages)), (None, wanted(0..100)));
        assert!(pages.last().unwrap().last && !pages.last().unwrap().whole);
    }
}

#[tokio::test]
async fn a_paging_without_end_is_given_up() {
    for vendor in VENDORS {
        let server = MockServer::start().await;
        serve(&server, vendor.devices_path(), move |request| {
            let (number, _) = vendor.asked(request);
            ResponseTemplate::new(200).set_body_json(vendor.page(&[vendor.row(1)], number + 1, 1_000_000))
        })
        .await;
        let failure = connected(vendor, &server.uri(), impatient()).failure().await;
        assert_eq!(failure.class, FailureClass::Vendor);
    }
}

#[tokio::test]
async fn the_test_names_permissions() {
    let vendor = Vendor::Addigy;
    let (server, it) = after_faults(vendor, 99, || ResponseTemplate::new(403)).await;
    serve(&server, vendor.test_path(), |_| ResponseTemplate::new(200).set_body_json(json!(["View Policies Activity"])))
        .await;
    let report = it.connector.test().await.unwrap();
    assert_eq!(report.permissions, [("View Devices".to_owned(), false), ("View Policies".to_owned(), true)]);
    assert!(report.notes[0].contains("View Devices"));
}

#[tokio::test]
async fn the_test_counts_what_the_key_sees() {
    let vendor = Vendor::ItGlue;
    let server = MockServer::start().await;
    serve(&server, vendor.test_path(), move |_| ResponseTemplate::new(200).set_body_json(vendor.test_body())).await;
    let report = connected(vendor, &server.uri(), impatient()).connector.test().await.unwrap();
    assert_eq!(report.notes, ["The key sees 7 organizations."]);
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn the_test_refuses_a_wrong_key() {
    for vendor in VENDORS {
        for status in [401, 403] {
            let (server, it) = after_faults(vendor, 99, || ResponseTemplate::new(403)).await;
            serve(&server, vendor.test_path(), move |_| ResponseTemplate::new(status)).await;
            serve(&server, "/api/v2/oa/policies/query", |_| ResponseTemplate::new(403)).await;
            let failure = it.connector.test().await.unwrap_err();
            assert_eq!(failure.class, FailureClass::Credentials, "{vendor:?} {status}");
        }
    }
}

#[tokio::test]
async fn the_budget_is_counted() {
    for (vendor, limit, window_s) in [(Vendor::Addigy, 1_000, 10), (Vendor::ItGlue, 3_000, 300)] {
        let (_server, it) = with_devices(vendor, 250).await;
        it.devices(None).await;
        let budget = it.connector.budget().unwrap();
        assert_eq!((budget.used, budget.limit, budget.window_s), (3, limit, window_s));
    }
}

/// Answers say in their headers what is left; other programs with the same key have used some of it.
#[tokio::test]
async fn the_budget_is_corrected_by_the_answers_headers() {
    for (vendor, limit) in [(Vendor::Addigy, 1_000), (Vendor::ItGlue, 3_000)] {
        let server = MockServer::start().await;
        let all: Vec<u32> = (0..250).collect();
        let left = AtomicU32::new(limit - 700);
        serve(&server, vendor.devices_path(), move |request| {
            let left = left.fetch_sub(1, Ordering::SeqCst);
            let answer = vendor.listing(&all, request).insert_header("X-RateLimit-Limit", limit.to_string());
            answer.insert_header("X-RateLimit-Remaining", left.to_string())
        })
        .await;
        let it = connected(vendor, &server.uri(), impatient());
        assert_eq!(it.devices(None).await.1, None);
        let budget = it.connector.budget().unwrap();
        assert_eq!((budget.used, budget.limit), (702, limit), "{vendor:?}: 699 of others and three of ours");
    }
}

#[tokio::test]
async fn where_headers_leave_nothing_the_vendor_is_left_alone_until_its_window_ends() {
    for (vendor, reset, waits) in [(Vendor::Addigy, 7_200, false), (Vendor::ItGlue, 1, true)] {
        let server = MockServer::start().await;
        let all: Vec<u32> = (0..250).collect();
        let asked = AtomicU32::new(0);
        serve(&server, vendor.devices_path(), move |request| {
            let answer = vendor.listing(&all, request);
            if asked.fetch_add(1, Ordering::SeqCst) > 0 {
                return answer;
            }
            answer.insert_header("RateLimit-Remaining", "0").insert_header("RateLimit-Reset", reset.to_string())
        })
        .await;
        let it = connected(vendor, &server.uri(), impatient());
        let (pages, failure) = it.devices(None).await;
        let told = it.notices.lock().unwrap().iter().filter(|n| n.retry_at.is_some()).count();
        assert_eq!(told, 1, "{vendor:?}: it is said until when: {:?}", it.texts());
        assert!(it.texts()[0].contains("no more requests"), "{:?}", it.texts());
        if waits {
            // A short window is sat out; the run is whole.
            assert_eq!((failure, ids(&pages).len(), requests(&server).await), (None, 250, 3));
        } else {
            let failure = failure.expect("a run does not sit out two hours");
            assert!(failure.class == FailureClass::Limit && failure.what.contains("until"), "{failure}");
            assert_eq!(requests(&server).await, 1, "nothing goes before");
        }
    }
}

#[tokio::test]
async fn a_connection_without_a_key_or_with_a_wrong_region_is_refused() {
    let quiet = || Arc::new(|_| {});
    let mut none = connection(Vendor::ItGlue, "http://127.0.0.1:1");
    none.credentials = matchbook::secrets::Credentials::default();
    assert_eq!(connect(none, quiet()).err().unwrap().class, FailureClass::Credentials);
    let mut region = connection(Vendor::ItGlue, "");
    (region.base_url, region.region) = (None, Some("mars".into()));
    let failure = connect(region, quiet()).err().unwrap();
    assert_eq!(failure.class, FailureClass::Usage);
    assert!(failure.remedy.contains("eu"), "{failure}");
}

/// A vendor that matchbook does not know, as a person would add it.
const OWN_MAPPING: &str = r#"
vendor = "Shelf"
dialect = "json_api"
base_url = "https://shelf.example"
auth = { header = "authorization-key", secret = "token" }

[streams.devices]
word_one = "Thing"
word_many = "things"
path = "/things"
sort = "id"

[streams.devices.fields]
id = "id"
name = "attributes.title"
serial = "attributes.sn"
"#;

#[tokio::test]
async fn a_vendor_is_added_by_one_mapping_file() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("shelf.toml"), OWN_MAPPING).unwrap();
    let server = MockServer::start().await;
    let body = json!({"data": [{"id": 7, "attributes": {"title": "Lamp", "sn": "L-1"}}], "meta": {"total-pages": 1}});
    serve(&server, "/things", move |_| ResponseTemplate::new(200).set_body_json(&body)).await;
    let mut own = connection(Vendor::ItGlue, &server.uri());
    own.connector = "shelf".into();
    own.mapping_override_dir = Some(home.path().to_owned());
    let token = ("token".to_owned(), secrecy::SecretString::from("t"));
    own.credentials = matchbook::secrets::Credentials::from_pairs([token]);
    let connector = connect(own, Arc::new(|_| {})).unwrap();
    let pages: Vec<_> =
        connector.pages(Stream::Devices, matchbook::connectors::Ask::default()).map(Result::unwrap).collect().await;
    assert_eq!((connector.vendor(), pages[0].records[0].name()), ("Shelf", "Lamp"));
    let listed = matchbook::connectors::available_with(Some(home.path()));
    assert!(listed.iter().any(|info| info.name == "shelf" && info.vendor == "Shelf"));
}
