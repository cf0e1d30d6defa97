//! Taking an entry back and doing it again: the inverse of its changes, as an entry of its own.

use super::super::compare::sides_of;
use super::super::decide::{self, By, Plan};
use super::super::messages::{Done, View};
use super::super::reply::ReplyTo;
use super::super::rules;
use super::super::writer::{self, Wanted};
use super::slow::Slow;
use super::{Core, Entry};
use crate::domain::{
    Actor, Failure, FailureClass, HistoryEntry, HistoryId, IntegrationId, RecordChange, RecordEdit, RowChange,
    RuleChange, Stream,
};
use std::time::Instant;

/// Records or changes looked at between two looks at the clock.
const PIECE: usize = 250;

impl Core {
    /// The writer found the entry that an undo or redo means.
    pub(super) fn found(
        &mut self,
        wanted: Wanted,
        entry: Result<Option<HistoryEntry>, Failure>,
        reply: ReplyTo,
        by: &By,
    ) {
        let entry = match entry {
            Ok(Some(entry)) => entry,
            Ok(None) => return reply.failed(nothing(wanted)),
            Err(failure) => return reply.failed(failure),
        };
        if let Some(failure) = refusal(&entry) {
            return reply.failed(failure);
        }
        if !entry.records.is_empty() {
            return self.begin_undoing(wanted, entry, reply, by);
        }
        let at = match self.flow_at(&entry.flow) {
            Ok(at) if self.flows[at].importing.is_some() => return reply.failed(super::import::busy()),
            Ok(at) => at,
            Err(failure) => return reply.failed(failure),
        };
        let state = &self.flows[at];
        let sides = sides_of(&self.world, &state.flow);
        let hold = (entry.actor == Actor::Engine).then_some(by);
        let (changes, moved_on) = decide::inverse(state, sides, entry.stream, &entry.changes, hold);
        let (rules, changed) = self.rules.inverse(&entry.rules);
        let mut skipped = Vec::new();
        if moved_on > 0 {
            skipped.push(("decided again since".to_owned(), moved_on));
        }
        if changed > 0 {
            skipped.push(("rules changed since".to_owned(), changed));
        }
        if let Wanted::Undo { preview: true, .. } = wanted {
            let mut preview = self.undo_preview(at, &entry, self.places(at, entry.stream, changes), moved_on);
            preview.learns = rules::described(&rules);
            return reply.view(View::Preview(preview));
        }
        if changes.is_empty() && rules.is_empty() {
            let text = "nothing left to take back: every row was decided again since".to_owned();
            return reply.done(Done { skipped, text, ..Done::default() });
        }
        let what = writer::title(&entry, wanted == Wanted::Redo);
        let waiting = writer::Waiting { reply: Some(reply), skipped, later: false };
        let entry = Entry { rules, undoes: Some(entry.id), ..Entry::new(entry.stream, changes, what) };
        self.commit(at, entry, by.clone(), waiting);
    }

    /// Begins to take back an entry with records of the inventory.
    fn begin_undoing(&mut self, wanted: Wanted, entry: HistoryEntry, reply: ReplyTo, by: &By) {
        let preview = matches!(wanted, Wanted::Undo { preview: true, .. });
        if !entry.changes.is_empty() {
            match self.flow_at(&entry.flow) {
                Ok(at) if self.flows[at].importing.is_some() => return reply.failed(super::import::busy()),
                // As with an import, rows follow the records: between the two the engine would match what is going.
                Ok(at) if !preview => self.flows[at].importing = Some((0, entry.changes.len() as u64)),
                Ok(_) => {}
                Err(failure) => return reply.failed(failure),
            }
        }
        let undoing = Undoing {
            wanted,
            entry,
            reply,
            by: by.clone(),
            looked_at: (0, 0),
            records: Vec::new(),
            kept: 0,
            changes: Vec::new(),
            moved_on: 0,
        };
        self.begin_slow(Slow::Undo(Box::new(undoing)));
    }

