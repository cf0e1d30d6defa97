//! Companies (or sites) of two lists: candidates, scores, competition.
//!
//! Owns the way from facts to a probability for every candidate pair. Devices' votes come in as numbers; what becomes of
//! a row is decided in [`super::verdict`].

mod fields;
mod owners;
mod votes;

use super::alias::{self, Alias};
use super::calibrate;
use super::devices::{fixed, from_fixed};
use super::facts::{CompanyFacts, Known, Problem, Settings};
use super::fields::{Likeness, compare_places};
use super::model::{FieldMatch, features};
use super::names::compare::{NameMatch, compare};
use super::names::index::{NameIndex, Scratch};
use super::names::vocabulary::{Name, Vocabulary};
use super::refusals::Refusals;
use super::steps::rows_by_id;
use crate::domain::NameMode;
use fields::{Fields, PHONE_KEY, STREET_KEY, field_keys, keys_of, read_fields, row_keys, tagged};
use owners::{OwnerIds, Owners};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

pub use votes::{Ballot, Votes};

/// Candidates of a row that take part in the competition.
const CONTENDERS: usize = 12;
/// Rows that one value of a field may bring up.
const MOST_PER_KEY: usize = 60;
/// Rows of an owner that are compared.
const MOST_PER_OWNER: usize = 400;

/// Sites that the general knowledge of owners counts for, so that a short list does not take an owner for a common one …
const PRIOR_SITES: f32 = 200.0;
/// … and how many of them are one owner's.
const PRIOR_OWNED: f32 = 3.0;

/// A candidate pair with what it scored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// Right row.
    pub right: u32,
    /// Natural log-odds before competition.
    pub log_odds: f32,
    /// Probability after competition.
    pub probability: f32,
    /// What is said of it, see [`super::calibrate`].
    pub confidence: f32,
}

/// What is read of both lists once: names, other fields, owners, rules. Owned, so that an engine can keep it.
#[derive(Debug)]
pub struct CompanyState {
    words: Vocabulary,
    left_names: Vec<Name>,
    right_names: Vec<Name>,
    left_fields: Vec<Fields>,
    right_fields: Vec<Fields>,
    keys: Vec<(u64, u32)>,
    counts: FxHashMap<u64, u32>,
    owners: Owners,
    aliases: FxHashMap<u32, Vec<(u32, bool)>>,
    links: FxHashMap<u32, u32>,
    refused: Refusals,
    prints: Prints,
}

/// Fingerprints of the facts of both lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prints {
    left: Vec<u64>,
    right: Vec<u64>,
}

impl Prints {
    /// Of these lists.
    #[must_use]
    pub fn of(left: &[CompanyFacts], right: &[CompanyFacts]) -> Self {
        Self { left: left.par_iter().map(print).collect(), right: right.par_iter().map(print).collect() }
    }

    /// True when these are still the records that were read at these rows; `None` for a row that is not asked for.
    #[must_use]
    pub fn are_current(
        &self,
        left: Option<(usize, Option<&CompanyFacts>)>,
        right: Option<(usize, Option<&CompanyFacts>)>,
    ) -> bool {
        let same = |prints: &[u64], asked: Option<(usize, Option<&CompanyFacts>)>| {
            asked.is_none_or(|(row, fact)| fact.is_some_and(|fact| prints.get(row) == Some(&print(fact))))
        };
        same(&self.left, left) && same(&self.right, right)
    }
}

fn print(fact: &CompanyFacts) -> u64 {
    let mut hasher = FxHasher::default();
    fact.hash(&mut hasher);
    hasher.finish()
}

/// Both lists ready for scoring.
pub struct Companies<'a> {
    left: &'a [CompanyFacts],
    right: &'a [CompanyFacts],
    settings: &'a Settings,
    state: Arc<CompanyState>,
    ballot: Arc<Ballot>,
}

impl std::ops::Deref for Companies<'_> {
    type Target = CompanyState;

    fn deref(&self) -> &CompanyState {
        &self.state
    }
}

/// Natural log-odds of a person's rule for a pair: more than any name.
pub const ALIAS: f32 = 14.0;
/// What a person's rule for another pair takes from this one.
pub const ALIAS_ELSEWHERE: f32 = 4.0;

fn row(i: usize) -> u32 {
    u32::try_from(i).unwrap_or(u32::MAX)
}

