//! Text from outside is data: cleaned once on its way to a screen, a log, a file or a terminal. And counts in words.

use std::borrow::Cow;

/// Longest text shown from a vendor in one piece, in characters; more is cut with `…`.
pub const DISPLAY_LIMIT: usize = 512;

/// True for characters that must never reach a terminal from outside: controls (C0, C1, DEL), the bidirectional
/// overrides and isolates that reorder what stands beside them, and invisible joiners and variation selectors whose
/// width terminals disagree about.
#[must_use]
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{2028}' | '\u{2029}' | '\u{061C}' | '\u{180E}' | '\u{00AD}'
            | '\u{E0000}'..='\u{E0FFF}' | '\u{F0000}'..='\u{10FFFF}' | '\u{E000}'..='\u{F8FF}')
}

/// The text without what [`is_unsafe`] names, tabs and line ends as single spaces, cut at [`DISPLAY_LIMIT`].
/// Borrows when nothing had to change.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.len() <= DISPLAY_LIMIT && !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len().min(DISPLAY_LIMIT * 4));
    let mut count = 0;
    for c in text.chars() {
        let c = match c {
            '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' => ' ',
            c if is_unsafe(c) => continue,
            c => c,
        };
        if c == ' ' && out.ends_with(' ') {
            continue;
        }
        if count == DISPLAY_LIMIT {
            out.push('…');
            break;
        }
        out.push(c);
        count += 1;
    }
    Cow::Owned(out)
}

/// The text for a CSV cell: cleaned, and with an apostrophe before it where a spreadsheet would run it as a formula.
#[must_use]
pub fn csv_cell(text: &str) -> String {
    let clean = clean(text);
    if clean.starts_with(['=', '+', '-', '@']) { format!("'{clean}") } else { clean.into_owned() }
}

/// `4990` → `4,990`.
#[must_use]
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `1 row`, `4,990 rows`.
#[must_use]
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(n), if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_lose_their_escape() {
        assert_eq!(clean("a\u{1b}[31mred\u{7}\u{9b}2J"), "a[31mred2J");
    }

    #[test]
    fn line_ends_become_one_space() {
        assert_eq!(clean("a\r\n\tb"), "a b");
    }

    #[test]
    fn plain_text_is_borrowed() {
        assert!(matches!(clean("Müller & Søn 株式会社"), Cow::Borrowed(_)));
    }

    #[test]
    fn bidi_overrides_are_removed_but_letters_stay() {
        assert_eq!(clean("abc\u{202e}שלום\u{2066}x"), "abcשלוםx");
    }

    #[test]
    fn long_text_is_cut() {
        let cut = clean(&"x".repeat(10_000)).into_owned();
        assert_eq!(cut.chars().count(), DISPLAY_LIMIT + 1);
    }

    #[test]
    fn formulas_are_defused() {
        assert_eq!(csv_cell("=1+1"), "'=1+1");
        assert_eq!(csv_cell("Acme"), "Acme");
    }
}
