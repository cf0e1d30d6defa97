//! Looks for what is to be made, with as few requests as the vendor's filters allow.

use super::{Courier, Stop};
use crate::connectors::{Find, WriteLimits};
use crate::domain::{OutboxEntry, Record, RecordId, Stream, WriteField, WriteId};
use std::collections::{BTreeSet, HashMap};

/// Values of one filter at most.
const VALUES: usize = 50;

/// Length of one filter's values at most, in bytes: addresses have limits too, and characters are written in three.
const LENGTH: usize = 600;

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
            finds.extend(parts(values(WriteField::Name)).map(Find::Names));
            finds.extend(parts(values(WriteField::ShortName)).map(Find::ShortNames));
        } else {
            let by_serial = |e: &&OutboxEntry| limits.finds_serials && e.write.value(WriteField::Serial).is_some();
            let (_, without): (Vec<&OutboxEntry>, Vec<&OutboxEntry>) = entries.iter().partition(by_serial);
            if limits.finds_serials {
                finds.extend(parts(values(WriteField::Serial)).map(Find::Serials));
            }
            let inside: BTreeSet<RecordId> =
                without.iter().filter_map(|entry| company.get(&entry.id).cloned().flatten()).collect();
            finds.extend(inside.into_iter().map(Find::Inside));
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
fn parts(values: BTreeSet<String>) -> impl Iterator<Item = Vec<String>> {
    let mut all: Vec<Vec<String>> = Vec::new();
    let mut length = 0;
    for value in values {
        length += value.len() + 3;
        match all.last_mut().filter(|part| part.len() < VALUES && length <= LENGTH) {
            Some(part) => part.push(value),
            None => {
                length = value.len() + 3;
                all.push(vec![value]);
            }
        }
    }
    all.into_iter()
}
