//! Turns a failed gRPC call into this crate's error, by reason and details, never by message text.

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::errors::{Error, Violation};

/// The error for a call of `method` at `address`.
pub(crate) fn refusal(status: &Status, method: &str, address: &str) -> Error {
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.clone()).unwrap_or_default();
    let violations: Vec<Violation> = details.bad_request().map_or_else(Vec::new, |request| {
        let violation = |field: &tonic_types::FieldViolation| Violation {
            field: field.field.clone(),
            description: field.description.clone(),
        };
        request.field_violations.iter().map(violation).collect()
    });
    let told = if status.message().is_empty() { status.code().description() } else { status.message() };
    let message = format!("{method}: {told}");
    match (reason.as_str(), status.code()) {
        ("WORLD_NOT_FOUND", _) => Error::WorldNotFound { message },
        ("WORLD_FINISHED", _) => Error::WorldFinished { message },
        ("LIMIT_EXCEEDED" | "EVENT_BUDGET_EXCEEDED", _) | (_, Code::ResourceExhausted) => {
            Error::LimitExceeded { message, reason }
        }
        (_, code) if !violations.is_empty() || code == Code::InvalidArgument => {
            Error::InvalidRequest { message, violations }
        }
        (_, Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled) => {
            Error::Unavailable { message: format!("{method}: the daemon at {address} did not answer: {told}") }
        }
        (_, Code::Unauthenticated) => Error::Refused {
            message: format!("{message} (for an attached daemon set ECR_FIXTURE_TOKEN to the token of its ready line)"),
            reason,
        },
        _ => Error::Refused { message, reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::ErrorDetails;

    fn refused(code: Code, reason: &str, violations: &[(&str, &str)]) -> Error {
        let mut details = ErrorDetails::new();
        details.set_error_info(reason, "ecr-fixture", []);
        for (field, description) in violations {
            details.add_bad_request_violation(*field, *description);
        }
        refusal(&Status::with_error_details(code, "told", details), "A/B", "127.0.0.1:1")
    }

    #[test]
    fn the_reason_decides_which_error_it_is() {
        let error = refused(Code::NotFound, "WORLD_NOT_FOUND", &[]);
        assert!(matches!(error, Error::WorldNotFound { .. }), "{error}");
        let error = refused(Code::NotFound, "WORLD_FINISHED", &[]);
        assert!(matches!(error, Error::WorldFinished { .. }), "{error}");
        let error = refused(Code::ResourceExhausted, "EVENT_BUDGET_EXCEEDED", &[]);
        assert!(matches!(&error, Error::LimitExceeded { reason, .. } if reason == "EVENT_BUDGET_EXCEEDED"), "{error}");
        let error = refused(Code::FailedPrecondition, "CLOCK_BACKWARDS", &[]);
        assert!(matches!(&error, Error::Refused { reason, .. } if reason == "CLOCK_BACKWARDS"), "{error}");
        assert_eq!(error.to_string(), "A/B: told");
    }

    #[test]
    fn violations_are_listed_below_the_message() {
        let error = refused(Code::InvalidArgument, "INVALID_REQUEST", &[("1:4", "no such surface"), ("b", "no")]);
        assert_eq!(error.to_string(), "A/B: told\n  1:4: no such surface\n  b: no");
        let Error::InvalidRequest { violations, .. } = error else { panic!("{error}") };
        assert_eq!(violations[0].field, "1:4");
    }

    #[test]
    fn without_a_reason_the_code_decides() {
        let check = |code: Code, fits: fn(&Error) -> bool| {
            let error = refusal(&Status::new(code, ""), "A/B", "127.0.0.1:1");
            assert!(fits(&error), "{error}");
        };
        check(
            Code::Unavailable,
            |error| matches!(error, Error::Unavailable { message } if message.contains("127.0.0.1:1")),
        );
        check(Code::DeadlineExceeded, |error| matches!(error, Error::Unavailable { .. }));
        check(Code::InvalidArgument, |error| matches!(error, Error::InvalidRequest { .. }));
        check(Code::Internal, |error| matches!(error, Error::Refused { reason, .. } if reason.is_empty()));
        check(Code::Unauthenticated, |error| error.to_string().contains("ECR_FIXTURE_TOKEN"));
    }
}
