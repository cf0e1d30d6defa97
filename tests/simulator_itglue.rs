//! The simulated IT Glue from outside: listings, filters, writes and refusals as the vendor's facts state them.

mod simulator_support;

use matchbook::simulator::{Failing, Options, Vendor};
use reqwest::Method;
use serde_json::{Value, json};
use simulator_support::{Vendors, small};

fn rows(answer: &Value) -> &Vec<Value> {
    answer["data"].as_array().unwrap()
}

fn configuration(attributes: Value) -> Value {
    let mut document = json!({"data": {"type": "configurations"}});
    document["data"]["attributes"] = attributes;
    document
}

#[tokio::test]
async fn configurations_come_in_pages_with_links_and_their_interfaces() {
    let vendors = Vendors::start(small()).await;
    let base = vendors.simulator.endpoints().itglue.base_url.clone();
    let mut path = "/configurations?page[size]=100&include=configuration_interfaces&sort=-updated_at".to_owned();
    let (mut seen, mut last) = (0, "9999".to_owned());
    loop {
        let (status, answer) = vendors.itglue(&path).await;
        assert_eq!(status, 200);
        seen += rows(&answer).len();
        for row in rows(&answer) {
            let updated = row["attributes"]["updated-at"].as_str().unwrap().to_owned();
            assert!(updated <= last);
            last = updated;
            for link in row["relationships"]["configuration-interfaces"]["data"].as_array().unwrap() {
                assert!(answer["included"].as_array().unwrap().iter().any(|i| i["id"] == link["id"]));
            }
        }
        let Some(next) = answer["links"]["next"].as_str() else {
            assert_eq!(answer["meta"]["total-count"], seen);
            assert!(answer["meta"]["next-page"].is_null());
            break;
        };
        path = next.strip_prefix(&base).unwrap().to_owned();
    }
    assert!(seen > 300);
}

#[tokio::test]
async fn known_filters_select_and_unknown_ones_are_ignored() {
    let vendors = Vendors::start(small()).await;
    let (_, all) = vendors.itglue("/organizations?page[size]=1000").await;
    let total = all["meta"]["total-count"].clone();
    let first = &rows(&all)[0];
    let (_, unknown) = vendors.itglue("/organizations?filter[colour]=red").await;
    assert_eq!(unknown["meta"]["total-count"], total);
    let two = format!(
        "/organizations?filter[id]={},{}",
        first["id"].as_str().unwrap(),
        rows(&all)[1]["id"].as_str().unwrap()
    );
    assert_eq!(rows(&vendors.itglue(&two).await.1).len(), 2);
    let since = first["attributes"]["updated-at"].as_str().unwrap();
    let (_, changed) = vendors.itglue(&format!("/organizations?filter[updated_at]={since},*&page[size]=1000")).await;
    assert!(rows(&changed).len() < rows(&all).len());
    assert!(rows(&changed).iter().all(|o| o["attributes"]["updated-at"].as_str().unwrap() >= since));
    let (_, vendor) = vendors.itglue("/organizations?filter[organization-type-id]=88&page[size]=1000").await;
    assert_eq!(rows(&vendor).len(), 8);
    let id = first["id"].as_str().unwrap();
    let (_, nested) =
        vendors.itglue(&format!("/organizations/{id}/relationships/configurations?filter[name]=nothing")).await;
    let (_, flat) = vendors.itglue(&format!("/configurations?filter[organization_id]={id}")).await;
    assert_eq!(nested["meta"]["total-count"], flat["meta"]["total-count"]);
    assert_eq!(vendors.itglue("/organizations?page[number]=x").await.0, 400);
    let control = vendors.simulator.control();
    let made = control.itglue().add_organization("One, Two");
    let (_, comma) = vendors.itglue("/organizations?filter[name]=One\\, Two").await;
    assert_eq!(rows(&comma)[0]["id"], made.as_str());
}

