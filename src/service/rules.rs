//! What decisions by hand teach, as rules that can be read and taken away; and what the rules mean to an engine.
//!
//! A match that a person accepts leaves the alias of the two names, where they differ. A match to another record than the
//! proposed one, and a match of the engine that a person takes back, leave the refusal of that pair. Bulk acceptance by
//! confidence teaches nothing: nobody looked at its rows.

use super::decide::By;
use super::messages::{Alike, DecideAction, Selection};
use super::rows::FlowState;
use super::views::{self, Sides};
use crate::domain::{
    Actor, Decision, DecisionKind, FlowId, RecordId, RowChange, Rule, RuleChange, RuleId, RuleKind, Stream, Timestamp,
    Verdict, text,
};
use crate::matching::{Alias, Known, alias::comparable};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// A rule that a decision by hand left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleView {
    /// Its number.
    pub id: RuleId,
    /// What it says.
    pub kind: RuleKind,
    /// The same in words.
    pub text: String,
    /// The flow of the decision.
    pub flow: FlowId,
    /// It holds in every flow.
    pub everywhere: bool,
    /// Of which stream.
    pub stream: Stream,
    /// The decision's source record.
    pub source: RecordId,
    /// The decision's target.
    pub target: RecordId,
    /// Who decided.
    pub who: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: Timestamp,
}

/// Every rule of a home.
#[derive(Clone, Debug, Default)]
pub struct RuleBook {
    rules: BTreeMap<RuleId, Held>,
    last: u64,
}

/// A rule with its names as they are compared.
#[derive(Clone, Debug)]
struct Held {
    rule: Rule,
    names: Option<Alias>,
}

impl Held {
    fn new(rule: Rule) -> Self {
        let names = rule.may_hold_everywhere();
        let alias = || match rule.kind {
            RuleKind::Prefix => Alias::beginning(&rule.left, &rule.right),
            kind => Alias {
                left: comparable(&rule.left),
                right: comparable(&rule.right),
                same: kind == RuleKind::Alias,
                begins: false,
            },
        };
        Self { names: names.then(alias), rule }
    }

    fn is_in(&self, flow: &FlowId) -> bool {
        self.rule.everywhere || self.rule.flow == *flow
    }
}

impl RuleBook {
    /// The rules of a store, and the last number that was ever given.
    pub fn new(rules: Vec<Rule>, last: u64) -> Self {
        let last = rules.iter().map(|r| r.id.0).max().unwrap_or(0).max(last);
        Self { rules: rules.into_iter().map(|r| (r.id, Held::new(r))).collect(), last }
    }

    /// One rule.
    pub fn get(&self, id: RuleId) -> Option<&Rule> {
        self.rules.get(&id).map(|held| &held.rule)
    }

    /// Rules that hold in a flow (all when `None`), newest first.
    pub fn of<'a>(&'a self, flow: Option<&'a FlowId>) -> impl Iterator<Item = &'a Rule> {
        let held = self.rules.values().rev().filter(move |held| flow.is_none_or(|flow| held.is_in(flow)));
        held.map(|held| &held.rule)
    }

    /// Puts changes in; says in which flows something changed (`None`: in all).
    pub fn apply(&mut self, changes: &[RuleChange]) {
        for change in changes {
            self.last = self.last.max(change.id.0);
            match &change.after {
                Some(rule) => drop(self.rules.insert(change.id, Held::new(rule.clone()))),
                None => drop(self.rules.remove(&change.id)),
            }
        }
    }

    /// What takes changes back, where the rules are still as the changes left them; and how many are not.
    pub fn inverse(&self, changes: &[RuleChange]) -> (Vec<RuleChange>, u64) {
        let (same, other): (Vec<_>, Vec<_>) =
            changes.iter().partition(|change| self.get(change.id) == change.after.as_ref());
        (same.into_iter().map(RuleChange::inverse).collect(), other.len() as u64)
    }

    /// Puts the rules of a flow into what its engine is told; refusals and aliases are nothing but these.
    pub fn teach(&self, flow: &FlowId, known: &mut Known) {
        known.refused_companies.clear();
        known.refused_devices.clear();
        known.aliases.clear();
        // A flow's own rules come last, so that they have the last word.
        for own in [false, true] {
            for held in self.rules.values().filter(|held| held.is_in(flow) && (held.rule.flow == *flow) == own) {
                teach_one(held, own, known);
            }
        }
    }

