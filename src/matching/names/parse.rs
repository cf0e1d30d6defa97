//! From a name as written to its words: folded to ASCII, split, classed.
//!
//! Owns the reading of one name. Refuses to compare, and to read more than [`LONGEST`] characters of hostile input.

use super::words::{PhraseKind, WORDS};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// Characters of a name that are read; what comes after cannot change a match.
pub const LONGEST: usize = 400;

/// Words of a name that are kept.
pub const MOST_WORDS: usize = 24;

/// What a word is in its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// A word like any other.
    Word,
    /// A number, also a Roman one.
    Number,
    /// A code before the name (`8983 Acme`).
    Code,
    /// Initials before a name, as people have them (`E. C. Gaston`).
    Initials,
    /// In brackets, after a slash, a branch after a dash.
    Qualifier,
    /// Joins others.
    Joining,
}

/// A word of a parsed name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Canonical form.
    pub text: String,
    /// What it is.
    pub class: Class,
    /// It is written as an abbreviation or a plural of its canonical form.
    pub written_otherwise: bool,
}

/// A name's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// In their order, without repeats.
    pub words: Vec<Word>,
    /// Legal forms, as a set of group numbers.
    pub legal: u64,
    /// Words that came again and stand in [`words`](Self::words) once: `Acme Acme Trading` is not `Acme Trading`.
    pub again: Vec<String>,
}

/// A word as it was written.
#[expect(clippy::struct_excessive_bools, reason = "each is where the word stands, and all combinations occur")]
struct Raw {
    text: String,
    /// In brackets or in a part that qualifies.
    qualifies: bool,
    /// The first word after ` - `.
    after_dash: bool,
    /// The first word after `/`.
    after_slash: bool,
    /// Single letters, written apart.
    letters: bool,
}

/// The text in lower-case ASCII, letters of other scripts transliterated, at most [`LONGEST`] characters of it.
#[must_use]
pub fn fold(text: &str) -> Cow<'_, str> {
    folded(text, |composed| Cow::Borrowed(composed))
}

/// The same, with something done to what has letters beyond ASCII, after its legal forms were taken out.
fn folded(text: &str, read: impl Fn(&str) -> Cow<'_, str>) -> Cow<'_, str> {
    let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(i, _)| i);
    let text = &text[..end];
    if text.is_ascii() {
        return if text.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        };
    }
    let mut composed: String = text.nfkc().take(LONGEST * 4).collect();
    for form in &WORDS.native_legal_forms {
        if composed.contains(form.as_str()) {
            composed = composed.replace(form.as_str(), " ");
        }
    }
    let mut ascii = any_ascii::any_ascii(&read(&composed));
    ascii.make_ascii_lowercase();
    Cow::Owned(ascii)
}

