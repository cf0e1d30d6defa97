//! What happens by itself after a sync of a source whose flow leads into the inventory: companies follow their names,
//! mappings of what is gone end, devices are brought up to date, and new devices of auto-synced types are imported.

use super::super::compare::sides_of;
use super::super::importing::{self, Behind, Staged};
use super::super::tables::{Change, Standing};
use super::import::{Chosen, Wanted};
use super::slow::For;
use super::{Core, CoreMessage};
use crate::domain::{FlowId, IntegrationId, LogLevel, RecordId, RowChange, Stream};

impl Core {
    /// A sync of a source ended.
    pub(super) fn note_sync(&mut self, integration: &IntegrationId) {
        for state in self.flows.iter_mut().filter(|s| s.flow.is_import() && s.flow.source == *integration) {
            state.after_sync = true;
        }
    }

    /// Facts and decisions of the flow stand still.
    fn is_quiet(&self, at: usize) -> bool {
        let state = &self.flows[at];
        self.ready
            && !self.is_solving()
            && self.writing == 0
            && self.pending.is_empty()
            && self.recount.is_empty()
            && self.more.is_empty()
            && state.importing.is_none()
            && state.ready.is_counted()
            && self.slow.is_empty()
            && !self.paused_flows.contains(&state.flow.id)
            && !state.due.dirty
            && !state.due.decided
            && self.supervisor.running().iter().all(|task| task.integration != state.flow.source)
    }

    /// One thing after the other, each when the one before is done.
    pub(super) fn after_syncs(&mut self) {
        for at in 0..self.flows.len() {
            if self.paused_flows.contains(&self.flows[at].flow.id) {
                // Nothing follows by itself; the next sync after it is resumed finds all of it.
                self.flows[at].after_sync = false;
            }
            if !self.flows[at].after_sync || !self.is_quiet(at) {
                continue;
            }
            if self.keep_in_step(at) || self.bring_up_to_date(at) || self.import_by_itself(at) {
                return;
            }
            self.flows[at].after_sync = false;
        }
    }

    /// Renames follow, and mappings of companies that are gone end. True when something was to be done.
    fn keep_in_step(&mut self, at: usize) -> bool {
        let state = &self.flows[at];
        if !state.flow.manages() {
            return false;
        }
        let sides = sides_of(&self.world, &state.flow);
        let (mut renamed, mut gone) = (Vec::new(), Vec::new());
        for (place, row) in state.companies.rows.iter().enumerate() {
            let (Some(target), Some(source)) = (row.matched(), sides.source.companies.all().get(place)) else {
                continue;
            };
            if row.standing == Standing::Orphaned {
                let before = row.decision.as_deref().cloned();
                gone.push(RowChange { source: source.id.clone(), before, after: None });
            } else if row.standing == Standing::Live && !state.paused.contains(&source.id) {
                let known = sides.target.companies.get(target);
                if known.is_some_and(|known| known.name != source.name) {
                    renamed.push((target.clone(), source.name.clone()));
                }
            }
        }
        if renamed.is_empty() && gone.is_empty() {
            return false;
        }
        let flow = state.flow.id.clone();
        self.flows[at].importing = Some((0, (renamed.len() + gone.len()) as u64));
        let vendor = self.flows[at].flow.source.clone();
        let what = match (renamed.is_empty(), gone.is_empty()) {
            (false, true) => format!("names follow {vendor}:"),
            (true, false) => format!("mapping ended, gone at {vendor}:"),
            _ => format!("in step with {vendor}, renamed or gone:"),
        };
        let wanted = Wanted { stream: Stream::Companies, what, by: self.engine(), reply: None, skipped: Vec::new() };
        let (store, inbox) = (self.store.clone(), self.inbox.clone());
        self.runtime.spawn_blocking(move || {
            let result = importing::renames(&store, &renamed).map(|records| Staged { changes: gone, records });
            let _ = inbox.send(CoreMessage::Staged { flow, result, wanted: Box::new(wanted) });
        });
        true
    }

    /// Facts of imported devices follow their source. True when something was to be done.
    fn bring_up_to_date(&mut self, at: usize) -> bool {
        let state = &self.flows[at];
        if state.behind.is_empty() {
            return false;
        }
        let sides = sides_of(&self.world, &state.flow);
        let device = |source: &RecordId| {
            let place = sides.source.devices.position(source)?;
            let target = state.devices.rows.get(place)?.matched()?.clone();
            let company = sides.source.company_of(Stream::Devices, place)?;
            let row = state.company_row(sides.source, Stream::Devices, place)?;
            (!state.paused.contains(company)).then(|| (source.clone(), target, row.matched().cloned()))
        };
        let devices: Vec<_> = state.behind.iter().filter_map(device).collect();
        let (flow, source) = (state.flow.id.clone(), state.flow.source.clone());
        self.flows[at].behind.clear();
        if devices.is_empty() {
            return false;
        }
        self.flows[at].importing = Some((0, devices.len() as u64));
        let behind = Behind { source, devices };
        let (store, inbox, now) = (self.store.clone(), self.inbox.clone(), self.clock.now());
        self.runtime.spawn_blocking(move || {
            let result = importing::follow(&store, &behind, now).map(|changed| {
                for chunk in changed.chunks(super::super::writer::CHANGES_TOLD) {
                    let changes = chunk.iter().flat_map(Change::all_of).collect();
                    let _ = inbox.send(CoreMessage::Stored(IntegrationId::inventory(), changes));
                }
                changed.len() as u64
            });
            let _ = inbox.send(CoreMessage::Followed { flow, result });
        });
        true
    }

    /// Devices of the inventory are up to date, or not.
    pub(super) fn followed(&mut self, flow: &FlowId, result: Result<u64, crate::domain::Failure>) {
        let Ok(at) = self.flow_at(flow) else { return };
        let source = self.flows[at].flow.source.clone();
        match result {
            Ok(0) => {}
            Ok(count) => {
                let devices = super::super::decide::counted(Stream::Devices, count);
                self.log_line(&source, LogLevel::Info, &format!("{devices} of the inventory brought up to date"));
            }
            Err(failure) => {
                let text = format!("devices of the inventory are not up to date: {failure}");
                self.log_line(&source, LogLevel::Error, &text);
            }
        }
        self.import_ended(flow);
    }

    /// New devices of auto-synced types. True when something was to be done.
    fn import_by_itself(&mut self, at: usize) -> bool {
        let state = &self.flows[at];
        if state.auto.is_empty() {
            return false;
        }
        let sides = sides_of(&self.world, &state.flow);
        let is_auto = |place: &usize| {
            let device = &sides.source.devices.all()[*place];
            let kind = sides.source.type_of(&device.id).and_then(|at| sides.source.types.all().get(at));
            // What a person opened again is left to the person.
            let undecided = state.devices.rows.get(*place).is_some_and(super::super::rows::Row::is_undecided);
            undecided && kind.is_some_and(|kind| state.auto.contains(&kind.id))
        };
        let positions: Vec<usize> = state.ready.positions().filter(is_auto).collect();
        if positions.is_empty() {
            return false;
        }
        let what = "imported by auto-sync:".to_owned();
        let by = self.engine();
        let wanted = Wanted { stream: Stream::Devices, what, by, reply: None, skipped: Vec::new() };
        let chosen = Chosen { positions, types: None, every: true, anyway: false };
        let given = super::super::messages::Given::default();
        self.begin_import_of(at, Stream::Devices, chosen, For::Import(Box::new(wanted), given));
        true
    }
}
