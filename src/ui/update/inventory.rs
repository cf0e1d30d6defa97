//! Flows into the inventory: imports, types, companies kept in step, the steps of a setup.

use super::overlays::{close, type_key};
use super::{navigate, requests, wizard};
use crate::domain::{FlowId, LogLevel, RecordId, Stream};
use crate::service::messages::{
    Command, Detail, Filter, FlowView, Given, ImportPlan, ImportRows, InventoryCommand, InventoryQuery, Origin,
    Preview, PreviewRow, Query, QueueRow, Request, Selection, Ticket,
};
use crate::ui::command::CommandId;
use crate::ui::key::{Key, KeyCode};
use crate::ui::message::Effect;
use crate::ui::state::State;
use crate::ui::state::inventory::{Adding, STEPS, Step};
use crate::ui::state::marks::Marks;
use crate::ui::state::overlay::{Confirm, Overlay, Then};
use crate::ui::state::queue::QueueState;
use crate::ui::state::ticket::Purpose;
use crate::ui::widgets::number::{counted, thousands};
use tui_input::Input;

/// Rows of a plan that a question shows.
const SAMPLE: u32 = 12;

/// The flow shown, when it leads into the inventory.
pub fn shown(state: &State) -> Option<&FlowView> {
    state.tab_view().map(|(flow, _)| flow).filter(|flow| flow.import.is_some())
}

/// Why there is nothing to import here.
pub fn no_import(state: &State) -> Option<&'static str> {
    match shown(state).and_then(|flow| flow.import.as_ref()) {
        None => Some("this flow does not lead into the inventory: 1, then n adds one that does"),
        Some(import) if import.running.is_some() => Some("an import is under way"),
        Some(_) => None,
    }
}

/// Only on the tab of the types.
pub fn no_types(state: &State) -> Option<&'static str> {
    let there = state.tab.as_ref().is_some_and(|tab| tab.1 == Stream::DeviceTypes);
    no_import(state).or((!there).then_some("that is done on the tab Types"))
}

/// Only on the tab of the companies.
pub fn no_companies(state: &State) -> Option<&'static str> {
    let there = state.tab.as_ref().is_some_and(|tab| tab.1 == Stream::Companies);
    no_import(state).or((!there).then_some("that is done on the tab Companies"))
}

/// The home has to have a flow into the inventory.
pub fn no_setup(state: &State) -> Option<&'static str> {
    let any = state.overview.flows.iter().any(|flow| flow.import.is_some());
    (!any).then_some("no flow leads into the inventory: 1, then n adds one")
}

/// An action of a flow into the inventory.
pub fn run(state: &mut State, id: CommandId) {
    match id {
        CommandId::Import => import(state),
        CommandId::ImportAll => import_all(state),
        CommandId::QuickCreate => quick_create(state),
        CommandId::AutoSync => auto_sync(state),
        CommandId::Unimported => unimported(state),
        CommandId::Detail => detail(state),
        CommandId::Refresh => refresh(state),
        CommandId::PauseRow => pause(state),
        CommandId::Setup => open_steps(state, None),
        CommandId::Deactivate => deactivate(state),
        _ => {}
    }
}

/// The marked rows, or the one under the cursor.
fn chosen(state: &mut State) -> Option<(FlowId, Stream, Selection, u64)> {
    let (flow, stream) = state.tab.clone()?;
    let queue = state.queue_mut()?;
    queue.touched = true;
    if !queue.settle_range() {
        state.say(LogLevel::Warn, "the range holds rows that were never on the screen: * marks all shown");
        return None;
    }
    let queue = state.queue()?;
    Some((flow, stream, queue.selection()?, queue.marked().max(1)))
}

/// Ids of the marked rows that are on the screen, or of the one under the cursor.
fn chosen_ids(state: &State) -> Vec<RecordId> {
    let Some(queue) = state.queue() else { return Vec::new() };
    if queue.marked() == 0 {
        return queue.cursor_id.clone().into_iter().collect();
    }
    queue.rows.iter().filter(|row| queue.marks.has(&row.id)).map(|row| row.id.clone()).collect()
}

fn current(state: &State) -> Option<&QueueRow> {
    state.queue().and_then(|queue| queue.current())
}

