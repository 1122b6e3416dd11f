//! A real registry over HTTP: one call, with the login and the redirects that it takes to have it answered.
//!
//! What to ask for, what the answer means, whether its bytes are those of its digest and where they go are for the caller.
//! Nothing is asked twice but after a login, and nothing is kept but tokens.
//!
//! Source: <https://distribution.github.io/distribution/spec/auth/token/>.

use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, LOCATION, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, StatusCode};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use rustls::RootCertStore;
use tokio::sync::OnceCell;

use super::challenge::{self, BearerChallenge, Challenge};
use super::credentials::{Credentials, bearer};
use super::hosts::{AllowedHosts, same_origin, shown};
use super::remote_error::RemoteError;
use super::remote_reply::RemoteReply;
use super::tokens::{Slot, Token, TokenCache, TokenKey};
use crate::clock::RealTime;

/// Redirects that one call follows at most.
const REDIRECTS: usize = 5;

/// Bytes of a token reply at most.
const TOKEN_REPLY_BYTES: usize = 1024 * 1024;

/// How long a registry may keep us waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteTimeouts {
    /// Until a connection stands, with its TLS handshake.
    pub connect: Duration,
    /// From one piece of an answer to the next, the head included.
    pub read: Duration,
}

impl Default for RemoteTimeouts {
    /// Ten seconds to connect, thirty between pieces.
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), read: Duration::from_secs(30) }
    }
}

/// The way to every real registry: one HTTP client and the tokens that it was given. One for a daemon.
pub struct RemoteRegistry {
    hosts: AllowedHosts,
    timeouts: RemoteTimeouts,
    real_time: RealTime,
    authorities: RootCertStore,
    client: OnceCell<Client>,
    tokens: TokenCache,
}

/// One call to a registry.
#[derive(Clone, Debug)]
pub struct RemoteRequest<'a> {
    /// Name or address, with or without a port.
    pub host: &'a str,
    /// GET or HEAD.
    pub method: Method,
    /// From the first slash on, with escapes and query: `/v2/library/nginx/manifests/1`.
    pub path: &'a str,
    /// Media types that are wanted, as the value of an `Accept` header; None for a call without one.
    pub accept: Option<&'a str>,
    /// Login, shown only to a registry that asks for one and to its token endpoint; None to call anonymously.
    pub credentials: Option<&'a Credentials>,
}

impl RemoteRegistry {
    /// Opens nothing yet: the HTTP client is made with the first call.
    pub fn new(hosts: AllowedHosts, timeouts: RemoteTimeouts, real_time: RealTime) -> Self {
        let authorities = RootCertStore::empty();
        Self { hosts, timeouts, real_time, authorities, client: OnceCell::new(), tokens: TokenCache::default() }
    }

    /// Trusts these certificate authorities beside the usual ones.
    pub fn trusting(self, authorities: RootCertStore) -> Self {
        Self { authorities, ..self }
    }

    /// Whether this host may be called at all.
    pub fn may_call(&self, host: &str) -> bool {
        self.hosts.url(host, "/").is_ok()
    }

    /// Makes a call, logs in if the registry asks for it and follows redirects.
    ///
    /// Any status is an answer, also a 401 that no login of ours mends; an error is when there is no answer.
    pub async fn request(&self, request: RemoteRequest<'_>) -> Result<RemoteReply, RemoteError> {
        let url = self.hosts.url(request.host, request.path)?;
        let Ok(accept) = request.accept.map(HeaderValue::from_str).transpose() else {
            return Err(RemoteError::malformed(&url, "the Accept header that was asked for"));
        };
        let call = Call { method: request.method, url, accept, authorization: None };
        let reply = self.follow(&call).await?;
        if !call.is_asked_for_login(&reply) {
            return Ok(RemoteReply::of(reply));
        }
        let reply = match (chosen_challenge(&reply, request.credentials), request.credentials) {
            (Some(Challenge::Bearer(challenge)), credentials) => {
                self.follow_with_token(call, challenge, credentials).await?
            }
            (Some(Challenge::Basic), Some(credentials)) => {
                self.follow(&call.with_authorization(credentials.basic())?).await?
            }
            _ => reply,
        };
        Ok(RemoteReply::of(reply))
    }

    /// A token from the cache may have been withdrawn; a 401 to it asks for a new one, once.
    async fn follow_with_token(
        &self,
        call: Call,
        challenge: BearerChallenge,
        credentials: Option<&Credentials>,
    ) -> Result<Response, RemoteError> {
        let key = TokenKey { challenge, credentials: credentials.cloned() };
        let slot = self.tokens.slot(key.clone());
        let (token, origin) = self.token(&slot, &key, &call.url, None).await?;
        let call = call.with_authorization(bearer(&token))?;
        let reply = self.follow(&call).await?;
        if origin == TokenOrigin::Fetched || !call.is_asked_for_login(&reply) {
            return Ok(reply);
        }
        let (token, _) = self.token(&slot, &key, &call.url, Some(&token)).await?;
        self.follow(&call.with_authorization(bearer(&token))?).await
    }

    /// The token in a slot, or a new one if it is stale or the one that was `refused`.
    async fn token(
        &self,
        slot: &Slot,
        key: &TokenKey,
        source: &Url,
        refused: Option<&str>,
    ) -> Result<(Arc<str>, TokenOrigin), RemoteError> {
        let mut slot = slot.lock().await;
        let kept = slot.as_ref().filter(|token| token.is_fresh(self.real_time.elapsed()));
        if let Some(token) = kept.filter(|token| Some(token.text().as_ref()) != refused) {
            return Ok((Arc::clone(token.text()), TokenOrigin::Cache));
        }
        *slot = None;
        let token = self.fetch_token(key, source).await?;
        let text = Arc::clone(token.text());
        *slot = Some(token);
        Ok((text, TokenOrigin::Fetched))
    }

