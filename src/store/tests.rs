//! What only the room itself can set up.

use super::*;
use crate::domain::{Actor, Decision, DecisionKind, HistoryEntry, HistoryId, RowChange, Stream, Timestamp};

#[test]
fn a_newer_store_is_refused_and_left_where_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let store = Store::open(&path).unwrap();
    store.tree().insert(key::format(), &[FORMAT + 1]).unwrap();
    store.flush().unwrap();
    drop(store);
    let failure = Store::open(&path).unwrap_err();
    assert!(failure.what.contains("newer matchbook (format 2, this one knows 1)"), "{failure}");
    assert!(path.join("data/db").exists());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing was set aside");
}

#[test]
fn values_that_cannot_be_read_at_opening_set_the_store_aside() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let store = Store::open(&path).unwrap();
    store.tree().insert(key::counters(), &[1, 0xc1]).unwrap();
    drop(store);
    assert!(Store::open(&path).unwrap_err().what.contains("moved to"));
    assert!(Store::open(&path).is_ok());
}

#[test]
fn a_record_that_cannot_be_read_is_a_failure_not_a_panic() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("store")).unwrap();
    let (integration, stream) = ("a".into(), Stream::Devices);
    let run = store.begin_run(&integration, stream, Timestamp::UNIX_EPOCH).unwrap();
    let number = store.integration_number(&run.integration).unwrap();
    store.tree().insert(key::item(key::Table::Record, number, stream, "1"), &[1, 0x80]).unwrap();
    assert!(store.record(&integration, stream, &"1".into()).is_err());
    assert!(store.each_record(&integration, stream, &mut |_| std::ops::ControlFlow::Continue(())).is_err());
}

fn large_entry() -> HistoryEntry {
    let at = Timestamp::UNIX_EPOCH;
    let after = Decision { kind: DecisionKind::Ignored, actor: Actor::Engine, at, why: String::new() };
    let change = |n: u32| RowChange { source: n.to_string().into(), before: None, after: Some(after.clone()) };
    HistoryEntry {
        id: HistoryId(0),
        at,
        actor: Actor::Engine,
        flow: "f".into(),
        stream: Stream::Devices,
        what: "all".into(),
        changes: (0..1500).map(change).collect(),
        rows: 0,
        rules: Vec::new(),
        undoes: None,
        undone_by: None,
    }
}

fn rows(store: &Store) -> usize {
    let mut rows = 0;
    store.each_decision(&"f".into(), Stream::Devices, &mut |_, _| rows += 1).unwrap();
    rows
}

#[test]
fn a_durable_decision_whose_rows_are_missing_is_completed_at_opening() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let store = Store::open(&path).unwrap();
    let entry = store.decide(large_entry()).unwrap();
    assert_eq!((rows(&store), entry.rows), (1500, 1500));
    let number = store.flow_number(&entry.flow).unwrap();
    for change in &entry.changes[400..] {
        store.tree().remove(key::item(key::Table::Decision, number, entry.stream, change.source.as_str())).unwrap();
    }
    store.tree().insert(key::pending(), codec::encode(&entry.id).unwrap()).unwrap();
    assert_eq!(rows(&store), 400);
    drop(store);
    let store = Store::open(&path).unwrap();
    assert_eq!(rows(&store), 1500);
    assert_eq!(store.tree().get(key::pending()).unwrap(), None);
}

#[test]
fn changes_of_an_entry_that_never_became_durable_are_dropped_at_opening() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let store = Store::open(&path).unwrap();
    let left = codec::encode(&large_entry().changes[..8].to_vec()).unwrap();
    for part in [0, 900] {
        store.tree().insert(key::part(key::Table::HistoryChanges, 1, part), left.clone()).unwrap();
    }
    drop(store);
    let store = Store::open(&path).unwrap();
    let entry = store.decide(HistoryEntry { changes: large_entry().changes[..1].to_vec(), ..large_entry() }).unwrap();
    assert_eq!(store.history_entry(entry.id).unwrap(), Some(entry));
}

/// A run as a matchbook without sync settings stored it.
#[derive(serde::Serialize)]
struct EarlierRun {
    run: u64,
    integration: &'static str,
    stream: &'static str,
    #[serde(with = "time::serde::rfc3339")]
    started: Timestamp,
    #[serde(with = "time::serde::rfc3339")]
    updated: Timestamp,
    page: u32,
    cursor: &'static str,
    counts: std::collections::BTreeMap<&'static str, u64>,
    totals_seen_stable: bool,
}

#[test]
fn a_run_that_was_stored_before_sync_settings_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let store = Store::open(&path).unwrap();
    let (integration, stream, at) = ("a".into(), Stream::Devices, Timestamp::UNIX_EPOCH);
    let run = store.begin_run(&integration, stream, at).unwrap();
    let number = store.integration_number(&integration).unwrap();
    let earlier = EarlierRun {
        run: run.run.0,
        integration: "a",
        stream: "devices",
        started: at,
        updated: at,
        page: 3,
        cursor: "3",
        counts: [("read", 30)].into(),
        totals_seen_stable: true,
    };
    let key = key::stream(key::Table::OpenRun, number, stream);
    store.tree().insert(key, codec::encode(&earlier).unwrap()).unwrap();
    drop(store);
    let store = Store::open(&path).unwrap();
    let open = store.open_run(&integration, stream).unwrap().unwrap();
    assert_eq!((open.page, open.counts.read, open.counts.left_out), (3, 30, 0));
    assert_eq!(open.scope, crate::domain::SyncScope::default(), "everything was asked for");
    assert_eq!(store.listed_scope(&integration, stream).unwrap(), crate::domain::SyncScope::default());
    let finish = RunFinish { integration, stream, run: open.run, at, left_out: 0 };
    let judge = |_| Judgement { verdict: RunVerdict::Keep, ask_gone: false, watermark: None };
    let closing = |counts: &crate::domain::RunCounts, _: Option<&crate::domain::MassChange>| crate::domain::LogEntry {
        seq: 0,
        at,
        level: crate::domain::LogLevel::Info,
        integration: None,
        stream: None,
        run: None,
        record: None,
        text: counts.read.to_string(),
        count: 1,
    };
    assert_eq!(store.finish_run(finish, judge, closing).unwrap().log[0].text, "30");
}
