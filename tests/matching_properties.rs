//! What the matcher promises whatever it is given: order changes nothing, strangers change nothing, incremental equals
//! full, hostile input is safe.

use matchbook::domain::{Cardinality, Mac, Proposal, RecordId, Ties, Verdict};
use matchbook::matching::names::compare::compare;
use matchbook::matching::names::vocabulary::Vocabulary;
use matchbook::matching::{CompanyFacts, Decided, DeviceFacts, Engine, Known, Problem, Settings, Side, solve};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default)]
struct World {
    left_companies: Vec<CompanyFacts>,
    right_companies: Vec<CompanyFacts>,
    left_devices: Vec<DeviceFacts>,
    right_devices: Vec<DeviceFacts>,
    known: Known,
}

type Answers = BTreeMap<String, Proposal>;

fn answers(world: &World, settings: &Settings) -> (Answers, Answers) {
    let problem = Problem {
        left_companies: &world.left_companies,
        right_companies: &world.right_companies,
        left_devices: &world.left_devices,
        right_devices: &world.right_devices,
        known: &world.known,
        settings,
    };
    let solution = solve(&problem);
    let companies = world.left_companies.iter().map(|c| c.id.to_string()).zip(solution.companies).collect();
    let devices = world.left_devices.iter().map(|d| d.id.to_string()).zip(solution.devices).collect();
    (companies, devices)
}

/// The first answer that differs, for a short message.
fn difference(one: &(Answers, Answers), two: &(Answers, Answers)) -> Option<String> {
    let differs = |(a, b): (&Answers, &Answers)| {
        a.iter().find(|(id, p)| b.get(*id) != Some(p)).map(|(id, p)| format!("{id}: {p:#?}\nelse: {:#?}", b.get(id)))
    };
    differs((&one.0, &two.0)).or_else(|| differs((&one.1, &two.1)))
}

fn company() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "Acme", "Zenith", "Harbor", "Lantern", "Quill", "Energy", "Group", "First", "II", "3", "Bank", "Haus", "Müller",
    ]);
    let form = prop::sample::select(vec!["", " Inc", " GmbH", " LLC", " (MSP)", " Corp."]);
    (prop::collection::vec(word, 1..4), form).prop_map(|(words, form)| format!("{}{form}", words.join(" ")))
}

fn companies(prefix: &'static str) -> impl Strategy<Value = Vec<CompanyFacts>> {
    prop::collection::vec((company(), prop::option::of(0u8..4)), 1..9).prop_map(move |list| {
        let fact = |(i, (name, phone)): (usize, (String, Option<u8>))| {
            let mut fact = CompanyFacts::new(format!("{prefix}{i}"), name);
            fact.phone = phone.map(|p| format!("555 010 20{p}"));
            fact
        };
        list.into_iter().enumerate().map(fact).collect()
    })
}

fn device(prefix: &'static str) -> impl Strategy<Value = DeviceFacts> {
    let serial = prop::sample::select(vec![
        "",
        "None",
        "R92G7SPR",
        "R92G75PR",
        "MJVF2BLS",
        "C02TN47XRAKJ",
        "CO2TN47XRAKJ",
        "5CD258321C",
        "SN 5CD258321C",
    ]);
    let host = prop::sample::select(vec!["", "DC01", "PC-1", "PC-2", "pc-2.acme.local", "KIOSK (anna)", "MAC-ANNA"]);
    let macs = prop::collection::vec(0u8..5, 0..3);
    let days = prop::option::of(0i64..900);
    (0u8..30, 0u8..6, serial, host, macs, days, any::<bool>()).prop_map(
        move |(id, company, serial, host, macs, days, archived)| {
            let mut device = DeviceFacts::new(format!("{prefix}{id}"), host);
            device.company = (company < 5).then(|| format!("{prefix}{company}").into());
            device.serial = (!serial.is_empty()).then(|| serial.into());
            device.macs = macs.iter().filter_map(|n| Mac::parse(&format!("14:7d:da:00:00:0{n}"))).collect();
            let start = time::macros::datetime!(2024-01-01 0:00 UTC);
            device.updated = days.map(|d| start + time::Duration::days(d));
            device.archived = archived;
            device
        },
    )
}

fn unique(list: Vec<DeviceFacts>) -> Vec<DeviceFacts> {
    let map: BTreeMap<String, DeviceFacts> = list.into_iter().map(|d| (d.id.to_string(), d)).collect();
    map.into_values().collect()
}