impl CompanyState {
    /// Reads both lists.
    #[must_use]
    pub fn new(left: &[CompanyFacts], right: &[CompanyFacts], known: &Known, settings: &Settings) -> Self {
        let (words, left_names, right_names) = Vocabulary::read(&names(left), &names(right));
        let mut owner_ids = OwnerIds::default();
        let left_fields: Vec<Fields> = left.iter().map(|c| read_fields(c, &mut owner_ids.left)).collect();
        let right_fields: Vec<Fields> = right.iter().map(|c| read_fields(c, &mut owner_ids.right)).collect();
        let owners = owner_ids.compare(&right_fields, settings);
        let keys = keys_of(right, &right_fields, &right_names);
        let mut counts: FxHashMap<u64, u32> = FxHashMap::default();
        for fields in left_fields.iter().chain(&right_fields) {
            for key in field_keys(fields) {
                *counts.entry(key).or_default() += 1;
            }
        }
        let mut this = Self {
            words,
            left_names,
            right_names,
            left_fields,
            right_fields,
            keys,
            counts,
            owners,
            aliases: FxHashMap::default(),
            links: FxHashMap::default(),
            refused: Refusals::default(),
            prints: Prints::of(left, right),
        };
        this.read_known((left, right), known, settings);
        this
    }

    /// Fingerprints of the facts that were read.
    #[must_use]
    pub fn prints(&self) -> &Prints {
        &self.prints
    }

    fn read_known(&mut self, (left, right): Lists<'_>, known: &Known, settings: &Settings) {
        let target = settings.target_system.as_ref();
        if known.refused_companies.is_empty() && known.aliases.is_empty() && target.is_none() {
            return;
        }
        let (lefts, rights) = (rows_by_id(left.iter().map(|c| &c.id)), rows_by_id(right.iter().map(|c| &c.id)));
        let refused = known.refused_companies.iter();
        self.refused = refused.filter_map(|(l, r)| Some((*lefts.get(l.as_str())?, *rights.get(r.as_str())?))).collect();
        for (i, company) in left.iter().enumerate() {
            let link = company.links.iter().find(|l| Some(&l.system) == target);
            if let Some(&r) = link.and_then(|l| rights.get(l.id.as_str())) {
                self.links.insert(row(i), r);
            }
        }
        if !known.aliases.is_empty() {
            self.read_aliases((left, right), known);
        }
    }

    fn read_aliases(&mut self, (left, right): Lists<'_>, known: &Known) {
        let names = known.aliases.iter().flat_map(|a| [(!a.begins).then_some(a.left.as_str()), Some(a.right.as_str())]);
        let wanted: FxHashSet<&str> = names.flatten().collect();
        let by_name = |list: &[CompanyFacts]| {
            let named: Vec<(String, u32)> = list
                .par_iter()
                .enumerate()
                .map(|(i, c)| (alias::comparable(&c.name), row(i)))
                .filter(|(name, _)| wanted.contains(name.as_str()))
                .collect();
            let mut map: FxHashMap<String, Vec<u32>> = FxHashMap::default();
            for (name, row) in named {
                map.entry(name).or_default().push(row);
            }
            map
        };
        let (lefts, rights) = (by_name(left), by_name(right));
        // Rules of whole names come after those of beginnings, so that they have the last word.
        self.read_beginnings((left, right), (&lefts, &rights), known);
        for alias in known.aliases.iter().filter(|alias| !alias.begins) {
            for (one, two) in [(&alias.left, &alias.right), (&alias.right, &alias.left)] {
                for l in lefts.get(one).into_iter().flatten() {
                    let pairs = rights.get(two).into_iter().flatten().map(|r| (*r, alias.same));
                    self.aliases.entry(*l).or_default().extend(pairs);
                }
            }
        }
    }

    /// Of rules that fit a name, the one with the longest beginning holds; none does where a rule names it whole.
    fn read_beginnings(&mut self, (left, right): Lists<'_>, (lefts, rights): (&Named, &Named), known: &Known) {
        let mut rules: Vec<&Alias> = known.aliases.iter().filter(|alias| alias.begins).collect();
        if rules.is_empty() {
            return;
        }
        rules.sort_by_key(|alias| std::cmp::Reverse(alias.left.len()));
        let whole: FxHashSet<&str> = (known.aliases.iter().filter(|alias| alias.same && !alias.begins))
            .flat_map(|alias| [alias.left.as_str(), alias.right.as_str()])
            .collect();
        let rule_of = |list: &[CompanyFacts]| -> Vec<(u32, &Alias)> {
            let of = |(i, company): (usize, &CompanyFacts)| {
                let rule = rules.iter().find(|alias| alias::begins_with(&company.name, &alias.left))?;
                (!whole.contains(alias::comparable(&company.name).as_str())).then_some((row(i), *rule))
            };
            list.par_iter().enumerate().filter_map(of).collect()
        };
        for (l, rule) in rule_of(left) {
            let pairs = rights.get(&rule.right).into_iter().flatten().map(|r| (*r, true));
            self.aliases.entry(l).or_default().extend(pairs);
        }
        for (r, rule) in rule_of(right) {
            for l in lefts.get(&rule.right).into_iter().flatten() {
                self.aliases.entry(*l).or_default().push((r, true));
            }
        }
    }
}

