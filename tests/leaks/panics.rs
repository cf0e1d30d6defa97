//! A panic while a secret is alive: neither the terminal nor a file holds it afterwards.

use super::fault_vendors::Subject;
use super::sync_support::{Home, Setup, quick};
use super::{Wanted, files_below};
use matchbook::connectors::Tuning;
use matchbook::domain::Stream;
use matchbook::secrets::Redactor;
use matchbook::term::{Guard, Taking};
use portable_pty::CommandBuilder;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const CHILD: &str = "MATCHBOOK_PANIC_HOME";
const PLACE: &str = "MATCHBOOK_PANIC_PLACE";
const KEY: &str = "MATCHBOOK_PANIC_KEY";

/// How long the child may take in all.
const PATIENCE: Duration = Duration::from_mins(1);

/// Not a test: the process that panics, in a sync and at its end, with everything in the message that it may print.
#[test]
fn the_child() {
    let Ok(dir) = std::env::var(CHILD) else { return };
    let (place, key) = (std::env::var(PLACE).unwrap(), std::env::var(KEY).unwrap());
    let log = fs::File::create(Path::new(&dir).join("matchbook.log")).unwrap();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(Mutex::new(log))
        .init();
    let _guard = Guard::enter(Taking::Keys).unwrap();
    let connection = super::sync_support::connection("addigy", &place, &[("api_key", &key)], &[]);
    let credentials = connection.credentials.clone();
    let shown = format!("{connection:?}");
    let tuning = Tuning { trace: Some(Arc::new(|line| panic!("the exchange {line} is not liked"))), ..quick() };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let setup = Setup { tuning, ..Setup::default() };
        let home = Home::with(&Path::new(&dir).join("store"), vec![connection], setup);
        home.sync(Some("addigy"), Some(Stream::Devices), true).await;
        let state = home.state("addigy", Stream::Devices).await;
        println!("state {state:?}");
        home.close().await;
    });
    let redactor = Redactor::of([&credentials]);
    panic!("the end with {credentials:?}, {redactor:?} and {shown}");
}

#[test]
fn no_secret_is_left_by_a_panic() {
    let simulator = super::vendors(4, 20, super::Faults::None);
    let end = &simulator.endpoints().addigy;
    let dir = tempfile::tempdir().unwrap();
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--exact", "panics::the_child", "--nocapture", "--test-threads=1"]);
    let base_url = Subject::Addigy.through(&simulator, &format!("http://{}", Subject::Addigy.socket(&simulator)));
    for (name, value) in
        [(CHILD, dir.path().to_str().unwrap()), (PLACE, &base_url.base_url.unwrap()), (KEY, &end.api_key)]
    {
        command.env(name, value);
    }
    command.env("RUST_BACKTRACE", "full");
    let mut terminal = super::pty::Terminal::start(command, 120, 40).unwrap();
    terminal.wait_until(PATIENCE, |_| false);
    let screen = String::from_utf8_lossy(&terminal.written).into_owned();
    assert!(screen.contains("the end with") && screen.contains("api_key"), "it panicked at the end: {screen}");
    assert!(screen.contains("Failed") && screen.contains("class: Ours"), "the sync ended as our fault: {screen}");
    let log = fs::read_to_string(dir.path().join("matchbook.log")).unwrap();
    assert!(log.contains("a background task panicked") && log.contains("is not liked"), "{log}");

    let wanted = Wanted::new(&BTreeMap::from([("Addigy's key".to_owned(), end.api_key.clone())]));
    assert!(wanted.found(end.api_key.as_bytes()).is_some(), "the search finds what is there");
    assert_eq!(wanted.found(&terminal.written), None, "on the terminal");
    for file in files_below(dir.path()) {
        assert_eq!(wanted.found(&fs::read(&file).unwrap()), None, "in {}", file.display());
    }
}
