//! What of a queue is shown, rows that are alike, coverage, history, messages, guarded and spoken terminals.

use super::fake_service::{self, FakeService};
use super::harness::Harness;
use matchbook::domain::{LogLevel, Stream};
use matchbook::service::messages::{Command, CoverageShow, DecideAction, Event, Query, Request, Selection};
use matchbook::ui::{Effect, Mouse, Msg, SavedView, Spoken, UiConfig};

fn wide() -> Harness {
    Harness::new(FakeService::new(60, 3_000), (120, 40))
}

fn commands(h: &Harness) -> Vec<Command> {
    let command = |r: &Request| match r {
        Request::Command(command) => Some(command.clone()),
        Request::Query(_) => None,
    };
    h.asked.iter().filter_map(command).collect()
}

#[test]
fn the_conflicts_tab_follows_the_streams_and_shows_their_conflicts_only() {
    let mut h = wide();
    h.see(" Conflicts 146 ");
    h.keys("l l");
    h.see("show conflict devices");
    h.miss("≈ suggested");
    h.keys("h");
    h.see("show open");
    h.see("≈ suggested");
    h.keys("h h");
    h.see("show conflict companies");
    h.keys("l");
    h.see("Companies");
    h.see("show open");
}

#[test]
fn when_the_last_conflict_of_a_stream_is_decided_those_of_another_come() {
    let mut h = wide();
    h.keys("h");
    h.see("show conflict companies");
    for _ in 0..3 {
        h.keys("i");
    }
    h.see("show conflict devices");
}

#[test]
fn columns_are_chosen_and_ordered_and_kept_in_a_view() {
    let mut h = wide();
    h.keys("l O");
    h.see("[x] State");
    h.see("[ ] Model");
    h.keys("Space Esc");
    h.miss("State       Device");
    h.keys("v Enter");
    h.see("Name of the view");
    h.text("mine");
    h.keys("Enter");
    h.see("view mine is kept until you quit");
    let saved = h.outside.iter().find_map(|e| match e {
        Effect::SaveView(view) => Some(view.clone()),
        _ => None,
    });
    let saved = saved.expect("the view is to be kept");
    assert_eq!((saved.name.as_str(), saved.stream.as_str()), ("mine", "devices"));
    assert!(!saved.columns.contains(&"state".to_owned()) && saved.columns.contains(&"name".to_owned()));
    h.keys("v j j Enter");
    h.see("State       Device");
    h.keys("v Enter");
    h.see("view mine");
    h.miss("State       Device");
    h.keys("v x");
    h.see("view mine is removed");
}

#[test]
fn a_view_named_default_is_what_a_tab_begins_with() {
    let view = SavedView {
        name: "default".into(),
        stream: "devices".into(),
        filter: "deferred".into(),
        sort: "name".into(),
        ..SavedView::default()
    };
    let config = UiConfig { views: vec![view], ..UiConfig::default() };
    let mut h = Harness::with(FakeService::new(60, 3_000), (120, 40), config);
    h.see("show open");
    h.keys("l");
    h.see("view default  show deferred");
}

#[test]
fn groups_stand_under_their_company_and_the_cursor_stays_in_sight() {
    let mut h = wide();
    h.keys("l b");
    h.see("grouped by company");
    h.keys("Esc");
    let text = h.shown();
    assert!(text.contains("│ Fabrikam 9"), "a heading\n{text}");
    for key in ["j", "j", "j", "PgDn", "Ctrl-d", "G", "k", "k", "g", "PgDn", "k", "k"] {
        h.keys(key);
        assert!(h.lines().iter().any(|l| l.contains('▌')), "{key}\n{}", h.shown());
    }
    h.keys("b");
    h.see("no longer grouped");
}

#[test]
fn what_was_decided_is_applied_to_rows_alike_after_a_preview_as_one_command() {
    let mut h = wide();
    h.keys("l i e");
    h.see("Ignore, as with front-MAC-00000");
    h.see("names that begin with “front-”");
    h.key("Enter");
    h.see("Ignore these?");
    assert!(commands(&h).is_empty(), "nothing is decided unasked");
    h.key("Enter");
    let sent = commands(&h);
    assert!(
        matches!(&sent[..], [Command::Decide { action: DecideAction::Ignore, rows: Selection::Shown { .. }, .. }]),
        "{sent:?}"
    );
}

#[test]
fn aliases_of_companies_alike_are_kept_only_when_wished() {
    let mut h = wide();
    h.keys("a e");
    h.see("Accept, as with Harbor Dental Grp 1");
    h.key("Enter");
    h.see("keep this as a rule: yes");
    h.key("k");
    h.see("keep this as a rule: no");
    h.key("Enter");
    let sent = commands(&h);
    assert!(matches!(&sent[..], [Command::DecideAlike { keep_rules: false, .. }]), "{sent:?}");
}

#[test]
fn coverage_says_who_is_known_where_and_leads_to_the_records() {
    let mut h = wide();
    h.keys("%");
    h.see("60 companies, 40 known everywhere, 20 not in IT Glue");
    h.see("missing");
    h.see("trend");
    h.keys("f f");
    let shown = h.asked.iter().rev().find_map(|r| match r {
        Request::Query(Query::Coverage { spec, .. }) => Some(spec.show.clone()),
        _ => None,
    });
    assert!(matches!(shown, Some(CoverageShow::Missing(_))), "{shown:?}");
    h.keys("f f /");
    h.text("tailspin");
    h.see("find tailspin");
    h.keys("Enter Enter");
    h.see("show all  of ");
    assert_eq!(h.state.tab.as_ref().map(|t| t.1), Some(Stream::Devices));
}

