//! A published limit as a sliding window.

use super::Usage;
use std::{collections::VecDeque, time::Duration};
use tokio::time::Instant;

/// So many requests in such a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Requests.
    pub requests: usize,
    /// In this time.
    pub per: Duration,
}

/// The requests that count at this moment.
#[derive(Debug)]
pub struct Window {
    limit: Limit,
    seen: VecDeque<Instant>,
}

impl Window {
    /// An empty window.
    #[must_use]
    pub fn new(limit: Limit) -> Self {
        Self { limit, seen: VecDeque::new() }
    }

    /// Lets a request in, or says after how many whole seconds one may come again. Refused ones do not count.
    ///
    /// # Errors
    /// The seconds until the oldest counted request leaves the window, at least 1.
    pub fn admit(&mut self, now: Instant) -> Result<(), u64> {
        while self.seen.front().is_some_and(|&first| now.duration_since(first) >= self.limit.per) {
            self.seen.pop_front();
        }
        if self.seen.len() < self.limit.requests {
            self.seen.push_back(now);
            return Ok(());
        }
        let until =
            self.seen.front().map_or(self.limit.per, |&first| self.limit.per.saturating_sub(now.duration_since(first)));
        Err(until.as_secs() + u64::from(until.subsec_nanos() > 0))
    }

    /// How far the limit is used up, as of the last request.
    pub fn usage(&self) -> Usage {
        Usage { used: self.seen.len(), limit: self.limit }
    }

    /// As if so many requests had come at that moment, and none before.
    pub fn fill(&mut self, requests: usize, now: Instant) {
        self.seen = std::iter::repeat_n(now, requests).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_over_the_limit_waits_for_the_oldest_to_leave() {
        let mut window = Window::new(Limit { requests: 2, per: Duration::from_secs(10) });
        let start = Instant::now();
        assert_eq!(window.admit(start), Ok(()));
        assert_eq!(window.admit(start + Duration::from_secs(4)), Ok(()));
        assert_eq!(window.admit(start + Duration::from_millis(4500)), Err(6));
        assert_eq!(window.admit(start + Duration::from_secs(10)), Ok(()));
        assert_eq!(window.admit(start + Duration::from_secs(10)), Err(4));
    }
}
