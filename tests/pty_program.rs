//! The real program in a real pseudo-terminal: what a person sees on a fresh machine, and a terminal that is given
//! back however the program ends. The interface's own behaviour is tested in `ui_*.rs` without a process.

#![cfg(unix)]

mod pty;
mod pty_guides;

use matchbook::simulator::Options;
use portable_pty::{CommandBuilder, ExitStatus};
use pty::Terminal;
use rustix::process::Signal;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_matchbook");
/// For what takes milliseconds on an idle machine.
const PATIENCE: Duration = Duration::from_mins(1);

fn command(home: &Path, arguments: &[&str]) -> CommandBuilder {
    let mut command = CommandBuilder::new(PROGRAM);
    command.args(arguments);
    command.env("MATCHBOOK_HOME", home);
    // Throw-away homes go where this test cleans up.
    command.env("TMPDIR", home);
    for name in ["NO_COLOR", "LC_ALL", "LC_CTYPE"] {
        command.env_remove(name);
    }
    command
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Opens the interface of an empty home.
fn empty_home(folder: &TempDir, columns: u16, rows: u16) -> Terminal {
    let mut terminal = Terminal::start(command(folder.path(), &[]), columns, rows).expect("the program starts");
    shows(&mut terminal, "None is connected");
    terminal
}

/// Opens the demo with a small world and waits until both vendors are synced.
fn synced_demo(folder: &TempDir) -> Terminal {
    synced_demo_of(folder, "addigy,itglue")
}

fn synced_demo_of(folder: &TempDir, vendors: &str) -> Terminal {
    let arguments = ["demo", "--vendors", vendors, "--companies", "12", "--devices", "120", "--seed", "7"];
    let mut terminal = Terminal::start(command(folder.path(), &arguments), 120, 40).expect("the program starts");
    shows(&mut terminal, "Queue");
    let synced = terminal.wait_until(PATIENCE, |screen| {
        let text = screen.contents();
        let decided = text.contains("to match") || text.contains("everything is decided");
        decided && !text.contains("syncing") && text.contains("matched")
    });
    assert!(synced, "not synced:\n{}", terminal.text());
    terminal
}

/// One key or typed text, then what must be on the screen before the next.
fn step(terminal: &mut Terminal, keys: &str, text: &str) {
    terminal.send(keys).expect("the program reads");
    shows(terminal, text);
}

fn shows(terminal: &mut Terminal, text: &str) {
    assert!(terminal.wait_for(text, PATIENCE), "not shown: {text}\n{}", terminal.text());
}

fn shows_no_more(terminal: &mut Terminal, text: &str) {
    let gone = terminal.wait_until(PATIENCE, |screen| !screen.contents().contains(text));
    assert!(gone, "still shown: {text}\n{}", terminal.text());
}

/// Waits for the end; the terminal must be as it was before.
fn given_back(terminal: &mut Terminal) -> ExitStatus {
    let status = terminal.exit(PATIENCE).unwrap_or_else(|| panic!("it still runs:\n{}", terminal.text()));
    let screen = terminal.screen();
    assert!(!screen.alternate_screen(), "the alternate screen was not left");
    assert!(!screen.hide_cursor(), "the cursor stayed hidden");
    assert!(!screen.bracketed_paste(), "pasting stayed bracketed");
    assert_eq!(format!("{:?}", screen.mouse_protocol_mode()), "None", "the mouse stayed taken");
    assert_eq!(terminal.modes(), terminal.modes_before, "the line was left in another mode");
    assert!(!screen.contents().contains("panicked"), "{}", screen.contents());
    status
}

#[test]
fn an_empty_home_teaches_how_to_begin_and_leaves_on_q() {
    let folder = folder();
    let mut terminal = empty_home(&folder, 120, 40);
    assert!(terminal.screen().alternate_screen());
    assert_ne!(terminal.modes(), terminal.modes_before, "keys arrive one by one");
    terminal.send("q").expect("a key");
    assert!(given_back(&mut terminal).success());
}

#[test]
fn a_small_terminal_shows_every_pane_as_a_tab() {
    let folder = folder();
    let mut terminal = empty_home(&folder, 80, 24);
    for (key, text) in [("1", "Integrations"), ("3", "Sync log"), ("2", "matchbook connect")] {
        terminal.send(key).expect("a key");
        shows(&mut terminal, text);
    }
    terminal.send("q").expect("a key");
    assert!(given_back(&mut terminal).success());
}

#[test]
fn the_demo_syncs_both_vendors_and_leaves_nothing_behind() {
    let folder = folder();
    let mut terminal = synced_demo(&folder);
    let text = terminal.text();
    assert!(text.contains("Addigy") && text.contains("IT Glue"), "{text}");
    terminal.send("q").expect("a key");
    assert!(given_back(&mut terminal).success());
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("the folder").collect();
    assert!(left.is_empty(), "left behind: {left:?}");
}

#[test]
fn people_and_places_of_a_psa_have_tabs_with_their_own_comparison() {
    let folder = folder();
    let mut terminal = synced_demo_of(&folder, "autotask,itglue");
    // From the companies over the devices to the people, whose first row is compared by what people have.
    terminal.send("]]").expect("keys");
    shows(&mut terminal, "first name");
    step(&mut terminal, "]", "address 1");
    step(&mut terminal, "E", "Field mapping: Autotask and IT Glue");
    shows(&mut terminal, "Autotask's location");
    terminal.send("\x1b").expect("a key");
    shows_no_more(&mut terminal, "Field mapping");
    terminal.send("q").expect("a key");
    assert!(given_back(&mut terminal).success());
}

#[test]
fn any_size_is_survived_and_the_screen_comes_back() {
    let folder = folder();
    let mut terminal = synced_demo(&folder);
    terminal.resize(20, 5).expect("a size");
    shows(&mut terminal, "too small");
    for (columns, rows) in [(1, 1), (300, 100), (41, 9)] {
        terminal.resize(columns, rows).expect("a size");
    }
    terminal.resize(80, 24).expect("a size");
    shows(&mut terminal, "Queue  Addigy → IT Glue");
    terminal.resize(120, 40).expect("a size");
    shows(&mut terminal, "Compare");
    shows_no_more(&mut terminal, "too small");
    terminal.send("?").expect("a key");
    shows(&mut terminal, "Match the row, or the marked rows");
    terminal.send("\x1b").expect("a key");
    shows_no_more(&mut terminal, "Match the row, or the marked rows");
    terminal.send("q").expect("a key");
    assert!(given_back(&mut terminal).success());
}

/// The two reach the program as one: neither may hide the other until the next key.
#[test]
fn a_key_typed_while_the_window_changes_its_size_is_taken() {
    let folder = folder();
    let mut terminal = empty_home(&folder, 120, 40);
    for round in 0..100 {
        let (columns, key) = if round % 2 == 0 { (100, "?") } else { (120, "\x1b") };
        terminal.resize(columns, 40).expect("a size");
        terminal.send(key).expect("a key");
        let taken = terminal.wait_until(PATIENCE, |screen| {
            let text = screen.contents();
            let frame = text.lines().nth(2).is_some_and(|line| line.chars().count() == usize::from(columns));
            frame && text.contains("In this pane") == (key == "?")
        });
        assert!(taken, "round {round}, {columns} columns:\n{}", terminal.text());
    }
    terminal.send("q").expect("a key");
    assert!(given_back(&mut terminal).success());
}

#[test]
fn signals_end_the_program_and_give_the_terminal_back() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let folder = folder();
        let mut terminal = empty_home(&folder, 120, 40);
        terminal.signal(signal).expect("a signal");
        let status = given_back(&mut terminal);
        assert!(!status.to_string().contains("Terminated by"), "{signal:?} killed it: {status}");
    }
}

