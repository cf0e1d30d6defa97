//! What every simulated vendor stands behind: the loopback listener, the published limits, the faults on request.

mod gate;
mod limit;
mod listener;
mod orders;

pub use gate::{Front, Gate, Shift, Spoil, Usage, VendorCounts, pass};
pub use limit::{Limit, Window};
pub use listener::{Cut, Loopback};
pub use orders::Orders;
