//! The simulated ConnectWise Manage from outside: keys, conditions, both ways of paging, writes, refusals and limits as
//! the vendor's facts state them.

use matchbook::simulator::{Failing, Limit, Options, Simulator, Vendor, start};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use std::{collections::HashSet, time::Duration};

/// A started simulator and a client with the full key.
struct Tenant {
    simulator: Simulator,
    client: Client,
}

impl Tenant {
    async fn start() -> Self {
        Self::with(Options { companies: 60, devices: 500, ..Options::default() }).await
    }

    async fn with(options: Options) -> Self {
        // Another test of this process may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { simulator: start(options).await.unwrap(), client: Client::new() }
    }

    fn plain(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}/{path}", self.simulator.endpoints().connectwise.base_url))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let end = &self.simulator.endpoints().connectwise;
        let user = format!("{}+{}", end.company, end.public_key);
        self.plain(method, path).basic_auth(user, Some(&end.private_key)).header("clientId", &end.client_id)
    }

    async fn raw(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        parts(self.raw(path).await).await
    }

    async fn list(&self, path: &str, query: &[(&str, &str)]) -> Vec<Value> {
        let (status, rows) = self.filtered(path, query).await;
        assert_eq!(status, 200, "{query:?}: {rows}");
        rows.as_array().unwrap().clone()
    }

    async fn filtered(&self, path: &str, query: &[(&str, &str)]) -> (u16, Value) {
        parts(self.request(Method::GET, path).query(query).send().await.unwrap()).await
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        parts(self.request(method, path).json(body).send().await.unwrap()).await
    }

    async fn count(&self, path: &str, conditions: &str) -> usize {
        let (_, answer) = self.filtered(&format!("{path}/count"), &[("conditions", conditions)]).await;
        usize::try_from(answer["count"].as_u64().unwrap()).unwrap()
    }
}

