//! Who waits for an answer: a terminal behind a door, or a caller in this process.

use super::messages::{Done, Message, Reply, Ticket, View};
use crate::domain::Failure;
use tokio::sync::{mpsc, oneshot};

/// Where an answer goes. Answering never waits; an asker that is gone is no fault.
#[derive(Debug)]
pub enum ReplyTo {
    /// A terminal, by the ticket of its request.
    Door(mpsc::Sender<Message>, Ticket),
    /// A caller that awaits it.
    Caller(oneshot::Sender<Reply>),
}

impl ReplyTo {
    /// Sends the answer.
    pub fn send(self, reply: Reply) {
        match self {
            Self::Door(sender, ticket) => {
                let _ = sender.try_send(Message::Reply { ticket, reply: Box::new(reply) });
            }
            Self::Caller(sender) => {
                let _ = sender.send(reply);
            }
        }
    }

    /// Answers a query.
    pub fn view(self, view: View) {
        self.send(Reply::View(view));
    }

    /// Answers a command.
    pub fn done(self, done: Done) {
        self.send(Reply::Done(done));
    }

    /// Refuses.
    pub fn failed(self, failure: Failure) {
        self.send(Reply::Failed(failure));
    }
}
