//! Looks for what is to be made, with as few requests as the vendor's filters allow.

use super::{Courier, Stop};
use crate::connectors::{Find, WriteLimits};
use crate::domain::{OutboxEntry, Record, RecordId, Stream, WriteField, WriteId};
use std::collections::{BTreeSet, HashMap};

/// Values of one filter at most.
const VALUES: usize = 200;

/// Companies of one search at most: everything in them is listed.
const COMPANIES: usize = 20;

/// Bytes of an address that a value takes beside its own: quotes and a comma, written in three each.
const AROUND: usize = 9;

impl Courier {
    /// Everything that has the natural key of one of the writes, and what the vendor's filter let through besides.
    pub(super) async fn look(
        &self,
        stream: Stream,
        entries: &[OutboxEntry],
        company: &HashMap<WriteId, Option<RecordId>>,
        limits: &WriteLimits,
    ) -> Result<Vec<Record>, Stop> {
        let values = |field: WriteField| -> BTreeSet<String> {
            entries.iter().filter_map(|e| e.write.value(field).map(str::to_owned)).collect()
        };
        let mut finds = Vec::new();
        if stream == Stream::Companies {
            finds.extend(parts(values(WriteField::Name), limits).map(Find::Names));
            finds.extend(parts(values(WriteField::ShortName), limits).map(Find::ShortNames));
        } else {
            let by_serial = |e: &&OutboxEntry| limits.finds_serials && e.write.value(WriteField::Serial).is_some();
            let (_, without): (Vec<&OutboxEntry>, Vec<&OutboxEntry>) = entries.iter().partition(by_serial);
            if limits.finds_serials {
                finds.extend(parts(values(WriteField::Serial), limits).map(Find::Serials));
            }
            let mut inside: Vec<RecordId> =
                without.iter().filter_map(|entry| company.get(&entry.id).cloned().flatten()).collect();
            inside.sort_unstable();
            inside.dedup();
            finds.extend(inside.chunks(COMPANIES).map(|part| Find::Inside(part.to_vec())));
        }
        let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
        for find in finds {
            for record in self.connector.find(stream, find).await? {
                if seen.insert(record.id()) {
                    found.push(record);
                }
            }
        }
        Ok(found)
    }
}

/// Values in portions that fit an address.
pub(super) fn parts(
    values: impl IntoIterator<Item = String>,
    limits: &WriteLimits,
) -> impl Iterator<Item = Vec<String>> {
    let mut all: Vec<Vec<String>> = Vec::new();
    let mut length = 0;
    for value in values {
        let own = written(&value) + AROUND;
        length += own;
        match all.last_mut().filter(|part| part.len() < VALUES && length <= limits.search_length) {
            Some(part) => part.push(value),
            None => {
                length = own;
                all.push(vec![value]);
            }
        }
    }
    all.into_iter()
}

/// Length of a value in an address, in bytes.
fn written(value: &str) -> usize {
    value.bytes().map(|byte| if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) { 1 } else { 3 }).sum()
}
