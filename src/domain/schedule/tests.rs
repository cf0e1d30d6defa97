//! Every form, the next start, clocks that change, the spread.

use super::*;
use time::macros::datetime;

fn shown(text: &str) -> String {
    Schedule::parse(text).map_or_else(|failure| failure.what, |schedule| schedule.to_string())
}

fn next(text: &str, last: Timestamp) -> Option<Timestamp> {
    Schedule::parse(text).unwrap().next(Some(last), last, "", &Spread::default())
}

#[test]
fn every_form_is_read() {
    for (text, wanted) in [
        ("off", "off"),
        ("every 4 h", "every 4 h"),
        ("every 90min", "every 90 min"),
        ("every day", "every 1 d"),
        ("daily 02:00", "daily 02:00"),
        ("30 6 * * *", "daily 06:30"),
        ("*/15 8-18/5 1,15 * 1-5", "*/15 8-18/5 1,15 * 1-5"),
        ("0 0 * * SUN", "0 0 * * 0"),
        ("daily 02:00 in europe/berlin", "daily 02:00 in Europe/Berlin"),
        ("daily 02:00 in America/New_York within 10 min", "daily 02:00 in America/New_York within 10 min"),
        ("daily 02:00 within 10 min in America/New_York", "daily 02:00 in America/New_York within 10 min"),
        ("every 4 h within 30 min", "every 4 h within 30 min"),
    ] {
        assert_eq!(shown(text), wanted, "{text}");
        assert_eq!(shown(wanted), wanted, "what is shown can be written");
    }
}

#[test]
fn a_missed_run_is_due_at_once_and_once() {
    let now = datetime!(2026-03-05 12:00 UTC);
    assert_eq!(next("daily 02:00", datetime!(2026-03-01 02:10 UTC)), Some(datetime!(2026-03-02 02:00 UTC)));
    assert_eq!(next("daily 02:00", now), Some(datetime!(2026-03-06 02:00 UTC)));
    let daily = Schedule::parse("daily 02:00").unwrap();
    assert_eq!(daily.next(None, now, "", &Spread::default()), Some(now));
    assert_eq!(next("every 4 h", datetime!(2026-03-05 11:00 UTC)), Some(datetime!(2026-03-05 15:00 UTC)));
    assert_eq!(next("30 6 * * 5", now), Some(datetime!(2026-03-06 06:30 UTC)));
    let friday = datetime!(2026-03-06 00:00 UTC);
    assert_eq!(next("0 0 13 * 5", friday), Some(datetime!(2026-03-13 00:00 UTC)), "the 13th or a Friday");
    assert_eq!(next("0 0 31 2 *", now), None);
    assert_eq!(Schedule::off().next(None, now, "", &Spread::default()), None);
}

/// Berlin skips 02:00–03:00 on 29 March 2026 and has it twice on 25 October.
#[test]
fn a_clock_that_is_changed_neither_loses_nor_doubles_a_run() {
    let berlin = "30 2 * * * in Europe/Berlin";
    let mut last = datetime!(2026-03-27 12:00 UTC);
    let mut spring = Vec::new();
    for _ in 0..4 {
        last = next(berlin, last).unwrap();
        spring.push(last);
    }
    assert_eq!(spring[0], datetime!(2026-03-28 01:30 UTC), "winter time");
    assert_eq!(spring[1].date(), time::macros::date!(2026 - 03 - 29), "not lost on the day without 02:30");
    assert_eq!(spring[2..], [datetime!(2026-03-30 00:30 UTC), datetime!(2026-03-31 00:30 UTC)], "summer time");
    let mut last = datetime!(2026-10-24 12:00 UTC);
    let mut autumn = Vec::new();
    for _ in 0..2 {
        last = next(berlin, last).unwrap();
        autumn.push(last);
    }
    assert_eq!(autumn, [datetime!(2026-10-25 00:30 UTC), datetime!(2026-10-26 01:30 UTC)], "once on the long night");
    let every = next("every 4 h", datetime!(2026-03-29 00:00 UTC));
    assert_eq!(every, Some(datetime!(2026-03-29 04:00 UTC)), "an interval knows no clock on the wall");
}

#[test]
fn a_schedule_without_a_zone_is_in_that_of_the_home() {
    let spread = Spread { zone: Zone::parse("America/New_York").unwrap(), ..Spread::default() };
    let noon = datetime!(2026-07-01 12:00 UTC);
    let at = |text: &str| Schedule::parse(text).unwrap().next(Some(noon), noon, "", &spread);
    assert_eq!(at("daily 02:00"), Some(datetime!(2026-07-02 06:00 UTC)));
    assert_eq!(at("daily 02:00 in UTC"), Some(datetime!(2026-07-02 02:00 UTC)));
}

#[test]
fn starts_are_spread_and_a_plan_stands_still() {
    let spread = |seed| Spread { within: Duration::from_mins(10), seed, ..Spread::default() };
    let noon = datetime!(2026-03-05 12:00 UTC);
    let daily = Schedule::parse("daily 02:00").unwrap();
    let at = |subject: &str, seed| daily.next(Some(noon), noon, subject, &spread(seed)).unwrap();
    let planned = datetime!(2026-03-06 02:00 UTC);
    let starts: Vec<Timestamp> = (0..50).map(|n| at(&format!("rmm/{n}"), 1)).collect();
    assert!(starts.iter().all(|s| *s >= planned && *s < planned + Duration::from_mins(10)), "{starts:?}");
    assert!(starts.iter().collect::<std::collections::BTreeSet<_>>().len() > 30, "spread: {starts:?}");
    assert_eq!(at("rmm/1", 1), at("rmm/1", 1));
    assert_ne!(at("rmm/1", 1), at("rmm/1", 2), "another home");
    let own = Schedule::parse("daily 02:00 within 1 min").unwrap();
    assert!(own.next(Some(noon), noon, "x", &spread(1)).unwrap() < planned + Duration::from_mins(1));
    // Ended within the spread of its own start: the next one is that of the next day.
    let next = daily.next(Some(at("rmm/1", 1) + Duration::from_secs(5)), noon, "rmm/1", &spread(1)).unwrap();
    assert_eq!(next.date(), time::macros::date!(2026 - 03 - 07));
}

#[test]
fn mistakes_are_named() {
    for (text, reason) in [
        ("", "known forms"),
        ("hourly", "known forms"),
        ("every 4 fortnights", "unit is"),
        ("every 1 min", "shortest interval"),
        ("every 99999999999999999999 h", "too large"),
        ("daily 2am", "02:00"),
        ("daily 24:00", "02:00"),
        ("daily 02:00 in Atlantis", "time zone"),
        ("daily 02:00 within 2 d", "12 h at most"),
        ("0 2 * * 9", "no schedule"),
        ("0 2 31-1 * *", "no schedule"),
        ("*/0 * * * *", "no schedule"),
        ("0 0 2 * * *", "known forms"),
    ] {
        let failure = Schedule::parse(text).unwrap_err();
        assert!(
            failure.what.contains(reason) && failure.remedy.contains("every 4 h") || failure.what.contains("zone"),
            "{text}: {failure}"
        );
    }
}

#[test]
fn the_defaults_are_those_that_are_documented() {
    assert_eq!(Schedule::default_of(Stream::Devices), Schedule::parse("every 4 h").unwrap());
    assert_eq!(Schedule::default_of(Stream::Companies), Schedule::parse("daily 02:00").unwrap());
}
