//! ConnectWise Manage's REST API 3.0: bare arrays, filters as `conditions` in the query, listings forward-only by
//! `pageId` where the endpoint gives a `Link`, errors as `{code, message, errors}`.
//!
//! Not confirmed by the vendor and read leniently: an endpoint that cannot list forward-only is asked in the order of
//! ids by a condition instead of by page numbers, which rows that come or go would shift. A `Link` header may name
//! another host: only its `pageId` is taken.

use super::{Answer, At, Dialect, Filled, Located, Next, Part, changing};
use crate::connectors::http::{BodyFault, Call, ErrorBody, Meaning};
use crate::connectors::json::Json;
use crate::connectors::mapping::{CountMap, Route, Values, WriteMap};
use crate::domain::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use time::macros::format_description;
use url::Url;

/// The dialect.
pub(super) struct ConnectWise;

/// Where the API begins, below a code base.
const API: &str = "/apis/3.0";

/// The code base that leads to the current one.
const ROUTER: &str = "v4_6_release";

/// Hosts whose API has a name of its own.
const CLOUD: &str = ".myconnectwise.net";

/// Longest conditions that filter by what was chosen, in bytes: addresses have limits too.
const LONGEST: usize = 1_500;

impl Dialect for ConnectWise {
    fn call(&self, route: &Route, part: &Part<'_>) -> Call {
        let mut call = Call::get(part.path.unwrap_or(&route.path)).with(&route.query);
        let mut conditions = route.conditions.clone();
        if let (Some(from), Some(field)) = (part.want.from(), route.changed.first()) {
            conditions.push(format!("{field}>[{}]", moment(from)));
        }
        let narrow: Vec<String> = part.want.chosen.iter().filter_map(|(field, values)| one_of(field, values)).collect();
        if narrow.iter().map(String::len).sum::<usize>() <= LONGEST {
            conditions.extend(narrow);
        }
        conditions.extend(part.want.texts.iter().filter_map(|(field, values)| one_of_texts(field, values)));
        let mut add = |key: &str, value: String| call.query.push((key.to_owned(), value));
        match part.at {
            At::Number(number) => add("page", number.to_string()),
            At::Behind(after) if part.ordered => {
                conditions.extend(after.map(|id| format!("id>{id}")));
                add("orderBy", "id asc".into());
            }
            At::Behind(after) => {
                call.header = Some(("pagination-type", "forward-only"));
                if let Some(id) = after {
                    add("pageId", id.to_owned());
                }
            }
            At::Link { link, .. } => {
                call.header = Some(("pagination-type", "forward-only"));
                add("pageId", link.to_owned());
            }
        }
        add("pageSize", part.size.to_string());
        if part.only_ids {
            add("fields", "id".into());
        }
        if !conditions.is_empty() {
            add("conditions", conditions.join(" and "));
        }
        call
    }

