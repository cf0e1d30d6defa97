//! The field mapping of a connector in words: for people, not for the sync.

use super::mapping::{Mapping, Paging};
use crate::domain::{Failure, Stream, WriteField};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The effective field mapping of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamFields {
    /// The stream.
    pub stream: Stream,
    /// The vendor's word for its records (`configurations`).
    pub word_many: String,
    /// Fields that come from somewhere, in the domain's order.
    pub fields: Vec<FieldInfo>,
    /// Fields that can be written to the vendor, in the order in which they are shown.
    pub writes: Vec<WriteField>,
}

/// The fields of a connector, for whoever shows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectorFields {
    /// The person's own file that changes them, there or not; `None` where there is no place for one.
    pub own_file: Option<PathBuf>,
    /// By stream, in the order of a sync.
    pub streams: Vec<StreamFields>,
}

/// A field of the domain with what both sides of a flow have for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldPair {
    /// At the source; `None` where it has no such field.
    pub source: Option<FieldInfo>,
    /// At the target.
    pub target: Option<FieldInfo>,
}

/// One field of a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldInfo {
    /// matchbook's name of the field (`address.city`).
    pub field: String,
    /// What the vendor's own screens call it; empty where the mapping does not say.
    pub label: String,
    /// Where it comes from, with the vendor's own names (`referenceTitle, else name of products by productID`).
    pub from: String,
    /// What is worth knowing about it; empty where nothing is.
    pub note: String,
    /// The person's own mapping file names it.
    pub overridden: bool,
}

/// The field mappings of a connector, the person's own file included, in the order of a sync.
///
/// # Errors
/// Usage: there is no such connector, or the person's own file is wrong, with line and reason.
pub fn field_mappings(connector: &str, mapping_override_dir: Option<&Path>) -> Result<Vec<StreamFields>, Failure> {
    Ok(of(&Mapping::load(connector, mapping_override_dir)?))
}

/// The same of a mapping that was read.
pub(super) fn of(mapping: &Mapping) -> Vec<StreamFields> {
    let streams = Stream::ALL.into_iter().filter_map(|stream| Some((stream, mapping.streams.get(&stream)?)));
    streams
        .map(|(stream, map)| {
            let info = |(field, from): (String, &super::source::Source)| FieldInfo {
                label: said_of(&map.labels, &field),
                from: from.to_string(),
                note: said_of(&map.notes, &field),
                overridden: mapping.overridden.contains(&(stream, field.clone())),
                field,
            };
            let fields = map.fields.named_sources().into_iter().map(info).collect();
            let written = |field: &WriteField| map.write.as_ref().is_some_and(|map| map.fields.contains_key(field));
            let writes = WriteField::ALL.into_iter().filter(written).collect();
            StreamFields { stream, word_many: map.word_many.clone(), fields, writes }
        })
        .collect()
}

/// What belongs together of two sides' fields of one stream: first what both have, then what one of them has. Ids and
/// moments of the vendor's own are left out: they have no counterpart.
#[must_use]
pub fn field_pairs(source: &StreamFields, target: &StreamFields) -> Vec<FieldPair> {
    let shown = |side: &StreamFields, info: &FieldInfo| {
        let named = info.field.strip_suffix(".id").map(|part| format!("{part}.name"));
        let twice = named.is_some_and(|name| side.fields.iter().any(|f| f.field == name));
        !twice && !OWN.contains(&info.field.as_str())
    };
    let of = |side: &StreamFields, field: &str| side.fields.iter().find(|f| f.field == field).cloned();
    let mut pairs: Vec<FieldPair> = Vec::new();
    for info in source.fields.iter().filter(|info| shown(source, info)) {
        pairs.push(FieldPair { source: Some(info.clone()), target: of(target, &info.field) });
    }
    for info in target.fields.iter().filter(|info| shown(target, info)) {
        if of(source, &info.field).is_none() {
            pairs.push(FieldPair { source: None, target: Some(info.clone()) });
        }
    }
    pairs.sort_by_key(|pair| pair.source.is_none() || pair.target.is_none());
    pairs
}

/// Fields that each vendor has for itself.
const OWN: [&str; 4] = ["id", "created", "updated", "url"];

/// The fewest requests in which a vendor can list so many rows of each stream, at the page sizes of its mapping. A
/// listing that exists only for each record of another stream takes one request for each of those.
///
/// # Errors
/// As [`field_mappings`].
pub fn least_requests(
    connector: &str,
    mapping_override_dir: Option<&Path>,
    rows: &BTreeMap<Stream, u64>,
) -> Result<u64, Failure> {
    let mapping = Mapping::load(connector, mapping_override_dir)?;
    let requests = |(stream, listed): (&Stream, &u64)| {
        let route = &mapping.streams.get(stream)?.route;
        Some(match route.paging {
            Paging::Whole => 1,
            Paging::Each(parent) => rows.get(&parent).copied().unwrap_or(0),
            Paging::Pages | Paging::Forward => listed.div_ceil(u64::from(route.page_size)).max(1),
        })
    };
    Ok(rows.iter().filter_map(requests).sum())
}