fn import(state: &mut State) {
    let Some((flow, stream, rows, count)) = chosen(state) else { return };
    match stream {
        Stream::Companies if count == 1 => open_adding(state, flow),
        Stream::DeviceTypes => {
            let types = chosen_ids(state);
            ask(state, flow, Stream::Devices, ImportRows::OfTypes(types), false);
        }
        _ => {
            let perhaps =
                |row: &QueueRow| row.target.is_some() && row.staged.as_ref().is_some_and(|s| !s.blocked.is_empty());
            let anyway = count == 1 && current(state).is_some_and(perhaps);
            ask(state, flow, stream, ImportRows::Selected(rows), anyway);
        }
    }
}

fn import_all(state: &mut State) {
    let Some((flow, stream)) = state.tab.clone() else { return };
    let stream = if stream == Stream::Companies { stream } else { Stream::Devices };
    ask(state, flow, stream, ImportRows::All, false);
}

fn quick_create(state: &mut State) {
    let Some((flow, _)) = state.tab.clone() else { return };
    let marked = state.queue().is_some_and(|queue| queue.marked() > 0);
    let rows = match state.queue().and_then(QueueState::selection) {
        Some(rows) if marked => ImportRows::Selected(rows),
        _ => ImportRows::All,
    };
    ask(state, flow, Stream::DeviceTypes, rows, false);
}

/// Says what an import would do, and does it on yes.
fn ask(state: &mut State, flow: FlowId, stream: Stream, rows: ImportRows, anyway: bool) {
    let query =
        InventoryQuery::Plan { flow: flow.clone(), stream, rows: rows.clone(), anyway, offset: 0, limit: SAMPLE };
    let ticket = requests::submit(state, Purpose::ImportPlan, Request::Query(Query::Inventory(query)));
    let title =
        if stream == Stream::DeviceTypes { "Create types in the inventory?" } else { "Import into the inventory?" };
    let mut lines = Vec::new();
    if anyway {
        lines
            .push("The inventory may have it already: a takes what is proposed. Yes makes a second record.".to_owned());
    }
    let then = Then::Import { flow, stream, rows, anyway };
    let confirm = Confirm { title: title.to_owned(), then, ticket: Some(ticket), preview: None, lines, keep: None };
    state.overlay = Some(Overlay::Confirm(confirm));
    state.draw();
}

/// The plan came: shown as what the question would do.
pub fn on_plan(state: &mut State, ticket: Ticket, plan: &ImportPlan) {
    let sample = plan.rows.iter().map(|row| PreviewRow {
        source: row.name.clone(),
        target: if row.target.is_some() {
            [row.company.as_str(), row.kind.as_str()]
                .into_iter()
                .filter(|t| !t.is_empty())
                .collect::<Vec<_>>()
                .join(", ")
        } else {
            "left as it is".to_owned()
        },
        confidence: None,
        why: if row.known { "there from an earlier import".to_owned() } else { row.reason.clone() },
    });
    let warnings =
        plan.blocked.iter().map(|(reason, count)| format!("{} left as they are: {reason}", thousands(*count)));
    let preview = Preview {
        what: plan.what.clone(),
        rows: plan.imports,
        counts: Vec::new(),
        warnings: warnings.collect(),
        learns: String::new(),
        sample: sample.collect(),
    };
    super::overlays::on_preview(state, ticket, preview);
}

/// Imports.
pub fn send(state: &mut State, flow: FlowId, stream: Stream, rows: ImportRows, anyway: bool, given: Given) {
    if let Some(queue) = state.queue_mut() {
        queue.marks = Marks::default();
        queue.range = None;
    }
    let command = InventoryCommand::Import { flow, stream, rows, anyway, given };
    requests::submit(state, Purpose::Imported, Request::Command(Command::Inventory(command)));
    state.say(LogLevel::Info, "importing; the frame of the queue shows how far it is");
}

fn auto_sync(state: &mut State) {
    let Some((flow, _)) = state.tab.clone() else { return };
    let on = !current(state).and_then(|row| row.staged.as_ref()).is_some_and(|staged| staged.auto);
    let types = chosen_ids(state);
    tell(state, InventoryCommand::AutoSync { flow, types, on });
}

fn tell(state: &mut State, command: InventoryCommand) {
    requests::submit(state, Purpose::Imported, Request::Command(Command::Inventory(command)));
}

