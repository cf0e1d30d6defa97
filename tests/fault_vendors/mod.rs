//! The vendors of the matrix: how their devices are listed, counted and changed.
#![allow(dead_code, reason = "each test file uses a part of it")]

use super::between::Asked;
use super::faults::{SHIFTED, path};
use super::sync_support::{Records, connection};
use matchbook::connectors::Connection;
use matchbook::domain::Stream;
use matchbook::simulator::{Simulator, Vendor};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// The stream under test.
pub const STREAM: Stream = Stream::Devices;

/// A vendor, which is a dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Addigy,
    ItGlue,
    ConnectWise,
    Autotask,
}

impl Subject {
    pub const ALL: [Self; 4] = [Self::Addigy, Self::ItGlue, Self::ConnectWise, Self::Autotask];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Addigy => "addigy",
            Self::ItGlue => "itglue",
            Self::ConnectWise => "connectwise",
            Self::Autotask => "autotask",
        }
    }

    pub const fn vendor(self) -> Vendor {
        match self {
            Self::Addigy => Vendor::Addigy,
            Self::ItGlue => Vendor::ItGlue,
            Self::ConnectWise => Vendor::ConnectWise,
            Self::Autotask => Vendor::Autotask,
        }
    }

    /// The vendor's own address as it is configured, and its socket.
    fn address(self, simulator: &Simulator) -> (String, SocketAddr) {
        let ends = simulator.endpoints();
        let url = match self {
            Self::Addigy => &ends.addigy.base_url,
            Self::ItGlue => &ends.itglue.base_url,
            Self::ConnectWise => &ends.connectwise.base_url,
            Self::Autotask => &ends.autotask.base_url,
        };
        let host = url.trim_start_matches("http://").split('/').next().unwrap_or_default();
        (url.clone(), host.parse().expect("an address"))
    }

    pub fn socket(self, simulator: &Simulator) -> SocketAddr {
        self.address(simulator).1
    }

    /// A connection to it that goes through that place (`http://127.0.0.1:1`) instead of straight to it.
    pub fn through(self, simulator: &Simulator, place: &str) -> Connection {
        let (url, socket) = self.address(simulator);
        let url = url.replace(&format!("http://{socket}"), place);
        let ends = simulator.endpoints();
        match self {
            Self::Addigy => connection("addigy", &url, &[("api_key", &ends.addigy.api_key)], &[]),
            Self::ItGlue => connection("itglue", &url, &[("api_key", &ends.itglue.api_key)], &[]),
            Self::ConnectWise => {
                let end = &ends.connectwise;
                let secrets: [(&str, &str); 3] =
                    [("public_key", &end.public_key), ("private_key", &end.private_key), ("client_id", &end.client_id)];
                connection("connectwise", &url, &secrets, &[("company", &end.company)])
            }
            Self::Autotask => {
                let end = &ends.autotask;
                let secrets: [(&str, &str); 2] = [("secret", &end.secret), ("integration_code", &end.integration_code)];
                connection("autotask", &url, &secrets, &[("username", &end.username)])
            }
        }
    }

    /// Whether a request asks for a page of devices.
    pub fn lists(self, asked: &Asked) -> bool {
        let path = path(asked);
        match self {
            Self::Addigy => path.ends_with("/devices"),
            Self::ItGlue => path == "/configurations",
            Self::ConnectWise => path.ends_with("/company/configurations"),
            Self::Autotask => path.contains("/ConfigurationItems/query"),
        }
    }

    /// The rows of an answer.
    pub fn rows(self, body: &mut Value) -> Option<&mut Vec<Value>> {
        match self {
            Self::Addigy | Self::Autotask => body.get_mut("items")?.as_array_mut(),
            Self::ItGlue => body.get_mut("data")?.as_array_mut(),
            Self::ConnectWise => body.as_array_mut(),
        }
    }

    /// Changes the count that an answer names; false where this vendor names none.
    pub fn set_total(self, body: &mut Value, change: impl Fn(u64) -> u64) -> bool {
        let (total, pages) = match self {
            Self::Addigy => ("/metadata/total", "/metadata/page_count"),
            Self::ItGlue => ("/meta/total-count", "/meta/total-pages"),
            // They name no count. Where a listing goes on is told by a link, which an empty answer lacks.
            Self::ConnectWise => return false,
            Self::Autotask => {
                if body["items"].as_array().is_some_and(Vec::is_empty) {
                    body["pageDetails"] = json!({"count": 0, "nextPageUrl": null, "prevPageUrl": null});
                }
                return false;
            }
        };
        let new = change(body.pointer(total).and_then(Value::as_u64).expect("a count"));
        *body.pointer_mut(total).expect("a count") = new.into();
        *body.pointer_mut(pages).expect("a count of pages") = new.div_ceil(super::PAGE as u64).max(1).into();
        true
    }

    /// Renames one device and deletes another, as people do between two syncs; `much`: renames most of them.
    pub fn change_world(self, simulator: &Simulator, all: &Records, much: bool) {
        let ids: Vec<&str> =
            all.keys().filter(|(i, s, _)| i == self.name() && *s == STREAM).map(|(_, _, id)| id.as_str()).collect();
        let (from, count) = if much { (10, 3 * super::PAGE) } else { (3, 1) };
        for (number, id) in ids.iter().enumerate().skip(from).take(count) {
            assert!(self.rename(simulator, id, &format!("Renamed {number}")), "{id} is renamed");
        }
        assert!(self.delete(simulator, ids[8]), "the world changes");
    }

    /// Renames a device.
    fn rename(self, simulator: &Simulator, id: &str, name: &str) -> bool {
        let control = simulator.control();
        let number = || id.parse().expect("a number");
        match self {
            Self::Addigy => control.addigy().rename_device(id, name),
            Self::ItGlue => control.itglue().rename_configuration(id, name),
            Self::ConnectWise => {
                let now = time::OffsetDateTime::now_utc().format(&time::format_description::well_known::Rfc3339);
                let changed = json!({"name": name, "_info": {"lastUpdated": now.expect("a moment")}});
                control.connectwise().change("company/configurations", number(), &changed)
            }
            Self::Autotask => {
                let id = i64::from(number());
                control.autotask().set_text("ConfigurationItems", id, "referenceTitle", name)
            }
        }
    }

    /// Deletes a device.
    pub fn delete(self, simulator: &Simulator, id: &str) -> bool {
        let control = simulator.control();
        let number = || id.parse().expect("a number");
        match self {
            Self::Addigy => control.addigy().delete_device(id),
            Self::ItGlue => control.itglue().delete_configuration(id),
            Self::ConnectWise => control.connectwise().remove("company/configurations", number()),
            Self::Autotask => control.autotask().delete("ConfigurationItems", i64::from(number())),
        }
    }

    /// Lets a device that was listed come back under a new id.
    pub fn shift(self, simulator: &Simulator, id: &str, row: &Value) -> bool {
        let control = simulator.control();
        match self {
            Self::Addigy => {
                let policy = row["facts"]["policy_id"]["value"].as_str().expect("a policy");
                let serial = row["facts"]["serial_number"]["value"].as_str();
                control.addigy().delete_device(id) && control.addigy().add_device(policy, "New", serial, None).is_some()
            }
            Self::ItGlue | Self::ConnectWise => {
                control.fail_next(self.vendor(), 1, SHIFTED);
                true
            }
            Self::Autotask => {
                control.autotask().shift_while_paging("ConfigurationItems");
                true
            }
        }
    }
}
