//! The login that a cache rule has for its upstream.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

/// A user and a password, or access token, for a registry.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Credentials {
    /// The user; without a colon, which Basic cannot carry.
    pub user: Arc<str>,
    /// The password.
    pub password: Arc<str>,
}

impl Credentials {
    /// The `Authorization` header of the Basic scheme. None never: base64 has only letters that a header can carry.
    pub fn basic(&self) -> Option<HeaderValue> {
        secret(&format!("Basic {}", STANDARD.encode(format!("{}:{}", self.user, self.password))))
    }
}

/// The `Authorization` header of the Bearer scheme; None for a token that no header can carry.
pub(super) fn bearer(token: &str) -> Option<HeaderValue> {
    secret(&format!("Bearer {token}"))
}

fn secret(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The password is a secret and stays out of logs.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}
