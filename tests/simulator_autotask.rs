//! The simulated Autotask from outside, through plain HTTP.

use matchbook::simulator::{Failing, Faults, Latency, Limit, Options, Simulator, Vendor, start};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use std::{collections::HashSet, time::Duration};

struct Tenant {
    simulator: Simulator,
    client: Client,
}

/// What every row passes.
fn all() -> Value {
    json!([{"op": "gte", "field": "id", "value": 0}])
}

impl Tenant {
    async fn start() -> Self {
        Self::with(Options { companies: 60, devices: 900, ..Options::default() }).await
    }

    async fn with(options: Options) -> Self {
        // Another test of this process may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { simulator: start(options).await.unwrap(), client: Client::new() }
    }

    fn url(&self, path: &str) -> String {
        if path.starts_with("http") {
            return path.to_owned();
        }
        format!("{}{path}", self.simulator.endpoints().autotask.base_url)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let end = &self.simulator.endpoints().autotask;
        self.client
            .request(method, self.url(path))
            .header("ApiIntegrationCode", &end.integration_code)
            .header("UserName", &end.username)
            .header("Secret", &end.secret)
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        parts(self.request(Method::GET, path)).await
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        parts(self.request(method, path).json(body)).await
    }

    async fn query(&self, entity: &str, filter: Value) -> Vec<Value> {
        let (status, answer) = self.send(Method::POST, &format!("/{entity}/query"), &json!({"filter": filter})).await;
        assert_eq!(status, 200, "{answer}");
        answer["items"].as_array().unwrap().clone()
    }

