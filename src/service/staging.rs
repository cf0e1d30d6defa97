//! What of a source can be imported into the inventory, as what, and why not. Pure: an import does what its plan says.

use super::listed::Facts;
use super::messages::Staged;
use super::ready::Ready;
use super::rows::{FlowState, Row};
use super::tables::Standing;
use super::views::{self, Sides};
use crate::domain::{DecisionKind, JunkList, MatchState, Named, RecordId, Serial, Stream, Verdict, text};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_128;

/// A row that is imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Position of its source record.
    pub at: usize,
    /// The source record.
    pub source: RecordId,
    /// The record of the inventory.
    pub target: RecordId,
    /// The record is there from an earlier import.
    pub known: bool,
    /// The company of the inventory (devices).
    pub company: Option<RecordId>,
    /// The type of the inventory (devices).
    pub kind: Option<Named>,
}

/// What an import does with rows.
#[derive(Debug, Default)]
pub struct Plan {
    /// Every row with what becomes of it.
    pub rows: Vec<(usize, Result<Item, &'static str>)>,
    /// Rows that are imported.
    pub imports: u64,
    blocked: BTreeMap<&'static str, u64>,
}

impl Plan {
    /// A row with what becomes of it.
    pub fn add(&mut self, at: usize, row: Result<Item, &'static str>) {
        match &row {
            Ok(_) => self.imports += 1,
            Err(reason) => *self.blocked.entry(reason).or_default() += 1,
        }
        self.rows.push((at, row));
    }

    /// Rows left as they are, by reason.
    pub fn blocked(&self) -> Vec<(String, u64)> {
        self.blocked.iter().map(|(reason, count)| ((*reason).to_owned(), *count)).collect()
    }
}

/// Why a row that a flow does not show is not imported.
pub const NOT_THERE: &str = "not in the queue";
/// Why a row in the inventory is not imported again.
pub const THERE: &str = "in the inventory";
/// Why a row whose record may be there already waits for a person.
pub const PERHAPS_THERE: &str = "the inventory may have it: accept it, or import it anyway";

/// Why a device whose serial number the inventory has already waits for a person.
pub const SERIAL_THERE: &str = "the inventory has one with that serial number: match it";

/// The id that a source record has in the inventory: always the same, so that one source never makes two records.
pub fn target_id(state: &FlowState, stream: Stream, source: &RecordId, name: &str) -> RecordId {
    let key = match stream {
        // One type by name, whatever source it comes from.
        Stream::DeviceTypes => format!("{}\0{}", stream.name(), name.trim().to_lowercase()),
        _ => format!("{}\0{}\0{source}", stream.name(), state.flow.source),
    };
    let sign = match stream {
        Stream::Companies => 'c',
        Stream::DeviceTypes => 't',
        _ => 'd',
    };
    format!("{sign}-{:020x}", xxh3_128(key.as_bytes()) >> 48).into()
}

/// What becomes of a row of an import; `guard` knows the rows before it.
///
/// # Errors
/// What is in its way.
pub fn planned(
    state: &FlowState,
    sides: Sides<'_>,
    (stream, at): (Stream, usize),
    anyway: bool,
    (guard, junk): (&mut Guard, &JunkList),
) -> Result<Item, &'static str> {
    let item = item(state, sides, stream, at, anyway)?;
    let facts = sides.source.facts_at(stream, at).ok_or(NOT_THERE)?;
    if !item.known {
        guard.pass(facts, anyway, junk)?;
    }
    Ok(item)
}

/// Two rows of one import that would make the same thing.
pub struct Guard {
    names: FxHashSet<String>,
    there: FxHashSet<String>,
    serials: FxHashSet<Serial>,
    /// Serial numbers of the inventory's devices.
    kept: FxHashSet<Serial>,
    stream: Stream,
}

impl Guard {
    /// Before the first row.
    pub fn new(sides: Sides<'_>, stream: Stream) -> Self {
        let there = match stream {
            Stream::Companies => sides.target.companies.live().iter().map(|c| comparable(&c.name)).collect(),
            _ => FxHashSet::default(),
        };
        let known = |at| sides.target.facts_at(stream, at)?.serial().and_then(Serial::parse);
        let kept = match stream {
            Stream::Devices => (0..sides.target.count_live(stream)).filter_map(known).collect(),
            _ => FxHashSet::default(),
        };
        Self { names: FxHashSet::default(), there, serials: FxHashSet::default(), kept, stream }
    }

