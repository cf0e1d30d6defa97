//! The word lists of `assets/matching/words.toml` in the form that parsing needs.
//!
//! Owns general knowledge (legal forms, abbreviations, joining words). Refuses names of companies.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use std::borrow::Cow;
use std::sync::LazyLock;

/// The lists as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WordFile {
    legal_forms: Vec<Vec<String>>,
    native_legal_forms: Vec<String>,
    joining: Vec<String>,
    share_classes: Vec<String>,
    branches: Vec<String>,
    common: Vec<String>,
    abbreviations: FxHashMap<String, String>,
}

/// What a phrase of several words stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhraseKind {
    /// A legal form, by its group's number.
    Legal(u8),
    /// A class of shares.
    Share,
}

/// A phrase: its words and what it stands for.
pub struct Phrase {
    /// Its words.
    pub words: Vec<Box<str>>,
    /// What it stands for.
    pub kind: PhraseKind,
}

/// The lists, ready for look-up.
pub struct Words {
    /// First word → phrases that start with it, longest first.
    pub phrases: FxHashMap<Box<str>, Vec<Phrase>>,
    /// Legal forms in scripts without spaces.
    pub native_legal_forms: Vec<String>,
    joining: FxHashSet<Box<str>>,
    branches: FxHashSet<Box<str>>,
    common: FxHashSet<Box<str>>,
    abbreviations: FxHashMap<Box<str>, Box<str>>,
}

/// The lists that come with matchbook.
pub static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let file: WordFile = toml::from_str(include_str!("../../../assets/matching/words.toml"))
        .expect("a unit test parses the embedded file");
    Words::new(file)
});

impl Words {
    fn new(file: WordFile) -> Self {
        let boxed = |list: Vec<String>| list.into_iter().map(String::into_boxed_str).collect::<FxHashSet<_>>();
        let abbreviations: FxHashMap<Box<str>, Box<str>> = file
            .abbreviations
            .iter()
            .map(|(short, full)| (short.as_str().into(), Box::from(&*singular(full))))
            .collect();
        let mut phrases: FxHashMap<Box<str>, Vec<Phrase>> = FxHashMap::default();
        let mut add = |text: &str, kind| {
            let words: Vec<Box<str>> = text.split(' ').map(Box::from).collect();
            phrases.entry(words[0].clone()).or_default().push(Phrase { words, kind });
        };
        for (group, forms) in (0u8..).zip(&file.legal_forms) {
            for form in forms {
                add(&joined_initials(form), PhraseKind::Legal(group));
            }
        }
        for phrase in &file.share_classes {
            add(phrase, PhraseKind::Share);
        }
        for list in phrases.values_mut() {
            list.sort_by(|a, b| b.words.len().cmp(&a.words.len()).then_with(|| a.words.cmp(&b.words)));
        }
        Self {
            phrases,
            native_legal_forms: file.native_legal_forms,
            joining: boxed(file.joining),
            branches: boxed(file.branches),
            common: file.common.iter().map(|w| Box::from(&*singular(w))).collect(),
            abbreviations,
        }
    }

    /// A legal form of one word.
    #[must_use]
    pub fn is_legal_form(&self, word: &str) -> bool {
        let is_form = |p: &Phrase| p.words.len() == 1 && matches!(p.kind, PhraseKind::Legal(_));
        self.phrases.get(word).is_some_and(|list| list.iter().any(is_form))
    }

    /// Joins others and says nothing itself.
    #[must_use]
    pub fn is_joining(&self, word: &str) -> bool {
        self.joining.contains(word)
    }

    /// Says which branch or contract, when it stands after a dash.
    #[must_use]
    pub fn is_branch(&self, word: &str) -> bool {
        self.branches.contains(word)
    }

    /// Common in names of organisations (canonical form).
    #[must_use]
    pub fn is_common(&self, word: &str) -> bool {
        self.common.contains(word)
    }

    /// The canonical form of a word: written out, singular.
    #[must_use]
    pub fn canonical<'a>(&'a self, word: &'a str) -> Cow<'a, str> {
        if let Some(full) = self.abbreviations.get(word) {
            return Cow::Borrowed(full);
        }
        let one = singular(word);
        if one == word {
            return one;
        }
        match self.abbreviations.get(&*one) {
            Some(full) => Cow::Borrowed(full),
            None => one,
        }
    }
}

/// `s a de c v` → `sa de cv`: single letters in a row are one word, as parsing makes them.
fn joined_initials(form: &str) -> String {
    let mut out = String::new();
    let mut last_single = false;
    for word in form.split(' ') {
        let single = word.len() == 1;
        if !(out.is_empty() || single && last_single) {
            out.push(' ');
        }
        out.push_str(word);
        last_single = single;
    }
    out
}

/// The word without a plural's ending. Only the commonest English rule: both sides go through it, so that a wrong
/// stem costs nothing but a rare false agreement.
#[must_use]
pub fn singular(word: &str) -> Cow<'_, str> {
    if word.len() < 5 || !word.ends_with('s') || ["ss", "us", "is"].iter().any(|e| word.ends_with(e)) {
        return Cow::Borrowed(word);
    }
    match word.strip_suffix("ies") {
        Some(stem) if stem.len() >= 3 => Cow::Owned(format!("{stem}y")),
        _ => Cow::Borrowed(&word[..word.len() - 1]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_lists_parse_and_groups_fit_a_set() {
        let groups: FxHashSet<u8> = WORDS
            .phrases
            .values()
            .flatten()
            .filter_map(|p| if let PhraseKind::Legal(g) = p.kind { Some(g) } else { None })
            .collect();
        assert!(groups.len() > 40 && groups.iter().all(|g| *g < 64));
    }

    #[test]
    fn abbreviations_and_plurals_share_a_form() {
        for (a, b) in [("intl", "international"), ("svcs", "services"), ("techs", "technologies"), ("holding", "hldgs")]
        {
            assert_eq!(WORDS.canonical(a), WORDS.canonical(b), "{a} {b}");
        }
        assert_ne!(WORDS.canonical("glass"), WORDS.canonical("glas"));
    }
}
