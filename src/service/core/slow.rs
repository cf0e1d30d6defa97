//! Work that looks at every row and needs the rows themselves: done in slices, between which requests are answered.
//! Facts stand still meanwhile, so that positions stay what they are.

use super::import::{Importing, ShownPlan, Wanted};
use super::undo::Undoing;
use super::{Core, CoreMessage};
use std::time::{Duration, Instant};

/// Longest time of one slice.
const SLICE: Duration = Duration::from_millis(3);

/// Device rows looked at between two looks at the clock.
const ROWS: usize = 256;

/// Work in slices.
pub(super) enum Slow {
    /// What an import does is found out.
    Import(Box<Importing>),
    /// What takes an import back is found out.
    Undo(Box<Undoing>),
}

impl Core {
    /// Begins work, with its first slice at once: most is done with it.
    pub(super) fn begin_slow(&mut self, work: Slow) {
        self.slow.push_back(work);
        if self.slow.len() == 1 {
            self.go_on_slow();
        }
    }

    /// The next slice of what is under way.
    pub(super) fn go_on_slow(&mut self) {
        let until = Instant::now() + SLICE;
        while let Some(mut work) = self.slow.pop_front() {
            let done = match &mut work {
                Slow::Import(importing) => self.go_on_importing(importing, until),
                Slow::Undo(undoing) => self.go_on_undoing(undoing, until),
            };
            if !done {
                self.slow.push_front(work);
                break;
            }
            match work {
                Slow::Import(importing) => self.import_planned(*importing),
                Slow::Undo(undoing) => self.undo_planned(*undoing),
            }
            if Instant::now() >= until {
                break;
            }
        }
        if !self.slow.is_empty() {
            self.nudge();
        }
    }

    /// Looks at device rows that changed, to know what can be imported.
    pub(super) fn count_ready(&mut self) {
        if !self.ready {
            return;
        }
        let until = Instant::now() + SLICE;
        let mut rest = false;
        for state in self.flows.iter_mut().filter(|state| state.flow.is_import() && !state.ready.is_counted()) {
            let flow = state.flow.clone();
            let sides = super::super::compare::sides_of(&self.world, &flow);
            while !state.ready.is_counted() && Instant::now() < until {
                super::super::staging::count_ready(state, sides, &self.world.junk, ROWS);
            }
            rest |= !state.ready.is_counted();
            if state.ready.has_news() {
                self.outbox.overview();
            }
        }
        if rest {
            self.nudge();
        }
    }

    /// Comes back for the next slice, behind whatever waits in the inbox.
    fn nudge(&mut self) {
        if !self.nudged {
            self.nudged = true;
            let _ = self.inbox.send(CoreMessage::GoOn);
        }
    }

    /// Lets go of something large elsewhere: giving back its memory takes its time.
    pub(super) fn drop_elsewhere<T: Send + 'static>(&self, large: T) {
        self.runtime.spawn_blocking(move || drop(large));
    }
}

/// What a finished plan is for.
pub(super) enum For {
    /// It is shown.
    Show(super::super::reply::ReplyTo, Box<ShownPlan>, (u64, u32)),
    /// It is carried out.
    Import(Box<Wanted>, super::super::messages::Given),
}
