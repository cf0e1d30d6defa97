//! What a technician relies on, case by case.

use matchbook::domain::{
    Cardinality, EvidenceKind, Mac, NameMode, Proposal, Stream, Ties, VendorLink, VendorSystem, Verdict,
};
use matchbook::matching::{
    Alias, Changes, CompanyFacts, DeviceFacts, Engine, Known, News, Problem, Settings, Solution, explain_absence,
    explain_pair, solve,
};

#[derive(Default)]
struct Lists {
    left_companies: Vec<CompanyFacts>,
    right_companies: Vec<CompanyFacts>,
    left_devices: Vec<DeviceFacts>,
    right_devices: Vec<DeviceFacts>,
    known: Known,
    settings: Settings,
}

impl Lists {
    fn problem(&self) -> Problem<'_> {
        Problem {
            left_companies: &self.left_companies,
            right_companies: &self.right_companies,
            left_devices: &self.left_devices,
            right_devices: &self.right_devices,
            known: &self.known,
            settings: &self.settings,
        }
    }

    fn solve(&self) -> Solution {
        solve(&self.problem())
    }
}

fn company(id: &str, name: &str) -> CompanyFacts {
    CompanyFacts::new(id, name)
}

fn device(id: &str, company: &str, name: &str, serial: &str) -> DeviceFacts {
    let mut device = DeviceFacts::new(id, name);
    device.company = Some(company.into());
    device.serial = (!serial.is_empty()).then(|| serial.into());
    device
}

fn with_mac(mut device: DeviceFacts, mac: &str) -> DeviceFacts {
    device.macs = Mac::parse_all(mac).into();
    device
}

fn best(proposal: &Proposal) -> &str {
    proposal.candidates.first().map_or("", |c| c.target.as_str())
}

fn notes(proposal: &Proposal) -> Vec<&str> {
    proposal.candidates[0].evidence.iter().map(|e| e.note.as_str()).collect()
}

/// Two companies without a word in common, and `shared` of `all` devices of the left one filed in the right one.
fn no_name_in_common(shared: usize, all: usize) -> Lists {
    let mut lists = Lists {
        left_companies: vec![company("P1", "Blue Heron Holdings"), company("P2", "Quarry Lane Dental")],
        right_companies: vec![company("R1", "Stonegate Partners"), company("R2", "Quarry Lane Dental LLC")],
        ..Lists::default()
    };
    for i in 0..all {
        let serial = format!("C02XK{i:03}JGH7");
        lists.left_devices.push(device(&format!("A{i}"), "P1", &format!("MAC-{i}"), &serial));
        let home = if i < shared { "R1" } else { "R2" };
        lists.right_devices.push(device(&format!("C{i}"), home, &format!("MAC-{i}"), &serial));
    }
    lists
}

#[test]
fn serials_find_a_company_that_no_name_finds() {
    let solution = no_name_in_common(14, 18).solve();
    assert_eq!(best(&solution.companies[0]), "R1");
    assert_eq!(notes(&solution.companies[0])[0], "14 of 18 serials");
    assert!(matches!(solution.companies[0].verdict, Verdict::Auto | Verdict::Suggest));
    let strong = no_name_in_common(18, 18).solve();
    assert_eq!(strong.companies[0].verdict, Verdict::Auto);
}

#[test]
fn a_few_strays_do_not_mislead() {
    let mut lists = no_name_in_common(0, 0);
    lists.left_companies[0] = company("P1", "Stonegate Partners");
    for i in 0..12 {
        let serial = format!("5CD258{i:03}C");
        lists.left_devices.push(device(&format!("A{i}"), "P1", "PC", &serial));
        let home = if i < 11 { "R1" } else { "R2" };
        lists.right_devices.push(device(&format!("C{i}"), home, "PC", &serial));
    }
    let solution = lists.solve();
    assert_eq!((best(&solution.companies[0]), solution.companies[0].verdict), ("R1", Verdict::Auto));
    assert_ne!(best(&solution.companies[1]), "R1");
    // The stray itself is shown as a conflict, not moved.
    let stray = &solution.devices[11];
    assert_eq!((stray.verdict, stray.note.as_str()), (Verdict::Conflict, "moved? in another company"));
}