    async fn fetch_token(&self, key: &TokenKey, source: &Url) -> Result<Token, RemoteError> {
        let Ok(mut url) = source.join(&key.challenge.realm) else {
            return Err(RemoteError::malformed(source, "the realm of its challenge"));
        };
        self.hosts.check_next(source, &url)?;
        {
            let mut query = url.query_pairs_mut();
            query.extend_pairs(key.challenge.service.iter().map(|service| ("service", service)));
            query.extend_pairs(key.challenge.scopes.iter().map(|scope| ("scope", scope)));
        }
        let call = Call { method: Method::GET, url, accept: None, authorization: None };
        let call = match &key.credentials {
            Some(credentials) => call.with_authorization(credentials.basic())?,
            None => call,
        };
        let reply = RemoteReply::of(self.follow(&call).await?);
        if reply.status != StatusCode::OK {
            return Err(RemoteError::TokenRefused { host: shown(&call.url), status: reply.status });
        }
        let bytes = reply.bytes(TOKEN_REPLY_BYTES).await?;
        let token = serde_json::from_slice(&bytes).ok();
        token
            .and_then(|reply| Token::from_reply(reply, self.real_time.elapsed()))
            .ok_or_else(|| RemoteError::malformed(&call.url, "the reply of its token endpoint"))
    }

    /// Sends a call to where redirects lead. The login stays behind as soon as the origin changes, and for good.
    async fn follow(&self, call: &Call) -> Result<Response, RemoteError> {
        let client = self.client.get_or_try_init(|| async { client(self.timeouts, &self.authorities) }).await?;
        let mut url = call.url.clone();
        let mut authorization = call.authorization.as_ref();
        for _ in 0..=REDIRECTS {
            let mut request = client.request(call.method.clone(), url.clone());
            for (name, value) in [(ACCEPT, call.accept.as_ref()), (AUTHORIZATION, authorization)] {
                if let Some(value) = value {
                    request = request.header(name, value);
                }
            }
            let reply = request.send().await.map_err(|error| RemoteError::of_call(shown(&url), error))?;
            let Some(next) = redirect(&call.method, &url, &reply)? else { return Ok(reply) };
            self.hosts.check_next(&url, &next)?;
            authorization = authorization.filter(|_| same_origin(&url, &next));
            url = next;
        }
        Err(RemoteError::TooManyRedirects { host: shown(&call.url) })
    }
}

/// One request as it is sent.
#[derive(Clone)]
struct Call {
    method: Method,
    url: Url,
    accept: Option<HeaderValue>,
    authorization: Option<HeaderValue>,
}

impl Call {
    fn with_authorization(&self, authorization: Option<HeaderValue>) -> Result<Self, RemoteError> {
        if authorization.is_none() {
            return Err(RemoteError::malformed(&self.url, "a token that no header can carry"));
        }
        Ok(Self { authorization, ..self.clone() })
    }

    /// Only the registry itself is logged in to, not a host that it redirects to.
    fn is_asked_for_login(&self, reply: &Response) -> bool {
        reply.status() == StatusCode::UNAUTHORIZED && same_origin(reply.url(), &self.url)
    }
}

/// Where a token came from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TokenOrigin {
    Cache,
    Fetched,
}

/// The challenge to answer: a bearer challenge before Basic, and Basic only for who has a login.
fn chosen_challenge(reply: &Response, credentials: Option<&Credentials>) -> Option<Challenge> {
    let headers = reply.headers().get_all(WWW_AUTHENTICATE).iter().filter_map(|header| header.to_str().ok());
    let mut basic = None;
    for challenge in challenge::parse_all(headers) {
        match challenge {
            Challenge::Bearer(_) => return Some(challenge),
            Challenge::Basic => basic = Some(challenge),
        }
    }
    basic.filter(|_| credentials.is_some())
}

/// Where a reply says to go on; None if it is the end.
fn redirect(method: &Method, url: &Url, reply: &Response) -> Result<Option<Url>, RemoteError> {
    let moved = matches!(reply.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let followed = matches!(*method, Method::GET | Method::HEAD);
    let Some(location) = reply.headers().get(LOCATION).filter(|_| moved && followed) else { return Ok(None) };
    let next = location.to_str().ok().and_then(|location| url.join(location).ok());
    next.map(Some).ok_or_else(|| RemoteError::malformed(url, "the location that it redirects to"))
}

/// Everything that would change bytes, remember or go elsewhere is off: blobs are digested as they come.
pub(crate) fn client(timeouts: RemoteTimeouts, authorities: &RootCertStore) -> Result<Client, RemoteError> {
    let mut roots = authorities.clone();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(RemoteError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("ecr-fixture/", env!("CARGO_PKG_VERSION")))
        .no_proxy()
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        // The name means this machine, whatever a resolver says; each URL keeps its own port.
        .resolve_to_addrs("localhost", &[([127, 0, 0, 1], 0).into(), ([0_u16, 0, 0, 0, 0, 0, 0, 1], 0).into()])
        .connect_timeout(timeouts.connect)
        .read_timeout(timeouts.read)
        .build()
        .map_err(RemoteError::Client)
}
