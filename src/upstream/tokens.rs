//! Tokens that registries gave us, kept until most of their life is over.
//!
//! One slot for each realm, service, scope and login; whoever asks for a slot while somebody fills it waits for that one
//! answer. A token is never given to another login than the one that it was asked for with.
//!
//! Source: <https://distribution.github.io/distribution/spec/auth/token/>.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;

use super::challenge::BearerChallenge;
use super::credentials::Credentials;

/// Slots kept at most. Beyond it all are forgotten, which costs one more request each.
const SLOTS: usize = 1024;

/// The least life of a token, and its life if the reply does not say.
const LEAST_LIFE: Duration = Duration::from_mins(1);

/// What a token was asked for with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TokenKey {
    pub(super) challenge: BearerChallenge,
    pub(super) credentials: Option<Credentials>,
}

/// The reply of a token endpoint. Endpoints send the token under one name, the other, or both.
#[derive(Deserialize)]
pub(super) struct TokenReply {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

/// A token and the time, on the daemon's own monotonic clock, from which it is no longer used.
#[derive(Clone)]
pub(super) struct Token {
    text: Arc<str>,
    stale_at: Duration,
}

/// Where one token is kept. Locked while it is fetched.
pub(super) type Slot = Arc<tokio::sync::Mutex<Option<Token>>>;

/// All tokens.
#[derive(Default)]
pub(super) struct TokenCache(Mutex<BTreeMap<TokenKey, Slot>>);

impl TokenCache {
    /// The slot of a key, new and empty if need be.
    pub(super) fn slot(&self, key: TokenKey) -> Slot {
        // A panic under this lock leaves a map that is as good as before.
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= SLOTS && !slots.contains_key(&key) {
            slots.clear();
        }
        Arc::clone(slots.entry(key).or_default())
    }
}

impl Token {
    /// The token of a reply that came at `now`; None if there is none in it. It is used for 80 % of its life, so that it
    /// does not end on its way.
    pub(super) fn from_reply(reply: TokenReply, now: Duration) -> Option<Self> {
        let named = [reply.token, reply.access_token].into_iter().flatten().find(|token| !token.is_empty())?;
        let life = reply.expires_in.map_or(LEAST_LIFE, Duration::from_secs).max(LEAST_LIFE);
        Some(Self { text: named.into(), stale_at: now.saturating_add(life / 5 * 4) })
    }

    /// What to send.
    pub(super) fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Whether it can be used at `now`.
    pub(super) fn is_fresh(&self, now: Duration) -> bool {
        now < self.stale_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(reply: &str, expect: Option<(&str, u64)>) {
        let reply = serde_json::from_str(reply).expect("json");
        let token = Token::from_reply(reply, Duration::from_secs(100));
        let token = token.as_ref().map(|token| (token.text().as_ref(), token.stale_at.as_secs()));
        assert_eq!(token, expect);
    }

    #[test]
    fn a_token_has_two_names_and_lives_for_a_minute_at_least() {
        check(r#"{"token":"t"}"#, Some(("t", 148)));
        check(r#"{"access_token":"a","expires_in":300}"#, Some(("a", 340)));
        check(r#"{"token":"","access_token":"a","expires_in":5,"issued_at":"?"}"#, Some(("a", 148)));
        check(
            r#"{"token":"t","access_token":"a","expires_in":18446744073709551615}"#,
            Some(("t", u64::MAX / 5 * 4 + 100)),
        );
        check("{}", None);
        check(r#"{"token":null}"#, None);
    }

    #[test]
    fn a_token_is_fresh_until_four_fifths_of_its_life() {
        let reply = TokenReply { token: Some("t".to_owned()), access_token: None, expires_in: Some(100) };
        let token = Token::from_reply(reply, Duration::ZERO).expect("token");
        assert!(token.is_fresh(Duration::from_secs(79)));
        assert!(!token.is_fresh(Duration::from_secs(80)));
    }

    #[test]
    fn the_number_of_slots_is_bounded() {
        let cache = TokenCache::default();
        for number in 0..=SLOTS {
            let challenge = BearerChallenge { realm: number.to_string(), service: None, scopes: Vec::new() };
            cache.slot(TokenKey { challenge, credentials: None });
        }
        assert_eq!(cache.0.lock().expect("no panic").len(), 1);
    }
}
