//! Orders of a queue: filter, find and sort over positions, computed when asked for, kept until the queue changes and
//! kept up with decisions.

use super::alike::is_alike;
use super::listed::Facts;
use super::messages::{Filter, Generation, QueueRow, SortKey, TargetLabel, ViewSpec, Window};
use super::rows::{FlowState, Queue, Row};
use super::search::Needle;
use super::tables::{IntegrationTables, Standing};
use crate::domain::{Cardinality, MatchState, RecordId, Stream, text};
use rayon::prelude::*;
use std::sync::Arc;

/// Views kept per queue; a terminal looks at few at once.
const KEPT: usize = 6;
/// Most rows of one window.
const WINDOW_LIMIT: u32 = 500;
/// So many changed rows are looked for one by one in each view.
const FEW: usize = 64;

/// One computed order.
#[derive(Clone, Debug)]
pub struct CachedView {
    spec: ViewSpec,
    /// Positions in the source's table; shared with searches that look through them.
    order: Arc<Vec<u32>>,
}

/// Both sides of a flow, borrowed.
#[derive(Clone, Copy)]
pub struct Sides<'a> {
    /// The source's tables.
    pub source: &'a IntegrationTables,
    /// The target's tables.
    pub target: &'a IntegrationTables,
}

/// The order of a view, from the cache or computed.
pub fn order<'q>(state: &'q mut FlowState, sides: Sides<'_>, spec: &ViewSpec) -> &'q [u32] {
    if !bring_forward(state, spec) {
        let order = compute(state, sides, spec);
        keep(state, spec, order);
    }
    state.queue(spec.stream).and_then(|q| q.views.last()).map_or(&[], |view| &view.order)
}

/// Makes a known view the one that was used last; false when it is not known.
fn bring_forward(state: &mut FlowState, spec: &ViewSpec) -> bool {
    let Some(views) = state.queue_mut(spec.stream).map(|q| &mut q.views) else { return false };
    let Some(at) = views.iter().position(|view| view.spec == *spec) else { return false };
    views[at..].rotate_left(1);
    true
}

/// Keeps an order; where there are too many, one that was found by typing goes first, else the one used longest ago.
pub fn keep(state: &mut FlowState, spec: &ViewSpec, order: Vec<u32>) {
    let Some(queue) = state.queue_mut(spec.stream) else { return };
    if queue.views.len() >= KEPT {
        let typed = queue.views.iter().position(|view| !view.spec.find.is_empty());
        queue.views.remove(typed.unwrap_or(0));
    }
    queue.views.push(CachedView { spec: spec.clone(), order: Arc::new(order) });
}

fn compute(state: &FlowState, sides: Sides<'_>, spec: &ViewSpec) -> Vec<u32> {
    let Some(queue) = state.queue(spec.stream) else { return Vec::new() };
    if let Some(among) = widest(queue, spec) {
        let needle = Needle::new(&spec.find);
        return among.iter().copied().filter(|&at| found(sides.source, spec.stream, at as usize, &needle)).collect();
    }
    let belongs = belongs(sides.source, spec);
    let key = sort_key(state, sides.source, spec);
    let mut keyed: Vec<(u64, u32)> = queue
        .rows
        .iter()
        .enumerate()
        .filter(|(at, row)| belongs(*at, row))
        .filter_map(|(at, row)| u32::try_from(at).ok().map(|at| (key(at, row), at)))
        .collect();
    // In this thread: the pools may be busy for longer than this takes.
    keyed.sort_unstable_by_key(|(key, _)| *key);
    if spec.sort.descending {
        keyed.reverse();
    }
    keyed.into_iter().map(|(_, at)| at).collect()
}

/// The shortest known order in which all rows of a view with find are, in its sequence: of the same view with less
/// typed.
fn widest<'q>(queue: &'q Queue, spec: &ViewSpec) -> Option<&'q Arc<Vec<u32>>> {
    if spec.find.is_empty() {
        return None;
    }
    let needle = Needle::new(&spec.find);
    let same = |view: &&CachedView| {
        ViewSpec { find: String::new(), ..view.spec.clone() } == ViewSpec { find: String::new(), ..spec.clone() }
            && needle.contains(&Needle::new(&view.spec.find))
    };
    queue.views.iter().filter(same).map(|view| &view.order).min_by_key(|order| order.len())
}

