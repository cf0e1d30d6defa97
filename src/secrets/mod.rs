//! Secrets: the encrypted vault, credentials that cannot print, and redaction of everything that might hold them.
//!
//! This room owns the vault's files and their permissions. It refuses to know vendors, to show a secret, and to keep
//! one in the configuration or the store.

mod credentials;
mod files;
mod lines;
mod redactor;
mod vault;

#[cfg(all(test, unix))]
mod tests;

pub use credentials::Credentials;
pub use lines::from_lines;
pub use redactor::{REDACTED, Redactor};
pub use secrecy::{ExposeSecret, SecretString};
pub use vault::{NewLock, Passphrase, Vault};
