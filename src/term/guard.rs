//! Takes the terminal over and gives it back as it was, exactly once, whatever happens.

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once};
use std::thread::ThreadId;

/// The terminal is ours at present. One per process, as the terminal is.
static OURS: AtomicBool = AtomicBool::new(false);
/// The thread that the interface runs in.
static OWNER: Mutex<Option<ThreadId>> = Mutex::new(None);
/// The panic hook is in place.
static HOOK: Once = Once::new();
/// The mouse is ours too.
static MOUSE: AtomicBool = AtomicBool::new(false);
/// Only the keys are ours: lines are printed where the shell's are.
static LINES: AtomicBool = AtomicBool::new(false);

/// What is taken of the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Taking {
    /// Keys and screen.
    #[default]
    Screen,
    /// Keys, screen and mouse.
    Mouse,
    /// Keys only.
    Keys,
}

/// While it lives the terminal is in raw mode on the alternate screen.
#[derive(Debug)]
pub struct Guard(());

impl Guard {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// When the terminal does not allow it; it is then as it was.
    pub fn enter(taking: Taking) -> io::Result<Self> {
        MOUSE.store(taking == Taking::Mouse, Ordering::SeqCst);
        LINES.store(taking == Taking::Keys, Ordering::SeqCst);
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                // A panic of a background task must not tear the screen from under the interface that goes on.
                let here = std::thread::current().id();
                if OWNER.lock().is_ok_and(|owner| *owner == Some(here)) {
                    give_back();
                }
                if OURS.load(Ordering::SeqCst) {
                    tracing::error!(%info, "a background task panicked");
                } else {
                    before(info);
                }
            }));
        });
        if let Ok(mut owner) = OWNER.lock() {
            *owner = Some(std::thread::current().id());
        }
        let guard = Self(());
        take()?;
        Ok(guard)
    }

    /// Takes the terminal over again after it was given back or stopped behind our back.
    ///
    /// # Errors
    /// When the terminal does not allow it.
    pub fn retake(&self) -> io::Result<()> {
        // A stop may have changed the modes without our knowing: set them whatever we believe.
        OURS.store(false, Ordering::SeqCst);
        disable_raw_mode()?;
        take()
    }

    /// Gives the terminal back for a while.
    pub fn pause(&self) {
        give_back();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    OURS.store(true, Ordering::SeqCst);
    if LINES.load(Ordering::SeqCst) {
        return Ok(());
    }
    let done = execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)
        .and_then(|()| if MOUSE.load(Ordering::SeqCst) { execute!(io::stdout(), EnableMouseCapture) } else { Ok(()) });
    if done.is_err() {
        give_back();
    }
    done
}

/// Errors are of no use here: the terminal may be gone.
fn give_back() {
    if OURS.swap(false, Ordering::SeqCst) {
        if MOUSE.load(Ordering::SeqCst) {
            let _ = execute!(io::stdout(), DisableMouseCapture);
        }
        if !LINES.load(Ordering::SeqCst) {
            let _ = execute!(io::stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show);
        }
        let _ = disable_raw_mode();
        let _ = io::stdout().flush();
    }
}
