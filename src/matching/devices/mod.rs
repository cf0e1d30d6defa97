//! Devices of two lists: candidates by identifier, scores, competition.
//!
//! Owns blocking, scores and competition. What a pair weighs is in [`pair`], what is read of the lists in [`state`].

pub mod pair;
pub mod state;

pub use pair::{DeviceMatch, SerialMatch, bits};
pub use state::DeviceState;

use super::calibrate;
use super::facts::{DeviceFacts, Problem};
use super::identifiers::{Kind, host_inside, key, keys};
use super::refusals::Refusals;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use state::{SideState, company_number};
use std::sync::Arc;

/// Rows of one side with a value from which it does not bring rows together any more.
pub const CROWD: usize = 40;
/// Candidates of a row that take part in the competition.
const CONTENDERS: usize = 10;

/// Bits by which an older duplicate stands behind the newest record of its device.
const STEP_BACK: f32 = 8.0;

/// A candidate pair with what it scored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// Right row.
    pub right: u32,
    /// Bits before competition.
    pub bits: f32,
    /// Probability after competition.
    pub probability: f32,
    /// What is said of it, see [`super::calibrate`].
    pub confidence: f32,
}

/// Which right company a left company's devices belong to.
#[derive(Clone, Debug, Default)]
pub struct CompanyMap {
    /// By left device: row of its company's match in the right company list, if there is one.
    pub left: Vec<Option<u32>>,
    /// There are companies at all.
    pub known: bool,
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
    /// Pairs that a person refused.
    pub refused: Arc<Refusals>,
}

impl std::ops::Deref for Devices<'_> {
    type Target = DeviceState;

    fn deref(&self) -> &DeviceState {
        &self.state
    }
}

/// Rows of companies by id, left and right; empty where there are no company lists.
pub type CompanyRows<'a> = (&'a FxHashMap<&'a str, u32>, &'a FxHashMap<&'a str, u32>);

impl<'a> Devices<'a> {
    /// Lists that were read, and the pairs that a person refused.
    #[must_use]
    pub fn with(problem: &Problem<'a>, state: Arc<DeviceState>, refused: Arc<Refusals>) -> Self {
        Self { left: problem.left_devices, right: problem.right_devices, state, refused }
    }

    /// Live devices with a key, on each side; records of one device count once.
    #[must_use]
    pub fn live(&self, key: u64) -> (usize, usize) {
        let count = |side: &SideState| {
            let rows = side.index.of(key);
            if (2..=CROWD).contains(&rows.len()) {
                side.duplicates.count(rows.filter(|&i| !side.ids[i as usize].archived))
            } else {
                rows.len()
            }
        };
        (count(&self.lefts), count(&self.rights))
    }