/// Rows to be looked through for what was typed.
#[derive(Debug)]
pub struct Search {
    /// The view that is computed.
    pub spec: ViewSpec,
    /// The queue's state that it is computed for.
    pub generation: Generation,
    among: Arc<Vec<u32>>,
}

impl Search {
    /// The search that a view needs; `None` when its order is known or no more than so many rows are to be looked
    /// through.
    pub fn of(state: &mut FlowState, sides: Sides<'_>, spec: &ViewSpec, at_once: usize) -> Option<Self> {
        if spec.find.is_empty() || bring_forward(state, spec) {
            return None;
        }
        let known = |state: &FlowState| widest(state.queue(spec.stream)?, spec).map(Arc::clone);
        let among = known(state).or_else(|| {
            order(state, sides, &ViewSpec { find: String::new(), ..spec.clone() });
            known(state)
        })?;
        let generation = state.queue(spec.stream)?.generation;
        (among.len() > at_once).then(|| Self { spec: spec.clone(), generation, among })
    }

    /// Looks through them, on several threads. Facts must be those of the queue's state.
    pub fn run(&self, source: &IntegrationTables) -> Vec<u32> {
        let needle = Needle::new(&self.spec.find);
        let holds = |at: &u32| found(source, self.spec.stream, *at as usize, &needle);
        super::pools::answer(|| self.among.par_iter().copied().filter(holds).collect())
    }
}

/// Whether a row is in a view.
fn belongs<'a>(source: &'a IntegrationTables, spec: &'a ViewSpec) -> impl Fn(usize, &Row) -> bool + 'a {
    let needle = Needle::new(&spec.find);
    move |at, row| {
        !row.hidden
            && passes(row, spec.filter)
            && in_company(source, spec, at)
            && spec.alike.as_ref().is_none_or(|with| is_alike(source, spec.stream, at, row, with))
            && (needle.is_empty() || found(source, spec.stream, at, &needle))
    }
}

/// Whether a row belongs to a filter.
pub fn passes(row: &Row, filter: Filter) -> bool {
    let state = row.state();
    match filter {
        Filter::All => true,
        Filter::Open => {
            matches!(state, MatchState::Conflict | MatchState::Suggested | MatchState::Unmatched)
                && !row.waits
                && !row.is_away()
        }
        Filter::State(wanted) => state == wanted,
        Filter::Unimported => row.matched().is_none() && !row.is_away(),
        Filter::Orphaned => row.standing == Standing::Orphaned,
        Filter::LeftOut => row.standing == Standing::LeftOut,
    }
}

fn in_company(source: &IntegrationTables, spec: &ViewSpec, at: usize) -> bool {
    match &spec.company {
        Some(company) if spec.stream != Stream::Companies => source.company_of(spec.stream, at) == Some(company),
        _ => true,
    }
}

fn found(source: &IntegrationTables, stream: Stream, at: usize, needle: &Needle) -> bool {
    let Some(facts) = source.facts_at(stream, at) else { return false };
    let company = || source.company_of(stream, at).and_then(|c| source.companies.get(c));
    facts.holds(&|text| needle.is_in(text)) || company().is_some_and(|c| needle.is_in(&c.name))
}

/// What rows of a view are ordered by: one integer a row, what decides first in its highest bits, so that a hundred
/// thousand rows are in order in milliseconds. No two rows have the same.
fn sort_key<'a>(
    state: &'a FlowState,
    source: &'a IntegrationTables,
    spec: &'a ViewSpec,
) -> impl Fn(u32, &Row) -> u64 + 'a {
    let ranks: &[u32] = state.queue(spec.stream).map_or(&[], |queue| &queue.name_rank);
    // Rows that came since names were last put in order stand after them, by position.
    let rank = |at: u32| u64::from(ranks.get(at as usize).copied().unwrap_or(at | 1 << 31));
    // Confidence in ten-thousandths, the surest first.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 10,000")]
    let unsure = |row: &Row| 10_000 - row.best.as_ref().map_or(0, |(_, c)| (c.get() * 10_000.0) as u64);
    let devices = |at: u32| {
        let id = source.companies.all().get(at as usize).map(|c| &c.id);
        u64::from(u32::MAX - id.and_then(|id| source.extra.get(id)).map_or(0, |e| e.devices))
    };
    let company = |at: u32| {
        let at = source.company_of(spec.stream, at as usize).and_then(|c| source.companies.position(c));
        u64::from(at.and_then(|at| state.companies.name_rank.get(at)).copied().unwrap_or(u32::MAX))
    };
    move |at, row| match spec.sort.key {
        SortKey::Work => (u64::from(row.waits) << 60) | ((row.state() as u64) << 56) | (unsure(row) << 32) | rank(at),
        SortKey::Name => rank(at),
        SortKey::Confidence => (unsure(row) << 32) | rank(at),
        SortKey::State => ((row.state() as u64) << 32) | rank(at),
        SortKey::Devices => (devices(at) << 32) | rank(at),
        SortKey::Company => (company(at) << 32) | rank(at),
    }
}

