//! Pages, runs and orphans of the store, through its public interface.

use matchbook::domain::{
    Actor, Decision, DecisionKind, Device, Flow, HistoryEntry, HistoryId, IntegrationId, LogEntry, LogLevel,
    MassChange, Record, RecordId, RowChange, RunCounts, RunOutcome, Stream, Timestamp,
};
use matchbook::store::{
    Judgement, ListingFacts, MAX_RECORD_ID, PageBatch, PageOutcome, RunFinish, RunFinished, RunRecord, RunVerdict,
    Store,
};
use std::ops::ControlFlow;
use tempfile::TempDir;

const STREAM: Stream = Stream::Devices;

fn addigy() -> IntegrationId {
    IntegrationId::new("addigy")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_timestamp(1_800_000_000 + second).unwrap()
}

fn line(text: &str) -> LogEntry {
    LogEntry {
        seq: 0,
        at: at(0),
        level: LogLevel::Info,
        integration: Some(addigy()),
        stream: Some(STREAM),
        run: None,
        record: None,
        text: text.into(),
        count: 1,
    }
}

fn device(id: &str, name: &str) -> Record {
    Record::Device(Box::new(Device::new(id, name)))
}

fn page(run: &RunRecord, number: u32, records: Vec<Record>) -> PageBatch {
    PageBatch {
        integration: addigy(),
        stream: STREAM,
        run: run.run,
        page: number,
        records,
        seen: Vec::new(),
        cursor: format!("after {number}"),
        total: Some(3),
        bad: 0,
        bad_rows: Vec::new(),
        log: vec![line(&format!("page {number}"))],
        at: at(i64::from(number)),
    }
}

struct Home {
    store: Store,
    _dir: TempDir,
}

fn home() -> Home {
    let dir = tempfile::tempdir().unwrap();
    Home { store: Store::open(&dir.path().join("store")).unwrap(), _dir: dir }
}

impl Home {
    fn begin(&self) -> RunRecord {
        self.store.begin_run(&addigy(), STREAM, at(0)).unwrap()
    }

    fn store(&self, run: &RunRecord, number: u32, records: Vec<Record>) -> PageOutcome {
        self.store.commit_page(page(run, number, records)).unwrap()
    }

    fn finish(&self, run: &RunRecord, complete_listing: bool) -> RunFinished {
        let finish = RunFinish { integration: addigy(), stream: STREAM, run: run.run, at: at(100), left_out: 0 };
        let verdict = if complete_listing { RunVerdict::Orphan } else { RunVerdict::Keep };
        let judged = Judgement { verdict, ask_gone: complete_listing, watermark: None };
        let closing = |counts: &RunCounts, _: Option<&MassChange>| line(&format!("{} read", counts.read));
        self.store.finish_run(finish, |_| judged, closing).unwrap()
    }

    fn sync(&self, records: Vec<Record>) -> RunFinished {
        let run = self.begin();
        self.store(&run, 1, records);
        self.finish(&run, true)
    }

    fn orphaned(&self, id: &str) -> Option<Timestamp> {
        self.store.record(&addigy(), STREAM, &id.into()).unwrap().unwrap().orphaned
    }
}

#[test]
fn a_page_adds_then_leaves_unchanged_records_alone() {
    let home = home();
    let run = home.begin();
    let first = home.store(&run, 1, vec![device("1", "a"), device("2", "b")]);
    assert_eq!(first.counts, RunCounts { read: 2, added: 2, ..RunCounts::default() });
    assert_eq!(first.changed, [device("1", "a"), device("2", "b")]);
    assert_eq!((first.run_counts, first.live), (first.counts, 2));
    assert_eq!(first.log[0].seq, 1);
    home.finish(&run, true);

    let before = home.store.record(&addigy(), STREAM, &"1".into()).unwrap().unwrap();
    let revision = home.store.revision();
    let run = home.begin();
    let second = home.store(&run, 1, vec![device("1", "a"), device("2", "b")]);
    assert_eq!(second.counts, RunCounts { read: 2, unchanged: 2, ..RunCounts::default() });
    assert_eq!(second.changed, []);
    assert_eq!(home.store.revision(), revision, "nothing of the content was written");
    assert_eq!(home.store.record(&addigy(), STREAM, &"1".into()).unwrap().unwrap(), before);

    let third = home.store(&run, 2, vec![device("1", "renamed")]);
    assert_eq!((third.counts.changed, third.counts.held), (0, 1), "a rename waits for the end of the run");
    assert_eq!((third.run_counts.read, third.run_counts.unchanged, third.live), (3, 2, 2));
    let finished = home.finish(&run, true);
    assert_eq!((finished.counts.changed, finished.counts.held), (1, 0));
    assert_eq!(finished.changed, [device("1", "renamed")]);
    let after = home.store.record(&addigy(), STREAM, &"1".into()).unwrap().unwrap();
    assert_eq!((after.record.name(), after.first_seen, after.changed), ("renamed", before.first_seen, at(2)));
    assert!(home.store.revision() > revision);
}

