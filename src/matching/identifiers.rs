//! What identifies a device, in comparable form, and how often each value stands on each side.
//!
//! Identifiers clean themselves: placeholders go by the [`JunkList`], and a value on two live devices of one side stops
//! identifying, whatever it looks like.

use super::facts::DeviceFacts;
use super::names::parse::fold;
use crate::domain::{JunkList, Mac, Serial};
use rayon::prelude::*;
use rustc_hash::{FxHashSet, FxHasher};
use std::hash::{Hash, Hasher};

/// A device's identifiers as hashes; 0 where there is none that may identify.
#[derive(Clone, Debug, Default)]
pub struct Identifiers {
    /// Serial number.
    pub serial: u64,
    /// Serial number with look-alike characters and makers' prefixes taken out.
    pub serial_shape: u64,
    /// Hardware UUID.
    pub uuid: u64,
    /// Addresses that may identify.
    pub macs: Box<[Mac]>,
    /// Host name, first label.
    pub host: u64,
    /// Host name within its company, for look-up: a host name tells devices of one company apart, not of all.
    pub host_inside: u64,
    /// Model.
    pub model: u32,
    /// Model identifier.
    pub model_identifier: u32,
    /// Maker, first word.
    pub maker: u32,
    /// Last user.
    pub user: u32,
    /// There was a serial, but it identifies nothing.
    pub junk_serial: bool,
    /// The record is out of use.
    pub archived: bool,
}

/// Hash of a value, never 0.
pub fn hash(value: impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    value.hash(&mut hasher);
    hasher.finish() | 1
}

/// A shorter hash, for values that are only compared within a pair.
fn short_hash(value: impl Hash) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "half of a hash is a hash")]
    let half = (hash(value) >> 24) as u32;
    half | 1
}

/// Labels that people and programs write before a serial number.
const LABELS: [&str; 10] =
    ["SERIALNUMBER", "SERIALNO", "SERVICETAG", "SERIAL", "ASSETTAG", "SNO", "STAG", "TAG", "SN", "NO"];

/// The comparable form of a serial number: without separators, case and a label before it; `None` when nothing is left.
#[must_use]
pub fn serial_of(text: &str) -> Option<Serial> {
    let bare = LABELS.iter().find_map(|label| after_label(text, label)).unwrap_or(text);
    Serial::parse(bare)
}

/// What follows a label: something must part the two (`SN 7ABC`, `Service Tag: 7ABC`), or stand inside it (`s/n7ABC`).
fn after_label<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let mut wanted = label.chars();
    let mut next = wanted.next();
    let mut parted = false;
    for (i, c) in text.trim_start().char_indices() {
        match next {
            Some(letter) if c.to_ascii_uppercase() == letter => next = wanted.next(),
            Some(_) if c.is_alphanumeric() => return None,
            Some(_) => parted |= c == '/',
            None if parted || !c.is_alphanumeric() => {
                let rest = &text.trim_start()[i..];
                return (rest.chars().filter(|c| c.is_alphanumeric()).count() >= 4).then_some(rest);
            }
            None => return None,
        }
    }
    None
}

/// The serial with characters that are taken for each other made one (`O`/`0`, `I`/`1`, `S`/`5`, `B`/`8`, `Z`/`2`), without
/// the `S` or `1S…` that makers' bar codes put before it.
#[must_use]
pub fn serial_shape(serial: &Serial) -> String {
    let text = serial.as_str();
    let bare = text.strip_prefix('S').filter(|rest| rest.len() >= 8).unwrap_or(text);
    bare.chars()
        .map(|c| match c {
            'O' | 'Q' | 'D' => '0',
            'I' | 'L' => '1',
            'S' => '5',
            'B' => '8',
            'Z' => '2',
            'G' => '6',
            c => c,
        })
        .collect()
}

/// Host name in comparable form: first label, lower case, without a remark in brackets; empty for addresses and for
/// names that say nothing.
#[must_use]
pub fn host_of(name: &str) -> String {
    let folded = fold(name);
    let bare = folded.split(['(', '[', '{']).next().unwrap_or("").trim();
    let numeric = bare.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b':'));
    let label = bare.split('.').next().unwrap_or("").trim();
    let kept: String = label.chars().filter(char::is_ascii_alphanumeric).collect();
    if numeric || matches!(kept.as_str(), "localhost" | "unknown" | "none" | "null" | "na" | "untitled") {
        return String::new();
    }
    kept
}

