//! Takes the terminal over and gives it back as it was, exactly once, whatever happens.

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use std::io::{self, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// The terminal is ours at present. One per process, as the terminal is.
static OURS: AtomicBool = AtomicBool::new(false);
/// The panic hook is in place.
static HOOK: Once = Once::new();

/// While it lives the terminal is in raw mode on the alternate screen.
#[derive(Debug)]
pub struct Guard(());

impl Guard {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// When the terminal does not allow it; it is then as it was.
    pub fn enter() -> io::Result<Self> {
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                // A panic of a background task must not tear the screen from under the interface that goes on.
                if std::thread::current().name() == Some("main") {
                    give_back();
                }
                if !OURS.load(Ordering::SeqCst) {
                    before(info);
                }
            }));
        });
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
    let done = execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste);
    if done.is_err() {
        give_back();
    }
    done
}

/// Errors are of no use here: the terminal may be gone.
fn give_back() {
    if OURS.swap(false, Ordering::SeqCst) {
        let _ = execute!(io::stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
        let _ = io::stdout().flush();
    }
}
