//! Bodies of the JSON API, for any operation, against a world in which something is there.

use serde_json::Value;

use super::world::Bench;
use crate::operations::{Effect, Operation};
use crate::wire_errors::{Failure, ecr_response};

/// The exceptions that each operation declares in the service model: its name, then theirs, on a line.
const DECLARED: &str = include_str!("../../tests/data/ecr-operation-exceptions.txt");
/// Exceptions that no operation declares, because AWS's front end has them for all.
const SERVICE_WIDE: [&str; 2] = ["AccessDeniedException", "SerializationException"];

/// What shows the state after a write, on whatever the write made of it.
const LOOKS: [(Operation, &str); 12] = [
    (Operation::DescribeRepositories, "{}"),
    (Operation::DescribeImages, r#"{"repositoryName":"app"}"#),
    (Operation::ListImages, r#"{"repositoryName":"app"}"#),
    (Operation::GetRepositoryPolicy, r#"{"repositoryName":"app"}"#),
    (Operation::GetLifecyclePolicy, r#"{"repositoryName":"app"}"#),
    (Operation::GetLifecyclePolicyPreview, r#"{"repositoryName":"app"}"#),
    (Operation::DescribePullThroughCacheRules, "{}"),
    (Operation::DescribeRepositoryCreationTemplates, "{}"),
    (Operation::DescribeRegistry, "{}"),
    (Operation::GetRegistryPolicy, "{}"),
    (Operation::GetSigningConfiguration, "{}"),
    (Operation::ListPullTimeUpdateExclusions, "{}"),
];

/// The name of an operation, a blank and a body; without such a name the first byte picks one and the rest is the body.
///
/// An answer is a JSON object; a refusal is one of the exceptions that the service model knows for the operation. A read
/// commits nothing, and whatever a write leaves behind can be shown.
pub fn json_bodies(input: &[u8]) {
    let Some((operation, body)) = read(input) else { return };
    let case = Bench::shared().begin();
    let before = case.seq();
    match case.call(operation, body) {
        Ok(answer) => check_answer(operation, &answer),
        Err(failure) => return check_refusal(operation, &failure),
    }
    if operation.effect() == Effect::Read {
        assert_eq!(case.seq(), before, "{} committed something", operation.name());
        return;
    }
    for (look, body) in LOOKS {
        match case.call(look, body.as_bytes()) {
            Ok(answer) => check_answer(look, &answer),
            Err(failure) => check_refusal(look, &failure),
        }
    }
}

pub(super) fn read(input: &[u8]) -> Option<(Operation, &[u8])> {
    let blank = input.iter().position(|byte| *byte == b' ');
    let named = blank.and_then(|blank| {
        let name = std::str::from_utf8(&input[..blank]).ok()?;
        Some((Operation::from_name(name)?, &input[blank + 1..]))
    });
    named.or_else(|| {
        let (first, body) = input.split_first()?;
        Some((Operation::ALL[usize::from(*first) % Operation::ALL.len()], body))
    })
}

fn check_answer(operation: Operation, answer: &[u8]) {
    let reply: Value = serde_json::from_slice(answer)
        .unwrap_or_else(|error| panic!("{}: {error}: {}", operation.name(), String::from_utf8_lossy(answer)));
    assert!(reply.is_object(), "{}: {reply}", operation.name());
}

fn check_refusal(operation: Operation, failure: &Failure) {
    let form = failure.ecr();
    let exception = form.exception.as_ref();
    assert!(form.status.is_client_error(), "{}: {exception}: {failure}", operation.name());
    assert!(
        SERVICE_WIDE.contains(&exception) || declares(operation, exception),
        "{} does not declare {exception}: {failure}",
        operation.name()
    );
    let response = ecr_response(failure, "00000000-0000-0000-0000-000000000000");
    let reply: Value = serde_json::from_slice(response.body()).expect("a refusal is JSON");
    assert_eq!(reply["__type"], exception);
    assert_eq!(reply["message"], form.message);
}

fn declares(operation: Operation, exception: &str) -> bool {
    let mut lines = DECLARED.lines().map(|line| line.split(' '));
    lines
        .find_map(|mut words| (words.next() == Some(operation.name())).then_some(words))
        .is_some_and(|mut exceptions| exceptions.any(|declared| declared == exception))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_model_says_which_exceptions_an_operation_has() {
        assert_eq!(DECLARED.lines().count(), Operation::ALL.len());
        assert!(declares(Operation::PutImage, "ImageTagAlreadyExistsException"));
        assert!(!declares(Operation::ListImages, "ImageTagAlreadyExistsException"));
    }
}
