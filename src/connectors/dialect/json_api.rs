//! JSON:API as IT Glue speaks it: the page in the query, `data` with `meta`, related rows in `included`, errors in
//! `errors` whose `status` may be a number and whose `detail` may be a text or a list.

use super::{Answer, At, Beside, Dialect, Filled, Part, changing, count32};
use crate::connectors::http::{BodyFault, Call, ErrorBody};
use crate::connectors::json::{Json, same_key};
use crate::connectors::mapping::{CountMap, Paging, Route, WriteMap};
use crate::domain::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use time::macros::format_description;

/// The dialect.
pub(super) struct JsonApi;

impl Dialect for JsonApi {
    fn call(&self, route: &Route, part: &Part<'_>) -> Call {
        let mut call = Call::get(route.path.as_str()).with(&route.query);
        let mut add = |key: &str, value: String| call.query.push((key.to_owned(), value));
        let mut sort = route.sort.as_str();
        match part.want.since {
            // The vendor may refuse spans of more than a week.
            Some(since) if part.want.near && !route.since_query.is_empty() => {
                add(&route.since_query, format!("{},*", moment(since)));
            }
            Some(_) if !route.newest_first.is_empty() => sort = &route.newest_first,
            _ => {}
        }
        if !sort.is_empty() {
            add("sort", sort.to_owned());
        }
        for (field, values) in part.want.chosen.iter().chain(&part.want.texts) {
            // A comma stands between alternatives.
            let values: Vec<String> = values.iter().map(|value| value.replace(',', "\\,")).collect();
            add(field, values.join(","));
        }
        if let (Paging::Pages, At::Number(number)) = (route.paging, part.at) {
            add("page[size]", part.size.to_string());
            add("page[number]", number.to_string());
        }
        call
    }

    fn read<'a>(&self, body: Json<'a>, _link: Option<&str>) -> Result<Answer<'a>, BodyFault> {
        if let Some(error) = self.error(&body) {
            return Err(BodyFault::Error(error));
        }
        let meta = body.get("meta");
        let pages = count32(meta.and_then(|m| m.get("total-pages")));
        let total = meta.and_then(|m| m.get("total-count")).and_then(Json::count);
        let mut answer = Answer { pages, total, ..Answer::default() };
        let Json::Object(members) = body else { return Err(BodyFault::Malformed("no object".into())) };
        let mut found = false;
        for (key, value) in members {
            match (&*key, value) {
                ("data", Json::List(rows)) => (answer.rows, found) = (rows, true),
                ("included", Json::List(rows)) => answer.beside = rows,
                _ => {}
            }
        }
        if found { Ok(answer) } else { Err(BodyFault::Malformed("no list of data".into())) }
    }

    fn error(&self, body: &Json<'_>) -> Option<ErrorBody> {
        let first = body.get("errors")?.items().first()?;
        let status = first.get("status").and_then(Json::count).and_then(|n| u16::try_from(n).ok());
        let detail = first.get("detail").and_then(|detail| match detail {
            Json::List(parts) => {
                let parts: Vec<_> = parts.iter().filter_map(Json::text).collect();
                Some(parts.join(", ")).filter(|text| !text.is_empty())
            }
            one => one.text().map(std::borrow::Cow::into_owned),
        });
        let title = first.get("title").and_then(Json::text).map(std::borrow::Cow::into_owned);
        let text = detail.or(title).unwrap_or_else(|| "no reason given".into());
        let pointer = first.get("source").and_then(|source| source.get("pointer")).and_then(Json::text);
        let text = match pointer.as_deref().and_then(|pointer| pointer.rsplit('/').next()) {
            Some(field) if !field.is_empty() && field != "data" && field != "id" => format!("{field}: {text}"),
            _ => text,
        };
        Some(ErrorBody::new(status.filter(|s| (400..600).contains(s)), text))
    }

    fn beside_key(&self, row: &Json<'_>) -> Option<String> {
        let id = row.get("id").or_else(|| row.get("attributes")?.get("id"))?;
        id.text().map(std::borrow::Cow::into_owned)
    }

    fn related<'r, 'a>(&self, row: &Json<'a>, beside: &Beside<'r, 'a>) -> Vec<&'r Json<'a>> {
        let Some(Json::Object(relationships)) = row.get("relationships").filter(|_| !beside.is_empty()) else {
            return Vec::new();
        };
        let links = relationships.iter().filter_map(|(_, relation)| relation.get("data")).flat_map(Json::items);
        links.filter_map(|link| linked(link, beside)).collect()
    }

    fn count_call(&self, count: &CountMap, value: &str) -> Call {
        let pairs = [(count.field.as_str(), value), ("page[size]", "1"), ("page[number]", "1")];
        let query = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
        Call { query, ..Call::get(count.path.as_str()) }
    }

    fn count(&self, body: &Json<'_>) -> Option<u64> {
        body.get("meta")?.get("total-count").and_then(Json::count)
    }

    fn create_call(&self, write: &WriteMap, company: Option<&str>, rows: &[Filled]) -> Option<Call> {
        let path = write.create.replace("{company}", company.unwrap_or_default());
        let objects: Vec<Value> = rows.iter().map(|row| object(write, row)).collect();
        // The bulk form is an array on the same path, which only the nested paths have.
        let data = match objects.as_slice() {
            [one] => one.clone(),
            _ => Value::Array(objects),
        };
        Some(changing(Method::POST, path, Some(json!({"data": data}))))
    }

    fn made(&self, body: &Json<'_>) -> Vec<String> {
        let data = body.get("data");
        let rows = match data {
            Some(Json::List(rows)) => rows.as_slice(),
            Some(one @ Json::Object(_)) => std::slice::from_ref(one),
            _ => &[],
        };
        rows.iter().filter_map(|row| row.get("id")?.text().map(std::borrow::Cow::into_owned)).collect()
    }

    fn update_call(&self, write: &WriteMap, rows: &[(String, Filled)]) -> Option<Call> {
        if let [(id, row)] = rows {
            let body = json!({"data": object(write, row)});
            return Some(changing(Method::PATCH, write.update.replace("{id}", id), Some(body)));
        }
        let data: Vec<Value> = rows
            .iter()
            .map(|(id, row)| {
                let mut object = object(write, row);
                object["attributes"]["id"] = numbered(id);
                object
            })
            .collect();
        Some(changing(Method::PATCH, write.update.replace("/{id}", ""), Some(json!({"data": data}))))
    }

    fn remove_call(&self, write: &WriteMap, ids: &[String]) -> Option<Call> {
        if write.remove.is_empty() {
            return None;
        }
        let object = |id: &String| json!({"type": write.kind, "attributes": {"id": numbered(id)}});
        let data: Vec<Value> = ids.iter().map(object).collect();
        Some(changing(Method::DELETE, write.remove.as_str(), Some(json!({"data": data}))))
    }
}

