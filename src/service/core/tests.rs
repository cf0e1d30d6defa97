//! After any sequence of pages and decisions the queues show what one run over everything says.

use super::super::compare::sides_of;
use super::super::inside;
use super::super::messages::{Command, DecideAction, Done, Filter, Reply, Request, Selection, Sort, SortKey, ViewSpec};
use super::super::solver::{self, RowVerdict};
use super::super::tables::Change;
use super::super::views::{Search, keep, order, position};
use super::super::{Notices, Options, ReplyTo, prelude};
use super::{Core, CoreMessage};
use crate::domain::{
    Cardinality, Company, Contact, Device, Failure, FailureClass, Flow, HistoryEntry, Interface, JunkList, MatchState,
    NameMode, Record, RowChange, RunState, Stream, StreamProgress, SystemClock, Ties,
};
use crate::matching::Run;
use crate::store::Store;
use proptest::prelude::*;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

#[derive(Clone, Debug)]
enum Act {
    Devices(bool, Vec<(u8, u8, u8, u8, u8)>),
    Company(bool, u8, u8),
    Contact(bool, u8, u8, u8, u8),
    Orphan(bool, Stream, u8),
    Decide(Stream, u8, DecideAction),
}

fn act() -> impl Strategy<Value = Act> {
    let device = || (0u8..24, 0u8..6, 0u8..12, 0u8..6, 0u8..6);
    let stream = || prop::sample::select(vec![Stream::Companies, Stream::Devices, Stream::Contacts]);
    let action = prop_oneof![
        3 => Just(DecideAction::Accept),
        2 => (0u8..24).prop_map(|n| DecideAction::Match { target: format!("{n}").into() }),
        1 => Just(DecideAction::Ignore),
        2 => Just(DecideAction::Unmatch),
    ];
    prop_oneof![
        5 => (any::<bool>(), prop::collection::vec(device(), 1..6)).prop_map(|(left, list)| Act::Devices(left, list)),
        2 => (any::<bool>(), 0u8..6, 0u8..9).prop_map(|(left, id, name)| Act::Company(left, id, name)),
        2 => (0u8..3, 0u8..2).prop_map(|(id, target)| {
            let action = DecideAction::Match { target: format!("{target}").into() };
            Act::Decide(Stream::Companies, id, action)
        }),
        6 => (any::<bool>(), 0u8..8, 0u8..3, 0u8..6, 0u8..4)
            .prop_map(|(left, id, company, name, email)| Act::Contact(left, id, company, name, email)),
        2 => (any::<bool>(), stream(), 0u8..24).prop_map(|(left, stream, id)| Act::Orphan(left, stream, id)),
        3 => (stream(), 0u8..24, action).prop_map(|(stream, id, action)| Act::Decide(stream, id, action)),
    ]
}

const NAMES: [&str; 9] = [
    "Harbor Foods",
    "Harbor Foods Inc",
    "Zenith Law",
    "Zenith Law LLP",
    "Quill Media",
    "Quarry Lane Dental",
    "Quarry Lane",
    "Lantern",
    "Lantern Energy 2",
];

fn device((id, company, serial, mac, host): (u8, u8, u8, u8, u8)) -> Record {
    let mut device = Device::new(id.to_string().as_str(), format!("PC-{host}").as_str());
    device.company = (company < 5).then(|| company.to_string().as_str().into());
    device.serial = (serial > 0).then(|| format!("C02XK{serial:03}JGH7"));
    if mac > 0 {
        device.interfaces =
            vec![Interface { name: "en0".into(), mac: Some(format!("14:7d:da:00:00:0{mac}")), ip: None }];
    }
    Record::Device(Box::new(device))
}

const PEOPLE: [(&str, &str); 6] =
    [("Ann", "Lee"), ("Anne", "Lee"), ("Lee", "Ann"), ("John", "Smith"), ("J", "Smith"), ("Zoe", "Quist")];

