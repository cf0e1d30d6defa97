//! Fact identifiers, their types and their values for an agent (Addigy API v2, facts).

use super::records::{Agent, uuid};
use crate::simulator::world::{
    Lists, NOW,
    words::{Kind, Model},
};
use crate::simulator::world::{derived, derived_below};
pub use crate::simulator::world::{host, lan_ip, mac};
use serde::{Serialize, ser::SerializeStruct};
use std::borrow::Cow;

/// A fact's value. Facts that do not apply are null.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Unknown, or not said by this kind of device.
    Null,
    /// Text, also dates.
    Text(Cow<'a, str>),
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// Several texts.
    List(Vec<String>),
}

impl Serialize for Value<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => serializer.serialize_i64(*value),
            Self::Number(value) => serializer.serialize_f64(*value),
            Self::List(values) => values.serialize(serializer),
        }
    }
}

/// A built-in fact.
pub struct Fact {
    /// Its identifier.
    pub id: &'static str,
    /// Its type: string, number, boolean, date or list.
    pub kind: &'static str,
    mac_only: bool,
    read: for<'a> fn(&Subject<'a>) -> Value<'a>,
}

impl Fact {
    /// The fact of that identifier.
    pub fn find(id: &str) -> Option<&'static Self> {
        FACTS.iter().find(|fact| fact.id == id)
    }

    /// Its value for that agent.
    pub fn value<'a>(&self, agent: &'a Agent, lists: &'a Lists) -> Value<'a> {
        let model = &lists.hardware.apple[usize::from(agent.model)];
        if self.mac_only && !model.kind.is_mac() {
            return Value::Null;
        }
        (self.read)(&Subject { agent, lists, model })
    }
}

/// `{"type", "value", "error_msg"}`.
pub struct View<'a>(pub &'static Fact, pub Value<'a>);

impl Serialize for View<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Fact", 3)?;
        object.serialize_field("type", self.0.kind)?;
        object.serialize_field("value", &self.1)?;
        object.serialize_field("error_msg", "")?;
        object.end()
    }
}

/// An agent with what its facts are read from.
pub struct Subject<'a> {
    agent: &'a Agent,
    lists: &'a Lists,
    model: &'a Model,
}

impl<'a> Subject<'a> {
    fn given(&self) -> &'a str {
        &self.lists.words.given[usize::from(self.agent.given)]
    }

    fn family(&self) -> &'a str {
        &self.lists.words.families[usize::from(self.agent.family)]
    }

    fn account(&self) -> String {
        let initial = self.given().chars().next().unwrap_or('x');
        any_ascii::any_ascii(&format!("{initial}{}", self.family()))
            .to_lowercase()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect()
    }

    fn below(&self, purpose: u64, limit: u64) -> u64 {
        derived_below(self.agent.key, purpose, limit)
    }

    fn yes(&self, purpose: u64, per_cent: u64) -> Value<'a> {
        Value::Bool(self.below(purpose, 100) < per_cent)
    }

    fn os(&self) -> (&'a str, &'a str, &'a str) {
        let hardware = &self.lists.hardware;
        if self.model.kind.is_mac() {
            let [version, build, name] =
                &hardware.mac_os[usize::try_from(self.below(20, 1 << 20)).unwrap_or(0) % hardware.mac_os.len()];
            (version, build, name)
        } else {
            (&hardware.ios[usize::try_from(self.below(20, 1 << 20)).unwrap_or(0) % hardware.ios.len()], "", "iOS")
        }
    }

    fn used(&self) -> f64 {
        f64::from(self.model.disk) * (0.2 + 0.007 * f64::from(u32::try_from(self.below(21, 100)).unwrap_or(0)))
    }

    fn battery(&self, value: Value<'a>) -> Value<'a> {
        if matches!(self.model.kind, Kind::Desktop | Kind::Tv) { Value::Null } else { value }
    }
}

fn text<'a>(text: impl Into<Cow<'a, str>>) -> Value<'a> {
    Value::Text(text.into())
}

fn integer<'a>(value: u64) -> Value<'a> {
    Value::Integer(i64::try_from(value).unwrap_or(0))
}

fn tenths<'a>(value: f64) -> Value<'a> {
    Value::Number((value * 10.0).round() / 10.0)
}

