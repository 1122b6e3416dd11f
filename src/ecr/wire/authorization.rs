//! `GetAuthorizationToken`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Addressed, WireRequest};
use crate::ecr::answer::{Answer, Links};
use crate::ecr::constraints::{Dialect, list};
use crate::ecr::operation::Reply;
use crate::ecr::protocol::{EpochSeconds, write_body};
use crate::ecr::request::TokenRequest;
use crate::registry::types::{RegistryKey, Timestamp};
use crate::wire_errors::Failure;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GetAuthorizationTokenRequest {
    registry_ids: Option<Vec<String>>,
}

impl WireRequest for GetAuthorizationTokenRequest {
    type Input = TokenRequest;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let texts = self.registry_ids.as_deref();
        if let Some(texts) = texts {
            list("registryIds", texts, 1..=10)?;
        }
        let numbered = texts.unwrap_or_default().iter().enumerate();
        let accounts = numbered
            .map(|(place, text)| Dialect::Smithy.parse(format_args!("registryIds.{}.member", place + 1), text))
            .collect::<Result<_, _>>()?;
        Ok(Addressed { registry_id: None, input: TokenRequest { accounts } })
    }
}

/// A password for one registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RegistryToken {
    /// The registry.
    pub(crate) registry: RegistryKey,
    /// The password, without the user name; neither colon nor white space in it.
    pub(crate) password: String,
    /// When it ends.
    pub(crate) expires_at: Timestamp,
}

/// The answer: one token for each registry that was asked for. `registry` is the caller's.
pub(crate) fn answer(registry: &RegistryKey, tokens: Vec<RegistryToken>) -> Answer {
    Answer::new(registry, MintedTokens(tokens))
}

#[derive(Debug)]
struct MintedTokens(Vec<RegistryToken>);

impl Reply for MintedTokens {
    fn render(&self, _: &RegistryKey, links: &dyn Links) -> Bytes {
        let authorization_data = self.0.iter().map(|token| AuthorizationData::new(token, links)).collect();
        write_body(&GetAuthorizationTokenReply { authorization_data })
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GetAuthorizationTokenReply {
    pub(crate) authorization_data: Vec<AuthorizationData>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthorizationData {
    authorization_token: String,
    expires_at: EpochSeconds,
    proxy_endpoint: String,
}

impl AuthorizationData {
    pub(crate) fn new(token: &RegistryToken, links: &dyn Links) -> Self {
        Self {
            authorization_token: STANDARD.encode(format!("AWS:{}", token.password)),
            expires_at: token.expires_at.into(),
            proxy_endpoint: links.proxy_endpoint(&token.registry),
        }
    }
}
