//! Headers that carry a key.

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// The value of a header that holds a secret: never shown by the HTTP library, and wiped from memory with its last
/// copy (copies share one memory). `None` when it holds characters that cannot be sent.
pub(super) fn secret_value(secret: &SecretString) -> Option<HeaderValue> {
    let bytes = Zeroizing::new(secret.expose_secret().trim().as_bytes().to_vec());
    let mut value = HeaderValue::from_maybe_shared(bytes::Bytes::from_owner(bytes)).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_sent_and_never_shown() {
        let value = secret_value(&SecretString::from(" hush-hush\n")).unwrap();
        assert_eq!(value.as_bytes(), b"hush-hush");
        assert!(!format!("{value:?}").contains("hush"));
        assert!(secret_value(&SecretString::from("hush\nhush")).is_none());
    }
}