/// Ids among attributes are numbers.
fn numbered(id: &str) -> Value {
    id.parse::<u64>().map_or_else(|_| Value::from(id), Value::from)
}

fn object(write: &WriteMap, row: &Filled) -> Value {
    let mut object = json!({"type": write.kind, "attributes": row.members});
    if !row.interfaces.is_empty() {
        let interfaces: Vec<Value> = (0..)
            .zip(&row.interfaces)
            .map(|(at, interface)| {
                let attributes = json!({
                    "name": interface.name, "mac-address": interface.mac, "ip-address": interface.ip, "primary": at == 0
                });
                json!({"type": "configuration_interfaces", "attributes": attributes})
            })
            .collect();
        object["relationships"] = json!({"configuration_interfaces": {"data": interfaces}});
    }
    object
}

/// A moment as the vendor writes it.
fn moment(at: Timestamp) -> String {
    at.format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].000Z")).unwrap_or_default()
}

/// The row that a link names by type and id.
fn linked<'r, 'a>(link: &Json<'_>, beside: &Beside<'r, 'a>) -> Option<&'r Json<'a>> {
    let (kind, id) = (link.get("type")?.text()?, link.get("id")?.text()?);
    let same = |row: &&&Json<'_>| row.get("type").and_then(Json::text).is_some_and(|t| same_key(&t, &kind));
    beside.get(&*id)?.iter().find(same).copied()
}

#[cfg(test)]
mod tests {
    use super::super::{Listing, Tables, Want, parse, read_listing};
    use super::*;
    use crate::connectors::http::Received;
    use crate::connectors::mapping::{Mapping, StreamMap};
    use crate::domain::{Record, Stream};

