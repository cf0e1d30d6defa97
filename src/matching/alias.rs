//! What people's decisions teach about names, as rules that can be read, listed and removed.
//!
//! A rule speaks of two names as they compare (folded, without legal forms), not of records, so that it applies in other
//! flows too. Nothing else is learnt: no weight changes.

use super::names::parse::{Class, parse};
use serde::{Deserialize, Serialize};
use std::fmt;

/// “This name is (or is not) that one.”
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Alias {
    /// The name on the left, in its comparable form.
    pub left: String,
    /// The name on the right, in its comparable form.
    pub right: String,
    /// They are the same; false when a person refused the pair.
    pub same: bool,
    /// `left` is the beginning of names, as it is written, instead of a whole one in its comparable form.
    #[serde(default)]
    pub begins: bool,
}

impl Alias {
    /// The rule that a decision leaves; `None` when there is nothing to learn: the names compare equal anyway, or one of
    /// them is empty.
    #[must_use]
    pub fn learn(left: &str, right: &str, same: bool) -> Option<Self> {
        let (left, right) = (comparable(left), comparable(right));
        (!left.is_empty() && !right.is_empty() && left != right).then_some(Self { left, right, same, begins: false })
    }

    /// The rule that every name with that beginning means one company.
    #[must_use]
    pub fn beginning(prefix: &str, right: &str) -> Self {
        Self { left: prefix.to_owned(), right: comparable(right), same: true, begins: true }
    }

    /// True when the rule speaks of these two names, in either order.
    #[must_use]
    pub fn applies(&self, left: &str, right: &str) -> bool {
        if self.begins {
            let is = |name: &str, other: &str| begins_with(name, &self.left) && comparable(other) == self.right;
            return is(left, right) || is(right, left);
        }
        let (left, right) = (comparable(left), comparable(right));
        (self.left == left && self.right == right) || (self.left == right && self.right == left)
    }
}

impl fmt::Display for Alias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.same { "is" } else { "is not" };
        let left = if self.begins { "…” " } else { "” " };
        write!(f, "“{}{left}{verb} “{}”", self.left, self.right)
    }
}

/// Whether a name begins so, whatever its case.
#[must_use]
pub fn begins_with(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)) || {
        !name.is_ascii() && name.to_lowercase().starts_with(&prefix.to_lowercase())
    }
}

/// A name as rules write it: its words in their order, folded, without legal forms and joining words.
#[must_use]
pub fn comparable(name: &str) -> String {
    let parsed = parse(name);
    let words = parsed.words.iter().filter(|w| w.class != Class::Joining).map(|w| w.text.as_str());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_learnt_only_where_names_differ() {
        assert_eq!(Alias::learn("Acme, Inc.", "ACME LLC", true), None);
        let rule = Alias::learn("Acme Inc", "Road Runner Holdings", true).unwrap();
        assert!(rule.applies("ACME", "Road Runner Holding"));
        assert!(rule.applies("road runner holdings ltd", "Acme"));
        assert!(!rule.applies("Acme", "Acme"));
        assert_eq!(rule.to_string(), "“acme” is “road runner holding”");
    }

    #[test]
    fn a_rule_of_a_beginning_speaks_of_what_begins_so_and_of_nothing_else() {
        let rule = Alias::beginning("ACME - ", "Road Runner Holdings Ltd");
        assert!(
            rule.applies("Acme - Plant 3", "Road Runner Holding") && rule.applies("Road Runner Holding", "acme - x")
        );
        assert!(!rule.applies("Acme Plant 3", "Road Runner Holding") && !rule.applies("Acme - 3", "Road Runner"));
        assert!(begins_with("test-pc-07", "TEST-PC-") && !begins_with("tes", "TEST-"));
        assert!(begins_with("MÜLLER-1", "Müller-"));
    }
}
