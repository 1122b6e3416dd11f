//! Calls upstream: to a registry inside the world if it has one of that host, else to the real one.
//!
//! Each is made with the login of the rule's secret, which its record shows masked: as Basic credentials, whatever a real
//! registry makes of them.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::{Method, StatusCode};

use super::exchange::Exchange;
use super::login::login_of;
use super::origin::Origin;
use super::trouble::Trouble;
use crate::facts::{Fact, Facts, Surface, Value};
use crate::faults::{ConnectionEnd, Refusal, Status};
use crate::http::{Call, wait_all};
use crate::operations::Route;
use crate::registry::limits;
use crate::registry::types::{Digest, RegistryKey, VerifiedBlob};
use crate::registry::{Manifest, Reference};
use crate::upstream::content::{UpstreamManifest, UpstreamRegistry};
use crate::upstream::credentials::Credentials;
use crate::upstream::remote::RemoteRequest;
use crate::upstream::remote_reply::{RemoteBody, RemoteReply};
use crate::wire_errors::Failure;
use crate::worlds::{CallArrival, World};

/// Real time that a fetch may spend waiting for the network, over all its calls. Waits that rules impose do not count.
pub(super) const FETCH_LIMIT: Duration = Duration::from_mins(1);

/// Media types of manifests that are wanted.
const MANIFEST_TYPES: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

/// All calls that are made for one miss.
pub(super) struct Fetch<'a> {
    call: &'a Call,
    key: &'a RegistryKey,
    origin: &'a Origin,
    patience: Patience,
}

/// What a call upstream asks for.
struct Question {
    route: Route,
    path: String,
    /// Tag or digest; empty for a call that is about no repository.
    reference: String,
    fact: Option<(Fact, Value)>,
    accept: Option<&'static str>,
    /// Error code of an in-process upstream that does not have it.
    unknown: &'static str,
    /// In whose name it is asked.
    login: Option<Credentials>,
}

/// An answer with what was asked for; its body is still to come.
enum Answer<T> {
    InProcess(T),
    Remote(RemoteReply),
}

impl<'a> Fetch<'a> {
    /// Nothing is asked yet.
    pub(super) fn new(call: &'a Call, key: &'a RegistryKey, origin: &'a Origin) -> Self {
        Self { call, key, origin, patience: Patience { left: FETCH_LIMIT } }
    }

    /// Asks for a manifest.
    pub(super) async fn manifest(&mut self, reference: &Reference) -> Result<Manifest, Trouble> {
        let question = Question::manifest(self.origin, self.login()?, reference);
        let mut exchange = self.open(&question);
        let result = self.receive_manifest(&mut exchange, &question, reference).await;
        exchange.end(&result);
        result
    }

    /// Asks for a blob. Its bytes have the digest when this returns; otherwise nothing of them is kept.
    pub(super) async fn blob(&mut self, digest: &Digest) -> Result<VerifiedBlob, Trouble> {
        let question = Question::blob(self.origin, self.login()?, digest);
        let mut exchange = self.open(&question);
        let result = self.receive_blob(&mut exchange, &question, digest).await;
        exchange.end(&result);
        result
    }

    /// Asks for nothing but whether the login is good.
    pub(super) async fn ping(&mut self) -> Result<(), Trouble> {
        let question = Question::ping(self.login()?);
        let mut exchange = self.open(&question);
        let answer = self.answer(&mut exchange, &question, |_| Some(())).await;
        let result = answer.and_then(|_| exchange.skip_body());
        exchange.end(&result);
        result
    }

    /// Looked up for each call, since a test may change the secret between two of them.
    fn login(&self) -> Result<Option<Credentials>, Trouble> {
        login_of(self.call, self.origin.credential_arn.as_deref())
    }

