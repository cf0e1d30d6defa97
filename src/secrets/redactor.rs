//! Temporary: stands in until the secrets room is merged.

use secrecy::{ExposeSecret, SecretString};
use std::borrow::Cow;

/// Replaces every known secret.
#[derive(Clone, Default)]
pub struct Redactor(Vec<SecretString>);

impl Redactor {
    /// A redactor of these secrets.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        Self(secrets.into_iter().cloned().collect())
    }

    /// The text without the secrets.
    #[must_use]
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut out = Cow::Borrowed(text);
        for secret in self.0.iter().map(ExposeSecret::expose_secret).filter(|s| !s.is_empty()) {
            if out.contains(secret) {
                out = Cow::Owned(out.replace(secret, "«secret»"));
            }
        }
        out
    }
}
