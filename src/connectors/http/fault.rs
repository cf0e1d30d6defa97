//! How a call can fail, before it is told to a person.

use crate::domain::Failure;

/// What a vendor's error body says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ErrorBody {
    /// The status that the body names, where it names one.
    pub(crate) status: Option<u16>,
    /// The message, as the vendor wrote it.
    pub(crate) text: String,
    /// What it means, where the vendor's status alone does not tell.
    pub(crate) meaning: Option<Meaning>,
}

impl ErrorBody {
    /// A message whose status says what it means.
    pub(crate) fn new(status: Option<u16>, text: impl Into<String>) -> Self {
        Self { status, text: text.into(), meaning: None }
    }
}

/// What an error means, told from its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The key or something that belongs to it is refused; what to do about it.
    Credentials(&'static str),
    /// The key lacks a permission.
    Forbidden,
    /// A limit was reached.
    Limited,
    /// The request is refused: the same will not be accepted later.
    Refused,
}

/// Why a body of a good answer is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BodyFault {
    /// It is cut, is not JSON, or has not the shape of a listing.
    Malformed(String),
    /// It is an error in spite of the status.
    Error(ErrorBody),
}

/// A call that failed for good.
#[derive(Clone, Debug)]
pub(crate) struct CallError {
    /// For the person.
    pub(crate) failure: Failure,
    /// What the caller may still do about it.
    pub(crate) kind: CallErrorKind,
    /// The vendor's own words, cleaned; empty where it said nothing.
    pub(crate) said: String,
}

/// What the caller may still do about a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallErrorKind {
    /// Nothing.
    Final,
    /// The vendor was too slow: ask for less at once.
    Slow,
    /// Refused with 403: the key may lack a permission, or be no key at all.
    Forbidden,
    /// Refused with 401: the key is wrong, or the account lives elsewhere.
    Unauthorized,
    /// Unknown: the row is gone, or the account lives elsewhere.
    NotFound,
    /// The vendor does not accept this request.
    Refused,
    /// Of a call that changes something: nobody knows whether it was carried out.
    Unknown,
}

impl CallError {
    /// Nothing can be done about it.
    pub(crate) fn last(failure: Failure) -> Self {
        Self { failure, kind: CallErrorKind::Final, said: String::new() }
    }
}