    async fn receive_manifest(
        &mut self,
        exchange: &mut Exchange<'_>,
        question: &Question,
        reference: &Reference,
    ) -> Result<Manifest, Trouble> {
        let origin = self.origin;
        let find = |upstream: &UpstreamRegistry| {
            let found = upstream.manifest(&origin.repository, &question.reference);
            found.map(|(digest, manifest)| (digest.clone(), manifest.clone()))
        };
        let (announced, content_type, length, body) = match self.answer(exchange, question, find).await? {
            Answer::InProcess((digest, UpstreamManifest { bytes, media_type })) => {
                let length = bytes.len() as u64;
                (Some(digest.to_string()), Some(media_type.to_string()), Some(length), at_once(bytes))
            }
            Answer::Remote(reply) => {
                (reply.docker_content_digest, reply.content_type, reply.content_length, reply.body)
            }
        };
        let mut bytes = BytesMut::new();
        self.receive(exchange, body, length, limits::MANIFEST_BYTES as u64, |piece| {
            bytes.extend_from_slice(piece);
            Ok(())
        })
        .await?;
        checked_manifest(bytes.freeze(), content_type.as_deref(), announced.as_deref(), reference)
    }

    async fn receive_blob(
        &mut self,
        exchange: &mut Exchange<'_>,
        question: &Question,
        digest: &Digest,
    ) -> Result<VerifiedBlob, Trouble> {
        let origin = self.origin;
        let find = |upstream: &UpstreamRegistry| upstream.blob(&origin.repository, digest).cloned();
        match self.answer(exchange, question, find).await? {
            Answer::InProcess(blob) => {
                // The store has these bytes under their digest already; whether they arrive is all there is to see.
                exchange.take_in(blob.size_bytes(), Some(blob.size_bytes()))?;
                Ok(blob)
            }
            Answer::Remote(reply) => {
                let mut upload = self.call.daemon.blobs.begin();
                self.receive(exchange, reply.body, reply.content_length, limits::LAYER_BYTES, |piece| {
                    Ok(upload.write(piece)?)
                })
                .await?;
                Ok(upload.finish(digest)?)
            }
        }
    }

    /// Asks, as far as rules let it: the upstream inside the world with `find`, a real one over the network.
    async fn answer<T>(
        &mut self,
        exchange: &mut Exchange<'_>,
        question: &Question,
        find: impl FnOnce(&UpstreamRegistry) -> Option<T>,
    ) -> Result<Answer<T>, Trouble> {
        let before = std::mem::take(&mut exchange.decision.before);
        if !wait_all(&self.call.world, exchange.record, &before.waits).await {
            return Err(Trouble::WorldEnded);
        }
        match before.terminal {
            None => {}
            Some(Refusal::Status(status)) => return Err(scripted(&status)),
            Some(Refusal::Reset) => return Err(Trouble::Lost(ConnectionEnd::Reset)),
        }
        // Looked up now and not at the miss, since a test may seed it while the call is held.
        let in_process = self.call.write(|live| live.state.upstreams.get(&self.origin.host).cloned());
        let answer = match in_process {
            Some(upstream) if !upstream.admits(question.login.as_ref()) => Err(StatusCode::UNAUTHORIZED),
            Some(upstream) => find(&upstream).map(Answer::InProcess).ok_or(StatusCode::NOT_FOUND),
            None => self.ask_remote(question).await?,
        };
        // The upstream has been asked, and what it said is lost.
        if let Some(end) = exchange.decision.after.terminal {
            return Err(Trouble::Lost(end));
        }
        let answer = answer.map_err(|status| {
            let code = match status {
                StatusCode::NOT_FOUND => Some(question.unknown.into()),
                StatusCode::UNAUTHORIZED => Some("UNAUTHORIZED".into()),
                _ => None,
            };
            Trouble::Answered { status, code }
        })?;
        exchange.begin_body();
        Ok(answer)
    }

    async fn ask_remote<T>(&mut self, question: &Question) -> Result<Result<Answer<T>, StatusCode>, Trouble> {
        let request = RemoteRequest {
            host: &self.origin.host,
            method: Method::GET,
            path: &question.path,
            accept: question.accept,
            credentials: question.login.as_ref(),
        };
        let daemon = &self.call.daemon;
        let reply = self.patience.within(self.call, daemon.remote.request(request)).await??;
        Ok(if reply.status == StatusCode::OK { Ok(Answer::Remote(reply)) } else { Err(reply.status) })
    }

    /// Takes a body in, piece by piece, as long as it has at most `limit_bytes`.
    async fn receive(
        &mut self,
        exchange: &mut Exchange<'_>,
        mut body: RemoteBody,
        length: Option<u64>,
        limit_bytes: u64,
        mut keep: impl FnMut(&[u8]) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        if length.is_some_and(|length| length > limit_bytes) {
            return Err(Trouble::TooLong(limit_bytes));
        }
        while let Some(piece) = self.patience.within(self.call, body.try_next()).await?? {
            exchange.take_in(piece.len() as u64, length)?;
            if exchange.arrived_bytes() > limit_bytes {
                return Err(Trouble::TooLong(limit_bytes));
            }
            keep(&piece)?;
        }
        exchange.end_body()
    }

