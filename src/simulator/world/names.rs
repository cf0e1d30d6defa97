//! What companies are called, and how two people write the same company's name.

use super::{Dice, words::Words};

/// A company's name in full and what its spellings are made from.
#[derive(Clone, Debug)]
pub struct TrueName {
    /// Without legal form.
    pub words: String,
    /// Position of the legal form in [`Words::legal`].
    pub legal: Option<usize>,
    /// The same name in Latin script, where `words` is in another.
    pub latin: Option<String>,
    /// The trade with its synonyms, where the name ends with one (`Dental|Dentistry`).
    pub trade: Option<usize>,
    /// A short code, as technicians give one.
    pub code: String,
    /// The city of its branch.
    pub city: usize,
}

impl TrueName {
    /// A new name.
    pub fn roll(words: &Words, dice: &mut Dice) -> Self {
        let family = dice.pick(&words.families).clone();
        let mut trade = None;
        let mut legal = dice.chance(520).then(|| dice.below(9));
        let mut latin = None;
        let text = match dice.weighted([24, 20, 12, 16, 4, 3, 14, 4, 3].into_iter()) {
            0 => with_trade(dice.pick::<String>(&words.places), words, dice, &mut trade),
            1 => with_trade(&family, words, dice, &mut trade),
            2 => format!("{family} & {} {}", dice.pick(&words.families), dice.pick(&words.professions)),
            3 => with_trade(dice.pick::<String>(&words.coined), words, dice, &mut trade),
            4 => {
                let given = dice.pick(&words.given);
                format!("{given} {family} {}", dice.pick(&words.practice_titles))
            }
            5 => format!("The {}", dice.pick(&words.the_things)),
            6 => {
                let national = dice.pick(&words.national);
                legal = words.legal.iter().position(|l| l.forms.contains(&national.legal));
                dice.pick(&national.patterns).replace("{F}", &family)
            }
            7 => {
                let [own, transcribed] = dice.pick(&words.transcribed);
                legal = None;
                latin = Some(transcribed.clone());
                own.clone()
            }
            _ => {
                legal = None;
                dice.pick(&words.coined).clone()
            }
        };
        let code = code(latin.as_deref().unwrap_or(&text), dice);
        Self { words: text, legal, latin, trade, code, city: dice.below(words.cities.len()) }
    }

    /// Another company whose name differs only by a synonym of the trade; `None` where there is no synonym.
    pub fn near_twin(&self, words: &Words, dice: &mut Dice) -> Option<Self> {
        let (first, second) = words.trades[self.trade?].split_once('|')?;
        let (from, to) = if self.words.ends_with(second) { (second, first) } else { (first, second) };
        let text = format!("{}{to}", self.words.strip_suffix(from)?);
        Some(Self { code: code(&text, dice), words: text, city: dice.below(words.cities.len()), ..self.clone() })
    }

    /// With its legal form.
    #[must_use]
    pub fn full(&self, words: &Words, comma: bool) -> String {
        match self.legal {
            Some(legal) => {
                let separator = if comma && legal < 3 { ", " } else { " " };
                format!("{}{separator}{}", self.words, words.legal[legal].forms[0])
            }
            None => self.words.clone(),
        }
    }
}

fn with_trade(head: &str, words: &Words, dice: &mut Dice, chosen: &mut Option<usize>) -> String {
    let index = dice.below(words.trades.len());
    *chosen = Some(index);
    let trade = words.trades[index].split('|').next().unwrap_or_default();
    format!("{head} {trade}")
}

fn code(text: &str, dice: &mut Dice) -> String {
    let letters: String = text
        .split(|c: char| !c.is_alphanumeric())
        .filter_map(|w| w.chars().find(char::is_ascii_alphabetic))
        .take(4)
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let letters = if letters.len() < 2 { format!("{letters}X") } else { letters };
    if dice.chance(400) { format!("{letters}{:02}", dice.below(99) + 1) } else { letters }
}

/// How the two sides' spellings of one company differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NameTrouble {
    /// Letter for letter the same.
    Same,
    /// Legal form dropped or written otherwise, punctuation, case.
    Legal,
    /// Words shortened.
    Abbreviated,
    /// Only the initials are left.
    Initials,
    /// Words in another order.
    Reordered,
    /// A typing error.
    Typing,
    /// A branch or place word added.
    Branch,
    /// A code before or after it.
    Code,
    /// Diacritics dropped, or another script.
    Script,
    /// Written as one word.
    RunTogether,
    /// Renamed: nothing in common but the devices.
    Renamed,
}

