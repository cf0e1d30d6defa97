//! Temporary: stands in until the secrets room is merged.

mod credentials;
mod redactor;

pub use credentials::Credentials;
pub use redactor::Redactor;
