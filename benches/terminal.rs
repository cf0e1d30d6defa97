//! Measures what the person at the terminal feels: drives the release binary in a pseudo-terminal with a script and
//! reports the time from each key to its answer, the bytes on the wire, and what an idle program costs.

#[path = "terminal/expert.rs"]
mod expert;
#[path = "terminal/home.rs"]
mod home;
#[path = "terminal/line.rs"]
mod line;
#[path = "terminal/peers.rs"]
mod peers;
#[path = "../tests/pty/mod.rs"]
mod pty;
#[path = "terminal/report.rs"]
mod report;
#[path = "terminal/ssh.rs"]
mod ssh;
#[path = "terminal/steps.rs"]
mod steps;
#[path = "terminal/usage.rs"]
mod usage;

use clap::Parser;
use portable_pty::CommandBuilder;
use pty::{Failed, Pumped, Terminal};
use report::{Row, rounded};
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use steps::Step;
use usage::Usage;

/// Silence that says that a program has nothing more to say before it is watched.
const QUIET: Duration = Duration::from_millis(200);

/// Output within this time belongs to one frame.
const SAME_FRAME: Duration = Duration::from_millis(10);

/// Drive a terminal program through a pseudo-terminal and measure what its user feels.
#[derive(Debug, Parser)]
#[command(after_help = HELP, max_term_width = 100)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
struct Arguments {
    /// Script of steps; several are run one after the other, each in a fresh program [default: benches/terminal/*.json]
    #[arg(long)]
    script: Vec<PathBuf>,
    #[arg(long, default_value_t = 120)]
    cols: u16,
    #[arg(long, default_value_t = 40)]
    rows: u16,
    /// One JSON document: {"script": [rows]}
    #[arg(long)]
    json: bool,
    /// Fail when a figure is above the aim that its step names
    #[arg(long)]
    strict: bool,
    /// NAME=VALUE for the program
    #[arg(long)]
    env: Vec<String>,
    /// Home to measure on (a copy is used) [default: one made by `demo`, kept under target/]
    #[arg(long)]
    home: Option<PathBuf>,
    /// Size of the home that is made
    #[arg(long, default_value_t = 1_000)]
    companies: usize,
    /// Size of the home that is made
    #[arg(long, default_value_t = 100_000)]
    devices: usize,
    /// Only make the home
    #[arg(long)]
    prepare: bool,
    /// Afterwards the same for fzf, lnav, visidata and csvlens on the same rows, where they are installed
    #[arg(long)]
    peers: bool,
    /// Over OpenSSH on loopback with a round trip of 150 ms instead; needs sshd
    #[arg(long)]
    ssh: bool,
    /// Import every device of the home into the inventory instead, with keys pressed meanwhile
    #[arg(long)]
    import: bool,
    /// Let a scripted expert clear a queue instead, who reads only the screen
    #[arg(long)]
    expert: bool,
    /// The slow line of ssh
    #[arg(long, hide = true)]
    line: Option<String>,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
    /// Program to drive instead of matchbook, with its arguments; no home is made for it
    #[arg(last = true)]
    command: Vec<OsString>,
}

const HELP: &str = r#"A script is a JSON list of steps, run in order:
  {"wait": "TEXT", "timeout": 10}           wait until TEXT is on the screen; the time from start or the last key
  {"key": "j", "name": "down", "times": 50} press a key (escape sequences allowed), each time until its answer ends
  {"type": "acme", "name": "search"}        press the characters one by one
  {"key": "G", "until": "of 100,000"}       the answer ends when TEXT is on the screen, whatever moves beside it
  {"keep": "TEXT", "keys": ["S"]}           type the keys unless TEXT is on the screen, and wait for it;
                                            "anew": true waits until it is gone first
  {"idle": 5, "name": "idle"}               watch an idle program: bytes written and processor used
  {"screen": "label"}                       print the screen as the user sees it
  {"expect": "TEXT"} {"absent": "TEXT"}     fail when the screen does (not) show TEXT
  {"resize": [80, 24]}                      change the window size