fn contact(id: u8, company: u8, name: u8, email: u8) -> Record {
    let (first, last) = PEOPLE[usize::from(name)];
    Record::Contact(Box::new(Contact {
        id: id.to_string().as_str().into(),
        company: (company < 5).then(|| company.to_string().as_str().into()),
        first_name: first.into(),
        last_name: last.into(),
        emails: (email > 0).then(|| format!("{email}@acme.test")).into_iter().collect(),
        ..Contact::default()
    }))
}

fn flow() -> Flow {
    Flow {
        id: "rmm-docs".into(),
        source: "rmm".into(),
        target: "docs".into(),
        streams: vec![Stream::Companies, Stream::Devices, Stream::Contacts],
        cardinality: Cardinality::ManyToOne,
        names: NameMode::Fuzzy,
        ties: Ties::Block,
        roll_up: false,
        needs_devices: false,
        auto_accept: false,
    }
}

struct Home {
    core: Core,
    inbox: Receiver<CoreMessage>,
    _dir: tempfile::TempDir,
}

impl Home {
    fn new(runtime: &Runtime) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = Options {
            home: "test".into(),
            actor: "tester".into(),
            store: Store::open(&dir.path().join("store")).unwrap(),
            clock: Arc::new(SystemClock),
            integrations: Vec::new(),
            flows: vec![flow()],
            junk: JunkList::built_in(),
            rules: crate::domain::SyncRules::default(),
            scheduled: false,
            notices: Notices::default(),
            settings: None,
        };
        let (sender, inbox) = channel();
        let opened = prelude::prepare(options, &sender, runtime.handle().clone()).unwrap();
        let mut home = Self { core: Core::new(opened, sender, None), inbox, _dir: dir };
        home.settle();
        home
    }

    /// Does what the core's own loop does, until nothing is left to do.
    fn settle(&mut self) {
        self.core.turn();
        while !self.core.is_settled() {
            let message = self.inbox.recv().unwrap();
            self.core.handle(message);
            self.core.turn();
        }
    }

    fn carry_out(&mut self, act: &Act) {
        let integration = |left: bool| if left { "rmm".into() } else { "docs".into() };
        let message = match act {
            Act::Devices(left, list) => {
                let changes = list.iter().filter_map(|d| Change::of(&device(*d))).collect();
                CoreMessage::Stored(integration(*left), changes)
            }
            Act::Company(left, id, name) => {
                let company = Company::new(id.to_string().as_str(), NAMES[usize::from(*name)]);
                let change = Change::of(&Record::Company(Box::new(company)));
                CoreMessage::Stored(integration(*left), change.into_iter().collect())
            }
            Act::Contact(left, id, company, name, email) => {
                let change = Change::of(&contact(*id, *company, *name, *email));
                CoreMessage::Stored(integration(*left), change.into_iter().collect())
            }
            Act::Orphan(left, stream, id) => {
                let change = Change::Orphaned(*stream, id.to_string().as_str().into());
                CoreMessage::Stored(integration(*left), vec![change])
            }
            Act::Decide(stream, id, action) => {
                let rows = Selection::Rows(vec![id.to_string().as_str().into()]);
                let decide = Command::Decide { flow: flow().id, stream: *stream, action: action.clone(), rows };
                let (reply, _) = oneshot::channel();
                CoreMessage::Request(ReplyTo::Caller(reply), Box::new(Request::Command(decide)))
            }
        };
        self.core.handle(message);
    }

    fn decide(&mut self, stream: Stream, id: u8, action: DecideAction) -> Done {
        let rows = Selection::Rows(vec![id.to_string().as_str().into()]);
        self.ask(Command::Decide { flow: flow().id, stream, action, rows })
    }

    /// Carries a command out and waits until it is durable and settled.
    fn ask(&mut self, command: Command) -> Done {
        let (sender, mut receiver) = oneshot::channel();
        self.core.handle(CoreMessage::Request(ReplyTo::Caller(sender), Box::new(Request::Command(command))));
        self.core.turn();
        loop {
            match receiver.try_recv() {
                Ok(Reply::Done(done)) => break self.settle_with(done),
                Ok(other) => panic!("{other:?}"),
                Err(_) => {
                    let message = self.inbox.recv().unwrap();
                    self.core.handle(message);
                    self.core.turn();
                }
            }
        }
    }

    fn settle_with(&mut self, done: Done) -> Done {
        self.settle();
        done
    }

    /// Both sides were listed whole.
    fn read_to_the_end(&mut self) {
        for (integration, stream) in
            ["rmm", "docs"].into_iter().flat_map(|side| [(side, Stream::Companies), (side, Stream::Devices)])
        {
            let mut progress = StreamProgress::never(integration.into(), stream, String::new());
            (progress.finished, progress.state) = (Some(crate::domain::Timestamp::UNIX_EPOCH), RunState::Ok);
            self.core.progressed(progress);
        }
    }

    fn rules(&self) -> Vec<String> {
        self.core.rules.of(None).map(crate::domain::Rule::text).collect()
    }

    fn best(&self, stream: Stream, id: u8) -> Option<String> {
        let state = &self.core.flows[0];
        let at = position(self.core.world.tables_of(&state.flow.source), stream, &id.to_string().as_str().into())?;
        state.queue(stream)?.rows[at].best.as_ref().map(|(id, _)| id.to_string())
    }

    /// Orders of several views, from what is known of them.
    fn orders(&mut self) -> Vec<Vec<u32>> {
        let mut orders = Vec::new();
        for stream in [Stream::Companies, Stream::Devices] {
            let spec = |filter, find: &str, key, descending| ViewSpec {
                flow: flow().id,
                stream,
                filter,
                find: find.into(),
                sort: Sort { key, descending },
                company: None,
                alike: None,
            };
            // Shorter before longer, as they are typed.
            for spec in [
                spec(Filter::Open, "", SortKey::Work, false),
                spec(Filter::Open, "pc", SortKey::Work, false),
                spec(Filter::Open, "pc-2", SortKey::Work, false),
                spec(Filter::State(MatchState::Ignored), "", SortKey::Company, false),
                spec(Filter::All, "a", SortKey::Name, true),
            ] {
                let rules = self.core.flows[0].flow.clone();
                let sides = sides_of(&self.core.world, &rules);
                let searched = Search::of(&mut self.core.flows[0], sides, &spec, 0);
                if let Some(search) = searched {
                    let order = search.run(sides.source);
                    keep(&mut self.core.flows[0], &spec, order);
                }
                orders.push(order(&mut self.core.flows[0], sides, &spec).to_vec());
            }
        }
        orders
    }

    fn forget_orders(&mut self) {
        for stream in [Stream::Companies, Stream::Devices] {
            self.core.flows[0].queue_mut(stream).unwrap().views.clear();
        }
    }

    /// The first row that does not show what a run over everything says of it.
    fn difference(&self) -> Option<String> {
        let (world, state) = (&self.core.world, &self.core.flows[0]);
        let sides = sides_of(world, &state.flow);
        let settings = world.settings(&state.flow);
        let problem = solver::problem(sides, world.known_of(&state.flow.id), &settings);
        let run = Run::new(&problem);
        let answers = run.answers();
        let kept = state.engine.as_ref()?.answers(&problem)?;
        let queues = [
            (Stream::Companies, &state.companies, problem.left_companies.len()),
            (Stream::Devices, &state.devices, problem.left_devices.len()),
        ];
        let engine = queues.into_iter().find_map(|(stream, queue, live)| {
            (0..live).find_map(|at| {
                let (full, row) = (answers.proposal(stream, at), &queue.rows[at]);
                let expected = RowVerdict::of(at, &full);
                let shown = (row.verdict, &row.best, &row.why);
                let right = shown == (expected.verdict, &expected.best, &expected.why)
                    && kept.proposal_now(stream, at).as_ref() == Some(&full);
                (!right).then(|| format!("{stream:?} {at}: {row:?}\nfull: {full:#?}"))
            })
        });
        engine.or_else(|| inside::difference(world, state, Stream::Contacts))
    }
}