#[tokio::test]
async fn a_configuration_is_created_changed_and_found_again() {
    let vendors = Vendors::start(small()).await;
    let organization = vendors.simulator.control().itglue().add_organization("Acme");
    let body = json!({"data": {"type": "configurations", "attributes": {"organization-id": organization, "name": "ACME-MBA1",
        "configuration_type_id": 65, "serial-number": "C02TEST00001"}, "relationships": {"configuration_interfaces":
        {"data": [{"type": "configuration_interfaces", "attributes": {"name": "en0", "mac-address": "14-7D-DA-00-00-01", "primary": true}}]}}}});
    let (status, made) = vendors.send(Method::POST, "/configurations", body).await;
    assert_eq!((status, &made["data"]["type"]), (201, &json!("configurations")));
    assert_eq!(made["data"]["attributes"]["mac-address"], "14:7d:da:00:00:01");
    assert_eq!(made["data"]["attributes"]["organization-name"], "Acme");
    let id = made["data"]["id"].as_str().unwrap().to_owned();
    let change = configuration(
        json!({"primary-ip": "10.0.0.9", "mac_address": "147dda000002", "asset-tag": "A1", "name": null}),
    );
    let (status, refused) = vendors.send(Method::PATCH, &format!("/configurations/{id}"), change).await;
    assert_eq!((status, &refused["errors"][0]["source"]["pointer"]), (422, &json!("/data/attributes/name")));
    let change = configuration(
        json!({"primary-ip": "10.0.0.9", "mac_address": "147dda000002", "organization-name": "read only"}),
    );
    let (status, changed) = vendors.send(Method::PATCH, &format!("/configurations/{id}"), change).await;
    assert_eq!(status, 200);
    assert_eq!(changed["data"]["attributes"]["serial-number"], "C02TEST00001");
    assert_eq!(changed["data"]["attributes"]["primary-ip"], "10.0.0.9");
    let (_, interfaces) = vendors.itglue(&format!("/configurations/{id}/relationships/configuration_interfaces")).await;
    assert_eq!(rows(&interfaces)[0]["attributes"]["mac-address"], "14:7d:da:00:00:02");
    assert_eq!(rows(&interfaces).len(), 1);
    let (_, found) = vendors.itglue("/configurations?filter[serial_number]=C02TEST00001").await;
    assert_eq!(rows(&found)[0]["id"], id.as_str());
}

