//! Decisions, marks, undo. A decision shows at once; one that hits more than one row is asked about first.

use super::{navigate, overlays, requests};
use crate::domain::{HistoryId, LogLevel, MatchState, RecordId, Stream};
use crate::service::messages::{Command, DecideAction, Query, QueueRow, Request, Selection, TargetLabel};
use crate::ui::state::marks::Marks;
use crate::ui::state::overlay::{Confirm, Overlay, Then};
use crate::ui::state::queue::{Pending, QueueState};
use crate::ui::state::ticket::Purpose;
use crate::ui::state::{Notice, State};
use crate::ui::widgets::number::counted;
use std::time::Duration;

/// Accepts the best candidate of the row or the marked rows.
pub fn accept(state: &mut State) {
    act(state, DecideAction::Accept, None, "Accept");
}

/// Leaves them out for good.
pub fn ignore(state: &mut State) {
    act(state, DecideAction::Ignore, None, "Ignore");
}

/// Puts them off.
pub fn defer(state: &mut State) {
    act(state, DecideAction::Defer, None, "Defer");
}

/// Opens them again.
pub fn unmatch(state: &mut State) {
    act(state, DecideAction::Unmatch, None, "Unmatch");
}

/// Matches the row with a candidate of Compare, numbered from 1.
pub fn take(state: &mut State, number: Option<usize>) {
    let (Some(tab), Some(number)) = (state.tab.clone(), number) else { return };
    if slipped(state) {
        return;
    }
    let Some(queue) = state.queue() else { return };
    if queue.marked() > 1 {
        return state
            .say(LogLevel::Info, "candidates are of one row: Esc unmarks, m matches all marked rows with one target");
    }
    let Some(id) = queue.cursor_id.clone() else { return };
    let candidate = state.compare.of(&tab, &id).and_then(|c| c.candidates.get(number.wrapping_sub(1)));
    let Some(label) = candidate.map(|c| c.target.clone()) else {
        let text = format!("the row has no candidate {number}; Tab goes to the next pane");
        return state.say(LogLevel::Info, text);
    };
    let action = DecideAction::Match { target: label.id.clone() };
    now(state, action, Selection::Rows(vec![id]), Some(&label));
}

/// A key pressed so soon after the row under the cursor changed by itself was meant for another row.
const SLIP: Duration = Duration::from_millis(400);

/// True when the row under the cursor changed by itself just now, or is about to: another view was asked for and the
/// rows shown are still those of the one before. The person is told.
pub fn slipped(state: &mut State) -> bool {
    let now = state.now.since_start;
    let Some(queue) = state.queue_mut() else { return false };
    queue.touched = true;
    if queue.awaits_view() {
        state.say(LogLevel::Info, "the rows asked for are on their way: look, then press again");
        return true;
    }
    let slipped = queue.slipped.take().is_some_and(|at| now < at + SLIP);
    if slipped {
        state.say(LogLevel::Warn, "rows arrived just now and another one is under the cursor: look, then press again");
    }
    slipped
}

/// Why a range cannot be acted on.
pub const UNSEEN: &str =
    "the range holds rows that were never on the screen: narrow with / or f, then * marks all shown";

/// Does it on the row or, after a question, on the marked rows.
pub fn act(state: &mut State, action: DecideAction, label: Option<TargetLabel>, verb: &str) {
    if slipped(state) {
        return;
    }
    let Some(queue) = state.queue_mut() else { return };
    if !queue.settle_range() {
        return state.say(LogLevel::Warn, UNSEEN);
    }
    let Some(selection) = queue.selection() else { return };
    let count = queue.marked().max(1);
    act_on(state, action, selection, count, label, verb);
}

/// Does it on the one row or, after a question, on those rows.
pub fn act_on(
    state: &mut State,
    action: DecideAction,
    selection: Selection,
    count: u64,
    label: Option<TargetLabel>,
    verb: &str,
) {
    if count == 1 {
        return now(state, action, selection, label.as_ref());
    }
    let title = match &label {
        Some(label) => format!("{verb} {} with {}?", counted(count, "row", "rows"), label.name),
        None => format!("{verb} {}?", counted(count, "row", "rows")),
    };
    ask(state, action, selection, label, title, None);
}

/// Shows what an action would do and asks. `keep` asks too whether the aliases of the names are kept as rules.
pub fn ask(
    state: &mut State,
    action: DecideAction,
    rows: Selection,
    label: Option<TargetLabel>,
    title: String,
    keep: Option<bool>,
) {
    let Some((flow, stream)) = state.tab.clone() else { return };
    let keep =
        keep.filter(|_| stream == Stream::Companies && !matches!(action, DecideAction::Ignore | DecideAction::Defer));
    let query = Query::Preview { flow, stream, action: action.clone(), rows: rows.clone() };
    let ticket = requests::submit(state, Purpose::Preview, Request::Query(query));
    let then = Then::Decide { action, rows, label };
    let confirm = Confirm { title, then, ticket: Some(ticket), preview: None, lines: Vec::new(), keep };
    state.overlay = Some(Overlay::Confirm(confirm));
    state.draw();
}

/// Does it now: shows it, sends it, goes on to the next row.
pub fn now(state: &mut State, action: DecideAction, rows: Selection, label: Option<&TargetLabel>) {
    decided(state, action, rows, label, None);
}