An answer ends after `settle` milliseconds of silence (30 unless the step says otherwise).
first, last: ms from the key to the first and the last byte of its answer; bytes: what crossed the wire.
`"aim": {"first_p99": 16}` in a step marks a figure that is above it.
"#;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(words) = &arguments.line {
        return line::run(words).unwrap_or(ExitCode::FAILURE);
    }
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// True when every script went through.
fn run(arguments: &Arguments) -> Result<bool, Failed> {
    let program = Path::new(env!("CARGO_BIN_EXE_matchbook"));
    if arguments.expert {
        return expert::run(program).map(|rows| told(arguments, "expert", &rows));
    }
    let home = match &arguments.home {
        Some(home) => Some(home.clone()),
        None if arguments.command.is_empty() => Some(home::prepare(program, arguments.companies, arguments.devices)?),
        None => None,
    };
    let home = match home {
        Some(home) if arguments.import => Some(home::for_import(program, &home)?),
        home => home,
    };
    if arguments.prepare {
        return Ok(true);
    }
    if let (true, Some(home)) = (arguments.ssh, &home) {
        return ssh::run(program, home).map(|rows| told(arguments, "ssh", &rows));
    }
    let scripts = match (arguments.script.is_empty(), arguments.import) {
        (true, true) => vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/inventory/import.json")],
        (true, false) => own_scripts()?,
        (false, _) => arguments.script.clone(),
    };
    let mut document = serde_json::Map::new();
    let mut passed = true;
    for path in scripts {
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let steps = steps::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        let copy = home.as_deref().map(home::Copy::of).transpose()?;
        let mut command = command(arguments, program, copy.as_ref().map(home::Copy::path))?;
        if let (true, Some(copy)) = (path.ends_with("sync.json") && arguments.command.is_empty(), &copy) {
            home::demo(&mut command, copy.path(), arguments.companies, arguments.devices);
        }
        if let (true, Some(copy)) = (path.ends_with("log.json"), &copy) {
            home::fill_log(copy.path())?;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut run = Run::start(command, arguments)?;
        run.script(&steps)?;
        run.memory()?;
        if run.failed || (arguments.strict && run.rows.iter().any(Row::is_over)) {
            passed = false;
        }
        run.tell(name, arguments, &mut document);
    }
    if let (true, Some(home)) = (arguments.peers, &home) {
        beside(program, home, arguments, &mut document)?;
    }
    if arguments.json {
        println!("{:#}", serde_json::Value::Object(document));
    }
    Ok(passed)
}

/// The same for other programs; what is not installed is named.
fn beside(program: &Path, home: &Path, arguments: &Arguments, document: &mut Document) -> Result<(), Failed> {
    let rows = peers::rows(program, home)?;
    for path in peers::scripts()? {
        let peer = peers::Peer::read(&path, &rows)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if !peer.is_installed() {
            eprintln!("{name} is not installed");
            continue;
        }
        let steps = steps::parse(&peer.steps.to_string()).map_err(|error| format!("{}: {error}", path.display()))?;
        let command = CommandBuilder::from_argv(peer.command.iter().map(OsString::from).collect());
        let mut run = Run::start(command, arguments)?;
        // A peer that does not go through is told as far as it came.
        if let Err(error) = run.script(&steps) {
            eprintln!("{name}: {error}");
        }
        run.tell(name, arguments, document);
    }
    Ok(())
}

/// Prints the rows of something that is no script.
fn told(arguments: &Arguments, name: &str, rows: &[Row]) -> bool {
    if arguments.json {
        let list: serde_json::Value = rows.iter().map(Row::json).collect();
        println!("{:#}", serde_json::json!({ name: list }));
    } else {
        for row in rows {
            println!("  {}", row.line());
        }
    }
    !(arguments.strict && rows.iter().any(Row::is_over))
}

fn own_scripts() -> Result<Vec<PathBuf>, Failed> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/terminal");
    let mut scripts = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            scripts.push(path);
        }
    }
    scripts.sort();
    Ok(scripts)
}

fn command(arguments: &Arguments, program: &Path, home: Option<&Path>) -> Result<CommandBuilder, Failed> {
    let mut command = if arguments.command.is_empty() {
        CommandBuilder::new(program)
    } else {
        let mut words = arguments.command.clone();
        // A path is meant from here; the pseudo-terminal would look for it in PATH only.
        if Path::new(&words[0]).components().count() > 1 {
            words[0] = std::path::absolute(&words[0])?.into_os_string();
        }
        CommandBuilder::from_argv(words)
    };
    if let Some(home) = home {
        command.env("MATCHBOOK_HOME", home);
    }
    command.cwd(std::env::current_dir()?);
    for pair in &arguments.env {
        let (name, value) = pair.split_once('=').ok_or_else(|| format!("{pair} is not NAME=VALUE"))?;
        command.env(name, value);
    }
    Ok(command)
}

