//! Headers that carry a key, and those that tell of a limit.

use super::budget::Left;
use crate::domain::Timestamp;
use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use zeroize::Zeroizing;

/// The value of a header that holds a secret: never shown by the HTTP library, and wiped from memory with its last
/// copy (copies share one memory). `None` when it holds characters that cannot be sent.
pub(super) fn secret_value(secret: &SecretString) -> Option<HeaderValue> {
    let bytes = Zeroizing::new(secret.expose_secret().trim().as_bytes().to_vec());
    let mut value = HeaderValue::from_maybe_shared(bytes::Bytes::from_owner(bytes)).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// What an answer says of the limit, in the headers that APIs commonly use (`X-RateLimit-*`, `RateLimit-*`). None of
/// the four vendors documents them; a gateway in between may send them all the same.
pub(super) fn left(headers: &HeaderMap, now: Timestamp) -> Option<Left> {
    let number = |name: &str| {
        let value = ["x-ratelimit-", "x-rate-limit-", "ratelimit-"]
            .iter()
            .find_map(|prefix| headers.get(format!("{prefix}{name}").as_str()))?;
        // `100, 100;w=60` is a list with details behind the number.
        let text = value.to_str().ok()?.split([',', ';']).next()?.trim().to_owned();
        text.parse::<f64>().ok().filter(|n| (0.0..1e11).contains(n))
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range")]
    let whole = |n: f64| n.min(f64::from(u32::MAX)) as u32;
    let ends_in = number("reset").map(|reset| {
        // Seconds from now, or the moment in seconds since 1970.
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970")]
        let epoch = now.unix_timestamp() as f64;
        Duration::from_secs_f64(if reset > MOST_AHEAD { (reset - epoch).max(0.0) } else { reset })
    });
    Some(Left { requests: whole(number("remaining")?), limit: number("limit").map(whole), ends_in })
}

/// A larger number of seconds is a moment. A year.
const MOST_AHEAD: f64 = 366.0 * 86_400.0;

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

    #[test]
    fn the_headers_of_a_limit_are_read_in_every_common_form() {
        let now = time::macros::datetime!(2026-03-05 12:00 UTC);
        let read = |pairs: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, HeaderValue::from_str(value).unwrap());
            }
            left(&headers, now)
        };
        let wanted = Left { requests: 7, limit: Some(100), ends_in: Some(Duration::from_mins(1)) };
        let moment = (now.unix_timestamp() + 60).to_string();
        for reset in ["60", &moment] {
            let headers = [("x-ratelimit-limit", "100"), ("x-ratelimit-remaining", "7"), ("x-ratelimit-reset", reset)];
            assert_eq!(read(&headers), Some(wanted));
        }
        let ietf = [("ratelimit-limit", "100, 100;w=60"), ("ratelimit-remaining", "7"), ("ratelimit-reset", "60")];
        assert_eq!(read(&ietf), Some(wanted));
        assert_eq!(read(&[("x-ratelimit-limit", "100")]), None);
        assert_eq!(read(&[("x-ratelimit-remaining", "soon")]), None);
    }
}
