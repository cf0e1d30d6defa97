//! The interface as a technician uses it, key by key.

#[path = "common/fake_service.rs"]
mod fake_service;
#[path = "common/harness.rs"]
mod harness;
#[path = "ui_flow/views.rs"]
mod views;

use fake_service::FakeService;
use harness::Harness;
use matchbook::domain::{RuleId, RuleKind, Stream, Timestamp};
use matchbook::service::messages::{
    CardAbout, CardView, Command, DecideAction, Query, Request, RuleView, Selection, WriteCommand,
};

fn wide() -> Harness {
    Harness::new(FakeService::new(60, 3_000), (120, 40))
}

#[test]
fn accepting_goes_to_the_next_row_that_needs_a_person() {
    let mut h = wide();
    h.see("Harbor Dental Grp 1");
    assert!(h.cursor_line().contains("Harbor Dental Grp 1"));
    h.keys("a");
    assert!(h.cursor_line().contains("Blue Ridge Realty 1"), "{}", h.cursor_line());
    h.see("Compare Blue Ridge Realty 1");
    h.see("Accept on 1 rows");
    h.keys("u");
    h.see("took back");
    assert!(h.cursor_line().contains("! conflict  Harbor Dental Grp 1"), "{}", h.cursor_line());
}

#[test]
fn a_decision_shows_before_the_answer_and_is_taken_back_when_refused() {
    let mut h = wide();
    h.slow = true;
    h.service.refuse = Some("the disk is full".to_owned());
    h.key("a");
    h.see("✓ matched");
    h.answer();
    h.frame();
    h.miss("✓ matched");
    h.see("not done: the disk is full");
    h.see("! conflict  Harbor Dental Grp 1");
}

#[test]
fn esc_with_a_key_right_behind_it_is_two_keys() {
    let mut h = wide();
    h.keys("?");
    h.see("Keys");
    let before = h.cursor_line();
    // What a terminal's input says when both bytes come at once.
    h.key("Alt-j");
    h.miss("┌ Keys");
    assert_ne!(h.cursor_line(), before, "the key after Esc was lost");
}

#[test]
fn rows_that_a_sync_adds_do_not_move_the_cursor() {
    let mut h = wide();
    h.keys("j j j j");
    let before = h.cursor_line();
    let at = h.lines().iter().position(|l| l.contains('▌'));
    for name in ["Aaa", "Bbb", "Ccc"] {
        let events = h.service.add_first(Stream::Companies, name);
        h.events(events);
    }
    h.rest();
    h.frame();
    assert_eq!(h.cursor_line()[..60], before[..60]);
    assert_eq!(h.lines().iter().position(|l| l.contains('▌')), at);
    h.keys("g");
    h.see("Ccc");
}

#[test]
fn a_key_meant_for_a_row_that_slipped_away_decides_nothing() {
    let mut h = wide();
    let events = h.service.add_first(Stream::Companies, "Newcomer");
    h.events(events);
    h.frame();
    assert!(h.cursor_line().contains("Newcomer"), "an untouched queue stays at its top");
    h.key("a");
    h.see("rows arrived just now");
    assert!(!h.asked.iter().any(|r| matches!(r, Request::Command(_))));
    h.key("a");
    assert!(h.asked.iter().any(|r| matches!(r, Request::Command(_))));
}

#[test]
fn a_bulk_is_counted_asked_about_and_one_command() {
    let mut h = wide();
    h.keys("V j j j V");
    h.see("4 rows marked");
    h.key("a");
    h.see("Accept 4 rows?");
    assert!(!h.asked.iter().any(|r| matches!(r, Request::Command(_))), "nothing is decided unasked");
    h.key("Enter");
    let decided: Vec<_> = h
        .asked
        .iter()
        .filter_map(|r| match r {
            Request::Command(Command::Decide { action: DecideAction::Accept, rows: Selection::Rows(ids), .. }) => {
                Some(ids.len())
            }
            _ => None,
        })
        .collect();
    assert_eq!(decided, [4]);
}

