//! Addigy's v2 API: queries are POST with the page in the body; answers are `items` with `metadata`, or a bare array;
//! facts are wrapped as `{type, value, error_msg}`; errors are `{code, message, error_chain}`.

use super::{Answer, At, Dialect, Part, count32};
use crate::connectors::http::{BodyFault, Call, ErrorBody};
use crate::connectors::json::Json;
use crate::connectors::mapping::{Paging, Route};
use crate::connectors::source::Unwrap;
use serde_json::json;

/// The dialect.
pub(super) struct AddigyV2;

impl Dialect for AddigyV2 {
    fn call(&self, route: &Route, part: &Part<'_>) -> Call {
        let At::Number(number) = part.at else { return Call::post(route.path.as_str(), json!({})) };
        let body = match route.paging {
            Paging::Pages => json!({
                "page": number,
                "per_page": part.size,
                "sort_field": route.sort,
                "sort_direction": "asc",
                // Without the names the vendor sends only a few facts.
                "desired_fact_identifiers": route.ask_for,
            }),
            _ => json!({}),
        };
        Call::post(route.path.as_str(), body).with(&route.query)
    }

    fn read<'a>(&self, body: Json<'a>, _link: Option<&str>) -> Result<Answer<'a>, BodyFault> {
        if let Json::List(rows) = body {
            return Ok(Answer { rows, ..Answer::default() });
        }
        let metadata = body.get("metadata");
        let pages = count32(metadata.and_then(|m| m.get("page_count")));
        let total = metadata.and_then(|m| m.get("total")).and_then(Json::count);
        let error = self.error(&body);
        let Json::Object(members) = body else { return Err(shapeless()) };
        match members.into_iter().find(|(key, _)| key == "items").map(|(_, items)| items) {
            Some(Json::List(rows)) => Ok(Answer { rows, pages, total, ..Answer::default() }),
            // An empty result may be null.
            Some(Json::Null) => Ok(Answer { pages, total, ..Answer::default() }),
            _ => Err(error.map_or_else(shapeless, BodyFault::Error)),
        }
    }

    fn error(&self, body: &Json<'_>) -> Option<ErrorBody> {
        let message = body.get("message").and_then(Json::text)?.into_owned();
        let status = body.get("code").and_then(Json::count).and_then(|n| u16::try_from(n).ok());
        let inner = innermost(body).filter(|inner| *inner != message);
        let text = inner.map_or_else(|| message.clone(), |inner| format!("{message}: {inner}"));
        Some(ErrorBody::new(status.filter(|s| (400..600).contains(s)), text))
    }

    fn unwrap(&self) -> Unwrap {
        fact_value
    }
}

fn shapeless() -> BodyFault {
    BodyFault::Malformed("no list of items".into())
}

/// Message at the end of the chain, where the vendor says what it really was.
fn innermost(body: &Json<'_>) -> Option<String> {
    let mut found = None;
    let mut next = body.get("error_chain");
    for _ in 0..8 {
        let Some(link) = next else { break };
        found = link.get("message").and_then(Json::text).map(std::borrow::Cow::into_owned).or(found);
        next = link.get("error_chain");
    }
    found
}