/// RFC 3339 with none to three fractional digits, as Addigy's answers vary.
pub fn moment(seconds_ago: i64, digits: u64) -> String {
    let at = time::OffsetDateTime::from_unix_timestamp(NOW - seconds_ago).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
    let (hour, minute, second) = (at.hour(), at.minute(), at.second());
    let fraction = ["", ".5", ".51", ".551"][usize::try_from(digits % 4).unwrap_or(0)];
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

fn last_heard(subject: &Subject<'_>) -> Value<'static> {
    text(moment(i64::from(subject.agent.silent) * 60, subject.agent.key))
}

const DAY: i64 = 86_400;

fn days_ago(days: u64) -> i64 {
    i64::try_from(days).unwrap_or(0) * DAY
}

macro_rules! facts {
    ($($id:literal $kind:literal $mac_only:literal $read:expr;)*) => {
        /// Every built-in fact that the simulated tenant has.
        pub const FACTS: &[Fact] = &[$(Fact { id: $id, kind: $kind, mac_only: $mac_only, read: $read },)*];
    };
}

facts! {
    "agentid" "string" false |s| text(uuid(s.agent.id));
    "serial_number" "string" false |s| s.agent.serial.as_deref().map_or(Value::Null, text);
    "device_name" "string" false |s| text(&*s.agent.name);
    "host_name" "string" true |s| if s.below(3, 10) < 6 { Value::Null } else { text(host(&s.agent.name)) };
    "localhost_name" "string" true |s| text(host(&s.agent.name));
    "policy_id" "string" false |s| text(uuid(s.agent.policy));
    "policy_ids" "list" true |s| Value::List(vec![uuid(s.agent.policy)]);
    "wifi_mac_address" "string" false |s| if s.agent.wifi == 0 { Value::Null } else { text(mac(s.agent.wifi)) };
    "ethernet_mac_address" "string" true |s| match (s.agent.ethernet, s.agent.dock) {
        (0, 0) => Value::Null,
        (0, dock) => text(mac(dock)),
        (built_in, _) => text(mac(built_in)),
    };
    "ethernet_ma_cs" "list" true |s| Value::List([s.agent.ethernet, s.agent.dock].into_iter().filter(|&m| m != 0).map(mac).collect());
    "bluetooth_mac" "string" false |s| {
        let address = mac((s.agent.wifi & !1) ^ 0x10).to_uppercase();
        text(if s.model.kind.is_mac() { address } else { address.replace(':', "-") })
    };
    "device_model_name" "string" false |s| text(s.model.name.as_str());
    "hardware_model" "string" false |s| text(s.model.id.as_str());
    "product_name" "string" false |s| text(s.model.id.as_str());
    "product_description" "string" false |s| text(s.model.title.as_str());
    "os_version" "string" false |s| text(s.os().0);
    "mac_os_x_version" "string" true |s| text(s.os().0);
    "system_version" "string" true |s| { let (version, build, _) = s.os(); text(format!("macOS {version} ({build})")) };
    "build_version" "string" true |s| text(s.os().1);
    "os_platform" "string" false |s| text(match s.model.kind { Kind::Tv => "tvOS", Kind::Phone => "iOS", Kind::Tablet => "iPadOS", _ => "macOS" });
    "processor_type" "string" true |s| text(s.model.chip.as_str());
    "processor_speed_ghz" "number" true |_| tenths(3.2);
    "device_chip_type" "string" true |s| text(if s.model.chip.starts_with("Intel") { "Intel" } else { "Apple Silicon" });
    "total_memory_gb" "number" true |s| integer(u64::from(s.model.memory));
    "used_memory_gb" "number" true |s| tenths(f64::from(s.model.memory) * 0.6);
    "total_disk_space_gb" "number" false |s| integer(u64::from(s.model.disk));
    "free_disk_space_gb" "number" false |s| tenths(f64::from(s.model.disk) - s.used());
    "free_disk_percentage" "number" true |s| tenths(100.0 - 100.0 * s.used() / f64::from(s.model.disk));
    "smart_failing" "boolean" true |s| s.yes(5, 1);
    "filevault_enabled" "boolean" true |s| s.yes(6, 88);
    "filevault_key_escrowed" "boolean" true |s| s.yes(6, 80);
    "firewall_enabled" "boolean" true |s| s.yes(7, 75);
    "firewall_stealth_mode_enabled" "boolean" true |s| s.yes(8, 20);
    "firewall_block_all_incoming_connections" "boolean" true |s| s.yes(9, 5);
    "gatekeeper_enabled" "boolean" true |s| s.yes(10, 97);
    "system_integrity_protection_enabled" "boolean" true |s| s.yes(11, 98);
    "authenticated_root_volume_enabled" "boolean" true |s| s.yes(12, 97);
    "secure_boot_level" "string" true |_| text("full");
    "external_boot_level" "string" true |_| text("not supported");
    "has_mdm" "boolean" false |s| s.yes(13, 95);
    "has_mdm_profile_approved" "boolean" true |s| s.yes(13, 94);
    "user_approved_enrollment" "boolean" true |s| s.yes(13, 92);
    "enrolled_via_dep" "boolean" false |s| s.yes(14, 60);
    "is_user_enrollment" "boolean" false |_| Value::Bool(false);
    "mdm_last_connected" "date" false |s| last_heard(s);
    "is_supervised" "boolean" false |s| s.yes(15, 70);
    "is_activation_lock_enabled" "boolean" false |s| s.yes(16, 10);
    "is_activation_lock_manageable" "boolean" false |s| s.yes(17, 60);
    "battery_percentage" "number" false |s| s.battery(tenths(f64::from(u32::try_from(s.below(18, 1000)).unwrap_or(0)) / 10.0));
    "battery_charging" "boolean" true |s| s.battery(s.yes(19, 40));
    "battery_cycles" "number" true |s| s.battery(integer(s.below(22, 900)));
    "battery_capacity_loss_percentage" "number" true |s| s.battery(integer(s.below(22, 900) / 40));
    "battery_failures" "number" true |s| s.battery(integer(0));
    "battery_temperaturecelsius" "number" true |s| s.battery(tenths(28.4));
    "current_user" "string" true |s| text(s.account());
    "admin_users" "list" true |s| Value::List(vec!["itadmin".into(), s.account()]);
    "local_ip" "string" true |s| text(lan_ip(s.agent.key));
    "client_ip" "string" false |s| text(format!("203.0.113.{}", s.below(24, 254) + 1));
    "online" "boolean" true |s| Value::Bool(s.agent.silent < 15);
    "last_online" "date" true |s| last_heard(s);
    "last_reboot_timestamp" "number" true |s| Value::Integer(NOW - i64::from(s.agent.silent) * 60 - days_ago(s.below(25, 40)));
    "uptime_days" "number" true |s| integer(s.below(25, 40));
    "agent_version" "string" true |_| text("2.11.4");
    "registration_date" "date" false |s| text(if s.below(26, 200) == 0 { "1970-01-01T00:00:00Z".into() } else { moment(i64::from(s.agent.silent) * 60 + days_ago(30 + s.below(26, 1500)), s.agent.key) });
    "udid" "string" false |s| text(uuid(hardware_uuid(s.agent.key)).to_uppercase());
    "mac_uuid" "string" true |s| text(uuid(hardware_uuid(s.agent.key)).to_uppercase());
    "imei" "string" false |s| if s.model.kind == Kind::Phone { text(format!("35{:013}", s.below(27, 9_999_999_999_999))) } else { Value::Null };
    "phone_number" "string" false |_| Value::Null;
    "warranty_expiration_date" "date" true |s| text(moment(-days_ago(s.below(28, 900)), 0));
    "manufactured_date" "date" true |s| text(moment(days_ago(100 + s.below(29, 2000)), 0));
    "warranty_days_left" "number" true |s| if s.below(28, 900) == 0 { Value::Integer(-1) } else { integer(s.below(28, 900)) };
    "is_compliant" "boolean" true |s| s.yes(30, 85);
}

/// The facts that come when a request names none.
pub const DEFAULT_FACTS: [&str; 6] =
    ["serial_number", "device_name", "device_model_name", "os_version", "policy_id", "last_online"];

fn hardware_uuid(key: u64) -> u128 {
    u128::from(derived(key, 40)) << 64 | u128::from(derived(key, 41))
}
