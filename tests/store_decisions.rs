//! Decisions, history, the log and the small things of the store, through its public interface.

use matchbook::domain::{
    Actor, Decision, DecisionKind, FailureClass, FlowId, HistoryEntry, HistoryId, IntegrationId, LogEntry, LogLevel,
    RecordId, RowChange, Rule, RuleChange, RuleId, RuleKind, RunState, Stream, StreamProgress, Timestamp,
};
use matchbook::store::{DecisionCounts, LOG_CAPACITY, LOG_KEEP_DAYS, Store, inverse_changes};
use std::collections::BTreeMap;
use tempfile::TempDir;

const STREAM: Stream = Stream::Companies;

fn flow() -> FlowId {
    FlowId::new("addigy-itglue")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_timestamp(1_800_000_000 + second).unwrap()
}

fn home() -> (Store, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    (Store::open(&dir.path().join("store")).unwrap(), dir)
}

fn decision(kind: DecisionKind) -> Decision {
    Decision { kind, actor: Actor::Person("kim".into()), at: at(1), why: "same serial".into() }
}

#[expect(clippy::unnecessary_wraps, reason = "the rows of a change hold an option")]
fn matched(target: &str) -> Option<Decision> {
    Some(decision(DecisionKind::Matched { target: target.into() }))
}

fn change(source: &str, before: Option<Decision>, after: Option<Decision>) -> RowChange {
    RowChange { source: source.into(), before, after }
}

fn entry(changes: Vec<RowChange>) -> HistoryEntry {
    HistoryEntry {
        id: HistoryId(0),
        at: at(1),
        actor: Actor::QuickMatch("kim".into()),
        flow: flow(),
        stream: STREAM,
        what: "accepted".into(),
        changes,
        rows: 0,
        rules: Vec::new(),
        records: Vec::new(),
        undoes: None,
        undone_by: None,
    }
}

fn undo(of: &HistoryEntry) -> HistoryEntry {
    HistoryEntry { undoes: Some(of.id), ..entry(inverse_changes(of)) }
}

fn decisions(store: &Store) -> BTreeMap<RecordId, Decision> {
    let mut found = BTreeMap::new();
    store.each_decision(&flow(), STREAM, &mut |id, decision| drop(found.insert(id, decision))).unwrap();
    found
}

fn undone_by(store: &Store, id: HistoryId) -> Option<u64> {
    store.history_entry(id).unwrap().unwrap().undone_by.map(|id| id.0)
}

#[test]
fn every_kind_of_decision_comes_back_as_it_went_in() {
    let (store, _dir) = home();
    let kinds = [
        DecisionKind::Matched { target: "t".into() },
        DecisionKind::Ignored,
        DecisionKind::Deferred,
        DecisionKind::Held,
    ];
    let actors = [Actor::Engine, Actor::Person("ö".into()), Actor::QuickMatch(String::new())];
    let mut changes = Vec::new();
    for kind in &kinds {
        for actor in &actors {
            let after = Decision { actor: actor.clone(), ..decision(kind.clone()) };
            changes.push(change(&format!("row {}", changes.len()), None, Some(after)));
        }
    }
    let done = store.decide(entry(changes.clone())).unwrap();
    assert_eq!((done.id, done.rows), (HistoryId(1), 12));
    for row in &changes {
        assert_eq!(store.decision(&flow(), STREAM, &row.source).unwrap(), row.after);
    }
    let counts = DecisionCounts { matched: 3, ignored: 3, deferred: 3, held: 3 };
    assert_eq!(store.decision_counts(&flow(), STREAM).unwrap(), counts);
    assert_eq!(store.history_entry(done.id).unwrap(), Some(done));
}

#[test]
fn a_decision_on_a_row_that_changed_meanwhile_is_refused_whole() {
    let (store, _dir) = home();
    store.decide(entry(vec![change("1", None, matched("x"))])).unwrap();
    let before = (decisions(&store), store.revision());
    let stale = entry(vec![change("2", None, matched("y")), change("1", None, matched("y"))]);
    let failure = store.decide(stale).unwrap_err();
    assert_eq!(failure.class, FailureClass::Usage);
    assert!(failure.what.contains("changed since"), "{failure}");
    assert_eq!((decisions(&store), store.revision()), before);
    assert_eq!(store.history(None, 10).unwrap().len(), 1);
    let twice = entry(vec![change("3", None, matched("y")), change("3", None, matched("z"))]);
    assert_eq!(store.decide(twice).unwrap_err().class, FailureClass::Ours);
}