/// Set for the process that stands for the shell.
const SHELL_OF: &str = "MATCHBOOK_TEST_SHELL_OF";

/// What a shell does with a job, and nothing else: a process group in the terminal's foreground, and word of it when
/// it stops or ends. No real shell: those put the modes of the line right by themselves. Does nothing as a test.
#[test]
#[expect(clippy::zombie_processes, reason = "waitpid does it, which also tells of a stop")]
fn the_shell_of_a_job() {
    let Some(home) = std::env::var_os(SHELL_OF) else { return };
    let job = Command::new(PROGRAM).env("MATCHBOOK_HOME", home).process_group(0).spawn().expect("the program starts");
    let pid = rustix::process::Pid::from_child(&job);
    rustix::termios::tcsetpgrp(std::io::stdin(), pid).expect("a terminal");
    // It may have stopped because the terminal was not its own yet.
    rustix::process::kill_process(pid, Signal::CONT).expect("it runs");
    loop {
        let options = rustix::process::WaitOptions::UNTRACED;
        let Ok(Some((_, status))) = rustix::process::waitpid(Some(pid), options) else { continue };
        if status.stopping_signal() == Some(Signal::TSTP.as_raw()) {
            print!("\r\njob {} stopped\r\n", pid.as_raw_nonzero());
        } else if status.exited() || status.signaled() {
            print!("job ended with {:?}\r\n", status.exit_status());
            return;
        }
        std::io::stdout().flush().expect("a terminal");
    }
}

