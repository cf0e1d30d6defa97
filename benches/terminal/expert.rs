//! A scripted expert clears a queue of some 300 rows: presses keys as a technician would who reads only the screen. The
//! keys are counted; afterwards the simulator, which knows what is true, judges every decision.

use crate::pty::{Failed, Terminal};
use crate::report::{Row, rounded};
use matchbook::simulator::{Findable, Options, Simulator, Verdict, start};
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
/// Silence after which what comes a moment later is there: Compare, a preview, the rows of another order.
const READ: Duration = Duration::from_millis(400);
/// A conflict that an expert decides at a look, percent.
const LIKELY: u32 = 85;
/// A company that is nothing like its best candidate, percent.
const UNLIKE: u32 = 50;

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
        .with("ignored_without_a_trace", judged.hidden)
        .with("deferred", judged.deferred);
    let aim = [("keys_per_row".to_owned(), 1.3), ("wrong".to_owned(), 0.0), ("left".to_owned(), 0.0)];
    for line in judged.told {
        eprintln!("{line}");
    }
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

/// What the expert sees of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    state: String,
    /// As far as the column is wide.
    name: String,
    /// The column after the name: of devices the serial number.
    known_by: String,
    target: Option<String>,
    percent: Option<u32>,
    line: String,
}

impl Seen {
    fn of(line: &str) -> Option<Self> {
        let line = line.trim_matches('│');
        let states = ["conflict", "suggested", "unmatched", "deferred"];
        let state = states.iter().find(|state| line.contains(*state))?;
        let rest = line.split_once(*state)?.1;
        let (own, other) = rest.split_once('→').map_or((rest, None), |(own, other)| (own, Some(other)));
        let mut cells = own.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
        let name = cells.next().unwrap_or_default();
        // A long name leaves one blank before the next column.
        let (name, known_by) = match name.split_once("… ") {
            Some((name, known_by)) => (name, known_by),
            None => (name, cells.next().unwrap_or_default()),
        };
        let percent = other.and_then(|other| other.split_whitespace().find_map(|word| word.strip_suffix('%')));
        let target = other.and_then(|other| other.split("  ").map(str::trim).find(|cell| !cell.is_empty()));
        Some(Self {
            state: (*state).to_owned(),
            name: name.trim_end_matches('…').to_owned(),
            known_by: known_by.to_owned(),
            target: target.map(str::to_owned),
            percent: percent.and_then(|percent| percent.parse().ok()),
            line: line.to_owned(),
        })
    }

    /// The same device in the RMM a second time: enrolled again.
    fn is_twin_of(&self, other: &Self) -> bool {
        !self.known_by.is_empty() && self.known_by == other.known_by && plain(&self.name) == plain(&other.name)
    }

    /// A name that the maker gives: there are many such, so that it counts for nothing where nobody looks.
    fn has_a_common_name(&self) -> bool {
        self.name.ends_with(')') && self.name.contains(" (")
    }

    fn looks_like_its_target(&self) -> bool {
        self.target.as_deref().is_some_and(|target| is_named(target, &self.name))
    }
}