    /// Pairs whose identifiers agree and are rare enough to vote for their companies.
    #[must_use]
    pub fn strong_pairs(&self) -> Vec<(u32, u32)> {
        (0..self.left.len())
            .into_par_iter()
            .flat_map_iter(|i| {
                let mut found: Vec<u32> = Vec::new();
                for (kind, key) in keys(&self.lefts.ids[i]) {
                    let rare = self.lefts.index.count(key) == 1 && self.rights.index.count(key) == 1;
                    if !matches!(kind, Kind::Shape | Kind::Host) && rare {
                        found.extend(self.rights.index.of(key));
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
        let (l, r) = (&self.lefts.ids[left as usize], &self.rights.ids[right as usize]);
        let (ld, rd) = (&self.left[left as usize], &self.right[right as usize]);
        let same = |a: u64, b: u64| (a != 0 && b != 0).then_some(a == b);
        let alike = |a: u32, b: u32| same(a.into(), b.into());
        let mut found = DeviceMatch {
            serial: self.compare_serials(left, right),
            uuid: same(l.uuid, r.uuid),
            host: same(l.host, r.host),
            maker: alike(l.maker, r.maker),
            user: l.user != 0 && l.user == r.user,
            retired: rd.archived && !ld.archived,
            stale: is_stale(ld, rd),
            older: self.lefts.duplicates.is_older(left) || self.rights.duplicates.is_older(right),
            again: self.lefts.duplicates.is_older(left),
            ..DeviceMatch::default()
        };
        let models = [
            (l.model, r.model),
            (l.model_identifier, r.model_identifier),
            (l.model, r.model_identifier),
            (l.model_identifier, r.model),
        ];
        let known = models.iter().filter_map(|(a, b)| alike(*a, *b)).collect::<Vec<_>>();
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
            found.company = match (map.left[left as usize], self.rights.company[right as usize]) {
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
        keys(&self.rights.ids[right as usize]).filter(|(kind, _)| *kind == Kind::Mac).any(|(_, value)| {
            let mut owners = self.lefts.index.of(value);
            owners.len() == 1 && owners.next() != Some(left)
        })
    }

    fn compare_serials(&self, left: u32, right: u32) -> SerialMatch {
        let (l, r) = (&self.lefts.ids[left as usize], &self.rights.ids[right as usize]);
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
        let settled = self.rights.index.count(key(Kind::Serial, l.serial)) > 0
            || self.lefts.index.count(key(Kind::Serial, r.serial)) > 0;
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
        let beside = |side: &SideState, row: u32| {
            let rows = side.index.of(key(Kind::Host, side.ids[row as usize].host_inside));
            if (2..=CROWD).contains(&rows.len()) {
                side.duplicates.count(rows.filter(|&i| i == row || !side.ids[i as usize].archived))
            } else {
                rows.len()
            }
        };
        let count = beside(&self.lefts, left) + beside(&self.rights, right);
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// The right rows that are worth comparing with a device: those with one of its identifiers, and their newest records.
    #[must_use]
    pub fn brought_up(&self, left: u32, map: &CompanyMap) -> Vec<u32> {
        let mut rows: Vec<u32> = Vec::new();
        let ids = &self.lefts.ids[left as usize];
        for (_, key) in keys(ids).filter(|(kind, _)| *kind != Kind::Host).chain(self.host_key(left, map)) {
            let found = self.rights.index.of(key);
            if found.len() <= CROWD {
                rows.extend(found);
            }
        }
        for i in 0..rows.len() {
            rows.push(self.rights.duplicates.newest(rows[i]));
        }
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// Scores every candidate of a row, best first; probabilities are filled in by [`compete`].
    #[must_use]
    pub fn score_row(&self, left: u32, map: &CompanyMap) -> Vec<Scored> {
        let rows = self.brought_up(left, map);
        let mut scored: Vec<Scored> = rows
            .into_iter()
            .filter(|&right| !self.refused.holds(left, right))
            .map(|right| Scored {
                right,
                bits: self.compare(left, right, map).bits(),
                probability: 0.0,
                confidence: 0.0,
            })
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
        let host = self.lefts.ids[left as usize].host;
        let company = if map.known { Some(map.left[left as usize]?) } else { None };
        let inside = host_inside(host, company_number(company));
        (inside != 0).then(|| (Kind::Host, key(Kind::Host, inside)))
    }

    /// What an older record of a device proves, its newest record inherits; the older one steps back.
    fn pass_on(&self, scored: &mut [Scored]) {
        let own: Vec<(u32, f32)> = scored.iter().map(|s| (s.right, s.bits)).collect();
        let older = |right: &u32| self.rights.duplicates.is_older(*right);
        let newest = |right: u32| self.rights.duplicates.newest(right);
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
/// against none. Says which rows have other probabilities than before.
pub fn compete(rows: &mut [Vec<Scored>], rights: usize) -> Vec<bool> {
    let odds = |s: &Scored| f64::from(s.bits.clamp(-40.0, 40.0)).exp2();
    let mut wanted = vec![0u128; rights];
    for scored in rows.iter().flatten() {
        wanted[scored.right as usize] += fixed(odds(scored));
    }
    let weigh = |row: &mut Vec<Scored>| {
        let all: f64 = row.iter().map(odds).sum();
        let mut changed = false;
        for scored in row {
            let own = odds(scored);
            let rivals = from_fixed(wanted[scored.right as usize] - fixed(own));
            #[expect(clippy::cast_possible_truncation, reason = "probabilities")]
            let (p, share) = ((own / (1.0 + all + rivals)) as f32, (own / (all + rivals)) as f32);
            let said = calibrate::device(p, share);
            changed |= p.to_bits() != scored.probability.to_bits() || said.to_bits() != scored.confidence.to_bits();
            scored.confidence = said;
            scored.probability = p;
        }
        changed
    };
    rows.par_iter_mut().map(weigh).collect()
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