    /// Looks at more of what an entry changed; true when nothing is left. A record that another flow is matched with, or
    /// a company with devices in it, stays.
    pub(super) fn go_on_undoing(&mut self, undoing: &mut Undoing, until: Instant) -> bool {
        let entry = &undoing.entry;
        let inventory = self.world.tables_of(&IntegrationId::inventory());
        let others = |change: &RecordChange| {
            let flows = self.flows.iter().filter(|f| f.flow.is_import() && f.flow.id != entry.flow);
            flows.filter_map(|f| f.queue(change.stream)).any(|queue| queue.taken.contains_key(&change.id))
        };
        let inhabited = |change: &RecordChange| {
            change.stream == Stream::Companies && inventory.extra.get(&change.id).is_some_and(|e| e.devices > 0)
        };
        let (records, changes) = &mut undoing.looked_at;
        while *records < entry.records.len() {
            if Instant::now() >= until {
                return false;
            }
            for change in entry.records.iter().skip(*records).take(PIECE).map(RecordChange::inverse) {
                *records += 1;
                if change.edit == RecordEdit::Withdrawn && (others(&change) || inhabited(&change)) {
                    undoing.kept += 1;
                } else {
                    undoing.records.push(change);
                }
            }
        }
        let Some(state) = self.flows.iter().find(|state| state.flow.id == entry.flow) else { return true };
        let sides = sides_of(&self.world, &state.flow);
        let hold = (entry.actor == Actor::Engine).then_some(&undoing.by);
        while let Some(rest) = entry.changes.get(*changes..).filter(|rest| !rest.is_empty()) {
            if Instant::now() >= until {
                return false;
            }
            let part = &rest[..rest.len().min(PIECE)];
            *changes += part.len();
            let (mut inverse, moved_on) = decide::inverse(state, sides, entry.stream, part, hold);
            undoing.changes.append(&mut inverse);
            undoing.moved_on += moved_on;
        }
        true
    }

    /// It is known what takes an entry with records back.
    pub(super) fn undo_planned(&mut self, undoing: Undoing) {
        let Undoing { wanted, entry, reply, by, records, kept, changes, moved_on, .. } = undoing;
        if entry.changes.is_empty() {
            return self.undo_records(wanted, &entry, records, kept, reply, &by);
        }
        let at = match self.flow_at(&entry.flow) {
            Ok(at) => at,
            Err(failure) => return reply.failed(failure),
        };
        let (rules, changed) = self.rules.inverse(&entry.rules);
        let counts = [("decided again since", moved_on), (KEPT, kept), ("rules changed since", changed)];
        let skipped: Vec<(String, u64)> =
            counts.iter().filter(|(_, count)| *count > 0).map(|(why, count)| ((*why).to_owned(), *count)).collect();
        if let Wanted::Undo { preview: true, .. } = wanted {
            let mut preview = self.undo_preview(at, &entry, self.places(at, entry.stream, changes), moved_on);
            preview.learns = rules::described(&rules);
            self.drop_elsewhere(entry);
            return reply.view(View::Preview(preview));
        }
        if changes.is_empty() && rules.is_empty() && records.is_empty() {
            self.flows[at].importing = None;
            let text = "nothing left to take back: every row was decided again since".to_owned();
            return reply.done(Done { skipped, text, ..Done::default() });
        }
        let what = writer::title(&entry, wanted == Wanted::Redo);
        self.put_rules(&rules);
        let undo = inverse_of(&entry, what, (changes, rules, records), &by);
        self.drop_elsewhere(entry);
        self.writing += 1;
        let waiting = writer::Waiting { reply: Some(reply), skipped, later: true };
        let _ = self.writer.send(writer::Job::Decide { entry: Box::new(undo), waiting });
    }