#[tokio::test]
async fn bulk_requests_are_carried_out_whole_or_not_at_all() {
    let vendors = Vendors::start(small()).await;
    let control = vendors.simulator.control().clone();
    let organization = control.itglue().add_organization("Acme");
    let route = format!("/organizations/{organization}/relationships/configurations");
    let row = |name: &str, kind: u32| json!({"type": "configurations", "attributes": {"name": name, "configuration-type-id": kind}});
    let (status, _) = vendors.send(Method::POST, &route, json!({"data": [row("A", 65), row("B", 99_999)]})).await;
    assert_eq!(status, 422);
    assert_eq!(vendors.itglue(&route).await.1["meta"]["total-count"], 0);
    let (status, made) = vendors.send(Method::POST, &route, json!({"data": [row("A", 65), row("B", 66)]})).await;
    assert_eq!((status, rows(&made).len()), (201, 2));
    let ids: Vec<Value> = rows(&made).iter().map(|r| r["id"].clone()).collect();
    let tags = |second: &Value| {
        json!({"data": [
        {"type": "configurations", "attributes": {"id": ids[0], "asset-tag": "T"}},
        {"type": "configurations", "attributes": {"id": second, "asset-tag": "T"}}]})
    };
    assert_eq!(vendors.send(Method::PATCH, "/configurations", tags(&json!("1"))).await.0, 404);
    let (_, before) = vendors.itglue(&route).await;
    assert!(rows(&before).iter().all(|r| r["attributes"]["asset-tag"].is_null()));
    let (status, changed) = vendors.send(Method::PATCH, "/configurations", tags(&ids[1])).await;
    assert_eq!(status, 200);
    assert!(rows(&changed).iter().all(|r| r["attributes"]["asset-tag"] == "T"));
    let gone = json!({"data": [{"type": "configurations", "attributes": {"id": ids[0]}}]});
    assert_eq!(vendors.send(Method::DELETE, "/configurations", gone).await.0, 200);
    assert_eq!(rows(&vendors.itglue(&route).await.1).len(), 1);
    let flat = json!({"data": [row("C", 65)]});
    assert_eq!(vendors.send(Method::POST, "/configurations", flat).await.0, 400);
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_with_its_reason() {
    let vendors = Vendors::start(small()).await;
    let control = vendors.simulator.control().clone();
    let organization = control.itglue().add_organization("Acme");
    let id = control.itglue().add_configuration(&organization, "M", Some("S1"), None).unwrap();
    let path = format!("/configurations/{id}");
    let (status, no_type) = vendors
        .send(Method::POST, "/configurations", configuration(json!({"name": "X", "organization_id": organization})))
        .await;
    assert_eq!((status, &no_type["errors"][0]["detail"]), (422, &json!("must exist")));
    let (status, nowhere) = vendors
        .send(Method::POST, "/configurations", configuration(json!({"name": "X", "configuration_type_id": 65})))
        .await;
    assert_eq!((status, &nowhere["errors"][0]["title"]), (422, &json!("Valid organization_id is required")));
    let long = configuration(json!({"mac-address": "14:7d:da:00:00:01, 14:7d:da:00:00:02"}));
    assert_eq!(vendors.send(Method::PATCH, &path, long).await.0, 422);
    let mut related = configuration(json!({"asset-tag": "x"}));
    related["data"]["relationships"] = json!({"configuration_interfaces": {"data": []}});
    assert_eq!(vendors.send(Method::PATCH, &path, related).await.0, 422);
    assert_eq!(vendors.send(Method::POST, "/configurations", json!({"name": "bare"})).await.0, 400);
    assert_eq!(vendors.send(Method::PATCH, "/configurations/1", configuration(json!({"asset-tag": "x"}))).await.0, 404);
    let plain = vendors.get(&path).body("{}").header("content-type", "application/json");
    let plain = plain.build().map(|mut r| {
        *r.method_mut() = Method::PATCH;
        r
    });
    assert_eq!(reqwest::Client::new().execute(plain.unwrap()).await.unwrap().status(), 415);
    assert!(control.itglue().set_synced(&id, true));
    assert_eq!(vendors.send(Method::PATCH, &path, configuration(json!({"name": "N"}))).await.0, 422);
    assert_eq!(vendors.send(Method::PATCH, &path, configuration(json!({"asset-tag": "N"}))).await.0, 200);
    let page = vendors.raw("/nothing/of/that/kind").await;
    assert_eq!(
        (page.status().as_u16(), page.headers()["content-type"].to_str().unwrap()),
        (404, "text/html; charset=utf-8")
    );
    assert_eq!(vendors.simulator.requests().itglue.over_limit, 0);
}

#[tokio::test]
async fn lists_of_choices_grow_except_those_that_are_fixed() {
    let vendors = Vendors::start(small()).await;
    let (_, makers) = vendors.itglue("/manufacturers?filter[name]=Apple").await;
    let apple = rows(&makers)[0]["id"].clone();
    let model =
        json!({"data": {"type": "models", "attributes": {"manufacturer-id": apple, "name": "MacBook Air (M9)"}}});
    let (status, made) = vendors.send(Method::POST, "/models", model).await;
    assert_eq!((status, &made["data"]["attributes"]["manufacturer-name"]), (201, &json!("Apple")));
    let (_, models) = vendors
        .itglue(&format!("/manufacturers/{}/relationships/models?page[size]=1000", apple.as_str().unwrap()))
        .await;
    assert!(rows(&models).iter().any(|m| m["id"] == made["data"]["id"]));
    let fixed = json!({"data": {"type": "operating-systems", "attributes": {"name": "BeOS"}}});
    assert_eq!(vendors.request(Method::POST, "/operating_systems", &fixed).send().await.unwrap().status(), 404);
    let (_, types) = vendors.itglue("/configuration_types").await;
    assert!(
        rows(&types)
            .iter()
            .any(|t| t["attributes"]["name"] == "Laptop" && t["attributes"]["configurations-count"] != 0)
    );
}

#[tokio::test]
async fn records_change_while_the_vendors_run() {
    let vendors = Vendors::start(small()).await;
    let control = vendors.simulator.control().clone();
    let policy = control.addigy().add_policy("New Client", None);
    let device =
        control.addigy().add_device(&policy, "New Mac", Some("C02NEW000001"), Some("14:7d:da:00:00:01")).unwrap();
    assert!(control.addigy().rename_device(&device, "Renamed Mac"));
    assert!(control.addigy().rename_policy(&policy, "Renamed Client"));
    assert!(vendors.policies().await.iter().any(|p| p["policyId"] == policy.as_str() && p["name"] == "Renamed Client"));
    let query = json!({"query": {"search_any": "c02new"}, "desired_fact_identifiers": ["device_name", "policy_id"]});
    let (_, found) = vendors.addigy(Method::POST, "/devices", query.clone()).await;
    assert_eq!(found["items"][0]["facts"]["device_name"]["value"], "Renamed Mac");
    assert_eq!(found["items"][0]["facts"]["policy_id"]["value"], policy.as_str());
    assert!(control.addigy().delete_device(&device) && !control.addigy().delete_device(&device));
    assert!(vendors.addigy(Method::POST, "/devices", query).await.1["items"].is_null());
    let organization = control.itglue().add_organization("Acme");
    assert!(control.itglue().rename_organization(&organization, "Acme Two"));
    let (_, shown) = vendors.itglue(&format!("/organizations/{organization}")).await;
    assert_eq!(shown["data"]["attributes"]["name"], "Acme Two");
    assert!(control.itglue().delete_organization(&organization));
    assert_eq!(vendors.itglue(&format!("/organizations/{organization}")).await.0, 404);
}

#[tokio::test]
async fn contacts_and_locations_are_those_of_their_organizations() {
    let vendors = Vendors::start(small()).await;
    let (_, contacts) = vendors.itglue("/contacts?page[size]=1000&sort=id").await;
    let (_, locations) = vendors.itglue("/locations?page[size]=1000").await;
    assert!(rows(&contacts).len() > 200, "{}", rows(&contacts).len());
    assert!(rows(&locations).len() > 45, "{}", rows(&locations).len());
    let location = |id: &Value| rows(&locations).iter().find(|l| l["id"] == id.to_string().as_str());
    let mut placed = 0;
    for contact in rows(&contacts) {
        let attributes = &contact["attributes"];
        assert!(attributes["organization-name"].is_string());
        if !attributes["location-id"].is_null() {
            let at = location(&attributes["location-id"]).unwrap();
            assert_eq!(at["attributes"]["organization-id"], attributes["organization-id"]);
            assert_eq!(at["attributes"]["name"], attributes["location-name"]);
            placed += 1;
        }
    }
    assert!(placed > 100);
    let main = rows(&locations)[0]["attributes"].clone();
    for key in ["name", "address-1", "city", "country-name", "region-name", "primary"] {
        assert!(!main[key].is_null(), "{key}: {main}");
    }
    let first = &rows(&contacts)[0]["attributes"];
    let by_name = format!(
        "/contacts?filter[last_name]={}&filter[organization_id]={}",
        first["last-name"].as_str().unwrap(),
        first["organization-id"]
    );
    assert!(rows(&vendors.itglue(&by_name).await.1).iter().any(|c| c["id"] == rows(&contacts)[0]["id"]));
    let (_, domains) = vendors.itglue("/domains?page[size]=1000").await;
    assert!(rows(&domains).len() > 25);
    assert_eq!(vendors.raw(&format!("/domains/{}", rows(&domains)[0]["id"].as_str().unwrap())).await.status(), 404);
}

#[tokio::test]
async fn rows_of_a_psa_are_found_by_its_id_and_not_changed() {
    let vendors = Vendors::start(Options { companies: 250, devices: 2500, ..Options::default() }).await;
    for path in ["/organizations", "/contacts", "/locations"] {
        let (_, synced) = vendors.itglue(&format!("{path}?filter[psa_integration_type]=manage&page[size]=1000")).await;
        assert!(rows(&synced).len() > 3, "{path}");
        let id = rows(&synced)[0]["id"].as_str().unwrap().to_owned();
        assert!(rows(&synced).iter().all(|row| row["attributes"]["psa-integration"] == "manage"));
        let change = json!({"data": {"type": &path[1..], "attributes": {"name": "Other", "first-name": "Other"}}});
        assert_eq!(vendors.send(Method::PATCH, &format!("{path}/{id}"), change).await.0, 422, "{path}");
    }
    assert_eq!(vendors.itglue("/contacts?filter[psa_id]=5").await.0, 400);
    let (_, first) = vendors.itglue("/organizations?filter[psa_id]=250&filter[psa_integration_type]=manage").await;
    assert!(rows(&first).len() <= 1);
}

#[tokio::test]
async fn people_and_places_are_created_changed_and_deleted() {
    let vendors = Vendors::start(small()).await;
    let organization = vendors.simulator.control().itglue().add_organization("Acme");
    let place = json!({"data": {"type": "locations", "attributes": {"organization-id": organization, "name": "Main",
        "city": "Oslo", "address_1": "1 Quay"}}});
    let (status, place) = vendors.send(Method::POST, "/locations", place).await;
    assert_eq!((status, &place["data"]["attributes"]["address-1"]), (201, &json!("1 Quay")));
    let location: u32 = place["data"]["id"].as_str().unwrap().parse().unwrap();
    let person = json!({"data": {"type": "contacts", "attributes": {"first-name": "Ann", "last_name": "Lee", "location-id": location,
        "contact-emails": [{"value": "ann@acme.example", "primary": true, "label-name": "Work"}],
        "contact-phones": [{"value": "+47 555 0100", "primary": true}]}}});
    let nested = format!("/organizations/{organization}/relationships/contacts");
    let (status, person) = vendors.send(Method::POST, &nested, person).await;
    let attributes = &person["data"]["attributes"];
    assert_eq!((status, &attributes["name"], &attributes["location-name"]), (201, &json!("Ann Lee"), &json!("Main")));
    assert_eq!(attributes["contact-phones"][0]["value"], "475550100");
    let (_, found) = vendors.itglue("/contacts?filter[primary_email]=ann@acme.example").await;
    assert_eq!(rows(&found)[0]["id"], person["data"]["id"]);
    let path = format!("/contacts/{}", person["data"]["id"].as_str().unwrap());
    let change = |attributes: Value| json!({"data": {"type": "contacts", "attributes": attributes}});
    let (status, changed) = vendors.send(Method::PATCH, &path, change(json!({"last-name": "Ray"}))).await;
    assert_eq!((status, &changed["data"]["attributes"]["name"]), (200, &json!("Ann Ray")));
    assert_eq!(changed["data"]["attributes"]["contact-emails"][0]["value"], "ann@acme.example");
    assert_eq!(vendors.send(Method::PATCH, &path, change(json!({"location-id": 1}))).await.0, 422);
    let nobody = change(json!({"organization-id": organization, "title": "Nobody"}));
    assert_eq!(vendors.send(Method::POST, "/contacts", nobody).await.0, 422);
    let (_, country) = vendors.itglue("/countries?filter[iso]=NO").await;
    assert_eq!(rows(&country)[0]["attributes"]["name"], "Norway");
    let gone = json!({"data": [{"type": "contacts", "attributes": {"id": person["data"]["id"]}}]});
    assert_eq!(vendors.send(Method::DELETE, "/contacts", gone).await.0, 200);
    assert_eq!(vendors.itglue(&path).await.0, 404);
}

#[tokio::test]
async fn a_listing_that_shifts_skips_a_row_for_who_counts_pages() {
    let vendors = Vendors::start(small()).await;
    let all = async |path: &str| -> Vec<String> {
        let mut ids = Vec::new();
        for page in 1..=8 {
            let (_, answer) = vendors.itglue(&format!("{path}?sort=id&page[size]=50&page[number]={page}")).await;
            ids.extend(rows(&answer).iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        }
        ids
    };
    let before = all("/contacts").await;
    vendors.simulator.control().fail_next(Vendor::ItGlue, 1, Failing::Shifted);
    let during = all("/contacts").await;
    assert_eq!(before.iter().filter(|id| !during.contains(id)).count(), 1);
    assert_eq!(during.iter().filter(|id| !before.contains(id)).count(), 1);
    let moved = during.iter().find(|id| !before.contains(id)).unwrap();
    let (_, moved) = vendors.itglue(&format!("/contacts/{moved}")).await;
    assert!(moved["data"]["attributes"]["last-name"].is_string());
}
