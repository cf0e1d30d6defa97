//! Cards: what syncs found of matched records that a vendor has under another id now (enrolled anew), or merged into
//! another. They propose to move the match, in one step that one undo takes back, and never do it by themselves.
//!
//! Looked for in facts and decisions shared read-only, off the core's thread: the work grows with the number of devices.

use super::listed::Facts;
use super::messages::{CardAbout, CardView};
use super::tables::{IntegrationTables, Standing, Table};
use super::views::Sides;
use super::world::World;
use crate::domain::{Flow, FlowId, JunkList, RecordId, Serial, Stream, text};
use crate::matching::DeviceFacts;
use crate::matching::identifiers::serial_of;
use rustc_hash::FxHashMap;

/// Devices of a vanished company that must be found together before a merge is likely: at least so many.
const MERGED_DEVICES: usize = 2;
/// And at least this share of them, percent.
const MERGED_SHARE: usize = 60;

/// A proposal to move matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Names it; the same finding has the same key.
    pub key: String,
    /// In which flow.
    pub flow: FlowId,
    /// In which stream.
    pub stream: Stream,
    /// One line.
    pub title: String,
    /// What speaks for it.
    pub lines: Vec<String>,
    /// What yes does, in words.
    pub yes: String,
    /// The matches as they are and as they would be.
    pub moves: Vec<Move>,
}

/// One match that would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The source record.
    pub source: RecordId,
    /// Its target now; `None` when it has none.
    pub from: Option<RecordId>,
    /// Its target then; `None` opens it.
    pub to: Option<RecordId>,
}

impl Move {
    fn new(source: &RecordId, from: &RecordId, to: &RecordId) -> Self {
        Self { source: source.clone(), from: Some(from.clone()), to: Some(to.clone()) }
    }
}

impl Moved {
    /// As a terminal shows it.
    pub fn view(&self) -> CardView {
        let source = self.moves.last().map(|m| m.source.clone()).unwrap_or_default();
        CardView {
            key: self.key.clone(),
            about: CardAbout::Moved { flow: self.flow.clone(), stream: self.stream, source },
            title: self.title.clone(),
            lines: self.lines.clone(),
            yes: self.yes.clone(),
            no: "leave the matches as they are".into(),
        }
    }
}

/// Everything that was found in a flow.
pub fn find(world: &World, flow: &Flow) -> Vec<Moved> {
    let sides = Sides { source: world.tables_of(&flow.source), target: world.tables_of(&flow.target) };
    let look = Look { world, flow, sides };
    let mut found = Vec::new();
    if flow.streams.contains(&Stream::Devices) {
        look.enrolled_anew(&mut found);
        look.replaced_targets(&mut found);
    }
    if flow.streams.contains(&Stream::Companies) {
        look.merged_sources(&mut found);
        look.merged_targets(&mut found);
    }
    found.sort_by(|a, b| a.key.cmp(&b.key));
    found
}

struct Look<'a> {
    world: &'a World,
    flow: &'a Flow,
    sides: Sides<'a>,
}

