//! Rows that are brought up to date in pieces, between which requests are answered: the engine's answer, and what
//! follows from records that changed. Nothing that moves rows or decides by itself begins before all of it is done.

use super::super::rows::FlowState;
use super::super::solver::RowVerdict;
use super::super::tables::IntegrationTables;
use super::Core;
use crate::domain::{FlowId, Stream};
use std::time::Instant;

/// Rows of one piece: about a millisecond.
const PIECE: usize = 8_192;

/// Rows of a flow that are behind.
#[derive(Debug)]
pub struct Behind {
    flow: FlowId,
    work: Work,
}

#[derive(Debug)]
enum Work {
    /// The engine's answer is to be put into rows.
    Verdicts(Stream, std::vec::IntoIter<RowVerdict>),
    /// State, standing and visibility from this position on.
    Renew(Stream, usize),
    /// All rows of the stream are up to date: orders are computed anew.
    Outdate(Stream),
    /// Terminals hear of it.
    Tell,
}

impl Core {
    /// Rows wait to be brought up to date.
    pub(super) fn is_behind(&self) -> bool {
        !self.behind.is_empty()
    }

    /// When the next piece is due.
    pub(super) fn behind_due(&self) -> Option<Instant> {
        self.is_behind().then(Instant::now)
    }

    /// The engine works, or its answer is not in all rows yet.
    pub(super) fn is_solving(&self) -> bool {
        self.solving || self.is_behind()
    }

    /// Puts the engine's answer into rows, beginning now.
    pub(super) fn put_behind(&mut self, flow: &FlowId, verdicts: [(Stream, Vec<RowVerdict>); 2], outdate: bool) {
        for (stream, list) in verdicts {
            self.push_behind(flow, Work::Verdicts(stream, list.into_iter()));
            if outdate {
                self.push_behind(flow, Work::Outdate(stream));
            }
        }
        if outdate {
            self.push_behind(flow, Work::Tell);
        }
        self.catch_up_rows();
    }

    /// Recomputes rows of streams inside companies, beginning now.
    pub(super) fn renew_behind(&mut self, flow: &FlowId, streams: impl IntoIterator<Item = Stream>) {
        for stream in streams {
            self.push_behind(flow, Work::Renew(stream, 0));
            self.push_behind(flow, Work::Outdate(stream));
        }
        self.push_behind(flow, Work::Tell);
        self.catch_up_rows();
    }

    fn push_behind(&mut self, flow: &FlowId, work: Work) {
        self.behind.push_back(Behind { flow: flow.clone(), work });
    }

    /// Does one piece.
    pub(super) fn catch_up_rows(&mut self) {
        let mut left = PIECE;
        while let (true, Some(Behind { flow, work })) = (left > 0, self.behind.front_mut()) {
            let Some(state) = self.flows.iter_mut().find(|state| state.flow.id == *flow) else {
                self.behind.pop_front();
                continue;
            };
            let source = self.world.tables_of(&state.flow.source);
            let done = match work {
                Work::Verdicts(stream, list) => put(state, source, *stream, list, &mut left),
                Work::Renew(stream, from) => renew(state, source, *stream, from, &mut left),
                Work::Outdate(stream) => {
                    if let Some(queue) = state.queue_mut(*stream) {
                        queue.outdate();
                    }
                    true
                }
                Work::Tell => {
                    self.outbox.queue(flow);
                    self.outbox.overview();
                    true
                }
            };
            if done {
                self.behind.pop_front();
            }
        }
    }
}

fn put(
    state: &mut FlowState,
    source: &IntegrationTables,
    stream: Stream,
    list: &mut std::vec::IntoIter<RowVerdict>,
    left: &mut usize,
) -> bool {
    for verdict in list.by_ref().take(*left) {
        *left -= 1;
        let at = verdict.at;
        let Some(row) = state.queue_mut(stream).and_then(|queue| queue.rows.get_mut(at)) else { continue };
        verdict.put(row);
        state.refresh_row(source, stream, at);
    }
    list.len() == 0
}

fn renew(
    state: &mut FlowState,
    source: &IntegrationTables,
    stream: Stream,
    from: &mut usize,
    left: &mut usize,
) -> bool {
    let count = source.count(stream);
    state.make_room(stream, count);
    while *left > 0 && *from < count {
        state.renew_row(source, stream, *from);
        *from += 1;
        *left -= 1;
    }
    if *from < count {
        return false;
    }
    if stream == Stream::Devices && state.flow.is_import() {
        state.ready.touch_all();
    }
    true
}
