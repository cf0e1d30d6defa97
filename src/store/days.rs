//! One count a day of what is matched.

use super::key::{self, Table};
use super::{Store, codec, error};
use crate::domain::{DayCount, Failure};

/// Days kept: two years.
pub const DAYS_KEPT: usize = 731;

impl Store {
    /// Writes the count of a day over that day's last one, and drops days that are too old.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn set_day(&self, count: &DayCount) -> Result<(), Failure> {
        let mut tx = self.transaction();
        tx.put(key::numbered(Table::Day, u64::from(count.day)), count)?;
        let keep_from = key::numbered(Table::Day, u64::from(count.day).saturating_sub(DAYS_KEPT as u64));
        for key in self.tree().range(key::table(Table::Day)..keep_from).keys() {
            tx.remove(key.map_err(|e| error::from_sled(&e, "reading the daily counts"))?.to_vec());
        }
        tx.commit()
    }

    /// The counts of the last days, oldest first, at most so many.
    ///
    /// # Errors
    /// When the disk refuses or a value is damaged.
    pub fn days(&self, most: usize) -> Result<Vec<DayCount>, Failure> {
        let newest = self.tree().scan_prefix(key::table(Table::Day)).values().rev().take(most);
        let mut days = newest
            .map(|value| codec::decode(&value.map_err(|e| error::from_sled(&e, "reading the daily counts"))?))
            .collect::<Result<Vec<DayCount>, Failure>>()?;
        days.reverse();
        Ok(days)
    }
}
