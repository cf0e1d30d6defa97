//! Network interfaces out of fields that hold one address, several, or a list in brackets.

use super::{Sources, below};
use crate::connectors::json::{Json, same_key};
use crate::connectors::source::{Row, Source};
use crate::domain::{Interface, Mac};
use serde::Deserialize;

/// Where interfaces come from: fields of the row, or related rows of a type.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct InterfaceFields {
    /// Only related rows of this type; the sources below then read those.
    related: Option<String>,
    /// The interface's name.
    name: Source,
    /// Addresses; a field may hold several.
    mac: Source,
    /// IP address.
    ip: Source,
}

impl InterfaceFields {
    /// Adds the interfaces of a row to those found.
    pub(super) fn read(&self, row: Row<'_, '_>, found: &mut Vec<Interface>) {
        let Some(kind) = &self.related else { return self.read_one(row, found) };
        for node in row.related {
            if node.get("type").and_then(Json::text).is_some_and(|t| same_key(&t, kind)) {
                self.read_one(row.at(node), found);
            }
        }
    }

    fn read_one(&self, row: Row<'_, '_>, found: &mut Vec<Interface>) {
        let name = self.name.text(row).unwrap_or_default();
        let ip = self.ip.text(row);
        let macs: Vec<String> = self.mac.texts(row).into_iter().flat_map(addresses).collect();
        if macs.is_empty() && ip.is_some() {
            add(found, Interface { name, mac: None, ip });
            return;
        }
        for (index, mac) in macs.into_iter().enumerate() {
            let ip = ip.clone().filter(|_| index == 0);
            add(found, Interface { name: name.clone(), mac: Some(mac), ip });
        }
    }
}

/// The addresses of a field: split where it holds several, without the brackets of a list; as written otherwise.
fn addresses(text: String) -> Vec<String> {
    let inner = text.trim().trim_start_matches('[').trim_end_matches(']');
    let several = Mac::parse_all(inner);
    match several.as_slice() {
        [] | [_] if inner.trim().is_empty() => Vec::new(),
        [] | [_] if inner.len() == text.len() => vec![text],
        [] => vec![inner.trim().to_owned()],
        many => many.iter().map(Mac::to_string).collect(),
    }
}

/// Adds an interface, or completes the one with the same address.
fn add(found: &mut Vec<Interface>, new: Interface) {
    let comparable = |mac: &Option<String>| mac.as_deref().and_then(Mac::parse);
    let same = |old: &&mut Interface| match (&old.mac, &new.mac) {
        (Some(_), Some(_)) => comparable(&old.mac).is_some_and(|m| Some(m) == comparable(&new.mac)),
        _ => old.ip.is_some() && old.ip == new.ip,
    };
    if let Some(old) = found.iter_mut().find(same) {
        if old.name.is_empty() {
            old.name = new.name;
        }
        old.mac = old.mac.take().or(new.mac);
        old.ip = old.ip.take().or(new.ip);
    } else {
        found.push(new);
    }
}

impl Sources for Vec<InterfaceFields> {
    fn sources<'s>(&'s self, at: &str, found: &mut Vec<(String, &'s Source)>) {
        // Of related rows the paths are those rows' own: no query and no file's column has to be asked for them.
        for (index, fields) in self.iter().enumerate().filter(|(_, fields)| fields.related.is_none()) {
            let at = format!("{at}[{}]", index + 1);
            found.push((below(&at, "name"), &fields.name));
            found.push((below(&at, "mac"), &fields.mac));
            found.push((below(&at, "ip"), &fields.ip));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_addresses_in_one_field_are_split() {
        let split = |text: &str| addresses(text.to_owned());
        assert_eq!(split("[AA:BB:CC:DD:EE:01, AABBCCDDEE02]"), ["aa:bb:cc:dd:ee:01", "aa:bb:cc:dd:ee:02"]);
        assert_eq!(split("AA-BB-CC-DD-EE-01 AA-BB-CC-DD-EE-02"), ["aa:bb:cc:dd:ee:01", "aa:bb:cc:dd:ee:02"]);
        assert_eq!(split("[AA:BB:CC:DD:EE:01]"), ["aa:bb:cc:dd:ee:01"]);
        assert_eq!(split("AABBCCDDEEFF"), ["AABBCCDDEEFF"], "as written");
        assert!(split("[]").is_empty());
    }
}