#[test]
fn a_name_alone_is_never_automatic_in_a_flow() {
    let mut lists = Lists {
        left_companies: vec![company("1", "Quarry Lane Dental, LLC")],
        right_companies: vec![company("2", "Quarry Lane Dental")],
        ..Lists::default()
    };
    assert_eq!(lists.solve().companies[0].verdict, Verdict::Suggest);
    assert_eq!(lists.solve().companies[0].note, "name alone");
    lists.settings.name_alone_may_auto = true;
    assert_eq!(lists.solve().companies[0].verdict, Verdict::Auto);
}

#[test]
fn two_that_are_equally_good_are_a_conflict() {
    let lists = Lists {
        left_companies: vec![company("1", "Harbor Foods")],
        right_companies: vec![company("2", "Harbor Foods Inc"), company("3", "Harbor Foods Inc")],
        settings: Settings { name_alone_may_auto: true, ..Settings::default() },
        ..Lists::default()
    };
    let solution = lists.solve();
    assert_eq!(solution.companies[0].verdict, Verdict::Conflict);
    assert!(solution.companies[0].candidates[0].confidence.get() <= 0.5);
}

#[test]
fn the_oldest_of_equals_is_taken_where_the_flow_says_so() {
    let made = |id: &str, day: u8| {
        let mut fact = company(id, "Harbor Foods Inc");
        fact.created =
            time::Date::from_calendar_date(2024, time::Month::May, day).ok().map(|d| d.midnight().assume_utc());
        fact
    };
    let lists = Lists {
        left_companies: vec![company("1", "Harbor Foods")],
        right_companies: vec![made("2", 9), made("3", 4)],
        settings: Settings { ties: Ties::Oldest, name_alone_may_auto: true, ..Settings::default() },
        ..Lists::default()
    };
    let solution = lists.solve();
    assert_eq!(best(&solution.companies[0]), "3");
    let said = (solution.companies[0].verdict, solution.companies[0].note.as_str());
    assert_eq!(said, (Verdict::Suggest, "the oldest of equals"));
}

#[test]
fn exact_mode_knows_only_the_same_characters() {
    let lists = Lists {
        left_companies: vec![company("1", "Harbor Foods"), company("2", "harbor foods")],
        right_companies: vec![company("3", "Harbor Foods"), company("4", "Harbor Foods Inc")],
        settings: Settings { names: NameMode::Exact, name_alone_may_auto: true, ..Settings::default() },
        ..Lists::default()
    };
    let solution = lists.solve();
    assert_eq!((best(&solution.companies[0]), solution.companies[0].verdict), ("3", Verdict::Auto));
    assert!(solution.companies[1].candidates.is_empty());
}

#[test]
fn one_to_one_is_settled_for_all_together() {
    let lists = Lists {
        left_companies: vec![company("1", "Lantern Energy Group"), company("2", "Lantern Energy")],
        right_companies: vec![company("3", "Lantern Energy"), company("4", "Lantern Energy Group North")],
        settings: Settings { cardinality: Cardinality::OneToOne, name_alone_may_auto: true, ..Settings::default() },
        ..Lists::default()
    };
    let solution = lists.solve();
    assert_eq!((best(&solution.companies[0]), best(&solution.companies[1])), ("4", "3"));
}

#[test]
fn people_are_followed() {
    let mut lists = Lists {
        left_companies: vec![company("1", "Acme Widgets")],
        right_companies: vec![company("2", "Acme Widgets Ltd"), company("3", "Road Runner Traps")],
        ..Lists::default()
    };
    lists.known.aliases.extend(Alias::learn("Acme Widgets", "Road Runner Traps", true));
    assert_eq!(best(&lists.solve().companies[0]), "3");
    lists.known.aliases.clear();
    lists.known.refused_companies.insert(("1".into(), "2".into()));
    assert!(lists.solve().companies[0].candidates.iter().all(|c| c.target.as_str() != "2"));
    lists.known.companies.insert("1".into(), Some("2".into()));
    assert_eq!(lists.solve().companies[0].verdict, Verdict::None);
}

