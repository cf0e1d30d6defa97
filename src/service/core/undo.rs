//! Taking an entry back and doing it again: the inverse of its changes, as an entry of its own.

use super::super::compare::sides_of;
use super::super::decide::{self, By, Plan};
use super::super::messages::{Done, View};
use super::super::reply::ReplyTo;
use super::super::rules;
use super::super::writer::{self, Wanted};
use super::{Core, Entry};
use crate::domain::{
    Actor, Failure, FailureClass, HistoryEntry, HistoryId, IntegrationId, RecordChange, RecordEdit, RowChange,
    RuleChange, Stream,
};

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
        let (records, kept) = self.inverse_records(&entry);
        if entry.changes.is_empty() && !entry.records.is_empty() {
            return self.undo_records(wanted, &entry, records, kept, reply, by);
        }
        let imports = !records.is_empty();
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
        if kept > 0 {
            skipped.push((KEPT.to_owned(), kept));
        }
        if changed > 0 {
            skipped.push(("rules changed since".to_owned(), changed));
        }
        if let Wanted::Undo { preview: true, .. } = wanted {
            let mut preview = self.undo_preview(at, &entry, changes, moved_on);
            preview.learns = rules::described(&rules);
            return reply.view(View::Preview(preview));
        }
        if changes.is_empty() && rules.is_empty() && records.is_empty() {
            let text = "nothing left to take back: every row was decided again since".to_owned();
            return reply.done(Done { skipped, text, ..Done::default() });
        }
        let what = writer::title(&entry, wanted == Wanted::Redo);
        let waiting = writer::Waiting { reply: Some(reply), skipped, later: false };
        if imports {
            // As with an import, rows follow the records: between the two the engine would match what is going.
            self.flows[at].importing = Some((0, changes.len() as u64));
            self.put_rules(&rules);
            let undo = inverse_of(&entry, what, (changes, rules, records), by);
            self.writing += 1;
            let waiting = writer::Waiting { later: true, ..waiting };
            let _ = self.writer.send(writer::Job::Decide { entry: Box::new(undo), waiting });
            return;
        }
        let entry = Entry { rules, undoes: Some(entry.id), ..Entry::new(entry.stream, changes, what) };
        self.commit(at, entry, by.clone(), waiting);
    }

    /// What takes an entry's records back. A record that another flow is matched with, or a company with devices in it,
    /// stays; how many do comes second.
    fn inverse_records(&self, entry: &HistoryEntry) -> (Vec<RecordChange>, u64) {
        let inventory = self.world.tables_of(&IntegrationId::inventory());
        let others = |change: &RecordChange| {
            let flows = self.flows.iter().filter(|f| f.flow.is_import() && f.flow.id != entry.flow);
            flows.filter_map(|f| f.queue(change.stream)).any(|queue| queue.taken.contains_key(&change.id))
        };
        let inhabited = |change: &RecordChange| {
            change.stream == Stream::Companies && inventory.extra.get(&change.id).is_some_and(|e| e.devices > 0)
        };
        let stays =
            |change: &RecordChange| change.edit == RecordEdit::Withdrawn && (others(change) || inhabited(change));
        let all: Vec<RecordChange> = entry.records.iter().map(RecordChange::inverse).collect();
        let (kept, back): (Vec<_>, Vec<_>) = all.into_iter().partition(stays);
        (back, kept.len() as u64)
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

    fn undo_preview(
        &self,
        at: usize,
        entry: &HistoryEntry,
        changes: Vec<RowChange>,
        moved_on: u64,
    ) -> super::super::messages::Preview {
        let state = &self.flows[at];
        let sides = sides_of(&self.world, &state.flow);
        let position = |c: &RowChange| super::super::views::position(sides.source, entry.stream, &c.source);
        let changes = changes.into_iter().filter_map(|c| position(&c).map(|at| (at, c))).collect();
        let plan = Plan { changes, ..Plan::default() };
        let mut preview = decide::preview(state, sides, entry.stream, &plan, "takes back");
        preview.what = format!("takes back “{}”: {}", entry.what, decide::counted(entry.stream, preview.rows));
        if moved_on > 0 {
            preview.warnings.push(format!("{moved_on} left as they are: decided again since"));
        }
        preview
    }
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
