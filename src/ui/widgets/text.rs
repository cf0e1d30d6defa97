//! The one place that measures and cuts text by display width.
//!
//! Text from outside arrives cleaned; here it loses what terminals disagree about: emoji modifiers and joiners, flags,
//! piles of combining marks. What is left takes the same cells everywhere.

use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Combining marks kept on one character; more are noise that some terminals draw beside it.
const MARKS: usize = 2;

/// Display width in cells.
#[must_use]
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// The text in a form whose width terminals agree about; only ASCII letters when `ascii`.
#[must_use]
pub fn settle(text: &str, ascii: bool) -> Cow<'_, str> {
    let text = crate::domain::text::clean(text);
    if text.is_ascii() {
        return text;
    }
    if ascii {
        return Cow::Owned(any_ascii::any_ascii(&text).chars().filter(|c| !c.is_control()).collect());
    }
    let risky = |c: char| disputed(c) || (!c.is_alphanumeric() && unicode_width::UnicodeWidthChar::width(c) == Some(0));
    if !text.chars().any(risky) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut marks = 0;
    for c in text.chars() {
        match u32::from(c) {
            0x1_F1E6..=0x1_F1FF => {
                out.extend(char::from_u32(u32::from(b'A') + u32::from(c) - 0x1_F1E6));
                marks = 0;
            }
            _ if disputed(c) => {}
            _ if unicode_width::UnicodeWidthChar::width(c) == Some(0) => {
                marks += 1;
                if marks <= MARKS && !out.is_empty() {
                    out.push(c);
                }
            }
            _ => {
                out.push(c);
                marks = 0;
            }
        }
    }
    Cow::Owned(out)
}

/// Skin tones, joiners, keycaps and regional indicators.
fn disputed(c: char) -> bool {
    matches!(u32::from(c), 0x1_F3FB..=0x1_F3FF | 0x200D | 0x20E3 | 0x1_F1E6..=0x1_F1FF)
}

/// The longest beginning of the text that fits into so many cells, ending with `more` where it was cut.
#[must_use]
pub fn fit<'a>(text: &'a str, cells: usize, more: &str) -> Cow<'a, str> {
    if text.len() <= cells && text.is_ascii() {
        return Cow::Borrowed(text);
    }
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    let room = cells.saturating_sub(width(more));
    let (mut used, mut end) = (0, 0);
    for (at, cluster) in text.grapheme_indices(true) {
        let wide = width(cluster);
        if used + wide > room {
            break;
        }
        used += wide;
        end = at + cluster.len();
    }
    let mut out = text[..end].to_owned();
    if cells >= width(more) {
        out.push_str(more);
    }
    Cow::Owned(out)
}

/// The end of the text that fits into so many cells: for typed text, where the end is what is being changed.
#[must_use]
pub fn tail(text: &str, cells: usize) -> &str {
    let (mut used, mut start) = (0, text.len());
    for (at, cluster) in text.grapheme_indices(true).rev() {
        used += width(cluster);
        if used > cells {
            break;
        }
        start = at;
    }
    &text[start..]
}

/// Lines of at most so many cells, broken between words where that is possible.
#[must_use]
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let gap = usize::from(!line.is_empty());
        if width(&line) + gap + width(word) > cells && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&fit(word, cells.max(1), "…"));
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_by_cells_not_by_characters() {
        assert_eq!(fit("株式会社テスト", 7, "…"), "株式会…");
        assert_eq!(width(&fit("株式会社テスト", 8, "…")), 7);
        assert_eq!(fit("abc", 3, "…"), "abc");
        assert_eq!(fit("abcd", 3, "…"), "ab…");
        assert_eq!(fit("abcd", 0, "…"), "");
        assert_eq!(fit("株", 1, "…"), "…");
    }

    #[test]
    fn disputed_clusters_become_plain() {
        assert_eq!(settle("👩🏽\u{200d}💻 ok", false), "👩💻 ok");
        assert_eq!(settle("🇩🇪", false), "DE");
        assert_eq!(settle("Mu\u{308}ller", false), "Mu\u{308}ller");
        let zalgo = format!("a{}", "\u{301}".repeat(40));
        assert_eq!(settle(&zalgo, false).chars().count(), 3);
        assert_eq!(settle("Müller 株", true), "Muller Zhu");
        assert_eq!(settle("\u{1b}[2J", false), "[2J");
    }

    #[test]
    fn typed_text_shows_its_end() {
        assert_eq!(tail("abcdef", 3), "def");
        assert_eq!(tail("ab", 3), "ab");
        assert_eq!(tail("ab株", 2), "株");
    }

    #[test]
    fn words_stay_whole_where_they_can() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert!(wrap(&"x".repeat(50), 10).iter().all(|l| width(l) <= 10));
    }
}