/// After decisions: rows that left a view are taken out, those that came in are put where they belong, the rest keeps
/// its place.
pub fn patch(state: &mut FlowState, source: &IntegrationTables, stream: Stream, changed: &[usize]) {
    let Some(queue) = state.queue_mut(stream) else { return };
    queue.generation += 1;
    let mut views = std::mem::take(&mut queue.views);
    let state_now = &*state;
    views.retain_mut(|view| {
        if changed.len() > FEW {
            patch_many(state_now, source, view, changed)
        } else {
            changed.iter().all(|&at| patch_one(state_now, source, view, at))
        }
    });
    if let Some(queue) = state.queue_mut(stream) {
        queue.views = views;
    }
}

/// False when the row's place cannot be told and the view is to be computed anew.
fn patch_one(state: &FlowState, source: &IntegrationTables, view: &mut CachedView, at: usize) -> bool {
    let CachedView { spec, order } = view;
    let Some(row) = state.queue(spec.stream).and_then(|queue| queue.rows.get(at)) else { return false };
    let Ok(position) = u32::try_from(at) else { return false };
    match (order.iter().position(|&other| other == position), belongs(source, spec)(at, row)) {
        // What was found by typing stays found.
        (Some(place), _) if row.hidden || !passes(row, spec.filter) => {
            Arc::make_mut(order).remove(place);
            true
        }
        (None, true) => insert(state, source, spec, order, position, row),
        _ => true,
    }
}

fn insert(
    state: &FlowState,
    source: &IntegrationTables,
    spec: &ViewSpec,
    order: &mut Arc<Vec<u32>>,
    at: u32,
    row: &Row,
) -> bool {
    let Some(queue) = state.queue(spec.stream) else { return false };
    let key = sort_key(state, source, spec);
    let own = key(at, row);
    let before = |other: u32| {
        let other = queue.rows.get(other as usize).map_or(u64::MAX, |row| key(other, row));
        if spec.sort.descending { other > own } else { other < own }
    };
    let place = order.partition_point(|&other| before(other));
    // Rows that were decided where they stood need not be in order any more: the search may have gone astray.
    let fits = place.checked_sub(1).is_none_or(|last| before(order[last]))
        && order.get(place).is_none_or(|&next| !before(next));
    if fits {
        Arc::make_mut(order).insert(place, at);
    }
    fits
}

fn patch_many(state: &FlowState, source: &IntegrationTables, view: &mut CachedView, changed: &[usize]) -> bool {
    let CachedView { spec, order } = view;
    let Some(rows) = state.queue(spec.stream).map(|queue| &queue.rows) else { return false };
    let leaves = |at: u32| {
        let row = &rows[at as usize];
        changed.binary_search(&(at as usize)).is_ok() && (row.hidden || !passes(row, spec.filter))
    };
    Arc::make_mut(order).retain(|&at| !leaves(at));
    // Rows that came in (an undo) are only found by computing that view again.
    let mut shown = vec![false; rows.len()];
    for at in order.iter().filter_map(|&at| usize::try_from(at).ok()).filter(|at| *at < rows.len()) {
        shown[at] = true;
    }
    let belongs = belongs(source, spec);
    changed.iter().all(|&at| shown[at] || !belongs(at, &rows[at]))
}