/// Rows that have a name.
type Named = FxHashMap<String, Vec<u32>>;

type Lists<'a> = (&'a [CompanyFacts], &'a [CompanyFacts]);

fn names(list: &[CompanyFacts]) -> Vec<&str> {
    list.iter().map(|c| c.name.as_str()).collect()
}

impl<'a> Companies<'a> {
    /// Reads both lists.
    #[must_use]
    pub fn new(left: &'a [CompanyFacts], right: &'a [CompanyFacts], known: &Known, settings: &'a Settings) -> Self {
        let state = Arc::new(CompanyState::new(left, right, known, settings));
        Self { left, right, settings, state, ballot: Arc::default() }
    }

    /// Lists that were read before, with what their devices say.
    #[must_use]
    pub fn with(problem: &Problem<'a>, state: Arc<CompanyState>, ballot: Arc<Ballot>) -> Self {
        let Problem { left_companies: left, right_companies: right, settings, .. } = *problem;
        Self { left, right, settings, state, ballot }
    }

    /// What the devices say.
    #[must_use]
    pub fn ballot(&self) -> &Arc<Ballot> {
        &self.ballot
    }

    /// Takes in what the devices say.
    pub fn hear(&mut self, ballot: Ballot) {
        self.ballot = Arc::new(ballot);
    }

    /// What was read of the lists.
    #[must_use]
    pub fn state(&self) -> &Arc<CompanyState> {
        &self.state
    }

    /// Pairs that a person refused.
    #[must_use]
    pub fn refused(&self) -> &Refusals {
        &self.refused
    }

    /// Scores every candidate of every row; probabilities are filled in by [`compete`](Self::compete).
    #[must_use]
    pub fn score(&self) -> Vec<Vec<Scored>> {
        self.each_row(|left, rows| self.score_row(left, rows))
    }

    /// How many pairs [`score`](Self::score) compares: what its time grows with.
    #[must_use]
    pub fn comparisons(&self) -> usize {
        self.each_row(|_, rows| rows.len()).into_iter().sum()
    }

    /// Calls `of` with every left row and the right rows that are worth comparing with it.
    fn each_row<T: Send>(&self, of: impl Fn(u32, Vec<u32>) -> T + Sync) -> Vec<T> {
        let mut order: Vec<u32> = (0..row(self.right.len())).collect();
        order.par_sort_unstable_by(|a, b| self.by_id(*a, *b));
        let index = NameIndex::new(&self.left_names, &self.right_names, &self.words, order);
        let mut voted: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for &(l, r) in self.ballot.votes.keys() {
            voted.entry(l).or_default().push(r);
        }
        let with = |scratch: &mut Scratch, i: usize| {
            let left = row(i);
            let mut rows = match self.settings.names {
                NameMode::Fuzzy => index.find(&self.left_names[i], &self.words, scratch),
                NameMode::Exact => Vec::new(),
            };
            self.more_rows(left, &mut rows);
            rows.extend(voted.get(&left).into_iter().flatten());
            rows.sort_unstable();
            rows.dedup();
            of(left, rows)
        };
        (0..self.left.len()).into_par_iter().map_init(|| Scratch::new(self.right.len()), with).collect()
    }

    fn score_row(&self, left: u32, rows: Vec<u32>) -> Vec<Scored> {
        let mut scored: Vec<Scored> = rows
            .into_iter()
            .filter(|&right| !self.refused.holds(left, right))
            .filter_map(|right| {
                Some(Scored { right, log_odds: self.log_odds(left, right)?, probability: 0.0, confidence: 0.0 })
            })
            .collect();
        scored.sort_by(|a, b| b.log_odds.total_cmp(&a.log_odds).then_with(|| self.by_id(a.right, b.right)));
        scored.truncate(CONTENDERS);
        scored.shrink_to_fit();
        scored
    }

