//! A writer that is killed (SIGKILL) at any instant: the store opens, holds every acknowledged decision, and no page and
//! no decision by half.

use matchbook::domain::{
    Actor, Decision, DecisionKind, Device, FlowId, HistoryEntry, HistoryId, IntegrationId, LogEntry, LogLevel, Record,
    RowChange, Stream, Timestamp,
};
use matchbook::store::{PageBatch, RunRecord, Store};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Set for the writer, to the directory of the store.
const WRITER: &str = "MATCHBOOK_TEST_STORE";

/// Kills; the acknowledgements before each differ, so that they fall into different work. Set `MATCHBOOK_TEST_ROUNDS`
/// for more.
const ROUNDS: usize = 5;

const STREAM: Stream = Stream::Devices;
const RECORDS: usize = 60;

/// Set for the writer, to the number of rows of each decision.
const ROWS: &str = "MATCHBOOK_TEST_ROWS";

fn addigy() -> IntegrationId {
    IntegrationId::new("addigy")
}

fn flow() -> FlowId {
    FlowId::new("flow")
}

fn at() -> Timestamp {
    Timestamp::from_unix_timestamp(1_800_000_000).unwrap()
}

/// Page `n` brings records named `n`: a store that lacks some of a name has a page by half. They are new ones, because
/// changes of known records wait for the end of a run.
fn page(run: &RunRecord) -> PageBatch {
    let number = run.page + 1;
    let device = |n: usize| Record::Device(Box::new(Device::new(format!("d{number:09}-{n}"), number.to_string())));
    let line = LogEntry {
        seq: 0,
        at: at(),
        level: LogLevel::Info,
        integration: None,
        stream: None,
        run: Some(run.run),
        record: None,
        text: format!("page {number}"),
        count: 1,
    };
    PageBatch {
        integration: addigy(),
        stream: STREAM,
        run: run.run,
        page: number,
        records: (0..RECORDS).map(device).collect(),
        seen: vec![],
        cursor: number.to_string(),
        total: None,
        bad: 0,
        log: vec![line],
        at: at(),
    }
}

fn target(n: u64) -> Option<Decision> {
    let kind = DecisionKind::Matched { target: n.to_string().into() };
    (n > 0).then(|| Decision { kind, actor: Actor::Engine, at: at(), why: String::new() })
}

/// Entry `n` gives every row the target `n`.
fn decide_all(store: &Store, n: u64, rows: usize) -> HistoryId {
    let change = |row: usize| RowChange { source: format!("r{row}").into(), before: target(n - 1), after: target(n) };
    let entry = HistoryEntry {
        id: HistoryId(0),
        at: at(),
        actor: Actor::Engine,
        flow: flow(),
        stream: STREAM,
        what: "all".into(),
        changes: (0..rows).map(change).collect(),
        rows: 0,
        rules: Vec::new(),
        records: Vec::new(),
        undoes: None,
        undone_by: None,
    };
    store.decide(entry).unwrap().id
}

fn last_decision(store: &Store) -> u64 {
    store.history(None, 1).unwrap().first().map_or(0, |entry| entry.id.0)
}

/// Not a test: what the killed process does. It writes until it is killed, and says what is acknowledged.
#[test]
fn writer() {
    let Some(path) = std::env::var_os(WRITER) else { return };
    let rows = std::env::var(ROWS).unwrap().parse().unwrap();
    let store = Store::open(Path::new(&path)).unwrap();
    let mut run = match store.open_run(&addigy(), STREAM).unwrap() {
        Some(open) => store.resume_run(open, at()).unwrap(),
        None => store.begin_run(&addigy(), STREAM, at()).unwrap(),
    };
    let mut decision = last_decision(&store);
    let mut out = std::io::stdout();
    loop {
        store.commit_page(page(&run)).unwrap();
        run = store.open_run(&addigy(), STREAM).unwrap().unwrap();
        decision = decide_all(&store, decision + 1, rows).0;
        // Decisions flush the pages before them too.
        if writeln!(out, "acknowledged {decision} {}", run.page).and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

/// Runs the writer, kills it after that many acknowledgements, and gives the last one.
fn killed_after(acknowledgements: usize, path: &PathBuf, rows: usize) -> (u64, u32) {
    let mut writer = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writer", "--nocapture"])
        .env(WRITER, path)
        .env(ROWS, rows.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    let read = |lines: &mut dyn Iterator<Item = std::io::Result<String>>| -> Option<(u64, u32)> {
        for line in lines {
            let line = line.unwrap();
            if let Some((_, numbers)) = line.split_once("acknowledged ") {
                let (decision, page) = numbers.split_once(' ').unwrap();
                return Some((decision.parse().unwrap(), page.parse().unwrap()));
            }
        }
        None
    };
    let acknowledged = (0..acknowledgements).map(|_| read(&mut lines).expect("the writer goes on"));
    let mut last = acknowledged.last().unwrap();
    writer.kill().unwrap();
    while let Some(later) = read(&mut lines) {
        last = later;
    }
    writer.wait().unwrap();
    last
}

fn check(path: &Path, (acknowledged, page): (u64, u32), rows: usize) {
    let store = Store::open(path).unwrap();
    let run = store.open_run(&addigy(), STREAM).unwrap().unwrap();
    assert!(run.page >= page, "page {page} was flushed, {} is the last", run.page);
    let mut names = Vec::new();
    let mut each = |stored: matchbook::store::StoredRecord| {
        names.push(stored.record.name().to_owned());
        std::ops::ControlFlow::Continue(())
    };
    store.each_record(&addigy(), STREAM, &mut each).unwrap();
    names.sort_by_key(|name| name.parse::<u32>().unwrap());
    let whole = (1..=run.page).flat_map(|page| vec![page.to_string(); RECORDS]);
    assert!(names.into_iter().eq(whole), "records, cursor and run are of one page");
    assert_eq!(run.cursor, Some(run.page.to_string()));
    assert_eq!(run.counts.read, u64::from(run.page) * RECORDS as u64);
    assert_eq!(store.live_count(&addigy(), STREAM), u64::from(run.page) * RECORDS as u64);
    let lines = store.log(None, usize::MAX, &|_| true, usize::MAX).unwrap();
    assert_eq!(lines.len(), run.page as usize);
    assert_eq!(lines.last().unwrap().text, format!("page {}", run.page));

    let last = last_decision(&store);
    assert!(last >= acknowledged, "decision {acknowledged} was acknowledged, {last} is the last");
    let mut targets = Vec::new();
    store.each_decision(&flow(), STREAM, &mut |_, decision| targets.push(decision)).unwrap();
    assert_eq!(targets, vec![target(last).unwrap(); rows], "rows and history are of one decision");
    let entry = store.history_entry(HistoryId(last)).unwrap().unwrap();
    assert_eq!((entry.changes.len(), entry.rows), (rows, rows as u64));
    assert_eq!(store.decision_counts(&flow(), STREAM).unwrap().matched, rows as u64);
}

fn killed_again_and_again(rows: usize, most: usize) {
    let rounds = std::env::var("MATCHBOOK_TEST_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(ROUNDS);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let mut before = 0;
    for round in 0..rounds {
        let last = killed_after(1 + round * 7 % most, &path, rows);
        assert!(last.0 > before, "the writer made progress");
        before = last.0;
        check(&path, last, rows);
    }
}

#[test]
fn a_killed_writer_leaves_whole_pages_and_every_acknowledged_decision() {
    killed_again_and_again(45, 23);
}

/// Decisions of so many rows are several writes.
#[test]
fn a_killed_bulk_is_all_there_or_not_at_all() {
    killed_again_and_again(2500, 3);
}
