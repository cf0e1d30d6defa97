//! What a flow lets matchbook write, and how values are chosen.

use super::WriteField;
use crate::domain::Stream;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What becomes of differences between matched records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UpdatePolicy {
    /// Nothing.
    #[default]
    Off,
    /// They are planned and wait for a person's yes.
    Ask,
    /// They are planned and sent.
    Automatic,
}

/// Who is right about a field of matched records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldPolicy {
    /// The source: the target is changed.
    Source,
    /// The target: nothing is written.
    Target,
}

/// How records of one stream are made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CreateRules {
    /// Values that every new record gets, where the source has none (`type`, `status`, `owner` …).
    #[serde(flatten)]
    pub values: BTreeMap<WriteField, String>,
    /// The target's type for each of the source's.
    pub types: BTreeMap<String, String>,
}

/// What a flow lets matchbook write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WriteRules {
    /// What becomes of differences.
    pub update: UpdatePolicy,
    /// Who is right, by field; see [`WriteRules::policy`].
    pub fields: BTreeMap<WriteField, FieldPolicy>,
    /// How records are made, by stream.
    pub create: BTreeMap<Stream, CreateRules>,
}

impl WriteRules {
    /// Who is right about a field. What people give names to, and what each system keeps in its own way, is the
    /// target's unless the flow says otherwise.
    #[must_use]
    pub fn policy(&self, field: WriteField) -> FieldPolicy {
        use WriteField as F;
        self.fields.get(&field).copied().unwrap_or(match field {
            F::Serial | F::Mac | F::HostName | F::Manufacturer | F::Model | F::Os => FieldPolicy::Source,
            _ => FieldPolicy::Target,
        })
    }

    /// How records of a stream are made.
    #[must_use]
    pub fn creating(&self, stream: Stream) -> CreateRules {
        self.create.get(&stream).cloned().unwrap_or_default()
    }
}
