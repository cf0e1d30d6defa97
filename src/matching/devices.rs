//! Devices of two lists: candidates by identifier, scores, competition.
//!
//! Weights are bits in the manner of Fellegi and Sunter: how much likelier an agreement or disagreement is on one device
//! than on two. They are set from what the identifiers are, not fitted: a maker gives a serial once; a network address
//! follows an adapter; a host name is a person's choice.

use super::duplicates::Duplicates;
use super::facts::{DeviceFacts, Known, Settings};
use super::identifiers::{Identifiers, Index, Kind, host_inside, key, keys, read};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// Rows of one side with a value from which it does not bring rows together any more.
const CROWD: usize = 40;
/// Candidates of a row that take part in the competition.
const CONTENDERS: usize = 10;

/// Bits by which an older duplicate stands behind the newest record of its device.
const STEP_BACK: f32 = 8.0;

/// Weights in bits.
pub mod bits {
    #![expect(missing_docs, reason = "the names say it")]
    pub const SERIAL: f32 = 18.0;
    pub const SERIAL_SHARED: f32 = 5.0;
    pub const SERIAL_LIKE: f32 = 10.0;
    pub const SERIAL_DIFFERS: f32 = -10.0;
    pub const UUID: f32 = 18.0;
    pub const UUID_DIFFERS: f32 = -6.0;
    pub const MAC: f32 = 11.0;
    pub const MAC_MORE: f32 = 4.0;
    pub const MAC_SHARED: f32 = 2.0;
    pub const MAC_DIFFERS: f32 = -2.5;
    pub const HOST: f32 = 8.0;
    pub const HOST_SHARED: f32 = 3.5;
    pub const HOST_DIFFERS: f32 = -2.0;
    pub const COMPANY: f32 = 3.0;
    pub const COMPANY_DIFFERS: f32 = -6.0;
    pub const MODEL: f32 = 2.0;
    pub const MODEL_DIFFERS: f32 = -2.5;
    pub const MAKER_DIFFERS: f32 = -4.0;
    pub const USER: f32 = 4.0;
    pub const RETIRED: f32 = -4.0;
    pub const STALE: f32 = -1.0;
    pub const OLDER: f32 = -5.0;
    pub const PRIOR: f32 = -7.0;
}

/// How two devices' serials stand to each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SerialMatch {
    /// One has none that identifies.
    #[default]
    Unknown,
    /// The same, on one live device of each side.
    Same,
    /// The same, but several live devices of one side have it.
    Shared,
    /// A look-alike or one slip apart.
    Like,
    /// Different.
    Differs,
}

/// Two devices side by side.
#[expect(clippy::struct_excessive_bools, reason = "each is a finding of its own, and all combinations occur")]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DeviceMatch {
    /// Serial number.
    pub serial: SerialMatch,
    /// Hardware UUID: same, different, unknown.
    pub uuid: Option<bool>,
    /// Addresses in common that identify.
    pub macs: u8,
    /// Addresses in common that several devices have.
    pub shared_macs: u8,
    /// Both have addresses and none in common.
    pub macs_differ: bool,
    /// Host name: same, different, unknown.
    pub host: Option<bool>,
    /// How many devices of both sides' companies have the host name.
    pub host_count: u32,
    /// Company: same, different, unknown.
    pub company: Option<bool>,
    /// Model.
    pub model: Option<bool>,
    /// Maker.
    pub maker: Option<bool>,
    /// Last user the same.
    pub user: bool,
    /// The right record is out of use.
    pub retired: bool,
    /// The right record was last changed long before the left one was last seen.
    pub stale: bool,
    /// One of the records has a newer duplicate.
    pub older: bool,
}