    fn by_id(&self, a: u32, b: u32) -> std::cmp::Ordering {
        self.right[a as usize].id.cmp(&self.right[b as usize].id)
    }

    /// Rows that other facts than the name bring up.
    fn more_rows(&self, left: u32, rows: &mut Vec<u32>) {
        let facts = &self.left[left as usize];
        for key in row_keys(facts, &self.left_fields[left as usize], &self.left_names[left as usize]) {
            let from = self.keys.partition_point(|e| e.0 < key);
            let same = self.keys[from..].iter().take_while(|e| e.0 == key).take(MOST_PER_KEY + 1);
            let found: Vec<u32> = same.map(|e| e.1).collect();
            if found.len() <= MOST_PER_KEY {
                rows.extend(found);
            }
        }
        let owner = self.left_fields[left as usize].owner;
        for right_owner in self.owners.by_left.get(&owner).into_iter().flatten() {
            if let Some(of_owner) = self.owners.right_rows.get(right_owner).filter(|r| r.len() <= MOST_PER_OWNER) {
                rows.extend(of_owner);
            }
        }
        rows.extend(self.aliases.get(&left).into_iter().flatten().map(|a| a.0));
        rows.extend(self.links.get(&left));
    }

    /// Natural log-odds of a pair; `None` when the settings rule it out.
    pub fn log_odds(&self, left: u32, right: u32) -> Option<f32> {
        let mut z = match self.settings.names {
            NameMode::Exact if self.left[left as usize].name == self.right[right as usize].name => 6.0,
            NameMode::Exact => -6.0,
            NameMode::Fuzzy => self.settings.model.log_odds(&self.features(left, right)),
        };
        z += self.votes_of(left, right).map_or(0.0, Votes::log_odds);
        z += match self.links.get(&left) {
            Some(&r) if r == right => 6.0,
            Some(_) => -2.0,
            None => 0.0,
        };
        z += match self.alias(left, right) {
            Some(true) => ALIAS,
            Some(false) => -ALIAS,
            None if self.aliases.get(&left).is_some_and(|list| list.iter().any(|a| a.1)) => -ALIAS_ELSEWHERE,
            None => 0.0,
        };
        (self.settings.names == NameMode::Fuzzy || z > -3.0).then_some(z)
    }

    /// The features of a pair.
    #[must_use]
    pub fn features(&self, left: u32, right: u32) -> super::model::Features {
        #[expect(clippy::cast_precision_loss, reason = "a count of records")]
        let bits_needed = (self.right.len() as f32 + 2.0).log2();
        features(&self.name_match(left, right), &self.field_match(left, right), bits_needed)
    }

    /// The names of a pair side by side.
    #[must_use]
    pub fn name_match(&self, left: u32, right: u32) -> NameMatch {
        compare(&self.left_names[left as usize], &self.right_names[right as usize], &self.words)
    }

    /// The parsed names of a pair and their vocabulary.
    #[must_use]
    pub fn names(&self, left: u32, right: u32) -> (&Name, &Name, &Vocabulary) {
        (&self.left_names[left as usize], &self.right_names[right as usize], &self.words)
    }

