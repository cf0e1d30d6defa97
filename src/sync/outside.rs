//! Stored records that a run's settings leave out: a listing that did not have them says nothing of them.

use crate::domain::{CompanyId, Failure, IntegrationId, Record, Stream, SyncScope, Timestamp, Traits};
use crate::store::Store;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Judges stored records by the settings of one run.
pub struct Outside {
    store: Store,
    integration: IntegrationId,
    scope: Arc<SyncScope>,
    now: Timestamp,
    companies: RefCell<HashMap<CompanyId, bool>>,
}

impl Outside {
    /// Judges by that scope at that moment.
    pub fn new(store: Store, integration: IntegrationId, scope: Arc<SyncScope>, now: Timestamp) -> Self {
        Self { store, integration, scope, now, companies: RefCell::default() }
    }

    /// Whether the settings leave the record out. Its company is judged as it is stored.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn holds(&self, record: &Record) -> Result<bool, Failure> {
        let company = match record.company() {
            Some(id) => self.company(id)?,
            None => false,
        };
        Ok(self.scope.judge(&Traits::of(record), company, self.now).is_some())
    }

    fn company(&self, id: &CompanyId) -> Result<bool, Failure> {
        if let Some(known) = self.companies.borrow().get(id) {
            return Ok(*known);
        }
        let stored = self.store.record(&self.integration, Stream::Companies, &id.into())?;
        let judged = stored.map(|stored| self.scope.judge(&Traits::of(&stored.record), false, self.now));
        let outside = judged.flatten().is_some();
        self.companies.borrow_mut().insert(id.clone(), outside);
        Ok(outside)
    }

    /// Listed records of a stream that the settings leave out. Reads all of them, unless the settings leave out none.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn count(&self, stream: Stream) -> Result<u64, Failure> {
        if !self.scope.may_leave_out(stream) {
            return Ok(0);
        }
        let (mut count, mut failure) = (0, None);
        self.store.each_record(&self.integration, stream, &mut |stored| {
            match stored.orphaned.map_or_else(|| self.holds(&stored.record), |_| Ok(false)) {
                Ok(outside) => count += u64::from(outside),
                Err(e) => failure = Some(e),
            }
            if failure.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        failure.map_or(Ok(count), Err)
    }
}
