//! From probabilities to a verdict: automatic, suggested, conflict, none; and the reason in a few words.
//!
//! Owns the guards: what keeps a good candidate from being automatic. It never makes a candidate better.

use super::companies::{self, Companies};
use super::devices::{self, DeviceMatch, SerialMatch};
use super::facts::Problem;
use super::fields::Likeness;
use super::model::FieldMatch;
use crate::domain::{Ties, Verdict};

/// Natural log-odds by which the best company must lead to be no tie.
pub const COMPANY_TIE: f32 = 0.5;
/// Bits by which the best device must lead to be no tie.
pub const DEVICE_TIE: f32 = 1.0;
/// Probability of a runner-up that blocks an automatic match.
const NEAR: f32 = 0.02;

/// What became of a company's row.
#[derive(Clone, Debug, PartialEq)]
pub struct CompanyRow {
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is not automatic; empty when it is.
    pub note: String,
}

fn said(verdict: Verdict, note: &str) -> CompanyRow {
    CompanyRow { verdict, note: note.to_owned() }
}

/// The verdict on a company.
#[must_use]
pub fn company_verdict(
    problem: &Problem<'_>,
    companies: &Companies<'_>,
    left: usize,
    row: &[companies::Scored],
    choice: Option<u32>,
) -> CompanyRow {
    let settings = problem.settings;
    if problem.known.companies.contains_key(&problem.left_companies[left].id) {
        return said(Verdict::None, "decided");
    }
    let Some(best) = choice.and_then(|c| row.iter().find(|s| s.right == c)) else {
        return said(Verdict::None, if row.is_empty() { "nothing like it" } else { "its candidates are taken" });
    };
    let rival = row.iter().filter(|s| s.right != best.right).max_by(|a, b| a.log_odds.total_cmp(&b.log_odds));
    let tied = rival.is_some_and(|r| best.log_odds - r.log_odds < COMPANY_TIE && best.log_odds > 0.0);
    if tied {
        return match settings.ties {
            Ties::Oldest => said(Verdict::Suggest, "the oldest of equals"),
            Ties::Block => said(Verdict::Conflict, "another is as good"),
        };
    }
    if best.confidence < settings.suggest_from {
        return said(Verdict::None, "none good enough");
    }
    let l = u32::try_from(left).unwrap_or(u32::MAX);
    if !settings.name_alone_may_auto && !has_more_than_a_name(companies, l, best.right) {
        return said(Verdict::Suggest, "name alone");
    }
    if companies.votes_of(l, best.right).is_some_and(|v| v.found >= 2 && !v.is_majority()) {
        return said(Verdict::Conflict, "devices say otherwise");
    }
    if companies.link(l, best.right) < 0 {
        return said(Verdict::Conflict, "vendor link says otherwise");
    }
    let fields = companies.field_match(l, best.right);
    if fields.owner.is_some_and(|p| p < 0.3) {
        return said(Verdict::Suggest, "of another company");
    }
    if fields.phone.0 == Likeness::Differ && fields.street.0 == Likeness::Differ {
        return said(Verdict::Suggest, "phone and street differ");
    }
    if is_elsewhere(&fields) && !has_more_than_a_name(companies, l, best.right) {
        return said(Verdict::Suggest, "name alone, another place");
    }
    if rival.is_some_and(|r| r.probability > NEAR) {
        return said(Verdict::Suggest, "runner-up too near");
    }
    if best.confidence < settings.auto_from {
        return said(Verdict::Suggest, "not sure enough");
    }
    CompanyRow { verdict: Verdict::Auto, note: String::new() }
}

/// What is known of the two places differs, and nothing of them agrees.
fn is_elsewhere(fields: &FieldMatch) -> bool {
    let places = [fields.street.0, fields.zip, fields.city, fields.state];
    places.contains(&Likeness::Differ)
        && !places[..3].iter().any(|place| matches!(place, Likeness::Same | Likeness::Near))
}

/// Something besides the name speaks for the pair: devices, a vendor's link, a person's rule, domain, phone or address.
fn has_more_than_a_name(companies: &Companies<'_>, left: u32, right: u32) -> bool {
    let fields = companies.field_match(left, right);
    companies.votes_of(left, right).is_some_and(companies::Votes::is_majority)
        || companies.link(left, right) > 0
        || companies.alias(left, right) == Some(true)
        || fields.domain == Likeness::Same
        || fields.phone.0 == Likeness::Same
        || fields.street.0 == Likeness::Same
}