impl DeviceMatch {
    /// The pair's weight in bits.
    #[must_use]
    pub fn bits(&self) -> f32 {
        let pick = |value: Option<bool>, yes: f32, no: f32| match value {
            Some(true) => yes,
            Some(false) => no,
            None => 0.0,
        };
        let mut sum = bits::PRIOR + self.serial_bits() + pick(self.uuid, bits::UUID, bits::UUID_DIFFERS);
        sum += self.mac_bits();
        sum += match self.host {
            Some(true) if self.host_count <= 2 => bits::HOST,
            Some(true) => bits::HOST_SHARED,
            Some(false) => bits::HOST_DIFFERS,
            None => 0.0,
        };
        sum += pick(self.company, bits::COMPANY, bits::COMPANY_DIFFERS);
        sum += pick(self.model, bits::MODEL, bits::MODEL_DIFFERS);
        sum += pick(self.maker, 0.3, bits::MAKER_DIFFERS);
        sum += if self.user { bits::USER } else { 0.0 };
        sum += if self.retired { bits::RETIRED } else { 0.0 };
        sum += if self.older { bits::OLDER } else { 0.0 };
        sum + if self.stale { bits::STALE } else { 0.0 }
    }

    /// The serial's part.
    #[must_use]
    pub fn serial_bits(&self) -> f32 {
        match self.serial {
            SerialMatch::Same => bits::SERIAL,
            SerialMatch::Shared => bits::SERIAL_SHARED,
            SerialMatch::Like => bits::SERIAL_LIKE,
            // A replaced mainboard changes the serial and keeps the adapters.
            SerialMatch::Differs if self.macs > 0 || self.uuid == Some(true) => 0.4 * bits::SERIAL_DIFFERS,
            SerialMatch::Differs => bits::SERIAL_DIFFERS,
            SerialMatch::Unknown => 0.0,
        }
    }

    /// The addresses' part.
    #[must_use]
    pub fn mac_bits(&self) -> f32 {
        match self.macs {
            0 if self.shared_macs > 0 => bits::MAC_SHARED,
            0 if self.macs_differ && self.serial == SerialMatch::Unknown => bits::MAC_DIFFERS,
            0 if self.macs_differ => 0.3 * bits::MAC_DIFFERS,
            0 => 0.0,
            n => bits::MAC + bits::MAC_MORE * f32::from(n.min(3) - 1),
        }
    }

    /// A stable identifier agrees: what an automatic match needs.
    #[must_use]
    pub fn is_identified(&self) -> bool {
        self.serial == SerialMatch::Same || self.uuid == Some(true)
    }

    /// Identifiers say different things.
    #[must_use]
    pub fn contradicts(&self) -> bool {
        let differs = self.serial == SerialMatch::Differs || self.uuid == Some(false);
        let agrees = self.macs > 0 || self.uuid == Some(true) || self.serial == SerialMatch::Same;
        differs && agrees
    }
}

/// A candidate pair with what it scored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// Right row.
    pub right: u32,
    /// Bits before competition.
    pub bits: f32,
    /// Probability after competition.
    pub probability: f32,
}

/// Which right company a left company's devices belong to.
#[derive(Clone, Debug, Default)]
pub struct CompanyMap {
    /// By left device: row of its company's match in the right company list, if there is one.
    pub left: Vec<Option<u32>>,
    /// There are companies at all.
    pub known: bool,
}

/// What is read of both lists once: identifiers, look-up, duplicates. Owned, so that an engine can keep it.
#[derive(Debug, Default)]
pub struct DeviceState {
    /// Identifiers of the left.
    pub left_ids: Vec<Identifiers>,
    /// Identifiers of the right.
    pub right_ids: Vec<Identifiers>,
    /// Look-up on the left.
    pub left_index: Index,
    /// Look-up on the right.
    pub right_index: Index,
    /// Records of the left that are one device.
    pub left_duplicates: Duplicates,
    /// Records of the right that are one device.
    pub right_duplicates: Duplicates,
    /// Row of each left device's company in the left company list.
    pub left_company: Vec<Option<u32>>,
    /// Row of each right device's company in the right company list.
    pub right_company: Vec<Option<u32>>,
    refused: FxHashSet<(u32, u32)>,
}

