//! The connect wizard, step by step, as a person walks it: nothing is saved before the test passed, secrets stay hidden.

#[path = "common/fake_service.rs"]
mod fake_service;
#[path = "common/harness.rs"]
mod harness;

use fake_service::FakeService;
use harness::Harness;
use matchbook::domain::{Failure, FailureClass};
use matchbook::ui::{Effect, Kind, Msg, Prompt, SetupAnswer, TestReport};

fn kinds() -> Vec<Kind> {
    let key =
        |name: &str, prompt: &str| Prompt { name: name.into(), prompt: prompt.into(), help: "Account, keys.".into() };
    vec![
        Kind {
            name: "acme".into(),
            vendor: "Acme RMM".into(),
            delivers: "policies, devices".into(),
            permissions: "View Devices and View Policies.".into(),
            secrets: vec![key("api_key", "API token")],
            ..Kind::default()
        },
        Kind { name: "csv".into(), vendor: "CSV files".into(), reads_files: true, ..Kind::default() },
    ]
}

fn wizard(size: (u16, u16)) -> Harness {
    let mut harness = Harness::new(FakeService::new(6, 30), size);
    harness.state.kinds = kinds();
    harness.keys("1 c");
    harness
}

#[test]
fn a_key_is_tested_before_it_is_saved_and_never_shown() {
    for size in [(120, 40), (80, 24)] {
        let mut it = wizard(size);
        assert!(it.shown().contains("which system"), "{}", it.shown());
        it.keys("Enter");
        it.send(Msg::Paste("tok-geheim-123\n".into()));
        assert!(!it.shown().contains("geheim") && it.shown().contains("****"), "{}", it.shown());
        it.keys("Ctrl-t");
        let Some(Effect::TestConnection(draft)) = it.outside.pop() else { panic!("a test") };
        assert_eq!((draft.connector.as_str(), draft.secrets.len(), draft.lacks_secret()), ("acme", 1, false));
        it.keys("Enter");
        assert!(it.outside.is_empty(), "nothing is saved while the test runs");
        let refused = Failure::new(FailureClass::Credentials, "Addigy refuses the key", "enter another");
        it.send(Msg::Setup(SetupAnswer::Tested(Err(refused))));
        assert!(it.shown().contains("refuses the key") && it.shown().contains("enter another"), "{}", it.shown());
        it.keys("Ctrl-t");
        it.outside.clear();
        let report = TestReport { permissions: vec![("View Devices".into(), false)], ..TestReport::default() };
        it.send(Msg::Setup(SetupAnswer::Tested(Ok(report))));
        assert!(it.shown().contains("View Devices is missing"), "{}", it.shown());
        it.keys("Enter");
        assert!(matches!(it.outside.pop(), Some(Effect::SaveConnection(_))));
        it.send(Msg::Setup(SetupAnswer::Saved(Ok(()))));
        assert!(it.shown().contains("is connected"), "{}", it.shown());
        it.keys("Enter");
        assert!(matches!(it.outside.pop(), Some(Effect::Reload)));
    }
}

#[test]
fn escape_goes_back_step_by_step_and_saves_nothing() {
    let mut it = wizard((80, 24));
    it.keys("Enter");
    it.send(Msg::Paste("tok-1".into()));
    it.keys("Ctrl-t Esc");
    assert!(it.shown().contains("API token"), "back at the fields: {}", it.shown());
    // The answer of a test that was left comes too late.
    it.outside.clear();
    it.send(Msg::Setup(SetupAnswer::Tested(Ok(TestReport::default()))));
    assert!(it.shown().contains("API token"), "{}", it.shown());
    it.keys("Esc");
    assert!(it.shown().contains("which system"), "{}", it.shown());
    it.keys("Esc");
    assert!(it.outside.is_empty() && it.state.overlay.is_none());
}

#[test]
fn what_is_missing_is_said_and_asked_for() {
    let mut it = wizard((80, 24));
    it.keys("Enter Ctrl-t");
    assert!(it.shown().contains("API token is missing") && it.outside.is_empty(), "{}", it.shown());
    it.keys("Esc j Enter Ctrl-t");
    assert!(it.shown().contains("name at least one file"), "{}", it.shown());
}

#[test]
fn with_nothing_connected_its_key_connects_from_every_pane() {
    for pane in ["1", "2", "Tab", "Shift-Tab"] {
        let mut it = Harness::new(FakeService::empty(), (120, 40));
        it.state.kinds = kinds();
        it.keys(pane);
        it.keys("c");
        assert!(it.shown().contains("which system"), "{pane}: {}", it.shown());
    }
    // In the first moment, before the home has answered, as well.
    let mut it = Harness::new(FakeService::empty(), (120, 40));
    (it.state.kinds, it.state.known) = (kinds(), false);
    it.keys("2");
    it.keys("c");
    assert!(it.shown().contains("which system"), "{}", it.shown());
    // With a row under the cursor the key is the row's.
    let mut it = Harness::new(FakeService::new(6, 30), (120, 40));
    it.state.kinds = kinds();
    it.keys("c");
    assert!(!it.shown().contains("which system"), "{}", it.shown());
}

#[test]
fn a_flow_needs_two_sides() {
    let mut it = wizard((120, 40));
    it.keys("Esc n");
    assert!(it.shown().contains("get their counterpart in"), "{}", it.shown());
    it.keys("Enter");
    let Some(Effect::SaveFlow(flow)) = it.outside.pop() else { panic!("a flow") };
    assert_ne!(flow.source, flow.target);
    it.send(Msg::Setup(SetupAnswer::FlowSaved(Ok("a-b".into()))));
    it.keys("Enter");
    assert!(matches!(it.outside.pop(), Some(Effect::Reload)));
}

#[test]
fn the_second_system_connected_is_what_the_first_is_matched_with() {
    let mut it = Harness::new(FakeService::empty(), (120, 40));
    it.state.kinds = kinds();
    for (name, file) in [("rmm", "rmm.csv"), ("docs", "docs.csv")] {
        it.keys(if name == "rmm" { "c j Enter" } else { "c" });
        if name == "docs" {
            it.keys("j Enter");
        }
        // From the first file's field back to the name, by way of the last one.
        it.keys("Shift-Tab Ctrl-u");
        it.send(Msg::Paste(name.into()));
        it.keys("Shift-Tab");
        it.send(Msg::Paste(file.into()));
        it.keys("Ctrl-t");
        let Some(Effect::TestConnection(draft)) = it.outside.pop() else { panic!("a test: {}", it.shown()) };
        assert_eq!((draft.name.as_str(), &draft.files), (name, &vec![("devices".to_owned(), file.to_owned())]));
        it.send(Msg::Setup(SetupAnswer::Tested(Ok(TestReport::default()))));
        it.keys("Enter");
        it.send(Msg::Setup(SetupAnswer::Saved(Ok(()))));
    }
    it.outside.clear();
    it.keys("f Enter");
    let Some(Effect::SaveFlow(flow)) = it.outside.pop() else { panic!("a flow: {}", it.shown()) };
    assert_eq!((flow.source.as_str(), flow.target.as_str()), ("rmm", "docs"));
}