fn world() -> impl Strategy<Value = World> {
    let devices = |prefix| prop::collection::vec(device(prefix), 0..14).prop_map(unique);
    (companies("L"), companies("R"), devices("L"), devices("R")).prop_map(|(lc, rc, ld, rd)| World {
        left_companies: lc,
        right_companies: rc,
        left_devices: ld,
        right_devices: rd,
        known: Known::default(),
    })
}

fn settings() -> impl Strategy<Value = Settings> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(one, alone, oldest)| Settings {
        ties: if oldest { Ties::Oldest } else { Ties::Block },
        cardinality: if one { Cardinality::OneToOne } else { Cardinality::ManyToOne },
        name_alone_may_auto: alone,
        ..Settings::default()
    })
}

fn full(engine: &Engine) -> (Answers, Answers) {
    let problem = engine.problem();
    let world = World {
        left_companies: problem.left_companies.to_vec(),
        right_companies: problem.right_companies.to_vec(),
        left_devices: problem.left_devices.to_vec(),
        right_devices: problem.right_devices.to_vec(),
        known: engine.known().clone(),
    };
    answers(&world, problem.settings)
}

fn held(engine: &Engine) -> (Answers, Answers) {
    let problem = engine.problem();
    let company = |c: &CompanyFacts| (c.id.to_string(), engine.company(&c.id).cloned().unwrap_or_default());
    let device = |d: &DeviceFacts| (d.id.to_string(), engine.device(&d.id).unwrap_or_default());
    (problem.left_companies.iter().map(company).collect(), problem.left_devices.iter().map(device).collect())
}

#[derive(Clone, Debug)]
enum Act {
    Devices(Side, Vec<DeviceFacts>),
    Companies(Side, Vec<CompanyFacts>),
    RemoveDevice(Side, u8),
    RemoveCompany(Side, u8),
    DecideCompany(u8, Decided),
    DecideDevice(u8, Decided),
}

fn act() -> impl Strategy<Value = Act> {
    let decision = || {
        prop_oneof![
            Just(Decided::Open),
            Just(Decided::Ignored),
            (0u8..9).prop_map(|n| Decided::Target(format!("R{n}").into())),
        ]
    };
    prop_oneof![
        4 => prop::collection::vec(device("L"), 1..5).prop_map(|d| Act::Devices(Side::Left, d)),
        4 => prop::collection::vec(device("R"), 1..5).prop_map(|d| Act::Devices(Side::Right, d)),
        1 => companies("L").prop_map(|c| Act::Companies(Side::Left, c)),
        1 => companies("R").prop_map(|c| Act::Companies(Side::Right, c)),
        1 => (0u8..30).prop_map(|n| Act::RemoveDevice(Side::Right, n)),
        1 => (0u8..30).prop_map(|n| Act::RemoveDevice(Side::Left, n)),
        1 => (0u8..8).prop_map(|n| Act::RemoveCompany(Side::Right, n)),
        3 => (0u8..8, decision()).prop_map(|(l, d)| Act::DecideCompany(l, d)),
        3 => (0u8..30, decision()).prop_map(|(l, d)| Act::DecideDevice(l, d)),
    ]
}