#[test]
fn a_vendor_link_is_a_strong_hint() {
    let mut left = company("1", "Site 14");
    left.links.push(VendorLink { system: VendorSystem::new("it-glue"), id: "3".into() });
    let lists = Lists {
        left_companies: vec![left],
        right_companies: vec![company("2", "Site 15"), company("3", "Road Runner Traps")],
        settings: Settings { target_system: Some(VendorSystem::new("it-glue")), ..Settings::default() },
        ..Lists::default()
    };
    let solution = lists.solve();
    assert_eq!(best(&solution.companies[0]), "3");
    assert!(notes(&solution.companies[0]).contains(&"vendor link"));
}

/// One matched company with these devices.
fn inside(left: Vec<DeviceFacts>, right: Vec<DeviceFacts>) -> Lists {
    let mut lists = Lists {
        left_companies: vec![company("P1", "Harbor Foods")],
        right_companies: vec![company("R1", "Harbor Foods"), company("R2", "Zenith Law")],
        left_devices: left,
        right_devices: right,
        ..Lists::default()
    };
    lists.known.companies.insert("P1".into(), Some("R1".into()));
    lists
}

#[test]
fn a_serial_decides_and_its_other_forms_only_suggest() {
    let lists = inside(
        vec![device("A1", "P1", "PC-1", "MJVF2BLS"), device("A2", "P1", "PC-2", "C02TN47XRAKJ")],
        vec![device("C1", "R1", "other", "Service Tag: mjvf2bls"), device("C2", "R1", "PC-2", "CO2TN47XRAKJ")],
    );
    let solution = lists.solve();
    assert_eq!((best(&solution.devices[0]), solution.devices[0].verdict), ("C1", Verdict::Auto));
    assert_eq!((best(&solution.devices[1]), solution.devices[1].verdict), ("C2", Verdict::Suggest));
    assert_eq!(solution.devices[1].note, "serial only alike");
}

#[test]
fn placeholders_and_shared_values_identify_nothing() {
    let dock = "a0:ce:c8:00:00:01";
    let lists = inside(
        vec![
            with_mac(device("A1", "P1", "PC-1", "To Be Filled By O.E.M."), dock),
            with_mac(device("A2", "P1", "PC-2", "Default string"), dock),
        ],
        vec![with_mac(device("C1", "R1", "PC-9", "To be filled by OEM"), dock)],
    );
    for proposal in lists.solve().devices {
        assert_ne!(proposal.verdict, Verdict::Auto);
        assert!(proposal.candidates.iter().all(|c| c.confidence.get() < 0.2), "{proposal:?}");
    }
}

#[test]
fn troubles_are_named() {
    let mut old = with_mac(device("C3", "R1", "PC-3-OLD", "PFCDE52M"), "8c:ec:4b:00:00:03");
    old.archived = true;
    let lists = inside(
        vec![
            with_mac(device("A1", "P1", "PC-1", "MJVF2BLS"), "8c:ec:4b:00:00:01"),
            device("A2", "P1", "PC-2", "R92G7SPR"),
            device("A3", "P1", "PC-3", "PFCDE52M"),
        ],
        vec![
            with_mac(device("C1", "R1", "PC-1", "R97EE8B8"), "8c:ec:4b:00:00:01"),
            device("C2", "R2", "PC-2", "R92G7SPR"),
            old,
            device("C4", "R1", "PC-3", "PFCDE52M"),
        ],
    );
    let solution = lists.solve();
    assert_eq!(
        (solution.devices[0].verdict, solution.devices[0].note.as_str()),
        (Verdict::Suggest, "mainboard replaced?")
    );
    assert_eq!(
        (solution.devices[1].verdict, solution.devices[1].note.as_str()),
        (Verdict::Conflict, "moved? in another company")
    );
    assert_eq!((best(&solution.devices[2]), solution.devices[2].verdict), ("C4", Verdict::Auto));
    assert!(solution.devices[2].candidates[1].evidence.iter().any(|e| e.note == "older duplicate"));
}

