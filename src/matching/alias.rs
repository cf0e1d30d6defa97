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
}

impl Alias {
    /// The rule that a decision leaves; `None` when there is nothing to learn: the names compare equal anyway, or one of
    /// them is empty.
    #[must_use]
    pub fn learn(left: &str, right: &str, same: bool) -> Option<Self> {
        let (left, right) = (comparable(left), comparable(right));
        (!left.is_empty() && !right.is_empty() && left != right).then_some(Self { left, right, same })
    }

    /// True when the rule speaks of these two names, in either order.
    #[must_use]
    pub fn applies(&self, left: &str, right: &str) -> bool {
        let (left, right) = (comparable(left), comparable(right));
        (self.left == left && self.right == right) || (self.left == right && self.right == left)
    }
}

impl fmt::Display for Alias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.same { "is" } else { "is not" };
        write!(f, "“{}” {verb} “{}”", self.left, self.right)
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
}
