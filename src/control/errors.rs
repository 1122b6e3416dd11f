//! How the control plane says no: one table from what went wrong to `tonic::Status`.
//!
//! Every error carries one ErrorInfo with domain `ecr-fixture` and a reason, and BadRequest with field paths where the
//! request is at fault.

use std::collections::HashMap;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::clock::ClockBackwards;
use crate::faults;
use crate::journal::{InvalidPageToken, UnknownMark};
use crate::seed;
use crate::worlds::{AdvanceError, DirectoryError};

/// Domain of every ErrorInfo.
const DOMAIN: &str = "ecr-fixture";

/// Violations that one error tells; trailers of a reply are small, and nobody mends more at once.
const VIOLATIONS_TOLD: usize = 20;

/// A member of a request that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldViolation {
    /// Path into the request, e.g. `documents[2].repository.name`.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

/// What can go wrong on the control plane.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// A world or a snapshot.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The clock would go back.
    #[error(transparent)]
    ClockBackwards(#[from] ClockBackwards),
    /// The clock did not reach its target.
    #[error(transparent)]
    Advance(#[from] AdvanceError),
    /// Members of the request; all of them at once.
    #[error("{}", told(violations))]
    Invalid {
        /// UPPER_SNAKE reason.
        reason: &'static str,
        /// The members.
        violations: Vec<FieldViolation>,
    },
    /// No mark of this name.
    #[error(transparent)]
    UnknownMark(#[from] UnknownMark),
    /// A page token that is none of this listing.
    #[error("page_token: {0}")]
    InvalidPageToken(#[from] InvalidPageToken),
    /// The same request id came with another payload.
    #[error("request id `{0}` was used for another request")]
    RequestIdReused(String),
    /// The token is missing or unknown.
    #[error("the control plane needs the daemon's token, or a world's own, as `authorization: Bearer …`")]
    Unauthenticated,
    /// A world's token was used for something else.
    #[error("this token is good for one world only, and not for this")]
    Forbidden,
    /// The blob store is full.
    #[error("{0}")]
    Full(String),
    /// A port could not be opened.
    #[error("no port could be opened: {0}")]
    NoPort(String),
}

fn told(violations: &[FieldViolation]) -> String {
    let mut lines: Vec<String> = violations
        .iter()
        .take(VIOLATIONS_TOLD)
        .map(|violation| format!("{}: {}", violation.path, violation.message))
        .collect();
    if violations.len() > VIOLATIONS_TOLD {
        lines.push(format!("… and {} more", violations.len() - VIOLATIONS_TOLD));
    }
    lines.join("\n")
}

impl From<seed::Violation> for FieldViolation {
    fn from(violation: seed::Violation) -> Self {
        Self { path: violation.path, message: violation.message }
    }
}

impl ControlError {
    /// One refused member.
    pub fn invalid(path: impl Into<String>, message: impl Into<String>) -> Self {
        let violation = FieldViolation { path: path.into(), message: message.into() };
        Self::Invalid { reason: "INVALID_REQUEST", violations: vec![violation] }
    }

    /// Refused rules or matchers. Their reason is that of the first.
    fn of_rules(violations: Vec<faults::Violation>) -> Self {
        let reason = violations.first().map_or("INVALID_REQUEST", |violation| violation.reason.name());
        let violation =
            |violation: faults::Violation| FieldViolation { path: violation.path, message: violation.message };
        Self::Invalid { reason, violations: violations.into_iter().map(violation).collect() }
    }

    fn code_and_reason(&self) -> (Code, &'static str) {
        match self {
            Self::Directory(error) => match error {
                DirectoryError::WorldNotFound(_) => (Code::NotFound, "WORLD_NOT_FOUND"),
                DirectoryError::SnapshotNotFound(_) => (Code::NotFound, "SNAPSHOT_NOT_FOUND"),
                DirectoryError::AlreadyExists(_) => (Code::AlreadyExists, "ALREADY_EXISTS"),
                DirectoryError::TooManyWorlds(_) | DirectoryError::TooManySnapshots(_) => {
                    (Code::ResourceExhausted, "LIMIT_EXCEEDED")
                }
                DirectoryError::InvalidId(_) => (Code::InvalidArgument, "INVALID_REQUEST"),
            },
            Self::ClockBackwards(_) | Self::Advance(AdvanceError::Backwards(_)) => {
                (Code::FailedPrecondition, "CLOCK_BACKWARDS")
            }
            Self::Advance(AdvanceError::EventBudget { .. }) => (Code::ResourceExhausted, "EVENT_BUDGET_EXCEEDED"),
            Self::Invalid { reason, .. } => (Code::InvalidArgument, reason),
            Self::UnknownMark(_) => (Code::NotFound, "MARK_NOT_FOUND"),
            Self::InvalidPageToken(_) => (Code::InvalidArgument, "INVALID_PAGE_TOKEN"),
            Self::RequestIdReused(_) => (Code::InvalidArgument, "REQUEST_ID_REUSED"),
            Self::Unauthenticated => (Code::Unauthenticated, "TOKEN_REQUIRED"),
            Self::Forbidden => (Code::PermissionDenied, "WORLD_TOKEN_ONLY"),
            Self::Full(_) | Self::NoPort(_) => (Code::ResourceExhausted, "LIMIT_EXCEEDED"),
        }
    }

    fn metadata(&self) -> HashMap<String, String> {
        let pairs: Vec<(&str, String)> = match self {
            Self::Directory(DirectoryError::WorldNotFound(world)) => vec![("world", world.clone())],
            Self::Directory(DirectoryError::SnapshotNotFound(snapshot)) => vec![("snapshot", snapshot.clone())],
            Self::ClockBackwards(error) | Self::Advance(AdvanceError::Backwards(error)) => {
                vec![("now", error.now.to_string()), ("asked", error.asked.to_string())]
            }
            Self::Advance(AdvanceError::EventBudget { fired, busiest }) => {
                vec![("fired", fired.to_string()), ("busiest", busiest.join(", "))]
            }
            _ => Vec::new(),
        };
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

impl From<Vec<faults::Violation>> for ControlError {
    fn from(violations: Vec<faults::Violation>) -> Self {
        Self::of_rules(violations)
    }
}

impl From<ControlError> for Status {
    fn from(error: ControlError) -> Self {
        let (code, reason) = error.code_and_reason();
        let mut details = ErrorDetails::new();
        details.set_error_info(reason, DOMAIN, error.metadata());
        if let ControlError::Invalid { violations, .. } = &error {
            for violation in violations.iter().take(VIOLATIONS_TOLD) {
                details.add_bad_request_violation(violation.path.clone(), violation.message.clone());
            }
        }
        Self::with_error_details(code, error.to_string(), details)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_violation_travels_with_its_path() {
        let error = ControlError::Invalid {
            reason: "INVALID_REQUEST",
            violations: vec![
                FieldViolation { path: "a".into(), message: "is wrong".into() },
                FieldViolation { path: "b[1]".into(), message: "too".into() },
            ],
        };
        let status = Status::from(error);
        let details = status.get_error_details();
        assert_eq!(status.message(), "a: is wrong\nb[1]: too");
        assert_eq!(details.error_info().map(|info| info.reason.as_str()), Some("INVALID_REQUEST"));
        assert_eq!(details.bad_request().map(|bad| bad.field_violations.len()), Some(2));
    }
}