/// Letters and digits only, in lower case: `MacBook Pro (8)` and `macbook-pro-8` are one name to a person.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a text, as far as it is to be seen, has that name in it, as far as that is to be seen.
fn is_named(text: &str, name: &str) -> bool {
    let (text, name) = (plain(text), plain(name));
    !name.is_empty() && (text.contains(&name) || (text.len() >= 6 && name.starts_with(&text)))
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

    /// A key after which the expert reads what comes a moment later.
    fn press_and_read(&mut self, key: &str) -> Result<(), Failed> {
        self.press(key)?;
        self.terminal.settle(READ);
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

    /// The row under the cursor, and the one below it.
    fn seen(&self) -> Option<(Seen, Option<Seen>)> {
        let text = self.terminal.text();
        let mut lines = text.lines().skip_while(|line| !line.contains('▌'));
        let here = Seen::of(lines.next()?.rsplit('▌').next()?)?;
        Some((here, lines.next().and_then(Seen::of)))
    }

    /// The lines of Compare.
    fn compare(&self) -> Vec<String> {
        let text = self.terminal.text();
        let lines = text.lines().skip_while(|line| !line.contains("┌ Compare")).skip(1);
        lines.take_while(|line| !line.contains('└')).map(|line| line.trim_matches('│').to_owned()).collect()
    }

    /// Reads Compare, turning it on where what is wanted does not show yet.
    fn read<T>(&mut self, find: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Failed> {
        for key in ["", "J", "J", "J", "K", "K", "K", "K", "K", "K"] {
            if !key.is_empty() {
                self.press(key)?;
            }
            if let Some(found) = self.compare().iter().find_map(|line| find(line)) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Companies first, because what is in them waits for them; then the devices.
    fn clear(&mut self) -> Result<(), Failed> {
        self.clear_companies()?;
        self.press_and_read("l")?;
        // The whole screen for the queue, so that Compare shows more; by name, so that what is there twice stands together.
        self.press_and_read("z")?;
        self.quick_match()?;
        self.press("o")?;
        self.press_and_read("2")?;
        self.press_and_read("g")?;
        for _ in 0..600 {
            if self.terminal.text().contains("Nothing to decide here") {
                return Ok(());
            }
            let (row, below) = self.seen().ok_or_else(|| format!("no row\n{}", self.terminal.text()))?;
            match below.filter(|below| below.is_twin_of(&row)) {
                Some(below) => self.twins(&row, &below)?,
                None => self.decide(&row)?,
            }
        }
        Err(format!("no end\n{}", self.terminal.text()).into())
    }

    /// Companies that are like nothing on the other side are left out, all at once, after a look at each.
    fn clear_companies(&mut self) -> Result<(), Failed> {
        self.quick_match()?;
        let text = self.terminal.text();
        let rows: Vec<Seen> = text.lines().filter(|line| line.contains('○')).filter_map(Seen::of).collect();
        let strange = |row: &Seen| row.percent.is_none_or(|percent| percent < UNLIKE);
        if rows.iter().all(strange) && self.rows_open_here() == Some(rows.len()) {
            self.press("*")?;
            self.press_and_read("i")?;
            return self.press_and_read("\r");
        }
        Err(format!("companies that are not easy\n{text}").into())
    }

    /// Rows of the list, from the frame's lower line (`1 of 5`).
    fn rows_open_here(&self) -> Option<usize> {
        let text = self.terminal.text();
        let line = text.lines().find(|line| line.contains("decided") && line.contains('└'))?;
        let (_, count) = line.rsplit_once(" of ")?;
        count.split_whitespace().next()?.parse().ok()
    }

    /// Everything that is sure, after a look at what that would be.
    fn quick_match(&mut self) -> Result<(), Failed> {
        // Without a suggestion there is nothing that it could accept.
        let text = self.terminal.text();
        if !text.lines().any(|line| line.contains("show open") && line.contains(" suggested")) {
            return Ok(());
        }
        self.press_and_read("A")?;
        let key = if self.terminal.text().contains("accepts 0 of") { "\x1b" } else { "\r" };
        self.press_and_read(key)
    }

    /// One look, one key for most.
    fn decide(&mut self, row: &Seen) -> Result<(), Failed> {
        match row.state.as_str() {
            "suggested" => self.press("a"),
            "conflict" if row.percent.is_some_and(|percent| percent >= LIKELY) => self.press("a"),
            // A serial number that was swapped with another's: the name tells which is which.
            "conflict" => self.take_by_name(row),
            _ if row.looks_like_its_target() || row.has_a_common_name() => self.search(row),
            _ => self.press("i"),
        }
    }

    /// Takes the candidate that has the row's name.
    fn take_by_name(&mut self, row: &Seen) -> Result<(), Failed> {
        self.terminal.settle(READ);
        let name = row.name.clone();
        let digit = self.read(|line| {
            let at = line.split_whitespace().position(|word| matches!(word.as_bytes(), [b'2'..=b'9']))?;
            let words: Vec<&str> = line.split_whitespace().collect();
            // Several stand on one line where it is short of room: each after its digit.
            let of = |from: usize| {
                let rest = words.iter().skip(from + 1).take_while(|word| !matches!(word.as_bytes(), [b'2'..=b'9']));
                rest.copied().collect::<Vec<_>>().join(" ")
            };
            let digits = (at..words.len()).filter(|i| matches!(words[*i].as_bytes(), [b'2'..=b'9']));
            digits.into_iter().find(|i| is_named(&of(*i), &name)).map(|i| words[i].to_owned())
        })?;
        match digit {
            Some(digit) => self.press(&digit),
            None => self.press("d"),
        }
    }

    /// Looks for the row's name among the records of the other side, and takes it where it is free.
    fn search(&mut self, row: &Seen) -> Result<(), Failed> {
        self.press_and_read("m")?;
        let text = self.terminal.text();
        let first =
            text.lines().filter(|line| line.contains('▌')).find(|line| line.contains('#') || line.contains('·'));
        let first = first.and_then(|line| line.rsplit('▌').next()).unwrap_or_default();
        let name = first.split("  ").map(str::trim).find(|cell| !cell.is_empty()).unwrap_or_default();
        let fits = plain(name) == plain(&row.name) || row.looks_like_its_target();
        if fits && !first.contains("taken") {
            return self.press("\r");
        }
        self.press_and_read("\x1b")?;
        self.press("i")
    }

    /// Two enrolments of one device: the one that was seen last is matched, the other one left out.
    fn twins(&mut self, first: &Seen, second: &Seen) -> Result<(), Failed> {
        self.terminal.settle(READ);
        let seen_at = |line: &str| {
            let line = line.trim();
            let date = line.starts_with("seen").then(|| line.split_whitespace().find(|word| word.len() == 10))?;
            date.map(str::to_owned)
        };
        let one = self.read(seen_at)?;
        self.press_and_read("j")?;
        let two = self.read(seen_at)?;
        if two > one {
            self.match_one(second)?;
            self.terminal.settle(READ);
            self.press_and_read("k")?;
        } else {
            self.press_and_read("k")?;
            self.match_one(first)?;
        }
        self.terminal.settle(READ);
        self.press_and_read("i")
    }

    fn match_one(&mut self, row: &Seen) -> Result<(), Failed> {
        if row.state == "unmatched" { self.search(row) } else { self.press("a") }
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
    /// Of these: with a counterpart that nothing on either side tells of.
    hidden: u32,
    deferred: u32,
    /// What was wrong or put off, for whoever runs this.
    told: Vec<String>,
}

impl Judged {
    fn mistake(&mut self, decision: &serde_json::Value) {
        self.wrong += 1;
        self.told.push(format!("wrong: {decision}"));
    }
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
                    Verdict::Wrong | Verdict::Unknown => judged.mistake(&decision),
                }
            }
            "ignored" => {
                judged.ignored += 1;
                // An older enrolment of a device is rightly left out; one that nothing agrees with cannot be found.
                let pair = truth.device_pair(source).filter(|pair| !company && !pair.ghost());
                let has = if company {
                    truth.company(source).is_some()
                } else {
                    pair.as_ref().is_some_and(|p| p.configuration.is_some())
                };
                let hidden = pair.is_some_and(|pair| pair.findable == Findable::Nothing);
                judged.hidden += u32::from(has && hidden);
                if has && !hidden {
                    judged.mistake(&decision);
                }
            }
            "deferred" => {
                judged.deferred += 1;
                judged.told.push(format!("deferred: {decision}"));
            }
            _ => {}
        }
    }
    Ok(judged)
}
