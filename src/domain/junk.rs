//! Values that look like identifiers and identify nothing: placeholder serials, pseudo-adapter addresses.
//! The list is data (`assets/identifiers/*.toml`), extendable by the person.

use super::{Mac, MacUse, Serial};
use serde::Deserialize;
use std::collections::HashSet;

/// The parsed list.
#[derive(Clone, Debug, Default)]
pub struct JunkList {
    serials: HashSet<Box<str>>,
    serial_prefixes: Vec<Box<str>>,
    uuids: HashSet<Box<str>>,
    macs: HashSet<Mac>,
    mac_prefixes: Vec<(u64, u32)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct JunkFile {
    serials: Vec<String>,
    serial_prefixes: Vec<String>,
    uuids: Vec<String>,
    macs: Vec<String>,
    mac_prefixes: Vec<String>,
}

impl JunkList {
    /// The list that comes with matchbook.
    ///
    /// # Panics
    /// Never: a unit test parses the embedded file.
    #[must_use]
    pub fn built_in() -> Self {
        let mut list = Self::default();
        list.extend_from_toml(include_str!("../../assets/identifiers/junk.toml")).expect("embedded list parses");
        list
    }

    /// Adds the entries of a TOML file with the keys `serials`, `serial_prefixes`, `uuids`, `macs`, `mac_prefixes`.
    ///
    /// # Errors
    /// The parser's or the entry's fault, with its place, as one line.
    pub fn extend_from_toml(&mut self, text: &str) -> Result<(), String> {
        let file: JunkFile = toml::from_str(text).map_err(|e| e.to_string().replace('\n', " "))?;
        let comparable = |s: &String| Serial::parse(s).map(|s| Box::from(s.as_str()));
        self.serials.extend(file.serials.iter().filter_map(comparable));
        self.serial_prefixes.extend(file.serial_prefixes.iter().filter_map(comparable));
        self.uuids.extend(file.uuids.iter().filter_map(comparable));
        for mac in &file.macs {
            self.macs.insert(Mac::parse(mac).ok_or_else(|| format!("macs: “{mac}” is not a MAC address"))?);
        }
        for prefix in &file.mac_prefixes {
            let octets: Vec<&str> = prefix.split([':', '-']).collect();
            let value = octets
                .iter()
                .try_fold(0u64, |acc, o| u8::from_str_radix(o, 16).ok().map(|o| acc << 8 | u64::from(o)))
                .filter(|_| octets.len() <= 6)
                .ok_or_else(|| format!("mac_prefixes: “{prefix}” is not the start of a MAC address"))?;
            let missing = u32::try_from(6 - octets.len()).unwrap_or(0);
            self.mac_prefixes.push((value, 8 * missing));
        }
        Ok(())
    }

    /// Why this serial identifies nothing; `None` when it may.
    #[must_use]
    pub fn serial_reason(&self, serial: &Serial) -> Option<&'static str> {
        let s = serial.as_str();
        let chars: Vec<char> = s.chars().collect();
        let first = chars[0];
        if chars.len() < 4 {
            Some("too short to identify")
        } else if self.serials.contains(s) || self.serial_prefixes.iter().any(|p| s.starts_with(&**p)) {
            Some("placeholder")
        } else if chars.iter().all(|&c| c == first) {
            Some("one character repeated")
        } else if chars.iter().all(|c| matches!(c, '0' | '1')) {
            Some("only zeros and ones")
        } else if is_run(&chars) {
            Some("counting run")
        } else {
            None
        }
    }

    /// Why this hardware UUID identifies nothing; `None` when it may.
    #[must_use]
    pub fn uuid_reason(&self, uuid: &str) -> Option<&'static str> {
        let Some(s) = Serial::parse(uuid) else { return Some("empty") };
        let s = s.as_str();
        let first = s.chars().next().unwrap_or('0');
        if s.len() < 16 {
            Some("too short to identify")
        } else if s.chars().all(|c| c == first) {
            Some("one character repeated")
        } else if self.uuids.contains(s) {
            Some("placeholder")
        } else {
            None
        }
    }

    /// Why this address identifies nothing; `None` when it may.
    #[must_use]
    pub fn mac_reason(&self, mac: Mac) -> Option<&'static str> {
        match mac.usability() {
            MacUse::Zero => return Some("all zero"),
            MacUse::Group => return Some("group address"),
            MacUse::LocallyAdministered => return Some("locally administered (private Wi-Fi or virtual)"),
            MacUse::Universal => {}
        }
        let known = self.macs.contains(&mac)
            || self.mac_prefixes.iter().any(|&(prefix, shift)| mac.as_u64() >> shift == prefix);
        known.then_some("pseudo or shared adapter")
    }
}

/// True for `1234567890`, `0123456789`, `123456789000`: digits that count up, with zeros after them.
fn is_run(chars: &[char]) -> bool {
    let digits: Option<Vec<u32>> = chars.iter().map(|c| c.to_digit(10)).collect();
    let Some(digits) = digits else { return false };
    let counting = 1 + digits.windows(2).take_while(|w| w[1] == (w[0] + 1) % 10).count();
    counting >= 5 && digits[counting..].iter().all(|&d| d == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_identify_nothing() {
        let junk = JunkList::built_in();
        for s in [
            "To Be Filled By O.E.M.",
            "System Serial Number",
            "0123456789",
            "123456789000",
            "00000000",
            "0101",
            "n/a",
            "Default string",
            "None",
            "xxxxxxxx",
            "SYS-1234567890",
        ] {
            assert!(junk.serial_reason(&Serial::parse(s).unwrap()).is_some(), "{s}");
        }
    }

    #[test]
    fn real_serials_may_identify() {
        let junk = JunkList::built_in();
        for s in [
            "C02TEST00001",
            "R92G7SPR",
            "046659679345",
            "VMware-37 f1 37 71 b2 5d d5 b4-6b 59 c5 f4 71 1b 2e a1",
            "PF1.2XYZ",
        ] {
            assert_eq!(junk.serial_reason(&Serial::parse(s).unwrap()), None, "{s}");
        }
    }

    #[test]
    fn pseudo_adapters_identify_nothing() {
        let junk = JunkList::built_in();
        for m in
            ["00:50:56:C0:00:08", "0A:00:27:00:00:00", "20:41:53:59:4E:FF", "00:1A:7D:DA:71:0A", "FE:FF:FF:FF:FF:FF"]
        {
            assert!(junk.mac_reason(Mac::parse(m).unwrap()).is_some(), "{m}");
        }
        assert_eq!(junk.mac_reason(Mac::parse("14:7d:da:00:00:01").unwrap()), None);
    }
}
