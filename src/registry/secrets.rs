//! The Secrets Manager secrets in which pull-through cache rules keep an upstream's login, as far as ECR finds them usable.
//!
//! What is in a secret is nobody's business here. A world that declares no secrets knows nothing of them, and a secret
//! of which nothing is known counts as a good one.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-creating-secret.html>

use super::context::Surroundings;
use super::errors::{SecretNotFound, UnableToAccessSecret, UnableToDecryptSecretValue};

/// What the world says of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretState {
    /// Nothing.
    Undeclared,
    /// It can be read and has the form of a login.
    Usable,
    /// There is none.
    NotFound,
    /// Its policy keeps ECR out.
    AccessDenied,
    /// Its key keeps ECR from decrypting it.
    Undecryptable,
    /// It has other keys than those of a login. Rules can be made with it, since only a validation reads them
    /// (unconfirmed).
    Malformed,
}

/// Why a rule cannot have a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// There is none.
    #[error(transparent)]
    NotFound(#[from] SecretNotFound),
    /// It may not be read.
    #[error(transparent)]
    Inaccessible(#[from] UnableToAccessSecret),
    /// It cannot be decrypted.
    #[error(transparent)]
    Undecryptable(#[from] UnableToDecryptSecretValue),
}

/// Fetches the secret that a rule is to have, as ECR does when the rule is made or changed.
pub(super) fn fetch(surroundings: &dyn Surroundings, credential_arn: Option<&str>) -> Result<(), SecretError> {
    let Some(arn) = credential_arn else { return Ok(()) };
    let credential_arn = arn.to_owned();
    match surroundings.secret(arn) {
        SecretState::Undeclared | SecretState::Usable | SecretState::Malformed => Ok(()),
        SecretState::NotFound => Err(SecretNotFound { credential_arn }.into()),
        SecretState::AccessDenied => Err(UnableToAccessSecret { credential_arn }.into()),
        SecretState::Undecryptable => Err(UnableToDecryptSecretValue { credential_arn }.into()),
    }
}

/// What a validation says against the secret of a rule; nothing if it is usable. Our own words: ECR's are unknown.
pub(super) fn failure(surroundings: &dyn Surroundings, credential_arn: Option<&str>) -> Option<&'static str> {
    match surroundings.secret(credential_arn?) {
        SecretState::Undeclared | SecretState::Usable => None,
        SecretState::NotFound => Some("The Secrets Manager secret could not be found."),
        SecretState::AccessDenied => Some("Amazon ECR is not allowed to access the Secrets Manager secret."),
        SecretState::Undecryptable => Some("The value of the Secrets Manager secret could not be decrypted."),
        SecretState::Malformed => {
            Some("The Secrets Manager secret does not contain the keys username and accessToken.")
        }
    }
}
