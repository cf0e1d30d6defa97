//! The records of companies that belong together, matched: who is compared with whom, who gets whom, and how sure that is.

use super::{Counts, Inside, Key, Pair};
use crate::domain::{Candidate, Confidence, Evidence, EvidenceKind, Proposal, RecordId, Ties, Verdict};
use crate::matching::choose;
use crate::matching::refusals::{REFUSED_ALL, REFUSED_ANOTHER};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{HashMap, HashSet};

/// What was decided: source → target; `None` is ignored. Who is not in it is open.
pub type Companies = HashMap<RecordId, Option<RecordId>>;

/// Pairs that a person refused: source, target.
pub type Pairs = HashSet<(RecordId, RecordId)>;

/// Everything that a run needs.
pub struct Problem<'a, T> {
    /// Live records of the source.
    pub left: &'a [T],
    /// Live records of the target.
    pub right: &'a [T],
    /// The company that a record of the source counts as being in (where deeper ones roll up, the first-level one).
    pub seat: &'a (dyn Fn(&'a T) -> Option<&'a RecordId> + Sync),
    /// What was decided on companies.
    pub companies: &'a Companies,
    /// What was decided on these records.
    pub decided: &'a Companies,
    /// Pairs that a person refused.
    pub refused: &'a Pairs,
    /// What happens when several are equally good.
    pub ties: Ties,
}

/// Which records are solved.
#[derive(Clone, Debug, Default)]
pub enum Which {
    /// All.
    #[default]
    All,
    /// Those of these companies, and of every company that shares a counterpart with them.
    Of {
        /// Companies of the source.
        left: FxHashSet<RecordId>,
        /// Companies of the target.
        right: FxHashSet<RecordId>,
    },
}

/// Candidates kept of a row.
const KEEP: usize = 9;
/// Records of one side that share a value, above which it brings nobody together.
const CROWD: usize = 48;
/// Bits below which a candidate is not worth a line.
const LEAST: f32 = -3.0;
/// Bits by which the best must lead to be no tie.
const TIE: f32 = 1.0;
/// Probability from which a candidate is suggested.
const SUGGEST: f32 = 0.35;
/// Probability of a rival that keeps a match from being automatic.
const NEAR: f32 = 0.02;
/// Probability from which a match may be automatic.
const SURE: f32 = 0.99;

/// The records' proposals, by position on the left. Deterministic; the order of rows changes nothing but their places.
#[must_use]
pub fn solve<T: Inside>(problem: &Problem<'_, T>, which: &Which) -> Vec<(usize, Proposal)> {
    let touched = which.rights(problem.companies);
    let mut groups: FxHashMap<&str, Group> = FxHashMap::default();
    let mut answers = Vec::new();
    for (i, record) in problem.left.iter().enumerate() {
        let company = (problem.seat)(record);
        match company.map(|c| problem.companies.get(c)) {
            Some(Some(Some(target))) if touched.as_ref().is_none_or(|t| t.contains(target)) => {
                groups.entry(target.as_str()).or_default().left.push(row(i));
            }
            Some(Some(Some(_))) => {}
            other if which.has_left(company) => {
                let note = match other {
                    Some(Some(None)) => "its company is ignored",
                    Some(_) => "its company has no match yet",
                    None => "in no company",
                };
                answers.push((i, said(Verdict::None, note)));
            }
            _ => {}
        }
    }
    for (j, record) in problem.right.iter().enumerate() {
        if let Some(group) = record.company().and_then(|c| groups.get_mut(c.as_str())) {
            group.right.push(row(j));
        }
    }
    let people = People {
        taken: problem.decided.values().flatten().collect(),
        concerned: problem.refused.iter().map(|(left, _)| left).collect(),
    };
    let groups: Vec<Group> = groups.into_values().collect();
    let solved = groups.par_iter().flat_map_iter(|group| Run::new(problem, group, &people).answers());
    answers.par_extend(solved);
    answers.par_sort_unstable_by_key(|(i, _)| *i);
    answers
}

/// Any two records side by side (the Compare screen).
#[must_use]
pub fn pair_of<T: Inside>(left: &T, right: &T) -> Candidate {
    let pair = T::compare(&left.read(), &right.read(), &Counts::default());
    let odds = (pair.bits() + T::PRIOR).clamp(-40.0, 40.0).exp2();
    let confidence = Confidence::new(odds / (1.0 + odds));
    Candidate { target: right.id().clone(), confidence, evidence: pair.evidence() }
}