type Document = serde_json::Map<String, serde_json::Value>;

/// One script in one program.
struct Run {
    terminal: Terminal,
    /// Start of the program or the last key: what a `wait` counts from.
    since: Instant,
    rows: Vec<Row>,
    /// When the last key of each step was pressed.
    pressed: HashMap<String, Instant>,
    failed: bool,
    json: bool,
}

impl Run {
    fn start(command: CommandBuilder, arguments: &Arguments) -> Result<Self, Failed> {
        let terminal = Terminal::start(command, arguments.cols, arguments.rows)?;
        let since = terminal.started;
        Ok(Self { terminal, since, rows: Vec::new(), pressed: HashMap::new(), failed: false, json: arguments.json })
    }

    /// Memory of the program at the end, and the most that it had.
    fn memory(&mut self) -> Result<(), Failed> {
        let usage = Usage::of(self.terminal.pid)?;
        let row = Row::new("memory").with("mib", usage.memory_mib).with("peak_mib", usage.peak_mib);
        self.rows.push(row.with("processor_s", usage.processor.as_secs_f64()));
        Ok(())
    }

    fn tell(&self, name: String, arguments: &Arguments, document: &mut Document) {
        if !arguments.json {
            println!("{name}");
            self.rows.iter().for_each(|row| println!("  {}", row.line()));
        }
        document.insert(name, self.rows.iter().map(Row::json).collect());
    }

    fn script(&mut self, steps: &[Step]) -> Result<(), Failed> {
        for step in steps {
            match step {
                Step::Wait(step) => {
                    if !self.wait(step) {
                        return Ok(());
                    }
                }
                Step::Key(step) => {
                    let keys = vec![step.keys.clone(); step.times];
                    let name = step.name.as_deref().unwrap_or(&step.keys);
                    match &step.until {
                        Some(text) => self.press_until(name, &keys, text, step)?,
                        None => self.press(name, &keys, step.settle, &step.aim)?,
                    }
                }
                Step::Type(step) => {
                    let keys: Vec<String> = step.text.chars().map(String::from).collect();
                    let name = step.name.as_deref().unwrap_or(&step.text);
                    self.press(name, &keys, step.settle, &step.aim)?;
                }
                Step::Idle(step) => self.idle(step)?,
                Step::Keep(step) => self.keep(step)?,
                Step::Screen(step) => self.show(&step.label),
                Step::Expect(step) => self.expect(&step.text, true),
                Step::Absent(step) => self.expect(&step.text, false),
                Step::Resize(step) => self.resize(step)?,
            }
        }
        Ok(())
    }

    fn wait(&mut self, step: &steps::Wait) -> bool {
        let seen = self.terminal.wait_for(&step.text, Duration::from_secs_f64(step.timeout));
        let name = step.name.clone().unwrap_or_else(|| format!("wait {}", step.text));
        let since = step.since.as_ref().and_then(|key| self.pressed.get(key)).copied().unwrap_or(self.since);
        let mut row = Row::new(&name).with("ok", seen).with("ms", milliseconds(since.elapsed()));
        if self.rows.is_empty() {
            let first = self.terminal.first_output.map(|at| at.saturating_duration_since(self.terminal.started));
            row = row.with("first_byte_ms", first.map(milliseconds));
        }
        self.rows.push(row.with("bytes", self.terminal.total).judged(&step.aim));
        if seen {
            self.terminal.settle(Duration::from_millis(step.settle));
        } else {
            self.failed = true;
            eprintln!("not on the screen in time: {}\n{}", step.text, self.terminal.text());
        }
        seen
    }

    fn press(&mut self, name: &str, keys: &[String], settle: u64, aim: &steps::Aim) -> Result<(), Failed> {
        let mut answers = Vec::new();
        for key in keys {
            self.since = Instant::now();
            self.pressed.insert(name.to_owned(), self.since);
            answers.extend(self.terminal.press(key, Duration::from_millis(settle))?);
        }
        self.rows.push(report::keys(name, keys.len(), &answers).judged(aim));
        Ok(())
    }

