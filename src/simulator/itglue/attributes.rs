//! What a client wrote into a row, checked as the vendor checks it. Read-only and unknown attributes are ignored.

use super::{
    answers::Refusal,
    records::{Choice, Configuration, Interface, Organization, Records, Table, Text, find},
};
use crate::domain::Mac;
use serde_json::{Map, Value};
use std::net::IpAddr;

/// Attributes that few configurations have.
pub const RARE_FIELDS: [&str; 8] = [
    "default_gateway",
    "position",
    "installed_by",
    "purchased_by",
    "operating_system_notes",
    "warranty_expires_at",
    "installed_at",
    "purchased_at",
];

/// The longest MAC address that is taken, in characters.
const MAC_LENGTH: usize = 17;

/// What may be written on an organization that a PSA owns.
const SYNCED_ORGANIZATION: [&str; 3] = ["alert", "description", "quick_notes"];
/// What may be written on a configuration that a PSA owns.
const SYNCED_CONFIGURATION: [&str; 9] = [
    "archived",
    "asset_tag",
    "notes",
    "purchased_at",
    "restricted",
    "serial_number",
    "warranty_expires_at",
    "mitp_device_expiration_date",
    "mitp_end_of_life_date",
];
const ORGANIZATION: [&str; 7] =
    ["name", "alert", "description", "organization_type_id", "organization_status_id", "quick_notes", "short_name"];

/// A resource object's attributes in snake case, with the id that a bulk request puts among them.
pub struct Attributes {
    values: Map<String, Value>,
}

impl Attributes {
    /// Reads `attributes` of a resource object.
    pub fn read(object: &Value) -> Result<Self, Refusal> {
        let Some(given) = object.get("attributes").and_then(Value::as_object) else {
            return Err(Refusal::bad_request("attributes is missing"));
        };
        let values = given.iter().map(|(key, value)| (key.replace('-', "_"), value.clone())).collect();
        Ok(Self { values })
    }

    /// The id of a bulk request's row.
    pub fn id(&self) -> Result<u32, Refusal> {
        self.number("id")?.ok_or_else(|| Refusal::bad_request("attributes.id is missing"))
    }

