//! The demo's simulated vendors are a process of their own: they say what is true when asked, and they end with the
//! demo, however it ends.

#![cfg(unix)]

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_matchbook");

fn start(arguments: &[&str]) -> Child {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn().expect("the program starts")
}

fn line(from: &mut impl BufRead) -> Value {
    let mut line = String::new();
    from.read_line(&mut line).expect("a line");
    serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"))
}

/// A connection to the vendor behind that base address.
fn connect(base_url: &str) -> TcpStream {
    let address = base_url.trim_start_matches("http://").split('/').next().expect("an address");
    TcpStream::connect(address).expect("the vendor answers")
}

/// Waits until the other side has closed the connection.
fn closed(mut connection: TcpStream) {
    let mut byte = [0];
    match connection.read(&mut byte) {
        Ok(0) => {}
        Err(e) if e.kind() == ErrorKind::ConnectionReset => {}
        other => panic!("the vendor still answers: {other:?}"),
    }
}

#[test]
fn they_answer_what_is_true_and_end_with_the_pipe() {
    let mut child = start(&["simulate", "--attended", "--companies", "5", "--devices", "40", "--seed", "3"]);
    let mut answers = BufReader::new(child.stdout.take().expect("stdout"));
    let mut questions = child.stdin.take().expect("stdin");
    let endpoints = line(&mut answers);
    let open = connect(endpoints["itglue"]["base_url"].as_str().expect("an address"));

    writeln!(questions, "{}", json!("totals")).expect("a question");
    let totals = line(&mut answers);
    assert!(totals["truth"]["device_pairs"].as_u64().is_some_and(|pairs| pairs > 10), "{totals}");

    let nobody = "00000000-0000-4000-8000-000000000000";
    let devices = json!({"source": "addigy", "target": "itglue", "stream": "devices"});
    writeln!(questions, "{}", json!({"judge": {"queue": devices, "pairs": [[nobody, "1"]]}})).expect("a question");
    assert_eq!(line(&mut answers), json!([{"verdict": "unknown", "right": null}]));

    writeln!(questions, "{}", json!({"pairs": {"queue": devices}})).expect("a question");
    assert_eq!(line(&mut answers), totals["truth"]["device_pairs"]);
    let offices = json!({"source": "autotask", "target": "itglue", "stream": "locations"});
    writeln!(questions, "{}", json!({"pairs": {"queue": offices}})).expect("a question");
    assert!(line(&mut answers).as_u64().is_some_and(|pairs| pairs > 1));

    drop(questions);
    closed(open);
    assert!(child.wait().expect("its end").success());
}

#[test]
fn what_keeps_them_from_starting_is_said() {
    let output = Command::new(PROGRAM).args(["demo", "--headless", "--companies", "0"]).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("at least one company") && said.contains("--companies 1 or more"), "{said}");
}

#[test]
fn a_killed_demo_leaves_no_vendors_behind() {
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().to_str().expect("a path");
    // Long enough to be killed in the middle: the vendors' limit lets through what is asked for in half a minute.
    let mut demo = start(&["demo", "--headless", "--companies", "200", "--devices", "100000", "--home", path]);
    let configuration = home.path().join("config.toml");
    let base_url = loop {
        let text = std::fs::read_to_string(&configuration).unwrap_or_default();
        if let Some(line) = text.lines().find(|l| l.starts_with("base_url")) {
            break line.split('"').nth(1).expect("an address").to_owned();
        }
        assert!(demo.try_wait().expect("its state").is_none(), "the demo has ended");
        std::thread::yield_now();
    };
    let open = connect(&base_url);
    demo.kill().expect("it is killed");
    demo.wait().expect("its end");
    closed(open);
}
