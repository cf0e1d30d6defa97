//! Tickets: the number inside the company, with the title beside it.

use super::pair::hash_of;
use super::{Counts, Inside, Key, Pair};
use crate::domain::{EvidenceKind, RecordId, Ticket, Timestamp};
use crate::matching::names::parse::fold;

/// What the matcher reads of a ticket.
#[derive(Clone, Debug, PartialEq)]
pub struct TicketFacts {
    /// The vendor's id.
    pub id: RecordId,
    /// The company.
    pub company: Option<RecordId>,
    /// The number that people use; never empty.
    pub number: Box<str>,
    /// Summary line.
    pub title: Box<str>,
    /// When it was opened.
    pub created: Option<Timestamp>,
}

impl TicketFacts {
    /// A ticket of which only id, company, number and title are known.
    pub fn new(id: impl Into<RecordId>, company: impl Into<RecordId>, number: &str, title: &str) -> Self {
        Self { id: id.into(), company: Some(company.into()), number: number.into(), title: title.into(), created: None }
    }
}

impl From<&Ticket> for TicketFacts {
    fn from(ticket: &Ticket) -> Self {
        let number = ticket.number.trim();
        Self {
            id: (&ticket.id).into(),
            company: ticket.company.as_ref().map(Into::into),
            number: if number.is_empty() { ticket.id.as_str() } else { number }.into(),
            title: ticket.title.as_str().into(),
            created: ticket.created,
        }
    }
}

/// A ticket as it is compared.
#[derive(Clone, Debug)]
pub struct Read {
    number: u64,
    title: Vec<String>,
    created: Option<Timestamp>,
}

/// Kind of the number's hash.
const NUMBER: u8 = 20;
/// Share of the words in common from which titles are the same, or alike.
const SAME: f32 = 0.8;
const ALIKE: f32 = 0.4;

/// Weights in bits.
mod bits {
    pub const NUMBER: f32 = 14.0;
    pub const OTHER_NUMBER: f32 = -8.0;
    pub const TITLE: f32 = 4.0;
    pub const TITLE_ALIKE: f32 = 2.0;
    pub const OTHER_TITLE: f32 = -6.0;
    pub const SAME_DAY: f32 = 2.0;
    pub const MONTHS_APART: f32 = -3.0;
}

fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut words: Vec<String> = folded
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty())
        .take(40)
        .map(str::to_owned)
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// Share of words in common (Dice), 0–1.
#[expect(clippy::cast_precision_loss, reason = "a few words")]
fn common(left: &[String], right: &[String]) -> f32 {
    let both = left.iter().filter(|w| right.binary_search(w).is_ok()).count();
    2.0 * both as f32 / (left.len() + right.len()).max(1) as f32
}

impl Inside for TicketFacts {
    type Read = Read;

    const PRIOR: f32 = -6.0;

    fn id(&self) -> &RecordId {
        &self.id
    }

    fn company(&self) -> Option<&RecordId> {
        self.company.as_ref()
    }

    fn created(&self) -> Option<Timestamp> {
        self.created
    }

    fn is_retired(&self) -> bool {
        false
    }

    fn read(&self) -> Read {
        // `#T2026-0001` is `t20260001`.
        let kept: String = fold(&self.number).chars().filter(char::is_ascii_alphanumeric).collect();
        let number = if kept.is_empty() { 0 } else { hash_of(NUMBER, kept.trim_start_matches('0')) };
        Read { number, title: words(&self.title), created: self.created }
    }

    fn keys(read: &Read, put: &mut dyn FnMut(Key)) {
        if read.number != 0 {
            put(Key { hash: read.number, whole: true });
        }
    }

    fn values(_: &Read, _: &mut dyn FnMut(u64)) {}

    fn compare(left: &Read, right: &Read, _: &Counts) -> Pair {
        let whole = left.number != 0 && left.number == right.number;
        let mut pair = Pair { whole, ..Pair::default() };
        if pair.whole {
            pair.add(EvidenceKind::Number, bits::NUMBER, "number");
        } else {
            pair.add(EvidenceKind::Number, bits::OTHER_NUMBER, "another number");
            pair.doubt("another number");
        }
        if !left.title.is_empty() && !right.title.is_empty() {
            match common(&left.title, &right.title) {
                share if share >= SAME => pair.add(EvidenceKind::Title, bits::TITLE, "title"),
                share if share >= ALIKE => pair.add(EvidenceKind::Title, bits::TITLE_ALIKE, "title, nearly"),
                _ => {
                    pair.add(EvidenceKind::Title, bits::OTHER_TITLE, "another title");
                    pair.conflict = pair.whole.then_some("same number, another title");
                }
            }
        }
        if let (Some(l), Some(r)) = (left.created, right.created) {
            let apart = (l - r).abs();
            if apart <= time::Duration::DAY {
                pair.add(EvidenceKind::Date, bits::SAME_DAY, "opened the same day");
            } else if apart > time::Duration::days(60) {
                pair.add(EvidenceKind::Date, bits::MONTHS_APART, "opened months apart");
                pair.doubt("opened months apart");
            }
        }
        pair
    }
}