async fn parts(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let bytes = answer.bytes().await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

fn code(answer: &Value) -> (&str, &str, &str) {
    let first = &answer["errors"][0];
    (
        answer["code"].as_str().unwrap_or_default(),
        first["code"].as_str().unwrap_or_default(),
        first["field"].as_str().unwrap_or_default(),
    )
}

#[tokio::test]
async fn company_information_is_open_and_everything_else_needs_keys_and_a_client_id() {
    let tenant = Tenant::start().await;
    let end = tenant.simulator.endpoints().connectwise.clone();
    let root = end.base_url.split("/v4_6_release").next().unwrap().to_owned();
    let known = tenant.client.get(format!("{root}/login/companyinfo/{}", end.company)).send().await.unwrap();
    let known: Value = known.json().await.unwrap();
    assert_eq!((&known["CompanyID"], &known["IsCloud"]), (&json!(end.company), &json!(true)));
    let unknown = tenant.client.get(format!("{root}/login/companyinfo/nobody")).send().await.unwrap();
    assert_eq!((unknown.status().as_u16(), unknown.text().await.unwrap().as_str()), (200, "null"));
    let codebase = known["Codebase"].as_str().unwrap().trim_end_matches('/').to_owned();
    let here = format!("{root}/{codebase}/apis/3.0/System/Info/");
    let user = format!("{}+{}", end.company, end.public_key);
    let asked = |url: &str, user: &str, key: &str, client: Option<&str>| {
        let request = tenant.client.get(url).basic_auth(user, Some(key));
        if let Some(client) = client { request.header("clientID", client) } else { request }.send()
    };
    let good = asked(&here, &user, &end.private_key, Some(&end.client_id)).await.unwrap();
    assert_eq!(good.status(), 200);
    assert!(good.json::<Value>().await.unwrap()["version"].as_str().unwrap().starts_with("v2025"));
    let (status, bare) = parts(asked(&here, &user, &end.private_key, None).await.unwrap()).await;
    assert_eq!(status, 403);
    assert!(bare["message"].as_str().unwrap().contains("clientId"), "{bare}");
    let (status, wrong) = parts(asked(&here, &user, "other", Some(&end.client_id)).await.unwrap()).await;
    assert_eq!((status, &wrong["code"]), (401, &json!("Unauthorized")));
    let moved = asked(&format!("{root}/v2019_1/apis/3.0/system/info"), &user, &end.private_key, Some(&end.client_id));
    assert_eq!(moved.await.unwrap().status(), 404);
    assert!(!format!("{:?}", tenant.simulator.endpoints()).contains(&end.private_key));
    let control = tenant.simulator.control();
    control.revoke_key(Vendor::ConnectWise);
    assert_eq!(tenant.get("company/companies").await.0, 401);
    control.restore_key(Vendor::ConnectWise);
    control.connectwise().deny("Contacts", true);
    let (status, denied) = tenant.get("company/contacts").await;
    assert_eq!((status, &denied["code"]), (403, &json!("Security")));
    assert_eq!(tenant.get("company/companies").await.0, 200);
    assert_eq!(tenant.simulator.requests().connectwise.refused, 4);
}

#[tokio::test]
async fn pages_have_links_and_are_together_everything() {
    let tenant = Tenant::start().await;
    let base = tenant.simulator.endpoints().connectwise.base_url.clone();
    let total = tenant.count("company/configurations", "").await;
    assert!(total > 400, "{total}");
    let mut path = "company/configurations?PageSize=100&orderBy=name desc&page=1".to_owned();
    let (mut seen, mut pages, mut last) = (HashSet::new(), 0, None::<String>);
    loop {
        let answer = tenant.raw(&path).await;
        let links = answer.headers().get("link").map(|l| l.to_str().unwrap().to_owned()).unwrap_or_default();
        for row in answer.json::<Value>().await.unwrap().as_array().unwrap() {
            assert!(seen.insert(row["id"].as_u64().unwrap()));
            let name = row["name"].as_str().unwrap().to_lowercase();
            assert!(last.as_ref().is_none_or(|last| *last >= name), "{last:?} before {name}");
            last = Some(name);
        }
        pages += 1;
        assert_eq!(links.contains("rel=\"prev\""), pages > 1);
        let next = links.split(", ").find(|link| link.ends_with("rel=\"next\""));
        assert_eq!(links.contains("rel=\"last\""), next.is_some());
        let Some(next) = next else { break };
        // A client looks for the page at the very end.
        assert!(next.contains(&format!("&page={}>", pages + 1)), "{next}");
        path = next.strip_prefix(&format!("<{base}/")).unwrap().split('>').next().unwrap().to_owned();
    }
    assert_eq!((seen.len(), pages), (total, total.div_ceil(100)));
    let (status, past) = tenant.get("company/configurations?page=99&pageSize=1000").await;
    assert_eq!((status, past), (200, json!([])));
    assert_eq!(tenant.list("company/configurations", &[]).await.len(), 25);
    let (status, large) = tenant.get("company/configurations?pageSize=1001").await;
    assert_eq!((status, code(&large).1), (400, "OutOfRange"));
    assert_eq!(tenant.get("company/configurations?page=0").await.0, 400);
}

#[tokio::test]
async fn forward_only_goes_by_ids_and_ends_with_an_empty_link() {
    let tenant = Tenant::start().await;
    let base = tenant.simulator.endpoints().connectwise.base_url.clone();
    let mut path = "company/contacts?pageSize=150&fields=id,lastName".to_owned();
    let (mut ids, mut asked) = (Vec::new(), 0);
    loop {
        let request = tenant.request(Method::GET, &path).header("pagination-type", "forward-only");
        let answer = request.send().await.unwrap();
        let link = answer.headers()["link"].to_str().unwrap().to_owned();
        for row in answer.json::<Value>().await.unwrap().as_array().unwrap() {
            assert!(row.as_object().unwrap().keys().all(|key| key == "id" || key == "lastName"));
            ids.push(row["id"].as_u64().unwrap());
        }
        asked += 1;
        if asked == 1 {
            // Who reads forward neither misses nor doubles anything when a read row goes.
            let first = u32::try_from(ids[0]).unwrap();
            assert!(tenant.simulator.control().connectwise().remove("company/contacts", first));
        }
        let Some(next) = link.strip_suffix("; rel=\"next\"") else {
            assert_eq!(link, "");
            break;
        };
        path = next.strip_prefix(&format!("<{base}/")).unwrap().trim_end_matches('>').to_owned();
    }
    assert!(ids.is_sorted() && asked > 2);
    assert_eq!(ids.len(), tenant.count("company/contacts", "").await + 1);
    let sorted = tenant.request(Method::GET, "company/contacts?orderBy=id").header("pagination-type", "forward-only");
    let (status, refused) = parts(sorted.send().await.unwrap()).await;
    assert_eq!((status, code(&refused).0), (400, "ApiFindCondition"));
    let unsupported = tenant.request(Method::GET, "company/companies/types").header("pagination-type", "forward-only");
    assert!(unsupported.send().await.unwrap().headers().get("link").is_none());
}

#[tokio::test]
async fn conditions_select_what_they_say() {
    let tenant = Tenant::start().await;
    let path = "company/companies";
    let all = tenant.list(path, &[("pageSize", "1000")]).await;
    let first = &all[0];
    let by = |conditions: String| {
        let tenant = &tenant;
        async move { tenant.list(path, &[("conditions", &conditions), ("pagesize", "1000")]).await }
    };
    let quoted = first["name"].as_str().unwrap().replace('"', "\\\"").to_uppercase();
    assert!(by(format!("name = \"{quoted}\"")).await.iter().any(|row| row["id"] == first["id"]));
    assert_eq!(by(format!("identifier=\"{}\"", first["identifier"].as_str().unwrap())).await.len(), 1);
    let two = by(format!("id in ({}, {}) or id = {}", all[1]["id"], all[2]["id"], all[1]["id"])).await;
    assert_eq!(two.len(), 2);
    let active = by("status/name = \"Active\" and deletedFlag = false".to_owned()).await;
    assert!(!active.is_empty() && active.len() < all.len());
    assert!(active.iter().all(|row| row["status"]["name"] == "Active" && row["deletedFlag"] == false));
    let counted = tenant.count(path, "status/name = \"Active\" and deletedFlag = false").await;
    assert_eq!(counted, active.len());
    let clients = [("childConditions", "types/name=\"client\""), ("pageSize", "1000")];
    let clients = tenant.list(path, &clients).await;
    let is_client = |row: &&Value| row["types"].as_array().unwrap().iter().any(|kind| kind["name"] == "Client");
    assert_eq!(clients.len(), all.iter().filter(is_client).count());
    assert!(all.iter().any(|row| row["types"].as_array().unwrap().len() > 1), "a company has several types");
    let since = "lastUpdated > [2026-11-01T00:00:00+00:00]".to_owned();
    let recent = by(since).await;
    assert!(!recent.is_empty() && recent.len() < all.len());
    assert!(recent.iter().all(|row| row["_info"]["lastUpdated"].as_str().unwrap() > "2026-11-01"));
    let email = tenant.list("company/contacts", &[("fields", "communicationItems"), ("pageSize", "200")]).await;
    let email = email.iter().find_map(|row| row["communicationItems"].as_array()?.first()?["value"].as_str());
    let child = format!("communicationItems/value like \"{}\"", email.unwrap());
    assert!(!tenant.list("company/contacts", &[("childConditions", &child)]).await.is_empty());
    for wrong in ["colour=1", "types/name=\"Client\"", "name='x'", "(id=1", "id=\"1\"", "lastUpdated>\"2026-01-01\""] {
        let (status, refused) = tenant.filtered(path, &[("conditions", wrong)]).await;
        assert_eq!((status, code(&refused).0), (400, "ApiFindCondition"), "{wrong}");
    }
    let (status, refused) = tenant.filtered(path, &[("fields", "id,colour")]).await;
    assert_eq!((status, code(&refused).0), (400, "ApiFindCondition"));
    let (status, _) = tenant.filtered(path, &[("orderBy", "colour desc")]).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn members_are_chosen_and_the_stamp_only_comes_when_named() {
    let tenant = Tenant::start().await;
    let bare = tenant.list("company/companies", &[("fields", "id,name,status")]).await;
    assert!(bare.iter().all(|row| row.get("_info").is_none() && row.get("identifier").is_none()));
    let stamped = tenant.list("company/companies", &[("fields", "id,_info")]).await;
    assert!(stamped.iter().all(|row| row["_info"]["lastUpdated"].is_string()));
}

#[tokio::test]
async fn references_lead_to_rows_that_exist() {
    let tenant = Tenant::start().await;
    let ids = |rows: &[Value]| rows.iter().map(|row| row["id"].as_u64().unwrap()).collect::<HashSet<_>>();
    let everything = [("pageSize", "1000")];
    let companies = ids(&tenant.list("company/companies", &everything).await);
    let contacts = ids(&tenant.list("company/contacts", &everything).await);
    let devices = tenant.list("company/configurations", &everything).await;
    let types = ids(&tenant.list("company/configurations/types", &everything).await);
    let makers = ids(&tenant.list("procurement/manufacturers", &everything).await);
    let (mut named, mut placed) = (0, 0);
    for device in &devices {
        let id = |member: &str| device[member]["id"].as_u64();
        assert!(companies.contains(&id("company").unwrap()) && types.contains(&id("type").unwrap()), "{device}");
        assert!(id("contact").is_none_or(|id| contacts.contains(&id)));
        assert!(id("manufacturer").is_none_or(|id| makers.contains(&id)));
        named += usize::from(id("contact").is_some());
        if let (Some(site), true) = (id("site"), placed < 5) {
            let (status, site) =
                tenant.get(&format!("company/companies/{}/sites/{site}", device["company"]["id"])).await;
            assert_eq!((status, &site["company"]["id"]), (200, &device["company"]["id"]));
            placed += 1;
        }
    }
    assert!(named > 50 && placed == 5);
    let tickets = tenant.list("service/tickets", &everything).await;
    assert!(tickets.len() > 100);
    let ticket = tickets.iter().find(|ticket| ticket["contact"].is_object()).unwrap();
    let statuses = tenant.list(&format!("service/boards/{}/statuses", ticket["board"]["id"]), &[]).await;
    assert!(statuses.iter().any(|status| status["id"] == ticket["status"]["id"] && status["inactive"] == false));
    let mut devices_of_tickets = 0;
    for ticket in tickets.iter().take(20) {
        let attached = tenant.list(&format!("service/tickets/{}/configurations", ticket["id"]), &[]).await;
        for device in attached {
            let by_device = format!("configuration/id={}", device["id"]);
            let found = tenant.list("service/tickets", &[("conditions", &by_device)]).await;
            assert!(found.iter().any(|found| found["id"] == ticket["id"]));
            devices_of_tickets += 1;
        }
    }
    assert!(devices_of_tickets > 3);
    let statuses = tenant.list("company/configurations/statuses", &[]).await;
    assert!(statuses.iter().all(|status| status["description"].is_string() && status.get("name").is_none()));
    let associations = tenant.list("company/companyTypeAssociations", &everything).await;
    let of_one: Vec<_> = associations.iter().filter(|a| a["company"]["id"] == devices[0]["company"]["id"]).collect();
    let (_, company) = tenant.get(&format!("company/companies/{}", devices[0]["company"]["id"])).await;
    assert_eq!(of_one.len(), company["types"].as_array().unwrap().len());
    let staff = tenant.list("system/info/members", &[]).await;
    assert!(staff[0]["fullName"].as_str().unwrap().contains(staff[0]["lastName"].as_str().unwrap()));
    assert_eq!(tenant.get("company/sites").await.0, 404);
}

#[tokio::test]
async fn a_company_is_created_once_typed_changed_and_only_marked_when_deleted() {
    let tenant = Tenant::start().await;
    let given = json!({"identifier": "ACMETEST", "name": "Acme Test", "status": {"id": 1}, "types": [{"id": 1}, 5],
        "addressLine1": "9 Quay St", "city": "Bath", "site": {"name": "Quay"}});
    let (status, made) = tenant.send(Method::POST, "company/companies", &given).await;
    assert_eq!(status, 201, "{made}");
    let types: Vec<&str> = made["types"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert_eq!(types, ["Client", "Partner"]);
    let path = format!("company/companies/{}", made["id"]);
    let sites = tenant.list(&format!("{path}/sites"), &[]).await;
    assert_eq!((sites.len(), &sites[0]["name"], &made["site"]["id"]), (1, &json!("Quay"), &sites[0]["id"]));
    let (status, again) = tenant.send(Method::POST, "company/companies", &given).await;
    assert_eq!((status, code(&again)), (400, ("InvalidObject", "ObjectExists", "identifier")));
    let (_, bare) = tenant.send(Method::POST, "company/companies", &json!({"name": "x".repeat(51)})).await;
    let codes: Vec<(&str, &str)> = bare["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["code"].as_str().unwrap(), error["field"].as_str().unwrap()))
        .collect();
    let expected =
        [("MaxLengthField", "name"), ("MissingRequiredField", "identifier"), ("MissingRequiredField", "addressLine1")];
    assert_eq!(codes, expected);
    let change = json!([{"op": "replace", "path": "/name", "value": "Acme Two"}, {"op": "replace", "path": "status", "value": {"id": 2}},
        {"op": "replace", "path": "status/name", "value": "nothing happens"}, {"op": "remove", "path": "city"}]);
    let (status, changed) = tenant.send(Method::PATCH, &path, &change).await;
    assert_eq!((status, &changed["name"], &changed["status"]["name"]), (200, &json!("Acme Two"), &json!("Inactive")));
    assert!(changed.get("city").is_none());
    // Moments are whole seconds: the change may be in the second of the making.
    assert!(changed["_info"]["lastUpdated"].as_str() >= made["_info"]["lastUpdated"].as_str());
    let since = format!("lastUpdated >= [{}]", made["_info"]["lastUpdated"].as_str().unwrap());
    assert_eq!(tenant.list("company/companies", &[("conditions", &since)]).await.len(), 1);
    for (operations, expected) in [
        (json!({"op": "replace"}), ("InvalidObject", "", "")),
        (json!([{"op": "replace", "path": "Name", "value": "x"}]), ("InvalidObject", "InvalidField", "Name")),
        (json!([{"op": "replace", "path": "status", "value": {"id": 99}}]), ("InvalidObject", "NotFound", "status/id")),
        (json!([{"op": "remove", "path": "name"}]), ("InvalidObject", "MissingRequiredField", "name")),
    ] {
        let (status, refused) = tenant.send(Method::PATCH, &path, &operations).await;
        assert_eq!((status, code(&refused)), (400, expected), "{operations}");
    }
    let replaced = json!({"identifier": "ACMETEST", "name": "Acme Three"});
    let (status, replaced) = tenant.send(Method::PUT, &path, &replaced).await;
    assert_eq!((status, replaced.get("addressLine1")), (200, None), "what is not given is gone");
    let kind = json!({"type": {"id": 9}});
    let (status, association) = tenant.send(Method::POST, &format!("{path}/typeAssociations"), &kind).await;
    assert_eq!((status, &association["company"]["id"]), (201, &made["id"]));
    let (_, typed) = tenant.get(&path).await;
    assert_eq!(typed["types"].as_array().unwrap().len(), 3);
    let gone = format!("{path}/typeAssociations/{}", association["id"]);
    assert_eq!(tenant.request(Method::DELETE, &gone).send().await.unwrap().status(), 204);
    assert_eq!(tenant.request(Method::DELETE, &path).send().await.unwrap().status(), 204);
    let (status, deleted) = tenant.get(&path).await;
    assert_eq!((status, &deleted["deletedFlag"]), (200, &json!(true)));
    let (status, missing) = tenant.send(Method::PATCH, "company/companies/99999999", &json!([])).await;
    assert_eq!((status, code(&missing).0), (404, "NotFound"));
}

#[tokio::test]
async fn devices_are_created_singly_and_many_at_once() {
    let tenant = Tenant::start().await;
    let company = tenant.list("company/companies", &[]).await[0]["id"].clone();
    let device = |name: &str, serial: &str| json!({"name": name, "type": {"id": 24}, "company": {"id": company}, "serialNumber": serial});
    let (status, made) = tenant.send(Method::POST, "company/configurations", &device("NW-SRV02", "SN-45")).await;
    assert_eq!((status, &made["status"]["name"], &made["activeFlag"]), (201, &json!("Active"), &json!(true)));
    let (status, refused) = tenant.send(Method::POST, "company/configurations", &json!({"name": "x"})).await;
    assert_eq!((status, code(&refused)), (400, ("InvalidObject", "MissingRequiredField", "type")));
    let long = json!([{"op": "replace", "path": "macAddress", "value": "AA:BB:CC:DD:EE:FF, AA:BB:CC:DD:EE:FE"}]);
    let path = format!("company/configurations/{}", made["id"]);
    let (status, refused) = tenant.send(Method::PATCH, &path, &long).await;
    assert_eq!((status, code(&refused).1), (400, "MaxLengthField"));
    let many = json!([device("A", "1"), {"name": "without company"}, device("B", "2")]);
    let (status, answer) = tenant.send(Method::POST, "company/configurations/bulk", &many).await;
    let done: Vec<bool> =
        answer["payload"].as_array().unwrap().iter().map(|r| r["success"].as_bool().unwrap()).collect();
    assert_eq!((status, done), (200, vec![true, false, true]));
    assert_eq!(answer["payload"][1]["error"]["code"], "InvalidObject");
    let found = tenant.list("company/configurations", &[("conditions", "serialNumber=\"sn-45\"")]).await;
    assert_eq!((found.len(), &found[0]["id"]), (1, &made["id"]));
    assert_eq!(tenant.request(Method::DELETE, &path).send().await.unwrap().status(), 204);
    assert_eq!(tenant.get(&path).await.0, 404);
    let first = tenant.list("company/configurations", &[]).await[0]["id"].clone();
    let change = json!([{"op": "replace", "path": "tagNumber", "value": "T-1"}]);
    let (_, changed) = tenant.send(Method::PATCH, &format!("company/configurations/{first}"), &change).await;
    assert_eq!(changed["tagNumber"], "T-1");
    let (_, questions) = tenant.get("company/configurations/types/24/questions").await;
    assert_eq!(questions[0]["question"], "Rack");
}

#[tokio::test]
async fn people_have_addresses_of_their_own() {
    let tenant = Tenant::start().await;
    let company = tenant.list("company/companies", &[]).await[0]["id"].clone();
    let person = json!({"firstName": "Ana", "lastName": "Reed", "company": {"id": company}, "typeIds": [2],
        "communicationItems": [{"type": {"id": 1}, "value": "ana@acme.example", "defaultFlag": true}, {"type": {"name": "Direct"}, "value": "5550100"}]});
    let (status, made) = tenant.send(Method::POST, "company/contacts", &person).await;
    assert_eq!((status, &made["defaultPhoneNbr"]), (201, &json!("5550100")), "{made}");
    assert_eq!(made["communicationItems"][0]["domain"], "@acme.example");
    assert_eq!(made["types"][0]["name"], "Decision Maker");
    let path = format!("company/contacts/{}/communications", made["id"]);
    let (status, added) = tenant.send(Method::POST, &path, &json!({"type": {"id": 4}, "value": "5550101"})).await;
    assert_eq!((status, &added["communicationType"]), (201, &json!("Phone")));
    let one = format!("{path}/{}", added["id"]);
    let change = json!([{"op": "replace", "path": "value", "value": "5550102"}]);
    assert_eq!(tenant.send(Method::PATCH, &one, &change).await.1["value"], "5550102");
    assert_eq!(tenant.request(Method::DELETE, &one).send().await.unwrap().status(), 204);
    assert_eq!(tenant.list(&path, &[]).await.len(), 2);
    let (status, refused) = tenant.send(Method::POST, "company/contacts", &json!({"lastName": "Reed"})).await;
    assert_eq!((status, code(&refused)), (400, ("InvalidObject", "MissingRequiredField", "firstName")));
}

#[tokio::test]
async fn tickets_keep_to_their_board_and_hold_devices() {
    let tenant = Tenant::start().await;
    let company = tenant.list("company/companies", &[]).await[0]["id"].clone();
    let given = json!({"summary": "Printer offline", "company": {"id": company}, "board": {"name": "Onsite"}, "initialDescription": "Shows offline"});
    let (status, made) = tenant.send(Method::POST, "service/tickets", &given).await;
    assert_eq!((status, &made["status"]["name"], &made["closedFlag"]), (201, &json!("New"), &json!(false)));
    assert!(made.get("initialDescription").is_none() && made["_info"]["dateEntered"].is_string());
    let path = format!("service/tickets/{}", made["id"]);
    let foreign = json!([{"op": "replace", "path": "status", "value": {"id": 16}}]);
    let (status, refused) = tenant.send(Method::PATCH, &path, &foreign).await;
    assert_eq!((status, code(&refused)), (400, ("InvalidObject", "NotFound", "status/id")));
    let statuses = tenant.list(&format!("service/boards/{}/statuses", made["board"]["id"]), &[]).await;
    let closed = statuses.iter().find(|status| status["closedStatus"] == true).unwrap()["id"].clone();
    let close = json!([{"op": "replace", "path": "status", "value": {"id": closed}}]);
    assert_eq!(tenant.send(Method::PATCH, &path, &close).await.1["closedFlag"], true);
    let device = tenant.list("company/configurations", &[]).await[0]["id"].clone();
    let attach = format!("{path}/configurations");
    let (status, refused) = tenant.send(Method::POST, &attach, &json!({})).await;
    assert_eq!((status, code(&refused).1), (400, "MissingRequiredField"));
    assert_eq!(tenant.send(Method::POST, &attach, &json!({"id": device})).await.0, 201);
    assert_eq!(tenant.list(&attach, &[]).await.len(), 1);
    let search = json!({"conditions": format!("summary contains \"PRINTER OFF\" and id = {}", made["id"])});
    let (status, found) = tenant.send(Method::POST, "service/tickets/search", &search).await;
    assert_eq!((status, found.as_array().unwrap().len()), (200, 1));
}

#[tokio::test]
async fn the_limit_is_kept_and_counted() {
    let tenant = Tenant::start().await;
    let control = tenant.simulator.control();
    control.set_limit(Vendor::ConnectWise, Limit { requests: 2, per: Duration::from_mins(1) });
    assert_eq!(tenant.get("system/info").await.0, 200);
    assert_eq!(tenant.get("system/info").await.0, 200);
    let refused = tenant.raw("system/info").await;
    let seconds: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(refused.status() == 429 && (1..=60).contains(&seconds));
    let told = tenant.client.get(tenant.simulator.endpoints().itglue.base_url.clone() + "/simulator/requests");
    let told: Value = told.send().await.unwrap().json().await.unwrap();
    assert_eq!((&told["connectwise"]["requests"], &told["connectwise"]["over_limit"]), (&json!(3), &json!(1)));
}

#[tokio::test]
async fn a_row_can_be_unreadable_for_once_or_for_good() {
    let tenant = Tenant::start().await;
    let control = tenant.simulator.control();
    let broken = |rows: &[Value]| rows.iter().filter(|row| !row["name"].is_string()).count();
    control.fail_next(Vendor::ConnectWise, 1, Failing::BadRow);
    assert_eq!(broken(&tenant.list("company/companies", &[]).await), 1);
    let rows = tenant.list("company/companies", &[]).await;
    assert_eq!(broken(&rows), 0);
    let id = u32::try_from(rows[3]["id"].as_u64().unwrap()).unwrap();
    control.connectwise().spoil("company/companies", id, true);
    for _ in 0..2 {
        assert_eq!(broken(&tenant.list("company/companies", &[]).await), 1);
    }
    control.connectwise().spoil("company/companies", id, false);
    assert_eq!(broken(&tenant.list("company/companies", &[]).await), 0);
}

#[tokio::test]
async fn a_listing_that_shifts_skips_a_row_for_who_counts_pages() {
    let tenant = Tenant::start().await;
    let (size, path) = (40, "company/contacts");
    let total = tenant.count(path, "").await;
    let before: HashSet<u64> = tenant
        .list(path, &[("pageSize", "1000"), ("fields", "id")])
        .await
        .iter()
        .map(|row| row["id"].as_u64().unwrap())
        .collect();
    tenant.simulator.control().fail_next(Vendor::ConnectWise, 1, Failing::Shifted);
    let mut seen = HashSet::new();
    for page in 1..=total.div_ceil(size) {
        let query = [("pageSize", &*size.to_string()), ("page", &*page.to_string()), ("fields", "id")];
        seen.extend(tenant.list(path, &query).await.iter().map(|row| row["id"].as_u64().unwrap()));
    }
    assert_eq!(tenant.count(path, "").await, total, "one went, one came");
    assert_eq!(before.difference(&seen).count(), 1, "the row that moved up was missed");
    assert_eq!(seen.difference(&before).count(), 1, "the new one was seen");
}

#[tokio::test]
async fn the_same_seed_is_the_same_tenant() {
    let listing = async |seed| {
        let tenant = Tenant::with(Options { companies: 30, devices: 200, seed, ..Options::default() }).await;
        let rows = tenant.list("company/configurations", &[("pageSize", "1000")]).await;
        (rows, tenant.simulator.endpoints().connectwise.private_key.clone())
    };
    let first = listing(5).await;
    assert_eq!(first, listing(5).await);
    assert_ne!(first.0, listing(6).await.0);
}
