//! Evidence in words: short notes for a cell, each with its weight in bits and its rarity.
//!
//! Owns the wording. Every note is short: the longest stands in a column of 20 to 40 characters.

use super::companies::{ALIAS, Companies, Votes};
use super::devices::{DeviceMatch, Devices, SerialMatch, bits};
use super::fields::Likeness;
use super::identifiers::{Kind, key};
use super::model::feature::{
    CITY_DIFFER, CITY_SAME, DOMAIN_DIFFER, DOMAIN_SAME, OWNER_DIFFER, OWNER_SAME, PHONE_DIFFER, PHONE_NEAR, PHONE_SAME,
    SHORT_NAME, STATE_DIFFER, STREET_DIFFER, STREET_NEAR, STREET_SAME, ZIP_DIFFER, ZIP_SAME,
};
use super::model::{Features, Model};
use super::names::compare::{Agreement, NameMatch, steps};
use super::names::parse::Class;
use crate::domain::{Evidence, EvidenceKind};
use std::f32::consts::LN_2;

/// Rarity of a value: (records with it, records compared).
type Rarity = Option<(u32, u32)>;

fn evidence(kind: EvidenceKind, bits: f32, rarity: Rarity, note: impl Into<String>) -> Evidence {
    Evidence { kind, bits, rarity, note: note.into() }
}

/// Strongest first; of equally strong ones in the order of their kinds.
fn sorted(mut list: Vec<Evidence>) -> Vec<Evidence> {
    list.sort_by(|a, b| b.bits.abs().total_cmp(&a.bits.abs()).then(a.kind.cmp(&b.kind)));
    list
}

/// A number with thin separators: `4,990`.
#[must_use]
pub fn grouped(n: u32) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Bits of agreeing words below which names have no word in common.
const LEAST_AGREED: f32 = 0.5;

/// What speaks for and against a pair of companies.
#[must_use]
pub fn company_evidence(companies: &Companies<'_>, model: &Model, left: u32, right: u32) -> Vec<Evidence> {
    let features = companies.features(left, right);
    let mut list = Vec::with_capacity(4);
    if let Some(votes) = companies.votes_of(left, right) {
        let weight = votes.log_odds() / LN_2;
        list.push(evidence(EvidenceKind::SharedDevices, weight, Some((votes.here, votes.found)), votes_note(votes)));
    }
    match companies.link(left, right) {
        1 => list.push(evidence(EvidenceKind::VendorLink, 6.0 / LN_2, None, "vendor link")),
        -1 => list.push(evidence(EvidenceKind::VendorLink, -2.0 / LN_2, None, "vendor link to another")),
        _ => {}
    }
    match companies.alias(left, right) {
        Some(true) => list.push(evidence(EvidenceKind::Alias, ALIAS / LN_2, None, "alias by a person")),
        Some(false) => list.push(evidence(EvidenceKind::Alias, -ALIAS / LN_2, None, "a person said no")),
        None => {}
    }
    list.push(name_evidence(companies, model, &features, left, right));
    list.extend(field_evidence(companies, model, &features, left));
    sorted(list)
}

fn votes_note(votes: Votes) -> String {
    if votes.here == 0 {
        format!("none of {} devices here", votes.found)
    } else {
        format!("{} of {} serials", votes.here, votes.found.max(votes.here))
    }
}

fn name_evidence(companies: &Companies<'_>, model: &Model, features: &Features, left: u32, right: u32) -> Evidence {
    let z: f32 = (0..PHONE_SAME).map(|i| model.weights[i] * features[i]).sum();
    let found = companies.name_match(left, right);
    let (l, r, words) = companies.names(left, right);
    let steps = steps(l, r, words);
    let rarest = steps
        .iter()
        .filter(|s| s.how == Agreement::Same && l.tokens[s.left].class != Class::Joining)
        .map(|s| l.tokens[s.left].id)
        .max_by(|a, b| words.bits(*a).total_cmp(&words.bits(*b)).then_with(|| words.text(*b).cmp(words.text(*a))));
    let all = u32::try_from(companies.right_len()).unwrap_or(u32::MAX);
    // A word that nearly all have is none in common.
    let rarity = rarest.filter(|_| found.agreed >= LEAST_AGREED).map(|id| (words.right[id as usize], all));
    evidence(EvidenceKind::Name, z / LN_2, rarity, name_note(&found, &steps.iter().map(|s| s.how).collect::<Vec<_>>()))
}

