//! What devices say of companies: those of the left one that were found in the right one.

use rustc_hash::FxHashMap;

/// Devices of a left company found in a right company.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Votes {
    /// Devices of the left company found in this right company.
    pub here: u32,
    /// Devices of the left company found anywhere on the right.
    pub found: u32,
    /// Devices of the right company found anywhere on the left.
    pub right_found: u32,
}

impl Votes {
    /// Natural log-odds that the votes add. A share decides, not a count: strays of a wrongly filed device add little.
    #[expect(clippy::cast_precision_loss, reason = "counts of devices")]
    #[must_use]
    pub fn log_odds(self) -> f32 {
        if self.here == 0 {
            return if self.found >= 3 { -4.0 } else { -1.5 };
        }
        let share = self.here as f32 / self.found.max(1) as f32;
        let back = self.here as f32 / self.right_found.max(self.here) as f32;
        let purity = share * back.sqrt();
        if purity < 0.15 { -2.0 } else { 4.0 * (1.0 + self.here as f32).log2() * purity * purity.sqrt() }
    }

    /// True when the votes alone make a company more than a name: most devices found are here.
    #[must_use]
    pub fn is_majority(self) -> bool {
        self.here >= 1 && self.here * 2 > self.found && self.here * 3 > self.right_found
    }
}

/// What devices say of companies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ballot {
    /// Votes by pair.
    pub votes: FxHashMap<(u32, u32), Votes>,
    /// For left companies with devices: how many were found anywhere.
    pub found: FxHashMap<u32, Votes>,
}