    /// Whether it was sent.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// A text; numbers count as text, null clears.
    fn text(&self, name: &str) -> Result<Text, Refusal> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str().into())),
            Some(Value::Number(number)) => Ok(Some(number.to_string().into())),
            Some(_) => Err(Refusal::of_attribute(name, "is invalid")),
        }
    }

    /// A number, also written as text.
    pub fn number(&self, name: &str) -> Result<Option<u32>, Refusal> {
        let invalid = || Refusal::of_attribute(name, "is invalid");
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => text.parse().map(Some).map_err(|_| invalid()),
            Some(value) => value.as_u64().and_then(|n| u32::try_from(n).ok()).map(Some).ok_or_else(invalid),
        }
    }

    /// Yes or no.
    pub fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(value)) => Ok(*value),
            Some(Value::String(text)) if text == "true" || text == "false" => Ok(text == "true"),
            Some(_) => Err(Refusal::of_attribute(name, "is invalid")),
        }
    }

    /// A text, where it was sent.
    pub fn set_text(&self, name: &str, field: &mut Text) -> Result<(), Refusal> {
        if self.has(name) {
            *field = self.text(name)?.filter(|text| !text.is_empty());
        }
        Ok(())
    }

    /// The name, which must not be empty.
    pub fn set_name(&self, field: &mut Box<str>) -> Result<(), Refusal> {
        if self.has("name") {
            *field = self.text("name")?.unwrap_or_default();
        }
        if field.trim().is_empty() {
            return Err(Refusal::of_attribute("name", serde_json::json!(["can't be blank"])));
        }
        Ok(())
    }

    /// The id of a choice, where it was sent.
    pub fn set_choice(&self, name: &str, table: Table, field: &mut u32, records: &Records) -> Result<(), Refusal> {
        if !self.has(name) {
            return Ok(());
        }
        *field = self.number(name)?.unwrap_or(0);
        if *field != 0 && records.choice(table, *field).is_none() {
            return Err(Refusal::of_attribute(name, "must exist"));
        }
        Ok(())
    }

    /// A list, where it was sent.
    pub fn list(&self, name: &str) -> Result<Option<&[Value]>, Refusal> {
        match self.values.get(name) {
            None => Ok(None),
            Some(Value::Null) => Ok(Some(&[])),
            Some(Value::Array(rows)) => Ok(Some(rows)),
            Some(_) => Err(Refusal::of_attribute(name, "is invalid")),
        }
    }

    /// Whose a row is.
    pub fn set_organization(&self, field: &mut u32, records: &Records) -> Result<(), Refusal> {
        if let Some(organization) = self.number("organization_id")? {
            *field = organization;
        }
        match records.organization(*field) {
            Some(_) => Ok(()),
            None => Err(Refusal::new(422, "Valid organization_id is required", Value::Null)),
        }
    }

    /// Refuses writable attributes that are not allowed on a row that a PSA owns.
    pub fn only(&self, allowed: &[&str], writable: impl Fn(&str) -> bool) -> Result<(), Refusal> {
        match self.values.keys().find(|key| writable(key) && !allowed.contains(&key.as_str())) {
            Some(key) => {
                Err(Refusal::of_attribute(key, "cannot be changed: the record is synced with an external system"))
            }
            None => Ok(()),
        }
    }

    /// Writes onto an organization.
    pub fn onto_organization(&self, row: &mut Organization, records: &Records) -> Result<(), Refusal> {
        if row.synced {
            self.only(&SYNCED_ORGANIZATION, |key| ORGANIZATION.contains(&key))?;
        }
        self.set_name(&mut row.name)?;
        self.set_text("alert", &mut row.alert)?;
        self.set_text("description", &mut row.description)?;
        self.set_text("quick_notes", &mut row.quick_notes)?;
        self.set_text("short_name", &mut row.short_name)?;
        self.set_choice("organization_type_id", Table::OrganizationTypes, &mut row.organization_type, records)?;
        self.set_choice("organization_status_id", Table::OrganizationStatuses, &mut row.organization_status, records)
    }

    /// Writes onto a configuration.
    pub fn onto_configuration(&self, row: &mut Configuration, records: &Records) -> Result<(), Refusal> {
        if row.synced {
            self.only(&SYNCED_CONFIGURATION, is_configuration_attribute)?;
        }
        self.set_name(&mut row.name)?;
        self.set_organization(&mut row.organization, records)?;
        self.set_choice("configuration_type_id", Table::ConfigurationTypes, &mut row.configuration_type, records)?;
        if row.configuration_type == 0 {
            return Err(Refusal::of_attribute("configuration_type", "must exist"));
        }
        self.set_text("hostname", &mut row.hostname)?;
        self.set_text("serial_number", &mut row.serial_number)?;
        self.set_text("asset_tag", &mut row.asset_tag)?;
        self.set_text("notes", &mut row.notes)?;
        self.configuration_choices(row, records)?;
        for (name, field) in [("archived", &mut row.archived), ("restricted", &mut row.restricted)] {
            if self.has(name) {
                *field = self.flag(name)?;
            }
        }
        for name in RARE_FIELDS.into_iter().filter(|name| self.has(name)) {
            row.rare.retain(|(key, _)| *key != name);
            row.rare.extend(self.text(name)?.map(|value| (name, value)));
        }
        self.addresses(row)
    }

    fn configuration_choices(&self, row: &mut Configuration, records: &Records) -> Result<(), Refusal> {
        let statuses = Table::ConfigurationStatuses;
        self.set_choice("configuration_status_id", statuses, &mut row.configuration_status, records)?;
        self.set_choice("manufacturer_id", Table::Manufacturers, &mut row.manufacturer, records)?;
        self.set_choice("model_id", Table::Models, &mut row.model, records)?;
        self.set_choice("operating_system_id", Table::OperatingSystems, &mut row.operating_system, records)?;
        if let Some(id) = self.number("location_id")? {
            row.location = find(&records.locations, id, |l| l.id)
                .map(|l| l.id)
                .ok_or_else(|| Refusal::of_attribute("location_id", "must exist"))?;
        }
        if let Some(id) = self.number("contact_id")? {
            row.contact = find(&records.contacts, id, |c| c.id)
                .map(|c| c.id)
                .ok_or_else(|| Refusal::of_attribute("contact_id", "must exist"))?;
        }
        Ok(())
    }

    /// A changed MAC or IP address is the primary interface's too.
    fn addresses(&self, row: &mut Configuration) -> Result<(), Refusal> {
        let mac = self.text("mac_address")?.filter(|text| !text.is_empty());
        if self.has("mac_address") && mac != row.mac_address {
            if mac.as_ref().is_some_and(|mac| mac.chars().count() > MAC_LENGTH) {
                return Err(Refusal::of_attribute("mac_address", "is too long (maximum is 17 characters)"));
            }
            let parsed = mac.as_deref().and_then(Mac::parse).map_or(0, Mac::as_u64);
            row.mac_address = mac;
            primary(row, |interface| interface.mac = parsed);
        }
        if self.has("primary_ip") {
            let ip = self.ip("primary_ip")?;
            if ip.is_some() || row.interfaces.iter().any(|i| i.primary) {
                primary(row, |interface| interface.ip = ip);
            }
        }
        Ok(())
    }

    fn ip(&self, name: &str) -> Result<Option<IpAddr>, Refusal> {
        match self.text(name)?.filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| Refusal::of_attribute(name, "is invalid")),
        }
    }

    /// Writes onto an interface.
    pub fn onto_interface(&self, row: &mut Interface) -> Result<(), Refusal> {
        self.set_text("name", &mut row.name)?;
        self.set_text("notes", &mut row.notes)?;
        if self.has("ip_address") {
            row.ip = self.ip("ip_address")?;
        }
        if self.has("mac_address") {
            row.mac = match self.text("mac_address")?.filter(|text| !text.is_empty()) {
                None => 0,
                Some(text) => {
                    Mac::parse(&text).ok_or_else(|| Refusal::of_attribute("mac_address", "is invalid"))?.as_u64()
                }
            };
        }
        if self.has("primary") {
            row.primary = self.flag("primary")?;
        }
        Ok(())
    }

    /// Writes onto a choice.
    pub fn onto_choice(&self, table: Table, row: &mut Choice, records: &Records) -> Result<(), Refusal> {
        self.set_name(&mut row.name)?;
        if table == Table::Models {
            self.set_choice("manufacturer_id", Table::Manufacturers, &mut row.parent, records)?;
            if row.parent == 0 {
                return Err(Refusal::of_attribute("manufacturer", "must exist"));
            }
        }
        Ok(())
    }
}

fn is_configuration_attribute(key: &str) -> bool {
    const PLAIN: [&str; 14] = [
        "name",
        "organization_id",
        "hostname",
        "serial_number",
        "asset_tag",
        "notes",
        "mac_address",
        "primary_ip",
        "configuration_type_id",
        "configuration_status_id",
        "manufacturer_id",
        "model_id",
        "operating_system_id",
        "location_id",
    ];
    PLAIN.contains(&key) || RARE_FIELDS.contains(&key) || matches!(key, "contact_id" | "archived" | "restricted")
}

/// Changes the primary interface, which is made when there is none. A new one gets its id when it is kept.
fn primary(row: &mut Configuration, change: impl FnOnce(&mut Interface)) {
    if let Some(interface) = row.interfaces.iter_mut().find(|i| i.primary) {
        change(interface);
        return;
    }
    let mut interface = Interface { primary: true, ..Interface::default() };
    change(&mut interface);
    let mut all = std::mem::take(&mut row.interfaces).into_vec();
    all.push(interface);
    row.interfaces = all.into_boxed_slice();
}