impl Look<'_> {
    fn target_of(&self, device: &RecordId) -> Option<&RecordId> {
        self.world.known_of(&self.flow.id).devices.get(device)?.as_ref()
    }

    fn decided_company(&self, company: &RecordId) -> Option<&Option<RecordId>> {
        self.world.known_of(&self.flow.id).companies.get(company)
    }

    /// Matched source devices that are gone, with one live device of the same serial that nobody decided.
    fn enrolled_anew(&self, found: &mut Vec<Moved>) {
        let devices = &self.sides.source.devices;
        let gone = orphans(devices).filter(|d| self.target_of(&d.id).is_some());
        for (old, new) in same_serial(gone, devices.live(), &self.world.junk) {
            let Some(target) = self.target_of(&old.id).filter(|_| !self.is_decided(&new.id)) else { continue };
            let moves = vec![
                Move { source: old.id.clone(), from: Some(target.clone()), to: None },
                Move { source: new.id.clone(), from: None, to: Some(target.clone()) },
            ];
            let name = self.sides.target.devices.get(target).map_or(target.as_str(), |t| &t.name);
            found.push(self.card(
                "enrolled",
                Stream::Devices,
                [&old.id, &new.id],
                Words {
                    title: format!("{} was enrolled anew", new.name),
                    lines: vec![
                        format!("serial {} is the same; the id was {} and is {} now", shown(new), old.id, new.id),
                        format!("the old record is matched with {name}, the new one with nothing"),
                    ],
                    yes: format!("match the new record with {name} instead of the old one"),
                    moves,
                },
            ));
        }
    }

    fn is_decided(&self, device: &RecordId) -> bool {
        self.world.known_of(&self.flow.id).devices.contains_key(device)
    }

    /// Matched target devices that are gone, with one live target of the same serial.
    fn replaced_targets(&self, found: &mut Vec<Moved>) {
        let devices = &self.sides.target.devices;
        let mut sources: FxHashMap<&RecordId, Vec<&RecordId>> = FxHashMap::default();
        for (source, target) in &self.world.known_of(&self.flow.id).devices {
            if let Some(target) = target.as_ref().filter(|t| is_gone(devices, t)) {
                sources.entry(target).or_default().push(source);
            }
        }
        let gone = orphans(devices).filter(|d| sources.contains_key(&d.id));
        for (old, new) in same_serial(gone, devices.live(), &self.world.junk) {
            let of = sources.get(&old.id).map(Vec::as_slice).unwrap_or_default();
            let moves = of.iter().map(|&source| Move::new(source, &old.id, &new.id)).collect();
            found.push(self.card(
                "replaced",
                Stream::Devices,
                [&old.id, &new.id],
                Words {
                    title: format!("{} has another id at the target", new.name),
                    lines: vec![format!(
                        "serial {} is the same; the id was {} and is {} now",
                        shown(new),
                        old.id,
                        new.id
                    )],
                    yes: format!("match with {} instead of the vanished record", new.name),
                    moves,
                },
            ));
        }
    }

    /// Matched source companies that are gone, whose matched devices are mostly in one other company now.
    fn merged_sources(&self, found: &mut Vec<Moved>) {
        let (source, target) = (self.sides.source, self.sides.target);
        let gone: FxHashMap<&RecordId, &RecordId> =
            orphans(&source.companies).filter_map(|c| Some((self.decided_company(&c.id)?.as_ref()?, &c.id))).collect();
        let votes = self.votes(&gone, |device, of| {
            let now = live(&source.devices, device)?.company.as_ref()?;
            let then = target.devices.get(of)?.company.as_ref()?;
            Some((then, now))
        });
        for (target_id, (into, count, all)) in votes {
            let Some(&old) = gone.get(target_id) else { continue };
            let (before, after) = (company_name(source, old), company_name(source, into));
            let mut moves = vec![Move { source: old.clone(), from: Some(target_id.clone()), to: None }];
            let free = self.decided_company(into).is_none();
            if free {
                moves.push(Move { source: into.clone(), from: None, to: Some(target_id.clone()) });
            }
            let name = company_name(target, target_id);
            let yes = if free {
                format!("match {after} with {name} instead of {before}")
            } else {
                format!("open the match of {before}; that of {after} stays")
            };
            found.push(self.card(
                "merged",
                Stream::Companies,
                [old, into],
                Words {
                    title: format!("{before} vanished, likely merged into {after}"),
                    lines: vec![format!("{count} of {all} of its matched devices are in {after} now")],
                    yes,
                    moves,
                },
            ));
        }
    }

    /// Matched target companies that are gone, whose matched devices are mostly in one other company now.
    fn merged_targets(&self, found: &mut Vec<Moved>) {
        let (source, target) = (self.sides.source, self.sides.target);
        let mut gone: FxHashMap<&RecordId, &RecordId> = FxHashMap::default();
        for (id, matched) in &self.world.known_of(&self.flow.id).companies {
            let vanished = |t: &&RecordId| is_gone(&target.companies, t);
            if let Some(matched) = matched.as_ref().filter(vanished) {
                gone.insert(id, matched);
            }
        }
        let votes = self.votes(&gone, |device, of| {
            let then = source.devices.get(device)?.company.as_ref()?;
            let now = live(&target.devices, of)?.company.as_ref()?;
            Some((then, now))
        });
        for (source_id, (into, count, all)) in votes {
            let Some(&old) = gone.get(source_id) else { continue };
            let (before, after) = (company_name(target, old), company_name(target, into));
            found.push(self.card(
                "merged-target",
                Stream::Companies,
                [old, into],
                Words {
                    title: format!("{before} vanished at the target, likely merged into {after}"),
                    lines: vec![
                        format!("{count} of {all} of its matched devices are in {after} now"),
                        format!("{} is matched with it", company_name(source, source_id)),
                    ],
                    yes: format!("match with {after} instead"),
                    moves: vec![Move::new(source_id, old, into)],
                },
            ));
        }
    }

    /// For each wanted company: the other company in which most of its matched devices are now, how many of how many.
    /// `place` says of a matched pair of devices which wanted company it belongs to, and where it is now.
    fn votes<'s>(
        &'s self,
        wanted: &FxHashMap<&RecordId, &RecordId>,
        place: impl Fn(&'s RecordId, &'s RecordId) -> Option<(&'s RecordId, &'s RecordId)>,
    ) -> Vec<(&'s RecordId, (&'s RecordId, usize, usize))> {
        let mut votes: FxHashMap<&RecordId, FxHashMap<&RecordId, usize>> = FxHashMap::default();
        if wanted.is_empty() {
            return Vec::new();
        }
        for (device, of) in &self.world.known_of(&self.flow.id).devices {
            let Some((then, now)) = of.as_ref().and_then(|of| place(device, of)) else { continue };
            if wanted.contains_key(then) {
                *votes.entry(then).or_default().entry(now).or_default() += 1;
            }
        }
        let mut found = Vec::new();
        for (then, places) in votes {
            let all: usize = places.values().sum();
            let best = places.into_iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(a.0)));
            let Some((into, count)) = best.filter(|(into, _)| wanted.get(then) != Some(into)) else { continue };
            if count >= MERGED_DEVICES && count * 100 >= all * MERGED_SHARE {
                found.push((then, (into, count, all)));
            }
        }
        found
    }

    fn card(&self, kind: &str, stream: Stream, ids: [&RecordId; 2], words: Words) -> Moved {
        let clean = |t: &String| text::clean(t).into_owned();
        Moved {
            key: format!("{kind}:{}:{}:{}", self.flow.id, ids[0], ids[1]),
            flow: self.flow.id.clone(),
            stream,
            title: clean(&words.title),
            lines: words.lines.iter().map(clean).collect(),
            yes: clean(&words.yes),
            moves: words.moves,
        }
    }
}

