//! What decisions by hand leave behind: rules that a person can read, list and remove. Nothing else is learnt.

use super::{Actor, FlowId, RecordId, Stream, Timestamp};
use serde::{Deserialize, Serialize};

/// Number of a rule, increasing over the life of a home.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleId(pub u64);

/// What a rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleKind {
    /// The two names mean one company.
    Alias,
    /// Every name that begins so means one company.
    Prefix,
    /// The two records are not each other's counterpart, whatever speaks for it.
    Refusal,
    /// New devices of this type import by themselves after each sync.
    AutoSync,
    /// The record's mapping stays, and nothing of it follows while this stands.
    Paused,
}

/// A rule that a decision left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its number.
    pub id: RuleId,
    /// What it says.
    pub kind: RuleKind,
    /// The flow of the decision.
    pub flow: FlowId,
    /// Of companies it holds in every flow, not only in its own. A refusal of other records speaks of its flow's alone.
    #[serde(default)]
    pub everywhere: bool,
    /// Of which stream.
    pub stream: Stream,
    /// The source record of the decision.
    pub source: RecordId,
    /// Its target.
    pub target: RecordId,
    /// The source's name, or the beginning of names.
    pub left: String,
    /// The target's name.
    pub right: String,
    /// Who decided.
    pub actor: Actor,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: Timestamp,
}

impl Rule {
    /// The rule in words.
    #[must_use]
    pub fn text(&self) -> String {
        match self.kind {
            RuleKind::Alias => format!("“{}” is “{}”", self.left, self.right),
            RuleKind::Prefix => format!("names that begin with “{}” are “{}”", self.left, self.right),
            RuleKind::Refusal => format!("“{}” is not “{}”", self.left, self.right),
            RuleKind::AutoSync => format!("new devices of the type “{}” import by themselves", self.left),
            RuleKind::Paused => format!("“{}” is paused: nothing of it follows", self.left),
        }
    }

    /// Whether it may hold in every flow: only of companies, whose names mean the same elsewhere.
    #[must_use]
    pub fn may_hold_everywhere(&self) -> bool {
        self.stream == Stream::Companies && matches!(self.kind, RuleKind::Alias | RuleKind::Prefix | RuleKind::Refusal)
    }
}

/// What an action did to one rule; `before` is its inverse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleChange {
    /// Which rule.
    pub id: RuleId,
    /// The rule before, if there was one.
    pub before: Option<Rule>,
    /// The rule after, if there is one.
    pub after: Option<Rule>,
}

impl RuleChange {
    /// A rule that was not there.
    #[must_use]
    pub fn adds(rule: Rule) -> Self {
        Self { id: rule.id, before: None, after: Some(rule) }
    }

    /// A rule that goes.
    #[must_use]
    pub fn removes(rule: Rule) -> Self {
        Self { id: rule.id, before: Some(rule), after: None }
    }

    /// What takes the change back.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self { id: self.id, before: self.after.clone(), after: self.before.clone() }
    }
}
