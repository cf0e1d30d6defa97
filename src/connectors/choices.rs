//! What can be chosen of a vendor, for the settings: types, statuses, classifications, queues, with counts.

use super::contract::{Choice, ChoiceList};
use super::dialect::parse;
use super::http::Received;
use super::mapping::{ChoiceMap, CountMap};
use super::shared::Shared;
use crate::domain::{Failure, FailureClass, ScopeRule};
use futures::StreamExt;
use futures::stream;

/// Counts asked for at once.
const AT_ONCE: usize = 3;

/// Choices of one setting that are counted; a vendor with more is not asked so much.
const COUNTED: usize = 60;

impl Shared {
    /// The choices of every setting that the vendor has.
    pub(super) async fn choices(&self) -> Result<Vec<ChoiceList>, Failure> {
        let mut lists = Vec::new();
        for (rule, map) in &self.mapping.choices {
            lists.extend(self.list(*rule, map).await);
        }
        if lists.is_empty() && !self.mapping.choices.is_empty() {
            let what = format!("{} does not tell now what can be chosen", self.mapping.vendor);
            return Err(Failure::new(FailureClass::Vendor, what, "see the log, and try again"));
        }
        Ok(lists)
    }

    /// `None` when its look-up failed, which was told then.
    async fn list(&self, rule: ScopeRule, map: &ChoiceMap) -> Option<ChoiceList> {
        let mut choices: Vec<Choice> = map.fixed.iter().map(|name| Choice::new("", name, true)).collect();
        if let Some(from) = &map.from {
            let table = self.table(&from.table).await.ok().filter(|table| !table.failed)?;
            let column = table.column(&from.column);
            choices.extend(column.into_iter().map(|(id, entry)| Choice::new(id, &entry.name, entry.active)));
        }
        if let Some(count) = map.count.as_ref().filter(|_| choices.len() <= COUNTED) {
            let calls: Vec<_> = choices.iter().map(|choice| self.count(count, choice)).collect();
            let counts: Vec<Option<u64>> = stream::iter(calls).buffered(AT_ONCE).collect().await;
            for (choice, counted) in choices.iter_mut().zip(counts) {
                choice.count = counted;
            }
        }
        Some(ChoiceList { rule, choices })
    }

    /// How many records have that choice; `None` where the vendor does not say.
    fn count(&self, map: &CountMap, choice: &Choice) -> impl Future<Output = Option<u64>> + Send + use<'_> {
        let fixed = || map.values.get(&choice.name);
        let value = if choice.id.is_empty() { fixed() } else { Some(&choice.id) };
        let call = value.map(|value| self.dialect.count_call(map, value));
        async move {
            let dialect = self.dialect;
            let read = move |received: Received<'_>| Ok(dialect.count(&parse(received.body)?));
            self.ask(&call?, read).await.ok().flatten()
        }
    }
}