/// The verdict on a device, with the reason.
#[must_use]
pub fn device_verdict(
    problem: &Problem<'_>,
    row: &[devices::Scored],
    matches: &[DeviceMatch],
    choice: Option<u32>,
    waits: bool,
    claimed: bool,
) -> (Verdict, String) {
    let settings = problem.settings;
    let say = |verdict, note: &str| (verdict, note.to_owned());
    let (Some(best), Some(found)) = (row.first(), matches.first()) else {
        return say(Verdict::None, if waits { "its company has no match yet" } else { "nothing like it" });
    };
    if choice != Some(best.right) {
        return say(Verdict::None, if found.again { ENROLLED_AGAIN } else { "its candidates are taken" });
    }
    if found.company == Some(false) {
        let strong = found.is_identified() || found.macs > 0;
        return if strong && best.confidence > settings.suggest_from {
            say(Verdict::Conflict, MOVED)
        } else {
            say(Verdict::None, MOVED)
        };
    }
    if best.confidence < settings.suggest_from {
        return say(Verdict::None, "none good enough");
    }
    let rival = row.iter().skip(1).map(|s| s.bits).fold(f32::MIN, f32::max);
    if best.bits - rival < DEVICE_TIE {
        return match settings.ties {
            Ties::Oldest => say(Verdict::Suggest, "the oldest of equals"),
            Ties::Block => say(Verdict::Conflict, "another is as good"),
        };
    }
    if found.contradicts() {
        let replaced = found.serial == SerialMatch::Differs && found.host == Some(true);
        return if replaced {
            say(Verdict::Suggest, "mainboard replaced?")
        } else {
            say(Verdict::Conflict, "identifiers disagree")
        };
    }
    if is_serial_alone(found) {
        // Serials of two devices changed places in one of the systems.
        if claimed || matches[1..].iter().any(|other| other.macs > 0) {
            return say(Verdict::Conflict, "serial says one, MAC another");
        }
        if matches[1..].iter().any(is_named) {
            return say(Verdict::Conflict, "serial says one, name another");
        }
    }
    device_guards(problem, row, found, best, waits)
}

/// Nothing but the serial speaks for the record: a host name that several devices have speaks for none of them.
fn is_serial_alone(found: &DeviceMatch) -> bool {
    found.macs == 0 && found.uuid != Some(true) && !is_named(found)
}

/// The record has the device's name, inside the company, and no third one has.
fn is_named(found: &DeviceMatch) -> bool {
    found.host == Some(true) && found.company != Some(false) && found.host_count <= ONE_EACH
}

/// A device that stands in another company than its identifiers say.
const MOVED: &str = "moved? in another company";
/// A left record of a device that a newer left record reports for.
const ENROLLED_AGAIN: &str = "older: enrolled again since";

/// A host name that one device of each side has.
const ONE_EACH: u32 = 2;

fn device_guards(
    problem: &Problem<'_>,
    row: &[devices::Scored],
    found: &DeviceMatch,
    best: &devices::Scored,
    waits: bool,
) -> (Verdict, String) {
    let note = if found.serial == SerialMatch::Like {
        "serial only alike"
    } else if found.serial == SerialMatch::Shared {
        "serial on several devices"
    } else if !found.is_identified() && found.macs == 0 {
        "host name alone"
    } else if !found.is_identified() && found.host != Some(true) {
        "MAC alone"
    } else if found.again {
        ENROLLED_AGAIN
    } else if found.older {
        "older duplicate"
    } else if found.retired {
        "record out of use"
    } else if waits {
        "its company has no match yet"
    } else if row.iter().skip(1).any(|s| s.probability > NEAR) {
        "runner-up too near"
    } else if best.confidence < problem.settings.auto_from {
        "not sure enough"
    } else {
        ""
    };
    let verdict = if note.is_empty() { Verdict::Auto } else { Verdict::Suggest };
    (verdict, note.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_of_several_devices_does_not_stand_by_a_serial() {
        let named =
            DeviceMatch { serial: SerialMatch::Same, host: Some(true), host_count: 2, ..DeviceMatch::default() };
        assert!(!is_serial_alone(&named));
        assert!(is_serial_alone(&DeviceMatch { host_count: 3, ..named }));
        assert!(!is_serial_alone(&DeviceMatch { host_count: 3, macs: 1, ..named }));
        assert!(is_serial_alone(&DeviceMatch { host: None, ..named }));
    }
}
