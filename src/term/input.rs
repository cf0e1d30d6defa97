//! The one reader of the terminal's input.

use crate::ui::{Key, KeyCode};
use crossterm::event::{
    Event, EventStream, KeyCode as Code, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind,
};
use futures::StreamExt;
use std::io;

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

/// The reader.
pub struct Input {
    stream: EventStream,
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Input")
    }
}

impl Default for Input {
    fn default() -> Self {
        Self { stream: EventStream::new() }
    }
}

impl Input {
    /// Waits for input; `None` at its end.
    ///
    /// # Errors
    /// When the terminal cannot be read any more.
    pub async fn next(&mut self) -> io::Result<Option<InputEvent>> {
        loop {
            match self.stream.next().await {
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
    pub async fn drain(&mut self, events: &mut Vec<InputEvent>) {
        while events.len() < 64 {
            // Polled by the task itself: crossterm wakes only the waker that it saw first, and one that does nothing
            // (`now_or_never`) would be the last we heard of the keyboard. Often that is all there is: each event
            // comes over crossterm's thread, and the frame's own spacing is what takes several together.
            let event = tokio::select! {
                biased;
                event = self.stream.next() => event,
                () = std::future::ready(()) => break,
            };
            let Some(Ok(event)) = event else { break };
            events.extend(translate(event));
        }
        let last = events.iter().rposition(|e| matches!(e, InputEvent::Resize(..)));
        let mut at = 0;
        events.retain(|e| {
            let keep = !matches!(e, InputEvent::Resize(..)) || Some(at) == last;
            at += 1;
            keep
        });
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
