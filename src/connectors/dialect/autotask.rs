//! Autotask's REST API 1.0: queries are POST with a filter tree, answers are `items` with `pageDetails`, errors are
//! `{"errors": ["text"]}` even for what is wrong with the request, mostly with status 500.
//!
//! The next page is where `pageDetails.nextPageUrl` leads, asked with the same method and body. Of that address only
//! path and query are taken: it cannot send the key elsewhere. A listing that was cut, or a link that has run out, goes
//! on behind the last id.

use super::{Answer, At, Dialect, Filled, Located, Next, Part, Usage, changing};
use crate::connectors::http::{BodyFault, Call, ErrorBody, Meaning, is_loopback};
use crate::connectors::json::Json;
use crate::connectors::lookup::{Entry, Table};
use crate::connectors::mapping::{CountMap, Route, Values, WriteMap};
use crate::domain::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use std::borrow::Cow;
use time::macros::format_description;
use url::Url;

/// The dialect.
pub(super) struct Autotask;

/// Where the API begins, in any case.
const API: &str = "/v1.0";

/// Hosts of the zones.
const ZONES: &str = ".autotask.net";

impl Dialect for Autotask {
    fn call(&self, route: &Route, part: &Part<'_>) -> Call {
        let (path, began, query) = match part.at {
            At::Link { link, began, after } => match continued(route, link) {
                Some((path, query)) => (path, began, query),
                // A link to somewhere else is not followed.
                None => (route.path.clone(), after, Vec::new()),
            },
            At::Behind(after) => (route.path.clone(), after, Vec::new()),
            At::Number(_) => (route.path.clone(), None, Vec::new()),
        };
        if path.contains("entityInformation") {
            return Call::get(path);
        }
        let mut body = json!({"MaxRecords": part.size, "filter": filter(route, part, began)});
        if part.only_ids {
            body["IncludeFields"] = json!(["id"]);
        }
        Call { query, ..Call::post(path, body) }
    }