/// Both lists ready for scoring.
#[derive(Clone)]
pub struct Devices<'a> {
    /// Devices of the left.
    pub left: &'a [DeviceFacts],
    /// Devices of the right.
    pub right: &'a [DeviceFacts],
    /// What was read of them.
    pub state: Arc<DeviceState>,
}

impl std::ops::Deref for Devices<'_> {
    type Target = DeviceState;

    fn deref(&self) -> &DeviceState {
        &self.state
    }
}

/// Rows of companies by id, left and right; empty where there are no company lists.
pub type CompanyRows<'a> = (&'a FxHashMap<&'a str, u32>, &'a FxHashMap<&'a str, u32>);

/// Identifiers read before, and which rows of each side changed since.
pub struct Reuse<'a> {
    /// What was read before.
    pub state: &'a DeviceState,
    /// Changed rows of the left.
    pub left: &'a FxHashSet<u32>,
    /// Changed rows of the right.
    pub right: &'a FxHashSet<u32>,
}

/// The number under which a company's host names are looked up.
fn company_number(company: Option<u32>) -> u32 {
    company.map_or(0, |row| row + 1)
}

/// Identifiers of one side, those that did not change taken over.
fn read_side(
    list: &[DeviceFacts],
    company: &[Option<u32>],
    settings: &Settings,
    before: Option<(&[Identifiers], &FxHashSet<u32>)>,
) -> Vec<Identifiers> {
    let read_one = |i: usize| {
        let row = u32::try_from(i).unwrap_or(u32::MAX);
        let kept = before.filter(|(_, changed)| !changed.contains(&row)).and_then(|(ids, _)| ids.get(i));
        let mut ids = kept.map_or_else(|| read(&list[i], &settings.junk), Clone::clone);
        ids.host_inside = host_inside(ids.host, company_number(company[i]));
        ids
    };
    (0..list.len()).into_par_iter().map(read_one).collect()
}

impl DeviceState {
    /// Reads both lists; with `reuse`, only what changed.
    #[must_use]
    pub fn new(
        left: &[DeviceFacts],
        right: &[DeviceFacts],
        companies: CompanyRows<'_>,
        known: &Known,
        settings: &Settings,
        reuse: Option<&Reuse<'_>>,
    ) -> Self {
        let rows_of = |list: &[DeviceFacts], rows: &FxHashMap<&str, u32>| -> Vec<Option<u32>> {
            list.par_iter().map(|d| rows.get(d.company.as_ref()?.as_str()).copied()).collect()
        };
        let left_company = rows_of(left, companies.0);
        let right_company = rows_of(right, companies.1);
        let left_ids = read_side(left, &left_company, settings, reuse.map(|r| (&r.state.left_ids[..], r.left)));
        let right_ids = read_side(right, &right_company, settings, reuse.map(|r| (&r.state.right_ids[..], r.right)));
        let (left_index, right_index) = rayon::join(|| Index::new(&left_ids), || Index::new(&right_ids));
        let (left_duplicates, right_duplicates) = rayon::join(
            || Duplicates::find(left, &left_ids, &left_index),
            || Duplicates::find(right, &right_ids, &right_index),
        );
        let refused = refused_rows(left, right, known);
        Self {
            left_ids,
            right_ids,
            left_index,
            right_index,
            left_duplicates,
            right_duplicates,
            left_company,
            right_company,
            refused,
        }
    }
}

fn refused_rows(left: &[DeviceFacts], right: &[DeviceFacts], known: &Known) -> FxHashSet<(u32, u32)> {
    if known.refused_devices.is_empty() {
        return FxHashSet::default();
    }
    let rows = |list: &[DeviceFacts]| -> FxHashMap<String, u32> {
        (0u32..).zip(list).map(|(i, d)| (d.id.to_string(), i)).collect()
    };
    let (lefts, rights) = (rows(left), rows(right));
    let pairs = known.refused_devices.iter();
    pairs.filter_map(|(l, r)| Some((*lefts.get(l.as_str())?, *rights.get(r.as_str())?))).collect()
}

