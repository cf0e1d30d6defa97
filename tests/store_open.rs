//! Opening, refusing, setting aside, backup and restore.

use matchbook::domain::{
    Actor, Decision, DecisionKind, Device, FailureClass, FlowId, HistoryEntry, HistoryId, IntegrationId, Record,
    RowChange, Stream, Timestamp,
};
use matchbook::store::{PageBatch, Store, newest_backup};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const STREAM: Stream = Stream::Devices;

fn addigy() -> IntegrationId {
    IntegrationId::new("addigy")
}

fn flow() -> FlowId {
    FlowId::new("f")
}

fn at() -> Timestamp {
    Timestamp::from_unix_timestamp(1_800_000_000).unwrap()
}

/// A store with some of everything.
fn filled() -> (PathBuf, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let store = Store::open(&path).unwrap();
    let run = store.begin_run(&addigy(), STREAM, at()).unwrap();
    let records =
        (0..300).map(|n| Record::Device(Box::new(Device::new(format!("id-{n}"), "x".repeat(1000))))).collect();
    let page = PageBatch {
        integration: addigy(),
        stream: STREAM,
        run: run.run,
        page: 1,
        records,
        seen: vec![],
        cursor: "2".into(),
        total: None,
        bad: 0,
        log: vec![],
        at: at(),
    };
    store.commit_page(page).unwrap();
    let after = Decision { kind: DecisionKind::Ignored, actor: Actor::Engine, at: at(), why: "test".into() };
    let changes = vec![RowChange { source: "id-7".into(), before: None, after: Some(after) }];
    store.decide(entry(changes)).unwrap();
    (path, dir)
}

fn entry(changes: Vec<RowChange>) -> HistoryEntry {
    HistoryEntry {
        id: HistoryId(0),
        at: at(),
        actor: Actor::Engine,
        flow: flow(),
        stream: STREAM,
        what: "test".into(),
        changes,
        rows: 0,
        rules: Vec::new(),
        records: Vec::new(),
        undoes: None,
        undone_by: None,
    }
}