#[test]
fn an_undo_restores_every_row_and_the_counts() {
    let (store, _dir) = home();
    let first: Vec<_> = (0..100).map(|n| change(&n.to_string(), None, matched("x"))).collect();
    store.decide(entry(first)).unwrap();
    let before = (decisions(&store), store.decision_counts(&flow(), STREAM).unwrap());
    let mut bulk: Vec<_> = (0..50).map(|n| change(&n.to_string(), matched("x"), matched("y"))).collect();
    bulk.extend((50..80).map(|n| change(&n.to_string(), matched("x"), None)));
    bulk.extend((200..300).map(|n| change(&n.to_string(), None, Some(decision(DecisionKind::Ignored)))));
    let done = store.decide(entry(bulk)).unwrap();
    assert_ne!(decisions(&store), before.0);
    let stored = store.history_entry(done.id).unwrap().unwrap();
    assert_eq!(stored, done, "all 180 changes are read back");
    store.decide(undo(&stored)).unwrap();
    assert_eq!((decisions(&store), store.decision_counts(&flow(), STREAM).unwrap()), before);
}

#[test]
fn undo_and_redo_mark_the_whole_chain() {
    let (store, _dir) = home();
    let first = store.decide(entry(vec![change("1", None, matched("x"))])).unwrap();
    let undone = store.decide(undo(&first)).unwrap();
    assert_eq!(undone_by(&store, first.id), Some(2));
    let again = store.decide(undo(&first)).unwrap_err();
    assert!(again.what.contains("changed since") || again.what.contains("taken back already"), "{again}");

    let redone = store.decide(undo(&undone)).unwrap();
    assert_eq!((undone_by(&store, first.id), undone_by(&store, undone.id)), (None, Some(3)));
    store.decide(undo(&redone)).unwrap();
    let marks = [first.id, undone.id, redone.id].map(|id| undone_by(&store, id));
    assert_eq!(marks, [Some(2), None, Some(4)]);
    assert!(decisions(&store).is_empty());

    let nothing = HistoryEntry { undoes: Some(undone.id), ..entry(vec![]) };
    store.decide(nothing.clone()).unwrap();
    assert!(store.decide(nothing).unwrap_err().what.contains("taken back already"));
    let unknown = HistoryEntry { undoes: Some(HistoryId(99)), ..entry(vec![]) };
    assert!(store.decide(unknown).unwrap_err().what.contains("no entry 99"));
}

#[test]
fn history_pages_backwards_and_queues_are_apart() {
    let (store, dir) = home();
    for n in 0..5 {
        store.decide(entry(vec![change(&n.to_string(), None, matched("x"))])).unwrap();
    }
    let elsewhere = HistoryEntry { stream: Stream::Devices, ..entry(vec![change("0", None, matched("d"))]) };
    store.decide(elsewhere).unwrap();
    assert_eq!(decisions(&store).len(), 5);
    drop(store);
    let store = Store::open(&dir.path().join("store")).unwrap();
    let ids = |entries: Vec<HistoryEntry>| entries.iter().map(|e| e.id.0).collect::<Vec<_>>();
    assert_eq!(ids(store.history(None, 2).unwrap()), [6, 5]);
    assert_eq!(ids(store.history(Some(HistoryId(5)), 10).unwrap()), [4, 3, 2, 1]);
    assert!(store.history(None, 1).unwrap()[0].changes.is_empty());
    assert_eq!(store.history(None, 1).unwrap()[0].rows, 1);
    assert_eq!(decisions(&store).len(), 5);
}

fn line(second: i64, level: LogLevel, text: &str) -> LogEntry {
    LogEntry {
        seq: 0,
        at: at(second),
        level,
        integration: None,
        stream: None,
        run: None,
        record: None,
        text: text.into(),
        count: 0,
    }
}

fn lines(count: u64) -> Vec<LogEntry> {
    (0..count).map(|n| line(0, LogLevel::Info, &n.to_string())).collect()
}

fn seqs(lines: &[LogEntry]) -> Vec<u64> {
    lines.iter().map(|line| line.seq).collect()
}

#[test]
fn the_log_is_read_backwards_filtered_and_folded() {
    let (store, _dir) = home();
    let levels = [LogLevel::Info, LogLevel::Warn, LogLevel::Info, LogLevel::Error, LogLevel::Info];
    let written = store.append_log(levels.iter().map(|l| line(0, *l, "x")).collect()).unwrap();
    assert_eq!((seqs(&written), written[0].count), (vec![1, 2, 3, 4, 5], 1));
    let all = |_: &LogEntry| true;
    let loud = |line: &LogEntry| line.level >= LogLevel::Warn;
    assert_eq!(seqs(&store.log(None, 2, &all, 100).unwrap()), [4, 5]);
    assert_eq!(seqs(&store.log(Some(4), 2, &all, 100).unwrap()), [2, 3]);
    assert_eq!(seqs(&store.log(None, 10, &loud, 100).unwrap()), [2, 4]);
    assert_eq!(seqs(&store.log(None, 10, &loud, 3).unwrap()), [4], "the scan limit holds");
    assert_eq!(seqs(&store.log_after(3, 10).unwrap()), [4, 5]);
    assert_eq!(store.fold_log(4, 7).unwrap().map(|l| (l.seq, l.count)), Some((4, 7)));
    assert_eq!(store.log_after(3, 1).unwrap()[0].count, 7);
    assert_eq!(store.fold_log(99, 7).unwrap(), None);
}

