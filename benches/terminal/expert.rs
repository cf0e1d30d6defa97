//! A scripted expert clears a queue of some 300 rows: presses keys as a technician would who reads only the screen. The
//! keys are counted; afterwards the simulator, which knows what is true, judges every decision.

use crate::pty::{Failed, Terminal};
use crate::report::{Row, rounded};
use matchbook::simulator::{Options, Simulator, Verdict, start};
use portable_pty::CommandBuilder;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The world whose queue has some 300 rows.
const WORLD: (usize, usize, u64) = (110, 2_600, 5);
/// For what takes moments.
const PATIENCE: Duration = Duration::from_mins(1);
/// Silence after which a screen is read.
const QUIET: Duration = Duration::from_millis(60);
/// A proposal that an expert takes at a look, percent.
const SURE: u32 = 85;
/// A conflict that an expert decides at a look, percent.
const CERTAIN: u32 = 90;

/// Prepares the queue, clears it, has it judged.
///
/// # Errors
/// When the program does something unexpected.
pub fn run(program: &Path) -> Result<Vec<Row>, Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (companies, devices, seed) = WORLD;
    let options = Options { companies, devices, seed, ..Options::default() };
    let simulator = runtime.block_on(start(options)).map_err(|failure| failure.to_string())?;
    let folder = tempfile::Builder::new().prefix("bench-expert-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let home = folder.path().join("home");
    prepare(program, &home, &simulator)?;
    let mut expert = Expert::open(program, &home)?;
    let rows = expert.rows_open()?;
    expert.clear()?;
    let left = expert.rows_open()?;
    let keys = expert.keys;
    expert.leave()?;
    let judged = judge(program, &home, folder.path(), &simulator)?;
    let row = Row::new("expert")
        .with("rows", rows)
        .with("left", left)
        .with("keys", keys)
        .with("keys_per_row", rounded(f64::from(keys) / f64::from(rows.max(1))))
        .with("accepted", judged.accepted)
        .with("right", judged.right)
        .with("wrong", judged.wrong)
        .with("ignored", judged.ignored)
        .with("ignored_with_counterpart", judged.missed)
        .with("deferred", judged.deferred);
    let aim = [("keys_per_row".to_owned(), 1.3), ("wrong".to_owned(), 0.0), ("left".to_owned(), 0.0)];
    Ok(vec![row.judged(&aim.into())])
}

/// Connects both vendors, joins them, syncs.
fn prepare(program: &Path, home: &Path, simulator: &Simulator) -> Result<(), Failed> {
    let vendors = simulator.endpoints();
    let connect = |name: &str, address: &str, key: &str| {
        let arguments = ["connect", name, "--connector", name, "--base-url", address, "--secrets-stdin"];
        run_command(program, home, &arguments, &format!("api_key={key}\n"))
    };
    connect("addigy", &vendors.addigy.base_url, &vendors.addigy.api_key)?;
    connect("itglue", &vendors.itglue.base_url, &vendors.itglue.api_key)?;
    run_command(program, home, &["flow", "add", "addigy", "itglue"], "")?;
    run_command(program, home, &["sync"], "")
}

