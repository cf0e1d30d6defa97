//! What speaks for a pair, what speaks against it, and how sure that makes us.

use super::RecordId;
use serde::{Deserialize, Serialize};

/// A calibrated probability that a pair is right: 0.95 means that 95 of 100 such pairs are.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Confidence(f32);

impl Confidence {
    /// Clamps to 0–1; not-a-number is 0.
    #[must_use]
    pub fn new(p: f32) -> Self {
        Self(if p.is_nan() { 0.0 } else { p.clamp(0.0, 1.0) })
    }

    /// The probability, 0–1.
    #[must_use]
    pub fn get(self) -> f32 {
        self.0
    }

    /// Whole percent, never 100 below certainty and never 0 above impossibility.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0–100")]
    pub fn percent(self) -> u8 {
        let p = (self.0 * 100.0).round() as u8;
        match p {
            100 if self.0 < 1.0 => 99,
            0 if self.0 > 0.0 => 1,
            p => p,
        }
    }
}

/// What kind of fact a piece of evidence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceKind {
    /// One record carries the other's id.
    VendorLink,
    /// Serial number.
    Serial,
    /// Hardware UUID.
    HardwareUuid,
    /// MAC address.
    Mac,
    /// Host or device name.
    HostName,
    /// Company or record name.
    Name,
    /// Devices of one company found in the other.
    SharedDevices,
    /// Both sit in companies that belong together (or do not).
    Company,
    /// Model or maker.
    Model,
    /// Last user.
    User,
    /// Internet domain.
    Domain,
    /// Telephone.
    Phone,
    /// Street address, city or postal code.
    Address,
    /// Email address of a person.
    Email,
    /// Number of a ticket.
    Number,
    /// Job title of a person, summary of a ticket.
    Title,
    /// When the records were made.
    Date,
    /// A rule that a person's earlier decision left.
    Alias,
    /// Something that keeps a pair from being automatic (a runner-up too near, a taken target, a tie).
    Guard,
}

/// One piece of evidence for or against a pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// What kind of fact.
    pub kind: EvidenceKind,
    /// Its weight in bits (log2 of the likelihood ratio): positive speaks for the pair, negative against it.
    pub bits: f32,
    /// How rare the agreeing value is: (records with it, records compared); `None` where rarity means nothing.
    #[serde(default)]
    pub rarity: Option<(u32, u32)>,
    /// The short form in words (`14 of 18 serials`, `serial C02… on both`).
    pub note: String,
}

/// One possible target with everything that speaks for and against it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The target's id.
    pub target: RecordId,
    /// Calibrated probability.
    pub confidence: Confidence,
    /// Evidence, strongest first.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
}

/// What the engine says of a source record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Sure enough to be taken without a person.
    Auto,
    /// Good enough to be proposed.
    Suggest,
    /// Contradictory or tied: a person decides.
    Conflict,
    /// Nothing good enough.
    #[default]
    None,
}

/// The engine's answer for one source record: a verdict and ranked candidates, best first (at most nine are kept).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// What the engine says.
    pub verdict: Verdict,
    /// Best first.
    #[serde(default)]
    pub candidates: Vec<Candidate>,
    /// Why the best one is not automatic, or why there is none; empty for [`Verdict::Auto`].
    #[serde(default)]
    pub note: String,
}