#[test]
fn all_shown_is_a_view_and_not_a_list_of_ids() {
    let mut h = wide();
    h.keys("l * Space i");
    h.see("rows?");
    h.key("y");
    let sent = h.asked.iter().find_map(|r| match r {
        Request::Command(Command::Decide { rows: Selection::Shown { except, .. }, .. }) => Some(except.len()),
        _ => None,
    });
    assert_eq!(sent, Some(1));
}

#[test]
fn find_narrows_live_and_escape_goes_back() {
    let mut h = wide();
    h.keys("/");
    h.text("tailspin");
    h.see("find tailspin");
    h.see("1 of 4");
    h.keys("Enter");
    h.see("Tailspin Toys 1");
    h.miss("Blue Ridge Realty 1 ");
    h.keys("Esc");
    h.see("Northwind Logistics 1");
    assert!(h.cursor_line().contains("Tailspin Toys 1"), "the row found keeps the cursor");
    h.keys("/");
    h.text("nobody has this");
    h.see("No row contains \"nobody has this\"");
    h.keys("Esc");
    h.see("of 44");
}

#[test]
fn only_the_latest_answer_of_the_picker_counts() {
    let mut h = wide();
    h.keys("m");
    h.see("Match Harbor Dental Grp 1 to");
    h.slow = true;
    h.text("ta");
    h.text("ilspin");
    h.answer();
    h.frame();
    h.see("Tailspin Toys 1 LLC");
    h.slow = false;
    h.key("Enter");
    let target = h.asked.iter().find_map(|r| match r {
        Request::Command(Command::Decide { action: DecideAction::Match { target }, .. }) => Some(target.to_string()),
        _ => None,
    });
    assert_eq!(target.as_deref(), Some("t10"));
}

#[test]
fn enter_never_picks_what_was_not_on_the_screen() {
    let mut h = wide();
    h.keys("m");
    h.slow = true;
    h.text("tail");
    h.key("Enter");
    h.key("Enter");
    assert!(!h.asked.iter().any(|r| matches!(r, Request::Command(_))));
    h.see("Match Harbor Dental Grp 1 to");
}

#[test]
fn digits_take_candidates_only_when_compare_shows_them() {
    let mut h = wide();
    h.key("j");
    h.key("2");
    h.see("Compare does not show this row yet");
    h.rest();
    h.key("2");
    assert!(
        h.asked
            .iter()
            .any(|r| matches!(r, Request::Command(Command::Decide { action: DecideAction::Match { .. }, .. })))
    );
}

#[test]
fn quick_match_shows_what_it_would_do_first() {
    let mut h = wide();
    h.keys("A");
    h.see("Quick match");
    h.see("accept 5");
    h.keys("Backspace Backspace 9 0");
    h.rest();
    h.frame();
    h.see("percent: 90");
    h.key("Enter");
    assert!(h.asked.iter().any(|r| matches!(r, Request::Command(Command::QuickMatch { .. }))));
}

#[test]
fn the_log_leads_to_its_record() {
    let mut h = wide();
    h.keys("Tab k k k k k k k k");
    h.see("hold");
    h.see("Sync log");
    for _ in 0..20 {
        if h.cursor_line().contains("placeholder") {
            break;
        }
        h.key("k");
    }
    h.keys("Enter");
    h.see("find s");
    h.see("Devices");
}

#[test]
fn pausing_asks_the_service() {
    let mut h = wide();
    h.key("1");
    h.key("p");
    assert!(h.asked.iter().any(|r| matches!(r, Request::Command(Command::Pause { .. }))));
    h.see("‖ Addigy paused");
}

#[test]
fn leaving_names_what_runs() {
    let mut h = wide();
    h.key("q");
    h.see("IT Glue is syncing: configs");
    assert!(!h.quit);
    h.key("y");
    assert!(h.quit);
}

#[test]
fn a_held_key_asks_for_no_compare_on_the_way() {
    let mut h = wide();
    for _ in 0..10 {
        h.key("j");
        assert!(!h.asked.iter().any(|r| matches!(r, Request::Query(Query::Compare { .. }))));
    }
    h.asked.clear();
    h.rest();
    let compares = h.asked.iter().filter(|r| matches!(r, Request::Query(Query::Compare { .. })));
    assert_eq!(compares.count(), 1);
}

