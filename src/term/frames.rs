//! When to draw: at once for a person, at most ten times a second for what happens by itself.

use std::time::Duration;

/// Least time between two frames that nobody waits for.
pub const SPACING: Duration = Duration::from_millis(100);
/// The same on a slow line.
pub const SLOW_SPACING: Duration = Duration::from_secs(1);

/// Decides when the next frame is due. Time comes in as time since the start.
#[derive(Debug)]
pub struct FrameClock {
    spacing: Duration,
    last: Option<Duration>,
    due: Option<Duration>,
}

impl Default for FrameClock {
    fn default() -> Self {
        Self::new(SPACING)
    }
}

impl FrameClock {
    /// A clock whose background frames keep that distance.
    #[must_use]
    pub const fn new(spacing: Duration) -> Self {
        Self { spacing, last: None, due: None }
    }

    /// A person waits: draw now.
    pub fn now(&mut self, now: Duration) {
        self.due = Some(now);
    }

    /// Something changed by itself: draw when the spacing allows. Requests until then make one frame.
    pub fn soon(&mut self, now: Duration) {
        let earliest = self.last.map_or(now, |last| (last + self.spacing).max(now));
        self.due = Some(self.due.map_or(earliest, |due| due.min(earliest)));
    }

    /// Puts a due frame off to that time: its data is on the way.
    pub fn hold(&mut self, until: Duration) {
        self.due = self.due.map(|due| due.max(until));
    }

    /// When the next frame is due; `None` when nothing changed.
    #[must_use]
    pub fn due(&self) -> Option<Duration> {
        self.due
    }

    /// A frame was drawn.
    pub fn drawn(&mut self, now: Duration) {
        self.last = Some(now);
        self.due = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn background_frames_keep_their_distance_and_keys_do_not() {
        let mut clock = FrameClock::default();
        assert_eq!(clock.due(), None);
        clock.soon(ms(5));
        assert_eq!(clock.due(), Some(ms(5)));
        clock.drawn(ms(5));
        clock.soon(ms(10));
        clock.soon(ms(50));
        assert_eq!(clock.due(), Some(ms(105)));
        clock.now(ms(60));
        assert_eq!(clock.due(), Some(ms(60)));
        clock.drawn(ms(60));
        assert_eq!(clock.due(), None);
    }

    #[test]
    fn a_slow_line_gets_one_a_second_and_keys_still_at_once() {
        let mut clock = FrameClock::new(SLOW_SPACING);
        clock.drawn(ms(0));
        clock.soon(ms(10));
        assert_eq!(clock.due(), Some(ms(1000)));
        clock.now(ms(20));
        assert_eq!(clock.due(), Some(ms(20)));
    }

    #[test]
    fn ten_a_second_at_most() {
        let mut clock = FrameClock::default();
        let mut frames = 0;
        for now in (0..1000).map(ms) {
            clock.soon(now);
            if clock.due().is_some_and(|due| due <= now) {
                clock.drawn(now);
                frames += 1;
            }
        }
        assert_eq!(frames, 10);
    }
}
