//! From columns to facts.

use super::LinkArgs;
use super::table::Table;
use crate::domain::{Failure, Mac, RecordId, Timestamp};
use crate::matching::{CompanyFacts, DeviceFacts, Known, Problem, Run, Settings, is_retired};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use std::path::Path;
use std::sync::Arc;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// Columns that only devices have.
const DEVICE_COLUMNS: [&str; 8] =
    ["serial", "macs", "mac", "hardware_uuid", "host_name", "user", "model_identifier", "manufacturer"];

/// Both lists as facts.
#[derive(Default)]
pub struct Lists {
    /// Rows are devices, not companies or sites.
    pub are_devices: bool,
    /// Companies (or sites) of the left.
    pub left_companies: Vec<CompanyFacts>,
    /// Companies (or sites) of the right.
    pub right_companies: Vec<CompanyFacts>,
    /// Devices of the left.
    pub left_devices: Vec<DeviceFacts>,
    /// Devices of the right.
    pub right_devices: Vec<DeviceFacts>,
    /// Companies above sites, where rows are sites and company lists were given.
    left_owners: Vec<CompanyFacts>,
    right_owners: Vec<CompanyFacts>,
    /// Rows that could not be read.
    pub bad: Vec<String>,
}

impl Lists {
    /// Reads every file of the call.
    ///
    /// # Errors
    /// When a file cannot be read or lacks a needed column.
    pub fn read(args: &LinkArgs) -> Result<Self, Failure> {
        let needed = ["id", "name"];
        let (left, right) = rayon::join(|| Table::read(&args.left, &needed), || Table::read(&args.right, &needed));
        let tables = [left?, right?];
        let mut lists = Self::default();
        let companies =
            |path: &Option<std::path::PathBuf>, bad: &mut Vec<String>| -> Result<Vec<CompanyFacts>, Failure> {
                let Some(path) = path else { return Ok(Vec::new()) };
                let table = Table::read(path, &["id", "name"])?;
                let facts = rows(&table, bad, |t, r| company(t, r, &FxHashMap::default()));
                bad.extend(table.bad);
                Ok(facts)
            };
        let left_companies = companies(&args.left_companies, &mut lists.bad)?;
        let right_companies = companies(&args.right_companies, &mut lists.bad)?;
        lists.are_devices = tables.iter().any(|t| DEVICE_COLUMNS.iter().any(|c| t.has(c)));
        let [left, right] = tables;
        if lists.are_devices {
            lists.left_devices = rows(&left, &mut lists.bad, device);
            lists.right_devices = rows(&right, &mut lists.bad, device);
            lists.left_companies = with_named(left_companies, &left);
            lists.right_companies = with_named(right_companies, &right);
        } else {
            let names = |list: &[CompanyFacts]| -> FxHashMap<String, String> {
                list.iter().map(|c| (c.id.to_string(), c.name.clone())).collect()
            };
            let (left_names, right_names) = (names(&left_companies), names(&right_companies));
            lists.left_companies = rows(&left, &mut lists.bad, |t, r| company(t, r, &left_names));
            lists.right_companies = rows(&right, &mut lists.bad, |t, r| company(t, r, &right_names));
            (lists.left_owners, lists.right_owners) = (left_companies, right_companies);
        }
        lists.bad.extend(left.bad);
        lists.bad.extend(right.bad);
        Ok(lists)
    }

    /// Matches the companies above sites and writes them.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_owners(&self, path: &Path, settings: &Settings) -> Result<(), Failure> {
        let known = Known::default();
        let problem = Problem {
            left_companies: &self.left_owners,
            right_companies: &self.right_owners,
            left_devices: &[],
            right_devices: &[],
            known: &known,
            settings,
        };
        let run = Run::new(&problem);
        let run = run.answers();
        let ids = |i: usize| self.left_owners[i].id.as_str();
        let mut summary = super::LinkSummary::default();
        super::write(path, settings.keep, self.left_owners.len(), ids, |i| run.company(i), &mut summary)
    }
}