struct Words {
    title: String,
    lines: Vec<String>,
    yes: String,
    moves: Vec<Move>,
}

fn orphans<T: Facts>(table: &Table<T>) -> impl Iterator<Item = &T> {
    let away = table.all().iter().enumerate().skip(table.live().len());
    away.filter(|(at, _)| table.standing(*at) == Standing::Orphaned).map(|(_, row)| row)
}

fn is_gone<T: Facts>(table: &Table<T>, id: &RecordId) -> bool {
    table.position(id).is_some_and(|at| table.standing(at) == Standing::Orphaned)
}

fn live<'t>(table: &'t Table<DeviceFacts>, id: &RecordId) -> Option<&'t DeviceFacts> {
    let at = table.position(id)?;
    table.live().get(at)
}

fn company_name(tables: &IntegrationTables, id: &RecordId) -> String {
    tables.companies.get(id).map_or_else(|| id.as_str().to_owned(), |c| String::from(&*c.name))
}

fn shown(device: &DeviceFacts) -> &str {
    device.serial.as_deref().unwrap_or_default()
}

fn clean_serial(device: &DeviceFacts, junk: &JunkList) -> Option<Serial> {
    let serial = serial_of(device.serial.as_deref()?)?;
    junk.serial_reason(&serial).is_none().then_some(serial)
}

/// Pairs of a gone and a live device whose serial no other gone or live one has.
fn same_serial<'t>(
    gone: impl Iterator<Item = &'t DeviceFacts>,
    live: &'t [DeviceFacts],
    junk: &JunkList,
) -> Vec<(&'t DeviceFacts, &'t DeviceFacts)> {
    let mut by_serial: FxHashMap<Serial, (Vec<&DeviceFacts>, Vec<&DeviceFacts>)> = FxHashMap::default();
    for device in gone {
        if let Some(serial) = clean_serial(device, junk) {
            by_serial.entry(serial).or_default().0.push(device);
        }
    }
    if by_serial.is_empty() {
        return Vec::new();
    }
    for device in live {
        if let Some(serial) = clean_serial(device, junk)
            && let Some((_, live)) = by_serial.get_mut(&serial)
        {
            live.push(device);
        }
    }
    let pairs = by_serial.into_values().filter_map(|(gone, live)| {
        let [gone] = gone[..] else { return None };
        // An enrolment that fell silent before the one that is gone did is older, and no successor.
        let silent = |d: &DeviceFacts| matches!((d.last_seen, gone.last_seen), (Some(d), Some(gone)) if d < gone);
        let mut successors = live.into_iter().filter(|d| !silent(d));
        let successor = successors.next()?;
        successors.next().is_none().then_some((gone, successor))
    });
    pairs.collect()
}

#[cfg(test)]
#[path = "cards_tests.rs"]
mod tests;
