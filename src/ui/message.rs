//! What the interface is told ([`Msg`]) and what it asks for ([`Effect`]).

use super::key::Key;
use super::saved_view::SavedView;
use super::setup::{Draft, FlowDraft, SetupAnswer};
use crate::domain::{FlowId, IntegrationId, Stream, Timestamp};
use crate::service::messages::{Message, Request, Ticket};
use std::time::Duration;

/// The present, told with every message: the interface never reads a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Wall clock, UTC: for what is shown.
    pub wall: Timestamp,
    /// Time since the start, never going back: for what is waited for.
    pub since_start: Duration,
}

/// What the mouse did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mouse {
    /// The left button was pressed.
    Click,
    /// The wheel was turned away.
    Up,
    /// The wheel was turned towards the person.
    Down,
}

/// Something happened.
#[derive(Clone, Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The terminal has this size now (columns, rows).
    Resize(u16, u16),
    /// The mouse did something at a cell: column, row.
    Mouse(Mouse, u16, u16),
    /// The door said something.
    Door(Box<Message>),
    /// What became of something that the connect wizard asked for.
    Setup(SetupAnswer),
    /// The moment asked for with [`Effect::WakeAt`] has come.
    Wake,
}

/// Something the event loop has to do.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send a request through the door.
    Submit(Ticket, Request),
    /// Send this text to the terminal's clipboard (OSC 52).
    Copy(String),
    /// Draw now: a person waits for it.
    Draw,
    /// Draw with the next background frame (at most ten a second).
    DrawSoon,
    /// Send [`Msg::Wake`] at this time since the start.
    WakeAt(Duration),
    /// Forget what the terminal shows and paint everything.
    Repaint,
    /// Give the terminal back and stop, as a shell's job control expects.
    Suspend,
    /// Test this connection live; answered by [`Msg::Setup`].
    TestConnection(Draft),
    /// Save this connection; answered by [`Msg::Setup`].
    SaveConnection(Draft),
    /// Keep this view in the configuration, in place of the one of its name and stream.
    SaveView(SavedView),
    /// Take this view out of the configuration.
    RemoveView(SavedView),
    /// Save this flow; answered by [`Msg::Setup`].
    SaveFlow(FlowDraft),
    /// Give up this flow while the home is closed, then open it anew.
    Deactivate(FlowId),
    /// Delete the orphans of this stream while the home is closed, then open it anew.
    DeleteOrphans(IntegrationId, Stream),
    /// End, and open the home anew: its settings changed.
    Reload,
    /// End.
    Quit,
}
