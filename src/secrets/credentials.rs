//! Temporary: stands in until the secrets room is merged.

use secrecy::SecretString;
use std::collections::BTreeMap;
use std::fmt;

/// Field name → secret.
#[derive(Clone, Default)]
pub struct Credentials(BTreeMap<String, SecretString>);

impl Credentials {
    /// The secret of that field.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&SecretString> {
        self.0.get(field)
    }

    /// Credentials of these fields.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, SecretString)>) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
