//! What becomes of differences between matched records, while it is edited.

use crate::domain::{FieldPolicy, UpdatePolicy, WriteField};
use crate::service::messages::PolicyView;
use std::collections::BTreeMap;

/// What is shown of it.
#[derive(Debug, Default)]
pub struct Policies {
    /// As the configuration says; `None` while under way.
    pub shown: Option<PolicyView>,
    /// What becomes of differences, as edited.
    pub update: UpdatePolicy,
    /// Fields that were changed.
    pub changed: BTreeMap<WriteField, FieldPolicy>,
    /// Chosen line: 0 is what becomes of differences, then field by field.
    pub cursor: usize,
    /// First field on the screen.
    pub top: usize,
    /// A change is on its way.
    pub asked: bool,
}

impl Policies {
    /// Who is right about a field, as edited.
    #[must_use]
    pub fn policy(&self, field: WriteField, kept: FieldPolicy) -> FieldPolicy {
        self.changed.get(&field).copied().unwrap_or(kept)
    }

    /// Something differs from what is kept.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.shown.as_ref().is_some_and(|shown| {
            let other = |(field, kept, _): &(WriteField, FieldPolicy, _)| self.policy(*field, *kept) != *kept;
            shown.update != self.update || shown.fields.iter().any(other)
        })
    }

    /// Turns the chosen line to its next value, or the one before.
    pub fn turn(&mut self, back: bool) {
        use UpdatePolicy as P;
        let Some(shown) = &self.shown else { return };
        let Some(at) = self.cursor.checked_sub(1) else {
            self.update = match (self.update, back) {
                (P::Off, false) | (P::Automatic, true) => P::Ask,
                (P::Ask, false) | (P::Off, true) => P::Automatic,
                (P::Automatic, false) | (P::Ask, true) => P::Off,
            };
            return;
        };
        let Some((field, kept, _)) = shown.fields.get(at) else { return };
        let (field, now) = (*field, self.policy(*field, *kept));
        let other = if now == FieldPolicy::Source { FieldPolicy::Target } else { FieldPolicy::Source };
        self.changed.insert(field, other);
    }
}
