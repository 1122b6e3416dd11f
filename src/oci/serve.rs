//! One call of the registry surface from its route to its reply.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};

use super::call::{OciCall, reply, repository_name};
use super::identity::{Identity, Login, Standing};
use super::profile::{Errors, Locations, Profile};
use super::route::{self, Matched, RouteError};
use super::{blobs, listings, manifests, referrers, uploads, wording};
use crate::facts::{Fact, Facts, Surface};
use crate::http::{Arrival, Call, CredentialHints, EndConnection, ReplyBody, Stop, find_world, whole, without_body_if};
use crate::operations::{Operation, Route};
use crate::registry::types::{Digest, RegistryKey, RepositoryName};
use crate::wire_errors::{
    AccessDenied, Failure, MethodNotAllowed, RouteNotFound, oci_response, specification_response,
};
use crate::worlds::CallArrival;

/// Header that every reply of the surface carries.
const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");

/// Serves one request below `/v2`.
pub(crate) async fn serve(mut arrival: Arrival) -> Result<Response<ReplyBody>, EndConnection> {
    let uri = &arrival.parts.uri;
    let matched = route::parse(&arrival.parts.method, uri.path(), uri.query());
    let (operation, any) = match &matched {
        Ok(matched) => (matched.route.name(), matched.route.operation().map(Operation::name)),
        Err(_) => ("unknown", None),
    };
    let mut facts = arrival.facts(Surface::Oci, operation, any);
    if let Ok(matched) = &matched {
        add_facts(&mut facts, matched, arrival.content_length());
    }
    let login = Login::read(&arrival);
    let credential = CredentialHints { password: login.password.as_ref(), any: login.any, access_key: None };
    let addressed = match find_world(&mut arrival, Surface::Oci, &facts, credential) {
        Ok(addressed) => addressed,
        Err(refusal) => return Ok(refusal),
    };
    let host = arrival.host().unwrap_or(&addressed.world.identity().registry_host);
    let base_url = format!("{}://{host}", arrival.daemon.scheme());
    let standing = Standing::read(&addressed, &login);
    let (profile, surface) = (standing.profile, standing.surface);

    // Names before logins: an anonymous caller may learn the grammar, but not what exists.
    let admitted = matched.map_err(route_failure).and_then(|matched| {
        if !matches!(matched.route, Route::Ping | Route::Catalog) {
            repository_name(&matched.name.0)?;
        }
        Ok((standing.identify(&addressed)?, matched))
    });
    let (identity, matched) = match admitted {
        Ok(admitted) => admitted,
        Err(failure) => {
            // Rules are not asked: the anonymous half of a call must not use up what is meant for the call itself.
            let record = arrival.record(facts);
            let call = Call::refused(&arrival.daemon, addressed.world, &arrival.connection, record);
            return fail(call, arrival, profile, &base_url, failure).await;
        }
    };
    facts.set(Fact::Account, identity.registry.account.as_str());
    facts.set(Fact::Region, identity.registry.region.as_str());
    facts.set(Fact::Caller, Arc::clone(&identity.caller.arn));
    let Identity { caller, registry } = identity;
    if matches!(matched.route, Route::BlobGet | Route::ManifestGet) {
        add_stored_size(&mut facts, &addressed.world, &registry, &matched);
    }
    let counts_as = matched
        .route
        .operation()
        .map(|operation| (RegistryKey { account: caller.account, region: registry.region.clone() }, operation));
    let record = CallArrival { counts_as, ..arrival.record(facts) };
    let call = Call::open(&arrival.daemon, addressed.world, &arrival.connection, record);
    let location_base = match profile.locations {
        Locations::Absolute => base_url.clone(),
        Locations::Relative => String::new(),
    };
    let mut call = OciCall { call, arrival, matched, registry, caller, profile, surface, base_url, location_base };
    let handled = handle(&mut call).await;
    let OciCall { call, arrival, base_url, .. } = call;
    match handled {
        Ok(response) => {
            let is_head = arrival.is_head();
            call.reply(finished(response, is_head), None).await
        }
        Err(Stop::Failure(failure)) => fail(call, arrival, profile, &base_url, *failure).await,
        Err(Stop::Ended(ended)) => Err(ended),
    }
}

async fn handle(call: &mut OciCall) -> Result<Response<ReplyBody>, Stop> {
    call.call.before(Surface::Oci).await?;
    authorize(call)?;
    match call.matched.route {
        Route::Ping => Ok(whole(reply(StatusCode::OK, Bytes::from_static(b"{}")))),
        Route::Catalog => listings::catalog(call),
        Route::TagsList => listings::tags(call),
        Route::ManifestHead | Route::ManifestGet => manifests::fetch(call).await,
        Route::ManifestPut => manifests::put(call).await,
        Route::ManifestDelete => manifests::delete(call),
        Route::BlobHead | Route::BlobGet => blobs::fetch(call).await,
        Route::BlobMount => uploads::mount(call).await,
        Route::UploadStart => uploads::start(call).await,
        Route::UploadPatch => uploads::patch(call).await,
        Route::UploadPut => uploads::put(call).await,
        Route::UploadStatus => uploads::status(call),
        Route::UploadCancel => uploads::cancel(call),
        Route::BlobDelete => blobs::delete(call),
        Route::ReferrersList => referrers::list(call),
    }
}

