//! Which left devices a change of records or decisions can reach: what an incremental run scores again.
//!
//! It may name too many, never too few: the property test `incremental_equals_full` holds it to that.

use super::devices::state::{Before, DeviceState, SideBefore, SideState, near};
use super::devices::{CROWD, CompanyMap};
use super::identifiers::{Identifiers, Kind, key, keys, kind_of};
use rustc_hash::FxHashSet;

/// What a change reaches.
#[derive(Debug, Default)]
pub struct Reach {
    /// Left rows to score again.
    pub left: FxHashSet<u32>,
    /// Right rows of which a proposal may say something else now (whose address another device claims).
    pub right: FxHashSet<u32>,
}

/// Decisions since the last run, by row.
#[derive(Debug, Default)]
pub struct Decisions {
    /// Left devices decided or opened again.
    pub left: Vec<u32>,
    /// Right devices taken or given free.
    pub right: Vec<u32>,
    /// Left devices of pairs that were refused, or are no longer.
    pub refused: Vec<u32>,
}

/// Left devices that the change can reach: changed ones, those that share a value with a changed one or with a record of
/// the same device as a changed one, and those whose company follows another.
#[must_use]
pub fn reach(before: &Before, now: &DeviceState, maps: [&CompanyMap; 2], decisions: &Decisions) -> Reach {
    let count = u32::try_from(now.lefts.ids.len()).unwrap_or(u32::MAX);
    let mut touched: FxHashSet<u32> = before.lefts.changed.iter().copied().filter(|r| *r < count).collect();
    touched.extend(&decisions.left);
    touched.extend(decisions.refused.iter().filter(|r| **r < count));
    let [was, is] = maps;
    let moved = |i: usize| was.left.get(i) != Some(&is.left[i]) || was.known != is.known;
    touched.extend((0..count).filter(|&i| moved(i as usize)));
    let near_left = spread(&before.lefts, &now.lefts, &[]);
    let mut right = decisions.right.clone();
    right.extend(settled_serials(&before.lefts, now));
    let near_right = spread(&before.rights, &now.rights, &right);
    let mut keys: FxHashSet<u64> = FxHashSet::default();
    for (rows, was, is) in [(&near_left, &before.lefts, &now.lefts), (&near_right, &before.rights, &now.rights)] {
        keys.extend(rows.iter().filter_map(|r| is.ids.get(*r as usize)).flat_map(plain));
        keys.extend(was.ids.values().flat_map(plain));
    }
    // A value that brings right rows up, or did before they changed, reaches every left row that has it.
    let few = CROWD + before.rights.changed.len();
    for key in &keys {
        let rows = now.lefts.index.of(*key);
        if rows.len() <= 2 * CROWD || now.rights.index.count(*key) <= few {
            touched.extend(rows);
        }
    }
    touched.extend(by_host(&near_right, before, now, maps));
    Reach { left: touched, right: claimed(&before.lefts, &now.lefts, &now.rights) }
}

/// The rows that changed, those that share a value with them, and the records of the same devices as those, before or now.
fn spread(before: &SideBefore, now: &SideState, more: &[u32]) -> FxHashSet<u32> {
    let mut rows = before.changed.clone();
    rows.extend(more);
    let mut found = near(&rows, rows.iter().filter_map(|r| now.ids.get(*r as usize)), &now.index);
    found.extend(&before.near);
    for duplicates in [&before.duplicates, &now.duplicates] {
        let groups: FxHashSet<u32> = found.iter().filter_map(|&r| duplicates.group_of(r)).collect();
        let members: Vec<u32> = duplicates.members(&groups).collect();
        found.extend(members);
    }
    found
}

/// Right rows with a serial that a changed left device has or had: to one who has it too, it is no slip of another any more.
fn settled_serials(before: &SideBefore, now: &DeviceState) -> Vec<u32> {
    let changed = before.changed.iter().filter_map(|r| now.lefts.ids.get(*r as usize)).chain(before.ids.values());
    let serials: FxHashSet<u64> = changed.map(|ids| ids.serial).filter(|serial| *serial != 0).collect();
    let keys = serials.into_iter().map(|serial| key(Kind::Serial, serial));
    let came_or_went = |key: &u64| now.lefts.index.count(*key) <= before.changed.len();
    keys.filter(came_or_went).flat_map(|key| now.rights.index.of(key)).collect()
}

/// Left devices that look a host name of these right records up, in the company that theirs follows, before or now.
fn by_host(right: &FxHashSet<u32>, before: &Before, now: &DeviceState, maps: [&CompanyMap; 2]) -> Vec<u32> {
    let mut hosts: FxHashSet<(u64, Option<u32>)> = FxHashSet::default();
    for &row in right {
        let at = row as usize;
        let host = now.rights.ids.get(at).map(|ids| ids.host);
        let was = before.rights.ids.get(&row).map(|ids| ids.host).or(host);
        let company = |list: &[Option<u32>]| list.get(at).copied().flatten();
        hosts.extend(host.map(|host| (host, company(&now.rights.company))));
        hosts.extend(was.map(|host| (host, company(&before.rights.company))));
    }
    hosts.retain(|(host, _)| *host != 0);
    if hosts.is_empty() {
        return Vec::new();
    }
    let looks_up = |(row, ids): &(u32, &Identifiers)| {
        let follows = |map: &CompanyMap| map.left.get(*row as usize).copied().flatten();
        maps.iter().any(|map| hosts.contains(&(ids.host, follows(map))))
    };
    (0u32..).zip(&now.lefts.ids).filter(looks_up).map(|(row, _)| row).collect()
}

/// Right rows with an address that a changed left device has or had.
fn claimed(before: &SideBefore, now: &SideState, rights: &SideState) -> FxHashSet<u32> {
    let mut found = FxHashSet::default();
    let changed = before.changed.iter().filter_map(|r| now.ids.get(*r as usize)).chain(before.ids.values());
    for key in changed.flat_map(plain).filter(|key| kind_of(*key) == Some(Kind::Mac)) {
        found.extend(rights.index.of(key));
    }
    found
}

fn plain(ids: &Identifiers) -> impl Iterator<Item = u64> + '_ {
    keys(ids).map(|(_, key)| key)
}