/// A fact with an error message has no value, whatever stands there.
fn fact_value<'x, 'y>(node: &'x Json<'y>) -> Option<&'x Json<'y>> {
    match node {
        Json::Object(_) => {
            let failed = node.get("error_msg").and_then(Json::text).is_some();
            node.get("value").filter(|_| !failed)
        }
        plain => Some(plain),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Tables, parse, read_listing};
    use super::*;
    use crate::connectors::http::Received;
    use crate::connectors::mapping::Mapping;
    use crate::domain::{Device, Record, Stream, VendorSystem};

    fn received(body: &str) -> Received<'_> {
        Received { body: body.as_bytes(), link: None }
    }

    fn devices(body: &str) -> super::super::Listing {
        let mapping = Mapping::load("addigy", None).unwrap();
        read_listing(&AddigyV2, &mapping.streams[&Stream::Devices], Tables::default(), received(body)).unwrap()
    }

    fn device(facts: &str) -> Device {
        let listing = devices(&format!(r#"{{"items":[{{"agentid":"a1","facts":{{{facts}}}}}]}}"#));
        match listing.records.into_iter().next() {
            Some(Record::Device(device)) => *device,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn facts_become_a_device() {
        let d = device(
            r#""serial_number":{"type":"string","value":"C02TEST00001","error_msg":""},
               "device_name":{"type":"string","value":"Anna's MacBook Air","error_msg":""},
               "device_model_name":{"value":"MacBook Air"},"policy_id":{"value":"p1"},
               "wifi_mac_address":{"value":"14:7d:da:00:00:01"},
               "ethernet_ma_cs":{"type":"list","value":["14:7d:da:00:00:02","14-7D-DA-00-00-01"]},
               "filevault_enabled":{"value":true},"battery_percentage":{"value":52.7},
               "last_online":{"value":"2026-11-20T08:15:30.551Z"},"battery_cycles":{"value":-1}"#,
        );
        assert_eq!(d.name, "Anna's MacBook Air");
        assert_eq!(d.company.unwrap().as_str(), "p1");
        assert_eq!(d.manufacturer.as_deref(), Some("Apple"));
        assert_eq!(d.device_type.unwrap().name, "MacBook");
        let macs: Vec<_> = d.interfaces.iter().filter_map(|i| i.mac.as_deref()).collect();
        assert_eq!(macs, ["14:7d:da:00:00:01", "14:7d:da:00:00:02"]);
        assert_eq!(d.details.security.filevault, Some(true));
        assert_eq!(d.details.battery.percent, Some(52.7));
        assert_eq!(d.details.battery.cycles, None);
        assert!(d.last_seen.is_some());
    }

    #[test]
    fn nulls_and_fact_errors_are_unknown() {
        let d = device(
            r#""filevault_enabled":{"type":"boolean","value":null,"error_msg":""},
               "serial_number":{"type":"string","value":"X","error_msg":"timed out"},
               "firewall_enabled":null,"last_online":{"value":"1970-01-01T00:00:00Z"}"#,
        );
        assert_eq!(d.details.security.filevault, None);
        assert_eq!(d.details.security.firewall, None);
        assert_eq!(d.serial, None);
        assert_eq!(d.last_seen, None);
        assert_eq!(d.name, "a1");
    }

    #[test]
    fn types_are_told_from_model_facts() {
        for (fact, value, want) in [
            ("device_model_name", "iPhone 15", "iPhone"),
            ("hardware_model", "iPad13,4", "iPad"),
            ("hardware_model", "AppleTV11,1", "Apple TV"),
            ("hardware_model", "Macmini9,1", "Mac mini"),
            ("hardware_model", "Mac14,2", "Mac"),
            ("device_model_name", "iMac", "iMac"),
            ("mac_os_x_version", "14.1", "Mac"),
        ] {
            let d = device(&format!(r#""{fact}":{{"value":"{value}"}}"#));
            assert_eq!(d.device_type.map(|t| t.name).as_deref(), Some(want), "{value}");
        }
    }

    #[test]
    fn an_empty_result_may_be_null() {
        let listing = devices(r#"{"items":null,"metadata":{"page_count":0,"total":0}}"#);
        assert_eq!((listing.rows(), listing.total), (0, Some(0)));
    }

    #[test]
    fn one_bad_row_stays_one_bad_row() {
        let listing = devices(
            r#"{"items":[{"facts":{}},7,null,{"agentid":"a","facts":{}},{"agentid":"b","facts":"unavailable"}]}"#,
        );
        assert_eq!((listing.records.len(), listing.bad.len()), (1, 4));
        assert_eq!(listing.bad[3].id.as_deref(), Some("b"), "known, so that it is not taken for gone");
    }

    #[test]
    fn policies_keep_only_what_the_table_names() {
        let mapping = Mapping::load("addigy", None).unwrap();
        let body = r#"[{"policyId":"p1","name":"Acme","parent":"p1","creation_time":1700000000.5,"itglue_account_id":"77",
            "connectwise_account_id":0,"addigy_sync":{"services":{"x":{"api_key":"deep-secret"}}}}]"#;
        let listing =
            read_listing(&AddigyV2, &mapping.streams[&Stream::Companies], Tables::default(), received(body)).unwrap();
        let Record::Company(company) = &listing.records[0] else { panic!("a company") };
        assert_eq!(company.parent, None);
        assert_eq!(company.links.len(), 1);
        assert_eq!(company.links[0].system, VendorSystem::new("it-glue"));
        assert!(!format!("{company:?}").contains("deep-secret"));
    }

    #[test]
    fn errors_are_read_to_the_end_of_the_chain() {
        let body =
            br#"{"code":500,"message":"failed","error_chain":{"code":1,"message":"not found","error_chain":null}}"#;
        let error = AddigyV2.error(&parse(body).unwrap()).unwrap();
        assert_eq!(error, ErrorBody::new(Some(500), "failed: not found"));
        assert_eq!(AddigyV2.read(parse(body).unwrap(), None).unwrap_err(), BodyFault::Error(error));
    }
}
