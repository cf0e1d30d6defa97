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

/// The themes for few colours and for weak eyes: the words are those of the dark one, the looks are theirs.
#[test]
fn basic_and_contrast() {
    let looks_in = |theme| looks(&walked("l j Space", (80, 24), theme, false));
    let (basic, contrast) = (looks_in(ThemeName::Basic), looks_in(ThemeName::Contrast));
    // Dark grey is one of the bright eight, which such a terminal does not have.
    assert!(!basic.contains('?') && !basic.contains('d'), "{basic}");
    assert!(!contrast.contains('d'), "nothing is dimmed: {contrast}");
    themed(ThemeName::Basic, "small_basic", (80, 24));
    themed(ThemeName::Contrast, "small_contrast", (80, 24));
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

/// Keys to every screen, by its name.
const SCREENS: [(&str, &str); 30] = [
    ("queue", "l j"),
    ("compare", "l J z"),
    ("companies", "j"),
    ("conflicts", "h"),
    ("grouped", "l b"),
    ("coverage", "%"),
    ("history", "a i H"),
    ("help", "?"),
    ("palette", ":"),
    ("connect", "1 c"),
    ("connect-fields", "1 c Enter"),
    ("flow", "1 n"),
    ("settings", "1 Enter"),
    ("schedules", "1 t"),
    ("data", "1 m"),
    ("outbox", "W"),
    ("cards", "!"),
    ("messages", "y y M"),
    ("rules", ": r u l e s Enter"),
    ("log", "Tab"),
    ("picker", "l m"),
    ("confirm", "l * a"),
    ("quick", "A"),
    ("filter", "f"),
    ("views", "l v"),
    ("columns", "l O"),
    ("fields", "l E"),
    ("why", "l w"),
    ("record", "R"),
    ("find", "l / p c"),
];

fn kind() -> matchbook::ui::Kind {
    let key =
        matchbook::ui::Prompt { name: "api_key".into(), prompt: "API token".into(), help: "Account, keys.".into() };
    matchbook::ui::Kind {
        name: "acme".into(),
        vendor: "Acme RMM".into(),
        delivers: "policies, devices".into(),
        permissions: "View Devices and View Policies.".into(),
        secrets: vec![key],
        ..matchbook::ui::Kind::default()
    }
}

/// A screen that was walked to with its keys.
fn walked(keys: &str, size: (u16, u16), theme: ThemeName, plain: bool) -> Harness {
    let config = UiConfig { theme, plain, ..UiConfig::default() };
    let mut h = Harness::with(FakeService::new(60, 3_000), size, config);
    h.state.kinds = vec![kind()];
    h.keys(keys);
    h
}

#[test]
fn no_screen_panics_however_small() {
    for (name, keys) in SCREENS {
        for size in [(20, 5), (20, 24), (40, 8), (79, 5), (120, 6), (200, 60)] {
            let mut h = walked(keys, size, ThemeName::Dark, false);
            // Made smaller and larger under the person's hands.
            for (width, height) in [(20, 5), (1, 1), (121, 41)] {
                h.send(matchbook::ui::Msg::Resize(width, height));
            }
            h.keys("j Enter Esc Esc Esc Esc");
            assert!(!h.shown().is_empty(), "{name} at {size:?}");
        }
        // Nothing connected at all.
        let mut h = Harness::new(FakeService::empty(), (20, 5));
        h.keys(keys);
    }
}

/// Every main screen at the three sizes: the same words in dark and light, and how either looks.
#[test]
fn every_screen_at_every_size_in_every_theme() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("fixtures/ui/screens");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (name, keys) in SCREENS {
        let mut all = Vec::new();
        for size in [(80, 24), (120, 40), (200, 60)] {
            let dark = walked(keys, size, ThemeName::Dark, false);
            let light = walked(keys, size, ThemeName::Light, false);
            assert_eq!(dark.shown(), light.shown(), "{name} at {size:?}");
            all.push(format!("--- {}x{}\n{}", size.0, size.1, dark.shown()));
            if size.0 == 80 {
                all.push(format!("--- dark\n{}\n--- light\n{}", looks(&dark), looks(&light)));
            }
        }
        settings.bind(|| insta::assert_snapshot!(name, all.join("\n")));
    }
}

/// What is said of every screen in plain lines.
#[test]
fn every_screen_in_plain_lines() {
    let mut all = Vec::new();
    for (name, keys) in SCREENS {
        let h = walked(keys, (120, 40), ThemeName::Dark, true);
        let said = Spoken::default().news(&h.state);
        assert!(said.len() > 1, "{name} says nothing: {said:?}");
        all.push(format!("--- {name}\n{}", said.join("\n")));
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("fixtures/ui/screens");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("plain", all.join("\n")));
}