fn row(i: usize) -> u32 {
    u32::try_from(i).unwrap_or(u32::MAX)
}

fn said(verdict: Verdict, note: &str) -> Proposal {
    Proposal { verdict, candidates: Vec::new(), note: note.to_owned() }
}

impl Which {
    /// Companies of the target whose records are solved; `None` for all.
    fn rights(&self, companies: &Companies) -> Option<FxHashSet<RecordId>> {
        let Self::Of { left, right } = self else { return None };
        let followed = left.iter().filter_map(|l| companies.get(l).cloned().flatten());
        Some(right.iter().cloned().chain(followed).collect())
    }

    fn has_left(&self, company: Option<&RecordId>) -> bool {
        match (self, company) {
            (Self::Of { left, .. }, Some(company)) => left.contains(company),
            _ => true,
        }
    }
}

/// A company of the target with its records, and the records of every company that is matched to it.
#[derive(Default)]
struct Group {
    left: Vec<u32>,
    right: Vec<u32>,
}

/// A candidate of a row; positions are those within the group.
struct Scored {
    right: u32,
    bits: f32,
    probability: f32,
    pair: Pair,
}

/// What a record has of the whole key, and how often.
struct Keys<'k> {
    by_record: &'k [Vec<Key>],
    counts: FxHashMap<u64, u32>,
}

impl<'k> Keys<'k> {
    fn new(by_record: &'k [Vec<Key>]) -> Self {
        let mut counts: FxHashMap<u64, u32> = FxHashMap::default();
        for key in by_record.iter().flatten() {
            *counts.entry(key.hash).or_default() += 1;
        }
        Self { by_record, counts }
    }

    /// Nobody else on this side has the record's whole key.
    fn is_alone(&self, at: usize) -> bool {
        self.by_record[at].iter().filter(|k| k.whole).all(|k| self.counts[&k.hash] == 1)
    }

    fn is_crowd(&self, key: Key) -> bool {
        self.counts.get(&key.hash).is_some_and(|n| *n as usize > CROWD)
    }
}

fn keys_of<T: Inside>(reads: &[T::Read]) -> Vec<Vec<Key>> {
    let keys = |read: &T::Read| {
        let mut keys: Vec<Key> = Vec::new();
        T::keys(read, &mut |key| {
            if !keys.contains(&key) {
                keys.push(key);
            }
        });
        keys
    };
    reads.iter().map(keys).collect()
}

/// What people decided, as a run asks for it.
struct People<'p> {
    /// Targets that somebody has.
    taken: FxHashSet<&'p RecordId>,
    /// Source records of refused pairs.
    concerned: FxHashSet<&'p RecordId>,
}

struct Run<'r, 'a, T> {
    problem: &'r Problem<'a, T>,
    group: &'r Group,
    people: &'r People<'r>,
    rows: Vec<Vec<Scored>>,
    choice: Vec<Option<u32>>,
    /// The strongest rival of each right record's best row: bits of its second-best.
    second: Vec<f32>,
    alone: (Vec<bool>, Vec<bool>),
}

impl<'r, 'a, T: Inside> Run<'r, 'a, T> {
    fn new(problem: &'r Problem<'a, T>, group: &'r Group, people: &'r People<'r>) -> Self {
        let lefts: Vec<T::Read> = group.left.iter().map(|&i| problem.left[i as usize].read()).collect();
        let rights: Vec<T::Read> = group.right.iter().map(|&j| problem.right[j as usize].read()).collect();
        let mut counts = Counts::default();
        for (reads, right) in [(&lefts, false), (&rights, true)] {
            for read in reads {
                T::values(read, &mut |value| counts.add(value, right));
            }
        }
        let (left_keys, right_keys) = (keys_of::<T>(&lefts), keys_of::<T>(&rights));
        let (left_keys, right_keys) = (Keys::new(&left_keys), Keys::new(&right_keys));
        let mut run = Self {
            problem,
            group,
            people,
            rows: Vec::with_capacity(lefts.len()),
            choice: Vec::new(),
            second: vec![f32::MIN; rights.len()],
            alone: (
                (0..lefts.len()).map(|i| left_keys.is_alone(i)).collect(),
                (0..rights.len()).map(|j| right_keys.is_alone(j)).collect(),
            ),
        };
        let index = run.index(&left_keys, &right_keys);
        for (i, read) in lefts.iter().enumerate() {
            let scored = if run.is_decided(i) {
                Vec::new()
            } else {
                let meets = meeting(&left_keys.by_record[i], &index);
                let refused = |j: &u32| run.is_refused(i, *j);
                meets
                    .into_iter()
                    .filter(|j| !refused(j))
                    .filter_map(|j| score::<T>(read, &rights[j as usize], j, &counts))
                    .collect()
            };
            run.rows.push(scored);
        }
        run.compete();
        run.choose();
        run
    }

