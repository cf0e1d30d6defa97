//! Finding text as a person types it: case, diacritics and scripts do not matter.

use any_ascii::any_ascii;

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub struct Needle(Vec<u8>);

impl Needle {
    /// Folds what was typed.
    pub fn new(typed: &str) -> Self {
        Self(any_ascii(typed.trim()).to_ascii_lowercase().into_bytes())
    }

    /// Nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whatever contains this contains the other, too.
    pub fn contains(&self, other: &Self) -> bool {
        contains(&self.0, &other.0)
    }

    /// Whether the text contains it. No allocation for plain ASCII, which nearly all names are.
    pub fn is_in(&self, text: &str) -> bool {
        if text.is_ascii() { contains(text.as_bytes(), &self.0) } else { contains(any_ascii(text).as_bytes(), &self.0) }
    }
}

fn contains(text: &[u8], needle: &[u8]) -> bool {
    let Some(&first) = needle.first() else { return true };
    let upper = first.to_ascii_uppercase();
    text.len() >= needle.len()
        && text[..=text.len() - needle.len()].iter().enumerate().any(|(at, &byte)| {
            (byte == first || byte == upper) && text[at..at + needle.len()].eq_ignore_ascii_case(needle)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_diacritics_and_scripts_do_not_matter() {
        for (typed, text) in
            [("muller", "Müller GmbH"), ("MÜLLER", "muller"), ("acme", "The ACME"), ("", "x"), ("mosk", "Москва")]
        {
            assert!(Needle::new(typed).is_in(text), "{typed} in {text}");
        }
        assert!(!Needle::new("acmee").is_in("acme"));
    }
}
