//! Records that the vendor no longer lists, taken away for good when a person says so.

use super::key::{self, Table};
use super::records::is_orphaned;
use super::{Store, error};
use crate::domain::{DecisionKind, Failure, Flow, IntegrationId, RecordId, Stream};
use rustc_hash::FxHashSet;

/// Records in one write. A kill between two leaves some orphans for the next time, nothing else.
const PER_WRITE: usize = 1_000;

/// What became of the orphans of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrphansDeleted {
    /// Gone, with what was seen of them.
    pub deleted: u64,
    /// Still there, because they are matched.
    pub kept: u64,
}

impl Store {
    /// Deletes the orphans of a stream, with what was seen of them and the switch of their sync. Those that a flow
    /// matches stay, with their match. Decisions are left alone: a record that is listed again finds its own.
    ///
    /// # Errors
    /// When the disk refuses or a value is damaged.
    pub fn delete_orphans(
        &self,
        integration: &IntegrationId,
        stream: Stream,
        flows: &[Flow],
    ) -> Result<OrphansDeleted, Failure> {
        let mut done = OrphansDeleted::default();
        let Some(number) = self.integration_number(integration) else { return Ok(done) };
        let matched = self.matched_of(integration, stream, flows)?;
        let mut gone: Vec<String> = Vec::new();
        for pair in self.tree().scan_prefix(key::stream(Table::Record, number, stream)) {
            let (key, value) = pair.map_err(|e| error::from_sled(&e, "reading the records"))?;
            if !is_orphaned(&value)? {
                continue;
            }
            let id = String::from_utf8_lossy(&key[key::ITEM_PREFIX..]).into_owned();
            if matched.contains(&RecordId::new(id.as_str())) {
                done.kept += 1;
            } else {
                gone.push(id);
            }
        }
        for ids in gone.chunks(PER_WRITE) {
            let mut tx = self.transaction();
            for id in ids {
                for table in [Table::Record, Table::RecordEvents, Table::SyncOff] {
                    tx.remove(key::item(table, number, stream, id));
                }
            }
            tx.touches_content();
            tx.commit()?;
            done.deleted += ids.len() as u64;
        }
        self.flush()?;
        Ok(done)
    }

    /// Records of a stream that a flow matches, on whichever side they stand.
    fn matched_of(
        &self,
        integration: &IntegrationId,
        stream: Stream,
        flows: &[Flow],
    ) -> Result<FxHashSet<RecordId>, Failure> {
        let mut matched = FxHashSet::default();
        for flow in flows.iter().filter(|flow| flow.source == *integration || flow.target == *integration) {
            self.each_decision(&flow.id, stream, &mut |source, decision| {
                let DecisionKind::Matched { target } = decision.kind else { return };
                matched.extend((flow.source == *integration).then_some(source));
                matched.extend((flow.target == *integration).then_some(target));
            })?;
        }
        Ok(matched)
    }
}
