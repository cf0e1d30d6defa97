//! What a test can do to the vendors while they run.

mod autotask;
mod connectwise;
mod records;

pub use autotask::AutotaskRecords;
pub use connectwise::ConnectWiseRecords;
pub use records::{AddigyRecords, ItGlueRecords, TakenDevice};

use super::{
    Failing, Limit, RequestCounts,
    addigy::{Addigy, Key, PERMISSIONS},
    autotask::Autotask,
    connectwise::ConnectWise,
    itglue::ItGlue,
    server::Gate,
};
use std::sync::Arc;

/// A simulated vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    /// Addigy.
    Addigy,
    /// IT Glue.
    ItGlue,
    /// ConnectWise Manage.
    ConnectWise,
    /// Autotask.
    Autotask,
}

/// Changes records, keys and faults while the vendors run. Cheap to clone.
#[derive(Clone)]
pub struct Control {
    pub(super) addigy: Arc<Addigy>,
    pub(super) addigy_gate: Arc<Gate>,
    pub(super) itglue: Arc<ItGlue>,
    pub(super) itglue_gate: Arc<Gate>,
    pub(super) connectwise: Arc<ConnectWise>,
    pub(super) connectwise_gate: Arc<Gate>,
    pub(super) autotask: Arc<Autotask>,
    pub(super) autotask_gate: Arc<Gate>,
}

impl Control {
    fn gate(&self, vendor: Vendor) -> &Gate {
        match vendor {
            Vendor::Addigy => &self.addigy_gate,
            Vendor::ItGlue => &self.itglue_gate,
            Vendor::ConnectWise => &self.connectwise_gate,
            Vendor::Autotask => &self.autotask_gate,
        }
    }

    /// What the vendors have been asked so far.
    #[must_use]
    pub fn requests(&self) -> RequestCounts {
        RequestCounts {
            addigy: self.addigy_gate.counts(),
            itglue: self.itglue_gate.counts(),
            connectwise: self.connectwise_gate.counts(),
            autotask: self.autotask_gate.counts(),
        }
    }

    /// Makes the vendor's next `count` requests fail that way, before the profile's own faults.
    pub fn fail_next(&self, vendor: Vendor, count: usize, failing: Failing) {
        self.gate(vendor).fail_next(count, failing);
    }

    /// Replaces the vendor's limit.
    pub fn set_limit(&self, vendor: Vendor, limit: Limit) {
        self.gate(vendor).set_limit(limit);
    }

    /// As if others had just made so many requests that count against the vendor's limit, and nobody any before.
    pub fn use_up(&self, vendor: Vendor, requests: usize) {
        self.gate(vendor).use_up(requests);
    }

    /// Holds every request of the vendor until [`Self::release`].
    pub fn freeze(&self, vendor: Vendor) {
        self.gate(vendor).freeze(true);
    }

    /// Answers the held requests and the next ones.
    pub fn release(&self, vendor: Vendor) {
        self.gate(vendor).freeze(false);
    }

    /// Waits until that many requests of the vendor are held.
    pub async fn held(&self, vendor: Vendor, count: usize) {
        self.gate(vendor).wait_for_held(count).await;
    }

    /// Takes the vendor's keys away: requests with them are refused.
    pub fn revoke_key(&self, vendor: Vendor) {
        match vendor {
            Vendor::Addigy => self.addigy.revoke(true),
            Vendor::ItGlue => self.itglue.revoke(true),
            Vendor::ConnectWise => self.connectwise.tenant.revoke(true),
            Vendor::Autotask => self.autotask.tenant().revoke(true),
        }
    }

    /// Gives the vendor's keys back.
    pub fn restore_key(&self, vendor: Vendor) {
        match vendor {
            Vendor::Addigy => self.addigy.revoke(false),
            Vendor::ItGlue => self.itglue.revoke(false),
            Vendor::ConnectWise => self.connectwise.tenant.revoke(false),
            Vendor::Autotask => self.autotask.tenant().revoke(false),
        }
    }

    /// Changes what Addigy's full key may do.
    pub fn set_permissions(&self, permissions: &[&str]) {
        if let Some(key) = self.addigy.keys().first_mut() {
            key.permissions = permissions.iter().map(|&p| p.to_owned()).collect();
        }
    }

    /// Another Addigy key, without that permission.
    #[must_use]
    pub fn key_without(&self, permission: &str) -> String {
        let mut keys = self.addigy.keys();
        // The suffix keeps it apart from the full key and from the other variants.
        let secret = format!("{}{:04x}", keys[0].secret, keys.len());
        let permissions = PERMISSIONS.iter().filter(|&&p| p != permission).map(|&p| p.to_owned()).collect();
        keys.push(Key { secret: secret.clone(), permissions });
        secret
    }

    /// Changes Addigy's records.
    #[must_use]
    pub fn addigy(&self) -> AddigyRecords<'_> {
        AddigyRecords(&self.addigy)
    }

    /// Changes IT Glue's records.
    #[must_use]
    pub fn itglue(&self) -> ItGlueRecords<'_> {
        ItGlueRecords(&self.itglue)
    }

    /// Changes the records and rights of ConnectWise Manage.
    #[must_use]
    pub fn connectwise(&self) -> ConnectWiseRecords<'_> {
        ConnectWiseRecords(&self.connectwise)
    }

    /// Changes Autotask's records, zone and threads.
    #[must_use]
    pub fn autotask(&self) -> AutotaskRecords<'_> {
        AutotaskRecords(&self.autotask)
    }
}
