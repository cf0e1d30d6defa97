//! Cards: which there are, and what an answer does.

use super::super::cards::{self, Moved};
use super::super::decide::By;
use super::super::messages::{CardAbout, CardView, Done, View};
use super::super::reply::ReplyTo;
use super::super::writer;
use super::{Core, CoreMessage, Entry};
use crate::domain::{
    Decision, DecisionKind, Failure, FailureClass, LogLevel, MassChange, RecordId, RowChange, RunState, Stream,
    StreamProgress, text,
};
use crate::store::{MassRow, Store};
use crate::sync::Task;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Records of a question that a card lists.
const LISTED: usize = 200;

/// What was found, and what was put away.
#[derive(Default)]
pub struct Deck {
    found: Vec<Moved>,
    put_away: BTreeSet<String>,
    /// Records changed since it was last looked.
    due: bool,
    looking: bool,
}

impl Deck {
    /// The deck of an opened store.
    pub fn of(store: &Store) -> Self {
        Self { put_away: store.cards_put_away().unwrap_or_default(), due: true, ..Self::default() }
    }

    /// Records changed.
    pub fn outdate(&mut self) {
        self.due = true;
    }

    /// Nothing is looked for any more.
    pub fn is_settled(&self) -> bool {
        !self.due && !self.looking
    }
}

impl Core {
    /// Looks for moved records when records stand still and nobody else reads the facts.
    pub(super) fn look_for_cards(&mut self) {
        let idle = self.ready && !self.is_solving() && self.pending.is_empty() && self.recount.is_empty();
        if !self.deck.due || self.deck.looking || !idle || self.is_lent() || !self.supervisor.running().is_empty() {
            return;
        }
        (self.deck.due, self.deck.looking) = (false, true);
        let flows: Vec<_> = self.flows.iter().map(|f| f.flow.clone()).collect();
        let (world, inbox) = (Arc::clone(&self.world), self.inbox.clone());
        self.runtime.spawn_blocking(move || {
            let found = flows.iter().flat_map(|flow| cards::find(&world, flow)).collect();
            drop(world);
            let _ = inbox.send(CoreMessage::Cards(found));
        });
    }

    /// What was looked for is there.
    pub(super) fn cards_found(&mut self, found: Vec<Moved>) {
        self.deck.looking = false;
        self.deck.found = found;
        self.outbox.overview();
    }

    /// Streams whose last run asks.
    fn asking(&self) -> impl Iterator<Item = (&StreamProgress, &MassChange)> {
        self.progress.values().filter_map(|p| match &p.state {
            RunState::Asks { change } => Some((p, change)),
            _ => None,
        })
    }

    /// Findings that nobody put away and whose matches are still what they were.
    fn moved(&self) -> impl Iterator<Item = &Moved> {
        self.deck.found.iter().filter(|m| !self.deck.put_away.contains(&m.key) && self.still_fits(m))
    }

    fn still_fits(&self, moved: &Moved) -> bool {
        let Ok(at) = self.flow_at(&moved.flow) else { return false };
        moved.moves.iter().all(|m| self.decision_on(at, moved.stream, &m.source).1.as_ref() == m.from.as_ref())
    }

    /// The decision on a source record, and its target.
    fn decision_on(&self, at: usize, stream: Stream, source: &RecordId) -> (Option<Decision>, Option<RecordId>) {
        let state = &self.flows[at];
        let place = super::super::views::position(self.world.tables_of(&state.flow.source), stream, source);
        let row = place.and_then(|place| state.queue(stream)?.rows.get(place));
        let decision = row.and_then(|row| row.decision.as_deref().cloned());
        let target = row.and_then(|row| row.matched().cloned());
        (decision, target)
    }

    /// How many cards there are.
    pub(super) fn count_cards(&self) -> u64 {
        (self.asking().count() + self.moved().count()) as u64
    }

    /// All of them; the records of a question are read elsewhere.
    pub(super) fn cards(&self, reply: ReplyTo) {
        let asking: Vec<_> = self.asking().map(|(p, change)| (p.clone(), change.clone())).collect();
        let moved: Vec<CardView> = self.moved().map(Moved::view).collect();
        let store = self.store.clone();
        self.off_thread(reply, move || {
            let mut all = Vec::with_capacity(asking.len() + moved.len());
            for (progress, change) in &asking {
                let rows = store.mass_change_rows(&progress.integration, progress.stream, LISTED)?;
                all.push(mass_card(progress, change, &rows));
            }
            all.extend(moved);
            Ok(View::Cards(all))
        });
    }