#[test]
fn unchanged_pages_do_not_grow_the_store() {
    let home = home();
    let records: Vec<Record> = (0..500).map(|n| device(&format!("id-{n}"), &"x".repeat(1500))).collect();
    home.sync(records.clone());
    home.store.flush().unwrap();
    let before = home.store.size_on_disk().unwrap();
    for _ in 0..3 {
        home.sync(records.clone());
    }
    home.store.flush().unwrap();
    let grown = home.store.size_on_disk().unwrap().saturating_sub(before);
    assert!(grown < 500 * 1500, "three syncs of the same records wrote {grown} bytes");
}

#[test]
fn only_a_complete_listing_orphans_and_a_record_can_come_back() {
    let home = home();
    home.sync(vec![device("1", "a"), device("2", "b"), device("3", "c")]);
    assert_eq!(home.store.live_count(&addigy(), STREAM), 3);

    let run = home.begin();
    home.store(&run, 1, vec![device("1", "a")]);
    let partial = home.finish(&run, false);
    assert_eq!((partial.counts.orphaned, home.store.live_count(&addigy(), STREAM)), (0, 3));

    let complete = home.sync(vec![device("1", "a"), device("3", "c")]);
    assert_eq!((complete.orphaned, complete.counts.orphaned), (vec![RecordId::new("2")], 1));
    assert_eq!(home.orphaned("2"), Some(at(100)));
    assert_eq!(home.store.live_count(&addigy(), STREAM), 2);
    assert_eq!(home.sync(vec![device("1", "a"), device("3", "c")]).counts.orphaned, 0, "it is orphaned only once");

    let run = home.begin();
    let back = home.store(&run, 1, vec![device("2", "b")]);
    assert_eq!((back.counts.changed, back.counts.added), (1, 0));
    assert_eq!((back.changed.len(), back.live), (1, 3));
    assert_eq!((home.orphaned("2"), home.store.live_count(&addigy(), STREAM)), (None, 3));
}

#[test]
fn rows_that_could_not_be_read_are_not_orphaned() {
    let home = home();
    home.sync(vec![device("1", "a"), device("2", "b")]);
    let run = home.begin();
    let mut batch = page(&run, 1, vec![device("1", "a")]);
    (batch.seen, batch.bad) = (vec!["2".into()], 1);
    let outcome = home.store.commit_page(batch).unwrap();
    assert_eq!((outcome.counts.read, outcome.counts.bad), (2, 1));
    assert_eq!(home.finish(&run, true).orphaned, []);
}

#[test]
fn the_caller_sees_the_listing_and_may_withhold_orphans() {
    let home = home();
    home.sync((0..10).map(|n| device(&n.to_string(), "x")).collect());
    let run = home.begin();
    home.store(&run, 1, vec![device("0", "x"), device("0", "x"), device("new", "x")]);
    let finish = RunFinish { integration: addigy(), stream: STREAM, run: run.run, at: at(100), left_out: 0 };
    let mut facts = None;
    let judge = |listing: ListingFacts| {
        facts = Some(listing);
        let verdict = if listing.gone * 2 < listing.live { RunVerdict::Orphan } else { RunVerdict::Keep };
        Judgement { verdict, ask_gone: false, watermark: None }
    };
    let finished = home.store.finish_run(finish, judge, |_, _| line("closed")).unwrap();
    let expected = ListingFacts {
        seen: 2,
        total: Some(3),
        bad: 0,
        stable: true,
        resumed: 0,
        live: 11,
        gone: 9,
        held: 0,
        incremental: false,
    };
    assert_eq!(facts, Some(expected));
    assert_eq!((finished.withheld, finished.orphaned.len(), finished.counts.orphaned), (9, 0, 0));
    assert_eq!(home.store.live_count(&addigy(), STREAM), 11);
}

