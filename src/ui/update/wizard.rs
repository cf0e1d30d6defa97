//! Steps of the connect wizard. Nothing is saved before its test passed; Esc goes one step back.

use super::overlays;
use crate::domain::{IntegrationId, LogLevel};
use crate::ui::key::{Key, KeyCode};
use crate::ui::message::Effect;
use crate::ui::setup::{Kind, SetupAnswer};
use crate::ui::state::State;
use crate::ui::state::overlay::Overlay;
use crate::ui::state::wizard::{Field, Purpose, Step, Wizard};
use tui_input::Input;

/// Opens the wizard on the list of systems.
pub fn open(state: &mut State) {
    let mut wizard = Box::new(Wizard::new());
    // The documentation platform is what most flows lead to; the others are offered in their order after it.
    wizard.kind = state.kinds.iter().position(|k| !is_connected(state, k)).unwrap_or(0);
    state.overlay = Some(Overlay::Wizard(wizard));
    state.draw();
}

fn is_connected(state: &State, kind: &Kind) -> bool {
    state.overview.integrations.iter().any(|i| i.vendor == kind.vendor)
}

/// Opens it on the keys of the chosen integration: all matches and settings stay.
pub fn renew(state: &mut State) {
    let Some(line) = state.chosen_integration() else { return };
    let (id, vendor) = (line.view.id.clone(), line.view.vendor.clone());
    let Some(kind) = state.kinds.iter().position(|k| k.vendor == vendor) else {
        return state.say(LogLevel::Info, format!("in a shell: matchbook connect {id} --connector NAME"));
    };
    let mut wizard = Box::new(Wizard::new());
    (wizard.kind, wizard.renews) = (kind, Some(id));
    wizard.ask(&state.kinds[kind], &[]);
    state.overlay = Some(Overlay::Wizard(wizard));
    state.draw();
}

/// Opens it on the choice of a flow.
pub fn open_flow(state: &mut State) {
    let mut wizard = Box::new(Wizard::new());
    wizard.step = flow_step(state, &wizard);
    state.overlay = Some(Overlay::Wizard(wizard));
    state.draw();
}

/// Integrations that a flow can join: those of the home and those saved just now.
pub fn integrations(state: &State, wizard: &Wizard) -> Vec<IntegrationId> {
    let known = state.overview.integrations.iter().map(|i| i.id.clone());
    let mut all: Vec<IntegrationId> = known.collect();
    let new: Vec<_> = wizard.saved.iter().filter(|id| !all.contains(id)).cloned().collect();
    all.extend(new);
    all
}

/// Where a flow can lead: those, and matchbook's own register.
pub fn targets(state: &State, wizard: &Wizard) -> Vec<IntegrationId> {
    let mut all = integrations(state, wizard);
    if !all.iter().any(IntegrationId::is_inventory) {
        all.push(IntegrationId::inventory());
    }
    all
}

/// The likely flow: into IT Glue where it is connected, else into what was connected last.
fn flow_step(state: &State, wizard: &Wizard) -> Step {
    let all = targets(state, wizard);
    let documents = |id: &IntegrationId| {
        id.as_str().contains("itglue") || state.integration_view(id).is_some_and(|i| i.vendor == "IT Glue")
    };
    let own = all.iter().position(IntegrationId::is_inventory).unwrap_or(0);
    let theirs: Vec<usize> = (0..all.len()).filter(|at| *at != own).collect();
    let target = match theirs.as_slice() {
        // With one side connected, the other is the inventory.
        [] | [_] => own,
        [.., last] => all.iter().position(documents).unwrap_or(*last),
    };
    let newest = wizard.saved.last().and_then(|id| all.iter().position(|i| i == id)).filter(|at| *at != target);
    let source = newest.or_else(|| theirs.iter().copied().find(|at| *at != target)).unwrap_or(0);
    Step::Flow { source, target, on_target: false }
}

/// The wizard, taken out while it is changed.
fn with(state: &mut State, change: impl FnOnce(&mut State, &mut Wizard)) {
    let Some(Overlay::Wizard(mut wizard)) = state.overlay.take() else { return };
    change(state, &mut wizard);
    if state.overlay.is_none() {
        state.overlay = Some(Overlay::Wizard(wizard));
    }
    state.draw();
}

