//! Semantic roles over the 16 ANSI colours, and the glyphs that say the same without colour.
//!
//! No pane names a colour; no glyph of ours is wider than one cell.

use super::options::{ThemeName, UiConfig};
use crate::domain::{LogLevel, MatchState};
use ratatui::style::{Color, Modifier, Style};

/// Styles by meaning.
#[derive(Clone, Debug)]
pub struct Theme {
    /// Frames and what matters least.
    pub dim: Style,
    /// Titles and what is in focus.
    pub accent: Style,
    /// Good.
    pub ok: Style,
    /// Wants attention.
    pub warn: Style,
    /// Wrong.
    pub error: Style,
    /// In progress.
    pub busy: Style,
    /// Column heads.
    pub head: Style,
    /// Marked rows.
    pub mark: Style,
    /// Plain text.
    pub text: Style,
    /// The pane in focus, chosen tabs.
    pub chosen: Style,
    /// What of a value its counterpart does not have.
    pub differs: Style,
}

impl Theme {
    /// The theme that the settings ask for.
    #[must_use]
    pub fn new(config: &UiConfig) -> Self {
        let plain = Style::new();
        let colour = |c: Color| if config.colour { plain.fg(c) } else { plain };
        let (dim, accent, warn, busy, mark) = match config.theme {
            ThemeName::Dark => (Color::DarkGray, Color::Cyan, Color::Yellow, Color::Cyan, Color::Magenta),
            ThemeName::Light => (Color::DarkGray, Color::Blue, Color::Magenta, Color::Blue, Color::Magenta),
            ThemeName::Basic => (Color::Reset, Color::Cyan, Color::Yellow, Color::Cyan, Color::Magenta),
            ThemeName::Contrast => {
                (Color::Reset, Color::LightCyan, Color::LightYellow, Color::LightCyan, Color::LightMagenta)
            }
        };
        let bold = Modifier::BOLD;
        Self {
            dim: colour(dim),
            accent: colour(accent).add_modifier(bold),
            ok: colour(Color::Green),
            warn: colour(warn),
            error: colour(Color::Red).add_modifier(bold),
            busy: colour(busy),
            head: plain.add_modifier(Modifier::UNDERLINED),
            mark: colour(mark).add_modifier(bold),
            text: plain,
            chosen: plain.add_modifier(bold | Modifier::REVERSED),
            differs: colour(warn).add_modifier(bold | Modifier::UNDERLINED),
        }
    }

    /// Style of a row's state.
    #[must_use]
    pub fn state(&self, state: MatchState) -> Style {
        match state {
            MatchState::Conflict => self.error,
            MatchState::Suggested => self.warn,
            MatchState::Matched => self.ok,
            MatchState::Unmatched => self.text,
            MatchState::Deferred | MatchState::Ignored => self.dim,
        }
    }

    /// Style of a log line's level.
    #[must_use]
    pub fn level(&self, level: LogLevel) -> Style {
        match level {
            LogLevel::Error => self.error,
            LogLevel::Warn => self.warn,
            LogLevel::Info => self.text,
            LogLevel::Debug => self.dim,
        }
    }
}

/// One-cell signs of our own.
#[derive(Clone, Copy, Debug)]
pub struct Glyphs {
    /// Only ASCII may be written.
    pub ascii: bool,
    /// Cursor row.
    pub cursor: &'static str,
    /// Marked row.
    pub mark: &'static str,
    /// From source to target.
    pub arrow: &'static str,
    /// At rest and good.
    pub ok: &'static str,
    /// Working or waiting.
    pub busy: &'static str,
    /// Failed.
    pub fail: &'static str,
    /// Paused.
    pub pause: &'static str,
    /// Never done.
    pub fresh: &'static str,
    /// Text was cut here.
    pub more: &'static str,
    /// Between parts of a line.
    pub dot: &'static str,
    /// Full cell of a bar.
    pub full: &'static str,
    /// Empty cell of a bar.
    pub empty: &'static str,
    /// Weight of evidence.
    pub weight: &'static str,
    /// Equal, alike, different, unknown, worthless values.
    pub relation: [&'static str; 5],
    /// Conflict, suggested, unmatched, deferred, matched, ignored.
    pub states: [&'static str; 6],
    /// Frame: horizontal, vertical, and the corners.
    pub frame: [&'static str; 6],
    /// Down: there is more below.
    pub below: &'static str,
    /// Sorted: first first, last first.
    pub sorted: [&'static str; 2],
    /// Heights of a small graph, from nothing to all.
    pub spark: [&'static str; 8],
}

const UNICODE: Glyphs = Glyphs {
    ascii: false,
    cursor: "▌",
    mark: "●",
    arrow: "→",
    ok: "●",
    busy: "⟳",
    fail: "✗",
    pause: "‖",
    fresh: "○",
    more: "…",
    dot: "·",
    full: "▇",
    empty: "▁",
    weight: "▮",
    relation: ["=", "≈", "≠", "·", "∅"],
    states: ["!", "≈", "○", "‥", "✓", "–"],
    frame: ["─", "│", "┌", "┐", "└", "┘"],
    below: "▾",
    sorted: ["▴", "▾"],
    spark: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
};

const ASCII: Glyphs = Glyphs {
    ascii: true,
    cursor: ">",
    mark: "*",
    arrow: ">",
    ok: "+",
    busy: "~",
    fail: "x",
    pause: "=",
    fresh: "o",
    more: "~",
    dot: "-",
    full: "#",
    empty: ".",
    weight: "#",
    relation: ["=", "~", "x", ".", "0"],
    states: ["!", "~", "o", ":", "+", "-"],
    frame: ["-", "|", "+", "+", "+", "+"],
    below: "v",
    sorted: ["^", "v"],
    spark: ["_", ".", ":", "-", "=", "+", "*", "#"],
};

impl Glyphs {
    /// Glyphs for a terminal with or without Unicode.
    #[must_use]
    pub const fn new(unicode: bool) -> Self {
        if unicode { UNICODE } else { ASCII }
    }

    /// The sign of a row's state.
    #[must_use]
    pub const fn state(&self, state: MatchState) -> &'static str {
        self.states[state as usize]
    }
}