fn unimported(state: &mut State) {
    let now = state.queue().map(|queue| queue.spec.filter);
    let next = if now == Some(Filter::Unimported) { Filter::All } else { Filter::Unimported };
    navigate::change_view(state, |spec| spec.filter = next);
    let text = if next == Filter::All { "all rows, with what is imported" } else { "only what is not imported" };
    state.say(LogLevel::Info, text);
}

fn refresh(state: &mut State) {
    if let Some((flow, _, rows, _)) = chosen(state) {
        tell(state, InventoryCommand::RefreshRows { flow, rows });
    }
}

fn pause(state: &mut State) {
    let on = !current(state).and_then(|row| row.staged.as_ref()).is_some_and(|staged| staged.paused);
    if let Some((flow, _, rows, _)) = chosen(state) {
        tell(state, InventoryCommand::PauseRows { flow, rows, on });
    }
}

fn detail(state: &mut State) {
    let Some((_, stream)) = state.tab.clone() else { return };
    let Some(source) = shown(state).and_then(|flow| flow.import.as_ref()).map(|import| import.source.clone()) else {
        return;
    };
    let Some(row) = current(state) else { return };
    let matched = state.queue().is_some_and(|queue| queue.state_of(row) == crate::domain::MatchState::Matched);
    let (integration, id) = match &row.target {
        Some(target) if matched => (crate::domain::IntegrationId::inventory(), target.id.clone()),
        _ => (source, row.id.clone()),
    };
    let query = InventoryQuery::Detail { integration, stream, id };
    requests::submit(state, Purpose::Detail, Request::Query(Query::Inventory(query)));
    state.overlay = Some(Overlay::Detail { detail: None, scroll: 0 });
    state.draw();
}

/// What is known of the record came.
pub fn on_detail(state: &mut State, came: Detail) {
    if let Some(Overlay::Detail { detail, .. }) = &mut state.overlay {
        *detail = Some(came);
        state.draw();
    }
}

/// Opens the form of a company that is added.
fn open_adding(state: &mut State, flow: FlowId) {
    let Some(source) = state.queue().and_then(|queue| queue.cursor_id.clone()) else { return };
    if current(state).is_some_and(|row| row.state == crate::domain::MatchState::Matched) {
        return state.say(LogLevel::Info, "it is mapped already; x takes the mapping away");
    }
    let query = InventoryQuery::Origin { flow: flow.clone(), source: source.clone() };
    requests::submit(state, Purpose::Origin, Request::Query(Query::Inventory(query)));
    state.overlay = Some(Overlay::Adding(Box::new(Adding::new(flow, source))));
    state.draw();
}

/// What the company offers came.
pub fn on_origin(state: &mut State, origin: Origin) {
    if let Some(Overlay::Adding(adding)) = &mut state.overlay
        && adding.source == origin.id
    {
        adding.name = Input::new(origin.name);
        adding.domain = Input::new(origin.domains.first().cloned().unwrap_or_default());
        adding.domains = origin.domains;
        adding.known = true;
        state.draw();
    }
}

/// A key of that form.
pub fn adding_key(state: &mut State, key: Key) {
    let Some(Overlay::Adding(adding)) = &mut state.overlay else { return };
    match key.code {
        KeyCode::Tab | KeyCode::BackTab | KeyCode::Down | KeyCode::Up => adding.on_domain = !adding.on_domain,
        KeyCode::Left | KeyCode::Right if adding.on_domain && adding.domains.len() > 1 => adding.next_domain(key),
        KeyCode::Enter if adding.known => {
            let given = adding.given();
            let (flow, rows) = (adding.flow.clone(), Selection::Rows(vec![adding.source.clone()]));
            if given.name.is_none() {
                return state.say(LogLevel::Info, "a company needs a name");
            }
            close(state);
            return send(state, flow, Stream::Companies, ImportRows::Selected(rows), false, given);
        }
        KeyCode::Enter => {}
        _ => {
            let input = if adding.on_domain { &mut adding.domain } else { &mut adding.name };
            type_key(input, key);
        }
    }
    state.draw();
}

