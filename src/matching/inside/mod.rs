//! Records inside matched companies by a key of their own: contacts by first and last name, locations by the whole
//! address, tickets by number (`CAPABILITIES` M2, M3).
//!
//! A record is compared with the records of its company's counterpart only. A pair is automatic when the key is whole,
//! nobody else on either side has it, and nothing contradicts; everything else is a suggestion or a conflict with its
//! evidence. Work is linear in the records: those of a company meet by keys, never each with each.

mod contact;
mod location;
mod names;
mod pair;
mod places;
mod solve;
mod ticket;

pub use contact::ContactFacts;
pub use location::LocationFacts;
pub use pair::{Counts, Pair, Piece};
pub use solve::{Companies, Pairs, Problem, Which, pair_of, solve};
pub use ticket::TicketFacts;

use crate::domain::{RecordId, Timestamp};

/// A way in which records meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Hash of the value, with what kind of value it is.
    pub hash: u64,
    /// It is the whole key by which the stream is matched: who shares it is of the same name, address or number.
    pub whole: bool,
}

/// A record that is matched inside its company.
pub trait Inside: Sync {
    /// The record as it is compared.
    type Read: Sync + Send;

    /// Bits for any two records of companies that belong together, before anything is compared.
    const PRIOR: f32;

    /// The vendor's id.
    fn id(&self) -> &RecordId;

    /// The company that the vendor files it under.
    fn company(&self) -> Option<&RecordId>;

    /// When the vendor created it.
    fn created(&self) -> Option<Timestamp>;

    /// Put away, or of somebody who left.
    fn is_retired(&self) -> bool;

    /// Reads it for comparing.
    fn read(&self) -> Self::Read;

    /// Every way in which another record can be found to be the same.
    fn keys(read: &Self::Read, put: &mut dyn FnMut(Key));

    /// Values of its own (an email, a phone) that tell whose record it is, unless several have them.
    fn values(read: &Self::Read, put: &mut dyn FnMut(u64));

    /// Compares two records; `counts` tells who else in the two companies has a value.
    fn compare(left: &Self::Read, right: &Self::Read, counts: &Counts) -> Pair;
}
