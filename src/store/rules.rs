//! Rules that decisions left. They are written with the decision's history entry, in the same write, and taken back
//! with it.

use super::key::{self, Table};
use super::transaction::Transaction;
use super::{Store, codec, error};
use crate::domain::{Failure, FailureClass, HistoryEntry, HistoryId, Rule, RuleChange};
use rustc_hash::FxHashSet;

/// Rule changes in one value, see the changes of rows.
const CHANGES_PER_VALUE: usize = 32;

impl Store {
    /// Every rule, in the order in which they came.
    ///
    /// # Errors
    /// When the disk refuses or a value is damaged.
    pub fn rules(&self) -> Result<Vec<Rule>, Failure> {
        let values = self.tree().scan_prefix(key::table(Table::Rule)).values();
        values.map(|value| codec::decode(&value.map_err(|e| error::from_sled(&e, "reading the rules"))?)).collect()
    }

    /// The last number that a rule was ever given.
    #[must_use]
    pub fn last_rule(&self) -> u64 {
        self.state().counters.rule
    }

    /// Checks that every rule is what the entry says it was `before`.
    pub(super) fn check_rules(&self, entry: &HistoryEntry) -> Result<(), Failure> {
        let mut touched = FxHashSet::default();
        for change in &entry.rules {
            if !touched.insert(change.id) {
                return Err(error::ours(format!("one action changes rule {} twice", change.id.0)));
            }
            if self.get::<Rule>(&key::numbered(Table::Rule, change.id.0))? != change.before {
                let what = format!("rule {} has changed since it was shown", change.id.0);
                return Err(Failure::new(FailureClass::Usage, what, "list the rules again and repeat"));
            }
        }
        Ok(())
    }

    /// The rule changes of an entry.
    pub(super) fn rules_of(&self, entry: HistoryId) -> Result<Vec<RuleChange>, Failure> {
        let mut rules = Vec::new();
        for value in self.tree().scan_prefix(key::numbered(Table::HistoryRules, entry.0)).values() {
            let value = value.map_err(|e| error::from_sled(&e, "reading the history"))?;
            rules.append(&mut codec::decode::<Vec<RuleChange>>(&value)?);
        }
        Ok(rules)
    }
}

/// Puts the rules themselves and what the entry changed of them.
pub(super) fn put_rules(tx: &mut Transaction<'_>, entry: &HistoryEntry) -> Result<(), Failure> {
    for change in &entry.rules {
        tx.counters.rule = tx.counters.rule.max(change.id.0);
        let key = key::numbered(Table::Rule, change.id.0);
        match &change.after {
            Some(rule) => tx.put(key, rule)?,
            None => tx.remove(key),
        }
    }
    for (part, changes) in (0u32..).zip(entry.rules.chunks(CHANGES_PER_VALUE)) {
        tx.put(key::part(Table::HistoryRules, entry.id.0, part), &changes)?;
    }
    Ok(())
}
