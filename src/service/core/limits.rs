//! What limits do to runs and to what is shown of them: streams that wait, and the meters that fall afterwards.

use super::Core;
use crate::domain::{IntegrationId, RunState, StreamProgress, Timestamp};
use std::time::{Duration, Instant};

impl Core {
    /// The vendor takes no request until then: its runs wait.
    pub(super) fn hold(&mut self, integration: IntegrationId, until: Timestamp) {
        for progress in self.progress.values_mut().filter(|p| p.integration == integration) {
            if matches!(progress.state, RunState::Running | RunState::Waiting { .. }) {
                progress.state = RunState::Waiting { until };
            }
        }
        self.held.insert(integration, until);
        self.outbox.overview();
    }

    /// A page that was under way when the vendor said so does not end the wait.
    pub(super) fn as_held(&self, progress: StreamProgress) -> StreamProgress {
        let until = self.held.get(&progress.integration).copied().filter(|until| *until > self.clock.now());
        match (&progress.state, until) {
            (RunState::Running, Some(until)) => StreamProgress { state: RunState::Waiting { until }, ..progress },
            _ => progress,
        }
    }

    /// When the next wait is over.
    pub(super) fn held_due(&self) -> Option<Instant> {
        let until = self.held.values().min()?;
        Some(Instant::now() + Duration::try_from(*until - self.clock.now()).unwrap_or_default())
    }

    /// Waits that are over: the runs go on. A meter that has fallen is shown.
    pub(super) fn let_go(&mut self) {
        let now = self.clock.now();
        let over: Vec<IntegrationId> =
            self.held.iter().filter(|(_, until)| **until <= now).map(|(id, _)| id.clone()).collect();
        for id in over {
            self.held.remove(&id);
            for progress in self.progress.values_mut().filter(|p| p.integration == id) {
                if matches!(progress.state, RunState::Waiting { .. }) {
                    progress.state = RunState::Running;
                }
            }
            self.outbox.overview();
        }
        if self.meter.is_some_and(|at| at <= Instant::now()) {
            self.meter = None;
            self.outbox.overview();
        }
    }

    /// A run ended: its requests leave the window later, when nothing else would repaint the meter.
    pub(super) fn watch_meter(&mut self, integration: &IntegrationId) {
        let known = self.integrations.iter().find(|i| i.id == *integration);
        if let Some(budget) = known.and_then(|i| i.connector.budget()).filter(|budget| budget.used > 0) {
            let falls = Instant::now() + Duration::from_secs(u64::from(budget.window_s) + 1);
            self.meter = self.meter.max(Some(falls));
        }
    }
}
