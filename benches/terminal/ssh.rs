//! The interface over real OpenSSH on this machine, on a line with a round trip of 150 ms: keys stay in order, none is
//! lost, the screen settles, a thin line stays usable, a cut line loses nothing.

use crate::home::Copy;
use crate::line::Line;
use crate::milliseconds;
use crate::pty::{Failed, Pumped, Terminal};
use crate::report::Row;
use portable_pty::CommandBuilder;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// One way.
const DELAY_MS: u64 = 75;
/// There and back.
const ROUND_TRIP: Duration = Duration::from_millis(2 * DELAY_MS);
/// Keys of a burst.
const BURST: usize = 200;
/// Bytes a second of the thin line.
const THIN: u64 = 20_000;
/// For what takes moments.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server of this machine's own, with keys of its own, on a free port of loopback.
struct Server {
    process: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Server {
    fn start(sshd: &Path) -> Result<Self, Failed> {
        let folder = tempfile::Builder::new().prefix("bench-ssh-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700))?;
        for name in ["host", "user"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(folder.path().join(name))
                .status()?;
            if !made.success() {
                return Err("ssh-keygen failed".into());
            }
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let settings = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nPidFile {}\nAuthorizedKeysFile {}\nStrictModes no\n\
             UsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\nAcceptEnv *\nPrintMotd no\n",
            at("host"),
            at("pid"),
            at("user.pub"),
        );
        fs::write(folder.path().join("config"), settings)?;
        let log = fs::File::create(folder.path().join("log"))?;
        let process = Command::new(sshd)
            .args(["-D", "-e", "-f"])
            .arg(folder.path().join("config"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        let server = Self { process, folder, port };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > deadline {
                let said = fs::read_to_string(server.folder.path().join("log")).unwrap_or_default();
                return Err(format!("the server does not answer: {said}").into());
            }
            std::thread::yield_now();
        }
        Ok(server)
    }

    /// The program over that line, as a person would start it.
    fn open(&self, line: Line, program: &Path, home: &Path) -> Result<Terminal, Failed> {
        let own = std::env::current_exe()?;
        let mut command = CommandBuilder::new("ssh");
        for option in [
            format!("ProxyCommand={} --line {}", own.display(), line.words(self.port)),
            "StrictHostKeyChecking=no".to_owned(),
            "UserKnownHostsFile=/dev/null".to_owned(),
            "LogLevel=ERROR".to_owned(),
            "BatchMode=yes".to_owned(),
        ] {
            command.args(["-o", &option]);
        }
        command.args(["-F", "none", "-tt", "-i"]);
        command.arg(self.folder.path().join("user"));
        command.arg("127.0.0.1");
        command.arg(format!("LANG=C.UTF-8 MATCHBOOK_HOME={} exec {}", home.display(), program.display()));
        command.cwd(self.folder.path());
        Terminal::start(command, 120, 40)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Errors mean that it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Where the server's program is; it stands outside of most people's paths.
fn sshd() -> Result<PathBuf, Failed> {
    let given = std::env::var_os("SSHD").map(PathBuf::from);
    let usual = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/sbin/sshd"].map(PathBuf::from);
    let found = given.into_iter().chain(usual).find(|path| path.exists());
    found.ok_or_else(|| "there is no sshd: install openssh-server, or name it with SSHD=PATH".into())
}

/// Runs everything over the line.
///
/// # Errors
/// When there is no OpenSSH, or something that must hold does not.
pub fn run(program: &Path, home: &Path) -> Result<Vec<Row>, Failed> {
    let server = Server::start(&sshd()?)?;
    let mut rows = Vec::new();
    burst(&server, program, home, &mut rows)?;
    thin(&server, program, home, &mut rows)?;
    cut(&server, program, home, &mut rows)?;
    Ok(rows)
}

fn opened(terminal: &mut Terminal) -> Result<(), Failed> {
    if !terminal.wait_for("matchbook  · ", PATIENCE) {
        return Err(format!("the interface did not open over ssh:\n{}", terminal.text()).into());
    }
    terminal.settle(ROUND_TRIP * 2);
    Ok(())
}

/// All rows of the devices, with the cursor on the first.
fn all_devices(terminal: &mut Terminal) -> Result<(), Failed> {
    for keys in ["l", "f", "j", "\r", "g"] {
        terminal.send(keys)?;
        terminal.settle(ROUND_TRIP * 2);
    }
    must(terminal, "1 of 100,000")
}

fn must(terminal: &mut Terminal, text: &str) -> Result<(), Failed> {
    if terminal.wait_for(text, PATIENCE) {
        return Ok(());
    }
    Err(format!("not on the screen: {text}\n{}", terminal.text()).into())
}

/// 200 keys at once, of two kinds and then typed text: what the screen says must be what they add up to in their order.
fn burst(server: &Server, program: &Path, home: &Path, rows: &mut Vec<Row>) -> Result<(), Failed> {
    let copy = Copy::of(home)?;
    let mut terminal = server.open(Line { delay_ms: DELAY_MS, ..Line::default() }, program, copy.path())?;
    opened(&mut terminal)?;
    all_devices(&mut terminal)?;
    // One answer alone, as the measure of the line.
    let one = terminal.press("j", ROUND_TRIP * 2)?.ok_or("no answer to a key")?;
    rows.push(Row::new("ssh: one key").with("first_ms", milliseconds(one.first)).with("bytes", one.bytes));
    terminal.send("g")?;
    terminal.settle(ROUND_TRIP * 2);
    let before = terminal.total;
    for _ in 0..BURST {
        terminal.send("j")?;
    }
    let sent = Instant::now();
    let answer = terminal.collect(sent, ROUND_TRIP * 2).ok_or("no answer to the burst")?;
    must(&mut terminal, &format!("{} of 100,000", BURST + 1))?;
    let settled = answer.last;
    rows.push(
        Row::new("ssh: burst of 200")
            .with("lost", 0)
            .with("settled_ms", milliseconds(settled))
            .with("round_trips", crate::report::rounded(settled.as_secs_f64() / ROUND_TRIP.as_secs_f64()))
            .with("bytes", terminal.total - before),
    );
    // Order: typed text stands on the screen as it was typed.
    let text: String = (0..BURST).map(|i| char::from(b'a' + u8::try_from(i * 7 % 26).unwrap_or_default())).collect();
    terminal.send("/")?;
    terminal.settle(ROUND_TRIP * 2);
    for c in text.chars() {
        terminal.send(c.encode_utf8(&mut [0; 4]))?;
    }
    must(&mut terminal, &text[BURST - 60..])?;
    rows.push(Row::new("ssh: 200 typed").with("in_order", true));
    terminal.send("\x1b")?;
    terminal.settle(ROUND_TRIP * 2);
    terminal.send("q")?;
    terminal.exit(PATIENCE).ok_or("it did not end")?;
    Ok(())
}

/// 20 KB a second: pages still turn.
fn thin(server: &Server, program: &Path, home: &Path, rows: &mut Vec<Row>) -> Result<(), Failed> {
    let copy = Copy::of(home)?;
    let line = Line { delay_ms: DELAY_MS, rate: THIN, cut_ms: 0 };
    let mut terminal = server.open(line, program, copy.path())?;
    opened(&mut terminal)?;
    all_devices(&mut terminal)?;
    for (name, key, times) in [("ssh 20 KB/s: down", "j", 20), ("ssh 20 KB/s: page down", "\x1b[6~", 10)] {
        let mut answers = Vec::new();
        for _ in 0..times {
            answers.extend(terminal.press(key, ROUND_TRIP * 2)?);
        }
        rows.push(crate::report::keys(name, times, &answers));
    }
    terminal.send("q")?;
    terminal.exit(PATIENCE).ok_or("it did not end")?;
    Ok(())
}

/// A line that is cut in the middle of work: what was decided is there, the home is free again.
fn cut(server: &Server, program: &Path, home: &Path, rows: &mut Vec<Row>) -> Result<(), Failed> {
    let copy = Copy::of(home)?;
    let before = history(program, copy.path())?;
    let line = Line { delay_ms: DELAY_MS, rate: 0, cut_ms: 12_000 };
    let mut terminal = server.open(line, program, copy.path())?;
    opened(&mut terminal)?;
    terminal.send("l")?;
    terminal.settle(ROUND_TRIP * 2);
    let mut decided = 0;
    for _ in 0..10 {
        terminal.send("d")?;
        // Each is acknowledged on the screen before the next.
        if !terminal.wait_for("deferred 1 device", PATIENCE) {
            return Err(format!("not deferred\n{}", terminal.text()).into());
        }
        decided += 1;
        terminal.settle(ROUND_TRIP * 2);
    }
    while !matches!(terminal.pump(PATIENCE), Pumped::Ended) {}
    let cut_at = Instant::now();
    // The lock says when the process is gone; the history what is kept.
    let after = loop {
        match history(program, copy.path()) {
            Ok(after) => break after,
            Err(_) if cut_at.elapsed() < PATIENCE => std::thread::yield_now(),
            Err(error) => return Err(error),
        }
    };
    let kept = after.saturating_sub(before);
    rows.push(
        Row::new("ssh: cut line")
            .with("decided", decided)
            .with("kept", kept)
            .with("gone_after_ms", milliseconds(cut_at.elapsed())),
    );
    if kept < decided {
        return Err(format!("{decided} decided, {kept} kept").into());
    }
    Ok(())
}

/// Entries of the history; an error while another process holds the home.
fn history(program: &Path, home: &Path) -> Result<usize, Failed> {
    let output = Command::new(program)
        .args(["history", "--json", "--limit", "500"])
        .env("MATCHBOOK_HOME", home)
        .stdin(Stdio::null())
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let list: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let entries = list.as_array().or_else(|| list.get("entries").and_then(serde_json::Value::as_array));
    Ok(entries.ok_or("the history is no list")?.len())
}