#[test]
fn a_run_goes_on_from_its_last_page_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let (first, started) = {
        let store = Store::open(&path).unwrap();
        let run = store.begin_run(&addigy(), STREAM, at(0)).unwrap();
        store.commit_page(page(&run, 1, vec![device("1", "a")])).unwrap();
        store.commit_page(page(&run, 2, vec![device("2", "b")])).unwrap();
        let failed = RunOutcome::Cut { counts: RunCounts::default() };
        let log = store.stop_run(&run, at(3), failed.clone(), vec![line("cut")]).unwrap();
        assert_eq!(log[0].seq, 3);
        assert_eq!(store.last_run(&addigy(), STREAM).unwrap().unwrap().outcome, failed);
        (run.run, run.started)
    };
    let store = Store::open(&path).unwrap();
    let open = store.open_run(&addigy(), STREAM).unwrap().unwrap();
    let run = store.resume_run(open, at(9)).unwrap();
    assert_eq!((run.run, run.started, run.page, run.resumed), (first, started, 2, 1));
    assert_eq!(run.cursor.as_deref(), Some("after 2"));
    assert!(run.totals_seen_stable);
    store.commit_page(page(&run, 3, vec![device("3", "c")])).unwrap();
    let home = Home { store, _dir: dir };
    let finished = home.finish(&run, true);
    assert_eq!((finished.counts.read, finished.counts.added, finished.counts.orphaned), (3, 3, 0));
    assert_eq!(home.store.open_run(&addigy(), STREAM).unwrap(), None);
    let last = home.store.last_run(&addigy(), STREAM).unwrap().unwrap();
    assert_eq!((last.pages, last.resumed, last.outcome), (3, 1, RunOutcome::Complete { counts: finished.counts }));
}

#[test]
fn pages_of_a_run_that_is_over_or_stored_already_are_refused() {
    let home = home();
    let old = home.begin();
    home.store(&old, 1, vec![device("1", "a")]);
    assert!(home.store.commit_page(page(&old, 1, vec![device("1", "a")])).unwrap_err().what.contains("stored already"));
    let new = home.begin();
    assert!(new.run > old.run);
    assert!(home.store.commit_page(page(&old, 2, vec![])).unwrap_err().what.contains("not open"));
    assert!(home.store.abandon_run(&old).is_err());
    home.store.abandon_run(&new).unwrap();
    assert_eq!(home.store.open_run(&addigy(), STREAM).unwrap(), None);
    assert!(home.store.resume_run(new, at(1)).is_err());
}

#[test]
fn what_an_abandoned_run_saw_does_not_count() {
    let home = home();
    home.sync(vec![device("1", "a"), device("2", "b")]);
    let given_up = home.begin();
    home.store(&given_up, 1, vec![device("1", "a"), device("2", "b")]);
    let finished = home.sync(vec![device("1", "a")]);
    assert_eq!(finished.orphaned, [RecordId::new("2")]);
}

#[test]
fn a_total_that_moves_is_noticed() {
    let home = home();
    let run = home.begin();
    home.store(&run, 1, vec![]);
    let mut second = page(&run, 2, vec![]);
    second.total = Some(4);
    home.store.commit_page(second).unwrap();
    let run = home.store.open_run(&addigy(), STREAM).unwrap().unwrap();
    assert_eq!((run.totals_seen_stable, run.total), (false, Some(4)));
}

#[test]
fn a_record_twice_on_a_page_is_stored_once_with_its_last_content() {
    let home = home();
    let run = home.begin();
    let outcome = home.store(&run, 1, vec![device("1", "a"), device("1", "b"), device("1", "b")]);
    assert_eq!(outcome.counts, RunCounts { read: 3, added: 1, changed: 1, unchanged: 1, ..RunCounts::default() });
    assert_eq!(outcome.changed, [device("1", "b")]);
    assert_eq!(home.store.record(&addigy(), STREAM, &"1".into()).unwrap().unwrap().record.name(), "b");
    assert_eq!(home.store.live_count(&addigy(), STREAM), 1);
}

#[test]
fn impossible_ids_are_bad_rows_and_hostile_ids_are_only_keys() {
    let home = home();
    let run = home.begin();
    let long = "x".repeat(MAX_RECORD_ID + 1);
    let hostile = "\u{0}\u{ff}/../\u{202e}";
    let outcome = home.store(&run, 1, vec![device("", "none"), device(&long, "long"), device(hostile, "fine")]);
    assert_eq!((outcome.counts.bad, outcome.counts.added), (2, 1));
    assert_eq!(home.store.record(&addigy(), STREAM, &hostile.into()).unwrap().unwrap().record.name(), "fine");
}