/// One step back; closed at the first. What was saved takes effect then.
pub fn escape(state: &mut State) {
    let Some(Overlay::Wizard(wizard)) = &state.overlay else { return };
    let back = match &wizard.step {
        Step::Fields if wizard.renews.is_none() => Some(Step::Kind),
        Step::Report(_) | Step::Testing => Some(Step::Fields),
        Step::Flow { .. } if !wizard.saved.is_empty() => Some(Step::Next),
        // What is being saved is waited for.
        Step::Saving => Some(Step::Saving),
        _ => None,
    };
    match back {
        Some(step) => with(state, |_, wizard| {
            if step == Step::Kind {
                wizard.forget_secrets();
            }
            wizard.failure = None;
            wizard.step = step;
        }),
        None => close(state),
    }
}

/// Closes it; the home is opened anew when something was saved.
fn close(state: &mut State) {
    let Some(Overlay::Wizard(wizard)) = state.overlay.take() else { return };
    if !wizard.saved.is_empty() || wizard.flow_saved {
        state.effects.push(Effect::Reload);
    }
    state.draw();
}

/// A key of the wizard.
pub fn key(state: &mut State, key: Key) {
    let Some(Overlay::Wizard(wizard)) = &state.overlay else { return };
    match &wizard.step {
        Step::Kind => kind_key(state, key),
        Step::Fields => field_key(state, key),
        Step::Report(_) => {
            if key.code == KeyCode::Enter {
                save(state);
            }
        }
        Step::Next => next_key(state, key),
        Step::Flow { .. } => flow_key(state, key),
        Step::Testing | Step::Saving => {}
    }
}

fn kind_key(state: &mut State, key: Key) {
    with(state, |state, wizard| match key.code {
        KeyCode::Char('j') | KeyCode::Down => wizard.kind = (wizard.kind + 1).min(state.kinds.len().saturating_sub(1)),
        KeyCode::Char('k') | KeyCode::Up => wizard.kind = wizard.kind.saturating_sub(1),
        KeyCode::Enter => {
            let Some(kind) = state.kinds.get(wizard.kind) else { return };
            let taken = integrations(state, wizard);
            wizard.ask(kind, &taken);
        }
        _ => {}
    });
}

fn field_key(state: &mut State, key: Key) {
    let Some(Overlay::Wizard(wizard)) = &state.overlay else { return };
    if key.code == KeyCode::Enter && wizard.field + 1 >= wizard.fields.len() || key == Key::ctrl('t') {
        return test(state);
    }
    with(state, |state, wizard| {
        let last = wizard.fields.len().saturating_sub(1);
        match key.code {
            KeyCode::Tab => wizard.field = if wizard.field < last { wizard.field + 1 } else { 0 },
            KeyCode::BackTab => wizard.field = wizard.field.checked_sub(1).unwrap_or(last),
            KeyCode::Enter | KeyCode::Down => wizard.field = (wizard.field + 1).min(last),
            KeyCode::Up => wizard.field = wizard.field.saturating_sub(1),
            _ => {
                let fixed = wizard.renews.is_some();
                let Some(kind) = state.kinds.get(wizard.kind) else { return };
                let Some(field) = wizard.fields.get_mut(wizard.field) else { return };
                edit(field, kind, key, fixed);
            }
        }
    });
}

fn edit(field: &mut Field, kind: &Kind, key: Key, fixed: bool) {
    match (&field.purpose, key.code) {
        (Purpose::Name, _) if fixed => {}
        (Purpose::Region, KeyCode::Left | KeyCode::Right | KeyCode::Char(_)) => {
            // Of an integration that is there, the region may also stay as it is.
            let stays = fixed.then_some("");
            let names: Vec<&str> =
                stays.into_iter().chain(kind.regions.iter().map(|(name, _)| name.as_str())).collect();
            let count = names.len();
            let at = names.iter().position(|name| *name == field.input.value()).unwrap_or(0);
            let step = if key.code == KeyCode::Left { count.saturating_sub(1) } else { 1 };
            if let Some(name) = names.get((at + step) % count.max(1)) {
                field.input = Input::new((*name).to_owned());
            }
        }
        (Purpose::Secret(_), KeyCode::Char('u')) if key.ctrl => field.secret.clear(),
        (Purpose::Secret(_), KeyCode::Char(c)) if !key.ctrl && !key.alt => {
            field.secret.push(c.encode_utf8(&mut [0; 4]));
        }
        (Purpose::Secret(_), KeyCode::Backspace) => field.secret.pop(),
        (Purpose::Region | Purpose::Secret(_), _) => {}
        _ => {
            overlays::type_key(&mut field.input, key);
        }
    }
}

