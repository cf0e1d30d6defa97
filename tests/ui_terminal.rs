//! The interface in a real pseudo-terminal: it starts, and gives the terminal back however it ends.
//!
//! The child is this test program itself, running only [`the_interface`].

#![cfg(unix)]

#[path = "common/fake_service.rs"]
mod fake_service;

use fake_service::FakeService;
use matchbook::app::{AppOptions, run};
use matchbook::service::messages::{Door, Message, Request, Ticket};
use matchbook::ui::UiConfig;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const CHILD: &str = "MATCHBOOK_TEST_INTERFACE";
/// Longest wait for something that normally takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

struct Answering(std::sync::mpsc::Sender<(Ticket, Request)>);

impl Door for Answering {
    fn submit(&self, ticket: Ticket, request: Request) {
        assert!(std::env::var(CHILD).as_deref() != Ok("panic") || ticket < 5, "asked to panic");
        let _ = self.0.send((ticket, request));
    }
}

/// Not a test of its own: what the tests below start in a pseudo-terminal.
#[test]
fn the_interface() {
    let Ok(_) = std::env::var(CHILD) else { return };
    let (requests_tx, requests_rx) = channel();
    let (messages_tx, messages) = tokio::sync::mpsc::channel(64);
    std::thread::spawn(move || {
        let mut service = FakeService::new(20, 200);
        for (ticket, request) in requests_rx {
            let asked = std::env::var(CHILD).as_deref() == Ok("panic-elsewhere") && ticket >= 5;
            assert!(!asked, "another thread was asked to panic");
            let (reply, events) = service.handle(request);
            let reply = Message::Reply { ticket, reply: Box::new(reply) };
            for message in std::iter::once(reply).chain(events.into_iter().map(Message::Event)) {
                if messages_tx.blocking_send(message).is_err() {
                    return;
                }
            }
        }
    });
    let mouse = std::env::var(CHILD).as_deref() == Ok("mouse");
    let options = AppOptions { ui: UiConfig { mouse, ..UiConfig::default() }, ..AppOptions::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let exit = runtime.block_on(run(Box::new(Answering(requests_tx)), messages, options));
    eprintln!("ended with {exit:?}");
    std::process::exit(0);
}

struct Session {
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    output: Receiver<Vec<u8>>,
    terminal: vt100::Parser,
    raw: Vec<u8>,
}

fn open(mode: &str) -> (Box<dyn Child + Send + Sync>, Box<dyn MasterPty + Send>) {
    let size = PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
    let mut command = CommandBuilder::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "the_interface", "--nocapture"]);
    command.env(CHILD, mode);
    command.env("TERM", "xterm-256color");
    let child = pair.slave.spawn_command(command).expect("a child");
    (child, pair.master)
}

fn wait_for_end(mut child: Box<dyn Child + Send + Sync>) {
    let (done_tx, done) = channel();
    std::thread::spawn(move || done_tx.send(child.wait()));
    done.recv_timeout(PATIENCE).expect("it ends").expect("its status");
}

