//! The sync log as far as it was fetched: a window of lines around the screen. The store keeps many more; pages before
//! and after are asked for as someone comes near an edge.

use crate::domain::{LogEntry, LogLevel, LogPage};
use crate::service::messages::{LogFilter, Ticket};
use std::collections::VecDeque;

/// Lines held at most; those farther away are asked for again when someone goes there.
const HELD: usize = 3_000;

/// Sync log.
#[derive(Debug)]
pub struct LogState {
    /// Lines, oldest first, without a gap among those that the filter lets through.
    pub lines: VecDeque<LogEntry>,
    /// Which lines.
    pub filter: LogFilter,
    /// New lines move the screen.
    pub follow: bool,
    /// Cursor: a line of `lines`.
    pub cursor: usize,
    /// First line on the screen, while held.
    pub top: usize,
    /// The page under way.
    pub asked: Option<(Ticket, LogPage)>,
    /// There is nothing before the first line.
    pub at_start: bool,
    /// There is nothing after the last line.
    pub at_end: bool,
    /// Lines that came while held.
    pub unseen: u64,
    /// Number of the newest line that came by itself.
    heard: u64,
}

impl Default for LogState {
    fn default() -> Self {
        Self {
            lines: VecDeque::new(),
            filter: LogFilter::default(),
            follow: true,
            cursor: 0,
            top: 0,
            asked: None,
            at_start: false,
            at_end: true,
            unseen: 0,
            heard: 0,
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
            self.heard = self.heard.max(line.seq);
            let newest = self.lines.back().map_or(0, |last| last.seq);
            if line.seq != 0 && line.seq <= newest {
                self.put(line);
                continue;
            }
            if !self.follow {
                self.unseen += 1;
            }
            // Where newer lines were let go, it is fetched with them.
            if self.at_end {
                self.lines.push_back(line);
            }
        }
        self.drop_first();
        self.settle(page);
        changed
    }

    /// A line that is not the newest: counted once more, or one of two syncs that wrote at the same time.
    fn put(&mut self, line: LogEntry) {
        match self.lines.iter().rposition(|l| l.seq != 0 && l.seq <= line.seq) {
            Some(at) if self.lines[at].seq == line.seq => self.lines[at] = line,
            Some(at) => {
                self.lines.insert(at + 1, line);
                if at < self.cursor {
                    self.cursor += 1;
                    self.top += 1;
                }
            }
            // Before what is held.
            None => {}
        }
    }

    /// The page to ask for: the one before or after, when the cursor is near an edge behind which there are lines.
    #[must_use]
    pub fn wants(&self, page: usize) -> Option<LogPage> {
        if self.asked.is_some() {
            return None;
        }
        let (first, last) = (self.lines.front()?.seq, self.lines.back()?.seq);
        if self.cursor < 2 * page && !self.at_start {
            return Some(LogPage::Before(first));
        }
        (self.cursor + 2 * page >= self.lines.len() && !self.at_end).then_some(LogPage::After(last))
    }

    /// Takes a page in. `full` says that there may be more in its direction.
    pub fn take(&mut self, which: LogPage, lines: Vec<LogEntry>, full: bool, page: usize) {
        match which {
            LogPage::Newest => {
                self.lines = lines.into();
                self.follow = true;
                self.at_start = !full;
                self.at_end = self.has_heard_last();
            }
            LogPage::Before(_) => {
                self.at_start = !full;
                let count = lines.len();
                for line in lines.into_iter().rev() {
                    self.lines.push_front(line);
                }
                self.cursor += count;
                self.top += count;
                self.drop_last();
            }
            LogPage::After(0) => {
                self.lines = lines.into();
                (self.cursor, self.top, self.follow) = (0, 0, false);
                self.at_start = true;
                self.at_end = !full && self.has_heard_last();
            }
            LogPage::After(_) => {
                let none = lines.is_empty();
                self.lines.extend(lines);
                self.at_end = !full && (none || self.has_heard_last());
                self.drop_first();
            }
        }
        self.settle(page);
    }

    /// What came by itself while a page was under way may be newer than the page.
    fn has_heard_last(&self) -> bool {
        self.lines.back().map_or(0, |line| line.seq) >= self.heard
    }

