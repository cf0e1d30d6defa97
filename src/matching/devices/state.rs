//! What is read of the devices of both lists once, and how it follows the lists when records change.
//!
//! Owned and free of borrows, so that an engine can keep it while the facts live elsewhere. Which rows changed is found
//! by fingerprints of the facts: nobody has to say it, so nobody can forget to.

use super::super::duplicates::Duplicates;
use super::super::facts::{DeviceFacts, Known, Settings};
use super::super::identifiers::{Identifiers, Index, host_inside, keys, read};
use super::super::refusals::Refusals;
use super::{CROWD, CompanyRows};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use std::hash::{Hash, Hasher};

/// Share of rows (one in so many) from which a side is read anew rather than brought up to date.
const ANEW: usize = 3;

/// Devices of both lists.
pub type Lists<'a> = (&'a [DeviceFacts], &'a [DeviceFacts]);

/// What is read of one side.
#[derive(Debug, Default)]
pub struct SideState {
    /// Identifiers, by row.
    pub ids: Vec<Identifiers>,
    /// Rows by identifier.
    pub index: Index,
    /// Records that are one device.
    pub duplicates: Duplicates,
    /// Row of each device's company in the company list of its side.
    pub company: Vec<Option<u32>>,
    /// Fingerprints of the facts.
    prints: Vec<u64>,
}

/// What a side was before it was brought up to date.
#[derive(Debug, Default)]
pub struct SideBefore {
    /// Rows that changed, came or went; also those whose company has another row now.
    pub changed: FxHashSet<u32>,
    /// Rows that shared an identifier with a changed one, those among them.
    pub near: FxHashSet<u32>,
    /// Identifiers of the rows that changed.
    pub ids: FxHashMap<u32, Identifiers>,
    /// Which records were one device.
    pub duplicates: Duplicates,
    /// Rows of the companies.
    pub company: Vec<Option<u32>>,
}

/// What is read of both lists.
#[derive(Debug, Default)]
pub struct DeviceState {
    /// Of the left.
    pub lefts: SideState,
    /// Of the right.
    pub rights: SideState,
}

/// What was before an update.
#[derive(Debug, Default)]
pub struct Before {
    /// The left side.
    pub lefts: SideBefore,
    /// The right side.
    pub rights: SideBefore,
}

/// The number under which a company's host names are looked up.
pub fn company_number(company: Option<u32>) -> u32 {
    company.map_or(0, |row| row + 1)
}

fn row(i: usize) -> u32 {
    u32::try_from(i).unwrap_or(u32::MAX)
}

fn print(fact: &DeviceFacts) -> u64 {
    let mut hasher = FxHasher::default();
    fact.hash(&mut hasher);
    hasher.finish()
}

fn company_rows(list: &[DeviceFacts], rows: &FxHashMap<&str, u32>) -> Vec<Option<u32>> {
    list.par_iter().map(|d| rows.get(d.company.as_ref()?.as_str()).copied()).collect()
}

fn read_one(fact: &DeviceFacts, company: Option<u32>, settings: &Settings) -> Identifiers {
    let mut ids = read(fact, &settings.junk);
    ids.host_inside = host_inside(ids.host, company_number(company));
    ids
}

impl SideState {
    /// True when this is still the record that was read at the row.
    #[must_use]
    pub fn is_current(&self, row: usize, fact: Option<&DeviceFacts>) -> bool {
        fact.is_some_and(|fact| self.prints.get(row) == Some(&print(fact)))
    }

    fn new(list: &[DeviceFacts], companies: &FxHashMap<&str, u32>, settings: &Settings) -> Self {
        let company = company_rows(list, companies);
        let ids: Vec<Identifiers> =
            list.par_iter().zip(&company).map(|(fact, company)| read_one(fact, *company, settings)).collect();
        let index = Index::new(&ids);
        let duplicates = Duplicates::find(list, &ids, &index);
        Self { ids, index, duplicates, company, prints: list.par_iter().map(print).collect() }
    }

