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
        records: Vec::new(),
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

fn data(path: &std::path::Path) -> std::collections::BTreeMap<Vec<u8>, Vec<u8>> {
    let store = Store::open(path).unwrap();
    store.tree().iter().map(|pair| pair.map(|(k, v)| (k.to_vec(), v.to_vec())).unwrap()).collect()
}

/// A store with decisions and history, and room for nothing.
fn decided(path: &std::path::Path) {
    let store = Store::open(path).unwrap();
    for n in 0..30 {
        let mut entry = HistoryEntry { changes: large_entry().changes[..8].to_vec(), ..large_entry() };
        for change in &mut entry.changes {
            change.source = format!("{n}-{}", change.source).into();
        }
        store.decide(entry).unwrap();
    }
}

#[test]
fn a_rebuilt_store_is_equal_and_smaller() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    decided(&path);
    let store = Store::open(&path).unwrap();
    for n in 0..300u32 {
        let filler: Vec<u8> = (0..40_000u32).flat_map(|x| (x.wrapping_mul(n + 7)).to_be_bytes()).collect();
        store.tree().insert(key::named(key::Table::Paused, "filler"), filler).unwrap();
        store.flush().unwrap();
    }
    store.set_paused(&"filler".into(), false).unwrap();
    drop(store);
    let before = data(&path);
    let report = Store::compact(&path).unwrap();
    assert_eq!(data(&path), before);
    assert_eq!(report.values, before.len() as u64);
    assert!(report.after < report.before && report.before > 2 * report.live, "{report:?}");
    let found: Vec<_> = std::fs::read_dir(&path).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert!(!found.iter().any(|name| name.to_string_lossy().starts_with("data.")), "{found:?}");
    assert_eq!(Store::open(&path).unwrap().verify().unwrap().faults, 0);
    assert_eq!(Store::room(&path).1, Some(report.live));
}

#[test]
fn a_store_in_use_is_not_rebuilt() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    decided(&path);
    let _open = Store::open(&path).unwrap();
    assert!(Store::compact(&path).unwrap_err().what.contains("in use"));
}

#[test]
fn a_verification_names_what_cannot_be_read_and_counters_that_do_not_fit() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    decided(&path);
    let store = Store::open(&path).unwrap();
    let good = store.verify().unwrap();
    assert_eq!((good.faults, good.values), (0, store.tree().len() as u64));
    let number = store.flow_number(&"f".into()).unwrap();
    let lost = key::item(key::Table::Decision, number, Stream::Devices, "0-3");
    assert!(store.tree().remove(lost).unwrap().is_some());
    store.tree().insert(key::numbered(key::Table::Log, 1), &[1, 0xc1]).unwrap();
    let bad = store.verify().unwrap();
    assert_eq!(bad.faults, 2, "{bad:?}");
    assert!(bad.named[0].contains("sync log") && bad.named[1].contains("decisions"), "{bad:?}");
}

/// Format 0 as a later matchbook would meet format 1: a table's values get another encoding, one is dropped.
const FROM_ZERO: migrate::Step = migrate::Step {
    from: 0,
    change: |(key, mut value)| {
        if key.starts_with(b"zdrop") {
            return Ok(Vec::new());
        }
        if key.starts_with(b"z") {
            value.push(b'!');
        }
        Ok(vec![(key, value)])
    },
};

pub(super) fn of_format_zero(path: &std::path::Path) {
    decided(path);
    let store = Store::open(path).unwrap();
    store.tree().insert(b"zdrop", b"gone").unwrap();
    store.tree().insert(b"zkeep", b"kept").unwrap();
    store.tree().insert(key::format(), &[0]).unwrap();
    store.flush().unwrap();
}

pub(super) fn migrate_from_zero(path: &std::path::Path) -> Result<Store, Failure> {
    Store::open_with(path, &[FROM_ZERO])
}

#[test]
fn an_older_store_is_backed_up_and_brought_to_this_format() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    of_format_zero(&path);
    let refused = Store::open(&path).unwrap_err();
    assert!(refused.what.contains("format 0") && refused.remedy.contains("nothing was changed"), "{refused}");
    let store = migrate_from_zero(&path).unwrap();
    assert_eq!(store.tree().get(b"zkeep").unwrap().unwrap(), b"kept!");
    assert_eq!(store.tree().get(b"zdrop").unwrap(), None);
    assert_eq!(store.tree().get(key::format()).unwrap().unwrap(), &[FORMAT]);
    assert_eq!(rows(&store), 240);
    drop(store);
    assert!(Store::open(&path).is_ok(), "it is of this format now");
    let backup = dir.path().join("backups/before-format-1.matchbook");
    let restored = dir.path().join("restored");
    Store::restore(&backup, &restored).unwrap();
    let again = migrate_from_zero(&restored).unwrap();
    assert_eq!(again.tree().get(b"zkeep").unwrap().unwrap(), b"kept!", "the backup is of the old format");
}

#[test]
fn a_step_that_fails_leaves_the_old_store() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    of_format_zero(&path);
    let failing = migrate::Step { from: 0, change: |_| Err(error::ours("no")) };
    assert!(Store::open_with(&path, &[failing]).is_err());
    assert!(migrate_from_zero(&path).is_ok());
}

#[test]
fn scheduled_backups_are_kept_by_number_and_others_never_removed() {
    let dir = tempfile::tempdir().unwrap();
    let (path, backups) = (dir.path().join("store"), dir.path().join("backups"));
    decided(&path);
    let store = Store::open(&path).unwrap();
    std::fs::create_dir(&backups).unwrap();
    store.backup(&backups.join("mine.matchbook")).unwrap();
    assert_eq!(last_scheduled(&backups), None);
    for hour in 0..5 {
        let at = Timestamp::UNIX_EPOCH + time::Duration::hours(hour);
        store.scheduled_backup(&backups, 2, at).unwrap();
    }
    let mut names: Vec<_> = std::fs::read_dir(&backups).unwrap().map(|f| f.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["auto-19700101T030000.matchbook", "auto-19700101T040000.matchbook", "mine.matchbook"]);
    assert!(last_scheduled(&backups).is_some());
}

#[test]
fn who_listens_hears_that_the_last_clone_is_gone_and_can_open_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let store = Store::open(&path).unwrap();
    let (closing, clone) = (store.closing(), store.clone());
    drop(store);
    assert!(!closing.wait(std::time::Duration::ZERO), "a clone is there");
    let ending = std::thread::spawn(move || drop(clone));
    assert!(closing.wait(std::time::Duration::from_mins(1)));
    assert!(Store::open(&path).is_ok());
    ending.join().unwrap();
}
