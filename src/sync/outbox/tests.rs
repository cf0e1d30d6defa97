//! What a search means for a write.

use super::resolve::{Found, resolve};
use crate::domain::{
    Actor, Device, FieldWrite, OutboxEntry, PlannedWrite, Record, RecordId, Stream, Timestamp, WriteField, WriteId,
    WriteKind, WriteState,
};
use std::collections::BTreeSet;

const MARK: &str = "[matchbook addigy/devices/d1]";

fn entry(marks: bool, sent: u32) -> OutboxEntry {
    let field = |field, new: &str| FieldWrite { field, old: None, new: new.to_owned() };
    let mut fields = vec![field(WriteField::Name, "PC-1"), field(WriteField::Serial, "C02XK0AAJG5J")];
    if marks {
        fields.push(field(WriteField::Notes, MARK));
    }
    OutboxEntry {
        id: WriteId(1),
        write: PlannedWrite {
            flow: "f".into(),
            stream: Stream::Devices,
            source: "d1".into(),
            name: "PC-1".into(),
            target: "t".into(),
            kind: WriteKind::Create,
            inside: None,
            fields,
            interfaces: Vec::new(),
            mark: MARK.into(),
        },
        state: WriteState::Approved,
        actor: Actor::Person("ann".into()),
        planned: Timestamp::UNIX_EPOCH,
        changed: Timestamp::UNIX_EPOCH,
        sent,
        anyway: false,
    }
}

fn found(id: &str, serial: &str, marked: bool, hours: i64) -> Record {
    let mut device = Device::new(id, "PC-1");
    device.serial = Some(serial.into());
    device.created = Some(Timestamp::UNIX_EPOCH + time::Duration::hours(hours));
    device.details.notes = marked.then(|| format!("Created by matchbook. {MARK}"));
    Record::Device(Box::new(device))
}

fn ours(found: &Found) -> (String, Vec<String>, Vec<String>) {
    let Found::Ours { keep, doubles, doubtful } = found else { panic!("{found:?}") };
    let texts = |ids: &[RecordId]| ids.iter().map(ToString::to_string).collect();
    (keep.id().to_string(), texts(doubles), texts(doubtful))
}

#[test]
fn of_two_that_were_made_at_once_everybody_keeps_the_lower_id() {
    let both = [found("100", "C02XK0AAJG5J", true, 0), found("99", "C02XK0AAJG5J", true, 0)];
    let none = BTreeSet::new();
    assert_eq!(ours(&resolve(&entry(true, 1), &both, &none)), ("99".into(), vec!["100".into()], vec![]));
    // Somebody copied it a day later: that is nobody's to take away.
    let copy = [found("99", "C02XK0AAJG5J", true, 0), found("100", "C02XK0AAJG5J", true, 24)];
    assert_eq!(ours(&resolve(&entry(true, 1), &copy, &none)), ("99".into(), vec![], vec!["100".into()]));
}

#[test]
fn what_others_made_is_never_taken_for_ours() {
    let theirs = [found("7", "c02xk0aajg5j", false, 0)];
    let none = BTreeSet::new();
    assert!(matches!(resolve(&entry(true, 0), &theirs, &none), Found::Others(_)));
    assert!(matches!(resolve(&entry(true, 1), &theirs, &none), Found::Others(_)));
    assert_eq!(resolve(&entry(true, 0), &[found("7", "OTHER", false, 0)], &none), Found::Nothing);
}

#[test]
fn without_room_for_a_mark_what_appears_after_sending_is_ours() {
    let one = [found("7", "C02XK0AAJG5J", false, 0)];
    let none = BTreeSet::new();
    assert!(matches!(resolve(&entry(false, 0), &one, &none), Found::Others(_)));
    assert_eq!(ours(&resolve(&entry(false, 1), &one, &none)).0, "7");
    // Only what this process made is certainly ours to take away.
    let both = [found("7", "C02XK0AAJG5J", false, 0), found("8", "C02XK0AAJG5J", false, 0)];
    assert_eq!(ours(&resolve(&entry(false, 1), &both, &none)), ("7".into(), vec![], vec!["8".into()]));
    let made = BTreeSet::from([RecordId::from("8")]);
    assert_eq!(ours(&resolve(&entry(false, 1), &both, &made)), ("7".into(), vec!["8".into()], vec![]));
}
