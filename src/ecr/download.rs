//! What `GetDownloadUrlForLayer` points at: a blob for whoever has the URL, for an hour of the world's time.
//!
//! In place of the presigned URL of a storage service; it names its world, so it needs neither host nor credential.

use http::{Method, Response};

use crate::facts::{Fact, Surface};
use crate::http::{Arrival, Call, EndConnection, ReplyBody, Stop, blob_response, whole, without_body_if};
use crate::oci::range::SeveralRanges;
use crate::operations::Route;
use crate::registry::ops::stat_blob;
use crate::registry::types::{Digest, RegistryKey, RepositoryName, Timestamp, VerifiedBlob};
use crate::wire_errors::{BlobUnknown, Failure, RouteNotFound, ServerFault, TokenExpired, Unauthorized, oci_response};
use crate::worlds::World;

/// Where such URLs begin.
pub(crate) const PATH: &str = "/layers/";
/// How long one is good: an hour, as ECR's.
const LIFE_SECONDS: u64 = 3_600;

/// The URL of a blob.
pub(super) fn url(
    world: &World,
    registry: &RegistryKey,
    repository: &RepositoryName,
    digest: &Digest,
    now: Timestamp,
) -> String {
    let identity = world.identity();
    let path = format!("{PATH}{}/{}/{}/{repository}/{digest}", identity.id, registry.account, registry.region);
    let expires = now.plus(std::time::Duration::from_secs(LIFE_SECONDS)).as_micros();
    let signature = identity.key.url_signature(&format!("{path}?{expires}"));
    format!("{}{path}?X-Amz-Expires={LIFE_SECONDS}&expires={expires}&X-Amz-Signature={signature}", identity.endpoint)
}

/// What the path of such a URL names.
struct Target {
    world: String,
    registry: RegistryKey,
    repository: RepositoryName,
    digest: Digest,
}

fn parse(path: &str) -> Option<Target> {
    let (rest, digest) = path.strip_prefix(PATH)?.rsplit_once('/')?;
    let mut parts = rest.splitn(4, '/');
    let (world, account, region, repository) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let registry = RegistryKey { account: account.parse().ok()?, region: region.parse().ok()? };
    Some(Target {
        world: world.to_owned(),
        registry,
        repository: repository.parse().ok()?,
        digest: digest.parse().ok()?,
    })
}

fn member<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// Serves a download. Errors are those of the registry surface, since its clients follow such URLs.
pub(super) async fn serve(mut arrival: Arrival) -> Result<Response<ReplyBody>, EndConnection> {
    let path = arrival.parts.uri.path();
    let target = parse(path);
    let world = target.as_ref().and_then(|target| arrival.daemon.directory.world(&target.world));
    let is_read = matches!(arrival.parts.method, Method::GET | Method::HEAD);
    // The port of one world serves no other.
    let is_listener = |world: &World| arrival.listener.as_ref().is_none_or(|listener| listener == world.id());
    let (Some(target), Some(world)) = (target, world.filter(|world| is_read && is_listener(world))) else {
        arrival.drain();
        let endpoint = arrival.daemon.shared_address().endpoint;
        return Ok(whole(oci_response(&Failure::from(RouteNotFound), &endpoint)));
    };
    let operation = Route::BlobGet.operation().map(crate::operations::Operation::name);
    let mut facts = arrival
        .facts(Surface::Oci, Route::BlobGet.name(), operation)
        .with(Fact::Account, target.registry.account.as_str())
        .with(Fact::Region, target.registry.region.as_str())
        .with(Fact::Repository, target.repository.as_str())
        .with(Fact::Digest, target.digest.clone());
    let blob = match admit(&arrival, &world, &target) {
        Ok(blob) => blob,
        Err(failure) => {
            // Rules are not asked: a forged or expired URL must not use up what is meant for a download.
            let record = arrival.record(facts);
            return fail(Call::refused(&arrival.daemon, world, &arrival.connection, record), &failure).await;
        }
    };
    facts.set(Fact::Size, blob.size_bytes());
    let record = arrival.record(facts);
    let mut call = Call::open(&arrival.daemon, world, &arrival.connection, record);
    match call.before(Surface::Oci).await {
        Ok(()) => {}
        Err(Stop::Ended(ended)) => return Err(ended),
        Err(Stop::Failure(failure)) => return fail(call, &failure).await,
    }
    match call.daemon.blobs.open(blob.digest()) {
        Some(reader) => {
            let response = without_body_if(arrival.is_head(), blob_response(&arrival, reader, SeveralRanges::Ignored));
            call.reply(response, None).await
        }
        None => fail(call, &ServerFault(format!("the bytes of {} are missing", target.digest)).into()).await,
    }
}

/// The blob, if the URL is ours, has not expired, and the blob is still there.
fn admit(arrival: &Arrival, world: &World, target: &Target) -> Result<VerifiedBlob, Failure> {
    let query = arrival.parts.uri.query().unwrap_or_default();
    let expires: i64 = member(query, "expires").and_then(|text| text.parse().ok()).ok_or(Unauthorized)?;
    let signed = format!("{}?{expires}", arrival.parts.uri.path());
    if member(query, "X-Amz-Signature") != Some(world.identity().key.url_signature(&signed).as_str()) {
        return Err(Unauthorized.into());
    }
    let input = stat_blob::Input { repository: target.repository.clone(), digest: target.digest.clone() };
    let (now, found) = world.write(|live| {
        (live.now(), live.read_registry(&target.registry, |registry| stat_blob::apply(registry, &input)))
    });
    if Timestamp::from_micros(expires) <= now {
        return Err(TokenExpired.into());
    }
    Ok(found.map_err(|_| BlobUnknown(target.digest.to_string()))?.blob)
}

async fn fail(call: Call, failure: &Failure) -> Result<Response<ReplyBody>, EndConnection> {
    let response = whole(oci_response(failure, &call.world.identity().endpoint));
    let (code, _) = failure.outcome(Surface::Oci);
    call.reply(response, Some(&code)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_world_registry_repository_and_blob() {
        let digest = Digest::sha256_of(b"x");
        let target = parse(&format!("/layers/w1/123456789012/us-east-1/team/app/{digest}")).expect("legal");
        assert_eq!(target.repository.as_str(), "team/app");
        assert_eq!(target.digest, digest);
        for path in ["/layers/w1", "/layers/w1/1/us-east-1/app/sha256:00", "/layers//////"] {
            assert!(parse(path).is_none(), "{path}");
        }
    }
}