/// The same; with `keep` the aliases of the names are kept as rules, or not.
pub fn decided(
    state: &mut State,
    action: DecideAction,
    rows: Selection,
    label: Option<&TargetLabel>,
    keep: Option<bool>,
) {
    let Some(tab) = state.tab.clone() else { return };
    let now = state.now.since_start;
    let count = match &rows {
        Selection::Rows(ids) => ids.len() as u64,
        Selection::Shown { .. } => state.marked(),
    };
    state.pace.decided(now, count);
    let Some(queue) = state.queue_mut() else { return };
    let touched = foretell(queue, &action, &rows, label);
    queue.marks = Marks::default();
    queue.range = None;
    queue.touched = true;
    let (flow, stream) = tab.clone();
    let command = match keep {
        None => Command::Decide { flow, stream, action, rows },
        Some(keep_rules) => Command::DecideAlike { flow, stream, action, rows, keep_rules },
    };
    state.trail.push((tab.clone(), touched.first().cloned()));
    requests::submit(state, Purpose::Decide(tab, touched), Request::Command(command));
    advance(state);
}

/// Shows fetched rows as they will be; returns them.
fn foretell(
    queue: &mut QueueState,
    action: &DecideAction,
    rows: &Selection,
    label: Option<&TargetLabel>,
) -> Vec<RecordId> {
    let hit = |row: &&QueueRow| match rows {
        Selection::Rows(ids) => ids.contains(&row.id),
        // Which rows of another view it hits is known to the door alone.
        Selection::Shown { view, except } => **view == queue.spec && !except.contains(&row.id),
    };
    let shown: Vec<(RecordId, Pending)> = queue
        .rows
        .iter()
        .filter(hit)
        .filter_map(|row| Some((row.id.clone(), outcome(queue.state_of(row), row, action, label)?)))
        .collect();
    let ids = shown.iter().map(|(id, _)| id.clone()).collect();
    queue.pending.extend(shown);
    ids
}

/// What a row will show; `None` where the action changes nothing.
fn outcome(state: MatchState, row: &QueueRow, action: &DecideAction, label: Option<&TargetLabel>) -> Option<Pending> {
    let to = |state, target| Some(Pending { state, target, until: None });
    match action {
        DecideAction::Accept if state.is_open() && row.target.is_some() => to(MatchState::Matched, row.target.clone()),
        DecideAction::Accept => None,
        DecideAction::Match { .. } => to(MatchState::Matched, label.cloned()),
        DecideAction::Ignore => to(MatchState::Ignored, None),
        DecideAction::Defer => to(MatchState::Deferred, row.target.clone()),
        DecideAction::Unmatch => to(MatchState::Unmatched, None),
    }
}

/// After a decision the cursor goes to the next row that needs one: below, else above, else it stays.
fn advance(state: &mut State) {
    let Some(queue) = state.queue() else { return };
    if queue.current().is_some_and(|row| queue.needs_person(row)) {
        return state.draw();
    }
    let next = queue.open_from(queue.cursor + 1, true);
    let next = next.or_else(|| {
        let fetched = queue.offset + queue.rows.len() as u64;
        (fetched < queue.len()).then_some(fetched).or_else(|| queue.open_from(queue.cursor, false))
    });
    if let Some(position) = next {
        navigate::go(state, position);
    }
    // Nobody holds a deciding key down: the next row's Compare comes at once.
    requests::compare(state);
    state.draw();
}

/// Marks or unmarks the row and goes on.
pub fn mark(state: &mut State) {
    let Some(queue) = state.queue_mut() else { return };
    queue.touched = true;
    let Some(id) = queue.cursor_id.clone() else { return };
    queue.marks.toggle(&id);
    let next = queue.cursor + 1;
    if next < queue.len() {
        navigate::go(state, next);
    }
    state.draw();
}

/// Starts a range, or ends it by marking its rows.
pub fn range(state: &mut State) {
    let Some(queue) = state.queue_mut() else { return };
    if queue.range.is_none() {
        queue.range = Some(queue.cursor);
        state.say(
            LogLevel::Info,
            "range: move, then V marks the rows between, or an action works on them; Esc drops it",
        );
    } else if queue.settle_range() {
        let count = queue.marked();
        state.say(LogLevel::Info, format!("{} marked", counted(count, "row", "rows")));
    } else {
        state.say(
            LogLevel::Warn,
            "the range holds rows that were never on the screen: narrow with / or f, then * marks all shown",
        );
    }
}

/// Marks everything that filter and find show.
pub fn mark_shown(state: &mut State) {
    let Some(queue) = state.queue_mut() else { return };
    queue.range = None;
    queue.marks = Marks::Shown { view: Box::new(queue.spec.clone()), except: std::collections::HashSet::new() };
    let count = queue.marked();
    state.say(LogLevel::Info, format!("{} marked: all that are shown; Esc unmarks", counted(count, "row", "rows")));
}

/// Takes an action back.
pub fn undo(state: &mut State, entry: Option<HistoryId>) {
    requests::submit(state, Purpose::Undo(entry.is_none()), Request::Command(Command::Undo { entry }));
    overlays::close(state);
    under_way(state, "taking it back");
}

/// Does the last undone action again.
pub fn redo(state: &mut State) {
    requests::submit(state, Purpose::Undo(false), Request::Command(Command::Redo));
    under_way(state, "doing it again");
}

/// The key was heard; what comes of it is said when it is on the disk. No message to be read later.
fn under_way(state: &mut State, text: &str) {
    state.notice = Some(Notice { level: LogLevel::Info, text: text.to_owned() });
    state.draw();
}