    /// Pairs of a stream that somebody refused in a flow.
    pub fn refusals(&self, flow: &FlowId, stream: Stream) -> HashSet<(RecordId, RecordId)> {
        let rules = self.rules.values().map(|held| &held.rule);
        let refusals = rules.filter(|r| r.kind == RuleKind::Refusal && r.flow == *flow && r.stream == stream);
        refusals.map(|rule| (rule.source.clone(), rule.target.clone())).collect()
    }

    /// Records of a flow's stream that a rule of that kind names.
    pub fn named<'a>(&'a self, kind: RuleKind, flow: &'a FlowId) -> impl Iterator<Item = &'a Rule> {
        let rules = self.rules.values().map(|held| &held.rule);
        rules.filter(move |rule| rule.kind == kind && rule.flow == *flow)
    }

    /// The number that the next rule gets.
    pub fn next(&self) -> RuleId {
        RuleId(self.last + 1)
    }

    fn knows(&self, flow: &FlowId, names: &Alias) -> bool {
        self.rules.values().any(|held| held.is_in(flow) && held.names.as_ref().is_some_and(|own| is_same(own, names)))
    }

    fn pair(&self, kind: RuleKind, of: &Pair<'_>) -> Option<&Rule> {
        self.rules.values().map(|held| &held.rule).find(|rule| {
            rule.kind == kind
                && rule.flow == *of.flow
                && rule.stream == of.stream
                && rule.source == *of.source
                && rule.target == *of.target
        })
    }
}

/// Both say that the same two names are one, in either order.
fn is_same(a: &Alias, b: &Alias) -> bool {
    let equal = |left: &str, right: &str| a.left == left && a.right == right;
    match (a.begins, b.begins) {
        (true, true) => a.left.eq_ignore_ascii_case(&b.left) && a.right == b.right,
        (false, false) => a.same && b.same && (equal(&b.left, &b.right) || equal(&b.right, &b.left)),
        _ => false,
    }
}

fn teach_one(held: &Held, own: bool, known: &mut Known) {
    let rule = &held.rule;
    let pair = (rule.source.clone(), rule.target.clone());
    match (rule.kind, rule.stream) {
        (RuleKind::Refusal, Stream::Companies) if own => drop(known.refused_companies.insert(pair)),
        (RuleKind::Refusal, Stream::Devices) => drop(known.refused_devices.insert(pair)),
        _ => known.aliases.extend(held.names.clone()),
    }
}

/// A row and a target.
struct Pair<'a> {
    flow: &'a FlowId,
    stream: Stream,
    source: &'a RecordId,
    target: &'a RecordId,
}

/// How the names of the rows begin, where all are matched with one target because of that.
pub fn beginning<'a>(action: &DecideAction, rows: &'a Selection) -> Option<&'a str> {
    match (action, rows) {
        (DecideAction::Match { .. }, Selection::Shown { view, .. }) => match &view.alike {
            Some(Alike::Prefix(prefix)) => Some(prefix),
            _ => None,
        },
        _ => None,
    }
}

/// What a person's decisions teach: the rules that they leave, and those that they contradict. Rows that were matched
/// with one target because of how their names begin leave one rule, of that beginning.
pub fn learn(
    book: &RuleBook,
    state: &FlowState,
    sides: Sides<'_>,
    (stream, beginning): (Stream, Option<&str>),
    changes: &[RowChange],
    by: &By,
) -> Vec<RuleChange> {
    // Types are few and mapped by their names: nothing is learnt from them.
    if !matches!(by.actor, Actor::Person(_)) || stream == Stream::DeviceTypes {
        return Vec::new();
    }
    let mut lesson =
        Lesson { book, state, sides, stream, by, next: book.last + 1, changes: Vec::new(), aliases: Vec::new() };
    let beginning = beginning.filter(|_| stream == Stream::Companies);
    for change in changes {
        lesson.row(change, beginning.is_none());
    }
    if let (Some(prefix), Some(first)) = (beginning, changes.first()) {
        lesson.beginning(prefix, first);
    }
    lesson.changes
}

