//! Turns an action on rows into changes with their inverse, and applies them in memory.
//! The store makes them durable afterwards; when it cannot, the same changes are taken back.

use super::listed::Facts;
use super::messages::{DecideAction, Preview, PreviewRow, Selection, StateCounts};
use super::rows::FlowState;
use super::views::{self, Sides};
use crate::domain::{
    Actor, Confidence, Decision, DecisionKind, MatchState, RecordId, RowChange, Stream, Timestamp, Verdict, text,
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// Rows shown of a preview.
const SAMPLE: usize = 12;

/// What an action would change.
#[derive(Debug, Default)]
pub struct Plan {
    /// Position and change of each row that changes.
    pub changes: Vec<(usize, RowChange)>,
    /// Rows left as they are, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// Targets that would be shared.
    pub shared: u64,
}

impl Plan {
    fn skip(&mut self, reason: &'static str) {
        *self.skipped.entry(reason).or_default() += 1;
    }

    /// The reasons with their counts.
    pub fn skipped(&self) -> Vec<(String, u64)> {
        self.skipped.iter().map(|(reason, count)| ((*reason).to_owned(), *count)).collect()
    }
}

/// Who decides, and when.
#[derive(Clone, Debug)]
pub struct By {
    /// Who.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
}

/// The positions that a selection means.
pub fn positions(state: &mut FlowState, sides: Sides<'_>, stream: Stream, rows: &Selection) -> Vec<usize> {
    match rows {
        Selection::Rows(ids) => ids.iter().filter_map(|id| views::position(sides.source, stream, id)).collect(),
        Selection::Shown { view, except } => {
            let except: FxHashSet<usize> =
                except.iter().filter_map(|id| views::position(sides.source, stream, id)).collect();
            let order = views::order(state, sides, view);
            order.iter().map(|&at| at as usize).filter(|at| !except.contains(at)).collect()
        }
    }
}

/// Plans an action on rows.
pub fn plan(state: &FlowState, sides: Sides<'_>, stream: Stream, action: &DecideAction, at: &[usize], by: &By) -> Plan {
    let mut plan = Plan::default();
    let mut taking: FxHashMap<RecordId, u32> = FxHashMap::default();
    let Some(queue) = state.queue(stream) else { return plan };
    for &position in at {
        let Some(row) = queue.rows.get(position) else { continue };
        let wanted = match action {
            DecideAction::Accept => accept(state, stream, position, at.len() == 1),
            DecideAction::Match { target } => match_to(sides, stream, target, row.matched()),
            DecideAction::Ignore => open_or(row.state(), MatchState::Ignored, DecisionKind::Ignored, "ignored"),
            DecideAction::Defer => open_or(row.state(), MatchState::Deferred, DecisionKind::Deferred, "deferred"),
            DecideAction::Unmatch => unmatch(row.decision.as_deref()),
        };
        let (kind, why) = match wanted {
            Ok(wanted) => wanted,
            Err(reason) => {
                plan.skip(reason);
                continue;
            }
        };
        if let DecisionKind::Matched { target } = &kind {
            let own = u32::from(row.matched() == Some(target));
            let others = queue.taken.get(target).copied().unwrap_or(0) - own + taking.get(target).copied().unwrap_or(0);
            if others > 0 {
                if views::is_exclusive(state, stream) {
                    plan.skip("the target is taken by another record; unmatch that first");
                    continue;
                }
                plan.shared += 1;
            }
            *taking.entry(target.clone()).or_default() += 1;
        }
        let Some(source) = views::id_at(sides.source, stream, position) else { continue };
        let after = Decision { kind, actor: by.actor.clone(), at: by.at, why };
        let before = row.decision.as_deref().cloned();
        plan.changes.push((position, RowChange { source: source.clone(), before, after: Some(after) }));
    }
    plan
}

type Wanted = Result<(DecisionKind, String), &'static str>;

fn accept(state: &FlowState, stream: Stream, at: usize, single: bool) -> Wanted {
    let Some(row) = state.queue(stream).and_then(|q| q.rows.get(at)) else { return Err("not in the queue") };
    if row.matched().is_some() {
        return Err("already matched");
    }
    if row.waits {
        return Err("its company has no match yet; match the company first");
    }
    let Some((target, _)) = &row.best else { return Err("no candidate to accept; use match to") };
    match row.verdict {
        Verdict::None => Err("no candidate good enough; use match to"),
        Verdict::Conflict if !single => Err("conflicts are decided one by one"),
        _ => Ok((DecisionKind::Matched { target: target.clone() }, row.why.to_string())),
    }
}

fn match_to(sides: Sides<'_>, stream: Stream, target: &RecordId, has: Option<&RecordId>) -> Wanted {
    if sides.target.facts(stream, target).is_none() {
        Err("there is no target with that id")
    } else if has == Some(target) {
        Err("already matched to it")
    } else {
        Ok((DecisionKind::Matched { target: target.clone() }, "chosen by hand".into()))
    }
}

fn open_or(state: MatchState, same: MatchState, kind: DecisionKind, why: &str) -> Wanted {
    if state == same {
        Err(if same == MatchState::Ignored { "already ignored" } else { "already deferred" })
    } else if state == MatchState::Matched {
        Err("matched; unmatch it first")
    } else {
        Ok((kind, format!("{why} by hand")))
    }
}

fn unmatch(decision: Option<&Decision>) -> Wanted {
    match decision.map(|d| &d.kind) {
        None | Some(DecisionKind::Held) => Err("nothing is decided here"),
        Some(_) => Ok((DecisionKind::Held, "opened again by hand".into())),
    }
}

/// Rows that Quick Match would accept: proposals at or above the threshold, no conflicts.
pub fn quick_rows(state: &FlowState, stream: Stream, threshold: Confidence) -> Vec<usize> {
    let Some(queue) = state.queue(stream) else { return Vec::new() };
    let sure = |row: &super::rows::Row| row.best.as_ref().is_some_and(|(_, c)| *c >= threshold);
    (0..queue.rows.len())
        .filter(|&at| {
            let row = &queue.rows[at];
            !row.hidden && !row.is_away() && row.state() == MatchState::Suggested && !row.waits && sure(row)
        })
        .collect()
}

/// Rows that the engine decides on its own. Rows held open by a person are left to the person.
pub fn auto_rows(state: &FlowState, stream: Stream) -> Vec<usize> {
    let Some(queue) = state.queue(stream) else { return Vec::new() };
    (0..queue.rows.len())
        .filter(|&at| {
            let row = &queue.rows[at];
            row.verdict == Verdict::Auto && row.is_undecided() && !row.hidden && !row.is_away() && !row.waits
        })
        .collect()
}

/// Puts changes into the rows and keeps every count true. Returns the changed positions, sorted.
pub fn apply(state: &mut FlowState, sides: Sides<'_>, stream: Stream, changes: &[RowChange]) -> Vec<usize> {
    let mut touched = Vec::with_capacity(changes.len());
    for change in changes {
        let Some(at) = views::position(sides.source, stream, &change.source) else { continue };
        let Some(queue) = state.queue_mut(stream) else { continue };
        if at >= queue.rows.len() {
            continue;
        }
        queue.decide(at, change.after.clone().map(Box::new));
        state.refresh_row(sides.source, stream, at);
        touched.push(at);
    }
    touched.sort_unstable();
    views::patch(state, sides.source, stream, &touched);
    if stream == Stream::DeviceTypes {
        refresh_of_types(state, sides, &touched);
    }
    if stream == Stream::Companies {
        for stream in Stream::MATCHED.into_iter().filter(|s| *s != Stream::Companies) {
            refresh_inside(state, sides, stream, &touched);
        }
    }
    touched
}

/// A type's decision opens or closes the rows of its devices.
fn refresh_of_types(state: &mut FlowState, sides: Sides<'_>, types: &[usize]) {
    for at in 0..sides.source.devices.all().len() {
        let kind = sides.source.type_of(&sides.source.devices.all()[at].id);
        if kind.is_some_and(|kind| types.binary_search(&kind).is_ok()) {
            state.refresh_row(sides.source, Stream::Devices, at);
        }
    }
    state.devices.outdate();
}

/// A company's decision opens or closes the rows of what is in it.
fn refresh_inside(state: &mut FlowState, sides: Sides<'_>, stream: Stream, companies: &[usize]) {
    let ids: FxHashSet<&RecordId> = companies.iter().map(|&at| &sides.source.companies.all()[at].id).collect();
    for at in 0..sides.source.count(stream) {
        if sides.source.company_of(stream, at).is_some_and(|c| ids.contains(c)) {
            state.refresh_row(sides.source, stream, at);
        }
    }
    if let Some(queue) = state.queue_mut(stream) {
        queue.outdate();
    }
}

/// The inverse of changes, where the rows still are as the changes left them.
/// With `hold`, rows go back to "held" instead of "undecided", so that the engine does not decide them again at once.
pub fn inverse(
    state: &FlowState,
    sides: Sides<'_>,
    stream: Stream,
    changes: &[RowChange],
    hold: Option<&By>,
) -> (Vec<RowChange>, u64) {
    let mut inverse = Vec::with_capacity(changes.len());
    let mut moved_on = 0;
    for change in changes {
        let at = views::position(sides.source, stream, &change.source);
        let now = at.and_then(|at| state.queue(stream)?.rows.get(at)).and_then(|r| r.decision.as_deref());
        if at.is_some() && now != change.after.as_ref() {
            moved_on += 1;
            continue;
        }
        let held = |by: &By| Decision {
            kind: DecisionKind::Held,
            actor: by.actor.clone(),
            at: by.at,
            why: "automatic match taken back".into(),
        };
        let after = change.before.clone().or_else(|| hold.map(held));
        inverse.push(RowChange { source: change.source.clone(), before: change.after.clone(), after });
    }
    (inverse, moved_on)
}

/// What a plan would do, for a person to read.
pub fn preview(state: &FlowState, sides: Sides<'_>, stream: Stream, plan: &Plan, verb: &str) -> Preview {
    let total = plan.changes.len() as u64 + plan.skipped.values().sum::<u64>();
    let changed = plan.changes.len() as u64;
    let mut preview = Preview {
        what: format!("{verb} {changed} of {total} rows"),
        rows: changed,
        counts: by_state(state, stream, plan),
        warnings: plan.skipped.iter().map(|(reason, count)| format!("{count} left as they are: {reason}")).collect(),
        learns: String::new(),
        sample: Vec::new(),
    };
    if plan.shared > 0 {
        preview.warnings.push(format!("{} targets would be shared by several records", plan.shared));
    }
    for (at, change) in plan.changes.iter().take(SAMPLE) {
        preview.sample.push(sample(state, sides, stream, *at, change));
    }
    preview
}

fn by_state(state: &FlowState, stream: Stream, plan: &Plan) -> Vec<(String, u64)> {
    let Some(queue) = state.queue(stream) else { return Vec::new() };
    let mut counts = StateCounts::default();
    for (at, _) in &plan.changes {
        *counts.of_mut(queue.rows[*at].state()) += 1;
    }
    let named = |s: MatchState| (s.name().to_owned(), counts.of(s));
    MatchState::ALL.into_iter().map(named).filter(|(_, count)| *count > 0).collect()
}

fn sample(state: &FlowState, sides: Sides<'_>, stream: Stream, at: usize, change: &RowChange) -> PreviewRow {
    let name = sides.source.facts_at(stream, at).map(Facts::name).unwrap_or_default();
    let row = state.queue(stream).and_then(|q| q.rows.get(at));
    let (target, why) = match change.after.as_ref().map(|d| (&d.kind, &d.why)) {
        Some((DecisionKind::Matched { target }, why)) => {
            (views::target_label(state, sides, stream, target, false).name, why.clone())
        }
        Some((DecisionKind::Ignored, _)) => ("ignored".into(), String::new()),
        Some((DecisionKind::Deferred, _)) => ("deferred".into(), String::new()),
        Some((DecisionKind::Held, _)) | None => ("open again".into(), String::new()),
    };
    PreviewRow {
        source: text::clean(name).into_owned(),
        target,
        confidence: row.and_then(|r| r.best.as_ref()).map(|(_, c)| *c),
        why: text::clean(&why).into_owned(),
    }
}

/// One line for the history: `matched 14 companies`.
pub fn describe(action: &DecideAction, stream: Stream, rows: usize) -> String {
    let verb = match action {
        DecideAction::Accept => "accepted",
        DecideAction::Match { .. } => "matched",
        DecideAction::Ignore => "ignored",
        DecideAction::Defer => "deferred",
        DecideAction::Unmatch => "opened again",
    };
    format!("{verb} {}", counted(stream, rows as u64))
}

/// `1 company`, `14 devices`, `99,378 devices`.
pub fn counted(stream: Stream, rows: u64) -> String {
    text::counted(rows, stream.one(), &stream.name().replace('-', " "))
}
