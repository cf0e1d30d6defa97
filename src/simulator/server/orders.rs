//! Filtered and sorted listings, kept between the pages of one listing.

use std::sync::{Arc, Mutex, PoisonError};

/// How many listings are kept.
const KEPT: usize = 8;

/// Positions of records in the order of a listing, as long as no record changes.
#[derive(Default)]
pub struct Orders(Mutex<Held>);

#[derive(Default)]
struct Held {
    revision: u64,
    listings: Vec<(String, Arc<[u32]>)>,
}

impl Orders {
    /// The listing of that key at that revision of the records; made when it is not kept.
    pub fn get(&self, revision: u64, key: String, make: impl FnOnce() -> Vec<u32>) -> Arc<[u32]> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.revision != revision {
            held.revision = revision;
            held.listings.clear();
        }
        if let Some((_, listing)) = held.listings.iter().find(|(k, _)| *k == key) {
            return Arc::clone(listing);
        }
        let listing: Arc<[u32]> = make().into();
        if held.listings.len() == KEPT {
            held.listings.remove(0);
        }
        held.listings.push((key, Arc::clone(&listing)));
        listing
    }
}
