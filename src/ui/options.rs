//! What a person can set about the interface. Plain data; `config` fills it, `ui` reads it once.

use super::saved_view::SavedView;
use std::collections::BTreeMap;

/// Which colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeName {
    /// For dark backgrounds.
    #[default]
    Dark,
    /// For light backgrounds.
    Light,
    /// Only the eight basic colours, for terminals without bright ones.
    Basic,
    /// Nothing dimmed, strong colours.
    Contrast,
}

impl ThemeName {
    /// The theme of that name in the configuration (`dark`, `light`, `16`, `contrast`).
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "dark" => Some(Self::Dark),
            "light" => Some(Self::Light),
            "16" | "basic" => Some(Self::Basic),
            "contrast" => Some(Self::Contrast),
            _ => None,
        }
    }
}

/// Settings of the interface.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct UiConfig {
    /// Colours.
    pub theme: ThemeName,
    /// False: no colours at all (`NO_COLOR`); state is still told by words and glyphs.
    pub colour: bool,
    /// False: only ASCII is written (a locale without Unicode).
    pub unicode: bool,
    /// Keys by command name (`queue.accept`); they replace the command's default keys.
    pub keys: BTreeMap<String, Vec<String>>,
    /// Confidence that Quick Match proposes, percent.
    pub quick_match_percent: u8,
    /// The mouse works; selecting text in the terminal then needs Shift.
    pub mouse: bool,
    /// A slow line: at most one background frame a second, fewer questions while keys come.
    pub low_bandwidth: bool,
    /// Nothing can be changed from this terminal.
    pub read_only: bool,
    /// Lines for a screen reader instead of a painted screen.
    pub plain: bool,
    /// Saved views of queues.
    pub views: Vec<SavedView>,
}

impl Default for UiConfig {
    fn default() -> Self {
        Self {
            theme: ThemeName::Dark,
            colour: true,
            unicode: true,
            keys: BTreeMap::new(),
            quick_match_percent: 95,
            mouse: false,
            low_bandwidth: false,
            read_only: false,
            plain: false,
            views: Vec::new(),
        }
    }
}
