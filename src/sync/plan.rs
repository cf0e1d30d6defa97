//! What a run of a stream should do, derived from what is stored. Pure.

use crate::domain::{MassLimit, RunCounts, SyncRules, Timestamp};
use crate::store::{Judgement, ListingFacts, RunVerdict, Watermark};
use std::fmt::Write as _;

/// Where a run begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// A new listing from the first page.
    Fresh,
    /// An unfinished run goes on behind its last stored page.
    Resume {
        /// The connector's cursor of that page; `None` when the run was cut before its first page.
        after: Option<String>,
    },
}

/// A stored run that did not end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// Cursor after the last stored page.
    pub cursor: Option<String>,
    /// How old the last stored page is, in seconds.
    pub age_s: i64,
    /// It asks only for what changed.
    pub incremental: bool,
    /// It was asked under other sync settings: its pages are not those of this question.
    pub asked_otherwise: bool,
}

/// Older pages than this are not continued: too much may have moved meanwhile. Six hours.
pub const RESUME_LIMIT_S: i64 = 6 * 3600;

/// Decides where a run begins. `full` asks for a new listing whatever is stored; an incremental run is not continued
/// when a full listing is due.
#[must_use]
pub fn start(unfinished: Option<&Unfinished>, kind: Kind, full: bool) -> Start {
    match unfinished {
        Some(run) if full || run.asked_otherwise || run.age_s > RESUME_LIMIT_S => Start::Fresh,
        Some(run) if run.incremental && kind == Kind::Full => Start::Fresh,
        Some(run) => Start::Resume { after: run.cursor.clone() },
        None => Start::Fresh,
    }
}

/// What a run asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Everything there is.
    Full,
    /// What changed since then.
    Since(Timestamp),
}

/// Decides what a run asks for: what changed since the last good run, overlap included, unless a full listing is due,
/// wanted, or the only thing that can be trusted.
#[must_use]
pub fn kind(incremental: bool, full: bool, known: Option<&Watermark>, rules: &SyncRules, now: Timestamp) -> Kind {
    let Some(known) = known.filter(|_| incremental && !full) else { return Kind::Full };
    let due = known.full + rules.full_every;
    // A moment in the future means that a clock was set back: nothing can be told from it.
    let odd = known.full > now + MOST_SKEW || known.since > now + MOST_SKEW;
    if known.doubt || odd || now >= due { Kind::Full } else { Kind::Since(known.since - rules.overlap) }
}

/// Clocks further apart than this are not reckoned with. A day.
const MOST_SKEW: time::Duration = time::Duration::days(1);

/// What is known of a listing at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    /// What the store counted.
    pub facts: ListingFacts,
    /// The connector found the listing complete.
    pub whole: bool,
}

impl Listing {
    /// Nothing can have been missed: neither did the vendor's total move, nor was it resumed without a total to check
    /// against, nor did it see fewer rows than the vendor said.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let facts = &self.facts;
        let adds_up = match facts.total {
            _ if facts.incremental => true,
            Some(total) => facts.stable && facts.seen >= total,
            None => facts.resumed == 0 && facts.bad == 0,
        };
        adds_up && self.whole
    }

    fn may_orphan(&self) -> bool {
        self.is_complete() && !self.facts.incremental
    }

    /// Known records that it would change or orphan.
    fn weight(&self) -> u64 {
        self.facts.held + if self.may_orphan() { self.facts.gone } else { 0 }
    }
}

/// When a run began, by whose clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Began {
    /// By this machine's clock.
    pub here: Timestamp,
    /// By the vendor's clock where that is known to be behind; else by this machine's.
    pub there: Timestamp,
}

/// What becomes of a run: only a complete full listing orphans, and nothing that would change or orphan too much is
/// applied without a person.
#[must_use]
pub fn judge(listing: Listing, mass: &MassLimit, known: Option<Watermark>, began: Began) -> Judgement {
    // A stream that is empty all of a sudden is never believed, however small it was.
    let emptied = listing.may_orphan() && listing.facts.seen == 0 && listing.facts.gone > 0;
    let verdict = if emptied || mass.is_passed(listing.weight(), listing.facts.live) {
        RunVerdict::Ask
    } else if listing.may_orphan() {
        RunVerdict::Orphan
    } else {
        RunVerdict::Keep
    };
    Judgement { verdict, ask_gone: listing.may_orphan(), watermark: watermark(listing, known, began) }
}