    fn read<'a>(&self, body: Json<'a>, _link: Option<&str>) -> Result<Answer<'a>, BodyFault> {
        if let Some(error) = self.error(&body) {
            return Err(BodyFault::Error(error));
        }
        let more = body.get("pageDetails").and_then(|details| details.get("nextPageUrl")).and_then(Json::text);
        let next = more.map_or(Next::End, |url| Next::More(relative(&url)));
        let Json::Object(members) = body else { return Err(shapeless()) };
        match members.into_iter().find(|(key, _)| key == "items").map(|(_, items)| items) {
            Some(Json::List(rows)) => Ok(Answer { rows, next, ..Answer::default() }),
            _ => Err(shapeless()),
        }
    }

    fn error(&self, body: &Json<'_>) -> Option<ErrorBody> {
        let errors = body.get("errors").map(Json::items).unwrap_or_default();
        let texts: Vec<String> = errors
            .iter()
            .filter_map(|error| error.text().or_else(|| error.get("message")?.text()).map(Cow::into_owned))
            .collect();
        if !texts.is_empty() {
            let said = texts.join("; ");
            return Some(ErrorBody { meaning: meaning(&said), ..ErrorBody::new(None, said) });
        }
        // The web server's own words.
        let said = body.get("Message").and_then(Json::text)?.into_owned();
        Some(ErrorBody::new(None, said))
    }

    fn picklists(&self, body: &Json<'_>, into: &mut Table) -> Result<(), BodyFault> {
        if let Some(error) = self.error(body) {
            return Err(BodyFault::Error(error));
        }
        let Some(Json::List(fields)) = body.get("fields") else { return Err(shapeless()) };
        for field in fields {
            let Some(name) = field.get("name").and_then(Json::text) else { continue };
            for value in field.get("picklistValues").map(Json::items).unwrap_or_default() {
                let text = |key| value.get(key).and_then(Json::text);
                let Some((id, label)) = text("value").zip(text("label")) else { continue };
                let active = value.get("isActive") != Some(&Json::Bool(false));
                into.add(&name, &id, Entry { name: label.as_ref().into(), active });
            }
        }
        Ok(())
    }

    fn whereabouts(&self, configured: &Url, values: &Values, _lost: bool) -> Option<Url> {
        let mut url = configured.clone();
        let path = format!("{}/zoneInformation", url.path().trim_end_matches('/'));
        url.set_path(&path);
        url.query_pairs_mut().append_pair("user", values.get("username")?);
        Some(url)
    }

    fn located(&self, configured: &Url, _values: &Values, body: &Json<'_>) -> Result<Located, String> {
        let text = |key| body.get(key).and_then(Json::text);
        let url = text("url").ok_or("Autotask does not tell the zone's address")?;
        let mut base = configured.join(&url).map_err(|_| "Autotask tells a zone whose address is none")?;
        if !belongs(configured, &base) {
            let host = base.host_str().unwrap_or_default();
            return Err(format!("Autotask tells a zone at {host}, which is not Autotask's; the key was not sent"));
        }
        let path = base.path().trim_end_matches('/').to_owned();
        let path = if path.to_ascii_lowercase().ends_with(API) { path } else { format!("{path}{API}") };
        base.set_path(&path);
        base.set_query(None);
        let name = text("zoneName").unwrap_or_else(|| "unnamed".into());
        let note = format!("Zone: {name} ({}).", base.host_str().unwrap_or_default());
        Ok(Located { base, account: None, note })
    }

    fn usage_call(&self) -> Option<Call> {
        Some(Call::get("/ThresholdInformation"))
    }

    fn usage(&self, body: &Json<'_>) -> Option<Usage> {
        let number = |key| body.get(key).and_then(Json::count).and_then(|n| u32::try_from(n).ok());
        let limit = number("externalRequestThreshold").filter(|limit| *limit > 0)?;
        Some(Usage { used: number("currentTimeframeRequestCount")?, limit })
    }

    fn count_call(&self, count: &CountMap, value: &str) -> Call {
        Call::post(count.path.as_str(), json!({"filter": [is(&count.field, &[value.to_owned()])]}))
    }

    fn count(&self, body: &Json<'_>) -> Option<u64> {
        body.get("queryCount").and_then(Json::count)
    }

    fn create_call(&self, write: &WriteMap, _company: Option<&str>, rows: &[Filled]) -> Option<Call> {
        let [row] = rows else { return None };
        Some(changing(Method::POST, write.create.as_str(), Some(Value::Object(row.members.clone()))))
    }

    fn made(&self, body: &Json<'_>) -> Vec<String> {
        body.get("itemId").and_then(Json::text).map(Cow::into_owned).into_iter().collect()
    }

    /// The id stands in the body: there is no path with it.
    fn update_call(&self, write: &WriteMap, rows: &[(String, Filled)]) -> Option<Call> {
        let [(id, row)] = rows else { return None };
        let mut body = row.members.clone();
        body.insert("id".into(), typed(id));
        Some(changing(Method::PATCH, write.update.as_str(), Some(Value::Object(body))))
    }
}

fn shapeless() -> BodyFault {
    BodyFault::Malformed("no list of items".into())
}

/// The same scheme, and the same host or one of Autotask's own: nobody else gets the key.
fn belongs(configured: &Url, zone: &Url) -> bool {
    let host = |url: &Url| url.host_str().unwrap_or_default().to_lowercase();
    let (own, zone_host) = (host(configured), host(zone));
    let same_kind = configured.scheme() == zone.scheme() && is_loopback(configured) == is_loopback(zone);
    same_kind && (own == zone_host || (own.ends_with(ZONES) && zone_host.ends_with(ZONES)))
}

/// Path below the API and query of a link; the host is not looked at.
fn relative(url: &str) -> Option<String> {
    let base = Url::parse("https://localhost/").ok()?;
    let url = base.join(url).ok()?;
    let at = url.path().to_ascii_lowercase().find(&format!("{API}/"))? + API.len();
    Some(format!("{}?{}", &url.path()[at..], url.query().unwrap_or_default()))
}

/// Path and query of a link that goes on with that listing.
fn continued(route: &Route, link: &str) -> Option<(String, Vec<(String, String)>)> {
    let (path, query) = link.split_once('?')?;
    let (own, below) = path.split_at_checked(route.path.len())?;
    let plain = below.chars().all(|c| c.is_ascii_alphanumeric() || c == '/');
    if !own.eq_ignore_ascii_case(&route.path) || !below.starts_with('/') || !plain {
        return None;
    }
    Some((path.to_owned(), url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()))
}

