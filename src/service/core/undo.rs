//! Taking an entry back and doing it again: the inverse of its changes, as an entry of its own.

use super::super::compare::sides_of;
use super::super::decide::{self, By, Plan};
use super::super::messages::{Done, View};
use super::super::reply::ReplyTo;
use super::super::rules;
use super::super::writer::{self, Wanted};
use super::{Core, Entry};
use crate::domain::{Actor, Failure, FailureClass, HistoryEntry, RowChange};

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
        let at = match self.flow_at(&entry.flow) {
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
            let mut preview = self.undo_preview(at, &entry, changes, moved_on);
            let described = rules::described(&rules);
            preview.warnings.extend((!described.is_empty()).then_some(described));
            return reply.view(View::Preview(preview));
        }
        if changes.is_empty() && rules.is_empty() {
            let text = "nothing left to take back: every row was decided again since".to_owned();
            return reply.done(Done { skipped, text, ..Done::default() });
        }
        let what = writer::title(&entry, wanted == Wanted::Redo);
        let waiting = writer::Waiting { reply: Some(reply), skipped };
        let entry = Entry { rules, undoes: Some(entry.id), ..Entry::new(entry.stream, changes, what) };
        self.commit(at, entry, by.clone(), waiting);
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