/// Few in a run of all tests; as many as `PROPTEST_CASES` says for a long search.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn queues_that_follow_changes_equal_a_full_run(acts in prop::collection::vec((act(), any::<bool>()), 1..24)) {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let _inside = runtime.enter();
        let mut home = Home::new(&runtime);
        // Some companies are there from the start: most of what follows is about what is in them.
        for id in 0..3 {
            home.carry_out(&Act::Company(true, id, id));
            home.carry_out(&Act::Company(false, id, id + 5));
        }
        for (act, pause) in &acts {
            home.orders();
            home.carry_out(act);
            let kept = home.orders();
            home.forget_orders();
            prop_assert_eq!(kept, home.orders(), "orders that were kept up are not those that are computed anew");
            if *pause {
                home.settle();
                prop_assert_eq!(home.difference(), None);
            }
        }
        home.settle();
        prop_assert_eq!(home.difference(), None);
    }
}

/// Three companies on the left, four on the right, nothing else.
fn companies(runtime: &Runtime) -> Home {
    let mut home = Home::new(runtime);
    for (left, id, name) in
        [(true, 0, 0), (true, 1, 2), (true, 2, 4), (false, 0, 1), (false, 1, 3), (false, 2, 5), (false, 3, 6)]
    {
        home.carry_out(&Act::Company(left, id, name));
    }
    home.settle();
    home
}