    fn pass(&mut self, facts: &dyn Facts, anyway: bool, junk: &JunkList) -> Result<(), &'static str> {
        match self.stream {
            Stream::Devices => {
                let serial = facts.serial().and_then(Serial::parse).filter(|s| junk.serial_reason(s).is_none());
                if serial.as_ref().is_some_and(|serial| self.kept.contains(serial)) && !anyway {
                    return Err(SERIAL_THERE);
                }
                if serial.is_some_and(|serial| !self.serials.insert(serial)) && !anyway {
                    return Err("another row has the same serial number");
                }
            }
            _ => {
                let name = comparable(facts.name());
                if self.there.contains(&name) && !anyway {
                    return Err("the inventory has one of that name: match it");
                }
                if !self.names.insert(name) && (!anyway || self.stream == Stream::DeviceTypes) {
                    return Err("another row has the same name");
                }
            }
        }
        Ok(())
    }
}

fn comparable(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Where a row goes.
type Place = (Option<RecordId>, Option<Named>);

/// Where a row goes, or what is in its way.
fn place(state: &FlowState, sides: Sides<'_>, stream: Stream, at: usize, anyway: bool) -> Result<Place, &'static str> {
    let row = state.queue(stream).and_then(|q| q.rows.get(at)).ok_or(NOT_THERE)?;
    open(row)?;
    let (company, kind) = if stream == Stream::Devices {
        (Some(company(state, sides, at)?), kind(state, sides, at)?)
    } else {
        (None, None)
    };
    match row.state() {
        MatchState::Ignored => Err("ignored"),
        MatchState::Deferred => Err("put off"),
        MatchState::Conflict | MatchState::Suggested if !anyway => Err(PERHAPS_THERE),
        _ => Ok((company, kind)),
    }
}

/// What a row would become, or what is in its way.
pub fn item(
    state: &FlowState,
    sides: Sides<'_>,
    stream: Stream,
    at: usize,
    anyway: bool,
) -> Result<Item, &'static str> {
    let (company, kind) = place(state, sides, stream, at, anyway)?;
    let facts = sides.source.facts_at(stream, at).ok_or(NOT_THERE)?;
    let target = target_id(state, stream, facts.id(), facts.name());
    let list = sides.target.list(stream);
    let known = list.and_then(|list| list.place(&target).map(|at| list.standing(at))) == Some(Standing::Live);
    if known && stream != Stream::DeviceTypes && state.queue(stream).is_some_and(|q| q.taken.contains_key(&target)) {
        return Err("its record of the inventory is matched with another one");
    }
    Ok(Item { at, source: facts.id().clone(), target, known, company, kind })
}

fn open(row: &Row) -> Result<(), &'static str> {
    if row.matched().is_some() {
        return Err(THERE);
    }
    match row.standing {
        Standing::Orphaned => return Err("gone at the vendor"),
        Standing::LeftOut => return Err("left out by the sync settings"),
        Standing::Live => {}
    }
    if row.hidden { Err(NOT_THERE) } else { Ok(()) }
}

