//! Small switches that live with the data: which integrations are paused, which cards were put away.

use super::key::{self, Table};
use super::{Store, error};
use crate::domain::{Failure, FlowId, IntegrationId};
use std::collections::BTreeSet;

impl Store {
    /// Every flow that ever had a decision, by name.
    #[must_use]
    pub fn flows(&self) -> Vec<FlowId> {
        let mut flows: Vec<FlowId> = self.state().flows.keys().cloned().collect();
        flows.sort_unstable();
        flows
    }

    /// Pauses or resumes an integration; durable when this returns.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn set_paused(&self, integration: &IntegrationId, paused: bool) -> Result<(), Failure> {
        let mut tx = self.transaction();
        let key = key::named(Table::Paused, integration.as_str());
        if paused {
            tx.put(key, &true)?;
        } else {
            tx.remove(key);
        }
        tx.commit()?;
        self.flush()
    }

    /// The integrations that are paused.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn paused(&self) -> Result<BTreeSet<IntegrationId>, Failure> {
        let keys = self.tree().scan_prefix(key::table(Table::Paused)).keys();
        keys.map(|key| {
            let key = key.map_err(|e| error::from_sled(&e, "reading what is paused"))?;
            Ok(IntegrationId::new(String::from_utf8_lossy(&key[1..])))
        })
        .collect()
    }

    /// Puts a card away for good; durable when this returns.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn put_card_away(&self, card: &str) -> Result<(), Failure> {
        let mut tx = self.transaction();
        tx.put(key::named(Table::PutAway, card), &true)?;
        tx.commit()?;
        self.flush()
    }

    /// The cards that were put away.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn cards_put_away(&self) -> Result<BTreeSet<String>, Failure> {
        let keys = self.tree().scan_prefix(key::table(Table::PutAway)).keys();
        keys.map(|key| {
            let key = key.map_err(|e| error::from_sled(&e, "reading the cards"))?;
            Ok(String::from_utf8_lossy(&key[1..]).into_owned())
        })
        .collect()
    }
}