    fn drop_first(&mut self) {
        let more = self.lines.len().saturating_sub(HELD);
        if more > 0 {
            self.lines.drain(..more);
            self.cursor = self.cursor.saturating_sub(more);
            self.top = self.top.saturating_sub(more);
            self.at_start = false;
        }
    }

    fn drop_last(&mut self) {
        if self.lines.len() > HELD {
            self.lines.truncate(HELD);
            self.at_end = false;
        }
    }

    /// The filter changed: what is held says nothing about the lines that it lets through.
    pub fn change(&mut self) {
        self.heard = 0;
        self.unseen = 0;
    }

    /// Moves the cursor; leaving the last line holds the log, reaching it follows again.
    pub fn go(&mut self, line: usize, page: usize) {
        let last = self.lines.len().saturating_sub(1);
        self.cursor = line.min(last);
        self.follow = self.cursor == last && self.at_end;
        self.settle(page);
    }

    fn settle(&mut self, page: usize) {
        let last = self.lines.len().saturating_sub(1);
        if self.follow {
            self.cursor = last;
            self.unseen = 0;
        }
        self.cursor = self.cursor.min(last);
        // As in the queue: a screen that has to move at all moves by half a page, so that a held key repaints seldom.
        let step = (page / 2).max(1);
        if self.follow {
            self.top = (last + 1).saturating_sub(page);
        } else if self.cursor >= self.top + page {
            let least = self.cursor + 1 - page;
            self.top = (self.top + step).min((last + 1).saturating_sub(page)).max(least);
        } else if self.cursor < self.top {
            let jump = self.top - self.cursor > page;
            self.top = if jump { self.cursor } else { self.top.saturating_sub(step).min(self.cursor) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn line(seq: u64) -> LogEntry {
        LogEntry {
            seq,
            at: datetime!(2026-01-05 09:00 UTC),
            level: LogLevel::Info,
            integration: None,
            stream: None,
            run: None,
            record: None,
            text: format!("line {seq}"),
            count: 1,
        }
    }

    fn lines(range: std::ops::RangeInclusive<u64>) -> Vec<LogEntry> {
        range.map(line).collect()
    }

    const PAGE: usize = 20;

    #[test]
    fn whoever_walks_through_all_lines_holds_few_of_them_and_misses_none() {
        const ALL: u64 = 20_000;
        let mut log = LogState::default();
        log.take(LogPage::Newest, lines(ALL - 499..=ALL), true, PAGE);
        let mut next = ALL;
        while log.lines[log.cursor].seq > 1 {
            assert_eq!(log.lines[log.cursor].seq, next, "no line is passed over");
            next -= 1;
            log.go(log.cursor - 1, PAGE);
            if let Some(LogPage::Before(seq)) = log.wants(PAGE) {
                let from = seq.saturating_sub(500).max(1);
                log.take(LogPage::Before(seq), lines(from..=seq - 1), seq > 501, PAGE);
            }
            assert!(log.lines.len() <= HELD);
        }
        assert!(log.at_start && !log.at_end && !log.follow);
        // What comes meanwhile is counted and not put behind a gap.
        log.append(lines(ALL + 1..=ALL + 1), PAGE);
        assert_eq!(log.unseen, 1);
        while !log.follow {
            log.go(log.cursor + 1, PAGE);
            if let Some(LogPage::After(seq)) = log.wants(PAGE) {
                let upto = (seq + 500).min(ALL + 1);
                log.take(LogPage::After(seq), lines(seq + 1..=upto), upto == seq + 500, PAGE);
            }
            assert!(log.lines.len() <= HELD);
            let seqs = log.lines.iter().map(|l| l.seq);
            assert!(seqs.clone().zip(seqs.skip(1)).all(|(a, b)| b == a + 1), "no gap");
        }
        assert_eq!((log.lines[log.cursor].seq, log.unseen), (ALL + 1, 0));
    }

    #[test]
    fn a_line_that_came_while_a_page_was_under_way_is_fetched() {
        let mut log = LogState::default();
        log.append(lines(11..=11), PAGE);
        log.take(LogPage::Newest, lines(1..=10), false, PAGE);
        assert_eq!(log.wants(PAGE), Some(LogPage::After(10)));
        log.take(LogPage::After(10), lines(11..=11), false, PAGE);
        assert_eq!((log.lines.len(), log.at_end, log.wants(PAGE)), (11, true, None));
    }
}
