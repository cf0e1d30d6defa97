//! What the terminal can show, from the environment; it is never asked (each question costs a round trip).

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// The locale writes UTF-8.
    pub unicode: bool,
    /// Colours are welcome.
    pub colour: bool,
}

/// Reads the locale, `NO_COLOR` and `TERM`; `get` gives a variable of the environment.
pub fn detect(get: impl Fn(&str) -> Option<String>) -> Abilities {
    let filled = |name: &str| get(name).filter(|value| !value.is_empty());
    // The first of these that is set decides, as in the C library.
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(filled);
    let locale = locale.unwrap_or_default().to_ascii_lowercase().replace('-', "");
    let term = filled("TERM").unwrap_or_default();
    Abilities {
        unicode: locale.contains("utf8") && term != "linux",
        colour: filled("NO_COLOR").is_none() && term != "dumb" && !term.ends_with("-m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Abilities {
        detect(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn locale_and_no_color_are_honoured() {
        assert_eq!(with(&[("LANG", "en_US.UTF-8"), ("TERM", "xterm")]), Abilities { unicode: true, colour: true });
        assert_eq!(with(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]), Abilities { unicode: false, colour: true });
        assert!(with(&[("LANG", "C.utf8")]).unicode);
        assert!(!with(&[("NO_COLOR", "1")]).colour);
        assert!(with(&[("NO_COLOR", "")]).colour);
        assert!(!with(&[("TERM", "vt100-m")]).colour);
    }
}
