//! `GetAuthorizationToken`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::{Addressed, WireRequest};
use crate::ecr::answer::{Links, RegistryToken};
use crate::ecr::constraints::{Dialect, list};
use crate::ecr::protocol::EpochSeconds;
use crate::ecr::request::TokenRequest;
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
