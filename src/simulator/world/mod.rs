//! The one world behind all simulated vendors: companies, devices and what is wrong with their records.
//!
//! Owns the truth and knows no vendor's API. Each vendor's folder writes its own records from it; the world is dropped
//! once they are written. `psa/` is its business side. The same seed and size always give the same world.

mod companies;
mod devices;
mod dice;
mod names;
pub mod psa;
pub mod words;
mod written;

pub use companies::{Company, Double, Side};
pub use devices::{Device, Trouble, index32, private};
pub use dice::{Dice, derived, derived_below};
pub use names::{NameTrouble, TrueName};
pub use psa::Psa;
pub use words::{Kind, Lists};
pub use written::{filled, host, lan_ip, mac};

/// The moment at which the world stands still, seconds since 1970: 20 November 2026, 08:00 UTC.
pub const NOW: i64 = 1_795_161_600;

/// Companies and devices.
pub struct World {
    /// What it was made from.
    pub seed: u64,
    /// Companies; positions in here are their numbers.
    pub companies: Vec<Company>,
    /// Devices, company after company; positions in here are their numbers.
    pub devices: Vec<Device>,
}

impl World {
    /// The world of a seed and a size.
    #[must_use]
    pub fn new(seed: u64, lists: &Lists, companies: usize, devices: usize) -> Self {
        let companies = companies::companies(seed, &lists.words, companies, devices);
        let devices = devices::devices(seed, lists, &companies);
        Self { seed, companies, devices }
    }
}
