//! Credentials that a world mints: access keys and registry passwords, both of which address it.
//!
//! A password has the shape of ECR's: base64 of a JSON object with `payload`, `datakey`, `version`, `type` and
//! `expiration`. The payload names the world and the token; the world remembers the token, so that it can expire by the
//! world's clock and be bound to a principal.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::registry::Map;
use crate::registry::types::{AccountId, Region, Timestamp};

/// How long a registry password lives. Source: GetAuthorizationToken in the ECR API reference.
pub const TOKEN_LIFE: Duration = Duration::from_hours(12);

/// Most tokens that a world remembers; the oldest go first, and are then refused as unknown.
const TOKENS_KEPT: usize = 10_000;

/// Whom a registry password stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Account of the principal.
    pub account: AccountId,
    /// Region in which the token was issued; it is good for registries there.
    pub region: Region,
    /// ARN of the principal.
    pub principal: Arc<str>,
    /// When it ends.
    pub expires: Timestamp,
}

/// The tokens of a world, by their number.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    issued: Map<u64, Token>,
    last: u64,
}

impl Tokens {
    /// Remembers a token and gives it a number.
    pub fn issue(&mut self, token: Token) -> u64 {
        self.last += 1;
        self.issued.insert(self.last, token);
        while self.issued.len() > TOKENS_KEPT {
            let Some(oldest) = self.issued.get_min().map(|(number, _)| *number) else { break };
            self.issued.remove(&oldest);
        }
        self.last
    }

    /// The token of this number.
    pub fn find(&self, number: u64) -> Option<&Token> {
        self.issued.get(&number)
    }
}

/// The JSON object inside a password.
#[derive(Serialize, Deserialize)]
struct PasswordDocument {
    payload: String,
    datakey: String,
    version: String,
    #[serde(rename = "type")]
    kind: String,
    expiration: i64,
}

/// What a password says of itself, before anybody has looked it up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordAddress {
    /// Incarnation of the world that issued it.
    pub incarnation: u64,
    /// Number of the token in that world.
    pub number: u64,
    mac: [u8; 32],
}

/// The key with which one world signs what it mints. Different for each world, forks included.
#[derive(Clone)]
pub struct MintKey([u8; 32]);

impl MintKey {
    /// From secret bytes.
    pub fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        // HMAC takes keys of any length, so a key of 32 bytes is never refused.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// A registry password: no blank, no colon.
    pub fn password(&self, incarnation: u64, number: u64, expires: Timestamp) -> String {
        let mac = self.mac(&[b"password", &incarnation.to_be_bytes(), &number.to_be_bytes()]);
        let payload = format!("{incarnation:016x}.{number:x}.{}", hex::encode(mac));
        let document = PasswordDocument {
            payload,
            datakey: STANDARD.encode(self.mac(&[b"datakey", &number.to_be_bytes()])),
            version: "2".to_owned(),
            kind: "DATA_KEY".to_owned(),
            expiration: expires.as_micros().div_euclid(1_000_000),
        };
        let json = serde_json::to_vec(&document).expect("a structure of texts and a number is always JSON");
        STANDARD.encode(json)
    }

    /// Whether this world minted the password.
    pub fn minted(&self, address: &PasswordAddress) -> bool {
        let mac = self.mac(&[b"password", &address.incarnation.to_be_bytes(), &address.number.to_be_bytes()]);
        mac == address.mac
    }

    /// An access key id for the world's n-th account, in AWS's form.
    pub fn access_key_id(&self, index: usize) -> String {
        format!("AKIA{}", self.key_letters(&[b"access-key", &(index as u64).to_be_bytes()]))
    }

    /// The key id in download URLs, which is nobody's: that of a temporary credential in AWS's form.
    pub fn storage_key_id(&self) -> String {
        format!("ASIA{}", self.key_letters(&[b"storage-key"]))
    }

    fn key_letters(&self, parts: &[&[u8]]) -> String {
        const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        self.mac(parts).iter().take(16).map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
    }

    /// The secret that belongs to [`Self::access_key_id`]: forty characters.
    pub fn secret_access_key(&self, index: usize) -> String {
        let mut text = STANDARD.encode(self.mac(&[b"secret-key", &(index as u64).to_be_bytes()]));
        text.truncate(40);
        text
    }

    /// A bearer token for the control plane that is good for one world.
    pub fn control_token(&self, incarnation: u64) -> String {
        format!("efw_{incarnation:016x}_{}", hex::encode(self.mac(&[b"control"])))
    }

    /// Signature of a download URL.
    pub fn url_signature(&self, canonical: &str) -> String {
        hex::encode(self.mac(&[b"url", canonical.as_bytes()]))
    }
}

impl std::fmt::Debug for MintKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MintKey(***)")
    }
}

impl PasswordAddress {
    /// Reads a password; absent if this daemon cannot have minted it.
    pub fn read(password: &str) -> Option<Self> {
        let json = STANDARD.decode(password).ok()?;
        let document: PasswordDocument = serde_json::from_slice(&json).ok()?;
        let mut parts = document.payload.split('.');
        let incarnation = u64::from_str_radix(parts.next()?, 16).ok()?;
        let number = u64::from_str_radix(parts.next()?, 16).ok()?;
        let mut mac = [0; 32];
        hex::decode_to_slice(parts.next()?, &mut mac).ok()?;
        parts.next().is_none().then_some(Self { incarnation, number, mac })
    }
}

/// Incarnation in a control token, if it has the form of one.
pub fn control_token_incarnation(token: &str) -> Option<u64> {
    let (incarnation, _) = token.strip_prefix("efw_")?.split_once('_')?;
    u64::from_str_radix(incarnation, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_leads_back_to_the_world_that_minted_it_and_to_no_other() {
        let (ours, other) = (MintKey::new([1; 32]), MintKey::new([2; 32]));
        let password = ours.password(9, 3, Timestamp::from_millis(5_000));
        assert!(!password.contains(':') && !password.contains(char::is_whitespace));
        let address = PasswordAddress::read(&password).expect("ours");
        assert_eq!((address.incarnation, address.number), (9, 3));
        assert!(ours.minted(&address));
        assert!(!other.minted(&address));
        assert_eq!(PasswordAddress::read("hunter2"), None);
    }

    #[test]
    fn access_keys_have_the_form_of_aws_and_differ_by_account() {
        let key = MintKey::new([1; 32]);
        assert_eq!(key.access_key_id(0).len(), 20);
        assert_ne!(key.access_key_id(0), key.access_key_id(1));
        assert_eq!(key.secret_access_key(0).len(), 40);
    }

    #[test]
    fn a_world_remembers_a_bounded_number_of_tokens() {
        let mut tokens = Tokens::default();
        let token = Token {
            account: AccountId::DEFAULT,
            region: "us-east-1".parse().expect("region"),
            principal: "arn:aws:iam::123456789012:root".into(),
            expires: Timestamp::EPOCH,
        };
        for _ in 0..=TOKENS_KEPT {
            tokens.issue(token.clone());
        }
        assert_eq!(tokens.find(1), None);
        assert!(tokens.find(2).is_some());
    }
}