/// Whether the caller may do what the route comes down to. Login itself is free to whoever holds a token.
fn authorize(call: &OciCall) -> Result<(), Failure> {
    let operation = match call.matched.route {
        Route::Ping => return Ok(()),
        // Part of an upload, whose own action is the nearest.
        Route::UploadStatus | Route::UploadCancel | Route::BlobDelete => Operation::UploadLayerPart,
        route => route.operation().unwrap_or(Operation::UploadLayerPart),
    };
    let action = operation.action();
    let repository = call.repository().ok().filter(|_| call.matched.route != Route::Catalog);
    call.call
        .write(|live| live.state.authorize(&call.registry, &call.caller, action, repository.as_ref(), &[]))
        .map_err(|refused| AccessDenied::new(&call.caller, action, refused).into())
}

fn route_failure(error: RouteError) -> Failure {
    match error {
        RouteError::NotFound => RouteNotFound.into(),
        RouteError::MethodNotAllowed { allow } => MethodNotAllowed { allow }.into(),
    }
}

fn add_facts(facts: &mut Facts, matched: &Matched, content_length: Option<u64>) {
    if !matched.name.0.is_empty() {
        facts.set(Fact::Repository, matched.name.0.as_str());
    }
    let object = matched.object.as_str();
    match matched.route {
        Route::ManifestHead | Route::ManifestGet | Route::ManifestPut | Route::ManifestDelete
            if !object.contains(':') =>
        {
            facts.set(Fact::Tag, object);
        }
        Route::UploadPatch | Route::UploadPut | Route::UploadStatus | Route::UploadCancel => {
            facts.set(Fact::Upload, object);
        }
        Route::Ping | Route::Catalog | Route::TagsList | Route::UploadStart => {}
        _ => set_digest(facts, object),
    }
    if let Some(digest) = matched.query.digest.as_deref().or(matched.query.mount.as_deref()) {
        set_digest(facts, digest);
    }
    if let Some(length) = content_length.filter(|length| *length > 0) {
        facts.set(Fact::Size, length);
    }
}

fn set_digest(facts: &mut Facts, text: &str) {
    match text.parse::<Digest>() {
        Ok(digest) => facts.set(Fact::Digest, digest),
        Err(_) if !text.is_empty() => facts.set(Fact::Digest, text),
        Err(_) => {}
    }
}

/// A download's size and a manifest's digest, where the world knows them already.
fn add_stored_size(facts: &mut Facts, world: &crate::worlds::World, registry: &RegistryKey, matched: &Matched) {
    let Ok(name) = matched.name.0.parse::<RepositoryName>() else { return };
    let found = world.write(|live| {
        live.read_registry(registry, |registry| {
            let repository = registry.repositories().get(&name)?;
            if matched.route == Route::BlobGet {
                let digest = matched.object.parse().ok()?;
                return Some((digest, repository.layer(&matched.object.parse().ok()?)?.blob.size_bytes()));
            }
            let image = match matched.object.parse::<Digest>() {
                Ok(digest) => repository.images().get(&digest)?,
                Err(_) => repository.tagged(&matched.object.parse().ok()?)?,
            };
            Some((image.digest().clone(), image.manifest().bytes().len() as u64))
        })
    });
    if let Some((digest, size)) = found {
        facts.set(Fact::Digest, digest);
        facts.set(Fact::Size, size);
    }
}

async fn fail(
    call: Call,
    mut arrival: Arrival,
    profile: &Profile,
    base_url: &str,
    failure: Failure,
) -> Result<Response<ReplyBody>, EndConnection> {
    arrival.drain();
    let (failure, response) = match profile.errors {
        Errors::Ecr => {
            let response = oci_response(&failure, base_url);
            (failure, response)
        }
        Errors::Specification => {
            let failure = wording::by_specification(failure);
            let mut response = specification_response(&failure, base_url);
            if response.status() == StatusCode::TOO_MANY_REQUESTS {
                // The least that the header can say; ECR sends none.
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            (failure, response)
        }
    };
    let response = whole(response);
    let (code, _) = failure.outcome(Surface::Oci);
    call.reply(finished(response, arrival.is_head()), Some(&code)).await
}

/// Puts on what every reply has, and takes off the body where the method has none.
fn finished(mut response: Response<ReplyBody>, is_head: bool) -> Response<ReplyBody> {
    response.headers_mut().insert(API_VERSION, HeaderValue::from_static("registry/2.0"));
    without_body_if(is_head, response)
}
