//! Orders of a queue: filter, find and sort over positions, computed when asked for and kept until the queue changes.

use super::alike::is_alike;
use super::listed::Facts;
use super::messages::{Filter, QueueRow, SortKey, TargetLabel, ViewSpec, Window};
use super::rows::{FlowState, Queue, Row};
use super::search::Needle;
use super::tables::{IntegrationTables, Standing};
use crate::domain::{Cardinality, MatchState, RecordId, Stream, text};
use rayon::slice::ParallelSliceMut;

/// Views kept per queue; a terminal looks at few at once.
const KEPT: usize = 6;
/// Most rows of one window.
const WINDOW_LIMIT: u32 = 500;

/// One computed order.
#[derive(Clone, Debug)]
pub struct CachedView {
    spec: ViewSpec,
    /// Positions in the source's table.
    pub order: Vec<u32>,
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
    let cached = state.queue(spec.stream).and_then(|q| q.views.iter().position(|v| v.spec == *spec));
    let at = if let Some(at) = cached {
        at
    } else {
        let order = compute(state, sides, spec);
        let Some(queue) = state.queue_mut(spec.stream) else { return &[] };
        if queue.views.len() >= KEPT {
            queue.views.remove(0);
        }
        queue.views.push(CachedView { spec: spec.clone(), order });
        queue.views.len() - 1
    };
    state.queue(spec.stream).map_or(&[], |q| &q.views[at].order)
}

fn compute(state: &FlowState, sides: Sides<'_>, spec: &ViewSpec) -> Vec<u32> {
    let Some(queue) = state.queue(spec.stream) else { return Vec::new() };
    let needle = Needle::new(&spec.find);
    let mut order: Vec<u32> = (0..queue.rows.len())
        .filter(|&at| {
            let row = &queue.rows[at];
            !row.hidden
                && passes(row, spec.filter)
                && in_company(sides.source, spec, at)
                && spec.alike.as_ref().is_none_or(|with| is_alike(sides.source, spec.stream, at, row, with))
                && (needle.is_empty() || found(sides.source, spec.stream, at, &needle))
        })
        .filter_map(|at| u32::try_from(at).ok())
        .collect();
    sort(&mut order, queue, &state.companies, sides.source, spec);
    order
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

fn sort(order: &mut Vec<u32>, queue: &Queue, companies: &Queue, source: &IntegrationTables, spec: &ViewSpec) {
    let row = |at: u32| &queue.rows[at as usize];
    let rank = |at: u32| u64::from(queue.name_rank.get(at as usize).copied().unwrap_or(u32::MAX));
    // Confidence in ten-thousandths, the surest first.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 10,000")]
    let unsure = |at: u32| 10_000 - row(at).best.as_ref().map_or(0, |(_, c)| (c.get() * 10_000.0) as u64);
    let devices = |at: u32| {
        let id = source.companies.all().get(at as usize).map(|c| &c.id);
        u64::from(u32::MAX - id.and_then(|id| source.extra.get(id)).map_or(0, |e| e.devices))
    };
    let company = |at: u32| {
        let at = source.company_of(spec.stream, at as usize).and_then(|c| source.companies.position(c));
        u64::from(at.and_then(|at| companies.name_rank.get(at)).copied().unwrap_or(u32::MAX))
    };
    let state = |at: u32| row(at).state() as u64;
    // One integer a row, what decides first in its highest bits: a hundred thousand rows are in order in milliseconds.
    let key = |at: u32| match spec.sort.key {
        SortKey::Work => (u64::from(row(at).waits) << 60) | (state(at) << 56) | (unsure(at) << 32) | rank(at),
        SortKey::Name => rank(at),
        SortKey::Confidence => (unsure(at) << 32) | rank(at),
        SortKey::State => (state(at) << 32) | rank(at),
        SortKey::Devices => (devices(at) << 32) | rank(at),
        SortKey::Company => (company(at) << 32) | rank(at),
    };
    let mut keyed: Vec<(u64, u32)> = order.iter().map(|&at| (key(at), at)).collect();
    keyed.par_sort_unstable();
    order.clear();
    order.extend(keyed.into_iter().map(|(_, at)| at));
    if spec.sort.descending {
        order.reverse();
    }
}

/// After a few decisions: rows that left a view's filter are taken out, the rest keeps its place.
pub fn patch(queue: &mut Queue, changed: &[usize]) {
    queue.generation += 1;
    let Queue { views, rows, .. } = queue;
    for view in views.iter_mut() {
        let filter = view.spec.filter;
        let leaves = |at: u32| changed.binary_search(&(at as usize)).is_ok() && !passes(&rows[at as usize], filter);
        view.order.retain(|&at| !leaves(at));
    }
    // A row that came into a view (an undo) is only found by computing that view again.
    let mut shown = vec![false; rows.len()];
    views.retain(|view| {
        shown.fill(false);
        for at in view.order.iter().filter_map(|&at| usize::try_from(at).ok()).filter(|at| *at < rows.len()) {
            shown[at] = true;
        }
        changed.iter().all(|&at| shown[at] || rows[at].hidden || !passes(&rows[at], view.spec.filter))
    });
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
