//! `GetAuthorizationToken`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::ecr::constraints::{Dialect, list};
use crate::ecr::protocol::EpochSeconds;
use crate::registry::errors::InvalidParameter;
use crate::registry::types::AccountId;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GetAuthorizationTokenRequest {
    registry_ids: Option<Vec<String>>,
}

impl GetAuthorizationTokenRequest {
    /// The registries to log in to, in the order given; none for the caller's own.
    pub(crate) fn registry_ids(&self) -> Result<Vec<AccountId>, InvalidParameter> {
        let Some(texts) = &self.registry_ids else { return Ok(Vec::new()) };
        list("registryIds", texts, 1..=10)?;
        let account = |(place, text): (usize, &String)| {
            Dialect::Smithy.parse(format_args!("registryIds.{}.member", place + 1), text)
        };
        texts.iter().enumerate().map(account).collect()
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GetAuthorizationTokenReply {
    authorization_data: Vec<AuthorizationData>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AuthorizationData {
    authorization_token: String,
    expires_at: EpochSeconds,
    proxy_endpoint: String,
}
