//! What a run of a stream should do, derived from what is stored. Pure.

use crate::domain::RunCounts;

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
}

/// Older pages than this are not continued: too much may have moved meanwhile. Six hours.
pub const RESUME_LIMIT_S: i64 = 6 * 3600;

/// Decides where a run begins. `full` asks for a new listing whatever is stored.
#[must_use]
pub fn start(unfinished: Option<&Unfinished>, full: bool) -> Start {
    match unfinished {
        Some(run) if !full && run.age_s <= RESUME_LIMIT_S => Start::Resume { after: run.cursor.clone() },
        _ => Start::Fresh,
    }
}

/// What is known of a listing at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Different ids that the run saw, those of unreadable rows among them.
    pub seen: u64,
    /// What the vendor said there were, at the last page.
    pub total: Option<u64>,
    /// Rows that could not be read.
    pub bad: u64,
    /// Every page named the same total.
    pub stable: bool,
    /// Times the run was cut and resumed.
    pub resumed: u32,
    /// The connector found the listing complete.
    pub whole: bool,
    /// Live records before the end of the run.
    pub live: u64,
    /// Live records that it did not see.
    pub gone: u64,
}

/// Whether a finished listing may orphan records: only when nothing can have been missed. A listing during which the
/// vendor's total moved, that was resumed without a total to check against, or that saw fewer rows than the vendor
/// said, may not; nor may one that would orphan more than [`MASS_ROWS`] and [`MASS_SHARE`] of what is stored.
#[must_use]
pub fn may_orphan(listing: Listing) -> bool {
    let complete = match listing.total {
        Some(total) => listing.stable && listing.seen >= total,
        None => listing.resumed == 0 && listing.bad == 0,
    };
    complete && listing.whole && !is_mass_change(listing)
}

/// Fewer vanished records than this never stop a run.
pub const MASS_ROWS: u64 = 50;
/// A larger share than one in this many stops it, when [`MASS_ROWS`] is passed too.
pub const MASS_SHARE: u64 = 4;

fn is_mass_change(listing: Listing) -> bool {
    listing.gone > MASS_ROWS && listing.gone > listing.live / MASS_SHARE
}

/// Why vanished records were left as they are, for the log; `None` when nothing was withheld.
#[must_use]
pub fn withheld_text(label: &str, listing: Listing) -> Option<String> {
    if listing.gone == 0 || may_orphan(listing) {
        return None;
    }
    let gone = listing.gone;
    Some(if is_mass_change(listing) {
        let live = listing.live;
        format!(
            "{label}: {gone} of {live} records were not listed; too many to believe, none was orphaned. Check the key's access, then sync again"
        )
    } else {
        format!("{label}: {gone} records were not listed, but the listing was not complete; none was orphaned")
    })
}

/// The closing line of a run.
#[must_use]
pub fn closing_text(label: &str, counts: &RunCounts, seconds: f64) -> String {
    let bad = if counts.bad > 0 { format!(", {} bad rows left out", counts.bad) } else { String::new() };
    let RunCounts { read, added, changed, unchanged, orphaned, .. } = counts;
    format!(
        "{label} complete: {read} read, {added} added, {changed} changed, {unchanged} unchanged, {orphaned} orphaned{bad} \
         · {seconds:.1} s"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unfinished_run_goes_on_unless_it_is_old_or_a_full_one_is_wanted() {
        let run = Unfinished { cursor: Some("3".into()), age_s: 60 };
        assert_eq!(start(Some(&run), false), Start::Resume { after: Some("3".into()) });
        assert_eq!(start(Some(&run), true), Start::Fresh);
        assert_eq!(start(Some(&Unfinished { age_s: RESUME_LIMIT_S + 1, ..run }), false), Start::Fresh);
        assert_eq!(start(None, false), Start::Fresh);
    }

    #[test]
    fn only_a_complete_listing_orphans() {
        let good =
            Listing { seen: 10, total: Some(10), bad: 0, stable: true, resumed: 0, whole: true, live: 10, gone: 0 };
        assert!(may_orphan(good));
        assert!(may_orphan(Listing { resumed: 1, ..good }));
        assert!(!may_orphan(Listing { seen: 9, ..good }));
        assert!(!may_orphan(Listing { stable: false, ..good }));
        assert!(may_orphan(Listing { bad: 1, ..good }));
        assert!(!may_orphan(Listing { whole: false, ..good }));
        assert!(!may_orphan(Listing { total: None, bad: 1, ..good }));
        assert!(!may_orphan(Listing { total: None, resumed: 1, ..good }));
        assert!(may_orphan(Listing { total: None, ..good }));
    }

    #[test]
    fn a_mass_of_vanished_records_is_not_believed() {
        let few =
            Listing { seen: 10, total: Some(10), bad: 0, stable: true, resumed: 0, whole: true, live: 60, gone: 50 };
        assert!(may_orphan(few));
        let many = Listing { gone: 51, ..few };
        assert!(!may_orphan(many));
        assert!(withheld_text("devices", many).is_some_and(|t| t.contains("51 of 60")));
        assert!(may_orphan(Listing { live: 1_000, ..many }));
        assert_eq!(withheld_text("devices", few), None);
    }
}
