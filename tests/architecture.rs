//! Holds the room table of `ARCHITECTURE.md` and the tidiness rules over every file of `src`.
//!
//! Each rule is a function from one file to its breaches; the tests run all of them over the tree, and over made-up
//! files that break one rule each, so that a rule that has gone blind fails here.

#[path = "architecture/scan.rs"]
mod scan;

use scan::{Reference, Scan, scan};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// One room, and what it may use beside itself.
struct Room {
    name: &'static str,
    /// Other rooms, or single modules of them (`service::messages`).
    uses: &'static [&'static str],
    /// Pure rooms: no I/O, no tasks, no clock.
    pure: bool,
}

const fn room(name: &'static str, uses: &'static [&'static str]) -> Room {
    Room { name, uses, pure: false }
}

const fn pure(name: &'static str, uses: &'static [&'static str]) -> Room {
    Room { name, uses, pure: true }
}

/// The table of `ARCHITECTURE.md`; a test compares the two.
const ROOMS: &[Room] = &[
    pure("domain", &[]),
    pure("matching", &["domain"]),
    room("store", &["domain"]),
    room("secrets", &["domain"]),
    room("config", &["domain"]),
    room("connectors", &["domain", "secrets"]),
    room("sync", &["domain", "store", "connectors"]),
    room("service", &["domain", "matching", "store", "connectors", "sync"]),
    pure("ui", &["domain", "service::messages"]),
    // Input becomes the interface's own keys here, so that no other room learns crossterm's.
    room("term", &["ui::Key", "ui::KeyCode"]),
    room("app", &["domain", "service", "term", "ui"]),
    room(
        "cli",
        &[
            "domain",
            "matching",
            "store",
            "secrets",
            "config",
            "connectors",
            "service",
            "app",
            "simulator",
            "ui::UiConfig",
            "ui::ThemeName",
        ],
    ),
    // Errors and one value only: its world and its answers share no code with the rooms that they test.
    room("simulator", &["domain::Failure", "domain::FailureClass", "domain::Mac"]),
];

/// Crates that only some rooms may name. A crate that is not listed is free to every room that is not pure.
const HOMES: &[(&str, &[&str])] = &[
    ("age", &["secrets"]),
    ("any_ascii", &["matching", "service", "simulator", "ui"]),
    ("axum", &["simulator"]),
    ("bytes", &["connectors"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("croner", &["domain"]),
    ("crossterm", &["term"]),
    ("directories", &["config"]),
    ("encoding_rs", &["connectors", "cli"]),
    ("fuzzy_matcher", &["service", "ui"]),
    ("jiff", &["domain"]),
    ("rand", &["simulator", "connectors"]),
    ("rand_chacha", &["simulator"]),
    ("ratatui", &["ui", "term", "app"]),
    ("rayon", &["matching", "service", "cli"]),
    ("reqwest", &["connectors"]),
    ("rmp_serde", &["store", "service"]),
    ("rpassword", &["cli"]),
    ("rustls", &["connectors"]),
    ("secrecy", &["secrets", "connectors", "cli", "ui"]),
    ("sled", &["store"]),
    ("strsim", &["matching", "config", "connectors", "service", "cli"]),
    ("tokio", &["connectors", "sync", "service", "term", "app", "cli", "simulator"]),
    ("toml_edit", &["config"]),
    ("similar", &["ui"]),
    ("tui_input", &["ui"]),
    ("unicode_normalization", &["matching"]),
    ("zeroize", &["secrets", "connectors", "cli", "ui"]),
];

/// All that a pure room may name from outside.
const PURE_CRATES: &[(&str, &[&str])] = &[
    ("domain", &["serde", "time", "thiserror", "toml", "croner", "jiff"]),
    (
        "matching",
        &["serde", "time", "rustc_hash", "rayon", "strsim", "any_ascii", "unicode_normalization", "smallvec", "toml"],
    ),
    (
        "ui",
        &[
            "any_ascii",
            "fuzzy_matcher",
            "ratatui",
            "similar",
            "tui_input",
            "time",
            "rustc_hash",
            "unicode_width",
            "unicode_segmentation",
            "secrecy",
            "zeroize",
        ],
    ),
];

/// What the standard library offers that a pure room must be handed instead.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::env",
    "std::os",
    "std::time::Instant::now",
    "std::time::SystemTime::now",
];

/// The one place of the pure rooms that reads the clock: the real implementation of the clock trait.
const CLOCK_FILE: &str = "domain/outside.rs";

const MOST_LINES: usize = 600;

/// Files that may be longer, with the bound and the reason. An entry that is no longer needed fails.
const LONGER: &[(&str, usize, &str)] = &[];

/// Where a file stands: its path under `src` and the modules that lead to it.
struct Place {
    file: String,
    modules: Vec<String>,
    test: bool,
}

impl Place {
    fn new(file: &str, test: bool) -> Self {
        let mut modules: Vec<String> = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if matches!(modules.last().map(String::as_str), Some("mod" | "lib" | "main")) {
            modules.pop();
        }
        Self { file: file.to_owned(), modules, test }
    }

    fn room(&self) -> Option<&'static Room> {
        ROOMS.iter().find(|room| self.modules.first().is_some_and(|first| first == room.name))
    }

    fn scan(&self, source: &str) -> Result<Scan, String> {
        let modules: Vec<&str> = self.modules.iter().map(String::as_str).collect();
        scan(source, &modules)
    }
}

/// Every breach of every rule in one file, each as `file:line what`.
fn breaches(place: &Place, source: &str, crates: &BTreeSet<String>) -> Vec<String> {
    let scan = match place.scan(source) {
        Ok(scan) => scan,
        Err(error) => return vec![format!("{}: {error}", place.file)],
    };
    let mut found = BTreeSet::new();
    for reference in &scan.references {
        let breach = match reference.path[0].as_str() {
            "crate" => room_breach(place, reference),
            "std" | "core" | "alloc" => standard_breach(place, reference),
            name if crates.contains(name) => crate_breach(place, reference, name),
            _ => None,
        };
        found.extend(breach.map(|what| (reference.line, what)));
    }
    for (word, line, test) in &scan.words {
        found.extend(word_breach(place, word, *test).map(|what| (*line, what)));
    }
    found.extend(scan.unreasoned.iter().map(|line| (*line, "lint switched off without a reason".to_owned())));
    found.extend(text_breaches(place, source));
    found.into_iter().map(|(line, what)| format!("src/{}:{line} {what}", place.file)).collect()
}

fn room_breach(place: &Place, reference: &Reference) -> Option<String> {
    let Some(target) = reference.path.get(1) else { return Some("names the root of the crate".into()) };
    let Some(room) = place.room() else {
        // main.rs hands over to the command line; lib.rs only declares the rooms.
        return (place.file != "main.rs" || target != "cli").then(|| format!("uses {target}"));
    };
    if target == room.name {
        return None;
    }
    let path = reference.path[1..].join("::");
    let allowed = room.uses.iter().any(|allowed| starts_with_path(&path, allowed));
    (!allowed).then(|| format!("{} may not use {path}", room.name))
}

fn crate_breach(place: &Place, reference: &Reference, name: &str) -> Option<String> {
    let room = place.room().map_or("", |room| room.name);
    if reference.test || place.test {
        return None;
    }
    if let Some((_, allowed)) = PURE_CRATES.iter().find(|(pure, _)| *pure == room) {
        return (!allowed.contains(&name)).then(|| format!("{room} may not use the crate {name}"));
    }
    let home = HOMES.iter().find(|(listed, _)| *listed == name);
    home.filter(|(_, rooms)| !rooms.contains(&room)).map(|_| format!("{room} may not use the crate {name}"))
}

fn standard_breach(place: &Place, reference: &Reference) -> Option<String> {
    let path = reference.path.join("::");
    if starts_with_path(&path, "std::thread::sleep") {
        return Some("sleeps".into());
    }
    let pure = place.room().is_some_and(|room| room.pure) && !reference.test && !place.test;
    let impure = IMPURE.iter().any(|banned| starts_with_path(&path, banned));
    (pure && impure).then(|| format!("a pure room may not use {path}"))
}

fn word_breach(place: &Place, word: &str, test: bool) -> Option<String> {
    let pure = place.room().is_some_and(|room| room.pure) && !test && !place.test;
    match word {
        "todo" | "unimplemented" => Some(format!("{word}! left in")),
        "unsafe" => Some("unsafe code".into()),
        "async" | "await" | "spawn" if pure => Some(format!("{word} in a pure room")),
        "now_utc" | "now_local" if pure && place.file != CLOCK_FILE => Some("reads the clock".into()),
        _ => None,
    }
}

fn text_breaches(place: &Place, source: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let lines = source.lines().count();
    let most = LONGER.iter().find(|(file, ..)| *file == place.file).map_or(MOST_LINES, |(_, most, _)| *most);
    if lines > most {
        found.push((lines, format!("is longer than {most} lines")));
    }
    if !source.trim_start().starts_with("//!") {
        found.push((1, "has no module documentation at its top".into()));
    }
    for (index, line) in source.lines().enumerate() {
        let words = line.split(|c: char| !c.is_alphanumeric());
        if words.into_iter().any(|word| matches!(word, "TODO" | "FIXME" | "XXX" | "HACK")) {
            found.push((index + 1, "leaves a note of unfinished work".into()));
        }
    }
    found
}

fn starts_with_path(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every Rust file under `folder`, as paths relative to it with `/`.
fn rust_files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display())) {
            let path = entry.expect("a directory entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let relative = path.strip_prefix(folder).expect("under the folder");
                found.push(relative.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

/// Names of the dependencies as code writes them, from one table of `Cargo.toml`.
fn dependencies(table: &str) -> BTreeSet<String> {
    let manifest: toml::Table = read(&root().join("Cargo.toml")).parse().expect("Cargo.toml parses");
    let listed = manifest[table].as_table().expect("a table of dependencies");
    listed.keys().map(|name| name.replace('-', "_")).collect()
}

fn all_crates() -> BTreeSet<String> {
    dependencies("dependencies").into_iter().chain(dependencies("dev-dependencies")).collect()
}

/// Files of `src` that are test code because their `mod` line is under `#[cfg(test)]`.
fn test_files(src: &Path, files: &[String]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in files {
        let place = Place::new(file, false);
        let Ok(scan) = place.scan(&read(&src.join(file))) else { continue };
        for module in scan.test_modules {
            let folder = place.modules.join("/");
            let base = if folder.is_empty() { module } else { format!("{folder}/{module}") };
            found.extend([format!("{base}.rs"), format!("{base}/mod.rs")]);
        }
    }
    found
}

#[test]
fn every_file_keeps_to_its_room() {
    let src = root().join("src");
    let files = rust_files(&src);
    let tests = test_files(&src, &files);
    let crates = all_crates();
    let mut found = Vec::new();
    for file in &files {
        let place = Place::new(file, tests.contains(file));
        found.extend(breaches(&place, &read(&src.join(file)), &crates));
    }
    assert!(files.len() > ROOMS.len(), "the tree was not read: {} files", files.len());
    assert!(found.is_empty(), "{} breaches of ARCHITECTURE.md:\n{}", found.len(), found.join("\n"));
}

#[test]
fn every_top_level_module_is_a_room() {
    let declared: BTreeSet<String> = read(&root().join("src/lib.rs"))
        .lines()
        .filter_map(|line| line.split_once("mod ").map(|(_, rest)| rest.trim_end_matches(';').to_owned()))
        .collect();
    let rooms: BTreeSet<String> = ROOMS.iter().map(|room| room.name.to_owned()).collect();
    assert_eq!(declared, rooms);
}

#[test]
fn the_tables_name_only_what_exists() {
    let rooms: BTreeSet<&str> = ROOMS.iter().map(|room| room.name).collect();
    for room in ROOMS {
        for used in room.uses {
            let target = used.split("::").next().unwrap_or_default();
            assert!(rooms.contains(target), "{} is said to use {used}, which is no room", room.name);
        }
    }
    let crates = dependencies("dependencies");
    let listed = HOMES.iter().map(|(name, rooms)| (*name, *rooms));
    for (name, homes) in listed {
        assert!(crates.contains(name), "{name} has a home but is no dependency");
        assert!(homes.iter().all(|home| rooms.contains(home)), "a home of {name} is no room");
    }
    for (file, most, _) in LONGER {
        let lines = read(&root().join("src").join(file)).lines().count();
        assert!(lines > MOST_LINES && lines <= *most, "{file} has {lines} lines: its exception is not needed");
    }
}

#[test]
fn no_test_sleeps() {
    let folder = root().join("tests");
    for file in rust_files(&folder) {
        let source = read(&folder.join(&file));
        let scan = scan(&source, &[]).unwrap_or_else(|error| panic!("tests/{file}: {error}"));
        let sleeps = scan.references.iter().find(|reference| reference.path.join("::") == "std::thread::sleep");
        assert!(sleeps.is_none(), "tests/{file}:{} sleeps", sleeps.map_or(0, |reference| reference.line));
    }
}

/// Breaches of a made-up file.
fn made_up(file: &str, source: &str) -> Vec<String> {
    breaches(&Place::new(file, false), source, &all_crates())
}

#[test]
fn a_breach_is_found_however_it_is_written() {
    let cases = [
        ("matching/score.rs", "use crate::store::Store;"),
        ("matching/score.rs", "use super::super::store::Store;"),
        ("matching/score.rs", "use crate::{domain::Mac, store::Store};"),
        ("matching/score.rs", "fn f() { let _ = crate::store::Store::open(p); }"),
        ("matching/deep/mod.rs", "mod inner { use super::super::super::store as s; }"),
        ("matching/score.rs", "use matchbook::store::Store;"),
        ("matching/score.rs", "macro_rules! m { () => { $crate::store::open() } }"),
        ("matching/score.rs", "pub(in crate::service) fn f() {}"),
        ("matching/score.rs", "use crate::*;"),
        ("matching/score.rs", "fn f() { let at = std::time::Instant::now(); }"),
        ("matching/score.rs", "use std::time::Instant; fn f() { let at = Instant::now(); }"),
        ("matching/score.rs", "use std::{fmt, fs};"),
        ("matching/score.rs", "async fn f() {}"),
        ("domain/device.rs", "fn f() -> Timestamp { Timestamp::now_utc() }"),
        ("domain/device.rs", "use tokio::sync::mpsc;"),
        ("ui/draw.rs", "use crate::service::Service;"),
        ("ui/draw.rs", "use crate::{service, domain};"),
        ("ui/draw.rs", "use crossterm::event::KeyEvent;"),
        ("app/mod.rs", "fn f() { crossterm::terminal::disable_raw_mode(); }"),
        ("service/core/mod.rs", "use sled::Db;"),
        ("service/core/mod.rs", "fn f() { let x = ::sled::open(p); }"),
        ("service/core/mod.rs", "use ::sled as database;"),
        ("service/core/mod.rs", "use crate::ui::Screen;"),
        ("sync/worker.rs", "use std::thread; fn f() { thread::sleep(d); }"),
        ("sync/worker.rs", "use std::thread::sleep;"),
        ("sync/worker.rs", "#[derive(clap::Parser)] struct S;"),
        ("simulator/mod.rs", "use crate::connectors::Page;"),
        ("main.rs", "fn main() { matchbook::service::start() }"),
        ("sync/worker.rs", "#[allow(dead_code)] fn f() {}"),
        ("sync/worker.rs", "#![expect(clippy::too_many_lines)]"),
        ("sync/worker.rs", "fn f() { todo!() }"),
        ("sync/worker.rs", "fn f() {} // FIXME later"),
        ("sync/worker.rs", "#[cfg(test)] mod tests { use crate::ui::Screen; }"),
    ];
    for (file, source) in cases {
        let found = made_up(file, &format!("//! Made up.\n{source}"));
        assert_eq!(found.len(), 1, "{file}: {source}\n{found:#?}");
    }
    assert_eq!(made_up("sync/worker.rs", "fn f() {}").len(), 1, "a file without documentation");
    let long = format!("//! Made up.\n{}", "\n".repeat(MOST_LINES));
    assert_eq!(made_up("sync/worker.rs", &long).len(), 1, "a file that is too long");
}

#[test]
fn what_is_allowed_is_not_called_a_breach() {
    let cases = [
        ("matching/score.rs", "use crate::domain::Mac; use super::block; use self::inner::x; mod inner {}"),
        ("matching/score.rs", "/// Not `crate::store`; \"use sled;\"\nconst S: &str = \"crate::store::Store todo!\";"),
        ("matching/score.rs", "use std::time::Instant; fn f(at: Instant) {}"),
        ("matching/score.rs", "#[cfg(test)] mod tests { use proptest::prelude::*; }"),
        ("matching/score.rs", "#[expect(dead_code, reason = \"kept for the seam\")] fn f() {}"),
        ("domain/outside.rs", "fn now() -> Timestamp { Timestamp::now_utc() }"),
        ("connectors/mod.rs", "mod csv; fn f() { csv::open(); }"),
        ("service/core/undo.rs", "use super::super::rows::Row; use crate::store::Store;"),
        ("ui/draw.rs", "use crate::service::messages::{Command, Row}; use ratatui::Frame;"),
        ("main.rs", "fn main() { matchbook::cli::main() }"),
        ("store/open.rs", "fn f() { sled::Config::new(); value.sled::<u8>(); }"),
    ];
    for (file, source) in cases {
        let found = made_up(file, &format!("//! Made up.\n{source}"));
        assert!(found.is_empty(), "{file}: {source}\n{found:#?}");
    }
}

/// The words in backticks of a cell.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_table_of_rooms_in_the_document_is_this_one() {
    let document = read(&root().join("ARCHITECTURE.md"));
    let mut written = Vec::new();
    for line in document.lines().filter(|line| line.starts_with("| `") && line.contains("/` |")) {
        let cells: Vec<&str> = line.split(" | ").collect();
        assert_eq!(cells.len(), 4, "{line}");
        written.push((quoted(cells[0])[0].trim_end_matches('/'), quoted(cells[2])));
    }
    let held: Vec<_> = ROOMS.iter().map(|room| (room.name, room.uses.to_vec())).collect();
    assert_eq!(written, held);
}

#[test]
fn every_file_and_test_that_the_document_names_exists() {
    let document = read(&root().join("ARCHITECTURE.md"));
    let mut tests = 0;
    for named in quoted(&document) {
        let (path, test) = named.split_once(".rs::").map_or((named, None), |(path, test)| (path, Some(test)));
        if let Some(test) = test {
            let source = read(&root().join(format!("{path}.rs")));
            assert!(source.contains(&format!("fn {test}(")), "{named} does not exist");
            tests += 1;
        } else if ["src/", "tests/", "benches/", "assets/", "service/"].iter().any(|start| path.starts_with(start)) {
            let found = root().join(path).exists() || root().join("src").join(path).exists();
            assert!(found, "{named} does not exist");
        }
    }
    assert!(tests > 10, "only {tests} tests are named");
}