    fn read<'a>(&self, body: Json<'a>, link: Option<&str>) -> Result<Answer<'a>, BodyFault> {
        if let Some(error) = self.error(&body) {
            return Err(BodyFault::Error(error));
        }
        let Json::List(rows) = body else { return Err(BodyFault::Malformed("no list".into())) };
        Ok(Answer { rows, next: next(link), ..Answer::default() })
    }

    fn error(&self, body: &Json<'_>) -> Option<ErrorBody> {
        let text = |node: &Json<'_>, key| node.get(key).and_then(Json::text).map(std::borrow::Cow::into_owned);
        let message = text(body, "message")?;
        // A row may have a message too; an error has a code beside it.
        let code = text(body, "code").or_else(|| text(body, "error"))?;
        let mut said = message;
        for inner in body.get("errors").map(Json::items).unwrap_or_default() {
            let field = text(inner, "field").map(|field| format!(" ({field})")).unwrap_or_default();
            if let Some(inner) = text(inner, "message").filter(|inner| !said.contains(inner)) {
                said = format!("{said}; {inner}{field}");
            }
        }
        Some(ErrorBody { meaning: meaning(&code, &said), ..ErrorBody::new(None, said) })
    }

    fn address(&self, mut configured: Url) -> Url {
        let host = configured.host_str().unwrap_or_default().to_lowercase();
        if host.ends_with(CLOUD) || host == "staging.connectwisedev.com" {
            // The browser's host, not the API's. A host that cannot be set stays, and the vendor says so.
            let _ = host.starts_with("api-") || configured.set_host(Some(&format!("api-{host}"))).is_ok();
        }
        let path = configured.path().trim_end_matches('/').to_owned();
        let api = path.to_ascii_lowercase().find(API).map(|at| path[..at + API.len()].to_owned());
        configured.set_path(api.as_deref().unwrap_or("/"));
        configured
    }

    fn whereabouts(&self, configured: &Url, values: &Values, lost: bool) -> Option<Url> {
        if !lost && configured.path().ends_with(API) {
            return None;
        }
        let mut url = configured.clone();
        url.path_segments_mut().ok()?.clear().extend(["login", "companyinfo", values.get("company")?]);
        Some(url)
    }

    fn located(&self, configured: &Url, values: &Values, body: &Json<'_>) -> Result<Located, String> {
        let company = values.get("company").unwrap_or_default();
        if *body == Json::Null {
            return Err(format!("ConnectWise does not know the company “{company}”"));
        }
        let text = |key| body.get(key).and_then(Json::text);
        let codebase = text("Codebase").ok_or("ConnectWise does not tell the code base")?;
        let codebase = codebase.trim_matches('/');
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if codebase.is_empty() || codebase.contains("..") || !codebase.chars().all(plain) {
            return Err("ConnectWise tells a code base that is none".into());
        }
        let version = text("VersionNumber").map(|version| format!(", version {version}")).unwrap_or_default();
        Ok(Located {
            base: below(configured, codebase),
            account: text("CompanyName").map(std::borrow::Cow::into_owned),
            note: format!("Code base {codebase}{version}."),
        })
    }

    fn presumed(&self, configured: &Url) -> Option<Url> {
        Some(below(configured, ROUTER))
    }

    fn count_call(&self, count: &CountMap, value: &str) -> Call {
        let key = if count.in_list { "childConditions" } else { "conditions" };
        let query = one_of(&count.field, &[value.to_owned()]).map(|condition| (key.to_owned(), condition));
        Call { query: query.into_iter().collect(), ..Call::get(count.path.as_str()) }
    }

    fn create_call(&self, write: &WriteMap, _company: Option<&str>, rows: &[Filled]) -> Option<Call> {
        let [row] = rows else { return None };
        let body = Value::Object(row.members.clone());
        Some(changing(Method::POST, write.create.as_str(), Some(body)))
    }

    fn made(&self, body: &Json<'_>) -> Vec<String> {
        body.get("id").and_then(Json::text).map(std::borrow::Cow::into_owned).into_iter().collect()
    }

    /// A list of operations; a member's path is its bare name.
    fn update_call(&self, write: &WriteMap, rows: &[(String, Filled)]) -> Option<Call> {
        let [(id, row)] = rows else { return None };
        let operations: Vec<Value> =
            row.members.iter().map(|(path, value)| json!({"op": "replace", "path": path, "value": value})).collect();
        Some(changing(Method::PATCH, write.update.replace("{id}", id), Some(Value::Array(operations))))
    }

    fn remove_call(&self, write: &WriteMap, ids: &[String]) -> Option<Call> {
        let [id] = ids else { return None };
        (!write.remove.is_empty()).then(|| changing(Method::DELETE, write.remove.replace("{id}", id), None))
    }
}

/// The API of a code base at that host.
fn below(configured: &Url, codebase: &str) -> Url {
    let mut url = configured.clone();
    url.set_path(&format!("/{codebase}{API}"));
    url
}

/// What a `Link` header says: forward-only it has the next page's `pageId`, and is there but empty on the last page.
fn next(link: Option<&str>) -> Next {
    let Some(link) = link else { return Next::Counted };
    let is_next = |part: &&str| part.contains("rel=\"next\"") || part.contains("rel=next");
    let Some(part) = link.split(',').find(is_next) else {
        // Only a listing by page number says where its other pages are.
        return if link.trim().is_empty() { Next::End } else { Next::Counted };
    };
    let query = part.split_once('<').and_then(|(_, rest)| rest.split_once('>')?.0.split_once('?'));
    let mut pairs = url::form_urlencoded::parse(query.map_or("", |(_, query)| query).as_bytes());
    let id = pairs.find(|(key, _)| key.eq_ignore_ascii_case("pageId"));
    id.map_or(Next::Counted, |(_, id)| Next::More(Some(id.into_owned())))
}