/// How two names agree, in a few words.
#[must_use]
pub fn name_note(found: &NameMatch, hows: &[Agreement]) -> String {
    if found.same_whole {
        return "same name".into();
    }
    if found.numbers_differ {
        return "name, another number".into();
    }
    if found.same_compact {
        return if found.legal < 0 { "name, another legal form".into() } else { "same name but for form".into() };
    }
    if found.agreed < LEAST_AGREED {
        return "no word in common".into();
    }
    let how = [
        (Agreement::Initials, "initials"),
        (Agreement::Together, "written together"),
        (Agreement::Abbreviated, "abbreviated"),
        (Agreement::Typing, "a slip apart"),
    ];
    let mut note = String::from(if found.left_rest + found.right_rest < 1.0 { "name" } else { "part of the name" });
    for (agreement, text) in how {
        if hows.contains(&agreement) {
            note.push_str(", ");
            note.push_str(text);
        }
    }
    if found.number_missing {
        note.push_str(", a number more");
    }
    note
}

fn field_evidence(companies: &Companies<'_>, model: &Model, features: &Features, left: u32) -> Vec<Evidence> {
    let [phone, street, domain] = companies.field_counts(left);
    let rows: [(usize, EvidenceKind, &str, Rarity); 16] = [
        (PHONE_SAME, EvidenceKind::Phone, "phone", Some(phone)),
        (PHONE_NEAR, EvidenceKind::Phone, "phone a digit apart", None),
        (PHONE_DIFFER, EvidenceKind::Phone, "another phone", None),
        (STREET_SAME, EvidenceKind::Address, "address", Some(street)),
        (STREET_NEAR, EvidenceKind::Address, "nearly the address", None),
        (STREET_DIFFER, EvidenceKind::Address, "another street", None),
        (ZIP_SAME, EvidenceKind::Address, "postal code", None),
        (ZIP_DIFFER, EvidenceKind::Address, "another postal code", None),
        (CITY_SAME, EvidenceKind::Address, "city", None),
        (CITY_DIFFER, EvidenceKind::Address, "another city", None),
        (STATE_DIFFER, EvidenceKind::Address, "another state", None),
        (DOMAIN_SAME, EvidenceKind::Domain, "domain", Some(domain)),
        (DOMAIN_DIFFER, EvidenceKind::Domain, "another domain", None),
        (OWNER_SAME, EvidenceKind::Company, "company", None),
        (OWNER_DIFFER, EvidenceKind::Company, "another company", None),
        (SHORT_NAME, EvidenceKind::Name, "short name or domain", None),
    ];
    let kept = rows.into_iter().filter(|row| features[row.0] > 0.05);
    kept.map(|(f, kind, note, rarity)| evidence(kind, model.weights[f] * features[f] / LN_2, rarity, note)).collect()
}