#[test]
fn a_storm_of_events_is_not_a_storm_of_queries() {
    let mut h = wide();
    h.slow = true;
    h.asked.clear();
    for i in 0..50 {
        let events = h.service.add_first(Stream::Companies, &format!("row {i}"));
        h.events(events);
    }
    let windows = h.asked.iter().filter(|r| matches!(r, Request::Query(Query::Window { .. })));
    assert_eq!(windows.count(), 1);
    h.answer();
    h.frame();
    h.see("1 of 94");
    h.see("row 49");
}

#[test]
fn every_palette_command_has_an_answer() {
    for command in matchbook::ui::COMMANDS {
        let mut h = wide();
        h.keys(":");
        h.text(command.name);
        h.keys("Enter");
        assert!(!h.shown().is_empty(), "{}", command.name);
    }
}

#[test]
fn an_empty_home_teaches() {
    let h = Harness::new(FakeService::empty(), (80, 24));
    h.see("c connects one");
    h.see("matchbook connect NAME --connector addigy");
    h.see("matchbook demo");
}

#[test]
fn copying_sends_the_id() {
    let mut h = wide();
    h.key("y");
    assert_eq!(h.copied, ["s0"]);
    h.see("sent to the terminal's clipboard");
}

#[test]
fn pasted_text_is_never_obeyed() {
    let mut h = wide();
    h.keys("/");
    h.keys("Esc");
    let before = h.shown();
    h.keys("?");
    h.see("Keys");
    h.keys("Esc");
    assert_eq!(h.shown(), before);
}

#[test]
fn undo_of_a_bulk_is_one_step_and_redo_is_asked_for() {
    let mut h = wide();
    h.keys("V j j V i");
    h.see("Ignore 3 rows?");
    h.keys("Enter");
    h.see("Companies 41");
    h.keys("u");
    h.see("Companies 44");
    h.key("Ctrl-r");
    assert!(h.asked.iter().any(|r| matches!(r, Request::Command(Command::Redo))));
}

#[test]
fn marks_survive_filters_and_escape_goes_back_one_step_at_a_time() {
    let mut h = wide();
    h.keys("Space Space");
    h.see("2 marked");
    h.keys("f 2");
    h.see("show all");
    h.see("2 marked");
    h.keys("Esc");
    h.miss("2 marked");
    h.see("show all");
    h.keys("Esc");
    h.see("show open");
}

#[test]
fn a_range_over_rows_never_seen_is_refused_not_guessed() {
    let mut h = wide();
    h.keys("l V G V");
    h.see("never on the screen");
    h.key("a");
    assert!(!h.asked.iter().any(|r| matches!(r, Request::Command(_))));
}

#[test]
fn a_resize_keeps_the_row() {
    let mut h = wide();
    h.keys("l PgDn PgDn j j");
    let serial = "C02000300922";
    assert!(h.cursor_line().contains(serial), "{}", h.cursor_line());
    h.resize(80, 24);
    assert!(h.cursor_line().contains(serial), "{}", h.cursor_line());
    h.resize(20, 5);
    h.see("too small");
    h.resize(120, 40);
    assert!(h.cursor_line().contains(serial), "{}", h.cursor_line());
}

#[test]
fn changed_keys_show_in_footer_and_help() {
    let keys = std::collections::BTreeMap::from([("queue.accept".to_owned(), vec!["Ctrl-y".to_owned()])]);
    let config = matchbook::ui::UiConfig { keys, ..Default::default() };
    let mut h = Harness::with(FakeService::new(60, 300), (120, 40), config);
    h.see("Ctrl-y accept");
    h.key("a");
    assert!(!h.asked.iter().any(|r| matches!(r, Request::Command(_))));
    h.key("Ctrl-y");
    assert!(h.asked.iter().any(|r| matches!(r, Request::Command(_))));
}

