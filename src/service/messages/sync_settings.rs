//! Views of the sync settings: the choices with their counts, and what a change would move.

use crate::domain::{IntegrationId, RecordId, ScopeRule, Stream, SyncScope};
use serde::{Deserialize, Serialize};

/// What is synced of an integration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SyncSettings {
    /// Which.
    pub integration: IntegrationId,
    /// The vendor's name.
    pub vendor: String,
    /// The settings in effect.
    pub scope: SyncScope,
    /// Lists to choose from, of those that the vendor has.
    pub lists: Vec<ChoiceList>,
    /// Streams that the integration delivers, of those that settings judge.
    pub streams: Vec<ScopedStream>,
    /// Names in the settings that nothing has.
    pub warnings: Vec<String>,
}

/// One list to choose from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChoiceList {
    /// Which setting.
    pub rule: ScopeRule,
    /// What the vendor's users call it (`Configuration types`).
    pub title: String,
    /// The choices, those with most records first.
    pub choices: Vec<ChoiceView>,
    /// Records that have none of them.
    pub none: ChoiceView,
}

/// One choice of the vendor, with the records that have it: listed ones, left out or not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChoiceView {
    /// Its name; empty for records that have none.
    pub name: String,
    /// Records.
    pub records: u64,
    /// Of these: matched in a flow, as source or target.
    pub matched: u64,
    /// Of these: neither matched nor ignored.
    pub open: u64,
    /// A record or the vendor's own list has it; false for a name that stands in the settings only.
    pub known: bool,
    /// Records that have it as the vendor counts them, stored or not; `None` where it was not asked or does not say.
    #[serde(default)]
    pub at_vendor: Option<u64>,
}

/// A stream under the settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopedStream {
    /// Which.
    pub stream: Stream,
    /// The vendor's word for its records.
    pub word: String,
    /// Listed records, left out or not.
    pub records: u64,
    /// Of these: left out.
    pub left_out: u64,
    /// Of all: matched in a flow.
    pub matched: u64,
}

/// What other sync settings would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopePreview {
    /// What would be left out, by stream.
    pub leaves: Vec<StreamMove>,
    /// What would come back from what is stored, by stream.
    pub enters: Vec<StreamMove>,
    /// Some of the records that move, those that leave first, the matched ones before the others.
    pub first: Vec<MovedRecord>,
    /// The vendor's words for the streams of which only a sync can bring more.
    pub asks: Vec<String>,
}

/// Records of a stream that would move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamMove {
    /// Which stream.
    pub stream: Stream,
    /// The vendor's word for that many of its records.
    pub word: String,
    /// How many.
    pub records: u64,
    /// Of these: matched in a flow. They keep their match.
    pub matched: u64,
}

/// One record that would move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedRecord {
    /// Its stream.
    pub stream: Stream,
    /// Its id.
    pub id: RecordId,
    /// Its name.
    pub name: String,
    /// It would leave; else it would come back.
    pub leaves: bool,
    /// Why it would leave.
    pub why: String,
    /// Matched in a flow.
    pub matched: bool,
}