/// Pasted text goes into the field in focus; keys are usually pasted.
pub fn paste(state: &mut State, text: &str) {
    with(state, |_, wizard| {
        let fixed = wizard.renews.is_some();
        let Some(field) = wizard.fields.get_mut(wizard.field).filter(|_| wizard.step == Step::Fields) else { return };
        match field.purpose {
            Purpose::Secret(_) => field.secret.push(text.trim()),
            Purpose::Region => {}
            Purpose::Name if fixed => {}
            _ => {
                for c in text.trim().chars() {
                    field.input.handle(tui_input::InputRequest::InsertChar(c));
                }
            }
        }
    });
}

fn test(state: &mut State) {
    with(state, |state, wizard| {
        wizard.failure = None;
        if let Some(missing) = wizard.missing() {
            wizard.field = wizard.fields.iter().position(|f| !f.optional && f.is_empty()).unwrap_or(wizard.field);
            return state.say(LogLevel::Info, missing);
        }
        let Some(kind) = state.kinds.get(wizard.kind) else { return };
        state.effects.push(Effect::TestConnection(wizard.draft(kind)));
        wizard.step = Step::Testing;
    });
}

fn save(state: &mut State) {
    with(state, |state, wizard| {
        let Some(kind) = state.kinds.get(wizard.kind) else { return };
        state.effects.push(Effect::SaveConnection(wizard.draft(kind)));
        wizard.step = Step::Saving;
    });
}

fn next_key(state: &mut State, key: Key) {
    let Some(Overlay::Wizard(wizard)) = &state.overlay else { return };
    let several = !integrations(state, wizard).is_empty();
    match key.code {
        KeyCode::Char('c') => with(state, |state, wizard| {
            wizard.renews = None;
            let open = |k: &Kind| !is_connected(state, k) && !wizard.saved.iter().any(|s| s.as_str() == k.name);
            wizard.kind = state.kinds.iter().position(open).unwrap_or(0);
            wizard.step = Step::Kind;
        }),
        KeyCode::Char('f') if several => with(state, |state, wizard| wizard.step = flow_step(state, wizard)),
        KeyCode::Enter | KeyCode::Char('q') => close(state),
        _ => {}
    }
}

fn flow_key(state: &mut State, key: Key) {
    with(state, |state, wizard| {
        let all = targets(state, wizard);
        let chosen = wizard.flow(&all);
        let Step::Flow { source, target, on_target } = &mut wizard.step else { return };
        let at = if *on_target { target } else { source };
        match key.code {
            KeyCode::Char('j') | KeyCode::Down => *at = (*at + 1).min(all.len().saturating_sub(1)),
            KeyCode::Char('k') | KeyCode::Up => *at = at.saturating_sub(1),
            KeyCode::Tab | KeyCode::BackTab | KeyCode::Left | KeyCode::Right | KeyCode::Char('h' | 'l') => {
                *on_target = !*on_target;
            }
            KeyCode::Enter => match chosen {
                Some(flow) => {
                    state.effects.push(Effect::SaveFlow(flow));
                    wizard.step = Step::Saving;
                }
                None => state.say(LogLevel::Info, "choose two different ones; Tab goes to the other list"),
            },
            _ => {}
        }
    });
}

/// What became of a test or a save.
pub fn answer(state: &mut State, answer: SetupAnswer) {
    if let SetupAnswer::ViewsKept(kept) = &answer {
        if let Err(failure) = kept {
            state.say(LogLevel::Error, format!("the view is not kept: {failure}"));
        }
        return;
    }
    let waits = |wizard: &Wizard, step: &Step| wizard.step == *step;
    with(state, |state, wizard| match answer {
        // A test that was left with Esc is of no interest any more.
        SetupAnswer::Tested(_) if !waits(wizard, &Step::Testing) => {}
        SetupAnswer::Tested(Ok(report)) => wizard.step = Step::Report(report),
        SetupAnswer::Tested(Err(failure)) => {
            (wizard.step, wizard.failure) = (Step::Fields, Some(failure));
        }
        SetupAnswer::Saved(Ok(())) => {
            let name = wizard.fields.first().map(|f| f.input.value().trim().to_owned()).unwrap_or_default();
            wizard.saved.push(name.as_str().into());
            wizard.forget_secrets();
            wizard.step = Step::Next;
        }
        SetupAnswer::Saved(Err(failure)) => (wizard.step, wizard.failure) = (Step::Fields, Some(failure)),
        SetupAnswer::FlowSaved(Ok(name)) => {
            wizard.flow_saved = true;
            wizard.step = Step::Next;
            state.say(LogLevel::Info, format!("flow {name} is saved"));
        }
        SetupAnswer::ViewsKept(_) => {}
        SetupAnswer::FlowSaved(Err(failure)) => {
            wizard.step = flow_step(state, wizard);
            state.say(LogLevel::Error, failure.to_string());
        }
    });
}
