//! What the connect wizard asks for and is told. Plain data; the event loop hands it to whoever keeps the home.

use crate::domain::{Failure, IntegrationId};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// Something that can be connected: one of the vendors, or exported files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kind {
    /// Name in the configuration (`itglue`).
    pub name: String,
    /// The vendor's name.
    pub vendor: String,
    /// What it delivers, in the vendor's words (`organizations, configurations`).
    pub delivers: String,
    /// Which permissions the key needs, in words.
    pub permissions: String,
    /// Regions by name and label; the first is the default. Empty where there is no choice.
    pub regions: Vec<(String, String)>,
    /// What else has to be entered; it stands in the configuration.
    pub options: Vec<Prompt>,
    /// What nobody else may see; it goes into the vault.
    pub secrets: Vec<Prompt>,
    /// It reads exported files instead of an API.
    pub reads_files: bool,
}

/// One thing to enter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// Its name in the configuration or the vault.
    pub name: String,
    /// What to ask for.
    pub prompt: String,
    /// Where it is found.
    pub help: String,
}

/// A connection as entered. Its secrets cannot be printed.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The integration's name.
    pub name: String,
    /// [`Kind::name`].
    pub connector: String,
    /// One of the regions.
    pub region: Option<String>,
    /// An address instead of the vendor's own.
    pub address: Option<String>,
    /// Values of [`Kind::options`] by name.
    pub options: Vec<(String, String)>,
    /// Files by stream (`companies`, `devices`).
    pub files: Vec<(String, String)>,
    /// Values of [`Kind::secrets`] by name.
    pub secrets: Vec<(String, SecretString)>,
}

/// A flow as chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowDraft {
    /// Where records come from.
    pub source: IntegrationId,
    /// Where their counterparts are.
    pub target: IntegrationId,
}

/// What a connection test found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestReport {
    /// The account's name, where the vendor tells it.
    pub account: Option<String>,
    /// Permissions that are needed, and whether the key has them.
    pub permissions: Vec<(String, bool)>,
    /// Anything else worth reading.
    pub notes: Vec<String>,
}

/// What became of something that the wizard asked for.
#[derive(Clone, Debug)]
pub enum SetupAnswer {
    /// The test ended.
    Tested(Result<TestReport, Failure>),
    /// The connection is saved, or nothing is.
    Saved(Result<(), Failure>),
    /// The flow is saved under this name, or nothing is.
    FlowSaved(Result<String, Failure>),
    /// The views are as wished in the configuration, or not.
    ViewsKept(Result<(), Failure>),
}

/// A secret while it is typed: overwritten when it is dropped, never printed.
#[derive(Clone, Default)]
pub struct Typed(Zeroizing<String>);

impl Typed {
    /// Adds what was typed or pasted.
    pub fn push(&mut self, text: &str) {
        // A growing string leaves its old copies behind: room for every key that vendors give out is taken at once.
        if self.0.capacity() < self.0.len() + text.len() {
            let mut wider = Zeroizing::new(String::with_capacity((self.0.len() + text.len()).max(4_096)));
            wider.push_str(&self.0);
            self.0 = wider;
        }
        self.0.push_str(text);
    }

    /// Takes the last character back.
    pub fn pop(&mut self) {
        self.0.pop();
    }

    /// Forgets it.
    pub fn clear(&mut self) {
        self.0 = Zeroizing::new(String::new());
    }

    /// Characters typed.
    pub fn len(&self) -> usize {
        self.0.chars().count()
    }

    /// Nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// The secret, to hand on.
    pub fn secret(&self) -> SecretString {
        SecretString::from(self.0.trim().to_owned())
    }
}

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Typed(…)")
    }
}

impl Draft {
    /// True when a secret is missing.
    pub fn lacks_secret(&self) -> bool {
        self.secrets.iter().any(|(_, secret)| secret.expose_secret().is_empty())
    }
}