/// One fact for each row; a repeated id is a bad row.
fn rows<T: Send>(
    table: &Table,
    bad: &mut Vec<String>,
    read: impl Fn(&Table, &csv::StringRecord) -> T + Sync,
) -> Vec<T> {
    let mut seen: FxHashSet<&str> = FxHashSet::with_capacity_and_hasher(table.rows.len(), rustc_hash::FxBuildHasher);
    let mut out = Vec::with_capacity(table.rows.len());
    for (line, row) in &table.rows {
        if seen.insert(table.get(row, "id").unwrap_or("")) {
            out.push(row);
        } else {
            bad.push(format!("{} line {line}: its id stands on an earlier line", table.file));
        }
    }
    out.into_par_iter().map(|row| read(table, row)).collect()
}

/// The company lists, and a company for every company name or id of the devices that no list has.
fn with_named(mut companies: Vec<CompanyFacts>, table: &Table) -> Vec<CompanyFacts> {
    let mut seen: FxHashSet<String> = companies.iter().map(|c| c.id.to_string()).collect();
    for (_, row) in &table.rows {
        let Some(id) = company_id(table, row) else { continue };
        if seen.insert(id.to_owned()) {
            companies.push(CompanyFacts::new(id, table.get(row, "company").unwrap_or(id)));
        }
    }
    companies
}

fn company_id<'a>(table: &Table, row: &'a csv::StringRecord) -> Option<&'a str> {
    table.first(row, &["company_id", "company"])
}

fn company(table: &Table, row: &csv::StringRecord, owners: &FxHashMap<String, String>) -> CompanyFacts {
    let text = |columns: &[&str]| table.first(row, columns).map(str::to_owned);
    let mut facts = CompanyFacts::new(table.get(row, "id").unwrap_or(""), table.get(row, "name").unwrap_or(""));
    facts.short_name = text(&["short_name", "identifier", "code"]);
    facts.domain = text(&["domain", "website", "web_site", "url", "email"]);
    facts.phone = text(&["phone", "telephone", "phone_number"]);
    facts.street = text(&["address", "street", "address1", "address_1", "street_address"]);
    facts.city = text(&["city", "town"]);
    facts.state = text(&["state", "region", "province"]);
    facts.zip = text(&["zip", "postal_code", "postcode", "zip_code"]);
    let listed = table.get(row, "company_id").and_then(|id| owners.get(id)).cloned();
    facts.owner = listed.or_else(|| text(&["company", "owner", "parent"]));
    facts.created = time_of(table, row, &["created", "created_at"]);
    facts
}

fn device(table: &Table, row: &csv::StringRecord) -> DeviceFacts {
    let text = |columns: &[&str]| table.first(row, columns).map(Box::from);
    let shared = |columns: &[&str]| table.first(row, columns).map(Arc::from);
    let mut facts = DeviceFacts::new(table.get(row, "id").unwrap_or(""), table.get(row, "name").unwrap_or(""));
    facts.company = company_id(table, row).map(RecordId::from);
    facts.host_name = text(&["host_name", "hostname"]);
    facts.serial = text(&["serial", "serial_number"]);
    facts.hardware_uuid = text(&["hardware_uuid", "uuid", "udid"]);
    let macs = ["macs", "mac", "mac_address", "mac_addresses", "primary_mac"];
    facts.macs = macs.iter().filter_map(|c| table.get(row, c)).flat_map(Mac::parse_all).collect();
    facts.manufacturer = shared(&["manufacturer", "maker"]);
    facts.model = shared(&["model"]);
    facts.model_identifier = shared(&["model_identifier"]);
    facts.user = shared(&["user", "last_user", "username"]);
    facts.last_seen = time_of(table, row, &["last_seen"]);
    facts.updated = time_of(table, row, &["updated", "updated_at"]);
    facts.created = time_of(table, row, &["created", "created_at"]);
    let archived =
        table.get(row, "archived").is_some_and(|a| matches!(a.to_lowercase().as_str(), "true" | "1" | "yes"));
    facts.archived = archived || table.get(row, "status").is_some_and(is_retired);
    facts
}

fn time_of(table: &Table, row: &csv::StringRecord, columns: &[&str]) -> Option<Timestamp> {
    let text = table.first(row, columns)?;
    if let Ok(moment) = Timestamp::parse(text, &Rfc3339) {
        return Some(moment);
    }
    let day = text.get(..10)?;
    let date = time::Date::parse(day, format_description!("[year]-[month]-[day]")).ok()?;
    Some(date.midnight().assume_utc())
}
