//! The Secrets Manager secrets that a world declares, with the logins of upstreams.

use std::sync::Arc;

use crate::registry::{Map, SecretState};

/// The secrets of a world. One that declares none knows nothing of any; one that declares some has no others.
#[derive(Clone, Debug, Default)]
pub struct Secrets(Map<Arc<str>, Secret>);

/// A declared secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Whether ECR can use it.
    pub state: SecretState,
    /// User name and token; there exactly if it can.
    pub login: Option<(Arc<str>, Arc<str>)>,
}

impl Secrets {
    /// Declares a secret, in place of one of the same ARN, which is answered.
    pub fn declare(&mut self, arn: Arc<str>, secret: Secret) -> Option<Secret> {
        self.0.insert(arn, secret)
    }

    /// What is known of a secret.
    pub fn state(&self, arn: &str) -> SecretState {
        match self.0.get(arn) {
            Some(secret) => secret.state,
            None if self.0.is_empty() => SecretState::Undeclared,
            None => SecretState::NotFound,
        }
    }

    /// User name and token of a secret that can be used.
    pub fn login(&self, arn: &str) -> Option<&(Arc<str>, Arc<str>)> {
        self.0.get(arn)?.login.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_190_a_world_that_declares_secrets_has_no_others() {
        let mut secrets = Secrets::default();
        assert_eq!(secrets.state("hub"), SecretState::Undeclared);
        let login = Some((Arc::from("me"), Arc::from("token")));
        let former = secrets.declare(Arc::from("hub"), Secret { state: SecretState::Usable, login: login.clone() });
        assert_eq!(former, None);
        secrets.declare(Arc::from("sealed"), Secret { state: SecretState::Undecryptable, login: None });
        for (arn, state) in
            [("hub", SecretState::Usable), ("sealed", SecretState::Undecryptable), ("other", SecretState::NotFound)]
        {
            assert_eq!(secrets.state(arn), state, "{arn}");
        }
        assert_eq!((secrets.login("hub"), secrets.login("sealed")), (login.as_ref(), None));
    }
}