/// Everything that a caller can see of it.
fn contents(store: &Store) -> String {
    let mut text = String::new();
    store
        .each_record(&addigy(), STREAM, &mut |stored| {
            writeln!(text, "{stored:?}").unwrap();
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    store.each_decision(&flow(), STREAM, &mut |id, decision| writeln!(text, "{id} {decision:?}").unwrap()).unwrap();
    let history = store.history_entry(HistoryId(1)).unwrap();
    let run = store.open_run(&addigy(), STREAM).unwrap();
    text + &format!("{history:?} {run:?} {} {}", store.live_count(&addigy(), STREAM), store.revision())
}

fn siblings(path: &Path, word: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(path.parent().unwrap()).unwrap().map(|file| file.unwrap().path());
    files.filter(|file| file.display().to_string().contains(word)).collect()
}

#[cfg(unix)]
#[test]
fn the_directory_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let _store = Store::open(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_second_opening_names_the_process_that_holds_the_store() {
    let (path, _dir) = filled();
    let store = Store::open(&path).unwrap();
    let failure = Store::open(&path).unwrap_err();
    assert_eq!(failure.class, FailureClass::Local);
    let holder = format!("in use by another matchbook (process {})", std::process::id());
    assert!(failure.what.contains(&holder) && !failure.remedy.is_empty(), "{failure}");
    assert!(Store::restore(&path, &path).is_err());
    drop(store);
    for _ in 0..10 {
        drop(Store::open(&path).unwrap());
    }
}

#[test]
fn what_was_written_is_there_after_reopening() {
    let (path, _dir) = filled();
    let first = contents(&Store::open(&path).unwrap());
    assert!(first.contains("id-299") && first.contains("Ignored") && first.contains(" 300 "), "{first}");
    assert_eq!(contents(&Store::open(&path).unwrap()), first);
}

#[test]
fn a_damaged_store_is_set_aside_whole_and_the_next_opening_starts_empty() {
    let (path, dir) = filled();
    let backups = dir.path().join("backups");
    fs::create_dir(&backups).unwrap();
    let backup = backups.join("1.matchbook");
    Store::open(&path).unwrap().backup(&backup).unwrap();
    let data = path.join("data");
    let broken = vec![0xa5; fs::read(data.join("db")).unwrap().len()];
    fs::write(data.join("db"), &broken).unwrap();

    let failure = Store::open(&path).unwrap_err();
    let aside = siblings(&path, "store.broken-");
    assert_eq!((failure.class, aside.len()), (FailureClass::Local, 1), "{failure}");
    assert!(failure.what.contains(&aside[0].display().to_string()), "{failure}");
    assert!(failure.remedy.contains(&backup.display().to_string()), "{failure}");
    let store = Store::open(&path).unwrap();
    assert_eq!(store.live_count(&addigy(), STREAM), 0);
}

/// Damage anywhere is either noticed at opening or at reading, or does not matter; it never shows as other contents.
#[test]
fn what_a_full_disk_left_of_a_snapshot_does_not_matter() {
    let (path, _dir) = filled();
    let before = contents(&Store::open(&path).unwrap());
    for left in [&b""[..], b"half of a snapshot that did not fit"] {
        std::fs::write(path.join("data/snap.FFFFFFFFFFFFFFFF.generating"), left).unwrap();
        assert_eq!(contents(&Store::open(&path).unwrap()), before);
        assert!(siblings(&path, "broken").is_empty());
    }
}

#[test]
fn damage_never_looks_like_a_good_store() {
    let (path, dir) = filled();
    let good = contents(&Store::open(&path).unwrap());
    let mut noticed = 0;
    for n in 0..24 {
        let copy = dir.path().join(format!("copy{n}/store"));
        copy_all(&path, &copy);
        let file = copy.join("data/db");
        let mut bytes = fs::read(&file).unwrap();
        let place = bytes.len() * n / 24;
        let end = bytes.len().min(place + 512);
        bytes[place..end].fill(0xa5);
        fs::write(&file, bytes).unwrap();
        let seen = Store::open(&copy).map(|store| std::thread::spawn(move || contents(&store)).join());
        match seen {
            Ok(Ok(text)) => assert!(text == good, "damage at {place} shows as other contents"),
            Ok(Err(_)) | Err(_) => noticed += 1,
        }
    }
    assert!(noticed > 0, "no damage was noticed: the test damages nothing");
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(file.file_name());
        if file.file_type().unwrap().is_dir() {
            copy_all(&file.path(), &target);
        } else {
            fs::copy(file.path(), target).unwrap();
        }
    }
}

#[test]
fn a_backup_brings_everything_back() {
    let (path, dir) = filled();
    let file = dir.path().join("b.matchbook");
    let store = Store::open(&path).unwrap();
    let before = contents(&store);
    let report = store.backup(&file).unwrap();
    assert_eq!(report.bytes, fs::metadata(&file).unwrap().len());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    store.decide(entry(vec![])).unwrap();
    assert_ne!(contents(&store), before);
    drop(store);

    let restored = Store::restore(&file, &path).unwrap();
    assert_eq!(restored.values, report.values);
    assert_eq!(restored.replaced.as_ref().map(|aside| aside.exists()), Some(true));
    assert_eq!(contents(&Store::open(&path).unwrap()), before);
    let elsewhere = dir.path().join("new/home/store");
    assert_eq!(Store::restore(&file, &elsewhere).unwrap().replaced, None);
    assert_eq!(contents(&Store::open(&elsewhere).unwrap()), before);
    assert_eq!(siblings(&path, "restoring"), [] as [PathBuf; 0]);
    assert_eq!(newest_backup(dir.path()), Some(file));
}

#[test]
fn a_damaged_backup_is_refused_and_the_store_stays() {
    let (path, dir) = filled();
    let file = dir.path().join("b.matchbook");
    Store::open(&path).unwrap().backup(&file).unwrap();
    let before = contents(&Store::open(&path).unwrap());
    let whole = fs::read(&file).unwrap();
    let step = whole.len() / 40;
    let mut damaged: Vec<Vec<u8>> = (0..40).map(|n| flipped(&whole, n * step)).collect();
    damaged.extend([
        whole[..whole.len() - 1].to_vec(),
        whole[..30].to_vec(),
        Vec::new(),
        b"PK\x03\x04 a zip file".to_vec(),
    ]);
    for bytes in damaged {
        fs::write(&file, bytes).unwrap();
        let failure = Store::restore(&file, &path).unwrap_err();
        assert!(matches!(failure.class, FailureClass::BadData | FailureClass::Local), "{failure}");
        assert!(!failure.remedy.is_empty(), "{failure}");
    }
    assert_eq!(contents(&Store::open(&path).unwrap()), before);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "only the store and the backup are there");
    fs::write(&file, &whole).unwrap();
    Store::restore(&file, &path).unwrap();
}

fn flipped(bytes: &[u8], place: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[place] ^= 1;
    bytes
}

#[test]
fn a_backup_of_a_newer_matchbook_is_refused() {
    let (path, dir) = filled();
    let file = dir.path().join("b.matchbook");
    Store::open(&path).unwrap().backup(&file).unwrap();
    let mut bytes = fs::read(&file).unwrap();
    bytes[16] = 200;
    fs::write(&file, bytes).unwrap();
    let failure = Store::restore(&file, &path).unwrap_err();
    assert!(failure.what.contains("newer matchbook (format 200"), "{failure}");
    assert!(Store::restore(&dir.path().join("none"), &path).unwrap_err().what.contains("none"));
}

#[test]
fn a_failed_backup_leaves_no_file() {
    let (path, dir) = filled();
    let store = Store::open(&path).unwrap();
    let failure = store.backup(&dir.path().join("no/such/place.matchbook")).unwrap_err();
    assert_eq!(failure.class, FailureClass::Local);
    let target = dir.path().join("taken.matchbook");
    fs::create_dir(&target).unwrap();
    assert!(store.backup(&target).is_err());
    assert_eq!(siblings(&path, ".new"), [] as [PathBuf; 0]);
}