fn company(state: &FlowState, sides: Sides<'_>, at: usize) -> Result<RecordId, &'static str> {
    if sides.source.company_of(Stream::Devices, at).is_none() {
        return Err("it belongs to no company");
    }
    let row = state.company_row(sides.source, Stream::Devices, at).ok_or("its company is not known")?;
    match row.decision.as_ref().map(|d| &d.kind) {
        Some(DecisionKind::Matched { target }) => {
            let live = sides.target.companies.position(target).map(|at| sides.target.companies.standing(at));
            if live == Some(Standing::Live) {
                Ok(target.clone())
            } else {
                Err("its company is gone from the inventory")
            }
        }
        Some(DecisionKind::Ignored) => Err("company ignored"),
        _ => Err("company not mapped"),
    }
}

fn kind(state: &FlowState, sides: Sides<'_>, at: usize) -> Result<Option<Named>, &'static str> {
    if !state.flow.streams.contains(&Stream::DeviceTypes) {
        return Ok(None);
    }
    let Some((_, row)) = state.type_row(sides.source, at) else { return Err("it has no type") };
    match row.decision.as_ref().map(|d| &d.kind) {
        Some(DecisionKind::Matched { target }) => {
            let kind = sides.target.types.get(target).ok_or("its type is gone from the inventory")?;
            Ok(Some(Named { id: kind.id.to_string(), name: kind.name.to_string() }))
        }
        Some(DecisionKind::Ignored) => Err("type ignored"),
        _ => Err("type not mapped"),
    }
}

/// Looks at so many of the device rows that changed, to know which can be imported now.
pub fn count_ready(state: &mut FlowState, sides: Sides<'_>, junk: &JunkList, most: usize) {
    let mut ready = std::mem::take(&mut state.ready);
    if ready.begins() {
        ready.know(Guard::new(sides, Stream::Devices).kept);
    }
    for at in ready.due(most, state.devices.rows.len()) {
        let open = place(state, sides, Stream::Devices, at, false).is_ok();
        let twin = open && is_twin(state, sides, junk, &ready, at);
        let kind = sides.source.devices.all().get(at).and_then(|device| sides.source.type_of(&device.id));
        ready.put(at, kind.filter(|_| open && !twin), twin);
    }
    state.ready = ready;
}

/// Whether the inventory has a device with the row's serial number that is not the record the row became before.
fn is_twin(state: &FlowState, sides: Sides<'_>, junk: &JunkList, ready: &Ready, at: usize) -> bool {
    let serial = sides.source.facts_at(Stream::Devices, at).and_then(|facts| facts.serial().and_then(Serial::parse));
    serial.is_some_and(|serial| ready.knows(&serial) && junk.serial_reason(&serial).is_none())
        && item(state, sides, Stream::Devices, at, false).is_ok_and(|item| !item.known)
}

/// What a row of a flow into the inventory shows beside the other cells.
pub fn cells(state: &FlowState, sides: Sides<'_>, stream: Stream, at: usize) -> Staged {
    let clean = |text: &str| text::clean(text).into_owned();
    let mut cells = Staged::default();
    let Some(facts) = sides.source.facts_at(stream, at) else { return cells };
    match stream {
        Stream::DeviceTypes => {
            cells.auto = state.auto.contains(facts.id());
            cells.ready = state.ready.count(at);
        }
        Stream::Companies => cells.paused = state.paused.contains(facts.id()),
        _ => {
            let kind = sides.source.type_of(facts.id()).and_then(|at| sides.source.types.all().get(at));
            cells.kind = kind.map(|kind| clean(&kind.name)).unwrap_or_default();
            cells.maker = sides.source.devices.all()[at].manufacturer.as_deref().map(clean).unwrap_or_default();
            let mapped = state.company_row(sides.source, stream, at).and_then(Row::matched);
            cells.company = match mapped {
                Some(id) => views::company_name(sides.target, Some(id)),
                None => views::company_name(sides.source, sides.source.company_of(stream, at)),
            };
        }
    }
    if stream != Stream::DeviceTypes {
        let twin = || state.ready.is_twin(at).then_some(SERIAL_THERE);
        let blocked = place(state, sides, stream, at, false).err().or_else(twin).filter(|reason| *reason != THERE);
        blocked.unwrap_or_default().clone_into(&mut cells.blocked);
    }
    cells
}

/// Proposes for each type without a decision the inventory's type whose name is most like its own.
pub fn judge_types(state: &mut FlowState, sides: Sides<'_>) {
    use crate::domain::Confidence;
    if state.types.rows.len() != sides.source.types.all().len() {
        state.refresh_types(sides.source);
    }
    for at in 0..state.types.rows.len() {
        let own = comparable(&sides.source.types.all()[at].name);
        let best = sides.target.types.live().iter().map(|kind| (likeness(&own, &comparable(&kind.name)), kind));
        let best = best.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.id.cmp(&a.1.id)));
        let row = &mut state.types.rows[at];
        (row.verdict, row.best, row.why) = match best {
            Some((like, kind)) if like >= LIKE => {
                let why = if like >= 1.0 { "same name" } else { "similar name" };
                (Verdict::Suggest, Some((kind.id.clone(), Confidence::new(like))), why.into())
            }
            _ => (Verdict::None, None, "not there yet: Q creates it".into()),
        };
    }
    state.refresh_types(sides.source);
}

/// Least likeness of a type that is proposed.
const LIKE: f32 = 0.8;

/// How alike two names of types are, 0 to 1: equal; the same words; one holding the other's words; or spelled alike.
fn likeness(a: &str, b: &str) -> f32 {
    if a == b {
        return 1.0;
    }
    let words = |text: &str| -> FxHashSet<String> {
        let split = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        split.map(|word| word.strip_suffix('s').filter(|w| w.len() > 2).unwrap_or(word).to_owned()).collect()
    };
    let (left, right) = (words(a), words(b));
    if !left.is_empty() && left == right {
        return 0.98;
    }
    let common = left.intersection(&right).count();
    #[expect(clippy::cast_precision_loss, reason = "a few words")]
    let share = common as f32 / left.len().max(right.len()).max(1) as f32;
    if common > 0 && (common == left.len() || common == right.len()) {
        return 0.8 + 0.15 * share;
    }
    #[expect(clippy::cast_possible_truncation, reason = "0 to 1")]
    let spelled = strsim::jaro_winkler(a, b) as f32;
    if spelled >= 0.93 { spelled.min(0.97) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_alike_by_their_words() {
        for (a, b, low, high) in [
            ("macbook", "macbook", 1.0, 1.0),
            ("mac minis", "mac mini", 0.98, 0.98),
            ("macbook", "apple macbook", 0.85, 0.9),
            ("imac", "ipad", 0.0, 0.0),
            ("iphone", "printer", 0.0, 0.0),
        ] {
            let like = likeness(a, b);
            assert!((low..=high).contains(&like), "{a} {b}: {like}");
        }
    }
}