fn target(id: u8) -> DecideAction {
    DecideAction::Match { target: id.to_string().as_str().into() }
}

#[test]
fn decisions_by_hand_leave_rules_that_go_with_their_undo() {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _inside = runtime.enter();
    let mut home = companies(&runtime);
    // The names are the same but for the legal form: nothing to learn.
    assert_eq!(home.best(Stream::Companies, 0).as_deref(), Some("0"));
    home.decide(Stream::Companies, 0, DecideAction::Accept);
    assert!(home.rules().is_empty());
    // Another than the proposed one: a refusal and an alias, said in the answer.
    assert_eq!(home.best(Stream::Companies, 1).as_deref(), Some("1"));
    let done = home.decide(Stream::Companies, 1, target(2));
    assert_eq!(home.rules(), ["“Zenith Law” is “Quarry Lane Dental”", "“Zenith Law” is not “Zenith Law LLP”"]);
    assert!(done.text.ends_with("; learnt: 2 rules"), "{}", done.text);
    // The person's own match taken back: its alias goes, the refusal stays and holds.
    home.decide(Stream::Companies, 1, DecideAction::Unmatch);
    assert_eq!(home.rules(), ["“Zenith Law” is not “Zenith Law LLP”"]);
    assert_ne!(home.best(Stream::Companies, 1).as_deref(), Some("1"));
    home.ask(Command::Undo { entry: None });
    assert_eq!(home.rules().len(), 2);
    home.ask(Command::Undo { entry: None });
    assert!(home.rules().is_empty());
    assert_eq!(home.best(Stream::Companies, 1).as_deref(), Some("1"));
    assert_eq!(home.difference(), None);
    // Chosen by hand after all: the refusal goes.
    home.decide(Stream::Companies, 1, target(2));
    home.decide(Stream::Companies, 1, target(1));
    assert!(home.rules().is_empty(), "{:?}", home.rules());
}

