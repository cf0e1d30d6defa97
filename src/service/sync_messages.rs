//! What the door says of syncs besides progress: cards that a person can act on.

use crate::domain::{FlowId, IntegrationId, RecordId, Stream};
use serde::{Deserialize, Serialize};

/// Something that a sync found and a person decides; nothing of it is applied before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardView {
    /// Names it in [`super::messages::Command::AnswerCard`].
    pub key: String,
    /// What it is about.
    pub about: CardAbout,
    /// One line.
    pub title: String,
    /// What was found, and what speaks for it.
    pub lines: Vec<String>,
    /// What yes does.
    pub yes: String,
    /// What no does.
    pub no: String,
}

/// What a card is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "about")]
pub enum CardAbout {
    /// A run that would change too much.
    MassChange {
        /// Which integration.
        integration: IntegrationId,
        /// Which stream.
        stream: Stream,
    },
    /// A record that a vendor has under another id now, or merged into another.
    Moved {
        /// In which flow.
        flow: FlowId,
        /// In which stream.
        stream: Stream,
        /// The source record whose row it touches.
        source: RecordId,
    },
}