#[test]
fn the_log_is_a_ring() {
    let (store, _dir) = home();
    let all = |_: &LogEntry| true;
    let mut left = LOG_CAPACITY + 500;
    while left > 0 {
        let now = left.min(1000);
        store.append_log(lines(now)).unwrap();
        left -= now;
    }
    let oldest = store.log_after(0, 1).unwrap()[0].seq;
    assert_eq!(oldest, 501);
    assert_eq!(seqs(&store.log(Some(502), 10, &all, 10).unwrap()), [501]);

    let later = LOG_KEEP_DAYS * 24 * 3600 + 1;
    store.append_log(vec![line(later, LogLevel::Info, "after the holidays")]).unwrap();
    assert_eq!(store.log_after(0, 1).unwrap()[0].seq, 1501, "one write drops a thousand old lines");
}

#[test]
fn small_things_are_kept_over_a_restart() {
    let (store, dir) = home();
    let (addigy, itglue) = (IntegrationId::new("addigy"), IntegrationId::new("itglue"));
    store.set_paused(&addigy, true).unwrap();
    store.set_paused(&itglue, true).unwrap();
    store.set_paused(&itglue, false).unwrap();
    store.set_flow_paused(&"a-b".into(), true).unwrap();
    store.set_flow_paused(&"c-d".into(), true).unwrap();
    store.set_flow_paused(&"c-d".into(), false).unwrap();
    let progress = StreamProgress {
        integration: addigy.clone(),
        stream: STREAM,
        label: "policies".into(),
        state: RunState::Waiting { until: at(5) },
        run: None,
        done: 3,
        total: Some(9),
        rate: 1.5,
        counts: matchbook::domain::RunCounts::default(),
        stored: 3,
        left_out: 0,
        started: Some(at(0)),
        finished: None,
        retry_at: Some(at(9)),
        next: None,
    };
    store.save_stream_state(&progress).unwrap();
    store.put_blob("view", &vec![7; 100_000]).unwrap();
    drop(store);
    let store = Store::open(&dir.path().join("store")).unwrap();
    assert_eq!(store.paused().unwrap().into_iter().collect::<Vec<_>>(), [addigy]);
    assert_eq!(store.paused_flows().unwrap().into_iter().collect::<Vec<_>>(), ["a-b".into()]);
    assert_eq!(store.stream_states().unwrap(), [progress]);
    assert_eq!(store.blob("view"), Some(vec![7; 100_000]));
    assert_eq!(store.blob("other"), None);
    store.put_blob("view", &[]).unwrap();
    assert_eq!(store.blob("view"), Some(vec![]));
}

#[test]
fn a_damaged_cache_is_no_cache() {
    let (store, dir) = home();
    store.put_blob("view", b"content").unwrap();
    let file = std::fs::read_dir(dir.path().join("store/caches")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    assert_eq!(store.blob("view"), None);
}

fn rule(id: u64, everywhere: bool) -> Rule {
    Rule {
        id: RuleId(id),
        kind: RuleKind::Alias,
        flow: flow(),
        everywhere,
        stream: STREAM,
        source: "1".into(),
        target: "x".into(),
        left: "Acme".into(),
        right: "Road Runner".into(),
        actor: Actor::Person("kim".into()),
        at: at(1),
    }
}

#[test]
fn rules_stand_and_fall_with_the_entry_that_left_them() {
    let (store, dir) = home();
    let rules: Vec<_> = (1..=70).map(|id| RuleChange::adds(rule(id, false))).collect();
    let done = store.decide(HistoryEntry { rules, ..entry(vec![change("1", None, matched("x"))]) }).unwrap();
    let before = (store.rules().unwrap(), decisions(&store));
    assert_eq!(before.0.len(), 70);
    // One rule is no longer what the entry says: nothing of it is written.
    let wide = RuleChange { id: RuleId(3), before: Some(rule(3, false)), after: Some(rule(3, true)) };
    let stale = RuleChange { id: RuleId(4), before: Some(rule(4, true)), after: None };
    let refused = HistoryEntry { rules: vec![wide.clone(), stale], ..entry(vec![change("2", None, matched("y"))]) };
    assert_eq!(store.decide(refused).unwrap_err().class, FailureClass::Usage);
    assert_eq!((store.rules().unwrap(), decisions(&store)), before);
    store.decide(HistoryEntry { rules: vec![wide], ..entry(vec![]) }).unwrap();
    assert!(store.rules().unwrap()[2].everywhere);
    drop(store);
    let store = Store::open(&dir.path().join("store")).unwrap();
    let stored = store.history_entry(done.id).unwrap().unwrap();
    assert_eq!(stored.rules.len(), 70);
    assert!(store.history(None, 9).unwrap().iter().all(|entry| entry.rules.is_empty()), "listings carry none");
    let back = stored.rules.iter().filter(|c| c.id != RuleId(3)).map(RuleChange::inverse).collect();
    store.decide(HistoryEntry { rules: back, ..undo(&stored) }).unwrap();
    assert_eq!((store.rules().unwrap().len(), store.last_rule()), (1, 70));
}