    /// The other fields of a pair side by side.
    #[must_use]
    pub fn field_match(&self, left: u32, right: u32) -> FieldMatch {
        let (l, r) = (&self.left_fields[left as usize], &self.right_fields[right as usize]);
        let rare = |tag: u64, key: u64, likeness: Likeness| match likeness {
            Likeness::Same => (likeness, self.rarity_bits(tagged(tag, key))),
            _ => (likeness, 0.0),
        };
        let (ln, rn) = (&self.left_names[left as usize], &self.right_names[right as usize]);
        let spells = |short: u64, compact: u64| short != 0 && short == compact;
        FieldMatch {
            phone: rare(PHONE_KEY, l.phone.key(), l.phone.compare(r.phone)),
            street: rare(STREET_KEY, l.street.key(), l.street.compare(&r.street)),
            zip: compare_places(l.zip, r.zip),
            city: compare_places(l.city, r.city),
            state: compare_places(l.state, r.state),
            domain: compare_places(l.domain, r.domain),
            owner: (l.owner != 0 && r.owner != 0)
                .then(|| self.owners.pairs.get(&(l.owner, r.owner)).copied().unwrap_or(0.0)),
            owner_bits: self.owner_bits(r.owner),
            short_name: ln.compact != rn.compact
                && (spells(l.short, rn.compact)
                    || spells(r.short, ln.compact)
                    || spells(l.label, rn.compact)
                    || spells(r.label, ln.compact)),
            nameless: ln.tokens.is_empty() || rn.tokens.is_empty(),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of records")]
    fn owner_bits(&self, owner: u32) -> f32 {
        let rows = self.owners.right_rows.get(&owner).map_or(0, Vec::len);
        ((self.right.len() as f32 + PRIOR_SITES) / (rows as f32 + PRIOR_OWNED)).log2().clamp(0.0, 10.0)
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of records")]
    fn rarity_bits(&self, key: u64) -> f32 {
        let count = self.counts.get(&key).copied().unwrap_or(1).max(1) as f32;
        ((self.left.len() + self.right.len()) as f32 / count).log2().clamp(0.0, 10.0)
    }

    /// How many records have a left record's telephone, street and domain, of how many; for explanations.
    #[must_use]
    pub fn field_counts(&self, left: u32) -> [(u32, u32); 3] {
        let fields = &self.left_fields[left as usize];
        let all = row(self.left.len() + self.right.len());
        field_keys(fields).map(|key| (self.counts.get(&key).copied().unwrap_or(0), all))
    }

    /// What the devices say of a pair; `None` when they say nothing.
    #[must_use]
    pub fn votes_of(&self, left: u32, right: u32) -> Option<Votes> {
        self.ballot
            .votes
            .get(&(left, right))
            .copied()
            .or_else(|| self.ballot.found.get(&left).copied().filter(|v| v.found > 0))
    }

    /// Rows of the right list.
    #[must_use]
    pub fn right_len(&self) -> usize {
        self.right.len()
    }

    /// The vendor's own link: 1 to this right row, -1 to another, 0 none.
    #[must_use]
    pub fn link(&self, left: u32, right: u32) -> i8 {
        self.links.get(&left).map_or(0, |&r| if r == right { 1 } else { -1 })
    }

    /// What a person's rule says of a pair.
    #[must_use]
    pub fn alias(&self, left: u32, right: u32) -> Option<bool> {
        self.aliases.get(&left)?.iter().rev().find(|a| a.0 == right).map(|a| a.1)
    }

    /// Scores every candidate of every row and weighs it against its rivals.
    #[must_use]
    pub fn ranked(&self) -> Vec<Vec<Scored>> {
        let mut rows = self.score();
        self.compete(&mut rows);
        rows
    }

    /// Weighs every candidate against its rivals (see [`super::model`]) and sorts each row by the outcome.
    pub fn compete(&self, rows: &mut [Vec<Scored>]) {
        compete(rows, self.right.len(), self.rivalry());
        for row in rows {
            row.sort_by(|a, b| b.probability.total_cmp(&a.probability).then_with(|| self.by_id(a.right, b.right)));
        }
    }

    fn rivalry(&self) -> f32 {
        match self.settings.cardinality {
            crate::domain::Cardinality::OneToOne => 1.0,
            crate::domain::Cardinality::ManyToOne => self.settings.model.rivalry,
        }
    }
}

/// Natural log-odds above which a rival's claim counts no more, where several rows may have one target: a better claim of
/// another row makes a weak candidate doubtful, and leaves a strong one alone.
const RIVAL_MOST: f32 = 3.0;

/// Fills in probabilities from log-odds.
pub fn compete(rows: &mut [Vec<Scored>], rights: usize, rivalry: f32) {
    let most = if rivalry < 1.0 { RIVAL_MOST } else { 30.0 };
    let odds = |z: f32, most: f32| f64::from(z.clamp(-30.0, most)).exp();
    let mut wanted = vec![0u128; rights];
    for scored in rows.iter().flatten() {
        wanted[scored.right as usize] += fixed(odds(scored.log_odds, most));
    }
    for row in rows {
        let all: f64 = row.iter().map(|s| odds(s.log_odds, 30.0)).sum();
        for scored in row {
            let own = odds(scored.log_odds, 30.0);
            let others = wanted[scored.right as usize] - fixed(odds(scored.log_odds, most));
            let rivals = from_fixed(others) * f64::from(rivalry);
            #[expect(clippy::cast_possible_truncation, reason = "probabilities")]
            let (p, share) = ((own / (1.0 + all + rivals)) as f32, (own / (all + rivals)) as f32);
            scored.probability = p;
            scored.confidence = calibrate::company(p, share);
        }
    }
}