#[test]
fn scans_stay_in_their_stream_and_stop_when_told() {
    let home = home();
    home.sync((0..5).map(|n| device(&n.to_string(), "x")).collect());
    let other = IntegrationId::new("itglue");
    let run = home.store.begin_run(&other, STREAM, at(0)).unwrap();
    let mut batch = page(&run, 1, vec![device("9", "other")]);
    batch.integration = other.clone();
    home.store.commit_page(batch).unwrap();

    let mut ids = Vec::new();
    home.store
        .each_record(&addigy(), STREAM, &mut |stored| {
            ids.push(stored.record.id().to_string());
            if ids.len() == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
    assert_eq!(ids, ["0", "1", "2"]);
    assert_eq!(home.store.live_count(&other, STREAM), 1);
    let unknown = IntegrationId::new("nobody");
    assert_eq!(home.store.record(&unknown, STREAM, &"1".into()).unwrap(), None);
}

#[test]
fn what_changes_all_day_costs_no_write_and_is_renewed_once_a_day() {
    let home = home();
    let seen = |hour: i64, percent: f64, os: &str| {
        let mut device = Device::new("1", "Mac");
        device.last_seen = Some(time::OffsetDateTime::from_unix_timestamp(1_800_057_600 + hour * 3600).unwrap());
        device.details.battery.percent = Some(percent);
        device.details.hardware.disk_free_gb = Some(percent);
        device.details.system.os = Some(os.into());
        device
    };
    let (mut number, run) = (0, home.begin());
    let mut stored = |device: &Device| {
        number += 1;
        let outcome = home.store(&run, number, vec![Record::Device(Box::new(device.clone()))]);
        let kept = home.store.record(&addigy(), STREAM, &RecordId::new("1")).unwrap().unwrap().record;
        (outcome.counts.unchanged == 0, kept == Record::Device(Box::new(device.clone())))
    };
    assert_eq!(stored(&seen(0, 90.0, "14.1")), (true, true), "the first time");
    assert_eq!(stored(&seen(5, 40.0, "14.1")), (false, false), "the same day");
    assert_eq!(stored(&seen(6, 35.0, "14.2")), (true, true), "a real change brings the rest along");
    assert_eq!(stored(&seen(25, 80.0, "14.2")), (true, true), "the next day");
    assert_eq!(stored(&seen(24, 70.0, "14.2")), (false, false), "the next day again");
}

fn matched(source: &str, target: &str, flow: &Flow) -> HistoryEntry {
    let decision = Decision {
        kind: DecisionKind::Matched { target: target.into() },
        actor: Actor::Person("kim".into()),
        at: at(1),
        why: "same serial".into(),
    };
    HistoryEntry {
        id: HistoryId(0),
        at: at(1),
        actor: Actor::Person("kim".into()),
        flow: flow.id.clone(),
        stream: STREAM,
        what: "matched".into(),
        changes: vec![RowChange { source: source.into(), before: None, after: Some(decision) }],
        rows: 0,
        rules: Vec::new(),
        records: Vec::new(),
        undoes: None,
        undone_by: None,
    }
}

#[test]
fn orphans_are_deleted_when_nothing_matches_them_and_come_back_when_they_are_listed() {
    let home = home();
    let all = ["1", "2", "3", "4"];
    home.sync(all.iter().map(|id| device(id, "x")).collect());
    let (from, to) = (Flow::new("here-there", "addigy", "itglue"), Flow::new("there-here", "itglue", "addigy"));
    home.store.decide(matched("2", "t", &from)).unwrap();
    home.store.decide(matched("s", "3", &to)).unwrap();
    home.sync(vec![device("1", "x")]);
    home.store.set_record_sync(&addigy(), STREAM, &"4".into(), false, at(5)).unwrap();
    let done = home.store.delete_orphans(&addigy(), STREAM, &[from.clone(), to.clone()]).unwrap();
    assert_eq!((done.deleted, done.kept), (1, 2));
    let there = |id: &&str| home.store.record(&addigy(), STREAM, &(*id).into()).unwrap().is_some();
    assert_eq!(all.into_iter().filter(there).collect::<Vec<_>>(), ["1", "2", "3"]);
    assert!(home.store.records_off(&addigy(), STREAM).unwrap().is_empty());
    assert!(home.store.record_events(&addigy(), STREAM, &"4".into()).unwrap().is_empty());
    assert_eq!(home.store.live_count(&addigy(), STREAM), 1);
    assert_eq!(home.store.delete_orphans(&addigy(), STREAM, &[from, to]).unwrap().deleted, 0);
    let back = home.sync(vec![device("1", "x"), device("4", "x")]);
    assert_eq!((back.counts.added, home.store.live_count(&addigy(), STREAM)), (1, 2));
}