#[test]
fn rules_are_removed_applied_and_kept() {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _inside = runtime.enter();
    let mut home = companies(&runtime);
    home.decide(Stream::Companies, 2, target(3));
    let rule = home.core.rules.of(None).next().unwrap().id;
    let text = home.ask(Command::ScopeRule { rule, everywhere: true }).text;
    assert_eq!(text, "applied everywhere: “Quill Media” is “Quarry Lane”");
    assert_eq!(home.core.store.rules().unwrap().len(), 1);
    assert!(home.core.store.rules().unwrap()[0].everywhere);
    home.ask(Command::RemoveRule { rule });
    assert!(home.core.store.rules().unwrap().is_empty());
    home.ask(Command::Undo { entry: None });
    assert_eq!(home.core.store.rules().unwrap().len(), 1);
    // A rule that holds elsewhere is not learnt again, and numbers are never given twice.
    home.decide(Stream::Companies, 2, DecideAction::Unmatch);
    home.decide(Stream::Companies, 2, target(3));
    let again = home.core.store.rules().unwrap();
    assert_eq!(again.len(), 1);
    assert!(again[0].id > rule && !again[0].everywhere);
    assert_eq!(home.difference(), None);
}

#[test]
fn a_match_of_the_engine_that_is_taken_back_is_not_proposed_again() {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _inside = runtime.enter();
    let mut home = companies(&runtime);
    home.carry_out(&Act::Devices(true, vec![(4, 0, 7, 1, 1)]));
    home.carry_out(&Act::Devices(false, vec![(9, 0, 7, 1, 1)]));
    home.settle();
    home.decide(Stream::Companies, 0, DecideAction::Accept);
    home.read_to_the_end();
    home.core.flows[0].flow.auto_accept = true;
    home.core.decide_automatically(0);
    home.settle();
    assert!(home.rules().is_empty());
    home.decide(Stream::Devices, 4, DecideAction::Unmatch);
    assert_eq!(home.rules(), ["“PC-1” is not “PC-1”"]);
    assert_eq!(home.best(Stream::Devices, 4), None);
    assert_eq!(home.core.flows[0].devices.rows[0].why.as_ref(), "a person refused what is like it");
    let rule = home.core.rules.of(None).next().unwrap().id;
    let (sender, mut receiver) = oneshot::channel();
    let everywhere = Request::Command(Command::ScopeRule { rule, everywhere: true });
    home.core.handle(CoreMessage::Request(ReplyTo::Caller(sender), Box::new(everywhere)));
    assert!(matches!(receiver.try_recv().unwrap(), Reply::Failed(_)));
}

#[test]
fn what_another_integration_delivers_meanwhile_only_puts_automatic_matches_off() {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _inside = runtime.enter();
    let mut home = companies(&runtime);
    home.decide(Stream::Companies, 0, DecideAction::Accept);
    home.read_to_the_end();
    home.core.flows[0].flow.auto_accept = true;
    home.carry_out(&Act::Devices(true, vec![(4, 0, 7, 1, 1)]));
    home.carry_out(&Act::Devices(false, vec![(9, 0, 7, 1, 1)]));
    home.core.turn();
    let solved = loop {
        match home.inbox.recv().unwrap() {
            solved @ CoreMessage::Solved(_) => break solved,
            other => home.core.handle(other),
        }
    };
    // A page of a vendor that the flow does not know is waiting when the engine answers.
    let page = Change::of(&device((1, 0, 1, 0, 0))).into_iter().collect();
    home.core.handle(CoreMessage::Stored("elsewhere".into(), page));
    home.core.handle(solved);
    home.settle();
    assert_eq!(home.core.store.decision_counts(&flow().id, Stream::Devices).unwrap().matched, 1);
}

