//! Which names of the right list are worth comparing with a name of the left.
//!
//! An inverted index of words, visited from the rarest (TF-IDF blocking), with three ways round differences of writing:
//! words a letter apart (deletion neighbourhood, as in `SymSpell`), words written together (cut by the other list's
//! words), and initials.

use super::compare::alike;
use super::parse::Class;
use super::vocabulary::{Name, Token, Vocabulary};
use super::words::WORDS;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher;

/// Postings after which a name is content with what it has found.
const ENOUGH_POSTINGS: usize = 1500;
/// Most postings visited for one word.
const MOST_POSTINGS: usize = 20_000;
/// Names returned for comparison.
const MOST_FOUND: usize = 16;
/// Names that are compared however far behind the best they are.
const ALWAYS_FOUND: usize = 6;
/// Share of the best name's score from which others are worth comparing.
const WORTH: f32 = 0.35;
/// Words that an abbreviation may stand for.
const MOST_LONGER: usize = 8;
/// Longest word that may be cut into words of the other list.
const LONGEST_CUT: usize = 40;

/// The index of the right list.
///
/// Inside, rows go by their place in `order`, so that nothing depends on the order in which they came.
pub struct NameIndex {
    order: Vec<u32>,
    starts: Vec<u32>,
    rows: Vec<u32>,
    totals: Vec<f32>,
    compact: Vec<(u64, u32)>,
    initials: FxHashMap<Box<[u8]>, Vec<u32>>,
    /// For words of the left list: words of the right list to look up as well, with their likeness.
    detours: FxHashMap<u32, Box<[(u32, f32)]>>,
}

/// Room for one search, to be used again.
pub struct Scratch {
    scores: Vec<f32>,
    touched: Vec<u32>,
}

impl Scratch {
    /// Room for a right list of that many rows.
    #[must_use]
    pub fn new(rows: usize) -> Self {
        Self { scores: vec![0.0; rows], touched: Vec::new() }
    }
}