    fn open(&self, question: &Question) -> Exchange<'a> {
        let mut facts =
            Facts::new(Surface::Upstream, question.route.name(), None).with(Fact::Upstream, &*self.origin.host);
        if let Some((fact, value)) = question.fact.clone() {
            facts = facts.with(Fact::Repository, self.origin.repository.as_str()).with(fact, value);
        }
        facts = facts
            .with(Fact::Account, self.key.account.as_str())
            .with(Fact::Region, self.key.region.as_str())
            .with(Fact::Attempt, 1);
        if let Some(login) = &question.login {
            let authorization = login.basic();
            let header = authorization.iter().map(|value| ("authorization", value.as_bytes()));
            facts.headers = Some(Arc::new(self.call.daemon.masker.headers(header)));
        }
        let request_line = format!("GET https://{}{}", self.origin.host, question.path);
        let arrival = CallArrival {
            facts,
            real_micros: self.call.daemon.real().elapsed_micros(),
            caused_by: Some(self.call.record),
            request_line: Some(request_line.into_boxed_str()),
            counts_as: None,
        };
        Exchange::open(&self.call.world, arrival)
    }
}

/// Names, tags and digests have no characters that a path would have to escape.
impl Question {
    fn manifest(origin: &Origin, login: Option<Credentials>, reference: &Reference) -> Self {
        let (reference, fact) = match reference {
            Reference::Tag(tag) => (tag.to_string(), (Fact::Tag, Value::from(tag.as_str()))),
            Reference::Digest(digest) => (digest.to_string(), (Fact::Digest, Value::from(digest.clone()))),
        };
        Self {
            route: Route::ManifestGet,
            path: format!("/v2/{}/manifests/{reference}", origin.repository),
            reference,
            fact: Some(fact),
            accept: Some(MANIFEST_TYPES),
            unknown: "MANIFEST_UNKNOWN",
            login,
        }
    }

    fn blob(origin: &Origin, login: Option<Credentials>, digest: &Digest) -> Self {
        Self {
            route: Route::BlobGet,
            path: format!("/v2/{}/blobs/{digest}", origin.repository),
            reference: digest.to_string(),
            fact: Some((Fact::Digest, Value::from(digest.clone()))),
            accept: None,
            unknown: "BLOB_UNKNOWN",
            login,
        }
    }

    fn ping(login: Option<Credentials>) -> Self {
        Self {
            route: Route::Ping,
            path: "/v2/".to_owned(),
            reference: String::new(),
            fact: None,
            accept: None,
            unknown: "UNSUPPORTED",
            login,
        }
    }
}

/// Real time that is left for the network.
struct Patience {
    left: Duration,
}

impl Patience {
    /// Waits for `work`, but neither longer than there is patience nor beyond the end of the world.
    async fn within<T>(&mut self, call: &Call, work: impl Future<Output = T>) -> Result<T, Trouble> {
        let world: &World = &call.world;
        let begun = call.daemon.real().elapsed();
        let result = tokio::select! {
            result = tokio::time::timeout(self.left, work) => result.map_err(|_| Trouble::TooSlow),
            () = world.ended().cancelled() => Err(Trouble::WorldEnded),
        };
        let spent = call.daemon.real().elapsed().saturating_sub(begun);
        self.left = self.left.saturating_sub(spent);
        result
    }
}

fn at_once(bytes: Bytes) -> RemoteBody {
    stream::iter([Ok(bytes)]).boxed()
}

/// The answer that a rule puts into the upstream's mouth.
fn scripted(status: &Status) -> Trouble {
    let error = status.error.as_deref().unwrap_or_default();
    let failure = Failure::from_fault(status.code, error, "", Surface::Upstream);
    let (code, status) = failure.outcome(Surface::Upstream);
    Trouble::Answered { status, code: Some(code) }
}