#[test]
fn rows_alike_and_the_grid_follow_what_was_decided() {
    use super::super::coverage::{Asked, coverage};
    use super::super::messages::{CoverageShow, CoverageSpec};
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _inside = runtime.enter();
    let mut home = companies(&runtime);
    // Two devices of company 0, one of company 1; on the other side only the first has a counterpart.
    home.carry_out(&Act::Devices(true, vec![(1, 0, 1, 0, 1), (2, 0, 2, 0, 2), (3, 1, 0, 0, 3)]));
    home.carry_out(&Act::Devices(false, vec![(9, 0, 1, 0, 1)]));
    home.settle();
    home.decide(Stream::Companies, 0, target(0));
    home.decide(Stream::Devices, 1, DecideAction::Accept);
    home.decide(Stream::Devices, 2, DecideAction::Ignore);
    let alike = home.core.alike(&flow().id, Stream::Devices, &"2".into()).unwrap();
    assert_eq!((alike.name.as_str(), &alike.action), ("PC-2", &DecideAction::Ignore));
    // The third waits for its company: nothing is to be decided on it yet.
    assert!(alike.groups.is_empty(), "{:?}", alike.groups);
    home.decide(Stream::Companies, 1, target(1));
    let alike = home.core.alike(&flow().id, Stream::Devices, &"2".into()).unwrap();
    let labels: Vec<(&str, u64)> = alike.groups.iter().map(|g| (g.label.as_str(), g.rows)).collect();
    // “PC-” is too short to say much: two letters.
    assert!(labels.is_empty(), "{labels:?}");
    let grid = |show| {
        let world = &home.core.world;
        let vendors = [("rmm".into(), "RMM".to_owned()), ("docs".into(), "Docs".to_owned())];
        let asked = Asked { world, flows: &[flow()], vendors: &vendors, trend: Vec::new() };
        coverage(asked, &CoverageSpec { show, ..CoverageSpec::default() }, 0, 100)
    };
    let all = grid(CoverageShow::All);
    // Two pairs, one company of the left alone, two of the right alone.
    assert_eq!((all.sum.companies, all.sum.everywhere), (5, 2));
    assert_eq!(all.sum.missing, [2, 1]);
    assert_eq!((all.sum.devices, all.sum.covered), (3, 1));
    let first = &all.rows[0];
    assert_eq!((first.name.as_str(), first.devices, first.covered), ("Harbor Foods", 2, 1));
    assert_eq!(first.cells[1].as_ref().map(|c| c.name.as_str()), Some("Harbor Foods Inc"));
    assert_eq!(grid(CoverageShow::Missing("docs".into())).total, 1);
}

#[test]
fn one_rule_of_a_beginning_holds_for_names_that_come_later_and_goes_with_its_undo() {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _inside = runtime.enter();
    let mut home = companies(&runtime);
    let arrive = |home: &mut Home, id: &str, name: &str| {
        let change = Change::of(&Record::Company(Box::new(Company::new(id, name))));
        home.core.handle(CoreMessage::Stored("rmm".into(), change.into_iter().collect()));
        home.settle();
    };
    for (id, name) in [("6", "Kestrel - Plant"), ("7", "Kestrel - Mill"), ("8", "Kestrel Bank")] {
        arrive(&mut home, id, name);
    }
    home.decide(Stream::Companies, 6, target(3));
    let alike = home.core.alike(&flow().id, Stream::Companies, &"6".into()).unwrap();
    let group = alike.groups.iter().find(|g| g.label == "names that begin with “Kestrel - ”").unwrap();
    assert_eq!((group.rows, alike.target.as_ref().map(|t| t.id.as_str())), (1, Some("3")));
    let rows = Selection::Shown { view: Box::new(group.view.clone()), except: Vec::new() };
    let preview = home.core.preview(&flow().id, Stream::Companies, &target(3), &rows).unwrap();
    assert_eq!(preview.learns, "learnt: names that begin with “Kestrel - ” are “Quarry Lane”");
    let alike = |keep_rules| Command::DecideAlike {
        flow: flow().id,
        stream: Stream::Companies,
        action: target(3),
        rows: rows.clone(),
        keep_rules,
    };
    home.ask(alike(true));
    let by_hand = "“Kestrel - Plant” is “Quarry Lane”";
    let beginning = "names that begin with “Kestrel - ” are “Quarry Lane”";
    assert_eq!(home.rules(), [beginning, by_hand]);
    arrive(&mut home, "9", "KESTREL - Depot");
    assert_eq!(home.best(Stream::Companies, 9).as_deref(), Some("3"));
    assert_ne!(home.best(Stream::Companies, 8).as_deref(), Some("3"), "it does not begin so");
    assert_eq!(home.difference(), None);
    // A name that was decided for itself is what that decision says.
    home.decide(Stream::Companies, 9, target(2));
    home.decide(Stream::Companies, 9, DecideAction::Unmatch);
    home.ask(Command::Undo { entry: None });
    home.ask(Command::Undo { entry: None });
    arrive(&mut home, "5", "Kestrel - Yard");
    assert_eq!(home.best(Stream::Companies, 5).as_deref(), Some("3"));
    // Taken back with its action; removed by itself, and that taken back.
    home.ask(Command::Undo { entry: None });
    assert_eq!(home.rules(), [by_hand]);
    assert_ne!(home.best(Stream::Companies, 5).as_deref(), Some("3"));
    home.ask(Command::Redo);
    assert_eq!(home.rules(), [beginning, by_hand]);
    let rule = home.core.rules.of(None).next().unwrap().id;
    home.ask(Command::RemoveRule { rule });
    assert_eq!(home.rules(), [by_hand]);
    home.ask(Command::Undo { entry: None });
    assert_eq!(home.core.store.rules().unwrap().len(), 2);
    assert_eq!(home.difference(), None);
}