fn countable(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl NameIndex {
    /// Builds the index for names of one vocabulary. `order` is an order of the right rows that does not depend on how they
    /// came.
    #[must_use]
    pub fn new(left: &[Name], right: &[Name], words: &Vocabulary, order: Vec<u32>) -> Self {
        let known = |list: &[u32], id: u32| list[id as usize] > 0;
        let joined: Vec<u32> =
            (0..countable(words.count())).filter(|&id| known(&words.right, id) && !known(&words.left, id)).collect();
        let cut_right: FxHashMap<u32, Box<[u32]>> =
            joined.par_iter().filter_map(|&id| Some((id, cut(words, id, &words.left)?))).collect();
        let right: Vec<&Name> = order.iter().map(|&row| &right[row as usize]).collect();
        let (starts, rows) = postings(&right, words.count(), &cut_right);
        let totals = right.par_iter().map(|n| n.tokens.iter().map(|t| weight(*t)).sum()).collect();
        let mut compact: Vec<(u64, u32)> =
            (0u32..).zip(&right).filter(|(_, n)| n.compact != 0).map(|(i, n)| (n.compact, i)).collect();
        compact.par_sort_unstable();
        let mut initials: FxHashMap<Box<[u8]>, Vec<u32>> = FxHashMap::default();
        for (i, name) in (0u32..).zip(&right) {
            if let Some(key) = initials_of(name, words) {
                initials.entry(key).or_default().push(i);
            }
        }
        let detours = detours(left, words);
        Self { order, starts, rows, totals, compact, initials, detours }
    }

    fn of(&self, id: u32) -> &[u32] {
        let i = id as usize;
        if i + 1 >= self.starts.len() { &[] } else { &self.rows[self.starts[i] as usize..self.starts[i + 1] as usize] }
    }

    /// Rows of the right list worth comparing with this name, best first.
    pub fn find(&self, name: &Name, words: &Vocabulary, scratch: &mut Scratch) -> Vec<u32> {
        let mut keys: Vec<(u32, f32)> = Vec::with_capacity(16);
        for token in &name.tokens {
            let bits = weight(*token);
            keys.push((token.id, bits));
            if let Some(more) = self.detours.get(&token.id) {
                keys.extend(more.iter().map(|&(id, likeness)| (id, bits * likeness)));
            }
        }
        keys.sort_by(|a, b| {
            self.of(a.0)
                .len()
                .cmp(&self.of(b.0).len())
                .then(b.1.total_cmp(&a.1))
                .then_with(|| words.text(a.0).cmp(words.text(b.0)))
        });
        let mut visited = 0;
        for (id, bits) in keys {
            let list = self.of(id);
            if visited > ENOUGH_POSTINGS || (visited > 0 && visited + list.len() > MOST_POSTINGS) {
                break;
            }
            visited += list.len();
            for &row in list.iter().take(MOST_POSTINGS) {
                add(scratch, row, bits);
            }
        }
        for &(_, row) in self.same_compact(name.compact) {
            add(scratch, row, 50.0);
        }
        self.by_initials(name, words, scratch);
        self.best(scratch)
    }

    fn same_compact(&self, hash: u64) -> &[(u64, u32)] {
        let from = self.compact.partition_point(|e| e.0 < hash);
        let to = from + self.compact[from..].partition_point(|e| e.0 == hash);
        if hash == 0 { &[] } else { &self.compact[from..(from + 200).min(to)] }
    }

    fn by_initials(&self, name: &Name, words: &Vocabulary, scratch: &mut Scratch) {
        let short = |t: &&Token| t.class == Class::Word && (3..=6).contains(&words.text(t.id).len());
        for token in name.tokens.iter().filter(short) {
            let rows = self.initials.get(words.text(token.id).as_bytes());
            for &row in rows.into_iter().flatten().take(100) {
                add(scratch, row, 5.0);
            }
        }
        if let Some(id) = initials_of(name, words).and_then(|key| words.find(std::str::from_utf8(&key).ok()?)) {
            for &row in self.of(id).iter().take(100) {
                add(scratch, row, 5.0);
            }
        }
    }

    /// The best rows found; the room is left clean.
    fn best(&self, scratch: &mut Scratch) -> Vec<u32> {
        let mut found: Vec<(f32, u32)> = scratch
            .touched
            .drain(..)
            .map(|row| {
                let score = std::mem::take(&mut scratch.scores[row as usize]);
                (score - 0.25 * (self.totals[row as usize] - score).max(0.0), row)
            })
            .collect();
        let order = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if found.len() > MOST_FOUND {
            found.select_nth_unstable_by(MOST_FOUND, order);
            found.truncate(MOST_FOUND);
        }
        found.sort_unstable_by(order);
        let least = found.first().map_or(0.0, |best| best.0 * WORTH);
        let worth = found.iter().take_while(|f| f.0 >= least).count();
        found.truncate(worth.max(ALWAYS_FOUND));
        found.into_iter().map(|(_, place)| self.order[place as usize]).collect()
    }
}

fn add(scratch: &mut Scratch, row: u32, bits: f32) {
    let score = &mut scratch.scores[row as usize];
    if *score == 0.0 {
        scratch.touched.push(row);
    }
    *score += bits;
}

fn weight(token: Token) -> f32 {
    let factor = match token.class {
        Class::Word | Class::Number => 1.0,
        Class::Code => 0.5,
        Class::Qualifier | Class::Initials => 0.4,
        Class::Joining => 0.02,
    };
    factor * token.bits
}

/// Rows by word, one after the other; words that were cut count as their parts as well.
fn postings(right: &[&Name], words: usize, cut: &FxHashMap<u32, Box<[u32]>>) -> (Vec<u32>, Vec<u32>) {
    let each = |name: &Name, put: &mut dyn FnMut(u32)| {
        for token in name.tokens.iter().filter(|t| t.class != Class::Joining) {
            put(token.id);
            for &part in cut.get(&token.id).into_iter().flatten() {
                put(part);
            }
        }
    };
    let mut starts = vec![0u32; words + 1];
    for name in right {
        each(name, &mut |id| starts[id as usize + 1] += 1);
    }
    for i in 1..starts.len() {
        starts[i] += starts[i - 1];
    }
    let mut next = starts.clone();
    let mut rows = vec![0u32; starts[words] as usize];
    for (row, name) in (0u32..).zip(right) {
        each(name, &mut |id| {
            rows[next[id as usize] as usize] = row;
            next[id as usize] += 1;
        });
    }
    (starts, rows)
}

/// First letters of the words of a name of three to six words.
fn initials_of(name: &Name, words: &Vocabulary) -> Option<Box<[u8]>> {
    let counted = |t: &&Token| t.class == Class::Word;
    let letters: Vec<u8> = name.tokens.iter().filter(counted).map(|t| words.text(t.id).as_bytes()[0]).collect();
    (3..=6).contains(&letters.len()).then(|| letters.into())
}

/// The word as a row of words that the other list (`counts`) has, the fewest parts possible; `None` when it has no such
/// reading.
fn cut(words: &Vocabulary, id: u32, counts: &[u32]) -> Option<Box<[u32]>> {
    let text = words.text(id);
    if !(6..=LONGEST_CUT).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_lowercase()) {
        return None;
    }
    // best[i]: (cost, start of the last part, its number) of the cheapest reading of the first i letters.
    let mut best: Vec<Option<(f32, usize, u32)>> = vec![None; text.len() + 1];
    best[0] = Some((0.0, 0, 0));
    for to in 3..=text.len() {
        for from in 0..=to - 3 {
            let Some((cost, ..)) = best[from] else { continue };
            let part = &text[from..to];
            // A legal form that ran into the name is none of the lists' words; the name before it is a part by itself.
            if to == text.len() && from >= 3 && WORDS.is_legal_form(part) {
                if let Some((cost, ..)) = best[from]
                    && best[to].is_none_or(|b| cost + 6.0 < b.0)
                {
                    best[to] = Some((cost + 6.0, from, id));
                }
                continue;
            }
            let known = words.find(part).or_else(|| words.find(&WORDS.canonical(part)));
            let Some(part_id) = known.filter(|&p| counts[p as usize] > 0 && p != id) else { continue };
            let cost = cost + 12.0 + 0.2 * words.bits(part_id) - 2.0 * f32::from(u8::from(part.len() > 4));
            if best[to].is_none_or(|b| cost < b.0) {
                best[to] = Some((cost, from, part_id));
            }
        }
    }
    let mut parts = Vec::new();
    let mut at = text.len();
    while at > 0 {
        let (_, from, part) = best[at]?;
        parts.push(part);
        at = from;
    }
    if parts.len() < 2 {
        return None;
    }
    parts.retain(|&part| part != id);
    Some(parts.into())
}

