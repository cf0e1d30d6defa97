//! Changes that wait for the end of a run, and those that wait for a person.

use matchbook::domain::{
    Device, FactChange, IntegrationId, LogEntry, LogLevel, MassChange, Record, RecordId, RunCounts, RunOutcome, Stream,
    Timestamp,
};
use matchbook::store::{
    Applied, Judgement, PageBatch, RunFinish, RunFinished, RunRecord, RunVerdict, Seen, Store, Watermark,
};
use std::ops::ControlFlow;
use tempfile::TempDir;

const STREAM: Stream = Stream::Devices;

fn itglue() -> IntegrationId {
    IntegrationId::new("itglue")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_timestamp(1_800_000_000 + second).unwrap()
}

fn line(text: &str) -> LogEntry {
    LogEntry {
        seq: 0,
        at: at(500),
        level: LogLevel::Info,
        integration: Some(itglue()),
        stream: Some(STREAM),
        run: None,
        record: None,
        text: text.into(),
        count: 1,
    }
}

fn device(id: usize, name: &str) -> Record {
    Record::Device(Box::new(Device::new(format!("{id:04}"), name)))
}

fn named(count: usize, name: &str) -> Vec<Record> {
    (0..count).map(|id| device(id, name)).collect()
}

struct Home {
    store: Store,
    dir: TempDir,
}

fn home() -> Home {
    let dir = tempfile::tempdir().unwrap();
    Home { store: Store::open(&dir.path().join("store")).unwrap(), dir }
}

const MARK: Watermark = Watermark { since: Timestamp::UNIX_EPOCH, full: Timestamp::UNIX_EPOCH, bad: 0, doubt: false };

impl Home {
    fn page(&self, run: &RunRecord, records: Vec<Record>) {
        let batch = PageBatch {
            integration: itglue(),
            stream: STREAM,
            run: run.run,
            page: self.store.open_run(&itglue(), STREAM).unwrap().unwrap().page + 1,
            records,
            seen: Vec::new(),
            cursor: "c".into(),
            total: None,
            bad: 0,
            bad_rows: Vec::new(),
            log: Vec::new(),
            at: at(1),
        };
        self.store.commit_page(batch).unwrap();
    }

    fn run(&self, since: Option<Timestamp>, records: Vec<Record>, verdict: RunVerdict) -> RunFinished {
        let run = self.store.begin_run_since(&itglue(), STREAM, since, at(0)).unwrap();
        self.page(&run, records);
        let finish = RunFinish { integration: itglue(), stream: STREAM, run: run.run, at: at(100), left_out: 0 };
        let judged = Judgement { verdict, ask_gone: since.is_none(), watermark: Some(MARK) };
        self.store.finish_run(finish, |_| judged, |_: &RunCounts, _: Option<&MassChange>| line("closed")).unwrap()
    }

    fn good(&self, records: Vec<Record>) -> RunFinished {
        self.run(None, records, RunVerdict::Orphan)
    }

    /// Name of every record, and whether it is orphaned.
    fn all(&self) -> Vec<(String, bool)> {
        let mut all = Vec::new();
        self.store
            .each_record(&itglue(), STREAM, &mut |stored| {
                all.push((stored.record.name().to_owned(), stored.orphaned.is_some()));
                ControlFlow::Continue(())
            })
            .unwrap();
        all
    }

    fn reopened(self) -> Self {
        let Self { store, dir } = self;
        drop(store);
        Self { store: Store::open(&dir.path().join("store")).unwrap(), dir }
    }
}

#[test]
fn nothing_of_a_run_that_asks_is_applied_and_a_yes_applies_exactly_that() {
    let home = home();
    home.good(named(40, "old"));
    let asked = home.run(None, named(30, "new"), RunVerdict::Ask);
    let change = asked.asks.clone().expect("it asks");
    assert_eq!((change.changed, change.gone, change.live), (30, 10, 40));
    assert_eq!((asked.changed.len(), asked.orphaned.len()), (0, 0));
    assert_eq!(home.all(), vec![("old".to_owned(), false); 40]);
    assert_eq!(home.store.watermark(&itglue(), STREAM).unwrap(), Some(MARK), "that of the good run");
    let last = home.store.last_run(&itglue(), STREAM).unwrap().unwrap();
    assert!(matches!(last.outcome, RunOutcome::Asks { counts } if counts.held == 30));

    let home = home.reopened();
    assert_eq!(home.store.mass_change(&itglue(), STREAM).unwrap(), Some(change.clone()), "kept over a restart");
    let rows = home.store.mass_change_rows(&itglue(), STREAM, 35).unwrap();
    let renamed = FactChange { fact: "name".into(), before: "old".into(), after: "new".into() };
    assert_eq!((rows.len(), rows[0].id.as_str(), rows[0].gone), (35, "0000", false));
    assert_eq!(rows[0].changes, [renamed]);
    assert!(rows[34].gone && rows[34].name == "old" && rows[34].changes.is_empty());

    let (mut changed, mut orphaned) = (0, 0);
    let mut told = |part: Applied| {
        changed += part.changed.len();
        orphaned += part.orphaned.len();
    };
    home.store.accept_mass_change(&itglue(), STREAM, change.run, line("yes"), &mut told).unwrap();
    assert_eq!((changed, orphaned), (30, 10));
    let all = home.all();
    assert!(all[..30].iter().all(|(name, gone)| name == "new" && !gone));
    assert!(all[30..].iter().all(|(name, gone)| name == "old" && *gone));
    assert_eq!(home.store.live_count(&itglue(), STREAM), 30);
    assert_eq!(home.store.mass_change(&itglue(), STREAM).unwrap(), None);
    assert!(home.store.accept_mass_change(&itglue(), STREAM, change.run, line("again"), &mut |_| {}).is_err());
}

