//! The one reader of the terminal's input.

use crate::ui::{Key, KeyCode};
use crossterm::event::{
    Event, EventStream, KeyCode as Code, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind,
};
use futures::StreamExt;
use std::io;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Events that wait for the loop; more stay with the terminal.
const WAITING: usize = 64;

/// Something came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputEvent {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The terminal has this size now.
    Resize(u16, u16),
    /// The mouse, where it is ours: what, column, row.
    Mouse(MouseEvent, u16, u16),
}

/// What the mouse did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseEvent {
    /// The left button was pressed.
    Click,
    /// The wheel was turned away.
    WheelUp,
    /// The wheel was turned towards the person.
    WheelDown,
}

/// The reader: a task of its own, because crossterm brings each event over a thread and looks no further meanwhile. What
/// comes while the loop is busy waits together, so that a burst of keys is one frame.
#[derive(Debug)]
pub struct Input {
    events: mpsc::Receiver<io::Result<Event>>,
    reader: JoinHandle<()>,
}

impl Drop for Input {
    fn drop(&mut self) {
        // The next reader is not to share its keys with this one.
        self.reader.abort();
    }
}

impl Input {
    /// Starts reading; inside a runtime.
    #[must_use]
    pub fn start() -> Self {
        let (sender, events) = mpsc::channel(WAITING);
        let reader = tokio::spawn(async move {
            let mut stream = EventStream::new();
            while let Some(event) = stream.next().await {
                let broken = event.is_err();
                if sender.send(event).await.is_err() || broken {
                    return;
                }
            }
        });
        Self { events, reader }
    }

    /// Waits for input; `None` at its end.
    ///
    /// # Errors
    /// When the terminal cannot be read any more.
    pub async fn next(&mut self) -> io::Result<Option<InputEvent>> {
        loop {
            match self.events.recv().await {
                None => return Ok(None),
                Some(event) => {
                    if let Some(event) = translate(event?) {
                        return Ok(Some(event));
                    }
                }
            }
        }
    }

    /// What has come in already, without waiting; sizes before the last one are dropped.
    ///
    /// # Errors
    /// When the terminal cannot be read any more.
    pub fn drain(&mut self, events: &mut Vec<InputEvent>) -> io::Result<()> {
        while events.len() < WAITING {
            let Ok(event) = self.events.try_recv() else { break };
            events.extend(translate(event?));
        }
        let last = events.iter().rposition(|e| matches!(e, InputEvent::Resize(..)));
        let mut at = 0;
        events.retain(|e| {
            let keep = !matches!(e, InputEvent::Resize(..)) || Some(at) == last;
            at += 1;
            keep
        });
        Ok(())
    }
}

fn translate(event: Event) -> Option<InputEvent> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => translate_key(key).map(InputEvent::Key),
        Event::Paste(text) => Some(InputEvent::Paste(text)),
        Event::Resize(width, height) => Some(InputEvent::Resize(width, height)),
        Event::Mouse(mouse) => {
            let what = match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => MouseEvent::Click,
                MouseEventKind::ScrollUp => MouseEvent::WheelUp,
                MouseEventKind::ScrollDown => MouseEvent::WheelDown,
                _ => return None,
            };
            Some(InputEvent::Mouse(what, mouse.column, mouse.row))
        }
        _ => None,
    }
}

fn translate_key(event: KeyEvent) -> Option<Key> {
    let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    let alt = event.modifiers.contains(KeyModifiers::ALT);
    let code = match event.code {
        // With Ctrl, terminals disagree about the case.
        Code::Char(c) if ctrl => KeyCode::Char(c.to_ascii_lowercase()),
        Code::Char(c) => KeyCode::Char(c),
        Code::Enter => KeyCode::Enter,
        Code::Esc => KeyCode::Esc,
        Code::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
        Code::Tab => KeyCode::Tab,
        Code::BackTab => KeyCode::BackTab,
        Code::Backspace => KeyCode::Backspace,
        Code::Delete => KeyCode::Delete,
        Code::Up => KeyCode::Up,
        Code::Down => KeyCode::Down,
        Code::Left => KeyCode::Left,
        Code::Right => KeyCode::Right,
        Code::PageUp => KeyCode::PageUp,
        Code::PageDown => KeyCode::PageDown,
        Code::Home => KeyCode::Home,
        Code::End => KeyCode::End,
        Code::F(n) => KeyCode::F(n),
        _ => return None,
    };
    Some(Key { code, ctrl, alt })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_dropped_and_presses_translated() {
        let mut key = KeyEvent::new(Code::Char('D'), KeyModifiers::CONTROL);
        assert_eq!(translate(Event::Key(key)), Some(InputEvent::Key(Key::ctrl('d'))));
        key.kind = KeyEventKind::Release;
        assert_eq!(translate(Event::Key(key)), None);
        assert_eq!(translate(Event::FocusGained), None);
    }
}