/// For each word of the left list that the right list hardly has: what else to look up.
fn detours(left: &[Name], words: &Vocabulary) -> FxHashMap<u32, Box<[(u32, f32)]>> {
    let neighbours = Neighbours::new(words);
    let shortened = Shortened::new(words);
    let mut wanted = vec![false; words.count()];
    for token in left.iter().flat_map(|n| &n.tokens).filter(|t| matches!(t.class, Class::Word | Class::Qualifier)) {
        wanted[token.id as usize] = true;
    }
    (0..countable(words.count()))
        .into_par_iter()
        .filter(|&id| wanted[id as usize] && words.right[id as usize] < 4 && words.text(id).len() >= 4)
        .filter_map(|id| {
            let mut more = neighbours.of(words, id);
            if words.right[id as usize] == 0 {
                more.extend(shortened.of(words, id));
                more.extend(cut(words, id, &words.right).iter().flat_map(|parts| parts.iter().map(|&p| (p, 0.9))));
            }
            (!more.is_empty()).then(|| (id, more.into()))
        })
        .collect()
}

/// Words of the right list by what remains when a letter falls out.
struct Neighbours {
    keys: Vec<(u32, u32)>,
}

impl Neighbours {
    fn new(words: &Vocabulary) -> Self {
        let mut keys: Vec<(u32, u32)> = (0..countable(words.count()))
            .into_par_iter()
            .filter(|&id| words.right[id as usize] > 0 && words.right[id as usize] < 2000)
            .flat_map_iter(|id| deletions(words.text(id)).map(move |key| (key, id)))
            .collect();
        keys.par_sort_unstable();
        Self { keys }
    }