#[test]
fn mistakes_in_the_keys_are_said_and_wait_among_the_messages() {
    let wrong =
        [("queue.acept", "a"), ("queue.ignore", "Hyper-q"), ("queue.defer", "Ctrl-y"), ("queue.accept", "Ctrl-y")];
    let keys = wrong.iter().map(|(name, key)| ((*name).to_owned(), vec![(*key).to_owned()])).collect();
    let config = matchbook::ui::UiConfig { keys, ..Default::default() };
    let mut h = Harness::with(FakeService::new(60, 300), (120, 40), config);
    h.keys("M");
    h.see("there is no command `queue.acept`");
    h.see("keys.queue.ignore: `Hyper-q` is not a key");
    h.see("`Ctrl-y` already means");
}

fn cards() -> Vec<CardView> {
    let mass = CardView {
        key: "mass:addigy/devices:7".into(),
        about: CardAbout::MassChange { integration: "addigy".into(), stream: Stream::Devices },
        title: "addigy: 70 of 200 devices are no longer listed".into(),
        lines: (0..70).map(|n| format!("Mac {n} (d{n}): no longer listed")).collect(),
        yes: "apply exactly this".into(),
        no: "drop it".into(),
    };
    let moved = CardView {
        key: "enrolled:f:1:2".into(),
        about: CardAbout::Moved { flow: "f".into(), stream: Stream::Devices, source: "2".into() },
        title: "Anna's Mac was enrolled anew".into(),
        lines: vec!["serial C02TEST is the same".into()],
        yes: "match the new record instead".into(),
        no: "leave the matches as they are".into(),
    };
    vec![mass, moved]
}

#[test]
fn what_waits_is_listed_with_its_reasons_and_answered_there() {
    for size in [(120, 40), (80, 24)] {
        let mut service = FakeService::new(60, 3_000);
        service.cards = cards();
        let mut h = Harness::new(service, size);
        h.see("2 ask (!)");
        h.keys("!");
        h.see("70 of 200 devices are no longer listed");
        h.see("Mac 0 (d0): no longer listed");
        h.see("more: J");
        h.keys("J");
        h.miss("Mac 0 (d0)");
        h.keys("a");
        h.see("No undo takes this back.");
        h.keys("n !");
        assert_eq!(h.service.cards.len(), 2, "nothing is applied before a second yes");
        h.keys("j");
        h.see("serial C02TEST is the same");
        h.keys("a");
        h.see("enrolled:f:1:2 applied");
        h.miss("was enrolled anew");
        h.keys("a y !");
        h.see("Nothing waits for you.");
    }
}

#[test]
fn a_company_narrows_every_tab_and_back() {
    let mut h = Harness::new(FakeService::with_people(60, 300, 200), (120, 40));
    let company = h.state.queue().and_then(|q| q.cursor_id.clone());
    assert!(company.is_some());
    h.keys("C");
    let narrowed = |h: &Harness| h.state.queue().and_then(|q| q.spec.company.clone());
    assert_eq!(narrowed(&h), company, "the devices of the company");
    h.keys("l");
    assert_eq!(h.state.tab.as_ref().map(|t| t.1), Some(matchbook::domain::Stream::Contacts));
    assert_eq!(narrowed(&h), company, "and its contacts");
    h.keys("C");
    assert_eq!(narrowed(&h), None);
    h.keys("l");
    assert_eq!(narrowed(&h), None, "on every tab");
    h.keys("C");
    h.see("go to a company first");
    h.keys("}");
    h.see("there is only one flow");
}