/// Rows of a view for a screen.
pub fn window(
    state: &mut FlowState,
    sides: Sides<'_>,
    spec: &ViewSpec,
    offset: u64,
    limit: u32,
    anchor: Option<&RecordId>,
) -> Window {
    let anchor_at = anchor.and_then(|id| position(sides.source, spec.stream, id)).and_then(|at| u32::try_from(at).ok());
    let order = order(state, sides, spec);
    let total = order.len();
    let from = usize::try_from(offset).unwrap_or(total).min(total);
    let upto = (from + limit.min(WINDOW_LIMIT) as usize).min(total);
    let anchor = anchor_at.and_then(|at| order.iter().position(|&o| o == at)).map(|p| p as u64);
    let shown: Vec<u32> = order[from..upto].to_vec();
    let rows = shown.iter().filter_map(|&at| row_view(state, sides, spec.stream, at as usize)).collect();
    let (generation, counts) = state.queue(spec.stream).map(|q| (q.generation, q.counts)).unwrap_or_default();
    Window { generation, total: total as u64, offset: from as u64, anchor, rows, counts }
}

/// Position of a source record.
pub fn position(source: &IntegrationTables, stream: Stream, id: &RecordId) -> Option<usize> {
    source.list(stream)?.place(id)
}

/// Id of the source record at a position.
pub fn id_at(source: &IntegrationTables, stream: Stream, at: usize) -> Option<&RecordId> {
    source.facts_at(stream, at).map(Facts::id)
}

/// A row as the screen shows it.
pub fn row_view(state: &FlowState, sides: Sides<'_>, stream: Stream, at: usize) -> Option<QueueRow> {
    let row = state.queue(stream)?.rows.get(at)?;
    let target = row.matched().or(row.best.as_ref().map(|(id, _)| id));
    let facts = sides.source.facts_at(stream, at)?;
    let cleaned = |text: Option<&str>| text.map(|t| text::clean(t).into_owned()).unwrap_or_default();
    Some(QueueRow {
        id: facts.id().clone(),
        name: text::clean(facts.name()).into_owned(),
        company: company_name(sides.source, sides.source.company_of(stream, at)),
        serial: cleaned(facts.serial()),
        model: cleaned(facts.model()),
        detail: text::clean(&facts.detail()).into_owned(),
        devices: match stream {
            Stream::Companies => sides.source.extra.get(facts.id()).map_or(0, |e| e.devices),
            Stream::DeviceTypes => sides.source.types.all().get(at).map_or(0, |kind| kind.devices),
            _ => 0,
        },
        state: row.state(),
        target: target.map(|id| target_label(state, sides, stream, id, row.matched() == Some(id))),
        confidence: row.best.as_ref().map(|(_, c)| *c),
        why: text::clean(why_text(row)).into_owned(),
        waits: row.waits,
        orphaned: row.standing == Standing::Orphaned,
        left_out: left_out(sides.source, stream, row, facts.id()),
        staged: state.flow.is_import().then(|| Box::new(super::staging::cells(state, sides, stream, at))),
    })
}

fn left_out(source: &IntegrationTables, stream: Stream, row: &Row, id: &RecordId) -> String {
    let why = if row.standing == Standing::LeftOut { source.register.why(stream, id) } else { None };
    why.map(|why| text::clean(&why).into_owned()).unwrap_or_default()
}

/// What the why cell says: the decision's reason, or the engine's.
fn why_text(row: &Row) -> &str {
    row.decision.as_ref().filter(|d| !d.why.is_empty()).map_or(&row.why, |d| &d.why)
}

/// A company's name, cleaned; empty when unknown.
pub fn company_name(tables: &IntegrationTables, id: Option<&RecordId>) -> String {
    id.and_then(|id| tables.companies.get(id)).map(|c| text::clean(&c.name).into_owned()).unwrap_or_default()
}

/// A target's label; `own` when the row itself already has it.
pub fn target_label(state: &FlowState, sides: Sides<'_>, stream: Stream, id: &RecordId, own: bool) -> TargetLabel {
    let name = sides.target.facts(stream, id).map(Facts::name);
    let taken = state.queue(stream).and_then(|q| q.taken.get(id)).copied().unwrap_or(0);
    let name = name.map_or_else(|| format!("id {id} (gone)"), |n| text::clean(n).into_owned());
    TargetLabel { id: id.clone(), name, taken_by: taken.saturating_sub(u32::from(own)) }
}

/// True when a taken target must not be taken again.
pub fn is_exclusive(state: &FlowState, stream: Stream) -> bool {
    match stream {
        Stream::Companies => state.flow.cardinality == Cardinality::OneToOne,
        // Several types of a source may be one of the target's.
        Stream::DeviceTypes => false,
        _ => true,
    }
}