impl<'a> Devices<'a> {
    /// Reads both lists.
    #[must_use]
    pub fn new(
        left: &'a [DeviceFacts],
        right: &'a [DeviceFacts],
        companies: CompanyRows<'_>,
        known: &Known,
        settings: &Settings,
    ) -> Self {
        Self { left, right, state: Arc::new(DeviceState::new(left, right, companies, known, settings, None)) }
    }

    /// Live devices with a key, on each side; records of one device count once.
    #[must_use]
    pub fn live(&self, key: u64) -> (usize, usize) {
        let count = |index: &Index, list: &[DeviceFacts], duplicates: &Duplicates| {
            let rows = index.of(key);
            if (2..=CROWD).contains(&rows.len()) {
                duplicates.count(rows.filter(|&i| !list[i as usize].archived))
            } else {
                rows.len()
            }
        };
        (
            count(&self.left_index, self.left, &self.left_duplicates),
            count(&self.right_index, self.right, &self.right_duplicates),
        )
    }

    /// Pairs whose identifiers agree and are rare enough to vote for their companies.
    #[must_use]
    pub fn strong_pairs(&self) -> Vec<(u32, u32)> {
        (0..self.left.len())
            .into_par_iter()
            .flat_map_iter(|i| {
                let mut found: Vec<u32> = Vec::new();
                for (kind, key) in keys(&self.left_ids[i]) {
                    let rare = self.left_index.count(key) == 1 && self.right_index.count(key) == 1;
                    if !matches!(kind, Kind::Shape | Kind::Host) && rare {
                        found.extend(self.right_index.of(key));
                    }
                }
                found.sort_unstable();
                found.dedup();
                let left = u32::try_from(i).unwrap_or(u32::MAX);
                let single = (found.len() == 1).then(|| found[0]);
                single.map(|r| (left, r))
            })
            .collect()
    }

    /// Two devices side by side.
    #[must_use]
    pub fn compare(&self, left: u32, right: u32, map: &CompanyMap) -> DeviceMatch {
        let (l, r) = (&self.left_ids[left as usize], &self.right_ids[right as usize]);
        let (ld, rd) = (&self.left[left as usize], &self.right[right as usize]);
        let same = |a: u64, b: u64| (a != 0 && b != 0).then_some(a == b);
        let mut found = DeviceMatch {
            serial: self.compare_serials(left, right),
            uuid: same(l.uuid, r.uuid),
            host: same(l.host, r.host),
            maker: same(l.maker, r.maker),
            user: l.user != 0 && l.user == r.user,
            retired: rd.archived && !ld.archived,
            stale: is_stale(ld, rd),
            older: self.left_duplicates.is_older(left) || self.right_duplicates.is_older(right),
            ..DeviceMatch::default()
        };
        let models = [
            (l.model, r.model),
            (l.model_identifier, r.model_identifier),
            (l.model, r.model_identifier),
            (l.model_identifier, r.model),
        ];
        let known = models.iter().filter_map(|(a, b)| same(*a, *b)).collect::<Vec<_>>();
        found.model = (!known.is_empty()).then(|| known.contains(&true));
        for mac in l.macs.iter().filter(|m| r.macs.contains(m)) {
            let (on_left, on_right) = self.live(key(Kind::Mac, mac.as_u64()));
            if on_left <= 1 && on_right <= 1 {
                found.macs = found.macs.saturating_add(1);
            } else {
                found.shared_macs = found.shared_macs.saturating_add(1);
            }
        }
        found.macs_differ = !l.macs.is_empty() && !r.macs.is_empty() && found.macs == 0 && found.shared_macs == 0;
        if map.known {
            found.company = match (map.left[left as usize], self.right_company[right as usize]) {
                (Some(a), Some(b)) => Some(a == b),
                _ => None,
            };
        }
        if found.host == Some(true) {
            found.host_count = self.host_count(left, right);
        }
        found
    }

