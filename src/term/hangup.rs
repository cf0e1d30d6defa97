//! Notices that the terminal has vanished. crossterm's reader does not: it spins on a dead terminal.

use rustix::event::{PollFd, PollFlags, poll};
use std::sync::mpsc;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long the program may take to end by itself. The event loop may be caught inside crossterm's reader, which then
/// never returns; what was acknowledged is durable, so the process may end at any instant.
const GRACE: Duration = Duration::from_secs(2);
/// Exit status of a process that a hang-up ends, as shells report it.
const ENDED_BY_HANG_UP: i32 = 129;

/// Watches standard input for hang-up in a thread of its own, which sleeps until that happens. The receiver resolves
/// then. The thread ends with the process: there is nothing to wait for when the program ends first.
#[must_use]
pub fn watch_for_hangup() -> oneshot::Receiver<()> {
    let (gone_tx, gone_rx) = oneshot::channel();
    let spawned = std::thread::Builder::new().name("hang-up".to_owned()).spawn(move || {
        let input = rustix::stdio::stdin();
        loop {
            // No event is asked for: only hang-up and errors are reported, so nothing wakes this thread before.
            let mut fds = [PollFd::new(&input, PollFlags::empty())];
            match poll(&mut fds, None) {
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return,
                Ok(_) => {
                    let seen = fds[0].revents();
                    if seen.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
                        let _ = gone_tx.send(());
                        let (_held, never) = mpsc::channel::<()>();
                        let _ = never.recv_timeout(GRACE);
                        std::process::exit(ENDED_BY_HANG_UP);
                    }
                }
            }
        }
    });
    if spawned.is_err() {
        tracing::warn!("no thread to watch the terminal with; a vanished terminal is noticed by its errors only");
    }
    gone_rx
}
