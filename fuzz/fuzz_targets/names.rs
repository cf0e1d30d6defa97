//! Any two texts as names, serials, phones, streets and hosts: no panic, probabilities stay probabilities, a name agrees
//! with itself.
//!
//! `cargo +nightly fuzz run names`

#![no_main]

use libfuzzer_sys::fuzz_target;
use matchbook::matching::names::compare::compare;
use matchbook::matching::names::vocabulary::Vocabulary;
use matchbook::matching::{CompanyFacts, DeviceFacts, Known, Problem, Settings, solve};

fuzz_target!(|texts: (&str, &str)| {
    let (one, two) = texts;
    let (words, left, right) = Vocabulary::read(&[one], &[two]);
    let _ = compare(&left[0], &right[0], &words);
    assert!(compare(&left[0], &left[0], &words).same_whole);
    let company = |name: &str, other: &str| {
        let mut facts = CompanyFacts::new("1", name);
        facts.phone = Some(other.to_owned());
        facts.street = Some(other.to_owned());
        facts.domain = Some(other.to_owned());
        facts.owner = Some(other.to_owned());
        facts
    };
    let device = |name: &str, other: &str| {
        let mut facts = DeviceFacts::new("1", name);
        facts.serial = Some(other.into());
        facts.hardware_uuid = Some(other.into());
        facts.company = Some("1".into());
        facts
    };
    let (settings, known) = (Settings::default(), Known::default());
    let solution = solve(&Problem {
        left_companies: &[company(one, two)],
        right_companies: &[company(two, one)],
        left_devices: &[device(one, two)],
        right_devices: &[device(two, one)],
        known: &known,
        settings: &settings,
    });
    for proposal in solution.companies.iter().chain(&solution.devices) {
        assert!(proposal.candidates.iter().all(|c| (0.0..=1.0).contains(&c.confidence.get())));
    }
});
