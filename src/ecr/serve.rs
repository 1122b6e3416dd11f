//! One call of the AWS JSON surface from its target header to its reply.

use std::sync::Arc;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Method, Response};

use super::protocol::{CONTENT_TYPE as JSON, UnknownTarget, parse_target};
use super::signed::Signed;
use super::{Answer, Call as EcrOperation, Links, Request, decode, layers, tokens, validation};
use crate::auth::signature::{SignedRequest, verify};
use crate::auth::sigv4::{IncompleteSignature, Sigv4Claim};
use crate::facts::{Fact, Facts, Surface};
use crate::http::{
    Arrival, BodyError, Call, CredentialHints, EndConnection, ReplyBody, Stop, UploadSession, find_world, whole,
};
use crate::ids::uuid_from;
use crate::operations::Operation;
use crate::pull_through;
use crate::registry::types::{Digest, Region, RegistryKey, RepositoryName, Timestamp};
use crate::registry::{Caller, Effect};
use crate::storage::Place;
use crate::wire_errors::{
    AccessDenied, BodyTooLarge, Failure, MissingAuthenticationToken, RouteNotFound, SessionExpired, UnrecognizedClient,
    ecr_response,
};
use crate::worlds::address::Addressed;
use crate::worlds::{AuthMode, CallArrival, DeclaredKey, Live, RepositoryUri, World};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// Serves one request that is not below `/v2`.
pub(crate) async fn serve(mut arrival: Arrival) -> Result<Response<ReplyBody>, EndConnection> {
    let target = target(&arrival);
    let name = target.as_ref().map_or("unknown", |operation| operation.name());
    let mut facts = arrival.facts(Surface::Ecr, name, target.as_ref().ok().map(|operation| operation.name()));
    let claim = match arrival.header(AUTHORIZATION) {
        Some(header) => Some(Sigv4Claim::parse_header(header)),
        None => arrival.parts.uri.query().and_then(Sigv4Claim::parse_query),
    };
    let access_key = claim.as_ref().and_then(|claim| claim.as_ref().ok()).map(|claim| claim.access_key.clone());
    if let Some(key) = &access_key {
        facts.set(Fact::AccessKey, key.as_str());
    }
    let is_presigned = matches!(&claim, Some(Ok(claim)) if claim.presigned.is_some());
    let credential = CredentialHints { access_key: access_key.as_deref(), any: access_key.is_some(), password: None };
    let addressed = match find_world(&mut arrival, Surface::Ecr, &facts, credential) {
        Ok(addressed) => addressed,
        Err(refusal) => return Ok(refusal),
    };
    let identity = authenticate(claim, &addressed, &mut facts, &arrival);
    // Set once it is known who calls: ECR throttles after it has authenticated and before it decodes (unconfirmed).
    let mut counts_as = None;
    let decoded = match (identity, target) {
        (Err(failure), _) | (Ok(_), Err(failure)) => Err(failure),
        (Ok(identity), Ok(operation)) => match arrival.read_body(arrival.daemon.bounds.max_api_body).await {
            Ok(body) => identity.verify(&arrival, &body).and_then(|()| {
                counts_as = Some((identity.registry(), operation));
                // Botocore, which alone of AWS's SDKs presigns such calls, sends them without a body (unconfirmed).
                let members = if is_presigned && body.is_empty() { b"{}" } else { &*body };
                let request = decode(operation, members)?;
                Ok(((identity.caller, identity.region), request, body.len() as u64))
            }),
            Err(BodyError::TooLong) => Err(BodyTooLarge(arrival.daemon.bounds.max_api_body as u64).into()),
            Err(BodyError::Gone) => {
                // Recorded as given up by its caller, which is what dropping it does.
                let record = arrival.record(facts);
                drop(Call::refused(&arrival.daemon, addressed.world, &arrival.connection, record));
                return Err(EndConnection);
            }
        },
    };
    let (signer, request, bytes_in) = match decoded {
        Ok(decoded) => decoded,
        Err(failure) => {
            let record = CallArrival { counts_as, ..arrival.record(facts) };
            let call = Call::refused(&arrival.daemon, addressed.world, &arrival.connection, record);
            arrival.drain();
            let failure = call.within_rate().map_or_else(Failure::from, |()| failure);
            return fail(call, &failure).await;
        }
    };
    request.facts(&mut facts);
    let (caller, region) = signer;
    let record = CallArrival { counts_as, ..arrival.record(facts) };
    let mut call = Call::open(&arrival.daemon, addressed.world, &arrival.connection, record);
    call.bytes_in = bytes_in;
    let mut signed = Signed { call, caller, region };
    let answered = answer(&mut signed, request).await;
    let call = signed.call;
    match answered {
        Ok(body) => {
            let response = reply(body, &request_id(&call));
            call.reply(whole(response), None).await
        }
        Err(Stop::Failure(failure)) => fail(call, &failure).await,
        Err(Stop::Ended(ended)) => Err(ended),
    }
}

