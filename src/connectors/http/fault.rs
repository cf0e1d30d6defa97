//! How a call can fail, before it is told to a person.

use crate::domain::Failure;

/// What a vendor's error body says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ErrorBody {
    /// The status that the body names, where it names one.
    pub(crate) status: Option<u16>,
    /// The message, as the vendor wrote it.
    pub(crate) text: String,
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
}

impl CallError {
    /// Nothing can be done about it.
    pub(crate) fn last(failure: Failure) -> Self {
        Self { failure, kind: CallErrorKind::Final }
    }
}
