//! When a stream runs next by itself, derived from what is known of its past. Pure.

use crate::domain::{Failure, FailureClass, RunState, Schedule, Spread, StreamProgress, Timestamp};
use std::time::Duration;

/// After a fault of vendor, network or this machine a stream is tried again so much later, if its schedule does not come
/// first.
const AFTER_FAULT: Duration = Duration::from_mins(30);

/// The same after a limit whose end the vendor did not say.
const AFTER_LIMIT: Duration = Duration::from_mins(15);

/// When a run that failed is tried again by itself; `None` where a person has to do something first.
#[must_use]
pub fn retry(failure: &Failure, held: Option<Duration>, now: Timestamp) -> Option<Timestamp> {
    match failure.class {
        FailureClass::Limit => Some(now + held.unwrap_or(AFTER_LIMIT)),
        FailureClass::Vendor | FailureClass::Local => Some(now + AFTER_FAULT),
        _ => None,
    }
}

/// A stream's past, as its next run is planned by it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Past<'a> {
    /// Where it stands; `None` when it never ran.
    pub progress: Option<&'a StreamProgress>,
    /// When it was last started in this session.
    pub tried: Option<Timestamp>,
}

impl Past<'_> {
    /// From when on the schedule counts; `None` makes it due at once.
    fn last(&self) -> Option<Timestamp> {
        let known = self.progress.and_then(|progress| match progress.state {
            // After a failure the schedule counts from the failed attempt, so that it is not tried in a loop.
            RunState::Failed { .. } => progress.started.max(progress.finished),
            // Cut by the end of an earlier session: it goes on.
            RunState::Cut if self.tried.is_none() => None,
            _ => progress.finished,
        });
        known.max(self.tried)
    }

    /// When it runs next by the schedule; `None` for never. A moment that has passed is due now, and once: what was
    /// missed is caught up by one run.
    #[must_use]
    pub fn next(&self, schedule: &Schedule, subject: &str, spread: &Spread, now: Timestamp) -> Option<Timestamp> {
        let planned = schedule.next(self.last(), now, subject, spread)?;
        let failed = self.progress.and_then(|progress| match &progress.state {
            RunState::Failed { failure } => Some((failure.class, progress.retry_at?)),
            _ => None,
        });
        Some(match failed {
            // Nothing is answered before.
            Some((FailureClass::Limit, until)) => until,
            Some((_, again)) => planned.min(again),
            None => planned,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Stream;
    use time::macros::datetime;

    const NOW: Timestamp = datetime!(2026-03-05 12:00 UTC);

    fn progress(state: RunState) -> StreamProgress {
        StreamProgress {
            state,
            started: Some(datetime!(2026-03-05 11:50 UTC)),
            finished: Some(datetime!(2026-03-05 02:10 UTC)),
            ..StreamProgress::never("rmm".into(), Stream::Devices, "devices".into())
        }
    }

    fn next(progress: &StreamProgress, schedule: &str, tried: Option<Timestamp>) -> Option<Timestamp> {
        let schedule = Schedule::parse(schedule).unwrap();
        Past { progress: Some(progress), tried }.next(&schedule, "rmm/devices", &Spread::default(), NOW)
    }

    fn failed(class: FailureClass, held: Option<Duration>) -> StreamProgress {
        let failure = Failure::new(class, "what", "do");
        let retry_at = retry(&failure, held, NOW);
        StreamProgress { retry_at, ..progress(RunState::Failed { failure }) }
    }

    #[test]
    fn what_never_ran_is_due_and_a_missed_run_is_caught_up_once() {
        let daily = Schedule::parse("daily 02:00").unwrap();
        let past = Past::default();
        assert_eq!(past.next(&daily, "", &Spread::default(), NOW), Some(NOW));
        let mut known = StreamProgress { finished: Some(datetime!(2026-03-01 02:10 UTC)), ..progress(RunState::Ok) };
        assert!(next(&known, "daily 02:00", None).unwrap() < NOW, "four missed: due");
        known.finished = Some(NOW);
        assert_eq!(next(&known, "daily 02:00", None), Some(datetime!(2026-03-06 02:00 UTC)), "and once");
        assert_eq!(next(&known, "off", None), None);
    }

    #[test]
    fn a_run_that_the_program_s_end_cut_goes_on_and_one_that_a_person_stopped_does_not() {
        let cut = progress(RunState::Cut);
        assert_eq!(next(&cut, "every 4 h", None), Some(NOW));
        let stopped = next(&cut, "every 4 h", Some(datetime!(2026-03-05 11:50 UTC)));
        assert_eq!(stopped, Some(datetime!(2026-03-05 15:50 UTC)));
    }

    #[test]
    fn failures_that_pass_are_tried_again_and_others_wait_for_their_schedule() {
        let limit = failed(FailureClass::Limit, Some(Duration::from_hours(7)));
        assert_eq!(
            next(&limit, "every 4 h", None),
            Some(datetime!(2026-03-05 19:00 UTC)),
            "not before the vendor says"
        );
        let fault = failed(FailureClass::Vendor, None);
        assert_eq!(next(&fault, "daily 02:00", None), Some(datetime!(2026-03-05 12:30 UTC)));
        assert_eq!(
            next(&fault, "every 5 min", None),
            Some(datetime!(2026-03-05 11:55 UTC)),
            "its schedule comes first"
        );
        let permission = failed(FailureClass::Permission, None);
        assert_eq!(next(&permission, "daily 02:00", None), Some(datetime!(2026-03-06 02:00 UTC)));
        assert_eq!(next(&limit, "off", None), None, "by hand only");
    }
}
