//! Questions over many rows at once: what is like a row, and which company is known where.

use super::super::compare::sides_of;
use super::super::coverage;
use super::super::messages::{AlikeRows, CoverageSpec, View};
use super::super::reply::ReplyTo;
use super::{Core, CoreMessage};
use crate::domain::{DayCount, Failure, FailureClass, Flow, FlowId, IntegrationId, MatchState, RecordId, Stream};
use crate::sync::Task;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Days of the trend.
const TREND: usize = 90;
/// Time between two writes of the day's count.
const REST: Duration = Duration::from_mins(5);

impl Core {
    pub(super) fn alike(&mut self, flow: &FlowId, stream: Stream, source: &RecordId) -> Result<AlikeRows, Failure> {
        let at = self.queue_at(flow, stream)?;
        let rules = self.flows[at].flow.clone();
        let sides = sides_of(&self.world, &rules);
        super::super::alike::alike(&mut self.flows[at], sides, stream, source).ok_or_else(|| {
            Failure::new(FailureClass::Usage, format!("there is no record {source} in this queue"), "refresh the queue")
        })
    }

    /// Counted elsewhere, on the shared facts.
    pub(super) fn coverage(&self, reply: ReplyTo, spec: CoverageSpec, offset: u64, limit: u32) {
        let flows: Vec<Flow> = self.flows.iter().map(|state| state.flow.clone()).collect();
        let vendors: Vec<_> = self.integrations.iter().map(|i| (i.id.clone(), self.vendor(&i.id))).collect();
        let today = self.day_count();
        let (world, store, inbox) = (Arc::clone(&self.world), self.store.clone(), self.inbox.clone());
        self.runtime.spawn_blocking(move || {
            let mut trend = store.days(TREND).unwrap_or_default();
            trend.retain(|day| day.day != today.day);
            trend.push(today);
            let asked = coverage::Asked { world: &world, flows: &flows, vendors: &vendors, trend };
            let answer = coverage::coverage(asked, &spec, offset, limit);
            drop(world);
            reply.view(View::Coverage(Box::new(answer)));
            let _ = inbox.send(CoreMessage::Freed);
        });
    }

    /// Counted elsewhere, on the shared facts.
    pub(super) fn data(&self, reply: ReplyTo, integration: &IntegrationId) {
        if !self.integrations.iter().any(|i| i.id == *integration) {
            return reply.failed(self.no_integration(integration));
        }
        let flows: Vec<Flow> = self.flows.iter().map(|state| state.flow.clone()).collect();
        let off = |stream| {
            let task = Task { integration: integration.clone(), stream };
            self.off.get(&task).map_or(0, |off| off.len() as u64)
        };
        let own = self.progress.values().filter(|p| p.integration == *integration);
        let states: Vec<_> = own.map(|p| (p.clone(), off(p.stream))).collect();
        let (world, inbox, integration) = (Arc::clone(&self.world), self.inbox.clone(), integration.clone());
        self.runtime.spawn_blocking(move || {
            let data =
                states.iter().map(|(state, off)| coverage::data(&world, &flows, &integration, state, *off)).collect();
            drop(world);
            reply.view(View::Data(data));
            let _ = inbox.send(CoreMessage::Freed);
        });
    }

    fn day_count(&self) -> DayCount {
        let day = self.clock.now().unix_timestamp().div_euclid(86_400);
        let mut count = DayCount { day: u32::try_from(day).unwrap_or_default(), ..DayCount::default() };
        for state in &self.flows {
            count.companies += state.companies.counts.total();
            count.companies_matched += state.companies.counts.of(MatchState::Matched);
            count.devices += state.devices.counts.total();
            count.devices_matched += state.devices.counts.of(MatchState::Matched);
        }
        count
    }

    /// Writes the day's count now and then, once everything is settled.
    pub(super) fn note_day(&mut self) {
        let rested = self.day_noted.is_none_or(|at| at.elapsed() >= REST);
        let solved = self.ready && !self.is_solving() && self.flows.iter().all(|f| f.solved && !f.due.dirty);
        if !rested || !solved || self.flows.is_empty() {
            return;
        }
        self.day_noted = Some(Instant::now());
        let (store, count) = (self.store.clone(), self.day_count());
        self.runtime.spawn_blocking(move || {
            if let Err(failure) = store.set_day(&count) {
                tracing::warn!(%failure, "the day's count was not kept");
            }
        });
    }
}