fn carry_out(engine: &mut Engine, act: Act) {
    let id = |prefix: &str, n: u8| RecordId::from(format!("{prefix}{n}"));
    let prefix = |side| if side == Side::Left { "L" } else { "R" };
    match act {
        Act::Devices(side, devices) => engine.put_devices(side, devices),
        Act::Companies(side, companies) => engine.put_companies(side, companies),
        Act::RemoveDevice(side, n) => engine.remove_devices(side, &[id(prefix(side), n)]),
        Act::RemoveCompany(side, n) => engine.remove_companies(side, &[id(prefix(side), n)]),
        Act::DecideCompany(n, decision) => engine.decide_company(&id("L", n), &decision),
        Act::DecideDevice(n, decision) => engine.decide_device(&id("L", n), &decision),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_rows_changes_nothing(world in world(), settings in settings(), turn in 1usize..5) {
        let mut other = world.clone();
        other.left_companies.reverse();
        other.right_companies.rotate_left(turn % world.right_companies.len());
        other.left_devices.reverse();
        if !other.right_devices.is_empty() {
            let turn = turn % other.right_devices.len();
            other.right_devices.rotate_left(turn);
        }
        prop_assert_eq!(difference(&answers(&world, &settings), &answers(&other, &settings)), None);
    }

    #[test]
    fn incremental_equals_full(world in world(), settings in settings(), acts in prop::collection::vec(act(), 1..7)) {
        let mut engine = Engine::new(settings, Known::default());
        engine.put_companies(Side::Left, world.left_companies);
        engine.put_companies(Side::Right, world.right_companies);
        engine.put_devices(Side::Left, world.left_devices);
        engine.put_devices(Side::Right, world.right_devices);
        engine.settle();
        prop_assert_eq!(difference(&held(&engine), &full(&engine)), None);
        for act in acts {
            carry_out(&mut engine, act);
            engine.settle();
            prop_assert_eq!(difference(&held(&engine), &full(&engine)), None);
        }
    }

    #[test]
    fn a_stranger_changes_no_device(world in world(), settings in settings()) {
        let mut other = world.clone();
        let mut stranger = DeviceFacts::new("R-stranger", "WHOLLY-UNLIKE-77");
        stranger.serial = Some("ZZTOP99XQ1".into());
        stranger.company = Some("R0".into());
        other.right_devices.push(stranger);
        let said = |world: &World| -> Vec<(String, Verdict, Vec<RecordId>)> {
            let targets = |p: &Proposal| p.candidates.iter().map(|c| c.target.clone()).collect();
            answers(world, &settings).1.into_iter().map(|(id, p)| (id, p.verdict, targets(&p))).collect()
        };
        prop_assert_eq!(said(&world), said(&other));
    }

    #[test]
    fn a_stranger_changes_no_sure_company(world in world(), settings in settings()) {
        let mut other = world.clone();
        other.right_companies.push(CompanyFacts::new("R-stranger", "Vexillum Obscura"));
        let (before, after) = (answers(&world, &settings).0, answers(&other, &settings).0);
        for (id, proposal) in before.iter().filter(|(_, p)| p.verdict == Verdict::Auto) {
            let best = |p: &Proposal| p.candidates.first().map(|c| c.target.clone());
            prop_assert_eq!(best(proposal), best(&after[id]));
        }
    }

    #[test]
    fn a_target_is_given_once(world in world()) {
        let settings = Settings { cardinality: Cardinality::OneToOne, ..Settings::default() };
        let (companies, devices) = answers(&world, &settings);
        for list in [companies, devices] {
            let given = |p: &Proposal| (p.verdict == Verdict::Auto).then(|| p.candidates[0].target.clone());
            let mut targets: Vec<RecordId> = list.values().filter_map(given).collect();
            let all = targets.len();
            targets.sort();
            targets.dedup();
            prop_assert_eq!(targets.len(), all);
        }
    }

    #[test]
    fn a_name_agrees_with_itself_and_comparing_is_symmetric(a in "\\PC{0,60}", b in "\\PC{0,60}") {
        let (words, left, right) = Vocabulary::read(&[&a], &[&b]);
        let (one, two) = (compare(&left[0], &right[0], &words), compare(&right[0], &left[0], &words));
        prop_assert_eq!(one.same_whole, two.same_whole);
        prop_assert_eq!(one.numbers_differ, two.numbers_differ);
        let own = compare(&left[0], &left[0], &words);
        prop_assert!(own.same_whole && own.left_rest == 0.0 && own.right_rest == 0.0 && own.softness == 0.0);
    }

    #[test]
    fn hostile_text_is_safe(name in ".{0,200}", serial in ".{0,80}", phone in ".{0,40}", street in ".{0,60}") {
        let mut left = CompanyFacts::new("1", name.clone());
        left.phone = Some(phone);
        left.street = Some(street.clone());
        left.domain = Some(street);
        let mut device = DeviceFacts::new("1", &name);
        device.serial = Some(serial.into());
        device.company = Some("1".into());
        let world = World {
            left_companies: vec![left.clone()],
            right_companies: vec![left],
            left_devices: vec![device.clone()],
            right_devices: vec![device],
            known: Known::default(),
        };
        let (companies, _) = answers(&world, &Settings::default());
        prop_assert!(companies["1"].candidates.iter().all(|c| (0.0..=1.0).contains(&c.confidence.get())));
    }
}

#[test]
fn very_long_names_are_cut_and_compared() {
    let long = |c: &str| CompanyFacts::new("1", c.repeat(10_000));
    for text in ["a ", "(", "\u{202e}ש", "株", "x", "& ", "1", "\u{0}"] {
        let world = World { left_companies: vec![long(text)], right_companies: vec![long(text)], ..World::default() };
        assert_eq!(answers(&world, &Settings::default()).0.len(), 1);
    }
}
