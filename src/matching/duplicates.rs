//! Records of one side that are one device: an older duplicate, a device enrolled again.
//!
//! Two records of one company that share a serial or hardware UUID are the same device written down twice, and so are two
//! that share an address while nothing tells them apart. A value that only such records share still identifies.

use super::facts::DeviceFacts;
use super::identifiers::{Identifiers, Index, Kind, kind_of};
use rustc_hash::FxHashSet;

/// Records that share a value, above which they are a crowd and not duplicates.
const MOST: usize = 4;

/// Which records of one side are one device.
#[derive(Clone, Debug, Default)]
pub struct Duplicates {
    /// By row: the first row of its group.
    group: Vec<u32>,
    /// By row: the newest record of its group.
    newest: Vec<u32>,
    /// By row: a newer record of the same device exists.
    older: Vec<bool>,
}

impl Duplicates {
    /// Finds the duplicates of one side.
    #[must_use]
    pub fn find(list: &[DeviceFacts], ids: &[Identifiers], index: &Index) -> Self {
        let mut group: Vec<u32> = (0..u32::try_from(list.len()).unwrap_or(u32::MAX)).collect();
        for (key, rows) in index.shared(MOST) {
            let kind = kind_of(key);
            for (n, &a) in rows.iter().enumerate() {
                for &b in &rows[n + 1..] {
                    if one_device(
                        kind,
                        &list[a as usize],
                        &list[b as usize],
                        &ids[a as usize],
                        &ids[b as usize],
                        rows.len(),
                    ) {
                        join(&mut group, a, b);
                    }
                }
            }
        }
        for i in 0..group.len() {
            group[i] = root(&group, group[i]);
        }
        let mut newest: Vec<u32> = group.clone();
        for i in 0..group.len() {
            let best = &mut newest[group[i] as usize];
            let row = u32::try_from(i).unwrap_or(u32::MAX);
            let (one, two) = (&list[i], &list[*best as usize]);
            if is_newer(one, two) || (!is_newer(two, one) && one.id < two.id) {
                *best = row;
            }
        }
        let newest: Vec<u32> = group.iter().map(|&g| newest[g as usize]).collect();
        let older = (0..group.len()).map(|i| is_newer(&list[newest[i] as usize], &list[i])).collect();
        Self { group, newest, older }
    }

    /// The group of a row.
    #[must_use]
    pub fn group(&self, row: u32) -> u32 {
        self.group[row as usize]
    }

    /// The group of a row, if the row was there when duplicates were looked for.
    #[must_use]
    pub fn group_of(&self, row: u32) -> Option<u32> {
        self.group.get(row as usize).copied()
    }

    /// The rows of these groups.
    pub fn members<'a>(&'a self, groups: &'a FxHashSet<u32>) -> impl Iterator<Item = u32> + 'a {
        (0u32..).zip(&self.group).filter(|(_, group)| groups.contains(group)).map(|(row, _)| row)
    }

    /// The newest record of a row's group.
    #[must_use]
    pub fn newest(&self, row: u32) -> u32 {
        self.newest[row as usize]
    }

    /// True when a newer record of the same device exists.
    #[must_use]
    pub fn is_older(&self, row: u32) -> bool {
        self.older[row as usize]
    }

    /// How many devices these records are.
    pub fn count(&self, rows: impl Iterator<Item = u32>) -> usize {
        let mut groups: Vec<u32> = rows.map(|r| self.group[r as usize]).collect();
        groups.sort_unstable();
        groups.dedup();
        groups.len()
    }
}

fn one_device(
    kind: Option<Kind>,
    a: &DeviceFacts,
    b: &DeviceFacts,
    a_ids: &Identifiers,
    b_ids: &Identifiers,
    sharing: usize,
) -> bool {
    let differ = |x: u64, y: u64| x != 0 && y != 0 && x != y;
    let unlike = |x: u32, y: u32| differ(x.into(), y.into());
    if a.company != b.company || unlike(a_ids.model, b_ids.model) || unlike(a_ids.maker, b_ids.maker) {
        return false;
    }
    match kind {
        Some(Kind::Serial | Kind::Shape) => {
            // An agent that was installed anew may report another UUID; then an address has to agree as well.
            let told_apart = differ(a_ids.uuid, b_ids.uuid) && (both_fresh(a, b) || !shares_address(a_ids, b_ids));
            !told_apart && (!differ(a_ids.host, b_ids.host) || !both_fresh(a, b))
        }
        Some(Kind::Uuid) => !differ(a_ids.serial_shape, b_ids.serial_shape),
        Some(Kind::Mac) => {
            sharing == 2
                && !differ(a_ids.serial_shape, b_ids.serial_shape)
                && !differ(a_ids.uuid, b_ids.uuid)
                && (a_ids.host != 0 && a_ids.host == b_ids.host || !both_fresh(a, b))
        }
        Some(Kind::Host) | None => false,
    }
}

