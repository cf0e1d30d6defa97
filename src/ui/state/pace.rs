//! How fast a person decides, and how fast records come in: small rings of samples.

use crate::domain::IntegrationId;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// Decisions looked back at.
const DECISIONS: usize = 30;
/// A longer break between two decisions is no work.
const BREAK: Duration = Duration::from_mins(2);
/// Samples of a rate that are kept.
const SAMPLES: usize = 30;
/// Time between two samples.
const STEP: Duration = Duration::from_secs(1);

/// The person's pace: time and rows of the last decisions.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    last: Option<Duration>,
    steps: VecDeque<(Duration, u64)>,
}

impl Pace {
    /// So many rows were decided now (time since the start).
    pub fn decided(&mut self, now: Duration, rows: u64) {
        if let Some(last) = self.last.replace(now) {
            let took = now.saturating_sub(last);
            if took <= BREAK {
                self.steps.push_back((took, rows.max(1)));
            }
        }
        if self.steps.len() > DECISIONS {
            self.steps.pop_front();
        }
    }

    /// Seconds for each row; `None` before three decisions.
    #[must_use]
    pub fn seconds_each(&self) -> Option<u64> {
        let rows: u64 = self.steps.iter().map(|(_, rows)| rows).sum();
        let took: Duration = self.steps.iter().map(|(took, _)| *took).sum();
        let each = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).checked_div(rows)?;
        (self.steps.len() >= 3).then_some(each.div_ceil(1000))
    }
}

/// Records a second of each integration, one sample a second while something runs.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    of: HashMap<IntegrationId, (Duration, VecDeque<f64>)>,
}

impl Rates {
    /// The rate now; kept when the last sample is old enough.
    pub fn sample(&mut self, id: &IntegrationId, now: Duration, rate: f64) {
        let (last, ring) = self.of.entry(id.clone()).or_default();
        if ring.is_empty() || now >= *last + STEP {
            *last = now;
            ring.push_back(rate);
            if ring.len() > SAMPLES {
                ring.pop_front();
            }
        }
    }

    /// Nothing runs any more.
    pub fn end(&mut self, id: &IntegrationId) {
        self.of.remove(id);
    }

    /// The last samples, oldest first, at most so many, as heights from 0 to 7.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0–7")]
    pub fn heights(&self, id: &IntegrationId, most: usize) -> Vec<usize> {
        let Some((_, ring)) = self.of.get(id) else { return Vec::new() };
        let shown: Vec<f64> = ring.iter().rev().take(most).rev().copied().collect();
        let top = shown.iter().copied().fold(1.0, f64::max);
        shown.iter().map(|rate| (rate / top * 7.0).round().clamp(0.0, 7.0) as usize).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_per_row_and_breaks_do_not_count() {
        let mut pace = Pace::default();
        for (at, rows) in [(0, 1), (10, 1), (20, 1), (700, 1)] {
            pace.decided(Duration::from_secs(at), rows);
        }
        assert_eq!(pace.seconds_each(), None, "two steps and a break");
        pace.decided(Duration::from_mins(12), 2);
        assert_eq!(pace.seconds_each(), Some(10));
    }

    #[test]
    fn one_sample_a_second() {
        let (mut rates, id) = (Rates::default(), IntegrationId::new("a"));
        for tenth in 0..40 {
            rates.sample(&id, Duration::from_millis(tenth * 100), 10.0);
        }
        assert_eq!(rates.heights(&id, 10), [7; 4]);
        rates.sample(&id, Duration::from_secs(9), 0.0);
        assert_eq!(rates.heights(&id, 2), [7, 0]);
    }
}