#[test]
fn a_device_enrolled_again_is_matched_by_its_newer_record_and_the_older_one_says_so() {
    let seen = |mut device: DeviceFacts, day: i64| {
        device.last_seen = Some(matchbook::domain::Timestamp::UNIX_EPOCH + time::Duration::days(day));
        device
    };
    let lists = inside(
        vec![seen(device("A1", "P1", "PC-1", "MJVF2BLS"), 100), seen(device("A2", "P1", "PC-1", "MJVF2BLS"), 900)],
        vec![device("C1", "R1", "PC-1", "MJVF2BLS")],
    );
    let solution = lists.solve();
    assert_eq!((best(&solution.devices[1]), solution.devices[1].verdict), ("C1", Verdict::Auto));
    assert_eq!(solution.devices[0].verdict, Verdict::None);
    assert_eq!(solution.devices[0].note, "older: enrolled again since");
    assert!(notes(&solution.devices[0]).contains(&"older: enrolled again since"));
}

#[test]
fn a_replaced_mainboard_and_a_reused_host_name_are_told_apart() {
    let mac = "8c:ec:4b:00:00:01";
    let lists = inside(
        vec![with_mac(device("A1", "P1", "PC-1", "MJVF2BLS"), mac), device("A2", "P1", "PC-2", "R92G7SPR")],
        vec![with_mac(device("C1", "R1", "PC-1", "R97EE8B8"), mac), device("C2", "R1", "PC-2", "PFCDE52M")],
    );
    let solution = lists.solve();
    assert_eq!(solution.devices[0].note, "mainboard replaced?");
    assert!(notes(&solution.devices[0]).contains(&"another serial"));
    // The name alone, against another serial: another device took the name over.
    assert!(matches!(solution.devices[1].verdict, Verdict::None));
}

/// Serials of two devices changed places in the documentation, and all have the name that the model came with.
#[test]
fn a_host_name_of_several_devices_lends_a_serial_no_weight() {
    let (one, two) = ("8c:ec:4b:00:00:01", "8c:ec:4b:00:00:02");
    let lists = inside(
        vec![
            with_mac(device("A1", "P1", "MacBook-Pro", "MJVF2BLS"), one),
            with_mac(device("A2", "P1", "MacBook-Pro", "R92G7SPR"), two),
        ],
        vec![
            with_mac(device("C1", "R1", "MacBook-Pro", "R92G7SPR"), one),
            with_mac(device("C2", "R1", "MacBook-Pro", "MJVF2BLS"), two),
        ],
    );
    for proposal in lists.solve().devices {
        assert_ne!(proposal.verdict, Verdict::Auto, "{proposal:?}");
    }
}

/// The serial of one device was typed into another's record, which nothing else of the device agrees with.
#[test]
fn an_address_in_another_record_holds_a_lone_serial_up() {
    let lists = inside(
        vec![with_mac(device("A1", "P1", "ACME-anne's iMac", "MJVF2BLS"), "8c:ec:4b:00:00:01")],
        vec![
            with_mac(device("C1", "R1", "Hannah's Mac mini", "MJVF2BLS"), "8c:ec:4b:00:00:02"),
            with_mac(device("C2", "R1", "annes-imac", "R92G7SPR"), "8c:ec:4b:00:00:01"),
        ],
    );
    let solution = lists.solve();
    assert_eq!(
        (solution.devices[0].verdict, solution.devices[0].note.as_str()),
        (Verdict::Conflict, "serial says one, MAC another")
    );
}