/// The screen without its first line, which tells the time.
fn below_the_header(screen: &vt100::Screen) -> String {
    screen.contents().lines().skip(1).collect::<Vec<_>>().join("\n")
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_fg_brings_the_screen_back() {
    let folder = folder();
    let mut shell = CommandBuilder::new(std::env::current_exe().expect("this test"));
    shell.args(["--exact", "the_shell_of_a_job", "--nocapture", "--test-threads=1"]);
    shell.env(SHELL_OF, folder.path());
    let mut terminal = Terminal::start(shell, 120, 40).expect("the shell starts");
    // The footer is drawn last; it names this once the store is open.
    shows(&mut terminal, "n new flow");
    let before = below_the_header(terminal.screen());
    for round in 1..=2 {
        terminal.send("\x1a").expect("a key");
        let stopped = terminal.wait_until(PATIENCE, |screen| {
            !screen.alternate_screen() && screen.contents().matches("stopped").count() == round
        });
        assert!(stopped, "not stopped:\n{}", terminal.text());
        let told = terminal.text();
        let screen = terminal.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste(), "{told}");
        assert_eq!(terminal.modes(), terminal.modes_before, "the line was left in another mode");
        // What fg does.
        let pid =
            told.lines().rev().find_map(|line| line.strip_prefix("job ")?.strip_suffix(" stopped")).expect("a job");
        let pid = rustix::process::Pid::from_raw(pid.parse().expect("a number")).expect("a process");
        rustix::process::kill_process(pid, Signal::CONT).expect("it waits");
        let whole = |screen: &vt100::Screen| screen.alternate_screen() && below_the_header(screen) == before;
        assert!(terminal.wait_until(PATIENCE, whole), "not whole again:\n{}\nbefore:\n{before}", terminal.text());
        assert_ne!(terminal.modes(), terminal.modes_before, "keys arrive one by one again");
        step(&mut terminal, "?", "In this pane");
        terminal.send("\x1b").expect("a key");
        assert!(terminal.wait_until(PATIENCE, whole), "not whole after a key:\n{}", terminal.text());
    }
    terminal.send("q").expect("a key");
    shows(&mut terminal, "job ended with Some(0)");
    given_back(&mut terminal);
}

#[test]
fn a_vanished_terminal_ends_the_program() {
    let folder = folder();
    let mut terminal = synced_demo(&folder);
    terminal.hang_up().expect("a terminal");
    assert!(terminal.exit_after_hang_up(PATIENCE).is_some(), "it runs on without a terminal");
}

#[test]
fn a_plain_terminal_gets_no_colours_and_no_special_characters() {
    let folder = folder();
    let mut command = command(folder.path(), &[]);
    for (name, value) in [("NO_COLOR", "1"), ("LANG", "C"), ("TERM", "vt100")] {
        command.env(name, value);
    }
    let mut terminal = Terminal::start(command, 80, 24).expect("the program starts");
    shows(&mut terminal, "None is connected");
    terminal.send("q").expect("a key");
    given_back(&mut terminal);
    let written = String::from_utf8_lossy(&terminal.written).into_owned();
    assert!(written.is_ascii(), "{:?}", written.chars().find(|c| !c.is_ascii()));
    let colours: Vec<&str> = written.split("\x1b[").skip(1).filter(|sequence| is_colour(sequence)).collect();
    assert!(colours.is_empty(), "{colours:?}");
}

/// Whether a control sequence chooses a colour (30–37, 38, 40–47, 48, 90–107); 39 and 49 choose the terminal's own.
fn is_colour(sequence: &str) -> bool {
    let end = sequence.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(sequence.len());
    let numbers = sequence[..end].split(';').filter_map(|number| number.parse::<u32>().ok());
    let own = |number: u32| matches!(number, 30..=38 | 40..=48 | 90..=107);
    sequence[end..].starts_with('m') && numbers.into_iter().any(own)
}