/// The two spellings of one company: on the RMM's side and on the documentation's side.
pub fn spellings(name: &TrueName, words: &Words, dice: &mut Dice) -> (String, String, NameTrouble) {
    use NameTrouble as T;
    const KINDS: [NameTrouble; 11] = [
        T::Same,
        T::Legal,
        T::Abbreviated,
        T::Initials,
        T::Reordered,
        T::Typing,
        T::Branch,
        T::Code,
        T::Script,
        T::RunTogether,
        T::Renamed,
    ];
    let comma = dice.chance(500);
    let right = name.full(words, comma);
    let kind = KINDS[dice.weighted([420, 190, 90, 25, 40, 50, 60, 50, 35, 20, 20].into_iter())];
    let left = rewritten(kind, &right, name, words, dice);
    let left = left.unwrap_or_else(|| other_legal(name, words, dice));
    let kind = if left == right { T::Same } else { kind };
    if dice.chance(250) && !matches!(kind, T::Same) { (right, left, kind) } else { (left, right, kind) }
}

/// The name written that way; `None` where it cannot be.
fn rewritten(kind: NameTrouble, full: &str, name: &TrueName, words: &Words, dice: &mut Dice) -> Option<String> {
    use NameTrouble as T;
    let plain = name.words.as_str();
    let city = &words.cities[name.city];
    Some(match kind {
        T::Same => full.to_owned(),
        T::Legal => return None,
        T::Abbreviated => return abbreviated(name, words),
        T::Initials => return initials(plain),
        T::Reordered => reordered(plain),
        T::Typing => typing_error(plain, dice),
        T::Branch => match dice.below(4) {
            0 => format!("{plain} - {city}"),
            1 => format!("{plain} ({city})"),
            2 => format!("{plain} – Main Office"),
            _ => format!("{city} {plain}"),
        },
        T::Code => match dice.below(3) {
            0 => format!("{} - {plain}", name.code),
            1 => format!("{plain} [{}]", name.code),
            _ => format!("{plain} ({})", 1000 + dice.below(8999)),
        },
        T::Script => name.latin.clone().unwrap_or_else(|| any_ascii::any_ascii(plain)),
        T::RunTogether => plain.split(' ').collect(),
        T::Renamed => TrueName::roll(words, dice).full(words, false),
    })
}

fn other_legal(name: &TrueName, words: &Words, dice: &mut Dice) -> String {
    let plain = &name.words;
    match (name.legal, dice.below(4)) {
        (Some(legal), 0) => format!("{plain} {}", words.legal[legal].forms[1]),
        (Some(legal), 1) => format!("{plain} {}", words.legal[legal].forms[2]),
        (Some(_), _) => plain.clone(),
        (None, 0) => plain.to_uppercase(),
        (None, 1) => plain.replace(" & ", " and ").replace('\'', ""),
        (None, 2) => plain.replace(" & ", " + ").to_lowercase(),
        (None, _) => format!("{plain} {}", words.legal[dice.below(3)].forms[0]),
    }
}

/// With shortened words; a trade without a usual abbreviation loses its end. `None` for names without either.
fn abbreviated(name: &TrueName, words: &Words) -> Option<String> {
    let text = name.words.as_str();
    let mut out = text.replace(" and ", " & ");
    for [long, short] in &words.abbreviations {
        if let Some(at) = out.find(long.as_str())
            && !out[at + long.len()..].starts_with(char::is_alphanumeric)
        {
            out.replace_range(at..at + long.len(), short);
        }
    }
    if out != text {
        return Some(out);
    }
    name.trade?;
    let (head, last) = text.rsplit_once(' ')?;
    (last.chars().count() > 6).then(|| format!("{head} {}.", last.chars().take(4).collect::<String>()))
}

/// Only of names of three words and more.
fn initials(text: &str) -> Option<String> {
    let parts = text.split([' ', '-']).filter(|w| w.starts_with(char::is_alphabetic));
    let letters: String = parts.filter_map(|w| w.chars().next()).flat_map(char::to_uppercase).collect();
    (letters.chars().count() >= 3).then_some(letters)
}

fn reordered(text: &str) -> String {
    if let Some(rest) = text.strip_prefix("The ") {
        return format!("{rest}, The");
    }
    match text.split_once(' ') {
        Some((first, rest)) => format!("{rest}, {first}"),
        None => text.to_owned(),
    }
}

fn typing_error(text: &str, dice: &mut Dice) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    if chars.len() < 4 {
        return text.to_owned();
    }
    let at = 1 + dice.below(chars.len() - 2);
    match dice.below(4) {
        0 => chars.swap(at, at + 1),
        1 => {
            chars.remove(at);
        }
        2 => chars.insert(at, chars[at]),
        _ => chars[at] = char::from(b'a' + u8::try_from(dice.below(26)).unwrap_or(0)),
    }
    chars.into_iter().collect()
}