#[test]
fn a_no_keeps_the_last_good_state_and_makes_the_next_run_a_full_one() {
    let home = home();
    home.good(named(40, "old"));
    let change = home.run(Some(at(0)), named(30, "new"), RunVerdict::Ask).asks.unwrap();
    assert_eq!((change.changed, change.gone), (30, 0), "an incremental run cannot tell what is gone");
    home.store.refuse_mass_change(&itglue(), STREAM, change.run, line("no")).unwrap();
    assert_eq!(home.all(), vec![("old".to_owned(), false); 40]);
    assert!(home.store.watermark(&itglue(), STREAM).unwrap().unwrap().doubt);
    assert!(home.store.mass_change_rows(&itglue(), STREAM, 99).unwrap().is_empty());
}

#[test]
fn a_later_good_run_answers_by_itself_and_a_later_question_takes_its_place() {
    let home = home();
    home.good(named(40, "old"));
    let first = home.run(None, named(40, "new"), RunVerdict::Ask).asks.unwrap();
    let second = home.run(None, named(25, "new"), RunVerdict::Ask).asks.unwrap();
    assert_eq!(home.store.mass_change(&itglue(), STREAM).unwrap(), Some(second.clone()));
    assert!(home.store.accept_mass_change(&itglue(), STREAM, first.run, line("late"), &mut |_| {}).is_err());
    assert_eq!(home.store.mass_change_rows(&itglue(), STREAM, 99).unwrap().len(), 40);
    let good = home.good(named(40, "old"));
    assert_eq!((good.counts.unchanged, good.asks), (40, None));
    assert_eq!(home.store.mass_change(&itglue(), STREAM).unwrap(), None);
    assert!(home.store.mass_change_rows(&itglue(), STREAM, 99).unwrap().is_empty());
}

#[test]
fn a_run_that_begins_leaves_the_open_question_alone() {
    let home = home();
    home.good(named(40, "old"));
    let change = home.run(None, named(40, "new"), RunVerdict::Ask).asks.unwrap();
    let cut = home.store.begin_run(&itglue(), STREAM, at(0)).unwrap();
    home.page(&cut, named(5, "newest"));
    home.store.abandon_run(&cut).unwrap();
    home.store.accept_mass_change(&itglue(), STREAM, change.run, line("yes"), &mut |_| {}).unwrap();
    assert_eq!(home.all(), vec![("new".to_owned(), false); 40]);
}

#[test]
fn what_changes_all_day_is_applied_at_once_and_new_records_too() {
    let home = home();
    home.good(named(40, "old"));
    let run = home.store.begin_run(&itglue(), STREAM, at(0)).unwrap();
    let busy = |id: usize| {
        let mut device = Device::new(format!("{id:04}"), "old");
        device.details.hardware.memory_gb = Some(16.0);
        Record::Device(Box::new(device))
    };
    home.page(&run, (0..60).map(busy).collect());
    let open = home.store.open_run(&itglue(), STREAM).unwrap().unwrap();
    assert_eq!((open.counts.changed, open.counts.added, open.counts.held), (40, 20, 0));
}

#[test]
fn a_record_that_comes_back_is_listed_again_with_its_history() {
    let home = home();
    home.good(named(3, "a"));
    home.good(vec![device(0, "b"), device(1, "a")]);
    let back = home.good(named(3, "a"));
    assert_eq!((back.counts.changed, back.counts.orphaned), (2, 0));
    let seen = |id: &str| {
        let events = home.store.record_events(&itglue(), STREAM, &RecordId::new(id)).unwrap();
        events.into_iter().map(|e| e.seen).collect::<Vec<_>>()
    };
    assert_eq!(seen("0002"), [Seen::Gone, Seen::Back]);
    assert_eq!(seen("0001"), []);
    let events = seen("0000");
    assert!(matches!(&events[..], [Seen::Changed(one), Seen::Changed(_)] if one[0].after == "b"), "{events:?}");
}

#[test]
fn an_incremental_run_orphans_nothing_and_keeps_no_list_of_what_it_saw() {
    let home = home();
    home.good(named(10, "a"));
    let done = home.run(Some(at(0)), vec![device(3, "b")], RunVerdict::Keep);
    assert_eq!((done.counts.read, done.counts.changed, done.counts.orphaned, done.withheld), (1, 1, 0, 0));
    assert_eq!(home.store.live_count(&itglue(), STREAM), 10);
}

#[test]
fn equal_warnings_fold_with_a_count_and_others_do_not() {
    let home = home();
    let warn = |text: &str, record: Option<&str>| LogEntry {
        level: LogLevel::Warn,
        record: record.map(RecordId::new),
        ..line(text)
    };
    let first = home.store.append_log(vec![warn("answered 503; trying again in 0.5 s", None), line("page 1")]).unwrap();
    let both = vec![warn("answered 503; trying again in 1.0 s", None), warn("answered 502; trying again in 2 s", None)];
    let again = home.store.append_log(both).unwrap();
    assert_eq!(again.len(), 1);
    assert_eq!((again[0].seq, again[0].count), (first[0].seq, 3));
    home.store
        .append_log(vec![line("page 2"), warn("row 7 left out", Some("7")), warn("row 8 left out", Some("8"))])
        .unwrap();
    let all = home.store.log(None, 100, &|_| true, 100).unwrap();
    let shown: Vec<_> = all.iter().map(|l| (&*l.text, l.count)).collect();
    assert_eq!(
        shown,
        [
            ("answered 502; trying again in 2 s", 3),
            ("page 1", 1),
            ("page 2", 1),
            ("row 7 left out", 1),
            ("row 8 left out", 1)
        ]
    );
}