#[test]
fn an_undo_from_the_history_shows_its_consequences_first() {
    let mut h = wide();
    h.keys("a j a H j u");
    h.see("Take entry 1 back?");
    assert!(commands(&h).is_empty());
    h.keys("Esc");
    h.see("History");
    h.keys("j u");
    h.key("y");
    assert!(matches!(&commands(&h)[..], [Command::Undo { entry: Some(_) }]));
}

#[test]
fn warnings_wait_until_they_were_seen() {
    let mut h = wide();
    let notice = |level, text: &str| Event::Notice { level, text: text.to_owned() };
    h.events(vec![notice(LogLevel::Error, "the disk is nearly full"), notice(LogLevel::Warn, "a key runs out soon")]);
    h.keys("y");
    h.see("sent to the terminal's clipboard");
    h.see("2 unread (M)");
    h.keys("Esc");
    h.see("note: a key runs out soon");
    h.keys("Esc");
    h.see("error: the disk is nearly full");
    h.keys("M");
    h.see("a key runs out soon");
    h.see("sent to the terminal");
    h.keys("Esc");
    h.miss("unread");
}

#[test]
fn a_terminal_that_may_only_look_changes_nothing_by_any_way() {
    let config = UiConfig { read_only: true, ..UiConfig::default() };
    let mut service = FakeService::new(60, 3_000);
    service.rules.push(super::rule());
    let mut h = Harness::with(service, (120, 40), config);
    h.see("read-only");
    for keys in ["a", "i", "d", "x", "2", "u", "Ctrl-r", "S", "s", "* a Enter", "m Enter", "A Enter", "e", "1 p"] {
        h.keys(keys);
        assert!(commands(&h).is_empty(), "{keys}: {:?}", commands(&h));
        h.keys("Esc Esc Esc");
    }
    h.keys(":");
    h.text("rules");
    h.keys("Enter x");
    assert!(commands(&h).is_empty());
    h.see("this terminal may only look");
    h.see("“Acme”");
}

#[test]
fn the_mouse_goes_where_it_points() {
    let config = UiConfig { mouse: true, ..UiConfig::default() };
    let mut h = Harness::with(FakeService::new(60, 3_000), (120, 40), config);
    let line = h.lines().iter().position(|l| l.contains("Northwind Log")).expect("the row");
    h.send(Msg::Mouse(Mouse::Click, 60, u16::try_from(line).expect("small")));
    h.rest();
    h.frame();
    assert!(h.cursor_line().contains("Northwind Log"), "{}", h.cursor_line());
    h.send(Msg::Mouse(Mouse::Down, 60, 10));
    assert!(!h.cursor_line().contains("Northwind Log"));
    let tabs = h.lines()[2].clone();
    let column = tabs.char_indices().position(|(at, _)| tabs[at..].starts_with("Devices")).expect("the tab");
    h.send(Msg::Mouse(Mouse::Click, u16::try_from(column).expect("small"), 2));
    h.answer();
    assert_eq!(h.state.tab.as_ref().map(|t| t.1), Some(Stream::Devices));
    h.send(Msg::Mouse(Mouse::Click, 3, 35));
    assert!(matches!(h.state.focus, matchbook::ui::Pane::Log));
}

#[test]
fn what_is_new_is_said_in_lines_and_nothing_twice() {
    let config = UiConfig { plain: true, ..UiConfig::default() };
    let mut h = Harness::with(FakeService::new(60, 3_000), (80, 24), config);
    let mut spoken = Spoken::default();
    let first = spoken.news(&h.state).join("\n");
    assert!(first.contains("Queue, Addigy to IT Glue, Companies. Show open: 44 rows."), "{first}");
    assert!(first.contains("1 of 44, Harbor Dental Grp 1, conflict, to Harbor Dental Grp 1 LLC 99 percent"), "{first}");
    assert!(spoken.news(&h.state).is_empty(), "nothing is said twice");
    h.keys("j");
    let moved = spoken.news(&h.state);
    assert_eq!(moved.len(), 1, "{moved:?}");
    assert!(moved[0].starts_with("2 of 44, Blue Ridge Realty 1, suggested"), "{moved:?}");
    h.keys("J");
    let compared = spoken.news(&h.state).join("\n");
    assert!(compared.contains("serial") && compared.contains("evidence +12.3"), "{compared}");
    h.keys("m");
    let picker = spoken.news(&h.state).join("\n");
    assert!(picker.contains("Match Blue Ridge Realty 1 to"), "{picker}");
    h.keys("Down");
    let chosen = spoken.news(&h.state);
    assert_eq!(chosen.len(), 1, "only the chosen line: {chosen:?}");
    h.keys("Esc");
    let back = spoken.news(&h.state).join("\n");
    assert!(back.contains("Queue, Addigy to IT Glue") && back.contains("2 of 44"), "{back}");
    h.keys("a");
    let decided = spoken.news(&h.state).join("\n");
    assert!(decided.contains("Accept on 1 rows") && decided.contains("2 of 43, Northwind"), "{decided}");
    let all = [first, moved.join(""), compared, picker, back, decided].concat();
    assert!(!all.chars().any(|c| matches!(c, '\u{2500}'..='\u{259f}')), "{all}");
}

#[test]
fn the_page_of_the_target_is_copied() {
    let mut h = wide();
    h.keys("Y");
    assert_eq!(h.copied, ["https://vendor.test/a/1"]);
}

#[test]
fn a_queue_says_how_far_it_is_and_how_fast() {
    let mut h = wide();
    h.see("16 of 60 decided");
    let _ = fake_service::noon();
    h.keys("a i d");
    h.see("of 60 decided");
}
