//! Serial numbers in one comparable form.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A serial number without what people and programs add to it: upper case, only letters and digits of any script.
/// Whether it identifies anything is the business of [`super::JunkList`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Serial(Box<str>);

impl Serial {
    /// The comparable form; `None` when nothing is left or the text is too long to be a serial (64 characters).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 256 {
            return None;
        }
        let kept: String = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
        (!kept.is_empty() && kept.chars().count() <= 64).then(|| Self(kept.into()))
    }

    /// The comparable form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_and_case_do_not_count() {
        assert_eq!(Serial::parse(" vmware-37 f1 "), Serial::parse("VMWARE-37F1"));
        assert_eq!(Serial::parse("--"), None);
    }
}
