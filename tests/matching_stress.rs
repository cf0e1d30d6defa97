//! Hard lists: every script, codes, a handful of rows, endless and hostile names; and what the work grows with.

use matchbook::domain::{Mac, Verdict};
use matchbook::matching::companies::Companies;
use matchbook::matching::devices::{CompanyMap, DeviceState, Devices};
use matchbook::matching::names::parse::{LONGEST, MOST_WORDS, parse};
use matchbook::matching::{CompanyFacts, DeviceFacts, Known, Problem, Settings, Solution, solve};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Settings under which a name alone may decide, as between two files.
fn list_settings() -> Settings {
    Settings { name_alone_may_auto: true, ..Settings::default() }
}

fn named<S: AsRef<str>>(names: &[S]) -> Vec<CompanyFacts> {
    names.iter().enumerate().map(|(i, name)| CompanyFacts::new(i.to_string(), name.as_ref())).collect()
}

fn linked(left: &[CompanyFacts], right: &[CompanyFacts]) -> Solution {
    solve(&Problem {
        left_companies: left,
        right_companies: right,
        left_devices: &[],
        right_devices: &[],
        known: &Known::default(),
        settings: &list_settings(),
    })
}

/// Every left name finds the right name in the same place.
fn each_finds_its_own(pairs: &[(&str, &str)]) {
    let (left, right): (Vec<&str>, Vec<&str>) = pairs.iter().copied().unzip();
    let solution = linked(&named(&left), &named(&right));
    for (i, proposal) in solution.companies.iter().enumerate() {
        let best = proposal.candidates.first().map(|c| c.target.to_string());
        assert_eq!(best, Some(i.to_string()), "{} should find {}: {proposal:?}", pairs[i].0, pairs[i].1);
    }
}

#[test]
fn names_of_every_script_are_found() {
    each_finds_its_own(&[
        ("华通电子（杭州）有限公司", "杭州华通电子有限公司"),
        ("杭州华信贸易有限公司", "杭州华信贸易股份有限公司"),
        ("株式会社青空商事", "青空商事㈱"),
        ("サクラ電機", "サクラ電機株式会社"),
        ("한빛물산", "(주)한빛물산"),
        ("ООО Северный Ветер", "Severnyy Veter LLC"),
        ("Південний Шлях ТОВ", "ТОВ «Південний Шлях»"),
        ("شركة النور للتجارة", "النور للتجارة"),
        ("ירוק עד בע\"מ", "ירוק עד"),
        ("Ελληνική Αύρα Α.Ε.", "ELLINIKI AYRA"),
        ("सूर्य ट्रेडर्स", "सूर्य  ट्रेडर्स Ltd"),
        ("บริษัท ฟ้าใส จำกัด", "ฟ้าใส"),
        ("Łódzkie Młyny Sp. z o.o.", "Lodzkie Mlyny"),
        ("Čistý Les s.r.o.", "CISTY LES SRO"),
        ("Größe & Söhne GmbH", "Groesse und Soehne"),
        ("Ångström Ør AB", "Angstrom Or"),
    ]);
}

#[test]
fn a_neighbour_in_another_script_is_not_taken_for_it() {
    let solution = linked(
        &named(&["杭州华通电子有限公司", "ООО Северный Ветер", "شركة النور للتجارة"]),
        &named(&["杭州华信电子有限公司", "ООО Южный Ветер", "شركة الأمل للتجارة"]),
    );
    assert!(solution.companies.iter().all(|p| p.verdict != Verdict::Auto), "{:?}", solution.companies);
}

#[test]
fn codes_that_differ_in_one_sign_are_different() {
    let right = ["XR-200 B", "XR-210 B", "XR-200 C", "AX 4711", "AX 4712", "Lot 17/3", "Lot 17/4"];
    let left = ["XR200B", "xr 210 b", "XR-200-C", "AX4711", "Lot 17-3"];
    let solution = linked(&named(&left), &named(&right));
    for (proposal, wanted) in solution.companies.iter().zip(["0", "1", "2", "3", "5"]) {
        assert_eq!(proposal.candidates[0].target.as_str(), wanted);
    }
    let missing = linked(&named(&["AX 4713", "XR-220 B"]), &named(&right));
    assert!(missing.companies.iter().all(|p| p.verdict != Verdict::Auto), "{:?}", missing.companies);
}

#[test]
fn a_handful_of_rows_is_matched_like_any_other_list() {
    let none: Vec<CompanyFacts> = Vec::new();
    assert!(linked(&none, &named(&["Acme"])).companies.is_empty());
    assert_eq!(linked(&named(&["Acme"]), &none).companies[0].verdict, Verdict::None);
    let one = linked(&named(&["Harbor Lantern Foods Inc"]), &named(&["Harbor Lantern Foods"]));
    assert_eq!(one.companies[0].candidates[0].target.as_str(), "0");
    // In a list of two nothing is rare: what is common in general is not taken for a name.
    let two = linked(&named(&["First Energy Group", "National Bank"]), &named(&["First Capital Group", "Union Bank"]));
    assert!(two.companies.iter().all(|p| p.verdict != Verdict::Auto), "{:?}", two.companies);
}

