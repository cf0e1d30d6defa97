//! Pictures of the screens that matter, at both sizes.

#[path = "common/fake_service.rs"]
mod fake_service;
#[path = "common/harness.rs"]
mod harness;
#[path = "common/picture.rs"]
mod picture;

use fake_service::FakeService;
use harness::Harness;
use matchbook::ui::{Spoken, ThemeName, UiConfig};

fn snapshot(name: &str, size: (u16, u16), keys: &str) {
    snapshot_of(FakeService::new(60, 3_000), name, size, keys);
}

fn snapshot_of(service: FakeService, name: &str, size: (u16, u16), keys: &str) {
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
    snapshot("wide_companies", (120, 40), "");
}

#[test]
fn wide_devices() {
    snapshot("wide_devices", (120, 40), "l j");
}

#[test]
fn wide_contacts() {
    snapshot_of(FakeService::with_people(60, 300, 200), "wide_contacts", (120, 40), "l l j");
}

#[test]
fn small_locations() {
    snapshot_of(FakeService::with_people(60, 300, 200), "small_locations", (80, 24), "h");
}

#[test]
fn wide_picker() {
    snapshot("wide_picker", (120, 40), "m");
}

#[test]
fn wide_field_mapping() {
    snapshot("wide_field_mapping", (120, 40), "l E");
}

#[test]
fn small_field_mapping() {
    snapshot("small_field_mapping", (80, 24), "l E j j");
}

#[test]
fn wide_help() {
    snapshot("wide_help", (120, 40), "?");
}

#[test]
fn small_devices() {
    snapshot("small_devices", (80, 24), "l");
}

#[test]
fn small_confirm() {
    snapshot("small_confirm", (80, 24), "* a");
}

#[test]
fn small_log() {
    snapshot("small_log", (80, 24), "Tab");
}

#[test]
fn small_integrations() {
    snapshot("small_integrations", (80, 24), "1");
}

#[test]
fn huge_devices() {
    snapshot("huge_devices", (200, 60), "l j");
}

#[test]
fn huge_companies() {
    snapshot("huge_companies", (200, 60), "");
}

#[test]
fn wide_grouped() {
    snapshot("wide_grouped", (120, 40), "l b Esc z");
}

#[test]
fn wide_coverage() {
    snapshot("wide_coverage", (120, 40), "%");
}

#[test]
fn small_coverage() {
    snapshot("small_coverage", (80, 24), "% f");
}

#[test]
fn small_data() {
    snapshot("small_data", (80, 24), "1 m");
}

#[test]
fn wide_alike() {
    snapshot("wide_alike", (120, 40), "l i e Enter");
}

#[test]
fn small_columns() {
    snapshot("small_columns", (80, 24), "l O");
}

#[test]
fn wide_views() {
    snapshot("wide_views", (120, 40), "l v");
}

#[test]
fn small_messages() {
    snapshot("small_messages", (80, 24), "y a y M");
}

/// One letter for the look of each cell: colour, upper case where bold; `_` underlined, `#` reversed, `.` plain.
fn looks(h: &Harness) -> String {
    let screen = h.terminal();
    let (rows, columns) = screen.size();
    let letter = |cell: &vt100::Cell| {
        let colour = match cell.fgcolor() {
            vt100::Color::Default => '.',
            vt100::Color::Idx(n @ 0..16) => char::from(b"krgybmcwdRGYBMCW"[usize::from(n)]),
            _ => '?',
        };
        match (cell.inverse(), cell.underline(), cell.bold()) {
            (true, ..) => '#',
            (_, true, _) => '_',
            (_, _, true) if colour == '.' => '*',
            (_, _, true) => colour.to_ascii_uppercase(),
            _ => colour,
        }
    };
    let line = |y| (0..columns.get()).filter_map(|x| screen.cell(y, x)).map(letter).collect::<String>();
    (0..rows.get()).map(line).map(|l| l.trim_end_matches('.').to_owned()).collect::<Vec<_>>().join("\n")
}

/// The screen and the look of its cells, in a theme.
fn themed(theme: ThemeName, name: &str, size: (u16, u16)) {
    let config = UiConfig { theme, ..UiConfig::default() };
    let mut h = Harness::with(FakeService::new(60, 3_000), size, config);
    h.keys("l j Space");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("fixtures/ui");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, format!("{}\n\n{}", h.shown(), looks(&h))));
}

#[test]
fn every_size_in_dark_and_light() {
    for (theme, word) in [(ThemeName::Dark, "dark"), (ThemeName::Light, "light")] {
        for (size, place) in [((80, 24), "small"), ((120, 40), "wide"), ((200, 60), "huge")] {
            themed(theme, &format!("{place}_{word}"), size);
        }
    }
}

/// What a screen reader is given, at every size: the same words, because nothing of it depends on the width.
#[test]
fn every_size_in_plain_lines() {
    let mut said = Vec::new();
    for size in [(80, 24), (120, 40), (200, 60)] {
        let config = UiConfig { plain: true, ..UiConfig::default() };
        let mut h = Harness::with(FakeService::new(60, 3_000), size, config);
        let mut spoken = Spoken::default();
        let mut lines = spoken.news(&h.state);
        for key in ["l", "j", "Space", "J", "a", "e", "Esc", "1", "3", "2"] {
            h.keys(key);
            lines.push(format!("--- {key}"));
            lines.extend(spoken.news(&h.state));
        }
        said.push(lines.join("\n"));
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("fixtures/ui");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("plain_wide", said[1]));
    assert_eq!(said[1], said[2]);
}

#[test]
fn small_schedules() {
    snapshot("small_schedules", (80, 24), "1 t");
}

#[test]
fn wide_schedules_edited() {
    snapshot("wide_schedules_edited", (120, 40), "1 t e Ctrl-u h o u r l y Enter");
}

/// The README's pictures are drawn from the same screens; `UPDATE_DOCS=1 cargo test --test ui_screens` draws them anew.
#[test]
fn the_pictures_of_the_readme_are_these_screens() {
    for (file, keys) in [("screen.svg", "l j"), ("coverage.svg", "%")] {
        let mut h = Harness::new(FakeService::new(60, 3_000), (120, 40));
        h.keys(keys);
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(file);
        let drawn = picture::svg(h.terminal());
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, drawn).expect("assets can be written");
        } else {
            let kept = std::fs::read_to_string(&path).expect("the picture");
            assert!(kept == drawn, "{file} is out of date: run UPDATE_DOCS=1 cargo test --test ui_screens");
        }
    }
}

#[test]
fn small_record() {
    snapshot("small_record", (80, 24), "R p");
}