    /// Follows the list; `None` when so much changed that the side was read anew.
    fn update(
        &mut self,
        list: &[DeviceFacts],
        companies: &FxHashMap<&str, u32>,
        settings: &Settings,
    ) -> Option<SideBefore> {
        let prints: Vec<u64> = list.par_iter().map(print).collect();
        let company = company_rows(list, companies);
        let longest = list.len().max(self.prints.len());
        let same = |i: &usize| prints.get(*i) == self.prints.get(*i) && company.get(*i) == self.company.get(*i);
        let changed: FxHashSet<u32> = (0..longest).filter(|i| !same(i)).map(row).collect();
        if changed.len() * ANEW > longest {
            // What was is freed before what is needs its room.
            *self = Self::default();
            *self = Self::new(list, companies, settings);
            return None;
        }
        let mut before = SideBefore { changed, ..SideBefore::default() };
        if before.changed.is_empty() {
            return Some(before);
        }
        let known = |r: &&u32| (**r as usize) < self.ids.len();
        before.near =
            near(&before.changed, before.changed.iter().filter(known).map(|r| &self.ids[*r as usize]), &self.index);
        for &r in &before.changed {
            if let Some(old) = self.ids.get_mut(r as usize) {
                before.ids.insert(r, std::mem::take(old));
            }
        }
        self.ids.resize_with(list.len(), Identifiers::default);
        for i in before.changed.iter().map(|r| *r as usize).filter(|i| *i < list.len()) {
            self.ids[i] = read_one(&list[i], company[i], settings);
        }
        self.prints = prints;
        before.company = std::mem::replace(&mut self.company, company);
        self.index.update(&before.changed, &self.ids);
        before.duplicates = std::mem::replace(&mut self.duplicates, Duplicates::find(list, &self.ids, &self.index));
        Some(before)
    }
}

/// The rows, and those that share an identifier with them which is not a crowd's.
pub(in super::super) fn near<'i>(
    rows: &FxHashSet<u32>,
    ids: impl Iterator<Item = &'i Identifiers>,
    index: &Index,
) -> FxHashSet<u32> {
    let mut near = rows.clone();
    for (_, key) in ids.flat_map(keys) {
        let found = index.of(key);
        // Twice a crowd: what was or becomes less than a crowd in one change is met whatever order it comes in.
        if found.len() <= 2 * CROWD {
            near.extend(found);
        }
    }
    near
}

impl DeviceState {
    /// Reads both lists.
    #[must_use]
    pub fn new(lists: Lists<'_>, companies: CompanyRows<'_>, settings: &Settings) -> Self {
        let (lefts, rights) = rayon::join(
            || SideState::new(lists.0, companies.0, settings),
            || SideState::new(lists.1, companies.1, settings),
        );
        Self { lefts, rights }
    }

    /// Follows both lists; `None` when so much changed that all is to be scored anew.
    #[must_use]
    pub fn update(&mut self, lists: Lists<'_>, companies: CompanyRows<'_>, settings: &Settings) -> Option<Before> {
        let lefts = self.lefts.update(lists.0, companies.0, settings);
        let rights = self.rights.update(lists.1, companies.1, settings);
        Some(Before { lefts: lefts?, rights: rights? })
    }
}

/// Device pairs that a person refused, by row.
#[must_use]
pub fn refused_rows((left, right): Lists<'_>, known: &Known) -> Refusals {
    if known.refused_devices.is_empty() {
        return Refusals::default();
    }
    let wanted: FxHashSet<&str> = known.refused_devices.iter().flat_map(|(l, r)| [l.as_str(), r.as_str()]).collect();
    let rows = |list: &'_ [DeviceFacts]| -> FxHashMap<String, u32> {
        let named = (0u32..).zip(list).filter(|(_, d)| wanted.contains(d.id.as_str()));
        named.map(|(i, d)| (d.id.to_string(), i)).collect()
    };
    let (lefts, rights) = (rows(left), rows(right));
    let pairs = known.refused_devices.iter();
    pairs.filter_map(|(l, r)| Some((*lefts.get(l.as_str())?, *rights.get(r.as_str())?))).collect()
}
