//! Cards that are found, and those that are not.

use super::*;
use crate::domain::{Company, Decision, Device, Record, Timestamp};
use crate::service::tables::Change;
use crate::service::world;

fn flow() -> Flow {
    Flow::new("f", "left", "right")
}

fn company(world: &mut World, side: &str, id: &str) {
    put(world, side, &Record::Company(Box::new(Company::new(id, format!("{id} Ltd")))));
}

fn device(world: &mut World, side: &str, id: &str, company: &str, serial: &str) {
    let device =
        Device { company: Some(company.into()), serial: Some(serial.into()), ..Device::new(id, format!("Mac {id}")) };
    put(world, side, &Record::Device(Box::new(device)));
}

fn put(world: &mut World, side: &str, record: &Record) {
    let change = Change::of(record).unwrap();
    world::apply(world.tables.entry(side.into()).or_default(), change, Timestamp::UNIX_EPOCH);
}

fn gone(world: &mut World, side: &str, stream: Stream, id: &str) {
    world::apply(
        world.tables.entry(side.into()).or_default(),
        Change::Orphaned(stream, id.into()),
        Timestamp::UNIX_EPOCH,
    );
}

fn matched(world: &mut World, stream: Stream, source: &str, target: &str) {
    let decision = Decision {
        kind: crate::domain::DecisionKind::Matched { target: target.into() },
        actor: crate::domain::Actor::Engine,
        at: crate::domain::Timestamp::UNIX_EPOCH,
        why: String::new(),
    };
    world.note(&flow().id, stream, &source.into(), Some(&decision));
}

fn moves(card: &Moved) -> Vec<(&str, &str, &str)> {
    let id = |id: &Option<RecordId>| id.as_ref().map(|i| i.as_str().to_owned()).unwrap_or_default().leak() as &str;
    card.moves.iter().map(|m| (m.source.as_str(), id(&m.from), id(&m.to))).collect()
}

#[test]
fn a_device_enrolled_anew_brings_its_match() {
    let mut world = World::default();
    device(&mut world, "left", "old", "a", "C02TEST00001");
    device(&mut world, "right", "t", "A", "C02TEST00001");
    matched(&mut world, Stream::Devices, "old", "t");
    assert!(find(&world, &flow()).is_empty());
    gone(&mut world, "left", Stream::Devices, "old");
    assert!(find(&world, &flow()).is_empty(), "nothing took its place");
    device(&mut world, "left", "new", "a", "c02-test-00001");
    let found = find(&world, &flow());
    assert_eq!(found.len(), 1);
    assert_eq!(moves(&found[0]), [("old", "t", ""), ("new", "", "t")]);
    assert!(found[0].title.contains("Mac new was enrolled anew"));
    device(&mut world, "left", "third", "a", "C02TEST00001");
    assert!(find(&world, &flow()).is_empty(), "two devices claim the serial: nothing can be said");
}

#[test]
fn an_enrolment_that_was_silent_before_is_no_successor() {
    let mut world = World::default();
    let keep = |world: &mut World, id: &str, day: i64| {
        let device = Device {
            company: Some("a".into()),
            serial: Some("C02TEST00001".into()),
            last_seen: Some(Timestamp::UNIX_EPOCH + time::Duration::days(day)),
            ..Device::new(id, format!("Mac {id}"))
        };
        put(world, "left", &Record::Device(Box::new(device)));
    };
    keep(&mut world, "older", 10);
    keep(&mut world, "old", 400);
    device(&mut world, "right", "t", "A", "C02TEST00001");
    matched(&mut world, Stream::Devices, "old", "t");
    gone(&mut world, "left", Stream::Devices, "old");
    assert!(find(&world, &flow()).is_empty(), "the older one does not take its place");
    keep(&mut world, "new", 500);
    let found = find(&world, &flow());
    assert_eq!(found.iter().map(moves).collect::<Vec<_>>(), [[("old", "t", ""), ("new", "", "t")]]);
}

#[test]
fn a_placeholder_serial_says_nothing() {
    let mut world = World { junk: std::sync::Arc::new(JunkList::built_in()), ..World::default() };
    device(&mut world, "left", "old", "a", "Default string");
    matched(&mut world, Stream::Devices, "old", "t");
    gone(&mut world, "left", Stream::Devices, "old");
    device(&mut world, "left", "new", "a", "Default string");
    assert!(find(&world, &flow()).is_empty());
}

#[test]
fn a_target_with_another_id_brings_every_match_of_the_old_one() {
    let mut world = World::default();
    device(&mut world, "left", "s", "a", "X");
    device(&mut world, "right", "old", "A", "C02TEST00001");
    matched(&mut world, Stream::Devices, "s", "old");
    gone(&mut world, "right", Stream::Devices, "old");
    device(&mut world, "right", "new", "A", "C02TEST00001");
    let found = find(&world, &flow());
    assert_eq!(found.len(), 1);
    assert_eq!(moves(&found[0]), [("s", "old", "new")]);
}

/// Company `a` with three matched devices in target company `A`; both vanish or stay as the test says.
fn merged() -> World {
    let mut world = World::default();
    for (side, ids) in [("left", ["a", "b"]), ("right", ["A", "B"])] {
        for id in ids {
            company(&mut world, side, id);
        }
    }
    matched(&mut world, Stream::Companies, "a", "A");
    for n in 0..3 {
        device(&mut world, "left", &format!("d{n}"), "a", &format!("C02TEST0000{n}"));
        device(&mut world, "right", &format!("t{n}"), "A", &format!("C02TEST0000{n}"));
        matched(&mut world, Stream::Devices, &format!("d{n}"), &format!("t{n}"));
    }
    world
}

#[test]
fn a_vanished_company_is_followed_by_its_devices() {
    let mut world = merged();
    gone(&mut world, "left", Stream::Companies, "a");
    assert!(find(&world, &flow()).is_empty(), "its devices are where they were");
    device(&mut world, "left", "d0", "b", "C02TEST00000");
    assert!(find(&world, &flow()).is_empty(), "one device is no merge");
    device(&mut world, "left", "d1", "b", "C02TEST00001");
    let found = find(&world, &flow());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(moves(&found[0]), [("a", "A", ""), ("b", "", "A")]);
    assert!(found[0].lines[0].contains("2 of 3"), "{:?}", found[0].lines);
    matched(&mut world, Stream::Companies, "b", "B");
    assert_eq!(moves(&find(&world, &flow())[0]), [("a", "A", "")], "a match of a person's is not taken away");
}

#[test]
fn a_vanished_target_company_is_followed_by_its_devices() {
    let mut world = merged();
    gone(&mut world, "right", Stream::Companies, "A");
    for n in 0..3 {
        device(&mut world, "right", &format!("t{n}"), "B", &format!("C02TEST0000{n}"));
    }
    let found = find(&world, &flow());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(moves(&found[0]), [("a", "A", "B")]);
}