/// What stands in brackets after a device's name (`PC-7 (anna)`): often its user.
fn remark(name: &str) -> Option<&str> {
    let from = name.find('(')?;
    let rest = &name[from + 1..];
    rest.split(')').next().map(str::trim).filter(|r| !r.is_empty())
}

fn text_hash(text: Option<&str>) -> u32 {
    let Some(text) = text else { return 0 };
    let kept: String = fold(text).chars().filter(char::is_ascii_alphanumeric).collect();
    if kept.is_empty() { 0 } else { short_hash(kept) }
}

fn maker(text: Option<&str>) -> u32 {
    let Some(text) = text else { return 0 };
    let folded = fold(text);
    match folded.split(|c: char| !c.is_ascii_alphanumeric()).find(|w| !w.is_empty()) {
        Some("hewlett" | "hewlettpackard") => short_hash("hp"),
        Some(word) => short_hash(word),
        None => 0,
    }
}

fn user(device: &DeviceFacts) -> u32 {
    let named = device.user.as_deref().or_else(|| remark(&device.name));
    let Some(text) = named else { return 0 };
    let bare = text.rsplit('\\').next().unwrap_or("").split('@').next().unwrap_or("");
    text_hash(Some(bare))
}

/// Reads a device's identifiers.
#[must_use]
pub fn read(device: &DeviceFacts, junk: &JunkList) -> Identifiers {
    let serial = device.serial.as_deref().and_then(serial_of);
    let clean = serial.as_ref().filter(|s| junk.serial_reason(s).is_none());
    let uuid = device.hardware_uuid.as_deref().filter(|u| junk.uuid_reason(u).is_none());
    let mut macs: Vec<Mac> = device.macs.iter().copied().filter(|m| junk.mac_reason(*m).is_none()).collect();
    macs.sort_unstable();
    macs.dedup();
    let host = host_of(device.host_name.as_deref().unwrap_or(&device.name));
    Identifiers {
        serial: clean.map_or(0, |s| hash(s.as_str())),
        serial_shape: clean.map_or(0, |s| hash(serial_shape(s))),
        uuid: uuid.and_then(Serial::parse).map_or(0, |u| hash(u.as_str())),
        macs: macs.into(),
        host: if host.is_empty() { 0 } else { hash(host) },
        host_inside: 0,
        model: text_hash(device.model.as_deref()),
        model_identifier: text_hash(device.model_identifier.as_deref()),
        maker: maker(device.manufacturer.as_deref()),
        user: user(device),
        junk_serial: clean.is_none() && serial.is_some(),
        archived: device.archived,
    }
}

/// What kind of identifier a key of the index is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// Serial number.
    Serial = 1,
    /// Shape of a serial number.
    Shape = 2,
    /// Hardware UUID.
    Uuid = 3,
    /// MAC address.
    Mac = 4,
    /// Host name.
    Host = 5,
}

/// A key of the index: kind and value in one number, the value spread over the upper bits.
#[must_use]
pub fn key(kind: Kind, value: u64) -> u64 {
    (value.wrapping_mul(SPREAD) & !0xFF) | kind as u64
}

/// An odd number with evenly spread bits (2^64 divided by the golden ratio).
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

fn bucket(key: u64, shift: u32) -> usize {
    usize::try_from(key >> shift).unwrap_or(0)
}

/// The kind of a key.
#[must_use]
pub fn kind_of(key: u64) -> Option<Kind> {
    [Kind::Serial, Kind::Shape, Kind::Uuid, Kind::Mac, Kind::Host].into_iter().find(|k| *k as u64 == key & 0xFF)
}

/// A host name within a company, by the company's number; 0 for no host name.
#[must_use]
pub fn host_inside(host: u64, company: u32) -> u64 {
    if host == 0 { 0 } else { hash((host, company)) }
}

/// The keys of a device.
pub fn keys(ids: &Identifiers) -> impl Iterator<Item = (Kind, u64)> + '_ {
    let one = |kind, value: u64| (value != 0).then(|| (kind, key(kind, value)));
    [
        one(Kind::Serial, ids.serial),
        one(Kind::Shape, ids.serial_shape),
        one(Kind::Uuid, ids.uuid),
        one(Kind::Host, ids.host_inside),
    ]
    .into_iter()
    .flatten()
    .chain(ids.macs.iter().map(|m| (Kind::Mac, key(Kind::Mac, m.as_u64()))))
}

