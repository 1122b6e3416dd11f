//! Secrets with the logins of upstreams.

use std::sync::Arc;

use crate::proto;
use crate::registry::SecretState;
use crate::registry::types::Arn;
use crate::seed::plan::SecretPlan;
use crate::seed::violation::Place;

/// Checks a secret: a login, or the reason why there is none.
pub(super) fn check(document: &proto::SecretDocument, place: &Place<'_>) -> Option<SecretPlan> {
    let arn = arn(&document.arn, &place.member("arn"));
    let login = match (&document.username, &document.access_token) {
        (Some(username), Some(token)) => Some((Arc::from(username.as_str()), Arc::from(token.as_str()))),
        (None, None) => None,
        (Some(_), None) => {
            place.member("access_token").refuse("is required with `username`");
            return None;
        }
        (None, Some(_)) => {
            place.member("username").refuse("is required with `access_token`");
            return None;
        }
    };
    let state = match document.fault.as_deref() {
        None if login.is_some() => Some(SecretState::Usable),
        None => {
            place.refuse("must have a login, `username` and `access_token`, or a `fault`");
            None
        }
        Some(_) if login.is_some() => {
            place.member("fault").refuse("must not be there beside a login");
            None
        }
        Some("ACCESS_DENIED") => Some(SecretState::AccessDenied),
        Some("DECRYPTION_FAILURE") => Some(SecretState::Undecryptable),
        Some("MALFORMED") => Some(SecretState::Malformed),
        Some(_) => {
            let names = "must be one of `ACCESS_DENIED`, `DECRYPTION_FAILURE` and `MALFORMED`";
            place.member("fault").refuse(names);
            None
        }
    };
    Some(SecretPlan { arn: arn?, state: state?, login })
}

/// The ARN of a secret that ECR may read.
///
/// Source: `CredentialArn` of the service model `ecr/2015-09-21`.
pub(super) fn arn(text: &str, place: &Place<'_>) -> Option<Arc<str>> {
    let is_legal = text.parse::<Arn>().is_ok_and(|arn| {
        let name = arn.resource().strip_prefix("secret:ecr-pullthroughcache/").unwrap_or_default();
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte);
        arn.service() == "secretsmanager" && !name.is_empty() && name.bytes().all(legal)
    });
    if !is_legal {
        place.refuse(
            "must be the ARN of a secret whose name begins with `ecr-pullthroughcache/`, e.g. \
             `arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/hub`",
        );
    }
    is_legal.then(|| Arc::from(text))
}