fn shares_address(a: &Identifiers, b: &Identifiers) -> bool {
    a.macs.iter().any(|mac| b.macs.contains(mac))
}

/// Both are in use and were touched within two months of each other: nothing says which is the older.
fn both_fresh(a: &DeviceFacts, b: &DeviceFacts) -> bool {
    let touched = |d: &DeviceFacts| d.last_seen.or(d.updated).or(d.created);
    !a.archived
        && !b.archived
        && match (touched(a), touched(b)) {
            (Some(x), Some(y)) => (x - y).whole_days().abs() < 60,
            _ => true,
        }
}

fn is_newer(a: &DeviceFacts, b: &DeviceFacts) -> bool {
    let touched = |d: &DeviceFacts| d.last_seen.max(d.updated).or(d.created);
    (!a.archived, touched(a)) > (!b.archived, touched(b))
}

fn root(group: &[u32], mut row: u32) -> u32 {
    while group[row as usize] != row {
        row = group[row as usize];
    }
    row
}

fn join(group: &mut [u32], a: u32, b: u32) {
    let (a, b) = (root(group, a), root(group, b));
    group[a.max(b) as usize] = a.min(b);
}

#[cfg(test)]
mod tests {
    use super::super::identifiers::read;
    use super::*;
    use crate::domain::{JunkList, Mac};

    fn duplicates(list: &[DeviceFacts]) -> Duplicates {
        let ids: Vec<Identifiers> = list.iter().map(|d| read(d, &JunkList::built_in())).collect();
        Duplicates::find(list, &ids, &Index::new(&ids))
    }

    fn device(id: &str, company: &str, serial: &str, archived: bool) -> DeviceFacts {
        let mut device = DeviceFacts::new(id, "PC");
        device.company = Some(company.into());
        device.serial = Some(serial.into());
        device.archived = archived;
        device
    }

    #[test]
    fn an_older_record_of_the_same_device_is_known_as_such() {
        let found = duplicates(&[device("1", "a", "R92G7SPR", true), device("2", "a", "r92g7spr", false)]);
        assert_eq!(found.group(0), found.group(1));
        assert!(found.is_older(0) && !found.is_older(1));
    }

    #[test]
    fn an_enrolment_anew_is_known_by_its_address_whatever_its_uuid() {
        let mut old = device("1", "a", "R92G7SPR", false);
        old.hardware_uuid = Some("F1E75D08-C8CB-A4A8-669B-62F846F108B3".into());
        old.macs = [Mac::parse("a4:83:e7:a6:3c:ae").unwrap()].into();
        old.last_seen = Some(time::macros::datetime!(2025-12-22 14:00 UTC));
        let mut new = old.clone();
        new.id = "2".into();
        new.hardware_uuid = Some("984C94E5-F438-437A-3D3B-42601C0E5520".into());
        new.last_seen = Some(time::macros::datetime!(2026-11-20 01:21 UTC));
        let found = duplicates(&[old.clone(), new.clone()]);
        assert!(found.is_older(0) && !found.is_older(1));
        // In use both, or with an address of their own, they are two.
        let used = DeviceFacts { last_seen: new.last_seen, ..old.clone() };
        let apart = DeviceFacts { macs: [Mac::parse("a4:83:e7:a6:3c:af").unwrap()].into(), ..old };
        for other in [used, apart] {
            assert!(!duplicates(&[other, new.clone()]).is_older(0));
        }
    }

    #[test]
    fn two_companies_with_one_serial_are_two_devices() {
        let found = duplicates(&[device("1", "a", "R92G7SPR", false), device("2", "b", "R92G7SPR", false)]);
        assert_ne!(found.group(0), found.group(1));
        assert_eq!(found.count([0, 1].into_iter()), 2);
    }
}
