//! What a test can do to the vendors while they run.

use super::{Failing, Limit, RequestCounts, addigy::Addigy, itglue::ItGlue, server::Gate};
use std::sync::Arc;

/// A simulated vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    /// Addigy.
    Addigy,
    /// IT Glue.
    ItGlue,
}

/// Changes records, keys and faults while the vendors run. Cheap to clone.
#[derive(Clone)]
pub struct Control {
    addigy: Arc<Addigy>,
    addigy_gate: Arc<Gate>,
    itglue: Arc<ItGlue>,
    itglue_gate: Arc<Gate>,
}

impl Control {
    pub(super) const fn new(
        addigy: Arc<Addigy>,
        addigy_gate: Arc<Gate>,
        itglue: Arc<ItGlue>,
        itglue_gate: Arc<Gate>,
    ) -> Self {
        Self { addigy, addigy_gate, itglue, itglue_gate }
    }

    fn gate(&self, vendor: Vendor) -> &Gate {
        match vendor {
            Vendor::Addigy => &self.addigy_gate,
            Vendor::ItGlue => &self.itglue_gate,
        }
    }

    /// What the vendors have been asked so far.
    #[must_use]
    pub fn requests(&self) -> RequestCounts {
        RequestCounts { addigy: self.addigy_gate.counts(), itglue: self.itglue_gate.counts() }
    }

    /// Makes the vendor's next `count` requests fail that way, before the profile's own faults.
    pub fn fail_next(&self, vendor: Vendor, count: usize, failing: Failing) {
        self.gate(vendor).fail_next(count, failing);
    }

    /// Replaces the vendor's limit.
    pub fn set_limit(&self, vendor: Vendor, limit: Limit) {
        self.gate(vendor).set_limit(limit);
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
        }
    }

    /// Gives the vendor's keys back.
    pub fn restore_key(&self, vendor: Vendor) {
        match vendor {
            Vendor::Addigy => self.addigy.revoke(false),
            Vendor::ItGlue => self.itglue.revoke(false),
        }
    }
}
