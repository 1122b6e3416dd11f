//! A call of the JSON surface whose caller is known, and the ways in which it can stop short of an answer.

use crate::http::{Call, EndConnection};
use crate::registry::Caller;
use crate::registry::types::Region;
use crate::wire_errors::Failure;

/// Why a handler has no answer of its own.
#[derive(Debug)]
pub(super) enum Stop {
    /// An error that the surface tells.
    Failure(Box<Failure>),
    /// A rule ended the connection.
    Ended(EndConnection),
}

impl<E: Into<Failure>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failure(Box::new(error.into()))
    }
}

/// A signed call: who, and where.
pub(super) struct Signed {
    pub(super) call: Call,
    pub(super) caller: Caller,
    pub(super) region: Region,
}
