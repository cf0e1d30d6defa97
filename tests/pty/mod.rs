//! A program in a pseudo-terminal: what its person sees, types and does to the window.
//!
//! Shared by the terminal tests and the terminal bench. Nothing here sleeps: every wait ends with what it waits for,
//! with the end of the program, or at its deadline.

#![allow(dead_code, reason = "each test program and the bench use a part of it")]

use portable_pty::{CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use std::error::Error;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Whatever goes wrong while driving.
pub type Failed = Box<dyn Error + Send + Sync>;

/// Queries that a real terminal answers, so that a program does not wait for them.
const DEVICE_ATTRIBUTES: (&str, &str) = ("\x1b[c", "\x1b[?62;22c");
const KEYBOARD_PROTOCOL: (&str, &str) = ("\x1b[?u", "\x1b[?0u");
const CURSOR_POSITION: &str = "\x1b[6n";

struct Chunk {
    at: Instant,
    bytes: Vec<u8>,
}

/// What one wait for output brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pumped {
    /// So many bytes, read at that moment.
    Output(Instant, usize),
    /// Nothing within the time.
    Silence,
    /// The program closed the terminal.
    Ended,
}

/// The answer to one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// From the key to the first byte.
    pub first: Duration,
    /// From the key to the last byte before the silence.
    pub last: Duration,
    /// Bytes on the wire.
    pub bytes: usize,
}

/// A program, and the terminal around it.
pub struct Terminal {
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    output: Receiver<Chunk>,
    reader: Option<JoinHandle<()>>,
    closing: Arc<AtomicBool>,
    exit: Receiver<ExitStatus>,
    /// Its exit status was taken.
    ended: bool,
    parser: vt100::Parser,
    /// Process id of the program.
    pub pid: u32,
    /// When it was started.
    pub started: Instant,
    /// When it first wrote something.
    pub first_output: Option<Instant>,
    /// Bytes it has written so far.
    pub total: usize,
    /// All that it has written.
    pub written: Vec<u8>,
    /// The modes of the line before the program ran, in words.
    pub modes_before: String,
}

