//! The one reader of the terminal's input.

use crate::ui::{Key, KeyCode};
use crossterm::event::{
    self, Event, EventStream, KeyCode as Code, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind,
};
use futures::StreamExt;
use futures::executor::block_on;
use futures::future::{Either, select};
use std::io;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Events that are taken in together; more wait for the next turn of the loop.
const TOGETHER: usize = 64;
/// Batches that wait for the loop; more stay with the terminal.
const WAITING: usize = 4;
/// How long to look for more behind an event. Not zero: for that crossterm does not look at all (its issue 839).
const LOOK: Duration = Duration::from_micros(20);

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

/// The reader: a thread of its own, so that the loop waits neither for the rest of a sequence of which a part came nor for
/// each key of a burst: what was typed together is one frame.
#[derive(Debug)]
pub struct Input {
    batches: mpsc::Receiver<io::Result<Vec<InputEvent>>>,
    /// Dropped with this: the thread ends, and a later reader does not share its keys with it.
    _stop: oneshot::Sender<()>,
}

impl Input {
    /// Starts reading.
    #[must_use]
    pub fn start() -> Self {
        let (sender, batches) = mpsc::channel(WAITING);
        let (stop, stopped) = oneshot::channel();
        std::thread::spawn(move || block_on(read(sender, stopped)));
        Self { batches, _stop: stop }
    }

    /// Waits for input, and takes what else has come in; sizes before the last one are dropped. `None` at its end.
    ///
    /// # Errors
    /// When the terminal cannot be read any more.
    pub async fn next(&mut self) -> io::Result<Option<Vec<InputEvent>>> {
        let Some(first) = self.batches.recv().await else { return Ok(None) };
        let mut events = first?;
        while events.len() < TOGETHER {
            let Ok(more) = self.batches.try_recv() else { break };
            events.extend(more?);
        }
        let last = events.iter().rposition(|e| matches!(e, InputEvent::Resize(..)));
        let mut at = 0;
        events.retain(|e| {
            let keep = !matches!(e, InputEvent::Resize(..)) || Some(at) == last;
            at += 1;
            keep
        });
        Ok(Some(events))
    }
}

/// Reads until the terminal fails, or nobody listens any more.
async fn read(sender: mpsc::Sender<io::Result<Vec<InputEvent>>>, mut stopped: oneshot::Receiver<()>) {
    let mut stream = EventStream::new();
    loop {
        let Either::Right((event, _)) = select(&mut stopped, stream.next()).await else { return };
        let Some(event) = event else { return };
        let batch = event.map(with_what_follows);
        let broken = batch.is_err();
        if sender.send(batch).await.is_err() || broken {
            return;
        }
    }
}

/// The event, and those that came with it: the stream would bring each over a thread of crossterm's. An error is left to
/// the stream, so that the keys before it are taken.
fn with_what_follows(first: Event) -> Vec<InputEvent> {
    let mut events = Vec::from_iter(translate(first));
    while events.len() < TOGETHER
        && let Ok(true) = event::poll(LOOK)
        && let Ok(event) = event::read()
    {
        events.extend(translate(event));
    }
    events
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
