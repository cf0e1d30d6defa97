//! What the person was told: the last ones are kept, and warnings wait until they were seen.

use super::Notice;
use crate::domain::{LogLevel, Timestamp};
use std::collections::VecDeque;

/// Messages kept.
const KEPT: usize = 200;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// When.
    pub at: Timestamp,
    /// What.
    pub notice: Notice,
    /// A warning or an error that was not put away yet.
    pub waits: bool,
}

/// The last messages, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    list: VecDeque<Message>,
}

impl Messages {
    /// Keeps a message; the same one again only says so anew.
    pub fn push(&mut self, at: Timestamp, notice: Notice) {
        let waits = notice.level >= LogLevel::Warn;
        if let Some(last) = self.list.back_mut().filter(|last| last.notice == notice) {
            (last.at, last.waits) = (at, waits);
            return;
        }
        if self.list.len() == KEPT {
            self.list.pop_front();
        }
        self.list.push_back(Message { at, notice, waits });
    }

    /// The person put this one away.
    pub fn seen(&mut self, notice: &Notice) {
        for message in self.list.iter_mut().filter(|m| m.notice == *notice) {
            message.waits = false;
        }
    }

    /// The person looked at all of them.
    pub fn seen_all(&mut self) {
        for message in &mut self.list {
            message.waits = false;
        }
    }

    /// Those that wait, beside the one that is shown.
    #[must_use]
    pub fn waiting(&self, shown: Option<&Notice>) -> usize {
        self.list.iter().filter(|m| m.waits && Some(&m.notice) != shown).count()
    }

    /// The newest of those that wait.
    #[must_use]
    pub fn next(&self) -> Option<Notice> {
        self.list.iter().rev().find(|m| m.waits).map(|m| m.notice.clone())
    }

    /// All, newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Message> {
        self.list.iter().rev()
    }
}
