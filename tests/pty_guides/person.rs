//! A person at the keyboard: looks before the next key, and presses again where the screen asks for that.

use crate::PATIENCE;
use crate::pty::Terminal;
use portable_pty::CommandBuilder;
use std::time::Duration;

/// What the screen says when rows moved under a key, or an import is not quite done: to be tried again.
const AGAIN: [&str; 2] = ["look, then press again", "is under way"];
/// Presses before a person gives up.
const TRIES: usize = 8;
/// A screen on which nothing moved for so long is one that a person can read.
const AT_REST: Duration = Duration::from_millis(300);
/// A person who sees no answer to Esc presses it again after so long.
const NO_ANSWER: Duration = Duration::from_secs(2);

pub struct Person {
    terminal: Terminal,
}

impl Person {
    /// In front of a program on a screen of 120 columns and 40 rows.
    pub fn before(command: CommandBuilder) -> Self {
        Self { terminal: Terminal::start(command, 120, 40).expect("the program starts") }
    }

    pub fn screen(&self) -> String {
        self.terminal.text()
    }

    /// Waits for a text.
    pub fn sees(&mut self, text: &str) {
        assert!(self.terminal.wait_for(text, PATIENCE), "not shown: {text}\n{}", self.screen());
    }

    /// Waits until a text is gone.
    pub fn sees_no_more(&mut self, text: &str) {
        let gone = self.terminal.wait_until(PATIENCE, |screen| !screen.contents().contains(text));
        assert!(gone, "still shown: {text}\n{}", self.screen());
    }

    /// Waits until no sync runs and the screen shows the text.
    pub fn sees_synced(&mut self, text: &str) {
        let done = self.terminal.wait_until(PATIENCE, |screen| {
            let shown = screen.contents();
            shown.contains(text) && !shown.contains("syncing") && !shown.contains("reading the store")
        });
        assert!(done, "not synced, or not shown: {text}\n{}", self.screen());
    }

    /// Keys whose answer shows a text that is not there yet.
    pub fn does(&mut self, keys: &str, text: &str) {
        self.does_all(&[(keys, text)]);
    }

    /// Keys one after the other, each when the one before was answered; from the first one again where rows moved.
    pub fn does_all(&mut self, steps: &[(&str, &str)]) {
        for _ in 0..TRIES {
            if steps.iter().all(|(keys, text)| self.answered(keys, text)) {
                return;
            }
            self.heeds();
        }
        panic!("the rows never rest: {steps:?}\n{}", self.screen());
    }

    /// Looks until nothing moves, and puts the words away that asked for it. One Esc at a time: another one would go
    /// back a step.
    fn heeds(&mut self) {
        self.terminal.settle(AT_REST);
        for said in AGAIN {
            for _ in 0..TRIES {
                if !self.screen().contains(said) {
                    break;
                }
                self.types("\x1b");
                self.terminal.wait_until(NO_ANSWER, |screen| !screen.contents().contains(said));
            }
        }
    }

    /// False when the program asks to look and press again.
    fn answered(&mut self, keys: &str, text: &str) -> bool {
        assert!(!self.screen().contains(text), "there before {keys:?}: {text}\n{}", self.screen());
        self.types(keys);
        let shown = |shown: &str, text: &str| shown.contains(text);
        let seen = self.terminal.wait_until(PATIENCE, |screen| {
            let now = screen.contents();
            shown(&now, text) || AGAIN.iter().any(|said| shown(&now, said))
        });
        let now = self.screen();
        assert!(seen, "not shown after {keys:?}: {text}\n{now}");
        shown(&now, text)
    }

    /// Esc, as often as it takes until a text is gone; each when the one before was answered, and the first when the
    /// answer to earlier keys is whole.
    pub fn back_from(&mut self, text: &str) {
        self.terminal.settle(AT_REST);
        for _ in 0..TRIES {
            let before = self.screen();
            if !before.contains(text) {
                return;
            }
            self.types("\x1b");
            self.terminal.wait_until(NO_ANSWER, |screen| screen.contents() != before);
        }
        assert!(!self.screen().contains(text), "Esc does not lead away from {text}\n{}", self.screen());
    }

    /// Enter on a line of a list, again while the list stays: it waits for the answer to what was typed.
    pub fn picks(&mut self, line: &str, title: &str) {
        self.sees(line);
        for _ in 0..TRIES {
            self.types("\r");
            if self.terminal.wait_until(NO_ANSWER, |screen| !screen.contents().contains(title)) {
                return;
            }
            self.sees(line);
        }
        panic!("the list {title} stays\n{}", self.screen());
    }

    pub fn types(&mut self, keys: &str) {
        self.terminal.send(keys).expect("the program reads");
    }

    /// Finds rows; [`Person::back_from`] `find ` shows all again.
    pub fn finds(&mut self, text: &str) {
        self.does("/", "Enter keep");
        self.types(&format!("{text}\r"));
        self.sees_no_more("Enter keep");
        self.sees(&format!("find {text}"));
    }

    /// Opens the history until a line is there, and closes it.
    pub fn finds_in_history(&mut self, text: &str) {
        let give_up = std::time::Instant::now() + PATIENCE;
        while std::time::Instant::now() < give_up {
            self.does("H", "History: u takes");
            let found = self.terminal.wait_for(text, NO_ANSWER);
            self.back_from("History: u takes");
            if found {
                return;
            }
        }
        panic!("not in the history: {text}\n{}", self.screen());
    }

    /// Quits; true when the program ended well.
    pub fn leaves(mut self) -> bool {
        self.types("q");
        self.terminal.exit(PATIENCE).is_some_and(|status| status.success())
    }
}
