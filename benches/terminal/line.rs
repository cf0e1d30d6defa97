//! A slow line for ssh without help of the kernel: this program as its `ProxyCommand`, which holds every byte back for a
//! while each way, at most so many a second, and may cut the line.

use crate::pty::Failed;
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How slow a line is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Line {
    /// One way, milliseconds.
    pub delay_ms: u64,
    /// Bytes a second each way; 0 for no limit.
    pub rate: u64,
    /// Cut after so many milliseconds; 0 for never.
    pub cut_ms: u64,
}

impl Line {
    /// As words of a command line.
    pub fn words(self, port: u16) -> String {
        format!("{}:{}:{}:{port}", self.delay_ms, self.rate, self.cut_ms)
    }

    fn parse(words: &str) -> Option<(Self, u16)> {
        let numbers: Vec<u64> = words.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
        let [delay_ms, rate, cut_ms, port] = numbers[..] else { return None };
        Some((Self { delay_ms, rate, cut_ms }, u16::try_from(port).ok()?))
    }
}

/// Carries bytes between this process's streams and the port until one side ends.
///
/// # Errors
/// When nothing listens there.
pub fn run(words: &str) -> Result<ExitCode, Failed> {
    let (line, port) = Line::parse(words).ok_or("the line is DELAY:RATE:CUT:PORT")?;
    let socket = TcpStream::connect(("127.0.0.1", port))?;
    socket.set_nodelay(true)?;
    let (ends, end) = channel::<()>();
    one_way(std::io::stdin(), socket.try_clone()?, line, ends.clone());
    one_way(socket, std::io::stdout(), line, ends);
    if line.cut_ms > 0 {
        // Errors mean that it was cut by nobody else before.
        let _ = end.recv_timeout(Duration::from_millis(line.cut_ms));
        return Ok(ExitCode::FAILURE);
    }
    let _ = end.recv();
    Ok(ExitCode::SUCCESS)
}

fn one_way(mut from: impl Read + Send + 'static, to: impl Write + Send + 'static, line: Line, ends: Sender<()>) {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if sender.send((Instant::now(), buffer[..count].to_vec())).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        carry(&receiver, to, line);
        let _ = ends.send(());
    });
}

/// Writes each piece when it is due: after the delay, and after what was before it has passed at the line's rate.
fn carry(pieces: &Receiver<(Instant, Vec<u8>)>, mut to: impl Write, line: Line) {
    let mut free = Instant::now();
    let mut waiting: VecDeque<(Instant, Vec<u8>)> = VecDeque::new();
    let mut open = true;
    while open || !waiting.is_empty() {
        let patience = waiting.front().map(|(due, _)| due.saturating_duration_since(Instant::now()));
        let piece = match patience {
            Some(patience) => pieces.recv_timeout(patience).ok(),
            None => pieces.recv().ok(),
        };
        match piece {
            Some((at, bytes)) => {
                let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                let passing = length
                    .saturating_mul(1_000_000)
                    .checked_div(line.rate)
                    .map_or(Duration::ZERO, Duration::from_micros);
                free = free.max(at) + passing;
                waiting.push_back((free + Duration::from_millis(line.delay_ms), bytes));
            }
            None if patience.is_none() => open = false,
            None => {}
        }
        while waiting.front().is_some_and(|(due, _)| *due <= Instant::now()) {
            let Some((_, bytes)) = waiting.pop_front() else { break };
            if to.write_all(&bytes).and_then(|()| to.flush()).is_err() {
                return;
            }
        }
    }
}