#[test]
fn a_second_process_is_told_who_holds_the_home() {
    let folder = folder();
    let mut terminal = empty_home(&folder, 120, 40);
    let status = Command::new(PROGRAM)
        .arg("status")
        .env("MATCHBOOK_HOME", folder.path())
        .stdin(Stdio::null())
        .output()
        .expect("the program runs");
    let said = String::from_utf8_lossy(&status.stderr);
    assert!(!status.status.success() && said.contains("in use"), "{}: {said}", status.status);
    assert!(said.contains(&terminal.pid.to_string()), "who holds it is not named: {said}");
    let mut second = Terminal::start(command(folder.path(), &[]), 120, 40).expect("the program starts");
    assert!(!given_back(&mut second).success());
    assert!(second.text().contains("in use"), "{}", second.text());
    terminal.send("q").expect("a key");
    assert!(given_back(&mut terminal).success());
}

#[test]
fn without_a_terminal_nothing_is_drawn_and_the_status_says_usage() {
    let folder = folder();
    for arguments in [&[] as &[&str], &["demo"]] {
        let output = Command::new(PROGRAM)
            .args(arguments)
            .env("MATCHBOOK_HOME", folder.path())
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .output()
            .expect("the program runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty() && said.contains("terminal"), "{arguments:?}: {said}");
    }
}

#[test]
fn an_empty_home_is_connected_joined_and_synced_from_the_keyboard() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let world = Options { companies: 12, devices: 120, seed: 7, ..Options::default() };
    let simulator = runtime.block_on(matchbook::simulator::start(world)).expect("the vendors start");
    let vendors = simulator.endpoints();
    let folder = folder();
    let mut terminal = empty_home(&folder, 80, 24);
    step(&mut terminal, "c", "which system");
    step(&mut terminal, "j\r", "Connect IT Glue");
    terminal.send("\t").unwrap();
    step(&mut terminal, &vendors.itglue.api_key, "****");
    step(&mut terminal, &format!("\t{}\r", vendors.itglue.base_url), "IT Glue answered");
    step(&mut terminal, "\r", "itglue is connected");
    step(&mut terminal, "c", "which system");
    step(&mut terminal, "\r", "Connect Addigy");
    step(&mut terminal, &vendors.addigy.api_key, "****");
    step(&mut terminal, &format!("\t{}\r", vendors.addigy.base_url), "Addigy answered");
    step(&mut terminal, "\r", "addigy is connected");
    step(&mut terminal, "f", "get their counterpart in");
    step(&mut terminal, "\r", "starts the first sync");
    assert!(!terminal.text().contains(&vendors.addigy.api_key));
    // The home is opened anew in the same process, and what never ran is due at once.
    step(&mut terminal, "\r", "Addigy → IT Glue");
    let matched = terminal.wait_until(PATIENCE, |screen| {
        let text = screen.contents();
        let header = text.lines().next().unwrap_or_default();
        !header.contains("syncing") && text.contains("matched") && header.contains(" open")
    });
    assert!(matched, "not matched:\n{}", terminal.text());
    terminal.send("q").unwrap();
    assert!(terminal.exit(PATIENCE).expect("it ends").success());
    for key in [&vendors.itglue.api_key, &vendors.addigy.api_key] {
        assert!(!contains(folder.path(), key.as_bytes()), "a key lies open in the home");
    }
}

/// True when a file below the folder holds these bytes.
fn contains(folder: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
        if path.is_dir() {
            return contains(&path, bytes);
        }
        std::fs::read(&path).is_ok_and(|held| held.windows(bytes.len()).any(|window| window == bytes))
    })
}

#[test]
fn plain_lines_leave_the_screen_to_the_shell_and_read_only_changes_nothing() {
    let folder = folder();
    let arguments = ["demo", "--companies", "12", "--devices", "120", "--seed", "7", "--plain", "--read-only"];
    let mut terminal = Terminal::start(command(folder.path(), &arguments), 100, 40).expect("the program starts");
    shows(&mut terminal, "matchbook, ");
    shows(&mut terminal, "Queue, Addigy to IT Glue, Companies.");
    shows(&mut terminal, "Syncs have ended.");
    assert!(!terminal.screen().alternate_screen());
    terminal.send("S").expect("a key");
    shows(&mut terminal, "this terminal may only look");
    terminal.send("q").expect("a key");
    assert!(given_back(&mut terminal).success());
    let written = String::from_utf8_lossy(&terminal.written).into_owned();
    assert!(!written.contains('\u{2500}') && !written.contains("\x1b[2J"), "a painted screen");
}