/// The stream's watermark after the run; `None` when something may have been missed, so that the next run looks again:
/// at everything after a full listing, at the same changes after an incremental one.
/// A row that could not be read may have changed: an incremental run that met one is repeated, and after a full listing
/// that met more of them than the one before comes another.
fn watermark(listing: Listing, known: Option<Watermark>, began: Began) -> Option<Watermark> {
    let bad = listing.facts.bad;
    if !listing.is_complete() {
        return known.filter(|_| !listing.facts.incremental).map(|known| Watermark { doubt: true, ..known });
    }
    if listing.facts.incremental {
        return known.filter(|_| bad == 0).map(|known| Watermark { since: began.there, doubt: false, ..known });
    }
    let doubt = bad > known.map_or(0, |known| known.bad);
    Some(Watermark { since: began.there, full: began.here, bad, doubt })
}

/// Why vanished records were left as they are, for the log; `None` when nothing was withheld.
#[must_use]
pub fn withheld_text(label: &str, listing: Listing, asks: bool) -> Option<String> {
    let gone = listing.facts.gone;
    (gone > 0 && !listing.may_orphan() && !asks).then(|| {
        format!("{label}: {gone} records were not listed, but the listing was not complete; none was orphaned")
    })
}

/// The closing line of a run.
#[must_use]
pub fn closing_text(label: &str, since: Option<Timestamp>, counts: &RunCounts, seconds: f64) -> String {
    let kind = since.map(since_text).unwrap_or_default();
    let mut text = format!("{label} complete{kind}: {} read", counts.read);
    for (count, what) in [
        (counts.added, "added"),
        (counts.changed, "changed"),
        (counts.unchanged, "unchanged"),
        (counts.orphaned, "orphaned"),
        (counts.bad, "bad rows left out"),
        (counts.left_out, "not taken by the sync settings"),
    ] {
        // What did not happen would hide what did.
        if count > 0 {
            let _ = write!(text, ", {count} {what}");
        }
    }
    let _ = write!(text, " · {seconds:.1} s");
    text
}