    fn left(&self, i: usize) -> &'a T {
        &self.problem.left[self.group.left[i] as usize]
    }

    fn right(&self, j: u32) -> &'a T {
        &self.problem.right[self.group.right[j as usize] as usize]
    }

    fn is_decided(&self, i: usize) -> bool {
        self.problem.decided.contains_key(self.left(i).id())
    }

    fn is_refused(&self, i: usize, j: u32) -> bool {
        let pair = || (self.left(i).id().clone(), self.right(j).id().clone());
        self.is_concerned(i) && self.problem.refused.contains(&pair())
    }

    /// A pair of this record was refused.
    fn is_concerned(&self, i: usize) -> bool {
        self.people.concerned.contains(self.left(i).id())
    }

    /// Right records that are free, by key; keys of a crowd bring nobody together.
    fn index(&self, left: &Keys<'_>, right: &Keys<'_>) -> FxHashMap<u64, Vec<u32>> {
        let mut index: FxHashMap<u64, Vec<u32>> = FxHashMap::default();
        let mut order: Vec<u32> = (0..row(right.by_record.len())).collect();
        order.sort_unstable_by(|a, b| self.right(*a).id().cmp(self.right(*b).id()));
        for j in order.into_iter().filter(|&j| !self.people.taken.contains(self.right(j).id())) {
            for key in &right.by_record[j as usize] {
                let crowd = left.is_crowd(*key) || right.is_crowd(*key);
                let list = index.entry(key.hash).or_default();
                // Who shares the whole key stays in sight, though never all of a crowd.
                if !crowd || (key.whole && list.len() < CROWD) {
                    list.push(j);
                }
            }
        }
        index
    }

    /// Every pair competes with the others of its row and of its column.
    fn compete(&mut self) {
        let odds = |bits: f32| f64::from((bits + T::PRIOR).clamp(-40.0, 40.0)).exp2();
        let mut columns = vec![0.0_f64; self.group.right.len()];
        let mut best = vec![f32::MIN; self.group.right.len()];
        for scored in self.rows.iter().flatten() {
            let j = scored.right as usize;
            columns[j] += odds(scored.bits);
            self.second[j] = self.second[j].max(scored.bits.min(best[j]));
            best[j] = best[j].max(scored.bits);
        }
        let (group, problem) = (self.group, self.problem);
        for candidates in &mut self.rows {
            let sum: f64 = candidates.iter().map(|s| odds(s.bits)).sum();
            for scored in candidates.iter_mut() {
                let own = odds(scored.bits);
                let all = 1.0 + sum + columns[scored.right as usize] - own;
                #[expect(clippy::cast_possible_truncation, reason = "a probability")]
                let probability = (own / all) as f32;
                scored.probability = probability;
            }
            let id = |j: u32| problem.right[group.right[j as usize] as usize].id();
            candidates.sort_by(|a, b| b.bits.total_cmp(&a.bits).then_with(|| id(a.right).cmp(id(b.right))));
        }
    }

    /// The best pairs first, each record once; of equals the oldest where the flow says so.
    fn choose(&mut self) {
        let mut pairs: Vec<(usize, u32, f32)> = Vec::new();
        for (i, candidates) in self.rows.iter().enumerate() {
            pairs.extend(candidates.iter().map(|s| (i, s.right, s.bits)));
        }
        pairs.sort_by(|a, b| {
            let ids = || self.left(a.0).id().cmp(self.left(b.0).id());
            b.2.total_cmp(&a.2).then_with(ids).then_with(|| self.right(a.1).id().cmp(self.right(b.1).id()))
        });
        let mut choice = vec![None; self.rows.len()];
        let mut given = vec![false; self.group.right.len()];
        for (i, j, _) in pairs {
            if choice[i].is_none() && !given[j as usize] {
                choice[i] = Some(j);
                given[j as usize] = true;
            }
        }
        if self.problem.ties == Ties::Oldest {
            let list = choose::Oldest {
                one_to_one: true,
                tied: &|a: &Scored, b| (a.bits - b.bits).abs() < TIE,
                right: &|s| s.right,
                left: &|i| self.left(i).id(),
                created: &|j| self.right(j).created(),
            };
            choose::oldest(&self.rows, &mut choice, &list);
        }
        self.choice = choice;
    }

    fn answers(self) -> Vec<(usize, Proposal)> {
        (0..self.rows.len()).map(|i| (self.group.left[i] as usize, self.proposal(i))).collect()
    }

    fn proposal(&self, i: usize) -> Proposal {
        let (verdict, note) = self.verdict(i);
        let chosen = |s: &&Scored| Some(s.right) == self.choice[i];
        let ordered = self.rows[i].iter().filter(chosen).chain(self.rows[i].iter().filter(|s| !chosen(s)));
        let candidates = ordered.take(KEEP).enumerate().map(|(rank, s)| {
            let mut evidence = s.pair.evidence();
            if rank == 0 && verdict != Verdict::Auto && !note.is_empty() {
                let note = note.to_owned();
                evidence.push(Evidence { kind: EvidenceKind::Guard, bits: 0.0, rarity: None, note });
            }
            if rank == 0 && self.is_concerned(i) {
                let note = REFUSED_ANOTHER.to_owned();
                evidence.push(Evidence { kind: EvidenceKind::Guard, bits: 0.0, rarity: None, note });
            }
            let target = self.right(s.right).id().clone();
            Candidate { target, confidence: Confidence::new(s.probability), evidence }
        });
        Proposal { verdict, candidates: candidates.collect(), note: note.to_owned() }
    }

    /// The verdict, and why it is not automatic.
    fn verdict(&self, i: usize) -> (Verdict, &'static str) {
        if self.is_decided(i) {
            return (Verdict::None, "decided");
        }
        if self.rows[i].is_empty() && self.is_concerned(i) {
            return (Verdict::None, REFUSED_ALL);
        }
        if self.rows[i].is_empty() {
            let none = self.group.right.is_empty();
            return (Verdict::None, if none { "its company has none there" } else { "nothing like it in its company" });
        }
        let Some(best) = self.rows[i].iter().find(|s| Some(s.right) == self.choice[i]) else {
            return (Verdict::None, "its candidates are taken");
        };
        let rival = self.rows[i].iter().filter(|s| s.right != best.right).map(|s| s.bits).fold(f32::MIN, f32::max);
        // The column's best is this pair, so its second is the strongest other row that wants the same record.
        let tied = best.bits - rival < TIE || best.bits - self.second[best.right as usize] < TIE;
        if tied && best.bits + T::PRIOR > 0.0 {
            return match self.problem.ties {
                Ties::Oldest => (Verdict::Suggest, "the oldest of equals"),
                Ties::Block => (Verdict::Conflict, "another is as good"),
            };
        }
        if best.probability < SUGGEST {
            return (Verdict::None, "none good enough");
        }
        if let Some(conflict) = best.pair.conflict {
            return (Verdict::Conflict, conflict);
        }
        let doubt = self.doubt(i, best);
        (if doubt.is_empty() { Verdict::Auto } else { Verdict::Suggest }, doubt)
    }

    /// Why a good candidate is left to a person; empty when it is not.
    fn doubt(&self, i: usize, best: &Scored) -> &'static str {
        if let Some(doubt) = best.pair.doubt {
            return doubt;
        }
        let retired = (self.left(i).is_retired(), self.right(best.right).is_retired());
        if !best.pair.whole {
            "the key is not whole"
        } else if !self.alone.0[i] || !self.alone.1[best.right as usize] {
            "several of it in the company"
        } else if retired.0 != retired.1 {
            "one record is out of use"
        } else if self.rows[i].iter().any(|s| s.right != best.right && s.probability > NEAR) {
            "runner-up too near"
        } else if best.probability < SURE {
            "not sure enough"
        } else {
            ""
        }
    }
}

/// The right records that share a key, each once, in order.
fn meeting(keys: &[Key], index: &FxHashMap<u64, Vec<u32>>) -> Vec<u32> {
    let mut found: Vec<u32> = keys.iter().filter_map(|key| index.get(&key.hash)).flatten().copied().collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn score<T: Inside>(left: &T::Read, right: &T::Read, j: u32, counts: &Counts) -> Option<Scored> {
    let pair = T::compare(left, right, counts);
    let bits = pair.bits();
    (bits + T::PRIOR > LEAST).then_some(Scored { right: j, bits, probability: 0.0, pair })
}