impl Terminal {
    /// Starts a program in a terminal of that size, as a common one presents itself.
    ///
    /// # Errors
    /// When there is no pseudo-terminal or no such program.
    pub fn start(mut command: CommandBuilder, columns: u16, rows: u16) -> Result<Self, Failed> {
        let size = PtySize { rows, cols: columns, ..PtySize::default() };
        let pair = native_pty_system().openpty(size)?;
        let modes_before = format!("{:?}", pair.master.get_termios());
        for (name, value) in [("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LANG", "C.UTF-8")] {
            if command.iter_extra_env_as_str().all(|(set, _)| set != name) {
                command.env(name, value);
            }
        }
        let reader = pair.master.try_clone_reader()?;
        let writer = pair.master.take_writer()?;
        let started = Instant::now();
        let mut child = pair.slave.spawn_command(command)?;
        drop(pair.slave);
        let (chunk_sender, output) = channel();
        let (exit_sender, exit) = channel();
        let closing = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&closing);
        let reader = std::thread::spawn(move || read_output(reader, &chunk_sender, &stop));
        let pid = child.process_id().ok_or("the program has no process id")?;
        std::thread::spawn(move || {
            if let Ok(status) = child.wait() {
                let _ = exit_sender.send(status);
            }
        });
        let parser = vt100::Parser::new(cells(rows)?, cells(columns)?, 0);
        Ok(Self {
            master: Some(pair.master),
            writer: Some(writer),
            output,
            reader: Some(reader),
            closing,
            exit,
            ended: false,
            parser,
            pid,
            started,
            first_output: None,
            total: 0,
            written: Vec::new(),
            modes_before,
        })
    }

    /// Takes in what the program writes, for at most that long.
    pub fn pump(&mut self, patience: Duration) -> Pumped {
        match self.output.recv_timeout(patience) {
            Ok(chunk) => {
                self.first_output.get_or_insert(chunk.at);
                self.total += chunk.bytes.len();
                self.written.extend_from_slice(&chunk.bytes);
                self.parser.process(&chunk.bytes);
                self.answer_queries(&chunk.bytes);
                Pumped::Output(chunk.at, chunk.bytes.len())
            }
            Err(RecvTimeoutError::Timeout) => Pumped::Silence,
            Err(RecvTimeoutError::Disconnected) => Pumped::Ended,
        }
    }

    /// The screen as the person sees it.
    #[must_use]
    pub fn text(&self) -> String {
        self.parser.screen().contents()
    }

    /// The emulated terminal: modes, cells, cursor.
    #[must_use]
    pub fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// Waits until the text is on the screen; false when the deadline passed or the program ended before.
    pub fn wait_for(&mut self, text: &str, patience: Duration) -> bool {
        self.wait_until(patience, |screen| screen.contents().contains(text))
    }

    /// Waits until the screen satisfies the condition; false when the deadline passed or the program ended before.
    pub fn wait_until(&mut self, patience: Duration, mut done: impl FnMut(&vt100::Screen) -> bool) -> bool {
        let deadline = Instant::now() + patience;
        while !done(self.parser.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || self.pump(left) == Pumped::Ended {
                return done(self.parser.screen());
            }
        }
        true
    }

    /// Takes in output until there was none for that long; at most five seconds.
    pub fn settle(&mut self, silence: Duration) {
        let deadline = Instant::now() + Duration::from_secs(5);
        while Instant::now() < deadline && matches!(self.pump(silence), Pumped::Output(..)) {}
    }

    /// Types.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn send(&mut self, keys: &str) -> Result<(), Failed> {
        let writer = self.writer.as_mut().ok_or("the terminal was hung up")?;
        writer.write_all(keys.as_bytes())?;
        Ok(writer.flush()?)
    }

    /// Types one key and takes in its answer, which ends after that much silence. Nothing when no byte came in a second.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn press(&mut self, key: &str, silence: Duration) -> Result<Option<Answer>, Failed> {
        let pressed = Instant::now();
        self.send(key)?;
        Ok(self.collect(pressed, silence))
    }

    /// Types one key and takes in what comes until the text is on the screen; the last byte is the one that brought it.
    /// Nothing when it did not come in five seconds. For screens on which other things move as well.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn press_until(&mut self, key: &str, text: &str) -> Result<Option<Answer>, Failed> {
        let since = Instant::now();
        self.send(key)?;
        let (mut first, mut bytes) = (None, 0);
        let deadline = since + Duration::from_secs(5);
        loop {
            let Pumped::Output(at, count) = self.pump(deadline.saturating_duration_since(Instant::now())) else {
                return Ok(None);
            };
            let last = at.saturating_duration_since(since);
            bytes += count;
            let first = *first.get_or_insert(last);
            if self.text().contains(text) {
                return Ok(Some(Answer { first, last, bytes }));
            }
        }
    }

    /// Takes in what comes for that long, whether or not it ends.
    pub fn settle_briefly(&mut self, time: Duration) {
        let deadline = Instant::now() + time;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || self.pump(left) == Pumped::Ended {
                return;
            }
        }
    }

    /// Changes the size of the window.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn resize(&mut self, columns: u16, rows: u16) -> Result<(), Failed> {
        self.parser.screen_mut().set_size(cells(rows)?, cells(columns)?);
        let master = self.master.as_ref().ok_or("the terminal was hung up")?;
        Ok(master.resize(PtySize { rows, cols: columns, ..PtySize::default() })?)
    }

    /// Takes in the answer to something that happened at `since`.
    pub fn collect(&mut self, since: Instant, silence: Duration) -> Option<Answer> {
        let mut answer: Option<Answer> = None;
        let deadline = since + Duration::from_secs(5);
        loop {
            let patience = if answer.is_some() { silence } else { Duration::from_secs(1) };
            let Pumped::Output(at, bytes) = self.pump(patience) else { return answer };
            let last = at.saturating_duration_since(since);
            let so_far = answer.map_or(Answer { first: last, last, bytes: 0 }, |answer| answer);
            answer = Some(Answer { last, bytes: so_far.bytes + bytes, ..so_far });
            if Instant::now() > deadline {
                return answer;
            }
        }
    }

    /// Sends a signal to the program.
    ///
    /// # Errors
    /// When it is gone.
    pub fn signal(&self, signal: rustix::process::Signal) -> Result<(), Failed> {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.pid)?).ok_or("no process id")?;
        Ok(rustix::process::kill_process(pid, signal)?)
    }

    /// Takes in output until the program ends; its exit status, or nothing when it still runs at the deadline.
    pub fn exit(&mut self, patience: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.pump(left) {
                Pumped::Ended => return self.take_exit(left),
                Pumped::Silence if left.is_zero() => return None,
                Pumped::Silence | Pumped::Output(..) => {}
            }
        }
    }

    /// The modes of the line now, in words; the same as `modes_before` when the program gave the line back.
    #[must_use]
    pub fn modes(&self) -> String {
        format!("{:?}", self.master.as_ref().and_then(|master| master.get_termios()))
    }

    /// Takes the terminal away, as when an SSH connection drops. Afterwards only [`Terminal::exit_after_hang_up`] works.
    ///
    /// # Errors
    /// When the terminal is gone already.
    pub fn hang_up(&mut self) -> Result<(), Failed> {
        // The reading thread holds the terminal open until it reads once more: a new size makes the program draw.
        self.closing.store(true, Ordering::SeqCst);
        let (rows, columns) = self.parser.screen().size();
        self.resize(columns.get() - 1, rows.get())?;
        if let Some(reader) = self.reader.take() {
            reader.join().map_err(|_| "the reading thread failed")?;
        }
        self.writer = None;
        self.master = None;
        Ok(())
    }

    /// The exit status of a program whose terminal was hung up, or nothing when it still runs at the deadline.
    pub fn exit_after_hang_up(&mut self, patience: Duration) -> Option<ExitStatus> {
        self.take_exit(patience)
    }

    fn take_exit(&mut self, patience: Duration) -> Option<ExitStatus> {
        let status = self.exit.recv_timeout(patience).ok();
        self.ended |= status.is_some();
        status
    }

    fn answer_queries(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let mut reply = String::new();
        if text.contains(CURSOR_POSITION) {
            let (row, column) = self.parser.screen().cursor_position();
            reply = format!("\x1b[{};{}R", row + 1, column + 1);
        }
        for (query, answer) in [KEYBOARD_PROTOCOL, DEVICE_ATTRIBUTES] {
            if text.contains(query) {
                reply.push_str(answer);
            }
        }
        if !reply.is_empty() {
            // A program that ended meanwhile needs no answer.
            let _ = self.send(&reply);
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if !self.ended && self.exit.try_recv().is_err() {
            // Errors mean that it has ended already; the wait is for its files to be closed.
            let _ = self.signal(rustix::process::Signal::KILL);
            let _ = self.exit.recv_timeout(Duration::from_secs(5));
        }
    }
}

fn cells(count: u16) -> Result<NonZeroU16, Failed> {
    NonZeroU16::new(count).ok_or_else(|| "a terminal has at least one cell".into())
}

fn read_output(mut reader: Box<dyn Read + Send>, sender: &Sender<Chunk>, closing: &AtomicBool) {
    let mut buffer = vec![0; 1 << 16];
    // An error is how Linux says that the program closed its side.
    while let Ok(count @ 1..) = reader.read(&mut buffer) {
        let chunk = Chunk { at: Instant::now(), bytes: buffer[..count].to_vec() };
        if sender.send(chunk).is_err() || closing.load(Ordering::SeqCst) {
            return;
        }
    }
}