fn target(arrival: &Arrival) -> Result<Operation, Failure> {
    if arrival.parts.uri.path() != "/" || arrival.parts.method != Method::POST {
        return Err(RouteNotFound.into());
    }
    parse_target(arrival.header("x-amz-target")).map_err(|error: UnknownTarget| error.into())
}

/// Who calls, and what is left to check of it.
struct Identity {
    caller: Caller,
    region: Region,
    /// What is left to check, where the world asks for that.
    unverified: Option<Unverified>,
}

/// A signature that has to be checked once the body is there.
struct Unverified {
    claim: Sigv4Claim,
    /// What it must have been signed with.
    secret: Arc<str>,
    /// The time by which it must be fresh.
    now: Timestamp,
}

impl Identity {
    /// The caller's own registry in the region that it calls.
    fn registry(&self) -> RegistryKey {
        RegistryKey { account: self.caller.account, region: self.region.clone() }
    }

    /// Checks the signature over the whole request.
    fn verify(&self, arrival: &Arrival, body: &[u8]) -> Result<(), Failure> {
        let Some(Unverified { claim, secret, now }) = &self.unverified else { return Ok(()) };
        let parts = &arrival.parts;
        let request = SignedRequest {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or_default(),
            headers: &parts.headers,
            body,
        };
        Ok(verify(claim, &request, secret, *now)?)
    }
}

/// Who the caller says it is. Without a claim, where the world does not insist on one, it is the default account.
fn authenticate(
    claim: Option<Result<Sigv4Claim, IncompleteSignature>>,
    addressed: &Addressed,
    facts: &mut Facts,
    arrival: &Arrival,
) -> Result<Identity, Failure> {
    let world = &addressed.world;
    let claim = claim.transpose()?;
    let access_key = claim.as_ref().map(|claim| claim.access_key.clone()).unwrap_or_default();
    let (mode, virtual_now, default_region, declared) = world.write(|live| {
        let declared = live.state.principals.key(&access_key).cloned();
        (live.state.auth, live.now(), live.state.default_region().clone(), declared)
    });
    let region = match &claim {
        Some(claim) => claim.region.clone(),
        None if mode == AuthMode::Off => default_region,
        None => return Err(MissingAuthenticationToken.into()),
    };
    let caller = declared.as_ref().map_or_else(
        || {
            let account = addressed.account.unwrap_or_else(|| world.identity().default_account());
            let registry = RegistryKey { account, region: region.clone() };
            Live::root_caller(&registry, account)
        },
        DeclaredKey::caller,
    );
    let unverified = match claim.filter(|_| mode.verifies()) {
        Some(claim) => {
            let minted = || world.identity().minted_secret(&claim.access_key).map(Arc::from);
            let declared_secret = declared.as_ref().map(|key| Arc::clone(key.secret()));
            let secret = declared_secret.or_else(minted).ok_or(UnrecognizedClient)?;
            let session_token = declared.as_ref().and_then(DeclaredKey::session_token);
            if claim.session_token(&arrival.parts.headers) != session_token {
                return Err(UnrecognizedClient.into());
            }
            // A caller's own clock is real, unless its test has moved that as well.
            let real = arrival.daemon.real().now();
            let now = if mode == AuthMode::VerifiedOnWorldClock { virtual_now } else { real };
            Some(Unverified { claim, secret, now })
        }
        None => None,
    };
    // When a key ends is declared, not claimed, so it ends in every world.
    if declared.is_some_and(|key| key.has_expired(virtual_now)) {
        return Err(SessionExpired.into());
    }
    facts.set(Fact::Account, caller.account.as_str());
    facts.set(Fact::Region, region.as_str());
    facts.set(Fact::Caller, Arc::clone(&caller.arn));
    Ok(Identity { caller, region, unverified })
}

/// Runs a request whose caller is known; the body of its answer.
pub(crate) async fn answer(signed: &mut Signed, request: Request) -> Result<bytes::Bytes, Stop> {
    let answer = handle(signed, request).await?;
    let call = &signed.call;
    Ok(answer.render(&WorldLinks { world: &call.world, repository_uri: call.repository_uri }))
}

