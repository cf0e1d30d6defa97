//! What crosses the wire, and whether columns stay straight.

#[path = "common/fake_service.rs"]
mod fake_service;
#[path = "common/harness.rs"]
mod harness;

use fake_service::FakeService;
use harness::Harness;
use matchbook::ui::UiConfig;

#[test]
fn a_cursor_move_is_cheap() {
    let mut h = Harness::new(FakeService::new(1_000, 100_000), (120, 40));
    h.keys("l");
    for i in 0..8 {
        h.key("j");
        assert!(h.bytes > 0 && h.bytes < 300, "move {i}: {} bytes", h.bytes);
    }
}

#[test]
fn a_page_is_under_six_kilobytes() {
    let mut h = Harness::new(FakeService::new(1_000, 100_000), (120, 40));
    for key in ["PgDn", "PgDn", "Ctrl-d", "G", "g", "l", "PgDn", "G"] {
        h.key(key);
        assert!(h.bytes < 6_000, "{key}: {} bytes", h.bytes);
    }
}

#[test]
fn nothing_is_sent_when_nothing_changes() {
    let mut h = Harness::new(FakeService::new(100, 1_000), (120, 40));
    let overview = h.service.overview();
    h.events(vec![matchbook::service::messages::Event::Overview(Box::new(overview))]);
    h.rest();
    h.frame();
    assert_eq!(h.bytes, 0);
}

#[test]
fn a_sync_step_repaints_only_what_changed() {
    let mut h = Harness::new(FakeService::new(100, 1_000), (120, 40));
    for _ in 0..3 {
        let events = h.service.sync_step();
        h.events(events);
        h.frame();
        assert!(h.bytes < 1_500, "{} bytes", h.bytes);
    }
}

/// Every frame's right edge stands in its column, on every line, whatever the names hold.
#[test]
fn hostile_names_leave_columns_straight() {
    for (width, height, unicode) in [(120, 40, true), (80, 24, true), (120, 40, false)] {
        let config = UiConfig { unicode, ..UiConfig::default() };
        let mut h = Harness::with(FakeService::new(60, 600), (width, height), config);
        for keys in ["j", "j", "j", "j", "j", "j", "j", "j", "PgDn", "G", "l", "m", "Esc", "A", "Esc", "?", "Esc"] {
            h.keys(keys);
            let screen = h.terminal();
            let side = if unicode { "│" } else { "|" };
            let queue_rows = (2..height - 3).filter(|y| {
                let first = screen.cell(*y, 0).map(|c| c.contents().to_owned()).unwrap_or_default();
                first == side
            });
            for y in queue_rows {
                let last = screen.cell(y, width - 1).map(|c| c.contents().to_owned()).unwrap_or_default();
                assert!(
                    ["│", "|", "┘", "┐", "+"].contains(&last.as_str()),
                    "{keys}: line {y} ends with {last:?}\n{}",
                    h.shown()
                );
            }
        }
        let text = h.shown();
        assert!(!text.contains('\u{200d}') && !text.contains('\u{1f3fd}'));
        assert!(unicode || text.is_ascii(), "{text}");
    }
}

/// What the terminal shows after many partial frames is what one full paint would show.
#[test]
fn partial_frames_add_up() {
    let mut h = Harness::new(FakeService::new(60, 600), (120, 40));
    h.keys("j j PgDn m Esc l PgDn G g ? Esc : Esc A Esc h j j");
    let partial = h.shown();
    h.keys("Ctrl-l");
    assert_eq!(h.shown(), partial);
}

#[test]
fn no_size_panics() {
    for (width, height) in (1..=130).step_by(3).flat_map(|w| [1, 2, 3, 5, 7, 8, 9, 12, 24, 30, 41].map(|h| (w, h))) {
        let mut h = Harness::new(FakeService::new(20, 50), (width, height));
        h.keys("j l m Esc A Esc ? Esc : Esc f Esc H Esc w Esc z G Tab z Tab");
        h.keys("% j f Esc Esc M Esc 2 l O j Esc v Esc b j G k e Esc l 1 m Esc 2 Esc");
        h.resize(height.max(1), width.min(50));
        h.keys("j m Esc");
    }
}

#[test]
fn no_colour_sends_no_colour() {
    let config = UiConfig { colour: false, ..UiConfig::default() };
    let h = Harness::with(FakeService::new(60, 600), (120, 40), config);
    let screen = h.terminal();
    for y in 0..40 {
        for x in 0..120 {
            let cell = screen.cell(y, x).expect("on the screen");
            assert_eq!(cell.fgcolor(), vt100::Color::Default);
        }
    }
}

#[test]
fn a_small_terminal_says_what_it_needs() {
    let h = Harness::new(FakeService::new(20, 50), (20, 5));
    h.see("20x5 is too small");
}