#[test]
fn rows_proposed_for_the_reason_of_a_match_are_like_it() {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _inside = runtime.enter();
    let mut home = companies(&runtime);
    home.decide(Stream::Companies, 0, DecideAction::Accept);
    home.carry_out(&Act::Devices(true, vec![(4, 0, 7, 1, 1), (5, 0, 8, 2, 2)]));
    home.carry_out(&Act::Devices(false, vec![(9, 1, 7, 1, 1), (10, 1, 8, 2, 2)]));
    home.decide(Stream::Devices, 4, DecideAction::Accept);
    let alike = home.core.alike(&flow().id, Stream::Devices, &"4".into()).unwrap();
    let same = alike.groups.iter().find(|group| group.label.starts_with("proposed for the same reason"));
    assert_eq!(same.map(|group| group.rows), Some(1), "{:?}", alike.groups);
}

/// A full disk: what the engine decides cannot be kept. It is tried once, then rests until something can be kept.
#[test]
fn automatic_decisions_that_cannot_be_kept_are_not_tried_again_and_again() {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _inside = runtime.enter();
    let mut home = companies(&runtime);
    home.decide(Stream::Companies, 0, DecideAction::Accept);
    home.carry_out(&Act::Devices(true, vec![(4, 0, 7, 1, 1)]));
    home.carry_out(&Act::Devices(false, vec![(9, 0, 7, 1, 1)]));
    home.settle();
    home.read_to_the_end();
    home.core.flows[0].flow.auto_accept = true;
    home.core.decide_automatically(0);
    let mut refused = 0;
    while !home.core.is_settled() {
        let message = match home.inbox.recv().unwrap() {
            CoreMessage::Written { entry, waiting, .. } => {
                refused += 1;
                assert!(refused < 5, "the engine decides the same again and again");
                // It was kept: it has to be gone again.
                let back = |c: &RowChange| RowChange {
                    source: c.source.clone(),
                    before: c.after.clone(),
                    after: c.before.clone(),
                };
                let changes = entry.changes.iter().map(back).collect();
                home.core.store.decide(HistoryEntry { changes, ..(*entry).clone() }).unwrap();
                let full = Failure::new(FailureClass::Local, "the disk is full", "free some space");
                CoreMessage::Written { entry, result: Err(full), waiting }
            }
            other => other,
        };
        home.core.handle(message);
        home.core.turn();
    }
    let matched = |home: &Home| home.core.flows[0].devices.rows[0].matched().is_some();
    assert!(refused == 1 && !matched(&home), "{refused}");
    assert!(home.core.rested_at().is_some(), "it is tried again later");
    // A person's decision can be kept: so can the engine's.
    home.decide(Stream::Companies, 1, DecideAction::Ignore);
    assert!(matched(&home) && home.core.rested_at().is_none());
}
