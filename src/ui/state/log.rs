//! The sync log as far as it was fetched.

use crate::domain::{LogEntry, LogLevel};
use crate::service::messages::LogFilter;
use std::collections::VecDeque;

/// Lines kept at most; older ones are asked for again when someone goes there.
const KEPT: usize = 5_000;

/// Sync log.
#[derive(Debug)]
pub struct LogState {
    /// Lines, oldest first.
    pub lines: VecDeque<LogEntry>,
    /// Which lines.
    pub filter: LogFilter,
    /// New lines move the screen.
    pub follow: bool,
    /// Cursor: a line of `lines`.
    pub cursor: usize,
    /// First line on the screen, while held.
    pub top: usize,
    /// Older lines are under way, or there are none.
    pub oldest_known: bool,
    /// Lines that came while held.
    pub unseen: u64,
}

impl Default for LogState {
    fn default() -> Self {
        Self {
            lines: VecDeque::new(),
            filter: LogFilter::default(),
            follow: true,
            cursor: 0,
            top: 0,
            oldest_known: false,
            unseen: 0,
        }
    }
}

impl LogState {
    /// Does the filter let the line through? The door filters what it is asked for; this filters what comes by itself.
    #[must_use]
    pub fn lets_through(&self, line: &LogEntry) -> bool {
        let f = &self.filter;
        line.level >= f.level.unwrap_or(LogLevel::Info)
            && f.integration.as_ref().is_none_or(|i| line.integration.as_ref() == Some(i))
            && (f.text.is_empty() || line.text.to_lowercase().contains(&f.text.to_lowercase()))
    }

    /// Takes new lines in; a known number replaces that line. Returns whether anything shown changed.
    pub fn append(&mut self, lines: Vec<LogEntry>, page: usize) -> bool {
        let mut changed = false;
        for line in lines.into_iter().filter(|l| self.lets_through(l)).collect::<Vec<_>>() {
            changed = true;
            let known = self.lines.iter_mut().rev().take(KEPT).find(|l| line.seq != 0 && l.seq == line.seq);
            if let Some(known) = known {
                *known = line;
                continue;
            }
            self.lines.push_back(line);
            if !self.follow {
                self.unseen += 1;
            }
        }
        while self.lines.len() > KEPT {
            self.lines.pop_front();
            self.cursor = self.cursor.saturating_sub(1);
            self.top = self.top.saturating_sub(1);
            self.oldest_known = false;
        }
        self.settle(page);
        changed
    }

    /// Takes older lines in before the first one.
    pub fn prepend(&mut self, lines: Vec<LogEntry>, page: usize) {
        self.oldest_known = lines.is_empty();
        let count = lines.len();
        for line in lines.into_iter().rev() {
            self.lines.push_front(line);
        }
        self.cursor += count;
        self.top += count;
        self.settle(page);
    }

    /// Replaces all lines: after a change of the filter.
    pub fn replace(&mut self, lines: Vec<LogEntry>, page: usize) {
        self.lines = lines.into();
        self.follow = true;
        self.oldest_known = false;
        self.settle(page);
    }

    /// Moves the cursor; leaving the last line holds the log, reaching it follows again.
    pub fn go(&mut self, line: usize, page: usize) {
        let last = self.lines.len().saturating_sub(1);
        self.cursor = line.min(last);
        self.follow = self.cursor == last;
        self.settle(page);
    }

    fn settle(&mut self, page: usize) {
        let last = self.lines.len().saturating_sub(1);
        if self.follow {
            self.cursor = last;
            self.unseen = 0;
        }
        self.cursor = self.cursor.min(last);
        if self.follow || self.cursor >= self.top + page {
            self.top = (self.cursor + 1).saturating_sub(page);
        }
        self.top = self.top.min(self.cursor);
    }
}
