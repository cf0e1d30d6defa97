//! What only the room itself can set up.

use super::*;

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
    let (integration, stream) = ("a".into(), crate::domain::Stream::Devices);
    let run = store.begin_run(&integration, stream, crate::domain::Timestamp::UNIX_EPOCH).unwrap();
    let number = store.integration_number(&run.integration).unwrap();
    store.tree().insert(key::item(key::Table::Record, number, stream, "1"), &[1, 0x80]).unwrap();
    assert!(store.record(&integration, stream, &"1".into()).is_err());
    assert!(store.each_record(&integration, stream, &mut |_| std::ops::ControlFlow::Continue(())).is_err());
}