/// What is wanted, as the elements of a filter. One is always needed.
fn filter(route: &Route, part: &Part<'_>, began: Option<&str>) -> Value {
    let mut all = vec![match began {
        Some(id) => json!({"op": "gt", "field": "id", "value": typed(id)}),
        // Also the tenant's own company, whose id is 0.
        None => json!({"op": "gte", "field": "id", "value": 0}),
    }];
    if let Some(from) = part.want.from() {
        let at = moment(from);
        let later = |field: &String| json!({"op": "gte", "field": field, "value": at});
        match route.changed.as_slice() {
            [] => {}
            [one] => all.push(later(one)),
            several => all.push(json!({"op": "or", "items": several.iter().map(later).collect::<Vec<_>>()})),
        }
    }
    all.extend(part.want.chosen.iter().map(|(field, values)| is(field, values)));
    all.extend(part.want.texts.iter().map(|(field, values)| json!({"op": "in", "field": field, "value": values})));
    Value::Array(all)
}

/// The field has one of the values.
fn is(field: &str, values: &[String]) -> Value {
    match values {
        [one] => json!({"op": "eq", "field": field, "value": typed(one)}),
        several => {
            let values: Vec<Value> = several.iter().map(|value| typed(value)).collect();
            json!({"op": "in", "field": field, "value": values})
        }
    }
}

/// Types matter: a number as text finds nothing.
fn typed(value: &str) -> Value {
    match value {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => value.parse::<i64>().map_or_else(|_| Value::from(value), Value::from),
    }
}

/// A moment as the vendor writes it.
fn moment(at: Timestamp) -> String {
    at.format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].000Z")).unwrap_or_default()
}

/// What an error means: the status is 500 for nearly everything.
fn meaning(said: &str) -> Option<Meaning> {
    let said = said.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if has(&["itgenatr005", "thread threshold"]) || (said.contains("threshold") && said.contains("exceeded")) {
        return Some(Meaning::Limited);
    }
    if has(&["integrationcode", "integration code", "tracking identifier"]) {
        return Some(Meaning::Credentials(
            "the integration code (API tracking identifier) is not the API user's: copy it from the user's record",
        ));
    }
    if has(&["zone information could not be determined"]) {
        return Some(Meaning::Credentials(
            "no zone knows this API user: check the user name and enter it with connect",
        ));
    }
    if has(&["permission", "not authorized", "security level", "access denied"]) {
        return Some(Meaning::Forbidden);
    }
    // Faults that pass by themselves say so; everything else is wrong with the request and stays wrong.
    if has(&["timeout", "timed out", "deadlock", "try again", "temporarily", "unavailable"]) {
        return None;
    }
    Some(Meaning::Refused)
}

#[cfg(test)]
mod tests {
    use super::super::{Want, parse};
    use super::*;

    fn route() -> Route {
        Route {
            path: "/Companies/query".into(),
            changed: vec!["lastTrackedModifiedDateTime".into(), "createDate".into()],
            ..Route::default()
        }
    }

    fn call(at: At<'_>, want: &Want) -> Call {
        Autotask.call(&route(), &Part { path: None, at, size: 500, only_ids: false, ordered: false, want })
    }

    fn filter_of(call: &Call) -> String {
        call.body.as_ref().unwrap()["filter"].to_string()
    }

