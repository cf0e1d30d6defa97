//! MAC addresses in one comparable form, and which of them can identify a device at all.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A 48-bit MAC address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mac(u64);

/// Whether an address can identify a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MacUse {
    /// Given by a maker to one interface.
    Universal,
    /// Locally administered: a private Wi-Fi address, a virtual adapter, a VPN.
    LocallyAdministered,
    /// A group address (broadcast included): never one device's.
    Group,
    /// All zero.
    Zero,
}

impl Mac {
    /// Parses one address in any usual form: `aa:bb:cc:dd:ee:ff`, `AA-BB-…`, `aabb.ccdd.eeff`, `aabbccddeeff`,
    /// or with single digits between the colons (`0:1c:42:0:0:8`). `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > 23 {
            return None;
        }
        let groups: Vec<&str> = text.split([':', '-', '.', ' ']).collect();
        let value = match groups.len() {
            6 => groups.iter().try_fold(0u64, |acc, g| {
                if g.is_empty() || g.len() > 2 {
                    return None;
                }
                Some(acc << 8 | u64::from(u8::from_str_radix(g, 16).ok()?))
            })?,
            3 if groups.iter().all(|g| g.len() == 4) => {
                groups.iter().try_fold(0u64, |acc, g| Some(acc << 16 | u64::from(u16::from_str_radix(g, 16).ok()?)))?
            }
            1 if text.len() == 12 && text.bytes().all(|b| b.is_ascii_hexdigit()) => {
                u64::from_str_radix(text, 16).ok()?
            }
            _ => return None,
        };
        Some(Self(value))
    }

    /// Every address in a field that may hold several, separated by anything that is not part of one
    /// (`a|b`, `a, b`, `a;b`, lines). Order kept, repeats removed.
    #[must_use]
    pub fn parse_all(text: &str) -> Vec<Self> {
        let mut found = Vec::new();
        for part in text
            .split(['|', ',', ';', '/', '\n', '\t'])
            .flat_map(|part| if Self::parse(part).is_some() { vec![part] } else { part.split_whitespace().collect() })
        {
            if let Some(mac) = Self::parse(part)
                && !found.contains(&mac)
            {
                found.push(mac);
            }
        }
        found
    }

    /// The six octets as a number.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// Whether it can identify a device by its own bits (lists of known shared addresses are [`super::JunkList`]'s).
    #[must_use]
    pub const fn usability(self) -> MacUse {
        let first = self.0 >> 40;
        if self.0 == 0 {
            MacUse::Zero
        } else if first & 1 != 0 {
            MacUse::Group
        } else if first & 2 != 0 {
            MacUse::LocallyAdministered
        } else {
            MacUse::Universal
        }
    }
}

impl fmt::Display for Mac {
    /// Lower case with colons.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, octet) in self.0.to_be_bytes()[2..].iter().enumerate() {
            write!(f, "{}{octet:02x}", if i == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_form_is_the_same_address() {
        let want = Mac::parse("14:7d:da:00:00:01").unwrap();
        for form in ["14-7D-DA-00-00-01", "147d.da00.0001", "147DDA000001", "14:7d:da:0:0:1", " 14 7d da 00 00 01 "] {
            assert_eq!(Mac::parse(form), Some(want), "{form}");
        }
        assert_eq!(want.to_string(), "14:7d:da:00:00:01");
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        for text in ["", "n/a", "14:7d:da:00:00", "14:7d:da:00:00:0g", "123456789012345", "::::::"] {
            assert_eq!(Mac::parse(text), None, "{text}");
        }
    }

    #[test]
    fn several_in_one_field() {
        let two = Mac::parse_all("14:7d:da:00:00:01|14-7D-DA-00-00-02, 147dda000001");
        assert_eq!(two.len(), 2);
        assert_eq!(Mac::parse_all("14:7d:da:00:00:01 14:7d:da:00:00:02").len(), 2);
    }

    #[test]
    fn bits_tell_what_cannot_identify() {
        let usable = |t| Mac::parse(t).unwrap().usability();
        assert_eq!(usable("14:7d:da:00:00:01"), MacUse::Universal);
        assert_eq!(usable("da:a1:19:00:00:01"), MacUse::LocallyAdministered);
        assert_eq!(usable("ff:ff:ff:ff:ff:ff"), MacUse::Group);
        assert_eq!(usable("00:00:00:00:00:00"), MacUse::Zero);
    }
}
