//! The secrets of one integration.

use secrecy::SecretString;
use std::collections::BTreeMap;
use std::fmt;

/// Field name (`api_key`) to secret. Prints only the names; wiped from memory when dropped.
#[derive(Clone, Default)]
pub struct Credentials(BTreeMap<String, SecretString>);

impl Credentials {
    /// No secrets, for connectors that need none.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Takes the fields; spaces and line ends around a value are dropped, they come from pasting.
    pub fn from_pairs<N: Into<String>>(pairs: impl IntoIterator<Item = (N, SecretString)>) -> Self {
        use secrecy::ExposeSecret;
        let trimmed = |secret: SecretString| {
            let text = secret.expose_secret();
            if text.trim().len() == text.len() { secret.clone() } else { SecretString::from(text.trim()) }
        };
        Self(pairs.into_iter().map(|(name, secret)| (name.into(), trimmed(secret))).collect())
    }

    /// One field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&SecretString> {
        self.0.get(name)
    }

    /// Names of the fields.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The secrets without their names, for a [`super::Redactor`].
    pub fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        self.0.values()
    }

    /// True when there is no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = (&String, &SecretString)> {
        self.0.iter()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials ")?;
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn debug_prints_names_only() {
        let credentials = Credentials::from_pairs([("api_key", SecretString::from("ITG.hush-hush"))]);
        let text = format!("{credentials:?} {credentials:#?}");
        assert!(text.contains("api_key") && !text.contains("hush"), "{text}");
    }

    #[test]
    fn pasted_line_ends_are_dropped() {
        let credentials = Credentials::from_pairs([("api_key", SecretString::from(" ITG.1\r\n"))]);
        assert_eq!(credentials.get("api_key").map(ExposeSecret::expose_secret), Some("ITG.1"));
    }
}
