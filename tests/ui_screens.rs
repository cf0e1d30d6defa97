//! Pictures of the screens that matter, at both sizes.

#[path = "common/fake_service.rs"]
mod fake_service;
#[path = "common/harness.rs"]
mod harness;

use fake_service::FakeService;
use harness::Harness;

fn picture(name: &str, size: (u16, u16), keys: &str) {
    picture_of(FakeService::new(60, 3_000), name, size, keys);
}

fn picture_of(service: FakeService, name: &str, size: (u16, u16), keys: &str) {
    let mut h = Harness::new(service, size);
    if !keys.is_empty() {
        h.keys(keys);
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("fixtures/ui");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, h.shown()));
}

#[test]
fn wide_companies() {
    picture("wide_companies", (120, 40), "");
}

#[test]
fn wide_devices() {
    picture("wide_devices", (120, 40), "l j");
}

#[test]
fn wide_contacts() {
    picture_of(FakeService::with_people(60, 300, 200), "wide_contacts", (120, 40), "l l j");
}

#[test]
fn small_locations() {
    picture_of(FakeService::with_people(60, 300, 200), "small_locations", (80, 24), "h");
}

#[test]
fn wide_picker() {
    picture("wide_picker", (120, 40), "m");
}

#[test]
fn wide_field_mapping() {
    picture("wide_field_mapping", (120, 40), "l M");
}

#[test]
fn small_field_mapping() {
    picture("small_field_mapping", (80, 24), "l M j j");
}

#[test]
fn wide_help() {
    picture("wide_help", (120, 40), "?");
}

#[test]
fn small_devices() {
    picture("small_devices", (80, 24), "l");
}

#[test]
fn small_confirm() {
    picture("small_confirm", (80, 24), "* a");
}

#[test]
fn small_log() {
    picture("small_log", (80, 24), "Tab");
}

#[test]
fn small_integrations() {
    picture("small_integrations", (80, 24), "1");
}

#[test]
fn small_schedules() {
    picture("small_schedules", (80, 24), "1 t");
}

#[test]
fn wide_schedules_edited() {
    picture("wide_schedules_edited", (120, 40), "1 t e Ctrl-u h o u r l y Enter");
}