/// What speaks for and against a pair of devices.
#[must_use]
pub fn device_evidence(devices: &Devices<'_>, found: &DeviceMatch, left: u32, right: u32) -> Vec<Evidence> {
    let ids = &devices.lefts.ids[left as usize];
    let others = &devices.rights.ids[right as usize];
    let all = u32::try_from(devices.left.len() + devices.right.len()).unwrap_or(u32::MAX);
    let count = |kind, value| {
        let (l, r) = devices.live(key(kind, value));
        Some((u32::try_from(l + r).unwrap_or(u32::MAX), all))
    };
    let mut list = Vec::with_capacity(4);
    let serial = |note, rarity| evidence(EvidenceKind::Serial, found.serial_bits(), rarity, note);
    match found.serial {
        SerialMatch::Same => list.push(serial("serial", count(Kind::Serial, ids.serial))),
        SerialMatch::Shared => list.push(serial("serial on several devices", count(Kind::Serial, ids.serial))),
        SerialMatch::Like => list.push(serial("serial a slip apart", None)),
        SerialMatch::Differs => list.push(serial("another serial", None)),
        SerialMatch::Unknown => {}
    }
    match found.uuid {
        Some(true) => {
            list.push(evidence(EvidenceKind::HardwareUuid, bits::UUID, count(Kind::Uuid, ids.uuid), "hardware UUID"));
        }
        Some(false) => {
            list.push(evidence(EvidenceKind::HardwareUuid, bits::UUID_DIFFERS, None, "another hardware UUID"));
        }
        None => {}
    }
    if let Some(note) = mac_note(found) {
        // The rarest of the addresses in common.
        let common = ids.macs.iter().filter(|mac| others.macs.contains(mac));
        let rarity = common.filter_map(|mac| count(Kind::Mac, mac.as_u64())).min();
        list.push(evidence(EvidenceKind::Mac, found.mac_bits(), rarity, note));
    }
    match found.host {
        Some(true) if found.host_count <= 2 => {
            list.push(evidence(EvidenceKind::HostName, bits::HOST, Some((found.host_count, all)), "host name"));
        }
        Some(true) => {
            let note = "host name of several";
            list.push(evidence(EvidenceKind::HostName, bits::HOST_SHARED, Some((found.host_count, all)), note));
        }
        Some(false) => list.push(evidence(EvidenceKind::HostName, bits::HOST_DIFFERS, None, "another host name")),
        None => {}
    }
    list.extend(weaker_evidence(found));
    sorted(list)
}

fn mac_note(found: &DeviceMatch) -> Option<String> {
    match found.macs {
        0 if found.shared_macs > 0 => Some("MAC of several devices".into()),
        0 if found.macs_differ => Some("no MAC in common".into()),
        0 => None,
        1 => Some("MAC".into()),
        n => Some(format!("{n} MACs")),
    }
}

fn weaker_evidence(found: &DeviceMatch) -> Vec<Evidence> {
    let mut list = Vec::new();
    let mut both = |value: Option<bool>, kind, yes: (f32, &str), no: (f32, &str)| {
        if let Some(same) = value {
            let (weight, note) = if same { yes } else { no };
            list.push(evidence(kind, weight, None, note));
        }
    };
    both(found.company, EvidenceKind::Company, (bits::COMPANY, "company"), (bits::COMPANY_DIFFERS, "another company"));
    both(found.model, EvidenceKind::Model, (bits::MODEL, "model"), (bits::MODEL_DIFFERS, "another model"));
    if found.maker == Some(false) {
        list.push(evidence(EvidenceKind::Model, bits::MAKER_DIFFERS, None, "another maker"));
    }
    if found.user {
        list.push(evidence(EvidenceKind::User, bits::USER, None, "user"));
    }
    if found.retired {
        list.push(evidence(EvidenceKind::Guard, bits::RETIRED, None, "record out of use"));
    }
    if found.older {
        let note = if found.again { "older: enrolled again since" } else { "older duplicate" };
        list.push(evidence(EvidenceKind::Guard, found.older_bits(), None, note));
    }
    if found.stale {
        list.push(evidence(EvidenceKind::Guard, bits::STALE, None, "record over a year old"));
    }
    list
}

/// What a record has from an older record of the same device.
#[must_use]
pub fn inherited(bits: f32) -> Option<Evidence> {
    (bits > 0.5).then(|| evidence(EvidenceKind::Serial, bits, None, "newest of its duplicates"))
}

/// A guard: it weighs nothing and says why a pair is not automatic.
#[must_use]
pub fn guard(note: &str) -> Evidence {
    evidence(EvidenceKind::Guard, 0.0, None, note)
}

/// Likeness in words, for tables of fields.
#[must_use]
pub const fn likeness_word(likeness: Likeness) -> &'static str {
    match likeness {
        Likeness::Unknown => "unknown",
        Likeness::Same => "same",
        Likeness::Near => "near",
        Likeness::Differ => "different",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([grouped(7), grouped(4990), grouped(1_000_000)], ["7", "4,990", "1,000,000"]);
    }
}