async fn handle(signed: &mut Signed, request: Request) -> Result<Answer, Stop> {
    signed.call.before(Surface::Ecr).await?;
    let registry = request.registry(&signed.caller, &signed.region);
    let call = &signed.call;
    let action = request.operation.action();
    let (repositories, tags) = (request.call.repositories().to_vec(), request.call.request_tags().to_vec());
    let authorize = |live: &Live| {
        let judge = |repository| {
            let judged = live.state.authorize(&registry, &signed.caller, action, repository, &tags);
            judged.map_err(|refused| AccessDenied::new(&signed.caller, action, refused))
        };
        // The first that is refused is named.
        if repositories.is_empty() { judge(None) } else { repositories.iter().map(Some).try_for_each(judge) }
    };
    // A read or a write is judged by the very state that it meets; what takes several steps is judged before the first.
    let asks_upstream = !request.call.pulls().is_empty() || request.call.download().is_some();
    if asks_upstream || !matches!(request.call, EcrOperation::Read(_) | EcrOperation::Write(_)) {
        call.write(|live| authorize(live))?;
    }
    for reference in request.call.pulls().iter().filter_map(pullable) {
        let Some(repository) = request.call.repository() else { break };
        match pull_through::bring_manifest(call, &registry, &signed.caller, repository, &reference).await {
            // What the upstream does not have either is told of that one image.
            Ok(()) | Err(Failure::ManifestUnknown(_)) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    if let (Some(repository), Some(digest)) = (request.call.repository(), request.call.download()) {
        pull_through::bring_blob(call, &registry, &signed.caller, repository, &digest).await?;
    }
    match request.call {
        EcrOperation::Read(read) => Ok(call.write(|live| {
            authorize(live)?;
            live.read_registry(&registry, |registry| read.apply(registry))
        })?),
        EcrOperation::Write(write) => {
            let mut uploads = Vec::new();
            let answer = call.write(|live| {
                authorize(live)?;
                live.on_registry(&registry, &signed.caller, call.record, |registry, cx| {
                    let answer = write.apply(registry, cx)?;
                    uploads.extend(cx.effects.iter().filter(|effect| effect.is_about_upload()).cloned());
                    Ok::<_, Failure>(answer)
                })
            })?;
            for effect in uploads {
                match effect {
                    Effect::UploadAbandoned { upload } => {
                        call.daemon.uploads.close(call.world.identity().incarnation, &upload);
                    }
                    Effect::UploadOpened { repository, upload } => {
                        let (caller, repository, upload) = (&signed.caller, &repository, &upload);
                        UploadSession { call, registry: &registry, caller, repository, upload }.open()?;
                    }
                    Effect::ImagePushed { .. }
                    | Effect::ImageDeleted { .. }
                    | Effect::BackfillBegun { .. }
                    | Effect::WorkBegun(_) => {}
                }
            }
            Ok(answer)
        }
        EcrOperation::GetAuthorizationToken(request) => Ok(tokens::mint(signed, &registry, &request)),
        EcrOperation::UploadLayerPart(part) => layers::upload_part(signed, &registry, part).await,
        EcrOperation::CompleteLayerUpload(input) => layers::complete(signed, &registry, input).await,
        EcrOperation::ValidatePullThroughCacheRule(input) => validation::validate(signed, &registry, input).await,
    }
}

/// A tag that a pull-through rule may have to fetch; digests never go upstream.
fn pullable(image_id: &crate::registry::ImageIdentifier) -> Option<crate::registry::Reference> {
    match (&image_id.digest, &image_id.tag) {
        (None, Some(tag)) => tag.parse().ok().map(crate::registry::Reference::Tag),
        _ => None,
    }
}

fn reply(body: bytes::Bytes, request_id: &str) -> Response<bytes::Bytes> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

async fn fail(call: Call, failure: &Failure) -> Result<Response<ReplyBody>, EndConnection> {
    let response = ecr_response(failure, &request_id(&call));
    let (code, _) = failure.outcome(Surface::Ecr);
    call.reply(whole(response), Some(&code)).await
}

/// An id that is the same in each run of the same test.
fn request_id(call: &Call) -> String {
    uuid_from(&[b"request", &call.seed.to_be_bytes(), &call.record.to_be_bytes()])
}

/// Addresses in the answers of one world.
struct WorldLinks<'a> {
    world: &'a World,
    repository_uri: RepositoryUri,
}

impl Links for WorldLinks<'_> {
    fn registry_host(&self, registry: &RegistryKey) -> String {
        match self.repository_uri {
            RepositoryUri::Advertised => self.world.identity().registry_host.clone(),
            RepositoryUri::Aws => registry.aws_host(),
        }
    }

    fn proxy_endpoint(&self, registry: &RegistryKey) -> String {
        match self.repository_uri {
            RepositoryUri::Advertised => self.world.identity().endpoint.clone(),
            RepositoryUri::Aws => format!("https://{}", registry.aws_host()),
        }
    }

    fn download_url(&self, registry: &RegistryKey, repository: &RepositoryName, digest: &Digest) -> String {
        let identity = self.world.identity();
        let now: Timestamp = self.world.write(|live| live.now());
        let place = Place::new(identity, registry, repository, digest);
        format!("{}{}", identity.endpoint, place.presigned(&identity.key, now, None))
    }
}