    const CONFIGURATIONS: &str = r#"{"data":[{"id":"455","type":"configurations","attributes":{"organization-id":2,
        "name":"ACME-MBA1","serial_number":"C02TEST00001","mac-address":"14-7D-DA-00-00-01","primary-ip":"10.0.0.9",
        "configuration-type-id":65,"configuration-type-name":"Laptop","archived":false,"psa-integration":"manage",
        "warranty-expires-at":"2027-01-31"},
        "relationships":{"configuration-interfaces":{"data":[{"id":68,"type":"configuration_interfaces"},
        {"id":"69","type":"configuration-interfaces"}]}}}],
        "included":[{"id":"68","type":"configuration-interfaces","attributes":{"primary":true,"name":"en0",
        "ip-address":"10.0.0.9","mac-address":"14:7D:DA:00:00:01"}},
        {"id":"69","type":"configuration-interfaces","attributes":{"name":"en5","mac-address":"14:7D:DA:00:00:05"}},
        {"id":"68","type":"rmm-records","attributes":{"name":"other"}}],
        "meta":{"current-page":1,"total-pages":1,"total-count":1}}"#;

    fn listing(stream: &StreamMap, body: &str) -> Listing {
        let received = Received { body: body.as_bytes(), link: None };
        read_listing(&JsonApi, stream, Tables::default(), received).unwrap()
    }

    fn asked(stream: Stream, want: &Want) -> Vec<(String, String)> {
        let mapping = Mapping::load("itglue", None).unwrap();
        let part = Part { path: None, at: At::Number(3), size: 500, only_ids: false, ordered: false, want };
        JsonApi.call(&mapping.streams[&stream].route, &part).query
    }

    #[test]
    fn a_configuration_with_its_interfaces() {
        let mapping = Mapping::load("itglue", None).unwrap();
        let listing = listing(&mapping.streams[&Stream::Devices], CONFIGURATIONS);
        let Record::Device(d) = &listing.records[0] else { panic!("a device") };
        assert_eq!((d.id.as_str(), d.company.as_ref().unwrap().as_str()), ("455", "2"));
        assert_eq!(d.serial.as_deref(), Some("C02TEST00001"));
        assert_eq!(d.synced_from.as_deref(), Some("manage"));
        let names: Vec<_> = d.interfaces.iter().map(|i| (i.name.as_str(), i.ip.as_deref())).collect();
        assert_eq!(names, [("en0", Some("10.0.0.9")), ("en5", None)]);
        assert!(d.details.hardware.warranty_expires.is_some());
        assert_eq!(listing.total, Some(1));
    }

    #[test]
    fn pages_are_asked_for_in_the_query() {
        let query = asked(Stream::Devices, &Want::default());
        let has = |k: &str, v: &str| query.iter().any(|(key, value)| key == k && value == v);
        assert!(has("page[number]", "3") && has("page[size]", "500") && has("sort", "id"));
        assert!(has("include", "configuration_interfaces"));
    }

    #[test]
    fn changes_are_filtered_where_that_is_possible_and_else_come_first() {
        let since = Some(time::macros::datetime!(2026-11-20 08:15:00 UTC));
        let near = Want { since, near: true, ..Want::default() };
        let value = |query: &[(String, String)], key: &str| {
            query.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone()).unwrap_or_default()
        };
        let query = asked(Stream::Companies, &near);
        assert_eq!(value(&query, "filter[updated_at]"), "2026-11-20T08:15:00.000Z,*");
        assert_eq!(value(&query, "sort"), "id");
        let query = asked(Stream::Companies, &Want { since, ..Want::default() });
        assert_eq!((value(&query, "filter[updated_at]"), value(&query, "sort")), (String::new(), "-updated_at".into()));
        assert_eq!(value(&asked(Stream::Devices, &near), "sort"), "-updated_at");
        assert_eq!(value(&asked(Stream::DeviceTypes, &near), "sort"), "id", "it has no moment of change");
    }

    #[test]
    fn errors_in_every_shape() {
        let text = |body: &str| JsonApi.error(&parse(body.as_bytes()).unwrap()).unwrap();
        assert_eq!(text(r#"{"errors":[{"status":422,"detail":["a","b"]}]}"#).text, "a, b");
        assert_eq!(text(r#"{"errors":[{"status":"401","title":"Unauthorized"}]}"#).status, Some(401));
        assert_eq!(text(r#"{"errors":[{}]}"#).status, None);
        assert!(JsonApi.error(&parse(CONFIGURATIONS.as_bytes()).unwrap()).is_none());
    }

    #[test]
    fn an_object_without_data_is_no_listing() {
        assert!(matches!(JsonApi.read(parse(b"{}").unwrap(), None), Err(BodyFault::Malformed(_))));
        assert!(matches!(parse(b"<html>"), Err(BodyFault::Malformed(_))));
        assert!(matches!(parse(br#"{"data":[{"id":"1"#), Err(BodyFault::Malformed(_))));
    }

    #[test]
    fn a_contact_has_its_main_address_first() {
        let mapping = Mapping::load("itglue", None).unwrap();
        let body = r#"{"data":[{"id":"7","attributes":{"organization-id":2,"first-name":"Ana","last-name":"Reed",
            "title":"Office manager","location-id":310,"important":null,"contact-emails":[{"value":"a@x.test"},
            {"value":"ana@x.test","primary":true,"label-name":"Work"}],"contact-phones":[{"value":"01225000001"}]}},
            {"id":"8","attributes":{"name":null,"contact-emails":[]}}]}"#;
        let listing = listing(&mapping.streams[&Stream::Contacts], body);
        let Record::Contact(c) = &listing.records[0] else { panic!("a contact") };
        assert_eq!((c.name.as_str(), c.first_name.as_str(), c.last_name.as_str()), ("Ana Reed", "Ana", "Reed"));
        assert_eq!(c.emails, ["ana@x.test", "a@x.test"]);
        assert_eq!((c.phones.as_slice(), c.primary), (["01225000001".to_owned()].as_slice(), false));
        assert_eq!(listing.bad[0].id.as_deref(), Some("8"));
    }
}