    fn of(&self, words: &Vocabulary, id: u32) -> Vec<(u32, f32)> {
        let text = words.text(id);
        let mut found: Vec<(u32, f32)> = Vec::new();
        for key in deletions(text) {
            let from = self.keys.partition_point(|e| e.0 < key);
            for &(_, other) in self.keys[from..].iter().take_while(|e| e.0 == key).take(40) {
                if other != id
                    && !found.iter().any(|f| f.0 == other)
                    && let Some((likeness, _)) = alike(text, words.text(other))
                {
                    found.push((other, likeness));
                }
            }
        }
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| words.text(a.0).cmp(words.text(b.0))));
        found.truncate(6);
        found
    }
}

/// Words of the right list in order, to find those that begin with an abbreviation and those that are one.
struct Shortened<'a> {
    sorted: Vec<(&'a str, u32)>,
}

impl<'a> Shortened<'a> {
    fn new(words: &'a Vocabulary) -> Self {
        let right = (0..countable(words.count())).filter(|&id| words.right[id as usize] > 0);
        let mut sorted: Vec<(&str, u32)> =
            right.map(|id| (words.text(id), id)).filter(|(text, _)| text.len() >= 3).collect();
        sorted.par_sort_unstable();
        Self { sorted }
    }

    /// A few words that the word begins, and words that begin the word. An abbreviation that fits many says nothing.
    fn of(&self, words: &Vocabulary, id: u32) -> Vec<(u32, f32)> {
        let text = words.text(id);
        if text.len() < 3 || !text.bytes().all(|b| b.is_ascii_lowercase()) {
            return Vec::new();
        }
        let from = self.sorted.partition_point(|e| e.0 <= text);
        let longer = self.sorted[from..].iter().take(MOST_LONGER + 1).take_while(|e| e.0.starts_with(text));
        let mut found: Vec<(u32, f32)> = longer.map(|e| (e.1, 0.6)).collect();
        if found.len() > MOST_LONGER {
            found.clear();
        }
        let shorter = (3..text.len().saturating_sub(1)).filter_map(|end| words.find(&text[..end]));
        found.extend(shorter.filter(|&short| words.right[short as usize] > 0).map(|short| (short, 0.6)));
        found
    }
}

/// Hashes of the word and of the word without each of its letters; nothing for short words and for numbers.
fn deletions(text: &str) -> impl Iterator<Item = u32> + '_ {
    let bytes = text.as_bytes();
    let fit = (4..=24).contains(&bytes.len()) && !bytes.iter().any(u8::is_ascii_digit);
    let count = if fit { bytes.len() + 1 } else { 0 };
    (0..count).map(move |skip| {
        let mut hasher = FxHasher::default();
        bytes.iter().enumerate().filter(|(i, _)| *i != skip).for_each(|(_, &b)| hasher.write_u8(b));
        #[expect(clippy::cast_possible_truncation, reason = "half of a hash is a hash")]
        let key = (hasher.finish() >> 20) as u32;
        key
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(left: &str, right: &[&str]) -> Vec<u32> {
        let (words, l, r) = Vocabulary::read(&[left], right);
        NameIndex::new(&l, &r, &words, (0..countable(right.len())).collect()).find(
            &l[0],
            &words,
            &mut Scratch::new(right.len()),
        )
    }

    #[test]
    fn differences_of_writing_do_not_hide_a_name() {
        let right = ["North 301 Solar", "Washington Trust Bancorp", "Northern Oil", "New York Power Authority", "Zeta"];
        for (left, row) in
            [("NORTH301SOLAR", 0), ("WashingtonTrustBancorp", 1), ("Northhern Oil", 2), ("NYPA", 3), ("zeta inc", 4)]
        {
            assert_eq!(found(left, &right).first(), Some(&row), "{left}");
        }
        assert!(found("", &right).is_empty());
    }
}
