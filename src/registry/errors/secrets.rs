//! Errors about the secrets that pull-through cache rules log in with. All texts are unconfirmed.

/// No such secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The secret with ARN '{credential_arn}' does not exist")]
pub struct SecretNotFound {
    /// ARN that was given.
    pub credential_arn: String,
}

/// The secret's policy does not let ECR read it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Unable to access the secret with ARN '{credential_arn}'")]
pub struct UnableToAccessSecret {
    /// ARN that was given.
    pub credential_arn: String,
}

/// The secret's key does not let ECR decrypt it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Unable to decrypt the value of the secret with ARN '{credential_arn}'")]
pub struct UnableToDecryptSecretValue {
    /// ARN that was given.
    pub credential_arn: String,
}
