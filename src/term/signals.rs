//! Signals: those that end the program, and the one that brings it back to the foreground.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Why the program has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// SIGTERM.
    Terminate,
    /// SIGINT from outside; the key Ctrl-c arrives as a key.
    Interrupt,
    /// SIGHUP, or the terminal vanished.
    HangUp,
}

/// The signals listened to.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
    go_on: Signal,
}

impl Signals {
    /// Starts listening.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
            go_on: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }

    /// The next signal: an ending, or `None` when the program came back to the foreground.
    pub async fn next(&mut self) -> Option<Ending> {
        tokio::select! {
            Some(()) = self.terminate.recv() => Some(Ending::Terminate),
            Some(()) = self.interrupt.recv() => Some(Ending::Interrupt),
            Some(()) = self.hang_up.recv() => Some(Ending::HangUp),
            Some(()) = self.go_on.recv() => None,
        }
    }

    /// Stops the whole job as Ctrl-z does in a shell, and returns when it goes on. Where nobody could continue it
    /// (no shell above) the system does not stop it, and this returns after a moment.
    pub async fn stop_job(&mut self) {
        if rustix::process::kill_current_process_group(rustix::process::Signal::TSTP).is_ok() {
            let _ = tokio::time::timeout(std::time::Duration::from_millis(300), self.go_on.recv()).await;
        }
    }
}
