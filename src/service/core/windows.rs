//! Windows of the queues: rows of a view by position. What was typed into find is looked for by other threads where
//! there is much to look through.

use super::super::compare::sides_of;
use super::super::messages::{View, ViewSpec, Window};
use super::super::reply::ReplyTo;
use super::super::views::{self, Search};
use super::{Core, CoreMessage};
use crate::domain::{Failure, RecordId};
use std::sync::Arc;

/// So many rows are looked through at once for what was typed; more are handed to other threads.
const AT_ONCE: usize = 4_096;

/// A window that was asked for.
#[derive(Debug)]
pub struct Wanted {
    /// Of which view.
    pub view: ViewSpec,
    /// First row.
    pub offset: u64,
    /// How many.
    pub limit: u32,
    /// The record whose position is wanted.
    pub anchor: Option<RecordId>,
}

impl Core {
    /// Answers now, or when what was typed has been looked for.
    pub(super) fn ask_window(&mut self, reply: ReplyTo, wanted: Wanted) {
        match self.search_of(&wanted.view) {
            Ok(Some(search)) => {
                let (world, inbox) = (Arc::clone(&self.world), self.inbox.clone());
                let source = self.queue_at(&wanted.view.flow, wanted.view.stream).map(|at| &self.flows[at].flow.source);
                let Ok(source) = source.cloned() else { return };
                self.runtime.spawn_blocking(move || {
                    let order = search.run(world.tables_of(&source));
                    // Given back before the core hears of it, so that it can change the facts at once.
                    drop(world);
                    let _ = inbox.send(CoreMessage::Searched { search, order, reply, wanted: Box::new(wanted) });
                });
            }
            Ok(None) => self.answer_window(reply, &wanted),
            Err(failure) => reply.failed(failure),
        }
    }

    fn search_of(&mut self, view: &ViewSpec) -> Result<Option<Search>, Failure> {
        let at = self.queue_at(&view.flow, view.stream)?;
        let flow = self.flows[at].flow.clone();
        Ok(Search::of(&mut self.flows[at], sides_of(&self.world, &flow), view, AT_ONCE))
    }

    /// The rows were looked through. When they changed meanwhile, the view is computed here, so that it comes to an end.
    pub(super) fn searched(&mut self, search: &Search, order: Vec<u32>, reply: ReplyTo, wanted: &Wanted) {
        if let Ok(at) = self.queue_at(&search.spec.flow, search.spec.stream) {
            let state = &mut self.flows[at];
            if state.queue(search.spec.stream).is_some_and(|queue| queue.generation == search.generation) {
                views::keep(state, &search.spec, order);
            }
        }
        self.answer_window(reply, wanted);
    }

    fn answer_window(&mut self, reply: ReplyTo, wanted: &Wanted) {
        match self.window(&wanted.view, wanted.offset, wanted.limit, wanted.anchor.as_ref()) {
            Ok(window) => reply.view(View::Window(window)),
            Err(failure) => reply.failed(failure),
        }
    }

    fn window(
        &mut self,
        view: &ViewSpec,
        offset: u64,
        limit: u32,
        anchor: Option<&RecordId>,
    ) -> Result<Window, Failure> {
        let at = self.queue_at(&view.flow, view.stream)?;
        let state = &mut self.flows[at];
        let flow = state.flow.clone();
        let mut window = views::window(state, sides_of(&self.world, &flow), view, offset, limit, anchor);
        self.tell_of_writes(&flow, view.stream, &mut window.rows);
        Ok(window)
    }
}