    /// The right record has an address that exactly one left device has, and that is another one.
    #[must_use]
    pub fn is_claimed(&self, left: u32, right: u32) -> bool {
        keys(&self.right_ids[right as usize]).filter(|(kind, _)| *kind == Kind::Mac).any(|(_, value)| {
            let mut owners = self.left_index.of(value);
            owners.len() == 1 && owners.next() != Some(left)
        })
    }

    fn compare_serials(&self, left: u32, right: u32) -> SerialMatch {
        let (l, r) = (&self.left_ids[left as usize], &self.right_ids[right as usize]);
        if l.serial == 0 || r.serial == 0 {
            return SerialMatch::Unknown;
        }
        if l.serial == r.serial {
            let (on_left, on_right) = self.live(key(Kind::Serial, l.serial));
            return if on_left <= 1 && on_right <= 1 { SerialMatch::Same } else { SerialMatch::Shared };
        }
        if l.serial_shape != r.serial_shape && !self.one_slip(left, right) {
            return SerialMatch::Differs;
        }
        // Serials of one purchase count up: two that both stand on the other side as they are, are no slip of each other.
        let settled = self.right_index.count(key(Kind::Serial, l.serial)) > 0
            || self.left_index.count(key(Kind::Serial, r.serial)) > 0;
        if settled { SerialMatch::Differs } else { SerialMatch::Like }
    }

    fn one_slip(&self, left: u32, right: u32) -> bool {
        let of = |d: &DeviceFacts| d.serial.as_deref().and_then(super::identifiers::serial_of);
        let (Some(a), Some(b)) = (of(&self.left[left as usize]), of(&self.right[right as usize])) else { return false };
        let (a, b) = (a.as_str(), b.as_str());
        let long_enough = a.len().min(b.len()) >= 6 && a.len().abs_diff(b.len()) <= 1;
        long_enough && strsim::osa_distance(a, b) <= 1
    }