/// Opens the steps of a setup; of the flow shown, or of the first one into the inventory.
pub fn open_steps(state: &mut State, flow: Option<FlowId>) {
    let flow = flow
        .or_else(|| shown(state).map(|flow| flow.id.clone()))
        .or_else(|| state.overview.flows.iter().find(|flow| flow.import.is_some()).map(|flow| flow.id.clone()));
    let Some(flow) = flow else { return };
    let steps = state.setup_steps(&flow);
    // The first step that is not done.
    let cursor = steps.iter().position(|step| !step.done).unwrap_or(steps.len().saturating_sub(1));
    state.overlay = Some(Overlay::Steps { flow, cursor });
    state.draw();
}

/// A key of the steps.
pub fn steps_key(state: &mut State, key: Key) {
    let Some(Overlay::Steps { flow, cursor }) = &mut state.overlay else { return };
    let last = STEPS.len() - 1;
    match key.code {
        KeyCode::Char('j') | KeyCode::Down | KeyCode::Tab => *cursor = (*cursor + 1).min(last),
        KeyCode::Char('k') | KeyCode::Up | KeyCode::BackTab => *cursor = cursor.saturating_sub(1),
        KeyCode::Char(c @ '1'..='4') => {
            *cursor = c.to_digit(10).map_or(0, |d| d as usize - 1);
            let (flow, step) = (flow.clone(), STEPS[*cursor]);
            return go_to(state, &flow, step);
        }
        KeyCode::Enter => {
            let (flow, step) = (flow.clone(), STEPS[(*cursor).min(last)]);
            return go_to(state, &flow, step);
        }
        KeyCode::Char('q') => return close(state),
        _ => {}
    }
    state.draw();
}

/// Goes to where a step is done.
fn go_to(state: &mut State, flow: &FlowId, step: Step) {
    close(state);
    let stream = match step {
        Step::Connect => return reconnect(state, flow),
        Step::Map => Stream::Companies,
        Step::Types => Stream::DeviceTypes,
        Step::Import => Stream::Devices,
    };
    let tab = state.tabs().find(|(f, t)| f.id == *flow && t.stream == stream).map(|(f, t)| (f.id.clone(), t.stream));
    let Some(tab) = tab else {
        return state.say(LogLevel::Info, "this flow maps companies only; the step is not needed");
    };
    navigate::focus(state, crate::ui::state::Pane::Queue);
    navigate::show(state, tab);
    let hint = match step {
        Step::Map => "A maps what is sure, m maps by hand, x unmaps, f filters, I adds one; B goes on to the next step",
        Step::Types => "A maps by name, Q creates the rest, t auto-sync, i ignores, I imports all of a type; B goes on",
        _ => "Space marks, I imports the marked, T imports all mapped, U shows only what is not imported",
    };
    state.say(LogLevel::Info, hint);
}

/// The key of the source can be entered anew at any time.
fn reconnect(state: &mut State, flow: &FlowId) {
    let source = state.overview.flows.iter().find(|f| f.id == *flow).and_then(|f| f.import.as_ref());
    let Some(source) = source.map(|import| import.source.clone()) else { return };
    let at = state.integration_lines().position(|line| line.view.id == source);
    state.integration = at.unwrap_or(state.integration);
    if state.kinds.is_empty() {
        return state.say(LogLevel::Info, format!("in a shell: matchbook connect {source} --connector NAME"));
    }
    wizard::renew(state);
}

/// Asks before a flow is given up with all its mappings.
fn deactivate(state: &mut State) {
    let Some(flow) = shown(state) else { return };
    let (id, label) = (flow.id.clone(), flow.label.clone());
    let mut lines: Vec<String> = flow
        .tabs
        .iter()
        .filter(|tab| tab.counts.matched > 0)
        .map(|tab| {
            format!(
                "{} mapped: the mappings are lost",
                counted(tab.counts.matched, tab.stream.one(), tab.stream.name())
            )
        })
        .collect();
    lines.push("Nothing follows its source any more, and nothing is imported by itself.".to_owned());
    lines.push("What was imported stays in the inventory.".to_owned());
    lines.push("A backup is made first: `matchbook restore` brings everything back.".to_owned());
    let title = format!("Deactivate {label}?");
    let confirm = Confirm { title, then: Then::Deactivate(id), ticket: None, preview: None, lines, keep: None };
    state.overlay = Some(Overlay::Confirm(confirm));
    state.draw();
}

/// Gives the flow up: the home is closed for it and opened anew.
pub fn give_up(state: &mut State, flow: FlowId) {
    state.effects.push(Effect::Deactivate(flow));
}