/// Chinese characters each as a word of its own: nothing else says where words begin, and a company's place may stand
/// before its name or in brackets behind it.
fn apart(text: &str) -> Cow<'_, str> {
    let is_han = |c: char| matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}');
    if !text.chars().any(is_han) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        if is_han(c) {
            out.extend([' ', c, ' ']);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Reads a name.
#[must_use]
pub fn parse(name: &str) -> Words {
    let folded = folded(name, apart);
    let raw = join_initials(join_prefixes(split(&folded)));
    let mut parsed = class(&raw);
    if !parsed.words.iter().any(|w| matches!(w.class, Class::Word | Class::Number)) {
        rescue(&raw, &mut parsed);
    }
    parsed
}

/// Splits at everything that is not a letter or digit, and between letters and digits.
fn split(text: &str) -> Vec<Raw> {
    let bytes = text.as_bytes();
    let mut out: Vec<Raw> = Vec::new();
    let mut word = String::new();
    let (mut depth, mut dash, mut slash) = (0usize, false, false);
    for (i, &b) in bytes.iter().enumerate() {
        let before = i.checked_sub(1).map_or(b' ', |j| bytes[j]);
        let after = bytes.get(i + 1).copied().unwrap_or(b' ');
        if b.is_ascii_alphanumeric() {
            let turn = word.bytes().last().is_some_and(|l| l.is_ascii_digit() != b.is_ascii_digit());
            if turn && !is_ordinal_tail(&word, &bytes[i..]) {
                push(&mut out, &mut word, depth > 0, &mut dash, &mut slash);
            }
            word.push(b as char);
            continue;
        }
        let apostrophe = matches!(b, b'\'' | b'`')
            || (b == b'?' && after == b's' && !bytes.get(i + 2).is_some_and(u8::is_ascii_alphanumeric));
        if apostrophe && before.is_ascii_alphanumeric() && after.is_ascii_alphabetic() {
            continue;
        }
        push(&mut out, &mut word, depth > 0, &mut dash, &mut slash);
        match b {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'-' if before == b' ' && after == b' ' => dash = true,
            b'/' => slash = true,
            b'+' | b'&' => {
                word.push_str("and");
                push(&mut out, &mut word, depth > 0, &mut dash, &mut slash);
            }
            _ => {}
        }
        if out.len() >= MOST_WORDS * 2 {
            break;
        }
    }
    push(&mut out, &mut word, depth > 0, &mut dash, &mut slash);
    out
}

/// `21st`, `2nd`: the letters belong to the number.
fn is_ordinal_tail(word: &str, rest: &[u8]) -> bool {
    word.bytes().all(|b| b.is_ascii_digit())
        && rest.len() >= 2
        && matches!(&rest[..2], b"st" | b"nd" | b"rd" | b"th")
        && !rest.get(2).is_some_and(u8::is_ascii_alphanumeric)
        || word.len() >= 2
            && word.bytes().last().is_some_and(|b| b.is_ascii_alphabetic())
            && word.bytes().next().is_some_and(|b| b.is_ascii_digit())
}

fn push(out: &mut Vec<Raw>, word: &mut String, qualifies: bool, dash: &mut bool, slash: &mut bool) {
    if word.is_empty() {
        return;
    }
    let text = std::mem::take(word);
    let letters = text.len() == 1 && text.as_bytes()[0].is_ascii_alphabetic();
    out.push(Raw { letters, text, qualifies, after_dash: std::mem::take(dash), after_slash: std::mem::take(slash) });
}

/// `O Reilly` and `Mc Donald` are one word, as `O'Reilly` and `McDonald` are.
fn join_prefixes(raw: Vec<Raw>) -> Vec<Raw> {
    let mut out: Vec<Raw> = Vec::with_capacity(raw.len());
    for item in raw {
        let joins = out.last().is_some_and(|last| {
            matches!(last.text.as_str(), "o" | "mc")
                && item.text.len() >= 4
                && !item.after_dash
                && !item.after_slash
                && last.qualifies == item.qualifies
                && item.text.bytes().all(|b| b.is_ascii_alphabetic())
        });
        match out.last_mut().filter(|_| joins) {
            Some(last) => {
                last.text.push_str(&item.text);
                last.letters = false;
            }
            None => out.push(item),
        }
    }
    out
}

/// Single letters in a row are one word: `S. A.`, `J M`, `d/b/a`, `G & T`.
fn join_initials(raw: Vec<Raw>) -> Vec<Raw> {
    let single = |r: &Raw| r.text.len() == 1 && r.text.as_bytes()[0].is_ascii_alphabetic();
    let mut out: Vec<Raw> = Vec::with_capacity(raw.len());
    let mut grown = false;
    let mut held: Option<Raw> = None;
    for item in raw {
        let open = out.last().is_some_and(|l| single(l) || grown);
        if open && single(&item) && out.last().is_some_and(|l| l.qualifies == item.qualifies) && !item.after_dash {
            let and = held.take().is_some();
            if let Some(last) = out.last_mut() {
                last.text.push_str(&item.text);
                last.letters &= !and;
                grown = true;
            }
            continue;
        }
        if let Some(and) = held.take() {
            out.push(and);
            grown = false;
        }
        if open && item.text == "and" {
            held = Some(item);
            continue;
        }
        grown = false;
        out.push(item);
    }
    out.extend(held);
    out
}

/// Gives every word its canonical form and class; takes legal forms and share classes out.
fn class(raw: &[Raw]) -> Words {
    let mut parsed = Words::default();
    let branch_from = branch_part(raw);
    let trailing_slash = raw.len();
    let (mut after_slash, mut after_form) = (false, false);
    let mut i = 0;
    while i < raw.len() {
        let item = &raw[i];
        after_slash |= item.after_slash && (parsed.legal != 0 || i + 1 >= trailing_slash);
        if let Some((kind, taken)) = phrase_at(raw, i) {
            match kind {
                PhraseKind::Legal(group) => {
                    parsed.legal |= 1 << group;
                    let named = parsed.words.iter().any(|w| w.class == Class::Word);
                    after_form = named && !MIDDLE_FORMS.contains(&item.text.as_str());
                }
                PhraseKind::Share => {}
            }
            i += taken;
            continue;
        }
        let qualifies = item.qualifies || after_slash || after_form || branch_from.is_some_and(|from| i >= from);
        let word = classed(raw, i, qualifies);
        if word.text.is_empty() || parsed.words.len() >= MOST_WORDS {
        } else if !parsed.words.iter().any(|w| w.text == word.text) {
            parsed.words.push(word);
        } else if word.class == Class::Word || word.class == Class::Number {
            parsed.again.push(word.text);
        }
        i += 1;
    }
    parsed
}

/// Where the part after the last ` - ` starts, when every word of it is a branch word.
fn branch_part(raw: &[Raw]) -> Option<usize> {
    let from = raw.iter().rposition(|r| r.after_dash).filter(|&i| i > 0)?;
    raw[from..].iter().all(|r| WORDS.is_branch(&r.text)).then_some(from)
}

/// The phrase that starts at `i`. A legal form never stands first: then it is a name.
fn phrase_at(raw: &[Raw], i: usize) -> Option<(PhraseKind, usize)> {
    let list = WORDS.phrases.get(raw[i].text.as_str())?;
    let fits =
        |words: &[Box<str>]| words.len() <= raw.len() - i && words.iter().zip(&raw[i..]).all(|(w, r)| **w == *r.text);
    let phrase = list.iter().find(|p| fits(&p.words))?;
    let leads = i == 0 && phrase.words.len() == 1 && !LEADING_FORMS.contains(&raw[0].text.as_str());
    (!leads).then_some((phrase.kind, phrase.words.len()))
}

/// Legal forms after which a name may go on (`Public Service Company of Colorado`). After another form stands what
/// tells less: a place, a class of shares, a remark.
const MIDDLE_FORMS: [&str; 12] = [
    "co",
    "company",
    "cos",
    "companies",
    "corp",
    "corporation",
    "cie",
    "compagnie",
    "compania",
    "trust",
    "professional",
    "public",
];

/// Legal forms that are written before the name.
const LEADING_FORMS: [&str; 16] =
    ["ooo", "oao", "zao", "pao", "ao", "tov", "pat", "prat", "jsc", "ojsc", "pjsc", "pt", "sia", "uab", "sarl", "gbr"];

fn classed(raw: &[Raw], i: usize, qualifies: bool) -> Word {
    let text = raw[i].text.as_str();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if is_number {
        let number = digits.trim_start_matches('0');
        let code = i == 0 && digits.len() >= 3 && digits.len() == text.len() && raw.len() > 1;
        let class = if code {
            Class::Code
        } else if qualifies {
            Class::Qualifier
        } else {
            Class::Number
        };
        let number = if number.is_empty() { "0" } else { number };
        let ordinal = matches!(&text[digits.len()..], "st" | "nd" | "rd" | "th");
        return Word {
            text: if ordinal { ordinal_of(number) } else { number.into() },
            class,
            written_otherwise: false,
        };
    }
    if WORDS.is_joining(text) {
        return Word { text: text.to_owned(), class: Class::Joining, written_otherwise: false };
    }
    if let Some(value) = roman(text).filter(|_| i > 0 && (text.len() > 1 || ends_name(raw, i))) {
        return Word {
            text: value.to_string(),
            class: if qualifies { Class::Qualifier } else { Class::Number },
            written_otherwise: false,
        };
    }
    let class = if qualifies {
        Class::Qualifier
    } else if are_initials(raw, i) {
        Class::Initials
    } else {
        Class::Word
    };
    if let Some(n) = NUMBER_WORDS.iter().position(|pair| pair.contains(&text)) {
        let number = (n + 1).to_string();
        let text = if text == NUMBER_WORDS[n][1] { ordinal_of(&number) } else { number };
        return Word { text, class, written_otherwise: false };
    }
    {
        let full = WORDS.canonical(text);
        Word { written_otherwise: full != text, text: full.into_owned(), class }
    }
}

/// Up to three single letters at the start, before a word that may be a person's name. Letters of which one is an `and` (`S&P Global`)
/// and letters before a common word (`AB Foods`) are the name itself.
fn are_initials(raw: &[Raw], i: usize) -> bool {
    i == 0
        && raw[i].letters
        && raw[i].text.len() <= 3
        && raw.get(i + 1).is_some_and(|next| {
            next.text.len() >= 3
                && !next.letters
                && !next.after_dash
                && next.text.bytes().all(|b| b.is_ascii_alphabetic())
                && !WORDS.is_common(&next.text)
                && !WORDS.is_joining(&next.text)
                && !WORDS.phrases.contains_key(next.text.as_str())
        })
}

/// The one form of `3rd` and `third`; another than that of `3`: the First Capital is not Capital One.
fn ordinal_of(number: &str) -> String {
    format!("{number}th")
}

/// Only legal forms, brackets or a slash part follow.
fn ends_name(raw: &[Raw], i: usize) -> bool {
    raw[i + 1..].iter().all(|r| r.qualifies || r.after_slash || WORDS.phrases.contains_key(r.text.as_str()))
}

/// Number words, cardinal and ordinal, from one.
const NUMBER_WORDS: [[&str; 2]; 12] = [
    ["one", "first"],
    ["two", "second"],
    ["three", "third"],
    ["four", "fourth"],
    ["five", "fifth"],
    ["six", "sixth"],
    ["seven", "seventh"],
    ["eight", "eighth"],
    ["nine", "ninth"],
    ["ten", "tenth"],
    ["eleven", "eleventh"],
    ["twelve", "twelfth"],
];

/// The value of a Roman number up to 39; none of the letter combinations that are also words.
fn roman(text: &str) -> Option<u32> {
    if text.len() > 7 || !text.bytes().all(|b| matches!(b, b'i' | b'v' | b'x')) {
        return None;
    }
    let value = |b| match b {
        b'i' => 1,
        b'v' => 5,
        _ => 10,
    };
    let bytes = text.as_bytes();
    let total = bytes.iter().enumerate().fold(0i32, |sum, (i, &b)| {
        let v = value(b);
        if bytes.get(i + 1).is_some_and(|&n| value(n) > v) { sum - v } else { sum + v }
    });
    u32::try_from(total).ok().filter(|n| (1..=39).contains(n))
}

/// A name of which nothing is left (`The Company`) keeps everything as words.
fn rescue(raw: &[Raw], parsed: &mut Words) {
    if raw.is_empty() {
        return;
    }
    parsed.words.clear();
    for item in raw.iter().take(MOST_WORDS) {
        if !parsed.words.iter().any(|w| w.text == item.text) {
            parsed.words.push(Word { text: item.text.clone(), class: Class::Word, written_otherwise: false });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn core(name: &str) -> String {
        let kept = |w: &Word| (w.class != Class::Joining).then(|| w.text.clone());
        parse(name).words.iter().filter_map(kept).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn legal_forms_of_many_countries_fall_away() {
        for name in [
            "Müller GmbH & Co. KG",
            "Muller",
            "MULLER S.A. de C.V.",
            "Muller Pty Ltd",
            "Muller Sp. z o.o.",
            "Müller (株)",
            "ООО Muller",
            "Muller, Inc.",
            "Muller Public Ltd Co",
            "Muller s.r.o.",
        ] {
            assert_eq!(core(name), "muller", "{name}");
        }
    }

    #[test]
    fn letters_of_other_scripts_are_read() {
        assert_eq!(core("Газпром"), core("Gazprom"));
        assert_eq!(core("Société Générale"), "societe generale");
        assert!(!core("株式会社日立製作所").is_empty());
    }

    #[test]
    fn initials_numbers_and_brackets() {
        assert_eq!(core("J. M. Smucker"), core("JM Smucker"));
        assert_eq!(core("Churchill Capital Corp IX/Cayman"), "churchill capital 9 cayman");
        assert_eq!(core("3rd Street Grill"), core("Third Street Grille"));
        assert_eq!(parse("Acme (MSP)").words[1].class, Class::Qualifier);
        assert_eq!(parse("8983 Acme").words[0].class, Class::Code);
        assert_eq!(parse("Acme - Main Office").words[1].class, Class::Qualifier);
        assert_eq!(parse("Acme - Saint Mary").words[1].class, Class::Word);
    }

    #[test]
    fn a_name_of_legal_forms_only_keeps_its_words() {
        assert_eq!(core("The Company"), "the company");
        assert_eq!(core(""), "");
    }

    #[test]
    fn hostile_input_is_cut() {
        assert!(parse(&"a ".repeat(10_000)).words.len() <= MOST_WORDS);
        assert!(parse("\u{0}\u{1b}[31m\u{202e}((((((").words.len() <= MOST_WORDS);
    }
}