/// `(a="x" or a="y")`; `None` for values that the language cannot write.
fn one_of(field: &str, values: &[String]) -> Option<String> {
    let all: Option<Vec<String>> = values.iter().map(|value| Some(format!("{field}={}", literal(value)?))).collect();
    all.filter(|all| !all.is_empty()).map(|all| match all.as_slice() {
        [one] => one.clone(),
        several => format!("({})", several.join(" or ")),
    })
}

/// The same for texts, in which digits are no number.
fn one_of_texts(field: &str, values: &[String]) -> Option<String> {
    let all: Vec<String> =
        values.iter().map(|value| format!("{field}=\"{}\"", value.replace(['"', '\\'], ""))).collect();
    (!all.is_empty()).then(|| format!("({})", all.join(" or ")))
}

/// Numbers and truth values stand bare, texts in double quotes.
fn literal(value: &str) -> Option<String> {
    if value.parse::<i64>().is_ok() || matches!(value, "true" | "false") {
        return Some(value.to_owned());
    }
    (!value.contains(['"', '\\'])).then(|| format!("\"{value}\""))
}

/// A moment as the vendor writes it.
fn moment(at: Timestamp) -> String {
    at.format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z")).unwrap_or_default()
}

/// What an error means beyond its status.
fn meaning(code: &str, said: &str) -> Option<Meaning> {
    let said = said.to_lowercase();
    if said.contains("clientid") || said.contains("client id") {
        return Some(Meaning::Credentials(
            "every request carries a client id: register one at developer.connectwise.com and enter it with connect",
        ));
    }
    if code.eq_ignore_ascii_case("Unauthorized") || said.contains("usernotauthenticated") {
        return Some(Meaning::Credentials(
            "check company id, public key and private key, and enter them again with connect",
        ));
    }
    match code {
        "Security" => Some(Meaning::Forbidden),
        "InvalidObject" | "ApiFindCondition" => Some(Meaning::Refused),
        _ if said.contains("rate limit") || said.contains("too many requests") => Some(Meaning::Limited),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Want, parse};
    use super::*;

    fn route() -> Route {
        Route {
            path: "/company/companies".into(),
            conditions: vec!["deletedFlag=false".into()],
            changed: vec!["lastUpdated".into()],
            ..Route::default()
        }
    }

    fn part<'p>(at: At<'p>, ordered: bool, want: &'p Want) -> Part<'p> {
        Part { path: None, at, size: 1_000, only_ids: false, ordered, want }
    }

    fn value(call: &Call, key: &str) -> Option<String> {
        call.query.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone())
    }

    #[test]
    fn forward_only_and_in_the_order_of_ids() {
        let want = Want::default();
        let call = ConnectWise.call(&route(), &part(At::Behind(Some("1450")), false, &want));
        assert_eq!(call.header, Some(("pagination-type", "forward-only")));
        assert_eq!(value(&call, "pageId").as_deref(), Some("1450"));
        assert_eq!((value(&call, "orderBy"), value(&call, "page")), (None, None));
        let call = ConnectWise.call(&route(), &part(At::Behind(Some("1450")), true, &want));
        assert_eq!((call.header, value(&call, "pageId")), (None, None));
        assert_eq!(value(&call, "conditions").as_deref(), Some("deletedFlag=false and id>1450"));
        assert_eq!(value(&call, "orderBy").as_deref(), Some("id asc"));
    }

    #[test]
    fn what_is_wanted_becomes_conditions() {
        let since = Some(time::macros::datetime!(2026-11-20 08:15:00 UTC));
        let chosen = vec![("board/name".to_owned(), vec!["Help Desk".to_owned(), "NOC".to_owned()])];
        let want = Want { since, chosen, ..Want::default() };
        let call = ConnectWise.call(&route(), &part(At::Behind(None), false, &want));
        assert_eq!(
            value(&call, "conditions").as_deref(),
            Some(
                "deletedFlag=false and lastUpdated>[2026-11-20T08:15:00Z] and (board/name=\"Help Desk\" or board/name=\"NOC\")"
            )
        );
        let unwritable = Want { chosen: vec![("board/name".into(), vec!["a\"b".into()])], ..Want::default() };
        let call = ConnectWise.call(&route(), &part(At::Behind(None), false, &unwritable));
        assert_eq!(value(&call, "conditions").as_deref(), Some("deletedFlag=false"), "the sync judges it");
    }

    #[test]
    fn the_link_header_says_what_follows() {
        let forward = r#"<https://other.test/v/apis/3.0/company/companies?pageSize=999&pageId=1450>; rel="next""#;
        let pages = r#"<https://h/x?pageSize=5&page=2>; rel="next", <https://h/x?pageSize=5&page=9>; rel="last""#;
        assert_eq!(next(Some(forward)), Next::More(Some("1450".into())));
        assert_eq!(next(Some("")), Next::End);
        assert_eq!(next(None), Next::Counted, "the endpoint cannot list that way");
        assert_eq!(next(Some(pages)), Next::Counted);
    }

    #[test]
    fn hosts_and_code_bases() {
        let address = |text: &str| ConnectWise.address(Url::parse(text).unwrap()).to_string();
        assert_eq!(address("https://na.myconnectwise.net"), "https://api-na.myconnectwise.net/");
        assert_eq!(address("https://api-eu.myconnectwise.net/"), "https://api-eu.myconnectwise.net/");
        assert_eq!(address("https://cw.example.test/v2025_1/apis/3.0/"), "https://cw.example.test/v2025_1/apis/3.0");
        let values = Values { options: [("company".to_owned(), "acme".to_owned())].into(), ..Values::default() };
        let url = Url::parse("https://cw.example.test/").unwrap();
        let asked = ConnectWise.whereabouts(&url, &values, false).unwrap();
        assert_eq!(asked.as_str(), "https://cw.example.test/login/companyinfo/acme");
        let known = Url::parse("https://cw.example.test/v2025_1/apis/3.0").unwrap();
        assert_eq!(ConnectWise.whereabouts(&known, &values, false), None);
        assert!(ConnectWise.whereabouts(&known, &values, true).is_some(), "the cloud moves accounts");
        let located = |body: &str| ConnectWise.located(&url, &values, &parse(body.as_bytes()).unwrap());
        let found = located(r#"{"CompanyName":"Acme","Codebase":"v2026_2/","VersionNumber":"v2026.2.1"}"#).unwrap();
        assert_eq!(found.base.as_str(), "https://cw.example.test/v2026_2/apis/3.0");
        assert!(located("null").unwrap_err().contains("acme"));
        assert!(located(r#"{"Codebase":"../login/"}"#).is_err());
    }

    #[test]
    fn errors_with_what_they_mean() {
        let read = |body: &str| ConnectWise.error(&parse(body.as_bytes()).unwrap()).unwrap();
        let error = read(
            r#"{"code":"InvalidObject","message":"company object is invalid","errors":[{"code":"ObjectExists",
            "message":"identifier in use","resource":"company","field":"identifier"}]}"#,
        );
        assert_eq!(error.text, "company object is invalid; identifier in use (identifier)");
        assert_eq!(error.meaning, Some(Meaning::Refused));
        let client = read(r#"{"code":"Forbidden","message":"The clientId header is missing","errors":null}"#);
        assert!(
            matches!(client.meaning, Some(Meaning::Credentials(text)) if text.contains("developer.connectwise.com"))
        );
        assert_eq!(read(r#"{"code":"Security","message":"no"}"#).meaning, Some(Meaning::Forbidden));
        assert_eq!(read(r#"{"code":"ConnectWiseApi","message":"connection timeout"}"#).meaning, None);
        assert!(ConnectWise.error(&parse(br#"[{"message":"a row"}]"#).unwrap()).is_none());
    }
}