fn rule() -> RuleView {
    RuleView {
        id: RuleId(2),
        kind: RuleKind::Alias,
        text: "“Acme” is “Road Runner”".into(),
        flow: "addigy-itglue".into(),
        everywhere: false,
        stream: Stream::Companies,
        source: "s1".into(),
        target: "t1".into(),
        who: "kim".into(),
        at: Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn the_field_mapping_of_the_flow_is_shown_with_its_sources() {
    let mut h = wide();
    h.keys("l E");
    h.see("Field mapping: Addigy and IT Glue");
    h.see("Addigy's device");
    h.see("Addigy: facts.device_name, else facts.host_name");
    h.see("the name that its user gave it");
    h.see("changed in /home/kim/.config/matchbook/connectors/addigy.toml");
    h.keys("j j");
    h.see("* Nickname");
    h.see("* from /home/kim/.config/matchbook/connectors/addigy.toml");
    h.keys("j");
    h.see("IT Glue: has no such field");
    h.keys("G");
    h.see("details.fact_20");
    h.keys("h");
    h.see("Addigy's policy");
    h.keys("Esc");
    h.miss("Field mapping");
}

#[test]
fn rules_are_listed_applied_everywhere_and_removed() {
    let mut h = wide();
    let refusal = RuleView { id: RuleId(1), text: "“PC-1” is not “PC-7”".into(), ..rule() };
    h.service.rules = vec![rule(), refusal];
    h.keys(": r u l e s Enter");
    h.see("Rules that decisions left");
    h.see("“Acme” is “Road Runner” (kim)");
    h.miss("everywhere  ");
    h.keys("e");
    h.see("everywhere  ");
    h.keys("j x");
    h.miss("“PC-1” is not “PC-7”");
    h.see("“Acme” is “Road Runner”");
    h.keys("Esc");
    h.miss("Rules that decisions left");
}

#[test]
fn records_are_made_after_a_look_at_what_is_there() {
    let mut h = wide();
    h.keys("]");
    h.keys("c");
    h.see("Create from 1 row");
    h.see("makes 1 of 2 on IT Glue");
    h.see("do not flow on to a PSA");
    h.see("front-MAC (8400117), Harbor Dental Group LLC: the same serial number, archived or");
    h.see("gone");
    h.keys("e");
    h.see("makes 2 of 2 on IT Glue");
    h.key("Esc");
    h.miss("Create from");
    h.keys("c");
    h.key("Enter");
    h.miss("Create from");
    h.see("Create { flow");
    let sent = h.asked.iter().rev().find_map(|request| match request {
        Request::Command(Command::Writes(command)) => Some(command.clone()),
        _ => None,
    });
    let Some(WriteCommand::Create { stream, rows, anyway, hold, .. }) = sent else { panic!("{sent:?}") };
    assert_eq!((stream, anyway, hold), (Stream::Devices, false, false));
    assert!(matches!(rows, Selection::Rows(ids) if ids.len() == 1));
}

#[test]
fn the_outbox_shows_what_waits_and_what_came_back() {
    let mut h = wide();
    h.keys("W");
    h.see("Outbox: writes to vendors");
    h.see("1 planned, 1 on their way");
    h.see("[matchbook addigy/devices/d1]");
    h.keys("j j");
    h.see("IT Glue refuses it");
    h.see("the vendor: “name: can't be blank”");
    h.keys("x");
    h.see("it was sent already");
    h.keys("g");
    h.keys("x");
    h.see("Withdraw");
    h.keys("A");
    h.see("Apply");
}

#[test]
fn a_key_before_the_rows_that_were_asked_for_decides_nothing() {
    let mut h = wide();
    h.slow = true;
    h.key("/");
    h.text("tailspin");
    h.key("Enter");
    for key in ["a", "m"] {
        h.key(key);
        h.see("the rows asked for are on their way");
        h.miss(" to ─");
        assert!(!h.asked.iter().any(|r| matches!(r, Request::Command(_))), "{key} was meant for a row to come");
    }
    h.slow = false;
    h.answer();
    h.key("m");
    h.see("Match Tailspin Toys");
}

#[test]
fn the_picker_matches_the_row_that_it_was_opened_for() {
    let mut h = wide();
    h.keys("m");
    h.see("Match Harbor Dental Grp 1 to");
    // A newcomer takes the first place, which nobody moved from.
    let events = h.service.add_first(Stream::Companies, "Newcomer");
    h.events(events);
    h.frame();
    h.see("for Harbor Dental Grp 1");
    let opened_for = h.asked.iter().find_map(|r| match r {
        Request::Query(Query::PickTarget { source, .. }) => Some(source.clone()),
        _ => None,
    });
    h.key("Enter");
    let decided = h.asked.iter().find_map(|r| match r {
        Request::Command(Command::Decide { rows: Selection::Rows(ids), .. }) => ids.first().cloned(),
        _ => None,
    });
    assert!(opened_for.is_some() && decided == opened_for, "{decided:?}");
}