    /// Devices with this host name in the two companies; records of one device count once.
    fn host_count(&self, left: u32, right: u32) -> u32 {
        let beside = |index: &Index, ids: &[Identifiers], list: &[DeviceFacts], duplicates: &Duplicates, row: u32| {
            let rows = index.of(key(Kind::Host, ids[row as usize].host_inside));
            if (2..=CROWD).contains(&rows.len()) {
                duplicates.count(rows.filter(|&i| i == row || !list[i as usize].archived))
            } else {
                rows.len()
            }
        };
        let count = beside(&self.left_index, &self.left_ids, self.left, &self.left_duplicates, left)
            + beside(&self.right_index, &self.right_ids, self.right, &self.right_duplicates, right);
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Scores every candidate of a row, best first; probabilities are filled in by [`compete`].
    #[must_use]
    pub fn score_row(&self, left: u32, map: &CompanyMap) -> Vec<Scored> {
        let mut rows: Vec<u32> = Vec::new();
        let ids = &self.left_ids[left as usize];
        for (_, key) in keys(ids).filter(|(kind, _)| *kind != Kind::Host).chain(self.host_key(left, map)) {
            let found = self.right_index.of(key);
            if found.len() <= CROWD {
                rows.extend(found);
            }
        }
        for i in 0..rows.len() {
            rows.push(self.right_duplicates.newest(rows[i]));
        }
        rows.sort_unstable();
        rows.dedup();
        let mut scored: Vec<Scored> = rows
            .into_iter()
            .filter(|&right| !self.refused.contains(&(left, right)))
            .map(|right| Scored { right, bits: self.compare(left, right, map).bits(), probability: 0.0 })
            .collect();
        self.pass_on(&mut scored);
        scored.retain(|s| s.bits > -8.0);
        scored.sort_by(|a, b| b.bits.total_cmp(&a.bits).then_with(|| self.prefer(a.right, b.right)));
        scored.truncate(CONTENDERS);
        scored.shrink_to_fit();
        scored
    }

    /// The key under which the right side has this device's host name: in the matched company, or anywhere when there
    /// are no companies.
    fn host_key(&self, left: u32, map: &CompanyMap) -> Option<(Kind, u64)> {
        let host = self.left_ids[left as usize].host;
        let company = if map.known { Some(map.left[left as usize]?) } else { None };
        let inside = host_inside(host, company_number(company));
        (inside != 0).then(|| (Kind::Host, key(Kind::Host, inside)))
    }

    /// What an older record of a device proves, its newest record inherits; the older one steps back.
    fn pass_on(&self, scored: &mut [Scored]) {
        let own: Vec<(u32, f32)> = scored.iter().map(|s| (s.right, s.bits)).collect();
        let older = |right: &u32| self.right_duplicates.is_older(*right);
        let newest = |right: u32| self.right_duplicates.newest(right);
        for heir in scored.iter_mut().filter(|s| newest(s.right) == s.right) {
            let proved = own.iter().filter(|(r, _)| older(r) && newest(*r) == heir.right).map(|(_, b)| b - bits::OLDER);
            heir.bits = proved.fold(heir.bits, f32::max);
        }
        let heirs: Vec<(u32, f32)> = scored.iter().map(|s| (s.right, s.bits)).collect();
        for behind in scored.iter_mut().filter(|s| older(&s.right)) {
            let heir = newest(behind.right);
            if let Some((_, bits)) = heirs.iter().find(|(r, _)| *r == heir && heir != behind.right) {
                behind.bits = behind.bits.min(bits - STEP_BACK);
            }
        }
    }

    /// Among equals: the live one, then the one changed last, then by id.
    #[must_use]
    pub fn prefer(&self, a: u32, b: u32) -> std::cmp::Ordering {
        let (a, b) = (&self.right[a as usize], &self.right[b as usize]);
        a.archived.cmp(&b.archived).then_with(|| b.updated.cmp(&a.updated)).then_with(|| a.id.cmp(&b.id))
    }
}

/// The right record was last changed a year or more before the left device was last seen.
fn is_stale(left: &DeviceFacts, right: &DeviceFacts) -> bool {
    match (left.last_seen.or(left.updated), right.updated.or(right.last_seen)) {
        (Some(seen), Some(changed)) => (seen - changed).whole_days() > 365,
        _ => false,
    }
}

/// Fills in probabilities: every candidate against the row's others, against the other rows that want its target, and
/// against none.
pub fn compete(rows: &mut [Vec<Scored>], rights: usize) {
    let odds = |s: &Scored| f64::from(s.bits.clamp(-40.0, 40.0)).exp2();
    let mut wanted = vec![0u128; rights];
    for scored in rows.iter().flatten() {
        wanted[scored.right as usize] += fixed(odds(scored));
    }
    for row in rows {
        let all: f64 = row.iter().map(odds).sum();
        for scored in row {
            let own = odds(scored);
            let rivals = from_fixed(wanted[scored.right as usize] - fixed(own));
            #[expect(clippy::cast_possible_truncation, reason = "a probability")]
            let p = (own / (1.0 + all + rivals)) as f32;
            scored.probability = p;
        }
    }
}

/// Odds as a whole number: sums of whole numbers do not depend on the order of rows.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "odds are positive and bounded")]
#[must_use]
pub fn fixed(odds: f64) -> u128 {
    (odds * 2f64.powi(40)) as u128
}

/// The odds back from their whole number.
#[expect(clippy::cast_precision_loss, reason = "a sum of odds needs no more digits than a float has")]
#[must_use]
pub fn from_fixed(sum: u128) -> f64 {
    sum as f64 / 2f64.powi(40)
}
