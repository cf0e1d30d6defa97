//! The sync settings' screen: marks and counts, a preview that follows each key, a question that names what leaves,
//! and no change without a yes.

#[path = "common/fake_service.rs"]
mod fake_service;
#[path = "common/harness.rs"]
mod harness;

use fake_service::FakeService;
use harness::Harness;
use matchbook::domain::SyncScope;
use matchbook::service::messages::{Command, Request};

fn opened(size: (u16, u16)) -> Harness {
    let mut h = Harness::new(FakeService::new(60, 3_000), size);
    // The second integration: below Addigy and its two streams.
    h.keys("1 j j j Enter");
    h
}

fn picture(name: &str, h: &Harness) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("fixtures/ui");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, h.shown()));
}

fn sent(h: &Harness) -> Option<SyncScope> {
    h.asked.iter().find_map(|request| match request {
        Request::Command(Command::SetSyncSettings { scope, sync: true, .. }) => Some(scope.clone()),
        _ => None,
    })
}

#[test]
fn pictures() {
    for (word, size) in [("small", (80, 24)), ("wide", (120, 40))] {
        let mut h = opened(size);
        h.keys("j j Space");
        picture(&format!("{word}_settings"), &h);
        h.keys("Enter");
        picture(&format!("{word}_settings_question"), &h);
    }
}

#[test]
fn a_choice_taken_out_is_previewed_asked_about_and_sent() {
    let mut h = opened((80, 24));
    h.see("Sync settings of IT Glue");
    h.see("[x] Vendor");
    h.see("as it is: nothing leaves, nothing enters");
    h.keys("j j Space");
    h.see("[ ] Vendor");
    h.see("[ ] all, also new ones");
    h.see("leaves: 34 companies; 11 of them matched");
    h.key("Enter");
    assert_eq!(sent(&h), None);
    h.see("Change what is synced of IT Glue?");
    h.see("Matches are kept");
    h.see("type Vendor is not chosen");
    h.key("Enter");
    assert_eq!(sent(&h).unwrap().company_types, ["Client", "Prospect"]);
    h.see("sync settings of itglue are saved");
    h.miss("Change what is synced");
    assert_eq!(h.service.scope.company_types, ["Client", "Prospect"]);
    h.keys("Enter");
    h.see("[ ] Vendor");
    h.keys("Space");
    h.see("enters: 34 companies");
    h.see("a sync may bring more");
}

#[test]
fn esc_goes_back_one_step_and_changes_nothing() {
    let mut h = opened((80, 24));
    h.keys("j o Enter");
    h.see("Change what is synced");
    h.keys("Esc");
    h.see("[ ] Vendor");
    h.keys("Esc");
    h.see("nothing was changed");
    h.miss("Sync settings of");
    assert_eq!(h.service.scope, SyncScope::default());
    h.keys("Enter Enter");
    h.see("nothing was changed");
}

#[test]
fn enter_before_the_count_is_there_waits_for_it_and_then_asks() {
    let mut h = opened((80, 24));
    h.key("j");
    h.key("o");
    h.see("counting");
    h.slow = true;
    h.key("Enter");
    h.see("counting");
    h.key("Enter");
    h.miss("Change what is synced");
    h.slow = false;
    h.answer();
    h.frame();
    h.see("leaves: 46 companies");
    h.see("Change what is synced");
    assert_eq!(h.service.scope, SyncScope::default());
}

#[test]
fn a_change_that_cannot_be_saved_keeps_the_edit() {
    let mut h = opened((80, 24));
    h.service.refuse = Some("the disk is full".to_owned());
    h.keys("j o Enter Enter");
    h.see("the disk is full");
    h.see("Sync settings of IT Glue (edited)");
    h.see("[ ] Vendor");
}

#[test]
fn the_last_choice_stays_and_lists_are_jumped_between() {
    let mut h = opened((80, 24));
    h.keys("j o Space");
    h.see("one choice has to stay");
    h.keys("Tab Tab Tab Tab j j j");
    h.see("tickets updated within 12 months");
    h.keys("l l");
    h.see("tickets updated within 14 months");
    h.keys("k k k Space");
    h.see("[ ] contacts");
}

#[test]
fn choices_of_the_vendor_come_later_and_move_neither_cursor_nor_edit() {
    let mut h = Harness::new(FakeService::new(60, 3_000), (80, 24));
    h.service.more_choices = true;
    h.keys("1 j j j");
    h.slow = true;
    h.key("Enter");
    h.answer_one();
    h.frame();
    h.miss("Archived");
    h.keys("j j Space");
    h.slow = false;
    h.answer();
    h.frame();
    h.see("[ ] Archived");
    h.see("44 at the vendor");
    h.see("▌[ ] Vendor");
    h.see("(edited)");
}

#[test]
fn orphans_are_deleted_after_one_question_that_names_what_is_lost() {
    let mut h = Harness::new(FakeService::new(60, 3_000), (80, 24));
    h.keys("1 m j x");
    h.see("not in a demo");
    h.state.kinds = vec![matchbook::ui::Kind::default()];
    h.key("x");
    h.see("Delete 9 devices?");
    h.see("9 devices that Addigy no longer lists");
    h.see("3 that are matched stay");
    h.see("backup");
    h.key("Esc");
    assert!(h.outside.is_empty());
    h.keys("1 m j x Enter");
    let sent = h.outside.pop();
    let devices = matchbook::domain::Stream::Devices;
    assert!(
        matches!(&sent, Some(matchbook::ui::Effect::DeleteOrphans(id, stream)) if id.as_str() == "addigy" && *stream == devices),
        "{sent:?}"
    );
}

#[test]
fn records_whose_sync_is_off_are_reconnected_and_a_new_key_is_entered_from_the_data() {
    let mut h = Harness::new(FakeService::new(60, 3_000), (80, 24));
    h.keys("1 m r");
    h.see("the sync of no policies is switched off");
    h.keys("j r");
    let sent = h.asked.iter().any(|request| matches!(request, Request::Command(Command::Reconnect { .. })));
    assert!(sent, "{:?}", h.asked);
    h.state.kinds = vec![matchbook::ui::Kind { vendor: "Addigy".into(), ..matchbook::ui::Kind::default() }];
    h.keys("1 m e");
    assert!(h.state.overlay.is_some() && !h.shown().contains("Data of"), "{}", h.shown());
    // A terminal that may only look changes nothing from there.
    h.keys("Esc Esc 1 m j");
    h.state.config.read_only = true;
    h.asked.clear();
    h.keys("r x e");
    assert!(!h.asked.iter().any(|request| matches!(request, Request::Command(_))), "{:?}", h.asked);
}