/// Reads a manifest and compares it with the digest that was asked for and the one that the upstream announced.
///
/// Its own `mediaType` counts; the `Content-Type` only for a manifest that has none, since upstreams are careless with
/// it (that ECR sees it so is unconfirmed).
fn checked_manifest(
    bytes: Bytes,
    content_type: Option<&str>,
    announced: Option<&str>,
    reference: &Reference,
) -> Result<Manifest, Trouble> {
    if let Reference::Digest(digest) = reference {
        check_digest(&bytes, &digest.to_string())?;
    }
    if let Some(announced) = announced {
        check_digest(&bytes, announced)?;
    }
    Manifest::parse(bytes.clone(), None).or_else(|_| Manifest::parse(bytes, content_type)).map_err(|error| {
        tracing::debug!(?error, "an upstream sent no manifest");
        Trouble::NoManifest
    })
}

/// A digest that cannot be read is none of these bytes.
fn check_digest(bytes: &[u8], expected: &str) -> Result<(), Trouble> {
    let digest = expected.parse::<Digest>();
    match digest {
        Ok(digest) if digest.same_algorithm_of(bytes) == digest => Ok(()),
        Ok(digest) => {
            Err(Trouble::WrongDigest { expected: expected.to_owned(), actual: digest.same_algorithm_of(bytes) })
        }
        Err(_) => Err(Trouble::WrongDigest { expected: expected.to_owned(), actual: Digest::sha256_of(bytes) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: &str = r#"{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0},"layers":[]}"#;
    const OCI: &str = "application/vnd.oci.image.manifest.v1+json";

    fn check(name: &str, content_type: Option<&str>, announced: Option<&str>, reference: &Reference, expect: &str) {
        let bytes = Bytes::from_static(IMAGE.as_bytes());
        let found = match checked_manifest(bytes, content_type, announced, reference) {
            Ok(manifest) => manifest.media_type().to_string(),
            Err(trouble) => trouble.code().map(String::from).unwrap_or_default(),
        };
        assert_eq!(found, expect, "{name}");
    }

    #[test]
    fn b_043_b_044_a_manifest_is_read_and_its_digest_compared() {
        let tag = Reference::Tag("1".parse().expect("tag"));
        let digest = Digest::sha256_of(IMAGE.as_bytes());
        let other = Digest::sha256_of(b"other");
        check("by tag", Some(OCI), None, &tag, OCI);
        check("with parameters", Some(&format!("{OCI}; charset=utf-8")), None, &tag, OCI);
        check("announced", Some(OCI), Some(&digest.to_string()), &tag, OCI);
        check("announced otherwise", Some(OCI), Some(&other.to_string()), &tag, "DIGEST_INVALID");
        check("announced unreadably", Some(OCI), Some("sha256:xyz"), &tag, "DIGEST_INVALID");
        check("by digest", Some(OCI), None, &Reference::Digest(digest), OCI);
        check("by another digest", Some(OCI), None, &Reference::Digest(other), "DIGEST_INVALID");
        check("no type at all", None, None, &tag, "MANIFEST_INVALID");
        check("a page", Some("text/html"), None, &tag, "MANIFEST_INVALID");
    }

    #[test]
    fn the_type_in_a_manifest_outweighs_the_content_type() {
        let written = IMAGE.replacen('{', &format!(r#"{{"mediaType":"{OCI}","#), 1);
        let tag = Reference::Tag("1".parse().expect("tag"));
        let manifest = checked_manifest(Bytes::from(written), Some("application/octet-stream"), None, &tag);
        assert_eq!(manifest.expect("a manifest").media_type().as_str(), OCI);
    }

    #[test]
    fn a_scripted_answer_has_the_status_and_the_code_of_its_rule() {
        for (code, error, expect) in [
            (Some(503), None, "503 UNAVAILABLE"),
            (Some(429), None, "429 TOOMANYREQUESTS"),
            (None, Some("TOOMANYREQUESTS"), "429 TOOMANYREQUESTS"),
            (Some(404), Some("MANIFEST_UNKNOWN"), "404 MANIFEST_UNKNOWN"),
        ] {
            let trouble = scripted(&Status { code, error: error.map(Into::into), message: None });
            let Trouble::Answered { status, code } = trouble else { panic!("{trouble:?}") };
            assert_eq!(format!("{} {}", status.as_u16(), code.unwrap_or_default()), expect);
        }
    }
}