fn run_command(program: &Path, home: &Path, arguments: &[&str], input: &str) -> Result<(), Failed> {
    let mut child = Command::new(program)
        .args(arguments)
        .env("MATCHBOOK_HOME", home)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    child.stdin.take().ok_or("no input")?.write_all(input.as_bytes())?;
    let output = child.wait_with_output()?;
    // 3: done, and a person is needed, which is what the expert is for.
    if !matches!(output.status.code(), Some(0 | 3)) {
        return Err(format!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(())
}

/// What the expert sees of the row under the cursor.
struct Seen {
    state: String,
    percent: Option<u32>,
    line: String,
}

struct Expert {
    terminal: Terminal,
    keys: u32,
}

impl Expert {
    fn open(program: &Path, home: &Path) -> Result<Self, Failed> {
        let mut command = CommandBuilder::new(program);
        command.env("MATCHBOOK_HOME", home);
        command.cwd(std::env::current_dir()?);
        let mut terminal = Terminal::start(command, 120, 40)?;
        let ready = terminal.wait_until(PATIENCE, |screen| {
            let text = screen.contents();
            text.contains("to match") && !text.contains("reading the store") && !text.contains("syncing")
        });
        if !ready {
            return Err(format!("the queue did not open\n{}", terminal.text()).into());
        }
        terminal.settle(Duration::from_millis(500));
        Ok(Self { terminal, keys: 0 })
    }

    fn press(&mut self, key: &str) -> Result<(), Failed> {
        self.keys += 1;
        self.terminal.press(key, QUIET)?;
        Ok(())
    }

    /// What the tabs say is open, of all streams.
    fn rows_open(&mut self) -> Result<u32, Failed> {
        let text = self.terminal.text();
        let tabs = text.lines().find(|line| line.contains(" Companies ") && line.contains("Conflicts"));
        let tabs = tabs.ok_or_else(|| format!("no tabs\n{text}"))?;
        let words: Vec<&str> = tabs.split_whitespace().collect();
        let after = |word: &str| {
            let number = words.iter().position(|w| *w == word).and_then(|at| words.get(at + 1));
            number.and_then(|n| n.replace(',', "").parse::<u32>().ok()).unwrap_or(0)
        };
        Ok(after("Companies") + after("Devices"))
    }

    fn seen(&self) -> Option<Seen> {
        let text = self.terminal.text();
        let line = text.lines().rev().find(|line| line.contains('▌'))?.to_owned();
        let states = ["conflict", "suggested", "unmatched", "deferred"];
        let state = states.iter().find(|state| line.contains(*state))?;
        let percent = line.split_whitespace().find_map(|word| word.strip_suffix('%')?.parse().ok());
        Some(Seen { state: (*state).to_owned(), percent, line })
    }

    /// Companies first, because what is in them waits for them; then the devices.
    fn clear(&mut self) -> Result<(), Failed> {
        self.clear_tab()?;
        self.press("l")?;
        self.terminal.settle(Duration::from_millis(500));
        self.clear_tab()
    }

    fn clear_tab(&mut self) -> Result<(), Failed> {
        self.quick_match()?;
        for _ in 0..600 {
            if self.terminal.text().contains("Nothing to decide here") {
                return Ok(());
            }
            let Some(seen) = self.seen() else { return Ok(()) };
            let key = Self::decide(&seen);
            self.press(key)?;
        }
        Err(format!("no end\n{}", self.terminal.text()).into())
    }

    /// Everything that is sure, after a look at what that would be.
    fn quick_match(&mut self) -> Result<(), Failed> {
        self.press("A")?;
        self.terminal.settle(Duration::from_millis(200));
        let key = if self.terminal.text().contains("Enter accept") { "\r" } else { "\x1b" };
        self.press(key)?;
        self.terminal.settle(Duration::from_millis(500));
        Ok(())
    }

    /// One look, one key: takes what is likely, puts off what only a call to the client can settle, and leaves out what
    /// has nothing on the other side.
    fn decide(seen: &Seen) -> &'static str {
        match seen.state.as_str() {
            "suggested" if seen.percent.is_some_and(|p| p >= SURE) => "a",
            // A serial that agrees in another company is a device that moved; one that contradicts is nothing to guess at.
            "conflict" if seen.percent.is_some_and(|p| p >= CERTAIN) && !seen.line.contains(" says ") => "a",
            "suggested" | "conflict" => "d",
            _ if seen.line.contains('→') => "d",
            _ => "i",
        }
    }

    fn leave(mut self) -> Result<(), Failed> {
        self.terminal.send("q")?;
        self.terminal.exit(PATIENCE).ok_or("it did not end")?;
        Ok(())
    }
}

#[derive(Default)]
struct Judged {
    accepted: u32,
    right: u32,
    wrong: u32,
    ignored: u32,
    missed: u32,
    deferred: u32,
}

/// What the export says that a person decided, against the truth.
fn judge(program: &Path, home: &Path, folder: &Path, simulator: &Simulator) -> Result<Judged, Failed> {
    let export = folder.join("export");
    run_command(program, home, &["export", &export.display().to_string()], "")?;
    let text = std::fs::read_to_string(export.join("decisions.jsonl"))?;
    let mut judged = Judged::default();
    for line in text.lines() {
        let decision: serde_json::Value = serde_json::from_str(line)?;
        if decision["actor"]["by"] == "engine" {
            continue;
        }
        let source = decision["source"]["id"].as_str().unwrap_or_default();
        let target = decision["target"]["id"].as_str().unwrap_or_default();
        let truth = simulator.truth();
        let company = decision["stream"] == "companies";
        match decision["decision"].as_str().unwrap_or_default() {
            "matched" => {
                let verdict =
                    if company { truth.judge_company(source, target) } else { truth.judge_device(source, target) };
                judged.accepted += 1;
                match verdict {
                    Verdict::Right | Verdict::Neutral => judged.right += 1,
                    Verdict::Wrong | Verdict::Unknown => judged.wrong += 1,
                }
            }
            "ignored" => {
                judged.ignored += 1;
                let has = if company { truth.company(source) } else { truth.device(source) };
                judged.missed += u32::from(has.is_some());
            }
            "deferred" => judged.deferred += 1,
            _ => {}
        }
    }
    Ok(judged)
}