    /// The texts of a refusal.
    async fn refused(&self, entity: &str, query: Value) -> String {
        let (status, answer) = self.send(Method::POST, &format!("/{entity}/query"), &query).await;
        assert_eq!(status, 500, "{answer}");
        answer["errors"].as_array().unwrap().iter().map(|e| e.as_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    /// A new company; its id.
    async fn company(&self, name: &str) -> i64 {
        let owner = self.query("Resources", json!([{"op": "eq", "field": "userType", "value": 10}])).await[0].clone();
        let body = json!({"companyName": name, "companyType": 1, "phone": "1", "ownerResourceID": owner["id"]});
        let (status, made) = self.send(Method::POST, "/Companies", &body).await;
        assert_eq!(status, 200, "{made}");
        made["itemId"].as_i64().unwrap()
    }
}

async fn parts(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn ids(rows: &[Value]) -> Vec<i64> {
    rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn zone_information_needs_no_key_and_only_the_own_zone_knows_the_key() {
    let tenant = Tenant::start().await;
    let end = tenant.simulator.endpoints().autotask.clone();
    let zone = |user: &str| parts(tenant.client.get(format!("{}?user={user}", end.zone_url)));
    let (status, answer) = zone(&end.username).await;
    assert_eq!(status, 200);
    let url = answer["url"].as_str().unwrap();
    assert!(url.ends_with('/') && end.base_url == format!("{url}v1.0"), "{url}");
    assert!(answer["ci"].is_i64() && answer["zoneName"].is_string() && answer["webUrl"].is_string());
    let (status, answer) = zone("nobody@nowhere.example").await;
    assert_eq!((status, answer), (500, json!({"errors": ["Zone information could not be determined"]})));

    let central = end.zone_url.replace("zoneInformation", "Version");
    assert_eq!(tenant.get(&central).await.0, 401);
    assert_eq!(tenant.get("/Version").await.0, 200);
    tenant.simulator.control().autotask().move_zone();
    let refused = tenant.request(Method::GET, "/Version").send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert!(refused.bytes().await.unwrap().is_empty());
    let (_, moved) = zone(&end.username).await;
    assert_eq!(tenant.get(&format!("{}V1.0/Version", moved["url"].as_str().unwrap())).await.0, 200);
}

#[tokio::test]
async fn each_part_of_the_key_is_checked_as_the_vendor_checks_it() {
    let tenant = Tenant::start().await;
    let end = tenant.simulator.endpoints().autotask.clone();
    let asked = |user: &str, secret: &str, code: &str| {
        let request = tenant.client.get(format!("{}/Companies/0", end.base_url));
        parts(request.header("username", user).header("SECRET", secret).header("apiIntegrationcode", code))
    };
    assert_eq!(asked(&end.username.to_uppercase(), &end.secret, &end.integration_code).await.0, 200);
    assert_eq!(asked(&end.username, "wrong", &end.integration_code).await, (401, Value::Null));
    assert_eq!(asked("who@else.example", &end.secret, &end.integration_code).await, (401, Value::Null));
    let (status, answer) = asked(&end.username, &end.secret, "WRONG").await;
    assert_eq!((status, answer), (500, json!({"errors": ["IntegrationCode is invalid"]})));
    let without = tenant.client.get(format!("{}/Companies/0", end.base_url));
    assert_eq!(parts(without).await.0, 401);
    assert!(!format!("{end:?}").contains(&end.secret));

    tenant.simulator.control().revoke_key(Vendor::Autotask);
    assert_eq!(tenant.get("/Companies/0").await.0, 401);
    tenant.simulator.control().restore_key(Vendor::Autotask);
    assert_eq!(tenant.get("/Companies/0").await.0, 200);
    assert_eq!(tenant.simulator.requests().autotask.refused, 4);
}

#[tokio::test]
async fn paths_and_names_are_understood_in_any_case() {
    let tenant = Tenant::start().await;
    let shouted = tenant.simulator.endpoints().autotask.base_url.replace("atservicesrest/v1.0", "ATServicesRest/V1.0");
    let body = json!({"MAXRECORDS": 1, "includefields": ["COMPANYNAME"], "Filter": [{"Op": "EXIST", "Field": "ID"}]});
    let (status, answer) = tenant.send(Method::POST, &format!("{shouted}/companies/QUERY"), &body).await;
    assert_eq!(status, 200, "{answer}");
    let row = answer["items"][0].as_object().unwrap();
    assert_eq!(row.keys().map(String::as_str).collect::<Vec<_>>(), ["companyName", "userDefinedFields"]);
    assert_eq!(tenant.get("/Nothing/query").await.0, 404);
    assert!(tenant.get("/Nothing").await.1["Message"].is_string());
}

#[tokio::test]
async fn a_post_query_goes_on_with_posts_until_every_row_came_once() {
    let tenant = Tenant::start().await;
    let query = json!({"filter": all(), "MaxRecords": 100});
    let (_, mut page) = tenant.send(Method::POST, "/ConfigurationItems/query", &query).await;
    let (mut seen, mut pages) = (Vec::new(), 1);
    while let Some(next) = page["pageDetails"]["nextPageUrl"].as_str() {
        assert_eq!(page["pageDetails"]["count"], 100);
        assert_eq!(page["pageDetails"]["requestCount"], 100);
        seen.extend(ids(page["items"].as_array().unwrap()));
        let (status, answer) = tenant.get(next).await;
        assert_eq!(status, 405);
        assert!(answer["Message"].as_str().unwrap().contains("GET"));
        page = tenant.send(Method::POST, next, &query).await.1;
        pages += 1;
    }
    seen.extend(ids(page["items"].as_array().unwrap()));
    assert!(seen.is_sorted_by(|a, b| a < b));
    let (_, counted) = tenant.send(Method::POST, "/ConfigurationItems/query/count", &json!({"filter": all()})).await;
    assert_eq!(counted["queryCount"], seen.len());
    assert_eq!(pages, seen.len().div_ceil(100));
    let before = page["pageDetails"]["prevPageUrl"].as_str().unwrap();
    let (_, before) = tenant.send(Method::POST, before, &query).await;
    let from = (pages - 2) * 100;
    assert_eq!(ids(before["items"].as_array().unwrap()), seen[from..from + 100]);
}

#[tokio::test]
async fn a_get_query_goes_on_with_gets_and_never_gives_more_than_500() {
    let tenant = Tenant::start().await;
    let search = json!({"filter": all(), "maxRecords": 5000}).to_string();
    let url = format!("{}/ConfigurationItems/query", tenant.simulator.endpoints().autotask.base_url);
    let first = url::Url::parse_with_params(&url, [("search", &search)]).unwrap();
    let (_, page) = tenant.get(first.as_str()).await;
    assert_eq!(page["items"].as_array().unwrap().len(), 500);
    let next = page["pageDetails"]["nextPageUrl"].as_str().unwrap();
    assert_eq!(tenant.send(Method::POST, next, &json!({})).await.0, 405);
    let (status, rest) = tenant.get(next).await;
    assert_eq!(status, 200);
    let total = tenant.simulator.control().autotask().count("ConfigurationItems");
    assert_eq!(500 + rest["items"].as_array().unwrap().len(), total);
    let long = format!("{url}?search={}", "x".repeat(3000));
    assert_eq!(tenant.get(&long).await.0, 404);
    assert_eq!(tenant.get("/Companies/query").await.0, 500);
}

#[tokio::test]
async fn every_operator_selects_what_it_says() {
    let tenant = Tenant::start().await;
    let every = tenant.query("Companies", all()).await;
    let select = async |condition: Value| ids(&tenant.query("Companies", json!([condition])).await);
    let expected = |test: &dyn Fn(&Value) -> bool| ids(&every.iter().filter(|r| test(r)).cloned().collect::<Vec<_>>());
    let is = |op: &str, field: &str, value: Value| json!({"op": op, "field": field, "value": value});
    let kind = |row: &Value| row["companyType"].as_i64().unwrap();
    let name = |row: &Value| row["companyName"].as_str().unwrap().to_lowercase();
    let middle = &every[every.len() / 2];
    let part: String = name(middle).chars().take(3).collect();

    let cases: Vec<(Value, Vec<i64>)> = vec![
        (is("eq", "companyType", json!(1)), expected(&|r| kind(r) == 1)),
        (is("eq", "companyType", json!("1")), expected(&|r| kind(r) == 1)),
        (is("noteq", "companyType", json!(1)), expected(&|r| kind(r) != 1)),
        (is("gt", "companyType", json!(3)), expected(&|r| kind(r) > 3)),
        (is("gte", "companyType", json!(3)), expected(&|r| kind(r) >= 3)),
        (is("lt", "companyType", json!(3)), expected(&|r| kind(r) < 3)),
        (is("lte", "companyType", json!(3)), expected(&|r| kind(r) <= 3)),
        (is("in", "companyType", json!([3, 7])), expected(&|r| matches!(kind(r), 3 | 7))),
        (is("notIn", "companyType", json!([3, 7])), expected(&|r| !matches!(kind(r), 3 | 7))),
        (is("beginsWith", "companyName", json!(part.to_uppercase())), expected(&|r| name(r).starts_with(&part))),
        (is("endsWith", "companyName", json!("ing")), expected(&|r| name(r).ends_with("ing"))),
        (is("contains", "companyName", json!("an")), expected(&|r| name(r).contains("an"))),
        (is("eq", "companyName", json!(name(middle))), expected(&|r| name(r) == name(middle))),
        (json!({"op": "exist", "field": "classification"}), expected(&|r| !r["classification"].is_null())),
        (json!({"op": "notExist", "field": "classification"}), expected(&|r| r["classification"].is_null())),
        (is("noteq", "classification", json!(201)), expected(&|r| r["classification"] != 201)),
        (is("eq", "isActive", json!(false)), expected(&|r| r["isActive"] == false)),
        (
            is("gt", "createDate", middle["createDate"].clone()),
            expected(&|r| r["createDate"].as_str() > middle["createDate"].as_str()),
        ),
        (
            json!({"op": "or", "items": [is("eq", "companyType", json!(7)), {"op": "and", "items": [
                is("eq", "companyType", json!(1)), is("eq", "classification", json!(200))]}]}),
            expected(&|r| kind(r) == 7 || kind(r) == 1 && r["classification"] == 200),
        ),
        (
            json!({"op": "eq", "field": "Account Tier", "udf": true, "value": "gold"}),
            expected(&|r| r["userDefinedFields"][1]["value"] == "Gold"),
        ),
        // A text is found nowhere in a long field.
        (is("eq", "id", json!(middle["id"].to_string())), Vec::new()),
    ];
    for (condition, wanted) in cases {
        assert_eq!(select(condition.clone()).await, wanted, "{condition}");
    }
    let (_, counted) = tenant
        .send(Method::POST, "/Companies/query/count", &json!({"filter": [is("eq", "companyType", json!(1))]}))
        .await;
    assert_eq!(counted["queryCount"], expected(&|r| kind(r) == 1).len());
    assert!(every.iter().any(|row| row["id"] == 0), "the tenant's own company");
}

#[tokio::test]
async fn queries_that_the_vendor_refuses_are_refused_with_words() {
    let tenant = Tenant::start().await;
    let filter = |condition: Value| json!({"filter": [condition]});
    let many: Vec<Value> = (0..501).map(|n| json!({"op": "eq", "field": "id", "value": n})).collect();
    let udf = json!({"op": "exist", "field": "Account Tier", "udf": true});
    let cases = [
        (json!({}), "filter is required"),
        (json!({"filter": []}), "filter is required"),
        (filter(json!({"op": "isNull", "field": "id"})), "'isNull' is not a valid operator"),
        (filter(json!({"op": "eq", "field": "nothing", "value": 1})), "Unable to find nothing in the Company Entity"),
        (filter(json!({"op": "eq", "field": "Account Tier", "value": "Gold"})), "Unable to find Account Tier"),
        (filter(json!({"op": "eq", "field": "sicCode", "value": "1"})), "cannot be queried"),
        (filter(json!({"op": "eq", "field": "companyType", "value": "one"})), "Error converting value"),
        (filter(json!({"op": "eq", "field": "isActive", "value": 1})), "Error converting value"),
        (filter(json!({"op": "in", "field": "companyType", "value": 1})), "list of values"),
        (json!({"filter": [{"op": "or", "items": many}]}), "at most 500 OR"),
        (json!({"filter": [udf, udf]}), "one user-defined field"),
        (json!({"filter": all(), "IncludeFields": ["id", "nothing"]}), "Unable to find nothing"),
        (json!({"filter": all(), "MaxRecords": 0}), "MaxRecords"),
    ];
    for (query, words) in cases {
        let said = tenant.refused("Companies", query.clone()).await;
        assert!(said.contains(words), "{query}: {said}");
    }
}

#[tokio::test]
async fn a_row_has_every_field_and_dates_of_both_forms() {
    let tenant = Tenant::start().await;
    let (_, fields) = tenant.get("/Contacts/entityInformation/fields").await;
    let (_, contact) = tenant.get(&format!("/Contacts/{}", tenant.query("Contacts", all()).await[0]["id"])).await;
    let names: HashSet<&str> =
        fields["fields"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
    for name in &names {
        assert!(contact["item"].get(name).is_some(), "{name} is missing");
    }
    assert_eq!(contact["item"].as_object().unwrap().len(), names.len() + 1);
    assert!(contact["item"]["isActive"].is_i64(), "a number here, a boolean elsewhere");
    assert!(contact["item"]["lastModifiedDate"].as_str().unwrap().ends_with('Z'));
    let company = tenant.query("Companies", all()).await[1].clone();
    assert!(company["isActive"].is_boolean() && company["companyType"].is_i64());
    assert!(!company["createDate"].as_str().unwrap().ends_with('Z'));
    assert!(company["userDefinedFields"].as_array().unwrap().iter().all(|udf| udf["name"].is_string()));
    assert_eq!(tenant.get("/Companies/1").await, (200, json!({"item": null})));
}

#[tokio::test]
async fn the_fields_of_an_entity_are_described_with_their_choices() {
    let tenant = Tenant::start().await;
    let field = async |entity: &str, name: &str| {
        let (_, fields) = tenant.get(&format!("/{entity}/entityInformation/fields")).await;
        fields["fields"].as_array().unwrap().iter().find(|f| f["name"] == name).unwrap().clone()
    };
    let kinds = field("Companies", "companyType").await;
    assert_eq!((kinds["isPickList"].as_bool(), kinds["isRequired"].as_bool()), (Some(true), Some(true)));
    let kinds = kinds["picklistValues"].as_array().unwrap().clone();
    assert!(kinds.iter().all(|k| k["value"].is_string() && k["sortOrder"].is_i64()));
    assert!(kinds.iter().any(|k| k["isActive"] == false));
    let issues = field("Tickets", "subIssueType").await;
    assert_eq!(issues["picklistParentValueField"], "issueType");
    assert!(issues["picklistValues"].as_array().unwrap().iter().all(|i| i["parentValue"] != ""));
    let company = field("Tickets", "companyID").await;
    assert_eq!(company["referenceEntityType"], "Company");
    assert!(company["picklistValues"].is_null());
    let icons = tenant.query("ClassificationIcons", all()).await;
    let classes = field("Companies", "classification").await;
    assert_eq!(classes["picklistValues"].as_array().unwrap().len(), icons.len());
    // Every choice and every id in a record leads somewhere.
    let names = |values: &Value| -> HashSet<i64> {
        values.as_array().unwrap().iter().map(|v| v["value"].as_str().unwrap().parse().unwrap()).collect()
    };
    for (entity, name) in [
        ("Companies", "companyType"),
        ("Companies", "classification"),
        ("ConfigurationItems", "configurationItemType"),
        ("Tickets", "queueID"),
        ("Tickets", "status"),
        ("Tickets", "priority"),
        ("Tickets", "subIssueType"),
    ] {
        let known = names(&field(entity, name).await["picklistValues"]);
        let rows = tenant.query(entity, json!([{"op": "exist", "field": name}])).await;
        assert!(
            !rows.is_empty() && rows.iter().all(|row| known.contains(&row[name].as_i64().unwrap())),
            "{entity} {name}"
        );
    }
    let (_, info) = tenant.get("/Contacts/entityInformation").await;
    assert_eq!(
        (info["info"]["name"].as_str(), info["info"]["userAccessForDelete"].as_i64()),
        (Some("Contact"), Some(1))
    );
    let (_, udfs) = tenant.get("/Companies/entityInformation/userDefinedFields").await;
    assert_eq!(udfs["fields"][1]["name"], "Account Tier");
}

#[tokio::test]
async fn references_lead_to_rows_that_exist() {
    let tenant = Tenant::start().await;
    for (entity, field, to) in [
        ("Contacts", "companyID", "Companies"),
        ("Contacts", "companyLocationID", "CompanyLocations"),
        ("CompanyLocations", "countryID", "Countries"),
        ("Companies", "ownerResourceID", "Resources"),
        ("Companies", "parentCompanyID", "Companies"),
        ("ConfigurationItems", "productID", "Products"),
        ("ConfigurationItems", "contactID", "Contacts"),
        ("ConfigurationItems", "companyLocationID", "CompanyLocations"),
        ("Tickets", "companyID", "Companies"),
        ("Tickets", "contactID", "Contacts"),
        ("Tickets", "configurationItemID", "ConfigurationItems"),
        ("Tickets", "assignedResourceID", "Resources"),
    ] {
        let rows = tenant.query(entity, json!([{"op": "exist", "field": field}])).await;
        let wanted: HashSet<i64> = rows.iter().map(|row| row[field].as_i64().unwrap()).collect();
        assert!(!wanted.is_empty(), "{entity} {field}");
        let wanted: Vec<i64> = wanted.into_iter().collect();
        let found = tenant.query(to, json!([{"op": "in", "field": "id", "value": wanted}])).await;
        assert_eq!(found.len(), wanted.len(), "{entity} {field}");
    }
    let addresses = tenant
        .query("ConfigurationItems", json!([{"op": "contains", "field": "rmmDeviceAuditMacAddress", "value": ", "}]))
        .await;
    assert!(addresses[0]["rmmDeviceAuditMacAddress"].as_str().unwrap().starts_with('['));
}

#[tokio::test]
async fn creating_needs_what_is_required_and_choices_that_exist() {
    let tenant = Tenant::start().await;
    let (status, answer) = tenant.send(Method::POST, "/Companies", &json!({"companyName": "Half"})).await;
    assert_eq!(status, 500);
    let errors: Vec<&str> = answer["errors"].as_array().unwrap().iter().map(|e| e.as_str().unwrap()).collect();
    for name in ["companyType", "ownerResourceID", "phone"] {
        assert!(errors.contains(&format!("Missing required field: {name}.").as_str()), "{errors:?}");
    }
    let before = tenant.simulator.control().autotask().count("Companies");
    for (name, value) in [
        ("companyType", json!(99)),
        ("companyType", json!(6)),
        ("ownerResourceID", json!(5)),
        ("companyName", json!("x".repeat(101))),
    ] {
        let mut body = json!({"companyName": "X", "companyType": 1, "phone": "1", "ownerResourceID": 29_682_885});
        body[name] = value;
        assert_eq!(tenant.send(Method::POST, "/Companies", &body).await.0, 500, "{name}");
    }
    assert_eq!(tenant.simulator.control().autotask().count("Companies"), before);

    let id = tenant.company("Made & Kept").await;
    let (_, made) = tenant.get(&format!("/Companies/{id}")).await;
    assert_eq!(
        (made["item"]["companyName"].as_str(), made["item"]["isActive"].as_bool()),
        (Some("Made & Kept"), Some(true))
    );
    assert!(made["item"]["createDate"].is_string());
    let (_, places) = tenant.get(&format!("/Companies/{id}/Locations")).await;
    assert_eq!((places["items"].as_array().unwrap().len(), places["items"][0]["isPrimary"].as_bool()), (1, Some(true)));
}

#[tokio::test]
async fn patch_keeps_what_is_not_given_and_put_does_not() {
    let tenant = Tenant::start().await;
    let id = tenant.company("Changing").await;
    let company = async || tenant.get(&format!("/Companies/{id}")).await.1["item"].clone();
    let first = company().await;
    let body = json!({"id": id, "FAX": "77", "lastActivityDate": "2001-01-01T00:00:00Z", "unknownMember": 1,
        "userDefinedFields": [{"name": "Account Tier", "value": "Silver"}, {"name": "Door Code", "value": "99"}]});
    assert_eq!(tenant.send(Method::PATCH, "/Companies", &body).await, (200, json!({"itemId": id})));
    let patched = company().await;
    assert_eq!((patched["fax"].as_str(), patched["phone"].as_str()), (Some("77"), Some("1")));
    assert_eq!(patched["userDefinedFields"][1]["value"], "Silver");
    assert_eq!(patched["userDefinedFields"][2]["value"], "*****");
    assert!(patched["lastTrackedModifiedDateTime"].as_str() > first["lastTrackedModifiedDateTime"].as_str());
    assert!(patched["lastActivityDate"].as_str().unwrap().starts_with("2026"));

    let (status, answer) =
        tenant.send(Method::PUT, "/Companies", &json!({"id": id, "companyName": "Only A Name"})).await;
    assert_eq!(status, 500, "{answer}");
    let body = json!({"id": id, "companyName": "Replaced", "companyType": 3, "phone": "2", "ownerResourceID": first["ownerResourceID"]});
    assert_eq!(tenant.send(Method::PUT, "/Companies", &body).await.0, 200);
    let replaced = company().await;
    assert!(replaced["fax"].is_null() && replaced["userDefinedFields"][1]["value"].is_null());
    assert_eq!(replaced["createDate"], first["createDate"]);

    assert_eq!(tenant.send(Method::PATCH, &format!("/Companies/{id}"), &json!({"id": id, "fax": "1"})).await.0, 405);
    assert_eq!(tenant.send(Method::PATCH, "/Companies", &json!({"id": 1, "fax": "1"})).await.0, 500);
    assert_eq!(tenant.send(Method::PATCH, "/Companies", &json!({"id": id, "phone": null})).await.0, 500);
    assert_eq!(parts(tenant.request(Method::DELETE, &format!("/Companies/{id}"))).await.0, 405);
    assert_eq!(tenant.send(Method::POST, "/ClassificationIcons", &json!({"name": "x"})).await.0, 405);
}

#[tokio::test]
async fn children_are_written_through_their_parent_and_read_through_their_own_path() {
    let tenant = Tenant::start().await;
    let id = tenant.company("Parent").await;
    let person = json!({"firstName": "Ana", "lastName": "Reed", "isActive": 1});
    assert_eq!(tenant.send(Method::POST, "/Contacts", &person).await.0, 405);
    let path = format!("/Companies/{id}/Contacts");
    let (status, made) = tenant.send(Method::POST, &path, &person).await;
    assert_eq!(status, 200, "{made}");
    let contact = made["itemId"].as_i64().unwrap();
    let found = tenant.query("Contacts", json!([{"op": "eq", "field": "companyID", "value": id}])).await;
    assert_eq!(ids(&found), [contact]);
    assert_eq!(tenant.get(&path).await.1["items"][0]["lastName"], "Reed");
    assert_eq!(tenant.get(&format!("{path}/{contact}")).await.1["item"]["firstName"], "Ana");
    assert_eq!(tenant.get(&format!("/Companies/0/Contacts/{contact}")).await.1, json!({"item": null}));
    let (status, _) = tenant.send(Method::PATCH, &path, &json!({"id": contact, "title": "Owner"})).await;
    assert_eq!(status, 200);
    assert_eq!(tenant.send(Method::PATCH, "/Companies/0/Contacts", &json!({"id": contact, "title": "X"})).await.0, 500);
    assert_eq!(tenant.get(&format!("/Contacts/{contact}")).await.1["item"]["title"], "Owner");
    let gone = parts(tenant.request(Method::DELETE, &format!("{path}/{contact}"))).await;
    assert_eq!(gone, (200, json!({"itemId": contact})));
    assert_eq!(parts(tenant.request(Method::DELETE, &format!("{path}/{contact}"))).await.0, 500);
    assert_eq!(tenant.send(Method::POST, "/Companies/1/Contacts", &person).await.0, 500);
}

#[tokio::test]
async fn configuration_items_and_tickets_follow_their_own_rules() {
    let tenant = Tenant::start().await;
    let id = tenant.company("Rules").await;
    let (status, made) =
        tenant.send(Method::POST, "/ConfigurationItems", &json!({"companyID": id, "productID": 101})).await;
    assert_eq!(status, 200, "{made}");
    let item = made["itemId"].as_i64().unwrap();
    let change = json!({"id": item, "companyID": 0, "serialNumber": "S-1"});
    assert_eq!(tenant.send(Method::PATCH, "/ConfigurationItems", &change).await.0, 200);
    let kept = tenant.get(&format!("/ConfigurationItems/{item}")).await.1["item"].clone();
    assert_eq!((kept["companyID"].as_i64(), kept["configurationItemCategoryID"].as_i64()), (Some(id), Some(1)));
    assert_eq!(kept["serialNumber"], "S-1");

    let mut body = json!({"companyID": id, "title": "Printer", "status": 1, "priority": 2});
    assert_eq!(tenant.send(Method::POST, "/Tickets", &body).await.0, 500, "neither queue nor person");
    body["queueID"] = json!(5);
    body["issueType"] = json!(10);
    body["subIssueType"] = json!(110);
    assert_eq!(tenant.send(Method::POST, "/Tickets", &body).await.0, 500, "another issue's sub-issue");
    body["subIssueType"] = json!(101);
    let (status, made) = tenant.send(Method::POST, "/Tickets", &body).await;
    assert_eq!(status, 200, "{made}");
    let ticket = made["itemId"].as_i64().unwrap();
    let read = async || tenant.get(&format!("/Tickets/{ticket}")).await.1["item"].clone();
    let kept = read().await;
    let day = kept["createDate"].as_str().unwrap()[..10].replace('-', "");
    assert!(kept["ticketNumber"].as_str().unwrap().starts_with(&format!("T{day}.")), "{kept}");
    assert_eq!(tenant.send(Method::PATCH, "/Tickets", &json!({"id": ticket, "status": 5})).await.0, 200);
    assert!(read().await["completedDate"].is_string());
    assert_eq!(
        tenant
            .send(Method::POST, &format!("/Tickets/{ticket}/ChecklistLibraries"), &json!({"checklistLibraryID": 1}))
            .await
            .0,
        200
    );
    let items = tenant.query("TicketChecklistItems", json!([{"op": "eq", "field": "ticketID", "value": ticket}])).await;
    assert_eq!(items.len(), 4);
}

#[tokio::test]
async fn a_write_in_anothers_name_notes_both() {
    let tenant = Tenant::start().await;
    let people = tenant.query("Resources", json!([{"op": "eq", "field": "userType", "value": 10}])).await;
    let person = people[0]["id"].as_i64().unwrap();
    let body = json!({"companyName": "In A Name", "companyType": 1, "phone": "1", "ownerResourceID": person});
    let as_person =
        |id: i64| tenant.request(Method::POST, "/Companies").header("ImpersonationResourceId", id).json(&body);
    assert_eq!(parts(as_person(5)).await.0, 500);
    let (_, made) = parts(as_person(person)).await;
    let (_, read) = tenant.get(&format!("/Companies/{}", made["itemId"])).await;
    assert_eq!(read["item"]["createdByResourceID"], person);
    assert!(read["item"]["impersonatorCreatorResourceID"].is_i64());
}

#[tokio::test]
async fn the_fourth_request_at_once_to_an_entity_is_refused() {
    let tenant = Tenant::start().await;
    let control = tenant.simulator.control().clone();
    control.freeze(Vendor::Autotask);
    let running: Vec<_> = (0..3).map(|_| tokio::spawn(parts(tenant.request(Method::GET, "/Companies/0")))).collect();
    control.held(Vendor::Autotask, 3).await;
    let (status, answer) = tenant.get("/companies/0").await;
    assert_eq!(status, 429);
    assert!(answer["errors"][0].as_str().unwrap().contains("Thread Threshold Exceeded"));
    let elsewhere = tokio::spawn(parts(tenant.request(Method::GET, "/Contacts/entityInformation")));
    control.held(Vendor::Autotask, 4).await;
    control.release(Vendor::Autotask);
    for one in running.into_iter().chain([elsewhere]) {
        assert_eq!(one.await.unwrap().0, 200);
    }
    assert_eq!(tenant.simulator.requests().autotask.over_limit, 1);

    control.autotask().occupy_threads("Tickets", 3);
    assert_eq!(tenant.get("/Tickets/1").await.0, 429);
    let end = &tenant.simulator.endpoints().autotask;
    assert_eq!(parts(tenant.client.get(format!("{}?user={}", end.zone_url, end.username))).await.0, 200);
    control.autotask().release_threads();
    assert_eq!(tenant.get("/Tickets/1").await.0, 200);
}

#[tokio::test]
async fn over_the_hourly_threshold_nothing_is_answered_but_zone_information() {
    let tenant = Tenant::start().await;
    let control = tenant.simulator.control().clone();
    control.autotask().set_latency(Latency::NONE);
    control.use_up(Vendor::Autotask, 9_998);
    let (_, threshold) = tenant.get("/ThresholdInformation").await;
    let count = json!({"externalRequestThreshold": 10_000, "requestThresholdTimeframe": 60, "currentTimeframeRequestCount": 9_999});
    assert_eq!(threshold, count);
    assert_eq!(tenant.get("/Companies/0").await.0, 200);
    let refused = tenant.request(Method::GET, "/Companies/0").send().await.unwrap();
    assert_eq!(refused.status(), 429);
    let seconds: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((3500..=3600).contains(&seconds), "{seconds}");
    let end = &tenant.simulator.endpoints().autotask;
    assert_eq!(parts(tenant.client.get(format!("{}?user={}", end.zone_url, end.username))).await.0, 200);
    control.use_up(Vendor::Autotask, 0);
    assert_eq!(tenant.get("/Companies/0").await.0, 200);
    assert_eq!(tenant.simulator.requests().autotask.over_limit, 1);
    let counts = tenant.simulator.endpoints().itglue.base_url.clone() + "/simulator/requests";
    let (_, counts) = parts(tenant.client.get(counts)).await;
    assert_eq!(
        (counts["autotask"]["requests"].as_u64(), counts["autotask"]["over_limit"].as_u64()),
        (Some(5), Some(1))
    );
    assert_eq!(counts["itglue"]["requests"], 0);
}

#[tokio::test]
async fn a_listing_that_shifts_repeats_a_row_and_loses_none() {
    let tenant = Tenant::start().await;
    tenant.simulator.control().autotask().shift_while_paging("Companies");
    let query = json!({"filter": all(), "MaxRecords": 20});
    let (mut names, mut rows) = (HashSet::new(), 0);
    let mut page = tenant.send(Method::POST, "/Companies/query", &query).await.1;
    let before = tenant.simulator.control().autotask().count("Companies");
    loop {
        for row in page["items"].as_array().unwrap() {
            rows += 1;
            names.insert(row["companyName"].as_str().unwrap().to_owned());
        }
        let Some(next) = page["pageDetails"]["nextPageUrl"].as_str() else { break };
        page = tenant.send(Method::POST, next, &query).await.1;
    }
    // The row that came back under a new id, and the one that was repeated.
    assert_eq!(rows, before + 2);
    let left: HashSet<String> =
        tenant.query("Companies", all()).await.iter().map(|r| r["companyName"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, left);
}

#[tokio::test]
async fn faults_and_permissions_come_on_request() {
    let tenant = Tenant::start().await;
    let control = tenant.simulator.control().clone();
    control.fail_next(Vendor::Autotask, 1, Failing::BadRow);
    let rows = tenant.query("Companies", all()).await;
    let bad = rows.iter().filter(|row| !row["companyName"].is_string()).count();
    assert_eq!(bad, 1);
    control.fail_next(Vendor::Autotask, 1, Failing::Status(503));
    assert_eq!(tenant.get("/Companies/0").await.0, 503);
    control.set_limit(Vendor::Autotask, Limit { requests: 1, per: Duration::from_secs(30) });
    assert_eq!([tenant.get("/Companies/0").await.0, tenant.get("/Companies/0").await.0], [200, 429]);
    control.set_limit(Vendor::Autotask, Limit { requests: 100, per: Duration::from_secs(30) });
    control.autotask().allow("Tickets", false);
    let said = tenant.refused("Tickets", json!({"filter": all()})).await;
    assert!(said.contains("adequate permissions"), "{said}");
    let (_, info) = tenant.get("/Tickets/entityInformation").await;
    assert_eq!(info["info"]["userAccessForQuery"], 0);
    control.autotask().allow("Tickets", true);
    assert!(!tenant.query("Tickets", all()).await.is_empty());
    let id = control.autotask().add_company("Added Later");
    assert!(control.autotask().set_text("Companies", id, "companyName", "Renamed Later"));
    assert_eq!(tenant.get(&format!("/Companies/{id}")).await.1["item"]["companyName"], "Renamed Later");
    assert!(control.autotask().delete("Companies", id));
    assert!(tenant.get(&format!("/Companies/{id}")).await.1["item"].is_null());
}

#[tokio::test]
async fn the_profiles_apply_to_it_too() {
    let tenant =
        Tenant::with(Options { companies: 20, devices: 60, faults: Faults::Limits, ..Options::default() }).await;
    let mut refused = 0;
    for _ in 0..12 {
        let answer = tenant.request(Method::GET, "/Companies/0").send().await.unwrap();
        if answer.status() == 429 {
            assert_eq!(answer.headers()["retry-after"], "1");
            refused += 1;
        }
    }
    assert!(refused >= 1);
}

#[tokio::test]
async fn what_changed_since_a_moment_can_be_asked_for() {
    let tenant = Tenant::start().await;
    let control = tenant.simulator.control().clone();
    let id = tenant.query("Companies", all()).await[3]["id"].as_i64().unwrap();
    control.autotask().set_text("Companies", id, "phone", "99");
    for value in ["2026-11-20T08:00:00.500Z", "2026-11-20T08:00:00.5"] {
        let changed = tenant
            .query("Companies", json!([{"op": "gt", "field": "lastTrackedModifiedDateTime", "value": value}]))
            .await;
        assert_eq!(ids(&changed), [id]);
    }
}
