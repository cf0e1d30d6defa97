//! The first rows of every queue as the last session left them, kept so that the next start shows them at once,
//! while facts are read and solved in the background. A cache: losing it loses nothing.

use super::messages::{Filter, Overview, Query, Request, Sort, StateCounts, ViewSpec, Window};
use super::rows::FlowState;
use super::views::{self, Sides};
use super::world::World;
use crate::domain::{Confidence, FlowId, RecordId, Stream};
use crate::store::Store;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Rows kept per queue: a large screen and a page beyond it.
const ROWS: u32 = 150;
/// Its key in the store.
const KEY: &str = "front";

/// First windows and counts by queue.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Front {
    overview: Overview,
    queues: Vec<FrontQueue>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct FrontQueue {
    flow: FlowId,
    stream: Stream,
    counts: StateCounts,
    window: Window,
}

impl Front {
    /// What the last session left; `None` when there is nothing or it is of another version.
    pub fn load(dir: &Path) -> Option<Self> {
        let bytes = Store::blob_in(dir, KEY)?;
        let mut front: Self = serde_json::from_slice(&bytes).ok()?;
        front.overview.ready = false;
        for integration in &mut front.overview.integrations {
            integration.budget = None;
        }
        Some(front)
    }

    /// A front of what the service shows now, still without rows.
    pub fn of(overview: Overview) -> Self {
        Self { overview, queues: Vec::new() }
    }

    /// Integrations, flows and counts of the last session.
    pub fn overview(&self) -> &Overview {
        &self.overview
    }

    /// Keeps it for the next start.
    pub fn save(&self, store: &Store) {
        if let Ok(bytes) = serde_json::to_vec(self) {
            // A cache: when it cannot be written, the next start reads the store first.
            let _ = store.put_blob(KEY, &bytes);
        }
    }

    /// Takes the first rows of a flow's queues.
    pub fn take(&mut self, state: &mut FlowState, sides: Sides<'_>) {
        for stream in state.streams() {
            let spec = default_view(&state.flow.id, stream);
            let window = views::window(state, sides, &spec, 0, ROWS, None);
            self.queues.push(FrontQueue { flow: state.flow.id.clone(), stream, counts: window.counts, window });
        }
    }

    /// The answer to a window of the default view; `None` for anything else.
    pub fn window(&self, request: &Request) -> Option<Window> {
        let Request::Query(Query::Window { view, offset, limit, anchor }) = request else { return None };
        let kept = self.queues.iter().find(|q| *view == default_view(&q.flow, q.stream))?;
        let mut window = kept.window.clone();
        let from = usize::try_from(*offset).ok()?;
        let upto = (from + *limit as usize).min(window.rows.len());
        if from > upto {
            return None;
        }
        window.anchor = anchor.as_ref().and_then(|id| window.rows.iter().position(|r| r.id == *id)).map(|p| p as u64);
        window.rows = window.rows[from..upto].to_vec();
        window.offset = *offset;
        window.generation = 0;
        Some(window)
    }

    /// Counts of the last session.
    pub fn counts_into(&self, overview: &mut Overview) {
        for flow in &mut overview.flows {
            for tab in &mut flow.tabs {
                if let Some(kept) = self.queues.iter().find(|q| q.flow == flow.id && q.stream == tab.stream) {
                    tab.counts = kept.counts;
                }
            }
        }
    }

    /// The kept proposals go into the rows until the engine has run, so that the screen does not empty meanwhile.
    pub fn into_rows(self, flows: &mut [FlowState], world: &World) {
        for kept in self.queues {
            let Some(state) = flows.iter_mut().find(|f| f.flow.id == kept.flow) else { continue };
            let source = world.tables_of(&state.flow.source);
            for row in kept.window.rows {
                let at = views::position(source, kept.stream, &row.id);
                let (Some(at), Some(queue)) = (at, state.queue_mut(kept.stream)) else { continue };
                let Some(inner) = queue.rows.get_mut(at) else { continue };
                inner.verdict = match row.state {
                    crate::domain::MatchState::Conflict => crate::domain::Verdict::Conflict,
                    crate::domain::MatchState::Suggested => crate::domain::Verdict::Suggest,
                    _ => continue,
                };
                let best: Option<(RecordId, Confidence)> = row.target.map(|t| t.id).zip(row.confidence);
                inner.best = best;
                inner.why = row.why.into();
                state.refresh_row(source, kept.stream, at);
            }
            if let Some(queue) = state.queue_mut(kept.stream) {
                queue.outdate();
            }
        }
    }
}

fn default_view(flow: &FlowId, stream: Stream) -> ViewSpec {
    ViewSpec {
        flow: flow.clone(),
        stream,
        filter: Filter::default(),
        find: String::new(),
        sort: Sort::default(),
        company: None,
        alike: None,
    }
}
