//! The field mapping of a connector in words: for people, not for the sync.

use super::mapping::{Mapping, Paging};
use crate::domain::{Failure, Stream};
use std::collections::BTreeMap;
use std::path::Path;

/// The effective field mapping of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamFields {
    /// The stream.
    pub stream: Stream,
    /// The vendor's word for its records (`configurations`).
    pub word_many: String,
    /// Fields that come from somewhere, in the domain's order.
    pub fields: Vec<FieldInfo>,
}

/// One field of a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldInfo {
    /// matchbook's name of the field (`address.city`).
    pub field: String,
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
    let mapping = Mapping::load(connector, mapping_override_dir)?;
    let streams = Stream::ALL.into_iter().filter_map(|stream| Some((stream, mapping.streams.get(&stream)?)));
    Ok(streams
        .map(|(stream, map)| {
            let info = |(field, from): (String, &super::source::Source)| FieldInfo {
                from: from.to_string(),
                note: note(&map.notes, &field),
                overridden: mapping.overridden.contains(&(stream, field.clone())),
                field,
            };
            let fields = map.fields.named_sources().into_iter().map(info).collect();
            StreamFields { stream, word_many: map.word_many.clone(), fields }
        })
        .collect())
}

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

/// The note of a field; one of a part stands at the part's name.
fn note(notes: &BTreeMap<String, String>, field: &str) -> String {
    let part = || field.strip_suffix(".name").and_then(|part| notes.get(part));
    notes.get(field).or_else(part).cloned().unwrap_or_default()
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
    fn the_fewest_requests_follow_the_page_sizes() {
        let rows = [(Stream::Companies, 1_000), (Stream::Devices, 20_001), (Stream::Locations, 1_500)].into();
        assert_eq!(least_requests("autotask", None, &rows).unwrap(), 2 + 41 + 3);
        assert_eq!(least_requests("connectwise", None, &rows).unwrap(), 1 + 21 + 1_000, "sites: one for each company");
    }
}
