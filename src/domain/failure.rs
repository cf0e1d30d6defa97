//! Every error a person meets carries a class, what it means and what to do.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Who or what has to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureClass {
    /// The vendor refused the credentials: syncing of that integration stops until new ones are saved.
    Credentials,
    /// The credentials are good but lack a named permission; other streams go on.
    Permission,
    /// A published limit was reached; the sync waits.
    Limit,
    /// The vendor or the network failed; retried, then the last good state stays.
    Vendor,
    /// A record or a file that cannot be read; counted, the rest goes on.
    BadData,
    /// Wrong use or configuration; the person corrects it.
    Usage,
    /// This machine: disk full, store locked or unreadable.
    Local,
    /// A fault of matchbook.
    Ours,
}

impl FailureClass {
    /// The class in a short word, for a person who looks at a narrow list.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Credentials => "refused",
            Self::Permission => "forbidden",
            Self::Limit => "limit",
            Self::Vendor => "vendor",
            Self::BadData => "bad data",
            Self::Usage => "settings",
            Self::Local => "machine",
            Self::Ours => "our fault",
        }
    }

    /// The word for it in logs and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Permission => "permission",
            Self::Limit => "limit",
            Self::Vendor => "vendor",
            Self::BadData => "bad-data",
            Self::Usage => "usage",
            Self::Local => "local",
            Self::Ours => "ours",
        }
    }
}

/// An error in a person's terms. Never holds a secret; text from outside in it is already cleaned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub struct Failure {
    /// Who or what has to act.
    pub class: FailureClass,
    /// What happened, one line.
    pub what: String,
    /// What to do about it, one line; empty where nothing can be done.
    pub remedy: String,
}

impl Failure {
    /// A failure with its remedy. Control characters in `what` are removed.
    pub fn new(class: FailureClass, what: impl AsRef<str>, remedy: impl Into<String>) -> Self {
        Self { class, what: super::text::clean(what.as_ref()).into_owned(), remedy: remedy.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if !self.remedy.is_empty() {
            write!(f, " — {}", self.remedy)?;
        }
        Ok(())
    }
}
