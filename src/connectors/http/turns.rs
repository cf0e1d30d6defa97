//! Whose turn it is: requests of one listing keep their order, listings take turns, and what a person waits for goes
//! before what a schedule started. A long listing so never starves a short one of the same key.

use crate::domain::Stream;
use std::collections::{BTreeMap, VecDeque};

/// Whose request it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lane {
    /// A schedule started it: it goes after what a person waits for.
    pub(crate) scheduled: bool,
    /// Which listing; `None` for look-ups and tests.
    pub(crate) stream: Option<Stream>,
}

/// Who waits.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    lanes: BTreeMap<Lane, VecDeque<u64>>,
    drawn: u64,
    /// The lane that went last.
    last: Option<Lane>,
}

impl Turns {
    /// A place at the end of the lane.
    pub(crate) fn draw(&mut self, lane: Lane) -> u64 {
        self.drawn += 1;
        self.lanes.entry(lane).or_default().push_back(self.drawn);
        self.drawn
    }

    /// Whether that place is next.
    pub(crate) fn is_next(&self, lane: Lane, place: u64) -> bool {
        self.next() == Some(lane) && self.lanes.get(&lane).and_then(VecDeque::front) == Some(&place)
    }

    fn next(&self) -> Option<Lane> {
        let scheduled = self.lanes.keys().next()?.scheduled;
        let mut of_rank = self.lanes.keys().copied().filter(|lane| lane.scheduled == scheduled);
        let first = of_rank.next()?;
        let behind = |lane: &Lane| self.last.is_some_and(|last| *lane > last && last.scheduled == scheduled);
        Some(std::iter::once(first).chain(of_rank).find(behind).unwrap_or(first))
    }

    /// The place was served.
    pub(crate) fn served(&mut self, lane: Lane, place: u64) {
        self.last = Some(lane);
        self.leave(lane, place);
    }

    /// Nobody stands there any more.
    pub(crate) fn leave(&mut self, lane: Lane, place: u64) {
        if let Some(places) = self.lanes.get_mut(&lane) {
            places.retain(|known| *known != place);
            if places.is_empty() {
                self.lanes.remove(&lane);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(scheduled: bool, stream: Stream) -> Lane {
        Lane { scheduled, stream: Some(stream) }
    }

    #[test]
    fn listings_take_turns_and_a_person_goes_first() {
        let (long, short, urgent) =
            (lane(true, Stream::Devices), lane(true, Stream::Companies), lane(false, Stream::Tickets));
        let mut turns = Turns::default();
        let mut waiting: Vec<(Lane, u64)> = Vec::new();
        for lane in [long, long, long, short, short, urgent] {
            waiting.push((lane, turns.draw(lane)));
        }
        let mut order = Vec::new();
        while !waiting.is_empty() {
            let at = waiting.iter().position(|(lane, place)| turns.is_next(*lane, *place)).expect("somebody is next");
            let (lane, place) = waiting.remove(at);
            turns.served(lane, place);
            order.push(lane);
        }
        assert_eq!(order[0], urgent);
        assert_eq!(order[1..5].iter().filter(|l| **l == short).count(), 2, "{order:?}");
        assert_ne!(order[1], order[2], "{order:?}");
        assert_eq!(turns.next(), None);
    }

    #[test]
    fn who_leaves_is_not_waited_for() {
        let mut turns = Turns::default();
        let lane = lane(true, Stream::Devices);
        let (first, second) = (turns.draw(lane), turns.draw(lane));
        assert!(turns.is_next(lane, first) && !turns.is_next(lane, second));
        turns.leave(lane, first);
        assert!(turns.is_next(lane, second));
    }
}