    /// A person's answer.
    pub(super) fn answer_card(&mut self, reply: ReplyTo, key: &str, yes: bool) {
        let asked = self.asking().find(|(p, change)| mass_key(p, change) == key);
        if let Some((progress, change)) = asked {
            let task = Task { integration: progress.integration.clone(), stream: progress.stream };
            let change = change.clone();
            return self.supervisor.answer(task, change, yes, self.actor.clone(), move |result| match result {
                Ok(text) => reply.done(Done { text, ..Done::default() }),
                Err(failure) => reply.failed(failure),
            });
        }
        let Some(moved) = self.moved().find(|m| m.key == key).cloned() else {
            let what = "this card is no longer there: what it was about changed";
            return reply.failed(Failure::new(FailureClass::Usage, what, "look at the cards anew"));
        };
        if yes { self.move_matches(reply, &moved) } else { self.put_away(reply, moved) }
    }

    fn put_away(&mut self, reply: ReplyTo, moved: Moved) {
        let store = self.store.clone();
        let (key, title) = (moved.key.clone(), moved.title);
        self.deck.put_away.insert(moved.key);
        self.outbox.overview();
        self.runtime.spawn_blocking(move || match store.put_card_away(&key) {
            Ok(()) => reply.done(Done { text: format!("put away: {title}"), ..Done::default() }),
            Err(failure) => reply.failed(failure),
        });
    }

    /// Moves the matches as one decision, which one undo takes back.
    fn move_matches(&mut self, reply: ReplyTo, moved: &Moved) {
        let at = match self.flow_at(&moved.flow) {
            Ok(at) => at,
            Err(failure) => return reply.failed(failure),
        };
        let By { actor, at: when } = self.by();
        let decision = |kind| Decision { kind, actor: actor.clone(), at: when, why: moved.title.clone() };
        let changes: Vec<RowChange> = moved
            .moves
            .iter()
            .map(|m| {
                let (before, _) = self.decision_on(at, moved.stream, &m.source);
                // What is gone has nothing to be held open for; it is only freed.
                let after = m.to.clone().map(|target| decision(DecisionKind::Matched { target }));
                RowChange { source: m.source.clone(), before, after }
            })
            .collect();
        let what = format!("moved the match: {}", moved.title);
        let by = By { actor: actor.clone(), at: when };
        let waiting = writer::Waiting { reply: Some(reply), skipped: Vec::new(), later: false };
        self.commit(at, Entry::new(moved.stream, changes, what), by, waiting);
    }

    /// Says once that a run asks.
    pub(super) fn notice_question(&mut self, progress: &StreamProgress) {
        if let RunState::Asks { change } = &progress.state {
            let text = format!("{}: {}", progress.integration, change.text(&progress.label));
            self.outbox.notice(LogLevel::Error, text);
        }
    }
}

fn mass_key(progress: &StreamProgress, change: &MassChange) -> String {
    format!("mass:{}/{}:{}", progress.integration, progress.stream, change.run.0)
}

fn mass_card(progress: &StreamProgress, change: &MassChange, rows: &[MassRow]) -> CardView {
    let mut lines: Vec<String> = rows.iter().map(line).collect();
    let all = change.changed + change.gone;
    if all > rows.len() as u64 {
        lines.push(format!("… and {} more", all - rows.len() as u64));
    }
    CardView {
        key: mass_key(progress, change),
        about: CardAbout::MassChange { integration: progress.integration.clone(), stream: progress.stream },
        title: text::clean(&format!("{}: {}", progress.integration, change.text(&progress.label))).into_owned(),
        lines,
        yes: "apply exactly this".into(),
        no: "drop it; the last good state stays, and the next sync lists everything anew".into(),
    }
}

fn line(row: &MassRow) -> String {
    let name = text::clean(&row.name);
    if row.gone {
        return format!("{name} ({}): no longer listed", row.id);
    }
    let known = |value: &str| if value.is_empty() { "–".to_owned() } else { text::clean(value).into_owned() };
    let changes: Vec<String> =
        row.changes.iter().map(|c| format!("{} {} → {}", c.fact, known(&c.before), known(&c.after))).collect();
    format!("{name} ({}): {}", row.id, changes.join(", "))
}