    /// Presses keys, each until a text is on the screen that was not there before.
    fn press_until(&mut self, name: &str, keys: &[String], text: &str, step: &steps::Key) -> Result<(), Failed> {
        let mut answers = Vec::new();
        for key in keys {
            self.since = Instant::now();
            if self.terminal.text().contains(text) {
                return Err(format!("{name}: {text} is on the screen before the key").into());
            }
            let answer = self.terminal.press_until(key, text)?;
            if answer.is_none() {
                self.failed = true;
                eprintln!("{name}: {text} did not come\n{}", self.terminal.text());
            }
            answers.extend(answer);
            self.terminal.settle_briefly(Duration::from_millis(step.settle));
        }
        self.rows.push(report::keys(name, keys.len(), &answers).judged(&step.aim));
        Ok(())
    }

    fn keep(&mut self, step: &steps::Keep) -> Result<(), Failed> {
        // What is drawn of the end of something may still be on its way.
        self.terminal.settle_briefly(QUIET);
        if step.anew {
            let gone = |screen: &vt100::Screen| !screen.contents().contains(&step.text);
            self.terminal.wait_until(Duration::from_secs_f64(step.timeout), gone);
        } else if self.terminal.text().contains(&step.text) {
            return Ok(());
        }
        for keys in &step.keys {
            self.terminal.send(keys)?;
            self.terminal.settle_briefly(QUIET);
        }
        if !self.terminal.wait_for(&step.text, Duration::from_secs_f64(step.timeout)) {
            self.failed = true;
            eprintln!("not kept going: {}\n{}", step.text, self.terminal.text());
        }
        Ok(())
    }

    fn idle(&mut self, step: &steps::Idle) -> Result<(), Failed> {
        self.terminal.settle(QUIET);
        let (before, bytes, since) = (Usage::of(self.terminal.pid)?, self.terminal.total, Instant::now());
        let end = since + Duration::from_secs_f64(step.seconds);
        let (mut writes, mut last) = (0_u32, since);
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            match self.terminal.pump(left) {
                Pumped::Ended => return Err("the program ended while it was watched".into()),
                Pumped::Silence => {}
                // What comes in one piece of time was one frame, however often it was read.
                Pumped::Output(at, _) => {
                    writes += u32::from(writes == 0 || at.saturating_duration_since(last) > SAME_FRAME);
                    last = at;
                }
            }
        }
        let after = Usage::of(self.terminal.pid)?;
        let used = after.processor.saturating_sub(before.processor).as_secs_f64() / step.seconds;
        let row = Row::new(step.name.as_deref().unwrap_or("idle"))
            .with("seconds", step.seconds)
            .with("cpu_percent", rounded(100.0 * used))
            .with("bytes", self.terminal.total - bytes)
            .with("repaints_per_s", rounded(f64::from(writes) / step.seconds))
            .with("rss_mb", after.memory_mib)
            .with("peak_mb", after.peak_mib);
        self.rows.push(row.judged(&step.aim));
        Ok(())
    }

    fn resize(&mut self, step: &steps::Resize) -> Result<(), Failed> {
        let since = Instant::now();
        self.terminal.resize(step.size.0, step.size.1)?;
        let answer = self.terminal.collect(since, Duration::from_millis(100));
        let name = step.name.as_deref().unwrap_or("resize");
        self.rows.push(report::keys(name, 1, answer.as_slice()));
        Ok(())
    }

    fn show(&self, label: &str) {
        let text = format!("--- {label}\n{}", self.terminal.text());
        // With --json the standard output is one document.
        if self.json { eprintln!("{text}") } else { println!("{text}") }
    }

    fn expect(&mut self, text: &str, wanted: bool) {
        if self.terminal.text().contains(text) != wanted {
            self.failed = true;
            let what = if wanted { "missing" } else { "still there" };
            eprintln!("{what}: {text}\n{}", self.terminal.text());
        }
    }
}

fn milliseconds(time: Duration) -> f64 {
    rounded(time.as_secs_f64() * 1e3)
}