#[test]
fn devices_wait_for_their_company() {
    let mut lists = inside(vec![device("A1", "P1", "PC-1", "")], vec![device("C1", "R1", "PC-1", "")]);
    lists.known.companies.clear();
    assert_eq!(lists.solve().devices[0].note, "its company has no match yet");
    lists.known.companies.insert("P1".into(), Some("R1".into()));
    let after = lists.solve();
    assert_eq!((best(&after.devices[0]), after.devices[0].note.as_str()), ("C1", "host name alone"));
}

#[test]
fn absence_is_explained() {
    let mut lists = inside(vec![device("A1", "P1", "PC-1", "MJVF2BLS")], vec![device("C1", "R2", "x", "R97EE8B8")]);
    let reasons = explain_absence(&lists.problem(), Stream::Devices, 0, 0);
    assert_eq!(reasons[0].note, "no identifier in common");
    assert!(reasons.iter().any(|e| e.kind == EvidenceKind::Serial && e.bits < 0.0));
    lists.known.refused_devices.insert(("A1".into(), "C1".into()));
    assert_eq!(explain_absence(&lists.problem(), Stream::Devices, 0, 0)[0].note, "a person refused this pair");
    let pair = explain_pair(&lists.problem(), Stream::Companies, 0, 1);
    assert!(pair.confidence.get() < 0.05 && !pair.evidence.is_empty());
}

/// Three companies by the same names on both sides, thirty devices that only host names match.
fn three_companies() -> Lists {
    let names = ["Harbor Foods", "Zenith Law", "Quill Media"];
    let fleet = |prefix: &str, id: &str| {
        (0..30).map(|i| device(&format!("{id}{i}"), &format!("{prefix}{}", i % 3), &format!("PC-{i}"), "")).collect()
    };
    Lists {
        left_companies: (0..3).map(|i| company(&format!("P{i}"), names[i])).collect(),
        right_companies: (0..3).map(|i| company(&format!("R{i}"), names[i])).collect(),
        left_devices: fleet("P", "A"),
        right_devices: fleet("R", "C"),
        ..Lists::default()
    }
}

#[test]
fn a_company_decision_scores_only_its_devices_again() {
    let mut lists = three_companies();
    let mut engine = Engine::default();
    assert_eq!(engine.settle(&lists.problem(), News::Records).rescored, 30);
    assert_eq!(engine.settle(&lists.problem(), News::Records), Changes::default());
    lists.known.companies.insert("P1".into(), Some("R1".into()));
    let changes = engine.settle(&lists.problem(), News::Decisions);
    assert_eq!((changes.rescored, changes.devices.len(), changes.names_again), (10, 10, false));
    assert_eq!(best(&engine.answers(&lists.problem()).unwrap().device(1)), "C1");
}

#[test]
fn a_page_of_devices_scores_only_what_it_touches() {
    let mut lists = three_companies();
    let serial = |i: usize| Some(format!("C02XK{i:03}JGH7").into_boxed_str());
    for i in 0..30 {
        lists.left_devices[i].serial = serial(i);
        lists.right_devices[i].serial = serial(i);
    }
    let mut engine = Engine::default();
    engine.settle(&lists.problem(), News::Records);
    lists.right_devices[4].serial = serial(7);
    lists.right_devices[9].user = Some("anna".into());
    let changes = engine.settle(&lists.problem(), News::Records);
    // The devices with the old and the new serial, and the one whose record has a user now.
    assert_eq!((changes.devices, changes.names_again), (vec![4, 7, 9], false));
    // Read, but not yet settled: what is no longer as it was read is left out.
    lists.right_devices[9].serial = None;
    let problem = lists.problem();
    let now = engine.answers(&problem).unwrap();
    assert!(now.proposal_now(Stream::Devices, 9).unwrap().candidates.is_empty());
    assert!(now.pair_now(Stream::Devices, 9, 9).is_none() && now.pair_now(Stream::Devices, 8, 8).is_some());
}