struct Lesson<'a> {
    book: &'a RuleBook,
    state: &'a FlowState,
    sides: Sides<'a>,
    stream: Stream,
    by: &'a By,
    next: u64,
    changes: Vec<RuleChange>,
    /// Aliases among them.
    aliases: Vec<Alias>,
}

impl Lesson<'_> {
    fn row(&mut self, change: &RowChange, names: bool) {
        let before = change.before.as_ref().and_then(matched);
        let after = change.after.as_ref().and_then(matched);
        let held = matches!(change.after.as_ref().map(|d| &d.kind), Some(DecisionKind::Held));
        if let (Some((target, actor)), true) = (before, after.is_some() || held) {
            match actor {
                // What the engine matched, the person refuses.
                Actor::Engine | Actor::QuickMatch(_) => self.refuse(&change.source, target),
                // What a person matched, nobody stands behind any more.
                Actor::Person(_) => self.forget(RuleKind::Alias, &change.source, target),
            }
        }
        let Some((target, _)) = after else { return };
        self.forget(RuleKind::Refusal, &change.source, target);
        if let Some(other) = self.proposed(&change.source).filter(|other| before.is_none() && other != target) {
            self.refuse(&change.source, &other);
        }
        if names {
            self.name(&change.source, target);
        }
    }

    /// The rule of a beginning, which the first of its rows stands for.
    fn beginning(&mut self, prefix: &str, first: &RowChange) {
        let Some((target, _)) = first.after.as_ref().and_then(matched) else { return };
        let Some((_, right)) = self.names(&first.source, target) else { return };
        let alias = Alias::beginning(prefix, &right);
        if !alias.right.is_empty() && !self.book.knows(&self.state.flow.id, &alias) {
            self.add(RuleKind::Prefix, (&first.source, target), (prefix.to_owned(), right));
        }
    }

    /// What the row shows as its candidate.
    fn proposed(&self, source: &RecordId) -> Option<RecordId> {
        let at = views::position(self.sides.source, self.stream, source)?;
        let row = self.state.queue(self.stream)?.rows.get(at).filter(|row| row.verdict != Verdict::None)?;
        row.best.as_ref().map(|(target, _)| target.clone())
    }

    fn names(&self, source: &RecordId, target: &RecordId) -> Option<(String, String)> {
        let left = self.sides.source.facts(self.stream, source)?.name().to_owned();
        let right = self.sides.target.facts(self.stream, target)?.name().to_owned();
        Some((left, right))
    }

    fn refuse(&mut self, source: &RecordId, target: &RecordId) {
        let pair = Pair { flow: &self.state.flow.id, stream: self.stream, source, target };
        let known = self.book.pair(RuleKind::Refusal, &pair).is_some();
        if let (false, Some(names)) = (known, self.names(source, target)) {
            self.add(RuleKind::Refusal, (source, target), names);
        }
    }

    fn name(&mut self, source: &RecordId, target: &RecordId) {
        let Some((left, right)) = self.names(source, target).filter(|_| self.stream == Stream::Companies) else {
            return;
        };
        let Some(alias) = Alias::learn(&left, &right, true) else { return };
        let known = self.book.knows(&self.state.flow.id, &alias) || self.aliases.iter().any(|own| is_same(own, &alias));
        if !known {
            self.aliases.push(alias);
            self.add(RuleKind::Alias, (source, target), (left, right));
        }
    }

    fn add(&mut self, kind: RuleKind, (source, target): (&RecordId, &RecordId), (left, right): (String, String)) {
        let rule = Rule {
            id: RuleId(self.next),
            kind,
            flow: self.state.flow.id.clone(),
            everywhere: false,
            stream: self.stream,
            source: source.clone(),
            target: target.clone(),
            left,
            right,
            actor: self.by.actor.clone(),
            at: self.by.at,
        };
        self.next += 1;
        self.changes.push(RuleChange::adds(rule));
    }

    fn forget(&mut self, kind: RuleKind, source: &RecordId, target: &RecordId) {
        let pair = Pair { flow: &self.state.flow.id, stream: self.stream, source, target };
        if let Some(rule) = self.book.pair(kind, &pair) {
            self.changes.push(RuleChange::removes(rule.clone()));
        }
    }
}

