//! How identifiers are written, by all vendors alike.

use super::derived_below;

/// `aa:bb:cc:dd:ee:ff`.
pub fn mac(address: u64) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(17);
    for octet in &address.to_be_bytes()[2..] {
        if !text.is_empty() {
            text.push(':');
        }
        text.push(char::from(DIGITS[usize::from(octet >> 4)]));
        text.push(char::from(DIGITS[usize::from(octet & 15)]));
    }
    text
}

/// An address in a company's network.
pub fn lan_ip(key: u64) -> String {
    format!("10.{}.{}.{}", derived_below(key, 23, 40), derived_below(key, 31, 8), derived_below(key, 32, 253) + 2)
}

/// A host name made of a device's name.
pub fn host(name: &str) -> String {
    let ascii = any_ascii::any_ascii(name);
    let mut out = String::with_capacity(ascii.len());
    for c in ascii.chars().filter(|&c| c != '\'') {
        match c {
            c if c.is_ascii_alphanumeric() => out.push(c),
            _ if !out.is_empty() && !out.ends_with('-') => out.push('-'),
            _ => {}
        }
    }
    out.truncate(out.trim_end_matches('-').len());
    out
}

/// A form with `#` for digits and `?` for letters, filled from a key.
pub fn filled(form: &str, key: u64) -> String {
    let pick = |alphabet: &[u8], at: u64| {
        char::from(alphabet[usize::try_from(derived_below(key, at, alphabet.len() as u64)).unwrap_or(0)])
    };
    (100..)
        .zip(form.chars())
        .map(|(at, c)| match c {
            '#' => pick(b"0123456789", at),
            '?' => pick(b"ABCDEFGHJKLMNPRSTUVWXYZ", at),
            other => other,
        })
        .collect()
}