/// Which devices of one side have a value: sorted entries with a directory of their upper bits.
#[derive(Debug, Default)]
pub struct Index {
    entries: Vec<(u64, u32)>,
    starts: Vec<u32>,
    shift: u32,
}

impl Index {
    /// Builds the index of one side.
    #[must_use]
    pub fn new(all: &[Identifiers]) -> Self {
        let mut entries: Vec<(u64, u32)> = Vec::with_capacity(all.len() * 5);
        for (row, ids) in (0u32..).zip(all) {
            entries.extend(keys(ids).map(|(_, key)| (key, row)));
        }
        entries.par_sort_unstable();
        entries.dedup();
        entries.shrink_to_fit();
        let mut index = Self { entries, starts: Vec::new(), shift: 0 };
        index.direct();
        index
    }

    /// Follows the rows that changed, came or went.
    pub fn update(&mut self, changed: &FxHashSet<u32>, all: &[Identifiers]) {
        let last = changed.iter().copied().max().map_or(0, |row| row as usize + 1);
        let mut gone = vec![false; last];
        for row in changed {
            gone[*row as usize] = true;
        }
        self.entries.retain(|(_, row)| !gone.get(*row as usize).copied().unwrap_or(false));
        let mut new: Vec<(u64, u32)> = Vec::new();
        for row in changed.iter().filter(|row| (**row as usize) < all.len()) {
            new.extend(keys(&all[*row as usize]).map(|(_, key)| (key, *row)));
        }
        new.sort_unstable();
        new.dedup();
        self.entries.extend(new);
        #[expect(clippy::stable_sort_primitive, reason = "two sorted runs: the stable sort only merges them")]
        self.entries.sort();
        self.direct();
    }

    /// Builds the directory.
    fn direct(&mut self) {
        self.shift = 64 - self.entries.len().max(2).ilog2().min(24);
        self.starts = vec![0u32; (1usize << (64 - self.shift)) + 1];
        for (key, _) in &self.entries {
            self.starts[bucket(*key, self.shift) + 1] += 1;
        }
        (1..self.starts.len()).for_each(|i| self.starts[i] += self.starts[i - 1]);
    }

    /// The devices with a key.
    #[must_use]
    pub fn of(&self, key: u64) -> impl ExactSizeIterator<Item = u32> + '_ {
        let at = if self.entries.is_empty() { 0 } else { bucket(key, self.shift) };
        let range = if self.entries.is_empty() { 0..0 } else { self.starts[at] as usize..self.starts[at + 1] as usize };
        let near = &self.entries[range];
        let from = near.partition_point(|e| e.0 < key);
        let count = near[from..].partition_point(|e| e.0 == key);
        near[from..from + count].iter().map(|e| e.1)
    }

    /// How many devices have a key.
    #[must_use]
    pub fn count(&self, key: u64) -> usize {
        self.of(key).len()
    }

    /// Keys that two to `most` devices share, each with its devices.
    pub fn shared(&self, most: usize) -> impl Iterator<Item = (u64, Vec<u32>)> + '_ {
        self.entries
            .chunk_by(|a, b| a.0 == b.0)
            .filter(move |group| (2..=most).contains(&group.len()))
            .map(|group| (group[0].0, group.iter().map(|e| e.1).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_before_a_serial_fall_away() {
        for text in ["MJVF2BLS", "s/nMJVF2BLS", "Service Tag: MJVF2BLS", "SN:mjvf2bls", " S/N MJVF2BLS ", "SN MJVF2BLS"]
        {
            assert_eq!(serial_of(text).unwrap().as_str(), "MJVF2BLS", "{text}");
        }
        assert_eq!(serial_of("SN123456").unwrap().as_str(), "SN123456");
    }

    #[test]
    fn look_alikes_share_a_shape() {
        let shape = |t: &str| serial_shape(&Serial::parse(t).unwrap());
        assert_eq!(shape("CO22TL2UTWE0"), shape("C022TL2UTWE0"));
        assert_eq!(shape("SC02XTYP1HKS7"), shape("C02XTYP1HKS7"));
        assert_ne!(shape("C02XTYP1HKS7"), shape("C02XTYP1HKS9"));
    }

    #[test]
    fn host_names_compare_by_their_first_label() {
        assert_eq!(host_of("LCT-LT-029"), host_of("lct-lt-029.lct.local"));
        assert_eq!(host_of("CARP-PC-007 (liam)"), host_of("carp-pc-007"));
        assert_eq!(host_of("192.168.0.1"), "");
    }
}
