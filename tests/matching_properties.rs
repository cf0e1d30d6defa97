//! What the matcher promises whatever it is given: order changes nothing, strangers change nothing, incremental equals
//! full, hostile input is safe.

use matchbook::domain::{Cardinality, Mac, Proposal, RecordId, Ties, Verdict};
use matchbook::matching::names::compare::compare;
use matchbook::matching::names::parse::parse;
use matchbook::matching::names::vocabulary::Vocabulary;
use matchbook::matching::{Alias, CompanyFacts, DeviceFacts, Engine, Known, News, Problem, Settings, solve};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap};

#[derive(Clone, Debug, Default)]
struct World {
    left_companies: Vec<CompanyFacts>,
    right_companies: Vec<CompanyFacts>,
    left_devices: Vec<DeviceFacts>,
    right_devices: Vec<DeviceFacts>,
    known: Known,
}

type Answers = BTreeMap<String, Proposal>;

fn problem<'a>(world: &'a World, settings: &'a Settings) -> Problem<'a> {
    Problem {
        left_companies: &world.left_companies,
        right_companies: &world.right_companies,
        left_devices: &world.left_devices,
        right_devices: &world.right_devices,
        known: &world.known,
        settings,
    }
}

fn answers(world: &World, settings: &Settings) -> (Answers, Answers) {
    let solution = solve(&problem(world, settings));
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
    let devices = |prefix| prop::collection::vec(device(prefix), 0..26).prop_map(unique);
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

/// What an engine's owner keeps: the facts, and of every row what it last heard, brought up to date by changes alone.
struct Held {
    world: World,
    settings: Settings,
    engine: Engine,
    companies: Vec<Proposal>,
    devices: Vec<Proposal>,
    news: News,
}

/// What a queue shows of a proposal: all but how rare a value is, which every new record changes everywhere.
fn shown(proposal: &Proposal) -> Proposal {
    let mut shown = proposal.clone();
    for evidence in shown.candidates.iter_mut().flat_map(|c| &mut c.evidence) {
        evidence.rarity = None;
    }
    shown
}

impl Held {
    fn settle(&mut self) {
        let Self { world, settings, engine, companies, devices, news } = self;
        let problem = problem(world, settings);
        let changes = engine.settle(&problem, *news);
        let answers = engine.answers(&problem).unwrap();
        companies.resize(world.left_companies.len(), Proposal::default());
        devices.resize(world.left_devices.len(), Proposal::default());
        changes.companies.iter().for_each(|&i| companies[i] = answers.company(i));
        changes.devices.iter().for_each(|&i| devices[i] = answers.device(i));
        *news = News::Decisions;
    }

    /// The first row where what was heard, or what the engine says when asked, is not what a full run says.
    fn difference(&self) -> Option<String> {
        let problem = problem(&self.world, &self.settings);
        let full = solve(&problem);
        let answers = self.engine.answers(&problem)?;
        let rows = |heard: &[Proposal], full: &[Proposal], ask: &dyn Fn(usize) -> Proposal| {
            (0..full.len()).find_map(|i| {
                let (heard, asked) = (shown(&heard[i]), ask(i));
                (heard != shown(&full[i]) || asked != full[i])
                    .then(|| format!("row {i}\nheard {heard:#?}\nasked {asked:#?}\nfull {:#?}", full[i]))
            })
        };
        rows(&self.companies, &full.companies, &|i| answers.company(i))
            .or_else(|| rows(&self.devices, &full.devices, &|i| answers.device(i)))
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Side {
    Left,
    Right,
}

#[derive(Clone, Debug)]
enum Decided {
    Open,
    Ignored,
    Target(u8),
}

#[derive(Clone, Debug)]
enum Act {
    Devices(Side, Vec<DeviceFacts>),
    Companies(Side, Vec<CompanyFacts>),
    RemoveDevice(Side, u8),
    RemoveCompany(Side, u8),
    DecideCompany(u8, Decided),
    DecideDevice(u8, Decided),
    RefuseCompany(u8, u8),
    RefuseDevice(u8, u8),
    Rule(Alias),
}

fn act() -> impl Strategy<Value = Act> {
    let decision = || prop_oneof![Just(Decided::Open), Just(Decided::Ignored), (0u8..9).prop_map(Decided::Target)];
    prop_oneof![
        4 => prop::collection::vec(device("L"), 1..5).prop_map(|d| Act::Devices(Side::Left, d)),
        4 => prop::collection::vec(device("R"), 1..5).prop_map(|d| Act::Devices(Side::Right, d)),
        1 => companies("L").prop_map(|c| Act::Companies(Side::Left, c)),
        1 => companies("R").prop_map(|c| Act::Companies(Side::Right, c)),
        2 => (0u8..30).prop_map(|n| Act::RemoveDevice(Side::Right, n)),
        2 => (0u8..30).prop_map(|n| Act::RemoveDevice(Side::Left, n)),
        1 => (0u8..8).prop_map(|n| Act::RemoveCompany(Side::Right, n)),
        1 => (0u8..8).prop_map(|n| Act::RemoveCompany(Side::Left, n)),
        3 => (0u8..8, decision()).prop_map(|(l, d)| Act::DecideCompany(l, d)),
        3 => (0u8..30, decision()).prop_map(|(l, d)| Act::DecideDevice(l, d)),
        1 => (0u8..8, 0u8..8).prop_map(|(l, r)| Act::RefuseCompany(l, r)),
        2 => (0u8..30, 0u8..30).prop_map(|(l, r)| Act::RefuseDevice(l, r)),
        1 => (company(), company(), any::<bool>())
            .prop_filter_map("learns something", |(l, r, same)| Alias::learn(&l, &r, same).map(Act::Rule)),
    ]
}

/// As a table does it: the last row takes the place of the one that goes.
fn take_out<T>(list: &mut Vec<T>, is: impl Fn(&T) -> bool) {
    if let Some(at) = list.iter().position(is) {
        list.swap_remove(at);
    }
}

fn put<T>(list: &mut Vec<T>, facts: Vec<T>, id: impl Fn(&T) -> RecordId) {
    for fact in facts {
        match list.iter().position(|f| id(f) == id(&fact)) {
            Some(at) => list[at] = fact,
            None => list.push(fact),
        }
    }
}

fn carry_out(held: &mut Held, act: Act) {
    let id = |prefix: &str, n: u8| RecordId::from(format!("{prefix}{n}"));
    let prefix = |side| if side == Side::Left { "L" } else { "R" };
    let World { left_companies, right_companies, left_devices, right_devices, known } = &mut held.world;
    let is_news = matches!(act, Act::Devices(..) | Act::Companies(..) | Act::RemoveDevice(..) | Act::RemoveCompany(..));
    if is_news {
        held.news = News::Records;
    }
    let decide = |list: &mut HashMap<RecordId, Option<RecordId>>, left: RecordId, decision: Decided| {
        match decision {
            Decided::Open => list.remove(&left),
            Decided::Ignored => list.insert(left, None),
            Decided::Target(n) => list.insert(left, Some(id("R", n))),
        };
    };
    match act {
        Act::Devices(side, devices) => {
            put(if side == Side::Left { left_devices } else { right_devices }, devices, |d| d.id.clone());
        }
        Act::Companies(side, companies) => {
            put(if side == Side::Left { left_companies } else { right_companies }, companies, |c| c.id.clone());
        }
        Act::RemoveDevice(side, n) => {
            let gone = id(prefix(side), n);
            take_out(if side == Side::Left { left_devices } else { right_devices }, |d| d.id == gone);
        }
        Act::RemoveCompany(side, n) => {
            let gone = id(prefix(side), n);
            take_out(if side == Side::Left { left_companies } else { right_companies }, |c| c.id == gone);
        }
        Act::DecideCompany(n, decision) => decide(&mut known.companies, id("L", n), decision),
        Act::DecideDevice(n, decision) => decide(&mut known.devices, id("L", n), decision),
        Act::RefuseCompany(l, r) => drop(known.refused_companies.insert((id("L", l), id("R", r)))),
        Act::RefuseDevice(l, r) => drop(known.refused_devices.insert((id("L", l), id("R", r)))),
        Act::Rule(alias) => known.aliases.push(alias),
    }
}

/// Few in a run of all tests; as many as `PROPTEST_CASES` says for a long search.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(200)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

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
        let mut held = Held {
            world,
            settings,
            engine: Engine::default(),
            companies: Vec::new(),
            devices: Vec::new(),
            news: News::Records,
        };
        held.settle();
        prop_assert_eq!(held.difference(), None);
        for act in acts {
            carry_out(&mut held, act);
            held.settle();
            prop_assert_eq!(held.difference(), None);
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
    fn a_record_beside_itself_is_sure(name in "[\\p{L}\\p{N}][\\p{L}\\p{N} .&-]{0,40}") {
        prop_assume!(!parse(&name).words.is_empty());
        let list = vec![CompanyFacts::new("1", name)];
        let world = World { left_companies: list.clone(), right_companies: list, ..World::default() };
        let settings = Settings { name_alone_may_auto: true, ..Settings::default() };
        let (companies, _) = answers(&world, &settings);
        prop_assert!(companies["1"].verdict == Verdict::Auto, "{:?}", companies["1"]);
        prop_assert!(companies["1"].candidates[0].confidence.get() > 0.999, "{:?}", companies["1"]);
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
