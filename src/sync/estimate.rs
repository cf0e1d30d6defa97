//! What a run would cost, derived from what is stored of the runs before it. Pure.

use super::plan::Kind;
use crate::domain::{RunOutcome, Timestamp};
use crate::store::RunSummary;

/// What is known before a run.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// What it asks for.
    pub kind: Kind,
    /// Records stored.
    pub stored: u64,
    /// Rows a page.
    pub page: u32,
    /// The last run of the same kind, where there was one.
    pub last: Option<&'a RunSummary>,
    /// Requests a second at most.
    pub pace: Option<f64>,
}

/// What a run would cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Requests; `None` where nothing tells, before the first run.
    pub requests: Option<u64>,
    /// Seconds; `None` likewise.
    pub seconds: Option<f64>,
    /// Only what changed since then.
    pub since: Option<Timestamp>,
}

/// Estimates it: pages as in the last run of its kind, else as many as the stored records fill; time by the pace that is
/// kept, and by what the last run took for a page where that is longer.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
pub fn estimate(known: &Known<'_>) -> Estimate {
    let since = if let Kind::Since(since) = known.kind { Some(since) } else { None };
    let complete = |run: &&RunSummary| matches!(run.outcome, RunOutcome::Complete { .. }) && run.pages > 0;
    let last = known.last.filter(complete);
    let filled = match (since, known.stored) {
        // Changes mostly fit a page.
        (Some(_), _) => Some(1),
        (None, 0) => None,
        (None, stored) => Some(stored.div_ceil(u64::from(known.page.max(1)))),
    };
    let requests = last.map(|run| u64::from(run.pages)).max(filled);
    let page_takes = last.map(|run| (run.at - run.started).as_seconds_f64().max(0.0) / f64::from(run.pages));
    let seconds = requests.map(|requests| {
        let requests = requests as f64;
        let paced = known.pace.filter(|pace| *pace > 0.0).map_or(0.0, |pace| requests / pace);
        paced.max(page_takes.map_or(0.0, |takes| requests * takes))
    });
    Estimate { requests, seconds, since }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{RunCounts, RunId};
    use time::macros::datetime;

    const NOW: Timestamp = datetime!(2026-03-05 12:00 UTC);

    fn known(kind: Kind, stored: u64, last: Option<&RunSummary>) -> Known<'_> {
        Known { kind, stored, page: 100, last, pace: Some(2.0) }
    }

    fn run(pages: u32, seconds: i64) -> RunSummary {
        let outcome = RunOutcome::Complete { counts: RunCounts::default() };
        let started = NOW - time::Duration::seconds(seconds);
        RunSummary { run: RunId(1), started, at: NOW, outcome, pages, resumed: 0, since: None }
    }

    #[test]
    fn pages_and_pace_tell_what_a_run_costs() {
        let first = estimate(&known(Kind::Full, 0, None));
        assert_eq!((first.requests, first.seconds), (None, None), "nothing tells before the first run");
        let full = estimate(&known(Kind::Full, 1_001, None));
        assert_eq!((full.requests, full.seconds), (Some(11), Some(5.5)));
        let changes = estimate(&known(Kind::Since(NOW), 1_001, None));
        assert_eq!((changes.requests, changes.since), (Some(1), Some(NOW)));
        let slow = run(20, 100);
        let known = known(Kind::Full, 1_001, Some(&slow));
        assert_eq!((estimate(&known).requests, estimate(&known).seconds), (Some(20), Some(100.0)), "as the last one");
        let cut = RunSummary { outcome: RunOutcome::Cut { counts: RunCounts::default() }, ..slow.clone() };
        assert_eq!(estimate(&Known { last: Some(&cut), ..known }).requests, Some(11), "a cut one tells nothing");
    }
}
