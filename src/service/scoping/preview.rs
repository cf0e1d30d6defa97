//! What other settings would do, before anybody says yes: counted from memory, named from the store.

use super::super::messages::{MovedRecord, ScopePreview, StreamMove};
use super::super::world::World;
use super::register::{Judged, Register};
use crate::connectors::StreamInfo;
use crate::domain::{Failure, Flow, IntegrationId, RecordId, Stream, SyncScope, Timestamp, text};
use crate::store::Store;
use rustc_hash::{FxHashMap, FxHashSet};

/// Records named at most.
const NAMED: usize = 40;

/// What a preview or the list of choices needs; owned or shared, so that it can leave the core's thread.
pub struct Context<'a> {
    /// Facts and decisions.
    pub world: &'a World,
    /// All flows.
    pub flows: &'a [Flow],
    /// For the names of records that no queue shows.
    pub store: &'a Store,
    /// The integration.
    pub integration: &'a IntegrationId,
    /// What it delivers, with the vendor's words.
    pub streams: &'a [StreamInfo],
    /// The present.
    pub now: Timestamp,
}

/// Decisions on the records of one integration, as source or target, in any flow.
#[derive(Debug, Default)]
pub struct Decided {
    matched: FxHashMap<Stream, FxHashSet<RecordId>>,
    ignored: FxHashMap<Stream, FxHashSet<RecordId>>,
}

impl Decided {
    /// Looks through the flows of an integration.
    pub fn of(context: &Context<'_>) -> Self {
        let mut decided = Self::default();
        for flow in context.flows {
            for stream in Stream::MATCHED {
                let Some(known) = context.world.decided(&flow.id, stream) else { continue };
                if flow.source == *context.integration {
                    for (source, target) in known {
                        let side = if target.is_some() { &mut decided.matched } else { &mut decided.ignored };
                        side.entry(stream).or_default().insert(source.clone());
                    }
                }
                if flow.target == *context.integration {
                    let targets = known.values().flatten().cloned();
                    decided.matched.entry(stream).or_default().extend(targets);
                }
            }
        }
        decided
    }

    /// It has a match in some flow.
    pub fn is_matched(&self, stream: Stream, id: &RecordId) -> bool {
        self.matched.get(&stream).is_some_and(|ids| ids.contains(id))
    }

    /// Neither matched nor ignored.
    pub fn is_open(&self, stream: Stream, id: &RecordId) -> bool {
        !self.is_matched(stream, id) && !self.ignored.get(&stream).is_some_and(|ids| ids.contains(id))
    }
}

/// The vendor's word for records of a stream, one or several.
pub fn word(streams: &[StreamInfo], stream: Stream, count: u64) -> String {
    let info = streams.iter().find(|info| info.stream == stream);
    match info {
        Some(info) if count == 1 => info.word_one.to_lowercase(),
        Some(info) => info.word_many.clone(),
        None if count == 1 => stream.one().to_owned(),
        None => stream.name().replace('-', " "),
    }
}

/// What would move.
///
/// # Errors
/// When the names cannot be read from the store.
pub fn preview(context: &Context<'_>, register: &Register, scope: &SyncScope) -> Result<ScopePreview, Failure> {
    let decided = Decided::of(context);
    let listed = |judged: &Judged| register.get(judged.stream, &judged.id).is_some_and(|entry| !entry.orphaned);
    let mut moves: Vec<(Judged, bool)> = register
        .compare(scope, context.now)
        .into_iter()
        .filter(|judged| judged.was_left_out != judged.out.is_some() && listed(judged))
        .map(|judged| {
            let matched = decided.is_matched(judged.stream, &judged.id);
            (judged, matched)
        })
        .collect();
    let leaves = sums(context, &moves, true);
    let enters = sums(context, &moves, false);
    // What a person should see first: what leaves before what enters, the matched ones before the others.
    let order = |(judged, matched): &(Judged, bool)| (judged.out.is_none(), place(judged.stream), !matched);
    moves.sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| a.0.id.cmp(&b.0.id)));
    let first = shares(&moves).into_iter().map(|at| named(context, &moves[at])).collect::<Result<_, _>>()?;
    let streams = scope.widens(register.scope());
    let asks = context.streams.iter().filter(|info| streams.contains(&info.stream));
    Ok(ScopePreview { leaves, enters, first, asks: asks.map(|info| info.word_many.clone()).collect() })
}

fn place(stream: Stream) -> usize {
    Stream::MATCHED.iter().position(|s| *s == stream).unwrap_or(usize::MAX)
}

fn sums(context: &Context<'_>, moves: &[(Judged, bool)], leave: bool) -> Vec<StreamMove> {
    let sum = |stream: Stream| {
        let of = || moves.iter().filter(|(judged, _)| judged.stream == stream && judged.out.is_some() == leave);
        let records = of().count() as u64;
        let matched = of().filter(|(_, matched)| *matched).count() as u64;
        (records > 0).then(|| StreamMove { stream, word: word(context.streams, stream, records), records, matched })
    };
    let others = Stream::ALL.into_iter().filter(|stream| !Stream::MATCHED.contains(stream));
    Stream::MATCHED.into_iter().chain(others).filter_map(sum).collect()
}

/// Positions of the records that are named: of each stream and direction some, so that a thousand companies do not hide
/// that devices move too.
fn shares(moves: &[(Judged, bool)]) -> Vec<usize> {
    let group = |at: usize| (moves[at].0.out.is_none(), moves[at].0.stream);
    let groups = (1..moves.len()).filter(|at| group(*at) != group(at - 1)).count() + 1;
    let share = (NAMED / groups).max(1);
    let (mut taken, mut last) = (0, None);
    (0..moves.len())
        .filter(|&at| {
            if last != Some(group(at)) {
                (taken, last) = (0, Some(group(at)));
            }
            taken += 1;
            taken <= share
        })
        .collect()
}

fn named(context: &Context<'_>, (judged, matched): &(Judged, bool)) -> Result<MovedRecord, Failure> {
    let stored = context.store.record(context.integration, judged.stream, &judged.id)?;
    let name = stored.map_or_else(|| judged.id.to_string(), |stored| stored.record.name().to_owned());
    let why = judged.out.as_ref().map(ToString::to_string).unwrap_or_default();
    Ok(MovedRecord {
        stream: judged.stream,
        id: judged.id.clone(),
        name: text::clean(&name).into_owned(),
        leaves: judged.out.is_some(),
        why: text::clean(&why).into_owned(),
        matched: *matched,
    })
}