fn matched(decision: &Decision) -> Option<(&RecordId, &Actor)> {
    match &decision.kind {
        DecisionKind::Matched { target } => Some((target, &decision.actor)),
        _ => None,
    }
}

/// What an action did to rules, for the line that a person reads; empty when nothing.
pub fn described(changes: &[RuleChange]) -> String {
    let (learnt, gone): (Vec<_>, Vec<_>) = changes.iter().partition(|change| change.before.is_none());
    let say = |verb: &str, list: &[&RuleChange]| match list {
        [] => None,
        [one] => one.after.as_ref().or(one.before.as_ref()).map(|rule| format!("{verb}: {}", rule.text())),
        many => Some(format!("{verb}: {} rules", many.len())),
    };
    let removed: Vec<&RuleChange> = gone.iter().copied().filter(|c| c.after.is_none()).collect();
    let parts: Vec<String> = [say("learnt", &learnt), say("forgot", &removed)].into_iter().flatten().collect();
    text::clean(&parts.join(", ")).into_owned()
}

/// A rule as a list shows it.
pub fn view(rule: &Rule) -> RuleView {
    let clean = |text: &str| text::clean(text).into_owned();
    RuleView {
        id: rule.id,
        kind: rule.kind,
        text: clean(&rule.text()),
        flow: rule.flow.clone(),
        everywhere: rule.everywhere,
        stream: rule.stream,
        source: rule.source.clone(),
        target: rule.target.clone(),
        who: super::compare::who(&rule.actor),
        at: rule.at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::{CompanyFacts, Problem, Settings, solve};

    fn book(kind: RuleKind, everywhere: bool) -> RuleBook {
        let rule = Rule {
            id: RuleId(1),
            kind,
            flow: "rmm-to-docs".into(),
            everywhere,
            stream: Stream::Companies,
            source: "P1".into(),
            target: "D1".into(),
            left: "Zenith Law LLP".into(),
            right: "Quarry Lane Dental".into(),
            actor: Actor::Person("kim".into()),
            at: Timestamp::UNIX_EPOCH,
        };
        RuleBook::new(vec![rule], 1)
    }

    /// The best target of the first name in a flow, with how sure it is.
    fn best(book: &RuleBook, flow: &str, right: &[&str]) -> Option<(usize, f32)> {
        let mut known = Known::default();
        book.teach(&flow.into(), &mut known);
        let left = [CompanyFacts::new("1", "zenith law")];
        let right: Vec<CompanyFacts> =
            right.iter().enumerate().map(|(i, name)| CompanyFacts::new(i.to_string(), *name)).collect();
        let settings = Settings::default();
        let problem = Problem {
            left_companies: &left,
            right_companies: &right,
            left_devices: &[],
            right_devices: &[],
            known: &known,
            settings: &settings,
        };
        let found = solve(&problem).companies.remove(0).candidates;
        let best = found.first().filter(|c| c.confidence.get() > 0.5)?;
        Some((best.target.as_str().parse().ok()?, best.confidence.get()))
    }

    #[test]
    fn a_rule_holds_in_other_flows_when_that_was_asked() {
        let names = ["Harbor Foods", "QUARRY LANE DENTAL INC"];
        assert_eq!(best(&book(RuleKind::Alias, false), "psa-to-docs", &names), None);
        assert_eq!(best(&book(RuleKind::Alias, false), "rmm-to-docs", &names).map(|b| b.0), Some(1));
        // Other systems have other ids: the rule speaks of the names.
        assert_eq!(best(&book(RuleKind::Alias, true), "psa-to-docs", &names).map(|b| b.0), Some(1));
        let same = ["Zenith Law", "Quarry Lane Dental"];
        assert_eq!(best(&book(RuleKind::Alias, true), "psa-to-docs", &same).map(|b| b.0), Some(1));
    }

    #[test]
    fn a_refusal_applied_everywhere_speaks_of_names_in_other_flows() {
        let names = ["Quarry Lane Dental"];
        let mut known = Known::default();
        book(RuleKind::Refusal, true).teach(&"psa-to-docs".into(), &mut known);
        assert!(known.refused_companies.is_empty() && known.aliases.iter().all(|alias| !alias.same));
        assert_eq!(best(&book(RuleKind::Refusal, true), "psa-to-docs", &names), None);
    }
}