    /// Takes back an entry that is about records alone: its flow may be gone, or none.
    fn undo_records(
        &mut self,
        wanted: Wanted,
        entry: &HistoryEntry,
        records: Vec<RecordChange>,
        kept: u64,
        reply: ReplyTo,
        by: &By,
    ) {
        let skipped = if kept > 0 { vec![(KEPT.to_owned(), kept)] } else { Vec::new() };
        if let Wanted::Undo { preview: true, .. } = wanted {
            let counted = decide::counted(entry.stream, records.len() as u64);
            let preview = super::super::messages::Preview {
                what: format!("takes back “{}”: {counted} of the inventory", entry.what),
                rows: records.len() as u64,
                counts: Vec::new(),
                warnings: skipped.iter().map(|(reason, count)| format!("{count} left as they are: {reason}")).collect(),
                learns: String::new(),
                sample: Vec::new(),
            };
            return reply.view(View::Preview(preview));
        }
        if records.is_empty() {
            let text = "nothing left to take back".to_owned();
            return reply.done(Done { skipped, text, ..Done::default() });
        }
        let what = writer::title(entry, wanted == Wanted::Redo);
        let undo = inverse_of(entry, what, (Vec::new(), Vec::new(), records), by);
        self.writing += 1;
        let waiting = writer::Waiting { reply: Some(reply), skipped, later: true };
        let _ = self.writer.send(writer::Job::Decide { entry: Box::new(undo), waiting });
    }

    /// Changes with the positions of their rows.
    fn places(&self, at: usize, stream: Stream, changes: Vec<RowChange>) -> Vec<(usize, RowChange)> {
        let sides = sides_of(&self.world, &self.flows[at].flow);
        let position = |c: &RowChange| super::super::views::position(sides.source, stream, &c.source);
        changes.into_iter().filter_map(|c| position(&c).map(|at| (at, c))).collect()
    }

    fn undo_preview(
        &self,
        at: usize,
        entry: &HistoryEntry,
        changes: Vec<(usize, RowChange)>,
        moved_on: u64,
    ) -> super::super::messages::Preview {
        let state = &self.flows[at];
        let sides = sides_of(&self.world, &state.flow);
        let plan = Plan { changes, ..Plan::default() };
        let mut preview = decide::preview(state, sides, entry.stream, &plan, "takes back");
        preview.what = format!("takes back “{}”: {}", entry.what, decide::counted(entry.stream, preview.rows));
        if moved_on > 0 {
            preview.warnings.push(format!("{moved_on} left as they are: decided again since"));
        }
        self.drop_elsewhere(plan);
        preview
    }
}

/// An entry with records of which is found out what takes it back.
pub(super) struct Undoing {
    wanted: Wanted,
    entry: HistoryEntry,
    reply: ReplyTo,
    by: By,
    /// Records and changes that were looked at.
    looked_at: (usize, usize),
    records: Vec<RecordChange>,
    kept: u64,
    changes: Vec<RowChange>,
    moved_on: u64,
}

/// The entry that takes another one back.
fn inverse_of(
    entry: &HistoryEntry,
    what: String,
    (changes, rules, records): (Vec<RowChange>, Vec<RuleChange>, Vec<RecordChange>),
    by: &By,
) -> HistoryEntry {
    HistoryEntry {
        id: HistoryId(0),
        at: by.at,
        actor: by.actor.clone(),
        flow: entry.flow.clone(),
        stream: entry.stream,
        what,
        rows: changes.len() as u64,
        changes,
        rules,
        records,
        undoes: Some(entry.id),
        undone_by: None,
    }
}

/// Why a record is not put away by an undo.
const KEPT: &str = "records stay: something else is matched with them, or in them";

fn nothing(wanted: Wanted) -> Failure {
    let (what, remedy) = match wanted {
        Wanted::Undo { entry: None, .. } => {
            ("nothing to undo", "automatic matches are undone from the history, by number")
        }
        Wanted::Undo { .. } => ("there is no history entry of that number", "`matchbook history` lists them"),
        Wanted::Redo => ("nothing to redo", "only what was undone last, with no decision since, can be redone"),
    };
    Failure::new(FailureClass::Usage, what, remedy)
}

fn refusal(entry: &HistoryEntry) -> Option<Failure> {
    let by = entry.undone_by?;
    let what = format!("entry {} was taken back already, by entry {}", entry.id.0, by.0);
    Some(Failure::new(FailureClass::Usage, what, "redo it with the key for redo, or undo that entry"))
}
