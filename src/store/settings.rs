//! Small switches that live with the data: which integrations and flows are paused, which cards were put away.

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
        self.switch(Table::Paused, integration.as_str(), paused)
    }

    /// The integrations that are paused.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn paused(&self) -> Result<BTreeSet<IntegrationId>, Failure> {
        Ok(self.switched(Table::Paused)?.into_iter().map(IntegrationId::new).collect())
    }

    /// Pauses or resumes a flow; durable when this returns.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn set_flow_paused(&self, flow: &FlowId, paused: bool) -> Result<(), Failure> {
        self.switch(Table::PausedFlow, flow.as_str(), paused)
    }

    /// The flows that are paused.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn paused_flows(&self) -> Result<BTreeSet<FlowId>, Failure> {
        Ok(self.switched(Table::PausedFlow)?.into_iter().map(FlowId::new).collect())
    }

    /// Puts a card away for good; durable when this returns.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn put_card_away(&self, card: &str) -> Result<(), Failure> {
        self.switch(Table::PutAway, card, true)
    }

    /// The cards that were put away.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn cards_put_away(&self) -> Result<BTreeSet<String>, Failure> {
        self.switched(Table::PutAway)
    }

    /// Sets or removes a mark by name; durable when this returns.
    fn switch(&self, table: Table, name: &str, on: bool) -> Result<(), Failure> {
        let mut tx = self.transaction();
        let key = key::named(table, name);
        if on {
            tx.put(key, &true)?;
        } else {
            tx.remove(key);
        }
        tx.commit()?;
        self.flush()
    }

    /// The names that have the mark.
    fn switched(&self, table: Table) -> Result<BTreeSet<String>, Failure> {
        let keys = self.tree().scan_prefix(key::table(table)).keys();
        keys.map(|key| {
            let key = key.map_err(|e| error::from_sled(&e, "reading the settings"))?;
            Ok(String::from_utf8_lossy(&key[1..]).into_owned())
        })
        .collect()
    }
}