/// Text that an export, a keyboard or an attacker leaves.
const HOSTILE: [&str; 12] = [
    "\u{0}",
    "\u{1b}[31m",
    "\u{202e}",
    "\u{200b}",
    "\u{feff}",
    "((((",
    "&",
    "ﷺ",
    "e\u{301}\u{301}\u{301}",
    "\u{1f469}\u{200d}\u{1f680}",
    "株",
    "1",
];

#[test]
fn ten_thousand_characters_and_control_characters_are_safe() {
    for text in HOSTILE {
        let mut facts = CompanyFacts::new("1", text.repeat(10_000));
        let same = || Some(text.repeat(10_000));
        (facts.street, facts.city, facts.phone, facts.domain) = (same(), same(), same(), same());
        (facts.owner, facts.short_name, facts.zip) = (same(), same(), same());
        let solution = linked(std::slice::from_ref(&facts), std::slice::from_ref(&facts));
        assert!(solution.companies[0].candidates.iter().all(|c| (0.0..=1.0).contains(&c.confidence.get())), "{text:?}");
        let mut device = DeviceFacts::new("1", &text.repeat(10_000));
        device.serial = Some(text.repeat(10_000).into());
        device.hardware_uuid = device.serial.clone();
        let devices = [device];
        let (known, settings) = (Known::default(), Settings::default());
        let problem = Problem {
            left_companies: &[],
            right_companies: &[],
            left_devices: &devices,
            right_devices: &devices,
            known: &known,
            settings: &settings,
        };
        assert_eq!(solve(&problem).devices.len(), 1);
    }
}

/// What is compared of a name is bounded, however long it is; so the work on a list grows with its rows.
#[test]
fn what_is_read_of_a_name_has_a_bound() {
    for text in HOSTILE.iter().chain(&["a ", "ab-", "x", "O'", "A & "]) {
        let read = |times: usize| {
            let words = parse(&text.repeat(times)).words;
            (words.len(), words.iter().map(|w| w.text.len()).sum::<usize>())
        };
        let (short, long) = (read(LONGEST), read(LONGEST * 25));
        assert_eq!(short, long, "{text:?}");
        assert!(long.0 <= MOST_WORDS, "{text:?}");
    }
}

/// Pairs compared for a list of that many names on each side.
fn comparisons(names: &dyn Fn(usize) -> String, rows: usize) -> usize {
    let list: Vec<String> = (0..rows).map(names).collect();
    let (left, right) = (named(&list), named(&list));
    Companies::new(&left, &right, &Known::default(), &list_settings()).comparisons()
}

#[test]
fn the_pairs_compared_grow_with_the_rows_and_not_with_their_square() {
    let lists: [&dyn Fn(usize) -> String; 4] = [
        // All alike but for a number; all the same; few words in every combination; all different.
        &|i| format!("Harbor Solar Energy Center {i} LLC"),
        &|_| "Harbor Solar Energy Center".to_owned(),
        &|i| format!("{} {}", ["North", "South", "East"][i % 3], ["Bank", "Energy", "Clinic", "School"][i % 4]),
        &|i| format!("{:x} Foods", i * 7919 + 1_000_003),
    ];
    for (n, names) in lists.iter().enumerate() {
        let (small, large) = (comparisons(names, 500), comparisons(names, 4_000));
        assert!(large <= 8 * small + 4_000, "list {n}: {small} pairs of 500 rows, {large} of 4,000");
        assert!(large <= 4_000 * 100, "list {n}: {large}");
    }
}

#[test]
fn the_devices_compared_grow_with_the_rows_and_not_with_their_square() {
    let compared = |rows: usize| {
        let dock = Mac::parse("a0:ce:c8:00:00:01");
        let one = |i: usize| {
            let mut device = DeviceFacts::new(i.to_string(), "LAPTOP");
            // One serial for all, one dock for all, a serial of its own for every other.
            device.serial =
                Some(if i.is_multiple_of(2) { "To be filled".into() } else { format!("R9{i:06}X").as_str().into() });
            device.macs = dock.into_iter().collect();
            device
        };
        let devices: Vec<DeviceFacts> = (0..rows).map(one).collect();
        let (known, settings, none) = (Known::default(), Settings::default(), FxHashMap::default());
        let problem = Problem {
            left_companies: &[],
            right_companies: &[],
            left_devices: &devices,
            right_devices: &devices,
            known: &known,
            settings: &settings,
        };
        let state = DeviceState::new((&devices, &devices), (&none, &none), &settings);
        let devices = Devices::with(&problem, Arc::new(state), Arc::default());
        let map = CompanyMap { left: vec![None; rows], known: false };
        (0..rows).map(|i| devices.brought_up(u32::try_from(i).unwrap(), &map).len()).sum::<usize>()
    };
    let (small, large) = (compared(500), compared(4_000));
    assert!(large <= 8 * small + 4_000, "{small} pairs of 500 devices, {large} of 4,000");
}