/// What an incremental run asks for, in words.
#[must_use]
pub fn since_text(since: Timestamp) -> String {
    let at = since.to_offset(time::UtcOffset::UTC);
    format!(
        " (changes since {:04}-{:02}-{:02} {:02}:{:02} UTC)",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: Timestamp = datetime!(2026-03-05 12:00 UTC);
    const BEGAN: Began = Began { here: NOW, there: NOW };

    fn facts() -> ListingFacts {
        ListingFacts {
            seen: 10,
            total: Some(10),
            bad: 0,
            stable: true,
            resumed: 0,
            live: 10,
            gone: 1,
            held: 0,
            incremental: false,
        }
    }

    fn verdict(facts: ListingFacts, whole: bool) -> RunVerdict {
        judge(Listing { facts, whole }, &MassLimit::default(), None, BEGAN).verdict
    }

    #[test]
    fn an_unfinished_run_goes_on_unless_it_is_old_or_a_full_one_is_wanted() {
        let run = Unfinished { cursor: Some("3".into()), age_s: 60, incremental: false, asked_otherwise: false };
        let (full, since) = (Kind::Full, Kind::Since(NOW));
        assert_eq!(start(Some(&run), full, false), Start::Resume { after: Some("3".into()) });
        assert_eq!(start(Some(&run), since, false), Start::Resume { after: Some("3".into()) });
        assert_eq!(start(Some(&run), full, true), Start::Fresh);
        assert_eq!(start(Some(&Unfinished { age_s: RESUME_LIMIT_S + 1, ..run.clone() }), full, false), Start::Fresh);
        assert_eq!(start(Some(&Unfinished { incremental: true, ..run.clone() }), full, false), Start::Fresh);
        assert_eq!(start(Some(&Unfinished { asked_otherwise: true, ..run }), full, false), Start::Fresh);
        assert_eq!(start(None, full, false), Start::Fresh);
    }

    #[test]
    fn only_a_complete_listing_orphans() {
        let good = facts();
        for (facts, whole, wanted) in [
            (good, true, RunVerdict::Orphan),
            (ListingFacts { resumed: 1, ..good }, true, RunVerdict::Orphan),
            (ListingFacts { bad: 1, ..good }, true, RunVerdict::Orphan),
            (ListingFacts { total: None, ..good }, true, RunVerdict::Orphan),
            (ListingFacts { seen: 9, ..good }, true, RunVerdict::Keep),
            (ListingFacts { stable: false, ..good }, true, RunVerdict::Keep),
            (good, false, RunVerdict::Keep),
            (ListingFacts { total: None, bad: 1, ..good }, true, RunVerdict::Keep),
            (ListingFacts { total: None, resumed: 1, ..good }, true, RunVerdict::Keep),
            (ListingFacts { incremental: true, ..good }, true, RunVerdict::Keep),
        ] {
            assert_eq!(verdict(facts, whole), wanted, "{facts:?} {whole}");
        }
    }

    #[test]
    fn a_mass_of_changes_is_asked_about() {
        let many = ListingFacts { seen: 200, total: Some(200), live: 200, gone: 21, ..facts() };
        assert_eq!(verdict(many, true), RunVerdict::Ask);
        assert_eq!(verdict(many, false), RunVerdict::Keep, "what was not listed in full is not gone");
        assert_eq!(verdict(ListingFacts { gone: 20, ..many }, true), RunVerdict::Orphan);
        let changed = ListingFacts { gone: 0, held: 21, ..many };
        assert_eq!(verdict(changed, true), RunVerdict::Ask);
        assert_eq!(verdict(changed, false), RunVerdict::Ask, "a change is a change, however much was listed");
        assert_eq!(verdict(ListingFacts { incremental: true, ..changed }, true), RunVerdict::Ask);
        assert_eq!(verdict(ListingFacts { gone: 11, held: 10, ..many }, true), RunVerdict::Ask, "both count together");
        let empty = ListingFacts { seen: 0, total: Some(0), live: 3, gone: 3, ..facts() };
        assert_eq!(verdict(empty, true), RunVerdict::Ask, "an empty answer is not believed, however few there were");
        assert_eq!(
            verdict(ListingFacts { gone: 0, live: 0, ..empty }, true),
            RunVerdict::Orphan,
            "it was empty before"
        );
    }

    #[test]
    fn a_run_asks_for_what_changed_unless_a_full_listing_is_due() {
        let rules = SyncRules::default();
        let known = Watermark {
            since: NOW - time::Duration::hours(4),
            full: NOW - time::Duration::days(2),
            bad: 0,
            doubt: false,
        };
        let since = Kind::Since(known.since - rules.overlap);
        let of = |known: Option<&Watermark>| kind(true, false, known, &rules, NOW);
        assert_eq!(of(Some(&known)), since);
        assert_eq!(of(None), Kind::Full);
        assert_eq!(kind(false, false, Some(&known), &rules, NOW), Kind::Full);
        assert_eq!(kind(true, true, Some(&known), &rules, NOW), Kind::Full);
        assert_eq!(of(Some(&Watermark { doubt: true, ..known })), Kind::Full);
        assert_eq!(of(Some(&Watermark { full: NOW - time::Duration::days(7), ..known })), Kind::Full);
        assert_eq!(of(Some(&Watermark { full: NOW + time::Duration::days(2), ..known })), Kind::Full);
    }

    #[test]
    fn the_watermark_rises_only_when_nothing_can_have_been_missed() {
        let old = Watermark {
            since: NOW - time::Duration::days(1),
            full: NOW - time::Duration::days(1),
            bad: 2,
            doubt: true,
        };
        let of = |facts: ListingFacts, whole| {
            judge(Listing { facts, whole }, &MassLimit::default(), Some(old), BEGAN).watermark
        };
        let full = Watermark { since: NOW, full: NOW, bad: 0, doubt: false };
        assert_eq!(of(facts(), true), Some(full));
        assert_eq!(of(facts(), false), Some(Watermark { doubt: true, ..old }), "the next run lists in full again");
        assert_eq!(
            of(ListingFacts { bad: 2, ..facts() }, true),
            Some(Watermark { bad: 2, ..full }),
            "the same as before"
        );
        assert_eq!(of(ListingFacts { bad: 3, ..facts() }, true), Some(Watermark { bad: 3, doubt: true, ..full }));
        let incremental = ListingFacts { incremental: true, gone: 0, ..facts() };
        assert_eq!(of(incremental, true), Some(Watermark { since: NOW, doubt: false, ..old }));
        assert_eq!(of(ListingFacts { bad: 1, ..incremental }, true), None);
        assert_eq!(of(incremental, false), None);
    }
}
