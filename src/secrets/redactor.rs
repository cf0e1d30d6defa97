//! Redaction: no text leaves for a log, an error or a trace with a secret in it, whatever way it was written there.

use super::Credentials;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What stands where a secret stood.
pub const REDACTED: &str = "«secret»";

/// In what a vendor delivers only forms at least this long are looked for, in bytes: it is data, and a short secret is a
/// word in it. Keys that vendors give out are longer.
const LONG: usize = 16;

/// Shorter secrets are left alone: they would be found in ordinary words, and a guess finds them anyway.
const SHORTEST: usize = 4;

/// Replaces every known secret in a text, also where it was URL-encoded, in base64 (alone or inside a longer value such
/// as basic authentication) or escaped in JSON. Clones share the patterns, which are wiped with the last one.
#[derive(Clone, Default)]
pub struct Redactor(Arc<[Zeroizing<String>]>);

impl Redactor {
    /// A redactor of these secrets.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let mut patterns: Vec<Zeroizing<String>> = secrets.into_iter().flat_map(|s| forms(s.expose_secret())).collect();
        patterns.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        patterns.dedup();
        Self(patterns.into())
    }

    /// A redactor of all secrets of these credentials.
    pub fn of<'a>(credentials: impl IntoIterator<Item = &'a Credentials>) -> Self {
        Self::new(credentials.into_iter().flat_map(Credentials::secrets))
    }

    /// The text without secrets. Borrows when there was none.
    #[must_use]
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut clean = Cow::Borrowed(text);
        for pattern in self.0.iter() {
            if clean.contains(pattern.as_str()) {
                clean = Cow::Owned(clean.replace(pattern.as_str(), REDACTED));
            }
        }
        clean
    }
}

impl Redactor {
    /// The body of an answer without secrets: a vendor that sends a key back in a record must not get it into the store.
    #[must_use]
    pub fn redact_body(&self, body: Vec<u8>) -> Vec<u8> {
        let found = |pattern: &&Zeroizing<String>| {
            pattern.len() >= LONG && memchr::memmem::find(&body, pattern.as_bytes()).is_some()
        };
        let Some(first) = self.0.iter().position(|pattern| found(&pattern)) else { return body };
        let Ok(text) = std::str::from_utf8(&body) else { return body };
        let long = self.0[first..].iter().filter(|pattern| pattern.len() >= LONG);
        long.fold(text.to_owned(), |text, pattern| text.replace(pattern.as_str(), REDACTED)).into_bytes()
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} patterns)", self.0.len())
    }
}

/// Every way in which the secret may be written, at least [`SHORTEST`] bytes long.
fn forms(secret: &str) -> Vec<Zeroizing<String>> {
    if secret.len() < SHORTEST {
        return Vec::new();
    }
    let form_encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let percent_encoded = form_encoded.replace('+', "%20");
    let every_byte: String = secret
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    let debug = format!("{secret:?}");
    let json = serde_json::Value::from(secret).to_string();
    let mut forms = vec![
        secret.to_owned(),
        lower_hex(&form_encoded),
        form_encoded,
        lower_hex(&percent_encoded),
        percent_encoded,
        lower_hex(&every_byte),
        every_byte,
        debug.trim_matches('"').to_owned(),
        json.trim_matches('"').to_owned(),
    ];
    for offset in 0..3 {
        forms.extend(base64_at(secret, offset, &STANDARD_NO_PAD));
        forms.extend(base64_at(secret, offset, &URL_SAFE_NO_PAD));
    }
    forms.into_iter().map(Zeroizing::new).filter(|form| form.len() >= SHORTEST).collect()
}

/// The characters of base64 that hold only bits of the secret when it stands `offset` bytes into an encoded value.
fn base64_at(secret: &str, offset: usize, engine: &impl Engine) -> Option<String> {
    let mut bytes = Zeroizing::new(vec![0; offset]);
    bytes.extend_from_slice(secret.as_bytes());
    let first = (offset * 8).div_ceil(6);
    let last = bytes.len() * 8 / 6;
    engine.encode(&*bytes).get(first..last).map(str::to_owned)
}

/// `%2F` as `%2f`; other characters stay.
fn lower_hex(text: &str) -> String {
    let mut hex = 0;
    let lower = |c: char| {
        if c == '%' {
            hex = 2;
            return c;
        }
        if hex > 0 {
            hex -= 1;
            return c.to_ascii_lowercase();
        }
        c
    };
    text.chars().map(lower).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    fn redactor(secret: &str) -> Redactor {
        Redactor::new([&SecretString::from(secret)])
    }

    #[test]
    fn every_written_form_is_replaced() {
        let secret = "pä ss/\"w+rd\\=&";
        let redactor = redactor(secret);
        let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let written = [
            secret.to_owned(),
            form.to_lowercase(),
            form.replace('+', "%20"),
            form,
            format!("{secret:?}"),
            serde_json::Value::from(secret).to_string(),
        ];
        for text in written {
            let clean = redactor.redact(&text).into_owned();
            assert!(clean.contains(REDACTED) && !clean.contains("ss"), "{text} became {clean}");
        }
    }

    #[test]
    fn bodies_keep_words_that_are_short_secrets_and_lose_keys() {
        let redactor = Redactor::new(["acme", "a-key-of-some-length/+1"].map(SecretString::from).iter());
        let body = br#"{"name":"acme","note":"a-key-of-some-length\/+1 a-key-of-some-length/+1"}"#.to_vec();
        let clean = String::from_utf8(redactor.redact_body(body)).unwrap();
        assert!(clean.contains(r#""name":"acme""#) && clean.contains(REDACTED), "{clean}");
        assert_eq!(redactor.redact_body(b"nothing \xff here".to_vec()), b"nothing \xff here");
    }

    #[test]
    fn longer_secrets_win_over_their_own_parts() {
        let redactor = Redactor::new([&SecretString::from("token"), &SecretString::from("token-long")]);
        assert_eq!(redactor.redact("a token-long b token"), "a «secret» b «secret»");
    }

    #[test]
    fn text_without_secrets_is_borrowed_and_short_secrets_are_left() {
        assert!(matches!(redactor("hush-hush").redact("plain text"), Cow::Borrowed(_)));
        assert_eq!(redactor("abc").redact("abc"), "abc");
    }

    #[test]
    fn debug_shows_no_pattern() {
        assert!(!format!("{:?}", redactor("hush-hush")).contains("hush"));
    }

    proptest! {
        #[test]
        fn basic_authentication_never_shows_the_secret(user in "[a-z+]{0,12}", secret in "[!-~]{6,40}", after in "[a-z]{0,4}") {
            let header = STANDARD.encode(format!("{user}:{secret}{after}"));
            let clean = redactor(&secret).redact(&header).into_owned();
            prop_assert!(clean.contains(REDACTED), "{clean}");
            // What is left at the seams is at most one byte of the secret at either end.
            let left: usize = clean.split(REDACTED).map(str::len).sum();
            prop_assert!(left <= (user.len() + 1 + after.len()) * 4 / 3 + 6, "{clean}");
        }
    }
}