impl Session {
    fn start(mode: &str) -> Self {
        let (child, master) = open(mode);
        let mut reader = master.try_clone_reader().expect("a reader");
        let (output_tx, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                if output_tx.send(buffer[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        let writer = master.take_writer().expect("a writer");
        let rows = 40.try_into().expect("not zero");
        let columns = 120.try_into().expect("not zero");
        let terminal = vt100::Parser::new(rows, columns, 0);
        Self { child, master: Some(master), writer: Some(writer), output, terminal, raw: Vec::new() }
    }

    /// Waits until the screen shows a text.
    fn wait_for(&mut self, text: &str) {
        let until = Instant::now() + PATIENCE;
        while !self.terminal.screen().contents().contains(text) {
            let left = until.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => {
                    self.terminal.process(&bytes);
                    self.raw.extend(bytes);
                }
                Err(std::sync::mpsc::RecvTimeoutError::Timeout | std::sync::mpsc::RecvTimeoutError::Disconnected) => {
                    panic!("not shown: {text}\n{}", self.terminal.screen().contents())
                }
            }
        }
    }

    fn send(&mut self, keys: &str) {
        let writer = self.writer.as_mut().expect("open");
        writer.write_all(keys.as_bytes()).and_then(|()| writer.flush()).expect("the terminal takes keys");
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid =
            self.child.process_id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(pid.expect("a process"), signal).expect("it lives");
    }

    /// Waits for the end of the child; everything it wrote.
    fn end(mut self) -> String {
        wait_for_end(self.child);
        drop(self.writer);
        drop(self.master);
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_secs(2)) {
            self.raw.extend(bytes);
        }
        String::from_utf8_lossy(&self.raw).into_owned()
    }
}

fn given_back_once(written: &str) {
    assert_eq!(written.matches("\u{1b}[?1049h").count(), 1, "entered once");
    assert_eq!(written.matches("\u{1b}[?1049l").count(), 1, "left once");
    let (screen, after) = written.split_once("\u{1b}[?1049l").expect("it leaves the alternate screen");
    assert!(screen.contains("\u{1b}[?2004h") && written.contains("\u{1b}[?2004l"), "pasting as it was");
    assert!(after.contains("\u{1b}[?25h"), "the cursor is shown again");
}

#[test]
fn quitting_gives_the_terminal_back() {
    let mut session = Session::start("plain");
    session.wait_for("Harbor Dental Grp 1");
    session.send("q");
    session.wait_for("is syncing");
    session.send("y");
    let written = session.end();
    given_back_once(&written);
    assert!(written.contains("ended with Ok(Quit)"), "{written}");
}

#[test]
fn keys_after_a_pause_are_still_heard() {
    let mut session = Session::start("plain");
    session.wait_for("1 of 15");
    for (key, place) in [("j", "2 of 15"), ("G", "15 of 15"), ("g", "1 of 15"), ("j", "2 of 15"), (" ", "1 marked")] {
        session.send(key);
        session.wait_for(place);
    }
    session.signal(rustix::process::Signal::TERM);
    session.end();
}

#[test]
fn signals_give_the_terminal_back() {
    use rustix::process::Signal;
    for (signal, word) in [(Signal::TERM, "Terminate"), (Signal::HUP, "HangUp"), (Signal::INT, "Interrupt")] {
        let mut session = Session::start("plain");
        session.wait_for("Harbor Dental Grp 1");
        session.signal(signal);
        let written = session.end();
        given_back_once(&written);
        assert!(written.contains(&format!("ended with Ok(Ended({word}))")), "{written}");
    }
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_speaks() {
    let mut session = Session::start("panic");
    session.wait_for("1 of 15");
    session.send("w");
    let written = session.end();
    given_back_once(&written);
    let (_, after) = written.split_once("\u{1b}[?1049l").expect("left");
    assert!(after.contains("asked to panic"), "{after}");
}

#[test]
fn a_panic_of_another_thread_gives_the_terminal_back_too() {
    let mut session = Session::start("panic-elsewhere");
    session.wait_for("1 of 15");
    session.send("w");
    let written = session.end();
    given_back_once(&written);
    assert!(written.contains("ended with Ok(DoorClosed)"), "{written}");
    let (screen, _) = written.split_once("\u{1b}[?1049l").expect("left");
    assert!(!screen.contains("asked to panic"), "it speaks over the screen");
}

#[test]
fn a_mouse_that_was_taken_is_given_back() {
    let mut session = Session::start("mouse");
    session.wait_for("1 of 15");
    session.signal(rustix::process::Signal::TERM);
    let written = session.end();
    given_back_once(&written);
    assert_eq!(written.matches("\u{1b}[?1000h").count(), 1, "taken once");
    assert_eq!(written.matches("\u{1b}[?1000l").count(), 1, "given back once");
}

#[test]
fn a_vanished_terminal_ends_the_program() {
    let (child, master) = open("plain");
    let mut reader = master.try_clone_reader().expect("a reader");
    let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&seen).contains("Harbor") {
        let n = reader.read(&mut buffer).expect("it writes");
        seen.extend(&buffer[..n]);
    }
    drop(reader);
    drop(master);
    wait_for_end(child);
}

#[test]
fn without_a_terminal_there_is_a_clear_message() {
    let output = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "the_interface", "--nocapture"])
        .env(CHILD, "plain")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("Usage") && said.contains("needs a terminal"), "{said}");
}
