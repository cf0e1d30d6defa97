//! Which devices can be imported now: kept row by row as rows change, so that no count looks at every device at once.

use crate::domain::Serial;
use rustc_hash::FxHashSet;

/// What can be imported, by row and by type.
#[derive(Debug, Default)]
pub struct Ready {
    /// For each device row the position of its type and one more; 0 where it cannot be imported.
    kinds: Vec<u32>,
    /// Rows by the position of their type.
    counts: Vec<u32>,
    total: u64,
    /// Rows that could be imported if the inventory had no device with their serial number.
    twins: FxHashSet<usize>,
    /// Serial numbers of the inventory's devices, as of the last time that every row was looked at.
    serials: FxHashSet<Serial>,
    /// Rows to be looked at again.
    rows: Vec<usize>,
    /// Every row from here on is to be looked at again.
    from: Option<usize>,
    /// Counts changed since [`Ready::take_news`].
    news: bool,
}

impl Ready {
    /// A row changed.
    pub fn touch(&mut self, at: usize) {
        if self.from.is_none_or(|from| at < from) {
            self.rows.push(at);
        }
    }

    /// Something changed that any row may depend on.
    pub fn touch_all(&mut self) {
        self.from = Some(0);
        self.rows.clear();
    }

    /// Every row is about to be looked at: [`Ready::know`] comes first.
    pub fn begins(&self) -> bool {
        self.from == Some(0)
    }

    /// Serial numbers of the inventory's devices.
    pub fn know(&mut self, serials: FxHashSet<Serial>) {
        self.serials = serials;
    }

    /// The inventory has a device with that serial number.
    pub fn knows(&self, serial: &Serial) -> bool {
        self.serials.contains(serial)
    }

    /// Only a device with its serial number is in the way of that row, as last counted.
    pub fn is_twin(&self, at: usize) -> bool {
        self.twins.contains(&at)
    }

    /// Every row is counted as it is.
    pub fn is_counted(&self) -> bool {
        self.from.is_none() && self.rows.is_empty()
    }

    /// Rows of a type, by its position.
    pub fn count(&self, kind: usize) -> u32 {
        self.counts.get(kind).copied().unwrap_or(0)
    }

    /// Rows of all types.
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// The rows that can be imported, as last counted.
    pub fn positions(&self) -> impl Iterator<Item = usize> {
        self.kinds.iter().enumerate().filter(|(_, kind)| **kind > 0).map(|(at, _)| at)
    }

    /// Counts changed since they were last shown.
    pub const fn has_news(&self) -> bool {
        self.news
    }

    /// Counts changed since this was last asked.
    pub fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    /// Some of the rows that are to be looked at, of so many in all.
    pub fn due(&mut self, most: usize, rows: usize) -> Vec<usize> {
        self.kinds.resize(rows.max(self.kinds.len()), 0);
        let single = self.rows.len().saturating_sub(most);
        let mut due = self.rows.split_off(single);
        if let Some(from) = self.from.filter(|_| due.len() < most) {
            let upto = (from + most - due.len()).min(self.kinds.len());
            due.extend(from..upto);
            self.from = (upto < self.kinds.len()).then_some(upto);
        }
        due
    }

    /// What a row is now: the position of its type when it can be imported, and whether it is a twin.
    pub fn put(&mut self, at: usize, kind: Option<usize>, twin: bool) {
        self.news |= if twin { self.twins.insert(at) } else { self.twins.remove(&at) };
        let new = kind.and_then(|kind| u32::try_from(kind + 1).ok()).unwrap_or(0);
        let Some(known) = self.kinds.get_mut(at).filter(|known| **known != new) else { return };
        let old = std::mem::replace(known, new);
        for (kind, by) in [(old, -1), (new, 1)] {
            let Some(place) = (kind as usize).checked_sub(1) else { continue };
            self.counts.resize(self.counts.len().max(place + 1), 0);
            self.counts[place] = self.counts[place].saturating_add_signed(by);
            self.total = self.total.saturating_add_signed(by.into());
        }
        self.news = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_follow_rows_in_any_order_of_looking() {
        let mut ready = Ready::default();
        ready.touch_all();
        let mut kinds = [Some(0), None, Some(2), Some(2), None];
        while !ready.is_counted() {
            for at in ready.due(2, kinds.len()) {
                ready.put(at, kinds[at], at == 1);
            }
        }
        assert_eq!((ready.count(0), ready.count(1), ready.count(2), ready.total()), (1, 0, 2, 3));
        assert!(ready.take_news() && !ready.take_news());
        assert!(ready.is_twin(1) && !ready.is_twin(0));
        (kinds[2], kinds[4]) = (None, Some(1));
        ready.touch(2);
        ready.touch(4);
        for at in ready.due(10, kinds.len()) {
            ready.put(at, kinds[at], false);
        }
        assert_eq!((ready.count(0), ready.count(1), ready.count(2), ready.total()), (1, 1, 1, 3));
        assert_eq!(ready.positions().collect::<Vec<_>>(), [0, 3, 4]);
        assert!(ready.is_counted());
    }

    #[test]
    fn a_row_that_changes_behind_the_sweep_is_looked_at_again() {
        let mut ready = Ready::default();
        ready.touch_all();
        assert_eq!(ready.due(2, 4), [0, 1]);
        ready.touch(0);
        ready.touch(3);
        let mut rest = Vec::new();
        while !ready.is_counted() {
            rest.extend(ready.due(2, 4));
        }
        rest.sort_unstable();
        assert_eq!(rest, [0, 2, 3]);
    }
}