    #[test]
    fn everything_behind_an_id_and_what_changed() {
        let want = Want::default();
        assert_eq!(filter_of(&call(At::Behind(None), &want)), r#"[{"op":"gte","field":"id","value":0}]"#);
        assert_eq!(
            filter_of(&call(At::Behind(Some("29683616")), &want)),
            r#"[{"op":"gt","field":"id","value":29683616}]"#
        );
        let since = Some(time::macros::datetime!(2026-11-20 08:15:00 UTC));
        let want = Want { since, chosen: vec![("queueID".into(), vec!["5".into(), "8".into()])], ..Want::default() };
        let filter = filter_of(&call(At::Behind(None), &want));
        assert!(filter.contains(r#"{"op":"or","items":[{"op":"gte","field":"lastTrackedModifiedDateTime","value":"2026-11-20T08:15:00.000Z"}"#), "{filter}");
        assert!(filter.contains(r#"{"op":"in","field":"queueID","value":[5,8]}"#), "{filter}");
    }

    #[test]
    fn a_link_is_followed_with_the_same_body_and_only_its_path_counts() {
        let body = r#"{"items":[{"id":1}],"pageDetails":{"count":1,"nextPageUrl":
            "https://evil.test/ATServicesRest/V1.0/Companies/query/next?paging=%7B%22a%22%3A1%7D"}}"#;
        let answer = Autotask.read(parse(body.as_bytes()).unwrap(), None).unwrap();
        let Next::More(Some(link)) = answer.next else { panic!("{:?}", answer.next) };
        let want = Want::default();
        let next = call(At::Link { link: &link, began: None, after: Some("1") }, &want);
        assert_eq!(
            (next.path.as_str(), next.query.as_slice()),
            ("/Companies/query/next", [("paging".to_owned(), "{\"a\":1}".to_owned())].as_slice())
        );
        assert_eq!(filter_of(&next), filter_of(&call(At::Behind(None), &want)));
        let elsewhere = call(At::Link { link: "/Contacts/query/next?paging=1", began: None, after: Some("1") }, &want);
        assert_eq!(elsewhere.path, "/Companies/query");
        assert!(filter_of(&elsewhere).contains("\"gt\""));
        let last = Autotask.read(parse(br#"{"items":[],"pageDetails":{"nextPageUrl":null}}"#).unwrap(), None).unwrap();
        assert_eq!(last.next, Next::End);
    }

    #[test]
    fn the_zone_must_be_autotasks() {
        let located = |configured: &str, url: &str| {
            let body = format!(r#"{{"zoneName":"Sample East","url":"{url}","ci":1}}"#);
            let configured = Url::parse(configured).unwrap();
            Autotask
                .located(&configured, &Values::default(), &parse(body.as_bytes()).unwrap())
                .map(|l| l.base.to_string())
        };
        let vendor = "https://webservices.autotask.net/atservicesrest/v1.0";
        for url in
            ["https://webservices3.autotask.net/atservicesrest/", "https://webservices3.autotask.net/atservicesrest"]
        {
            assert_eq!(located(vendor, url).unwrap(), "https://webservices3.autotask.net/atservicesrest/v1.0");
        }
        let kept = located("https://gateway.test/atservicesrest/v1.0", "https://gateway.test/z3/atservicesrest/V1.0/");
        assert_eq!(kept.unwrap(), "https://gateway.test/z3/atservicesrest/V1.0");
        for bad in [
            "https://autotask.net.evil.test/",
            "http://webservices3.autotask.net/",
            "https://evilautotask.net/",
            "http://127.0.0.1/",
        ] {
            assert!(located(vendor, bad).unwrap_err().contains("not sent"), "{bad}");
        }
        assert!(located("http://127.0.0.1:1/atservicesrest/v1.0", "http://127.0.0.1:1/zone3/atservicesrest/").is_ok());
    }

    #[test]
    fn errors_are_told_apart_by_their_words() {
        let read = |text: &str| {
            let body = json!({"errors": [text]}).to_string();
            Autotask.error(&parse(body.as_bytes()).unwrap()).unwrap().meaning
        };
        assert_eq!(read("Itgenatr005: Thread Threshold Exceeded."), Some(Meaning::Limited));
        assert_eq!(read("The request threshold of this database has been exceeded."), Some(Meaning::Limited));
        assert!(matches!(read("IntegrationCode is invalid"), Some(Meaning::Credentials(_))));
        assert!(matches!(read("Zone information could not be determined"), Some(Meaning::Credentials(_))));
        assert_eq!(read("The logged in Resource does not have the adequate permissions"), Some(Meaning::Forbidden));
        assert_eq!(read("Unable to find seriall in the ConfigurationItem Entity."), Some(Meaning::Refused));
        assert_eq!(read("Execution Timeout Expired."), None, "tried again");
        let web = Autotask.error(&parse(br#"{"Message":"no GET here"}"#).unwrap()).unwrap();
        assert_eq!((web.text.as_str(), web.meaning), ("no GET here", None));
    }

    #[test]
    fn picklists_become_names() {
        let body = br#"{"fields":[{"name":"id","isPickList":false,"picklistValues":null},{"name":"queueID","isPickList":true,
            "picklistValues":[{"value":"5","label":"Client Portal","isActive":true},{"value":"8","label":"Old","isActive":false}]}]}"#;
        let mut table = Table::default();
        Autotask.picklists(&parse(body).unwrap(), &mut table).unwrap();
        let queues: Vec<(&str, &str, bool)> =
            table.column("queueid").iter().map(|(id, entry)| (*id, &*entry.name, entry.active)).collect();
        assert_eq!(queues, [("5", "Client Portal", true), ("8", "Old", false)]);
    }
}