/// What is said of a field; of a part, at the part's name.
fn said_of(said: &BTreeMap<String, String>, field: &str) -> String {
    let part = || field.strip_suffix(".name").and_then(|part| said.get(part));
    said.get(field).or_else(part).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_told_with_its_note_and_who_set_it() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("autotask.toml"), "[streams.devices.fields]\nserial = \"serialNumber\"\n")
            .unwrap();
        let all = field_mappings("autotask", Some(dir.path())).unwrap();
        let devices = all.iter().find(|s| s.stream == Stream::Devices).unwrap();
        let field = |name: &str| devices.fields.iter().find(|f| f.field == name).unwrap();
        assert!(field("name").from.starts_with("referenceTitle, else name of products by productID"));
        assert_eq!(field("name").note, "Reference Name if present, else Product Name");
        assert!(field("serial").overridden && !field("name").overridden);
        assert_eq!(field("manufacturer").from, "manufacturer of products by productID");
    }
    #[test]
    fn both_sides_of_a_flow_stand_side_by_side_as_their_people_call_them() {
        let of = |connector: &str, stream: Stream| {
            field_mappings(connector, None).unwrap().into_iter().find(|s| s.stream == stream).unwrap()
        };
        let told = |stream: Stream| -> Vec<(String, String, String)> {
            let label = |info: Option<FieldInfo>| info.map_or_else(String::new, |info| info.label);
            field_pairs(&of("autotask", stream), &of("itglue", stream))
                .into_iter()
                .map(|pair| {
                    let field = pair.source.as_ref().or(pair.target.as_ref()).unwrap().field.clone();
                    (field, label(pair.source), label(pair.target))
                })
                .collect()
        };
        let has = |stream: Stream, wanted: &[(&str, &str, &str)]| {
            let all = told(stream);
            for (field, left, right) in wanted {
                let found = all.iter().find(|(name, ..)| name == field).unwrap_or_else(|| panic!("{field}: {all:?}"));
                assert_eq!((found.1.as_str(), found.2.as_str()), (*left, *right), "{field}");
            }
        };
        // The tables that both vendors' users know.
        has(
            Stream::Companies,
            &[
                ("name", "Organization Name", "Name"),
                ("status.name", "Active", "Status"),
                ("type.name", "Organization Type", "Type"),
                ("parent", "Parent Organization Name", "Parent Organization"),
                ("short_name", "Organization Number", "Short Name"),
            ],
        );
        has(
            Stream::Devices,
            &[
                ("name", "Reference Name, else Product Name", "Name"),
                ("asset_tag", "Reference Number", "Asset Tag"),
                ("contact", "Contact", "Contact"),
                ("status.name", "Active", "Configuration Status"),
                ("device_type.name", "Device Type", "Configuration Type"),
                ("details.installed", "Install Date", "Installed At"),
                ("details.installed_by", "Installed By", "Installed By"),
                ("manufacturer", "Manufacturer of the product", "Manufacturer"),
                ("model", "Manufacturer Product Name", "Model"),
                ("details.notes", "Notes", "Notes"),
                ("serial", "Serial Number", "Serial Number"),
                ("details.warranty_expires", "Warranty Expiration Date", "Expiration Date"),
                ("location", "Location", "Location"),
            ],
        );
        has(
            Stream::Contacts,
            &[
                ("first_name", "First Name", "First Name"),
                ("emails", "Email Address", "Work Email"),
                ("phones", "Phone/Ext, Mobile Phone", "Work Phone, Mobile Phone"),
            ],
        );
        has(
            Stream::Locations,
            &[("address.street2", "Address 2", "Address 2"), ("address.zip", "Zip Code", "Zip Code")],
        );
        let devices = told(Stream::Devices);
        assert!(devices.iter().all(|(field, ..)| !field.contains(".id") && field != "id" && field != "updated"));
        let one_sided = |(_, left, right): &(String, String, String)| left.is_empty() || right.is_empty();
        assert!(devices.is_sorted_by_key(one_sided), "what both have comes first: {devices:?}");
    }

    #[test]
    fn a_field_without_a_source_has_no_label() {
        let dir = tempfile::tempdir().unwrap();
        let own = "[streams.devices.labels]\nserail = \"Serial\"\n";
        std::fs::write(dir.path().join("itglue.toml"), own).unwrap();
        let refused = field_mappings("itglue", Some(dir.path())).unwrap_err();
        assert!(refused.what.contains("line 2: streams.devices.labels.serail"), "{refused:?}");
    }

    #[test]
    fn the_fewest_requests_follow_the_page_sizes() {
        let rows = [(Stream::Companies, 1_000), (Stream::Devices, 20_001), (Stream::Locations, 1_500)].into();
        assert_eq!(least_requests("autotask", None, &rows).unwrap(), 2 + 41 + 3);
        assert_eq!(least_requests("connectwise", None, &rows).unwrap(), 1 + 21 + 1_000, "sites: one for each company");
    }
}
